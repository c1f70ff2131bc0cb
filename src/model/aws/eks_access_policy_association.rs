//! `aws_eks_access_policy_association`: <https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html>

use super::eks_access_entry::nodes;
use super::{EksAccessEntry, EksCluster, IamRole};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Expression, Id, Name, Resource as _, Value, words};

words! {
    /// What an access policy permits, by its ARN.
    pub enum AccessPolicy {
        /// Everything.
        ClusterAdmin = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        /// Most things, roles included, but the cluster's own.
        Admin = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy",
        /// To read everything.
        AdminView = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminViewPolicy",
        /// To change most things.
        Edit = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy",
        /// To read most things.
        View = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
    }
}

words! {
    /// How far an access policy reaches.
    pub enum AccessScopeType {
        /// The whole cluster.
        Cluster = "cluster",
        /// Some namespaces.
        Namespace = "namespace",
    }
}

/// Gives a principal with an access entry what a policy permits.
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
/// # let developers = Arn::existing("arn:aws:iam::111122223333:role/developers");
/// # let entry = stack.add("developers", EksAccessEntry::new(&cluster, developers));
/// let policy = EksAccessPolicyAssociation::new(
///     &cluster,
///     entry.principal_arn(),
///     AccessPolicy::Edit,
///     AccessScope::namespaces_of(["preview"]),
/// );
/// stack.add("developers", policy);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_eks_access_policy_association",
    service = "eks",
    creation = Relation,
    create_seconds = 5,
    delete_seconds = 2,
    check = check
)]
pub struct EksAccessPolicyAssociation {
    /// The cluster.
    #[field(replace)]
    cluster_name: Value<Name<EksCluster>>,
    /// Who; as `entry.principal_arn()`, so that it waits for the entry.
    #[field(replace)]
    principal_arn: Value<Arn<IamRole>>,
    /// What it permits.
    #[field(replace)]
    policy_arn: Value<AccessPolicy>,
    /// How far it reaches; associating again changes it in place.
    access_scope: Value<AccessScope>,
    /// Cluster, principal and policy with `#` between: the relation's ends.
    id: Computed<Id<EksAccessPolicyAssociation>>,
    /// When it was made.
    associated_at: Computed<String>,
}

/// How far an access policy reaches.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct AccessScope {
    /// The cluster or namespaces.
    r#type: Value<AccessScopeType>,
    /// The namespaces, where it is those.
    #[field(set, default = "[]")]
    namespaces: Option<Value<Vec<String>>>,
}

impl AccessScope {
    /// The whole cluster.
    #[must_use]
    pub fn cluster() -> Self {
        Self::new(AccessScopeType::Cluster)
    }

    /// Some namespaces.
    #[must_use]
    pub fn namespaces_of<const N: usize>(namespaces: [&str; N]) -> Self {
        Self::new(AccessScopeType::Namespace).namespaces(namespaces)
    }
}

fn check(association: &View<'_>, findings: &mut Findings<'_>) {
    let namespaces = association.part("access_scope.namespaces").map_or(0, |list| list.items().len());
    let scope = association.text("access_scope.type");
    if scope == Some(AccessScopeType::Cluster.word()) && namespaces > 0 {
        findings.refuse("a policy for the whole cluster names no namespaces");
    }
    if scope == Some(AccessScopeType::Namespace.word()) && namespaces == 0 {
        findings.refuse("a policy for namespaces names one at least");
    }
    let Some(entry) = association.follow("principal_arn") else { return };
    if entry.node().address.kind() != EksAccessEntry::SCHEMA.kind {
        return;
    }
    if let Some(kind) = nodes(&entry) {
        findings.refuse(format!("{} is of {kind}, and policies are of STANDARD entries", entry.named()));
    }
    let clusters = [association, &entry].map(|view| view.node().fields.get("cluster_name"));
    if let [Some(own), Some(other)] = clusters
        && own != other
        && matches!((own, other), (Expression::Reference(_), Expression::Reference(_)))
    {
        findings.refuse(format!("{} is of another cluster: a policy wants an entry in its own", entry.named()));
    }
}
