//! The modules that the engine runs itself: flow control and tools.
//!
//! They are pure: computed from the bundle, never journaled, computed again on
//! replay. To add one: a row in [`TABLE`], a variant of its role, and its code
//! in the file of its subject.

mod aggregate;
mod iterate;
mod tools;
mod variables;

pub(crate) use aggregate::{Aggregation, Gathering};
pub(crate) use iterate::{items, steps};
pub(crate) use tools::{compose, run_name, seconds, switch, trigger_bundles};
pub(crate) use variables::Variables;

use rouage_model::{Collection, ErrorKind, ModuleError, Text, Value};

use crate::facts::Kind;

/// What the catalogue shows of a module that the engine runs itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NativeInfo {
    /// `app:Name`.
    pub module: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// What it does, in one sentence.
    pub description: &'static str,
    /// How it takes part in a flow.
    pub kind: Kind,
}

/// What a native module is to the compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Router,
    IfElse,
    Merge,
    Aggregate(Aggregation),
    Tool(Tool),
    Sleep,
    Return,
    Directive(Directive),
}

/// Modules that turn one mapped input into bundles at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Iterator,
    Repeater,
    SetVariable,
    SetVariables,
    GetVariable,
    GetVariables,
    Increment,
    Switcher,
    Compose,
    Trigger,
    /// Starts a scenario that others call: one bundle, its inputs.
    Start,
    /// Gives the run a name.
    Name,
}

/// How an error route ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Directive {
    Ignore,
    Resume,
    Commit,
    Rollback,
    Break,
}

type Row = (NativeInfo, Role);

const fn row(module: &'static str, kind: Kind, role: Role, label: &'static str, description: &'static str) -> Row {
    (NativeInfo { module, label, description, kind }, role)
}

/// Sorted by name.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    row("builtin:BasicAggregator", Kind::Aggregator, Role::Aggregate(Aggregation::Array), "Array aggregator", "Gathers bundles into one array."),
    row("builtin:BasicFeeder", Kind::Iterator, Role::Tool(Tool::Iterator), "Iterator", "Gives each item of an array as a bundle of its own."),
    row("builtin:BasicIfElse", Kind::IfElse, Role::IfElse, "If-else", "Sends a bundle down the first branch whose condition holds."),
    row("builtin:BasicMerge", Kind::Merge, Role::Merge, "Merge", "Joins the branches of an if-else."),
    row("builtin:BasicRepeater", Kind::Iterator, Role::Tool(Tool::Repeater), "Repeater", "Gives as many bundles as you say, counted."),
    row("builtin:BasicRouter", Kind::Router, Role::Router, "Router", "Sends a bundle down several routes, one after the other."),
    row("builtin:Break", Kind::Directive, Role::Directive(Directive::Break), "Break", "Stores the rest of the branch as an incomplete execution and goes on with the next bundle."),
    row("builtin:Commit", Kind::Directive, Role::Directive(Directive::Commit), "Commit", "Stops the run and keeps what was done."),
    row("builtin:Ignore", Kind::Directive, Role::Directive(Directive::Ignore), "Ignore", "Drops the bundle that failed and goes on."),
    row("builtin:Resume", Kind::Directive, Role::Directive(Directive::Resume), "Resume", "Goes on with a substitute for the output that failed."),
    row("builtin:Rollback", Kind::Directive, Role::Directive(Directive::Rollback), "Rollback", "Stops the run and undoes what can be undone."),
    row("json:AggregateToJSON", Kind::Aggregator, Role::Aggregate(Aggregation::Json), "Aggregate to JSON", "Gathers bundles into one JSON text."),
    row("scenario-service:NameExecution", Kind::Tool, Role::Tool(Tool::Name), "Customize run name", "Gives this run a name of its own in the history."),
    row("scenario-service:ReturnData", Kind::Tool, Role::Return, "Return output", "Ends the run and gives its outputs to whoever started it."),
    row("scenario-service:StartSubscenario", Kind::Tool, Role::Tool(Tool::Start), "Start a scenario", "Starts when another scenario or a person runs this one; gives its inputs."),
    row("util:AggregateAggregator", Kind::Aggregator, Role::Aggregate(Aggregation::Table), "Table aggregator", "Gathers chosen fields of bundles into a text of rows and columns."),
    row("util:BasicTrigger", Kind::Tool, Role::Tool(Tool::Trigger), "Basic trigger", "Gives bundles that you write down yourself."),
    row("util:ComposeTransformer", Kind::Tool, Role::Tool(Tool::Compose), "Compose a string", "Turns values into one text."),
    row("util:FunctionAggregator2", Kind::Aggregator, Role::Aggregate(Aggregation::Numeric), "Numeric aggregator", "Sums, counts or compares numbers of several bundles."),
    row("util:FunctionIncrement", Kind::Tool, Role::Tool(Tool::Increment), "Increment function", "Counts up by one at every bundle."),
    row("util:FunctionSleep", Kind::Tool, Role::Sleep, "Sleep", "Waits for some seconds before going on."),
    row("util:GetVariable", Kind::Tool, Role::Tool(Tool::GetVariable), "Get variable (legacy)", "Reads a variable that was set earlier in the run."),
    row("util:GetVariable2", Kind::Tool, Role::Tool(Tool::GetVariable), "Get variable", "Reads a variable that was set earlier in the run."),
    row("util:GetVariables", Kind::Tool, Role::Tool(Tool::GetVariables), "Get multiple variables", "Reads variables that were set earlier in the run."),
    row("util:SetVariable", Kind::Tool, Role::Tool(Tool::SetVariable), "Set variable (legacy)", "Keeps a value under a name for the rest of the run."),
    row("util:SetVariable2", Kind::Tool, Role::Tool(Tool::SetVariable), "Set variable", "Keeps a value under a name for the rest of the run."),
    row("util:SetVariables", Kind::Tool, Role::Tool(Tool::SetVariables), "Set multiple variables", "Keeps values under names for the rest of the run."),
    row("util:Switcher", Kind::Tool, Role::Tool(Tool::Switcher), "Switch", "Compares a value with patterns and gives the output of the first that fits."),
    row("util:TextAggregator", Kind::Aggregator, Role::Aggregate(Aggregation::Text), "Text aggregator", "Joins texts of several bundles."),
];

/// The module of this name, if the engine runs it itself.
pub fn native(module: &str) -> Option<NativeInfo> {
    find(module).map(|(info, _)| *info)
}

/// Every module that the engine runs itself, sorted by name.
pub fn natives() -> impl ExactSizeIterator<Item = NativeInfo> {
    TABLE.iter().map(|(info, _)| *info)
}

pub(crate) fn role(module: &str) -> Option<(Kind, Role)> {
    find(module).map(|(info, role)| (info.kind, *role))
}

fn find(module: &str) -> Option<&'static Row> {
    let at = TABLE.binary_search_by_key(&module, |(info, _)| info.module).ok()?;
    TABLE.get(at)
}

/// A field as yes or no, as Make reads parameters: any number is yes, and so is
/// any text but `false` and the empty one (source: `make-semantics.md` §5.2).
pub(crate) fn yes(value: &Value) -> bool {
    let coerced = rouage_expr::coerce(value, rouage_expr::Target::Boolean, &jiff::tz::TimeZone::UTC);
    coerced.is_ok_and(|value| value.as_bool() == Some(true))
}

/// A field as text: nothing reads as empty.
fn text(value: &Value, field: &'static str) -> Result<Text, ModuleError> {
    match value.field(field) {
        Value::Text(text) => Ok(text.clone()),
        other if other.is_nothing() => Ok("".into()),
        other => to_text(other, field),
    }
}

fn to_text(value: &Value, field: &str) -> Result<Text, ModuleError> {
    rouage_expr::to_text(value).map_err(|error| invalid(field, &error))
}

/// A field as a number; `None` when it is empty.
fn number(value: &Value, field: &'static str) -> Result<Option<f64>, ModuleError> {
    let value = value.field(field);
    if value.is_nothing() || value.as_text().is_some_and(|text| text.trim().is_empty()) {
        return Ok(None);
    }
    let number = match value {
        Value::Number(number) => Some(number.as_f64()),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    match number.filter(|number: &f64| number.is_finite()) {
        Some(number) => Ok(Some(number)),
        None => Err(invalid(field, &format!("{} is not a number", shown(value)))),
    }
}

fn shown(value: &Value) -> String {
    let text = rouage_model::json::to_string(value);
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Make's error for a required field that is empty.
fn missing(field: &str) -> ModuleError {
    ModuleError::validation(vec![format!("Missing value of required parameter '{field}'.").into()])
}

fn invalid(field: &str, why: &str) -> ModuleError {
    ModuleError::validation(vec![format!("Invalid value in parameter '{field}': {why}.").into()])
}

fn misconfigured(message: impl Into<Text>) -> ModuleError {
    ModuleError::new(ErrorKind::InvalidConfigurationError, message)
}

pub(crate) fn single(name: impl Into<Text>, value: impl Into<Value>) -> Value {
    let mut bundle = Collection::with_capacity(1);
    bundle.insert(name, value);
    bundle.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_every_row_is_found() {
        assert!(TABLE.is_sorted_by_key(|(info, _)| info.module));
        for info in natives() {
            assert_eq!(native(info.module), Some(info));
        }
        assert_eq!(native("builtin:Iterator"), None);
    }
}
