//! A backend and memory are the same store, whatever is asked of them.

use std::collections::BTreeMap;

use fathuss_model::Datum;
use fathuss_state::{Action, Begun, Entry, Holder, Memory, RunEnd, RunId, Settled, StateError, Store};
use proptest::prelude::*;

use super::Bench;
use super::made::{NOW_MS, address, begun, holder, identified, record, settled};

#[derive(Clone, Debug)]
enum Step {
    Reserve(u32),
    Append(Vec<Entry>),
    BeginRun,
    EndRun(i64),
    Restart,
}

fn entry() -> impl Strategy<Value = Entry> {
    let operation = 1..9_i64;
    let name = prop::sample::select(vec!["a", "b", "c"]);
    let identity = prop::sample::select(vec!["i-1", "i-2"]);
    let action = prop::sample::select(vec![Action::Create, Action::Update, Action::Delete]);
    let generation = prop_oneof![0..3_u32, Just(u32::MAX)];
    let row = (name.clone(), identity.clone(), generation.clone())
        .prop_map(|(name, identity, generation)| Box::new(record(name, identity, generation)));
    let outcome = prop_oneof![
        3 => row.clone().prop_map(Settled::Present),
        1 => Just(Settled::Absent),
        1 => Just(Settled::Refused),
    ];
    prop_oneof![
        4 => (operation.clone(), name.clone(), action, generation).prop_map(|(operation, name, action, generation)| {
            Entry::Begun(Box::new(Begun { generation, ..begun(operation, name, action) }))
        }),
        2 => (operation.clone(), identity).prop_map(|(operation, identity)| identified(operation, identity)),
        4 => (operation, outcome).prop_map(|(operation, outcome)| settled(operation, outcome)),
        1 => row.prop_map(Entry::Recorded),
        1 => name.prop_map(|name| Entry::Dropped(address(name))),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..4_u32).prop_map(Step::Reserve),
        12 => prop::collection::vec(entry(), 0..4).prop_map(Step::Append),
        1 => Just(Step::BeginRun),
        1 => (1..4_i64).prop_map(Step::EndRun),
        1 => Just(Step::Restart),
    ]
}

fn end() -> RunEnd {
    RunEnd {
        outcome: "applied".to_owned(),
        now_ms: NOW_MS + 1,
        summary: BTreeMap::from([("create".to_owned(), 2)]),
        outputs: Some(BTreeMap::from([("vpc".to_owned(), Datum::from("vpc-1"))])),
        durations_ms: BTreeMap::from([(("aws_vpc".to_owned(), "create".to_owned()), 1500)]),
        ..RunEnd::default()
    }
}

/// Takes a step and tells how it went: the number it gave, or the words it was refused with.
fn take(store: &mut dyn Store, step: &Step) -> Result<i64, String> {
    let told = |error: StateError| error.to_string();
    match step {
        Step::Reserve(count) => store.reserve_operations(*count).map(|first| first.0).map_err(told),
        Step::Append(entries) => store.append(entries).map(|()| 0).map_err(told),
        Step::BeginRun => store.begin_run("apply", &[], NOW_MS).map(|run| run.0).map_err(told),
        Step::EndRun(run) => store.end_run(RunId(*run), end()).map(|()| 0).map_err(told),
        Step::Restart => Ok(0),
    }
}

pub fn it_agrees_with_memory_on_every_step(bench: &dyn Bench) {
    let config = ProptestConfig { cases: bench.cases(), failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(steps in prop::collection::vec(step(), 1..30))| {
        let bench = bench.another();
        let whole_life = Holder { who: "memory".to_owned(), ..holder("lock-1") };
        let open = || {
            let mut state = bench.open();
            state.lock(&whole_life, NOW_MS).expect("free");
            state
        };
        let mut memory = Memory::new("5eed");
        let mut backend = Some(open());
        for step in std::iter::once(&Step::Reserve(5)).chain(&steps) {
            if matches!(step, Step::Restart) {
                memory.restart();
                drop(backend.take());
            }
            let backend = backend.get_or_insert_with(open);
            prop_assert_eq!(take(&mut **backend, step), take(&mut memory, step), "{:?}", step);
            prop_assert_eq!(backend.snapshot().expect("readable"), memory.snapshot().expect("alive"), "{:?}", step);
        }
        let backend = backend.get_or_insert_with(open);
        let read = bench.look().expect("there");
        prop_assert_eq!(read.snapshot().expect("readable"), memory.snapshot().expect("alive"));
        prop_assert_eq!(backend.history(9).expect("readable"), memory.history(9).expect("alive"));
        let (ours, theirs) = (backend.past().expect("readable"), memory.past());
        prop_assert_eq!(&ours.log, &theirs.log);
        prop_assert_eq!(ours.verify(), theirs.verify());
        prop_assert!(ours.verify().is_ok(), "{:?}", ours.verify());
        for run in ours.runs_kept() {
            prop_assert_eq!(ours.after(run), theirs.after(run), "{:?}", run);
        }
        prop_assert_eq!(backend.entries(None).expect("readable"), memory.entries());
    });
}
