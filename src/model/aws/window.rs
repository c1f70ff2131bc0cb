//! The weekly and daily windows of RDS and ElastiCache, and how they may lie to each other.

use std::fmt;
use std::ops::RangeInclusive;

use crate::check::{Findings, View};

const DAY: u32 = 24 * 60;
const WEEK: u32 = 7 * DAY;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A window in UTC: `03:00-04:00` each day, or `sun:04:00-sun:05:00` each week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    daily: bool,
    /// Minutes after midnight, for a weekly window that of Monday.
    start: u32,
    /// Minutes.
    length: u32,
}

impl Window {
    /// Reads a daily window.
    pub(super) fn daily(text: &str) -> Option<Self> {
        let (start, end) = text.split_once('-')?;
        let (start, end) = (minute(start)?, minute(end)?);
        Some(Self { daily: true, start, length: (end + DAY - start) % DAY })
    }

    /// Reads a weekly window.
    pub(super) fn weekly(text: &str) -> Option<Self> {
        let (start, end) = text.split_once('-')?;
        let (start, end) = (minute_of_week(start)?, minute_of_week(end)?);
        Some(Self { daily: false, start, length: (end + WEEK - start) % WEEK })
    }

    /// Whether there is a minute in both.
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.in_week().iter().any(|one| {
            other.in_week().iter().any(|other| {
                // How far the later one begins after the earlier one, around the week.
                (other.start + WEEK - one.start) % WEEK < one.length
                    || (one.start + WEEK - other.start) % WEEK < other.length
            })
        })
    }

    fn in_week(self) -> Vec<Self> {
        if !self.daily {
            return vec![self];
        }
        (0..7).map(|day| Self { daily: false, start: self.start + day * DAY, ..self }).collect()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} minutes", self.length)
    }
}

fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    Some(hour.parse::<u32>().ok()? * 60 + minute.parse::<u32>().ok()?)
}

fn minute_of_week(text: &str) -> Option<u32> {
    let (day, time) = text.split_once(':')?;
    let day = DAYS.iter().zip(0_u32..).find(|(name, _)| name.eq_ignore_ascii_case(day))?.1;
    Some(day * DAY + minute(time)?)
}

/// Holds a daily and a weekly window to a length in minutes, and to not overlapping.
pub(super) fn check(
    node: &View<'_>,
    daily: &str,
    weekly: &str,
    lengths: RangeInclusive<u32>,
    findings: &mut Findings<'_>,
) {
    let windows = [
        (daily, node.text(daily), node.text(daily).and_then(Window::daily)),
        (weekly, node.text(weekly), node.text(weekly).and_then(Window::weekly)),
    ];
    for (field, text, window) in windows {
        if let (Some(text), Some(window)) = (text, window)
            && !lengths.contains(&window.length)
        {
            let (bound, end) = if window.length < *lengths.start() {
                (lengths.start(), "at least")
            } else {
                (lengths.end(), "at most")
            };
            findings.refuse(format!("`{field}` is {text}: {window} long, AWS wants {bound} {end}"));
        }
    }
    if let [(_, Some(day), Some(one)), (_, Some(week), Some(other))] = windows
        && one.overlaps(other)
    {
        findings.refuse(format!("`{daily}` {day} overlaps `{weekly}` {week}; AWS refuses windows that share a minute"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_overlap_where_they_share_a_minute() {
        let cases = [
            ("03:00-04:00", "sun:04:00-sun:05:00", false),
            ("03:00-04:01", "sun:04:00-sun:05:00", true),
            ("04:30-05:30", "sun:04:00-sun:05:00", true),
            ("23:30-00:30", "mon:00:00-mon:01:00", true),
            ("00:30-01:00", "sun:23:30-mon:00:30", false),
            ("00:00-00:30", "Sun:23:30-Mon:00:30", true),
            ("12:00-13:00", "sat:10:00-sun:11:00", true),
        ];
        for (daily, weekly, expected) in cases {
            let (one, other) = (Window::daily(daily).unwrap(), Window::weekly(weekly).unwrap());
            assert_eq!(one.overlaps(other), expected, "{daily} and {weekly}");
            assert_eq!(other.overlaps(one), expected, "{weekly} and {daily}");
        }
    }

    #[test]
    fn a_window_over_midnight_has_its_length() {
        assert_eq!(Window::daily("23:30-00:15").unwrap().length, 45);
        assert_eq!(Window::weekly("sun:23:00-mon:01:00").unwrap().length, 120);
    }
}
