//! `aws_eks_addon_version`: <https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddonVersions.html>

use super::form;
use crate::{Computed, Id, Value};

/// The version of an addon for a version of Kubernetes, looked up once and pinned.
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
/// let version = EksAddonVersion::new("vpc-cni", "1.35").most_recent(true);
/// let version = stack.add("vpc-cni", version);
/// stack.add("vpc-cni", EksAddon::new(&cluster, "vpc-cni").addon_version(version.version()));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_eks_addon_version", service = "eks", mode = Lookup)]
pub struct EksAddonVersion {
    /// Which addon, for instance `vpc-cni`.
    #[field(min_length = 1)]
    addon_name: Value<String>,
    /// The cluster's version, for instance `1.35`.
    #[field(form = form::KUBERNETES_VERSION)]
    kubernetes_version: Value<String>,
    /// Whether it is the newest; EKS's default where not.
    #[field(default = "false")]
    most_recent: Option<Value<bool>>,
    /// The addon's name.
    id: Computed<Id<EksAddonVersion>>,
    /// The version.
    version: Computed<String>,
}
