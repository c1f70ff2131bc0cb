//! Staging: the whole platform at its smallest, for trying things. Follows the branch `develop`.

use fathuss_model::{Result, Stack};

use crate::environment::{
    ClickHouse, Environment, NatGateways, Postgres, Principal, Range, Redis, Sources, Stage, Zones,
};
use crate::platform::with_applications;
use crate::staging_account;
use crate::subscribers::{Endpoint, Subscriber};

/// The stack.
pub fn staging(stack: &mut Stack) -> Result<()> {
    with_applications(stack, &environment()?)
}

/// Staging's facts.
pub fn environment() -> Result<Environment> {
    Ok(Environment {
        stage: Stage::Staging,
        region: "us-east-1",
        account: staging_account::ACCOUNT,
        zones: Zones::new(["us-east-1a", "us-east-1b", "us-east-1c"]),
        range: Range::read("10.10.0.0/16")?,
        nat_gateways: NatGateways::One,
        endpoints: &[],
        administrators: vec![Principal { name: "platform_admins", arn: &staging_account::ACCESS.administrators }],
        deployers: vec![Principal { name: "deploy", arn: &staging_account::ACCESS.deploy }],
        boundary: &staging_account::ACCESS.boundary,
        on_call: Subscriber { name: "on_call", endpoint: Endpoint::Mail("alarms@fathuss.com") },
        also_told: vec![],
        public_access: vec!["203.0.113.0/24".parse()?],
        log_days: 30,
        postgres: Postgres { standby: false, backup_days: 7, read_replica: false, password: 1 },
        redis: Redis { shards: 1, replicas: 1, multi_az: false, snapshot_days: 7 },
        clickhouse: ClickHouse { backup_days: 7, password: 1 },
        begins: Sources::default(),
        recovery: None,
        domain: "staging.fathuss.com",
        assets: false,
    })
}
