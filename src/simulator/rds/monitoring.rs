//! Enhanced monitoring and Performance Insights.

use serde::{Deserialize, Serialize};

use super::arn;
use crate::datastore::{invalid_combination, invalid_value, key};
use crate::iam::trust::{self, Flaw};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::world::Tx;

const ENHANCED: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html";
const ADVANCED: &str =
    "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DatabaseInsights.TurningOnAdvanced.html";
const INSIGHTS: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PerfInsights.Overview.cost.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.monitoring.interval", "the interval is 0, 1, 5, 10, 15, 30 or 60 seconds", ENHANCED),
    Rule::new("rds.monitoring.role", "an interval needs a role, and a role an interval", ENHANCED),
    Rule::new("rds.monitoring.role.exists", "the role exists and trusts the monitoring service", ENHANCED),
    Rule::new("rds.insights.retention", "insights are kept for 7 days, months of 31 days, or 731 days", INSIGHTS),
    Rule::new(
        "rds.insights.advanced",
        "the advanced mode has Performance Insights that are kept for 465 days",
        ADVANCED,
    ),
    Rule::new("rds.insights.off", "retention and key are for insights that are on", INSIGHTS),
];

/// How an instance is watched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitoring {
    /// Seconds between measurements; 0 for none.
    pub interval: i64,
    /// The role that writes them.
    pub role: Option<String>,
    /// Whether Performance Insights are on.
    pub insights: bool,
    /// The key of their data.
    pub insights_key: Option<String>,
    /// Days that they are kept.
    pub insights_days: Option<i64>,
    /// `standard` or `advanced`.
    pub mode: String,
}

/// How a request wants an instance of that name to be watched; what it does not say stays as it was.
pub(super) fn choose(
    tx: &mut Tx<'_>,
    input: &Input<'_>,
    identifier: &str,
    before: &Monitoring,
) -> Result<Monitoring, Refusal> {
    let (interval, role) = (input.integer("MonitoringInterval"), input.text("MonitoringRoleArn"));
    let wanted = interval.unwrap_or(before.interval);
    tx.enforce("rds.monitoring.interval", [0, 1, 5, 10, 15, 30, 60].contains(&wanted), || {
        invalid_value(format!("Invalid Monitoring Interval value: {wanted}. Valid values are: 0, 1, 5, 10, 15, 30, 60"))
    })?;
    let role = role.map(str::to_owned).or_else(|| before.role.clone()).filter(|_| wanted != 0 || role.is_some());
    tx.enforce("rds.monitoring.role", wanted == 0 || role.is_some(), || {
        invalid_combination(
            "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.",
        )
    })?;
    let given = input.has("MonitoringRoleArn");
    tx.enforce("rds.monitoring.role", !(given && wanted == 0), || {
        invalid_combination(
            "You must specify a MonitoringInterval value other than 0 when you specify a MonitoringRoleARN value.",
        )
    })?;
    if let Some(role) = role.as_deref().filter(|role| given && Some(*role) != before.role.as_deref()) {
        let found = trust::role_on_behalf(tx, role, "monitoring.rds.amazonaws.com", &arn(tx, "db", identifier));
        if let Err(Flaw::Unknown(key)) = &found {
            return Err(trust::unknown(key));
        }
        tx.enforce("rds.monitoring.role.exists", found.is_ok(), || {
            invalid_value(
                "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING",
            )
        })?;
    }
    let mode = input.text("DatabaseInsightsMode").unwrap_or(&before.mode).to_owned();
    let insights = input.bool("EnablePerformanceInsights").unwrap_or(before.insights);
    let (days, key) = (input.integer("PerformanceInsightsRetentionPeriod"), input.text("PerformanceInsightsKMSKeyId"));
    tx.enforce("rds.insights.off", insights || (days.is_none() && key.is_none()), || {
        invalid_combination("To change Performance Insights settings, EnablePerformanceInsights must be set to true.")
    })?;
    let kept = days.or(before.insights_days).unwrap_or(7);
    let fits = kept == 7 || kept == 731 || (kept % 31 == 0 && (31..=713).contains(&kept));
    tx.enforce("rds.insights.retention", !insights || fits, || {
        invalid_value(
            "Invalid Performance Insights retention period. Valid values are: [7, 31, 62, 93, 124, 155, 186, \
            217, 248, 279, 310, 341, 372, 403, 434, 465, 496, 527, 558, 589, 620, 651, 682, 713, 731]",
        )
    })?;
    tx.enforce("rds.insights.advanced", mode != "advanced" || (insights && kept >= 465), || {
        invalid_combination(
            "To enable the Advanced mode of Database Insights, modify your DB instance to enable Performance Insights and \
             set the retention period for Performance Insights to at least 465 days.",
        )
    })?;
    let insights_key = match (insights, &before.insights_key) {
        (false, _) => None,
        (true, Some(kept)) if key.is_none() => Some(kept.clone()),
        (true, _) => Some(key::named(tx, "rds.kms.exists", key, "aws/rds", super::instance_request::no_key)?),
    };
    Ok(Monitoring {
        interval: wanted,
        role: if wanted == 0 { None } else { role },
        insights,
        insights_key,
        insights_days: insights.then_some(kept),
        mode: if mode.is_empty() { "standard".to_owned() } else { mode },
    })
}
