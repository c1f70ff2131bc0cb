//! Backups of what no service backs up by itself: ClickHouse's volume, daily, into a vault of the environment's own.
//! Production's are copied to another region.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    BackupCopy, BackupLifecycle, BackupPlan, BackupRule, BackupSelection, BackupVault, EbsVolume, IamPolicy,
    IamRolePolicyAttachment, KmsKey,
};
use fathuss_model::{DeclarationExt, Handle, IntoValue, Lifecycle, Stack, Value, template};

use crate::encryption;
use crate::environment::Environment;

/// After ClickHouse has merged what the day brought, before people come.
const DAILY: &str = "cron(0 2 * * ? *)";

/// The vault, the plan, and what is backed up.
pub fn backups(stack: &mut Stack, env: &Environment, clickhouse: &Handle<EbsVolume>) {
    env.tag_all(stack, "backups");
    let vault = vault(stack, env, env.name());
    let kept = || BackupLifecycle::days(env.clickhouse.backup_days);
    let mut rule = BackupRule::new("daily", &vault).schedule(DAILY).lifecycle(kept());
    if let Some(recovery) = &env.recovery {
        let copy = BackupCopy::new(stack.read(recovery.vault)).lifecycle(kept());
        rule = rule.copy_action([copy]);
    }
    let plan = stack.add("daily", BackupPlan::new(format!("{}-daily", env.name()), [rule]));

    // AWS Backup says of topics and keys that it tells on whose behalf it comes, and not of roles:
    // <https://docs.aws.amazon.com/aws-backup/latest/devguide/cross-service-confused-deputy-prevention.html>
    let trust = Policy::new([Statement::assume_role(Principal::service("backup.amazonaws.com"))]);
    let role = env.role(stack, trust).description("What AWS Backup reads and restores with");
    let role = stack.add("backups", role);
    let attach = |stack: &mut Stack, what: &str| {
        let policy = IamPolicy::of_aws(&format!("service-role/AWSBackupServiceRolePolicyFor{what}"));
        stack.add(("backups", what.to_lowercase()), IamRolePolicyAttachment::new(&role, policy))
    };
    let (reads, restores) = (attach(stack, "Backup"), attach(stack, "Restores"));
    let selection = BackupSelection::new("clickhouse", &plan, &role).resources([arn(env, clickhouse)]);
    stack.add("clickhouse", selection.depends_on(&reads).depends_on(&restores));
}

/// A vault with a key of its own, which the key of what is backed up does not open. Staging's backups go with it.
pub fn vault(stack: &mut Stack, env: &Environment, name: &'static str) -> Handle<BackupVault> {
    let key = KmsKey::new().description(format!("Backups of {name}")).policy(encryption::of_account(env.account));
    let key = encryption::key(stack, name, "backups", key, env.is_production());
    let keep = Lifecycle::new().prevent_destroy(env.is_production());
    let vault = BackupVault::new().name(name).kms_key_arn(&key).force_destroy(!env.is_production());
    stack.add("backups", vault.lifecycle(keep))
}

fn arn(env: &Environment, volume: &Handle<EbsVolume>) -> Value<String> {
    template([env.arn("ec2", "volume/").into_value(), volume.id().into_value()])
}

#[cfg(test)]
mod tests {
    use fathuss_model::graph::Graph;

    use crate::inspection::{both, literal, node, production, refers_to, staging, value};

    #[test]
    fn clickhouse_s_volume_is_backed_up_every_day_by_a_role_of_its_own() {
        for graph in both() {
            let selection = node(&graph, "aws_backup_selection", "clickhouse");
            assert_eq!(refers_to(selection, "resources"), ["aws_ebs_volume.clickhouse_data"]);
            assert_eq!(refers_to(selection, "iam_role_arn"), ["aws_iam_role.backups"]);
            assert_eq!(selection.depends_on.len(), 2, "the role may read before it is asked to");
            let plan = node(&graph, "aws_backup_plan", "daily");
            let schedule = value(plan, "rule.0.schedule").unwrap();
            assert_eq!(schedule.as_str(), Some("cron(0 2 * * ? *)"));
        }
    }

    #[test]
    fn each_vault_is_encrypted_with_a_rotated_key_of_its_own() {
        for graph in both() {
            let vault = node(&graph, "aws_backup_vault", "backups");
            assert_eq!(refers_to(vault, "kms_key_arn"), ["aws_kms_key.backups"]);
            let key = node(&graph, "aws_kms_key", "backups");
            assert_eq!(literal(key, "enable_key_rotation"), Some(true.into()));
        }
    }

    #[test]
    fn production_s_backups_are_copied_to_the_other_region_and_staging_s_are_not() {
        let copies = |graph: Graph| value(node(&graph, "aws_backup_plan", "daily"), "rule.0.copy_action");
        assert_eq!(copies(staging()), None);
        let copies = copies(production()).unwrap();
        let to = copies.at("0").and_then(|copy| copy.at("destination_vault_arn")).cloned();
        assert_eq!(to, Some("<production-dr.backup_vault>".into()));
    }

    #[test]
    fn production_s_vault_outlives_a_mistake() {
        assert!(node(&production(), "aws_backup_vault", "backups").lifecycle.prevent_destroy);
        assert!(node(&production(), "aws_kms_key", "backups").lifecycle.prevent_destroy);
    }

    #[test]
    fn staging_s_backups_go_with_their_vault_and_production_s_do_not() {
        for (graph, forced) in [(staging(), true), (production(), false)] {
            let vault = node(&graph, "aws_backup_vault", "backups");
            assert_eq!(literal(vault, "force_destroy"), Some(forced.into()));
        }
    }
}
