//! The sandbox in this process: the simulator as the SDK's transport, on virtual time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use fathuss_aws::{Reply, Transport, TransportFault};
use fathuss_engine::Clock;
use fathuss_simulator::{Config, Identity, Simulator, SystemClock, Time};

use crate::error::Error;

/// How fast the world's time goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// From one moment that anything waits for to the next.
    Full,
    /// So many of its seconds in one of ours.
    Times(f64),
}

/// The access key of the sandbox's administrator, as users of other emulators expect it.
pub const KEY: &str = "test";

/// Opens the world of a project.
pub fn open(folder: &Path, account: &str, speed: Speed, seed: u64) -> Result<Simulator, Error> {
    Ok(Simulator::open(config(Some(folder.join("world")), account, speed, seed))?)
}

/// How a sandbox is set up: AWS's rules and limits, one administrator in the account.
pub fn config(world: Option<PathBuf>, account: &str, speed: Speed, seed: u64) -> Config {
    let administrator =
        Identity { key: KEY.to_owned(), secret: KEY.to_owned(), account: account.to_owned(), arn: None };
    let time = match speed {
        Speed::Full => Time::Tokio,
        Speed::Times(speed) => Time::Scaled { wall: Arc::new(SystemClock), speed },
    };
    Config { world, time, identities: vec![administrator], ..Config::new(seed) }
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
            Speed::Full => duration,
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
