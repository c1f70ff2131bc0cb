//! `aws_autoscaling_policy`: <https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scale-based-on-demand.html>

use super::AutoscalingGroup;
use crate::check::{Findings, Part, View};
use crate::{Arn, Computed, Decimal, Id, Name, Value, words};

words! {
    /// How a policy decides by how much a group grows or shrinks.
    pub enum ScalingPolicyType {
        /// By a fixed amount, each time that an alarm rings.
        SimpleScaling = "SimpleScaling",
        /// By an amount for each distance from an alarm's threshold.
        StepScaling = "StepScaling",
        /// So that a metric keeps a value.
        TargetTrackingScaling = "TargetTrackingScaling",
    }
}

words! {
    /// What an adjustment's number is.
    pub enum ScalingAdjustmentType {
        /// Instances more, or less where it is negative.
        ChangeInCapacity = "ChangeInCapacity",
        /// How many instances there are to be.
        ExactCapacity = "ExactCapacity",
        /// The percentage of instances more or less.
        PercentChangeInCapacity = "PercentChangeInCapacity",
    }
}

words! {
    /// What is made of the metrics of a group's instances.
    pub enum MetricAggregation {
        /// The least.
        Minimum = "Minimum",
        /// The greatest.
        Maximum = "Maximum",
        /// The mean.
        Average = "Average",
    }
}

words! {
    /// A metric that AWS has of a group.
    pub enum GroupMetric {
        /// How busy its instances are, in percent.
        AverageCpuUtilization = "ASGAverageCPUUtilization",
        /// The same, told every ten seconds.
        AverageCpuUtilizationHighResolution = "ASGAverageCPUUtilizationHighResolution",
        /// The bytes that each instance gets.
        AverageNetworkIn = "ASGAverageNetworkIn",
        /// The bytes that each instance sends.
        AverageNetworkOut = "ASGAverageNetworkOut",
        /// The requests that a load balancer sends to each instance.
        AlbRequestCountPerTarget = "ALBRequestCountPerTarget",
    }
}

/// What scales an Auto Scaling group. A node group of EKS's whose size an autoscaler in the cluster decides wants none.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let workers: Value<Name<AutoscalingGroup>> = Name::existing("workers");
/// let busy = TargetTrackingConfiguration::predefined(GroupMetric::AverageCpuUtilization, 60);
/// stack.add("busy", AutoscalingPolicy::tracking(&workers, busy).estimated_instance_warmup(120));
/// // Or by an alarm of one's own.
/// let grow = [StepAdjustment::new(1).up_to(20), StepAdjustment::new(3).starting_at(20)];
/// let grow = AutoscalingPolicy::steps(&workers, ScalingAdjustmentType::ChangeInCapacity, grow);
/// let grow = stack.add("grow", grow);
/// let waiting = CloudwatchMetricAlarm::new(ComparisonOperator::GreaterThanThreshold, 2)
///     .namespace("Jobs")
///     .metric_name("Waiting")
///     .statistic(Statistic::Maximum)
///     .period(60)
///     .threshold(100)
///     .alarm_actions([grow.arn()]);
/// stack.add("waiting", waiting);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_autoscaling_policy",
    service = "autoscaling",
    creation = Upsert,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct AutoscalingPolicy {
    /// The group.
    #[field(replace)]
    autoscaling_group_name: Value<Name<AutoscalingGroup>>,
    /// The name, unique in the group.
    #[field(replace, computed, named, min_length = 1, max_length = 255)]
    name: Option<Value<String>>,
    /// How it decides.
    #[field(default = "\"SimpleScaling\"")]
    policy_type: Option<Value<ScalingPolicyType>>,
    /// What the numbers of its adjustments are.
    adjustment_type: Option<Value<ScalingAdjustmentType>>,
    /// The fixed amount of a simple policy.
    scaling_adjustment: Option<Value<i64>>,
    /// The seconds after a simple policy's scaling in which nothing else scales; the group's where nothing is given.
    #[field(min = 0)]
    cooldown: Option<Value<i64>>,
    /// The fewest instances that a percentage comes to.
    #[field(min = 1)]
    min_adjustment_magnitude: Option<Value<i64>>,
    /// The amounts of a policy with steps.
    #[field(set, max_length = 20)]
    step_adjustment: Option<Value<Vec<StepAdjustment>>>,
    /// What a policy with steps makes of the metrics of the group's instances.
    #[field(computed)]
    metric_aggregation_type: Option<Value<MetricAggregation>>,
    /// The seconds until a new instance's metrics count; the group's where nothing is given.
    #[field(min = 0)]
    estimated_instance_warmup: Option<Value<i64>>,
    /// What is tracked, and at which value it is kept.
    target_tracking_configuration: Option<Value<TargetTrackingConfiguration>>,
    /// Whether it scales.
    #[field(default = "true")]
    enabled: Option<Value<bool>>,
    /// Group and name with a slash between.
    id: Computed<Id<AutoscalingPolicy>>,
    /// The ARN, which an alarm takes as its action.
    arn: Computed<Arn<AutoscalingPolicy>>,
}

/// An amount for a distance from an alarm's threshold.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct StepAdjustment {
    /// The amount.
    scaling_adjustment: Value<i64>,
    /// From where on, as a distance from the threshold; from anywhere below where nothing is given.
    metric_interval_lower_bound: Option<Value<Decimal>>,
    /// Up to where; to anywhere above where nothing is given.
    metric_interval_upper_bound: Option<Value<Decimal>>,
}

/// What is tracked, and at which value it is kept.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct TargetTrackingConfiguration {
    /// The value.
    target_value: Value<Decimal>,
    /// A metric that AWS has of the group.
    predefined_metric_specification: Option<Value<PredefinedMetric>>,
    /// A metric of one's own.
    customized_metric_specification: Option<Value<CustomizedMetric>>,
    /// Whether the group never shrinks by it.
    #[field(default = "false")]
    disable_scale_in: Option<Value<bool>>,
}

/// A metric that AWS has of a group.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct PredefinedMetric {
    /// Which.
    predefined_metric_type: Value<GroupMetric>,
    /// The load balancer and its target group, `app/NAME/ID/targetgroup/NAME/ID`, where its requests are the metric.
    #[field(min_length = 1, max_length = 1023)]
    resource_label: Option<Value<String>>,
}

/// A metric of one's own, which has to fall when the group grows.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct CustomizedMetric {
    /// Its name.
    metric_name: Value<String>,
    /// Its namespace.
    namespace: Value<String>,
    /// What is made of a period's data.
    statistic: Value<super::Statistic>,
    /// Of which of the metric's things it is.
    #[field(set)]
    metric_dimension: Option<Value<Vec<ScalingMetricDimension>>>,
    /// Its unit.
    unit: Option<Value<super::MetricUnit>>,
}

/// What a metric is of.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ScalingMetricDimension {
    /// The dimension's name.
    name: Value<String>,
    /// Its value.
    value: Value<String>,
}

impl AutoscalingPolicy {
    /// Keeps a metric at a value.
    #[must_use]
    pub fn tracking(
        group: impl crate::IntoNameOf<AutoscalingGroup>,
        configuration: TargetTrackingConfiguration,
    ) -> Self {
        let policy = Self::new(group).policy_type(ScalingPolicyType::TargetTrackingScaling);
        policy.target_tracking_configuration(configuration)
    }

    /// Scales in steps when an alarm rings that has it as its action.
    #[must_use]
    pub fn steps(
        group: impl crate::IntoNameOf<AutoscalingGroup>,
        adjustment: ScalingAdjustmentType,
        steps: impl crate::IntoList<StepAdjustment>,
    ) -> Self {
        let policy = Self::new(group).policy_type(ScalingPolicyType::StepScaling).adjustment_type(adjustment);
        policy.step_adjustment(steps)
    }

    /// Scales by an amount when an alarm rings that has it as its action.
    #[must_use]
    pub fn simple(group: impl crate::IntoNameOf<AutoscalingGroup>, adjustment: ScalingAdjustmentType, by: i64) -> Self {
        Self::new(group).adjustment_type(adjustment).scaling_adjustment(by)
    }
}

impl StepAdjustment {
    /// From that far above the threshold on; below it where that is negative.
    #[must_use]
    pub fn starting_at(self, bound: i32) -> Self {
        self.metric_interval_lower_bound(bound)
    }

    /// Up to that far above the threshold; below it where that is negative.
    #[must_use]
    pub fn up_to(self, bound: i32) -> Self {
        self.metric_interval_upper_bound(bound)
    }
}

impl TargetTrackingConfiguration {
    /// Keeps a metric that AWS has of the group at a value.
    #[must_use]
    pub fn predefined(metric: GroupMetric, value: i32) -> Self {
        Self::new(value).predefined_metric_specification(PredefinedMetric::new(metric))
    }

    /// Keeps a metric of one's own at a value.
    #[must_use]
    pub fn customized(metric: CustomizedMetric, value: i32) -> Self {
        Self::new(value).customized_metric_specification(metric)
    }
}

/// What belongs to which type of policy: <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html>
const OF_TYPES: &[(&str, &[&str])] = &[
    ("adjustment_type", &["SimpleScaling", "StepScaling"]),
    ("min_adjustment_magnitude", &["SimpleScaling", "StepScaling"]),
    ("scaling_adjustment", &["SimpleScaling"]),
    ("cooldown", &["SimpleScaling"]),
    ("step_adjustment", &["StepScaling"]),
    ("metric_aggregation_type", &["StepScaling"]),
    ("estimated_instance_warmup", &["StepScaling", "TargetTrackingScaling"]),
    ("target_tracking_configuration", &["TargetTrackingScaling"]),
];

/// What each type of policy can't do without.
const WANTED: &[(&str, &[&str])] = &[
    ("SimpleScaling", &["adjustment_type", "scaling_adjustment"]),
    ("StepScaling", &["adjustment_type", "step_adjustment"]),
    ("TargetTrackingScaling", &["target_tracking_configuration"]),
];

fn check(policy: &View<'_>, findings: &mut Findings<'_>) {
    let kind = if policy.gives("policy_type") { policy.text("policy_type") } else { Some("SimpleScaling") };
    if let Some(kind) = kind {
        for (field, kinds) in OF_TYPES {
            if policy.gives(field) && !kinds.contains(&kind) {
                findings.refuse(format!("`{field}` is of {}, and this is {kind}", kinds.join(" and ")));
            }
        }
        let wanted = WANTED.iter().filter(|(of, _)| *of == kind).flat_map(|(_, fields)| *fields);
        for field in wanted.filter(|field| !policy.gives(field)) {
            findings.refuse(format!("{kind} wants `{field}`"));
        }
    }
    let adjustment = policy.text("adjustment_type");
    if policy.gives("min_adjustment_magnitude") && adjustment.is_some_and(|one| one != "PercentChangeInCapacity") {
        findings.refuse("`min_adjustment_magnitude` is the least that a percentage comes to: PercentChangeInCapacity");
    }
    let steps = policy.part("step_adjustment").map(Part::items).unwrap_or_default();
    let amounts = steps.iter().filter_map(|step| step.integer("scaling_adjustment"));
    if adjustment == Some("ExactCapacity")
        && amounts.chain(policy.integer("scaling_adjustment")).any(|amount| amount < 0)
    {
        findings.refuse("ExactCapacity is a number of instances: 0 or more");
    }
    check_steps(&steps, findings);
    if policy.gives("target_tracking_configuration") {
        check_tracking(policy, findings);
    }
}

/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html#as-scaling-steps>
fn check_steps(steps: &[Part<'_>], findings: &mut Findings<'_>) {
    let mut intervals = Vec::new();
    for step in steps {
        let bound = |field: &str, open: f64| match step.at(field) {
            None => Some(open),
            Some(_) => step.text(field).and_then(|text| text.parse::<f64>().ok()),
        };
        let lower = bound("metric_interval_lower_bound", f64::NEG_INFINITY);
        // One that is not known yet is AWS's to judge.
        let Some((lower, upper)) = lower.zip(bound("metric_interval_upper_bound", f64::INFINITY)) else { return };
        if lower.is_infinite() && upper.is_infinite() {
            findings.refuse("a step has a lower bound, an upper one or both");
            return;
        }
        if lower >= upper {
            findings.refuse(format!("a step from {lower} to {upper} is none: its lower bound is below its upper one"));
            return;
        }
        intervals.push((lower, upper));
    }
    intervals.sort_by(|left, right| left.0.total_cmp(&right.0));
    for pair in intervals.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        if before.1 > after.0 {
            findings.refuse(format!("steps overlap: one ends at {}, the next begins at {}", before.1, after.0));
        } else if before.1 < after.0 {
            findings.refuse(format!("steps leave a gap: one ends at {}, the next begins at {}", before.1, after.0));
        }
    }
    if intervals.first().is_some_and(|first| first.0.is_finite() && first.0 < 0.0) {
        findings.refuse("below the threshold the last step has no lower bound, so that none is too far for it");
    }
    if intervals.last().is_some_and(|last| last.1.is_finite() && last.1 > 0.0) {
        findings.refuse("above the threshold the last step has no upper bound, so that none is too far for it");
    }
}

fn check_tracking(policy: &View<'_>, findings: &mut Findings<'_>) {
    let tracking = |field: &str| format!("target_tracking_configuration.{field}");
    let predefined = policy.gives(&tracking("predefined_metric_specification"));
    if predefined == policy.gives(&tracking("customized_metric_specification")) {
        findings.refuse("either a metric of AWS's is tracked or one of one's own");
    }
    let value = policy.text(&tracking("target_value")).and_then(|text| text.parse::<f64>().ok());
    if value.is_some_and(|value| !value.is_finite() || value <= 0.0) {
        findings.refuse("`target_value` is above 0");
    }
    let metric = policy.text(&tracking("predefined_metric_specification.predefined_metric_type"));
    let labelled = policy.gives(&tracking("predefined_metric_specification.resource_label"));
    if metric.is_some_and(|metric| (metric == "ALBRequestCountPerTarget") != labelled) {
        findings.refuse("`resource_label` names the target group of ALBRequestCountPerTarget, and of no other metric");
    }
}
