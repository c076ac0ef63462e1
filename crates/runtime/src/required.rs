//! Required fields that are empty, known before anything runs.
//!
//! What the check of a run would refuse for sure stands against switching a
//! scenario on; what only leads to nothing is told. Triggers that are called
//! are not judged: nothing reads their form in a run.

use rouage_model::blueprint::Module;
use rouage_sdk::params::missing;
use rouage_sdk::registry::Found;
use rouage_sdk::{Field, Kind, Registry};

use crate::catalogue_entries;
use crate::labels::place;

/// The empty required fields of a module, a sentence each.
#[derive(Debug, Default)]
pub(crate) struct Empty {
    /// Every run that comes to the module fails there.
    pub fails: Vec<String>,
    /// It runs, and there will hardly be what was meant.
    pub doubtful: Vec<String>,
}

/// What the engine's own modules refuse to run without. They know no defaults:
/// what a form fills in stands in the blueprint.
const REFUSED_BY_ENGINE: [&str; 5] = ["duration", "executionName", "name", "repeats", "scope"];

/// The empty required fields of a module with its links in place.
pub(crate) fn empty(registry: &Registry, module: Module<'_>) -> Empty {
    if rouage_engine::native(module.name()).is_some() {
        return empty_native(registry, module);
    }
    let Found::Same(found) = registry.find(module.name(), module.version()) else { return Empty::default() };
    let spec = found.spec();
    if spec.kind == Kind::InstantTrigger {
        return Empty::default();
    }
    let fields = missing(&spec.parameters, module.parameters()).into_iter();
    let fields = fields.chain(missing(&spec.mapper, module.mapper()));
    let sentence = |labels: &[String]| format!("{} is empty, and the module cannot do without it", place(labels));
    Empty { fails: fields.map(|field| sentence(&field.labels)).collect(), doubtful: Vec::new() }
}

fn empty_native(registry: &Registry, module: Module<'_>) -> Empty {
    let Some(entry) = catalogue_entries::entry(registry, module.name(), module.version()) else {
        return Empty::default();
    };
    let parameters = missing(&entry.parameters, module.parameters());
    let mapper = missing(&without_defaults(entry.mapper), module.mapper());
    let mut empty = Empty::default();
    for field in parameters.into_iter().chain(mapper) {
        let place = place(&field.labels);
        let name = field.path.rsplit('.').next().unwrap_or_default();
        match REFUSED_BY_ENGINE.contains(&name) {
            true => empty.fails.push(format!("{place} is empty, and the module cannot do without it")),
            false => empty.doubtful.push(format!("{place} is empty: fill it in, or nothing will come of it")),
        }
    }
    empty
}

/// The fields as the engine sees them.
fn without_defaults(mut fields: Vec<Field>) -> Vec<Field> {
    let refused = fields.iter_mut().filter(|field| REFUSED_BY_ENGINE.contains(&field.name));
    refused.for_each(|field| field.default = None);
    fields
}

#[cfg(test)]
mod tests {
    use rouage_model::json;

    use super::*;

    fn native(module: &str) -> Empty {
        let registry = Registry::new(Vec::new());
        empty(&registry, Module(&json::parse(module.as_bytes()).unwrap()))
    }

    #[test]
    fn the_engine_s_modules_are_judged_by_what_the_engine_refuses() {
        let fails = |module: &str| native(module).fails;
        let told = ["“Variable lifetime” is empty, and the module cannot do without it"];
        assert_eq!(fails(r#"{"module":"util:SetVariable2","mapper":{"name":"x","value":""}}"#), told);
        assert_eq!(fails(r#"{"module":"util:FunctionSleep","mapper":{}}"#).len(), 1);
        assert!(fails(r#"{"module":"util:FunctionSleep","mapper":{"duration":"{{1.n}}"}}"#).is_empty());
        assert!(fails(r#"{"module":"builtin:BasicRepeater","mapper":{"repeats":3}}"#).is_empty());
        assert!(fails(r#"{"module":"builtin:BasicAggregator","parameters":{},"mapper":{}}"#).is_empty());
    }

    #[test]
    fn an_iterator_without_an_array_is_told_and_not_refused() {
        let empty = native(r#"{"module":"builtin:BasicFeeder","mapper":{}}"#);
        assert!(empty.fails.is_empty());
        assert_eq!(empty.doubtful, ["“Array” is empty: fill it in, or nothing will come of it"]);
    }

    #[test]
    fn a_field_in_a_list_is_named_with_its_place() {
        let module = r#"{"module":"util:SetVariables","mapper":{"scope":"roundtrip",
            "variables":[{"name":"a","value":1},{"name":"","value":2}]}}"#;
        let told = ["“Variable name” in item 2 of “Variables” is empty, and the module cannot do without it"];
        assert_eq!(native(module).fails, told);
    }
}
