"""What Auto Scaling refuses, and in which words."""

from ground_autoscaling import KIND, given, named, policy, tracking
from refusal import Cases

CASES = Cases()
refuses = CASES.refuses

INVALID = "ValidationError"


def scaled(aws):
    """A group that EKS made."""
    cluster = aws.cluster()
    return named(aws, cluster, aws.node_group(cluster))


def put(aws, group=None, **more):
    request = given(policy(group or scaled(aws), **more))
    return lambda: aws.autoscaling.put_scaling_policy(**request), {"group": request["AutoScalingGroupName"]}


def steps(*bounds, adjustment="ChangeInCapacity", by=1):
    of = {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 1}
    made = [{**{name: float(pair[at]) for name, at in of.items() if pair[at] is not None}, "ScalingAdjustment": by} for pair in bounds]
    return dict(PolicyType="StepScaling", AdjustmentType=adjustment, ScalingAdjustment=None, StepAdjustments=made)


def customized(**more):
    metric = given({"MetricName": "Waiting", "Namespace": "Jobs", "Statistic": "Average", **more})
    request = tracking()
    request["TargetTrackingConfiguration"] = {"CustomizedMetricSpecification": metric, "TargetValue": 5.0}
    return request


@refuses(None, INVALID, "AutoScalingGroup name not found - AutoScalingGroup absent not found")
def a_policy_of_no_group(aws):
    return put(aws, "absent")


@refuses("autoscaling.policy.type", INVALID)
def a_policy_of_no_type(aws):
    return put(aws, PolicyType="Guesswork")


@refuses("autoscaling.policy.type", INVALID, "StepAdjustments is not supported for a SimpleScaling policy")
def a_simple_policy_with_steps(aws):
    return put(aws, StepAdjustments=[{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}])


@refuses("autoscaling.policy.type", INVALID, "ScalingAdjustment is not supported for a StepScaling policy")
def a_policy_with_steps_and_an_amount(aws):
    return put(aws, **{**steps((0, None)), "ScalingAdjustment": 1})


@refuses("autoscaling.policy.type", INVALID, "ScalingAdjustment are not supported for a TargetTracking policy")
def a_tracking_policy_with_an_amount(aws):
    return put(aws, **{**tracking(), "ScalingAdjustment": 1})


@refuses("autoscaling.policy.type", INVALID)
def steps_by_no_aggregate(aws):
    return put(aws, **steps((0, None)), MetricAggregationType="Median")


@refuses("autoscaling.policy.adjustment", INVALID, "You must specify an AdjustmentType for policy type: SimpleScaling")
def a_simple_policy_without_a_meaning(aws):
    return put(aws, AdjustmentType=None)


@refuses("autoscaling.policy.adjustment", INVALID)
def a_simple_policy_with_another_meaning(aws):
    return put(aws, AdjustmentType="Doubling")


@refuses("autoscaling.policy.adjustment", INVALID, "Scaling increment must be specified for a SimpleScaling policy")
def a_simple_policy_without_an_amount(aws):
    return put(aws, ScalingAdjustment=None)


@refuses("autoscaling.policy.adjustment", INVALID, "You should specify at least one StepAdjustment with a StepScaling policy")
def a_policy_without_steps(aws):
    return put(aws, **{**steps(), "StepAdjustments": None})


@refuses("autoscaling.policy.adjustment", INVALID, "The lowest value for ScalingAdjustment parameter is 0 with the specified adjustment type")
def a_group_of_fewer_than_none(aws):
    return put(aws, AdjustmentType="ExactCapacity", ScalingAdjustment=-1)


@refuses("autoscaling.policy.adjustment", INVALID, "MinAdjustmentMagnitude is not supported by the specified adjustment type")
def the_least_of_no_percentage(aws):
    return put(aws, MinAdjustmentMagnitude=2)


@refuses("autoscaling.policy.tracked", INVALID, "Only one TargetTrackingScaling policy for a given metric specification is allowed.")
def a_metric_tracked_twice(aws):
    group = scaled(aws)
    put(aws, group, name="one", **tracking())[0]()
    return put(aws, group, name="two", **tracking(60.0))


@refuses("autoscaling.policy.quota", "LimitExceeded")
def a_policy_too_many(aws):
    group = scaled(aws)
    put(aws, group, name="one")[0]()

    def act():
        with aws.world.quota("autoscaling.policies-per-group", 1):
            put(aws, group, name="two")[0]()

    return act, {}


@refuses("autoscaling.policy.exists", INVALID)
def a_policy_deleted_that_never_was(aws):
    group = scaled(aws)
    return lambda: aws.autoscaling.delete_policy(AutoScalingGroupName=group, PolicyName="absent"), {}


@refuses("autoscaling.policy.exists", INVALID)
def a_policy_deleted_of_which_group(aws):
    return lambda: aws.autoscaling.delete_policy(PolicyName="one"), {}


@refuses("autoscaling.policy.selection", INVALID)
def policies_of_too_many_names(aws):
    return lambda: aws.autoscaling.describe_policies(PolicyNames=[f"policy-{at}" for at in range(51)]), {}


@refuses("autoscaling.policy.selection", INVALID)
def policies_of_no_type(aws):
    return lambda: aws.autoscaling.describe_policies(PolicyTypes=["Guesswork"]), {}


@refuses("autoscaling.steps.bounds", INVALID, "Both lower and upper bounds of a StepAdjustment cannot be left unspecified")
def a_step_without_bounds(aws):
    return put(aws, **steps((None, None)))


@refuses("autoscaling.steps.bounds", INVALID, "LowerBound must be less than the UpperBound for StepAdjustment")
def a_step_upside_down(aws):
    return put(aws, **steps((5, 5), (5, None)))


@refuses("autoscaling.steps.cover", INVALID, "StepAdjustment intervals cannot overlap")
def steps_that_overlap(aws):
    return put(aws, **steps((0, 10), (5, None)))


@refuses("autoscaling.steps.cover", INVALID, "StepAdjustment intervals cannot have gaps between them")
def steps_with_a_gap(aws):
    return put(aws, **steps((0, 10), (15, None)))


@refuses("autoscaling.steps.cover", INVALID, "At most one StepAdjustment may have an unspecified lower bound")
def two_lowest_steps(aws):
    return put(aws, **steps((None, -5), (None, 0)))


@refuses("autoscaling.steps.cover", INVALID, "There must be a StepAdjustment with an unspecified upper bound (i.e., upper bound is null) when one StepAdjustment has a positive upper bound")
def steps_that_end(aws):
    return put(aws, **steps((1, 2)))


@refuses("autoscaling.steps.quota", "LimitExceeded", "There can be at most 20 step adjustments per scaling policy")
def too_many_steps(aws):
    return put(aws, **steps(*((at, at + 1) for at in range(20)), (20, None)))


@refuses(None, INVALID, "You should provide a TargetTrackingConfiguration")
def nothing_tracked(aws):
    return put(aws, PolicyType="TargetTrackingScaling", AdjustmentType=None, ScalingAdjustment=None)


@refuses("autoscaling.tracking.metric", INVALID, "You should provide either a CustomizedMetricSpecification or a PredefinedMetricSpecification")
def no_metric_tracked(aws):
    return put(aws, **{**tracking(), "TargetTrackingConfiguration": {"TargetValue": 5.0}})


@refuses("autoscaling.tracking.metric", INVALID)
def a_metric_without_a_namespace(aws):
    return put(aws, **customized(Namespace=None))


@refuses("autoscaling.tracking.period", INVALID, "A metric period greater than 60 isn't supported")
def a_long_period(aws):
    return put(aws, **customized(Period=300))


@refuses("autoscaling.tracking.period", INVALID)
def a_period_of_twenty_seconds(aws):
    return put(aws, **customized(Period=20))


@refuses("autoscaling.tracking.label", INVALID, "Resource label should not be specified for predefined metric type ASGAverageCPUUtilization")
def a_label_of_no_balancer(aws):
    request = tracking()
    request["TargetTrackingConfiguration"]["PredefinedMetricSpecification"]["ResourceLabel"] = "app/one/1/targetgroup/one/1"
    return put(aws, **request)


@refuses("autoscaling.tracking.label", INVALID, "Resource label should be specified for predefined metric type ALBRequestCountPerTarget")
def a_balancer_without_a_label(aws):
    return put(aws, **tracking(metric="ALBRequestCountPerTarget"))


@refuses("autoscaling.tracking.target", INVALID, "Target value must be between 8.51592E-12 and 1.174271E17")
def a_target_of_nought(aws):
    return put(aws, **tracking(0.0))


@refuses("autoscaling.group.names", INVALID)
def groups_of_too_many_names(aws):
    return lambda: aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[f"group-{at}" for at in range(51)]), {}


@refuses("autoscaling.page.size", INVALID)
def a_page_of_a_thousand(aws):
    return lambda: aws.autoscaling.describe_policies(MaxRecords=1000), {}


@refuses("autoscaling.page.token", "InvalidNextToken")
def groups_after_no_page(aws):
    return lambda: aws.autoscaling.describe_auto_scaling_groups(NextToken="none"), {}


@refuses("autoscaling.filter", INVALID)
def tags_by_no_filter(aws):
    return lambda: aws.autoscaling.describe_tags(Filters=[{"Name": "colour", "Values": ["red"]}]), {}


def tag(aws, **more):
    given_tag = given({"ResourceId": "absent", "ResourceType": KIND, "Key": "a", "Value": "1", "PropagateAtLaunch": True, **more})
    return lambda: aws.autoscaling.create_or_update_tags(Tags=[given_tag]), {}


@refuses("autoscaling.tags.resource", INVALID, "Resource ID must be specified for a tag.")
def a_tag_of_nothing(aws):
    return tag(aws, ResourceId=None)


@refuses("autoscaling.tags.resource", INVALID)
def a_tag_of_a_machine(aws):
    return tag(aws, ResourceId=scaled(aws), ResourceType="instance")


@refuses("autoscaling.tags.reserved", INVALID)
def a_tag_of_aws(aws):
    return tag(aws, ResourceId=scaled(aws), Key="aws:a")


@refuses("autoscaling.tags.limit", "LimitExceeded", "You tried to create more tags than allowed")
def a_tag_too_many(aws):
    group = scaled(aws)
    tags = [{"ResourceId": group, "ResourceType": KIND, "Key": f"k{at}", "Value": "v", "PropagateAtLaunch": False} for at in range(51)]
    return lambda: aws.autoscaling.create_or_update_tags(Tags=tags), {}
