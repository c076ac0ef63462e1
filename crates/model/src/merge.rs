//! Two people changed one document: what one of them changed is put into what
//! the other one made of it.

use std::collections::HashMap;

use crate::ids::ModuleId;
use crate::reconcile::{module_id, modules_of};
use crate::value::{Collection, Value};

/// `ours` with what changed from `base` to `theirs`. Where both changed the
/// same thing, theirs counts. Modules are found by their `id`; within an array
/// whose items changed places, only modules take over what changed in them.
pub fn merge(base: &Value, theirs: &Value, ours: &Value) -> Value {
    if base == theirs {
        return ours.clone();
    }
    Documents { base: modules_of(base), theirs: modules_of(theirs) }.value(base, theirs, ours)
}

struct Documents<'a> {
    base: HashMap<ModuleId, &'a Value>,
    theirs: HashMap<ModuleId, &'a Value>,
}

impl Documents<'_> {
    fn value(&self, base: &Value, theirs: &Value, ours: &Value) -> Value {
        if base == theirs {
            return self.inside(ours);
        }
        if base == ours {
            return theirs.clone();
        }
        match (base, theirs, ours) {
            (Value::Collection(base), Value::Collection(theirs), Value::Collection(ours)) => {
                self.collection(base, theirs, ours).into()
            }
            // Which item is which cannot be told any more; modules can.
            (Value::Array(_), Value::Array(_), Value::Array(_)) if holds_modules(ours) => self.inside(ours),
            _ => theirs.clone(),
        }
    }

    fn collection(&self, base: &Collection, theirs: &Collection, ours: &Collection) -> Collection {
        const NOTHING: &Value = &Value::Undefined;
        let mut merged = Collection::with_capacity(ours.len());
        for (key, value) in ours.iter() {
            let (before, after) = (base.get(key).unwrap_or(NOTHING), theirs.get(key).unwrap_or(NOTHING));
            match self.value(before, after, value) {
                Value::Undefined => {}
                value => merged.insert(key.clone(), value),
            }
        }
        for (key, value) in theirs.iter() {
            if ours.get(key).is_none() && base.get(key) != Some(value) {
                merged.insert(key.clone(), value.clone());
            }
        }
        merged
    }

    /// Something that did not change at its place, but may hold modules that
    /// changed elsewhere.
    fn inside(&self, ours: &Value) -> Value {
        if let Some(id) = module_id(ours)
            && let (Some(base), Some(theirs)) = (self.base.get(&id), self.theirs.get(&id))
            && base != theirs
        {
            return self.value(base, theirs, ours);
        }
        match ours {
            Value::Array(items) => items.iter().map(|item| self.inside(item)).collect::<Vec<_>>().into(),
            Value::Collection(entries) => {
                entries.iter().map(|(key, value)| (key.clone(), self.inside(value))).collect::<Collection>().into()
            }
            simple => simple.clone(),
        }
    }
}

/// Whether an array is a flow, or routes that hold flows.
fn holds_modules(items: &Value) -> bool {
    let mut items = items.as_array().unwrap_or_default().iter();
    items.any(|item| module_id(item).is_some() || item.get("flow").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn check(base: &str, theirs: &str, ours: &str, expected: &str) {
        let [base, theirs, ours] = [base, theirs, ours].map(|text| json::parse(text.as_bytes()).unwrap());
        assert_eq!(json::to_string(&merge(&base, &theirs, &ours)), expected);
    }

    #[test]
    fn what_each_of_them_changed_is_there() {
        check(
            r#"{"name":"A","metadata":{"scenario":{"dlq":false,"maxErrors":3}},"flow":[]}"#,
            r#"{"name":"B","metadata":{"scenario":{"dlq":true,"maxErrors":3}},"flow":[]}"#,
            r#"{"name":"A","metadata":{"scenario":{"dlq":false,"maxErrors":5}},"flow":[{"id":1,"module":"a:A"}]}"#,
            r#"{"name":"B","metadata":{"scenario":{"dlq":true,"maxErrors":5}},"flow":[{"id":1,"module":"a:A"}]}"#,
        );
    }

    #[test]
    fn what_they_added_and_took_away_is_done_here_too() {
        check(r#"{"a":1,"b":2}"#, r#"{"b":2,"c":3}"#, r#"{"a":1,"b":4,"d":5}"#, r#"{"b":4,"d":5,"c":3}"#);
        check(r#"{"a":1,"b":2}"#, r#"{"a":1,"b":3}"#, r#"{"b":2}"#, r#"{"b":3}"#);
        check(r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#, r#"{"a":2}"#);
    }

    #[test]
    fn a_module_that_was_mended_is_mended_where_it_moved_to() {
        check(
            r#"{"flow":[{"id":1,"module":"a:A","mapper":{"x":1}},{"id":2,"module":"a:R","routes":[{"flow":[]}]}]}"#,
            r#"{"flow":[{"id":1,"module":"a:A","mapper":{"x":2}},{"id":2,"module":"a:R","routes":[{"flow":[]}]}]}"#,
            r#"{"flow":[{"id":2,"module":"a:R","routes":[{"flow":[{"id":1,"module":"a:A","mapper":{"x":1},"metadata":7}]}]}]}"#,
            r#"{"flow":[{"id":2,"module":"a:R","routes":[{"flow":[{"id":1,"module":"a:A","mapper":{"x":2},"metadata":7}]}]}]}"#,
        );
    }

    #[test]
    fn nothing_changed_means_nothing_changes() {
        check(r#"{"a":[1]}"#, r#"{"a":[1]}"#, r#"{"a":[2,3]}"#, r#"{"a":[2,3]}"#);
    }
}
