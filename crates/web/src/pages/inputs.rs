//! Run once of a scenario that takes inputs: a form made of them.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use jiff::tz::TimeZone;
use rouage_model::execution::Origin;
use rouage_model::interface::{Field, Interface, Kind};
use rouage_model::journal::Event;
use rouage_model::{Collection, ScenarioId, Value, json};
use rouage_runtime::{ControlError, RunOnce};
use rouage_sdk::params::Misfit;
use rouage_store::scenarios::Scenario;
use rouage_store::{executions, journal, scenarios};

use super::scenario::{self, Choice};
use crate::query::Query;
use crate::render::{self, Form, Layout, Page, Reply};
use crate::words::{filters, t};
use crate::{PageError, Permission, Route};

/// Before the name of an input, so that it is none of the form's own names.
const PREFIX: &str = "input.";
/// How many runs are looked through for one that a person started.
const LOOK_BACK: u32 = 20;

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/scenarios/{id}/inputs", Permission::SignedIn, show),
        Route::post("/scenarios/{id}/inputs", Permission::SignedIn, run),
    ]
}

#[derive(Template)]
#[template(path = "scenarios/inputs.html")]
struct InputsPage {
    layout: Layout,
    id: String,
    name: String,
    problem: String,
    inputs: Vec<Input>,
}

/// An input of the form.
struct Input {
    name: String,
    label: String,
    help: String,
    /// `area`, `select`, or a type of `<input>`.
    control: &'static str,
    value: String,
    choices: Vec<Choice>,
    required: bool,
    problem: String,
}

/// Whether a run of the scenario asks for something first.
pub fn asks(scenario: &Scenario) -> bool {
    !Interface::of(&scenario.blueprint).inputs.is_empty()
}

/// `GET /scenarios/{id}/inputs`.
async fn show(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let scenario = scenarios::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)?;
    let last = last_inputs(&page, id).await?;
    let zone = TimeZone::get(&scenario.timezone).unwrap_or(TimeZone::UTC);
    let shown = |field: &Field| {
        let value = last.get(&field.name).filter(|value| !value.is_nothing()).unwrap_or(&field.default);
        written(field.kind, value, &zone)
    };
    form(&page, &scenario, shown, None, StatusCode::OK).await
}

/// What a person gave the last time.
async fn last_inputs(page: &Page, id: ScenarioId) -> Result<Value, PageError> {
    let (store, team) = (page.app.store(), page.app.team());
    let filter = executions::Filter { scenario: Some(id), ..executions::Filter::default() };
    let runs = executions::list(store, team, &filter, None, LOOK_BACK).await?;
    let Some(run) = runs.items.into_iter().find(|run| run.origin == Origin::Manual) else {
        return Ok(Value::Undefined);
    };
    Ok(match journal::first(store, run.id).await? {
        Some(Event::Started { inputs, .. }) => inputs,
        _ => Value::Undefined,
    })
}

/// `POST /scenarios/{id}/inputs`.
async fn run(page: Page, Path(id): Path<ScenarioId>, Form(sent): Form) -> Reply {
    let scenario = scenarios::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)?;
    let fields = Interface::of(&scenario.blueprint).inputs;
    let given: Collection = fields.iter().filter_map(|field| Some((field.name.clone(), read(field, &sent)?))).collect();
    let unreadable: Vec<Misfit> = fields.iter().filter_map(|field| unreadable(field, &given)).collect();
    let started = match unreadable.is_empty() {
        true => page.app.control().run_once(page.app.team(), id, None, &given.into()).await,
        false => Err(ControlError::Inputs(unreadable)),
    };
    match started {
        Ok(RunOnce::Started(execution)) => render::see(&format!("/executions/{execution}")),
        Ok(RunOnce::Listening) => render::see(&format!("/scenarios/{id}?notice=listening")),
        Err(error @ ControlError::Inputs(_)) => {
            let shown = |field: &Field| sent.get(&format!("{PREFIX}{}", field.name)).unwrap_or_default().to_owned();
            form(&page, &scenario, shown, Some(&error), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => Err(scenario::refuse(error, "run")),
    }
}

async fn form(
    page: &Page,
    scenario: &Scenario,
    shown: impl Fn(&Field) -> String,
    refused: Option<&ControlError>,
    status: StatusCode,
) -> Reply {
    let misfits = match refused {
        Some(ControlError::Inputs(misfits)) => misfits.as_slice(),
        _ => &[],
    };
    let fields = Interface::of(&scenario.blueprint).inputs;
    let inputs = fields.iter().map(|field| {
        // Parts of an input are told beside it.
        let is_of = |path: &str| {
            path.strip_prefix(&field.name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let problems: Vec<&str> =
            misfits.iter().filter(|misfit| is_of(&misfit.field)).map(|misfit| misfit.text.as_ref()).collect();
        input(field, shown(field), problems.join(" "))
    });
    let inputs: Vec<Input> = inputs.collect();
    let problem = if misfits.is_empty() { "" } else { t!("Nothing was run yet: look at what is marked below.") };
    let page = InputsPage {
        layout: page.layout(t!("Run once: {name}", name = scenario.name), "scenarios").await,
        id: scenario.id.to_string(),
        name: scenario.name.clone(),
        problem: problem.to_owned(),
        inputs,
    };
    Ok(render::page(status, &page))
}

fn input(field: &Field, value: String, problem: String) -> Input {
    let choice = |value_: &str, label: &str| Choice {
        value: value_.to_owned(),
        label: label.to_owned(),
        is_chosen: value_ == value,
    };
    let choices = match field.kind {
        Kind::Boolean => vec![choice("", t!("Not set")), choice("true", t!("Yes")), choice("false", t!("No"))],
        Kind::Select => {
            let options = field.choices.iter().map(|option| choice(&option.value, &option.label));
            std::iter::once(choice("", t!("Not set"))).chain(options).collect()
        }
        _ => Vec::new(),
    };
    Input {
        name: format!("{PREFIX}{}", field.name),
        label: field.title().to_owned(),
        help: help(field),
        control: control(field),
        value,
        choices,
        required: field.required && field.default.is_nothing(),
        problem,
    }
}

fn help(field: &Field) -> String {
    let kind = match field.kind {
        Kind::Array => t!("A list, as JSON."),
        Kind::Collection | Kind::DynamicCollection => t!("A collection, as JSON."),
        Kind::Color => t!("Such as #22aa44."),
        _ => "",
    };
    [field.help.trim(), kind].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn control(field: &Field) -> &'static str {
    match field.kind {
        Kind::Array | Kind::Collection | Kind::DynamicCollection | Kind::Any => "area",
        Kind::Text if field.multiline => "area",
        Kind::Boolean | Kind::Select => "select",
        Kind::Number | Kind::Integer | Kind::UnsignedInteger => "number",
        Kind::Date => "datetime-local",
        Kind::Email => "email",
        Kind::Url => "url",
        Kind::Text | Kind::Uuid | Kind::Color => "text",
    }
}

/// A value as its control has it.
fn written(kind: Kind, value: &Value, zone: &TimeZone) -> String {
    match value {
        nothing if nothing.is_nothing() => String::new(),
        Value::Date(at) => zone.to_datetime(*at).strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        Value::Text(text) if kind == Kind::Date => text.trim_end_matches('Z').to_owned(),
        Value::Text(text) => text.to_string(),
        Value::Collection(_) | Value::Array(_) => json::write(value, json::Style::Indented("  ")),
        other => json::to_string(other),
    }
}

/// A list or a collection that was begun as JSON and cannot be read. It would
/// pass as a text otherwise, as the only item of a list.
fn unreadable(field: &Field, given: &Collection) -> Option<Misfit> {
    let (Kind::Array | Kind::Collection | Kind::DynamicCollection, Some(Value::Text(text))) =
        (field.kind, given.get(&field.name))
    else {
        return None;
    };
    let error = text.starts_with(['[', '{']).then(|| json::parse_bounded(text.as_bytes()).err())??;
    Some(Misfit { field: field.name.to_string(), text: t!("This is not JSON: {error}.", error = error).into() })
}

/// What was sent for an input; nothing when it was left empty.
fn read(field: &Field, sent: &Query) -> Option<Value> {
    let text = sent.get(&format!("{PREFIX}{}", field.name))?;
    if text.trim().is_empty() {
        return None;
    }
    Some(match field.kind {
        // A browser sends CR LF.
        Kind::Text | Kind::Any => text.replace("\r\n", "\n").into(),
        _ => text.trim().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_their_controls_take_them() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        let at: jiff::Timestamp = "2026-11-24T09:00:00Z".parse().unwrap();
        assert_eq!(written(Kind::Date, &at.into(), &paris), "2026-11-24T10:00:00");
        assert_eq!(written(Kind::Number, &Value::from(1.5), &paris), "1.5");
        assert_eq!(written(Kind::Boolean, &true.into(), &paris), "true");
        assert_eq!(written(Kind::Text, &Value::Null, &paris), "");
    }

    #[test]
    fn json_that_cannot_be_read_is_told() {
        let told =
            |kind, text: &str| unreadable(&Field::new("n", kind), &Collection::from_iter([("n", text)])).is_some();
        assert!(told(Kind::Array, "[1,") && told(Kind::Collection, "{\"a\""));
        assert!(!told(Kind::Array, "[1]") && !told(Kind::Array, "one") && !told(Kind::Text, "[1,"));
    }

    #[test]
    fn what_is_left_empty_is_not_given() {
        let field = Field::new("n", Kind::Number);
        assert_eq!(read(&field, &Query::parse("input.n=+")), None);
        assert_eq!(read(&field, &Query::parse("input.n=+7")), Some("7".into()));
        assert_eq!(read(&field, &Query::parse("n=7")), None);
        let text = Field::new("t", Kind::Text);
        assert_eq!(read(&text, &Query::parse("input.t=a%0D%0Ab")), Some("a\nb".into()));
    }
}
