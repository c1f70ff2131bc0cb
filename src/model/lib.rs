//! The model: typed declarations of infrastructure, and the graph they become.
//!
//! No I/O, no async, no SDK. A stack program links this package alone.
//!
//! ```
//! use fathuss_model::aws::{Subnet, Vpc};
//! use fathuss_model::{Stack, Result, graph_of};
//!
//! fn network(stack: &mut Stack) -> Result<()> {
//!     stack.place("us-east-1", "111122223333");
//!     let vpc = stack.add("main", Vpc::new("10.0.0.0/16".parse::<ipnet::Ipv4Net>()?));
//!     stack.add(("private", "us-east-1a"), Subnet::new(&vpc, "10.0.16.0/20".parse::<ipnet::Ipv4Net>()?));
//!     stack.output("vpc", vpc.id());
//!     Ok(())
//! }
//!
//! let graph = graph_of("example", network).expect("nothing is wrong with it");
//! assert_eq!(graph.nodes.len(), 2);
//! ```

// `#[derive(Resource)]` names this package by its public name, here as everywhere.
extern crate self as fathuss_model;

mod address;
pub mod aws;
pub mod check;
mod datum;
mod decimal;
mod document;
mod expression;
mod function;
pub mod graph;
pub mod kubernetes;
pub mod program;
pub mod random;
mod resource;
pub mod schema;
mod stack;
pub mod terraform;
pub mod transition;
mod value;
mod waits;

pub use address::{Address, AddressError};
pub use datum::Datum;
pub use decimal::Decimal;
#[doc(hidden)]
pub use document::key_of_document;
pub use expression::{
    Call, Document, EvaluationError, Expression, Nowhere, OutputReference, Partial, Reference, Scope, SecretSource,
};
pub use fathuss_derive::Resource;
pub use function::{Function, FunctionError, Subnets};
pub use graph::Lifecycle;
pub use ipnet::Ipv4Net;
pub use program::graph as graph_of;
pub use resource::{Declaration, DeclarationExt, Declared, Handle, Resource};
pub use stack::{Error, IntoName, OutputName, Result, Stack};
pub use value::{
    Arn, Computed, Id, IntoArn, IntoChoice, IntoId, IntoJson, IntoList, IntoNameOf, IntoPlain, IntoRange, IntoSecret,
    IntoValue, Json, Name, Output, Secret, SecretVersion, Tags, Typed, Value, json, template,
};

/// What the code made by `#[derive(Resource)]` calls.
#[doc(hidden)]
pub mod schema_support {
    use std::collections::BTreeMap;

    use crate::Expression;
    use crate::value::{Tags, Value, entries, map};

    /// A block's fields as one value.
    #[must_use]
    pub fn block<T>(fields: BTreeMap<String, Expression>) -> Value<T> {
        Value::from_expression(map(fields))
    }

    /// The tags with one more.
    #[must_use]
    pub fn with_tag(tags: Option<Value<Tags>>, key: String, value: Value<String>) -> Value<Tags> {
        let mut tags = tags.map(|tags| entries(tags.into_expression())).unwrap_or_default();
        tags.insert(key, value.into_expression());
        Value::from_expression(map(tags))
    }
}

/// Every schema of this package, for those who look one up by type name.
pub fn schemas() -> impl Iterator<Item = &'static schema::Schema> {
    let local = [<terraform::Data as Resource>::SCHEMA, <random::RandomId as Resource>::SCHEMA];
    aws::SCHEMAS.iter().chain(kubernetes::SCHEMAS).copied().chain(local)
}

/// The schema of a type.
#[must_use]
pub fn schema_of(kind: &str) -> Option<&'static schema::Schema> {
    schemas().find(|schema| schema.kind == kind)
}
