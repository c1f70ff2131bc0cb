//! What a request asks for: an action on a resource, with what conditions are told of it, and what the resource itself
//! says of who may do it.

use crate::value::Value;

/// Condition keys with their values.
pub(crate) type Told = Vec<(String, String)>;

/// An action on a resource, with what is told of it besides what holds for the whole request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ask {
    pub(super) action: String,
    pub(super) resource: String,
    pub(super) told: Told,
    /// The account of the resource; the caller's where none is said.
    pub(super) owner: Option<String>,
    pub(super) guard: Guard,
    pub(super) shown: Shown,
}

/// What a resource itself says of who may do what with it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Guard {
    /// Nothing: its kind has no policies.
    Absent,
    /// A policy, or that it has none yet.
    Policy(Option<String>),
    /// A KMS key's policy, without which nobody's own policies allow anything.
    Key(String),
    /// It lets this caller in, and not all of its account.
    Open,
    /// A policy that lets the public in, of a bucket that lets no other account in then.
    Restricted(String),
}

/// What a refusal calls the resource.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shown {
    /// What it is asked for by.
    Resource,
    /// Not at all: the action is on no resource of a kind.
    Nothing,
    /// As the request named it.
    Given(String),
    /// A key that S3 uses for its caller, in words that do not name it:
    /// <https://github.com/sqlxpert/aws-rcp-s3-require-encryption-kms> has those of a key that encrypts.
    Key,
}

impl Ask {
    pub(super) fn new(action: impl Into<String>, resource: impl Into<String>) -> Ask {
        Ask {
            action: action.into(),
            resource: resource.into(),
            told: Vec::new(),
            owner: None,
            guard: Guard::Absent,
            shown: Shown::Resource,
        }
    }

    pub(super) fn told(mut self, told: impl IntoIterator<Item = (String, String)>) -> Ask {
        self.told.extend(told);
        self
    }

    /// The same with a key whose value is known where the request has it.
    pub(super) fn with(mut self, key: &str, value: Option<&str>) -> Ask {
        self.told.extend(value.map(|value| (key.to_owned(), value.to_owned())));
        self
    }

    pub(super) fn guarded(mut self, guard: Guard) -> Ask {
        self.guard = guard;
        self
    }

    pub(super) fn owned(mut self, owner: impl Into<String>) -> Ask {
        self.owner = Some(owner.into());
        self
    }

    pub(super) fn shown(mut self, shown: Shown) -> Ask {
        self.shown = shown;
        self
    }

    /// Whether the resource is of another account than this one.
    pub(super) fn is_foreign_to(&self, account: &str) -> bool {
        self.owner.as_deref().is_some_and(|owner| owner != account)
    }
}

/// The account in an ARN; none where it has none or is none.
pub(super) fn account_of(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, _, _, account, _] = parts[..] else { return None };
    (account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit())).then_some(account)
}

/// The tags that a request gives, as condition keys.
pub(super) fn requested(tags: &Value) -> Told {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    match tags {
        Value::List(items) => pairs.extend(items.iter().filter_map(|tag| {
            Some((tag.get("Key").text().or(tag.text())?, tag.get("Value").text().unwrap_or_default()))
        })),
        Value::Record(entries) => {
            pairs.extend(entries.iter().map(|(key, value)| (key.as_str(), value.text().unwrap_or_default())));
        }
        _ => {}
    }
    pairs.into_iter().flat_map(|(key, value)| request_tag(key, value)).collect()
}

/// A tag that a request gives, as condition keys.
pub(crate) fn request_tag(key: &str, value: &str) -> [(String, String); 2] {
    [(format!("aws:RequestTag/{key}"), value.to_owned()), ("aws:TagKeys".to_owned(), key.to_owned())]
}

/// The tags that a resource has, as condition keys.
pub(super) fn held<'t>(tags: impl IntoIterator<Item = (&'t String, &'t String)>) -> Told {
    tags.into_iter().map(|(key, value)| (format!("aws:ResourceTag/{key}"), value.clone())).collect()
}

/// Tags that are kept as pairs, each as a key and its value.
pub(super) fn pairs(tags: &[(String, String)]) -> impl Iterator<Item = (&String, &String)> {
    tags.iter().map(|(key, value)| (key, value))
}
