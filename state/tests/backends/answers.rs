//! Answers that are lost, late or wrong: nothing is written twice, nothing is lost, and nobody writes over another.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fathuss_state::{Action, Backend, Begun, Entry, RunEnd, S3, StateError, Store, Terms, Verified};

use crate::lease::Leased;
use crate::place::{Objects, PATIENT, address};
use crate::promise::Bench;
use crate::promise::made::{NOW_MS, begin, begun, holder, present};
use crate::proxy::{Fate, Proxy, Request};

const SERVER: &str = "FATHUSS_TEST_VERSITYGW";

/// A state behind a proxy, and the same one reached straight.
fn bench(terms: Terms) -> (Proxy, Objects, Objects) {
    let proxy = Proxy::before(&address(SERVER));
    let straight = Objects::on(SERVER).under(terms);
    let mut through = straight.clone();
    through.bucket.endpoint = Some(proxy.url.clone());
    (proxy, through, straight)
}

fn locked(objects: &Objects) -> S3 {
    let mut state = objects.open();
    state.lock(&holder("lock-1"), NOW_MS).expect("free");
    state.reserve_operations(4).expect("reserved");
    state
}

/// Lets the first request that this picks meet its fate, and all others through.
fn once(picks: impl Fn(&Request) -> bool + Send + 'static, fate: Fate) -> impl FnMut(&Request) -> Fate + Send {
    let mut met = false;
    move |request| {
        if met || !picks(request) {
            return Fate::Through;
        }
        met = true;
        fate
    }
}

#[test]
fn a_put_whose_answer_is_lost_or_wrong_is_kept_once() {
    for key in ["/journal/", "/head"] {
        for fate in [
            Fate::AnswerLost,
            Fate::RequestLost,
            Fate::Refused(503),
            Fate::Refused(409),
            Fate::Refused(412),
            Fate::Refused(500),
            Fate::Misreported(503),
            Fate::Misreported(412),
            Fate::Misreported(409),
        ] {
            let (proxy, through, straight) = bench(PATIENT);
            let mut state = locked(&through);
            let before = state.snapshot().expect("readable").serial;
            proxy.decide(once(move |request| request.puts(key), fate));
            state.append(&[begin(1, "a")]).unwrap_or_else(|error| panic!("{key} {fate:?}: {error}"));
            state.append(&[present(1, "a", "i-1")]).unwrap_or_else(|error| panic!("{key} {fate:?}: {error}"));
            let read = straight.look().expect("there");
            assert_eq!(read.snapshot().expect("readable"), state.snapshot().expect("readable"), "{key} {fate:?}");
            assert_eq!(read.snapshot().expect("readable").serial, before + 2, "{key} {fate:?}");
            assert_eq!(read.entries(None).expect("readable"), [begin(1, "a"), present(1, "a", "i-1")]);
        }
    }
}

#[test]
fn a_lock_whose_answer_is_lost_is_taken_once() {
    let (proxy, through, straight) = bench(PATIENT);
    let mut state = through.open();
    proxy.decide(once(|request| request.puts("/head"), Fate::AnswerLost));
    state.lock(&holder("lock-1"), NOW_MS).expect("taken");
    let error = straight.open().lock(&holder("lock-2"), NOW_MS).expect_err("it is held");
    assert!(matches!(error, StateError::Locked { holder, .. } if holder.id == "lock-1"));
    state.reserve_operations(1).expect("held");
}

#[test]
fn a_refusal_is_told_with_the_object_and_leaves_the_state_writable() {
    let (proxy, through, straight) = bench(PATIENT);
    let mut state = locked(&through);
    for key in ["/journal/", "/head"] {
        proxy.decide(once(move |request| request.puts(key), Fate::Refused(403)));
        let error = state.append(&[begin(1, "a")]).expect_err("refused").to_string();
        let place = through.bucket.to_string();
        assert!(error.contains(&place) && error.contains(key), "{error}");
        assert!(error.ends_with("can't be written: the store answered 403 AccessDenied: Said by the test.; the credentials need the permissions that docs/state.md lists"), "{error}");
        assert!(!error.contains("testtest"), "{error}");
        assert!(straight.look().expect("there").snapshot().expect("readable").pending.is_empty());
    }
    state.append(&[begin(1, "a")]).expect("it was refused for once");
    assert_eq!(straight.look().expect("there").snapshot().expect("readable").pending.len(), 1);
}

#[test]
fn a_put_that_nobody_knows_the_outcome_of_ends_the_run_and_the_next_one_reads_it() {
    let terms = Terms { patience: Duration::from_millis(400), ..PATIENT };
    for fate in [Fate::AnswerLost, Fate::RequestLost] {
        let (proxy, through, straight) = bench(terms);
        let mut state = locked(&through);
        let mut put = false;
        proxy.decide(move |request| {
            // From the head's put on, nothing comes back.
            put |= request.puts("/head");
            if put { fate } else { Fate::Through }
        });
        let error = state.append(&[begin(1, "a")]).expect_err("nobody knows");
        assert!(matches!(error, StateError::NotHeld { .. }), "{error}");
        assert!(error.to_string().contains("whether that was kept is not known"), "{error}");
        assert!((state.fence())().is_err(), "it sends nothing either");
        proxy.decide(|_| Fate::Through);
        let error = state.append(&[begin(2, "b")]).expect_err("it stays so");
        assert!(matches!(error, StateError::NotHeld { .. }), "{error}");
        drop(state);
        let kept = straight.look().expect("there").snapshot().expect("readable").pending.len();
        assert_eq!(kept, usize::from(fate == Fate::AnswerLost), "{fate:?}");
        let mut next = straight.open();
        next.lock(&holder("lock-2"), NOW_MS).expect("given back");
        let first = next.reserve_operations(1).expect("reserved").0;
        let more = Entry::Begun(Box::new(Begun { generation: 3, ..begun(first, "c", Action::Create) }));
        next.append(&[more]).expect("legal");
    }
}

#[test]
fn a_head_that_another_moved_in_between_is_not_written_over() {
    let (proxy, through, straight) = bench(PATIENT);
    let mut state = locked(&through);
    // While the segment is put, the lock goes to another run, which writes.
    let thief = straight.clone();
    let mut stolen = false;
    proxy.decide(move |request| {
        if request.puts("/journal/") && !stolen {
            stolen = true;
            let mut other = thief.open();
            other.unlock("lock-1", &holder("admin")).expect("removed");
            other.lock(&holder("lock-2"), NOW_MS).expect("free");
            other.reserve_operations(1).expect("reserved");
        }
        Fate::Through
    });
    let before = straight.look().expect("there").snapshot().expect("readable");
    let error = state.append(&[begin(1, "a")]).expect_err("fenced off");
    assert!(matches!(error, StateError::NotHeld { .. }), "{error}");
    let after = straight.look().expect("there").snapshot().expect("readable");
    assert_eq!(after.pending, before.pending, "its segment is reached from no head");
    assert_eq!(after.serial, before.serial + 2, "that the lock was taken away is there, and the other run's write");
}

#[test]
fn taking_a_lock_away_is_logged_however_often_others_are_faster() {
    let (proxy, through, straight) = bench(PATIENT);
    let mut state = locked(&straight);
    let run = state.begin_run("apply", &[], NOW_MS).expect("begun");
    state.end_run(run, RunEnd::default()).expect("ended");
    // While the first two segments are put that say so, the holder writes.
    let holds = Arc::new(Mutex::new(state));
    let (writer, mut left) = (Arc::clone(&holds), 2);
    proxy.decide(move |request| {
        if request.puts("/journal/") && left > 0 {
            left -= 1;
            writer.lock().expect("whole").reserve_operations(1).expect("reserved");
        }
        Fate::Through
    });
    let mut other = through.open();
    other.unlock("lock-1", &holder("admin")).expect("removed").expect("somebody held it");
    let history = straight.look().expect("there").past().expect("readable");
    assert_eq!(history.verify(), Ok(Verified { since: 0 }));
    assert_eq!(history.log.entries.len(), 2);
    assert_eq!(history.log.entries[1].serial, history.now.serial);
    let error = holds.lock().expect("whole").reserve_operations(1).expect_err("its lock is gone");
    assert!(matches!(error, StateError::NotHeld { .. }), "{error}");
}

#[test]
fn puts_follow_each_other_no_faster_than_the_pace() {
    let pace = Duration::from_millis(50);
    let (proxy, through, _) = bench(Terms { pace, ..PATIENT });
    let mut state = locked(&through);
    let (before, began) = (proxy.seen().len(), std::time::Instant::now());
    for number in 0..5 {
        state
            .append(&[Entry::Recorded(Box::new(crate::promise::made::record(&format!("r{number}"), "i-1", 0)))])
            .expect("legal");
    }
    let puts = proxy.seen()[before..].iter().filter(|request| request.method == "PUT").count();
    assert_eq!(puts, 10, "a segment and a head each");
    assert!(began.elapsed() >= pace * 9, "{:?}", began.elapsed());
}
