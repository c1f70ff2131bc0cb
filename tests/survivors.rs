//! A destroy leaves what its plan listed, and nothing else: production, whose data outlive it.

mod sandbox;

use std::collections::BTreeSet;

use fathuss_engine::plan::Goal;
use fathuss_model::graph::Graph;
use fathuss_model::{Datum, Expression, graph_of};
use fathuss_simulator::{Simulator, WorldRow};
use fathuss_stacks::platform::platform;
use fathuss_stacks::production;
use sandbox::Sandbox;

/// What AWS makes for itself on the way and keeps: its services' roles with their policies, and its keys.
fn is_its_own(table: &str, row: &WorldRow) -> bool {
    match table {
        "iam.role" => row.row["path"].as_str().is_some_and(|path| path.starts_with("/aws-service-role/")),
        "iam.attachment" => row.id.contains(":policy/aws-service-role/"),
        "kms.managed_key" => true,
        // The names of buckets that are gone, which can't be had again at once.
        "s3.released" => true,
        // What CloudWatch remembers of alarms, for some weeks.
        "cloudwatch.alarm_history" => true,
        _ => false,
    }
}

/// Everything in the world that an account pays for or sees, by table and id; the simulator's own books left out.
fn things(world: &Simulator) -> BTreeSet<(String, String)> {
    let mut things = BTreeSet::new();
    for table in world.tables().into_iter().filter(|table| !table.starts_with("core.")) {
        let rows = world.rows(table).expect("a world in memory can be read");
        let rows = rows.into_iter().filter(|row| !is_its_own(table, row));
        things.extend(rows.map(|row| (table.to_owned(), row.id)));
    }
    things
}

/// The same stack with its protections taken away, as an edit would.
fn unprotected(mut graph: Graph) -> Graph {
    for node in &mut graph.nodes {
        node.lifecycle.prevent_destroy = false;
        if let Some(protection) = node.fields.get_mut("deletion_protection") {
            *protection = Expression::Literal(Datum::Bool(false));
        }
    }
    graph
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_production_is_what_the_plan_of_its_destroy_lists() {
    let environment = production::environment().expect("production's ranges are ranges");
    let graph = graph_of("production", |stack| platform(stack, &environment)).expect("nothing is wrong with it");
    let mut sandbox = Sandbox::new(environment.account, Vec::new());
    // A region has its default network once it is called.
    sandbox.plan(&graph, Goal::Apply).await;
    let before = things(&sandbox.simulator);
    for graph in [graph.clone(), unprotected(graph.clone())] {
        let applied = sandbox.carry_out(&graph, Goal::Apply).await;
        assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    }
    let graph = unprotected(graph);
    let listed: Vec<_> = sandbox.plan(&graph, Goal::Destroy).await.plan.survivors;
    let destroyed = sandbox.carry_out(&graph, Goal::Destroy).await;
    assert!(destroyed.failed.is_empty() && destroyed.skipped.is_empty(), "{:?}", destroyed.failed);
    // Network interfaces that services leave behind go away by themselves within minutes.
    sandbox.simulator.advance(jiff::SignedDuration::from_hours(1)).expect("a world in memory can be written");

    let left: BTreeSet<_> = things(&sandbox.simulator).difference(&before).cloned().collect();
    let unlisted: Vec<_> =
        left.iter().filter(|(_, id)| !listed.iter().any(|it| it.survivor.what.ends_with(id.as_str()))).collect();
    assert!(unlisted.is_empty(), "left and not listed: {unlisted:#?}\nlisted: {listed:#?}");
    for survivor in &listed {
        assert!(!survivor.survivor.reason.is_empty());
        let is_there = left.iter().any(|(_, id)| survivor.survivor.what.ends_with(id.as_str()));
        assert!(is_there, "listed and not left: {survivor:?}\nleft: {left:#?}");
    }
    assert!(listed.iter().any(|it| it.survivor.what == "DB snapshot production-postgres-final"), "{listed:#?}");
}
