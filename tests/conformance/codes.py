"""The error codes of the operations that are served, each with the page of AWS's that has it.

RDS, ElastiCache, EKS, IAM and STS declare the codes of each operation in the API's model; the page is the first of the
operations that declares it. What all operations of a service share is on its page of common errors. EC2 declares none:
its page of error codes has them all, and `EC2` those of our types. A code that stands under `EXCLUDED` is none that
our operations can be brought to here, for the reason given.
"""

PAGES = {
    "backup": "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_{}.html",
    "budgets": "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_{}.html",
    "ce": "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_{}.html",
    "acm": "https://docs.aws.amazon.com/acm/latest/APIReference/API_{}.html",
    "cloudfront": "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_{}.html",
    "ssm": "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_{}.html",
    "autoscaling": "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_{}.html",
    "elb": "https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_{}.html",
    "elbv2": "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_{}.html",
    "cloudwatch": "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_{}.html",
    "eks": "https://docs.aws.amazon.com/eks/latest/APIReference/API_{}.html",
    "elasticache": "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_{}.html",
    "iam": "https://docs.aws.amazon.com/IAM/latest/APIReference/API_{}.html",
    "kms": "https://docs.aws.amazon.com/kms/latest/APIReference/API_{}.html",
    "logs": "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_{}.html",
    "rds": "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_{}.html",
    "route53": "https://docs.aws.amazon.com/Route53/latest/APIReference/API_{}.html",
    "secretsmanager": "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_{}.html",
    "s3": "https://docs.aws.amazon.com/AmazonS3/latest/API/API_{}.html",
    "sns": "https://docs.aws.amazon.com/sns/latest/api/API_{}.html",
    "sts": "https://docs.aws.amazon.com/STS/latest/APIReference/API_{}.html",
}
COMMON_PAGES = {
    "backup": "https://docs.aws.amazon.com/aws-backup/latest/devguide/CommonErrors.html",
    "budgets": "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/CommonErrors.html",
    "ce": "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/CommonErrors.html",
    "cloudfront": "https://docs.aws.amazon.com/cloudfront/latest/APIReference/CommonErrors.html",
    "acm": "https://docs.aws.amazon.com/acm/latest/APIReference/CommonErrors.html",
    "ssm": "https://docs.aws.amazon.com/systems-manager/latest/APIReference/CommonErrors.html",
    "autoscaling": "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html",
    "elb": "https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/CommonErrors.html",
    "elbv2": "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/CommonErrors.html",
    "cloudwatch": "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html",
    "ec2": "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
    "eks": "https://docs.aws.amazon.com/eks/latest/APIReference/CommonErrors.html",
    "elasticache": "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/CommonErrors.html",
    "iam": "https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html",
    "kms": "https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html",
    "logs": "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html",
    "rds": "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html",
    "route53": "https://docs.aws.amazon.com/Route53/latest/APIReference/CommonErrors.html",
    "secretsmanager": "https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html",
    "s3": "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
    "sns": "https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html",
    "sts": "https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html",
}
COMMON = {
    "backup": "",
    "budgets": "",
    "ce": "",
    "cloudfront": "",
    "acm": "ThrottlingException UnrecognizedClientException ValidationException",
    "ssm": "",
    "autoscaling": "InvalidAction InvalidClientTokenId Throttling ValidationError",
    "elb": "InvalidAction InvalidClientTokenId Throttling ValidationError",
    "elbv2": "InvalidAction InvalidClientTokenId Throttling ValidationError",
    "cloudwatch": "InvalidClientTokenId Throttling ValidationError",
    "eks": "",
    "logs": "AccessDeniedException ThrottlingException UnrecognizedClientException",
    "secretsmanager": "ThrottlingException UnrecognizedClientException ValidationException",
    "elasticache": "InvalidAction InvalidClientTokenId InvalidParameterCombination InvalidParameterValue Throttling ValidationError",
    "iam": "InvalidAction InvalidClientTokenId Throttling ValidationError",
    "kms": "AccessDeniedException ThrottlingException UnrecognizedClientException ValidationException",
    "rds": "InvalidAction InvalidClientTokenId InvalidParameterCombination InvalidParameterValue Throttling ValidationError",
    "route53": "InvalidClientTokenId Throttling",
    "s3": "AccessControlListNotSupported AccessDenied BadDigest BadRequest BucketNotEmpty ConditionalRequestConflict CrossLocationLoggingProhibitted EntityTooSmall IllegalLocationConstraintException IllegalVersioningConfigurationException InvalidArgument InvalidBucketName InvalidBucketOwnerAWSAccountID InvalidBucketState InvalidEncryptionAlgorithmError InvalidLocationConstraint InvalidPart InvalidPartNumber InvalidPartOrder InvalidRange InvalidRequest InvalidStorageClass InvalidTag InvalidTargetBucketForLogging KeyTooLongError MalformedACLError MalformedPolicy MalformedXML MetadataTooLarge MethodNotAllowed MissingSecurityHeader NoSuchBucketPolicy NoSuchCORSConfiguration NoSuchLifecycleConfiguration NoSuchPublicAccessBlockConfiguration NoSuchTagSet NoSuchVersion NoSuchWebsiteConfiguration NotImplemented ObjectLockConfigurationNotFoundError OperationAborted OwnershipControlsNotFoundError PreconditionFailed ReplicationConfigurationNotFoundError TooManyBuckets UnexpectedContent",
    "sns": "InvalidAction InvalidClientTokenId Throttling ValidationError",
    "sts": "AccessDenied InvalidAction InvalidClientTokenId Throttling ValidationError",
}

EC2 = """
    AddressLimitExceeded AttachmentLimitExceeded AuthFailure CannotDelete
    DefaultSubnetAlreadyExistsInAvailabilityZone DefaultVpcAlreadyExists DefaultVpcDoesNotExist DependencyViolation DryRunOperation
    DuplicateSubnetsInSameZone
    FlowLogAlreadyExists FlowLogsLimitExceeded Gateway.NotAttached IdempotentInstanceTerminated IdempotentParameterMismatch IncorrectInstanceState IncorrectModificationState IncorrectState
    InsufficientFreeAddressesInSubnet InternetGatewayLimitExceeded InvalidAction InvalidAddress.NotFound
    InvalidAllocationID.NotFound InvalidAMIID.Malformed InvalidAMIID.NotFound InvalidAssociationID.NotFound
    InvalidAttachment.NotFound InvalidAttachmentID.NotFound InvalidBlockDeviceMapping InvalidDhcpOptionID.NotFound
    InvalidDhcpOptionsId.Malformed InvalidFlowLogId.NotFound InvalidGatewayID.NotFound InvalidGroup.Duplicate InvalidGroup.InUse InvalidGroup.NotFound
    InvalidGroup.Reserved InvalidGroupId.Malformed InvalidID InvalidInstanceAttributeValue
    InvalidInstanceID.Malformed InvalidInstanceID.NotFound InvalidInternetGatewayId.Malformed
    InvalidInternetGatewayID.NotFound InvalidIPAddress.InUse InvalidKeyPair.NotFound InvalidLaunchTemplateId.Malformed
    InvalidLaunchTemplateId.NotFound InvalidLaunchTemplateId.VersionNotFound
    InvalidLaunchTemplateName.AlreadyExistsException InvalidLaunchTemplateName.MalformedException
    InvalidLaunchTemplateName.NotFoundException InvalidNetworkAclEntry.NotFound InvalidNetworkAclID.NotFound InvalidNetworkInterface.InUse
    InvalidNetworkInterfaceID.NotFound InvalidNetworkInterfaceId.Malformed InvalidNextToken
    InvalidParameter InvalidParameterCombination InvalidParameterDependency InvalidParameterValue InvalidPermission.Duplicate
    InvalidPermission.NotFound InvalidPolicyDocument InvalidPrefixListId.Malformed InvalidPrefixListID.NotFound InvalidRoute.NotFound InvalidRouteTableId.Malformed InvalidRouteTableID.NotFound
    InvalidSecurityGroupRuleId.NotFound InvalidServiceName InvalidSnapshot.NotFound InvalidSubnet.Conflict InvalidSubnet.Range
    InvalidSubnetId.Malformed InvalidSubnetID.NotFound InvalidUserData.Malformed InvalidVolume.NotFound
    InvalidVolume.ZoneMismatch InvalidVolumeModification.NotFound InvalidVpc.Range InvalidVpcEndpointId.Malformed InvalidVpcEndpointId.NotFound InvalidVpcId.Malformed
    InvalidVpcID.NotFound InvalidZone.NotFound MissingInput MissingParameter NatGatewayMalformed NatGatewayNotFound
    NetworkAclEntryAlreadyExists NetworkAclEntryLimitExceeded NetworkAclLimitExceeded PrivateIpAddressLimitExceeded
    OperationNotPermitted RequestExpired RequestLimitExceeded Resource.AlreadyAssociated RouteAlreadyExists
    RouteLimitExceeded RulesPerSecurityGroupLimitExceeded SecurityGroupsPerInterfaceLimitExceeded TagLimitExceeded
    Unavailable UnknownParameter Unsupported UnsupportedOperation VcpuLimitExceeded VolumeInUse VolumeModificationRateExceeded VPCIdNotSpecified
    VpcEndpointLimitExceeded VpcLimitExceeded
"""

CLUSTERS = "DB clusters, capacity reservations, proxies, shard groups, tenants, domains and integrations are types of their own"
OLD = "security groups of RDS's and ElastiCache's own belong to EC2-Classic, which is retired"
FAILURE = "a failure of AWS's own, which no request brings about; fault rules send the general one"
STORES = "key stores are a type of their own (aws_kms_custom_key_store)"
APPLICATIONS = "endpoints of applications are types of their own (aws_sns_platform_application)"
DIRECTORIES = "declared for what is appended to objects of directory buckets, a type of their own (aws_s3_directory_bucket)"
CAPACITY = "AWS runs out of nothing here"

EXCLUDED = {
    "backup": {
        "DependencyFailureException": FAILURE,
        "ServiceUnavailableException": FAILURE,
    },
    "budgets": {
        "BillingViewHealthStatusException": "billing views are a type of their own (aws_billing_view)",
        "ExpiredNextTokenException": "tokens of pages do not expire here",
        "InternalErrorException": FAILURE,
        "ThrottlingException": FAILURE,
    },
    "ce": {},
    "cloudfront": {
        "ContinuousDeploymentPolicyInUse": "continuous deployment is a type of its own (aws_cloudfront_continuous_deployment_policy)",
        "NoSuchContinuousDeploymentPolicy": "continuous deployment is a type of its own (aws_cloudfront_continuous_deployment_policy)",
        "StagingDistributionInUse": "continuous deployment is a type of its own (aws_cloudfront_continuous_deployment_policy)",
        "IllegalFieldLevelEncryptionConfigAssociationWithCacheBehavior": "field-level encryption is a type of its own (aws_cloudfront_field_level_encryption_config)",
        "NoSuchFieldLevelEncryptionConfig": "field-level encryption is a type of its own (aws_cloudfront_field_level_encryption_config)",
        "TooManyDistributionsAssociatedToFieldLevelEncryptionConfig": "field-level encryption is a type of its own (aws_cloudfront_field_level_encryption_config)",
        "EntityLimitExceeded": "functions are types of their own (aws_cloudfront_function, aws_lambda_function)",
        "EntityNotFound": "functions are types of their own (aws_cloudfront_function, aws_lambda_function)",
        "InvalidFunctionAssociation": "functions are types of their own (aws_cloudfront_function, aws_lambda_function)",
        "InvalidLambdaFunctionAssociation": "functions are types of their own (aws_cloudfront_function, aws_lambda_function)",
        "TooManyDistributionsWithFunctionAssociations": "functions are types of their own (aws_cloudfront_function, aws_lambda_function)",
        "TooManyDistributionsWithLambdaAssociations": "functions are types of their own (aws_cloudfront_function, aws_lambda_function)",
        "TooManyDistributionsWithSingleFunctionARN": "functions are types of their own (aws_cloudfront_function, aws_lambda_function)",
        "TooManyFunctionAssociations": "functions are types of their own (aws_cloudfront_function, aws_lambda_function)",
        "TooManyLambdaFunctionAssociations": "functions are types of their own (aws_cloudfront_function, aws_lambda_function)",
        "NoSuchRealtimeLogConfig": "real-time logs are a type of their own (aws_cloudfront_realtime_log_config)",
        "RealtimeLogConfigOwnerMismatch": "real-time logs are a type of their own (aws_cloudfront_realtime_log_config)",
        "TooManyDistributionsAssociatedToKeyGroup": "signers and their keys are types of their own (aws_cloudfront_key_group)",
        "TooManyKeyGroupsAssociatedToDistribution": "signers and their keys are types of their own (aws_cloudfront_key_group)",
        "TooManyTrustedSigners": "signers and their keys are types of their own (aws_cloudfront_key_group)",
        "TrustedKeyGroupDoesNotExist": "signers and their keys are types of their own (aws_cloudfront_key_group)",
        "TrustedSignerDoesNotExist": "signers and their keys are types of their own (aws_cloudfront_key_group)",
        "TooManyOriginGroupsPerDistribution": "origin groups are answered not simulated",
        "TooManyDistributionsAssociatedToCachePolicy": "policies of one's own are types of their own (aws_cloudfront_cache_policy)",
        "TooManyDistributionsAssociatedToOriginRequestPolicy": "policies of one's own are types of their own (aws_cloudfront_cache_policy)",
        "TooManyDistributionsAssociatedToResponseHeadersPolicy": "policies of one's own are types of their own (aws_cloudfront_cache_policy)",
        "TooManyCertificates": "certificates kept in IAM are answered not simulated",
        "ResourceInUse": "trust stores are a type of their own (aws_cloudfront_trust_store)",
    },
    "elb": {
        "DependencyThrottle": "no other service is asked for more than it answers",
        "OperationNotPermitted": "no page says what is not allowed",
    },
    "elbv2": {
        "AllocationIdNotFound": "Elastic IP addresses of load balancers are answered not simulated",
        "AvailabilityZoneNotSupported": "every zone that is simulated takes load balancers",
        "InvalidScheme": "what is no scheme the API's model refuses",
        "RuleNotFound": "rules of listeners are a type of their own (aws_lb_listener_rule)",
        "TooManyRegistrationsForTargetId": "targets are not simulated",
        "TooManyTargets": "targets are not simulated",
        "TrustStoreNotFound": "trust stores are a type of their own (aws_lb_trust_store)",
        "TrustStoreNotReady": "trust stores are a type of their own (aws_lb_trust_store)",
        "UnsupportedProtocol": "a protocol is refused as none of the listener's load balancer",
    },
    "autoscaling": {
        "AlreadyExists": "declared for tags, which are put over those that there are",
        "ResourceContention": "requests are taken one after another",
        "ResourceInUse": "declared for tags of groups that are being deleted, which is not simulated",
        "ServiceLinkedRoleFailure": "the role is made with the first group",
    },
    "ssm": {
        "InternalServerError": FAILURE,
        "IncompatiblePolicyException": "policies of parameters are not simulated",
        "InvalidFilterValue": "values of filters are names, types and keys, and any may be asked for",
        "InvalidPolicyAttributeException": "policies of parameters are not simulated",
        "InvalidPolicyTypeException": "policies of parameters are not simulated",
        "InvalidResourceType": "what is no type the API's model refuses, and the others are not simulated",
        "ParameterMaxVersionLimitExceeded": "labels, which keep a version from being dropped, are not simulated",
        "PoliciesLimitExceededException": "policies of parameters are not simulated",
        "TooManyUpdates": "requests are taken one after another",
        "UnsupportedParameterType": "what is no type the API's model refuses",
    },
    "cloudwatch": {
        "InternalServiceError": FAILURE,
        "ConcurrentModificationException": "requests are taken one after another",
        "ConflictException": "requests are taken one after another",
        "ResourceConflict": "declared for composite alarms that depend on each other, which are not simulated",
    },
    "logs": {
        "ServiceUnavailableException": FAILURE,
        "OperationAbortedException": "two changes of one group at once, which come one after the other here",
        "InvalidOperationException": "declared for what groups of the DELIVERY class can't; no page says which change it is",
    },
    "secretsmanager": {
        "InternalServiceError": FAILURE,
        "PreconditionNotMetException": "declared for secrets whose policy is being changed meanwhile, which never is here",
    },
    "eks": {
        "ServerException": FAILURE,
        "ServiceUnavailableException": FAILURE,
        "ClientException": "credentials that may not use EKS; whether they may is IAM's to say",
        "InvalidStateException": "declared by CancelUpdate and its like alone",
    },
    "rds": {
        name: CLUSTERS
        for name in """
            BackupPolicyNotFoundFault BlueGreenDeploymentNotFoundFault DBCapacityReservationNotFound DBClusterNotFoundFault
            DBClusterSnapshotNotFoundFault DBProxyEndpointNotFoundFault DBProxyNotFoundFault DBProxyTargetGroupNotFoundFault
            DBShardGroupNotFound DBSnapshotTenantDatabaseNotFoundFault DomainNotFoundFault IntegrationNotFoundFault
            InvalidDBCapacityReservationState InvalidDBClusterEndpointStateFault InvalidDBClusterStateFault
            TenantDatabaseNotFound TenantDatabaseQuotaExceeded VpcEncryptionControlViolationException
        """.split()
    }
    | {
        "AuthorizationNotFound": OLD,
        "DBSecurityGroupNotFound": OLD,
        "InvalidDBSecurityGroupState": OLD,
        "InsufficientDBInstanceCapacity": CAPACITY,
        "StorageQuotaExceeded": CAPACITY,
        "ProvisionedIopsNotAvailableInAZFault": CAPACITY,
        "DBInstanceAutomatedBackupQuotaExceeded": CAPACITY,
        "DBUpgradeDependencyFailure": "upgrades that depend on another resource are not PostgreSQL's",
        "NetworkTypeNotSupported": "IPv6 is not simulated",
        "InvalidDBSubnetStateFault": "a subnet that is not available is one being deleted, which EC2 does at once",
        "StorageTypeNotSupported": "every engine and class that is simulated has every storage type",
        "InvalidRestoreFault": "what can't be restored is a VPC's to one outside; there is only VPC here",
    },
    "elasticache": {
        "CacheSecurityGroupNotFound": OLD,
        "InvalidCacheSecurityGroupState": OLD,
        "InsufficientCacheClusterCapacity": CAPACITY,
        "ClusterQuotaForCustomerExceeded": CAPACITY,
        "SnapshotQuotaExceededFault": CAPACITY,
        "APICallRateForCustomerExceeded": CAPACITY,
        "GlobalReplicationGroupNotFoundFault": "global replication groups are a type of their own",
        "InvalidGlobalReplicationGroupState": "global replication groups are a type of their own",
        "InvalidServerlessCacheSnapshotStateFault": "serverless caches are a type of their own",
        "InvalidServerlessCacheStateFault": "serverless caches are a type of their own",
        "ServerlessCacheNotFoundFault": "serverless caches are a type of their own",
        "ServerlessCacheSnapshotNotFoundFault": "serverless caches are a type of their own",
        "ReservedCacheNodeNotFound": "reserved nodes are a type of their own",
        "ServiceLinkedRoleNotFoundFault": "the role is made with the first group",
        "SnapshotFeatureNotSupportedFault": "every node type that is simulated has snapshots",
        "SubnetNotAllowedFault": "subnets that are not allowed are those of local zones and Outposts",
        "TestFailoverNotAvailableFault": "failover can be tested in every region that is simulated",
    },
    "iam": {
        "ServiceFailure": FAILURE,
        "ConcurrentModification": "requests are taken one after another",
        "OpenIdIdpCommunicationError": "nothing outside of the world is asked",
        "PolicyNotAttachable": "policies that can't be attached are those of service-linked roles",
    },
    "kms": {
        "DependencyTimeoutException": FAILURE,
        "KMSInternalException": FAILURE,
        "CloudHsmClusterInvalidConfigurationException": STORES,
        "CustomKeyStoreInvalidStateException": STORES,
        "XksKeyAlreadyInUseException": STORES,
        "XksKeyInvalidConfigurationException": STORES,
        "XksKeyNotFoundException": STORES,
        "InvalidGrantTokenException": "grants and their tokens are not simulated",
        "KeyUnavailableException": FAILURE,
        "InvalidAliasNameException": "what can't be a name is refused as ValidationException, as AWS was seen to",
        "UnsupportedOperationException": "declared for keys with imported material and in key stores, which are not simulated",
    },
    "sns": {
        "InternalError": FAILURE,
        "ConcurrentAccess": "requests are taken one after another",
        "EndpointDisabled": APPLICATIONS,
        "PlatformApplicationDisabled": APPLICATIONS,
        "InvalidSecurity": "a signature that is wrong is refused by the codes that all query services have",
        "InvalidState": "declared for topics whose messages are archived, which is not simulated",
        "KMSOptInRequired": "every service is subscribed to here",
        "KMSThrottling": "keys are asked as often as wanted",
        "ReplayLimitExceeded": "archives of messages are not simulated, and so neither are replays",
        "StaleTag": "requests are taken one after another",
        "TagPolicy": "tag policies belong to Organizations, which is not simulated",
        "ValidationException": "what the model does not allow is refused as ValidationError, as AWS was seen to",
    },
    "acm": {
        "ConflictException": "requests are taken one after another",
        "InvalidArgsException": "declared for lists, whose arguments are refused as ValidationException",
        "TagPolicyException": "tag policies belong to Organizations, which is not simulated",
    },
    "route53": {
        "DelegationSetNotAvailable": "an account of its own has no limit of zones of one name here",
        "DelegationSetNotReusable": "reusable delegation sets are a type of their own (aws_route53_delegation_set)",
        "NoSuchDelegationSet": "reusable delegation sets are a type of their own (aws_route53_delegation_set)",
        "NoSuchHealthCheck": "health checks are a type of their own (aws_route53_health_check)",
        "NotAuthorizedException": "VPCs of other accounts are not simulated: theirs are refused as no VPCs",
        "ThrottlingException": "declared for resource record set protections, which are not simulated",
    },
    "sts": {
        "IDPCommunicationError": "nothing outside of the world is asked",
        "IDPRejectedClaim": "nothing outside of the world is asked",
        "PackedPolicyTooLarge": "how AWS packs policies and tags, and so what is too large, no page says",
        "RegionDisabledException": "every region that is simulated is on",
    },
    "ec2": {},
    "s3": {
        "EncryptionTypeMismatch": DIRECTORIES,
        "InvalidWriteOffset": DIRECTORIES,
        "TooManyParts": DIRECTORIES,
    },
}


def listed(api, served):
    """Service, code and page of each."""
    for code in EC2.split():
        yield "ec2", code, COMMON_PAGES["ec2"]
    for service, page in PAGES.items():
        found = {code: COMMON_PAGES[service] for code in COMMON[service].split()}
        for operation in sorted(served[service]):
            for shape in api.models[service].operation_model(operation).error_shapes:
                code = shape.metadata.get("error", {}).get("code", shape.name)
                found.setdefault(code, page.format(operation))
        for code in sorted(found):
            if code not in EXCLUDED[service]:
                yield service, code, found[code]
