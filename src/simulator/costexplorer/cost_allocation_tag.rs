//! Tags by which costs are told apart: listed, switched on and off.

use super::tag_key::{self, TagKey};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("ListCostAllocationTags", list), ("UpdateCostAllocationTagsStatus", update)];

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (keys, status) = (input.texts("TagKeys"), input.text("Status"));
    // Those of AWS's own are not here.
    let users = input.text("Type").is_none_or(|kind| kind == "UserDefined");
    let word = |tag: &TagKey| if tag.active { "Active" } else { "Inactive" };
    let wanted = |tag: &&TagKey| {
        users
            && tag_key::is_known(tx, tag)
            && (keys.is_empty() || keys.contains(&tag.key.as_str()))
            && status.is_none_or(|status| status == word(tag))
    };
    let moment = |at: jiff::Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let view = |tag: &TagKey| {
        record! {
            "TagKey" => &tag.key,
            "Type" => "UserDefined",
            "Status" => word(tag),
            "LastUpdatedDate" => tag.changed.map(moment),
            "LastUsedDate" => moment(tag.last_used),
        }
    };
    let items = tx.rows::<TagKey>().filter(wanted).map(|tag| (tag.key.clone(), view(tag))).collect();
    let size = input.integer("MaxResults").and_then(|size| usize::try_from(size).ok()).unwrap_or(100).min(100);
    let token = input.text("NextToken").filter(|_| tx.rule("ce.page.token"));
    // No source has the words.
    let page = crate::pagination::page(&crate::pagination::asked(tx), items, token, Some(size))
        .map_err(|_| Refusal::new("InvalidNextTokenException", "The pagination token is invalid."))?;
    Ok(record! { "CostAllocationTags" => page.items, "NextToken" => page.next })
}

/// What can't be done with one tag is told of it, and the others are changed.
fn update(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut errors = Vec::new();
    for entry in input.records("CostAllocationTagsStatus") {
        let (key, active) = (entry.required("TagKey"), entry.required("Status") == "Active");
        let Some(mut tag) = tag_key::known(tx, key).cloned() else {
            errors.push(record! {
                "TagKey" => key,
                "Code" => "TagKeysNotFoundException",
                "Message" => "Tag keys not found",
            });
            continue;
        };
        if tag.active == active {
            continue;
        }
        let (have, quota) = (tx.rows::<TagKey>().filter(|tag| tag.active).count(), tx.quota("ce.active-tags"));
        // No source has the words.
        tx.enforce("ce.quota", !active || i64::try_from(have).is_ok_and(|have| have < quota), || {
            Refusal::new("LimitExceededException", format!("An account can have {quota} active cost allocation tags."))
        })?;
        (tag.active, tag.changed) = (active, Some(tx.now()));
        tx.put(tag);
    }
    Ok(record! { "Errors" => errors })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::client::Client;

    async fn ask(client: &Client, operation: &str, body: Value) -> Value {
        let answer = client.send(client.json_request("ce", "AWSInsightsIndexService", operation, &body)).await.unwrap();
        assert_eq!(answer.status, 200, "{operation}: {}", answer.text);
        answer.json()
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_is_known_a_day_after_its_first_use_and_can_be_activated_then() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        client.ec2("CreateTags", &[("ResourceId.1", &vpc), ("Tag.1.Key", "Service"), ("Tag.1.Value", "x")]).await;
        let active = json!({ "CostAllocationTagsStatus": [{ "TagKey": "Service", "Status": "Active" }] });
        let early = ask(&client, "UpdateCostAllocationTagsStatus", active.clone()).await;
        assert_eq!(early["Errors"][0]["Code"], "TagKeysNotFoundException");
        assert_eq!(ask(&client, "ListCostAllocationTags", json!({})).await["CostAllocationTags"], json!([]));
        client.wait(24 * 3600);
        assert_eq!(ask(&client, "UpdateCostAllocationTagsStatus", active).await["Errors"], json!([]));
        let listed = ask(&client, "ListCostAllocationTags", json!({ "Status": "Active" })).await;
        assert_eq!(listed["CostAllocationTags"][0]["TagKey"], "Service");
    }
}
