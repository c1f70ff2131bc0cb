"""What Cost Explorer refuses."""

from refusal import Cases

CASES = Cases()
refuses = CASES.refuses


@refuses("ce.page.token", "InvalidNextTokenException")
def tags_after_no_page(aws):
    return lambda: aws.ce.list_cost_allocation_tags(NextToken="none"), {}


@refuses("ce.quota", "LimitExceededException")
def an_active_tag_too_many(aws):
    aws.sns.create_topic(Name="tagged", Tags=[{"Key": key, "Value": "1"} for key in ("a", "b")])
    aws.world.advance(25 * 3600)

    def act():
        with aws.world.quota("ce.active-tags", 1):
            status = [{"TagKey": key, "Status": "Active"} for key in ("a", "b")]
            aws.ce.update_cost_allocation_tags_status(CostAllocationTagsStatus=status)

    return act, {}
