//! Plans: documents with rules, each change a version of its own; deleted once nothing is selected by them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::rule::{self, BackupRule};
use super::selection::Selection;
use super::tags::{self, Tags};
use super::{arn, creator, invalid, paged, run};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateBackupPlan", create),
    ("UpdateBackupPlan", update),
    ("GetBackupPlan", get),
    ("ListBackupPlans", list),
    ("ListBackupPlanVersions", versions),
    ("DeleteBackupPlan", delete),
];

const CREATE: &str = "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupPlan.html";
const LIMITS: &str = "https://docs.aws.amazon.com/aws-backup/latest/devguide/aws-backup-limits.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "backup.plan.name",
        "a name has 1 to 50 letters, digits and -_.",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupPlanInput.html",
    ),
    Rule::new("backup.plan.exists", "no two plans are the same", CREATE),
    Rule::new(
        "backup.plan.selected",
        "a plan by which something is selected is not deleted",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DeleteBackupPlan.html",
    ),
    Rule::new("backup.plan.quota", "an account has 300 plans in a region", LIMITS),
];

/// A version of a plan that there was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// When another took its place, or the plan was deleted.
    pub deleted: Option<Timestamp>,
    /// The plan's name in it.
    pub name: String,
    /// The rules in it.
    pub rules: Vec<BackupRule>,
}

/// A plan, with its versions, of which the last one counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Its id.
    pub id: String,
    /// Who asked for it, in their own words.
    pub creator: Option<String>,
    /// Its versions, the oldest first; it never is without one.
    pub versions: Vec<Version>,
    /// Its tags.
    pub tags: Tags,
}

impl Row for Plan {
    const TABLE: &'static str = "backup.plan";
    fn id(&self) -> String {
        self.id.clone()
    }
}

/// A plan that was deleted: AWS goes on telling of it to those who ask for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeletedPlan {
    /// As it was last.
    pub plan: Plan,
}

impl Row for DeletedPlan {
    const TABLE: &'static str = "backup.deleted_plan";
    fn id(&self) -> String {
        self.plan.id.clone()
    }
}

impl Plan {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        arn(tx, &format!("backup-plan:{}", self.id))
    }

    fn is(&self, version: &Version) -> bool {
        let last = self.versions.last();
        let same = |rules: &[BackupRule]| rules.iter().map(BackupRule::bare).collect::<Vec<_>>();
        last.is_some_and(|last| last.name == version.name && same(&last.rules) == same(&version.rules))
    }

    /// What every answer about a version has.
    fn named(&self, tx: &Tx<'_>, version: &Version) -> Value {
        record! {
            "BackupPlanId" => &self.id,
            "BackupPlanArn" => self.arn(tx),
            "CreationDate" => version.created,
            "VersionId" => &version.id,
        }
    }

    /// What lists have.
    fn summary(&self, tx: &Tx<'_>, version: &Version) -> Value {
        let mut summary = self.named(tx, version);
        summary.set("BackupPlanName", &version.name);
        summary.set("CreatorRequestId", &self.creator);
        summary.set("DeletionDate", version.deleted);
        summary
    }
}

/// The plan of an id, unless it is gone.
pub(super) fn alive<'t>(tx: &'t Tx<'_>, id: &str) -> Option<&'t Plan> {
    tx.get::<Plan>(id)
}

/// The plan of an id, though it is gone.
fn ever<'t>(tx: &'t Tx<'_>, id: &str) -> Option<&'t Plan> {
    alive(tx, id).or_else(|| tx.get::<DeletedPlan>(id).map(|deleted| &deleted.plan))
}

/// No source has the words but those that begin them: <https://github.com/hashicorp/terraform-provider-aws/pull/13945>.
pub(super) fn missing(id: &str) -> String {
    format!("Cannot find Backup plan with ID {id}")
}

fn find(tx: &Tx<'_>, input: &Input<'_>) -> Result<Plan, Refusal> {
    let id = input.required("BackupPlanId");
    alive(tx, id).cloned().ok_or_else(|| Refusal::new("ResourceNotFoundException", missing(id)))
}

/// The version that a request describes.
fn drawn(tx: &mut Tx<'_>, input: &Input<'_>, known: &[BackupRule]) -> Result<Version, Refusal> {
    let Some(document) = input.record("BackupPlan") else {
        return Err(Refusal::new("MissingParameterValueException", "BackupPlan is required."));
    };
    let name = document.required("BackupPlanName");
    let sound = (1..=50).contains(&name.chars().count())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    // No source has the words.
    tx.enforce("backup.plan.name", sound, || {
        invalid("BackupPlanName must contain 1 to 50 alphanumeric or '-_.' characters.")
    })?;
    let rules = rule::read(tx, &document, known)?;
    let id = crate::protocol::base64_encode(tx.uuid().as_bytes());
    Ok(Version { id, created: tx.now(), deleted: None, name: name.to_owned(), rules })
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let creator = creator(tx, input)?;
    let tags = tags::read(tx, input, "BackupPlanTags")?;
    let version = drawn(tx, input, &[])?;
    let again = tx.rows::<Plan>().find(|plan| creator.is_some() && plan.creator == creator);
    if let Some(known) = again
        && let Some(last) = known.versions.last()
    {
        return Ok(known.named(tx, last));
    }
    let same = tx.rows::<Plan>().find(|plan| plan.is(&version)).cloned();
    // <https://github.com/ministryofjustice/modernisation-platform/pull/4909>
    tx.enforce("backup.plan.exists", same.is_none(), || {
        let refusal = Refusal::new("AlreadyExistsException", "Backup plan with the same plan document already exists");
        match &same {
            Some(known) => refusal.member("Arn", known.arn(tx)).member("CreatorRequestId", &known.creator),
            None => refusal,
        }
    })?;
    let quota = tx.quota("backup.plans");
    // No source has the words.
    tx.enforce("backup.plan.quota", tx.count::<Plan>() < quota, || {
        Refusal::new("LimitExceededException", format!("An account can have {quota} backup plans in a region."))
    })?;
    let plan = Plan { id: tx.uuid(), creator, versions: vec![version.clone()], tags };
    let answer = plan.named(tx, &version);
    tx.put(plan);
    Ok(answer)
}

fn update(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut plan = find(tx, input)?;
    let known = plan.versions.last().map(|last| last.rules.clone()).unwrap_or_default();
    let version = drawn(tx, input, &known)?;
    if let Some(last) = plan.versions.last_mut() {
        last.deleted = Some(tx.now());
    }
    plan.versions.push(version.clone());
    let answer = plan.named(tx, &version);
    let id = plan.id.clone();
    tx.put(plan);
    run::schedule(tx, &id);
    Ok(answer)
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let id = input.required("BackupPlanId");
    let missing = || Refusal::new("ResourceNotFoundException", missing(id));
    let (plan, version) = match input.text("VersionId") {
        // A version stays, whatever comes after it.
        Some(asked) => {
            let plan = ever(tx, id).cloned().ok_or_else(missing)?;
            let version = plan.versions.iter().find(|version| version.id == asked).cloned();
            // No source has the words.
            let none = || {
                Refusal::new("ResourceNotFoundException", format!("Cannot find version {asked} of Backup plan {id}"))
            };
            (plan, version.ok_or_else(none)?)
        }
        None => {
            let plan = find(tx, input)?;
            let version = plan.versions.last().cloned().ok_or_else(missing)?;
            (plan, version)
        }
    };
    let mut answer = plan.named(tx, &version);
    answer.set("CreatorRequestId", &plan.creator);
    answer.set("DeletionDate", version.deleted);
    answer.set(
        "BackupPlan",
        record! {
            "BackupPlanName" => &version.name,
            "Rules" => version.rules.iter().map(BackupRule::view).collect::<Vec<_>>(),
        },
    );
    Ok(answer)
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let deleted = input.flag("IncludeDeleted");
    let gone = tx.rows::<DeletedPlan>().filter(|_| deleted).map(|gone| &gone.plan);
    let plans = tx.rows::<Plan>().chain(gone);
    let plans = plans.filter_map(|plan| Some((plan.id.clone(), plan.summary(tx, plan.versions.last()?)))).collect();
    paged(tx, input, "BackupPlansList", plans)
}

fn versions(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let id = input.required("BackupPlanId");
    let plan = ever(tx, id).ok_or_else(|| Refusal::new("ResourceNotFoundException", missing(id)))?;
    let versions = plan.versions.iter().enumerate();
    let versions = versions.map(|(at, version)| (format!("{at:06}"), plan.summary(tx, version))).collect();
    paged(tx, input, "BackupPlanVersionsList", versions)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut plan = find(tx, input)?;
    let selected = tx.rows::<Selection>().any(|selection| selection.plan == plan.id);
    // <https://github.com/hashicorp/terraform-provider-aws/issues/10414>
    tx.enforce("backup.plan.selected", !selected, || {
        let message = "Related backup plan selections must be deleted prior to backup plan deletion";
        Refusal::new("InvalidRequestException", message)
    })?;
    plan.tags.clear();
    let now = tx.now();
    if let Some(last) = plan.versions.last_mut() {
        last.deleted = Some(now);
    }
    let answer = record! {
        "BackupPlanId" => &plan.id,
        "BackupPlanArn" => plan.arn(tx),
        "DeletionDate" => now,
        "VersionId" => plan.versions.last().map(|last| last.id.clone()),
    };
    tx.remove::<Plan>(&plan.id);
    tx.put(DeletedPlan { plan });
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::client::Client;

    async fn ask(client: &Client, method: &str, path: &str, body: Value) -> Value {
        let answer = client.rest("backup", method, path, Some(body)).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text);
        answer.json()
    }

    fn document(days: i64) -> Value {
        json!({ "BackupPlanName": "daily", "Rules": [{
            "RuleName": "daily", "TargetBackupVaultName": "main", "Lifecycle": { "DeleteAfterDays": days }
        }]})
    }

    #[tokio::test(start_paused = true)]
    async fn a_plan_keeps_its_versions_and_its_rules_their_ids() {
        let client = Client::calm();
        ask(&client, "PUT", "/backup-vaults/main", json!({})).await;
        let made = ask(&client, "PUT", "/backup/plans/", json!({ "BackupPlan": document(7) })).await;
        let path = format!("/backup/plans/{}", made["BackupPlanId"].as_str().unwrap());
        let show = async |rest: &str| client.rest("backup", "GET", &format!("{path}/{rest}"), None).await.json();
        let first = show("").await;
        assert_eq!(first["BackupPlan"]["Rules"][0]["StartWindowMinutes"], 480);
        client.wait(10);
        let updated = ask(&client, "POST", &path, json!({ "BackupPlan": document(14) })).await;
        assert_ne!(updated["VersionId"], made["VersionId"]);
        let second = show("").await;
        assert_eq!(second["BackupPlan"]["Rules"][0]["Lifecycle"]["DeleteAfterDays"], 14);
        assert_eq!(second["BackupPlan"]["Rules"][0]["RuleId"], first["BackupPlan"]["Rules"][0]["RuleId"]);
        let older = show(&format!("?versionId={}", made["VersionId"].as_str().unwrap())).await;
        assert_eq!(older["BackupPlan"], first["BackupPlan"]);
        assert_eq!(show("versions/").await["BackupPlanVersionsList"].as_array().unwrap().len(), 2);
        assert_eq!(client.rest("backup", "DELETE", &path, None).await.status, 200);
        let gone = client.rest("backup", "GET", &format!("{path}/"), None).await;
        assert_eq!(gone.code, "ResourceNotFoundException");
    }

    /// A rule's name is shown, and no more: no page says that a plan's rules differ in theirs.
    /// <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html>
    #[tokio::test(start_paused = true)]
    async fn two_rules_of_one_name_keep_ids_of_their_own() {
        let client = Client::calm();
        ask(&client, "PUT", "/backup-vaults/main", json!({})).await;
        let mut twice = document(7);
        let other = json!({ "RuleName": "daily", "TargetBackupVaultName": "main" });
        twice["Rules"].as_array_mut().unwrap().push(other);
        let made = ask(&client, "PUT", "/backup/plans/", json!({ "BackupPlan": twice })).await;
        let path = format!("/backup/plans/{}", made["BackupPlanId"].as_str().unwrap());
        let ids = async || {
            let shown = client.rest("backup", "GET", &format!("{path}/"), None).await.json();
            let rules = shown["BackupPlan"]["Rules"].as_array().unwrap().clone();
            rules.iter().map(|rule| rule["RuleId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let first = ids().await;
        assert_ne!(first[0], first[1]);
        ask(&client, "POST", &path, json!({ "BackupPlan": twice })).await;
        assert_eq!(ids().await, first);
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_plan_is_refused_but_to_who_asked_for_it() {
        let client = Client::calm();
        ask(&client, "PUT", "/backup-vaults/main", json!({})).await;
        let body = |creator: &str| json!({ "BackupPlan": document(7), "CreatorRequestId": creator });
        let first = ask(&client, "PUT", "/backup/plans/", body("one")).await;
        assert_eq!(ask(&client, "PUT", "/backup/plans/", body("one")).await, first);
        let refused = client.rest("backup", "PUT", "/backup/plans/", Some(body("two"))).await;
        assert_eq!((refused.status, refused.code.as_str()), (400, "AlreadyExistsException"));
    }
}
