//! KMS keys that hold data at rest: the AWS managed ones that every account has
//! once a service needs them, and what users name instead.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::iam::authorization;
use crate::kms::alias::Alias;
use crate::kms::key::{Key, State};
use crate::refusal::Refusal;
use crate::service::Service;
use crate::world::{Row, Tx};

/// A key that AWS made for a service in an account, e.g. `aws/rds`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagedKey {
    /// Its alias without `alias/`.
    pub alias: String,
    /// Its id.
    pub id: String,
    /// When a service first needed it.
    #[serde(default)]
    pub created: Timestamp,
}

impl ManagedKey {
    /// The service, as its endpoint is called: `ec2` for `aws/ebs`.
    #[must_use]
    pub fn service(&self) -> &str {
        match self.alias.strip_prefix("aws/").unwrap_or(&self.alias) {
            "ebs" => "ec2",
            service => service,
        }
    }

    /// What AWS says that it is for.
    #[must_use]
    pub fn description(&self) -> String {
        let data = self.alias.strip_prefix("aws/").unwrap_or(&self.alias).to_uppercase();
        let kind = if data == "EBS" { "volumes" } else { "data" };
        format!("Default key that protects my {data} {kind} when no other key is defined")
    }
}

/// The aliases of AWS's own that every account has before there is a key behind them:
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html>, and for each the service's page.
pub const PREDEFINED: &[&str] = &[
    "aws/dynamodb",
    "aws/ebs",
    "aws/lambda",
    "aws/rds",
    "aws/redshift",
    "aws/s3",
    "aws/secretsmanager",
    "aws/sns",
    "aws/ssm",
];

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
            tx.put(ManagedKey { alias: alias.to_owned(), id: id.clone(), created: tx.now() });
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
    let named = resolved(tx, given, default);
    tx.enforce(rule, named.usable, || refusal(given))?;
    Ok(named.arn)
}

/// The same, where the caller has to be allowed these actions on the key as well, for the service to use it.
///
/// # Errors
/// When the rule is on and there is no such key, or the caller may not.
pub fn granted(
    tx: &mut Tx<'_>,
    (service, actions): (&Service, &[&str]),
    rule: &str,
    given: Option<&str>,
    default: &str,
    refusal: fn(&str) -> Refusal,
) -> Result<String, Refusal> {
    let arn = named(tx, rule, given, default, refusal)?;
    let may = authorization::has_key(tx, service, &arn, actions)?;
    if may { Ok(arn) } else { Err(refusal(given.unwrap_or(&arn))) }
}

/// What a request's name of a key leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The key's ARN.
    pub arn: String,
    /// Whether there is such a key, of this account and region, and it can encrypt.
    pub usable: bool,
}

/// The key that a request names by id, alias or ARN; `default` is the alias of the service's own, made when first
/// needed.
pub fn resolved(tx: &mut Tx<'_>, given: &str, default: &str) -> Named {
    let here = format!("arn:aws:kms:{}:{}:", tx.region(), tx.account());
    let bare = match given.strip_prefix(here.as_str()) {
        Some(rest) => rest,
        // Keys of other regions can't be used, and those of other accounts are not known here.
        None if given.starts_with("arn:") => return Named { arn: given.to_owned(), usable: false },
        None => given,
    };
    if let Some(alias) = bare.strip_prefix("alias/")
        && (alias == default || tx.get::<ManagedKey>(alias).is_some())
    {
        return Named { arn: managed(tx, alias), usable: true };
    }
    let id = match bare.strip_prefix("key/") {
        Some(id) => id.to_owned(),
        // An alias is what it names at this moment.
        None => tx.get::<Alias>(bare).map_or(bare, |alias| &alias.target).to_owned(),
    };
    let usable = tx.get::<Key>(&id).is_some_and(|key| key.state == State::Enabled);
    let usable = usable || tx.rows::<ManagedKey>().any(|key| key.id == id);
    Named { arn: format!("{here}key/{id}"), usable }
}
