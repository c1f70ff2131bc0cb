//! The quotas that the simulator holds an account to, which AWS raises on request
//! and a configuration or the admin path sets at once.

use serde::Serialize;

/// A quota of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Quota {
    /// Its name, as `--quota` and the admin path take it.
    pub name: &'static str,
    /// What it limits.
    pub says: &'static str,
}

const fn of(name: &'static str, says: &'static str) -> Quota {
    Quota { name, says }
}

/// All that there are. Their defaults are AWS's, and stand where they are enforced.
pub const QUOTAS: &[Quota] = &[
    of("ec2.addresses", "Elastic IP addresses in a region"),
    of("ec2.gateway-endpoints", "gateway VPC endpoints in a region"),
    of("ec2.interface-endpoints-per-vpc", "interface VPC endpoints in a VPC"),
    of("ec2.internet-gateways", "internet gateways in a region"),
    of("ec2.nat-gateways-per-zone", "NAT gateways in an availability zone"),
    of("ec2.network-interfaces", "network interfaces in a region"),
    of("ec2.route-tables-per-vpc", "route tables of a VPC, the main one among them"),
    of("ec2.routes", "routes in a route table"),
    of("ec2.rules-per-security-group", "rules of a security group in one direction"),
    of("ec2.security-groups", "security groups in a region"),
    of("ec2.security-groups-per-interface", "security groups on a network interface"),
    of("ec2.subnets-per-vpc", "subnets of a VPC"),
    of("ec2.vcpus", "vCPUs of running On-Demand instances in a region"),
    of("ec2.volume-storage", "TiB of volumes of each type in a region"),
    of("ec2.vpcs", "VPCs in a region"),
    of("eks.clusters", "clusters in a region"),
    of("eks.node_groups", "node groups in a cluster"),
    of("eks.pod-identity-associations", "pod identity associations of a cluster"),
    of("elasticache.nodes", "nodes in a region"),
    of("elasticache.nodes-per-cluster", "nodes in a replication group in cluster mode"),
    of("elasticache.parameter-groups", "parameter groups in a region"),
    of("elasticache.subnet-groups", "subnet groups in a region"),
    of("elasticache.subnets-per-group", "subnets in a subnet group"),
    of("iam.instance_profiles", "instance profiles in an account"),
    of("iam.oidc_clients", "client ids of an OIDC provider"),
    of("iam.oidc_providers", "OIDC providers in an account"),
    of("iam.policies", "managed policies of an account's own"),
    of("iam.policies_per_role", "managed policies on a role"),
    of("iam.policy_versions", "versions of a managed policy"),
    of("iam.roles", "roles in an account"),
    of("iam.trust_policy", "characters of a trust policy, white space aside"),
    of("kms.aliases", "aliases of a key"),
    of("kms.keys", "keys in a region"),
    of("logs.groups", "log groups in a region"),
    of("rds.instances", "DB instances in a region"),
    of("rds.manual-snapshots", "manual snapshots in a region"),
    of("rds.parameter-groups", "parameter groups in a region"),
    of("rds.subnet-groups", "subnet groups in a region"),
    of("rds.subnets-per-group", "subnets in a subnet group"),
    of("s3.buckets", "buckets in an account"),
    of("secretsmanager.secrets", "secrets in a region"),
];

/// Whether there is a quota of that name.
pub(crate) fn is_known(name: &str) -> bool {
    QUOTAS.iter().any(|quota| quota.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_quota_stands_once_in_order() {
        assert!(QUOTAS.is_sorted_by(|one, next| one.name < next.name));
    }
}
