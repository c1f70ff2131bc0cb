//! `fathuss init`: a new stack project in an empty folder, which plans in the sandbox at once.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::error::Error;
use crate::options::Output;
use crate::session::current_folder;
use crate::vendor;

/// What `init` takes.
#[derive(Args, Debug)]
pub struct Init {
    /// The folder; it is made where it is missing, and must be empty
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Use the package fathuss-model that lies here, instead of unpacking this release's
    #[arg(long, value_name = "PATH")]
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
    let name = package_name(&folder);
    let (model, unpacked) = match &options.model {
        Some(given) => (model(given)?, Vec::new()),
        None => (format!("{VENDOR}/fathuss-model"), vendor::files()?),
    };
    let files = [
        ("Cargo.toml", MANIFEST.replace("NAME", &name).replace("MODEL", &model)),
        ("Cargo.lock", vendor::lock(&name)?),
        ("fathuss.toml", PROJECT.to_owned()),
        ("main.rs", PROGRAM.to_owned()),
        ("network.rs", NETWORK.to_owned()),
        (".gitignore", "/target\n/.fathuss/\n".to_owned()),
    ];
    let unpacked = unpacked.into_iter().map(|(file, text)| (Path::new(VENDOR).join(file), text));
    for (file, text) in files.into_iter().map(|(file, text)| (file.into(), text)).chain(unpacked) {
        let path = folder.join(file);
        let parent = path.parent().unwrap_or(&folder);
        std::fs::create_dir_all(parent).map_err(failed(parent, "written"))?;
        std::fs::write(&path, text).map_err(failed(&path, "written"))?;
    }
    let shown = options.folder.display();
    let enter = if options.folder == Path::new(".") { String::new() } else { format!("  cd {shown}\n") };
    output.line(&format!(
        "Made a stack project with one stack, `demo`: a network.\nNext:\n{enter}  fathuss plan demo --sandbox\n  fathuss apply demo --sandbox"
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The package's folder, as a manifest names it.
fn model(given: &Path) -> Result<String, Error> {
    let found = std::fs::canonicalize(given).ok().filter(|folder| folder.join("Cargo.toml").is_file());
    let found = found.ok_or_else(|| {
        Error::Usage(format!(
            "the package fathuss-model is not at {}\nNext: leave --model out to use this release's, or say where it is",
            given.display()
        ))
    })?;
    Ok(found.display().to_string().replace('\\', "/"))
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

# What is unpacked there are packages of their own.
[workspace]
exclude = ["vendor"]
"#;

/// Where the packages that a stack program links are unpacked to: the name that reviewers and their tools know
/// for code that came from elsewhere.
const VENDOR: &str = "vendor";

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
