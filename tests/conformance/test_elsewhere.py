"""What is asked of services that are not simulated is told so, in words that the service's own client reads."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from world import REGION

# A service of each protocol and shape of error, and a call of it.
CALLS = {
    "appsync": lambda client: client.list_graphql_apis(),
    "cloudformation": lambda client: client.describe_stacks(),
    "codebuild": lambda client: client.list_projects(),
    "dynamodb": lambda client: client.list_tables(),
    "efs": lambda client: client.describe_file_systems(),
    "events": lambda client: client.list_rules(),
    "lambda": lambda client: client.list_functions(),
    "ecs": lambda client: client.list_clusters(),
    "redshift": lambda client: client.describe_clusters(),
    "route53domains": lambda client: client.list_domains(),
    "sqs": lambda client: client.list_queues(),
    "servicediscovery": lambda client: client.list_services(),
    "stepfunctions": lambda client: client.list_state_machines(),
}


@pytest.mark.parametrize("service", CALLS)
def test_a_service_that_is_not_simulated_says_so_in_its_own_protocol(world, service):
    config = Config(retries={"mode": "standard", "total_max_attempts": 1}, inject_host_prefix=False)
    session = boto3.Session("test", "test", region_name=REGION)
    client = session.client(service, endpoint_url=world.address, config=config)
    with pytest.raises(ClientError) as refused:
        CALLS[service](client)
    answer = refused.value.response
    assert answer["Error"]["Code"] == "NotSimulated"
    assert answer["Error"]["Message"].endswith("is not simulated")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
    log = world.ask("GET", "log")
    assert log[-1]["code"] == "NotSimulated" and log[-1]["operation"]
