//! `fathuss schema`: the resource types, and the fields of one.

use std::process::ExitCode;

use clap::Args;
use fathuss_model::schema::Schema as Type;
use fathuss_report::table::{schema_text, schemas_text};

use crate::error::Error;
use crate::options::Output;
use crate::render::{print, style};

/// What `schema` takes.
#[derive(Args, Debug)]
pub struct Schema {
    /// The type, for instance aws_subnet; all of them where none is named
    kind: Option<String>,
}

/// Runs the command.
pub fn run(options: &Schema, output: &Output) -> Result<ExitCode, Error> {
    let json =
        |value: &dyn Fn() -> serde_json::Result<String>| value().map_err(|error| Error::Usage(error.to_string()));
    let Some(kind) = &options.kind else {
        let all: Vec<&Type> = fathuss_model::schemas().collect();
        let text = match output.json {
            true => json(&|| serde_json::to_string(&all))?,
            false => schemas_text(all.into_iter(), &style(output)),
        };
        print(&text)?;
        return Ok(ExitCode::SUCCESS);
    };
    let schema = fathuss_model::schemas().find(|schema| schema.kind == kind).ok_or_else(|| {
        Error::Usage(format!("there is no type `{kind}`\nNext: see which there are\n  fathuss schema"))
    })?;
    if output.json {
        print(&json(&|| serde_json::to_string(schema))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&schema_text(schema, &style(output)))?;
    Ok(ExitCode::SUCCESS)
}
