//! `aws_eip`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html>

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, DomainType, Filter, ResourceType};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::unreadable;
use crate::fields::Observed;
use crate::gather::{Page, gather, ids, one, ours, strays};
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::{arn, tag};

/// The calls of `aws_eip`.
pub struct Eip;

const SCHEMA: &Schema = fathuss_model::aws::Eip::SCHEMA;

#[async_trait(?Send)]
impl Kind for Eip {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeAddresses` for all, which has no pages. It answers no owner, and so no ARN:
    /// that stays what it was when the address was made.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = ids(requests);
        let addresses = match gather(client, &wanted, "allocation-id", id_of, page(client)).await {
            Ok(addresses) => addresses,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        let tags = addresses.iter().map(|(id, address)| (id, tag::read(address.tags())));
        let strays = strays(client, SCHEMA.kind, &wanted, tags);
        let present = |request: &ReadRequest| {
            let id = &request.identity.0;
            let built = client.account.as_deref().map(|account| arn_of(client, account, id));
            let arn = request.recorded.get("arn").cloned().or(built.map(Datum::from)).unwrap_or_default();
            Some(Ok(observe(addresses.get(id)?, arn)))
        };
        Batch { strays, ..Batch::of(requests, present) }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let tags = tag::specification(ResourceType::ElasticIp, &request.mark, &request.desired.attributes)?;
        let sending = client.ec2.allocate_address().domain(DomainType::Vpc).tag_specifications(tags).send();
        let answer = client.send(Call::ec2("AllocateAddress"), sending).await?;
        answer.allocation_id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "AllocateAddress", "AllocationId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, |_| true).await
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        let Some(address) = one("allocation-id", id, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        let observed = observe(&address, arn_of(client, &standing.account, id).into());
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observed))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        tag::update(client, &standing.identity.0, standing, change).await
    }

    /// Releasing by id can be repeated: an id is never given twice. While a managed interface (a NAT gateway that
    /// is going) still holds the address, AWS answers `AuthFailure` (terraform-provider-aws#3572): not yet.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let call = Call::ec2("ReleaseAddress")
            .unseen("AuthFailure", "You do not have permission to access the specified resource");
        let sending = client.ec2.release_address().allocation_id(&standing.identity.0).send();
        once_accepted(client.send(call, sending).await)
    }
}

fn id_of(address: &types::Address) -> Option<&str> {
    address.allocation_id()
}

fn page(client: &Client) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::Address>, Failure> {
    async |filters, _| {
        let sending = client.ec2.describe_addresses().set_filters(Some(filters)).send();
        let answer = client.send(Call::ec2("DescribeAddresses"), sending).await?;
        Ok((answer.addresses.unwrap_or_default(), None))
    }
}

fn arn_of(client: &Client, account: &str, id: &str) -> String {
    arn::ec2(&client.region, account, &format!("elastic-ip/{id}"))
}

fn observe(address: &types::Address, arn: Datum) -> Attributes {
    Observed::new()
        .with("domain", address.domain.as_ref().map(DomainType::as_str))
        .tagged(&tag::read(address.tags()))
        .with("id", address.allocation_id())
        .with("allocation_id", address.allocation_id())
        .with("arn", arn)
        .with("public_ip", address.public_ip())
        .finish(SCHEMA)
}
