//! The value that flows between modules.
//!
//! A bundle is a [`Collection`]. Values are immutable and shared: cloning is a
//! reference count, so a bundle of any size can be handed to ten modules.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

pub use crate::buffer::{Buffer, Content, PIECE, Stored};

/// Immutable shared text.
pub type Text = Arc<str>;

/// What an expression gives, a field holds and a bundle carries.
///
/// The four ways of having nothing are kept apart because modules treat them
/// differently (source: `make-semantics.md` §5.5):
/// - `Undefined`: nobody ever said anything (a missing path);
/// - `Null`: said to be nothing;
/// - `Ignore`: leave this field out (`{{ignore}}`);
/// - `Erase`: clear this field at the other side (`{{erase}}`).
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    /// No value: a missing field.
    #[default]
    Undefined,
    /// An explicit null.
    Null,
    /// The keyword `ignore`.
    Ignore,
    /// The keyword `erase`.
    Erase,
    /// Yes or no.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// Text; may be empty.
    Text(Text),
    /// An instant.
    Date(Timestamp),
    /// Bytes, or a file that the store keeps.
    Buffer(Buffer),
    /// An ordered list.
    Array(Arc<Vec<Value>>),
    /// Named values in order.
    Collection(Arc<Collection>),
}

/// A number. JSON integers keep all their digits (decision D13): what neither
/// an `i64` nor an `f64` holds exactly stays as the text it was.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    /// An integer that fits.
    Integer(i64),
    /// A finite or infinite double; NaN is allowed only as an intermediate.
    Float(f64),
    /// Digits that no machine number holds, as valid JSON number text.
    Exact(Text),
}

impl Number {
    /// The nearest double.
    pub fn as_f64(&self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "asking for the nearest double")]
            Number::Integer(integer) => *integer as f64,
            Number::Float(float) => *float,
            Number::Exact(digits) => digits.parse().unwrap_or(f64::NAN),
        }
    }

    /// The integer, when it is one and fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Number::Integer(integer) => Some(*integer),
            #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
            Number::Float(float) if float.fract() == 0.0 && float.abs() < 9.0e18 => Some(*float as i64),
            _ => None,
        }
    }

    /// From a double, as an integer when it is whole and exactly held.
    pub fn from_f64(float: f64) -> Self {
        if float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0 {
            #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
            return Number::Integer(float as i64);
        }
        Number::Float(float)
    }
}

/// As JavaScript prints numbers (decision D10): `0.1`, `1e+21`, never `1.0`.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Integer(integer) => integer.fmt(f),
            Number::Exact(digits) => f.write_str(digits),
            Number::Float(float) => write_double(f, *float),
        }
    }
}

fn write_double(f: &mut fmt::Formatter<'_>, float: f64) -> fmt::Result {
    if float.is_nan() {
        return f.write_str("NaN");
    }
    if float.is_infinite() {
        return f.write_str(if float > 0.0 { "Infinity" } else { "-Infinity" });
    }
    if float == 0.0 {
        return f.write_str("0");
    }
    let magnitude = float.abs();
    if (1e-6..1e21).contains(&magnitude) {
        return write!(f, "{float}");
    }
    let text = format!("{float:e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) if !exponent.starts_with('-') => write!(f, "{mantissa}e+{exponent}"),
        _ => f.write_str(&text),
    }
}

/// Named values in the order they were added. Names are unique; adding a name
/// again replaces its value and keeps its place, as in JavaScript.
#[derive(Clone, Default)]
pub struct Collection {
    entries: Vec<(Text, Value)>,
    /// Only for large collections; small ones are searched in order.
    index: Option<HashMap<Text, usize>>,
}

const INDEX_FROM: usize = 24;

impl Collection {
    /// An empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty collection with room for `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Vec::with_capacity(capacity), index: None }
    }

    /// The same entries, with room for `more`.
    #[must_use]
    pub fn clone_with_room(&self, more: usize) -> Self {
        let mut entries = Vec::with_capacity(self.entries.len() + more);
        entries.extend_from_slice(&self.entries);
        Self { entries, index: self.index.clone() }
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.position(name).map(|at| &self.entries[at].1)
    }

    /// The entry at a place, for those who remember where a name stood in a
    /// collection of the same kind.
    pub fn entry(&self, at: usize) -> Option<(&Text, &Value)> {
        self.entries.get(at).map(|(key, value)| (key, value))
    }

    /// Where a name stands.
    pub fn position(&self, name: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(name).copied(),
            None => self.entries.iter().position(|(key, _)| key.as_ref() == name),
        }
    }

    /// Sets a name; an existing one keeps its place.
    pub fn insert(&mut self, name: impl Into<Text>, value: impl Into<Value>) {
        let (name, value) = (name.into(), value.into());
        if let Some(at) = self.position(&name) {
            self.entries[at].1 = value;
            return;
        }
        if let Some(index) = &mut self.index {
            index.insert(name.clone(), self.entries.len());
        }
        self.entries.push((name, value));
        if self.index.is_none() && self.entries.len() > INDEX_FROM {
            self.index = Some(self.entries.iter().enumerate().map(|(at, (key, _))| (key.clone(), at)).collect());
        }
    }

    /// Takes a name away, keeping the order of the others.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.position(name)?;
        let (_, value) = self.entries.remove(at);
        let rest = std::mem::take(&mut self.entries);
        self.index = None;
        for (key, value) in rest {
            self.insert(key, value);
        }
        Some(value)
    }

    /// The entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &Value)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// The names in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Text> {
        self.entries.iter().map(|(key, _)| key)
    }

    /// The values in order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.entries.iter().map(|(_, value)| value)
    }
}

impl fmt::Debug for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Equal when the same names have the same values, in any order.
impl PartialEq for Collection {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl<K: Into<Text>, V: Into<Value>> FromIterator<(K, V)> for Collection {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut collection = Self::new();
        for (key, value) in entries {
            collection.insert(key, value);
        }
        collection
    }
}

impl Value {
    /// An empty collection.
    pub fn empty_collection() -> Self {
        Value::Collection(Arc::new(Collection::new()))
    }

    /// A text value.
    pub fn text(text: impl Into<Text>) -> Self {
        Value::Text(text.into())
    }

    /// Bytes of unknown encoding.
    pub fn buffer(bytes: impl Into<Bytes>) -> Self {
        Value::Buffer(Buffer::new(bytes))
    }

    /// The name of the type, as `rouage eval` and error texts print it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Undefined | Value::Ignore => "undefined",
            Value::Null | Value::Erase => "null",
            Value::Boolean(_) => "boolean",
            Value::Number(_) => "number",
            Value::Text(_) => "text",
            Value::Date(_) => "date",
            Value::Buffer(_) => "buffer",
            Value::Array(_) => "array",
            Value::Collection(_) => "collection",
        }
    }

    /// Missing or null (also `ignore` and `erase`): there is nothing here.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Value::Undefined | Value::Null | Value::Ignore | Value::Erase)
    }

    /// Whether arrays and collections nest deeper than `levels`. Looks no
    /// deeper than that itself.
    pub fn nests_deeper_than(&self, levels: usize) -> bool {
        let mut inner: Box<dyn Iterator<Item = &Value>> = match self {
            Value::Array(items) => Box::new(items.iter()),
            Value::Collection(collection) => Box::new(collection.values()),
            _ => return false,
        };
        levels == 0 || inner.any(|value| value.nests_deeper_than(levels - 1))
    }

    /// The field of a collection; `None` for anything else.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Collection(collection) => collection.get(name),
            _ => None,
        }
    }

    /// A field, or nothing. Handy for walking stored shapes.
    pub fn field(&self, name: &str) -> &Value {
        const NOTHING: &Value = &Value::Undefined;
        self.get(name).unwrap_or(NOTHING)
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Boolean(boolean) => Some(*boolean),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The collection, if it is one.
    pub fn as_collection(&self) -> Option<&Collection> {
        match self {
            Value::Collection(collection) => Some(collection),
            _ => None,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Boolean(value)
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Number(Number::Integer(value))
    }
}
impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Value::from(i64::from(value))
    }
}
impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Value::from(i64::from(value))
    }
}
impl From<u16> for Value {
    fn from(value: u16) -> Self {
        Value::from(i64::from(value))
    }
}
impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Value::from(i64::try_from(value).unwrap_or(i64::MAX))
    }
}
impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Number(Number::from_f64(value))
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.into())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value.into())
    }
}
impl From<Text> for Value {
    fn from(value: Text) -> Self {
        Value::Text(value)
    }
}
impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Value::Date(value)
    }
}
impl From<Vec<Value>> for Value {
    fn from(value: Vec<Value>) -> Self {
        Value::Array(Arc::new(value))
    }
}
impl From<Collection> for Value {
    fn from(value: Collection) -> Self {
        Value::Collection(Arc::new(value))
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_as_javascript_prints_them() {
        for (number, text) in [
            (0.1, "0.1"),
            (1.0, "1"),
            (1e21, "1e+21"),
            (1.5e-7, "1.5e-7"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (-0.0, "0"),
        ] {
            assert_eq!(Number::Float(number).to_string(), text);
        }
    }

    #[test]
    fn a_repeated_name_keeps_its_place() {
        let collection: Collection = [("a", 1), ("b", 2), ("a", 3)].into_iter().collect();
        assert_eq!(collection.keys().map(AsRef::as_ref).collect::<Vec<&str>>(), ["a", "b"]);
        assert_eq!(collection.get("a"), Some(&Value::from(3)));
    }

    #[test]
    fn nesting_is_counted() {
        let nested = |levels| (0..levels).fold(Value::from(1), |inner, _| Value::from(vec![inner]));
        assert!(!nested(3).nests_deeper_than(3));
        assert!(nested(4).nests_deeper_than(3));
    }

    #[test]
    fn large_collections_find_and_remove_like_small_ones() {
        let mut collection: Collection = (0..100).map(|n| (n.to_string(), n)).collect();
        assert_eq!(collection.remove("7"), Some(Value::from(7)));
        assert_eq!(collection.get("7"), None);
        assert_eq!(collection.get("99"), Some(&Value::from(99)));
        assert_eq!(collection.len(), 99);
    }
}
