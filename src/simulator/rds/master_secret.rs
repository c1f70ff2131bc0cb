//! Master passwords: the rules for one's own, and the secrets in which RDS keeps
//! those that it manages.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::instance::DbInstance;
use crate::datastore::{invalid_combination, invalid_value, key};
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

const CREATE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html";
const MANAGED: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.password.form", "a password has 8 to 128 printable characters without / @ \" and spaces", CREATE),
    Rule::new("rds.password.required", "an instance has a password, or RDS manages it", CREATE),
    Rule::new("rds.password.managed", "a password that RDS manages is not given", MANAGED),
];

pub(super) const SPANS: &[Span] = &[Span::new("rds.secret.create", 2.0, 10.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("rds.secret.active", |tx, pending| {
    tx.change::<ManagedSecret>(&pending.subject, |secret| secret.status = "active".to_owned());
})];

/// A secret in Secrets Manager that a service keeps for its customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagedSecret {
    /// Its ARN.
    pub arn: String,
    /// Its name, `rds!db-...`.
    pub name: String,
    /// The service that owns it.
    pub owner: String,
    /// The ARN of the instance it is for.
    pub primary: String,
    /// `creating`, `active`, `rotating` or `impaired`.
    pub status: String,
    /// The ARN of the KMS key that it is encrypted with.
    pub key: String,
    /// The user.
    pub username: String,
    /// The password, of this world alone.
    pub password: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was rotated last.
    pub rotated: Option<Timestamp>,
    /// What the request called its version that it was rotated by.
    #[serde(default)]
    pub token: Option<String>,
}

impl Row for ManagedSecret {
    const TABLE: &'static str = "secretsmanager.managed_secret";
    fn id(&self) -> String {
        self.arn.clone()
    }
}

impl ManagedSecret {
    /// As an instance shows it.
    #[must_use]
    pub fn view(&self) -> Value {
        record! { "SecretArn" => &self.arn, "SecretStatus" => &self.status, "KmsKeyId" => &self.key }
    }
}

/// Makes an instance's secret, and gives its ARN.
///
/// # Errors
/// When the key that is named does not exist.
pub(super) fn make(tx: &mut Tx<'_>, username: &str, primary: &str, key: Option<&str>) -> Result<String, Refusal> {
    let key = key::named(tx, "rds.kms.exists", key, "aws/secretsmanager", super::instance_request::no_key)?;
    let name = format!("rds!db-{}", tx.uuid());
    let (suffix, password, created) = (tx.hex(6), tx.hex(28), tx.now());
    let arn = format!("arn:aws:secretsmanager:{}:{}:secret:{name}-{suffix}", tx.region(), tx.account());
    tx.put(ManagedSecret {
        arn: arn.clone(),
        name,
        owner: "rds".to_owned(),
        primary: primary.to_owned(),
        status: "creating".to_owned(),
        key,
        username: username.to_owned(),
        password,
        created,
        rotated: None,
        token: None,
    });
    tx.transition("rds.secret.create", "rds.secret.active", &arn);
    Ok(arn)
}

/// Whether a secret is being rotated.
pub(crate) fn is_rotating(tx: &Tx<'_>, arn: &str) -> bool {
    tx.get::<ManagedSecret>(arn).is_some_and(|secret| secret.status == "rotating")
}

/// Whether it was the request with this token that rotated a secret last.
pub(crate) fn is_token_of(tx: &Tx<'_>, arn: &str, token: Option<&str>) -> bool {
    token.is_some() && tx.get::<ManagedSecret>(arn).is_some_and(|secret| secret.token.as_deref() == token)
}

/// Gives a secret a new password, whose version a request may call as it likes.
pub(crate) fn rotate(tx: &mut Tx<'_>, arn: &str, token: Option<&str>) {
    let token = token.map(str::to_owned);
    let (password, now) = (tx.hex(28), tx.now());
    tx.change::<ManagedSecret>(arn, |secret| {
        secret.status = "rotating".to_owned();
        secret.password = password;
        secret.rotated = Some(now);
        secret.token = token;
    });
    tx.transition("rds.secret.create", "rds.secret.active", arn);
}

/// Removes an instance's secret: one that RDS manages goes without a time to recover it.
pub(super) fn forget(tx: &mut Tx<'_>, instance: &DbInstance) {
    if let Some(arn) = &instance.secret {
        tx.cancel("rds.secret", arn);
        tx.remove::<ManagedSecret>(arn);
    }
}

/// Refuses a password that RDS does not take.
pub(super) fn check(tx: &Tx<'_>, password: &str) -> Result<(), Refusal> {
    let rule = "rds.password.form";
    let not_valid = "The parameter MasterUserPassword is not a valid password";
    tx.enforce(rule, password.chars().count() >= 8, || {
        invalid_value(format!("{not_valid} because it is shorter than 8 characters."))
    })?;
    tx.enforce(rule, password.chars().count() <= 128, || {
        invalid_value(format!("{not_valid} because it is longer than 128 characters."))
    })?;
    let printable = |letter: char| letter.is_ascii_graphic() && !"/@\"".contains(letter);
    tx.enforce(rule, password.chars().all(printable), || {
        invalid_value(format!("{not_valid}. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used."))
    })
}

/// Refuses a password beside a managed one, and a key for a secret that is not managed.
pub(super) fn check_managed(tx: &Tx<'_>, managed: bool, password: bool, key: bool) -> Result<(), Refusal> {
    let rule = "rds.password.managed";
    tx.enforce(rule, !(managed && password), || {
        invalid_combination("You can't specify MasterUserPassword when ManageMasterUserPassword is set to true.")
    })?;
    tx.enforce(rule, managed || !key, || {
        invalid_combination("A ManageMasterUserPassword value is required when MasterUserSecretKmsKeyId is specified.")
    })
}
