//! The tree that requests are decoded into and answers are encoded from.
//!
//! Member names are those of the API model (`VpcId`, `Tags`), whatever the
//! protocol calls them on the wire.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One value of a request or an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// A member that is not there; left out of answers.
    Absent,
    /// True or false.
    Bool(bool),
    /// An integer or long.
    Integer(i64),
    /// A float or double.
    Float(f64),
    /// A string or an enum's value.
    Text(String),
    /// Bytes, decoded from base64.
    Blob(Vec<u8>),
    /// A moment.
    Time(Timestamp),
    /// A list.
    List(Vec<Value>),
    /// A structure's members or a map's entries.
    Record(Record),
}

/// Named values, in the order they were given.
pub type Record = IndexMap<String, Value>;

/// Builds a [`Value::Record`]; members that are [`Value::Absent`] (or `None`) are left out.
///
/// ```
/// use fathuss_simulator::{record, value::Value};
/// let none: Option<String> = None;
/// let vpc = record! { "VpcId" => "vpc-1", "IsDefault" => false, "Owner" => none };
/// assert_eq!(vpc.get("IsDefault"), &Value::Bool(false));
/// assert_eq!(vpc.get("Owner"), &Value::Absent);
/// ```
#[macro_export]
macro_rules! record {
    ($($name:expr => $value:expr),* $(,)?) => {{
        #[allow(unused_mut)]
        let mut members = $crate::value::Record::new();
        $(
            match $crate::value::Value::from($value) {
                $crate::value::Value::Absent => {}
                value => { members.insert(String::from($name), value); }
            }
        )*
        $crate::value::Value::Record(members)
    }};
}

impl Value {
    /// The member of that name; [`Value::Absent`] where there is none or this is no record.
    #[must_use]
    pub fn get(&self, name: &str) -> &Value {
        match self {
            Value::Record(members) => members.get(name).unwrap_or(&Value::Absent),
            _ => &Value::Absent,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match self {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The list's items; none where it is no list.
    #[must_use]
    pub fn list(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Whether nothing is there.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Value::Absent)
    }

    /// Sets a member of a record, and removes it where the value is absent. Does nothing to other values.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        if let Value::Record(members) = self {
            match value.into() {
                Value::Absent => {
                    members.shift_remove(name);
                }
                value => {
                    members.insert(name.to_owned(), value);
                }
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}
impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Value::Text(text.clone())
    }
}
impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}
impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Value::Float(number)
    }
}
impl From<Timestamp> for Value {
    fn from(moment: Timestamp) -> Self {
        Value::Time(moment)
    }
}
impl From<Record> for Value {
    fn from(members: Record) -> Self {
        Value::Record(members)
    }
}
impl From<&Value> for Value {
    fn from(value: &Value) -> Self {
        value.clone()
    }
}

macro_rules! integers {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Value {
            fn from(number: $kind) -> Self {
                Value::Integer(i64::from(number))
            }
        }
    )*};
}
integers!(i64, i32, u32, u16, u8);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Absent, Into::into)
    }
}
impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}
impl From<&[String]> for Value {
    fn from(items: &[String]) -> Self {
        Value::List(items.iter().map(Value::from).collect())
    }
}
impl From<&Vec<String>> for Value {
    fn from(items: &Vec<String>) -> Self {
        Value::from(items.as_slice())
    }
}
impl From<&Option<String>> for Value {
    fn from(text: &Option<String>) -> Self {
        text.as_deref().map_or(Value::Absent, Value::from)
    }
}
