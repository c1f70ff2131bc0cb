//! The world on disk: `world.jsonl`, a header and then one line per transaction.
//!
//! A line is written with one plain write before its answer goes out, so the
//! world survives a SIGKILL of the process. A last line that was cut short
//! belongs to a request that was never answered, and is dropped. Lines are
//! numbered, and the header says how many are whole: a file that lost some is
//! refused. Opening a world writes it anew with one line for all rows, and so
//! does the first request that finds the file mostly history.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lock::{Holder, Lock};
use super::table::Change;

/// Why a world cannot be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// Another process writes it.
    #[error("the world in {} is in use by {}", path.display(), holder.as_ref().map_or_else(|| "another process".to_owned(), ToString::to_string))]
    Locked {
        /// The world's folder.
        path: PathBuf,
        /// The other process, as it says of itself; none while it is only just taking the world.
        holder: Option<Holder>,
    },
    /// The file system says no.
    #[error("the world's file {} cannot be used: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It was written by a later version, or is no world at all.
    #[error("{} line {line}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The configuration names a quota that does not exist.
    #[error("there is no quota {0}; the list of quotas names them all")]
    UnknownQuota(String),
    /// The configuration names a rule that does not exist.
    #[error("there is no rule {0}; the list of rules names them all")]
    UnknownRule(String),
    /// A row cannot be written as JSON.
    #[error("a row of the world cannot be written: {0}")]
    Row(#[from] serde_json::Error),
}

/// A file of fewer bytes is never written anew while the world is open.
const SMALL: u64 = 16 << 20;
/// Nor is one that has grown to less than so many times its length when it was last written anew.
const WORTH: u64 = 4;

/// The version of the file's format.
const FORMAT: u32 = 2;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    fathuss_world: u32,
    /// How many lines follow at least: the last one may not be counted yet.
    #[serde(default)]
    lines: u64,
}

/// The header with its line break, as long for every number of lines: it is written over in place.
fn header(lines: u64) -> String {
    format!("{{\"fathuss_world\":{FORMAT},\"lines\":{lines:<20}}}\n")
}

/// One transaction: the rows it changed, and where time and chance stood after it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    /// Its place, from 1.
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) seed: u64,
    /// How far the random numbers of the seed have been used.
    pub(crate) drawn: u64,
    pub(crate) sequence: u64,
    /// How often the world was opened again.
    pub(crate) reopened: u64,
    pub(crate) rows: Vec<Change>,
}

/// The open file of a world.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    lines: u64,
    /// The length from which on it is worth writing anew.
    stale_at: u64,
    /// Held as long as the world is open.
    _lock: Lock,
}

impl Journal {
    /// Locks a world's folder and reads its lines, oldest first.
    pub(crate) fn open(folder: &Path, holder: &Holder) -> Result<(Journal, Vec<Line>), WorldError> {
        std::fs::create_dir_all(folder).map_err(|source| io(folder, source))?;
        let lock = Lock::take(folder, holder)?;
        let path = folder.join("world.jsonl");
        let lines = read(&path)?;
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = opened.map_err(|source| io(&path, source))?;
        let length = file.metadata().map_err(|source| io(&path, source))?.len();
        let count = lines.last().map_or(0, |line| line.number);
        Ok((Journal { path, file, length, lines: count, stale_at: SMALL, _lock: lock }, lines))
    }

    /// Writes the file anew with this one line in it.
    pub(crate) fn rewrite(&mut self, line: Line) -> Result<(), WorldError> {
        let fresh = self.path.with_extension("jsonl.new");
        let text = whole(line)?;
        let write = || -> std::io::Result<File> {
            let mut file = File::create(&fresh)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&fresh, &self.path)?;
            Ok(file)
        };
        // A file that could not be written anew now is not tried again at each request.
        self.stale_at = self.length.saturating_mul(2).max(SMALL);
        self.file = write().map_err(|source| io(&self.path, source))?;
        self.length = text.len() as u64;
        self.lines = 1;
        self.stale_at = self.length.saturating_mul(WORTH).max(SMALL);
        Ok(())
    }

    /// Whether most of the file is history, so that a world that lives long is to be written anew.
    pub(crate) fn is_stale(&self) -> bool {
        self.length >= self.stale_at
    }

    /// Appends a line. When this fails the file is as it was, and the caller undoes the transaction.
    pub(crate) fn append(&mut self, line: Line) -> Result<(), WorldError> {
        let number = self.lines + 1;
        let mut text = serde_json::to_string(&Line { number, ..line })?;
        text.push('\n');
        // The count comes after the line: a process that ends between the two leaves a line more than are counted.
        let written = self.write_at(self.length, &text).and_then(|()| self.write_at(0, &header(number)));
        if let Err(source) = written {
            // A part of the line may be there; a torn line anywhere but at the end would make the file unreadable.
            let _ = self.write_at(0, &header(self.lines));
            let _ = self.file.set_len(self.length);
            return Err(io(&self.path, source));
        }
        self.length += text.len() as u64;
        self.lines = number;
        Ok(())
    }

    fn write_at(&mut self, place: u64, text: &str) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(place))?;
        self.file.write_all(text.as_bytes())
    }
}

/// A world's file with one line for everything.
pub(crate) fn whole(line: Line) -> Result<String, serde_json::Error> {
    Ok(format!("{}{}\n", header(1), serde_json::to_string(&Line { number: 1, ..line })?))
}

pub(super) fn io(path: &Path, source: std::io::Error) -> WorldError {
    WorldError::Io { path: path.to_owned(), source }
}

fn read(path: &Path) -> Result<Vec<Line>, WorldError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(io(path, source)),
    };
    parse(path, &text)
}

/// The lines of a world's file, oldest first.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Vec<Line>, WorldError> {
    let unreadable = |line: usize, why: String| WorldError::Unreadable { path: path.to_owned(), line, why };
    let mut lines: Vec<Line> = Vec::new();
    let mut counted = 0;
    if !text.is_empty() && !text.contains('\n') {
        // A new file comes into its place whole, and so none has less than a line.
        return Err(unreadable(1, "it breaks off in its first line".to_owned()));
    }
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let Some(line) = line.strip_suffix('\n') else {
            break;
        };
        if at == 0 {
            let header: Header = serde_json::from_str(line).map_err(|error| unreadable(1, error.to_string()))?;
            if header.fathuss_world < FORMAT {
                return Err(unreadable(1, "it was made by an older version of this program".to_owned()));
            }
            if header.fathuss_world != FORMAT {
                let why = format!("its format is {}, and this program reads {FORMAT}", header.fathuss_world);
                return Err(unreadable(1, why));
            }
            counted = header.lines;
            continue;
        }
        let line: Line = serde_json::from_str(line).map_err(|error| unreadable(at + 1, error.to_string()))?;
        if line.number != lines.len() as u64 + 1 {
            let why = format!("lines are missing or out of place: it is the world's number {}", line.number);
            return Err(unreadable(at + 1, why));
        }
        lines.push(line);
    }
    let found = lines.len() as u64;
    if found < counted {
        let why = format!("it breaks off here, with {found} of the world's {counted} lines; the rest is missing");
        return Err(unreadable(lines.len() + 1, why));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(length: usize) -> Line {
        let row = Some(serde_json::Value::String("x".repeat(length)));
        let text = || "a".to_owned();
        let change = Change { table: text(), account: text(), region: text(), id: text(), visible: None, row };
        Line { number: 0, at: Timestamp::UNIX_EPOCH, seed: 1, drawn: 0, sequence: 0, reopened: 0, rows: vec![change] }
    }

    #[test]
    fn a_file_that_is_mostly_history_is_stale_until_it_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let holder = Holder { pid: 1, command: String::new(), since: Timestamp::UNIX_EPOCH, address: None };
        let (mut journal, _) = Journal::open(folder.path(), &holder).unwrap();
        journal.rewrite(line(10)).unwrap();
        let mut appended = 0;
        while !journal.is_stale() {
            journal.append(line(1 << 20)).unwrap();
            appended += 1;
        }
        assert_eq!(appended, 16);
        journal.rewrite(line(5 << 20)).unwrap();
        assert!(!journal.is_stale());
        for _ in 0..14 {
            journal.append(line(1 << 20)).unwrap();
        }
        assert!(!journal.is_stale(), "it has not grown to four times its length");
        journal.append(line(1 << 20)).unwrap();
        assert!(journal.is_stale());
        drop(journal);
        let (_, lines) = Journal::open(folder.path(), &holder).unwrap();
        assert_eq!(lines.len(), 16, "what was written after the file was taken over is there");
    }
}
