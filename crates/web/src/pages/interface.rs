//! The inputs and outputs of a scenario, edited as two lists of fields. They
//! are saved into the blueprint, where nothing else changes.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use jiff::tz::TimeZone;
use rouage_model::interface::{self, Field, Interface, Kind};
use rouage_model::{ModuleId, ScenarioId, Value, Version, json};
use rouage_sdk::params;
use rouage_store::scenarios::Scenario;
use rouage_store::{counters, scenarios};

use super::scenario::{self, Choice, Head};
use crate::query::Query;
use crate::render::{self, Form, Layout, Page, Reply};
use crate::words::{filters, t};
use crate::{PageError, Permission, Route, words};

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/scenarios/{id}/interface", Permission::SignedIn, show),
        Route::post("/scenarios/{id}/interface", Permission::SignedIn, save),
        Route::post("/scenarios/{id}/counters/reset", Permission::SignedIn, reset_counter),
    ]
}

#[derive(Template)]
#[template(path = "scenarios/interface.html")]
struct InterfacePage {
    layout: Layout,
    head: Head,
    version: String,
    problems: Vec<String>,
    sides: [Side; 2],
    counters: Vec<CounterRow>,
}

/// Inputs or outputs.
struct Side {
    /// `input` or `output`.
    name: &'static str,
    title: &'static str,
    help: &'static str,
    rows: Vec<Row>,
}

/// A field as the form has it.
struct Row {
    /// Before the names of its controls, such as `input.0`.
    prefix: String,
    /// Its name as it is saved now; empty for a new one.
    was: String,
    name: String,
    label: String,
    help: String,
    default: String,
    options: String,
    contents: String,
    kinds: Vec<Choice>,
    items: Vec<Choice>,
    required: bool,
    multiline: bool,
    /// Whether the parts that few need are open.
    is_open: bool,
}

/// A counter that is never reset by itself.
struct CounterRow {
    module: i64,
    label: String,
    value: String,
    at: words::Moment,
}

/// `GET /scenarios/{id}/interface`.
async fn show(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let (scenario, head, _) = scenario::head(&page, id, "settings").await?;
    let stored = Interface::of(&scenario.blueprint);
    let sides = [stored.inputs.iter().map(Sent::of).collect(), stored.outputs.iter().map(Sent::of).collect()];
    form(&page, &scenario, head, scenario.version, sides, Vec::new()).await
}

/// `POST /scenarios/{id}/interface`.
async fn save(page: Page, Path(id): Path<ScenarioId>, Form(sent): Form) -> Reply {
    let (scenario, head, _) = scenario::head(&page, id, "settings").await?;
    let version = Version(sent.text("version").parse().unwrap_or_default());
    let mut sides = ["input", "output"].map(|side| Sent::all(&sent, side));
    if let Some(at) = ["input", "output"].iter().position(|side| sent.text("add") == *side) {
        sides[at].push(Sent::default());
        return form(&page, &scenario, head, version, sides, Vec::new()).await;
    }
    let stored = Interface::of(&scenario.blueprint);
    let zone = TimeZone::get(&scenario.timezone).unwrap_or(TimeZone::UTC);
    let mut problems = Vec::new();
    let mut read = |rows: &[Sent], stored: &[Field]| -> Vec<Field> {
        rows.iter().map(|row| row.field(stored, &zone, &mut problems)).collect()
    };
    let edited = Interface { inputs: read(&sides[0], &stored.inputs), outputs: read(&sides[1], &stored.outputs) };
    problems.extend(edited.problems());
    if edited.needs_input() && scenario.enabled && !scenario.scheduling.is_on_demand() {
        problems.push(
            t!("A scenario with required inputs can only run on demand: set its schedule to On demand first, or give the required inputs a default.")
                .to_owned(),
        );
    }
    if !problems.is_empty() {
        return form(&page, &scenario, head, version, sides, problems).await;
    }
    let blueprint = edited.write(&scenario.blueprint).map_err(PageError::internal)?;
    let mut tx = page.app.store().begin().await?;
    scenarios::update_blueprint(&mut tx, page.app.team(), id, version, &blueprint, &scenario.links).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    render::see(&format!("/scenarios/{id}/interface?notice=saved"))
}

async fn form(
    page: &Page,
    scenario: &Scenario,
    head: Head,
    version: Version,
    sides: [Vec<Sent>; 2],
    problems: Vec<String>,
) -> Reply {
    let [inputs, outputs] = sides;
    let rows = |side: &'static str, sent: Vec<Sent>| {
        sent.into_iter().enumerate().map(|(at, row)| row.shown(format!("{side}.{at}"))).collect()
    };
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = InterfacePage {
        layout: page.layout(head.name.clone(), "scenarios").await,
        counters: counter_rows(page, scenario).await?,
        head,
        version: version.to_string(),
        problems,
        sides: [
            Side {
                name: "input",
                title: t!("Inputs"),
                help: t!("What a run is given by Run once, another scenario or the API. Map it as {{var.input.name}}."),
                rows: rows("input", inputs),
            },
            Side {
                name: "output",
                title: t!("Outputs"),
                help: t!("What the module Return output gives to whoever started the run."),
                rows: rows("output", outputs),
            },
        ],
    };
    Ok(render::page(status, &view))
}

/// A field as it was sent, or as it is sent back to be changed.
#[derive(Default)]
struct Sent {
    was: String,
    name: String,
    label: String,
    help: String,
    kind: String,
    default: String,
    options: String,
    items: String,
    contents: String,
    required: bool,
    multiline: bool,
}

impl Sent {
    fn of(field: &Field) -> Self {
        let options = field.choices.iter().map(|choice| match choice.label == choice.value {
            true => choice.value.clone(),
            false => format!("{} = {}", choice.value, choice.label),
        });
        Self {
            was: field.name.clone(),
            name: field.name.clone(),
            label: field.label.clone(),
            help: field.help.clone(),
            kind: field.kind.as_str().to_owned(),
            default: match &field.default {
                nothing if nothing.is_nothing() => String::new(),
                Value::Text(text) => text.to_string(),
                other => json::to_string(other),
            },
            options: options.collect::<Vec<_>>().join("\n"),
            items: field.item.map_or("", Kind::as_str).to_owned(),
            contents: match field.fields.is_empty() {
                true => String::new(),
                false => json::write(&interface::stored(&field.fields), json::Style::Indented("  ")),
            },
            required: field.required,
            multiline: field.multiline,
        }
    }

    /// The rows of one side that stay.
    fn all(sent: &Query, side: &str) -> Vec<Self> {
        let rows = (0..=interface::MOST_FIELDS).map_while(|at| {
            let text = |name: &str| sent.text(&format!("{side}.{at}.{name}")).to_owned();
            let yes = |name: &str| sent.is_on(&format!("{side}.{at}.{name}"));
            sent.get(&format!("{side}.{at}.name"))?;
            let row = Self {
                was: text("was"),
                name: text("name"),
                label: text("label"),
                help: text("help"),
                kind: text("type"),
                default: text("default"),
                options: text("options"),
                items: text("items"),
                contents: text("contents"),
                required: yes("required"),
                multiline: yes("multiline"),
            };
            Some((row, yes("delete")))
        });
        rows.filter(|(row, is_deleted)| !is_deleted && !row.is_blank()).map(|(row, _)| row).collect()
    }

    /// Added and never filled in.
    fn is_blank(&self) -> bool {
        self.was.is_empty() && self.name.is_empty() && self.label.is_empty()
    }

    /// The field, with what the form does not show as it is stored.
    fn field(&self, stored: &[Field], zone: &TimeZone, problems: &mut Vec<String>) -> Field {
        let kind = Kind::of(&self.kind).unwrap_or(Kind::Text);
        let before = stored.iter().find(|field| !self.was.is_empty() && field.name == self.was);
        let mut field = before.cloned().unwrap_or_else(|| Field::new(self.name.as_str(), kind));
        field.name.clone_from(&self.name);
        field.label.clone_from(&self.label);
        field.help.clone_from(&self.help);
        (field.kind, field.required, field.multiline) = (kind, self.required, self.multiline);
        field.choices = if kind == Kind::Select { choices(&self.options) } else { Vec::new() };
        field.item = Kind::of(&self.items).filter(|_| kind == Kind::Array);
        field.fields = match interface::read_list(&self.contents) {
            Ok(fields) if matches!(kind, Kind::Array | Kind::Collection | Kind::DynamicCollection) => fields,
            Ok(_) => Vec::new(),
            Err(error) => {
                problems.push(t!(
                    "The fields inside “{name}” are no list of fields: {error}.",
                    name = self.name,
                    error = error
                ));
                Vec::new()
            }
        };
        field.default = self.default_of(&field, zone, problems);
        field
    }

    /// The default in its own type; a date stays as it is written.
    fn default_of(&self, field: &Field, zone: &TimeZone, problems: &mut Vec<String>) -> Value {
        if self.default.is_empty() {
            return Value::Null;
        }
        let mut alone = field.clone();
        alone.default = Value::text(self.default.as_str());
        match params::inputs(std::slice::from_ref(&alone), &Value::Undefined, zone) {
            Ok(_) if field.kind == Kind::Date => alone.default,
            Ok(checked) => checked.field(&field.name).clone(),
            Err(misfits) => {
                problems.extend(misfits.iter().map(|misfit| t!("The default: {text}", text = misfit.text)));
                alone.default
            }
        }
    }

    fn shown(self, prefix: String) -> Row {
        let choice = |chosen: &str, value: &str, label: &str| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            is_chosen: value == chosen,
        };
        let chosen = if self.kind.is_empty() { "text" } else { &self.kind };
        let items = Kind::all().filter(|kind| {
            !matches!(kind, Kind::Array | Kind::Collection | Kind::DynamicCollection | Kind::Select | Kind::Any)
        });
        let items = items.map(|kind| choice(&self.items, kind.as_str(), kind.label()));
        Row {
            prefix,
            kinds: Kind::all().map(|kind| choice(chosen, kind.as_str(), kind.label())).collect(),
            items: std::iter::once(choice(&self.items, "", t!("Anything, or the fields below"))).chain(items).collect(),
            is_open: !self.options.is_empty() || !self.contents.is_empty() || !self.items.is_empty() || self.multiline,
            was: self.was,
            name: self.name,
            label: self.label,
            help: self.help,
            default: self.default,
            options: self.options,
            contents: self.contents,
            required: self.required,
            multiline: self.multiline,
        }
    }
}

/// One option a line: `value`, or `value = what people read`.
fn choices(text: &str) -> Vec<interface::Choice> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let choice = |line: &str| {
        let (value, label) = line.split_once(" = ").unwrap_or((line, line));
        interface::Choice { value: value.trim().to_owned(), label: label.trim().to_owned() }
    };
    lines.map(choice).collect()
}

async fn counter_rows(page: &Page, scenario: &Scenario) -> Result<Vec<CounterRow>, PageError> {
    let times = page.times().await;
    let found = counters::list(page.app.store(), page.app.team(), scenario.id).await?;
    let row = |counter: counters::Counter| {
        let module = scenario.blueprint.module(counter.module);
        let label = module.and_then(|module| module.label()).unwrap_or("Increment function").to_owned();
        CounterRow {
            module: counter.module.0,
            label,
            value: counter.value.to_string(),
            at: times.moment(counter.updated_at),
        }
    };
    Ok(found.into_iter().map(row).collect())
}

/// `POST /scenarios/{id}/counters/reset`.
async fn reset_counter(page: Page, Path(id): Path<ScenarioId>, Form(sent): Form) -> Reply {
    let module: ModuleId = sent.text("module").parse().map_err(|_| PageError::NotFound)?;
    let mut tx = page.app.store().begin().await?;
    let was_there = counters::reset(&mut tx, page.app.team(), id, module).await?;
    tx.commit().await?;
    if !was_there {
        return Err(PageError::NotFound);
    }
    render::see(&format!("/scenarios/{id}/interface?notice=saved"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_were_deleted_or_never_filled_in_go() {
        let form = Query::parse(
            "input.0.name=a&input.0.was=a&input.1.name=b&input.1.was=b&input.1.delete=1&input.2.name=&input.3.name=c&output.0.name=d",
        );
        let names = |side| Sent::all(&form, side).into_iter().map(|row| row.name).collect::<Vec<_>>();
        assert_eq!((names("input"), names("output")), (vec!["a".to_owned(), "c".to_owned()], vec!["d".to_owned()]));
    }

    #[test]
    fn defaults_are_kept_in_their_own_type() {
        let default = |kind: Kind, text: &str| {
            let sent = Sent { kind: kind.as_str().into(), name: "x".into(), default: text.into(), ..Sent::default() };
            let mut problems = Vec::new();
            let field = sent.field(&[], &TimeZone::UTC, &mut problems);
            (json::to_string(&field.default), problems)
        };
        assert_eq!(default(Kind::Number, "1.5"), ("1.5".into(), vec![]));
        assert_eq!(default(Kind::Boolean, "true"), ("true".into(), vec![]));
        assert_eq!(default(Kind::Date, "2026-11-24"), ("\"2026-11-24\"".into(), vec![]));
        assert_eq!(default(Kind::Collection, "{\"a\":1}"), ("{\"a\":1}".into(), vec![]));
        assert_eq!(default(Kind::Text, ""), ("null".into(), vec![]));
        assert_eq!(default(Kind::Number, "x").1, ["The default: “x” must be a number, not “x”."]);
    }

    #[test]
    fn options_are_lines() {
        let read = choices("fast = Very fast\n\nslow\n");
        let read: Vec<_> = read.iter().map(|choice| (choice.value.as_str(), choice.label.as_str())).collect();
        assert_eq!(read, [("fast", "Very fast"), ("slow", "slow")]);
    }
}
