//! `aws_ec2_instance_type_offerings`:
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypeOfferings.html>

use async_trait::async_trait;
use aws_sdk_ec2::types::LocationType;
use fathuss_engine::provider::{Attributes, Failure, LookupRequest};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;

use crate::call::Call;
use crate::client::Client;
use crate::fields::{Fields, Observed};
use crate::gather::{every, filter};
use crate::kind::Lookup;

/// The call of `aws_ec2_instance_type_offerings`.
pub struct Ec2InstanceTypeOfferings;

const SCHEMA: &Schema = fathuss_model::aws::Ec2InstanceTypeOfferings::SCHEMA;

#[async_trait(?Send)]
impl Lookup for Ec2InstanceTypeOfferings {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// All offers that fit, page by page, in order.
    async fn lookup(&self, client: &Client, request: &LookupRequest) -> Result<Attributes, Failure> {
        let fields = Fields::of(&request.desired);
        let mut filters = Vec::new();
        for wanted in fields.blocks("filter")? {
            filters.push(filter(wanted.text("name")?, wanted.texts("values")?));
        }
        let place = fields.maybe_text("location_type")?.map(LocationType::from);
        let offers = every(async |token| {
            let asking = client
                .ec2
                .describe_instance_type_offerings()
                .set_location_type(place.clone())
                .set_filters(Some(filters.clone()).filter(|filters| !filters.is_empty()))
                .set_next_token(token);
            let answer = client.send(Call::ec2("DescribeInstanceTypeOfferings"), asking.send()).await?;
            Ok((answer.instance_type_offerings.unwrap_or_default(), answer.next_token))
        })
        .await?;
        let word = |kind: LocationType| kind.as_str().to_owned();
        let parts = offers.into_iter().filter_map(|offer| {
            Some((offer.instance_type?.as_str().to_owned(), offer.location?, offer.location_type.map(word)?))
        });
        let mut offers: Vec<_> = parts.collect();
        offers.sort();
        let mut observed = Observed::new().with("id", client.region.as_str());
        observed = observed.with_list("instance_types", offers.iter().map(|offer| offer.0.as_str()));
        observed = observed.with_list("locations", offers.iter().map(|offer| offer.1.as_str()));
        Ok(observed.with_list("location_types", offers.iter().map(|offer| offer.2.as_str())).finish(SCHEMA))
    }
}
