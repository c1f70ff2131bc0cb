//! Options that several commands take.

use std::io::IsTerminal;

use clap::Args;

use crate::error::Error;
use crate::render::print;
use crate::sandbox::Speed;
use crate::target::Where;

/// Where a command works.
#[derive(Args, Clone, Debug)]
pub struct TargetOptions {
    /// Work in the sandbox: a simulated AWS of this project's own
    #[arg(long)]
    pub sandbox: bool,
    /// The sandbox's seconds in one of ours; without it, as fast as it goes
    #[arg(long, requires = "sandbox")]
    pub speed: Option<f64>,
    /// Where the sandbox's chance comes from, when it is made
    #[arg(long, requires = "sandbox", default_value_t = 1)]
    pub seed: u64,
}

impl TargetOptions {
    /// The options as they are to be typed again, with a space in front.
    pub fn words(&self) -> &'static str {
        if self.sandbox { " --sandbox" } else { "" }
    }

    /// Where the command works.
    pub fn place(&self) -> Result<Where, Error> {
        if !self.sandbox {
            return Ok(Where::Aws);
        }
        let speed = match self.speed {
            None => Speed::Full,
            Some(speed) => Speed::times(speed)?,
        };
        Ok(Where::Sandbox { speed, seed: self.seed })
    }
}

/// Whether what is in clusters of the sandbox is left out.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct ClusterOptions {
    /// Leave out what is in the sandbox's clusters: on a machine without Go, which builds their Kubernetes
    #[arg(long, requires = "sandbox")]
    pub no_cluster: bool,
}

impl ClusterOptions {
    /// The option as it is to be typed again, with a space in front.
    pub fn words(self) -> &'static str {
        if self.no_cluster { " --no-cluster" } else { "" }
    }
}

/// What a destroy makes of stacks that read from this one.
#[derive(Args, Clone, Copy, Debug)]
pub struct Dependents {
    /// Destroy it though stacks that stand read its outputs
    #[arg(long)]
    pub ignore_dependents: bool,
}

/// How output looks.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// One JSON object a line.
    pub json: bool,
    /// Whether colour is used.
    pub colour: bool,
    /// Whether standard error is a terminal, and one that can do more than print.
    pub terminal: bool,
    /// The width, in columns.
    pub width: usize,
    /// The height, in lines.
    pub height: usize,
    /// Whether more than ASCII can be shown.
    pub unicode: bool,
}

impl Output {
    /// What suits this terminal, or its absence.
    pub fn detect(json: bool, no_colour: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|kind| kind == "dumb");
        let terminal = !dumb && std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        let asked_not = no_colour || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let (height, width) = console::Term::stdout().size_checked().unwrap_or((24, 80));
        let locale =
            ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
        Self {
            json,
            colour: terminal && !asked_not && !json,
            terminal: terminal && !json,
            width: usize::from(width).max(40),
            height: usize::from(height),
            // Only a locale that says otherwise has less.
            unicode: locale.is_none_or(|locale| {
                locale.to_lowercase().replace('-', "").contains("utf8") || locale == "C" || locale == "POSIX"
            }),
        }
    }

    /// Prints a line for people; with `--json`, a message object.
    pub fn line(&self, text: &str) -> Result<(), Error> {
        if self.json {
            return print(&serde_json::json!({ "message": text }).to_string());
        }
        print(&format!("{text}\n"))
    }
}
