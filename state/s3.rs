//! State in an object store that has conditional writes: S3 and what speaks like it.
//!
//! A journal of segments, each put once, and a head that names those that
//! count. A write puts its segment and then moves the head, under the condition
//! that the head is still the one this run knows. The lease lies in the head
//! too, so that who takes it over moves the head, and the store itself refuses
//! everything that the old holder puts after that.

mod head;
mod objects;
mod remote;
mod replica;
mod transport;

use self::head::nonce;
use self::objects::Objects;
use self::remote::Heads;
pub use self::replica::{LostWrite, Replica};
use crate::lease::Terms;
use crate::place::Bucket;
use crate::shared::{Opened, Shared, once};
use crate::{Keys, StateError};

/// A stack's state in a bucket.
pub type S3 = Shared<Heads>;

impl S3 {
    /// Opens the state at this place to write; makes it where there is none, with this lineage or one of its own.
    ///
    /// # Errors
    /// [`StateError::Unfit`] where the store takes no conditions, which is found out before a state is made.
    pub fn open(
        bucket: &Bucket,
        terms: Terms,
        lineage: Option<&str>,
        keys: &Keys,
        now_ms: i64,
    ) -> Result<Self, StateError> {
        let lineage = lineage.map_or_else(|| nonce()[..16].to_owned(), str::to_owned);
        let (place, keys) = (bucket.clone(), keys.clone());
        let opened = Self::over(&bucket.to_string(), Opened::ToWrite, async move {
            let heads = Heads::open(&place, terms, &keys).await?;
            let seen = heads.find_or_make(&lineage, now_ms).await?;
            Ok(Some((heads, seen)))
        });
        opened?.ok_or_else(|| StateError::Unfit { place: bucket.to_string(), reason: "no state was made".to_owned() })
    }

    /// Opens the state at this place to read: takes no lock and makes nothing; none where there is none.
    pub fn look(bucket: &Bucket, terms: Terms, keys: &Keys) -> Result<Option<Self>, StateError> {
        let (place, keys) = (bucket.clone(), keys.clone());
        Self::over(&bucket.to_string(), Opened::ToRead, async move {
            let heads = Heads::open(&place, terms, &keys).await?;
            let seen = heads.find().await?;
            Ok(seen.map(|seen| (heads, seen)))
        })
    }

    /// What can be had of the state whose copy arrives at this place; none where nothing usable has arrived.
    ///
    /// # Errors
    /// [`StateError::Damaged`] where an object is another one than was written.
    pub fn replica(bucket: &Bucket, terms: Terms, keys: &Keys) -> Result<Option<Replica>, StateError> {
        let (place, keys) = (bucket.clone(), keys.clone());
        once(&bucket.to_string(), async move { Heads::open(&place, terms, &keys).await?.survey().await })
    }

    /// Whether there is the bucket, whatever is in it.
    ///
    /// # Errors
    /// Where that can't be told: it is another's, or in another region.
    pub fn bucket_stands(bucket: &Bucket, terms: Terms) -> Result<bool, StateError> {
        let place = bucket.clone();
        once(&bucket.to_string(), async move { Objects::open(&place, terms).await?.bucket_stands().await })
    }

    /// Whether the store refuses what it has to refuse; puts an object beside the state, and deletes it.
    ///
    /// # Errors
    /// [`StateError::Unfit`] where it takes no conditions or tells no time.
    pub fn check(bucket: &Bucket, terms: Terms) -> Result<(), StateError> {
        let place = bucket.clone();
        once(&bucket.to_string(), async move { Heads::open(&place, terms, &Keys::default()).await?.probe().await })
    }
}
