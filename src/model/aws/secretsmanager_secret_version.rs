//! `aws_secretsmanager_secret_version`: <https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html>

use super::SecretsmanagerSecret;
use crate::check::{Findings, View};
use crate::expression::{Expression, Reference, SecretSource};
use crate::{Arn, Computed, Handle, Id, Secret, SecretVersion, Value};

/// The value of a secret. It is sent and never read back: only that it is the current one is.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let secret = stack.add("postgres", SecretsmanagerSecret::new());
/// // 32 letters and digits by chance, which Secrets Manager alone keeps; version 2 draws others.
/// let password = SecretsmanagerSecretVersion::new(&secret, Secret::generated(32)).secret_string_wo_version(1);
/// let password = stack.add("postgres", password);
/// // Whoever is to have the same is given it from there.
/// let postgres = DbInstance::postgres("17", DbInstanceClass::T4gMedium)
///     .storage(Gp3::gigabytes(20))
///     .username("shop")
///     .master_password(MasterPassword::KeptBy(password))
///     .skip_final_snapshot(true);
/// stack.add("postgres", postgres);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_secretsmanager_secret_version",
    service = "secretsmanager",
    creation = Token,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct SecretsmanagerSecretVersion {
    /// The secret.
    #[field(replace)]
    secret_id: Value<Id<SecretsmanagerSecret>>,
    /// The value.
    #[field(write_only, sensitive)]
    secret_string_wo: Value<Secret>,
    /// The value's version: a change of it sends the value again.
    #[field(instruction)]
    secret_string_wo_version: Option<Value<SecretVersion>>,
    /// The labels that say what it is to its readers.
    #[field(set, default = "[\"AWSCURRENT\"]", min_length = 1, max_length = 20)]
    version_stages: Option<Value<Vec<String>>>,
    /// The secret's ARN and the version's id, with a bar between.
    #[field(volatile)]
    id: Computed<Id<SecretsmanagerSecretVersion>>,
    /// The secret's ARN.
    arn: Computed<Arn<SecretsmanagerSecret>>,
    /// The version's id, which another value does not have.
    #[field(volatile)]
    version_id: Computed<String>,
}

impl Handle<SecretsmanagerSecretVersion> {
    /// Its value, for another resource that is to have the same: read from Secrets Manager when it is sent there, and
    /// kept nowhere else. Whatever has it is given the next one in the run that makes it.
    #[must_use]
    pub fn value(&self) -> Value<Secret> {
        let reference = Reference { address: self.address().clone(), attribute: "id".to_owned() };
        Value::from_expression(Expression::Secret(SecretSource::Kept(reference)))
    }
}

/// The labels of a version, where they are known.
fn labels<'a>(version: &View<'a>) -> Vec<&'a str> {
    match version.part("version_stages") {
        Some(given) => given.items().into_iter().filter_map(|label| label.literal()?.as_str()).collect(),
        None => vec!["AWSCURRENT"],
    }
}

fn check(version: &View<'_>, findings: &mut Findings<'_>) {
    let own = labels(version);
    for other in version.earlier_siblings_in("secret_id") {
        if let Some(label) = labels(&other).into_iter().find(|label| own.contains(label)) {
            findings
                .refuse(format!("{} has the label {label} of the same secret: only one version can", other.named()));
        }
    }
}
