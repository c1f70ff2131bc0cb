//! `aws_eks_access_entry`: <https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html>

use super::{EksCluster, IamRole};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Name, Tags, Value, words};

words! {
    /// What a principal is to the cluster.
    pub enum AccessEntryType {
        /// A person or a program.
        Standard = "STANDARD",
        /// Linux nodes that one runs oneself.
        Ec2Linux = "EC2_LINUX",
        /// Windows nodes that one runs oneself.
        Ec2Windows = "EC2_WINDOWS",
        /// Fargate's nodes.
        FargateLinux = "FARGATE_LINUX",
        /// Auto Mode's nodes.
        Ec2 = "EC2",
        /// Hybrid nodes.
        HybridLinux = "HYBRID_LINUX",
    }
}

/// Lets an IAM principal into a cluster; alone it permits nothing.
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
/// let administrators = Arn::existing("arn:aws:iam::111122223333:role/administrators");
/// let entry = stack.add("administrators", EksAccessEntry::new(&cluster, administrators));
/// // The entry alone permits nothing.
/// let policy = EksAccessPolicyAssociation::new(
///     &cluster,
///     entry.principal_arn(),
///     AccessPolicy::ClusterAdmin,
///     AccessScope::cluster(),
/// );
/// stack.add("administrators", policy);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_eks_access_entry", service = "eks", creation = Token, create_seconds = 2, delete_seconds = 2, check = check)]
pub struct EksAccessEntry {
    /// The cluster.
    #[field(replace)]
    cluster_name: Value<Name<EksCluster>>,
    /// Who: a role's or a user's ARN; it has one entry at most.
    #[field(replace)]
    principal_arn: Value<Arn<IamRole>>,
    /// The Kubernetes groups that it belongs to. EKS chooses those of nodes; an empty list takes the others out of all.
    #[field(set, computed)]
    kubernetes_groups: Option<Value<Vec<String>>>,
    /// What it is to the cluster.
    #[field(replace, default = "\"STANDARD\"")]
    r#type: Option<Value<AccessEntryType>>,
    /// What Kubernetes calls it.
    #[field(computed)]
    user_name: Option<Value<String>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// Cluster and principal with a colon between.
    id: Computed<Id<EksAccessEntry>>,
    /// The ARN of the entry.
    access_entry_arn: Computed<Arn<EksAccessEntry>>,
    /// When it was made.
    created_at: Computed<String>,
}

/// The type of an entry that is of nodes.
pub(super) fn nodes<'a>(entry: &View<'a>) -> Option<&'a str> {
    entry.text("type").filter(|kind| *kind != AccessEntryType::Standard.word())
}

fn check(entry: &View<'_>, findings: &mut Findings<'_>) {
    let ends = |entry: &View<'_>| ["cluster_name", "principal_arn"].map(|end| entry.node().fields.get(end).cloned());
    if let Some(other) = entry.earlier_siblings().find(|other| ends(other) == ends(entry)) {
        findings.refuse(format!("a principal has one entry in a cluster; this one has {}", other.named()));
    }
    // <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html>
    let Some(kind) = nodes(entry) else { return };
    if entry.gives("kubernetes_groups") {
        findings
            .refuse(format!("`kubernetes_groups` are of STANDARD entries: EKS knows what those of {kind} belong to"));
    }
    if entry.gives("user_name") {
        findings.refuse(format!("`user_name` is of STANDARD entries: EKS knows what those of {kind} are called"));
    }
}
