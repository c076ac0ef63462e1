//! JSON to [`Value`] and back.
//!
//! Our own reader because a payload must be read once, straight into shared
//! values, with exact digits (decision D13), a rule for duplicate names (the
//! last one wins, in the first one's place), a bounded depth and an error that
//! says where. Grammar: RFC 8259.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use crate::value::{Buffer, Collection, Content, Number, Value};

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 512;

/// How many values [`parse_bounded`] reads. A value may take 60 times the
/// bytes of its text, so a limit of bytes alone does not bound the memory.
pub const MAX_VALUES: usize = 500_000;

/// Why a text is not JSON, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at line {line}, column {column}")]
pub struct Error {
    /// What is wrong.
    pub reason: String,
    /// Counts from 1.
    pub line: usize,
    /// Counts from 1, in characters.
    pub column: usize,
    /// Offset in bytes from the start.
    pub offset: usize,
}

/// Reads one JSON document. A byte order mark at the start is skipped.
pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    read(bytes, usize::MAX)
}

/// [`parse`] for what strangers send: refuses more than [`MAX_VALUES`] values.
/// Not for what we wrote ourselves, which must always be readable.
pub fn parse_bounded(bytes: &[u8]) -> Result<Value, Error> {
    read(bytes, MAX_VALUES)
}

fn read(bytes: &[u8], most_values: usize) -> Result<Value, Error> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes)
        .map_err(|error| error_at(bytes, error.valid_up_to(), "the text is not valid UTF-8".to_owned()))?;
    let mut reader = Reader { text, bytes, at: 0, depth: 0, values_left: most_values };
    reader.skip_blanks();
    let value = reader.value()?;
    reader.skip_blanks();
    if reader.at < bytes.len() {
        return Err(reader.error("unexpected text after the end of the document"));
    }
    Ok(value)
}

fn error_at(bytes: &[u8], offset: usize, reason: String) -> Error {
    let before = &bytes[..offset.min(bytes.len())];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    #[expect(clippy::naive_bytecount, reason = "only on the error path")]
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
    Error { reason, line, column, offset }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    values_left: usize,
}

impl Reader<'_> {
    fn error(&self, reason: impl Into<String>) -> Error {
        error_at(self.bytes, self.at, reason.into())
    }

    fn unexpected(&self, wanted: &str) -> Error {
        match self.text[self.at..].chars().next() {
            None => self.error(format!("the document ends where {wanted} is expected; it may be cut off")),
            Some(found) => self.error(format!("found {found:?} where {wanted} is expected")),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Value, Error> {
        let Some(left) = self.values_left.checked_sub(1) else {
            return Err(self.error(format!("there are more than {MAX_VALUES} values")));
        };
        self.values_left = left;
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Boolean(true)),
            Some(b'f') => self.word("false", Value::Boolean(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Error>) -> Result<Value, Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(format!("arrays and objects nest deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Value, Error> {
        let mut collection = Collection::new();
        self.skip_blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(collection.into());
        }
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a name in quotes"));
            }
            let name = self.string()?;
            self.skip_blanks();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("a colon"));
            }
            self.at += 1;
            self.skip_blanks();
            let value = self.value()?;
            collection.insert(name, value);
            self.skip_blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(collection.into());
                }
                _ => return Err(self.unexpected("a comma or a closing brace")),
            }
        }
    }

    fn array(&mut self) -> Result<Value, Error> {
        let mut items = Vec::new();
        self.skip_blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(items.into());
        }
        loop {
            self.skip_blanks();
            items.push(self.value()?);
            self.skip_blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(items.into());
                }
                _ => return Err(self.unexpected("a comma or a closing bracket")),
            }
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Error> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(value);
        }
        Err(self.unexpected("a value"))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<Value, Error> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        match self.digits() {
            0 => return Err(self.unexpected("a digit")),
            1 => {}
            _ if leading_zero => {
                self.at = start;
                return Err(self.error("a number starts with a superfluous 0"));
            }
            _ => {}
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            whole = false;
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.unexpected("a digit"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.unexpected("a digit"));
            }
        }
        Ok(Value::Number(number_from_text(&self.text[start..self.at], whole)))
    }

    fn string(&mut self) -> Result<Arc<str>, Error> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let text = Arc::from(&self.text[start..self.at]);
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => break,
                Some(0..=0x1F) => return Err(self.error("a control character stands unescaped in a text")),
                Some(_) => self.at += 1,
                None => return Err(self.unexpected("a closing quote")),
            }
        }
        let mut text = self.text[start..self.at].to_owned();
        loop {
            let plain = self.at;
            while !matches!(self.peek(), Some(b'"' | b'\\' | 0..=0x1F) | None) {
                self.at += 1;
            }
            text.push_str(&self.text[plain..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text.into());
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                Some(_) => return Err(self.error("a control character stands unescaped in a text")),
                None => return Err(self.unexpected("a closing quote")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        let escape = self.peek();
        self.at += 1;
        Ok(match escape {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => {
                self.at -= 1;
                return Err(self.unexpected("an escape such as \\n or \\u00e9"));
            }
        })
    }

    /// A lone surrogate cannot be held as text; it becomes U+FFFD.
    fn unicode_escape(&mut self) -> Result<char, Error> {
        let unit = self.hex4()?;
        if !(0xD800..0xDC00).contains(&unit) {
            return Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        if !self.text[self.at..].starts_with("\\u") {
            return Ok(char::REPLACEMENT_CHARACTER);
        }
        let back = self.at;
        self.at += 2;
        let low = self.hex4()?;
        if !(0xDC00..0xE000).contains(&low) {
            self.at = back;
            return Ok(char::REPLACEMENT_CHARACTER);
        }
        let point = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        Ok(char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex4(&mut self) -> Result<u32, Error> {
        let digits = self.bytes.get(self.at..self.at + 4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else {
            return Err(self.unexpected("four hexadecimal digits"));
        };
        let unit = digits.iter().fold(0, |unit, digit| unit * 16 + char::from(*digit).to_digit(16).unwrap_or(0));
        self.at += 4;
        Ok(unit)
    }
}

/// The number of a valid JSON number text, keeping digits that no machine
/// number holds.
fn number_from_text(text: &str, whole: bool) -> Number {
    if whole && let Ok(integer) = text.parse::<i64>() {
        return if integer == 0 && text.starts_with('-') { Number::Float(-0.0) } else { Number::Integer(integer) };
    }
    let float: f64 = text.parse().unwrap_or(f64::INFINITY);
    let digits = text.bytes().take_while(|byte| !matches!(byte, b'e' | b'E')).filter(u8::is_ascii_digit);
    let significant = digits.skip_while(|digit| *digit == b'0').count();
    if whole || float.is_infinite() || significant > 17 {
        return Number::Exact(text.into());
    }
    Number::Float(float)
}

/// How to lay the text out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style<'a> {
    /// No blanks at all.
    Compact,
    /// One entry a line, each level indented by the given text.
    Indented(&'a str),
}

/// Writes a value as plain JSON, for other programs and for people.
///
/// Plain JSON knows fewer types: dates become ISO 8601 texts, buffers become
/// their text (or base64 when they are not UTF-8), fields without a value are
/// left out (`null` inside arrays), and numbers that are not finite are `null`.
/// To keep the types, use [`crate::tagged`].
pub fn write(value: &Value, style: Style<'_>) -> String {
    let mut out = String::new();
    write_value(&mut out, value, style, 0);
    out
}

/// [`write()`] without blanks.
pub fn to_string(value: &Value) -> String {
    write(value, Style::Compact)
}

fn write_value(out: &mut String, value: &Value, style: Style<'_>, level: usize) {
    match value {
        Value::Undefined | Value::Null | Value::Ignore | Value::Erase => out.push_str("null"),
        Value::Boolean(boolean) => out.push_str(if *boolean { "true" } else { "false" }),
        Value::Number(number) => write_number(out, number),
        Value::Text(text) => write_text(out, text),
        Value::Date(date) => write_text(out, &iso(*date)),
        Value::Buffer(Buffer { content: Content::Inline(bytes), .. }) => match std::str::from_utf8(bytes) {
            Ok(text) => write_text(out, text),
            Err(_) => write_text(out, &base64(bytes)),
        },
        // Whoever wants the bytes reads the file first.
        Value::Buffer(buffer) => write_text(out, &format!("[file of {} bytes]", buffer.size())),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(out, at > 0, style, level + 1);
                write_value(out, item, style, level + 1);
            }
            close(out, ']', !items.is_empty(), style, level);
        }
        Value::Collection(collection) => {
            out.push('{');
            let mut any = false;
            for (key, value) in collection.iter() {
                if matches!(value, Value::Undefined | Value::Ignore) {
                    continue;
                }
                separate(out, any, style, level + 1);
                any = true;
                write_text(out, key);
                out.push_str(if style == Style::Compact { ":" } else { ": " });
                write_value(out, value, style, level + 1);
            }
            close(out, '}', any, style, level);
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn separate(out: &mut String, comma: bool, style: Style<'_>, level: usize) {
    if comma {
        out.push(',');
    }
    break_line(out, style, level);
}

fn close(out: &mut String, bracket: char, any: bool, style: Style<'_>, level: usize) {
    if any {
        break_line(out, style, level);
    }
    out.push(bracket);
}

fn break_line(out: &mut String, style: Style<'_>, level: usize) {
    if let Style::Indented(indent) = style {
        out.push('\n');
        for _ in 0..level {
            out.push_str(indent);
        }
    }
}

/// A number as JSON; what JSON cannot say is `null`.
pub(crate) fn write_number(out: &mut String, number: &Number) {
    match number {
        Number::Float(float) if !float.is_finite() => out.push_str("null"),
        Number::Float(float) if *float == 0.0 && float.is_sign_negative() => out.push_str("-0"),
        _ => write_display(out, number),
    }
}

fn write_display(out: &mut String, value: impl fmt::Display) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
}

/// Appends a text in quotes, escaped.
pub fn write_text(out: &mut String, text: &str) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0C => "\\f",
            0..=0x1F => "",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        plain = at + 1;
        if escape.is_empty() {
            write_display(out, format_args!("\\u{byte:04x}"));
        } else {
            out.push_str(escape);
        }
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

/// An instant as Make writes it: UTC with milliseconds.
pub fn iso(instant: jiff::Timestamp) -> String {
    format!("{instant:.3}")
}

/// From serde_json, for code at the edges that speaks other libraries' types.
pub fn from_serde(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(boolean) => Value::Boolean(*boolean),
        serde_json::Value::Number(number) => {
            let text = number.to_string();
            Value::Number(number_from_text(&text, !text.contains(['.', 'e', 'E'])))
        }
        serde_json::Value::String(text) => Value::text(text.as_str()),
        serde_json::Value::Array(items) => items.iter().map(from_serde).collect::<Vec<_>>().into(),
        serde_json::Value::Object(object) => {
            object.iter().map(|(key, value)| (key.as_str(), from_serde(value))).collect::<Collection>().into()
        }
    }
}

/// To serde_json; the same rules as [`write()`].
pub fn to_serde(value: &Value) -> serde_json::Value {
    serde_json::from_str(&to_string(value)).unwrap_or(serde_json::Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(text: &str) {
        assert_eq!(to_string(&parse(text.as_bytes()).unwrap()), text);
    }

    #[test]
    fn documents_come_back_as_they_were() {
        same(r#"{"a":[1,-2,0.5,true,false,null,"é€\"\\\n"],"b":{},"c":[]}"#);
        same("12345678901234567890123");
        same("1E400");
        same("-0");
    }

    #[test]
    fn the_last_duplicate_wins_in_the_first_place() {
        assert_eq!(to_string(&parse(br#"{"a":1,"b":2,"a":3}"#).unwrap()), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn errors_say_where() {
        let error = parse(b"{\"a\": 1,\n  \"b\": }").unwrap_err();
        assert_eq!((error.line, error.column), (2, 8));
        assert!(parse(b"{\"a\": ").unwrap_err().reason.contains("cut off"));
        assert!(parse(b"\"\xff\"").unwrap_err().reason.contains("UTF-8"));
        assert!(parse(b"[1] 2").is_err());
        assert!(parse(b"01").is_err());
        assert!(parse(b"").is_err());
    }

    #[test]
    fn depth_is_bounded() {
        assert!(parse("[".repeat(100_000).as_bytes()).unwrap_err().reason.contains("nest"));
        let deep = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert!(parse(deep.as_bytes()).is_ok());
    }

    #[test]
    fn the_number_of_values_is_bounded_where_strangers_write() {
        let list = |count: usize| format!("[1{}]", ",1".repeat(count - 1));
        // The list itself counts as well.
        assert!(parse_bounded(list(MAX_VALUES - 1).as_bytes()).is_ok());
        let error = parse_bounded(list(MAX_VALUES).as_bytes()).unwrap_err();
        assert_eq!(error.reason, "there are more than 500000 values");
        assert!(parse(list(MAX_VALUES).as_bytes()).is_ok());
    }

    #[test]
    fn surrogates_pair_or_are_replaced() {
        assert_eq!(parse(br#""\ud83d\ude00""#).unwrap(), Value::text("😀"));
        assert_eq!(parse(br#""\ud83dx""#).unwrap(), Value::text("\u{fffd}x"));
    }

    #[test]
    fn layout_is_indented() {
        let value = parse(br#"{"a":[1],"b":{}}"#).unwrap();
        assert_eq!(write(&value, Style::Indented("  ")), "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}");
    }
}
