//! What a plan would make or change, and what a provider knows against it before the first call that changes anything:
//! a version that does not exist, a size that a zone does not offer.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use fathuss_model::Address;
use fathuss_model::graph::{Finding, Graph};

use crate::apply::Surroundings;
use crate::provider::{Attributes, Failure, FailureClass, Provider};
use crate::refresh::pause;

/// How long it is asked again what fails for a moment.
const PATIENCE: Duration = Duration::from_secs(15);

/// A resource as a plan would have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// Its region.
    pub region: String,
    /// Its fields, as far as they are known before anything is made.
    pub fields: Attributes,
    /// What its fields refer to, by field. What that is, is a proposal of its own.
    pub refers: BTreeMap<String, Vec<Address>>,
    /// The fields that are given to a new one, or change; none where it stays as it is and is referred to.
    pub changes: BTreeSet<String>,
}

/// Proposals by address: what would be made or changed, and what that refers to.
pub type Proposals = BTreeMap<Address, Proposal>;

/// What a plan would make, change and delete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposed {
    /// What would be made or changed, and what that refers to.
    pub made: Proposals,
    /// What would be deleted, with its fields as they are.
    pub deleted: Proposals,
}

/// Why a proposal would fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The resource.
    pub address: Address,
    /// What is wrong and what would be right, in words.
    pub message: String,
}

impl Proposal {
    /// Whether it is new, or one of these fields changes.
    #[must_use]
    pub fn changes(&self, fields: &[&str]) -> bool {
        fields.iter().any(|field| self.changes.contains(*field))
    }
}

/// What providers know against it, at the lines of the program.
pub(crate) async fn objections(
    proposed: &Proposed,
    graph: &Graph,
    around: &Surroundings<'_>,
) -> Result<Vec<Finding>, Failure> {
    let mut groups: BTreeMap<&'static str, (Rc<dyn Provider>, Proposed)> = BTreeMap::new();
    for (all, is_made) in [(&proposed.made, true), (&proposed.deleted, false)] {
        for (address, proposal) in all {
            let Some(provider) = (around.provider)(address.kind()) else { continue };
            let Some(schema) = provider.schema(address.kind()) else { continue };
            let (_, group) = groups.entry(schema.provider).or_insert_with(|| (provider, Proposed::default()));
            let group = if is_made { &mut group.made } else { &mut group.deleted };
            group.insert(address.clone(), proposal.clone());
        }
    }
    let mut findings = Vec::new();
    for (provider, proposed) in groups.into_values() {
        for Objection { address, message } in ask(&*provider, &proposed, around).await? {
            let node = graph.nodes.iter().find(|node| node.address == address);
            findings.push(Finding { address: Some(address), source: node.map(|node| node.source.clone()), message });
        }
    }
    findings.sort_by_key(|finding| graph.nodes.iter().position(|node| Some(&node.address) == finding.address.as_ref()));
    Ok(findings)
}

/// Asks one provider, and again where that fails for a moment.
async fn ask(
    provider: &dyn Provider,
    proposed: &Proposed,
    around: &Surroundings<'_>,
) -> Result<Vec<Objection>, Failure> {
    let changing = proposed.made.iter().filter(|(_, proposal)| !proposal.changes.is_empty());
    let Some((first, _)) = changing.chain(&proposed.deleted).next() else { return Ok(Vec::new()) };
    let began = around.clock.now();
    let mut attempt = 0;
    loop {
        let failure = match provider.objections(proposed).await {
            Ok(objections) => return Ok(objections),
            Err(failure) => failure,
        };
        let passes = matches!(failure.class, FailureClass::Throttled | FailureClass::Ambiguous);
        if !passes || around.clock.now().saturating_sub(began) > PATIENCE {
            return Err(failure);
        }
        pause(first, &failure, attempt, around).await;
        attempt += 1;
    }
}
