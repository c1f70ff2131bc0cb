//! `terraform_data`: a value that lives in state alone.

use crate::{Computed, Datum, Id, Value};

/// A value kept in state, without anything in a cloud behind it.
///
/// ```
/// # use fathuss_model::{terraform::Data, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let release = stack.add("release", Data::new().input("2026-11").triggers_replace("schema-7"));
/// stack.output("release", release.output());
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "terraform_data", provider = "terraform", service = "local", creation = Local)]
pub struct Data {
    /// Any value; readable again as `output`.
    input: Option<Value<Datum>>,
    /// Any value; a change of it replaces the node.
    #[field(replace)]
    triggers_replace: Option<Value<Datum>>,
    /// The input, once applied.
    #[field(volatile)]
    output: Computed<Datum>,
    /// A name that stays until the node is replaced.
    id: Computed<Id<Data>>,
}
