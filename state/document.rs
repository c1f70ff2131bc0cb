//! A state as one JSON document: the snapshot that an object store keeps, and
//! the file that people pull and push.

use std::collections::BTreeMap;

use fathuss_model::{Address, Datum};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::audit::Log;
use crate::contents::Contents;
use crate::history::Revision;
use crate::shared::once;
use crate::{Envelope, Keys, Pending, ResourceRecord, Run, Seal, StateError};

/// The version of the document. Version 1 has neither log nor revisions; versions before 3 are never sealed.
const VERSION: i64 = 3;

/// All of a state but the journal's records, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The version of the format.
    version: i64,
    /// Names the state among all states.
    lineage: String,
    /// The state's serial.
    serial: i64,
    next_operation: i64,
    forgotten: i64,
    resources: Vec<ResourceRecord>,
    pending: Vec<Pending>,
    generations: BTreeMap<Address, u32>,
    outputs: BTreeMap<String, Datum>,
    #[serde(with = "crate::durations")]
    durations_ms: BTreeMap<(String, String), i64>,
    runs: Vec<Run>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log: Option<Log>,
    /// What was before; an object store's own snapshots leave it to the segments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    revisions: Vec<Revision>,
    /// SHA-256 of the document with this field empty.
    checksum: String,
}

impl Document {
    pub(crate) fn of(contents: &Contents) -> Self {
        let mut document = Self {
            version: VERSION,
            lineage: contents.lineage.clone(),
            serial: contents.serial,
            next_operation: contents.next_operation,
            forgotten: contents.forgotten,
            resources: contents.resources.values().cloned().collect(),
            pending: contents.pending(),
            generations: contents.generations.clone(),
            outputs: contents.outputs.clone(),
            durations_ms: contents.durations_ms.clone(),
            runs: contents.runs.clone(),
            log: Some(contents.log.clone()),
            revisions: Vec::new(),
            checksum: String::new(),
        };
        document.checksum = document.sum();
        document
    }

    pub(crate) fn into_contents(self) -> Contents {
        let mut contents = Contents::new(&self.lineage).with_pending(self.pending);
        contents.serial = self.serial;
        contents.next_operation = self.next_operation;
        contents.forgotten = self.forgotten;
        contents.resources = self.resources.into_iter().map(|record| (record.address.clone(), record)).collect();
        contents.generations = self.generations;
        contents.outputs = self.outputs;
        contents.durations_ms = self.durations_ms;
        contents.runs = self.runs;
        contents.log = self.log.unwrap_or_default();
        contents
    }

    /// The same with what was before.
    pub(crate) fn with_revisions(self, revisions: Vec<Revision>) -> Self {
        let mut document = Self { revisions, ..self };
        document.checksum = document.sum();
        document
    }

    /// What was before, in the order of the writes.
    pub(crate) fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// Of a state of this lineage in which there is nothing.
    #[must_use]
    pub fn empty(lineage: &str) -> Self {
        Self::of(&Contents::new(lineage))
    }

    /// The same with another serial: for who knows that it is what the state of that serial is to be.
    #[must_use]
    pub fn at_serial(self, serial: i64) -> Self {
        let mut document = Self { serial, ..self };
        document.checksum = document.sum();
        document
    }

    /// Whether it may take the place of the state of this lineage and serial at this place.
    ///
    /// # Errors
    /// [`StateError::Stale`] where it is of another state, or of an older moment of this one.
    pub fn check(&self, path: &str, lineage: &str, serial: i64) -> Result<(), StateError> {
        let stale = |reason: String| Err(StateError::Stale { path: path.to_owned(), reason });
        if self.lineage != lineage {
            return stale(format!("the document is of the state {}, and this is {lineage}", self.lineage));
        }
        if self.serial < serial {
            let Self { serial: its, .. } = self;
            return stale(format!("the document has serial {its}, and the state has {serial}: it was written since"));
        }
        Ok(())
    }

    /// Names the state among all states.
    #[must_use]
    pub fn lineage(&self) -> &str {
        &self.lineage
    }

    /// The state's serial.
    #[must_use]
    pub fn serial(&self) -> i64 {
        self.serial
    }

    /// The document as text, sealed where the state is that it is of.
    ///
    /// # Errors
    /// Where a value has no JSON.
    pub fn to_text(&self, seal: Option<&Seal>) -> Result<String, String> {
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        let Some(seal) = seal else { return Ok(text) };
        let sealed = Sealed {
            version: VERSION,
            lineage: self.lineage.clone(),
            serial: self.serial,
            encryption: seal.envelope().clone(),
            sealed: seal.close("document", &self.serial.to_string(), &text)?,
        };
        serde_json::to_string_pretty(&sealed).map_err(|error| error.to_string())
    }

    /// Reads a document, which may be sealed.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn open(text: &[u8], keys: &Keys) -> Result<Self, String> {
        // A newer version may have other fields.
        checked_version(text)?;
        if !Self::is_sealed(text) {
            return Self::parse(text);
        }
        let Sealed { lineage, encryption, .. } = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let keys = keys.clone();
        let opened = once("it", async move { Seal::unwrap("it", &lineage, &encryption, &keys).await });
        Self::opened(text, &opened.map_err(|error| error.to_string())?)
    }

    /// Whether this is a document that is sealed.
    pub(crate) fn is_sealed(text: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct MaySealed {
            sealed: Option<serde::de::IgnoredAny>,
        }
        serde_json::from_slice::<MaySealed>(text).is_ok_and(|document| document.sealed.is_some())
    }

    /// Reads a document that is sealed by this.
    pub(crate) fn opened(text: &[u8], seal: &Seal) -> Result<Self, String> {
        checked_version(text)?;
        let Sealed { serial, sealed, .. } = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        Self::parse(seal.open("document", &serial.to_string(), &sealed)?.as_bytes())
    }

    /// Reads a document that is plain.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        checked_version(text)?;
        let document: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if document.checksum != document.sum() {
            return Err("it does not match its checksum: it is damaged, or was changed by hand".to_owned());
        }
        Ok(document)
    }

    fn sum(&self) -> String {
        let plain = Self { checksum: String::new(), ..self.clone() };
        // Strings and numbers, which always have JSON; an empty text never matches.
        let text = serde_json::to_string(&plain).unwrap_or_default();
        hex::encode(Sha256::digest(text))
    }
}

/// A document as it lies in a file where the state is sealed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    version: i64,
    lineage: String,
    serial: i64,
    encryption: Envelope,
    /// The document, as JSON, sealed.
    sealed: String,
}

/// Refuses what this release does not read.
fn checked_version(text: &[u8]) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Versioned {
        version: i64,
    }
    let Versioned { version } = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if !(1..=VERSION).contains(&version) {
        return Err(format!("its version is {version}, and this fathuss reads 1 to {VERSION}"));
    }
    Ok(())
}
