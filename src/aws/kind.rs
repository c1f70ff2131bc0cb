//! What one resource type does: its calls.
//!
//! One file per type implements [`Kind`] and adds its line to [`crate::table`].
//! The rules of [`fathuss_engine::provider`] hold for each: `create` sends one
//! creating call and answers with the identity at once; `settle` and `delete`
//! look before they act and may be called again at any time; nothing sleeps or
//! retries here.

use async_trait::async_trait;
use fathuss_engine::provider::{
    Attributes, Failure, Found, LookupRequest, MakeRequest, Observation, Progress, ReadRequest, SecretText, Standing,
    Stray, Survivor, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::transition::Becoming;
use fathuss_state::Identity;
use futures::future::join_all;

use crate::client::Client;
use crate::failure::refused;

/// A managed or adopted resource type.
#[async_trait(?Send)]
pub trait Kind: Sync {
    /// Its schema, from the model.
    fn schema(&self) -> &'static Schema;

    /// Types with the same family are read together, by the first of them in the table:
    /// route tables, routes and associations are one `DescribeRouteTables`.
    fn family(&self) -> &'static str {
        self.schema().kind
    }

    /// Reads all requests of the family in one region with as few calls as the API allows; answers each, in order.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch;

    /// Sends the one call that creates.
    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure>;

    /// Looks for what an earlier `create` of the same request made.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure>;

    /// One step towards usable.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure>;

    /// The calls that change it in place.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure>;

    /// One step towards gone.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure>;

    /// The identity by what was read, for a type that a change in place gives another one.
    fn identity(&self, attributes: &Attributes) -> Option<Identity> {
        let _ = attributes;
        None
    }

    /// What to do about one that takes too long to be usable, where more can be said than that it does.
    async fn advice(&self, client: &Client, standing: &Standing) -> Option<String> {
        let _ = (client, standing);
        None
    }

    /// The secret that it keeps.
    async fn reveal(&self, client: &Client, identity: &Identity) -> Result<SecretText, Failure> {
        let _ = (client, identity);
        Err(refused("NoSecret", format!("{} keeps no secret", self.schema().kind)))
    }

    /// Why a change of what was read so can't be made yet.
    fn deferral(&self, attributes: &Attributes) -> Option<String> {
        let _ = attributes;
        None
    }

    /// What people should know of a change in place, or of what stays as it is, in sentences.
    fn remarks(&self, becoming: &Becoming<'_>) -> Vec<String> {
        let _ = becoming;
        Vec::new()
    }

    /// What a delete leaves behind, as AWS keeps it.
    fn survivors(&self, attributes: &Attributes) -> Vec<Survivor> {
        let _ = attributes;
        Vec::new()
    }
}

/// A question whose answer is pinned in state.
#[async_trait(?Send)]
pub trait Lookup: Sync {
    /// Its schema, from the model.
    fn schema(&self) -> &'static Schema;

    /// Asks.
    async fn lookup(&self, client: &Client, request: &LookupRequest) -> Result<Attributes, Failure>;
}

/// What a batched read found.
#[derive(Debug, Default)]
pub struct Batch {
    /// One answer per request, in order.
    pub observations: Vec<Result<Observation, Failure>>,
    /// What carries our mark and was not asked for.
    pub strays: Vec<Stray>,
}

impl Batch {
    /// One call for each request, all at once: for what no API has a list of.
    pub async fn each<'a, F>(requests: &'a [ReadRequest], look: impl Fn(&'a ReadRequest) -> F) -> Self
    where
        F: Future<Output = Result<Option<Attributes>, Failure>> + 'a,
    {
        let looked = join_all(requests.iter().map(look)).await;
        let observation = |found: Option<Attributes>| found.map_or(Observation::Absent, Observation::Present);
        Self { observations: looked.into_iter().map(|found| found.map(observation)).collect(), strays: Vec::new() }
    }

    /// The same failure for every request.
    #[must_use]
    pub fn failed(requests: &[ReadRequest], failure: &Failure) -> Self {
        Self { observations: requests.iter().map(|_| Err(failure.clone())).collect(), strays: Vec::new() }
    }

    /// One answer per request: what was found by its identity, or its absence.
    #[must_use]
    pub fn of(requests: &[ReadRequest], observe: impl Fn(&ReadRequest) -> Option<Result<Attributes, Failure>>) -> Self {
        let answer = |request| match observe(request) {
            Some(observed) => observed.map(Observation::Present),
            None => Ok(Observation::Absent),
        };
        Self { observations: requests.iter().map(answer).collect(), strays: Vec::new() }
    }
}
