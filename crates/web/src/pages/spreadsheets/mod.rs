//! Built-in spreadsheets: the list, and what can be done with a whole one.

mod api_tokens;
mod download;
mod grid;
mod tabs;

use askama::Template;
use axum::extract::Path;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rouage_model::Value;
use rouage_model::sheets::Call;
use rouage_store::sheets::{self, Listed, Spreadsheet, Tab};

use crate::PageError;
use crate::render::{self, Form, Layout, Page, Pager, Reply, Times};
use crate::routes::{Permission, Route};
use crate::words::{self, Moment};
use crate::words::{filters, t};
use api_tokens::Tokens;

/// Characters of a title.
const LONGEST_TITLE: usize = 200;

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    use Permission::SignedIn;
    vec![
        Route::get("/spreadsheets", SignedIn, list),
        Route::post("/spreadsheets", SignedIn, create),
        Route::post("/spreadsheets/tokens", SignedIn, api_tokens::create),
        Route::post("/spreadsheets/tokens/{token}/revoke", SignedIn, api_tokens::revoke),
        Route::get("/spreadsheets/{id}", SignedIn, grid::show),
        Route::post("/spreadsheets/{id}/rename", SignedIn, rename),
        Route::post("/spreadsheets/{id}/delete", SignedIn, delete),
        Route::post("/spreadsheets/{id}/restore", SignedIn, restore),
        Route::post("/spreadsheets/{id}/cells", SignedIn, grid::save_cells).body_limit(10 * 1024 * 1024),
        Route::post("/spreadsheets/{id}/rows", SignedIn, grid::add_row),
        Route::post("/spreadsheets/{id}/sheets", SignedIn, tabs::add),
        Route::post("/spreadsheets/{id}/sheets/{sheet}/rename", SignedIn, tabs::rename),
        Route::post("/spreadsheets/{id}/sheets/{sheet}/delete", SignedIn, tabs::delete),
        Route::get("/spreadsheets/{id}/download.xlsx", SignedIn, download::xlsx),
        Route::get("/spreadsheets/{id}/download.csv", SignedIn, download::csv),
    ]
}

#[derive(Template)]
#[template(path = "spreadsheets/list.html")]
struct List {
    layout: Layout,
    search: String,
    rows: Vec<Row>,
    pager: Pager,
    /// Where to undo a deletion that was just made; empty when none was.
    undo: String,
    tokens: Tokens,
}

struct Row {
    href: String,
    title: String,
    size: String,
    updated: Moment,
}

/// `GET /spreadsheets`.
async fn list(page: Page) -> Reply {
    show_list(&page, String::new()).await
}

/// The list, with a token that was just made, if one was.
async fn show_list(page: &Page, new_token: String) -> Reply {
    let search = page.search().unwrap_or_default();
    let list = sheets::list(page.app.store(), page.app.team(), search, page.request()).await?;
    let times = page.times().await;
    let deleted = page.query.text("deleted");
    render::ok(&List {
        layout: page.layout(t!("Spreadsheets"), "spreadsheets").await,
        search: search.to_owned(),
        pager: Pager::new(&list, &page.query, "spreadsheet"),
        rows: list.items.into_iter().map(|item| row(item, &times)).collect(),
        undo: if deleted.is_empty() { String::new() } else { format!("{}/restore", href(deleted)) },
        tokens: Tokens::load(page, new_token, &times).await?,
    })
}

fn row(item: Listed, times: &Times) -> Row {
    let sheets = if item.sheets > 1 { t!(" in {sheets} sheets", sheets = item.sheets) } else { String::new() };
    Row {
        href: href(&item.id),
        title: item.title,
        size: format!("{}{sheets}", words::count(item.rows, "row")),
        updated: times.moment(item.updated_at),
    }
}

/// What needs no encoding in an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A text as it stands in an address.
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// The path of a spreadsheet. Ids may come from a blueprint, so they are encoded.
fn href(id: &str) -> String {
    format!("/spreadsheets/{}", encoded(id))
}

/// The spreadsheet of a page, or 404.
async fn find(page: &Page, id: &str) -> Result<Spreadsheet, PageError> {
    sheets::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)
}

/// The sheet with an id as it stands in a query; the first one when empty.
fn tab<'a>(spreadsheet: &'a Spreadsheet, sheet: &str) -> Result<&'a Tab, PageError> {
    let found = match sheet {
        "" => spreadsheet.sheets.first(),
        _ => spreadsheet.sheets.iter().find(|tab| tab.sheet_id.to_string() == sheet),
    };
    found.ok_or(PageError::NotFound)
}

/// Makes a call of the API on behalf of a page.
async fn make(page: &Page, call: &Call) -> Result<Value, PageError> {
    let mut tx = page.app.store().begin().await?;
    let answer = sheets::execute(&mut tx, page.app.team(), call, page.app.clock().now()).await?;
    let answer = answer.map_err(|error| match error.code {
        404 => PageError::NotFound,
        _ => PageError::Invalid(for_people(&error.message).to_owned()),
    })?;
    tx.commit().await?;
    Ok(answer)
}

/// Without the place in a request of the API, which says nothing to a person.
fn for_people(message: &str) -> &str {
    let place = message.strip_prefix("Invalid requests[").and_then(|rest| rest.split_once(": "));
    place.map_or(message, |(_, reason)| reason)
}

/// A title as it was typed.
fn title(form: &Form) -> Result<String, PageError> {
    let title = form.0.text("title");
    if title.is_empty() {
        return Err(PageError::Invalid(t!("Give it a title.").into()));
    }
    if title.chars().count() > LONGEST_TITLE {
        return Err(PageError::Invalid(t!(
            "The title is longer than {longest_title} characters.",
            longest_title = LONGEST_TITLE
        )));
    }
    Ok(title.to_owned())
}

/// `POST /spreadsheets`.
async fn create(page: Page, form: Form) -> Reply {
    let title = title(&form)?;
    let mut tx = page.app.store().begin().await?;
    let id = sheets::create(&mut tx, page.app.team(), &title).await?;
    tx.commit().await?;
    render::see(&format!("{}?notice=created", href(&id)))
}

/// `POST /spreadsheets/{id}/rename`.
async fn rename(page: Page, Path(id): Path<String>, form: Form) -> Reply {
    let title = title(&form)?;
    let mut tx = page.app.store().begin().await?;
    sheets::rename(&mut tx, page.app.team(), &id, &title).await?;
    tx.commit().await?;
    render::see(&format!("{}?notice=renamed", href(&id)))
}

/// `POST /spreadsheets/{id}/delete`. No question first: it can be undone.
async fn delete(page: Page, Path(id): Path<String>) -> Reply {
    let mut tx = page.app.store().begin().await?;
    if !sheets::delete(&mut tx, page.app.team(), &id).await? {
        return Err(PageError::NotFound);
    }
    tx.commit().await?;
    render::see(&format!("/spreadsheets?deleted={}", encoded(&id)))
}

/// `POST /spreadsheets/{id}/restore`.
async fn restore(page: Page, Path(id): Path<String>) -> Reply {
    let mut tx = page.app.store().begin().await?;
    sheets::restore(&mut tx, page.app.team(), &id).await?;
    tx.commit().await?;
    render::see(&href(&id))
}
