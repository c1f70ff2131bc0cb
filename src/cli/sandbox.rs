//! The project's sandbox: the simulator in this process as the SDK's transport, on virtual time; or the
//! process that serves its world.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use bytes::Bytes;
use fathuss_aws::{Reply, Transport, TransportFault};
use fathuss_engine::Clock;
use fathuss_simulator::{Config, Domain, Holder, Identity, Simulator, SystemClock, Time, WorldError};

use crate::error::Error;
use crate::project::Project;
use crate::served::Served;

/// How fast the world's time goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// From one moment that anything waits for to the next.
    Full,
    /// So many of its seconds in one of ours.
    Times(f64),
    /// As the wall's, with nothing that takes time.
    Instant,
}

/// The fastest speed that can be chosen: at a million, a year passes in half a minute.
const FASTEST: f64 = 1_000_000.0;

impl Speed {
    /// A speed that was asked for.
    pub fn times(asked: f64) -> Result<Self, Error> {
        if asked.is_nan() || asked <= 0.0 {
            return Err(Error::Usage("--speed is a number above 0".to_owned()));
        }
        if asked > FASTEST {
            return Err(Error::Usage(format!(
                "--speed is {FASTEST} at most\nNext: leave it out where the sandbox is to go as fast as it can"
            )));
        }
        Ok(Self::Times(asked))
    }
}

/// The access key `test` and the secret `test`, as users of other emulators expect them.
pub const KEY: &str = "test";

/// The account of the key `test` where nothing names one.
pub const NO_ACCOUNT: &str = "000000000000";

/// The world of a project, open.
pub enum World {
    /// In this process.
    Here(Simulator),
    /// With another one, which serves it.
    Served(Served),
}

/// What people have done by hand, in AWS, before the first apply.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    /// The domains that they have registered and delegated.
    pub domains: Vec<Domain>,
    /// As whom they come.
    pub callers: Vec<Identity>,
}

impl Ground {
    /// A sandbox set up so that has it.
    pub fn under(self, mut config: Config) -> Config {
        config.domains = self.domains;
        config.identities.extend(self.callers);
        config
    }
}

/// Who has an account's number for access key: the account's administrator, who has taken this role.
pub fn caller(account: &str, role: &str) -> Identity {
    let arn = format!("arn:aws:sts::{account}:assumed-role/{role}/sandbox");
    Identity { key: account.to_owned(), secret: KEY.to_owned(), account: account.to_owned(), arn: Some(arn) }
}

/// How often a world is tried whose holder has only just changed.
const TRIES: u32 = 5;
/// And one that a command keeps to itself: those that only ask something end sooner.
const TRIES_OF_KEPT: u32 = 20;

/// Opens the world of a project, or finds who serves it. From then on, at full speed, this runtime's time is
/// the world's.
pub async fn open(project: &Project, speed: Speed, seed: u64) -> Result<World, Error> {
    open_world(&project.sandbox().join("world"), project.ground(), speed, seed).await
}

/// Opens the world in a folder of its own, likewise.
pub async fn open_world(world: &Path, ground: Ground, speed: Speed, seed: u64) -> Result<World, Error> {
    let mut tries = 0;
    loop {
        // Before the world's clock starts, so that a seed repeats a run to the millisecond.
        if speed == Speed::Full {
            tokio::time::pause();
        }
        let config = config(Some(world.to_owned()), NO_ACCOUNT, speed, seed, None);
        let holder = match Simulator::open(ground.clone().under(config)) {
            Ok(simulator) => return Ok(World::Here(simulator)),
            Err(WorldError::Locked { holder, .. }) => holder,
            Err(error) => return Err(error.into()),
        };
        if speed == Speed::Full {
            tokio::time::resume();
        }
        let served = match &holder {
            Some(holder) => Served::find(holder).await,
            None => None,
        };
        if let Some(served) = served {
            return Ok(World::Served(served));
        }
        tries += 1;
        // One that keeps the world to itself does so until it ends; any other may only just have taken it.
        let keeps = holder.as_ref().is_some_and(|holder| holder.address.is_none());
        if tries == if keeps { TRIES_OF_KEPT } else { TRIES } {
            return Err(Error::WorldInUse { path: world.to_owned(), holder });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How a sandbox is set up: AWS's rules and limits; an administrator in each account, whose access key is the
/// account's number, and one by the key `test`.
pub fn config(world: Option<PathBuf>, account: &str, speed: Speed, seed: u64, address: Option<SocketAddr>) -> Config {
    let administrator =
        Identity { key: KEY.to_owned(), secret: KEY.to_owned(), account: account.to_owned(), arn: None };
    let time = match speed {
        Speed::Full => Time::Tokio,
        Speed::Times(speed) => Time::Scaled { wall: Arc::new(SystemClock), speed },
        Speed::Instant => Time::Scaled { wall: Arc::new(SystemClock), speed: 1.0 },
    };
    let instant = speed == Speed::Instant;
    let holder = Holder {
        pid: std::process::id(),
        command: crate::command_line(),
        since: fathuss_simulator::Clock::now(&SystemClock),
        address,
    };
    let account_secret = Some(KEY.to_owned());
    Config { world, time, instant, holder, identities: vec![administrator], account_secret, ..Config::new(seed) }
}

/// The administrator of an account of the sandbox.
pub fn credentials(account: &str) -> Credentials {
    Credentials::from_keys(account, KEY, None)
}

/// A simulator in this process as the transport.
#[derive(Clone)]
pub struct InProcess(pub Simulator);

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InProcess")
    }
}

impl Transport for InProcess {
    fn send(&self, request: http::Request<Bytes>) -> Reply {
        let simulator = self.0.clone();
        Box::pin(
            async move { simulator.handle(request).await.map_err(|fault| TransportFault::Reset(format!("{fault:?}"))) },
        )
    }
}

/// The world's clock for the engine.
pub struct WorldClock {
    simulator: Simulator,
    speed: Speed,
}

impl WorldClock {
    /// The clock of a world whose time goes at this speed.
    pub fn new(simulator: Simulator, speed: Speed) -> Self {
        Self { simulator, speed }
    }
}

#[async_trait(?Send)]
impl Clock for WorldClock {
    fn now(&self) -> Duration {
        let now = self.simulator.now();
        Duration::from_millis(u64::try_from(now.as_millisecond()).unwrap_or_default())
    }

    async fn sleep(&self, duration: Duration) {
        let duration = match self.speed {
            Speed::Full | Speed::Instant => duration,
            Speed::Times(speed) => duration.div_f64(speed),
        };
        tokio::time::sleep(duration).await;
    }
}

/// The world's time for signatures.
pub fn time_of(simulator: &Simulator) -> Arc<dyn Fn() -> SystemTime + Send + Sync> {
    let simulator = simulator.clone();
    Arc::new(move || {
        SystemTime::UNIX_EPOCH
            + Duration::from_millis(u64::try_from(simulator.now().as_millisecond()).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_world_is_waited_for_that_a_command_only_asks_something() {
        let folder = tempfile::tempdir().unwrap();
        let held =
            Simulator::open(config(Some(folder.path().to_owned()), NO_ACCOUNT, Speed::Instant, 1, None)).unwrap();
        let asked = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(700));
            drop(held);
        });
        let opened = open_world(folder.path(), Ground::default(), Speed::Instant, 1).await;
        assert!(matches!(opened, Ok(World::Here(_))));
        asked.join().unwrap();
        let refused = open_world(folder.path(), Ground::default(), Speed::Instant, 1).await;
        assert!(matches!(refused, Err(Error::WorldInUse { .. })), "whoever keeps it, keeps it");
    }
}
