//! A document that went through a browser, put back into the words of the one
//! that was sent there.
//!
//! A browser keeps a number only as far as an `f64` does, and moves keys that
//! look like integers to the front. So an edited document is compared with the
//! one it was made from: what says the same is kept from there, digit for digit
//! and key for key; what is new is taken as it came.
//!
//! Every value of the new document is looked at once; nothing is compared that
//! was compared before.

use std::collections::HashMap;
use std::sync::Arc;

use crate::blueprint::Module;
use crate::ids::ModuleId;
use crate::value::{Collection, Number, Value};

/// The new document, where it says the same as the old one kept exactly as it
/// was. Numbers are the same when they are as `f64`, collections in any order
/// of their keys. A collection that changed keeps the old order of its keys;
/// new ones follow. Modules are found by their `id` wherever they moved, other
/// items of arrays by their place.
pub fn reconcile(old: &Value, new: Value) -> Value {
    reconcile_with(old, &Value::Undefined, new)
}

/// [`reconcile()`] with a second document to take from where the first one says
/// something else: what was deleted and brought back by an undo is as it was.
pub fn reconcile_with(old: &Value, older: &Value, new: Value) -> Value {
    let modules = [modules_of(old), modules_of(older)];
    Documents { modules }.value([Some(old), Some(older)], new).value
}

/// Where the two documents stand beside the new one; nothing when they have no
/// such place.
type Beside<'a> = [Option<&'a Value>; 2];

struct Documents<'a> {
    modules: [HashMap<ModuleId, &'a Value>; 2],
}

/// A value, and which of the two documents say the same at its place.
struct Reconciled {
    value: Value,
    same: [bool; 2],
}

impl Reconciled {
    /// The value of the first document that says the same, else `new`.
    fn kept(beside: Beside<'_>, same: [bool; 2], new: impl FnOnce() -> Value) -> Self {
        let kept = beside.into_iter().zip(same).find_map(|(old, same)| old.filter(|_| same));
        Self { value: kept.cloned().unwrap_or_else(new), same }
    }
}

impl<'a> Documents<'a> {
    fn value(&self, beside: Beside<'a>, new: Value) -> Reconciled {
        match new {
            Value::Collection(new) => self.collection(beside, &new),
            Value::Array(new) => self.array(beside, &new),
            simple => {
                let same = beside.map(|old| old.is_some_and(|old| says_the_same(old, &simple)));
                Reconciled::kept(beside, same, || simple)
            }
        }
    }

    fn array(&self, beside: Beside<'a>, new: &Arc<Vec<Value>>) -> Reconciled {
        let olds = beside.map(|old| old.and_then(Value::as_array));
        let mut same = olds.map(|old| old.is_some_and(|old| old.len() == new.len()));
        let mut items = Vec::with_capacity(new.len());
        for (at, item) in new.iter().enumerate() {
            let found = self.child(olds.map(|old| old.and_then(|old| old.get(at))), item, &mut same);
            items.push(found);
        }
        Reconciled::kept(beside, same, || items.into())
    }

    fn collection(&self, beside: Beside<'a>, new: &Arc<Collection>) -> Reconciled {
        let olds = beside.map(|old| old.and_then(Value::as_collection));
        let mut same = olds.map(|old| old.is_some_and(|old| old.len() == new.len()));
        let mut entries = Collection::with_capacity(new.len());
        for (key, value) in new.iter() {
            let found = self.child(olds.map(|old| old.and_then(|old| old.get(key))), value, &mut same);
            entries.insert(key.clone(), found);
        }
        Reconciled::kept(beside, same, || in_order(olds.into_iter().flatten().next(), entries).into())
    }

    /// An item of an array or an entry of a collection. A module that stood
    /// elsewhere does not make its new place the same.
    fn child(&self, beside: Beside<'a>, new: &Value, same: &mut [bool; 2]) -> Value {
        let found = self.counterparts(beside, new);
        let is_here = [0, 1].map(|at| match (found[at], beside[at]) {
            (Some(found), Some(here)) => std::ptr::eq(found, here),
            _ => false,
        });
        let child = self.value(found, new.clone());
        for at in [0, 1] {
            same[at] &= is_here[at] && child.same[at];
        }
        child.value
    }

    /// What a value is compared with: a module with the same module, even when
    /// that stands elsewhere, anything else with what stands at its place.
    fn counterparts(&self, beside: Beside<'a>, new: &Value) -> Beside<'a> {
        let Some(id) = module_id(new) else { return beside };
        [0, 1].map(|at| {
            let here = beside[at].filter(|here| module_id(here) == Some(id));
            here.or_else(|| self.modules[at].get(&id).copied())
        })
    }
}

/// The entries in the order of an old collection; new ones follow.
fn in_order(old: Option<&Collection>, new: Collection) -> Collection {
    let Some(old) = old else { return new };
    let mut ordered = Collection::with_capacity(new.len());
    for key in old.keys() {
        if let Some(value) = new.get(key) {
            ordered.insert(key.clone(), value.clone());
        }
    }
    for (key, value) in new.iter() {
        if old.get(key).is_none() {
            ordered.insert(key.clone(), value.clone());
        }
    }
    ordered
}

/// Whether two values without parts mean the same. JavaScript reads a number
/// beyond the range of an `f64` as infinite and writes that as null.
fn says_the_same(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Number(old), Value::Number(new)) => same_number(old, new),
        (Value::Number(old), Value::Null) => !old.as_f64().is_finite(),
        _ => old == new,
    }
}

#[expect(clippy::float_cmp, reason = "a browser hands back the very same double")]
fn same_number(old: &Number, new: &Number) -> bool {
    old == new || old.as_f64() == new.as_f64()
}

/// The id of a value that is a module, as a browser sends it back.
pub(crate) fn module_id(value: &Value) -> Option<ModuleId> {
    let module = Module(value);
    module.id().filter(|_| !module.name().is_empty()).map(as_sent)
}

/// An id as a browser sends it back: a double.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "so does the browser")]
pub(crate) fn as_sent(id: ModuleId) -> ModuleId {
    ModuleId(id.0 as f64 as i64)
}

/// All modules of a document, wherever they stand. The first one counts where
/// two have the same id.
pub(crate) fn modules_of(document: &Value) -> HashMap<ModuleId, &Value> {
    let mut modules = HashMap::new();
    let mut left = vec![document];
    while let Some(value) = left.pop() {
        if let Some(id) = module_id(value) {
            modules.entry(id).or_insert(value);
        }
        match value {
            Value::Array(items) => left.extend(items.iter().rev()),
            Value::Collection(entries) => left.extend(entries.values().filter(|value| has_parts(value))),
            _ => {}
        }
    }
    modules
}

fn has_parts(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Collection(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn check(old: &str, new: &str, expected: &str) {
        let (old, new) = (json::parse(old.as_bytes()).unwrap(), json::parse(new.as_bytes()).unwrap());
        assert_eq!(json::to_string(&reconcile(&old, new)), expected);
    }

    #[test]
    fn what_says_the_same_keeps_its_digits_and_its_order() {
        let old = r#"{"z":1.50,"10":9007199254740993,"2":[1e400,-0],"a":{"y":1,"x":12345678901234567890}}"#;
        let new = r#"{"2":[null,0],"10":9007199254740992,"z":1.5,"a":{"y":1,"x":12345678901234567000}}"#;
        let same = json::to_string(&json::parse(old.as_bytes()).unwrap());
        assert!(same.contains("9007199254740993") && same.contains("12345678901234567890"), "{same}");
        check(old, new, &same);
    }

    #[test]
    fn a_changed_collection_keeps_the_order_of_its_keys() {
        check(r#"{"c":1,"b":2,"a":3}"#, r#"{"0":9,"a":3,"b":5,"c":1}"#, r#"{"c":1,"b":5,"a":3,"0":9}"#);
        check(r#"{"c":1,"b":2}"#, r#"{"b":2}"#, r#"{"b":2}"#);
    }

    #[test]
    fn what_only_looks_the_same_is_taken_as_it_came() {
        check(r#"{"a":1,"b":null,"c":"1"}"#, r#"{"a":"1","b":0,"c":1}"#, r#"{"a":"1","b":0,"c":1}"#);
        check(r#"[[],{}]"#, r#"[{},[]]"#, r#"[{},[]]"#);
        check(r#"{"a":[1,2]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#);
    }

    #[test]
    fn a_module_is_found_wherever_it_moved() {
        let old = r#"{"flow":[{"id":1,"module":"a:A","big":9007199254740993},
            {"id":2,"module":"a:R","routes":[{"flow":[]}]}]}"#;
        let new = r#"{"flow":[{"id":2,"module":"a:R","routes":[{"flow":[{"big":9007199254740992,"id":1,"module":"a:A"}]}]}]}"#;
        let expected = r#"{"flow":[{"id":2,"module":"a:R","routes":[{"flow":[{"id":1,"module":"a:A","big":9007199254740993}]}]}]}"#;
        check(old, new, expected);
    }

    #[test]
    fn a_new_module_takes_nothing_from_the_one_in_its_place() {
        let old = r#"{"flow":[{"big":9007199254740993,"id":1,"module":"a:A"}]}"#;
        let new = r#"{"flow":[{"id":7,"module":"a:A","big":9007199254740992}]}"#;
        check(old, new, new);
    }

    #[test]
    fn modules_that_changed_places_changed_the_flow() {
        let module = |id: i64| format!(r#"{{"id":{id},"module":"a:A","n":1.5}}"#);
        let old = format!(r#"{{"flow":[{},{}]}}"#, module(1), module(2));
        let new = format!(r#"{{"flow":[{},{}]}}"#, module(2), module(1));
        check(&old, &new, &new);
    }

    #[test]
    fn two_modules_with_one_id_stay_apart() {
        let text =
            r#"{"flow":[{"id":1,"module":"a:A","n":9007199254740993},{"id":1,"module":"a:A","n":9007199254740995}]}"#;
        let new =
            r#"{"flow":[{"id":1,"module":"a:A","n":9007199254740992},{"id":1,"module":"a:A","n":9007199254740996}]}"#;
        check(text, new, text);
    }

    #[test]
    fn what_was_deleted_and_brought_back_is_as_it_was() {
        let older = json::parse(br#"{"b":9007199254740993,"a":1,"c":[1.50,{"y":1,"1":2}]}"#).unwrap();
        let draft = json::parse(br#"{"b":9007199254740993,"c":[1.50]}"#).unwrap();
        let new = json::parse(br#"{"a":1,"b":9007199254740992,"c":[1.5,{"1":2,"y":1}]}"#).unwrap();
        assert_eq!(json::to_string(&reconcile_with(&draft, &older, new)), json::to_string(&older));
    }
}
