"""Writes the API tables that the simulator checks requests and answers against.

The source is a pinned botocore from PyPI, installed into a virtual environment
outside the checkout (``--cache``, by default under ``~/.cache/fathuss``). Only
the operations listed here and the shapes they reach are kept, and none of the
prose. The names of every other operation stay, so that the simulator can tell
"AWS has no such operation" from "not simulated".

    python3 xtask/models.py            writes src/simulator/models/*.json
    python3 xtask/models.py --check    exits 1 if they would change
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import venv

BOTOCORE = "1.44.5"

SERVED = {
    "ec2": """
        AllocateAddress AssignPrivateIpAddresses AssignPrivateNatGatewayAddress AssociateAddress AssociateDhcpOptions
        AssociateIamInstanceProfile AssociateNatGatewayAddress AssociateRouteTable AssociateVpcCidrBlock AttachInternetGateway
        AttachNetworkInterface AttachVolume AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress
        CreateDefaultSubnet CreateDefaultVpc CreateDhcpOptions CreateInternetGateway CreateFlowLogs CreateLaunchTemplate CreateLaunchTemplateVersion CreateNatGateway
        CreateNetworkAcl CreateNetworkAclEntry CreateNetworkInterface CreateRoute CreateRouteTable CreateSecurityGroup CreateSnapshot CreateSubnet CreateTags CreateVolume
        CreateVpc CreateVpcEndpoint DeleteDhcpOptions DeleteFlowLogs DeleteInternetGateway DeleteLaunchTemplate DeleteLaunchTemplateVersions
        DeleteNatGateway DeleteNetworkAcl DeleteNetworkAclEntry DeleteNetworkInterface DeleteRoute DeleteRouteTable DeleteSecurityGroup DeleteSnapshot DeleteSubnet
        DeleteTags DeleteVolume DeleteVpc DeleteVpcEndpoints DescribeAccountAttributes DescribeAddresses DescribeAddressesAttribute
        DescribeAvailabilityZones DescribeDhcpOptions DescribeFlowLogs DescribeIamInstanceProfileAssociations DescribeImages
        DescribeInstanceAttribute DescribeInstanceCreditSpecifications DescribeInstanceStatus
        DescribeInstanceTypeOfferings DescribeInstanceTypes DescribeInstances DescribeInternetGateways
        DescribeLaunchTemplateVersions DescribeLaunchTemplates DescribeManagedPrefixLists DescribeNatGateways
        DescribeNetworkAcls DescribeNetworkInterfaceAttribute DescribeNetworkInterfaces DescribePrefixLists
        DescribeRegions DescribeRouteTables
        DescribeSecurityGroupReferences DescribeSecurityGroupRules DescribeSecurityGroups
        DescribeSnapshots DescribeStaleSecurityGroups DescribeSubnets DescribeTags DescribeVolumeAttribute DescribeVolumeStatus
        DescribeVolumes DescribeVolumesModifications DescribeVpcAttribute
        DescribeVpcClassicLink DescribeVpcClassicLinkDnsSupport DescribeVpcEndpointServices DescribeVpcEndpoints
        DescribeVpcs DetachInternetGateway
        DetachNetworkInterface DetachVolume DisassociateAddress DisassociateIamInstanceProfile
        DisassociateNatGatewayAddress DisassociateRouteTable DisassociateVpcCidrBlock EnableVolumeIO GetLaunchTemplateData
        GetManagedPrefixListEntries GetSecurityGroupsForVpc ModifyAddressAttribute ModifyInstanceAttribute ModifyInstanceCreditSpecification
        ModifyInstanceMaintenanceOptions ModifyInstanceMetadataOptions ModifyInstancePlacement ModifyLaunchTemplate
        ModifyNetworkInterfaceAttribute ModifySecurityGroupRules ModifySubnetAttribute ModifyVolume
        ModifyVolumeAttribute ModifyVpcAttribute ModifyVpcEndpoint ModifyVpcTenancy MonitorInstances RebootInstances ReleaseAddress
        ReplaceIamInstanceProfileAssociation ReplaceNetworkAclAssociation ReplaceNetworkAclEntry ReplaceRoute ReplaceRouteTableAssociation ResetAddressAttribute
        ResetInstanceAttribute ResetNetworkInterfaceAttribute RevokeSecurityGroupEgress RevokeSecurityGroupIngress
        RunInstances StartInstances StopInstances TerminateInstances UnassignPrivateIpAddresses UnassignPrivateNatGatewayAddress
        UnmonitorInstances UpdateSecurityGroupRuleDescriptionsEgress UpdateSecurityGroupRuleDescriptionsIngress
    """,
    "eks": """
        AssociateAccessPolicy AssociateEncryptionConfig CreateAccessEntry CreateAddon CreateCluster CreateFargateProfile CreateNodegroup
        CreatePodIdentityAssociation DeleteAccessEntry DeleteAddon DeleteCluster DeleteFargateProfile DeleteNodegroup
        DeletePodIdentityAssociation DescribeAccessEntry DescribeAddon DescribeAddonConfiguration
        DescribeAddonVersions DescribeCluster DescribeClusterVersions DescribeFargateProfile DescribeNodegroup
        DescribePodIdentityAssociation DescribeUpdate DisassociateAccessPolicy ListAccessEntries ListAccessPolicies
        ListAddons ListAssociatedAccessPolicies ListClusters ListFargateProfiles ListNodegroups ListPodIdentityAssociations
        ListTagsForResource ListUpdates TagResource UntagResource UpdateAccessEntry UpdateAddon UpdateClusterConfig
        UpdateClusterVersion UpdateNodegroupConfig UpdateNodegroupVersion UpdatePodIdentityAssociation
    """,
    "rds": """
        AddTagsToResource ApplyPendingMaintenanceAction CopyDBParameterGroup CopyDBSnapshot CopyOptionGroup CreateDBInstance
        CreateDBInstanceReadReplica CreateDBParameterGroup CreateDBSnapshot CreateDBSubnetGroup CreateOptionGroup DeleteDBInstance
        DeleteDBParameterGroup DeleteDBSnapshot DeleteDBSubnetGroup DeleteOptionGroup DescribeCertificates DescribeDBEngineVersions
        DescribeDBInstanceAutomatedBackups DescribeDBInstances DescribeDBMajorEngineVersions
        DescribeDBParameterGroups DescribeDBParameters DescribeDBSnapshots DescribeDBSubnetGroups
        DescribeEngineDefaultParameters DescribeEvents DescribeOrderableDBInstanceOptions
        DescribeOptionGroupOptions DescribeOptionGroups
        DescribePendingMaintenanceActions DescribeValidDBInstanceModifications ListTagsForResource ModifyDBInstance
        ModifyDBParameterGroup ModifyDBSnapshot ModifyDBSubnetGroup ModifyOptionGroup PromoteReadReplica RebootDBInstance RemoveTagsFromResource
        ResetDBParameterGroup RestoreDBInstanceFromDBSnapshot RestoreDBInstanceToPointInTime StartDBInstance
        StartDBInstanceAutomatedBackupsReplication StopDBInstance StopDBInstanceAutomatedBackupsReplication
    """,
    "elasticache": """
        AddTagsToResource CopySnapshot CreateCacheParameterGroup CreateCacheSubnetGroup CreateReplicationGroup CreateSnapshot CreateUser CreateUserGroup
        DecreaseReplicaCount DeleteCacheParameterGroup DeleteCacheSubnetGroup DeleteReplicationGroup DeleteSnapshot DeleteUser DeleteUserGroup
        DescribeCacheClusters DescribeCacheEngineVersions DescribeCacheParameterGroups DescribeCacheParameters
        DescribeCacheSubnetGroups DescribeEngineDefaultParameters DescribeEvents DescribeReplicationGroups
        DescribeSnapshots DescribeUpdateActions DescribeUserGroups DescribeUsers IncreaseReplicaCount ListAllowedNodeTypeModifications
        ListTagsForResource ModifyCacheParameterGroup ModifyCacheSubnetGroup ModifyReplicationGroup
        ModifyReplicationGroupShardConfiguration ModifyUser ModifyUserGroup RemoveTagsFromResource ResetCacheParameterGroup TestFailover
    """,
    "iam": """
        AddClientIDToOpenIDConnectProvider AddRoleToInstanceProfile AttachRolePolicy CreateInstanceProfile
        CreateOpenIDConnectProvider CreatePolicy CreatePolicyVersion CreateRole CreateServiceLinkedRole
        DeleteInstanceProfile DeleteOpenIDConnectProvider DeletePolicy DeletePolicyVersion DeleteRole
        DeleteRolePermissionsBoundary DeleteRolePolicy DeleteServiceLinkedRole DetachRolePolicy
        GetAccountAuthorizationDetails GetAccountSummary GetInstanceProfile GetOpenIDConnectProvider GetPolicy
        GetPolicyVersion GetRole GetRolePolicy GetServiceLinkedRoleDeletionStatus GetUser ListAccountAliases
        ListAttachedRolePolicies ListEntitiesForPolicy ListInstanceProfileTags ListInstanceProfiles
        ListInstanceProfilesForRole ListOpenIDConnectProviderTags ListOpenIDConnectProviders ListPolicies
        ListPolicyTags ListPolicyVersions ListRolePolicies ListRoleTags ListRoles PutRolePermissionsBoundary
        PutRolePolicy RemoveClientIDFromOpenIDConnectProvider RemoveRoleFromInstanceProfile SetDefaultPolicyVersion
        TagInstanceProfile TagOpenIDConnectProvider TagPolicy TagRole UntagInstanceProfile
        UntagOpenIDConnectProvider UntagPolicy UntagRole UpdateAssumeRolePolicy
        UpdateOpenIDConnectProviderThumbprint UpdateRole UpdateRoleDescription
    """,
    "kms": """
        CancelKeyDeletion CreateAlias CreateKey Decrypt DeleteAlias DescribeKey DisableKey DisableKeyRotation EnableKey
        EnableKeyRotation Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext GetKeyPolicy GetKeyRotationStatus
        ListAliases ListKeyPolicies ListKeys ListResourceTags PutKeyPolicy ScheduleKeyDeletion TagResource UntagResource
        UpdateAlias UpdateKeyDescription
    """,
    "logs": """
        AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DescribeLogGroups DisassociateKmsKey
        ListTagsForResource ListTagsLogGroup PutLogGroupDeletionProtection PutRetentionPolicy TagLogGroup TagResource
        UntagLogGroup UntagResource
    """,
    "secretsmanager": """
        CancelRotateSecret CreateSecret DeleteResourcePolicy DeleteSecret DescribeSecret GetRandomPassword GetResourcePolicy GetSecretValue
        ListSecretVersionIds ListSecrets PutResourcePolicy PutSecretValue RestoreSecret RotateSecret TagResource UntagResource
        UpdateSecret UpdateSecretVersionStage
    """,
    "route53": """
        AssociateVPCWithHostedZone ChangeResourceRecordSets ChangeTagsForResource CreateHostedZone DeleteHostedZone
        DisassociateVPCFromHostedZone GetAccountLimit GetChange GetHostedZone GetHostedZoneCount GetHostedZoneLimit
        ListHostedZones ListHostedZonesByName ListHostedZonesByVPC ListResourceRecordSets ListTagsForResource
        ListTagsForResources UpdateHostedZoneComment
    """,
    "s3": """
        AbortMultipartUpload CompleteMultipartUpload CopyObject CreateBucket CreateMultipartUpload DeleteBucket
        DeleteBucketCors DeleteBucketEncryption DeleteBucketLifecycle DeleteBucketOwnershipControls DeleteBucketPolicy
        DeleteBucketReplication DeleteBucketTagging DeleteBucketWebsite DeleteObject DeleteObjectTagging DeleteObjects
        DeletePublicAccessBlock GetBucketAccelerateConfiguration GetBucketAcl GetBucketCors GetBucketEncryption
        GetBucketLifecycleConfiguration GetBucketLocation GetBucketLogging GetBucketNotificationConfiguration
        GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketReplication GetBucketRequestPayment
        GetBucketTagging GetBucketVersioning GetBucketWebsite GetObject GetObjectAcl GetObjectAttributes
        GetObjectLockConfiguration GetObjectTagging GetPublicAccessBlock HeadBucket HeadObject ListBuckets
        ListMultipartUploads ListObjectVersions ListObjects ListObjectsV2 ListParts PutBucketAccelerateConfiguration
        PutBucketAcl PutBucketCors PutBucketEncryption PutBucketLifecycleConfiguration PutBucketLogging
        PutBucketNotificationConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketReplication
        PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite PutObject PutObjectAcl
        PutObjectTagging PutPublicAccessBlock UploadPart UploadPartCopy
    """,
    "sns": """
        AddPermission ConfirmSubscription CreateTopic DeleteTopic GetSubscriptionAttributes GetTopicAttributes
        ListSubscriptions ListSubscriptionsByTopic ListTagsForResource ListTopics Publish RemovePermission
        SetSubscriptionAttributes SetTopicAttributes Subscribe TagResource Unsubscribe UntagResource
    """,
    "cloudwatch": """
        DeleteAlarms DeleteDashboards DescribeAlarmHistory DescribeAlarms DescribeAlarmsForMetric DisableAlarmActions
        EnableAlarmActions GetDashboard ListDashboards ListTagsForResource PutDashboard PutMetricAlarm SetAlarmState
        TagResource UntagResource
    """,
    "backup": """
        CreateBackupPlan CreateBackupSelection CreateBackupVault DeleteBackupPlan DeleteBackupSelection DeleteBackupVault
        DeleteBackupVaultAccessPolicy DeleteRecoveryPoint DescribeBackupJob DescribeBackupVault DescribeCopyJob
        DescribeRecoveryPoint GetBackupPlan GetBackupSelection GetBackupVaultAccessPolicy ListBackupJobs
        ListBackupPlanVersions ListBackupPlans ListBackupSelections ListBackupVaults ListCopyJobs
        ListProtectedResourcesByBackupVault ListRecoveryPointsByBackupVault ListTags PutBackupVaultAccessPolicy
        StartBackupJob StartCopyJob TagResource UntagResource UpdateBackupPlan
    """,
    "budgets": """
        CreateBudget CreateNotification CreateSubscriber DeleteBudget DeleteNotification DeleteSubscriber DescribeBudget
        DescribeBudgetNotificationsForAccount DescribeBudgets DescribeNotificationsForBudget
        DescribeSubscribersForNotification ListTagsForResource TagResource UntagResource UpdateBudget
        UpdateNotification UpdateSubscriber
    """,
    "ce": """
        ListCostAllocationTags UpdateCostAllocationTagsStatus
    """,
    "acm": """
        AddTagsToCertificate DeleteCertificate DescribeCertificate GetAccountConfiguration ListCertificates
        ListTagsForCertificate PutAccountConfiguration RemoveTagsFromCertificate RequestCertificate
        ResendValidationEmail UpdateCertificateOptions
    """,
    "cloudfront": """
        CreateCloudFrontOriginAccessIdentity CreateDistribution CreateDistributionWithTags CreateOriginAccessControl
        DeleteCloudFrontOriginAccessIdentity DeleteDistribution DeleteOriginAccessControl GetCachePolicy
        GetCloudFrontOriginAccessIdentity GetCloudFrontOriginAccessIdentityConfig GetDistribution GetDistributionConfig
        GetOriginAccessControl GetOriginAccessControlConfig ListCloudFrontOriginAccessIdentities ListDistributions
        ListOriginAccessControls ListTagsForResource TagResource UntagResource UpdateCloudFrontOriginAccessIdentity
        UpdateDistribution UpdateOriginAccessControl
    """,
    "autoscaling": """
        CreateOrUpdateTags DeletePolicy DeleteTags DescribeAdjustmentTypes DescribeAutoScalingGroups
        DescribeAutoScalingInstances DescribePolicies DescribeTags PutScalingPolicy
    """,
    "elb": """
        AddTags CreateLoadBalancer DeleteLoadBalancer DescribeLoadBalancers DescribeTags RemoveTags
    """,
    "elbv2": """
        AddTags CreateListener CreateLoadBalancer CreateTargetGroup DeleteListener DeleteLoadBalancer DeleteTargetGroup
        DescribeListeners DescribeLoadBalancerAttributes DescribeLoadBalancers DescribeTags DescribeTargetGroups
        ModifyLoadBalancerAttributes RemoveTags
    """,
    "ssm": """
        AddTagsToResource DeleteParameter DeleteParameters DescribeParameters GetParameter GetParameters
        GetParametersByPath ListTagsForResource PutParameter RemoveTagsFromResource
    """,
    "sts": """
        AssumeRole AssumeRoleWithWebIdentity GetAccessKeyInfo GetCallerIdentity GetSessionToken
    """,
}

# What a service's model leaves to its clients. S3 declares few of its errors; these are of
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. The members that an error has beside code and
# message are of the pages of what it refuses. An answer's element is not called as its shape is.
BESIDE = {
    # Declared by none of the operations. What is asked about a vault that is not there is told this, as recordings show:
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/backup/vault.go
    "backup": {"errors": {"AccessDeniedException": 403}},
    # Declared by none of the operations, and answered by them all the same, as recordings of accounts show.
    "cloudwatch": {"raised": ["ValidationException"]},
    # Its answers have the namespace that its requests have. What a request of another document is told no model declares:
    # https://github.com/stalwartlabs/dns-update/issues/44
    "route53": {
        "namespace": "https://route53.amazonaws.com/doc/2013-04-01/",
        "errors": {"MalformedInput": 400},
    },
    # What stands wrong in a document is declared by no operation:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/APIReference/CommonErrors.html
    "cloudfront": {
        "namespace": "http://cloudfront.amazonaws.com/doc/2020-05-31/",
        "errors": {"MalformedXML": 400},
    },
    "s3": {
        "namespace": "http://s3.amazonaws.com/doc/2006-03-01/",
        "speech": {"hosts": True, "bare_errors": True},
        # The model lacks some of https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
        "enums": {
            "BucketCannedACL": ["aws-exec-read", "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write"],
            "ObjectCannedACL": ["log-delivery-write"],
        },
        "errors": {
            "AuthorizationHeaderMalformed": 400, "BadDigest": 400, "BadRequest": 400, "BucketAlreadyExists": 409,
            "BucketAlreadyOwnedByYou": 409, "BucketNotEmpty": 409, "IllegalLocationConstraintException": 400,
            "IllegalVersioningConfigurationException": 400, "InvalidArgument": 400, "InvalidBucketName": 400,
            "InvalidBucketAclWithObjectOwnership": 400, "InvalidBucketState": 409, "InvalidDigest": 400, "InvalidLocationConstraint": 400,
            "InvalidRequest": 400, "InvalidTag": 400, "KeyTooLongError": 400, "MalformedPolicy": 400,
            "MalformedXML": 400, "MethodNotAllowed": 405, "MissingRequestBodyError": 400, "NoSuchBucket": 404, "NoSuchKey": 404, "NoSuchVersion": 404,
            "NotModified": 304, "PreconditionFailed": 412,
            "AccessControlListNotSupported": 400, "ConditionalRequestConflict": 409, "EntityTooSmall": 400,
            "InvalidEncryptionAlgorithmError": 400, "InvalidPart": 400, "InvalidPartNumber": 416, "InvalidPartOrder": 400,
            "InvalidRange": 416, "InvalidRedirectLocation": 400, "InvalidStorageClass": 400, "NotImplemented": 501,
            "KMS.NotFoundException": 400, "KMS.DisabledException": 400, "KMS.KMSInvalidStateException": 400, "KMS.InvalidArnException": 400,
            "NoSuchBucketPolicy": 404, "NoSuchLifecycleConfiguration": 404, "NoSuchPublicAccessBlockConfiguration": 404,
            "NoSuchTagSet": 404, "OperationAborted": 409, "OwnershipControlsNotFoundError": 404,
            "PermanentRedirect": 301, "ReplicationConfigurationNotFoundError": 404, "TooManyBuckets": 400, "XAmzContentSHA256Mismatch": 400,
            "AccessDenied": 403, "AccessForbidden": 403, "InvalidBucketOwnerAWSAccountID": 400, "MetadataTooLarge": 400,
            "CrossLocationLoggingProhibitted": 403, "InvalidTargetBucketForLogging": 400, "MalformedACLError": 400,
            "MissingSecurityHeader": 400, "NoSuchCORSConfiguration": 404, "NoSuchWebsiteConfiguration": 404,
            "ObjectLockConfigurationNotFoundError": 404, "UnexpectedContent": 400,
        },
        "told": {
            "BucketAlreadyExists": ["BucketName"], "BucketAlreadyOwnedByYou": ["BucketName"],
            "BucketNotEmpty": ["BucketName"], "InvalidArgument": ["ArgumentName", "ArgumentValue"],
            "InvalidBucketName": ["BucketName"], "InvalidTag": ["TagKey", "TagValue"], "NoSuchBucket": ["BucketName"],
            "NoSuchBucketPolicy": ["BucketName"], "NoSuchKey": ["Key", "x-amz-delete-marker"], "PreconditionFailed": ["Condition"],
            "NoSuchLifecycleConfiguration": ["BucketName"], "NoSuchUpload": ["UploadId"], "NoSuchVersion": ["Key", "VersionId"],
            "ConditionalRequestConflict": ["Condition", "Key"],
            "EntityTooSmall": ["ETag", "MinSizeAllowed", "PartNumber", "ProposedSize"],
            "InvalidEncryptionAlgorithmError": ["ArgumentName", "ArgumentValue"],
            "InvalidPart": ["UploadId", "PartNumber", "ETag"], "InvalidPartNumber": ["PartNumberRequested", "ActualPartCount"],
            "InvalidPartOrder": ["UploadId"], "InvalidRange": ["RangeRequested", "ActualObjectSize"],
            "InvalidStorageClass": ["StorageClassRequested"],
            "MethodNotAllowed": ["Allow", "Method", "ResourceType", "x-amz-delete-marker"],
            "NotImplemented": ["Header", "additionalMessage"],
            "NoSuchPublicAccessBlockConfiguration": ["BucketName"], "NoSuchTagSet": ["BucketName"],
            "OwnershipControlsNotFoundError": ["BucketName"],
            "ReplicationConfigurationNotFoundError": ["BucketName"],
            "PermanentRedirect": ["Endpoint", "Bucket", "x-amz-bucket-region"],
            "AccessDenied": ["HeadersNotSigned", "X-Amz-Expires", "Expires", "ServerTime"],
            "AccessForbidden": ["Method", "ResourceType"], "MetadataTooLarge": ["Size", "MaxSizeAllowed"],
            "CrossLocationLoggingProhibitted": ["TargetBucketLocation"], "InvalidTargetBucketForLogging": ["TargetBucket"],
            "MissingSecurityHeader": ["MissingHeaderName"], "NoSuchCORSConfiguration": ["BucketName"],
            "NoSuchWebsiteConfiguration": ["BucketName"], "ObjectLockConfigurationNotFoundError": ["BucketName"],
        },
        "wrapper": {
            "GetBucketAccelerateConfiguration": "AccelerateConfiguration", "GetBucketAcl": "AccessControlPolicy",
            "GetBucketCors": "CORSConfiguration", "GetBucketLogging": "BucketLoggingStatus",
            "GetBucketRequestPayment": "RequestPaymentConfiguration", "GetBucketWebsite": "WebsiteConfiguration",
            "GetObjectAcl": "AccessControlPolicy",
            "GetBucketLifecycleConfiguration": "LifecycleConfiguration", "GetBucketTagging": "Tagging",
            "GetBucketVersioning": "VersioningConfiguration", "ListBuckets": "ListAllMyBucketsResult",
            "CompleteMultipartUpload": "CompleteMultipartUploadResult",
            "CreateMultipartUpload": "InitiateMultipartUploadResult", "GetObjectAttributes": "GetObjectAttributesResponse",
            "GetObjectTagging": "Tagging", "ListMultipartUploads": "ListMultipartUploadsResult",
            "ListObjects": "ListBucketResult", "ListParts": "ListPartsResult",
            "DeleteObjects": "DeleteResult", "ListObjectVersions": "ListVersionsResult", "ListObjectsV2": "ListBucketResult",
        },
        "unwrapped": ["GetBucketLocation"],
    },
}

# In the documentation of a `Filters` member each filter's name is marked as code, before what it selects.
FILTER = re.compile(r"<code>([a-z][A-Za-z0-9.:-]*?)(?::&lt;key&gt;)?</code>(?=\s*(?:(?:\||or)\s*<code>|\(?(?:deprecated|Deprecated)?\)?\s*(?:-|–|—|:)))")

# Java's regular expressions can look around, and the engine that checks here cannot.
UNSUPPORTED = re.compile(r"\(\?[=!<]")


def loader(cache):
    home = cache / f"botocore-{BOTOCORE}"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
    have = subprocess.run([python, "-c", "import botocore; print(botocore.__version__)"], capture_output=True, text=True)
    if have.stdout.strip() != BOTOCORE:
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"botocore=={BOTOCORE}"], check=True)
    read = "import sys, json, botocore.loaders as l; s = l.Loader(); n = sys.argv[1]\n" \
        "m = s.load_service_model(n, 'service-2')\n" \
        "try: p = s.load_service_model(n, 'paginators-1')\n" \
        "except Exception: p = {}\n" \
        "print(json.dumps([m, p]))"
    return lambda name: json.loads(subprocess.run([python, "-c", read, name], check=True, capture_output=True, text=True).stdout)


def filters(model, operation):
    """The names of the filters that an operation's documentation lists, but for those on tags."""
    source = model["operations"][operation].get("input")
    members = model["shapes"][source["shape"]].get("members", {}) if source else {}
    # The one that DescribeNatGateways has is named in the singular.
    text = next((members[name].get("documentation", "") for name in ("Filters", "Filter") if name in members), "")
    # Lists within an item are of the values that the filter may have, as is what is marked as code after the name.
    depth, items = 0, []
    for piece in re.split(r"(</?(?:ul|li)>)", text):
        if piece in ("<ul>", "</ul>"):
            depth += 1 if piece == "<ul>" else -1
        elif piece == "<li>" and depth == 1:
            items.append("")
        elif depth == 1 and items:
            items[-1] += piece
    found = {name for item in items for name in FILTER.findall(item.split(" - ")[0] + " - ")}
    return sorted(name for name in found if name not in ("tag", "tag-key", "tag-value"))


# What the tables say of members and of shapes, and what botocore's models say beside it that tells a server
# nothing. Anything else is something that the codec does not know.
MEMBER = (
    "locationName", "queryName", "location", "flattened", "timestampFormat", "idempotencyToken", "xmlNamespace", "xmlAttribute",
)
SHAPE = ("enum", "min", "max", "flattened", "timestampFormat", "payload", "union", "sparse", "mediaType", "xmlNamespace", "sensitive")
SILENT = {
    "shape", "type", "members", "member", "key", "value", "required", "pattern", "document", "documentation", "deprecated",
    "deprecatedMessage", "deprecatedSince", "box", "error", "exception", "fault", "wrapper", "synthetic",
    "hostLabel", "contextParam", "streaming", "xmlOrder",
}


def known(source, kept):
    unknown = set(source) - set(kept) - SILENT
    # Of a structure it is the element's name where it stands alone, which it does in no other protocol than S3's.
    unknown.discard("locationName")
    if unknown:
        raise ValueError(f"the codec does not know {', '.join(sorted(unknown))}")


def member(source):
    kept = {"shape": source["shape"]}
    for key in MEMBER:
        if key in source:
            kept[key] = {"uri": source[key]} if key == "xmlNamespace" and isinstance(source[key], str) else source[key]
    known(source, MEMBER)
    return kept


def shape(source, protocol):
    kept = {"type": "document" if source.get("document") else source["type"]}
    if protocol == "rest-xml" and kept["type"] == "structure" and "locationName" in source:
        kept["locationName"] = source["locationName"]
    for key in SHAPE:
        if key in source:
            kept[key] = {"uri": source[key]} if key == "xmlNamespace" and isinstance(source[key], str) else source[key]
    known(source, SHAPE)
    pattern = source.get("pattern")
    if pattern and not UNSUPPORTED.search(pattern):
        kept["pattern"] = pattern
    if kept["type"] == "structure":
        if source.get("required"):
            kept["required"] = source["required"]
        kept["members"] = {name: member(m) for name, m in source.get("members", {}).items()}
    for key in ("member", "key", "value"):
        if key in source:
            kept[key] = member(source[key])
    return kept


def route(model, operation):
    """How a request says that it asks for the operation, where its protocol has no name for that: method and path, with
    the parameters that it can't be without where another operation has the same."""

    def of(source):
        return f"{source['http']['method']} {source['http']['requestUri']}"

    source = model["operations"][operation]
    if [of(other) for other in model["operations"].values()].count(of(source)) == 1 or "input" not in source:
        return of(source)
    shape = model["shapes"][source["input"]["shape"]]
    parameters = [shape["members"][name] for name in shape.get("required", [])]
    names = [one["locationName"] for one in parameters if one.get("location") == "querystring"]
    return of(source) + "".join(f"{'&' if '?' in of(source) else '?'}{name}={{{name}}}" for name in names)


def speech(name, metadata):
    """What a table says of how a service speaks, beside its protocol."""
    kept = dict(BESIDE.get(name, {}).get("speech", {}))
    if "targetPrefix" in metadata:
        kept.update(target=metadata["targetPrefix"], json=metadata.get("jsonVersion", "1.0"))
    if "awsQueryCompatible" in metadata:
        kept["query_errors"] = True
    return kept


def protocols(metadata):
    """The protocols that a service speaks, the one that its requests say of themselves the most clearly first."""
    usual, spoken = metadata["protocol"], metadata.get("protocols", [])
    if usual == "smithy-rpc-v2-cbor":
        return [one for one in (usual, "json", "query") if one in spoken]
    return ["query" if "query" in spoken and usual not in ("ec2", "rest-json") else usual]


def table(name, model, pages):
    metadata = model["metadata"]
    served = SERVED[name].split()
    missing = [op for op in served if op not in model["operations"]]
    if missing:
        sys.exit(f"{name} has no operation {', '.join(missing)}")
    beside = BESIDE.get(name, {})
    operations, errors, named, wanted = {}, {}, {}, []
    for op in sorted(served):
        source = model["operations"][op]
        kept = {"method": source["http"]["method"], "uri": source["http"]["requestUri"]}
        if source["http"].get("responseCode", 200) != 200:
            kept["status"] = source["http"]["responseCode"]
        for key in ("input", "output"):
            if key in source:
                kept[key] = source[key]["shape"]
                wanted.append(source[key]["shape"])
        if "resultWrapper" in source.get("output", {}):
            kept["wrapper"] = source["output"]["resultWrapper"]
        if metadata["protocol"] == "rest-xml" and "locationName" in source.get("input", {}):
            kept["root"] = source["input"]["locationName"]
        if source.get("httpChecksum", {}).get("requestChecksumRequired"):
            kept["checksum"] = True
        if op in beside.get("wrapper", {}):
            kept["wrapper"] = beside["wrapper"][op]
        if op in beside.get("unwrapped", []):
            kept["unwrapped"] = True
        if source.get("authtype") == "none":
            kept["unsigned"] = True
        page = pages.get("pagination", {}).get(op)
        if page and isinstance(page.get("input_token"), str):
            kept["page"] = {k: page[k] for k in ("input_token", "output_token", "limit_key") if isinstance(page.get(k), str)}
        if listed := filters(model, op):
            kept["filters"] = listed
        for error in source.get("errors", []) + [{"shape": shape} for shape in beside.get("raised", [])]:
            declared = model["shapes"][error["shape"]].get("error", {})
            code = declared.get("code", error["shape"])
            errors[code] = declared.get("httpStatusCode", 400)
            if metadata["protocol"] not in ("ec2", "query"):
                wanted.append(error["shape"])
                # Of two errors with one code, clients are told the one that is called so.
                if code != error["shape"] and code not in model["shapes"]:
                    named[code] = error["shape"]
        operations[op] = kept
    shapes = {}
    while wanted:
        current = wanted.pop()
        if current in shapes:
            continue
        shapes[current] = shape(model["shapes"][current], metadata["protocol"])
        for key in ("members",):
            wanted += [m["shape"] for m in shapes[current].get(key, {}).values()]
        wanted += [shapes[current][key]["shape"] for key in ("member", "key", "value") if key in shapes[current]]
    for kind, values in beside.get("enums", {}).items():
        shapes[kind]["enum"] += [value for value in values if value not in shapes[kind]["enum"]]
    errors.update(beside.get("errors", {}))
    for code, members in beside.get("told", {}).items():
        # What begins with x- stands in a header, and which methods are allowed.
        told = {member: {"shape": "ErrorText", **({"location": "header", "locationName": member} if member[0] == "x" or member == "Allow" else {})}
                for member in members}
        shapes[code] = {"type": "structure", "members": told}
        shapes["ErrorText"] = {"type": "string"}
    protocol, *also = protocols(metadata)
    beside_it = f' "also": {json.dumps(also)},' if also else ""
    namespace = metadata.get("xmlNamespace", beside.get("namespace", ""))
    if protocol == "ec2" and not namespace.endswith("/"):
        # EC2's answers have the slash that the model has not.
        namespace += "/"
    lines = [
        "{",
        f'"service": {json.dumps(name)}, "signing": {json.dumps(metadata.get("signingName", metadata["endpointPrefix"]))},'
        f' "protocol": {json.dumps(protocol)},{beside_it} "version": {json.dumps(metadata["apiVersion"])},'
        f' "namespace": {json.dumps(namespace)}, "source": "botocore {BOTOCORE}",',
        '"operations": {',
        ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in operations.items()),
        '},\n"unserved": ' + json.dumps({op: route(model, op) for op in sorted(set(model["operations"]) - set(served))}) + ",",
        '"errors": ' + json.dumps(dict(sorted(errors.items()))) + ",",
        *([f'"named": {json.dumps(dict(sorted(named.items())))},'] if named else []),
        *([json.dumps(spoken)[1:-1] + ","] if (spoken := speech(name, metadata)) else []),
        '"shapes": {',
        ",\n".join(f"{json.dumps(k)}: {json.dumps(shapes[k])}" for k in sorted(shapes)),
        "}\n}\n",
    ]
    return "\n".join(lines)


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cache = os.environ.get("FATHUSS_CACHE") or pathlib.Path.home() / ".cache" / "fathuss"
    parser.add_argument("--cache", type=pathlib.Path, default=cache)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if a table would change")
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    load = loader(arguments.cache)
    changed = []
    for name in SERVED:
        target = root / "src" / "simulator" / "models" / f"{name}.json"
        text = table(name, *load(name))
        if not target.exists() or target.read_text() != text:
            changed.append(target)
            if not arguments.check:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
        print(f"{name}: {len(SERVED[name].split())} operations, {len(text) // 1024} KiB")
    if arguments.check and changed:
        sys.exit("out of date: " + ", ".join(str(path.relative_to(root)) for path in changed))


if __name__ == "__main__":
    main()
