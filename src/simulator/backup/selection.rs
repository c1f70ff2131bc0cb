//! What a plan backs up, by ARNs and tags, and as which role.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{creator, invalid, paged, plan, run};
use crate::iam::trust::{self, Flaw};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateBackupSelection", create),
    ("GetBackupSelection", get),
    ("ListBackupSelections", list),
    ("DeleteBackupSelection", delete),
];

const CREATE: &str = "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupSelection.html";
const SELECTION: &str = "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "backup.selection.role",
        "a selection's role exists and trusts AWS Backup",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html",
    ),
    Rule::new("backup.selection.exists", "a plan has no two selections of one name", CREATE),
    Rule::new("backup.selection.something", "a selection selects by ARNs or tags", SELECTION),
    Rule::new("backup.selection.arns", "a selection has 500 ARNs, or 30 with wildcards, which end them", SELECTION),
    Rule::new(
        "backup.selection.quota",
        "a plan has 100 selections",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/aws-backup-limits.html",
    ),
];

/// The service that assumes the roles of selections.
pub(super) const AGENT: &str = "backup.amazonaws.com";

/// The kinds of conditions that a selection has.
const CONDITIONS: [&str; 4] = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"];

/// A selection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Its id.
    pub id: String,
    /// The plan's id.
    pub plan: String,
    /// Its name.
    pub name: String,
    /// The role's ARN.
    pub role: String,
    /// Who asked for it, in their own words.
    pub creator: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// The ARNs of what is backed up.
    pub resources: Vec<String>,
    /// The ARNs of what is not.
    pub not_resources: Vec<String>,
    /// Tags by which something is backed up, one of them being enough.
    pub tags: Vec<(String, String)>,
    /// What all of it has to fulfil: kind, key and value.
    pub conditions: Vec<(String, String, String)>,
}

impl Row for Selection {
    const TABLE: &'static str = "backup.selection";
    fn id(&self) -> String {
        format!("{}/{}", self.plan, self.id)
    }
}

impl Selection {
    fn named(&self) -> Value {
        record! { "SelectionId" => &self.id, "BackupPlanId" => &self.plan, "CreationDate" => self.created }
    }

    fn view(&self) -> Value {
        let tag = |(key, value): &(String, String)| {
            record! { "ConditionType" => "STRINGEQUALS", "ConditionKey" => key, "ConditionValue" => value }
        };
        let of_kind = |wanted: &str| {
            let found = self.conditions.iter().filter(|(kind, _, _)| kind == wanted);
            Value::List(
                found.map(|(_, key, value)| record! { "ConditionKey" => key, "ConditionValue" => value }).collect(),
            )
        };
        let conditions: Record = CONDITIONS.iter().map(|kind| ((*kind).to_owned(), of_kind(kind))).collect();
        record! {
            "SelectionName" => &self.name,
            "IamRoleArn" => &self.role,
            "Resources" => &self.resources,
            "NotResources" => &self.not_resources,
            "ListOfTags" => self.tags.iter().map(tag).collect::<Vec<_>>(),
            "Conditions" => conditions,
        }
    }
}

/// A plan that is not there is no parameter here, as <https://github.com/hashicorp/terraform-provider-aws/pull/13945>
/// has to know.
fn of_plan(tx: &Tx<'_>, input: &Input<'_>) -> Result<String, Refusal> {
    let id = input.required("BackupPlanId");
    plan::alive(tx, id).map(|plan| plan.id.clone()).ok_or_else(|| invalid(plan::missing(id)))
}

fn find(tx: &Tx<'_>, input: &Input<'_>) -> Result<Selection, Refusal> {
    let (plan, id) = (of_plan(tx, input)?, input.required("SelectionId"));
    let found = tx.get::<Selection>(&format!("{plan}/{id}")).cloned();
    // No source has the words.
    found.ok_or_else(|| Refusal::new("ResourceNotFoundException", format!("Cannot find Backup selection with ID {id}")))
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let plan = of_plan(tx, input)?;
    let creator = creator(tx, input)?;
    let Some(given) = input.record("BackupSelection") else {
        return Err(Refusal::new("MissingParameterValueException", "BackupSelection is required."));
    };
    let role = given.required("IamRoleArn");
    let texts = |name: &str| given.texts(name).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let pairs = |from: &Input<'_>, name: &str| {
        let pair =
            |one: &Input<'_>| (one.required("ConditionKey").to_owned(), one.required("ConditionValue").to_owned());
        from.records(name).iter().map(pair).collect::<Vec<_>>()
    };
    for tag in given.records("ListOfTags") {
        // The one kind that there is, which the model holds it to.
        let _ = tag.text("ConditionType");
    }
    let conditions = given.record("Conditions").map(|conditions| {
        let of_kind = |kind: &&str| {
            let kind = (*kind).to_owned();
            pairs(&conditions, &kind).into_iter().map(move |(key, value)| (kind.clone(), key, value))
        };
        CONDITIONS.iter().flat_map(of_kind).collect()
    });
    let made = Selection {
        id: tx.uuid(),
        plan: plan.clone(),
        name: given.required("SelectionName").to_owned(),
        role: role.to_owned(),
        creator,
        created: tx.now(),
        resources: texts("Resources"),
        not_resources: texts("NotResources"),
        tags: pairs(&given, "ListOfTags"),
        conditions: conditions.unwrap_or_default(),
    };
    check(tx, &made)?;
    let under = format!("{plan}/");
    let again = |one: &&Selection| made.creator.is_some() && one.creator == made.creator;
    if let Some(known) = tx.rows_under::<Selection>(&under).find(again) {
        return Ok(known.named());
    }
    let taken = tx.rows_under::<Selection>(&under).any(|one| one.name == made.name);
    // No source has the words.
    tx.enforce("backup.selection.exists", !taken, || {
        Refusal::new("AlreadyExistsException", "Backup selection with the same selection name already exists")
    })?;
    let (have, quota) = (tx.rows_under::<Selection>(&under).count(), tx.quota("backup.selections-per-plan"));
    // No source has the words.
    tx.enforce("backup.selection.quota", i64::try_from(have).is_ok_and(|have| have < quota), || {
        Refusal::new("LimitExceededException", format!("A backup plan can have {quota} selections."))
    })?;
    let answer = made.named();
    tx.put(made);
    run::schedule(tx, &plan);
    Ok(answer)
}

/// Refuses a role that AWS Backup can't assume.
///
/// # Errors
/// In that case.
pub(super) fn assumable(tx: &Tx<'_>, rule: &'static str, role: &str) -> Result<(), Refusal> {
    let refusal = match trust::role_for(tx, role, AGENT) {
        Ok(_) => None,
        Err(Flaw::Unknown(key)) => return Err(trust::unknown(&key)),
        Err(Flaw::Malformed) => Some(invalid(format!("Invalid ARN: {role}"))),
        // <https://github.com/hashicorp/terraform-provider-aws/issues/9297>
        Err(Flaw::Missing | Flaw::Untrusting) => {
            Some(invalid(format!("IAM Role {role} cannot be assumed by AWS Backup")))
        }
    };
    let sound = refusal.is_none();
    tx.enforce(rule, sound, || refusal.unwrap_or_else(|| invalid(role)))
}

fn check(tx: &Tx<'_>, made: &Selection) -> Result<(), Refusal> {
    assumable(tx, "backup.selection.role", &made.role)?;
    let something = !(made.resources.is_empty() && made.tags.is_empty());
    // <https://github.com/ministryofjustice/modernisation-platform-terraform-baselines/pull/90>
    tx.enforce("backup.selection.something", something, || {
        invalid("Invalid backup selection. Either 'ListOfTags' or 'Resources' section must be non-empty.")
    })?;
    // Of the words about ARNs no source has any.
    for arns in [&made.resources, &made.not_resources] {
        let wild = arns.iter().any(|arn| arn.contains('*'));
        let most = if wild { 30 } else { 500 };
        tx.enforce("backup.selection.arns", arns.len() <= most, || {
            invalid(format!("Backup selection cannot have more than {most} ARNs."))
        })?;
        for arn in arns {
            let sound = arn == "*" || (arn.starts_with("arn:") && arn.split(':').count() >= 6);
            tx.enforce("backup.selection.arns", sound, || invalid(format!("Invalid ARN: {arn}")))?;
        }
    }
    Ok(())
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let selection = find(tx, input)?;
    let mut answer = selection.named();
    answer.set("CreatorRequestId", &selection.creator);
    answer.set("BackupSelection", selection.view());
    Ok(answer)
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let plan = of_plan(tx, input)?;
    let under = format!("{plan}/");
    let selections = tx.rows_under::<Selection>(&under).map(|selection| {
        let mut item = selection.named();
        item.set("SelectionName", &selection.name);
        item.set("CreatorRequestId", &selection.creator);
        item.set("IamRoleArn", &selection.role);
        (selection.id.clone(), item)
    });
    let selections = selections.collect();
    paged(tx, input, "BackupSelectionsList", selections)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let selection = find(tx, input)?;
    tx.remove::<Selection>(&selection.id());
    run::schedule(tx, &selection.plan);
    Ok(Value::Record(Record::new()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn what_a_plan_selects_holds_it_and_its_role_has_to_trust_backup() {
        let client = Client::calm();
        client.rest("backup", "PUT", "/backup-vaults/main", Some(json!({}))).await;
        let plan = json!({ "BackupPlanName": "p", "Rules": [{ "RuleName": "r", "TargetBackupVaultName": "main" }] });
        let made = client.rest("backup", "PUT", "/backup/plans/", Some(json!({ "BackupPlan": plan }))).await.json();
        let path = format!("/backup/plans/{}", made["BackupPlanId"].as_str().unwrap());
        let select = async |role: &str| {
            let selection =
                json!({ "SelectionName": "s", "IamRoleArn": role, "Resources": ["arn:aws:ec2:*:*:volume/*"] });
            let body = Some(json!({ "BackupSelection": selection }));
            client.rest("backup", "PUT", &format!("{path}/selections/"), body).await
        };
        let other = client.role("other", "ec2.amazonaws.com").await;
        client.wait(60);
        let refused = select(&other).await;
        assert_eq!(refused.message, format!("IAM Role {other} cannot be assumed by AWS Backup"));
        let role = client.role("backup", "backup.amazonaws.com").await;
        client.wait(60);
        let selected = select(&role).await;
        assert_eq!(selected.status, 200, "{}", selected.text);
        assert_eq!(client.rest("backup", "DELETE", &path, None).await.code, "InvalidRequestException");
        let selection = format!("{path}/selections/{}", selected.json()["SelectionId"].as_str().unwrap());
        assert_eq!(client.rest("backup", "DELETE", &selection, None).await.status, 200);
        assert_eq!(client.rest("backup", "DELETE", &path, None).await.status, 200);
    }
}
