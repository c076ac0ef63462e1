//! Commands: words and strings. A string that is mapped is quoted or sent as a
//! literal, so that it can never become a command of its own.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_model::ModuleError;

use super::trouble::Trouble;

/// Longer strings are sent as literals.
const LONGEST_QUOTED: usize = 500;

/// A command without its tag: lines to send, each but the last of which ends
/// with the announcement of the literal that begins the next.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Command {
    lines: Vec<Vec<u8>>,
}

impl Command {
    pub(super) fn new(words: &str) -> Self {
        Self { lines: vec![words.as_bytes().to_vec()] }
    }

    /// Adds words that we wrote ourselves.
    pub(super) fn words(mut self, words: &str) -> Self {
        self.last().push(b' ');
        self.last().extend_from_slice(words.as_bytes());
        self
    }

    /// Adds a string.
    pub(super) fn string(mut self, text: &str) -> Result<Self, Trouble> {
        if text.contains('\0') {
            return Err(ModuleError::data("a text for the mail server contains a null character").into());
        }
        let quotable = text.len() <= LONGEST_QUOTED && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if !quotable {
            return Ok(self.literal(text.as_bytes()));
        }
        self.last().extend_from_slice(b" \"");
        for byte in text.bytes() {
            if matches!(byte, b'"' | b'\\') {
                self.last().push(b'\\');
            }
            self.last().push(byte);
        }
        self.last().push(b'"');
        Ok(self)
    }

    /// Adds bytes with their size announced.
    pub(super) fn literal(mut self, bytes: &[u8]) -> Self {
        let announcement = format!(" {{{}}}", bytes.len());
        self.last().extend_from_slice(announcement.as_bytes());
        self.lines.push(bytes.to_vec());
        self
    }

    fn last(&mut self) -> &mut Vec<u8> {
        // There is always one: `new` makes it, and nothing takes it away.
        if self.lines.is_empty() {
            self.lines.push(Vec::new());
        }
        let last = self.lines.len() - 1;
        &mut self.lines[last]
    }

    /// What to send: each part after the server has asked for it.
    pub(super) fn into_lines(self) -> Vec<Vec<u8>> {
        self.lines
    }
}

/// Which messages are wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::email) struct Query {
    /// The smallest number of messages, 0 for any.
    pub(in crate::email) from_uid: u32,
    /// `Some(true)` only those that were read, `Some(false)` only others.
    pub(in crate::email) seen: Option<bool>,
    /// Received on this day or later.
    pub(in crate::email) since: Option<Timestamp>,
    /// Pairs such as `("SUBJECT", "offer")`: each must be found.
    pub(in crate::email) contains: Vec<(&'static str, String)>,
}

impl Query {
    pub(super) fn command(&self) -> Result<Command, Trouble> {
        let ascii = self.contains.iter().all(|(_, text)| text.is_ascii());
        let mut command = Command::new(if ascii { "UID SEARCH" } else { "UID SEARCH CHARSET UTF-8" });
        command = match self.from_uid {
            0 | 1 => command.words("ALL"),
            first => command.words(&format!("UID {first}:*")),
        };
        match self.seen {
            Some(true) => command = command.words("SEEN"),
            Some(false) => command = command.words("UNSEEN"),
            None => {}
        }
        if let Some(since) = self.since {
            // Servers compare days of zones that they do not tell: one day more.
            let day = since.saturating_sub(jiff::SignedDuration::from_hours(24));
            let day = TimeZone::UTC.to_datetime(day.unwrap_or(since));
            command = command.words(&format!("SINCE {}", day.strftime("%-d-%b-%Y")));
        }
        for (key, text) in &self.contains {
            command = command.words(key).string(text)?;
        }
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(command: Command) -> String {
        let lines = command.into_lines();
        lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn strings_can_never_become_commands() {
        let text = |text: &str| sent(Command::new("X").string(text).unwrap().words("Y"));
        assert_eq!(text("a \"b\" \\"), r#"X "a \"b\" \\" Y"#);
        assert_eq!(text("a\r\nA1 LOGOUT"), "X {12}|a\r\nA1 LOGOUT Y");
        assert_eq!(text("é"), "X {2}|é Y");
        assert!(text(&"x".repeat(501)).starts_with("X {501}|"));
        assert!(Command::new("X").string("a\0").is_err());
    }

    #[test]
    fn queries_say_what_is_wanted() {
        let mut query = Query { from_uid: 5, seen: Some(false), ..Query::default() };
        query.contains.push(("FROM", "ada@x.example".into()));
        assert_eq!(sent(query.command().unwrap()), "UID SEARCH UID 5:* UNSEEN FROM \"ada@x.example\"");
        let query = Query {
            since: Some("2026-03-01T10:00:00Z".parse().unwrap()),
            contains: vec![("SUBJECT", "Entwürfe".into())],
            ..Query::default()
        };
        assert_eq!(
            sent(query.command().unwrap()),
            "UID SEARCH CHARSET UTF-8 ALL SINCE 28-Feb-2026 SUBJECT {9}|Entwürfe"
        );
    }
}
