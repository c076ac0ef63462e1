//! How modules look: colour, icon and names, from the registry for apps and
//! from here for the modules that the engine runs itself. What we do not have
//! is grey and keeps its own name.

use crate::words::{noted, t};
use rouage_model::blueprint::Module;
use rouage_sdk::Registry;
use rouage_sdk::registry::Found;

/// Apps of the engine's own modules: name, label, colour.
pub const NATIVE_APPS: &[(&str, &str, &str)] = &[
    ("builtin", noted!("Flow control"), "#4b7f1b"),
    ("util", noted!("Tools"), "#6b4bb8"),
    ("json", "JSON", "#5b4fc7"),
];

const GREY: &str = "#6b6776";

/// How a module looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The app's name, for style rules.
    pub app: String,
    /// Its colour as `#rrggbb`.
    pub color: String,
    /// Its icon in the sprite.
    pub icon: String,
    /// Two letters to draw instead of an icon; empty when there is one.
    pub monogram: String,
    /// The app for people.
    pub app_label: String,
    /// The module for people.
    pub label: String,
    /// Whether we can run it.
    pub is_available: bool,
    /// Whether it starts runs when data arrives.
    pub is_instant: bool,
}

/// The look of a module of a blueprint.
pub fn of(registry: &Registry, module: Module<'_>) -> Look {
    if let Some(native) = rouage_engine::native(module.name()) {
        return Look {
            icon: native_icon(native.module).to_owned(),
            monogram: String::new(),
            label: t(native.label).to_owned(),
            is_available: true,
            ..of_app(registry, module.app())
        };
    }
    let mut look = of_app(registry, module.app());
    match registry.find(module.name(), module.version()) {
        Found::Same(found) => {
            t(found.spec().label).clone_into(&mut look.label);
            look.is_instant = found.spec().kind == rouage_sdk::Kind::InstantTrigger;
        }
        _ => {
            look.label = spaced(module.name().split(':').nth(1).unwrap_or_default());
            look.is_available = false;
        }
    }
    if module.name().is_empty() || module.app() == "placeholder" {
        t!("Empty place").clone_into(&mut look.app_label);
        t!("Choose a module").clone_into(&mut look.label);
    }
    look
}

/// The look of an app by its name alone.
pub fn of_app(registry: &Registry, name: &str) -> Look {
    let known = registry.app(name);
    let native = NATIVE_APPS.iter().find(|(native, _, _)| *native == name);
    let label = known.map(|app| app.label).or(native.map(|native| native.1));
    let color = known.map(|app| app.color).or(native.map(|native| native.2));
    let icon = known.map(|app| app.icon).or(native.map(|native| native_icon(native.0)));
    let app_label = label.map_or_else(|| titled(name), |label| t(label).to_owned());
    Look {
        app: name.to_owned(),
        color: color.unwrap_or(GREY).to_owned(),
        icon: icon.unwrap_or_default().to_owned(),
        monogram: if icon.is_some() { String::new() } else { app_label.chars().take(2).collect() },
        app_label,
        label: String::new(),
        is_available: label.is_some(),
        is_instant: false,
    }
}

/// The icon of a module that does not look like its app; empty for the others.
pub fn module_icon(module: &str) -> &'static str {
    if rouage_engine::native(module).is_some() { native_icon(module) } else { "" }
}

/// Other words that people search the engine's own apps by.
pub fn native_synonyms(app: &str) -> &'static [&'static str] {
    match app {
        "builtin" => &["flow", "logic"],
        _ => &[],
    }
}

fn native_icon(module: &str) -> &'static str {
    match module {
        "builtin:BasicRouter" => "split",
        "builtin:BasicIfElse" => "git-fork",
        "builtin:BasicMerge" => "git-merge",
        "builtin:BasicFeeder" => "list-tree",
        "builtin:BasicRepeater" => "repeat",
        "builtin:Break" | "builtin:Rollback" => "undo-2",
        "builtin:Commit" => "check",
        "builtin:Ignore" => "skip-forward",
        "builtin:Resume" => "play",
        "util:FunctionSleep" => "clock",
        "util:BasicTrigger" => "play",
        "util:ComposeTransformer" => "text",
        "json:AggregateToJSON" | "json" => "braces",
        name if name.contains("Aggregator") => "layers",
        name if name.contains("Variable") => "variable",
        name if name.starts_with("builtin") => "route",
        name if name.starts_with("scenario-service") => "workflow",
        _ => "wrench",
    }
}

/// `google-drive` → `Google Drive`.
fn titled(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    name.split(['-', '_']).filter(|part| !part.is_empty()).map(word).collect::<Vec<_>>().join(" ")
}

/// `ActionAddTask` → `Action add task`.
fn spaced(name: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let ends_capitals = before.is_uppercase() && letters.peek().is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (before.is_lowercase() || ends_capitals) {
            out.push(' ');
            out.extend(letter.to_lowercase());
        } else {
            out.push(letter);
        }
        before = letter;
    }
    titled_first(&out)
}

fn titled_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rouage_model::Blueprint;

    #[test]
    fn what_we_do_not_have_keeps_its_own_name() {
        let file = br#"{"flow":[{"id":1,"module":"google-drive:uploadAFile","version":4},{"id":2,"module":"builtin:BasicRouter"},{"id":3}]}"#;
        let blueprint = Blueprint::parse(file).unwrap();
        let looks: Vec<Look> = blueprint.flow().map(|module| of(&Registry::default(), module)).collect();
        assert_eq!((looks[0].app_label.as_str(), looks[0].label.as_str()), ("Google Drive", "Upload a file"));
        assert_eq!((looks[0].monogram.as_str(), looks[0].is_available), ("Go", false));
        assert_eq!((looks[1].label.as_str(), looks[1].icon.as_str()), ("Router", "split"));
        assert_eq!(looks[2].app_label, "Empty place");
    }
}
