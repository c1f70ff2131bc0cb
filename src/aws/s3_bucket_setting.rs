//! What is set on a bucket. S3 has a call for each setting that reads it, one that sets all of it, and one that takes
//! it away; nothing is made, and sending again what was sent changes nothing.

use async_trait::async_trait;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::Call;
use crate::client::Client;
use crate::differ::once_shown;
use crate::fields::Fields;
use crate::gone::waiting;
use crate::kind::{Batch, Kind};

/// One of a bucket's settings: its three calls.
#[async_trait(?Send)]
pub trait Setting: Sync {
    /// Its schema.
    const SCHEMA: &'static Schema;

    /// Reads it; none where the bucket does not have it, or is not there.
    async fn look(&self, client: &Client, bucket: &str) -> Result<Option<Attributes>, Failure>;

    /// Sets all of it.
    async fn put(&self, client: &Client, bucket: &str, desired: &Fields<'_>) -> Result<(), Failure>;

    /// Takes it away.
    async fn clear(&self, client: &Client, bucket: &str) -> Result<(), Failure>;
}

/// The type of a setting; its identity is the bucket's name.
pub struct Of<T>(pub T);

#[async_trait(?Send)]
impl<T: Setting> Kind for Of<T> {
    fn schema(&self) -> &'static Schema {
        T::SCHEMA
    }

    /// One call for each bucket: no call answers several.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, |request| self.0.look(client, &request.identity.0)).await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let bucket = desired.text("bucket")?;
        self.0.put(client, bucket, &desired).await?;
        Ok(Identity(bucket.to_owned()))
    }

    /// A setting carries no mark: one that is as it was asked for is what was asked for.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let desired = &request.desired.attributes;
        let bucket = Fields::of(desired).text("bucket")?;
        let found = self.0.look(client, bucket).await?.map(|observed| once_shown(T::SCHEMA, desired, observed));
        Ok(match found {
            Some(Progress::Ready(_)) => Found::Ours(Identity(bucket.to_owned())),
            _ => Found::Nothing,
        })
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        Ok(match self.0.look(client, &standing.identity.0).await? {
            Some(observed) => once_shown(T::SCHEMA, &standing.desired.attributes, observed),
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        self.0.put(client, &standing.identity.0, &Fields::of(&standing.desired.attributes)).await
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        match self.0.clear(client, &standing.identity.0).await {
            Ok(()) => Ok(Progress::Gone),
            Err(failure) if failure.code == "NoSuchBucket" => Ok(Progress::Gone),
            Err(failure) => Err(failure),
        }
    }
}

/// A call that sets: the bucket was perhaps made a moment ago, and S3 changes one setting of a bucket at a time.
pub(crate) fn setting(operation: &'static str) -> Call {
    Call::s3(operation).unseen("NoSuchBucket", "").expects("OperationAborted", "")
}

/// A call that takes away.
pub(crate) fn clearing(operation: &'static str) -> Call {
    Call::s3(operation).expects("OperationAborted", "")
}

/// The answer, or nothing where the bucket, or this setting of it by the code given, is not there.
pub(crate) fn there<A>(answer: Result<A, Failure>, absent: &str) -> Result<Option<A>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.code == "NoSuchBucket" || failure.code == absent => Ok(None),
        Err(failure) => Err(failure),
    }
}
