"""Systems Manager's ground, and a call of each of its operations that succeeds on it."""

from members import Ground, With
from world import ACCOUNT, REGION


class ParametersGround(Ground):
    """Parameters of each type below one path, one of them with tags and a pattern and put twice."""

    def put(self, name, value="value", type="String", **more):
        self.aws.ssm.put_parameter(Name=name, Value=value, Type=type, **more)
        return name

    def make_plain(self):
        self.put("/app/plain", "1", AllowedPattern="[0-9]+", Description="first", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        self.aws.ssm.put_parameter(Name="/app/plain", Value="2", Overwrite=True)
        return "/app/plain"

    def make_secure(self):
        return self.put("/app/secure", type="SecureString")

    def make_list(self):
        return self.put("/app/deep/list", "a,b", type="StringList", Tier="Advanced")


def everything(g):
    assert g["plain"] and g["secure"] and g["list"]


def under(g):
    everything(g)
    return dict(Path="/app")


def described(g):
    everything(g)
    return {}


def tagged(**more):
    return lambda g: dict(ResourceType="Parameter", ResourceId=g["plain"], **more)


BASES = {
    "AddTagsToResource": tagged(Tags=[{"Key": "new", "Value": "new"}]),
    "DeleteParameter": lambda g: dict(Name=g["plain"]),
    "DeleteParameters": lambda g: dict(Names=[g["plain"], "absent"]),
    "DescribeParameters": described,
    "GetParameter": lambda g: dict(Name=g["secure"]),
    "GetParameters": lambda g: dict(Names=[g["secure"], "absent"]),
    "GetParametersByPath": under,
    "ListTagsForResource": tagged(),
    "PutParameter": lambda g: dict(Name="/app/new", Value="value", Type="String"),
    "RemoveTagsFromResource": tagged(TagKeys=["a"]),
}


def filtered(key, values, option=None):
    return [{"Key": key, "Values": values, **({"Option": option} if option else {})}]


# Values for members of one operation, where the general ones would not tell.
VALUES = {
    **{f"{operation}.Name": "/app/absent" for operation in BASES},
    **{f"{operation}.MaxResults": 1 for operation in BASES},
    **{f"{operation}.ResourceId": "/app/absent" for operation in BASES},
    **{f"{operation}.ResourceType": "Document" for operation in BASES},
    "DeleteParameters.Names": [["/app/absent"]],
    "GetParameters.Names": [["/app/absent"]],
    "GetParametersByPath.Path": "/other",
    **{
        f"{operation}.ParameterFilters[].{member}": value
        for operation in ("DescribeParameters", "GetParametersByPath")
        for member, value in {
            "Key": With("KeyId", {"ParameterFilters": filtered("Type", ["String"])}),
            "Option": With("BeginsWith", {"ParameterFilters": filtered("Type", ["Secure"])}),
            "Values": With(["SecureString"], {"ParameterFilters": filtered("Type", ["String"])}),
        }.items()
    },
    "DescribeParameters.Filters[].Key": With("Name", {"Filters": filtered("Name", ["/app/plain"])}),
    "DescribeParameters.Filters[].Values": With(["/app/deep"], {"Filters": filtered("Name", ["/app/deep"])}),
    "PutParameter.Name": "/app/plain",
    "PutParameter.AllowedPattern": "[0-9]+",
    "PutParameter.DataType": "aws:ec2:image",
    "PutParameter.KeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/absent",
    "PutParameter.Overwrite": With(False, {"Name": lambda g: g["plain"], "Value": "3", "Overwrite": True}),
    "PutParameter.Tier": "Advanced",
    "PutParameter.Type": "SecureString",
    "PutParameter.Value": "other",
    "RemoveTagsFromResource.TagKeys": [["b"]],
}

GROUND = ParametersGround
