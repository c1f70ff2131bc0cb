//! The states of alarms: what an alarm finds when it looks, and what it is told to be in.

use serde::{Deserialize, Serialize};

use super::alarm::MetricAlarm;
use super::alarm_history::{self, Kind};
use super::missing;
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("SetAlarmState", set),
    ("EnableAlarmActions", |tx, input| enable(tx, input, true)),
    ("DisableAlarmActions", |tx, input| enable(tx, input, false)),
];

/// An alarm looks every minute.
pub(super) const SPANS: &[Span] = &[Span::new("cloudwatch.alarm.evaluation", 30.0, 60.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] =
    &[("cloudwatch.alarm.evaluated", |tx, pending| evaluate(tx, &pending.subject))];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "cloudwatch.alarm.reason",
    "a reason's data is JSON",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html",
)];

/// How missing data is treated.
pub(super) const TREATMENTS: &[&str] = &["breaching", "notBreaching", "ignore", "missing"];

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// All is well.
    Ok,
    /// It is not.
    Alarm,
    /// There is nothing to tell it by.
    InsufficientData,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            State::Ok => "OK",
            State::Alarm => "ALARM",
            State::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    fn read(word: &str) -> State {
        match word {
            "OK" => State::Ok,
            "ALARM" => State::Alarm,
            _ => State::InsufficientData,
        }
    }
}

/// Looks at the metric, of which nothing is known: the alarm says what that means.
fn evaluate(tx: &mut Tx<'_>, name: &str) {
    let Some(alarm) = tx.get::<MetricAlarm>(name).cloned() else { return };
    let periods = alarm.settings.get("EvaluationPeriods").integer().unwrap_or(1);
    let plural = if periods == 1 { "" } else { "s" };
    let crossed = |treated: &str| {
        let was = if periods == 1 { "was" } else { "were" };
        format!(
            "Threshold Crossed: no datapoints were received for {periods} period{plural} and {periods} missing \
             datapoint{plural} {was} treated as [{treated}]."
        )
    };
    let (state, reason) = match alarm.settings.get("TreatMissingData").text() {
        Some("breaching") => (State::Alarm, crossed("Breaching")),
        Some("notBreaching") => (State::Ok, crossed("NonBreaching")),
        Some("ignore") => return,
        _ => {
            let was = if periods == 1 { "was" } else { "were" };
            (State::InsufficientData, format!("Insufficient Data: {periods} datapoint{plural} {was} unknown."))
        }
    };
    change(tx, alarm, state, reason, None);
}

/// Brings an alarm into a state, and notes it where that is another one.
fn change(tx: &mut Tx<'_>, mut alarm: MetricAlarm, state: State, reason: String, data: Option<String>) {
    let before = alarm.state;
    if before == state && data.is_none() && tx.operation() == "cloudwatch.alarm.evaluated" {
        return;
    }
    let now = tx.now();
    (alarm.state, alarm.reason, alarm.reason_data, alarm.state_updated) = (state, reason, data, now);
    if before != state {
        alarm.transitioned = now;
        let summary = format!("Alarm updated from {} to {}", before.word(), state.word());
        alarm_history::note(tx, &alarm, Kind::StateUpdate, &summary);
    }
    tx.put(alarm);
}

/// A state that an alarm is told lasts until it looks again.
fn set(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("AlarmName");
    let Some(alarm) = tx.get::<MetricAlarm>(name).cloned() else { return Err(missing("")) };
    let data = input.text("StateReasonData").filter(|data| !data.is_empty());
    let sound = data.is_none_or(|data| serde_json::from_str::<serde_json::Value>(data).is_ok());
    // The code is declared; no source has the words.
    tx.enforce("cloudwatch.alarm.reason", sound, || {
        Refusal::new("InvalidFormat", "Data was not syntactically valid JSON.")
    })?;
    let state = State::read(input.required("StateValue"));
    change(tx, alarm, state, input.required("StateReason").to_owned(), data.map(str::to_owned));
    tx.cancel("cloudwatch.alarm", name);
    tx.transition("cloudwatch.alarm.evaluation", "cloudwatch.alarm.evaluated", name);
    Ok(Value::Record(Record::new()))
}

/// Names of alarms that are not there are passed over.
fn enable(tx: &mut Tx<'_>, input: &Input<'_>, enabled: bool) -> Result<Value, Refusal> {
    for name in input.texts("AlarmNames") {
        let Some(mut alarm) = tx.get::<MetricAlarm>(name).cloned() else { continue };
        alarm.settings.set("ActionsEnabled", enabled);
        alarm.updated = tx.now();
        alarm_history::note(tx, &alarm, Kind::ConfigurationUpdate, &format!("Alarm \"{name}\" updated"));
        tx.put(alarm);
    }
    Ok(Value::Record(Record::new()))
}
