//! One process at a time has a world open, and says to others who it is.
//!
//! `world.lock` is locked by the system, which lets go of it however the process
//! ends. `world.holder`, beside it, says who that is and where it listens, if it
//! does. It means something only while the lock is held: one that a killed
//! process left behind is written anew by the next.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::journal::{WorldError, io};

/// The process that has a world open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// Its id.
    pub pid: u32,
    /// What it runs, as it was typed.
    pub command: String,
    /// Since when, wall time.
    pub since: Timestamp,
    /// Where it serves the world to others; none where it keeps it to itself.
    pub address: Option<SocketAddr>,
}

impl fmt::Display for Holder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "process {} (`{}`)", self.pid, self.command)
    }
}

/// A world's lock, held.
#[derive(Debug)]
pub(super) struct Lock {
    holder: PathBuf,
    /// Held for its lock.
    _file: File,
}

impl Lock {
    /// Takes a world's lock, or says who has it.
    pub(super) fn take(folder: &Path, holder: &Holder) -> Result<Lock, WorldError> {
        let path = folder.join("world.lock");
        let told = folder.join("world.holder");
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|source| io(&path, source))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = std::fs::read(&told).ok().and_then(|text| serde_json::from_slice(&text).ok());
                return Err(WorldError::Locked { path: folder.to_owned(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(io(&path, source)),
        }
        // Renamed into its place, so that nobody reads half of it.
        let fresh = folder.join("world.holder.new");
        let mut text = serde_json::to_string(holder)?;
        text.push('\n');
        std::fs::write(&fresh, text)
            .and_then(|()| std::fs::rename(&fresh, &told))
            .map_err(|source| io(&told, source))?;
        Ok(Lock { holder: told, _file: file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Left behind it would say nothing wrong: nobody reads it while the lock is free.
        let _ = std::fs::remove_file(&self.holder);
    }
}
