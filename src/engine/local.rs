//! The provider of `terraform_data`: what it makes lives in state alone.

use async_trait::async_trait;
use fathuss_model::schema::Schema;
use fathuss_model::terraform::Data;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;

use crate::provider::{
    Attributes, CallCounts, Failure, FailureClass, Found, LookupRequest, MakeRequest, Observation, Progress, Provider,
    ReadAnswer, ReadRequest, Standing, UpdateRequest,
};

/// Makes nothing outside the state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Local;

#[async_trait(?Send)]
impl Provider for Local {
    fn schema(&self, kind: &str) -> Option<&'static Schema> {
        (kind == Data::SCHEMA.kind).then_some(Data::SCHEMA)
    }

    async fn read(&self, requests: &[ReadRequest]) -> ReadAnswer {
        let observe = |request: &ReadRequest| Ok(Observation::Present(request.recorded.clone()));
        ReadAnswer { observations: requests.iter().map(observe).collect(), ..ReadAnswer::default() }
    }

    async fn lookup(&self, request: &LookupRequest) -> Result<Attributes, Failure> {
        Err(Failure {
            class: FailureClass::Refused,
            service: "local".to_owned(),
            operation: String::new(),
            code: "NoSuchLookup".to_owned(),
            message: format!("{} is no lookup", request.address.kind()),
            request_id: None,
            hint: None,
        })
    }

    async fn create(&self, request: &MakeRequest) -> Result<Identity, Failure> {
        Ok(Identity(request.token.chars().take(32).collect()))
    }

    async fn find(&self, _request: &MakeRequest) -> Result<Found, Failure> {
        Ok(Found::Nothing)
    }

    async fn settle(&self, standing: &Standing) -> Result<Progress, Failure> {
        let mut attributes = standing.desired.attributes.clone();
        attributes.insert("id".to_owned(), Datum::String(standing.identity.0.clone()));
        if let Some(input) = attributes.get("input").cloned() {
            attributes.insert("output".to_owned(), input);
        }
        Ok(Progress::Ready(attributes))
    }

    async fn update(&self, _standing: &Standing, _change: &UpdateRequest) -> Result<(), Failure> {
        Ok(())
    }

    async fn delete(&self, _standing: &Standing) -> Result<Progress, Failure> {
        Ok(Progress::Gone)
    }

    fn calls(&self) -> CallCounts {
        CallCounts::default()
    }
}
