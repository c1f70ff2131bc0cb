//! `document!`: a JSON document as it is written, with other resources' values in it.

use crate::datum::Datum;
use crate::expression::{Document, Expression};
use crate::value::Value;

/// Makes a [`Document`](crate::Document) that looks as JSON does. Any value in round brackets is Rust: a text, a number,
/// a truth value, or a value of another resource; likewise a key.
///
/// ```
/// use fathuss_model::{Document, document};
///
/// let replicas = 3;
/// let made: Document = document!({ "replicas": (replicas), "paused": false, "args": ["--verbose", 2], "limit": null });
/// assert!(matches!(made, Document::Object(entries) if entries.len() == 4));
/// ```
#[macro_export]
macro_rules! document {
    ({ $($key:tt : $value:tt),* $(,)? }) => {
        $crate::Document::Object(vec![$(($crate::key_of_document($key), $crate::document!($value))),*])
    };
    ([ $($value:tt),* $(,)? ]) => {
        $crate::Document::Array(vec![$($crate::document!($value)),*])
    };
    (null) => {
        $crate::Document::from($crate::Datum::Null)
    };
    ($value:tt) => {
        $crate::Document::from($value)
    };
}

/// A key of a document.
#[doc(hidden)]
pub fn key_of_document(key: impl Into<Document>) -> Expression {
    match key.into() {
        Document::Value(expression) => *expression,
        document => Expression::Json(document),
    }
}

impl From<Datum> for Document {
    fn from(datum: Datum) -> Self {
        Self::Value(Box::new(Expression::Literal(datum)))
    }
}

impl<T> From<Value<T>> for Document {
    fn from(value: Value<T>) -> Self {
        Self::Value(Box::new(value.into_expression()))
    }
}

/// What a part of a document is, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An object.
    Object,
    /// A list.
    List,
    /// A text, a number, a truth value or null.
    Scalar,
    /// It is known once something is applied.
    Unknown,
}

impl Document {
    /// What it is.
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Object(_) => Shape::Object,
            Self::Array(_) => Shape::List,
            Self::Number(_) => Shape::Scalar,
            Self::Because(_, document) => document.shape(),
            Self::Value(value) => match value.as_ref() {
                Expression::Map(_) | Expression::Literal(Datum::Map(_)) => Shape::Object,
                Expression::List(_) | Expression::Literal(Datum::List(_)) => Shape::List,
                Expression::Literal(_) | Expression::Template(_) => Shape::Scalar,
                _ => Shape::Unknown,
            },
        }
    }

    /// The entries, where it was written as an object and all of its keys are known.
    pub(crate) fn entries(&self) -> Option<Vec<(&str, &Self)>> {
        let Self::Object(entries) = self else { return None };
        entries.iter().map(|(key, value)| Some((key.literal()?.as_str()?, value))).collect()
    }

    /// Reads a document of YAML, as files of values are.
    ///
    /// # Errors
    /// When it is not YAML.
    pub fn yaml(text: &str) -> crate::Result<Self> {
        let value: serde_json::Value = serde_saphyr::from_str(text)?;
        Ok(Self::of_json(value))
    }

    fn of_json(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Object(entries) => Self::Object(
                entries.into_iter().map(|(key, value)| (key_of_document(key), Self::of_json(value))).collect(),
            ),
            serde_json::Value::Array(values) => Self::Array(values.into_iter().map(Self::of_json).collect()),
            serde_json::Value::Null => Datum::Null.into(),
            serde_json::Value::Bool(truth) => truth.into(),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(whole) => whole.into(),
                None => Self::Number(number),
            },
            serde_json::Value::String(text) => text.into(),
        }
    }

    /// This with another one over it, as Helm puts one file of values over another: objects are merged key by key, and of
    /// all else the other's stands.
    #[must_use]
    pub fn merge(self, over: Self) -> Self {
        let (mut entries, over) = match (self, over) {
            (Self::Object(entries), Self::Object(over)) => (entries, over),
            (_, over) => return over,
        };
        for (key, value) in over {
            match entries.iter_mut().find(|(known, _)| *known == key) {
                Some((_, before)) => *before = std::mem::replace(before, Self::Array(Vec::new())).merge(value),
                None => entries.push((key, value)),
            }
        }
        Self::Object(entries)
    }
}

/// What is no number is null, as JSON has none.
impl From<f64> for Document {
    fn from(number: f64) -> Self {
        serde_json::Number::from_f64(number).map_or_else(|| Datum::Null.into(), Self::Number)
    }
}

macro_rules! plain {
    ($($plain:ty),*) => {
        $(impl From<$plain> for Document {
            fn from(plain: $plain) -> Self {
                Datum::from(plain).into()
            }
        })*
    };
}

plain!(&str, String, i64, bool);
