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
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gather::{Page, by_values, gather, one, ours, strays};
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::route::{self, Ends};
use crate::{arn, mark, route_table_association, tag};

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
            Some(table) => Progress::Ready(observe(client, &table)),
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
        if is(request, route::SCHEMA) {
            wanted.insert(Ends::of(&request.identity)?.table);
        } else if is(request, route_table_association::SCHEMA) {
            wanted.insert(route_table_association::Ends::of(&request.identity)?.table);
        }
    }
    let tables = gather(client, &wanted, "route-table-id", id_of, page(client)).await?;
    let strays = strays(client, SCHEMA.kind, &known, tables.iter().map(|(id, table)| (id, tag::read(table.tags()))));
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

fn observe(client: &Client, table: &types::RouteTable) -> Attributes {
    let id = table.route_table_id().unwrap_or_default();
    let owner = table.owner_id();
    Observed::new()
        .with("vpc_id", table.vpc_id())
        .with("tags", mark::attribute(&tag::read(table.tags())))
        .with("id", id)
        .with("arn", owner.map(|owner| arn::ec2(&client.region, owner, &format!("route-table/{id}"))))
        .with("owner_id", owner)
        .finish(SCHEMA)
}
