//! Origin access identities: who a distribution is to the buckets that it asks. Origin access controls came after them, and
//! older stacks have them still.

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use super::distribution::Distribution;
use super::{invalid, listed, matches, new_id};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateCloudFrontOriginAccessIdentity", create),
    ("GetCloudFrontOriginAccessIdentity", get),
    ("GetCloudFrontOriginAccessIdentityConfig", get_config),
    ("ListCloudFrontOriginAccessIdentities", list),
    ("UpdateCloudFrontOriginAccessIdentity", update),
    ("DeleteCloudFrontOriginAccessIdentity", delete),
];

const CONFIG: &str =
    "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CloudFrontOriginAccessIdentityConfig.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("cloudfront.identity.reference", "a caller reference makes one identity", CONFIG),
    Rule::new("cloudfront.identity.comment", "a comment has at most 128 characters", CONFIG),
    Rule::new(
        "cloudfront.identity.quota",
        "an account has 100 origin access identities",
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html",
    ),
    Rule::new(
        "cloudfront.identity.same",
        "an update keeps the caller reference",
        "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateCloudFrontOriginAccessIdentity.html",
    ),
    Rule::new(
        "cloudfront.identity.used",
        "an identity that a distribution has is not deleted",
        "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteCloudFrontOriginAccessIdentity.html",
    ),
];

/// The characters of the longest comment.
const LONGEST: usize = 128;

/// An origin access identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginAccessIdentity {
    /// Its id.
    pub id: String,
    /// What it is named by to be changed.
    pub etag: String,
    /// What the caller calls the request that made it.
    pub reference: String,
    /// What is said of it.
    pub comment: String,
    /// What S3 calls it: 96 hexadecimal digits.
    pub user: String,
}

impl Row for OriginAccessIdentity {
    const TABLE: &'static str = "cloudfront.identity";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl OriginAccessIdentity {
    /// How policies name it:
    /// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html>.
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {}", self.id)
    }

    /// How an origin names it.
    pub(super) fn name(&self) -> String {
        format!("origin-access-identity/cloudfront/{}", self.id)
    }

    fn config(&self) -> Value {
        record! { "CallerReference" => &self.reference, "Comment" => &self.comment }
    }

    fn view(&self) -> Value {
        record! {
            "Id" => &self.id,
            "S3CanonicalUserId" => &self.user,
            "CloudFrontOriginAccessIdentityConfig" => self.config(),
        }
    }

    fn answer(&self) -> Value {
        record! { "CloudFrontOriginAccessIdentity" => self.view(), "ETag" => &self.etag }
    }
}

fn find(tx: &Tx<'_>, id: &str) -> Result<OriginAccessIdentity, Refusal> {
    let message = "The specified origin access identity does not exist.";
    let missing = || Refusal::new("NoSuchCloudFrontOriginAccessIdentity", message);
    tx.get::<OriginAccessIdentity>(id).cloned().ok_or_else(missing)
}

/// The caller reference and the comment of a request.
fn read<'a>(tx: &Tx<'_>, input: &Input<'a>) -> Result<(&'a str, &'a str), Refusal> {
    let config = input.record("CloudFrontOriginAccessIdentityConfig");
    let text = |name: &str| config.as_ref().and_then(|config| config.text(name)).unwrap_or_default();
    let comment = text("Comment");
    // No source has the words.
    tx.enforce("cloudfront.identity.comment", comment.chars().count() <= LONGEST, || {
        invalid("The parameter Comment is too long: it has at most 128 characters.")
    })?;
    Ok((text("CallerReference"), comment))
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (reference, comment) = read(tx, input)?;
    let known = tx.rows::<OriginAccessIdentity>().find(|it| it.reference == reference).cloned();
    let identity = match known.filter(|_| tx.rule("cloudfront.identity.reference")) {
        Some(known) => {
            tx.enforce("cloudfront.identity.reference", known.comment.trim() == comment.trim(), || {
                let message = "The caller reference that you are using to create an origin access identity is \
                               associated with another one.";
                Refusal::new("CloudFrontOriginAccessIdentityAlreadyExists", message)
            })?;
            known
        }
        None => made(tx, reference, comment)?,
    };
    let place = "https://cloudfront.amazonaws.com/2020-05-31/origin-access-identity/cloudfront";
    let mut answer = identity.answer();
    answer.set("Location", format!("{place}/{}", identity.id));
    Ok(answer)
}

fn made(tx: &mut Tx<'_>, reference: &str, comment: &str) -> Result<OriginAccessIdentity, Refusal> {
    let most = tx.quota("cloudfront.origin-access-identities");
    tx.enforce("cloudfront.identity.quota", tx.count::<OriginAccessIdentity>() < most, || {
        let message = "Processing your request would cause you to exceed the maximum number of origin access \
                       identities allowed.";
        Refusal::new("TooManyCloudFrontOriginAccessIdentities", message)
    })?;
    let (id, etag) = (new_id(tx), new_id(tx));
    let user = hex::encode(sha2::Sha384::digest(format!("cloudfront {id}")));
    let (reference, comment) = (reference.to_owned(), comment.to_owned());
    let identity = OriginAccessIdentity { id, etag, reference, comment, user };
    tx.put(identity.clone());
    Ok(identity)
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    Ok(find(tx, input.required("Id"))?.answer())
}

fn get_config(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let identity = find(tx, input.required("Id"))?;
    Ok(record! { "CloudFrontOriginAccessIdentityConfig" => identity.config(), "ETag" => &identity.etag })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let item = |identity: &OriginAccessIdentity| {
        let item = record! {
            "Id" => &identity.id, "S3CanonicalUserId" => &identity.user, "Comment" => &identity.comment,
        };
        (identity.id.clone(), item)
    };
    let items = tx.rows::<OriginAccessIdentity>().map(item).collect();
    Ok(record! { "CloudFrontOriginAccessIdentityList" => listed(tx, input, items)? })
}

fn update(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut identity = find(tx, input.required("Id"))?;
    matches(tx, input.text("IfMatch"), &identity.etag)?;
    let (reference, comment) = read(tx, input)?;
    tx.enforce("cloudfront.identity.same", identity.reference == reference, || {
        Refusal::new("IllegalUpdate", "The update contains modifications that are not allowed.")
    })?;
    comment.clone_into(&mut identity.comment);
    identity.etag = new_id(tx);
    let answer = identity.answer();
    tx.put(identity);
    Ok(answer)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let identity = find(tx, input.required("Id"))?;
    matches(tx, input.text("IfMatch"), &identity.etag)?;
    let name = identity.name();
    let used = tx.rows::<Distribution>().any(|distribution| distribution.identities().contains(&name.as_str()));
    tx.enforce("cloudfront.identity.used", !used, || {
        let message = "The Origin Access Identity specified is already in use.";
        Refusal::new("CloudFrontOriginAccessIdentityInUse", message)
    })?;
    tx.remove::<OriginAccessIdentity>(&identity.id);
    Ok(Value::Record(Record::new()))
}
