//! KMS: keys with their policies and rotation, and aliases, one file per thing.

pub mod alias;
pub(crate) mod data;
pub mod key;
pub mod key_policy;
mod rotation;
mod tags;

use std::sync::OnceLock;

use crate::model::Model;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{JSON_MANNERS, Manners, Service};
use crate::throttle::Bucket;
use crate::value::Value;
use crate::world::{Tables, Tx};

/// The service.
pub static SERVICE: Service = Service {
    name: "kms",
    model,
    operations: &[
        key::OPERATIONS,
        alias::OPERATIONS,
        key_policy::OPERATIONS,
        rotation::OPERATIONS,
        data::OPERATIONS,
        tags::OPERATIONS,
    ],
    transitions: &[key::TRANSITIONS],
    spans: &[],
    rules: &[RULES, key::RULES, alias::RULES, key_policy::RULES, rotation::RULES, data::RULES, tags::RULES],
    tables,
    furnish: |_| {},
    manners: Manners { bucket, throttled, unavailable, ..JSON_MANNERS },
};

const RULES: &[Rule] = &[
    Rule::new(
        "kms.page.token",
        "a page's token is one of the operation's",
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html",
    ),
    Rule::new(
        "kms.key.state",
        "an operation needs a key in a state that it is compatible with",
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html",
    ),
];

/// Calls a second of each operation: <https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html>
fn bucket(operation: &str, _input: &Value) -> Option<Bucket> {
    if matches!(operation, "Encrypt" | "Decrypt" | "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext") {
        // They share one, of the least that a region has.
        return Some(Bucket::of("kms", "cryptographic operations", 10_000.0, 10_000.0));
    }
    let rate = match operation {
        "DescribeKey" | "ListResourceTags" => 2000.0,
        "GetKeyPolicy" | "GetKeyRotationStatus" => 1000.0,
        "ListAliases" | "ListKeys" => 500.0,
        "ListKeyPolicies" => 100.0,
        "DeleteAlias" | "DisableKeyRotation" | "EnableKeyRotation" | "PutKeyPolicy" | "ScheduleKeyDeletion" => 15.0,
        "TagResource" => 10.0,
        _ => 5.0,
    };
    Some(Bucket::of("kms", operation, rate, rate))
}

/// <https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html>
fn throttled(_: &str) -> Refusal {
    let message = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.";
    Refusal::new("ThrottlingException", message).status(400)
}

/// `KMSInternalException` is declared by every operation:
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html>
fn unavailable(status: u16) -> Refusal {
    match status {
        503 => (JSON_MANNERS.unavailable)(status),
        status => {
            let message = "The request was rejected because an internal error occurred. The request can be retried.";
            Refusal::new("KMSInternalException", message).status(status)
        }
    }
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/kms.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<key::Key>();
    tables.add::<alias::Alias>();
}

/// The ARN of a key (`key/ID`) or an alias (`alias/NAME`).
#[must_use]
pub fn arn(tx: &Tx<'_>, resource: &str) -> String {
    format!("arn:aws:kms:{}:{}:{resource}", tx.region(), tx.account())
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message).status(400)
}

/// One page of a list, in KMS's members.
fn paged(
    tx: &Tx<'_>,
    input: &crate::Input<'_>,
    member: &str,
    usual: i64,
    items: Vec<(String, crate::Value)>,
) -> Result<crate::Value, Refusal> {
    let size = usize::try_from(input.integer("Limit").unwrap_or(usual)).ok();
    let token = input.text("Marker").filter(|_| tx.rule("kms.page.token"));
    let page = crate::pagination::page(&crate::pagination::asked(tx), items, token, size)
        .map_err(|_| Refusal::new("InvalidMarkerException", "Could not deserialize marker"))?;
    Ok(crate::record! { member => page.items, "Truncated" => page.next.is_some(), "NextMarker" => page.next })
}
