//! What a command works on: AWS itself, or the sandbox.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use fathuss_aws::{Aws, Config};
use fathuss_engine::provider::CallCounts;
use fathuss_engine::{Clock, Local, Provider};
use fathuss_simulator::Simulator;

use crate::error::Error;
use crate::project::{Project, StackEntry};
use crate::sandbox::{self, InProcess, KEY, Speed, WorldClock};

/// Where a command works.
#[derive(Clone, Copy, Debug)]
pub enum Where {
    /// AWS, by the machine's credentials.
    Aws,
    /// The project's sandbox.
    Sandbox {
        /// How fast its time goes.
        speed: Speed,
        /// Where its chance comes from.
        seed: u64,
    },
}

/// A target that is open.
pub struct Target {
    /// Its clock.
    pub clock: Rc<dyn Clock>,
    /// The sandbox's world, where it is one.
    pub simulator: Option<Simulator>,
    /// The state of the stack there.
    pub state: PathBuf,
    aws: RefCell<Option<Rc<Aws>>>,
    config: Config,
    region: String,
}

impl Target {
    /// Opens the target of a stack. No call is sent.
    pub async fn open(project: &Project, stack: &StackEntry, place: Where) -> Result<Self, Error> {
        match place {
            Where::Aws => {
                let clock: Rc<dyn Clock> = Rc::new(WallClock);
                let config = Config::from_environment(None, clock.clone()).await.account(&stack.account);
                Ok(Self {
                    clock,
                    simulator: None,
                    state: stack.state.clone(),
                    aws: RefCell::default(),
                    config,
                    region: stack.region.clone(),
                })
            }
            Where::Sandbox { speed, seed } => {
                let folder = project.sandbox();
                let simulator = sandbox::open(&folder, &stack.account, speed, seed)?;
                let clock: Rc<dyn Clock> = Rc::new(WorldClock::new(simulator.clone(), speed));
                let credentials = Credentials::from_keys(KEY, KEY, None);
                let config = Config::new(credentials, clock.clone())
                    .transport(std::sync::Arc::new(InProcess(simulator.clone())), sandbox::time_of(&simulator))
                    .account(&stack.account);
                Ok(Self {
                    clock,
                    simulator: Some(simulator),
                    state: folder.join(format!("{}.db", stack.name)),
                    aws: RefCell::default(),
                    config,
                    region: stack.region.clone(),
                })
            }
        }
    }

    /// Says which state the run is about, and asks AWS whose credentials these are: before anything is read.
    pub async fn enter(&self, lineage: &str) -> Result<(), Error> {
        let aws = Rc::new(Aws::new(self.config.clone().lineage(lineage)));
        aws.verify_account(&self.region).await?;
        *self.aws.borrow_mut() = Some(aws);
        Ok(())
    }

    /// The provider of a type.
    pub fn provider(&self, kind: &str) -> Option<Rc<dyn Provider>> {
        if Local.schema(kind).is_some() {
            return Some(Rc::new(Local));
        }
        let aws = self.aws.borrow().clone()?;
        aws.schema(kind)?;
        Some(aws)
    }

    /// The calls sent so far.
    pub fn calls(&self) -> CallCounts {
        self.aws.borrow().as_ref().map(|aws| aws.calls()).unwrap_or_default()
    }
}

/// The machine's clock.
struct WallClock;

#[async_trait(?Send)]
impl Clock for WallClock {
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Milliseconds since 1970, wall time.
pub fn wall_ms() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}
