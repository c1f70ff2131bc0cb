//! Staging: the whole platform at its smallest, for trying things. Follows the branch `develop`.

use fathuss_model::{Result, Stack};

use crate::environment::{Environment, NatGateways, Postgres, Principal, Range, Redis, Stage, Zones};
use crate::platform::platform;

/// The stack.
pub fn staging(stack: &mut Stack) -> Result<()> {
    platform(stack, &environment()?)
}

/// Staging's facts.
pub fn environment() -> Result<Environment> {
    Ok(Environment {
        stage: Stage::Staging,
        region: "us-east-1",
        account: "111122223333",
        zones: Zones::new(["us-east-1a", "us-east-1b", "us-east-1c"]),
        range: Range::read("10.10.0.0/16")?,
        nat_gateways: NatGateways::One,
        endpoints: &[],
        administrators: vec![Principal {
            name: "platform_admins",
            arn: "arn:aws:iam::111122223333:role/platform-admins",
        }],
        deployers: vec![Principal { name: "deploy", arn: "arn:aws:iam::111122223333:role/fathuss-deploy" }],
        public_access: vec!["203.0.113.0/24".parse()?],
        log_days: 30,
        postgres: Postgres { standby: false, backup_days: 7, read_replica: false },
        redis: Redis { shards: 1, replicas: 1, multi_az: false, snapshot_days: 7 },
        clickhouse_backup_days: 7,
        recovery: None,
        domain: "staging.fathuss.com",
        assets: false,
    })
}
