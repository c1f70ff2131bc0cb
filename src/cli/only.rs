//! `--only`: a run on a part of a stack.

use std::collections::BTreeSet;

use clap::Args;
use fathuss_engine::part::{PartError, part_of};
use fathuss_engine::run::RunError;
use fathuss_model::Address;
use fathuss_model::graph::Graph;
use fathuss_state::{Part, Snapshot};

use crate::error::Error;
use crate::selection::Selection;

/// How many of the same type are named.
const NAMED: usize = 6;

/// Which part of a stack a run is about.
#[derive(Args, Clone, Debug, Default)]
pub struct Only {
    /// Change this alone, and read what it refers to: an address, a declaration with all of its keys, or '*.old-*'
    #[arg(long = "only", value_name = "ADDRESS")]
    addresses: Vec<String>,
}

impl Only {
    /// The options as they are to be typed again, with a space in front.
    pub fn words(&self) -> String {
        self.addresses.iter().map(|address| option(address)).collect()
    }

    /// Whether the run is about everything.
    pub const fn is_all(&self) -> bool {
        self.addresses.is_empty()
    }

    /// The part that it names; none where it names nothing.
    pub fn part(&self, graph: &Graph, snapshot: &Snapshot) -> Result<Option<Part>, Error> {
        if self.is_all() {
            return Ok(None);
        }
        let mut own: BTreeSet<Address> = BTreeSet::new();
        for text in &self.addresses {
            let selection = Selection::parse(&graph.stack, text)?;
            let known = graph.nodes.iter().map(|node| &node.address).chain(snapshot.resources.keys());
            let found: Vec<&Address> = known.filter(|address| selection.names(address)).collect();
            if found.is_empty() {
                return Err(unknown(text, graph));
            }
            own.extend(found.into_iter().cloned());
        }
        Ok(Some(part_of(graph, snapshot, own)))
    }
}

/// What is neither declared nor there, with what is declared of the same type.
fn unknown(text: &str, graph: &Graph) -> Error {
    let kind = text.split('.').next().unwrap_or_default();
    let same: BTreeSet<&str> =
        graph.nodes.iter().filter(|node| node.address.kind() == kind).map(|node| node.address.name()).collect();
    let known: Vec<String> = same.iter().take(NAMED).map(|name| format!("{kind}.{name}")).collect();
    let known = match known.is_empty() {
        true => String::new(),
        false => format!("; of that type it declares {}", known.join(", ")),
    };
    Error::Usage(format!("{} declares no `{text}`, and its state has none{known}", graph.stack))
}

/// Why there is no plan; where a part can't be changed alone, with the command that takes in what it lacks.
pub fn told(error: RunError, again: &str) -> Error {
    let RunError::Part(part) = &error else { return error.into() };
    let missing: String = part.missing().into_iter().map(|address| option(&address.local())).collect();
    let all = match part {
        PartError::Needs(_) => "apply it first, or take it in",
        PartError::Needed(_) => "take in what needs it",
    };
    Error::Usage(format!("{part}; nothing was changed\nNext: {all}\n  {again}{missing}"))
}

fn option(address: &str) -> String {
    format!(" --only '{address}'")
}
