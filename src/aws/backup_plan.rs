//! `aws_backup_plan`: <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupPlan.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_backup::operation::get_backup_plan::GetBackupPlanOutput;
use aws_sdk_backup::types::{BackupPlanInput, BackupRule, BackupRuleInput, CopyAction, Lifecycle};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;

use crate::backup::{call, retag, tags, written};
use crate::backup_vault::TOKEN;
use crate::call::Service;
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::{refused, unreadable};
use crate::fields::{Fields, Observed};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};
use crate::mark;

/// The calls of `aws_backup_plan`.
pub struct BackupPlan;

const SCHEMA: &Schema = fathuss_model::aws::BackupPlan::SCHEMA;

#[async_trait(?Send)]
impl Kind for BackupPlan {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// `GetBackupPlan` and `ListTags` for each: the list of plans has neither rules nor tags.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, |request| look(client, &request.identity.0)).await
    }

    /// The same request again is answered with the plan that it made.
    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let attributes = &request.desired.attributes;
        let sending = client
            .backup
            .create_backup_plan()
            .backup_plan(document(attributes)?)
            .set_backup_plan_tags(Some(written(mark::tags_with(&request.mark, attributes)?)))
            .creator_request_id(&request.token[..TOKEN])
            .send();
        // The vault was perhaps made a moment ago.
        let call = call("CreateBackupPlan").unseen("InvalidParameterValueException", "does not exist");
        let answer = client.send(call, sending).await?;
        answer
            .backup_plan_id
            .map(Identity)
            .ok_or_else(|| unreadable(Service::Backup, "CreateBackupPlan", "BackupPlanId"))
    }

    /// Lists all plans: each says by which request it was made.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let mut token = None;
        loop {
            let sending = client.backup.list_backup_plans().max_results(1000).set_next_token(token).send();
            let answer = client.send(call("ListBackupPlans"), sending).await?;
            let mut plans = answer.backup_plans_list.unwrap_or_default().into_iter();
            let ours = plans.find(|plan| plan.creator_request_id.as_deref() == Some(&request.token[..TOKEN]));
            if let Some(id) = ours.and_then(|plan| plan.backup_plan_id) {
                return Ok(Found::Ours(Identity(id)));
            }
            token = answer.next_token;
            if token.is_none() {
                return Ok(Found::Nothing);
            }
        }
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(observed) = look(client, &standing.identity.0).await? else { return Ok(waiting("not visible yet")) };
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observed))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let id = standing.identity.0.as_str();
        if change.changed.iter().any(|field| field == "name" || field == "rule") {
            let document = document(&standing.desired.attributes)?;
            let sending = client.backup.update_backup_plan().backup_plan_id(id).backup_plan(document).send();
            let call = call("UpdateBackupPlan").unseen("InvalidParameterValueException", "does not exist");
            client.send(call, sending).await?;
        }
        let partition = crate::arn::partition(&standing.region);
        let Standing { region, account, .. } = standing;
        retag(client, &format!("arn:{partition}:backup:{region}:{account}:backup-plan:{id}"), standing, change).await
    }

    /// A selection that was deleted a moment ago may still hold it.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.backup.delete_backup_plan().backup_plan_id(&standing.identity.0).send();
        let call = call("DeleteBackupPlan").expects("InvalidRequestException", "selections must be deleted");
        once_accepted(client.send(call, sending).await)
    }
}

async fn look(client: &Client, id: &str) -> Result<Option<Attributes>, Failure> {
    let sending = client.backup.get_backup_plan().backup_plan_id(id).send();
    let Some(plan) = there(client.send(call("GetBackupPlan"), sending).await)? else { return Ok(None) };
    // AWS goes on telling of one that was deleted.
    if plan.deletion_date.is_some() {
        return Ok(None);
    }
    let Some(tags) = tags(client, plan.backup_plan_arn.as_deref().unwrap_or_default()).await? else { return Ok(None) };
    Ok(Some(observe(&plan, &tags)))
}

/// A plan as AWS takes it.
fn document(attributes: &Attributes) -> Result<BackupPlanInput, Failure> {
    let fields = Fields::of(attributes);
    let mut rules = Vec::new();
    for rule in fields.blocks("rule")? {
        let mut copies = Vec::new();
        for copy in rule.blocks("copy_action")? {
            let built = CopyAction::builder()
                .destination_backup_vault_arn(copy.text("destination_vault_arn")?)
                .set_lifecycle(lifecycle(&copy)?)
                .build();
            copies.push(built.map_err(|error| refused("InvalidField", error.to_string()))?);
        }
        let tags = rule.map("recovery_point_tags")?;
        let built = BackupRuleInput::builder()
            .rule_name(rule.text("rule_name")?)
            .target_backup_vault_name(rule.text("target_vault_name")?)
            .set_schedule_expression(rule.maybe_string("schedule")?)
            .set_schedule_expression_timezone(rule.maybe_string("schedule_expression_timezone")?)
            .set_start_window_minutes(Some(rule.maybe_integer("start_window")?.unwrap_or(60)))
            .set_completion_window_minutes(Some(rule.maybe_integer("completion_window")?.unwrap_or(180)))
            .set_enable_continuous_backup(rule.maybe_bool("enable_continuous_backup")?)
            .set_lifecycle(lifecycle(&rule)?)
            .set_recovery_point_tags(Some(written(tags)).filter(|tags| !tags.is_empty()))
            .set_copy_actions(Some(copies).filter(|copies| !copies.is_empty()))
            .build();
        rules.push(built.map_err(|error| refused("InvalidField", error.to_string()))?);
    }
    let built = BackupPlanInput::builder().backup_plan_name(fields.text("name")?).set_rules(Some(rules)).build();
    built.map_err(|error| refused("InvalidField", error.to_string()))
}

fn lifecycle(fields: &Fields<'_>) -> Result<Option<Lifecycle>, Failure> {
    let Some(block) = fields.block("lifecycle")? else { return Ok(None) };
    let built = Lifecycle::builder()
        .set_move_to_cold_storage_after_days(block.maybe_integer("cold_storage_after")?)
        .set_delete_after_days(block.maybe_integer("delete_after")?)
        .build();
    Ok(Some(built))
}

fn observe(plan: &GetBackupPlanOutput, tags: &BTreeMap<String, String>) -> Attributes {
    let document = plan.backup_plan.as_ref();
    let rules = document.map(|document| document.rules.as_slice()).unwrap_or_default();
    Observed::new()
        .with("name", document.map(|document| document.backup_plan_name.clone()))
        .with_list("rule", rules.iter().map(|rule| observed_rule(rule).into_datum()))
        .tagged(tags)
        .with("id", plan.backup_plan_id.clone())
        .with("arn", plan.backup_plan_arn.clone())
        .with("version", plan.version_id.clone())
        .finish(SCHEMA)
}

fn observed_rule(rule: &BackupRule) -> Observed {
    let tags = rule.recovery_point_tags.iter().flatten();
    let tags: BTreeMap<String, Datum> = tags.map(|(key, value)| (key.clone(), value.as_str().into())).collect();
    let copies = rule.copy_actions.as_deref().unwrap_or_default().iter().map(|copy| {
        Observed::new()
            .with("destination_vault_arn", copy.destination_backup_vault_arn.clone())
            .with_block("lifecycle", observed_lifecycle(copy.lifecycle.as_ref()))
            .into_datum()
    });
    Observed::new()
        .with("rule_name", rule.rule_name.clone())
        .with("target_vault_name", rule.target_backup_vault_name.clone())
        .with("schedule", rule.schedule_expression.clone())
        .with("schedule_expression_timezone", rule.schedule_expression_timezone.clone())
        .with("start_window", rule.start_window_minutes)
        .with("completion_window", rule.completion_window_minutes)
        .with("enable_continuous_backup", rule.enable_continuous_backup)
        .with_block("lifecycle", observed_lifecycle(rule.lifecycle.as_ref()))
        .with("recovery_point_tags", if tags.is_empty() { Datum::Null } else { Datum::Map(tags) })
        .with_list("copy_action", copies)
}

fn observed_lifecycle(lifecycle: Option<&Lifecycle>) -> Observed {
    // AWS says -1 where nothing is said.
    let days = |days: Option<i64>| days.filter(|days| *days >= 0);
    Observed::new()
        .with("cold_storage_after", days(lifecycle.and_then(|lifecycle| lifecycle.move_to_cold_storage_after_days)))
        .with("delete_after", days(lifecycle.and_then(|lifecycle| lifecycle.delete_after_days)))
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Found, Observation};
    use fathuss_state::Identity;
    use serde_json::{Value, json};

    use crate::asked::{change, make, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_backup_plan.daily";
    const ID: &str = "0b1c2d3e-0000-4000-a000-000000000000";
    const TAGS: &str =
        "GET /tags/arn%3Aaws%3Abackup%3Aus-east-1%3A111122223333%3Abackup-plan%3A0b1c2d3e-0000-4000-a000-000000000000";

    fn shown(deleted: bool) -> Value {
        let mut shown = json!({
            "BackupPlanId": ID, "BackupPlanArn": format!("arn:aws:backup:us-east-1:111122223333:backup-plan:{ID}"),
            "VersionId": "v1", "BackupPlan": { "BackupPlanName": "daily", "Rules": [{
                "RuleName": "daily", "TargetBackupVaultName": "main", "ScheduleExpression": "cron(0 5 ? * * *)",
                "StartWindowMinutes": 60, "CompletionWindowMinutes": 180, "RuleId": "r", "EnableContinuousBackup": false,
                "ScheduleExpressionTimezone": "Etc/UTC",
                "Lifecycle": { "DeleteAfterDays": 35, "MoveToColdStorageAfterDays": -1 },
                "CopyActions": [{ "DestinationBackupVaultArn": "arn:v", "Lifecycle": { "DeleteAfterDays": 90 } }],
            }]},
        });
        if deleted {
            shown["DeletionDate"] = json!(1_700_000_000);
        }
        shown
    }

    fn wanted() -> Value {
        json!({ "name": "daily", "rule": [{
            "rule_name": "daily", "target_vault_name": "main", "lifecycle": { "delete_after": 35 },
            "copy_action": [{ "destination_vault_arn": "arn:v", "lifecycle": { "delete_after": 90 } }],
        }]})
    }

    #[tokio::test]
    async fn a_plan_is_read_in_two_calls_and_a_deleted_one_is_gone() {
        let path = format!("GET /backup/plans/{ID}");
        let canned = Canned::new().json(&path, 200, &shown(false)).json(TAGS, 200, &json!({ "Tags": {} }));
        let answer = canned.aws().read(&[read(AT, ID)]).await;
        let Ok(Observation::Present(plan)) = &answer.observations[0] else { panic!("{answer:?}") };
        let rule = &plan["rule"].as_list().unwrap()[0];
        assert_eq!(rule.at("lifecycle").unwrap(), &crate::asked::attributes(json!({ "delete_after": 35 })).into());
        assert_eq!(canned.operations(), [path.as_str(), TAGS]);
        let gone = Canned::new().json(&path, 200, &shown(true));
        assert_eq!(gone.aws().read(&[read(AT, ID)]).await.observations[0], Ok(Observation::Absent));
    }

    #[tokio::test]
    async fn a_plan_is_found_by_the_request_that_made_it() {
        let token = "f".repeat(50);
        let listed = json!({ "BackupPlansList": [
            { "BackupPlanId": "other", "CreatorRequestId": "x" }, { "BackupPlanId": ID, "CreatorRequestId": token }
        ]});
        let canned = Canned::new().json("GET /backup/plans", 200, &listed);
        assert_eq!(canned.aws().find(&make(AT, wanted())).await, Ok(Found::Ours(Identity(ID.to_owned()))));
    }

    #[tokio::test]
    async fn a_change_is_sent_as_the_whole_document() {
        let path = format!("POST /backup/plans/{ID}");
        let canned = Canned::new().json(&path, 200, &json!({ "BackupPlanId": ID }));
        let before = json!({ "name": "older" });
        canned.aws().update(&standing(AT, ID, wanted()), &change(before, &["name"])).await.unwrap();
        let body: Value = serde_json::from_str(canned.seen()[0].get("body").unwrap()).unwrap();
        let rule = &body["BackupPlan"]["Rules"][0];
        assert_eq!((&rule["StartWindowMinutes"], &rule["Lifecycle"]), (&json!(60), &json!({ "DeleteAfterDays": 35 })));
        assert_eq!(rule["CopyActions"][0]["DestinationBackupVaultArn"], "arn:v");
    }

    #[tokio::test]
    async fn a_selection_that_is_just_going_is_waited_for() {
        let message = "Related backup plan selections must be deleted prior to backup plan deletion";
        let refusal = json!({ "__type": "InvalidRequestException", "Message": message });
        let canned = Canned::new().json(&format!("DELETE /backup/plans/{ID}"), 400, &refusal);
        let failure = canned.aws().delete(&standing(AT, ID, wanted())).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::NotYet);
    }
}
