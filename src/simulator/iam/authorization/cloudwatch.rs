//! CloudWatch's actions.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html>

use super::ask::{Ask, Told, held, pairs, requested};
use crate::cloudwatch::alarm::MetricAlarm;
use crate::cloudwatch::dashboard::Dashboard;
use crate::value::Value;
use crate::world::Tx;

/// The action is asked for on each alarm or dashboard that is named, and on all of them where none is.
pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let alarm = |name: &str| {
        let arn = format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", tx.region(), tx.account());
        (arn, tx.get::<MetricAlarm>(name).map(|alarm| held(pairs(&alarm.tags))).unwrap_or_default())
    };
    let dashboard = |name: &str| {
        let arn = format!("arn:aws:cloudwatch::{}:dashboard/{name}", tx.account());
        (arn, tx.get::<Dashboard>(name).map(|board| held(pairs(&board.tags))).unwrap_or_default())
    };
    let texts = |member: &str| input.get(member).list().iter().filter_map(Value::text).collect::<Vec<_>>();
    let mut named: Vec<(String, Told)> = Vec::new();
    named.extend(input.get("AlarmName").text().map(alarm));
    named.extend(texts("AlarmNames").into_iter().map(alarm));
    named.extend(input.get("DashboardName").text().map(dashboard));
    named.extend(texts("DashboardNames").into_iter().map(dashboard));
    named.extend(input.get("ResourceARN").text().map(|arn| match arn.split_once(":dashboard/") {
        Some((_, name)) => dashboard(name),
        None => (arn.to_owned(), alarm(arn.rsplit(':').next().unwrap_or_default()).1),
    }));
    if named.is_empty() {
        named.push(if operation == "DescribeAlarms" { alarm("*") } else { ("*".to_owned(), Vec::new()) });
    }
    let given = requested(input.get(if operation == "UntagResource" { "TagKeys" } else { "Tags" }));
    let action = format!("cloudwatch:{operation}");
    let ask = |(arn, tags): (String, Told)| Ask::new(&action, arn).told(tags).told(given.clone());
    let mut asks: Vec<Ask> = named.into_iter().map(ask).collect();
    if operation.starts_with("Put") && !given.is_empty() {
        asks.push(Ask::new("cloudwatch:TagResource", asks[0].resource.clone()).told(given));
    }
    asks
}
