//! A lock that ends by itself: a lease, renewed while its run lives.
//!
//! When it ends is decided twice, by clocks that need not agree. Who wants to
//! take it over asks the store, by the store's own clock. Who holds it looks at
//! its own clocks, from the moment before it asked for the last renewal: so the
//! holder always thinks that it ends sooner than the store does.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::lock::since;
use crate::{Holder, StateError};

/// How long AWS carries out a request after it was signed: "In most cases, a request must reach AWS within five minutes
/// of the time stamp in the request. Otherwise, AWS denies the request."
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-signing.html>
///
/// A process that was stopped between signing and sending may send that late.
pub const SIGNATURE_VALIDITY: Duration = Duration::from_secs(5 * 60);

/// How long things take between runs that share a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long a lease lasts after it was last renewed. It is renewed three times as often.
    pub lease: Duration,
    /// How long before its end a lease counts as held no more where a request is to be signed.
    pub margin: Duration,
    /// How long a takeover waits after a lease's end.
    pub signature: Duration,
    /// The least time between two writes to an object store.
    pub pace: Duration,
    /// How long a request that goes wrong is tried again.
    pub patience: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(60),
            margin: Duration::from_secs(10),
            signature: SIGNATURE_VALIDITY,
            pace: Duration::from_millis(50),
            patience: Duration::from_secs(30),
        }
    }
}

/// Whether a lease that was renewed so long ago, by the store's clock, can be taken over.
pub(crate) fn may_take(
    holder: &Holder,
    lease: Duration,
    renewed_ago: Duration,
    terms: &Terms,
    now_ms: i64,
) -> Result<(), StateError> {
    if renewed_ago < lease {
        return Err(locked(holder, now_ms));
    }
    let free = lease + terms.signature;
    if renewed_ago >= free {
        return Ok(());
    }
    let wait_s = (free - renewed_ago).as_millis().div_ceil(1000);
    Err(StateError::Lapsed {
        holder: Box::new(holder.clone()),
        since: since(holder.since_ms, now_ms),
        wait_s: u64::try_from(wait_s).unwrap_or(u64::MAX),
    })
}

pub(crate) fn locked(holder: &Holder, now_ms: i64) -> StateError {
    StateError::Locked { holder: Box::new(holder.clone()), since: since(holder.since_ms, now_ms) }
}

/// Why a lock is held no more, from who has it now.
pub(crate) fn removed(now: Option<&Holder>) -> String {
    lost("its lock was removed", now)
}

fn lost(how: &str, now: Option<&Holder>) -> String {
    match now {
        Some(holder) => format!("{how}, and {holder} has taken it"),
        None => how.to_owned(),
    }
}

/// A moment by both clocks: one that nobody sets stands still while a machine sleeps, one that goes on can be set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    steady: Instant,
    wall: SystemTime,
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self { steady: Instant::now(), wall: SystemTime::now() }
    }

    pub(crate) fn after(self, time: Duration) -> Self {
        Self { steady: self.steady + time, wall: self.wall + time }
    }

    /// The time until then: the lesser by the two clocks, nothing where it has passed by either.
    pub(crate) fn remaining(self) -> Duration {
        let steady = self.steady.saturating_duration_since(Instant::now());
        self.wall.duration_since(SystemTime::now()).map_or(Duration::ZERO, |wall| wall.min(steady))
    }

    /// The earlier of the two.
    pub(crate) fn min(self, other: Self) -> Self {
        if other.remaining() < self.remaining() { other } else { self }
    }
}

/// A run's own view of its lease, shared with what renews it.
#[derive(Clone, Debug, Default)]
pub struct Tenure(Arc<Mutex<Standing>>);

#[derive(Clone, Debug, Default)]
enum Standing {
    #[default]
    Never,
    Until(Moment),
    Over(String),
}

impl Tenure {
    /// The lease lasts this long from the moment before it was asked for.
    pub(crate) fn renewed(&self, asked: Moment, lease: Duration) {
        *self.standing() = Standing::Until(asked.after(lease));
    }

    /// It is over for good, whatever the time.
    pub(crate) fn end(&self, reason: &str) {
        let mut standing = self.standing();
        if let Standing::Until(_) = *standing {
            *standing = Standing::Over(reason.to_owned());
        }
    }

    /// It was never taken, as far as this run can tell.
    pub(crate) fn forget(&self) {
        *self.standing() = Standing::Never;
    }

    /// When it ends, or why it is not held. A lease with less than `margin` left has ended.
    pub(crate) fn until(&self, margin: Duration) -> Result<Moment, String> {
        match self.standing().clone() {
            Standing::Never => Err("it has not taken the lock".to_owned()),
            Standing::Over(reason) => Err(reason),
            Standing::Until(until) if until.remaining() <= margin => Err(LAPSED.to_owned()),
            Standing::Until(until) => Ok(until),
        }
    }

    /// Whether its time is over, with nobody having said so.
    pub(crate) fn lapsed(&self) -> bool {
        matches!(&*self.standing(), Standing::Until(until) if until.remaining() == Duration::ZERO)
    }

    /// What to say where the store shows that this run's lock is gone: the lease is over from now on.
    pub(crate) fn gone(&self, now: Option<&Holder>) -> String {
        let reason = if self.lapsed() { lost(LAPSED, now) } else { removed(now) };
        self.end(&reason);
        reason
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        // Nothing panics while it holds this, and each value is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is said of a lease whose time is over.
pub(crate) const LAPSED: &str = "its lease lapsed";

#[cfg(test)]
mod tests {
    use super::*;

    fn holder() -> Holder {
        Holder {
            id: "lock-1".to_owned(),
            who: "mia@build-7".to_owned(),
            pid: 41,
            command: "fathuss apply staging".to_owned(),
            since_ms: 1_767_225_600_000,
            origin: crate::Origin::default(),
            part: None,
        }
    }

    #[test]
    fn a_takeover_waits_for_the_lease_and_then_for_what_it_signed() {
        let (terms, lease) = (Terms::default(), Duration::from_secs(60));
        let take = |seconds| may_take(&holder(), lease, Duration::from_secs(seconds), &terms, 0);
        assert!(matches!(take(59), Err(StateError::Locked { .. })));
        assert!(matches!(take(60), Err(StateError::Lapsed { wait_s: 300, .. })));
        assert!(matches!(take(359), Err(StateError::Lapsed { wait_s: 1, .. })));
        assert!(take(360).is_ok());
    }

    #[test]
    fn a_lease_ends_before_its_time_by_the_margin_and_stays_ended() {
        let tenure = Tenure::default();
        assert_eq!(tenure.until(Duration::ZERO).err().as_deref(), Some("it has not taken the lock"));
        tenure.renewed(Moment::now(), Duration::from_secs(60));
        assert!(tenure.until(Duration::from_secs(10)).is_ok());
        assert_eq!(tenure.until(Duration::from_secs(61)).err().as_deref(), Some("its lease lapsed"));
        tenure.end("another has it");
        tenure.end("something else");
        assert_eq!(tenure.until(Duration::ZERO).err().as_deref(), Some("another has it"));
    }

    #[test]
    fn a_clock_that_stood_still_or_was_set_back_does_not_lengthen_a_lease() {
        let now = Moment::now();
        let hour = Duration::from_secs(3600);
        let slept = Moment { steady: now.steady + hour, wall: now.wall - hour };
        assert_eq!(slept.remaining(), Duration::ZERO);
        assert!(now.after(hour).remaining() > Duration::from_secs(3500));
    }
}
