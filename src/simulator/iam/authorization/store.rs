//! What the actions of RDS and ElastiCache have in common: ARNs that end in a kind and a name, lists that name nothing, and
//! the tags of what is made.

use super::ask::{Ask, Told, requested};
use crate::value::Value;
use crate::world::Tx;

/// A service whose things are told apart by kind and name.
pub(super) struct Store {
    pub(super) service: &'static str,
    /// What an operation lists that names nothing, by its kind.
    pub(super) lists: &'static [(&'static str, &'static str)],
    /// The tags of a thing, by its kind and name.
    pub(super) tags: fn(&Tx<'_>, &str, &str) -> Told,
}

impl Store {
    /// The tags that a request gives, or the keys of those that it takes away.
    pub(super) fn given(operation: &str, input: &Value) -> Told {
        requested(input.get(if operation.starts_with("Remove") { "TagKeys" } else { "Tags" }))
    }

    /// The ARN of a thing of the account's.
    pub(super) fn arn(&self, tx: &Tx<'_>, kind: &str, name: &str) -> String {
        format!("arn:aws:{}:{}:{}:{kind}:{name}", self.service, tx.region(), tx.account())
    }

    /// An operation on a thing that is named by its ARN.
    pub(super) fn by_arn(&self, tx: &Tx<'_>, operation: &str, resource: &str) -> Ask {
        let parts: Vec<&str> = resource.splitn(7, ':').collect();
        let tags = match parts[..] {
            [.., kind, name] if parts.len() == 7 => (self.tags)(tx, kind, name),
            _ => Told::new(),
        };
        Ask::new(format!("{}:{operation}", self.service), resource).told(tags)
    }

    /// What an operation asks for on no thing in particular.
    pub(super) fn on_all(&self, tx: &Tx<'_>, operation: &str) -> Ask {
        let kind = self.lists.iter().find(|(name, _)| *name == operation).map(|(_, kind)| *kind);
        let resource = kind.map_or_else(|| "*".to_owned(), |kind| self.arn(tx, kind, "*"));
        Ask::new(format!("{}:{operation}", self.service), resource)
    }

    /// That what is made gets tags.
    pub(super) fn tagging(&self, made: &Ask, given: Told) -> Ask {
        Ask::new(format!("{}:AddTagsToResource", self.service), made.resource.clone()).told(given)
    }
}
