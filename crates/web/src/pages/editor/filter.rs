//! `POST /scenarios/{id}/filter-test`: what a filter of the draft would have
//! said to the bundles of the last run.

use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::rejection::BytesRejection;
use rouage_model::{Collection, ScenarioId, Value};
use rouage_runtime::{BundleTest, ConditionProblem, ConditionTest, FilterTest, Suggestion};

use super::answer::{Answer, ok};
use super::preview::{module, read};
use crate::Route;
use crate::render::Page;
use crate::routes::Permission::SignedIn;

const LIMIT: usize = 512 * 1024;

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![Route::post("/scenarios/{id}/filter-test", SignedIn, show).body_limit(LIMIT)]
}

async fn show(page: Page, Path(id): Path<ScenarioId>, body: Result<Bytes, BytesRejection>) -> Answer {
    let sent = read(body)?;
    let conditions = sent.field("filter").field("conditions").clone();
    let test = page.app.control().test_filter(page.app.team(), id, module(&sent)?, conditions).await?;
    ok(to_value(&test))
}

fn to_value(test: &FilterTest) -> Collection {
    Collection::from_iter([
        ("known", Value::from(test.known)),
        ("bundles", test.bundles.iter().map(bundle).collect::<Vec<_>>().into()),
        ("more", test.more.into()),
        ("suggest", test.suggestions.iter().map(suggestion).collect::<Vec<_>>().into()),
        ("problems", test.problems.iter().map(problem).collect::<Vec<_>>().into()),
    ])
}

fn bundle(test: &BundleTest) -> Value {
    let groups = test.groups.iter().map(|group| Value::from(group.iter().map(condition).collect::<Vec<_>>()));
    Collection::from_iter([
        ("passed", Value::from(test.passed)),
        ("label", test.label.as_str().into()),
        ("groups", groups.collect::<Vec<_>>().into()),
    ])
    .into()
}

fn condition(test: &ConditionTest) -> Value {
    Collection::from_iter([
        ("passed", Value::from(test.passed)),
        ("left", test.left.as_str().into()),
        ("type", test.left_kind.into()),
        ("operator", test.operator.as_str().into()),
        ("right", test.right.as_deref().map_or(Value::Null, Value::from)),
        ("note", test.note.as_str().into()),
    ])
    .into()
}

fn suggestion(found: &Suggestion) -> Value {
    Collection::from_iter([
        ("group", Value::from(found.group)),
        ("condition", found.condition.into()),
        ("operator", found.operator.into()),
        ("left", found.left.as_deref().map_or(Value::Null, Value::from)),
        ("right", found.right.as_deref().map_or(Value::Null, Value::from)),
        ("why", found.why.as_str().into()),
        ("trap", found.is_trap.into()),
    ])
    .into()
}

fn problem(found: &ConditionProblem) -> Value {
    Collection::from_iter([
        ("group", Value::from(found.group)),
        ("condition", found.condition.into()),
        ("message", found.message.as_str().into()),
    ])
    .into()
}
