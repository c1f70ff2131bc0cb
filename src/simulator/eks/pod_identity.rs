//! Pod identity associations: which role the pods of a service account have.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cluster;
use super::listing::listed;
use super::tags::{self, Tags};
use super::{arn, in_use, invalid, missing};
use crate::iam::trust::{self, Flaw};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreatePodIdentityAssociation", create),
    ("DescribePodIdentityAssociation", describe),
    ("ListPodIdentityAssociations", list),
    ("UpdatePodIdentityAssociation", update),
    ("DeletePodIdentityAssociation", delete),
];

const CREATE: &str = "https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("eks.pod_identity.taken", "a service account has one association in a cluster", CREATE),
    Rule::new(
        "eks.pod_identity.role",
        "a role exists and trusts EKS's agent for pods",
        "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html",
    ),
    Rule::new(
        "eks.pod_identity.quota",
        "a cluster has at most 5,000 associations",
        "https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html",
    ),
    Rule::new("eks.pod_identity.policy", "a session policy needs a session without tags", CREATE),
];

/// The service that assumes the roles of pods.
const AGENT: &str = "pods.eks.amazonaws.com";

/// An association.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PodIdentityAssociation {
    /// Its id, `a-...`.
    pub id: String,
    /// The cluster's name.
    pub cluster: String,
    /// The namespace in Kubernetes.
    pub namespace: String,
    /// The service account in it.
    pub service_account: String,
    /// The role's ARN.
    pub role: String,
    /// The ARN of the role that is assumed with the first one.
    pub target_role: Option<String>,
    /// What the target role's trust policy can ask for.
    pub external_id: Option<String>,
    /// Whether sessions go without tags.
    pub disable_session_tags: bool,
    /// The sessions' policy.
    pub policy: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it changed last.
    pub modified: Timestamp,
    /// Its tags.
    pub tags: Tags,
}

impl Row for PodIdentityAssociation {
    const TABLE: &'static str = "eks.pod_identity_association";
    fn id(&self) -> String {
        format!("{}/{}", self.cluster, self.id)
    }
}

impl PodIdentityAssociation {
    fn arn(&self, tx: &Tx<'_>) -> String {
        arn(tx, &format!("podidentityassociation/{}/{}", self.cluster, self.id))
    }

    /// What lists show.
    fn summary(&self, tx: &Tx<'_>) -> Value {
        record! {
            "clusterName" => &self.cluster,
            "namespace" => &self.namespace,
            "serviceAccount" => &self.service_account,
            "associationArn" => self.arn(tx),
            "associationId" => &self.id,
        }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let mut view = self.summary(tx);
        view.set("roleArn", &self.role);
        view.set("tags", tags::view(&self.tags));
        view.set("createdAt", self.created);
        view.set("modifiedAt", self.modified);
        view.set("disableSessionTags", self.disable_session_tags);
        view.set("targetRoleArn", &self.target_role);
        view.set("externalId", &self.external_id);
        view.set("policy", &self.policy);
        view
    }
}

fn find(tx: &Tx<'_>, input: &Input<'_>) -> Result<PodIdentityAssociation, Refusal> {
    let (name, id) = (input.required("clusterName"), input.required("associationId"));
    cluster::find(tx, name)?;
    tx.get::<PodIdentityAssociation>(&format!("{name}/{id}"))
        .cloned()
        .ok_or_else(|| missing(format!("No association found for association ID: {id}")).member("clusterName", name))
}

fn check_role(tx: &Tx<'_>, role: &str) -> Result<(), Refusal> {
    let refusal = match trust::role_for(tx, role, AGENT) {
        Ok(_) => return Ok(()),
        Err(Flaw::Unknown(key)) => return Err(trust::unknown(&key)),
        Err(Flaw::Malformed) => invalid(format!("Role ARN {role} is invalid")),
        Err(Flaw::Missing) => invalid(format!("Role provided in the request does not exist: {role}")),
        Err(Flaw::Untrusting) => {
            invalid(format!("Trust policy of role {role} must allow {AGENT} to do sts:AssumeRole and sts:TagSession"))
        }
    };
    tx.enforce("eks.pod_identity.role", false, || refusal)
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = cluster::active(tx, input.required("clusterName"))?;
    let with = |refusal: Refusal| refusal.member("clusterName", cluster.name.as_str());
    let (namespace, account) = (input.required("namespace"), input.required("serviceAccount"));
    let under = format!("{}/", cluster.name);
    let same = |one: &&PodIdentityAssociation| one.namespace == namespace && one.service_account == account;
    let taken = tx.rows_under::<PodIdentityAssociation>(&under).find(same).map(|one| one.id.clone());
    tx.enforce("eks.pod_identity.taken", taken.is_none(), || {
        with(in_use(format!("Association already exists: {}", taken.unwrap_or_default())))
    })?;
    let have = tx.rows_under::<PodIdentityAssociation>(&under).count() as i64;
    tx.enforce("eks.pod_identity.quota", have < tx.quota("eks.pod-identity-associations"), || {
        with(Refusal::new("ResourceLimitExceededException", "Association limit exceeded for the cluster."))
    })?;
    let role = input.required("roleArn");
    check_role(tx, role).map_err(with)?;
    let id = format!("a-{}", tx.hex(17));
    let mut made = PodIdentityAssociation {
        id,
        cluster: cluster.name.clone(),
        namespace: namespace.to_owned(),
        service_account: account.to_owned(),
        role: role.to_owned(),
        target_role: None,
        external_id: None,
        disable_session_tags: false,
        policy: None,
        created: tx.now(),
        modified: tx.now(),
        tags: tags::read(tx, input)?,
    };
    sessions(tx, input, &mut made).map_err(with)?;
    let _ = input.text("clientRequestToken");
    let view = made.view(tx);
    tx.put(made);
    Ok(record! { "association" => view })
}

/// Takes over how a request wants the sessions.
fn sessions(tx: &mut Tx<'_>, input: &Input<'_>, association: &mut PodIdentityAssociation) -> Result<(), Refusal> {
    if let Some(disable) = input.bool("disableSessionTags") {
        association.disable_session_tags = disable;
    }
    if let Some(target) = input.text("targetRoleArn") {
        if target.is_empty() {
            (association.target_role, association.external_id) = (None, None);
        } else {
            if trust::role_name(target).is_none() {
                return Err(invalid(format!("Role ARN {target} is invalid")));
            }
            association.target_role = Some(target.to_owned());
            association.external_id = Some(format!(
                "{}/{}/{}/{}/{}",
                tx.region(),
                tx.account(),
                association.cluster,
                association.namespace,
                association.service_account
            ));
        }
    }
    if let Some(policy) = input.text("policy") {
        let plain = policy.is_empty() || association.disable_session_tags;
        tx.enforce("eks.pod_identity.policy", plain, || {
            invalid("A policy can be specified only if disableSessionTags is true.")
        })?;
        association.policy = Some(policy.to_owned()).filter(|policy| !policy.is_empty());
    }
    Ok(())
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    Ok(record! { "association" => find(tx, input)?.view(tx) })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = cluster::find(tx, input.required("clusterName"))?;
    let (namespace, account) = (input.text("namespace"), input.text("serviceAccount"));
    let fits = |one: &&PodIdentityAssociation| {
        namespace.is_none_or(|name| name == one.namespace) && account.is_none_or(|name| name == one.service_account)
    };
    let under = format!("{}/", cluster.name);
    let found = tx.rows_under::<PodIdentityAssociation>(&under).filter(fits);
    let items = found.map(|one| (one.id.clone(), one.summary(tx))).collect();
    listed(tx, input, "associations", items)
}

fn update(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut association = find(tx, input)?;
    let with = |refusal: Refusal| refusal.member("clusterName", input.required("clusterName"));
    if let Some(role) = input.text("roleArn") {
        check_role(tx, role).map_err(with)?;
        role.clone_into(&mut association.role);
    }
    sessions(tx, input, &mut association).map_err(with)?;
    let _ = input.text("clientRequestToken");
    association.modified = tx.now();
    let view = association.view(tx);
    tx.put(association);
    Ok(record! { "association" => view })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let association = find(tx, input)?;
    let view = association.view(tx);
    tx.remove::<PodIdentityAssociation>(&association.id());
    Ok(record! { "association" => view })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::eks::fixture::Ground;

    #[tokio::test(start_paused = true)]
    async fn a_service_account_has_one_association_which_goes_with_its_cluster() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        let client = &ground.client;
        let role = client.role("pods", "pods.eks.amazonaws.com").await;
        client.wait(30);
        let path = "/clusters/c/pod-identity-associations";
        let asked = json!({"namespace": "apps", "serviceAccount": "web", "roleArn": role, "tags": {"a": "1"}});
        let made = client.eks("POST", path, Some(asked.clone())).await;
        let id = made["association"]["associationId"].as_str().unwrap().to_owned();
        let message = format!("Association already exists: {id}");
        client.eks_refuses("POST", path, Some(asked), "ResourceInUseException", &message).await;
        let listed = client.eks("GET", &format!("{path}?namespace=apps"), None).await;
        assert_eq!(listed["associations"][0]["associationId"], id.as_str());
        assert_eq!(client.eks("GET", &format!("{path}?namespace=other"), None).await["associations"], json!([]));
        let tags = "/tags/arn%3Aaws%3Aeks%3Aus-east-1%3A000000000000%3Apodidentityassociation%2Fc%2F".to_owned() + &id;
        assert_eq!(client.eks("GET", &tags, None).await["tags"], json!({"a": "1"}));
        let other = Some(json!({"roleArn": ground.cluster_role}));
        let refused = client.rest("eks", "POST", &format!("{path}/{id}"), other).await;
        assert_eq!(refused.code, "InvalidParameterException", "{}", refused.message);
        client.eks("DELETE", &format!("{path}/{id}"), None).await;
        let gone = client.rest("eks", "GET", &format!("{path}/{id}"), None).await;
        assert_eq!((gone.status, gone.code.as_str()), (404, "ResourceNotFoundException"));
    }
}
