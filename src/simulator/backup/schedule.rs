//! When a rule's backups begin: a cron expression as EventBridge writes it, in a time zone of its own.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};

/// What each of the six fields may hold: its least and most number, its words, and the letters that it has beside `*`.
const FIELDS: [(i16, i16, &[&str], &str); 6] = [
    (0, 59, &[], ""),
    (0, 23, &[], ""),
    (1, 31, &[], "?LW"),
    (1, 12, &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], ""),
    (1, 7, &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], "?L#"),
    (1970, 2199, &[], ""),
];

/// The last year that a schedule knows.
const LAST: i16 = 2199;

/// A schedule: the moments at which all of its fields hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schedule {
    minutes: Numbers,
    hours: Numbers,
    days: Vec<Day>,
    months: Numbers,
    years: Numbers,
}

type Numbers = BTreeSet<i16>;

/// Days of a month, as one part of a field says it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Day {
    /// These days of the month.
    OfMonth(Numbers),
    /// The last day.
    Last,
    /// The last day from Monday to Friday.
    LastWorking,
    /// The day from Monday to Friday that is nearest to that one, within the month.
    NearestWorking(i16),
    /// These days of the week, Sunday being 1.
    OfWeek(Numbers),
    /// The last of a day of the week.
    LastOfWeek(i16),
    /// The first, second and so on of a day of the week.
    Nth(i16, i16),
}

impl Schedule {
    /// Reads `cron(...)` of six fields, of which either the day of the month or that of the week is `?`.
    pub(super) fn read(text: &str) -> Option<Schedule> {
        let inner = text.strip_prefix("cron(")?.strip_suffix(')')?;
        let fields: Vec<&str> = inner.split_whitespace().collect();
        let [minutes, hours, of_month, months, of_week, years] = fields[..] else { return None };
        if (of_month == "?") == (of_week == "?") {
            return None;
        }
        let (at, field) = if of_week == "?" { (2, of_month) } else { (4, of_week) };
        Some(Schedule {
            minutes: numbers(minutes, 0)?,
            hours: numbers(hours, 1)?,
            days: field.split(',').map(|part| day(part, at)).collect::<Option<_>>()?,
            months: numbers(months, 3)?,
            years: numbers(years, 5)?,
        })
    }

    /// Whether less than an hour can lie between two of its moments.
    pub(super) fn is_hasty(&self) -> bool {
        self.minutes.len() > 1
    }

    /// Its first moment after another, in a time zone; none where its years are over.
    pub(super) fn after(&self, time: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut at = time.to_zoned(zone.clone()).date();
        while at.year() <= LAST {
            if !self.years.contains(&at.year()) {
                at = date(at.year() + 1, 1, 1);
            } else if !self.months.contains(&i16::from(at.month())) {
                at = at.first_of_month().checked_add(1.month()).ok()?;
            } else {
                let is_one = self.days.iter().any(|day| day.is(at));
                if let Some(found) = is_one.then(|| self.within(at, time, zone)).flatten() {
                    return Some(found);
                }
                at = at.tomorrow().ok()?;
            }
        }
        None
    }

    /// Its first moment on a day that is after another moment.
    fn within(&self, day: Date, time: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let small = |number: &i16| i8::try_from(*number).ok();
        let moments = self.hours.iter().filter_map(small).flat_map(|hour| {
            self.minutes.iter().filter_map(small).filter_map(move |minute| {
                // What the clock leaves out is where it goes on, and what it has twice is the first of both.
                day.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
            })
        });
        moments.filter(|moment| *moment > time).min()
    }
}

impl Day {
    fn is(&self, day: Date) -> bool {
        let number = i16::from(day.day());
        let of_week = i16::from(day.weekday().to_sunday_one_offset());
        let last = i16::from(day.days_in_month());
        match self {
            Day::OfMonth(numbers) => numbers.contains(&number),
            Day::Last => number == last,
            Day::LastWorking => nearest(day, last) == Some(day),
            Day::NearestWorking(wanted) => *wanted <= last && nearest(day, *wanted) == Some(day),
            Day::OfWeek(numbers) => numbers.contains(&of_week),
            Day::LastOfWeek(wanted) => of_week == *wanted && number > last - 7,
            Day::Nth(wanted, nth) => of_week == *wanted && (number - 1) / 7 + 1 == *nth,
        }
    }
}

/// The day from Monday to Friday that is nearest to one of a month, within the month.
fn nearest(month: Date, number: i16) -> Option<Date> {
    let wanted = month.first_of_month().checked_add((i64::from(number) - 1).days()).ok()?;
    let (first, last) = (number == 1, wanted == month.last_of_month());
    let by = match wanted.weekday() {
        Weekday::Saturday if first => 2,
        Weekday::Saturday => -1,
        Weekday::Sunday if last => -2,
        Weekday::Sunday => 1,
        _ => 0,
    };
    wanted.checked_add(i64::from(by).days()).ok()
}

/// The numbers of a field without letters.
fn numbers(field: &str, at: usize) -> Option<Numbers> {
    let parts = field.split(',').map(|part| part_numbers(part, at));
    Some(parts.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
}

fn number(text: &str, at: usize) -> Option<i16> {
    let (least, most, words, _) = FIELDS[at];
    let named = words.iter().position(|word| word.eq_ignore_ascii_case(text)).and_then(|at| i16::try_from(at).ok());
    let read = named.map(|named| named + least).or_else(|| text.parse().ok())?;
    (least..=most).contains(&read).then_some(read)
}

/// The numbers of a part: one, a range or all, with steps where it has them.
fn part_numbers(part: &str, at: usize) -> Option<Vec<i16>> {
    let (least, most, _, _) = FIELDS[at];
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    let step = match step {
        Some(step) => Some(step.parse::<usize>().ok().filter(|step| *step > 0)?),
        None => None,
    };
    let all: Vec<i16> = match (range, range.split_once('-')) {
        ("*", _) => (least..=most).collect(),
        (_, Some((from, to))) => {
            let (from, to) = (number(from, at)?, number(to, at)?);
            // From Friday to Monday.
            if from <= to { (from..=to).collect() } else { (from..=most).chain(least..=to).collect() }
        }
        (one, None) => {
            let from = number(one, at)?;
            if step.is_some() { (from..=most).collect() } else { vec![from] }
        }
    };
    Some(all.into_iter().step_by(step.unwrap_or(1)).collect())
}

/// A part of a field of days.
fn day(part: &str, at: usize) -> Option<Day> {
    let letters = FIELDS[at].3;
    let of_month = at == 2;
    match part {
        "L" if of_month => return Some(Day::Last),
        // The week ends on Saturday.
        "L" => return Some(Day::OfWeek([7].into())),
        "LW" if of_month => return Some(Day::LastWorking),
        _ => {}
    }
    if let Some((day, nth)) = part.split_once('#').filter(|_| letters.contains('#')) {
        let nth = nth.parse().ok().filter(|nth| (1..=5).contains(nth))?;
        return Some(Day::Nth(number(day, at)?, nth));
    }
    if let Some(day) = part.strip_suffix('W').filter(|_| letters.contains('W')) {
        return Some(Day::NearestWorking(number(day, at)?));
    }
    if let Some(day) = part.strip_suffix('L').filter(|_| !of_month) {
        return Some(Day::LastOfWeek(number(day, at)?));
    }
    let numbers = part_numbers(part, at)?.into_iter().collect();
    Some(if of_month { Day::OfMonth(numbers) } else { Day::OfWeek(numbers) })
}

/// The time zone of a name, as the tz database has it.
pub(super) fn zone(name: &str) -> Option<TimeZone> {
    let zone = TimeZoneDatabase::bundled().get(name).ok()?;
    // Names are told apart by their capitals.
    (zone.iana_name() == Some(name)).then_some(zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_has_six_fields_and_one_kind_of_day() {
        for sound in [
            "cron(0 5 ? * * *)",
            "cron(0 12 * * ? *)",
            "cron(15 10 ? * 6L 2026-2030)",
            "cron(0 8 1 * ? *)",
            "cron(0/15 * * * ? *)",
            "cron(0 18 ? * MON-FRI *)",
            "cron(0 9 ? * 2#1 *)",
            "cron(0 9 3W * ? *)",
        ] {
            assert!(Schedule::read(sound).is_some(), "{sound}");
        }
        for wrong in [
            "",
            "daily",
            "rate(1 day)",
            "cron(0 5 * * * *)",
            "cron(0 5 ? * ? *)",
            "cron(0 5 ? * *)",
            "cron(60 5 ? * * *)",
            "cron(0 24 ? * * *)",
            "cron(0 5 32 * ? *)",
            "cron(0 5 ? * 8 *)",
            "cron(0/0 5 ? * * *)",
            "cron(0 5 ? * MON#6 *)",
        ] {
            assert!(Schedule::read(wrong).is_none(), "{wrong}");
        }
    }

    fn moments(text: &str, zone_name: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::read(text).unwrap();
        let zone = zone(zone_name).unwrap();
        let mut at: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let mut found = Vec::new();
        while found.len() < count {
            let Some(next) = schedule.after(at, &zone) else { break };
            found.push(next.to_string());
            at = next;
        }
        found
    }

    #[test]
    fn a_schedules_moments_are_those_at_which_all_its_fields_hold() {
        let cases: &[(&str, &[&str])] = &[
            ("cron(0 5 ? * * *)", &["2026-01-06T05:00:00Z", "2026-01-07T05:00:00Z"]),
            ("cron(0 9 * * ? *)", &["2026-01-06T09:00:00Z"]),
            ("cron(30 9/6 * * ? *)", &["2026-01-05T09:30:00Z", "2026-01-05T15:30:00Z", "2026-01-05T21:30:00Z"]),
            ("cron(0 0 1 FEB,APR ? *)", &["2026-02-01T00:00:00Z", "2026-04-01T00:00:00Z", "2027-02-01T00:00:00Z"]),
            ("cron(0 0 L * ? *)", &["2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"]),
            // The 31st of January is a Saturday, and the 1st of February a Sunday.
            ("cron(0 0 LW * ? *)", &["2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z"]),
            ("cron(0 0 1W 2 ? *)", &["2026-02-02T00:00:00Z"]),
            ("cron(0 0 ? * 6L *)", &["2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z"]),
            ("cron(0 0 ? * MON#2 *)", &["2026-01-12T00:00:00Z", "2026-02-09T00:00:00Z"]),
            ("cron(0 0 ? * FRI-MON *)", &["2026-01-09T00:00:00Z", "2026-01-10T00:00:00Z", "2026-01-11T00:00:00Z"]),
            ("cron(0 0 29 2 ? *)", &["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
            ("cron(0 0 30 2 ? *)", &[]),
            ("cron(0 0 1 1 ? 2024)", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(moments(text, "Etc/UTC", expected.len().max(1)), *expected, "{text}");
        }
    }

    #[test]
    fn a_schedule_keeps_to_the_clock_of_its_zone() {
        assert_eq!(moments("cron(0 5 * * ? *)", "America/New_York", 1), ["2026-01-05T10:00:00Z"]);
        // The clock goes from two to three on the 29th of March.
        let [winter, spring] = &moments("cron(0 5 28,29 3 ? *)", "Europe/Berlin", 2)[..] else { panic!() };
        assert_eq!((winter.as_str(), spring.as_str()), ("2026-03-28T04:00:00Z", "2026-03-29T03:00:00Z"));
        assert_eq!(moments("cron(30 2 29 3 ? 2026)", "Europe/Berlin", 1), ["2026-03-29T01:30:00Z"]);
        for name in ["Europe/Nowhere", "europe/berlin", ""] {
            assert!(zone(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_schedule_is_hasty_if_it_names_two_minutes() {
        let hasty = |text: &str| Schedule::read(text).unwrap().is_hasty();
        assert!(hasty("cron(0/30 * * * ? *)") && hasty("cron(0,59 5 * * ? *)"));
        assert!(!hasty("cron(15 * ? * * *)"));
    }
}
