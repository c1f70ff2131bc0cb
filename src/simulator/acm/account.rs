//! The account's configuration: how long before a certificate's end AWS begins to tell of it.

use serde::{Deserialize, Serialize};

use super::invalid;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("GetAccountConfiguration", get), ("PutAccountConfiguration", put)];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "acm.account.events",
    "a configuration says something, and of days at most 45",
    "https://docs.aws.amazon.com/acm/latest/APIReference/API_PutAccountConfiguration.html",
)];

/// The days where nobody has said some.
const DAYS: i64 = 45;

/// What an account has said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Days before a certificate's end.
    pub days: i64,
}

impl Row for Configuration {
    const TABLE: &'static str = "acm.account";
    fn id(&self) -> String {
        "account".to_owned()
    }
}

fn get(tx: &mut Tx<'_>, _input: &Input<'_>) -> Result<Value, Refusal> {
    let days = tx.rows::<Configuration>().next().map_or(DAYS, |kept| kept.days);
    Ok(record! { "ExpiryEvents" => record! { "DaysBeforeExpiry" => days } })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    // The same request twice leaves the same.
    let _ = input.required("IdempotencyToken");
    let days = input.record("ExpiryEvents").and_then(|events| events.integer("DaysBeforeExpiry"));
    tx.enforce("acm.account.events", days.is_some(), || invalid("Configuration for events is empty."))?;
    let days = days.unwrap_or(DAYS);
    // No source has the words.
    tx.enforce("acm.account.events", days <= DAYS, || invalid(format!("DaysBeforeExpiry has to be at most {DAYS}.")))?;
    tx.put(Configuration { days });
    Ok(Value::Record(Record::new()))
}
