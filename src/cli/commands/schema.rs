//! `fathuss schema`: the resource types, and the fields of one.

use std::process::ExitCode;

use clap::Args;
use fathuss_report::table::{schema_text, schemas_text};

use crate::error::Error;
use crate::options::Output;
use crate::render::{json, print, style};

/// What `schema` takes.
#[derive(Args, Debug)]
pub struct Schema {
    /// The type, for instance aws_subnet; all of them where none is named
    kind: Option<String>,
}

/// Runs the command.
pub fn run(options: &Schema, output: &Output) -> Result<ExitCode, Error> {
    let Some(kind) = &options.kind else {
        let text = match output.json {
            true => fathuss_model::schemas().map(json).collect::<Result<Vec<_>, _>>()?.join("\n"),
            false => schemas_text(fathuss_model::schemas(), &style(output)),
        };
        print(&text)?;
        return Ok(ExitCode::SUCCESS);
    };
    let schema = fathuss_model::schema_of(kind).ok_or_else(|| {
        Error::Usage(format!("there is no type `{kind}`\nNext: see which there are\n  fathuss schema"))
    })?;
    if output.json {
        print(&json(schema)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&schema_text(schema, &style(output)))?;
    Ok(ExitCode::SUCCESS)
}
