//! `aws_cloudfront_origin_access_control`:
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateOriginAccessControl.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_cloudfront::types::{
    OriginAccessControlConfig, OriginAccessControlOriginTypes, OriginAccessControlSigningBehaviors,
    OriginAccessControlSigningProtocols, OriginAccessControlSummary,
};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::Service;
use crate::client::Client;
use crate::cloudfront::{call, invalid, on_version, there};
use crate::differ::{Differences, once_shown};
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gone::waiting;
use crate::kind::{Batch, Kind};
use crate::name;

/// The calls of `aws_cloudfront_origin_access_control`.
pub struct CloudfrontOriginAccessControl;

const SCHEMA: &Schema = fathuss_model::aws::CloudfrontOriginAccessControl::SCHEMA;

#[async_trait(?Send)]
impl Kind for CloudfrontOriginAccessControl {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `ListOriginAccessControls`, which has every field.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let all = match all(client).await {
            Ok(all) => all,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        let all: BTreeMap<&str, &OriginAccessControlSummary> =
            all.iter().map(|control| (control.id.as_str(), control)).collect();
        Batch::of(requests, |request| all.get(request.identity.0.as_str()).map(|control| Ok(observe(control))))
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let config = written(&name::of(SCHEMA, "name", request)?, &request.desired.attributes)?;
        let sending = client.cloudfront.create_origin_access_control().origin_access_control_config(config).send();
        match client.send(call("CreateOriginAccessControl"), sending).await {
            Ok(answer) => {
                let id = answer.origin_access_control.map(|control| control.id);
                id.map(Identity).ok_or_else(|| unreadable(Service::CloudFront, "CreateOriginAccessControl", "Id"))
            }
            Err(failure) if failure.code == "OriginAccessControlAlreadyExists" => {
                let there = named(client, &name::of(SCHEMA, "name", request)?).await?;
                let hint = there.map(|control| {
                    format!(
                        "take it over by `fathuss import` with its import id `{}`, or name this one otherwise",
                        control.id
                    )
                });
                Err(Failure { hint, ..failure })
            }
            Err(failure) => Err(failure),
        }
    }

    /// An access control has no tags: one of the name that says the same is what was asked for.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let Some(control) = named(client, &name::of(SCHEMA, "name", request)?).await? else {
            return Ok(Found::Nothing);
        };
        let observed = observe(&control);
        let differing = Differences::of(SCHEMA, &request.desired.attributes, &observed);
        let other = differing.any(&[
            "origin_access_control_origin_type",
            "signing_behavior",
            "signing_protocol",
            "description",
        ]);
        let id = Identity(control.id);
        Ok(if other { Found::Foreign(id) } else { Found::Ours(id) })
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let all = all(client).await?;
        let found = all.iter().find(|control| control.id == standing.identity.0);
        Ok(match found {
            Some(control) => once_shown(SCHEMA, &standing.desired.attributes, observe(control)),
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let id = standing.identity.0.as_str();
        let kept = Fields::of(&change.before).maybe_string("name")?;
        let given = Fields::of(&standing.desired.attributes).maybe_string("name")?;
        let name = given.or(kept).unwrap_or_default();
        let sending = client
            .cloudfront
            .update_origin_access_control()
            .id(id)
            .set_if_match(etag(client, id).await?)
            .origin_access_control_config(written(&name, &standing.desired.attributes)?)
            .send();
        client.send(on_version("UpdateOriginAccessControl"), sending).await.map(drop)
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = standing.identity.0.as_str();
        let Some(etag) = etag(client, id).await? else { return Ok(Progress::Gone) };
        let sending = client.cloudfront.delete_origin_access_control().id(id).if_match(etag).send();
        there(client.send(on_version("DeleteOriginAccessControl"), sending).await)?;
        Ok(Progress::Gone)
    }
}

async fn all(client: &Client) -> Result<Vec<OriginAccessControlSummary>, Failure> {
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let sending = client.cloudfront.list_origin_access_controls().set_marker(marker).send();
        let answer = client.send(call("ListOriginAccessControls"), sending).await?;
        let Some(page) = answer.origin_access_control_list else { return Ok(found) };
        found.extend(page.items.unwrap_or_default());
        marker = page.next_marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(found);
        }
    }
}

async fn named(client: &Client, name: &str) -> Result<Option<OriginAccessControlSummary>, Failure> {
    Ok(all(client).await?.into_iter().find(|control| control.name == name))
}

/// What it is named by to be changed, if it is there.
async fn etag(client: &Client, id: &str) -> Result<Option<String>, Failure> {
    let sending = client.cloudfront.get_origin_access_control().id(id).send();
    let answer = there(client.send(call("GetOriginAccessControl"), sending).await)?;
    Ok(answer.and_then(|answer| answer.e_tag))
}

fn written(name: &str, desired: &Attributes) -> Result<OriginAccessControlConfig, Failure> {
    let fields = Fields::of(desired);
    OriginAccessControlConfig::builder()
        .name(name)
        .description(fields.maybe_text("description")?.unwrap_or_default())
        .signing_protocol(OriginAccessControlSigningProtocols::from(fields.text("signing_protocol")?))
        .signing_behavior(OriginAccessControlSigningBehaviors::from(fields.text("signing_behavior")?))
        .origin_access_control_origin_type(OriginAccessControlOriginTypes::from(
            fields.text("origin_access_control_origin_type")?,
        ))
        .build()
        .map_err(invalid)
}

fn observe(control: &OriginAccessControlSummary) -> Attributes {
    Observed::new()
        .with("name", control.name.as_str())
        .with("description", control.description.as_str())
        .with("origin_access_control_origin_type", control.origin_access_control_origin_type.as_str())
        .with("signing_behavior", control.signing_behavior.as_str())
        .with("signing_protocol", control.signing_protocol.as_str())
        .with("id", control.id.as_str())
        .finish(SCHEMA)
}
