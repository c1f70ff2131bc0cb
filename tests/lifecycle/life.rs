//! One type's life in simulated accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fathuss_engine::diff::{Cause, FieldChange, same};
use fathuss_engine::import::ImportError;
use fathuss_engine::plan::{Change, Goal, Plan, PlanError};
use fathuss_engine::run::RunError;
use fathuss_model::graph::{Graph, Node};
use fathuss_model::schema::{Field, Schema};
use fathuss_model::{Address, Datum, Expression};
use fathuss_state::{Entry, Memory, ResourceRecord, Store};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::blueprint::Blueprint;
use super::run::{self, Line, provider};
use super::way::ways;
use super::{declare, hands, reader};

/// Nodes of the type in one stack that are looked at.
const NODES: usize = 4;
/// Other stacks that values are taken from.
const OTHERS: u64 = 16;
/// Between two changes: AWS lets storage grow anew after six hours, and changes of tags come into force meanwhile.
const PAUSE: Duration = Duration::from_secs(7 * 3600);

/// What became of a type.
#[derive(Debug, Default)]
pub struct Life {
    /// Fields that were changed in place.
    pub updated: BTreeSet<&'static str>,
    /// Fields that were changed by a replacement.
    pub replaced: BTreeSet<&'static str>,
    /// Fields whose change is no plan's matter: AWS does not tell them, or they count at the creation alone.
    pub quiet: BTreeSet<&'static str>,
    /// Fields that could not be changed, and what was in the way last.
    pub untried: BTreeMap<&'static str, String>,
    /// Fields that others changed and the next apply put right.
    pub strayed: BTreeSet<&'static str>,
    /// Imports that gave the row back.
    pub imports: usize,
    /// Imports that were refused as another state's.
    pub refused: usize,
    /// What others did to a whole thing or its tags, and the next apply put right.
    pub drifts: usize,
    /// Promises that were not kept.
    pub wrong: Vec<String>,
}

/// Lives in up to that many stacks.
pub fn live(kind: &'static str, kinds: Vec<&'static str>, draws: u64, loud: bool) -> Life {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without input and output needs nothing that could be missing");
    let schema = fathuss_model::schemas().find(|schema| schema.kind == kind).expect("it has a schema");
    let mut life = Life::default();
    let narrow = stacks(kind, &kinds, false);
    let wide = stacks(kind, &kinds, true);
    let others: Vec<Node> = narrow.iter().chain(&wide).map(|stack| stack.node().clone()).collect();
    // First a small one, then one in which there is more to refer to, and so on.
    let mut stacks = Vec::new();
    let (mut narrow, mut wide) = (narrow.into_iter(), wide.into_iter());
    loop {
        let (one, other) = (narrow.next(), wide.next());
        if one.is_none() && other.is_none() {
            break;
        }
        stacks.extend(one.into_iter().chain(other));
    }
    if stacks.is_empty() {
        life.wrong.push("no stack that has one could be drawn".to_owned());
        return life;
    }
    for at in 0..usize::try_from(draws).unwrap_or(1).min(stacks.len()) {
        let left: Vec<&'static Field> = schema.fields.iter().filter(|field| is_open(field, &life)).collect();
        if at > 0 && left.is_empty() {
            break;
        }
        // Behind the first two come those that give most of what is left another value.
        if at > 1 {
            let (tried, open) = stacks.split_at_mut(at);
            let is_new = |stack: &Stack, name: &str| {
                let value = |stack: &Stack| stack.node().fields.get(name).cloned();
                value(stack).is_some() && tried.iter().all(|other| value(other) != value(stack))
            };
            let news = |stack: &Stack| left.iter().filter(|field| is_new(stack, field.name)).count();
            open.sort_by_key(|stack| (std::cmp::Reverse(news(stack)), stack.held()));
        }
        let stack = &stacks[at];
        let seed = u64::try_from(at).unwrap_or_default();
        let told = runtime.block_on(async {
            let mut trial = Trial::new(seed, stack, schema, &others, loud);
            if at == 0 { trial.whole(&left, &mut life).await } else { trial.fields(&left, &mut life).await }
        });
        if let Err(what) = told {
            life.wrong.push(what);
        }
    }
    life
}

/// Whether a field is still to be tried.
fn is_open(field: &Field, life: &Life) -> bool {
    let tried = [&life.updated, &life.replaced, &life.quiet].into_iter().any(|tried| tried.contains(field.name));
    (field.required || field.optional) && !tried
}

/// A stack and the one resource that it is about.
struct Stack {
    graph: Graph,
    address: Address,
}

impl Stack {
    fn node(&self) -> &Node {
        self.graph.nodes.iter().find(|node| node.address == self.address).expect("it is in its stack")
    }

    /// How many refer to it.
    fn held(&self) -> usize {
        let mut held = 0;
        for node in self.graph.nodes.iter().filter(|node| node.address != self.address) {
            let mut refers = node.depends_on.contains(&self.address);
            for field in node.fields.values() {
                field.references(&mut |reference| refers |= reference.address == self.address);
            }
            held += usize::from(refers);
        }
        held
    }
}

/// Stacks that have one of the type: first those in which nothing refers to it and much is given.
fn stacks(kind: &'static str, kinds: &[&'static str], wide: bool) -> Vec<Stack> {
    let mut stacks = Vec::new();
    for seed in 0..OTHERS {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let Some(blueprint) = Blueprint::of(&mut chance, kind, kinds, wide) else { continue };
        let graph = match declare::graph(&blueprint) {
            Ok(graph) => graph,
            Err(findings) => panic!("{kind}, draw {seed}: the model refuses it: {findings:?}"),
        };
        let of_kind = graph.nodes.iter().filter(|node| node.address.kind() == kind);
        let found = of_kind.map(|node| Stack { graph: graph.clone(), address: node.address.clone() });
        stacks.extend(found.take(NODES));
    }
    stacks.sort_by_key(|stack| (stack.held(), usize::MAX - stack.node().fields.len()));
    stacks
}

/// One stack in one account.
struct Trial<'a> {
    seed: u64,
    stack: &'a Stack,
    schema: &'static Schema,
    others: &'a [Node],
    loud: bool,
    line: Line,
    /// As it is now.
    graph: Graph,
}

/// What the next plan is about at the address.
enum Planned {
    Nothing,
    Update,
    Replace,
}

impl<'a> Trial<'a> {
    fn new(seed: u64, stack: &'a Stack, schema: &'static Schema, others: &'a [Node], loud: bool) -> Self {
        let line = Line::new(seed, run::world(seed));
        Self { seed, stack, schema, others, loud, line, graph: stack.graph.clone() }
    }

    async fn whole(&mut self, fields: &[&'static Field], life: &mut Life) -> Result<(), String> {
        self.fields(fields, life).await?;
        // A field may have been given what AWS keeps: that a snapshot is taken at the end.
        self.begin().await?;
        self.imported(life).await?;
        self.drifted(life).await?;
        self.line.calmly(&self.graph, Goal::Destroy).await.map_err(|why| format!("destroy: {why}"))?;
        let snapshot = self.line.store.snapshot().map_err(|error| error.to_string())?;
        let left = reader::compare(&self.line.simulator, &snapshot, None)?;
        if left.is_empty() { Ok(()) } else { Err(format!("a destroy leaves: {}", left.join("; "))) }
    }

    /// Changes each field.
    async fn fields(&mut self, fields: &[&'static Field], life: &mut Life) -> Result<(), String> {
        self.begin().await?;
        for field in fields {
            self.field(field, life).await?;
        }
        Ok(())
    }

    fn tell(&self, what: impl FnOnce() -> String) {
        if self.loud {
            println!("{} in draw {}: {}", self.stack.address, self.seed, what());
        }
    }

    /// A new account with the stack as it was drawn.
    async fn begin(&mut self) -> Result<(), String> {
        self.line = Line::new(self.seed, run::world(self.seed));
        self.graph = self.stack.graph.clone();
        self.line.calmly(&self.graph, Goal::Apply).await.map_err(|why| format!("apply: {why}"))?;
        let plan = self.plan().await.map_err(|error| error.to_string())?;
        if !plan.deferred.is_empty() {
            tokio::time::sleep(Duration::from_secs(48 * 3600)).await;
            self.line.calmly(&self.graph, Goal::Apply).await.map_err(|why| format!("a later apply: {why}"))?;
        }
        self.quiet("an apply").await
    }

    async fn plan(&self) -> Result<Plan, RunError> {
        self.line.plan(&self.graph, Goal::Apply).await.map(|prepared| prepared.plan)
    }

    /// There is nothing to be done.
    async fn quiet(&self, after: &str) -> Result<(), String> {
        let plan = self.plan().await.map_err(|error| format!("the plan after {after}: {error}"))?;
        // What is deferred is AWS's to allow; time was given to it.
        if plan.has_changes() || !plan.strays.is_empty() {
            let actions =
                plan.actions.iter().map(|it| format!("{:?} {}: {}", it.change, it.address, paths(&it.fields)));
            let actions: Vec<String> = actions.collect();
            return Err(format!("the plan after {after} is not quiet: {actions:?}, strays {:?}", plan.strays));
        }
        Ok(())
    }

    fn record(&self) -> Result<ResourceRecord, String> {
        let snapshot = self.line.store.snapshot().map_err(|error| error.to_string())?;
        snapshot.resources.get(&self.stack.address).cloned().ok_or_else(|| "it is not in the state".to_owned())
    }

    fn write(&mut self, entry: Entry) -> Result<(), String> {
        self.line.store.append(&[entry]).map_err(|error| error.to_string())
    }

    /// Gives a field other values until one can be had.
    async fn field(&mut self, field: &'static Field, life: &mut Life) -> Result<(), String> {
        let mut before = self.graph.clone();
        let was = before.clone();
        let (ways, mut why) = match ways(&was, &self.stack.address, self.schema, field, self.others) {
            Ok(ways) => (ways, String::new()),
            Err(why) => (Vec::new(), why),
        };
        for candidate in ways {
            self.graph = with(&before, &self.stack.address, &candidate);
            let candidate = candidate.get(field.name).cloned();
            let planned = match self.expect(field).await {
                Ok(planned) => planned,
                Err(reason) => {
                    why = reason;
                    continue;
                }
            };
            if field.write_only || field.ignored_after_creation {
                match planned {
                    Planned::Nothing => life.quiet.insert(field.name),
                    _ => return Err(format!("`{}` is planned, though AWS does not tell it", field.name)),
                };
                life.untried.remove(field.name);
                self.graph = before;
                return Ok(());
            }
            if let Planned::Nothing = planned {
                "another value means the same".clone_into(&mut why);
                continue;
            }
            let earlier = self.record()?;
            tokio::time::sleep(PAUSE).await;
            let applied = self.line.calmly(&self.graph, Goal::Apply).await;
            self.tell(|| format!("`{}` becomes {candidate:?}: {applied:?}", field.name));
            if let Err(reason) = applied {
                why = format!("AWS refuses it: {reason}");
                self.back(&before).await?;
                before.clone_from(&self.graph);
                continue;
            }
            self.quiet(&format!("a change of `{}` to {candidate:?}", field.name)).await?;
            let replaced = self.record()?.generation > earlier.generation;
            match planned {
                Planned::Replace if replaced => life.replaced.insert(field.name),
                Planned::Update if !replaced => life.updated.insert(field.name),
                _ => return Err(format!("`{}` did not change as it was planned to", field.name)),
            };
            life.untried.remove(field.name);
            if let Planned::Update = planned {
                self.strayed(field, earlier, &before, life).await?;
            }
            return Ok(());
        }
        self.graph = before;
        self.tell(|| format!("`{}` is not tried: {why}", field.name));
        life.untried.insert(field.name, why);
        Ok(())
    }

    /// A state that has not heard of a change takes it for what others did: the plan says so, and an apply puts it back,
    /// where there is a way back.
    async fn strayed(
        &mut self,
        field: &'static Field,
        earlier: ResourceRecord,
        before: &Graph,
        life: &mut Life,
    ) -> Result<(), String> {
        let (later, after) = (self.record()?, self.graph.clone());
        let said = before.nodes.iter().any(|it| it.address == later.address && it.fields.contains_key(field.name));
        // What the program leaves to AWS may be anything, and of an instruction AWS knows nothing.
        if field.instruction || (field.computed && !said) || earlier.identity != later.identity {
            return Ok(());
        }
        self.write(Entry::Recorded(Box::new(earlier)))?;
        self.graph = before.clone();
        tokio::time::sleep(PAUSE).await;
        let planned = self.plan().await;
        if let Err(RunError::Plan(_)) = planned {
            self.write(Entry::Recorded(Box::new(later)))?;
            self.graph = after;
            return Ok(());
        }
        let plan = planned.map_err(|error| format!("the plan after others changed `{}`: {error}", field.name))?;
        let actions = || plan.actions.iter().filter(|action| action.address == later.address);
        let changes: Vec<&FieldChange> = actions().flat_map(|action| &action.fields).collect();
        let is_theirs =
            |change: &&FieldChange| change.path.split('.').next() == Some(field.name) && change.cause == Cause::Drift;
        if actions().any(|action| action.change == Change::Create) {
            // Time went by, and took it: SNS forgets in two days who was not confirmed.
            self.write(Entry::Recorded(Box::new(later)))?;
            return self.back(&after).await;
        }
        if changes.is_empty() && !plan.has_changes() {
            // What the program says is what is without it, too.
            let name = Box::leak(format!("({} by others)", field.name).into_boxed_str());
            life.untried.insert(name, "it is as it was".to_owned());
            return Ok(());
        }
        if !changes.iter().any(is_theirs) {
            return Err(format!("`{}` was changed by others, and the plan does not say so: {changes:?}", field.name));
        }
        match self.line.calmly(before, Goal::Apply).await {
            Ok(()) => {
                life.strayed.insert(field.name);
                self.quiet(&format!("the repair of `{}`", field.name)).await
            }
            Err(why) => {
                self.tell(|| format!("`{}` has no way back: {why}", field.name));
                self.back(&after).await
            }
        }
    }

    /// What is planned for a change of one field: by its schema's word.
    async fn expect(&self, field: &Field) -> Result<Planned, String> {
        let plan = self.plan().await.map_err(|error| match error {
            RunError::Plan(PlanError::Held { holder, .. }) => format!("{} holds it firmly", holder.kind()),
            error => format!("the plan refuses it: {error}"),
        })?;
        let Some(action) = plan.actions.iter().find(|it| {
            it.address == self.stack.address && matches!(it.change, Change::Update | Change::Replace | Change::Create)
        }) else {
            return Ok(Planned::Nothing);
        };
        let top = |change: &&FieldChange| change.path.split('.').next() == Some(field.name);
        let Some(change) = action.fields.iter().find(top) else {
            return Err(format!("something else is planned: {}", paths(&action.fields)));
        };
        let forces = action.fields.iter().filter(top).any(|change| change.forces_replacement);
        if field.replace && !forces {
            return Err(format!("`{}` forces a replacement, and {:?} is planned", change.path, action.change));
        }
        match action.change {
            Change::Replace if forces => Ok(Planned::Replace),
            Change::Replace => Err(format!("something else forces a replacement along with `{}`", change.path)),
            _ => Ok(Planned::Update),
        }
    }

    /// As it was before a change that failed; in a new account, where that can't be.
    async fn back(&mut self, before: &Graph) -> Result<(), String> {
        self.graph = before.clone();
        tokio::time::sleep(PAUSE).await;
        let back = self.line.calmly(before, Goal::Apply).await;
        if back.is_ok() && self.quiet("the way back").await.is_ok() {
            return Ok(());
        }
        self.tell(|| format!("a new account, because the way back fails: {back:?}"));
        self.begin().await?;
        if self.line.calmly(before, Goal::Apply).await.is_ok() {
            self.graph = before.clone();
            return self.quiet("an apply in a new account").await;
        }
        // What changes in place step by step need not be what can be made at once.
        self.begin().await
    }

    /// Forgets it and takes it over again; another state may not.
    async fn imported(&mut self, life: &mut Life) -> Result<(), String> {
        let record = self.record()?;
        let identity = record.identity.0.clone();
        let mut other = Memory::new("another-lineage");
        let taken = self.line.import(&mut other, &self.graph, &record.address, &identity).await;
        match taken {
            Err(ImportError::Foreign { .. }) => life.refused += 1,
            Err(error) => return Err(format!("the import into another state: {error}")),
            Ok(_) if self.schema.has_tags() => {
                return Err("another state takes it over in spite of its mark".to_owned());
            }
            Ok(_) => {}
        }
        self.write(Entry::Dropped(record.address.clone()))?;
        let mut store = std::mem::replace(&mut self.line.store, Memory::new("nothing"));
        let imported = self.line.import(&mut store, &self.graph, &record.address, &identity).await;
        self.line.store = store;
        let imported = imported.map_err(|error| format!("import: {error}"))?;
        let again = imported.record;
        for field in self.schema.fields {
            let value = |record: &ResourceRecord| record.attributes.get(field.name).cloned().unwrap_or_default();
            let (was, is) = (value(&record), value(&again));
            if !same(field, &was, &is) {
                return Err(format!("`{}` is imported as {is:?}, and was {was:?}", field.name));
            }
        }
        let rest =
            |record: &ResourceRecord| ResourceRecord { attributes: BTreeMap::new(), generation: 0, ..record.clone() };
        if rest(&record) != rest(&again) {
            return Err(format!("it is imported as {:?}, and was {:?}", rest(&again), rest(&record)));
        }
        match imported.next {
            Ok(prepared) if prepared.plan.actions.is_empty() => {}
            Ok(prepared) => return Err(format!("the import announces changes: {:?}", prepared.plan.actions)),
            Err(error) => return Err(format!("the import foresees no plan: {error}")),
        }
        self.quiet("an import").await?;
        life.imports += 1;
        Ok(())
    }

    /// Others change a tag and take it away: the next apply puts it right.
    async fn drifted(&mut self, life: &mut Life) -> Result<(), String> {
        let snapshot = self.line.store.snapshot().map_err(|error| error.to_string())?;
        let aws = provider(&self.line.simulator, &self.line.calm(), &snapshot.lineage);
        let record = self.record()?;
        if self.schema.has_tags() {
            let tags = record.attributes.get("tags").and_then(Datum::as_map).cloned().unwrap_or_default();
            let mut by_hand = tags;
            by_hand.pop_first();
            by_hand.insert("ByHand".to_owned(), "yes".into());
            hands::set(&aws, &snapshot, &record, "tags", Datum::Map(by_hand)).await?;
            self.repaired("tags changed by hand").await?;
            life.drifts += 1;
        }
        let held = snapshot.resources.values().any(|other| other.depends_on.contains(&record.address));
        if held || !hands::is_made(&aws, &record) {
            return Ok(());
        }
        let (snapshot, record) = (self.line.store.snapshot().map_err(|error| error.to_string())?, self.record()?);
        if hands::take_away(&aws, &snapshot, &record).await? == "taken away by hand" {
            tokio::time::sleep(Duration::from_secs(60)).await;
            let plan = self.plan().await.map_err(|error| error.to_string())?;
            if !plan.has_changes() && plan.deferred.is_empty() {
                life.untried.insert("(taken away)", "AWS keeps it".to_owned());
                return self.quiet("it was taken away").await;
            }
            self.repaired("it was taken away").await?;
            life.drifts += 1;
        }
        Ok(())
    }

    async fn repaired(&mut self, after: &str) -> Result<(), String> {
        tokio::time::sleep(Duration::from_secs(60)).await;
        let plan = self.plan().await.map_err(|error| format!("the plan after {after}: {error}"))?;
        if !plan.actions.iter().any(|action| action.address == self.stack.address) {
            return Err(format!("the plan after {after} does not show it"));
        }
        self.line.calmly(&self.graph, Goal::Apply).await.map_err(|why| format!("the apply after {after}: {why}"))?;
        self.quiet(&format!("the repair after {after}")).await
    }
}

fn paths(fields: &[FieldChange]) -> String {
    fields.iter().map(|field| field.path.as_str()).collect::<Vec<_>>().join(", ")
}

/// The stack with these fields at the address.
fn with(graph: &Graph, address: &Address, fields: &BTreeMap<String, Expression>) -> Graph {
    let mut graph = graph.clone();
    for node in graph.nodes.iter_mut().filter(|node| node.address == *address) {
        node.fields.clone_from(fields);
    }
    graph
}
