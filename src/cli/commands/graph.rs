//! `fathuss graph`: who needs whom, for Graphviz, Mermaid, or as a picture.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::error::Error;
use crate::options::Output;
use crate::project::Project;
use crate::render::{json, print};
use crate::session::current_folder;

/// What `graph` takes.
#[derive(Args, Debug)]
pub struct Graph {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Dot)]
    format: Format,
}

/// How a graph is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For Graphviz
    Dot,
    /// For Markdown
    Mermaid,
    /// A picture
    Svg,
}

/// Runs the command. With `--json` it prints the graph as the stack program gave it.
pub fn run(options: &Graph, output: &Output) -> Result<ExitCode, Error> {
    let project = Project::find(&current_folder()?)?;
    let stack = project.stack(&options.stack)?;
    let graph = crate::program::graph(&project.root, &stack)?;
    if output.json {
        print(&json(&graph)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&match options.format {
        Format::Dot => fathuss_report::graph::dot(&graph, None),
        Format::Mermaid => fathuss_report::graph::mermaid(&graph, None),
        Format::Svg => fathuss_report::graph::svg(&graph, None),
    })?;
    Ok(ExitCode::SUCCESS)
}
