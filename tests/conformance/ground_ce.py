"""Cost Explorer's ground, and a call of each of its operations that succeeds on it."""

from members import Ground


class CostsGround(Ground):
    """A topic whose tags' keys are known to billing, one of them by which costs are told apart."""

    def make_keys(self):
        tags = [{"Key": key, "Value": "1"} for key in ("a", "b", "c")]
        self.aws.sns.create_topic(Name="tagged", Tags=tags)
        self.aws.world.advance(25 * 3600)
        status = [{"TagKey": "a", "Status": "Active"}]
        self.aws.ce.update_cost_allocation_tags_status(CostAllocationTagsStatus=status)
        return ["a", "b", "c"]


def listed(g):
    assert g["keys"]
    return {}


def changed(g):
    return dict(CostAllocationTagsStatus=[{"TagKey": g["keys"][1], "Status": "Active"}])


BASES = {"ListCostAllocationTags": listed, "UpdateCostAllocationTagsStatus": changed}

# Values for members of one operation, where the general ones would not tell.
VALUES = {
    "ListCostAllocationTags.MaxResults": 1,
    "ListCostAllocationTags.Status": "Active",
    "ListCostAllocationTags.TagKeys": [["b"]],
    "ListCostAllocationTags.Type": "AWSGenerated",
    "UpdateCostAllocationTagsStatus.CostAllocationTagsStatus[].Status": "Inactive",
    "UpdateCostAllocationTagsStatus.CostAllocationTagsStatus[].TagKey": "absent",
}

GROUND = CostsGround
