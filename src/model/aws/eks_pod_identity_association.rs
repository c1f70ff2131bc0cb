//! `aws_eks_pod_identity_association`: <https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html>

use super::{EksCluster, IamRole};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Name, Tags, Value};

/// Gives the pods of a service account a role; the cluster's addon `eks-pod-identity-agent` hands it out.
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
/// let trusted = Statement::allow(actions!["sts:AssumeRole", "sts:TagSession"])
///     .by(Principal::service("pods.eks.amazonaws.com"));
/// let role = stack.add("worker", IamRole::new(Policy::new([trusted])));
/// // What hands the role out to the pods.
/// let agent = stack.add("pod-identity", EksAddon::new(&cluster, "eks-pod-identity-agent"));
/// let worker = EksPodIdentityAssociation::new(&cluster, "apps", "worker", &role);
/// stack.add("worker", worker.depends_on(&agent));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_eks_pod_identity_association",
    service = "eks",
    creation = Token,
    create_seconds = 2,
    delete_seconds = 2,
    check = check
)]
pub struct EksPodIdentityAssociation {
    /// The cluster.
    #[field(replace)]
    cluster_name: Value<Name<EksCluster>>,
    /// The namespace in Kubernetes.
    #[field(replace, min_length = 1)]
    namespace: Value<String>,
    /// The service account in it; it has one association at most.
    #[field(replace, min_length = 1)]
    service_account: Value<String>,
    /// The role: `pods.eks.amazonaws.com` may take it on and tag its sessions.
    #[field(holds = Free)]
    role_arn: Value<Arn<IamRole>>,
    /// Whether sessions go without the tags that name cluster, namespace and pod.
    #[field(default = "false")]
    disable_session_tags: Option<Value<bool>>,
    /// A role of another account that is taken on with the first one.
    #[field(holds = Free)]
    target_role_arn: Option<Value<Arn<IamRole>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// Cluster and association with a colon between.
    id: Computed<Id<EksPodIdentityAssociation>>,
    /// The ARN.
    association_arn: Computed<Arn<EksPodIdentityAssociation>>,
    /// The id within the cluster.
    association_id: Computed<String>,
    /// What the target role's trust policy can ask for.
    #[field(volatile)]
    external_id: Computed<String>,
}

fn check(association: &View<'_>, findings: &mut Findings<'_>) {
    super::trust::check(association, "role_arn", "pods.eks", findings);
    let account =
        |view: &View<'_>| Some((view.text("namespace")?.to_owned(), view.text("service_account")?.to_owned()));
    let Some(own) = account(association) else { return };
    let siblings = association.earlier_siblings_in("cluster_name");
    if let Some(other) = siblings.iter().find(|other| account(other).as_ref() == Some(&own)) {
        findings.refuse(format!("a service account has one association in a cluster; this one has {}", other.named()));
    }
}
