//! An environment is built anew from what another left: production's snapshots, in another region and in its own.

mod sandbox;

use std::time::Duration;

use fathuss_engine::plan::Goal;
use fathuss_model::graph::Graph;
use fathuss_model::{Datum, Expression, graph_of};
use fathuss_stacks::environment::{EbsSnapshot, Environment, PostgresSource, RedisSource, Sources, Zones};
use fathuss_stacks::platform::platform;
use fathuss_stacks::{account, production, staging};
use sandbox::Sandbox;

fn graph(name: &str, environment: &Environment) -> Graph {
    graph_of(name, |stack| platform(stack, environment)).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

/// The same stack with its protections taken away, as an edit would; `fields` are those that are set beside.
fn unprotected(mut graph: Graph, fields: &[(&str, bool)]) -> Graph {
    for node in &mut graph.nodes {
        node.lifecycle.prevent_destroy = false;
        for (field, value) in fields {
            if let Some(given) = node.fields.get_mut(*field) {
                *given = Expression::Literal(Datum::Bool(*value));
            }
        }
    }
    graph
}

/// Applies it, and finds nothing to do afterwards.
async fn applied(sandbox: &mut Sandbox, graph: &Graph) {
    let applied = sandbox.carry_out(graph, Goal::Apply).await;
    assert!(applied.failed.is_empty() && applied.skipped.is_empty(), "{:?}", applied.failed);
    let left = sandbox.plan(graph, Goal::Apply).await.plan;
    assert!(!left.has_changes(), "{:?}", left.actions);
}

/// How many calls of an operation there have been in a region.
fn calls(sandbox: &Sandbox, region: &str, operation: &str) -> usize {
    let log = sandbox.simulator.log();
    log.iter().filter(|call| call.region == region && call.operation == operation).count()
}

#[tokio::test(start_paused = true)]
async fn production_is_destroyed_and_built_anew_from_what_it_left() {
    let environment = production::environment().expect("its ranges are ranges");
    let first = graph("production", &environment);
    let mut sandbox = Sandbox::new(environment.account, Vec::new());
    sandbox.apply_what_is_before(&environment).await;
    applied(&mut sandbox, &first).await;
    // A night passes: ClickHouse's volume is backed up, and the backup copied.
    sandbox.simulator.advance(jiff::SignedDuration::from_hours(26)).expect("a world in memory can be written");
    tokio::time::sleep(Duration::from_secs(1)).await;

    let backups = sandbox.snapshot().outputs["database_backups"].as_str().expect("it is an ARN").to_owned();

    // What the vault holds stops a destroy before anything is gone.
    let open = unprotected(first.clone(), &[("deletion_protection", false)]);
    applied_again(&mut sandbox, &open).await;
    let refused = sandbox.try_plan(&open, Goal::Destroy).await.expect_err("the vault holds a backup").to_string();
    assert!(refused.contains("it holds backups, 1 of them"), "{refused}");
    let open = unprotected(first, &[("deletion_protection", false), ("force_destroy", true)]);
    applied_again(&mut sandbox, &open).await;
    let destroyed = sandbox.carry_out(&open, Goal::Destroy).await;
    assert!(destroyed.failed.is_empty() && destroyed.skipped.is_empty(), "{:?}", destroyed.failed);

    // In the other region are the copy of the volume's backup and those of the database's.
    let snapshots = sandbox.simulator.rows("ec2.snapshot").expect("a world in memory can be read");
    let [copy] = &snapshots[..] else { panic!("the copy alone is left: {snapshots:?}") };
    assert_eq!(copy.region, "us-west-2");
    let moved = Environment {
        region: "us-west-2",
        zones: Zones::new(["us-west-2a", "us-west-2b", "us-west-2c"]),
        // Copies of what stands there go elsewhere.
        recovery: None,
        begins: Sources {
            postgres: Some(PostgresSource::Backups(backups)),
            redis: None,
            clickhouse: Some(EbsSnapshot(copy.id.clone())),
        },
        ..environment.clone()
    };
    applied(&mut sandbox, &graph("production", &moved)).await;
    assert_eq!(calls(&sandbox, "us-west-2", "RestoreDBInstanceToPointInTime"), 1);
    let volumes = sandbox.simulator.rows("ec2.volume").expect("a world in memory can be read");
    assert!(volumes.iter().any(|volume| volume.row["snapshot"] == copy.id.as_str()), "{volumes:?}");
    let instances = sandbox.simulator.rows("rds.instance").expect("a world in memory can be read");
    for instance in &instances {
        let owed = instance.row["tags"].to_string().contains("fathuss:password");
        assert!(!owed, "it has the password of its own: {}", instance.row);
    }
    assert_eq!(instances.len(), 2, "the primary and its replica");

    // In its own region, smaller.
    let smaller = Environment {
        account: account::ACCOUNT,
        boundary: &account::ACCESS.boundary,
        administrators: environment.administrators.clone(),
        deployers: environment.deployers.clone(),
        // The domain of the one before, which is gone from here.
        domain: "fathuss.test",
        begins: Sources {
            postgres: Some(PostgresSource::Snapshot("production-postgres-final".to_owned())),
            redis: Some(RedisSource::Snapshot("production-redis-final".to_owned())),
            clickhouse: None,
        },
        ..staging::environment().expect("its ranges are ranges")
    };
    let mut beside = Sandbox::beside(sandbox);
    applied(&mut beside, &graph("staging", &smaller)).await;
    assert_eq!(calls(&beside, "us-east-1", "RestoreDBInstanceFromDBSnapshot"), 1);
}

/// Applies it, whatever a plan would say afterwards.
async fn applied_again(sandbox: &mut Sandbox, graph: &Graph) {
    let applied = sandbox.carry_out(graph, Goal::Apply).await;
    assert!(applied.failed.is_empty() && applied.skipped.is_empty(), "{:?}", applied.failed);
}
