//! Bucket policies.

use serde_json::{Map, Value as Json};

use super::bucket::{Bucket, find, nothing};
use super::condition_key;
use super::policy_action::Reach;
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
const ACTIONS: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html";
const GRAMMAR: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.policy.owner", "who is of another account than the bucket's has nothing to do with its policy", PUT),
    Rule::new("s3.policy.size", "a policy has at most 20 KiB", GRAMMAR),
    Rule::new("s3.policy.document", "a policy follows the grammar, and its principals exist", GRAMMAR),
    Rule::new("s3.policy.action", "a policy's actions are S3's", PUT),
    Rule::new("s3.policy.condition", "a condition's keys are AWS's", ACTIONS),
    Rule::new("s3.policy.reach", "an action is one on what its statement's resources are", ACTIONS),
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

/// What S3 has against a policy before it looks at whom and what it is for. Its words are those of AWS's recorded
/// answers and of <https://github.com/versity/versitygw/blob/main/tests/integration/PutBucketPolicy.go>, which is held to
/// S3; of what a statement lacks they are those of trust policies, as IAM has them.
fn flaw(policy: &Map<String, Json>) -> Option<String> {
    const TOP: &[&str] = &["Version", "Id", "Statement"];
    const FIELDS: &[&str] =
        &["Sid", "Effect", "Action", "NotAction", "Principal", "NotPrincipal", "Condition", "Resource", "NotResource"];
    let unknown = |of: &Map<String, Json>, known: &[&str]| {
        of.keys().find(|key| !known.contains(&key.as_str())).map(|key| format!("Unknown field {key}"))
    };
    if let Some(unknown) = unknown(policy, TOP) {
        return Some(unknown);
    }
    if policy.get("Version").is_some_and(|version| version != "2012-10-17" && version != "2008-10-17") {
        return Some("The policy must contain a valid version string".to_owned());
    }
    let statements = match policy.get("Statement") {
        None => return Some("Missing required field Statement".to_owned()),
        Some(Json::Array(none)) if none.is_empty() => {
            return Some("Could not parse the policy: Statement is empty!".to_owned());
        }
        Some(Json::Array(several)) => several.iter().collect(),
        Some(one) => vec![one],
    };
    statements.into_iter().filter_map(Json::as_object).find_map(|statement| {
        let lacks = |name: &str, other: &str| {
            let lacking = !statement.contains_key(name) && !statement.contains_key(other);
            lacking.then(|| format!("Missing required field {name}"))
        };
        let effect = match statement.get("Effect").map(Json::as_str) {
            None => Some("Missing required field Effect".to_owned()),
            Some(Some(given)) if given != "Allow" && given != "Deny" => Some(format!("Invalid effect: {given}")),
            Some(_) => None,
        };
        unknown(statement, FIELDS)
            .or(effect)
            .or_else(|| lacks("Principal", "NotPrincipal"))
            .or_else(|| lacks("Action", "NotAction"))
            .or_else(|| lacks("Resource", "NotResource"))
    })
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
    let flaw = serde_json::from_str(text).ok().and_then(|policy: Map<String, Json>| flaw(&policy));
    tx.enforce("s3.policy.document", flaw.is_none(), || malformed(&flaw.clone().unwrap_or_default()))?;
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
        let mut reached = Vec::new();
        for action in texts(statement.get("Action").or_else(|| statement.get("NotAction"))) {
            let reach = Reach::of(action);
            tx.enforce("s3.policy.action", reach.is_some(), || malformed("Policy has invalid action"))?;
            reached.extend(reach.filter(|_| statement.contains_key("Action")));
        }
        let (mut buckets, mut objects) = (false, false);
        for resource in texts(statement.get("Resource").or_else(|| statement.get("NotResource"))) {
            let rest = resource.strip_prefix(&arn);
            let is_here = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '*']));
            tx.enforce("s3.policy.resource", is_here, || malformed("Policy has invalid resource"))?;
            buckets |= rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('*'));
            objects |= rest.is_some_and(|rest| !rest.is_empty());
        }
        let conditions = statement.get("Condition").and_then(Json::as_object).into_iter().flat_map(Map::values);
        let known = conditions.filter_map(Json::as_object).flat_map(Map::keys).all(|key| condition_key::is_known(key));
        tx.enforce("s3.policy.condition", known, || malformed("Policy has an invalid condition key"))?;
        let all = statement.contains_key("NotResource");
        let applies = reached.iter().all(|it| all || (it.buckets && buckets) || (it.objects && objects));
        tx.enforce("s3.policy.reach", applies, || malformed("Action does not apply to any resource(s) in statement"))?;
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
