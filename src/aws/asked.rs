//! Requests for tests: what the engine would ask.

use fathuss_engine::provider::{Attributes, Desired, MakeRequest, Mark, ReadRequest, Standing, UpdateRequest};
use fathuss_model::{Address, Datum};
use fathuss_state::Identity;

/// Attributes from JSON.
pub fn attributes(json: serde_json::Value) -> Attributes {
    match serde_json::from_value::<Datum>(json).unwrap() {
        Datum::Map(attributes) => attributes,
        other => panic!("{other} is no map"),
    }
}

/// To make what stands at this address.
pub fn make(address: &str, desired: serde_json::Value) -> MakeRequest {
    let address: Address = address.parse().unwrap();
    MakeRequest {
        address: address.clone(),
        region: "us-east-1".to_owned(),
        account: "111122223333".to_owned(),
        mark: Mark { lineage: "lineage-1".to_owned(), address, generation: 1 },
        token: "a".repeat(64),
        desired: Desired { attributes: attributes(desired), ..Desired::default() },
    }
}

/// What stands there.
pub fn standing(address: &str, identity: &str, desired: serde_json::Value) -> Standing {
    let request = make(address, desired);
    Standing {
        address: request.address,
        region: request.region,
        account: request.account,
        mark: request.mark,
        identity: Identity(identity.to_owned()),
        desired: request.desired,
        token: request.token,
    }
}

/// To read it.
pub fn read(address: &str, identity: &str) -> ReadRequest {
    ReadRequest {
        address: address.parse().unwrap(),
        region: "us-east-1".to_owned(),
        identity: Identity(identity.to_owned()),
        recorded: Attributes::new(),
    }
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
