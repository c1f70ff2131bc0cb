//! `aws_eks_addon_version`: <https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddonVersions.html>

use crate::{Computed, Id, Value};

/// The version of an addon for a version of Kubernetes, looked up once and pinned.
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_eks_addon_version", service = "eks", mode = Lookup)]
pub struct EksAddonVersion {
    /// Which addon, for instance `vpc-cni`.
    #[field(min_length = 1)]
    addon_name: Value<String>,
    /// The cluster's version, for instance `1.35`.
    #[field(pattern = r"1\.[0-9]{2}", pattern_words = "a version of Kubernetes is 1.35 or the like")]
    kubernetes_version: Value<String>,
    /// Whether it is the newest; EKS's default where not.
    #[field(default = "false")]
    most_recent: Option<Value<bool>>,
    /// The addon's name.
    id: Computed<Id<EksAddonVersion>>,
    /// The version.
    version: Computed<String>,
}
