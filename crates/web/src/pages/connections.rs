//! Connections: accounts with other services. Secrets go in and never out.

use askama::Template;
use axum::extract::Path;
use rouage_model::{Collection, ConnectionId, Value, json};
use rouage_sdk::spec::{Field, FieldKind};
use rouage_sdk::{ConnectionSpec, Registry};
use rouage_store::connections::{self, ConnectionRow, NewConnection};
use serde::Serialize;

use super::scenario::{Choice, checked_name};
use crate::PageError;
use crate::query::Query;
use crate::render::{self, Ask, Form, Layout, Page, Reply, Times};
use crate::words::Moment;
use crate::words::{filters, t};

#[derive(Template)]
#[template(path = "connections/list.html")]
struct List {
    layout: Layout,
    search: String,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    name: String,
    kind: String,
    status: String,
    at: Moment,
}

/// `GET /connections`.
pub async fn list(page: Page) -> Reply {
    let times = page.times().await;
    let search = page.query.text("q").to_lowercase();
    let all = connections::list(page.app.store(), page.app.team(), None).await?;
    let found = all.into_iter().filter(|row| row.name.to_lowercase().contains(&search));
    let rows = found.map(|row| list_row(page.app.registry(), row, &times)).collect();
    let layout = page.layout(t!("Connections"), "connections").await;
    render::ok(&List { layout, search: page.query.text("q").to_owned(), rows })
}

fn list_row(registry: &Registry, row: ConnectionRow, times: &Times) -> Row {
    Row {
        id: row.id.to_string(),
        kind: kind_label(registry, &row.kind),
        name: row.name,
        status: row.status.unwrap_or_default(),
        at: times.moment(row.updated_at),
    }
}

/// A type of connections, for people.
pub fn kind_label(registry: &Registry, kind: &str) -> String {
    spec(registry, kind).map_or_else(|| kind.to_owned(), |spec| t(spec.label).to_owned())
}

/// What a type of connections asks for.
pub fn spec<'a>(registry: &'a Registry, kind: &str) -> Option<&'a ConnectionSpec> {
    registry.connections().find(|spec| spec.kind == kind)
}

#[derive(Template)]
#[template(path = "connections/choose.html")]
struct Choose {
    layout: Layout,
    kinds: Vec<Kind>,
}

struct Kind {
    kind: &'static str,
    label: &'static str,
    help: &'static str,
}

/// `GET /connections/new`.
pub async fn choose(page: Page) -> Reply {
    let mut kinds: Vec<Kind> = Vec::new();
    for spec in page.app.registry().connections() {
        if !kinds.iter().any(|known| known.kind == spec.kind) {
            kinds.push(Kind { kind: spec.kind, label: t(spec.label), help: t(spec.help) });
        }
    }
    render::ok(&Choose { layout: page.layout(t!("New connection"), "connections").await, kinds })
}

#[derive(Template)]
#[template(path = "connections/form.html")]
struct FormPage {
    layout: Layout,
    kind: String,
    label: &'static str,
    help: &'static str,
    name: String,
    fields: Vec<FormInput>,
    problems: Vec<String>,
}

/// An input of a form.
#[derive(Serialize)]
pub struct FormInput {
    name: &'static str,
    label: &'static str,
    help: &'static str,
    value: String,
    /// `text`, `area`, `password`, `number`, `check` or `select`.
    kind: &'static str,
    choices: Vec<Choice>,
    required: bool,
    #[serde(rename = "isSecret")]
    is_secret: bool,
}

/// What people paste as a whole file, of several lines.
const MULTILINE: &[&str] = &["ca", LEADING_SECRET];
/// Asked for before all other fields: with it, the others are not needed.
const LEADING_SECRET: &str = "service_account_key";

fn input(field: &Field, is_secret: bool, sent: &Query) -> FormInput {
    let given = sent.get(field.name).or(field.default).unwrap_or_default();
    let kind = match &field.kind {
        _ if MULTILINE.contains(&field.name) => "area",
        FieldKind::Boolean => "check",
        FieldKind::Select(_) => "select",
        FieldKind::Number | FieldKind::Integer | FieldKind::UnsignedInteger => "number",
        FieldKind::Password => "password",
        _ if is_secret => "area",
        _ => "text",
    };
    let choices = match &field.kind {
        FieldKind::Select(options) => options
            .iter()
            .map(|(value, label)| Choice {
                value: (*value).to_owned(),
                label: (*label).to_owned(),
                is_chosen: *value == given,
            })
            .collect(),
        _ => Vec::new(),
    };
    FormInput {
        name: field.name,
        label: t(field.label),
        help: t(field.help),
        // What is secret is never sent back, not even after a mistake.
        value: if is_secret { String::new() } else { given.to_owned() },
        kind,
        choices,
        required: field.required,
        is_secret,
    }
}

/// The inputs of a form, with what was sent before.
pub fn form_inputs(spec: &ConnectionSpec, sent: &Query) -> Vec<FormInput> {
    let open = spec.fields.iter().map(|field| input(field, false, sent));
    let sealed = spec.secrets.iter().map(|field| input(field, true, sent));
    let mut fields: Vec<FormInput> = open.chain(sealed).collect();
    fields.sort_by_key(|field| field.name != LEADING_SECRET);
    fields
}

async fn form_page(page: &Page, kind: &str, sent: &Query, problems: Vec<String>) -> Reply {
    let spec = spec(page.app.registry(), kind).ok_or(PageError::NotFound)?;
    let fields = form_inputs(spec, sent);
    let name = sent.text("connection_name");
    render::ok(&FormPage {
        layout: page.layout(t!("New connection: {label}", label = t(spec.label)), "connections").await,
        kind: kind.to_owned(),
        label: t(spec.label),
        help: t(spec.help),
        name: if name.is_empty() { t!("My {label}", label = t(spec.label)) } else { name.to_owned() },
        fields,
        problems,
    })
}

/// `GET /connections/new/{kind}`.
pub async fn show_form(page: Page, Path(kind): Path<String>) -> Reply {
    form_page(&page, &kind, &Query::default(), Vec::new()).await
}

/// `POST /connections/new/{kind}`.
pub async fn create(page: Page, Path(kind): Path<String>, Form(form): Form) -> Reply {
    let spec = spec(page.app.registry(), &kind).ok_or(PageError::NotFound)?;
    let mut problems = Vec::new();
    let data = values(&spec.fields, &form, &mut problems);
    let secret = values(&spec.secrets, &form, &mut problems);
    let name = match checked_name(form.text("connection_name")) {
        Ok(name) => name.to_owned(),
        Err(error) => {
            problems.push(error.to_string());
            String::new()
        }
    };
    if !problems.is_empty() {
        return form_page(&page, &kind, &form, problems).await;
    }
    let mut tx = page.app.store().begin().await?;
    let new = NewConnection { kind, name, data: data.into(), secret: secret.into() };
    let id = connections::create(&mut tx, page.app.team(), new).await?;
    tx.commit().await?;
    render::see(&format!("/connections/{id}?notice=created"))
}

/// Reads the fields of a form; names every problem.
pub fn values(fields: &[Field], form: &Query, problems: &mut Vec<String>) -> Collection {
    let mut values = Collection::new();
    for field in fields {
        let text = form.get(field.name).unwrap_or_default().trim();
        if field.kind == FieldKind::Boolean {
            values.insert(field.name, form.is_on(field.name));
            continue;
        }
        if text.is_empty() {
            if field.required {
                problems.push(t!("{label} is missing.", label = t(field.label)));
            }
            continue;
        }
        match value(field, text) {
            Ok(value) => values.insert(field.name, value),
            Err(problem) => problems.push(format!("{}: {problem}.", t(field.label))),
        }
    }
    values
}

fn value(field: &Field, text: &str) -> Result<Value, String> {
    match &field.kind {
        FieldKind::Number | FieldKind::Integer | FieldKind::UnsignedInteger => text
            .parse::<i64>()
            .map(Value::from)
            .map_err(|_| t!("{text} is not a whole number", text = format!("{text:?}"))),
        FieldKind::Collection(_) => json::parse(text.as_bytes()).map_err(|error| error.to_string()),
        FieldKind::Select(options) if !options.iter().any(|(value, _)| *value == text) => {
            Err(t!("choose one of the list").to_owned())
        }
        _ => Ok(Value::from(text)),
    }
}

#[derive(Template)]
#[template(path = "connections/show.html")]
struct Show {
    layout: Layout,
    id: String,
    name: String,
    kind: String,
    status: String,
    data: Vec<(String, String)>,
    can_be_tested: bool,
    used_by: Vec<(String, String)>,
    tested: String,
    failed: String,
    at: Moment,
}

async fn find(page: &Page, id: ConnectionId) -> Result<ConnectionRow, PageError> {
    connections::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)
}

async fn show_connection(page: &Page, id: ConnectionId, test: Option<Result<String, String>>) -> Reply {
    let row = find(page, id).await?;
    let times = page.times().await;
    let used_by = connections::used_by(page.app.store(), page.app.team(), id).await?;
    let spec = spec(page.app.registry(), &row.kind);
    let label = |name: &str| {
        let fields = spec.map(|spec| spec.fields.as_slice()).unwrap_or_default();
        fields
            .iter()
            .find(|field| field.name == name)
            .map_or_else(|| name.to_owned(), |field| t(field.label).to_owned())
    };
    let text = |value: &Value| value.as_text().map_or_else(|| json::to_string(value), str::to_owned);
    let data = row.data.as_collection().into_iter().flat_map(Collection::iter);
    let (tested, failed) = match test {
        None => (String::new(), String::new()),
        Some(Ok(text)) => (text, String::new()),
        Some(Err(text)) => (String::new(), text),
    };
    render::ok(&Show {
        layout: page.layout(row.name.clone(), "connections").await,
        id: id.to_string(),
        kind: kind_label(page.app.registry(), &row.kind),
        status: row.status.clone().unwrap_or_default(),
        can_be_tested: spec.is_some_and(|spec| spec.test.is_some()),
        data: data.map(|(name, value)| (label(name), text(value))).collect(),
        used_by: used_by.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        tested,
        failed,
        at: times.moment(row.updated_at),
        name: row.name,
    })
}

/// `GET /connections/{id}`.
pub async fn show(page: Page, Path(id): Path<ConnectionId>) -> Reply {
    show_connection(&page, id, None).await
}

/// `POST /connections/{id}/test`.
pub async fn test(page: Page, Path(id): Path<ConnectionId>) -> Reply {
    find(&page, id).await?;
    let outcome = page.app.control().test_connection(page.app.team(), id).await;
    show_connection(&page, id, Some(outcome.map_err(|error| error.message.to_string()))).await
}

/// `POST /connections/{id}/rename`.
pub async fn rename(page: Page, Path(id): Path<ConnectionId>, Form(form): Form) -> Reply {
    let name = checked_name(form.text("name"))?;
    let mut tx = page.app.store().begin().await?;
    connections::rename(&mut tx, page.app.team(), id, name).await?;
    tx.commit().await?;
    render::see(&format!("/connections/{id}?notice=renamed"))
}

/// `GET /connections/{id}/delete`.
pub async fn ask_delete(page: Page, Path(id): Path<ConnectionId>) -> Reply {
    let row = find(&page, id).await?;
    let used_by = connections::used_by(page.app.store(), page.app.team(), id).await?;
    let mut consequences = vec![t!("Its secret is erased and cannot be brought back.").to_owned()];
    consequences.extend(used_by.iter().map(|(_, name)| t!("The scenario “{name}” uses it.", name = name)));
    render::ok(&Ask {
        layout: page.layout(t!("Delete a connection"), "connections").await,
        question: t!("Delete the connection “{name}”?", name = row.name),
        consequences,
        action: format!("/connections/{id}/delete"),
        yes: t!("Delete connection"),
        back: format!("/connections/{id}"),
    })
}

/// `POST /connections/{id}/delete`.
pub async fn delete(page: Page, Path(id): Path<ConnectionId>) -> Reply {
    let mut tx = page.app.store().begin().await?;
    connections::delete(&mut tx, page.app.team(), id).await?;
    tx.commit().await?;
    render::see("/connections?notice=deleted")
}
