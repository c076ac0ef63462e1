//! Texts of the apps and of the engine's own modules: labels, sentences, help
//! and choices of their forms, accounts, and the mapping language.

use rouage_expr::Category;
use rouage_model::structure::Kind;
use rouage_sdk::{Field, FieldKind, StartOption};

use super::Found;

pub fn collect(found: &mut Found) {
    let registry = rouage_apps::registry();
    for app in registry.apps() {
        found.add(app.label, &place(app.name));
    }
    for entry in rouage_runtime::entries(&registry) {
        let place = place(entry.name.split(':').next().unwrap_or_default());
        found.add(entry.label, &place);
        found.add(entry.description, &place);
        for fields in [&entry.parameters, &entry.mapper, &entry.flags, &entry.output] {
            fields_of(fields, &place, found);
        }
    }
    for spec in registry.connections() {
        let place = place(&format!("connection {}", spec.kind));
        found.add(spec.label, &place);
        found.add(spec.help, &place);
        fields_of(&spec.fields, &place, found);
        fields_of(&spec.secrets, &place, found);
    }
    for kind in Kind::ALL {
        found.add(kind.label(), "model structure");
    }
    for category in Category::all() {
        found.add(category.heading(), "expr");
    }
    for function in rouage_expr::functions() {
        found.add(function.help, "expr");
    }
    for keyword in rouage_expr::keywords() {
        found.add(keyword.help, "expr");
    }
    for sign in rouage_expr::signs() {
        [sign.label, sign.help, sign.category].iter().for_each(|text| found.add(text, "expr"));
    }
    for comparison in rouage_expr::comparisons() {
        found.add(comparison.label, "expr");
        found.add(comparison.group.heading(), "expr");
    }
    for option in StartOption::ALL {
        found.add(option.label(), "sdk polling");
    }
}

fn place(app: &str) -> String {
    format!("app {app}")
}

fn fields_of(fields: &[Field], place: &str, found: &mut Found) {
    for field in fields {
        found.add(field.label, place);
        found.add(field.help, place);
        match &field.kind {
            FieldKind::Select(choices) => choices.iter().for_each(|(_, label)| found.add(label, place)),
            FieldKind::Array(inner) | FieldKind::Collection(inner) => fields_of(inner, place, found),
            _ => {}
        }
    }
}
