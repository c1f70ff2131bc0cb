//! A strict AWS over the real wire protocols: the embedded sandbox, and the
//! ground under every test.
//!
//! [`Simulator::handle`] takes an HTTP request as an SDK sends it (signed, in the
//! service's own protocol) and gives the answer AWS would give: the same codes,
//! messages, dependency refusals, client tokens, transitional states, paging and
//! limits. What AWS has and the simulator has not built answers HTTP 501 with the
//! code `NotSimulated`, and never passes for a refusal of AWS's.
//!
//! # A request's way
//! `front` asks `caller` whose signature it is, applies fault rules and token buckets, decodes the
//! request by the API model ([`protocol`], tables in `models/`, made by
//! `xtask/models.py`), applies the transitions that are due, and calls the
//! operation's [`Handler`](service::Handler) with a transaction ([`Tx`]) and the
//! request's members ([`Input`]). On success the changed rows are written as one
//! line of `world.jsonl` before the answer; on refusal nothing changes.
//!
//! # Adding a service
//! 1. Add its operations to `SERVED` in `xtask/models.py` and run it.
//! 2. Add a file `name.rs` with `pub static SERVICE: Service = Service { .. }` and a folder
//!    `name/` with one file per resource; add `&name::SERVICE` to [`SERVICES`] and the module here.
//!    Start from [`service::QUERY_MANNERS`] or [`service::REST_MANNERS`]
//!    (`manners: Manners { tokens: Some(..), ..QUERY_MANNERS }`).
//! 3. **Table**: a struct with serde's derives and [`Row`] (`TABLE`, `REACH`, `id`), added in the
//!    service's `tables` function. IAM's rows have `Reach::Account`. Every service's rows lie in one
//!    world: EKS reads `tx.get::<ec2::subnet::Subnet>(id)` and makes network interfaces with
//!    `ec2::network_interface::make`.
//! 4. **Operation**: `fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal>`, listed in
//!    the file's `OPERATIONS: &[(&str, Handler)]`. Read members by the model's names
//!    (`input.text("VpcId")`); required members, kinds, enums and limits are checked before. A member that
//!    was given and never read is answered "not simulated", so read only what you act on. Answer with
//!    [`record!`]; a member the output shape lacks, or an enum value it does not have, answers HTTP 500
//!    `SimulatorDefect`, so that tests show it.
//! 5. **Error**: `Refusal::new("InvalidVpcID.NotFound", message)`; the HTTP status is the model's for
//!    that code, else 400, unless `.status(..)` is given; `.member(..)` adds members to a JSON error. A code
//!    that the service does not declare (EC2 declares none), or another status than the declared, answers
//!    HTTP 500 `SimulatorDefect` too.
//! 6. **Rule**: a line in the file's `RULES: &[Rule]`, and
//!    `tx.enforce("ec2.vpc.delete.dependency", holds, || refusal)?`. Each rule can be switched off by id.
//! 7. **Transition**: put the row in its transitional state and call
//!    `tx.transition("ec2.nat_gateway.create", "ec2.nat_gateway.available", &id)`: the first is a
//!    [`Span`](service::Span) in the file's `SPANS`, the second a line in its `TRANSITIONS`, a function that
//!    changes the row when the time has come (it runs with `tx.now()` at the due moment, and may start the
//!    next). `tx.cancel("ec2.nat_gateway", &id)` takes back what is to
//!    happen.
//! 8. **Client token**: name the members in `Manners::tokens`; the core answers repeated requests.
//! 9. **Tags**: EC2's are rows of their own (`ec2::tags`); other services keep them in their rows.
//! 10. **Paging**: [`pagination::page`].
//!
//! Ids, durations and random choices come from `tx` alone, so that a seed repeats a run.

#[cfg(test)]
extern crate self as fathuss_simulator;

pub mod acm;
mod addressee;
pub mod admin;
pub mod autoscaling;
pub mod backup;
pub mod budgets;
mod caller;
#[cfg(test)]
mod client;
mod client_token;
pub mod clock;
pub mod cloudfront;
pub mod cloudwatch;
pub mod costexplorer;
pub mod datastore;
pub mod ec2;
pub mod eks;
pub mod elasticache;
pub mod elasticloadbalancing;
pub mod faults;
mod front;
pub mod iam;
pub mod identity;
mod in_process;
pub mod input;
pub mod inventory;
mod inventory_page;
pub mod kms;
pub mod logs;
pub mod model;
pub mod pagination;
pub mod protocol;
pub mod quota;
pub mod rds;
pub mod refusal;
pub mod route53;
pub mod rules;
pub mod s3;
pub mod secretsmanager;
mod serve;
pub mod service;
pub mod signature;
pub mod sns;
pub mod ssm;
mod strict_json;
pub mod sts;
pub mod throttle;
mod unserved_service;
mod upkeep;
pub mod value;
pub mod world;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

pub use clock::{Clock, SystemClock, Time};
pub use eks::kubernetes::{ApiServer, ClusterId, Endpoints, LiveCluster, Node, POLICY_GROUP, Person};
pub use faults::{FaultKind, FaultRule, Lag};
pub use front::{Call, Fault};
pub use identity::Identity;
pub use in_process::Asker;
pub use input::Input;
pub use refusal::Refusal;
pub use route53::domain::Domain;
pub use rules::Rule;
use service::Service;
pub use value::Value;
pub use world::{Drawn, Holder, Row, Tx, WorldError};

use clock::WorldClock;
use faults::Faults;
use front::{Arrived, Core};
use rules::Switches;
use throttle::Buckets;
use world::{Chance, Journal, State, Tables};

/// The services that are simulated.
pub static SERVICES: &[&Service] = &[
    &ec2::SERVICE,
    &eks::SERVICE,
    &iam::SERVICE,
    &sts::SERVICE,
    &rds::SERVICE,
    &elasticache::SERVICE,
    &kms::SERVICE,
    &logs::SERVICE,
    &secretsmanager::SERVICE,
    &s3::SERVICE,
    &sns::SERVICE,
    &cloudwatch::SERVICE,
    &route53::SERVICE,
    &backup::SERVICE,
    &budgets::SERVICE,
    &costexplorer::SERVICE,
    &acm::SERVICE,
    &cloudfront::SERVICE,
    &ssm::SERVICE,
    &autoscaling::SERVICE,
    &elasticloadbalancing::SERVICE,
    &elasticloadbalancing::classic::SERVICE,
];

/// How a simulator is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of a world that outlives the process; none for a world in memory.
    pub world: Option<PathBuf>,
    /// Where all chance comes from. A world that exists already keeps its own.
    pub seed: u64,
    /// What moves the world's time.
    pub time: Time,
    /// The time at which a new world begins. A world that exists goes on from when it was left.
    pub start: Timestamp,
    /// Whether everything that takes time takes none.
    pub instant: bool,
    /// Who says to other processes that it has the world open.
    pub holder: Holder,
    /// Who may call. The first one's account is the default.
    pub identities: Vec<Identity>,
    /// The secret with which an access key of twelve digits is the administrator of the account of that
    /// number; without one there are no such keys.
    pub account_secret: Option<String>,
    /// Whether callers may do only what their IAM policies allow. The identities above are administrators.
    pub enforce_iam: bool,
    /// Rules that are off, by id.
    pub rules_off: BTreeSet<String>,
    /// Faults on order.
    pub faults: Vec<FaultRule>,
    /// Which new rows reads may miss for a moment.
    pub lags: Vec<Lag>,
    /// Whether token buckets are enforced.
    pub throttling: bool,
    /// What the buckets' sizes and rates are multiplied by: 1 for AWS's own.
    pub rate: f64,
    /// Quotas that differ from AWS's defaults, by the names of [`quota::QUOTAS`].
    pub quotas: BTreeMap<String, i64>,
    /// Domains that people had registered before anyone asks; longer ones may lie in shorter ones.
    pub domains: Vec<Domain>,
    /// Where the API servers of clusters are, where real ones run; without it nothing answers at their endpoints.
    pub endpoints: Option<Arc<dyn Endpoints>>,
}

/// When a new world begins, in seconds since 1970: on Monday, the 9th of February 2026, at 9:00 UTC. All that its tables
/// offer had been released by then.
pub const START: i64 = 1_770_627_600;

impl Config {
    /// A world in memory on tokio's clock, with AWS's limits and modest lags; the access key `test` with
    /// the secret `test` is the administrator of account 000000000000.
    #[must_use]
    pub fn new(seed: u64) -> Config {
        let start = Timestamp::from_second(START).unwrap_or(Timestamp::UNIX_EPOCH);
        Config {
            world: None,
            seed,
            time: Time::Tokio,
            start,
            instant: false,
            holder: Holder { pid: std::process::id(), command: String::new(), since: start, address: None },
            identities: vec![Identity {
                key: "test".to_owned(),
                secret: "test".to_owned(),
                account: "000000000000".to_owned(),
                arn: None,
            }],
            account_secret: None,
            enforce_iam: false,
            rules_off: BTreeSet::new(),
            faults: Vec::new(),
            lags: vec![
                Lag { table: "ec2.*".to_owned(), max_seconds: 2.0 },
                Lag { table: "iam.*".to_owned(), max_seconds: 15.0 },
            ],
            throttling: true,
            rate: 1.0,
            quotas: BTreeMap::new(),
            domains: Vec::new(),
            endpoints: None,
        }
    }

    /// The same without lags and token buckets: reads see every write at once.
    #[must_use]
    pub fn calm(seed: u64) -> Config {
        Config { lags: Vec::new(), throttling: false, ..Config::new(seed) }
    }
}

/// A running simulator. Clones share one world.
#[derive(Clone)]
pub struct Simulator {
    core: Arc<Mutex<Core>>,
}

impl Simulator {
    /// Opens a world, or makes one.
    ///
    /// # Errors
    /// When another process has the world open, or its file cannot be read or written.
    pub fn open(config: Config) -> Result<Simulator, WorldError> {
        let mut tables = Tables::default();
        front::tables(&mut tables);
        SERVICES.iter().for_each(|service| (service.tables)(&mut tables));
        let rules =
            rules::RULES.iter().chain(SERVICES.iter().flat_map(|service| service.rules.iter().copied().flatten()));
        if let Some(unknown) = config.quotas.keys().find(|name| quota::named(name).is_none()) {
            return Err(WorldError::UnknownQuota(unknown.clone()));
        }
        let switches = Switches::new(rules.copied().collect(), config.rules_off).map_err(WorldError::UnknownRule)?;
        let mut state = State {
            tables,
            chance: Chance::new(config.seed, 0),
            sequence: 0,
            reopened: 0,
            switches,
            spans: SERVICES.iter().flat_map(|service| service.spans.iter().copied().flatten()).copied().collect(),
            quotas: config.quotas,
            lags: config.lags,
            instant: config.instant,
            endpoints: config.endpoints,
        };
        let mut start = config.start;
        let journal = match &config.world {
            None => None,
            Some(folder) => {
                let (journal, lines) = Journal::open(folder, &config.holder)?;
                // Reads leave no line. What they may have shown stays shown: more time goes by between two processes.
                let shown = lines.iter().flat_map(|line| &line.rows).filter_map(|change| change.visible).max();
                start = lines.last().map_or(start, |line| shown.map_or(line.at, |shown| line.at.max(shown)));
                state.load(&folder.join("world.jsonl"), lines)?;
                Some(journal)
            }
        };
        let seed = state.chance.seed;
        let request_ids = upkeep::request_ids(&state);
        let mut core = Core {
            services: SERVICES,
            state,
            clock: WorldClock::start(&config.time, start),
            journal,
            faults: Faults::new(config.faults, ChaCha8Rng::seed_from_u64(seed ^ 0xfa17)),
            buckets: Buckets::default(),
            throttling: config.throttling,
            rate: config.rate,
            holder: config.holder,
            enforce_iam: config.enforce_iam,
            identities: config.identities,
            account_secret: config.account_secret,
            domains: config.domains,
            request_ids,
            calls: BTreeMap::new(),
            log: VecDeque::new(),
        };
        core.compact()?;
        core.register_domains()?;
        Ok(Simulator { core: Arc::new(Mutex::new(core)) })
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        // A handler that panicked has not committed; the next request finds the world as it left it.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Handles a request of a client in this process, its signature's time checked against the world's.
    /// Paths under `/_fathuss/` are the simulator's own ([`admin`]).
    ///
    /// # Errors
    /// When a fault rule takes the connection away.
    pub async fn handle(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Fault> {
        self.answer(request, None).await
    }

    async fn answer(&self, request: Request<Bytes>, wall: Option<Timestamp>) -> Result<Response<Bytes>, Fault> {
        if let Some(path) = request.uri().path().strip_prefix("/_fathuss") {
            let path = path.strip_prefix('/').unwrap_or(path);
            return Ok(admin::answer(self, path, &request, wall));
        }
        let arrived = Arrived::of(&request);
        let outcome = self.lock().handle(arrived, wall);
        if outcome.delay > 0.0 {
            // A slow clock can make of a day's delay what no duration holds.
            let held_back = std::time::Duration::try_from_secs_f64(outcome.delay).unwrap_or(std::time::Duration::MAX);
            tokio::time::sleep(held_back).await;
        }
        outcome.answer
    }

    /// Who has the world open.
    #[must_use]
    pub fn holder(&self) -> Holder {
        self.lock().holder.clone()
    }

    fn stamp(&self, answer: &mut Response<Bytes>) {
        let mut core = self.lock();
        let now = core.clock.now();
        core.stamp(now, answer);
    }

    /// The world's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.lock().clock.now()
    }

    /// The world's seconds in one of the wall's.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.lock().clock.speed()
    }

    /// The world's seconds in one of the wall's, whenever its time is not held.
    #[must_use]
    pub fn usual_speed(&self) -> f64 {
        self.lock().clock.usual_speed()
    }

    /// Lets the world's time go on at this speed, or for so long of the wall's time; false where its clock has none.
    #[must_use]
    pub fn set_speed(&self, speed: f64, lasting: Option<SignedDuration>) -> bool {
        self.lock().clock.set_speed(speed, lasting)
    }

    /// Notes the world's time beside it, as its last process ends: without that, it goes on from its last change.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_time(&self) -> Result<(), WorldError> {
        self.lock().note_time()
    }

    /// Moves the world's time forward.
    ///
    /// # Errors
    /// When what becomes due cannot be written.
    pub fn advance(&self, by: SignedDuration) -> Result<Timestamp, WorldError> {
        let mut core = self.lock();
        core.clock.advance(by);
        let now = core.clock.now();
        core.settle(now)?;
        Ok(now)
    }

    /// The last 10,000 durations that were drawn, oldest first.
    #[must_use]
    pub fn durations(&self) -> Vec<Drawn> {
        let core = self.lock();
        let table = core.state.tables.of::<Drawn>();
        table
            .into_iter()
            .flat_map(|table| table.rows.values().flat_map(BTreeMap::values))
            .map(|slot| slot.row.clone())
            .collect()
    }

    /// Every rule, and whether it is on.
    #[must_use]
    pub fn rules(&self) -> Vec<(Rule, bool)> {
        let core = self.lock();
        let switches = &core.state.switches;
        switches.known().iter().map(|rule| (*rule, !switches.is_off(rule.id))).collect()
    }

    /// Switches a rule on or off; false if there is none of that id.
    #[must_use]
    pub fn switch(&self, rule: &str, on: bool) -> bool {
        self.lock().state.switches.switch(rule, on)
    }

    /// The fault rules in force.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultRule> {
        self.lock().faults.rules()
    }

    /// Replaces the fault rules.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        self.lock().faults.set(rules);
    }

    /// The quotas that differ from AWS's defaults.
    #[must_use]
    pub fn quotas(&self) -> BTreeMap<String, i64> {
        self.lock().state.quotas.clone()
    }

    /// Sets a quota, or gives it AWS's default again; false if there is none of that name.
    #[must_use]
    pub fn set_quota(&self, name: &str, limit: Option<i64>) -> bool {
        if quota::named(name).is_none() {
            return false;
        }
        let quotas = &mut self.lock().state.quotas;
        match limit {
            Some(limit) => quotas.insert(name.to_owned(), limit),
            None => quotas.remove(name),
        };
        true
    }

    /// What the token buckets' sizes and rates are multiplied by.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.lock().rate
    }

    /// Multiplies the token buckets' sizes and rates from now on.
    pub fn set_rate(&self, factor: f64) {
        self.lock().rate = factor;
    }

    /// How often each operation was called, by `service.Operation`.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.lock().calls.clone()
    }

    /// The last calls, oldest first.
    #[must_use]
    pub fn log(&self) -> Vec<Call> {
        self.lock().log.iter().cloned().collect()
    }

    /// The names of all tables.
    #[must_use]
    pub fn tables(&self) -> Vec<&'static str> {
        self.lock().state.tables.names().collect()
    }

    /// A table's rows as they are now, over all accounts and regions, for readers that stand outside.
    ///
    /// # Errors
    /// When what is due cannot be written, or a row cannot be shown as JSON.
    pub fn rows(&self, table: &str) -> Result<Vec<WorldRow>, WorldError> {
        let mut core = self.lock();
        let now = core.clock.now();
        core.settle(now)?;
        let Some(found) = core.state.tables.named(table) else {
            return Ok(Vec::new());
        };
        let all = found.all(table)?;
        Ok(all
            .into_iter()
            .map(|change| WorldRow {
                account: change.account,
                region: change.region,
                id: change.id,
                row: change.row.unwrap_or_default(),
            })
            .collect())
    }

    /// The whole world as text, which [`Simulator::restore`] reads: in this process or in another, now or later.
    ///
    /// # Errors
    /// When what is due cannot be written, or a row cannot be shown as JSON.
    pub fn snapshot(&self) -> Result<String, WorldError> {
        let mut core = self.lock();
        let now = core.clock.now();
        core.settle(now)?;
        Ok(world::whole(core.whole()?)?)
    }

    /// Takes the place of the world with a snapshot's. Time goes on from the snapshot's, but for a clock of the
    /// caller's own. `name` is what errors call the snapshot.
    ///
    /// # Errors
    /// When the text is no snapshot, and then the world stays as it is; or when the world's file cannot be written.
    pub fn restore(&self, name: &Path, text: &str) -> Result<(), WorldError> {
        let lines = world::parse(name, text)?;
        self.lock().restore(name, lines)
    }

    /// Empties the world. Time goes on; chance begins again.
    ///
    /// # Errors
    /// When the world's file cannot be written.
    pub fn reset(&self) -> Result<(), WorldError> {
        self.lock().reset()
    }
}

/// A row as seen from outside.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct WorldRow {
    /// The account it belongs to; empty for the simulator's own.
    pub account: String,
    /// The region it lies in; empty where it reaches further.
    pub region: String,
    /// Its id.
    pub id: String,
    /// The row.
    pub row: serde_json::Value,
}
