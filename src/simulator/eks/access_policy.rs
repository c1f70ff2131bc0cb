//! Access policies: what an access entry permits, in a whole cluster or in namespaces.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::access_entry::{self, AccessEntry};
use super::listing::listed;
use super::{invalid, missing, unfit};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("ListAccessPolicies", list_policies),
    ("AssociateAccessPolicy", associate),
    ("DisassociateAccessPolicy", disassociate),
    ("ListAssociatedAccessPolicies", list),
];

const PAGE: &str = "https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("eks.access_policy.exists", "only EKS's own access policies can be associated", PAGE),
    Rule::new("eks.access_policy.scope", "a scope is a cluster, or the namespaces that it names", PAGE),
    Rule::new("eks.access_policy.type", "access policies are for standard entries", PAGE),
    Rule::new("eks.access_policy.associated", "only an associated policy can be taken away", PAGE),
];

/// <https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html>
const POLICIES: &[&str] = &[
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSAutoNodePolicy",
    "AmazonEKSBlockStorageClusterPolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSClusterInsightsPolicy",
    "AmazonEKSComputeClusterPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSHybridPolicy",
    "AmazonEKSLoadBalancingClusterPolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingClusterPolicy",
    "AmazonEKSNetworkingPolicy",
    "AmazonEKSSecretReaderPolicy",
    "AmazonEKSViewPolicy",
];

const PREFIX: &str = "arn:aws:eks::aws:cluster-access-policy/";

/// An access policy of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Association {
    /// The cluster's name.
    pub cluster: String,
    /// The entry's principal.
    pub principal: String,
    /// The policy's ARN.
    pub policy: String,
    /// The namespaces that it holds in; all where there are none.
    pub namespaces: Vec<String>,
    /// Since when.
    pub associated: Timestamp,
    /// When its scope changed last.
    pub modified: Timestamp,
}

impl Row for Association {
    const TABLE: &'static str = "eks.access_policy_association";
    fn id(&self) -> String {
        // ARNs hold slashes, and no spaces.
        format!("{}/{} {}", self.cluster, self.principal, self.policy)
    }
}

impl Association {
    fn view(&self) -> Value {
        record! {
            "policyArn" => &self.policy,
            "accessScope" => record! {
                "type" => if self.namespaces.is_empty() { "cluster" } else { "namespace" },
                "namespaces" => &self.namespaces,
            },
            "associatedAt" => self.associated,
            "modifiedAt" => self.modified,
        }
    }
}

/// Gives a principal a policy in the whole cluster.
pub(super) fn admit(tx: &mut Tx<'_>, cluster: &str, principal: &str, policy: &str) {
    let now = tx.now();
    tx.put(Association {
        cluster: cluster.to_owned(),
        principal: principal.to_owned(),
        policy: format!("{PREFIX}{policy}"),
        namespaces: Vec::new(),
        associated: now,
        modified: now,
    });
}

/// Removes an entry's policies with it.
pub(super) fn forget(tx: &mut Tx<'_>, entry: &AccessEntry) {
    let ids: Vec<String> = tx.rows_under::<Association>(&format!("{} ", entry.id())).map(Row::id).collect();
    for id in ids {
        tx.remove::<Association>(&id);
    }
}

/// The name of the policy of this ARN.
pub(super) fn name(arn: &str) -> Option<&str> {
    arn.strip_prefix(PREFIX)
}

fn list_policies(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let items = POLICIES
        .iter()
        .map(|name| ((*name).to_owned(), record! { "name" => *name, "arn" => format!("{PREFIX}{name}") }));
    listed(tx, input, "accessPolicies", items.collect())
}

fn associate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = access_entry::open(tx, input)?;
    let entry = access_entry::find(tx, &cluster.name, input.required("principalArn"))?;
    let with = |refusal: Refusal| refusal.member("clusterName", cluster.name.as_str());
    let policy = input.required("policyArn");
    let known = policy.strip_prefix(PREFIX).is_some_and(|name| POLICIES.contains(&name));
    tx.enforce("eks.access_policy.exists", known, || {
        with(invalid(format!("The specified policyArn {policy} is invalid.")))
    })?;
    tx.enforce("eks.access_policy.type", entry.kind == "STANDARD", || {
        let message = format!("Access policies can't be associated with an access entry of type {}.", entry.kind);
        with(unfit(message))
    })?;
    let scope = input.record("accessScope");
    let kind = scope.as_ref().and_then(|scope| scope.text("type"));
    let namespaces = scope.as_ref().map(|scope| scope.texts("namespaces")).unwrap_or_default();
    let sound = match kind {
        Some("cluster") => namespaces.is_empty(),
        Some("namespace") => !namespaces.is_empty(),
        _ => false,
    };
    tx.enforce("eks.access_policy.scope", sound, || {
        with(invalid(if kind == Some("namespace") {
            "The access scope of type namespace must name at least one namespace."
        } else if kind.is_none() {
            "The access scope must have a type."
        } else {
            "The access scope of type cluster can't name namespaces."
        }))
    })?;
    let id = format!("{} {policy}", entry.id());
    let now = tx.now();
    let association = Association {
        cluster: cluster.name.clone(),
        principal: entry.principal.clone(),
        policy: policy.to_owned(),
        namespaces: namespaces.into_iter().map(str::to_owned).collect(),
        // Associating again changes the scope.
        associated: tx.get::<Association>(&id).map_or(now, |known| known.associated),
        modified: now,
    };
    let view = association.view();
    tx.put(association);
    Ok(record! {
        "clusterName" => &cluster.name,
        "principalArn" => &entry.principal,
        "associatedAccessPolicy" => view,
    })
}

fn disassociate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = access_entry::open(tx, input)?;
    let entry = access_entry::find(tx, &cluster.name, input.required("principalArn"))?;
    let policy = input.required("policyArn");
    let gone = tx.remove::<Association>(&format!("{} {policy}", entry.id()));
    tx.enforce("eks.access_policy.associated", gone.is_some(), || {
        let message = "The specified policyArn could not be found on the access entry.";
        missing(message).member("clusterName", cluster.name.as_str())
    })?;
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = access_entry::open(tx, input)?;
    let entry = access_entry::find(tx, &cluster.name, input.required("principalArn"))?;
    let under = format!("{} ", entry.id());
    let items = tx.rows_under::<Association>(&under).map(|one| (one.policy.clone(), one.view())).collect();
    let mut answer = listed(tx, input, "associatedAccessPolicies", items)?;
    answer.set("clusterName", cluster.name.as_str());
    answer.set("principalArn", entry.principal.as_str());
    Ok(answer)
}
