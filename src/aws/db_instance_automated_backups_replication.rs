//! `aws_db_instance_automated_backups_replication`:
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartDBInstanceAutomatedBackupsReplication.html>

use async_trait::async_trait;
use aws_sdk_rds::types::DbInstanceAutomatedBackup;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, Survivor, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gather::{Page, ids};
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::listing::{Which, by_name, one};

/// The calls of `aws_db_instance_automated_backups_replication`.
pub struct DbInstanceAutomatedBackupsReplication;

const SCHEMA: &Schema = fathuss_model::aws::DbInstanceAutomatedBackupsReplication::SCHEMA;

#[async_trait(?Send)]
impl Kind for DbInstanceAutomatedBackupsReplication {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeDBInstanceAutomatedBackups` for all of a region.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let arn_of = DbInstanceAutomatedBackup::db_instance_automated_backups_arn;
        match by_name(&ids(requests), false, arn_of, page(client)).await {
            Ok(found) => Batch::of(requests, |request| found.get(&request.identity.0).map(|it| Ok(observe(it)))),
            Err(failure) => Batch::failed(requests, &failure),
        }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let starting = client
            .rds
            .start_db_instance_automated_backups_replication()
            .source_db_instance_arn(desired.text("source_db_instance_arn")?)
            .set_kms_key_id(desired.maybe_string("kms_key_id")?)
            .set_backup_retention_period(desired.maybe_i32("retention_period")?);
        // The instance may be in the middle of a change, or was copied elsewhere a moment ago.
        let call = Call::rds("StartDBInstanceAutomatedBackupsReplication")
            .expects("InvalidDBInstanceState", "")
            .expects("InvalidDBInstanceAutomatedBackupState", "");
        let answer = client.send(call, starting.send()).await?;
        let arn = answer.db_instance_automated_backup.and_then(|backup| backup.db_instance_automated_backups_arn);
        let operation = "StartDBInstanceAutomatedBackupsReplication";
        arn.map(Identity).ok_or_else(|| unreadable(Service::Rds, operation, "DBInstanceAutomatedBackupsArn"))
    }

    /// It carries no mark: copies of this instance's backups in this region, kept as long, are what was asked for.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let (source, kept) = (desired.text("source_db_instance_arn")?, desired.maybe_i32("retention_period")?);
        let mut marker = None;
        loop {
            let (backups, next) = page(client)(Which::All(marker)).await?;
            let found = backups.into_iter().find(|it| it.db_instance_arn() == Some(source));
            if let Some(arn) = found.as_ref().and_then(|it| it.db_instance_automated_backups_arn.clone()) {
                let same = kept.is_none() || found.is_some_and(|it| it.backup_retention_period == kept);
                return Ok(if same { Found::Ours(Identity(arn)) } else { Found::Foreign(Identity(arn)) });
            }
            marker = next.filter(|next| !next.is_empty());
            if marker.is_none() {
                return Ok(Found::Nothing);
            }
        }
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(backup) = one(&standing.identity.0, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        Ok(match backup.status.as_deref() {
            Some("replicating") => Progress::Ready(observe(&backup)),
            status => waiting(status.unwrap_or("pending")),
        })
    }

    /// Everything replaces it: nothing changes in place.
    async fn update(&self, _: &Client, _: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        Ok(())
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let source = Fields::of(&standing.desired.attributes).text("source_db_instance_arn")?;
        let stopping = client.rds.stop_db_instance_automated_backups_replication().source_db_instance_arn(source);
        let call = Call::rds("StopDBInstanceAutomatedBackupsReplication").expects("InvalidDBInstanceState", "");
        match client.send(call, stopping.send()).await {
            Err(failure) if failure.message.contains("not replicating to the current region") => Ok(Progress::Gone),
            answer => once_accepted(answer),
        }
    }

    fn survivors(&self, attributes: &Attributes) -> Vec<Survivor> {
        let fields = Fields::of(attributes);
        let days = fields.maybe_integer("retention_period").ok().flatten().unwrap_or(USUAL);
        let name = fields.maybe_text("id").ok().flatten().and_then(|arn| arn.rsplit(':').next()).unwrap_or_default();
        vec![
            Survivor::new(
                format!("replicated automated backups {name}"),
                "RDS keeps what was copied for as long as copies are kept",
            )
            .expiry(format!("in {days} days")),
        ]
    }
}

/// For how many days copies are kept where nobody says it.
const USUAL: i64 = 7;

/// Of those that are copied here: backups of the region's own instances are none, nor is what copying left behind.
fn page(client: &Client) -> impl AsyncFn(Which) -> Result<Page<DbInstanceAutomatedBackup>, Failure> {
    async |which| {
        let (arn, marker) = which.parameters();
        let describing = client.rds.describe_db_instance_automated_backups().set_db_instance_automated_backups_arn(arn);
        let call = Call::rds("DescribeDBInstanceAutomatedBackups");
        let answer = client.send(call, describing.set_marker(marker).send()).await?;
        let backups = answer.db_instance_automated_backups.unwrap_or_default().into_iter();
        let copied = backups.filter(|it| matches!(it.status.as_deref(), Some("pending" | "replicating")));
        Ok((copied.collect(), answer.marker))
    }
}

fn observe(backup: &DbInstanceAutomatedBackup) -> Attributes {
    Observed::new()
        .with("source_db_instance_arn", backup.db_instance_arn.clone())
        .with("kms_key_id", backup.kms_key_id.clone())
        .with("retention_period", backup.backup_retention_period.map(i64::from))
        .with("id", backup.db_instance_automated_backups_arn.clone())
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Found, Observation, Progress};
    use fathuss_state::Identity;

    use crate::canned::{Canned, attributes, make, read, standing};

    const ADDRESS: &str = "s.aws_db_instance_automated_backups_replication.main";
    const SOURCE: &str = "arn:aws:rds:us-east-1:1:db:main";
    const COPIES: &str = "arn:aws:rds:us-west-2:1:auto-backup:ab-1";

    fn described(status: &str) -> String {
        format!(
            "<DBInstanceAutomatedBackups><DBInstanceAutomatedBackup><DBInstanceArn>{SOURCE}</DBInstanceArn>\
             <Status>{status}</Status><BackupRetentionPeriod>7</BackupRetentionPeriod>\
             <DBInstanceAutomatedBackupsArn>{COPIES}</DBInstanceAutomatedBackupsArn></DBInstanceAutomatedBackup>\
             </DBInstanceAutomatedBackups>"
        )
    }

    #[tokio::test]
    async fn what_copying_left_behind_is_none_and_what_is_copied_is_known_by_its_source() {
        let canned = Canned::new()
            .result("DescribeDBInstanceAutomatedBackups", &described("retained"))
            .result("DescribeDBInstanceAutomatedBackups", &described("replicating"));
        let aws = canned.aws();
        let asked = [read(ADDRESS, COPIES, attributes([]))];
        assert_eq!(aws.read(&asked).await.observations[0], Ok(Observation::Absent));
        let wanted = make(ADDRESS, attributes([("source_db_instance_arn", SOURCE)]));
        assert_eq!(aws.find(&wanted).await, Ok(Found::Ours(Identity(COPIES.to_owned()))));
    }

    #[tokio::test]
    async fn what_is_not_copied_here_is_gone_and_an_instance_that_changes_is_waited_for() {
        let standing = standing(ADDRESS, COPIES, attributes([("source_db_instance_arn", SOURCE)]));
        let stop = "StopDBInstanceAutomatedBackupsReplication";
        let none = "DB instance main is not replicating to the current region";
        let gone = Canned::new().refuse_query(stop, 400, "InvalidDBInstanceState", none);
        assert_eq!(gone.aws().delete(&standing).await, Ok(Progress::Gone));
        let busy = Canned::new().refuse_query(stop, 400, "InvalidDBInstanceState", "DB instance main is modifying");
        assert_eq!(busy.aws().delete(&standing).await.unwrap_err().class, FailureClass::NotYet);
    }
}
