//! Steps into a value: fields of collections, 1-based indices of arrays.
//! A step that leads nowhere gives no value and never an error.

use rouage_model::{Collection, Value};

/// What a step gives when there is nothing.
pub(crate) const NOTHING: &Value = &Value::Undefined;

/// The value at a path of names and 1-based indices: `a.b[2].c` or `a.b.2.c`.
/// A name of the collection that contains the dots itself goes first.
pub fn get(value: &Value, path: &str) -> Value {
    find(value, path).clone()
}

/// [`get`] without taking the value.
pub(crate) fn find<'v>(value: &'v Value, path: &str) -> &'v Value {
    if let Some(found) = value.get(path) {
        return found;
    }
    segments(path).fold(value, |value, name| by_segment(value, name))
}

/// [`find`] in many items that mostly look alike: it remembers where the name
/// stood in the one before.
pub(crate) struct Finder<'p> {
    path: &'p str,
    at: usize,
}

impl<'p> Finder<'p> {
    pub(crate) fn new(path: &'p str) -> Self {
        Self { path, at: 0 }
    }

    pub(crate) fn find<'v>(&mut self, value: &'v Value) -> &'v Value {
        let Value::Collection(collection) = value else {
            return find(value, self.path);
        };
        match collection.entry(self.at) {
            Some((name, found)) if **name == *self.path => found,
            _ => {
                self.at = collection.position(self.path).unwrap_or(0);
                find(value, self.path)
            }
        }
    }
}

/// The names of a path; brackets separate like dots.
pub(crate) fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '[']).filter(|segment| !segment.is_empty()).map(|segment| match segment.strip_suffix(']') {
        Some("") => "1",
        Some(index) => index,
        None => segment,
    })
}

fn by_segment<'v>(value: &'v Value, name: &str) -> &'v Value {
    match (value, name.trim().parse::<i64>()) {
        (Value::Array(items), Ok(number)) => item(items, number),
        _ => field(value, name),
    }
}

/// A field. Of an array it is the field of its first item (decision D8).
pub(crate) fn field<'v>(value: &'v Value, name: &str) -> &'v Value {
    match value {
        Value::Collection(collection) => collection.get(name).unwrap_or(NOTHING),
        Value::Array(items) => match items.first() {
            Some(Value::Collection(collection)) => collection.get(name).unwrap_or(NOTHING),
            _ => NOTHING,
        },
        _ => NOTHING,
    }
}

/// The item at an index that counts from 1, or from the end when negative
/// (decision D7).
pub(crate) fn item(items: &[Value], index: i64) -> &Value {
    let position = match index {
        0 => None,
        1.. => usize::try_from(index - 1).ok(),
        _ => usize::try_from(index.unsigned_abs()).ok().and_then(|back| items.len().checked_sub(back)),
    };
    position.and_then(|position| items.get(position)).unwrap_or(NOTHING)
}

/// A copy of the value with `new` at the path. Names that are missing become
/// collections; an index may be at most one past the end.
pub(crate) fn set(value: &Value, path: &[&str], new: Value) -> Result<Value, String> {
    let Some((name, rest)) = path.split_first() else {
        return Ok(new);
    };
    match value {
        Value::Array(items) => {
            let index = name.trim().parse().map_err(|_| format!("'{name}' is not an index of an array"))?;
            let position = position_to_set(items.len(), index)?;
            let inner = set(items.get(position).unwrap_or(NOTHING), rest, new)?;
            let mut items = items.as_ref().clone();
            match items.get_mut(position) {
                Some(item) => *item = inner,
                None => items.push(inner),
            }
            Ok(items.into())
        }
        Value::Collection(collection) => with_field(collection.as_ref().clone(), name, rest, new),
        nothing if nothing.is_nothing() => with_field(Collection::new(), name, rest, new),
        other => Err(format!("a {} has no '{name}' that could be set", other.type_name())),
    }
}

fn with_field(mut collection: Collection, name: &str, rest: &[&str], new: Value) -> Result<Value, String> {
    let inner = set(collection.get(name).unwrap_or(NOTHING), rest, new)?;
    collection.insert(name, inner);
    Ok(collection.into())
}

fn position_to_set(length: usize, index: i64) -> Result<usize, String> {
    let position = match index {
        1.. => usize::try_from(index - 1).ok(),
        _ => usize::try_from(index.unsigned_abs()).ok().and_then(|back| length.checked_sub(back)),
    };
    position
        .filter(|position| index != 0 && *position <= length)
        .ok_or_else(|| format!("the array has no item {index}"))
}

#[cfg(test)]
mod tests {
    use rouage_model::json;

    use super::*;

    fn sample() -> Value {
        json::parse(br#"{"a":{"b":[{"c":1},{"c":2}]},"x.y":3,"n":null}"#).unwrap()
    }

    #[test]
    fn paths_descend_by_names_and_1_based_indices() {
        for (path, expected) in [
            ("a.b.2.c", Value::from(2)),
            ("a.b[1].c", Value::from(1)),
            ("a.b[].c", Value::from(1)),
            ("a.b[-1].c", Value::from(2)),
            ("a.b.c", Value::from(1)),
            ("a.b.0", Value::Undefined),
            ("a.b.3", Value::Undefined),
            ("a.missing.deeper", Value::Undefined),
            ("n.deeper", Value::Undefined),
            ("n", Value::Null),
            ("x.y", Value::from(3)),
        ] {
            assert_eq!(get(&sample(), path), expected, "{path}");
        }
    }

    #[test]
    fn setting_copies_and_creates() {
        let changed = set(&sample(), &["a", "b", "3", "d"], Value::from(9)).unwrap();
        assert_eq!(get(&changed, "a.b.3.d"), Value::from(9));
        assert_eq!(get(&sample(), "a.b.3"), Value::Undefined);
        assert!(set(&sample(), &["a", "b", "9"], Value::Null).is_err());
    }
}
