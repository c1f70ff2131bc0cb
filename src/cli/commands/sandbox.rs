//! `fathuss sandbox`: serves the simulator to any client, and empties the project's world.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use fathuss_simulator::{Simulator, SystemClock};

use crate::error::Error;
use crate::options::Output;
use crate::project::Project;
use crate::sandbox::{Speed, config};
use crate::session::current_folder;

/// What `sandbox` takes.
#[derive(Subcommand, Debug)]
pub enum Sandbox {
    /// Serve the simulator over HTTP to any AWS client
    Serve(Serve),
    /// Empty the sandbox: its world, and the states of the stacks in it
    Reset,
}

/// What `sandbox serve` takes.
#[derive(Args, Debug)]
pub struct Serve {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 4599)]
    port: u16,
    /// The world's seconds in one of ours
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// The folder of the world; without one it lives in memory
    #[arg(long)]
    world: Option<PathBuf>,
    /// The account of the access key `test`
    #[arg(long, default_value = "000000000000")]
    account: String,
    /// Where chance comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Switch a rule off, by id; `GET /_fathuss/rules` lists them
    #[arg(long = "rule-off")]
    rules_off: Vec<String>,
}

/// Runs the command.
pub fn run(options: &Sandbox, output: &Output) -> Result<ExitCode, Error> {
    match options {
        Sandbox::Serve(serve) => self::serve(serve, output),
        Sandbox::Reset => reset(output),
    }
}

fn serve(options: &Serve, output: &Output) -> Result<ExitCode, Error> {
    if !options.speed.is_finite() || options.speed <= 0.0 {
        return Err(Error::Usage("--speed is a number above 0".to_owned()));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Usage(format!("the runtime can't start: {error}")))?;
    runtime.block_on(async {
        let mut config = config(options.world.clone(), &options.account, Speed::Times(options.speed), options.seed);
        config.rules_off = options.rules_off.iter().cloned().collect();
        let simulator = Simulator::open(config)?;
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), options.port);
        let listen = |reason| Error::Usage(format!("port {} can't be listened on: {reason}", options.port));
        let listener = tokio::net::TcpListener::bind(address).await.map_err(|error| listen(error.to_string()))?;
        let address = listener.local_addr().map_err(|error| listen(error.to_string()))?;
        output.line(&format!(
            "AWS is simulated at http://{address} (account {}, access key test, secret test)\nPoint any client at it: AWS_ENDPOINT_URL=http://{address} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1",
            options.account
        ))?;
        tokio::select! {
            served = simulator.serve(listener, Arc::new(SystemClock)) => {
                served.map_err(|error| Error::Usage(format!("the server ended: {error}")))?;
            }
            _ = tokio::signal::ctrl_c() => {}
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn reset(output: &Output) -> Result<ExitCode, Error> {
    let project = Project::find(&current_folder()?)?;
    let folder = project.sandbox();
    if folder.exists() {
        // Opening it takes its lock, so that no running process loses its world.
        let runtime = crate::session::runtime(crate::target::Where::Aws)?;
        runtime.block_on(async {
            let world = config(Some(folder.join("world")), "000000000000", Speed::Full, 1);
            Simulator::open(world).map(drop)
        })?;
        std::fs::remove_dir_all(&folder).map_err(|reason| Error::File { path: folder, doing: "written", reason })?;
    }
    output.line("The sandbox is empty.")?;
    Ok(ExitCode::SUCCESS)
}
