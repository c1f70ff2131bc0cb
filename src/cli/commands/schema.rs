//! `fathuss schema`: the resource types, and the fields of one.

use std::process::ExitCode;

use clap::Args;
use fathuss_model::schema::{Field, Schema as Type};

use crate::error::Error;
use crate::options::Output;
use crate::render::print;

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
            false => all.iter().map(|schema| format!("{:<40} {}\n", schema.kind, schema.doc)).collect(),
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
    let fields: String = schema.fields.iter().map(line).collect();
    print(&format!("{}\n{}\n\n{fields}", schema.kind, schema.doc))?;
    Ok(ExitCode::SUCCESS)
}

fn line(field: &Field) -> String {
    let flags = [
        (field.required, "required"),
        (field.optional && field.computed, "optional, AWS's choice where not given"),
        (field.optional && !field.computed, "optional"),
        (field.computed && !field.optional && !field.required, "given by AWS"),
        (field.replace, "a change replaces"),
        (field.sensitive, "sensitive"),
        (field.write_only, "write-only"),
        (field.ignored_after_creation, "ignored after creation"),
    ];
    let flags: Vec<&str> = flags.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word).collect();
    let default = field.default.map(|default| format!("; {default} where not given")).unwrap_or_default();
    format!("  {}\n      {}\n      {}{default}\n", field.name, field.doc, flags.join("; "))
}
