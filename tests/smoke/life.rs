//! One life of the stack, with an end to everything: the program is told to stop when the time is up, and what it
//! made is destroyed whatever happened before.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use fathuss_model::graph::Printed;

use crate::account::Account;
use crate::program::start;
use crate::stack;

/// How long each part may take.
#[derive(Clone, Copy)]
pub struct Limits {
    /// Everything before the destroy.
    pub life: Duration,
    /// A command that was told to finish what is under way.
    pub grace: Duration,
    /// One attempt to destroy.
    pub destroy: Duration,
    /// The look for what is left.
    pub look: Duration,
}

/// How often destroying is attempted.
const ATTEMPTS: u32 = 3;

impl Limits {
    /// Twice what a slow day at AWS takes.
    pub const REAL: Self = Self {
        life: Duration::from_secs(20 * 60),
        grace: Duration::from_secs(5 * 60),
        destroy: Duration::from_secs(15 * 60),
        look: Duration::from_secs(3 * 60),
    };

    /// The longest that anything can exist.
    pub fn longest(self) -> Duration {
        self.life + self.grace + (self.destroy + self.grace) * ATTEMPTS + self.look
    }
}

/// A stack's life in an account.
pub struct Life<'a> {
    /// The project's folder.
    pub folder: &'a Path,
    /// The run's id.
    pub run: &'a str,
    /// The account's twelve digits.
    pub owner: &'a str,
    /// The program with these words, in the folder.
    pub command: &'a dyn Fn(&str) -> Command,
    /// How long each part may take.
    pub limits: Limits,
    /// The same account, seen without Fathuss's engine.
    pub account: &'a Account,
}

impl Life<'_> {
    /// Makes, changes and destroys it. What goes wrong before the destroy is told after it.
    pub fn live(&self) -> Result<(), String> {
        let lived = self.before_destroy();
        let destroyed = self.destroy();
        match (lived, destroyed) {
            (Ok(()), Ok(())) => Ok(()),
            (Err(reason), Ok(())) | (Ok(()), Err(reason)) => Err(reason),
            (Err(first), Err(then)) => Err(format!("{first}\nand then {then}")),
        }
    }

    fn before_destroy(&self) -> Result<(), String> {
        let end = Instant::now() + self.limits.life;
        self.declare(false)?;
        self.run("apply smoke --yes", end)?;
        expect(&self.run("plan smoke", end)?, "No changes")?;
        if self.account.seen(self.run)?.is_empty() {
            return Err("the apply says that all is made, and nothing with the run's tag is there".to_owned());
        }
        self.declare(true)?;
        expect(&self.run("plan smoke", end)?, "1 to create, 3 to change, 0 to replace, 0 to destroy")?;
        self.run("apply smoke --yes", end)?;
        expect(&self.run("plan smoke", end)?, "No changes")
    }

    /// Writes the project with the stack as it is first, or after its change.
    pub fn declare(&self, changed: bool) -> Result<(), String> {
        let graph = stack::graph(self.run, self.owner, changed);
        let printed = Printed::new(vec!["smoke".to_owned()], Some(graph), Vec::new());
        let printed = serde_json::to_string(&printed).map_err(|error| error.to_string())?;
        let project = format!(
            "program = [\"cat\"]\n[stacks.smoke]\nregion = \"{}\"\naccount = \"{}\"\n",
            stack::REGION,
            self.owner
        );
        for (file, text) in [("smoke", printed), ("fathuss.toml", project)] {
            std::fs::write(self.folder.join(file), text).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Makes what is declared.
    pub fn apply(&self) -> Result<(), String> {
        self.run("apply smoke --yes", Instant::now() + self.limits.life).map(drop)
    }

    /// Deletes everything, with more than one attempt.
    pub fn destroy(&self) -> Result<(), String> {
        let mut reasons = Vec::new();
        for _ in 0..ATTEMPTS {
            match self.run("destroy smoke --yes", Instant::now() + self.limits.destroy) {
                Ok(_) => return Ok(()),
                Err(reason) => reasons.push(reason),
            }
        }
        Err(reasons.join("\n"))
    }

    /// Runs a command until its end, or until it has to stop; gives what it printed.
    fn run(&self, words: &str, end: Instant) -> Result<String, String> {
        if Instant::now() >= end {
            return Err(format!("`fathuss {words}` was not begun: the time is up"));
        }
        let ended = start((self.command)(words)).end_by(end, self.limits.grace);
        let (output, in_time) = ended;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        eprintln!("$ fathuss {words}\n{err}{out}");
        match (output.status.success(), in_time) {
            (true, true) => Ok(out),
            (_, false) => Err(format!("`fathuss {words}` was stopped: the time is up")),
            (false, true) => Err(format!("`fathuss {words}` failed ({}):\n{err}{out}", output.status)),
        }
    }
}

fn expect(said: &str, words: &str) -> Result<(), String> {
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.contains(words) { Ok(()) } else { Err(format!("`{words}` is not in\n{said}")) }
}
