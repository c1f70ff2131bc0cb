//! The graph format: what a stack program prints and the engine reads.
//!
//! Version 1. A program prints one [`Printed`] document; a reader refuses a
//! version that it does not know.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::expression::Expression;

/// The format's name, first in every document.
pub const FORMAT: &str = "fathuss-graph";
/// The version that this package writes.
pub const VERSION: u32 = 1;

/// What a stack program prints: the graph, or what is wrong with the stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Printed {
    /// Always [`FORMAT`].
    pub format: String,
    /// The version of everything below.
    pub version: u32,
    /// The names of the stacks that the program knows.
    pub stacks: Vec<String>,
    /// The graph of the stack asked for, where nothing is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph: Option<Graph>,
    /// What is wrong with the stack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// A stack as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Graph {
    /// The stack's name.
    pub stack: String,
    /// The region of every node that names none.
    pub region: String,
    /// The account that all of it belongs to: 12 digits.
    pub account: String,
    /// The nodes, in the order they were declared.
    pub nodes: Vec<Node>,
    /// What the stack gives to others and to people.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, OutputDeclaration>,
}

/// A resource or a lookup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Where it stands.
    pub address: Address,
    /// The region it is made in.
    pub region: String,
    /// The account it belongs to.
    pub account: String,
    /// The line that declared it.
    pub source: Source,
    /// What the program gave, by Terraform's attribute names.
    pub fields: BTreeMap<String, Expression>,
    /// Nodes it waits for beyond those its fields refer to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Address>,
    /// How the engine may treat it.
    #[serde(default, skip_serializing_if = "Lifecycle::is_default")]
    pub lifecycle: Lifecycle,
}

/// A line of a stack program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The file, as the compiler names it: relative to the workspace.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// How the engine may treat a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lifecycle {
    /// Refuses every plan that would destroy it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub prevent_destroy: bool,
    /// Makes the replacement before the old one goes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub create_before_destroy: bool,
    /// Fields whose drift and changes are left alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore_changes: Vec<String>,
}

/// What a stack gives to others and to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputDeclaration {
    /// Its value.
    pub value: Expression,
    /// The line that declared it.
    pub source: Source,
}

/// Something wrong with a stack, at a line of its program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The node that it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// The line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What is wrong and what to do.
    pub message: String,
}

/// Why a document is no graph.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// It is no JSON, or JSON of another shape.
    #[error("this is no fathuss-graph document: {0}")]
    Shape(#[from] serde_json::Error),
    /// It says that it is something else.
    #[error("this is a `{0}` document, not a fathuss-graph")]
    Format(String),
    /// It is of a version that this program does not know.
    #[error(
        "this graph has version {0}; this fathuss reads version {VERSION}: build the stack program and fathuss from the same release"
    )]
    Version(u32),
}

#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
}

impl Printed {
    /// A document of this version.
    #[must_use]
    pub fn new(stacks: Vec<String>, graph: Option<Graph>, findings: Vec<Finding>) -> Self {
        Self { format: FORMAT.to_owned(), version: VERSION, stacks, graph, findings }
    }

    /// Reads what a stack program printed.
    pub fn read(text: &str) -> Result<Self, FormatError> {
        match serde_json::from_str::<Self>(text) {
            Ok(printed) if printed.format == FORMAT && printed.version == VERSION => Ok(printed),
            Ok(printed) if printed.format != FORMAT => Err(FormatError::Format(printed.format)),
            Ok(printed) => Err(FormatError::Version(printed.version)),
            Err(error) => match serde_json::from_str::<Header>(text) {
                Ok(header) if header.format != FORMAT => Err(FormatError::Format(header.format)),
                Ok(header) if header.version != VERSION => Err(FormatError::Version(header.version)),
                _ => Err(error.into()),
            },
        }
    }
}

impl Lifecycle {
    /// Nothing out of the ordinary.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses every plan that would destroy the resource.
    #[must_use]
    pub fn prevent_destroy(mut self, prevent: bool) -> Self {
        self.prevent_destroy = prevent;
        self
    }

    /// Makes a replacement before the old one goes.
    #[must_use]
    pub fn create_before_destroy(mut self, before: bool) -> Self {
        self.create_before_destroy = before;
        self
    }

    /// Leaves drift and changes of a field alone.
    #[must_use]
    pub fn ignore_changes(mut self, field: &str) -> Self {
        self.ignore_changes.push(field.to_owned());
        self
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Node {
    /// The part of the platform that it belongs to: the stem of its source file, as plans group it.
    #[must_use]
    pub fn group(&self) -> &str {
        let file = self.source.file.rsplit(['/', '\\']).next().unwrap_or_default();
        file.strip_suffix(".rs").unwrap_or(file)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
