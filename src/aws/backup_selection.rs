//! `aws_backup_selection`: <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupSelection.html>

use async_trait::async_trait;
use aws_sdk_backup::operation::get_backup_selection::GetBackupSelectionOutput;
use aws_sdk_backup::types::{BackupSelection as Document, Condition, ConditionParameter, ConditionType, Conditions};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::backup::call;
use crate::backup_vault::TOKEN;
use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::{refused, unreadable};
use crate::fields::{Fields, Observed};
use crate::gone::{is_not_found, waiting};
use crate::kind::{Batch, Kind};

/// The calls of `aws_backup_selection`.
pub struct BackupSelection;

const SCHEMA: &Schema = fathuss_model::aws::BackupSelection::SCHEMA;

/// What AWS answers about a selection of a plan that is not there.
const NO_PLAN: &str = "Cannot find Backup plan";

#[async_trait(?Send)]
impl Kind for BackupSelection {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// `GetBackupSelection` for each: the lists of selections lack what they select.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, |request| look(client, &request.identity)).await
    }

    /// The same request again is answered with the selection that it made.
    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let attributes = &request.desired.attributes;
        let plan = Fields::of(attributes).text("plan_id")?;
        let sending = client
            .backup
            .create_backup_selection()
            .backup_plan_id(plan)
            .backup_selection(document(attributes)?)
            .creator_request_id(&request.token[..TOKEN])
            .send();
        // The role and the plan were perhaps made a moment ago.
        let call = call("CreateBackupSelection")
            .unseen("InvalidParameterValueException", "cannot be assumed by AWS Backup")
            .unseen("InvalidParameterValueException", "is not authorized to call")
            .unseen("InvalidParameterValueException", NO_PLAN);
        let answer = client.send(call, sending).await?;
        let id = answer.selection_id;
        let id = id.ok_or_else(|| unreadable(Service::Backup, "CreateBackupSelection", "SelectionId"))?;
        Ok(Identity(format!("{plan}|{id}")))
    }

    /// Lists the plan's selections: each says by which request it was made.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let plan = Fields::of(&request.desired.attributes).text("plan_id")?;
        let mut token = None;
        loop {
            let listing = client.backup.list_backup_selections().backup_plan_id(plan).max_results(1000);
            let answer = client.send(about("ListBackupSelections"), listing.set_next_token(token).send()).await;
            let Some(answer) = there(answer)? else { return Ok(Found::Nothing) };
            let mut selections = answer.backup_selections_list.unwrap_or_default().into_iter();
            let ours = selections.find(|one| one.creator_request_id.as_deref() == Some(&request.token[..TOKEN]));
            if let Some(id) = ours.and_then(|one| one.selection_id) {
                return Ok(Found::Ours(Identity(format!("{plan}|{id}"))));
            }
            token = answer.next_token;
            if token.is_none() {
                return Ok(Found::Nothing);
            }
        }
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(observed) = look(client, &standing.identity).await? else { return Ok(waiting("not visible yet")) };
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observed))
    }

    /// AWS changes none: every change is a replacement.
    async fn update(&self, _: &Client, _: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        Ok(())
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let (plan, id) = parts(&standing.identity)?;
        let sending = client.backup.delete_backup_selection().backup_plan_id(plan).selection_id(id).send();
        there(client.send(about("DeleteBackupSelection"), sending).await).map(|_| Progress::Gone)
    }
}

/// A call about something of a plan that may be gone.
fn about(operation: &'static str) -> Call {
    call(operation).unseen("InvalidParameterValueException", NO_PLAN)
}

/// The answer, or nothing where AWS says that the selection or its plan is not there.
fn there<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if is_not_found(&failure) => Ok(None),
        Err(failure) if failure.class.is_early() && failure.message.contains(NO_PLAN) => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn parts(identity: &Identity) -> Result<(&str, &str), Failure> {
    let parts = identity.0.split_once('|');
    parts.ok_or_else(|| refused("InvalidIdentity", format!("{identity} is not a plan's id and a selection's")))
}

async fn look(client: &Client, identity: &Identity) -> Result<Option<Attributes>, Failure> {
    let (plan, id) = parts(identity)?;
    let sending = client.backup.get_backup_selection().backup_plan_id(plan).selection_id(id).send();
    let answer = there(client.send(about("GetBackupSelection"), sending).await)?;
    Ok(answer.map(|answer| observe(plan, identity, &answer)))
}

/// The kinds of conditions, by our field.
const CONDITIONS: [&str; 4] = ["string_equals", "string_like", "string_not_equals", "string_not_like"];

fn document(attributes: &Attributes) -> Result<Document, Failure> {
    let fields = Fields::of(attributes);
    let mut tags = Vec::new();
    for tag in fields.blocks("selection_tag")? {
        let built = Condition::builder()
            .condition_type(ConditionType::from(tag.text("type")?))
            .condition_key(tag.text("key")?)
            .condition_value(tag.text("value")?)
            .build();
        tags.push(built.map_err(|error| refused("InvalidField", error.to_string()))?);
    }
    let conditions = match fields.block("condition")? {
        None => None,
        Some(block) => {
            let [equals, like, not_equals, not_like] = CONDITIONS.map(|name| parameters(&block, name));
            let built = Conditions::builder()
                .set_string_equals(equals?)
                .set_string_like(like?)
                .set_string_not_equals(not_equals?)
                .set_string_not_like(not_like?)
                .build();
            Some(built)
        }
    };
    let some = |texts: Vec<String>| Some(texts).filter(|texts| !texts.is_empty());
    let built = Document::builder()
        .selection_name(fields.text("name")?)
        .iam_role_arn(fields.text("iam_role_arn")?)
        .set_resources(some(fields.texts("resources")?))
        .set_not_resources(some(fields.texts("not_resources")?))
        .set_list_of_tags(Some(tags).filter(|tags| !tags.is_empty()))
        .set_conditions(conditions)
        .build();
    built.map_err(|error| refused("InvalidField", error.to_string()))
}

fn parameters(block: &Fields<'_>, name: &str) -> Result<Option<Vec<ConditionParameter>>, Failure> {
    let mut parameters = Vec::new();
    for one in block.blocks(name)? {
        let built = ConditionParameter::builder().condition_key(one.text("key")?).condition_value(one.text("value")?);
        parameters.push(built.build());
    }
    Ok(Some(parameters).filter(|parameters| !parameters.is_empty()))
}

fn observe(plan: &str, identity: &Identity, answer: &GetBackupSelectionOutput) -> Attributes {
    let mut observed = Observed::new().with("plan_id", plan).with("id", identity.0.as_str());
    if let Some(selection) = &answer.backup_selection {
        let tag = |tag: &Condition| {
            Observed::new()
                .with("type", tag.condition_type.as_str())
                .with("key", tag.condition_key.clone())
                .with("value", tag.condition_value.clone())
                .into_datum()
        };
        let parameter = |one: &ConditionParameter| {
            Observed::new()
                .with("key", one.condition_key.clone())
                .with("value", one.condition_value.clone())
                .into_datum()
        };
        let mut conditions = Observed::new();
        if let Some(found) = &selection.conditions {
            let kinds = [&found.string_equals, &found.string_like, &found.string_not_equals, &found.string_not_like];
            for (name, found) in CONDITIONS.into_iter().zip(kinds) {
                conditions = conditions.with_list(name, found.iter().flatten().map(parameter));
            }
        }
        observed = observed
            .with("name", selection.selection_name.clone())
            .with("iam_role_arn", selection.iam_role_arn.clone())
            .with_list("resources", selection.resources.iter().flatten().cloned())
            .with_list("not_resources", selection.not_resources.iter().flatten().cloned())
            .with_list("selection_tag", selection.list_of_tags.iter().flatten().map(tag))
            .with_block("condition", conditions);
    }
    observed.finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Observation, Progress};
    use serde_json::json;

    use crate::asked::{make, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_backup_selection.volumes";

    #[tokio::test]
    async fn a_selection_of_a_plan_that_is_gone_is_gone() {
        let refusal =
            json!({ "__type": "InvalidParameterValueException", "Message": "Cannot find Backup plan with ID p" });
        let canned = Canned::new().json("GET /backup/plans/p/selections/s", 400, &refusal).json(
            "DELETE /backup/plans/p/selections/s",
            400,
            &refusal,
        );
        assert_eq!(canned.aws().read(&[read(AT, "p|s")]).await.observations[0], Ok(Observation::Absent));
        assert_eq!(canned.aws().delete(&standing(AT, "p|s", json!({}))).await, Ok(Progress::Gone));
    }

    #[tokio::test]
    async fn empty_lists_are_nothing_that_was_said() {
        let shown = json!({ "BackupPlanId": "p", "SelectionId": "s", "BackupSelection": {
            "SelectionName": "volumes", "IamRoleArn": "arn:r", "Resources": ["arn:v"], "NotResources": [], "ListOfTags": [],
            "Conditions": { "StringEquals": [{ "ConditionKey": "aws:ResourceTag/a", "ConditionValue": "b" }], "StringLike": [],
                "StringNotEquals": [], "StringNotLike": [] },
        }});
        let canned = Canned::new().json("GET /backup/plans/p/selections/s", 200, &shown);
        let answer = canned.aws().read(&[read(AT, "p|s")]).await;
        let Ok(Observation::Present(selection)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert!(!selection.contains_key("not_resources") && !selection.contains_key("selection_tag"), "{selection:?}");
        let wanted = crate::asked::attributes(json!({
            "string_equals": [{ "key": "aws:ResourceTag/a", "value": "b" }]
        }));
        assert_eq!(selection["condition"], wanted.into());
    }

    #[tokio::test]
    async fn a_role_that_has_not_reached_backup_is_waited_for() {
        let message = "IAM Role arn:r cannot be assumed by AWS Backup";
        let refusal = json!({ "__type": "InvalidParameterValueException", "Message": message });
        let canned = Canned::new().json("PUT /backup/plans/p/selections", 400, &refusal);
        let wanted = json!({ "plan_id": "p", "name": "volumes", "iam_role_arn": "arn:r", "resources": ["arn:v"] });
        let failure = canned.aws().create(&make(AT, wanted)).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Unseen);
    }
}
