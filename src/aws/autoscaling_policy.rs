//! `aws_autoscaling_policy`: <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html>

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_autoscaling::types::{
    CustomizedMetricSpecification, MetricDimension, PredefinedMetricSpecification, ScalingPolicy, StepAdjustment,
    TargetTrackingConfiguration,
};
use fathuss_engine::provider::{
    Attributes, Failure, FailureClass, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Decimal, Resource};
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gone::waiting;
use crate::kind::{Batch, Kind};
use crate::name;

/// The calls of `aws_autoscaling_policy`.
pub struct AutoscalingPolicy;

const SCHEMA: &Schema = fathuss_model::aws::AutoscalingPolicy::SCHEMA;

/// How many names one call takes.
const NAMES: usize = 50;

#[async_trait(?Send)]
impl Kind for AutoscalingPolicy {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribePolicies` for fifty, by their names and of whichever groups: a group that is gone is no refusal
    /// then.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let mut found = HashMap::new();
        for some in requests.chunks(NAMES) {
            let names = some.iter().filter_map(|request| ends(&request.identity).ok()).map(|(_, name)| name);
            match policies(client, names.map(str::to_owned).collect()).await {
                Ok(policies) => found.extend(policies),
                Err(failure) => return Batch::failed(requests, &failure),
            }
        }
        Batch::of(requests, |request| found.get(&request.identity.0).cloned().map(Ok))
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = &request.desired.attributes;
        let group = Fields::of(desired).text("autoscaling_group_name")?;
        let name = name::of(SCHEMA, "name", request)?;
        put(client, group, &name, desired).await?;
        Ok(identity(group, &name))
    }

    /// A policy carries no mark: one that is as it was asked for is what was asked for.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let desired = &request.desired.attributes;
        let identity =
            identity(Fields::of(desired).text("autoscaling_group_name")?, &name::of(SCHEMA, "name", request)?);
        let found = look(client, &identity).await?.map(|observed| once_shown(SCHEMA, desired, observed));
        Ok(match found {
            Some(Progress::Ready(_)) => Found::Ours(identity),
            _ => Found::Nothing,
        })
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        Ok(match look(client, &standing.identity).await? {
            Some(observed) => once_shown(SCHEMA, &standing.desired.attributes, observed),
            None => waiting("not visible yet"),
        })
    }

    /// One call, which says all of a policy anew.
    async fn update(&self, client: &Client, standing: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        let (group, name) = ends(&standing.identity)?;
        put(client, group, name, &standing.desired.attributes).await
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let (group, name) = ends(&standing.identity)?;
        let sending = client.autoscaling.delete_policy().auto_scaling_group_name(group).policy_name(name).send();
        match client.send(Call::new(Service::AutoScaling, "DeletePolicy"), sending).await {
            Ok(_) => Ok(Progress::Gone),
            Err(failure) if is_gone(&failure) => Ok(Progress::Gone),
            Err(failure) => Err(failure),
        }
    }
}

/// A group or policy that is not there has no code of its own, but these words.
fn is_gone(failure: &Failure) -> bool {
    failure.class == FailureClass::Refused && failure.code == "ValidationError" && failure.message.contains("not found")
}

async fn put(client: &Client, group: &str, name: &str, desired: &Attributes) -> Result<(), Failure> {
    let fields = Fields::of(desired);
    let steps = fields.blocks("step_adjustment")?.iter().map(step).collect::<Result<Vec<_>, _>>()?;
    let tracking =
        fields.block("target_tracking_configuration")?.map(|tracking| self::tracking(&tracking)).transpose()?;
    let kind = fields.maybe_text("policy_type")?.unwrap_or("SimpleScaling");
    // What AWS answered of a policy that was another type's is no part of this one.
    let aggregated = fields.maybe_string("metric_aggregation_type")?.filter(|_| kind == "StepScaling");
    let putting = client
        .autoscaling
        .put_scaling_policy()
        .auto_scaling_group_name(group)
        .policy_name(name)
        .policy_type(kind)
        .set_adjustment_type(fields.maybe_string("adjustment_type")?)
        .set_scaling_adjustment(fields.maybe_i32("scaling_adjustment")?)
        .set_cooldown(fields.maybe_i32("cooldown")?)
        .set_min_adjustment_magnitude(fields.maybe_i32("min_adjustment_magnitude")?)
        .set_step_adjustments(Some(steps).filter(|steps| !steps.is_empty()))
        .set_metric_aggregation_type(aggregated)
        .set_estimated_instance_warmup(fields.maybe_i32("estimated_instance_warmup")?)
        .set_target_tracking_configuration(tracking)
        .enabled(fields.bool_or("enabled", true)?);
    client.send(Call::new(Service::AutoScaling, "PutScalingPolicy"), putting.send()).await.map(drop)
}

fn number(fields: &Fields<'_>, field: &str) -> Result<Option<f64>, Failure> {
    let parsed = fields
        .maybe_text(field)?
        .map(|text| text.parse::<f64>().map_err(|_| refused("InvalidField", format!("{field} is not a number"))));
    parsed.transpose()
}

fn step(step: &Fields<'_>) -> Result<StepAdjustment, Failure> {
    Ok(StepAdjustment::builder()
        .set_metric_interval_lower_bound(number(step, "metric_interval_lower_bound")?)
        .set_metric_interval_upper_bound(number(step, "metric_interval_upper_bound")?)
        .set_scaling_adjustment(step.maybe_i32("scaling_adjustment")?)
        .build())
}

fn tracking(tracking: &Fields<'_>) -> Result<TargetTrackingConfiguration, Failure> {
    let predefined = tracking.block("predefined_metric_specification")?.map(|metric| {
        Ok::<_, Failure>(
            PredefinedMetricSpecification::builder()
                .predefined_metric_type(metric.text("predefined_metric_type")?.into())
                .set_resource_label(metric.maybe_string("resource_label")?)
                .build(),
        )
    });
    let customized = tracking.block("customized_metric_specification")?.map(|metric| {
        let dimensions = metric.blocks("metric_dimension")?;
        let dimensions = dimensions
            .iter()
            .map(|one| Ok(MetricDimension::builder().name(one.text("name")?).value(one.text("value")?).build()));
        let dimensions = dimensions.collect::<Result<Vec<_>, Failure>>()?;
        Ok::<_, Failure>(
            CustomizedMetricSpecification::builder()
                .metric_name(metric.text("metric_name")?)
                .namespace(metric.text("namespace")?)
                .statistic(metric.text("statistic")?.into())
                .set_unit(metric.maybe_string("unit")?)
                .set_dimensions(Some(dimensions).filter(|dimensions| !dimensions.is_empty()))
                .build(),
        )
    });
    Ok(TargetTrackingConfiguration::builder()
        .set_target_value(number(tracking, "target_value")?)
        .set_predefined_metric_specification(predefined.transpose()?)
        .set_customized_metric_specification(customized.transpose()?)
        .disable_scale_in(tracking.bool_or("disable_scale_in", false)?)
        .build())
}

/// The policies of these names, at most [`NAMES`], by identity.
async fn policies(client: &Client, names: Vec<String>) -> Result<HashMap<String, Attributes>, Failure> {
    let (mut found, mut token) = (HashMap::new(), None);
    loop {
        let asking = client.autoscaling.describe_policies().set_policy_names(Some(names.clone())).max_records(100);
        let call = Call::new(Service::AutoScaling, "DescribePolicies");
        let answer = client.send(call, asking.set_next_token(token).send()).await?;
        for policy in answer.scaling_policies.unwrap_or_default() {
            if let (Some(group), Some(name)) = (&policy.auto_scaling_group_name, &policy.policy_name) {
                let identity = identity(group, name).0;
                found.insert(identity.clone(), observe(identity, &policy));
            }
        }
        token = answer.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(found);
        }
    }
}

async fn look(client: &Client, identity: &Identity) -> Result<Option<Attributes>, Failure> {
    let (_, name) = ends(identity)?;
    Ok(policies(client, vec![name.to_owned()]).await?.remove(&identity.0))
}

/// As people type it at an import.
fn identity(group: &str, name: &str) -> Identity {
    Identity(format!("{group}/{name}"))
}

fn ends(identity: &Identity) -> Result<(&str, &str), Failure> {
    identity.0.split_once('/').ok_or_else(|| {
        refused("InvalidIdentity", format!("`{identity}` is not a group's name, a slash and a policy's name"))
    })
}

fn observe(identity: String, policy: &ScalingPolicy) -> Attributes {
    let tracking = policy.target_tracking_configuration.as_ref().map(observe_tracking);
    Observed::new()
        .with("autoscaling_group_name", policy.auto_scaling_group_name.clone())
        .with("name", policy.policy_name.clone())
        .with("policy_type", policy.policy_type.clone())
        .with("adjustment_type", policy.adjustment_type.clone())
        .with("scaling_adjustment", policy.scaling_adjustment.map(i64::from))
        .with("cooldown", policy.cooldown.map(i64::from))
        .with("min_adjustment_magnitude", policy.min_adjustment_magnitude.map(i64::from))
        .with_list("step_adjustment", policy.step_adjustments().iter().map(observe_step))
        .with("metric_aggregation_type", policy.metric_aggregation_type.clone())
        .with("estimated_instance_warmup", policy.estimated_instance_warmup.map(i64::from))
        .with_block("target_tracking_configuration", tracking.unwrap_or_default())
        .with("enabled", policy.enabled)
        .with("id", identity)
        .with("arn", policy.policy_arn.clone())
        .finish(SCHEMA)
}

fn observe_step(step: &StepAdjustment) -> Datum {
    Observed::new()
        .with("scaling_adjustment", step.scaling_adjustment.map(i64::from))
        .with("metric_interval_lower_bound", step.metric_interval_lower_bound.map(Decimal::text))
        .with("metric_interval_upper_bound", step.metric_interval_upper_bound.map(Decimal::text))
        .into_datum()
}

fn observe_tracking(tracking: &TargetTrackingConfiguration) -> Observed {
    let predefined = tracking.predefined_metric_specification.as_ref().map(|metric| {
        Observed::new()
            .with("predefined_metric_type", metric.predefined_metric_type.as_ref().map(|it| it.as_str().to_owned()))
            .with("resource_label", metric.resource_label.clone())
    });
    let customized = tracking.customized_metric_specification.as_ref().map(|metric| {
        let dimensions = metric
            .dimensions()
            .iter()
            .map(|one| Observed::new().with("name", one.name.clone()).with("value", one.value.clone()).into_datum());
        Observed::new()
            .with("metric_name", metric.metric_name.clone())
            .with("namespace", metric.namespace.clone())
            .with("statistic", metric.statistic.as_ref().map(|it| it.as_str().to_owned()))
            .with_list("metric_dimension", dimensions)
            .with("unit", metric.unit.clone())
    });
    Observed::new()
        .with("target_value", tracking.target_value.map(Decimal::text))
        .with_block("predefined_metric_specification", predefined.unwrap_or_default())
        .with_block("customized_metric_specification", customized.unwrap_or_default())
        .with("disable_scale_in", tracking.disable_scale_in.unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Attributes, Observation, Progress};
    use fathuss_state::Identity;
    use serde_json::json;

    use crate::asked::make;
    use crate::canned::{Canned, read, standing};

    const ADDRESS: &str = "s.aws_autoscaling_policy.busy";
    const TRACKING: &str = "<ScalingPolicies><member><AutoScalingGroupName>g</AutoScalingGroupName>\
        <PolicyName>busy</PolicyName><PolicyARN>arn:p</PolicyARN><PolicyType>TargetTrackingScaling</PolicyType>\
        <StepAdjustments/><TargetTrackingConfiguration><PredefinedMetricSpecification><PredefinedMetricType>\
        ASGAverageCPUUtilization</PredefinedMetricType></PredefinedMetricSpecification><TargetValue>60.0</TargetValue>\
        <DisableScaleIn>false</DisableScaleIn></TargetTrackingConfiguration><Enabled>true</Enabled></member>\
        </ScalingPolicies>";

    #[tokio::test]
    async fn policies_of_several_groups_are_read_by_one_call_and_told_apart() {
        let canned = Canned::new().result("DescribePolicies", TRACKING);
        let asked = [
            read(ADDRESS, "g/busy", Attributes::new()),
            read("s.aws_autoscaling_policy.other", "h/busy", Attributes::new()),
        ];
        let answer = canned.aws().read(&asked).await;
        let Ok(Observation::Present(policy)) = &answer.observations[0] else { panic!("{answer:?}") };
        let tracking = policy["target_tracking_configuration"].as_map().unwrap();
        assert_eq!(tracking["target_value"], "60".into());
        assert_eq!(answer.observations[1], Ok(Observation::Absent));
        assert_eq!(canned.operations(), ["DescribePolicies"]);
    }

    #[tokio::test]
    async fn a_policy_is_put_with_what_it_says_alone() {
        let canned = Canned::new().result("PutScalingPolicy", "<PolicyARN>arn:p</PolicyARN>");
        let wanted = json!({
            "autoscaling_group_name": "g",
            "name": "grow",
            "adjustment_type": "ChangeInCapacity",
            "scaling_adjustment": 2,
        });
        let made = canned.aws().create(&make(ADDRESS, wanted)).await;
        assert_eq!(made, Ok(Identity("g/grow".to_owned())));
        let seen = canned.seen();
        assert_eq!(seen[0].get("ScalingAdjustment"), Some("2"));
        let of_others = |name: &String| name.starts_with("StepAdjustments") || name.starts_with("TargetTracking");
        assert!(!seen[0].parameters.keys().any(of_others), "{seen:?}");
    }

    #[tokio::test]
    async fn a_policy_whose_group_is_gone_is_gone() {
        let words = "AutoScalingGroup name not found - AutoScalingGroup g not found";
        let canned = Canned::new().refuse_query("DeletePolicy", 400, "ValidationError", words);
        let gone = canned.aws().delete(&standing(ADDRESS, "g/busy", Attributes::new())).await;
        assert_eq!(gone, Ok(Progress::Gone));
        let canned = Canned::new().refuse_query("DeletePolicy", 400, "ValidationError", "no");
        assert!(canned.aws().delete(&standing(ADDRESS, "g/busy", Attributes::new())).await.is_err());
    }
}
