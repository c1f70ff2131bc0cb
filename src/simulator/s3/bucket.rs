//! Buckets: made, found, listed and deleted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::encryption::Encryption;
use super::lifecycle::Lifecycle;
use super::public_access_block::PublicAccessBlock;
use super::replication::Replication;
use super::{name, object, tags, upload};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span};
use crate::value::{Record, Value};
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateBucket", create),
    ("DeleteBucket", delete),
    ("HeadBucket", head),
    ("GetBucketLocation", location),
    ("ListBuckets", list),
];

/// How long the name of a deleted bucket can't be had in another region: AWS says some time, and no figure.
pub(super) const SPANS: &[Span] = &[Span::new("s3.bucket.release", 60.0, 900.0)];

const CREATE: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html";
const ERRORS: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "s3.bucket.owner",
        "the bucket belongs to the caller's account and to the one that is expected, or its policy lets the caller in",
        ERRORS,
    ),
    Rule::new("s3.bucket.expected", "the owner that is expected is an account", ERRORS),
    Rule::new("s3.bucket.region", "a bucket is reached at its own region", ERRORS),
    Rule::new("s3.bucket.unique", "names are unique over all accounts and regions", CREATE),
    Rule::new("s3.bucket.location", "a region makes buckets of its own, and us-east-1 any", CREATE),
    Rule::new("s3.bucket.released", "the name of a deleted bucket is free elsewhere after a while", ERRORS),
    Rule::new(
        "s3.bucket.empty",
        "a bucket that is deleted holds no object and no version",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html",
    ),
    Rule::new(
        "s3.bucket.list.region",
        "buckets are listed by a region that there is",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html",
    ),
    Rule::new("s3.bucket.acl", "a bucket that enforces its owner has no other access control list", CREATE),
    Rule::new(
        "s3.bucket.quota",
        "an account has 10,000 buckets",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/BucketRestrictions.html",
    ),
];

/// A bucket with what is set on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// The account that owns it.
    pub account: String,
    /// Where it is.
    pub region: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// `Enabled` or `Suspended`, once it was either.
    pub versioning: Option<String>,
    /// `Disabled`, once it was said that versions are deleted without multi-factor authentication.
    #[serde(default)]
    pub mfa_delete: Option<String>,
    /// How new objects are encrypted.
    pub encryption: Encryption,
    /// What keeps the public out; none where that was taken away.
    pub public_access_block: Option<PublicAccessBlock>,
    /// Its policy.
    pub policy: Option<String>,
    /// Who owns objects.
    pub ownership: Option<String>,
    /// What becomes of objects with time.
    pub lifecycle: Option<Lifecycle>,
    /// Where copies of objects go.
    pub replication: Option<Replication>,
    /// What pages of elsewhere may do, each rule as it was given.
    #[serde(default)]
    pub cors: Vec<Value>,
    /// Its website, as it was given.
    #[serde(default)]
    pub website: Option<Value>,
    /// Where requests are logged, as it was given.
    #[serde(default)]
    pub logging: Option<Value>,
    /// `Enabled` or `Suspended`, once it was either.
    #[serde(default)]
    pub acceleration: Option<String>,
}

impl Row for Bucket {
    const TABLE: &'static str = "s3.bucket";
    const REACH: Reach = Reach::World;
    fn id(&self) -> String {
        self.name.clone()
    }
}

/// The name of a bucket that was deleted, which other regions don't know to be free yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Released {
    /// The name.
    pub name: String,
    /// Where it can be had at once.
    pub region: String,
    /// When it can be had everywhere.
    pub until: Timestamp,
}

impl Row for Released {
    const TABLE: &'static str = "s3.released";
    const REACH: Reach = Reach::World;
    fn id(&self) -> String {
        self.name.clone()
    }
}

/// The bucket that a request names, which the caller may use here.
///
/// # Errors
/// Where there is none, it is elsewhere, or it is not of the account that is expected.
pub(super) fn find(tx: &Tx<'_>, input: &Input<'_>) -> Result<Bucket, Refusal> {
    // What the protocol has checked against the body already.
    input.pass_over(&["ContentMD5", "ChecksumAlgorithm"]);
    // No bucket here lets its requesters pay, and of any other its owner does.
    input.pass_over(&["RequestPayer"]);
    let bucket = owned(tx, input.required("Bucket"), input.text("ExpectedBucketOwner"))?;
    tx.enforce("s3.bucket.region", bucket.region == tx.region(), || redirect(&bucket))?;
    Ok(bucket)
}

/// The bucket of that name, wherever it is; that the caller may use it was seen to before.
///
/// # Errors
/// Where there is none, or it is not of the account that is expected.
pub(super) fn owned(tx: &Tx<'_>, name: &str, expected: Option<&str>) -> Result<Bucket, Refusal> {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit());
    tx.enforce("s3.bucket.expected", expected.is_none_or(is_account), || {
        let given = expected.unwrap_or_default();
        let message =
            format!("The value of the expected bucket owner parameter must be an AWS Account ID... [{given}]");
        Refusal::new("InvalidBucketOwnerAWSAccountID", message)
    })?;
    let Some(bucket) = tx.get::<Bucket>(name).cloned() else { return Err(missing(name)) };
    let expected = expected.is_none_or(|expected| bucket.account == expected);
    tx.enforce("s3.bucket.owner", expected, || Refusal::new("AccessDenied", "Access Denied").status(403))?;
    Ok(bucket)
}

fn missing(name: &str) -> Refusal {
    Refusal::new("NoSuchBucket", "The specified bucket does not exist").member("BucketName", name)
}

fn redirect(bucket: &Bucket) -> Refusal {
    let message = "The bucket you are attempting to access must be addressed using the specified endpoint. Please send \
                   all future requests to this endpoint.";
    Refusal::new("PermanentRedirect", message)
        .member("Endpoint", format!("{}.s3.{}.amazonaws.com", bucket.name, bucket.region))
        .member("Bucket", &bucket.name)
        .member("x-amz-bucket-region", &bucket.region)
}

/// An answer without members.
pub(super) fn nothing() -> Value {
    Value::Record(Record::new())
}

/// Where S3 makes buckets of every region, and where its oldest ways still hold.
pub(super) const FIRST: &str = "us-east-1";

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = input.required("Bucket");
    name::check(tx, bucket)?;
    let configuration = input.record("CreateBucketConfiguration");
    let constraint = configuration.as_ref().and_then(|it| it.text("LocationConstraint"));
    let region = placed(tx, constraint)?;
    let tags = configuration.as_ref().map_or_else(|| Ok(Vec::new()), |it| tags::read(tx, it))?;
    let ownership = input.text("ObjectOwnership").unwrap_or("BucketOwnerEnforced");
    // The lists of a bucket's owner are for objects, and passed over for a new bucket:
    // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl>
    let private = input.text("ACL").is_none_or(|acl| acl == "private" || acl.starts_with("bucket-owner-"));
    tx.enforce("s3.bucket.acl", private || ownership != "BucketOwnerEnforced", || {
        let message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
        Refusal::new("InvalidBucketAclWithObjectOwnership", message)
    })?;
    if !private {
        return Err(Refusal::not_simulated("a bucket with an access control list"));
    }
    if input.flag("ObjectLockEnabledForBucket") {
        return Err(Refusal::not_simulated("a bucket with object lock"));
    }
    let answer = record! { "Location" => format!("/{bucket}"), "BucketArn" => format!("arn:aws:s3:::{bucket}") };
    if let Some(known) = tx.get::<Bucket>(bucket) {
        tx.enforce("s3.bucket.unique", known.account == tx.account(), || {
            let message = "The requested bucket name is not available. The bucket namespace is shared by all users of \
                           the system. Please select a different name and try again.";
            Refusal::new("BucketAlreadyExists", message).member("BucketName", bucket)
        })?;
        // In the first region S3 answers as it did before there were others, and leaves the bucket as it is.
        let again = known.region == FIRST && region == FIRST;
        tx.enforce("s3.bucket.unique", again, || {
            let message = "Your previous request to create the named bucket succeeded and you already own it.";
            Refusal::new("BucketAlreadyOwnedByYou", message).member("BucketName", bucket)
        })?;
        return Ok(answer);
    }
    let free = tx.get::<Released>(bucket).is_none_or(|it| it.region == region || it.until <= tx.now());
    tx.enforce("s3.bucket.released", free, || {
        let message = "A conflicting conditional operation is currently in progress against this resource. Please try \
                       again.";
        Refusal::new("OperationAborted", message)
    })?;
    let most = tx.quota("s3.buckets");
    let have = tx.rows::<Bucket>().filter(|it| it.account == tx.account()).count();
    tx.enforce("s3.bucket.quota", i64::try_from(have).is_ok_and(|have| have < most), || {
        Refusal::new("TooManyBuckets", "You have attempted to create more buckets than allowed")
    })?;
    tx.remove::<Released>(bucket);
    // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-bucket-encryption.html> and
    // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html>
    tx.put(Bucket {
        name: bucket.to_owned(),
        account: tx.account().to_owned(),
        region,
        created: tx.now(),
        tags,
        versioning: None,
        mfa_delete: None,
        encryption: Encryption::usual(),
        public_access_block: Some(PublicAccessBlock::all()),
        policy: None,
        ownership: Some(ownership.to_owned()),
        lifecycle: None,
        replication: None,
        cors: Vec::new(),
        website: None,
        logging: None,
        acceleration: None,
    });
    Ok(answer)
}

/// The region that a request makes its bucket in.
pub(super) fn placed(tx: &Tx<'_>, constraint: Option<&str>) -> Result<String, Refusal> {
    let rule = "s3.bucket.location";
    let wanted = match constraint {
        None => FIRST,
        // What the first bucket of Europe was called.
        Some("EU") => "eu-west-1",
        Some(region) => region,
    };
    let here = tx.region() == FIRST || wanted == tx.region();
    tx.enforce(rule, here, || {
        let what = constraint.map_or_else(|| "unspecified".to_owned(), str::to_owned);
        let message = format!(
            "The {what} location constraint is incompatible for the region specific endpoint this request was sent to."
        );
        Refusal::new("IllegalLocationConstraintException", message)
    })?;
    Ok(if here { wanted.to_owned() } else { tx.region().to_owned() })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let all = object::start(&bucket, "");
    tx.enforce("s3.bucket.empty", object::versions(tx, &all).next().is_none(), || {
        let versioned = bucket.versioning.is_some();
        let more = if versioned { ". You must delete all versions in the bucket." } else { "" };
        let message = format!("The bucket you tried to delete is not empty{more}");
        Refusal::new("BucketNotEmpty", message).member("BucketName", &bucket.name)
    })?;
    tx.remove::<Bucket>(&bucket.name);
    upload::forget_all(tx, &bucket);
    let until = tx.now() + tx.draw("s3.bucket.release", &bucket.name);
    tx.put(Released { name: bucket.name, region: bucket.region, until });
    Ok(nothing())
}

fn head(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    Ok(record! { "BucketRegion" => &bucket.region, "BucketArn" => format!("arn:aws:s3:::{}", bucket.name) })
}

fn location(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    // The first region has no name here.
    Ok(record! { "LocationConstraint" => Some(bucket.region).filter(|region| region != FIRST) })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let prefix = input.text("Prefix");
    let region = input.text("BucketRegion");
    let known = |region: &str| !crate::ec2::zone::zones(region).is_empty();
    tx.enforce("s3.bucket.list.region", region.is_none_or(known), || {
        let message = format!("Argument value {} is not a valid AWS Region", region.unwrap_or_default());
        Refusal::new("InvalidArgument", message).member("ArgumentName", "bucket-region")
    })?;
    let size = input.integer("MaxBuckets").and_then(|size| usize::try_from(size).ok());
    let own = tx.rows::<Bucket>().filter(|bucket| bucket.account == tx.account());
    let wanted = own.filter(|bucket| {
        prefix.is_none_or(|prefix| bucket.name.starts_with(prefix)) && region.is_none_or(|it| bucket.region == it)
    });
    let items = wanted.map(|bucket| {
        let view = record! {
            "Name" => &bucket.name,
            "CreationDate" => bucket.created,
            "BucketRegion" => size.or(prefix.map(str::len)).or(region.map(str::len)).map(|_| &bucket.region),
        };
        (bucket.name.clone(), view)
    });
    let token = input.text("ContinuationToken").filter(|_| tx.rule("s3.page.token"));
    let page = crate::pagination::page(&crate::pagination::asked(tx), items.collect(), token, size).map_err(|_| {
        Refusal::new("InvalidArgument", "The continuation token provided is incorrect")
            .member("ArgumentName", "continuation-token")
    })?;
    Ok(record! {
        "Buckets" => page.items,
        "Owner" => record! { "ID" => owner(tx.account()) },
        "ContinuationToken" => page.next,
        "Prefix" => prefix,
    })
}

/// An account as S3 names it: 64 hexadecimal digits.
pub(super) fn owner(account: &str) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(format!("s3 {account}")))
}
