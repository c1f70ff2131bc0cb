"""How each member of a request is seen to be honoured.

For every operation that is served there is one call that succeeds on the ground of its service (`ground_*.py`). Each
member of its input, down to the last leaf, is then given another value, one at a time, and something has to come of
it: another answer, another world, or a refusal. What the simulator says it does not simulate is noted as that. A
member that is taken and changes nothing fails the test, unless `WITHOUT_TRACE` says why AWS itself shows nothing of it,
or `unseen.txt` still lists it; that list may only shrink.
"""

import copy
import dataclasses
import datetime
import json
import pathlib
import re

import botocore.session
from botocore.exceptions import ClientError

from world import ACCOUNT, REGION

SERVICES = ("ec2", "eks", "rds", "elasticache", "iam", "sts", "kms", "logs", "secretsmanager", "s3", "sns", "cloudwatch", "route53", "acm", "cloudfront", "backup", "budgets", "ce", "ssm", "autoscaling", "elb", "elbv2")
TOKENS = {"ClientToken", "clientRequestToken", "ClientRequestToken"}
PAGE_TOKENS = {"NextToken", "nextToken", "Marker"}

# Values for members whose kind alone does not say what could be one.
SAMPLES = {
    "AvailabilityZone": ["us-east-1b", "us-east-1c"],
    "AvailabilityZoneId": ["use1-az2", "use1-az4"],
    "AvailabilityZones": [["us-east-1b"]],
    "CidrBlock": ["10.0.77.0/24"],
    "CidrIp": ["10.77.0.0/16"],
    "CidrIpv4": ["10.77.0.0/16"],
    "DestinationCidrBlock": ["10.77.0.0/16"],
    "DeviceName": ["/dev/sdz"],
    "Device": ["/dev/sdz"],
    "PrivateIpAddress": ["10.0.1.77"],
    "IpProtocol": ["udp"],
    "Amount": ["7"],
    "Key": ["other"],
    "Value": ["other"],
    "UserData": ["b3RoZXI=", "other"],
    "InstanceType": ["t3.large"],
    "instanceTypes": [["t3.large"]],
    "CollectionId": ["00000000-0000-4000-a000-000000000000"],
    "Latitude": ["52.52"],
    "Longitude": ["13.40"],
    "KmsKeyId": ["alias/aws/ebs", "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-a000-000000000000"],
    "CacheNodeType": ["cache.t3.medium"],
    "DBInstanceClass": ["db.t3.large"],
    "StorageType": ["gp3", "io1"],
    "EngineVersion": ["16.9", "7.0", "7.1"],
    "PreferredMaintenanceWindow": ["sun:01:00-sun:02:00"],
    "PreferredBackupWindow": ["09:00-10:00"],
    "SnapshotWindow": ["09:00-10:30"],
    "NotificationTopicArn": ["arn:aws:sns:us-east-1:000000000000:topic"],
    "AuthToken": ["a-token-of-some-length-0001"],
    "MasterUserPassword": ["another-horse"],
    "Path": ["/other/"],
    "PathPrefix": ["/other/"],
    "Description": ["otherwise"],
    "PolicyDocument": ['{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}'],
    "AssumeRolePolicyDocument": [
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
    ],
    "PermissionsBoundary": ["arn:aws:iam::aws:policy/PowerUserAccess"],
    "ThumbprintList": [["b" * 40]],
    "VolumeType": ["gp2", "io1"],
    "MaxSessionDuration": [7200],
    "DurationSeconds": [1800],
    "publicAccessCidrs": [["198.51.100.0/24"]],
    "serviceIpv4Cidr": ["10.77.0.0/16"],
    "version": ["1.33", "1.32", "1.34"],
    "kubernetesVersion": ["1.33"],
    "PolicyArn": [f"arn:aws:iam::{ACCOUNT}:policy/other", "arn:aws:iam::aws:policy/PowerUserAccess"],
    "policyArn": ["arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"],
    "principalArn": ["arn:aws:iam::444455556666:role/somebody"],
    "OpenIDConnectProviderArn": [f"arn:aws:iam::{ACCOUNT}:oidc-provider/nobody.example.com"],
    "RoleArn": [f"arn:aws:iam::{ACCOUNT}:role/nobody"],
    "roleArn": [f"arn:aws:iam::{ACCOUNT}:role/nobody"],
    "resourceArn": [f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/nobody"],
    "ResourceName": [f"arn:aws:rds:{REGION}:{ACCOUNT}:db:nobody", f"arn:aws:elasticache:{REGION}:{ACCOUNT}:replicationgroup:nobody"],
    # Of the others boto3 can't compute all.
    "ChecksumAlgorithm": ["SHA256"],
    "DeletionTaskId": ["task/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS/00000000-0000-4000-a000-000000000000"],
    "arn": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
    "ProviderArn": ["arn:aws:iam::aws:contextProvider/IdentityCenter"],
    "SerialNumber": [f"arn:aws:iam::{ACCOUNT}:mfa/user"],
    "TokenCode": ["123456"],
    "NodeGroupId": ["0002", "0001"],
    "NodeGroupsToRemove": [["0001"]],
    "NodeGroupsToRetain": [["0001"]],
    "PreferredAvailabilityZones": [["us-east-1b", "us-east-1a"]],
    "SnapshotSource": ["system"],
    "AwsBackupRecoveryPointArn": [f"arn:aws:backup:{REGION}:{ACCOUNT}:recovery-point:point"],
    "VersionId": ["v7", "v1"],
    "AccessKeyId": ["AKIAIOSFODNN7EXAMPLE"],
    "tags": [{"other": "value"}],
    "labels": [{"other": "value"}],
    "kubernetesGroups": [["others"]],
    "configurationValues": ['{"env":{"WARM_IP_TARGET":"2"}}', '{"replicaCount":3}'],
}


@dataclasses.dataclass(frozen=True, eq=False)
class Plain:
    """An answer whose moments are told apart from its text: how long before or after now each of them is, in seconds."""

    text: str
    moments: tuple

    # A machine with other work may take so long from one call to the next.
    SLACK = 15

    def __eq__(self, other):
        return self.text == other.text and all(abs(a - b) <= self.SLACK for a, b in zip(self.moments, other.moments))


NOTHING = Plain("", ())


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a call."""

    code: str
    message: str
    answer: Plain
    world: Plain

    @property
    def succeeded(self):
        return not self.code


@dataclasses.dataclass(frozen=True)
class With:
    """A value that means something only where the request has further members."""

    value: object
    more: dict


# How the simulator says that it does not simulate something. The answer to a HEAD has no body to say a code in, and
# botocore takes its status for one.
NOT_SIMULATED = ("NotSimulated", "501")

# What services say of a value that does not fit the API's model: no handler has looked at it.
BY_MODEL = re.compile(
    "failed to satisfy constraint|does not match the pattern|must not be (shorter|longer)|Expecting a value|"
    "Valid values are:|Expected a|is not recognized|Invalid value '[^']*' for [A-Za-z.0-9]+\\.$"
)


MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")
STAMP = re.compile(r"\d{4}-\d\d-\d\d-\d\d-\d\d|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT")


def written(thing):
    """What JSON has no form for: a moment, a body that is still to be read, bytes."""
    if hasattr(thing, "isoformat"):
        return thing.isoformat()
    return thing.read().decode("latin-1") if hasattr(thing, "read") else str(thing)


def plain(value, now):
    """An answer without what differs from one call to the next: times, and what botocore draws as tokens."""
    moments = []
    text = json.dumps(value, sort_keys=True, default=written)
    # Backups of a database's log go out at every fifth minute of the day, wherever that is from now.
    text = re.sub(r'(IQoJb3JpZ2luX2Vj)[0-9a-f]{16}', r"\1", text)
    text = re.sub(r'"LatestRestorableTime": "[^"]*"', '"LatestRestorableTime": ""', text)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>", STAMP.sub("<time>", text))

    def since(found):
        moment = datetime.datetime.fromisoformat(found.group()[:19].replace(" ", "T"))
        # A date that a request gave: nothing of the world's own comes at midnight years from now.
        # A budget begins with its month.
        if moment.time() == datetime.time() and (moment.year > now.year + 1 or moment.day == 1):
            return str(moment.date())
        moments.append((moment - now).total_seconds())
        return "<moment>"

    return Plain(MOMENT.sub(since, text), tuple(moments))


def fits(shape, name):
    """Whether the sample of a name is a value of a shape: one word may name an enum's member in one service only."""
    return name in SAMPLES and (not getattr(shape, "enum", None) or any(one in shape.enum for one in SAMPLES[name]))


class Api:
    """A service's model: the members of each operation's input."""

    def __init__(self):
        session = botocore.session.get_session()
        self.models = {name: session.get_service_model(name) for name in SERVICES}

    def input(self, operation):
        service, name = operation.split(".")
        return self.models[service].operation_model(name).input_shape

    def tokens(self, operation):
        """The client tokens that botocore would fill in by chance."""
        shape = self.input(operation)
        members = shape.members.items() if shape else ()
        return {name: "a-token-of-the-bench-0001" for name, member in members if member.metadata.get("idempotencyToken")}

    def filters_of(self, operation):
        """The member that holds filters; DescribeNatGateways has it in the singular."""
        shape = self.input(operation)
        named = [name for name in ("Filters", "Filter") if shape and name in shape.members]
        return next((name for name in named if shape.members[name].member.type_name == "structure"), None)

    def leaves(self, operation):
        """The paths of all leaves; `[]` stands for each of a list, and what is within itself ends there."""

        def walk(shape, path, within):
            if shape.type_name == "structure" and shape.name not in within:
                for name, member in shape.members.items():
                    yield from walk(member, f"{path}.{name}" if path else name, (*within, shape.name))
            elif shape.type_name == "list":
                inner = shape.member
                if inner.type_name == "structure":
                    yield from walk(inner, path + "[]", within)
                else:
                    yield path, shape
            else:
                yield path, shape

        shape = self.input(operation)
        return list(walk(shape, "", ())) if shape else []

    def shape_at(self, operation, path):
        shape = self.input(operation)
        for part in path.replace("[]", ".[]").split("."):
            shape = shape.member if part == "[]" else shape.members[part]
        return shape

    def sample(self, shape, name, depth=0):
        """A value of that shape, with the members that have to be there."""
        if name in SAMPLES and depth == 0:
            return SAMPLES[name][0]
        kind = shape.type_name
        if kind == "structure":
            return {key: self.sample(shape.members[key], key, depth + 1) for key in shape.required_members}
        if kind == "list":
            return [self.sample(shape.member, name, depth + 1)]
        if kind == "map":
            return {"other": "value"}
        return self.scalars(shape, name)[0]

    def scalars(self, shape, name):
        """Values of a shape that is no structure, the likely ones first."""
        kind = shape.type_name
        if kind == "boolean":
            return [True, False]
        if fits(shape, name):
            return SAMPLES[name]
        if kind in ("integer", "long"):
            least = shape.metadata.get("min")
            return [value for value in (least, 5, 1, 2, 30, 0) if value is not None]
        if kind in ("float", "double"):
            return [0.5]
        if kind == "timestamp":
            return [datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)]
        if kind == "blob":
            return [b"other"]
        if kind == "map":
            return [{"other": "value"}]
        if kind == "list":
            return [[value] for value in self.scalars(shape.member, name)]
        if shape.enum:
            return list(shape.enum)[:6]
        return ["other", "other-1", "false"]


API = Api()


class Ground(dict):
    """What a service's calls stand on: each thing is made, by the method of its name, when it is first asked for."""

    def __init__(self, aws):
        super().__init__()
        self.aws = aws
        self.made = 0

    def __missing__(self, name):
        self[name] = value = getattr(self, f"make_{name}")()
        self.made += 1
        return value

    def all(self):
        """Makes everything there is."""
        for name in dir(self):
            if name.startswith("make_"):
                self[name.removeprefix("make_")]
        return self


def listing(**more):
    """A call whose members need nothing of the ground."""
    return lambda g: dict(more)


# What has to stand beside a member within a structure, for the structure to be one.
AROUND = {
    "UserIdGroupPairs": lambda g: {"GroupId": g["group2"]},
    "IpRanges": {"CidrIp": "10.77.0.0/16"},
    "Ipv6Ranges": {"CidrIpv6": "2001:db8::/32"},
    # S3's list of us-east-1.
    "PrefixListIds": {"PrefixListId": "pl-63a5400a"},
    "encryptionConfig": lambda g: g.encryption()[0],
    "TopicConfigurations": {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:topic", "Events": ["s3:ObjectCreated:*"]},
    "QueueConfigurations": {"QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue", "Events": ["s3:ObjectCreated:*"]},
    "LambdaFunctionConfigurations": {
        "LambdaFunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:reads",
        "Events": ["s3:ObjectCreated:*"],
    },
    "FilterRules": {"Name": "prefix", "Value": "a"},
    "CopyActions": {"DestinationBackupVaultArn": f"arn:aws:backup:us-west-2:{ACCOUNT}:backup-vault:copies"},
}
# What each operation tags that takes tag specifications.
TAGGED = {
    "ec2.AllocateAddress": "elastic-ip",
    "ec2.AuthorizeSecurityGroupEgress": "security-group-rule",
    "ec2.AuthorizeSecurityGroupIngress": "security-group-rule",
    "ec2.CreateDhcpOptions": "dhcp-options",
    "ec2.CreateFlowLogs": "vpc-flow-log",
    "ec2.CreateInternetGateway": "internet-gateway",
    "ec2.CreateLaunchTemplate": "launch-template",
    "ec2.CreateNatGateway": "natgateway",
    "ec2.CreateNetworkAcl": "network-acl",
    "ec2.CreateNetworkInterface": "network-interface",
    "ec2.CreateRouteTable": "route-table",
    "ec2.CreateSecurityGroup": "security-group",
    "ec2.CreateSnapshot": "snapshot",
    "ec2.CreateSubnet": "subnet",
    "ec2.CreateVolume": "volume",
    "ec2.CreateVpc": "vpc",
    "ec2.CreateVpcEndpoint": "vpc-endpoint",
    "ec2.RunInstances": "instance",
}


def put(params, path, value, operation, ground=None):
    """The parameters with another value at a path, and what has to be around it."""
    params = copy.deepcopy(params)
    at, shape = params, API.input(operation)
    parts = path.split(".")
    for index, part in enumerate(parts):
        name, is_list = part.removesuffix("[]"), part.endswith("[]")
        shape = shape.members[name]
        if index == len(parts) - 1:
            at[name] = value
            break
        if is_list:
            shape = shape.member
            if not at.get(name):
                beside = AROUND.get(name, {})
                beside = beside(ground) if callable(beside) else beside
                if name == "TagSpecifications" and operation in TAGGED:
                    beside = {"ResourceType": TAGGED[operation], "Tags": [{"Key": "k", "Value": "v"}]}
                at[name] = [{**API.sample(shape, name, 1), **copy.deepcopy(beside)}]
            at = at[name][0]
        else:
            if name not in at:
                at[name] = API.sample(shape, name, 1)
            at = at[name]
    return params


def without(params, path):
    """The parameters without what is at a path, but with all that is around it."""
    params = copy.deepcopy(params)
    at = params
    *around, leaf = path.split(".")
    for part in around:
        name = part.removesuffix("[]")
        at = at[name][0] if part.endswith("[]") else at[name]
    del at[leaf]
    return params


def around(path):
    """The path of the structure that a member is in."""
    return path.rpartition(".")[0].removesuffix("[]")


def get(params, path):
    """The value at a path; None where there is none. Without a path it is the whole."""
    if not path:
        return params
    at = params
    for part in path.split("."):
        name = part.removesuffix("[]")
        if not isinstance(at, dict) or name not in at:
            return None
        at = at[name]
        if part.endswith("[]"):
            if not at:
                return None
            at = at[0]
    return at


class Bench:
    """The ground of a service, arranged anew whenever a call has changed it."""

    def __init__(self, aws, kind):
        self.aws, self.kind = aws, kind
        self.ground = None

    def stand(self, base, everything=False):
        """The parameters of a call, on a ground that has what it needs."""
        world = self.aws.world
        # The ground lets time pass itself, where what it makes has to settle.
        world.settle_seconds = 0
        if self.ground is None:
            world.reset()
            for rule in world.ask("GET", "rules"):
                if not rule["on"]:
                    world.switch(rule["id"], True)
            # So many calls within no time would be too many; that is another test's.
            world.switch("throttling", False)
            self.aws.fresh()
            self.ground = self.kind(self.aws)
        made = self.ground.made
        if everything:
            self.ground.all()
        params = base(self.ground)
        if self.ground.made != made:
            world.advance(60)
        return params

    def now(self):
        return datetime.datetime.fromisoformat(self.aws.world.ask("GET", "clock")["now"][:19])

    def call(self, operation, params, again=False):
        """Calls, and keeps the ground where nothing came of it."""
        service, name = operation.split(".")
        client = getattr(self.aws, service)
        method = METHODS.setdefault(operation, self.method(client, name))
        params = {**API.tokens(operation), **copy.deepcopy(params)}
        try:
            answer = getattr(client, method)(**params)
        except ClientError as error:
            found = error.response["Error"]
            message = found.get("Message") or error.response.get("message") or ""
            return Outcome(found.get("Code", ""), re.sub(r"[0-9a-f-]{36}", "<id>", message), NOTHING, NOTHING)
        answer.pop("ResponseMetadata", None)
        world, now = NOTHING, self.now()
        if not reads(operation):
            world = plain(self.aws.world.snapshot(), now)
            if not again:
                self.ground = None
        return Outcome("", "", plain(answer, now), world)

    @staticmethod
    def method(client, name):
        return next(method for method, api in client.meta.method_to_api_mapping.items() if api == name)


METHODS = {}
READS = ("Describe", "Get", "List")


def reads(operation):
    """Whether an operation leaves the world as it is."""
    return operation.split(".")[1].startswith(READS) and operation != "sts.GetSessionToken"


def difference(first, second):
    """Where two outcomes begin to differ, for whoever has to find out why."""
    for one, other in ((first.answer, second.answer), (first.world, second.world)):
        if one != other and one.text == other.text:
            return f"moments {one.moments} and {other.moments}"
    for left, right in ((first.answer.text, second.answer.text), (first.world.text, second.world.text), (first.message, second.message)):
        at = next((at for at, (a, b) in enumerate(zip(left, right)) if a != b), None)
        if at is not None:
            return f"...{left[max(0, at - 150) : at + 60]}... and ...{right[max(0, at - 20) : at + 60]}..."
    return "one is longer"


class Trial:
    """An operation's members, tried one after another."""

    def __init__(self, bench, operation, arrange, values, filters):
        self.bench, self.operation, self.arrange = bench, operation, arrange
        self.values, self.filters = values, filters
        self.reading = reads(operation)
        self.plain = {}
        self.stood = None
        if not self.reading:
            # What was made for the operations before would only be in the way of telling differences.
            bench.ground = None

    def base(self, more=None):
        def whole(ground):
            added = {name: value(ground) if callable(value) else value for name, value in (more or {}).items()}
            return {name: value for name, value in {**self.arrange(ground), **added}.items() if value is not None}

        # What a refused call has left is the ground for the next one, unless more was made for it.
        ground = self.bench.ground
        if not self.reading and ground is not None and (repr(more), ground.made) != self.stood:
            self.bench.ground = None
        params = self.bench.stand(whole, self.reading)
        self.stood = (repr(more), self.bench.ground.made)
        return params

    def usual(self, more=None):
        """What comes of the call as it is; the same twice, or nothing could be told by comparing."""
        key = repr(more)
        if key not in self.plain:
            first = self.bench.call(self.operation, self.base(more))
            second = self.bench.call(self.operation, self.base(more))
            assert first == second, f"{self.operation} is not repeatable: {difference(first, second)}"
            assert first.succeeded, f"{self.operation}: {first}"
            self.plain[key] = first
        return self.plain[key]

    def candidates(self, path, base):
        own = self.values.get(path)
        if own is not None:
            return own if isinstance(own, list) else [own]
        shape = API.shape_at(self.operation, path)
        leaf = path.split(".")[-1]
        return [value for value in API.scalars(shape, leaf) if value != get(base, path)][:6]

    def member(self, path):
        """What comes of a member: `changed`, `refused` or `not simulated`; None where nothing does, and `untried` where
        no value got past the API's model."""
        leaf = path.split(".")[-1]
        if leaf in TOKENS and "." not in path:
            return self.token(path)
        kind = "untried"
        for value in self.candidates(path, self.base()):
            more = value.more if isinstance(value, With) else None
            usual, base = self.usual(more), self.base(more)
            value = value.value if isinstance(value, With) else value
            value = value(self.bench.ground) if callable(value) else value
            given = put(base, path, value, self.operation, self.bench.ground)
            came = self.bench.call(self.operation, given)
            if BY_MODEL.search(came.message) or came.code == "SerializationException":
                continue
            if came == usual:
                kind = None if kind == "untried" else kind
            elif came.code in NOT_SIMULATED:
                kind = "not simulated" if kind in (None, "untried") else kind
            elif came.succeeded or came.code == "DryRunOperation":
                if not self.by_its_surroundings(path, value, more, came):
                    return "changed"
                kind = None if kind == "untried" else kind
            elif get(base, around(path)) or came != self.bench.call(self.operation, without(given, path)):
                kind = "refused"
        return kind

    def by_its_surroundings(self, path, value, more, came):
        """Whether it is what had to be put around a member that makes the difference, and not the member."""
        base = self.base(more)
        if get(base, around(path)):
            return False
        given = put(base, path, value, self.operation, self.bench.ground)
        return came == self.bench.call(self.operation, without(given, path))

    def token(self, path):
        """The same token twice does a thing once; another one does it again, or is refused."""
        token = {path: "a-token-of-the-bench-that-comes-twice"}
        first = self.bench.call(self.operation, {**self.base(), **token}, again=True)
        again = self.bench.call(self.operation, {**self.base(), **token}, again=True)
        other = self.bench.call(self.operation, {**self.base(), path: "a-token-of-the-bench-that-is-another"}, again=True)
        self.bench.ground = None
        if first.code in NOT_SIMULATED:
            return "not simulated"
        once = again.succeeded and again.world == first.world
        return "changed" if once and (other.code, other.world) != (again.code, again.world) else None

    def filter(self, name):
        """What comes of a filter with a value that nothing has."""
        container = API.filters_of(self.operation)
        # Secrets Manager calls a filter's name its key.
        members = API.input(self.operation).members[container].member.members
        given = {container: [{"Name" if "Name" in members else "Key": name, "Values": ["no-such-value"]}]}
        came = self.bench.call(self.operation, {**self.base(), **given})
        if came.code in NOT_SIMULATED:
            return "not simulated"
        if came.succeeded:
            return "changed" if came != self.usual() else None
        return "refused"


def documented_filters(operation):
    """The filters that AWS documents for an operation, as the simulator's tables have them."""
    service, name = operation.split(".")
    tables = pathlib.Path(__file__).resolve().parents[2] / "src" / "simulator" / "models"
    if service not in FILTERS:
        FILTERS[service] = json.loads((tables / f"{service}.json").read_text())["operations"]
    return FILTERS[service][name].get("filters", [])


FILTERS = {}
