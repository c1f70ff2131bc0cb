//! What a plan would make or change, and what a provider knows against it before the first call that changes anything:
//! a version that does not exist, a size that a zone does not offer.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use fathuss_model::Address;
use fathuss_model::graph::{Finding, Graph};
use serde::{Deserialize, Serialize};

use crate::apply::Surroundings;
use crate::diff::FieldChange;
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

/// What a plan does beyond the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// What becomes of the parts of something that is made or changed, by its address: of the objects of a release.
    pub parts: BTreeMap<Address, Vec<FieldChange>>,
    /// What people should know of something that is made or changed, in sentences.
    pub remarks: BTreeMap<Address, Vec<String>>,
    /// What others made, and what goes with what is deleted.
    pub along: Vec<Along>,
}

/// What others made in what is deleted, and goes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Along {
    /// What it goes with.
    pub address: Address,
    /// What it is, with its name.
    pub what: String,
    /// Whether data is lost.
    pub destroys_data: bool,
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
    asked: &[Asked],
    graph: &Graph,
    around: &Surroundings<'_>,
) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    for (provider, proposed) in asked {
        let objections = ask(proposed, around, || provider.objections(proposed)).await?;
        for Objection { address, message } in objections {
            let node = graph.nodes.iter().find(|node| node.address == address);
            findings.push(Finding { address: Some(address), source: node.map(|node| node.source.clone()), message });
        }
    }
    findings.sort_by_key(|finding| graph.nodes.iter().position(|node| Some(&node.address) == finding.address.as_ref()));
    Ok(findings)
}

/// What it does beyond the fields, and what of that could not be asked.
pub(crate) async fn outlook(asked: &[Asked], around: &Surroundings<'_>) -> (Outlook, Vec<Failure>) {
    let (mut all, mut failures) = (Outlook::default(), Vec::new());
    for (provider, proposed) in asked {
        match ask(proposed, around, || provider.outlook(proposed)).await {
            Ok(Outlook { parts, remarks, along }) => {
                all.parts.extend(parts);
                all.remarks.extend(remarks);
                all.along.extend(along);
            }
            Err(failure) => failures.push(failure),
        }
    }
    (all, failures)
}

/// A provider, and what is proposed of its types.
pub(crate) type Asked = (Rc<dyn Provider>, Proposed);

/// Who is asked about what.
pub(crate) fn by_provider(proposed: Proposed, around: &Surroundings<'_>) -> Vec<Asked> {
    let mut groups: BTreeMap<&'static str, Asked> = BTreeMap::new();
    for (all, is_made) in [(proposed.made, true), (proposed.deleted, false)] {
        for (address, proposal) in all {
            let Some(provider) = (around.provider)(address.kind()) else { continue };
            let Some(schema) = provider.schema(address.kind()) else { continue };
            let (_, group) = groups.entry(schema.provider).or_insert_with(|| (provider, Proposed::default()));
            let group = if is_made { &mut group.made } else { &mut group.deleted };
            group.insert(address, proposal);
        }
    }
    groups.into_values().collect()
}

/// Asks one provider, and again where that fails for a moment. Of what changes nothing, nothing is asked.
async fn ask<T: Default, F: Future<Output = Result<T, Failure>>>(
    proposed: &Proposed,
    around: &Surroundings<'_>,
    question: impl Fn() -> F,
) -> Result<T, Failure> {
    let changing = proposed.made.iter().filter(|(_, proposal)| !proposal.changes.is_empty());
    let Some((first, _)) = changing.chain(&proposed.deleted).next() else { return Ok(T::default()) };
    let began = around.clock.now();
    let mut attempt = 0;
    loop {
        let failure = match question().await {
            Ok(answer) => return Ok(answer),
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
