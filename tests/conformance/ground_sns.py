"""SNS's ground, and a call of each of its operations that succeeds on it."""

import json

from members import Ground, listing
from world import ACCOUNT, REGION


def arn(rest):
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{rest}"


def queue(name="queue"):
    """No queue is asked whether it is there."""
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


class SnsGround(Ground):
    """A topic with tags and a permission, one that keeps its order, and who is subscribed to them, asked and not."""

    def make_topic(self):
        tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
        topic = self.aws.sns.create_topic(Name="one", Tags=tags)["TopicArn"]
        self.aws.sns.add_permission(TopicArn=topic, Label="first", AWSAccountId=[ACCOUNT], ActionName=["Publish"])
        return topic

    def make_ordered(self):
        return self.aws.sns.create_topic(Name="two.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]

    def make_subscription(self):
        return self.aws.subscription(self["topic"])

    def make_pending(self):
        return self.aws.subscription(self["topic"], "email", "someone@example.com")

    def make_token(self):
        return self.aws.confirmation(self["pending"])


BASES = {
    "AddPermission": lambda g: dict(
        TopicArn=g["topic"], Label="new", AWSAccountId=[ACCOUNT], ActionName=["Subscribe"]
    ),
    "ConfirmSubscription": lambda g: dict(TopicArn=g["topic"], Token=g["token"]),
    "CreateTopic": listing(Name="new"),
    "DeleteTopic": lambda g: dict(TopicArn=g["topic"]),
    "GetSubscriptionAttributes": lambda g: dict(SubscriptionArn=g["subscription"]),
    "GetTopicAttributes": lambda g: dict(TopicArn=g["topic"]),
    "ListSubscriptions": listing(),
    "ListSubscriptionsByTopic": lambda g: dict(TopicArn=g["topic"]),
    "ListTagsForResource": lambda g: dict(ResourceArn=g["topic"]),
    "ListTopics": listing(),
    "Publish": lambda g: dict(TopicArn=g["topic"], Message="hello"),
    "RemovePermission": lambda g: dict(TopicArn=g["topic"], Label="first"),
    "SetSubscriptionAttributes": lambda g: dict(
        SubscriptionArn=g["subscription"], AttributeName="RawMessageDelivery", AttributeValue="true"
    ),
    "SetTopicAttributes": lambda g: dict(TopicArn=g["topic"], AttributeName="DisplayName", AttributeValue="One"),
    "Subscribe": lambda g: dict(TopicArn=g["topic"], Protocol="https", Endpoint="https://example.com/"),
    "TagResource": lambda g: dict(ResourceArn=g["topic"], Tags=[{"Key": "new", "Value": "new"}]),
    "Unsubscribe": lambda g: dict(SubscriptionArn=g["subscription"]),
    "UntagResource": lambda g: dict(ResourceArn=g["topic"], TagKeys=["a"]),
}

OPEN = json.dumps({"other": ["value"]})

# Values for members of one operation, where the general ones would not tell.
VALUES = {
    **{f"{operation}.TopicArn": arn("absent") for operation in BASES},
    **{f"{operation}.ResourceArn": arn("absent") for operation in BASES},
    **{f"{operation}.SubscriptionArn": arn("absent:00000000-0000-4000-a000-000000000000") for operation in BASES},
    "AddPermission.AWSAccountId": [["999988887777"]],
    "AddPermission.ActionName": [["GetTopicAttributes"]],
    "AddPermission.Label": "other",
    "ConfirmSubscription.AuthenticateOnUnsubscribe": "true",
    "CreateTopic.Attributes": {"DisplayName": "New"},
    "CreateTopic.DataProtectionPolicy": "{}",
    "Publish.MessageStructure": "json",
    "Publish.MessageAttributes": {"other": {"DataType": "Number", "StringValue": "none"}},
    "Publish.MessageDeduplicationId": "other",
    "Publish.MessageGroupId": "a group with spaces",
    "Publish.Message": "",
    "Publish.Subject": "two\nlines",
    "RemovePermission.Label": "other",
    "SetSubscriptionAttributes.AttributeName": "FilterPolicy",
    "SetSubscriptionAttributes.AttributeValue": "false",
    "SetTopicAttributes.AttributeName": "SignatureVersion",
    "SetTopicAttributes.AttributeValue": "Other",
    "Subscribe.Attributes": {"FilterPolicy": OPEN},
    "Subscribe.Endpoint": "https://example.com/other",
    "Subscribe.Protocol": "http",
    "Subscribe.ReturnSubscriptionArn": True,
    "UntagResource.TagKeys": [["b"]],
}

GROUND = SnsGround
