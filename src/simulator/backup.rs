//! AWS Backup: vaults with their policies, plans with their rules and what they select, the jobs that these or people ask
//! for, and the backups that come of them, one file per thing. A continuous backup is a backup like any other here, and
//! nothing is restored.

mod access_policy;
mod copy_job;
pub mod job;
mod lifecycle;
pub mod plan;
pub mod recovery_point;
mod resource;
mod rule;
mod run;
mod schedule;
pub mod selection;
mod tags;
pub mod vault;

use std::sync::OnceLock;

use jiff::{SignedDuration, Timestamp};

use crate::input::Input;
use crate::model::Model;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Manners, REST_MANNERS, Service, told};
use crate::throttle::Bucket;
use crate::value::Value;
use crate::world::{Tables, Tx};

/// The service.
pub static SERVICE: Service = Service {
    name: "backup",
    model,
    operations: &[
        access_policy::OPERATIONS,
        copy_job::OPERATIONS,
        job::OPERATIONS,
        plan::OPERATIONS,
        recovery_point::OPERATIONS,
        selection::OPERATIONS,
        tags::OPERATIONS,
        vault::OPERATIONS,
    ],
    transitions: &[copy_job::TRANSITIONS, job::TRANSITIONS, recovery_point::TRANSITIONS, run::TRANSITIONS],
    spans: &[copy_job::SPANS, job::SPANS, recovery_point::SPANS],
    rules: &[
        RULES,
        access_policy::RULES,
        copy_job::RULES,
        job::RULES,
        lifecycle::RULES,
        plan::RULES,
        recovery_point::RULES,
        rule::RULES,
        selection::RULES,
        tags::RULES,
        vault::RULES,
    ],
    tables,
    furnish: |_| {},
    manners: Manners {
        violations: |violations| told(violations, "InvalidParameterValueException"),
        bucket,
        ..REST_MANNERS
    },
};

const RULES: &[Rule] = &[
    Rule::new(
        "backup.page.token",
        "a page's token is one of the operation's",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListBackupVaults.html",
    ),
    Rule::new(
        "backup.creator.form",
        "a creator's request id has 1 to 50 letters, digits and -_.",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupPlan.html",
    ),
];

/// AWS publishes no rates of Backup's: they are EC2's usual ones.
#[expect(clippy::unnecessary_wraps, reason = "as a service's manners have it")]
fn bucket(operation: &str, _input: &Value) -> Option<Bucket> {
    let reads = ["Describe", "Get", "List"].iter().any(|start| operation.starts_with(start));
    let (size, refill) = if reads { (80.0, 20.0) } else { (50.0, 5.0) };
    Some(Bucket::of("backup", operation, size, refill))
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/backup.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<vault::Vault>();
    tables.add::<plan::Plan>();
    tables.add::<plan::DeletedPlan>();
    tables.add::<selection::Selection>();
    tables.add::<job::Job>();
    tables.add::<copy_job::CopyJob>();
    tables.add::<recovery_point::RecoveryPoint>();
}

/// The ARN of a vault (`backup-vault:NAME`) or a plan (`backup-plan:ID`).
fn arn(tx: &Tx<'_>, resource: &str) -> String {
    format!("arn:aws:backup:{}:{}:{resource}", tx.region(), tx.account())
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterValueException", message)
}

/// What is said of a vault that is not the caller's.
fn untold() -> Refusal {
    Refusal::new("AccessDeniedException", "Insufficient privileges to perform this action.").status(403)
}

/// Since when jobs of either kind are listed: AWS keeps them for 30 days.
fn listed_since(tx: &Tx<'_>) -> Timestamp {
    tx.now() - SignedDuration::from_hours(24 * 30)
}

/// In a word how a job of this state ended: <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupJob.html>.
fn category(state: &str) -> Option<&'static str> {
    match state {
        "COMPLETED" => Some("SUCCESS"),
        "FAILED" => Some("FAILURE"),
        _ => None,
    }
}

/// Whether a time lies between those that a request gives.
fn between(input: &Input<'_>, after: &str, before: &str) -> impl Fn(Timestamp) -> bool + use<> {
    let time = |name: &str| match input.whole(name) {
        Value::Time(time) => Some(*time),
        _ => None,
    };
    let (after, before) = (time(after), time(before));
    move |time| after.is_none_or(|after| time > after) && before.is_none_or(|before| time < before)
}

/// What a request says of itself, so that it can be sent again.
///
/// # Errors
/// When it is too long, or has other characters.
fn creator(tx: &Tx<'_>, input: &Input<'_>) -> Result<Option<String>, Refusal> {
    let Some(id) = input.text("CreatorRequestId") else { return Ok(None) };
    let sound = (1..=50).contains(&id.len())
        && id.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    // No source has the words.
    tx.enforce("backup.creator.form", sound, || {
        invalid("CreatorRequestId must contain 1 to 50 alphanumeric or '-_.' characters.")
    })?;
    Ok(Some(id.to_owned()))
}

/// One page of a list. The items come with what they are sorted by.
///
/// # Errors
/// When the token is of no page.
fn paged(tx: &Tx<'_>, input: &Input<'_>, member: &str, items: Vec<(String, Value)>) -> Result<Value, Refusal> {
    let size = input.integer("MaxResults").and_then(|size| usize::try_from(size).ok()).unwrap_or(1000);
    let token = input.text("NextToken").filter(|_| tx.rule("backup.page.token"));
    // No source has the words.
    let page = crate::pagination::page(&crate::pagination::asked(tx), items, token, Some(size))
        .map_err(|_| invalid("The provided NextToken is invalid."))?;
    Ok(record! { member => page.items, "NextToken" => page.next })
}
