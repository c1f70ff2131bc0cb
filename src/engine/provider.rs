//! What the engine asks of a cloud.
//!
//! A provider makes one call that creates and answers with the identity at once;
//! everything after that (follow-up calls, waiting until it is usable, deleting)
//! is a step that the engine repeats until it is done. Each step looks before it
//! acts, so it can be repeated after a crash, too. Providers never sleep, retry
//! or wait: the engine does.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use fathuss_model::schema::Schema;
use fathuss_model::transition::Becoming;
use fathuss_model::{Address, Datum};
use fathuss_state::Identity;

use crate::proposal::{Objection, Outlook, Proposed};
use crate::schedule::{EMPTY_WINDOW, REQUEST_LIFETIME};

/// Attributes by name.
pub type Attributes = BTreeMap<String, Datum>;

/// A cloud, or anything else that things are made in.
#[async_trait(?Send)]
pub trait Provider {
    /// The schema of a type, if this provider has it.
    fn schema(&self, kind: &str) -> Option<&'static Schema>;

    /// Reads many resources with as few calls as the API allows. Answers every request, in its order.
    async fn read(&self, requests: &[ReadRequest]) -> ReadAnswer;

    /// Answers a lookup.
    async fn lookup(&self, request: &LookupRequest) -> Result<Attributes, Failure>;

    /// Sends the one call that creates. For what AWS makes with its parent ([`fathuss_model::schema::Mode::Adopted`]): finds it.
    async fn create(&self, request: &MakeRequest) -> Result<Identity, Failure>;

    /// Looks for what an earlier [`Self::create`] of the same request made: by name, tag, token or the relation's ends.
    async fn find(&self, request: &MakeRequest) -> Result<Found, Failure>;

    /// Brings what was created or changed one step closer to usable: looks, and sends the next call that is due.
    async fn settle(&self, standing: &Standing) -> Result<Progress, Failure>;

    /// Sends the calls that change it in place; [`Self::settle`] follows.
    async fn update(&self, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure>;

    /// Brings it one step closer to gone: looks, and sends the delete if that is due.
    async fn delete(&self, standing: &Standing) -> Result<Progress, Failure>;

    /// Whether what is not usable yet can be changed or deleted like all else: recovery does not wait for one then, and the
    /// plan decides about it.
    fn may_change_unsettled(&self, kind: &str) -> bool {
        let _ = kind;
        false
    }

    /// How long after a call was sent reads may find nothing though it takes effect.
    fn in_doubt(&self, kind: &str) -> Duration {
        let _ = kind;
        REQUEST_LIFETIME + EMPTY_WINDOW
    }

    /// How long to wait at most before something under way is looked at again, or a call tried again: where calls are
    /// counted, half a minute.
    fn longest_pause(&self) -> Duration {
        Duration::from_secs(30)
    }

    /// What is known against what would be made, changed or deleted, as far as reads tell: what the cloud does not offer,
    /// or has already. Asked before the first call that changes anything, about all of this provider at once.
    async fn objections(&self, proposed: &Proposed) -> Result<Vec<Objection>, Failure> {
        let _ = proposed;
        Ok(Vec::new())
    }

    /// What a plan does beyond the fields, as far as reads tell: what becomes of the parts of something, and what others
    /// made in what is deleted. Asked once the plan is made, about all of this provider at once.
    async fn outlook(&self, proposed: &Proposed) -> Result<Outlook, Failure> {
        let _ = proposed;
        Ok(Outlook::default())
    }

    /// What one of these fields is inside of, by type and identity, in the same region: when that is deleted, it is gone,
    /// whoever could be asked about it.
    fn inside(&self, kind: &str, attributes: &Attributes) -> Option<(&'static str, Identity)> {
        let _ = (kind, attributes);
        None
    }

    /// Whether a text that people type can be the identity of one of this type; how it looks, where it can't.
    fn check_identity(&self, kind: &str, identity: &Identity) -> Result<(), Failure> {
        let _ = (kind, identity);
        Ok(())
    }

    /// The identity by what was read, for a type that a change in place gives another one.
    fn identity(&self, kind: &str, attributes: &Attributes) -> Option<Identity> {
        let _ = (kind, attributes);
        None
    }

    /// The fields of what was read that differ by the project's own doing, though its program gives the same: a file that they
    /// name has changed, and nobody has changed anything outside.
    fn edited(&self, kind: &str, attributes: &Attributes) -> &'static [&'static str] {
        let _ = (kind, attributes);
        &[]
    }

    /// Why a change of what was read so can't be made yet, whoever asks: only time helps. What a plan would change is
    /// deferred then, and an apply that finds it out says so by [`Progress::Deferred`].
    fn deferral(&self, kind: &str, attributes: &Attributes) -> Option<String> {
        let _ = (kind, attributes);
        None
    }

    /// What people should know of a change in place, or of what stays as it is, in sentences: what waits, and for what.
    fn remarks(&self, kind: &str, becoming: &Becoming<'_>) -> Vec<String> {
        let _ = (kind, becoming);
        Vec::new()
    }

    /// What a delete of it leaves behind, as AWS keeps it: a final snapshot, a key waiting for its deletion.
    fn survivors(&self, kind: &str, attributes: &Attributes) -> Vec<Survivor> {
        let _ = (kind, attributes);
        Vec::new()
    }

    /// What to do about one that takes too long to be usable, where more can be said than that it does.
    async fn advice(&self, standing: &Standing) -> Option<String> {
        let _ = standing;
        None
    }

    /// The secret that something keeps.
    async fn reveal(&self, kind: &str, region: &str, identity: &Identity) -> Result<SecretText, Failure> {
        let _ = (region, identity);
        Err(Failure::of_engine(FailureClass::Refused, "NoSecret", format!("{kind} keeps no secret")))
    }

    /// How many calls were sent so far, by service.
    fn calls(&self) -> CallCounts;
}

/// A resource to read.
#[derive(Clone, Debug)]
pub struct ReadRequest {
    /// Where it stands.
    pub address: Address,
    /// Its region.
    pub region: String,
    /// How to find it.
    pub identity: Identity,
    /// What state says of it.
    pub recorded: Attributes,
}

/// What was read.
#[derive(Debug, Default)]
pub struct ReadAnswer {
    /// One answer per request, in the same order.
    pub observations: Vec<Result<Observation, Failure>>,
    /// What carries the mark of this state and was not asked for.
    pub strays: Vec<Stray>,
    /// The marks of what was asked for, by its address there: of those that carry one.
    pub marks: BTreeMap<Address, Carried>,
}

/// The mark that something carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The state that it says it belongs to.
    pub lineage: String,
    /// Its address in that state, as people write it.
    pub address: String,
}

/// A resource as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// It is there: every field of the schema that can be read.
    Present(Attributes),
    /// It is gone, confirmed by its identity: absence from a filtered list is no proof.
    Absent,
}

/// Something that carries our mark and is in no state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// The address in its mark.
    pub address: String,
    /// Its type.
    pub kind: String,
    /// Its region.
    pub region: String,
    /// What it is.
    pub identity: Identity,
}

/// What a delete leaves behind.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Survivor {
    /// What it is, with its name.
    pub what: String,
    /// Why it stays.
    pub reason: String,
    /// When it goes by itself, in words; none if it stays until someone deletes it.
    pub expiry: Option<String>,
    /// The type and identity that it would have in a state. Where it is in this one, it is no survivor: it has a plan of
    /// its own.
    #[serde(skip)]
    pub resource: Option<(&'static str, Identity)>,
    /// Whether other resources of the account need it as well: it is told once, where all of a stack is destroyed.
    #[serde(skip)]
    pub shared: bool,
    /// What it goes with, by type and identity: where that is deleted, too, it is no survivor.
    #[serde(skip)]
    pub goes_with: Option<(&'static str, Identity)>,
}

impl Survivor {
    /// Something that stays until someone deletes it.
    #[must_use]
    pub fn new(what: impl Into<String>, reason: impl Into<String>) -> Self {
        let (what, reason) = (what.into(), reason.into());
        Self { what, reason, expiry: None, resource: None, shared: false, goes_with: None }
    }

    /// It goes by itself.
    #[must_use]
    pub fn expiry(mut self, expiry: impl Into<String>) -> Self {
        self.expiry = Some(expiry.into());
        self
    }

    /// The type and identity that it would have in a state.
    #[must_use]
    pub fn resource(mut self, kind: &'static str, identity: Identity) -> Self {
        self.resource = Some((kind, identity));
        self
    }

    /// Other resources of the account need it as well.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// It goes with this one, by type and identity.
    #[must_use]
    pub fn goes_with(mut self, kind: &'static str, identity: Identity) -> Self {
        self.goes_with = Some((kind, identity));
        self
    }
}

/// A question to a lookup.
#[derive(Clone, Debug)]
pub struct LookupRequest {
    /// Where it stands.
    pub address: Address,
    /// The region asked.
    pub region: String,
    /// What the program gave.
    pub desired: Attributes,
}

/// What to make.
#[derive(Clone, Debug)]
pub struct MakeRequest {
    /// Where it stands.
    pub address: Address,
    /// Its region.
    pub region: String,
    /// The account it belongs to.
    pub account: String,
    /// The mark that lets it be found again.
    pub mark: Mark,
    /// The idempotency token: 64 hexadecimal characters; cut to what the API takes.
    pub token: String,
    /// Its fields.
    pub desired: Desired,
}

/// What everything that is made carries from its creation on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The state that it belongs to.
    pub lineage: String,
    /// Its address.
    pub address: Address,
    /// Which making of it this is.
    pub generation: u32,
}

/// Fields in full: known values, and secrets apart from them.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// Known values.
    pub attributes: Attributes,
    /// Secrets by field.
    pub secrets: BTreeMap<String, SecretText>,
}

/// A secret's text. Shown nowhere, not even for debugging.
#[derive(Clone)]
pub struct SecretText(String);

/// A resource that exists, or is being made or deleted.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Where it stands.
    pub address: Address,
    /// Its region.
    pub region: String,
    /// The account it belongs to.
    pub account: String,
    /// Its mark.
    pub mark: Mark,
    /// How to find it.
    pub identity: Identity,
    /// What it is to be (for a delete: what it was).
    pub desired: Desired,
    /// The token of the operation under way.
    pub token: String,
}

/// What changes in place.
#[derive(Clone, Debug)]
pub struct UpdateRequest {
    /// The fields as they are.
    pub before: Attributes,
    /// The names of the top-level fields that change; `Standing::desired` has what they become.
    pub changed: Vec<String>,
}

/// What [`Provider::find`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is there and ours.
    Ours(Identity),
    /// Nothing is there (so far as this read can tell).
    Nothing,
    /// Something is there that is not ours: how to import it.
    Foreign(Identity),
}

/// How far a step got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Usable: every field of the schema that can be read.
    Ready(Attributes),
    /// Not yet; `state` in AWS's own word, for instance `creating`.
    Waiting {
        /// The state.
        state: String,
    },
    /// It is not what it is to be, and can't be made so yet: only time helps. State keeps what it is, the run goes on
    /// and does not fail, and a later one makes it what it is to be.
    Deferred {
        /// What it is.
        attributes: Attributes,
        /// Why, in words.
        because: String,
    },
    /// Gone.
    Gone,
}

/// Calls sent, by service and operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// `(service, operation)` to how often.
    pub operations: BTreeMap<(String, String), u64>,
    /// How many of them were answered by a throttle.
    pub throttled: u64,
}

/// A call that did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the caller can do about it.
    pub class: FailureClass,
    /// The service, for instance `EKS`.
    pub service: String,
    /// The operation, for instance `CreateNodegroup`; empty where no call was sent.
    pub operation: String,
    /// AWS's error code, or a word of ours where no answer came.
    pub code: String,
    /// AWS's own words.
    pub message: String,
    /// The id of the request, for AWS's support.
    pub request_id: Option<String>,
    /// What to do next, where that is known: a command or an action.
    pub hint: Option<String>,
}

/// What can be done about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// Sent too fast: nothing happened; again, more slowly.
    Throttled,
    /// No answer, or one that does not say whether the call took effect: look, then again.
    Ambiguous,
    /// Something it needs is not there or not gone yet, and is expected to be soon: nothing happened; again within a window.
    NotYet,
    /// Something it refers to was made a moment ago and is not known there yet, or never will be, which nobody can tell:
    /// nothing happened; again for as long as that may take.
    Unseen,
    /// Refused for good: nothing happened.
    Refused,
    /// It was made and has failed: what is there has to go before it is made again.
    Broken,
    /// Who asks may not: credentials are missing, expired or not allowed.
    Denied,
}

impl FailureClass {
    /// Whether nothing happened, and time may help.
    #[must_use]
    pub fn is_early(self) -> bool {
        matches!(self, Self::NotYet | Self::Unseen)
    }
}

impl MakeRequest {
    /// What it asks for, once that is there.
    #[must_use]
    pub fn standing(self, identity: Identity) -> Standing {
        let Self { address, region, account, mark, token, desired } = self;
        Standing { address, region, account, mark, identity, desired, token }
    }
}

impl CallCounts {
    /// All calls.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.operations.values().sum()
    }
}

impl Failure {
    /// A failure of the engine's own, without a call behind it.
    #[must_use]
    pub(crate) fn of_engine(class: FailureClass, code: &str, message: impl Into<String>) -> Self {
        Self {
            class,
            service: "fathuss".to_owned(),
            operation: String::new(),
            code: code.to_owned(),
            message: message.into(),
            request_id: None,
            hint: None,
        }
    }
}

impl SecretText {
    /// Takes a secret in.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the call that sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.operation.is_empty() {
            return write!(f, "{}: {}", self.code, self.message);
        }
        write!(f, "{} {}: {}", self.service, self.operation, self.code)?;
        if self.message.is_empty() || self.message == self.code {
            return Ok(());
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for Failure {}

/// The clock and the sleep of a run: wall time, virtual time, or virtual time at a speed.
#[async_trait(?Send)]
pub trait Clock {
    /// Since 1970, of the target's clock.
    fn now(&self) -> Duration;

    /// Waits.
    async fn sleep(&self, duration: Duration);
}
