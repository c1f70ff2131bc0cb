//! The world's clock: virtual under a paused tokio runtime, or the wall's clock
//! at a chosen speed. Either goes on from the time at which the world was left.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

/// Something that knows what time it is.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock. For sockets, and for the program that serves them.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// What moves the world's time.
#[derive(Clone)]
pub enum Time {
    /// tokio's timer: on a paused current-thread runtime, time jumps to the next moment that anything waits for.
    Tokio,
    /// Another clock, this many times as fast.
    Scaled {
        /// The clock that is followed, usually [`SystemClock`].
        wall: Arc<dyn Clock>,
        /// World seconds for each of its seconds.
        speed: f64,
    },
    /// A clock of the caller's own, taken as it is.
    Given(Arc<dyn Clock>),
}

impl std::fmt::Debug for Time {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Time::Tokio => out.write_str("Tokio"),
            Time::Scaled { speed, .. } => write!(out, "Scaled({speed})"),
            Time::Given(_) => out.write_str("Given"),
        }
    }
}

/// A running clock of the world.
pub(crate) struct WorldClock {
    base: Timestamp,
    source: Source,
    ahead: SignedDuration,
    last: Timestamp,
}

enum Source {
    Tokio(tokio::time::Instant),
    Scaled {
        wall: Arc<dyn Clock>,
        since: Timestamp,
        speed: f64,
        /// Another speed, until a time of the wall's.
        held: Option<(f64, Timestamp)>,
    },
    Given(Arc<dyn Clock>),
}

impl WorldClock {
    /// Starts a clock that reads `base` now.
    pub(crate) fn start(time: &Time, base: Timestamp) -> WorldClock {
        let source = match time {
            Time::Tokio => Source::Tokio(tokio::time::Instant::now()),
            Time::Scaled { wall, speed } => {
                Source::Scaled { wall: wall.clone(), since: wall.now(), speed: *speed, held: None }
            }
            Time::Given(clock) => Source::Given(clock.clone()),
        };
        WorldClock { base, source, ahead: SignedDuration::ZERO, last: base }
    }

    /// The world's time; never earlier than it has been.
    pub(crate) fn now(&mut self) -> Timestamp {
        let read = match &self.source {
            Source::Tokio(since) => {
                let elapsed = SignedDuration::try_from(since.elapsed()).unwrap_or(SignedDuration::MAX);
                later(self.base, elapsed)
            }
            Source::Scaled { wall, since, speed, held } => {
                let now = wall.now();
                let passed = now.duration_since(*since).as_secs_f64().max(0.0);
                let (slow, held) = match held {
                    Some((slow, until)) => (slow, until.duration_since(*since).as_secs_f64().clamp(0.0, passed)),
                    None => (speed, 0.0),
                };
                let seconds = held * slow + (passed - held) * speed;
                later(self.base, SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX))
            }
            Source::Given(clock) => clock.now(),
        };
        let now = later(read, self.ahead);
        self.last = self.last.max(now);
        self.last
    }

    /// Its seconds in one of the clock's that it follows.
    pub(crate) fn speed(&self) -> f64 {
        match &self.source {
            Source::Scaled { wall, held: Some((slow, until)), .. } if wall.now() < *until => *slow,
            Source::Scaled { speed, .. } => *speed,
            Source::Tokio(_) | Source::Given(_) => 1.0,
        }
    }

    /// Its speed whenever it is not held.
    pub(crate) fn usual_speed(&self) -> f64 {
        match &self.source {
            Source::Scaled { speed, .. } => *speed,
            Source::Tokio(_) | Source::Given(_) => 1.0,
        }
    }

    /// Goes on at this speed from here: for so long of the wall's time, where it is no longer than that. False where it
    /// follows no clock that it could be faster than.
    pub(crate) fn set_speed(&mut self, to: f64, lasting: Option<SignedDuration>) -> bool {
        let now = self.now();
        let Source::Scaled { wall, since, speed, held } = &mut self.source else { return false };
        *since = wall.now();
        match lasting {
            Some(lasting) => *held = Some((to, later(*since, lasting))),
            None => (*speed, *held) = (to, None),
        }
        (self.base, self.ahead) = (now, SignedDuration::ZERO);
        true
    }

    /// Moves the clock forward by so much.
    pub(crate) fn advance(&mut self, by: SignedDuration) {
        self.ahead = self.ahead.saturating_add(by);
    }

    /// Goes on from this time, earlier or later than its own. A clock of the caller's own stays as it is.
    pub(crate) fn set(&mut self, to: Timestamp) {
        match &mut self.source {
            Source::Tokio(since) => *since = tokio::time::Instant::now(),
            Source::Scaled { wall, since, .. } => *since = wall.now(),
            Source::Given(_) => return,
        }
        (self.base, self.last, self.ahead) = (to, to, SignedDuration::ZERO);
    }

    /// The clock's reading without looking at its source again.
    pub(crate) fn last(&self) -> Timestamp {
        self.last
    }
}

/// So much later, and at the end of all time at the latest: a clock that stood still would be waited for for ever.
fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_too_fast_ends_at_the_end_of_time_and_does_not_stand_still() {
        struct Minutes(std::sync::atomic::AtomicI64);
        impl Clock for Minutes {
            fn now(&self) -> Timestamp {
                let passed = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                Timestamp::UNIX_EPOCH + SignedDuration::from_mins(passed)
            }
        }
        let base: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        for speed in [1e12, 1e300] {
            let wall = Arc::new(Minutes(0.into()));
            let mut clock = WorldClock::start(&Time::Scaled { wall, speed }, base);
            assert_eq!(clock.now(), Timestamp::MAX);
        }
    }

    #[test]
    fn a_speed_that_lasts_ends_by_itself_and_time_never_jumps() {
        struct Wall(std::sync::atomic::AtomicI64);
        impl Clock for Wall {
            fn now(&self) -> Timestamp {
                Timestamp::UNIX_EPOCH + SignedDuration::from_secs(self.0.load(std::sync::atomic::Ordering::Relaxed))
            }
        }
        let base: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let wall = Arc::new(Wall(0.into()));
        let at = |second| wall.0.store(second, std::sync::atomic::Ordering::Relaxed);
        let mut clock = WorldClock::start(&Time::Scaled { wall: wall.clone(), speed: 100.0 }, base);
        let passed = |clock: &mut WorldClock| clock.now().duration_since(base).as_secs();
        at(10);
        assert_eq!(passed(&mut clock), 1_000);
        assert!(clock.set_speed(1.0, Some(SignedDuration::from_secs(5))));
        assert_eq!((passed(&mut clock), clock.speed(), clock.usual_speed()), (1_000, 1.0, 100.0));
        at(14);
        assert_eq!((passed(&mut clock), clock.speed()), (1_004, 1.0));
        at(16);
        assert_eq!((passed(&mut clock), clock.speed()), (1_105, 100.0));
        // Let go of before its end.
        assert!(clock.set_speed(1.0, Some(SignedDuration::from_secs(60))));
        assert!(clock.set_speed(1.0, Some(SignedDuration::ZERO)));
        at(17);
        assert_eq!((passed(&mut clock), clock.speed()), (1_205, 100.0));
        let mut virtual_time = WorldClock::start(&Time::Given(wall.clone()), base);
        assert!(!virtual_time.set_speed(2.0, None), "it follows a clock of the caller's own");
    }

    #[tokio::test(start_paused = true)]
    async fn the_tokio_clock_follows_virtual_time_and_can_be_advanced() {
        let base: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let mut clock = WorldClock::start(&Time::Tokio, base);
        tokio::time::sleep(std::time::Duration::from_secs(90)).await;
        assert_eq!(clock.now().to_string(), "2026-01-05T09:01:30Z");
        clock.advance(SignedDuration::from_mins(1));
        assert_eq!(clock.now().to_string(), "2026-01-05T09:02:30Z");
    }
}
