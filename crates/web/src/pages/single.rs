//! "Run this module only": the values that the module reads are written down,
//! prefilled with those of the last run, and the module runs by itself.

use askama::Template;
use axum::extract::Path;
use rouage_model::{ExecutionId, ModuleId, ScenarioId, Value, json};
use rouage_runtime::Wanted;
use rouage_store::scenarios;

use super::scenario::refuse;
use crate::PageError;
use crate::look::{self, Look};
use crate::query::Query;
use crate::refusal::{Problems, again};
use crate::render::{self, Form, Layout, Page, Reply};
use crate::words::{filters, noted, t};

#[derive(Template)]
#[template(path = "scenarios/single.html")]
struct Show {
    layout: Layout,
    scenario: String,
    scenario_id: String,
    number: String,
    look: Look,
    fields: Vec<Field>,
}

/// The types to choose from, with their names for people.
pub const KINDS: [(&str, &str); 5] = [
    ("text", noted!("Text")),
    ("number", noted!("Number")),
    ("boolean", noted!("Boolean (true or false)")),
    ("date", noted!("Date")),
    ("json", noted!("Collection or array (JSON)")),
];

/// A value to write down.
pub struct Field {
    pub key: String,
    pub label: String,
    pub text: String,
    pub kind: &'static str,
    pub is_long: bool,
}

/// `GET /scenarios/{id}/modules/{module}/run`.
pub async fn show(page: Page, Path((id, module)): Path<(ScenarioId, ModuleId)>) -> Reply {
    let scenario = scenarios::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)?;
    let wanted = wanted(&page, id, module).await?;
    let found = scenario.blueprint.module(module).ok_or(PageError::NotFound)?;
    render::ok(&Show {
        layout: page.layout(t!("Run this module only"), "scenarios").await,
        scenario_id: id.to_string(),
        number: module.to_string(),
        look: look::of(page.app.registry(), found),
        fields: wanted.iter().map(field).collect(),
        scenario: scenario.name,
    })
}

/// `POST /scenarios/{id}/modules/{module}/run`.
pub async fn run(page: Page, Path((id, module)): Path<(ScenarioId, ModuleId)>, Form(form): Form) -> Reply {
    match start(&page, (id, module), &form).await {
        Ok(run) => render::see(&format!("/executions/{run}")),
        Err(error) => {
            let here = format!("/scenarios/{id}/modules/{module}/run");
            again(show(page.refused(error, ("single", form), &here)?, Path((id, module))).await)
        }
    }
}

async fn start(page: &Page, (id, module): (ScenarioId, ModuleId), form: &Query) -> Result<ExecutionId, PageError> {
    let (mut given, mut problems) = (wanted(page, id, module).await?, Problems::default());
    for one in &mut given {
        one.value = problems.take(&format!("v.{}", key(one)), read(form, one));
    }
    let given = problems.finish(given)?;
    let run = page.app.control().run_module(page.app.team(), id, module, &given).await;
    run.map_err(|error| refuse(error, "run"))
}

async fn wanted(page: &Page, id: ScenarioId, module: ModuleId) -> Result<Vec<Wanted>, PageError> {
    let values = page.app.control().module_values(page.app.team(), id, module).await;
    values.map_err(|error| refuse(error, "run"))
}

fn key(wanted: &Wanted) -> String {
    format!("{}.{}", wanted.module, wanted.field)
}

/// A value as it is written down, with the type that it has.
pub fn field(wanted: &Wanted) -> Field {
    let label = match wanted.field.as_str() {
        "" => t!("The whole bundle of module {module}", module = wanted.module),
        field => format!("{}. {field}", wanted.module),
    };
    let (kind, text) = match &wanted.value {
        Value::Text(text) => ("text", text.to_string()),
        Value::Boolean(yes) => ("boolean", yes.to_string()),
        Value::Number(number) => ("number", number.to_string()),
        Value::Date(at) => ("date", json::iso(*at)),
        Value::Array(_) | Value::Collection(_) => ("json", json::write(&wanted.value, json::Style::Indented("  "))),
        // The bytes of a file cannot be written down in a form.
        _ if wanted.field.is_empty() => ("json", "{}".to_owned()),
        _ => ("text", String::new()),
    };
    let is_long = kind == "json" || text.len() > 60 || text.contains('\n');
    Field { key: key(wanted), label, text, kind, is_long }
}

/// The value as its type reads it. An empty field of any type but text is no
/// value.
fn read(form: &Query, wanted: &Wanted) -> Result<Value, PageError> {
    let key = key(wanted);
    let written = form.get(&format!("v.{key}")).unwrap_or_default();
    typed(wanted, form.text(&format!("k.{key}")), written)
}

/// What was written down, as a value of this type.
pub fn typed(wanted: &Wanted, kind: &str, written: &str) -> Result<Value, PageError> {
    let key = key(wanted);
    if kind != "text" && written.trim().is_empty() {
        return Ok(Value::Undefined);
    }
    let bad = |what: &str| {
        PageError::Invalid(t!(
            "{key}: {written} is not {what}.",
            key = key,
            written = format!("{written:?}"),
            what = what
        ))
    };
    match kind {
        "number" => match json::parse(written.trim().as_bytes()) {
            Ok(number @ Value::Number(_)) => Ok(number),
            _ => Err(bad(t!("a number"))),
        },
        "boolean" => match written.trim() {
            "true" | "yes" | "Yes" => Ok(true.into()),
            "false" | "no" | "No" => Ok(false.into()),
            _ => Err(bad(t!("true or false"))),
        },
        "date" => match written.trim().parse::<jiff::Timestamp>() {
            Ok(at) => Ok(at.into()),
            Err(_) => Err(bad(t!("a date such as 2026-11-24T08:00:00Z"))),
        },
        "json" => match json::parse(written.as_bytes()) {
            Ok(value) if !wanted.field.is_empty() || matches!(value, Value::Collection(_)) => Ok(value),
            Ok(_) => Err(bad(t!("a JSON object"))),
            Err(error) => Err(PageError::Invalid(t!("{key} is not JSON: {error}.", key = key, error = error))),
        },
        _ => Ok(written.replace("\r\n", "\n").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(value: Value) -> Wanted {
        Wanted { module: ModuleId(3), field: "a b".into(), value }
    }

    #[test]
    fn what_is_shown_is_read_as_it_was() {
        let array: Value = vec![Value::from(1), "x".into()].into();
        for value in [Value::text("007"), Value::from(7), Value::from(true), array, Value::text("")] {
            let shown = field(&wanted(value.clone()));
            let encoded: String =
                percent_encoding::utf8_percent_encode(&shown.text, percent_encoding::NON_ALPHANUMERIC).to_string();
            let form = Query::parse(&format!("v.3.a+b={encoded}&k.3.a+b={}", shown.kind));
            assert_eq!(read(&form, &wanted(Value::Undefined)).unwrap(), value);
        }
        let form = Query::parse("v.3.a+b=seven&k.3.a+b=number");
        assert!(read(&form, &wanted(Value::Undefined)).is_err());
    }
}
