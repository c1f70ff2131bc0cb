//! What keeps the public out of a bucket.

use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, find, nothing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("GetPublicAccessBlock", get), ("PutPublicAccessBlock", put), ("DeletePublicAccessBlock", delete)];

/// The four settings: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicAccessBlock {
    /// No new access control list that is public.
    pub acls: bool,
    /// Access control lists that are public count for nothing.
    pub ignored_acls: bool,
    /// No new policy that is public.
    pub policy: bool,
    /// Through a policy that is public come AWS's services and the account alone.
    pub restricted: bool,
}

impl PublicAccessBlock {
    /// What a new bucket has.
    #[must_use]
    pub fn all() -> PublicAccessBlock {
        PublicAccessBlock { acls: true, ignored_acls: true, policy: true, restricted: true }
    }
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let Some(block) = bucket.public_access_block else {
        let message = "The public access block configuration was not found";
        return Err(Refusal::new("NoSuchPublicAccessBlockConfiguration", message).member("BucketName", &bucket.name));
    };
    Ok(record! {
        "PublicAccessBlockConfiguration" => record! {
            "BlockPublicAcls" => block.acls,
            "IgnorePublicAcls" => block.ignored_acls,
            "BlockPublicPolicy" => block.policy,
            "RestrictPublicBuckets" => block.restricted,
        },
    })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let given = input.record("PublicAccessBlockConfiguration");
    let flag = |name: &str| given.as_ref().is_some_and(|it| it.flag(name));
    let block = PublicAccessBlock {
        acls: flag("BlockPublicAcls"),
        ignored_acls: flag("IgnorePublicAcls"),
        policy: flag("BlockPublicPolicy"),
        restricted: flag("RestrictPublicBuckets"),
    };
    tx.put(Bucket { public_access_block: Some(block), ..bucket });
    Ok(nothing())
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    tx.put(Bucket { public_access_block: None, ..bucket });
    Ok(nothing())
}
