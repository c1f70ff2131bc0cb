//! Moments on the wire, in the three formats that AWS's protocols have:
//! <https://smithy.io/2.0/spec/protocol-traits.html#timestampformat-trait>.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::model::TimestampFormat;

/// The moment that a text says.
pub(super) fn read(format: TimestampFormat, text: &str) -> Option<Timestamp> {
    match format {
        TimestampFormat::Iso8601 => iso8601(text),
        TimestampFormat::Rfc822 => {
            let civil = DateTime::strptime("%a, %d %b %Y %H:%M:%S%.f GMT", text).ok()?;
            let moment = civil.to_zoned(TimeZone::UTC).ok()?.timestamp();
            // The parser takes one digit where the format has two, and any weekday.
            (moment.strftime("%a, %d %b %Y").to_string() == *text.get(..16)?).then_some(moment)
        }
        TimestampFormat::UnixTimestamp => super::number(text).and_then(of_seconds),
    }
}

/// The moment that many seconds after 1970 began, as exact as AWS is: milliseconds.
pub(super) fn of_seconds(seconds: f64) -> Option<Timestamp> {
    let millis = (seconds * 1000.0).round();
    // Beyond that no calendar goes, and no conversion is exact.
    (millis.abs() < 9e15).then(|| Timestamp::from_millisecond(millis as i64).ok()).flatten()
}

/// RFC 3339 as it is written: a parser that is kind takes much else.
fn iso8601(text: &str) -> Option<Timestamp> {
    let shape: String = text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let rest = shape.strip_prefix("0000-00-00T00:00:00")?;
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let after = fraction.trim_start_matches('0');
            (after.len() < fraction.len()).then_some(after)?
        }
        None => rest,
    };
    (rest == "Z").then(|| text.parse().ok()).flatten()
}

/// The text of a moment; of what is not whole, thousandths, where the format has them.
pub(super) fn write(format: TimestampFormat, moment: Timestamp) -> String {
    let millis = moment.as_millisecond();
    let whole = millis % 1000 == 0;
    let pattern = match format {
        TimestampFormat::Iso8601 if whole => "%Y-%m-%dT%H:%M:%SZ",
        TimestampFormat::Iso8601 => "%Y-%m-%dT%H:%M:%S%.3fZ",
        // A date of HTTP has whole seconds: <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>.
        TimestampFormat::Rfc822 => "%a, %d %b %Y %H:%M:%S GMT",
        TimestampFormat::UnixTimestamp if whole => return (millis / 1000).to_string(),
        TimestampFormat::UnixTimestamp => return (millis as f64 / 1000.0).to_string(),
    };
    moment.strftime(pattern).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_nothing_like_it() {
        let formats = [TimestampFormat::Iso8601, TimestampFormat::Rfc822, TimestampFormat::UnixTimestamp];
        for millis in [0, 1_398_796_238_000, 1_398_796_238_123, -1000] {
            let moment = Timestamp::from_millisecond(millis).unwrap();
            for format in formats {
                let text = write(format, moment);
                let kept = match format {
                    TimestampFormat::Rfc822 => Timestamp::from_second(millis.div_euclid(1000)).unwrap(),
                    TimestampFormat::Iso8601 | TimestampFormat::UnixTimestamp => moment,
                };
                assert_eq!(read(format, &text), Some(kept), "{text}");
                assert_eq!(read(format, &format!("{text} ")), None);
            }
        }
        for text in [
            "1985-04-12",
            "1985-04-12T23:20Z",
            "1985-04-12t23:20:50z",
            "1985-04-12T23:20:50",
            "1985-04-12T23:20:50.Z",
            "1985-04-12T23:20:50+00:00",
        ] {
            assert_eq!(read(TimestampFormat::Iso8601, text), None, "{text}");
        }
        for text in
            ["Tue, 29 April 2014 18:30:38 GMT", "Wed, 29 Apr 2014 18:30:38 GMT", "Tue, 29 Apr 2014 18:30:38 PST"]
        {
            assert_eq!(read(TimestampFormat::Rfc822, text), None, "{text}");
        }
        for text in ["1e400", "NaN", "Infinity", "1e300", "0x1"] {
            assert_eq!(read(TimestampFormat::UnixTimestamp, text), None, "{text}");
        }
    }
}
