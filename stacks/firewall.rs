//! Who may speak to whom: a security group per data store, each rule a resource of its own.
//!
//! The sources are the cluster's security group, never the whole VPC.

use fathuss_model::aws::{EgressRule, EksCluster, IngressRule, SecurityGroup, VpcEndpoint};
use fathuss_model::{Handle, Ipv4Net, Stack};

use crate::environment::Environment;
use crate::network::Network;

/// PostgreSQL's port.
pub const POSTGRES: i64 = 5432;
/// Redis's port.
pub const REDIS: i64 = 6379;
/// ClickHouse's ports: HTTP and its own protocol.
pub const CLICKHOUSE: [i64; 2] = [8123, 9000];

/// The port of AWS's services.
const HTTPS: i64 = 443;

/// The groups of the data stores.
#[derive(Debug)]
pub struct Firewall {
    /// PostgreSQL's.
    pub database: Handle<SecurityGroup>,
    /// Redis's.
    pub redis: Handle<SecurityGroup>,
    /// ClickHouse's.
    pub clickhouse: Handle<SecurityGroup>,
    /// That of the endpoints of AWS's services, where there are some.
    pub endpoints: Option<Handle<SecurityGroup>>,
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
        endpoints: (!env.endpoints.is_empty()).then(|| group("endpoints", "Services of AWS, for the cluster")),
    }
}

/// AWS's services within the VPC, under the names that they have on the internet.
pub fn endpoints(stack: &mut Stack, env: &Environment, network: &Network, firewall: &Firewall) {
    env.tag_all(stack, "network");
    for service in env.endpoints {
        let endpoint = VpcEndpoint::interface(&network.vpc, env.service(service), &network.private)
            .security_group_ids(firewall.endpoints.iter().collect::<Vec<_>>())
            .tag("Name", format!("{}-{service}", env.name()));
        stack.add(service.replace('.', "_"), endpoint);
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
    if let Some(endpoints) = &firewall.endpoints {
        admit("endpoints", endpoints, HTTPS);
    }
    let https = EgressRule::tcp(&firewall.clickhouse, HTTPS).to_range(Ipv4Net::default());
    stack.add(("clickhouse", HTTPS), https.description("packages and Systems Manager"));
}

#[cfg(test)]
mod tests {
    use fathuss_model::graph::Graph;

    use crate::inspection::{attribute, both, literal, node, nodes, production, refers_to, staging};

    #[test]
    fn nothing_is_open_to_the_world() {
        for graph in both() {
            for rule in nodes(&graph, "aws_vpc_security_group_ingress_rule") {
                let source = attribute(rule, "referenced_security_group_id");
                assert_eq!(source.as_deref(), Some("aws_eks_cluster.main.vpc_config.cluster_security_group_id"));
                for open in ["cidr_ipv4", "cidr_ipv6", "prefix_list_id"] {
                    assert!(!rule.fields.contains_key(open), "{}", rule.address);
                }
            }
        }
    }

    #[test]
    fn the_data_stores_answer_on_their_ports_alone() {
        for graph in both() {
            let mut ports: Vec<String> = nodes(&graph, "aws_vpc_security_group_ingress_rule")
                .iter()
                .map(|rule| {
                    assert_eq!(literal(rule, "from_port"), literal(rule, "to_port"));
                    format!("{} {}", rule.address.name(), literal(rule, "from_port").unwrap())
                })
                .collect();
            ports.retain(|port| port != "endpoints 443");
            ports.sort();
            assert_eq!(ports, ["clickhouse 8123", "clickhouse 9000", "database 5432", "redis 6379"]);
        }
    }

    #[test]
    fn only_clickhouse_s_server_goes_out_and_by_https_alone() {
        for graph in both() {
            let [rule] = nodes(&graph, "aws_vpc_security_group_egress_rule")[..] else { panic!("one rule") };
            assert_eq!(attribute(rule, "security_group_id").as_deref(), Some("aws_security_group.clickhouse.id"));
            assert_eq!(literal(rule, "from_port"), Some(443.into()));
        }
    }

    #[test]
    fn production_reaches_aws_s_services_without_leaving_the_vpc() {
        let names = |graph: &Graph| -> Vec<String> {
            nodes(graph, "aws_vpc_endpoint")
                .iter()
                .filter(|endpoint| literal(endpoint, "vpc_endpoint_type") == Some("Interface".into()))
                .map(|endpoint| {
                    assert_eq!(refers_to(endpoint, "security_group_ids"), ["aws_security_group.endpoints"]);
                    assert_eq!(literal(endpoint, "private_dns_enabled"), Some(true.into()));
                    endpoint.address.name().to_owned()
                })
                .collect()
        };
        assert_eq!(names(&production()), ["ecr_api", "ecr_dkr", "sts"]);
        assert!(names(&staging()).is_empty(), "each costs by the hour");
    }

    #[test]
    fn the_default_group_is_emptied() {
        for graph in both() {
            let group = node(&graph, "aws_default_security_group", "emptied");
            assert!(!group.fields.contains_key("ingress") && !group.fields.contains_key("egress"));
        }
    }

    #[test]
    fn data_stores_need_not_wait_for_the_cluster() {
        for graph in both() {
            for group in nodes(&graph, "aws_security_group") {
                for expression in group.fields.values() {
                    expression.references(&mut |reference| assert_eq!(reference.address.kind(), "aws_vpc"));
                }
            }
        }
    }
}
