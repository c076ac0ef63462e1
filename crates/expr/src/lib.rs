//! The mapping language of Make (IML): texts with `{{ }}`, whole mappers and
//! filters, compiled once and evaluated against the bundles of a run.
//!
//! Reference: `reference/iml.md`; where Make is silent, the decisions D1 to
//! D32 of `reference/decisions.md`, which tests and comments name.
//!
//! Invariants:
//! - Pure: no I/O, no clock, no random source. Time, zone and a seeded
//!   [`Random`] come with the [`Context`], so a replay gives the same values.
//! - Nothing that a user wrote or that arrived from outside can make us panic,
//!   recurse without bound or allocate without bound: expressions have a depth
//!   limit ([`MAX_DEPTH`]), evaluation has a [`Budget`].
//! - A value is never read as an expression again: only texts of the blueprint
//!   are compiled.
//! - A bare path is evaluated without copying what it names.
//!
//! To add a function: write `fn name(call: &Call<'_>) -> Outcome` in the file of
//! its category under `functions/`, and add a row to that file's table with its
//! signature, one sentence of help and at least one example. The examples are
//! run by `functions::tests`; nothing else needs to know the function.

mod advice;
mod ast;
mod coerce;
mod compare;
mod comparisons;
mod context;
mod dates;
mod emoji;
mod error;
mod eval;
mod files;
mod filter;
mod functions;
mod html;
mod keywords;
mod lexer;
mod mapping;
mod operators;
mod parser;
mod path;
mod pattern;
mod preview;
mod probe;
pub mod search;
mod template;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod twin;

pub use coerce::{Target, coerce, to_number, to_text, truthy};
pub use compare::{compare, is_operator};
pub use comparisons::{Comparison, Group, Sign, comparison, comparisons, meant_comparison, signs};
pub use context::{Budget, Context, Lookup, Random};
pub use error::{EvalError, EvalErrorKind, SyntaxError};
pub use files::LARGEST_FILE;
pub use filter::{ConditionResult, Explanation, Filter, FilterProblem};
pub use functions::{Argument, Category, FunctionInfo, find as find_function, functions, similar, suggestion};
pub use html::markup_length;
pub use keywords::{Keyword, keywords};
pub use mapping::{Mapping, MappingError, MappingProblem};
pub use parser::MAX_DEPTH;
pub use path::get;
pub use preview::Looked;
pub use probe::probe;
pub use template::{Reference, ReferenceStep, Template, is_plain_name};
