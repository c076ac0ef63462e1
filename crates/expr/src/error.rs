//! What can be wrong with an expression: how it is written, and what it did.

use std::fmt;

/// Why a text cannot be read as an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SyntaxError {
    /// What is wrong, in words for the person who wrote it.
    pub message: String,
    /// Characters from the start of the whole text.
    pub at: usize,
    /// What to do instead, when there is a likely reason.
    pub suggestion: Option<String>,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (character {})", self.message, self.at + 1)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, ": {suggestion}"),
            None => Ok(()),
        }
    }
}

/// What sort of failure an evaluation met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvalErrorKind {
    /// No function has that name (decision D17).
    Function,
    /// A value is of a type that the function or field cannot take.
    Type,
    /// A value is of the right type but not one that can be used.
    Range,
    /// The evaluation took more steps or produced more bytes than allowed.
    Budget,
    /// The text is not an expression (decision D16); found when it was compiled.
    Syntax,
}

impl EvalErrorKind {
    /// The name as `rouage eval` prints it.
    pub fn name(self) -> &'static str {
        match self {
            EvalErrorKind::Function => "function",
            EvalErrorKind::Type => "type",
            EvalErrorKind::Range => "range",
            EvalErrorKind::Budget => "budget",
            EvalErrorKind::Syntax => "syntax",
        }
    }
}

/// Why an expression has no value. The texts are Make's where they are known:
/// `Function 'x' not found!`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    /// What sort of failure.
    pub kind: EvalErrorKind,
    /// Make's text.
    pub message: String,
}

impl EvalError {
    /// A value of a type that cannot be used here.
    pub(crate) fn of_type(message: impl Into<String>) -> Self {
        Self { kind: EvalErrorKind::Type, message: message.into() }
    }

    /// A value that cannot be used here.
    pub(crate) fn of_range(message: impl Into<String>) -> Self {
        Self { kind: EvalErrorKind::Range, message: message.into() }
    }

    /// Make's text for a function that does not exist (decision D17).
    pub(crate) fn unknown_function(name: &str) -> Self {
        Self { kind: EvalErrorKind::Function, message: format!("Function '{name}' not found!") }
    }

    /// Make's text for a failure within a function call. What stopped a whole
    /// evaluation is not that function's fault and keeps its own words.
    pub(crate) fn within(self, function: &str) -> Self {
        if self.kind == EvalErrorKind::Budget {
            return self;
        }
        let Self { kind, message } = self;
        Self { kind, message: format!("Function '{function}' finished with error! {message}") }
    }
}
