//! `aws_route`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html>
//!
//! A relation of a table and a range. AWS keeps one route per range in a table, and refuses a second.

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, RouteOrigin, RouteState};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::Call;
use crate::client::Client;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gather::one;
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::route_table::{self, RouteTable, page};

/// The calls of `aws_route`.
pub struct Route;

pub(crate) const SCHEMA: &Schema = fathuss_model::aws::Route::SCHEMA;

/// A route's two ends; its identity is `TABLE_RANGE`.
pub(crate) struct Ends {
    pub(crate) table: String,
    range: String,
}

impl Ends {
    pub(crate) fn of(identity: &Identity) -> Result<Self, Failure> {
        let (table, range) = identity.0.split_once('_').ok_or_else(|| {
            refused("InvalidIdentity", format!("`{identity}` is no route: expected for instance rtb-1_0.0.0.0/0"))
        })?;
        Ok(Self { table: table.to_owned(), range: range.to_owned() })
    }

    fn in_desired(desired: &Attributes) -> Result<Self, Failure> {
        let fields = Fields::of(desired);
        let text = |name| fields.text(name).map(str::to_owned);
        Ok(Self { table: text("route_table_id")?, range: text("destination_cidr_block")? })
    }

    fn identity(&self) -> Identity {
        Identity(format!("{}_{}", self.table, self.range))
    }
}

#[async_trait(?Send)]
impl Kind for Route {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    fn family(&self) -> &'static str {
        route_table::FAMILY
    }

    /// No call of its own: the route tables' answer holds it.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        RouteTable.read(client, requests).await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let ends = Ends::in_desired(&request.desired.attributes)?;
        let sending = client
            .ec2
            .create_route()
            .route_table_id(&ends.table)
            .destination_cidr_block(&ends.range)
            .set_gateway_id(desired.maybe_string("gateway_id")?)
            .set_nat_gateway_id(desired.maybe_string("nat_gateway_id")?)
            .send();
        client.send(Call::ec2("CreateRoute").lagging(), sending).await?;
        Ok(ends.identity())
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let ends = Ends::in_desired(&request.desired.attributes)?;
        let Some(table) = one("route-table-id", &ends.table, page(client)).await? else { return Ok(Found::Nothing) };
        let desired = Fields::of(&request.desired.attributes);
        Ok(match find(&table, &ends) {
            Some(route) if leads_to(route, &desired)? => Found::Ours(ends.identity()),
            Some(_) => Found::Foreign(ends.identity()),
            None => Found::Nothing,
        })
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let ends = Ends::of(&standing.identity)?;
        let Some(table) = one("route-table-id", &ends.table, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        let desired = Fields::of(&standing.desired.attributes);
        match find(&table, &ends) {
            Some(route) if leads_to(route, &desired)? => {
                Ok(observe(&table, &ends).map_or_else(|| waiting("not visible yet"), Progress::Ready))
            }
            Some(_) => Ok(waiting("another target is still visible")),
            None => Ok(waiting("not visible yet")),
        }
    }

    async fn update(&self, client: &Client, standing: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        let ends = Ends::of(&standing.identity)?;
        let desired = Fields::of(&standing.desired.attributes);
        let sending = client
            .ec2
            .replace_route()
            .route_table_id(&ends.table)
            .destination_cidr_block(&ends.range)
            .set_gateway_id(desired.maybe_string("gateway_id")?)
            .set_nat_gateway_id(desired.maybe_string("nat_gateway_id")?)
            .send();
        client.send(Call::ec2("ReplaceRoute").lagging(), sending).await?;
        Ok(())
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let ends = Ends::of(&standing.identity)?;
        let table = one("route-table-id", &ends.table, page(client)).await?;
        if table.as_ref().and_then(|table| find(table, &ends)).is_none() {
            return Ok(Progress::Gone);
        }
        let sending = client.ec2.delete_route().route_table_id(&ends.table).destination_cidr_block(&ends.range).send();
        once_accepted(client.send(Call::ec2("DeleteRoute"), sending).await)
    }
}

fn find<'a>(table: &'a types::RouteTable, ends: &Ends) -> Option<&'a types::Route> {
    table.routes().iter().find(|route| route.destination_cidr_block() == Some(&ends.range))
}

fn leads_to(route: &types::Route, desired: &Fields<'_>) -> Result<bool, Failure> {
    Ok(route.gateway_id() == desired.maybe_text("gateway_id")?
        && route.nat_gateway_id() == desired.maybe_text("nat_gateway_id")?)
}

pub(crate) fn observe(table: &types::RouteTable, ends: &Ends) -> Option<Attributes> {
    let route = find(table, ends)?;
    let attributes = Observed::new()
        .with("route_table_id", ends.table.as_str())
        .with("destination_cidr_block", route.destination_cidr_block())
        .with("gateway_id", route.gateway_id())
        .with("nat_gateway_id", route.nat_gateway_id())
        .with("id", ends.identity().0)
        .with("state", route.state.as_ref().map(RouteState::as_str))
        .with("origin", route.origin.as_ref().map(RouteOrigin::as_str))
        .finish(SCHEMA);
    Some(attributes)
}
