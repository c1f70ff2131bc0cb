//! Memory, for simulations: writes that fail on order.

use fathuss_state::{Fault, Memory, StateError, Store};

use crate::made::{NOW_MS, begin, identified, present};

#[test]
fn memory_follows_the_same_law_and_fails_on_order() {
    let mut state = Memory::new("5eed");
    state.reserve_operations(3).expect("reserved");
    state.fail_at(2, Fault::Refused);
    state.append(&[begin(1, "a")]).expect("the first write");
    let error = state.append(&[identified(1, "i-1")]).expect_err("the second write");
    assert_eq!(error.to_string(), "memory can't be written: the disk is full");
    assert_eq!(state.snapshot().expect("readable").pending[0].identified, None);
    state.append(&[identified(1, "i-1")]).expect("the fault was for one write");

    for (fault, kept) in [(Fault::Full, 1), (Fault::InDoubt, 0)] {
        let mut state = state.clone();
        state.fail_at(1, fault);
        state.append(&[present(1, "a", "i-1")]).expect_err("it does not go well");
        state.append(&[begin(2, "b")]).expect_err("and nothing does after it");
        assert_eq!(state.snapshot().expect("it can be read").pending.len(), kept, "{fault:?}");
        state.restart();
        state.reserve_operations(1).expect("there is room again");
    }
    for (fault, kept) in [(Fault::CrashBefore, 1), (Fault::CrashAfter, 0)] {
        let mut state = state.clone();
        let crashed = state.crashed();
        state.fail_at(1, fault);
        state.append(&[present(1, "a", "i-1")]).expect_err("the process dies");
        assert!(crashed.load(std::sync::atomic::Ordering::SeqCst));
        assert!(state.snapshot().is_err() && state.begin_run("apply", &[], NOW_MS).is_err(), "dead is dead");
        state.restart();
        assert_eq!(state.snapshot().expect("alive").pending.len(), kept, "{fault:?}");
        assert!(matches!(state.append(&[begin(2, "b")]), Err(StateError::Illegal { .. })), "not reserved by this run");
    }
    assert_eq!(state.snapshot().expect("the original lives").pending.len(), 1);
}
