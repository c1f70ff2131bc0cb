//! Auto Scaling groups, as EKS makes them for its node groups, and their instances, described.

use sha2::{Digest, Sha256};

use super::{Filters, invalid, paged};
use crate::ec2::instance::Instance;
use crate::ec2::subnet::Subnet;
use crate::eks::auto_scaling_group::AutoScalingGroup;
use crate::eks::node_group::{NodeGroup, Template};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("DescribeAutoScalingGroups", describe), ("DescribeAutoScalingInstances", describe_instances)];

pub(super) const RULES: &[Rule] =
    &[Rule::new("autoscaling.group.names", "as many groups are named as a page has", super::GROUPS)];

/// The group of that name.
///
/// # Errors
/// When there is none.
pub(super) fn find(tx: &Tx<'_>, name: &str) -> Result<AutoScalingGroup, Refusal> {
    tx.get::<AutoScalingGroup>(name).cloned().ok_or_else(|| {
        // What clients look for in it is `AutoScalingGroup name not found`.
        invalid(format!("AutoScalingGroup name not found - AutoScalingGroup {name} not found"))
    })
}

/// A group's ARN, by its name.
#[must_use]
pub fn arn(tx: &Tx<'_>, name: &str) -> String {
    let digest = Sha256::digest(name);
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let uuid = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    format!("arn:aws:autoscaling:{}:{}:autoScalingGroup:{uuid}:autoScalingGroupName/{name}", tx.region(), tx.account())
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    managed_too(input)?;
    let names = input.texts("AutoScalingGroupNames");
    let most = input.integer("MaxRecords").unwrap_or(50);
    // No source has the words.
    let few = i64::try_from(names.len()).is_ok_and(|count| count <= most);
    tx.enforce("autoscaling.group.names", few, || {
        invalid(format!("The number of Auto Scaling group names that are passed in may not be larger than {most}"))
    })?;
    let filters = Filters::read(tx, input, &["tag-key", "tag-value", "tag:"])?;
    let with_instances = input.bool("IncludeInstances").unwrap_or(true);
    let wanted = |group: &&AutoScalingGroup| {
        (names.is_empty() || names.contains(&group.name.as_str()))
            && filters.take(|name, value| match name {
                "tag-key" => group.tags.contains_key(value),
                "tag-value" => group.tags.values().any(|own| own == value),
                name => name.strip_prefix("tag:").and_then(|key| group.tags.get(key)).is_some_and(|own| own == value),
            })
    };
    let groups = tx.rows::<AutoScalingGroup>().filter(wanted);
    let items = groups.map(|group| (group.name.clone(), view(tx, group, with_instances))).collect();
    paged(tx, input, "AutoScalingGroups", 100, items)
}

/// Which groups are managed by somebody else is not known: they are all listed, as they are where nothing is said.
///
/// # Errors
/// When those are not wanted.
pub(super) fn managed_too(input: &Input<'_>) -> Result<(), Refusal> {
    match input.bool("IncludeManagedResources") {
        Some(false) => Err(Refusal::not_simulated("leaving out what others manage")),
        _ => Ok(()),
    }
}

/// A group as EKS sets it up; no page says how, so it is as published descriptions of such groups are.
fn view(tx: &Tx<'_>, group: &AutoScalingGroup, with_instances: bool) -> Value {
    let nodes = tx.rows::<NodeGroup>().find(|nodes| nodes.group == group.name);
    let zones = group.subnets.iter().filter_map(|id| tx.get::<Subnet>(id));
    let (mut names, mut ids): (Vec<String>, Vec<String>) =
        zones.map(|subnet| (subnet.zone.clone(), subnet.zone_id.clone())).unzip();
    for list in [&mut names, &mut ids] {
        list.sort();
        list.dedup();
    }
    let instances = group.instances.iter().filter_map(|id| tx.get::<Instance>(id));
    let template = nodes.and_then(|nodes| nodes.launched_from.as_ref());
    let instances: Vec<Value> = instances.map(|instance| instance_view(instance, template)).collect();
    let role = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
    record! {
        "AutoScalingGroupName" => &group.name,
        "AutoScalingGroupARN" => arn(tx, &group.name),
        "MixedInstancesPolicy" => nodes.map(mixed),
        "MinSize" => group.min,
        "MaxSize" => group.max,
        "DesiredCapacity" => group.desired,
        "DefaultCooldown" => 300_i64,
        "AvailabilityZones" => names,
        "AvailabilityZoneIds" => ids,
        "LoadBalancerNames" => Vec::<Value>::new(),
        "TargetGroupARNs" => Vec::<Value>::new(),
        "HealthCheckType" => "EC2",
        "HealthCheckGracePeriod" => 15_i64,
        "Instances" => if with_instances { instances } else { Vec::new() },
        "CreatedTime" => nodes.map(|nodes| nodes.created),
        "SuspendedProcesses" => Vec::<Value>::new(),
        "VPCZoneIdentifier" => group.subnets.join(","),
        "EnabledMetrics" => Vec::<Value>::new(),
        "Tags" => super::tags::views(group),
        // <https://github.com/aws/containers-roadmap/issues/1311>
        "TerminationPolicies" => ["AllocationStrategy", "OldestLaunchTemplate", "OldestInstance"].map(Value::from).to_vec(),
        "NewInstancesProtectedFromScaleIn" => false,
        "ServiceLinkedRoleARN" => format!("arn:aws:iam::{}:{role}", tx.account()),
        "CapacityRebalance" => true,
        "TrafficSources" => Vec::<Value>::new(),
    }
}

/// From which template instances are launched, of which types and how they are paid for:
/// <https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html#managed-node-group-capacity-types>.
fn mixed(nodes: &NodeGroup) -> Value {
    let spot = nodes.capacity == "SPOT";
    let types: Vec<Value> = nodes.types.iter().map(|kind| record! { "InstanceType" => kind }).collect();
    record! {
        "LaunchTemplate" => record! {
            "LaunchTemplateSpecification" => nodes.launched_from.as_ref().map(template_view),
            "Overrides" => types,
        },
        "InstancesDistribution" => record! {
            "OnDemandAllocationStrategy" => "prioritized",
            "OnDemandBaseCapacity" => 0_i64,
            "OnDemandPercentageAboveBaseCapacity" => if spot { 0_i64 } else { 100 },
            "SpotAllocationStrategy" => if spot { "price-capacity-optimized" } else { "lowest-price" },
            "SpotInstancePools" => (!spot).then_some(2_i64),
        },
    }
}

fn template_view(template: &Template) -> Value {
    record! {
        "LaunchTemplateId" => &template.id,
        "LaunchTemplateName" => &template.name,
        "Version" => &template.version,
    }
}

fn instance_view(instance: &Instance, template: Option<&Template>) -> Value {
    let (state, health) = match instance.state.as_str() {
        "pending" => ("Pending", "Healthy"),
        "running" => ("InService", "Healthy"),
        // What stopped is found to be unhealthy some minutes later.
        _ => ("InService", "Unhealthy"),
    };
    record! {
        "InstanceId" => &instance.id,
        "InstanceType" => &instance.kind,
        "AvailabilityZone" => &instance.zone,
        "LifecycleState" => state,
        "HealthStatus" => health,
        "LaunchTemplate" => template.map(template_view),
        "ProtectedFromScaleIn" => false,
    }
}

fn describe_instances(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let wanted = input.texts("InstanceIds");
    let mut items = Vec::new();
    for group in tx.rows::<AutoScalingGroup>() {
        let nodes = tx.rows::<NodeGroup>().find(|nodes| nodes.group == group.name);
        let template = nodes.and_then(|nodes| nodes.launched_from.as_ref());
        let of_group = group.instances.iter().filter(|id| wanted.is_empty() || wanted.contains(&id.as_str()));
        for instance in of_group.filter_map(|id| tx.get::<Instance>(id)) {
            let mut view = instance_view(instance, template);
            view.set("AutoScalingGroupName", &group.name);
            // It is written in capitals here alone.
            let health = view.get("HealthStatus").text().unwrap_or_default().to_uppercase();
            view.set("HealthStatus", health);
            items.push((instance.id.clone(), view));
        }
    }
    paged(tx, input, "AutoScalingInstances", 50, items)
}
