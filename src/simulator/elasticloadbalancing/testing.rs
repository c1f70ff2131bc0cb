//! Where the tests of both generations make their load balancers.

use crate::client::{Answer, Client};

pub(super) struct World {
    pub client: Client,
    pub vpc: String,
    pub subnets: Vec<String>,
    version: &'static str,
}

impl World {
    /// A VPC with an internet gateway and subnets in two zones, asked in a version of the API.
    pub async fn new(version: &'static str) -> World {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnets = vec![
            client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await,
            client.subnet(&vpc, "10.0.1.0/24", "us-east-1b").await,
            client.subnet(&vpc, "10.0.2.0/24", "us-east-1b").await,
        ];
        let gateway = client.ec2("CreateInternetGateway", &[]).await.one("internetGatewayId");
        client.ec2("AttachInternetGateway", &[("InternetGatewayId", &gateway), ("VpcId", &vpc)]).await;
        World { client, vpc, subnets, version }
    }

    pub async fn ask(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.client.query("elasticloadbalancing", self.version, action, parameters).await
    }

    pub async fn ok(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        let answer = self.ask(action, parameters).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.text);
        answer
    }

    pub async fn security_group(&self, name: &str, vpc: &str) -> String {
        let group = [("GroupName", name), ("GroupDescription", "for a Service"), ("VpcId", vpc)];
        self.client.ec2("CreateSecurityGroup", &group).await.one("groupId")
    }
}
