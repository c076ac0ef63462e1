//! Input of a module: checked and coerced by its spec, and read by name.
//!
//! Texts and rules are Make's (`make-semantics.md` §5, `iml.md` §5). Fields
//! that the spec does not name pass through untouched: a blueprint may carry
//! more than this version knows.

mod check;
mod inputs;
mod missing;

use std::sync::Arc;

use bytes::Bytes;
use jiff::tz::TimeZone;
use rouage_model::{Buffer, Collection, Content, ModuleError, Value};

use crate::spec::Field;

pub use inputs::{Misfit, inputs};
pub use missing::{Missing, missing};

/// Checked input of a module. Cloning shares it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values(Arc<Collection>);

impl From<Collection> for Values {
    fn from(collection: Collection) -> Self {
        Self(Arc::new(collection))
    }
}

impl Values {
    /// The value of a name, as it is; [`Value::Undefined`] when there is none.
    pub fn raw(&self, name: &str) -> &Value {
        const NOTHING: &Value = &Value::Undefined;
        self.0.get(name).unwrap_or(NOTHING)
    }

    /// The text, unless it is empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.raw(name).as_text().filter(|text| !text.is_empty())
    }

    /// The text, or `default` when there is none.
    pub fn text_or<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.text(name).unwrap_or(default)
    }

    /// The boolean.
    pub fn boolean(&self, name: &str) -> Option<bool> {
        self.raw(name).as_bool()
    }

    /// Whether the boolean is there and true.
    pub fn is_true(&self, name: &str) -> bool {
        self.boolean(name) == Some(true)
    }

    /// The whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.raw(name).as_i64()
    }

    /// The nearest double of the number.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.raw(name) {
            Value::Number(number) => Some(number.as_f64()),
            _ => None,
        }
    }

    /// The items; empty when there are none.
    pub fn array(&self, name: &str) -> &[Value] {
        self.raw(name).as_array().unwrap_or_default()
    }

    /// The collection.
    pub fn collection(&self, name: &str) -> Option<&Collection> {
        self.raw(name).as_collection()
    }

    /// The bytes of a buffer or a text.
    pub fn bytes(&self, name: &str) -> Option<Bytes> {
        bytes_of(self.raw(name))
    }

    /// Everything, also what the spec does not name.
    pub fn all(&self) -> &Collection {
        &self.0
    }

    /// Everything as one value, shared.
    pub fn to_value(&self) -> Value {
        Value::Collection(self.0.clone())
    }
}

/// The bytes of a buffer or a text. A stored file has none here: modules that
/// take files as they are read them piece by piece.
pub fn bytes_of(value: &Value) -> Option<Bytes> {
    match value {
        Value::Buffer(Buffer { content: Content::Inline(bytes), .. }) => Some(bytes.clone()),
        Value::Text(text) => Some(Bytes::copy_from_slice(text.as_bytes())),
        _ => None,
    }
}

/// The content of a buffer, stored or not, or of a text.
pub fn content_of(value: &Value) -> Option<Content> {
    match value {
        Value::Buffer(buffer) => Some(buffer.content.clone()),
        other => bytes_of(other).map(Content::Inline),
    }
}

/// Checks and coerces `values` by `fields`.
///
/// Reports every parameter that does not fit, in Make's words. `Ignore` and
/// fields without a value are left out, `Erase` is kept for the module to see,
/// an empty text in a field that is not a text counts as no value.
pub fn validate(fields: &[Field], values: &Value, timezone: &TimeZone) -> Result<Values, ModuleError> {
    let checked = match values {
        Value::Collection(given) => check::collection(fields, given, timezone),
        nothing if nothing.is_nothing() => check::collection(fields, &Collection::new(), timezone),
        _ => Err(vec!["The input is not a collection.".into()]),
    };
    checked.map(Values::from).map_err(ModuleError::validation)
}

#[cfg(test)]
mod tests;
