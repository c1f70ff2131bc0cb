//! A process that is killed at any put leaves a state that the next one goes on with.

use std::io::{BufRead, BufReader};
use std::sync::mpsc::channel;
use std::time::Duration;

use fathuss_state::{Backend, Entry, Store, Terms};

use crate::child;
use crate::lease::Leased;
use crate::place::{Objects, PATIENT, Tables, address, open};
use crate::postgresql::Cut;
use crate::promise::Bench;
use crate::promise::made::{NOW_MS, begin, holder, present};
use crate::proxy::{Fate, Proxy};

const SERVER: &str = "FATHUSS_TEST_VERSITYGW";

/// A dead run's lease is taken away by its id here, so that no test waits for it.
const TERMS: Terms = Terms { patience: Duration::from_millis(500), ..PATIENT };

#[test]
fn a_process_killed_before_or_after_any_put_leaves_all_of_a_write_or_nothing() {
    let mut points = 0;
    for after in [false, true] {
        for at in 1.. {
            let proxy = Proxy::before(&address(SERVER));
            let straight = Objects::on(SERVER).under(TERMS);
            drop(straight.open());
            let mut through = straight.clone();
            through.bucket.endpoint = Some(proxy.url.clone());
            let (dead, died) = channel();
            let mut puts = 0;
            proxy.decide(move |request| {
                puts += usize::from(request.method == "PUT");
                if puts < at {
                    return Fate::Through;
                }
                // From here on the process is dead: nothing of it goes through any more.
                let _ = dead.send(());
                if puts == at && request.method == "PUT" && after { Fate::AnswerLost } else { Fate::RequestLost }
            });
            let mut writer =
                child::playing("kill::child_that_writes", through.url().as_ref()).spawn().expect("started");
            let lines = BufReader::new(writer.stdout.take().expect("piped")).lines();
            let reads = std::thread::spawn(move || {
                lines
                    .map_while(Result::ok)
                    .filter_map(|line| line.strip_prefix("durable ").map(str::to_owned))
                    .collect::<Vec<_>>()
            });
            // All of its puts went through: there are no more points.
            let ended = loop {
                if died.recv_timeout(Duration::from_millis(5)).is_ok() {
                    writer.kill().expect("killed");
                    break false;
                }
                if writer.try_wait().expect("asked").is_some() {
                    break true;
                }
            };
            writer.wait().expect("reaped");
            let told = reads.join().expect("read");
            checked(&straight, told.len(), at, after);
            if ended {
                assert_eq!(told.len(), 4, "it wrote everything");
                break;
            }
            points += 1;
        }
    }
    assert!(points >= 20, "{points} points");
}

#[test]
fn a_run_cut_off_from_its_database_at_any_commit_leaves_all_of_a_write_or_nothing() {
    for (fate, after) in [(Cut::BeforeForEver, false), (Cut::AfterForEver, true)] {
        for at in 1.. {
            let straight = Tables::on("FATHUSS_TEST_POSTGRES").under(TERMS);
            drop(straight.open());
            let (database, cut) = crate::postgresql::proxy_after(&straight.database, at - 1);
            let mut told = 0;
            let mut state = Tables { database, ..straight.clone() }.open();
            *cut.lock().expect("whole") = fate;
            if state.lock(&holder("child"), NOW_MS).is_ok() && state.reserve_operations(2).is_ok() {
                told = 1 + writes().iter().take_while(|entries| state.append(entries).is_ok()).count();
            }
            // It can't let go of its lock either.
            drop(state);
            checked(&straight, told, at, after);
            if told == 4 {
                assert!(at > 5, "{at} commits");
                break;
            }
        }
    }
}

/// The state holds everything that the dead run was told of, at most one write more, and takes the next run's.
fn checked(bench: &dyn Bench, told: usize, at: usize, after: bool) {
    let point = format!("write {at}, {}: told {told}", if after { "after" } else { "before" });
    let mut next = bench.open();
    let unlocked = next.unlock("child", &holder("admin")).unwrap_or_else(|error| panic!("{point}: {error}"));
    next.lock(&holder("lock-2"), NOW_MS).unwrap_or_else(|error| panic!("{point}: {error}"));
    // Taking the lock away is a write, too.
    let serial = next.snapshot().expect("readable").serial - i64::from(unlocked.is_some());
    let serial = usize::try_from(serial).expect("few");
    assert!(serial == told || serial == told + 1, "{point}: {serial} writes are there");
    let entries = next.entries(None).expect("readable");
    let whole: Vec<Entry> = writes().into_iter().take(serial.saturating_sub(1)).flatten().collect();
    assert_eq!(entries, whole, "{point}");
    let first = next.reserve_operations(1).unwrap_or_else(|error| panic!("{point}: {error}")).0;
    next.append(&[begin(first, "c")]).unwrap_or_else(|error| panic!("{point}: {error}"));
}

fn writes() -> Vec<Vec<Entry>> {
    vec![vec![begin(1, "a"), begin(2, "b")], vec![present(1, "a", "i-1")], vec![present(2, "b", "i-2")]]
}

#[test]
#[ignore = "played by a child of the test above"]
fn child_that_writes() {
    let url = child::state();
    let mut state = open(url.to_str().expect("text"), TERMS);
    if state.lock(&holder("child"), NOW_MS).is_err() || state.reserve_operations(2).is_err() {
        return std::thread::sleep(Duration::from_secs(20));
    }
    println!("\ndurable numbers");
    for (number, entries) in writes().into_iter().enumerate() {
        if state.append(&entries).is_err() {
            // The parent kills this process.
            return std::thread::sleep(Duration::from_secs(20));
        }
        println!("\ndurable {number}");
    }
}
