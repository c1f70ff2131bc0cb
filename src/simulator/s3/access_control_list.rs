//! Access control lists. Each bucket and each object here is its owner's alone: a list that says so is taken where the
//! bucket has lists at all, and any other is answered not simulated.

use super::bucket::{Bucket, find, nothing, owner};
use super::object::{named, version_id};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("GetBucketAcl", get), ("PutBucketAcl", put), ("GetObjectAcl", get_of_object), ("PutObjectAcl", put_of_object)];

const PUT: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html";
const OVERVIEW: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.acl.given", "a list is given in one way: by its name, by headers or in the body", PUT),
    Rule::new("s3.acl.form", "a list names its owner, and each grant a grantee of its kind", PUT),
    Rule::new("s3.acl.grantee", "who a list grants something is one who can be", OVERVIEW),
    Rule::new("s3.acl.owner", "a list's owner is the bucket's", OVERVIEW),
    Rule::new(
        "s3.acl.enforced",
        "a bucket that enforces its owner takes no other list than its owner's full control",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
    ),
    Rule::new(
        "s3.acl.public",
        "a bucket that blocks public lists takes none",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    ),
];

/// The headers that grant, each with what it grants.
const HEADERS: &[(&str, &str, &str)] = &[
    ("GrantFullControl", "x-amz-grant-full-control", "FULL_CONTROL"),
    ("GrantRead", "x-amz-grant-read", "READ"),
    ("GrantReadACP", "x-amz-grant-read-acp", "READ_ACP"),
    ("GrantWrite", "x-amz-grant-write", "WRITE"),
    ("GrantWriteACP", "x-amz-grant-write-acp", "WRITE_ACP"),
];

/// The groups that are the public, and the one that S3 writes logs as.
const PUBLIC: &[&str] =
    &["http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"];
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

/// The lists with a name that let nobody in but the owner, and those that let in the public.
const OWNERS: &[&str] = &["private", "bucket-owner-full-control"];
const OPEN: &[&str] = &["public-read", "public-read-write", "authenticated-read"];

/// Who may do what.
struct Grant {
    /// An account's id, or a group's address.
    grantee: String,
    permission: String,
}

/// A list as a request has it.
enum List<'a> {
    Named(&'a str),
    Of(Vec<Grant>),
}

impl List<'_> {
    fn is_owners_alone(&self, owner: &str) -> bool {
        match self {
            List::Named(name) => OWNERS.contains(name),
            List::Of(grants) => {
                let of_owner = |it: &Grant| it.grantee == owner && it.permission == "FULL_CONTROL";
                !grants.is_empty() && grants.iter().all(of_owner)
            }
        }
    }

    fn is_public(&self) -> bool {
        match self {
            List::Named(name) => OPEN.contains(name),
            List::Of(grants) => grants.iter().any(|grant| PUBLIC.contains(&grant.grantee.as_str())),
        }
    }

    /// Whether a bucket without lists takes it: it is what the bucket has in place of one.
    fn is_of_a_bucket_without(&self, owner: &str) -> bool {
        !matches!(self, List::Named("private")) && self.is_owners_alone(owner)
    }
}

/// The list of a bucket, and of everything in it.
fn view(bucket: &Bucket) -> Value {
    let id = owner(&bucket.account);
    let grantee = record! { "ID" => &id, "Type" => "CanonicalUser" };
    let grant = record! { "Grantee" => grantee, "Permission" => "FULL_CONTROL" };
    record! { "Owner" => record! { "ID" => id }, "Grants" => vec![grant] }
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    Ok(view(&find(tx, input)?))
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    if input.text("ACL").is_some_and(|name| name.starts_with("bucket-owner-")) {
        return Err(Refusal::not_simulated("a list of objects, put on a bucket"));
    }
    take(tx, input, &bucket, "s3:PutBucketAcl")?;
    Ok(nothing())
}

fn get_of_object(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = object(tx, input, "GET")?;
    Ok(view(&bucket))
}

fn put_of_object(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = object(tx, input, "PUT")?;
    take(tx, input, &bucket, "s3:PutObjectAcl")?;
    Ok(nothing())
}

/// The bucket of the object that a request names, which is there and no mark of deletion.
fn object(tx: &Tx<'_>, input: &Input<'_>, method: &str) -> Result<Bucket, Refusal> {
    let bucket = find(tx, input)?;
    let id = version_id(tx, input)?;
    let version = named(tx, &bucket.name, input.required("Key"), id)?;
    if version.content.is_none() {
        return Err(super::reading::marked(method));
    }
    Ok(bucket)
}

/// Takes a list that changes nothing, and refuses every other.
fn take(tx: &Tx<'_>, input: &Input<'_>, bucket: &Bucket, action: &str) -> Result<(), Refusal> {
    let owner = owner(&bucket.account);
    let list = read(tx, input, &owner)?;
    let enforced = bucket.ownership.as_deref() == Some("BucketOwnerEnforced");
    tx.enforce("s3.acl.enforced", !enforced || list.is_of_a_bucket_without(&owner), || {
        Refusal::new("AccessControlListNotSupported", "The bucket does not allow ACLs")
    })?;
    let blocks = bucket.public_access_block.is_some_and(|block| block.acls);
    tx.enforce("s3.acl.public", !(blocks && list.is_public()), || {
        let message = format!(
            "User: {} is not authorized to perform: {action} on resource: \"arn:aws:s3:::{}\" because public ACLs are \
             prevented by the BlockPublicAcls setting in S3 Block Public Access.",
            tx.principal().arn,
            bucket.name
        );
        Refusal::new("AccessDenied", message).status(403)
    })?;
    if list.is_owners_alone(&owner) {
        return Ok(());
    }
    Err(Refusal::not_simulated("an access control list that lets in others than the owner"))
}

/// The one list that a request has.
fn read<'a>(tx: &Tx<'_>, input: &Input<'a>, owner: &str) -> Result<List<'a>, Refusal> {
    let canned = input.text("ACL");
    let headers: Vec<(&str, &str, &str)> = HEADERS
        .iter()
        .filter_map(|(member, wire, permission)| Some((*wire, *permission, input.text(member)?)))
        .collect();
    let body = input.record("AccessControlPolicy");
    tx.enforce("s3.acl.given", canned.is_none() || headers.is_empty(), || {
        let message = "Specifying both Canned ACLs and Header Grants is not allowed";
        Refusal::new("InvalidRequest", message)
    })?;
    tx.enforce("s3.acl.given", body.is_none() || (canned.is_none() && headers.is_empty()), || {
        Refusal::new("UnexpectedContent", "This request does not support content")
    })?;
    if let Some(name) = canned {
        return Ok(List::Named(name));
    }
    let mut grants = Vec::new();
    for (wire, permission, text) in &headers {
        for one in text.split(',') {
            grants.push(of_header(tx, wire, permission, one.trim())?);
        }
    }
    match body {
        Some(body) => {
            of_body(tx, &body, owner, &mut grants)?;
        }
        None => tx.enforce("s3.acl.given", !headers.is_empty(), || {
            Refusal::new("MissingSecurityHeader", "Your request was missing a required header")
                .member("MissingHeaderName", "x-amz-acl")
        })?,
    }
    Ok(List::Of(grants))
}

/// A grant as a header has it: `id="..."` or `uri="..."`.
fn of_header(tx: &Tx<'_>, wire: &str, permission: &str, text: &str) -> Result<Grant, Refusal> {
    let (kind, value) = text.split_once('=').unwrap_or((text, ""));
    let value = value.trim_matches('"');
    let refused = |message: &str, name: &str| {
        Refusal::new("InvalidArgument", message).member("ArgumentName", name).member("ArgumentValue", text)
    };
    tx.enforce("s3.acl.form", ["id", "uri", "emailAddress"].contains(&kind), || {
        refused("Argument format not recognized", wire)
    })?;
    grantee(tx, kind, value)?;
    Ok(Grant { grantee: value.to_owned(), permission: permission.to_owned() })
}

/// Refuses who can't be granted anything.
fn grantee(tx: &Tx<'_>, kind: &str, value: &str) -> Result<(), Refusal> {
    if kind == "emailAddress" {
        return Err(Refusal::not_simulated("an access control list that names accounts by their addresses"));
    }
    let is_id = value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    tx.enforce("s3.acl.grantee", kind != "id" || is_id, || {
        Refusal::new("InvalidArgument", "Invalid id").member("ArgumentName", "id").member("ArgumentValue", value)
    })?;
    tx.enforce("s3.acl.grantee", kind != "uri" || PUBLIC.contains(&value) || value == LOG_DELIVERY, || {
        Refusal::new("InvalidArgument", "Invalid group uri")
            .member("ArgumentName", "uri")
            .member("ArgumentValue", value)
    })
}

fn of_body(tx: &Tx<'_>, body: &Input<'_>, owner: &str, grants: &mut Vec<Grant>) -> Result<(), Refusal> {
    let malformed = || {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Refusal::new("MalformedACLError", message)
    };
    let given = body.record("Owner");
    // What accounts are called by people says nothing.
    given.iter().for_each(|given| given.pass_over(&["DisplayName"]));
    let id = given.as_ref().and_then(|given| given.text("ID"));
    tx.enforce("s3.acl.form", id.is_some(), malformed)?;
    tx.enforce("s3.acl.owner", id.is_none_or(|id| id == owner), || {
        Refusal::new("AccessDenied", "Access Denied").status(403)
    })?;
    for grant in body.records("Grants") {
        let permission = grant.text("Permission");
        let to = grant.record("Grantee");
        tx.enforce("s3.acl.form", to.is_some() && permission.is_some(), malformed)?;
        let (Some(to), Some(permission)) = (to, permission) else { continue };
        to.pass_over(&["DisplayName"]);
        let members = ["ID", "URI", "EmailAddress"];
        let (member, kind) = match to.text("Type") {
            Some("CanonicalUser") => ("ID", "id"),
            Some("Group") => ("URI", "uri"),
            _ => ("EmailAddress", "emailAddress"),
        };
        let fits = members.iter().all(|it| to.text(it).is_some() == (*it == member));
        tx.enforce("s3.acl.form", fits, malformed)?;
        let value = to.required(member);
        grantee(tx, kind, value)?;
        grants.push(Grant { grantee: value.to_owned(), permission: permission.to_owned() });
    }
    Ok(())
}
