//! Expressions: what a field is to become, as data.
//!
//! Literal, reference, template, JSON document and a closed set of pure
//! functions; never a closure, so that a graph can be stored, compared and read
//! by other programs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::datum::Datum;
use crate::function::{Function, FunctionError};

/// What a field is to become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Expression {
    /// A value written in the stack program.
    Literal(Datum),
    /// An attribute of another node of the same stack.
    Reference(Reference),
    /// An output of another stack, read from its state.
    Output(OutputReference),
    /// Texts put one behind the other.
    Template(Vec<Expression>),
    /// A list with at least one element that is no literal.
    List(Vec<Expression>),
    /// A map with at least one value that is no literal.
    Map(BTreeMap<String, Expression>),
    /// A JSON document that becomes a text, with expressions in keys and values.
    Json(Document),
    /// A pure function of other expressions.
    Call(Call),
    /// A secret: where it is to be had, never what it is.
    Secret(SecretSource),
}

/// An attribute of another node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The node that is referred to.
    pub address: Address,
    /// The attribute, dotted where it lies inside a block.
    pub attribute: String,
}

/// An output of another stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputReference {
    /// The stack that declares the output.
    pub stack: String,
    /// The output's name.
    pub name: String,
}

/// A function with its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Which function.
    pub function: Function,
    /// What it is applied to.
    pub arguments: Vec<Expression>,
}

/// A JSON document whose keys and values may be expressions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Document {
    /// A scalar or anything else that evaluates to a value.
    Value(Box<Expression>),
    /// An array.
    Array(Vec<Document>),
    /// A number that is not whole, or larger than a [`Datum`] holds.
    Number(serde_json::Number),
    /// An object; keys keep the order they were written in until evaluated.
    Object(Vec<(Expression, Document)>),
    /// What is refused unless its reason is given, with that.
    Because(String, Box<Document>),
}

/// Where a secret is to be had at apply.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SecretSource {
    /// An environment variable of the process that applies.
    Environment(String),
    /// A file that only the process that applies can read; its last line break is left out.
    File(String),
    /// So many letters and digits by chance, others each time that they are sent.
    Generated(u16),
    /// What a resource of the same stack keeps, by the attribute that identifies it: asked for when it is sent.
    Kept(Reference),
}

/// A value of which parts may be unknown until something is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Partial {
    /// Known in full.
    Known(Datum),
    /// Known after apply.
    Unknown,
    /// A list with elements that are not known in full.
    List(Vec<Partial>),
    /// A map with values that are not known in full.
    Map(BTreeMap<String, Partial>),
    /// A secret, by its source.
    Secret(SecretSource),
}

impl Partial {
    /// The value, where all of it is known.
    #[must_use]
    pub fn known(&self) -> Option<&Datum> {
        match self {
            Self::Known(datum) => Some(datum),
            _ => None,
        }
    }

    fn list(items: Vec<Self>) -> Self {
        if items.iter().all(|item| matches!(item, Self::Known(_))) {
            return Self::Known(Datum::List(items.into_iter().filter_map(Self::into_known).collect()));
        }
        Self::List(items)
    }

    fn map(entries: BTreeMap<String, Self>) -> Self {
        if entries.values().all(|value| matches!(value, Self::Known(_))) {
            let known = entries.into_iter().filter_map(|(key, value)| Some((key, value.into_known()?)));
            return Self::Known(Datum::Map(known.collect()));
        }
        Self::Map(entries)
    }

    /// The value itself, where all of it is known.
    #[must_use]
    pub fn into_known(self) -> Option<Datum> {
        match self {
            Self::Known(datum) => Some(datum),
            _ => None,
        }
    }
}

/// What an evaluation can ask its surroundings.
pub trait Scope {
    /// An attribute of a node: known, unknown until applied, or an error when there is no such thing.
    fn attribute(&self, reference: &Reference) -> Result<Partial, EvaluationError>;
    /// An output of another stack.
    fn output(&self, reference: &OutputReference) -> Result<Partial, EvaluationError>;
}

/// Where nothing is known but what an expression says itself.
#[derive(Clone, Copy, Debug)]
pub struct Nowhere;

impl Scope for Nowhere {
    fn attribute(&self, _: &Reference) -> Result<Partial, EvaluationError> {
        Ok(Partial::Unknown)
    }

    fn output(&self, _: &OutputReference) -> Result<Partial, EvaluationError> {
        Ok(Partial::Unknown)
    }
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// Nothing stands at the address.
    #[error("{0} is not in the graph")]
    NoSuchNode(Address),
    /// The node has no attribute of that name.
    #[error("{address} has no attribute `{attribute}`")]
    NoSuchAttribute {
        /// The node.
        address: Address,
        /// The attribute asked for.
        attribute: String,
    },
    /// The other stack's state has no such output.
    #[error("stack `{stack}` has no output `{name}`: apply it first, or declare the output there")]
    NoSuchOutput {
        /// The stack asked.
        stack: String,
        /// The output asked for.
        name: String,
    },
    /// A template or a key got something that is no text.
    #[error("a text was expected, found {found}")]
    NotText {
        /// What was found instead.
        found: String,
    },
    /// A secret stands where its value would end up in a plan.
    #[error("a secret can't be part of a template, a document or a function's argument")]
    SecretInside,
    /// A function refused its arguments.
    #[error(transparent)]
    Function(#[from] FunctionError),
}

impl Expression {
    /// Evaluates as far as the scope knows.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Partial, EvaluationError> {
        match self {
            Self::Literal(datum) => Ok(Partial::Known(datum.clone())),
            Self::Reference(reference) => scope.attribute(reference),
            Self::Output(reference) => scope.output(reference),
            Self::Template(parts) => {
                let mut text = String::new();
                let mut unknown = false;
                for part in parts {
                    match part.evaluate(scope)? {
                        Partial::Known(datum) => text.push_str(&as_text(&datum)?),
                        Partial::Secret(_) => return Err(EvaluationError::SecretInside),
                        Partial::Unknown | Partial::List(_) | Partial::Map(_) => unknown = true,
                    }
                }
                Ok(if unknown { Partial::Unknown } else { Partial::Known(Datum::String(text)) })
            }
            Self::List(items) => {
                items.iter().map(|item| item.evaluate(scope)).collect::<Result<_, _>>().map(Partial::list)
            }
            Self::Map(entries) => entries
                .iter()
                .map(|(key, value)| Ok((key.clone(), value.evaluate(scope)?)))
                .collect::<Result<_, _>>()
                .map(Partial::map),
            Self::Json(document) => Ok(match document.evaluate(scope)? {
                Some(json) => Partial::Known(Datum::String(json.to_string())),
                None => Partial::Unknown,
            }),
            Self::Call(call) => {
                let mut arguments = Vec::with_capacity(call.arguments.len());
                for argument in &call.arguments {
                    match argument.evaluate(scope)? {
                        Partial::Known(datum) => arguments.push(datum),
                        Partial::Secret(_) => return Err(EvaluationError::SecretInside),
                        Partial::Unknown | Partial::List(_) | Partial::Map(_) => return Ok(Partial::Unknown),
                    }
                }
                Ok(Partial::Known(call.function.apply(&arguments)?))
            }
            Self::Secret(source) => Ok(Partial::Secret(source.clone())),
        }
    }

    /// Calls `visit` with every reference to a node inside.
    pub fn references<'a>(&'a self, visit: &mut dyn FnMut(&'a Reference)) {
        match self {
            Self::Reference(reference) | Self::Secret(SecretSource::Kept(reference)) => visit(reference),
            Self::Literal(_) | Self::Output(_) | Self::Secret(_) => {}
            Self::Template(parts) | Self::List(parts) => parts.iter().for_each(|part| part.references(visit)),
            Self::Map(entries) => entries.values().for_each(|value| value.references(visit)),
            Self::Json(document) => document.references(visit),
            Self::Call(call) => call.arguments.iter().for_each(|argument| argument.references(visit)),
        }
    }

    /// Calls `visit` with every output of another stack inside.
    pub fn outputs<'a>(&'a self, visit: &mut dyn FnMut(&'a OutputReference)) {
        match self {
            Self::Output(reference) => visit(reference),
            Self::Literal(_) | Self::Reference(_) | Self::Secret(_) => {}
            Self::Template(parts) | Self::List(parts) => parts.iter().for_each(|part| part.outputs(visit)),
            Self::Map(entries) => entries.values().for_each(|value| value.outputs(visit)),
            Self::Json(document) => document.outputs(visit),
            Self::Call(call) => call.arguments.iter().for_each(|argument| argument.outputs(visit)),
        }
    }

    /// The value, where it is written in the program itself.
    #[must_use]
    pub fn literal(&self) -> Option<&Datum> {
        match self {
            Self::Literal(datum) => Some(datum),
            _ => None,
        }
    }
}

impl Document {
    /// Calls `found` for each value that stands under a key, whatever object has it.
    pub(crate) fn under(&self, key: &str, found: &mut impl FnMut(&Expression)) {
        match self {
            Self::Value(_) | Self::Number(_) => {}
            Self::Array(items) => items.iter().for_each(|item| item.under(key, found)),
            Self::Because(_, document) => document.under(key, found),
            Self::Object(entries) => {
                for (name, value) in entries {
                    if name.literal().and_then(Datum::as_str) == Some(key) {
                        value.values(found);
                    } else {
                        value.under(key, found);
                    }
                }
            }
        }
    }

    fn values(&self, found: &mut impl FnMut(&Expression)) {
        match self {
            Self::Value(value) => found(value),
            Self::Number(_) => {}
            Self::Array(items) => items.iter().for_each(|item| item.values(found)),
            Self::Because(_, document) => document.values(found),
            Self::Object(entries) => entries.iter().for_each(|(_, value)| value.values(found)),
        }
    }

    /// The JSON value, or none while a part is unknown.
    fn evaluate(&self, scope: &dyn Scope) -> Result<Option<serde_json::Value>, EvaluationError> {
        match self {
            Self::Value(expression) => match expression.evaluate(scope)? {
                Partial::Known(datum) => Ok(Some(datum.to_json())),
                Partial::Secret(_) => Err(EvaluationError::SecretInside),
                Partial::Unknown | Partial::List(_) | Partial::Map(_) => Ok(None),
            },
            Self::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| item.evaluate(scope)).collect::<Result<_, _>>()?;
                Ok(items.into_iter().collect::<Option<Vec<_>>>().map(serde_json::Value::Array))
            }
            Self::Object(entries) => {
                let mut object = serde_json::Map::new();
                let mut unknown = false;
                for (key, value) in entries {
                    match (key.evaluate(scope)?, value.evaluate(scope)?) {
                        (Partial::Secret(_), _) => return Err(EvaluationError::SecretInside),
                        (Partial::Known(key), Some(value)) => {
                            object.insert(as_text(&key)?, value);
                        }
                        _ => unknown = true,
                    }
                }
                Ok((!unknown).then_some(serde_json::Value::Object(object)))
            }
            Self::Number(number) => Ok(Some(number.clone().into())),
            Self::Because(_, document) => document.evaluate(scope),
        }
    }

    fn outputs<'a>(&'a self, visit: &mut dyn FnMut(&'a OutputReference)) {
        match self {
            Self::Value(expression) => expression.outputs(visit),
            Self::Number(_) => {}
            Self::Array(items) => items.iter().for_each(|item| item.outputs(visit)),
            Self::Because(_, document) => document.outputs(visit),
            Self::Object(entries) => {
                for (key, value) in entries {
                    key.outputs(visit);
                    value.outputs(visit);
                }
            }
        }
    }

    fn references<'a>(&'a self, visit: &mut dyn FnMut(&'a Reference)) {
        match self {
            Self::Value(expression) => expression.references(visit),
            Self::Number(_) => {}
            Self::Array(items) => items.iter().for_each(|item| item.references(visit)),
            Self::Because(_, document) => document.references(visit),
            Self::Object(entries) => {
                for (key, value) in entries {
                    key.references(visit);
                    value.references(visit);
                }
            }
        }
    }
}

fn as_text(datum: &Datum) -> Result<String, EvaluationError> {
    match datum {
        Datum::String(text) => Ok(text.clone()),
        Datum::Integer(number) => Ok(number.to_string()),
        Datum::Bool(truth) => Ok(truth.to_string()),
        Datum::Null | Datum::List(_) | Datum::Map(_) => Err(EvaluationError::NotText { found: datum.to_string() }),
    }
}
