//! What a state was before: after each run that is kept, as the audit log has
//! it.
//!
//! A write keeps what it takes the place of, as [`Revision`]s. What there was
//! after an entry of the log is what there is now with all later writes taken
//! back, so that a run costs what it changed, and what is not asked for costs
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use fathuss_model::{Address, AddressError, Datum};
use serde::{Deserialize, Serialize};

use crate::audit::{Log, LogEntry, Sum, digest, sum};
use crate::{ResourceRecord, Run, RunId, Snapshot};

/// What something was before a write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// The state's serial after the write.
    pub serial: i64,
    /// What it was.
    pub was: Was,
}

/// What something was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Was {
    /// There was no row.
    Absent(Address),
    /// The row.
    Present(Box<ResourceRecord>),
    /// The outputs.
    Outputs(BTreeMap<String, Datum>),
}

/// A state at one moment, with what it was before.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// What it is.
    pub now: Snapshot,
    /// The runs that are kept, oldest first.
    pub runs: Vec<Run>,
    /// The audit log.
    pub log: Log,
    /// In the order of their writes.
    pub(crate) revisions: Vec<Revision>,
}

/// Resources and outputs as they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The resources.
    pub resources: BTreeMap<Address, ResourceRecord>,
    /// The outputs.
    pub outputs: BTreeMap<String, Datum>,
}

/// What [`History::verify`] found in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many resources were written since the last entry, by a run that is under way or was cut off.
    pub since: usize,
}

/// Where the chain breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The number of the entry.
    pub entry: i64,
    /// What is wrong with it.
    pub reason: String,
}

/// How long history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// At least so many runs are kept.
    pub runs: u32,
    /// Runs that began in so many days are kept.
    pub days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { runs: 100, days: 90 }
    }
}

impl Retention {
    /// The last run that is to be forgotten, of these, oldest first. The last run never is.
    pub(crate) fn forgets(&self, runs: &[Run], now_ms: i64) -> Option<RunId> {
        let kept = usize::try_from(self.runs.max(1)).unwrap_or(usize::MAX);
        let since_ms = now_ms.saturating_sub(i64::from(self.days) * 24 * 3600 * 1000);
        let old = runs.iter().take(runs.len().saturating_sub(kept)).take_while(|run| run.started_ms < since_ms);
        old.last().map(|run| run.id)
    }
}

impl History {
    /// What there was after a run; none where that is not kept.
    #[must_use]
    pub fn after(&self, run: RunId) -> Option<Past> {
        if let Some(entry) = self.log.entries.iter().find(|entry| entry.run == Some(run)) {
            return Some(self.at(entry.serial));
        }
        // The last run, which has not ended: the next one says what it found.
        let open = self.runs.last().is_some_and(|last| last.id == run && last.ended_ms.is_none());
        open.then(|| self.now())
    }

    /// What there is.
    #[must_use]
    pub fn now(&self) -> Past {
        Past { resources: self.now.resources.clone(), outputs: self.now.outputs.clone() }
    }

    /// The runs of which it is kept what there was after them.
    pub fn runs_kept(&self) -> impl Iterator<Item = RunId> {
        let open = self.runs.last().filter(|last| last.ended_ms.is_none()).map(|last| last.id);
        self.log.entries.iter().filter_map(|entry| entry.run).chain(open)
    }

    fn at(&self, serial: i64) -> Past {
        let mut past = self.now();
        for revision in self.revisions.iter().rev().take_while(|revision| revision.serial > serial) {
            past.take_back(&revision.was);
        }
        past
    }

    /// Whether the log is whole, and the state was after each entry what that says.
    ///
    /// # Errors
    /// The first entry that is not as it was written, or that the state does not agree with.
    pub fn verify(&self) -> Result<Verified, Broken> {
        self.chain()?;
        self.contents()?;
        let last = self.log.entries.last().map_or(i64::MAX, |entry| entry.serial);
        let later = self.revisions.iter().filter(|revision| revision.serial > last);
        let since: BTreeSet<&Address> = later.filter_map(|revision| revision.was.address()).collect();
        Ok(Verified { since: since.len() })
    }

    /// Whether each entry is as it was written, and follows the one before.
    fn chain(&self) -> Result<(), Broken> {
        let mut before = self.log.pruned.clone();
        for entry in &self.log.entries {
            let broken = |reason: &str| Err(Broken { entry: entry.number, reason: reason.to_owned() });
            if entry.number != before.number + 1 {
                let entry = before.number + 1;
                return Err(Broken { entry, reason: "it is gone".to_owned() });
            }
            if entry.hash != entry.sum() {
                return broken("it is not as it was written");
            }
            if entry.before != before.hash {
                return broken("it does not follow the one before it");
            }
            before = entry.link();
        }
        if before.number < self.log.last.number {
            return Err(Broken { entry: before.number + 1, reason: "it is gone".to_owned() });
        }
        if before != self.log.last {
            let reason = "it is not the one that was written last".to_owned();
            return Err(Broken { entry: before.number, reason });
        }
        Ok(())
    }

    /// Whether the state was what the entries say: from the last to the first, later writes are taken back.
    fn contents(&self) -> Result<(), Broken> {
        let mut rows: BTreeMap<&Address, Sum> = BTreeMap::new();
        for (address, record) in &self.now.resources {
            rows.insert(address, sum(record));
        }
        let mut outputs = sum(&self.now.outputs);
        let mut later = self.revisions.iter().rev().peekable();
        let mut wrong: Option<&LogEntry> = None;
        for entry in self.log.entries.iter().rev() {
            while let Some(revision) = later.next_if(|revision| revision.serial > entry.serial) {
                match &revision.was {
                    Was::Absent(address) => drop(rows.remove(address)),
                    Was::Present(record) => drop(rows.insert(&record.address, sum(record))),
                    Was::Outputs(before) => outputs = sum(before),
                }
            }
            if digest(rows.values(), &outputs) != entry.digest {
                wrong = Some(entry);
            }
        }
        wrong.map_or(Ok(()), |entry| {
            let reason = "the resources and outputs are not those that it left".to_owned();
            Err(Broken { entry: entry.number, reason })
        })
    }
}

impl Past {
    fn take_back(&mut self, was: &Was) {
        match was {
            Was::Absent(address) => drop(self.resources.remove(address)),
            Was::Present(record) => {
                self.resources.insert(record.address.clone(), record.as_ref().clone());
            }
            Was::Outputs(outputs) => self.outputs.clone_from(outputs),
        }
    }
}

impl Was {
    /// As a row of a table: the address, which is empty for outputs, and JSON, where there was something.
    pub(crate) fn to_row(&self) -> Result<(String, Option<String>), serde_json::Error> {
        Ok(match self {
            Self::Absent(address) => (address.to_string(), None),
            Self::Present(record) => (record.address.to_string(), Some(serde_json::to_string(record)?)),
            Self::Outputs(outputs) => (String::new(), Some(serde_json::to_string(outputs)?)),
        })
    }

    /// From a row of a table.
    pub(crate) fn of_row(address: &str, body: Option<&str>) -> Result<Self, String> {
        let wrong = |error: serde_json::Error| error.to_string();
        Ok(match (address, body) {
            ("", body) => Self::Outputs(serde_json::from_str(body.unwrap_or("{}")).map_err(wrong)?),
            (_, Some(body)) => Self::Present(serde_json::from_str(body).map_err(wrong)?),
            (address, None) => Self::Absent(address.parse().map_err(|error: AddressError| error.to_string())?),
        })
    }

    /// The resource that it is about; none for outputs.
    fn address(&self) -> Option<&Address> {
        match self {
            Self::Absent(address) => Some(address),
            Self::Present(record) => Some(&record.address),
            Self::Outputs(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Origin;

    const DAY_MS: i64 = 24 * 3600 * 1000;

    /// Runs that began on these days.
    fn runs(days: &[i64]) -> Vec<Run> {
        let run = |(number, day): (i64, &i64)| Run {
            id: RunId(number),
            command: "apply".to_owned(),
            holder: "mia@build-7".to_owned(),
            started_ms: day * DAY_MS,
            ended_ms: None,
            outcome: None,
            summary: BTreeMap::new(),
            origin: Origin::default(),
            actions: Vec::new(),
        };
        (1..).zip(days).map(run).collect()
    }

    #[test]
    fn a_run_is_kept_while_it_is_young_or_among_the_last() {
        let runs = runs(&[1, 2, 90, 91]);
        let forgets =
            |kept: u32, days: u32| Retention { runs: kept, days }.forgets(&runs, 100 * DAY_MS).map(|run| run.0);
        assert_eq!(forgets(2, 5), Some(2));
        assert_eq!(forgets(3, 5), Some(1));
        assert_eq!(forgets(1, 10), Some(2), "the third is young enough");
        assert_eq!(forgets(1, 200), None);
        assert_eq!(forgets(0, 0), Some(3), "the last run stays");
        assert_eq!(Retention::default().forgets(&runs, 400 * DAY_MS), None, "they are few");
    }

    #[test]
    fn what_was_reads_back_from_a_tables_row() -> Result<(), Box<dyn std::error::Error>> {
        let address: Address = "staging.aws_vpc.main".parse()?;
        let outputs = BTreeMap::from([("id".to_owned(), Datum::from("vpc-1"))]);
        for was in [Was::Absent(address), Was::Outputs(outputs), Was::Outputs(BTreeMap::new())] {
            let (address, body) = was.to_row()?;
            assert_eq!(Was::of_row(&address, body.as_deref()), Ok(was));
        }
        assert!(Was::of_row("no address", None).is_err());
        Ok(())
    }
}
