//! Runs a stack program and reads the graph that it prints.

use std::path::Path;
use std::process::{Command, Stdio};

use fathuss_model::graph::{FormatError, Graph, Printed};

use crate::error::Error;
use crate::project::StackEntry;

/// The stack's graph, checked against what `fathuss.toml` says of it.
pub fn graph(root: &Path, stack: &StackEntry) -> Result<Graph, Error> {
    let words = stack.program.join(" ");
    let start = |reason: String| Error::ProgramStart { command: words.clone(), reason };
    let (program, arguments) = stack.program.split_first().ok_or_else(|| start("it is empty".to_owned()))?;
    let output = Command::new(program)
        .args(arguments)
        .arg(&stack.name)
        .current_dir(root)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| start(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let printed = match Printed::read(&text) {
        Ok(printed) => printed,
        Err(_) if !output.status.success() && text.trim().is_empty() => {
            return Err(Error::ProgramFailed { command: words, status: output.status.to_string() });
        }
        Err(_) if text.trim().is_empty() => return Err(Error::ProgramSilent { command: words }),
        Err(reason @ FormatError::Version(_)) => return Err(Error::ProgramRelease { command: words, reason }),
        Err(reason) => {
            let begins: String = text.trim_start().chars().take(60).filter(|letter| !letter.is_control()).collect();
            return Err(Error::ProgramOutput { command: words, reason, begins: format!("{begins:?}") });
        }
    };
    if !printed.findings.is_empty() {
        return Err(Error::Findings { stack: stack.name.clone(), findings: printed.findings });
    }
    if !output.status.success() {
        return Err(Error::ProgramFailed { command: words, status: output.status.to_string() });
    }
    let graph = printed.graph.ok_or(Error::ProgramSilent { command: words })?;
    check(graph, stack)
}

fn check(graph: Graph, stack: &StackEntry) -> Result<Graph, Error> {
    let pairs = [
        ("name", &graph.stack, &stack.name),
        ("account", &graph.account, &stack.account),
        ("region", &graph.region, &stack.region),
    ];
    for (what, found, expected) in pairs {
        if found != expected {
            return Err(Error::Mismatch {
                what,
                whose: format!("stack `{}`", stack.name),
                found: found.clone(),
                expected: expected.clone(),
            });
        }
    }
    if let Some(node) = graph.nodes.iter().find(|node| node.account != stack.account) {
        return Err(Error::Mismatch {
            what: "account",
            whose: format!("{} in stack `{}`", node.address.local(), stack.name),
            found: node.account.clone(),
            expected: stack.account.clone(),
        });
    }
    Ok(graph)
}
