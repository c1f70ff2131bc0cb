//! A cloud in memory with its faults on order, for tests of the engine alone.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use fathuss_engine::apply::{Applied, Pace, Surroundings};
use fathuss_engine::diff::{Cause, FieldChange, Shown};
use fathuss_engine::event::Told;
use fathuss_engine::part::part_of;
use fathuss_engine::plan::{Goal, Plan};
use fathuss_engine::proposal::{Along, Objection, Outlook, Proposed};
use fathuss_engine::provider::{
    Attributes, CallCounts, Carried, Failure, FailureClass, Found, LookupRequest, MakeRequest, Observation, Progress,
    ReadAnswer, ReadRequest, SecretText, Standing, UpdateRequest,
};
use fathuss_engine::run::{Order, Prepared, RunError, carry_out, finish_earlier, prepare};
use fathuss_engine::{Clock, Local, Provider};
use fathuss_model::graph::Graph;
use fathuss_model::schema::Schema;
use fathuss_model::{Address, Datum, Result, Stack, graph_of};
use fathuss_state::{Identity, Memory, Store};
use tokio::sync::watch;

/// What a call does besides its work.
#[derive(Clone, Debug)]
pub enum Twist {
    /// Fails before its effect.
    Fail(FailureClass, &'static str),
    /// Takes effect, and the answer is lost.
    AnswerLost,
    /// Is under way for so many seconds before it takes effect, and is not answered.
    Late(u64),
}

/// Why the toy defers what it defers.
pub const DEFERRED: &str = "the toy does not know it yet";

/// Things by identity, with how they were made and when they are usable.
#[derive(Default)]
pub struct Toy {
    pub things: RefCell<BTreeMap<String, Thing>>,
    pub twists: RefCell<HashMap<(String, &'static str), VecDeque<Twist>>>,
    /// Seconds from creation to usable, by type.
    pub takes: RefCell<HashMap<String, u64>>,
    /// What can't be deleted while another thing is there.
    pub in_the_way: RefCell<HashMap<String, String>>,
    /// What is known against a type, wherever it is made or changed.
    pub objecting: RefCell<Option<(&'static str, &'static str)>>,
    /// A type, and a field of it: what a plan would change is deferred while that is false.
    pub deferring: RefCell<Option<(&'static str, &'static str)>>,
    /// Whether everything can be read at once, and changed before it is usable.
    pub pliable: Cell<bool>,
    /// A type of which nothing answers.
    pub dark: RefCell<Option<&'static str>>,
    pub log: RefCell<Vec<String>>,
    next: Cell<u32>,
    clock: RefCell<Option<Rc<dyn Clock>>>,
}

#[derive(Clone, Debug)]
pub struct Thing {
    pub address: String,
    pub attributes: Attributes,
    pub made_at: Duration,
}

impl Toy {
    pub fn twist(&self, local: &str, call: &'static str, twist: Twist) {
        self.twists.borrow_mut().entry((local.to_owned(), call)).or_default().push_back(twist);
    }

    pub fn addresses(&self) -> Vec<String> {
        let mut all: Vec<_> = self.things.borrow().values().map(|thing| thing.address.clone()).collect();
        all.sort();
        all
    }

    fn twisted(&self, local: &str, call: &'static str) -> Option<Twist> {
        self.log.borrow_mut().push(format!("{call} {local}"));
        self.twists.borrow_mut().get_mut(&(local.to_owned(), call)).and_then(VecDeque::pop_front)
    }

    fn is_dark(&self, address: &Address) -> bool {
        *self.dark.borrow() == Some(address.kind())
    }

    fn now(&self) -> Duration {
        self.clock.borrow().as_ref().map(|clock| clock.now()).unwrap_or_default()
    }
}

/// What a read tells of a thing: its instructions were for the calls that gave them.
fn told(thing: &Thing) -> Attributes {
    let kind = thing.address.split('.').nth(1).unwrap_or_default();
    let schema = fathuss_model::schema_of(kind);
    let mut attributes = thing.attributes.clone();
    for field in schema.into_iter().flat_map(|schema| schema.fields).filter(|field| field.instruction) {
        attributes.remove(field.name);
    }
    attributes
}

pub fn failure(class: FailureClass, code: &str) -> Failure {
    Failure {
        class,
        service: "Toy".to_owned(),
        operation: "Call".to_owned(),
        code: code.to_owned(),
        message: "as ordered".to_owned(),
        request_id: None,
        hint: None,
    }
}

#[async_trait(?Send)]
impl Provider for Toy {
    fn schema(&self, kind: &str) -> Option<&'static Schema> {
        fathuss_model::schemas().find(|schema| schema.kind == kind && schema.provider == "aws")
    }

    fn may_change_unsettled(&self, _: &str) -> bool {
        self.pliable.get()
    }

    fn in_doubt(&self, _: &str) -> Duration {
        Duration::from_secs(if self.pliable.get() { 0 } else { 100 })
    }

    async fn read(&self, requests: &[ReadRequest]) -> ReadAnswer {
        let things = self.things.borrow();
        let observe = |request: &ReadRequest| {
            if self.is_dark(&request.address) {
                return Err(failure(FailureClass::NotYet, "NoAnswer"));
            }
            Ok(match things.get(&request.identity.0) {
                Some(thing) => Observation::Present(told(thing)),
                None => Observation::Absent,
            })
        };
        let carried = |request: &ReadRequest| {
            let address = things.get(&request.identity.0)?.address.clone();
            Some((request.address.clone(), Carried { lineage: "line".to_owned(), address }))
        };
        let marks = requests.iter().filter_map(carried).collect();
        ReadAnswer { observations: requests.iter().map(observe).collect(), marks, ..ReadAnswer::default() }
    }

    async fn lookup(&self, _request: &LookupRequest) -> std::result::Result<Attributes, Failure> {
        Ok(Attributes::from([("id".to_owned(), Datum::from("looked-up"))]))
    }

    async fn create(&self, request: &MakeRequest) -> std::result::Result<Identity, Failure> {
        let local = request.address.local();
        let twist = self.twisted(&local, "create");
        if let Some(Twist::Fail(class, code)) = twist {
            return Err(failure(class, code));
        }
        self.next.set(self.next.get() + 1);
        let identity = format!("{}-{}", request.address.kind(), self.next.get());
        let mut attributes = request.desired.attributes.clone();
        attributes.insert("id".to_owned(), identity.as_str().into());
        let made_at = match twist {
            Some(Twist::Late(seconds)) => self.now() + Duration::from_secs(seconds),
            _ => self.now(),
        };
        let thing = Thing { address: request.address.to_string(), attributes, made_at };
        self.things.borrow_mut().insert(identity.clone(), thing);
        match twist {
            Some(Twist::AnswerLost) => Err(failure(FailureClass::Ambiguous, "Reset")),
            Some(Twist::Late(_)) => std::future::pending().await,
            _ => Ok(Identity(identity)),
        }
    }

    async fn find(&self, request: &MakeRequest) -> std::result::Result<Found, Failure> {
        let local = request.address.local();
        self.twisted(&local, "find");
        if self.is_dark(&request.address) {
            return Err(failure(FailureClass::NotYet, "NoAnswer"));
        }
        let things = self.things.borrow();
        let mut there = things.iter().filter(|(_, thing)| thing.made_at <= self.now());
        let found = there.find(|(_, thing)| thing.address == request.address.to_string());
        Ok(found.map_or(Found::Nothing, |(identity, _)| Found::Ours(Identity(identity.clone()))))
    }

    async fn settle(&self, standing: &Standing) -> std::result::Result<Progress, Failure> {
        let local = standing.address.local();
        if let Some(Twist::Fail(class, code)) = self.twisted(&local, "settle") {
            return Err(failure(class, code));
        }
        let takes = self.takes.borrow().get(standing.address.kind()).copied().unwrap_or_default();
        if let Some((kind, field)) = *self.deferring.borrow()
            && kind == standing.address.kind()
            && let Some(thing) = self.things.borrow_mut().get_mut(&standing.identity.0)
        {
            thing.attributes.insert(field.to_owned(), false.into());
            let (attributes, because) = (thing.attributes.clone(), DEFERRED.to_owned());
            return Ok(Progress::Deferred { attributes, because });
        }
        let things = self.things.borrow();
        // As AWS's reads may lag, a provider can't tell this from what is not shown yet.
        let Some(thing) = things.get(&standing.identity.0) else {
            return Ok(Progress::Waiting { state: "not visible yet".to_owned() });
        };
        if self.now() < thing.made_at + Duration::from_secs(takes) {
            return Ok(Progress::Waiting { state: "creating".to_owned() });
        }
        Ok(Progress::Ready(told(thing)))
    }

    async fn update(&self, standing: &Standing, change: &UpdateRequest) -> std::result::Result<(), Failure> {
        let local = standing.address.local();
        if let Some(Twist::Fail(class, code)) = self.twisted(&local, "update") {
            return Err(failure(class, code));
        }
        let mut things = self.things.borrow_mut();
        let thing = things.get_mut(&standing.identity.0).ok_or_else(|| failure(FailureClass::Refused, "Gone"))?;
        for name in &change.changed {
            let value = standing.desired.attributes.get(name).cloned().unwrap_or_default();
            thing.attributes.insert(name.clone(), value);
        }
        if change.changed.iter().any(|field| field == "tags") {
            thing.address = standing.address.to_string();
        }
        Ok(())
    }

    async fn delete(&self, standing: &Standing) -> std::result::Result<Progress, Failure> {
        let local = standing.address.local();
        if self.is_dark(&standing.address) {
            return Err(failure(FailureClass::NotYet, "NoAnswer"));
        }
        if let Some(Twist::Fail(class, code)) = self.twisted(&local, "delete") {
            return Err(failure(class, code));
        }
        if let Some(other) = self.in_the_way.borrow().get(&local)
            && self.addresses().iter().any(|address| address.ends_with(other.as_str()))
        {
            return Err(failure(FailureClass::NotYet, "DependencyViolation"));
        }
        self.things.borrow_mut().remove(&standing.identity.0);
        Ok(Progress::Gone)
    }

    /// What has such a tag is known by it.
    fn identity(&self, _: &str, attributes: &Attributes) -> Option<Identity> {
        attributes.get("tags")?.at("KnownAs")?.as_str().map(|known| Identity(known.to_owned()))
    }

    fn deferral(&self, kind: &str, attributes: &Attributes) -> Option<String> {
        let (deferred, field) = (*self.deferring.borrow())?;
        let holds = kind == deferred && attributes.get(field) == Some(&false.into());
        holds.then(|| DEFERRED.to_owned())
    }

    async fn objections(&self, proposed: &Proposed) -> std::result::Result<Vec<Objection>, Failure> {
        if let Some(Twist::Fail(class, code)) = self.twisted("all", "objections") {
            return Err(failure(class, code));
        }
        let Some((kind, message)) = *self.objecting.borrow() else { return Ok(Vec::new()) };
        let against = proposed.made.iter().filter(|(address, it)| address.kind() == kind && !it.changes.is_empty());
        Ok(against.map(|(address, _)| Objection { address: address.clone(), message: message.to_owned() }).collect())
    }

    /// Of each change a part, with each delete something that others made.
    async fn outlook(&self, proposed: &Proposed) -> std::result::Result<Outlook, Failure> {
        if let Some(Twist::Fail(class, code)) = self.twisted("all", "outlook") {
            return Err(failure(class, code));
        }
        let part = FieldChange {
            path: "Part of it".to_owned(),
            before: Shown::Absent,
            after: Shown::Unknown,
            forces_replacement: false,
            cause: Cause::Program,
        };
        let along = |address: &Address| Along {
            address: address.clone(),
            what: format!("what others made in {}", address.local()),
            destroys_data: false,
        };
        Ok(Outlook {
            parts: proposed.made.keys().map(|address| (address.clone(), vec![part.clone()])).collect(),
            along: proposed.deleted.keys().map(along).collect(),
            ..Outlook::default()
        })
    }

    /// Addons are inside of their cluster.
    fn inside(&self, kind: &str, attributes: &Attributes) -> Option<(&'static str, Identity)> {
        let name = attributes.get("cluster_name").filter(|_| kind == "aws_eks_addon")?;
        let things = self.things.borrow();
        let of_name =
            |thing: &Thing| thing.address.contains(".aws_eks_cluster.") && thing.attributes.get("name") == Some(name);
        let (identity, _) = things.iter().find(|(_, thing)| of_name(thing))?;
        Some(("aws_eks_cluster", Identity(identity.clone())))
    }

    fn calls(&self) -> CallCounts {
        CallCounts::default()
    }
}

/// Virtual time.
struct TokioClock(tokio::time::Instant);

#[async_trait(?Send)]
impl Clock for TokioClock {
    fn now(&self) -> Duration {
        Duration::from_secs(1_700_000_000) + self.0.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A toy cloud, a state in memory, and everything that was told.
pub struct Bench {
    pub toy: Rc<Toy>,
    pub store: Memory,
    pub told: RefCell<Vec<Told>>,
    pub pace: watch::Sender<Pace>,
    /// What runs are about; all of it where it is empty.
    pub only: Vec<&'static str>,
    clock: Rc<dyn Clock>,
}

impl Bench {
    pub fn new() -> Self {
        let clock: Rc<dyn Clock> = Rc::new(TokioClock(tokio::time::Instant::now()));
        let toy = Rc::new(Toy::default());
        *toy.clock.borrow_mut() = Some(clock.clone());
        let (store, told, pace) = (Memory::new("line"), RefCell::default(), watch::channel(Pace::Run).0);
        Self { toy, store, told, pace, only: Vec::new(), clock }
    }

    pub async fn plan(&self, graph: &Graph, goal: Goal) -> std::result::Result<Plan, RunError> {
        Ok(self.prepared(graph, goal).await?.plan)
    }

    async fn prepared(&self, graph: &Graph, goal: Goal) -> std::result::Result<Prepared, RunError> {
        let provider = self.provider();
        let listener = |_: &Told| {};
        let around = self.around(&provider, &listener);
        prepare(self.order(graph, goal)?, self.store.snapshot()?, &around).await
    }

    fn order(&self, graph: &Graph, goal: Goal) -> std::result::Result<Order, RunError> {
        let own = self.only.iter().map(|name| format!("{}.{name}", graph.stack).parse().expect("an address"));
        let part = part_of(graph, &self.store.snapshot()?, own.collect());
        let part = (!self.only.is_empty()).then_some(part);
        Ok(Order { graph: graph.clone(), goal, refresh: true, outputs: BTreeMap::new(), part })
    }

    pub async fn run(&mut self, graph: &Graph, goal: Goal) -> std::result::Result<Applied, RunError> {
        let provider = self.provider();
        let told = RefCell::new(Vec::new());
        let listener = |event: &Told| told.borrow_mut().push(event.clone());
        let around = Surroundings {
            looks_first: false,
            provider: &provider,
            clock: self.clock.clone(),
            secrets: &|_| Ok(SecretText::new("s3cret".to_owned())),
            pace: self.pace.subscribe(),
            listener: &listener,
            parallelism: 512,
            salt: 7,
        };
        let order = self.order(graph, goal)?;
        finish_earlier(&mut self.store, graph, goal, order.part.as_ref(), &around).await?;
        let prepared = prepare(order, self.store.snapshot()?, &around).await?;
        let applied = carry_out(&mut self.store, &prepared, &around, &|| 0).await?;
        self.told.borrow_mut().extend(told.into_inner());
        Ok(applied)
    }

    pub async fn apply(&mut self, graph: &Graph) -> Applied {
        self.run(graph, Goal::Apply).await.expect("the run ends")
    }

    fn provider(&self) -> impl Fn(&str) -> Option<Rc<dyn Provider>> + use<> {
        let toy = self.toy.clone();
        move |kind: &str| -> Option<Rc<dyn Provider>> {
            if Local.schema(kind).is_some() {
                return Some(Rc::new(Local));
            }
            toy.schema(kind)?;
            Some(toy.clone())
        }
    }

    fn around<'a>(
        &self,
        provider: &'a dyn Fn(&str) -> Option<Rc<dyn Provider>>,
        listener: &'a dyn Fn(&Told),
    ) -> Surroundings<'a> {
        Surroundings {
            looks_first: false,
            provider,
            clock: self.clock.clone(),
            secrets: &|_| Ok(SecretText::new("s3cret".to_owned())),
            pace: self.pace.subscribe(),
            listener,
            parallelism: 512,
            salt: 7,
        }
    }
}

/// A stack's graph.
pub fn stack(build: impl FnOnce(&mut Stack) -> Result<()>) -> Graph {
    graph_of("toy", |stack| {
        stack.place("us-east-1", "111122223333");
        build(stack)
    })
    .expect("nothing is wrong with the stack")
}
