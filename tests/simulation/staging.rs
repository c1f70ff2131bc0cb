//! Staging as it stands, and as an edit would have it, for the sweeps that kill what applies it.

use fathuss_model::graph::Graph;
use fathuss_model::graph_of;
use fathuss_stacks::environment::{ClickHouse, Environment, NatGateways, Postgres, Redis};
use fathuss_stacks::platform::platform;
use fathuss_stacks::staging_account::staging_account;

pub fn environment() -> Environment {
    fathuss_stacks::staging::environment().expect("its ranges are ranges")
}

/// What is made, changed, replaced and taken away at once.
pub fn updated() -> Environment {
    let staging = environment();
    Environment {
        nat_gateways: NatGateways::PerZone,
        endpoints: &["sts"],
        log_days: 90,
        clickhouse: ClickHouse { backup_days: 14, ..staging.clickhouse },
        public_access: vec!["198.51.100.0/24".parse().expect("it is a range")],
        postgres: Postgres { standby: true, backup_days: 14, ..staging.postgres },
        redis: Redis { shards: 2, replicas: 2, multi_az: true, ..staging.redis },
        ..staging
    }
}

pub fn graph(environment: &Environment) -> Graph {
    graph_of("staging", |stack| platform(stack, environment)).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

/// What staging stands on.
#[allow(dead_code, reason = "one sweep has it from the program")]
pub fn account() -> Graph {
    graph_of("staging-account", staging_account).expect("nothing is wrong with it")
}

/// What the reader says of an orphan, without how many of its type are in the state.
pub fn thing(what: &str) -> &str {
    what.split(" is in no state").next().unwrap_or(what)
}
