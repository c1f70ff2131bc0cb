//! Runs on parts of one state, side by side.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, Instant};

use fathuss_state::{Backend, Entry, Holder, Part, RunAction, RunEnd, StateError, Store, Verified};

use crate::lease::{BRIEF, Leased};
use crate::place::Tables;
use crate::promise::Bench;
use crate::promise::made::{NOW_MS, address, begin, holder, present, record};

const SERVER: &str = "FATHUSS_TEST_POSTGRES";

/// A holder of these addresses, that needs those.
pub fn on(id: &str, own: &[&str], needs: &[&str]) -> Holder {
    let addresses = |names: &[&str]| names.iter().map(|name| address(name)).collect::<BTreeSet<_>>();
    Holder {
        who: format!("{id}@build-7"),
        part: Some(Part { own: addresses(own), needs: addresses(needs) }),
        ..holder(id)
    }
}

fn held(tables: &Tables, holder: &Holder) -> Box<dyn Backend> {
    let mut state = Bench::open(tables);
    state.lock(holder, NOW_MS).expect("nobody has it");
    state
}

fn refused(tables: &Tables, wanted: &Holder) -> String {
    let error = tables.open().lock(wanted, NOW_MS).expect_err("somebody has it");
    assert!(matches!(error, StateError::Locked { .. }), "{error}");
    error.to_string()
}

#[test]
fn parts_that_do_not_touch_are_locked_side_by_side_and_others_are_refused_with_who_has_them() {
    let tables = Tables::on(SERVER);
    let _network = held(&tables, &on("network", &["a"], &["base"]));
    let _database = held(&tables, &on("database", &["b"], &["base"]));
    for (wanted, by) in [
        (on("same", &["a"], &[]), "network@build-7"),
        (on("reads", &["c"], &["b"]), "database@build-7"),
        (on("writes what is read", &["base"], &[]), "network@build-7"),
        (holder("everything"), "network@build-7"),
    ] {
        let said = refused(&tables, &wanted);
        assert!(said.contains(&format!("locked by {by}")) && said.contains(" on terraform_data."), "{said}");
    }
    assert_eq!(tables.look().expect("there").holders().expect("readable").len(), 2);
    drop(held(&tables, &on("elsewhere", &["c"], &["d"])));
}

#[test]
fn a_run_on_everything_keeps_runs_on_parts_out() {
    let tables = Tables::on(SERVER);
    let _all = held(&tables, &holder("all"));
    assert!(refused(&tables, &on("part", &["a"], &[])).contains("locked by mia@build-7"));
}

/// What a run on a part does, a write at a time.
struct Writer {
    state: Box<dyn Backend>,
    name: &'static str,
    operation: i64,
    run: Option<fathuss_state::RunId>,
}

impl Writer {
    fn step(&mut self, at: usize) {
        let (state, name, operation) = (&mut self.state, self.name, self.operation);
        match at {
            0 => {
                self.run = Some(
                    state.begin_run("apply", &[RunAction::whole(&address(name), "create")], NOW_MS).expect("begun"),
                )
            }
            1 => self.operation = state.reserve_operations(1).expect("reserved").0,
            2 => state.append(&[begin(operation, name)]).expect("legal"),
            3 => state.append(&[present(operation, name, &format!("i-{name}"))]).expect("legal"),
            4 => {
                let outputs = [(name.to_owned(), fathuss_model::Datum::from(name))];
                let end = RunEnd { outcome: "applied".to_owned(), now_ms: NOW_MS + 1, ..RunEnd::default() };
                let end = RunEnd { outputs: Some(outputs.into()), keeps_outputs: true, ..end };
                state.end_run(self.run.expect("begun"), end).expect("ended");
            }
            _ => unreachable!("five steps"),
        }
    }
}

#[test]
fn in_whichever_order_two_runs_write_both_are_kept_and_the_log_is_whole() {
    // Each order of five writes here and five there, as ten bits.
    let orders = (0_u32..1024).filter(|order| order.count_ones() == 5);
    for order in orders.step_by(if std::env::var_os("FATHUSS_SWEEP").is_some() { 1 } else { 9 }) {
        let tables = Tables::on(SERVER);
        let mut writers = ["a", "b"].map(|name| {
            let state = held(&tables, &on(name, &[name], &["base"]));
            (Writer { state, name, operation: 0, run: None }, 0)
        });
        for bit in 0..10 {
            let (writer, at) = &mut writers[usize::from(order >> bit & 1 == 1)];
            writer.step(*at);
            *at += 1;
            assert_eq!(
                writer.state.snapshot().expect("readable"),
                tables.look().expect("there").snapshot().expect("readable")
            );
        }
        drop(writers);
        let read = tables.look().expect("there");
        let snapshot = read.snapshot().expect("readable");
        assert_eq!(snapshot.resources.keys().collect::<Vec<_>>(), [&address("a"), &address("b")], "{order:010b}");
        assert_eq!((snapshot.serial, snapshot.pending.len(), snapshot.outputs.len()), (10, 0, 2), "{order:010b}");
        let runs = read.history(9).expect("readable");
        assert_eq!(
            runs.iter().map(|run| (run.id.0, run.outcome.as_deref())).collect::<Vec<_>>(),
            [(2, Some("applied")), (1, Some("applied"))]
        );
        let history = read.past().expect("readable");
        assert_eq!((history.verify(), history.log.entries.len()), (Ok(Verified { since: 0 }), 2), "{order:010b}");
    }
}

#[test]
fn many_runs_write_at_once_and_nothing_is_lost() {
    let tables = Tables::on(SERVER);
    let names = ["a", "b", "c", "d", "e", "f"];
    std::thread::scope(|scope| {
        for name in names {
            let tables = &tables;
            scope.spawn(move || {
                let mut writer =
                    Writer { state: held(tables, &on(name, &[name], &["base"])), name, operation: 0, run: None };
                (0..5).for_each(|at| writer.step(at));
            });
        }
    });
    let read = tables.look().expect("there");
    let snapshot = read.snapshot().expect("readable");
    assert_eq!(
        (snapshot.resources.len(), snapshot.outputs.len(), snapshot.pending.len(), snapshot.serial),
        (6, 6, 0, 30)
    );
    let mut tokens: Vec<i64> = (1..=6).collect();
    tokens.retain(|run| read.history(9).expect("readable").iter().all(|known| known.id.0 != *run));
    assert!(tokens.is_empty(), "each run has a number of its own");
    assert_eq!(read.past().expect("readable").verify(), Ok(Verified { since: 0 }));
}

#[test]
fn a_run_on_a_part_that_lost_its_lease_writes_nothing_and_the_other_goes_on() {
    let tables = Tables::on(SERVER).under(BRIEF);
    let other = on("other", &["b"], &["base"]);
    let mut other = held(&tables, &other);
    let mut lost = held(&tables, &on("lost", &["a"], &["base"]));
    let admin = holder("admin");
    tables.open().unlock("lost", &admin).expect("removed").expect("held");
    let error = lost.append(&[Entry::Recorded(Box::new(record("a", "i-1", 0)))]).expect_err("its lock is gone");
    assert!(matches!(error, StateError::NotHeld { .. }), "{error}");
    other.append(&[Entry::Recorded(Box::new(record("b", "i-2", 0)))]).expect("this one's is not");
    let snapshot = tables.look().expect("there").snapshot().expect("readable");
    assert_eq!(snapshot.resources.keys().collect::<Vec<_>>(), [&address("b")]);
}

#[test]
fn a_dead_run_on_a_part_is_waited_for_by_who_needs_it_alone() {
    let tables = Tables::on(SERVER).under(BRIEF);
    let dead = on("dead", &["a"], &[]);
    let mut state = held(&tables, &dead);
    state.reserve_operations(1).expect("reserved");
    state.append(&[begin(1, "a")]).expect("legal");
    // Its process ends without a word.
    std::mem::forget(state);
    crate::postgresql::sql(&tables, "UPDATE locks SET epoch = epoch + 1000");
    drop(held(&tables, &on("elsewhere", &["b"], &[])));
    let began = Instant::now();
    let mut next = tables.open();
    while let Err(error) = next.lock(&on("next", &["a", "c"], &[]), NOW_MS) {
        assert!(matches!(error, StateError::Locked { .. } | StateError::Lapsed { .. }), "{error}");
        assert!(began.elapsed() < (BRIEF.lease + BRIEF.signature) * 3, "it never ends: {error}");
        sleep(Duration::from_millis(100));
    }
    assert!(began.elapsed() > BRIEF.lease, "its lease has to end first");
    assert_eq!(next.taken_over().map(|holder| holder.id.as_str()), Some("dead"));
    next.append(&[present(1, "a", "i-1")]).expect("what it had begun is this run's to settle");
}
