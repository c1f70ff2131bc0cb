//! The managed policies of AWS that users of EC2, EKS, RDS and Systems Manager attach.
//! They exist in every account; all others are answered not simulated.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// A policy of AWS's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AwsManaged {
    /// Its path.
    pub path: &'static str,
    /// Its name.
    pub name: &'static str,
}

const fn of(path: &'static str, name: &'static str) -> AwsManaged {
    AwsManaged { path, name }
}

/// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html>, as far as it concerns
/// what is simulated.
pub static ALL: &[AwsManaged] = &[
    of("/", "AdministratorAccess"),
    of("/", "PowerUserAccess"),
    of("/", "ReadOnlyAccess"),
    of("/", "SecurityAudit"),
    of("/", "IAMFullAccess"),
    of("/", "IAMReadOnlyAccess"),
    of("/", "AmazonEC2FullAccess"),
    of("/", "AmazonEC2ReadOnlyAccess"),
    of("/", "AmazonVPCFullAccess"),
    of("/", "AmazonVPCReadOnlyAccess"),
    of("/", "AmazonS3FullAccess"),
    of("/", "AmazonS3ReadOnlyAccess"),
    of("/", "AmazonRDSFullAccess"),
    of("/", "AmazonRDSReadOnlyAccess"),
    of("/", "AmazonElastiCacheFullAccess"),
    of("/", "AmazonElastiCacheReadOnlyAccess"),
    of("/", "AmazonRoute53FullAccess"),
    of("/", "AmazonRoute53ReadOnlyAccess"),
    of("/", "AmazonSSMFullAccess"),
    of("/", "AmazonSSMReadOnlyAccess"),
    of("/", "AmazonSSMManagedInstanceCore"),
    of("/", "AmazonSSMManagedEC2InstanceDefaultPolicy"),
    of("/", "AmazonSSMPatchAssociation"),
    of("/", "AmazonEC2ContainerRegistryFullAccess"),
    of("/", "AmazonEC2ContainerRegistryPowerUser"),
    of("/", "AmazonEC2ContainerRegistryPullOnly"),
    of("/", "AmazonEC2ContainerRegistryReadOnly"),
    of("/", "AmazonElasticContainerRegistryPublicReadOnly"),
    of("/", "AmazonEKSBlockStoragePolicy"),
    of("/", "AmazonEKSClusterPolicy"),
    of("/", "AmazonEKSComputePolicy"),
    of("/", "AmazonEKSFargatePodExecutionRolePolicy"),
    of("/", "AmazonEKSLoadBalancingPolicy"),
    of("/", "AmazonEKSLocalOutpostClusterPolicy"),
    of("/", "AmazonEKSNetworkingPolicy"),
    of("/", "AmazonEKSServicePolicy"),
    of("/", "AmazonEKSVPCResourceController"),
    of("/", "AmazonEKSWorkerNodeMinimalPolicy"),
    of("/", "AmazonEKSWorkerNodePolicy"),
    of("/", "AmazonEKS_CNI_Policy"),
    of("/", "AutoScalingFullAccess"),
    of("/", "AutoScalingReadOnlyAccess"),
    of("/", "AWSKeyManagementServicePowerUser"),
    of("/", "CloudWatchAgentAdminPolicy"),
    of("/", "CloudWatchAgentServerPolicy"),
    of("/", "CloudWatchFullAccess"),
    of("/", "CloudWatchFullAccessV2"),
    of("/", "CloudWatchLogsFullAccess"),
    of("/", "CloudWatchLogsReadOnlyAccess"),
    of("/", "CloudWatchReadOnlyAccess"),
    of("/", "ElasticLoadBalancingFullAccess"),
    of("/", "ElasticLoadBalancingReadOnly"),
    of("/", "SecretsManagerReadWrite"),
    of("/", "AWSXRayDaemonWriteAccess"),
    of("/", "AWSXrayWriteOnlyAccess"),
    of("/job-function/", "Billing"),
    of("/job-function/", "DatabaseAdministrator"),
    of("/job-function/", "NetworkAdministrator"),
    of("/job-function/", "SupportUser"),
    of("/job-function/", "SystemAdministrator"),
    of("/job-function/", "ViewOnlyAccess"),
    of("/service-role/", "AmazonEBSCSIDriverPolicy"),
    of("/service-role/", "AmazonEBSCSIDriverPolicyV2"),
    of("/service-role/", "AmazonEFSCSIDriverPolicy"),
    of("/service-role/", "AmazonS3ObjectLambdaExecutionRolePolicy"),
    of("/service-role/", "AmazonEC2RoleforSSM"),
    of("/service-role/", "AmazonEC2SpotFleetTaggingRole"),
    of("/service-role/", "AmazonRDSDirectoryServiceAccess"),
    of("/service-role/", "AmazonRDSEnhancedMonitoringRole"),
    of("/service-role/", "AmazonSSMAutomationRole"),
    of("/service-role/", "AmazonSSMMaintenanceWindowRole"),
    of("/service-role/", "AWSBackupServiceRolePolicyForBackup"),
    of("/service-role/", "AWSBackupServiceRolePolicyForRestores"),
    of("/service-role/", "AWSLambdaBasicExecutionRole"),
    of("/service-role/", "AWSLambdaVPCAccessExecutionRole"),
    of("/service-role/", "AutoScalingNotificationAccessRole"),
    of("/service-role/", "RDSCloudHsmAuthorizationRole"),
    of("/aws-service-role/", "AmazonEKSForFargateServiceRolePolicy"),
    of("/aws-service-role/", "AmazonEKSServiceRolePolicy"),
    of("/aws-service-role/", "AmazonElastiCacheServiceRolePolicy"),
    of("/aws-service-role/", "AmazonRDSServiceRolePolicy"),
    of("/aws-service-role/", "AWSElasticLoadBalancingServiceRolePolicy"),
    of("/aws-service-role/", "AWSServiceRoleForAmazonEKSNodegroup"),
    of("/aws-service-role/", "AutoScalingServiceRolePolicy"),
    of("/aws-service-role/", "AWSEC2SpotServiceRolePolicy"),
    of("/aws-service-role/", "AWSSupportServiceRolePolicy"),
    of("/aws-service-role/", "AWSTrustedAdvisorServiceRolePolicy"),
    of("/aws-service-role/", "BatchServiceRolePolicy"),
];

impl AwsManaged {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::aws:policy{}{}", self.path, self.name)
    }

    /// An id of the form of AWS's, the same in every world.
    #[must_use]
    pub fn policy_id(&self) -> String {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let digest = Sha256::digest(self.arn());
        let tail: String = digest.iter().take(17).map(|byte| char::from(letters[usize::from(byte % 32)])).collect();
        format!("ANPA{tail}")
    }
}

/// The policy of that ARN, if AWS has it.
#[must_use]
pub fn find(arn: &str) -> Option<&'static AwsManaged> {
    let rest = arn.strip_prefix("arn:aws:iam::aws:policy")?;
    ALL.iter().find(|policy| rest.strip_prefix(policy.path) == Some(policy.name))
}

/// When they were made: long ago.
#[must_use]
pub fn made() -> Timestamp {
    // 2015-02-06T18:40:58Z, the date of most of them.
    Timestamp::from_second(1_423_248_058).unwrap_or(Timestamp::UNIX_EPOCH)
}
