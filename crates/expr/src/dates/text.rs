//! Texts that are dates without a format being given: the forms of Make's
//! type coercion page (`iml.md` §5.2). Day, month and year are needed; time
//! and zone may be missing.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};

use crate::coerce::shorten;

/// The instant that a text means in a zone.
pub(crate) fn parse_text(text: &str, timezone: &TimeZone) -> Result<Timestamp, String> {
    instant(text.trim(), timezone)
        .or_else(|| jiff::fmt::rfc2822::parse(text.trim()).ok().map(|zoned| zoned.timestamp()))
        .ok_or_else(|| format!("'{}' is not a valid date", shorten(text)))
}

/// `17:26:44`, `17:26`, `5:26 PM`, with or without fractions of a second.
pub(crate) fn time_of_day(text: &str) -> Option<Time> {
    let mut scanner = Scanner { rest: text.trim() };
    let time = scanner.time()?;
    scanner.rest.is_empty().then_some(time)
}

fn instant(text: &str, timezone: &TimeZone) -> Option<Timestamp> {
    let mut scanner = Scanner { rest: text };
    let date = scanner.date()?;
    if scanner.rest.is_empty() {
        return timezone.to_timestamp(date.to_datetime(Time::midnight())).ok();
    }
    if !scanner.take('T') && !scanner.take('t') {
        scanner.blanks().then_some(())?;
    }
    let time = scanner.time()?;
    scanner.blanks();
    let offset = scanner.offset()?;
    let local = date.to_datetime(time);
    match offset {
        Some(offset) => offset.to_timestamp(local).ok(),
        None => timezone.to_timestamp(local).ok(),
    }
}

struct Scanner<'t> {
    rest: &'t str,
}

impl Scanner<'_> {
    fn take(&mut self, wanted: char) -> bool {
        self.rest.strip_prefix(wanted).map(|rest| self.rest = rest).is_some()
    }

    fn blanks(&mut self) -> bool {
        let rest = self.rest.trim_start();
        let any = rest.len() < self.rest.len();
        self.rest = rest;
        any
    }

    fn word(&mut self, wanted: &str) -> bool {
        match self.rest.get(..wanted.len()) {
            Some(found) if found.eq_ignore_ascii_case(wanted) => {
                self.rest = &self.rest[wanted.len()..];
                true
            }
            _ => false,
        }
    }

    /// That many digits, as a number and how many there were.
    fn digits(&mut self, least: usize, most: usize) -> Option<(i32, usize)> {
        let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if count < least {
            return None;
        }
        let number = self.rest[..count].parse().ok()?;
        self.rest = &self.rest[count..];
        Some((number, count))
    }

    /// `Y-M-D`, `Y/M/D`, `M/D/Y` and `D.M.Y`.
    fn date(&mut self) -> Option<Date> {
        let (first, width) = self.digits(1, 4)?;
        let separator = self.rest.chars().next().filter(|found| matches!(found, '-' | '/' | '.'))?;
        self.take(separator);
        let (second, _) = self.digits(1, 2)?;
        if !self.take(separator) {
            return None;
        }
        let (year, month, day) = if width == 4 {
            (separator != '.').then_some(())?;
            (first, second, self.digits(1, 2)?.0)
        } else {
            let year = self.digits(4, 4)?.0;
            match separator {
                '/' => (year, first, second),
                '.' => (year, second, first),
                _ => return None,
            }
        };
        Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }

    fn time(&mut self) -> Option<Time> {
        let hour = self.digits(1, 2)?.0;
        self.take(':').then_some(())?;
        let minute = self.digits(1, 2)?.0;
        let second = if self.take(':') { self.digits(1, 2)?.0 } else { 0 };
        let nanosecond = if self.take('.') || self.take(',') { self.fraction()? } else { 0 };
        let before = self.rest;
        self.blanks();
        let hour = if self.word("am") {
            hour % 12
        } else if self.word("pm") {
            hour % 12 + 12
        } else {
            self.rest = before;
            hour
        };
        let part = |number: i32| i8::try_from(number).ok();
        Time::new(part(hour)?, part(minute)?, part(second)?, nanosecond).ok()
    }

    fn fraction(&mut self) -> Option<i32> {
        let count = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let digits = self.rest.get(..count.min(9)).filter(|digits| !digits.is_empty())?;
        let nanosecond = format!("{digits:0<9}").parse().ok()?;
        self.rest = &self.rest[count..];
        Some(nanosecond)
    }

    /// `Z`, `+02:00`, `+0200`, `GMT+02:00`, `UTC`; the end of the text is no
    /// zone, anything else no date.
    fn offset(&mut self) -> Option<Option<Offset>> {
        if self.rest.is_empty() {
            return Some(None);
        }
        let named = self.word("gmt") || self.word("utc") || self.word("z");
        if self.rest.is_empty() {
            return named.then_some(Some(Offset::UTC));
        }
        let sign = if self.take('-') { -1 } else { self.take('+').then_some(1)? };
        let hours = self.digits(2, 2)?.0;
        let minutes = if self.take(':') || !self.rest.is_empty() { self.digits(2, 2)?.0 } else { 0 };
        let offset = Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()?;
        self.rest.is_empty().then_some(Some(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<String> {
        let prague = crate::dates::timezone("Europe/Prague").unwrap();
        parse_text(text, &prague).ok().map(rouage_model::json::iso)
    }

    #[test]
    fn every_documented_form_is_read() {
        for text in [
            "2016-06-20T17:26:44.356Z",
            "2016-06-20 19:26:44.356 GMT+02:00",
            "2016-06-20T19:26:44.356+0200",
            "2016-06-20 19:26:44.356",
            "2016/06/20 19:26:44.356",
            "06/20/2016 7:26:44.356 PM",
            "20.6.2016 19:26:44.356",
        ] {
            assert_eq!(parsed(text).as_deref(), Some("2016-06-20T17:26:44.356Z"), "{text}");
        }
        assert_eq!(parsed("2016-06-20").as_deref(), Some("2016-06-19T22:00:00.000Z"));
        assert_eq!(parsed("2016/06/20 5:26 PM").as_deref(), Some("2016-06-20T15:26:00.000Z"));
        assert_eq!(parsed("06/20/2016").as_deref(), Some("2016-06-19T22:00:00.000Z"));
    }

    #[test]
    fn what_lacks_a_day_or_has_more_is_refused() {
        for text in ["", "2016-06", "hello", "2016-13-01", "20/06/2016", "2016-06-20 25:00", "2016-06-20 x", "17:26"] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn d15_a_time_in_a_gap_moves_forward_and_an_ambiguous_one_is_the_earlier() {
        assert_eq!(parsed("2026-03-29 02:30").as_deref(), Some("2026-03-29T01:30:00.000Z"));
        assert_eq!(parsed("2026-10-25 02:30").as_deref(), Some("2026-10-25T00:30:00.000Z"));
    }

    #[test]
    fn times_of_day_are_read_whole() {
        assert_eq!(time_of_day(" 9:05 PM "), Time::new(21, 5, 0, 0).ok());
        assert_eq!(time_of_day("12:00 am"), Time::new(0, 0, 0, 0).ok());
        assert_eq!(time_of_day("24:00"), None);
        assert_eq!(time_of_day("12:00 x"), None);
    }
}
