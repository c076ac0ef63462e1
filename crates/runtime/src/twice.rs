//! Names that are given twice where only the last one counts: variables of a
//! scenario, and what a merge puts out. It runs, but hardly as it was meant.

use std::collections::HashSet;

use rouage_model::blueprint::{Module, Visited};
use rouage_model::{ModuleId, json};

/// What is to be said of a module, by its number.
pub(crate) fn twice(visited: &[Visited<'_>]) -> Vec<(ModuleId, String)> {
    let mut told = Vec::new();
    for (at, one) in visited.iter().enumerate() {
        let Some(id) = one.module.id() else { continue };
        let outputs = one.module.0.field("outputs").as_array().unwrap_or_default();
        if one.module.name() == "builtin:BasicMerge" {
            let names = outputs.iter().filter_map(|output| output.field("name").as_text());
            told.extend(repeated(names).map(|name| (id, said_of_output(name))));
        }
        let own = set(one.module);
        told.extend(repeated(own.iter().copied()).map(|name| (id, said_of_variable(name))));
        for name in own.into_iter().collect::<HashSet<_>>() {
            if let Some(before) = set_before(&visited[..at], one, name) {
                told.push((
                    id,
                    format!("the variable “{name}” is set by module {before} already: only this value will be kept"),
                ));
            }
        }
    }
    told
}

fn said_of_output(name: &str) -> String {
    format!("two outputs have the name “{name}”: only the last one is given; rename one of them")
}

fn said_of_variable(name: &str) -> String {
    format!("two variables have the name “{name}”: only the last one is kept; rename one of them")
}

/// Names that occur more than once, each once.
fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    let (mut seen, mut said) = (HashSet::new(), HashSet::new());
    names.filter(move |name| !name.is_empty() && !name.contains("{{") && !seen.insert(*name) && said.insert(*name))
}

/// The variables that a module sets.
fn set(module: Module<'_>) -> Vec<&str> {
    let mapper = module.mapper();
    match module.name() {
        "util:SetVariable" | "util:SetVariable2" => mapper.field("name").as_text().into_iter().collect(),
        "util:SetVariables" => {
            let variables = mapper.field("variables").as_array().unwrap_or_default();
            variables.iter().filter_map(|variable| variable.field("name").as_text()).collect()
        }
        _ => Vec::new(),
    }
}

/// The module that set a variable before on the same straight way, if nothing
/// after it can have used what it set: only then the earlier one is in vain.
fn set_before(before: &[Visited<'_>], one: &Visited<'_>, name: &str) -> Option<ModuleId> {
    if name.is_empty() || name.contains("{{") {
        return None;
    }
    let is_same = |module: Module<'_>| set(module).contains(&name) && scope(module) == scope(one.module);
    let at = before.iter().rposition(|other| other.place == one.place && is_same(other.module))?;
    let id = before[at].module.id()?;
    let is_straight = before[at..].iter().all(|between| between.place == one.place);
    let uses = [format!("{id}.{name}"), format!("{id}.`{name}`")];
    let is_used = before[at + 1..].iter().chain([one]).any(|between| {
        // A reading by name, or a value that is mapped from the module itself.
        let text = json::to_string(between.module.0);
        between.module.name().starts_with("util:GetVariable") || uses.iter().any(|used| text.contains(used))
    });
    (is_straight && !is_used).then_some(id)
}

fn scope(module: Module<'_>) -> Option<&str> {
    module.mapper().field("scope").as_text()
}

#[cfg(test)]
mod tests {
    use rouage_model::Blueprint;

    use super::*;

    fn told(flow: &str) -> Vec<String> {
        let blueprint = Blueprint::parse(format!(r#"{{"flow":[{flow}]}}"#).as_bytes()).unwrap();
        let visited = blueprint.enabled_modules();
        twice(&visited).into_iter().map(|(id, text)| format!("{id}: {text}")).collect()
    }

    fn sets(id: u32, name: &str, value: &str) -> String {
        format!(
            r#"{{"id":{id},"module":"util:SetVariable2","mapper":{{"scope":"roundtrip","name":"{name}","value":"{value}"}}}}"#
        )
    }

    #[test]
    fn a_name_twice_in_one_module_is_told_once() {
        let variables = r#"[{"name":"a"},{"name":"b"},{"name":"a"},{"name":"a"},{"name":""},{"name":""}]"#;
        let flow = format!(r#"{{"id":2,"module":"util:SetVariables","mapper":{{"variables":{variables}}}}}"#);
        assert_eq!(told(&flow), ["2: two variables have the name “a”: only the last one is kept; rename one of them"]);
        let merge = r#"{"id":3,"module":"builtin:BasicMerge","outputs":[{"name":"x"},{"name":"x"},{"name":"y"}]}"#;
        assert_eq!(told(merge), ["3: two outputs have the name “x”: only the last one is given; rename one of them"]);
    }

    #[test]
    fn what_is_set_again_before_it_was_read_is_told() {
        let flow = format!("{},{}", sets(1, "state", "new"), sets(2, "state", "done"));
        assert_eq!(told(&flow), ["2: the variable “state” is set by module 1 already: only this value will be kept"]);
    }

    #[test]
    fn counting_up_and_other_routes_are_no_mistake() {
        let read = r#"{"id":5,"module":"util:GetVariable2","mapper":{"name":"n"}}"#;
        assert!(told(&format!("{},{read},{}", sets(1, "n", "0"), sets(2, "n", "{{5.n + 1}}"))).is_empty());
        assert!(told(&format!("{},{}", sets(1, "n", "0"), sets(2, "n", "{{1.n + 1}}"))).is_empty());
        assert!(told(&format!("{},{}", sets(1, "n", "0"), sets(2, "other", "1"))).is_empty());
        let (one, two) = (sets(1, "n", "0"), sets(2, "n", "1"));
        let router =
            format!(r#"{{"id":9,"module":"builtin:BasicRouter","routes":[{{"flow":[{one}]}},{{"flow":[{two}]}}]}}"#);
        assert!(told(&router).is_empty());
    }
}
