//! Data stores: the list, and what can be done with a whole one.

mod browse;
mod csv;
mod form;
mod record;

use askama::Template;
use axum::extract::Path;
use rouage_model::datastore::DEFAULT_MAX_SIZE;
use rouage_model::structure::Structure;
use rouage_model::{DatastoreId, StructureId};
use rouage_store::datastores::{self, Datastore, Settings};
use rouage_store::structures;

use super::scenario::{Choice, checked_name};
use crate::PageError;
use crate::query::Query;
use crate::refusal::{Problems, again};
use crate::render::{self, Ask, Form, Layout, Page, Reply, Times};
use crate::routes::{Permission, Route};
use crate::words::{self, Moment};
use crate::words::{filters, t};

/// Bytes of a megabyte in the form.
const MEGABYTE: u64 = 1024 * 1024;
/// The largest size that can be asked for, in megabytes.
const MOST_MEGABYTES: u64 = 1024 * 1024;

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    use Permission::SignedIn;
    const RECORD: usize = 40 * 1024 * 1024;
    vec![
        Route::get("/datastores", SignedIn, list),
        Route::post("/datastores", SignedIn, create),
        Route::get("/datastores/{id}", SignedIn, browse::show),
        Route::post("/datastores/{id}/settings", SignedIn, save_settings),
        Route::get("/datastores/{id}/delete", SignedIn, ask_delete),
        Route::post("/datastores/{id}/delete", SignedIn, delete),
        Route::get("/datastores/{id}/record", SignedIn, record::show),
        Route::post("/datastores/{id}/record", SignedIn, record::save).body_limit(RECORD),
        Route::get("/datastores/{id}/record/delete", SignedIn, record::ask_delete),
        Route::post("/datastores/{id}/record/delete", SignedIn, record::delete),
        Route::get("/datastores/{id}/export.csv", SignedIn, csv::export),
        Route::get("/datastores/{id}/import", SignedIn, csv::show_import),
        Route::post("/datastores/{id}/import", SignedIn, csv::import).body_limit(csv::MAX_FILE + 64 * 1024),
    ]
}

#[derive(Template)]
#[template(path = "datastores/list.html")]
struct List {
    layout: Layout,
    search: String,
    rows: Vec<Row>,
    structures: Vec<Choice>,
    megabytes: u64,
}

struct Row {
    id: String,
    name: String,
    records: String,
    structure: String,
    size: Size,
    updated: Moment,
}

/// How full a data store is.
struct Size {
    used: u64,
    most: u64,
    words: String,
    is_nearly_full: bool,
}

impl Size {
    fn of(store: &Datastore) -> Self {
        Self {
            used: store.size,
            most: store.max_size.max(1),
            words: t!("{size} of {other}", size = words::bytes(store.size), other = words::bytes(store.max_size)),
            is_nearly_full: store.size.saturating_mul(10) > store.max_size.saturating_mul(9),
        }
    }
}

/// `GET /datastores`.
async fn list(page: Page) -> Reply {
    let (store, team) = (page.app.store(), page.app.team());
    let search = page.query.text("q");
    let wanted = search.to_lowercase();
    let known = structures::list(store, team).await?;
    let times = page.times().await;
    let all = datastores::list(store, team).await?;
    let found = all.into_iter().filter(|row| row.name.to_lowercase().contains(&wanted));
    let rows = found.map(|row| list_row(row, &known, &times)).collect();
    render::ok(&List {
        layout: page.layout(t!("Data stores"), "datastores").await,
        search: search.to_owned(),
        rows,
        structures: choices(&known, page.query.text("structure").parse().ok()),
        megabytes: DEFAULT_MAX_SIZE / MEGABYTE,
    })
}

fn list_row(row: Datastore, known: &[structures::StructureRow], times: &Times) -> Row {
    let structure = known.iter().find(|known| Some(known.id) == row.structure);
    Row {
        id: row.id.to_string(),
        records: words::count(row.records, "record"),
        structure: structure.map(|known| known.name.clone()).unwrap_or_default(),
        size: Size::of(&row),
        updated: times.moment(row.updated_at),
        name: row.name,
    }
}

/// The data structures to choose from; the first means none.
fn choices(known: &[structures::StructureRow], chosen: Option<StructureId>) -> Vec<Choice> {
    let none = Choice { value: String::new(), label: t!("None: any fields").to_owned(), is_chosen: chosen.is_none() };
    let choice = |row: &structures::StructureRow| Choice {
        value: row.id.to_string(),
        label: row.name.clone(),
        is_chosen: chosen == Some(row.id),
    };
    std::iter::once(none).chain(known.iter().map(choice)).collect()
}

fn settings(form: &Query) -> Result<Settings, PageError> {
    let mut problems = Problems::default();
    let name = problems.take("name", checked_name(form.text("name"))).to_owned();
    let structure = match form.text("structure") {
        "" => Ok(None),
        id => id.parse().map(Some).map_err(|_| PageError::Invalid(t!("Choose a data structure of the list.").into())),
    };
    let structure = problems.take("structure", structure);
    let megabytes = form.text("megabytes").parse::<u64>().ok().filter(|size| (1..=MOST_MEGABYTES).contains(size));
    let size =
        || PageError::Invalid(t!("Enter a whole number from 1 to {most_megabytes}.", most_megabytes = MOST_MEGABYTES));
    let megabytes = problems.take("megabytes", megabytes.ok_or_else(size));
    problems.finish(Settings { name, structure, max_size: megabytes * MEGABYTE })
}

/// `POST /datastores`.
async fn create(page: Page, Form(form): Form) -> Reply {
    match store_new(&page, &form).await {
        Ok(id) => render::see(&format!("/datastores/{id}?notice=created")),
        Err(error) => again(list(page.refused(error, ("create", form), "/datastores")?).await),
    }
}

async fn store_new(page: &Page, form: &Query) -> Result<DatastoreId, PageError> {
    let settings = settings(form)?;
    let mut tx = page.app.store().begin().await?;
    let id = datastores::create(&mut tx, page.app.team(), settings).await?;
    tx.commit().await?;
    Ok(id)
}

/// `POST /datastores/{id}/settings`.
async fn save_settings(page: Page, Path(id): Path<DatastoreId>, Form(form): Form) -> Reply {
    let here = format!("/datastores/{id}");
    match store_settings(&page, id, &form).await {
        Ok(()) => render::see(&format!("{here}?notice=saved")),
        Err(error) => again(browse::show(page.refused(error, ("settings", form), &here)?, Path(id)).await),
    }
}

async fn store_settings(page: &Page, id: DatastoreId, form: &Query) -> Result<(), PageError> {
    let settings = settings(form)?;
    let mut tx = page.app.store().begin().await?;
    datastores::update(&mut tx, page.app.team(), id, settings).await?;
    tx.commit().await?;
    Ok(())
}

/// `GET /datastores/{id}/delete`.
async fn ask_delete(page: Page, Path(id): Path<DatastoreId>) -> Reply {
    let store = find(&page, id).await?;
    let used_by = datastores::used_by(page.app.store(), page.app.team(), id).await?;
    let mut consequences =
        vec![t!("It has {number}; they cannot be brought back.", number = words::count(store.records, "record"))];
    let uses = |(_, name): &(_, String)| t!("The scenario “{name}” uses it, and will fail without it.", name = name);
    consequences.extend(used_by.iter().map(uses));
    render::ok(&Ask {
        layout: page.layout(t!("Delete a data store"), "datastores").await,
        question: t!("Delete the data store “{name}”?", name = store.name),
        consequences,
        action: format!("/datastores/{id}/delete"),
        yes: t!("Delete data store"),
        back: format!("/datastores/{id}"),
    })
}

/// `POST /datastores/{id}/delete`.
async fn delete(page: Page, Path(id): Path<DatastoreId>) -> Reply {
    let mut tx = page.app.store().begin().await?;
    datastores::delete(&mut tx, page.app.team(), id).await?;
    tx.commit().await?;
    render::see("/datastores?notice=deleted")
}

/// The data store of a page, or 404.
async fn find(page: &Page, id: DatastoreId) -> Result<Datastore, PageError> {
    datastores::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)
}

/// What its records look like.
async fn structure_of(page: &Page, store: &Datastore) -> Result<Option<Structure>, PageError> {
    let Some(id) = store.structure else { return Ok(None) };
    let found = structures::find(page.app.store(), page.app.team(), id).await?;
    Ok(found.map(|row| row.structure))
}
