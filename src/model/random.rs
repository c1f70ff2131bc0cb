//! `random_id`: a number that nothing else has, which lives in state alone.

use std::collections::BTreeMap;

use crate::{Computed, Id, Value};

/// Bytes by chance, kept in state: for names that nothing else is to have. They are no secret; for one there is
/// [`crate::Secret::generated`].
///
/// They are made of what tells the state, the address and how often it was made from all others, so that the same
/// creation gives the same bytes however often it is begun. 64 bits of that are drawn, once for each state: a longer id
/// is no harder to guess than that.
///
/// ```
/// # use fathuss_model::{aws::*, random::RandomId, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// // Another one where what is kept for it changes.
/// let id = RandomId::new(4).keepers([("release", "2026-11")]).prefix("cache-");
/// let id = stack.add("cache", id);
/// stack.add("cache", S3Bucket::new().bucket(id.hex()));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "random_id", provider = "random", service = "local", creation = Local)]
pub struct RandomId {
    /// How many bytes.
    #[field(replace, min = 1, max = 1024)]
    byte_length: Value<i64>,
    /// Values that it is kept for: a change of one makes another.
    #[field(replace)]
    keepers: Option<Value<BTreeMap<String, String>>>,
    /// What its texts begin with, but for `id`.
    #[field(replace)]
    prefix: Option<Value<String>>,
    /// The bytes in base64 with `-` and `_`, without a prefix.
    id: Computed<Id<RandomId>>,
    /// The bytes in base64 with `-` and `_`.
    b64_url: Computed<String>,
    /// The bytes in base64 as it is usually written, padding included.
    b64_std: Computed<String>,
    /// The bytes as hexadecimal digits.
    hex: Computed<String>,
    /// The bytes as a number, the first one the highest.
    dec: Computed<String>,
}
