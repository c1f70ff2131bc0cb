//! Staging built in us-west-2 while us-east-1 refuses every call: nothing in the line assumes a region.
//!
//! IAM and STS have one endpoint for all regions, whose calls are signed for us-east-1: they alone may go there.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use bytes::Bytes;
use fathuss_aws::{Aws, Reply, Transport, TransportFault};
use fathuss_engine::apply::{Pace, Surroundings};
use fathuss_engine::event::Told;
use fathuss_engine::plan::Goal;
use fathuss_engine::provider::SecretText;
use fathuss_engine::run::{Order, carry_out, prepare};
use fathuss_engine::{Clock, Local, Provider};
use fathuss_model::graph_of;
use fathuss_simulator::{Config, FaultKind, FaultRule, Identity, Simulator};
use fathuss_stacks::environment::{Environment, Zones};
use fathuss_stacks::platform::platform;
use fathuss_stacks::staging;
use fathuss_state::{Memory, Store};
use tokio::sync::watch;

const AWAY: &str = "us-east-1";
const HOME: &str = "us-west-2";

#[derive(Clone)]
struct InProcess(Simulator);

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InProcess")
    }
}

impl Transport for InProcess {
    fn send(&self, request: http::Request<Bytes>) -> Reply {
        let simulator = self.0.clone();
        Box::pin(async move { simulator.handle(request).await.map_err(|f| TransportFault::Reset(f.to_string())) })
    }
}

struct WorldClock(Simulator);

fn time_of(simulator: &Simulator) -> Duration {
    Duration::from_millis(u64::try_from(simulator.now().as_millisecond()).unwrap_or_default())
}

#[async_trait(?Send)]
impl Clock for WorldClock {
    fn now(&self) -> Duration {
        time_of(&self.0)
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A world in which us-east-1 is down, but for the services that have their one endpoint there.
fn world(account: &str) -> Simulator {
    let identity =
        Identity { key: "test".to_owned(), secret: "test".to_owned(), account: account.to_owned(), arn: None };
    let refusal = FaultKind::Refuse { code: "RegionIsDown".to_owned(), message: "not today".to_owned(), status: 400 };
    let down = ["ec2", "eks", "rds", "elasticache"].map(|service| FaultRule {
        service: Some(service.to_owned()),
        region: Some(AWAY.to_owned()),
        ..FaultRule::always(refusal.clone())
    });
    let config = Config { identities: vec![identity], faults: down.to_vec(), ..Config::new(11) };
    Simulator::open(config).expect("a world in memory opens")
}

#[tokio::test(start_paused = true)]
async fn staging_is_built_in_us_west_2_while_us_east_1_refuses_every_call() {
    let environment = Environment {
        region: HOME,
        zones: Zones::new(["us-west-2a", "us-west-2b", "us-west-2c"]),
        ..staging::environment().expect("staging's ranges are ranges")
    };
    let graph = graph_of("staging", |stack| platform(stack, &environment)).expect("nothing is wrong with staging");
    let simulator = world(environment.account);
    let clock: Rc<dyn Clock> = Rc::new(WorldClock(simulator.clone()));
    let time = simulator.clone();
    let config = fathuss_aws::Config::new(Credentials::from_keys("test", "test", None), clock.clone())
        .transport(Arc::new(InProcess(simulator.clone())), Arc::new(move || SystemTime::UNIX_EPOCH + time_of(&time)))
        .lineage("lineage");
    let aws = Rc::new(Aws::new(config));
    let provider = |kind: &str| -> Option<Rc<dyn Provider>> {
        if Local.schema(kind).is_some() {
            return Some(Rc::new(Local));
        }
        aws.schema(kind)?;
        Some(Rc::clone(&aws) as Rc<dyn Provider>)
    };
    let listener = |_: &Told| {};
    let (_keep, pace) = watch::channel(Pace::Run);
    let around = Surroundings {
        provider: &provider,
        clock,
        secrets: &|_| Ok(SecretText::new("a-secret-of-tests".to_owned())),
        pace,
        listener: &listener,
        parallelism: 512,
        salt: 1,
    };
    let mut store = Memory::new("lineage");
    let order = |goal| Order { graph: graph.clone(), goal, refresh: true, outputs: BTreeMap::new() };

    for goal in [Goal::Apply, Goal::Destroy] {
        let prepared = prepare(order(goal), store.snapshot().unwrap(), &around).await.expect("it plans");
        let applied = carry_out(&mut store, &prepared, &around, &|| 0).await.expect("the state can be written");
        assert!(applied.failed.is_empty(), "{goal:?}: {:?}", applied.failed);
        assert!(applied.skipped.is_empty(), "{goal:?}: {:?}", applied.skipped);
        if goal == Goal::Apply {
            let records = store.snapshot().unwrap().resources;
            assert_eq!(records.len(), graph.nodes.len());
            assert!(records.values().all(|record| record.region == HOME));
        }
    }
    assert!(store.snapshot().unwrap().resources.is_empty());
    let astray: Vec<_> = simulator
        .log()
        .into_iter()
        .filter(|call| call.region == AWAY && !["iam", "sts"].contains(&call.service.as_str()))
        .collect();
    assert!(astray.is_empty(), "{astray:?}");
    for table in ["ec2.vpc", "eks.cluster", "rds.instance", "elasticache.replication_group"] {
        let left = simulator.rows(table).expect("it can be read");
        assert!(left.iter().all(|row| row.region == HOME || row.row["is_default"] == true), "{table}");
    }
}
