//! `fathuss state encrypt`: seals a state for those whom `fathuss.toml` names, or makes it plain.

use std::process::ExitCode;

use clap::Args;

use super::state::place;
use crate::error::Error;
use crate::options::{Output, TargetOptions};
use crate::session::locked_anyway;
use crate::target::wall_ms;

/// What `state encrypt` takes.
#[derive(Args, Debug)]
pub struct Encrypt {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// Make the state plain, where fathuss.toml asks for no encryption any more
    #[arg(long)]
    plain: bool,
    #[command(flatten)]
    target: TargetOptions,
}

/// Runs the command.
pub fn run(options: &Encrypt, output: &Output) -> Result<ExitCode, Error> {
    let (home, stack) = place(&options.stack, &options.target)?;
    let words = options.target.words();
    match (&home.recipients, options.plain) {
        (Some(_), true) => {
            return Err(Error::Usage(format!(
                "fathuss.toml asks for the encryption of {stack}, so it is not made plain; nothing was changed\nNext: take `encryption` out of [stacks.{stack}] first"
            )));
        }
        (None, false) => {
            return Err(Error::Usage(format!(
                "fathuss.toml does not say for whom {stack} is to be encrypted; nothing was changed\nNext: write\n  encryption = {{ age = [\"age1…\"] }}\nunder [stacks.{stack}], or make the state plain with\n  fathuss state encrypt {stack} --plain{words}"
            )));
        }
        _ => {}
    }
    if home.look()?.is_none() {
        return Err(Error::Usage(format!(
            "{stack} has no state yet, in {home}; the first run that writes one encrypts it"
        )));
    }
    home.check_reader(&stack)?;
    let mut store = locked_anyway(home.open(None, wall_ms())?, &home, "state encrypt", (&stack, words), output)?;
    store.stands()?;
    if home.recipients.is_none() && store.seal()?.is_none() {
        store.release()?;
        output.line(&format!("The state of {stack} is plain already."))?;
        return Ok(ExitCode::SUCCESS);
    }
    store.reseal(home.recipients.as_ref())?;
    store.release()?;
    output.line(&match &home.recipients {
        Some(recipients) => format!(
            "The state of {stack} is encrypted by a new key, for {recipients}.\nCopies that were made before stay as they are: backups, pulled files, versions of a bucket's objects."
        ),
        None => format!("The state of {stack} is plain."),
    })?;
    Ok(ExitCode::SUCCESS)
}
