//! `aws_eks_addon`: <https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html>

use super::{EksCluster, IamRole};
use crate::{Arn, Computed, Id, Json, Name, Tags, Value, words};

words! {
    /// What EKS does with what is in the cluster already.
    pub enum ResolveConflicts {
        /// It fails.
        None = "NONE",
        /// It overwrites it.
        Overwrite = "OVERWRITE",
        /// It leaves it; at updates alone.
        Preserve = "PRESERVE",
    }
}

/// Software in the cluster that EKS installs and updates.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let mut subnets = Vec::new();
/// # for (at, zone) in (0..).zip(["us-east-1a", "us-east-1b"]) {
/// #     let subnet = Subnet::new(&vpc, range.subnet(24, at)?).availability_zone(zone);
/// #     subnets.push(stack.add(("private", zone), subnet));
/// # }
/// # let trust = Policy::new([Statement::assume_role(Principal::service("eks.amazonaws.com"))]);
/// # let role = stack.add("cluster", IamRole::new(trust));
/// # let cluster = stack.add("main", EksCluster::new("main", &role, ClusterVpcConfig::new(&subnets)));
/// let addon = EksAddon::new(&cluster, "vpc-cni")
///     // EKS puts its own in at first; this takes over.
///     .resolve_conflicts_on_create(ResolveConflicts::Overwrite)
///     .resolve_conflicts_on_update(ResolveConflicts::Overwrite);
/// stack.add("vpc-cni", addon);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_eks_addon", service = "eks", creation = Token, create_seconds = 60, delete_seconds = 30)]
pub struct EksAddon {
    /// The cluster.
    #[field(replace)]
    cluster_name: Value<Name<EksCluster>>,
    /// Which addon, for instance `vpc-cni`.
    #[field(replace)]
    addon_name: Value<String>,
    /// Its version; EKS's default for the cluster's version where none is given.
    #[field(computed, update_seconds = 75)]
    addon_version: Option<Value<String>>,
    /// Its settings, a JSON document by the addon's own schema.
    #[field(json, computed, update_seconds = 75)]
    configuration_values: Option<Value<Json>>,
    /// The role of its service account.
    #[field(holds = Free, update_seconds = 75)]
    service_account_role_arn: Option<Value<Arn<IamRole>>>,
    /// What EKS does at creation with what is in the cluster already.
    #[field(instruction, default = "\"NONE\"")]
    resolve_conflicts_on_create: Option<Value<ResolveConflicts>>,
    /// What EKS does at updates with what others changed.
    #[field(instruction, default = "\"NONE\"")]
    resolve_conflicts_on_update: Option<Value<ResolveConflicts>>,
    /// Whether its software stays in the cluster when it is deleted.
    #[field(instruction, default = "false")]
    preserve: Option<Value<bool>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// Cluster and addon with a colon between.
    id: Computed<Id<EksAddon>>,
    /// The ARN.
    arn: Computed<Arn<EksAddon>>,
    /// When it was made.
    created_at: Computed<String>,
}
