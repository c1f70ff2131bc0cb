//! Fargate profiles: which pods run on Fargate, and where. No pod runs here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cluster::{self, Cluster};
use super::listing::named;
use super::tags::{self, Tags};
use super::{access_entry, arn, health, in_use, invalid, missing};
use crate::ec2::route_table;
use crate::ec2::subnet::Subnet;
use crate::iam::service_linked_role;
use crate::iam::trust::{self, Flaw};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateFargateProfile", create),
    ("DescribeFargateProfile", describe),
    ("ListFargateProfiles", list),
    ("DeleteFargateProfile", delete),
];

/// As eksctl's users see them: <https://github.com/eksctl-io/eksctl/pull/6375>
pub(super) const SPANS: &[Span] =
    &[Span::new("eks.fargate_profile.create", 20.0, 150.0), Span::new("eks.fargate_profile.delete", 20.0, 150.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("eks.fargate_profile.active", |tx, pending| {
        tx.change::<FargateProfile>(&pending.subject, |profile| profile.status = "ACTIVE".to_owned());
    }),
    ("eks.fargate_profile.deleted", |tx, pending| {
        let Some(profile) = tx.remove::<FargateProfile>(&pending.subject) else { return };
        let under = format!("{}/", profile.cluster);
        let another = tx.rows_under::<FargateProfile>(&under).any(|other| other.role == profile.role);
        if !another {
            access_entry::dismiss_pods(tx, &profile.cluster, &profile.role);
        }
    }),
];

const CREATE: &str = "https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateFargateProfile.html";
const GUIDE: &str = "https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("eks.fargate_profile.name", "a name has 1 to 100 letters, digits, - and _, and no eks- in front", CREATE),
    Rule::new("eks.fargate_profile.name.taken", "a profile's name is unique in its cluster", CREATE),
    Rule::new(
        "eks.fargate_profile.quota",
        "a cluster has at most 10 profiles",
        "https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html",
    ),
    Rule::new("eks.fargate_profile.one", "one profile of a cluster is made or deleted at a time", GUIDE),
    Rule::new("eks.fargate_profile.selectors", "a profile has 1 to 5 selectors, each of a namespace", GUIDE),
    Rule::new("eks.fargate_profile.subnets", "pods stand in private subnets of the cluster's VPC", GUIDE),
    Rule::new(
        "eks.fargate_profile.role",
        "the pods' role exists and trusts eks-fargate-pods.amazonaws.com",
        "https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html",
    ),
];

/// Who assumes the role.
const PODS: &str = "eks-fargate-pods.amazonaws.com";

/// A Fargate profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FargateProfile {
    /// The cluster's name.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created: Timestamp,
    /// `CREATING`, `ACTIVE` or `DELETING`.
    pub status: String,
    /// The role with which pods are brought up.
    pub role: String,
    /// Where they stand.
    pub subnets: Vec<String>,
    /// Which pods they are.
    pub selectors: Vec<Selector>,
    /// Its tags.
    pub tags: Tags,
}

/// Which pods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selector {
    /// Those of this namespace.
    pub namespace: String,
    /// Of them those that have all of these labels.
    pub labels: Tags,
}

impl Row for FargateProfile {
    const TABLE: &'static str = "eks.fargate_profile";
    fn id(&self) -> String {
        format!("{}/{}", self.cluster, self.name)
    }
}

impl FargateProfile {
    fn view(&self) -> Value {
        let selectors = self.selectors.iter().map(|selector| {
            let labels = (!selector.labels.is_empty()).then(|| tags::view(&selector.labels));
            record! { "namespace" => &selector.namespace, "labels" => labels }
        });
        record! {
            "fargateProfileName" => &self.name,
            "fargateProfileArn" => &self.arn,
            "clusterName" => &self.cluster,
            "createdAt" => self.created,
            "podExecutionRoleArn" => &self.role,
            "subnets" => &self.subnets,
            "selectors" => Value::List(selectors.collect()),
            "status" => &self.status,
            "tags" => tags::view(&self.tags),
            "health" => health(&[]),
        }
    }
}

fn find(tx: &Tx<'_>, input: &Input<'_>) -> Result<FargateProfile, Refusal> {
    let (cluster, name) = (input.required("clusterName"), input.required("fargateProfileName"));
    cluster::find(tx, cluster)?;
    tx.get::<FargateProfile>(&format!("{cluster}/{name}")).cloned().ok_or_else(|| {
        let message = format!("No Fargate Profile found with name: {name}.");
        missing(message).member("clusterName", cluster).member("fargateProfileName", name)
    })
}

/// One after the other: <https://github.com/eksctl-io/eksctl/blob/main/pkg/actions/cluster/delete.go> has the words.
fn alone(tx: &Tx<'_>, cluster: &str, name: &str, done: &str) -> Result<(), Refusal> {
    let under = format!("{cluster}/");
    let other = tx.rows_under::<FargateProfile>(&under).find(|other| other.name != name && other.status != "ACTIVE");
    tx.enforce("eks.fargate_profile.one", other.is_none(), || {
        let (other, status) = other.map_or(("", ""), |other| (other.name.as_str(), other.status.as_str()));
        in_use(format!(
            "Cannot {done} Fargate Profile {name} because cluster {cluster} currently has Fargate profile {other} in \
             status {status}"
        ))
        .member("clusterName", cluster)
    })
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = cluster::active(tx, input.required("clusterName"))?;
    let name = input.required("fargateProfileName");
    let with =
        |refusal: Refusal| refusal.member("clusterName", cluster.name.as_str()).member("fargateProfileName", name);
    let sound = (1..=100).contains(&name.len())
        && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && name.bytes().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_'));
    // The words are of no source, nor are those of the selectors.
    tx.enforce("eks.fargate_profile.name", sound, || {
        with(invalid(
            "The Fargate profile name can't be longer than 100 characters, must start with a letter or digit, and can \
             otherwise have hyphens and underscores only.",
        ))
    })?;
    tx.enforce("eks.fargate_profile.name", !name.starts_with("eks-"), || {
        with(invalid("The Fargate profile name can't start with eks-, which is reserved."))
    })?;
    let taken = tx.get::<FargateProfile>(&format!("{}/{name}", cluster.name)).is_some();
    tx.enforce("eks.fargate_profile.name.taken", !taken, || {
        with(in_use(format!("FargateProfile already exists with name {name} and cluster name {}", cluster.name)))
    })?;
    alone(tx, &cluster.name, name, "create")?;
    let most = tx.quota("eks.fargate_profiles");
    let have = tx.rows_under::<FargateProfile>(&format!("{}/", cluster.name)).count();
    tx.enforce("eks.fargate_profile.quota", i64::try_from(have).is_ok_and(|have| have < most), || {
        let message = format!("maximum of {most} Fargate profiles for cluster {}", cluster.name);
        with(Refusal::new("ResourceLimitExceededException", message))
    })?;
    let role = input.required("podExecutionRoleArn");
    check_role(tx, role).map_err(with)?;
    let subnets = subnets(tx, &cluster, input).map_err(with)?;
    let selectors = selectors(tx, input).map_err(with)?;
    let _ = input.text("clientRequestToken");
    let id = tx.uuid();
    let profile = FargateProfile {
        cluster: cluster.name.clone(),
        name: name.to_owned(),
        arn: arn(tx, &format!("fargateprofile/{}/{name}/{id}", cluster.name)),
        created: tx.now(),
        status: "CREATING".to_owned(),
        role: role.to_owned(),
        subnets,
        selectors,
        tags: tags::read(tx, input)?,
    };
    service_linked_role::ensure(tx, "eks-fargate.amazonaws.com");
    access_entry::admit_pods(tx, &cluster, role);
    let (row, view) = (profile.id(), profile.view());
    tx.put(profile);
    tx.transition("eks.fargate_profile.create", "eks.fargate_profile.active", &row);
    Ok(record! { "fargateProfile" => view })
}

fn check_role(tx: &Tx<'_>, arn: &str) -> Result<(), Refusal> {
    let refusal = match trust::role_for(tx, arn, PODS) {
        Ok(_) => return Ok(()),
        Err(Flaw::Unknown(key)) => return Err(trust::unknown(&key)),
        Err(Flaw::Untrusting) => {
            invalid(format!("Misconfigured PodExecutionRole Trust Policy; Please add the {PODS} Service Principal"))
        }
        Err(Flaw::Malformed) => invalid(format!("The podExecutionRoleArn {arn} is not the ARN of a role.")),
        Err(Flaw::Missing) => {
            invalid(format!("The role with name {} cannot be found.", trust::role_name(arn).unwrap_or(arn)))
        }
    };
    tx.enforce("eks.fargate_profile.role", false, || refusal)
}

/// The subnets of a request, or the cluster's private ones where it names none.
fn subnets(tx: &Tx<'_>, cluster: &Cluster, input: &Input<'_>) -> Result<Vec<String>, Refusal> {
    let rule = "eks.fargate_profile.subnets";
    let mut subnets: Vec<String> = Vec::new();
    for id in input.texts("subnets") {
        let found = tx.get::<Subnet>(id);
        tx.enforce(rule, found.is_some(), || invalid(format!("The subnet ID '{id}' does not exist")))?;
        tx.enforce(rule, found.is_none_or(|subnet| subnet.vpc == cluster.vpc), || {
            invalid(format!("Subnet {id} is not in the VPC of the cluster, {}.", cluster.vpc))
        })?;
        let private = found.is_none_or(|subnet| !route_table::is_public(tx, subnet));
        tx.enforce(rule, private, || {
            invalid(format!("Subnet {id} provided in Fargate Profile is not a private subnet"))
        })?;
        if !subnets.iter().any(|known| known == id) {
            subnets.push(id.to_owned());
        }
    }
    if subnets.is_empty() {
        let own = cluster.subnets.iter().filter_map(|id| tx.get::<Subnet>(id));
        subnets = own.filter(|subnet| !route_table::is_public(tx, subnet)).map(Row::id).collect();
    }
    tx.enforce(rule, !subnets.is_empty(), || invalid("Subnets cannot be empty."))?;
    Ok(subnets)
}

fn selectors(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vec<Selector>, Refusal> {
    let rule = "eks.fargate_profile.selectors";
    let given = input.records("selectors");
    tx.enforce(rule, (1..=5).contains(&given.len()), || {
        invalid("A Fargate profile must have at least 1 and at most 5 selectors.")
    })?;
    let mut selectors = Vec::new();
    for selector in &given {
        let namespace = selector.text("namespace").unwrap_or_default();
        tx.enforce(rule, !namespace.is_empty(), || invalid("A selector's namespace cannot be empty."))?;
        let labels = match selector.whole("labels") {
            Value::Record(given) => {
                given.iter().map(|(key, value)| (key.clone(), value.text().unwrap_or_default().to_owned())).collect()
            }
            _ => Tags::new(),
        };
        tx.enforce(rule, labels.len() <= 5, || invalid("A selector can have at most 5 labels."))?;
        selectors.push(Selector { namespace: namespace.to_owned(), labels });
    }
    Ok(selectors)
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    Ok(record! { "fargateProfile" => find(tx, input)?.view() })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = cluster::find(tx, input.required("clusterName"))?;
    let under = format!("{}/", cluster.name);
    named(tx, input, "fargateProfileNames", tx.rows_under::<FargateProfile>(&under).map(|profile| &profile.name))
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut profile = find(tx, input)?;
    alone(tx, &profile.cluster, &profile.name, "delete")?;
    let id = profile.id();
    if profile.status != "DELETING" {
        tx.cancel("eks.fargate_profile", &id);
        profile.status = "DELETING".to_owned();
        tx.put(profile.clone());
        tx.transition("eks.fargate_profile.delete", "eks.fargate_profile.deleted", &id);
    }
    Ok(record! { "fargateProfile" => profile.view() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::eks::fixture::Ground;

    #[tokio::test(start_paused = true)]
    async fn profiles_are_made_one_after_the_other_and_their_cluster_goes_after_them() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        let client = &ground.client;
        let role = client.role("pods", "eks-fargate-pods.amazonaws.com").await;
        client.wait(30);
        let path = "/clusters/c/fargate-profiles";
        let asked = |name: &str| {
            json!({
                "fargateProfileName": name, "podExecutionRoleArn": role, "subnets": ground.subnets,
                "selectors": [{"namespace": "apps", "labels": {"on": "fargate"}}],
            })
        };
        let made = client.eks("POST", path, Some(asked("one"))).await;
        assert_eq!(made["fargateProfile"]["status"], "CREATING");
        let busy = "Cannot create Fargate Profile two because cluster c currently has Fargate profile one in status \
                    CREATING";
        client.eks_refuses("POST", path, Some(asked("two")), "ResourceInUseException", busy).await;
        client.wait(300);
        let shown = client.eks("GET", &format!("{path}/one"), None).await;
        assert_eq!(shown["fargateProfile"]["status"], "ACTIVE");
        assert_eq!(shown["fargateProfile"]["selectors"][0]["labels"], json!({"on": "fargate"}));
        let entries = client.eks("GET", "/clusters/c/access-entries", None).await;
        assert!(entries["accessEntries"].as_array().unwrap().contains(&json!(role)));
        let held = "Cluster has Fargate profiles attached";
        client.eks_refuses("DELETE", "/clusters/c", None, "ResourceInUseException", held).await;
        client.eks("DELETE", &format!("{path}/one"), None).await;
        client.wait(300);
        let gone = client.rest("eks", "GET", &format!("{path}/one"), None).await;
        assert_eq!((gone.status, gone.code.as_str()), (404, "ResourceNotFoundException"));
        client.eks("DELETE", "/clusters/c", None).await;
    }
}
