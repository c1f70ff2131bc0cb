//! Vaults: made, described, listed and deleted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::recovery_point::RecoveryPoint;
use super::tags::{self, Tags};
use super::{arn, creator, invalid, paged, untold};
use crate::datastore::key;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateBackupVault", create),
    ("DescribeBackupVault", describe),
    ("ListBackupVaults", list),
    ("DeleteBackupVault", delete),
];

const CREATE: &str = "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("backup.vault.exists", "names are unique in account and region", CREATE),
    Rule::new("backup.vault.key", "a vault's KMS key exists and is enabled", CREATE),
    Rule::new(
        "backup.vault.quota",
        "an account has 300 vaults in a region",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/aws-backup-limits.html",
    ),
    Rule::new(
        "backup.vault.empty",
        "a vault that is deleted holds no backup",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DeleteBackupVault.html",
    ),
];

/// The alias of the key that AWS has for what no key is named for.
pub(super) const OWN_KEY: &str = "aws/backup";

/// A vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vault {
    /// Its name.
    pub name: String,
    /// The ARN of the KMS key that it is encrypted with.
    pub key: String,
    /// Who asked for it, in their own words.
    pub creator: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Who may do what with it.
    pub policy: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Row for Vault {
    const TABLE: &'static str = "backup.vault";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl Vault {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        arn(tx, &format!("backup-vault:{}", self.name))
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let held = tx.keyed::<RecoveryPoint>(&self.name).count();
        record! {
            "BackupVaultName" => &self.name,
            "BackupVaultArn" => self.arn(tx),
            "VaultType" => "BACKUP_VAULT",
            "VaultState" => "AVAILABLE",
            "EncryptionKeyArn" => &self.key,
            "EncryptionKeyType" => key_type(tx, &self.key),
            "CreationDate" => self.created,
            "CreatorRequestId" => &self.creator,
            "NumberOfRecoveryPoints" => i64::try_from(held).unwrap_or(i64::MAX),
            "Locked" => false,
        }
    }
}

/// Whose a key is, by its ARN.
pub(super) fn key_type(tx: &Tx<'_>, arn: &str) -> &'static str {
    let own = tx.rows::<key::ManagedKey>().any(|key| arn.ends_with(&key.id));
    if own { "AWS_OWNED_KMS_KEY" } else { "CUSTOMER_MANAGED_KMS_KEY" }
}

/// The vault that a request names. Of one that is not there AWS does not say so:
/// <https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/backup/vault.go>.
///
/// # Errors
/// When there is none.
pub(super) fn find(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vault, Refusal> {
    let found = tx.get::<Vault>(input.required("BackupVaultName")).cloned();
    found.ok_or_else(untold)
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("BackupVaultName");
    let creator = creator(tx, input)?;
    let tags = tags::read(tx, input, "BackupVaultTags")?;
    let given = input.text("EncryptionKeyArn");
    let key = key::named(tx, "backup.vault.key", given, OWN_KEY, |given| {
        // No source has the words.
        invalid(format!("The encryption key {given} does not exist or is not enabled."))
    })?;
    if let Some(known) = tx.get::<Vault>(name).cloned() {
        let same = creator.is_some() && known.creator == creator;
        tx.enforce("backup.vault.exists", same, || {
            Refusal::new("AlreadyExistsException", "Backup vault with the same name already exists")
                .member("Arn", known.arn(tx))
                .member("CreatorRequestId", &known.creator)
        })?;
        return Ok(made(tx, &known));
    }
    let quota = tx.quota("backup.vaults");
    // No source has the words.
    tx.enforce("backup.vault.quota", tx.count::<Vault>() < quota, || {
        Refusal::new("LimitExceededException", format!("An account can have {quota} backup vaults in a region."))
    })?;
    let vault = Vault { name: name.to_owned(), key, creator, created: tx.now(), policy: None, tags };
    let answer = made(tx, &vault);
    tx.put(vault);
    Ok(answer)
}

fn made(tx: &Tx<'_>, vault: &Vault) -> Value {
    record! { "BackupVaultName" => &vault.name, "BackupVaultArn" => vault.arn(tx), "CreationDate" => vault.created }
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    Ok(find(tx, input)?.view(tx))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    // All that there are here are of one type, and of this account.
    let wanted = input.text("ByVaultType").is_none_or(|kind| kind == "BACKUP_VAULT") && !input.flag("ByShared");
    let vaults = tx.rows::<Vault>().filter(|_| wanted).map(|vault| (vault.name.clone(), vault.view(tx)));
    let vaults = vaults.collect();
    paged(tx, input, "BackupVaultList", vaults)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let vault = find(tx, input)?;
    // <https://github.com/aws/aws-cdk/issues/33711>
    tx.enforce("backup.vault.empty", tx.keyed::<RecoveryPoint>(&vault.name).next().is_none(), || {
        let message = "Backup vault cannot be deleted because it contains recovery points.";
        Refusal::new("InvalidRequestException", message)
    })?;
    tx.remove::<Vault>(&vault.name);
    Ok(Value::Record(Record::new()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn a_vault_is_made_once_by_who_asks_again_and_refused_to_others() {
        let client = Client::calm();
        let ask = async |creator: &str| {
            let body = json!({ "CreatorRequestId": creator });
            client.rest("backup", "PUT", "/backup-vaults/main", Some(body)).await
        };
        let first = ask("one").await;
        assert_eq!(first.status, 200, "{}", first.text);
        assert_eq!(ask("one").await.json(), first.json());
        let refused = ask("two").await;
        assert_eq!((refused.status, refused.code.as_str()), (400, "AlreadyExistsException"));
        let shown = client.rest("backup", "GET", "/backup-vaults/main", None).await.json();
        assert_eq!(
            (&shown["EncryptionKeyType"], &shown["NumberOfRecoveryPoints"]),
            (&json!("AWS_OWNED_KMS_KEY"), &json!(0))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_vault_that_is_not_there_nothing_is_told() {
        let client = Client::calm();
        for method in ["GET", "DELETE"] {
            let refused = client.rest("backup", method, "/backup-vaults/none", None).await;
            assert_eq!((refused.status, refused.code.as_str()), (403, "AccessDeniedException"), "{method}");
        }
    }
}
