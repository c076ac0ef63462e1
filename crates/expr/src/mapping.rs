//! A whole mapper: texts with expressions in any nesting of collections and
//! arrays.

use std::sync::Arc;

use rouage_model::{Collection, Text, Value};

use crate::context::Context;
use crate::error::{EvalError, EvalErrorKind, SyntaxError};
use crate::template::{Reference, Template};

/// A mapper, compiled. Parts without expressions are shared as they are.
#[derive(Debug, Clone)]
pub struct Mapping {
    field: Field,
}

/// A text of the mapper that is not an expression, and which one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingProblem {
    /// The field, as in `values.items[1].name`.
    pub path: String,
    /// What is wrong with it.
    pub error: SyntaxError,
}

/// Why a mapper has no value. Make's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Failed to map '{path}': {error}")]
pub struct MappingError {
    /// The field, as in `values.items[1].name`.
    pub path: String,
    /// What happened there.
    pub error: EvalError,
}

#[derive(Debug, Clone)]
enum Field {
    Constant(Value),
    Template(Template),
    /// Kept as written; it fails when it is needed (decision D16).
    Broken(SyntaxError),
    Collection(Vec<(Text, Field)>),
    Array(Vec<Field>),
}

impl Mapping {
    /// Compiles every text of the mapper and reports all that cannot be.
    pub fn compile(mapper: &Value) -> (Mapping, Vec<MappingProblem>) {
        let mut problems = Vec::new();
        let field = compile(mapper, &mut Place::default(), &mut problems);
        (Mapping { field }, problems)
    }

    /// The mapped value. Fields that gave `ignore` are left out.
    pub fn evaluate(&self, context: &Context<'_>) -> Result<Value, MappingError> {
        evaluate(&self.field, context)
    }

    /// The modules whose bundles it reads, with the field that does.
    pub fn references(&self) -> Vec<(String, Reference)> {
        let mut references = Vec::new();
        self.templates(&mut |path, template| {
            references.extend(template.references().into_iter().map(|reference| (path.to_owned(), reference)));
        });
        references
    }

    /// Calls `visit` for every text that has expressions, with its field.
    pub fn templates(&self, visit: &mut dyn FnMut(&str, &Template)) {
        walk(&self.field, &mut Place::default(), visit);
    }
}

/// The path to a field, written step by step.
#[derive(Default)]
struct Place {
    path: String,
}

impl Place {
    fn within<T>(&mut self, step: Step<'_>, run: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        match step {
            Step::Name(name) => {
                if length > 0 {
                    self.path.push('.');
                }
                self.path.push_str(name);
            }
            Step::Position(position) => self.path.push_str(&format!("[{}]", position + 1)),
        }
        let result = run(self);
        self.path.truncate(length);
        result
    }
}

#[derive(Clone, Copy)]
enum Step<'n> {
    Name(&'n str),
    Position(usize),
}

fn compile(value: &Value, place: &mut Place, problems: &mut Vec<MappingProblem>) -> Field {
    match value {
        Value::Text(text) if text.contains("{{") => match Template::parse(text) {
            Ok(template) => Field::Template(template),
            Err(error) => {
                problems.push(MappingProblem { path: place.path.clone(), error: error.clone() });
                Field::Broken(error)
            }
        },
        Value::Array(items) => {
            let fields: Vec<Field> = items
                .iter()
                .enumerate()
                .map(|(at, item)| place.within(Step::Position(at), |place| compile(item, place, problems)))
                .collect();
            let constant = fields.iter().all(|field| matches!(field, Field::Constant(_)));
            if constant { Field::Constant(value.clone()) } else { Field::Array(fields) }
        }
        Value::Collection(collection) => {
            let fields: Vec<(Text, Field)> = collection
                .iter()
                .map(|(name, value)| {
                    (name.clone(), place.within(Step::Name(name), |place| compile(value, place, problems)))
                })
                .collect();
            let constant = fields.iter().all(|(_, field)| matches!(field, Field::Constant(_)));
            if constant { Field::Constant(value.clone()) } else { Field::Collection(fields) }
        }
        other => Field::Constant(other.clone()),
    }
}

fn evaluate(field: &Field, context: &Context<'_>) -> Result<Value, MappingError> {
    let failed = |error| MappingError { path: String::new(), error };
    match field {
        Field::Constant(value) => Ok(value.clone()),
        Field::Template(template) => template.evaluate(context).map_err(failed),
        Field::Broken(error) => Err(failed(EvalError { kind: EvalErrorKind::Syntax, message: error.to_string() })),
        Field::Array(fields) => {
            let mut items = Vec::with_capacity(fields.len());
            for (at, field) in fields.iter().enumerate() {
                let value = evaluate(field, context).map_err(|error| error.under(&format!("[{}]", at + 1)))?;
                if !matches!(value, Value::Ignore) {
                    items.push(value);
                }
            }
            Ok(items.into())
        }
        Field::Collection(fields) => {
            let mut collection = Collection::with_capacity(fields.len());
            for (name, field) in fields {
                let value = evaluate(field, context).map_err(|error| error.under(name))?;
                if !matches!(value, Value::Ignore) {
                    collection.insert(name.clone(), value);
                }
            }
            Ok(Value::Collection(Arc::new(collection)))
        }
    }
}

impl MappingError {
    /// The same error, seen from the field around it.
    fn under(mut self, step: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{step}{dot}{}", self.path);
        self
    }
}

fn walk(field: &Field, place: &mut Place, visit: &mut dyn FnMut(&str, &Template)) {
    match field {
        Field::Constant(_) | Field::Broken(_) => {}
        Field::Template(template) => visit(&place.path, template),
        Field::Array(fields) => {
            for (at, field) in fields.iter().enumerate() {
                place.within(Step::Position(at), |place| walk(field, place, visit));
            }
        }
        Field::Collection(fields) => {
            for (name, field) in fields {
                place.within(Step::Name(name), |place| walk(field, place, visit));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::json;

    use super::*;
    use crate::testing;

    fn mapping(text: &str) -> (Mapping, Vec<MappingProblem>) {
        Mapping::compile(&json::parse(text.as_bytes()).unwrap())
    }

    fn evaluated(text: &str) -> Result<Value, MappingError> {
        testing::with_bundles(r#"{"1":{"a":5,"b":null}}"#, |context| mapping(text).0.evaluate(context))
    }

    #[test]
    fn texts_are_evaluated_at_any_depth_and_keep_their_type() {
        let value = evaluated(r#"{"x":[{"y":"{{1.a}}","z":"n {{1.a}}"}],"k":[1,true,null,"t"]}"#).unwrap();
        assert_eq!(json::to_string(&value), r#"{"x":[{"y":5,"z":"n 5"}],"k":[1,true,null,"t"]}"#);
    }

    #[test]
    fn ignore_drops_the_field_and_nothing_else_does() {
        let value = evaluated(r#"{"a":"{{ignore}}","b":"{{1.b}}","c":"{{1.missing}}","d":["{{ignore}}",1]}"#).unwrap();
        let expected: Collection =
            [("b", Value::Null), ("c", Value::Undefined), ("d", Value::from(vec![Value::from(1)]))]
                .into_iter()
                .collect();
        assert_eq!(value, Value::from(expected));
    }

    #[test]
    fn d16_a_broken_text_is_reported_and_fails_only_when_evaluated() {
        let (mapping, problems) = mapping(r#"{"list":[{"to":"{{1.a +}}"}],"ok":"{{1.a}}"}"#);
        assert_eq!(problems[0].path, "list[1].to");
        let error = testing::with_bundles("{}", |context| mapping.evaluate(context)).unwrap_err();
        assert!(error.to_string().starts_with("Failed to map 'list[1].to': "), "{error}");
    }

    #[test]
    fn d17_an_unknown_function_fails_the_field_with_the_text_of_make() {
        let error = evaluated(r#"{"subject":"{{myDeletedFn()}}"}"#).unwrap_err();
        assert_eq!(error.to_string(), "Failed to map 'subject': Function 'myDeletedFn' not found!");
    }

    #[test]
    fn references_name_the_field() {
        let references = mapping(r#"{"a":"x {{3.b.c}}","d":["{{`4`}}"]}"#).0.references();
        assert_eq!(references[0].0, "a");
        assert_eq!((references[1].0.as_str(), references[1].1.module.0), ("d[1]", 4));
    }
}
