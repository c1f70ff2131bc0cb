//! What the tests of EKS begin with: a network, roles, a cluster, nodes.

use serde_json::{Value, json};

use crate::client::Client;

/// A client with a VPC of two subnets and the roles of a cluster and its nodes.
pub(crate) struct Ground {
    pub(crate) client: Client,
    pub(crate) subnets: Vec<String>,
    pub(crate) cluster_role: String,
    pub(crate) node_role: String,
}

impl Ground {
    pub(crate) async fn calm() -> Ground {
        Ground::of(Client::calm()).await
    }

    pub(crate) async fn of(client: Client) -> Ground {
        let vpc = client.vpc("10.10.0.0/16").await;
        let subnets = vec![
            client.subnet(&vpc, "10.10.16.0/20", "us-east-1a").await,
            client.subnet(&vpc, "10.10.32.0/20", "us-east-1b").await,
        ];
        client.wait(5);
        let cluster_role = client.role("cluster", "eks.amazonaws.com").await;
        let node_role = client.role("node", "ec2.amazonaws.com").await;
        let attached = [
            ("cluster", "AmazonEKSClusterPolicy"),
            ("node", "AmazonEKSWorkerNodePolicy"),
            ("node", "AmazonEKS_CNI_Policy"),
            ("node", "AmazonEC2ContainerRegistryPullOnly"),
        ];
        for (role, policy) in attached {
            let arn = format!("arn:aws:iam::aws:policy/{policy}");
            client.iam("AttachRolePolicy", &[("RoleName", role), ("PolicyArn", &arn)]).await;
        }
        Ground { client, subnets, cluster_role, node_role }
    }

    /// What a plain cluster is asked for with.
    pub(crate) fn cluster(&self, name: &str) -> Value {
        json!({
            "name": name,
            "version": "1.34",
            "roleArn": self.cluster_role,
            "resourcesVpcConfig": { "subnetIds": self.subnets },
            "accessConfig": { "authenticationMode": "API" },
            "clientRequestToken": format!("token-of-{name}"),
        })
    }

    /// What a plain node group is asked for with.
    pub(crate) fn nodes(&self, name: &str) -> Value {
        json!({
            "nodegroupName": name,
            "nodeRole": self.node_role,
            "subnets": self.subnets,
            "scalingConfig": { "minSize": 1, "desiredSize": 2, "maxSize": 4 },
        })
    }

    /// Makes a cluster and waits for it.
    pub(crate) async fn made(&self, name: &str) {
        self.client.eks("POST", "/clusters", Some(self.cluster(name))).await;
        self.client.wait(15 * 60);
    }

    /// Makes a node group and waits for it.
    pub(crate) async fn with_nodes(&self, cluster: &str, name: &str) {
        self.client.eks("POST", &format!("/clusters/{cluster}/node-groups"), Some(self.nodes(name))).await;
        self.client.wait(6 * 60);
    }

    /// The cluster as it is.
    pub(crate) async fn shown(&self, name: &str) -> Value {
        self.client.eks("GET", &format!("/clusters/{name}"), None).await["cluster"].clone()
    }
}
