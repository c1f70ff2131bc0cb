//! Guard rails: what wakes someone, one topic that tells it, and a dashboard to look at then.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    CloudwatchDashboard, CloudwatchMetricAlarm, ComparisonOperator, KmsKey, SnsTopic, SnsTopicPolicy, Statistic,
    TreatMissingData,
};
use fathuss_model::{Document, Expression, Handle, IntoValue, Stack, Value, actions, json, template};

use crate::cluster::Cluster;
use crate::data::Data;
use crate::encryption;
use crate::environment::Environment;
use crate::network::Network;

/// Five minutes: the step of the metrics that AWS takes by itself.
const PERIOD: i64 = 300;
/// How many of them in a row.
const PERIODS: i64 = 3;

/// What is watched: a metric with its dimension, and from which value on it is too much, or too little.
struct Watch {
    name: (&'static str, String),
    says: &'static str,
    metric: (&'static str, &'static str),
    dimension: (&'static str, Value<String>),
    statistic: Statistic,
    bound: Bound,
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
    let account = Principal::aws(format!("arn:aws:iam::{}:root", env.account));
    let of_this_account = |statement: Statement| statement.when("StringEquals", "aws:SourceAccount", [env.account]);
    let key = KmsKey::new().description(format!("Alarms of {}", env.name())).policy(Policy::new([
        Statement::allow(actions!["kms:*"]).sid("Account").by(account).on("*"),
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
        metric: ("AWS/RDS", metric),
        dimension: ("DBInstanceIdentifier", data.postgres.id().into_value()),
        statistic,
        bound,
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
            metric: ("AWS/EC2", "StatusCheckFailed"),
            dimension: ("InstanceId", data.clickhouse.id().into_value()),
            statistic: Statistic::Maximum,
            bound: Bound::Above(0),
        },
        Watch {
            name: ("cluster", "failed_nodes".to_owned()),
            says: "Nodes have failed",
            metric: ("ContainerInsights", "cluster_failed_node_count"),
            dimension: ("ClusterName", cluster.cluster.name().into_value()),
            statistic: Statistic::Maximum,
            bound: Bound::Above(0),
        },
    ];
    // In cluster mode each node has its own metrics, under the name that ElastiCache gives it.
    for shard in 1..=env.redis.shards {
        for node in 1..=env.redis.replicas + 1 {
            let place = format!("{shard:04}-{node:03}");
            let redis = |what: &str, says, metric, bound| Watch {
                name: ("redis", format!("{what}-{place}")),
                says,
                metric: ("AWS/ElastiCache", metric),
                dimension: (
                    "CacheClusterId",
                    template([data.redis.id().into_value(), format!("-{place}").into_value()]),
                ),
                statistic: Statistic::Maximum,
                bound,
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
            metric: ("AWS/NATGateway", "ErrorPortAllocation"),
            dimension: ("NatGatewayId", gateway.id().into_value()),
            statistic: Statistic::Sum,
            bound: Bound::Above(0),
        });
    }
    watches
}

fn alarm(env: &Environment, watch: Watch, topic: &Handle<SnsTopic>) -> CloudwatchMetricAlarm {
    let (operator, threshold) = match watch.bound {
        Bound::Above(most) => (ComparisonOperator::GreaterThanThreshold, most),
        Bound::Below(least) => (ComparisonOperator::LessThanThreshold, least),
    };
    let (namespace, metric) = watch.metric;
    CloudwatchMetricAlarm::new(operator, PERIODS)
        .alarm_name(format!("{}-{}-{}", env.name(), watch.name.0, watch.name.1))
        .alarm_description(watch.says)
        .namespace(namespace)
        .metric_name(metric)
        .dimensions([watch.dimension])
        .statistic(watch.statistic)
        .period(PERIOD)
        .threshold(threshold)
        // Silence is no alarm: metrics of errors and of idle machines come only when there is something to count.
        .treat_missing_data(TreatMissingData::NotBreaching)
        .alarm_actions([topic.arn()])
        .ok_actions([topic.arn()])
}

/// A graph of what is watched:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>
fn widget(env: &Environment, watch: &Watch) -> Document {
    let (namespace, metric) = watch.metric;
    let (name, value) = &watch.dimension;
    let line = Document::Array(vec![one(namespace), one(metric), one(*name), one(value.clone())]);
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
                ("metrics", Document::Array(vec![line])),
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
                assert_eq!(refers_to(alarm, "dimensions").len(), 1, "{}", alarm.address);
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
