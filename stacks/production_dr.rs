//! What production would be built from in another region: a vault that its backups are copied to, a key for those of its
//! database, and a bucket for the objects of each of its own. It is there before production is.

use fathuss_model::aws::{BackupVault, KmsKey, S3Bucket};
use fathuss_model::{Arn, Output, Result, Stack};

use crate::environment::{Environment, Recovery};
use crate::{backups, encryption, production, storage};

/// What production's copies go to.
pub const RECOVERY: Recovery = Recovery {
    region: "us-west-2",
    vault: &BACKUP_VAULT,
    database_key: &DATABASE_KEY,
    grader_cache: &GRADER_CACHE,
    loki: &LOKI,
    objects_key: &REPLICA_KEY,
};

const NAME: &str = "production-dr";
const BACKUP_VAULT: Output<Arn<BackupVault>> = Output::new(NAME, "backup_vault");
const DATABASE_KEY: Output<Arn<KmsKey>> = Output::new(NAME, "database_key");
const GRADER_CACHE: Output<Arn<S3Bucket>> = Output::new(NAME, "grader_cache_replica");
const LOKI: Output<Arn<S3Bucket>> = Output::new(NAME, "loki_replica");
const REPLICA_KEY: Output<Arn<KmsKey>> = Output::new(NAME, "replica_key");

/// The stack.
pub fn production_dr(stack: &mut Stack) -> Result<()> {
    let env = Environment { region: RECOVERY.region, ..production::environment()? };
    stack.place(env.region, env.account);
    env.tag_all(stack, "disaster-recovery");
    let vault = backups::vault(stack, &env, NAME);
    let mut key = |name: &'static str, description: &str| {
        let key = KmsKey::new().description(description).policy(encryption::of_account(env.account));
        encryption::key(stack, NAME, name, key, true)
    };
    let database = key("database", "Backups of production's database");
    let objects = key("replica", "Replicas of production's objects");
    let [grader_cache, loki] = storage::both(stack, &env, &objects);

    stack.output(&BACKUP_VAULT, vault.arn());
    stack.output(&DATABASE_KEY, database.arn());
    stack.output(&GRADER_CACHE, grader_cache.arn());
    stack.output(&LOKI, loki.arn());
    stack.output(&REPLICA_KEY, objects.arn());
    Ok(())
}

#[cfg(test)]
mod tests {
    use fathuss_model::graph::Graph;
    use fathuss_model::graph_of;

    use crate::inspection::{literal, node, nodes, refers_to, value};

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
        for encryption in nodes(&graph, "aws_s3_bucket_server_side_encryption_configuration") {
            assert!(refers_to(encryption, "rule").contains(&"aws_kms_key.replica".to_owned()));
        }
        for kind in ["aws_kms_key", "aws_backup_vault", "aws_s3_bucket"] {
            assert!(nodes(&graph, kind).iter().all(|node| node.lifecycle.prevent_destroy), "{kind}");
        }
    }

    #[test]
    fn the_replicas_are_closed_and_versioned_as_replication_demands() {
        let graph = graph();
        for name in ["grader_cache", "loki"] {
            let block = node(&graph, "aws_s3_bucket_public_access_block", name);
            assert_eq!(literal(block, "restrict_public_buckets"), Some(true.into()));
            let versions = node(&graph, "aws_s3_bucket_versioning", name);
            assert_eq!(literal(versions, "versioning_configuration.status"), Some("Enabled".into()));
            let rules = value(node(&graph, "aws_s3_bucket_lifecycle_configuration", name), "rule").unwrap().to_string();
            assert_eq!(rules.contains("GLACIER"), name == "grader_cache", "a copy ages as its source does: {rules}");
        }
    }
}
