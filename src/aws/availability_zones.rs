//! `aws_availability_zones`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html>

use async_trait::async_trait;
use fathuss_engine::provider::{Attributes, Failure, LookupRequest};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;

use crate::call::Call;
use crate::client::Client;
use crate::fields::{Fields, Observed};
use crate::gather::filter;
use crate::kind::Lookup;

/// The call of `aws_availability_zones`.
pub struct AvailabilityZones;

const SCHEMA: &Schema = fathuss_model::aws::AvailabilityZones::SCHEMA;

#[async_trait(?Send)]
impl Lookup for AvailabilityZones {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// AWS refuses a name that the region does not have: `InvalidParameterValue`.
    async fn lookup(&self, client: &Client, request: &LookupRequest) -> Result<Attributes, Failure> {
        let fields = Fields::of(&request.desired);
        let mut asking = client.ec2.describe_availability_zones();
        for name in fields.texts("zone_names")? {
            asking = asking.zone_names(name);
        }
        if let Some(state) = fields.maybe_string("state")? {
            asking = asking.filters(filter("state", [state]));
        }
        let answer = client.send(Call::ec2("DescribeAvailabilityZones"), asking.send()).await?;
        let mut zones: Vec<_> = answer
            .availability_zones
            .unwrap_or_default()
            .into_iter()
            .filter_map(|zone| Some((zone.zone_name?, zone.zone_id.unwrap_or_default())))
            .collect();
        zones.sort();
        let (names, ids): (Vec<_>, Vec<_>) = zones.into_iter().unzip();
        Ok(Observed::new()
            .with("id", client.region.as_str())
            .with_list("names", names)
            .with_list("zone_ids", ids)
            .finish(SCHEMA))
    }
}
