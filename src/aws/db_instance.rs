//! `aws_db_instance`: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>

mod change;
mod observation;
mod origin;

use async_trait::async_trait;
use aws_sdk_rds::types;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, Survivor, UpdateRequest,
};
use fathuss_model::schema::{PENDING, Schema};
use fathuss_model::transition::Becoming;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::failure::{broken, refused, unreadable};
use crate::fields::Fields;
use crate::gather::{Page, ids, strays};
use crate::gone::{there, waiting};
use crate::kind::{Batch, Kind};
use crate::listing::{Which, by_name, one};
use crate::{cloudwatch_log_group, mark, name, rds, service_linked_role, window};

use change::{Change, due, send};
use observation::{actual, expect, is_owed, is_pending, is_under_way, observe, reasons};

/// The calls of `aws_db_instance`.
pub struct DbInstance;

const SCHEMA: &Schema = fathuss_model::aws::DbInstance::SCHEMA;

/// States in which an instance answers queries and takes changes.
const USABLE: &[&str] = &["available", "storage-optimization"];
/// States that only a person gets it out of, if anyone:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html#Overview.DBInstance.Status>
const FAILED: &[&str] = &[
    "failed",
    "incompatible-create",
    "incompatible-credentials",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "insufficient-capacity",
    "inaccessible-encryption-credentials",
    "restore-error",
];
/// States of which RDS makes no last snapshot.
const NO_SNAPSHOT: &[&str] = &["failed", "incompatible-create", "incompatible-network", "incompatible-restore"];

#[async_trait(?Send)]
impl Kind for DbInstance {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeDBInstances` for all of a region, with their tags, and so with strays.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = ids(requests);
        let instances = match by_name(&wanted, true, types::DbInstance::db_instance_identifier, page(client)).await {
            Ok(instances) => instances,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        let living = instances.iter().filter(|(_, instance)| instance.db_instance_status() != Some("deleting"));
        let tagged = living.map(|(name, instance)| (name, rds::read(instance.tag_list())));
        let strays = strays(client, SCHEMA.kind, &wanted, tagged);
        let batch = Batch::of(requests, |request| {
            instances.get(&request.identity.0).map(|instance| Ok(observe(instance, &request.recorded)))
        });
        Batch { strays, ..batch }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let made = if let Some(source) = desired.maybe_text("replicate_source_db")? {
            origin::replicate(client, request, &desired, source).await?
        } else if let Some(snapshot) = desired.maybe_text("snapshot_identifier")? {
            origin::restore(client, request, &desired, snapshot).await?
        } else if let Some(moment) = desired.block("restore_to_point_in_time")? {
            origin::restore_moment(client, request, &desired, &moment).await?
        } else {
            origin::create(client, request, &desired).await?
        };
        let name = made.and_then(|instance| instance.db_instance_identifier);
        name.map(Identity).ok_or_else(|| unreadable(Service::Rds, "CreateDBInstance", "DBInstanceIdentifier"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "identifier", request)?;
        let found = one(&name, page(client)).await?;
        Ok(mark::owner(&request.mark, found.map(|instance| (name, rds::read(instance.tag_list())))))
    }

    /// Waits until it is usable and nothing that was to be made at once is pending; sends what
    /// differs, as it does for what begins as a snapshot or a replica.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(instance) = one(&standing.identity.0, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        let status = instance.db_instance_status().unwrap_or("creating");
        if FAILED.contains(&status) {
            return Err(Failure {
                hint: Some(format!(
                    "aws rds describe-events --source-type db-instance --source-identifier {}",
                    standing.identity
                )),
                ..broken(Service::Rds, status, &reasons(&instance))
            });
        }
        if status == "stopped" {
            return Err(Failure {
                hint: Some(format!("aws rds start-db-instance --db-instance-identifier {}", standing.identity)),
                ..refused("Stopped", "the instance is stopped, and a stopped one takes no changes".to_owned())
            });
        }
        if !USABLE.contains(&status) {
            return Ok(waiting(status));
        }
        let desired = Fields::of(&standing.desired.attributes);
        let expected = expect(&instance, &standing.desired.attributes);
        // One that is finished by a later run has no password to send here: the next plan does.
        let password = is_owed(&instance) && standing.desired.secrets.contains_key("password_wo");
        let due = due(&standing.desired.attributes, &expected)?.or(password.then_some(Change::Modify));
        if let Some(change) = due {
            send(client, standing, &expected, change, password).await?;
            return Ok(waiting("modifying"));
        }
        if is_under_way(&instance) || (desired.bool_or("apply_immediately", false)? && is_pending(&instance)) {
            return Ok(waiting("modifying"));
        }
        Ok(Progress::Ready(observe(&instance, &standing.desired.attributes)))
    }

    /// What waits for the maintenance window already is sent again only where it is to be made at once.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let at_once = Fields::of(&standing.desired.attributes).bool_or("apply_immediately", false)?;
        let waits = change.before.contains_key(PENDING);
        let instance = if waits { one(&standing.identity.0, page(client)).await? } else { None };
        let given = &standing.desired.attributes;
        let now = instance.map(|instance| if at_once { actual(&instance, given) } else { expect(&instance, given) });
        let before = now.as_ref().unwrap_or(&change.before);
        let changes = |name: &str| change.changed.iter().any(|field| field == name);
        let password = changes("password_wo_version") || changes("password_wo");
        let due = due(&standing.desired.attributes, before)?.or(password.then_some(Change::Modify));
        if let Some(due) = due {
            send(client, standing, before, due, password).await?;
        }
        rds::update_tags(client, standing, change).await
    }

    /// Asks for a last snapshot unless none is wanted, RDS makes none of a replica or of what has failed.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let name = standing.identity.0.as_str();
        let Some(instance) = one(name, page(client)).await? else { return Ok(Progress::Gone) };
        let status = instance.db_instance_status().unwrap_or_default();
        if status == "deleting" {
            return Ok(waiting(status));
        }
        let was = Fields::of(&standing.desired.attributes);
        let none = was.bool_or("skip_final_snapshot", false)?
            || instance.read_replica_source_db_instance_identifier().is_some_and(|source| !source.is_empty())
            || NO_SNAPSHOT.contains(&status);
        let mut deleting = client
            .rds
            .delete_db_instance()
            .db_instance_identifier(name)
            .skip_final_snapshot(none)
            .delete_automated_backups(was.bool_or("delete_automated_backups", true)?);
        if !none {
            let snapshot = was.maybe_string("final_snapshot_identifier")?;
            let snapshot = snapshot.ok_or_else(|| Failure {
                hint: Some(
                    "set `final_snapshot_identifier` or `skip_final_snapshot(true)`, and apply that first".to_owned(),
                ),
                ..refused("NoFinalSnapshot", "nothing says what becomes of the data".to_owned())
            })?;
            deleting = deleting.final_db_snapshot_identifier(snapshot);
        }
        match there(client.send(Call::rds("DeleteDBInstance"), deleting.send()).await) {
            Ok(Some(_)) => Ok(waiting("deleting")),
            Ok(None) => Ok(Progress::Gone),
            Err(failure) if instance.deletion_protection == Some(true) => Err(Failure {
                hint: Some("set deletion_protection to false and apply that first".to_owned()),
                ..failure
            }),
            Err(failure) if failure.code == "DBSnapshotAlreadyExists" => Err(Failure {
                hint: Some("give another `final_snapshot_identifier` and apply that first".to_owned()),
                ..failure
            }),
            Err(failure) => Err(failure),
        }
    }

    /// What waits for the maintenance window, and what waits for a restart, which nothing here does:
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html>
    fn remarks(&self, becoming: &Becoming<'_>) -> Vec<String> {
        let switch = becoming.integer("backup_retention_period").filter(|(is, wanted)| (*is == 0) != (*wanted == 0));
        let mut sentences = window::remarks(becoming, SCHEMA, switch.map(|_| "backup_retention_period"));
        if let Some((_, days)) = switch {
            let what = if days == 0 { "ends backups and takes away those that AWS made" } else { "begins backups" };
            sentences.push(format!(
                "`backup_retention_period` of {days} {what}; the instance is out of service for a moment."
            ));
        }
        sentences.extend(outage(becoming).map(str::to_owned));
        if becoming.changed.contains(&"parameter_group_name") {
            sentences.push(
                "The parameters of another group take effect with the next restart, and nothing here restarts it."
                    .to_owned(),
            );
        } else if becoming.is.get("parameter_apply_status").and_then(Datum::as_str) == Some("pending-reboot") {
            sentences.push(
                "Parameters of its group wait for a restart, and nothing here restarts it: \
                 `aws rds reboot-db-instance` does."
                    .to_owned(),
            );
        }
        sentences
    }

    fn survivors(&self, attributes: &Attributes) -> Vec<Survivor> {
        let was = Fields::of(attributes);
        let says = |name: &str, default: bool| was.bool_or(name, default).unwrap_or(default);
        let mut survivors = Vec::new();
        if let Ok(Some(snapshot)) = was.maybe_text("final_snapshot_identifier")
            && !says("skip_final_snapshot", false)
            && !was.has("replicate_source_db")
        {
            survivors.push(Survivor::new(
                format!("DB snapshot {snapshot}"),
                "the instance's last snapshot, by `final_snapshot_identifier`",
            ));
        }
        let days = was.maybe_integer("backup_retention_period").ok().flatten().unwrap_or(0);
        if !says("delete_automated_backups", true) && days > 0 {
            survivors.push(
                Survivor::new("automated backups", "`delete_automated_backups` is false")
                    .expiry(format!("the last of them after {days} days")),
            );
        }
        if let Ok(Some(name)) = was.maybe_text("identifier") {
            let logs = was.texts("enabled_cloudwatch_logs_exports").unwrap_or_default();
            let group = |log| cloudwatch_log_group::left_by("RDS", format!("/aws/rds/instance/{name}/{log}"));
            survivors.extend(logs.into_iter().map(group));
        }
        if was.maybe_integer("monitoring_interval").ok().flatten().is_some_and(|seconds| seconds > 0) {
            // What enhanced monitoring measures, of all instances in the region.
            let group = cloudwatch_log_group::left_by("RDS", "RDSOSMetrics".to_owned());
            survivors.push(group.expiry("line by line after 30 days; the group stays").shared());
        }
        survivors.push(service_linked_role::left("AWSServiceRoleForRDS"));
        survivors
    }
}

pub(crate) fn page(client: &Client) -> impl AsyncFn(Which) -> Result<Page<types::DbInstance>, Failure> {
    async |which| {
        let (name, marker) = which.parameters();
        let sending = client.rds.describe_db_instances().set_db_instance_identifier(name).set_marker(marker).send();
        let answer = client.send(Call::rds("DescribeDBInstances"), sending).await?;
        Ok((answer.db_instances.unwrap_or_default(), answer.marker))
    }
}

/// What a change costs those who are connected, now or in the window:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html>
fn outage(becoming: &Becoming<'_>) -> Option<&'static str> {
    let changes = |field| becoming.changed.contains(&field);
    let has_standby = becoming.is.get("multi_az").and_then(Datum::as_bool) == Some(true);
    if changes("engine_version") {
        // Its standby is upgraded at the same time.
        return Some("The instance is out of service while its engine is upgraded.");
    }
    changes("instance_class").then_some(if has_standby {
        "The instance fails over to its standby when its class changes: connections break for a minute or two."
    } else {
        "The instance is out of service for some minutes when its class changes: it has no standby."
    })
}
