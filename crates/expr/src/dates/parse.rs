//! Reading a date with moment's tokens, in moment's forgiving way: every token
//! looks for its next match and skips what is before it, missing parts come
//! from the current date, and only a contradiction or no match at all fails.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, ISOWeekDate, Time, Weekday};
use jiff::tz::{Offset, TimeZone};

use super::tokens::{Token, tokens};
use super::weeks::{date_of, week_of, weeks_in};
use super::{MONTHS, WEEKDAYS, to_timestamp};

/// Longer texts are not dates, and looking through them takes time.
const LONGEST: usize = 1000;

/// The instant that a text means by a format, or `None`.
pub(crate) fn parse(text: &str, format: &str, now: Timestamp, timezone: &TimeZone) -> Option<Timestamp> {
    if text.len() > LONGEST || format.len() > LONGEST {
        return None;
    }
    let mut reader = Reader { rest: text, found: Found::default() };
    let mut any = false;
    for token in tokens(format) {
        match token {
            Token::Literal(literal) => reader.skip(literal),
            // `am` alone says nothing.
            Token::Part(part @ ("a" | "A")) => any |= reader.part(part)? && any,
            Token::Part(part) => any |= reader.part(part)?,
        }
    }
    if !any {
        return None;
    }
    reader.found.instant(timezone.to_datetime(now).date(), timezone)
}

/// What the tokens said.
#[derive(Debug, Default)]
struct Found {
    instant: Option<Timestamp>,
    year: Option<i64>,
    /// Counts from 1.
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: Option<i64>,
    minute: Option<i64>,
    second: Option<i64>,
    milliseconds: Option<i64>,
    afternoon: Option<bool>,
    /// Seconds east of UTC.
    offset: Option<i32>,
    iso_year: Option<i64>,
    iso_week: Option<i64>,
    /// Monday is 1.
    iso_weekday: Option<i64>,
    week_year: Option<i64>,
    week: Option<i64>,
    /// Sunday is 0.
    weekday: Option<i64>,
}

struct Reader<'t> {
    rest: &'t str,
    found: Found,
}

impl<'t> Reader<'t> {
    fn skip(&mut self, literal: &str) {
        if let Some(at) = self.rest.find(literal) {
            self.rest = &self.rest[at + literal.len()..];
        }
    }

    /// Takes the first run of digits that is long enough.
    fn digits(&mut self, least: usize, most: usize) -> Option<&'t str> {
        let bytes = self.rest.as_bytes();
        let starts = (0..bytes.len())
            .find(|at| bytes[*at..].iter().take(least).filter(|byte| byte.is_ascii_digit()).count() == least)?;
        let length = bytes[starts..].iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        Some(self.taken(starts, length))
    }

    fn taken(&mut self, start: usize, length: usize) -> &'t str {
        let taken = &self.rest[start..start + length];
        self.rest = &self.rest[start + length..];
        taken
    }

    fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        self.digits(least, most)?.parse().ok()
    }

    /// Digits with a sign directly before them.
    fn signed(&mut self) -> Option<&'t str> {
        let before = self.rest;
        let digits = self.digits(1, usize::MAX)?;
        let end = before.len() - self.rest.len();
        let start = end - digits.len();
        let sign = start.checked_sub(1).filter(|at| matches!(before.as_bytes()[*at], b'+' | b'-'));
        Some(&before[sign.unwrap_or(start)..end])
    }

    /// The first word: letters and apostrophes.
    fn word(&mut self) -> Option<&'t str> {
        let letter = |character: char| character.is_alphabetic() || character == '\'';
        let start = self.rest.find(letter)?;
        let length = self.rest[start..].find(|character| !letter(character)).unwrap_or(self.rest.len() - start);
        Some(self.taken(start, length))
    }

    /// Reads one token: whether it matched, or `None` if what it matched
    /// cannot be.
    fn part(&mut self, part: &str) -> Option<bool> {
        match part.as_bytes()[0] {
            b'Y' | b'y' | b'Q' | b'M' | b'D' => self.calendar_part(part),
            b'd' | b'e' | b'E' | b'w' | b'W' | b'g' | b'G' => self.week_part(part),
            b'X' | b'x' | b'Z' => self.instant_part(part),
            _ => Some(self.time_part(part)),
        }
    }

    fn calendar_part(&mut self, part: &str) -> Option<bool> {
        let number = match part {
            "YYYY" => self.year(4),
            "YY" => self.year(2),
            "YYYYY" | "YYYYYY" => self.number(1, 6),
            "Y" => self.signed().and_then(|text| text.parse().ok()),
            "y" | "yy" | "yyy" | "yyyy" => self.number(1, 9),
            "Q" => self.number(1, 1),
            "M" | "MM" | "D" | "DD" | "Do" => self.number(1, 2),
            "DDD" => self.number(1, 3),
            "DDDD" => self.number(3, 3),
            "MMM" | "MMMM" => match self.word() {
                Some(word) => Some(name_at(&MONTHS, word)? + 1),
                None => None,
            },
            _ => None,
        };
        let Some(number) = number else {
            return Some(false);
        };
        match part {
            "Q" => self.found.month = Some((number - 1) * 3 + 1),
            "M" | "MM" | "MMM" | "MMMM" => self.found.month = Some(number),
            "D" | "DD" => self.found.day = Some(number),
            "Do" => {
                self.found.day = Some(number);
                let suffix = ["st", "nd", "rd", "th"].into_iter().find(|suffix| self.rest.starts_with(suffix));
                self.rest = &self.rest[suffix.map_or(0, str::len)..];
            }
            "DDD" | "DDDD" => self.found.day_of_year = Some(number),
            _ => self.found.year = Some(number),
        }
        Some(true)
    }

    /// A year of two digits is between 1969 and 2068.
    fn year(&mut self, most: usize) -> Option<i64> {
        let digits = self.digits(1, most)?;
        let year = digits.parse().ok()?;
        Some(if digits.len() == 2 || most == 2 { full_year(year) } else { year })
    }

    fn week_part(&mut self, part: &str) -> Option<bool> {
        if matches!(part, "dd" | "ddd" | "dddd") {
            let Some(word) = self.word() else {
                return Some(false);
            };
            self.found.weekday = Some(name_at(&WEEKDAYS, word)?);
            return Some(true);
        }
        let number = match part {
            "GGGG" | "gggg" | "GGGGG" | "ggggg" => self.number(1, part.len()),
            "GG" | "gg" => self.number(1, 2).map(full_year),
            "wo" | "Wo" | "do" => None,
            _ => self.number(1, 2),
        };
        let Some(number) = number else {
            return Some(false);
        };
        match part {
            "GGGG" | "GG" | "GGGGG" => self.found.iso_year = Some(number),
            "gggg" | "gg" | "ggggg" => self.found.week_year = Some(number),
            "W" | "WW" => self.found.iso_week = Some(number),
            "w" | "ww" => self.found.week = Some(number),
            "E" => self.found.iso_weekday = Some(number),
            _ => self.found.weekday = Some(number),
        }
        Some(true)
    }

    fn instant_part(&mut self, part: &str) -> Option<bool> {
        if part.starts_with('Z') {
            return Some(self.offset());
        }
        let Some(whole) = self.signed() else {
            return Some(false);
        };
        let whole: i64 = whole.parse().ok()?;
        let mut milliseconds = if part == "X" { whole.checked_mul(1000)? } else { whole };
        if part == "X" && self.rest.starts_with('.') {
            let digits = self.rest[1..].bytes().take(3).take_while(u8::is_ascii_digit).count();
            let fraction: i64 = format!("{:0<3}", self.taken(1, digits)).parse().unwrap_or(0);
            milliseconds += if milliseconds < 0 { -fraction } else { fraction };
        }
        self.found.instant = Some(Timestamp::from_millisecond(milliseconds).ok()?);
        Some(true)
    }

    /// `Z`, `+02:00`, `+0200` or `+02`.
    fn offset(&mut self) -> bool {
        let bytes = self.rest.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(byte, b'Z' | b'z') {
                self.taken(at, 1);
                self.found.offset = Some(0);
                return true;
            }
            let two = |from: usize| {
                let pair = bytes.get(from..from + 2)?;
                pair.iter().all(u8::is_ascii_digit).then(|| i32::from(pair[0] - b'0') * 10 + i32::from(pair[1] - b'0'))
            };
            let (b'+' | b'-', Some(hours)) = (*byte, two(at + 1)) else {
                continue;
            };
            let colon = usize::from(bytes.get(at + 3) == Some(&b':'));
            let minutes = two(at + 3 + colon);
            self.taken(at, minutes.map_or(3, |_| 5 + colon));
            let seconds = hours * 3600 + minutes.unwrap_or(0) * 60;
            self.found.offset = Some(if *byte == b'-' { -seconds } else { seconds });
            return true;
        }
        false
    }

    fn time_part(&mut self, part: &str) -> bool {
        match part {
            "a" | "A" => return self.meridiem(),
            "Hmm" | "hmm" | "Hmmss" | "hmmss" => return self.joined_time(part),
            _ if part.starts_with('S') => {
                let Some(digits) = self.digits(1, if part.len() > 3 { 30 } else { 3 }) else {
                    return false;
                };
                self.found.milliseconds = format!("{digits:0<3}")[..3].parse().ok();
                return true;
            }
            _ => {}
        }
        if !matches!(part.as_bytes()[0], b'H' | b'h' | b'k' | b'm' | b's') {
            return false;
        }
        let Some(number) = self.number(1, 2) else {
            return false;
        };
        match part.as_bytes()[0] {
            b'm' => self.found.minute = Some(number),
            b's' => self.found.second = Some(number),
            b'k' => self.found.hour = Some(if number == 24 { 0 } else { number }),
            _ => self.found.hour = Some(number),
        }
        true
    }

    /// `a` or `p`, with or without `m` and full stops.
    fn meridiem(&mut self) -> bool {
        let Some(at) = self.rest.find(['a', 'A', 'p', 'P']) else {
            return false;
        };
        self.found.afternoon = Some(self.taken(at, 1).eq_ignore_ascii_case("p"));
        for optional in [".", "m", "."] {
            let next = self.rest.get(..1).filter(|next| next.eq_ignore_ascii_case(optional));
            self.rest = &self.rest[next.map_or(0, str::len)..];
        }
        true
    }

    /// `530` is half past five.
    fn joined_time(&mut self, part: &str) -> bool {
        let pairs = if part.ends_with("ss") { 2 } else { 1 };
        let Some(digits) = self.digits(2 * pairs + 1, 2 * pairs + 2) else {
            return false;
        };
        let (hour, rest) = digits.split_at(digits.len() - 2 * pairs);
        self.found.hour = hour.parse().ok();
        self.found.minute = rest[..2].parse().ok();
        if pairs == 2 {
            self.found.second = rest[2..].parse().ok();
        }
        true
    }
}

impl Found {
    fn instant(self, today: Date, timezone: &TimeZone) -> Option<Timestamp> {
        if let Some(instant) = self.instant {
            return Some(instant);
        }
        let date = self.date(today)?;
        let mut hour = self.hour.unwrap_or(0);
        match self.afternoon {
            Some(true) if hour < 12 => hour += 12,
            Some(false) if hour == 12 => hour = 0,
            _ => {}
        }
        let (minute, second) = (self.minute.unwrap_or(0), self.second.unwrap_or(0));
        let milliseconds = self.milliseconds.unwrap_or(0);
        let midnight_after = (hour, minute, second, milliseconds) == (24, 0, 0, 0);
        let date = if midnight_after { date.tomorrow().ok()? } else { date };
        let time = Time::new(
            if midnight_after { 0 } else { i8::try_from(hour).ok()? },
            i8::try_from(minute).ok()?,
            i8::try_from(second).ok()?,
            i32::try_from(milliseconds * 1_000_000).ok()?,
        );
        let local = DateTime::from_parts(date, time.ok()?);
        match self.offset {
            Some(offset) => Offset::from_seconds(offset).ok()?.to_timestamp(local).ok(),
            None => to_timestamp(local, timezone).ok(),
        }
    }

    fn date(&self, today: Date) -> Option<Date> {
        let weekly = self.iso_year.or(self.iso_week).or(self.iso_weekday).is_some()
            || self.week_year.or(self.week).or(self.weekday).is_some();
        if weekly && self.day.is_none() && self.month.is_none() && self.day_of_year.is_none() {
            return self.date_of_week(today);
        }
        let date = self.calendar_date(today)?;
        let contradicts = self
            .weekday
            .is_some_and(|weekday| self.day.is_some() && weekday != i64::from(date.weekday().to_sunday_zero_offset()));
        (!contradicts).then_some(date)
    }

    /// What was not given before the first given part is today's, what was not
    /// given after it is the first.
    fn calendar_date(&self, today: Date) -> Option<Date> {
        let year = i16::try_from(self.year.unwrap_or(i64::from(today.year()))).ok()?;
        if let Some(day) = self.day_of_year {
            let first = Date::new(year, 1, 1).ok()?;
            let within = (1..=i64::from(first.days_in_year())).contains(&day);
            let span = jiff::Span::new().try_days(day - 1).ok()?;
            return if within { first.checked_add(span).ok() } else { None };
        }
        let month = match (self.month, self.year) {
            (Some(month), _) => month,
            (None, Some(_)) => 1,
            (None, None) => i64::from(today.month()),
        };
        let day = match (self.day, self.month.or(self.year)) {
            (Some(day), _) => day,
            (None, Some(_)) => 1,
            (None, None) => i64::from(today.day()),
        };
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }

    fn date_of_week(&self, today: Date) -> Option<Date> {
        if self.iso_year.or(self.iso_week).or(self.iso_weekday).is_some() {
            let current = today.iso_week_date();
            let year = self.iso_year.or(self.year).unwrap_or(i64::from(current.year()));
            let weekday = Weekday::from_monday_one_offset(i8::try_from(self.iso_weekday.unwrap_or(1)).ok()?).ok()?;
            let week = i8::try_from(self.iso_week.unwrap_or(1)).ok()?;
            return Some(ISOWeekDate::new(i16::try_from(year).ok()?, week, weekday).ok()?.date());
        }
        let (current_year, current_week) = week_of(today);
        let year = self.week_year.or(self.year).unwrap_or(current_year);
        let week = self.week.unwrap_or(current_week);
        let weekday = self.weekday.unwrap_or(0);
        ((1..=weeks_in(year)).contains(&week) && (0..=6).contains(&weekday))
            .then(|| date_of(year, week, weekday))
            .flatten()
    }
}

fn full_year(year: i64) -> i64 {
    if year > 68 { 1900 + year } else { 2000 + year }
}

/// The position of the name that a word begins with, by its short form.
fn name_at(names: &[&str], word: &str) -> Option<i64> {
    let word = word.to_lowercase();
    let short = |length: usize| names.iter().position(|name| word.starts_with(&name[..length].to_lowercase()));
    let position = short(3).or_else(|| if names.len() == 7 { short(2) } else { None });
    position.and_then(|at| i64::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, format: &str) -> Option<String> {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        parse(text, format, now, &TimeZone::UTC).map(rouage_model::json::iso)
    }

    #[test]
    fn separators_and_missing_parts_are_forgiven() {
        for (text, format, expected) in [
            ("2014/07/01", "YYYY-MM-DD", "2014-07-01T00:00:00.000Z"),
            ("20140701", "YYYYMMDD", "2014-07-01T00:00:00.000Z"),
            ("17:45", "HH:mm", "2026-11-24T17:45:00.000Z"),
            ("05", "DD", "2026-11-05T00:00:00.000Z"),
            ("March", "MMMM", "2026-03-01T00:00:00.000Z"),
            ("2014", "YYYY", "2014-01-01T00:00:00.000Z"),
            ("14-7-1", "YYYY-M-D", "2014-07-01T00:00:00.000Z"),
            ("05Jan2014", "DDMMMYYYY", "2014-01-05T00:00:00.000Z"),
            ("1410715640.579", "X", "2014-09-14T17:27:20.579Z"),
            ("2014-02-03 24:00", "YYYY-MM-DD HH:mm", "2014-02-04T00:00:00.000Z"),
            ("1st May 2020 12:05 a.m.", "Do MMM YYYY h:mm a", "2020-05-01T00:05:00.000Z"),
            ("2014-02-03T04:05:06.7+0130", "YYYY-MM-DDTHH:mm:ss.SZ", "2014-02-03T02:35:06.700Z"),
            ("530 pm 1.2.2020", "hmm a D.M.YYYY", "2020-02-01T17:30:00.000Z"),
            ("2017-01-3", "gggg-ww-d", "2017-01-04T00:00:00.000Z"),
            ("\"01/02/2020\"", "\"MM/DD/YYYY\"", "2020-01-02T00:00:00.000Z"),
            ("01/02/2020", "\"MM/DD/YYYY\"", "2020-01-02T00:00:00.000Z"),
        ] {
            assert_eq!(parsed(text, format).as_deref(), Some(expected), "{text} by {format}");
        }
    }

    #[test]
    fn contradictions_and_overflows_are_refused() {
        for (text, format) in [
            ("not a date", "YYYY-MM-DD"),
            ("", "YYYY"),
            ("2014-13-01", "YYYY-MM-DD"),
            ("2014-02-30", "YYYY-MM-DD"),
            ("2014-02-03 25:00", "YYYY-MM-DD HH:mm"),
            ("Tuesday, 3 February, 2014", "dddd, D MMMM, YYYY"),
            ("3 Foo 2014", "D MMM YYYY"),
            ("2014-366", "YYYY-DDDD"),
            ("2014 53", "gggg w"),
            ("am", "a"),
        ] {
            assert_eq!(parsed(text, format), None, "{text} by {format}");
        }
    }
}
