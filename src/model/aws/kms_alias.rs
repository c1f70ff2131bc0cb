//! `aws_kms_alias`: <https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html>

use super::KmsKey;
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Value};

/// A name for a key.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let key = stack.add("storage", KmsKey::new().enable_key_rotation(true));
/// stack.add("storage", KmsAlias::new("alias/storage", &key));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_kms_alias", service = "kms", creation = Relation, create_seconds = 1, delete_seconds = 1, check = check)]
pub struct KmsAlias {
    /// The name, with `alias/`, unique in account and region.
    #[field(
        replace,
        min_length = 7,
        max_length = 256,
        pattern = r"alias/[a-zA-Z0-9/_-]+",
        pattern_words = "alias/ and letters, digits, /, _ and - are taken"
    )]
    name: Value<String>,
    /// The key.
    #[field(holds = Free)]
    target_key_id: Value<Id<KmsKey>>,
    /// The name.
    id: Computed<Id<KmsAlias>>,
    /// The ARN.
    arn: Computed<Arn<KmsAlias>>,
    /// The key's ARN.
    target_key_arn: Computed<Arn<KmsKey>>,
}

fn check(alias: &View<'_>, findings: &mut Findings<'_>) {
    if alias.text("name").is_some_and(|name| name.starts_with("alias/aws/")) {
        findings.refuse("names that begin with alias/aws/ are AWS's own");
    }
}
