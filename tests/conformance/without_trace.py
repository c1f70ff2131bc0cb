"""Members that AWS takes and that change nothing which its API shows, each with the reason."""

FORCE = "how hard a thing is forced changes how it ends, not that it does; nothing hangs here"
SAME = "an update to what is there already changes nothing, with the same token as with another"

MANAGED = "what a service manages in a customer's place, as EKS Auto Mode does, is not simulated: there is none to be shown"
TRAFFIC = "there are no connections here that would have to drain"
UPDATES = "no service update comes here: the list is empty however it is asked for"

KEYED = "a tag is deleted by its key, whatever its value and whoever got it"

FOUND = "a rule is found by what it lets through, not by its description"

STATE = "in which state a notification is AWS says: in a request it changes nothing"

REFUSED = "what has some is answered not simulated, whatever they are"
FORMER = "it is how older clients named a certificate, and says nothing beside the members of today"
DISTRIBUTIONS = (
    "CreateDistribution.DistributionConfig",
    "CreateDistributionWithTags.DistributionConfigWithTags.DistributionConfig",
    "UpdateDistribution.DistributionConfig",
)

WITHOUT_TRACE = {
    "autoscaling.DeleteTags.Tags[].Value": KEYED,
    "autoscaling.DeleteTags.Tags[].PropagateAtLaunch": KEYED,
    **{
        f"budgets.{operation}.{member}.NotificationState": STATE
        for operation, member in (
            ("CreateBudget", "NotificationsWithSubscribers[].Notification"),
            ("CreateNotification", "Notification"),
            ("CreateSubscriber", "Notification"),
            ("DeleteNotification", "Notification"),
            ("DeleteSubscriber", "Notification"),
            ("DescribeSubscribersForNotification", "Notification"),
            ("UpdateNotification", "OldNotification"),
            ("UpdateNotification", "NewNotification"),
            ("UpdateSubscriber", "Notification"),
        )
    },
    **{f"cloudfront.{where}.ViewerCertificate.{member}": FORMER for where in DISTRIBUTIONS for member in ("Certificate", "CertificateSource")},
    **{
        f"cloudfront.{where}.{path}": REFUSED
        for where in DISTRIBUTIONS
        for path in (
            "OriginGroups.Items[].Id",
            "OriginGroups.Items[].FailoverCriteria.StatusCodes.Quantity",
            "OriginGroups.Items[].FailoverCriteria.StatusCodes.Items",
            "OriginGroups.Items[].Members.Quantity",
            "OriginGroups.Items[].Members.Items[].OriginId",
            "OriginGroups.Items[].SelectionCriteria",
            *(
                f"{behavior}.FunctionAssociations.Items[].{member}"
                for behavior in ("DefaultCacheBehavior", "CacheBehaviors.Items[]")
                for member in ("FunctionARN", "EventType")
            ),
        )
    },
    "kms.ListKeyPolicies.Limit": "a key has one policy, which is one page however many the request wants",
    "acm.PutAccountConfiguration.IdempotencyToken": "the same configuration twice leaves the same, whatever each request is called",
    "route53.CreateHostedZone.HostedZoneConfig.PrivateZone": "a zone with a VPC is private whether the request says so or not",
    "secretsmanager.CreateSecret.ForceOverwriteReplicaSecret": "a secret without replicas overwrites none",
    **{
        f"ec2.RevokeSecurityGroup{way}.IpPermissions[].{peers}[].Description": FOUND
        for way in ("Egress", "Ingress")
        for peers in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
    },
    "rds.ModifyDBInstance.CertificateRotationRestart": "whether a rotation restarts PostgreSQL is seen in its connections alone",
    **{
        f"ec2.{operation}.IncludeManagedResources": MANAGED
        for operation in (
            "DescribeInstanceStatus",
            "DescribeInstances",
            "DescribeLaunchTemplateVersions",
            "DescribeLaunchTemplates",
            "DescribeNetworkInterfaces",
            "DescribeVolumeStatus",
            "DescribeVolumes",
        )
    },
    **{
        f"s3.{operation}.EncodingType": "boto3 asks for encoded keys by itself, and decodes them"
        for operation in ("ListObjectVersions", "ListObjects", "ListObjectsV2")
    },
    **{
        f"s3.{operation}.ChecksumAlgorithm": "it says which checksum comes with a request, not what is done"
        for operation in (
            "DeleteObjects",
            "PutBucketAccelerateConfiguration",
            "PutBucketAcl",
            "PutBucketCors",
            "PutBucketEncryption",
            "PutBucketLifecycleConfiguration",
            "PutBucketLogging",
            "PutBucketOwnershipControls",
            "PutBucketPolicy",
            "PutBucketReplication",
            "PutBucketRequestPayment",
            "PutBucketTagging",
            "PutBucketVersioning",
            "PutBucketWebsite",
            "PutObjectAcl",
            "PutObjectTagging",
            "PutPublicAccessBlock",
        )
    },
    **{
        f"s3.{operation}.RequestPayer": "no bucket here lets its requesters pay; of any other its owner does, whoever offers to"
        for operation in (
            "AbortMultipartUpload",
            "CompleteMultipartUpload",
            "CopyObject",
            "CreateMultipartUpload",
            "DeleteObject",
            "DeleteObjects",
            "GetBucketAccelerateConfiguration",
            "GetObject",
            "GetObjectAcl",
            "GetObjectAttributes",
            "GetObjectTagging",
            "HeadObject",
            "ListMultipartUploads",
            "ListObjectVersions",
            "ListObjects",
            "ListObjectsV2",
            "ListParts",
            "PutObject",
            "PutObjectAcl",
            "PutObjectTagging",
            "UploadPart",
            "UploadPartCopy",
        )
    },
    **{
        f"s3.{operation}.AccessControlPolicy.{member}.DisplayName": "S3 knows accounts by their ids, whatever they are called"
        for operation in ("PutBucketAcl", "PutObjectAcl")
        for member in ("Grants[].Grantee", "Owner")
    },
    "s3.PutBucketNotificationConfiguration.SkipDestinationValidation": "what names a destination is answered not simulated, validated or not",
    "s3.UploadPart.ContentLength": "it is how long the body is",
    "s3.GetObject.ChecksumMode": "boto3 asks for checksums by itself",
    "s3.PutBucketPolicy.ConfirmRemoveSelfBucketAccess": "an administrator here is never locked out",
    "s3.PutObject.ContentLength": "it is how long the body is",
    "ec2.DescribeAvailabilityZones.AllAvailabilityZones": "local zones and Wavelength are not simulated: there are none to be opted into",
    "ec2.DescribeImages.IncludeDisabled": "no image here is disabled",
    "ec2.DescribeLaunchTemplateVersions.ResolveAlias": "no template here names its image by an alias; where one does, it is not simulated",
    "ec2.DescribeRegions.AllRegions": "every region that is simulated is on",
    "ec2.DescribeStaleSecurityGroups.MaxResults": "groups grow stale with a peering's end; there are no peerings",
    "ec2.DisassociateNatGatewayAddress.MaxDrainDurationSeconds": TRAFFIC,
    "ec2.UnassignPrivateNatGatewayAddress.MaxDrainDurationSeconds": TRAFFIC,
    "ec2.ModifyInstanceCreditSpecification.ClientToken": SAME,
    "ec2.ModifyLaunchTemplate.ClientToken": SAME,
    "ec2.ModifyVpcTenancy.InstanceTenancy": "default is the one value that the API has",
    "ec2.ResetAddressAttribute.Attribute": "domain-name is the one value that the API has",
    "ec2.ResetNetworkInterfaceAttribute.SourceDestCheck": "that it is there resets the attribute, whatever it says",
    **{
        f"elasticache.DescribeUpdateActions.{member}": UPDATES
        for member in (
            "CacheClusterIds",
            "Engine",
            "ReplicationGroupIds",
            "ServiceUpdateName",
            "ServiceUpdateStatus",
            "ServiceUpdateTimeRange.EndTime",
            "ServiceUpdateTimeRange.StartTime",
            "ShowNodeLevelUpdateStatus",
            "UpdateActionStatus",
        )
    },
    **{
        f"rds.{operation}.{member}": "a signed URL, and the region that boto3 signs one for, are for GovCloud and China alone"
        for operation in ("CopyDBSnapshot", "StartDBInstanceAutomatedBackupsReplication")
        for member in ("PreSignedUrl", "SourceRegion")
    },
    "rds.ModifyOptionGroup.ApplyImmediately": "no instance here has a group of its own, in which a change could wait",
    "rds.DescribeDBEngineVersions.IncludeAll": "versions that can no longer be had are not simulated",
    "rds.DescribeDBEngineVersions.ListSupportedCharacterSets": "PostgreSQL has none to be listed",
    "rds.DescribeDBEngineVersions.ListSupportedTimezones": "PostgreSQL has none to be listed",
    "rds.DescribeDBMajorEngineVersions.MaxRecords": "there are fewer major versions than the least page holds",
    "rds.DescribeDBSnapshots.IncludePublic": "nobody shares snapshots here",
    "rds.DescribeDBSnapshots.IncludeShared": "nobody shares snapshots here",
    "rds.DescribePendingMaintenanceActions.Filters:db-cluster-id": "no maintenance is due here",
    "rds.DescribePendingMaintenanceActions.Filters:db-instance-id": "no maintenance is due here",
    "ec2.DetachNetworkInterface.Force": FORCE,
    "ec2.DetachVolume.Force": FORCE,
    "ec2.StopInstances.Force": FORCE,
    "ec2.StopInstances.SkipOsShutdown": FORCE,
    "ec2.TerminateInstances.Force": FORCE,
    "ec2.TerminateInstances.SkipOsShutdown": FORCE,
    "eks.CreateAddon.resolveConflicts": "conflicts are with what others have put into the cluster; nobody does here",
    "eks.DeleteAddon.preserve": "what stays in the cluster is not seen in EKS's API",
    "eks.UpdateAccessEntry.clientRequestToken": SAME,
    "eks.UpdateClusterVersion.force": "it overrides findings of upgrade insights, which find nothing here",
    "eks.UpdateNodegroupVersion.force": "it evicts pods that would not go; there are none",
    "eks.UpdatePodIdentityAssociation.clientRequestToken": SAME,
    "iam.ListAccountAliases.MaxItems": "an account has at most one alias: there is never a second page",
}
