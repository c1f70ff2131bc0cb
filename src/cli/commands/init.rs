//! `fathuss init`: a new stack project in an empty folder, which plans in the sandbox at once.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::error::Error;
use crate::options::Output;
use crate::session::current_folder;

/// What `init` takes.
#[derive(Args, Debug)]
pub struct Init {
    /// The folder; it is made where it is missing, and must be empty
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Where the package fathuss-model lies; without it, beside the source this program was built from
    #[arg(long)]
    model: Option<PathBuf>,
}

/// Runs the command.
pub fn run(options: &Init, output: &Output) -> Result<ExitCode, Error> {
    let folder = current_folder()?.join(&options.folder);
    let failed = |path: &Path, doing| {
        let path = path.to_owned();
        move |reason| Error::File { path, doing, reason }
    };
    std::fs::create_dir_all(&folder).map_err(failed(&folder, "written"))?;
    let mut entries = std::fs::read_dir(&folder).map_err(failed(&folder, "read"))?;
    if entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != ".git")) {
        return Err(Error::Usage(format!(
            "{} is not empty; nothing was written\nNext: name a new folder\n  fathuss init my-infrastructure",
            folder.display()
        )));
    }
    let model = model(options)?;
    let name = package_name(&folder);
    let manifest = MANIFEST.replace("NAME", &name).replace("MODEL", &model.display().to_string().replace('\\', "/"));
    let files = [
        ("Cargo.toml", manifest),
        ("fathuss.toml", PROJECT.to_owned()),
        ("main.rs", PROGRAM.to_owned()),
        ("network.rs", NETWORK.to_owned()),
        (".gitignore", "/target\n/.fathuss/sandbox/\n".to_owned()),
    ];
    for (file, text) in &files {
        let path = folder.join(file);
        std::fs::write(&path, text).map_err(failed(&path, "written"))?;
    }
    // The versions that this release was tested with.
    let lock = model.join("../../Cargo.lock");
    if lock.is_file() {
        let path = folder.join("Cargo.lock");
        std::fs::copy(&lock, &path).map_err(failed(&path, "written"))?;
    }
    let shown = options.folder.display();
    let enter = if options.folder == Path::new(".") { String::new() } else { format!("  cd {shown}\n") };
    output.line(&format!(
        "Made a stack project with one stack, `demo`: a network.\nNext:\n{enter}  fathuss plan demo --sandbox\n  fathuss apply demo --sandbox"
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn model(options: &Init) -> Result<PathBuf, Error> {
    let given = options.model.clone().unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../model"));
    let found = std::fs::canonicalize(&given).ok().filter(|folder| folder.join("Cargo.toml").is_file());
    found.ok_or_else(|| {
        Error::Usage(format!(
            "the package fathuss-model is not at {}\nNext: say where it is\n  fathuss init --model PATH",
            given.display()
        ))
    })
}

/// The folder's name, as Cargo takes it.
fn package_name(folder: &Path) -> String {
    let name = folder.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("stacks-{name}") }
}

const MANIFEST: &str = r#"[package]
name = "NAME"
version = "0.1.0"
edition = "2024"
publish = false

[[bin]]
name = "stacks"
path = "main.rs"

[dependencies]
fathuss-model = { path = "MODEL" }

[workspace]
"#;

const PROJECT: &str = r#"# Each stack: the program that prints its graph, its region, and the one account it may touch.
program = ["cargo", "run", "--quiet", "--"]

[stacks.demo]
region = "us-east-1"
account = "111122223333"
"#;

const PROGRAM: &str = r#"//! The stacks of this project. `fathuss plan demo --sandbox` runs this program and plans what it prints.

mod network;

use std::process::ExitCode;

use fathuss_model::program::{Outcome, Stacks, run};
use fathuss_model::{Result, Stack};

const STACKS: Stacks<'_> = &[("demo", demo)];

fn demo(stack: &mut Stack) -> Result<()> {
    stack.place("us-east-1", "111122223333");
    stack.default_tag("Project", "demo");
    network::network(stack, "10.0.0.0/16".parse()?, &["us-east-1a", "us-east-1b"])
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(STACKS, &arguments, &mut std::io::stdout()) {
        Ok(Outcome::Printed) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) | Err(_) => ExitCode::FAILURE,
    }
}
"#;

const NETWORK: &str = r#"//! A VPC with a public subnet in each zone.

use fathuss_model::aws::{InternetGateway, Route, RouteTable, RouteTableAssociation, Subnet, Vpc};
use fathuss_model::{Ipv4Net, Result, Stack, Subnets};

pub fn network(stack: &mut Stack, cidr: Ipv4Net, zones: &[&str]) -> Result<()> {
    let vpc = stack.add("main", Vpc::new(cidr).enable_dns_hostnames(true));
    let internet = stack.add("main", InternetGateway::new(&vpc));
    let table = stack.add("public", RouteTable::new(&vpc));
    stack.add("internet", Route::to_internet(&table, &internet));
    for (position, zone) in (0..).zip(zones) {
        let range = cidr.subnet(24, position)?;
        let subnet = stack.add(("public", zone), Subnet::new(&vpc, range).availability_zone(*zone));
        stack.add(("public", zone), RouteTableAssociation::new(&subnet, &table));
    }
    stack.output("vpc_id", vpc.id());
    Ok(())
}
"#;
