//! Sleep, Switch, Compose and the basic trigger.

use fancy_regex::{Regex, RegexBuilder};
use rouage_model::{Collection, ModuleError, Text, Value};

use super::{invalid, missing, number, single, text, yes};
use crate::names;
use crate::task::Bundles;

/// The longest sleep in seconds (source: `make-semantics.md` §3.2).
const MAX_SLEEP: f64 = 300.0;

/// How far a pattern may backtrack before it counts as broken.
const BACKTRACK_LIMIT: usize = 200_000;

/// Sleep: `duration` in whole seconds.
pub(crate) fn seconds(input: &Value) -> Result<u32, ModuleError> {
    let seconds = number(input, "duration")?.ok_or_else(|| missing("duration"))?;
    if !(1.0..=MAX_SLEEP).contains(&seconds) {
        return Err(invalid("duration", &format!("{seconds} is not between 1 and {MAX_SLEEP} seconds")));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
    Ok(seconds.ceil() as u32)
}

/// Customize run name: `executionName` as text.
pub(crate) fn run_name(input: &Value) -> Result<Text, ModuleError> {
    let name = text(input, "executionName")?;
    if name.is_empty() { Err(missing("executionName")) } else { Ok(name) }
}

/// Compose a string: `value` as text.
pub(crate) fn compose(input: &Value) -> Result<Value, ModuleError> {
    Ok(single(names::shared(&names::VALUE), text(input, "value")?))
}

/// Switch: the output of the first case whose pattern fits the input; else
/// `elseOutput`; else a bundle without `output`.
pub(crate) fn switch(input: &Value) -> Result<Value, ModuleError> {
    let subject = text(input, "input")?;
    let by_pattern = yes(input.field("useRegExpMatch"));
    for case in input.field("casesTable").as_array().unwrap_or_default() {
        let pattern = text(case, "pattern")?;
        let fits = if by_pattern { matches(&pattern, &subject)? } else { pattern == subject };
        if fits {
            return Ok(single(names::shared(&names::OUTPUT), case.field("output").clone()));
        }
    }
    match input.field("elseOutput") {
        Value::Undefined => Ok(Value::empty_collection()),
        output => Ok(single(names::shared(&names::OUTPUT), output.clone())),
    }
}

fn matches(pattern: &str, subject: &str) -> Result<bool, ModuleError> {
    let compiled = RegexBuilder::new(pattern).backtrack_limit(BACKTRACK_LIMIT).build();
    let found = compiled.and_then(|regex: Regex| regex.is_match(subject));
    found.map_err(|error| invalid("pattern", &format!("{pattern:?} cannot be used: {error}")))
}

/// Basic trigger: one bundle per entry of `values`, as written.
pub(crate) fn trigger_bundles(parameters: &Value) -> Bundles {
    let entries = parameters.field("values").as_array().unwrap_or_default().iter();
    let bundles: Vec<Value> = entries.map(|entry| trigger_bundle(entry.field("spec"))).collect();
    Bundles::list(bundles)
}

fn trigger_bundle(spec: &Value) -> Value {
    let fields = spec.as_array().unwrap_or_default().iter();
    let named = fields.filter_map(|field| Some((field.field("name").as_text()?, field.field("value").clone())));
    named.collect::<Collection>().into()
}
