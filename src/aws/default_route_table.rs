//! `aws_default_route_table`: <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html>
//!
//! AWS makes it with its VPC and deletes it with it: it is found, given its routes, and let go of.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, RouteOrigin};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;

use crate::adopted;
use crate::call::Call;
use crate::client::Client;
use crate::differ::once_shown;
use crate::fields::{Fields, Observed};
use crate::gather::one;
use crate::gone::{is_not_found, waiting};
use crate::kind::{Batch, Kind};
use crate::mark;
use crate::route_table::{self, RouteTable, arn_of, page};
use crate::tag;

/// The calls of `aws_default_route_table`.
pub struct DefaultRouteTable;

pub(crate) const SCHEMA: &Schema = fathuss_model::aws::DefaultRouteTable::SCHEMA;

#[async_trait(?Send)]
impl Kind for DefaultRouteTable {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    fn family(&self) -> &'static str {
        route_table::FAMILY
    }

    /// The route tables' own: one `DescribeRouteTables` for all.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        RouteTable.read(client, requests).await
    }

    /// Sends nothing that creates: looks whether it is there.
    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        adopted::found(look(client, request).await?, "DefaultTableMissing", "default route table")
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        Ok(look(client, request).await?.map_or(Found::Nothing, |id| Found::Ours(Identity(id))))
    }

    /// Sets the routes, and then the mark where it lacks: a table that carries it has its routes.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = standing.identity.0.as_str();
        let desired = &standing.desired.attributes;
        let Some(table) = one("route-table-id", id, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        let (wanted, there) = (wanted(desired)?, there(&table));
        if wanted != there {
            set(client, id, &wanted, &there).await?;
            return Ok(waiting("setting routes"));
        }
        let tags = mark::tags_with(&standing.mark, desired)?;
        if adopted::lacks(table.tags(), &tags) {
            tag::set(client, id, tags).await?;
            return Ok(waiting("setting tags"));
        }
        Ok(once_shown(SCHEMA, desired, observe(client, &table, desired)))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        // Routes are settle's: it sets whatever differs.
        tag::update(client, &standing.identity.0, standing, change).await
    }

    /// Takes the mark off; the table and its routes go with the VPC.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        adopted::let_go(client, &standing.identity).await
    }
}

async fn look(client: &Client, request: &MakeRequest) -> Result<Option<String>, Failure> {
    let id = Fields::of(&request.desired.attributes).text("default_route_table_id")?;
    Ok(one("route-table-id", id, page(client)).await?.and_then(|table| table.route_table_id))
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Gateway(String),
    Nat(String),
    /// What the schema has no field for. Never wanted.
    Other,
}

/// Routes by their ranges.
type Routes = BTreeMap<String, Target>;

fn wanted(desired: &Attributes) -> Result<Routes, Failure> {
    let mut wanted = Routes::new();
    for block in Fields::of(desired).blocks("route")? {
        let target = match (block.maybe_string("gateway_id")?, block.maybe_string("nat_gateway_id")?) {
            (Some(gateway), _) => Target::Gateway(gateway),
            (None, Some(gateway)) => Target::Nat(gateway),
            (None, None) => Target::Other,
        };
        wanted.insert(block.text("cidr_block")?.to_owned(), target);
    }
    Ok(wanted)
}

/// What is there beside what AWS itself put there: the local routes, what virtual private gateways announce, and what
/// leads to gateway endpoints by prefix lists.
fn there(table: &types::RouteTable) -> Routes {
    let made = |route: &&types::Route| route.origin == Some(RouteOrigin::CreateRoute);
    let of_endpoint = |route: &&types::Route| {
        route.destination_prefix_list_id.is_some() && route.gateway_id().is_some_and(|id| id.starts_with("vpce-"))
    };
    let route = |route: &types::Route| {
        let range = route
            .destination_cidr_block()
            .or(route.destination_ipv6_cidr_block())
            .or(route.destination_prefix_list_id())?
            .to_owned();
        let target = match (route.gateway_id(), route.nat_gateway_id()) {
            (Some(gateway), _) if gateway.starts_with("igw-") => Target::Gateway(gateway.to_owned()),
            (None, Some(gateway)) => Target::Nat(gateway.to_owned()),
            _ => Target::Other,
        };
        Some((range, target))
    };
    table.routes().iter().filter(made).filter(|route| !of_endpoint(route)).filter_map(route).collect()
}

/// Replaces and creates, then takes what is not wanted.
async fn set(client: &Client, id: &str, wanted: &Routes, there: &Routes) -> Result<(), Failure> {
    for (range, target) in wanted.iter().filter(|(range, target)| there.get(*range) != Some(target)) {
        let (gateway, nat) = match target {
            Target::Gateway(gateway) => (Some(gateway.clone()), None),
            Target::Nat(gateway) => (None, Some(gateway.clone())),
            Target::Other => (None, None),
        };
        if there.contains_key(range) {
            let sending = client
                .ec2
                .replace_route()
                .route_table_id(id)
                .destination_cidr_block(range)
                .set_gateway_id(gateway)
                .set_nat_gateway_id(nat)
                .send();
            client.send(Call::ec2("ReplaceRoute").lagging(), sending).await?;
            continue;
        }
        let sending = client
            .ec2
            .create_route()
            .route_table_id(id)
            .destination_cidr_block(range)
            .set_gateway_id(gateway)
            .set_nat_gateway_id(nat)
            .send();
        match client.send(Call::ec2("CreateRoute").lagging(), sending).await {
            // The next look shows whether it leads where it should.
            Err(failure) if failure.code == "RouteAlreadyExists" => {}
            answer => answer.map(drop)?,
        }
    }
    for range in there.keys().filter(|range| !wanted.contains_key(*range)) {
        let deletion = client.ec2.delete_route().route_table_id(id);
        let deletion = if range.contains(':') {
            deletion.destination_ipv6_cidr_block(range)
        } else if range.starts_with("pl-") {
            deletion.destination_prefix_list_id(range)
        } else {
            deletion.destination_cidr_block(range)
        };
        match client.send(Call::ec2("DeleteRoute"), deletion.send()).await {
            Err(failure) if !is_not_found(&failure) => return Err(failure),
            _ => {}
        }
    }
    Ok(())
}

/// `given` is the form in which the program or the state says the same routes, and is kept where they are the same.
pub(crate) fn observe(client: &Client, table: &types::RouteTable, given: &Attributes) -> Attributes {
    let there = there(table);
    let same = wanted(given).is_ok_and(|wanted| wanted == there);
    let routes = match given.get("route").filter(|_| same) {
        Some(given) => given.clone(),
        None => Datum::List(there.into_iter().map(block).collect()),
    };
    Observed::new()
        .with("default_route_table_id", table.route_table_id())
        .with("route", routes)
        .tagged(&tag::read(table.tags()))
        .with("id", table.route_table_id())
        .with("arn", arn_of(client, table))
        .with("vpc_id", table.vpc_id())
        .with("owner_id", table.owner_id())
        .finish(SCHEMA)
}

fn block((range, target): (String, Target)) -> Datum {
    let block = Observed::new().with("cidr_block", range);
    match target {
        Target::Gateway(gateway) => block.with("gateway_id", gateway),
        Target::Nat(gateway) => block.with("nat_gateway_id", gateway),
        Target::Other => block,
    }
    .into_datum()
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Observation, Progress};
    use fathuss_model::Datum;
    use serde_json::json;

    use crate::asked::{marked, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_default_route_table.main";

    fn table(routes: &str, tags: &str) -> String {
        format!(
            "<routeTableSet><item><routeTableId>rtb-0</routeTableId><vpcId>vpc-1</vpcId><ownerId>1</ownerId><routeSet>\
             <item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId>\
             <state>active</state><origin>CreateRouteTable</origin></item>\
             <item><destinationPrefixListId>pl-1</destinationPrefixListId><gatewayId>vpce-1</gatewayId>\
             <state>active</state><origin>CreateRoute</origin></item>{routes}</routeSet>{tags}</item></routeTableSet>"
        )
    }

    fn route(range: &str, target: &str) -> String {
        format!(
            "<item><destinationCidrBlock>{range}</destinationCidrBlock>{target}<state>active</state>\
             <origin>CreateRoute</origin></item>"
        )
    }

    #[tokio::test]
    async fn settling_sets_routes_leaves_those_of_endpoints_and_marks_it_after() {
        let there =
            route("0.0.0.0/0", "<gatewayId>igw-0</gatewayId>") + &route("1.0.0.0/8", "<instanceId>i-1</instanceId>");
        let done = route("0.0.0.0/0", "<gatewayId>igw-1</gatewayId>")
            + &route("2.0.0.0/8", "<natGatewayId>nat-1</natGatewayId>");
        let canned = Canned::new()
            .answer("DescribeRouteTables", &table(&there, ""))
            .answer("DescribeRouteTables", &table(&done, ""))
            .answer("DescribeRouteTables", &table(&done, &marked(AT)))
            .answer("ReplaceRoute", "<return>true</return>")
            .answer("CreateRoute", "<return>true</return>")
            .answer("DeleteRoute", "<return>true</return>")
            .answer("CreateTags", "<return>true</return>");
        let routes = json!([
            { "cidr_block": "0.0.0.0/0", "gateway_id": "igw-1" }, { "cidr_block": "2.0.0.0/8", "nat_gateway_id": "nat-1" },
        ]);
        let desired = json!({ "default_route_table_id": "rtb-0", "route": routes });
        let (aws, standing) = (canned.aws(), standing(AT, "rtb-0", desired));
        for _ in 0..2 {
            assert!(matches!(aws.settle(&standing).await, Ok(Progress::Waiting { .. })));
        }
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Ready(_))));
        let seen = canned.seen();
        let sent: Vec<_> = seen.iter().filter(|one| one.operation != "DescribeRouteTables").collect();
        let operations: Vec<&str> = sent.iter().map(|one| one.operation.as_str()).collect();
        assert_eq!(operations, ["ReplaceRoute", "CreateRoute", "DeleteRoute", "CreateTags"]);
        assert_eq!(sent[2].get("DestinationCidrBlock"), Some("1.0.0.0/8"));
    }

    #[tokio::test]
    async fn a_route_that_someone_added_is_drift_and_the_table_no_stray_of_another_type() {
        let canned = Canned::new()
            .answer("DescribeRouteTables", &table(&route("0.0.0.0/0", "<gatewayId>igw-1</gatewayId>"), &marked(AT)));
        let answer = canned.aws().read(&[read(AT, "rtb-0")]).await;
        let Ok(Observation::Present(observed)) = &answer.observations[0] else { panic!("absent") };
        let routes = observed.get("route").and_then(Datum::as_list).unwrap();
        assert_eq!((routes.len(), routes[0].at("gateway_id").and_then(Datum::as_str)), (1, Some("igw-1")));
        assert!(answer.strays.is_empty(), "{:?}", answer.strays);
    }

    #[tokio::test]
    async fn letting_go_takes_the_mark_off_and_leaves_the_routes() {
        let canned = Canned::new().answer("DeleteTags", "<return>true</return>");
        assert_eq!(canned.aws().delete(&standing(AT, "rtb-0", json!({}))).await, Ok(Progress::Gone));
        assert_eq!(canned.operations(), ["DeleteTags"]);
    }
}
