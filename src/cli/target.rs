//! What a command works on: AWS itself, or the sandbox.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::SystemTime;

use fathuss_aws::{Aws, Config, Headers};
use fathuss_engine::provider::{CallCounts, Failure};
use fathuss_engine::{Clock, Local, Provider};
use fathuss_kubernetes::Kubernetes;
use fathuss_simulator::Simulator;
use fathuss_state::Backend;

use crate::clusters::{OfAws, Setting};
use crate::error::Error;
use crate::home::Home;
use crate::project::{Project, Route, StackEntry};
use crate::remote_clock::RemoteClock;
use crate::sandbox::{self, InProcess, Speed, World, WorldClock};
use crate::served::Served;

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
    /// The state of the stack there.
    pub state: Home,
    /// What the sandbox's other process is, where one serves its world.
    pub served: Option<String>,
    server: Option<Rc<Served>>,
    told: Told,
    aws: RefCell<Option<Rc<Aws>>>,
    kubernetes: RefCell<Option<Rc<Kubernetes>>>,
    config: Config,
    region: String,
    account: String,
    setting: Setting,
}

/// How it is known whether the target is simulated.
enum Told {
    /// The simulator is in this process.
    Simulated,
    /// Its answers say it.
    ByAnswers(RemoteClock),
}

impl Target {
    /// Opens the target of a stack. No call of AWS's is sent.
    pub async fn open(project: &Project, stack: &StackEntry, place: Where) -> Result<Self, Error> {
        let setting = Setting {
            mirror: project.helm_mirror().map(str::to_owned),
            folder: project.root.clone(),
            outside: matches!(place, Where::Sandbox { .. }).then(|| project.outside_variables()),
            route: match place {
                Where::Aws => stack.clusters.clone(),
                Where::Sandbox { .. } => Route::default(),
            },
        };
        match place {
            Where::Aws => {
                let clock = RemoteClock::default();
                let config = Config::from_environment(None, Rc::new(clock.clone())).await;
                Ok(Self::over(stack, stack.state.clone(), clock, config, setting))
            }
            Where::Sandbox { speed, seed } => {
                let state = project.sandbox_state(&stack.name);
                match sandbox::open(project, speed, seed).await? {
                    World::Here(simulator) => Ok(Self::here(stack, state, &simulator, speed, setting)),
                    World::Served(served) => Self::with(stack, state, served, speed, setting),
                }
            }
        }
    }

    /// Over sockets, with a clock that hears the answers.
    fn over(stack: &StackEntry, state: Home, clock: RemoteClock, config: Config, setting: Setting) -> Self {
        let hearing = clock.clone();
        let config = config
            .listener(std::sync::Arc::new(move |headers: &Headers| hearing.hear(|name| headers.get(name))))
            .account(&stack.account);
        Self {
            clock: Rc::new(clock.clone()),
            state,
            served: None,
            server: None,
            told: Told::ByAnswers(clock),
            aws: RefCell::default(),
            kubernetes: RefCell::default(),
            config,
            region: stack.region.clone(),
            account: stack.account.clone(),
            setting,
        }
    }

    /// With the process that serves the sandbox's world.
    fn with(stack: &StackEntry, state: Home, served: Served, speed: Speed, setting: Setting) -> Result<Self, Error> {
        let theirs = served.speed;
        if let Speed::Times(asked) = speed
            && asked.to_bits() != theirs.to_bits()
        {
            return Err(Error::Usage(format!(
                "the sandbox is served by {}, whose time goes at {theirs}, not at {asked}\nNext: leave out --speed, or end that process and start it with\n  fathuss sandbox serve --speed {asked}",
                served.holder
            )));
        }
        let clock = served.clock.clone();
        let config = Config::new(sandbox::credentials(&stack.account), Rc::new(clock.clone())).endpoint(&served.url());
        let said = served.sentence();
        Ok(Self {
            served: Some(said),
            server: Some(Rc::new(served)),
            ..Self::over(stack, state, clock, config, setting)
        })
    }

    /// With the simulator in this process.
    fn here(stack: &StackEntry, state: Home, simulator: &Simulator, speed: Speed, setting: Setting) -> Self {
        let clock: Rc<dyn Clock> = Rc::new(WorldClock::new(simulator.clone(), speed));
        let config = Config::new(sandbox::credentials(&stack.account), clock.clone())
            .transport(std::sync::Arc::new(InProcess(simulator.clone())), sandbox::time_of(simulator))
            .account(&stack.account);
        Self {
            clock,
            state,
            served: None,
            server: None,
            told: Told::Simulated,
            aws: RefCell::default(),
            kubernetes: RefCell::default(),
            config,
            region: stack.region.clone(),
            account: stack.account.clone(),
            setting,
        }
    }

    /// Whether it is a sandbox, as far as its answers have told.
    pub fn is_simulated(&self) -> bool {
        match &self.told {
            Told::Simulated => true,
            Told::ByAnswers(clock) => clock.speed().is_some(),
        }
    }

    /// Says which state the run is about, and asks AWS whose credentials these are: before anything is read.
    pub async fn enter(&self, lineage: &str) -> Result<(), Error> {
        self.enter_as(self.config.clone().lineage(lineage)).await
    }

    /// The same of a state that is locked: what changes anything is sent only while this run holds it.
    pub async fn enter_locked(&self, state: &dyn Backend) -> Result<(), Error> {
        let lineage = state.snapshot()?.lineage;
        self.enter_as(self.config.clone().lineage(&lineage).fence(state.fence())).await
    }

    async fn enter_as(&self, config: Config) -> Result<(), Error> {
        let aws = Rc::new(Aws::new(config));
        aws.verify_account(&self.region).await.map_err(|failure| self.explained(failure))?;
        let clusters = OfAws::new(Rc::clone(&aws), self.is_simulated(), self.server.clone(), self.setting.clone());
        *self.kubernetes.borrow_mut() = Some(Rc::new(Kubernetes::new(clusters)));
        *self.aws.borrow_mut() = Some(aws);
        Ok(())
    }

    /// With what helps in a sandbox, where it is one.
    fn explained(&self, failure: Failure) -> Failure {
        if failure.code != "WrongAccount" || !self.is_simulated() {
            return failure;
        }
        let keys = format!("AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY={}", self.account, sandbox::KEY);
        Failure { hint: Some(format!("export {keys}")), ..failure }
    }

    /// The provider of a type.
    pub fn provider(&self, kind: &str) -> Option<Rc<dyn Provider>> {
        if Local.schema(kind).is_some() {
            return Some(Rc::new(Local));
        }
        let kubernetes = self.kubernetes.borrow().clone()?;
        if kubernetes.schema(kind).is_some() {
            return Some(kubernetes);
        }
        let aws = self.aws.borrow().clone()?;
        aws.schema(kind)?;
        Some(aws)
    }

    /// The version of a cluster's Kubernetes, where it is there. The target is entered.
    pub async fn kubernetes(&self, region: &str, cluster: &str) -> Result<Option<String>, Failure> {
        let kubernetes = self.kubernetes.borrow().clone();
        match kubernetes {
            Some(kubernetes) => kubernetes.version(region, cluster).await,
            None => Ok(None),
        }
    }

    /// The calls sent so far.
    pub fn calls(&self) -> CallCounts {
        let mut calls = self.aws.borrow().as_ref().map(|aws| aws.calls()).unwrap_or_default();
        if let Some(kubernetes) = &*self.kubernetes.borrow() {
            calls.operations.extend(kubernetes.calls().operations);
        }
        calls
    }
}

/// Milliseconds since 1970, wall time.
pub fn wall_ms() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}
