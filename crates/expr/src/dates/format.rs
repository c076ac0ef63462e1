//! Writing a date with moment's tokens, in English.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::tokens::{Token, tokens};
use super::weeks::week_of;
use super::{MONTHS, WEEKDAYS, weekday};

/// The text of a date in a zone.
pub(crate) fn format(date: Timestamp, format: &str, timezone: &TimeZone) -> String {
    let info = timezone.to_offset_info(date);
    let moment = Moment {
        instant: date,
        local: timezone.to_datetime(date),
        offset: info.offset().seconds(),
        abbreviation: info.abbreviation(),
    };
    let mut out = String::with_capacity(format.len() + 8);
    for token in tokens(format) {
        match token {
            Token::Literal(text) => out.push_str(text),
            Token::Part(part) => moment.write(&mut out, part),
        }
    }
    out
}

struct Moment<'z> {
    instant: Timestamp,
    local: DateTime,
    /// Seconds east of UTC.
    offset: i32,
    abbreviation: &'z str,
}

impl Moment<'_> {
    fn write(&self, out: &mut String, part: &str) {
        match part.as_bytes()[0] {
            b'Y' | b'y' | b'N' | b'Q' | b'M' => self.write_year_or_month(out, part),
            b'D' | b'd' | b'e' | b'E' => self.write_day(out, part),
            b'w' | b'W' | b'g' | b'G' => self.write_week(out, part),
            b'S' => self.write_fraction(out, part.len()),
            b'H' | b'h' | b'k' | b'm' | b's' | b'a' | b'A' => self.write_time(out, part),
            _ => self.write_zone(out, part),
        }
    }

    fn write_year_or_month(&self, out: &mut String, part: &str) {
        let year = i64::from(self.local.year());
        let month = i64::from(self.local.month());
        // The year before 1 is 1 BC.
        let era_year = if year > 0 { year } else { 1 - year };
        let name = MONTHS[usize::try_from(month - 1).unwrap_or(0)];
        match part {
            "YY" => padded(out, year.rem_euclid(100), 2),
            "YYYYYY" => {
                out.push(if year < 0 { '-' } else { '+' });
                padded(out, year.abs(), 6);
            }
            "YYYYY" => padded(out, year, 5),
            "YYYY" | "Y" => padded(out, year, 4),
            "yyyy" => padded(out, era_year, 4),
            "yyy" => padded(out, era_year, 3),
            "yy" => padded(out, era_year, 2),
            "y" => padded(out, era_year, 1),
            "yo" => ordinal(out, era_year),
            "NNNN" => out.push_str(if year > 0 { "Anno Domini" } else { "Before Christ" }),
            "N" | "NN" | "NNN" | "NNNNN" => out.push_str(if year > 0 { "AD" } else { "BC" }),
            "Q" => padded(out, (month + 2) / 3, 1),
            "Qo" => ordinal(out, (month + 2) / 3),
            "M" => padded(out, month, 1),
            "MM" => padded(out, month, 2),
            "Mo" => ordinal(out, month),
            "MMM" => out.push_str(&name[..3]),
            _ => out.push_str(name),
        }
    }

    fn write_day(&self, out: &mut String, part: &str) {
        let day = i64::from(self.local.day());
        let day_of_year = i64::from(self.local.day_of_year());
        let weekday = i64::from(weekday(self.local));
        let name = WEEKDAYS[usize::try_from(weekday).unwrap_or(0)];
        match part {
            "D" => padded(out, day, 1),
            "DD" => padded(out, day, 2),
            "Do" => ordinal(out, day),
            "DDD" => padded(out, day_of_year, 1),
            "DDDD" => padded(out, day_of_year, 3),
            "DDDo" => ordinal(out, day_of_year),
            "d" | "e" => padded(out, weekday, 1),
            "do" => ordinal(out, weekday),
            "dd" => out.push_str(&name[..2]),
            "ddd" => out.push_str(&name[..3]),
            "dddd" => out.push_str(name),
            _ => padded(out, if weekday == 0 { 7 } else { weekday }, 1),
        }
    }

    fn write_week(&self, out: &mut String, part: &str) {
        let iso = self.local.date().iso_week_date();
        let (year, week) = match part.as_bytes()[0] {
            b'W' | b'G' => (i64::from(iso.year()), i64::from(iso.week())),
            _ => week_of(self.local.date()),
        };
        match part {
            "w" | "W" => padded(out, week, 1),
            "ww" | "WW" => padded(out, week, 2),
            "wo" | "Wo" => ordinal(out, week),
            "gg" | "GG" => padded(out, year.rem_euclid(100), 2),
            _ => padded(out, year, part.len()),
        }
    }

    fn write_time(&self, out: &mut String, part: &str) {
        let (hour, minute) = (i64::from(self.local.hour()), i64::from(self.local.minute()));
        let second = i64::from(self.local.second());
        let of_twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
        match part {
            "H" => padded(out, hour, 1),
            "HH" => padded(out, hour, 2),
            "h" => padded(out, of_twelve, 1),
            "hh" => padded(out, of_twelve, 2),
            "k" => padded(out, if hour == 0 { 24 } else { hour }, 1),
            "kk" => padded(out, if hour == 0 { 24 } else { hour }, 2),
            "m" => padded(out, minute, 1),
            "mm" => padded(out, minute, 2),
            "s" => padded(out, second, 1),
            "ss" => padded(out, second, 2),
            "a" => out.push_str(if hour < 12 { "am" } else { "pm" }),
            "A" => out.push_str(if hour < 12 { "AM" } else { "PM" }),
            joined => {
                padded(out, if joined.starts_with('h') { of_twelve } else { hour }, 1);
                padded(out, minute, 2);
                if joined.ends_with("ss") {
                    padded(out, second, 2);
                }
            }
        }
    }

    fn write_fraction(&self, out: &mut String, digits: usize) {
        let fraction = format!("{:09}", self.local.subsec_nanosecond());
        out.push_str(&fraction[..digits.min(9)]);
    }

    fn write_zone(&self, out: &mut String, part: &str) {
        let seconds = self.instant.as_millisecond().div_euclid(1000);
        match part {
            "X" => padded(out, seconds, 1),
            "x" => padded(out, self.instant.as_millisecond(), 1),
            "z" | "zz" => out.push_str(self.abbreviation),
            _ => {
                out.push(if self.offset < 0 { '-' } else { '+' });
                let minutes = i64::from(self.offset.abs() / 60);
                padded(out, minutes / 60, 2);
                if part == "Z" {
                    out.push(':');
                }
                padded(out, minutes % 60, 2);
            }
        }
    }
}

fn padded(out: &mut String, number: i64, width: usize) {
    if number < 0 {
        out.push('-');
    }
    // Writing to a String cannot fail.
    let _ = write!(out, "{:0width$}", number.unsigned_abs());
}

fn ordinal(out: &mut String, number: i64) {
    let suffix = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    padded(out, number, 1);
    out.push_str(suffix);
}
