//! Requests for tests: what the engine would ask.

use fathuss_engine::provider::{Attributes, MakeRequest, ReadRequest, Standing, UpdateRequest};
use fathuss_model::Datum;

use crate::canned;

/// Attributes from JSON.
pub fn attributes(json: serde_json::Value) -> Attributes {
    match serde_json::from_value::<Datum>(json).unwrap() {
        Datum::Map(attributes) => attributes,
        other => panic!("{other} is no map"),
    }
}

/// To make what stands at this address.
pub fn make(address: &str, desired: serde_json::Value) -> MakeRequest {
    canned::make(address, attributes(desired))
}

/// What stands there.
pub fn standing(address: &str, identity: &str, desired: serde_json::Value) -> Standing {
    canned::standing(address, identity, attributes(desired))
}

/// To read it.
pub fn read(address: &str, identity: &str) -> ReadRequest {
    canned::read(address, identity, Attributes::new())
}

/// To change these fields of it.
pub fn change(before: serde_json::Value, changed: &[&str]) -> UpdateRequest {
    UpdateRequest { before: attributes(before), changed: changed.iter().map(|&field| field.to_owned()).collect() }
}

/// The tags that a thing of this state has, as EC2 answers them.
pub fn marked(address: &str) -> String {
    let mark = make(address, serde_json::json!({})).mark;
    let items: String = crate::mark::tags(&mark)
        .into_iter()
        .map(|(key, value)| format!("<item><key>{key}</key><value>{value}</value></item>"))
        .collect();
    format!("<tagSet>{items}</tagSet>")
}
