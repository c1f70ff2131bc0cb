//! What `fathuss bootstrap` makes: the bucket that states lie in, its copy in a second region, and the roles of CI where
//! the project has no stack of its own for them. It is declared as any stack is, and `bootstrap` is its name.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    AbortIncompleteMultipartUpload, DeleteMarkerReplication, EncryptionByDefault, EncryptionRule,
    IamOpenidConnectProvider, IamPolicy, IamRole, IamRolePolicy, IamRolePolicyAttachment, KmsAlias, KmsKey,
    LifecycleRule, NoncurrentVersionExpiration, ObjectOwnership, OwnershipRule, ReplicaEncryption,
    ReplicationDestination, ReplicationRule, RuleStatus, S3Bucket, S3BucketLifecycleConfiguration,
    S3BucketOwnershipControls, S3BucketPolicy, S3BucketPublicAccessBlock, S3BucketReplicationConfiguration,
    S3BucketServerSideEncryptionConfiguration, S3BucketVersioning, Selected, SourceSelectionCriteria, SseAlgorithm,
    VersioningConfiguration, VersioningStatus,
};
use fathuss_model::graph::{Finding, Graph};
use fathuss_model::{DeclarationExt, Handle, IntoValue, Lifecycle, Stack, Value, actions, graph_of, template};

/// The stack's name.
pub const STACK: &str = "bootstrap";

/// For how many days a version is kept that another has taken the place of.
const UNDO: i64 = 90;
/// After how many days parts of an upload that never ended are deleted.
const UNFINISHED: i64 = 7;
/// Who says for GitHub which workflow asks: <https://docs.github.com/en/actions/reference/security/oidc>.
const ISSUER: &str = "token.actions.githubusercontent.com";

/// What is to be made.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The account that it is made in.
    pub account: String,
    /// The region of the states.
    pub region: String,
    /// The region of their copies.
    pub second: String,
    /// The bucket's name.
    pub bucket: String,
    /// The repository whose workflows get roles, `OWNER/NAME`.
    pub repository: Option<String>,
}

impl Wanted {
    /// The name of the bucket that copies go to.
    pub fn copy(&self) -> String {
        format!("{}-replica", self.bucket)
    }

    /// The stack as a graph.
    pub fn graph(&self) -> Result<Graph, Vec<Finding>> {
        graph_of(STACK, |stack| {
            stack.place(&self.region, &self.account);
            for (key, value) in [("ManagedBy", "fathuss"), ("Service", "state")] {
                stack.default_tag(key, value);
            }
            let states = bucket(stack, self, "states", &self.bucket, &self.region);
            let copies = bucket(stack, self, "copies", &self.copy(), &self.second);
            replication(stack, &states, &copies);
            if let Some(repository) = &self.repository {
                roles(stack, repository, &states, &copies);
            }
            Ok(())
        })
    }
}

/// A bucket and the key of what is in it.
struct Kept {
    bucket: Handle<S3Bucket>,
    key: Handle<KmsKey>,
}

/// A bucket that is closed, encrypted and keeps versions, and that takes nothing but what states are written by.
fn bucket(stack: &mut Stack, wanted: &Wanted, at: &'static str, name: &str, region: &str) -> Kept {
    let account = Principal::aws(format!("arn:aws:iam::{}:root", wanted.account));
    // Without it nobody could change the key: <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html>
    let left_to_iam = Policy::new([Statement::allow(actions!["kms:*"]).sid("Account").by(account).on("*")]);
    let lasting = || Lifecycle::new().prevent_destroy(true);
    let key = KmsKey::new().description(format!("States in {name}")).policy(left_to_iam).enable_key_rotation(true);
    let key = stack.add(at, key.lifecycle(lasting()).region(region));
    stack.add(at, KmsAlias::new(format!("alias/{name}"), &key).region(region));

    let bucket = stack.add(at, S3Bucket::new().bucket(name).lifecycle(lasting()).region(region));
    let versions = VersioningConfiguration::new(VersioningStatus::Enabled);
    stack.add(at, S3BucketVersioning::new(&bucket, versions).region(region));
    let default = EncryptionByDefault::new(SseAlgorithm::Kms).kms_master_key_id(&key);
    let encryption = [EncryptionRule::new(default).bucket_key_enabled(true)];
    stack.add(at, S3BucketServerSideEncryptionConfiguration::new(&bucket, encryption).region(region));
    let owner = OwnershipRule::new(ObjectOwnership::BucketOwnerEnforced);
    stack.add(at, S3BucketOwnershipControls::new(&bucket, owner).region(region));
    stack.add(at, S3BucketPublicAccessBlock::all(&bucket).region(region));
    let tidy = LifecycleRule::new("tidy", RuleStatus::Enabled)
        .noncurrent_version_expiration(NoncurrentVersionExpiration::new(UNDO))
        .abort_incomplete_multipart_upload(AbortIncompleteMultipartUpload::new(UNFINISHED));
    stack.add(at, S3BucketLifecycleConfiguration::new(&bucket, [tidy]).region(region));
    stack.add(at, S3BucketPolicy::new(&bucket, refusals(&bucket)).region(region));
    Kept { bucket, key }
}

/// Nothing comes by plain HTTP, and nothing is written over unseen: a state's puts all carry a condition.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html>
fn refusals(bucket: &Handle<S3Bucket>) -> Policy {
    let everybody = || Principal::aws("*");
    Policy::new([
        Statement::deny(actions!["s3:*"]).sid("TlsAlone").by(everybody()).on(bucket.arn()).on(objects(bucket)).when(
            "Bool",
            "aws:SecureTransport",
            ["false"],
        ),
        Statement::deny(actions!["s3:PutObject"])
            .sid("UnderAConditionAlone")
            .by(everybody())
            .on(objects(bucket))
            .when("Null", "s3:if-match", ["true"])
            .when("Null", "s3:if-none-match", ["true"]),
    ])
}

/// Every new object is copied, encrypted anew with the key of the other region.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html>
fn replication(stack: &mut Stack, states: &Kept, copies: &Kept) {
    let trust = Policy::new([Statement::assume_role(Principal::service("s3.amazonaws.com"))]);
    let role = stack.add("replication", IamRole::new(trust).description("What S3 copies states with"));
    let policy = Policy::new([
        Statement::allow(actions!["s3:GetReplicationConfiguration", "s3:ListBucket"]).on(states.bucket.arn()),
        Statement::allow(actions![
            "s3:GetObjectVersionForReplication",
            "s3:GetObjectVersionAcl",
            "s3:GetObjectVersionTagging"
        ])
        .on(objects(&states.bucket)),
        Statement::allow(actions!["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"])
            .on(objects(&copies.bucket)),
        Statement::allow(actions!["kms:Decrypt"]).on(states.key.arn()),
        Statement::allow(actions!["kms:Encrypt"]).on(copies.key.arn()),
    ]);
    let permitted = stack.add("replication", IamRolePolicy::new(&role, policy).name("copies"));
    let enabled = || RuleStatus::Enabled;
    let encryption = ReplicaEncryption::new(copies.key.arn());
    let destination = ReplicationDestination::new(copies.bucket.arn()).encryption_configuration(encryption);
    let encrypted = SourceSelectionCriteria::new().sse_kms_encrypted_objects(Selected::new(enabled()));
    let deletions = DeleteMarkerReplication::new(enabled());
    let rule =
        ReplicationRule::new("states", 0, enabled(), deletions, destination).source_selection_criteria(encrypted);
    let replication = S3BucketReplicationConfiguration::new(&states.bucket, &role, [rule]);
    stack.add("states", replication.depends_on(&permitted));
}

/// What plans can change nothing, and works for pull requests; what applies works for the main branch alone, and writes
/// states without reaching what keeps their versions.
fn roles(stack: &mut Stack, repository: &str, states: &Kept, copies: &Kept) {
    let issuer = IamOpenidConnectProvider::new(format!("https://{ISSUER}"), ["sts.amazonaws.com"]);
    let issuer = stack.add("github", issuer);
    for (name, subject, policy) in
        [("plan", "pull_request", "ReadOnlyAccess"), ("apply", "ref:refs/heads/main", "PowerUserAccess")]
    {
        let trust = Statement::allow(actions!["sts:AssumeRoleWithWebIdentity"])
            .by(Principal::federated(&issuer))
            .when("StringEquals", format!("{ISSUER}:aud"), ["sts.amazonaws.com"])
            .when("StringEquals", format!("{ISSUER}:sub"), [format!("repo:{repository}:{subject}")]);
        let role = IamRole::new(Policy::new([trust]))
            .name(format!("fathuss-{name}"))
            .description(format!("GitHub Actions of {repository}: {name}"));
        let role = stack.add(name, role);
        stack.add(name, IamRolePolicyAttachment::new(&role, IamPolicy::of_aws(policy)));
        stack.output(format!("{name}_role").as_str(), role.arn());
        let (called, permitted) = match name {
            "plan" => ("reads-states", Policy::new([Statement::allow(actions!["kms:Decrypt"]).on(states.key.arn())])),
            _ => ("keeps-states", keeping(states, copies)),
        };
        stack.add(name, IamRolePolicy::new(&role, permitted).name(called));
    }
}

/// Neither the buckets and their keys are changed, nor versions of what is in them deleted.
fn keeping(states: &Kept, copies: &Kept) -> Policy {
    let settings = actions![
        "s3:DeleteBucket",
        "s3:DeleteBucketPolicy",
        "s3:PutBucketAcl",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
        "s3:PutReplicationConfiguration"
    ];
    let versions = actions!["s3:DeleteObjectVersion"];
    let keys = actions![
        "kms:CreateGrant",
        "kms:DisableKey",
        "kms:DisableKeyRotation",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion"
    ];
    Policy::new([
        Statement::deny(settings).on(states.bucket.arn()).on(copies.bucket.arn()),
        Statement::deny(versions).on(objects(&states.bucket)).on(objects(&copies.bucket)),
        Statement::deny(keys).on(states.key.arn()).on(copies.key.arn()),
    ])
}

/// The ARN of all objects of a bucket.
fn objects(bucket: &Handle<S3Bucket>) -> Value<String> {
    template([bucket.arn().into_value(), "/*".into_value()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            second: "us-west-2".to_owned(),
            bucket: "acme-states".to_owned(),
            repository: Some("acme/infrastructure".to_owned()),
        }
    }

    #[test]
    fn states_and_copies_stand_in_two_regions_and_no_plan_destroys_them() {
        let graph = wanted().graph().expect("nothing is wrong with it");
        for node in &graph.nodes {
            let copies = node.address.name() == "copies";
            assert_eq!(node.region == "us-west-2", copies, "{}", node.address);
            if ["aws_s3_bucket", "aws_kms_key"].contains(&node.address.kind()) {
                assert!(node.lifecycle.prevent_destroy, "{}", node.address);
            }
        }
    }

    #[test]
    fn roles_are_made_only_where_a_repository_is_named_and_plans_are_of_pull_requests() {
        let roles = |wanted: &Wanted| {
            let graph = wanted.graph().expect("nothing is wrong with it");
            let text = serde_json::to_string(&graph).expect("JSON");
            (text.contains("repo:acme/infrastructure:pull_request"), text.contains("PowerUserAccess"))
        };
        assert_eq!(roles(&wanted()), (true, true));
        assert_eq!(roles(&Wanted { repository: None, ..wanted() }), (false, false));
    }
}
