//! Links: the local accounts, hooks and spreadsheets that take the place of
//! the ones that a blueprint names.
//!
//! A blueprint from Make carries Make's ids (`"__IMTCONN__": 2044180`), which
//! mean nothing here. The blueprint stays as it is, so that it can go back;
//! the scenario keeps a collection of `"<module id>.<field>"` to value beside
//! it, and a run sees the blueprint with those values in place.

use std::sync::Arc;

use rouage_model::{Blueprint, Collection, ModuleId, Value};

/// The value of a link that means Rouage's own spreadsheets or outbox.
pub const BUILT_IN: &str = "builtin";

/// The link of a field, when there is one.
pub fn get<'a>(links: &'a Value, module: ModuleId, field: &str) -> Option<&'a Value> {
    links.get(&format!("{module}.{field}"))
}

/// The blueprint as a run sees it.
pub fn apply(blueprint: &Blueprint, links: &Value) -> Blueprint {
    if links.as_collection().is_none_or(Collection::is_empty) {
        return blueprint.clone();
    }
    let root = apply_value(blueprint.root(), links);
    blueprint.with_root(root).unwrap_or_else(|_| blueprint.clone())
}

/// Walks the whole document; only objects that look like modules change.
fn apply_value(value: &Value, links: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| apply_value(item, links)).collect::<Vec<_>>().into(),
        Value::Collection(collection) => {
            let module = rouage_model::blueprint::Module(value);
            let id = module.id().filter(|_| !module.name().is_empty());
            let mut out = Collection::with_capacity(collection.len());
            for (key, value) in collection.iter() {
                let value = match key.as_ref() {
                    "flow" | "routes" | "branches" | "onerror" | "tools" => apply_value(value, links),
                    _ => value.clone(),
                };
                out.insert(key.clone(), value);
            }
            if let Some(id) = id {
                link_module(&mut out, id, links);
            }
            Value::Collection(Arc::new(out))
        }
        other => other.clone(),
    }
}

/// A link replaces a parameter where there is one of that name, else the
/// mapped field.
pub(crate) fn link_module(module: &mut Collection, id: ModuleId, links: &Value) {
    let prefix = format!("{id}.");
    for (key, value) in links.as_collection().into_iter().flat_map(Collection::iter) {
        let Some(field) = key.strip_prefix(&prefix) else { continue };
        let has = |part: &str| module.get(part).is_some_and(|part| part.get(field).is_some());
        let part = if has("parameters") || !has("mapper") { "parameters" } else { "mapper" };
        let mut fields = module.get(part).and_then(Value::as_collection).cloned().unwrap_or_default();
        fields.insert(field, value.clone());
        module.insert(part, fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rouage_model::json;

    #[test]
    fn links_replace_parameters_and_mapped_fields_at_any_depth() {
        let blueprint = Blueprint::parse(
            br#"{"flow":[{"id":1,"module":"builtin:BasicRouter","routes":[{"flow":[
                {"id":2,"module":"a:B","parameters":{"__IMTCONN__":7},"mapper":{"spreadsheetId":"/x","v":1}}]}]}]}"#,
        )
        .unwrap();
        let links = json::parse(br#"{"2.__IMTCONN__":"builtin","2.spreadsheetId":"y"}"#).unwrap();
        let linked = apply(&blueprint, &links);
        let module = linked.module(ModuleId(2)).unwrap();
        assert_eq!(module.parameters().field("__IMTCONN__"), &Value::text("builtin"));
        assert_eq!(json::to_string(module.mapper()), r#"{"spreadsheetId":"y","v":1}"#);
        assert_eq!(json::to_string(blueprint.document()), json::to_string(blueprint.root()));
    }
}
