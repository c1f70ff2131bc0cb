//! The cluster: EKS with access entries, three groups of nodes and AWS's addons.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    AccessConfig, AccessPolicy, AccessScope, AuthenticationMode, BlockDeviceMapping, CapacityType, CloudwatchLogGroup,
    ClusterVpcConfig, ControlPlaneLog, EksAccessEntry, EksAccessPolicyAssociation, EksAddon, EksAddonVersion,
    EksCluster, EksNodeGroup, EncryptionConfig, IamOpenidConnectProvider, IamPolicy, IamRolePolicyAttachment,
    InstanceType, KmsKey, LaunchTemplate, MetadataOptions, ResolveConflicts, ScalingConfig, TagSpecification,
    TaggedResource, Taint, TaintEffect, UpdateConfig,
};
use fathuss_model::{DeclarationExt, Handle, Stack, document, json};

use crate::encryption;
use crate::environment::Environment;
use crate::names::Names;
use crate::network::Network;
use crate::service_accounts::{ServiceAccounts, service_accounts};
use crate::storage::Storage;

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
    /// The groups of its nodes by name.
    pub nodes: Vec<(&'static str, Handle<EksNodeGroup>)>,
    /// The roles of its service accounts.
    pub roles: ServiceAccounts,
    /// What makes its volumes.
    pub volumes: Handle<EksAddon>,
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
pub fn cluster(stack: &mut Stack, env: &Environment, network: &Network, storage: &Storage, names: &Names) -> Cluster {
    env.tag_all(stack, "cluster");
    let cluster = control_plane(stack, env, network);
    let issuer = IamOpenidConnectProvider::new(cluster.oidc_issuer(), ["sts.amazonaws.com"]);
    let issuer = stack.add("cluster", issuer);

    access(stack, env, &cluster);
    let addresses = pod_network(stack, &cluster);
    let nodes = nodes(stack, env, network, &cluster, &addresses);
    let roles = service_accounts(stack, env, (&cluster, &issuer), storage, names);
    // Those that any pod may run on: no taint keeps it away.
    let is_open = |name: &str| NODE_GROUPS.iter().any(|group| group.name == name && group.taint.is_none());
    let open: Vec<_> = nodes.iter().filter(|(name, _)| is_open(name)).map(|(_, nodes)| nodes.clone()).collect();
    let volumes = addons(stack, &cluster, &open, &roles);
    Cluster { cluster, issuer, nodes, roles, volumes }
}

fn control_plane(stack: &mut Stack, env: &Environment, network: &Network) -> Handle<EksCluster> {
    // EKS's page has no condition for this role, and says of none that it is told:
    // <https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html>
    let trust = Policy::new([Statement::assume_role(Principal::service("eks.amazonaws.com"))]);
    let role = env.role(stack, trust).description("What the control plane acts with");
    let role = stack.add("cluster", role);
    let permitted =
        stack.add("cluster", IamRolePolicyAttachment::new(&role, IamPolicy::of_aws("AmazonEKSClusterPolicy")));

    let key = KmsKey::new()
        .description(format!("Secrets of {}", env.cluster_name()))
        .policy(encryption::of_account(env.account));
    let key = encryption::key(stack, env.name(), "cluster", key, env.is_production());
    let logs = CloudwatchLogGroup::new()
        .name(format!("/aws/eks/{}/cluster", env.cluster_name()))
        .retention_in_days(env.log_days);
    stack.add("cluster", logs);

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
        .encryption_config(EncryptionConfig::secrets(&key))
        .enabled_cluster_log_types([
            ControlPlaneLog::Api,
            ControlPlaneLog::Audit,
            ControlPlaneLog::Authenticator,
            ControlPlaneLog::ControllerManager,
            ControlPlaneLog::Scheduler,
        ])
        .deletion_protection(env.is_production());
    stack.add("main", cluster.depends_on(&permitted))
}

/// An entry alone permits nothing: each has its policy.
fn access(stack: &mut Stack, env: &Environment, cluster: &Handle<EksCluster>) {
    for principal in env.administrators.iter().chain(&env.deployers) {
        let entry = stack.add(principal.name, EksAccessEntry::new(cluster, stack.read(principal.arn)));
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

/// The groups of nodes by name.
fn nodes(
    stack: &mut Stack,
    env: &Environment,
    network: &Network,
    cluster: &Handle<EksCluster>,
    addresses: &Handle<EksAddon>,
) -> Vec<(&'static str, Handle<EksNodeGroup>)> {
    // An instance has its role by its profile, which is of the same account: there is no deputy.
    let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
    let role = env.role(stack, trust).description("What nodes act with");
    let role = stack.add("node", role);
    let policies = ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"];
    let permitted = policies
        .map(|policy| stack.add(("node", policy), IamRolePolicyAttachment::new(&role, IamPolicy::of_aws(policy))));

    let mut all = Vec::new();
    for group in NODE_GROUPS {
        let template = stack.add(group.name, launch_template(env, group.name));
        let (min, desired, max) = group.size;
        let nodes = EksNodeGroup::new(cluster, &role, &network.private, ScalingConfig::between(min, desired, max))
            // Upgraded behind the control plane and the addons.
            .version(cluster.version())
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
        // A node that may do nothing never becomes ready, and how many pods it takes is settled when it is made.
        all.push((group.name, stack.add(group.name, nodes.depends_on_all(&permitted).depends_on(addresses))));
    }
    all
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

/// An addon.
fn addon(stack: &mut Stack, cluster: &Handle<EksCluster>, name: &str) -> EksAddon {
    // The newest that EKS has for this version of Kubernetes when it is first asked, and again when that is raised.
    let version = stack.add(name, EksAddonVersion::new(name, VERSION).most_recent(true));
    EksAddon::new(cluster, name)
        .addon_version(version.version())
        // EKS puts its own vpc-cni, kube-proxy and coredns in at first; these take over.
        .resolve_conflicts_on_create(ResolveConflicts::Overwrite)
        .resolve_conflicts_on_update(ResolveConflicts::Overwrite)
}

/// What gives pods their addresses. Prefixes let the small nodes take 110 of them, not 17. Without the policies' part,
/// Kubernetes's network policies are there and hold nobody.
fn pod_network(stack: &mut Stack, cluster: &Handle<EksCluster>) -> Handle<EksAddon> {
    let values = document!({ "enableNetworkPolicy": "true", "env": { "ENABLE_PREFIX_DELEGATION": "true" } });
    let addon = addon(stack, cluster, "vpc-cni").configuration_values(json(values));
    stack.add("vpc-cni", addon)
}

/// AWS's other addons. What runs on nodes as ordinary pods is ready only once there are some that take them. Gives the one
/// that makes volumes.
fn addons(
    stack: &mut Stack,
    cluster: &Handle<EksCluster>,
    open_nodes: &[Handle<EksNodeGroup>],
    roles: &ServiceAccounts,
) -> Handle<EksAddon> {
    for name in ["kube-proxy", "eks-pod-identity-agent"] {
        let addon = addon(stack, cluster, name);
        stack.add(name, addon);
    }
    for name in ["coredns", "metrics-server"] {
        let addon = addon(stack, cluster, name).depends_on_all(open_nodes);
        stack.add(name, addon);
    }
    let storage = addon(stack, cluster, "aws-ebs-csi-driver").service_account_role_arn(&roles.ebs_csi);
    stack.add("aws-ebs-csi-driver", storage.depends_on_all(open_nodes).depends_on_all(&roles.permitted))
}

#[cfg(test)]
mod tests {
    use fathuss_model::Datum;

    use crate::inspection::{both, literal, node, nodes, refers_to, staging, value};

    #[test]
    fn the_api_is_reached_from_named_ranges_alone() {
        for graph in both() {
            let cluster = node(&graph, "aws_eks_cluster", "main");
            assert_eq!(value(cluster, "vpc_config.endpoint_private_access"), Some(true.into()));
            let ranges = value(cluster, "vpc_config.public_access_cidrs").unwrap();
            assert_eq!(ranges, Datum::from(vec!["203.0.113.0/24"]));
        }
    }

    #[test]
    fn access_entries_alone_let_people_in() {
        for graph in both() {
            let cluster = node(&graph, "aws_eks_cluster", "main");
            assert_eq!(literal(cluster, "access_config.authentication_mode"), Some("API".into()));
            let creator = "access_config.bootstrap_cluster_creator_admin_permissions";
            assert_eq!(literal(cluster, creator), Some(false.into()));
            for entry in nodes(&graph, "aws_eks_access_entry") {
                let policy = node(&graph, "aws_eks_access_policy_association", entry.address.name());
                assert_eq!(refers_to(policy, "principal_arn"), [entry.address.local()]);
            }
        }
    }

    #[test]
    fn secrets_have_a_key_of_their_own_and_all_logs_are_kept() {
        for graph in both() {
            let cluster = node(&graph, "aws_eks_cluster", "main");
            assert_eq!(refers_to(cluster, "encryption_config"), ["aws_kms_key.cluster"]);
            let types = literal(cluster, "enabled_cluster_log_types").unwrap();
            assert_eq!(types.as_list().unwrap().len(), 5);
            let group = node(&graph, "aws_cloudwatch_log_group", "cluster");
            assert_eq!(literal(group, "name"), Some(format!("/aws/eks/{}-fathuss/cluster", graph.stack).into()));
            assert!(literal(group, "retention_in_days").is_some());
        }
    }

    #[test]
    fn node_groups_are_what_the_platform_says() {
        let graph = staging();
        let rows: Vec<String> = nodes(&graph, "aws_eks_node_group")
            .iter()
            .map(|group| {
                let size = ["min_size", "desired_size", "max_size"]
                    .map(|field| literal(group, &format!("scaling_config.{field}")).unwrap().to_string());
                let show = |field: &str| literal(group, field).map_or_else(String::new, |datum| datum.to_string());
                let (name, types, taint) = (group.address.name(), show("instance_types"), show("taint"));
                format!("{name} {types} {} {} {taint}", show("capacity_type"), size.join("/"))
            })
            .collect();
        let taint = |key: &str, value: &str| format!(r#"[{{"effect":"NO_SCHEDULE","key":"{key}","value":"{value}"}}]"#);
        assert_eq!(
            rows,
            [
                r#"general ["t3.medium"] "ON_DEMAND" 1/2/10 "#.to_owned(),
                format!(r#"grader ["t3.large"] "ON_DEMAND" 1/3/20 {}"#, taint("dedicated", "grader")),
                format!(r#"spot ["t3.medium","t3.large"] "SPOT" 1/2/20 {}"#, taint("spot", "true")),
            ]
        );
    }

    #[test]
    fn nodes_have_encrypted_roots_and_metadata_by_version_2() {
        for graph in both() {
            for template in nodes(&graph, "aws_launch_template") {
                assert_eq!(literal(template, "metadata_options.http_tokens"), Some("required".into()));
                assert_eq!(literal(template, "metadata_options.http_put_response_hop_limit"), Some(1.into()));
                assert_eq!(literal(template, "block_device_mappings.0.ebs.encrypted"), Some(true.into()));
                assert_eq!(literal(template, "block_device_mappings.0.ebs.volume_type"), Some("gp3".into()));
            }
        }
    }

    #[test]
    fn instances_and_volumes_of_nodes_carry_the_tags() {
        for graph in both() {
            for template in nodes(&graph, "aws_launch_template") {
                let specifications = literal(template, "tag_specifications").unwrap();
                let specifications = specifications.as_list().unwrap();
                assert_eq!(specifications.len(), 2);
                for specification in specifications {
                    for key in ["Project", "Environment", "Service", "ManagedBy", "NodeGroup"] {
                        assert!(specification.at("tags").unwrap().at(key).is_some(), "{key}");
                    }
                }
            }
        }
    }

    #[test]
    fn nodes_wait_for_their_permissions_and_their_way_out() {
        for graph in both() {
            for group in nodes(&graph, "aws_eks_node_group") {
                let count = |kind: &str| group.depends_on.iter().filter(|address| address.kind() == kind).count();
                assert_eq!(count("aws_iam_role_policy_attachment"), 3);
                assert_eq!(count("aws_route"), nodes(&graph, "aws_nat_gateway").len());
                assert_eq!(count("aws_route_table_association"), 3);
            }
        }
    }

    #[test]
    fn addons_that_run_as_pods_wait_for_nodes_that_take_them() {
        for graph in both() {
            let waited_for = |addon: &str| {
                let addon = node(&graph, "aws_eks_addon", addon);
                let groups = addon.depends_on.iter().filter(|address| address.kind() == "aws_eks_node_group");
                groups.map(|address| address.name().to_owned()).collect::<Vec<_>>()
            };
            assert_eq!(waited_for("coredns"), ["general"]);
            assert_eq!(waited_for("aws-ebs-csi-driver"), ["general"]);
            assert!(waited_for("vpc-cni").is_empty(), "it makes nodes ready");
        }
    }

    #[test]
    fn each_addon_has_the_version_that_eks_has_for_the_cluster_s() {
        for graph in both() {
            let cluster = literal(node(&graph, "aws_eks_cluster", "main"), "version");
            for addon in nodes(&graph, "aws_eks_addon") {
                let asked = node(&graph, "aws_eks_addon_version", addon.address.name());
                assert_eq!(refers_to(addon, "addon_version"), [asked.address.local()]);
                assert_eq!(literal(asked, "kubernetes_version"), cluster);
            }
        }
    }

    #[test]
    fn all_six_addons_are_there() {
        for graph in both() {
            let mut addons: Vec<String> = nodes(&graph, "aws_eks_addon")
                .iter()
                .map(|addon| literal(addon, "addon_name").unwrap().as_str().unwrap().to_owned())
                .collect();
            addons.sort();
            assert_eq!(
                addons,
                ["aws-ebs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "metrics-server", "vpc-cni"]
            );
        }
    }
}
