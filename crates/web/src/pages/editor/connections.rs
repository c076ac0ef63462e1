//! Accounts for the forms of the editor: which fit a field, and making one
//! without leaving the module.

use axum::Json;
use axum::extract::Path;
use axum::response::IntoResponse;
use rouage_model::{ConnectionId, Value};
use rouage_runtime::has_built_in;
use rouage_sdk::ConnectionSpec;
use rouage_store::connections::{self as store, ConnectionRow, NewConnection};
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Refusal};
use crate::pages::connections::{self, FormInput};
use crate::pages::scenario::checked_name;
use crate::query::Query;
use crate::render::Page;
use crate::routes::Permission::SignedIn;
use crate::words::t;
use crate::{PageError, Route};

/// Rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/editor/connections", SignedIn, list),
        Route::get("/editor/connections/new/{kind}", SignedIn, form),
        Route::post("/editor/connections/new/{kind}", SignedIn, create),
        Route::post("/editor/connections/{id}/test", SignedIn, test),
    ]
}

fn json(body: &impl Serialize) -> Answer {
    Ok(Json(body).into_response())
}

#[derive(Serialize)]
struct List {
    choices: Vec<Choice>,
    /// What Rouage itself stands in with; it is chosen as `builtin`.
    #[serde(rename = "builtIn")]
    built_in: Option<&'static str>,
    /// Types that a new one can have.
    create: Vec<Kind>,
}

#[derive(Serialize)]
struct Choice {
    value: String,
    label: String,
    note: String,
}

#[derive(Serialize)]
struct Kind {
    kind: &'static str,
    label: &'static str,
}

/// `GET /editor/connections?kinds=google,smtp`.
pub async fn list(page: Page) -> Answer {
    let kinds: Vec<&str> = page.query.text("kinds").split(',').filter(|kind| !kind.is_empty()).collect();
    let all = store::list(page.app.store(), page.app.team(), None).await?;
    let fitting = all.into_iter().filter(|row| kinds.contains(&row.kind.as_str()));
    let mut create: Vec<Kind> = Vec::new();
    for spec in page.app.registry().connections() {
        if kinds.contains(&spec.kind) && !create.iter().any(|known| known.kind == spec.kind) {
            create.push(Kind { kind: spec.kind, label: t(spec.label) });
        }
    }
    json(&List { choices: fitting.map(|row| choice(&page, row)).collect(), built_in: built_in(&kinds), create })
}

/// What stands in without an account, in words.
fn built_in(kinds: &[&str]) -> Option<&'static str> {
    has_built_in(kinds).then(|| match kinds.contains(&"google") {
        true => t!("Built-in spreadsheets"),
        false => t!("Built-in outbox"),
    })
}

fn choice(page: &Page, row: ConnectionRow) -> Choice {
    let kind = connections::kind_label(page.app.registry(), &row.kind);
    let note = match row.status.as_deref() {
        Some(status) if !status.is_empty() && status != "ok" => format!("{kind}: {status}"),
        _ => kind,
    };
    Choice { value: row.id.to_string(), label: row.name, note }
}

#[derive(Serialize)]
struct Asked {
    kind: String,
    label: &'static str,
    help: &'static str,
    name: String,
    fields: Vec<FormInput>,
    #[serde(rename = "canBeTested")]
    can_be_tested: bool,
}

fn spec<'p>(page: &'p Page, kind: &str) -> Result<&'p ConnectionSpec, PageError> {
    connections::spec(page.app.registry(), kind).ok_or(PageError::NotFound)
}

/// `GET /editor/connections/new/{kind}`: what is asked for.
pub async fn form(page: Page, Path(kind): Path<String>) -> Answer {
    let spec = spec(&page, &kind)?;
    json(&Asked {
        label: t(spec.label),
        help: t(spec.help),
        name: t!("My {label}", label = t(spec.label)),
        fields: connections::form_inputs(spec, &Query::default()),
        can_be_tested: spec.test.is_some(),
        kind,
    })
}

/// A new connection as the dialog sends it.
#[derive(Deserialize)]
pub struct New {
    name: String,
    values: Vec<(String, String)>,
}

#[derive(Serialize)]
struct Made {
    id: String,
    name: String,
}

/// `POST /editor/connections/new/{kind}`.
pub async fn create(page: Page, Path(kind): Path<String>, Json(new): Json<New>) -> Answer {
    let spec = spec(&page, &kind)?;
    let sent = Query::of(new.values);
    let mut problems = Vec::new();
    let data = connections::values(&spec.fields, &sent, &mut problems);
    let secret = connections::values(&spec.secrets, &sent, &mut problems);
    let name = new.name.trim();
    if let Err(error) = checked_name(name) {
        problems.push(error.to_string());
    }
    if !problems.is_empty() {
        let list: Vec<Value> = problems.iter().map(|problem| Value::from(problem.as_str())).collect();
        return Err(Refusal::invalid(problems.join(" ")).with("problems", list));
    }
    let mut tx = page.app.store().begin().await?;
    let new = NewConnection { kind, name: name.to_owned(), data: data.into(), secret: secret.into() };
    let id = store::create(&mut tx, page.app.team(), new).await?;
    tx.commit().await?;
    json(&Made { id: id.to_string(), name: name.to_owned() })
}

#[derive(Serialize)]
struct Tested {
    works: bool,
    text: String,
}

/// `POST /editor/connections/{id}/test`.
pub async fn test(page: Page, Path(id): Path<ConnectionId>) -> Answer {
    store::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)?;
    let outcome = page.app.control().test_connection(page.app.team(), id).await;
    json(&match outcome {
        Ok(text) => Tested { works: true, text },
        Err(error) => Tested { works: false, text: error.message.to_string() },
    })
}
