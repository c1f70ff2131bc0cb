//! What tells staging from production can be changed in an environment that stands: each difference, one by one, and back
//! again. What would lose data, or take away what is in use, is refused by the plan.

mod sandbox;

use fathuss_engine::plan::Goal;
use fathuss_model::graph::Graph;
use fathuss_model::graph_of;
use fathuss_stacks::environment::{ClickHouse, Environment, NatGateways, Postgres, Range, Redis, Zones};
use fathuss_stacks::platform::platform;
use fathuss_stacks::subscribers::{Endpoint, Subscriber};
use fathuss_stacks::{production, staging};
use sandbox::Sandbox;

/// A difference.
struct Row {
    name: &'static str,
    /// What it makes of an environment.
    change: fn(Environment) -> Environment,
    /// What the plan says where it refuses, for staging and for production.
    refused: [Option<&'static str>; 2],
}

const fn row(name: &'static str, change: fn(Environment) -> Environment) -> Row {
    Row { name, change, refused: [None, None] }
}

const HELD: &str = "the old one can't be deleted as long as it is held";
const STANDS: &str = "`subnet_ids` has no subnet in us-east-1c any more, where";
const ACCOUNT: &str = "a state belongs to one account";
const PROTECTED: &str = "is protected and would be destroyed";
const REPLACED: &str = "is protected and would be replaced";

const ROWS: &[Row] = &[
    row("NAT gateways", |env| {
        let nat_gateways = match env.nat_gateways {
            NatGateways::One => NatGateways::PerZone,
            NatGateways::PerZone => NatGateways::One,
        };
        Environment { nat_gateways, ..env }
    }),
    row("endpoints", |env| Environment { endpoints: if env.endpoints.is_empty() { &["sts"] } else { &[] }, ..env }),
    row("PostgreSQL's standby", |env| Environment {
        postgres: Postgres { standby: !env.postgres.standby, ..env.postgres },
        ..env
    }),
    row("PostgreSQL's backups", |env| Environment { postgres: Postgres { backup_days: 14, ..env.postgres }, ..env }),
    row("PostgreSQL's replica", |env| Environment {
        postgres: Postgres { read_replica: !env.postgres.read_replica, ..env.postgres },
        ..env
    }),
    row("Redis' shards", |env| Environment { redis: Redis { shards: 3, ..env.redis }, ..env }),
    row("Redis' replicas", |env| Environment { redis: Redis { replicas: 3, ..env.redis }, ..env }),
    row("Redis' zones", |env| Environment { redis: Redis { multi_az: !env.redis.multi_az, ..env.redis }, ..env }),
    row("Redis' snapshots", |env| Environment { redis: Redis { snapshot_days: 14, ..env.redis }, ..env }),
    row("ClickHouse's backups", |env| Environment {
        clickhouse: ClickHouse { backup_days: 14, ..env.clickhouse },
        ..env
    }),
    row("passwords", |env| Environment {
        postgres: Postgres { password: env.postgres.password + 1, ..env.postgres },
        clickhouse: ClickHouse { password: env.clickhouse.password + 1, ..env.clickhouse },
        ..env
    }),
    row("who is told", |env| Environment {
        on_call: Subscriber { name: "pager", endpoint: Endpoint::Https("https://pager.example.com/alarms") },
        also_told: vec![env.on_call],
        ..env
    }),
    row("logs", |env| Environment { log_days: 90, ..env }),
    row("who reaches the cluster", |env| {
        let elsewhere = "198.51.100.0/24".parse().expect("it is a range");
        Environment { public_access: vec![elsewhere], ..env }
    }),
    row("who administers", |env| Environment { administrators: Vec::new(), ..env }),
    row("who deploys", |env| Environment { deployers: Vec::new(), ..env }),
    Row { refused: [None, Some(PROTECTED)], ..row("assets", |env| Environment { assets: !env.assets, ..env }) },
    Row {
        refused: [None, Some(HELD)],
        ..row("domain", |env| {
            let domain = if env.is_production() { "fathuss.test" } else { "staging.fathuss.test" };
            Environment { domain, ..env }
        })
    },
    Row {
        refused: [None, Some(REPLACED)],
        ..row("region", |env| Environment {
            region: "us-east-2",
            zones: Zones::new(["us-east-2a", "us-east-2b", "us-east-2c"]),
            ..env
        })
    },
    Row { refused: [Some(ACCOUNT); 2], ..row("account", |env| Environment { account: "123456789012", ..env }) },
    // By the sandbox's chance, staging's database, which has no standby, stands in another.
    Row {
        refused: [None, Some(STANDS)],
        ..row("the last zone", |env| Environment {
            zones: Zones::new(["us-east-1a", "us-east-1b", "us-east-1d"]),
            ..env
        })
    },
    Row {
        refused: [Some(HELD), Some(HELD)],
        ..row("range", |env| Environment { range: Range::read("10.30.0.0/16").expect("it is a range"), ..env })
    },
];

/// What production alone has.
const PRODUCTION_S: &[Row] = &[row("copies in another region", |env| Environment { recovery: None, ..env })];

fn graph(environment: &Environment) -> Graph {
    graph_of("platform", |stack| platform(stack, environment)).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

/// Applies it, which moves nothing that stands in no region, and finds nothing to do afterwards.
async fn applied(sandbox: &mut Sandbox, graph: &Graph, what: &str) {
    let planned = sandbox.plan(graph, Goal::Apply).await.plan;
    assert!(planned.has_changes(), "{what}: nothing would be done");
    let roles = planned.actions.iter().filter(|action| action.address.kind().starts_with("aws_iam_role"));
    let moved: Vec<_> = roles.filter(|role| role.fields.iter().any(|field| field.path == "region")).collect();
    assert!(moved.is_empty(), "{what}: {moved:?}");
    let applied = sandbox.carry_out(graph, Goal::Apply).await;
    assert!(applied.failed.is_empty() && applied.skipped.is_empty(), "{what}: {:?}", applied.failed);
    let left = sandbox.plan(graph, Goal::Apply).await.plan;
    assert!(!left.has_changes(), "{what}: {:?}", left.actions);
}

async fn changed_and_back(environment: Environment) {
    let mut sandbox = Sandbox::new(environment.account, Vec::new());
    sandbox.apply_what_is_before(&environment).await;
    let as_it_is = graph(&environment);
    applied(&mut sandbox, &as_it_is, "the first apply").await;
    let own = if environment.is_production() { PRODUCTION_S } else { &[] };
    for Row { name, change, refused } in ROWS.iter().chain(own) {
        let changed = graph(&change(environment.clone()));
        match refused[usize::from(environment.is_production())] {
            None => {
                applied(&mut sandbox, &changed, name).await;
                applied(&mut sandbox, &as_it_is, &format!("{name}, back")).await;
            }
            Some(words) => {
                let refusal = sandbox.try_plan(&changed, Goal::Apply).await.expect_err(name).to_string();
                assert!(refusal.contains(words), "{name}: {refusal}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_row_of_staging_is_changed_and_back() {
    changed_and_back(staging::environment().expect("its ranges are ranges")).await;
}

#[tokio::test(start_paused = true)]
async fn each_row_of_production_is_changed_and_back_but_for_what_is_in_use() {
    changed_and_back(production::environment().expect("its ranges are ranges")).await;
}
