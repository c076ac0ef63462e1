//! Changing an interface: what stands against it, and writing it down.

use super::{Choice, Field, Interface, Kind, MOST_FIELDS, collection_of, is_name};
use crate::Blueprint;
use crate::blueprint::Error;
use crate::value::{Collection, Value};

/// Adds what stands against the fields of one side.
pub(super) fn check(fields: &[Field], noun: &str, problems: &mut Vec<String>) {
    if fields.len() > MOST_FIELDS {
        problems.push(format!("There are {} {noun}s; at most {MOST_FIELDS} are possible.", fields.len()));
    }
    for (at, field) in fields.iter().enumerate() {
        let name = &field.name;
        if !is_name(name) {
            problems.push(format!(
                "{name:?} cannot be the name of an {noun}: use letters, digits and underscores, and begin with a letter."
            ));
        }
        if fields[..at].iter().any(|other| other.name == *name) {
            problems.push(format!("There are two {noun}s named {name:?}."));
        }
        if field.kind == Kind::Select && field.choices.is_empty() {
            problems.push(format!("The {noun} {name:?} is a select without options: add at least one."));
        }
    }
}

pub(super) fn write(interface: &Interface, blueprint: &Blueprint) -> Result<Blueprint, Error> {
    let root = blueprint.root();
    let mut edited = root.as_collection().cloned().unwrap_or_default();
    let has_old = root.get("io").is_some();
    if has_old {
        set(&mut edited, "io", ["input_spec", "output_spec"], interface);
    }
    if root.get("interface").is_some() || !has_old {
        set(&mut edited, "interface", ["input", "output"], interface);
    }
    blueprint.edited(edited.into())
}

fn set(root: &mut Collection, key: &str, sides: [&str; 2], interface: &Interface) {
    let mut place = root.get(key).and_then(Value::as_collection).cloned().unwrap_or_default();
    for (side, fields) in sides.into_iter().zip([&interface.inputs, &interface.outputs]) {
        // A side that was never there is not made up only to be empty.
        if !fields.is_empty() || place.get(side).is_some() {
            place.insert(side, fields.iter().map(stored).collect::<Vec<_>>());
        }
    }
    if !place.is_empty() || root.get(key).is_some() {
        root.insert(key, place);
    }
}

/// A field as the blueprint keeps it: keys that we do not know stay, and so do
/// those whose meaning did not change.
pub(super) fn stored(field: &Field) -> Value {
    let before = Field::read(&field.raw, 0).unwrap_or_else(|| Field::new("", field.kind));
    if before == *field {
        return field.raw.clone();
    }
    let mut out = field.raw.as_collection().cloned().unwrap_or_default();
    out.insert("name", field.name.as_str());
    out.insert("label", field.label.as_str());
    out.insert("help", field.help.as_str());
    if out.get("type").is_none() || before.kind != field.kind {
        out.insert("type", field.kind.as_str());
    }
    out.insert("default", field.default.clone());
    out.insert("required", field.required);
    if field.kind == Kind::Text {
        out.insert("multiline", field.multiline);
    }
    if before.choices != field.choices {
        out.insert("options", choices(&field.choices));
    }
    if (before.item, &before.fields) != (field.item, &field.fields) {
        out.remove("spec");
        match field.item {
            _ if !field.fields.is_empty() => out.insert("spec", field.fields.iter().map(stored).collect::<Vec<_>>()),
            Some(item) => out.insert("spec", collection_of([("type", item.as_str().into())])),
            None => {}
        }
    }
    out.into()
}

fn choices(choices: &[Choice]) -> Value {
    let row = |choice: &Choice| {
        collection_of([("label", choice.label.as_str().into()), ("value", choice.value.as_str().into())])
    };
    choices.iter().map(row).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    const FILE: &str = r#"{"code":"OK","response":{"blueprint":{"flow":[{"id":1,"module":"a:B"}],"io":{"input_spec":[
        {"name":"id","type":"number","x-own":[1.50],"required":true},{"name":"account","type":"account:lms"}],"output_spec":[]},
        "later":{"n":1.10}}}}"#;

    #[test]
    fn an_edit_touches_nothing_else() {
        let blueprint = Blueprint::parse(FILE.as_bytes()).unwrap();
        let mut interface = Interface::of(&blueprint);
        let same = interface.write(&blueprint).unwrap();
        assert_eq!(json::to_string(same.document()), json::to_string(blueprint.document()));

        interface.inputs[0].help = "The number of the order.".into();
        interface.outputs.push(Field::new("total", Kind::Number));
        let edited = interface.write(&blueprint).unwrap();
        assert_eq!(edited.wrapper(), blueprint.wrapper());
        let text = json::to_string(edited.document());
        let expected = r#"{"code":"OK","response":{"blueprint":{"flow":[{"id":1,"module":"a:B"}],"io":{"input_spec":[{"name":"id","type":"number","x-own":[1.50],"required":true,"label":"","help":"The number of the order.","default":null},{"name":"account","type":"account:lms"}],"output_spec":[{"name":"total","label":"","help":"","type":"number","default":null,"required":false}]},"later":{"n":1.10}}}}"#;
        assert_eq!(text, expected.replace("1.50", "1.5").replace("1.10", "1.1"));
        assert_eq!(Interface::of(&edited).inputs[0].help, interface.inputs[0].help);
        assert_eq!(Interface::of(&edited).inputs[1], interface.inputs[1]);
    }

    #[test]
    fn without_one_it_is_made_where_make_has_it_today() {
        let blueprint = Blueprint::parse(br#"{"flow":[]}"#).unwrap();
        assert_eq!(Interface::default().write(&blueprint).unwrap(), blueprint);
        let mut select = Field::new("mode", Kind::Select);
        select.choices = vec![Choice { value: "a".into(), label: "A".into() }];
        let mut list = Field::new("tags", Kind::Array);
        list.item = Some(Kind::Text);
        let interface = Interface { inputs: vec![select, list], outputs: Vec::new() };
        let edited = interface.write(&blueprint).unwrap();
        assert!(edited.root().field("interface").field("input").as_array().is_some());
        let read = Interface::of(&edited);
        assert_eq!((&read.inputs[0].choices, read.inputs[1].item), (&interface.inputs[0].choices, Some(Kind::Text)));
    }

    #[test]
    fn every_problem_is_told() {
        let interface = Interface {
            inputs: vec![Field::new("1a", Kind::Text), Field::new("b", Kind::Select), Field::new("b", Kind::Text)],
            outputs: vec![Field::new("c d", Kind::Any)],
        };
        let problems = interface.problems();
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(problems[2].contains("two inputs named \"b\"") && problems[3].contains("an output"), "{problems:?}");
    }
}
