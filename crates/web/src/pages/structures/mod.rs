//! Data structures: the list, and the editor of one. The editor works without
//! scripts: every button sends the whole form, which is kept as a draft in the
//! page until it is saved.

mod draft;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use rouage_model::StructureId;
use rouage_model::structure::{Kind, Structure};
use rouage_store::structures::{self, StructureRow, Users};

use self::draft::{Draft, Row};
use super::scenario::{Choice, checked_name};
use crate::PageError;
use crate::render::{self, Ask, Form, Layout, Page, Reply, Times};
use crate::routes::{Permission, Route};
use crate::words::{self, Moment};
use crate::words::{filters, t};

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    use Permission::SignedIn;
    vec![
        Route::get("/structures", SignedIn, list),
        Route::get("/structures/new", SignedIn, show_new),
        Route::post("/structures/new", SignedIn, create),
        Route::get("/structures/{id}", SignedIn, show),
        Route::post("/structures/{id}", SignedIn, save),
        Route::get("/structures/{id}/delete", SignedIn, ask_delete),
        Route::post("/structures/{id}/delete", SignedIn, delete),
    ]
}

#[derive(Template)]
#[template(path = "structures/list.html")]
struct List {
    layout: Layout,
    search: String,
    rows: Vec<Listed>,
}

struct Listed {
    id: String,
    name: String,
    fields: String,
    is_strict: bool,
    updated: Moment,
}

/// `GET /structures`.
async fn list(page: Page) -> Reply {
    let search = page.query.text("q");
    let wanted = search.to_lowercase();
    let times = page.times().await;
    let all = structures::list(page.app.store(), page.app.team()).await?;
    let found = all.into_iter().filter(|row| row.name.to_lowercase().contains(&wanted));
    render::ok(&List {
        layout: page.layout(t!("Data structures"), "datastores").await,
        search: search.to_owned(),
        rows: found.map(|row| listed(row, &times)).collect(),
    })
}

fn listed(row: StructureRow, times: &Times) -> Listed {
    Listed {
        id: row.id.to_string(),
        fields: words::count(row.structure.fields.len() as u64, "field"),
        is_strict: row.structure.strict,
        updated: times.moment(row.updated_at),
        name: row.name,
    }
}

#[derive(Template)]
#[template(path = "structures/show.html")]
struct Show {
    layout: Layout,
    /// Where the form goes.
    action: String,
    /// Empty for a new one.
    id: String,
    name: String,
    is_strict: bool,
    rows: Vec<RowView>,
    sample: String,
    problem: String,
    used_by: Vec<(String, String)>,
}

/// A field with its choices.
struct RowView {
    at: usize,
    row: Row,
    kinds: Vec<Choice>,
    items: Vec<Choice>,
    is_array: bool,
    has_fields: bool,
    has_options: bool,
    indent: usize,
}

impl RowView {
    fn new((at, row): (usize, Row)) -> Self {
        let kinds = Kind::ALL.iter().map(|kind| choice(kind.as_str(), t(kind.label()), row.kind.as_str()));
        let items = [("collection", t!("Collections, with the fields below")), ("", t!("Anything"))];
        let items = items.into_iter().chain(
            Kind::ALL
                .iter()
                .filter(|kind| !kind.is_nested() && **kind != Kind::Any)
                .map(|kind| (kind.as_str(), t(kind.label()))),
        );
        Self {
            at,
            kinds: kinds.collect(),
            items: items.map(|(value, label)| choice(value, label, &row.items)).collect(),
            is_array: row.kind == Kind::Array,
            has_fields: row.takes_fields(),
            has_options: row.kind == Kind::Text,
            indent: row.level.min(5),
            row,
        }
    }
}

fn choice(value: &str, label: &str, chosen: &str) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), is_chosen: value == chosen }
}

/// What a form holds, or what is stored.
struct Edited {
    id: Option<StructureId>,
    name: String,
    is_strict: bool,
    draft: Draft,
    sample: String,
    problem: String,
}

async fn editor(page: &Page, edited: Edited) -> Reply {
    let Edited { id, name, is_strict, draft, sample, problem } = edited;
    let used_by = match id {
        Some(id) => users(structures::users(page.app.store(), page.app.team(), id).await?),
        None => Vec::new(),
    };
    let title = if name.is_empty() { t!("New data structure").to_owned() } else { name.clone() };
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = Show {
        layout: page.layout(title, "datastores").await,
        action: id.map_or_else(|| "/structures/new".to_owned(), |id| format!("/structures/{id}")),
        id: id.map(|id| id.to_string()).unwrap_or_default(),
        name,
        is_strict,
        rows: draft.rows.into_iter().enumerate().map(RowView::new).collect(),
        sample,
        problem,
        used_by,
    };
    Ok(render::page(status, &view))
}

/// Links and what they are called.
fn users(users: Users) -> Vec<(String, String)> {
    let stores = users
        .datastores
        .into_iter()
        .map(|(id, name)| (format!("/datastores/{id}"), t!("Data store “{name}”", name = name)));
    let scenarios = users
        .scenarios
        .into_iter()
        .map(|(id, name)| (format!("/scenarios/{id}"), t!("Scenario “{name}”", name = name)));
    let hooks =
        users.hooks.into_iter().map(|(id, name)| (format!("/webhooks/{id}"), t!("Webhook “{name}”", name = name)));
    stores.chain(scenarios).chain(hooks).collect()
}

/// `GET /structures/new`.
async fn show_new(page: Page) -> Reply {
    let (name, draft) = (String::new(), Draft { rows: vec![Row::default()] });
    let (sample, problem) = (String::new(), String::new());
    editor(&page, Edited { id: None, name, is_strict: false, draft, sample, problem }).await
}

/// `GET /structures/{id}`.
async fn show(page: Page, Path(id): Path<StructureId>) -> Reply {
    let row = find(&page, id).await?;
    let draft = Draft::of(&row.structure);
    let (sample, problem) = (String::new(), String::new());
    editor(&page, Edited { id: Some(id), name: row.name, is_strict: row.structure.strict, draft, sample, problem })
        .await
}

async fn find(page: &Page, id: StructureId) -> Result<StructureRow, PageError> {
    structures::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)
}

/// `POST /structures/new`.
async fn create(page: Page, Form(form): Form) -> Reply {
    edit(&page, None, &form).await
}

/// `POST /structures/{id}`.
async fn save(page: Page, Path(id): Path<StructureId>, Form(form): Form) -> Reply {
    find(&page, id).await?;
    edit(&page, Some(id), &form).await
}

/// Does what the pressed button says: changes the draft, or saves it.
async fn edit(page: &Page, id: Option<StructureId>, form: &crate::query::Query) -> Reply {
    let mut edited = Edited {
        id,
        name: form.text("name").to_owned(),
        is_strict: form.is_on("strict"),
        draft: Draft::read(form),
        sample: form.get("sample").unwrap_or_default().to_owned(),
        problem: String::new(),
    };
    let action = form.text("action").to_owned();
    if action == "generate" {
        match draft::generate(&edited.sample) {
            Ok(generated) => (edited.draft, edited.sample) = (generated, String::new()),
            Err(problem) => edited.problem = problem,
        }
        return editor(page, edited).await;
    }
    if action != "save" {
        edited.draft.change(&action);
        return editor(page, edited).await;
    }
    match store(page, &edited).await? {
        Ok(id) => render::see(&format!("/structures/{id}?notice=saved")),
        Err(problem) => {
            edited.problem = problem;
            editor(page, edited).await
        }
    }
}

/// The inner error says what is wrong with the draft.
async fn store(page: &Page, edited: &Edited) -> Result<Result<StructureId, String>, PageError> {
    let name = match checked_name(&edited.name) {
        Ok(name) => name,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let structure = match edited.draft.structure(edited.is_strict) {
        Ok(structure) => structure,
        Err(problem) => return Ok(Err(problem)),
    };
    let mut tx = page.app.store().begin().await?;
    let id = put(&mut tx, page, edited.id, name, &structure).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    Ok(Ok(id))
}

async fn put(
    tx: &mut rouage_store::WriteTx,
    page: &Page,
    id: Option<StructureId>,
    name: &str,
    structure: &Structure,
) -> Result<StructureId, PageError> {
    match id {
        None => Ok(structures::create(tx, page.app.team(), name, structure).await?),
        Some(id) => {
            structures::update(tx, page.app.team(), id, name, structure).await?;
            Ok(id)
        }
    }
}

/// `GET /structures/{id}/delete`.
async fn ask_delete(page: Page, Path(id): Path<StructureId>) -> Reply {
    let row = find(&page, id).await?;
    let used = users(structures::users(page.app.store(), page.app.team(), id).await?);
    let mut consequences = vec![t!("Records and bundles stay as they are; only their description goes.").to_owned()];
    consequences.extend(used.into_iter().map(|(_, who)| t!("{who} uses it.", who = who)));
    render::ok(&Ask {
        layout: page.layout(t!("Delete a data structure"), "datastores").await,
        question: t!("Delete the data structure “{name}”?", name = row.name),
        consequences,
        action: format!("/structures/{id}/delete"),
        yes: t!("Delete data structure"),
        back: format!("/structures/{id}"),
    })
}

/// `POST /structures/{id}/delete`.
async fn delete(page: Page, Path(id): Path<StructureId>) -> Reply {
    let mut tx = page.app.store().begin().await?;
    structures::delete(&mut tx, page.app.team(), id).await.map_err(|error| match error {
        rouage_store::Error::Conflict(reason) => {
            PageError::Invalid(t!("It cannot be deleted: {reason}.", reason = reason))
        }
        other => other.into(),
    })?;
    tx.commit().await?;
    render::see("/structures?notice=deleted")
}
