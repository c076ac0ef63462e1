//! `POST /scenarios/{id}/preview`: what a mapped text of the draft gives with
//! the last data.

use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::rejection::BytesRejection;
use rouage_model::{Collection, ModuleId, ScenarioId, Value, json};
use rouage_runtime::{Asked, Preview};

use super::answer::{Answer, Refusal, ok};
use crate::Route;
use crate::render::Page;
use crate::routes::Permission::SignedIn;
use crate::words::t;

/// A text, and not a file.
const LIMIT: usize = 512 * 1024;

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![Route::post("/scenarios/{id}/preview", SignedIn, show).body_limit(LIMIT)]
}

async fn show(page: Page, Path(id): Path<ScenarioId>, body: Result<Bytes, BytesRejection>) -> Answer {
    let sent = read(body)?;
    let text = |name: &str| sent.field(name).as_text().unwrap_or_default().to_owned();
    let asked = Asked { module: module(&sent)?, kind: text("type"), text: text("text") };
    let preview = page.app.control().preview(page.app.team(), id, asked).await?;
    ok(to_value(&preview))
}

fn to_value(preview: &Preview) -> Collection {
    let warnings: Vec<Value> = preview.warnings.iter().map(|text| text.as_str().into()).collect();
    let error = preview
        .error
        .as_ref()
        .map(|(at, message)| Collection::from_iter([("at", Value::from(*at)), ("message", message.as_str().into())]));
    let offer = preview.offer.as_ref().map(|offer| {
        Collection::from_iter([("text", Value::from(offer.text.as_str())), ("label", offer.label.as_str().into())])
    });
    Collection::from_iter([
        ("text", Value::from(preview.text.as_str())),
        ("type", preview.kind.into()),
        ("warnings", warnings.into()),
        ("error", error.map_or(Value::Null, Value::from)),
        ("known", preview.known.into()),
        ("offer", offer.map_or(Value::Null, Value::from)),
    ])
}

/// The JSON that a script sent.
pub fn read(body: Result<Bytes, BytesRejection>) -> Result<Value, Refusal> {
    let too_large = || Refusal::invalid(t!("This is too large to be tried out."));
    let body = body.map_err(|_| too_large())?;
    json::parse_bounded(&body)
        .map_err(|error| Refusal::invalid(t!("What was sent cannot be read: {error}.", error = error)))
}

/// The module that is asked about: its number, also as a text.
pub fn module(sent: &Value) -> Result<ModuleId, Refusal> {
    let id = match sent.field("module") {
        Value::Text(digits) => digits.trim().parse().ok(),
        other => other.as_i64().map(ModuleId),
    };
    id.ok_or_else(|| Refusal::invalid(t!("This module has no number yet.")))
}
