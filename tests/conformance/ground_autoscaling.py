"""Auto Scaling's ground, and a call of each of its operations that succeeds on it."""

from ground_eks import EksGround
from members import With

KIND = "auto-scaling-group"


def named(aws, cluster, nodes):
    """The name of the group that EKS made for a node group."""
    described = aws.eks.describe_nodegroup(clusterName=cluster, nodegroupName=nodes)["nodegroup"]
    return described["resources"]["autoScalingGroups"][0]["name"]


def policy(group, name="policy", **more):
    return dict(AutoScalingGroupName=group, PolicyName=name, **{**dict(AdjustmentType="ChangeInCapacity", ScalingAdjustment=1), **more})


def tracking(value=50.0, metric="ASGAverageCPUUtilization", **more):
    return dict(
        PolicyType="TargetTrackingScaling",
        AdjustmentType=None,
        ScalingAdjustment=None,
        TargetTrackingConfiguration=dict(PredefinedMetricSpecification={"PredefinedMetricType": metric}, TargetValue=value, **more),
    )


def given(request):
    return {name: value for name, value in request.items() if value is not None}


class GroupsGround(EksGround):
    """The groups of two node groups, of which one has a policy of each type and tags of its own."""

    def make_scaled(self):
        return named(self.aws, self["cluster"], self["nodes"])

    def make_scaled2(self):
        return named(self.aws, self["cluster"], self["nodes2"])

    def make_policy(self):
        self.aws.autoscaling.put_scaling_policy(**policy(self["scaled"]))
        return "policy"

    def make_tracking(self):
        self.aws.autoscaling.put_scaling_policy(**given(policy(self["scaled"], "tracking", **tracking())))
        return "tracking"

    def make_tag(self):
        tag = {"ResourceId": self["scaled"], "ResourceType": KIND, "Key": "own", "Value": "1", "PropagateAtLaunch": False}
        self.aws.autoscaling.create_or_update_tags(Tags=[tag])
        return "own"

    # What EKS has beside groups says nothing of them.
    def all(self):
        for name in ("scaled", "scaled2", "policy", "tracking", "tag"):
            self[name]
        return self


def tags(g, **more):
    return dict(Tags=[{"ResourceId": g["scaled"], "ResourceType": KIND, "Key": "new", "Value": "new", "PropagateAtLaunch": True, **more}])


BASES = {
    "CreateOrUpdateTags": tags,
    "DeletePolicy": lambda g: dict(AutoScalingGroupName=g["scaled"], PolicyName=g["policy"]),
    "DeleteTags": lambda g: tags(g, Key=g["tag"]),
    "DescribeAdjustmentTypes": lambda g: {},
    "DescribeAutoScalingGroups": lambda g: {},
    "DescribeAutoScalingInstances": lambda g: {},
    "DescribePolicies": lambda g: {},
    "DescribeTags": lambda g: {},
    "PutScalingPolicy": lambda g: policy(g["scaled"], "new"),
}


def put(*, steps=None, customized=None, **more):
    """Another request of PutScalingPolicy than the base's, all of it."""
    request = {"AdjustmentType": None, "ScalingAdjustment": None, **more}
    if steps is not None:
        request = {**request, "PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps}
    if customized is not None:
        tracked = {"CustomizedMetricSpecification": customized, "TargetValue": 5.0}
        request = {**request, "PolicyType": "TargetTrackingScaling", "TargetTrackingConfiguration": tracked}
    return request


STEPS = put(steps=[{"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1}, {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 2}])
BELOW = put(steps=[{"MetricIntervalUpperBound": 0.0, "ScalingAdjustment": -1}])
TRACKED = {**put(), **{name: value for name, value in tracking().items() if value is not None}}
METRIC = {"MetricName": "Waiting", "Namespace": "Jobs", "Statistic": "Average", "Unit": "Count", "Period": 60, "Dimensions": [{"Name": "Queue", "Value": "one"}]}
CUSTOMIZED = put(customized=METRIC)
AT = "PutScalingPolicy.TargetTrackingConfiguration"


def filtered(name, *values):
    return [{"Name": name, "Values": list(values)}]


# Values for members of one operation, where the general ones would not tell.
VALUES = {
    **{f"{operation}.MaxRecords": 1 for operation in BASES},
    **{f"{operation}.IncludeManagedResources": False for operation in BASES},
    **{f"{operation}.AutoScalingGroupName": "absent" for operation in BASES},
    "DescribePolicies.AutoScalingGroupName": lambda g: g["scaled2"],
    "DescribeAutoScalingGroups.AutoScalingGroupNames": [["absent"]],
    "DescribeAutoScalingGroups.IncludeInstances": False,
    "DescribeAutoScalingGroups.Filters[].Name": With("tag-value", {"Filters": filtered("tag-key", "own")}),
    "DescribeAutoScalingGroups.Filters[].Values": With(["absent"], {"Filters": filtered("tag-key", "own")}),
    "DescribeAutoScalingInstances.InstanceIds": [["i-0123456789abcdef0"]],
    "DescribePolicies.PolicyNames": [["absent"]],
    "DescribePolicies.PolicyTypes": [["StepScaling"]],
    "DescribeTags.Filters[].Name": With("value", {"Filters": filtered("key", "own")}),
    "DescribeTags.Filters[].Values": With(["absent"], {"Filters": filtered("key", "own")}),
    "CreateOrUpdateTags.Tags[].ResourceId": "absent",
    "CreateOrUpdateTags.Tags[].ResourceType": "instance",
    "CreateOrUpdateTags.Tags[].PropagateAtLaunch": False,
    "DeleteTags.Tags[].ResourceId": "absent",
    "DeleteTags.Tags[].ResourceType": "instance",
    # A tag is deleted by its key.
    "DeleteTags.Tags[].Key": "absent",
    "DeletePolicy.PolicyName": "absent",
    "PutScalingPolicy.PolicyType": "StepScaling",
    "PutScalingPolicy.AdjustmentType": "ExactCapacity",
    "PutScalingPolicy.MinAdjustmentStep": 1,
    "PutScalingPolicy.MinAdjustmentMagnitude": With(5, {"AdjustmentType": "PercentChangeInCapacity"}),
    "PutScalingPolicy.MetricAggregationType": With("Maximum", STEPS),
    "PutScalingPolicy.EstimatedInstanceWarmup": With(5, STEPS),
    "PutScalingPolicy.StepAdjustments[].MetricIntervalLowerBound": With(5.0, STEPS),
    "PutScalingPolicy.StepAdjustments[].MetricIntervalUpperBound": With(-5.0, BELOW),
    "PutScalingPolicy.StepAdjustments[].ScalingAdjustment": With(7, STEPS),
    "PutScalingPolicy.Enabled": False,
    f"{AT}.TargetValue": With(60.0, TRACKED),
    f"{AT}.DisableScaleIn": With(True, TRACKED),
    f"{AT}.PredefinedMetricSpecification.PredefinedMetricType": With("ASGAverageNetworkIn", TRACKED),
    f"{AT}.PredefinedMetricSpecification.ResourceLabel": With("app/one/1/targetgroup/one/1", TRACKED),
    # Metrics that are reckoned from others are not simulated, and no request with some succeeds that could be compared.
    **{
        f"{AT}.CustomizedMetricSpecification.Metrics[].{member}": With(value, CUSTOMIZED)
        for member, value in {
            "Id": "m1",
            "Expression": "m1 / m2",
            "Label": "label",
            "Period": 60,
            "ReturnData": True,
            "MetricStat.Stat": "Average",
            "MetricStat.Unit": "Count",
            "MetricStat.Period": 60,
            "MetricStat.Metric.Namespace": "Jobs",
            "MetricStat.Metric.MetricName": "Waiting",
            "MetricStat.Metric.Dimensions[].Name": "Queue",
            "MetricStat.Metric.Dimensions[].Value": "one",
        }.items()
    },
    **{
        f"{AT}.CustomizedMetricSpecification.{member}": With(value, CUSTOMIZED)
        for member, value in {
            "MetricName": "Other",
            "Namespace": "Others",
            "Statistic": "Sum",
            "Unit": "Bytes",
            "Period": 30,
            "Dimensions[].Name": "Other",
            "Dimensions[].Value": "other",
        }.items()
    },
}

GROUND = GroupsGround
