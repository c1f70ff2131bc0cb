//! The platform: what every environment consists of, put together from the modules.

use fathuss_model::aws::{EksCluster, Subnet, Vpc};
use fathuss_model::{Handle, Id, IntoValue, Result, Stack, Value};

use crate::cluster::Cluster;
use crate::data::Data;
use crate::environment::Environment;
use crate::names::Names;
use crate::network::Network;
use crate::storage::Storage;
use crate::{alarms, applications, assets, backups, cluster, data, firewall, names, network, recovery, storage};

/// What applications stand on.
#[derive(Debug)]
pub struct Foundation {
    /// The network.
    pub network: Network,
    /// The cluster, with the roles of its service accounts.
    pub cluster: Cluster,
    /// The buckets.
    pub storage: Storage,
    /// The names.
    pub names: Names,
    /// The data stores.
    pub data: Data,
}

/// An environment, with what the engine itself puts into its cluster.
pub fn with_applications(stack: &mut Stack, env: &Environment) -> Result<()> {
    let foundation = foundation(stack, env)?;
    applications::applications(stack, env, &foundation)
}

/// An environment with nothing in its cluster.
pub fn platform(stack: &mut Stack, env: &Environment) -> Result<()> {
    foundation(stack, env).map(drop)
}

/// Network, cluster and data stores of an environment, and their outputs.
fn foundation(stack: &mut Stack, env: &Environment) -> Result<Foundation> {
    stack.place(env.region, env.account);

    let network = network::network(stack, env)?;
    let firewall = firewall::firewall(stack, env, &network);
    let storage = storage::storage(stack, env);
    let names = names::names(stack, env);
    let cluster = cluster::cluster(stack, env, &network, &storage, &names);
    firewall::admit(stack, env, &firewall, &cluster.cluster);
    firewall::endpoints(stack, env, &network, &firewall);
    let data = data::data(stack, env, &network, &firewall);
    backups::backups(stack, env, &data.clickhouse_data);
    if let Some(copies) = &env.recovery {
        recovery::recovery(stack, env, copies, &storage, &data.postgres);
    }
    if env.assets {
        let assets = assets::assets(stack, env, &names);
        stack.output("assets_domain", assets.domain_name());
    }
    let alarms = alarms::alarms(stack, env, &network, &cluster, &data);

    outputs_of_network(stack, &network.vpc, &network.private);
    outputs_of_cluster(stack, &cluster.cluster);
    stack.output("database_endpoint", data.postgres.endpoint());
    if !env.keeps_the_password_of_postgres() {
        stack.output("database_secret", data.postgres.master_user_secret_arn());
    }
    stack.output("redis_endpoint", data.redis.configuration_endpoint_address());
    stack.output("clickhouse_address", data.clickhouse.private_ip());
    stack.output("alarms_topic", alarms.arn());
    stack.output("certificate_arn", names.certificate.certificate_arn());
    stack.output("grader_cache_bucket", storage.grader_cache.id());
    stack.output("loki_bucket", storage.loki.id());
    Ok(Foundation { network, cluster, storage, names, data })
}

fn outputs_of_network(stack: &mut Stack, vpc: &Handle<Vpc>, private: &[Handle<Subnet>]) {
    stack.output("vpc_id", vpc.id());
    let subnets: Value<Vec<Id<Subnet>>> = private.into_value();
    stack.output("private_subnet_ids", subnets);
}

fn outputs_of_cluster(stack: &mut Stack, cluster: &Handle<EksCluster>) {
    stack.output("cluster_name", cluster.name());
    stack.output("cluster_endpoint", cluster.endpoint());
    stack.output("cluster_certificate_authority", cluster.certificate_authority_data());
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fathuss_model::graph::Graph;

    use crate::environment::{EbsSnapshot, Environment, PostgresSource, RedisSource, Sources, Zones};
    use crate::inspection::{both, literal, node, nodes, of, production, staging, value};
    use crate::staging;

    #[test]
    fn everything_that_takes_tags_has_the_four() {
        let mut tagged = 0;
        for graph in both() {
            for node in &graph.nodes {
                let schema = fathuss_model::schema_of(node.address.kind()).unwrap();
                if !schema.has_tags() {
                    continue;
                }
                tagged += 1;
                let tags = value(node, "tags").unwrap();
                for (key, expected) in [("Project", "Fathuss"), ("Environment", &graph.stack), ("ManagedBy", "fathuss")]
                {
                    assert_eq!(tags.at(key).and_then(|tag| tag.as_str()), Some(expected), "{key} of {}", node.address);
                }
                assert!(tags.at("Service").is_some(), "{}", node.address);
            }
        }
        assert!(tagged > 100, "{tagged}");
    }

    #[test]
    fn built_in_us_west_2_nothing_names_us_east_1() {
        let environment = staging::environment().map(|environment| Environment {
            region: "us-west-2",
            zones: Zones::new(["us-west-2a", "us-west-2b", "us-west-2c"]),
            ..environment
        });
        let graph = of(&environment);
        assert!(graph.nodes.iter().all(|node| node.region == "us-west-2"));
        let text = format!("{graph:?}");
        assert!(text.contains("us-west-2a"));
        assert!(
            !text.contains("us-east-1"),
            "{:?}",
            text.find("us-east-1").map(|at| &text[at.saturating_sub(200)..at])
        );
    }

    #[test]
    fn each_role_is_within_its_account_s_boundary() {
        for (graph, account) in [(staging(), "staging-account"), (production(), "account")] {
            for role in nodes(&graph, "aws_iam_role") {
                let boundary = value(role, "permissions_boundary");
                assert_eq!(boundary, Some(format!("<{account}.boundary>").into()), "{}", role.address);
            }
        }
    }

    /// A service, and the ARNs that it takes a role on behalf of; none where its page says of no condition that it is told,
    /// or where a role is had by a profile of the same account alone.
    const DEPUTIES: &[(&str, Option<&str>)] = &[
        ("backup.amazonaws.com", None),
        ("ec2.amazonaws.com", None),
        ("eks.amazonaws.com", None),
        ("monitoring.rds.amazonaws.com", Some("arn:aws:rds:us-east-1:ACCOUNT:db:*")),
        ("s3.amazonaws.com", None),
        ("vpc-flow-logs.amazonaws.com", Some("arn:aws:ec2:us-east-1:ACCOUNT:vpc-flow-log/*")),
    ];

    #[test]
    fn services_act_for_this_account_alone_where_they_say_for_whom() {
        let mut met = BTreeSet::new();
        for (graph, account) in [(staging(), "111122223333"), (production(), "444455556666")] {
            for role in nodes(&graph, "aws_iam_role") {
                let trust = value(role, "assume_role_policy").unwrap();
                let trust = trust.as_str().unwrap();
                let Some((_, service)) = trust.split_once(r#""Principal":{"Service":""#) else { continue };
                let service = service.split('"').next().unwrap();
                let (_, source) = DEPUTIES.iter().find(|(name, _)| *name == service).expect(service);
                met.insert(service.to_owned());
                let condition = source.map(|source| {
                    format!(
                        r#""Condition":{{"ArnLike":{{"aws:SourceArn":"{}"}},"StringEquals":{{"aws:SourceAccount":"{account}"}}}}"#,
                        source.replace("ACCOUNT", account)
                    )
                });
                match condition {
                    Some(condition) => assert!(trust.contains(&condition), "{trust}"),
                    None => assert!(!trust.contains("Condition"), "{trust}"),
                }
            }
        }
        assert_eq!(met.len(), DEPUTIES.len(), "{met:?}");
    }

    #[test]
    fn who_is_let_in_is_whom_the_account_s_stack_made() {
        for (graph, account) in [(staging(), "staging-account"), (production(), "account")] {
            for (name, output) in [("platform_admins", "administrators"), ("deploy", "deploy")] {
                let entry = node(&graph, "aws_eks_access_entry", name);
                assert_eq!(value(entry, "principal_arn"), Some(format!("<{account}.{output}>").into()));
            }
        }
    }

    #[test]
    fn the_data_stores_begin_as_what_another_left_and_empty_where_nothing_is_named() {
        let fields = [
            ("aws_db_instance", "postgres", "snapshot_identifier"),
            ("aws_db_instance", "postgres", "restore_to_point_in_time.source_db_instance_automated_backups_arn"),
            ("aws_elasticache_replication_group", "redis", "snapshot_name"),
            ("aws_elasticache_replication_group", "redis", "snapshot_arns"),
            ("aws_ebs_volume", "clickhouse_data", "snapshot_id"),
        ];
        let given = |graph: &Graph| fields.map(|(kind, name, field)| literal(node(graph, kind, name), field));
        for graph in both() {
            assert_eq!(given(&graph), [None, None, None, None, None]);
        }
        let from = |postgres: PostgresSource, redis: RedisSource| {
            let clickhouse = Some(EbsSnapshot("snap-0123456789abcdef0".to_owned()));
            let begins = Sources { postgres: Some(postgres), redis: Some(redis), clickhouse };
            of(&staging::environment().map(|environment| Environment { begins, ..environment }))
        };
        let volume = Some("snap-0123456789abcdef0".into());
        let snapshots = from(
            PostgresSource::Snapshot("production-postgres-final".to_owned()),
            RedisSource::Snapshot("production-redis-final".to_owned()),
        );
        let (postgres, redis) = (Some("production-postgres-final".into()), Some("production-redis-final".into()));
        assert_eq!(given(&snapshots), [postgres, None, redis, None, volume.clone()]);
        let backups = "arn:aws:rds:us-east-1:111122223333:auto-backup:ab-1";
        let files = from(
            PostgresSource::Backups(backups.to_owned()),
            RedisSource::Objects(vec!["arn:aws:s3:::left/redis-0001.rdb".to_owned()]),
        );
        let redis = Some(vec!["arn:aws:s3:::left/redis-0001.rdb"].into());
        assert_eq!(given(&files), [None, Some(backups.into()), None, redis, volume]);
    }

    #[test]
    fn every_node_says_where_it_belongs() {
        for (graph, account) in [(staging(), "111122223333"), (production(), "444455556666")] {
            assert!(graph.nodes.iter().all(|node| node.account == account));
            let copies = "aws_db_instance_automated_backups_replication";
            assert!(graph.nodes.iter().all(|node| node.region == "us-east-1" || node.address.kind() == copies));
        }
    }

    #[test]
    fn every_node_says_which_line_declared_it() {
        let files: BTreeSet<String> = staging().nodes.iter().map(|node| node.source.file.clone()).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let expected = [
            "alarms.rs",
            "backups.rs",
            "cluster.rs",
            "data.rs",
            "firewall.rs",
            "names.rs",
            "network.rs",
            "service_accounts.rs",
            "storage.rs",
        ];
        assert_eq!(files, expected.map(|file| format!("stacks/{file}")));
    }

    #[test]
    fn nothing_waits_for_itself() {
        for graph in both() {
            let mut done = BTreeSet::new();
            let mut left: Vec<_> = graph.nodes.iter().collect();
            while !left.is_empty() {
                let before = left.len();
                left.retain(|node| {
                    let mut ready = node.depends_on.iter().all(|address| done.contains(address));
                    for expression in node.fields.values() {
                        expression.references(&mut |reference| ready &= done.contains(&reference.address));
                    }
                    if ready {
                        done.insert(node.address.clone());
                    }
                    !ready
                });
                assert!(left.len() < before, "a cycle among {:?}", left.iter().map(|node| &node.address));
            }
        }
    }
}
