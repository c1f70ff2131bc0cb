//! Who may do what with a vault.

use super::{invalid, vault};
use crate::iam::document::{self, ResourceFlaw};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("PutBackupVaultAccessPolicy", put),
    ("GetBackupVaultAccessPolicy", get),
    ("DeleteBackupVaultAccessPolicy", delete),
];

const PUT: &str = "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultAccessPolicy.html";

pub(super) const RULES: &[Rule] =
    &[Rule::new("backup.policy.document", "a policy follows the grammar, and its principals exist", PUT)];

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut vault = vault::find(tx, input)?;
    // No source has the words.
    let Some(text) = input.text("Policy") else {
        return Err(Refusal::new("MissingParameterValueException", "Policy is required."));
    };
    if let Err(flaw) = document::resource(tx, text) {
        tx.enforce("backup.policy.document", false, || {
            invalid(match flaw {
                ResourceFlaw::Grammar => "The specified policy cannot be added to the vault due to malformed policy.",
                ResourceFlaw::Principal => {
                    "The specified policy cannot be added to the vault due to an invalid principal."
                }
            })
        })?;
    }
    vault.policy = Some(text.to_owned());
    tx.put(vault);
    Ok(Value::Record(Record::new()))
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let vault = vault::find(tx, input)?;
    let Some(policy) = &vault.policy else {
        let message = format!("Cannot find the resource policy for Backup vault {}", vault.name);
        return Err(Refusal::new("ResourceNotFoundException", message));
    };
    Ok(record! { "BackupVaultName" => &vault.name, "BackupVaultArn" => vault.arn(tx), "Policy" => policy })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut vault = vault::find(tx, input)?;
    vault.policy = None;
    tx.put(vault);
    Ok(Value::Record(Record::new()))
}
