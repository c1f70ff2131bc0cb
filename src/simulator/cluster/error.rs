//! What can go wrong with a simulated cluster, each with what to do about it.

use std::path::PathBuf;
use std::time::Duration;

/// Why a simulated cluster can't be had, or couldn't do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The Go compiler is not on this machine.
    #[error(
        "{what} of a simulated cluster is built from Go modules, and there is no `go` on PATH. \
         Install Go {needed} or newer (https://go.dev/dl), or go on without a cluster by --no-cluster"
    )]
    NoGo {
        /// What is to be built.
        what: &'static str,
        /// The least version of Go, as its go.mod states it.
        needed: String,
    },

    /// The Go compiler is older than a module needs, and may not fetch a newer one itself.
    #[error(
        "{what} of a simulated cluster needs Go {needed} or newer, and `go` on PATH is {found}. \
         Install a newer Go (https://go.dev/dl), or let it fetch one (GOTOOLCHAIN=auto), \
         or go on without a cluster by --no-cluster"
    )]
    OldGo {
        /// What is to be built.
        what: &'static str,
        /// The least version of Go, as its go.mod states it.
        needed: String,
        /// The version there is.
        found: String,
    },

    /// A build failed.
    #[error(
        "{what} of a simulated cluster did not build:\n{output}\nSee that the Go module proxy can be reached \
         (`go env GOPROXY`) and that the disk has a few GB free, or go on without a cluster by --no-cluster"
    )]
    Build {
        /// What was being built.
        what: &'static str,
        /// The last lines that `go` wrote.
        output: String,
    },

    /// A program that is not ours to build is missing.
    #[error("{what} needs `{program}`, which is not on PATH. {hint}")]
    NoProgram {
        /// What needs it.
        what: &'static str,
        /// The program's name.
        program: &'static str,
        /// How to get it.
        hint: &'static str,
    },

    /// A file or folder could not be read or written.
    #[error("{}: {source}. See that the folder may be written and the disk is not full", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },

    /// No port is free for the API server.
    #[error("no port between {first} and {last} is free on 127.0.0.1 for a cluster's API server: end what holds them")]
    NoPort {
        /// The first port that was tried.
        first: u16,
        /// The last port that was tried.
        last: u16,
    },

    /// Keys or certificates could not be made or read.
    #[error("the keys of a simulated cluster in {}: {why}. Delete the folder to have new ones made", folder.display())]
    Keys {
        /// Where they are kept.
        folder: PathBuf,
        /// Why.
        why: String,
    },

    /// The control plane ended while it was waited for.
    #[error("the control plane ended ({how}):\n{tail}\nThe whole log is {}", log.display())]
    Ended {
        /// How its process ended.
        how: String,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },

    /// The control plane did not answer in time.
    #[error("the control plane was not ready after {} s:\n{tail}\nThe whole log is {}", waited.as_secs(), log.display())]
    NotReady {
        /// How long it was waited for.
        waited: Duration,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },

    /// The API server refused a call or did not answer it.
    #[error("{doing}: {source}")]
    Kubernetes {
        /// What was being done.
        doing: String,
        /// What the API server or the connection said.
        #[source]
        source: Box<kube::Error>,
    },

    /// What plays the internet for a cluster can't do what was asked.
    #[error("{doing}: {why}")]
    Outside {
        /// What was being done.
        doing: String,
        /// What the operating system or a program said.
        why: String,
    },

    /// What this library itself wrote for the cluster could not be read or written.
    #[error("a defect in how the simulated cluster is set up: {why}. Please report it")]
    Defect {
        /// Why.
        why: String,
    },
}

impl Error {
    /// Says of which file or folder an error of the operating system speaks.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    /// Says what was being done when the API server refused it.
    pub(crate) fn kubernetes(doing: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Kubernetes { doing, source: Box::new(source) }
    }
}
