//! The keys of tags that an account's resources have carried, and since when: billing knows one a day later.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::value::Value;
use crate::world::{Reach, Row, Tx};

/// How long billing takes to know a key: <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html>
/// says up to 24 hours.
const UNKNOWN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagKey {
    /// The key.
    pub key: String,
    /// When a resource was first given it.
    pub first_used: Timestamp,
    /// When one was last given it, on the day that this was.
    pub last_used: Timestamp,
    /// Whether costs are told apart by it.
    pub active: bool,
    /// When that was last said.
    pub changed: Option<Timestamp>,
}

impl Row for TagKey {
    const TABLE: &'static str = "ce.tag_key";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        self.key.clone()
    }
}

/// The key, once billing knows it.
pub(super) fn known<'t>(tx: &'t Tx<'_>, key: &str) -> Option<&'t TagKey> {
    tx.get::<TagKey>(key).filter(|known| is_known(tx, known))
}

/// Whether billing knows it by now.
pub(super) fn is_known(tx: &Tx<'_>, key: &TagKey) -> bool {
    tx.now().duration_since(key.first_used) >= UNKNOWN_FOR
}

/// Notes the keys of the tags that a request of any service has given to something.
pub(crate) fn note(tx: &mut Tx<'_>, request: &Value) {
    if ["Delete", "Remove", "Untag"].iter().any(|start| tx.operation().starts_with(start)) {
        return;
    }
    let mut keys = Vec::new();
    collect(request, &mut keys);
    let now = tx.now();
    // Keys that begin so are AWS's own, and not for users to have costs told apart by.
    for key in keys.into_iter().filter(|key| !key.is_empty() && !key.starts_with("aws:")) {
        let noted = tx.get::<TagKey>(key).cloned();
        let mut row = noted.clone().unwrap_or_else(|| TagKey {
            key: key.to_owned(),
            first_used: now,
            last_used: now,
            active: false,
            changed: None,
        });
        // Billing counts days: a day's first use stands for the others.
        if now.duration_since(row.last_used) >= UNKNOWN_FOR {
            row.last_used = now;
        }
        if noted.as_ref() != Some(&row) {
            tx.put(row);
        }
    }
}

/// The keys in members that hold tags: services have them as maps, and as lists of pairs under different names.
fn collect<'v>(value: &'v Value, keys: &mut Vec<&'v str>) {
    match value {
        Value::List(items) => items.iter().for_each(|item| collect(item, keys)),
        Value::Record(members) => {
            for (name, member) in members {
                if name.to_ascii_lowercase().contains("tag") {
                    of_tags(member, keys);
                }
                collect(member, keys);
            }
        }
        _ => {}
    }
}

fn of_tags<'v>(tags: &'v Value, keys: &mut Vec<&'v str>) {
    match tags {
        Value::List(items) => {
            let key = |item: &'v Value| ["Key", "TagKey", "key"].iter().find_map(|name| item.get(name).text());
            keys.extend(items.iter().filter_map(key));
        }
        Value::Record(map) if map.values().all(|value| value.text().is_some()) => {
            keys.extend(map.keys().map(String::as_str));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record;

    #[test]
    fn keys_are_found_in_maps_and_in_lists_of_pairs() {
        let pairs = |key: &str, member: &str| Value::List(vec![record! { member => key, "Value" => "1" }]);
        for (request, wanted) in [
            (record! { "Tags" => pairs("a", "Key") }, vec!["a"]),
            (record! { "Tags" => pairs("b", "TagKey") }, vec!["b"]),
            (record! { "tags" => record! { "c" => "1", "d" => "2" } }, vec!["c", "d"]),
            (
                record! { "TagSpecifications" => Value::List(vec![
                    record! { "ResourceType" => "vpc", "Tags" => pairs("e", "Key") }
                ]) },
                vec!["e"],
            ),
            (record! { "Tagging" => record! { "TagSet" => pairs("f", "Key") } }, vec!["f"]),
            (record! { "Filters" => pairs("no", "Key"), "TagKeys" => vec!["no"] }, vec![]),
        ] {
            let mut keys = Vec::new();
            collect(&request, &mut keys);
            assert_eq!(keys, wanted);
        }
    }
}
