//! `aws_eks_fargate_profile`: <https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html>

use std::collections::BTreeMap;

use super::form;
use super::{EksCluster, IamRole, Subnet};
use crate::check::{Findings, Part, View};
use crate::{Arn, Computed, Id, Name, Tags, Value};

/// Which pods of a cluster run on Fargate, and where; nothing of it but its tags changes in place.
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
/// let trust = Policy::new([Statement::assume_role(Principal::service("eks-fargate-pods.amazonaws.com"))]);
/// let role = stack.add("fargate", IamRole::new(trust));
/// let policy = IamPolicy::of_aws("AmazonEKSFargatePodExecutionRolePolicy");
/// let permitted = stack.add("fargate", IamRolePolicyAttachment::new(&role, policy));
/// let selectors = [
///     FargateSelector::new("batch"),
///     FargateSelector::new("apps").labels([("runs-on", "fargate")]),
/// ];
/// let profile = EksFargateProfile::new(&cluster, "batch", &role, &subnets, selectors);
/// // Without it pods can pull nothing and never begin.
/// stack.add("batch", profile.depends_on(&permitted));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_eks_fargate_profile",
    service = "eks",
    creation = Token,
    create_seconds = 120,
    delete_seconds = 120,
    check = check
)]
pub struct EksFargateProfile {
    /// The cluster.
    #[field(replace)]
    cluster_name: Value<Name<EksCluster>>,
    /// The name, unique in the cluster.
    #[field(
        replace,
        min_length = 1,
        max_length = 100,
        form = form::EKS_NAME
    )]
    fargate_profile_name: Value<String>,
    /// The role with which pods are brought up: `eks-fargate-pods.amazonaws.com` may take it on.
    #[field(replace)]
    pod_execution_role_arn: Value<Arn<IamRole>>,
    /// Where pods stand: private subnets of the cluster's VPC.
    #[field(replace, set, min_length = 1)]
    subnet_ids: Value<Vec<Id<Subnet>>>,
    /// Which pods they are: those that any of these takes.
    #[field(replace, set, min_length = 1, max_length = 5)]
    selector: Value<Vec<FargateSelector>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// Cluster and profile with a colon between.
    id: Computed<Id<EksFargateProfile>>,
    /// The ARN.
    arn: Computed<Arn<EksFargateProfile>>,
    /// `ACTIVE` once pods can run.
    #[field(volatile)]
    status: Computed<String>,
}

/// Which pods.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct FargateSelector {
    /// Those of this namespace.
    #[field(min_length = 1)]
    namespace: Value<String>,
    /// Of them those that have all of these labels; five at most.
    labels: Option<Value<BTreeMap<String, String>>>,
}

fn check(profile: &View<'_>, findings: &mut Findings<'_>) {
    super::trust::check(profile, "pod_execution_role_arn", "eks-fargate-pods", findings);
    if profile.text("fargate_profile_name").is_some_and(|name| name.starts_with("eks-")) {
        findings.refuse("`fargate_profile_name` begins with eks-, which EKS keeps for itself");
    }
    let name = |view: &View<'_>| view.text("fargate_profile_name").map(str::to_owned);
    let siblings = profile.earlier_siblings_in("cluster_name");
    if let Some(other) = siblings.iter().find(|other| name(other).is_some() && name(other) == name(profile)) {
        findings.refuse(format!("a cluster has one profile of a name; this one has {}", other.named()));
    }
    for selector in profile.part("selector").map(Part::items).unwrap_or_default() {
        let labels = selector.at("labels").and_then(Part::literal).and_then(crate::Datum::as_map);
        if labels.is_some_and(|labels| labels.len() > 5) {
            findings.refuse("a selector has more than five labels");
        }
    }
    for subnet in profile.follow_all("subnet_ids").unwrap_or_default() {
        if subnet.truth("map_public_ip_on_launch") == Some(true) {
            findings.refuse(format!("{} is public, and pods on Fargate stand in private subnets", subnet.named()));
        }
    }
}
