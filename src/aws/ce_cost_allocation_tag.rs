//! `aws_ce_cost_allocation_tag`:
//! <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_UpdateCostAllocationTagsStatus.html>

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_costexplorer::types::{CostAllocationTag, CostAllocationTagStatus, CostAllocationTagStatusEntry};
use fathuss_engine::provider::{
    Attributes, Failure, FailureClass, Found, MakeRequest, Observation, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::{Differences, once_shown};
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gone::waiting;
use crate::kind::{Batch, Kind};

/// The calls of `aws_ce_cost_allocation_tag`.
pub struct CeCostAllocationTag;

const SCHEMA: &Schema = fathuss_model::aws::CeCostAllocationTag::SCHEMA;

/// Why a tag can't be activated yet.
const UNKNOWN: &str = "AWS does not know the tag's key yet, which takes up to a day from its first use";

fn call(operation: &'static str) -> Call {
    Call::new(Service::CostExplorer, operation)
}

#[async_trait(?Send)]
impl Kind for CeCostAllocationTag {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// `ListCostAllocationTags` for all keys, a hundred of them a call. A key that AWS does not know is inactive, and
    /// nothing else is known of it: no key is ever gone.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let keys: Vec<&str> = requests.iter().map(|request| request.identity.0.as_str()).collect();
        match listed(client, &keys).await {
            Err(failure) => Batch::failed(requests, &failure),
            Ok(known) => {
                let observed = requests.iter().map(|request| {
                    let key = request.identity.0.as_str();
                    Ok(Observation::Present(observe(key, known.get(key))))
                });
                Batch { observations: observed.collect(), strays: Vec::new() }
            }
        }
    }

    /// AWS makes tags of what resources are tagged with: none is made here.
    async fn create(&self, _: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        Ok(Identity(Fields::of(&request.desired.attributes).text("tag_key")?.to_owned()))
    }

    async fn find(&self, _: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        Ok(Found::Ours(Identity(Fields::of(&request.desired.attributes).text("tag_key")?.to_owned())))
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let key = standing.identity.0.as_str();
        let known = listed(client, &[key]).await?;
        let observed = observe(key, known.get(key));
        let desired = &standing.desired.attributes;
        if !Differences::of(SCHEMA, desired, &observed).has("status") {
            return Ok(once_shown(SCHEMA, desired, observed));
        }
        if !known.contains_key(key) {
            return Ok(Progress::Deferred { attributes: observed, because: UNKNOWN.to_owned() });
        }
        set(client, key, Fields::of(desired).text("status")?).await?;
        Ok(waiting("changing its status"))
    }

    /// `settle` sets the one thing that can be.
    async fn update(&self, _: &Client, _: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        Ok(())
    }

    /// A key stays: it is made inactive.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let key = standing.identity.0.as_str();
        match listed(client, &[key]).await?.get(key) {
            Some(tag) if tag.status == CostAllocationTagStatus::Active => {
                set(client, key, "Inactive").await?;
                Ok(waiting("becoming inactive"))
            }
            _ => Ok(Progress::Gone),
        }
    }

    fn deferral(&self, attributes: &Attributes) -> Option<String> {
        (!Fields::of(attributes).has("type")).then(|| UNKNOWN.to_owned())
    }
}

/// What AWS knows of these keys.
async fn listed(client: &Client, keys: &[&str]) -> Result<HashMap<String, CostAllocationTag>, Failure> {
    let mut known = HashMap::new();
    for some in keys.chunks(100) {
        let mut token = None;
        loop {
            let asking = client.costs.list_cost_allocation_tags();
            let asking = some.iter().fold(asking, |asking, key| asking.tag_keys(*key));
            let answer = client.send(call("ListCostAllocationTags"), asking.set_next_token(token).send()).await?;
            let tags = answer.cost_allocation_tags.unwrap_or_default();
            known.extend(tags.into_iter().map(|tag| (tag.tag_key.clone(), tag)));
            token = answer.next_token;
            if token.is_none() {
                break;
            }
        }
    }
    Ok(known)
}

async fn set(client: &Client, key: &str, status: &str) -> Result<(), Failure> {
    let status = CostAllocationTagStatus::from(status);
    let entry = CostAllocationTagStatusEntry::builder().tag_key(key).status(status).build();
    let entry = entry.map_err(|error| refused("InvalidField", error.to_string()))?;
    let sending = client.costs.update_cost_allocation_tags_status().cost_allocation_tags_status(entry).send();
    let answer = client.send(call("UpdateCostAllocationTagsStatus"), sending).await?;
    // What can't be done with a tag is no error of the call's.
    let Some(error) = answer.errors.and_then(|errors| errors.into_iter().next()) else { return Ok(()) };
    Err(Failure {
        class: FailureClass::Refused,
        service: Service::CostExplorer.name().to_owned(),
        operation: "UpdateCostAllocationTagsStatus".to_owned(),
        code: error.code.unwrap_or_default(),
        message: error.message.unwrap_or_default(),
        request_id: None,
        hint: None,
    })
}

fn observe(key: &str, tag: Option<&CostAllocationTag>) -> Attributes {
    Observed::new()
        .with("tag_key", key)
        .with("status", tag.map_or("Inactive", |tag| tag.status.as_str()))
        .with("id", key)
        .with("type", tag.map(|tag| tag.r#type.as_str().to_owned()))
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Observation, Progress};
    use serde_json::{Value, json};

    use crate::asked::{read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_ce_cost_allocation_tag.service";

    fn listed(status: Option<&str>) -> Value {
        let tag = |status| json!({ "TagKey": "Service", "Type": "UserDefined", "Status": status });
        json!({ "CostAllocationTags": status.map(tag).into_iter().collect::<Vec<_>>() })
    }

    fn wanted() -> Value {
        json!({ "tag_key": "Service", "status": "Active" })
    }

    #[tokio::test]
    async fn a_key_that_aws_does_not_know_is_inactive_and_its_activation_deferred() {
        let canned = Canned::new().json("ListCostAllocationTags", 200, &listed(None));
        let aws = canned.aws();
        let answer = aws.read(&[read(AT, "Service")]).await;
        let Ok(Observation::Present(seen)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!(seen["status"], "Inactive".into());
        assert!(aws.deferral("aws_ce_cost_allocation_tag", seen).is_some());
        let progress = aws.settle(&standing(AT, "Service", wanted())).await;
        assert!(matches!(progress, Ok(Progress::Deferred { .. })), "{progress:?}");
        assert_eq!(aws.delete(&standing(AT, "Service", wanted())).await, Ok(Progress::Gone));
    }

    #[tokio::test]
    async fn a_known_key_is_activated_and_made_inactive_by_a_delete() {
        let canned = Canned::new()
            .json("ListCostAllocationTags", 200, &listed(Some("Inactive")))
            .json("ListCostAllocationTags", 200, &listed(Some("Active")))
            .json("UpdateCostAllocationTagsStatus", 200, &json!({ "Errors": [] }));
        let aws = canned.aws();
        let progress = aws.settle(&standing(AT, "Service", wanted())).await;
        assert!(matches!(progress, Ok(Progress::Waiting { .. })), "{progress:?}");
        let Ok(Progress::Ready(seen)) = aws.settle(&standing(AT, "Service", wanted())).await else { panic!() };
        assert_eq!(aws.deferral("aws_ce_cost_allocation_tag", &seen), None);
        let progress = aws.delete(&standing(AT, "Service", wanted())).await;
        assert!(matches!(progress, Ok(Progress::Waiting { .. })), "{progress:?}");
    }

    #[tokio::test]
    async fn what_can_not_be_done_with_one_tag_is_a_failure() {
        let error = json!({ "Errors": [{ "TagKey": "Service", "Code": "Other", "Message": "why" }] });
        let canned = Canned::new().json("ListCostAllocationTags", 200, &listed(Some("Inactive"))).json(
            "UpdateCostAllocationTagsStatus",
            200,
            &error,
        );
        let failure = canned.aws().settle(&standing(AT, "Service", wanted())).await.unwrap_err();
        assert_eq!((failure.code.as_str(), failure.message.as_str()), ("Other", "why"));
    }
}
