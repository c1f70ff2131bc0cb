//! One seed from its first apply to its destroy: processes that work, are struck, die and begin again.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use fathuss_aws::Aws;
use fathuss_engine::apply::{Applied, Pace, Surroundings};
use fathuss_engine::event::{Event, Told};
use fathuss_engine::import::{ImportError, Imported, Wish, import};
use fathuss_engine::plan::{Change, Goal, PlanError};
use fathuss_engine::provider::SecretText;
use fathuss_engine::run::{Order, OtherOutputs, Prepared, RunError, adopt_strays, carry_out, finish_earlier, prepare};
use fathuss_engine::{Clock, Local, Provider};
use fathuss_model::Address;
use fathuss_model::graph::Graph;
use fathuss_simulator::{Config, FaultKind, FaultRule, Identity, Simulator};
use fathuss_state::{Fault, Memory, Store};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::watch;

use super::blueprint::Blueprint;
use super::change::{Refused, next_version};
use super::declare::{self, ACCOUNT};
use super::hands;
use super::network::{Death, Network, Noise};
use super::reader;
use super::tally::Tally;

/// Attempts that a step has.
const ATTEMPTS: usize = 6;
/// Of them, those that may die.
const DEADLY: usize = 4;
/// No attempt takes longer, in virtual time.
const PATIENCE: Duration = Duration::from_secs(48 * 3600);

/// A promise that was not kept.
#[derive(Debug)]
pub struct Violation {
    pub seed: u64,
    pub step: &'static str,
    pub attempt: usize,
    pub what: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Violation { seed, step, attempt, what } = self;
        writeln!(f, "seed {seed}, {step}, attempt {attempt}:\n{what}")?;
        write!(f, "replay: FATHUSS_SEED={seed} cargo test -p fathuss-tests --test simulation")
    }
}

/// Runs a seed on a runtime of its own, whose clock stands still but for those who wait.
pub fn run(seed: u64, kinds: &[&'static str], tally: &mut Tally) -> Result<(), Violation> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without input and output needs nothing that could be missing");
    let line = Line::new(seed, runtime.block_on(async { world(seed) }));
    runtime.block_on(line.whole(kinds, tally))
}

/// An empty world with room for large stacks.
pub fn world(seed: u64) -> Simulator {
    let administrator =
        Identity { key: "test".to_owned(), secret: "test".to_owned(), account: ACCOUNT.to_owned(), arn: None };
    let raised = ["ec2.vpcs", "ec2.addresses", "ec2.internet-gateways", "ec2.routes", "ec2.rules-per-security-group"];
    let more = [
        "ec2.vcpus",
        "iam.policies_per_role",
        "eks.node_groups",
        "elasticache.nodes",
        "elasticache.parameter-groups",
        "elasticache.subnet-groups",
        "rds.instances",
        "rds.parameter-groups",
        "rds.subnet-groups",
    ];
    let quotas = raised.iter().chain(&more).map(|name| ((*name).to_owned(), 10_000)).collect();
    let config = Config { identities: vec![administrator], quotas, ..Config::new(seed) };
    Simulator::open(config).expect("a world in memory opens")
}

/// How one process fares.
#[derive(Debug, Default)]
struct Fate {
    noise: Noise,
    throttled: f64,
    unavailable: f64,
    /// At which write the state fails, and how.
    write: Option<(u64, Fault)>,
    /// At which call it dies.
    call: Option<Death>,
    /// When it is told to drain or stop.
    told: Option<(Duration, Pace)>,
}

impl Fate {
    fn draw(chance: &mut ChaCha8Rng, attempt: usize, size: u64) -> Self {
        let mut fate = Self {
            noise: Noise {
                reset: chance.random_range(0.0..0.04),
                lost: chance.random_range(0.0..0.04),
                slow: chance.random_range(0.0..0.02),
            },
            throttled: chance.random_range(0.0..0.04),
            unavailable: chance.random_range(0.0..0.03),
            ..Self::default()
        };
        if attempt >= DEADLY {
            return fate;
        }
        match chance.random_range(0..8) {
            0 => fate.write = Some((chance.random_range(1..size + 4), Fault::CrashBefore)),
            1 => fate.write = Some((chance.random_range(1..size + 4), Fault::CrashAfter)),
            2 => fate.write = Some((chance.random_range(1..size + 4), Fault::Refused)),
            3 | 4 => fate.call = Some(Death::Before(chance.random_range(0..size * 8 + 8) + 1)),
            5 => fate.told = Some((Duration::from_secs(chance.random_range(0..600)), Pace::Drain)),
            6 => fate.told = Some((Duration::from_secs(chance.random_range(0..600)), Pace::Stop)),
            _ => {}
        }
        fate
    }
}

/// Where a process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "the kill sweep takes it, in a test of its own")]
pub enum Point {
    /// At one of its calls.
    Call(Death),
    /// At one of its writes of the state, the first one being 1.
    Write(u64, Fault),
}

/// How far a process came.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "the kill sweep takes it, in a test of its own")]
pub struct Toll {
    /// To its end.
    pub whole: bool,
    /// How many calls it sent.
    pub calls: u64,
    /// How many writes of the state it asked for.
    pub writes: u64,
}

/// A stack's life.
pub struct Line {
    seed: u64,
    chance: ChaCha8Rng,
    /// The world.
    pub simulator: Simulator,
    /// The state.
    pub store: Memory,
    /// What other stacks have put out.
    pub outputs: OtherOutputs,
    /// What happened in the attempt under way.
    told: Rc<RefCell<Vec<String>>>,
    loud: bool,
}

enum Ended {
    Whole,
    Stuck,
    Short(String),
}

impl Line {
    /// Nothing is there yet.
    pub fn new(seed: u64, simulator: Simulator) -> Self {
        let loud = std::env::var_os("FATHUSS_LOUD").is_some();
        let lineage = format!("lineage-{seed}");
        let chance = ChaCha8Rng::seed_from_u64(seed);
        let (store, outputs) = (Memory::new(&lineage), OtherOutputs::new());
        Self { seed, chance, simulator, store, outputs, told: Rc::default(), loud }
    }

    async fn whole(mut self, kinds: &[&'static str], tally: &mut Tally) -> Result<(), Violation> {
        // Small stacks and large ones alike, more of the small.
        let most = [6, 8, 10, 12, 15, 20, 30, 50, 100, 200][self.chance.random_range(0..10)];
        let size = self.chance.random_range(5..=most);
        let first = Blueprint::draw(&mut self.chance, size, kinds);
        let second = next_version(&first, &mut self.chance, kinds);
        let graphs = [self.graph(&first, "first version")?, self.graph(&second.blueprint, "second version")?];
        self.step("first apply", &graphs[0], Goal::Apply, tally).await?;
        if let Some(refused) = &second.refused {
            self.refused(refused, tally).await?;
        }
        self.other_hands(tally).await?;
        self.step("second apply", &graphs[1], Goal::Apply, tally).await?;
        self.other_hands(tally).await?;
        self.step("destroy", &graphs[1], Goal::Destroy, tally).await?;
        tally.finished(&self.simulator, &graphs);
        Ok(())
    }

    fn graph(&self, blueprint: &Blueprint, step: &'static str) -> Result<Graph, Violation> {
        declare::graph(blueprint).map_err(|findings| {
            let what = findings.iter().map(|finding| format!("{finding:?}")).collect::<Vec<_>>().join("\n");
            Violation { seed: self.seed, step, attempt: 0, what: format!("the model refuses it: {what}") }
        })
    }

    /// A version that can't come about is refused by the plan, which names who holds what.
    async fn refused(&self, refused: &Refused, tally: &mut Tally) -> Result<(), Violation> {
        let step = "a version that can't come about";
        let wrong = |what: String| Violation { seed: self.seed, step, attempt: 0, what };
        let graph = self.graph(&refused.blueprint, step)?;
        match self.plan(&graph, Goal::Apply).await {
            Err(RunError::Plan(PlanError::Held { holder, held, .. })) => {
                let key = |address: &Address| address.key().and_then(|key| key.parse().ok()).unwrap_or_default();
                if !refused.held.contains(&(key(&holder), key(&held))) {
                    let (expected, found) = (&refused.held, format!("{holder} holds {held}"));
                    return Err(wrong(format!("the plan is refused since {found}; expected {expected:?}")));
                }
                tally.refused();
                Ok(())
            }
            Err(error) => Err(wrong(format!("the plan is refused for another reason: {error}"))),
            Ok(_) => Err(wrong(format!("it is planned, though AWS would refuse it: {:?}", refused.held))),
        }
    }

    /// Sometimes others change what is there.
    async fn other_hands(&mut self, tally: &mut Tally) -> Result<(), Violation> {
        if self.chance.random_bool(0.5) {
            return Ok(());
        }
        let step = "other hands";
        let wrong = |what: String| Violation { seed: self.seed, step, attempt: 0, what };
        let snapshot = self.store.snapshot().map_err(|error| wrong(error.to_string()))?;
        let aws = provider(&self.simulator, &self.calm(), &snapshot.lineage);
        let most = 1 + snapshot.resources.len() / 12;
        let deeds = hands::meddle(&aws, &snapshot, most, &mut self.chance).await;
        let deeds = deeds.map_err(wrong)?;
        for (address, what) in deeds {
            if self.loud {
                eprintln!("== {address} {what}");
            }
            tally.fault(what);
        }
        Ok(())
    }

    /// Repeats until it succeeds, and looks at what is there then.
    pub async fn step(
        &mut self,
        step: &'static str,
        graph: &Graph,
        goal: Goal,
        tally: &mut Tally,
    ) -> Result<(), Violation> {
        let mut last = String::new();
        for attempt in 0..ATTEMPTS {
            let size = u64::try_from(graph.nodes.len()).unwrap_or(u64::MAX);
            let fate = Fate::draw(&mut self.chance, attempt, size);
            if self.loud {
                eprintln!("== {step}, attempt {attempt}: {fate:?}");
            }
            self.told.borrow_mut().clear();
            let ended = tokio::time::timeout(PATIENCE, self.attempt(graph, goal, &fate, tally)).await;
            let ended = ended.unwrap_or(Ended::Stuck);
            match ended {
                Ended::Stuck => {
                    let what = self.tale("nothing moves any more");
                    return Err(Violation { seed: self.seed, step, attempt, what });
                }
                Ended::Whole => {
                    let what = self.look(graph, goal, tally).await;
                    let seed = self.seed;
                    return match what {
                        Ok(()) => Ok(()),
                        Err(what) => Err(Violation { seed, step, attempt, what: self.tale(&what) }),
                    };
                }
                Ended::Short(why) => {
                    if self.loud {
                        eprintln!("   ended early: {why}");
                    }
                    last = why;
                }
            }
        }
        let what = self.tale(&format!("it does not succeed in {ATTEMPTS} attempts; the last ended: {last}"));
        Err(Violation { seed: self.seed, step, attempt: ATTEMPTS, what })
    }

    /// What was seen of the last attempt, its end, below what is wrong.
    fn tale(&self, what: &str) -> String {
        let told = self.told.borrow();
        let from = told.len().saturating_sub(12);
        format!("{what}\n  the attempt's last events:\n    {}", told[from..].join("\n    "))
    }

    /// One process from its start to its end, or its death.
    async fn attempt(&mut self, graph: &Graph, goal: Goal, fate: &Fate, tally: &mut Tally) -> Ended {
        self.store.restart();
        if let Some((at, fault)) = fate.write {
            self.store.fail_at(at, fault);
        }
        self.simulator.set_faults(rules(fate));
        let network =
            Network::new(self.simulator.clone(), self.chance.random(), fate.noise, self.store.crashed(), fate.call);
        let (pace, heard) = watch::channel(Pace::Run);
        let told = fate.told;
        let salt = self.chance.random();
        let signals = tokio::spawn(async move {
            if let Some((after, what)) = told {
                tokio::time::sleep(after).await;
                pace.send_replace(what);
            }
            std::future::pending::<()>().await;
        });
        let ended = tokio::select! {
            biased;
            ended = self.work(graph, goal, &network, heard, salt, tally) => match ended {
                Ok(applied) => verdict(&applied),
                Err(error) => Ended::Short(error.to_string()),
            },
            () = network.death() => Ended::Short("the process died".to_owned()),
        };
        signals.abort();
        self.simulator.set_faults(Vec::new());
        tally.attempt(&network, fate.write.filter(|_| matches!(ended, Ended::Short(_))).map(|(_, fault)| fault));
        if matches!(fate.call, Some(Death::Before(at)) if network.sent() >= at) {
            tally.fault("death between two calls");
        }
        if let (Some((_, pace)), Ended::Short(_)) = (fate.told, &ended) {
            tally.fault(if pace == Pace::Drain { "told to drain" } else { "told to stop" });
        }
        ended
    }

    async fn work(
        &mut self,
        graph: &Graph,
        goal: Goal,
        network: &Network,
        pace: watch::Receiver<Pace>,
        salt: u64,
        tally: &mut Tally,
    ) -> Result<Applied, RunError> {
        let lineage = format!("lineage-{}", self.seed);
        let aws = provider(&self.simulator, network, &lineage);
        let made = RefCell::new(Vec::new());
        let (log, loud) = (Rc::clone(&self.told), self.loud);
        let listener = move |told: &Told| {
            let line = format!("{} {}", told.at_ms, serde_json::to_string(&told.event).unwrap_or_default());
            if loud {
                eprintln!("{line}");
            }
            log.borrow_mut().push(line);
        };
        let count = |told: &Told| {
            listener(told);
            if let Event::Done { address, change: Change::Create | Change::Replace | Change::Read, .. }
            | Event::Deferred { address, change: Change::Create, .. } = &told.event
            {
                made.borrow_mut().push(address.kind().to_owned());
            }
        };
        let find = |kind: &str| by_kind(&aws, kind);
        let around = surroundings(&find, &self.simulator, &count, pace, salt);
        let recovered = finish_earlier(&mut self.store, graph, goal, None, &around).await?;
        tally.recovered(recovered.len());
        let mut prepared = prepare(self.order(graph, goal), self.store.snapshot()?, &around).await?;
        if goal == Goal::Apply {
            let adopted = adopt_strays(&mut self.store, &prepared, &around).await?;
            tally.adopted(adopted.len());
            if !adopted.is_empty() {
                prepared = prepare(self.order(graph, goal), self.store.snapshot()?, &around).await?;
            }
        }
        let applied = carry_out(&mut self.store, &prepared, &around, &|| 0).await;
        tally.made(&made.borrow());
        applied
    }

    /// One process without other faults, which dies there.
    #[allow(dead_code, reason = "the kill sweep takes it, in a test of its own")]
    pub async fn killed(&mut self, graph: &Graph, goal: Goal, at: Point) -> Toll {
        let fate = match at {
            Point::Call(death) => Fate { call: Some(death), ..Fate::default() },
            Point::Write(number, fault) => Fate { write: Some((number, fault)), ..Fate::default() },
        };
        let (mut tally, writes) = (Tally::default(), self.store.writes());
        let ended = tokio::time::timeout(PATIENCE, self.attempt(graph, goal, &fate, &mut tally)).await;
        let whole = matches!(ended, Ok(Ended::Whole));
        Toll { whole, calls: tally.calls, writes: self.store.writes() - writes }
    }

    fn order(&self, graph: &Graph, goal: Goal) -> Order {
        Order { graph: graph.clone(), goal, refresh: true, outputs: self.outputs.clone(), part: None }
    }

    /// Looks at world and state from outside, and plans once more.
    async fn look(&mut self, graph: &Graph, goal: Goal, tally: &mut Tally) -> Result<(), String> {
        // What is written is seen everywhere by then.
        tokio::time::sleep(Duration::from_secs(60)).await;
        self.store.restart();
        let snapshot = self.store.snapshot().map_err(|error| error.to_string())?;
        let expected = match goal {
            Goal::Apply => Some(graph),
            Goal::Destroy => None,
        };
        let wrong = reader::compare(&self.simulator, &snapshot, expected)?;
        if !wrong.is_empty() {
            return Err(wrong.join("\n"));
        }
        tally.looked();
        let prepared = self.plan(graph, goal).await.map_err(|error| error.to_string())?;
        if prepared.plan.has_changes() {
            let actions: Vec<String> = prepared
                .plan
                .actions
                .iter()
                .map(|action| format!("{:?} {}: {:?}", action.change, action.address, action.fields))
                .collect();
            return Err(format!("a second plan has changes:\n{}", actions.join("\n")));
        }
        if !prepared.plan.strays.is_empty() {
            return Err(format!("the engine itself finds strays: {:?}", prepared.plan.strays));
        }
        Ok(())
    }

    /// A network on which nothing goes wrong.
    pub fn calm(&self) -> Network {
        Network::new(self.simulator.clone(), 0, Noise::default(), Arc::default(), None)
    }

    /// One process without faults, from its start to its end.
    #[allow(dead_code, reason = "the life of each type takes it, in a test of its own")]
    pub async fn calmly(&mut self, graph: &Graph, goal: Goal) -> Result<(), String> {
        self.store.restart();
        let network = self.calm();
        let (_keep, pace) = watch::channel(Pace::Run);
        let mut tally = Tally::default();
        let ended = tokio::time::timeout(PATIENCE, self.work(graph, goal, &network, pace, 0, &mut tally)).await;
        // What is written is seen everywhere by then.
        tokio::time::sleep(Duration::from_secs(60)).await;
        match ended.map(|ended| ended.map(|applied| verdict(&applied))) {
            Ok(Ok(Ended::Whole)) => Ok(()),
            Ok(Ok(Ended::Short(why))) => Err(why),
            Ok(Err(error)) => Err(error.to_string()),
            Ok(Ok(Ended::Stuck)) | Err(_) => Err("nothing moves any more".to_owned()),
        }
    }

    /// Takes over what is there.
    #[allow(dead_code, reason = "the life of each type takes it, in a test of its own")]
    pub async fn import(
        &self,
        store: &mut dyn Store,
        graph: &Graph,
        address: &Address,
        identity: &str,
    ) -> Result<Imported, ImportError> {
        let aws = provider(&self.simulator, &self.calm(), &store.snapshot()?.lineage);
        let find = |kind: &str| by_kind(&aws, kind);
        let listener = |_: &Told| {};
        let (_keep, pace) = watch::channel(Pace::Run);
        let around = surroundings(&find, &self.simulator, &listener, pace, 0);
        let (address, outputs) = (address.local(), BTreeMap::new());
        let wish = Wish { graph, address: &address, identity, outputs: &outputs };
        import(store, wish, &around, &|| 0).await
    }

    /// Plans without faults.
    pub async fn plan(&self, graph: &Graph, goal: Goal) -> Result<Prepared, RunError> {
        let snapshot = self.store.snapshot()?;
        let aws = provider(&self.simulator, &self.calm(), &snapshot.lineage);
        let find = |kind: &str| by_kind(&aws, kind);
        let listener = |_: &Told| {};
        let (_keep, pace) = watch::channel(Pace::Run);
        let around = surroundings(&find, &self.simulator, &listener, pace, 0);
        prepare(self.order(graph, goal), snapshot, &around).await
    }
}

fn verdict(applied: &Applied) -> Ended {
    if let Some(error) = &applied.journal_error {
        return Ended::Short(error.to_string());
    }
    if let Some((address, failure)) = applied.failed.first() {
        return Ended::Short(format!("{} failed, first {address}: {failure}", applied.failed.len()));
    }
    if !applied.skipped.is_empty() || !applied.interrupted.is_empty() {
        return Ended::Short(format!("{} skipped, {} cut off", applied.skipped.len(), applied.interrupted.len()));
    }
    Ended::Whole
}

fn rules(fate: &Fate) -> Vec<FaultRule> {
    let rule = |probability: f64, fault| FaultRule { probability, ..FaultRule::always(fault) };
    vec![
        rule(fate.throttled, FaultKind::Throttle),
        rule(fate.unavailable / 2.0, FaultKind::Unavailable { status: 500 }),
        rule(fate.unavailable / 2.0, FaultKind::Unavailable { status: 503 }),
    ]
}

/// The provider of a new process.
pub fn provider(simulator: &Simulator, network: &Network, lineage: &str) -> Rc<Aws> {
    let clock: Rc<dyn Clock> = Rc::new(WorldClock(simulator.clone()));
    let credentials = Credentials::from_keys("test", "test", None);
    let time = simulator.clone();
    let now = Arc::new(move || SystemTime::UNIX_EPOCH + time_of(&time));
    let config = fathuss_aws::Config::new(credentials, clock)
        .transport(Arc::new(network.clone()), now)
        .account(ACCOUNT)
        .lineage(lineage);
    Rc::new(Aws::new(config))
}

/// The provider of a type.
pub fn by_kind(aws: &Rc<Aws>, kind: &str) -> Option<Rc<dyn Provider>> {
    if Local.schema(kind).is_some() {
        return Some(Rc::new(Local));
    }
    aws.schema(kind)?;
    Some(Rc::clone(aws) as Rc<dyn Provider>)
}

/// What a run needs.
pub fn surroundings<'a>(
    find: &'a dyn Fn(&str) -> Option<Rc<dyn Provider>>,
    simulator: &Simulator,
    listener: &'a dyn Fn(&Told),
    pace: watch::Receiver<Pace>,
    salt: u64,
) -> Surroundings<'a> {
    Surroundings {
        looks_first: false,
        provider: find,
        clock: Rc::new(WorldClock(simulator.clone())),
        secrets: &|_| Ok(SecretText::new("a-secret-of-tests".to_owned())),
        pace,
        listener,
        parallelism: 512,
        salt,
    }
}

fn time_of(simulator: &Simulator) -> Duration {
    Duration::from_millis(u64::try_from(simulator.now().as_millisecond()).unwrap_or_default())
}

/// The world's clock.
struct WorldClock(Simulator);

#[async_trait(?Send)]
impl Clock for WorldClock {
    fn now(&self) -> Duration {
        time_of(&self.0)
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
