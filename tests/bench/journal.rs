//! What the journal alone costs: operations as a run writes them, into an SQLite file on this disk.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use fathuss_model::{Address, Datum};
use fathuss_state::{
    Action, Backend, Begun, Entry, Holder, Identity, OperationId, Origin, ResourceRecord, Settled, Sqlite, StateError,
    Store,
};

/// How many operations are under way at once, as in a run.
const AT_ONCE: usize = 512;

/// Seconds that so many independent creations take: `begun`, `identified` and `settled` of each durable, those that are
/// under way at once in one write.
pub fn seconds(folder: &Path, count: usize) -> Result<f64, StateError> {
    let mut state = Sqlite::open(&folder.join("journal.db"), 0)?;
    let holder = Holder {
        id: "bench".to_owned(),
        who: "bench".to_owned(),
        pid: std::process::id(),
        command: "bench".to_owned(),
        since_ms: 0,
        origin: Origin::default(),
        part: None,
    };
    state.lock(&holder, 0)?;
    let began = Instant::now();
    state.begin_run("apply", &[], 0)?;
    let first = state.reserve_operations(u32::try_from(count).unwrap_or(u32::MAX))?.0;
    let operations: Vec<(OperationId, Address)> = (first..)
        .take(count)
        .filter_map(|number| {
            let address = Address::new("bench", "aws_subnet", &format!("s{number}"), None).ok()?;
            Some((OperationId(number), address))
        })
        .collect();
    for group in operations.chunks(AT_ONCE) {
        let entries = |entry: &dyn Fn(&(OperationId, Address)) -> Entry| group.iter().map(entry).collect::<Vec<_>>();
        state.append(&entries(&|(operation, address)| Entry::Begun(Box::new(begun(*operation, address)))))?;
        state.append(&entries(&|(operation, _)| Entry::Identified {
            operation: *operation,
            identity: identity(*operation),
        }))?;
        state.append(&entries(&|(operation, address)| {
            let outcome = Settled::Present(Box::new(record(*operation, address)));
            Entry::Settled { operation: *operation, outcome }
        }))?;
    }
    Ok(began.elapsed().as_secs_f64())
}

fn identity(operation: OperationId) -> Identity {
    Identity(format!("subnet-{:017x}", operation.0))
}

/// What a subnet has.
fn attributes(operation: OperationId) -> BTreeMap<String, Datum> {
    let tags = BTreeMap::from([("Environment".to_owned(), "bench"), ("ManagedBy".to_owned(), "fathuss")]);
    BTreeMap::from([
        ("cidr_block".to_owned(), Datum::from("10.0.0.0/24")),
        ("vpc_id".to_owned(), Datum::from("vpc-0a1b2c3d4e5f60718")),
        ("availability_zone".to_owned(), Datum::from("us-east-1a")),
        ("id".to_owned(), Datum::from(identity(operation).0.as_str())),
        ("tags".to_owned(), Datum::from(tags)),
    ])
}

fn begun(operation: OperationId, address: &Address) -> Begun {
    Begun {
        operation,
        address: address.clone(),
        action: Action::Create,
        region: "us-east-1".to_owned(),
        account: "111122223333".to_owned(),
        generation: 0,
        token: format!("{:032x}", operation.0),
        identity: None,
        request: attributes(operation),
        depends_on: Vec::new(),
        prevent_destroy: false,
        at_ms: 0,
    }
}

fn record(operation: OperationId, address: &Address) -> ResourceRecord {
    ResourceRecord {
        address: address.clone(),
        region: "us-east-1".to_owned(),
        account: "111122223333".to_owned(),
        identity: identity(operation),
        attributes: attributes(operation),
        generation: 0,
        depends_on: Vec::new(),
        prevent_destroy: false,
        unsettled: false,
    }
}
