//! The catalogue of everything that people read, `web/words/catalogue.json`:
//! from each English text to the places where it stands.
//!
//! `UPDATE_EXPECT=1 cargo test -p rouage --test words` writes it anew. A language is
//! `web/words/<tag>.json`, from the English text to its own.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod rust;
mod scripts;
mod specs;
mod templates;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

/// What was found: texts with their places, and plurals with the text for one.
#[derive(Default)]
pub struct Found {
    texts: BTreeMap<String, BTreeSet<String>>,
    ones: BTreeMap<String, String>,
    /// Words that no language can replace.
    bare: Vec<String>,
}

impl Found {
    fn add(&mut self, text: &str, place: &str) {
        if text.chars().any(char::is_alphabetic) {
            self.texts.entry(text.to_owned()).or_default().insert(place.to_owned());
        }
    }

    fn add_plural(&mut self, one: &str, many: &str, place: &str) {
        self.add(many, place);
        self.ones.insert(many.to_owned(), one.to_owned());
    }

    fn catalogue(&self) -> Value {
        let entry = |(text, places): (&String, &BTreeSet<String>)| {
            let places: Vec<&String> = places.iter().collect();
            let value = match self.ones.get(text) {
                Some(one) => json!({ "one": one, "in": places }),
                None => json!(places),
            };
            (text.clone(), value)
        };
        Value::Object(self.texts.iter().map(entry).collect::<Map<_, _>>())
    }
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The files below a folder with one of the endings: path from the top, text.
fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![top().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
                let name = path.strip_prefix(top()).unwrap().to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn all() -> Found {
    let mut found = Found::default();
    templates::collect(&mut found);
    rust::collect(&mut found);
    scripts::collect(&mut found);
    specs::collect(&mut found);
    found
}

#[test]
fn the_catalogue_has_every_text_of_today() {
    let path = top().join("web/words/catalogue.json");
    let mut now = serde_json::to_string_pretty(&all().catalogue()).unwrap();
    now.push('\n');
    if std::env::var("UPDATE_EXPECT").is_ok() {
        std::fs::write(&path, now).unwrap();
        return;
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let now: Value = serde_json::from_str(&now).unwrap();
    let (kept, now) = (kept.as_object().unwrap(), now.as_object().unwrap());
    let missing: Vec<&String> =
        now.iter().filter(|(text, at)| kept.get(*text) != Some(at)).map(|(text, _)| text).collect();
    let gone: Vec<&String> = kept.keys().filter(|text| !now.contains_key(*text)).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "web/words/catalogue.json is of yesterday: UPDATE_EXPECT=1 cargo test -p rouage --test words\nnew or elsewhere: {missing:#?}\ngone: {gone:#?}"
    );
}

#[test]
fn no_words_stand_outside_of_the_catalogue() {
    let bare = all().bare;
    assert!(bare.is_empty(), "put these through the catalogue (crates/README.md, \"Words\"):\n{}", bare.join("\n"));
}

/// Placeholders and tags are checked by the program itself, when it reads the
/// language: `words::locale`.
#[test]
fn languages_translate_only_what_there_is() {
    let found = all();
    let known: BTreeSet<&String> = found.texts.keys().collect();
    for (path, text) in files("web/words", &[".json"]).iter().filter(|(path, _)| !path.ends_with("catalogue.json")) {
        let language: Map<String, Value> = serde_json::from_str(text).unwrap();
        let unknown: Vec<&String> = language.keys().filter(|text| !known.contains(text)).collect();
        assert!(unknown.is_empty(), "{path} translates what is nowhere: {unknown:#?}");
    }
}

#[test]
fn bare_words_are_found() {
    for template in [
        "<p>Save</p>",
        r#"<p title="Save it">{{ "Save"|t }}</p>"#,
        r#"<p aria-label="Save {{ name }}"></p>"#,
        "{% if a > 0 %}some words{% endif %}",
        r#"<a href="/x">{{ "A"|t }}</a> and <b>{{ b }}</b>"#,
    ] {
        let mut found = Found::default();
        templates::scan(template, "x.html", &mut found);
        assert_eq!(found.bare.len(), 1, "{template}: {:?}", found.bare);
    }
    let mut found = Found::default();
    templates::scan(
        r#"<p class="a b" title="{{ "It’s \"x\""|t }}">{{ n|plural("1 row", "{count} rows") }} · 3</p>"#,
        "x",
        &mut found,
    );
    assert!(found.bare.is_empty(), "{:?}", found.bare);
    assert_eq!(found.texts.keys().collect::<Vec<_>>(), ["It’s \"x\"", "{count} rows"]);
    let mut found = Found::default();
    scripts::scan(
        "export const words = spoken({ a: \"One\", b: (n: number) => `${n} rows`, c: (n: number) => t`${n} of ${t(\"all\")}` });",
        "x",
        &mut found,
    );
    assert_eq!(found.texts.keys().collect::<Vec<_>>(), ["One", "all", "{0} of {1}"]);
    assert_eq!(found.bare.len(), 1, "{:?}", found.bare);
    let mut found = Found::default();
    rust::scan(
        "t!(\"Save\"); // t!(\"not\")\nplural!(\n  n, \"1 row\",\n \"{count} rows\"); words::count(a(b, c), \"page\"); at!(\"no\");",
        "x",
        &mut found,
    );
    assert_eq!(found.texts.keys().collect::<Vec<_>>(), ["Save", "{count} pages", "{count} rows"]);
}
