//! What can be done with a run, and its values to copy.

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use rouage_model::{ExecutionId, OperationId, Value, json};
use rouage_runtime::Decision;

use super::find;
use crate::PageError;
use crate::pages::scenario::refuse;
use crate::query::Query;
use crate::refusal::{self, again};
use crate::render::{self, Execution, Form, Page, Reply};
use crate::words::t;

/// `GET /executions/{id}/operations/{operation}/{side}`: JSON to copy.
pub async fn raw(page: Page, Path((id, operation, side)): Path<(Execution, u32, String)>) -> Reply {
    let id = id.0;
    let history = find(&page, id).await?;
    let operation = history.trace.operation(OperationId(operation)).ok_or(PageError::NotFound)?;
    let value = match side.as_str() {
        "input" => operation.input.clone(),
        "output" => Value::from(operation.output.clone()),
        _ => return Err(PageError::NotFound),
    };
    let text = json::write(&value, json::Style::Indented("  "));
    Ok(plain_json(text))
}

/// JSON that a browser shows as text and never as anything else.
fn plain_json(text: String) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    response
}

/// `POST /executions/{id}/replay`: today's scenario with the data of this run.
pub async fn replay(page: Page, Path(id): Path<Execution>) -> Reply {
    let new = page.app.control().replay(page.app.team(), id.0).await.map_err(|error| refuse(error, "replayed"))?;
    render::see(&format!("/executions/{new}?notice=replayed"))
}

/// `POST /executions/{id}/stop`.
pub async fn stop(page: Page, Path(id): Path<Execution>) -> Reply {
    let id = id.0;
    page.app.control().stop(page.app.team(), id).await.map_err(|error| refuse(error, "stopped"))?;
    render::see(&format!("/executions/{id}?notice=stopping"))
}

/// What a person says that a module gave; empty when they say nothing.
fn typed_output(form: &Query) -> Result<Value, PageError> {
    let text = form.text("output").trim();
    if text.is_empty() {
        return Ok(Value::empty_collection());
    }
    let example = t!("write JSON such as {\"id\": 7}, or leave the field empty");
    let output = json::parse(text.as_bytes()).map_err(|error| {
        PageError::Invalid(t!("The output cannot be read: {error}; {example}.", error = error, example = example))
    })?;
    if output.as_collection().is_none() {
        return Err(PageError::Invalid(t!("The output must be an object: {example}.", example = example)));
    }
    Ok(output)
}

/// `POST /executions/{id}/decide`.
pub async fn decide(page: Page, Path(id): Path<Execution>, Form(form): Form) -> Reply {
    let here = format!("/executions/{}", id.0);
    match settle(&page, id.0, &form).await {
        Ok(()) => render::see(&format!("{here}?notice=decided")),
        Err(error) => again(super::show(page.refused(error, ("decide", form), &here)?, Path(id)).await),
    }
}

async fn settle(page: &Page, id: ExecutionId, form: &Query) -> Result<(), PageError> {
    let decision = decision(form)?;
    page.app.control().decide(page.app.team(), id, decision).await.map_err(|error| refuse(error, "decided"))
}

/// What a person decided about a call that failed or may have happened.
pub fn decision(form: &Query) -> Result<Decision, PageError> {
    match form.text("decision") {
        "retry" => Ok(Decision::Retry),
        "skip" => Ok(Decision::Skip),
        "go-on" => Ok(Decision::GoOn),
        "done" => typed_output(form).map(Decision::MarkAsDone).map_err(|error| refusal::field("output", error)),
        _ => Err(PageError::Invalid(t!("Choose Retry, Skip or Mark as done.").into())),
    }
}
