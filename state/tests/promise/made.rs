//! Records to write.

use std::collections::BTreeMap;

use fathuss_model::{Address, Datum};
use fathuss_state::{
    Action, Begun, Entry, Holder, Identity, Keys, OperationId, Origin, Recipients, ResourceRecord, Settled,
};

/// 2026-01-01 00:00 UTC.
pub const NOW_MS: i64 = 1_767_225_600_000;

pub fn address(name: &str) -> Address {
    Address::new("staging", "terraform_data", name, None).expect("a word")
}

pub fn record(name: &str, identity: &str, generation: u32) -> ResourceRecord {
    ResourceRecord {
        address: address(name),
        region: "us-east-1".to_owned(),
        account: "111122223333".to_owned(),
        identity: Identity(identity.to_owned()),
        attributes: BTreeMap::from([
            ("cidr_block".to_owned(), Datum::from("10.0.0.0/16")),
            ("id".to_owned(), Datum::from(identity)),
            ("ports".to_owned(), Datum::from(vec![443_i64, 6432])),
            ("tags".to_owned(), Datum::from(BTreeMap::from([("Name".to_owned(), "größer \"1\"\n")]))),
        ]),
        generation,
        depends_on: vec![address("base")],
        prevent_destroy: false,
        unsettled: false,
    }
}

pub fn begun(operation: i64, name: &str, action: Action) -> Begun {
    Begun {
        operation: OperationId(operation),
        address: address(name),
        action,
        region: "us-east-1".to_owned(),
        account: "111122223333".to_owned(),
        generation: 0,
        token: format!("token-{operation}"),
        identity: None,
        request: BTreeMap::from([("cidr_block".to_owned(), Datum::from("10.0.0.0/16"))]),
        depends_on: vec![address("base")],
        prevent_destroy: false,
        at_ms: NOW_MS,
    }
}

pub fn begin(operation: i64, name: &str) -> Entry {
    Entry::Begun(Box::new(begun(operation, name, Action::Create)))
}

pub fn identified(operation: i64, identity: &str) -> Entry {
    Entry::Identified { operation: OperationId(operation), identity: Identity(identity.to_owned()) }
}

pub fn settled(operation: i64, outcome: Settled) -> Entry {
    Entry::Settled { operation: OperationId(operation), outcome }
}

pub fn present(operation: i64, name: &str, identity: &str) -> Entry {
    settled(operation, Settled::Present(Box::new(record(name, identity, 0))))
}

/// A holder that is this process.
pub fn holder(id: &str) -> Holder {
    Holder {
        id: id.to_owned(),
        who: "mia@build-7".to_owned(),
        pid: std::process::id(),
        command: "fathuss apply staging".to_owned(),
        since_ms: NOW_MS,
        origin: Origin::default(),
        part: None,
    }
}

/// An identity of age and its recipient: those of <https://c2sp.org/age#the-x25519-recipient-type>.
pub const MIA: (&str, &str) = (
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
);

/// A state is for Mia.
pub fn mia() -> Recipients {
    Recipients::new(&[MIA.1.to_owned()], &[]).expect("a recipient")
}

/// What Mia opens states with.
pub fn mias_keys() -> Keys {
    Keys::with_identities(MIA.0, "mia.txt").expect("an identity")
}
