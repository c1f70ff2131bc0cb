//! What the EBS CSI driver does for a cluster, as far as the cluster can see it: claims of its classes get a
//! volume, volumes are attached where they are used, and a volume goes when its claim has.

use std::collections::BTreeMap;
use std::convert::Infallible;

use k8s_openapi::api::core::v1::{Node, PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::api::storage::v1::{StorageClass, VolumeAttachment};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::watching::{self, accept};

/// The driver's name, and that of the provisioner in its storage classes.
const DRIVER: &str = "ebs.csi.aws.com";

/// Where the scheduler writes the node that a claim's pod goes to. Until then a claim of a class that waits for
/// its first consumer waits.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// By this the volume controller of Kubernetes knows whose a volume is.
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";

/// Makes, attaches and deletes volumes until it is dropped.
pub async fn tend(client: Client) -> Infallible {
    let driver = Driver::new(client);
    loop {
        let Ok(seen) = driver.act().await else {
            tokio::time::sleep(watching::PAUSE).await;
            continue;
        };
        let claims = std::pin::pin!(watching::change(&driver.claims, seen.claims.as_deref()));
        let volumes = std::pin::pin!(watching::change(&driver.volumes, seen.volumes.as_deref()));
        let attachments = std::pin::pin!(watching::change(&driver.attachments, seen.attachments.as_deref()));
        let either = futures::future::select(claims, volumes);
        futures::future::select(either, attachments).await;
    }
}

struct Driver {
    claims: Api<PersistentVolumeClaim>,
    volumes: Api<PersistentVolume>,
    attachments: Api<VolumeAttachment>,
    classes: Api<StorageClass>,
    nodes: Api<Node>,
}

/// The versions of the lists that were acted on.
struct Seen {
    claims: Option<String>,
    volumes: Option<String>,
    attachments: Option<String>,
}

impl Driver {
    fn new(client: Client) -> Self {
        Self {
            claims: Api::all(client.clone()),
            volumes: Api::all(client.clone()),
            attachments: Api::all(client.clone()),
            classes: Api::all(client.clone()),
            nodes: Api::all(client),
        }
    }

    async fn act(&self) -> Result<Seen, kube::Error> {
        let all = ListParams::default();
        let volumes = self.volumes.list(&all).await?;
        for volume in volumes.iter().filter(|volume| is_released(volume)) {
            accept(404, self.volumes.delete(&volume.name_any(), &DeleteParams::default()).await)?;
        }

        let claims = self.claims.list(&all).await?;
        let waiting: Vec<_> = claims.iter().filter(|claim| is_waiting(claim)).collect();
        if !waiting.is_empty() {
            let classes = self.classes.list(&all).await?;
            let classes: BTreeMap<_, _> = classes.into_iter().map(|class| (class.name_any(), class)).collect();
            for claim in waiting {
                self.provide(claim, &classes).await?;
            }
        }

        let attachments = self.attachments.list(&all).await?;
        for attachment in attachments.iter().filter(|attachment| is_to_attach(attachment)) {
            let patch = json!({"status": {"attached": true}});
            let name = attachment.name_any();
            accept(404, self.attachments.patch_status(&name, &PatchParams::default(), &Patch::Merge(&patch)).await)?;
        }
        Ok(Seen {
            claims: claims.metadata.resource_version,
            volumes: volumes.metadata.resource_version,
            attachments: attachments.metadata.resource_version,
        })
    }

    /// Makes the volume of a claim, if its class is the driver's and its time has come.
    async fn provide(
        &self,
        claim: &PersistentVolumeClaim,
        classes: &BTreeMap<String, StorageClass>,
    ) -> Result<(), kube::Error> {
        let class = claim.spec.as_ref().and_then(|spec| spec.storage_class_name.as_ref());
        let Some(class) = class.and_then(|name| classes.get(name)) else { return Ok(()) };
        let node = claim.annotations().get(SELECTED_NODE);
        let waits = class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer");
        if class.provisioner != DRIVER || (waits && node.is_none()) {
            return Ok(());
        }
        let node = match node {
            Some(name) => self.nodes.get_opt(name).await?,
            None => self.nodes.list(&ListParams::default().limit(1)).await?.into_iter().next(),
        };
        let zone = node.and_then(|node| node.labels().get("topology.kubernetes.io/zone").cloned());
        let Some(volume) = volume(claim, class, zone.as_deref()) else { return Ok(()) };
        accept(409, self.volumes.create(&PostParams::default(), &volume).await)
    }
}

/// A claim that the driver was asked to provide for and that has no volume yet.
fn is_waiting(claim: &PersistentVolumeClaim) -> bool {
    let has_volume = claim.spec.as_ref().is_some_and(|spec| spec.volume_name.is_some());
    !has_volume && claim.metadata.deletion_timestamp.is_none()
}

/// A volume of the driver whose claim is gone and whose class says that it goes too.
fn is_released(volume: &PersistentVolume) -> bool {
    let phase = volume.status.as_ref().and_then(|status| status.phase.as_deref());
    let reclaim = volume.spec.as_ref().and_then(|spec| spec.persistent_volume_reclaim_policy.as_deref());
    volume.annotations().get(PROVISIONED_BY).is_some_and(|by| by == DRIVER)
        && phase == Some("Released")
        && reclaim == Some("Delete")
        && volume.metadata.deletion_timestamp.is_none()
}

fn is_to_attach(attachment: &VolumeAttachment) -> bool {
    attachment.spec.attacher == DRIVER
        && attachment.metadata.deletion_timestamp.is_none()
        && !attachment.status.as_ref().is_some_and(|status| status.attached)
}

/// The volume for a claim, as the driver and its provisioner describe one.
fn volume(claim: &PersistentVolumeClaim, class: &StorageClass, zone: Option<&str>) -> Option<PersistentVolume> {
    let uid = claim.uid()?;
    let spec = claim.spec.as_ref()?;
    let size = spec.resources.as_ref()?.requests.as_ref()?.get("storage")?;
    let parameters = class.parameters.clone().unwrap_or_default();
    let file_system = parameters.get("csi.storage.k8s.io/fstype").map_or("ext4", String::as_str);
    let affinity = zone.map_or(Value::Null, |zone| {
        json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [
            {"key": "topology.kubernetes.io/zone", "operator": "In", "values": [zone]},
        ]}]}})
    });
    serde_json::from_value(json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": format!("pvc-{uid}"), "annotations": {(PROVISIONED_BY): DRIVER}},
        "spec": {
            "accessModes": spec.access_modes,
            "capacity": {"storage": size},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": claim.namespace(),
                "name": claim.name_any(),
                "uid": uid,
                "resourceVersion": claim.resource_version(),
            },
            "csi": {"driver": DRIVER, "fsType": file_system, "volumeHandle": volume_id(&uid)},
            "mountOptions": class.mount_options,
            "nodeAffinity": affinity,
            "persistentVolumeReclaimPolicy": class.reclaim_policy.as_deref().unwrap_or("Delete"),
            "storageClassName": class.name_any(),
            "volumeMode": spec.volume_mode,
        },
    }))
    .ok()
}

/// An EBS volume's id that follows from its claim's uid.
fn volume_id(uid: &str) -> String {
    let hash: String = Sha256::digest(uid)[..9].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("vol-{}", &hash[..17])
}
