//! Recovery: finishes what an earlier run began, without asking anyone.
//!
//! For every operation that began and has not settled: looks first for what it
//! made, then adopts it, goes on waiting, or finishes the delete. "Nothing was
//! made" is said only after reads have been empty until well after the request
//! could last have arrived.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use fathuss_model::Address;
use fathuss_state::{Action, Entry, Identity, Pending, ResourceRecord, Settled, Snapshot};

use crate::apply::{Surroundings, millis, to_record};
use crate::event::{Event, Told};
use crate::journal::Journal;
use crate::plan::{Change, Goal};
use crate::provider::{
    Attributes, Desired, Failure, FailureClass, Found, MakeRequest, Mark, Observation, Provider, Standing,
};
use crate::schedule::{EMPTY_WINDOW, deadline, patience};
use crate::step::{Ended, Step, UNFINISHED, again, is_refused, look};

/// How long a delete of an earlier run waits for what is in its way.
const IN_THE_WAY: Duration = Duration::from_secs(60);

/// How long a creation of an earlier run waits for what it needs, before a plan decides about what is there.
const NEEDED: Duration = Duration::from_secs(5 * 60);

/// How long to look for what was made inside of something that does not answer, or not to who asks. It holds back
/// nothing but itself: the run may be the one that opens the door.
const LOOKED_FOR: Duration = Duration::from_secs(10);

/// How recovery of one operation ended.
#[derive(Clone, Debug)]
pub struct Recovery {
    /// The resource.
    pub address: Address,
    /// What was found and done, or that it is left to the plan; or why it could not be finished.
    pub outcome: Result<String, Failure>,
}

/// Finishes the operations of earlier runs, but for deletes of what the program protects. The journal must be
/// committed beside it.
pub async fn recover(
    snapshot: &Snapshot,
    goal: Goal,
    protected: &dyn Fn(&Address) -> bool,
    around: &Surroundings<'_>,
    journal: &Journal,
) -> Vec<Recovery> {
    let calling = Cell::new(0);
    let all = snapshot.pending.iter().map(|pending| one(pending, snapshot, goal, protected, around, journal, &calling));
    futures::future::join_all(all).await
}

async fn one(
    pending: &Pending,
    snapshot: &Snapshot,
    goal: Goal,
    protected: &dyn Fn(&Address) -> bool,
    around: &Surroundings<'_>,
    journal: &Journal,
    calling: &Cell<usize>,
) -> Recovery {
    let address = pending.begun.address.clone();
    let Some(provider) = (around.provider)(address.kind()) else {
        let outcome = Err(no_provider(&address));
        return Recovery { address, outcome };
    };
    let schema = provider.schema(address.kind());
    let expected = Duration::from_secs(schema.map_or(1, |schema| schema.create_seconds).into());
    let step = Step {
        address: &pending.begun.address,
        expected,
        longest: deadline(expected, schema),
        longest_pause: provider.longest_pause(),
        clock: around.clock.as_ref(),
        journal,
        listener: around.listener,
        pace: around.pace.clone(),
        salt: around.salt,
        not_yet: match provider.may_change_unsettled(address.kind()) {
            true => LOOKED_FOR,
            false => patience(FailureClass::NotYet),
        },
        calling,
    };
    let (change, expected) = match pending.begun.action {
        Action::Create => (Change::Create, step.expected),
        Action::Update => (Change::Update, step.expected),
        Action::Delete => {
            (Change::Delete, Duration::from_secs(schema.map_or(1, |schema| schema.delete_seconds).into()))
        }
    };
    let tell = |event| (around.listener)(&Told { at_ms: millis(around.clock.now()), event });
    tell(Event::Recovering { address: address.clone(), change, expected_ms: millis(expected) });
    let is_protected = protected(&address);
    let work = Work {
        pending,
        recorded: snapshot.resources.get(&address),
        step: &step,
        provider: provider.as_ref(),
        lineage: &snapshot.lineage,
        goal,
        is_protected,
        came_to: RefCell::default(),
    };
    let outcome = match pending.begun.action {
        Action::Create => work.create().await,
        Action::Update => work.update().await,
        Action::Delete => work.delete().await,
    };
    let outcome = match outcome {
        Err(Ended::Failed { failure, .. })
            if provider.may_change_unsettled(address.kind()) && failure.class.is_early() =>
        {
            tell(Event::Left { address: address.clone(), failure: failure.clone() });
            Ok(format!("what became of it can't be seen now, and is left to the plan ({failure})"))
        }
        Ok(what) => {
            tell(Event::Recovered { address: address.clone(), what: what.clone() });
            Ok(what)
        }
        Err(Ended::Failed { failure, .. }) => Err(failure),
        Err(Ended::Interrupted) => Err(interrupted()),
        Err(Ended::Journal(error)) => Err(again("State", error.0)),
    };
    Recovery { address, outcome }
}

/// Finishes a creation that could not be looked at as the run began: the row of what it made, where it made anything.
pub(crate) async fn look_again(
    pending: &Pending,
    snapshot: &Snapshot,
    step: &Step<'_>,
    provider: &dyn Provider,
) -> Result<Option<ResourceRecord>, Ended> {
    let work = Work {
        pending,
        recorded: snapshot.resources.get(&pending.begun.address),
        step: &Step { not_yet: NEEDED, ..step.clone() },
        provider,
        lineage: &snapshot.lineage,
        goal: Goal::Apply,
        is_protected: false,
        came_to: RefCell::default(),
    };
    work.create().await?;
    Ok(match work.came_to.into_inner() {
        Some(Settled::Present(row)) => Some(*row),
        _ => None,
    })
}

struct Work<'a> {
    pending: &'a Pending,
    /// What state says of it from before.
    recorded: Option<&'a ResourceRecord>,
    step: &'a Step<'a>,
    provider: &'a dyn Provider,
    lineage: &'a str,
    /// What the run is for.
    goal: Goal,
    /// Whether the program protects it from being destroyed.
    is_protected: bool,
    /// What it was settled as.
    came_to: RefCell<Option<Settled>>,
}

impl Work<'_> {
    async fn create(&self) -> Result<String, Ended> {
        let begun = &self.pending.begun;
        let operation = begun.operation;
        let request = MakeRequest {
            address: begun.address.clone(),
            region: begun.region.clone(),
            account: begun.account.clone(),
            mark: self.mark(),
            token: begun.token.clone(),
            desired: Desired { attributes: begun.request.clone(), secrets: BTreeMap::new() },
        };
        let identity = match &self.pending.identified {
            Some(identity) => identity.clone(),
            None => {
                // It may have sent the request long after it began, and at the latest when it died: before now.
                let until = self.step.clock.now() + self.provider.in_doubt(self.kind());
                match self.step.found_within(self.provider, &request, until).await? {
                    Found::Ours(identity) => {
                        self.step.write(Entry::Identified { operation, identity: identity.clone() }).await?;
                        identity
                    }
                    Found::Nothing | Found::Foreign(_) => {
                        self.settle(Settled::Refused).await?;
                        return Ok("nothing had been created".to_owned());
                    }
                }
            }
        };
        if self.provider.may_change_unsettled(self.kind()) {
            return Ok(match self.leave_to_plan(identity.clone()).await? {
                true => format!("{identity} had been created, and the plan goes on with it"),
                false => format!("{identity} had been created, and is gone"),
            });
        }
        let standing = self.standing(identity);
        if self.pending.identified.is_some() && self.is_gone(&standing).await? {
            self.settle(Settled::Absent).await?;
            return Ok(format!("{} had been created, and is gone", standing.identity));
        }
        let step = Step { not_yet: NEEDED, ..self.step.clone() };
        match step.settle(self.provider, &standing, UNFINISHED).await {
            Ok(settlement) => {
                let row = self.row(&standing, settlement.attributes);
                self.settle(Settled::Present(Box::new(row))).await?;
                Ok(match settlement.deferred {
                    None => format!("{} had been created and is adopted", standing.identity),
                    Some(because) => format!("{} is deferred, because {because}", standing.identity),
                })
            }
            // Only what AWS itself calls failed is taken away.
            Err(Ended::Failed { failure, .. }) if failure.class == FailureClass::Broken => {
                if begun.prevent_destroy && self.take_as_it_is(standing.identity.clone()).await? {
                    return Ok(format!("{} had failed, is protected, and was left as it is", standing.identity));
                }
                if !begun.prevent_destroy {
                    self.step.delete(self.provider, &standing).await?;
                    self.settle(Settled::Absent).await?;
                }
                Ok(format!("{} had failed and is gone", standing.identity))
            }
            // The request is the earlier program's, and what is left of it may never be taken: this one's plan decides.
            Err(Ended::Failed { failure, .. }) if self.goal == Goal::Destroy || is_refused(&failure) => {
                let identity = standing.identity.clone();
                let is_there = self.take_as_it_is(standing.identity).await?;
                Ok(match is_there {
                    true => format!("{identity} had been created, and is as far as it came: {failure}"),
                    false => format!("{identity} had been created, and is gone"),
                })
            }
            // A call that is not allowed, one without an answer and a long wait say nothing against what was made.
            Err(ended) => Err(ended),
        }
    }

    async fn update(&self) -> Result<String, Ended> {
        let begun = &self.pending.begun;
        let Some(identity) = begun.identity.clone() else {
            self.settle(Settled::Refused).await?;
            return Ok("nothing had been changed".to_owned());
        };
        if self.provider.may_change_unsettled(self.kind()) {
            return Ok(match self.leave_to_plan(identity).await? {
                true => "a change had begun, and the plan goes on with it",
                false => "a change had begun; it is gone",
            }
            .to_owned());
        }
        if self.take_as_it_is(identity).await? {
            return Ok("a change had begun; what is there was read".to_owned());
        }
        Ok("a change had begun; it is gone".to_owned())
    }

    /// What is in a delete's way may be what this state holds too, and only a plan knows the order: such a delete
    /// is left to it. So is one of what has been protected since.
    async fn delete(&self) -> Result<String, Ended> {
        let begun = &self.pending.begun;
        if let Some(identity) = begun.identity.clone() {
            if self.is_protected {
                let is_there = self.leave(identity).await?;
                let left = "its deletion had begun; it is protected now, and left as it is";
                return Ok(if is_there { left } else { "its deletion is finished" }.to_owned());
            }
            let step = Step { not_yet: IN_THE_WAY, ..self.step.clone() };
            match step.delete(self.provider, &self.standing(identity.clone())).await {
                Ok(()) => {}
                Err(Ended::Failed { .. }) => {
                    if self.leave(identity).await? {
                        return Ok("its deletion had begun; it is still there, and planned anew".to_owned());
                    }
                    return Ok("its deletion is finished".to_owned());
                }
                Err(ended) => return Err(ended),
            }
        }
        self.settle(Settled::Absent).await?;
        Ok("its deletion is finished".to_owned())
    }

    /// Whether what was made is gone again: reads by its identity find nothing for longer than they may lag.
    async fn is_gone(&self, standing: &Standing) -> Result<bool, Ended> {
        let until = self.step.clock.now() + EMPTY_WINDOW;
        loop {
            let seen = self.step.repeat(|| look(self.provider, standing)).await?;
            if matches!(seen, Observation::Present(_)) {
                return Ok(false);
            }
            if self.step.clock.now() >= until {
                return Ok(true);
            }
            self.step.clock.sleep(EMPTY_WINDOW / 8).await;
            self.step.go_on()?;
        }
    }

    /// Leaves what was being deleted to the plan. Whether it is there.
    async fn leave(&self, identity: Identity) -> Result<bool, Ended> {
        match self.provider.may_change_unsettled(self.kind()) {
            true => self.leave_to_plan(identity).await,
            false => self.take_as_it_is(identity).await,
        }
    }

    /// Leaves it to the plan as what it is or, where that can't be read now, as what was asked for. Whether it is there.
    async fn leave_to_plan(&self, identity: Identity) -> Result<bool, Ended> {
        let standing = self.standing(identity);
        let observed = self.step.in_call(look(self.provider, &standing)).await;
        let observed = observed.unwrap_or_else(|_| Observation::Present(self.untold().clone()));
        self.take(&standing, observed).await
    }

    /// Reads what is and writes it down; whether it is there.
    async fn take_as_it_is(&self, identity: Identity) -> Result<bool, Ended> {
        let standing = self.standing(identity);
        let observed = self.step.repeat(|| look(self.provider, &standing)).await?;
        self.take(&standing, observed).await
    }

    async fn take(&self, standing: &Standing, observed: Observation) -> Result<bool, Ended> {
        let (outcome, is_there) = match observed {
            Observation::Present(attributes) => (Settled::Present(Box::new(self.row(standing, attributes))), true),
            Observation::Absent => (Settled::Absent, false),
        };
        self.settle(outcome).await?;
        Ok(is_there)
    }

    async fn settle(&self, outcome: Settled) -> Result<(), Ended> {
        *self.came_to.borrow_mut() = Some(outcome.clone());
        self.step.write(Entry::Settled { operation: self.pending.begun.operation, outcome }).await
    }

    fn kind(&self) -> &str {
        self.pending.begun.address.kind()
    }

    fn mark(&self) -> Mark {
        let begun = &self.pending.begun;
        Mark { lineage: self.lineage.to_owned(), address: begun.address.clone(), generation: begun.generation }
    }

    fn standing(&self, identity: Identity) -> Standing {
        let begun = &self.pending.begun;
        Standing {
            address: begun.address.clone(),
            region: begun.region.clone(),
            account: begun.account.clone(),
            mark: self.mark(),
            identity,
            desired: Desired { attributes: begun.request.clone(), secrets: BTreeMap::new() },
            token: begun.token.clone(),
        }
    }

    /// What AWS does not tell is as it was before a change: whether that reached it is not known, and the next plan makes
    /// it again.
    fn untold(&self) -> &Attributes {
        match (self.pending.begun.action, self.recorded) {
            (Action::Update, Some(recorded)) => &recorded.attributes,
            _ => &self.pending.begun.request,
        }
    }

    fn row(&self, standing: &Standing, attributes: Attributes) -> ResourceRecord {
        let begun = &self.pending.begun;
        let attributes = match self.provider.schema(self.kind()) {
            Some(schema) => to_record(schema, self.untold(), attributes),
            None => attributes,
        };
        let identity = self.provider.identity(self.kind(), &attributes);
        ResourceRecord {
            address: begun.address.clone(),
            region: begun.region.clone(),
            account: begun.account.clone(),
            identity: identity.unwrap_or_else(|| standing.identity.clone()),
            attributes,
            generation: begun.generation,
            depends_on: begun.depends_on.clone(),
            prevent_destroy: begun.prevent_destroy,
            unsettled: begun.action != Action::Delete && self.provider.may_change_unsettled(self.kind()),
        }
    }
}

fn no_provider(address: &Address) -> Failure {
    again("NoProvider", format!("this release has no provider for the type `{}`", address.kind()))
}

fn interrupted() -> Failure {
    again("Interrupted", "it was told to stop")
}
