//! What goes wrong in a page, said kindly.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::refusal::Problem;
use crate::words::{filters, t};
use crate::{render, words};

/// Why a page cannot be shown or a form cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// It is not there, or not yours.
    #[error("not found")]
    NotFound,
    /// What was sent does not fit; the text is for people.
    #[error("{0}")]
    Invalid(String),
    /// Fields of a form do not fit; see [`crate::refusal`].
    #[error("{}", in_words(.0))]
    Fields(Vec<Problem>),
    /// It is too large; the text is for people.
    #[error("{0}")]
    TooLarge(String),
    /// Not allowed.
    #[error("{0}")]
    Forbidden(String),
    /// Ours, not yours.
    #[error("{0}")]
    Internal(String),
}

fn in_words(problems: &[Problem]) -> String {
    problems.iter().map(|problem| problem.text.as_str()).collect::<Vec<_>>().join(" ")
}

impl PageError {
    /// Wraps an unexpected failure.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        PageError::Internal(error.to_string())
    }
}

impl From<rouage_store::Error> for PageError {
    fn from(error: rouage_store::Error) -> Self {
        match error {
            rouage_store::Error::NotFound => PageError::NotFound,
            rouage_store::Error::Conflict(text) => PageError::Invalid(text),
            other => PageError::Internal(other.to_string()),
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    layout: render::Bare,
    title: &'static str,
    text: String,
    hint: &'static str,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let (status, title, text, hint) = match self {
            PageError::NotFound => (
                StatusCode::NOT_FOUND,
                t!("There is nothing here"),
                t!("The page does not exist, or what it showed was deleted.").to_owned(),
                t!("Check the address, or start again from the scenarios."),
            ),
            error @ (PageError::Invalid(_) | PageError::Fields(_)) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                t!("That could not be done"),
                words::sentence(&error.to_string()),
                t!("Go back, change what is named above and try again. Nothing was changed."),
            ),
            PageError::TooLarge(text) => {
                (StatusCode::PAYLOAD_TOO_LARGE, t!("That is too large"), text, t!("Nothing was stored."))
            }
            PageError::Forbidden(text) => {
                (StatusCode::FORBIDDEN, t!("You may not do that"), text, t!("Ask the owner of this Rouage."))
            }
            PageError::Internal(text) => {
                tracing::error!(error = %text, "a page failed");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    t!("Something went wrong on our side"),
                    t!("The details are in the log of the server.").to_owned(),
                    t!("Try again in a moment. If it stays, run `rouage doctor` on the server."),
                )
            }
        };
        render::page(status, &ErrorPage { layout: render::Bare::new(), title, text, hint })
    }
}
