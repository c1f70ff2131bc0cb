//! What state holds: a row per resource, and the records of the journal.

use std::collections::{BTreeMap, BTreeSet};

use fathuss_model::{Address, Datum};
use serde::{Deserialize, Serialize};

/// A resource as it was when it last settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceRecord {
    /// Where the stack program declared it.
    pub address: Address,
    /// The region it is in.
    pub region: String,
    /// The account it belongs to.
    pub account: String,
    /// How its provider finds it again: an id, a name or the ends of a relation.
    pub identity: Identity,
    /// Every field of its schema that is known; secrets and write-only fields left out.
    pub attributes: BTreeMap<String, Datum>,
    /// How often it was replaced: part of tokens and generated names.
    pub generation: u32,
    /// What has to outlive it: it is deleted before these are.
    pub depends_on: Vec<Address>,
    /// Whether plans that would destroy it are refused.
    pub prevent_destroy: bool,
    /// Whether it was not yet as it was to be when it was last looked at: the next apply goes on with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsettled: bool,
}

/// How a provider finds a resource again: the import id that people type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identity(pub String);

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number of an operation, unique within a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub i64);

impl std::fmt::Display for OperationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a run, unique within a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Makes it.
    Create,
    /// Changes it in place.
    Update,
    /// Deletes it.
    Delete,
}

/// An operation that is about to be sent: durable before the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begun {
    /// Its number.
    pub operation: OperationId,
    /// The resource.
    pub address: Address,
    /// What is done.
    pub action: Action,
    /// The region.
    pub region: String,
    /// The account.
    pub account: String,
    /// Which making of the resource this is.
    pub generation: u32,
    /// The idempotency token, chosen once.
    pub token: String,
    /// What was known of the resource's identity before the call.
    pub identity: Option<Identity>,
    /// What is asked for, secrets left out.
    pub request: BTreeMap<String, Datum>,
    /// What has to outlive it.
    pub depends_on: Vec<Address>,
    /// Whether plans that would destroy it are refused afterwards.
    pub prevent_destroy: bool,
    /// When it began, in milliseconds since 1970 of the target's clock.
    pub at_ms: i64,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// The resource is as this row says.
    Present(Box<ResourceRecord>),
    /// The resource is gone.
    Absent,
    /// The call was refused for good: nothing changed. The generation after it must be another.
    Refused,
}

/// A record of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// Before a call that creates, changes or deletes.
    Begun(Box<Begun>),
    /// AWS has answered: this is what it made.
    Identified {
        /// The operation.
        operation: OperationId,
        /// What it made.
        identity: Identity,
    },
    /// Over: dependents may start.
    Settled {
        /// The operation.
        operation: OperationId,
        /// How it ended.
        outcome: Settled,
    },
    /// A row is written without an operation: what a refresh read, a lookup answered, recovery adopted.
    Recorded(Box<ResourceRecord>),
    /// A row is removed without an operation: a refresh has proven that it is gone.
    Dropped(Address),
}

/// An operation that began and has not settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// How it began.
    pub begun: Begun,
    /// What AWS said that it made, if it got that far.
    pub identified: Option<Identity>,
}

/// A run, as history keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// `apply`, `destroy`, `import`, `adopt`, `move` or `forget`.
    pub command: String,
    /// Who ran it: user and host.
    pub holder: String,
    /// When it began, in milliseconds since 1970, wall time.
    pub started_ms: i64,
    /// When it ended; none for a run that was cut off.
    pub ended_ms: Option<i64>,
    /// How it ended, in a word: `applied`, `failed`, `interrupted`, `imported`, `adopted`, `moved`, `forgotten`.
    pub outcome: Option<String>,
    /// Operations settled, by action, and failures.
    pub summary: BTreeMap<String, i64>,
    /// From where it was started.
    #[serde(default, skip_serializing_if = "Origin::is_unknown")]
    pub origin: Origin,
    /// What its plan was to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<RunAction>,
}

impl Run {
    /// One of which only the number is told.
    pub(crate) fn unnamed(id: RunId) -> Self {
        Self {
            id,
            command: String::new(),
            holder: String::new(),
            started_ms: 0,
            ended_ms: None,
            outcome: None,
            summary: BTreeMap::new(),
            origin: Origin::default(),
            actions: Vec::new(),
        }
    }
}

/// An action of a run's plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunAction {
    /// The resource.
    pub address: Address,
    /// What was to be done, in the plan's word: `create`, `update`, `delete`.
    pub change: String,
    /// The names of the fields that were to change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

impl RunAction {
    /// One that is of the resource as a whole: `import`, `move`.
    #[must_use]
    pub fn whole(address: &Address, change: &str) -> Self {
        Self { address: address.clone(), change: change.to_owned(), fields: Vec::new() }
    }
}

/// From where a command was started, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The commit of the checkout that has the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether the checkout had changes that are in no commit.
    #[serde(default)]
    pub dirty: bool,
    /// The page of the CI run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Origin {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// Names this lock alone; what `state unlock` asks for.
    pub id: String,
    /// User and host.
    pub who: String,
    /// The process.
    pub pid: u32,
    /// The command that took it.
    pub command: String,
    /// Since when, in milliseconds since 1970, wall time.
    pub since_ms: i64,
    /// From where it was started; known of this process's own lock alone.
    #[serde(skip)]
    pub origin: Origin,
    /// What it works on, where that is a part of the state; all of it otherwise. Places that have one lock for
    /// everything know none.
    #[serde(skip)]
    pub part: Option<Part>,
}

/// A part of a state: runs on parts that do not touch each other go side by side, where the place allows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// What its run may change; nobody else then changes or refers to it.
    pub own: BTreeSet<Address>,
    /// What that refers to; nobody then changes it.
    pub needs: BTreeSet<Address>,
}

impl Holder {
    /// Whether one has to wait for the other.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let (Some(this), Some(that)) = (&self.part, &other.part) else { return true };
        let meets = |this: &Part, that: &Part| {
            this.own.iter().any(|address| that.own.contains(address) || that.needs.contains(address))
        };
        meets(this, that) || meets(that, this)
    }

    /// Its part, as it follows in a sentence; nothing where it holds all.
    fn on(&self) -> String {
        let Some(Part { own, .. }) = &self.part else { return String::new() };
        let mut names: Vec<String> = own.iter().take(NAMED).map(Address::local).collect();
        if own.len() > NAMED {
            names.push(format!("{} more", own.len() - NAMED));
        }
        format!(" on {}", names.join(", "))
    }
}

/// Who it is, for people.
impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (process {}, `{}`{})", self.who, self.pid, self.command, self.on())
    }
}

/// How many addresses of a part are named.
const NAMED: usize = 3;

/// All of a stack's state at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Names this state among all states; never changes.
    pub lineage: String,
    /// Rises with every write.
    pub serial: i64,
    /// The resources.
    pub resources: BTreeMap<Address, ResourceRecord>,
    /// The outputs of the last apply; sensitive ones left out.
    pub outputs: BTreeMap<String, Datum>,
    /// Operations that began and have not settled, in the order they began.
    pub pending: Vec<Pending>,
    /// How often creating at an address was refused for good, or it was deleted: the generation that the next creation takes.
    pub generations: BTreeMap<Address, u32>,
    /// How long operations took, for the schedule: (type, action) to milliseconds, smoothed.
    pub durations_ms: BTreeMap<(String, String), i64>,
}
