//! Durations in the words and digits that people read.

use std::time::Duration;

/// `4:12`, `1:02:03`: for what runs.
#[must_use]
pub fn digits(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// `0.9 s`, `42 s`, `3 min 20 s`, `1 h 5 min`: for what is over.
#[must_use]
pub fn exact(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis < 10_000 {
        return format!("{}.{} s", millis / 1000, millis % 1000 / 100);
    }
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => hours(seconds / 60),
    }
}

/// `40 s`, `14 min`, `2 h 10 min`: for what is expected.
#[must_use]
pub fn about(duration: Duration) -> String {
    let seconds = (duration.as_millis() + 500) / 1000;
    match seconds {
        0 => "1 s".to_owned(),
        1..90 => format!("{seconds} s"),
        90..3570 => format!("{} min", (seconds + 30) / 60),
        _ => hours(u64::try_from((seconds + 30) / 60).unwrap_or(u64::MAX)),
    }
}

fn hours(minutes: u64) -> String {
    match (minutes / 60, minutes % 60) {
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        let of = Duration::from_millis;
        assert_eq!(digits(of(252_400)), "4:12");
        assert_eq!(digits(of(3_723_000)), "1:02:03");
        assert_eq!(exact(of(940)), "0.9 s");
        assert_eq!(exact(of(200_000)), "3 min 20 s");
        assert_eq!(exact(of(840_000)), "14 min");
        assert_eq!(about(of(300)), "1 s");
        assert_eq!(about(of(89_000)), "89 s");
        assert_eq!(about(of(840_000)), "14 min");
        assert_eq!(about(of(3_600_000)), "1 h");
        assert_eq!(about(of(7_800_000)), "2 h 10 min");
    }
}
