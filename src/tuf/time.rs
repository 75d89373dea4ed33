//! Times as Go writes and reads them.

use jiff::Timestamp as Time;
use jiff::civil::DateTime;

/// Reads an RFC 3339 time. One within the last day of the year 9999, which people write for "never" and no offset
/// leaves room for, becomes the last time there is.
pub(super) fn parse(text: &str) -> Option<Time> {
    // jiff would also take a space for the `T`, and more behind the offset.
    let shaped = text.as_bytes().get(10) == Some(&b'T') && !text.contains(['[', 'z']);
    if !shaped {
        return None;
    }
    text.parse().ok().or_else(|| is_last_day(text).then_some(Time::MAX))
}

/// Whether `text` is a time with an offset, of the last two days that a year of four digits can have.
fn is_last_day(text: &str) -> bool {
    let Some((day, offset)) = text.split_at_checked(19) else { return false };
    let offset = offset.strip_prefix('.').map_or(offset, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let numeric = |digits: &str| digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
    let is_offset = offset == "Z"
        || offset
            .strip_prefix(['+', '-'])
            .and_then(|rest| rest.split_once(':'))
            .is_some_and(|(hours, minutes)| numeric(hours) && numeric(minutes) && hours < "24" && minutes < "60");
    let late = day.starts_with("9999-12-30") || day.starts_with("9999-12-31");
    is_offset && late && day.parse::<DateTime>().is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_year_9999_is_the_last_time_there_is() {
        for text in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999999Z", "9999-12-31T00:00:00-05:00"] {
            assert_eq!(parse(text), Some(Time::MAX), "{text}");
        }
        assert_eq!(parse("9999-12-01T00:00:00Z"), "9999-12-01T00:00:00Z".parse().ok());
    }

    #[test]
    fn what_is_no_time_stays_none() {
        for text in [
            "9999-12-31T23:59:59",
            "9999-12-31T25:00:00Z",
            "9999-12-31 23:59:59Z",
            "9999-12-31T23:59:59+1:0",
            "9999-12-32T00:00:00Z",
            "2030-01-01",
            "9999-12-31T23:59:59Z[UTC]",
            "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
