//! The daemon's end of the keeper in the control plane's process (go/control-plane/keeper.go): orders go to its
//! standard input, a line of JSON each, and events come from its standard output.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, ChildStdout};

use crate::Error;

/// A program to run beside the API server.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Order {
    /// The name by which it is stopped, or replaced by another of that name.
    pub(crate) name: String,
    /// The executable file and its arguments.
    pub(crate) start: Vec<String>,
    /// `KEY=value`, on top of the daemon's own environment.
    pub(crate) environment: Vec<String>,
    /// The file that its output is appended to.
    pub(crate) log: PathBuf,
}

/// Sends orders, and knows the processes that came of them.
#[derive(Debug, Clone)]
pub(crate) struct Keeper {
    /// None once the keeper was asked to end.
    orders: Arc<tokio::sync::Mutex<Option<ChildStdin>>>,
    processes: Arc<Mutex<BTreeMap<String, i32>>>,
    log: PathBuf,
}

#[derive(Serialize)]
struct Stop<'a> {
    name: &'a str,
    stop: bool,
}

#[derive(Deserialize)]
struct Event {
    name: String,
    process: i32,
}

impl Keeper {
    /// Takes over both ends of a control plane that was just started.
    pub(crate) fn new(orders: Option<ChildStdin>, events: Option<ChildStdout>, log: &Path) -> Self {
        let keeper =
            Self { orders: Arc::new(tokio::sync::Mutex::new(orders)), processes: Arc::default(), log: log.to_owned() };
        if let Some(events) = events {
            let processes = Arc::clone(&keeper.processes);
            tokio::spawn(async move {
                let mut lines = tokio::io::BufReader::new(events).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    let Ok(event) = serde_json::from_str::<Event>(&line) else { continue };
                    let mut processes = processes.lock().unwrap_or_else(PoisonError::into_inner);
                    // A program that ended has no process (0), until it is started again.
                    if event.process == 0 {
                        processes.remove(&event.name);
                    } else {
                        processes.insert(event.name, event.process);
                    }
                }
                processes.lock().unwrap_or_else(PoisonError::into_inner).clear();
            });
        }
        keeper
    }

    /// Starts a program, and again whenever it ends unasked. One of the same name is stopped first.
    pub(crate) async fn start(&self, order: &Order) -> Result<(), Error> {
        self.send(order).await
    }

    /// Stops the program of that name.
    pub(crate) async fn stop(&self, name: &str) -> Result<(), Error> {
        self.send(&Stop { name, stop: true }).await
    }

    /// Has the keeper stop everything, the API server last. Returns at once.
    pub(crate) async fn close(&self) {
        self.orders.lock().await.take();
    }

    /// The ids of the processes that it runs now, by name.
    pub(crate) fn processes(&self) -> BTreeMap<String, i32> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn send(&self, order: &impl Serialize) -> Result<(), Error> {
        let mut line = serde_json::to_vec(order).map_err(|error| Error::Defect { why: error.to_string() })?;
        line.push(b'\n');
        let mut orders = self.orders.lock().await;
        let Some(orders) = orders.as_mut() else {
            return Err(self.gone("it was stopped"));
        };
        let sent = async {
            orders.write_all(&line).await?;
            orders.flush().await
        };
        sent.await.map_err(|error: std::io::Error| self.gone(&error.to_string()))
    }

    fn gone(&self, how: &str) -> Error {
        Error::Ended { how: how.to_owned(), log: self.log.clone(), tail: tail(&self.log) }
    }
}

/// The last lines of a log, for an error to show.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
