//! Production: the platform for everyone, each part in several zones. Follows the branch `main`.

use fathuss_model::{Result, Stack};

use crate::account;
use crate::environment::{
    ClickHouse, Environment, NatGateways, Postgres, Principal, Range, Redis, Sources, Stage, Zones,
};
use crate::platform::with_applications;
use crate::production_dr::RECOVERY;
use crate::subscribers::{Endpoint, Subscriber};

/// The stack.
pub fn production(stack: &mut Stack) -> Result<()> {
    with_applications(stack, &environment()?)
}

/// Production's facts.
pub fn environment() -> Result<Environment> {
    Ok(Environment {
        stage: Stage::Production,
        region: "us-east-1",
        account: account::ACCOUNT,
        zones: Zones::new(["us-east-1a", "us-east-1b", "us-east-1c"]),
        range: Range::read("10.20.0.0/16")?,
        nat_gateways: NatGateways::PerZone,
        endpoints: &["ecr.api", "ecr.dkr", "sts"],
        administrators: vec![Principal { name: "platform_admins", arn: &account::ACCESS.administrators }],
        deployers: vec![Principal { name: "deploy", arn: &account::ACCESS.deploy }],
        boundary: &account::ACCESS.boundary,
        on_call: Subscriber { name: "on_call", endpoint: Endpoint::Mail("alarms@fathuss.com") },
        also_told: vec![],
        public_access: vec!["203.0.113.0/24".parse()?],
        log_days: 365,
        postgres: Postgres { standby: true, backup_days: 30, read_replica: true, password: 1 },
        redis: Redis { shards: 2, replicas: 2, multi_az: true, snapshot_days: 30 },
        clickhouse: ClickHouse { backup_days: 30, password: 1 },
        begins: Sources::default(),
        recovery: Some(RECOVERY),
        domain: "fathuss.com",
        assets: true,
    })
}
