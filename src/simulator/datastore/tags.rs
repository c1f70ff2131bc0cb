//! Tags of RDS's and ElastiCache's resources, which they keep in their rows.

use serde::{Deserialize, Serialize};

use super::invalid_value;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::value::Value;
use crate::world::Tx;

/// A resource's tags, in the order in which they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags(pub Vec<(String, String)>);

impl Tags {
    /// Adds tags; a key that is there gets the new value.
    pub fn add(&mut self, tags: Vec<(String, String)>) {
        for (key, value) in tags {
            match self.0.iter_mut().find(|(known, _)| *known == key) {
                Some(known) => known.1 = value,
                None => self.0.push((key, value)),
            }
        }
    }

    /// Removes the tags with these keys.
    pub fn remove(&mut self, keys: &[&str]) {
        self.0.retain(|(key, _)| !keys.contains(&key.as_str()));
    }

    /// As answers show them.
    #[must_use]
    pub fn view(&self) -> Value {
        Value::List(self.0.iter().map(|(key, value)| record! { "Key" => key, "Value" => value }).collect())
    }
}

/// The tags that a request gives, within AWS's restrictions.
///
/// # Errors
/// When the rule is on and a tag breaks them.
pub fn read(tx: &Tx<'_>, rule: &str, input: &Input<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for tag in input.records("Tags") {
        let (key, value) = (tag.text("Key").unwrap_or_default(), tag.text("Value").unwrap_or_default());
        tx.enforce(rule, !key.is_empty(), || {
            invalid_value("Tag keys must be between 1 and 128 characters in length.")
        })?;
        tx.enforce(rule, !key.to_ascii_lowercase().starts_with("aws:"), || {
            invalid_value(format!("Tag keys beginning with 'aws:' are reserved: {key}"))
        })?;
        tx.enforce(rule, key.chars().count() <= 128, || {
            invalid_value("Tag keys must be between 1 and 128 characters in length.")
        })?;
        tx.enforce(rule, value.chars().count() <= 256, || {
            invalid_value("Tag values must be between 0 and 256 characters in length.")
        })?;
        let allowed = |text: &str| text.chars().all(|letter| letter.is_alphanumeric() || " _.:/=+-@".contains(letter));
        tx.enforce(rule, allowed(key) && allowed(value), || {
            invalid_value(format!(
                "Tag '{key}' has characters that are not allowed: letters, digits, spaces and _.:/=+-@ are."
            ))
        })?;
        tx.enforce(rule, tags.iter().all(|(known, _)| known != key), || {
            invalid_value(format!("Tag key {key} is given more than once."))
        })?;
        tags.push((key.to_owned(), value.to_owned()));
    }
    Ok(tags)
}
