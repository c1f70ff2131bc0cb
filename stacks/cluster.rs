//! The cluster: EKS with access entries, three groups of nodes and AWS's addons.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    AccessConfig, AccessPolicy, AccessScope, AuthenticationMode, BlockDeviceMapping, CapacityType, ClusterVpcConfig,
    EksAccessEntry, EksAccessPolicyAssociation, EksAddon, EksCluster, EksNodeGroup, IamOpenidConnectProvider,
    IamPolicy, IamRole, IamRolePolicyAttachment, InstanceType, LaunchTemplate, MetadataOptions, ResolveConflicts,
    ScalingConfig, TagSpecification, TaggedResource, Taint, TaintEffect, UpdateConfig,
};
use fathuss_model::{DeclarationExt, Handle, Stack};

use crate::environment::Environment;
use crate::network::Network;
use crate::service_accounts;

/// The Kubernetes version.
const VERSION: &str = "1.35";
/// The size of a node's root volume, in GiB: images and logs; nothing is kept there.
const ROOT: i64 = 50;

/// What others build on.
#[derive(Debug)]
pub struct Cluster {
    /// The control plane.
    pub cluster: Handle<EksCluster>,
    /// Its service accounts' issuer.
    pub issuer: Handle<IamOpenidConnectProvider>,
}

/// A group of nodes.
struct NodeGroup {
    name: &'static str,
    types: &'static [InstanceType],
    capacity: CapacityType,
    /// Fewest, to begin with, most.
    size: (i64, i64, i64),
    label: (&'static str, &'static str),
    taint: Option<(&'static str, &'static str)>,
}

const NODE_GROUPS: [NodeGroup; 3] = [
    NodeGroup {
        name: "general",
        types: &[InstanceType::T3Medium],
        capacity: CapacityType::OnDemand,
        size: (1, 2, 10),
        label: ("workload", "general"),
        taint: None,
    },
    NodeGroup {
        name: "grader",
        types: &[InstanceType::T3Large],
        capacity: CapacityType::OnDemand,
        size: (1, 3, 20),
        label: ("dedicated", "grader"),
        taint: Some(("dedicated", "grader")),
    },
    NodeGroup {
        name: "spot",
        types: &[InstanceType::T3Medium, InstanceType::T3Large],
        capacity: CapacityType::Spot,
        size: (1, 2, 20),
        label: ("node-type", "spot"),
        taint: Some(("spot", "true")),
    },
];

/// The control plane, its nodes, who may enter, the addons, and the roles of service accounts.
pub fn cluster(stack: &mut Stack, env: &Environment, network: &Network) -> Cluster {
    env.tag_all(stack, "cluster");
    let cluster = control_plane(stack, env, network);
    let issuer = IamOpenidConnectProvider::new(cluster.oidc_issuer(), ["sts.amazonaws.com"]);
    let issuer = stack.add("cluster", issuer);
    let made = Cluster { cluster, issuer };

    access(stack, env, &made.cluster);
    let nodes = nodes(stack, env, network, &made.cluster);
    let roles = service_accounts::service_accounts(stack, env, &made);
    addons(stack, &made.cluster, &nodes, &roles.ebs_csi);
    made
}

fn control_plane(stack: &mut Stack, env: &Environment, network: &Network) -> Handle<EksCluster> {
    let role = IamRole::new(Policy::new([Statement::assume_role(Principal::service("eks.amazonaws.com"))]))
        .description("What the control plane acts with");
    let role = stack.add("cluster", role);
    let permitted =
        stack.add("cluster", IamRolePolicyAttachment::new(&role, IamPolicy::of_aws("AmazonEKSClusterPolicy")));

    let place = ClusterVpcConfig::new(&network.private)
        .endpoint_private_access(true)
        .endpoint_public_access(true)
        .public_access_cidrs(&env.public_access);
    let cluster = EksCluster::new(env.cluster_name(), &role, place)
        .version(VERSION)
        .access_config(
            AccessConfig::new()
                .authentication_mode(AuthenticationMode::Api)
                .bootstrap_cluster_creator_admin_permissions(false),
        )
        .deletion_protection(env.is_production());
    stack.add("main", cluster.depends_on(&permitted))
}

/// An entry alone permits nothing: each has its policy.
fn access(stack: &mut Stack, env: &Environment, cluster: &Handle<EksCluster>) {
    for principal in env.administrators.iter().chain(&env.deployers) {
        let entry = stack.add(principal.name, EksAccessEntry::new(cluster, principal.arn()));
        // Those who deploy make namespaces, storage classes and custom resource definitions: the cluster's own things.
        let policy = EksAccessPolicyAssociation::new(
            cluster,
            entry.principal_arn(),
            AccessPolicy::ClusterAdmin,
            AccessScope::cluster(),
        );
        stack.add(principal.name, policy);
    }
}

fn nodes(
    stack: &mut Stack,
    env: &Environment,
    network: &Network,
    cluster: &Handle<EksCluster>,
) -> Vec<Handle<EksNodeGroup>> {
    let role = IamRole::new(Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]))
        .description("What nodes act with");
    let role = stack.add("node", role);
    let policies = ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"];
    let permitted = policies
        .map(|policy| stack.add(("node", policy), IamRolePolicyAttachment::new(&role, IamPolicy::of_aws(policy))));

    let mut made = Vec::new();
    for group in NODE_GROUPS {
        let template = stack.add(group.name, launch_template(env, group.name));
        let (min, desired, max) = group.size;
        let nodes = EksNodeGroup::new(cluster, &role, &network.private, ScalingConfig::between(min, desired, max))
            .instance_types(group.types)
            .capacity_type(group.capacity)
            .labels([group.label])
            .launched_with(&template)
            .update_config(UpdateConfig::new().max_unavailable(1))
            .tag("NodeGroup", group.name)
            .tag("k8s.io/cluster-autoscaler/enabled", "true")
            .tag(format!("k8s.io/cluster-autoscaler/{}", env.cluster_name()), "owned");
        let nodes = match group.taint {
            Some((key, value)) => nodes.taint([Taint::new(key, TaintEffect::NoSchedule).value(value)]),
            None => nodes,
        };
        // A node that can pull nothing or may do nothing never becomes ready.
        let nodes = nodes
            .depends_on_all(&permitted)
            .depends_on_all(&network.way_out.routes)
            .depends_on_all(&network.way_out.associations);
        made.push(stack.add(group.name, nodes));
    }
    made
}

/// Encrypted root, metadata by version 2 alone and out of reach for pods.
fn launch_template(env: &Environment, group: &'static str) -> LaunchTemplate {
    let [project, environment, service, manager] = env.tags("cluster");
    let name = format!("{}-{group}", env.name());
    let tagged = |kind: TaggedResource| {
        let tags = [project, environment, service, manager, ("NodeGroup", group), ("Name", &name)];
        TagSpecification::new(kind, tags)
    };
    LaunchTemplate::new()
        .metadata_options(MetadataOptions::v2_only())
        .block_device_mappings([BlockDeviceMapping::encrypted_root(ROOT)])
        .tag_specifications([tagged(TaggedResource::Instance), tagged(TaggedResource::Volume)])
        .tag("NodeGroup", group)
}

/// AWS's addons. What runs on nodes as ordinary pods is ready only once there are some.
fn addons(stack: &mut Stack, cluster: &Handle<EksCluster>, nodes: &[Handle<EksNodeGroup>], ebs_csi: &Handle<IamRole>) {
    let addon = |name: &str| {
        EksAddon::new(cluster, name)
            // EKS puts its own vpc-cni, kube-proxy and coredns in at first; these take over.
            .resolve_conflicts_on_create(ResolveConflicts::Overwrite)
            .resolve_conflicts_on_update(ResolveConflicts::Overwrite)
    };
    for name in ["vpc-cni", "kube-proxy", "eks-pod-identity-agent"] {
        stack.add(name, addon(name));
    }
    for name in ["coredns", "metrics-server"] {
        stack.add(name, addon(name).depends_on_all(nodes));
    }
    let storage = addon("aws-ebs-csi-driver").service_account_role_arn(ebs_csi);
    stack.add("aws-ebs-csi-driver", storage.depends_on_all(nodes));
}
