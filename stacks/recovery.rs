//! What leaves the region: copies of an environment's objects and of its database's backups, into what the stack of another
//! region made for them. Backups of volumes go with their plan, in `backups`.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    DbInstance, DbInstanceAutomatedBackupsReplication, DeleteMarkerReplication, IamRolePolicy, KmsKey,
    ReplicaEncryption, ReplicationDestination, ReplicationRule, RuleStatus, S3Bucket, S3BucketReplicationConfiguration,
    Selected, SourceSelectionCriteria,
};
use fathuss_model::{Arn, DeclarationExt, Handle, IntoValue, Stack, Value, actions, template};

use crate::environment::{Environment, Recovery};
use crate::storage::{self, Storage};

/// Copies of all that production would be built from elsewhere.
pub fn recovery(
    stack: &mut Stack,
    env: &Environment,
    recovery: &Recovery,
    storage: &Storage,
    postgres: &Handle<DbInstance>,
) {
    env.tag_all(stack, "disaster-recovery");
    objects(stack, env, recovery, storage);
    let copies = DbInstanceAutomatedBackupsReplication::new(postgres)
        .kms_key_id(stack.read(recovery.database_key))
        .retention_period(env.postgres.backup_days);
    let copies = stack.add("postgres", copies.region(recovery.region));
    // What another environment's database begins as there.
    stack.output("database_backups", copies.id());
}

/// A bucket, and the one that its objects are copied to.
struct Pair<'a> {
    name: &'static str,
    bucket: &'a Handle<S3Bucket>,
    copy: Value<Arn<S3Bucket>>,
}

/// Each bucket's objects go to one of their own, encrypted anew with a key of that region.
fn objects(stack: &mut Stack, env: &Environment, recovery: &Recovery, storage: &Storage) {
    // S3's page has no condition for this role, and says of none that it is told:
    // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html>
    let trust = Policy::new([Statement::assume_role(Principal::service("s3.amazonaws.com"))]);
    let role = env.role(stack, trust).description("What S3 copies objects with");
    let role = stack.add("replication", role);
    let pairs = [
        Pair { name: "grader_cache", bucket: &storage.grader_cache, copy: stack.read(recovery.grader_cache) },
        Pair { name: "loki", bucket: &storage.loki, copy: stack.read(recovery.loki) },
    ];
    let key = stack.read(recovery.objects_key);
    let policy = IamRolePolicy::new(&role, copies(&pairs, storage, &key)).name("copies");
    let permitted = stack.add("replication", policy);

    for Pair { name, bucket, copy } in pairs {
        let destination =
            ReplicationDestination::new(copy).encryption_configuration(ReplicaEncryption::new(key.clone()));
        let enabled = || RuleStatus::Enabled;
        let rule = ReplicationRule::new("all", 0, enabled(), DeleteMarkerReplication::new(enabled()), destination)
            .source_selection_criteria(
                SourceSelectionCriteria::new().sse_kms_encrypted_objects(Selected::new(enabled())),
            );
        let replication = S3BucketReplicationConfiguration::new(bucket, &role, [rule]);
        stack.add(name, replication.depends_on(&permitted));
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html>
fn copies(pairs: &[Pair<'_>], storage: &Storage, key: &Value<Arn<KmsKey>>) -> Policy {
    let sources = || pairs.iter().map(|pair| pair.bucket);
    let copies = pairs.iter().map(|pair| template([pair.copy.clone().into_value(), "/*".into_value()]));
    let on = |statement: Statement, resources: Vec<Value<String>>| resources.into_iter().fold(statement, Statement::on);
    Policy::new([
        on(
            Statement::allow(actions!["s3:GetReplicationConfiguration", "s3:ListBucket"]),
            sources().map(|bucket| bucket.arn().into_value()).collect(),
        ),
        on(
            Statement::allow(actions![
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionTagging"
            ]),
            sources().map(storage::objects).collect(),
        ),
        on(
            Statement::allow(actions!["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]),
            copies.collect(),
        ),
        Statement::allow(actions!["kms:Decrypt"]).on(storage.key.arn()),
        Statement::allow(actions!["kms:Encrypt"]).on(key.clone()),
    ])
}

#[cfg(test)]
mod tests {
    use crate::inspection::{node, nodes, production, refers_to, staging, value};

    #[test]
    fn staging_leaves_nothing_elsewhere() {
        assert!(staging().nodes.iter().all(|node| node.region == "us-east-1"));
        assert!(staging().nodes.iter().all(|node| node.address.kind() != "aws_s3_bucket_replication_configuration"));
    }

    #[test]
    fn production_s_objects_are_copied_each_bucket_to_one_of_its_own() {
        let graph = production();
        for replication in nodes(&graph, "aws_s3_bucket_replication_configuration") {
            let name = replication.address.name();
            let to = value(replication, "rule.0.destination.bucket");
            assert_eq!(to, Some(format!("<production-dr.{name}_replica>").into()));
            let key = value(replication, "rule.0.destination.encryption_configuration.replica_kms_key_id");
            assert_eq!(key, Some("<production-dr.replica_key>".into()));
            assert_eq!(replication.depends_on.len(), 2, "the role may copy, and versions are kept, before it begins");
        }
    }

    #[test]
    fn production_s_database_can_be_had_back_in_the_other_region() {
        let graph = production();
        let copies = node(&graph, "aws_db_instance_automated_backups_replication", "postgres");
        assert_eq!(copies.region, "us-west-2");
        assert_eq!(refers_to(copies, "source_db_instance_arn"), ["aws_db_instance.postgres"]);
        assert_eq!(value(copies, "kms_key_id"), Some("<production-dr.database_key>".into()));
    }
}
