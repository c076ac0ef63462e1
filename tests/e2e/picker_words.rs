//! The words by which modules are found: `tests/vectors/catalogue.json`, with
//! which the search of the editor is tested, is what the program has.
//! `UPDATE_EXPECT=1` rewrites it.

use serde_json::{Map, Value, json};

use crate::support::{Browser, Place};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/catalogue.json");

/// The fields of every entry that a search looks at.
fn only(entries: &Value, fields: &[&str]) -> Vec<Value> {
    let kept = |entry: &Value| {
        let fields = fields.iter().filter_map(|name| Some(((*name).to_owned(), entry.get(name)?.clone())));
        Value::Object(fields.collect::<Map<_, _>>())
    };
    let offered = entries.as_array().unwrap().iter().filter(|entry| entry.get("legacy").is_none());
    offered.map(kept).collect()
}

fn lines(entries: &[Value]) -> String {
    entries.iter().map(Value::to_string).collect::<Vec<_>>().join(",\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_search_is_tested_with_the_words_that_the_program_has() {
    let place = Place::new(&[]);
    let server = place.start().await;
    let browser = Browser::open(&server).await;
    let catalogue = browser.get("/editor/catalogue.json").await.expect(200).json();
    let apps = only(&catalogue["apps"], &["name", "label", "synonyms"]);
    let modules = only(&catalogue["modules"], &["name", "label", "description", "kind", "synonyms", "first"]);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let text = format!("{{\"apps\":[\n{}\n],\"modules\":[\n{}\n]}}\n", lines(&apps), lines(&modules));
        std::fs::write(VECTORS, text).unwrap();
    }
    let known: Value = serde_json::from_str(&std::fs::read_to_string(VECTORS).unwrap()).unwrap();
    assert_eq!(json!({ "apps": apps, "modules": modules }), known);
}
