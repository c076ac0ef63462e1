//! What the editor's scripts are answered: JSON, and refusals in sentences.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rouage_model::{Collection, Value, json};
use rouage_runtime::ControlError;

use crate::words::t;
use crate::{PageError, words};

/// A handler's answer.
pub type Answer = Result<Response, Refusal>;

/// Why something was not done; the sentences are for people.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    problem: String,
    /// Problems one by one, and whatever else the scripts want to know.
    more: Collection,
}

impl Refusal {
    /// With a sentence for people.
    pub fn new(status: StatusCode, problem: impl Into<String>) -> Self {
        Self { status, problem: problem.into(), more: Collection::new() }
    }

    /// What was sent does not fit.
    pub fn invalid(problem: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, problem)
    }

    /// It is not there, or not yours.
    pub fn missing() -> Self {
        Self::gone("scenario")
    }

    /// What it is that is not there, for people.
    pub fn gone(what: &str) -> Self {
        let what = if what == "execution" { "run" } else { what };
        Self::new(StatusCode::NOT_FOUND, t!("This {what} does not exist any more.", what = what))
    }

    /// Says more beside the sentence.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name, value);
        self
    }
}

impl From<PageError> for Refusal {
    fn from(error: PageError) -> Self {
        match error {
            PageError::NotFound => Self::missing(),
            error @ (PageError::Invalid(_) | PageError::Fields(_)) => {
                Self::invalid(words::sentence(&error.to_string()))
            }
            PageError::TooLarge(text) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, text),
            PageError::Forbidden(text) => Self::new(StatusCode::FORBIDDEN, text),
            PageError::Internal(text) => {
                tracing::error!(error = %text, "a request of the editor failed");
                let problem = t!("Something went wrong on our side. Try again in a moment.");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, problem)
            }
        }
    }
}

impl From<rouage_store::Error> for Refusal {
    fn from(error: rouage_store::Error) -> Self {
        PageError::from(error).into()
    }
}

impl From<ControlError> for Refusal {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::NotFound(what) => Self::gone(what),
            ControlError::Problems(problems) => {
                let sentences: Vec<String> = problems.iter().map(|problem| full_sentence(problem)).collect();
                let list: Vec<Value> = sentences.iter().map(|problem| problem.as_str().into()).collect();
                Self::invalid(sentences.join(" ")).with("problems", list)
            }
            ControlError::Conflict(text) => Self::new(StatusCode::CONFLICT, words::sentence(&text)),
            error @ ControlError::Inputs(_) => Self::invalid(words::sentence(&error.to_string())),
            ControlError::Store(error) => error.into(),
        }
    }
}

/// With a capital letter and a full stop.
fn full_sentence(text: &str) -> String {
    let text = words::sentence(text);
    if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = self.more;
        body.insert("problem", self.problem);
        reply(self.status, &body.into())
    }
}

/// An answer of status 200.
pub fn ok(value: impl Into<Value>) -> Answer {
    Ok(reply(StatusCode::OK, &value.into()))
}

fn reply(status: StatusCode, value: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, json::to_string(value)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let said = |what| Refusal::from(ControlError::NotFound(what)).problem;
        assert_eq!(said("module"), "This module does not exist any more.");
        assert_eq!(said("execution"), "This run does not exist any more.");
        assert_eq!(Refusal::missing().problem, "This scenario does not exist any more.");
    }
}
