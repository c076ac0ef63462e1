//! Folders of scenarios: making, renaming and deleting them, and putting
//! scenarios into them. They are shown above the list of scenarios.

use axum::extract::Path;
use rouage_model::{FolderId, ScenarioId};
use rouage_store::{Error, folders};

use super::scenario::{Choice, checked_name};
use super::scenarios;
use crate::refusal::{self, again};
use crate::render::{self, Ask, Form, Page, Reply};
use crate::routes::Permission::SignedIn;
use crate::words::t;
use crate::{PageError, Route, words};

/// Rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/folders", SignedIn, create),
        Route::post("/folders/{id}/rename", SignedIn, rename),
        Route::get("/folders/{id}/delete", SignedIn, ask_delete),
        Route::post("/folders/{id}/delete", SignedIn, delete),
        Route::post("/scenarios/{id}/folder", SignedIn, put),
    ]
}

/// A folder above the list.
pub struct FolderView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many scenarios are in it.
    pub count: u64,
    /// Whether the list shows it.
    pub is_current: bool,
}

/// All folders, the `current` one marked.
pub async fn views(page: &Page, current: Option<FolderId>) -> Result<Vec<FolderView>, PageError> {
    let all = folders::list(page.app.store(), page.app.team()).await?;
    let view = |folder: folders::Folder| FolderView {
        id: folder.id.to_string(),
        is_current: current == Some(folder.id),
        count: folder.scenarios,
        name: folder.name,
    };
    Ok(all.into_iter().map(view).collect())
}

/// The folders as choices for a scenario; none when there are no folders.
pub async fn choices(page: &Page, chosen: Option<FolderId>) -> Result<Vec<Choice>, PageError> {
    let all = folders::list(page.app.store(), page.app.team()).await?;
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let none = Choice { value: String::new(), label: t!("No folder").to_owned(), is_chosen: chosen.is_none() };
    let choice = |folder: folders::Folder| Choice {
        value: folder.id.to_string(),
        is_chosen: chosen == Some(folder.id),
        label: folder.name,
    };
    Ok(std::iter::once(none).chain(all.into_iter().map(choice)).collect())
}

/// A name that is taken, as a sentence.
fn taken(error: Error) -> PageError {
    match error {
        Error::Conflict(text) => {
            let text = format!("{}.", words::sentence(&text).trim_end_matches('.'));
            refusal::field("name", PageError::Invalid(text))
        }
        other => other.into(),
    }
}

/// `POST /folders`.
async fn create(page: Page, Form(form): Form) -> Reply {
    match store_new(&page, form.text("name")).await {
        Ok(id) => render::see(&format!("/scenarios?folder={id}&notice=created")),
        Err(error) => again(scenarios::list(page.refused(error, ("new-folder", form), "/scenarios")?).await),
    }
}

async fn store_new(page: &Page, name: &str) -> Result<FolderId, PageError> {
    let name = checked_name(name)?;
    let mut tx = page.app.store().begin().await?;
    let id = folders::create(&mut tx, page.app.team(), name).await.map_err(taken)?;
    tx.commit().await?;
    Ok(id)
}

/// `POST /folders/{id}/rename`.
async fn rename(page: Page, Path(id): Path<FolderId>, Form(form): Form) -> Reply {
    let here = format!("/scenarios?folder={id}");
    match store_name(&page, id, form.text("name")).await {
        Ok(()) => render::see(&format!("{here}&notice=renamed")),
        Err(error) => again(scenarios::list(page.refused(error, ("folder", form), &here)?).await),
    }
}

async fn store_name(page: &Page, id: FolderId, name: &str) -> Result<(), PageError> {
    let name = checked_name(name)?;
    let mut tx = page.app.store().begin().await?;
    folders::rename(&mut tx, page.app.team(), id, name).await.map_err(taken)?;
    tx.commit().await?;
    Ok(())
}

async fn find(page: &Page, id: FolderId) -> Result<folders::Folder, PageError> {
    let all = folders::list(page.app.store(), page.app.team()).await?;
    all.into_iter().find(|folder| folder.id == id).ok_or(PageError::NotFound)
}

/// `GET /folders/{id}/delete`.
async fn ask_delete(page: Page, Path(id): Path<FolderId>) -> Reply {
    let folder = find(&page, id).await?;
    render::ok(&Ask {
        layout: page.layout(t!("Delete a folder"), "scenarios").await,
        question: t!("Delete the folder “{name}”?", name = folder.name),
        consequences: vec![match folder.scenarios {
            0 => t!("It is empty.").to_owned(),
            count => {
                t!("{number} in it stay as they are, outside of any folder.", number = words::count(count, "scenario"))
            }
        }],
        action: format!("/folders/{id}/delete"),
        yes: t!("Delete folder"),
        back: format!("/scenarios?folder={id}"),
    })
}

/// `POST /folders/{id}/delete`.
async fn delete(page: Page, Path(id): Path<FolderId>) -> Reply {
    let mut tx = page.app.store().begin().await?;
    folders::delete(&mut tx, page.app.team(), id).await?;
    tx.commit().await?;
    render::see("/scenarios?notice=deleted")
}

/// `POST /scenarios/{id}/folder`.
async fn put(page: Page, Path(id): Path<ScenarioId>, Form(form): Form) -> Reply {
    let folder = match form.text("folder") {
        "" => None,
        folder => Some(folder.parse::<FolderId>().map_err(|_| PageError::NotFound)?),
    };
    let mut tx = page.app.store().begin().await?;
    folders::put(&mut tx, page.app.team(), id, folder).await?;
    tx.commit().await?;
    render::see(&format!("/scenarios/{id}/settings?notice=saved"))
}
