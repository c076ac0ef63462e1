//! What a module is answered with in a rehearsal: the last bundle that is known
//! of it, else one that is made up from what is known of its fields, with
//! values that tell which field they stand for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rouage_engine::{PlannedModule, native};
use rouage_expr::{ReferenceStep, Template};
use rouage_model::{Blueprint, Buffer, Collection, ModuleId, Value, json};

use super::driver::Setting;
use crate::knowledge::Source;
use crate::knowledge::tree::Known;

/// Values in one example that is made up.
const MOST_VALUES: usize = 2_000;
/// How deep a path is followed.
const DEEPEST: usize = 10;
/// How deep lists have two items; further down one is enough to be seen.
const TWO_ITEMS: usize = 3;

/// Words in names of dates: functions read them, and would fail at a word.
const DATES: &[&str] = &["at", "created", "date", "datetime", "expires", "time", "timestamp", "ts", "updated"];
/// Words in names of numbers.
const NUMBERS: &[&str] = &["amount", "count", "price", "qty", "quantity", "total"];

/// Where data of a rehearsal is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A person gave it for this rehearsal.
    Given,
    /// A run of the scenario.
    Run,
    /// A request that the webhook received.
    Request,
    /// A sample that the blueprint carries.
    Kept,
    /// Made up from what is known of the fields.
    MadeUp,
    /// Made up from nothing but what later modules read.
    Wanted,
    /// Really computed from the input.
    Computed,
    /// Nothing is known of it.
    Nothing,
}

impl Origin {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::Given => "given",
            Origin::Run => "run",
            Origin::Request => "request",
            Origin::Kept => "kept",
            Origin::MadeUp => "made-up",
            Origin::Wanted => "wanted",
            Origin::Computed => "computed",
            Origin::Nothing => "nothing",
        }
    }
}

/// An answer.
pub struct Example {
    /// One bundle.
    pub bundle: Value,
    /// Another one, for modules that give any number.
    pub second: Value,
    /// Where they are from.
    pub origin: Origin,
}

/// The examples of all modules of a draft.
pub struct Examples {
    by_module: BTreeMap<ModuleId, Example>,
    nothing: Example,
}

impl Examples {
    /// Readies them.
    pub fn new(setting: &Setting<'_>, blueprint: &Blueprint) -> Self {
        let wanted = wanted(blueprint);
        let modules = blueprint.modules();
        let ids = modules.iter().filter_map(|visited| visited.module.id());
        let by_module = ids.map(|id| (id, example(setting, id, wanted.get(&id)))).collect();
        let empty = Value::empty_collection();
        Self { by_module, nothing: Example { bundle: empty.clone(), second: empty, origin: Origin::Nothing } }
    }

    /// That of one module.
    pub fn of(&self, module: ModuleId) -> &Example {
        self.by_module.get(&module).unwrap_or(&self.nothing)
    }
}

/// Whether it is a module of another server that we do not have.
pub fn is_foreign(setting: &Setting<'_>, module: &PlannedModule) -> bool {
    native(&module.name).is_none() && setting.core.registry.module(&module.name, Some(module.version)).is_none()
}

fn example(setting: &Setting<'_>, id: ModuleId, wanted: Option<&Known>) -> Example {
    let ground = setting.knowledge.ground();
    let from = setting.knowledge.items().modules.get(&id).map(|items| items.from).unwrap_or_default();
    if let Some(bundle) = ground.bundles.get(&id) {
        let origin = match from {
            Source::Run => Origin::Run,
            Source::Webhook => Origin::Request,
            _ => Origin::Kept,
        };
        return Example { bundle: bundle.clone(), second: numbered(bundle, 2), origin };
    }
    let mut known = ground.known.get(&id).cloned().unwrap_or_else(|| Known::output(Vec::new()));
    known.fields.retain(|field| field.name != "error");
    let is_described = !known.is_empty();
    if let Some(wanted) = wanted {
        complete(&mut known, wanted);
    }
    let origin = match (is_described, known.is_empty()) {
        (true, _) => Origin::MadeUp,
        (false, false) => Origin::Wanted,
        (false, true) => Origin::Nothing,
    };
    known.kind = "collection";
    let make = |number| Maker { number, now: setting.now, left: MOST_VALUES }.value(&known, 0);
    Example { bundle: make(1), second: make(2), origin }
}

/// The same bundle as another one of a list.
fn numbered(bundle: &Value, number: i64) -> Value {
    let Some(fields) = bundle.as_collection() else { return bundle.clone() };
    let mut fields = fields.clone();
    if fields.get("__IMTINDEX__").is_some() {
        fields.insert("__IMTINDEX__", number);
    }
    fields.into()
}

/// The fields that mappings and filters read, by the module whose they are.
fn wanted(blueprint: &Blueprint) -> BTreeMap<ModuleId, Known> {
    let mut wanted: BTreeMap<ModuleId, Known> = BTreeMap::new();
    for visited in blueprint.modules() {
        let conditions = visited.module.filter().field("conditions");
        for part in [visited.module.mapper(), conditions] {
            texts(part, 0, &mut |text| want_all(text, &mut wanted));
        }
    }
    wanted
}

/// Every text of a mapping.
fn texts(value: &Value, depth: usize, visit: &mut dyn FnMut(&str)) {
    match value {
        Value::Text(text) if text.contains("{{") => visit(text),
        Value::Array(items) if depth < DEEPEST => items.iter().for_each(|item| texts(item, depth + 1, visit)),
        Value::Collection(fields) if depth < DEEPEST => {
            fields.iter().for_each(|(_, item)| texts(item, depth + 1, visit));
        }
        _ => {}
    }
}

fn want_all(text: &str, wanted: &mut BTreeMap<ModuleId, Known>) {
    let Ok(template) = Template::parse(text) else { return };
    for reference in template.references() {
        let known = wanted.entry(reference.module).or_insert_with(|| Known::named("", "", "any"));
        let steps = &reference.steps[..reference.steps.len().min(DEEPEST)];
        want(known, steps, kind_by_function(text, reference.at));
    }
}

/// The type that the function around a value takes, when that is certain: a
/// word in its place would only be an error.
fn kind_by_function(text: &str, at: usize) -> Option<&'static str> {
    let before: String = text.chars().take(at).collect();
    let before = before.trim_end().strip_suffix('(')?;
    let name = before.rsplit(|letter: char| !letter.is_ascii_alphanumeric()).next()?;
    match name {
        "formatDate" | "parseDate" | "addDays" | "addHours" | "addMinutes" | "addMonths" | "addSeconds"
        | "addYears" | "setDay" | "setHour" | "setMinute" | "setMonth" | "setYear" => Some("date"),
        "formatNumber" | "parseNumber" | "round" | "ceil" | "floor" | "abs" => Some("number"),
        _ => None,
    }
}

fn want(known: &mut Known, steps: &[ReferenceStep], kind: Option<&'static str>) {
    let Some((step, rest)) = steps.split_first() else {
        known.kind = kind.filter(|_| known.kind == "any").unwrap_or(known.kind);
        return;
    };
    match step {
        ReferenceStep::Index => {
            known.kind = "array";
            want(known, rest, kind);
        }
        ReferenceStep::Field(name) => {
            if known.kind == "any" {
                known.kind = "collection";
            }
            let at = known.fields.iter().position(|field| field.name == *name).unwrap_or_else(|| {
                known.fields.push(Known::named(name.as_str(), "", "any"));
                known.fields.len() - 1
            });
            if let Some(field) = known.fields.get_mut(at) {
                want(field, rest, kind);
            }
        }
    }
}

/// Adds what is read where nobody knows the fields. Where they are known, a
/// name that is none of them stays away: that it gives nothing is to be seen.
fn complete(known: &mut Known, wanted: &Known) {
    if known.fields.is_empty() {
        if matches!(known.kind, "" | "any" | "collection" | "array") && !wanted.fields.is_empty() {
            known.fields.clone_from(&wanted.fields);
            if matches!(known.kind, "" | "any") {
                known.kind = wanted.kind;
            }
        }
        return;
    }
    for field in &mut known.fields {
        if let Some(wanted) = wanted.fields.iter().find(|wanted| wanted.name == field.name) {
            if matches!(wanted.kind, "date" | "number") && matches!(field.kind, "" | "any" | "text") {
                field.kind = wanted.kind;
            }
            complete(field, wanted);
        }
    }
}

/// Whether one of the words stands in the name of a field.
fn names(known: &Known, words: &[&str]) -> bool {
    // `createdAt` is two words.
    let mut spaced = String::with_capacity(known.name.len() + 4);
    for letter in known.name.chars() {
        if letter.is_uppercase() {
            spaced.push(' ');
        }
        spaced.push(letter);
    }
    let parts = |text: &str| -> bool {
        text.to_lowercase().split(|letter: char| !letter.is_alphabetic()).any(|part| words.contains(&part))
    };
    parts(&known.name) || parts(&known.label) || parts(&spaced)
}

/// Makes values up.
struct Maker {
    /// Which bundle of several.
    number: i64,
    now: Timestamp,
    /// Values that may still be made.
    left: usize,
}

impl Maker {
    fn value(&mut self, known: &Known, depth: usize) -> Value {
        self.left = self.left.saturating_sub(1);
        if let Some(value) = known.value.as_ref().filter(|value| !value.is_nothing()) {
            return value.clone();
        }
        match known.kind {
            "array" => self.list(known, depth),
            "number" | "integer" | "uinteger" => self.number.into(),
            "boolean" => true.into(),
            "date" => Value::Date(self.now),
            "time" => "12:00".into(),
            "buffer" => Value::Buffer(Buffer::new(self.text(known).into_bytes())),
            "collection" => self.collection(&known.fields, depth),
            "any" | "" if known.fields.is_empty() && names(known, NUMBERS) => self.number.into(),
            "any" | "" | "text" if known.fields.is_empty() && names(known, DATES) => json::iso(self.now).into(),
            _ if !known.fields.is_empty() => self.collection(&known.fields, depth),
            _ => self.text(known).into(),
        }
    }

    fn collection(&mut self, fields: &[Known], depth: usize) -> Value {
        let mut made = Collection::new();
        for field in fields {
            if self.left == 0 || depth > DEEPEST {
                break;
            }
            made.insert(field.name.as_str(), self.value(field, depth + 1));
        }
        made.into()
    }

    fn list(&mut self, known: &Known, depth: usize) -> Value {
        let item = known.clone().item();
        let length = if depth < TWO_ITEMS { 2 } else { 1 };
        let mut made = Vec::new();
        for number in 1..=length {
            if self.left == 0 || depth > DEEPEST {
                break;
            }
            let mut of_item = Maker { number, now: self.now, left: self.left };
            made.push(of_item.value(&item, depth + 1));
            self.left = of_item.left;
        }
        made.into()
    }

    /// A text that tells which field it stands for.
    fn text(&self, known: &Known) -> String {
        let name = if known.label.is_empty() { &known.name } else { &known.label };
        let word = format!("{} {}", known.name, known.label).to_lowercase();
        let number = if self.number > 1 { self.number.to_string() } else { String::new() };
        match known.kind {
            "email" => return format!("sample{number}@example.com"),
            "url" => return format!("https://example.com/sample{number}"),
            "filename" => return format!("sample{number}.txt"),
            _ => {}
        }
        if word.contains("e-mail") || word.contains("email") {
            return format!("sample{number}@example.com");
        }
        if names(known, &["url", "link"]) {
            return format!("https://example.com/sample{number}");
        }
        ["sample", name.trim(), &number].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(interface: &str) -> Known {
        Known::of_interface(json::parse(interface.as_bytes()).unwrap().as_array().unwrap())
    }

    fn made(known: &Known, number: i64) -> String {
        json::to_string(&Maker { number, now: Timestamp::UNIX_EPOCH, left: MOST_VALUES }.value(known, 0))
    }

    #[test]
    fn values_that_are_made_up_fit_their_types_and_tell_their_fields() {
        let known = known(
            r#"[{"name":"name","type":"text"},{"name":"n","type":"uinteger"},{"name":"ok","type":"boolean"},
                {"name":"at","type":"date"},{"name":"mail","label":"E-mail","type":"text"},
                {"name":"lines","type":"array","spec":[{"name":"sku","type":"text"}]},
                {"name":"to","type":"collection","spec":[{"name":"url","type":"url"}]}]"#,
        );
        assert_eq!(
            made(&known, 1),
            r#"{"name":"sample name","n":1,"ok":true,"at":"1970-01-01T00:00:00.000Z","mail":"sample@example.com","lines":[{"sku":"sample sku"},{"sku":"sample sku 2"}],"to":{"url":"https://example.com/sample"}}"#
        );
        assert!(made(&known, 2).starts_with(r#"{"name":"sample name 2","n":2,"#));
    }

    #[test]
    fn what_is_read_is_added_only_where_no_fields_are_known() {
        let steps = |path: &str| -> Vec<ReferenceStep> {
            path.split('.')
                .map(|name| match name {
                    "[]" => ReferenceStep::Index,
                    name => ReferenceStep::Field(name.to_owned()),
                })
                .collect()
        };
        let mut wanted = Known::named("", "", "any");
        for path in ["data.choices.[].text", "statuscode"] {
            want(&mut wanted, &steps(path), None);
        }
        let mut known = known(r#"[{"name":"statusCode","type":"number"},{"name":"data","type":"any"}]"#);
        complete(&mut known, &wanted);
        assert_eq!(
            made(&known, 1),
            r#"{"statusCode":1,"data":{"choices":[{"text":"sample text"},{"text":"sample text 2"}]}}"#
        );
    }

    #[test]
    fn functions_tell_what_they_take() {
        let mut all = BTreeMap::new();
        want_all("{{formatDate( 1.day; \"X\")}} {{parseNumber(1.a[].b)}} {{upper(1.c)}}", &mut all);
        let known = Known { kind: "collection", ..all[&ModuleId(1)].clone() };
        let text = made(&known, 1);
        assert_eq!(text, r#"{"day":"1970-01-01T00:00:00.000Z","a":[{"b":1},{"b":2}],"c":"sample c"}"#);
    }

    #[test]
    fn names_tell_dates_and_numbers_where_types_do_not() {
        let field = |name: &str, kind| Known::named(name, "", kind);
        let fields = [("createdAt", "any"), ("total_paid", "any"), ("total", "text"), ("data", "any")];
        let known = Known::output(fields.into_iter().map(|(name, kind)| field(name, kind)).collect());
        assert_eq!(
            made(&known, 1),
            r#"{"createdAt":"1970-01-01T00:00:00.000Z","total_paid":1,"total":"sample total","data":"sample data"}"#
        );
    }

    #[test]
    fn an_example_is_bounded() {
        let wide = |inner: Known| Known { kind: "array", fields: vec![inner; 40], ..Known::named("a", "", "array") };
        let known = (0..3).fold(Known::named("t", "", "text"), |inner, _| wide(inner));
        assert!(made(&Known::output(vec![known]), 1).len() < 200_000);
    }
}
