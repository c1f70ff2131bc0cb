//! `aws_eks_node_group`: <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html>

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_eks::types::{
    self, LaunchTemplateSpecification, NodegroupScalingConfig, NodegroupStatus, NodegroupUpdateConfig, Taint,
    UpdateLabelsPayload, UpdateTaintsPayload,
};
use fathuss_engine::proposal::{Proposal, Proposed};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, Survivor, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Address, Datum, Resource};
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::Differences;
use crate::failure::broken;
use crate::fields::{Fields, Observed};
use crate::gone::{there, waiting};
use crate::kind::{Batch, Kind};
use crate::{eks, mark, name, service_linked_role};

/// The calls of `aws_eks_node_group`.
pub struct EksNodeGroup;

const SCHEMA: &Schema = fathuss_model::aws::EksNodeGroup::SCHEMA;

#[async_trait(?Send)]
impl Kind for EksNodeGroup {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeNodegroup` for each: lists answer names alone, and no call takes several.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, |request| async move {
            Ok(group(client, &request.identity).await?.map(|group| observe(&group)))
        })
        .await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let cluster = desired.text("cluster_name")?;
        let name = name::of(SCHEMA, "node_group_name", request)?;
        let identity = eks::identity(cluster, &name);
        let instance_types = desired.texts("instance_types")?;
        let mut creating = client
            .eks
            .create_nodegroup()
            .client_request_token(&request.token)
            .cluster_name(cluster)
            .nodegroup_name(name)
            .node_role(desired.text("node_role_arn")?)
            .set_subnets(Some(desired.texts("subnet_ids")?))
            .set_instance_types((!instance_types.is_empty()).then_some(instance_types))
            .set_capacity_type(desired.maybe_text("capacity_type")?.map(Into::into))
            .set_ami_type(desired.maybe_text("ami_type")?.map(Into::into))
            .set_disk_size(desired.maybe_i32("disk_size")?)
            .set_version(desired.maybe_string("version")?)
            .set_release_version(desired.maybe_string("release_version")?)
            .set_labels(Some(desired.map("labels")?.into_iter().collect()))
            .set_taints(Some(taints(&desired)?))
            .set_launch_template(template(&desired)?)
            .set_update_config(update_config(&desired)?)
            .set_tags(Some(eks::written(mark::tags_with(&request.mark, &request.desired.attributes)?)));
        if let Some(scaling) = desired.block("scaling_config")? {
            let config = NodegroupScalingConfig::builder()
                .set_min_size(scaling.maybe_i32("min_size")?)
                .set_desired_size(scaling.maybe_i32("desired_size")?)
                .set_max_size(scaling.maybe_i32("max_size")?);
            creating = creating.scaling_config(config.build());
        }
        let call = eks::with_role(Call::eks("CreateNodegroup"));
        client.send(call, creating.send()).await.map_err(|failure| eks::taken(failure, &identity.0))?;
        Ok(identity)
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let cluster = Fields::of(&request.desired.attributes).text("cluster_name")?;
        let identity = eks::identity(cluster, &name::of(SCHEMA, "node_group_name", request)?);
        let found = group(client, &identity).await?;
        Ok(mark::owner(&request.mark, found.map(|group| (identity.0, eks::read(group.tags())))))
    }

    /// Waits for `ACTIVE`, then sends the next change that is due: EKS does one at a time. A
    /// degraded group is waited for, with what EKS says of it, unless a change of it is due.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(group) = group(client, &standing.identity).await? else { return Ok(waiting("not visible yet")) };
        let observed = observe(&group);
        match &group.status {
            Some(NodegroupStatus::Active | NodegroupStatus::Degraded) => {}
            Some(NodegroupStatus::CreateFailed) => {
                return Err(broken(Service::Eks, "CREATE_FAILED", &health(&group)));
            }
            status => return Ok(waiting(status.as_ref().map_or("CREATING", NodegroupStatus::as_str))),
        }
        if let Some(change) = due(&standing.desired.attributes, &observed)? {
            return send(client, standing, &observed, change).await;
        }
        if group.status == Some(NodegroupStatus::Degraded) {
            return Ok(waiting(&format!("DEGRADED: {}", health(&group))));
        }
        Ok(Progress::Ready(observed))
    }

    /// Tags alone: settle looks first and sends what is due then, which an earlier run may have begun.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        eks::update_tags(client, "arn", standing, change).await
    }

    /// EKS drains the nodes and takes the Auto Scaling group away. A deletion that failed is
    /// begun again, and what EKS says of it is shown.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(group) = group(client, &standing.identity).await? else { return Ok(Progress::Gone) };
        if group.status == Some(NodegroupStatus::Deleting) {
            return Ok(waiting("DELETING"));
        }
        let (cluster, name) = eks::parts(&standing.identity)?;
        let sending = client.eks.delete_nodegroup().cluster_name(cluster).nodegroup_name(name).send();
        let answer = there(client.send(Call::eks("DeleteNodegroup"), sending).await)?;
        Ok(match answer {
            Some(_) if group.status == Some(NodegroupStatus::DeleteFailed) => {
                waiting(&format!("DELETING again: {}", health(&group)))
            }
            Some(_) => waiting("DELETING"),
            None => Progress::Gone,
        })
    }

    fn survivors(&self, attributes: &Attributes) -> Vec<Survivor> {
        let spot = attributes.get("capacity_type").and_then(Datum::as_str) == Some("SPOT");
        ["AWSServiceRoleForAmazonEKSNodegroup", "AWSServiceRoleForAutoScaling"]
            .into_iter()
            .chain(spot.then_some("AWSServiceRoleForEC2Spot"))
            .map(service_linked_role::left)
            .collect()
    }
}

/// What people should know of the node groups that make place for another.
pub(crate) fn replaced(proposed: &Proposed) -> BTreeMap<Address, Vec<String>> {
    let goes = |address: &Address| proposed.deleted.contains_key(address);
    // Where the cluster goes, all that runs in it does.
    let stays = |proposal: &Proposal| !proposal.refers.get("cluster_name").into_iter().flatten().any(goes);
    let replaced: Vec<&Address> = proposed
        .made
        .iter()
        .filter(|(address, proposal)| address.kind() == SCHEMA.kind && goes(address) && stays(proposal))
        .map(|(address, _)| address)
        .collect();
    let one_by_one = if replaced.len() > 1 { "One group after another: its" } else { "Its" };
    let said = format!(
        "{one_by_one} nodes are drained and end before new ones join: what runs on them moves to other groups' nodes, or \
         waits. A new group under another name, of which the old one is taken out later, leaves nothing waiting."
    );
    replaced.into_iter().map(|address| (address.clone(), vec![said.clone()])).collect()
}

async fn group(client: &Client, identity: &Identity) -> Result<Option<types::Nodegroup>, Failure> {
    let (cluster, name) = eks::parts(identity)?;
    let sending = client.eks.describe_nodegroup().cluster_name(cluster).nodegroup_name(name).send();
    let answer = there(client.send(Call::eks("DescribeNodegroup"), sending).await)?;
    Ok(answer.and_then(|answer| answer.nodegroup))
}

/// One change that EKS makes in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// Labels, taints, sizes and how updates go: at once.
    Config,
    /// Version and template: node by node.
    Rollout,
}

fn due(desired: &Attributes, observed: &Attributes) -> Result<Option<Change>, Failure> {
    let differences = Differences::of(SCHEMA, desired, observed);
    let scaling = differences.block("scaling_config");
    if differences.any(&["labels", "taint", "update_config"]) || scaling.any(&["min_size", "max_size"]) {
        return Ok(Some(Change::Config));
    }
    let template = Fields::of(desired).has("launch_template") && differences.block("launch_template").has("version");
    if template || differences.any(&["version", "release_version"]) {
        return Ok(Some(Change::Rollout));
    }
    Ok(None)
}

async fn send(
    client: &Client,
    standing: &Standing,
    observed: &Attributes,
    change: Change,
) -> Result<Progress, Failure> {
    let (cluster, name) = eks::parts(&standing.identity)?;
    let desired = Fields::of(&standing.desired.attributes);
    let is = Fields::of(observed);
    let differences = Differences::of(SCHEMA, &standing.desired.attributes, observed);
    match change {
        Change::Config => {
            let mut updating = client
                .eks
                .update_nodegroup_config()
                .cluster_name(cluster)
                .nodegroup_name(name)
                .client_request_token(eks::token(standing, "config"));
            if differences.has("labels") {
                updating = updating.labels(label_changes(desired.map("labels")?, is.map("labels")?));
            }
            if differences.has("taint") {
                updating = updating.taints(taint_changes(taints(&desired)?, taints(&is)?));
            }
            if let Some(scaling) = desired.block("scaling_config")?
                && differences.block("scaling_config").any(&["min_size", "max_size"])
            {
                updating = updating.scaling_config(rescaled(&scaling, is.block("scaling_config")?.as_ref())?);
            }
            if differences.has("update_config") {
                updating = updating.set_update_config(update_config(&desired)?);
            }
            let call = eks::one_at_a_time(Call::eks("UpdateNodegroupConfig"));
            let answer = client.send(call, updating.send()).await?;
            eks::progress("UpdateNodegroupConfig", answer.update)
        }
        Change::Rollout => {
            let mut updating = client
                .eks
                .update_nodegroup_version()
                .cluster_name(cluster)
                .nodegroup_name(name)
                .client_request_token(eks::token(standing, "rollout"))
                .set_launch_template(template(&desired)?);
            if differences.has("version") {
                updating = updating.set_version(desired.maybe_string("version")?);
            }
            if differences.has("release_version") {
                updating = updating.set_release_version(desired.maybe_string("release_version")?);
            }
            let call = eks::one_at_a_time(Call::eks("UpdateNodegroupVersion"));
            let answer = client.send(call, updating.send()).await?;
            eks::progress("UpdateNodegroupVersion", answer.update)
        }
    }
}

/// New bounds with as many nodes as there are, moved inside them: how many run is the autoscaler's.
fn rescaled(scaling: &Fields<'_>, is: Option<&Fields<'_>>) -> Result<NodegroupScalingConfig, Failure> {
    let (min, max) = (scaling.maybe_i32("min_size")?, scaling.maybe_i32("max_size")?);
    let now = is.map(|is| is.maybe_i32("desired_size")).transpose()?.flatten();
    let now = now.map(|now| now.min(max.unwrap_or(now)).max(min.unwrap_or(now)));
    Ok(NodegroupScalingConfig::builder().set_min_size(min).set_max_size(max).set_desired_size(now).build())
}

fn label_changes(desired: BTreeMap<String, String>, is: BTreeMap<String, String>) -> UpdateLabelsPayload {
    let gone: Vec<String> = is.keys().filter(|key| !desired.contains_key(*key)).cloned().collect();
    let set: HashMap<String, String> = desired.into_iter().filter(|(key, value)| is.get(key) != Some(value)).collect();
    UpdateLabelsPayload::builder()
        .set_add_or_update_labels((!set.is_empty()).then_some(set))
        .set_remove_labels((!gone.is_empty()).then_some(gone))
        .build()
}

fn taint_changes(desired: Vec<Taint>, is: Vec<Taint>) -> UpdateTaintsPayload {
    // EKS knows a taint by its key and effect.
    let same = |one: &Taint, other: &Taint| one.key == other.key && one.effect == other.effect;
    let gone: Vec<Taint> = is.iter().filter(|it| !desired.iter().any(|wanted| same(wanted, it))).cloned().collect();
    let set: Vec<Taint> = desired.into_iter().filter(|wanted| !is.contains(wanted)).collect();
    UpdateTaintsPayload::builder()
        .set_add_or_update_taints((!set.is_empty()).then_some(set))
        .set_remove_taints((!gone.is_empty()).then_some(gone))
        .build()
}

fn taints(fields: &Fields<'_>) -> Result<Vec<Taint>, Failure> {
    let taint = |taint: &Fields<'_>| {
        let value = taint.maybe_string("value")?.filter(|value| !value.is_empty());
        let effect = taint.text("effect")?;
        Ok(Taint::builder().key(taint.text("key")?).set_value(value).effect(effect.into()).build())
    };
    fields.blocks("taint")?.iter().map(taint).collect()
}

fn template(fields: &Fields<'_>) -> Result<Option<LaunchTemplateSpecification>, Failure> {
    let Some(template) = fields.block("launch_template")? else { return Ok(None) };
    let specification = LaunchTemplateSpecification::builder().id(template.text("id")?);
    Ok(Some(specification.set_version(template.maybe_string("version")?).build()))
}

fn update_config(fields: &Fields<'_>) -> Result<Option<NodegroupUpdateConfig>, Failure> {
    let Some(config) = fields.block("update_config")? else { return Ok(None) };
    let built = NodegroupUpdateConfig::builder()
        .set_max_unavailable(config.maybe_i32("max_unavailable")?)
        .set_max_unavailable_percentage(config.maybe_i32("max_unavailable_percentage")?);
    Ok(Some(built.build()))
}

fn health(group: &types::Nodegroup) -> String {
    let issues = group.health().map(types::NodegroupHealth::issues).unwrap_or_default().iter().map(|issue| {
        let code = issue.code().map(types::NodegroupIssueCode::as_str).unwrap_or_default();
        eks::issue(code, issue.message(), issue.resource_ids().to_vec())
    });
    eks::said(issues, "EKS gives no reason")
}

fn observe(group: &types::Nodegroup) -> Attributes {
    let identity = match (group.cluster_name(), group.nodegroup_name()) {
        (Some(cluster), Some(name)) => Some(eks::identity(cluster, name).0),
        _ => None,
    };
    let scaling = group.scaling_config().map(|scaling| {
        Observed::new()
            .with("min_size", scaling.min_size)
            .with("desired_size", scaling.desired_size)
            .with("max_size", scaling.max_size)
    });
    let taints = group.taints().iter().map(|taint| {
        Observed::new()
            .with("key", taint.key.clone())
            .with("effect", taint.effect().map(types::TaintEffect::as_str))
            .with("value", taint.value.clone().filter(|value| !value.is_empty()))
            .into_datum()
    });
    let template = group.launch_template().map(|template| {
        Observed::new()
            .with("id", template.id.clone())
            .with("version", template.version.clone())
            .with("name", template.name.clone())
    });
    let update = group.update_config().map(|config| {
        Observed::new()
            .with("max_unavailable", config.max_unavailable)
            .with("max_unavailable_percentage", config.max_unavailable_percentage)
    });
    let resources = group.resources().map(|resources| {
        let groups = resources.auto_scaling_groups().iter();
        Observed::new()
            .with_list(
                "autoscaling_groups",
                groups.map(|group| Observed::new().with("name", group.name.clone()).into_datum()),
            )
            .with("remote_access_security_group_id", resources.remote_access_security_group.clone())
    });
    let labels: BTreeMap<String, String> = eks::read(group.labels());
    Observed::new()
        .with("cluster_name", group.cluster_name.clone())
        .with("node_role_arn", group.node_role.clone())
        .with_list("subnet_ids", group.subnets().iter().cloned())
        .with_block("scaling_config", scaling.unwrap_or_default())
        .with("node_group_name", group.nodegroup_name.clone())
        .with_list("instance_types", group.instance_types().iter().cloned())
        .with("capacity_type", group.capacity_type().map(types::CapacityTypes::as_str))
        .with("ami_type", group.ami_type().map(types::AmiTypes::as_str))
        .with("disk_size", group.disk_size)
        .with("version", group.version.clone())
        .with("release_version", group.release_version.clone())
        .with("labels", labels)
        .with_list("taint", taints)
        .with_block("launch_template", template.unwrap_or_default())
        .with_block("update_config", update.unwrap_or_default())
        .tagged(&eks::read(group.tags()))
        .with("id", identity)
        .with("arn", group.nodegroup_arn.clone())
        .with_block("resources", resources.unwrap_or_default())
        .with("status", group.status().map(NodegroupStatus::as_str))
        .finish(SCHEMA)
}
