//! `GET /editor/functions.json`: the mapping language for the panel, completion
//! and help, from the tables that evaluate it. Made once.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rouage_expr::{Argument, Category, Comparison, FunctionInfo, Keyword, Sign};
use rouage_model::{Collection, Value, json};

use super::items::hash;
use crate::Route;
use crate::routes::Permission::SignedIn;
use crate::words::{self, t};

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/editor/functions.json", SignedIn, show)]
}

/// In English, and only ever made for a request in English.
static LANGUAGE: LazyLock<(String, String)> = LazyLock::new(made);

fn made() -> (String, String) {
    let content = json::to_string(&language().into());
    let tag = format!("\"{:016x}\"", hash(&content));
    (content, tag)
}

async fn show(headers: HeaderMap) -> Response {
    let (content, tag) = if words::current().is_none() { LANGUAGE.clone() } else { made() };
    let tag = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""));
    let fixed = [
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300")),
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
        (header::ETAG, tag.clone()),
    ];
    if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    (fixed, content).into_response()
}

fn language() -> Collection {
    Collection::from_iter([
        ("categories", list(Category::all().iter(), category)),
        ("functions", list(rouage_expr::functions().iter(), function)),
        ("keywords", list(rouage_expr::keywords().iter(), keyword)),
        ("operators", list(rouage_expr::signs().iter(), sign)),
        ("comparisons", list(rouage_expr::comparisons().iter(), comparison)),
    ])
}

fn list<'t, T: 't>(rows: impl Iterator<Item = &'t T>, row: fn(&T) -> Collection) -> Value {
    rows.map(|found| Value::from(row(found))).collect::<Vec<_>>().into()
}

fn category(category: &Category) -> Collection {
    Collection::from_iter([("name", category.name()), ("heading", t(category.heading()))])
}

fn function(function: &FunctionInfo) -> Collection {
    let examples = function.examples.iter().map(|(expression, value)| {
        Value::from(Collection::from_iter([("expression", *expression), ("value", *value)]))
    });
    Collection::from_iter([
        ("name", Value::from(function.name)),
        ("category", function.category.name().into()),
        ("signature", function.signature.into()),
        ("arguments", list(function.arguments().iter(), argument)),
        ("help", t(function.help).into()),
        ("examples", examples.collect::<Vec<_>>().into()),
        ("extension", function.extension.into()),
    ])
}

fn argument(argument: &Argument) -> Collection {
    Collection::from_iter([
        ("name", Value::from(argument.name)),
        ("optional", argument.optional.into()),
        ("repeated", argument.repeats.into()),
    ])
}

fn keyword(keyword: &Keyword) -> Collection {
    Collection::from_iter([
        ("name", Value::from(keyword.name)),
        ("help", t(keyword.help).into()),
        ("volatile", keyword.volatile.into()),
    ])
}

fn sign(sign: &Sign) -> Collection {
    Collection::from_iter([
        ("sign", sign.sign),
        ("label", t(sign.label)),
        ("help", t(sign.help)),
        ("group", t(sign.category)),
    ])
}

fn comparison(comparison: &Comparison) -> Collection {
    Collection::from_iter([
        ("name", Value::from(comparison.name)),
        ("group", t(comparison.group.heading()).into()),
        ("label", t(comparison.label).into()),
        ("unary", comparison.is_unary.into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_of_the_language_is_told() {
        let language = Value::from(language());
        let count = |name: &str| language.field(name).as_array().unwrap().len();
        assert_eq!(count("functions"), rouage_expr::functions().len());
        assert_eq!(count("comparisons"), 58);
        let named = |list: &str, name: &str| {
            let rows = language.field(list).as_array().unwrap();
            rows.iter().find(|row| row.field("name").as_text() == Some(name)).unwrap().clone()
        };
        let switch = named("functions", "switch");
        assert_eq!(switch.field("category").as_text(), Some("general"));
        assert!(
            switch
                .field("arguments")
                .as_array()
                .unwrap()
                .iter()
                .any(|one| one.field("repeated").as_bool() == Some(true))
        );
        assert!(named("comparisons", "exist").field("unary").as_bool().unwrap());
    }
}
