//! What the types of Secrets Manager share: how a secret is looked at.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::types::Tag;
use fathuss_engine::provider::Failure;

use crate::call::Call;
use crate::client::Client;
use crate::gone::there;

/// The family of a secret and its versions: one look at a secret answers for all of them.
pub(crate) const FAMILY: &str = "aws_secretsmanager_secret";

/// The secret of that name or ARN, one that waits for its end among them.
pub(crate) async fn described(client: &Client, id: &str) -> Result<Option<DescribeSecretOutput>, Failure> {
    let sending = client.secrets.describe_secret().secret_id(id).send();
    there(client.send(Call::secrets("DescribeSecret"), sending).await)
}

/// The same, unless it is deleted: one that waits for its end can't be used, and counts as gone.
pub(crate) async fn alive(client: &Client, id: &str) -> Result<Option<DescribeSecretOutput>, Failure> {
    Ok(described(client, id).await?.filter(|secret| secret.deleted_date.is_none()))
}

/// A secret's tags.
pub(crate) fn tags(secret: &DescribeSecretOutput) -> BTreeMap<String, String> {
    let tags = secret.tags().iter();
    tags.filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()))).collect()
}

/// Tags as the SDK takes them.
pub(crate) fn written(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The labels of a version; none where it has none or is not there.
pub(crate) fn stages(secret: &DescribeSecretOutput, version: &str) -> BTreeSet<String> {
    let versions = secret.version_ids_to_stages.as_ref();
    versions.and_then(|versions| versions.get(version)).into_iter().flatten().cloned().collect()
}

/// The version that has a label.
pub(crate) fn labelled(secret: &DescribeSecretOutput, stage: &str) -> Option<String> {
    let mut versions = secret.version_ids_to_stages.iter().flatten();
    versions.find(|(_, stages)| stages.iter().any(|it| it == stage)).map(|(version, _)| version.clone())
}
