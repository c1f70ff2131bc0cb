"""The operations of the API that create, describe, modify, tag or delete one of our resource types, and their helpers.

An operation is of a type when its name has the type's words in it, as `CreateVpc` and `ModifyVpcAttribute` have that of
`aws_vpc`. `WORDS` has the words of each type. An operation that is so named and is not served stands under `EXCLUDED`,
with the reason: it is of a thing that is a type of its own, which is not among ours, or of something that AWS has
and that is not simulated. `test_surface.py` holds both lists to the API's model and to what the simulator serves.
"""

import re

# What our types are called in each service's operations. What they need beside themselves (DHCP options of a VPC,
# tags, events, engine versions and so on) has its words too.
WORDS = {
    "cloudwatch": {
        "aws_cloudwatch_metric_alarm": "Alarm(?!MuteRule)",
        "aws_cloudwatch_dashboard": "Dashboard",
        "tags": "TagResource|UntagResource|ListTagsForResource",
    },
    "logs": {
        "aws_cloudwatch_log_group": "LogGroup(?!s?ForQuery|Fields)|RetentionPolicy|KmsKey",
        "tags": "TagResource|UntagResource|ListTagsForResource",
    },
    "secretsmanager": {
        "aws_secretsmanager_secret": "Secret(?!Value|Version)|ResourcePolicy|RandomPassword",
        "aws_secretsmanager_secret_version": "SecretValue|SecretVersion",
        "tags": "TagResource|UntagResource",
    },
    "ec2": {
        "aws_vpc": "Vpc|DhcpOptions",
        "aws_network_acl": "NetworkAcl",
        "aws_flow_log": "FlowLog",
        "aws_subnet": "Subnet",
        "aws_internet_gateway": "InternetGateway",
        "aws_eip": "Address(?!Transfer)|AddressTransfer",
        "aws_nat_gateway": "NatGateway",
        "aws_route_table": "RouteTable",
        "aws_route": "Route(?!r|s?Server)",
        "aws_security_group": "SecurityGroup",
        "aws_launch_template": "LaunchTemplate",
        "aws_instance": "Instances?(?!Connect)|IamInstanceProfile",
        "aws_ebs_volume": "Volume|(Create|Delete)Snapshot$|DescribeSnapshots$",
        "aws_network_interface": "NetworkInterface",
        "prefix lists": "PrefixList",
        "lookups": "AvailabilityZone|Image|Region|AccountAttributes",
        "tags": "Tags",
    },
    "eks": {
        "aws_eks_cluster": "Cluster|Update|EncryptionConfig",
        "aws_eks_node_group": "Nodegroup",
        "aws_eks_addon": "Addon",
        "aws_eks_access_entry": "Access(Entry|Entries|Polic)|AccessPolicy",
        "aws_eks_fargate_profile": "FargateProfile",
        "aws_eks_pod_identity_association": "PodIdentityAssociation",
        "tags": "TagResource|UntagResource|ListTags",
    },
    "rds": {
        "aws_db_subnet_group": "DBSubnetGroup",
        "aws_db_parameter_group": "DBParameter|EngineDefaultParameters",
        "aws_db_snapshot": "DBSnapshot",
        "aws_db_option_group": "OptionGroup",
        "aws_db_instance_automated_backups_replication": "AutomatedBackupsReplication",
        "aws_db_instance": "DBInstance|ReadReplica|DBEngineVersion|DBMajorEngineVersion|Certificates|PendingMaintenance",
        "helpers": "Events$|Tags",
    },
    "elasticache": {
        "aws_elasticache_subnet_group": "CacheSubnetGroup",
        "aws_elasticache_parameter_group": "CacheParameter|EngineDefaultParameters",
        "aws_elasticache_user": "Users?$",
        "aws_elasticache_user_group": "UserGroups?$",
        "aws_elasticache_replication_group": "ReplicationGroup|Replica(?!tion)|CacheCluster|Snapshot|NodeType|Failover|CacheEngineVersion|UpdateAction|Migration",
        "helpers": "Events$|Tags",
    },
    "iam": {
        "aws_iam_role": "Role",
        "aws_iam_policy": "Polic(y|ies)",
        "aws_iam_instance_profile": "InstanceProfile",
        "aws_iam_openid_connect_provider": "OpenIDConnectProvider",
    },
    "kms": {
        "aws_kms_key": "Key(?!Store|Pair|Material|Rotations$)|KeyPolic|KeyRotationStatus",
        "aws_kms_alias": "Alias",
        "tags": "TagResource|UntagResource|ListResourceTags",
    },
    "s3": {
        "aws_s3_bucket": "Buckets?$|BucketLocation|BucketTagging",
        "what aws_s3_bucket had in blocks": "BucketCors|BucketWebsite|BucketLogging|BucketAccelerate|BucketRequestPayment|BucketNotification|ObjectLockConfiguration",
        "access control lists": "Acl$",
        "aws_s3_bucket_versioning": "BucketVersioning",
        "aws_s3_bucket_server_side_encryption_configuration": "BucketEncryption",
        "aws_s3_bucket_public_access_block": "PublicAccessBlock",
        "aws_s3_bucket_policy": "BucketPolicy",
        "aws_s3_bucket_ownership_controls": "BucketOwnershipControls",
        "aws_s3_bucket_lifecycle_configuration": "BucketLifecycle",
        "objects": "(Put|Get|Head|Delete|Copy)Objects?$|ListObject|ObjectTagging|ObjectAttributes",
        "uploads in parts": "MultipartUpload|UploadPart|ListParts",
        "aws_s3_bucket_replication_configuration": "BucketReplication",
    },
    "sns": {
        "aws_sns_topic": "Topics?$|TopicAttributes|Publish$",
        "aws_sns_topic_policy": "Permission",
        "aws_sns_topic_subscription": "[Ss]ubscri",
        "tags": "TagResource|UntagResource|ListTagsForResource",
    },
    "route53": {
        "aws_route53_zone": "HostedZone|VPC",
        "aws_route53_record": "ResourceRecordSet|GetChange$",
        "quotas": "AccountLimit",
        "tags": "Tags",
    },
    "backup": {
        "aws_backup_vault": "BackupVaults?$|BackupVaultAccessPolicy",
        "aws_backup_plan": "BackupPlans?$|BackupPlanVersions",
        "aws_backup_selection": "BackupSelection",
        "backups": "(Start|Describe|List)(Backup|Copy)Jobs?$|(Describe|Delete)RecoveryPoint$",
        "tags": "TagResource|UntagResource|ListTags$",
    },
    "budgets": {
        "aws_budgets_budget": "Budgets?$|Notification|Subscriber",
        "tags": "TagResource|UntagResource|ListTagsForResource",
    },
    "ce": {"aws_ce_cost_allocation_tag": "CostAllocationTags"},
    "acm": {
        "aws_acm_certificate": "Certificates?$|CertificateOptions",
        "aws_acm_certificate_validation": "ValidationEmail",
        "settings": "AccountConfiguration",
        "tags": "TagsToCertificate|TagsFromCertificate|TagsForCertificate",
    },
    "cloudfront": {
        "aws_cloudfront_distribution": "(Create|Get|Update|Delete)Distribution(Config|WithTags)?$|ListDistributions$|GetCachePolicy$",
        "aws_cloudfront_origin_access_control": "OriginAccessControl",
        "identities of older stacks": "OriginAccessIdentit",
        "tags": "TagResource|UntagResource|ListTagsForResource",
    },
    "autoscaling": {
        "aws_autoscaling_group": "DescribeAutoScaling(Groups|Instances)",
        "aws_autoscaling_policy": "PutScalingPolicy|DescribePolicies|DeletePolicy|DescribeAdjustmentTypes",
        "tags": "CreateOrUpdateTags|DeleteTags|DescribeTags",
    },
    "elb": {
        "classic load balancers": "LoadBalancer",
        "tags": "Tags",
    },
    "elbv2": {
        "load balancers": "LoadBalancer|SetSubnets|SetSecurityGroups|SetIpAddressType",
        "target groups": "TargetGroup|Targets|TargetHealth",
        "listeners": "Listener(?!Certificates)",
        "tags": "Tags",
    },
    "ssm": {
        "aws_ssm_parameter": "Parameters?$|ParametersByPath",
        "tags": "TagsToResource|TagsFromResource|ListTagsForResource",
    },
    "sts": {"lookups": "CallerIdentity|AccessKeyInfo|AssumeRole|SessionToken"},
}

# Operations that are served beside those, for what asks for them on the way to our types.
BESIDE = {
    "ec2": "",
    "iam": "GetAccountAuthorizationDetails GetAccountSummary GetUser ListAccountAliases",
    "kms": "Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext",
}

# By service: patterns of whole names, each with the reason.
EXCLUDED = {
    "cloudwatch": {
        "PutCompositeAlarm": "composite alarms are a type of their own (aws_cloudwatch_composite_alarm)",
        "PutLogAlarm": "alarms on logs are a type of their own",
        "DescribeAlarmContributors": "contributors are of alarms on queries of several metrics, which find no data here",
    },
    "logs": {
        "ListLogGroups|ListAggregateLogGroupSummaries": "what Logs says of groups from several accounts and sources is not simulated",
    },
    "secretsmanager": {
        "BatchGetSecretValue": "the values of several secrets at once belong to those who use them",
        "(ReplicateSecret|RemoveRegionsFromReplication|StopReplication).*": "replicas of secrets in other regions are not simulated",
        "ValidateResourcePolicy": "policies are judged by IAM's Access Analyzer, which is not simulated",
    },
    "ec2": {
        ".*VpcEndpoint(ServiceConfiguration|ServicePermission|ServicePrivateDns|ServicePayer|Connection|PayerResponsibility).*": "services that accounts offer each other are a type of their own (aws_vpc_endpoint_service)",
        "DescribeVpcEndpointAssociations": "endpoints of resources and service networks are those of VPC Lattice, which is not simulated",
        ".*VpcPeeringConnection.*": "VPC peerings are a type of their own (aws_vpc_peering_connection)",
        ".*(ClassicLink|ToClassic|AddressToVpc|MovingAddresses).*": "EC2-Classic is retired: AWS refuses these everywhere",
        ".*VpcBlockPublicAccess.*": "block public access is a type of its own (aws_vpc_block_public_access_options)",
        ".*VpcEncryption.*|GetVpcResourcesBlockingEncryptionEnforcement": "encryption controls are a type of their own (aws_vpc_encryption_control)",
        "(Associate|Disassociate)SubnetCidrBlock|.*Ipv6Addresses": "IPv6 is not simulated",
        ".*SubnetCidrReservation.*": "reservations are a type of their own (aws_ec2_subnet_cidr_reservation)",
        ".*SecondarySubnet.*": "secondary networks are types of their own",
        ".*EgressOnlyInternetGateway.*": "egress-only gateways are a type of their own (aws_egress_only_internet_gateway)",
        ".*AddressTransfer.*": "transfers are a type of their own (they go to other accounts)",
        ".*Ipam.*": "IPAM is a family of types of its own (aws_vpc_ipam)",
        ".*TransitGateway.*": "transit gateways are a family of types of their own (aws_ec2_transit_gateway)",
        ".*LocalGateway.*": "local gateways belong to Outposts",
        ".*ClientVpn.*|.*Vpn.*": "VPNs are a family of types of their own (aws_ec2_client_vpn_endpoint, aws_vpn_connection)",
        ".*VgwRoute.*": "propagation is a type of its own (aws_vpn_gateway_route_propagation)",
        ".*SecurityGroup(Vpc|Vpcs|VpcAssociations)": "groups of several VPCs are a type of their own (aws_vpc_security_group_vpc_association)",
        "ValidateSecurityGroupQuotasForInterface": "quotas of interfaces are asked for by a network interface, a type of its own",
        "GetFlowLogsIntegrationTemplate": "a template that lets Athena read flow logs is CloudFormation's",
        "(Create|Modify|Delete|Restore)ManagedPrefixList.*|GetManagedPrefixListAssociations": "lists of a customer's own are a type of their own (aws_ec2_managed_prefix_list)",
        ".*NetworkInterfacePermission.*": "permissions are of network interfaces, a type of their own (aws_network_interface_permission)",
        ".*ReservedInstances.*|.*ScheduledInstance.*|.*SpotInstance.*|.*SpotFleet.*|.*FleetInstances": "ways to buy instances are types of their own (aws_spot_instance_request, aws_ec2_fleet)",
        ".*InstanceEventWindow.*": "event windows are a type of their own (aws_ec2_instance_event_window)",
        ".*InstanceEvent(Notification.*|StartTime)": "events of instances' hosts do not come here",
        ".*VerifiedAccess.*": "Verified Access is a family of types of its own (aws_verifiedaccess_instance)",
        ".*InstanceMetadataDefaults": "an account's defaults are a type of their own (aws_ec2_instance_metadata_defaults)",
        ".*InstanceSqlHa.*": "SQL Server's high availability is for Windows images, which are not simulated",
        "(Import|Bundle|ConfirmProduct|CreateInstanceExport).*|ImportVolume|.*(ExportImage|ImportImage|ExportTask).*": "disks and images that come from elsewhere or go there have contents, which volumes and images here have not",
        ".*CapacityReservation.*": "capacity reservations are a type of their own (aws_ec2_capacity_reservation)",
        "ModifyInstanceCpuOptions|ModifyInstanceNetworkPerformanceOptions": "processors and bandwidth of instances are not simulated",
        ".*ReplaceRootVolume.*|CopyVolumes|.*(Recycle|InRecycleBin).*|.*MacVolumeOwnership.*": "replacing root volumes, copying volumes and the recycle bin are not simulated",
        "DescribeInstance(ImageMetadata|Topology)|GetInstance(TpmEkPub|UefiData)|ReportInstanceStatus|DescribeClassicLinkInstances": "what an instance's host and firmware report is not simulated",
        "GetInstanceTypesFromInstanceRequirements": "choosing types by attributes belongs to Auto Scaling and fleets",
        "(?!Describe(Images|Instance)).*Image.*": "images are looked up only (aws_ami is a data source here); making, sharing and disabling them is a type of its own",
        "ModifyAvailabilityZoneGroup": "local zones and Wavelength are not simulated",
    },
    "s3": {
        "ListDirectoryBuckets": "directory buckets are a type of their own (aws_s3_directory_bucket)",
        "(Get|Put)Bucket(Lifecycle|Notification)": "an older form, which AWS keeps for older clients",
        "PutObjectLockConfiguration": "object lock is not simulated: a bucket is told to have none",
    },
    "eks": {
        "(Register|Deregister)Cluster": "registered clusters are those of other clouds (aws_eks_cluster never makes one)",
        "CancelUpdate": "what can be cancelled is a rollback under EKS Auto Mode, which is not simulated",
        "UpdateCapability|UpdateEksAnywhereSubscription": "capabilities and subscriptions are types of their own",
    },
    "rds": {
        ".*Role(To|From)DBInstance": "roles of instances are a type of their own (aws_db_instance_role_association)",
        "RestoreDBInstanceFromS3": "backups in S3 are for MySQL, which is not simulated",
        "DeleteDBInstanceAutomatedBackup": "kept backups belong to no type of ours once their instance is gone",
        ".*DBSnapshotAttributes?|.*DBSnapshotTenantDatabases": "snapshots that are shared with other accounts, and tenants of Oracle, are not simulated",
        ".*CustomDBEngineVersion": "custom engine versions are a type of their own (aws_rds_custom_db_engine_version)",
        "SwitchoverReadReplica": "a switchover is for Oracle and Db2, which are not simulated",
        "PromoteReadReplicaDBCluster": "DB clusters are a type of their own (aws_rds_cluster)",
        "ModifyCertificates": "an account's certificate authority is a type of its own (aws_rds_certificate)",
        ".*ReservedDBInstances.*": "reserved instances are a type of their own (aws_rds_reserved_instance)",
    },
    "elasticache": {
        ".*GlobalReplicationGroup.*": "global replication groups are a type of their own (aws_elasticache_global_replication_group)",
        "(Create|Delete|Modify|Reboot)CacheCluster": "clusters on their own are a type of their own (aws_elasticache_cluster)",
        ".*ServerlessCacheSnapshots?": "serverless caches are a type of their own (aws_elasticache_serverless_cache)",
        ".*Migration": "migrations come from a Redis outside of AWS, which is not simulated",
        "Batch(Apply|Stop)UpdateAction": "service updates do not come here",
    },
    "iam": {
        ".*(User|Group)Polic(y|ies)": "users and groups are types of their own (aws_iam_user, aws_iam_group)",
        ".*AccountPasswordPolicy": "the password policy is a type of its own (aws_iam_account_password_policy)",
        "Simulate(Custom|Principal)Policy|GetContextKeysFor(Custom|Principal)Policy|ListPoliciesGrantingServiceAccess": "asking what policies allow changes and shows no type of ours",
        "AcquireRole|GetRoleTemplateVersion": "role templates are not simulated",
    },
    "kms": {
        "GenerateDataKeyPair.*|GetPublicKey|DeriveSharedSecret": "keys with a public half are not simulated",
        "RotateKeyOnDemand": "keys are rotated at their time: once more belongs to no type of ours",
        "(Replicate|UpdatePrimaryRegion).*|ReplicateKey": "keys of several regions are a type of their own (aws_kms_replica_key)",
        "GetKeyLastUsage": "nothing uses keys here in a way that KMS would count",
    },
    "route53": {
        ".*VPCAssociationAuthorizations?": "VPCs of other accounts are a type of their own (aws_route53_vpc_association_authorization)",
        ".*HostedZoneDNSSEC": "signed zones are a type of their own (aws_route53_hosted_zone_dnssec)",
        "ListTrafficPolicyInstancesByHostedZone": "traffic policies are a family of types of their own (aws_route53_traffic_policy)",
        ".*ResourceRecordSetProtections": "protections of record sets are not simulated",
        "UpdateHostedZoneFeatures": "accelerated recovery is not simulated",
    },
    "backup": {
        ".*(LogicallyAirGapped|RestoreAccess)BackupVaults?": "vaults that others restore from are types of their own (aws_backup_logically_air_gapped_vault)",
    },
    "budgets": {
        ".*BudgetAction.*": "actions are a type of their own (aws_budgets_budget_action)",
    },
    "ce": {},
    "acm": {
        "(Export|Import|Get|Renew|Revoke)Certificate": "what a certificate contains is not made: nobody could trust it",
        "SearchCertificates": "no type of ours searches certificates",
    },
    "cloudfront": {},
    "ssm": {},
    "autoscaling": {},
    "elb": {
        "(Attach|Detach)LoadBalancer(To|From)Subnets|ApplySecurityGroupsToLoadBalancer|(En|Dis)ableAvailabilityZonesForLoadBalancer": "a classic load balancer stays where it was made",
        "(Create|Delete)LoadBalancerListeners|SetLoadBalancerListenerSSLCertificate": "a classic load balancer keeps its listeners",
        "(Register|Deregister)Instances(With|From)LoadBalancer": "instances are not registered: nothing is forwarded",
        ".*LoadBalancer(Attributes|Policy|Policies|PolicyTypes).*": "attributes and policies are not simulated: nothing is forwarded",
    },
    "elbv2": {
        "Set(Subnets|SecurityGroups|IpAddressType)": "a load balancer stays as it was made, but for its attributes and tags",
        "(Register|Deregister)Targets|DescribeTargetHealth": "targets are not simulated: nothing is forwarded",
        ".*TargetGroupAttributes|ModifyTargetGroup": "a target group stays as it was made, but for its tags",
        ".*ListenerAttributes|ModifyListener": "a listener stays as it was made, but for its tags",
    },
    "sts": {
        "AssumeRoleWithSAML": "SAML providers are a type of their own (aws_iam_saml_provider)",
    },
}


def words_of(service):
    return re.compile("|".join(f"(?:{words})" for words in WORDS[service].values()))


def named(service, operations):
    """Which of the operations are so named as to be of our types."""
    pattern = words_of(service)
    return sorted(operation for operation in operations if pattern.search(operation))


def reason(service, operation):
    """Why an operation is excluded; None where it is not."""
    for pattern, why in EXCLUDED[service].items():
        if re.fullmatch(pattern, operation):
            return why
    return None
