//! Bytes in a value: few of them in the value itself, a file as a handle to
//! what the store keeps.
//!
//! A stored file never changes, so that an expression which reads one gives
//! the same value at every replay.

use bytes::Bytes;

use crate::ids::BlobId;
use crate::value::{Text, Value};

/// The most bytes that a value holds itself; what is larger is stored. Also
/// the length of every piece of a stored file but the last.
pub const PIECE: usize = 256 * 1024;

/// Bytes of a file, an image or an encoded text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Buffer {
    /// The bytes, or where they are.
    pub content: Content,
    /// The text encoding, when the bytes are known to be text; `utf8` and so on.
    pub encoding: Option<Text>,
}

/// The bytes of a buffer, or where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Here.
    Inline(Bytes),
    /// In the store.
    Stored(Stored),
}

impl Default for Content {
    fn default() -> Self {
        Content::Inline(Bytes::new())
    }
}

/// A handle to a file in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stored {
    /// Which.
    pub id: BlobId,
    /// Its length in bytes.
    pub size: u64,
}

impl Buffer {
    /// Bytes of unknown encoding.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self { content: Content::Inline(bytes.into()), encoding: None }
    }

    /// The bytes of a text in UTF-8.
    pub fn utf8(bytes: impl Into<Bytes>) -> Self {
        Self { encoding: Some("utf8".into()), ..Self::new(bytes) }
    }

    /// A stored file of unknown encoding.
    pub fn stored(file: Stored) -> Self {
        Self { content: Content::Stored(file), encoding: None }
    }

    /// The same with an encoding.
    #[must_use]
    pub fn encoded(self, encoding: Option<Text>) -> Self {
        Self { encoding, ..self }
    }

    /// How many bytes there are, stored ones too.
    pub fn size(&self) -> u64 {
        match &self.content {
            Content::Inline(bytes) => bytes.len() as u64,
            Content::Stored(file) => file.size,
        }
    }

    /// The bytes that are held here; none of a stored file.
    pub fn held(&self) -> &[u8] {
        match &self.content {
            Content::Inline(bytes) => bytes,
            Content::Stored(_) => &[],
        }
    }
}

impl Value {
    /// Calls `see` with every stored file in the value.
    pub fn stored_files(&self, see: &mut impl FnMut(&Stored)) {
        match self {
            Value::Buffer(Buffer { content: Content::Stored(file), .. }) => see(file),
            Value::Array(items) => items.iter().for_each(|item| item.stored_files(see)),
            Value::Collection(fields) => fields.values().for_each(|value| value.stored_files(see)),
            _ => {}
        }
    }

    /// Whether there is a stored file in the value.
    pub fn has_stored_file(&self) -> bool {
        match self {
            Value::Buffer(Buffer { content: Content::Stored(_), .. }) => true,
            Value::Array(items) => items.iter().any(Value::has_stored_file),
            Value::Collection(fields) => fields.values().any(Value::has_stored_file),
            _ => false,
        }
    }

    /// The same value with the bytes of its stored files, as `read` gives them.
    pub fn with_files<E>(&self, read: &mut impl FnMut(&Stored) -> Result<Bytes, E>) -> Result<Value, E> {
        if !self.has_stored_file() {
            return Ok(self.clone());
        }
        Ok(match self {
            Value::Buffer(Buffer { content: Content::Stored(file), encoding }) => {
                Value::Buffer(Buffer::new(read(file)?).encoded(encoding.clone()))
            }
            Value::Array(items) => {
                items.iter().map(|item| item.with_files(read)).collect::<Result<Vec<_>, _>>()?.into()
            }
            Value::Collection(fields) => {
                let mut out = crate::Collection::with_capacity(fields.len());
                for (name, value) in fields.iter() {
                    out.insert(name.clone(), value.with_files(read)?);
                }
                out.into()
            }
            other => other.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Collection;

    #[test]
    fn stored_files_are_found_and_replaced_wherever_they_are() {
        let file = Stored { id: BlobId(uuid::Uuid::from_u128(7)), size: 3_000_000 };
        let handle = Value::Buffer(Buffer::stored(file).encoded(Some("latin1".into())));
        let value: Value = Collection::from_iter([("a", Value::from(vec![handle])), ("b", Value::from(1))]).into();
        let mut found = Vec::new();
        value.stored_files(&mut |file| found.push(*file));
        assert_eq!(found, [file]);
        let read = value.with_files(&mut |file| Ok::<_, ()>(Bytes::from(file.size.to_string()))).unwrap();
        assert!(!read.has_stored_file());
        let Some(Value::Buffer(buffer)) = read.field("a").as_array().and_then(|items| items.first()) else { panic!() };
        assert_eq!((buffer.held(), buffer.encoding.as_deref()), (&b"3000000"[..], Some("latin1")));
    }
}
