//! Two people changed one document: what one of them changed is put into what
//! the other one made of it.

use std::collections::HashMap;

use crate::ids::ModuleId;
use crate::reconcile::{as_sent, module_id, modules_of};
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

/// The links of `ours` with what changed from `base` to `theirs`; each side is
/// a document and its links, and `merged` is the document of both. A link of a
/// module that is gone, or whose number means another module now, is not
/// brought back.
pub fn merge_links(base: (&Value, &Value), theirs: &Value, ours: (&Value, &Value), merged: &Value) -> Value {
    let (before, here) = (modules_of(base.0), modules_of(ours.0));
    let is_ours = |name: &str| match owner(name) {
        Some(id) => here.get(&id).is_some_and(|module| !before.get(&id).is_some_and(|old| is_same(old, module))),
        None => false,
    };
    let carried = merge(base.1, theirs, ours.1);
    let entries = |links: &Value| links.as_collection().cloned().unwrap_or_default();
    let mut links = Collection::new();
    for (name, value) in entries(&carried).iter().filter(|(name, _)| !is_ours(name)) {
        links.insert(name.clone(), value.clone());
    }
    for (name, value) in entries(ours.1).iter().filter(|(name, _)| is_ours(name)) {
        links.insert(name.clone(), value.clone());
    }
    if carried.is_nothing() && links.is_empty() { carried } else { links_of(merged, &links.into()) }
}

/// The links without those of modules that the document does not have.
pub fn links_of(document: &Value, links: &Value) -> Value {
    let Some(entries) = links.as_collection() else { return links.clone() };
    let modules = modules_of(document);
    let is_there = |name: &str| owner(name).is_none_or(|id| modules.contains_key(&id));
    let kept = entries.iter().filter(|(name, _)| is_there(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect::<Collection>().into()
}

/// The module that a link belongs to, found as in a document that a browser
/// has sent.
fn owner(link: &str) -> Option<ModuleId> {
    let id: i64 = link.split_once('.')?.0.parse().ok()?;
    Some(as_sent(ModuleId(id)))
}

/// A number can be given to another module once its first one is deleted.
fn is_same(one: &Value, other: &Value) -> bool {
    one.field("module") == other.field("module")
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
            (Value::Array(_), Value::Array(_), Value::Array(_))
                if [base, theirs, ours].into_iter().any(holds_modules) =>
            {
                self.inside(ours)
            }
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
            && is_same(base, ours)
            && is_same(theirs, ours)
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
    fn a_number_that_was_given_to_another_module_takes_nothing_over() {
        check(
            r#"{"flow":[{"id":1,"module":"a:A"},{"id":2,"module":"a:B","mapper":{"x":1}}]}"#,
            r#"{"flow":[{"id":1,"module":"a:A"},{"id":2,"module":"a:B","mapper":{"x":2}}]}"#,
            r#"{"flow":[{"id":1,"module":"a:A"},{"id":2,"module":"a:C","mapper":{"x":1}}]}"#,
            r#"{"flow":[{"id":1,"module":"a:A"},{"id":2,"module":"a:C","mapper":{"x":1}}]}"#,
        );
    }

    #[test]
    fn a_flow_that_was_emptied_stays_empty() {
        check(
            r#"{"flow":[{"id":1,"module":"a:A","mapper":{"x":1}}]}"#,
            r#"{"flow":[{"id":1,"module":"a:A","mapper":{"x":2}}]}"#,
            r#"{"flow":[]}"#,
            r#"{"flow":[]}"#,
        );
    }

    #[test]
    fn links_of_modules_that_are_gone_or_others_do_not_come_back() {
        let value = |text: &str| json::parse(text.as_bytes()).unwrap();
        let base = value(r#"{"flow":[{"id":1,"module":"a:A"},{"id":2,"module":"a:B"},{"id":3,"module":"a:B"}]}"#);
        let ours = value(r#"{"flow":[{"id":1,"module":"a:A"},{"id":3,"module":"a:C"}]}"#);
        let (was, is) = (value(r#"{"1.c":1,"2.c":1,"3.c":1}"#), value(r#"{"1.c":9,"2.c":9,"3.c":9}"#));
        let linked = merge_links((&base, &was), &is, (&ours, &value(r#"{"1.c":1}"#)), &ours);
        assert_eq!(json::to_string(&linked), r#"{"1.c":9}"#);
        let linked = merge_links((&base, &was), &is, (&ours, &value(r#"{"1.c":1,"3.c":1}"#)), &ours);
        assert_eq!(json::to_string(&linked), r#"{"1.c":9,"3.c":1}"#);
        assert_eq!(json::to_string(&links_of(&ours, &is)), r#"{"1.c":9,"3.c":9}"#);
    }

    #[test]
    fn nothing_changed_means_nothing_changes() {
        check(r#"{"a":[1]}"#, r#"{"a":[1]}"#, r#"{"a":[2,3]}"#, r#"{"a":[2,3]}"#);
    }
}
