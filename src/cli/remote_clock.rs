//! The clock of a target behind a socket: the machine's, unless its answers say that they come from a sandbox.
//!
//! A sandbox tells in each answer what time it is in its world and how fast that
//! goes. Waits are shortened only while every answer says so: where some of a
//! run's calls reach AWS itself, time goes as AWS's does.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use fathuss_engine::Clock;

/// How long a wait goes on without a look at how fast time goes.
const PART: Duration = Duration::from_millis(100);

/// A target's clock, as its answers tell it. Clones hear the same.
#[derive(Clone, Debug, Default)]
pub struct RemoteClock {
    heard: Arc<Mutex<Heard>>,
}

/// Who has answered so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Heard {
    #[default]
    Nobody,
    Aws,
    Sandbox(Reading),
    /// First a sandbox, then something else: its time goes on from there, at the wall's pace.
    Both(Reading),
}

/// What a clock showed, and since when it has gone on from there at a speed.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reading {
    shown: Duration,
    at: Instant,
    speed: f64,
}

impl Reading {
    fn now(&self) -> Duration {
        self.shown + self.at.elapsed().mul_f64(self.speed)
    }
}

impl RemoteClock {
    /// Hears an answer, by its headers.
    pub fn hear<'a>(&self, header: impl Fn(&'static str) -> Option<&'a str>) {
        let told = header("x-fathuss-now").and_then(|now| now.parse::<jiff::Timestamp>().ok()).map(|now| Reading {
            shown: Duration::from_millis(u64::try_from(now.as_millisecond()).unwrap_or_default()),
            at: Instant::now(),
            // Where nothing takes time the speed is `instant`, and time itself goes as the wall's does.
            speed: header("x-fathuss-speed").and_then(|speed| speed.parse().ok()).filter(|&s| s > 0.0).unwrap_or(1.0),
        });
        self.change(|heard| match (heard, told) {
            (Heard::Nobody, Some(told)) => Heard::Sandbox(told),
            (Heard::Nobody, None) => Heard::Aws,
            // Answers overtake each other; time goes forward.
            (Heard::Sandbox(before), Some(told)) => {
                Heard::Sandbox(Reading { shown: told.shown.max(before.now()), ..told })
            }
            (Heard::Sandbox(before), None) => {
                Heard::Both(Reading { shown: before.now(), at: Instant::now(), speed: 1.0 })
            }
            (Heard::Aws | Heard::Both(_), _) => heard,
        });
    }

    /// The world's seconds in one of ours, where all that answered was a sandbox.
    pub fn speed(&self) -> Option<f64> {
        match self.heard() {
            Heard::Sandbox(reading) => Some(reading.speed),
            Heard::Nobody | Heard::Aws | Heard::Both(_) => None,
        }
    }

    fn heard(&self) -> Heard {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(Heard) -> Heard) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        *heard = change(*heard);
    }
}

#[async_trait(?Send)]
impl Clock for RemoteClock {
    fn now(&self) -> Duration {
        match self.heard() {
            Heard::Nobody | Heard::Aws => SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(),
            Heard::Sandbox(reading) | Heard::Both(reading) => reading.now(),
        }
    }

    async fn sleep(&self, duration: Duration) {
        // In parts: the sandbox's time may go at another speed before it is over.
        let mut left = duration;
        loop {
            let speed = self.speed().unwrap_or(1.0);
            let rest = left.div_f64(speed);
            tokio::time::sleep(rest.min(PART)).await;
            if rest <= PART {
                return;
            }
            left = left.saturating_sub(PART.mul_f64(speed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: Duration = Duration::from_secs(1_767_603_600);

    fn sandbox(clock: &RemoteClock, now: &'static str, speed: &'static str) {
        clock.hear(|name| Some(if name == "x-fathuss-now" { now } else { speed }));
    }

    fn wall() -> Duration {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_sandboxs_time_is_told_by_its_answers_and_waits_are_as_short_as_its_speed_makes_them() {
        let clock = RemoteClock::default();
        sandbox(&clock, "2026-01-05T09:00:00Z", "600");
        let read = clock.now();
        assert!((SHOWN..SHOWN + Duration::from_secs(600)).contains(&read), "{read:?}");
        let began = tokio::time::Instant::now();
        clock.sleep(Duration::from_secs(60)).await;
        assert_eq!(began.elapsed(), Duration::from_millis(100));
        sandbox(&clock, "2026-01-06T09:00:00Z", "600");
        assert!(clock.now() >= SHOWN + Duration::from_secs(86_400), "it follows a clock that was moved");
        sandbox(&clock, "2026-01-05T09:00:00Z", "600");
        assert!(clock.now() >= SHOWN + Duration::from_secs(86_400), "it never goes back");
    }

    #[tokio::test(start_paused = true)]
    async fn aws_answers_on_the_machines_clock_whatever_comes_after() {
        let clock = RemoteClock::default();
        clock.hear(|_| None);
        sandbox(&clock, "2026-01-05T09:00:00Z", "600");
        assert_eq!(clock.speed(), None);
        assert!(clock.now() >= wall() - Duration::from_secs(1));
        let began = tokio::time::Instant::now();
        clock.sleep(Duration::from_secs(60)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(60));
    }

    #[test]
    fn no_wait_is_shortened_once_something_else_than_the_sandbox_has_answered() {
        let clock = RemoteClock::default();
        sandbox(&clock, "2026-01-05T09:00:00Z", "600");
        clock.hear(|_| None);
        sandbox(&clock, "2026-01-05T09:10:00Z", "600");
        assert_eq!(clock.speed(), None);
        assert!(clock.now() < SHOWN + Duration::from_secs(600), "time goes on from where it was");
    }
}
