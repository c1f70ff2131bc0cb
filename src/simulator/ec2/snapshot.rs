//! EBS snapshots: those that people make of their volumes, and those that AWS Backup has made.
//! What others share, Amazon's own among it, is not simulated.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ec2::image;
use crate::ec2::resource::{self, Kind, Listing, Resource, nothing};
use crate::ec2::tags;
use crate::ec2::volume::Volume;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CreateSnapshot", create), ("DescribeSnapshots", describe), ("DeleteSnapshot", delete)];

/// The first one holds a whole volume: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-creating-snapshot.html>
pub(super) const SPANS: &[Span] = &[Span::new("ec2.snapshot.create", 30.0, 600.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] =
    &[("ec2.snapshot.completed", |tx, pending| complete(tx, &pending.subject))];

const CREATE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshot.html";
const ERRORS: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.snapshot.volume", "a snapshot is of a volume that is there", CREATE),
    Rule::new(
        "ec2.snapshot.concurrent",
        "five snapshots of a volume are made at a time, of st1 and sc1 one",
        "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html",
    ),
    Rule::new("ec2.snapshot.rate", "snapshots of a volume that are made at a time begin 15 seconds apart", ERRORS),
    Rule::new(
        "ec2.snapshot.backup",
        "a snapshot of AWS Backup's is deleted by it alone",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/deleting-backups.html",
    ),
];

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// Its id, `snap-...`.
    pub id: String,
    /// The volume it is of.
    pub volume: String,
    /// The volume's size, in GiB.
    pub size: i64,
    /// What it is for.
    pub description: String,
    /// The ARN of the key that it is encrypted with.
    pub key: Option<String>,
    /// When it was begun.
    pub started: Timestamp,
    /// When it was done.
    pub completed: Option<Timestamp>,
    /// Whether AWS Backup has it.
    pub managed: bool,
}

impl Row for Snapshot {
    const TABLE: &'static str = "ec2.snapshot";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Resource for Snapshot {
    const SHAPE: &'static str = "Snapshot";
    const KIND: Kind = Kind {
        prefix: "snap",
        tagged_as: "snapshot",
        not_found: "InvalidSnapshot.NotFound",
        malformed: "InvalidSnapshotID.Malformed",
        one: "The snapshot '{}' does not exist.",
        several: "The snapshots '{}' do not exist.",
    };

    const FILTERS: &'static [&'static str] = &["status"];

    fn filter(&self, _: &Tx<'_>, _: &str) -> Vec<String> {
        vec![self.state().to_owned()]
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let done = self.completed.is_some();
        record! {
            "SnapshotId" => &self.id,
            "VolumeId" => &self.volume,
            "VolumeSize" => self.size,
            "State" => self.state(),
            "Progress" => if done { "100%" } else { "0%" },
            "StartTime" => self.started,
            "CompletionTime" => self.completed,
            "FullSnapshotSizeInBytes" => done.then_some(self.size << 30),
            "Description" => &self.description,
            "Encrypted" => self.key.is_some(),
            "KmsKeyId" => &self.key,
            "OwnerId" => tx.account(),
            "StorageTier" => "standard",
            "TransferType" => "standard",
            "Tags" => tags::of(tx, &self.id),
        }
    }
}

impl Snapshot {
    fn state(&self) -> &'static str {
        if self.completed.is_some() { "completed" } else { "pending" }
    }
}

/// Begins the one of that id that AWS Backup keeps of a volume, which is named by its ARN; its tags go to it.
pub fn back_up(tx: &mut Tx<'_>, id: &str, source: &str, gigabytes: i64, key: Option<String>, own: &[(String, String)]) {
    tx.put(Snapshot {
        id: id.to_owned(),
        volume: source.rsplit('/').next().unwrap_or_default().to_owned(),
        size: gigabytes,
        description: "This snapshot is created by the AWS Backup service.".to_owned(),
        key,
        started: tx.now(),
        completed: None,
        managed: true,
    });
    // <https://github.com/ekristen/aws-nuke/issues/364>
    let all = own.iter().cloned().chain([("aws:backup:source-resource".to_owned(), source.to_owned())]);
    // A volume has no more tags than a snapshot takes.
    let _ = tags::put(tx, Snapshot::KIND.tagged_as, id, all.collect());
}

/// Is done.
pub fn complete(tx: &mut Tx<'_>, id: &str) {
    let now = tx.now();
    tx.change::<Snapshot>(id, |snapshot| snapshot.completed = Some(now));
}

/// Takes one away.
pub fn remove(tx: &mut Tx<'_>, id: &str) {
    tags::forget(tx, id);
    tx.cancel("ec2.snapshot", id);
    tx.remove::<Snapshot>(id);
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    if input.has("OutpostArn") || input.text("Location").is_some_and(|location| location != "regional") {
        return Err(Refusal::not_simulated("ec2 CreateSnapshot on an Outpost or in a Local Zone"));
    }
    let volume: Volume = resource::find(tx, input.required("VolumeId"))?;
    // No source has the words.
    tx.enforce("ec2.snapshot.volume", matches!(volume.state.as_str(), "available" | "in-use"), || {
        Refusal::new("IncorrectState", format!("The volume '{}' is '{}'.", volume.id, volume.state))
    })?;
    let making: Vec<Timestamp> = tx
        .rows::<Snapshot>()
        .filter(|snapshot| snapshot.volume == volume.id && snapshot.completed.is_none())
        .map(|snapshot| snapshot.started)
        .collect();
    let most = if matches!(volume.kind.as_str(), "st1" | "sc1") { 1 } else { 5 };
    tx.enforce("ec2.snapshot.concurrent", making.len() < most, || {
        let message = "Maximum allowed in-progress snapshots for a single volume exceeded.";
        Refusal::new("ConcurrentSnapshotLimitExceeded", message)
    })?;
    let since = tx.now() - SignedDuration::from_secs(15);
    tx.enforce("ec2.snapshot.rate", making.iter().all(|started| *started <= since), || {
        let message = "The maximum per volume CreateSnapshot request rate has been exceeded. Use an increasing or \
                       variable sleep interval between requests.";
        Refusal::new("SnapshotCreationPerVolumeRateExceeded", message)
    })?;
    let snapshot = Snapshot {
        id: tx.new_id("snap"),
        volume: volume.id,
        size: volume.size,
        description: input.text("Description").unwrap_or_default().to_owned(),
        key: volume.kms_key,
        started: tx.now(),
        completed: None,
        managed: false,
    };
    tx.put(snapshot.clone());
    tags::on_create(tx, input, Snapshot::KIND.tagged_as, &snapshot.id)?;
    tx.transition("ec2.snapshot.create", "ec2.snapshot.completed", &snapshot.id);
    let mut view = snapshot.view(tx);
    // The answer does not tell yet how far it is.
    view.set("Progress", "");
    view.set("StorageTier", Value::Absent);
    view.set("TransferType", Value::Absent);
    Ok(view)
}

/// Nobody shares any here: an account may restore its own.
fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let own = |who: &&str| *who == "self" || *who == tx.account();
    for member in ["OwnerIds", "RestorableByUserIds"] {
        let who = input.texts(member);
        if !who.is_empty() && !who.iter().any(own) {
            return Err(Refusal::not_simulated(format!("ec2 DescribeSnapshots of others, by {member}")));
        }
    }
    let of_images = image::images(tx);
    if input.texts("SnapshotIds").iter().any(|id| of_images.iter().any(|image| image.snapshot == *id)) {
        return Err(Refusal::not_simulated("ec2 DescribeSnapshots of those of Amazon's images"));
    }
    let listing = Listing { ids: "SnapshotIds", answer: "Snapshots", ids_exclude_pages: Some("snapshotIds") };
    resource::describe::<Snapshot>(tx, input, listing)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let snapshot: Snapshot = resource::find(tx, input.required("SnapshotId"))?;
    // <https://github.com/cloud-custodian/cloud-custodian/issues/9459>
    tx.enforce("ec2.snapshot.backup", !snapshot.managed, || {
        let message = "This snapshot is managed by the AWS Backup service and cannot be deleted via EC2 APIs. If you \
                       wish to delete this snapshot, please do so via the Backup console.";
        Refusal::new("InvalidParameterValue", message)
    })?;
    remove(tx, &snapshot.id);
    Ok(nothing())
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    const ZONE: (&str, &str) = ("AvailabilityZone", "us-east-1a");

    async fn volume(client: &Client, more: &[(&str, &str)]) -> String {
        let id = client.ec2("CreateVolume", &[&[ZONE], more].concat()).await.one("volumeId");
        client.wait(60);
        id
    }

    #[tokio::test(start_paused = true)]
    async fn a_volume_begins_as_a_snapshot_that_is_done_and_no_smaller() {
        let client = Client::calm();
        let of = volume(&client, &[("Size", "20"), ("VolumeType", "gp3"), ("Encrypted", "true")]).await;
        let asked = [("VolumeId", of.as_str()), ("Description", "before the change")];
        let made = client.ec2("CreateSnapshot", &asked).await;
        let (id, key) = (made.one("snapshotId"), made.one("kmsKeyId"));
        assert_eq!(
            (made.one("status"), made.one("volumeSize"), made.one("encrypted")),
            ("pending".into(), "20".into(), "true".into())
        );
        let from = |size: &'static str| [ZONE, ("SnapshotId", id.as_str()), ("Size", size), ("VolumeType", "gp3")];
        let early = client.refused("CreateVolume", &from("20"), "IncorrectState").await;
        assert_eq!(early.message, "Snapshot is in invalid state - pending");
        client.wait(600);
        let shown = client
            .ec2(
                "DescribeSnapshots",
                &[("Owner.1", "self"), ("Filter.1.Name", "status"), ("Filter.1.Value.1", "completed")],
            )
            .await;
        assert_eq!((shown.all("snapshotId"), shown.one("progress")), (vec![id.clone()], "100%".to_owned()));
        client.refused("CreateVolume", &from("10"), "InvalidParameterValue").await;
        let larger = client.ec2("CreateVolume", &from("30")).await;
        assert_eq!(
            (larger.one("snapshotId"), larger.one("kmsKeyId")),
            (id.clone(), key),
            "it is encrypted as its snapshot"
        );
        let plain = client.ec2("CreateVolume", &[ZONE, ("SnapshotId", &id)]).await;
        assert_eq!((plain.one("size"), plain.one("encrypted")), ("20".to_owned(), "true".to_owned()));
        client.ec2("DeleteSnapshot", &[("SnapshotId", &id)]).await;
        client.refused("DescribeSnapshots", &[("SnapshotId.1", &id)], "InvalidSnapshot.NotFound").await;
    }

    #[tokio::test(start_paused = true)]
    async fn snapshots_of_a_volume_are_made_apart_and_few_at_a_time() {
        let client = Client::calm();
        let of = volume(&client, &[("Size", "125"), ("VolumeType", "st1")]).await;
        let asked = [("VolumeId", of.as_str())];
        client.ec2("CreateSnapshot", &asked).await;
        client.refused("CreateSnapshot", &asked, "ConcurrentSnapshotLimitExceeded").await;
        assert!(client.simulator.switch("ec2.snapshot.concurrent", false));
        client.refused("CreateSnapshot", &asked, "SnapshotCreationPerVolumeRateExceeded").await;
        client.wait(16);
        client.ec2("CreateSnapshot", &asked).await;
    }
}
