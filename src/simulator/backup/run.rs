//! Plans as they run: at each of a rule's moments a job is asked for, for all that the plan's selections mean then.

use super::job::{self, Job, Order};
use super::plan::{self, Plan};
use super::recovery_point::Creator;
use super::resource::{self, Resource};
use super::rule::BackupRule;
use super::schedule::{self, Schedule};
use super::selection::Selection;
use crate::iam::evaluation::like;
use crate::service::Transition;
use crate::world::Tx;

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("backup.plan.due", |tx, pending| {
    let Some((plan, rule)) = pending.subject.split_once('/') else { return };
    let Some(plan) = plan::alive(tx, plan).cloned() else { return };
    let Some((version, rule)) = latest(&plan, rule) else { return };
    let creator = Creator {
        plan: plan.id.clone(),
        plan_name: version.name.clone(),
        version: version.id.clone(),
        rule: rule.id.clone(),
        rule_name: rule.name.clone(),
        schedule: rule.schedule.clone(),
        timezone: rule.timezone.clone(),
    };
    for selection in selections(tx, &plan.id) {
        for thing in chosen(tx, &selection) {
            ask(tx, rule, &creator, &selection, thing);
        }
    }
    wait(tx, &plan.id, rule);
})];

fn latest<'p>(plan: &'p Plan, rule: &str) -> Option<(&'p plan::Version, &'p BackupRule)> {
    let version = plan.versions.last()?;
    Some((version, version.rules.iter().find(|one| one.id == rule)?))
}

fn selections(tx: &Tx<'_>, plan: &str) -> Vec<Selection> {
    let under = format!("{plan}/");
    tx.rows_under::<Selection>(&under).cloned().collect()
}

/// Has a plan's rules wait for their next moments, as they are now. A plan that selects nothing waits for none.
pub(super) fn schedule(tx: &mut Tx<'_>, id: &str) {
    let Some(plan) = plan::alive(tx, id).cloned() else { return };
    for rule in plan.versions.iter().flat_map(|version| &version.rules) {
        tx.cancel("backup.plan.due", &format!("{id}/{}", rule.id));
    }
    for rule in plan.versions.last().iter().flat_map(|version| &version.rules) {
        wait(tx, id, rule);
    }
}

fn wait(tx: &mut Tx<'_>, plan: &str, rule: &BackupRule) {
    if selections(tx, plan).is_empty() {
        return;
    }
    let zone = schedule::zone(&rule.timezone);
    let next = Schedule::read(&rule.schedule).zip(zone).and_then(|(times, zone)| times.after(tx.now(), &zone));
    if let Some(next) = next {
        let wait = next.duration_since(tx.now());
        tx.after(wait, "backup.plan.due", &format!("{plan}/{}", rule.id));
    }
}

/// What a selection means: what one of its ARNs or tags says, none of its exceptions, and all of its conditions.
/// <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html>
fn chosen(tx: &Tx<'_>, selection: &Selection) -> Vec<Resource> {
    let any = |patterns: &[String], thing: &Resource| patterns.iter().any(|pattern| like(pattern, &thing.arn));
    let is_chosen = |thing: &Resource| {
        let tagged = |(key, value): &(String, String)| value_of(thing, key) == Some(value.as_str());
        let meets = |(kind, key, value): &(String, String, String)| {
            let held = value_of(thing, key);
            match kind.as_str() {
                "StringEquals" => held == Some(value.as_str()),
                "StringNotEquals" => held != Some(value.as_str()),
                "StringLike" => held.is_some_and(|held| like(value, held)),
                _ => !held.is_some_and(|held| like(value, held)),
            }
        };
        (any(&selection.resources, thing) || selection.tags.iter().any(tagged))
            && !any(&selection.not_resources, thing)
            && selection.conditions.iter().all(meets)
    };
    resource::all(tx).into_iter().filter(is_chosen).collect()
}

/// The value of the tag that a condition's key means.
fn value_of<'t>(thing: &'t Resource, key: &str) -> Option<&'t str> {
    let name = key.strip_prefix("aws:ResourceTag/").unwrap_or(key);
    thing.tags.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn ask(tx: &mut Tx<'_>, rule: &BackupRule, creator: &Creator, selection: &Selection, thing: Resource) {
    let order = Order {
        vault: rule.vault.clone(),
        resource: thing.arn,
        kind: thing.kind.to_owned(),
        name: thing.name,
        role: selection.role.clone(),
        lifecycle: rule.lifecycle.clone(),
        tags: rule.tags.clone(),
        start: rule.start,
        completion: rule.completion,
    };
    let asked = Job { creator: Some(creator.clone()), copies: rule.copies.clone(), ..Job::new(tx, order) };
    job::ask(tx, asked);
}
