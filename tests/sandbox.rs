//! A sandbox in this process, with one state: what the tests of whole stacks plan, apply and destroy in.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use bytes::Bytes;
use fathuss_aws::{Aws, Reply, Transport, TransportFault};
use fathuss_engine::apply::{Applied, Pace, Surroundings};
use fathuss_engine::event::Told;
use fathuss_engine::plan::Goal;
use fathuss_engine::provider::SecretText;
use fathuss_engine::run::{Order, Prepared, RunError, carry_out, prepare};
use fathuss_engine::{Clock, Local, Provider};
use fathuss_model::graph::Graph;
use fathuss_model::{Datum, Stack, graph_of};
use fathuss_simulator::{Config, Domain, FaultRule, Identity, Simulator};
use fathuss_stacks::account::account;
use fathuss_stacks::environment::{Environment, Stage};
use fathuss_stacks::production_dr::production_dr;
use fathuss_stacks::staging_account::staging_account;
use fathuss_state::{Memory, Snapshot, Store};
use tokio::sync::watch;

/// A world, a provider that reaches it, and a state.
pub struct Sandbox {
    /// The world.
    pub simulator: Simulator,
    /// The provider.
    pub aws: Rc<Aws>,
    store: Memory,
    /// What other stacks have put out.
    pub outputs: BTreeMap<String, BTreeMap<String, Datum>>,
}

/// The domains of both environments, and those that they move to.
const DOMAINS: [(&str, &str); 4] = [
    ("fathuss.com", "444455556666"),
    ("staging.fathuss.com", "111122223333"),
    ("fathuss.test", "444455556666"),
    ("staging.fathuss.test", "111122223333"),
];

impl Sandbox {
    /// An empty world of one account, with these faults.
    #[allow(dead_code, reason = "one test is of what CI may do")]
    pub fn new(account: &str, faults: Vec<FaultRule>) -> Self {
        Self::of(account, Config { faults, ..Config::new(11) })
    }

    /// An empty world of one account, in which the sessions of roles may do what their policies allow.
    #[allow(dead_code, reason = "one test is of what CI may do")]
    pub fn enforcing(account: &str) -> Self {
        Self::of(account, Config { enforce_iam: true, ..Config::new(11) })
    }

    fn of(account: &str, config: Config) -> Self {
        let identity =
            Identity { key: "test".to_owned(), secret: "test".to_owned(), account: account.to_owned(), arn: None };
        let domains = DOMAINS.map(|(name, account)| Domain::new(name, account).expect("it is a domain")).to_vec();
        let config = Config { identities: vec![identity], domains, ..config };
        let simulator = Simulator::open(config).expect("a world in memory opens");
        let aws = aws(&simulator, account, Credentials::from_keys("test", "test", None));
        Self { simulator, aws, store: Memory::new("lineage"), outputs: BTreeMap::new() }
    }

    /// The same world with another state.
    #[allow(dead_code, reason = "most tests have one")]
    pub fn beside(other: Self) -> Self {
        Self { store: Memory::new("lineage beside"), ..other }
    }

    /// From here on with these credentials.
    #[allow(dead_code, reason = "one test is of what CI may do")]
    pub fn act_with(&mut self, account: &str, credentials: Credentials) {
        self.aws = aws(&self.simulator, account, credentials);
    }

    /// Applies what an environment refers to: who acts in its account, and where its copies go.
    #[allow(dead_code, reason = "not every test is of the platform")]
    pub async fn apply_what_is_before(&mut self, environment: &Environment) {
        let of = |name: &str, stack: fn(&mut Stack) -> fathuss_model::Result<()>| {
            graph_of(name, stack).expect("nothing is wrong with it")
        };
        match environment.stage {
            Stage::Staging => self.apply_before(&of("staging-account", staging_account)).await,
            Stage::Production => self.apply_before(&of("account", account)).await,
        }
        if environment.recovery.is_some() {
            self.apply_before(&of("production-dr", production_dr)).await;
        }
    }

    /// Applies a stack that others refer to, with a state of its own.
    #[allow(dead_code, reason = "not every test is of the platform")]
    pub async fn apply_before(&mut self, graph: &Graph) {
        let store = std::mem::replace(&mut self.store, Memory::new("lineage of another"));
        let applied = self.carry_out(graph, Goal::Apply).await;
        assert!(applied.failed.is_empty(), "{:?}", applied.failed);
        self.outputs.insert(graph.stack.clone(), self.snapshot().outputs);
        self.store = store;
    }

    /// What the state says.
    pub fn snapshot(&self) -> Snapshot {
        self.store.snapshot().expect("a state in memory can be read")
    }

    /// Reads and plans.
    pub async fn plan(&self, graph: &Graph, goal: Goal) -> Prepared {
        self.try_plan(graph, goal).await.expect("it plans")
    }

    /// Plans and does it.
    pub async fn carry_out(&mut self, graph: &Graph, goal: Goal) -> Applied {
        let prepared = self.plan(graph, goal).await;
        let mut store = std::mem::replace(&mut self.store, Memory::new("lineage"));
        let applied = self
            .around(async |around| {
                carry_out(&mut store, &prepared, around, &|| 0).await.expect("the state can be written")
            })
            .await;
        self.store = store;
        applied
    }

    /// Reads and plans, or says why it is refused.
    pub async fn try_plan(&self, graph: &Graph, goal: Goal) -> Result<Prepared, RunError> {
        let order = Order { graph: graph.clone(), goal, refresh: true, outputs: self.outputs.clone(), part: None };
        let snapshot = self.snapshot();
        self.around(async |around| prepare(order, snapshot, around).await).await
    }

    async fn around<T>(&self, run: impl AsyncFnOnce(&Surroundings<'_>) -> T) -> T {
        let provider = |kind: &str| -> Option<Rc<dyn Provider>> {
            if Local.schema(kind).is_some() {
                return Some(Rc::new(Local));
            }
            self.aws.schema(kind)?;
            Some(Rc::clone(&self.aws) as Rc<dyn Provider>)
        };
        let (_keep, pace) = watch::channel(Pace::Run);
        let around = Surroundings {
            looks_first: false,
            provider: &provider,
            clock: Rc::new(WorldClock(self.simulator.clone())),
            secrets: &|_| Ok(SecretText::new("a-secret-of-tests".to_owned())),
            pace,
            listener: &|_: &Told| {},
            parallelism: 512,
            salt: 1,
        };
        run(&around).await
    }
}

/// A provider that reaches a world.
fn aws(simulator: &Simulator, account: &str, credentials: Credentials) -> Rc<Aws> {
    let clock: Rc<dyn Clock> = Rc::new(WorldClock(simulator.clone()));
    let time = simulator.clone();
    let now = Arc::new(move || SystemTime::UNIX_EPOCH + time_of(&time));
    let config = fathuss_aws::Config::new(credentials, clock)
        .transport(Arc::new(InProcess(simulator.clone())), now)
        .account(account)
        .lineage("lineage");
    Rc::new(Aws::new(config))
}

#[derive(Clone)]
struct InProcess(Simulator);

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InProcess")
    }
}

impl Transport for InProcess {
    fn send(&self, request: http::Request<Bytes>) -> Reply {
        let simulator = self.0.clone();
        Box::pin(async move { simulator.handle(request).await.map_err(|f| TransportFault::Reset(f.to_string())) })
    }
}

struct WorldClock(Simulator);

fn time_of(simulator: &Simulator) -> Duration {
    Duration::from_millis(u64::try_from(simulator.now().as_millisecond()).unwrap_or_default())
}

#[async_trait(?Send)]
impl Clock for WorldClock {
    fn now(&self) -> Duration {
        time_of(&self.0)
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
