//! `GET /editor/catalogue.json`: what can be added to a scenario, with its
//! forms. Made once from the registry; the address carries a hash of the
//! content, so that a browser keeps it for ever.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use rouage_model::{Collection, Value, json};
use rouage_runtime::{Entry, entries};
use rouage_sdk::Registry;

use super::fields;
use crate::routes::Permission::SignedIn;
use crate::words::t;
use crate::{App, Route, look};

const PATH: &str = "/editor/catalogue.json";

/// Rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![Route::get(PATH, SignedIn, serve)]
}

/// The catalogue, ready to be sent.
#[derive(Debug, Clone)]
pub struct Catalogue {
    content: Bytes,
    hash: String,
}

impl Catalogue {
    /// Makes it from the apps of this program, in the language of the request.
    pub fn new(registry: &Registry) -> Self {
        let content = json::to_string(&describe(registry));
        let hash = content
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self { content: content.into(), hash: format!("{hash:016x}") }
    }

    /// Where it is served.
    pub fn url(&self) -> String {
        format!("{PATH}?v={}", self.hash)
    }
}

async fn serve(State(app): State<App>, headers: HeaderMap) -> Response {
    let catalogue = app.catalogue();
    let tag = HeaderValue::from_str(&format!("\"{}\"", catalogue.hash)).unwrap_or(HeaderValue::from_static("\"\""));
    let fixed = [
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable")),
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
    ];
    if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        return (StatusCode::NOT_MODIFIED, fixed, [(header::ETAG, tag)]).into_response();
    }
    (fixed, [(header::ETAG, tag)], catalogue.content.clone()).into_response()
}

fn describe(registry: &Registry) -> Value {
    let entries = entries(registry);
    let modules: Vec<Value> = entries.iter().map(module).collect();
    let apps: Vec<Value> = app_names(registry, &entries).into_iter().map(|name| app(registry, name)).collect();
    [("apps", Value::from(apps)), ("modules", modules.into())].into_iter().collect::<Collection>().into()
}

/// The apps that have a module here, in the order of their modules.
fn app_names(registry: &Registry, entries: &[Entry]) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    let of_modules = entries.iter().map(|entry| entry.name.split(':').next().unwrap_or(entry.name));
    for name in of_modules.chain(registry.apps().iter().map(|app| app.name)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// How an app looks and is found, by its name; also one that we do not have.
pub fn app(registry: &Registry, name: &str) -> Value {
    let look = look::of_app(registry, name);
    let synonyms = registry.app(name).map(|app| app.synonyms).unwrap_or(look::native_synonyms(name));
    let texts = [
        ("name", look.app),
        ("label", look.app_label),
        ("icon", look.icon),
        ("monogram", look.monogram),
        ("color", look.color),
    ];
    let mut json: Collection = texts.into_iter().collect();
    json.insert("synonyms", words(synonyms));
    json.into()
}

fn module(entry: &Entry) -> Value {
    let mut json = Collection::with_capacity(13);
    json.insert("name", entry.name);
    json.insert("version", entry.version);
    json.insert("label", t(entry.label));
    json.insert("description", t(entry.description));
    json.insert("kind", entry.kind.as_str());
    json.insert("synonyms", words(entry.synonyms));
    json.insert("icon", look::module_icon(entry.name));
    json.insert("parameters", fields::of_spec(&entry.parameters, false));
    json.insert("mapper", fields::of_spec(&entry.mapper, true));
    if !entry.flags.is_empty() {
        json.insert("flags", fields::of_spec(&entry.flags, true));
    }
    json.insert("output", fields::of_spec(&entry.output, true));
    if entry.is_first {
        json.insert("first", true);
    }
    if entry.is_legacy {
        json.insert("legacy", true);
    }
    json.into()
}

fn words(words: &[&str]) -> Value {
    words.iter().copied().map(Value::from).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_s_modules_are_there_without_any_app() {
        let catalogue = describe(&Registry::default());
        let modules = catalogue.field("modules").as_array().unwrap();
        let find = |name: &str| modules.iter().find(|module| module.field("name").as_text() == Some(name)).unwrap();
        let aggregator = find("util:TextAggregator");
        let parameters = aggregator.field("parameters").as_array().unwrap();
        assert_eq!(parameters[0].field("type"), &Value::text("module"));
        assert_eq!(parameters[0].field("mappable"), &Value::Undefined);
        let shown = parameters[2].field("shown");
        assert_eq!(json::to_string(shown), r#"{"field":"rowSeparator","values":["other"]}"#);
        let group_by = &aggregator.field("flags").as_array().unwrap()[0];
        assert_eq!((group_by.field("name"), group_by.field("mappable")), (&Value::text("groupBy"), &Value::from(true)));
        assert_eq!(find("util:SetVariable").field("legacy"), &Value::from(true));
        assert_eq!(find("util:BasicTrigger").field("first"), &Value::from(true));
        let apps = catalogue.field("apps").as_array().unwrap();
        assert_eq!(apps[0].field("label"), &Value::text("Flow control"));
    }

    #[test]
    fn another_content_has_another_address() {
        let catalogue = Catalogue::new(&Registry::default());
        assert!(catalogue.url().starts_with("/editor/catalogue.json?v="));
        assert_eq!(catalogue.url(), Catalogue::new(&Registry::default()).url());
    }
}
