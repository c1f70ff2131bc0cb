//! CloudWatch Logs: log groups with their retention, key and tags, one file per thing. What is written to them is not
//! kept.

mod encryption;
pub mod group;
mod retention;
mod tags;
pub mod writer;

use std::sync::OnceLock;

use crate::model::Model;
use crate::protocol::{Flaw, Violation};
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{JSON_MANNERS, Manners, Service, told};
use crate::throttle::Bucket;
use crate::value::Value;
use crate::world::{Tables, Tx};

/// The service.
pub static SERVICE: Service = Service {
    name: "logs",
    model,
    operations: &[group::OPERATIONS, retention::OPERATIONS, encryption::OPERATIONS, tags::OPERATIONS],
    transitions: &[writer::TRANSITIONS],
    spans: &[writer::SPANS],
    rules: &[RULES, group::RULES, retention::RULES, encryption::RULES, tags::RULES],
    tables: |tables: &mut Tables| tables.add::<group::LogGroup>(),
    furnish: |_| {},
    manners: Manners {
        before_violations,
        // Logs declares no ValidationException for what is out of bounds, and answers its own code:
        // <https://github.com/hashicorp/terraform-provider-aws/issues/8042>.
        violations: |violations| told(violations, "InvalidParameterException"),
        unavailable: |status| match status {
            503 => Refusal::new("ServiceUnavailableException", "Service is unavailable.").status(503),
            status => Refusal::new("InternalFailure", "An internal error has occurred.").status(status),
        },
        bucket,
        ..JSON_MANNERS
    },
};

const RULES: &[Rule] = &[Rule::new(
    "logs.page.token",
    "a page's token is one of the operation's",
    "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html",
)];

/// AWS's recorded answer to a name of 513 characters, which for a new group alone is none of the API's model:
/// <https://github.com/localstack/localstack/blob/main/tests/aws/services/logs/test_logs_groups.snapshot.json>
fn before_violations(tx: &Tx<'_>, _request: &Value, violations: &[Violation]) -> Result<(), Refusal> {
    let long = |it: &Violation| it.path == "logGroupName" && matches!(it.flaw, Flaw::TooLong(_));
    if tx.operation() == "CreateLogGroup" && violations.first().is_some_and(long) {
        let message = "Invalid LogGroup or LogStream, both must have length less than or equal to 512.";
        return Err(invalid(message).status(400));
    }
    Ok(())
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/logs.json")))
}

/// 10 requests a second of each operation that
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html> has a line for, and, by
/// analogy, of the others.
#[expect(clippy::unnecessary_wraps, reason = "as a service's manners have it")]
fn bucket(operation: &str, _input: &Value) -> Option<Bucket> {
    Some(Bucket::of("logs", operation, 10.0, 10.0))
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterException", message)
}

/// The ARN of a log group, without the `:*` that stands for its streams.
fn arn(tx: &Tx<'_>, group: &str) -> String {
    format!("arn:aws:logs:{}:{}:log-group:{group}", tx.region(), tx.account())
}
