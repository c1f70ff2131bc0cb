"""What CloudWatch refuses, and in which words."""

import json

from ground_cloudwatch import BODY, action, arn, expression, metric, queries, request
from refusal import Cases
from world import ACCOUNT, REGION

CASES = Cases()
refuses = CASES.refuses

INVALID = "ValidationError"


def put(aws, **more):
    return lambda: aws.cloudwatch.put_metric_alarm(**request(**more)), {}


def reckoned(aws, *metrics, **more):
    return lambda: aws.cloudwatch.put_metric_alarm(**{**queries(*metrics), **more}), {}


@refuses("cloudwatch.page.token", "InvalidNextToken")
def alarms_after_no_page(aws):
    return lambda: aws.cloudwatch.describe_alarms(NextToken="none"), {}


# Alarms


@refuses("cloudwatch.alarm.name", INVALID)
def an_alarm_with_a_bell(aws):
    return put(aws, AlarmName="bell\x07")


@refuses("cloudwatch.alarm.metric", INVALID, "MetricName must not be null")
def an_alarm_on_nothing(aws):
    return put(aws, MetricName=None)


@refuses("cloudwatch.alarm.metric", INVALID, "Period must not be null")
def an_alarm_without_a_period(aws):
    return put(aws, Period=None)


@refuses("cloudwatch.alarm.metric", INVALID, "Statistic should not be set if list of Metrics is set.")
def an_alarm_on_queries_and_a_statistic(aws):
    return reckoned(aws, metric(), expression(), Statistic="Average")


@refuses("cloudwatch.alarm.statistic", INVALID)
def an_alarm_without_a_statistic(aws):
    return put(aws, Statistic=None)


@refuses("cloudwatch.alarm.statistic", INVALID)
def an_alarm_with_two_statistics(aws):
    return put(aws, ExtendedStatistic="p90")


@refuses("cloudwatch.alarm.statistic", INVALID)
def an_alarm_on_more_than_all(aws):
    return put(aws, Statistic=None, ExtendedStatistic="p101")


@refuses("cloudwatch.alarm.statistic", INVALID)
def a_query_with_no_statistic(aws):
    return reckoned(aws, metric(Stat="average"), expression())


@refuses("cloudwatch.alarm.period", INVALID, "Period must be 10, 20, 30 or a multiple of 60")
def a_period_of_a_second(aws):
    return put(aws, Period=1)


@refuses("cloudwatch.alarm.range", INVALID)
def an_alarm_that_looks_back_two_days_in_minutes(aws):
    return put(aws, Period=60, EvaluationPeriods=2880)


@refuses("cloudwatch.alarm.range", INVALID)
def an_alarm_that_looks_back_eight_days(aws):
    return put(aws, Period=86400, EvaluationPeriods=8)


@refuses("cloudwatch.alarm.dimensions", INVALID)
def a_dimension_twice(aws):
    return put(aws, Dimensions=[{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}])


@refuses("cloudwatch.alarm.queries", INVALID)
def a_query_with_a_capital(aws):
    return reckoned(aws, metric("M1"), expression("M1"))


@refuses("cloudwatch.alarm.queries", INVALID)
def a_query_twice(aws):
    return reckoned(aws, metric(), metric(), expression())


@refuses("cloudwatch.alarm.queries", INVALID)
def a_query_for_nothing(aws):
    return reckoned(aws, {"Id": "m1"})


@refuses("cloudwatch.alarm.queries", INVALID, "Exactly one element of the metrics list should return data.")
def two_queries_that_count(aws):
    return reckoned(aws, metric(counts=True), expression())


@refuses("cloudwatch.alarm.threshold", INVALID)
def an_alarm_without_a_threshold(aws):
    return put(aws, Threshold=None)


@refuses("cloudwatch.alarm.threshold", INVALID)
def an_alarm_that_compares_nothing(aws):
    return put(aws, ComparisonOperator=None)


@refuses("cloudwatch.alarm.threshold", INVALID)
def an_alarm_above_no_band(aws):
    return put(aws, ComparisonOperator="GreaterThanUpperThreshold")


@refuses("cloudwatch.alarm.threshold", INVALID)
def an_alarm_on_a_band_that_is_none(aws):
    more = dict(Threshold=None, ThresholdMetricId="e1", ComparisonOperator="GreaterThanUpperThreshold")
    asked = {name: value for name, value in {**queries(metric(), expression()), **more}.items() if value is not None}
    return lambda: aws.cloudwatch.put_metric_alarm(**asked), {}


@refuses("cloudwatch.alarm.datapoints", INVALID, "DatapointsToAlarm must be less than or equal to EvaluationPeriods")
def more_data_points_than_are_looked_at(aws):
    return put(aws, EvaluationPeriods=1, DatapointsToAlarm=15)


@refuses("cloudwatch.alarm.missing", INVALID)
def missing_data_forgiven(aws):
    return put(aws, TreatMissingData="forgiven")


@refuses("cloudwatch.alarm.samples", INVALID)
def few_samples_forgiven(aws):
    return put(aws, Statistic=None, ExtendedStatistic="p90", EvaluateLowSampleCountPercentile="forgiven")


@refuses("cloudwatch.alarm.samples", INVALID)
def few_samples_of_an_average(aws):
    return put(aws, EvaluateLowSampleCountPercentile="ignore")


@refuses("cloudwatch.alarm.selection", INVALID)
def alarms_by_name_and_prefix(aws):
    return lambda: aws.cloudwatch.describe_alarms(AlarmNames=["one"], AlarmNamePrefix="o"), {}


@refuses("cloudwatch.alarm.quota", "LimitExceeded")
def an_alarm_too_many(aws):
    aws.cloudwatch.put_metric_alarm(**request(AlarmName="one"))

    def act():
        with aws.world.quota("cloudwatch.alarms", 1):
            aws.cloudwatch.put_metric_alarm(**request(AlarmName="two"))

    return act, {}


@refuses(None, "ResourceNotFound", "", 404)
def no_alarm_deleted(aws):
    return lambda: aws.cloudwatch.delete_alarms(AlarmNames=["absent"]), {}


@refuses(None, "ResourceNotFound", "", 404)
def no_alarm_set(aws):
    return lambda: aws.cloudwatch.set_alarm_state(AlarmName="absent", StateValue="OK", StateReason="test"), {}


@refuses(
    "model",
    INVALID,
    "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: [{*}]",
)
def a_state_that_is_none(aws):
    aws.cloudwatch.put_metric_alarm(**request(AlarmName="one"))
    return lambda: aws.cloudwatch.set_alarm_state(AlarmName="one", StateValue="INVALID", StateReason="test"), {}


@refuses("cloudwatch.alarm.reason", "InvalidFormat")
def a_reason_that_is_no_json(aws):
    aws.cloudwatch.put_metric_alarm(**request(AlarmName="one"))
    asked = dict(AlarmName="one", StateValue="OK", StateReason="test", StateReasonData="{")
    return lambda: aws.cloudwatch.set_alarm_state(**asked), {}


# Actions


@refuses("cloudwatch.action.arn", INVALID)
def an_action_by_name(aws):
    return put(aws, AlarmActions=["topic"])


@refuses("cloudwatch.action.arn", INVALID)
def an_action_that_is_a_bucket(aws):
    return put(aws, OKActions=["arn:aws:s3:::bucket"])


@refuses("cloudwatch.action.region", INVALID, "Invalid region us-west-2 specified. Only us-east-1 is supported.")
def an_action_elsewhere(aws):
    return put(aws, AlarmActions=[action().replace(REGION, "us-west-2")])


@refuses("cloudwatch.action.twice", INVALID)
def an_action_twice(aws):
    return put(aws, AlarmActions=[action(), action()])


@refuses("cloudwatch.action.instance", INVALID)
def a_machine_recovered_by_an_alarm_on_all(aws):
    return put(aws, AlarmActions=[f"arn:aws:automate:{REGION}:ec2:recover"])


@refuses("cloudwatch.action.band", INVALID)
def a_group_scaled_by_a_band(aws):
    policy = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:id:autoScalingGroupName/g:policyName/p"
    band = expression("ANOMALY_DETECTION_BAND(m1)", counts=True)
    more = dict(
        Threshold=None, ThresholdMetricId="e1", ComparisonOperator="GreaterThanUpperThreshold", AlarmActions=[policy]
    )
    asked = {**queries(metric(counts=True), band), **more}
    asked = {name: value for name, value in asked.items() if value is not None}
    return lambda: aws.cloudwatch.put_metric_alarm(**asked), {}


# Dashboards


def body(aws, *widgets, **more):
    text = json.dumps({"widgets": list(widgets), **more})
    return lambda: aws.cloudwatch.put_dashboard(DashboardName="new", DashboardBody=text), {}


@refuses(
    "cloudwatch.dashboard.name",
    "InvalidParameterValue",
    "The value for field DashboardName contains invalid characters. It can only contain alphanumerics, dash (-) and underscore (_).\n",
)
def a_dashboard_with_a_dot(aws):
    return lambda: aws.cloudwatch.put_dashboard(DashboardName="a.b", DashboardBody=BODY), {}


@refuses("cloudwatch.dashboard.json", "InvalidParameterInput", "The field DashboardBody must be a valid JSON object")
def a_dashboard_that_is_no_json(aws):
    return lambda: aws.cloudwatch.put_dashboard(DashboardName="new", DashboardBody="{"), {}


OF_A_METRIC = [
    {"dataPath": "/widgets/0/properties", "message": message}
    for message in (
        "Should have required property 'metrics'",
        "The metric widget should have specified a region and a data source or an alarm annotation",
        "Should have required property 'annotations'",
    )
]


@refuses(
    "cloudwatch.dashboard.body",
    "InvalidParameterInput",
    "The dashboard body is invalid, there are 3 validation errors:\n" + json.dumps(OF_A_METRIC, indent=2),
)
def a_dashboard_of_a_metric_that_is_none(aws):
    return body(aws, {"type": "metric", "properties": {}})


@refuses("cloudwatch.dashboard.body", "InvalidParameterInput")
def a_dashboard_of_a_widget_of_no_kind(aws):
    return body(aws, {"type": "clock", "properties": {}})


@refuses("cloudwatch.dashboard.body", "InvalidParameterInput")
def a_dashboard_wider_than_it_is(aws):
    return body(aws, {"type": "text", "width": 25, "properties": {"markdown": "hello"}})


@refuses("cloudwatch.dashboard.widgets", "InvalidParameterInput")
def a_dashboard_of_too_much(aws):
    return body(aws, *[{"type": "text", "properties": {"markdown": "hello"}}] * 501)


@refuses(None, "ResourceNotFound", "Dashboard absent does not exist", 404)
def no_dashboard_shown(aws):
    return lambda: aws.cloudwatch.get_dashboard(DashboardName="absent"), {}


# Tags


@refuses("cloudwatch.tags.key", INVALID)
def an_alarm_with_a_tag_of_aws(aws):
    return put(aws, Tags=[{"Key": "aws:cost", "Value": "1"}])


@refuses("cloudwatch.tags.limit", "InvalidParameterValue")
def an_alarm_with_too_many_tags(aws):
    return put(aws, Tags=[{"Key": f"k{number}", "Value": "v"} for number in range(51)])


@refuses("cloudwatch.tags.resource", "InvalidParameterValue")
def the_tags_of_a_bucket_among_alarms(aws):
    return lambda: aws.cloudwatch.list_tags_for_resource(ResourceARN="arn:aws:s3:::bucket"), {}


@refuses(None, "ResourceNotFoundException", None, 404)
def no_alarm_tagged(aws):
    asked = dict(ResourceARN=arn("absent"), Tags=[{"Key": "a", "Value": "1"}])
    return lambda: aws.cloudwatch.tag_resource(**asked), {}
