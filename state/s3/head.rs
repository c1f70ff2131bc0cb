//! What the objects of a state hold.
//!
//! `head` is the one object that changes. It names the snapshot and the
//! segments that count; whatever else lies beside it counts for nothing.
//! Segments and snapshots carry the epoch of the lease under which they were
//! written, and are written once.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::contents::Write;
use crate::{Envelope, Holder};

/// The version of these formats. Segments of version 1 have no entries of the log; those before version 3 are never sealed.
pub(super) const VERSION: i64 = 3;

/// The head's key.
pub(super) const HEAD: &str = "head";

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) version: i64,
    pub(super) lineage: String,
    pub(super) created_ms: i64,
    /// Rises with each lock that is taken.
    pub(super) epoch: i64,
    /// Of this head alone: tells a put whose answer was lost from another's, and makes every ETag another.
    pub(super) nonce: String,
    pub(super) serial: i64,
    /// Who holds the lock.
    pub(super) lease: Option<Lease>,
    /// Where reading begins.
    pub(super) snapshot: Option<Snapshot>,
    /// The segments after it, in order.
    pub(super) segments: Vec<Span>,
    /// The number of the next segment, whoever writes it.
    pub(super) next_segment: i64,
    /// A sum over all segments ever, in order; of each, and of what it follows.
    pub(super) chain: String,
    /// What is kept from before the snapshot, oldest first.
    pub(super) chapters: Vec<Chapter>,
    /// How the state is sealed, or was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) encryption: Option<Encryption>,
}

/// How the segments of a state are sealed. Those before `since` are as they were written: plain, or by an earlier key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Encryption {
    pub(super) envelope: Envelope,
    /// The number of the first segment that is sealed so.
    pub(super) since: i64,
    /// The number of the first segment that is plain again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<i64>,
    /// The data keys, where the state is plain again: its history needs nobody's key any more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) keys: BTreeMap<String, String>,
}

impl Encryption {
    /// Whether what is written now is sealed.
    pub(super) fn holds(&self) -> bool {
        self.until.is_none()
    }

    /// Whether a snapshot of what is before this number has to be sealed.
    pub(super) fn covers_snapshot(&self, number: i64) -> bool {
        number > self.since && self.until.is_none_or(|until| number <= until)
    }

    /// Whether a segment of this number has to be sealed.
    pub(super) fn covers(&self, number: i64) -> bool {
        number >= self.since && self.until.is_none_or(|until| number < until)
    }
}

/// A lock that ends by itself. It was renewed last when the head was written last, by the store's clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lease {
    pub(super) holder: Holder,
    /// How long it lasts, in milliseconds.
    pub(super) lease_ms: u64,
}

/// A snapshot of everything up to a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Snapshot {
    pub(super) epoch: i64,
    /// The number of the first segment after it.
    pub(super) number: i64,
    /// The head's `chain` at that point.
    pub(super) chain: String,
}

/// Segments one after the other under one epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    pub(super) epoch: i64,
    pub(super) first: i64,
    pub(super) last: i64,
}

/// Segments that a snapshot has made unnecessary, and that history keeps for a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chapter {
    /// The snapshot that it begins with.
    pub(super) snapshot: Option<Snapshot>,
    pub(super) segments: Vec<Span>,
    /// The last run that it has records of.
    pub(super) last_run: i64,
    /// When the snapshot that ends it was made, in milliseconds since 1970.
    pub(super) ended_ms: i64,
}

/// One durable write.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Segment {
    pub(super) version: i64,
    pub(super) lineage: String,
    pub(super) epoch: i64,
    pub(super) number: i64,
    /// The state's serial after it.
    pub(super) serial: i64,
    /// Of this segment alone.
    pub(super) nonce: String,
    pub(super) write: Write,
}

/// One durable write, as it lies in a state that is sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SealedSegment {
    pub(super) version: i64,
    pub(super) lineage: String,
    pub(super) epoch: i64,
    pub(super) number: i64,
    pub(super) serial: i64,
    pub(super) nonce: String,
    /// The write, as JSON, sealed.
    pub(super) sealed: String,
}

impl Head {
    pub(super) fn new(lineage: &str, now_ms: i64) -> Self {
        Self {
            version: VERSION,
            lineage: lineage.to_owned(),
            created_ms: now_ms,
            epoch: 0,
            nonce: nonce(),
            serial: 0,
            lease: None,
            snapshot: None,
            segments: Vec::new(),
            next_segment: 1,
            chain: String::new(),
            chapters: Vec::new(),
            encryption: None,
        }
    }

    /// Another head, with a nonce of its own.
    pub(super) fn renewed(&self) -> Self {
        Self { version: VERSION, nonce: nonce(), ..self.clone() }
    }

    /// With a segment more, which has these bytes.
    pub(super) fn with(&self, segment: &Segment, bytes: &[u8]) -> Self {
        let mut head = self.renewed();
        Span::add(&mut head.segments, segment.epoch, segment.number);
        head.next_segment = segment.number + 1;
        head.serial = segment.serial;
        head.chain = link(&self.chain, bytes);
        head
    }

    /// The snapshot that what is kept from before begins with.
    pub(super) fn first_snapshot(&self) -> Option<&Snapshot> {
        self.chapters.first().map_or(self.snapshot.as_ref(), |chapter| chapter.snapshot.as_ref())
    }

    /// All segments that are kept, in order.
    pub(super) fn all_segments(&self) -> Vec<Span> {
        let earlier = self.chapters.iter().flat_map(|chapter| &chapter.segments);
        earlier.chain(&self.segments).cloned().collect()
    }

    /// Whether the snapshot is from before the state was sealed as it is, or made plain.
    pub(super) fn is_outdated(&self) -> bool {
        self.encryption.as_ref().is_some_and(|encryption| {
            let changed = encryption.until.unwrap_or(encryption.since);
            self.snapshot.as_ref().is_none_or(|snapshot| snapshot.number <= changed)
        })
    }

    /// How many segments have to be read after the snapshot.
    pub(super) fn length(&self) -> i64 {
        self.segments.iter().map(|span| span.last - span.first + 1).sum()
    }
}

impl Snapshot {
    pub(super) fn key(&self) -> String {
        format!("snapshots/{:010}-{:010}.json", self.epoch, self.number)
    }
}

impl Span {
    /// With a segment more after these.
    pub(super) fn add(spans: &mut Vec<Self>, epoch: i64, number: i64) {
        match spans.last_mut() {
            Some(span) if span.epoch == epoch && span.last + 1 == number => span.last = number,
            _ => spans.push(Self { epoch, first: number, last: number }),
        }
    }

    /// Epoch and number of its segments, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = (i64, i64)> + use<> {
        let epoch = self.epoch;
        (self.first..=self.last).map(move |number| (epoch, number))
    }

    /// The keys of its segments, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = String> + use<> {
        self.names().map(|(epoch, number)| segment_key(epoch, number))
    }
}

pub(super) fn segment_key(epoch: i64, number: i64) -> String {
    format!("journal/{epoch:010}/{number:010}.json")
}

/// The sum over segments with one more.
pub(super) fn link(chain: &str, bytes: &[u8]) -> String {
    hex::encode(Sha256::new().chain_update(chain).chain_update(bytes).finalize())
}

/// 128 bits that nobody else draws.
pub(super) fn nonce() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Reads what this release or an earlier one wrote; the version is looked at first.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    #[derive(Deserialize)]
    struct Versioned {
        version: i64,
    }
    let damaged = |error: serde_json::Error| Unreadable::Damaged(error.to_string());
    match serde_json::from_slice::<Versioned>(bytes).map_err(damaged)?.version {
        1..=VERSION => serde_json::from_slice(bytes).map_err(damaged),
        found if found > VERSION => Err(Unreadable::Newer(found)),
        found => Err(Unreadable::Damaged(format!("its version is {found}, which no release has written"))),
    }
}

/// Why an object can't be read.
#[derive(Debug)]
pub(super) enum Unreadable {
    Damaged(String),
    Newer(i64),
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD_1: &[u8] = include_bytes!("../samples/s3-version-1/head.json");
    const SEGMENT_1: &[u8] = include_bytes!("../samples/s3-version-1/segment.json");

    #[test]
    fn what_version_1_wrote_is_read_and_goes_on_as_this_version() -> Result<(), Unreadable> {
        let head: Head = parse(HEAD_1)?;
        assert_eq!((head.version, head.serial, head.length()), (1, 13, 13));
        assert_eq!(head.renewed().version, VERSION);
        let segment: Segment = parse(SEGMENT_1)?;
        assert!(matches!(segment.write, Write::EndRun { entry: None, .. }));
        Ok(())
    }

    #[test]
    fn a_newer_version_is_refused() {
        let text = String::from_utf8_lossy(HEAD_1).replace("\"version\":1,", "\"version\":4,");
        assert!(matches!(parse::<Head>(text.as_bytes()), Err(Unreadable::Newer(4))));
    }
}
