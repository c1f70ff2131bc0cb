//! Secrets Manager: secrets with their versions, policies and tags, and the time in which a deletion can be taken
//! back, one file per thing.

mod deletion;
mod listing;
mod managed;
mod random_password;
mod resource_policy;
mod rotation;
pub mod secret;
mod tags;
pub mod version;

use std::sync::OnceLock;

use crate::model::Model;
use crate::rds::master_secret::ManagedSecret;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{JSON_MANNERS, Manners, Service, told};
use crate::throttle::Bucket;
use crate::value::Value;
use crate::world::{Tables, Tx};

/// The service.
pub static SERVICE: Service = Service {
    name: "secretsmanager",
    model,
    operations: &[
        secret::OPERATIONS,
        version::OPERATIONS,
        deletion::OPERATIONS,
        listing::OPERATIONS,
        resource_policy::OPERATIONS,
        rotation::OPERATIONS,
        tags::OPERATIONS,
        random_password::OPERATIONS,
    ],
    transitions: &[deletion::TRANSITIONS],
    spans: &[deletion::SPANS],
    rules: &[
        RULES,
        secret::RULES,
        version::RULES,
        deletion::RULES,
        listing::RULES,
        managed::RULES,
        resource_policy::RULES,
        rotation::RULES,
        tags::RULES,
        random_password::RULES,
    ],
    tables,
    furnish: |_| {},
    manners: Manners {
        // <https://github.com/getmoto/moto/pull/6469> and others show what is out of bounds with this code.
        violations: |violations| told(violations, "ValidationException"),
        unavailable: |status| match status {
            503 => Refusal::new("ServiceUnavailable", "Service is unavailable.").status(503),
            status => Refusal::new("InternalServiceError", "An error occurred on the server side.").status(status),
        },
        bucket,
        ..JSON_MANNERS
    },
};

const RULES: &[Rule] = &[Rule::new(
    "secretsmanager.key.usable",
    "the KMS key of a value exists and is enabled",
    "https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html",
)];

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/secretsmanager.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<secret::Secret>();
    tables.add::<ManagedSecret>();
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>: what reads one secret shares
/// 10,000 requests a second, listings have 100, and all else 50.
#[expect(clippy::unnecessary_wraps, reason = "as a service's manners have it")]
fn bucket(operation: &str, _input: &Value) -> Option<Bucket> {
    Some(match operation {
        "DescribeSecret" | "GetSecretValue" => Bucket::of("secretsmanager", "reads", 10_000.0, 10_000.0),
        "ListSecrets" => Bucket::of("secretsmanager", operation, 100.0, 100.0),
        _ => Bucket::of("secretsmanager", operation, 50.0, 50.0),
    })
}

fn invalid_parameter(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterException", message)
}

fn invalid_request(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidRequestException", message)
}

/// The ARN that secrets' ARNs begin with.
fn arn_head(tx: &Tx<'_>) -> String {
    format!("arn:aws:secretsmanager:{}:{}:secret:", tx.region(), tx.account())
}
