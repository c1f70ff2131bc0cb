//! AWS Backup's actions: on the vault or the plan. A vault's access policy is asked with them.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbackup.html>

use super::ask::{Ask, Guard, held, requested};
use crate::backup::plan::Plan;
use crate::backup::recovery_point::RecoveryPoint;
use crate::backup::vault::Vault;
use crate::value::Value;
use crate::world::Tx;

/// What is asked for on no vault and no plan.
const GENERAL: &[&str] =
    &["DescribeBackupJob", "DescribeCopyJob", "ListBackupJobs", "ListBackupPlans", "ListBackupVaults", "ListCopyJobs"];

pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let text = |member: &str| input.get(member).text();
    let action = format!("backup:{operation}");
    let arn = |rest: String| format!("arn:aws:backup:{}:{}:{rest}", tx.region(), tx.account());
    if GENERAL.contains(&operation) {
        return vec![Ask::new(action, "*")];
    }
    if operation == "CreateBackupPlan" {
        let given = requested(input.get("BackupPlanTags"));
        return made(Ask::new(action, arn("backup-plan:*".to_owned())).told(given.clone()), !given.is_empty());
    }
    if let Some(name) = text("BackupVaultName").or_else(|| text("SourceBackupVaultName")) {
        let tagging = if operation == "StartBackupJob" { "RecoveryPointTags" } else { "BackupVaultTags" };
        let given = requested(input.get(tagging));
        let vault = tx.get::<Vault>(name);
        let policy = vault.and_then(|vault| vault.policy.clone());
        // What is done with a backup is asked for on it.
        let point = text("RecoveryPointArn");
        let tags = match point {
            Some(point) => tx.get::<RecoveryPoint>(&format!("{name}/{point}")).map(|point| held(&point.tags)),
            None => vault.map(|vault| held(&vault.tags)),
        };
        let tags = tags.unwrap_or_default();
        let resource = point.map_or_else(|| arn(format!("backup-vault:{name}")), str::to_owned);
        let ask = Ask::new(action, resource).told(tags).told(given.clone()).guarded(Guard::Policy(policy));
        if operation != "CreateBackupVault" {
            return vec![ask];
        }
        let mut asks = made(ask, !given.is_empty());
        // <https://docs.aws.amazon.com/aws-backup/latest/devguide/access-control.html#backup-api-permissions-ref>
        asks.push(Ask::new("backup-storage:MountCapsule", "*"));
        return asks;
    }
    let given = match operation {
        "UntagResource" => requested(input.get("TagKeyList")),
        _ => requested(input.get("Tags")),
    };
    let resource = match (text("ResourceArn"), text("BackupPlanId")) {
        (Some(given), _) => given.to_owned(),
        (None, Some(id)) => arn(format!("backup-plan:{id}")),
        (None, None) => arn("backup-plan:*".to_owned()),
    };
    let name = resource.rsplit(':').next().unwrap_or_default();
    let plan = tx.get::<Plan>(name).map(|plan| held(&plan.tags));
    let vault = tx.get::<Vault>(name).filter(|_| resource.contains(":backup-vault:")).map(|vault| held(&vault.tags));
    vec![Ask::new(action, &resource).told(plan.or(vault).unwrap_or_default()).told(given)]
}

/// What is made with tags asks for both.
fn made(ask: Ask, tagged: bool) -> Vec<Ask> {
    let tag = Ask { action: "backup:TagResource".to_owned(), guard: Guard::Absent, ..ask.clone() };
    std::iter::once(ask).chain(tagged.then_some(tag)).collect()
}
