//! Events of replication groups and their clusters
//! (<https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ECEvents.Viewing.html>).

use crate::datastore::event::{self, Subject};
use crate::datastore::listing;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("DescribeEvents", describe)];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "elasticache.event.members",
    "a source's name comes with its type, and a span of time is given in one way, of 14 days at most",
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeEvents.html",
)];

/// Notes what happened to a replication group.
pub(super) fn of_group(tx: &mut Tx<'_>, id: &str, message: &str) {
    event::note(tx, Subject { service: "elasticache", kind: "replication-group", name: id }, &[], message);
}

/// Notes what happened to a cache cluster.
pub(super) fn of_cluster(tx: &mut Tx<'_>, id: &str, message: &str) {
    event::note(tx, Subject { service: "elasticache", kind: "cache-cluster", name: id }, &[], message);
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let items = event::asked(tx, input, "elasticache", "elasticache.event.members")?
        .into_iter()
        .map(|event| {
            let view = record! {
                "SourceIdentifier" => &event.source,
                "SourceType" => &event.kind,
                "Message" => &event.message,
                "Date" => event.at,
            };
            (format!("{:012}", event.sequence), view)
        })
        .collect();
    listing::paged(tx, input, "elasticache.page.size", "Events", items)
}
