"""CloudWatch's ground, and a call of each of its operations that succeeds on it."""

import datetime
import json

from members import Ground, listing
from world import ACCOUNT, REGION


def arn(name):
    return f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"


def action(name="topic"):
    """No topic is asked whether it is there."""
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"


WIDGET = {"type": "text", "x": 0, "y": 0, "width": 6, "height": 6, "properties": {"markdown": "hello"}}
BODY = json.dumps({"widgets": [WIDGET]})
OTHER = json.dumps({"widgets": []})


def request(**more):
    """What an alarm on one metric needs."""
    usual = dict(
        AlarmName="new",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=2,
        MetricName="CPUUtilization",
        Namespace="AWS/EC2",
        Period=60,
        Statistic="Average",
        Threshold=50.0,
    )
    merged = {**usual, **more}
    return {name: value for name, value in merged.items() if value is not None}


def queries(*metrics):
    """The same of an alarm on what is reckoned."""
    one = dict(MetricName=None, Namespace=None, Period=None, Statistic=None)
    return request(**one, Metrics=list(metrics))


def metric(id="m1", counts=False, **more):
    stat = {"Metric": {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization"}, "Period": 60, "Stat": "Average"}
    return {"Id": id, "MetricStat": {**stat, **more}, "ReturnData": counts}


def expression(text="m1 * 2", id="e1", counts=True):
    return {"Id": id, "Expression": text, "ReturnData": counts}


class CloudwatchGround(Ground):
    """Alarms with and without dimensions, tags and actions, one of them told to ring, and two dashboards."""

    def make_alarm(self):
        tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
        dimensions = [{"Name": "InstanceId", "Value": "i-1"}]
        self.aws.cloudwatch.put_metric_alarm(
            **request(AlarmName="one", Tags=tags, Dimensions=dimensions, AlarmActions=[action()], Unit="Percent")
        )
        return "one"

    def make_plain(self):
        self.aws.cloudwatch.put_metric_alarm(**request(AlarmName="two", TreatMissingData="ignore"))
        self.aws.cloudwatch.set_alarm_state(AlarmName="two", StateValue="ALARM", StateReason="told")
        return "two"

    def make_quiet(self):
        self.aws.cloudwatch.put_metric_alarm(**request(AlarmName="three", ActionsEnabled=False))
        return "three"

    def make_dashboard(self):
        self.aws.cloudwatch.put_dashboard(DashboardName="one", DashboardBody=BODY)
        return "one"

    def make_dashboard2(self):
        self.aws.cloudwatch.put_dashboard(DashboardName="two", DashboardBody=BODY)
        return "two"


def all_alarms(g):
    assert g["alarm"] and g["plain"] and g["quiet"]
    return {}


def all_dashboards(g):
    assert g["dashboard"] and g["dashboard2"]
    return {}


BASES = {
    "DeleteAlarms": lambda g: dict(AlarmNames=[g["alarm"]]),
    "DeleteDashboards": lambda g: dict(DashboardNames=[g["dashboard"]]),
    "DescribeAlarmHistory": all_alarms,
    "DescribeAlarms": all_alarms,
    "DescribeAlarmsForMetric": lambda g: dict(
        all_alarms(g), MetricName="CPUUtilization", Namespace="AWS/EC2", Dimensions=[{"Name": "InstanceId", "Value": "i-1"}]
    ),
    "DisableAlarmActions": lambda g: dict(AlarmNames=[g["alarm"]]),
    "EnableAlarmActions": lambda g: dict(AlarmNames=[g["quiet"]]),
    "GetDashboard": lambda g: dict(DashboardName=g["dashboard"]),
    "ListDashboards": all_dashboards,
    "ListTagsForResource": lambda g: dict(ResourceARN=arn(g["alarm"])),
    "PutDashboard": listing(DashboardName="new", DashboardBody=BODY),
    "PutMetricAlarm": listing(**queries(metric(), expression())),
    "SetAlarmState": lambda g: dict(AlarmName=g["alarm"], StateValue="OK", StateReason="told"),
    "TagResource": lambda g: dict(ResourceARN=arn(g["alarm"]), Tags=[{"Key": "new", "Value": "new"}]),
    "UntagResource": lambda g: dict(ResourceARN=arn(g["alarm"]), TagKeys=["a"]),
}

LATER = datetime.datetime(2040, 1, 1, tzinfo=datetime.timezone.utc)

# Values for members of one operation, where the general ones would not tell.
VALUES = {
    **{f"{operation}.ResourceARN": arn("absent") for operation in BASES},
    "DescribeAlarmHistory.AlarmName": "absent",
    "DescribeAlarmHistory.AlarmTypes": [["CompositeAlarm"]],
    "DescribeAlarmHistory.HistoryItemType": "StateUpdate",
    "DescribeAlarmHistory.ScanBy": "TimestampAscending",
    "DescribeAlarmHistory.StartDate": LATER,
    "DescribeAlarms.ActionPrefix": "arn:aws:sns",
    "DescribeAlarms.AlarmNamePrefix": "o",
    "DescribeAlarms.AlarmNames": [["two"]],
    "DescribeAlarms.AlarmTypes": [["CompositeAlarm"]],
    "DescribeAlarms.StateValue": "ALARM",
    "DescribeAlarmsForMetric.Dimensions[].Name": "Other",
    "DescribeAlarmsForMetric.Dimensions[].Value": "i-2",
    "DescribeAlarmsForMetric.Statistic": "Sum",
    "DescribeAlarmsForMetric.Unit": "Seconds",
    "DescribeAlarmsForMetric.Period": 300,
    "DisableAlarmActions.AlarmNames": [["absent"]],
    "EnableAlarmActions.AlarmNames": [["absent"]],
    "DeleteDashboards.DashboardNames": [["absent"]],
    "ListDashboards.DashboardNamePrefix": "o",
    "PutDashboard.DashboardBody": OTHER,
    "PutMetricAlarm.ActionsEnabled": False,
    "PutMetricAlarm.AlarmActions": [[action()]],
    "PutMetricAlarm.OKActions": [[action()]],
    "PutMetricAlarm.InsufficientDataActions": [[action()]],
    "PutMetricAlarm.ComparisonOperator": "LessThanThreshold",
    "PutMetricAlarm.EvaluationPeriods": 3,
    "PutMetricAlarm.Metrics[].AccountId": "999988887777",
    "PutMetricAlarm.Metrics[].Expression": "1 + 1",
    "PutMetricAlarm.Metrics[].Id": "other",
    "PutMetricAlarm.Metrics[].MetricStat.Metric.MetricName": "NetworkIn",
    "PutMetricAlarm.Metrics[].MetricStat.Metric.Namespace": "Mine",
    "PutMetricAlarm.Metrics[].MetricStat.Period": 300,
    "PutMetricAlarm.Metrics[].MetricStat.Stat": "Sum",
    "PutMetricAlarm.Metrics[].MetricStat.Unit": "Percent",
    "PutMetricAlarm.Metrics[].Period": 300,
    "PutMetricAlarm.Metrics[].ReturnData": True,
    "PutMetricAlarm.Period": 300,
    "PutMetricAlarm.Statistic": "Sum",
    "PutMetricAlarm.TreatMissingData": "ignore",
    "PutMetricAlarm.Unit": "Percent",
    "SetAlarmState.StateValue": "ALARM",
    "SetAlarmState.StateReasonData": "{}",
    "UntagResource.TagKeys": [["b"]],
}

GROUND = CloudwatchGround
