"""AWS Budgets' ground, and a call of each of its operations that succeeds on it."""

from members import Ground
from world import ACCOUNT

ARN = f"arn:aws:budgets::{ACCOUNT}:budget/{{}}"
FILTER = {"Dimensions": {"Key": "SERVICE", "Values": ["any"]}}
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:costs"


def budget(name="one", **more):
    limit = {"Amount": "100", "Unit": "USD"}
    return {"BudgetName": name, "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit, **more}


def notification(threshold=80.0, **more):
    return {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": threshold, **more}


def mail(name="someone"):
    return {"SubscriptionType": "EMAIL", "Address": f"{name}@example.com"}


def told(threshold=80.0):
    return {"Notification": notification(threshold), "Subscribers": [mail(), mail("another")]}


class BudgetsGround(Ground):
    """Two budgets, of which one tells two people of two thresholds."""

    def make_budget(self):
        tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
        self.aws.budgets.create_budget(
            AccountId=ACCOUNT, Budget=budget(), NotificationsWithSubscribers=[told(), told(100.0)], ResourceTags=tags
        )
        return "one"

    def make_other(self):
        self.aws.budgets.create_budget(AccountId=ACCOUNT, Budget=budget("two"), NotificationsWithSubscribers=[told()])
        return "two"


def of(**more):
    return lambda g: dict(AccountId=ACCOUNT, BudgetName=g["budget"], **more)


def everything(g):
    assert g["budget"] and g["other"]
    return dict(AccountId=ACCOUNT)


def tagged(**more):
    return lambda g: dict(ResourceARN=ARN.format(g["budget"]), **more)


BASES = {
    "CreateBudget": lambda g: dict(AccountId=ACCOUNT, Budget=budget("new"), NotificationsWithSubscribers=[told()]),
    "CreateNotification": of(Notification=notification(50.0), Subscribers=[mail()]),
    "CreateSubscriber": of(Notification=notification(), Subscriber=mail("new")),
    "DeleteBudget": of(),
    "DeleteNotification": of(Notification=notification()),
    "DeleteSubscriber": of(Notification=notification(), Subscriber=mail()),
    "DescribeBudget": of(),
    "DescribeBudgetNotificationsForAccount": everything,
    "DescribeBudgets": everything,
    "DescribeNotificationsForBudget": of(),
    "DescribeSubscribersForNotification": of(Notification=notification()),
    "ListTagsForResource": tagged(),
    "TagResource": tagged(ResourceTags=[{"Key": "new", "Value": "new"}]),
    "UntagResource": tagged(ResourceTagKeys=["a"]),
    "UpdateBudget": lambda g: dict(AccountId=ACCOUNT, NewBudget=budget(g["budget"], TimeUnit="QUARTERLY")),
    "UpdateNotification": of(OldNotification=notification(), NewNotification=notification(90.0)),
    "UpdateSubscriber": of(Notification=notification(), OldSubscriber=mail(), NewSubscriber=mail("new")),
}

# Values for members of one operation, where the general ones would not tell.
SUBSCRIBERS = ("Subscriber", "OldSubscriber", "NewSubscriber", "Subscribers[]", "NotificationsWithSubscribers[].Subscribers[]")
NOTIFICATIONS = ("Notification", "OldNotification", "NewNotification", "NotificationsWithSubscribers[].Notification")
VALUES = {
    **{f"{operation}.AccountId": "999988887777" for operation in BASES},
    **{f"{operation}.BudgetName": "absent" for operation in BASES},
    **{f"{operation}.ResourceARN": ARN.format("absent") for operation in BASES},
    **{f"{operation}.MaxResults": 1 for operation in BASES if operation.startswith("Describe")},
    **{f"{operation}.{one}.SubscriptionType": "SNS" for operation in BASES for one in SUBSCRIBERS},
    **{f"{operation}.{one}.Address": "third@example.com" for operation in BASES for one in SUBSCRIBERS},
    **{f"{operation}.{one}.Threshold": 70.0 for operation in BASES for one in NOTIFICATIONS},
    **{f"{operation}.{one}.ThresholdType": "ABSOLUTE_VALUE" for operation in BASES for one in NOTIFICATIONS},
    **{f"{operation}.{one}.NotificationType": "FORECASTED" for operation in BASES for one in NOTIFICATIONS},
    **{f"{operation}.{one}.ComparisonOperator": "LESS_THAN" for operation in BASES for one in NOTIFICATIONS},
    **{
        f"{operation}.{path}": value
        for operation, one in (("CreateBudget", "Budget"), ("UpdateBudget", "NewBudget"))
        for path, value in {
            f"{one}.BudgetName": "one:two",
            f"{one}.BillingViewArn": f"arn:aws:billing::{ACCOUNT}:billingview/custom-one",
            f"{one}.BudgetLimit.Amount": "7",
            f"{one}.BudgetLimit.Unit": "EUR",
            f"{one}.CostFilters": {"Service": ["Amazon Elastic Compute Cloud - Compute"]},
            f"{one}.FilterExpression.Or[]": [[FILTER]],
            f"{one}.FilterExpression.And[]": [[FILTER]],
            f"{one}.FilterExpression.Not": FILTER,
            f"{one}.PlannedBudgetLimits": {"1767225600": {"Amount": "7", "Unit": "USD"}},
            f"{one}.CostTypes.UseBlended": True,
            f"{one}.CostTypes.UseAmortized": True,
            **{
                f"{one}.CostTypes.Include{kind}": False
                for kind in "Tax Subscription Refund Credit Upfront Recurring OtherSubscription Support Discount".split()
            },
            f"{one}.TimeUnit": "ANNUALLY",
            f"{one}.BudgetType": "USAGE",
        }.items()
    },
    "UntagResource.ResourceTagKeys": [["b"]],
}

GROUND = BudgetsGround
