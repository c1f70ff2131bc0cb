//! `fathuss sandbox`: serves the simulator to any client, shows, keeps and restores the project's world or another,
//! and empties the project's.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use fathuss_cluster::Programs;
use fathuss_cluster::outside::Outside;
use fathuss_simulator::inventory::Resource;
use fathuss_simulator::{Endpoints, FaultRule, Holder, Identity, Simulator, SystemClock, WorldError};
use fathuss_state::{Backend, Sqlite};

use crate::commands::daemon;
use crate::error::Error;
use crate::inside::SPEED;
use crate::keeper::{Folders, keep, programs, progress_text, say};
use crate::options::Output;
use crate::project::{Project, is_account};
use crate::render::{json, print};
use crate::sandbox::{self, Ground, NO_ACCOUNT, Speed, World, config};
use crate::session::{current_folder, holder, runtime};
use crate::target::wall_ms;

/// What `sandbox` takes.
#[derive(Subcommand, Debug)]
pub enum Sandbox {
    /// Serve the simulator over HTTP to any AWS client, and to commands with --sandbox
    Serve(Serve),
    /// Start serving the project's sandbox in the background, with a real Kubernetes behind each cluster
    Up {
        /// The world's seconds in one of ours; it keeps the wall's pace while something in a cluster is waited for
        #[arg(long, default_value_t = SPEED)]
        speed: f64,
    },
    /// End what `up` has started; everything stays as it is until it is started again
    Down,
    /// Show who serves the sandbox, and its clusters
    Status,
    /// Print a kubeconfig with which one may do everything in a cluster of the sandbox
    Kubeconfig {
        /// The cluster's name; without one it is the only one
        cluster: Option<String>,
    },
    /// Show what the sandbox's world holds
    Show {
        /// Which world
        #[command(flatten)]
        place: Place,
    },
    /// Write the sandbox's world into a file
    Snapshot {
        /// The file
        file: PathBuf,
        /// Which world
        #[command(flatten)]
        place: Place,
    },
    /// Put a snapshot in the place of the sandbox's world; states stay as they are
    Restore {
        /// The file
        file: PathBuf,
        /// Which world
        #[command(flatten)]
        place: Place,
    },
    /// Empty the sandbox: its world, and the states of the stacks in it
    Reset,
}

/// The world that a command is about.
#[derive(Args, Debug)]
pub struct Place {
    /// The folder of the world; without one it is the project's
    #[arg(long)]
    world: Option<PathBuf>,
}

/// What `sandbox serve` takes.
#[derive(Args, Debug)]
pub struct Serve {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 4599)]
    port: u16,
    /// The world's seconds in one of ours; `instant` where nothing is to take time
    #[arg(long, default_value = "1")]
    speed: String,
    /// The folder of the world; without one it is the project's, and outside of a project lives in memory
    #[arg(long)]
    world: Option<PathBuf>,
    /// Serve a world in memory, in a project too
    #[arg(long, conflicts_with = "world")]
    memory: bool,
    /// The account of the access key `test`; without one it is the project's, where all stacks have the same
    #[arg(long, value_parser = account)]
    account: Option<String>,
    /// Where chance comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// An access key with its secret and its account, of whom it makes an administrator; may be given several times
    #[arg(long = "identity", value_name = "KEY:SECRET:ACCOUNT", value_parser = identity)]
    identities: Vec<Identity>,
    /// Refuse what the caller's IAM policies do not allow; administrators may do everything
    #[arg(long)]
    enforce_iam: bool,
    /// Switch a rule off, by id; `GET /_fathuss/rules` lists them
    #[arg(long = "rule-off")]
    rules_off: Vec<String>,
    /// Order a fault: throttle, unavailable=STATUS, refuse=CODE, delay=SECONDS, reset, answer-lost or create-failed; refuse takes message= and status=, too; conditions
    /// follow after commas: service=, operation= (with * at its end), region=, probability=, after=, times=
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<FaultRule>,
    /// Set a quota, by name; `GET /_fathuss/quotas` lists them
    #[arg(long = "quota", value_name = "NAME=LIMIT", value_parser = quota)]
    quotas: Vec<(String, i64)>,
    /// Multiply the sizes and rates of AWS's token buckets: below 1 it throttles sooner
    #[arg(long, default_value_t = 1.0, value_parser = rate)]
    rate: f64,
    /// Run a real Kubernetes behind each cluster; its programs are built with Go at the first time. `sandbox up` does it in
    /// the background
    #[arg(long, conflicts_with = "memory")]
    clusters: bool,
}

/// Runs the command.
pub fn run(options: &Sandbox, output: &Output) -> Result<ExitCode, Error> {
    match options {
        Sandbox::Serve(serve) => self::serve(serve, output),
        Sandbox::Up { speed } => daemon::up(*speed, output),
        Sandbox::Down => daemon::down(output),
        Sandbox::Status => daemon::status(output),
        Sandbox::Kubeconfig { cluster } => daemon::kubeconfig(cluster.as_deref()),
        Sandbox::Show { place } => show(place, output),
        Sandbox::Snapshot { file, place } => snapshot(file, place, output),
        Sandbox::Restore { file, place } => restore(file, place, output),
        Sandbox::Reset => reset(output),
    }
}

fn serve(options: &Serve, output: &Output) -> Result<ExitCode, Error> {
    let speed = match options.speed.as_str() {
        "instant" => Speed::Instant,
        number => Speed::times(number.parse().unwrap_or(f64::NAN))?,
    };
    let project = match Project::find(&current_folder()?) {
        Ok(project) => Some(project),
        Err(Error::NoProject) => None,
        Err(error) => return Err(error),
    };
    let world = match (&options.world, &project) {
        (Some(world), _) => Some(world.clone()),
        (None, Some(project)) if !options.memory => Some(project.sandbox().join("world")),
        (None, _) => None,
    };
    let account = options.account.clone().unwrap_or_else(|| only_account(project.as_ref()).to_owned());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Usage(format!("the runtime can't start: {error}")))?;
    runtime.block_on(async {
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), options.port);
        let listen = |reason: std::io::Error| {
            Error::Usage(format!("port {} can't be listened on: {reason}\nNext: take another port, 0 for any free one\n  fathuss sandbox serve --port 0", options.port))
        };
        // Before the world is opened: who finds it taken can be sent here from its first moment on.
        let listener = tokio::net::TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let mut config = config(world.clone(), &account, speed, options.seed, Some(address));
        if options.world.is_none() && !options.memory {
            config = project.as_ref().map(Project::ground).unwrap_or_default().under(config);
        }
        config.rules_off = options.rules_off.iter().cloned().collect();
        config.enforce_iam = options.enforce_iam;
        config.faults.clone_from(&options.faults);
        config.quotas = options.quotas.iter().cloned().collect();
        config.rate = options.rate;
        for identity in &options.identities {
            // One with the same key, `test` among them, takes its place.
            config.identities.retain(|known| known.key != identity.key);
            config.identities.push(identity.clone());
            // Others read the holder: it shows no secret.
            config.holder.command = config.holder.command.replace(&format!(":{}:", identity.secret), ":...:");
        }
        let folders = world.as_deref().filter(|_| options.clusters).map(Folders::beside);
        config.endpoints = folders.clone().map(|folders| Arc::new(folders) as Arc<dyn Endpoints>);
        let opened = Simulator::open(config).map_err(taken);
        let simulator = if options.world.is_some() { opened.map_err(of_folder)? } else { opened? };
        output.line(&welcome(address, world.as_deref(), &account, &options.identities))?;
        let clusters = async {
            match folders {
                Some(folders) => {
                    let programs = programs()?;
                    // It ends with this.
                    let outside = outside(project.as_ref(), &programs).await?;
                    keep(simulator.clone(), folders, programs, address, outside.map(Arc::new)).await
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            kept = clusters => { let () = kept?; }
            served = simulator.serve(listener, Arc::new(SystemClock)) => {
                served.map_err(|error| Error::Usage(format!("the server ended: {error}")))?;
            }
            () = crate::signals::end() => simulator.note_time()?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// The internet of the project's clusters, where some of it is played.
async fn outside(project: Option<&Project>, programs: &Programs) -> Result<Option<Outside>, Error> {
    let Some(project) = project else { return Ok(None) };
    let file = project.outside_variables();
    let unwritable = |reason| Error::File { path: file.clone(), doing: "write", reason };
    match std::fs::remove_file(&file) {
        Err(reason) if reason.kind() != std::io::ErrorKind::NotFound => return Err(unwritable(reason)),
        _ => {}
    }
    let (repositories, stand_ins) = project.outside();
    if repositories.is_empty() && !stand_ins {
        return Ok(None);
    }
    let folder = file.parent().unwrap_or(&file);
    let tell = |progress| {
        if let Some(text) = progress_text(&progress) {
            say(&text);
        }
    };
    let outside = Outside::start(folder, repositories, stand_ins, programs, tell).await.map_err(daemon::unbuilt)?;
    let variables = json(&serde_json::json!(outside.environment()))?;
    std::fs::write(&file, variables).map_err(unwritable)?;
    Ok(Some(outside))
}

/// Says who has the world that was to be served.
fn taken(error: WorldError) -> Error {
    match error {
        WorldError::Locked { path, holder: Some(Holder { address: Some(address), pid, command, .. }) } => {
            Error::Usage(format!(
                "the world in {} is served already, by process {pid} (`{command}`) at http://{address}\nNext: use that one, or end it with\n  kill {pid}",
                path.display()
            ))
        }
        WorldError::Locked { path, holder } => Error::WorldInUse { path, holder },
        error => error.into(),
    }
}

/// The same error of a world that lies in a folder of its own, which emptying the project's would not help.
fn of_folder(error: Error) -> Error {
    match error {
        Error::World(error @ WorldError::Unreadable { .. }) => Error::DamagedWorld(error),
        error => error,
    }
}

/// The account of all the project's stacks, where they have one.
fn only_account(project: Option<&Project>) -> &str {
    let accounts = project.map(Project::accounts).unwrap_or_default();
    let mut accounts = accounts.into_iter();
    match (accounts.next(), accounts.next()) {
        (Some(only), None) => only,
        _ => NO_ACCOUNT,
    }
}

fn welcome(address: SocketAddr, world: Option<&Path>, account: &str, identities: &[Identity]) -> String {
    let world = match world {
        Some(folder) => format!("The world lies in {}", folder.display()),
        None => "The world lives in memory, and ends with this process".to_owned(),
    };
    // One that was given on the command line goes by the secret given there.
    let test = match identities.iter().any(|identity| identity.key == "test") {
        true => String::new(),
        false => format!("the access key `test` is of account {account}; "),
    };
    let keys = format!("{test}a key of twelve digits is of the account of that number; the secret is `test`");
    let keys = keys[..1].to_uppercase() + &keys[1..];
    format!(
        "AWS is simulated at http://{address}\n{world}.\n{keys}.\nPoint any client at it: AWS_ENDPOINT_URL=http://{address} AWS_ACCESS_KEY_ID={account} AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1\nVersion 1 of the AWS CLI sends `aws rds` of us-east-1 to AWS all the same: give it --endpoint-url http://{address} too."
    )
}

fn account(text: &str) -> Result<String, String> {
    match is_account(text) {
        true => Ok(text.to_owned()),
        false => Err("an account has 12 digits".to_owned()),
    }
}

/// Reads `KEY:SECRET:ACCOUNT`.
fn identity(text: &str) -> Result<Identity, String> {
    match text.split(':').collect::<Vec<_>>()[..] {
        [key, secret, account] if !key.is_empty() && !secret.is_empty() && is_account(account) => {
            let (key, secret, account) = (key.to_owned(), secret.to_owned(), account.to_owned());
            Ok(Identity { key, secret, account, arn: None })
        }
        _ => Err("an identity is KEY:SECRET:ACCOUNT, and an account has 12 digits".to_owned()),
    }
}

fn quota(text: &str) -> Result<(String, i64), String> {
    let read = text.split_once('=').and_then(|(name, limit)| Some((name.to_owned(), limit.parse().ok()?)));
    read.filter(|(_, limit)| *limit >= 0).ok_or_else(|| "a quota is NAME=LIMIT, and the limit a number".to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    let read = text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0);
    read.ok_or_else(|| "a rate is a number above 0".to_owned())
}

impl Place {
    /// The world, in this process or served.
    async fn open(&self) -> Result<World, Error> {
        match &self.world {
            Some(folder) => sandbox::open_world(folder, Ground::default(), Speed::Full, 1).await.map_err(of_folder),
            None => sandbox::open(&Project::find(&current_folder()?)?, Speed::Full, 1).await,
        }
    }

    /// The same for reading: a folder that is named has a world in it already.
    async fn read(&self) -> Result<World, Error> {
        match &self.world {
            Some(folder) if !folder.join("world.jsonl").is_file() => Err(Error::Usage(format!(
                "there is no world in {}\nNext: name the folder that `fathuss sandbox serve --world` was given",
                folder.display()
            ))),
            _ => self.open().await,
        }
    }

    /// What messages call it.
    fn name(&self) -> String {
        match &self.world {
            Some(folder) => format!("The world in {}", folder.display()),
            None => "The sandbox's world".to_owned(),
        }
    }
}

fn show(place: &Place, output: &Output) -> Result<ExitCode, Error> {
    let resources = runtime()?.block_on(async {
        match place.read().await? {
            World::Here(simulator) => Ok(simulator.inventory()?),
            World::Served(served) => served.inventory().await,
        }
    })?;
    if output.json {
        for resource in &resources {
            print(&json(resource)?)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let place = |one: &Resource| (one.account.clone(), one.region.clone(), one.service.clone());
    for group in resources.chunk_by(|one, next| place(one) == place(next)) {
        let [first, ..] = group else { continue };
        let region = if first.region.is_empty() { "all regions" } else { &first.region };
        output.line(&format!("{} in {region}, account {}", first.service, first.account))?;
        let width = |text: fn(&Resource) -> &str| group.iter().map(|one| text(one).chars().count()).max().unwrap_or(0);
        let (kinds, ids) = (width(|one| &one.kind), width(|one| &one.id));
        for one in group {
            let rest = [one.state.as_deref(), one.name.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("  ");
            output.line(format!("  {:kinds$}  {:ids$}  {rest}", one.kind, one.id).trim_end())?;
        }
    }
    output.line(&format!("{} resources.", resources.len()))?;
    Ok(ExitCode::SUCCESS)
}

fn snapshot(file: &Path, place: &Place, output: &Output) -> Result<ExitCode, Error> {
    let text = runtime()?.block_on(async {
        match place.read().await? {
            World::Here(simulator) => Ok(simulator.snapshot()?),
            World::Served(served) => served.snapshot().await,
        }
    })?;
    std::fs::write(file, text).map_err(unwritable(file))?;
    output.line(&format!("{} is in {}.", place.name(), file.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn restore(file: &Path, place: &Place, output: &Output) -> Result<ExitCode, Error> {
    let unreadable = |reason| Error::File { path: file.to_owned(), doing: "read", reason };
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    runtime()?.block_on(async {
        match place.open().await? {
            World::Here(simulator) => simulator.restore(file, &text).map_err(|error| match error {
                error @ WorldError::Unreadable { .. } => Error::Snapshot(error),
                error => Error::World(error),
            }),
            World::Served(served) => served.restore(text).await,
        }
    })?;
    let states = if place.world.is_none() { "; the stacks' states are as they were" } else { "" };
    output.line(&format!("{} is that of {}{states}.", place.name(), file.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn reset(output: &Output) -> Result<ExitCode, Error> {
    let project = Project::find(&current_folder()?)?;
    let folder = project.sandbox();
    if folder.exists() {
        // Opening the world takes its lock, so that no running process loses its own.
        runtime()?.block_on(async {
            match sandbox::open(&project, Speed::Full, 1).await {
                Ok(World::Here(simulator)) => {
                    drop(simulator);
                    std::fs::remove_dir_all(&folder).map_err(unwritable(&folder))
                }
                // What can't be read any more is what this is for.
                Err(Error::World(WorldError::Unreadable { .. })) => {
                    std::fs::remove_dir_all(&folder).map_err(unwritable(&folder))
                }
                Ok(World::Served(served)) => {
                    let _locks = lock_states(&folder)?;
                    served.reset().await?;
                    remove_states(&folder)
                }
                Err(error) => Err(error),
            }
        })?;
    }
    output.line("The sandbox is empty.")?;
    Ok(ExitCode::SUCCESS)
}

/// Locks the states of the stacks in a served world, so that none goes while a run writes it.
fn lock_states(folder: &Path) -> Result<Vec<Sqlite>, Error> {
    let now = wall_ms();
    let mut locked = Vec::new();
    for path in entries(folder)?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "db")) {
        let mut state = Sqlite::open(&path, now)?;
        state.lock(&holder("sandbox reset", now), now)?;
        locked.push(state);
    }
    Ok(locked)
}

/// Removes everything that lies beside the world.
fn remove_states(folder: &Path) -> Result<(), Error> {
    for path in entries(folder)?.into_iter().filter(|path| path.is_file()) {
        std::fs::remove_file(&path).map_err(unwritable(&path))?;
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let read = |reason| Error::File { path: folder.to_owned(), doing: "read", reason };
    let entries = std::fs::read_dir(folder).map_err(read)?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(read)).collect()
}

fn unwritable(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |reason| Error::File { path, doing: "written", reason }
}
