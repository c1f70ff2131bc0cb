//! When a rule's backups begin, as EventBridge writes it: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>.

/// What each of the six fields may hold: its least and most number, its words, and the letters that it has beside `*`.
const FIELDS: &[(u32, u32, &[&str], &str)] = &[
    (0, 59, &[], ""),
    (0, 23, &[], ""),
    (1, 31, &[], "?LW"),
    (1, 12, &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], ""),
    (1, 7, &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], "?L#"),
    (1970, 2199, &[], ""),
];

/// Whether a text is `cron(...)` of six fields, of which either the day of the month or that of the week is `?`.
pub(super) fn is_sound(text: &str) -> bool {
    let Some(inner) = text.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')')) else { return false };
    let fields: Vec<&str> = inner.split_whitespace().collect();
    fields.len() == FIELDS.len()
        && (fields[2] == "?") != (fields[4] == "?")
        && fields.iter().zip(FIELDS).all(|(field, allowed)| field.split(',').all(|part| is_part(part, *allowed)))
}

fn is_part(part: &str, (least, most, words, letters): (u32, u32, &[&str], &str)) -> bool {
    let number = |text: &str| {
        let at = words.iter().position(|word| word.eq_ignore_ascii_case(text));
        let named = at.and_then(|at| u32::try_from(at).ok()).map(|at| at + least);
        named.or_else(|| text.parse().ok()).is_some_and(|number| (least..=most).contains(&number))
    };
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    if step.is_some_and(|step| !step.parse::<u32>().is_ok_and(|step| step > 0)) {
        return false;
    }
    match range {
        "*" => true,
        "?" => letters.contains('?') && step.is_none(),
        "L" | "LW" => letters.contains('L') && step.is_none(),
        _ => {
            if let Some((day, nth)) = range.split_once('#') {
                return letters.contains('#') && number(day) && matches!(nth, "1" | "2" | "3" | "4" | "5");
            }
            if let Some(day) = range.strip_suffix('W') {
                return letters.contains('W') && number(day);
            }
            if let Some(day) = range.strip_suffix('L') {
                return letters.contains('L') && number(day);
            }
            match range.split_once('-') {
                Some((from, to)) => number(from) && number(to),
                None => number(range),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_sound;

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
            assert!(is_sound(sound), "{sound}");
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
            assert!(!is_sound(wrong), "{wrong}");
        }
    }
}
