//! How long a plan is expected to take, and what that time goes to.

use std::collections::BTreeMap;
use std::time::Duration;

use fathuss_engine::plan::Plan;
use fathuss_engine::schedule::{Expectations, critical_paths};
use fathuss_model::Address;
use fathuss_model::schema::Schema;

/// How long each action of a plan is expected to take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Each action alone, by its position in the plan.
    pub actions: Vec<Duration>,
    /// Each action with the longest chain behind it.
    pub paths: Vec<Duration>,
}

/// The one action that a plan waits for most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dominant {
    /// The resource.
    pub address: Address,
    /// How long it alone takes.
    pub takes: Duration,
}

impl Expected {
    /// From what earlier runs took (`Snapshot::durations_ms`) and, where there were none, from the schemas.
    #[must_use]
    pub fn of(
        plan: &Plan,
        learned: &BTreeMap<(String, String), i64>,
        schema: &dyn Fn(&str) -> Option<&'static Schema>,
    ) -> Self {
        let expectations = Expectations::new(learned.clone());
        let actions: Vec<Duration> =
            plan.actions.iter().map(|action| expectations.expect(action, schema(action.address.kind()))).collect();
        let paths = critical_paths(&plan.actions, &actions);
        Self { actions, paths }
    }

    /// How long all of it takes: its critical path.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.paths.iter().copied().max().unwrap_or_default()
    }

    /// The longest action on the critical path.
    #[must_use]
    pub fn dominant(&self, plan: &Plan) -> Option<Dominant> {
        let mut followers = vec![Vec::new(); plan.actions.len()];
        for (at, action) in plan.actions.iter().enumerate() {
            for &first in &action.after {
                followers[first].push(at);
            }
        }
        // Among equals the first, so that the same plan reads the same.
        let longest = |of: &mut dyn Iterator<Item = usize>| {
            of.fold(None, |best: Option<usize>, at| match best {
                Some(best) if self.paths[best] >= self.paths[at] => Some(best),
                _ => Some(at),
            })
        };
        let mut next = longest(&mut (0..plan.actions.len().min(self.paths.len())));
        let mut dominant: Option<Dominant> = None;
        while let Some(at) = next {
            if dominant.as_ref().is_none_or(|dominant| self.actions[at] > dominant.takes) {
                dominant = Some(Dominant { address: plan.actions[at].address.clone(), takes: self.actions[at] });
            }
            next = longest(&mut followers[at].iter().copied());
        }
        dominant
    }
}
