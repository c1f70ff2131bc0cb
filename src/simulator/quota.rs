//! The quotas that the simulator holds an account to, which AWS raises on request
//! and a configuration or the admin path sets at once.

use serde::Serialize;

/// A quota of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Quota {
    /// Its name, as `--quota` and the admin path take it.
    pub name: &'static str,
    /// AWS's default.
    pub default: i64,
    /// What it limits.
    pub says: &'static str,
}

const fn of(name: &'static str, default: i64, says: &'static str) -> Quota {
    Quota { name, default, says }
}

/// All that there are. The rules that enforce them have the pages of their defaults.
pub const QUOTAS: &[Quota] = &[
    of("acm.certificates", 2500, "certificates in a region"),
    of("acm.names-per-certificate", 10, "names of a certificate"),
    of("autoscaling.policies-per-group", 50, "scaling policies of an Auto Scaling group"),
    of("autoscaling.steps-per-policy", 20, "steps of a scaling policy"),
    of("backup.plans", 300, "backup plans in a region"),
    of("backup.selections-per-plan", 100, "selections of a backup plan"),
    of("backup.vaults", 300, "backup vaults in a region"),
    of("budgets.budgets", 20_000, "budgets in an account"),
    of("ce.active-tags", 500, "active cost allocation tags in an account"),
    of("cloudfront.aliases-per-distribution", 100, "aliases of a distribution"),
    of("cloudfront.distributions", 500, "distributions in an account"),
    of("cloudfront.forwarded-per-behavior", 10, "cookies, headers and parameters that a behaviour forwards, of each"),
    of("cloudfront.origin-access-controls", 100, "origin access controls in an account"),
    of("cloudfront.origin-access-identities", 100, "origin access identities in an account"),
    of("cloudwatch.alarms", 5000, "alarms in a region"),
    of("ec2.addresses", 5, "Elastic IP addresses in a region"),
    of("ec2.flow-logs-per-resource", 2, "flow logs of a VPC, subnet or network interface"),
    of("ec2.gateway-endpoints", 20, "gateway VPC endpoints in a region"),
    of("ec2.interface-endpoints-per-vpc", 50, "interface VPC endpoints in a VPC"),
    of("ec2.internet-gateways", 5, "internet gateways in a region; where it is not set, as many as VPCs"),
    of("ec2.io2-storage", 20, "TiB of io2 volumes in a region"),
    of("ec2.nat-gateways-per-zone", 5, "NAT gateways in an availability zone"),
    of("ec2.network-acls-per-vpc", 200, "network ACLs of a VPC, the default one among them"),
    of("ec2.network-interfaces", 5000, "network interfaces in a region"),
    of("ec2.ranges-per-vpc", 5, "IPv4 ranges of a VPC"),
    of("ec2.route-tables-per-vpc", 200, "route tables of a VPC, the main one among them"),
    of("ec2.routes", 50, "routes in a route table"),
    of(
        "ec2.rules-per-network-acl",
        20,
        "rules of a network ACL in one direction, the last one that denies all among them",
    ),
    of("ec2.rules-per-security-group", 60, "rules of a security group in one direction"),
    of("ec2.security-groups", 2500, "security groups in a region"),
    of("ec2.security-groups-per-interface", 5, "security groups on a network interface"),
    of("ec2.subnets-per-vpc", 200, "subnets of a VPC"),
    of("ec2.vcpus", 1920, "vCPUs of running On-Demand instances in a region"),
    of("ec2.volume-storage", 50, "TiB of volumes of each other type in a region"),
    of("ec2.vpcs", 5, "VPCs in a region"),
    of("eks.clusters", 100, "clusters in a region"),
    of("eks.fargate_profiles", 10, "Fargate profiles in a cluster"),
    of("eks.node_groups", 30, "node groups in a cluster"),
    of("eks.pod-identity-associations", 5000, "pod identity associations of a cluster"),
    of("elasticache.nodes", 300, "nodes in a region"),
    of("elasticache.nodes-per-cluster", 90, "nodes in a replication group in cluster mode"),
    of("elasticache.parameter-groups", 150, "parameter groups in a region"),
    of("elasticache.subnet-groups", 150, "subnet groups in a region"),
    of("elasticache.subnets-per-group", 20, "subnets in a subnet group"),
    of("elasticache.user-groups", 100, "user groups in a region"),
    of("elasticache.users", 1000, "users in a region"),
    of("elasticloadbalancing.application-load-balancers", 50, "application load balancers in a region"),
    of("elasticloadbalancing.classic-load-balancers", 20, "classic load balancers in a region"),
    of("elasticloadbalancing.listeners-per-load-balancer", 50, "listeners of a load balancer"),
    of("elasticloadbalancing.network-load-balancers", 50, "network load balancers in a region"),
    of("elasticloadbalancing.target-groups", 3000, "target groups in a region"),
    of(
        "elasticloadbalancing.target-groups-per-application-load-balancer",
        100,
        "target groups of an application load balancer",
    ),
    of("iam.instance_profiles", 1000, "instance profiles in an account"),
    of("iam.oidc_clients", 100, "client ids of an OIDC provider"),
    of("iam.oidc_providers", 100, "OIDC providers in an account"),
    of("iam.policies", 1500, "managed policies of an account's own"),
    of("iam.policies_per_role", 10, "managed policies on a role"),
    of("iam.policy_versions", 5, "versions of a managed policy"),
    of("iam.roles", 1000, "roles in an account"),
    of("iam.trust_policy", 2048, "characters of a trust policy, white space aside"),
    of("kms.aliases", 50, "aliases of a key"),
    of("kms.keys", 100_000, "keys in a region"),
    of("logs.groups", 1_000_000, "log groups in a region"),
    of("rds.instances", 40, "DB instances in a region"),
    of("rds.manual-snapshots", 100, "manual snapshots in a region"),
    of("rds.option-groups", 20, "option groups in a region"),
    of("rds.parameter-groups", 50, "parameter groups in a region"),
    of("rds.replicated-backups", 20, "DB instances whose backups are copied to a region"),
    of("rds.snapshot-copies", 20, "snapshots on their way into a region from others"),
    of("rds.subnet-groups", 50, "subnet groups in a region"),
    of("rds.subnets-per-group", 20, "subnets in a subnet group"),
    of("route53.records-per-zone", 10_000, "record sets in a hosted zone"),
    of("route53.vpcs-per-zone", 300, "VPCs of a private hosted zone"),
    of("route53.zones", 500, "hosted zones in an account"),
    of("s3.buckets", 10_000, "buckets in an account"),
    of("secretsmanager.secrets", 500_000, "secrets in a region"),
    of("sns.fifo-topics", 1000, "FIFO topics in a region"),
    of("sns.filter-policies-per-topic", 200, "filter policies of a topic's subscriptions"),
    of("sns.pending-subscriptions", 5000, "subscriptions in a region that nobody has confirmed"),
    of("sns.subscriptions-per-fifo-topic", 100, "subscriptions to a FIFO topic"),
    of("sns.subscriptions-per-topic", 12_500_000, "subscriptions to a standard topic"),
    of("sns.topics", 100_000, "standard topics in a region"),
    of("ssm.parameters", 10_000, "parameters in a region"),
];

/// The quota of that name.
pub(crate) fn named(name: &str) -> Option<&'static Quota> {
    QUOTAS.iter().find(|quota| quota.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_quota_stands_once_in_order() {
        assert!(QUOTAS.is_sorted_by(|one, next| one.name < next.name));
    }
}
