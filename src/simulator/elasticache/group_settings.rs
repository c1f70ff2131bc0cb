//! What requests that create or change a replication group have in common: settings with their rules.

use super::{engine, node_type};
use crate::datastore::window::{Night, Window};
use crate::datastore::{invalid_combination, invalid_value};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::world::Tx;

/// The two windows that a request asks for; what it does not say stays, or is drawn.
pub(super) fn windows(
    tx: &mut Tx<'_>,
    input: &Input<'_>,
    before: Option<(&str, &str)>,
) -> Result<(String, String), Refusal> {
    let (daily, weekly) = (input.text("SnapshotWindow"), input.text("PreferredMaintenanceWindow"));
    let form = "elasticache.window.form";
    if let Some(text) = daily {
        let window = Window::daily(text);
        tx.enforce(form, window.is_some(), || {
            invalid_value(format!("Invalid snapshot window format: {text}. Should be specified as a range hh24:mi-hh24:mi (24H Clock UTC)."))
        })?;
        tx.enforce("elasticache.window.length", window.is_none_or(|window| window.minutes() >= 60), || {
            invalid_value("Snapshot window must be at least 60 minutes.")
        })?;
    }
    if let Some(text) = weekly {
        let window = Window::weekly(text);
        tx.enforce(form, window.is_some(), || {
            invalid_value(format!("Invalid maintenance window format: {text}. Should be specified as a range ddd:hh24:mi-ddd:hh24:mi (24H Clock UTC)."))
        })?;
        // <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/maintenance-window.html> has the bounds.
        tx.enforce(
            "elasticache.window.length",
            window.is_none_or(|window| (60..=24 * 60).contains(&window.minutes())),
            || invalid_value("The maintenance window must be at least 60 minutes and at most 24 hours."),
        )?;
    }
    let daily = daily.or(before.map(|before| before.0)).map(str::to_ascii_lowercase);
    let weekly = weekly.or(before.map(|before| before.1)).map(str::to_ascii_lowercase);
    let (daily, weekly, apart) = Window::pair((daily.as_deref(), weekly.as_deref()), NIGHT, |bound| tx.below(bound));
    tx.enforce("elasticache.window.overlap", apart, || {
        invalid_value("The snapshot window and maintenance window must not overlap.")
    })?;
    Ok((daily, weekly))
}

/// ElastiCache's windows are of an hour, and begin on the hour.
const NIGHT: Night = Night { minutes: 60, step: 60, choices: 8 };

/// Refuses a node type that ElastiCache does not have.
pub(super) fn check_node_type(tx: &Tx<'_>, name: &str) -> Result<(), Refusal> {
    tx.enforce("elasticache.node_type", node_type::is_known(name), || {
        invalid_value(format!("Invalid cache node type: {name}"))
    })
}

/// How long snapshots are kept.
pub(super) fn snapshot_days(tx: &Tx<'_>, days: i64) -> Result<i64, Refusal> {
    tx.enforce("elasticache.snapshot.retention", (0..=35).contains(&days), || {
        invalid_value(format!("Invalid SnapshotRetentionLimit: {days}. It must be between 0 and 35."))
    })?;
    Ok(days)
}

/// Refuses a parameter group of another family than the version's.
pub(super) fn check_family(tx: &Tx<'_>, family: &str, version: engine::Version) -> Result<(), Refusal> {
    tx.enforce("elasticache.replication_group.parameter_family", family == version.family, || {
        invalid_combination(format!(
            "Expected a parameter group of family {} but found one of family {family}",
            version.family
        ))
    })
}

/// Refuses Multi-AZ without what it needs.
pub(super) fn check_multi_az(tx: &Tx<'_>, failover: bool, replicas: usize, zones: usize) -> Result<(), Refusal> {
    let rule = "elasticache.replication_group.multi_az";
    tx.enforce(rule, failover, || {
        invalid_combination("Must specify automatic failover enabled when Multi-AZ is enabled.")
    })?;
    tx.enforce(rule, replicas > 0, || {
        invalid_combination("Multi-AZ requires at least one replica in each node group.")
    })?;
    tx.enforce(rule, zones > 1, || {
        invalid_combination("Multi-AZ requires a cache subnet group with subnets in more than one availability zone.")
    })
}

/// The topic that a request names. Whether there is one of that name is SNS's to say, which is not simulated.
pub(super) fn topic(tx: &Tx<'_>, input: &Input<'_>) -> Result<Option<String>, Refusal> {
    let Some(arn) = input.text("NotificationTopicArn").filter(|arn| !arn.is_empty()) else { return Ok(None) };
    let parts: Vec<&str> = arn.split(':').collect();
    let is_name = |name: &str| {
        let name = name.strip_suffix(".fifo").unwrap_or(name);
        !name.is_empty()
            && name.len() <= 256
            && name.bytes().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_'))
    };
    let sound = matches!(parts[..], ["arn", _, "sns", region, account, name]
        if region == tx.region() && account == tx.account() && is_name(name));
    // In which words ElastiCache says so no one has published.
    tx.enforce("elasticache.replication_group.topic", sound, || {
        invalid_value(format!("Invalid notification topic ARN: {arn}"))
    })?;
    Ok(Some(arn.to_owned()))
}

/// Refuses users where they can't log in. The words are of no source.
pub(super) fn check_users(
    tx: &Tx<'_>,
    groups: &[String],
    in_transit: bool,
    token: bool,
    version: engine::Version,
) -> Result<(), Refusal> {
    let rule = "elasticache.replication_group.users";
    if groups.is_empty() {
        return Ok(());
    }
    tx.enforce(rule, groups.len() <= 1, || {
        invalid_combination("Only one user group can be associated with a replication group.")
    })?;
    tx.enforce(rule, in_transit, || {
        invalid_combination("User group based access control requires encryption-in-transit to be enabled.")
    })?;
    tx.enforce(rule, !token, || {
        invalid_combination("User group based access control and an AUTH token can't be used together.")
    })?;
    let major = version.text.split('.').next().and_then(|major| major.parse::<u32>().ok()).unwrap_or_default();
    tx.enforce(rule, major >= 6, || {
        invalid_combination("User group based access control is supported from engine version 6.0 on.")
    })
}

/// Refuses a token that Redis does not take.
pub(super) fn check_token(tx: &Tx<'_>, token: &str) -> Result<(), Refusal> {
    let rule = "elasticache.replication_group.auth_token";
    tx.enforce(rule, (16..=128).contains(&token.chars().count()), || {
        invalid_value("Invalid AuthToken provided. It must be between 16 and 128 characters long.")
    })?;
    let allowed = |letter: char| letter.is_ascii_graphic() && !"\"/@'\\,`|~ ".contains(letter);
    tx.enforce(rule, token.chars().all(allowed), || {
        invalid_value("Invalid AuthToken provided. It contains characters that are not allowed.")
    })
}
