"""The ground of IAM and STS, and a call of each of their operations that succeeds on it."""

import base64
import json

from account import OPEN_DOCUMENT, trust
from members import Ground, With, listing
from world import ACCOUNT

DOCUMENT = json.dumps(OPEN_DOCUMENT)
ISSUER = "issuer.example.com"


class IamGround(Ground):
    """Roles with policies, instance profiles and identity providers; two of each, so that lists have two pages."""

    def make_role(self):
        role = self.aws.role(name="role", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}])
        self.aws.iam.put_role_policy(RoleName=role, PolicyName="inline", PolicyDocument=DOCUMENT)
        self.aws.iam.put_role_policy(RoleName=role, PolicyName="inline-too", PolicyDocument=DOCUMENT)
        return role

    def make_role2(self):
        return self.aws.role(name="role-too")

    def make_bounded(self):
        return self.aws.role(name="bounded", PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess")

    def make_bare(self):
        return self.aws.role(name="bare")

    def make_policy(self):
        made = self.aws.iam.create_policy(
            PolicyName="policy",
            PolicyDocument=DOCUMENT,
            Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}],
        )
        arn = made["Policy"]["Arn"]
        self.aws.iam.create_policy_version(PolicyArn=arn, PolicyDocument=DOCUMENT)
        return arn

    def make_loose(self):
        return self.aws.policy("loose")

    def make_attached(self):
        for policy in (self["policy"], "arn:aws:iam::aws:policy/ReadOnlyAccess"):
            self.aws.iam.attach_role_policy(RoleName=self["role"], PolicyArn=policy)
        self.aws.iam.attach_role_policy(RoleName=self["role2"], PolicyArn=self["policy"])
        return self["policy"]

    def make_profile(self):
        self.aws.iam.create_instance_profile(
            InstanceProfileName="profile", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}]
        )
        self.aws.iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName=self["role"])
        return "profile"

    def make_profile2(self):
        self.aws.iam.create_instance_profile(InstanceProfileName="profile-too")
        return "profile-too"

    def make_profile3(self):
        self.aws.iam.create_instance_profile(InstanceProfileName="profile-three")
        self.aws.iam.add_role_to_instance_profile(InstanceProfileName="profile-three", RoleName=self["role"])
        return "profile-three"

    def make_provider(self):
        made = self.aws.iam.create_open_id_connect_provider(
            Url=f"https://{ISSUER}",
            ClientIDList=["sts.amazonaws.com"],
            ThumbprintList=["a" * 40],
            Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}],
        )
        return made["OpenIDConnectProviderArn"]

    def make_linked(self):
        self.aws.iam.create_service_linked_role(AWSServiceName="elasticache.amazonaws.com")
        return "AWSServiceRoleForElastiCache"

    def make_deletion(self):
        self.aws.iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com")
        made = self.aws.iam.delete_service_linked_role(RoleName="AWSServiceRoleForRDS")
        return made["DeletionTaskId"]

    def make_assumed(self):
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
        }
        self.aws.iam.create_role(RoleName="assumed", AssumeRolePolicyDocument=json.dumps(document), MaxSessionDuration=7200)
        return f"arn:aws:iam::{ACCOUNT}:role/assumed"

    def make_external(self):
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": ACCOUNT},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "secret"}},
        }
        document = {"Version": "2012-10-17", "Statement": [statement]}
        self.aws.iam.create_role(RoleName="external", AssumeRolePolicyDocument=json.dumps(document))
        return f"arn:aws:iam::{ACCOUNT}:role/external"

    def make_session(self):
        return self.aws.sts.get_session_token()["Credentials"]["AccessKeyId"]

    def make_federated(self):
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": self["provider"]},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{ISSUER}:sub": "system:serviceaccount:apps:web"}},
        }
        document = {"Version": "2012-10-17", "Statement": [statement]}
        self.aws.iam.create_role(RoleName="federated", AssumeRolePolicyDocument=json.dumps(document), MaxSessionDuration=7200)
        return f"arn:aws:iam::{ACCOUNT}:role/federated"


def token(subject="system:serviceaccount:apps:web", issuer=f"https://{ISSUER}", audience="sts.amazonaws.com", expires=4102444800):
    """A JSON web token that says this; nobody here checks its signature."""
    encode = lambda part: base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
    claims = {"iss": issuer, "sub": subject, "aud": [audience], "exp": expires}
    return f"{encode({'alg': 'RS256'})}.{encode(claims)}.{encode('signature')}"


def of(**more):
    return lambda g: {name: g[key] for name, key in more.items()}


IAM_BASES = {
    "AddClientIDToOpenIDConnectProvider": lambda g: dict(OpenIDConnectProviderArn=g["provider"], ClientID="new"),
    "AddRoleToInstanceProfile": of(InstanceProfileName="profile2", RoleName="role"),
    "AttachRolePolicy": of(RoleName="role", PolicyArn="loose"),
    "CreateInstanceProfile": listing(InstanceProfileName="new"),
    "CreateOpenIDConnectProvider": listing(Url="https://other.example.com", ThumbprintList=["a" * 40]),
    "CreatePolicy": listing(PolicyName="new", PolicyDocument=DOCUMENT),
    "CreatePolicyVersion": lambda g: dict(PolicyArn=g["policy"], PolicyDocument=DOCUMENT),
    "CreateRole": listing(RoleName="new", AssumeRolePolicyDocument=trust("ec2.amazonaws.com")),
    "CreateServiceLinkedRole": listing(AWSServiceName="elasticache.amazonaws.com"),
    "DeleteInstanceProfile": of(InstanceProfileName="profile2"),
    "DeleteOpenIDConnectProvider": of(OpenIDConnectProviderArn="provider"),
    "DeletePolicy": of(PolicyArn="loose"),
    "DeletePolicyVersion": lambda g: dict(PolicyArn=g["policy"], VersionId="v2"),
    "DeleteRole": of(RoleName="bare"),
    "DeleteRolePermissionsBoundary": of(RoleName="bounded"),
    "DeleteRolePolicy": lambda g: dict(RoleName=g["role"], PolicyName="inline"),
    "DeleteServiceLinkedRole": of(RoleName="linked"),
    "DetachRolePolicy": of(RoleName="role", PolicyArn="attached"),
    "GetAccountAuthorizationDetails": listing(),
    "GetAccountSummary": listing(),
    "GetInstanceProfile": of(InstanceProfileName="profile"),
    "GetOpenIDConnectProvider": of(OpenIDConnectProviderArn="provider"),
    "GetPolicy": of(PolicyArn="policy"),
    "GetPolicyVersion": lambda g: dict(PolicyArn=g["policy"], VersionId="v1"),
    "GetRole": of(RoleName="role"),
    "GetRolePolicy": lambda g: dict(RoleName=g["role"], PolicyName="inline"),
    "GetServiceLinkedRoleDeletionStatus": of(DeletionTaskId="deletion"),
    "GetUser": listing(),
    "ListAccountAliases": listing(),
    "ListAttachedRolePolicies": of(RoleName="role"),
    "ListEntitiesForPolicy": of(PolicyArn="policy"),
    "ListInstanceProfileTags": of(InstanceProfileName="profile"),
    "ListInstanceProfiles": listing(),
    "ListInstanceProfilesForRole": of(RoleName="role"),
    "ListOpenIDConnectProviderTags": of(OpenIDConnectProviderArn="provider"),
    "ListOpenIDConnectProviders": listing(),
    "ListPolicies": listing(),
    "ListPolicyTags": of(PolicyArn="policy"),
    "ListPolicyVersions": of(PolicyArn="policy"),
    "ListRolePolicies": of(RoleName="role"),
    "ListRoleTags": of(RoleName="role"),
    "ListRoles": listing(),
    "PutRolePermissionsBoundary": lambda g: dict(RoleName=g["role"], PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess"),
    "PutRolePolicy": lambda g: dict(RoleName=g["role"], PolicyName="new", PolicyDocument=DOCUMENT),
    "RemoveClientIDFromOpenIDConnectProvider": lambda g: dict(OpenIDConnectProviderArn=g["provider"], ClientID="sts.amazonaws.com"),
    "RemoveRoleFromInstanceProfile": of(InstanceProfileName="profile", RoleName="role"),
    "SetDefaultPolicyVersion": lambda g: dict(PolicyArn=g["policy"], VersionId="v2"),
    "TagInstanceProfile": lambda g: dict(InstanceProfileName=g["profile"], Tags=[{"Key": "new", "Value": "new"}]),
    "TagOpenIDConnectProvider": lambda g: dict(OpenIDConnectProviderArn=g["provider"], Tags=[{"Key": "new", "Value": "new"}]),
    "TagPolicy": lambda g: dict(PolicyArn=g["policy"], Tags=[{"Key": "new", "Value": "new"}]),
    "TagRole": lambda g: dict(RoleName=g["role"], Tags=[{"Key": "new", "Value": "new"}]),
    "UntagInstanceProfile": lambda g: dict(InstanceProfileName=g["profile"], TagKeys=["a"]),
    "UntagOpenIDConnectProvider": lambda g: dict(OpenIDConnectProviderArn=g["provider"], TagKeys=["a"]),
    "UntagPolicy": lambda g: dict(PolicyArn=g["policy"], TagKeys=["a"]),
    "UntagRole": lambda g: dict(RoleName=g["role"], TagKeys=["a"]),
    "UpdateAssumeRolePolicy": lambda g: dict(RoleName=g["role"], PolicyDocument=trust("lambda.amazonaws.com")),
    "UpdateOpenIDConnectProviderThumbprint": lambda g: dict(OpenIDConnectProviderArn=g["provider"], ThumbprintList=["c" * 40]),
    "UpdateRole": lambda g: dict(RoleName=g["role"], Description="new"),
    "UpdateRoleDescription": lambda g: dict(RoleName=g["role"], Description="new"),
}

STS_BASES = {
    "AssumeRole": lambda g: dict(RoleArn=g["assumed"], RoleSessionName="session"),
    "AssumeRoleWithWebIdentity": lambda g: dict(RoleArn=g["federated"], RoleSessionName="session", WebIdentityToken=token()),
    "GetAccessKeyInfo": lambda g: dict(AccessKeyId=g["session"]),
    "GetCallerIdentity": listing(),
    "GetSessionToken": listing(),
}

KNOWN = {"RoleArn": lambda g: g["external"], "ExternalId": "secret"}

# Values for members of one operation, where the general ones would not tell.
VALUES = {
    "AssumeRole.ExternalId": With("other", KNOWN),
    "AssumeRole.Policy": DOCUMENT,
    "AssumeRoleWithWebIdentity.Policy": DOCUMENT,
}

GROUND = IamGround
