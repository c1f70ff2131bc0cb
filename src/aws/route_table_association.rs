//! `aws_route_table_association`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateRouteTable.html>
//!
//! A relation of a subnet and a table. A subnet has one at most, so the subnet alone finds it: the association's
//! own id changes whenever its table is replaced.

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, RouteTableAssociationStateCode};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::Call;
use crate::client::Client;
use crate::failure::{broken, refused};
use crate::fields::{Fields, Observed};
use crate::gather::one;
use crate::gone::{is_not_found, waiting};
use crate::kind::{Batch, Kind};
use crate::route_table::{self, RouteTable, page};

/// The calls of `aws_route_table_association`.
pub struct RouteTableAssociation;

pub(crate) const SCHEMA: &Schema = fathuss_model::aws::RouteTableAssociation::SCHEMA;

/// An association's two ends; its identity is `SUBNET/TABLE`.
pub(crate) struct Ends {
    pub(crate) subnet: String,
    pub(crate) table: String,
}

impl Ends {
    pub(crate) fn of(identity: &Identity) -> Result<Self, Failure> {
        let (subnet, table) = identity.0.split_once('/').ok_or_else(|| {
            refused("InvalidIdentity", format!("`{identity}` is no association: expected for instance subnet-1/rtb-1"))
        })?;
        Ok(Self { subnet: subnet.to_owned(), table: table.to_owned() })
    }

    fn in_desired(desired: &Attributes) -> Result<Self, Failure> {
        let fields = Fields::of(desired);
        let text = |name| fields.text(name).map(str::to_owned);
        Ok(Self { subnet: text("subnet_id")?, table: text("route_table_id")? })
    }

    fn identity(&self) -> Identity {
        Identity(format!("{}/{}", self.subnet, self.table))
    }
}

#[async_trait(?Send)]
impl Kind for RouteTableAssociation {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    fn family(&self) -> &'static str {
        route_table::FAMILY
    }

    /// Its table is one of its ends, and another one is a change in place.
    fn identity(&self, attributes: &Attributes) -> Option<Identity> {
        Ends::in_desired(attributes).ok().map(|ends| ends.identity())
    }

    /// No call of its own: the route tables' answer holds it.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        RouteTable.read(client, requests).await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let ends = Ends::in_desired(&request.desired.attributes)?;
        let sending = client.ec2.associate_route_table().subnet_id(&ends.subnet).route_table_id(&ends.table).send();
        client.send(Call::ec2("AssociateRouteTable").lagging(), sending).await?;
        Ok(ends.identity())
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let ends = Ends::in_desired(&request.desired.attributes)?;
        Ok(match look(client, &ends.subnet).await? {
            Some(association) if association.route_table_id() == Some(&ends.table) => Found::Ours(ends.identity()),
            Some(other) => {
                let table = other.route_table_id.unwrap_or_default();
                Found::Foreign(Ends { table, ..ends }.identity())
            }
            None => Found::Nothing,
        })
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let ends = Ends::in_desired(&standing.desired.attributes)?;
        let Some(association) = look(client, &ends.subnet).await? else { return Ok(waiting("not visible yet")) };
        if association.route_table_id() != Some(&ends.table) {
            return Ok(waiting("another table is still visible"));
        }
        match association.association_state.as_ref().and_then(|state| state.state.clone()) {
            // Answers of older API versions hold no state.
            None | Some(RouteTableAssociationStateCode::Associated) => {
                Ok(Progress::Ready(observe(&ends.subnet, &association)))
            }
            Some(RouteTableAssociationStateCode::Failed) => {
                let state = association.association_state.as_ref();
                let message = state.and_then(|state| state.status_message()).unwrap_or("AWS gives no reason");
                Err(broken(crate::Service::Ec2, "AssociationFailed", message))
            }
            Some(state) => Ok(waiting(state.as_str())),
        }
    }

    async fn update(&self, client: &Client, standing: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        let ends = Ends::in_desired(&standing.desired.attributes)?;
        match look(client, &ends.subnet).await? {
            Some(association) if association.route_table_id() == Some(&ends.table) => Ok(()),
            Some(association) => {
                let sending = client
                    .ec2
                    .replace_route_table_association()
                    .set_association_id(association.route_table_association_id)
                    .route_table_id(&ends.table)
                    .send();
                client.send(Call::ec2("ReplaceRouteTableAssociation").lagging(), sending).await?;
                Ok(())
            }
            None => Err(refused("AssociationGone", format!("subnet {} has no association any more", ends.subnet))),
        }
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let ends = Ends::in_desired(&standing.desired.attributes)?;
        // With another table it is another relation, and not ours to take away.
        let ours = look(client, &ends.subnet).await?.filter(|found| found.route_table_id() == Some(&ends.table));
        let Some(association) = ours else { return Ok(Progress::Gone) };
        let state = association.association_state.as_ref().and_then(|state| state.state.clone());
        match state {
            Some(RouteTableAssociationStateCode::Disassociated) => return Ok(Progress::Gone),
            Some(RouteTableAssociationStateCode::Disassociating) => return Ok(waiting("disassociating")),
            _ => {}
        }
        let id = association.route_table_association_id;
        let sending = client.ec2.disassociate_route_table().set_association_id(id).send();
        match client.send(Call::ec2("DisassociateRouteTable"), sending).await {
            Ok(_) => Ok(Progress::Gone),
            Err(failure) if is_not_found(&failure) => Ok(Progress::Gone),
            Err(failure) => Err(failure),
        }
    }
}

async fn look(client: &Client, subnet: &str) -> Result<Option<types::RouteTableAssociation>, Failure> {
    let table = one("association.subnet-id", subnet, page(client)).await?;
    let associations = table.and_then(|table| table.associations).unwrap_or_default();
    Ok(associations.into_iter().find(|association| association.subnet_id() == Some(subnet)))
}

/// The associations of a table, by subnet.
pub(crate) fn observe_all(table: &types::RouteTable) -> Vec<(String, Attributes)> {
    let gone = |association: &&types::RouteTableAssociation| {
        let state = association.association_state.as_ref().and_then(|state| state.state.as_ref());
        state == Some(&RouteTableAssociationStateCode::Disassociated)
    };
    table
        .associations()
        .iter()
        .filter(|association| !gone(association))
        .filter_map(|association| {
            let subnet = association.subnet_id()?;
            Some((subnet.to_owned(), observe(subnet, association)))
        })
        .collect()
}

fn observe(subnet: &str, association: &types::RouteTableAssociation) -> Attributes {
    Observed::new()
        .with("subnet_id", subnet)
        .with("route_table_id", association.route_table_id())
        .with("id", association.route_table_association_id())
        .finish(SCHEMA)
}
