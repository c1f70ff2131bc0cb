//! Whatever has a secret's value is given the next one in the run that makes it.

mod sandbox;

use fathuss_engine::apply::Applied;
use fathuss_engine::plan::Goal;
use fathuss_model::aws::{
    CacheAuthentication, CacheAuthenticationMode, CacheEngine, DbInstance, DbInstanceClass, DbSubnetGroup,
    ElasticacheUser, Gp3, MasterPassword, SecretsmanagerSecret, SecretsmanagerSecretVersion, Subnet, Vpc,
};
use fathuss_model::graph::Graph;
use fathuss_model::{Ipv4Net, Result, Secret, Stack, Subnets, graph_of};
use sandbox::Sandbox;

const ACCOUNT: &str = "111122223333";

/// A password, a database and a user of caches that have it, and a server beside them that nothing of it concerns.
fn stack(stack: &mut Stack, version: i64) -> Result<()> {
    stack.place("us-east-1", ACCOUNT);
    let range: Ipv4Net = "10.0.0.0/16".parse()?;
    let vpc = stack.add("main", Vpc::new(range));
    let mut subnets = Vec::new();
    for (zone, position) in [("us-east-1a", 0), ("us-east-1b", 1)] {
        let subnet = Subnet::new(&vpc, range.subnet(24, position)?).availability_zone(zone);
        subnets.push(stack.add(("private", zone), subnet));
    }
    let group = stack.add("main", DbSubnetGroup::new(&subnets));
    let secret = stack.add("shop", SecretsmanagerSecret::new().name("shop").recovery_window_in_days(7));
    let password = SecretsmanagerSecretVersion::new(&secret, Secret::generated(32)).secret_string_wo_version(version);
    let password = stack.add("shop", password);
    let by_password = CacheAuthenticationMode::new(CacheAuthentication::Password);
    let user = ElasticacheUser::new("shop", "shop", CacheEngine::Valkey, "on ~* +@all", by_password);
    stack.add("shop", user.passwords_wo(password.value()));
    let database = DbInstance::postgres("17", DbInstanceClass::T3Micro)
        .storage(Gp3::gigabytes(20))
        .subnets(&group)
        .username("shop")
        .master_password(MasterPassword::KeptBy(password))
        .skip_final_snapshot(true);
    stack.add("shop", database);
    Ok(())
}

fn graph(version: i64) -> Graph {
    graph_of("shop", |building| stack(building, version)).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

/// How often the value was read, sent to the database, and sent to the cache's user.
fn sent(sandbox: &Sandbox) -> [usize; 3] {
    let log = sandbox.simulator.log();
    ["GetSecretValue", "ModifyDBInstance", "ModifyUser"]
        .map(|operation| log.iter().filter(|call| call.operation == operation && call.code.is_none()).count())
}

/// Applies it, and finds nothing to do afterwards.
async fn applied(sandbox: &mut Sandbox, graph: &Graph) -> Applied {
    let applied = sandbox.carry_out(graph, Goal::Apply).await;
    assert!(applied.failed.is_empty() && applied.skipped.is_empty(), "{:?}", applied.failed);
    let left = sandbox.plan(graph, Goal::Apply).await.plan;
    assert!(!left.has_changes(), "{:?}", left.actions);
    applied
}

#[tokio::test(start_paused = true)]
async fn another_version_is_sent_to_whatever_has_the_secret() {
    let mut sandbox = Sandbox::new(ACCOUNT, Vec::new());
    applied(&mut sandbox, &graph(1)).await;
    assert_eq!(sent(&sandbox), [2, 0, 0], "both are made with it");
    applied(&mut sandbox, &graph(2)).await;
    assert_eq!(sent(&sandbox), [4, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_others_delete_is_made_anew_and_sent_to_whatever_has_it() {
    let mut sandbox = Sandbox::new(ACCOUNT, Vec::new());
    let graph = graph(1);
    applied(&mut sandbox, &graph).await;
    for without_recovery in [true, false] {
        let before = sent(&sandbox);
        let secrets = sandbox.aws.client("us-east-1").secrets.clone();
        let mut deleting = secrets.delete_secret().secret_id("shop");
        if without_recovery {
            deleting = deleting.force_delete_without_recovery(true);
        }
        deleting.send().await.expect("nothing holds it");
        sandbox.simulator.advance(jiff::SignedDuration::from_mins(5)).expect("a world in memory can be written");

        let plan = sandbox.plan(&graph, Goal::Apply).await.plan;
        let changed: Vec<String> = plan.actions.iter().map(|action| action.address.local()).collect();
        for address in ["aws_db_instance.shop", "aws_elasticache_user.shop"] {
            assert!(changed.iter().any(|one| one == address), "{address}: {changed:?}");
        }
        applied(&mut sandbox, &graph).await;
        assert_eq!(sent(&sandbox), [before[0] + 2, before[1] + 1, before[2] + 1], "{without_recovery}");
    }
}
