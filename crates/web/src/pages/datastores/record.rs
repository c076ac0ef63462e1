//! One record: its form, saved and taken away.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use rouage_model::datastore::Call;
use rouage_model::{Collection, DatastoreId, Text};
use rouage_store::{Error, WriteTx, datastores};

use super::form::{Input, inputs, read};
use super::{find, structure_of};
use crate::PageError;
use crate::query::Query;
use crate::render::{self, Ask, Form, Layout, Page, Reply};
use crate::words::{filters, t};

#[derive(Template)]
#[template(path = "datastores/record.html")]
struct Show {
    layout: Layout,
    id: String,
    store: String,
    /// The key it has; empty for a new record.
    old_key: String,
    key: String,
    delete: String,
    inputs: Vec<Input>,
    problems: Vec<String>,
}

/// The record of a key, or 404.
async fn record(page: &Page, id: DatastoreId, key: &str) -> Result<Collection, PageError> {
    let call = Call::Get { store: id, key: key.into() };
    let found = datastores::read(page.app.store(), page.app.team(), &call).await?;
    let found = found.map_err(|_| PageError::NotFound)?;
    found.field("data").as_collection().cloned().ok_or(PageError::NotFound)
}

/// `GET /datastores/{id}/record?key=`; without a key, a new one.
pub(super) async fn show(page: Page, Path(id): Path<DatastoreId>) -> Reply {
    let store = find(&page, id).await?;
    let structure = structure_of(&page, &store).await?;
    let old_key = page.query.get("key").unwrap_or_default().to_owned();
    let data = match old_key.as_str() {
        "" => None,
        key => Some(record(&page, id, key).await?),
    };
    let title = if old_key.is_empty() { t!("New record").to_owned() } else { old_key.clone() };
    let times = page.times().await;
    render::ok(&Show {
        layout: page.layout(title, "datastores").await,
        id: id.to_string(),
        store: store.name,
        delete: Query::default().with("key", &old_key),
        inputs: inputs(structure.as_ref(), data.as_ref(), &times.zone),
        key: old_key.clone(),
        old_key,
        problems: Vec::new(),
    })
}

/// `POST /datastores/{id}/record`.
pub(super) async fn save(page: Page, Path(id): Path<DatastoreId>, Form(form): Form) -> Reply {
    let store = find(&page, id).await?;
    let structure = structure_of(&page, &store).await?;
    let old_key = form.get("old_key").unwrap_or_default().to_owned();
    let old = match old_key.as_str() {
        "" => None,
        key => Some(record(&page, id, key).await?),
    };
    let times = page.times().await;
    let problems = match read(structure.as_ref(), &form, old.as_ref(), &times.zone) {
        Ok(data) => match put(&page, id, &form, data).await? {
            Ok(()) => return render::see(&format!("/datastores/{id}?notice=saved")),
            Err(problem) => vec![problem],
        },
        Err(problems) => problems,
    };
    let mut inputs = inputs(structure.as_ref(), old.as_ref(), &times.zone);
    for input in &mut inputs {
        refill(input, &form);
    }
    let title = if old_key.is_empty() { t!("New record").to_owned() } else { old_key.clone() };
    let view = Show {
        layout: page.layout(title, "datastores").await,
        id: id.to_string(),
        store: store.name,
        delete: Query::default().with("key", &old_key),
        inputs,
        key: form.text("key").to_owned(),
        old_key,
        problems,
    };
    Ok(render::page(StatusCode::UNPROCESSABLE_ENTITY, &view))
}

/// What was typed stands in the form again.
fn refill(input: &mut Input, form: &Query) {
    if let Some(typed) = form.get(&input.name).filter(|_| input.kind != "kept") {
        typed.clone_into(&mut input.value);
        for choice in &mut input.choices {
            choice.is_chosen = choice.value == typed;
        }
    }
}

/// Writes it; under another key, the old one goes in the same transaction.
/// The inner error says what the data store does not allow.
async fn put(page: &Page, id: DatastoreId, form: &Query, data: Collection) -> Result<Result<(), String>, Error> {
    let (key, old_key) = (form.text("key"), form.get("old_key").unwrap_or_default());
    let mut tx = page.app.store().begin().await?;
    let is_same = !old_key.is_empty() && key == old_key.trim();
    let key: Option<Text> = match (is_same, key) {
        (true, _) => Some(old_key.into()),
        (false, "") => None,
        (false, key) => Some(key.into()),
    };
    if !is_same && !old_key.is_empty() {
        let delete = Call::Delete { store: id, key: old_key.into() };
        if let Err(problem) = make(page, &mut tx, &delete).await? {
            return Ok(Err(problem));
        }
    }
    let add = Call::Add { store: id, key, data, overwrite: is_same };
    if let Err(problem) = make(page, &mut tx, &add).await? {
        return Ok(Err(problem));
    }
    tx.commit().await?;
    Ok(Ok(()))
}

async fn make(page: &Page, tx: &mut WriteTx, call: &Call) -> Result<Result<(), String>, Error> {
    let answer = datastores::execute(tx, page.app.team(), call, None).await?;
    Ok(answer.map(drop).map_err(|error| {
        let mut characters = error.message.chars();
        let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        format!("{first}{}.", characters.as_str().trim_end_matches('.'))
    }))
}

/// `GET /datastores/{id}/record/delete?key=`.
pub(super) async fn ask_delete(page: Page, Path(id): Path<DatastoreId>) -> Reply {
    let key = page.query.get("key").unwrap_or_default();
    record(&page, id, key).await?;
    let query = Query::default().with("key", key);
    render::ok(&Ask {
        layout: page.layout(t!("Delete a record"), "datastores").await,
        question: t!("Delete the record “{key}”?", key = key),
        consequences: vec![t!("It cannot be brought back.").to_owned()],
        action: format!("/datastores/{id}/record/delete?{query}"),
        yes: t!("Delete record"),
        back: format!("/datastores/{id}/record?{query}"),
    })
}

/// `POST /datastores/{id}/record/delete?key=`.
pub(super) async fn delete(page: Page, Path(id): Path<DatastoreId>) -> Reply {
    let key = page.query.get("key").unwrap_or_default();
    record(&page, id, key).await?;
    let mut tx = page.app.store().begin().await?;
    if make(&page, &mut tx, &Call::Delete { store: id, key: key.into() }).await?.is_err() {
        return Err(PageError::NotFound);
    }
    tx.commit().await?;
    render::see(&format!("/datastores/{id}?notice=deleted"))
}
