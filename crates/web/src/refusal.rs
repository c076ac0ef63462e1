//! A form that was refused: its page is shown again with status 422, with what
//! was typed, and with the reason beside the field or above the form.
//!
//! A `POST` handler does its work in a function of its own; when that fails it
//! gives [`Page::refused`] to the handler of the page and the answer of that to
//! [`again`]. The template asks its `layout`: `typed`, `chosen` and `ticked` for
//! what a field holds, `mark` and `beside` for what is wrong with it, `above`
//! for the form.

use std::fmt;

use askama::Template;
use axum::http::StatusCode;

use crate::PageError;
use crate::query::Query;
use crate::render::{Layout, Page, Reply};
use crate::words;
use crate::words::t;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The name of the field.
    pub field: String,
    /// What is wrong, in a sentence.
    pub text: String,
}

/// Collects what is wrong with the fields of a form, to tell all of it at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The value of a field; notes why there is none.
    pub fn take<T: Default>(&mut self, field: &str, value: Result<T, PageError>) -> T {
        value.unwrap_or_else(|error| {
            self.0.push(Problem { field: field.to_owned(), text: error.to_string() });
            T::default()
        })
    }

    /// What was read, unless something was wrong.
    pub fn finish<T>(self, read: T) -> Result<T, PageError> {
        if self.0.is_empty() { Ok(read) } else { Err(PageError::Fields(self.0)) }
    }
}

/// A field that does not fit.
pub fn field(name: &str, error: PageError) -> PageError {
    match error {
        PageError::Invalid(text) => PageError::Fields(vec![Problem { field: name.to_owned(), text }]),
        other => other,
    }
}

/// A form that was refused.
#[derive(Debug, Clone)]
pub struct Refusal {
    form: &'static str,
    sent: Query,
    problems: Vec<Problem>,
    /// What is wrong with the form as a whole; may be empty.
    text: String,
}

impl Page {
    /// This page, asked for at `path`, with a form on it that was refused. What
    /// is not about the form is handed back.
    pub fn refused(self, error: PageError, form: (&'static str, Query), path: &str) -> Result<Self, PageError> {
        let (problems, text) = match error {
            PageError::Fields(problems) => (problems, String::new()),
            PageError::Invalid(text) => (Vec::new(), words::sentence(&text)),
            other => return Err(other),
        };
        let (form, sent) = form;
        Ok(self.with_refusal(Refusal { form, sent, problems, text }, path))
    }
}

/// A page that was made to show a refusal, with the status of one.
pub fn again(page: Reply) -> Reply {
    let mut response = page?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

impl Layout {
    fn refusal_of(&self, form: &str) -> Option<&Refusal> {
        self.refusal.as_ref().filter(|refusal| refusal.form == form)
    }

    /// Whether this form was refused.
    pub fn is_refused(&self, form: &str) -> bool {
        self.refusal_of(form).is_some()
    }

    /// What a field holds: what was typed, else this.
    pub fn typed(&self, form: &str, field: &str, otherwise: impl fmt::Display) -> String {
        let typed = self.refusal_of(form).and_then(|refusal| refusal.sent.get(field));
        typed.map_or_else(|| otherwise.to_string(), str::to_owned)
    }

    /// Whether an option of a list is chosen.
    pub fn chosen(&self, form: &str, field: &str, value: &str, otherwise: &bool) -> bool {
        self.refusal_of(form).and_then(|refusal| refusal.sent.get(field)).map_or(*otherwise, |typed| typed == value)
    }

    /// Whether a box is ticked.
    pub fn ticked(&self, form: &str, field: &str, otherwise: &bool) -> bool {
        self.refusal_of(form).map_or(*otherwise, |refusal| refusal.sent.is_on(field))
    }

    /// Attributes of a field: what is wrong stands beside it.
    pub fn mark(&self, form: &str, field: &str) -> Mark {
        Mark(self.place(form, field))
    }

    /// What is wrong with a field.
    pub fn beside(&self, form: &str, field: &str) -> Beside<'_> {
        let problems = self.refusal.as_ref().map(|refusal| refusal.problems.as_slice()).unwrap_or_default();
        let place = self.place(form, field);
        Beside { text: place.and_then(|place| problems.get(place)).map(|problem| problem.text.as_str()), place }
    }

    fn place(&self, form: &str, field: &str) -> Option<usize> {
        self.refusal_of(form)?.problems.iter().position(|problem| problem.field == field)
    }

    /// What is wrong with a form, to stand at its top.
    pub fn above(&self, form: &str) -> Above<'_> {
        let refusal = self.refusal_of(form);
        let text = refusal.map(|refusal| match refusal.text.as_str() {
            "" => t!("Nothing was done yet: look at what is marked below."),
            text => text,
        });
        Above { text, is_first: refusal.is_some_and(|refusal| refusal.problems.is_empty()) }
    }
}

/// Attributes of a field; nothing when it is right.
pub struct Mark(Option<usize>);

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(place) = self.0 else { return Ok(()) };
        write!(f, r#" aria-invalid="true" aria-describedby="problem-{place}""#)?;
        // The first one is gone to.
        if place == 0 { f.write_str(t!(" autofocus")) } else { Ok(()) }
    }
}

impl askama::FastWritable for Mark {
    fn write_into(&self, out: &mut dyn fmt::Write, _values: &dyn askama::Values) -> askama::Result<()> {
        Ok(write!(out, "{self}")?)
    }
}

// Nothing of it comes from outside.
impl askama::filters::HtmlSafe for Mark {}

/// What is wrong with a field.
#[derive(Template)]
#[template(path = "_beside.html")]
pub struct Beside<'a> {
    text: Option<&'a str>,
    place: Option<usize>,
}

/// What is wrong with a form.
#[derive(Template)]
#[template(path = "_above.html")]
pub struct Above<'a> {
    text: Option<&'a str>,
    /// Whether it is what a person is to see first.
    is_first: bool,
}
