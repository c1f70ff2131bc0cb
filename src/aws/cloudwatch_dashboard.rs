//! `aws_cloudwatch_dashboard`: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html>

use async_trait::async_trait;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::Call;
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};
use crate::name;

/// The calls of `aws_cloudwatch_dashboard`.
pub struct CloudwatchDashboard;

const SCHEMA: &Schema = fathuss_model::aws::CloudwatchDashboard::SCHEMA;

#[async_trait(?Send)]
impl Kind for CloudwatchDashboard {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// `GetDashboard` for each: the list has no bodies.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, |request| look(client, &request.identity.0)).await
    }

    /// The call overwrites what has the name, so what has it is looked at before.
    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        if let Found::Foreign(Identity(name)) = self.find(client, request).await? {
            return Err(refused("DashboardExists", format!("there is a dashboard {name} with other widgets")));
        }
        let name = name::of(SCHEMA, "dashboard_name", request)?;
        put(client, &name, Fields::of(&request.desired.attributes).text("dashboard_body")?).await?;
        Ok(Identity(name))
    }

    /// A dashboard carries no mark: one that is as it was asked for is what was asked for.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "dashboard_name", request)?;
        let desired = &request.desired.attributes;
        Ok(match look(client, &name).await?.map(|observed| once_shown(SCHEMA, desired, observed)) {
            None => Found::Nothing,
            Some(Progress::Ready(_)) => Found::Ours(Identity(name)),
            Some(_) => Found::Foreign(Identity(name)),
        })
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        Ok(match look(client, &standing.identity.0).await? {
            Some(observed) => once_shown(SCHEMA, &standing.desired.attributes, observed),
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        put(client, &standing.identity.0, Fields::of(&standing.desired.attributes).text("dashboard_body")?).await
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.cloudwatch.delete_dashboards().dashboard_names(&standing.identity.0).send();
        once_accepted(client.send(Call::cloudwatch("DeleteDashboards"), sending).await)
    }
}

async fn put(client: &Client, name: &str, body: &str) -> Result<(), Failure> {
    let sending = client.cloudwatch.put_dashboard().dashboard_name(name).dashboard_body(body).send();
    client.send(Call::cloudwatch("PutDashboard"), sending).await.map(drop)
}

async fn look(client: &Client, name: &str) -> Result<Option<Attributes>, Failure> {
    let sending = client.cloudwatch.get_dashboard().dashboard_name(name).send();
    let Some(dashboard) = there(client.send(Call::cloudwatch("GetDashboard"), sending).await)? else {
        return Ok(None);
    };
    let observed = Observed::new()
        .with("dashboard_name", name)
        .with("dashboard_body", dashboard.dashboard_body)
        .with("id", name)
        .with("dashboard_arn", dashboard.dashboard_arn)
        .finish(SCHEMA);
    Ok(Some(observed))
}
