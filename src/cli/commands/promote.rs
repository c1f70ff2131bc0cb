//! `fathuss state promote`: goes on from a state's replica in another region.

use std::process::ExitCode;

use clap::Args;
use fathuss_report::harmless;
use fathuss_state::{Bucket, PROMOTE, Place, Replica, S3, StateError, Terms};

use super::history::moment;
use crate::ask::Question;
use crate::error::Error;
use crate::home::{self, Home};
use crate::options::Output;
use crate::project::{Project, StackEntry};
use crate::render::json;
use crate::session::{current_folder, locked_anyway, runtime, seal_as};
use crate::target::wall_ms;

/// How many things of a kind are named.
const NAMED: usize = 6;

/// What `state promote` takes.
#[derive(Args, Debug)]
pub struct Promote {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Show what would be kept and what is lost, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// How the state's own place stands.
enum Old {
    /// It can be read, and nobody writes it.
    Idle {
        serial: i64,
    },
    /// Its store answers, and there is no state.
    Nothing,
    /// The state has gone there before.
    Closed,
    Unreachable(String),
}

/// Runs the command.
pub fn run(options: &Promote, output: &Output) -> Result<ExitCode, Error> {
    let project = Project::find(&current_folder()?)?;
    let StackEntry { name: stack, state, replica, .. } = project.stack(&options.stack)?;
    let replica = replica.ok_or_else(|| {
        Error::Usage(format!(
            "stacks.{stack} names no replica\nNext: where the bucket of its state is copied to another, name that in fathuss.toml\n  replica = \"s3://BUCKET/PREFIX?region=REGION\""
        ))
    })?;
    let promoted = replica.promoted();
    if let Some(error) = already(&promoted, &stack)? {
        return Err(error);
    }
    let found = S3::replica(&replica, Terms::default(), &home::keys())?.ok_or_else(|| {
        Error::Usage(format!(
            "of the state of {stack}, nothing that can be used has arrived in {replica}; nothing was changed\nNext: is that where its bucket is copied to? A state that was pulled can be put there\n  fathuss state push {stack} FILE"
        ))
    })?;
    let old = look(&state, &promoted, &stack)?;
    tell(&found, &old, (&stack, &state, &replica), output)?;
    if options.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    let again = format!("fathuss state promote {stack}");
    let what = format!("go on from {replica} with what is there of `{stack}`");
    let question = Question { verb: "promote", what: &what, again: &again };
    let asked = || runtime()?.block_on(question.confirmed(output, &mut crate::signals::listen()));
    if !options.yes && !asked()? {
        return Err(Error::Usage("Nothing was changed.".to_owned()));
    }

    let home = state.at(Place::S3(promoted.clone()));
    let made = home.open(Some(&found.lineage), wall_ms())?;
    // Who promotes at the same time is refused here, and nothing is closed twice.
    let mut made = locked_anyway(made, &home, PROMOTE, (&stack, ""), output)?;
    if made.snapshot()?.serial > 0 {
        return Err(already(&promoted, &stack)?.unwrap_or_else(|| Error::Usage(format!("{home} has a state already"))));
    }
    seal_as(found.seal(), &mut *made, &home, (&stack, ""), output)?;
    if let Old::Idle { .. } = old {
        let mut closing = locked_anyway(state.open(None, wall_ms())?, &state, PROMOTE, (&stack, ""), output)?;
        if closing.moved_to()?.is_none() {
            closing.close(&promoted.address())?;
        }
        closing.release()?;
    }
    made.replace(found.document())?;
    made.release()?;
    let stop = match old {
        Old::Unreachable(_) | Old::Nothing => format!(
            "\nWhoever still writes {state} must be stopped before this stack is applied: its bucket could not be told."
        ),
        Old::Idle { .. } | Old::Closed => format!("\n{state} is closed: who still points there is refused."),
    };
    output.line(&format!(
        "The state of {stack} goes on in {promoted}.{stop}\nNext: in fathuss.toml, under [stacks.{stack}], take out `replica`, and write\n  state = \"{}\"\nthen see what is left to do\n  fathuss plan {stack}",
        promoted.address()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// What to say where the state has been promoted before, and been written since.
fn already(promoted: &Bucket, stack: &str) -> Result<Option<Error>, Error> {
    let Some(there) = S3::look(promoted, Terms::default(), &home::keys())? else { return Ok(None) };
    let there: &dyn fathuss_state::Backend = &there;
    if there.snapshot()?.serial == 0 {
        return Ok(None);
    }
    Ok(Some(Error::Usage(format!(
        "the state of {stack} has been promoted before, and is in {promoted}; nothing was changed\nNext: in fathuss.toml, under [stacks.{stack}], take out `replica`, and write\n  state = \"{}\"",
        promoted.address()
    ))))
}

/// How the state's own place stands.
///
/// # Errors
/// Where a run writes it.
fn look(state: &Home, promoted: &Bucket, stack: &str) -> Result<Old, Error> {
    let seen = match state.look() {
        Err(error) => return Ok(Old::Unreachable(error.to_string())),
        Ok(None) => return Ok(Old::Nothing),
        Ok(Some(seen)) => seen,
    };
    let read = || Ok::<_, StateError>((seen.snapshot()?.serial, seen.holders()?.into_iter().next(), seen.moved_to()?));
    let (serial, holder, moved_to) = match read() {
        Err(error) => return Ok(Old::Unreachable(error.to_string())),
        Ok(read) => read,
    };
    match (moved_to, holder) {
        (Some(to), _) if to == promoted.address() => Ok(Old::Closed),
        (Some(to), _) => Err(StateError::Moved { to }.into()),
        (None, Some(holder)) => Err(Error::Usage(format!(
            "{state} can be reached, and {holder} writes the state of {stack} there; nothing was changed\nNext: wait until that run is over; if it is dead, and only then\n  fathuss state unlock {stack} {}",
            holder.id
        ))),
        (None, None) => Ok(Old::Idle { serial }),
    }
}

fn tell(
    found: &Replica,
    old: &Old,
    (stack, state, replica): (&str, &Home, &Bucket),
    output: &Output,
) -> Result<(), Error> {
    let behind = match old {
        Old::Idle { serial } => serial - found.serial,
        _ => found.named_serial - found.serial,
    };
    if output.json {
        let lost = found.lost.iter();
        let lost: Vec<_> = lost
            .map(|lost| serde_json::json!({ "object": lost.key, "written_ms": lost.written_ms, "named": lost.named }))
            .collect();
        let pending: Vec<String> =
            found.pending.iter().map(|pending| pending.begun.address.local().to_string()).collect();
        return crate::render::print(&json(&serde_json::json!({
            "stack": stack,
            "lineage": found.lineage,
            "serial": found.serial,
            "epoch": found.last.0,
            "number": found.last.1,
            "written_ms": found.written_ms,
            "behind": behind,
            "lost": lost,
            "pending": pending,
            "unreachable": matches!(old, Old::Unreachable(_)),
        }))?);
    }
    let (epoch, number) = found.last;
    let written = found.written_ms.map(|at| format!(", written {}", moment(at))).unwrap_or_default();
    let mut lines = vec![
        format!("In {replica}, the state of {stack} is whole up to record {number} of epoch {epoch}{written}."),
        format!("  {} resources, serial {}", found.resources, found.serial),
    ];
    let some = |what: &str, all: Vec<String>| {
        let more = all.len().saturating_sub(NAMED);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        format!("  {what}: {}{more}", all.into_iter().take(NAMED).collect::<Vec<_>>().join("; "))
    };
    if !found.pending.is_empty() {
        let each = found.pending.iter().map(|pending| pending.begun.address.local().to_string());
        lines.push(some(
            "under way then, and finished by the next run",
            each.map(|text| harmless(&text).into_owned()).collect(),
        ));
    }
    let named =
        |key: &str| key.strip_prefix("journal/").and_then(|key| key.strip_suffix(".json")).unwrap_or(key).to_owned();
    let (missing, there): (Vec<_>, Vec<_>) = found.lost.iter().partition(|lost| lost.written_ms.is_none());
    if !missing.is_empty() {
        lines.push(some("named there and not arrived", missing.iter().map(|lost| named(&lost.key)).collect()));
    }
    if !there.is_empty() {
        let each = there.iter().map(|lost| {
            let at = lost.written_ms.map(moment).unwrap_or_default();
            format!("{} of {at}", named(&lost.key))
        });
        lines.push(some("arrived and not reached", each.collect()));
    }
    lines.push(match old {
        Old::Idle { .. } if behind > 0 => format!(
            "{state} can be read, nobody writes it, and it has {behind} records more. Nothing of them is lost if it is brought there instead:\n  fathuss state migrate {stack} '{}'",
            replica.promoted().address()
        ),
        Old::Idle { .. } => format!("{state} can be read, nobody writes it, and it has nothing more. It is closed by this."),
        Old::Closed => format!("{state} is closed already."),
        Old::Nothing => format!("{state} has no state any more."),
        Old::Unreachable(why) => format!(
            "{state} can't be reached ({}). What was written there after that is lost; what it made is found by its marks. Whoever writes there must be stopped first.",
            harmless(why)
        ),
    });
    output.line(&lines.join("\n"))
}

/// Whether a replica can be read, and how far it is behind its state: for the doctor.
pub fn standing(replica: &Bucket, state: &Home) -> Result<String, String> {
    let found = S3::replica(replica, Terms::default(), &home::keys()).map_err(|error| error.to_string())?;
    let Some(found) = found else { return Ok("nothing that can be used has arrived yet".to_owned()) };
    let written = found.written_ms.map(|at| format!("; its last record is of {}", moment(at))).unwrap_or_default();
    let now = state.read().ok().flatten();
    match now {
        Some(now) if now.lineage != found.lineage => Err(format!("it is a copy of another state, {}", found.lineage)),
        Some(now) if now.serial > found.serial => {
            Ok(format!("readable, {} records behind the state{written}", now.serial - found.serial))
        }
        Some(_) => Ok(format!("readable, and has all of the state{written}")),
        None => Ok(format!("readable{written}")),
    }
}
