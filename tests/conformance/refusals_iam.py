"""What IAM and STS refuse, and in which words."""

import json

from account import OPEN_DOCUMENT, trust
from refusal import Cases
from world import ACCOUNT

CASES = Cases()
refuses = CASES.refuses

OPEN = json.dumps(OPEN_DOCUMENT)


def statement(**changes):
    return json.dumps({"Version": "2012-10-17", "Statement": [{**OPEN_DOCUMENT["Statement"][0], **changes}]})


@refuses("iam.role.name.taken", "EntityAlreadyExists", "Role with name web already exists.", 409)
def role_name_taken(aws):
    aws.role(name="web")
    return lambda: aws.role(name="web"), {}


@refuses("iam.role.delete.attached", "DeleteConflict", "Cannot delete entity, must detach all policies first.", 409)
def role_with_policies(aws):
    role = aws.role()
    aws.iam.attach_role_policy(RoleName=role, PolicyArn=aws.policy())
    return lambda: aws.iam.delete_role(RoleName=role), {}


@refuses("iam.role.delete.inline", "DeleteConflict", "Cannot delete entity, must delete policies first.", 409)
def role_with_inline_policies(aws):
    role = aws.role()
    aws.iam.put_role_policy(RoleName=role, PolicyName="inline", PolicyDocument=OPEN)
    return lambda: aws.iam.delete_role(RoleName=role), {}


@refuses("iam.role.delete.profile", "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.", 409)
def role_in_a_profile(aws):
    role = aws.role()
    aws.profile(role)
    return lambda: aws.iam.delete_role(RoleName=role), {}


@refuses("iam.role.protected", "UnmodifiableEntity", "Cannot perform the operation on the protected role '{role}' - this role is only modifiable by AWS")
def delete_a_service_linked_role(aws):
    made = aws.iam.create_service_linked_role(AWSServiceName="eks.amazonaws.com")
    role = made["Role"]["RoleName"]
    return lambda: aws.iam.delete_role(RoleName=role), {"role": role}


@refuses("iam.service_linked_role.taken", "InvalidInput", "Service role name AWSServiceRoleForAmazonEKS has been taken in this account, please try a different suffix.")
def service_linked_role_twice(aws):
    aws.iam.create_service_linked_role(AWSServiceName="eks.amazonaws.com")
    return lambda: aws.iam.create_service_linked_role(AWSServiceName="eks.amazonaws.com"), {}


@refuses("iam.service_linked_role.suffix", "InvalidInput", "Custom suffix is not allowed for eks.amazonaws.com")
def service_linked_role_with_a_suffix(aws):
    return lambda: aws.iam.create_service_linked_role(AWSServiceName="eks.amazonaws.com", CustomSuffix="x"), {}


@refuses("iam.document.json", "MalformedPolicyDocument", "This policy contains invalid Json")
def trust_that_is_no_json(aws):
    return lambda: aws.iam.create_role(RoleName="web", AssumeRolePolicyDocument="none"), {}


@refuses("iam.document.principal", "MalformedPolicyDocument", "Policy document should not specify a principal.")
def inline_policy_with_a_principal(aws):
    role = aws.role()
    text = statement(Principal="*")
    return lambda: aws.iam.put_role_policy(RoleName=role, PolicyName="inline", PolicyDocument=text), {}


@refuses("iam.document.principal", "MalformedPolicyDocument", 'Invalid principal in policy: "SERVICE":"ec3.amazonaws.com"')
def trust_in_a_service_that_is_none(aws):
    return lambda: aws.iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust("ec3.amazonaws.com")), {}


@refuses("iam.document.principal", "MalformedPolicyDocument", 'Invalid principal in policy: "SERVICE":"amazonaws.com"')
def trust_in_all_services(aws):
    return lambda: aws.iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust("amazonaws.com")), {}


@refuses("iam.document.principal", "MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:role/absent"')
def trust_in_a_role_that_is_not_there(aws):
    text = json.loads(trust("ec2.amazonaws.com"))
    text["Statement"][0]["Principal"] = {"AWS": "arn:aws:iam::000000000000:role/absent"}
    return lambda: aws.iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps(text)), {}


@refuses("iam.document.trust", "MalformedPolicyDocument", "Has prohibited field Resource")
def trust_with_a_resource(aws):
    text = json.loads(trust("ec2.amazonaws.com"))
    text["Statement"][0]["Resource"] = "*"
    return lambda: aws.iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps(text)), {}


@refuses("iam.document.grammar", "MalformedPolicyDocument", "Syntax errors in policy.")
def policy_with_an_unknown_effect(aws):
    return lambda: aws.iam.create_policy(PolicyName="web", PolicyDocument=statement(Effect="Perhaps")), {}


@refuses("iam.document.resource", "MalformedPolicyDocument", 'Resource bucket must be in ARN format or "*".')
def policy_with_a_resource_that_is_no_arn(aws):
    return lambda: aws.iam.create_policy(PolicyName="web", PolicyDocument=statement(Resource="bucket")), {}


def of_resource(name, resource, message):
    def arrange(aws):
        return lambda: aws.iam.create_policy(PolicyName="web", PolicyDocument=statement(Resource=resource)), {}

    arrange.__name__ = name
    refuses("iam.document.resource", "MalformedPolicyDocument", message)(arrange)


of_resource(
    "role_in_a_region",
    f"arn:aws:iam:us-east-1:{ACCOUNT}:role/*",
    f"IAM resource arn:aws:iam:us-east-1:{ACCOUNT}:role/* cannot contain region information.",
)
of_resource(
    "bucket_in_a_region",
    f"arn:aws:s3:us-west-2:{ACCOUNT}:test/athena",
    f"Resource arn:aws:s3:us-west-2:{ACCOUNT}:test/athena can not contain region information.",
)
of_resource(
    "subnet_in_another_partition",
    f"arn:aws-cn:ec2:*:{ACCOUNT}:subnet/*",
    f'Partition "aws-cn" is not valid for resource "arn:aws-cn:ec2:*:{ACCOUNT}:subnet/*".',
)
of_resource(
    "identity_of_no_kind",
    f"arn:aws:iam::{ACCOUNT}:web",
    'IAM resource path must either be "*", root, or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.',
)


@refuses("iam.document.action", "MalformedPolicyDocument", "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
def policy_with_an_action_of_no_service(aws):
    return lambda: aws.iam.create_policy(PolicyName="web", PolicyDocument=statement(Action="GetObject")), {}


@refuses("iam.document.condition", "MalformedPolicyDocument", "The policy failed legacy parsing")
def policy_until_no_day(aws):
    condition = {"DateLessThan": {"aws:CurrentTime": "tomorrow"}}
    return lambda: aws.iam.create_policy(PolicyName="web", PolicyDocument=statement(Condition=condition)), {}


@refuses("iam.document.size", "LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409)
def policy_too_long(aws):
    text = statement(Resource=[f"arn:aws:s3:::bucket-{number:0100}" for number in range(60)])
    return lambda: aws.iam.create_policy(PolicyName="web", PolicyDocument=text), {}


@refuses("iam.role_policy.quota", "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role {role}", 409)
def inline_policies_too_long(aws):
    role = aws.role()
    text = statement(Resource=[f"arn:aws:s3:::bucket-{number:0100}" for number in range(50)])
    aws.iam.put_role_policy(RoleName=role, PolicyName="one", PolicyDocument=text)
    return lambda: aws.iam.put_role_policy(RoleName=role, PolicyName="two", PolicyDocument=text), {"role": role}


@refuses("iam.policy.name.taken", "EntityAlreadyExists", "A policy called web already exists. Duplicate names are not allowed.", 409)
def policy_name_taken(aws):
    aws.policy("web")
    return lambda: aws.policy("web"), {}


@refuses("iam.policy.versions.quota", "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.", 409)
def sixth_version(aws):
    arn = aws.policy()
    for _ in range(4):
        aws.iam.create_policy_version(PolicyArn=arn, PolicyDocument=OPEN)
    return lambda: aws.iam.create_policy_version(PolicyArn=arn, PolicyDocument=OPEN), {}


@refuses("iam.policy.version.default", "DeleteConflict", "Cannot delete the default version of a policy.", 409)
def delete_the_default_version(aws):
    arn = aws.policy()
    return lambda: aws.iam.delete_policy_version(PolicyArn=arn, VersionId="v1"), {}


@refuses("iam.policy.delete.attached", "DeleteConflict", "Cannot delete a policy attached to entities.", 409)
def delete_an_attached_policy(aws):
    arn = aws.policy()
    aws.iam.attach_role_policy(RoleName=aws.role(), PolicyArn=arn)
    return lambda: aws.iam.delete_policy(PolicyArn=arn), {}


@refuses("iam.policy.delete.versions", "DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.", 409)
def delete_a_policy_of_two_versions(aws):
    arn = aws.policy()
    aws.iam.create_policy_version(PolicyArn=arn, PolicyDocument=OPEN)
    return lambda: aws.iam.delete_policy(PolicyArn=arn), {}


@refuses("iam.attachment.policy", "NoSuchEntity", f"Policy arn:aws:iam::{ACCOUNT}:policy/absent does not exist or is not attachable.", 404)
def attach_a_policy_that_is_not_there(aws):
    role = aws.role()
    return lambda: aws.iam.attach_role_policy(RoleName=role, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/absent"), {}


@refuses("iam.attachment.detach.missing", "NoSuchEntity", None, 404)
def detach_a_policy_that_is_not_attached(aws):
    role, arn = aws.role(), aws.policy()
    return lambda: aws.iam.detach_role_policy(RoleName=role, PolicyArn=arn), {}


@refuses("iam.attachment.detach.missing", "NoSuchEntity", "Policy arn:aws:iam::aws:policy/ReadOnlyAccess was not found.", 404)
def detach_a_policy_of_aws_that_is_not_attached(aws):
    role = aws.role()
    return lambda: aws.iam.detach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess"), {}


@refuses("iam.attachment.quota", "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10", 409)
def eleventh_policy_of_a_role(aws):
    role = aws.role()
    for _ in range(10):
        aws.iam.attach_role_policy(RoleName=role, PolicyArn=aws.policy())
    last = aws.policy()
    return lambda: aws.iam.attach_role_policy(RoleName=role, PolicyArn=last), {}


@refuses("iam.instance_profile.name.taken", "EntityAlreadyExists", "Instance Profile web already exists.", 409)
def profile_name_taken(aws):
    aws.iam.create_instance_profile(InstanceProfileName="web")
    return lambda: aws.iam.create_instance_profile(InstanceProfileName="web"), {}


@refuses("iam.instance_profile.one_role", "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", 409)
def second_role_in_a_profile(aws):
    profile, role = aws.profile(aws.role()), aws.role()
    return lambda: aws.iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role), {}


@refuses("iam.instance_profile.delete.role", "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.", 409)
def delete_a_profile_with_a_role(aws):
    profile = aws.profile(aws.role())
    return lambda: aws.iam.delete_instance_profile(InstanceProfileName=profile), {}


@refuses("iam.oidc_provider.url.taken", "EntityAlreadyExists", None, 409)
def provider_twice(aws):
    request = dict(Url="https://issuer.example.com/a", ClientIDList=["sts.amazonaws.com"])
    aws.iam.create_open_id_connect_provider(**request)
    return lambda: aws.iam.create_open_id_connect_provider(**request), {}


@refuses("iam.tags.duplicate", "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
def tag_twice(aws):
    role = aws.role()
    both = [{"Key": "Team", "Value": "a"}, {"Key": "team", "Value": "b"}]
    return lambda: aws.iam.tag_role(RoleName=role, Tags=both), {}


@refuses("iam.tags.reserved", "InvalidInput", "aws: prefixed tag key names are not allowed for external use.")
def reserved_tag_of_a_role(aws):
    role = aws.role()
    return lambda: aws.iam.tag_role(RoleName=role, Tags=[{"Key": "aws:team", "Value": "a"}]), {}


# STS


def assumable(aws, **more):
    text = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
            }
        ],
    }
    name = aws.name("role")
    aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(text), **more)
    return aws.role_arn(name)


@refuses("sts.assume_role.arn", "ValidationError", "nothing-valid-in-here-at-all is invalid")
def assume_what_is_no_arn(aws):
    return lambda: aws.sts.assume_role(RoleArn="nothing-valid-in-here-at-all", RoleSessionName="me"), {}


@refuses("sts.assume_role.arn", "ValidationError", "arn:a:::something/test-role is invalid")
def assume_an_arn_with_too_few_colons(aws):
    return lambda: aws.sts.assume_role(RoleArn="arn:a:::something/test-role", RoleSessionName="me"), {}


def invalid_arn(name, arn):
    def arrange(aws):
        return lambda: aws.sts.assume_role(RoleArn=arn, RoleSessionName="me"), {}

    arrange.__name__ = name
    refuses("sts.assume_role.arn", "ValidationError", f"{arn} is invalid")(arrange)


invalid_arn("assume_an_arn_without_a_partition", "arn::b:::something/test-role")
invalid_arn("assume_an_arn_without_a_service", "arn:a::::something/test-role")
invalid_arn("assume_an_arn_without_a_resource", "arn:a:a::aaaaaaaaaa:")


@refuses("sts.assume_role.trust", "AccessDenied", None, 403)
def assume_a_services_role(aws):
    arn = aws.role_arn(aws.role())
    return lambda: aws.sts.assume_role(RoleArn=arn, RoleSessionName="me"), {}


@refuses("sts.assume_role.policy", "MalformedPolicyDocument", "This policy contains invalid Json")
def session_within_no_policy(aws):
    arn = assumable(aws)
    return lambda: aws.sts.assume_role(RoleArn=arn, RoleSessionName="me", Policy="none"), {}


@refuses("sts.assume_role.duration", "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
def session_longer_than_its_role_allows(aws):
    arn = assumable(aws)
    return lambda: aws.sts.assume_role(RoleArn=arn, RoleSessionName="me", DurationSeconds=7200), {}


@refuses("sts.assume_role.duration", "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
def chained_session_longer_than_an_hour(aws):
    arn = assumable(aws, MaxSessionDuration=43200)
    given = aws.sts.assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
    chained = aws.client("sts", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    return lambda: chained.assume_role(RoleArn=arn, RoleSessionName="again", DurationSeconds=7200), {}


@refuses("sts.assume_role.tags", "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
def session_tag_twice(aws):
    arn = assumable(aws)
    both = [{"Key": "Team", "Value": "a"}, {"Key": "team", "Value": "b"}]
    return lambda: aws.sts.assume_role(RoleArn=arn, RoleSessionName="me", Tags=both), {}


@refuses("sts.assume_role.tags", "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.")
def transitive_tag_that_is_not_given(aws):
    arn = assumable(aws)
    return lambda: aws.sts.assume_role(
        RoleArn=arn, RoleSessionName="me", Tags=[{"Key": "a", "Value": "a"}], TransitiveTagKeys=["b"]
    ), {}


@refuses("sts.assume_role.tags", "InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
def transitive_tag_of_the_calling_session(aws):
    arn = assumable(aws)
    given = aws.sts.assume_role(
        RoleArn=arn, RoleSessionName="me", Tags=[{"Key": "Team", "Value": "a"}], TransitiveTagKeys=["Team"]
    )["Credentials"]
    chained = aws.client("sts", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    again = [{"Key": "Team", "Value": "b"}]
    return lambda: chained.assume_role(RoleArn=arn, RoleSessionName="again", Tags=again), {}


@refuses("sts.session_token.caller", "AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
def session_token_from_a_session(aws):
    given = aws.sts.get_session_token()["Credentials"]
    other = aws.client("sts", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    return other.get_session_token, {}


@refuses("model", "ValidationError", "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*")
def session_name_of_the_wrong_form(aws):
    arn = assumable(aws)
    return lambda: aws.sts.assume_role(RoleArn=arn, RoleSessionName="Session1:2"), {}


# Roles for the tokens of an identity provider


def federated(aws, **more):
    from ground_iam import IamGround, token

    arn = IamGround(aws)["federated"]
    request = dict(RoleArn=arn, RoleSessionName="session", WebIdentityToken=token(**more.pop("token", {})), **more)
    return lambda: aws.sts.assume_role_with_web_identity(**request)


@refuses("sts.web_identity.expiry", "ExpiredTokenException", None)
def token_that_has_expired(aws):
    return federated(aws, token={"expires": 1_000_000_000}), {}


@refuses("sts.web_identity.audience", "InvalidIdentityToken", "Incorrect token audience")
def token_for_somebody_else(aws):
    return federated(aws, token={"audience": "somebody"}), {}


@refuses("sts.web_identity.trust", "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)
def token_about_somebody_else(aws):
    return federated(aws, token={"subject": "system:serviceaccount:apps:other"}), {}


@refuses("sts.web_identity.duration", "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
def session_of_a_token_for_too_long(aws):
    return federated(aws, DurationSeconds=43200), {}


@refuses("sts.web_identity.policy", "MalformedPolicyDocument")
def session_policy_that_is_none(aws):
    return federated(aws, Policy="none"), {}


@refuses(None, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://other.example.com")
def token_of_no_provider(aws):
    return federated(aws, token={"issuer": "https://other.example.com"}), {}


@refuses("model", "ValidationError", "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
def role_on_half_a_path(aws):
    return lambda: aws.role(Path="/web"), {}


@refuses("model", "ValidationError", "The specified value for pathPrefix is invalid. It must begin with the / character and contain only alphanumeric characters and/or / characters.")
def roles_under_no_path(aws):
    return lambda: aws.iam.list_roles(PathPrefix="web"), {}
