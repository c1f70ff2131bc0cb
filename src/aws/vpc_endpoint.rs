//! `aws_vpc_endpoint`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html>

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self, DnsOptionsSpecification, DnsRecordIpType, Filter, IpAddressType, ResourceType, VpcEndpointType,
};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::{broken, not_done, refused, unreadable};
use crate::fields::{Fields, Observed};
use crate::gather::{Page, by_values, gather, ids, one, ours, strays};
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::{arn, tag};

/// The calls of `aws_vpc_endpoint`.
pub struct VpcEndpoint;

const SCHEMA: &Schema = fathuss_model::aws::VpcEndpoint::SCHEMA;

#[async_trait(?Send)]
impl Kind for VpcEndpoint {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeVpcEndpoints` for all: it answers every field but the prefix list, which is the service's and
    /// never changes. One `DescribePrefixLists` for those whose list is not known yet.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        match read(client, requests).await {
            Ok(batch) => batch,
            Err(failure) => Batch::failed(requests, &failure),
        }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let tags = tag::specification(ResourceType::VpcEndpoint, &request.mark, &request.desired.attributes)?;
        let kind = VpcEndpointType::from(desired.maybe_text("vpc_endpoint_type")?.unwrap_or("Gateway"));
        // Left out, an interface endpoint would have private names.
        let private = (kind == VpcEndpointType::Interface).then_some(desired.bool_or("private_dns_enabled", false)?);
        let sending = client
            .ec2
            .create_vpc_endpoint()
            .client_token(&request.token)
            .vpc_id(desired.text("vpc_id")?)
            .service_name(desired.text("service_name")?)
            .vpc_endpoint_type(kind)
            .set_private_dns_enabled(private)
            .set_policy_document(desired.maybe_string("policy")?)
            .set_route_table_ids(some(desired.texts("route_table_ids")?))
            .set_subnet_ids(some(desired.texts("subnet_ids")?))
            .set_security_group_ids(some(desired.texts("security_group_ids")?))
            .set_ip_address_type(desired.maybe_text("ip_address_type")?.map(IpAddressType::from))
            .set_dns_options(dns_options(&desired)?)
            .tag_specifications(tags)
            .send();
        let answer = client.send(Call::ec2("CreateVpcEndpoint").lagging(), sending).await?;
        let id = answer.vpc_endpoint.and_then(|endpoint| endpoint.vpc_endpoint_id);
        id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "CreateVpcEndpoint", "VpcEndpointId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, lives).await
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(endpoint) = one("vpc-endpoint-id", &standing.identity.0, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        match state(&endpoint).as_str() {
            "available" => {}
            "deleting" | "deleted" => return Ok(Progress::Gone),
            failed @ ("failed" | "rejected" | "expired") => {
                let error = endpoint.last_error.as_ref();
                let code = error.and_then(|error| error.code()).unwrap_or(failed);
                let message = error.and_then(|error| error.message()).unwrap_or("AWS gives no reason");
                return Err(broken(Service::Ec2, code, message));
            }
            pending => return Ok(waiting(pending)),
        }
        let lists = prefix_lists(client, listed(&endpoint)).await?;
        let list = endpoint.service_name().and_then(|service| lists.get(service)).cloned().map(Datum::from);
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observe(client, &endpoint, list)))
    }

    /// Looks at what it has: AWS refuses to add what is there and to take what is not.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let id = standing.identity.0.as_str();
        if change.changed.iter().any(|field| field != "tags") {
            let Some(endpoint) = one("vpc-endpoint-id", id, page(client)).await? else {
                return Err(refused("EndpointGone", format!("VPC endpoint {id} is not there any more")));
            };
            modify(client, standing, change, &endpoint).await?;
        }
        tag::update(client, id, standing, change).await
    }

    /// Until its interfaces are gone: subnets and security groups can't go before.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = standing.identity.0.as_str();
        let Some(endpoint) = one("vpc-endpoint-id", id, page(client)).await? else { return Ok(Progress::Gone) };
        match state(&endpoint).as_str() {
            "deleted" => return Ok(Progress::Gone),
            "deleting" => return Ok(waiting("deleting")),
            _ => {}
        }
        let call = Call::ec2("DeleteVpcEndpoints");
        let sending = client.ec2.delete_vpc_endpoints().vpc_endpoint_ids(id).send();
        let answer = client.send(call.clone(), sending).await?;
        match not_done(&call, answer.unsuccessful()) {
            Some(failure) => once_accepted(Err::<(), _>(failure)),
            None => Ok(waiting("deleting")),
        }
    }
}

async fn read(client: &Client, requests: &[ReadRequest]) -> Result<Batch, Failure> {
    let wanted = ids(requests);
    let mut endpoints = gather(client, &wanted, "vpc-endpoint-id", id_of, page(client)).await?;
    endpoints.retain(|_, endpoint| lives(endpoint));
    let tags = endpoints.iter().map(|(id, endpoint)| (id, tag::read(endpoint.tags())));
    let strays = strays(client, SCHEMA.kind, &wanted, tags);
    let recorded = |request: &ReadRequest| request.recorded.get("prefix_list_id").cloned();
    let unknown = requests.iter().filter(|request| recorded(request).is_none());
    let services = unknown.filter_map(|request| endpoints.get(&request.identity.0)).filter_map(listed);
    let lists = prefix_lists(client, services).await?;
    let batch = Batch::of(requests, |request| {
        let endpoint = endpoints.get(&request.identity.0)?;
        let found = listed(endpoint).and_then(|service| lists.get(&service).cloned()).map(Datum::from);
        Some(Ok(observe(client, endpoint, recorded(request).or(found))))
    });
    Ok(Batch { strays, ..batch })
}

async fn modify(
    client: &Client,
    standing: &Standing,
    change: &UpdateRequest,
    endpoint: &types::VpcEndpoint,
) -> Result<(), Failure> {
    let desired = Fields::of(&standing.desired.attributes);
    let changed = |field: &str| change.changed.iter().any(|changed| changed == field);
    let tables = Parts::of(&desired, "route_table_ids", endpoint.route_table_ids().to_vec())?;
    let subnets = Parts::of(&desired, "subnet_ids", endpoint.subnet_ids().to_vec())?;
    let mut groups = Parts::of(&desired, "security_group_ids", groups_of(endpoint))?;
    if !desired.has("security_group_ids") {
        // AWS chose them, and keeps them.
        groups = Parts::default();
    }
    let private = desired.maybe_bool("private_dns_enabled")?.filter(|_| changed("private_dns_enabled"));
    let sending = client
        .ec2
        .modify_vpc_endpoint()
        .vpc_endpoint_id(&standing.identity.0)
        .set_add_route_table_ids(some(tables.lacks))
        .set_remove_route_table_ids(some(tables.exceeds))
        .set_add_subnet_ids(some(subnets.lacks))
        .set_remove_subnet_ids(some(subnets.exceeds))
        .set_add_security_group_ids(some(groups.lacks))
        .set_remove_security_group_ids(some(groups.exceeds))
        .set_private_dns_enabled(private)
        .set_policy_document(desired.maybe_string("policy")?.filter(|_| changed("policy")))
        .set_ip_address_type(
            desired.maybe_text("ip_address_type")?.filter(|_| changed("ip_address_type")).map(IpAddressType::from),
        )
        .set_dns_options(if changed("dns_options") { dns_options(&desired)? } else { None })
        .send();
    client.send(Call::ec2("ModifyVpcEndpoint").lagging(), sending).await?;
    Ok(())
}

/// What an endpoint is to be given and what is to be taken from it.
#[derive(Debug, Default)]
struct Parts {
    lacks: Vec<String>,
    exceeds: Vec<String>,
}

impl Parts {
    fn of(desired: &Fields<'_>, field: &str, has: Vec<String>) -> Result<Self, Failure> {
        let wanted: BTreeSet<String> = desired.texts(field)?.into_iter().collect();
        let has: BTreeSet<String> = has.into_iter().collect();
        Ok(Self {
            lacks: wanted.difference(&has).cloned().collect(),
            exceeds: has.difference(&wanted).cloned().collect(),
        })
    }
}

/// The list, unless it is empty.
fn some(list: Vec<String>) -> Option<Vec<String>> {
    Some(list).filter(|list| !list.is_empty())
}

fn dns_options(desired: &Fields<'_>) -> Result<Option<DnsOptionsSpecification>, Failure> {
    let Some(options) = desired.block("dns_options")? else { return Ok(None) };
    let specification = DnsOptionsSpecification::builder()
        .set_dns_record_ip_type(options.maybe_text("dns_record_ip_type")?.map(DnsRecordIpType::from))
        .set_private_dns_only_for_inbound_resolver_endpoint(
            options.maybe_bool("private_dns_only_for_inbound_resolver_endpoint")?,
        )
        .build();
    Ok(Some(specification))
}

fn id_of(endpoint: &types::VpcEndpoint) -> Option<&str> {
    endpoint.vpc_endpoint_id()
}

/// The state in small letters, as EC2 answers it: its model has capitals.
fn state(endpoint: &types::VpcEndpoint) -> String {
    endpoint.state.as_ref().map_or("pending", types::State::as_str).to_lowercase()
}

fn lives(endpoint: &types::VpcEndpoint) -> bool {
    !matches!(state(endpoint).as_str(), "deleting" | "deleted")
}

fn groups_of(endpoint: &types::VpcEndpoint) -> Vec<String> {
    endpoint.groups().iter().filter_map(|group| group.group_id.clone()).collect()
}

fn page(client: &Client) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::VpcEndpoint>, Failure> {
    async |filters, token| {
        let sending = client.ec2.describe_vpc_endpoints().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeVpcEndpoints"), sending).await?;
        Ok((answer.vpc_endpoints.unwrap_or_default(), answer.next_token))
    }
}

/// The service whose prefix list leads to it, where routes do.
fn listed(endpoint: &types::VpcEndpoint) -> Option<String> {
    let gateway = endpoint.vpc_endpoint_type == Some(VpcEndpointType::Gateway);
    endpoint.service_name.clone().filter(|_| gateway)
}

/// The prefix lists of these services, by the service's name.
async fn prefix_lists(
    client: &Client,
    services: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, String>, Failure> {
    let services: BTreeSet<String> = services.into_iter().collect();
    let lists = by_values("prefix-list-name", services, &[], async |filters, token| {
        let sending = client.ec2.describe_prefix_lists().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribePrefixLists"), sending).await?;
        Ok((answer.prefix_lists.unwrap_or_default(), answer.next_token))
    })
    .await?;
    Ok(lists.into_iter().filter_map(|list| Some((list.prefix_list_name?, list.prefix_list_id?))).collect())
}

fn observe(client: &Client, endpoint: &types::VpcEndpoint, prefix_list: Option<Datum>) -> Attributes {
    let id = endpoint.vpc_endpoint_id().unwrap_or_default();
    let owner = endpoint.owner_id();
    let mut dns = Observed::new();
    if let Some(options) = &endpoint.dns_options {
        let alone = options.private_dns_only_for_inbound_resolver_endpoint;
        dns = dns
            .with("dns_record_ip_type", options.dns_record_ip_type.as_ref().map(DnsRecordIpType::as_str))
            .with("private_dns_only_for_inbound_resolver_endpoint", alone);
    }
    let names = endpoint.dns_entries().iter().map(|entry| {
        Observed::new().with("dns_name", entry.dns_name()).with("hosted_zone_id", entry.hosted_zone_id()).into_datum()
    });
    Observed::new()
        .with("vpc_id", endpoint.vpc_id())
        .with("service_name", endpoint.service_name())
        .with("vpc_endpoint_type", endpoint.vpc_endpoint_type.as_ref().map(VpcEndpointType::as_str))
        .with_list("route_table_ids", endpoint.route_table_ids().iter().cloned())
        .with_list("subnet_ids", endpoint.subnet_ids().iter().cloned())
        .with_list("security_group_ids", groups_of(endpoint))
        .with("private_dns_enabled", endpoint.private_dns_enabled)
        .with("policy", endpoint.policy_document())
        .with("ip_address_type", endpoint.ip_address_type.as_ref().map(IpAddressType::as_str))
        .with_block("dns_options", dns)
        .tagged(&tag::read(endpoint.tags()))
        .with("id", id)
        .with("arn", owner.map(|owner| arn::ec2(&client.region, owner, &format!("vpc-endpoint/{id}"))))
        .with("owner_id", owner)
        .with("prefix_list_id", prefix_list.unwrap_or_default())
        .with_list("dns_entry", names)
        .with_list("network_interface_ids", endpoint.network_interface_ids().iter().cloned())
        .with("requester_managed", endpoint.requester_managed)
        .with("state", state(endpoint))
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Observation, Progress};
    use fathuss_model::Datum;
    use serde_json::json;

    use crate::asked::{change, make, marked, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_vpc_endpoint.s3";
    const S3: &str = "com.amazonaws.us-east-1.s3";

    fn endpoint(kind: &str, state: &str, parts: &str) -> String {
        format!(
            "<vpcEndpointSet><item><vpcEndpointId>vpce-1</vpcEndpointId><vpcEndpointType>{kind}</vpcEndpointType>\
             <vpcId>vpc-1</vpcId><serviceName>{S3}</serviceName><state>{state}</state><ownerId>1</ownerId>\
             <privateDnsEnabled>false</privateDnsEnabled>{parts}{}</item></vpcEndpointSet>",
            marked(AT)
        )
    }

    const TABLE: &str = "<routeTableIdSet><item>rtb-1</item></routeTableIdSet>";
    const LIST: &str = "<prefixListSet><item><prefixListId>pl-1</prefixListId>\
                        <prefixListName>com.amazonaws.us-east-1.s3</prefixListName></item></prefixListSet>";

    #[tokio::test]
    async fn an_interface_endpoint_has_no_private_names_that_nobody_asked_for() {
        let answer = "<vpcEndpoint><vpcEndpointId>vpce-1</vpcEndpointId></vpcEndpoint>";
        let canned = Canned::new().answer("CreateVpcEndpoint", answer);
        let desired = json!({ "vpc_id": "vpc-1", "service_name": S3, "vpc_endpoint_type": "Interface" });
        let request = make(AT, desired);
        canned.aws().create(&request).await.unwrap();
        let seen = canned.seen().pop().unwrap();
        assert_eq!((seen.get("PrivateDnsEnabled"), seen.get("RouteTableId.1")), (Some("false"), None));
        assert_eq!(seen.get("ClientToken"), Some(request.token.as_str()));
    }

    #[tokio::test]
    async fn its_prefix_list_is_asked_for_once() {
        let canned = Canned::new()
            .answer("DescribeVpcEndpoints", &endpoint("Gateway", "available", TABLE))
            .answer("DescribePrefixLists", LIST);
        let request = read(AT, "vpce-1");
        let answer = canned.aws().read(std::slice::from_ref(&request)).await;
        let Ok(Observation::Present(observed)) = &answer.observations[0] else { panic!("absent") };
        assert_eq!(observed.get("prefix_list_id").and_then(Datum::as_str), Some("pl-1"));
        let known = fathuss_engine::provider::ReadRequest { recorded: observed.clone(), ..request };
        let again = canned.aws().read(&[known]).await;
        assert_eq!(again.observations, answer.observations);
        let asked = canned.operations().iter().filter(|one| *one == "DescribePrefixLists").count();
        assert_eq!(asked, 1);
    }

    #[tokio::test]
    async fn a_change_adds_what_lacks_and_takes_what_is_there_and_not_wanted() {
        let canned = Canned::new()
            .answer("DescribeVpcEndpoints", &endpoint("Gateway", "available", TABLE))
            .answer("ModifyVpcEndpoint", "<return>true</return>");
        let desired = json!({ "vpc_id": "vpc-1", "service_name": S3, "route_table_ids": ["rtb-2"] });
        let changed = change(json!({ "route_table_ids": ["rtb-0", "rtb-1"] }), &["route_table_ids"]);
        canned.aws().update(&standing(AT, "vpce-1", desired), &changed).await.unwrap();
        let sent = canned.seen().pop().unwrap();
        // The table rtb-0 went with its own delete: AWS refuses to take it once more.
        assert_eq!((sent.get("AddRouteTableId.1"), sent.get("RemoveRouteTableId.1")), (Some("rtb-2"), Some("rtb-1")));
        assert_eq!((sent.get("RemoveRouteTableId.2"), sent.get("PrivateDnsEnabled")), (None, None));
    }

    #[tokio::test]
    async fn states_are_known_in_either_case() {
        for (word, ready) in [("Available", true), ("available", true), ("pending", false)] {
            let canned = Canned::new()
                .answer("DescribeVpcEndpoints", &endpoint("Gateway", word, TABLE))
                .answer("DescribePrefixLists", LIST);
            let desired = json!({ "vpc_id": "vpc-1", "service_name": S3, "route_table_ids": ["rtb-1"] });
            let progress = canned.aws().settle(&standing(AT, "vpce-1", desired)).await.unwrap();
            assert_eq!(matches!(progress, Progress::Ready(_)), ready, "{word}: {progress:?}");
        }
        let canned = Canned::new().answer("DescribeVpcEndpoints", &endpoint("Gateway", "failed", TABLE));
        let failure = canned.aws().settle(&standing(AT, "vpce-1", json!({}))).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Broken);
    }

    #[tokio::test]
    async fn a_deletion_that_the_answer_s_items_refuse_fails_and_one_of_what_is_gone_is_done() {
        let item = |code: &str| {
            format!(
                "<unsuccessful><item><resourceId>vpce-1</resourceId><error><code>{code}</code>\
                 <message>why</message></error></item></unsuccessful>"
            )
        };
        let answered = |code: &str| {
            Canned::new()
                .answer("DescribeVpcEndpoints", &endpoint("Interface", "available", ""))
                .answer("DeleteVpcEndpoints", &item(code))
        };
        let standing = standing(AT, "vpce-1", json!({}));
        let gone = answered("InvalidVpcEndpoint.NotFound").aws().delete(&standing).await;
        assert_eq!(gone, Ok(Progress::Gone));
        let failure = answered("InvalidParameter").aws().delete(&standing).await.unwrap_err();
        assert_eq!((failure.class, failure.operation.as_str()), (FailureClass::Refused, "DeleteVpcEndpoints"));
    }

    #[tokio::test]
    async fn a_deletion_waits_until_the_endpoint_is_gone() {
        let canned = Canned::new()
            .answer("DescribeVpcEndpoints", &endpoint("Interface", "available", ""))
            .answer("DescribeVpcEndpoints", &endpoint("Interface", "deleting", ""))
            .answer("DescribeVpcEndpoints", "<vpcEndpointSet/>")
            .answer("DeleteVpcEndpoints", "<unsuccessful/>");
        let (aws, standing) = (canned.aws(), standing(AT, "vpce-1", json!({})));
        for _ in 0..2 {
            assert!(matches!(aws.delete(&standing).await, Ok(Progress::Waiting { .. })));
        }
        assert_eq!(aws.delete(&standing).await, Ok(Progress::Gone));
        let deletes = canned.operations().iter().filter(|operation| *operation == "DeleteVpcEndpoints").count();
        assert_eq!(deletes, 1);
    }
}
