"""The ground of S3, and a call of each of its operations that succeeds on it."""

import datetime
import json

from members import Ground, With, listing

DAY = {"ID": "day", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 400}}


def closed(bucket):
    """A policy that lets nobody in without encryption."""
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{bucket}",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def copies(bucket, **rule):
    """Rules that copy everything to a bucket."""
    usual = {
        "ID": "all",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{bucket}"},
    }
    return {"Role": "arn:aws:iam::000000000000:role/copier", "Rules": [{**usual, **rule}]}


CORS = {
    "ID": "one", "AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["https://main.test"], "AllowedHeaders": ["x-amz-*"],
    "ExposeHeaders": ["etag"], "MaxAgeSeconds": 300,
}
ROUTE = {
    "Condition": {"KeyPrefixEquals": "old/", "HttpErrorCodeReturnedEquals": "404"},
    "Redirect": {"HostName": "other.test", "Protocol": "https", "HttpRedirectCode": "301", "ReplaceKeyPrefixWith": "new/"},
}
WEBSITE = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "404.html"}, "RoutingRules": [ROUTE]}


class S3Ground(Ground):
    """A bucket with everything set on it and objects in it, one that browsers see, one that has access control lists, a bare
    one, one that keeps versions, and one with copies."""

    def make_bucket(self):
        s3 = self.aws.s3
        s3.create_bucket(Bucket="full")
        s3.put_bucket_tagging(Bucket="full", Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
        s3.put_bucket_policy(Bucket="full", Policy=closed("full"))
        s3.put_bucket_lifecycle_configuration(Bucket="full", LifecycleConfiguration={"Rules": [DAY]})
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
        s3.put_bucket_encryption(Bucket="full", ServerSideEncryptionConfiguration={"Rules": [rule]})
        for key in ("a/one", "a/two", "b/three"):
            s3.put_object(Bucket="full", Key=key, Body=b"text")
        return "full"

    def make_shown(self):
        """A bucket that pages and browsers see, and whose requests are logged."""
        s3 = self.aws.s3
        s3.create_bucket(Bucket="shown")
        s3.put_bucket_cors(Bucket="shown", CORSConfiguration={"CORSRules": [CORS]})
        s3.put_bucket_website(Bucket="shown", WebsiteConfiguration=WEBSITE)
        logging = {"TargetBucket": self["bare"], "TargetPrefix": "shown/"}
        s3.put_bucket_logging(Bucket="shown", BucketLoggingStatus={"LoggingEnabled": logging})
        s3.put_bucket_accelerate_configuration(Bucket="shown", AccelerateConfiguration={"Status": "Enabled"})
        return "shown"

    def make_lists(self):
        self.aws.s3.create_bucket(Bucket="lists", ObjectOwnership="ObjectWriter")
        return "lists"

    def make_owner(self):
        """How S3 calls the account."""
        return self.aws.s3.list_buckets()["Owner"]["ID"]

    def make_bare(self):
        self.aws.s3.create_bucket(Bucket="bare")
        return "bare"

    def make_versioned(self):
        s3 = self.aws.s3
        s3.create_bucket(Bucket="versioned")
        s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
        for key in ("one", "two"):
            s3.put_object(Bucket="versioned", Key=key, Body=b"first")
            s3.put_object(Bucket="versioned", Key=key, Body=b"second")
        return "versioned"

    def make_upload(self):
        """An upload of `up/one` with two parts, and one beside it that has none."""
        s3, bucket = self.aws.s3, self["bucket"]
        upload = s3.create_multipart_upload(Bucket=bucket, Key="up/one")["UploadId"]
        for number in (1, 2):
            s3.upload_part(Bucket=bucket, Key="up/one", UploadId=upload, PartNumber=number, Body=b"text")
        s3.create_multipart_upload(Bucket=bucket, Key="up/two")
        return upload

    def make_parted(self):
        """An object that was uploaded in parts whose checksums count."""
        s3, place = self.aws.s3, dict(Bucket=self["bucket"], Key="parted")
        upload = s3.create_multipart_upload(**place, ChecksumAlgorithm="CRC32")["UploadId"]
        part = s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"text")
        parts = [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]}]
        s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": parts})
        return "parted"


    def make_copied(self):
        s3 = self.aws.s3
        for bucket in ("copied", "copies"):
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_replication(Bucket="copied", ReplicationConfiguration=copies("copies"))
        return "copied"


def full(**more):
    return lambda g: dict(Bucket=g["bucket"], **more)


def shown(**more):
    return lambda g: dict(Bucket=g["shown"], **more)


def listed(**more):
    """A call with a list that says what a bucket without lists has."""

    def given(g):
        grant = {"Grantee": {"Type": "CanonicalUser", "ID": g["owner"]}, "Permission": "FULL_CONTROL"}
        return dict(Bucket=g["bucket"], AccessControlPolicy={"Owner": {"ID": g["owner"]}, "Grants": [grant]}, **more)

    return given


def uploading(**more):
    return lambda g: dict(Bucket=g["bucket"], Key="up/one", UploadId=g["upload"], **more)


def now(g):
    """The world's time, than which nothing that stands is newer."""
    shown = g.aws.world.ask("GET", "clock")["now"]
    return datetime.datetime.fromisoformat(shown[:19]).replace(tzinfo=datetime.timezone.utc)


# The entity tag of what the objects hold.
TAG = '"1cb251ec0d568de6a929b520c4aed8d1"'

BASES = {
    "AbortMultipartUpload": uploading(),
    "CompleteMultipartUpload": uploading(MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": TAG}]}),
    "CopyObject": full(Key="copy", CopySource="full/a/one"),
    "CreateBucket": listing(Bucket="new"),
    "CreateMultipartUpload": full(Key="new"),
    "DeleteBucket": lambda g: dict(Bucket=g["bare"]),
    "DeleteBucketCors": shown(),
    "DeleteBucketEncryption": full(),
    "DeleteBucketLifecycle": full(),
    "DeleteBucketOwnershipControls": full(),
    "DeleteBucketPolicy": full(),
    "DeleteBucketReplication": lambda g: dict(Bucket=g["copied"]),
    "DeleteBucketTagging": full(),
    "DeleteBucketWebsite": shown(),
    "DeleteObject": full(Key="a/one"),
    "DeleteObjectTagging": full(Key="a/one"),
    "DeleteObjects": full(Delete={"Objects": [{"Key": "a/one"}]}),
    "DeletePublicAccessBlock": full(),
    "GetBucketAccelerateConfiguration": shown(),
    "GetBucketAcl": full(),
    "GetBucketCors": shown(),
    "GetBucketEncryption": full(),
    "GetBucketLifecycleConfiguration": full(),
    "GetBucketLocation": full(),
    "GetBucketLogging": shown(),
    "GetBucketNotificationConfiguration": full(),
    "GetBucketOwnershipControls": full(),
    "GetBucketPolicy": full(),
    "GetBucketPolicyStatus": full(),
    "GetBucketReplication": lambda g: dict(Bucket=g["copied"]),
    "GetBucketRequestPayment": full(),
    "GetBucketTagging": full(),
    "GetBucketVersioning": lambda g: dict(Bucket=g["versioned"]),
    "GetBucketWebsite": shown(),
    "GetObject": full(Key="a/one"),
    "GetObjectAcl": full(Key="a/one"),
    "GetObjectAttributes": lambda g: dict(Bucket=g["bucket"], Key=g["parted"], ObjectAttributes=["ETag", "ObjectParts"]),
    # No bucket here has one.
    "GetObjectLockConfiguration": None,
    "GetObjectTagging": full(Key="a/one"),
    "GetPublicAccessBlock": full(),
    "HeadBucket": full(),
    "HeadObject": full(Key="a/one"),
    "ListBuckets": listing(),
    "ListMultipartUploads": lambda g: dict(Bucket=g["bucket"]) if g["upload"] else None,
    "ListObjectVersions": lambda g: dict(Bucket=g["versioned"]),
    "ListObjects": full(),
    "ListObjectsV2": full(),
    "ListParts": uploading(),
    "PutBucketAccelerateConfiguration": shown(AccelerateConfiguration={"Status": "Suspended"}),
    "PutBucketAcl": listed(),
    "PutBucketCors": full(CORSConfiguration={"CORSRules": [{**CORS, "ID": "other"}]}),
    "PutBucketEncryption": full(
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
    ),
    "PutBucketLifecycleConfiguration": full(LifecycleConfiguration={"Rules": [{**DAY, "ID": "other"}]}),
    "PutBucketLogging": lambda g: dict(
        Bucket=g["bucket"], BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": g["lists"], "TargetPrefix": "logs/"}}
    ),
    "PutBucketNotificationConfiguration": full(NotificationConfiguration={}, SkipDestinationValidation=True),
    "PutBucketOwnershipControls": full(OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}),
    "PutBucketPolicy": lambda g: dict(Bucket=g["bare"], Policy=closed("bare")),
    "PutBucketReplication": lambda g: dict(Bucket=g["copied"], ReplicationConfiguration=copies("copies", ID="other")),
    "PutBucketRequestPayment": full(RequestPaymentConfiguration={"Payer": "BucketOwner"}),
    "PutBucketTagging": full(Tagging={"TagSet": [{"Key": "new", "Value": "new"}]}),
    "PutBucketVersioning": full(VersioningConfiguration={"Status": "Enabled"}),
    "PutBucketWebsite": full(WebsiteConfiguration=WEBSITE),
    "PutObject": full(Key="new", Body=b"text"),
    "PutObjectAcl": listed(Key="a/one"),
    "PutObjectTagging": full(Key="a/one", Tagging={"TagSet": [{"Key": "new", "Value": "new"}]}),
    "PutPublicAccessBlock": full(PublicAccessBlockConfiguration={"BlockPublicAcls": True}),
    "UploadPart": uploading(PartNumber=3, Body=b"text"),
    "UploadPartCopy": uploading(PartNumber=3, CopySource="full/a/one"),
}

def ruled(value, **rule):
    """A value within a rule of a lifecycle that has these members beside it."""
    return With(value, {"LifecycleConfiguration": {"Rules": [{"ID": "one", "Status": "Enabled", **rule}]}})


LIFECYCLE = "PutBucketLifecycleConfiguration.LifecycleConfiguration.Rules[]."
DAYS = {"Days": 400}
BOTH = {"Prefix": "a/", "ObjectSizeGreaterThan": 1, "ObjectSizeLessThan": 100, "Tags": [{"Key": "a", "Value": "b"}]}
LATE = {"NoncurrentDays": 40, "StorageClass": "GLACIER", "NewerNoncurrentVersions": 2}
SOON = {"Days": 40, "StorageClass": "GLACIER"}
THEN = {"Date": datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc), "StorageClass": "GLACIER"}
LATER = datetime.datetime(2031, 1, 1, tzinfo=datetime.timezone.utc)
EVERYTHING = {"Filter": {"Prefix": ""}}


def replicated(value, **rule):
    """A value within a rule that copies, which has these members beside it."""
    return With(value, {"ReplicationConfiguration": copies("copies", **rule)})


def replicated_to(value, **destination):
    """The same within where the copies go."""
    encrypted = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    more = {"SourceSelectionCriteria": encrypted} if "EncryptionConfiguration" in destination else {}
    return replicated(value, Destination={"Bucket": "arn:aws:s3:::copies", **destination}, **more)


REPLICATION = "PutBucketReplication.ReplicationConfiguration.Rules[]."
TAGGED = {"Tag": {"Key": "a", "Value": "b"}}
JOINED = {"And": {"Prefix": "a/", "Tags": [{"Key": "a", "Value": "b"}]}}
MEASURED = {"Status": "Enabled", "EventThreshold": {"Minutes": 15}}
IN_TIME = {"Status": "Enabled", "Time": {"Minutes": 15}}

ELSEWHERE = {"WebsiteConfiguration": {"RedirectAllRequestsTo": {"HostName": "main.test", "Protocol": "http"}}}

# Values for members of one operation, where the general ones would not tell.
VALUES = {
    **{f"{operation}.IfNoneMatch": TAG for operation in ("GetObject", "HeadObject")},
    **{f"{operation}.IfModifiedSince": now for operation in ("GetObject", "HeadObject")},
    **{f"{operation}.Range": "bytes=1-2" for operation in ("GetObject", "HeadObject")},
    **{f"{operation}.CopySourceIfNoneMatch": TAG for operation in ("CopyObject", "UploadPartCopy")},
    **{f"{operation}.CopySourceIfModifiedSince": now for operation in ("CopyObject", "UploadPartCopy")},
    # What a copy says of itself counts where it does not take it from its source.
    **{
        f"CopyObject.{header}": With("other", {"MetadataDirective": "REPLACE"})
        for header in ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType")
    },
    "CopyObject.Expires": With(LATER, {"MetadataDirective": "REPLACE"}),
    "CopyObject.Metadata": With({"other": "value"}, {"MetadataDirective": "REPLACE"}),
    "CopyObject.MetadataDirective": With("REPLACE", {"ContentType": "text/plain"}),
    "CopyObject.Tagging": With("other=value", {"TaggingDirective": "REPLACE"}),
    "CopyObject.TaggingDirective": With("REPLACE", {"Tagging": "other=value"}),
    "PutBucketWebsite.WebsiteConfiguration.RedirectAllRequestsTo.HostName": With("other.test", ELSEWHERE),
    "PutBucketWebsite.WebsiteConfiguration.RedirectAllRequestsTo.Protocol": With("https", ELSEWHERE),
    "UploadPart.ContentLength": 4,
    "PutObject.IfNoneMatch": With("*", {"Key": "a/one"}),
    "PutBucketEncryption.ServerSideEncryptionConfiguration.Rules[].BlockedEncryptionTypes.EncryptionType": ["NONE"],
    LIFECYCLE + "Filter.Tag.Key": ruled("other", Filter={"Tag": {"Key": "a", "Value": "b"}}, Expiration=DAYS),
    LIFECYCLE + "Filter.Tag.Value": ruled("other", Filter={"Tag": {"Key": "a", "Value": "b"}}, Expiration=DAYS),
    LIFECYCLE + "Filter.And.Prefix": ruled("other/", Filter={"And": BOTH}, Expiration=DAYS),
    LIFECYCLE + "Filter.And.ObjectSizeGreaterThan": ruled(5, Filter={"And": BOTH}, Expiration=DAYS),
    LIFECYCLE + "Filter.And.ObjectSizeLessThan": ruled(50, Filter={"And": BOTH}, Expiration=DAYS),
    LIFECYCLE + "Filter.And.Tags[].Key": ruled("other", Filter={"And": BOTH}, Expiration=DAYS),
    LIFECYCLE + "Filter.And.Tags[].Value": ruled("other", Filter={"And": BOTH}, Expiration=DAYS),
    LIFECYCLE + "Transitions[].Date": ruled(LATER, **EVERYTHING, Transitions=[THEN]),
    LIFECYCLE + "Transitions[].Days": ruled(50, **EVERYTHING, Transitions=[SOON]),
    LIFECYCLE + "Transitions[].StorageClass": ruled("DEEP_ARCHIVE", **EVERYTHING, Transitions=[SOON]),
    LIFECYCLE + "NoncurrentVersionTransitions[].NoncurrentDays": ruled(50, **EVERYTHING, NoncurrentVersionTransitions=[LATE]),
    LIFECYCLE + "NoncurrentVersionTransitions[].StorageClass": ruled("DEEP_ARCHIVE", **EVERYTHING, NoncurrentVersionTransitions=[LATE]),
    LIFECYCLE + "NoncurrentVersionTransitions[].NewerNoncurrentVersions": ruled(3, **EVERYTHING, NoncurrentVersionTransitions=[LATE]),
    LIFECYCLE + "NoncurrentVersionExpiration.NewerNoncurrentVersions": ruled(
        3, **EVERYTHING, NoncurrentVersionExpiration={"NoncurrentDays": 40, "NewerNoncurrentVersions": 2}
    ),
    REPLICATION + "Filter.Tag.Key": replicated("other", Filter=TAGGED),
    REPLICATION + "Filter.Tag.Value": replicated("other", Filter=TAGGED),
    REPLICATION + "Filter.And.Prefix": replicated("other/", Filter=JOINED),
    REPLICATION + "Filter.And.Tags[].Key": replicated("other", Filter=JOINED),
    REPLICATION + "Filter.And.Tags[].Value": replicated("other", Filter=JOINED),
    REPLICATION + "Destination.EncryptionConfiguration.ReplicaKmsKeyID": replicated_to(
        "other", EncryptionConfiguration={"ReplicaKmsKeyID": "key"}
    ),
    REPLICATION + "Destination.ReplicationTime.Time.Minutes": replicated_to(20, Metrics=MEASURED, ReplicationTime=IN_TIME),
    REPLICATION + "Destination.Metrics.EventThreshold.Minutes": replicated_to(20, Metrics=MEASURED),
    # Another length than the body's leaves boto3 and the service waiting for each other.
    "PutObject.ContentLength": 4,
}

GROUND = S3Ground
