//! What tells one environment from another: every difference between staging and production is a field here.

use std::fmt;

use fathuss_model::aws::policy::{self, Policy, Statement};
use fathuss_model::aws::{BackupVault, IamPolicy, IamRole, KmsKey, S3Bucket};
use fathuss_model::{Arn, Ipv4Net, Output, Result, Stack, Subnets};

use crate::subscribers::Subscriber;

/// An environment, in full: where it stands, how large it is, and who may enter.
#[derive(Clone, Debug)]
pub struct Environment {
    /// What it is for.
    pub stage: Stage,
    /// The region, for instance `us-east-1`.
    pub region: &'static str,
    /// The account: 12 digits.
    pub account: &'static str,
    /// The zones. Literals, since a stack's structure never depends on a lookup; one checks that they are there.
    pub zones: Zones,
    /// The VPC's range, a /16. It is settled when the environment is built: an EKS cluster never leaves its VPC, so another
    /// range is another environment.
    pub range: Range,
    /// Whether each zone has a NAT gateway of its own, or all share one.
    pub nat_gateways: NatGateways,
    /// The services that are reached within the VPC, for instance `sts`: each costs by the hour.
    pub endpoints: &'static [&'static str],
    /// Who administers the cluster.
    pub administrators: Vec<Principal>,
    /// Who deploys.
    pub deployers: Vec<Principal>,
    /// What the roles made here are allowed at most: CI makes no others.
    pub boundary: &'static Output<Arn<IamPolicy>>,
    /// Who is told of alarms: someone, always.
    pub on_call: Subscriber,
    /// Who else is told of them.
    pub also_told: Vec<Subscriber>,
    /// From where the cluster's API is reached over the internet. Who is elsewhere takes a port forward. Both environments
    /// give a range that is kept for documentation, 203.0.113.0/24, and nobody is there: put in your own before the first
    /// apply.
    pub public_access: Vec<Ipv4Net>,
    /// How many days logs are kept.
    pub log_days: i64,
    /// How PostgreSQL is kept.
    pub postgres: Postgres,
    /// How Redis is laid out.
    pub redis: Redis,
    /// How ClickHouse is kept.
    pub clickhouse: ClickHouse,
    /// What the data stores begin as. All begin empty, but where an environment is built anew from what another left.
    pub begins: Sources,
    /// Where copies of what is kept go, so that all can be built in another region.
    pub recovery: Option<Recovery>,
    /// The domain; people delegate its zone once, by hand.
    pub domain: &'static str,
    /// Whether there are static assets, which CloudFront brings to all the world.
    pub assets: bool,
}

/// What an environment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// For trying things: it can be destroyed at any time.
    Staging,
    /// For everyone.
    Production,
}

/// How many NAT gateways there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NatGateways {
    /// One for all zones: cheaper, and its zone's failure cuts all off.
    One,
    /// One per zone.
    PerZone,
}

/// A role that its account's stack made, with a word for it in addresses. EKS lets nobody in who is not there.
#[derive(Clone, Copy, Debug)]
pub struct Principal {
    /// The word.
    pub name: &'static str,
    /// The ARN.
    pub arn: &'static Output<Arn<IamRole>>,
}

/// How PostgreSQL is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Postgres {
    /// Whether a standby in another zone takes over.
    pub standby: bool,
    /// How many days backups are kept.
    pub backup_days: i64,
    /// Whether there is a read replica, which rules out a master password that RDS manages:
    /// [`Environment::keeps_the_password_of_postgres`].
    pub read_replica: bool,
    /// The version of the password, where RDS does not manage it; what it rotates is this number. One more draws another
    /// password, Secrets Manager keeps it as the secret's current version, and the same apply has RDS take it over at once.
    /// Sessions that stand go on; who logs in anew reads the secret first, or comes with an IAM token and needs none.
    ///
    /// Secrets Manager rotates by itself only what RDS manages, or with a function that people keep; neither is here:
    /// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html>
    pub password: i64,
}

/// How ClickHouse is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClickHouse {
    /// How many days backups are kept.
    pub backup_days: i64,
    /// The version of the password: one more draws another, which the server asks for every five minutes.
    pub password: i64,
}

/// What the data stores begin as: what is none begins empty. Each is asked about when the store is made and never again, so
/// that these lines may stay or go afterwards.
///
/// What they name stands in the environment's own region. Of production there is, in the other one: the copies of the
/// database's automated backups, and in the vault the copies of the volume's. A snapshot of the database can be copied there
/// as long as its own region answers; ElastiCache copies none to another region but through objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// PostgreSQL's.
    pub postgres: Option<PostgresSource>,
    /// Redis'.
    pub redis: Option<RedisSource>,
    /// That of ClickHouse's volume.
    pub clickhouse: Option<EbsSnapshot>,
}

/// What PostgreSQL begins as. It has the master user, the databases and the encryption of that, and the password of this
/// environment as soon as it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostgresSource {
    /// A snapshot, by name, or by ARN where it is another account's.
    Snapshot(String),
    /// The latest that automated backups have, by ARN.
    Backups(String),
}

/// What Redis begins as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedisSource {
    /// A snapshot, by name.
    Snapshot(String),
    /// Files of snapshots in buckets of the region, by ARN: how they come from another region.
    Objects(Vec<String>),
}

/// A snapshot of a volume, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EbsSnapshot(pub String);

/// How Redis is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redis {
    /// How many shards.
    pub shards: i64,
    /// How many replicas each shard has.
    pub replicas: i64,
    /// Whether a shard's primary and replicas stand in different zones.
    pub multi_az: bool,
    /// How many days daily snapshots are kept.
    pub snapshot_days: i64,
}

/// Where copies of what is kept go: what another stack made for them in its region.
#[derive(Clone, Copy, Debug)]
pub struct Recovery {
    /// The region.
    pub region: &'static str,
    /// The vault of backups.
    pub vault: &'static Output<Arn<BackupVault>>,
    /// The key of the database's backups.
    pub database_key: &'static Output<Arn<KmsKey>>,
    /// The bucket of copies of the grader's cache.
    pub grader_cache: &'static Output<Arn<S3Bucket>>,
    /// The bucket of copies of Loki's logs.
    pub loki: &'static Output<Arn<S3Bucket>>,
    /// The key of both.
    pub objects_key: &'static Output<Arn<KmsKey>>,
}

/// The zones of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zones([&'static str; 3]);

/// A zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(&'static str);

/// An IPv4 range that is divided into smaller ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range(Ipv4Net);

impl Environment {
    /// Whether it is for everyone.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.stage == Stage::Production
    }

    /// `staging` or `production`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.stage {
            Stage::Staging => "staging",
            Stage::Production => "production",
        }
    }

    /// The cluster's name; fixed, since subnets, tags and people refer to it.
    #[must_use]
    pub fn cluster_name(&self) -> String {
        format!("{}-fathuss", self.name())
    }

    /// Whether PostgreSQL's password is drawn here and kept in a secret of the environment's name. Else RDS manages it, which
    /// it does of no instance with a replica; production's stays as it is whether there is one or not.
    #[must_use]
    pub fn keeps_the_password_of_postgres(&self) -> bool {
        self.is_production() || self.postgres.read_replica
    }

    /// The tags of everything, with the service that it belongs to.
    #[must_use]
    pub fn tags(&self, service: &'static str) -> [(&'static str, &'static str); 4] {
        [("Project", "Fathuss"), ("Environment", self.name()), ("Service", service), ("ManagedBy", "fathuss")]
    }

    /// The namespace of the services in the cluster.
    #[must_use]
    pub fn namespace(&self) -> String {
        format!("fathuss-{}", self.name())
    }

    /// Tags everything that is added from here on.
    pub fn tag_all(&self, stack: &mut Stack, service: &'static str) {
        for (key, value) in self.tags(service) {
            stack.default_tag(key, value);
        }
    }

    /// The name by which endpoints know a service of this region, for instance `s3`.
    #[must_use]
    pub fn service(&self, name: &str) -> String {
        format!("com.amazonaws.{}.{name}", self.region)
    }

    /// The ARN of something in this region and account, for instance of service `secretsmanager` and resource `secret:*`.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// A role that whom this policy trusts may take on, within the boundary.
    #[must_use]
    pub fn role(&self, stack: &Stack, trust: Policy) -> IamRole {
        IamRole::new(trust).permissions_boundary(stack.read(self.boundary))
    }

    /// Lets a service of AWS take on a role on behalf of this account alone, and of what has such an ARN: no other account
    /// gets it to act here. For services whose pages say that they tell both:
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>
    #[must_use]
    pub fn trust(&self, service: &str, source: &str) -> Policy {
        let trust = Statement::assume_role(policy::Principal::service(service))
            .when("StringEquals", "aws:SourceAccount", [self.account])
            .when("ArnLike", "aws:SourceArn", [source]);
        Policy::new([trust])
    }
}

impl Zones {
    /// Three zones.
    #[must_use]
    pub const fn new(names: [&'static str; 3]) -> Self {
        Self(names)
    }

    /// Their names.
    #[must_use]
    pub const fn names(&self) -> [&'static str; 3] {
        self.0
    }

    /// The zones in order.
    pub fn iter(&self) -> impl Iterator<Item = Zone> + use<> {
        self.0.into_iter().map(Zone)
    }

    /// The first zone, where what there is one of stands.
    #[must_use]
    pub const fn first(&self) -> Zone {
        Zone(self.0[0])
    }

    /// One of something per zone.
    pub fn try_map<T>(&self, make: impl FnMut(Zone) -> Result<T>) -> Result<Vec<T>> {
        self.iter().map(make).collect()
    }
}

impl Zone {
    /// Its name, for instance `us-east-1a`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// The place of its letter, from 0: whichever zones an environment is moved to, no two ever had the same.
    #[must_use]
    pub fn index(self) -> u32 {
        self.0.bytes().last().map_or(0, |letter| u32::from(letter.saturating_sub(b'a')))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Range {
    /// Reads a range.
    pub fn read(text: &str) -> Result<Self> {
        Ok(Self(text.parse()?))
    }

    /// The whole of it.
    #[must_use]
    pub const fn whole(self) -> Ipv4Net {
        self.0
    }

    /// The range of a prefix length at a position, from 0.
    pub fn subnet(self, length: u8, position: u32) -> Result<Ipv4Net> {
        Ok(self.0.subnet(length, position)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_divided_by_length_and_position() {
        let range = Range::read("10.10.0.0/16").unwrap();
        assert_eq!(range.subnet(20, 2).unwrap().to_string(), "10.10.32.0/20");
        assert!(range.subnet(20, 16).is_err());
        assert!(Range::read("10.10.0.0").is_err());
    }

    #[test]
    fn zones_know_their_place() {
        let zones = Zones::new(["us-east-1a", "us-east-1b", "us-east-1d"]);
        let places: Vec<String> = zones.iter().map(|zone| format!("{zone}: {}", zone.index())).collect();
        assert_eq!(places, ["us-east-1a: 0", "us-east-1b: 1", "us-east-1d: 3"]);
        assert_eq!(zones.first().name(), "us-east-1a");
    }
}
