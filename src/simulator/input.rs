//! A request's members as a handler reads them.
//!
//! Every member that is read is noted. What a client gave and nobody read is
//! something that AWS acts on and the simulator would silently ignore: such a
//! request is answered "not simulated" instead.

use std::cell::RefCell;
use std::collections::HashSet;

use crate::value::Value;

/// A structure in a request.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    value: &'a Value,
    path: String,
    read: &'a RefCell<HashSet<String>>,
}

impl<'a> Input<'a> {
    pub(crate) fn new(value: &'a Value, read: &'a RefCell<HashSet<String>>) -> Self {
        Input { value, path: String::new(), read }
    }

    fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn read(&self, name: &str) -> &'a Value {
        let value = self.value.get(name);
        if !value.is_absent() {
            self.read.borrow_mut().insert(self.at(name));
        }
        value
    }

    /// The member's text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.read(name).text()
    }

    /// The text of a member that the API model requires, or that the handler has checked before.
    #[must_use]
    pub fn required(&self, name: &str) -> &'a str {
        self.text(name).unwrap_or_default()
    }

    /// The member's integer.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.read(name).integer()
    }

    /// The member's truth value.
    #[must_use]
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.read(name).bool()
    }

    /// Whether the member is true; false where it is absent.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.bool(name).unwrap_or(false)
    }

    /// The texts of a list of texts; empty where it is absent.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<&'a str> {
        self.read(name).list().iter().filter_map(Value::text).collect()
    }

    /// The structures of a list of structures; empty where it is absent.
    #[must_use]
    pub fn records(&self, name: &str) -> Vec<Input<'a>> {
        let path = self.at(name);
        let items = self.value.get(name).list();
        items
            .iter()
            .enumerate()
            .map(|(index, value)| Input { value, path: format!("{path}.{}", index + 1), read: self.read })
            .collect()
    }

    /// A structure; none where it is absent. Its own members are noted one by one.
    #[must_use]
    pub fn record(&self, name: &str) -> Option<Input<'a>> {
        match self.value.get(name) {
            value @ Value::Record(_) => Some(Input { value, path: self.at(name), read: self.read }),
            _ => None,
        }
    }

    /// The member as it is, with everything below it taken as read.
    #[must_use]
    pub fn whole(&self, name: &str) -> &'a Value {
        self.read(name)
    }

    /// Takes members as read which change nothing here.
    pub fn pass_over(&self, names: &[&str]) {
        for name in names {
            self.read(name);
        }
    }

    /// The whole structure, with everything in it taken as read.
    #[must_use]
    pub fn all(&self) -> &'a Value {
        self.read.borrow_mut().insert(self.path.clone());
        self.value
    }

    /// Whether the member was given. Does not count as reading it.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        !self.value.get(name).is_absent()
    }

    /// Everything given beside these members. Does not count as reading it.
    pub(crate) fn besides(&self, names: &[&str]) -> Vec<(&'a str, &'a Value)> {
        let Value::Record(members) = self.value else { return Vec::new() };
        let given = members.iter().map(|(name, value)| (name.as_str(), value));
        given.filter(|(name, value)| !names.contains(name) && !value.is_absent()).collect()
    }

    /// The dotted path of this structure in the request; empty at the top.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The paths of everything given that nobody read.
    pub(crate) fn unread(&self) -> Vec<String> {
        let mut left = Vec::new();
        collect(self.value, &self.path, &self.read.borrow(), &mut left);
        left
    }
}

fn collect(value: &Value, path: &str, read: &HashSet<String>, left: &mut Vec<String>) {
    if read.contains(path) {
        return;
    }
    let below = |name: &str| {
        if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
    };
    match value {
        Value::Absent => {}
        // Older SDKs send what was not given as an empty text.
        value if value.text() == Some("") => {}
        Value::Record(members) => members.iter().for_each(|(name, value)| collect(value, &below(name), read, left)),
        Value::List(items) => {
            items.iter().enumerate().for_each(|(at, value)| collect(value, &below(&(at + 1).to_string()), read, left));
        }
        _ => left.push(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record;

    #[test]
    fn what_nobody_read_is_named() {
        let value = record! {
            "VpcId" => "vpc-1",
            "Tags" => vec![record! { "Key" => "a", "Value" => "b" }],
            "Data" => record! { "Deep" => 1_i64 },
            "Group" => "",
        };
        let read = RefCell::default();
        let input = Input::new(&value, &read);
        assert_eq!(input.text("VpcId"), Some("vpc-1"));
        for tag in input.records("Tags") {
            assert_eq!(tag.text("Key"), Some("a"));
        }
        assert_eq!(input.unread(), ["Tags.1.Value", "Data.Deep"]);
        input.pass_over(&["Data", "Nothing"]);
        assert_eq!(input.unread(), ["Tags.1.Value"]);
    }
}
