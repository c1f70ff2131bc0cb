//! Snapshots by name, each asked for by itself: nothing where there is none of that name.

use fathuss_engine::provider::Failure;

use crate::call::Call;
use crate::client::Client;
use crate::gone::there;

/// A snapshot as its service tells of it.
pub(crate) struct Snapshot {
    /// `available`, or `completed` of a volume, once it can be used.
    pub state: String,
    /// The size of what it was made of, in GiB, where its service tells it.
    pub gigabytes: Option<i64>,
}

/// A database's. One that AWS made itself is told of where its kind is given, too:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBSnapshots.html>
pub(crate) async fn of_database(client: &Client, named: &str) -> Result<Option<Snapshot>, Failure> {
    let kind = [("rds:", "automated"), ("awsbackup:", "awsbackup")];
    let kind = kind.iter().find(|(prefix, _)| named.starts_with(prefix)).map(|(_, kind)| (*kind).to_owned());
    let asking = client.rds.describe_db_snapshots().db_snapshot_identifier(named).set_snapshot_type(kind);
    let answer = there(client.send(Call::rds("DescribeDBSnapshots"), asking.send()).await)?;
    let found = answer.and_then(|answer| answer.db_snapshots.unwrap_or_default().into_iter().next());
    Ok(found.map(|one| Snapshot { state: one.status.unwrap_or_default(), gigabytes: None }))
}

/// A cache's.
pub(crate) async fn of_cache(client: &Client, named: &str) -> Result<Option<Snapshot>, Failure> {
    let asking = client.elasticache.describe_snapshots().snapshot_name(named);
    let answer = there(client.send(Call::elasticache("DescribeSnapshots"), asking.send()).await)?;
    let found = answer.and_then(|answer| answer.snapshots.unwrap_or_default().into_iter().next());
    Ok(found.map(|one| Snapshot { state: one.snapshot_status.unwrap_or_default(), gigabytes: None }))
}

/// A volume's, by id.
pub(crate) async fn of_volume(client: &Client, named: &str) -> Result<Option<Snapshot>, Failure> {
    let asking = client.ec2.describe_snapshots().snapshot_ids(named);
    let answer = there(client.send(Call::ec2("DescribeSnapshots"), asking.send()).await)?;
    let found = answer.and_then(|answer| answer.snapshots.unwrap_or_default().into_iter().next());
    Ok(found.map(|one| Snapshot {
        state: one.state.map(|state| state.as_str().to_owned()).unwrap_or_default(),
        gigabytes: one.volume_size.map(i64::from),
    }))
}
