//! `aws_internet_gateway`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateInternetGateway.html>

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, ResourceType};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gather::{Page, gather, ids, one, ours, strays};
use crate::gone::{is_not_found, once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::{arn, tag};

/// The calls of `aws_internet_gateway`.
pub struct InternetGateway;

const SCHEMA: &Schema = fathuss_model::aws::InternetGateway::SCHEMA;

#[async_trait(?Send)]
impl Kind for InternetGateway {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeInternetGateways` for all: it answers every field.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = ids(requests);
        let gateways = match gather(client, &wanted, "internet-gateway-id", id_of, page(client)).await {
            Ok(gateways) => gateways,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        let tags = gateways.iter().map(|(id, gateway)| (id, tag::read(gateway.tags())));
        let strays = strays(client, SCHEMA.kind, &wanted, tags);
        let present = |request: &ReadRequest| Some(Ok(observe(client, gateways.get(&request.identity.0)?)));
        Batch { strays, ..Batch::of(requests, present) }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let tags = tag::specification(ResourceType::InternetGateway, &request.mark, &request.desired.attributes)?;
        let sending = client.ec2.create_internet_gateway().tag_specifications(tags).send();
        let answer = client.send(Call::ec2("CreateInternetGateway"), sending).await?;
        let id = answer.internet_gateway.and_then(|gateway| gateway.internet_gateway_id);
        id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "CreateInternetGateway", "InternetGatewayId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, |_| true).await
    }

    /// Attaches it where it is not; takes it off another VPC before.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        let wanted = Fields::of(&standing.desired.attributes).text("vpc_id")?;
        let look = async || one("internet-gateway-id", id, page(client)).await;
        let Some(gateway) = look().await? else { return Ok(waiting("not visible yet")) };
        if vpc_of(&gateway) == Some(wanted) {
            return Ok(once_shown(SCHEMA, &standing.desired.attributes, observe(client, &gateway)));
        }
        if let Some(other) = vpc_of(&gateway) {
            detach(client, id, other).await?;
        }
        let sending = client.ec2.attach_internet_gateway().internet_gateway_id(id).vpc_id(wanted).send();
        client.send(Call::ec2("AttachInternetGateway").lagging(), sending).await?;
        match look().await? {
            Some(gateway) if vpc_of(&gateway) == Some(wanted) => {
                Ok(once_shown(SCHEMA, &standing.desired.attributes, observe(client, &gateway)))
            }
            _ => Ok(waiting("attaching")),
        }
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        // Another VPC is settle's: it attaches the gateway where it belongs.
        tag::update(client, &standing.identity.0, standing, change).await
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        let Some(gateway) = one("internet-gateway-id", id, page(client)).await? else { return Ok(Progress::Gone) };
        if let Some(vpc) = vpc_of(&gateway) {
            detach(client, id, vpc).await?;
        }
        let sending = client.ec2.delete_internet_gateway().internet_gateway_id(id).send();
        once_accepted(client.send(Call::ec2("DeleteInternetGateway"), sending).await)
    }
}

/// Takes it off a VPC; that it is off already is as well. While public addresses are in use there, AWS refuses: not yet.
async fn detach(client: &Client, id: &str, vpc: &str) -> Result<(), Failure> {
    let sending = client.ec2.detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send();
    match client.send(Call::ec2("DetachInternetGateway"), sending).await {
        Ok(_) => Ok(()),
        Err(failure) if failure.code == "Gateway.NotAttached" || is_not_found(&failure) => Ok(()),
        Err(failure) => Err(failure),
    }
}

fn id_of(gateway: &types::InternetGateway) -> Option<&str> {
    gateway.internet_gateway_id()
}

fn vpc_of(gateway: &types::InternetGateway) -> Option<&str> {
    gateway.attachments().iter().find_map(|attachment| attachment.vpc_id())
}

fn page(client: &Client) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::InternetGateway>, Failure> {
    async |filters, token| {
        let sending = client.ec2.describe_internet_gateways().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeInternetGateways"), sending).await?;
        Ok((answer.internet_gateways.unwrap_or_default(), answer.next_token))
    }
}

fn observe(client: &Client, gateway: &types::InternetGateway) -> Attributes {
    let id = gateway.internet_gateway_id().unwrap_or_default();
    let owner = gateway.owner_id();
    Observed::new()
        .with("vpc_id", vpc_of(gateway))
        .tagged(&tag::read(gateway.tags()))
        .with("id", id)
        .with("arn", owner.map(|owner| arn::ec2(&client.region, owner, &format!("internet-gateway/{id}"))))
        .with("owner_id", owner)
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Progress};
    use serde_json::json;

    use crate::asked::standing;
    use crate::canned::Canned;

    const AT: &str = "s.aws_internet_gateway.main";

    fn gateway(vpc: Option<&str>) -> String {
        let attached = vpc.map(|vpc| format!("<item><vpcId>{vpc}</vpcId><state>available</state></item>"));
        format!(
            "<internetGatewaySet><item><internetGatewayId>igw-1</internetGatewayId>\
             <attachmentSet>{}</attachmentSet></item></internetGatewaySet>",
            attached.unwrap_or_default()
        )
    }

    #[tokio::test]
    async fn a_gateway_on_another_vpc_is_taken_off_and_attached() {
        let canned = Canned::new()
            .answer("DescribeInternetGateways", &gateway(Some("vpc-old")))
            .answer("DescribeInternetGateways", &gateway(Some("vpc-1")))
            .answer("DetachInternetGateway", "<return>true</return>")
            .answer("AttachInternetGateway", "<return>true</return>");
        let progress = canned.aws().settle(&standing(AT, "igw-1", json!({ "vpc_id": "vpc-1" }))).await.unwrap();
        assert!(matches!(progress, Progress::Ready(_)));
        let seen = canned.seen();
        assert_eq!((seen[1].operation.as_str(), seen[1].get("VpcId")), ("DetachInternetGateway", Some("vpc-old")));
        assert_eq!((seen[2].operation.as_str(), seen[2].get("VpcId")), ("AttachInternetGateway", Some("vpc-1")));
    }

    #[tokio::test]
    async fn a_deletion_waits_while_public_addresses_are_mapped() {
        let canned = Canned::new()
            .answer("DescribeInternetGateways", &gateway(Some("vpc-1")))
            .refuse(
                "DetachInternetGateway",
                400,
                "DependencyViolation",
                "Network vpc-1 has some mapped public address(es).",
            )
            .answer("DetachInternetGateway", "<return>true</return>")
            .answer("DeleteInternetGateway", "<return>true</return>");
        let (aws, standing) = (canned.aws(), standing(AT, "igw-1", json!({ "vpc_id": "vpc-1" })));
        assert_eq!(aws.delete(&standing).await.unwrap_err().class, FailureClass::NotYet);
        assert_eq!(aws.delete(&standing).await, Ok(Progress::Gone));
    }
}
