"""What AWS Budgets refuses, and in which words."""

import datetime

from ground_budgets import ARN, TOPIC, budget, mail, notification, told
from refusal import Cases
from world import ACCOUNT

CASES = Cases()
refuses = CASES.refuses

INVALID = "InvalidParameterException"
DUPLICATE = "DuplicateRecordException"
LIMIT = "CreationLimitExceededException"
MISSING = "NotFoundException"


def made(aws, name="one", notifications=(), tags=(), **more):
    request = dict(
        AccountId=ACCOUNT, Budget=budget(name, **more), NotificationsWithSubscribers=list(notifications), ResourceTags=list(tags)
    )
    return lambda: aws.budgets.create_budget(**request), {"name": name}


def there(aws, **more):
    made(aws, **more)[0]()
    return aws


def of(aws, operation, name="one", **more):
    return lambda: getattr(aws.budgets, operation)(AccountId=ACCOUNT, BudgetName=name, **more), {}


@refuses("budgets.account", "AccessDeniedException")
def the_budgets_of_another_account(aws):
    return lambda: aws.budgets.describe_budgets(AccountId="999988887777"), {}


@refuses("budgets.page.token", "InvalidNextTokenException")
def budgets_after_no_page(aws):
    return lambda: aws.budgets.describe_budgets(AccountId=ACCOUNT, NextToken="none"), {}


@refuses("budgets.budget.exists", DUPLICATE, "Error creating budget: one - the budget already exists.")
def a_budget_twice(aws):
    return made(there(aws))


@refuses("budgets.budget.name", INVALID)
def a_budget_of_two_parts(aws):
    return made(aws, "one:two")


@refuses("budgets.budget.limit", INVALID)
def a_budget_without_a_limit(aws):
    request = budget()
    del request["BudgetLimit"]
    return lambda: aws.budgets.create_budget(AccountId=ACCOUNT, Budget=request), {}


@refuses("budgets.budget.unit", INVALID)
def a_budget_in_euros(aws):
    return made(aws, BudgetLimit={"Amount": "1", "Unit": "EUR"})


@refuses("budgets.budget.types", INVALID)
def a_budget_of_usage_with_taxes(aws):
    return made(aws, BudgetType="USAGE", CostTypes={"IncludeTax": True})


@refuses("budgets.budget.period", INVALID)
def a_budget_that_ends_before_it_begins(aws):
    day = lambda year: datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc)
    return made(aws, TimePeriod={"Start": day(2030), "End": day(2029)})


@refuses("budgets.budget.quota", LIMIT)
def a_budget_too_many(aws):
    there(aws)

    def act():
        with aws.world.quota("budgets.budgets", 1):
            made(aws, "two")[0]()

    return act, {}


@refuses(None, MISSING, "Unable to get budget: absent - the budget doesn't exist.")
def no_budget_described(aws):
    return of(aws, "describe_budget", "absent")


@refuses(None, MISSING, "Unable to delete budget: absent - the budget doesn't exist. Try creating it first. ")
def no_budget_deleted(aws):
    return of(aws, "delete_budget", "absent")


@refuses(None, MISSING)
def no_budget_changed(aws):
    return lambda: aws.budgets.update_budget(AccountId=ACCOUNT, NewBudget=budget("absent")), {}


@refuses("budgets.tags.reserved", INVALID)
def a_tag_of_aws(aws):
    return made(aws, tags=[{"Key": "aws:a", "Value": "1"}])


@refuses("budgets.tags.limit", "ServiceQuotaExceededException")
def a_tag_too_many(aws):
    return made(aws, tags=[{"Key": f"k{number}", "Value": "v"} for number in range(51)])


@refuses(None, MISSING)
def the_tags_of_no_budget(aws):
    return lambda: aws.budgets.list_tags_for_resource(ResourceARN=ARN.format("absent")), {}


# Notifications


@refuses("budgets.notification.exists", DUPLICATE)
def a_notification_twice(aws):
    return of(there(aws, notifications=[told()]), "create_notification", Notification=notification(), Subscribers=[mail()])


@refuses("budgets.notification.exists", DUPLICATE)
def a_notification_changed_into_another(aws):
    there(aws, notifications=[told(), told(100.0)])
    return of(aws, "update_notification", OldNotification=notification(), NewNotification=notification(100.0))


@refuses("budgets.notification.quota", LIMIT)
def a_notification_too_many(aws):
    there(aws, notifications=[told(float(number)) for number in range(1, 11)])
    return of(aws, "create_notification", Notification=notification(50.5), Subscribers=[mail()])


@refuses(None, MISSING, "Unable to create notification - the budget should be created first. ")
def a_notification_of_no_budget(aws):
    return of(aws, "create_notification", "absent", Notification=notification(), Subscribers=[mail()])


@refuses(None, MISSING, "Unable to delete notification - the notification doesn't exist. Try creating it first.")
def no_notification_deleted(aws):
    return of(there(aws), "delete_notification", Notification=notification())


# Subscribers


@refuses("budgets.subscriber.address", INVALID)
def a_mail_to_nowhere(aws):
    there(aws, notifications=[told()])
    return of(aws, "create_subscriber", Notification=notification(), Subscriber={"SubscriptionType": "EMAIL", "Address": "someone"})


@refuses("budgets.subscriber.exists", DUPLICATE)
def someone_told_twice(aws):
    there(aws, notifications=[told()])
    return of(aws, "create_subscriber", Notification=notification(), Subscriber=mail())


@refuses("budgets.subscriber.quota", LIMIT)
def two_topics(aws):
    there(aws, notifications=[told()])
    topic = {"SubscriptionType": "SNS", "Address": TOPIC}
    of(aws, "create_subscriber", Notification=notification(), Subscriber=topic)[0]()
    other = {"SubscriptionType": "SNS", "Address": TOPIC + "-too"}
    return of(aws, "create_subscriber", Notification=notification(), Subscriber=other)


@refuses(None, MISSING)
def nobody_taken_away(aws):
    there(aws, notifications=[told()])
    return of(aws, "delete_subscriber", Notification=notification(), Subscriber=mail("absent"))


@refuses(None, MISSING)
def nobody_changed(aws):
    there(aws, notifications=[told()])
    return of(aws, "update_subscriber", Notification=notification(), OldSubscriber=mail("absent"), NewSubscriber=mail("new"))
