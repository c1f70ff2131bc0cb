//! Guard rails: what wakes someone, one topic that tells it, and a dashboard to look at then.

use std::iter;

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    CloudwatchDashboard, CloudwatchMetricAlarm, ComparisonOperator, KmsKey, MetricQuery, QueriedMetric, SnsTopic,
    SnsTopicPolicy, Statistic, TreatMissingData,
};
use fathuss_model::{Document, Expression, Handle, IntoValue, Stack, Value, actions, json, template};

use crate::cluster::Cluster;
use crate::data::Data;
use crate::encryption;
use crate::environment::Environment;
use crate::network::Network;
use crate::subscribers::subscribe;

/// Five minutes: the step of the metrics that AWS takes by itself.
const PERIOD: i64 = 300;
/// How many of them in a row.
const PERIODS: i64 = 3;
/// How much less there is than is wanted.
const MISSING: &str = "wanted - there";

/// What is watched: a metric of one thing, and from which value on it is too much, or too little.
struct Watch {
    name: (&'static str, String),
    says: &'static str,
    namespace: &'static str,
    metric: Metric,
    dimension: (&'static str, Value<String>),
    bound: Bound,
    silence: Silence,
}

/// What it means where nothing is measured.
enum Silence {
    /// All is well: there is something to count only when something fails.
    Well,
    /// What is watched is gone, or nothing measures it any more.
    Told,
}

enum Metric {
    /// One that AWS publishes.
    Published(&'static str, Statistic),
    /// How much less there is of one than of another.
    Missing { there: &'static str, wanted: &'static str },
}

enum Bound {
    Above(i32),
    Below(i32),
}

/// The topic, the alarms and the dashboard.
pub fn alarms(
    stack: &mut Stack,
    env: &Environment,
    network: &Network,
    cluster: &Cluster,
    data: &Data,
) -> Handle<SnsTopic> {
    env.tag_all(stack, "alarms");
    let topic = topic(stack, env);
    subscribe(stack, "alarms", &topic, iter::once(&env.on_call).chain(&env.also_told));
    let watches = watches(env, network, cluster, data);
    let widgets = watches.iter().map(|watch| widget(env, watch)).collect();
    for watch in watches {
        let (of, what) = (watch.name.0, watch.name.1.clone());
        stack.add((of, what.as_str()), alarm(env, watch, &topic));
    }
    let body = json(object([("widgets", Document::Array(widgets))]));
    stack.add("main", CloudwatchDashboard::new(body).dashboard_name(env.name()));
    topic
}

/// CloudWatch alone speaks here, of this account; what it says is encrypted.
fn topic(stack: &mut Stack, env: &Environment) -> Handle<SnsTopic> {
    let cloudwatch = || Principal::service("cloudwatch.amazonaws.com");
    let of_this_account = |statement: Statement| statement.when("StringEquals", "aws:SourceAccount", [env.account]);
    let key = KmsKey::new().description(format!("Alarms of {}", env.name())).policy(Policy::new([
        encryption::left_to_iam(env.account),
        of_this_account(
            Statement::allow(actions!["kms:Decrypt", "kms:GenerateDataKey*"]).sid("Alarms").by(cloudwatch()).on("*"),
        ),
    ]));
    let key = encryption::key(stack, env.name(), "alarms", key, false);
    let topic = stack.add("alarms", SnsTopic::new().kms_master_key_id(&key));
    let publishes = Statement::allow(actions!["sns:Publish"]).sid("Alarms").by(cloudwatch()).on(topic.arn());
    stack.add("alarms", SnsTopicPolicy::new(&topic, Policy::new([of_this_account(publishes)])));
    topic
}

fn watches(env: &Environment, network: &Network, cluster: &Cluster, data: &Data) -> Vec<Watch> {
    let postgres = |what: &str, says, metric, statistic, bound| Watch {
        name: ("postgres", what.to_owned()),
        says,
        namespace: "AWS/RDS",
        metric: Metric::Published(metric, statistic),
        dimension: ("DBInstanceIdentifier", data.postgres.id().into_value()),
        bound,
        silence: Silence::Told,
    };
    let mut watches = vec![
        postgres("cpu", "PostgreSQL is busy", "CPUUtilization", Statistic::Average, Bound::Above(80)),
        // A tenth of what it begins with, in bytes; storage grows by itself before that.
        postgres(
            "storage",
            "PostgreSQL runs full",
            "FreeStorageSpace",
            Statistic::Minimum,
            Bound::Below(2_000_000_000),
        ),
        // A db.t3.medium takes about 400.
        postgres("connections", "Connections run out", "DatabaseConnections", Statistic::Maximum, Bound::Above(320)),
        Watch {
            name: ("clickhouse", "status".to_owned()),
            says: "ClickHouse's server does not answer",
            namespace: "AWS/EC2",
            metric: Metric::Published("StatusCheckFailed", Statistic::Maximum),
            dimension: ("InstanceId", data.clickhouse.id().into_value()),
            bound: Bound::Above(0),
            silence: Silence::Told,
        },
    ];
    // Of nodes that fail, or never come, their group has fewer in service than it wants. It publishes both without anything
    // that runs in the cluster: <https://docs.aws.amazon.com/eks/latest/userguide/enable-asg-metrics.html>
    for (group, nodes) in &cluster.nodes {
        watches.push(Watch {
            name: ("nodes", (*group).to_owned()),
            says: "Nodes have failed",
            namespace: "AWS/AutoScaling",
            metric: Metric::Missing { there: "GroupInServiceInstances", wanted: "GroupDesiredCapacity" },
            dimension: ("AutoScalingGroupName", nodes.autoscaling_group_name().into_value()),
            bound: Bound::Above(0),
            silence: Silence::Told,
        });
    }
    // In cluster mode each node has its own metrics, under the name that ElastiCache gives it.
    for shard in 1..=env.redis.shards {
        for node in 1..=env.redis.replicas + 1 {
            let place = format!("{shard:04}-{node:03}");
            let redis = |what: &str, says, metric, bound| Watch {
                name: ("redis", format!("{what}-{place}")),
                says,
                namespace: "AWS/ElastiCache",
                metric: Metric::Published(metric, Statistic::Maximum),
                dimension: (
                    "CacheClusterId",
                    template([data.redis.id().into_value(), format!("-{place}").into_value()]),
                ),
                bound,
                silence: Silence::Told,
            };
            let memory = "DatabaseMemoryUsagePercentage";
            watches.push(redis("memory", "Redis runs full", memory, Bound::Above(80)));
            watches.push(redis("evictions", "Redis drops what it should keep", "Evictions", Bound::Above(1000)));
        }
    }
    for (zone, gateway) in env.zones.iter().zip(&network.nat_gateways) {
        watches.push(Watch {
            name: ("nat", format!("ports-{zone}")),
            says: "The NAT gateway has no ports left",
            namespace: "AWS/NATGateway",
            metric: Metric::Published("ErrorPortAllocation", Statistic::Sum),
            dimension: ("NatGatewayId", gateway.id().into_value()),
            bound: Bound::Above(0),
            silence: Silence::Well,
        });
    }
    watches
}

fn alarm(env: &Environment, watch: Watch, topic: &Handle<SnsTopic>) -> CloudwatchMetricAlarm {
    let (operator, threshold) = match watch.bound {
        Bound::Above(most) => (ComparisonOperator::GreaterThanThreshold, most),
        Bound::Below(least) => (ComparisonOperator::LessThanThreshold, least),
    };
    let Watch { namespace, dimension, .. } = watch;
    let alarm = CloudwatchMetricAlarm::new(operator, PERIODS);
    let alarm = match watch.metric {
        Metric::Published(name, statistic) => {
            alarm.namespace(namespace).metric_name(name).dimensions([dimension]).statistic(statistic).period(PERIOD)
        }
        Metric::Missing { there, wanted } => {
            // Of a period, the most that was there and the least that was wanted: who is on its way is not missing.
            let query = |id: &str, name: &str, statistic: &str| {
                let metric = QueriedMetric::new(name, PERIOD, statistic);
                MetricQuery::new(id).metric(metric.namespace(namespace).dimensions([dimension.clone()]))
            };
            alarm.metric_query([
                MetricQuery::new("missing").expression(MISSING).label(watch.says).return_data(true),
                query("there", there, "Maximum"),
                query("wanted", wanted, "Minimum"),
            ])
        }
    };
    let alarm = match watch.silence {
        Silence::Well => alarm.treat_missing_data(TreatMissingData::NotBreaching),
        // A new alarm has no data yet and tells nobody; one that had some and has none any more does.
        Silence::Told => alarm.treat_missing_data(TreatMissingData::Missing).insufficient_data_actions([topic.arn()]),
    };
    alarm
        .alarm_name(format!("{}-{}-{}", env.name(), watch.name.0, watch.name.1))
        .alarm_description(watch.says)
        .threshold(threshold)
        .alarm_actions([topic.arn()])
        .ok_actions([topic.arn()])
}

/// A graph of what is watched:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>
fn widget(env: &Environment, watch: &Watch) -> Document {
    let (name, value) = &watch.dimension;
    let line = |metric: &str, more: Option<Document>| {
        let line = [one(watch.namespace), one(metric), one(*name), one(value.clone())];
        Document::Array(line.into_iter().chain(more).collect())
    };
    let lines = match watch.metric {
        Metric::Published(metric, _) => vec![line(metric, None)],
        Metric::Missing { there, wanted } => {
            let called = |id: &str| Some(object([("id", one(id))]));
            let missing = object([("expression", one(MISSING)), ("label", one(watch.says))]);
            vec![Document::Array(vec![missing]), line(there, called("there")), line(wanted, called("wanted"))]
        }
    };
    object([
        ("type", one("metric")),
        ("width", number(8)),
        ("height", number(6)),
        (
            "properties",
            object([
                ("title", one(watch.says)),
                ("region", one(env.region)),
                ("period", number(PERIOD)),
                ("metrics", Document::Array(lines)),
            ]),
        ),
    ])
}

fn object<const N: usize>(entries: [(&str, Document); N]) -> Document {
    Document::Object(entries.into_iter().map(|(key, value)| (text(key), value)).collect())
}

fn one(value: impl IntoValue<String>) -> Document {
    Document::Value(Box::new(value.into_value().into_expression()))
}

fn number(value: i64) -> Document {
    Document::Value(Box::new(IntoValue::<i64>::into_value(value).into_expression()))
}

fn text(text: &str) -> Expression {
    IntoValue::<String>::into_value(text).into_expression()
}

#[cfg(test)]
mod tests {
    use crate::inspection::{both, literal, node, nodes, refers_to, value};

    #[test]
    fn each_alarm_tells_the_topic_when_it_comes_and_when_it_goes() {
        for graph in both() {
            for alarm in nodes(&graph, "aws_cloudwatch_metric_alarm") {
                for field in ["alarm_actions", "ok_actions"] {
                    assert_eq!(refers_to(alarm, field), ["aws_sns_topic.alarms"], "{field} of {}", alarm.address);
                }
                let mut watched = [refers_to(alarm, "dimensions"), refers_to(alarm, "metric_query")].concat();
                watched.dedup();
                assert_eq!(watched.len(), 1, "{}: {watched:?}", alarm.address);
            }
        }
    }

    #[test]
    fn what_falls_silent_is_told_of_where_it_speaks_while_it_is_well() {
        for graph in both() {
            for alarm in nodes(&graph, "aws_cloudwatch_metric_alarm") {
                let errors_alone = alarm.address.name() == "nat";
                let missing = literal(alarm, "treat_missing_data").unwrap();
                assert_eq!(missing, if errors_alone { "notBreaching" } else { "missing" }.into(), "{}", alarm.address);
                let told = if errors_alone { vec![] } else { vec!["aws_sns_topic.alarms".to_owned()] };
                assert_eq!(refers_to(alarm, "insufficient_data_actions"), told, "{}", alarm.address);
            }
        }
    }

    #[test]
    fn each_node_of_redis_and_each_nat_gateway_is_watched() {
        for graph in both() {
            let named = |part: &str| {
                let alarms = nodes(&graph, "aws_cloudwatch_metric_alarm");
                alarms.iter().filter(|alarm| alarm.address.to_string().contains(part)).count()
            };
            let redis = node(&graph, "aws_elasticache_replication_group", "redis");
            let count = |field: &str| literal(redis, field).and_then(|it| it.as_integer()).unwrap();
            let machines = count("num_node_groups") * (count("replicas_per_node_group") + 1);
            assert_eq!(i64::try_from(named("evictions-")).unwrap(), machines);
            assert_eq!(i64::try_from(named("memory-")).unwrap(), machines);
            assert_eq!(named("ports-"), nodes(&graph, "aws_nat_gateway").len());
        }
    }

    #[test]
    fn nodes_that_a_group_wants_and_has_not_are_told_of_by_its_own_metrics() {
        for graph in both() {
            for group in nodes(&graph, "aws_eks_node_group") {
                let name = group.address.name();
                let alarm = nodes(&graph, "aws_cloudwatch_metric_alarm")
                    .into_iter()
                    .find(|alarm| alarm.address.name() == "nodes" && alarm.address.key() == Some(name))
                    .unwrap();
                let queries = value(alarm, "metric_query").unwrap().to_string();
                let of = format!(
                    r#""dimensions":{{"AutoScalingGroupName":"<aws_eks_node_group.{name}.resources.autoscaling_groups.0.name>"}}"#
                );
                assert_eq!(queries.matches(&of).count(), 2, "{queries}");
                for part in ["wanted - there", "GroupInServiceInstances", "GroupDesiredCapacity", "AWS/AutoScaling"] {
                    assert!(queries.contains(part), "{part} in {queries}");
                }
                assert_eq!(queries.matches(r#""return_data":true"#).count(), 1, "{queries}");
            }
        }
    }

    #[test]
    fn what_is_watched_is_published_without_anything_in_the_cluster() {
        let published = ["AWS/AutoScaling", "AWS/EC2", "AWS/ElastiCache", "AWS/NATGateway", "AWS/RDS"];
        for graph in both() {
            for alarm in nodes(&graph, "aws_cloudwatch_metric_alarm") {
                let text = format!("{:?}", alarm.fields);
                assert!(published.iter().any(|namespace| text.contains(namespace)), "{}", alarm.address);
            }
        }
    }

    #[test]
    fn the_dashboard_shows_what_is_watched() {
        for graph in both() {
            let body = value(node(&graph, "aws_cloudwatch_dashboard", "main"), "dashboard_body").unwrap();
            let widgets = body.as_str().unwrap().matches(r#""type":"metric""#).count();
            assert_eq!(widgets, nodes(&graph, "aws_cloudwatch_metric_alarm").len());
        }
    }

    #[test]
    fn only_cloudwatch_of_this_account_tells_anything() {
        for graph in both() {
            let policy = value(node(&graph, "aws_sns_topic_policy", "alarms"), "policy").unwrap();
            let policy = policy.as_str().unwrap();
            assert!(policy.contains(r#""Principal":{"Service":"cloudwatch.amazonaws.com"}"#), "{policy}");
            assert!(policy.contains("aws:SourceAccount"), "{policy}");
            assert_eq!(policy.matches("Allow").count(), 1, "{policy}");
        }
    }
}
