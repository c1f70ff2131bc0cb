//! The quotas of an account and of a hosted zone, as Route 53 tells them.

use super::record::RecordSet;
use super::zone::{Zone, find};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("GetAccountLimit", of_account), ("GetHostedZoneLimit", of_zone)];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "route53.limit.private",
    "how many VPCs a zone can have is asked of a private one",
    "https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZoneLimit.html",
)];

fn told(kind: &str, most: i64, have: i64) -> Value {
    record! { "Limit" => record! { "Type" => kind, "Value" => most }, "Count" => have }
}

fn of_account(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let kind = input.required("Type");
    // What is not simulated there is none of; the limits are of
    // <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>.
    let (most, have) = match kind {
        "MAX_HOSTED_ZONES_BY_OWNER" => (tx.quota("route53.zones"), tx.count::<Zone>()),
        "MAX_HEALTH_CHECKS_BY_OWNER" => (200, 0),
        "MAX_REUSABLE_DELEGATION_SETS_BY_OWNER" => (100, 0),
        "MAX_TRAFFIC_POLICIES_BY_OWNER" => (50, 0),
        _ => (5, 0),
    };
    Ok(told(kind, most, have))
}

fn of_zone(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let zone = find(tx, input.required("HostedZoneId"))?;
    let kind = input.required("Type");
    if kind == "MAX_VPCS_ASSOCIATED_BY_ZONE" {
        tx.enforce("route53.limit.private", zone.private, || {
            Refusal::new("HostedZoneNotPrivate", format!("{} is not a private hosted zone.", zone.id))
        })?;
        let have = i64::try_from(zone.vpcs.len()).unwrap_or(i64::MAX);
        return Ok(told(kind, tx.quota("route53.vpcs-per-zone"), have));
    }
    let under = RecordSet::ids_of(&zone.id);
    let have = i64::try_from(tx.rows_under::<RecordSet>(&under).count()).unwrap_or(i64::MAX);
    Ok(told(kind, tx.quota("route53.records-per-zone"), have))
}
