//! Conversions: the parameter table of `iml.md` §5 and the conversions that
//! operators and functions use.

use std::cell::Cell;
use std::sync::Arc;

use jiff::tz::TimeZone;
use rouage_model::{Buffer, Collection, Content, Number, Text, Value, json};

use crate::context::{Budget, Context, Lookup};
use crate::error::EvalError;
use crate::operators::write_number;
use crate::{dates, files};

/// What a parameter expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Anything, unchanged.
    Any,
    /// Text.
    Text,
    /// Any number.
    Number,
    /// A whole number.
    Integer,
    /// A whole number that is not negative.
    UnsignedInteger,
    /// Yes or no.
    Boolean,
    /// An instant.
    Date,
    /// Hours, minutes and seconds, as text.
    Time,
    /// Bytes.
    Buffer,
    /// A list.
    Array,
    /// Named values.
    Collection,
}

impl Target {
    /// The target of that name, as the field types of Make are called.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "any" => Target::Any,
            "text" => Target::Text,
            "number" => Target::Number,
            "integer" => Target::Integer,
            "uinteger" => Target::UnsignedInteger,
            "boolean" => Target::Boolean,
            "date" => Target::Date,
            "time" => Target::Time,
            "buffer" => Target::Buffer,
            "array" => Target::Array,
            "collection" => Target::Collection,
            _ => return None,
        })
    }
}

/// Converts a value for a parameter, or says why it cannot be. Having nothing
/// is no reason to fail: what a missing value means is for the module to say.
pub fn coerce(value: &Value, target: Target, timezone: &TimeZone) -> Result<Value, String> {
    match (value, target) {
        (_, Target::Any) => Ok(value.clone()),
        (Value::Erase, _) => Ok(erased(target)),
        (Value::Null, Target::Boolean) => Ok(Value::Boolean(false)),
        (Value::Undefined | Value::Null | Value::Ignore, _) => Ok(value.clone()),
        (_, Target::Text) => match value {
            Value::Text(_) => Ok(value.clone()),
            _ => to_text(value).map(Value::Text),
        },
        (_, Target::Number) => to_number_parameter(value).map(Value::Number),
        (_, Target::Integer | Target::UnsignedInteger) => to_whole(value, target),
        (_, Target::Boolean) => Ok(Value::Boolean(to_boolean(value))),
        (_, Target::Date) => dates::from_value(value, timezone).map(Value::Date),
        (_, Target::Time) => to_time(value),
        (_, Target::Buffer) => to_buffer(value).map(Value::Buffer),
        (Value::Array(_), Target::Array) | (Value::Collection(_), Target::Collection) => Ok(value.clone()),
        (_, Target::Array) => Ok(Value::from(vec![value.clone()])),
        (_, Target::Collection) => Err(format!("a {} is not a collection", value.type_name())),
    }
}

/// What `{{erase}}` sends, by type.
fn erased(target: Target) -> Value {
    match target {
        Target::Array => Value::Array(Arc::new(Vec::new())),
        Target::Collection => Value::Collection(Arc::new(Collection::new())),
        _ => Value::Null,
    }
}

/// The parameter rule: any number is yes, and so is any text but `false` and
/// the empty one. The condition of `if` is decided by [`truthy`] instead.
pub(crate) fn to_boolean(value: &Value) -> bool {
    match value {
        Value::Boolean(boolean) => *boolean,
        Value::Text(text) => !text.is_empty() && text.as_ref() != "false",
        other => !other.is_nothing(),
    }
}

fn to_number_parameter(value: &Value) -> Result<Number, String> {
    match value {
        Value::Number(number) => Ok(number.clone()),
        Value::Text(text) => parse_number(text).ok_or_else(|| format!("'{}' is not a valid number", shorten(text))),
        other => Err(format!("a {} is not a number", other.type_name())),
    }
}

fn to_whole(value: &Value, target: Target) -> Result<Value, String> {
    let number = to_number_parameter(value)?;
    let Some(whole) = number.as_i64() else {
        return Err(format!("'{number}' is not a whole number"));
    };
    if target == Target::UnsignedInteger && whole < 0 {
        return Err(format!("'{number}' is negative"));
    }
    Ok(Value::from(whole))
}

fn to_time(value: &Value) -> Result<Value, String> {
    match value {
        Value::Text(text) if dates::time_of_day(text).is_some() => Ok(value.clone()),
        Value::Text(text) => Err(format!("'{}' is not a time such as 17:26:44", shorten(text))),
        other => Err(format!("a {} is not a time", other.type_name())),
    }
}

/// Bytes: of text in UTF-8, of anything that has a short text form by that.
pub(crate) fn to_buffer(value: &Value) -> Result<Buffer, String> {
    match value {
        Value::Buffer(buffer) => Ok(buffer.clone()),
        Value::Text(_) | Value::Number(_) | Value::Boolean(_) | Value::Date(_) => {
            let text = to_text(value)?;
            Ok(Buffer::utf8(text.as_bytes().to_vec()))
        }
        other => Err(format!("a {} cannot be converted to a buffer", other.type_name())),
    }
}

/// Text by the parameter table: ISO 8601 for dates, JSON for collections
/// (decision D6), the items joined with commas for arrays (decision D5),
/// nothing for no value. The text of a stored file is not to be had here.
pub fn to_text(value: &Value) -> Result<Text, String> {
    if let Value::Text(text) = value {
        return Ok(text.clone());
    }
    let budget = Budget::default();
    let mut writer = TextWriter { out: BUFFER.take(), budget: &budget, lookup: None };
    writer.value(value).map_err(|error| error.message)?;
    match writer.finish() {
        Value::Text(text) => Ok(text),
        _ => Ok(Text::from("")),
    }
}

/// Writes values as text, within a budget: shared values are small in memory
/// and can be huge in writing.
pub(crate) struct TextWriter<'b> {
    out: String,
    budget: &'b Budget,
    /// Where stored files are read.
    lookup: Option<&'b dyn Lookup>,
}

/// Larger buffers are given back to the allocator.
const LARGEST_KEPT: usize = 64 * 1024;

thread_local! {
    /// What the writer before wrote in, so that a text is allocated once, in
    /// the size that it has.
    static BUFFER: Cell<String> = const { Cell::new(String::new()) };
}

impl<'b> TextWriter<'b> {
    pub(crate) fn new(context: &Context<'b>) -> Self {
        Self { out: BUFFER.take(), budget: context.budget, lookup: Some(context.lookup) }
    }

    pub(crate) fn push(&mut self, text: &str) -> Result<(), EvalError> {
        self.budget.produce(text.len())?;
        self.out.push_str(text);
        Ok(())
    }

    pub(crate) fn value(&mut self, value: &Value) -> Result<(), EvalError> {
        self.nested(value, 0)
    }

    fn nested(&mut self, value: &Value, depth: usize) -> Result<(), EvalError> {
        self.budget.spend(1)?;
        match value {
            Value::Undefined | Value::Null | Value::Ignore | Value::Erase => Ok(()),
            Value::Boolean(boolean) => self.push(if *boolean { "true" } else { "false" }),
            Value::Number(number) => {
                self.budget.produce(24)?;
                write_number(&mut self.out, number);
                Ok(())
            }
            Value::Text(text) => self.push(text),
            Value::Date(date) => self.push(&json::iso(*date)),
            Value::Buffer(buffer) => {
                let bytes = match (&buffer.content, &buffer.encoding) {
                    (Content::Stored(file), Some(_)) => files::read(file, self.budget, self.lookup)?,
                    _ => bytes::Bytes::copy_from_slice(buffer.held()),
                };
                let text = decode_known(&bytes, buffer.encoding.as_ref()).map_err(EvalError::of_type)?;
                self.push(&text)
            }
            Value::Array(items) => {
                check_depth(depth)?;
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.push(",")?;
                    }
                    self.nested(item, depth + 1)?;
                }
                Ok(())
            }
            Value::Collection(_) if value.has_stored_file() => {
                self.nested(&files::with_bytes(value, self.budget, self.lookup)?, depth)
            }
            Value::Collection(_) => {
                measure(value, self.budget, depth)?;
                json_into(&mut self.out, value);
                Ok(())
            }
        }
    }

    pub(crate) fn finish(self) -> Value {
        Value::Text(Text::from(self.out.as_str()))
    }
}

impl Drop for TextWriter<'_> {
    fn drop(&mut self) {
        if self.out.capacity() <= LARGEST_KEPT {
            self.out.clear();
            BUFFER.set(std::mem::take(&mut self.out));
        }
    }
}

fn json_into(out: &mut String, value: &Value) {
    if out.is_empty() {
        *out = json::to_string(value);
    } else {
        out.push_str(&json::to_string(value));
    }
}

fn check_depth(depth: usize) -> Result<(), EvalError> {
    if depth > json::MAX_DEPTH {
        return Err(EvalError::of_range(format!("the value nests deeper than {} levels", json::MAX_DEPTH)));
    }
    Ok(())
}

/// Takes one step for every value within a value, and refuses one that nests
/// too deep: values that share their parts are small in memory and can be huge
/// to look at.
pub(crate) fn visit(value: &Value, budget: &Budget, depth: usize) -> Result<(), EvalError> {
    match value {
        Value::Array(items) => {
            check_depth(depth)?;
            budget.spend(items.len())?;
            items.iter().try_for_each(|item| visit(item, budget, depth + 1))
        }
        Value::Collection(collection) => {
            check_depth(depth)?;
            budget.spend(collection.len())?;
            collection.values().try_for_each(|value| visit(value, budget, depth + 1))
        }
        _ => Ok(()),
    }
}

/// Takes from the budget what the JSON of a value will need.
pub(crate) fn measure(value: &Value, budget: &Budget, depth: usize) -> Result<(), EvalError> {
    check_depth(depth)?;
    budget.spend(1)?;
    match value {
        Value::Text(text) => budget.produce(text.len() + 2),
        Value::Buffer(buffer) => budget.produce(buffer.held().len() * 4 / 3 + 2),
        Value::Array(items) => items.iter().try_for_each(|item| measure(item, budget, depth + 1)),
        Value::Collection(collection) => collection.iter().try_for_each(|(key, value)| {
            budget.produce(key.len() + 4)?;
            measure(value, budget, depth + 1)
        }),
        _ => budget.produce(24),
    }
}

fn decode_known(bytes: &[u8], encoding: Option<&Text>) -> Result<Text, String> {
    match encoding {
        Some(encoding) => decode(bytes, encoding),
        None => Err("a buffer of unknown encoding cannot be converted to text; use toString(buffer)".to_owned()),
    }
}

/// Bytes as text in a named encoding.
pub(crate) fn decode(bytes: &[u8], encoding: &str) -> Result<Text, String> {
    use base64::Engine as _;
    match encoding.to_ascii_lowercase().as_str() {
        "utf8" | "utf-8" | "text" => Ok(String::from_utf8_lossy(bytes).into()),
        "ascii" => Ok(bytes.iter().map(|byte| char::from(byte & 0x7F)).collect::<String>().into()),
        "latin1" | "binary" | "iso-8859-1" => Ok(bytes.iter().copied().map(char::from).collect::<String>().into()),
        "hex" => Ok(hex::encode(bytes).into()),
        "base64" => Ok(base64::engine::general_purpose::STANDARD.encode(bytes).into()),
        other => Err(format!("'{other}' is not a known encoding")),
    }
}

/// A number, if the value is one, or a text that is one.
pub fn to_number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::Text(text) => parse_number(text),
        _ => None,
    }
}

/// A decimal number with nothing but blanks around it.
pub(crate) fn parse_number(text: &str) -> Option<Number> {
    let text = text.trim();
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    if !plain || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if let Ok(integer) = text.parse::<i64>() {
        return Some(Number::Integer(integer));
    }
    text.parse::<f64>().ok().filter(|float| float.is_finite()).map(Number::from_f64)
}

/// The truth of a condition (decision D2).
pub fn truthy(value: &Value) -> bool {
    match value {
        Value::Undefined | Value::Null | Value::Ignore | Value::Erase => false,
        Value::Boolean(boolean) => *boolean,
        Value::Number(number) => {
            let float = number.as_f64();
            float != 0.0 && !float.is_nan()
        }
        Value::Text(text) => !text.is_empty(),
        _ => true,
    }
}

/// The beginning of a text, for messages.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Value {
        json::parse(value.as_bytes()).unwrap()
    }

    #[test]
    fn d5_arrays_join_their_items_without_blanks() {
        assert_eq!(to_text(&text(r#"["a",1,null,["b",[2]],true]"#)).unwrap().as_ref(), "a,1,,b,2,true");
        assert_eq!(to_text(&text(r#"[{"a":1},{"b":2}]"#)).unwrap().as_ref(), r#"{"a":1},{"b":2}"#);
    }

    #[test]
    fn numbers_are_read_whole_or_not_at_all() {
        for bad in ["100 units", "", " ", "abc", "Infinity", "1,5", "0x10", "-", "."] {
            assert_eq!(parse_number(bad), None, "{bad}");
        }
        assert_eq!(parse_number(" 12.5 "), Some(Number::Float(12.5)));
        assert_eq!(parse_number("-3"), Some(Number::Integer(-3)));
    }

    #[test]
    fn booleans_of_parameters_differ_from_conditions() {
        let zero = Value::from(0);
        assert_eq!(coerce(&zero, Target::Boolean, &TimeZone::UTC), Ok(Value::Boolean(true)));
        assert!(!truthy(&zero));
    }

    #[test]
    fn erase_is_the_empty_value_of_the_type() {
        let utc = TimeZone::UTC;
        assert_eq!(coerce(&Value::Erase, Target::Text, &utc), Ok(Value::Null));
        assert_eq!(coerce(&Value::Erase, Target::Array, &utc), Ok(Value::from(Vec::new())));
        assert_eq!(coerce(&Value::Erase, Target::Collection, &utc), Ok(Value::empty_collection()));
    }

    #[test]
    fn whole_numbers_are_checked() {
        let utc = TimeZone::UTC;
        assert!(coerce(&Value::from(1.5), Target::Integer, &utc).is_err());
        assert!(coerce(&Value::from(-1), Target::UnsignedInteger, &utc).is_err());
        assert_eq!(coerce(&Value::from("7"), Target::Integer, &utc), Ok(Value::from(7)));
    }

    #[test]
    fn values_nested_beyond_the_limit_have_no_text() {
        let deep = (0..600).fold(Value::from(1), |inner, _| Value::from(vec![inner]));
        assert!(to_text(&deep).is_err());
    }
}
