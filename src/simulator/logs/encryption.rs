//! The KMS key that a group is encrypted with, which has to let Logs use it.

use super::group::find;
use super::{arn, invalid};
use crate::iam::evaluation::Context;
use crate::input::Input;
use crate::kms::key_policy;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("AssociateKmsKey", associate), ("DisassociateKmsKey", disassociate)];

const ENCRYPTION: &str = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("logs.key.arn", "a key is named by its ARN", ENCRYPTION),
    Rule::new("logs.key.allowed", "the key is enabled, and its policy lets Logs use it for the group", ENCRYPTION),
    Rule::new(
        "logs.key.target",
        "a key is given to a log group or to query results",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html",
    ),
];

/// What Logs does with a key.
const USES: &[&str] = &["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"];

/// The key that a group of that name is to have, if one is given.
///
/// # Errors
/// When Logs can't use it.
pub(super) fn key(tx: &Tx<'_>, given: Option<&str>, group: &str) -> Result<Option<String>, Refusal> {
    let Some(given) = given else { return Ok(None) };
    // <https://github.com/hashicorp/terraform/issues/24194> has the words.
    tx.enforce("logs.key.arn", given.starts_with("arn:") && given.contains(":key/"), || {
        invalid(format!("The specified KMS Key Id could not be found. '{group}'"))
    })?;
    let group = arn(tx, group);
    let context = Context::default()
        .with("kms:EncryptionContext:aws:logs:arn", group.as_str())
        .with("aws:SourceAccount", tx.account())
        .with("aws:SourceArn", group.as_str())
        .with("kms:CallerAccount", tx.account());
    let service = format!("logs.{}.amazonaws.com", tx.region());
    let usable = key_policy::lets_service(tx, given, &service, USES, &context);
    // <https://github.com/hashicorp/terraform-provider-aws/issues/29282> has the code and the words.
    tx.enforce("logs.key.allowed", usable, || {
        let message = format!("The specified KMS key does not exist or is not allowed to be used with Arn '{group}'");
        Refusal::new("AccessDeniedException", message).status(400)
    })?;
    Ok(Some(given.to_owned()))
}

fn associate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = target(tx, input)?;
    let mut group = find(tx, name)?;
    group.key = key(tx, input.text("kmsKeyId"), name)?;
    tx.put(group);
    Ok(Value::Record(Record::new()))
}

fn disassociate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut group = find(tx, target(tx, input)?)?;
    group.key = None;
    tx.put(group);
    Ok(Value::Record(Record::new()))
}

/// The name of the group that is spoken of.
fn target<'a>(tx: &Tx<'_>, input: &Input<'a>) -> Result<&'a str, Refusal> {
    let name = input.text("logGroupName");
    // No source has the words.
    tx.enforce("logs.key.target", name.is_some() != input.has("resourceIdentifier"), || {
        invalid("Exactly one of logGroupName and resourceIdentifier must be specified.")
    })?;
    name.ok_or_else(|| Refusal::not_simulated(format!("logs {} of query results", tx.operation())))
}
