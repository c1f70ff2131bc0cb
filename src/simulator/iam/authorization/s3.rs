//! S3's actions, whose names are seldom those of its operations: on the bucket, or on the object.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html> has them by operation,
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html> with their condition keys.

use super::Replicating;
use super::ask::{Ask, Guard, Shown, Told, request_tag};
use crate::refusal::Refusal;
use crate::s3::bucket::Bucket;
use crate::s3::bucket_policy;
use crate::s3::object;
use crate::value::Value;
use crate::world::Tx;

/// The account of the bucket that a request names.
pub(super) fn owner(tx: &Tx<'_>, operation: &str, input: &Value) -> Option<String> {
    let name = input.get("Bucket").text().filter(|_| operation != "CreateBucket")?;
    tx.get::<Bucket>(name).map(|bucket| bucket.account.clone())
}

/// Whether a request reads from a bucket beside the one that it names.
pub(super) fn copies(service: &str, operation: &str) -> bool {
    service == "s3" && ["CopyObject", "UploadPartCopy"].contains(&operation)
}

pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Result<Vec<Ask>, Refusal> {
    let text = |member: &str| input.get(member).text();
    if operation == "ListBuckets" {
        return Ok(vec![Ask::new("s3:ListAllMyBuckets", "arn:aws:s3:::*").shown(Shown::Nothing)]);
    }
    let name = text("Bucket").unwrap_or_default();
    if operation == "CreateBucket" {
        return Ok(creation(name, input));
    }
    // Where there is no such bucket, or it is reached elsewhere, S3 says so to everyone.
    let Some(bucket) = tx.get::<Bucket>(name).filter(|bucket| bucket.region == tx.region()) else {
        return Ok(Vec::new());
    };
    let key = text("Key").unwrap_or_default();
    let on_bucket = |action: &str| vec![of_bucket(bucket, action)];
    let of_version =
        |plain: &str, of_version: &str| if text("VersionId").is_some() { of_version } else { plain }.to_owned();
    let asks = match operation {
        "HeadBucket" => on_bucket("ListBucket"),
        "ListObjects" | "ListObjectsV2" => vec![listing(of_bucket(bucket, "ListBucket"), "MaxKeys", input)],
        "ListObjectVersions" => vec![listing(of_bucket(bucket, "ListBucketVersions"), "MaxKeys", input)],
        "ListMultipartUploads" => vec![listing(of_bucket(bucket, "ListBucketMultipartUploads"), "MaxUploads", input)],
        "DeleteBucket"
        | "DeleteBucketPolicy"
        | "DeleteBucketWebsite"
        | "GetBucketAcl"
        | "GetBucketLocation"
        | "GetBucketLogging"
        | "GetBucketOwnershipControls"
        | "GetBucketPolicy"
        | "GetBucketPolicyStatus"
        | "GetBucketRequestPayment"
        | "GetBucketTagging"
        | "GetBucketVersioning"
        | "GetBucketWebsite"
        | "PutBucketAcl"
        | "PutBucketLogging"
        | "PutBucketOwnershipControls"
        | "PutBucketPolicy"
        | "PutBucketRequestPayment"
        | "PutBucketTagging"
        | "PutBucketVersioning"
        | "PutBucketWebsite" => on_bucket(operation),
        "DeleteBucketCors" | "PutBucketCors" => on_bucket("PutBucketCORS"),
        "GetBucketCors" => on_bucket("GetBucketCORS"),
        "GetBucketAccelerateConfiguration" => on_bucket("GetAccelerateConfiguration"),
        "PutBucketAccelerateConfiguration" => on_bucket("PutAccelerateConfiguration"),
        "GetBucketNotificationConfiguration" => on_bucket("GetBucketNotification"),
        "PutBucketNotificationConfiguration" => on_bucket("PutBucketNotification"),
        "GetObjectLockConfiguration" => on_bucket("GetBucketObjectLockConfiguration"),
        "DeleteBucketEncryption" | "PutBucketEncryption" => on_bucket("PutEncryptionConfiguration"),
        "GetBucketEncryption" => on_bucket("GetEncryptionConfiguration"),
        "DeleteBucketLifecycle" | "PutBucketLifecycleConfiguration" => on_bucket("PutLifecycleConfiguration"),
        "GetBucketLifecycleConfiguration" => on_bucket("GetLifecycleConfiguration"),
        "DeleteBucketOwnershipControls" => on_bucket("PutBucketOwnershipControls"),
        "DeleteBucketReplication" | "PutBucketReplication" => on_bucket("PutReplicationConfiguration"),
        "GetBucketReplication" => on_bucket("GetReplicationConfiguration"),
        "DeleteBucketTagging" => on_bucket("PutBucketTagging"),
        "DeletePublicAccessBlock" | "PutPublicAccessBlock" => on_bucket("PutBucketPublicAccessBlock"),
        "GetPublicAccessBlock" => on_bucket("GetBucketPublicAccessBlock"),
        "GetObject" | "HeadObject" => reading(tx, bucket, key, text("VersionId")),
        "GetObjectAttributes" => {
            let more = of_version("GetObjectAttributes", "GetObjectVersionAttributes");
            let mut asks = reading(tx, bucket, key, text("VersionId"));
            asks.insert(1, of_object(tx, bucket, key, &more, text("VersionId")));
            asks
        }
        "GetObjectAcl" | "PutObjectAcl" => {
            let verb = operation.strip_suffix("ObjectAcl").unwrap_or_default();
            let action = of_version(operation, &format!("{verb}ObjectVersionAcl"));
            vec![of_object(tx, bucket, key, &action, text("VersionId")).with("s3:x-amz-acl", text("ACL"))]
        }
        "GetObjectTagging" | "PutObjectTagging" | "DeleteObjectTagging" => {
            let verb = operation.strip_suffix("ObjectTagging").unwrap_or_default();
            let action = of_version(operation, &format!("{verb}ObjectVersionTagging"));
            let ask = of_object(tx, bucket, key, &action, text("VersionId"));
            vec![ask.told(given_tags(pairs(input.get("Tagging").get("TagSet"))))]
        }
        "PutObject" | "CreateMultipartUpload" => writing(tx, bucket, key, input)?,
        "CompleteMultipartUpload" | "UploadPart" => vec![into(tx, bucket, key, input)?],
        "CopyObject" | "UploadPartCopy" => copying(tx, bucket, key, operation, input)?,
        "AbortMultipartUpload" => vec![of_object(tx, bucket, key, "AbortMultipartUpload", None)],
        "ListParts" => vec![of_object(tx, bucket, key, "ListMultipartUploadParts", None)],
        "DeleteObject" => vec![deletion(tx, bucket, key, text("VersionId"))],
        // Each key is asked for by itself, and refused in the answer.
        "DeleteObjects" => Vec::new(),
        other => return Err(Refusal::not_simulated(format!("which actions s3 {other} asks for"))),
    };
    Ok(asks)
}

/// An action on a bucket.
fn of_bucket(bucket: &Bucket, action: &str) -> Ask {
    Ask::new(format!("s3:{action}"), format!("arn:aws:s3:::{}", bucket.name))
        .owned(&bucket.account)
        .guarded(guard(bucket))
        .with("s3:ResourceAccount", Some(&bucket.account))
        .with("s3:signatureversion", Some("AWS4-HMAC-SHA256"))
}

/// What a bucket's policy says; one that lets the public in lets nobody of another account in, where the bucket is
/// restricted: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>.
fn guard(bucket: &Bucket) -> Guard {
    match &bucket.policy {
        Some(policy)
            if bucket.public_access_block.is_some_and(|block| block.restricted) && bucket_policy::opens(policy) =>
        {
            Guard::Restricted(policy.clone())
        }
        policy => Guard::Policy(policy.clone()),
    }
}

/// An action on an object, or on a version of it.
fn of_object(tx: &Tx<'_>, bucket: &Bucket, key: &str, action: &str, version: Option<&str>) -> Ask {
    let ask = of_bucket(bucket, action).with("s3:VersionId", version);
    let tags = object::tags_of(tx, &bucket.name, key, version).unwrap_or_default();
    let tags = tags.into_iter().map(|(name, value)| (format!("s3:ExistingObjectTag/{name}"), value));
    Ask { resource: format!("arn:aws:s3:::{}/{key}", bucket.name), ..ask }.told(tags)
}

/// Reading an object. Of a key that is not there, only who may list the bucket is told so:
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>.
fn reading(tx: &Tx<'_>, bucket: &Bucket, key: &str, version: Option<&str>) -> Vec<Ask> {
    let action = if version.is_some() { "GetObjectVersion" } else { "GetObject" };
    let there = version.is_some() || object::tags_of(tx, &bucket.name, key, None).is_some();
    let mut asks = vec![of_object(tx, bucket, key, action, version)];
    asks.extend((!there).then(|| of_bucket(bucket, "ListBucket")));
    asks
}

/// Deleting an object, or a version of it.
pub(super) fn deletion(tx: &Tx<'_>, bucket: &Bucket, key: &str, version: Option<&str>) -> Ask {
    let action = if version.is_some() { "DeleteObjectVersion" } else { "DeleteObject" };
    of_object(tx, bucket, key, action, version)
}

/// Copying a version by a bucket's rules:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html>.
pub(super) fn replication(tx: &Tx<'_>, copied: &Replicating<'_>) -> Vec<Ask> {
    const READS: &[&str] = &["GetObjectVersionForReplication", "GetObjectVersionAcl", "GetObjectVersionTagging"];
    let (key, version) = (copied.key, Some(copied.version));
    let on_source = ["GetReplicationConfiguration", "ListBucket"].map(|action| of_bucket(copied.bucket, action));
    let reads = READS.iter().map(|action| of_object(tx, copied.bucket, key, action, version));
    let writes = copied.writes.iter().map(|action| of_object(tx, copied.target, key, action, None));
    on_source.into_iter().chain(reads).chain(writes).collect()
}

/// Listing, with what it is narrowed by.
fn listing(ask: Ask, most: &str, input: &Value) -> Ask {
    let text = |member: &str| input.get(member).text();
    let most = input.get(most).integer().map(|most| most.to_string());
    ask.with("s3:prefix", text("Prefix")).with("s3:delimiter", text("Delimiter")).with("s3:max-keys", most.as_deref())
}

/// Making a bucket, with the permissions for what it is made with.
fn creation(name: &str, input: &Value) -> Vec<Ask> {
    let text = |member: &str| input.get(member).text();
    let configuration = input.get("CreateBucketConfiguration");
    let tags = given_tags(pairs(configuration.get("Tags")));
    let tags: Told = tags.into_iter().filter(|(key, _)| key.starts_with("aws:")).collect();
    let ask = |action: &str| {
        Ask::new(format!("s3:{action}"), format!("arn:aws:s3:::{name}"))
            .with("s3:LocationConstraint", configuration.get("LocationConstraint").text())
            .with("s3:x-amz-acl", text("ACL"))
            .with("s3:x-amz-object-ownership", text("ObjectOwnership"))
            .told(tags.clone())
    };
    let mut asks = vec![ask("CreateBucket")];
    asks.extend(text("ACL").map(|_| ask("PutBucketAcl")));
    asks.extend(text("ObjectOwnership").map(|_| ask("PutBucketOwnershipControls")));
    asks.extend((!tags.is_empty()).then(|| ask("TagResource")));
    asks
}

/// Writing into an object; what another account writes is here the bucket's owner's alone.
fn into(tx: &Tx<'_>, bucket: &Bucket, key: &str, input: &Value) -> Result<Ask, Refusal> {
    let owned = bucket.ownership.as_deref() == Some("BucketOwnerEnforced");
    if !owned && bucket.account != tx.principal().account {
        return Err(Refusal::not_simulated("an object in a bucket of another account, which its writer owns"));
    }
    let text = |member: &str| input.get(member).text();
    // The source stands in the condition as it stands in the header, without the version.
    let source = text("CopySource").map(|source| source.split("?versionId=").next().unwrap_or(source));
    Ok(of_object(tx, bucket, key, "PutObject", None)
        .with("s3:x-amz-acl", text("ACL"))
        .with("s3:x-amz-copy-source", source)
        .with("s3:x-amz-metadata-directive", text("MetadataDirective"))
        .with("s3:x-amz-server-side-encryption", text("ServerSideEncryption"))
        .with("s3:x-amz-server-side-encryption-aws-kms-key-id", text("SSEKMSKeyId"))
        .with("s3:x-amz-server-side-encryption-customer-algorithm", text("SSECustomerAlgorithm"))
        .with("s3:x-amz-storage-class", text("StorageClass"))
        .with("s3:x-amz-website-redirect-location", text("WebsiteRedirectLocation"))
        .with("s3:if-match", text("IfMatch"))
        .with("s3:if-none-match", text("IfNoneMatch")))
}

/// Writing an object, with its tags and its access control list, which are permissions of their own.
fn writing(tx: &Tx<'_>, bucket: &Bucket, key: &str, input: &Value) -> Result<Vec<Ask>, Refusal> {
    let text = |member: &str| input.get(member).text();
    let tags = given_tags(text("Tagging").map(in_header).unwrap_or_default());
    let ask = into(tx, bucket, key, input)?.told(tags.clone());
    let also = |action: &str| Ask { action: format!("s3:{action}"), ..ask.clone() };
    let tagging = text("Tagging").map(|_| also("PutObjectTagging"));
    let listed = text("ACL").map(|_| also("PutObjectAcl"));
    Ok([Some(ask.clone()), tagging, listed].into_iter().flatten().collect())
}

/// Copying an object: reading the source, wherever it is, and writing the destination.
fn copying(tx: &Tx<'_>, bucket: &Bucket, key: &str, operation: &str, input: &Value) -> Result<Vec<Ask>, Refusal> {
    let given = input.get("CopySource").text().unwrap_or_default();
    let (place, version) = match given.rsplit_once("?versionId=") {
        Some((place, version)) => (place, Some(version)),
        None => (given, None),
    };
    let place = crate::protocol::percent_decode(place);
    let parts = place.strip_prefix('/').unwrap_or(&place).split_once('/');
    let source = parts.and_then(|(name, key)| Some((tx.get::<Bucket>(name)?, key)));
    let mut asks = match source {
        Some((source, key)) => reading(tx, source, key, version),
        None => Vec::new(),
    };
    if operation == "UploadPartCopy" {
        asks.push(into(tx, bucket, key, input)?);
        return Ok(asks);
    }
    let mut writes = writing(tx, bucket, key, input)?;
    // A copy keeps its source's tags where it is not told to have others.
    let kept = input.get("TaggingDirective").text() != Some("REPLACE");
    if let (true, Some((source, from))) = (kept, source) {
        let action = if version.is_some() { "GetObjectVersionTagging" } else { "GetObjectTagging" };
        let ask = of_object(tx, source, from, action, version);
        if ask.told.iter().any(|(key, _)| key.starts_with("s3:ExistingObjectTag/")) {
            asks.push(ask);
            if let Some(write) = writes.first().cloned() {
                writes.push(Ask { action: "s3:PutObjectTagging".to_owned(), ..write });
            }
        }
    }
    asks.extend(writes);
    Ok(asks)
}

/// Tags as a request's body has them.
fn pairs(tags: &Value) -> Vec<(String, String)> {
    let text = |tag: &Value, member: &str| tag.get(member).text().unwrap_or_default().to_owned();
    tags.list().iter().map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect()
}

/// Tags as a header has them: a query.
fn in_header(text: &str) -> Vec<(String, String)> {
    let plain = |text: &str| crate::protocol::percent_decode(&text.replace('+', " "));
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (plain(key), plain(value)))
        .collect()
}

/// Tags that a request gives, as S3's condition keys and those that all services have.
fn given_tags(tags: Vec<(String, String)>) -> Told {
    let keys = tags.into_iter().flat_map(|(key, value)| {
        let general = request_tag(&key, &value);
        let own = [(format!("s3:RequestObjectTag/{key}"), value), ("s3:RequestObjectTagKeys".to_owned(), key)];
        own.into_iter().chain(general)
    });
    keys.collect()
}
