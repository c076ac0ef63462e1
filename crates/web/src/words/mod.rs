//! Times, sizes and counts as people say them, and the words of the pages in
//! the language of the request.
//!
//! English is written where it is used, with `t!` and `plural!` in Rust and
//! the filters of [`filters`] in templates; `web/words/catalogue.json` is the
//! list of it all, made by `tests/words.rs`.

pub mod filters;
mod locale;
mod say;
mod sentence;

pub use locale::{Locale, current, fill, t, tag, translated, within};
pub(crate) use say::{noted, plural, t};
pub use sentence::{Piece, Sentence};

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rouage_model::execution::{Origin, Status};

/// A text as a sentence of its own: a capital letter first.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// A moment in a page: how long ago, with the exact time as title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// ISO 8601, for scripts.
    iso: String,
    /// The exact time in the given zone.
    exact: String,
    /// Such as `3 min ago`.
    ago: String,
}

impl Moment {
    /// How long ago, as plain text.
    pub fn ago(&self) -> &str {
        &self.ago
    }

    /// The exact time, as plain text.
    pub fn exact(&self) -> &str {
        &self.exact
    }
}

/// A moment seen from now.
pub fn moment(at: Timestamp, now: Timestamp, zone: &TimeZone) -> Moment {
    Moment { iso: rouage_model::json::iso(at), exact: exact(at, zone), ago: ago(at, now) }
}

/// Such as `24 Nov 2026, 09:09:03`.
pub fn exact(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%-d %b %Y, %H:%M:%S").to_string()
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<time datetime="{}" title="{}">{}</time>"#, self.iso, self.exact, self.ago)
    }
}

impl askama::FastWritable for Moment {
    fn write_into(&self, out: &mut dyn fmt::Write, _values: &dyn askama::Values) -> askama::Result<()> {
        Ok(write!(out, "{self}")?)
    }
}

// Made of digits and fixed words only.
impl askama::filters::HtmlSafe for Moment {}

fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs();
    let time = match seconds.unsigned_abs() {
        0..=4 => return t!("just now").to_owned(),
        amount @ 5..=59 => t!("{amount} s", amount = amount),
        amount @ 60..=3_599 => t!("{amount} min", amount = amount / 60),
        amount @ 3_600..=86_399 => t!("{amount} h", amount = amount / 3_600),
        amount => count(amount / 86_400, "day"),
    };
    if seconds >= 0 { t!("{time} ago", time = time) } else { t!("in {time}", time = time) }
}

/// Such as `0.4 s` or `3 min 20 s`.
pub fn duration(duration: SignedDuration) -> String {
    let millis = duration.as_millis().max(0);
    let seconds = millis / 1000;
    match millis {
        0..=999 => format!("{millis} ms"),
        1_000..=59_999 => format!("{seconds}.{} s", millis % 1000 / 100),
        60_000..=3_599_999 => t!("{minutes} min {seconds} s", minutes = seconds / 60, seconds = seconds % 60),
        _ => t!("{hours} h {minutes} min", hours = seconds / 3600, minutes = seconds % 3600 / 60),
    }
}

/// Such as `2.1 kB`.
pub fn bytes(count: u64) -> String {
    let scaled = |unit: u64| format!("{}.{}", count / unit, count % unit * 10 / unit);
    match count {
        0..=999 => format!("{count} B"),
        1_000..=999_999 => format!("{} kB", scaled(1_000)),
        1_000_000..=999_999_999 => format!("{} MB", scaled(1_000_000)),
        _ => format!("{} GB", scaled(1_000_000_000)),
    }
}

/// The text for one or for many in the language of the request.
pub fn plural_text<'a>(count: u64, one: &'a str, many: &'a str) -> &'a str {
    locale::translated_form(many, count).unwrap_or(if count == 1 { one } else { many })
}

/// Any count.
pub fn as_count(count: impl TryInto<u64>) -> u64 {
    count.try_into().unwrap_or(u64::MAX)
}

/// `1 request`, `2 requests`. In another language `{count} requests` is what
/// is looked up.
pub fn count(number: u64, noun: &str) -> String {
    let many = current().map(|_| format!("{{count}} {noun}s"));
    if let Some(text) = many.and_then(|many| locale::translated_form(&many, number)) {
        return fill(text, &[("count", &number)]);
    }
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// How an execution stands, in a word.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Queued => t!("Queued"),
        Status::Running => t!("Running"),
        Status::Waiting => t!("Waiting"),
        Status::InDoubt => t!("Needs a decision"),
        Status::Success => t!("Success"),
        Status::Warning => t!("Warning"),
        Status::Error => t!("Error"),
        Status::Stopped => t!("Stopped"),
    }
}

/// The icon of a status.
pub fn status_icon(status: Status) -> &'static str {
    match status {
        Status::Queued | Status::Waiting => "clock",
        Status::Running => "refresh-cw",
        Status::InDoubt => "circle-help",
        Status::Success => "circle-check",
        Status::Warning => "triangle-alert",
        Status::Error => "octagon-x",
        Status::Stopped => "circle-pause",
    }
}

/// What started an execution, in words.
pub fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Webhook => t!("a request to its webhook"),
        Origin::Schedule => t!("its schedule"),
        Origin::Manual => t!("Run once"),
        Origin::Api => t!("the command line or the API"),
        Origin::Retry => t!("a retry"),
        Origin::Replay => t!("a replay"),
        Origin::Scenario => t!("another scenario"),
        Origin::Draft => t!("Run once in the editor"),
    }
}

/// The first `length` characters, with an ellipsis when something was cut.
pub fn cut(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A text in at most `most` lines of `length` letters, broken between words
/// where that is possible; the last line says with `…` that there was more.
pub fn wrapped(text: &str, length: usize, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut letters: &[char] = &line.trim().chars().collect::<Vec<char>>();
        while !letters.is_empty() && lines.len() <= most {
            let (first, rest) = letters.split_at(break_at(letters, length));
            lines.push(first.iter().collect::<String>().trim_end().to_owned());
            let spaces = rest.iter().take_while(|letter| letter.is_whitespace()).count();
            letters = &rest[spaces..];
        }
    }
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = format!("{}…", last.chars().take(length.saturating_sub(1)).collect::<String>().trim_end());
        }
    }
    lines
}

/// Behind the last word that fits; a word that is too long is cut.
fn break_at(letters: &[char], length: usize) -> usize {
    if letters.len() <= length {
        return letters.len();
    }
    (1..=length).rev().find(|at| letters[*at].is_whitespace()).unwrap_or(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_broken_between_words() {
        assert_eq!(wrapped("only active customers", 10, 3), ["only", "active", "customers"]);
        assert_eq!(wrapped("only active customers", 12, 2), ["only active", "customers"]);
        assert_eq!(wrapped("abcdefgh ij\n\nk", 5, 9), ["abcde", "fgh", "ij", "k"]);
        assert_eq!(wrapped("one two three", 5, 2), ["one", "two…"]);
        assert_eq!(wrapped("", 5, 2), Vec::<String>::new());
    }

    #[test]
    fn a_sentence_begins_with_a_capital() {
        assert_eq!(sentence("élan, then"), "Élan, then");
        assert_eq!(sentence("“sku” is required"), "“sku” is required");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn times_and_sizes_read_well() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        for (then, text) in [(1000, "just now"), (970, "30 s ago"), (400, "10 min ago"), (1120, "in 2 min")] {
            assert_eq!(ago(at(then), at(1000)), text);
        }
        assert_eq!(ago(at(0), at(90_000)), "1 day ago");
        assert_eq!(duration(SignedDuration::from_millis(1_250)), "1.2 s");
        assert_eq!(duration(SignedDuration::from_secs(200)), "3 min 20 s");
        assert_eq!((bytes(999).as_str(), bytes(2_150).as_str()), ("999 B", "2.1 kB"));
        assert_eq!(cut("äöü", 2), "äö…");
        assert_eq!(exact(at(1_795_511_343), &TimeZone::UTC), "24 Nov 2026, 09:09:03");
    }
}
