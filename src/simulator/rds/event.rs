//! Events of database instances, snapshots and parameter groups
//! (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html>).

use super::{arn, filters};
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
    "rds.event.members",
    "a source's name comes with its type, and a span of time is given in one way, of 14 days at most",
    "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeEvents.html",
)];

/// Notes what happened to an instance.
pub(super) fn of_instance(tx: &mut Tx<'_>, id: &str, category: &str, message: &str) {
    event::note(tx, Subject { service: "rds", kind: "db-instance", name: id }, &[category], message);
}

/// Notes what happened to a snapshot.
pub(super) fn of_snapshot(tx: &mut Tx<'_>, name: &str, category: &str, message: &str) {
    event::note(tx, Subject { service: "rds", kind: "db-snapshot", name }, &[category], message);
}

/// Notes that a parameter group has changed.
pub(super) fn of_parameter_group(tx: &mut Tx<'_>, name: &str, message: &str) {
    let subject = Subject { service: "rds", kind: "db-parameter-group", name };
    event::note(tx, subject, &["configuration change"], message);
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    filters::read(tx, input, &[])?;
    let categories = input.texts("EventCategories");
    let items = event::asked(tx, input, "rds", "rds.event.members")?
        .into_iter()
        .filter(|event| {
            categories.is_empty() || event.categories.iter().any(|name| categories.contains(&name.as_str()))
        })
        .map(|event| {
            let kind = match event.kind.as_str() {
                "db-snapshot" => "snapshot",
                "db-parameter-group" => "pg",
                _ => "db",
            };
            let view = record! {
                "SourceIdentifier" => &event.source,
                "SourceType" => &event.kind,
                "Message" => &event.message,
                "EventCategories" => &event.categories,
                "Date" => event.at,
                "SourceArn" => arn(tx, kind, &event.source),
            };
            (format!("{:012}", event.sequence), view)
        })
        .collect();
    listing::paged(tx, input, "rds.page.size", "Events", items)
}
