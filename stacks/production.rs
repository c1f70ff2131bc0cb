//! Production: the platform for everyone, each part in several zones. Follows the branch `main`.

use fathuss_model::{Result, Stack};

use crate::environment::{Environment, NatGateways, Postgres, Principal, Range, Redis, Stage, Zones};
use crate::platform::platform;
use crate::production_dr::RECOVERY;

/// The stack.
pub fn production(stack: &mut Stack) -> Result<()> {
    platform(stack, &environment()?)
}

/// Production's facts.
pub fn environment() -> Result<Environment> {
    Ok(Environment {
        stage: Stage::Production,
        region: "us-east-1",
        account: "444455556666",
        zones: Zones::new(["us-east-1a", "us-east-1b", "us-east-1c"]),
        range: Range::read("10.20.0.0/16")?,
        nat_gateways: NatGateways::PerZone,
        endpoints: &["ecr.api", "ecr.dkr", "sts"],
        administrators: vec![Principal {
            name: "platform_admins",
            arn: "arn:aws:iam::444455556666:role/platform-admins",
        }],
        deployers: vec![Principal { name: "deploy", arn: "arn:aws:iam::444455556666:role/fathuss-deploy" }],
        public_access: vec!["203.0.113.0/24".parse()?],
        log_days: 365,
        postgres: Postgres { standby: true, backup_days: 30, read_replica: true },
        redis: Redis { shards: 2, replicas: 2, multi_az: true, snapshot_days: 30 },
        clickhouse_backup_days: 30,
        recovery: Some(RECOVERY),
        domain: "fathuss.com",
        assets: true,
    })
}
