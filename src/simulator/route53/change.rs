//! Changes: what was asked for is first in the database, and a minute later on every name server.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::service::{Handler, Span};
use crate::value::Value;
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("GetChange", get)];

/// Within 60 seconds, usually: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html>
pub(super) const SPANS: &[Span] = &[Span::new("route53.change", 20.0, 60.0), Span::new("route53.zone", 0.1, 0.4)];

/// A change that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Its id.
    pub id: String,
    /// When it was asked for.
    pub submitted: Timestamp,
    /// When every name server has it.
    pub synced: Timestamp,
    /// What was said about it.
    pub comment: Option<String>,
}

impl Row for Change {
    const TABLE: &'static str = "route53.change";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Change {
    fn view(&self, now: Timestamp) -> Value {
        record! {
            "Id" => format!("/change/{}", self.id),
            "Status" => if self.synced <= now { "INSYNC" } else { "PENDING" },
            "SubmittedAt" => self.submitted,
            "Comment" => &self.comment,
        }
    }
}

/// Changes of an account that are remembered. AWS says no number; a world that lives long does not grow with them.
const REMEMBERED: usize = 10_000;

/// Begins a change, and gives what answers say of it, and when it will have reached all.
pub(super) fn begin(tx: &mut Tx<'_>, subject: &str, comment: Option<&str>) -> (Value, Timestamp) {
    let id = format!("C{}", tx.capitals(20));
    let wait = tx.draw("route53.change", subject);
    let synced = tx.now().checked_add(wait).unwrap_or(Timestamp::MAX);
    let change = Change { id, submitted: tx.now(), synced, comment: comment.map(str::to_owned) };
    let view = change.view(tx.now());
    tx.put(change);
    if usize::try_from(tx.count::<Change>()).is_ok_and(|count| count > REMEMBERED) {
        let oldest = tx.rows::<Change>().min_by_key(|change| change.submitted).map(Row::id);
        if let Some(oldest) = oldest {
            tx.remove::<Change>(&oldest);
        }
    }
    (view, synced)
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let given = input.required("Id");
    let id = given.strip_prefix("/change/").unwrap_or(given);
    let change = tx
        .get::<Change>(id)
        .ok_or_else(|| Refusal::new("NoSuchChange", format!("Could not find resource with ID: {id}")))?;
    Ok(record! { "ChangeInfo" => change.view(tx.now()) })
}
