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
use crate::differ::once_shown;
use crate::failure::{broken, unreadable};
use crate::fields::{Fields, Observed};
use crate::gather::{Page, gather, ids, one, ours, strays};
use crate::gone::{is_not_found, waiting};
use crate::kind::{Batch, Kind};
use crate::tag;

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
            Some(NatGatewayState::Available) => once_shown(SCHEMA, &standing.desired.attributes, observe(&gateway)),
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
        .tagged(&tag::read(gateway.tags()))
        .with("id", gateway.nat_gateway_id())
        .with("public_ip", primary.and_then(|address| address.public_ip()))
        .with("association_id", primary.and_then(|address| address.association_id()))
        .with("network_interface_id", primary.and_then(|address| address.network_interface_id()))
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Observation, Progress};
    use serde_json::json;

    use crate::asked::{make, marked, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_nat_gateway.public";

    fn gateway(state: &str) -> String {
        format!(
            "<natGatewaySet><item><natGatewayId>nat-1</natGatewayId><subnetId>subnet-1</subnetId><state>{state}</state>\
             <failureCode>Gateway.NotAttached</failureCode><failureMessage>Network vpc-1 has no Internet gateway attached</failureMessage>\
             <natGatewayAddressSet><item><allocationId>eipalloc-1</allocationId><publicIp>1.2.3.4</publicIp></item></natGatewayAddressSet>\
             {}</item></natGatewaySet>",
            marked(AT)
        )
    }

    #[tokio::test]
    async fn a_creation_carries_the_whole_token() {
        let canned =
            Canned::new().answer("CreateNatGateway", "<natGateway><natGatewayId>nat-1</natGatewayId></natGateway>");
        let request = make(AT, json!({ "subnet_id": "subnet-1", "allocation_id": "eipalloc-1" }));
        canned.aws().create(&request).await.unwrap();
        assert_eq!(canned.seen()[0].get("ClientToken"), Some(request.token.as_str()));
    }

    #[tokio::test]
    async fn a_failed_gateway_is_broken_in_aws_s_words() {
        let canned = Canned::new().answer("DescribeNatGateways", &gateway("failed"));
        let failure = canned.aws().settle(&standing(AT, "nat-1", json!({}))).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Broken);
        assert_eq!(failure.code, "Gateway.NotAttached");
        assert_eq!(failure.message, "Network vpc-1 has no Internet gateway attached");
    }

    #[tokio::test]
    async fn a_deletion_waits_until_the_gateway_is_deleted() {
        let canned = Canned::new()
            .answer("DescribeNatGateways", &gateway("available"))
            .answer("DescribeNatGateways", &gateway("deleting"))
            .answer("DescribeNatGateways", &gateway("deleted"))
            .answer("DeleteNatGateway", "<natGatewayId>nat-1</natGatewayId>");
        let (aws, standing) = (canned.aws(), standing(AT, "nat-1", json!({})));
        for _ in 0..2 {
            assert!(matches!(aws.delete(&standing).await, Ok(Progress::Waiting { .. })));
        }
        assert_eq!(aws.delete(&standing).await, Ok(Progress::Gone));
        let deletes = canned.operations().iter().filter(|operation| *operation == "DeleteNatGateway").count();
        assert_eq!(deletes, 1);
    }

    #[tokio::test]
    async fn a_deleted_gateway_that_aws_still_shows_is_absent_and_no_stray() {
        let canned = Canned::new().answer("DescribeNatGateways", &gateway("deleted"));
        let answer = canned.aws().read(&[read(AT, "nat-1")]).await;
        assert_eq!(answer.observations, [Ok(Observation::Absent)]);
        assert!(answer.strays.is_empty());
    }
}
