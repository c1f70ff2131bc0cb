//! `fathuss bootstrap`: from an empty account to a bucket that holds states, its own among them.
//!
//! Each step is found done or done again: what the first run began in a local file, the next one goes on with, and once
//! the bucket has the state, that file says so.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use fathuss_engine::plan::Goal;
use fathuss_state::{Bucket, Place, Retention, S3, StateError, Terms};

use super::apply::{Apply, work};
use super::state::relocate;
use crate::error::Error;
use crate::home::Home;
use crate::only::Only;
use crate::options::{ClusterOptions, Output, TargetOptions};
use crate::project::{Project, Route, StackEntry};
use crate::session::{Session, current_folder, holder, runtime};
use crate::state_bucket::{STACK, Wanted};
use crate::target::{Target, Where, wall_ms};

/// What `bootstrap` takes.
#[derive(Args, Debug)]
pub struct Bootstrap {
    /// The stack of the account's roles, as fathuss.toml names it: the bucket is made in its account and region, and it
    /// is applied once its state lies there
    stack: String,
    /// The region that states are copied to
    #[arg(long, value_name = "REGION")]
    second_region: String,
    /// The bucket's name; without it, one of account and region
    #[arg(long)]
    bucket: Option<String>,
    /// Make the roles of CI for workflows of this repository, and apply no stack
    #[arg(long, value_name = "OWNER/NAME")]
    repository: Option<String>,
    /// Take the lock of this id away first, from a run that is certainly dead
    #[arg(long, value_name = "ID")]
    unlock: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Show every action and every value in full
    #[arg(long)]
    full: bool,
}

/// Runs the command.
pub fn run(options: &Bootstrap, output: &Output) -> Result<ExitCode, Error> {
    let project = Project::find(&current_folder()?)?;
    let stack = project.stack(&options.stack)?;
    let wanted = options.wanted(&project, &stack)?;
    let states = Bucket {
        name: wanted.bucket.clone(),
        prefix: STACK.to_owned(),
        region: wanted.region.clone(),
        endpoint: endpoint(),
    };
    let local = project.root.join(format!(".fathuss/{STACK}.db"));
    let own = StackEntry {
        name: STACK.to_owned(),
        program: Vec::new(),
        state: Home::plain(Place::File(local.clone())),
        replica: None,
        region: wanted.region.clone(),
        account: wanted.account.clone(),
        history: Retention::default(),
        clusters: Route::default(),
    };
    let ended = runtime()?.block_on(async {
        // Whose credentials these are is known before anything is looked for.
        Target::open(&project, &own, Where::Aws).await?.enter("").await?;
        if let Some(id) = &options.unlock {
            unlock(id, &stack, &states)?;
        }
        let home = lies(&local, &states, &project.root, output)?;
        let own = StackEntry { state: home.clone(), ..own };
        let graph = wanted.graph().map_err(|findings| Error::Findings { stack: STACK.to_owned(), findings })?;
        let session = Session::of(Project::find(&project.root)?, own, graph, Where::Aws, output).await?;
        let session = session.told_again(&options.words());
        let ended = work(&options.applies(STACK), Goal::Apply, session, Where::Aws, output).await?;
        if ended != ExitCode::SUCCESS {
            return Ok(ExitCode::FAILURE);
        }
        if let Place::File(_) = &home.place {
            let there = home.at(Place::S3(states.clone()));
            relocate(&home, &there, &states.address(), (STACK, &project.root), output)?;
            output.line(&format!("The state of {STACK} is in {states} now."))?;
        }
        if options.repository.is_none() {
            let ended = account(options, &project, stack, &states, output).await?;
            if ended != ExitCode::SUCCESS {
                return Ok(ended);
            }
        }
        output.line(&ending(options, &project, &wanted, &states)?)?;
        Ok(ExitCode::SUCCESS)
    });
    // These states are in no file yet that `state unlock` reads.
    ended.map_err(|error| match error {
        Error::Locked { error: StateError::Locked { holder, since }, .. } => {
            let unlock = format!("{} --unlock {}", options.words(), holder.id);
            Error::Locked { error: StateError::Locked { holder, since }, unlock }
        }
        error => error,
    })
}

impl Bootstrap {
    /// What is to be made, as far as that can be told to be possible.
    fn wanted(&self, project: &Project, stack: &StackEntry) -> Result<Wanted, Error> {
        let wrong = |what: String| Err(Error::Usage(format!("{what}; nothing was made")));
        if project.names().any(|name| name == STACK) {
            return wrong(format!("fathuss.toml has a stack `{STACK}`, which is what bootstrap's own is called"));
        }
        if self.second_region == stack.region {
            return wrong(format!(
                "the second region is {}, which is the first\nNext: name another, which is not lost when that is",
                stack.region
            ));
        }
        if let Some(repository) = &self.repository {
            let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            let parts: Vec<&str> = repository.split('/').collect();
            if parts.len() != 2 || parts.iter().any(|part| part.is_empty() || !part.chars().all(fits)) {
                return wrong(format!("--repository is `{repository}`, and has to be OWNER/NAME"));
            }
        }
        let usual = || format!("fathuss-states-{}-{}", stack.account, stack.region);
        Ok(Wanted {
            account: stack.account.clone(),
            region: stack.region.clone(),
            second: self.second_region.clone(),
            bucket: self.bucket.clone().unwrap_or_else(usual),
            repository: self.repository.clone(),
        })
    }

    /// How a stack is applied.
    fn applies(&self, stack: &str) -> Apply {
        Apply {
            stack: stack.to_owned(),
            target: TargetOptions { sandbox: false, speed: None, seed: 1 },
            clusters: ClusterOptions::default(),
            only: Only::default(),
            lock_timeout: 0,
            yes: self.yes,
            no_refresh: false,
            full: self.full,
        }
    }

    /// The command, to be typed again.
    fn words(&self) -> String {
        let given = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!(" --{name} {value}"));
        let bucket = given("bucket", &self.bucket).unwrap_or_default();
        let repository = given("repository", &self.repository).unwrap_or_default();
        format!("fathuss bootstrap {} --second-region {}{bucket}{repository}", self.stack, self.second_region)
    }
}

/// Takes a lock away, of bootstrap's own state or of the stack that is applied with it.
fn unlock(id: &str, stack: &StackEntry, states: &Bucket) -> Result<(), Error> {
    if !S3::bucket_stands(states, Terms::default())? {
        return Ok(());
    }
    for prefix in [STACK, &stack.name] {
        let home = Home::plain(Place::S3(Bucket { prefix: prefix.to_owned(), ..states.clone() }));
        let Some(state) = home.look()? else { continue };
        if state.holders()?.iter().any(|holder| holder.id == id) {
            home.open(None, wall_ms())?.unlock(id, &holder("state unlock", wall_ms()))?;
        }
    }
    Ok(())
}

/// Where the state of what bootstrap makes lies by now.
fn lies(local: &Path, states: &Bucket, root: &Path, output: &Output) -> Result<Home, Error> {
    let file = Home::plain(Place::File(local.to_owned()));
    if let Some(begun) = file.look()? {
        let Some(moved_to) = begun.moved_to()? else { return Ok(file) };
        if moved_to != states.address() {
            return Err(Error::Usage(format!(
                "bootstrap made its bucket as {moved_to}, and this names {states}; nothing was changed\nNext: name that bucket with --bucket"
            )));
        }
        let there = Home::plain(Place::parse(&moved_to, root)?);
        // What arrives rises above what was sent. A lock that was taken away is written there, too, and is no arrival.
        let closed = begun.snapshot()?.serial;
        let arrived = there.look()?.map(|state| state.snapshot()).transpose()?.is_some_and(|now| now.serial > closed);
        if !arrived {
            // It was closed, and what it has did not get there.
            relocate(&file, &there, &moved_to, (STACK, root), output)?;
        }
        return Ok(there);
    }
    let name = &states.name;
    let taken = |error: StateError| {
        Error::Usage(format!(
            "whether there is a bucket {name} can't be told: {error}\nNext: if it is somebody else's, name another with --bucket"
        ))
    };
    if !S3::bucket_stands(states, Terms::default()).map_err(taken)? {
        return Ok(file);
    }
    let there = Home::plain(Place::S3(states.clone()));
    match there.look()? {
        Some(_) => Ok(there),
        None => Err(Error::Usage(format!(
            "there is a bucket {name} already, and no state of bootstrap is in it or here; nothing was changed\nNext: where another machine has begun this, run it again there; where the bucket is for something else, name another with --bucket"
        ))),
    }
}

/// Applies the stack of the account's roles, with its state in the bucket.
async fn account(
    options: &Bootstrap,
    project: &Project,
    stack: StackEntry,
    states: &Bucket,
    output: &Output,
) -> Result<ExitCode, Error> {
    let stack = match &stack.state.place {
        Place::File(_) => {
            let there = Bucket { prefix: stack.name.clone(), ..states.clone() };
            let target = stack.state.at(Place::S3(there.clone()));
            if stack.state.look()?.is_some() {
                relocate(&stack.state, &target, &there.address(), (&stack.name, &project.root), output)?;
            }
            StackEntry { state: target, ..stack }
        }
        Place::S3(_) | Place::Postgres(_) => stack,
    };
    let graph = crate::program::graph(&project.root, &stack)?;
    let applies = options.applies(&stack.name);
    let session = Session::of(Project::find(&project.root)?, stack, graph, Where::Aws, output).await?;
    work(&applies, Goal::Apply, session.told_again(&options.words()), Where::Aws, output).await
}

/// What to write into fathuss.toml.
fn ending(options: &Bootstrap, project: &Project, wanted: &Wanted, states: &Bucket) -> Result<String, Error> {
    let mut lines = vec![format!("States have a bucket, {}, which is copied to {}.", wanted.bucket, wanted.copy())];
    let mut missing = Vec::new();
    for name in project.names() {
        let stack = project.stack(name)?;
        let there = Bucket { prefix: name.to_owned(), ..states.clone() };
        let copy = Bucket { name: wanted.copy(), region: wanted.second.clone(), ..there.clone() };
        if stack.account != wanted.account || stack.replica.as_ref() == Some(&copy) {
            continue;
        }
        let applied = name == options.stack && options.repository.is_none();
        if matches!(stack.state.place, Place::File(_)) && !applied && stack.state.look()?.is_some() {
            missing.push(format!("  fathuss state migrate {name} '{}'", there.address()));
        }
        missing.push(format!(
            "  [stacks.{name}]\n  state = \"{}\"\n  replica = \"{}\"",
            there.address(),
            copy.address()
        ));
    }
    if missing.is_empty() {
        lines.push("Everything is done.".to_owned());
    } else {
        lines
            .push("Next: a state that stands elsewhere is brought there first; then in fathuss.toml, write".to_owned());
        lines.extend(missing);
    }
    Ok(lines.join("\n"))
}

/// Where another store than AWS's answers, as AWS's own tools are told it.
fn endpoint() -> Option<String> {
    let told = |name: &str| std::env::var(name).ok().filter(|url| !url.is_empty());
    told("AWS_ENDPOINT_URL_S3").or_else(|| told("AWS_ENDPOINT_URL"))
}
