//! One operation against a provider: sending once, looking, waiting, giving up.

use std::cell::Cell;
use std::time::Duration;

use fathuss_model::Address;
use fathuss_model::schema::{Creation, Schema};
use fathuss_state::{Entry, Identity, OperationId, Settled};
use tokio::sync::watch;

use crate::apply::{Pace, millis};
use crate::event::{Event, Told};
use crate::journal::{Journal, JournalError};
use crate::provider::{
    Attributes, Clock, Failure, FailureClass, Found, MakeRequest, Observation, Progress, Provider, ReadRequest,
    Standing,
};
use crate::schedule::{backoff, patience, poll_interval};

/// What an operation has around it.
#[derive(Clone)]
pub struct Step<'a> {
    pub address: &'a Address,
    pub expected: Duration,
    /// How long it may stay under way.
    pub longest: Duration,
    /// How long to wait at most before the next look or try.
    pub longest_pause: Duration,
    pub clock: &'a dyn Clock,
    pub journal: &'a Journal,
    pub listener: &'a dyn Fn(&Told),
    pub pace: watch::Receiver<Pace>,
    pub salt: u64,
    /// How long what is in its way may stay there.
    pub not_yet: Duration,
    /// How many operations are inside a call whose answer must be recorded.
    pub calling: &'a Cell<usize>,
}

/// What an operation came to.
pub struct Settlement {
    /// What the resource is.
    pub attributes: Attributes,
    /// Why that is not yet what it is to be, where it can't be made so.
    pub deferred: Option<String>,
}

/// Why an operation did not come to its end.
#[derive(Clone, Debug)]
pub enum Ended {
    /// It failed.
    Failed {
        /// Why.
        failure: Failure,
        /// What is there now, in words.
        left: String,
    },
    /// It was told to stop; the next run finishes it.
    Interrupted,
    /// State could not be written.
    Journal(JournalError),
}

/// What to do about a failed attempt.
enum Next {
    Again(Duration),
    GiveUp,
}

impl Step<'_> {
    /// Writes a record.
    pub async fn write(&self, entry: Entry) -> Result<(), Ended> {
        self.journal.write(entry).await.map_err(Ended::Journal)
    }

    /// Repeats a call that may be repeated at any time.
    pub async fn repeat<T, F: Future<Output = Result<T, Failure>>>(&self, call: impl Fn() -> F) -> Result<T, Ended> {
        let began = self.clock.now();
        let mut attempt = 0;
        loop {
            match call().await {
                Ok(value) => return Ok(value),
                Err(failure) => match self.next(&failure, began, attempt) {
                    Next::Again(pause) => self.pause(&failure, pause).await?,
                    Next::GiveUp => return Err(failed(failure, "It stays as it was.")),
                },
            }
            attempt += 1;
        }
    }

    /// Sends the call that creates, exactly once as far as AWS is concerned, and records what it made.
    pub async fn create(
        &self,
        provider: &dyn Provider,
        schema: &Schema,
        operation: OperationId,
        request: &MakeRequest,
    ) -> Result<Identity, Ended> {
        let began = self.clock.now();
        let mut attempt = 0;
        loop {
            self.go_on()?;
            let sent = self.clock.now();
            let answer = self.in_call(provider.create(request)).await;
            let failure = match answer {
                Ok(identity) => return self.identified(operation, identity).await,
                Err(failure) => failure,
            };
            let found = match failure.class {
                FailureClass::Ambiguous => self.look_for(provider, schema, request, sent).await?,
                // A taken name may be taken by what an earlier, unanswered call made.
                FailureClass::Refused if schema.creation == Creation::Name => {
                    self.repeat(|| provider.find(request)).await.unwrap_or(Found::Nothing)
                }
                _ => Found::Nothing,
            };
            match found {
                Found::Ours(identity) => return self.identified(operation, identity).await,
                Found::Foreign(identity) => {
                    self.write(Entry::Settled { operation, outcome: Settled::Refused }).await?;
                    let (stack, local) = (self.address.stack(), self.address.local());
                    let hint = format!(
                        "it exists and is not managed by this state: give another name, or take it over with `fathuss import {stack} '{local}' '{identity}'`"
                    );
                    let failure = Failure { hint: Some(hint), ..failure };
                    return Err(failed(failure, "Nothing was created."));
                }
                Found::Nothing => {}
            }
            match self.next(&failure, began, attempt) {
                // Nothing is under way, and nothing new is started.
                Next::Again(_) if failure.class.is_early() && *self.pace.borrow() != Pace::Run => {
                    self.write(Entry::Settled { operation, outcome: Settled::Refused }).await?;
                    return Err(failed(failure, "Nothing was created."));
                }
                Next::Again(pause) => self.pause(&failure, pause).await?,
                Next::GiveUp if failure.class == FailureClass::Ambiguous => {
                    return Err(failed(
                        failure,
                        "Whether it was created is not known; the next run looks for it first.",
                    ));
                }
                Next::GiveUp => {
                    self.write(Entry::Settled { operation, outcome: Settled::Refused }).await?;
                    return Err(failed(failure, "Nothing was created."));
                }
            }
            attempt += 1;
        }
    }

    /// Looks for what a call that was not answered has made. With a token, sending again is the look.
    async fn look_for(
        &self,
        provider: &dyn Provider,
        schema: &Schema,
        request: &MakeRequest,
        sent: Duration,
    ) -> Result<Found, Ended> {
        if matches!(schema.creation, Creation::Token | Creation::Local | Creation::Upsert) {
            return Ok(Found::Nothing);
        }
        self.found_within(provider, request, sent + provider.in_doubt(self.address.kind())).await
    }

    /// Looks until something is found or reads have been empty until `until`.
    pub async fn found_within(
        &self,
        provider: &dyn Provider,
        request: &MakeRequest,
        until: Duration,
    ) -> Result<Found, Ended> {
        let mut attempt = 0;
        loop {
            let found = self.repeat(|| provider.find(request)).await?;
            if found != Found::Nothing || (self.clock.now() >= until && attempt >= 2) {
                return Ok(found);
            }
            self.clock.sleep(backoff(attempt.min(4), self.salt)).await;
            self.go_on()?;
            attempt += 1;
        }
    }

    pub async fn identified(&self, operation: OperationId, identity: Identity) -> Result<Identity, Ended> {
        self.in_call(self.write(Entry::Identified { operation, identity: identity.clone() })).await?;
        self.tell(Event::Identified { address: self.address.clone(), identity: identity.0.clone() });
        Ok(identity)
    }

    /// Waits until it is usable, or can't be made so yet.
    /// Where neither comes about, `left` says how it is left.
    pub async fn settle(&self, provider: &dyn Provider, standing: &Standing, left: &str) -> Result<Settlement, Ended> {
        let progress = match self.wait(|| provider.settle(standing), left).await {
            Err(Ended::Failed { failure, left }) if failure.code == TOO_LONG => {
                let hint = provider.advice(standing).await.or(failure.hint);
                return Err(Ended::Failed { failure: Failure { hint, ..failure }, left });
            }
            ended => ended?,
        };
        match progress {
            Progress::Ready(attributes) => Ok(Settlement { attributes, deferred: None }),
            Progress::Deferred { attributes, because } => Ok(Settlement { attributes, deferred: Some(because) }),
            Progress::Gone | Progress::Waiting { .. } => {
                Err(failed(vanished(), "It is gone; the next plan makes it again."))
            }
        }
    }

    /// Waits until it is gone.
    pub async fn delete(&self, provider: &dyn Provider, standing: &Standing) -> Result<(), Ended> {
        let left = "It is still there; the next run goes on deleting it.";
        self.wait(|| provider.delete(standing), left).await.map(drop)
    }

    async fn wait<F: Future<Output = Result<Progress, Failure>>>(
        &self,
        look: impl Fn() -> F,
        left: &str,
    ) -> Result<Progress, Ended> {
        let began = self.clock.now();
        let mut failing_since = None;
        let mut attempt = 0;
        let mut told = String::new();
        loop {
            self.go_on()?;
            match self.in_call(look()).await {
                Ok(Progress::Waiting { state }) => {
                    (failing_since, attempt) = (None, 0);
                    let elapsed = self.clock.now().saturating_sub(began);
                    if elapsed > self.longest {
                        return Err(failed(too_long(&state, elapsed), left));
                    }
                    if state != told {
                        told.clone_from(&state);
                        self.tell(Event::Waiting { address: self.address.clone(), state });
                    }
                    self.clock.sleep(poll_interval(elapsed, self.expected).min(self.longest_pause)).await;
                }
                Ok(progress) => return Ok(progress),
                Err(failure) => {
                    // What it waits for after that is news.
                    told.clear();
                    let since = *failing_since.get_or_insert_with(|| self.clock.now());
                    match self.next(&failure, since, attempt) {
                        Next::Again(pause) => self.pause(&failure, pause).await?,
                        Next::GiveUp => return Err(failed(failure, left)),
                    }
                    attempt += 1;
                }
            }
        }
    }

    fn next(&self, failure: &Failure, since: Duration, attempt: u32) -> Next {
        let patience = match failure.class {
            class if class.is_early() => self.not_yet.min(patience(class)),
            class => patience(class),
        };
        if self.clock.now().saturating_sub(since) >= patience {
            return Next::GiveUp;
        }
        Next::Again(backoff(attempt, self.salt ^ self.address_salt()).min(self.longest_pause))
    }

    /// Actions that fail together do not try again together.
    fn address_salt(&self) -> u64 {
        self.address.local().bytes().fold(7, |salt, byte| salt.wrapping_mul(31).wrapping_add(byte.into()))
    }

    async fn pause(&self, failure: &Failure, pause: Duration) -> Result<(), Ended> {
        let (address, failure) = (self.address.clone(), failure.clone());
        self.tell(Event::Retrying { address, failure, in_ms: millis(pause) });
        self.clock.sleep(pause).await;
        self.go_on()
    }

    /// Whether this run is to go on; not, where it was told to stop at once.
    pub fn go_on(&self) -> Result<(), Ended> {
        if *self.pace.borrow() == Pace::Stop {
            return Err(Ended::Interrupted);
        }
        Ok(())
    }

    /// Waits for a call whose answer must be recorded, so that a stop gives it a moment.
    pub async fn in_call<T>(&self, call: impl Future<Output = T>) -> T {
        self.calling.set(self.calling.get() + 1);
        let answer = call.await;
        self.calling.set(self.calling.get() - 1);
        answer
    }

    fn tell(&self, event: Event) {
        (self.listener)(&Told { at_ms: millis(self.clock.now()), event });
    }
}

/// One read of a thing by its identity.
pub async fn look(provider: &dyn Provider, standing: &Standing) -> Result<Observation, Failure> {
    let request = ReadRequest {
        address: standing.address.clone(),
        region: standing.region.clone(),
        identity: standing.identity.clone(),
        recorded: standing.desired.attributes.clone(),
    };
    let answer = provider.read(std::slice::from_ref(&request)).await;
    answer.observations.into_iter().next().unwrap_or_else(|| Err(again("NoAnswer", "the provider did not answer")))
}

/// What the next run may get further with.
pub fn again(code: &str, message: impl Into<String>) -> Failure {
    let hint = Some("run the same command again".to_owned());
    Failure { hint, ..Failure::of_engine(FailureClass::Refused, code, message) }
}

fn failed(failure: Failure, left: &str) -> Ended {
    Ended::Failed { failure, left: left.to_owned() }
}

fn vanished() -> Failure {
    let message = "it was made, and is gone again before it became usable";
    Failure::of_engine(FailureClass::Broken, "Vanished", message)
}

/// How a creation is left that did not come to its end.
pub const UNFINISHED: &str = "It exists and is not usable yet; the next run goes on with it.";

/// The code of a wait that took too long.
pub const TOO_LONG: &str = "TooLong";

/// Whether AWS will not take what was asked, as far as can be told: the engine's own waiting is for what AWS has accepted.
pub fn is_refused(failure: &Failure) -> bool {
    match failure.class {
        FailureClass::Refused => true,
        FailureClass::NotYet | FailureClass::Unseen => failure.code != TOO_LONG,
        FailureClass::Throttled | FailureClass::Ambiguous | FailureClass::Denied | FailureClass::Broken => false,
    }
}

fn too_long(state: &str, elapsed: Duration) -> Failure {
    let message = format!("it is still `{state}` after {} minutes", elapsed.as_secs() / 60);
    Failure {
        hint: Some("look at it in the AWS console; the next run goes on waiting".to_owned()),
        ..Failure::of_engine(FailureClass::NotYet, TOO_LONG, message)
    }
}
