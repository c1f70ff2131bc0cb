//! `aws_route_table`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRouteTable.html>
//!
//! Its routes and associations are read with it: `DescribeRouteTables` answers all three.

use std::collections::{BTreeMap, BTreeSet};

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
use crate::gather::{Page, by_values, gather, one, ours, strays};
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::route::{self, Ends};
use crate::{arn, default_route_table, mark, route_table_association, tag};

/// The calls of `aws_route_table`.
pub struct RouteTable;

/// The family that routes and associations belong to.
pub(crate) const FAMILY: &str = SCHEMA.kind;

const SCHEMA: &Schema = fathuss_model::aws::RouteTable::SCHEMA;

#[async_trait(?Send)]
impl Kind for RouteTable {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeRouteTables` for all tables, routes and associations: it answers every field of each.
    /// A second one, by subnet, only where a subnet's association is not in the table that state names.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        match read(client, requests).await {
            Ok(batch) => batch,
            Err(failure) => Batch::failed(requests, &failure),
        }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let tags = tag::specification(ResourceType::RouteTable, &request.mark, &request.desired.attributes)?;
        let sending = client
            .ec2
            .create_route_table()
            .client_token(&request.token)
            .vpc_id(desired.text("vpc_id")?)
            .tag_specifications(tags)
            .send();
        let answer = client.send(Call::ec2("CreateRouteTable").lagging(), sending).await?;
        let id = answer.route_table.and_then(|table| table.route_table_id);
        id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "CreateRouteTable", "RouteTableId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, |_| true).await
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        Ok(match one("route-table-id", &standing.identity.0, page(client)).await? {
            Some(table) => once_shown(SCHEMA, &standing.desired.attributes, observe(client, &table)),
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        tag::update(client, &standing.identity.0, standing, change).await
    }

    /// Deleting by id can be repeated: an id is never given twice.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.ec2.delete_route_table().route_table_id(&standing.identity.0).send();
        once_accepted(client.send(Call::ec2("DeleteRouteTable"), sending).await)
    }
}

async fn read(client: &Client, requests: &[ReadRequest]) -> Result<Batch, Failure> {
    let is = |request: &ReadRequest, schema: &Schema| request.address.kind() == schema.kind;
    let known: BTreeSet<String> =
        requests.iter().filter(|request| is(request, SCHEMA)).map(|request| request.identity.0.clone()).collect();
    let mut wanted = known.clone();
    for request in requests {
        if is(request, default_route_table::SCHEMA) {
            wanted.insert(request.identity.0.clone());
        } else if is(request, route::SCHEMA) {
            wanted.insert(Ends::of(&request.identity)?.table);
        } else if is(request, route_table_association::SCHEMA) {
            wanted.insert(route_table_association::Ends::of(&request.identity)?.table);
        }
    }
    let tables = gather(client, &wanted, "route-table-id", id_of, page(client)).await?;
    let tagged = tables.iter().map(|(id, table)| (id, tag::read(table.tags())));
    // The table that comes with a VPC may be ours by its mark: it is another type's.
    let made = tagged.filter(|(_, tags)| !mark::is_of(tags, default_route_table::SCHEMA.kind));
    let strays = strays(client, SCHEMA.kind, &known, made);
    let mut associations: BTreeMap<String, Attributes> =
        tables.values().flat_map(route_table_association::observe_all).collect();
    let mut elsewhere = BTreeSet::new();
    for request in requests.iter().filter(|request| is(request, route_table_association::SCHEMA)) {
        let subnet = route_table_association::Ends::of(&request.identity)?.subnet;
        if !associations.contains_key(&subnet) {
            elsewhere.insert(subnet);
        }
    }
    let others = by_values("association.subnet-id", elsewhere, &[], page(client)).await?;
    associations.extend(others.iter().flat_map(route_table_association::observe_all));
    let batch = Batch::of(requests, |request| {
        let attributes = if is(request, route::SCHEMA) {
            let ends = Ends::of(&request.identity).ok()?;
            route::observe(tables.get(&ends.table)?, &ends)
        } else if is(request, route_table_association::SCHEMA) {
            let ends = route_table_association::Ends::of(&request.identity).ok()?;
            associations.get(&ends.subnet).cloned()
        } else if is(request, default_route_table::SCHEMA) {
            let table = tables.get(&request.identity.0)?;
            Some(default_route_table::observe(client, table, &request.recorded))
        } else {
            tables.get(&request.identity.0).map(|table| observe(client, table))
        };
        attributes.map(Ok)
    });
    Ok(Batch { strays, ..batch })
}

fn id_of(table: &types::RouteTable) -> Option<&str> {
    table.route_table_id()
}

pub(crate) fn page(
    client: &Client,
) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::RouteTable>, Failure> {
    async |filters, token| {
        let sending = client.ec2.describe_route_tables().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeRouteTables"), sending).await?;
        Ok((answer.route_tables.unwrap_or_default(), answer.next_token))
    }
}

pub(crate) fn arn_of(client: &Client, table: &types::RouteTable) -> Option<String> {
    let (owner, id) = (table.owner_id()?, table.route_table_id()?);
    Some(arn::ec2(&client.region, owner, &format!("route-table/{id}")))
}

fn observe(client: &Client, table: &types::RouteTable) -> Attributes {
    Observed::new()
        .with("vpc_id", table.vpc_id())
        .tagged(&tag::read(table.tags()))
        .with("id", table.route_table_id())
        .with("arn", arn_of(client, table))
        .with("owner_id", table.owner_id())
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Found, Observation, Progress};
    use fathuss_model::Datum;
    use fathuss_state::Identity;
    use serde_json::json;

    use crate::asked::{change, make, marked, read, standing};
    use crate::canned::Canned;

    fn table() -> String {
        format!(
            "<routeTableSet><item><routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId><ownerId>1</ownerId><routeSet>\
             <item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId>\
             <state>active</state><origin>CreateRouteTable</origin></item>\
             <item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><natGatewayId>nat-1</natGatewayId>\
             <state>active</state><origin>CreateRoute</origin></item></routeSet>\
             <associationSet><item><routeTableAssociationId>rtbassoc-1</routeTableAssociationId>\
             <routeTableId>rtb-1</routeTableId><subnetId>subnet-1</subnetId>\
             <associationState><state>associated</state></associationState></item></associationSet>{}</item></routeTableSet>",
            marked("s.aws_route_table.private")
        )
    }

    fn text<'a>(observation: &'a Observation, field: &str) -> Option<&'a str> {
        match observation {
            Observation::Present(attributes) => attributes.get(field).and_then(Datum::as_str),
            Observation::Absent => None,
        }
    }

    #[tokio::test]
    async fn tables_routes_and_associations_are_one_call() {
        let canned = Canned::new().answer("DescribeRouteTables", &table());
        let answer = canned
            .aws()
            .read(&[
                read("s.aws_route.private", "rtb-1_0.0.0.0/0"),
                read("s.aws_route_table.private", "rtb-1"),
                read("s.aws_route_table_association.private", "subnet-1/rtb-1"),
            ])
            .await;
        assert_eq!(canned.operations(), ["DescribeRouteTables"]);
        let observed: Vec<_> = answer.observations.into_iter().map(Result::unwrap).collect();
        assert_eq!(text(&observed[0], "nat_gateway_id"), Some("nat-1"));
        assert_eq!(text(&observed[0], "gateway_id"), None);
        assert_eq!(text(&observed[1], "vpc_id"), Some("vpc-1"));
        assert_eq!(text(&observed[2], "id"), Some("rtbassoc-1"));
        assert!(answer.strays.is_empty());
    }

    #[tokio::test]
    async fn a_subnet_that_uses_another_table_is_looked_for_before_its_association_is_called_gone() {
        let moved = table().replace("subnet-1", "subnet-2");
        let canned =
            Canned::new().answer("DescribeRouteTables", &moved).answer("DescribeRouteTables", "<routeTableSet/>");
        let answer = canned.aws().read(&[read("s.aws_route_table_association.private", "subnet-1/rtb-1")]).await;
        assert_eq!(answer.observations, [Ok(Observation::Absent)]);
        assert_eq!(canned.seen()[1].get("Filter.1.Name"), Some("association.subnet-id"));
    }

    #[tokio::test]
    async fn a_route_to_the_wanted_target_is_ours_and_one_to_another_is_not() {
        let canned = Canned::new().answer("DescribeRouteTables", &table());
        let wanted = |nat: &str| {
            make(
                "s.aws_route.private",
                json!({ "route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0", "nat_gateway_id": nat }),
            )
        };
        let identity = Identity("rtb-1_0.0.0.0/0".to_owned());
        assert_eq!(canned.aws().find(&wanted("nat-1")).await, Ok(Found::Ours(identity.clone())));
        assert_eq!(canned.aws().find(&wanted("nat-2")).await, Ok(Found::Foreign(identity)));
    }

    #[tokio::test]
    async fn another_table_replaces_the_association_in_place() {
        let canned = Canned::new()
            .answer("DescribeRouteTables", &table())
            .answer("ReplaceRouteTableAssociation", "<newAssociationId>rtbassoc-2</newAssociationId>");
        let desired = json!({ "subnet_id": "subnet-1", "route_table_id": "rtb-2" });
        let standing = standing("s.aws_route_table_association.private", "subnet-1/rtb-1", desired);
        canned
            .aws()
            .update(&standing, &change(json!({ "route_table_id": "rtb-1" }), &["route_table_id"]))
            .await
            .unwrap();
        let sent = canned.seen().pop().unwrap();
        assert_eq!((sent.get("AssociationId"), sent.get("RouteTableId")), (Some("rtbassoc-1"), Some("rtb-2")));
        let progress = canned.aws().settle(&standing).await.unwrap();
        assert!(matches!(progress, Progress::Waiting { .. }), "the old table is still what AWS shows");
    }
}
