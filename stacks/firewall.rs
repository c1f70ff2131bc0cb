//! Who may speak to whom: a security group per data store, each rule a resource of its own.
//!
//! The sources are the cluster's security group, never the whole VPC.

use fathuss_model::aws::{EgressRule, EksCluster, IngressRule, SecurityGroup};
use fathuss_model::{Handle, Ipv4Net, Stack};

use crate::environment::Environment;
use crate::network::Network;

/// PostgreSQL's port.
pub const POSTGRES: i64 = 5432;
/// Redis's port.
pub const REDIS: i64 = 6379;
/// ClickHouse's ports: HTTP and its own protocol.
pub const CLICKHOUSE: [i64; 2] = [8123, 9000];

/// The groups of the data stores.
#[derive(Debug)]
pub struct Firewall {
    /// PostgreSQL's.
    pub database: Handle<SecurityGroup>,
    /// Redis's.
    pub redis: Handle<SecurityGroup>,
    /// ClickHouse's.
    pub clickhouse: Handle<SecurityGroup>,
}

/// The groups. They wait for the VPC alone, so that data stores need not wait for the cluster.
pub fn firewall(stack: &mut Stack, env: &Environment, network: &Network) -> Firewall {
    env.tag_all(stack, "firewall");
    let mut group = |name: &str, what: &str| {
        let group = SecurityGroup::new(&network.vpc, what).tag("Name", format!("{}-{name}", env.name()));
        stack.add(name, group)
    };
    Firewall {
        database: group("database", "PostgreSQL, for the cluster"),
        redis: group("redis", "Redis, for the cluster"),
        clickhouse: group("clickhouse", "ClickHouse, for the cluster"),
    }
}

/// Lets the cluster in, and ClickHouse's server out to fetch its packages and reach Systems Manager.
pub fn admit(stack: &mut Stack, env: &Environment, firewall: &Firewall, cluster: &Handle<EksCluster>) {
    env.tag_all(stack, "firewall");
    let mut admit = |name: &str, group: &Handle<SecurityGroup>, port: i64| {
        let rule = IngressRule::tcp(group, port).from_group(cluster.cluster_security_group_id());
        stack.add((name, port), rule.description("from the cluster"));
    };
    admit("database", &firewall.database, POSTGRES);
    admit("redis", &firewall.redis, REDIS);
    for port in CLICKHOUSE {
        admit("clickhouse", &firewall.clickhouse, port);
    }
    let https = EgressRule::tcp(&firewall.clickhouse, 443).to_range(Ipv4Net::default());
    stack.add(("clickhouse", 443), https.description("packages and Systems Manager"));
}
