//! A destroy leaves what its plan listed, and nothing else: production, whose data outlive it.

mod sandbox;

use std::collections::BTreeSet;

use fathuss_engine::plan::{Goal, PlannedSurvivor};
use fathuss_model::aws::AvailabilityZones;
use fathuss_model::graph::Graph;
use fathuss_model::{Datum, Expression, graph_of};
use fathuss_simulator::{Simulator, WorldRow};
use fathuss_stacks::platform::platform;
use fathuss_stacks::{account, production, production_dr};
use sandbox::Sandbox;

/// What AWS makes for itself on the way and keeps: the policies of its services' roles, and its keys.
fn is_its_own(table: &str, row: &WorldRow) -> bool {
    match table {
        "iam.attachment" => row.id.contains(":policy/aws-service-role/"),
        "kms.managed_key" => true,
        // The names of buckets that are gone, which can't be had again at once.
        "s3.released" => true,
        // What billing remembers of tags, and AWS Backup of plans.
        "ce.tag_key" | "backup.deleted_plan" => true,
        // What CloudWatch remembers of alarms, for some weeks, and Route 53 of changes.
        "cloudwatch.alarm_history" | "route53.change" => true,
        _ => false,
    }
}

/// Everything in the world that an account pays for or sees, by table and id; the simulator's own books left out.
fn things(world: &Simulator) -> BTreeSet<(String, String)> {
    let mut things = BTreeSet::new();
    for table in world.tables().into_iter().filter(|table| !table.starts_with("core.")) {
        let rows = world.rows(table).expect("a world in memory can be read");
        let rows = rows.into_iter().filter(|row| !is_its_own(table, row));
        let name = |row: WorldRow| match table {
            // Kept by the instance that they are of, and known by a name of their own.
            "iam.role" => row.row["name"].as_str().unwrap_or_default().to_owned(),
            "rds.replicated_backup" => row.row["name"].as_str().unwrap_or_default().to_owned(),
            _ => row.id,
        };
        things.extend(rows.map(|row| (table.to_owned(), name(row))));
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

/// Applies a stack beside those that it refers to, takes its protections away, destroys it, and gives what the plan of that said would be left: it is
/// what is.
async fn left_as_listed(account: &str, others: &[Graph], graph: Graph) -> Vec<PlannedSurvivor> {
    let mut sandbox = Sandbox::new(account, Vec::new());
    // A region has its default network once it is called.
    for region in ["us-east-1", "us-west-2"] {
        let asking = graph_of("asking", |stack| {
            stack.place(region, account);
            stack.add("zones", AvailabilityZones::new());
            Ok(())
        });
        sandbox.plan(&asking.expect("nothing is wrong with it"), Goal::Apply).await;
    }
    for other in others {
        sandbox.apply_before(other).await;
    }
    let before = things(&sandbox.simulator);
    for graph in [graph.clone(), unprotected(graph.clone())] {
        let applied = sandbox.carry_out(&graph, Goal::Apply).await;
        assert!(applied.failed.is_empty(), "{:?}", applied.failed);
        let again = sandbox.plan(&graph, Goal::Apply).await.plan;
        assert!(!again.has_changes(), "{:?}", again.actions);
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
    listed
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_production_is_what_the_plan_of_its_destroy_lists() {
    let environment = production::environment().expect("production's ranges are ranges");
    let graph = graph_of("production", |stack| platform(stack, &environment)).expect("nothing is wrong with it");
    let listed = left_as_listed(environment.account, &[of_account(), other_region()], graph).await;
    assert!(listed.iter().any(|it| it.survivor.what == "DB snapshot production-postgres-final"), "{listed:#?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_the_other_region_is_its_keys() {
    let listed = left_as_listed("444455556666", &[], other_region()).await;
    assert!(listed.iter().all(|it| it.survivor.what.starts_with("KMS key ")), "{listed:#?}");
    assert_eq!(listed.len(), 3);
}

fn other_region() -> Graph {
    graph_of("production-dr", production_dr::production_dr).expect("nothing is wrong with it")
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_the_account_is_the_key_of_what_budgets_say() {
    let listed = left_as_listed("444455556666", &[], of_account()).await;
    assert!(listed.iter().all(|it| it.survivor.what.starts_with("KMS key ")), "{listed:#?}");
    assert_eq!(listed.len(), 1);
}

fn of_account() -> Graph {
    graph_of("account", account::account).expect("nothing is wrong with it")
}
