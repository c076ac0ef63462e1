//! What a mapped text gives with the last data, and what is odd about it, in
//! words for people who have never seen a programming language.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rouage_engine::check::{Finding, Reason};
use rouage_expr::{EvalError, EvalErrorKind, Looked, ReferenceStep, Target, Template};
use rouage_model::{ModuleId, Value};

use super::Knowledge;
use super::ground::Ground;
use super::offer::{Offer, offer};
use super::words::{quoted, sentence, shown};

/// Characters of a text that are tried out.
const LONGEST: usize = 200_000;
/// Characters of a result that are shown.
const MOST_SHOWN: usize = 2_000;
/// Warnings that are told; more say nothing new.
const MOST_WARNINGS: usize = 8;

/// A mapped text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The module whose field it is.
    pub module: ModuleId,
    /// What its value is converted to: a type of a field.
    pub kind: String,
    /// The text.
    pub text: String,
}

/// What it gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// The value, for reading; empty when there is none.
    pub text: String,
    /// Its type; `empty` without a value, `unknown` when that is not known.
    pub kind: &'static str,
    /// What is odd about it, a sentence each.
    pub warnings: Vec<String>,
    /// Where it is no expression, in characters from 0, and why.
    pub error: Option<(usize, String)>,
    /// Whether there was data to try it with.
    pub known: bool,
    /// What would turn the value into what the field wants.
    pub offer: Option<Offer>,
}

impl Preview {
    fn unknown(kind: &'static str, warnings: Vec<String>) -> Self {
        Self { kind, warnings, ..Self::default() }
    }
}

/// Tries a text out.
pub fn preview(knowledge: &Knowledge, asked: &Asked, now: Timestamp) -> Preview {
    if asked.text.len() > LONGEST {
        return Preview::unknown("unknown", vec!["This text is too long to be tried out here.".to_owned()]);
    }
    let template = match Template::parse(&asked.text) {
        Ok(template) => template,
        Err(error) => {
            let message = match &error.suggestion {
                Some(suggestion) => format!("{} {}", sentence(&error.message), sentence(suggestion)),
                None => sentence(&error.message),
            };
            return Preview { kind: "unknown", error: Some((error.at, message)), ..Preview::default() };
        }
    };
    let ground = &knowledge.ground;
    let mut warnings = out_of_sight(&template, asked.module, ground);
    warnings.extend(meaningless(&template));
    if knowledge.items.is_confidential && !template.is_constant() {
        return Preview::unknown(type_of(&template, ground), warnings);
    }
    let (has_data, without) = data(&template, asked.module, ground);
    if !has_data {
        return Preview::unknown(type_of(&template, ground), warnings);
    }
    let without = without
        .iter()
        .map(|module| format!("Module {module} has no data yet, so what comes from it is left empty here."));
    warnings.extend(without);
    let mut preview = Trial { ground, asked, template: &template, now }.run(warnings);
    preview.warnings.truncate(MOST_WARNINGS);
    preview
}

/// References that never have a value here.
fn out_of_sight(template: &Template, at: ModuleId, ground: &Ground) -> Vec<String> {
    let mut said = BTreeSet::new();
    let mut warnings = Vec::new();
    for reference in template.references() {
        let reason = match ground.known.contains_key(&reference.module) {
            _ if ground.is_visible(reference.module, at) => continue,
            true => Reason::NotUpstream,
            false => Reason::NotInScenario,
        };
        if said.insert(reference.module) {
            warnings.push(finding(at, Some(reference.module), reference.to_string(), reference.at, reason));
        }
    }
    warnings
}

fn finding(module: ModuleId, named: Option<ModuleId>, reference: String, at: usize, reason: Reason) -> String {
    let finding = Finding { module, field: String::new(), named, reference, at, reason, suggestion: None };
    finding.to_string()
}

/// Functions that nobody has and names that mean nothing.
fn meaningless(template: &Template) -> Vec<String> {
    let functions = template.unknown_functions().into_iter().map(|(name, _)| match rouage_expr::suggestion(name) {
        Some(hint) => format!("There is no function {name}(). {}", sentence(&hint)),
        None => format!("There is no function {name}(). Choose one from the list of functions."),
    });
    let names = template.unknown_names().into_iter();
    let names = names.map(|(name, at)| finding(ModuleId(0), None, name, at, Reason::UnknownName));
    functions.chain(names).collect()
}

/// Whether anything can be computed, and the modules of which nothing is there.
fn data(template: &Template, at: ModuleId, ground: &Ground) -> (bool, BTreeSet<ModuleId>) {
    let named: BTreeSet<ModuleId> = template.references().iter().map(|reference| reference.module).collect();
    let visible: BTreeSet<ModuleId> = named.iter().copied().filter(|module| ground.is_visible(*module, at)).collect();
    let without: BTreeSet<ModuleId> =
        visible.iter().copied().filter(|module| ground.bundle_at(*module, at).is_none()).collect();
    let has_data = visible.is_empty() || without.len() < visible.len();
    (has_data, without)
}

/// The type of a text that is one reference, when its field is known.
fn type_of(template: &Template, ground: &Ground) -> &'static str {
    let found = template.as_reference().and_then(|reference| ground.follow(&reference));
    match found.map(|known| known.kind) {
        None | Some("" | "any") => "unknown",
        Some(kind) => kind,
    }
}

struct Trial<'a> {
    ground: &'a Ground,
    asked: &'a Asked,
    template: &'a Template,
    now: Timestamp,
}

impl Trial<'_> {
    fn run(&self, mut warnings: Vec<String>) -> Preview {
        let sight = self.ground.sight(self.asked.module);
        let (value, looked, said) = sight.evaluate(self.now, |context| {
            let looked = self.template.look(context).unwrap_or_default();
            (self.template.evaluate(context), looked, context.budget.take_warnings())
        });
        let value = match value {
            Ok(value) => value,
            Err(error) => {
                warnings.extend(self.failure(&error));
                return Preview { kind: "empty", warnings, known: true, ..Preview::default() };
            }
        };
        warnings.extend(said.iter().map(|text| sentence(text)));
        self.add_missing(&value, &looked, &mut warnings);
        warnings.extend(looked.iter().filter_map(only_the_first));
        let target = target(&self.asked.kind);
        let converted = match rouage_expr::coerce(&value, target, &self.ground.timezone) {
            Ok(converted) => converted,
            Err(reason) => {
                warnings.push(format!("This will not convert to {}: {reason}.", wanted(target)));
                value.clone()
            }
        };
        warnings.extend(self.about_conversion(&value, target));
        let is_empty = value.is_nothing() || value.as_text() == Some("");
        Preview {
            text: shown(&converted, &self.ground.timezone, MOST_SHOWN),
            kind: if is_empty { "empty" } else { converted.type_name() },
            warnings,
            error: None,
            known: true,
            offer: if is_empty { None } else { offer(&self.asked.text, &value, target) },
        }
    }

    /// An unknown function has been told already.
    fn failure(&self, error: &EvalError) -> Option<String> {
        match error.kind {
            EvalErrorKind::Function => None,
            EvalErrorKind::Budget => Some("This needs more work than a field may do; make it simpler.".to_owned()),
            _ => Some(format!("This fails when it runs: {}", sentence(&error.message))),
        }
    }

    /// Says of what stands alone why it is empty; of a whole that is empty all
    /// the same, that it is.
    fn add_missing(&self, value: &Value, looked: &[Looked], warnings: &mut Vec<String>) {
        let is_whole = self.template.as_reference().is_some();
        let is_empty = |value: &Value| value.is_nothing() || value.as_text() == Some("");
        let before = warnings.len();
        let has_bundle = |found: &&Looked| self.ground.bundle_at(found.reference.module, self.asked.module).is_some();
        for found in looked.iter().filter(|found| found.is_alone && is_empty(&found.value)).filter(has_bundle) {
            let what = if is_whole { "This".to_owned() } else { format!("{{{{{}}}}}", found.reference) };
            let text = format!("{what} gives nothing: {}", why_missing(found));
            if !warnings.contains(&text) {
                warnings.push(text);
            }
        }
        let is_mapped = !self.template.is_constant();
        if warnings.len() == before && is_mapped && is_empty(value) && !matches!(value, Value::Ignore | Value::Erase) {
            warnings.push("This gives nothing with the last data.".to_owned());
        }
    }

    /// What happens to a value on the way into its field that may surprise.
    fn about_conversion(&self, value: &Value, target: Target) -> Option<String> {
        let zone = self.ground.timezone.iana_name().unwrap_or("UTC");
        match (value, target) {
            (Value::Array(items), Target::Text | Target::Number | Target::Integer | Target::Date)
                if items.len() != 1 =>
            {
                Some(format!(
                    "This is {}, where one value is expected. Map one of its items, use map() and join(), or put an \
                     Iterator before this module to go through them one by one.",
                    quoted(value, &self.ground.timezone)
                ))
            }
            (Value::Collection(_), Target::Text) => Some(
                "This is a collection; as a text it is written as JSON. Open it and map one of its fields.".to_owned(),
            ),
            (Value::Date(_), Target::Text) => {
                Some(format!("A date becomes a text in UTC, as shown. formatDate() writes it as you like, in {zone}."))
            }
            (Value::Text(text), Target::Boolean) if is_no(text) => {
                Some("Every text but “false” counts as Yes here. Compare it: = \"yes\", for example.".to_owned())
            }
            (Value::Number(number), Target::Boolean) if number.as_f64() == 0.0 => {
                Some("Every number counts as Yes here, 0 too. Compare it: > 0, for example.".to_owned())
            }
            _ => None,
        }
    }
}

fn is_no(text: &str) -> bool {
    matches!(text.trim().to_lowercase().as_str(), "no" | "0" | "off" | "n" | "non" | "nein")
}

/// `module 1 had no phone in the last data.`
fn why_missing(found: &Looked) -> String {
    let module = found.reference.module;
    let Some(at) = found.missing_at else {
        return match found.reference.steps.as_slice() {
            [] => format!("module {module} put out an empty bundle."),
            steps => format!("“{}” of module {module} was empty in the last data.", named(steps)),
        };
    };
    let (before, step) = (&found.reference.steps[..at], &found.reference.steps[at]);
    match step {
        ReferenceStep::Field(_) => {
            format!("module {module} had no “{}” in the last data.", named(&found.reference.steps[..=at]))
        }
        ReferenceStep::Index if before.is_empty() => format!("module {module} put out no list."),
        ReferenceStep::Index => format!("“{}” of module {module} had no such item in the last data.", named(before)),
    }
}

fn named(steps: &[ReferenceStep]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            ReferenceStep::Index => text.push_str("[]"),
            ReferenceStep::Field(name) => {
                text.push_str(if text.is_empty() { "" } else { "." });
                text.push_str(name);
            }
        }
    }
    text
}

fn only_the_first(found: &Looked) -> Option<String> {
    let count = found.first_of?;
    Some(format!(
        "{{{{{}}}}} takes only the first of {count} items. For each of them put an Iterator before this module; for all \
         of them in one value use map() and join().",
        found.reference
    ))
}

/// The conversion of a field; what people type is text.
fn target(kind: &str) -> Target {
    match kind {
        "url" | "email" | "password" | "select" | "uuid" | "filename" => Target::Text,
        kind => Target::from_name(kind).unwrap_or(Target::Any),
    }
}

fn wanted(target: Target) -> &'static str {
    match target {
        Target::Number => "a number",
        Target::Integer => "a whole number",
        Target::UnsignedInteger => "a whole number from 0",
        Target::Boolean => "yes or no",
        Target::Date => "a date",
        Target::Time => "a time",
        Target::Buffer => "file data",
        Target::Array => "a list",
        Target::Collection => "a collection",
        Target::Any | Target::Text => "a text",
    }
}
