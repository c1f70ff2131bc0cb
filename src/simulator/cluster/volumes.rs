//! What the EBS CSI driver does for a cluster: claims of its classes get a volume of AWS's, volumes are attached to the
//! machines of the nodes where they are used, and a volume goes when its claim has. Tags and parameters are the
//! driver's: <https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md> and
//! `docs/tagging.md` beside it, with what EKS's addon has it add.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::api::storage::v1::{StorageClass, VolumeAttachment};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;

use crate::aws::{Aws, Refused, Volume};
use crate::watching::{self, Refusals, accept};

/// The driver's name, and that of the provisioner in its storage classes.
const DRIVER: &str = "ebs.csi.aws.com";

/// Where the scheduler writes the node that a claim's pod goes to. Until then a claim of a class that waits for
/// its first consumer waits.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// By this the volume controller of Kubernetes knows whose a volume is.
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";

/// Keeps an attachment until its volume is detached, as the attacher beside the driver does.
const ATTACHED: &str = "external-attacher/ebs-csi-aws-com";

/// Makes, attaches and deletes a cluster's volumes until it is dropped. What AWS refuses is told.
pub async fn tend(client: Client, cluster: String, aws: Arc<dyn Aws>, tell: impl Fn(&str) + Send + Sync) -> Infallible {
    let driver = Driver::new(client, cluster, aws);
    let mut refusals = Refusals::default();
    loop {
        let Ok(seen) = driver.act().await else {
            tokio::time::sleep(watching::PAUSE).await;
            continue;
        };
        if refusals.paused(seen.refused, &tell).await {
            continue;
        }
        let claims = std::pin::pin!(watching::change(&driver.claims, seen.claims.as_deref()));
        let volumes = std::pin::pin!(watching::change(&driver.volumes, seen.volumes.as_deref()));
        let attachments = std::pin::pin!(watching::change(&driver.attachments, seen.attachments.as_deref()));
        let either = futures::future::select(claims, volumes);
        futures::future::select(either, attachments).await;
    }
}

struct Driver {
    cluster: String,
    aws: Arc<dyn Aws>,
    claims: Api<PersistentVolumeClaim>,
    volumes: Api<PersistentVolume>,
    attachments: Api<VolumeAttachment>,
    classes: Api<StorageClass>,
    nodes: Api<Node>,
}

/// The versions of the lists that were acted on, and what AWS refused last.
struct Seen {
    claims: Option<String>,
    volumes: Option<String>,
    attachments: Option<String>,
    refused: Option<Refused>,
}

impl Driver {
    fn new(client: Client, cluster: String, aws: Arc<dyn Aws>) -> Self {
        Self {
            cluster,
            aws,
            claims: Api::all(client.clone()),
            volumes: Api::all(client.clone()),
            attachments: Api::all(client.clone()),
            classes: Api::all(client.clone()),
            nodes: Api::all(client),
        }
    }

    async fn act(&self) -> Result<Seen, kube::Error> {
        let all = ListParams::default();
        let mut refused = None;
        let volumes = self.volumes.list(&all).await?;
        for volume in volumes.iter().filter(|volume| is_released(volume)) {
            let deleted = match handle(volume) {
                Some(id) => self.aws.delete_volume(id).await,
                None => Ok(()),
            };
            match deleted {
                Ok(()) => accept(404, self.volumes.delete(&volume.name_any(), &DeleteParams::default()).await)?,
                Err(why) => refused = Some(why),
            }
        }

        let claims = self.claims.list(&all).await?;
        let waiting: Vec<_> = claims.iter().filter(|claim| is_waiting(claim)).collect();
        if !waiting.is_empty() {
            let classes = self.classes.list(&all).await?;
            let classes: BTreeMap<_, _> = classes.into_iter().map(|class| (class.name_any(), class)).collect();
            for claim in waiting {
                if let Some(wanted) = self.wanted(claim, &classes).await? {
                    refused = self.provide(claim, &wanted).await?.or(refused);
                }
            }
        }

        let attachments = self.attachments.list(&all).await?;
        for attachment in attachments.iter().filter(|attachment| attachment.spec.attacher == DRIVER) {
            let named = attachment.spec.source.persistent_volume_name.as_deref();
            let volume = volumes.iter().find(|volume| Some(volume.name_any().as_str()) == named);
            refused = self.attach(attachment, volume.and_then(handle)).await?.or(refused);
        }
        Ok(Seen {
            claims: claims.metadata.resource_version,
            volumes: volumes.metadata.resource_version,
            attachments: attachments.metadata.resource_version,
            refused,
        })
    }

    /// What a claim wants, if its class is the driver's and its time has come.
    async fn wanted<'c>(
        &self,
        claim: &PersistentVolumeClaim,
        classes: &'c BTreeMap<String, StorageClass>,
    ) -> Result<Option<(&'c StorageClass, Volume)>, kube::Error> {
        let class = claim.spec.as_ref().and_then(|spec| spec.storage_class_name.as_ref());
        let Some(class) = class.and_then(|name| classes.get(name)) else { return Ok(None) };
        let node = claim.annotations().get(SELECTED_NODE);
        let waits = class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer");
        if class.provisioner != DRIVER || (waits && node.is_none()) {
            return Ok(None);
        }
        let node = match node {
            Some(name) => self.nodes.get_opt(name).await?,
            None => self.nodes.list(&ListParams::default().limit(1)).await?.into_iter().next(),
        };
        let zone = node.and_then(|node| node.labels().get("topology.kubernetes.io/zone").cloned());
        let wanted = zone.and_then(|zone| wanted(claim, class, zone, &self.cluster));
        Ok(wanted.map(|wanted| (class, wanted)))
    }

    /// Makes the volume of a claim; what AWS refused of it.
    async fn provide(
        &self,
        claim: &PersistentVolumeClaim,
        (class, wanted): &(&StorageClass, Volume),
    ) -> Result<Option<Refused>, kube::Error> {
        let id = match self.aws.make_volume(wanted).await {
            Ok(id) => id,
            Err(why) => return Ok(Some(why)),
        };
        let Some(volume) = volume(claim, class, wanted, &id) else { return Ok(None) };
        accept(409, self.volumes.create(&PostParams::default(), &volume).await)?;
        Ok(None)
    }

    /// Attaches a volume to the node that an attachment names, or detaches it where the attachment is to go; what AWS
    /// refused of it.
    async fn attach(&self, attachment: &VolumeAttachment, id: Option<&str>) -> Result<Option<Refused>, kube::Error> {
        let (name, node) = (attachment.name_any(), attachment.spec.node_name.as_str());
        let is_held = attachment.finalizers().iter().any(|one| one == ATTACHED);
        let others = attachment.finalizers().iter().filter(|one| *one != ATTACHED);
        let patch = |finalizers: Vec<&String>| {
            Patch::Merge(json!({
                "metadata": {"finalizers": finalizers, "resourceVersion": attachment.resource_version()},
            }))
        };
        if attachment.metadata.deletion_timestamp.is_some() {
            if is_held {
                if let Some(id) = id
                    && let Err(why) = self.aws.detach_volume(id, node).await
                {
                    return Ok(Some(why));
                }
                let patch = patch(others.collect());
                accept(404, self.attachments.patch(&name, &PatchParams::default(), &patch).await)?;
            }
            return Ok(None);
        }
        let Some(id) = id.filter(|_| !attachment.status.as_ref().is_some_and(|status| status.attached)) else {
            return Ok(None);
        };
        if !is_held {
            let held = ATTACHED.to_owned();
            let patch = patch(others.chain([&held]).collect());
            accept(404, self.attachments.patch(&name, &PatchParams::default(), &patch).await)?;
        }
        if let Err(why) = self.aws.attach_volume(id, node).await {
            return Ok(Some(why));
        }
        let patch = Patch::Merge(json!({"status": {"attached": true}}));
        accept(404, self.attachments.patch_status(&name, &PatchParams::default(), &patch).await)?;
        Ok(None)
    }
}

/// The id of a volume of the driver's.
fn handle(volume: &PersistentVolume) -> Option<&str> {
    let csi = volume.spec.as_ref()?.csi.as_ref()?;
    (csi.driver == DRIVER).then_some(csi.volume_handle.as_str())
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

/// What a claim wants of AWS, by its class's parameters.
fn wanted(claim: &PersistentVolumeClaim, class: &StorageClass, zone: String, cluster: &str) -> Option<Volume> {
    let size = claim.spec.as_ref()?.resources.as_ref()?.requests.as_ref()?.get("storage")?;
    let name = format!("pvc-{}", claim.uid()?);
    // Their names are the same in any case.
    let parameters = class.parameters.iter().flatten().map(|(key, value)| (key.to_lowercase(), value.clone()));
    let parameters: BTreeMap<String, String> = parameters.collect();
    let number = |name: &str| parameters.get(name).and_then(|value| value.parse().ok());
    let owned = [
        (format!("kubernetes.io/cluster/{cluster}"), "owned".to_owned()),
        ("KubernetesCluster".to_owned(), cluster.to_owned()),
        ("Name".to_owned(), format!("{cluster}-dynamic-{name}")),
        ("CSIVolumeName".to_owned(), name.clone()),
        ("ebs.csi.aws.com/cluster".to_owned(), "true".to_owned()),
        ("kubernetes.io/created-for/pvc/name".to_owned(), claim.name_any()),
        ("kubernetes.io/created-for/pvc/namespace".to_owned(), claim.namespace().unwrap_or_default()),
        ("kubernetes.io/created-for/pv/name".to_owned(), name.clone()),
    ];
    let chosen = parameters.iter().filter(|(key, _)| key.starts_with("tagspecification_"));
    let chosen = chosen.filter_map(|(_, pair)| pair.split_once('='));
    let tags = owned.into_iter().chain(chosen.map(|(key, value)| (key.to_owned(), value.to_owned())));
    Some(Volume {
        zone,
        gibibytes: gibibytes(&size.0)?,
        kind: parameters.get("type").map_or_else(|| "gp3".to_owned(), Clone::clone),
        iops: number("iops"),
        throughput: number("throughput"),
        encrypted: parameters.get("encrypted").is_some_and(|value| value.eq_ignore_ascii_case("true")),
        key: parameters.get("kmskeyid").cloned(),
        tags: tags.collect(),
        name,
    })
}

/// A quantity of Kubernetes' in GiB, of which a volume has whole ones.
fn gibibytes(quantity: &str) -> Option<i64> {
    let end = quantity.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(quantity.len());
    let (number, unit) = quantity.split_at(end);
    let factor: f64 = match unit {
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return None,
    };
    let bytes = number.parse::<f64>().ok()? * factor;
    // Far below where a float would be inexact about it.
    #[expect(clippy::cast_possible_truncation, reason = "a volume has some thousand GiB at most")]
    let whole = (bytes / 1_073_741_824.0).ceil() as i64;
    Some(whole.max(1))
}

/// The volume for a claim, as the driver and its provisioner describe one.
fn volume(claim: &PersistentVolumeClaim, class: &StorageClass, made: &Volume, id: &str) -> Option<PersistentVolume> {
    let spec = claim.spec.as_ref()?;
    let file_system = class.parameters.as_ref().and_then(|parameters| parameters.get("csi.storage.k8s.io/fstype"));
    serde_json::from_value(json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": made.name, "annotations": {(PROVISIONED_BY): DRIVER}},
        "spec": {
            "accessModes": spec.access_modes,
            "capacity": {"storage": format!("{}Gi", made.gibibytes)},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": claim.namespace(),
                "name": claim.name_any(),
                "uid": claim.uid(),
                "resourceVersion": claim.resource_version(),
            },
            "csi": {"driver": DRIVER, "fsType": file_system.map_or("ext4", String::as_str), "volumeHandle": id},
            "mountOptions": class.mount_options,
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                {"key": "topology.kubernetes.io/zone", "operator": "In", "values": [made.zone]},
            ]}]}},
            "persistentVolumeReclaimPolicy": class.reclaim_policy.as_deref().unwrap_or("Delete"),
            "storageClassName": class.name_any(),
            "volumeMode": spec.volume_mode,
        },
    }))
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_and_its_class_say_what_volume_it_is() {
        let claim: PersistentVolumeClaim = serde_json::from_value(json!({
            "metadata": {"name": "data", "namespace": "shop", "uid": "1-2"},
            "spec": {"resources": {"requests": {"storage": "8Gi"}}},
        }))
        .unwrap();
        let class: StorageClass = serde_json::from_value(json!({
            "metadata": {"name": "gp3"},
            "provisioner": DRIVER,
            "parameters": {"type": "gp3", "encrypted": "true", "kmsKeyId": "arn:of:a:key", "tagSpecification_1": "A=1"},
        }))
        .unwrap();
        let wanted = wanted(&claim, &class, "eu-central-1a".to_owned(), "main").unwrap();
        assert_eq!((wanted.name.as_str(), wanted.gibibytes, wanted.kind.as_str()), ("pvc-1-2", 8, "gp3"));
        assert_eq!((wanted.encrypted, wanted.key.as_deref()), (true, Some("arn:of:a:key")));
        for (key, value) in [
            ("kubernetes.io/cluster/main", "owned"),
            ("ebs.csi.aws.com/cluster", "true"),
            ("kubernetes.io/created-for/pvc/namespace", "shop"),
            ("A", "1"),
        ] {
            assert!(wanted.tags.contains(&(key.to_owned(), value.to_owned())), "{key}");
        }
        let made = volume(&claim, &class, &wanted, "vol-1").unwrap();
        assert_eq!(handle(&made), Some("vol-1"));
    }

    #[test]
    fn what_is_asked_for_is_rounded_up_to_whole_gibibytes() {
        let sizes = ["8Gi", "1", "1500Mi", "10G", "1.5Ti", "much"].map(gibibytes);
        assert_eq!(sizes, [Some(8), Some(1), Some(2), Some(10), Some(1536), None]);
    }
}
