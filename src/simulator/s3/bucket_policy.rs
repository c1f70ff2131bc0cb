//! Bucket policies.

use serde_json::{Map, Value as Json};

use super::bucket::{Bucket, find, nothing};
use crate::iam::document;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("GetBucketPolicy", get),
    ("PutBucketPolicy", put),
    ("DeleteBucketPolicy", delete),
    ("GetBucketPolicyStatus", status),
];

const PUT: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html";
const GRAMMAR: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.policy.owner", "who is of another account than the bucket's has nothing to do with its policy", PUT),
    Rule::new("s3.policy.size", "a policy has at most 20 KiB", GRAMMAR),
    Rule::new("s3.policy.document", "a policy follows the grammar, and its principals exist", GRAMMAR),
    Rule::new("s3.policy.action", "a policy's actions are S3's", PUT),
    Rule::new("s3.policy.resource", "a policy's resources are the bucket and its objects", PUT),
    Rule::new(
        "s3.policy.public",
        "a bucket that blocks public policies takes none",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    ),
];

/// The bucket whose policy a request is about.
fn own(tx: &Tx<'_>, input: &Input<'_>) -> Result<Bucket, Refusal> {
    let bucket = find(tx, input)?;
    tx.enforce("s3.policy.owner", bucket.account == tx.principal().account, || {
        Refusal::new("MethodNotAllowed", "The specified method is not allowed against this resource.").status(405)
    })?;
    Ok(bucket)
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = own(tx, input)?;
    Ok(record! { "Policy" => there(&bucket)? })
}

fn there(bucket: &Bucket) -> Result<&str, Refusal> {
    bucket.policy.as_deref().ok_or_else(|| {
        let message = "The bucket policy does not exist";
        Refusal::new("NoSuchBucketPolicy", message).member("BucketName", &bucket.name)
    })
}

/// Whether the policy lets everyone in.
fn status(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    Ok(record! { "PolicyStatus" => record! { "IsPublic" => opens(there(&bucket)?) } })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = own(tx, input)?;
    // It says that the caller may lock itself out; the account's root user never is.
    input.pass_over(&["ConfirmRemoveSelfBucketAccess"]);
    let policy = input.required("Policy");
    check(tx, &bucket, policy)?;
    tx.put(Bucket { policy: Some(policy.to_owned()), ..bucket });
    Ok(nothing())
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = own(tx, input)?;
    tx.put(Bucket { policy: None, ..bucket });
    Ok(nothing())
}

fn malformed(message: &str) -> Refusal {
    Refusal::new("MalformedPolicy", message)
}

/// What is said of a policy that is no JSON object, one of no bytes among them.
pub(super) fn no_json() -> Refusal {
    malformed("Policies must be valid JSON and the first byte must be '{'").status(400)
}

fn check(tx: &Tx<'_>, bucket: &Bucket, text: &str) -> Result<(), Refusal> {
    tx.enforce("s3.policy.size", text.len() <= 20 * 1024, || {
        malformed("Policy exceeds the maximum allowed document size.")
    })?;
    tx.enforce("s3.policy.document", text.starts_with('{'), no_json)?;
    let lacking = serde_json::from_str(text).is_ok_and(|policy: Map<String, Json>| !policy.contains_key("Statement"));
    tx.enforce("s3.policy.document", !lacking, || malformed("Missing required field Statement"))?;
    let statements = match document::resource(tx, text) {
        Ok(statements) => statements,
        Err(flaw) => {
            let message = match flaw {
                document::ResourceFlaw::Grammar => "Policy has invalid syntax",
                document::ResourceFlaw::Principal => "Invalid principal in policy",
            };
            return tx.enforce("s3.policy.document", false, || malformed(message));
        }
    };
    let arn = format!("arn:aws:s3:::{}", bucket.name);
    for statement in &statements {
        for action in texts(statement.get("Action").or_else(|| statement.get("NotAction"))) {
            let is_of_s3 = action == "*" || action.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("s3:"));
            tx.enforce("s3.policy.action", is_of_s3, || malformed("Policy has invalid action"))?;
        }
        for resource in texts(statement.get("Resource").or_else(|| statement.get("NotResource"))) {
            let rest = resource.strip_prefix(&arn);
            let is_here = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '*']));
            tx.enforce("s3.policy.resource", is_here, || malformed("Policy has invalid resource"))?;
        }
    }
    let blocks = bucket.public_access_block.is_some_and(|block| block.policy);
    tx.enforce("s3.policy.public", !(blocks && statements.iter().any(is_public)), || {
        let message = format!(
            "User: {} is not authorized to perform: s3:PutBucketPolicy on resource: \"{arn}\" because public policies \
             are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
            tx.principal().arn
        );
        Refusal::new("AccessDenied", message).status(403)
    })
}

/// Whether a policy that a bucket has lets everyone in.
pub(crate) fn opens(policy: &str) -> bool {
    let policy = serde_json::from_str(policy).unwrap_or(Json::Null);
    crate::iam::evaluation::statements(&policy).into_iter().any(is_public)
}

/// Whether a statement lets everyone in: it allows, its principal is anyone, and no condition holds it to a fixed
/// source, of those that <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>
/// lists.
fn is_public(statement: &Map<String, Json>) -> bool {
    const FIXED: &[&str] = &[
        "aws:principalorgid",
        "aws:principalarn",
        "aws:principalaccount",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:sourceorgid",
        "aws:sourceip",
        "aws:userid",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    ];
    let anyone = match statement.get("Principal") {
        Some(Json::Object(kinds)) => texts(kinds.get("AWS")).contains(&"*"),
        Some(Json::String(any)) => any == "*",
        _ => statement.contains_key("NotPrincipal"),
    };
    let held = |conditions: &Map<String, Json>| {
        conditions.values().filter_map(Json::as_object).flat_map(Map::iter).any(|(key, values)| {
            let fixed = !texts(Some(values)).iter().any(|value| value.contains(['*', '$']));
            fixed && FIXED.contains(&key.to_ascii_lowercase().as_str())
        })
    };
    let allows = statement.get("Effect").and_then(Json::as_str) == Some("Allow");
    allows && anyone && !statement.get("Condition").and_then(Json::as_object).is_some_and(held)
}

fn texts(json: Option<&Json>) -> Vec<&str> {
    match json {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}
