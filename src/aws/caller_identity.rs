//! `aws_caller_identity`: <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>

use async_trait::async_trait;
use fathuss_engine::provider::{Attributes, Failure, LookupRequest};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::fields::Observed;
use crate::kind::Lookup;

/// The call of `aws_caller_identity`.
pub struct CallerIdentity;

const SCHEMA: &Schema = fathuss_model::aws::CallerIdentity::SCHEMA;

#[async_trait(?Send)]
impl Lookup for CallerIdentity {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    async fn lookup(&self, client: &Client, _request: &LookupRequest) -> Result<Attributes, Failure> {
        let call = Call::new(Service::Sts, "GetCallerIdentity");
        let answer = client.send(call, client.sts.get_caller_identity().send()).await?;
        Ok(Observed::new()
            .with("id", answer.account.clone())
            .with("account_id", answer.account)
            .with("arn", answer.arn)
            .with("user_id", answer.user_id)
            .finish(SCHEMA))
    }
}
