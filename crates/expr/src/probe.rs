//! One line of `rouage eval`: an expression or a filter with its bundles, in
//! and out as values. For tests and for finding out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_model::clock::execution_id;
use rouage_model::{Clock, Collection, ModuleId, Value, tagged};

use crate::coerce::{Target, coerce};
use crate::context::{Budget, Context, Lookup, Random};
use crate::dates;
use crate::error::{EvalError, EvalErrorKind, SyntaxError};
use crate::filter::Filter;
use crate::functions::suggestion;
use crate::template::Template;

/// Answers one question.
///
/// In: `{"expr": "…", "bundles": {"1": {…}}, "variables": {"scenario": {…}},
/// "now": ISO, "timezone": name, "target_type": "text"}` or `{"filter":
/// {"conditions": […]}, …}`; only the first is needed. Out: `{"value": …,
/// "type": "text"}` or `{"error": {"kind", "message", "at"}}`. Dates and
/// buffers are tagged as in [`rouage_model::tagged`], which also writes the
/// answer. Having nothing is `null`; `ignore` has the type `undefined`.
pub fn probe(line: &Value, clock: &dyn Clock) -> Value {
    match answer(line, clock) {
        Ok(value) => [("type", Value::from(type_of(&value))), ("value", shown(&value))]
            .into_iter()
            .collect::<Collection>()
            .into(),
        Err(failure) => [("error", Value::from(failure.into_collection()))].into_iter().collect::<Collection>().into(),
    }
}

struct Failure {
    kind: &'static str,
    message: String,
    at: Option<usize>,
    suggestion: Option<String>,
}

impl Failure {
    fn new(kind: EvalErrorKind, message: impl Into<String>) -> Self {
        Self { kind: kind.name(), message: message.into(), at: None, suggestion: None }
    }

    /// With the place of the function that does not exist, and what was meant.
    fn of(error: EvalError, template: &Template) -> Self {
        let unknown = template.unknown_functions();
        let blamed = |(name, _): &&(&str, usize)| error.message.contains(&format!("'{name}' not found"));
        let found = unknown.iter().find(blamed).filter(|_| error.kind == EvalErrorKind::Function).copied();
        let mut failure = Self::from(error);
        failure.at = found.map(|(_, at)| at);
        failure.suggestion = found.and_then(|(name, _)| suggestion(name));
        failure
    }

    fn into_collection(self) -> Collection {
        let mut error: Collection = [("kind", self.kind), ("message", self.message.as_str())].into_iter().collect();
        if let Some(at) = self.at {
            error.insert("at", at);
        }
        if let Some(suggestion) = self.suggestion {
            error.insert("suggestion", suggestion);
        }
        error
    }
}

impl From<EvalError> for Failure {
    fn from(error: EvalError) -> Self {
        Self::new(error.kind, error.message)
    }
}

impl From<SyntaxError> for Failure {
    fn from(error: SyntaxError) -> Self {
        Self { kind: "syntax", message: error.message, at: Some(error.at), suggestion: error.suggestion }
    }
}

#[derive(Default)]
struct Given {
    bundles: BTreeMap<i64, Value>,
    variables: Value,
}

impl Lookup for Given {
    fn bundle(&self, module: ModuleId) -> Option<&Value> {
        self.bundles.get(&module.0)
    }

    fn variable(&self, scope: &str, name: &str) -> Option<Value> {
        self.variables.get(scope)?.get(name).cloned()
    }
}

impl Given {
    fn of(line: &Value) -> Self {
        let bundles = tagged::untag(line.field("bundles"));
        let bundles = bundles.as_collection().into_iter().flat_map(Collection::iter);
        Self {
            bundles: bundles.filter_map(|(id, bundle)| Some((id.parse().ok()?, bundle.clone()))).collect(),
            variables: tagged::untag(line.field("variables")),
        }
    }
}

fn answer(line: &Value, clock: &dyn Clock) -> Result<Value, Failure> {
    let mut seed = [0; 8];
    clock.random(&mut seed);
    let context = Context {
        lookup: &Given::of(line),
        now: now(line, clock)?,
        timezone: &timezone(line)?,
        random: &Random::new(u64::from_le_bytes(seed)),
        execution_id: Some(execution_id(clock)),
        budget: &Budget::default(),
    };
    let filter = line.field("filter");
    if !filter.is_nothing() {
        let (filter, _) = Filter::compile(filter.field("conditions"));
        return Ok(Value::Boolean(filter.passes(&context)?));
    }
    let Some(text) = line.field("expr").as_text() else {
        return Err(Failure::new(EvalErrorKind::Type, "the line has neither \"expr\" nor \"filter\""));
    };
    let template = Template::parse(text)?;
    let value = template.evaluate(&context).map_err(|error| Failure::of(error, &template))?;
    let Some(name) = line.field("target_type").as_text() else {
        return Ok(value);
    };
    let target =
        Target::from_name(name).ok_or_else(|| Failure::new(EvalErrorKind::Type, format!("'{name}' is not a type")))?;
    coerce(&value, target, context.timezone).map_err(|reason| Failure::new(EvalErrorKind::Type, reason))
}

fn now(line: &Value, clock: &dyn Clock) -> Result<Timestamp, Failure> {
    match tagged::untag(line.field("now")) {
        Value::Date(date) => Ok(date),
        Value::Text(text) => text
            .parse()
            .map_err(|_| Failure::new(EvalErrorKind::Range, format!("\"now\": '{text}' is not an ISO 8601 instant"))),
        _ => Ok(clock.now()),
    }
}

fn timezone(line: &Value) -> Result<TimeZone, Failure> {
    let Some(name) = line.field("timezone").as_text() else {
        return Ok(TimeZone::UTC);
    };
    dates::timezone(name).ok_or_else(|| Failure::new(EvalErrorKind::Range, format!("'{name}' is not a time zone")))
}

/// A path that leads nowhere is reported as `null`, as vectors of Make do.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Undefined => "null",
        other => other.type_name(),
    }
}

fn shown(value: &Value) -> Value {
    match value {
        Value::Undefined | Value::Ignore | Value::Erase => Value::Null,
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().into(),
        Value::Collection(collection) => collection
            .iter()
            .filter(|(_, value)| !matches!(value, Value::Undefined | Value::Ignore))
            .map(|(key, value)| (key.clone(), shown(value)))
            .collect::<Collection>()
            .into(),
        other => other.clone(),
    }
}
