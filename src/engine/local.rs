//! The provider of what lives in state alone: nothing is made anywhere else.

mod data;
mod random_id;

use async_trait::async_trait;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::provider::{
    Attributes, CallCounts, Failure, FailureClass, Found, LookupRequest, MakeRequest, Observation, Progress, Provider,
    ReadAnswer, ReadRequest, Standing, UpdateRequest,
};

/// Makes nothing outside the state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Local;

/// What one type of it is.
trait Kind: Sync {
    /// Its schema, from the model.
    fn schema(&self) -> &'static Schema;

    /// What it is known by: the same for the same request, however often that comes.
    fn create(&self, request: &MakeRequest) -> Result<Identity, Failure>;

    /// All that it has.
    fn attributes(&self, standing: &Standing) -> Result<Attributes, Failure>;
}

static KINDS: &[&dyn Kind] = &[&data::TerraformData, &random_id::RandomId];

fn kind(name: &str) -> Option<&'static dyn Kind> {
    KINDS.iter().copied().find(|kind| kind.schema().kind == name)
}

fn known(name: &str) -> Result<&'static dyn Kind, Failure> {
    kind(name).ok_or_else(|| refused("NoSuchType", &format!("{name} does not live in state alone")))
}

fn refused(code: &str, message: &str) -> Failure {
    Failure {
        class: FailureClass::Refused,
        service: "local".to_owned(),
        operation: String::new(),
        code: code.to_owned(),
        message: message.to_owned(),
        request_id: None,
        hint: None,
    }
}

#[async_trait(?Send)]
impl Provider for Local {
    fn schema(&self, name: &str) -> Option<&'static Schema> {
        kind(name).map(Kind::schema)
    }

    async fn read(&self, requests: &[ReadRequest]) -> ReadAnswer {
        let observe = |request: &ReadRequest| Ok(Observation::Present(request.recorded.clone()));
        ReadAnswer { observations: requests.iter().map(observe).collect(), ..ReadAnswer::default() }
    }

    async fn lookup(&self, request: &LookupRequest) -> Result<Attributes, Failure> {
        Err(refused("NoSuchLookup", &format!("{} is no lookup", request.address.kind())))
    }

    async fn create(&self, request: &MakeRequest) -> Result<Identity, Failure> {
        known(request.address.kind())?.create(request)
    }

    async fn find(&self, _request: &MakeRequest) -> Result<Found, Failure> {
        Ok(Found::Nothing)
    }

    async fn settle(&self, standing: &Standing) -> Result<Progress, Failure> {
        Ok(Progress::Ready(known(standing.address.kind())?.attributes(standing)?))
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
