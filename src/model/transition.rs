//! What a resource that is there can become in place, by its type's own rule: what AWS would refuse half-way through an
//! apply is refused in the plan, at its line.

use std::collections::BTreeMap;

use crate::Datum;

/// Says why a resource can't become what is wanted, if so.
pub type Transition = fn(&Becoming<'_>) -> Result<(), Impossible>;

/// A resource as it is, and as far as it is known, as it is to be.
#[derive(Debug)]
pub struct Becoming<'a> {
    /// What it is.
    pub is: &'a BTreeMap<String, Datum>,
    /// What is wanted; what is not known yet is left out.
    pub wanted: &'a BTreeMap<String, Datum>,
    /// The fields that change.
    pub changed: &'a [&'a str],
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impossible {
    /// The field that can't become so.
    pub field: &'static str,
    /// Why.
    pub reason: String,
    /// What to do.
    pub next: String,
}

impl Becoming<'_> {
    /// A text that changes: what it is and what it is to be.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<(&str, &str)> {
        let (is, wanted) = self.both(field)?;
        Some((is.as_str()?, wanted.as_str()?))
    }

    /// A number that changes.
    #[must_use]
    pub fn integer(&self, field: &str) -> Option<(i64, i64)> {
        let (is, wanted) = self.both(field)?;
        Some((is.as_integer()?, wanted.as_integer()?))
    }

    /// A version that changes, as its numbers.
    #[must_use]
    pub fn version(&self, field: &str) -> Option<(Vec<u32>, Vec<u32>)> {
        let (is, wanted) = self.text(field)?;
        Some((numbers(is)?, numbers(wanted)?))
    }

    /// Whether a flag is wanted.
    #[must_use]
    pub fn wants(&self, flag: &str) -> bool {
        self.wanted.get(flag).and_then(Datum::as_bool) == Some(true)
    }

    fn both(&self, field: &str) -> Option<(&Datum, &Datum)> {
        let changes = self.changed.contains(&field);
        changes.then_some(())?;
        Some((self.is.get(field)?, self.wanted.get(field)?))
    }
}

/// Whether a version is earlier than another, as far as it says.
#[must_use]
pub fn is_earlier(version: &[u32], than: &[u32]) -> bool {
    version.iter().lt(than.iter().take(version.len()))
}

fn numbers(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_and_is_known_is_seen() {
        let is = BTreeMap::from([("size".to_owned(), Datum::from(8)), ("version".to_owned(), Datum::from("1.33"))]);
        let wanted = BTreeMap::from([("size".to_owned(), Datum::from(4)), ("version".to_owned(), Datum::from("1.34"))]);
        let becoming = Becoming { is: &is, wanted: &wanted, changed: &["version", "zone"] };
        assert_eq!(becoming.version("version"), Some((vec![1, 33], vec![1, 34])));
        assert_eq!(becoming.integer("size"), None);
        assert_eq!(becoming.text("zone"), None);
    }
}
