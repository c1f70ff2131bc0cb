//! `fathuss adopt`: takes what a Terraform or OpenTofu state has over into the stack's state, without changing it in AWS.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use fathuss_engine::adopt::{Claim, Found, look, take};
use fathuss_engine::event::Told;
use fathuss_engine::import::ImportError;
use fathuss_engine::plan::Goal;
use fathuss_engine::run::prepare;
use fathuss_engine::{Local, Provider as _};
use fathuss_model::Address;
use fathuss_model::graph::Graph;
use fathuss_model::schema::{Creation, Mode, Schema};
use fathuss_report::harmless;
use fathuss_state::Identity;

use crate::ask::Question;
use crate::error::Error;
use crate::matching::{Left, Map, Matching, claimed_twice, elsewhere, matching};
use crate::options::{Output, TargetOptions};
use crate::render::{self, json, print};
use crate::session::{Session, runtime};
use crate::target::{Where, wall_ms};
use crate::terraform::State;

/// How many addresses stand in the command that takes them out of Terraform's state.
const NAMED: usize = 8;

/// What `adopt` takes.
#[derive(Args, Debug)]
pub struct Adopt {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// What `terraform state pull` or `tofu state pull` printed; `-` for standard input
    tfstate: PathBuf,
    /// Lines of the form `module.net.aws_vpc.this = aws_vpc.main`, or `module.old = -` for what is left to Terraform
    #[arg(long)]
    map: Option<PathBuf>,
    /// Adopt what can be, and leave the rest to Terraform
    #[arg(long)]
    partial: bool,
    /// Show what would be adopted, and adopt nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    target: TargetOptions,
}

/// Runs the command.
pub fn run(options: &Adopt, output: &Output) -> Result<ExitCode, Error> {
    let place = options.target.place()?;
    let state = State::parse(&bytes(&options.tfstate)?)
        .map_err(|error| Error::Usage(format!("{}: {error}", options.tfstate.display())))?;
    let map = match &options.map {
        None => Map::default(),
        Some(path) => {
            let text = String::from_utf8_lossy(&bytes(path)?).into_owned();
            Map::parse(&text).map_err(|reason| unmapped(path, &reason))?
        }
    };
    runtime()?.block_on(async {
        let session = Session::open(&options.stack, place, output).await?;
        let file = options.tfstate.display();
        if let Some(elsewhere) = elsewhere(&state, &session.graph) {
            return Err(Error::Usage(format!(
                "{file} is not of this stack: {}; nothing was written\nNext: give the state of what the stack declares, or correct its account and region",
                harmless(&elsewhere)
            )));
        }
        let outputs = session.other_outputs()?;
        let matched = matching(&state, &session.graph, &map, &schema_of, &outputs).map_err(|reason| match &options.map {
            Some(path) => unmapped(path, &reason),
            None => Error::Usage(reason),
        })?;
        if let Some((one, other)) = claimed_twice(&state, &session.graph, &matched, &schema_of) {
            let [one, other] = [one, other].map(|at| harmless(&state.resources[at].address).into_owned());
            return Err(Error::Usage(format!(
                "{one} and {other} are the same thing in {file}, and one thing has one address; nothing was written\nNext: take one of them out of Terraform's state, or leave it there by a line in the file of --map\n  {other} = -"
            )));
        }
        let mut pace = crate::signals::listen();
        let mut store = session.lock_to_look("adopt", output)?;
        let ended = async {
            session.target.enter_locked(&*store).await?;
            let provider = |kind: &str| session.target.provider(kind);
            let show = RefCell::new(render::Run::new(output, &options.stack));
            let listener = |told: &Told| show.borrow_mut().hear(told, &session.target.calls());
            let around = session.surroundings(&provider, &listener, pace.clone());
            let began = session.target.clock.now();
            let claims: Vec<Claim> = matched.pairs.iter().map(|pair| Claim {
                address: session.graph.nodes[pair.node].address.clone(),
                identity: pair.identity.clone(),
                told: state.resources[pair.resource].attributes.clone(),
            }).collect();
            let mut snapshot = fathuss_state::Store::snapshot(&*store)?;
            let found = look(&session.graph, &claims, &mut snapshot, &outputs, &around).await?;
            let view = View { options, state: &state, graph: &session.graph, matched: &matched, found: &found };
            view.refuse()?;
            if !output.json {
                print(&view.text())?;
            }
            view.whole()?;
            let asks = !options.dry_run && !options.yes && matches!(place, Where::Aws) && !found.records.is_empty();
            let again = format!("fathuss adopt {} {file}{}", options.stack, options.target.words());
            let what = format!("take {} over into the state of `{}`", things(found.records.len()), options.stack);
            let question = Question { verb: "adopt", what: &what, again: &again };
            if asks && !question.confirmed(output, &mut pace).await? {
                return Err(Error::Usage("Nothing was written.".to_owned()));
            }
            let writes = !options.dry_run && !found.records.is_empty();
            if writes {
                session.seal(&mut *store, output)?;
                take(&mut *store, &found, &wall_ms)?;
            }
            if output.json {
                print(&json(&view.document(writes))?)?;
                return Ok(());
            }
            if options.dry_run {
                return print("Nothing was written.\n");
            }
            print(&view.adopted())?;
            // What was read a moment ago is what is.
            let prepared = prepare(session.order(Goal::Apply, false, None)?, fathuss_state::Store::snapshot(&*store)?, &around).await;
            let prepared = match prepared {
                Ok(prepared) => prepared,
                Err(error) => return print(&format!("There is no next plan as yet: {}\n", harmless(&error.to_string()))),
            };
            let plan = format!("fathuss plan {}{}", options.stack, options.target.words());
            let around = render::Around {
                calls: session.target.calls(),
                took: session.target.clock.now().saturating_sub(began),
                read: true,
                full: false,
                see_all: &plan,
                next: Some(plan.clone()),
                schema: &|kind| session.target.provider(kind).and_then(|provider| provider.schema(kind)),
            };
            render::plan(&prepared, &around, output)
        }
        .await;
        // Whatever came of it, the lock goes with the run.
        let released = store.release();
        ended?;
        released?;
        Ok(ExitCode::SUCCESS)
    })
}

fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = match path == Path::new("-") {
        true => std::io::stdin().lock().read_to_end(&mut bytes).map(|_| ()),
        false => std::fs::read(path).map(|read| bytes = read),
    };
    read.map_err(|reason| Error::File { path: path.to_owned(), doing: "read", reason })?;
    Ok(bytes)
}

fn unmapped(path: &Path, reason: &str) -> Error {
    Error::Usage(format!("{}: {}; nothing was written", path.display(), harmless(reason)))
}

fn schema_of(kind: &str) -> Option<&'static Schema> {
    Local.schema(kind).or_else(|| fathuss_model::schema_of(kind))
}

fn things(count: usize) -> String {
    if count == 1 { "1 resource".to_owned() } else { format!("{count} resources") }
}

/// What is told of it.
struct View<'a> {
    options: &'a Adopt,
    state: &'a State,
    graph: &'a Graph,
    matched: &'a Matching,
    found: &'a Found,
}

impl View<'_> {
    /// What can't be read or taken, all of it at once.
    fn refuse(&self) -> Result<(), Error> {
        if self.found.refused.is_empty() {
            return Ok(());
        }
        let from = self.sources();
        let each = self.found.refused.iter().map(|(address, error)| {
            let next = match error {
                ImportError::Absent { .. } => {
                    "; let Terraform see that, by `terraform apply -refresh-only`, or leave it by `= -`"
                }
                ImportError::Foreign { .. } => "; leave it to that state",
                ImportError::UnderWay { .. } => "; finish that first, by `fathuss apply`",
                ImportError::Taken { .. } | ImportError::InState { .. } => {
                    "; declare it once, or leave one of them by `= -`"
                }
                _ => "",
            };
            format!("\n  {} ({}): {}{next}", address.local(), harmless(from[address]), harmless(&error.to_string()))
        });
        Err(Error::Usage(format!(
            "{} can't be adopted; nothing was written{}\nNext: correct that, or leave them to Terraform by lines in a file for --map\n  {} = -",
            things(self.found.refused.len()),
            each.collect::<String>(),
            harmless(from[&self.found.refused[0].0])
        )))
    }

    /// Whether nothing is left that nobody has said is to be.
    fn whole(&self) -> Result<(), Error> {
        let left = self.matched.left.iter().filter(|(_, left)| !matches!(left, Left::Asked)).count();
        if left == 0 || self.options.partial || self.options.dry_run {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "{} of {} can't be adopted, as listed; nothing was written\nNext: declare them, or say by lines `ADDRESS IN TERRAFORM = ADDRESS` which is which, in a file for\n  --map FILE\nor leave them all to Terraform with\n  --partial",
            things(left),
            self.state.resources.len()
        )))
    }

    fn text(&self) -> String {
        let State { written_by, serial, resources, data_sources } = self.state;
        let data = match data_sources {
            0 => String::new(),
            1 => ", 1 data source left out".to_owned(),
            count => format!(", {count} data sources left out"),
        };
        let mut page = format!(
            "{}: Terraform {}, serial {serial}, {}{data}\n",
            self.options.tfstate.display(),
            harmless(written_by),
            things(resources.len())
        );
        let rows: Vec<[String; 3]> = self
            .adopted_pairs()
            .map(|(address, identity, from, because)| {
                [address.local(), identity.to_string(), format!("{from} ({because})")]
            })
            .collect();
        if !rows.is_empty() {
            page.push_str("\nto be adopted\n");
            let width = |at: usize| rows.iter().map(|row| row[at].len()).max().unwrap_or_default();
            let (first, second) = (width(0), width(1));
            for [address, identity, from] in &rows {
                page.push_str(&format!("  {address:<first$}  {:<second$}  {}\n", harmless(identity), harmless(from)));
            }
        }
        if !self.matched.left.is_empty() {
            page.push_str("\nleft to Terraform\n");
            for (at, left) in &self.matched.left {
                page.push_str(&format!(
                    "  {}: {}\n",
                    harmless(&resources[*at].address),
                    reason(left, &resources[*at].kind)
                ));
            }
        }
        let missing = self.missing();
        if !missing.is_empty() {
            page.push_str("\ndeclared and not in Terraform's state: the next apply makes them\n");
            page.extend(missing.into_iter().map(|address| format!("  {}\n", address.local())));
        }
        page.push('\n');
        page
    }

    fn adopted(&self) -> String {
        let (new, known) = (self.found.records.len(), self.found.known.len());
        let known = if known > 0 { format!("; {} before", things(known)) } else { String::new() };
        let mut page = format!("{} adopted{known}. In AWS nothing was changed.\n", things(new));
        for (address, fields) in &self.found.untold {
            let names: Vec<String> = fields.iter().map(|name| format!("`{name}`")).collect();
            page.push_str(&format!(
                "AWS does not tell {} of {}: taken to be as the program says.\n",
                names.join(", "),
                address.local()
            ));
        }
        let from = self.sources();
        let names: Vec<String> =
            self.found.records.iter().map(|record| format!("'{}'", harmless(from[&record.address]))).collect();
        if !names.is_empty() {
            let more = if names.len() > NAMED { " …, all that are listed as adopted" } else { "" };
            page.push_str(&format!(
                "Terraform's state has them still, and an apply or destroy there works on the same things. Take them out of it:\n  terraform state rm {}{more}\n",
                names[..names.len().min(NAMED)].join(" ")
            ));
        }
        page.push_str("The next plan:\n\n");
        page
    }

    fn document(&self, written: bool) -> serde_json::Value {
        let adopted: Vec<_> = self
            .adopted_pairs()
            .map(|(address, identity, from, because)| {
                serde_json::json!({ "address": address, "identity": identity, "from": from, "because": because })
            })
            .collect();
        let left: Vec<_> = self
            .matched
            .left
            .iter()
            .map(|(at, left)| {
                let resource = &self.state.resources[*at];
                serde_json::json!({ "from": resource.address, "because": reason(left, &resource.kind) })
            })
            .collect();
        serde_json::json!({ "written": written, "adopted": adopted, "left": left, "missing": self.missing() })
    }

    /// What is new in the state: address, identity, address in Terraform and why these are one.
    fn adopted_pairs(&self) -> impl Iterator<Item = (&Address, &Identity, &str, String)> {
        let new = |address: &Address| self.found.records.iter().any(|record| record.address == *address);
        self.matched
            .pairs
            .iter()
            .map(|pair| (pair, &self.graph.nodes[pair.node].address))
            .filter(move |(_, it)| new(it))
            .map(|(pair, address)| {
                let resource = &self.state.resources[pair.resource];
                let tainted = if resource.tainted { "; tainted there, and taken over as it is" } else { "" };
                (address, &pair.identity, resource.address.as_str(), format!("{}{tainted}", pair.because))
            })
    }

    /// By our address, Terraform's.
    fn sources(&self) -> BTreeMap<&Address, &str> {
        let pairs = self.matched.pairs.iter();
        pairs
            .map(|pair| (&self.graph.nodes[pair.node].address, self.state.resources[pair.resource].address.as_str()))
            .collect()
    }

    /// What an apply would make.
    fn missing(&self) -> Vec<&Address> {
        let nodes = self.matched.missing.iter().map(|at| &self.graph.nodes[*at].address);
        nodes.filter(|address| schema_of(address.kind()).is_none_or(is_made)).collect()
    }
}

/// Whether there is anything of it outside the state.
fn is_made(schema: &Schema) -> bool {
    schema.mode == Mode::Adopted || schema.creation != Creation::Local
}

fn reason(left: &Left, kind: &str) -> String {
    match left {
        Left::Asked => "as asked".to_owned(),
        Left::UnknownType => format!("this release has no type {kind}"),
        Left::Deposed => "a replacement there has not deleted it yet: finish that, by `terraform apply`".to_owned(),
        Left::Elsewhere(place) => format!("it is in {place}, where the stack has nothing"),
        Left::NoIdentity => "Terraform's state lacks what one of its type is found by here".to_owned(),
        Left::NotDeclared => format!("the stack declares no {kind} that it could be: declare it, and run this again"),
        Left::Differs(address, fields) => {
            format!("the stack declares none like it; {} differs in {}", address.local(), fields.join(", "))
        }
        Left::Several(addresses) => {
            let names: Vec<String> = addresses.iter().map(Address::local).collect();
            format!("it could be {}: map it", names.join(" or "))
        }
    }
}
