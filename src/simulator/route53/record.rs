//! Record sets: what a zone answers for a name and a type.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::name::{Name, order};
use super::page_size;
use super::zone::find;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("ListResourceRecordSets", list)];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "route53.record.start",
    "a list begins at a name, at a type of a name, or at an identifier of both",
    "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html",
)];

/// A record set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordSet {
    /// The zone's id.
    pub zone: String,
    /// The name, as answers have it.
    pub name: String,
    /// The type.
    pub kind: String,
    /// What tells it from others of its name and type.
    pub set: Option<String>,
    /// How often it is chosen among these.
    pub weight: Option<i64>,
    /// What it answers.
    pub kept: Kept,
    /// When every name server has it.
    pub since: Timestamp,
}

/// What a record set answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Kept {
    /// Values of its own.
    Values {
        /// How many seconds they may be remembered.
        ttl: i64,
        /// The values.
        values: Vec<String>,
    },
    /// What another name answers.
    Alias {
        /// The zone that the other name is in.
        zone: String,
        /// The other name, as answers have it.
        name: String,
        /// Whether the other one's health counts.
        evaluate: bool,
    },
}

impl Row for RecordSet {
    const TABLE: &'static str = "route53.record";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        // Sorted as text, ids are in the order of lists. No name, type or identifier begins before a space.
        let set = self.set.as_deref().unwrap_or_default();
        format!("{}{}\u{1}{}\u{1}{set}", Self::ids_of(&self.zone), order(&self.name), self.kind)
    }
}

impl RecordSet {
    /// What the ids of a zone's record sets begin with.
    pub(super) fn ids_of(zone: &str) -> String {
        format!("{zone}\u{1}")
    }

    /// Whether another set is of the same name and type.
    pub(super) fn beside(&self, other: &RecordSet) -> bool {
        self.name == other.name && self.kind == other.kind
    }

    /// Whether what a request says of it is what it is. Values come in any order.
    pub(super) fn is(&self, other: &RecordSet) -> bool {
        let sorted = |kept: &Kept| {
            let mut kept = kept.clone();
            if let Kept::Values { values, .. } = &mut kept {
                values.sort();
            }
            kept
        };
        self.weight == other.weight && sorted(&self.kept) == sorted(&other.kept)
    }

    fn view(&self) -> Value {
        let mut view = record! {
            "Name" => &self.name,
            "Type" => &self.kind,
            "SetIdentifier" => &self.set,
            "Weight" => self.weight,
        };
        match &self.kept {
            Kept::Values { ttl, values } => {
                view.set("TTL", *ttl);
                let values: Vec<Value> = values.iter().map(|value| record! { "Value" => value }).collect();
                view.set("ResourceRecords", values);
            }
            Kept::Alias { zone, name, evaluate } => {
                let target = record! { "HostedZoneId" => zone, "DNSName" => name, "EvaluateTargetHealth" => *evaluate };
                view.set("AliasTarget", target);
            }
        }
        view
    }
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let size = page_size(tx, input, 300)?;
    let zone = find(tx, input.required("HostedZoneId"))?;
    let (name, kind) = (input.text("StartRecordName"), input.text("StartRecordType"));
    let set = input.text("StartRecordIdentifier");
    tx.enforce("route53.record.start", name.is_some() || kind.is_none(), || {
        Refusal::new("InvalidInput", "The input is not valid: a type was given without a name.")
    })?;
    tx.enforce("route53.record.start", kind.is_some() || set.is_none(), || {
        Refusal::new("InvalidInput", "The input is not valid: an identifier was given without a type.")
    })?;
    let parsed = name.map(Name::parse).transpose();
    tx.enforce("route53.name", parsed.is_ok(), || {
        Refusal::new("InvalidInput", parsed.clone().err().unwrap_or_default())
    })?;
    let start = parsed.ok().flatten().map(|name| (name.order(), kind.unwrap_or_default(), set.unwrap_or_default()));
    let under = RecordSet::ids_of(&zone.id);
    let behind = |set: &RecordSet| {
        let own = (order(&set.name), set.kind.as_str(), set.set.as_deref().unwrap_or_default());
        start.as_ref().is_some_and(|start| own < *start)
    };
    let mut sets = tx.rows_under::<RecordSet>(&under).skip_while(|set| behind(set));
    let page: Vec<Value> = sets.by_ref().take(size).map(RecordSet::view).collect();
    let next = sets.next();
    Ok(record! {
        "ResourceRecordSets" => page,
        "IsTruncated" => next.is_some(),
        "NextRecordName" => next.map(|set| set.name.as_str()),
        "NextRecordType" => next.map(|set| set.kind.as_str()),
        "NextRecordIdentifier" => next.and_then(|set| set.set.as_deref()),
        "MaxItems" => size.to_string(),
    })
}
