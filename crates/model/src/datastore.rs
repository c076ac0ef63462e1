//! Data stores as data: the calls that modules make and the store answers.
//!
//! A data store is a table of records by key. One vocabulary for both sides,
//! as in [`crate::sheets`]: the `datastore` app makes these calls and the
//! store answers them. Source: `make-semantics.md` §7.

use crate::ids::DatastoreId;
use crate::structure::{Field, Structure, find};
use crate::value::{Collection, Text, Value};

/// The most bytes of one record, as it is stored.
pub const MAX_RECORD: usize = 15 * 1024 * 1024;
/// The most bytes of a data store that nobody gave a size.
pub const DEFAULT_MAX_SIZE: u64 = 1024 * 1024 * 1024;
/// The most characters of a key.
pub const MAX_KEY: usize = 512;

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// Adds a record. Answers `{key, data}`.
    Add {
        /// The data store.
        store: DatastoreId,
        /// Its key; `None` makes one.
        key: Option<Text>,
        /// The whole record.
        data: Collection,
        /// Replaces a record of the same key; else that is an error.
        overwrite: bool,
    },
    /// Changes fields of a record. Answers `{key, data}` as it is then.
    Update {
        /// The data store.
        store: DatastoreId,
        /// Its key.
        key: Text,
        /// The fields to change; [`Value::Erase`] clears one.
        data: Collection,
        /// Adds the record when there is none; else that is an error.
        upsert: bool,
        /// What becomes of an array that is there already.
        arrays: Arrays,
    },
    /// Reads a record. Answers `{key, data}`, or nothing.
    Get {
        /// The data store.
        store: DatastoreId,
        /// Its key.
        key: Text,
    },
    /// Takes a record away, if it is there. Answers `{key}`.
    Delete {
        /// The data store.
        store: DatastoreId,
        /// Its key.
        key: Text,
    },
    /// Takes all records away. Answers `{count}`.
    DeleteAll {
        /// The data store.
        store: DatastoreId,
    },
    /// Reads records in the order they were added, some at a time. Answers
    /// `{records: [{key, data, size}], next}`; `next` is `Null` at the end.
    Scan {
        /// The data store.
        store: DatastoreId,
        /// What `next` said before; 0 at the beginning.
        after: i64,
    },
    /// Counts. Answers `{count}`.
    Count {
        /// The data store.
        store: DatastoreId,
    },
}

/// What an update does with an array in an array's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrays {
    /// The new one takes its place.
    Replace,
    /// The new items go after those that are there.
    Append,
}

impl Call {
    /// Whether it changes anything.
    pub fn is_write(&self) -> bool {
        !matches!(self, Call::Get { .. } | Call::Scan { .. } | Call::Count { .. })
    }

    /// The data store it is about.
    pub fn store(&self) -> DatastoreId {
        match self {
            Call::Add { store, .. }
            | Call::Update { store, .. }
            | Call::Get { store, .. }
            | Call::Delete { store, .. }
            | Call::DeleteAll { store }
            | Call::Scan { store, .. }
            | Call::Count { store } => *store,
        }
    }
}

/// A whole record as it is kept: what was left out is left out, what was
/// erased is cleared.
pub fn whole(data: &Collection, structure: Option<&Structure>) -> Collection {
    merge(&Collection::new(), data, structure, Arrays::Replace)
}

/// A record after an update: fields that are given take the place of those
/// that are there, collections field by field; what is missing or empty stays
/// as it is (source: `make-semantics.md` §3.14).
pub fn merge(record: &Collection, data: &Collection, structure: Option<&Structure>, arrays: Arrays) -> Collection {
    merge_fields(record, data, structure.map(|structure| structure.fields.as_slice()), arrays)
}

fn merge_fields(record: &Collection, data: &Collection, fields: Option<&[Field]>, arrays: Arrays) -> Collection {
    let mut merged = record.clone();
    for (name, given) in data.iter() {
        let field = fields.and_then(|fields| find(fields, name));
        let there = record.get(name);
        let value = match (given, there) {
            (Value::Undefined | Value::Ignore | Value::Null, _) => continue,
            (Value::Text(text), _) if text.is_empty() => continue,
            (Value::Erase, there) => cleared(field, there),
            (Value::Collection(given), there) => {
                let nothing = Collection::new();
                let there = there.and_then(Value::as_collection).unwrap_or(&nothing);
                merge_fields(there, given, field.map(|field| field.spec.as_slice()), arrays).into()
            }
            (Value::Array(items), Some(Value::Array(there))) if arrays == Arrays::Append => {
                there.iter().chain(items.iter()).cloned().collect::<Vec<_>>().into()
            }
            (given, _) => given.clone(),
        };
        merged.insert(name.clone(), value);
    }
    merged
}

/// What `erase` leaves: by the structure, else by what is there.
fn cleared(field: Option<&Field>, there: Option<&Value>) -> Value {
    match (field, there) {
        (Some(field), _) => field.kind.cleared(),
        (None, Some(Value::Array(_))) => Value::from(Vec::new()),
        (None, Some(Value::Collection(_))) => Value::empty_collection(),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn collection(text: &str) -> Collection {
        json::parse(text.as_bytes()).unwrap().as_collection().unwrap().clone()
    }

    fn merged(data: &Collection, arrays: Arrays) -> String {
        let record = collection(r#"{"name":"Ada","tags":["a"],"buyer":{"city":"Paris","zip":"75"},"n":1}"#);
        json::to_string(&merge(&record, data, None, arrays).into())
    }

    #[test]
    fn what_is_empty_stays_and_collections_are_merged() {
        let data = collection(r#"{"name":"","n":2,"buyer":{"city":"Lyon"},"new":null}"#);
        assert_eq!(
            merged(&data, Arrays::Replace),
            r#"{"name":"Ada","tags":["a"],"buyer":{"city":"Lyon","zip":"75"},"n":2}"#
        );
    }

    #[test]
    fn arrays_are_replaced_or_continued() {
        let data = collection(r#"{"tags":["b"]}"#);
        assert!(merged(&data, Arrays::Replace).contains(r#""tags":["b"]"#));
        assert!(merged(&data, Arrays::Append).contains(r#""tags":["a","b"]"#));
    }

    #[test]
    fn erase_clears_by_type() {
        let erased = |name: &str| Collection::from_iter([(name, Value::Erase)]);
        for (name, left) in [("name", "null"), ("tags", "[]"), ("buyer", "{}"), ("unknown", "null")] {
            let text = merged(&erased(name), Arrays::Append);
            assert!(text.contains(&format!("\"{name}\":{left}")), "{text}");
        }
        let structure = Structure::parse(&json::parse(br#"[{"name":"list","type":"array"}]"#).unwrap()).unwrap();
        assert_eq!(json::to_string(&whole(&erased("list"), Some(&structure)).into()), r#"{"list":[]}"#);
    }
}
