//! The tags of vaults, plans and what AWS Backup keeps by itself: a map on each, reached by its ARN.

use indexmap::IndexMap;

use super::plan::Plan;
use super::recovery_point::{RecoveryPoint, id};
use super::vault::Vault;
use super::{invalid, paged};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("TagResource", tag), ("UntagResource", untag), ("ListTags", list)];

const PAGE: &str = "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_TagResource.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("backup.tags.reserved", "keys beginning with aws: are AWS's own", PAGE),
    Rule::new(
        "backup.tags.limit",
        "a resource has at most 50 tags",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/aws-backup-limits.html",
    ),
];

/// Tags by key.
pub type Tags = IndexMap<String, String>;

/// The tags that a request gives in a member.
///
/// # Errors
/// When a key is AWS's own, or there are too many.
pub(super) fn read(tx: &Tx<'_>, input: &Input<'_>, member: &str) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    if let Value::Record(given) = input.whole(member) {
        for (key, value) in given {
            // No source has the words.
            tx.enforce("backup.tags.reserved", !key.to_lowercase().starts_with("aws:"), || {
                invalid(format!("Invalid tag key {key}. Tag keys cannot start with aws:"))
            })?;
            tags.insert(key.clone(), value.text().unwrap_or_default().to_owned());
        }
    }
    within(tx, &tags)?;
    Ok(tags)
}

fn within(tx: &Tx<'_>, tags: &Tags) -> Result<(), Refusal> {
    // No source has the words.
    tx.enforce("backup.tags.limit", tags.len() <= 50, || {
        Refusal::new("LimitExceededException", "The number of tags exceeds the limit of 50.")
    })
}

/// The tags as answers show them.
#[must_use]
pub(super) fn view(tags: &Tags) -> Value {
    Value::Record(tags.iter().map(|(key, value)| (key.clone(), Value::from(value))).collect())
}

/// Changes the tags of what a request names by its ARN; gives the ones it has then.
fn on(tx: &mut Tx<'_>, input: &Input<'_>, change: &dyn Fn(&mut Tags)) -> Result<Tags, Refusal> {
    let arn = input.required("ResourceArn");
    let home = super::arn(tx, "");
    // No source has the words.
    let rest = arn.strip_prefix(&home).ok_or_else(|| invalid(format!("Invalid resource ARN: {arn}")))?;
    let found = match rest.split_once(':') {
        Some(("backup-vault", name)) => tx.change_part::<Vault, _>(name, |vault| &mut vault.tags, change),
        Some(("backup-plan", id)) => tx.change_part::<Plan, _>(id, |plan| &mut plan.tags, change),
        Some(("recovery-point", _)) => {
            let row = tx.rows::<RecoveryPoint>().find(|point| point.arn == arn).map(|point| id(&point.vault, arn));
            row.and_then(|row| tx.change_part::<RecoveryPoint, _>(&row, |point| &mut point.tags, change))
        }
        _ => return Err(invalid(format!("Invalid resource ARN: {arn}"))),
    };
    found.ok_or_else(|| Refusal::new("ResourceNotFoundException", format!("Cannot find resource with ARN {arn}")))
}

fn tag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let given = read(tx, input, "Tags")?;
    let tags = on(tx, input, &|tags| tags.extend(given.clone()))?;
    within(tx, &tags)?;
    Ok(Value::Record(Record::new()))
}

fn untag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let gone = input.texts("TagKeyList");
    on(tx, input, &|tags| tags.retain(|key, _| !gone.contains(&key.as_str())))?;
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let tags = on(tx, input, &|_| {})?;
    let items = tags.iter().map(|(key, value)| (key.clone(), record! { "key" => key, "value" => value })).collect();
    let mut answer = paged(tx, input, "Tags", items)?;
    let page = answer.get("Tags").list().iter();
    let page = page.filter_map(|tag| Some((tag.get("key").text()?.to_owned(), tag.get("value").clone())));
    let page: Record = page.collect();
    answer.set("Tags", page);
    Ok(answer)
}
