"""What Systems Manager refuses, and in which words."""

from refusal import Cases
from world import ACCOUNT, REGION

CASES = Cases()
refuses = CASES.refuses

INVALID = "ValidationException"


def put(aws, name="/app/one", value="value", **more):
    request = {"Name": name, "Value": value, "Type": "String", **more}
    return lambda: aws.ssm.put_parameter(**{key: given for key, given in request.items() if given is not None}), {"name": name}


def there(aws, **more):
    put(aws, **more)[0]()
    return aws


@refuses("ssm.parameter.exists", "ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
def a_parameter_twice(aws):
    return put(there(aws))


@refuses("ssm.parameter.name", "AccessDeniedException", "No access to reserved parameter name: {name}.")
def a_parameter_of_aws(aws):
    return put(aws, "/aws/service/mine")


@refuses("ssm.parameter.name", INVALID)
def a_parameter_with_a_space(aws):
    return put(aws, "/app/with space")


@refuses("ssm.parameter.depth", "HierarchyLevelLimitExceededException")
def a_deep_parameter(aws):
    return put(aws, "/a" * 16)


@refuses("ssm.parameter.type", INVALID, "A parameter type is required when you create a parameter.")
def a_parameter_without_a_type(aws):
    return put(aws, Type=None)


@refuses("ssm.parameter.type", "HierarchyTypeMismatchException")
def a_parameter_of_another_type(aws):
    return put(there(aws), Type="StringList", Overwrite=True)


@refuses("ssm.parameter.value", INVALID)
def a_long_value(aws):
    return put(aws, value="v" * 4097)


@refuses("ssm.parameter.nested", INVALID, 'Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.')
def a_value_that_names_another_parameter(aws):
    return put(aws, value="{{ssm:other}}")


@refuses("ssm.parameter.value", "ParameterPatternMismatchException", "Parameter value, cannot be validated against allowedPattern: [0-9]+")
def a_value_that_does_not_fit(aws):
    return put(aws, AllowedPattern="[0-9]+")


@refuses("ssm.parameter.value", "InvalidAllowedPatternException")
def a_pattern_that_is_none(aws):
    return put(aws, AllowedPattern="[0-9")


@refuses("ssm.parameter.key", "InvalidKeyId")
def a_secure_value_with_no_key(aws):
    return put(aws, Type="SecureString", KeyId=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/absent")


@refuses("ssm.parameter.key", INVALID)
def a_plain_value_with_a_key(aws):
    return put(aws, KeyId="alias/aws/ssm")


@refuses("ssm.parameter.tags", INVALID)
def a_parameter_overwritten_with_tags(aws):
    return put(there(aws), Overwrite=True, Tags=[{"Key": "a", "Value": "1"}])


@refuses("ssm.parameter.quota", "ParameterLimitExceeded")
def a_parameter_too_many(aws):
    there(aws)

    def act():
        with aws.world.quota("ssm.parameters", 1):
            put(aws, "/app/two")[0]()

    return act, {}


@refuses(None, "ParameterNotFound")
def no_parameter_shown(aws):
    return lambda: aws.ssm.get_parameter(Name="/app/absent"), {}


@refuses(None, "ParameterNotFound")
def no_parameter_deleted(aws):
    return lambda: aws.ssm.delete_parameter(Name="/app/absent"), {}


@refuses(None, "ParameterVersionNotFound", "Systems Manager could not find version 9 of /app/one. Verify the version and try again.")
def parameter_version_that_never_was(aws):
    there(aws)
    return lambda: aws.ssm.get_parameter(Name="/app/one:9"), {}


@refuses("ssm.path", INVALID)
def parameters_under_no_path(aws):
    return lambda: aws.ssm.get_parameters_by_path(Path="app"), {}


@refuses("ssm.page.token", "InvalidNextToken")
def parameters_after_no_page(aws):
    return lambda: aws.ssm.describe_parameters(NextToken="none"), {}


@refuses("ssm.filter.key", "InvalidFilterKey")
def parameters_under_a_path_by_name(aws):
    filters = [{"Key": "Name", "Values": ["one"]}]
    return lambda: aws.ssm.get_parameters_by_path(Path="/app", ParameterFilters=filters), {}


@refuses("ssm.filter.option", "InvalidFilterOption")
def parameters_of_a_type_that_contains(aws):
    filters = [{"Key": "Type", "Option": "Contains", "Values": ["S"]}]
    return lambda: aws.ssm.describe_parameters(ParameterFilters=filters), {}


@refuses("ssm.tags.reserved", INVALID)
def a_tag_of_aws(aws):
    return put(aws, Tags=[{"Key": "aws:a", "Value": "1"}])


@refuses("ssm.tags.limit", "TooManyTagsError")
def a_tag_too_many(aws):
    there(aws)
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]
    return lambda: aws.ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/app/one", Tags=tags), {}


@refuses(None, "InvalidResourceId")
def the_tags_of_no_parameter(aws):
    return lambda: aws.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/app/absent"), {}
