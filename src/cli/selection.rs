//! Which addresses of a state a text names: one, all that a declaration made, or all whose names begin alike.

use std::collections::{BTreeMap, BTreeSet};

use fathuss_model::{Address, AddressError};
use fathuss_state::Snapshot;

use crate::error::Error;

/// `aws_vpc.main`, `aws_subnet.private["a"]`; `aws_subnet.private` for all of its keys; `aws_subnet.old-*` and `*.old-*` for
/// all whose names begin so. The stack's name may stand in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// What was typed.
    text: String,
    /// None for any type.
    kind: Option<String>,
    name: String,
    /// Whether more may follow the name.
    open: bool,
    key: Option<String>,
}

impl Selection {
    /// Reads it as people type it.
    pub fn parse(stack: &str, text: &str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::Usage(format!("`{text}` names nothing in a state: {why}"));
        let form = || wrong("expected for instance aws_vpc.main, aws_subnet.private[\"a\"], or '*.old-*'");
        let (path, key) = match text.split_once('[') {
            None => (text, None),
            Some((path, rest)) => {
                let key = rest.strip_prefix('"').and_then(|rest| rest.strip_suffix("\"]")).ok_or_else(form)?;
                (path, Some(key.to_owned()))
            }
        };
        let parts: Vec<&str> = path.split('.').collect();
        let (kind, name) = match parts[..] {
            [kind, name] => (kind, name),
            [front, kind, name] if front == stack => (kind, name),
            [front, _, _] => return Err(wrong(&format!("it is of the stack `{front}`, and this is `{stack}`"))),
            _ => return Err(form()),
        };
        let (name, open) = name.strip_suffix('*').map_or((name, false), |name| (name, true));
        if name.contains('*') || kind.is_empty() || (name.is_empty() && !open) || (open && key.is_some()) {
            return Err(form());
        }
        let kind = (kind != "*").then(|| kind.to_owned());
        if kind.as_ref().is_some_and(|kind| kind.contains('*')) {
            return Err(form());
        }
        Ok(Self { text: text.to_owned(), kind, name: name.to_owned(), open, key })
    }

    /// Its addresses in a state: at least one.
    pub fn addresses(&self, snapshot: &Snapshot, stack: &str, options: &str) -> Result<Vec<Address>, Error> {
        let found: Vec<Address> = snapshot.resources.keys().filter(|address| self.names(address)).cloned().collect();
        if found.is_empty() {
            return Err(Error::Usage(format!(
                "{stack} has no {} in its state; nothing was changed\nNext: see what it has\n  fathuss state list {stack}{options}",
                self.text
            )));
        }
        Ok(found)
    }

    /// Where everything that it names would stand if this stood for it.
    pub fn renamed(&self, to: &Self, addresses: &[Address]) -> Result<BTreeMap<Address, Address>, Error> {
        let refused =
            |why: String| Error::Usage(format!("{} can't become {}: {why}; nothing was changed", self.text, to.text));
        if self.kind != to.kind {
            return Err(refused("what there is can't become another type".to_owned()));
        }
        if self.open != to.open {
            return Err(refused("either both end in `*`, or neither".to_owned()));
        }
        let mut renamed = BTreeMap::new();
        for address in addresses {
            let end = address.name().strip_prefix(&self.name).filter(|_| self.open).unwrap_or_default();
            let key = match &self.key {
                Some(_) => to.key.as_deref(),
                None => to.key.as_deref().or(address.key()),
            };
            let there = Address::new(address.stack(), address.kind(), &format!("{}{end}", to.name), key);
            renamed.insert(address.clone(), there.map_err(|error: AddressError| refused(error.to_string()))?);
        }
        let places: BTreeSet<&Address> = renamed.values().collect();
        if places.len() < renamed.len() {
            return Err(refused(format!("{} addresses would become one", renamed.len())));
        }
        Ok(renamed)
    }

    /// Whether it names this one.
    pub fn names(&self, address: &Address) -> bool {
        let name = match self.open {
            true => address.name().starts_with(&self.name),
            false => address.name() == self.name,
        };
        let kind = self.kind.as_deref().is_none_or(|kind| kind == address.kind());
        name && kind && self.key.as_deref().is_none_or(|key| address.key() == Some(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> Vec<Address> {
        ["s.aws_vpc.old-net", "s.aws_subnet.old-net[\"a\"]", "s.aws_subnet.old-net[\"b\"]", "s.aws_subnet.other"]
            .map(|text| text.parse().expect("it is one"))
            .into()
    }

    fn chosen(text: &str) -> Vec<String> {
        let selection = Selection::parse("s", text).expect("it is one");
        state().iter().filter(|address| selection.names(address)).map(Address::local).collect()
    }

    fn renamed(from: &str, to: &str) -> Result<Vec<String>, String> {
        let [from, to] = [from, to].map(|text| Selection::parse("s", text).expect("it is one"));
        let addresses: Vec<Address> = state().into_iter().filter(|address| from.names(address)).collect();
        let renamed = from.renamed(&to, &addresses).map_err(|error| error.to_string())?;
        Ok(renamed.values().map(Address::local).collect())
    }

    #[test]
    fn a_text_names_one_or_all_of_a_declaration_or_all_that_begin_so() {
        assert_eq!(chosen("aws_subnet.old-net[\"a\"]"), ["aws_subnet.old-net[\"a\"]"]);
        assert_eq!(chosen("s.aws_subnet.old-net").len(), 2);
        assert_eq!(chosen("*.old-*").len(), 3);
        assert_eq!(chosen("aws_subnet.*").len(), 3);
        assert!(chosen("aws_subnet.old").is_empty());
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in
            ["vpc", "other.aws_vpc.main", "aws_*.main", "aws_vpc.a*b", "aws_vpc.a*[\"x\"]", "aws_vpc.a[0]", ".a"]
        {
            assert!(Selection::parse("s", text).is_err(), "{text}");
        }
    }

    #[test]
    fn keys_and_ends_of_names_stay_and_no_two_become_one() {
        assert_eq!(renamed("*.old-*", "*.new-*").unwrap().len(), 3);
        assert_eq!(
            renamed("aws_subnet.old-net", "aws_subnet.net").unwrap(),
            ["aws_subnet.net[\"a\"]", "aws_subnet.net[\"b\"]"]
        );
        assert_eq!(renamed("aws_subnet.old-net[\"a\"]", "aws_subnet.one").unwrap(), ["aws_subnet.one"]);
        assert_eq!(renamed("aws_subnet.other", "aws_subnet.all[\"x\"]").unwrap(), ["aws_subnet.all[\"x\"]"]);
        assert!(renamed("aws_subnet.old-net", "aws_subnet.net[\"x\"]").unwrap_err().contains("2 addresses"));
        assert!(renamed("aws_subnet.other", "aws_vpc.other").unwrap_err().contains("another type"));
        assert!(renamed("*.old-*", "*.new").unwrap_err().contains("both"));
    }
}
