//! `aws_subnet`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html>

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, AttributeBooleanValue, Filter, ResourceType};
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
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::tag;

/// The calls of `aws_subnet`.
pub struct Subnet;

const SCHEMA: &Schema = fathuss_model::aws::Subnet::SCHEMA;

#[async_trait(?Send)]
impl Kind for Subnet {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeSubnets` for all: it answers every field.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = ids(requests);
        let subnets = match gather(client, &wanted, "subnet-id", id_of, page(client)).await {
            Ok(subnets) => subnets,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        let tags = subnets.iter().map(|(id, subnet)| (id, tag::read(subnet.tags())));
        let strays = strays(client, SCHEMA.kind, &wanted, tags);
        let batch = Batch::of(requests, |request| subnets.get(&request.identity.0).map(observe).map(Ok));
        Batch { strays, ..batch }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let sending = client
            .ec2
            .create_subnet()
            .vpc_id(desired.text("vpc_id")?)
            .cidr_block(desired.text("cidr_block")?)
            .set_availability_zone(desired.maybe_string("availability_zone")?)
            .tag_specifications(tag::specification(ResourceType::Subnet, &request.mark, &request.desired.attributes)?)
            .send();
        let answer = client.send(Call::ec2("CreateSubnet").lagging(), sending).await?;
        let id = answer.subnet.and_then(|subnet| subnet.subnet_id);
        id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "CreateSubnet", "SubnetId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, |_| true).await
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let look = async || one("subnet-id", &standing.identity.0, page(client)).await;
        let Some(mut subnet) = look().await? else { return Ok(waiting("not visible yet")) };
        match &subnet.state {
            Some(types::SubnetState::Available) => {}
            state => return Ok(waiting(state.as_ref().map_or("pending", types::SubnetState::as_str))),
        }
        let public = Fields::of(&standing.desired.attributes).bool_or("map_public_ip_on_launch", false)?;
        if subnet.map_public_ip_on_launch != Some(public) {
            let value = AttributeBooleanValue::builder().value(public).build();
            let setting = client.ec2.modify_subnet_attribute().subnet_id(&standing.identity.0);
            let sending = setting.map_public_ip_on_launch(value).send();
            client.send(Call::ec2("ModifySubnetAttribute").lagging(), sending).await?;
            match look().await? {
                Some(seen) if seen.map_public_ip_on_launch == Some(public) => subnet = seen,
                _ => return Ok(waiting("setting public addresses")),
            }
        }
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observe(&subnet)))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        // Public addresses at launch are settle's: it sets them where they differ.
        tag::update(client, &standing.identity.0, standing, change).await
    }

    /// Deleting by id can be repeated: an id is never given twice.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.ec2.delete_subnet().subnet_id(&standing.identity.0).send();
        once_accepted(client.send(Call::ec2("DeleteSubnet"), sending).await)
    }
}

fn id_of(subnet: &types::Subnet) -> Option<&str> {
    subnet.subnet_id()
}

fn page(client: &Client) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::Subnet>, Failure> {
    async |filters, token| {
        let sending = client.ec2.describe_subnets().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeSubnets"), sending).await?;
        Ok((answer.subnets.unwrap_or_default(), answer.next_token))
    }
}

fn observe(subnet: &types::Subnet) -> Attributes {
    Observed::new()
        .with("vpc_id", subnet.vpc_id.clone())
        .with("cidr_block", subnet.cidr_block.clone())
        .with("availability_zone", subnet.availability_zone.clone())
        .with("map_public_ip_on_launch", subnet.map_public_ip_on_launch.unwrap_or(false))
        .tagged(&tag::read(subnet.tags()))
        .with("id", subnet.subnet_id.clone())
        .with("arn", subnet.subnet_arn.clone())
        .with("owner_id", subnet.owner_id.clone())
        .with("availability_zone_id", subnet.availability_zone_id.clone())
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Found, Progress};
    use fathuss_model::Datum;
    use fathuss_state::Identity;
    use serde_json::json;

    use crate::asked::{change, make, marked, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_subnet.public[\"us-east-1a\"]";

    fn subnet(public: bool) -> String {
        format!(
            "<subnetSet><item><subnetId>subnet-1</subnetId><state>available</state><vpcId>vpc-1</vpcId>\
             <cidrBlock>10.0.1.0/24</cidrBlock><mapPublicIpOnLaunch>{public}</mapPublicIpOnLaunch>{}</item></subnetSet>",
            marked(AT)
        )
    }

    #[tokio::test]
    async fn an_unanswered_creation_is_found_by_lineage_address_and_generation() {
        let canned = Canned::new().answer("DescribeSubnets", &subnet(false));
        let found = canned.aws().find(&make(AT, json!({}))).await;
        assert_eq!(found, Ok(Found::Ours(Identity("subnet-1".to_owned()))));
        let seen = &canned.seen()[0];
        let filters: Vec<_> = (1..=3).map(|at| seen.get(&format!("Filter.{at}.Value.1")).unwrap()).collect();
        assert_eq!(filters, ["s.aws_subnet.public/us-east-1a", "1", "lineage-1"]);
    }

    #[tokio::test]
    async fn public_addresses_are_switched_on_after_the_creation() {
        let canned = Canned::new()
            .answer("DescribeSubnets", &subnet(false))
            .answer("DescribeSubnets", &subnet(true))
            .answer("ModifySubnetAttribute", "<return>true</return>");
        let standing = standing(
            AT,
            "subnet-1",
            json!({ "vpc_id": "vpc-1", "cidr_block": "10.0.1.0/24", "map_public_ip_on_launch": true }),
        );
        let Progress::Ready(observed) = canned.aws().settle(&standing).await.unwrap() else { panic!("not ready") };
        assert_eq!(observed.get("map_public_ip_on_launch"), Some(&Datum::Bool(true)));
        assert_eq!(canned.operations(), ["DescribeSubnets", "ModifySubnetAttribute", "DescribeSubnets"]);
    }

    #[tokio::test]
    async fn a_vpc_made_a_moment_ago_may_not_be_there_yet() {
        let canned =
            Canned::new().refuse("CreateSubnet", 400, "InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist");
        let request = make(AT, json!({ "vpc_id": "vpc-1", "cidr_block": "10.0.1.0/24" }));
        assert_eq!(canned.aws().create(&request).await.unwrap_err().class, FailureClass::Unseen);
    }

    #[tokio::test]
    async fn changed_tags_are_set_and_those_left_out_are_taken_off() {
        let canned =
            Canned::new().answer("CreateTags", "<return>true</return>").answer("DeleteTags", "<return>true</return>");
        let standing = standing(AT, "subnet-1", json!({ "tags": { "Tier": "public" } }));
        let change = change(json!({ "tags": { "Old": "x", "Tier": "private" } }), &["tags"]);
        canned.aws().update(&standing, &change).await.unwrap();
        let seen = canned.seen();
        assert_eq!((seen[0].get("Tag.1.Key"), seen[0].get("Tag.1.Value")), (Some("Tier"), Some("public")));
        assert_eq!((seen[1].get("Tag.1.Key"), seen[1].get("Tag.2.Key")), (Some("Old"), None));
    }
}
