//! `POST /scenarios/{id}/choices`: what can be chosen for a field of a module
//! that is being edited.

use axum::body::Bytes;
use axum::extract::Path;
use rouage_model::{Collection, ScenarioId, Value, json};
use rouage_runtime::ChoicesRequest;
use rouage_sdk::{FieldChoice, FieldChoices};

use super::answer::{Answer, Refusal, ok};
use super::fields;
use crate::render::Page;
use crate::routes::Permission::SignedIn;
use crate::words::t;
use crate::{Route, words};

/// Characters that are searched for.
const LONGEST_SEARCH: usize = 200;

/// Rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![Route::post("/scenarios/{id}/choices", SignedIn, choose)]
}

/// That nothing can be chosen, and why, is an answer like any other: the form
/// shows it where the choices would be.
async fn choose(page: Page, Path(id): Path<ScenarioId>, body: Bytes) -> Answer {
    let request = read(&body)?;
    match page.app.control().choices(page.app.team(), id, &request).await? {
        Ok(choices) => ok(to_value(&choices)),
        Err(problem) => ok(Collection::from_iter([
            ("choices", Value::from(Vec::new())),
            ("problem", whole_sentence(&problem).into()),
        ])),
    }
}

/// With a capital and an end; what apps and services say often lacks both.
fn whole_sentence(text: &str) -> String {
    let text = words::sentence(text.trim());
    if text.ends_with(['.', '!', '?', ')']) { text } else { format!("{text}.") }
}

fn read(body: &[u8]) -> Result<ChoicesRequest, Refusal> {
    let body =
        json::parse(body).map_err(|error| Refusal::invalid(t!("The request is no JSON: {error}.", error = error)))?;
    let text = |name: &str| body.field(name).as_text().unwrap_or_default();
    if body.field("module").as_collection().is_none() {
        return Err(Refusal::invalid(t!("The request has no module.")));
    }
    Ok(ChoicesRequest {
        module: body.field("module").clone(),
        links: body.field("links").clone(),
        field: text("field").to_owned(),
        search: text("search").chars().take(LONGEST_SEARCH).collect(),
    })
}

fn to_value(found: &FieldChoices) -> Value {
    let mut answer = Collection::new();
    answer.insert("choices", found.choices.iter().map(choice).collect::<Vec<_>>());
    if let Some(live) = &found.fields {
        answer.insert("fields", fields::of_live(live));
    }
    if found.more {
        answer.insert("more", true);
    }
    answer.into()
}

fn choice(choice: &FieldChoice) -> Value {
    let mut json = Collection::from_iter([("value", choice.value.as_str()), ("label", choice.label.as_str())]);
    if !choice.note.is_empty() {
        json.insert("note", choice.note.as_str());
    }
    json.into()
}
