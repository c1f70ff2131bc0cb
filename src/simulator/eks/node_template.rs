//! The launch template that EKS makes for each node group, also for one that names a template of its user's: what
//! the group's Auto Scaling group launches from.
//!
//! The user data that EKS writes for its own images, with which nodes join their cluster, is not in it.

use super::cluster::Cluster;
use super::node_group::{NodeGroup, Template};
use super::nodes;
use crate::ec2::image;
use crate::ec2::launch_template::{self, LaunchTemplate, LaunchTemplateVersion};
use crate::ec2::tags;
use crate::record;
use crate::refusal::Refusal;
use crate::value::Value;
use crate::world::{Row, Tx};

/// Makes a node group's template, or a new version of it.
///
/// # Errors
/// When its instances' image is not there.
pub(super) fn write(tx: &mut Tx<'_>, group: &NodeGroup) -> Result<Template, Refusal> {
    let data = data(tx, group)?;
    let by = format!("arn:aws:sts::{}:assumed-role/AWSServiceRoleForAmazonEKSNodegroup/EKS", tx.account());
    let known = group.launched_from.as_ref().and_then(|one| tx.get::<LaunchTemplate>(&one.id)).cloned();
    let (id, name, number) = match known {
        Some(template) => {
            let made = launch_template::add_version(tx, &template, None, data, by);
            (template.id, template.name, made.number)
        }
        None => {
            let name = format!("eks-{}", group.arn.rsplit('/').next().unwrap_or_default());
            let id = launch_template::make(tx, &name, None, data, by);
            let marks = [("eks:cluster-name", &group.cluster), ("eks:nodegroup-name", &group.name)];
            let marks = marks.map(|(key, value)| (key.to_owned(), value.clone()));
            // Two tags on a new template can't be too many.
            let _ = tags::put(tx, "launch-template", &id, marks.to_vec());
            (id, name, 1)
        }
    };
    // What a node group is told to be launched from is there for whoever sees the node group.
    tx.shows_with::<LaunchTemplateVersion, NodeGroup>(&[LaunchTemplateVersion::id_of(&id, number)], &group.id());
    tx.shows_with::<LaunchTemplate, NodeGroup>(std::slice::from_ref(&id), &group.id());
    Ok(Template { id, name, version: number.to_string() })
}

/// Removes a node group's template with the node group.
pub(super) fn remove(tx: &mut Tx<'_>, group: &NodeGroup) {
    if let Some(template) = &group.launched_from {
        launch_template::remove(tx, &template.id);
    }
}

/// What a node group's instances are launched with, but for their subnet.
///
/// # Errors
/// When the template, or the version that EKS made of it, is gone.
pub(super) fn read(tx: &Tx<'_>, group: &NodeGroup) -> Result<Value, Refusal> {
    match &group.launched_from {
        Some(named) => {
            let template = tx.get::<LaunchTemplate>(&named.id);
            let template = template.ok_or_else(|| launch_template::absent(&named.id))?;
            Ok(launch_template::version(tx, template, Some(&named.version))?.data.clone())
        }
        None => data(tx, group),
    }
}

fn data(tx: &Tx<'_>, group: &NodeGroup) -> Result<Value, Refusal> {
    let mut data = asked(tx, group);
    data.set("ImageId", nodes::image_of(tx, group)?);
    if let Some(kind) = group.types.first() {
        data.set("InstanceType", kind.as_str());
    }
    let shared = tx.get::<Cluster>(&group.cluster).and_then(|cluster| cluster.security_group.clone());
    let shared: Vec<String> = shared.into_iter().collect();
    let mut interfaces = data.get("NetworkInterfaces").list().to_vec();
    if let Some(first) = interfaces.first_mut() {
        if first.get("Groups").list().is_empty() {
            first.set("Groups", &shared);
        }
        data.set("NetworkInterfaces", Value::List(interfaces));
    } else if data.get("SecurityGroupIds").list().is_empty() {
        data.set("SecurityGroupIds", &shared);
    }
    data.set("IamInstanceProfile", record! { "Name" => &group.profile });
    if data.get("MetadataOptions").is_absent() {
        data.set("MetadataOptions", record! { "HttpPutResponseHopLimit" => 2_i64 });
    }
    if let (Some(size), true) = (group.disk, data.get("BlockDeviceMappings").is_absent()) {
        let disk = record! { "VolumeSize" => size, "VolumeType" => "gp3", "DeleteOnTermination" => true };
        let mapping = record! { "DeviceName" => image::ROOT_DEVICE, "Ebs" => disk };
        data.set("BlockDeviceMappings", vec![mapping]);
    }
    Ok(data)
}

/// The data of the template that a node group's user named.
fn asked(tx: &Tx<'_>, group: &NodeGroup) -> Value {
    let named = group.template.as_ref().and_then(|one| Some((one, one.version.parse::<i64>().ok()?)));
    let found = named.and_then(|(template, number)| {
        tx.get::<LaunchTemplateVersion>(&LaunchTemplateVersion::id_of(&template.id, number))
    });
    found.map_or_else(|| record! {}, |version| version.data.clone())
}
