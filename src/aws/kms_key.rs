//! `aws_kms_key`: <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_kms::types::{KeyManagerType, KeyMetadata, KeyState, Tag};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, Survivor, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::transition::Becoming;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;
use futures::future::try_join3;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::{Differences, once_shown};
use crate::failure::{refused, unreadable};
use crate::fields::{Fields, Observed, instant};
use crate::gone::{there, waiting};
use crate::kind::{Batch, Kind};
use crate::mark;
use crate::mark::{Marked, TagChange};

/// The calls of `aws_kms_key`.
pub struct KmsKey;

const SCHEMA: &Schema = fathuss_model::aws::KmsKey::SCHEMA;

/// The field that says when AWS deletes it, by name.
const DELETION_DATE: &str = "deletion_date";

/// Days in which a deletion can be taken back, where the program says none.
const WINDOW: i64 = 30;

#[async_trait(?Send)]
impl Kind for KmsKey {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// `DescribeKey`, `GetKeyPolicy`, `GetKeyRotationStatus` and `ListResourceTags` for each: no call answers
    /// several keys, and none of these has what another has.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, |request| look(client, &request.identity.0)).await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let sending = client
            .kms
            .create_key()
            .set_policy(desired.maybe_string("policy")?)
            .set_description(desired.maybe_string("description")?)
            .set_tags(Some(written(mark::tags_with(&request.mark, &request.desired.attributes)?)?))
            .send();
        // A role that the policy names was perhaps made a moment ago.
        let call = Call::kms("CreateKey").unseen("MalformedPolicyDocumentException", "principal");
        let answer = client.send(call, sending).await?;
        let id = answer.key_metadata.map(|key| key.key_id);
        id.map(Identity).ok_or_else(|| unreadable(Service::Kms, "CreateKey", "KeyId"))
    }

    /// Lists all keys and the tags of each: KMS finds nothing by its tags.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let mut marker = None;
        loop {
            let sending = client.kms.list_keys().limit(1000).set_marker(marker).send();
            let answer = client.send(Call::kms("ListKeys"), sending).await?;
            for id in answer.keys.unwrap_or_default().into_iter().filter_map(|key| key.key_id) {
                // The keys that AWS made, and those that are going, are none of ours.
                let Some(key) = described(client, &id).await? else { continue };
                if key.key_manager == Some(KeyManagerType::Aws) || is_going(&key) {
                    continue;
                }
                let tags = tags(client, &id).await?;
                if Marked::among(&tags)
                    .is_some_and(|marked| marked.is(&request.mark) && marked.generation == request.mark.generation)
                {
                    return Ok(Found::Ours(Identity(id)));
                }
            }
            marker = answer.next_marker;
            if marker.is_none() {
                return Ok(Found::Nothing);
            }
        }
    }

    /// Takes a deletion back that others scheduled, and sets what the creating call does not take: rotation, and that it
    /// is disabled.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = standing.identity.0.as_str();
        let Some(observed) = look(client, id).await? else { return Ok(waiting("not visible yet")) };
        let desired = Fields::of(&standing.desired.attributes);
        let differing = Differences::of(SCHEMA, &standing.desired.attributes, &observed);
        let enabled = desired.bool_or("is_enabled", true)?;
        if is_dated(&observed) {
            keep(client, id).await?;
            return Ok(waiting("taking its deletion back"));
        }
        // Rotation is changed of an enabled key alone: on it goes before, off after.
        if differing.has("is_enabled") && enabled {
            client.send(Call::kms("EnableKey").lagging(), client.kms.enable_key().key_id(id).send()).await?;
            return Ok(waiting("enabling"));
        }
        if differing.has("enable_key_rotation") || differing.has("rotation_period_in_days") {
            if desired.bool_or("enable_key_rotation", false)? {
                let days = desired.maybe_integer("rotation_period_in_days")?.and_then(|days| i32::try_from(days).ok());
                let sending = client.kms.enable_key_rotation().key_id(id).set_rotation_period_in_days(days).send();
                client.send(Call::kms("EnableKeyRotation").lagging(), sending).await?;
            } else {
                let sending = client.kms.disable_key_rotation().key_id(id).send();
                client.send(Call::kms("DisableKeyRotation").lagging(), sending).await?;
            }
            return Ok(waiting("setting rotation"));
        }
        if differing.has("is_enabled") {
            client.send(Call::kms("DisableKey").lagging(), client.kms.disable_key().key_id(id).send()).await?;
            return Ok(waiting("disabling"));
        }
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observed))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let id = standing.identity.0.as_str();
        let desired = Fields::of(&standing.desired.attributes);
        let changed = |name: &str| change.changed.iter().any(|field| field == name);
        if is_dated(&change.before) && described(client, id).await?.is_some_and(|key| is_going(&key)) {
            keep(client, id).await?;
        }
        if changed("description") {
            let text = desired.maybe_text("description")?.unwrap_or_default();
            let sending = client.kms.update_key_description().key_id(id).description(text).send();
            client.send(Call::kms("UpdateKeyDescription"), sending).await?;
        }
        if let Some(policy) = desired.maybe_text("policy")?.filter(|_| changed("policy")) {
            let sending = client.kms.put_key_policy().key_id(id).policy_name("default").policy(policy).send();
            let call = Call::kms("PutKeyPolicy").unseen("MalformedPolicyDocumentException", "principal");
            client.send(call, sending).await?;
        }
        if let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? {
            let sending = client.kms.tag_resource().key_id(id).set_tags(Some(written(set)?)).send();
            client.send(Call::kms("TagResource"), sending).await?;
            if !gone.is_empty() {
                let sending = client.kms.untag_resource().key_id(id).set_tag_keys(Some(gone)).send();
                client.send(Call::kms("UntagResource"), sending).await?;
            }
        }
        Ok(())
    }

    /// One that waits for its end is gone, and its survivor says until when.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = standing.identity.0.as_str();
        if described(client, id).await?.is_none_or(|key| is_going(&key)) {
            return Ok(Progress::Gone);
        }
        let days = window(&standing.desired.attributes)?;
        let sending = client.kms.schedule_key_deletion().key_id(id).pending_window_in_days(days).send();
        there(client.send(Call::kms("ScheduleKeyDeletion"), sending).await)?;
        Ok(waiting("scheduling the deletion"))
    }

    /// A key whose deletion others scheduled is neither enabled nor disabled, and that is what the plan sets back.
    fn remarks(&self, becoming: &Becoming<'_>) -> Vec<String> {
        let Some(date) = becoming.is.get(DELETION_DATE).and_then(Datum::as_str) else { return Vec::new() };
        let sentence = match becoming.changed.contains(&"is_enabled") {
            true => format!("Its deletion was scheduled for {date}, not by Fathuss: this apply takes that back."),
            false => format!(
                "AWS deletes it on {date}, and with it all that it encrypts can't be read any more: an apply takes that back \
                 where `is_enabled` is not among what `ignore_changes` names."
            ),
        };
        vec![sentence]
    }

    fn survivors(&self, attributes: &Attributes) -> Vec<Survivor> {
        let id = Fields::of(attributes).maybe_text("id").ok().flatten().unwrap_or_default();
        let days = window(attributes).unwrap_or_default();
        vec![
            Survivor::new(
                format!("KMS key {id}"),
                "AWS deletes a key only after a time in which that can be taken back",
            )
            .expiry(format!("in {days} days")),
        ]
    }
}

fn window(attributes: &Attributes) -> Result<i32, Failure> {
    let days = Fields::of(attributes).maybe_integer("deletion_window_in_days")?.unwrap_or(WINDOW);
    i32::try_from(days).map_err(|_| refused("InvalidField", format!("{days} days are no window")))
}

/// Whether a key waits for its end: it can't be used, and can still be kept.
fn is_going(key: &KeyMetadata) -> bool {
    key.key_state == Some(KeyState::PendingDeletion)
}

/// Whether a key was seen to wait for its end.
fn is_dated(attributes: &Attributes) -> bool {
    attributes.get(DELETION_DATE).is_some_and(|date| !date.is_null())
}

/// Takes its deletion back, without which nothing of it can be changed; it is disabled afterwards:
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html>
async fn keep(client: &Client, id: &str) -> Result<(), Failure> {
    // An answer may show it as it was a moment ago.
    let call = Call::kms("CancelKeyDeletion").expects("KMSInvalidStateException", "is not pending deletion");
    client.send(call, client.kms.cancel_key_deletion().key_id(id).send()).await.map(|_| ())
}

/// The key, unless it is gone.
async fn described(client: &Client, id: &str) -> Result<Option<KeyMetadata>, Failure> {
    let sending = client.kms.describe_key().key_id(id).send();
    Ok(there(client.send(Call::kms("DescribeKey"), sending).await)?.and_then(|answer| answer.key_metadata))
}

async fn tags(client: &Client, id: &str) -> Result<BTreeMap<String, String>, Failure> {
    // A key has 50 tags at most, which are one page.
    let sending = client.kms.list_resource_tags().key_id(id).limit(50).send();
    let answer = there(client.send(Call::kms("ListResourceTags"), sending).await)?;
    let tags = answer.and_then(|answer| answer.tags).unwrap_or_default();
    Ok(tags.into_iter().map(|tag| (tag.tag_key, tag.tag_value)).collect())
}

async fn look(client: &Client, id: &str) -> Result<Option<Attributes>, Failure> {
    let Some(key) = described(client, id).await? else { return Ok(None) };
    let policy = async {
        let sending = client.kms.get_key_policy().key_id(id).policy_name("default").send();
        client.send(Call::kms("GetKeyPolicy").lagging(), sending).await
    };
    let rotation = async {
        let sending = client.kms.get_key_rotation_status().key_id(id).send();
        client.send(Call::kms("GetKeyRotationStatus").lagging(), sending).await
    };
    let (policy, rotation, tags) = try_join3(policy, rotation, tags(client, id)).await?;
    let rotated = rotation.key_rotation_enabled;
    let mut attributes = Observed::new()
        .with("description", key.description.clone())
        .with("policy", policy.policy)
        .with("is_enabled", key.enabled)
        .with("enable_key_rotation", rotated)
        .with("rotation_period_in_days", rotation.rotation_period_in_days.filter(|_| rotated).map(i64::from))
        .tagged(&tags)
        .with("id", key.key_id.clone())
        .with("key_id", key.key_id.clone())
        .with("arn", key.arn.clone())
        .with(DELETION_DATE, instant(key.deletion_date.as_ref()))
        .finish(SCHEMA);
    if is_going(&key) {
        // Whatever the program says of it, its end is no part of that.
        attributes.insert("is_enabled".to_owned(), Datum::Null);
    }
    Ok(Some(attributes))
}

fn written(tags: BTreeMap<String, String>) -> Result<Vec<Tag>, Failure> {
    tags.into_iter()
        .map(|(key, value)| {
            let tag = Tag::builder().tag_key(key).tag_value(value).build();
            tag.map_err(|error| refused("InvalidField", error.to_string()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Found, Observation, Progress};
    use fathuss_model::transition::Becoming;
    use fathuss_state::Identity;
    use serde_json::{Value, json};

    use crate::asked::{change, make, read, standing};
    use crate::canned::Canned;
    use crate::mark;

    const AT: &str = "s.aws_kms_key.data";
    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    fn metadata(id: &str, state: &str) -> Value {
        json!({ "KeyMetadata": {
            "KeyId": id, "Arn": format!("arn:aws:kms:us-east-1:111122223333:key/{id}"), "Description": "data",
            "Enabled": state == "Enabled", "KeyState": state, "KeyManager": "CUSTOMER",
            // 2026-02-04
            "DeletionDate": (state == "PendingDeletion").then_some(1_770_163_200),
        }})
    }

    fn marked() -> Value {
        let tags = mark::tags(&make(AT, json!({})).mark);
        let tags: Vec<Value> =
            tags.into_iter().map(|(key, value)| json!({ "TagKey": key, "TagValue": value })).collect();
        json!({ "Tags": tags, "Truncated": false })
    }

    /// A key in a state, rotated or not.
    fn key(state: &str, rotated: bool) -> Arc<Canned> {
        let mut rotation = json!({ "KeyRotationEnabled": rotated, "KeyId": ID });
        if rotated {
            rotation["RotationPeriodInDays"] = json!(365);
        }
        Canned::new()
            .json("DescribeKey", 200, &metadata(ID, state))
            .json("GetKeyPolicy", 200, &json!({ "Policy": "{}", "PolicyName": "default" }))
            .json("GetKeyRotationStatus", 200, &rotation)
            .json("ListResourceTags", 200, &marked())
    }

    fn refusal(code: &str, message: &str) -> Value {
        json!({ "__type": code, "message": message })
    }

    fn body(canned: &Canned, operation: &str) -> Value {
        let seen = canned.seen().into_iter().find(|seen| seen.operation == operation).unwrap();
        serde_json::from_str(seen.get("body").unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_key_is_read_in_four_calls() {
        let canned = key("Enabled", true);
        let answer = canned.aws().read(&[read(AT, ID)]).await;
        let Ok(Observation::Present(attributes)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!(attributes["rotation_period_in_days"], 365.into());
        let mut asked = canned.operations();
        asked.sort();
        assert_eq!(asked, ["DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListResourceTags"]);
        let gone = Canned::new().json("DescribeKey", 400, &refusal("NotFoundException", "Key does not exist"));
        assert_eq!(gone.aws().read(&[read(AT, ID)]).await.observations[0], Ok(Observation::Absent));
    }

    #[tokio::test]
    async fn a_key_that_others_had_deleted_is_there_disabled_and_kept() {
        let canned = key("PendingDeletion", false).json("CancelKeyDeletion", 200, &json!({ "KeyId": ID }));
        let answer = canned.aws().read(&[read(AT, ID)]).await;
        let Ok(Observation::Present(attributes)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!(attributes["is_enabled"], fathuss_model::Datum::Null);
        assert_eq!(attributes["deletion_date"], "2026-02-04T00:00:00Z".into());
        let becoming = |changed| Becoming { is: attributes, wanted: attributes, changed };
        let said = canned.aws().remarks("aws_kms_key", &becoming(&["is_enabled"]));
        assert!(said[0].contains("2026-02-04T00:00:00Z") && said[0].contains("takes that back"), "{said:?}");
        let said = canned.aws().remarks("aws_kms_key", &becoming(&[]));
        assert!(said[0].contains("AWS deletes it on 2026-02-04T00:00:00Z"), "{said:?}");
        let waiting = canned.aws().settle(&standing(AT, ID, json!({ "description": "data" }))).await;
        assert_eq!(waiting, Ok(Progress::Waiting { state: "taking its deletion back".to_owned() }));
        assert!(canned.operations().ends_with(&["CancelKeyDeletion".to_owned()]));
    }

    #[tokio::test]
    async fn a_key_is_found_by_its_mark_among_those_that_are_alive() {
        let other = "99999999-12ab-34cd-56ef-1234567890ab";
        let listed = json!({ "Keys": [{ "KeyId": other }, { "KeyId": ID }], "Truncated": false });
        let canned = Canned::new()
            .json("ListKeys", 200, &listed)
            .json("DescribeKey", 200, &metadata(other, "PendingDeletion"))
            .json("DescribeKey", 200, &metadata(ID, "Enabled"))
            .json("ListResourceTags", 200, &marked());
        let found = canned.aws().find(&make(AT, json!({}))).await;
        assert_eq!(found, Ok(Found::Ours(Identity(ID.to_owned()))));
        assert_eq!(canned.operations(), ["ListKeys", "DescribeKey", "DescribeKey", "ListResourceTags"]);
    }

    #[tokio::test]
    async fn a_key_that_others_had_deleted_is_kept_before_it_is_changed() {
        let canned = Canned::new()
            .json("DescribeKey", 200, &metadata(ID, "PendingDeletion"))
            .json("CancelKeyDeletion", 200, &json!({ "KeyId": ID }))
            .json("UpdateKeyDescription", 200, &json!({}));
        let mut change = change(json!({ "deletion_date": "2026-02-04T00:00:00Z" }), &["description"]);
        let standing = standing(AT, ID, json!({ "description": "files" }));
        canned.aws().update(&standing, &change).await.unwrap();
        assert_eq!(canned.operations(), ["DescribeKey", "CancelKeyDeletion", "UpdateKeyDescription"]);
        change.before.clear();
        let canned = Canned::new().json("UpdateKeyDescription", 200, &json!({}));
        canned.aws().update(&standing, &change).await.unwrap();
        assert_eq!(canned.operations(), ["UpdateKeyDescription"]);
    }

    #[tokio::test]
    async fn rotation_is_set_while_the_key_is_enabled() {
        // A disabled key is enabled before, and asked again.
        let canned = key("Disabled", false).json("EnableKey", 200, &json!({}));
        let wanted = json!({ "description": "data", "enable_key_rotation": true, "rotation_period_in_days": 90 });
        let waiting = canned.aws().settle(&standing(AT, ID, wanted.clone())).await;
        assert_eq!(waiting, Ok(Progress::Waiting { state: "enabling".to_owned() }));
        assert!(!canned.operations().contains(&"EnableKeyRotation".to_owned()));
        let canned = key("Enabled", false).json("EnableKeyRotation", 200, &json!({}));
        canned.aws().settle(&standing(AT, ID, wanted)).await.unwrap();
        assert_eq!(body(&canned, "EnableKeyRotation"), json!({ "KeyId": ID, "RotationPeriodInDays": 90 }));
        // One that is to be disabled loses its rotation before.
        let canned = key("Enabled", true).json("DisableKeyRotation", 200, &json!({}));
        let wanted = json!({ "description": "data", "is_enabled": false });
        canned.aws().settle(&standing(AT, ID, wanted.clone())).await.unwrap();
        assert!(!canned.operations().contains(&"DisableKey".to_owned()));
        let canned = key("Enabled", false).json("DisableKey", 200, &json!({}));
        let waiting = canned.aws().settle(&standing(AT, ID, wanted)).await;
        assert_eq!(waiting, Ok(Progress::Waiting { state: "disabling".to_owned() }));
    }

    #[tokio::test]
    async fn a_delete_waits_its_window_and_what_another_has_scheduled_is_gone() {
        let canned = key("Enabled", false).json("ScheduleKeyDeletion", 200, &json!({ "KeyId": ID }));
        let standing = standing(AT, ID, json!({ "id": ID, "deletion_window_in_days": 7 }));
        assert!(matches!(canned.aws().delete(&standing).await, Ok(Progress::Waiting { .. })));
        assert_eq!(body(&canned, "ScheduleKeyDeletion"), json!({ "KeyId": ID, "PendingWindowInDays": 7 }));
        let survivors = canned.aws().survivors("aws_kms_key", &standing.desired.attributes);
        assert_eq!(survivors[0].expiry.as_deref(), Some("in 7 days"));
        assert!(survivors[0].what.ends_with(ID));
        let going = Canned::new().json("DescribeKey", 200, &metadata(ID, "PendingDeletion"));
        assert_eq!(going.aws().delete(&standing).await, Ok(Progress::Gone));
        assert_eq!(going.operations(), ["DescribeKey"]);
    }

    #[tokio::test]
    async fn a_role_of_the_policy_that_kms_does_not_know_yet_is_waited_for_and_a_bad_policy_is_not() {
        let principal = "Policy contains a statement with one or more invalid principals.";
        let malformed =
            |message: &str| Canned::new().json("CreateKey", 400, &refusal("MalformedPolicyDocumentException", message));
        let asked = make(AT, json!({ "policy": "{}" }));
        let young = malformed(principal).aws().create(&asked).await.unwrap_err();
        assert_eq!(young.class, FailureClass::Unseen);
        let bad = malformed("The new key policy will not allow you to update the key policy in the future.");
        assert_eq!(bad.aws().create(&asked).await.unwrap_err().class, FailureClass::Refused);
    }

    #[tokio::test]
    async fn only_what_changed_is_sent() {
        let canned = Canned::new().json("UpdateKeyDescription", 200, &json!({}));
        let standing = standing(AT, ID, json!({ "description": "other" }));
        canned.aws().update(&standing, &change(json!({ "description": "data" }), &["description"])).await.unwrap();
        assert_eq!(canned.operations(), ["UpdateKeyDescription"]);
        assert_eq!(body(&canned, "UpdateKeyDescription"), json!({ "KeyId": ID, "Description": "other" }));
    }
}
