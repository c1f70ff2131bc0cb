//! What production would be built from in another region: a vault that its backups are copied to, and a bucket that
//! its objects will be. It is there before production is.

use fathuss_model::aws::{BackupVault, KmsKey, S3Bucket};
use fathuss_model::{Arn, DeclarationExt, Lifecycle, Output, Result, Stack};

use crate::environment::Environment;
use crate::{backups, production, storage};

/// The region.
const REGION: &str = "us-west-2";

/// The vault that production's backups are copied to.
pub const BACKUP_VAULT: Output<Arn<BackupVault>> = Output::new("production-dr", "backup_vault");
/// The bucket that production's objects will be copied to.
pub const REPLICA: Output<Arn<S3Bucket>> = Output::new("production-dr", "replica");
/// The key that they are encrypted with there.
pub const REPLICA_KEY: Output<Arn<KmsKey>> = Output::new("production-dr", "replica_key");

/// The stack.
pub fn production_dr(stack: &mut Stack) -> Result<()> {
    let env = Environment { region: REGION, ..production::environment()? };
    stack.place(env.region, env.account);
    env.tag_all(stack, "disaster-recovery");
    let vault = backups::vault(stack, &env, "production-dr");

    let key = KmsKey::new().description("Replicas of production's objects").enable_key_rotation(true);
    let key = stack.add("replica", key.lifecycle(Lifecycle::new().prevent_destroy(true)));
    let replica = storage::bucket(stack, &env, "replica", &key, None);

    stack.output(&BACKUP_VAULT, vault.arn());
    stack.output(&REPLICA, replica.arn());
    stack.output(&REPLICA_KEY, key.arn());
    Ok(())
}

#[cfg(test)]
mod tests {
    use fathuss_model::graph::Graph;
    use fathuss_model::graph_of;

    use crate::inspection::{literal, node, nodes, refers_to};

    fn graph() -> Graph {
        graph_of("production-dr", super::production_dr).unwrap_or_else(|findings| panic!("{findings:#?}"))
    }

    #[test]
    fn everything_stands_in_the_other_region_of_production_s_account() {
        assert!(graph().nodes.iter().all(|node| node.region == "us-west-2" && node.account == "444455556666"));
    }

    #[test]
    fn all_that_is_kept_is_encrypted_with_rotated_keys_and_outlives_a_mistake() {
        let graph = graph();
        for key in nodes(&graph, "aws_kms_key") {
            assert_eq!(literal(key, "enable_key_rotation"), Some(true.into()), "{}", key.address);
        }
        assert_eq!(refers_to(node(&graph, "aws_backup_vault", "backups"), "kms_key_arn"), ["aws_kms_key.backups"]);
        let encryption = node(&graph, "aws_s3_bucket_server_side_encryption_configuration", "replica");
        assert!(refers_to(encryption, "rule").contains(&"aws_kms_key.replica".to_owned()));
        for kind in ["aws_kms_key", "aws_backup_vault", "aws_s3_bucket"] {
            assert!(nodes(&graph, kind).iter().all(|node| node.lifecycle.prevent_destroy), "{kind}");
        }
    }

    #[test]
    fn the_replica_is_closed_and_versioned_as_replication_demands() {
        let graph = graph();
        let block = node(&graph, "aws_s3_bucket_public_access_block", "replica");
        assert_eq!(literal(block, "restrict_public_buckets"), Some(true.into()));
        let versions = node(&graph, "aws_s3_bucket_versioning", "replica");
        assert_eq!(literal(versions, "versioning_configuration.status"), Some("Enabled".into()));
    }
}
