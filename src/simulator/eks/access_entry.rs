//! Access entries: who may enter a cluster, and as whom.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::access_policy::{self, Association};
use super::cluster::{self, Cluster};
use super::listing::listed;
use super::tags::{self, Tags};
use super::{arn, in_use, invalid, missing, unfit};
use crate::iam::role::Role;
use crate::iam::trust;
use crate::identity::role_of_session;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateAccessEntry", create),
    ("DescribeAccessEntry", describe),
    ("ListAccessEntries", list),
    ("UpdateAccessEntry", update),
    ("DeleteAccessEntry", delete),
];

const PAGE: &str = "https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("eks.access_entry.mode", "access entries are for clusters that take them", PAGE),
    Rule::new("eks.access_entry.taken", "a principal has one access entry in a cluster", PAGE),
    Rule::new(
        "eks.access_entry.principal",
        "a principal is an IAM user or role, and a role of this account is there and has reached EKS",
        PAGE,
    ),
    Rule::new("eks.access_entry.names", "user and group names of Kubernetes's own and of AWS's can't be given", PAGE),
    Rule::new("eks.access_entry.type", "an entry for nodes names no user and no groups", PAGE),
];

/// An access entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessEntry {
    /// The cluster's name.
    pub cluster: String,
    /// The principal's ARN.
    pub principal: String,
    /// The entry's ARN.
    pub arn: String,
    /// The Kubernetes groups that it is in.
    pub groups: Vec<String>,
    /// The Kubernetes user that it is.
    pub username: String,
    /// `STANDARD`, `EC2_LINUX` and so on.
    pub kind: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it changed last.
    pub modified: Timestamp,
    /// Its tags.
    pub tags: Tags,
}

impl Row for AccessEntry {
    const TABLE: &'static str = "eks.access_entry";
    fn id(&self) -> String {
        format!("{}/{}", self.cluster, self.principal)
    }
}

impl AccessEntry {
    fn view(&self) -> Value {
        record! {
            "clusterName" => &self.cluster,
            "principalArn" => &self.principal,
            "kubernetesGroups" => &self.groups,
            "accessEntryArn" => &self.arn,
            "createdAt" => self.created,
            "modifiedAt" => self.modified,
            "tags" => tags::view(&self.tags),
            "username" => &self.username,
            "type" => &self.kind,
        }
    }
}

/// The cluster that a request names, which has to take access entries.
pub(super) fn open(tx: &Tx<'_>, input: &Input<'_>) -> Result<Cluster, Refusal> {
    let cluster = cluster::find(tx, input.required("clusterName"))?;
    tx.enforce("eks.access_entry.mode", cluster.has_access_entries(), || {
        let message = "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform \
                       this operation.";
        unfit(message).member("clusterName", cluster.name.as_str())
    })?;
    Ok(cluster)
}

/// The entry of a principal in a cluster.
///
/// # Errors
/// When there is none.
pub(super) fn find(tx: &Tx<'_>, cluster: &str, principal: &str) -> Result<AccessEntry, Refusal> {
    tx.get::<AccessEntry>(&format!("{cluster}/{principal}")).cloned().ok_or_else(|| {
        let message = "The specified principalArn could not be found. You can view your available access entries with \
                       'list-access-entries'.";
        missing(message).member("clusterName", cluster)
    })
}

/// `role` or `user`, the account and the last part of a principal's ARN.
pub(super) fn parts(principal: &str) -> Option<(&str, &str, &str)> {
    let parts: Vec<&str> = principal.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts[..] else { return None };
    let sound =
        partition.starts_with("aws") && account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
    let (kind, path) = resource.split_once('/')?;
    let name = path.rsplit('/').next()?;
    (sound && matches!(kind, "role" | "user") && !name.is_empty()).then_some((kind, account, name))
}

fn make(tx: &mut Tx<'_>, cluster: &str, principal: &str, kind: &str) -> AccessEntry {
    let (sort, account, name) = parts(principal).unwrap_or(("role", "000000000000", principal));
    let username = match (kind, sort) {
        ("STANDARD", "role") => format!("arn:aws:sts::{account}:assumed-role/{name}/{{{{SessionName}}}}"),
        ("STANDARD", _) => principal.to_owned(),
        ("FARGATE_LINUX", _) => "system:node:{{SessionName}}".to_owned(),
        _ => "system:node:{{EC2PrivateDNSName}}".to_owned(),
    };
    let groups = if kind == "STANDARD" { Vec::new() } else { vec!["system:nodes".to_owned()] };
    let id = tx.uuid();
    AccessEntry {
        cluster: cluster.to_owned(),
        principal: principal.to_owned(),
        arn: arn(tx, &format!("access-entry/{cluster}/{sort}/{account}/{name}/{id}")),
        groups,
        username,
        kind: kind.to_owned(),
        created: tx.now(),
        modified: tx.now(),
        tags: Tags::new(),
    }
}

/// A cluster's creator is its administrator, unless that was not wanted.
pub(super) fn admit_creator(tx: &mut Tx<'_>, cluster: &Cluster) {
    let caller = tx.principal().arn.clone();
    // A session's entry is its role's.
    let role = role_of_session(&caller);
    let principal = match role {
        Some(name) => tx.get::<Role>(&Role::id_of(name)).map_or(caller.clone(), |role| role.arn.clone()),
        None => caller,
    };
    let entry = make(tx, &cluster.name, &principal, "STANDARD");
    tx.put(entry);
    access_policy::admit(tx, &cluster.name, &principal, "AmazonEKSClusterAdminPolicy");
}

/// Nodes enter as their role.
pub(super) fn admit_nodes(tx: &mut Tx<'_>, cluster: &Cluster, role: &str) {
    let known = tx.get::<AccessEntry>(&format!("{}/{role}", cluster.name)).is_some();
    if cluster.has_access_entries() && !known {
        let entry = make(tx, &cluster.name, role, "EC2_LINUX");
        tx.put(entry);
    }
}

/// The role of a Fargate profile gets an entry as nodes do.
pub(super) fn admit_pods(tx: &mut Tx<'_>, cluster: &Cluster, role: &str) {
    let known = tx.get::<AccessEntry>(&format!("{}/{role}", cluster.name)).is_some();
    if cluster.has_access_entries() && !known {
        let entry = make(tx, &cluster.name, role, "FARGATE_LINUX");
        tx.put(entry);
    }
}

/// That entry goes with the last profile of its role.
pub(super) fn dismiss_pods(tx: &mut Tx<'_>, cluster: &str, role: &str) {
    let id = format!("{cluster}/{role}");
    if tx.get::<AccessEntry>(&id).is_some_and(|entry| entry.kind == "FARGATE_LINUX") {
        tx.remove::<AccessEntry>(&id);
    }
}

/// The entry of nodes goes with the last node group of their role.
pub(super) fn dismiss_nodes(tx: &mut Tx<'_>, cluster: &str, role: &str) {
    let id = format!("{cluster}/{role}");
    if tx.get::<AccessEntry>(&id).is_some_and(|entry| entry.kind == "EC2_LINUX") {
        tx.remove::<AccessEntry>(&id);
    }
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = open(tx, input)?;
    let with = |refusal: Refusal| refusal.member("clusterName", cluster.name.as_str());
    let principal = input.required("principalArn");
    let invalid_principal = || with(invalid("The specified principalArn is invalid: invalid principal."));
    tx.enforce("eks.access_entry.principal", parts(principal).is_some(), invalid_principal)?;
    // One that IAM has just made is not known here yet. Users are not simulated, nor is what other accounts have.
    let of_here = parts(principal).is_some_and(|(kind, account, _)| kind == "role" && account == tx.account());
    let there = !of_here || trust::role(tx, principal).is_ok();
    tx.enforce("eks.access_entry.principal", there, invalid_principal)?;
    let taken = tx.get::<AccessEntry>(&format!("{}/{principal}", cluster.name)).is_some();
    tx.enforce("eks.access_entry.taken", !taken, || {
        with(in_use("The specified access entry resource is already in use on this cluster."))
    })?;
    let kind = input.text("type").unwrap_or("STANDARD");
    let kinds = ["STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX"];
    tx.enforce("eks.access_entry.type", kinds.contains(&kind), || {
        with(invalid(format!("The specified type is invalid: {kind}.")))
    })?;
    let own = input.has("username") || !input.texts("kubernetesGroups").is_empty();
    tx.enforce("eks.access_entry.type", kind == "STANDARD" || !own, || {
        with(invalid(format!("username and kubernetesGroups can't be specified for an access entry of type {kind}.")))
    })?;
    let mut entry = make(tx, &cluster.name, principal, kind);
    name_user(tx, input, &mut entry).map_err(with)?;
    entry.tags = tags::read(tx, input)?;
    let _ = input.text("clientRequestToken");
    let view = entry.view();
    tx.put(entry);
    Ok(record! { "accessEntry" => view })
}

/// Takes over user and groups from a request.
fn name_user(tx: &Tx<'_>, input: &Input<'_>, entry: &mut AccessEntry) -> Result<(), Refusal> {
    if let Some(username) = input.text("username") {
        let reserved = ["system:", "eks:", "aws:", "amazon:", "iam:"];
        tx.enforce("eks.access_entry.names", !reserved.iter().any(|start| username.starts_with(start)), || {
            invalid(format!("The username {username} is invalid, it cannot start with [{}]", reserved.join(", ")))
        })?;
        username.clone_into(&mut entry.username);
    }
    if input.has("kubernetesGroups") {
        let groups = input.texts("kubernetesGroups");
        for group in &groups {
            tx.enforce("eks.access_entry.names", !group.starts_with("system:"), || {
                invalid(format!("The kubernetes group name {group} is invalid, it cannot start with system:"))
            })?;
        }
        if entry.kind == "STANDARD" {
            entry.groups = groups.into_iter().map(str::to_owned).collect();
        }
    }
    Ok(())
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = open(tx, input)?;
    Ok(record! { "accessEntry" => find(tx, &cluster.name, input.required("principalArn"))?.view() })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = open(tx, input)?;
    let policy = input.text("associatedPolicyArn");
    let under = format!("{}/", cluster.name);
    let has = |entry: &&AccessEntry| {
        policy.is_none_or(|policy| tx.get::<Association>(&format!("{} {policy}", entry.id())).is_some())
    };
    let entries = tx.rows_under::<AccessEntry>(&under).filter(has);
    let items = entries.map(|entry| (entry.principal.clone(), Value::from(&entry.principal))).collect();
    listed(tx, input, "accessEntries", items)
}

fn update(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = open(tx, input)?;
    let mut entry = find(tx, &cluster.name, input.required("principalArn"))?;
    let _ = input.text("clientRequestToken");
    tx.enforce("eks.access_entry.type", entry.kind == "STANDARD", || {
        let message = format!("An access entry of type {} can't be updated.", entry.kind);
        unfit(message).member("clusterName", cluster.name.as_str())
    })?;
    name_user(tx, input, &mut entry).map_err(|refusal| refusal.member("clusterName", cluster.name.as_str()))?;
    entry.modified = tx.now();
    let view = entry.view();
    tx.put(entry);
    Ok(record! { "accessEntry" => view })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = open(tx, input)?;
    let entry = find(tx, &cluster.name, input.required("principalArn"))?;
    access_policy::forget(tx, &entry);
    tx.remove::<AccessEntry>(&entry.id());
    Ok(Value::Record(Record::new()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::eks::fixture::Ground;

    const ADMIN: &str = "arn:aws:iam::111122223333:role/admin";
    const PATH: &str = "/clusters/c/access-entries/arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fadmin";

    #[tokio::test(start_paused = true)]
    async fn an_entry_with_its_policy_is_made_shown_and_taken_away() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        let client = &ground.client;
        let made = client.eks("POST", "/clusters/c/access-entries", Some(json!({"principalArn": ADMIN}))).await;
        assert_eq!(made["accessEntry"]["username"], "arn:aws:sts::111122223333:assumed-role/admin/{{SessionName}}");
        let policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";
        let associate = |scope| Some(json!({"policyArn": policy, "accessScope": scope}));
        let policies = format!("{PATH}/access-policies");
        client.eks("POST", &policies, associate(json!({"type": "cluster"}))).await;
        // Again with another scope changes it.
        client.eks("POST", &policies, associate(json!({"type": "namespace", "namespaces": ["a"]}))).await;
        let listed = client.eks("GET", &policies, None).await;
        assert_eq!(
            listed["associatedAccessPolicies"][0]["accessScope"],
            json!({"type": "namespace", "namespaces": ["a"]})
        );
        let wrong = Some(json!({"policyArn": format!("{policy}X"), "accessScope": {"type": "cluster"}}));
        let refused = client.rest("eks", "POST", &policies, wrong).await;
        assert_eq!((refused.status, refused.code.as_str()), (400, "InvalidParameterException"));
        let encoded = policy.replace(':', "%3A").replace('/', "%2F");
        client.eks("DELETE", &format!("{policies}/{encoded}"), None).await;
        let message = "The specified policyArn could not be found on the access entry.";
        client
            .eks_refuses("DELETE", &format!("{policies}/{encoded}"), None, "ResourceNotFoundException", message)
            .await;
        client.eks("DELETE", PATH, None).await;
        let message = "The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'.";
        client.eks_refuses("GET", PATH, None, "ResourceNotFoundException", message).await;
    }

    #[tokio::test(start_paused = true)]
    async fn entries_that_eks_does_not_take_are_refused_in_its_words() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        let client = &ground.client;
        let entries = "/clusters/c/access-entries";
        let cases = [
            (json!({"principalArn": "admin"}), "The specified principalArn is invalid: invalid principal."),
            (
                json!({"principalArn": "arn:aws:iam::000000000000:role/nobody"}),
                "The specified principalArn is invalid: invalid principal.",
            ),
            (
                json!({"principalArn": ADMIN, "kubernetesGroups": ["system:masters"]}),
                "The kubernetes group name system:masters is invalid, it cannot start with system:",
            ),
        ];
        for (asked, message) in cases {
            client.eks_refuses("POST", entries, Some(asked), "InvalidParameterException", message).await;
        }
        client.eks("POST", entries, Some(json!({"principalArn": ADMIN}))).await;
        let again = Some(json!({"principalArn": ADMIN}));
        let message = "The specified access entry resource is already in use on this cluster.";
        client.eks_refuses("POST", entries, again.clone(), "ResourceInUseException", message).await;
        assert!(client.simulator.switch("eks.access_entry.taken", false));
        client.eks("POST", entries, again).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_cluster_of_the_config_map_takes_no_entries_until_its_mode_rises() {
        let ground = Ground::calm().await;
        let mut asked = ground.cluster("c");
        asked["accessConfig"] = json!({"authenticationMode": "CONFIG_MAP"});
        ground.client.eks("POST", "/clusters", Some(asked)).await;
        ground.client.wait(15 * 60);
        let message = "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.";
        let entries = "/clusters/c/access-entries";
        ground.client.eks_refuses("GET", entries, None, "InvalidRequestException", message).await;
        let rise = |mode: &str| Some(json!({"accessConfig": {"authenticationMode": mode}}));
        ground.client.eks("POST", "/clusters/c/update-config", rise("API_AND_CONFIG_MAP")).await;
        ground.client.wait(60);
        ground.client.eks("GET", entries, None).await;
        let message = "Unsupported authentication mode update from API_AND_CONFIG_MAP to CONFIG_MAP";
        ground
            .client
            .eks_refuses("POST", "/clusters/c/update-config", rise("CONFIG_MAP"), "InvalidParameterException", message)
            .await;
    }
}
