//! The secrets that services keep for their customers: seen here, and changed by their services alone.

use sha2::{Digest, Sha256};

use super::invalid_request;
use super::secret::Secret;
use super::version::{CURRENT, Content, Version};
use crate::rds::master_secret::ManagedSecret;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::world::Tx;

pub(super) const RULES: &[Rule] = &[Rule::new(
    "secretsmanager.managed",
    "a secret that a service manages is changed by it alone",
    "https://docs.aws.amazon.com/secretsmanager/latest/userguide/service-linked-secrets.html",
)];

/// The service's secret of that ARN or name.
pub(super) fn find(tx: &Tx<'_>, given: &str, name: &str) -> Option<Secret> {
    tx.rows::<ManagedSecret>().find(|row| row.arn == given || row.name == name).map(|row| shown(tx, row))
}

/// All of them.
pub(super) fn all(tx: &Tx<'_>) -> Vec<Secret> {
    tx.rows::<ManagedSecret>().map(|row| shown(tx, row)).collect()
}

/// Refuses to change one.
///
/// # Errors
/// In that case.
pub(super) fn refuse(tx: &Tx<'_>, secret: &Secret) -> Result<(), Refusal> {
    let Some((owner, _)) = &secret.owner else { return Ok(()) };
    // What its service lets a customer do all the same, tags and policies, is not kept here.
    const REFUSED: &[&str] =
        &["CancelRotateSecret", "DeleteSecret", "PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage"];
    if !REFUSED.contains(&tx.operation()) {
        return Err(Refusal::not_simulated(format!("secretsmanager {} of a secret of {owner}'s", tx.operation())));
    }
    // The error's page has no more than this.
    tx.enforce("secretsmanager.managed", false, || {
        invalid_request("The secret is managed by another service, and you must use that service to update it.")
    })
}

fn shown(tx: &Tx<'_>, row: &ManagedSecret) -> Secret {
    let since = row.rotated.unwrap_or(row.created);
    let digest = hex::encode(Sha256::digest(format!("{} {since}", row.arn)));
    let parts = [&digest[..8], &digest[8..12], &digest[12..16], &digest[16..20], &digest[20..32]];
    let value = serde_json::json!({ "username": row.username, "password": row.password });
    let own = tx.get::<crate::datastore::key::ManagedKey>("aws/secretsmanager");
    let default = own.is_some_and(|key| row.key.ends_with(&key.id));
    let version = Version {
        id: row.token.clone().unwrap_or_else(|| parts.join("-")),
        content: Content::Text(value.to_string()),
        stages: vec![CURRENT.to_owned(), "AWSPENDING".to_owned()],
        created: since,
    };
    Secret {
        name: row.name.clone(),
        arn: row.arn.clone(),
        description: Some(format!("Secret associated with primary RDS DB instance: {}", row.primary)),
        key: Some(row.key.clone()).filter(|_| !default),
        versions: vec![version],
        policy: None,
        tags: vec![
            ("aws:rds:primaryDBInstanceArn".to_owned(), row.primary.clone()),
            ("aws:secretsmanager:owningService".to_owned(), row.owner.clone()),
        ],
        created: row.created,
        changed: since,
        accessed: None,
        deletion: None,
        owner: Some((row.owner.clone(), row.rotated)),
    }
}
