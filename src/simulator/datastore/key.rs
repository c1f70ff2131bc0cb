//! KMS keys that hold data at rest: the AWS managed ones that every account has
//! once a service needs them, and what users name instead.

use serde::{Deserialize, Serialize};

use crate::kms::alias::Alias;
use crate::kms::key::{Key, State};
use crate::refusal::Refusal;
use crate::world::{Row, Tx};

/// A key that AWS made for a service in an account, e.g. `aws/rds`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagedKey {
    /// Its alias without `alias/`.
    pub alias: String,
    /// Its id.
    pub id: String,
}

impl Row for ManagedKey {
    const TABLE: &'static str = "kms.managed_key";
    fn id(&self) -> String {
        self.alias.clone()
    }
}

/// The ARN of a service's managed key; made when first needed.
pub fn managed(tx: &mut Tx<'_>, alias: &str) -> String {
    let id = match tx.get::<ManagedKey>(alias) {
        Some(key) => key.id.clone(),
        None => {
            let id = tx.uuid();
            tx.put(ManagedKey { alias: alias.to_owned(), id: id.clone() });
            id
        }
    };
    format!("arn:aws:kms:{}:{}:key/{id}", tx.region(), tx.account())
}

/// The ARN of the key that a request names by id, alias or ARN, or of the service's own.
///
/// # Errors
/// When the rule is on and there is no such key.
pub fn named(
    tx: &mut Tx<'_>,
    rule: &str,
    given: Option<&str>,
    default: &str,
    refusal: fn(&str) -> Refusal,
) -> Result<String, Refusal> {
    let Some(given) = given else { return Ok(managed(tx, default)) };
    let bare = given.rsplit_once(':').map_or(given, |(_, rest)| rest);
    if let Some(alias) = bare.strip_prefix("alias/").filter(|alias| alias.starts_with("aws/")) {
        return Ok(managed(tx, alias));
    }
    let id = match bare.strip_prefix("key/") {
        Some(id) => id.to_owned(),
        // An alias is what it names at this moment.
        None => tx.get::<Alias>(bare).map_or(bare, |alias| &alias.target).to_owned(),
    };
    let usable = tx.get::<Key>(&id).is_some_and(|key| key.state == State::Enabled);
    let known = usable || tx.rows::<ManagedKey>().any(|key| key.id == id);
    tx.enforce(rule, known, || refusal(given))?;
    Ok(if given.starts_with("arn:") && bare.starts_with("key/") {
        given.to_owned()
    } else {
        format!("arn:aws:kms:{}:{}:key/{id}", tx.region(), tx.account())
    })
}
