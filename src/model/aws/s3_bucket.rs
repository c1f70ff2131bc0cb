//! `aws_s3_bucket`: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingBucket.html>

use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Tags, Value};

/// A bucket. What is set on it are resources of their own; a new one is encrypted and closed to the public.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let bucket = stack.add("cache", S3Bucket::new());
/// // What is set on it are resources of their own.
/// stack.add("cache", S3BucketPublicAccessBlock::all(&bucket));
/// let versions = VersioningConfiguration::new(VersioningStatus::Enabled);
/// stack.add("cache", S3BucketVersioning::new(&bucket, versions));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_s3_bucket", service = "s3", creation = Name, holds_data, create_seconds = 2, delete_seconds = 1, check = check)]
pub struct S3Bucket {
    /// The name, unique over all accounts of AWS.
    #[field(
        replace,
        computed,
        named,
        min_length = 3,
        max_length = 63,
        pattern = r"[a-z0-9][a-z0-9.-]+[a-z0-9]",
        pattern_words = "lower-case letters, digits, dots and hyphens are taken, a letter or digit first and last"
    )]
    bucket: Option<Value<String>>,
    /// Whether a delete deletes what is in it, all versions included; without it one that holds objects is kept.
    #[field(instruction, default = "false")]
    force_destroy: Option<Value<bool>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The name.
    id: Computed<Id<S3Bucket>>,
    /// The ARN.
    arn: Computed<Arn<S3Bucket>>,
    /// The name that it has among hosts.
    bucket_domain_name: Computed<String>,
    /// The same, with its region; what CloudFront has as an origin.
    bucket_regional_domain_name: Computed<String>,
    /// Where it is.
    bucket_region: Computed<String>,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
const STARTS: &[&str] = &["xn--", "sthree-", "amzn-s3-demo-"];
const ENDS: &[&str] = &["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an"];

fn check(bucket: &View<'_>, findings: &mut Findings<'_>) {
    let Some(name) = bucket.text("bucket") else { return };
    if name.contains("..") {
        findings.refuse("`bucket` has two dots beside each other");
    }
    if name.contains(".-") || name.contains("-.") {
        findings.refuse("`bucket` has a dot beside a hyphen");
    }
    if name.parse::<std::net::Ipv4Addr>().is_ok() {
        findings.refuse("`bucket` looks like an address");
    }
    if let Some(start) = STARTS.iter().find(|start| name.starts_with(*start)) {
        findings.refuse(format!("`bucket` begins with {start}, which S3 keeps for itself"));
    }
    if let Some(end) = ENDS.iter().find(|end| name.ends_with(*end)) {
        findings.refuse(format!("`bucket` ends in {end}, which S3 keeps for itself"));
    }
}
