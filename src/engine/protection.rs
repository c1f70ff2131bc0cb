//! Protection: what a plan must not destroy, and who gives and takes that away.

use fathuss_model::Address;
use fathuss_model::graph::{Node, Source};
use serde::{Deserialize, Serialize};

use crate::diff::FieldChange;
use crate::plan::{PlanError, PlanInput};

/// A protection that the program gives to what is there, or takes away: nothing is sent, the state takes it in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedProtection {
    /// The resource.
    pub address: Address,
    /// The line that declares it.
    pub source: Source,
    /// Whether it is protected from now on.
    pub protected: bool,
}

/// A protected resource that would be destroyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protected {
    /// The resource.
    pub address: Address,
    /// Its line; none where the program does not declare it any more.
    pub source: Option<Source>,
    /// `destroyed`, or `replaced` with the field that forces it.
    pub how: String,
}

impl Protected {
    /// How the protection is taken away.
    #[must_use]
    pub fn unprotect(&self) -> &'static str {
        match self.source {
            Some(_) => "take `prevent_destroy` out of the stack program and apply that first",
            None => "declare it again without `prevent_destroy`, apply, then take it out",
        }
    }
}

impl std::fmt::Display for Protected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is protected and would be {}: {}", self.address, self.how, self.unprotect())
    }
}

/// What must not be destroyed and would be, in a plan.
pub(crate) struct Guard<'a> {
    input: &'a PlanInput<'a>,
    held: Vec<Protected>,
}

impl<'a> Guard<'a> {
    /// Nothing yet.
    pub fn new(input: &'a PlanInput<'a>) -> Self {
        Self { input, held: Vec::new() }
    }

    /// Notes a resource that would be destroyed, or replaced with these changes, where it is protected. An edit of the
    /// program that takes the protection away has to be applied first; one that gives it counts at once.
    pub fn check(&mut self, address: &Address, node: Option<&Node>, replaced: Option<&Vec<FieldChange>>) {
        let declared = node.is_some_and(|node| node.lifecycle.prevent_destroy);
        let recorded = self.input.snapshot.resources.get(address).is_some_and(|record| record.prevent_destroy);
        if !declared && !recorded {
            return;
        }
        let how = match replaced.and_then(|fields| fields.iter().find(|field| field.forces_replacement)) {
            Some(field) => format!("replaced, because `{}` changes", field.path),
            None => "destroyed".to_owned(),
        };
        let source = node.map(|node| node.source.clone());
        self.held.push(Protected { address: address.clone(), source, how });
    }

    /// Refuses the plan where there is any.
    pub fn verdict(self) -> Result<(), PlanError> {
        if self.held.is_empty() { Ok(()) } else { Err(PlanError::Protected(self.held)) }
    }
}

/// Protections that the program gives to what is there, or takes away.
pub(crate) fn protections(input: &PlanInput<'_>) -> Vec<PlannedProtection> {
    let changed = |node: &Node| {
        let record = input.snapshot.resources.get(&node.address)?;
        let protected = node.lifecycle.prevent_destroy;
        let (address, source) = (node.address.clone(), node.source.clone());
        (record.prevent_destroy != protected).then_some(PlannedProtection { address, source, protected })
    };
    input.graph.nodes.iter().filter_map(changed).collect()
}
