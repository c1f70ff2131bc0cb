//! The address of a node: `staging.aws_subnet.private["us-east-1a"]`.
//!
//! Stack, type, name and, where one declaration makes several, a key. Keys are
//! words, never positions, so that removing one leaves the others where they are.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where a node stands: cheap to clone, ordered as it prints.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(Arc<Parts>);

#[derive(PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Parts {
    stack: String,
    kind: String,
    name: String,
    key: Option<String>,
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A part does not follow the rule for words.
    #[error("`{part}` is not a word: letters, digits, `_` and `-`, beginning with a letter")]
    Word {
        /// The part that is refused.
        part: String,
    },
    /// The text has another shape.
    #[error("`{text}` is not an address: expected stack.type.name or stack.type.name[\"key\"]")]
    Shape {
        /// The text that is refused.
        text: String,
    },
    /// A key that can't be written between quotes.
    #[error("key {key:?} is refused: 1 to 128 characters without quotes, backslashes or control characters")]
    Key {
        /// The key that is refused.
        key: String,
    },
}

impl Address {
    /// Checks the parts and puts them together.
    pub fn new(stack: &str, kind: &str, name: &str, key: Option<&str>) -> Result<Self, AddressError> {
        for part in [stack, kind, name] {
            if !is_word(part) {
                return Err(AddressError::Word { part: part.to_owned() });
            }
        }
        if let Some(key) = key
            && !is_key(key)
        {
            return Err(AddressError::Key { key: key.to_owned() });
        }
        Ok(Self(Arc::new(Parts {
            stack: stack.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            key: key.map(str::to_owned),
        })))
    }

    /// The stack's name.
    #[must_use]
    pub fn stack(&self) -> &str {
        &self.0.stack
    }

    /// The resource type, for instance `aws_subnet`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The name given in the stack program.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The key, where there is one.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// The address without its stack, as people read it inside one stack.
    #[must_use]
    pub fn local(&self) -> String {
        match &self.0.key {
            Some(key) => format!("{}.{}[\"{key}\"]", self.0.kind, self.0.name),
            None => format!("{}.{}", self.0.kind, self.0.name),
        }
    }
}

fn is_word(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.len() <= 128 && !text.chars().any(|c| c == '"' || c == '\\' || c.is_control())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0.stack, self.local())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let shape = || AddressError::Shape { text: text.to_owned() };
        let (path, key) = match text.split_once('[') {
            None => (text, None),
            Some((path, rest)) => {
                let key = rest.strip_prefix('"').and_then(|rest| rest.strip_suffix("\"]")).ok_or_else(shape)?;
                (path, Some(key))
            }
        };
        let mut parts = path.split('.');
        let (Some(stack), Some(kind), Some(name), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(shape());
        };
        Self::new(stack, kind, name, key)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_it_prints() {
        for text in ["staging.aws_vpc.main", "staging.aws_subnet.private[\"us-east-1a\"]", "a.b.c[\"0.0.0.0/0\"]"] {
            assert_eq!(text.parse::<Address>().map(|address| address.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn a_text_of_another_shape_is_refused() {
        for text in ["", "vpc", "a.b", "a.b.c.d", "a.b.c[0]", "a.b.c[\"\"]", "a.b.c[\"x\"", "1.b.c", "a.b.c d"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
