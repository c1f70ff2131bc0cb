//! Staging built in us-west-2 while us-east-1 refuses every call: nothing in the line assumes a region.
//!
//! IAM, STS and Route 53 have one endpoint for all regions, whose calls are signed for us-east-1: they alone may go there.

mod sandbox;

use fathuss_engine::plan::Goal;
use fathuss_model::graph_of;
use fathuss_simulator::{FaultKind, FaultRule};
use fathuss_stacks::environment::{Environment, Zones};
use fathuss_stacks::platform::platform;
use fathuss_stacks::staging;
use sandbox::Sandbox;

const AWAY: &str = "us-east-1";
const HOME: &str = "us-west-2";

/// us-east-1 is down, but for the services that have their one endpoint there.
fn down() -> Vec<FaultRule> {
    let refusal = FaultKind::Refuse { code: "RegionIsDown".to_owned(), message: "not today".to_owned(), status: 400 };
    let rule = |service: &str| FaultRule {
        service: Some(service.to_owned()),
        region: Some(AWAY.to_owned()),
        ..FaultRule::always(refusal.clone())
    };
    ["ec2", "eks", "rds", "elasticache", "acm", "kms", "s3", "secretsmanager"].map(rule).to_vec()
}

#[tokio::test(start_paused = true)]
async fn staging_is_built_in_us_west_2_while_us_east_1_refuses_every_call() {
    let environment = Environment {
        region: HOME,
        zones: Zones::new(["us-west-2a", "us-west-2b", "us-west-2c"]),
        ..staging::environment().expect("staging's ranges are ranges")
    };
    let graph = graph_of("staging", |stack| platform(stack, &environment)).expect("nothing is wrong with staging");
    let mut sandbox = Sandbox::new(environment.account, Vec::new());
    sandbox.apply_what_is_before(&environment).await;
    sandbox.simulator.set_faults(down());
    for goal in [Goal::Apply, Goal::Destroy] {
        let applied = sandbox.carry_out(&graph, goal).await;
        assert!(applied.failed.is_empty(), "{goal:?}: {:?}", applied.failed);
        assert!(applied.skipped.is_empty(), "{goal:?}: {:?}", applied.skipped);
        if goal == Goal::Apply {
            let records = sandbox.snapshot().resources;
            assert_eq!(records.len(), graph.nodes.len());
            assert!(records.values().all(|record| record.region == HOME));
        }
    }
    assert!(sandbox.snapshot().resources.is_empty());
    let astray: Vec<_> = sandbox
        .simulator
        .log()
        .into_iter()
        .filter(|call| call.region == AWAY && !["iam", "route53", "sts"].contains(&call.service.as_str()))
        .collect();
    assert!(astray.is_empty(), "{astray:?}");
    for table in ["ec2.vpc", "eks.cluster", "rds.instance", "elasticache.replication_group"] {
        let left = sandbox.simulator.rows(table).expect("it can be read");
        assert!(left.iter().all(|row| row.region == HOME || row.row["is_default"] == true), "{table}");
    }
}
