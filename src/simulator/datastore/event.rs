//! What happened to databases and caches, as RDS and ElastiCache report it for two weeks.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{invalid_combination, invalid_value};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::value::Value;
use crate::world::{Row, Tx};

/// How long events are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Puts events in order.
    pub sequence: u64,
    /// `rds` or `elasticache`.
    pub service: String,
    /// What kind of thing it happened to, e.g. `db-instance`.
    pub kind: String,
    /// The thing's name.
    pub source: String,
    /// What sorts of event it is, e.g. `creation`.
    pub categories: Vec<String>,
    /// What happened.
    pub message: String,
    /// When.
    pub at: Timestamp,
}

impl Row for Event {
    const TABLE: &'static str = "core.event";
    fn id(&self) -> String {
        format!("{}/{:012}", self.service, self.sequence)
    }
}

/// What something happened to: the service, the kind and the name.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// `rds` or `elasticache`.
    pub service: &'a str,
    /// E.g. `db-instance`.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// Notes that something happened, and forgets what happened too long ago.
pub fn note(tx: &mut Tx<'_>, subject: Subject<'_>, categories: &[&str], message: impl Into<String>) {
    let now = tx.now();
    let old: Vec<String> =
        tx.rows::<Event>().filter(|event| now.duration_since(event.at) > KEPT).map(Row::id).collect();
    for id in old {
        tx.remove::<Event>(&id);
    }
    let event = Event {
        sequence: tx.sequence(),
        service: subject.service.to_owned(),
        kind: subject.kind.to_owned(),
        source: subject.name.to_owned(),
        categories: categories.iter().map(|&name| name.to_owned()).collect(),
        message: message.into(),
        at: now,
    };
    tx.put(event);
}

fn time(input: &Input<'_>, name: &str) -> Option<Timestamp> {
    match input.whole(name) {
        Value::Time(at) => Some(*at),
        _ => None,
    }
}

/// The events of a service that a request asks for, oldest first. `rule` says how the members go together.
///
/// # Errors
/// When members do not go together.
pub fn asked(tx: &Tx<'_>, input: &Input<'_>, service: &str, rule: &str) -> Result<Vec<Event>, Refusal> {
    let (source, kind) = (input.text("SourceIdentifier"), input.text("SourceType"));
    let (from, to, minutes) = (time(input, "StartTime"), time(input, "EndTime"), input.integer("Duration"));
    tx.enforce(rule, source.is_none() || kind.is_some(), || {
        invalid_combination("SourceType must be specified when SourceIdentifier is.")
    })?;
    tx.enforce(rule, minutes.is_none() || (from.is_none() && to.is_none()), || {
        invalid_combination("Duration cannot be specified together with StartTime or EndTime.")
    })?;
    // As far back as events are kept; in which words more is refused no one has published.
    let longest = KEPT.as_mins();
    tx.enforce(rule, minutes.is_none_or(|minutes| (1..=longest).contains(&minutes)), || {
        let minutes = minutes.unwrap_or_default();
        invalid_value(format!("Invalid value {minutes} for Duration. Must be between 1 and {longest}"))
    })?;
    tx.enforce(rule, from.zip(to).is_none_or(|(from, to)| from <= to), || {
        invalid_value("The StartTime must not be after the EndTime.")
    })?;
    let until = to.unwrap_or_else(|| tx.now());
    let back = SignedDuration::from_mins(minutes.unwrap_or(60));
    let since = from.or_else(|| until.checked_sub(back).ok()).unwrap_or(until);
    let start = format!("{service}/");
    let fits = |event: &&Event| {
        (since..=until).contains(&event.at)
            && tx.now().duration_since(event.at) <= KEPT
            && kind.is_none_or(|kind| kind == event.kind)
            && source.is_none_or(|source| source.eq_ignore_ascii_case(&event.source))
    };
    Ok(tx.rows_under::<Event>(&start).filter(fits).cloned().collect())
}
