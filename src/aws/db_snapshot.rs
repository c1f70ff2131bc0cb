//! `aws_db_snapshot`: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html>

use async_trait::async_trait;
use aws_sdk_rds::types;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::broken;
use crate::fields::{Fields, Observed};
use crate::gather::{Page, ids};
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::listing::{Which, by_name, one};
use crate::{mark, rds};

/// The calls of `aws_db_snapshot`.
pub struct DbSnapshot;

const SCHEMA: &Schema = fathuss_model::aws::DbSnapshot::SCHEMA;

#[async_trait(?Send)]
impl Kind for DbSnapshot {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeDBSnapshots` for all that users made in a region, which has their tags too.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let name_of = types::DbSnapshot::db_snapshot_identifier;
        match by_name(&ids(requests), false, name_of, page(client)).await {
            Ok(found) => Batch::of(requests, |request| found.get(&request.identity.0).map(|it| Ok(observe(it)))),
            Err(failure) => Batch::failed(requests, &failure),
        }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let name = desired.text("db_snapshot_identifier")?;
        let sending = client
            .rds
            .create_db_snapshot()
            .db_snapshot_identifier(name)
            .db_instance_identifier(desired.text("db_instance_identifier")?)
            .set_tags(Some(rds::written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
            .send();
        // The instance may be in the middle of a change.
        client.send(Call::rds("CreateDBSnapshot").expects("InvalidDBInstanceState", ""), sending).await?;
        Ok(Identity(name.to_owned()))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = Fields::of(&request.desired.attributes).text("db_snapshot_identifier")?.to_owned();
        let found = one(&name, page(client)).await?;
        Ok(mark::owner(&request.mark, found.map(|it| (name, rds::read(it.tag_list())))))
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(snapshot) = one(&standing.identity.0, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        match snapshot.status.as_deref() {
            Some("available") => Ok(once_shown(SCHEMA, &standing.desired.attributes, observe(&snapshot))),
            Some("failed") => Err(broken(Service::Rds, "failed", "RDS gives no reason")),
            status => Ok(waiting(status.unwrap_or("creating"))),
        }
    }

    /// All but its tags replaces it.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        rds::update_tags_of(client, "db_snapshot_arn", standing, change).await
    }

    /// RDS refuses while it is being made.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.rds.delete_db_snapshot().db_snapshot_identifier(&standing.identity.0).send();
        once_accepted(client.send(Call::rds("DeleteDBSnapshot").expects("InvalidDBSnapshotState", ""), sending).await)
    }
}

fn page(client: &Client) -> impl AsyncFn(Which) -> Result<Page<types::DbSnapshot>, Failure> {
    async |which| {
        let (name, marker) = which.parameters();
        let kind = name.is_none().then(|| "manual".to_owned());
        let describing = client.rds.describe_db_snapshots().set_db_snapshot_identifier(name).set_snapshot_type(kind);
        let answer = client.send(Call::rds("DescribeDBSnapshots"), describing.set_marker(marker).send()).await?;
        Ok((answer.db_snapshots.unwrap_or_default(), answer.marker))
    }
}

fn observe(snapshot: &types::DbSnapshot) -> Attributes {
    Observed::new()
        .with("db_instance_identifier", snapshot.db_instance_identifier.clone())
        .with("db_snapshot_identifier", snapshot.db_snapshot_identifier.clone())
        .tagged(&rds::read(snapshot.tag_list()))
        .with("id", snapshot.db_snapshot_identifier.clone())
        .with("db_snapshot_arn", snapshot.db_snapshot_arn.clone())
        .with("allocated_storage", snapshot.allocated_storage.map(i64::from))
        .with("availability_zone", snapshot.availability_zone.clone())
        .with("encrypted", snapshot.encrypted)
        .with("engine", snapshot.engine.clone())
        .with("engine_version", snapshot.engine_version.clone())
        .with("kms_key_id", snapshot.kms_key_id.clone())
        .with("option_group_name", snapshot.option_group_name.clone())
        .with("port", snapshot.port.map(i64::from))
        .with("snapshot_type", snapshot.snapshot_type.clone())
        .with("status", snapshot.status.clone())
        .with("storage_type", snapshot.storage_type.clone())
        .with("vpc_id", snapshot.vpc_id.clone())
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Attributes, FailureClass, Found, Progress};
    use fathuss_state::Identity;

    use crate::canned::{Canned, attributes, make, standing};

    const ADDRESS: &str = "s.aws_db_snapshot.before";

    fn described(status: &str, tags: &str) -> String {
        format!(
            "<DBSnapshots><DBSnapshot><DBSnapshotIdentifier>before</DBSnapshotIdentifier><Status>{status}</Status>\
             <DBInstanceIdentifier>main</DBInstanceIdentifier><TagList>{tags}</TagList></DBSnapshot></DBSnapshots>"
        )
    }

    #[tokio::test]
    async fn a_snapshot_is_waited_for_until_an_instance_can_be_made_of_it() {
        let wanted = attributes([("db_instance_identifier", "main"), ("db_snapshot_identifier", "before")]);
        let canned = Canned::new()
            .result("DescribeDBSnapshots", &described("creating", ""))
            .result("DescribeDBSnapshots", &described("available", ""));
        let (aws, standing) = (canned.aws(), standing(ADDRESS, "before", wanted));
        assert_eq!(aws.settle(&standing).await, Ok(Progress::Waiting { state: "creating".to_owned() }));
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Ready(_))));
    }

    #[tokio::test]
    async fn an_instance_in_the_middle_of_a_change_is_asked_again_and_a_snapshot_of_others_is_theirs() {
        let wanted = attributes([("db_instance_identifier", "main"), ("db_snapshot_identifier", "before")]);
        let message =
            "Cannot create a snapshot because the database instance main is not currently in the available state.";
        let canned = Canned::new()
            .refuse_query("CreateDBSnapshot", 400, "InvalidDBInstanceState", message)
            .result("DescribeDBSnapshots", &described("available", ""));
        let request = make(ADDRESS, wanted);
        assert_eq!(canned.aws().create(&request).await.unwrap_err().class, FailureClass::NotYet);
        assert_eq!(canned.aws().find(&request).await, Ok(Found::Foreign(Identity("before".to_owned()))));
    }

    #[tokio::test]
    async fn one_that_is_gone_is_gone() {
        let message = "DBSnapshot not found: before";
        let canned = Canned::new().refuse_query("DeleteDBSnapshot", 404, "DBSnapshotNotFound", message);
        let gone = canned.aws().delete(&standing(ADDRESS, "before", Attributes::new())).await;
        assert_eq!(gone, Ok(Progress::Gone));
    }
}
