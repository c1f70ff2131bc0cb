//! DB instances: how they are made, shown and deleted. Changes are in
//! `modification`, restarts in `lifecycle`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::automated_backup::{self, RetainedBackup};
use super::backup_replication;
use super::instance_request::{self as request, Windows};
use super::master_secret::{self, ManagedSecret};
use super::modification::Pending;
use super::monitoring::{self, Monitoring};
use super::parameter_group;
use super::snapshot::{self, DbSnapshot};
use super::storage::{self, Asked, Storage};
use super::subnet_group::{self, DbSubnetGroup};
use super::{OWNER, arn, engine, event, filters};
use crate::datastore::network;
use crate::datastore::tags::{self, Tags};
use crate::datastore::{identifier, invalid_combination, invalid_value, key, listing};
use crate::ec2::internet_gateway;
use crate::ec2::network_interface::NetworkInterface;
use crate::ec2::vpc::Vpc;
use crate::iam::service_linked_role;
use crate::input::Input;
use crate::logs::writer;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::{Record, Value};
use crate::world::{self, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CreateDBInstance", create), ("DescribeDBInstances", describe), ("DeleteDBInstance", delete)];

pub(super) const SPANS: &[Span] = &[
    // Five to nine minutes with the first backup for one zone, ten to sixteen for two.
    Span::new("rds.instance.create", 250.0, 450.0),
    Span::new("rds.instance.create.multi_az", 540.0, 870.0),
    Span::new("rds.instance.backup", 50.0, 90.0),
    Span::new("rds.instance.delete", 180.0, 480.0),
    network::release_span(OWNER.release),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("rds.instance.created", created),
    ("rds.instance.backed_up", backed_up),
    ("rds.instance.deleted", deleted),
    ("rds.interface.gone", |tx, pending| network::remove(tx, &pending.subject)),
];

const CREATE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html";
const DELETE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.instance.identifier", "an identifier has at most 63 letters, digits and single hyphens", CREATE),
    Rule::new("rds.instance.exists", "identifiers are unique", CREATE),
    Rule::new(
        "rds.instance.quota",
        "an account has 40 instances",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html",
    ),
    Rule::new(
        "rds.instance.username",
        "the master user's name is an identifier that PostgreSQL does not reserve",
        CREATE,
    ),
    Rule::new("rds.instance.db_name", "the database's name begins with a letter and is not reserved", CREATE),
    Rule::new("rds.instance.zone", "the zone is one of the subnet group's, and not chosen with Multi-AZ", CREATE),
    Rule::new("rds.instance.parameter_group", "the parameter group is of the version's family", CREATE),
    Rule::new("rds.instance.kms", "a key is given for encrypted storage only", CREATE),
    Rule::new(
        "rds.instance.public",
        "a public instance stands in a VPC with an internet gateway and DNS names",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
    ),
    Rule::new("rds.instance.delete.protection", "a protected instance is not deleted", DELETE),
    Rule::new("rds.instance.delete.state", "an instance is not deleted twice", DELETE),
    Rule::new("rds.instance.delete.final_snapshot", "a final snapshot is named, or skipped", DELETE),
    Rule::new(
        "rds.instance.delete.final_snapshot.state",
        "an instance that was never available has no final snapshot",
        DELETE,
    ),
    Rule::new("rds.instance.delete.final_snapshot.replica", "a read replica has no final snapshot", DELETE),
];

/// A DB instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DbInstance {
    /// Its identifier, in lower case.
    pub identifier: String,
    /// The id that stays when it is renamed, `db-...`.
    pub resource: String,
    /// `db.t3.medium`.
    pub class: String,
    /// `17.6`.
    pub version: String,
    /// `creating`, `available` and so on.
    pub status: String,
    /// The master user.
    pub username: String,
    /// The database made with it.
    pub database: Option<String>,
    /// When it became usable first; none before.
    pub created: Option<Timestamp>,
    /// Its storage.
    pub storage: Storage,
    /// How far the storage may grow by itself.
    pub threshold: Option<i64>,
    /// When the storage was changed last.
    pub storage_changed: Option<Timestamp>,
    /// The ARN of the key of its storage, where that is encrypted.
    pub key: Option<String>,
    /// The port.
    pub port: i64,
    /// Whether it has a standby.
    pub multi_az: bool,
    /// The zone it is in.
    pub zone: String,
    /// The zone of its standby.
    pub standby_zone: Option<String>,
    /// Its subnet group.
    pub subnet_group: String,
    /// Its security groups.
    pub security_groups: Vec<String>,
    /// Its network interfaces, its own first, then its standby's.
    pub interfaces: Vec<String>,
    /// Its parameter group.
    pub parameter_group: String,
    /// `in-sync`, `applying` or `pending-reboot`.
    pub parameter_status: String,
    /// Whether it has a public address.
    pub public: bool,
    /// Whether minor versions are upgraded.
    pub auto_minor: bool,
    /// Days that backups are kept.
    pub retention: i64,
    /// When backups are made.
    pub backup_window: String,
    /// When maintenance is done.
    pub maintenance_window: String,
    /// Whether snapshots get its tags.
    pub copy_tags: bool,
    /// Whether it is protected from deletion.
    pub protected: bool,
    /// How it is watched.
    pub monitoring: Monitoring,
    /// The logs that go to CloudWatch.
    pub log_exports: Vec<String>,
    /// The certificate authority.
    pub authority: String,
    /// Whether IAM principals may log in.
    pub iam_login: bool,
    /// The ARN of the secret in which RDS keeps its password.
    pub secret: Option<String>,
    /// The instance that it replicates.
    pub source: Option<String>,
    /// What is to change.
    pub pending: Pending,
    /// When a stopped instance starts by itself.
    pub restarts: Option<Timestamp>,
    /// Whether its automated backups stay when it goes.
    pub keeps_backups: bool,
    /// The ARN of the copies of its backups in another region, where there are any.
    pub replicated_to: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Row for DbInstance {
    const TABLE: &'static str = "rds.instance";
    fn id(&self) -> String {
        self.identifier.clone()
    }
}

impl DbInstance {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        arn(tx, "db", &self.identifier)
    }

    /// The subnets it stands in.
    #[must_use]
    pub fn subnets(&self, tx: &Tx<'_>) -> Vec<String> {
        let interfaces = self.interfaces.iter().filter_map(|id| tx.get::<NetworkInterface>(id));
        interfaces.map(|interface| interface.subnet.clone()).collect()
    }

    /// Its read replicas.
    #[must_use]
    pub fn replicas(&self, tx: &Tx<'_>) -> Vec<String> {
        let of_it = |other: &&DbInstance| other.source.as_deref() == Some(&self.identifier);
        tx.rows::<DbInstance>().filter(of_it).map(Row::id).collect()
    }

    fn endpoint(&self, tx: &Tx<'_>) -> Option<Value> {
        self.created?;
        Some(record! {
            "Address" => format!("{}.{}.{}.rds.amazonaws.com", self.identifier, customer(tx), tx.region()),
            "Port" => self.port,
            "HostedZoneId" => hosted_zone(tx.region()),
        })
    }

    /// What Describe shows.
    #[must_use]
    pub fn view(&self, tx: &Tx<'_>) -> Value {
        let group = tx.get::<DbSubnetGroup>(&self.subnet_group).map(|group| group.view(tx));
        let security: Vec<Value> = self
            .security_groups
            .iter()
            .map(|id| record! { "VpcSecurityGroupId" => id, "Status" => "active" })
            .collect();
        let major = self.version.split('.').next().unwrap_or_default();
        let monitoring = &self.monitoring;
        let log = (monitoring.interval > 0).then(|| {
            format!("arn:aws:logs:{}:{}:log-group:RDSOSMetrics:log-stream:{}", tx.region(), tx.account(), self.resource)
        });
        let replicating: Vec<Value> = if self.source.is_some() && self.created.is_some() {
            vec![record! { "StatusType" => "read replication", "Normal" => true, "Status" => "replicating" }]
        } else {
            Vec::new()
        };
        let latest = (self.retention > 0).then_some(self.created).flatten().map(|_| restorable(tx.now()));
        record! {
            "DBInstanceIdentifier" => &self.identifier,
            "DBInstanceClass" => &self.class,
            "Engine" => "postgres",
            "DBInstanceStatus" => &self.status,
            "MasterUsername" => &self.username,
            "DBName" => self.database.as_deref(),
            "Endpoint" => self.endpoint(tx),
            "AllocatedStorage" => self.storage.gigabytes,
            "InstanceCreateTime" => self.created,
            "PreferredBackupWindow" => &self.backup_window,
            "BackupRetentionPeriod" => self.retention,
            "DBSecurityGroups" => Value::List(Vec::new()),
            "VpcSecurityGroups" => security,
            "DBParameterGroups" => vec![record! {
                "DBParameterGroupName" => &self.parameter_group,
                "ParameterApplyStatus" => &self.parameter_status,
            }],
            "AvailabilityZone" => self.created.map(|_| self.zone.as_str()),
            "DBSubnetGroup" => group,
            "PreferredMaintenanceWindow" => &self.maintenance_window,
            "UpgradeRolloutOrder" => "second",
            "PendingModifiedValues" => self.pending.view(),
            "LatestRestorableTime" => latest,
            "MultiAZ" => self.multi_az,
            "EngineVersion" => &self.version,
            "AutoMinorVersionUpgrade" => self.auto_minor,
            "ReadReplicaSourceDBInstanceIdentifier" => self.source.as_deref(),
            "ReadReplicaDBInstanceIdentifiers" => Value::List(self.replicas(tx).into_iter().map(Value::Text).collect()),
            "LicenseModel" => "postgresql-license",
            "Iops" => self.storage.iops,
            "StorageThroughput" => self.storage.throughput,
            "OptionGroupMemberships" => vec![record! {
                "OptionGroupName" => format!("default:postgres-{major}"),
                "Status" => "in-sync",
            }],
            "SecondaryAvailabilityZone" => self.standby_zone.as_deref().filter(|_| self.created.is_some()),
            "PubliclyAccessible" => self.public,
            "StatusInfos" => Some(replicating).filter(|infos| !infos.is_empty()),
            "StorageType" => &self.storage.kind,
            "DbInstancePort" => 0_i64,
            "StorageEncrypted" => self.key.is_some(),
            "KmsKeyId" => self.key.as_deref(),
            "DbiResourceId" => &self.resource,
            "CACertificateIdentifier" => &self.authority,
            "CertificateDetails" => self.created.map(|at| record! {
                "CAIdentifier" => &self.authority,
                "ValidTill" => at.checked_add(SignedDuration::from_hours(24 * 365)).unwrap_or(at),
            }),
            "DomainMemberships" => Value::List(Vec::new()),
            "CopyTagsToSnapshot" => self.copy_tags,
            "MonitoringInterval" => monitoring.interval,
            "EnhancedMonitoringResourceArn" => log,
            "MonitoringRoleArn" => monitoring.role.as_deref(),
            "DBInstanceArn" => self.arn(tx),
            "IAMDatabaseAuthenticationEnabled" => self.iam_login,
            "DatabaseInsightsMode" => &monitoring.mode,
            "PerformanceInsightsEnabled" => monitoring.insights,
            "PerformanceInsightsKMSKeyId" => monitoring.insights_key.as_deref(),
            "PerformanceInsightsRetentionPeriod" => monitoring.insights_days,
            "EnabledCloudwatchLogsExports" => Some(&self.log_exports).filter(|logs| !logs.is_empty()).map(Value::from),
            "DeletionProtection" => self.protected,
            "AssociatedRoles" => Value::List(Vec::new()),
            "MaxAllocatedStorage" => self.threshold,
            "TagList" => self.tags.view(),
            "CustomerOwnedIpEnabled" => false,
            "NetworkType" => "IPV4",
            "ActivityStreamStatus" => "stopped",
            "BackupTarget" => "region",
            "DBInstanceAutomatedBackupsReplications" => backup_replication::replications(self),
            "AutomaticRestartTime" => self.restarts,
            "MasterUserSecret" => self.secret.as_ref().and_then(|arn| tx.get::<ManagedSecret>(arn)).map(ManagedSecret::view),
            "DedicatedLogVolume" => false,
            "IsStorageConfigUpgradeAvailable" => false,
            "EngineLifecycleSupport" => "open-source-rds-extended-support",
        }
    }
}

/// Backups of the log go out every five minutes.
fn restorable(now: Timestamp) -> Timestamp {
    let seconds = now.as_second() - now.as_second().rem_euclid(300);
    Timestamp::from_second(seconds).unwrap_or(now)
}

/// The part of an endpoint that is the same for an account's instances in a region.
fn customer(tx: &Tx<'_>) -> String {
    let digest = Sha256::digest(format!("rds {} {}", tx.account(), tx.region()));
    let letters = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let rest: String = digest.iter().take(11).map(|byte| char::from(letters[usize::from(*byte) % 36])).collect();
    format!("c{rest}")
}

/// The hosted zone of a region's endpoints (<https://docs.aws.amazon.com/general/latest/gr/rds-service.html>).
fn hosted_zone(region: &str) -> String {
    let known = match region {
        "us-east-1" => "Z2R2ITUGPM61AM",
        "us-east-2" => "Z2XHWR1WZ565X2",
        "us-west-1" => "Z10WI91S59XXQN",
        "us-west-2" => "Z1PVIF0B656C1W",
        "eu-west-1" => "Z29XKXDKYMONMX",
        "eu-central-1" => "Z1RLNUO7B9Q6NB",
        _ => return format!("Z{}", hex::encode_upper(&Sha256::digest(region)[..7])),
    };
    known.to_owned()
}

/// The refusal of an instance that is not there.
pub(super) fn not_found(id: &str) -> Refusal {
    Refusal::new("DBInstanceNotFound", format!("DBInstance {id} not found."))
}

/// The instance of that identifier or ARN.
pub(super) fn find(tx: &Tx<'_>, given: &str) -> Result<DbInstance, Refusal> {
    let start = arn(tx, "db", "");
    let id = given.strip_prefix(start.as_str()).unwrap_or(given);
    tx.get::<DbInstance>(&id.to_ascii_lowercase()).cloned().ok_or_else(|| not_found(id))
}

/// Words that cannot name a master user
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.Constraints>).
const RESERVED: &[&str] = &[
    "admin",
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "both",
    "case",
    "cast",
    "check",
    "column",
    "create",
    "current_user",
    "default",
    "delete",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "for",
    "foreign",
    "from",
    "grant",
    "group",
    "having",
    "in",
    "into",
    "limit",
    "not",
    "null",
    "on",
    "or",
    "order",
    "primary",
    "rds_superuser",
    "rdsadmin",
    "rdsrepladmin",
    "references",
    "select",
    "session_user",
    "table",
    "then",
    "to",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "when",
    "where",
    "with",
];

fn username(tx: &Tx<'_>, given: Option<&str>) -> Result<String, Refusal> {
    let rule = "rds.instance.username";
    let name = given.unwrap_or_default();
    tx.enforce(rule, !name.is_empty(), || {
        invalid_value("The parameter MasterUsername must be provided and must not be blank.")
    })?;
    let form = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.len() <= 63;
    tx.enforce(rule, form, || invalid_value("The parameter MasterUsername is not a valid identifier."))?;
    let reserved =
        RESERVED.contains(&name.to_ascii_lowercase().as_str()) || name.to_ascii_lowercase().starts_with("pg_");
    tx.enforce(rule, !reserved, || {
        invalid_value(format!("MasterUsername {name} cannot be used as it is a reserved word used by the engine"))
    })?;
    Ok(name.to_owned())
}

fn database(tx: &Tx<'_>, given: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(name) = given.filter(|name| !name.is_empty()) else { return Ok(None) };
    let rule = "rds.instance.db_name";
    let form = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.len() <= 63;
    tx.enforce(rule, form, || {
        invalid_value("DBName must begin with a letter and contain only alphanumeric characters.")
    })?;
    let reserved = RESERVED.contains(&name.to_ascii_lowercase().as_str());
    tx.enforce(rule, !reserved && name != "db", || {
        invalid_value(format!("DBName {name} cannot be used. It is a reserved word for this engine"))
    })?;
    Ok(Some(name.to_owned()))
}

/// Whether an instance is to be reachable from the internet, which its VPC must allow.
pub(super) fn public(tx: &Tx<'_>, input: &Input<'_>, vpc: &str, before: Option<bool>) -> Result<bool, Refusal> {
    let Some(public) = input.bool("PubliclyAccessible") else {
        // A new one is public where its VPC has an internet gateway (API_CreateDBInstance.html).
        return Ok(before.unwrap_or_else(|| internet_gateway::of_vpc(tx, vpc).is_some()));
    };
    if !public || before == Some(true) {
        return Ok(public);
    }
    let refuse = |why: &str| {
        let message =
            format!("Cannot create a publicly accessible DBInstance.  {why}Update the VPC and then try again");
        Refusal::new("InvalidVPCNetworkStateFault", message)
    };
    tx.enforce("rds.instance.public", internet_gateway::of_vpc(tx, vpc).is_some(), || {
        refuse("The specified VPC has no internet gateway attached.")
    })?;
    let named = tx.get::<Vpc>(vpc).is_some_and(|vpc| vpc.dns_support && vpc.dns_hostnames);
    tx.enforce("rds.instance.public", named, || {
        refuse("The specified VPC does not support DNS resolution, DNS hostnames, or both. ")
    })?;
    Ok(true)
}

/// Where an instance and its standby stand: zones of the subnet group.
pub(super) fn zones(
    tx: &mut Tx<'_>,
    group: &DbSubnetGroup,
    wanted: Option<&str>,
    multi_az: bool,
) -> Result<(String, Option<String>), Refusal> {
    let rule = "rds.instance.zone";
    let zones = network::zones(&group.places);
    tx.enforce(rule, !(multi_az && wanted.is_some()), || {
        invalid_combination("Requesting a specific availability zone is not valid for Multi-AZ instances.")
    })?;
    tx.enforce(rule, wanted.is_none_or(|wanted| zones.iter().any(|zone| zone == wanted)), || {
        let message = format!(
            "Cannot create a database instance in availability zone {} because no subnets exist in that availability zone.",
            wanted.unwrap_or_default()
        );
        Refusal::new("InvalidVPCNetworkStateFault", message)
    })?;
    let first = match wanted {
        Some(zone) => zone.to_owned(),
        None => {
            let at = tx.below(zones.len());
            zones.get(at).cloned().unwrap_or_default()
        }
    };
    let standby = standby(&zones, &first).filter(|_| multi_az);
    Ok((first, standby))
}

/// A zone for a standby: the one after the instance's own.
pub(super) fn standby(zones: &[String], zone: &str) -> Option<String> {
    let at = zones.iter().position(|other| other == zone).map_or(0, |at| at + 1);
    zones.get(at % zones.len().max(1)).filter(|other| *other != zone).cloned()
}

/// Makes the network interfaces of an instance in these zones.
pub(super) fn interfaces(
    tx: &mut Tx<'_>,
    group: &DbSubnetGroup,
    zones: &[&str],
    security_groups: &[String],
) -> Result<Vec<String>, Refusal> {
    let mut made = Vec::new();
    for zone in zones {
        let place = group.places.iter().find(|place| place.zone == *zone).or(group.places.first());
        if let Some(place) = place {
            made.push(network::attach(tx, OWNER, &place.subnet, security_groups)?);
        }
    }
    Ok(made)
}

/// The parameter group of a request, which has to be of the version's family.
pub(super) fn parameters(tx: &mut Tx<'_>, given: Option<&str>, version: engine::Version) -> Result<String, Refusal> {
    let default = format!("default.{}", version.family());
    let group = parameter_group::find(tx, given.unwrap_or(&default))?;
    tx.enforce("rds.instance.parameter_group", group.family == version.family(), || {
        invalid_combination(format!(
            "The parameter group {} with DBParameterGroupFamily {} can't be used for this instance. Please use a \
             parameter group with DBParameterGroupFamily {}",
            group.name,
            group.family,
            version.family()
        ))
    })?;
    Ok(group.name)
}

/// A new instance's identifier, which nobody has yet.
pub(super) fn new_identifier(tx: &Tx<'_>, given: &str) -> Result<String, Refusal> {
    let id = identifier::read(tx, "rds.instance.identifier", "DBInstanceIdentifier", given, 63)?;
    tx.enforce("rds.instance.exists", tx.get::<DbInstance>(&id).is_none(), || {
        Refusal::new("DBInstanceAlreadyExists", "DB instance already exists")
    })?;
    let most = tx.quota("rds.instances");
    let count = tx.rows::<DbInstance>().count();
    tx.enforce("rds.instance.quota", i64::try_from(count).is_ok_and(|count| count < most), || {
        Refusal::new(
            "InstanceQuotaExceeded",
            format!("Instance quota exceeded. The maximum number of DB instances for your account is {most}."),
        )
    })?;
    Ok(id)
}

/// The tags of a request, as `Tags` or as `TagSpecifications`.
pub(super) fn new_tags(tx: &Tx<'_>, input: &Input<'_>) -> Result<Tags, Refusal> {
    let mut tags = Tags::default();
    tags.add(tags::read(tx, "rds.tags", input)?);
    Ok(tags)
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    engine::check(tx, input.required("Engine"))?;
    request::inert(tx, input)?;
    let identifier = new_identifier(tx, input.required("DBInstanceIdentifier"))?;
    let version = engine::choose(tx, input.text("EngineVersion"))?;
    let class = input.required("DBInstanceClass");
    request::class(tx, class, version)?;
    let username = username(tx, input.text("MasterUsername"))?;
    let database = database(tx, input.text("DBName"))?;
    let (managed, password) = (input.flag("ManageMasterUserPassword"), input.text("MasterUserPassword"));
    let secret_key = input.text("MasterUserSecretKmsKeyId");
    master_secret::check_managed(tx, managed, password.is_some(), secret_key.is_some())?;
    tx.enforce("rds.password.required", managed || password.is_some_and(|text| !text.is_empty()), || {
        invalid_value("The parameter MasterUserPassword must be provided and must not be blank.")
    })?;
    if let Some(password) = password {
        master_secret::check(tx, password)?;
    }
    let asked = Asked::of(input);
    let storage = storage::choose(tx, &asked, None)?;
    let threshold = match input.integer("MaxAllocatedStorage").filter(|most| *most != 0) {
        Some(most) => storage::threshold(tx, most, storage.gigabytes, true)?,
        None => None,
    };
    let group = match input.text("DBSubnetGroupName") {
        Some(name) => subnet_group::find(tx, name)?,
        None => subnet_group::default(tx)?,
    };
    let ids = input.texts("VpcSecurityGroupIds");
    let security_groups = network::security_groups(tx, "rds.security_group", "DB instance", &ids, &group.vpc)?;
    let public = public(tx, input, &group.vpc, None)?;
    let multi_az = input.flag("MultiAZ");
    let (zone, standby_zone) = zones(tx, &group, input.text("AvailabilityZone"), multi_az)?;
    let windows = request::windows(tx, input, None)?;
    let retention = request::retention(tx, input.integer("BackupRetentionPeriod").unwrap_or(1))?;
    let port = request::port(tx, input.integer("Port").unwrap_or(5432))?;
    let parameter_group = parameters(tx, input.text("DBParameterGroupName"), version)?;
    let (encrypted, key) = (input.bool("StorageEncrypted"), input.text("KmsKeyId"));
    tx.enforce("rds.instance.kms", key.is_none() || encrypted == Some(true), || {
        invalid_combination("You can't specify a KMS key ID when StorageEncrypted is not set to true.")
    })?;
    let key = match encrypted.unwrap_or(false) {
        true => Some(key::granted(tx, request::GRANTED, "rds.kms.exists", key, "aws/rds", request::no_key)?),
        false => None,
    };
    let monitoring = monitoring::choose(tx, input, &identifier, &Monitoring::default())?;
    let log_exports = input.texts("EnableCloudwatchLogsExports");
    request::log_exports(tx, &log_exports)?;
    let authority = request::authority(tx, input.text("CACertificateIdentifier"), "rds-ca-rsa2048-g1")?;
    let tags = new_tags(tx, input)?;
    let home = arn(tx, "db", &identifier);
    let secret = if managed { Some(master_secret::make(tx, &username, &home, secret_key)?) } else { None };
    let stands: Vec<&str> = std::iter::once(zone.as_str()).chain(standby_zone.as_deref()).collect();
    let interfaces = interfaces(tx, &group, &stands, &security_groups)?;
    let instance = DbInstance {
        resource: format!("db-{}", tx.capitals(26)),
        class: class.to_owned(),
        version: version.text(),
        status: "creating".to_owned(),
        username,
        database,
        created: None,
        storage,
        threshold,
        storage_changed: None,
        key,
        port,
        multi_az,
        zone,
        standby_zone,
        subnet_group: group.name,
        security_groups,
        interfaces,
        parameter_group,
        parameter_status: "in-sync".to_owned(),
        public,
        auto_minor: input.bool("AutoMinorVersionUpgrade").unwrap_or(true),
        retention,
        backup_window: windows.backup,
        maintenance_window: windows.maintenance,
        copy_tags: input.flag("CopyTagsToSnapshot"),
        protected: input.flag("DeletionProtection"),
        monitoring,
        log_exports: log_exports.into_iter().map(str::to_owned).collect(),
        authority,
        iam_login: input.flag("EnableIAMDatabaseAuthentication"),
        secret,
        source: None,
        pending: Pending { password: password.is_some(), ..Pending::default() },
        restarts: None,
        keeps_backups: false,
        replicated_to: None,
        tags,
        identifier,
    };
    tx.put(instance.clone());
    service_linked_role::ensure(tx, "rds.amazonaws.com");
    let span = if multi_az { "rds.instance.create.multi_az" } else { "rds.instance.create" };
    tx.transition(span, "rds.instance.created", &instance.identifier);
    Ok(record! { "DBInstance" => instance.view(tx) })
}

fn created(tx: &mut Tx<'_>, pending: &world::Pending) {
    let now = tx.now();
    let mut backs_up = false;
    tx.change::<DbInstance>(&pending.subject, |instance| {
        instance.created = Some(now);
        instance.pending.password = false;
        backs_up = instance.retention > 0;
        instance.status = if backs_up { "backing-up" } else { "available" }.to_owned();
    });
    event::of_instance(tx, &pending.subject, "creation", "DB instance created");
    writes_logs(tx, &pending.subject);
    if backs_up {
        event::of_instance(tx, &pending.subject, "backup", "Backing up DB instance");
        tx.transition("rds.instance.backup", "rds.instance.backed_up", &pending.subject);
    }
}

/// Lets an instance write to the log groups of the logs that it exports, and of what is measured of it.
fn writes_logs(tx: &mut Tx<'_>, identifier: &str) {
    let logs = tx.get::<DbInstance>(identifier).map(|instance| instance.log_exports.clone()).unwrap_or_default();
    for log in logs {
        writer::begins(tx, &writer::of_instance(identifier, &log));
    }
    if tx.get::<DbInstance>(identifier).is_some_and(|instance| instance.monitoring.interval > 0) {
        writer::begins(tx, writer::MEASURED);
    }
}

fn backed_up(tx: &mut Tx<'_>, pending: &world::Pending) {
    tx.change::<DbInstance>(&pending.subject, |instance| instance.status = "available".to_owned());
    if let Some(instance) = tx.get::<DbInstance>(&pending.subject).cloned() {
        snapshot::automated(tx, &instance);
        event::of_instance(tx, &pending.subject, "backup", "Finished DB Instance backup");
    }
}

const FILTERS: &[&str] = &["db-cluster-id", "db-instance-id", "dbi-resource-id", "domain", "engine"];

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let filters = filters::read(tx, input, FILTERS)?;
    let fits = |instance: &DbInstance| {
        filters.iter().all(|(name, values)| match *name {
            "db-instance-id" => {
                let arn = instance.arn(tx);
                values.iter().any(|value| *value == instance.identifier || *value == arn)
            }
            "dbi-resource-id" => values.contains(&instance.resource.as_str()),
            "engine" => values.contains(&"postgres"),
            _ => false,
        })
    };
    let items: Vec<(String, Value)> = match input.text("DBInstanceIdentifier").filter(|id| !id.is_empty()) {
        Some(id) => {
            let instance = find(tx, id)?;
            let shown = fits(&instance).then(|| (instance.identifier.clone(), instance.view(tx)));
            shown.into_iter().collect()
        }
        None => {
            let rows = tx.rows::<DbInstance>().filter(|instance| fits(instance));
            rows.map(|instance| (instance.identifier.clone(), instance.view(tx))).collect()
        }
    };
    listing::paged(tx, input, "rds.page.size", "DBInstances", items)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut instance = find(tx, input.required("DBInstanceIdentifier"))?;
    let id = instance.identifier.clone();
    tx.enforce("rds.instance.delete.state", instance.status != "deleting", || {
        Refusal::new("InvalidDBInstanceState", format!("Instance {id} is already being deleted."))
    })?;
    tx.enforce("rds.instance.delete.protection", !instance.protected, || {
        invalid_combination("Cannot delete protected DB Instance, please disable deletion protection and try again.")
    })?;
    let (skip, last) = (input.flag("SkipFinalSnapshot"), input.text("FinalDBSnapshotIdentifier"));
    let rule = "rds.instance.delete.final_snapshot";
    let is_replica = instance.source.is_some();
    tx.enforce("rds.instance.delete.final_snapshot.replica", !(is_replica && last.is_some()), || {
        invalid_combination("FinalDBSnapshotIdentifier can not be specified when deleting a replica instance")
    })?;
    tx.enforce(rule, skip || last.is_some() || is_replica, || {
        invalid_combination("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
    })?;
    tx.enforce(rule, !(skip && last.is_some()), || {
        invalid_combination("FinalDBSnapshotIdentifier cannot be specified when SkipFinalSnapshot is specified.")
    })?;
    let status = instance.status.clone();
    tx.enforce("rds.instance.delete.final_snapshot.state", last.is_none() || instance.created.is_some(), || {
        let message = format!("Instance {id} is currently {status} - a final snapshot cannot be taken.");
        Refusal::new("InvalidDBInstanceState", message)
    })?;
    if let Some(name) = last {
        let name = snapshot::new_identifier(tx, "FinalDBSnapshotIdentifier", name)?;
        snapshot::make(tx, &instance, &name, "manual", instance.tags.clone());
    }
    tx.cancel("rds.instance", &id);
    tx.cancel("rds.parameter_group", &id);
    instance.status = "deleting".to_owned();
    instance.keeps_backups = input.bool("DeleteAutomatedBackups") == Some(false);
    tx.put(instance.clone());
    tx.transition("rds.instance.delete", "rds.instance.deleted", &id);
    Ok(record! { "DBInstance" => instance.view(tx) })
}

fn deleted(tx: &mut Tx<'_>, pending: &world::Pending) {
    let Some(instance) = tx.remove::<DbInstance>(&pending.subject) else { return };
    event::of_instance(tx, &pending.subject, "deletion", "DB instance deleted");
    network::release(tx, OWNER, &instance.interfaces);
    master_secret::forget(tx, &instance);
    backup_replication::deleted(tx, &instance);
    // Replicas of an instance that is gone stand on their own.
    let replicas: Vec<String> = tx
        .rows::<DbInstance>()
        .filter(|other| other.source.as_deref() == Some(&instance.identifier))
        .map(Row::id)
        .collect();
    for replica in replicas {
        tx.change::<DbInstance>(&replica, |replica| replica.source = None);
    }
    if instance.keeps_backups && instance.retention > 0 {
        let backup = automated_backup::retained(tx, &instance);
        tx.put::<RetainedBackup>(backup);
    } else {
        let of_it = |snapshot: &&DbSnapshot| snapshot.resource == instance.resource && snapshot.kind == "automated";
        let gone: Vec<String> = tx.rows::<DbSnapshot>().filter(of_it).map(Row::id).collect();
        for id in gone {
            tx.remove::<DbSnapshot>(&id);
        }
    }
}

/// An instance's two windows.
pub(super) fn windows_of(instance: &DbInstance) -> Windows {
    Windows { backup: instance.backup_window.clone(), maintenance: instance.maintenance_window.clone() }
}

/// An operation that answers nothing.
pub(super) fn nothing() -> Value {
    Value::Record(Record::new())
}
