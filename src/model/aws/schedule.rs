//! When something is done again and again: a cron expression of EventBridge's kind.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>

use std::collections::BTreeSet;

/// A field of a cron expression: what it is called, its least and its most number, and the names of these.
struct CronField {
    name: &'static str,
    least: u16,
    most: u16,
    words: &'static [&'static str],
}

const FIELDS: [CronField; 6] = [
    CronField { name: "the minutes", least: 0, most: 59, words: &[] },
    CronField { name: "the hours", least: 0, most: 23, words: &[] },
    CronField { name: "the day of the month", least: 1, most: 31, words: &[] },
    CronField {
        name: "the month",
        least: 1,
        most: 12,
        words: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    },
    CronField {
        name: "the day of the week",
        least: 1,
        most: 7,
        words: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
    },
    CronField { name: "the year", least: 1970, most: 2199, words: &[] },
];
const DAY_OF_MONTH: usize = 2;
const DAY_OF_WEEK: usize = 4;

/// What is wrong with a schedule of the form `cron(...)`, if anything is.
pub(super) fn flaw(schedule: &str) -> Option<String> {
    let inner = schedule.strip_prefix("cron(")?.strip_suffix(')')?;
    let fields: Vec<&str> = inner.split(' ').collect();
    if fields.len() != FIELDS.len() {
        return None;
    }
    if (fields[DAY_OF_MONTH] == "?") == (fields[DAY_OF_WEEK] == "?") {
        return Some("of the day of the month and that of the week one is `?`".to_owned());
    }
    for (at, (text, field)) in fields.iter().zip(&FIELDS).enumerate() {
        let is_day = at == DAY_OF_MONTH || at == DAY_OF_WEEK;
        let stands = |part: &str| (is_day && is_special(part, at, field)) || numbers(part, field).is_some();
        if *text != "?" && !text.split(',').all(stands) || *text == "?" && !is_day {
            let CronField { name, least, most, .. } = field;
            return Some(format!("{name} can't be `{text}`; it goes from {least} to {most}"));
        }
    }
    None
}

/// Whether a schedule has more than one moment in an hour.
pub(super) fn is_hasty(schedule: &str) -> bool {
    let minutes = schedule.strip_prefix("cron(").and_then(|inner| inner.split(' ').next()).unwrap_or_default();
    let moments = minutes.split(',').filter_map(|part| numbers(part, &FIELDS[0])).flatten();
    moments.collect::<BTreeSet<_>>().len() > 1
}

/// The last day, the nearest one from Monday to Friday, or the n-th of its kind.
fn is_special(part: &str, at: usize, field: &CronField) -> bool {
    if at == DAY_OF_MONTH {
        let from_end = |rest: &str| rest.parse::<u16>().is_ok_and(|days| days <= field.most);
        return part == "L"
            || part == "LW"
            || part.strip_prefix("L-").is_some_and(from_end)
            || part.strip_suffix('W').is_some_and(|day| number(day, field).is_some());
    }
    let nth = |text: &str| text.parse::<u16>().is_ok_and(|nth| (1..=5).contains(&nth));
    part == "L"
        || part.strip_suffix('L').is_some_and(|day| number(day, field).is_some())
        || part.split_once('#').is_some_and(|(day, text)| number(day, field).is_some() && nth(text))
}

fn number(text: &str, field: &CronField) -> Option<u16> {
    let named = (field.least..).zip(field.words).find(|(_, word)| word.eq_ignore_ascii_case(text));
    let read = named.map(|(number, _)| number).or_else(|| text.parse().ok())?;
    (field.least..=field.most).contains(&read).then_some(read)
}

/// The numbers of one, a range or all, with steps where it has them.
fn numbers(part: &str, field: &CronField) -> Option<Vec<u16>> {
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    let step = match step {
        Some(step) => step.parse::<usize>().ok().filter(|step| *step > 0)?,
        None => 1,
    };
    let all: Vec<u16> = match range.split_once('-') {
        _ if range == "*" => (field.least..=field.most).collect(),
        Some((from, to)) => {
            let (from, to) = (number(from, field)?, number(to, field)?);
            // From Friday to Monday.
            if from <= to { (from..=to).collect() } else { (from..=field.most).chain(field.least..=to).collect() }
        }
        None if part == range => vec![number(range, field)?],
        None => (number(range, field)?..=field.most).collect(),
    };
    Some(all.into_iter().step_by(step).collect())
}
