//! `aws_ebs_volume`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html>
//!
//! Its attachments are read with it: `DescribeVolumes` answers both.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, ResourceType, SnapshotState, VolumeState, VolumeType};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, Stray, Survivor, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::{Differences, once_shown};
use crate::failure::{broken, unreadable};
use crate::fields::{Fields, Observed, instant};
use crate::gather::{Page, gather, mark_filters, one, ours, pages, strays};
use crate::gone::{is_not_found, waiting};
use crate::instance::{self, Instance};
use crate::kind::{Batch, Kind};
use crate::volume_attachment::{self, Ends};
use crate::{arn, tag};

/// The calls of `aws_ebs_volume`.
pub struct EbsVolume;

const SCHEMA: &Schema = fathuss_model::aws::EbsVolume::SCHEMA;

/// What `ModifyVolume` changes.
const MODIFIED: &[&str] = &["size", "type", "iops", "throughput"];

#[async_trait(?Send)]
impl Kind for EbsVolume {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    fn family(&self) -> &'static str {
        instance::FAMILY
    }

    /// The instances' own: one `DescribeVolumes` answers every field of volumes and attachments.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Instance.read(client, requests).await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let tags = tag::specification(ResourceType::Volume, &request.mark, &request.desired.attributes)?;
        let sending = client
            .ec2
            .create_volume()
            .client_token(&request.token)
            .availability_zone(desired.text("availability_zone")?)
            .set_size(desired.maybe_i32("size")?)
            .set_volume_type(desired.maybe_text("type")?.map(VolumeType::from))
            .set_iops(desired.maybe_i32("iops")?)
            .set_throughput(desired.maybe_i32("throughput")?)
            .set_encrypted(desired.maybe_bool("encrypted")?)
            .set_kms_key_id(desired.maybe_string("kms_key_id")?)
            .set_snapshot_id(desired.maybe_string("snapshot_id")?)
            .tag_specifications(tags)
            .send();
        let answer = client.send(Call::ec2("CreateVolume").lagging(), sending).await?;
        answer.volume_id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "CreateVolume", "VolumeId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, lives).await
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(volume) = one("volume-id", &standing.identity.0, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        match &volume.state {
            Some(VolumeState::Available | VolumeState::InUse) => {}
            Some(VolumeState::Error) => {
                let message = "the volume went into state `error`; most often its KMS key can't be used";
                return Err(broken(Service::Ec2, "VolumeFailed", message));
            }
            Some(VolumeState::Deleted | VolumeState::Deleting) => return Ok(Progress::Gone),
            state => return Ok(waiting(state.as_ref().map_or("creating", VolumeState::as_str))),
        }
        let observed = observe(client, &standing.account, &volume);
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observed))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let id = &standing.identity.0;
        if change.changed.iter().any(|field| MODIFIED.contains(&field.as_str())) {
            let volume = one("volume-id", id, page(client)).await?;
            let observed = volume.map(|volume| observe(client, &standing.account, &volume)).unwrap_or_default();
            // What an earlier attempt has changed is not sent again: AWS takes one modification in six hours.
            if Differences::of(SCHEMA, &standing.desired.attributes, &observed).any(MODIFIED) {
                let desired = Fields::of(&standing.desired.attributes);
                let sizes = ["size", "iops", "throughput"].map(|field| desired.maybe_i32(field));
                modify(client, id, desired.maybe_text("type")?, sizes).await?;
            }
        }
        tag::update(client, id, standing, change).await
    }

    /// Makes its last snapshot before, where one is wanted. While it is attached, AWS refuses: not yet.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        let volume = one("volume-id", id, page(client)).await?;
        match volume.and_then(|volume| volume.state) {
            None | Some(VolumeState::Deleted) => return Ok(Progress::Gone),
            Some(VolumeState::Deleting) => return Ok(waiting("deleting")),
            Some(_) => {}
        }
        let desired = Fields::of(&standing.desired.attributes);
        if desired.bool_or("final_snapshot", false)? && !is_kept(client, standing).await? {
            return Ok(waiting("making the final snapshot"));
        }
        let sending = client.ec2.delete_volume().volume_id(id).send();
        match client.send(Call::ec2("DeleteVolume"), sending).await {
            Ok(_) => Ok(waiting("deleting")),
            Err(failure) if is_not_found(&failure) => Ok(Progress::Gone),
            Err(failure) => Err(failure),
        }
    }

    fn survivors(&self, attributes: &Attributes) -> Vec<Survivor> {
        let fields = Fields::of(attributes);
        if !fields.bool_or("final_snapshot", false).unwrap_or(false) {
            return Vec::new();
        }
        let id = fields.maybe_text("id").ok().flatten().unwrap_or_default();
        let why = "`final_snapshot` keeps what the volume held";
        vec![Survivor::new(format!("the final snapshot of volume {id}"), why)]
    }
}

/// Whether the last snapshot is complete; begins it where there is none.
async fn is_kept(client: &Client, standing: &Standing) -> Result<bool, Failure> {
    let id = &standing.identity.0;
    let mut filters = mark_filters(&standing.mark);
    filters.push(crate::gather::filter("volume-id", [id.clone()]));
    // AWS Backup's snapshots of the volume carry its mark as well.
    let description = format!("the last of {}", standing.address);
    filters.push(crate::gather::filter("description", [description.clone()]));
    let snapshots = pages(&filters, &async |filters, token| {
        let sending = client.ec2.describe_snapshots().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeSnapshots"), sending).await?;
        Ok((answer.snapshots.unwrap_or_default(), answer.next_token))
    })
    .await?;
    let state = |wanted: &SnapshotState| snapshots.iter().any(|snapshot| snapshot.state.as_ref() == Some(wanted));
    if state(&SnapshotState::Completed) {
        return Ok(true);
    }
    if !state(&SnapshotState::Pending) {
        let tags = tag::specification(ResourceType::Snapshot, &standing.mark, &standing.desired.attributes)?;
        let sending =
            client.ec2.create_snapshot().volume_id(id).description(description).tag_specifications(tags).send();
        client.send(Call::ec2("CreateSnapshot"), sending).await?;
    }
    Ok(false)
}

/// What carries our mark, root volumes too, and what these requests for volumes and attachments name.
pub(crate) async fn gathered(
    client: &Client,
    requests: &[ReadRequest],
) -> Result<BTreeMap<String, types::Volume>, Failure> {
    let mut volumes = gather(client, &named(requests)?, "volume-id", id_of, page(client)).await?;
    volumes.retain(|_, volume| lives(volume));
    Ok(volumes)
}

/// Volumes that no request names; none where no volume was asked for.
pub(crate) fn strays_among(
    client: &Client,
    requests: &[ReadRequest],
    volumes: &BTreeMap<String, types::Volume>,
) -> Result<Vec<Stray>, Failure> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let tags = volumes.iter().map(|(id, volume)| (id, tag::read(volume.tags())));
    let mut strays = strays(client, SCHEMA.kind, &named(requests)?, tags);
    // An instance's root volume carries the instance's mark, and goes with it.
    strays.retain(|stray| stray.address.split('.').nth(1) == Some(SCHEMA.kind));
    Ok(strays)
}

/// A volume, or an attachment of one, where it is among these.
pub(crate) fn observed(
    client: &Client,
    request: &ReadRequest,
    volumes: &BTreeMap<String, types::Volume>,
) -> Option<Result<Attributes, Failure>> {
    if attaches(request) {
        let ends = Ends::of(&request.identity).ok()?;
        return volume_attachment::observe(volumes.get(&ends.volume)?, &ends).map(Ok);
    }
    let volume = volumes.get(&request.identity.0)?;
    Some(Ok(observe(client, client.account.as_deref().unwrap_or_default(), volume)))
}

fn attaches(request: &ReadRequest) -> bool {
    request.address.kind() == volume_attachment::SCHEMA.kind
}

/// The volumes that requests for volumes and attachments name.
fn named(requests: &[ReadRequest]) -> Result<BTreeSet<String>, Failure> {
    let volume = |request: &ReadRequest| {
        if attaches(request) { Ok(Ends::of(&request.identity)?.volume) } else { Ok(request.identity.0.clone()) }
    };
    requests.iter().map(volume).collect()
}

fn id_of(volume: &types::Volume) -> Option<&str> {
    volume.volume_id()
}

fn lives(volume: &types::Volume) -> bool {
    !matches!(volume.state, Some(VolumeState::Deleted | VolumeState::Deleting))
}

pub(crate) fn page(
    client: &Client,
) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::Volume>, Failure> {
    async |filters, token| {
        let sending = client.ec2.describe_volumes().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeVolumes"), sending).await?;
        Ok((answer.volumes.unwrap_or_default(), answer.next_token))
    }
}

fn observe(client: &Client, account: &str, volume: &types::Volume) -> Attributes {
    let id = volume.volume_id().unwrap_or_default();
    let owner = volume.owner_id().unwrap_or(account);
    let built = (!owner.is_empty()).then(|| arn::ec2(&client.region, owner, &format!("volume/{id}")));
    Observed::new()
        .with("availability_zone", volume.availability_zone())
        .with("size", volume.size)
        .with("type", volume.volume_type.as_ref().map(VolumeType::as_str))
        .with("iops", volume.iops)
        .with("throughput", volume.throughput)
        .with("encrypted", volume.encrypted)
        .with("kms_key_id", volume.kms_key_id())
        .with("snapshot_id", volume.snapshot_id().filter(|snapshot| !snapshot.is_empty()))
        .tagged(&tag::read(volume.tags()))
        .with("id", id)
        .with("arn", volume.volume_arn.clone().or(built))
        .with("create_time", instant(volume.create_time()))
        .finish(SCHEMA)
}

/// Gives a volume another type, and another size, IOPS and throughput, in that order.
///
/// AWS takes no other modification while one is under way. It may be this one, whose answer was lost: the one who waits
/// for the volume sees it then.
pub(crate) async fn modify(
    client: &Client,
    id: &str,
    kind: Option<&str>,
    sizes: [Result<Option<i32>, Failure>; 3],
) -> Result<(), Failure> {
    let [size, iops, throughput] = sizes;
    let (size, iops, throughput) = (size?, iops?, throughput?);
    let modifying = client.ec2.modify_volume().volume_id(id).set_volume_type(kind.map(VolumeType::from));
    let sending = modifying.set_size(size).set_iops(iops).set_throughput(throughput).send();
    let Err(failure) = client.send(Call::ec2("ModifyVolume"), sending).await else { return Ok(()) };
    if failure.code != "IncorrectModificationState" {
        return Err(failure);
    }
    let sending = client.ec2.describe_volumes_modifications().volume_ids(id).send();
    let answer = client.send(Call::ec2("DescribeVolumesModifications"), sending).await?;
    let is_this = answer.volumes_modifications().iter().any(|under_way| {
        let target = under_way.target_volume_type.as_ref().map(VolumeType::as_str);
        (kind.is_none() || kind == target)
            && (size.is_none() || size == under_way.target_size)
            && (iops.is_none() || iops == under_way.target_iops)
            && (throughput.is_none() || throughput == under_way.target_throughput)
    });
    if is_this { Ok(()) } else { Err(failure) }
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Observation, Progress};
    use serde_json::json;

    use crate::asked::{change, marked, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_ebs_volume.data";

    fn volume(state: &str, size: u32) -> String {
        format!(
            "<volumeSet><item><volumeId>vol-1</volumeId><status>{state}</status><size>{size}</size>\
             <volumeType>gp3</volumeType><availabilityZone>us-east-1a</availabilityZone><attachmentSet><item>\
             <volumeId>vol-1</volumeId><instanceId>i-1</instanceId><device>/dev/sdf</device><status>attached</status>\
             </item></attachmentSet>{}</item></volumeSet>",
            marked(AT)
        )
    }

    #[tokio::test]
    async fn volumes_and_attachments_are_one_call() {
        let canned = Canned::new().answer("DescribeVolumes", &volume("in-use", 20));
        let requests = [
            read(AT, "vol-1"),
            read("s.aws_volume_attachment.data", "/dev/sdf:vol-1:i-1"),
            read("s.aws_volume_attachment.other", "/dev/sdf:vol-1:i-2"),
        ];
        let answer = canned.aws().read(&requests).await;
        assert_eq!(canned.operations(), ["DescribeVolumes"]);
        assert!(matches!(answer.observations[0], Ok(Observation::Present(_))));
        assert!(matches!(answer.observations[1], Ok(Observation::Present(_))));
        assert_eq!(answer.observations[2], Ok(Observation::Absent));
    }

    #[tokio::test]
    async fn a_grown_volume_is_modified_once_and_waited_for() {
        let canned = Canned::new()
            .answer("DescribeVolumes", &volume("in-use", 20))
            .answer("ModifyVolume", "<volumeModification/>");
        let standing = standing(AT, "vol-1", json!({ "availability_zone": "us-east-1a", "size": 30, "type": "gp3" }));
        canned.aws().update(&standing, &change(json!({ "size": 20 }), &["size"])).await.unwrap();
        assert_eq!(canned.seen().pop().unwrap().get("Size"), Some("30"));
        assert_eq!(
            canned.aws().settle(&standing).await,
            Ok(Progress::Waiting { state: "size not visible yet".to_owned() })
        );
        let grown = Canned::new().answer("DescribeVolumes", &volume("in-use", 30));
        grown.aws().update(&standing, &change(json!({ "size": 20 }), &["size"])).await.unwrap();
        assert_eq!(grown.operations(), ["DescribeVolumes"]);
    }

    #[tokio::test]
    async fn a_modification_under_way_whose_answer_was_lost_is_waited_for() {
        let under_way = |size: u32| {
            let target = format!(
                "<volumeModificationSet><item><volumeId>vol-1</volumeId><modificationState>modifying</modificationState>\
                 <targetSize>{size}</targetSize><targetVolumeType>gp3</targetVolumeType></item></volumeModificationSet>"
            );
            Canned::new()
                .answer("DescribeVolumes", &volume("in-use", 20))
                .refuse(
                    "ModifyVolume",
                    400,
                    "IncorrectModificationState",
                    "Volume vol-1 cannot be modified in modification state MODIFYING",
                )
                .answer("DescribeVolumesModifications", &target)
        };
        let standing = standing(AT, "vol-1", json!({ "availability_zone": "us-east-1a", "size": 30, "type": "gp3" }));
        let change = change(json!({ "size": 20 }), &["size"]);
        assert_eq!(under_way(30).aws().update(&standing, &change).await, Ok(()));
        let refused = under_way(25).aws().update(&standing, &change).await.unwrap_err();
        assert_eq!(refused.code, "IncorrectModificationState", "somebody's other one is none of ours");
    }

    #[tokio::test]
    async fn the_last_snapshot_is_complete_before_the_volume_goes() {
        let snapshot = |state: &str| {
            format!("<snapshotSet><item><snapshotId>snap-1</snapshotId><status>{state}</status></item></snapshotSet>")
        };
        let canned = Canned::new()
            .answer("DescribeVolumes", &volume("available", 20))
            .answer("DescribeSnapshots", "<snapshotSet/>")
            .answer("DescribeSnapshots", &snapshot("pending"))
            .answer("DescribeSnapshots", &snapshot("completed"))
            .answer("CreateSnapshot", "<snapshotId>snap-1</snapshotId>")
            .answer("DeleteVolume", "<return>true</return>");
        let (aws, standing) = (canned.aws(), standing(AT, "vol-1", json!({ "final_snapshot": true })));
        for _ in 0..2 {
            aws.delete(&standing).await.unwrap();
            assert!(!canned.operations().contains(&"DeleteVolume".to_owned()));
        }
        assert_eq!(aws.delete(&standing).await, Ok(Progress::Waiting { state: "deleting".to_owned() }));
        let made = canned.operations().iter().filter(|operation| *operation == "CreateSnapshot").count();
        assert_eq!(made, 1);
        assert_eq!(aws.survivors("aws_ebs_volume", &standing.desired.attributes).len(), 1);
    }

    #[tokio::test]
    async fn an_attached_volume_is_deleted_later() {
        let canned = Canned::new().answer("DescribeVolumes", &volume("in-use", 20)).refuse(
            "DeleteVolume",
            400,
            "VolumeInUse",
            "Volume vol-1 is currently attached to i-1",
        );
        let failure = canned.aws().delete(&standing(AT, "vol-1", json!({}))).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::NotYet);
    }
}
