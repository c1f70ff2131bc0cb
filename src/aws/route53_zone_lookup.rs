//! `aws_route53_zone_lookup`: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use fathuss_engine::provider::{Attributes, Failure, LookupRequest};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;

use crate::client::Client;
use crate::failure::refused;
use crate::fields::Fields;
use crate::kind::Lookup;
use crate::route53_zone::{described, named, tags, zone};

/// The calls of `aws_route53_zone_lookup`.
pub struct Route53ZoneLookup;

const SCHEMA: &Schema = fathuss_model::aws::Route53ZoneLookup::SCHEMA;

#[async_trait(?Send)]
impl Lookup for Route53ZoneLookup {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// The zones of the name by `ListHostedZonesByName`; their tags, where some are asked for; and the one that is meant
    /// as `aws_route53_zone` is read.
    async fn lookup(&self, client: &Client, request: &LookupRequest) -> Result<Attributes, Failure> {
        let fields = Fields::of(&request.desired);
        let name = fields.text("name")?;
        let private = fields.bool_or("private_zone", false)?;
        let wanted = fields.map("tags")?;
        let mut fitting = named(client, name, private).await?;
        if !wanted.is_empty() {
            let tags = tags(client, &fitting).await?;
            let has =
                |id: &String| wanted.iter().all(|(key, value)| tags.get(id).and_then(|of| of.get(key)) == Some(value));
            fitting.retain(has);
        }
        let kind = if private { "private" } else { "public" };
        if fitting.len() > 1 {
            let message = format!("{} {kind} zones of {name} fit: say by `tags` which is meant", fitting.len());
            return Err(refused("SeveralZones", message));
        }
        let found = match fitting.pop() {
            Some(id) => zone(client, &id).await?,
            None => None,
        };
        let Some(found) = found else {
            let with = if wanted.is_empty() { "" } else { " with these tags" };
            let hint = "make the zone and name its servers at the domain's registrar, once and by hand";
            return Err(Failure {
                hint: Some(hint.to_owned()),
                ..refused("NoZone", format!("the account has no {kind} hosted zone of {name}{with}"))
            });
        };
        let answer = described(&found, &BTreeMap::new(), &request.desired, client);
        Ok(answer
            .with("private_zone", private)
            .with("tags", request.desired.get("tags").cloned().unwrap_or_default())
            .finish(SCHEMA))
    }
}
