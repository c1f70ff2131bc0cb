//! `aws_backup_vault`: <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html>

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_backup::types::BackupVaultListMember;
use fathuss_engine::proposal::{Objection, Proposal, Proposals};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Observation, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Address, Resource};
use fathuss_state::Identity;
use futures::future::join_all;

use crate::backup::{call, call_on_vault, is_no_vault, retag, tags, written};
use crate::client::Client;
use crate::differ::once_shown;
use crate::fields::{Fields, Observed};
use crate::gone::waiting;
use crate::kind::{Batch, Kind};
use crate::{mark, name};

/// The calls of `aws_backup_vault`.
pub struct BackupVault;

const SCHEMA: &Schema = fathuss_model::aws::BackupVault::SCHEMA;

#[async_trait(?Send)]
impl Kind for BackupVault {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// `ListBackupVaults` for all, which has what `DescribeBackupVault` has, and `ListTags` for each: no list has tags.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let vaults = match listed(client).await {
            Ok(vaults) => vaults,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        let observed = requests.iter().map(async |request| {
            let Some(vault) = vaults.get(request.identity.0.as_str()) else { return Ok(Observation::Absent) };
            let tags = tags(client, vault.backup_vault_arn.as_deref().unwrap_or_default()).await?;
            Ok(tags.map_or(Observation::Absent, |tags| Observation::Present(observe(vault, &tags))))
        });
        Batch { observations: join_all(observed).await, strays: Vec::new() }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let attributes = &request.desired.attributes;
        let name = name::of(SCHEMA, "name", request)?;
        let sending = client
            .backup
            .create_backup_vault()
            .backup_vault_name(&name)
            .set_encryption_key_arn(Fields::of(attributes).maybe_string("kms_key_arn")?)
            .set_backup_vault_tags(Some(written(mark::tags_with(&request.mark, attributes)?)))
            // The SDK gives one where none is: this one says the same at each try.
            .creator_request_id(&request.token[..TOKEN])
            .send();
        client.send(call("CreateBackupVault"), sending).await?;
        Ok(Identity(name))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "name", request)?;
        let vaults = listed(client).await?;
        let Some(arn) = vaults.get(&name).and_then(|vault| vault.backup_vault_arn.as_deref()) else {
            return Ok(Found::Nothing);
        };
        let tags = tags(client, arn).await?;
        Ok(mark::owner(&request.mark, tags.map(|tags| (name, tags))))
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let vaults = listed(client).await?;
        let Some(vault) = vaults.get(standing.identity.0.as_str()) else { return Ok(waiting("not visible yet")) };
        let Some(tags) = tags(client, vault.backup_vault_arn.as_deref().unwrap_or_default()).await? else {
            return Ok(waiting("not visible yet"));
        };
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observe(vault, &tags)))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let partition = crate::arn::partition(&standing.region);
        let Standing { region, account, identity, .. } = standing;
        retag(client, &format!("arn:{partition}:backup:{region}:{account}:backup-vault:{identity}"), standing, change)
            .await
    }

    /// AWS deletes an empty vault at once; of one that is to go with what is in it, the backups are deleted first.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let vault = standing.identity.0.as_str();
        let sending = client.backup.delete_backup_vault().backup_vault_name(vault).send();
        match client.send(call_on_vault("DeleteBackupVault"), sending).await {
            Ok(_) => Ok(Progress::Gone),
            Err(failure) if is_no_vault(&failure) => Ok(Progress::Gone),
            Err(failure) if failure.message.contains(HOLDS) => {
                if Fields::of(&standing.desired.attributes).bool_or("force_destroy", false)? {
                    empty(client, vault).await?;
                    return Ok(waiting("deleting its backups"));
                }
                Err(Failure { hint: Some(EMPTY_IT.to_owned()), ..failure })
            }
            Err(failure) => Err(failure),
        }
    }
}

/// What AWS Backup says of a vault that is not empty.
const HOLDS: &str = "contains recovery points";
/// What to do about such a vault.
const EMPTY_IT: &str = "delete its backups, or set `force_destroy` and apply that first, which deletes them with it";

/// Deletes what a vault holds, but for what is being made or deleted already.
async fn empty(client: &Client, vault: &str) -> Result<(), Failure> {
    let mut token = None;
    loop {
        let listing = client.backup.list_recovery_points_by_backup_vault().backup_vault_name(vault);
        let listed = client.send(call("ListRecoveryPointsByBackupVault"), listing.set_next_token(token).send()).await?;
        let points = listed.recovery_points.unwrap_or_default();
        let idle =
            points.iter().filter(|point| !point.status.as_ref().is_some_and(|status| BUSY.contains(&status.as_str())));
        for arn in idle.filter_map(|point| point.recovery_point_arn()) {
            let deleting = client.backup.delete_recovery_point().backup_vault_name(vault).recovery_point_arn(arn);
            match client.send(call("DeleteRecoveryPoint"), deleting.send()).await {
                // It expired, or something is under way with it since it was listed.
                Err(failure)
                    if ["ResourceNotFoundException", "InvalidResourceStateException"]
                        .contains(&failure.code.as_str()) => {}
                answer => answer.map(drop)?,
            }
        }
        token = listed.next_token;
        if token.is_none() {
            return Ok(());
        }
    }
}

/// States of a backup in which something is under way with it.
const BUSY: &[&str] = &["CREATING", "DELETING"];

/// The vaults among what would be deleted that AWS will not delete for what is in them: that would stop a destroy half-way,
/// when most is gone. How much it is, was read with them.
pub(crate) fn objections(deleted: &Proposals) -> Result<Vec<Objection>, Failure> {
    let vaults = deleted.iter().filter(|(address, _)| address.kind() == SCHEMA.kind);
    let object = |(address, proposal): (&Address, &Proposal)| {
        let was = Fields::of(&proposal.fields);
        let held = was.maybe_integer("recovery_points")?.unwrap_or(0);
        let goes = held == 0 || was.bool_or("force_destroy", false)?;
        let message = || format!("it holds backups, {held} of them, and AWS deletes an empty vault alone: {EMPTY_IT}");
        Ok((!goes).then(|| Objection { address: address.clone(), message: message() }))
    };
    vaults.filter_map(|vault| object(vault).transpose()).collect()
}

/// How much of a token AWS Backup takes.
pub(crate) const TOKEN: usize = 50;

/// The vaults of the region by name.
async fn listed(client: &Client) -> Result<HashMap<String, BackupVaultListMember>, Failure> {
    let mut vaults = HashMap::new();
    let mut token = None;
    loop {
        let sending = client.backup.list_backup_vaults().max_results(1000).set_next_token(token).send();
        let answer = client.send(call("ListBackupVaults"), sending).await?;
        for vault in answer.backup_vault_list.unwrap_or_default() {
            vaults.insert(vault.backup_vault_name.clone().unwrap_or_default(), vault);
        }
        token = answer.next_token;
        if token.is_none() {
            return Ok(vaults);
        }
    }
}

fn observe(vault: &BackupVaultListMember, tags: &BTreeMap<String, String>) -> Attributes {
    Observed::new()
        .with("name", vault.backup_vault_name.clone())
        .with("kms_key_arn", vault.encryption_key_arn.clone())
        .tagged(tags)
        .with("id", vault.backup_vault_name.clone())
        .with("arn", vault.backup_vault_arn.clone())
        .with("recovery_points", vault.number_of_recovery_points)
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::proposal::Proposal;
    use fathuss_engine::provider::{Found, Observation, Progress};
    use fathuss_state::Identity;
    use serde_json::{Value, json};

    use crate::asked::{make, read, standing};
    use crate::canned::Canned;
    use crate::mark;

    const AT: &str = "s.aws_backup_vault.main";
    const ARN: &str = "arn:aws:backup:us-east-1:111122223333:backup-vault:main";
    const TAGS: &str = "GET /tags/arn%3Aaws%3Abackup%3Aus-east-1%3A111122223333%3Abackup-vault%3Amain";

    fn listed() -> Value {
        json!({ "BackupVaultList": [{
            "BackupVaultName": "main", "BackupVaultArn": ARN, "EncryptionKeyArn": "arn:k", "NumberOfRecoveryPoints": 3
        }]})
    }

    #[tokio::test]
    async fn vaults_are_read_from_one_list_and_their_tags() {
        let canned = Canned::new().json("GET /backup-vaults", 200, &listed()).json(TAGS, 200, &json!({ "Tags": {} }));
        let answer = canned.aws().read(&[read(AT, "main"), read("s.aws_backup_vault.none", "none")]).await;
        let Ok(Observation::Present(vault)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!((&vault["kms_key_arn"], &vault["recovery_points"]), (&"arn:k".into(), &3.into()));
        assert_eq!(answer.observations[1], Ok(Observation::Absent));
        assert_eq!(canned.operations(), ["GET /backup-vaults", TAGS]);
    }

    #[tokio::test]
    async fn a_vault_is_ours_by_its_mark() {
        let tags = mark::tags(&make(AT, json!({})).mark);
        for (tags, found) in [
            (json!({ "Tags": tags }), Found::Ours(Identity("main".to_owned()))),
            (json!({ "Tags": {} }), Found::Foreign(Identity("main".to_owned()))),
        ] {
            let canned = Canned::new().json("GET /backup-vaults", 200, &listed()).json(TAGS, 200, &tags);
            assert_eq!(canned.aws().find(&make(AT, json!({ "name": "main" }))).await, Ok(found));
        }
    }

    #[tokio::test]
    async fn what_a_vault_holds_goes_with_it_only_where_that_is_said() {
        let message = "Backup vault cannot be deleted because it contains recovery points.";
        let points = json!({ "RecoveryPoints": [
            { "RecoveryPointArn": "arn:aws:ec2:us-east-1::snapshot/snap-1", "Status": "COMPLETED" },
            { "RecoveryPointArn": "arn:aws:ec2:us-east-1::snapshot/snap-2", "Status": "CREATING" },
        ]});
        let path = "DELETE /backup-vaults/main";
        let one = format!("{path}/recovery-points/arn%3Aaws%3Aec2%3Aus-east-1%3A%3Asnapshot%2Fsnap-1");
        let canned = Canned::new()
            .json(path, 400, &json!({ "__type": "InvalidRequestException", "Message": message }))
            .json("GET /backup-vaults/main/recovery-points", 200, &points)
            .json(&one, 200, &json!({}));
        let failure = canned.aws().delete(&standing(AT, "main", json!({}))).await.unwrap_err();
        assert!(failure.hint.unwrap().contains("force_destroy"));
        assert_eq!(canned.operations(), [path]);
        let forced = standing(AT, "main", json!({ "force_destroy": true }));
        let progress = canned.aws().delete(&forced).await;
        assert_eq!(progress, Ok(Progress::Waiting { state: "deleting its backups".to_owned() }));
        assert_eq!(canned.operations().last(), Some(&one), "what is being made is left until it is there");
    }

    #[test]
    fn a_vault_that_holds_backups_is_objected_to_before_anything_goes() {
        let address: fathuss_model::Address = AT.parse().unwrap();
        let objected = |fields: Value| {
            let fields = serde_json::from_value(fields).unwrap();
            let proposal = Proposal { region: "us-east-1".to_owned(), fields, ..Proposal::default() };
            super::objections(&[(address.clone(), proposal)].into()).unwrap()
        };
        let full = objected(json!({ "name": "main", "recovery_points": 3 }));
        assert!(full[0].message.starts_with("it holds backups, 3 of them"), "{full:?}");
        assert_eq!(objected(json!({ "name": "main", "recovery_points": 3, "force_destroy": true })), []);
        assert_eq!(objected(json!({ "name": "main", "recovery_points": 0 })), []);
    }

    #[tokio::test]
    async fn a_vault_of_which_nothing_is_told_is_gone_and_one_with_backups_stays() {
        let path = "DELETE /backup-vaults/main";
        let refusal = |code: &str, message: &str| json!({ "__type": code, "Message": message });
        let untold = refusal("AccessDeniedException", "Insufficient privileges to perform this action.");
        let canned = Canned::new().json(path, 403, &untold);
        assert_eq!(canned.aws().delete(&standing(AT, "main", json!({}))).await, Ok(Progress::Gone));
        let message = "Backup vault cannot be deleted because it contains recovery points.";
        let canned = Canned::new().json(path, 400, &refusal("InvalidRequestException", message));
        let failure = canned.aws().delete(&standing(AT, "main", json!({}))).await.unwrap_err();
        assert_eq!((failure.code.as_str(), failure.message.as_str()), ("InvalidRequestException", message));
        let denied = refusal("AccessDeniedException", "User: x is not authorized to perform: backup:DeleteBackupVault");
        let canned = Canned::new().json(path, 403, &denied);
        assert!(canned.aws().delete(&standing(AT, "main", json!({}))).await.is_err());
    }
}
