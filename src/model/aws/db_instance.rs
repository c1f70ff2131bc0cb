//! `aws_db_instance`: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.html>

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::cloudwatch_log_group::written_by;
use super::form;
use super::subnet::{check_groups, vpc_of, zones};
use super::{
    DbParameterGroup, DbSubnetGroup, IamRole, KmsKey, SecretsmanagerSecretVersion, SecurityGroup, trust, way_out,
};
use crate::check::{Findings, Part, View};
use crate::transition::{Becoming, Impossible, is_earlier};
use crate::value::pushed;
use crate::{
    Arn, Computed, Datum, Expression, Handle, Id, IntoArn, IntoId, IntoNameOf, IntoPlain, Name, Resource as _, Secret,
    SecretSource, SecretVersion, Tags, Value, words,
};

words! {
    /// A database engine.
    pub enum DbEngine {
        /// PostgreSQL.
        Postgres = "postgres",
        /// MySQL.
        Mysql = "mysql",
        /// MariaDB.
        Mariadb = "mariadb",
    }
}

words! {
    /// A size of database instance.
    pub enum DbInstanceClass {
        /// 2 vCPU, 1 GiB.
        T3Micro = "db.t3.micro",
        /// 2 vCPU, 2 GiB.
        T3Small = "db.t3.small",
        /// 2 vCPU, 4 GiB.
        T3Medium = "db.t3.medium",
        /// 2 vCPU, 8 GiB.
        T3Large = "db.t3.large",
        /// 2 vCPU, 1 GiB, ARM.
        T4gMicro = "db.t4g.micro",
        /// 2 vCPU, 2 GiB, ARM.
        T4gSmall = "db.t4g.small",
        /// 2 vCPU, 4 GiB, ARM.
        T4gMedium = "db.t4g.medium",
        /// 2 vCPU, 8 GiB, ARM.
        T4gLarge = "db.t4g.large",
        /// 2 vCPU, 8 GiB, ARM.
        M6gLarge = "db.m6g.large",
        /// 4 vCPU, 16 GiB, ARM.
        M6gXlarge = "db.m6g.xlarge",
        /// 2 vCPU, 8 GiB.
        M6iLarge = "db.m6i.large",
        /// 2 vCPU, 16 GiB, ARM.
        R6gLarge = "db.r6g.large",
        /// 4 vCPU, 32 GiB, ARM.
        R6gXlarge = "db.r6g.xlarge",
    }
}

words! {
    /// A kind of database storage.
    pub enum DbStorageType {
        /// SSD with throughput and IOPS of their own; AWS's recommendation.
        Gp3 = "gp3",
        /// SSD whose IOPS grow with its size.
        Gp2 = "gp2",
        /// SSD with provisioned IOPS.
        Io1 = "io1",
        /// SSD with provisioned IOPS, more durable.
        Io2 = "io2",
    }
}

words! {
    /// A log that goes to CloudWatch.
    pub enum DbLogExport {
        /// PostgreSQL's log.
        Postgresql = "postgresql",
        /// What upgrades say.
        Upgrade = "upgrade",
        /// MySQL's and MariaDB's errors.
        Error = "error",
        /// MySQL's and MariaDB's slow queries.
        SlowQuery = "slowquery",
    }
}

/// A database server that AWS runs.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let mut subnets = Vec::new();
/// # for (at, zone) in (0..).zip(["us-east-1a", "us-east-1b"]) {
/// #     let subnet = Subnet::new(&vpc, range.subnet(24, at)?).availability_zone(zone);
/// #     subnets.push(stack.add(("private", zone), subnet));
/// # }
/// # let firewall = stack.add("database", SecurityGroup::new(&vpc, "PostgreSQL"));
/// # let parameters = stack.add("postgres", DbParameterGroup::new("postgres17"));
/// let group = stack.add("postgres", DbSubnetGroup::new(&subnets));
/// let postgres = DbInstance::postgres("17", DbInstanceClass::T4gMedium)
///     .storage(Gp3::gigabytes(20).growing_to(100))
///     .subnets(&group)
///     .security_group(&firewall)
///     .parameters(&parameters)
///     .db_name("shop")
///     .username("shop")
///     .master_password(MasterPassword::ManagedByRds)
///     .multi_az(true)
///     .backup_retention_period(14)
///     .backup_window("03:00-04:00")
///     .maintenance_window("sun:04:00-sun:05:00")
///     .deletion_protection(true)
///     .final_snapshot_identifier("postgres-final");
/// // No plan may destroy it until this line is taken out.
/// let postgres = stack.add("postgres", postgres.lifecycle(Lifecycle::new().prevent_destroy(true)));
/// stack.output("endpoint", postgres.endpoint());
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_db_instance",
    service = "rds",
    creation = Name,
    holds_data,
    create_seconds = 420,
    delete_seconds = 300,
    check = check,
    waits = waits,
    transition = transition
)]
pub struct DbInstance {
    /// The engine.
    #[field(replace)]
    engine: Value<DbEngine>,
    /// The size.
    #[field(update_seconds = 480, windowed)]
    instance_class: Value<DbInstanceClass>,
    /// The name, unique in account and region. State knows the instance by it: another name is another instance.
    #[field(
        replace,
        computed,
        named,
        min_length = 1,
        max_length = 63,
        form = form::SMALL_NAME
    )]
    identifier: Option<Value<String>>,
    /// The version: `17` leaves the minor one to AWS and its upgrades.
    #[field(
        computed,
        version_prefix,
        form = form::VERSION,
        update_seconds = 660,
        windowed,
    )]
    engine_version: Option<Value<String>>,
    /// The storage in GiB; it only grows.
    #[field(computed, min = 20, max = 65_536, update_seconds = 150, windowed)]
    allocated_storage: Option<Value<i64>>,
    /// How far the storage may grow by itself, in GiB; 0 is not at all.
    #[field(default = "0", min = 0, max = 65_536)]
    max_allocated_storage: Option<Value<i64>>,
    /// The kind of storage.
    #[field(computed, update_seconds = 150, windowed)]
    storage_type: Option<Value<DbStorageType>>,
    /// IOPS, where the kind and size take them.
    #[field(computed, min = 1000, max = 256_000, update_seconds = 150, windowed)]
    iops: Option<Value<i64>>,
    /// Throughput in MiB a second, for gp3 from 400 GiB on.
    #[field(computed, min = 125, max = 4_000, update_seconds = 150, windowed)]
    storage_throughput: Option<Value<i64>>,
    /// Whether the storage is encrypted; AWS can't encrypt in place.
    #[field(replace, default = "false")]
    storage_encrypted: Option<Value<bool>>,
    /// The KMS key, where it is not the account's default for RDS.
    #[field(
        replace,
        computed,
        form = form::KMS_KEY
    )]
    kms_key_id: Option<Value<Arn<KmsKey>>>,
    /// The database made with the instance.
    #[field(
        replace,
        min_length = 1,
        max_length = 63,
        form = form::DATABASE
    )]
    db_name: Option<Value<String>>,
    /// The master user.
    #[field(
        replace,
        computed,
        min_length = 1,
        max_length = 63,
        form = form::MASTER_USER
    )]
    username: Option<Value<String>>,
    /// Whether RDS keeps and rotates the master password in Secrets Manager.
    #[field(default = "false", update_seconds = 75)]
    manage_master_user_password: Option<Value<bool>>,
    /// The master password, 8 to 128 characters, where RDS does not manage it.
    #[field(write_only, sensitive)]
    password_wo: Option<Value<Secret>>,
    /// The password's version: a change of it sends the password again. One that Secrets Manager keeps has its own.
    #[field(instruction)]
    password_wo_version: Option<Value<SecretVersion>>,
    /// Whether IAM principals may log in with a token.
    #[field(default = "false", update_seconds = 75, windowed)]
    iam_database_authentication_enabled: Option<Value<bool>>,
    /// Whether a standby in another zone takes over.
    #[field(default = "false", update_seconds = 510, windowed)]
    multi_az: Option<Value<bool>>,
    /// The subnets it may stand in.
    #[field(computed, holds = Firm, update_seconds = 75, windowed)]
    db_subnet_group_name: Option<Value<Name<DbSubnetGroup>>>,
    /// The zone, where it has one and stays there.
    #[field(replace, computed, form = form::ZONE)]
    availability_zone: Option<Value<String>>,
    /// The security groups.
    #[field(set, computed, holds = Firm, update_seconds = 75)]
    vpc_security_group_ids: Option<Value<Vec<Id<SecurityGroup>>>>,
    /// The settings.
    #[field(computed, holds = Firm, update_seconds = 75)]
    parameter_group_name: Option<Value<Name<DbParameterGroup>>>,
    /// Whether it has a public address.
    #[field(default = "false", update_seconds = 75)]
    publicly_accessible: Option<Value<bool>>,
    /// The port; the engine's own where none is given.
    #[field(computed, min = 1150, max = 65_535, update_seconds = 75)]
    port: Option<Value<i64>>,
    /// How many days backups are kept; 0 is no backups.
    #[field(default = "1", min = 0, max = 35, update_seconds = 75)]
    backup_retention_period: Option<Value<i64>>,
    /// When backups are made, in UTC, half an hour at least, for instance `03:00-04:00`.
    #[field(
        computed,
        form = form::DAILY_WINDOW
    )]
    backup_window: Option<Value<String>>,
    /// When maintenance is done, in UTC, half an hour at least, for instance `sun:04:00-sun:05:00`.
    #[field(
        computed,
        case_insensitive,
        form = form::WEEKLY_WINDOW
    )]
    maintenance_window: Option<Value<String>>,
    /// Whether minor versions are upgraded in the maintenance window.
    #[field(default = "true")]
    auto_minor_version_upgrade: Option<Value<bool>>,
    /// Whether a change of `engine_version` may cross major versions.
    #[field(instruction, default = "false")]
    allow_major_version_upgrade: Option<Value<bool>>,
    /// Whether changes are made at once; in the maintenance window where not.
    #[field(instruction, default = "false")]
    apply_immediately: Option<Value<bool>>,
    /// Whether snapshots get its tags.
    #[field(default = "false")]
    copy_tags_to_snapshot: Option<Value<bool>>,
    /// Whether AWS refuses to delete it.
    #[field(default = "false")]
    deletion_protection: Option<Value<bool>>,
    /// Whether it goes without a last snapshot.
    #[field(instruction, default = "false")]
    skip_final_snapshot: Option<Value<bool>>,
    /// The name of the snapshot made before it goes.
    #[field(
        instruction,
        max_length = 255,
        pattern = "[A-Za-z](?:-?[A-Za-z0-9])*",
        pattern_words = "it begins with a letter; letters, digits and single hyphens are taken"
    )]
    final_snapshot_identifier: Option<Value<String>>,
    /// Whether its automated backups go with it.
    #[field(instruction, default = "true")]
    delete_automated_backups: Option<Value<bool>>,
    /// Seconds between the measurements of enhanced monitoring: 0, 1, 5, 10, 15, 30 or 60; 0 is none.
    #[field(default = "0", min = 0, max = 60, update_seconds = 75)]
    monitoring_interval: Option<Value<i64>>,
    /// The role that enhanced monitoring writes with.
    #[field(holds = Free)]
    monitoring_role_arn: Option<Value<Arn<IamRole>>>,
    /// Whether performance insights are on.
    #[field(default = "false")]
    performance_insights_enabled: Option<Value<bool>>,
    /// How many days performance insights are kept: 7, a multiple of 31, or 731; 7 are free.
    #[field(computed, min = 7, max = 731)]
    performance_insights_retention_period: Option<Value<i64>>,
    /// The logs that go to CloudWatch.
    #[field(set, default = "[]")]
    enabled_cloudwatch_logs_exports: Option<Value<Vec<DbLogExport>>>,
    /// The certificate authority of its certificate.
    #[field(computed, form = form::CA_CERTIFICATE, windowed)]
    ca_cert_identifier: Option<Value<String>>,
    /// The instance that it is a read replica of; leaving it out makes it stand on its own, and so does RDS when that
    /// one is deleted.
    #[field(holds = Along)]
    replicate_source_db: Option<Value<Id<DbInstance>>>,
    /// The snapshot it begins as: one of the same region, by name, or by ARN where it is another account's. Engine, master
    /// user, database and encryption are the snapshot's, and so is the storage until it grows; the password and what else
    /// the program says are sent once it is there.
    #[field(ignored_after_creation)]
    snapshot_identifier: Option<Value<String>>,
    /// The moment of another instance that it begins as, from automated backups of the same region, copies of another
    /// region's among them. What is that one's and what is sent, is as with a snapshot.
    #[field(ignored_after_creation)]
    restore_to_point_in_time: Option<Value<RestoreToPointInTime>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The identifier.
    id: Computed<Id<DbInstance>>,
    /// The ARN.
    arn: Computed<Arn<DbInstance>>,
    /// Its host name: Terraform's `address`.
    #[field(rename = "address")]
    host: Computed<String>,
    /// Its host name and port, with a colon between.
    endpoint: Computed<String>,
    /// The hosted zone of its host name.
    hosted_zone_id: Computed<String>,
    /// The id that stays when it is renamed.
    resource_id: Computed<String>,
    /// The version that runs.
    #[field(volatile)]
    engine_version_actual: Computed<String>,
    /// What was asked for and waits, by field: for the maintenance window, where it is not made at once.
    #[field(volatile)]
    pending_modified_values: Computed<BTreeMap<String, String>>,
    /// Whether the parameters of its group are in effect: `in-sync`, `applying`, or `pending-reboot` where some wait for
    /// a restart.
    #[field(volatile)]
    parameter_apply_status: Computed<String>,
    /// The secret that RDS keeps, where it manages the master password.
    #[field(volatile = "manage_master_user_password")]
    master_user_secret: Computed<MasterUserSecret>,
    /// `available` once it can be used.
    status: Computed<String>,
}

/// A moment of an instance, which is named in one way, by itself or by its backups.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct RestoreToPointInTime {
    /// The moment, for instance `2026-01-05T09:00:00Z`, where it is not the latest.
    #[field(ignored_after_creation, form = form::MOMENT)]
    restore_time: Option<Value<String>>,
    /// Whether it is the latest that backups reach.
    #[field(ignored_after_creation, default = "false")]
    use_latest_restorable_time: Option<Value<bool>>,
    /// The instance, by name.
    #[field(ignored_after_creation)]
    source_db_instance_identifier: Option<Value<String>>,
    /// The instance, by the id that stays when it is renamed and gone.
    #[field(ignored_after_creation)]
    source_dbi_resource_id: Option<Value<String>>,
    /// The backups, by ARN: of an instance that is gone, or copied from another region.
    #[field(ignored_after_creation, form = form::ARN)]
    source_db_instance_automated_backups_arn: Option<Value<String>>,
}

impl RestoreToPointInTime {
    /// The latest moment that these backups reach, which are named by ARN.
    #[must_use]
    pub fn latest_of_backups(arn: impl IntoPlain<String>) -> Self {
        Self::new().use_latest_restorable_time(true).source_db_instance_automated_backups_arn(arn)
    }
}

/// The secret in which RDS keeps a master password.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct MasterUserSecret {
    /// Its ARN.
    secret_arn: Computed<String>,
    /// The KMS key that it is encrypted with.
    kms_key_id: Computed<String>,
    /// `active` once it can be used.
    secret_status: Computed<String>,
}

/// Storage of kind gp3, by its size.
#[derive(Clone, Copy, Debug)]
pub struct Gp3 {
    gigabytes: i64,
    most: Option<i64>,
}

impl Gp3 {
    /// That many GiB.
    #[must_use]
    pub const fn gigabytes(gigabytes: i64) -> Self {
        Self { gigabytes, most: None }
    }

    /// It may grow by itself up to that many GiB.
    #[must_use]
    pub const fn growing_to(self, gigabytes: i64) -> Self {
        Self { most: Some(gigabytes), ..self }
    }
}

/// Where the master password comes from.
#[derive(Clone, Debug)]
pub enum MasterPassword {
    /// RDS makes it, keeps it in Secrets Manager and rotates it. An instance with read replicas can't have it so.
    ManagedByRds,
    /// One's own, and its version: another version sends it again.
    Secret(Value<Secret>, i64),
    /// What Secrets Manager keeps: another value there is sent in the same run.
    KeptBy(Handle<SecretsmanagerSecretVersion>),
}

impl DbInstance {
    /// A PostgreSQL server of a version, for instance `17`, and a size, with encrypted storage.
    #[must_use]
    pub fn postgres(version: &str, class: DbInstanceClass) -> Self {
        Self::new(DbEngine::Postgres, class).engine_version(version).storage_encrypted(true)
    }

    /// A read replica of another instance of the stack.
    #[must_use]
    pub fn replica_of(source: &Handle<Self>, class: DbInstanceClass) -> Self {
        Self::new(source.engine(), class).replicate_source_db(source).storage_encrypted(true)
    }

    /// Its storage.
    #[must_use]
    pub fn storage(self, storage: Gp3) -> Self {
        let sized = self.storage_type(DbStorageType::Gp3).allocated_storage(storage.gigabytes);
        match storage.most {
            Some(most) => sized.max_allocated_storage(most),
            None => sized,
        }
    }

    /// The subnets it may stand in.
    #[must_use]
    pub fn subnets(self, group: impl IntoNameOf<DbSubnetGroup>) -> Self {
        self.db_subnet_group_name(group)
    }

    /// One more security group.
    #[must_use]
    pub fn security_group(mut self, group: impl IntoId<SecurityGroup>) -> Self {
        self.vpc_security_group_ids = Some(pushed(self.vpc_security_group_ids, group.into_value()));
        self
    }

    /// Its settings.
    #[must_use]
    pub fn parameters(self, group: impl IntoNameOf<DbParameterGroup>) -> Self {
        self.parameter_group_name(group)
    }

    /// Where the master password comes from.
    #[must_use]
    pub fn master_password(self, password: MasterPassword) -> Self {
        match password {
            MasterPassword::ManagedByRds => self.manage_master_user_password(true),
            MasterPassword::Secret(secret, version) => self.password_wo(secret).password_wo_version(version),
            MasterPassword::KeptBy(version) => self.password_wo(version.value()),
        }
    }

    /// Enhanced monitoring: seconds between measurements, and the role that writes them.
    #[must_use]
    pub fn enhanced_monitoring(self, seconds: i64, role: impl IntoArn<IamRole>) -> Self {
        self.monitoring_interval(seconds).monitoring_role_arn(role)
    }
}

impl Handle<DbInstance> {
    /// The ARN of the secret in which RDS keeps the master password.
    #[must_use]
    pub fn master_user_secret_arn(&self) -> Value<String> {
        self.attribute("master_user_secret.secret_arn")
    }
}

/// The shortest and the longest window that RDS takes, in minutes:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Maintenance.html>
const WINDOWS: RangeInclusive<u32> = 30..=24 * 60 - 1;
/// From how many GiB on IOPS and throughput of gp3 can be chosen.
const GP3_STRIPED: i64 = 400;
/// How many GiB io1 and io2 have at least.
const LEAST_PROVISIONED: i64 = 100;

/// A public address holds the VPC's internet gateway; its logs go to groups.
fn waits<'a>(instance: &View<'a>) -> Vec<View<'a>> {
    let public = instance.truth("publicly_accessible") == Some(true);
    let group = instance.follow("db_subnet_group_name").filter(|_| public);
    let subnets = group.and_then(|group| group.follow_all("subnet_ids")).unwrap_or_default();
    let mut waits = subnets.first().map(way_out::internet).unwrap_or_default();
    let logs = instance.part("enabled_cloudwatch_logs_exports").map(Part::items).unwrap_or_default();
    let logs = logs.into_iter().filter_map(|log| log.literal()?.as_str());
    if let Some(name) = instance.text("identifier") {
        let groups: Vec<String> = logs.map(|log| format!("/aws/rds/instance/{name}/{log}")).collect();
        waits.extend(written_by(instance, &groups));
    }
    waits
}

fn check(instance: &View<'_>, findings: &mut Findings<'_>) {
    super::zone::check(instance, findings);
    super::kms_key::check_region(instance, "kms_key_id", findings);
    super::window::check(instance, "backup_window", "maintenance_window", WINDOWS, findings);
    check_storage(instance, findings);
    check_provisioned(instance, findings);
    check_logs(instance, findings);
    check_password(instance, findings);
    if instance.gives("kms_key_id") && instance.truth("storage_encrypted") == Some(false) {
        findings.refuse("`kms_key_id` is what storage is encrypted with: it wants `storage_encrypted(true)`");
    }
    if instance.gives("availability_zone") && instance.truth("multi_az") == Some(true) {
        findings.refuse("with `multi_az` RDS chooses the zones: leave out `availability_zone`");
    }
    check_origin(instance, findings);
    check_monitoring(instance, findings);
    check_family(instance, findings);
    let last = [instance.truth("skip_final_snapshot") == Some(true), instance.gives("final_snapshot_identifier")];
    if last == [false, false] && !instance.gives("replicate_source_db") {
        findings.refuse(
            "what becomes of the data when it is destroyed? Give `final_snapshot_identifier`, or say \
             `skip_final_snapshot(true)`",
        );
    }
    if last == [true, true] {
        findings.refuse("`skip_final_snapshot` and `final_snapshot_identifier` exclude each other");
    }
    let group = instance.follow("db_subnet_group_name");
    let subnets = group.and_then(|group| group.follow_all("subnet_ids"));
    if let (Some(zone), Some(zones)) = (instance.text("availability_zone"), subnets.as_deref().and_then(zones))
        && !zones.contains(zone)
    {
        let zones: Vec<&str> = zones.into_iter().collect();
        findings.refuse(format!("`availability_zone` is {zone}; its subnets lie in {}", zones.join(", ")));
    }
    if let Some(vpc) = subnets.and_then(|subnets| vpc_of(subnets.first()?)) {
        check_groups(instance, "vpc_security_group_ids", &vpc, findings);
    }
}

fn check_storage(instance: &View<'_>, findings: &mut Findings<'_>) {
    let Some(storage) = instance.integer("allocated_storage") else { return };
    let most = instance.integer("max_allocated_storage").unwrap_or(0);
    if most != 0 && most * 10 < storage * 11 {
        findings.refuse(format!(
            "storage of {storage} GiB can't grow to {most}: AWS wants a tenth more at least, or 0 for no growth"
        ));
    }
    let gp3 = instance.text("storage_type") == Some(DbStorageType::Gp3.word());
    let chosen = instance.gives("iops") || instance.gives("storage_throughput");
    if gp3 && chosen && storage < GP3_STRIPED {
        findings.refuse(format!(
            "gp3 takes `iops` and `storage_throughput` from {GP3_STRIPED} GiB on; below it has 3000 and 125 MiB/s"
        ));
    } else if gp3 {
        check_striped(instance, findings);
    }
}

/// What kinds other than gp3 take:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#Concepts.Storage>
fn check_provisioned(instance: &View<'_>, findings: &mut Findings<'_>) {
    let Some(kind) = instance.text("storage_type").filter(|kind| *kind != DbStorageType::Gp3.word()) else { return };
    if instance.gives("storage_throughput") {
        findings.refuse(format!("`storage_throughput` is gp3's alone, {kind} takes none"));
    }
    if kind == DbStorageType::Gp2.word() {
        if instance.gives("iops") {
            findings.refuse("gp2 takes no `iops`: it has three for each GiB");
        }
        return;
    }
    let origins = ["replicate_source_db", "snapshot_identifier", "restore_to_point_in_time"];
    if !instance.gives("iops") && !origins.iter().any(|origin| instance.gives(origin)) {
        findings.refuse(format!("{kind} wants `iops`"));
    }
    let Some(storage) = instance.integer("allocated_storage") else { return };
    if storage < LEAST_PROVISIONED {
        findings.refuse(format!("`allocated_storage` is {storage}; {kind} has {LEAST_PROVISIONED} GiB at least"));
        return;
    }
    let each = if kind == DbStorageType::Io1.word() { 50 } else { 1000 };
    if let Some(iops) = instance.integer("iops").filter(|iops| *iops > storage * each) {
        findings.refuse(format!("{iops} `iops` are too many for {storage} GiB: {kind} takes {each} for each"));
    }
}

/// The logs that an engine has:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html>
fn check_logs(instance: &View<'_>, findings: &mut Findings<'_>) {
    let Some(engine) = engine_of(instance) else { return };
    let of_postgres = [DbLogExport::Postgresql.word(), DbLogExport::Upgrade.word()];
    for log in instance.part("enabled_cloudwatch_logs_exports").map(Part::items).unwrap_or_default() {
        let Some(log) = log.literal().and_then(Datum::as_str) else { continue };
        if of_postgres.contains(&log) != (engine == DbEngine::Postgres.word()) {
            findings.refuse(format!("`enabled_cloudwatch_logs_exports` has {log}, a log that {engine} does not write"));
        }
    }
}

/// How long a password is that is made by chance, there or in Secrets Manager:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>
fn check_password(instance: &View<'_>, findings: &mut Findings<'_>) {
    let Some(Part::Expression(Expression::Secret(source))) = instance.part("password_wo") else { return };
    let length = match source {
        SecretSource::Generated(length) => Some(*length),
        SecretSource::Kept(reference) => {
            let versions = instance.beside(SecretsmanagerSecretVersion::SCHEMA.kind);
            let kept = versions.iter().find(|version| version.node().address == reference.address);
            match kept.and_then(|version| version.part("secret_string_wo")) {
                Some(Part::Expression(Expression::Secret(SecretSource::Generated(length)))) => Some(*length),
                _ => None,
            }
        }
        SecretSource::Environment(_) | SecretSource::File(_) => None,
    };
    let most = match engine_of(instance) {
        Some(engine) if engine != DbEngine::Postgres.word() => 41,
        _ => 128,
    };
    if let Some(length) = length.filter(|length| !(8..=most).contains(length)) {
        findings.refuse(format!("`password_wo` has {length} characters; RDS takes 8 to {most}"));
    }
}

/// What gp3 takes where it has four volumes, as it has for all engines here but Oracle and SQL Server:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage>
fn check_striped(instance: &View<'_>, findings: &mut Findings<'_>) {
    let (iops, throughput) = (instance.integer("iops"), instance.integer("storage_throughput"));
    if let Some(iops) = iops.filter(|iops| *iops < 12_000) {
        findings.refuse(format!("`iops` is {iops}; gp3 has 12000 from {GP3_STRIPED} GiB on, and takes no fewer"));
    }
    if let Some(iops) = iops.filter(|iops| *iops > 64_000) {
        findings.refuse(format!("`iops` is {iops}; gp3 has 64000 at most"));
    }
    if let Some(throughput) = throughput.filter(|throughput| *throughput < 500) {
        findings.refuse(format!(
            "`storage_throughput` is {throughput}; gp3 has 500 MiB/s from {GP3_STRIPED} GiB on, and takes no less"
        ));
    }
    let iops = if instance.gives("iops") { iops } else { Some(12_000) };
    if let (Some(iops), Some(throughput)) = (iops, throughput)
        && throughput * 4 > iops
    {
        findings.refuse(format!(
            "`storage_throughput` of {throughput} MiB/s wants {} `iops`, and there are {iops}: four for each MiB/s",
            throughput * 4
        ));
    }
}

/// An instance begins empty, as a snapshot or as a replica; each wants other things.
fn check_origin(instance: &View<'_>, findings: &mut Findings<'_>) {
    let managed = instance.truth("manage_master_user_password") == Some(true);
    let own = instance.gives("password_wo");
    if managed && own {
        findings.refuse("the master password is RDS's or one's own, not both");
    }
    if instance.gives("replicate_source_db") {
        for field in ["username", "password_wo", "db_name", "manage_master_user_password", "allocated_storage"] {
            if instance.gives(field) {
                findings.refuse(format!("a read replica has its source's `{field}`; leave it out"));
            }
        }
        if let Some(source) = instance.follow("replicate_source_db") {
            check_source(&source, findings);
            if let (Some(own), Some(other)) = (instance.text("engine"), engine_of(&source))
                && own != other
            {
                findings.refuse(format!(
                    "a read replica has its source's engine: {} is {other}, not {own}",
                    source.named()
                ));
            }
        }
        return;
    }
    if check_restored(instance, findings) {
        return;
    }
    for (field, what) in [("username", "a master user"), ("allocated_storage", "storage")] {
        if !instance.gives(field) {
            findings.refuse(format!("an instance that begins empty wants {what}: give `{field}`"));
        }
    }
    if !managed && !own {
        findings.refuse(
            "an instance that begins empty wants a master password: \
             `.master_password(MasterPassword::ManagedByRds)` or `MasterPassword::Secret(...)`",
        );
    }
}

/// Whether it begins as what another held:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html>,
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html>
fn check_restored(instance: &View<'_>, findings: &mut Findings<'_>) -> bool {
    let (snapshot, moment) = (instance.gives("snapshot_identifier"), instance.gives("restore_to_point_in_time"));
    if !snapshot && !moment {
        return false;
    }
    if snapshot && moment {
        findings.refuse("an instance begins as one thing: `snapshot_identifier` or `restore_to_point_in_time`");
    }
    if instance.gives("kms_key_id") {
        findings.refuse(
            "an instance that begins as a snapshot or from backups is encrypted with their key: leave out `kms_key_id`, \
             and copy the snapshot with another key where that is wanted",
        );
    }
    let given = |field: &str| instance.gives(&format!("restore_to_point_in_time.{field}"));
    let sources =
        ["source_db_instance_identifier", "source_dbi_resource_id", "source_db_instance_automated_backups_arn"];
    if moment && sources.iter().filter(|field| given(field)).count() != 1 {
        findings.refuse("`restore_to_point_in_time` names its source in one way: by name, by id or by its backups");
    }
    let latest = instance.truth("restore_to_point_in_time.use_latest_restorable_time") == Some(true);
    if moment && latest == given("restore_time") {
        findings.refuse("`restore_to_point_in_time` is `restore_time` or `use_latest_restorable_time`");
    }
    true
}

/// The engine of an instance; a read replica's is as a rule said to be its source's.
fn engine_of<'a>(instance: &View<'a>) -> Option<&'a str> {
    let mut said = *instance;
    // RDS takes three levels of replicas: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.html>
    for _ in 0..4 {
        match said.text("engine") {
            Some(engine) => return Some(engine),
            None => said = said.follow("engine")?,
        }
    }
    None
}

/// What the source of a read replica must be like:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html#rds-secrets-manager-limitations>
fn check_source(source: &View<'_>, findings: &mut Findings<'_>) {
    if source.truth("manage_master_user_password") == Some(true) {
        findings.refuse(format!(
            "RDS manages the master password of {}, and such an instance can have no read replica: \
             give it `MasterPassword::Secret(...)`",
            source.named()
        ));
    }
    if source.integer("backup_retention_period") == Some(0) {
        findings.refuse(format!("{} has no automated backups, which a read replica begins from", source.named()));
    }
}

fn check_monitoring(instance: &View<'_>, findings: &mut Findings<'_>) {
    let interval = instance.integer("monitoring_interval").unwrap_or(0);
    if ![0, 1, 5, 10, 15, 30, 60].contains(&interval) {
        findings.refuse(format!("`monitoring_interval` is 0, 1, 5, 10, 15, 30 or 60 seconds, not {interval}"));
    }
    let is_known = !instance.gives("monitoring_interval") || instance.literal("monitoring_interval").is_some();
    if is_known && (interval != 0) != instance.gives("monitoring_role_arn") {
        findings.refuse("enhanced monitoring wants both an interval and a role: `.enhanced_monitoring(60, &role)`");
    }
    trust::check(instance, "monitoring_role_arn", "monitoring.rds", findings);
    if let Some(days) = instance.integer("performance_insights_retention_period") {
        if days != 7 && days != 731 && days % 31 != 0 {
            findings.refuse(format!("performance insights are kept 7 days, a multiple of 31 days, or 731; not {days}"));
        }
        if instance.truth("performance_insights_enabled") != Some(true) {
            findings.refuse("`performance_insights_retention_period` wants `performance_insights_enabled(true)`");
        }
    }
}

fn check_family(instance: &View<'_>, findings: &mut Findings<'_>) {
    let Some(group) = instance.follow("parameter_group_name") else { return };
    let (Some(engine), Some(version)) = (instance.text("engine"), instance.text("engine_version")) else { return };
    let Some(family) = group.text("family") else { return };
    // MySQL's and MariaDB's families have two parts of the version, PostgreSQL's one since 10.
    let parts = if engine == DbEngine::Postgres.word() { 1 } else { 2 };
    let major: Vec<&str> = version.split('.').take(parts).collect();
    if major.len() == parts && family != format!("{engine}{}", major.join(".")) {
        findings.refuse(format!("{} is for {family}, the instance is {engine} {version}", group.named()));
    }
}

/// Versions: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html>, storage:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html>
fn transition(instance: &Becoming<'_>) -> Result<(), Impossible> {
    if let Some((is, wanted)) = instance.integer("allocated_storage")
        && wanted < is
    {
        return Err(Impossible {
            field: "allocated_storage",
            reason: format!("The instance has {is} GiB, and its storage only grows: not to {wanted}."),
            next: format!("write {is}"),
        });
    }
    let (Some((is, wanted)), Some((text, target))) =
        (instance.version("engine_version"), instance.text("engine_version"))
    else {
        return Ok(());
    };
    if is_earlier(&wanted, &is) {
        return Err(Impossible {
            field: "engine_version",
            reason: format!("The instance is at {text}, and RDS takes none back to {target}."),
            next: format!("write {text}; an earlier version is had from a snapshot of its time alone"),
        });
    }
    // MySQL's and MariaDB's major versions have two parts, PostgreSQL's one since 10.
    let postgres = instance.is.get("engine").and_then(|engine| engine.as_str()) == Some(DbEngine::Postgres.word());
    let parts = if postgres { 1 } else { 2 };
    let crosses = is.iter().take(parts).ne(wanted.iter().take(parts));
    if crosses && !instance.wants("allow_major_version_upgrade") {
        return Err(Impossible {
            field: "engine_version",
            reason: format!("From {text} to {target} is a major upgrade, which is not undone and can break queries."),
            next: "try it on a restored snapshot, then say `allow_major_version_upgrade(true)`".to_owned(),
        });
    }
    Ok(())
}
