//! CloudWatch: alarms on metrics with their states and history, and dashboards, one file per thing. No metrics are kept:
//! an alarm finds no data, and is in the state that it says this to be.

mod action;
pub mod alarm;
mod alarm_history;
mod alarm_state;
pub mod dashboard;
mod dashboard_body;
mod tags;
mod watched;

use std::sync::OnceLock;

use crate::model::Model;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Manners, QUERY_MANNERS, Service};
use crate::throttle::Bucket;
use crate::value::Value;
use crate::world::{Tables, Tx};

/// The service. It is signed for by another name than it has.
pub static SERVICE: Service = Service {
    name: "monitoring",
    model,
    operations: &[
        alarm::OPERATIONS,
        alarm_history::OPERATIONS,
        alarm_state::OPERATIONS,
        dashboard::OPERATIONS,
        tags::OPERATIONS,
    ],
    transitions: &[alarm_state::TRANSITIONS],
    spans: &[alarm_state::SPANS],
    rules: &[
        RULES,
        action::RULES,
        alarm::RULES,
        alarm_state::RULES,
        dashboard::RULES,
        dashboard_body::RULES,
        tags::RULES,
        watched::RULES,
    ],
    tables,
    furnish: |_| {},
    manners: Manners { bucket, ..QUERY_MANNERS },
};

const RULES: &[Rule] = &[Rule::new(
    "cloudwatch.page.token",
    "a page's token is one of the operation's",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html",
)];

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/cloudwatch.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<alarm::MetricAlarm>();
    tables.add::<alarm_history::Happened>();
    tables.add::<dashboard::Dashboard>();
}

/// Calls a second of each operation:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>
#[expect(clippy::unnecessary_wraps, reason = "as a service's manners have it")]
fn bucket(operation: &str, _input: &Value) -> Option<Bucket> {
    let rate = match operation {
        "DescribeAlarmHistory" => 20.0,
        "DescribeAlarms" | "DescribeAlarmsForMetric" => 9.0,
        "DeleteAlarms" | "DisableAlarmActions" | "EnableAlarmActions" | "PutMetricAlarm" | "SetAlarmState" => 3.0,
        _ => 10.0,
    };
    Some(Bucket::of("monitoring", operation, rate, rate))
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationError", message)
}

/// What there is no alarm or dashboard of. It is 404 in every protocol:
/// <https://github.com/localstack/localstack/blob/main/tests/aws/services/cloudwatch/test_cloudwatch.snapshot.json>.
fn missing(message: impl Into<String>) -> Refusal {
    Refusal::new("ResourceNotFound", message).status(404)
}

/// One page of a list.
fn paged(
    tx: &Tx<'_>,
    input: &crate::Input<'_>,
    items: Vec<(String, Value)>,
    size: i64,
) -> Result<crate::paging::Page<Value>, Refusal> {
    let token = input.text("NextToken").filter(|_| tx.rule("cloudwatch.page.token"));
    // The code is declared; no source has the words.
    crate::paging::page(tx.operation(), items, token, usize::try_from(size).ok())
        .map_err(|_| Refusal::new("InvalidNextToken", "The next token is invalid."))
}
