//! What every backend promises, one list for all of them.

pub mod agreement;
pub mod document;
pub mod history;
pub mod journal;
pub mod lock;
pub mod made;

use fathuss_state::Backend;

/// A place for one state, empty at first.
pub trait Bench: Sync {
    /// Opens the state to write; it is made with the lineage `5eed`.
    fn open(&self) -> Box<dyn Backend>;

    /// Opens the state to read.
    fn look(&self) -> Option<Box<dyn Backend>>;

    /// The place, as errors name it.
    fn place(&self) -> String;

    /// Another place of the kind.
    fn another(&self) -> Box<dyn Bench>;

    /// How many sequences of steps are tried.
    fn cases(&self) -> u32;
}

/// The state, under this process's lock.
pub fn locked(bench: &dyn Bench) -> Box<dyn Backend> {
    let mut state = bench.open();
    state.lock(&made::holder("lock-1"), made::NOW_MS).expect("a free lock");
    state
}

/// Every promise as a test, each at a place of its own.
macro_rules! promises {
    ($bench:expr) => {
        each! { $bench;
            agreement {
                it_agrees_with_memory_on_every_step
            }
            document {
                what_is_pulled_can_be_pushed_to_another_place
                a_push_takes_away_what_the_document_does_not_have
                a_document_of_another_state_is_refused_and_so_is_one_changed_by_hand
                a_state_that_went_elsewhere_takes_no_write_until_it_comes_back
            }
            journal {
                a_creation_is_pending_until_it_settles_as_a_row
                a_state_reads_the_same_after_it_was_closed
                a_deletion_and_a_refusal_spend_the_generation
                a_row_that_is_gone_outside_spends_its_generation_once
                pending_operations_are_in_the_order_they_began
                what_may_not_follow_is_refused_with_the_whole_group
                a_number_reserved_by_an_earlier_run_is_not_this_runs_to_use
                a_run_ends_once
                history_is_newest_first_and_shows_a_run_that_was_cut_off
                the_journal_tells_the_whole_story_of_the_runs_that_are_kept
                writing_takes_the_lock
            }
            history {
                what_there_was_after_each_run_is_kept
                a_run_keeps_who_started_it_from_where_and_its_plan
                what_a_run_that_was_cut_off_left_is_logged_by_the_next_one
                the_log_has_an_entry_for_each_run_push_and_unlock
                what_is_forgotten_leaves_the_chain_whole
                history_comes_along_to_another_place
                a_push_is_one_step_of_the_history
            }
            lock {
                a_lock_is_let_go_with_its_store
                a_run_whose_lock_was_removed_writes_no_more
                reading_takes_no_lock_and_sees_what_is_durable_while_another_writes
                of_many_that_begin_at_once_one_gets_the_lock_and_all_get_the_same_state
                what_many_write_one_after_the_other_is_all_there
            }
        }
    };
}

macro_rules! each {
    ($bench:expr; $($module:ident { $($name:ident)+ })+) => {
        $(mod $module {
            $(#[test]
            fn $name() {
                crate::promise::$module::$name(&$bench);
            })+
        })+
    };
}
