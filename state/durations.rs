//! Durations as JSON: a list, since an object's keys are no pairs.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How long operations take: (type, action) to milliseconds.
type Durations = BTreeMap<(String, String), i64>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Duration {
    #[serde(rename = "type")]
    kind: String,
    action: String,
    duration_ms: i64,
}

pub(crate) fn serialize<S: Serializer>(durations: &Durations, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(durations.iter().map(|((kind, action), duration_ms)| Duration {
        kind: kind.clone(),
        action: action.clone(),
        duration_ms: *duration_ms,
    }))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Durations, D::Error> {
    let list = Vec::<Duration>::deserialize(deserializer)?;
    Ok(list.into_iter().map(|one| ((one.kind, one.action), one.duration_ms)).collect())
}
