//! `aws_nat_gateway`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html>

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, ConnectivityType, Filter, NatGatewayState, ResourceType};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::failure::{broken, unreadable};
use crate::fields::{Fields, Observed};
use crate::gather::{Page, gather, ids, one, ours, strays};
use crate::gone::{is_not_found, waiting};
use crate::kind::{Batch, Kind};
use crate::{mark, tag};

/// The calls of `aws_nat_gateway`.
pub struct NatGateway;

const SCHEMA: &Schema = fathuss_model::aws::NatGateway::SCHEMA;

#[async_trait(?Send)]
impl Kind for NatGateway {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeNatGateways` for all: it answers every field. It shows deleted ones for about an hour.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = ids(requests);
        let mut gateways = match gather(client, &wanted, "nat-gateway-id", id_of, page(client)).await {
            Ok(gateways) => gateways,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        gateways.retain(|_, gateway| lives(gateway));
        let tags = gateways.iter().map(|(id, gateway)| (id, tag::read(gateway.tags())));
        let strays = strays(client, SCHEMA.kind, &wanted, tags);
        Batch { strays, ..Batch::of(requests, |request| gateways.get(&request.identity.0).map(observe).map(Ok)) }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let tags = tag::specification(ResourceType::Natgateway, &request.mark, &request.desired.attributes)?;
        let sending = client
            .ec2
            .create_nat_gateway()
            .client_token(&request.token)
            .subnet_id(desired.text("subnet_id")?)
            .set_allocation_id(desired.maybe_string("allocation_id")?)
            .set_connectivity_type(desired.maybe_text("connectivity_type")?.map(ConnectivityType::from))
            .set_private_ip_address(desired.maybe_string("private_ip")?)
            .tag_specifications(tags)
            .send();
        let answer = client.send(Call::ec2("CreateNatGateway").lagging(), sending).await?;
        let id = answer.nat_gateway.and_then(|gateway| gateway.nat_gateway_id);
        id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "CreateNatGateway", "NatGatewayId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, lives).await
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(gateway) = one("nat-gateway-id", &standing.identity.0, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        Ok(match &gateway.state {
            Some(NatGatewayState::Available) => Progress::Ready(observe(&gateway)),
            Some(NatGatewayState::Failed) => {
                let code = gateway.failure_code().unwrap_or("NatGatewayFailed");
                let message = gateway.failure_message().unwrap_or("AWS gives no reason");
                return Err(broken(Service::Ec2, code, message));
            }
            Some(NatGatewayState::Deleted | NatGatewayState::Deleting) => Progress::Gone,
            state => waiting(state.as_ref().map_or("pending", NatGatewayState::as_str)),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        tag::update(client, &standing.identity.0, standing, change).await
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        let gateway = one("nat-gateway-id", id, page(client)).await?;
        match gateway.and_then(|gateway| gateway.state) {
            None | Some(NatGatewayState::Deleted) => return Ok(Progress::Gone),
            Some(NatGatewayState::Deleting) => return Ok(waiting("deleting")),
            Some(_) => {}
        }
        let sending = client.ec2.delete_nat_gateway().nat_gateway_id(id).send();
        match client.send(Call::ec2("DeleteNatGateway"), sending).await {
            Ok(_) => Ok(waiting("deleting")),
            Err(failure) if is_not_found(&failure) => Ok(Progress::Gone),
            Err(failure) => Err(failure),
        }
    }
}

fn id_of(gateway: &types::NatGateway) -> Option<&str> {
    gateway.nat_gateway_id()
}

fn lives(gateway: &types::NatGateway) -> bool {
    !matches!(gateway.state, Some(NatGatewayState::Deleted | NatGatewayState::Deleting))
}

fn page(client: &Client) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::NatGateway>, Failure> {
    async |filters, token| {
        let sending = client.ec2.describe_nat_gateways().set_filter(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeNatGateways"), sending).await?;
        Ok((answer.nat_gateways.unwrap_or_default(), answer.next_token))
    }
}

fn observe(gateway: &types::NatGateway) -> Attributes {
    let addresses = gateway.nat_gateway_addresses();
    let primary = addresses.iter().find(|address| address.is_primary == Some(true)).or(addresses.first());
    Observed::new()
        .with("subnet_id", gateway.subnet_id())
        .with("allocation_id", primary.and_then(|address| address.allocation_id()))
        .with("connectivity_type", gateway.connectivity_type.as_ref().map(ConnectivityType::as_str))
        .with("private_ip", primary.and_then(|address| address.private_ip()))
        .with("tags", mark::attribute(&tag::read(gateway.tags())))
        .with("id", gateway.nat_gateway_id())
        .with("public_ip", primary.and_then(|address| address.public_ip()))
        .with("association_id", primary.and_then(|address| address.association_id()))
        .with("network_interface_id", primary.and_then(|address| address.network_interface_id()))
        .finish(SCHEMA)
}
