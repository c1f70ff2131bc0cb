//! The journal's law: which record may follow what is already there, and what
//! each accepted record does to the rows.
//!
//! Pure, and the same for every backend: [`Journal::judge`] looks at a whole
//! group of records and either refuses it or says what it does, and
//! [`carry_out`] says what that means for [`Rows`], so that a backend only has
//! to keep rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fathuss_model::Address;

use crate::{Action, Begun, Entry, Identity, OperationId, Pending, ResourceRecord, Settled, StateError};

/// What has to be known of the past to judge the next record: the operations
/// under way, and the numbers that this run has reserved and not yet used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Journal {
    open: BTreeMap<OperationId, Open>,
    at: HashMap<Address, OperationId>,
    reserved: BTreeSet<OperationId>,
}

/// An operation that has begun and not settled.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Open {
    address: Address,
    action: Action,
    generation: u32,
    identified: Option<Identity>,
}

/// Where an operation stands when a record about it arrives.
#[derive(Clone, Copy)]
enum Standing<'a> {
    /// Its number was reserved by this run, and nothing has used it.
    Reserved,
    /// It is under way.
    Open(&'a Open),
    /// Neither: it has settled, or nobody reserved it, or an earlier run did.
    Elsewhere,
}

/// One thing that an accepted record does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect<'a> {
    /// The operation is under way from now on.
    Open(&'a Begun),
    /// It is known what the operation made.
    Identify(OperationId, &'a Identity),
    /// The operation is over.
    Close(OperationId),
    /// The row is as this says.
    Put(&'a ResourceRecord),
    /// There is no row any more.
    Remove(Address),
    /// There is no row any more; if there was one, its generation is spent.
    Drop(&'a Address),
    /// This generation is spent: the address's next one is above it, and above the one it would have been.
    Spend(Address, u32),
}

/// What judging a group of records gives: what they do, and how the journal stands after them.
#[derive(Debug)]
pub(crate) struct Accepted<'a> {
    pub(crate) effects: Vec<Effect<'a>>,
    change: Change,
}

/// How a journal stands after a group of records.
#[derive(Debug, Default)]
pub(crate) struct Change {
    operations: HashMap<OperationId, Option<Open>>,
    addresses: HashMap<Address, Option<OperationId>>,
}

/// The rows of a backend, as effects change them.
pub(crate) trait Rows {
    /// Why a row could not be read or written.
    type Trouble;

    /// The operation is under way.
    fn open(&mut self, begun: &Begun) -> Result<(), Self::Trouble>;

    /// It is known what the operation under way made.
    fn identify(&mut self, operation: OperationId, identity: &Identity) -> Result<(), Self::Trouble>;

    /// The operation is under way no more.
    fn close(&mut self, operation: OperationId) -> Result<(), Self::Trouble>;

    /// Writes a resource's row.
    fn put(&mut self, record: &ResourceRecord) -> Result<(), Self::Trouble>;

    /// Removes a resource's row, if there is one.
    fn remove(&mut self, address: &Address) -> Result<(), Self::Trouble>;

    /// The generation in a resource's row, if there is one.
    fn generation(&self, address: &Address) -> Result<Option<u32>, Self::Trouble>;

    /// The generation that the next creation takes, where it isn't 0.
    fn next_generation(&self, address: &Address) -> Result<Option<u32>, Self::Trouble>;

    /// Sets the generation that the next creation takes.
    fn set_next_generation(&mut self, address: &Address, generation: u32) -> Result<(), Self::Trouble>;
}

/// Does to the rows what an accepted record does.
pub(crate) fn carry_out<R: Rows>(effect: &Effect<'_>, rows: &mut R) -> Result<(), R::Trouble> {
    match effect {
        Effect::Open(begun) => rows.open(begun),
        Effect::Identify(operation, identity) => rows.identify(*operation, identity),
        Effect::Close(operation) => rows.close(*operation),
        Effect::Put(record) => rows.put(record),
        Effect::Remove(address) => rows.remove(address),
        Effect::Drop(address) => {
            if let Some(generation) = rows.generation(address)? {
                spend(rows, address, generation)?;
            }
            rows.remove(address)
        }
        Effect::Spend(address, generation) => spend(rows, address, *generation),
    }
}

fn spend<R: Rows>(rows: &mut R, address: &Address, generation: u32) -> Result<(), R::Trouble> {
    let next = rows.next_generation(address)?.unwrap_or_default();
    rows.set_next_generation(address, next.max(generation).saturating_add(1))
}

impl<'a> Accepted<'a> {
    /// What to hand to [`Journal::keep`] once the effects are durable.
    pub(crate) fn into_change(self) -> Change {
        self.change
    }
}

impl Journal {
    /// The journal of a run that finds these operations pending.
    pub(crate) fn resume<'a>(pending: impl IntoIterator<Item = &'a Pending>) -> Self {
        let mut journal = Self::default();
        for Pending { begun, identified } in pending {
            let open = Open { identified: identified.clone(), ..Open::of(begun) };
            journal.at.insert(begun.address.clone(), begun.operation);
            journal.open.insert(begun.operation, open);
        }
        journal
    }

    /// These numbers are this run's to use, once each.
    pub(crate) fn reserve(&mut self, first: OperationId, count: u32) {
        self.reserved.extend((0..i64::from(count)).map(|offset| OperationId(first.0 + offset)));
    }

    /// What another view of the same run has reserved and not used.
    pub(crate) fn keep_reserved(&mut self, known: &Self) {
        self.reserved.extend(&known.reserved);
    }

    /// Says what the records do, in order, or why one of them may not follow.
    pub(crate) fn judge<'a>(&self, entries: &'a [Entry]) -> Result<Accepted<'a>, StateError> {
        let mut change = Change::default();
        let mut effects = Vec::with_capacity(entries.len() * 2);
        for entry in entries {
            let standing = entry.operation().map_or(Standing::Elsewhere, |id| self.standing(id, &change));
            let busy = entry.begins_at().and_then(|address| self.busy(address, &change));
            let next = legal(entry, standing, busy).map_err(|reason| StateError::Illegal { reason })?;
            follow(entry, standing, &mut effects);
            change.note(next);
        }
        Ok(Accepted { effects, change })
    }

    /// Takes over what was judged: its effects are durable now.
    pub(crate) fn keep(&mut self, change: Change) {
        for (id, open) in change.operations {
            self.reserved.remove(&id);
            match open {
                Some(open) => self.open.insert(id, open),
                None => self.open.remove(&id),
            };
        }
        for (address, operation) in change.addresses {
            match operation {
                Some(operation) => self.at.insert(address, operation),
                None => self.at.remove(&address),
            };
        }
    }

    fn standing<'a>(&'a self, id: OperationId, change: &'a Change) -> Standing<'a> {
        match change.operations.get(&id) {
            Some(Some(open)) => Standing::Open(open),
            Some(None) => Standing::Elsewhere,
            None => match self.open.get(&id) {
                Some(open) => Standing::Open(open),
                None if self.reserved.contains(&id) => Standing::Reserved,
                None => Standing::Elsewhere,
            },
        }
    }

    fn busy(&self, address: &Address, change: &Change) -> Option<OperationId> {
        change.addresses.get(address).copied().unwrap_or_else(|| self.at.get(address).copied())
    }
}

/// What becomes of the operation that a record is about.
enum Next {
    Open(OperationId, Open),
    Closed(OperationId, Address),
    NoOperation,
}

/// Which transitions are legal: an operation begins once, under a number of
/// its own, at an address where none is under way; it is identified once; it
/// settles once, as what it was identified as.
fn legal(entry: &Entry, standing: Standing<'_>, busy: Option<OperationId>) -> Result<Next, String> {
    match (entry, standing) {
        (Entry::Begun(begun), _) if let Some(other) = busy => Err(format!(
            "operation {} begins at {}, where operation {other} has not settled",
            begun.operation, begun.address
        )),
        (Entry::Begun(begun), Standing::Reserved) => Ok(Next::Open(begun.operation, Open::of(begun))),
        (Entry::Begun(begun), Standing::Open(open)) => Err(format!(
            "operation {} begins at {}, but it is under way at {}",
            begun.operation, begun.address, open.address
        )),
        (Entry::Begun(begun), Standing::Elsewhere) => Err(format!(
            "operation {} begins at {}, but its number was used before or is not reserved by this run",
            begun.operation, begun.address
        )),
        (Entry::Identified { operation, identity }, Standing::Open(open)) => match &open.identified {
            Some(before) if before != identity => Err(format!(
                "operation {operation} at {} is identified as {identity}, but it was identified as {before}",
                open.address
            )),
            _ => Ok(Next::Open(*operation, Open { identified: Some(identity.clone()), ..open.clone() })),
        },
        (Entry::Identified { operation, identity }, _) => {
            Err(format!("operation {operation} is identified as {identity}, but it has settled or never began"))
        }
        (Entry::Settled { operation, outcome }, Standing::Open(open)) => {
            settles(*operation, open, outcome)?;
            Ok(Next::Closed(*operation, open.address.clone()))
        }
        (Entry::Settled { operation, .. }, _) => {
            Err(format!("operation {operation} settles, but it has settled before or never began"))
        }
        (Entry::Recorded(_) | Entry::Dropped(_), _) => Ok(Next::NoOperation),
    }
}

/// Whether an open operation may end like this: never so that what it made is forgotten.
fn settles(operation: OperationId, open: &Open, outcome: &Settled) -> Result<(), String> {
    match (outcome, &open.identified) {
        (Settled::Present(record), _) if record.address != open.address => {
            Err(format!("operation {operation} at {} settles as {}, another address", open.address, record.address))
        }
        (Settled::Present(record), Some(identity)) if record.identity != *identity => Err(format!(
            "operation {operation} at {} settles as {}, but it was identified as {identity}",
            open.address, record.identity
        )),
        (Settled::Refused, Some(identity)) if open.action == Action::Create => Err(format!(
            "operation {operation} at {} settles as refused, but it was identified as {identity}",
            open.address
        )),
        _ => Ok(()),
    }
}

/// What a legal record does.
fn follow<'a>(entry: &'a Entry, standing: Standing<'_>, effects: &mut Vec<Effect<'a>>) {
    match entry {
        Entry::Begun(begun) => effects.push(Effect::Open(begun)),
        Entry::Identified { operation, identity } => effects.push(Effect::Identify(*operation, identity)),
        Entry::Recorded(record) => effects.push(Effect::Put(record)),
        Entry::Dropped(address) => effects.push(Effect::Drop(address)),
        Entry::Settled { operation, outcome } => {
            effects.push(Effect::Close(*operation));
            if let Settled::Present(record) = outcome {
                effects.push(Effect::Put(record));
                return;
            }
            // A legal settlement is of an operation under way.
            let Standing::Open(open) = standing else { return };
            effects.push(Effect::Spend(open.address.clone(), open.generation));
            if *outcome == Settled::Absent {
                effects.push(Effect::Remove(open.address.clone()));
            }
        }
    }
}

impl Open {
    fn of(begun: &Begun) -> Self {
        Self { address: begun.address.clone(), action: begun.action, generation: begun.generation, identified: None }
    }
}

impl Change {
    fn note(&mut self, next: Next) {
        match next {
            Next::Open(id, open) => {
                self.addresses.insert(open.address.clone(), Some(id));
                self.operations.insert(id, Some(open));
            }
            Next::Closed(id, address) => {
                self.addresses.insert(address, None);
                self.operations.insert(id, None);
            }
            Next::NoOperation => {}
        }
    }
}

impl Entry {
    /// The operation that it is about, if it is about one.
    fn operation(&self) -> Option<OperationId> {
        match self {
            Self::Begun(begun) => Some(begun.operation),
            Self::Identified { operation, .. } | Self::Settled { operation, .. } => Some(*operation),
            Self::Recorded(_) | Self::Dropped(_) => None,
        }
    }

    fn begins_at(&self) -> Option<&Address> {
        match self {
            Self::Begun(begun) => Some(&begun.address),
            Self::Identified { .. } | Self::Settled { .. } | Self::Recorded(_) | Self::Dropped(_) => None,
        }
    }
}

/// A run that can't end: it never began here, or has ended.
pub(crate) fn no_such_run(run: crate::RunId) -> StateError {
    StateError::Illegal { reason: format!("run {} ends, but it has ended before or never began", run.0) }
}
