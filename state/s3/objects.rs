//! Objects of one state: read, put under a condition, and deleted.
//!
//! A put is tried again until it is known what became of it. Whatever went
//! wrong, the object is read back: if it is what was put, an answer was lost;
//! if it is as it was before, the put is tried again; if it is another one,
//! somebody else was faster.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore, PutMode, PutOptions, PutPayload, RetryConfig, UpdateVersion};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::head::HEAD;
use super::transport::{Chain, Heard, Transport, Witness, causes};
use crate::StateError;
use crate::lease::{Moment, Terms};
use crate::place::Bucket;

/// The first wait before a request is tried again; it doubles up to the second.
const WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// The objects under a state's prefix.
#[derive(Debug)]
pub(super) struct Objects {
    store: Arc<dyn ObjectStore>,
    bucket: Bucket,
    terms: Terms,
    /// When the next put may begin.
    next_put: Mutex<Option<Instant>>,
}

/// An object as it was read.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) bytes: Bytes,
    pub(super) etag: String,
    /// How long before the answer it was written, by the store's clock; none where the store tells no time.
    pub(super) age: Option<Duration>,
}

/// Under which condition an object is put.
#[derive(Clone, Copy, Debug)]
pub(super) enum Condition<'a> {
    /// There is none of this name.
    Absent,
    /// It is still the one with this ETag.
    Unchanged(&'a str),
}

/// What became of a put.
#[derive(Debug)]
pub(super) enum Put {
    /// The object is as it was put, with this ETag.
    Kept(String),
    /// It is another one, or gone.
    Other(Option<Object>),
}

/// A put that did not go well.
#[derive(Debug)]
pub(super) struct PutError {
    pub(super) error: StateError,
    /// Whether it may be carried out all the same, even later.
    pub(super) in_doubt: bool,
}

impl Objects {
    pub(super) async fn open(bucket: &Bucket, terms: Terms) -> Result<Self, StateError> {
        let unfit = |reason: String| StateError::Unfit { place: bucket.to_string(), reason };
        let chain = Chain::of_environment()
            .await
            .ok_or_else(|| unfit("there are no AWS credentials; set AWS_PROFILE, or sign in".to_owned()))?;
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_region(&bucket.region)
            .with_credentials(Arc::new(chain))
            .with_http_connector(Transport::new())
            // Not every store deletes many at once.
            .with_disable_bulk_delete(true)
            .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() });
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        let store = builder.build().map_err(|error| unfit(error.to_string()))?;
        Ok(Self::over(Arc::new(store), bucket, terms))
    }

    /// Over a store that is open.
    pub(super) fn over(store: Arc<dyn ObjectStore>, bucket: &Bucket, terms: Terms) -> Self {
        Self { store, bucket: bucket.clone(), terms, next_put: Mutex::default() }
    }

    /// The names under this one, each with the time of its object, in milliseconds since 1970: what is listed under its
    /// own name alone counts.
    pub(super) async fn list(&self, folder: &str) -> Result<BTreeMap<String, i64>, StateError> {
        let within = self.path(folder);
        let mut listed = self.store.list(Some(&within));
        let mut found = BTreeMap::new();
        while let Some(object) = listed.next().await {
            let object = object.map_err(|error| self.failure(folder, "listed", &Heard::default(), &error))?;
            let Some(rest) = object.location.prefix_match(&within) else { continue };
            let rest: Vec<String> = rest.map(|part| part.as_ref().to_owned()).collect();
            found.insert(format!("{folder}/{}", rest.join("/")), object.last_modified.timestamp_millis());
        }
        Ok(found)
    }

    /// Its name, for people.
    pub(super) fn named(&self, key: &str) -> String {
        format!("s3://{}/{}", self.bucket.name, self.path(key))
    }

    /// The state's place, for people.
    pub(super) fn place(&self) -> String {
        self.bucket.to_string()
    }

    pub(super) fn damaged(&self, key: &str, reason: impl Into<String>) -> StateError {
        StateError::Damaged { path: self.named(key), reason: reason.into() }
    }

    fn path(&self, key: &str) -> Path {
        match self.bucket.prefix.as_str() {
            "" => Path::from(key),
            prefix => Path::from(format!("{prefix}/{key}")),
        }
    }

    /// Whether there is the bucket.
    pub(super) async fn bucket_stands(&self) -> Result<bool, StateError> {
        let witness = Witness::default();
        let Err(error) = self.get_once(HEAD, &witness).await else { return Ok(true) };
        let heard = witness.heard();
        match error {
            _ if no_bucket(&heard) => Ok(false),
            object_store::Error::NotFound { .. } => Ok(true),
            error => Err(self.failure(HEAD, "read", &heard, &error)),
        }
    }

    /// Reads an object; none where there is none.
    pub(super) async fn get(&self, key: &str) -> Result<Option<Object>, StateError> {
        let deadline = Moment::now().after(self.terms.patience);
        self.get_until(key, deadline).await
    }

    async fn get_until(&self, key: &str, deadline: Moment) -> Result<Option<Object>, StateError> {
        let mut wait = WAIT;
        loop {
            let witness = Witness::default();
            let error = match self.get_once(key, &witness).await {
                Ok(object) => return Ok(Some(object)),
                Err(object_store::Error::NotFound { .. }) if !no_bucket(&witness.heard()) => return Ok(None),
                Err(error) => error,
            };
            let heard = witness.heard();
            if !is_passing(&heard, &error) || deadline.remaining() < wait {
                return Err(self.failure(key, "read", &heard, &error));
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    async fn get_once(&self, key: &str, witness: &Witness) -> object_store::Result<Object> {
        let mut options = GetOptions::default();
        options.extensions.insert(witness.clone());
        let result = self.store.get_opts(&self.path(key), options).await?;
        let etag = result.meta.e_tag.clone().unwrap_or_default();
        let modified_ms = result.meta.last_modified.timestamp_millis();
        let bytes = result.bytes().await?;
        // Both moments are cut to whole seconds: it may be a second younger than they say.
        let heard = witness.heard();
        let age = heard.date_ms.map(|date_ms| {
            let age_ms = date_ms.saturating_sub(modified_ms).saturating_sub(1000);
            let age = Duration::from_millis(u64::try_from(age_ms).unwrap_or_default());
            age.div_f64(heard.speed.unwrap_or(1.0))
        });
        Ok(Object { bytes, etag, age })
    }

    /// Puts an object, which no other has the bytes of, under a condition; tries until the deadline.
    pub(super) async fn put(
        &self,
        key: &str,
        bytes: &Bytes,
        condition: Condition<'_>,
        deadline: Moment,
    ) -> Result<Put, PutError> {
        let (mut wait, mut in_doubt) = (WAIT, false);
        loop {
            let witness = Witness::default();
            let error = match self.put_once(key, bytes, condition, &witness).await {
                Ok(etag) => return Ok(Put::Kept(etag)),
                Err(error) => error,
            };
            let heard = witness.heard();
            let failure = self.failure(key, "written", &heard, &error);
            // An answer that refuses says that nothing was done; a lost one says nothing.
            in_doubt |= heard.status.is_none_or(|status| status >= 500) && reached(&error);
            if !is_passing(&heard, &error) && !is_conflict(&heard) {
                return Err(PutError { error: failure, in_doubt });
            }
            if deadline.remaining() < wait {
                return Err(PutError { error: failure, in_doubt });
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
            let found = self.get_until(key, deadline).await.map_err(|error| PutError { error, in_doubt })?;
            match (found, condition) {
                (Some(found), _) if found.bytes == *bytes => return Ok(Put::Kept(found.etag)),
                (None, Condition::Absent) => {}
                (Some(found), Condition::Unchanged(etag)) if found.etag == etag => {}
                (found, _) => return Ok(Put::Other(found)),
            }
        }
    }

    /// One put, tried once; its ETag.
    pub(super) async fn put_once(
        &self,
        key: &str,
        bytes: &Bytes,
        condition: Condition<'_>,
        witness: &Witness,
    ) -> object_store::Result<String> {
        let mode = match condition {
            Condition::Absent => PutMode::Create,
            Condition::Unchanged(etag) => {
                PutMode::Update(UpdateVersion { e_tag: Some(etag.to_owned()), version: None })
            }
        };
        let mut options = PutOptions::from(mode);
        options.extensions.insert(witness.clone());
        self.pace().await;
        let result = self.store.put_opts(&self.path(key), PutPayload::from(bytes.clone()), options).await?;
        Ok(result.e_tag.unwrap_or_default())
    }

    /// Waits until the next put may begin.
    async fn pace(&self) {
        let mut next = self.next_put.lock().await;
        if let Some(next) = *next {
            tokio::time::sleep_until(next).await;
        }
        *next = Some(Instant::now() + self.terms.pace);
    }

    /// Deletes objects, as far as it can: what stays is in nobody's way.
    pub(super) async fn delete(&self, keys: &[String]) {
        let paths: Vec<_> = keys.iter().map(|key| Ok(self.path(key))).collect();
        let mut deleted = self.store.delete_stream(stream::iter(paths).boxed());
        while deleted.next().await.is_some() {}
    }

    pub(super) fn failure(
        &self,
        key: &str,
        doing: &'static str,
        heard: &Heard,
        error: &object_store::Error,
    ) -> StateError {
        let said = match &heard.refusal {
            Some(refusal) => format!("the store answered {refusal}"),
            None if heard.status.is_some() => format!("the store's answer can't be used ({})", causes(error)),
            None => match error {
                object_store::Error::Unauthenticated { source, .. } => format!("there are no credentials ({source})"),
                error => format!("no answer came ({})", causes(error)),
            },
        };
        let next = match (heard.status, error) {
            (Some(301 | 307 | 400), _) => "; are region and endpoint in the state's address right?",
            (Some(401 | 403), _) => "; the credentials need the permissions that docs/state.md lists",
            (Some(404), _) => "; is there such a bucket? It is made by hand, as docs/state.md says",
            (Some(500..), _) => "; run this again when the store is well",
            (None, object_store::Error::Unauthenticated { .. }) => "; set AWS_PROFILE, or sign in",
            (None, _) => "; are the network and the endpoint in the state's address right?",
            _ => "",
        };
        StateError::Storage { path: self.named(key), doing, reason: format!("{said}{next}") }
    }
}

/// Whether the same request may go well later.
fn is_passing(heard: &Heard, error: &object_store::Error) -> bool {
    match heard.status {
        Some(status) => status >= 500 || status == 429 || status == 408,
        None => reached(error),
    }
}

/// Whether a condition did not hold, or another put was under way: 412 and 409.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
fn is_conflict(heard: &Heard) -> bool {
    matches!(heard.status, Some(404 | 409 | 412)) && !no_bucket(heard)
}

fn no_bucket(heard: &Heard) -> bool {
    heard.refusal.as_ref().is_some_and(|refusal| refusal.contains("NoSuchBucket"))
}

/// Whether it came as far as sending.
fn reached(error: &object_store::Error) -> bool {
    !matches!(error, object_store::Error::Unauthenticated { .. })
}
