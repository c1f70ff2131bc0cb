//! Access keys: those of the configuration and those that STS hands out.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::world::{Principal, Reach, Row};

/// An access key of the configuration. Whoever holds it is its account's administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The access key.
    pub key: String,
    /// Its secret.
    pub secret: String,
    /// The account's twelve digits.
    pub account: String,
    /// The ARN that `GetCallerIdentity` shows; the user `administrator` where none is given.
    #[serde(default)]
    pub arn: Option<String>,
}

impl Identity {
    pub(crate) fn principal(&self) -> Principal {
        let arn = self.arn.clone().unwrap_or_else(|| format!("arn:aws:iam::{}:user/administrator", self.account));
        let letters = self.key.bytes().chain(self.account.bytes()).cycle();
        let user_id: String = letters.map(|byte| char::from(b'A' + byte % 26)).take(17).collect();
        Principal {
            account: self.account.clone(),
            arn,
            user_id: format!("AIDA{user_id}"),
            access_key: self.key.clone(),
        }
    }
}

/// The name of the role whose session this ARN is of.
pub(crate) fn role_of_session(arn: &str) -> Option<&str> {
    let (_, rest) = arn.split_once(":assumed-role/")?;
    rest.split('/').next()
}

/// Temporary credentials, as STS's `AssumeRole` writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// The access key, `ASIA...`.
    pub access_key: String,
    /// Its secret.
    pub secret: String,
    /// What has to come with each request.
    pub session_token: String,
    /// Who its holder is.
    pub principal: Principal,
    /// The session's tags, those that it inherits among them.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The keys, in small letters, of the session's tags that go on to the sessions that it assumes.
    #[serde(default)]
    pub transitive_tags: Vec<String>,
    /// A policy document without whose leave the session may do nothing, where it was given one.
    #[serde(default)]
    pub policy: Option<String>,
    /// When it is no longer good.
    pub expires: Timestamp,
}

impl Credential {
    /// Whether its row has nothing more to say: it expired a day ago, and its session token says so by itself.
    pub(crate) fn is_forgotten(&self, now: Timestamp) -> bool {
        now.duration_since(self.expires) > SignedDuration::from_hours(24)
    }
}

const SESSION: &str = "IQoJb3JpZ2luX2Vj";

/// A session token that says when it expires, as AWS's do: credentials are told to have expired long after they did.
pub(crate) fn session_token(expires: Timestamp, rest: &str) -> String {
    format!("{SESSION}{:016x}{rest}", expires.as_second())
}

/// Whether a session token says that it has expired.
pub(crate) fn has_expired(session_token: &str, now: Timestamp) -> bool {
    let seconds = session_token.strip_prefix(SESSION).and_then(|rest| rest.get(..16));
    seconds.and_then(|text| i64::from_str_radix(text, 16).ok()).is_some_and(|expires| expires <= now.as_second())
}

impl Row for Credential {
    const TABLE: &'static str = "core.credential";
    const REACH: Reach = Reach::World;
    fn id(&self) -> String {
        self.access_key.clone()
    }
}
