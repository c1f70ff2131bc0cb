"""What SNS refuses, and in which words."""

import json

from ground_sns import arn, queue
from refusal import Cases
from world import ACCOUNT, REGION

CASES = Cases()
refuses = CASES.refuses

INVALID = "InvalidParameter"
# How the parser behind SNS tells of a place in what it does not show.
REDACTED = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: "
DENIED = "AuthorizationError"
NO_TOPIC = "Topic does not exist"
NO_SUBSCRIPTION = "Subscription does not exist"
UUID = "00000000-0000-4000-a000-000000000000"


def given(aws, topic, name, value):
    return lambda: aws.sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value), {}


def made(aws, **attributes):
    return lambda: aws.sns.create_topic(Name="new", Attributes=attributes), {}


def subscribed(aws, protocol, endpoint, topic=None, **attributes):
    topic = topic or aws.topic()
    request = dict(TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=attributes)
    return lambda: aws.sns.subscribe(**request), {"endpoint": endpoint}


def changed(aws, name, value, protocol="sqs", endpoint=None):
    subscription = aws.subscription(aws.topic(), protocol, endpoint or queue())
    request = dict(SubscriptionArn=subscription, AttributeName=name, AttributeValue=value)
    return lambda: aws.sns.set_subscription_attributes(**request), {}


def published(aws, topic=None, **members):
    request = {"TopicArn": topic or aws.topic(), "Message": "hello", **members}
    return lambda: aws.sns.publish(**{name: value for name, value in request.items() if value is not None}), {}


# ARNs


@refuses("sns.arn.form", INVALID, "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1")
def the_attributes_of_a_name(aws):
    return lambda: aws.sns.get_topic_attributes(TopicArn="one"), {}


@refuses("sns.arn.form", INVALID, "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 2")
def a_message_to_two_words(aws):
    return published(aws, topic="one:two")


@refuses("sns.arn.form", INVALID, "Invalid parameter: TopicArn")
def a_topic_of_another_region(aws):
    other = aws.topic().replace(REGION, "us-west-2")
    return lambda: aws.sns.publish(TopicArn=other, Message="hello"), {}


@refuses("sns.arn.form", INVALID, "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 5")
def a_subscription_of_few_parts(aws):
    return lambda: aws.sns.unsubscribe(SubscriptionArn="arn:aws:sns:us-east-1:random"), {}


@refuses("sns.arn.form", INVALID, "Invalid parameter: SubscriptionId")
def a_topic_as_a_subscription(aws):
    topic = aws.topic()
    return lambda: aws.sns.unsubscribe(SubscriptionArn=topic), {}


@refuses("sns.arn.account", DENIED, None, 403)
def a_topic_of_another_account(aws):
    other = aws.topic().replace(ACCOUNT, "999988887777")
    return lambda: aws.sns.get_topic_attributes(TopicArn=other), {}


@refuses(None, INVALID, "Invalid parameter: SubscriptionArn Reason: no value for required parameter")
def no_subscription_named(aws):
    return lambda: aws.sns.unsubscribe(), {}


@refuses("sns.page.token", INVALID, "Invalid parameter: NextToken")
def topics_after_no_page(aws):
    return lambda: aws.sns.list_topics(NextToken="none"), {}


@refuses(None, "NotFound", NO_TOPIC, 404)
def no_topic_described(aws):
    return lambda: aws.sns.get_topic_attributes(TopicArn=arn("absent")), {}


@refuses(None, "NotFound", NO_TOPIC, 404)
def a_message_to_no_topic(aws):
    return published(aws, topic=arn("absent"))


@refuses(None, "NotFound", NO_TOPIC, 404)
def a_subscription_to_no_topic(aws):
    return subscribed(aws, "sms", "+1234567890", topic=arn("absent"))


@refuses(None, "NotFound", NO_TOPIC, 404)
def a_permission_of_no_topic(aws):
    request = dict(TopicArn=arn("absent"), Label="x", AWSAccountId=[ACCOUNT], ActionName=["Publish"])
    return lambda: aws.sns.add_permission(**request), {}


@refuses(None, "NotFound", NO_SUBSCRIPTION, 404)
def no_subscription_described(aws):
    return lambda: aws.sns.get_subscription_attributes(SubscriptionArn=arn(f"one:{UUID}")), {}


@refuses(None, "ResourceNotFound", "Resource does not exist", 404)
def the_tags_of_no_topic(aws):
    return lambda: aws.sns.list_tags_for_resource(ResourceArn=arn("absent")), {}


# Topics


def named(name, why, **attributes):
    def arrange(aws):
        return lambda: aws.sns.create_topic(Name=name, Attributes=attributes), {}

    arrange.__name__ = why
    refuses("sns.topic.name", INVALID, "Invalid parameter: Topic Name")(arrange)


named("", "a_topic_without_a_name")
named("a" * 257, "a_topic_with_a_long_name")
named("bad name", "a_topic_with_a_space")
named("test.fifo", "a_standard_topic_called_fifo")
named("test", "a_fifo_topic_not_called_so", FifoTopic="true")


@refuses("sns.topic.attributes", INVALID, "Invalid parameter: Attributes Reason: Topic already exists with different attributes")
def a_topic_again_with_another_name_to_show(aws):
    aws.sns.create_topic(Name="new", Attributes={"DisplayName": "Value1"})
    return made(aws, DisplayName="Value2")


@refuses("sns.topic.attributes", INVALID, "Invalid parameter: Attributes Reason: Topic already exists with different attributes")
def a_topic_again_with_more_attributes(aws):
    aws.sns.create_topic(Name="new", Attributes={"DisplayName": "Value1"})
    return made(aws, DisplayName="Value1", SignatureVersion="2")


@refuses("sns.topic.tags", INVALID, "Invalid parameter: Tags Reason: Topic already exists with different tags")
def a_topic_again_with_more_tags(aws):
    aws.sns.create_topic(Name="new")
    return lambda: aws.sns.create_topic(Name="new", Tags=[{"Key": "a", "Value": "1"}]), {}


@refuses("sns.topic.quota", "TopicLimitExceeded", None, 403)
def a_topic_too_many(aws):
    aws.topic()

    def act():
        with aws.world.quota("sns.topics", 1):
            aws.sns.create_topic(Name="more")

    return act, {}


@refuses("sns.topic.attribute.name", INVALID, "Invalid parameter: AttributeName")
def a_topic_made_fifo_later(aws):
    return given(aws, aws.topic(), "FifoTopic", "false")


@refuses("sns.topic.attribute.name", INVALID, "Invalid parameter: Attributes Reason: Unknown attribute Colour")
def a_topic_with_a_colour(aws):
    return made(aws, Colour="red")


@refuses("sns.topic.attribute.value", INVALID)
def a_topic_with_a_long_name_to_show(aws):
    return made(aws, DisplayName="x" * 101)


@refuses("sns.topic.attribute.value", INVALID)
def a_signature_of_a_version_to_come(aws):
    return given(aws, aws.topic(), "SignatureVersion", "3")


@refuses("sns.topic.attribute.value", INVALID)
def a_tracing_that_is_none(aws):
    return given(aws, aws.topic(), "TracingConfig", "Sometimes")


@refuses("sns.topic.attribute.value", INVALID)
def a_topic_of_tiny_messages(aws):
    return given(aws, aws.topic(), "MaximumMessageSize", "1023")


@refuses("sns.topic.attribute.value", INVALID)
def a_fifo_topic_that_is_maybe_one_by_content(aws):
    return given(aws, aws.fifo_topic(), "ContentBasedDeduplication", "maybe")


@refuses("sns.topic.attribute.kind", INVALID)
def a_standard_topic_deduplicated(aws):
    return given(aws, aws.topic(), "ContentBasedDeduplication", "true")


@refuses("sns.topic.attribute.kind", INVALID)
def a_fifo_topic_traced(aws):
    return given(aws, aws.fifo_topic(), "TracingConfig", "Active")


@refuses("sns.topic.attribute.large", INVALID)
def large_messages_for_a_phone(aws):
    topic = aws.topic()
    aws.subscription(topic, "sms", "+1234567890")
    return given(aws, topic, "MaximumMessageSize", "1048576")


def delivery(**retries):
    return json.dumps({"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 5, "maxDelayTarget": 6, "numRetries": 1, **retries}}})


@refuses("sns.delivery_policy.document", INVALID)
def a_delivery_policy_that_is_no_json(aws):
    return given(aws, aws.topic(), "DeliveryPolicy", "{")


@refuses("sns.delivery_policy.document", INVALID)
def a_delivery_policy_of_something_else(aws):
    return given(aws, aws.topic(), "DeliveryPolicy", json.dumps({"http": {"retries": 3}}))


@refuses(
    "sns.delivery_policy.bounds",
    INVALID,
    "Invalid parameter: Attributes Reason: DeliveryPolicy: healthyRetryPolicy.minDelayTarget must be greater than or equal to 1",
)
def a_subscription_without_delay(aws):
    retries = {"healthyRetryPolicy": {"minDelayTarget": 0, "maxDelayTarget": 0, "numRetries": 0}}
    return subscribed(aws, "https", "https://example.com", DeliveryPolicy=json.dumps(retries))


@refuses("sns.delivery_policy.bounds", INVALID)
def a_delay_of_more_than_an_hour(aws):
    return given(aws, aws.topic(), "DeliveryPolicy", delivery(maxDelayTarget=3601))


@refuses("sns.delivery_policy.bounds", INVALID)
def more_retries_than_there_are(aws):
    return given(aws, aws.topic(), "DeliveryPolicy", delivery(numNoDelayRetries=2))


# Policies


def policy(topic, **more):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "SNS:Publish", "Resource": topic, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@refuses("sns.policy.document", INVALID, "Invalid parameter: Policy Error: null")
def a_policy_with_a_word_misspelt(aws):
    topic = aws.topic()
    return given(aws, topic, "Policy", policy(topic, Principle="*"))


@refuses("sns.policy.document", INVALID, "Invalid parameter: Policy Error: PrincipalNotFound")
def a_policy_for_a_role_that_is_not_there(aws):
    topic = aws.topic()
    return given(aws, topic, "Policy", policy(topic, Principal={"AWS": aws.role_arn("absent")}))


@refuses("sns.policy.action", INVALID, "Invalid parameter: Policy statement action out of service scope!")
def a_policy_for_every_action(aws):
    topic = aws.topic()
    return given(aws, topic, "Policy", policy(topic, Action="sns:*"))


@refuses("sns.policy.action", INVALID, "Invalid parameter: Policy statement action out of service scope!")
def a_permission_for_no_action(aws):
    request = dict(TopicArn=aws.topic(), Label="x", AWSAccountId=[ACCOUNT], ActionName=["InvalidAction"])
    return lambda: aws.sns.add_permission(**request), {}


@refuses("sns.policy.resource", INVALID)
def a_policy_of_a_topic_for_another(aws):
    topic = aws.topic()
    return given(aws, topic, "Policy", policy(topic, Resource=arn("other")))


@refuses("sns.policy.label", INVALID, "Invalid parameter: Statement already exists")
def a_permission_twice(aws):
    request = dict(TopicArn=aws.topic(), Label="x", AWSAccountId=[ACCOUNT], ActionName=["Publish"])
    aws.sns.add_permission(**request)
    return lambda: aws.sns.add_permission(**request), {}


# Tags


@refuses("sns.tags.key", INVALID, "Invalid parameter: Duplicated keys are not allowed.")
def a_topic_with_a_tag_twice(aws):
    tags = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    return lambda: aws.sns.create_topic(Name="new", Tags=tags), {}


@refuses("sns.tags.key", INVALID)
def a_topic_with_a_tag_of_aws(aws):
    topic = aws.topic()
    return lambda: aws.sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "aws:cost", "Value": "1"}]), {}


@refuses("sns.tags.limit", "TagLimitExceeded")
def a_topic_with_too_many_tags(aws):
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]
    return lambda: aws.sns.create_topic(Name="new", Tags=tags), {}


# Subscriptions


@refuses(
    "sns.endpoint.protocol",
    INVALID,
    "Invalid parameter: Amazon SNS does not support this protocol string: test-protocol",
)
def a_subscription_by_no_protocol(aws):
    return subscribed(aws, "test-protocol", "someone@example.com")


@refuses("sns.endpoint.form", INVALID, "Invalid parameter: SQS endpoint ARN")
def a_queue_by_its_address(aws):
    return subscribed(aws, "sqs", f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/queue")


@refuses("sns.endpoint.form", INVALID, "Invalid SMS endpoint: {endpoint}")
def a_phone_with_two_hyphens(aws):
    return subscribed(aws, "sms", "+15--551234567")


@refuses("sns.endpoint.form", INVALID, "Invalid SMS endpoint: {endpoint}")
def a_phone_that_ends_with_a_dot(aws):
    return subscribed(aws, "sms", "+15551234567.")


@refuses("sns.endpoint.form", INVALID)
def an_address_that_is_none(aws):
    return subscribed(aws, "email", "someone")


@refuses("sns.endpoint.form", INVALID)
def an_endpoint_over_http_as_https(aws):
    return subscribed(aws, "https", "http://example.com")


@refuses("sns.endpoint.form", INVALID)
def a_function_by_its_name(aws):
    return subscribed(aws, "lambda", "function")


@refuses("sns.endpoint.form", INVALID)
def a_stream_that_is_a_queue(aws):
    # The role of a stream is a rule of its own.
    aws.world.switch("sns.subscription.role", False)
    return subscribed(aws, "firehose", queue())


@refuses("sns.endpoint.form", INVALID)
def an_application_that_is_not_there(aws):
    return subscribed(aws, "application", arn("endpoint/GCM/app/" + UUID))


@refuses("sns.endpoint.fifo", INVALID, "Invalid parameter: Invalid protocol type: email")
def a_fifo_topic_by_mail(aws):
    return subscribed(aws, "email", "someone@example.com", topic=aws.fifo_topic())


@refuses(
    "sns.endpoint.fifo",
    INVALID,
    "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
)
def a_fifo_queue_to_a_standard_topic(aws):
    return subscribed(aws, "sqs", queue("queue.fifo"))


@refuses(
    "sns.subscription.attributes",
    INVALID,
    "Invalid parameter: Attributes Reason: Subscription already exists with different attributes",
)
def a_subscription_again_and_raw(aws):
    topic = aws.topic()
    aws.subscription(topic)
    return subscribed(aws, "sqs", queue(), topic=topic, RawMessageDelivery="true")


@refuses("sns.subscription.quota", "SubscriptionLimitExceeded", None, 403)
def a_subscription_too_many(aws):
    topic = aws.topic()
    aws.subscription(topic)

    def act():
        with aws.world.quota("sns.subscriptions-per-topic", 1):
            aws.subscription(topic, "sqs", queue("other"))

    return act, {}


@refuses("sns.subscription.pending-quota", "SubscriptionLimitExceeded", None, 403)
def a_pending_subscription_too_many(aws):
    topic = aws.topic()
    aws.subscription(topic, "email", "someone@example.com")

    def act():
        with aws.world.quota("sns.pending-subscriptions", 1):
            aws.subscription(topic, "email", "another@example.com")

    return act, {}


@refuses("sns.subscription.large", INVALID)
def a_phone_for_large_messages(aws):
    topic = aws.topic()
    aws.sns.set_topic_attributes(TopicArn=topic, AttributeName="MaximumMessageSize", AttributeValue="1048576")
    return subscribed(aws, "sms", "+1234567890", topic=topic)


@refuses(
    "sns.subscription.pending",
    INVALID,
    "Invalid parameter: Cannot unsubscribe a subscription that is pending confirmation",
)
def a_subscription_deleted_that_nobody_confirmed(aws):
    subscription = aws.subscription(aws.topic(), "email", "someone@example.com")
    return lambda: aws.sns.unsubscribe(SubscriptionArn=subscription), {}


@refuses("sns.confirmation.token", INVALID, "Invalid token")
def a_token_that_is_none(aws):
    topic = aws.topic()
    return lambda: aws.sns.confirm_subscription(TopicArn=topic, Token="randomtoken"), {}


@refuses(None, INVALID, "Invalid parameter: Token")
def a_token_of_another_subscription(aws):
    topic = aws.topic()
    return lambda: aws.sns.confirm_subscription(TopicArn=topic, Token="a" * 288), {}


@refuses(None, INVALID, "Invalid parameter: Topic")
def a_subscription_to_a_name_confirmed(aws):
    return lambda: aws.sns.confirm_subscription(TopicArn="one", Token="a" * 288), {}


@refuses("sns.subscription.attribute.name", INVALID, "Invalid parameter: AttributeName")
def a_subscription_given_a_colour(aws):
    return changed(aws, "FakeAttribute", "test-value")


@refuses(
    "sns.subscription.attribute.value",
    INVALID,
    "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false.",
)
def a_subscription_that_is_maybe_raw(aws):
    return subscribed(aws, "sqs", queue(), RawMessageDelivery="wrongvalue")


@refuses(
    "sns.subscription.attribute.value",
    INVALID,
    "Invalid parameter: RawMessageDelivery: Invalid value []. Must be true or false.",
)
def a_subscription_made_nothing(aws):
    return changed(aws, "RawMessageDelivery", "")


@refuses(
    "sns.subscription.attribute.value",
    INVALID,
    "Invalid parameter: FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or MessageAttributes",
)
def a_filter_of_another_scope(aws):
    return changed(aws, "FilterPolicyScope", "RandomValue")


@refuses(
    "sns.subscription.raw",
    INVALID,
    "Invalid parameter: Delivery protocol [lambda] does not support raw message delivery.",
)
def a_function_given_raw_messages(aws):
    return changed(aws, "RawMessageDelivery", "false", "lambda", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f")


@refuses("sns.subscription.delivery", INVALID)
def a_queue_with_retries(aws):
    return changed(aws, "DeliveryPolicy", json.dumps({"guaranteed": True}))


@refuses(
    "sns.subscription.redrive",
    INVALID,
    "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn",
)
def dead_letters_to_no_queue(aws):
    return changed(aws, "RedrivePolicy", json.dumps({"deadLetterTargetArn": "fake-arn"}))


@refuses(
    "sns.subscription.redrive",
    INVALID,
    "Invalid parameter: RedrivePolicy: failed to parse JSON. Unexpected character ('i' (code 105)): was expecting "
    f"double-quote to start field name\n at {REDACTED}2]",
)
def dead_letters_to_no_json(aws):
    return changed(aws, "RedrivePolicy", "{invalidjson}")


@refuses(
    "sns.subscription.redrive",
    INVALID,
    "Invalid parameter: Attributes Reason: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.",
)
def dead_letters_of_a_fifo_topic_to_a_queue(aws):
    redrive = json.dumps({"deadLetterTargetArn": queue("dead")})
    return subscribed(aws, "sqs", queue("queue.fifo"), topic=aws.fifo_topic(), RedrivePolicy=redrive)


@refuses("sns.subscription.role", INVALID)
def a_stream_without_a_role(aws):
    return subscribed(aws, "firehose", f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/s")


@refuses("sns.subscription.role", INVALID)
def a_queue_with_a_role(aws):
    role = aws.role_arn(aws.role("sns.amazonaws.com"))
    return subscribed(aws, "sqs", queue(), SubscriptionRoleArn=role)


# Filters

FILTER = "Invalid parameter: Attributes Reason: FilterPolicy: "


def filtered(why, message, policy, column=None):
    """A filter that is refused, at a column of its text without spaces where one is named."""

    def arrange(aws):
        return subscribed(aws, "sqs", queue(), FilterPolicy=json.dumps(policy))

    arrange.__name__ = why
    source = json.dumps(policy, separators=(",", ":"))
    place = f'\n at [Source: (String)"{source}"; line: 1, column: {column}]' if column else ""
    refuses("sns.filter.document", INVALID, f"{FILTER}{message}{place}")(arrange)


filtered(
    "a_filter_of_a_list_in_a_list",
    "Match value must be String, number, true, false, or null",
    {"key": [["value"]]},
    10,
)
filtered("a_filter_by_no_operator", "Unrecognized match type wrong-operator", {"key": [{"wrong-operator": True}]}, 31)
filtered(
    "a_filter_by_two_operators",
    "Only one key allowed in match expression",
    {"key": [{"suffix": "value", "prefix": "value2"}]},
    37,
)
filtered("a_filter_of_nothing", "Empty arrays are not allowed", {"key": []}, 10)
filtered("a_filter_by_a_number_at_the_end", "suffix match pattern must be a string", {"key": [{"suffix": 100}]}, 22)
filtered("a_filter_of_a_word", '"key_a" must be an object or an array', {"key_a": "value_one"}, 11)
filtered(
    "a_filter_by_a_list_of_ranges",
    "prefix match pattern must be a string",
    {"key": [{"cidr": ["bad-filter"]}]},
    18,
)
filtered("a_filter_by_no_range", "Malformed CIDR, one '/' required", {"key": [{"cidr": "bad-filter"}]})
filtered("a_filter_by_a_range_of_words", "Nonstandard IP address: bad-filter", {"key": [{"cidr": "bad-filter/64"}]})
filtered(
    "a_filter_by_a_range_of_no_bits",
    "Malformed CIDR, mask bits must be an integer",
    {"key": [{"cidr": "10.0.0.0/x"}]},
)
filtered("a_filter_by_no_comparison", "Invalid member in numeric match: ]", {"key": [{"numeric": []}]}, 22)
filtered(
    "a_filter_by_a_comparison_that_is_none",
    "Unrecognized numeric range operator: operator",
    {"key": [{"numeric": ["operator"]}]},
    32,
)
filtered("a_filter_by_a_number_first", "Invalid member in numeric match: 1", {"key": [{"numeric": [1, "<="]}]}, 22)
filtered("a_filter_equal_to_a_word", "Value of equals must be numeric", {"key": [{"numeric": ["=", "000"]}]}, 26)
filtered("a_filter_by_half_a_comparison", "Value of >= must be numeric", {"key": [{"numeric": [">="]}]}, 26)
filtered(
    "a_filter_from_the_top",
    "Too many elements in numeric expression",
    {"key": [{"numeric": ["<", 100, ">", 10]}]},
    30,
)
filtered("a_filter_of_two_bottoms", "Bad numeric range operator: >", {"key": [{"numeric": [">=", 1, ">", 2]}]}, 31)
filtered("a_filter_of_an_empty_range", "Bottom must be less than top", {"key": [{"numeric": [">", 3, "<", 1]}]}, 33)
filtered("a_filter_of_a_range_of_numbers", "Bad value in numeric range: 30", {"key": [{"numeric": [">", 20, 30]}]}, 30)
filtered(
    "a_filter_of_a_range_of_three",
    "Too many terms in numeric range expression",
    {"key": [{"numeric": [">", 20, "<", 30, "<", 50]}]},
    36,
)
filtered(
    "a_filter_by_existence_in_words",
    "exists match pattern must be either true or false.",
    {"key": [{"exists": "no"}]},
    20,
)
filtered(
    "a_filter_of_anything_but_an_end",
    "Unsupported anything-but pattern: suffix",
    {"key": [{"anything-but": {"suffix": "test"}}]},
    36,
)


@refuses(
    "sns.filter.document",
    INVALID,
    f"{FILTER}failed to parse JSON. Unrecognized token 'invalid': was expecting (JSON String, Number, Array, Object or "
    f"token 'null', 'true' or 'false')\n at {REDACTED}8]",
)
def a_filter_that_is_no_json(aws):
    return subscribed(aws, "sqs", queue(), FilterPolicy="invalid")


@refuses(
    "sns.filter.scope",
    INVALID,
    "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy",
)
def a_filter_on_attributes_within_attributes(aws):
    return changed(aws, "FilterPolicy", json.dumps({"object": {"key": ["value"]}}))


@refuses("sns.filter.size", INVALID, f"{FILTER}Filter policy can not have more than 5 keys")
def a_filter_of_six_keys(aws):
    return subscribed(aws, "sqs", queue(), FilterPolicy=json.dumps({f"key{number}": ["v"] for number in range(6)}))


@refuses("sns.filter.size", INVALID, f"{FILTER}Filter policy is too complex")
def a_filter_of_many_values(aws):
    values = [f"value-{number}" for number in range(151)]
    return subscribed(aws, "sqs", queue(), FilterPolicy=json.dumps({"key": values}))


@refuses("sns.filter.quota", "FilterPolicyLimitExceeded", None, 403)
def a_filter_too_many(aws):
    topic, policy = aws.topic(), json.dumps({"key": ["value"]})
    aws.subscription(topic, "sqs", queue(), FilterPolicy=policy)

    def act():
        with aws.world.quota("sns.filter-policies-per-topic", 1):
            aws.subscription(topic, "sqs", queue("other"), FilterPolicy=policy)

    return act, {}


# Messages


@refuses("sns.publish.target", INVALID, "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter")
def a_message_to_nobody(aws):
    return lambda: aws.sns.publish(Message="hello"), {}


@refuses("sns.publish.target", INVALID)
def a_message_to_a_topic_and_a_phone(aws):
    return published(aws, PhoneNumber="+15551234567")


@refuses("sns.publish.target", INVALID, "Invalid parameter: PhoneNumber Reason: +1a234 is not valid to publish to")
def a_message_to_no_phone(aws):
    return lambda: aws.sns.publish(PhoneNumber="+1a234", Message="hello"), {}


@refuses(None, "NotSimulated", None, 501)
def a_message_to_a_phone(aws):
    return lambda: aws.sns.publish(PhoneNumber="+15551234567", Message="hello"), {}


@refuses(None, INVALID, "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified")
def a_message_to_no_endpoint(aws):
    return lambda: aws.sns.publish(TargetArn=arn("endpoint/APNS/abcdef/abcdef"), Message="hello"), {}


@refuses("sns.publish.message", INVALID, "Invalid parameter: Empty message")
def a_message_of_nothing(aws):
    return published(aws, Message="")


@refuses("sns.publish.message", INVALID, "Invalid parameter: Message too long")
def a_message_of_too_much(aws):
    return published(aws, Message="x" * 262_145)


@refuses("sns.publish.subject", INVALID, "Invalid parameter: Subject")
def a_message_about_nothing(aws):
    return published(aws, Subject="")


@refuses("sns.publish.structure", INVALID, "Invalid parameter: Message Structure - No default entry in JSON message body")
def a_message_for_some(aws):
    return published(aws, Message=json.dumps({"sqs": "hello"}), MessageStructure="json")


@refuses("sns.publish.structure", INVALID, "Invalid parameter: Message Structure - JSON message body failed to parse")
def a_message_that_is_no_json(aws):
    return published(aws, Message="{", MessageStructure="json")


@refuses("sns.publish.structure", INVALID, "Invalid parameter: Message Structure - No default entry in JSON message body")
def a_message_that_is_a_number(aws):
    return published(aws, Message=json.dumps({"default": 1}), MessageStructure="json")


def attributed(why, message, name="attr1", **attribute):
    def arrange(aws):
        return published(aws, MessageAttributes={name: attribute})

    arrange.__name__ = why
    refuses("sns.publish.attributes", "ParameterValueInvalid", message)(arrange)


EMPTY = "The message attribute 'attr1' must contain non-empty message attribute value for message attribute type"
attributed("an_attribute_of_no_text", f"{EMPTY} 'String'.", DataType="String", StringValue="")
attributed("an_attribute_of_no_bytes", f"{EMPTY} 'Binary'.", DataType="Binary", BinaryValue=b"")
attributed(
    "a_text_given_as_bytes",
    "The message attribute 'attr1' with type 'String' must use field 'String'.",
    DataType="String",
    BinaryValue=b"123",
)
attributed(
    "bytes_given_as_text",
    "The message attribute 'attr1' with type 'Binary' must use field 'Binary'.",
    DataType="Binary",
    StringValue="123",
)
attributed(
    "an_attribute_of_no_type",
    "The message attribute 'attr1' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
    DataType="InvalidType",
    StringValue="123",
)
attributed(
    "an_attribute_with_a_long_name",
    "Length of message attribute name must be less than 256 bytes.",
    name="a" * 257,
    DataType="String",
    StringValue="1",
)
attributed(
    "an_attribute_with_a_roof",
    "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.",
    name="a^",
    DataType="String",
    StringValue="1",
)
attributed(
    "an_attribute_that_begins_with_a_dot",
    "Invalid message attribute name starting with character '.' was found.",
    name=".a",
    DataType="String",
    StringValue="1",
)
attributed(
    "an_attribute_that_ends_with_a_dot",
    "Invalid message attribute name ending with character '.' was found.",
    name="a.",
    DataType="String",
    StringValue="1",
)
attributed(
    "an_attribute_with_two_dots",
    "Message attribute name can not have successive '.' character.",
    name="a..b",
    DataType="String",
    StringValue="1",
)


@refuses(
    None,
    "ValidationError",
    "1 validation error detected: Value null at 'messageAttributes.attr1.member.dataType' failed to satisfy constraint: Member must not be null",
)
def an_attribute_without_a_type(aws):
    return published(aws, MessageAttributes={"attr1": {"StringValue": "1"}})


@refuses("sns.publish.fifo", INVALID, "Invalid parameter: The MessageGroupId parameter is required for FIFO topics")
def a_message_of_no_group(aws):
    return published(aws, topic=aws.fifo_topic())


@refuses(
    "sns.publish.fifo",
    INVALID,
    "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
)
def a_message_that_can_not_be_told_from_others(aws):
    return published(aws, topic=aws.fifo_topic(), MessageGroupId="group")


@refuses(
    "sns.publish.fifo",
    INVALID,
    "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
)
def a_message_to_a_standard_topic_with_an_id(aws):
    return published(aws, MessageDeduplicationId="one")


def keyed(aws, key):
    topic = aws.topic()
    aws.sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    return published(aws, topic=topic)


@refuses("sns.publish.key", "KMSNotFound")
def a_message_with_no_key(aws):
    return keyed(aws, "alias/absent")


@refuses("sns.publish.key", "KMSDisabled")
def a_message_with_a_disabled_key(aws):
    key = aws.key()
    aws.kms.disable_key(KeyId=key)
    return keyed(aws, key)


@refuses("sns.publish.key", "KMSInvalidState")
def a_message_with_a_key_that_goes(aws):
    key = aws.key()
    aws.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    return keyed(aws, key)
