//! When to start, when to look again and when to give up: numbers and no I/O.

use std::collections::BTreeMap;
use std::time::Duration;

use fathuss_model::schema::{Field, Schema};

use crate::plan::{Change, PlannedAction};
use crate::provider::FailureClass;

/// Expected durations, learned from earlier runs where there were any.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    learned: BTreeMap<(String, String), i64>,
}

impl Expectations {
    /// Starts from what state has learned.
    #[must_use]
    pub fn new(learned: BTreeMap<(String, String), i64>) -> Self {
        Self { learned }
    }

    /// How long an action takes.
    #[must_use]
    pub fn expect(&self, action: &PlannedAction, schema: Option<&Schema>) -> Duration {
        if let Some(learned) = self.learned.get(&name(action, schema)) {
            return Duration::from_millis(u64::try_from(*learned).unwrap_or_default());
        }
        let Some(schema) = schema else { return Duration::from_secs(1) };
        Duration::from_secs(match action.change {
            Change::Create | Change::Replace => schema.create_seconds.into(),
            Change::Update => slowest(action, schema).map_or(1, |field| field.update_seconds.into()),
            Change::Delete | Change::DeleteReplaced => schema.delete_seconds.into(),
            Change::Read => 1,
            Change::Forget => 0,
        })
    }

    /// Takes in how long one took: half old, half new.
    pub fn learn(&mut self, action: &PlannedAction, schema: Option<&Schema>, took: Duration) {
        let took = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
        let learned = self.learned.entry(name(action, schema)).or_insert(took);
        *learned = i64::midpoint(*learned, took);
    }

    /// What was learned, for the state to keep.
    #[must_use]
    pub fn learned(&self) -> BTreeMap<(String, String), i64> {
        self.learned.clone()
    }
}

/// What is learned as one: all updates of a type whose slowest field is the same.
fn name(action: &PlannedAction, schema: Option<&Schema>) -> (String, String) {
    let change = match action.change {
        Change::Create | Change::Replace => "create".to_owned(),
        Change::Update => match schema.and_then(|schema| slowest(action, schema)) {
            Some(field) => format!("update {}", field.name),
            None => "update".to_owned(),
        },
        Change::Delete | Change::DeleteReplaced => "delete".to_owned(),
        Change::Read => "read".to_owned(),
        Change::Forget => "forget".to_owned(),
    };
    (action.address.kind().to_owned(), change)
}

/// The field of an update that AWS takes longest to change, the first of several. One that the maintenance window
/// changes takes no time here.
fn slowest<'s>(action: &PlannedAction, schema: &'s Schema) -> Option<&'s Field> {
    let lists = |names: &[String], field: &Field| names.iter().any(|name| name == field.name);
    let changed = |field: &&Field| {
        let changes = action.fields.iter().any(|change| change.path.split('.').next() == Some(field.name));
        (changes && !lists(&action.waits, field)) || lists(&action.brought_forward, field)
    };
    schema.fields.iter().filter(changed).rev().max_by_key(|field| field.update_seconds)
}

/// For each action how long it and the longest chain behind it take. `actions` stand in an order in which each is behind what it waits for.
#[must_use]
pub fn critical_paths(actions: &[PlannedAction], expected: &[Duration]) -> Vec<Duration> {
    let mut path: Vec<Duration> = vec![Duration::ZERO; actions.len()];
    for at in (0..actions.len()).rev() {
        // What follows was visited before: its path is whole by now.
        path[at] += expected[at];
        for &first in &actions[at].after {
            path[first] = path[first].max(path[at]);
        }
    }
    path
}

/// How long to wait before looking again at something that is under way for `elapsed` of about `expected`.
///
/// Half of what is left while that is long; near the expected end 3 % of it, so that a look that comes late adds
/// little to the critical path; past it a fifth of what it is late by, where that is more. At least 1 s and at
/// most 15 s apart near the end, 30 s before.
#[must_use]
pub fn poll_interval(elapsed: Duration, expected: Duration) -> Duration {
    let left = expected.mul_f64(0.6).saturating_sub(elapsed) / 2;
    let near = expected.mul_f64(0.03).max(elapsed.saturating_sub(expected) / 5).min(Duration::from_secs(15));
    left.max(near).clamp(Duration::from_secs(1), Duration::from_secs(30))
}

/// How long to wait before the next attempt: doubled from 0.5 s to 20 s, with up to a quarter less, spread by `salt`.
#[must_use]
pub fn backoff(attempt: u32, salt: u64) -> Duration {
    let base = Duration::from_millis(500).saturating_mul(1 << attempt.min(6)).min(Duration::from_secs(20));
    let spread = salt.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(u64::from(attempt)).wrapping_mul(31) % 256;
    base - base.mul_f64(spread as f64 / 1024.0)
}

/// How long a call may go on failing in this way before the action fails.
///
/// What was made is known everywhere after seconds, in IAM after up to a minute; network interfaces that managed services
/// leave behind take up to a quarter of an hour.
#[must_use]
pub fn patience(class: FailureClass) -> Duration {
    match class {
        FailureClass::Throttled | FailureClass::Ambiguous => Duration::from_secs(15 * 60),
        FailureClass::NotYet => Duration::from_secs(20 * 60),
        FailureClass::Unseen => Duration::from_secs(5 * 60),
        FailureClass::Refused | FailureClass::Broken | FailureClass::Denied => Duration::ZERO,
    }
}

/// How long something may stay under way: ten times what is expected, or what making one takes, at least 30 minutes. A
/// change can be several of AWS's one after another, whatever the last one took: shards of a cache, then its replicas.
#[must_use]
pub fn deadline(expected: Duration, schema: Option<&Schema>) -> Duration {
    let making = schema.map_or(0, |schema| schema.create_seconds);
    expected.max(Duration::from_secs(making.into())).saturating_mul(10).max(Duration::from_secs(30 * 60))
}

/// A request can no longer arrive this long after it was sent: the longest that the client waits for an answer.
pub const REQUEST_LIFETIME: Duration = Duration::from_secs(60);

/// How long reads must go on finding nothing before "nothing was made" is said, after [`REQUEST_LIFETIME`]:
/// AWS's lists and tags are eventually consistent within seconds.
pub const EMPTY_WINDOW: Duration = Duration::from_secs(40);

#[cfg(test)]
mod tests {
    use fathuss_model::Resource;
    use fathuss_model::aws::{DbInstance, EksCluster, ElasticacheReplicationGroup, Vpc};

    use super::*;
    use crate::diff::{Cause, FieldChange, Shown};

    fn update(paths: &[&str]) -> PlannedAction {
        let change = |path: &&str| FieldChange {
            path: (*path).to_owned(),
            before: Shown::Absent,
            after: Shown::Unknown,
            forces_replacement: false,
            cause: Cause::Program,
        };
        PlannedAction {
            address: "staging.aws_eks_cluster.main".parse().unwrap(),
            source: None,
            group: String::new(),
            change: Change::Update,
            fields: paths.iter().map(change).collect(),
            waits: Vec::new(),
            brought_forward: Vec::new(),
            parts: Vec::new(),
            destroys_data: false,
            goes_with: None,
            after: Vec::new(),
        }
    }

    #[test]
    fn a_change_takes_as_long_as_its_slowest_field_and_another_has_its_own_memory() {
        let schema = Some(EksCluster::SCHEMA);
        let (tag, upgrade) =
            (update(&["tags.Tier"]), update(&["tags.Tier", "version", "vpc_config.public_access_cidrs"]));
        let mut expectations = Expectations::default();
        assert_eq!(expectations.expect(&tag, schema), Duration::from_secs(1));
        assert_eq!(expectations.expect(&upgrade, schema), Duration::from_secs(600));
        expectations.learn(&upgrade, schema, Duration::from_secs(700));
        assert_eq!(expectations.expect(&upgrade, schema), Duration::from_secs(700));
        assert_eq!(expectations.expect(&tag, schema), Duration::from_secs(1));
    }

    #[test]
    fn what_waits_for_the_window_takes_no_time_and_what_no_longer_does_takes_its_own() {
        let schema = Some(DbInstance::SCHEMA);
        let mut expectations = Expectations::default();
        let later = PlannedAction { waits: vec!["engine_version".to_owned()], ..update(&["engine_version"]) };
        assert_eq!(expectations.expect(&later, schema), Duration::from_secs(1));
        expectations.learn(&later, schema, Duration::from_secs(2));
        assert_eq!(expectations.expect(&update(&["engine_version"]), schema), Duration::from_secs(660));
        let now =
            PlannedAction { brought_forward: vec!["engine_version".to_owned()], ..update(&["apply_immediately"]) };
        assert_eq!(expectations.expect(&now, schema), Duration::from_secs(660));
        assert_eq!(expectations.expect(&update(&["password_wo_version"]), schema), Duration::from_secs(1));
    }

    #[test]
    fn a_change_that_was_short_last_time_may_take_as_long_as_making_one_does() {
        let short = Duration::from_secs(40);
        let cache = deadline(short, Some(ElasticacheReplicationGroup::SCHEMA));
        // Shards, replicas and failover, one after another, each as long as AWS takes for it.
        assert!(cache > Duration::from_secs(1200 + 600 + 240 + 90), "{cache:?}");
        assert_eq!(deadline(short, Some(Vpc::SCHEMA)), Duration::from_secs(30 * 60));
        assert_eq!(deadline(short * 100, None), short * 1000);
    }
}
