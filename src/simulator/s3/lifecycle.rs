//! What becomes of a bucket's objects with time. The rules are held to what S3 refuses; no object moves here.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html>

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, find, nothing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("GetBucketLifecycleConfiguration", get),
    ("PutBucketLifecycleConfiguration", put),
    ("DeleteBucketLifecycle", delete),
];

const ELEMENTS: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html";
const TRANSITIONS: &str =
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.lifecycle.rules", "there are 1 to 1,000 rules", ELEMENTS),
    Rule::new("s3.lifecycle.id", "a rule's id is its own, and has at most 255 characters", ELEMENTS),
    Rule::new("s3.lifecycle.filter", "a rule has one filter, or a prefix in its old form", ELEMENTS),
    Rule::new("s3.lifecycle.action", "a rule does something", ELEMENTS),
    Rule::new("s3.lifecycle.when", "an action says days or a date, and days that can be", ELEMENTS),
    Rule::new("s3.lifecycle.order", "what moves goes down the classes, stays 30 days, and expires last", TRANSITIONS),
    Rule::new("s3.lifecycle.abort", "uploads are ended whatever their tags and sizes", ELEMENTS),
];

/// The rules of a bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    /// Each rule as it was given, with its id.
    pub rules: Vec<Value>,
    /// From which size on objects move.
    pub least: String,
}

/// What a bucket has since 2024 where a request says nothing else.
const LEAST: &str = "all_storage_classes_128K";

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let Some(lifecycle) = bucket.lifecycle else {
        let message = "The lifecycle configuration does not exist";
        return Err(Refusal::new("NoSuchLifecycleConfiguration", message).member("BucketName", &bucket.name));
    };
    Ok(record! { "Rules" => lifecycle.rules, "TransitionDefaultMinimumObjectSize" => lifecycle.least })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let least = input.text("TransitionDefaultMinimumObjectSize").unwrap_or(LEAST).to_owned();
    let rules = input.record("LifecycleConfiguration").map(|it| it.records("Rules")).unwrap_or_default();
    tx.enforce("s3.lifecycle.rules", (1..=1000).contains(&rules.len()), malformed)?;
    let (mut ids, mut kept) = (BTreeSet::new(), Vec::new());
    for rule in &rules {
        let id = rule.text("ID").filter(|id| !id.is_empty());
        tx.enforce("s3.lifecycle.id", id.is_none_or(|id| id.chars().count() <= 255), || {
            argument("ID length should not exceed allowed limit of 255")
        })?;
        tx.enforce("s3.lifecycle.id", id.is_none_or(|id| ids.insert(id.to_owned())), || {
            argument("Rule ID must be unique. Found same ID for more than one rule")
        })?;
        check(tx, rule)?;
        let mut shown = rule.all().clone();
        if id.is_none() {
            shown.set("ID", tx.hex(32));
        }
        kept.push(shown);
    }
    tx.put(Bucket { lifecycle: Some(Lifecycle { rules: kept, least: least.clone() }), ..bucket });
    Ok(record! { "TransitionDefaultMinimumObjectSize" => least })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    tx.put(Bucket { lifecycle: None, ..bucket });
    Ok(nothing())
}

fn malformed() -> Refusal {
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    Refusal::new("MalformedXML", message)
}

fn argument(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidArgument", message)
}

fn check(tx: &Tx<'_>, rule: &Input<'_>) -> Result<(), Refusal> {
    filter(tx, rule)?;
    let (moves, late_moves) = (rule.records("Transitions"), rule.records("NoncurrentVersionTransitions"));
    let (expires, late_expires) = (rule.record("Expiration"), rule.record("NoncurrentVersionExpiration"));
    let aborts = rule.record("AbortIncompleteMultipartUpload");
    let acts = !moves.is_empty() || !late_moves.is_empty() || aborts.is_some();
    tx.enforce("s3.lifecycle.action", acts || expires.is_some() || late_expires.is_some(), || {
        Refusal::new("InvalidRequest", "At least one action needs to be specified in a rule")
    })?;
    if let Some(aborts) = &aborts {
        tx.enforce("s3.lifecycle.when", aborts.integer("DaysAfterInitiation").is_some_and(|days| days > 0), || {
            argument("'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer")
        })?;
        tx.enforce("s3.lifecycle.abort", !is_narrow(rule), || {
            Refusal::new("InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Tags.")
        })?;
    }
    if let Some(expires) = &expires {
        let marks = expires.flag("ExpiredObjectDeleteMarker");
        tx.enforce("s3.lifecycle.filter", !marks || !is_tagged(rule), || {
            Refusal::new("InvalidRequest", "ExpiredObjectDeleteMarker cannot be specified with Tags.")
        })?;
    }
    let ends = expires.as_ref().map(|it| expiry(tx, it)).transpose()?.unwrap_or_default();
    let named = named(rule);
    let of = Action { name: "Transition", unit: "Days", end: "Expiration", filter: &named };
    units(tx, &moves, &of, ends)?;
    classes(tx, &moves, &of, ends.days)?;
    let late_ends = match &late_expires {
        None => None,
        Some(it) => {
            let days = it.integer("NoncurrentDays");
            let newer = it.integer("NewerNoncurrentVersions");
            tx.enforce("s3.lifecycle.when", days.is_some_and(|days| days > 0), || {
                argument("'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer")
            })?;
            tx.enforce("s3.lifecycle.when", newer.is_none_or(|newer| (1..=100).contains(&newer)), || {
                argument("'NewerNoncurrentVersions' must be between 1 and 100")
            })?;
            days
        }
    };
    let of = Action {
        name: "NoncurrentVersionTransition",
        unit: "NoncurrentDays",
        end: "NoncurrentVersionExpiration",
        filter: &named,
    };
    classes(tx, &late_moves, &of, late_ends)
}

/// An action that moves objects, as messages call it.
struct Action<'r> {
    name: &'static str,
    /// The member that says when.
    unit: &'static str,
    /// The action that ends what was moved.
    end: &'static str,
    /// The objects that its rule is for.
    filter: &'r str,
}

/// The objects that a rule is for, as messages name them. Reports show what S3 says of a prefix; of tags and sizes none
/// does, and they are left out.
fn named(rule: &Input<'_>) -> String {
    let filter = rule.record("Filter");
    let both = filter.as_ref().and_then(|filter| filter.record("And"));
    let places = [Some(rule), filter.as_ref(), both.as_ref()];
    let prefix = places.into_iter().flatten().find_map(|place| place.text("Prefix"));
    prefix.map_or_else(String::new, |prefix| format!("(prefix={prefix})"))
}

/// Whether a rule is for objects with some tag.
fn is_tagged(rule: &Input<'_>) -> bool {
    let tagged = |part: &Input<'_>| part.has("Tag") || part.has("Tags");
    rule.record("Filter").is_some_and(|it| tagged(&it) || it.record("And").is_some_and(|it| tagged(&it)))
}

/// Whether a rule is for some objects by more than their names.
fn is_narrow(rule: &Input<'_>) -> bool {
    const NARROW: &[&str] = &["Tag", "Tags", "ObjectSizeGreaterThan", "ObjectSizeLessThan"];
    let narrow = |part: &Input<'_>| NARROW.iter().any(|name| part.has(name));
    rule.record("Filter").is_some_and(|it| narrow(&it) || it.record("And").is_some_and(|it| narrow(&it)))
}

fn filter(tx: &Tx<'_>, rule: &Input<'_>) -> Result<(), Refusal> {
    let Some(filter) = rule.record("Filter") else {
        return tx.enforce("s3.lifecycle.filter", rule.has("Prefix"), malformed);
    };
    const PARTS: &[&str] = &["Prefix", "Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan"];
    let given = PARTS.iter().filter(|name| filter.has(name)).count();
    let both = filter.record("And");
    let one = given + usize::from(both.is_some()) <= 1;
    tx.enforce("s3.lifecycle.filter", one && !rule.has("Prefix"), malformed)?;
    for part in [Some(&filter), both.as_ref()].into_iter().flatten() {
        let (least, most) = (part.integer("ObjectSizeGreaterThan"), part.integer("ObjectSizeLessThan"));
        // No source has the words; they are those of AWS's console.
        tx.enforce("s3.lifecycle.filter", least.zip(most).is_none_or(|(least, most)| least < most), || {
            let message = "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.";
            Refusal::new("InvalidRequest", message)
        })?;
        let tags = part.records("Tags");
        let keys: BTreeSet<_> = tags.iter().map(|tag| tag.text("Key")).collect();
        tx.enforce("s3.lifecycle.filter", keys.len() == tags.len(), || {
            Refusal::new("InvalidRequest", "Duplicate Tag Keys are not allowed.")
        })?;
    }
    // What stands under `And` is two things at least.
    let joined = both.is_none_or(|it| {
        let others = PARTS.iter().filter(|name| it.has(name)).count();
        others + it.records("Tags").len() >= 2
    });
    tx.enforce("s3.lifecycle.filter", joined, malformed)
}

/// When objects expire, where it says so.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    days: Option<i64>,
    date: Option<jiff::Timestamp>,
}

fn expiry(tx: &Tx<'_>, it: &Input<'_>) -> Result<End, Refusal> {
    let given = ["Days", "Date", "ExpiredObjectDeleteMarker"].iter().filter(|name| it.has(name)).count();
    tx.enforce("s3.lifecycle.when", given == 1, malformed)?;
    let days = it.integer("Days");
    tx.enforce("s3.lifecycle.when", days.is_none_or(|days| days > 0), || {
        argument("'Days' for Expiration action must be a positive integer")
    })?;
    let date = time(it, "Date");
    if let Some(date) = date {
        midnight(tx, date)?;
    }
    Ok(End { days, date })
}

fn time(it: &Input<'_>, member: &str) -> Option<jiff::Timestamp> {
    match it.whole(member) {
        Value::Time(date) => Some(*date),
        _ => None,
    }
}

/// Refuses days and dates side by side, and an end that is no later than a move. The words are those of
/// <https://github.com/noobaa/noobaa-core/pull/9969>, which was held to S3.
fn units(tx: &Tx<'_>, moves: &[Input<'_>], of: &Action<'_>, ends: End) -> Result<(), Refusal> {
    let rule = "s3.lifecycle.order";
    let dates: Vec<_> = moves.iter().filter_map(|one| time(one, "Date")).collect();
    let days = moves.iter().any(|one| one.has("Days"));
    let mixed = |what: &str| {
        let message =
            format!("Found mixed 'Date' and 'Days' based {what} in lifecycle rule for filter '{}'", of.filter);
        Refusal::new("InvalidRequest", message)
    };
    tx.enforce(rule, dates.is_empty() || !days, || mixed("Transition actions"))?;
    let apart = (ends.days.is_some() && !dates.is_empty()) || (ends.date.is_some() && days);
    tx.enforce(rule, !apart, || mixed("Expiration and Transition actions"))?;
    tx.enforce(rule, ends.date.is_none_or(|end| dates.iter().all(|date| *date < end)), || {
        argument(format!(
            "'Date' in the Expiration action for filter '{}' must be greater than 'Date' in the Transition action",
            of.filter
        ))
    })
}

fn midnight(tx: &Tx<'_>, date: jiff::Timestamp) -> Result<(), Refusal> {
    tx.enforce("s3.lifecycle.when", date.as_second() % 86_400 == 0, || argument("'Date' must be at midnight GMT"))
}

/// The classes from the dearest to the cheapest: what moves goes down.
const ORDER: &[&str] = &["STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"];

fn classes(tx: &Tx<'_>, moves: &[Input<'_>], of: &Action<'_>, ends: Option<i64>) -> Result<(), Refusal> {
    let Action { name: action, unit, end, filter } = of;
    let mut known: Vec<(usize, &str, Option<i64>)> = Vec::new();
    for one in moves {
        let class = one.required("StorageClass");
        let days = one.integer(unit);
        let dated = one.has("Date");
        let rank = ORDER.iter().position(|known| *known == class);
        tx.enforce("s3.lifecycle.when", rank.is_some() && (days.is_some() != dated), malformed)?;
        if let Value::Time(date) = one.whole("Date") {
            midnight(tx, *date)?;
        }
        tx.enforce("s3.lifecycle.when", days.is_none_or(|days| days >= 0), || {
            argument(format!("'{unit}' in {action} action must be nonnegative"))
        })?;
        let waits = class == "STANDARD_IA" || class == "ONEZONE_IA";
        tx.enforce("s3.lifecycle.order", !waits || days.is_none_or(|days| days >= 30), || {
            argument(format!(
                "'{unit}' in {action} action must be greater than or equal to 30 for storageClass '{class}'"
            ))
        })?;
        if let (Some(days), Some(ends)) = (days, ends) {
            tx.enforce("s3.lifecycle.order", ends > days, || {
                argument(format!(
                    "'{unit}' in the {end} action for filter '{filter}' must be greater than '{unit}' in the {action} action"
                ))
            })?;
        }
        tx.enforce("s3.lifecycle.order", known.iter().all(|(_, known, _)| *known != class), || {
            let message = format!(
                "'StorageClass' must be different for '{action}' actions in same 'Rule' with filter '{filter}'"
            );
            Refusal::new("InvalidRequest", message)
        })?;
        known.push((rank.unwrap_or(0), class, days));
    }
    known.sort_unstable();
    for pair in known.windows(2) {
        let ((_, upper, Some(first)), (_, lower, Some(then))) = (pair[0], pair[1]) else { continue };
        // From an infrequent access class nothing moves before 30 days.
        let least = if upper.ends_with("_IA") { first + 30 } else { first + 1 };
        tx.enforce("s3.lifecycle.order", then >= least, || {
            argument(format!(
                "'{unit}' in the '{action}' action for StorageClass '{lower}' for filter '{filter}' must be {} days more \
                 than 'filter '{filter}'' in the '{action}' action for StorageClass '{upper}'",
                least - first
            ))
        })?;
    }
    Ok(())
}
