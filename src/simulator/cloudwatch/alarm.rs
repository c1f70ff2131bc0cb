//! Alarms on one metric, or on what is reckoned from several: put, described and deleted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::alarm_history::{self, Kind};
use super::alarm_state::{self, State};
use super::{action, invalid, missing, paged, tags, watched};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("PutMetricAlarm", put),
    ("DescribeAlarms", describe),
    ("DescribeAlarmsForMetric", describe_for_metric),
    ("DeleteAlarms", delete),
];

const PUT: &str = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("cloudwatch.alarm.name", "a name has no control characters", PUT),
    Rule::new("cloudwatch.alarm.threshold", "an alarm has a threshold: a number, or a band of what is usual", PUT),
    Rule::new("cloudwatch.alarm.datapoints", "no more data points are wanted than are looked at", PUT),
    Rule::new("cloudwatch.alarm.missing", "what is missing breaches, does not, is ignored or is missing", PUT),
    Rule::new("cloudwatch.alarm.samples", "few samples are evaluated or ignored, of percentiles alone", PUT),
    Rule::new(
        "cloudwatch.alarm.selection",
        "alarms are described by names or by what these begin with",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html",
    ),
    Rule::new(
        "cloudwatch.alarm.quota",
        "an account has 5,000 alarms in a region",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html",
    ),
];

/// What an alarm does, by the state that it comes into.
const ACTIONS: [&str; 3] = ["OKActions", "AlarmActions", "InsufficientDataActions"];

/// An alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricAlarm {
    /// Its name.
    pub name: String,
    /// What it watches and does, by the API's names.
    pub settings: Value,
    /// When these were last put.
    pub updated: Timestamp,
    /// Its state.
    pub state: State,
    /// Why it is in it.
    pub reason: String,
    /// The same as JSON, where it was given.
    pub reason_data: Option<String>,
    /// When it was last said to be in it.
    pub state_updated: Timestamp,
    /// Since when it is in it.
    pub transitioned: Timestamp,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

impl Row for MetricAlarm {
    const TABLE: &'static str = "cloudwatch.alarm";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl MetricAlarm {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        arn(tx, &self.name)
    }

    /// What it is to do in a state.
    pub(crate) fn actions(&self) -> impl Iterator<Item = &str> {
        ACTIONS.into_iter().flat_map(|list| self.settings.get(list).list()).filter_map(Value::text)
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let mut shown = self.settings.clone();
        for (name, value) in [
            ("AlarmName", Value::from(&self.name)),
            ("AlarmArn", Value::from(self.arn(tx))),
            ("AlarmConfigurationUpdatedTimestamp", Value::from(self.updated)),
            ("StateValue", Value::from(self.state.word())),
            ("StateReason", Value::from(&self.reason)),
            ("StateReasonData", Value::from(&self.reason_data)),
            ("StateUpdatedTimestamp", Value::from(self.state_updated)),
            ("StateTransitionedTimestamp", Value::from(self.transitioned)),
        ] {
            shown.set(name, value);
        }
        shown
    }
}

/// The ARN of the alarm of that name.
pub(crate) fn arn(tx: &Tx<'_>, name: &str) -> String {
    format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", tx.region(), tx.account())
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("AlarmName");
    // No source has the words.
    tx.enforce("cloudwatch.alarm.name", !name.chars().any(|letter| letter.is_ascii_control()), || {
        invalid("AlarmName must not contain ASCII control characters")
    })?;
    let watches = watched::check(tx, input)?;
    let periods = input.integer("EvaluationPeriods").unwrap_or(1);
    watched::check_range(tx, watches.period, periods)?;
    threshold(tx, input)?;
    // <https://github.com/hashicorp/terraform/issues/24070> has the words.
    let wanted = input.integer("DatapointsToAlarm");
    tx.enforce("cloudwatch.alarm.datapoints", wanted.is_none_or(|wanted| wanted <= periods), || {
        invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    })?;
    one_of(tx, input, "cloudwatch.alarm.missing", "TreatMissingData", alarm_state::TREATMENTS)?;
    one_of(tx, input, "cloudwatch.alarm.samples", "EvaluateLowSampleCountPercentile", &["evaluate", "ignore"])?;
    let samples = !input.has("EvaluateLowSampleCountPercentile") || watches.percentile;
    // No source has the words.
    tx.enforce("cloudwatch.alarm.samples", samples, || {
        invalid("EvaluateLowSampleCountPercentile is valid only for percentile statistics")
    })?;
    action::check(tx, input, &watches)?;
    let given = tags::read(tx, input)?;
    tags::within(tx, &given)?;
    let known = tx.get::<MetricAlarm>(name).cloned();
    if known.is_none() {
        let most = tx.quota("cloudwatch.alarms");
        // The code is declared; no source has the words.
        tx.enforce("cloudwatch.alarm.quota", tx.count::<MetricAlarm>() < most, || {
            Refusal::new("LimitExceeded", "The maximum limit of alarms has been reached.")
        })?;
    }
    keep(tx, name, settings(input), given);
    Ok(Value::Record(Record::new()))
}

/// Makes an alarm with these settings, or puts them in place of those that it has. What is put again keeps its state,
/// and the tags that it has.
pub(crate) fn keep(tx: &mut Tx<'_>, name: &str, settings: Value, tags: Vec<(String, String)>) {
    let known = tx.get::<MetricAlarm>(name).cloned();
    let now = tx.now();
    let fresh = known.is_none();
    let mut alarm = known.unwrap_or_else(|| MetricAlarm {
        name: name.to_owned(),
        settings: Value::Absent,
        updated: now,
        state: State::InsufficientData,
        reason: "Unchecked: Initial alarm creation".to_owned(),
        reason_data: None,
        state_updated: now,
        transitioned: now,
        tags,
    });
    (alarm.settings, alarm.updated) = (settings, now);
    let summary = format!("Alarm \"{name}\" {}", if fresh { "created" } else { "updated" });
    alarm_history::note(tx, &alarm, Kind::ConfigurationUpdate, &summary);
    tx.cancel("cloudwatch.alarm", name);
    tx.transition("cloudwatch.alarm.evaluation", "cloudwatch.alarm.evaluated", name);
    tx.put(alarm);
}

/// Takes an alarm away, and says whether it was there.
pub(crate) fn drop(tx: &mut Tx<'_>, name: &str) -> bool {
    let Some(alarm) = tx.remove::<MetricAlarm>(name) else { return false };
    tx.cancel("cloudwatch.alarm", name);
    alarm_history::note(tx, &alarm, Kind::ConfigurationUpdate, &format!("Alarm \"{name}\" deleted"));
    true
}

/// Takes an action away from all alarms that have it, which stay.
pub(crate) fn drop_action(tx: &mut Tx<'_>, action: &str) {
    let having = tx.rows::<MetricAlarm>().filter(|alarm| alarm.actions().any(|own| own == action));
    for mut alarm in having.cloned().collect::<Vec<_>>() {
        for list in ACTIONS {
            let kept = alarm.settings.get(list).list().iter().filter(|own| own.text() != Some(action));
            let kept = Value::List(kept.cloned().collect());
            alarm.settings.set(list, kept);
        }
        alarm.updated = tx.now();
        tx.put(alarm);
    }
}

fn one_of(tx: &Tx<'_>, input: &Input<'_>, rule: &str, member: &str, known: &[&str]) -> Result<(), Refusal> {
    let given = input.text(member);
    // No source has the words.
    tx.enforce(rule, given.is_none_or(|given| known.contains(&given)), || {
        invalid(format!("{member} must be one of [{}]", known.join(", ")))
    })
}

/// An alarm on a number has a threshold; one on a band names the band and compares with its edges.
fn threshold(tx: &Tx<'_>, input: &Input<'_>) -> Result<(), Refusal> {
    let rule = "cloudwatch.alarm.threshold";
    let operator = input.text("ComparisonOperator");
    tx.enforce(rule, operator.is_some(), || invalid("ComparisonOperator must not be null"))?;
    tx.enforce(rule, input.integer("EvaluationPeriods").is_some(), || invalid("EvaluationPeriods must not be null"))?;
    let of_band = ["LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"];
    let of_band = operator.is_some_and(|operator| of_band.contains(&operator));
    let number = input.has("Threshold");
    if matches!(input.whole("Threshold"), Value::Float(threshold) if !threshold.is_finite()) {
        return Err(Refusal::not_simulated("an alarm whose threshold is no finite number"));
    }
    let Some(band) = input.text("ThresholdMetricId") else {
        tx.enforce(rule, number, || invalid("Threshold must not be null"))?;
        // No source has the words for these.
        return tx.enforce(rule, !of_band, || {
            invalid("The comparison operator is valid only for alarms based on anomaly detection models")
        });
    };
    tx.enforce(rule, !number, || invalid("Threshold should not be set if ThresholdMetricId is set."))?;
    tx.enforce(rule, of_band, || {
        invalid("The comparison operator is not valid for alarms based on anomaly detection models")
    })?;
    let is_band = |metric: &Value| {
        metric.get("Id").text() == Some(band)
            && metric.get("Expression").text().is_some_and(|text| text.contains("ANOMALY_DETECTION_BAND"))
    };
    tx.enforce(rule, input.whole("Metrics").list().iter().any(is_band), || {
        invalid("ThresholdMetricId must be the ID of an ANOMALY_DETECTION_BAND function in Metrics")
    })
}

/// The settings of an alarm as they are shown, those that were not given left out, but for lists and for whether it
/// does anything.
fn settings(input: &Input<'_>) -> Value {
    let mut kept = Record::new();
    for name in [
        "AlarmDescription",
        "MetricName",
        "Namespace",
        "Statistic",
        "ExtendedStatistic",
        "Period",
        "Unit",
        "EvaluationPeriods",
        "DatapointsToAlarm",
        "Threshold",
        "ComparisonOperator",
        "TreatMissingData",
        "EvaluateLowSampleCountPercentile",
        "ThresholdMetricId",
    ] {
        let value = input.whole(name);
        if !value.is_absent() && value.text() != Some("") {
            kept.insert(name.to_owned(), value.clone());
        }
    }
    for name in ["OKActions", "AlarmActions", "InsufficientDataActions", "Dimensions"] {
        kept.insert(name.to_owned(), Value::List(input.whole(name).list().to_vec()));
    }
    kept.insert("ActionsEnabled".to_owned(), Value::from(input.bool("ActionsEnabled").unwrap_or(true)));
    let metrics = input.whole("Metrics").list();
    if !metrics.is_empty() {
        let shown = metrics.iter().map(|metric| {
            let mut shown = metric.clone();
            // Whether a query is the one that counts is always said.
            shown.set("ReturnData", metric.get("ReturnData").bool().unwrap_or(true));
            shown
        });
        kept.insert("Metrics".to_owned(), Value::List(shown.collect()));
    }
    Value::Record(kept)
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (names, prefix) = (input.texts("AlarmNames"), input.text("AlarmNamePrefix"));
    // No source has the words.
    tx.enforce("cloudwatch.alarm.selection", names.is_empty() || prefix.is_none(), || {
        invalid("AlarmNamePrefix and AlarmNames can not be used together")
    })?;
    let kinds = input.texts("AlarmTypes");
    let (state, action) = (input.text("StateValue"), input.text("ActionPrefix"));
    // Other kinds of alarms are not simulated, so there are none.
    let of_metrics = kinds.is_empty() || kinds.contains(&"MetricAlarm");
    let wanted = |alarm: &&MetricAlarm| {
        of_metrics
            && (names.is_empty() || names.contains(&alarm.name.as_str()))
            && prefix.is_none_or(|prefix| alarm.name.starts_with(prefix))
            && state.is_none_or(|state| alarm.state.word() == state)
            && action.is_none_or(|action| alarm.actions().any(|own| own.starts_with(action)))
    };
    let items = tx.rows::<MetricAlarm>().filter(wanted).map(|alarm| (alarm.name.clone(), alarm.view(tx))).collect();
    let page = paged(tx, input, items, input.integer("MaxRecords").unwrap_or(50))?;
    Ok(record! {
        "CompositeAlarms" => Vec::<Value>::new(),
        "MetricAlarms" => page.items,
        "NextToken" => page.next,
    })
}

fn describe_for_metric(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let sorted = |dimensions: &Value| {
        let pair =
            |one: &Value| (one.get("Name").text().map(str::to_owned), one.get("Value").text().map(str::to_owned));
        let mut pairs: Vec<_> = dimensions.list().iter().map(pair).collect();
        pairs.sort();
        pairs
    };
    let dimensions = sorted(input.whole("Dimensions"));
    let given: Vec<(&str, &Value)> = ["MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit"]
        .into_iter()
        .map(|member| (member, input.whole(member)))
        .filter(|(_, value)| !value.is_absent())
        .collect();
    let wanted = |alarm: &&MetricAlarm| {
        given.iter().all(|(member, value)| alarm.settings.get(member) == *value)
            && sorted(alarm.settings.get("Dimensions")) == dimensions
    };
    let alarms: Vec<Value> = tx.rows::<MetricAlarm>().filter(wanted).map(|alarm| alarm.view(tx)).collect();
    Ok(record! { "MetricAlarms" => alarms })
}

/// Of several alarms those that are there are deleted, whatever the others are.
fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let names = input.texts("AlarmNames");
    let mut deleted = 0;
    for name in &names {
        deleted += usize::from(drop(tx, name));
    }
    if deleted == 0 && !names.is_empty() {
        return Err(missing(""));
    }
    Ok(Value::Record(Record::new()))
}
