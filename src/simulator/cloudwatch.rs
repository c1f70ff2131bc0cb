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
) -> Result<crate::pagination::Page<Value>, Refusal> {
    let token = input.text("NextToken").filter(|_| tx.rule("cloudwatch.page.token"));
    // The code is declared; no source has the words.
    crate::pagination::page(&crate::pagination::asked(tx), items, token, usize::try_from(size).ok())
        .map_err(|_| Refusal::new("InvalidNextToken", "The next token is invalid."))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ciborium::Value as Cbor;
    use http::Request;
    use serde_json::json;

    use crate::client::Client;
    use crate::signature::tests::sign;

    const VERSION: &str = "2010-08-01";
    const TARGET: &str = "GraniteServiceVersion20100801";

    fn signed(client: &Client, mut request: Request<Bytes>) -> Request<Bytes> {
        request.headers_mut().remove("authorization");
        sign(&mut request, "test", "test", client.region, "monitoring", client.simulator.now());
        request
    }

    fn in_json(client: &Client, operation: &str, body: &serde_json::Value) -> Request<Bytes> {
        let mut request = client.json_request("monitoring", TARGET, operation, body);
        request.headers_mut().insert("content-type", "application/x-amz-json-1.0".parse().unwrap());
        signed(client, request)
    }

    fn in_cbor(client: &Client, operation: &str, body: &Cbor) -> Request<Bytes> {
        let mut bytes = Vec::new();
        ciborium::into_writer(body, &mut bytes).unwrap();
        let request = Request::post(format!("http://monitoring/service/{TARGET}/operation/{operation}"))
            .header("host", "monitoring.us-east-1.amazonaws.com")
            .header("smithy-protocol", "rpc-v2-cbor")
            .header("content-type", "application/cbor")
            .body(Bytes::from(bytes));
        signed(client, request.unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_is_spoken_of_alike_in_three_protocols() {
        let client = Client::calm();
        let alarm = [
            ("AlarmName", "load"),
            ("ComparisonOperator", "GreaterThanThreshold"),
            ("EvaluationPeriods", "1"),
            ("MetricName", "CPUUtilization"),
            ("Namespace", "AWS/EC2"),
            ("Period", "60"),
            ("Statistic", "Average"),
            ("Threshold", "0.5"),
            ("AlarmActions.member.1", "arn:aws:sns:us-east-1:000000000000:topic"),
        ];
        assert_eq!(client.query("monitoring", VERSION, "PutMetricAlarm", &alarm).await.status, 200);
        let shown = client.query("monitoring", VERSION, "DescribeAlarms", &[]).await;
        assert_eq!((shown.one("AlarmName"), shown.one("Threshold")), ("load".to_owned(), "0.5".to_owned()));
        let shown = client.send(in_json(&client, "DescribeAlarms", &json!({}))).await.unwrap().json();
        assert_eq!(shown["MetricAlarms"][0]["AlarmName"], "load");
        assert_eq!(shown["MetricAlarms"][0]["Threshold"], 0.5);
        let answer = client.simulator.handle(in_cbor(&client, "DescribeAlarms", &Cbor::Map(Vec::new()))).await.unwrap();
        let shown: Cbor = ciborium::from_reader(answer.body().as_ref()).unwrap();
        let member = |of: &Cbor, name: &str| {
            let members = of.as_map().unwrap();
            members.iter().find(|(key, _)| key.as_text() == Some(name)).unwrap().1.clone()
        };
        let shown = member(&shown, "MetricAlarms").as_array().unwrap()[0].clone();
        assert_eq!((member(&shown, "AlarmName"), member(&shown, "Threshold")), ("load".into(), 0.5.into()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_there_is_missing_in_each_protocol() {
        let client = Client::calm();
        let asked = [("AlarmName", "absent"), ("StateValue", "OK"), ("StateReason", "told")];
        let refused = client.query("monitoring", VERSION, "SetAlarmState", &asked).await;
        assert_eq!((refused.status, refused.code.as_str()), (404, "ResourceNotFound"));
        let body = json!({"AlarmName": "absent", "StateValue": "OK", "StateReason": "told"});
        let answer = client.simulator.handle(in_json(&client, "SetAlarmState", &body)).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["x-amzn-query-error"].to_str().unwrap()),
            (404, "ResourceNotFound;Sender")
        );
        let text = |text: &str| Cbor::Text(text.to_owned());
        let body = Cbor::Map(asked.iter().map(|(name, value)| (text(name), text(value))).collect());
        let answer = client.simulator.handle(in_cbor(&client, "SetAlarmState", &body)).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["x-amzn-query-error"].to_str().unwrap()),
            (404, "ResourceNotFound;Sender")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_that_finds_nothing_is_in_the_state_that_it_says_this_to_be() {
        let client = Client::calm();
        for (treated, state) in [
            ("missing", "INSUFFICIENT_DATA"),
            ("breaching", "ALARM"),
            ("notBreaching", "OK"),
            ("ignore", "INSUFFICIENT_DATA"),
        ] {
            let alarm = [
                ("AlarmName", treated),
                ("ComparisonOperator", "GreaterThanThreshold"),
                ("EvaluationPeriods", "2"),
                ("MetricName", "CPUUtilization"),
                ("Namespace", "AWS/EC2"),
                ("Period", "60"),
                ("Statistic", "Average"),
                ("Threshold", "50"),
                ("TreatMissingData", treated),
            ];
            client.query("monitoring", VERSION, "PutMetricAlarm", &alarm).await;
            client.wait(120);
            let asked = [("AlarmNames.member.1", treated)];
            let shown = client.query("monitoring", VERSION, "DescribeAlarms", &asked).await;
            assert_eq!(shown.one("StateValue"), state, "{treated}");
        }
        let told = [("AlarmName", "notBreaching"), ("StateValue", "ALARM"), ("StateReason", "told")];
        client.query("monitoring", VERSION, "SetAlarmState", &told).await;
        let asked = [("AlarmNames.member.1", "notBreaching")];
        assert_eq!(client.query("monitoring", VERSION, "DescribeAlarms", &asked).await.one("StateReason"), "told");
        client.wait(120);
        assert_eq!(client.query("monitoring", VERSION, "DescribeAlarms", &asked).await.one("StateValue"), "OK");
    }
}
