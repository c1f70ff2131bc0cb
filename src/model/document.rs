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
/// let made: Document = document!({ "replicas": (replicas), "paused": false, "args": ["--verbose", 2] });
/// assert!(matches!(made, Document::Object(entries) if entries.len() == 3));
/// ```
#[macro_export]
macro_rules! document {
    ({ $($key:tt : $value:tt),* $(,)? }) => {
        $crate::Document::Object(vec![$(($crate::key_of_document($key), $crate::document!($value))),*])
    };
    ([ $($value:tt),* $(,)? ]) => {
        $crate::Document::Array(vec![$($crate::document!($value)),*])
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
