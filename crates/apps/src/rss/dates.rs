//! Dates as feeds write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;

/// RFC 2822 (also with a wrong day of the week), RFC 3339, and what is near
/// them; UTC when no zone is given. `None` when it cannot be read.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    const MAIL: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);
    let text = text.trim();
    if let Ok(timestamp) = MAIL.parse_timestamp(text) {
        return Some(timestamp);
    }
    // "UTC" is no zone of mail, but feeds write it.
    if let Some(start) = text.strip_suffix("UTC")
        && let Ok(timestamp) = MAIL.parse_timestamp(format!("{start}GMT"))
    {
        return Some(timestamp);
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp);
    }
    let civil = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(|date| date.at(0, 0, 0, 0)));
    TimeZone::UTC.to_timestamp(civil.ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dates_of_feeds_are_read() {
        for (text, instant) in [
            ("Sat, 07 Sep 2002 09:42:31 GMT", "2002-09-07T09:42:31Z"),
            (" Mon, 7 Sep 2002 09:42:31 +0200\n", "2002-09-07T07:42:31Z"),
            ("07 Sep 2002 09:42 EST", "2002-09-07T14:42:00Z"),
            ("Sat, 07 Sep 2002 09:42:31 UTC", "2002-09-07T09:42:31Z"),
            ("2003-12-13T18:30:02.25+01:00", "2003-12-13T17:30:02.25Z"),
            ("2003-12-13T18:30:02Z", "2003-12-13T18:30:02Z"),
            ("2003-12-13 18:30:02", "2003-12-13T18:30:02Z"),
            ("2003-12-13", "2003-12-13T00:00:00Z"),
        ] {
            assert_eq!(parse(text).map(|at| at.to_string()).as_deref(), Some(instant), "{text}");
        }
        for text in ["", "yesterday", "Sat, 31 Feb 2002 09:42:31 GMT", "2003-13-13"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
