//! `aws_cloudwatch_metric_alarm`: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html>

use std::collections::BTreeMap;

use super::form;
use crate::check::{Findings, Part, View};
use crate::{Arn, Computed, Datum, Decimal, Id, Tags, Value, words};

words! {
    /// How a metric lies to its threshold when all is not well.
    pub enum ComparisonOperator {
        /// At it or above.
        GreaterThanOrEqualToThreshold = "GreaterThanOrEqualToThreshold",
        /// Above it.
        GreaterThanThreshold = "GreaterThanThreshold",
        /// Below it.
        LessThanThreshold = "LessThanThreshold",
        /// At it or below.
        LessThanOrEqualToThreshold = "LessThanOrEqualToThreshold",
        /// Outside of the band of what is usual.
        LessThanLowerOrGreaterThanUpperThreshold = "LessThanLowerOrGreaterThanUpperThreshold",
        /// Below that band.
        LessThanLowerThreshold = "LessThanLowerThreshold",
        /// Above that band.
        GreaterThanUpperThreshold = "GreaterThanUpperThreshold",
    }
}

words! {
    /// What is made of a period's data.
    pub enum Statistic {
        /// How much there is.
        SampleCount = "SampleCount",
        /// Their mean.
        Average = "Average",
        /// Their sum.
        Sum = "Sum",
        /// The least.
        Minimum = "Minimum",
        /// The greatest.
        Maximum = "Maximum",
    }
}

words! {
    /// What a period without data counts as.
    pub enum TreatMissingData {
        /// As missing: there is nothing to tell by.
        Missing = "missing",
        /// As nothing: the alarm stays as it is.
        Ignore = "ignore",
        /// As across the threshold.
        Breaching = "breaching",
        /// As within it.
        NotBreaching = "notBreaching",
    }
}

words! {
    /// What a percentile of few samples counts as.
    pub enum LowSampleCount {
        /// As any other.
        Evaluate = "evaluate",
        /// As nothing.
        Ignore = "ignore",
    }
}

words! {
    /// A metric's unit: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>
    pub enum MetricUnit {
        /// Seconds.
        Seconds = "Seconds",
        /// Microseconds.
        Microseconds = "Microseconds",
        /// Milliseconds.
        Milliseconds = "Milliseconds",
        /// Bytes.
        Bytes = "Bytes",
        /// Kilobytes.
        Kilobytes = "Kilobytes",
        /// Megabytes.
        Megabytes = "Megabytes",
        /// Gigabytes.
        Gigabytes = "Gigabytes",
        /// Terabytes.
        Terabytes = "Terabytes",
        /// Bits.
        Bits = "Bits",
        /// Kilobits.
        Kilobits = "Kilobits",
        /// Megabits.
        Megabits = "Megabits",
        /// Gigabits.
        Gigabits = "Gigabits",
        /// Terabits.
        Terabits = "Terabits",
        /// Hundredths.
        Percent = "Percent",
        /// How many.
        Count = "Count",
        /// Bytes a second.
        BytesPerSecond = "Bytes/Second",
        /// Kilobytes a second.
        KilobytesPerSecond = "Kilobytes/Second",
        /// Megabytes a second.
        MegabytesPerSecond = "Megabytes/Second",
        /// Gigabytes a second.
        GigabytesPerSecond = "Gigabytes/Second",
        /// Terabytes a second.
        TerabytesPerSecond = "Terabytes/Second",
        /// Bits a second.
        BitsPerSecond = "Bits/Second",
        /// Kilobits a second.
        KilobitsPerSecond = "Kilobits/Second",
        /// Megabits a second.
        MegabitsPerSecond = "Megabits/Second",
        /// Gigabits a second.
        GigabitsPerSecond = "Gigabits/Second",
        /// Terabits a second.
        TerabitsPerSecond = "Terabits/Second",
        /// How many a second.
        CountPerSecond = "Count/Second",
        /// None.
        None = "None",
    }
}

/// An alarm: it watches a metric, or what is reckoned from several, and does something when that crosses a threshold.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let topic = stack.add("alarms", SnsTopic::new());
/// let alarm = CloudwatchMetricAlarm::new(ComparisonOperator::GreaterThanThreshold, 3)
///     .alarm_description("PostgreSQL is busy")
///     .namespace("AWS/RDS")
///     .metric_name("CPUUtilization")
///     .dimensions([("DBInstanceIdentifier", "postgres")])
///     .statistic(Statistic::Average)
///     .period(300)
///     .threshold(80)
///     .treat_missing_data(TreatMissingData::NotBreaching)
///     .alarm_actions([topic.arn()])
///     .ok_actions([topic.arn()]);
/// stack.add("busy", alarm);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_cloudwatch_metric_alarm",
    service = "cloudwatch",
    creation = Name,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct CloudwatchMetricAlarm {
    /// How the metric lies to the threshold when all is not well.
    comparison_operator: Value<ComparisonOperator>,
    /// The periods that are looked at.
    #[field(min = 1)]
    evaluation_periods: Value<i64>,
    /// The name, unique in account and region.
    #[field(replace, computed, named, min_length = 1, max_length = 255)]
    alarm_name: Option<Value<String>>,
    /// What it is for.
    #[field(max_length = 1024)]
    alarm_description: Option<Value<String>>,
    /// The metric's name.
    #[field(min_length = 1, max_length = 255)]
    metric_name: Option<Value<String>>,
    /// The metric's namespace, for instance `AWS/RDS`.
    #[field(
        min_length = 1,
        max_length = 255,
        pattern = r"[^:].*",
        pattern_words = "a namespace does not begin with a colon"
    )]
    namespace: Option<Value<String>>,
    /// Of which of the metric's things it is.
    dimensions: Option<Value<BTreeMap<String, String>>>,
    /// The seconds of a period: 10, 20, 30 or a multiple of 60.
    #[field(min = 10)]
    period: Option<Value<i64>>,
    /// What is made of a period's data.
    statistic: Option<Value<Statistic>>,
    /// The same where it is a percentile or the like, for instance `p99`.
    #[field(form = form::EXTENDED_STATISTIC)]
    extended_statistic: Option<Value<String>>,
    /// The metric's unit; usually better left out.
    unit: Option<Value<MetricUnit>>,
    /// What the metric is compared with.
    threshold: Option<Value<Decimal>>,
    /// The id of the query that is a band of what is usual, which the metric is compared with instead.
    #[field(max_length = 255)]
    threshold_metric_id: Option<Value<String>>,
    /// Metrics and what is reckoned from them, in place of one metric.
    #[field(set)]
    metric_query: Option<Value<Vec<MetricQuery>>>,
    /// The periods across the threshold that ring the alarm, of those looked at; all of them where nothing is given.
    #[field(min = 1)]
    datapoints_to_alarm: Option<Value<i64>>,
    /// What a period without data counts as.
    #[field(default = "\"missing\"")]
    treat_missing_data: Option<Value<TreatMissingData>>,
    /// What a percentile of few samples counts as.
    #[field(computed)]
    evaluate_low_sample_count_percentiles: Option<Value<LowSampleCount>>,
    /// Whether anything is done.
    #[field(default = "true")]
    actions_enabled: Option<Value<bool>>,
    /// What is done when the alarm rings: ARNs of topics, of scaling policies and the like.
    #[field(set, max_length = 5, form = form::ARN)]
    alarm_actions: Option<Value<Vec<String>>>,
    /// What is done when all is well again.
    #[field(set, max_length = 5, form = form::ARN)]
    ok_actions: Option<Value<Vec<String>>>,
    /// What is done when there is nothing to tell by.
    #[field(set, max_length = 5, form = form::ARN)]
    insufficient_data_actions: Option<Value<Vec<String>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The name.
    id: Computed<Id<CloudwatchMetricAlarm>>,
    /// The ARN.
    arn: Computed<Arn<CloudwatchMetricAlarm>>,
}

/// A metric, or what is reckoned from others.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct MetricQuery {
    /// What expressions call it.
    #[field(
        min_length = 1,
        max_length = 255,
        pattern = r"[a-z][A-Za-z0-9_]*",
        pattern_words = "letters, digits and _ are taken, a small letter first"
    )]
    id: Value<String>,
    /// The account that has the metric, where it is another one.
    account_id: Option<Value<String>>,
    /// What is reckoned.
    #[field(min_length = 1, max_length = 2048)]
    expression: Option<Value<String>>,
    /// What people call it.
    label: Option<Value<String>>,
    /// The metric.
    metric: Option<Value<QueriedMetric>>,
    /// The seconds of an expression's period.
    #[field(min = 1)]
    period: Option<Value<i64>>,
    /// Whether this is what is compared with the threshold.
    #[field(default = "false")]
    return_data: Option<Value<bool>>,
}

/// The metric of a query.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct QueriedMetric {
    /// Its name.
    #[field(min_length = 1, max_length = 255)]
    metric_name: Value<String>,
    /// The seconds of a period.
    #[field(min = 1)]
    period: Value<i64>,
    /// What is made of a period's data, for instance `Average` or `p99`.
    stat: Value<String>,
    /// Its namespace.
    #[field(min_length = 1, max_length = 255)]
    namespace: Option<Value<String>>,
    /// Of which of the metric's things it is.
    dimensions: Option<Value<BTreeMap<String, String>>>,
    /// Its unit.
    unit: Option<Value<MetricUnit>>,
}

/// The members that say which one metric is watched.
const OF_ONE: &[&str] =
    &["metric_name", "namespace", "dimensions", "period", "unit", "statistic", "extended_statistic"];

fn check(alarm: &View<'_>, findings: &mut Findings<'_>) {
    if alarm.gives("metric_query") {
        for member in OF_ONE.iter().filter(|member| alarm.gives(member)) {
            findings.refuse(format!("`{member}` is of an alarm on one metric, and this one has `metric_query`"));
        }
    } else {
        for member in ["metric_name", "namespace", "period"] {
            if !alarm.gives(member) {
                findings.refuse(format!("an alarm on one metric wants `{member}`; one on several has `metric_query`"));
            }
        }
        if alarm.gives("statistic") == alarm.gives("extended_statistic") {
            findings.refuse("an alarm on one metric has either `statistic` or `extended_statistic`");
        }
    }
    let period = alarm.integer("period");
    if period.is_some_and(|period| ![10, 20, 30].contains(&period) && period % 60 != 0) {
        findings.refuse("`period` is 10, 20, 30 or a multiple of 60");
    }
    let periods = alarm.integer("evaluation_periods").unwrap_or(1);
    if let Some(period) = period {
        let most = if period < 3_600 { 86_400 } else { 604_800 };
        if period.saturating_mul(periods) > most {
            findings.refuse(format!(
                "CloudWatch looks back {most} seconds at most: {periods} periods of {period} seconds are more"
            ));
        }
    }
    if alarm.integer("datapoints_to_alarm").is_some_and(|wanted| wanted > periods) {
        findings.refuse("`datapoints_to_alarm` is no more than `evaluation_periods`");
    }
    if alarm.gives("threshold") == alarm.gives("threshold_metric_id") {
        findings.refuse("an alarm has either `threshold` or `threshold_metric_id`");
    }
    let bands = ["LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"];
    let of_band = alarm.text("comparison_operator").is_some_and(|operator| bands.contains(&operator));
    if of_band != alarm.gives("threshold_metric_id") {
        findings.refuse("`threshold_metric_id` goes with a comparison with a band, and with no other");
    }
    if alarm.text("threshold").is_some_and(|text| text.parse::<f64>().is_ok_and(|number| !number.is_finite())) {
        findings.refuse("`threshold` is a number");
    }
    check_samples(alarm, findings);
    check_dimensions(alarm.part("dimensions"), findings);
    check_queries(alarm, findings);
    for field in ["alarm_actions", "ok_actions", "insufficient_data_actions"] {
        check_actions(alarm, field, findings);
    }
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>
fn check_dimensions(dimensions: Option<Part<'_>>, findings: &mut Findings<'_>) {
    for (name, value) in dimensions.map(Part::entries).unwrap_or_default() {
        if name.is_empty() {
            findings.refuse("a dimension has a name");
        }
        if value.literal().and_then(Datum::as_str).is_some_and(str::is_empty) {
            findings.refuse(format!("the dimension {name:?} has a value"));
        }
    }
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html>
fn check_queries(alarm: &View<'_>, findings: &mut Findings<'_>) {
    const STATISTICS: &[&str] = &["SampleCount", "Average", "Sum", "Minimum", "Maximum"];
    let queries = alarm.part("metric_query").map(Part::items).unwrap_or_default();
    if queries.is_empty() {
        return;
    }
    let ids: Vec<&str> = queries.iter().filter_map(|query| query.text("id")).collect();
    let all_known = ids.len() == queries.len();
    for (at, id) in ids.iter().enumerate() {
        if ids[..at].contains(id) {
            findings.refuse(format!("`metric_query` names {id} twice"));
        }
    }
    for query in &queries {
        let id = query.text("id").unwrap_or("a query");
        if query.at("metric").is_some() == query.at("expression").is_some() {
            findings.refuse(format!("{id} has either `metric` or `expression`"));
        }
        let periods = ["metric.period", "period"].into_iter().filter_map(|field| query.integer(field));
        for period in periods.filter(|period| ![1, 5, 10, 20, 30].contains(period) && period % 60 != 0) {
            findings.refuse(format!("the `period` of {id} is {period}; it is 1, 5, 10, 20, 30 or a multiple of 60"));
        }
        if let Some(statistic) = query.text("metric.stat")
            && !STATISTICS.contains(&statistic)
            && !form::EXTENDED_STATISTIC.fits(statistic)
        {
            findings.refuse(format!(
                "the `stat` of {id} is {statistic}; it is one of {} or p99 or the like",
                STATISTICS.join(", ")
            ));
        }
        check_dimensions(query.at("metric.dimensions"), findings);
        for name in query.text("expression").map(names_in).unwrap_or_default() {
            if all_known && !ids.contains(&name) {
                findings.refuse(format!(
                    "the `expression` of {id} speaks of {name}, and the queries are {}",
                    ids.join(", ")
                ));
            }
        }
    }
    let band = alarm.gives("threshold_metric_id");
    if let Some(id) = alarm.text("threshold_metric_id")
        && all_known
        && !ids.contains(&id)
    {
        findings.refuse(format!("`threshold_metric_id` is {id}, and the queries are {}", ids.join(", ")));
    }
    let counts = |query: &Part<'_>| match query.at("return_data") {
        None => Some(false),
        Some(given) => given.literal().and_then(Datum::as_bool),
    };
    if let Some(counting) = queries.iter().map(counts).collect::<Option<Vec<_>>>() {
        let counting = counting.into_iter().filter(|it| *it).count();
        // A band counts as well as what is compared with it.
        if counting != 1 && !(band && counting == 2) {
            findings.refuse(format!(
                "one query is what is compared with the threshold: {counting} have `return_data(true)`"
            ));
        }
    }
}

/// The ids that an expression speaks of: they begin with a small letter, and functions are called.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>
fn names_in(expression: &str) -> Vec<&str> {
    // These have a language of their own.
    let foreign = expression.trim_start().get(..6).is_some_and(|start| start.eq_ignore_ascii_case("SELECT"));
    if foreign || expression.contains("INSIGHT_RULE_METRIC") {
        return Vec::new();
    }
    let (mut names, mut rest) = (Vec::new(), expression);
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        if first == '"' || first == '\'' {
            rest = after.split_once(first).map_or("", |(_, behind)| behind);
        } else if first.is_alphanumeric() || first == '_' {
            let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.';
            let (word, behind) = rest.split_at(rest.find(|letter| !is_part(letter)).unwrap_or(rest.len()));
            let is_name = first.is_ascii_lowercase() && !["and", "or", "not"].contains(&word) && !word.contains('.');
            if is_name && !behind.trim_start().starts_with('(') && !names.contains(&word) {
                names.push(word);
            }
            rest = behind;
        } else {
            rest = after;
        }
    }
    names
}

/// What alarms can do, by its service:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
const DOERS: &[&str] = &["aiops", "automate", "autoscaling", "lambda", "sns", "ssm", "ssm-incidents", "swf"];

fn check_actions(alarm: &View<'_>, field: &str, findings: &mut Findings<'_>) {
    let own = alarm.node().region.as_str();
    for action in alarm.part(field).map(Part::items).unwrap_or_default() {
        if let Some(topic) = alarm.referred(action).filter(|node| node.node().address.kind() == "aws_sns_topic") {
            let region = &topic.node().region;
            if region != own {
                findings.refuse(format!(
                    "{} is a topic of {region}, and an alarm of {own} tells those of {own}",
                    topic.named()
                ));
            }
        }
        let Some(arn) = action.literal().and_then(Datum::as_str).filter(|arn| form::ARN.fits(arn)) else { continue };
        let parts: Vec<&str> = arn.split(':').collect();
        let (service, region) = (parts[2], parts[3]);
        if !DOERS.contains(&service) {
            findings.refuse(format!(
                "`{field}` has {arn}: an alarm does nothing of {service}, but of {}",
                DOERS.join(", ")
            ));
        } else if !region.is_empty() && region != own {
            findings
                .refuse(format!("`{field}` has {arn}, which lies in {region}: an alarm of {own} does what lies there"));
        }
    }
}

/// Few samples are a matter of percentiles alone:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html>
fn check_samples(alarm: &View<'_>, findings: &mut Findings<'_>) {
    if !alarm.gives("evaluate_low_sample_count_percentiles") {
        return;
    }
    let is_percentile = |statistic: Option<Part<'_>>| match statistic.map(Part::literal) {
        None => false,
        Some(None) => true,
        Some(Some(literal)) => literal.as_str().is_some_and(|text| text.starts_with(['p', 'P']) && !text.contains('(')),
    };
    let queries = alarm.part("metric_query").map(Part::items).unwrap_or_default();
    let queried = queries.iter().any(|query| is_percentile(query.at("metric.stat")));
    if !queried && !is_percentile(alarm.part("extended_statistic")) {
        findings.refuse("`evaluate_low_sample_count_percentiles` is of percentiles: it wants `extended_statistic` `p99` or the like");
    }
}
