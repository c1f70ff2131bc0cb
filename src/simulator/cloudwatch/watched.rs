//! What an alarm watches: one metric with its statistic, or a list of metrics with what is reckoned from them.

use super::invalid;
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::Value;
use crate::world::Tx;

const PUT: &str = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("cloudwatch.alarm.metric", "an alarm is on one metric or on a list of queries, and not on both", PUT),
    Rule::new("cloudwatch.alarm.statistic", "a metric has one statistic, of the usual or of the extended ones", PUT),
    Rule::new("cloudwatch.alarm.period", "a period is 10, 20 or 30 seconds or a multiple of 60", PUT),
    Rule::new("cloudwatch.alarm.range", "an alarm looks back a day, or a week in hours", PUT),
    Rule::new("cloudwatch.alarm.dimensions", "a metric has each dimension once", PUT),
    Rule::new(
        "cloudwatch.alarm.queries",
        "queries have ids of their own, a metric or an expression, and one of them is what counts",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html",
    ),
];

/// What is watched, as far as the rest of an alarm depends on it.
pub(super) struct Watched {
    /// The longest period.
    pub(super) period: i64,
    /// Whether it is a percentile.
    pub(super) percentile: bool,
    /// Whether it is of one machine.
    pub(super) of_instance: bool,
    /// Whether it is compared with a band of what is usual.
    pub(super) band: bool,
}

/// The members that say which metric is watched.
const OF_ONE: &[&str] = &["MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic"];

/// Refuses what can't be watched.
///
/// # Errors
/// In that case.
pub(super) fn check(tx: &Tx<'_>, input: &Input<'_>) -> Result<Watched, Refusal> {
    let rule = "cloudwatch.alarm.metric";
    let queries = input.whole("Metrics").list();
    if !queries.is_empty() {
        // <https://github.com/aws-cloudformation/cfn-lint/issues/766> has the words.
        for member in OF_ONE {
            let given = match input.whole(member) {
                Value::List(items) => !items.is_empty(),
                value => !value.is_absent() && value.text() != Some(""),
            };
            tx.enforce(rule, !given, || invalid(format!("{member} should not be set if list of Metrics is set.")))?;
        }
        return check_queries(tx, queries, input.has("ThresholdMetricId"));
    }
    // <https://github.com/aws-cloudformation/cfn-lint/pull/771> has the words for the metric's name.
    for member in ["MetricName", "Namespace", "Period"] {
        tx.enforce(rule, input.has(member), || invalid(format!("{member} must not be null")))?;
    }
    let (usual, extended) = (input.text("Statistic"), input.text("ExtendedStatistic"));
    let rule = "cloudwatch.alarm.statistic";
    // No source has the words for none and for both.
    tx.enforce(rule, usual.is_some() || extended.is_some(), || {
        invalid("Either Statistic or ExtendedStatistic must be specified")
    })?;
    tx.enforce(rule, usual.is_none() || extended.is_none(), || {
        invalid("Statistic and ExtendedStatistic can not be specified together")
    })?;
    tx.enforce(rule, extended.is_none_or(is_extended), || {
        invalid(format!("The value {} for parameter ExtendedStatistic is not supported.", extended.unwrap_or_default()))
    })?;
    let period = input.integer("Period").unwrap_or(60);
    check_period(tx, period, &[10, 20, 30])?;
    let dimensions = input.whole("Dimensions").list();
    check_dimensions(tx, dimensions)?;
    Ok(Watched {
        period,
        percentile: extended.is_some_and(is_percentile),
        of_instance: is_instance(dimensions),
        band: false,
    })
}

fn check_period(tx: &Tx<'_>, period: i64, short: &[i64]) -> Result<(), Refusal> {
    // <https://github.com/awsdocs/aws-cloudformation-user-guide/pull/777> has the words, from before there was 20.
    tx.enforce("cloudwatch.alarm.period", short.contains(&period) || period % 60 == 0, || {
        let short: Vec<String> = short.iter().map(i64::to_string).collect();
        invalid(format!("Period must be {} or a multiple of 60", short.join(", ")))
    })
}

/// Refuses an alarm that looks back too far.
///
/// # Errors
/// In that case.
pub(super) fn check_range(tx: &Tx<'_>, period: i64, periods: i64) -> Result<(), Refusal> {
    let (most, what) = if period < 3_600 { (86_400, "a day") } else { (604_800, "seven days") };
    tx.enforce("cloudwatch.alarm.range", period.saturating_mul(periods) <= most, || {
        invalid(format!(
            "Metrics cannot be checked across more than {what} (EvaluationPeriods * Period must be <= {most})"
        ))
    })
}

fn check_dimensions(tx: &Tx<'_>, dimensions: &[Value]) -> Result<(), Refusal> {
    let names: Vec<_> = dimensions.iter().filter_map(|one| one.get("Name").text()).collect();
    let twice = names.iter().enumerate().any(|(at, name)| names[..at].contains(name));
    // No source has the words.
    tx.enforce("cloudwatch.alarm.dimensions", !twice, || invalid("No Metric may specify the same dimension twice"))
}

fn is_instance(dimensions: &[Value]) -> bool {
    dimensions.len() == 1 && dimensions[0].get("Name").text() == Some("InstanceId")
}

/// No source has the words, but for those of how many count.
fn check_queries(tx: &Tx<'_>, queries: &[Value], band: bool) -> Result<Watched, Refusal> {
    let rule = "cloudwatch.alarm.queries";
    let mut watched = Watched { period: 0, percentile: false, of_instance: false, band };
    let mut ids: Vec<&str> = Vec::new();
    for query in queries {
        let id = query.get("Id").text().unwrap_or_default();
        let sound = id.starts_with(|first: char| first.is_ascii_lowercase())
            && id.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        tx.enforce(rule, sound, || invalid(format!("Invalid metrics list: the id {id} is invalid.")))?;
        tx.enforce(rule, !ids.contains(&id), || {
            invalid(format!("Invalid metrics list: the id {id} is used more than once."))
        })?;
        ids.push(id);
        let (metric, expression) = (query.get("MetricStat"), query.get("Expression").text());
        tx.enforce(rule, metric.is_absent() != expression.is_none(), || {
            invalid("Invalid metrics list: each element has either MetricStat or Expression.")
        })?;
        let period = metric.get("Period").integer().or_else(|| query.get("Period").integer());
        if let Some(period) = period {
            check_period(tx, period, &[1, 5, 10, 20, 30])?;
            watched.period = watched.period.max(period);
        }
        check_dimensions(tx, metric.get("Metric").get("Dimensions").list())?;
        if let Some(statistic) = metric.get("Stat").text() {
            let known = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"].contains(&statistic);
            tx.enforce("cloudwatch.alarm.statistic", known || is_extended(statistic), || {
                invalid(format!("The value {statistic} for parameter Stat is not supported."))
            })?;
            watched.percentile |= is_percentile(statistic);
            let metric = metric.get("Metric");
            let named = metric.get("MetricName").text().is_some() && metric.get("Namespace").text().is_some();
            tx.enforce(rule, named, || invalid("Invalid metrics list: a metric has a name and a namespace."))?;
        }
    }
    let metrics = queries.iter().filter(|query| !query.get("MetricStat").is_absent()).count();
    tx.enforce(rule, metrics <= 10, || invalid("Invalid metrics list: there are more than 10 metrics."))?;
    let counting = queries.iter().filter(|query| query.get("ReturnData").bool() != Some(false)).count();
    // A band is looked at as well as what is compared with it.
    tx.enforce(rule, counting == 1 || (band && counting == 2), || {
        invalid("Exactly one element of the metrics list should return data.")
    })?;
    watched.period = watched.period.max(1);
    Ok(watched)
}

fn is_percentile(statistic: &str) -> bool {
    statistic.strip_prefix('p').is_some_and(|rest| number(rest).is_some_and(|share| share <= 100.0))
}

/// A number of a statistic: digits, and some more after a dot.
fn number(text: &str) -> Option<f64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    (digits(whole) && digits(part)).then(|| text.parse().ok()).flatten()
}

/// Whether it is one of <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>.
fn is_extended(statistic: &str) -> bool {
    if statistic == "IQM" || is_percentile(statistic) {
        return true;
    }
    let shares = ["tm", "tc", "ts", "wm"].iter().find_map(|name| statistic.strip_prefix(name));
    if let Some(share) = shares {
        return number(share).is_some_and(|share| share <= 100.0);
    }
    let ranged = ["TM", "TC", "TS", "WM", "PR"].iter().find_map(|name| statistic.strip_prefix(name));
    let inner = ranged.and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')'));
    let Some((from, to)) = inner.and_then(|inner| inner.split_once(':')) else { return false };
    let bound = |text: &str| text.is_empty() || number(text.strip_suffix('%').unwrap_or(text)).is_some();
    bound(from) && bound(to) && !(from.is_empty() && to.is_empty())
}
