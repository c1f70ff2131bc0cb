//! Whom the principals of a trust policy mean.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>

use serde_json::{Map, Value as Json};

use super::evaluation::texts;

/// Who asks for something, as principals name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    kind: &'static str,
    /// What it is at once, an account and a role and a session of it; each with all its names.
    parts: Vec<(Part, Vec<String>)>,
}

/// What somebody is, of which a principal may mean any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// One of an account.
    Account,
    /// A session of a role.
    Role,
    /// A user or a session, or what is no one of an account.
    Itself,
}

impl Asker {
    /// An AWS service, e.g. `eks.amazonaws.com`.
    #[must_use]
    pub fn service(name: &str) -> Asker {
        Asker { kind: "Service", parts: vec![(Part::Itself, vec![name.to_owned()])] }
    }

    /// Whom an identity provider vouches for.
    #[must_use]
    pub fn federated(provider: &str) -> Asker {
        Asker { kind: "Federated", parts: vec![(Part::Itself, vec![provider.to_owned()])] }
    }

    /// Somebody in an account, who is one thing or several.
    #[must_use]
    pub fn of_account(account: &str, parts: impl IntoIterator<Item = (Part, Vec<String>)>) -> Asker {
        let root = (Part::Account, vec![format!("arn:aws:iam::{account}:root"), account.to_owned()]);
        Asker { kind: "AWS", parts: std::iter::once(root).chain(parts).collect() }
    }

    /// The same without its account: a policy that means it so means it alone, and not all of the account.
    #[must_use]
    pub fn alone(mut self) -> Asker {
        self.parts.retain(|(part, _)| *part != Part::Account);
        self
    }

    /// As one of the things alone that it is; none where it is no such thing.
    #[must_use]
    pub(super) fn only(&self, part: Part) -> Option<Asker> {
        let parts: Vec<_> = self.parts.iter().filter(|(other, _)| *other == part).cloned().collect();
        (!parts.is_empty()).then_some(Asker { kind: self.kind, parts })
    }

    /// Whether a statement speaks of it. `NotPrincipal` spares only whom it lists with all that it is.
    pub(super) fn is_meant(&self, statement: &Map<String, Json>) -> bool {
        match (statement.get("Principal"), statement.get("NotPrincipal")) {
            (Some(listed), _) => self.parts.iter().any(|(_, names)| self.is_listed(listed, names)),
            (None, Some(spared)) => !self.parts.iter().all(|(_, names)| self.is_listed(spared, names)),
            (None, None) => false,
        }
    }

    fn is_listed(&self, principals: &Json, names: &[String]) -> bool {
        let kinds = match principals {
            Json::String(any) => return any == "*",
            Json::Object(kinds) => kinds,
            _ => return false,
        };
        // All of AWS's principals are everybody, as a star without a kind is.
        texts(kinds.get("AWS")).iter().any(|name| name == "*")
            || texts(kinds.get(self.kind)).iter().any(|name| name == "*" || names.contains(name))
    }
}
