//! Windows in UTC: daily ones for backups and snapshots, weekly ones for
//! maintenance, both of which may go over midnight.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

const DAY: i64 = 24 * 60;
const WEEK: i64 = 7 * DAY;
/// How often windows are drawn before they are looked for.
const DRAWS: u32 = 16;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A span of time that comes again, in minutes of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    start: i64,
    length: i64,
    every: i64,
}

/// How AWS draws windows: so long, and from three in the morning on so many steps of so many minutes.
#[derive(Debug, Clone, Copy)]
pub struct Night {
    /// How long a window is.
    pub minutes: i64,
    /// What its beginning is a multiple of.
    pub step: i64,
    /// Of how many beginnings it is one.
    pub choices: usize,
}

impl Window {
    /// Reads `03:00-04:00`.
    #[must_use]
    pub fn daily(text: &str) -> Option<Window> {
        let (start, end) = text.split_once('-')?;
        Window::between(clock(start)?, clock(end)?, DAY)
    }

    /// Reads `sun:04:00-sun:05:00`.
    #[must_use]
    pub fn weekly(text: &str) -> Option<Window> {
        let (start, end) = text.split_once('-')?;
        let moment = |text: &str| {
            let (day, time) = text.split_once(':')?;
            let day = DAYS.iter().position(|name| day.eq_ignore_ascii_case(name))?;
            Some(i64::try_from(day).ok()? * DAY + clock(time)?)
        };
        Window::between(moment(start)?, moment(end)?, WEEK)
    }

    fn between(start: i64, end: i64, every: i64) -> Option<Window> {
        Some(Window { start, length: (end - start).rem_euclid(every), every })
    }

    /// How long it is, in minutes.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        self.length
    }

    /// Whether the two have a minute in common.
    #[must_use]
    pub fn overlaps(&self, other: &Window) -> bool {
        self.occurrences().any(|mine| {
            other.occurrences().any(|theirs| {
                let gap = (theirs - mine).rem_euclid(WEEK);
                gap < self.length || (WEEK - gap) % WEEK < other.length && (WEEK - gap) % WEEK > 0 || gap == 0
            })
        })
    }

    /// A daily and a weekly window, and whether they are apart: those that are given, and others of so many minutes,
    /// drawn from the region's night. Where what is given leaves no room there, they are the first of the week that do.
    pub fn pair(
        (daily, weekly): (Option<&str>, Option<&str>),
        Night { minutes, step, choices }: Night,
        mut below: impl FnMut(usize) -> usize,
    ) -> (String, String, bool) {
        let pair = |day: usize, first: i64, second: i64| {
            let daily = daily.map_or_else(|| Self::daily_text(first, minutes), str::to_owned);
            let weekly = weekly.map_or_else(|| Self::weekly_text(day, second, minutes), str::to_owned);
            let both = Self::daily(&daily).zip(Self::weekly(&weekly));
            let apart = both.is_none_or(|(daily, weekly)| !daily.overlaps(&weekly));
            (daily, weekly, apart)
        };
        if daily.is_some() && weekly.is_some() {
            return pair(0, 0, 0);
        }
        let drawn = (0..DRAWS).map(|_| {
            let mut minute = || 3 * 60 + step * i64::try_from(below(choices)).unwrap_or(0);
            let (first, second) = (minute(), minute());
            pair(below(7), first, second)
        });
        let starts = (0..7).flat_map(|day| (0..DAY / minutes).map(move |at| (day, at * minutes)));
        let found = starts.map(|(day, minute)| pair(day, minute, minute));
        drawn.chain(found).find(|(_, _, apart)| *apart).unwrap_or_else(|| pair(0, 0, 0))
    }

    fn occurrences(self) -> impl Iterator<Item = i64> {
        (0..WEEK / self.every).map(move |number| self.start + number * self.every)
    }

    /// How long it is until it begins next.
    #[must_use]
    pub fn until(&self, now: Timestamp) -> SignedDuration {
        let local = now.to_zoned(TimeZone::UTC);
        let minute = i64::from(local.weekday().to_monday_zero_offset()) * DAY
            + i64::from(local.hour()) * 60
            + i64::from(local.minute());
        let wait = (self.start - minute).rem_euclid(self.every);
        let wait = if wait == 0 { self.every } else { wait };
        SignedDuration::from_mins(wait) - SignedDuration::from_secs(i64::from(local.second()))
    }

    /// A daily window of so many minutes that begins at that minute of the day, as text.
    #[must_use]
    pub fn daily_text(minute: i64, minutes: i64) -> String {
        format!("{}-{}", time(minute), time(minute + minutes))
    }

    /// A weekly window of so many minutes, as text.
    #[must_use]
    pub fn weekly_text(day: usize, minute: i64, minutes: i64) -> String {
        let end = minute + minutes;
        let last = (day + usize::from(end >= DAY)) % 7;
        format!("{}:{}-{}:{}", DAYS[day % 7], time(minute), DAYS[last], time(end))
    }
}

fn clock(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |text: &str, below: i64| {
        let fits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|number| fits && *number < below)
    };
    Some(digits(hour, 24)? * 60 + digits(minute, 60)?)
}

fn time(minute: i64) -> String {
    let minute = minute.rem_euclid(DAY);
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clash(daily: &str, weekly: &str) -> bool {
        let (daily, weekly) = (Window::daily(daily).unwrap(), Window::weekly(weekly).unwrap());
        assert_eq!(daily.overlaps(&weekly), weekly.overlaps(&daily));
        daily.overlaps(&weekly)
    }

    #[test]
    fn windows_overlap_only_where_they_share_a_minute() {
        assert!(!clash("03:00-04:00", "sun:04:00-sun:05:00"));
        assert!(clash("03:00-04:01", "sun:04:00-sun:05:00"));
        assert!(clash("23:30-00:30", "wed:00:00-wed:01:00"));
        assert!(clash("04:00-05:00", "sun:23:00-mon:06:00"));
        assert!(!clash("06:00-07:00", "sun:23:00-mon:06:00"));
        assert!(clash("04:10-04:20", "sun:04:00-sun:05:00"));
    }

    #[test]
    fn only_whole_windows_are_read() {
        assert!(
            ["3:00-4:00", "24:00-01:00", "03:00", "", "03:60-04:00", "sun:03:00-sun:04:00"]
                .iter()
                .all(|text| Window::daily(text).is_none())
        );
        assert!(["sunday:03:00-sun:04:00", "03:00-04:00"].iter().all(|text| Window::weekly(text).is_none()));
        assert_eq!(Window::weekly("Sun:23:30-mon:00:30").unwrap().minutes(), 60);
    }

    #[test]
    fn windows_are_found_beside_what_leaves_little_room() {
        let night = Night { minutes: 60, step: 60, choices: 8 };
        let pair = |daily, weekly| Window::pair((daily, weekly), night, |bound| bound - 1);
        let (_, weekly, apart) = pair(Some("02:00-01:00"), None);
        assert_eq!((weekly.as_str(), apart), ("mon:01:00-mon:02:00", true));
        assert!(!pair(None, Some("sun:05:00-wed:06:00")).2);
        assert!(!pair(Some("03:00-04:00"), Some("sun:03:30-sun:04:30")).2);
        let mut numbers = [0, 0, 0, 5, 6, 1].into_iter().cycle();
        let drawn = Window::pair((None, None), night, |_| numbers.next().unwrap());
        assert_eq!(drawn, ("08:00-09:00".to_owned(), "tue:09:00-tue:10:00".to_owned(), true));
    }

    #[test]
    fn the_next_beginning_is_ahead() {
        let now: Timestamp = "2026-01-05T09:00:30Z".parse().unwrap(); // a Monday
        let weekly = Window::weekly("mon:09:00-mon:10:00").unwrap();
        assert_eq!(now + weekly.until(now), "2026-01-12T09:00:00Z".parse::<Timestamp>().unwrap());
        let sunday = Window::weekly("sun:04:00-sun:05:00").unwrap();
        assert_eq!(now + sunday.until(now), "2026-01-11T04:00:00Z".parse::<Timestamp>().unwrap());
        let daily = Window::daily("10:00-11:00").unwrap();
        assert_eq!(now + daily.until(now), "2026-01-05T10:00:00Z".parse::<Timestamp>().unwrap());
    }
}
