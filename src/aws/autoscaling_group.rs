//! `aws_autoscaling_group`:
//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html>

use async_trait::async_trait;
use aws_sdk_autoscaling::types::AutoScalingGroup;
use fathuss_engine::provider::{Attributes, Failure, LookupRequest};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::kind::Lookup;

/// The call of `aws_autoscaling_group`.
pub struct AutoscalingGroup;

const SCHEMA: &Schema = fathuss_model::aws::AutoscalingGroup::SCHEMA;

#[async_trait(?Send)]
impl Lookup for AutoscalingGroup {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// By its name; a name that no group has is answered with an empty list.
    async fn lookup(&self, client: &Client, request: &LookupRequest) -> Result<Attributes, Failure> {
        let name = Fields::of(&request.desired).text("name")?;
        let asking = client.autoscaling.describe_auto_scaling_groups().auto_scaling_group_names(name);
        let call = Call::new(Service::AutoScaling, "DescribeAutoScalingGroups");
        let answer = client.send(call, asking.include_instances(false).send()).await?;
        match answer.auto_scaling_groups.unwrap_or_default().into_iter().next() {
            Some(group) => Ok(observe(name, group)),
            None => {
                let message = format!("there is no Auto Scaling group {name} in {}", client.region);
                Err(refused("NoAutoScalingGroup", message))
            }
        }
    }
}

fn observe(name: &str, group: AutoScalingGroup) -> Attributes {
    Observed::new()
        .with("id", name)
        .with("arn", group.auto_scaling_group_arn)
        .with_list("availability_zones", group.availability_zones.unwrap_or_default())
        .with("vpc_zone_identifier", group.vpc_zone_identifier)
        .with("min_size", group.min_size.map(i64::from))
        .with("max_size", group.max_size.map(i64::from))
        .with("desired_capacity", group.desired_capacity.map(i64::from))
        .with("default_cooldown", group.default_cooldown.map(i64::from))
        .with("health_check_type", group.health_check_type)
        .with("health_check_grace_period", group.health_check_grace_period.map(i64::from))
        .with("new_instances_protected_from_scale_in", group.new_instances_protected_from_scale_in)
        .with("service_linked_role_arn", group.service_linked_role_arn)
        .with_list("termination_policies", group.termination_policies.unwrap_or_default())
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::LookupRequest;
    use serde_json::json;

    use crate::asked::attributes;
    use crate::canned::Canned;

    fn asking() -> LookupRequest {
        LookupRequest {
            address: "s.aws_autoscaling_group.general".parse().unwrap(),
            region: "us-east-1".to_owned(),
            desired: attributes(json!({ "name": "eks-general-1" })),
        }
    }

    #[tokio::test]
    async fn a_group_is_found_by_its_name() {
        let group = "<AutoScalingGroups><member><AutoScalingGroupName>eks-general-1</AutoScalingGroupName>\
                     <AutoScalingGroupARN>arn:g</AutoScalingGroupARN><MinSize>1</MinSize><MaxSize>3</MaxSize>\
                     <AvailabilityZones><member>us-east-1a</member></AvailabilityZones></member></AutoScalingGroups>";
        let canned = Canned::new().result("DescribeAutoScalingGroups", group);
        let answer = canned.aws().lookup(&asking()).await.unwrap();
        assert_eq!((&answer["arn"], &answer["max_size"]), (&"arn:g".into(), &3.into()));
        assert_eq!(canned.seen()[0].get("AutoScalingGroupNames.member.1"), Some("eks-general-1"));
    }

    #[tokio::test]
    async fn one_that_is_not_there_is_said_with_its_region() {
        let canned = Canned::new().result("DescribeAutoScalingGroups", "<AutoScalingGroups/>");
        let failure = canned.aws().lookup(&asking()).await.unwrap_err();
        assert_eq!(failure.code, "NoAutoScalingGroup");
        assert!(failure.message.contains("us-east-1"), "{}", failure.message);
    }
}
