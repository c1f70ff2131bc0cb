//! `aws_autoscaling_group`: <https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-groups.html>

use crate::{Arn, Computed, Id, Name, Value};

/// An Auto Scaling group, such as EKS makes for a node group: looked up once and pinned. What it has is changed by
/// whoever made it.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let mut subnets = Vec::new();
/// # for (at, zone) in (0..).zip(["us-east-1a", "us-east-1b"]) {
/// #     let subnet = Subnet::new(&vpc, range.subnet(24, at)?).availability_zone(zone);
/// #     subnets.push(stack.add(("private", zone), subnet));
/// # }
/// # let trust = Policy::new([Statement::assume_role(Principal::service("eks.amazonaws.com"))]);
/// # let role = stack.add("cluster", IamRole::new(trust));
/// # let cluster = stack.add("main", EksCluster::new("main", &role, ClusterVpcConfig::new(&subnets)));
/// # let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
/// # let role = stack.add("node", IamRole::new(trust));
/// # let nodes = EksNodeGroup::new(&cluster, &role, &subnets, ScalingConfig::between(1, 2, 10));
/// # let nodes = stack.add("general", nodes);
/// // That of a node group.
/// let group = stack.add("general", AutoscalingGroup::new(nodes.autoscaling_group_name()));
/// stack.output("zones", group.availability_zones());
/// // Anyone's, by its name.
/// stack.add("workers", AutoscalingGroup::new(Name::existing("workers")));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_autoscaling_group", service = "autoscaling", mode = Lookup)]
pub struct AutoscalingGroup {
    /// Its name.
    #[field(replace)]
    name: Value<Name<AutoscalingGroup>>,
    /// The name.
    id: Computed<Id<AutoscalingGroup>>,
    /// The ARN.
    arn: Computed<Arn<AutoscalingGroup>>,
    /// The zones that its instances stand in.
    availability_zones: Computed<Vec<String>>,
    /// The ids of their subnets, with commas between them.
    vpc_zone_identifier: Computed<String>,
    /// The fewest instances, as it was when it was looked up.
    min_size: Computed<i64>,
    /// The most, as it was then.
    max_size: Computed<i64>,
    /// How many there were to be then.
    desired_capacity: Computed<i64>,
    /// The seconds between one scaling and the next, where a policy says nothing else.
    default_cooldown: Computed<i64>,
    /// How it finds out whether an instance is healthy, for instance `EC2`.
    health_check_type: Computed<String>,
    /// For how many seconds a new instance is not asked.
    health_check_grace_period: Computed<i64>,
    /// Whether new instances are kept when it shrinks.
    new_instances_protected_from_scale_in: Computed<bool>,
    /// The role that it works with.
    service_linked_role_arn: Computed<String>,
    /// Which instance is ended first when it shrinks.
    termination_policies: Computed<Vec<String>>,
}
