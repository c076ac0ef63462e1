//! One spreadsheet: its grid, edited in place, and a form for adding a row.

use askama::Template;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use rouage_model::sheets::{Call, InsertData, ValueInput};
use rouage_model::{Value, a1};
use rouage_store::sheets::{self, Cell, Edit, GridRow, Spreadsheet, Tab};
use serde::{Deserialize, Serialize};

use super::{encoded, find, href, make, tab};
use crate::render::{self, Form, Layout, Page, Reply};
use crate::words::{filters, t};
use crate::{PageError, assets, words};

/// Rows of a page.
const ROWS: u32 = 200;
/// Empty rows and columns that are shown after the last filled ones.
const SPARE_ROWS: u32 = 20;
const SPARE_COLUMNS: u32 = 2;
/// Columns that are shown at least.
const COLUMNS: u32 = 8;
/// Cells that one request may change.
const MOST_EDITS: usize = 20_000;

#[derive(Template)]
#[template(path = "spreadsheets/grid.html")]
struct Grid {
    layout: Layout,
    title: String,
    href: String,
    tabs: Vec<TabLink>,
    sheet_id: i64,
    sheet_title: String,
    size: String,
    search: String,
    columns: Vec<String>,
    rows: Vec<RowView>,
    pager: GridPager,
    fields: Vec<Field>,
    api: String,
    js: String,
    css: String,
}

struct TabLink {
    href: String,
    title: String,
    is_current: bool,
}

struct RowView {
    index: u32,
    number: u32,
    cells: Vec<CellView>,
}

/// `typed` is `None` when a person would type what is shown.
struct CellView {
    shown: String,
    typed: Option<String>,
    kind: &'static str,
}

/// An input of the form that adds a row.
struct Field {
    name: String,
    label: String,
}

/// Addresses; empty where there is no such page.
struct GridPager {
    place: String,
    first: String,
    previous: String,
    next: String,
    last: String,
}

/// `GET /spreadsheets/{id}?sheet=&page=&q=`.
pub(super) async fn show(page: Page, Path(id): Path<String>) -> Reply {
    let spreadsheet = find(&page, &id).await?;
    let tab = tab(&spreadsheet, page.query.text("sheet"))?;
    let search = page.search().unwrap_or_default().to_owned();
    let (store, team, sheet) = (page.app.store(), page.app.team(), (id.as_str(), tab.sheet_id));
    let wanted = if page.query.text("page") == "last" { u32::MAX } else { page.query.page() };
    let place = Place::new(tab, wanted);
    let stored = if search.is_empty() {
        sheets::window(store, team, sheet, (place.first, place.count)).await?
    } else {
        sheets::search(store, team, sheet, (&search, ROWS as usize)).await?
    };
    let header = sheets::window(store, team, sheet, (0, 1)).await?.into_iter().next().map(|row| row.cells);
    let header = header.unwrap_or_default();
    let columns = shown_columns(tab, &stored, header.len());
    let size = if search.is_empty() { words::count(tab.filled_rows.into(), "row") } else { hits(stored.len()) };
    let layout = page.layout(spreadsheet.title.clone(), "spreadsheets").await;
    render::ok(&Grid {
        layout,
        href: href(&id),
        tabs: tabs(&spreadsheet, tab),
        sheet_id: tab.sheet_id,
        sheet_title: tab.title.clone(),
        size,
        pager: if search.is_empty() { place.pager(&id, tab) } else { GridPager::none() },
        rows: rows(stored, (!search.is_empty(), &place), columns, today(&page)),
        search,
        columns: (0..columns).map(a1::column_letters).collect(),
        fields: fields(&header),
        api: page.app.address(&format!("/v4{}/values/{}", href(&id), encoded(&a1::quote_sheet(&tab.title)))),
        js: assets::url("grid.js"),
        css: assets::url("grid.css"),
        title: spreadsheet.title,
    })
}

fn hits(count: usize) -> String {
    if count >= ROWS as usize {
        t!("the first {rows} rows found", rows = ROWS)
    } else {
        t!("{count} found", count = count)
    }
}

fn today(page: &Page) -> Date {
    jiff::tz::Offset::UTC.to_datetime(page.app.clock().now()).date()
}

/// The rows that a page of the grid shows.
struct Place {
    first: u32,
    count: u32,
    page: u32,
    pages: u32,
}

impl Place {
    fn new(tab: &Tab, page: u32) -> Self {
        let shown = tab.filled_rows.saturating_add(SPARE_ROWS).min(tab.rows).max(1);
        let pages = shown.div_ceil(ROWS);
        let page = page.min(pages);
        let first = (page - 1) * ROWS;
        Self { first, count: ROWS.min(shown - first), page, pages }
    }

    fn pager(&self, id: &str, tab: &Tab) -> GridPager {
        let link = |wanted: bool, page: u32| {
            if wanted { format!("{}?sheet={}&page={page}", href(id), tab.sheet_id) } else { String::new() }
        };
        GridPager {
            place: if self.pages > 1 {
                t!("Page {page} of {pages}", page = self.page, pages = self.pages)
            } else {
                String::new()
            },
            first: link(self.page > 1, 1),
            previous: link(self.page > 1, self.page.saturating_sub(1)),
            next: link(self.page < self.pages, self.page + 1),
            last: link(self.page < self.pages, self.pages),
        }
    }
}

impl GridPager {
    fn none() -> Self {
        let none = String::new;
        Self { place: none(), first: none(), previous: none(), next: none(), last: none() }
    }
}

fn shown_columns(tab: &Tab, rows: &[GridRow], header: usize) -> u32 {
    let filled = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0).max(header);
    let wanted = u32::try_from(filled).unwrap_or(u32::MAX).saturating_add(SPARE_COLUMNS).max(COLUMNS);
    wanted.min(tab.columns)
}

fn tabs(spreadsheet: &Spreadsheet, current: &Tab) -> Vec<TabLink> {
    let link = |tab: &Tab| TabLink {
        href: format!("{}?sheet={}", href(&spreadsheet.id), tab.sheet_id),
        title: tab.title.clone(),
        is_current: tab.sheet_id == current.sheet_id,
    };
    spreadsheet.sheets.iter().map(link).collect()
}

/// The rows found, or every row of the place with the empty ones in between.
fn rows(stored: Vec<GridRow>, (only_found, place): (bool, &Place), columns: u32, today: Date) -> Vec<RowView> {
    let view = |index: u32, cells: &[Cell]| RowView {
        index,
        number: index + 1,
        cells: (0..columns as usize).map(|at| cell(cells.get(at).unwrap_or(&Cell::Empty), today)).collect(),
    };
    if only_found {
        return stored.iter().map(|row| view(row.row, &row.cells)).collect();
    }
    let mut stored = stored.into_iter().peekable();
    let row = |index: u32| {
        stored.next_if(|row| row.row == index).map_or_else(|| view(index, &[]), |row| view(index, &row.cells))
    };
    (place.first..place.first + place.count).map(row).collect()
}

fn cell(cell: &Cell, today: Date) -> CellView {
    let (shown, typed) = (cell.shown(), cell.typed(today));
    CellView { typed: (typed != shown).then_some(typed), shown, kind: kind(cell) }
}

fn kind(cell: &Cell) -> &'static str {
    match cell {
        Cell::Empty => "empty",
        Cell::Boolean(_) => "boolean",
        Cell::Number(..) => "number",
        Cell::Text(_) => "text",
        Cell::Formula(_) => "formula",
    }
}

/// One input for each column of the first row; three letters when it is empty.
fn fields(header: &[Cell]) -> Vec<Field> {
    let columns = if header.is_empty() { 3 } else { header.len() };
    let field = |at: usize| {
        let letters = a1::column_letters(u32::try_from(at).unwrap_or(0));
        let shown = header.get(at).map(Cell::shown).filter(|shown| !shown.is_empty());
        Field { name: format!("c{at}"), label: shown.unwrap_or_else(|| t!("Column {letters}", letters = letters)) }
    };
    (0..columns).map(field).collect()
}

/// What the script of the grid sends.
#[derive(Deserialize)]
pub(super) struct Edits {
    sheet: i64,
    edits: Vec<EditOf>,
}

#[derive(Deserialize)]
struct EditOf {
    row: u32,
    column: u32,
    text: String,
}

#[derive(Serialize)]
struct Saved {
    cells: Vec<SavedCell>,
}

#[derive(Serialize)]
struct SavedCell {
    shown: String,
    typed: String,
    kind: &'static str,
}

/// `POST /spreadsheets/{id}/cells`. Answers a script, so errors are plain text.
pub(super) async fn save_cells(page: Page, Path(id): Path<String>, Json(sent): Json<Edits>) -> Response {
    match save(&page, &id, sent).await {
        Ok(saved) => Json(saved).into_response(),
        Err(PageError::NotFound) => (StatusCode::NOT_FOUND, t!("the sheet is not there any more")).into_response(),
        Err(PageError::Invalid(text)) => (StatusCode::UNPROCESSABLE_ENTITY, text).into_response(),
        Err(error) => {
            tracing::error!(%error, "cells could not be saved");
            (StatusCode::INTERNAL_SERVER_ERROR, t!("something went wrong on our side")).into_response()
        }
    }
}

async fn save(page: &Page, id: &str, sent: Edits) -> Result<Saved, PageError> {
    if sent.edits.len() > MOST_EDITS {
        return Err(PageError::Invalid(t!("more than {most_edits} cells at once", most_edits = MOST_EDITS)));
    }
    let edit = |edit: EditOf| Edit { row: edit.row, column: edit.column, text: edit.text };
    let edits: Vec<Edit> = sent.edits.into_iter().map(edit).collect();
    let mut tx = page.app.store().begin().await?;
    let cells = sheets::set_cells(&mut tx, page.app.team(), (id, sent.sheet), &edits).await?;
    tx.commit().await?;
    let today = today(page);
    let saved = |cell: &Cell| SavedCell { shown: cell.shown(), typed: cell.typed(today), kind: kind(cell) };
    Ok(Saved { cells: cells.iter().map(saved).collect() })
}

/// `POST /spreadsheets/{id}/rows`: `sheet`, and `c0`, `c1` … as typed.
pub(super) async fn add_row(page: Page, Path(id): Path<String>, Form(form): Form) -> Reply {
    let spreadsheet = find(&page, &id).await?;
    let tab = tab(&spreadsheet, form.text("sheet"))?;
    let cells: Vec<Value> = (0..).map_while(|at| form.get(&format!("c{at}"))).map(Value::text).collect();
    if cells.iter().all(|cell| cell.as_text() == Some("")) {
        return Err(PageError::Invalid(t!("Fill in at least one field of the new row.").into()));
    }
    let call = Call::Append {
        id: id.as_str().into(),
        range: a1::quote_sheet(&tab.title).into(),
        values: vec![cells],
        input: ValueInput::UserEntered,
        insert: InsertData::Overwrite,
    };
    make(&page, &call).await?;
    // The row is on the last page, wherever that is now.
    render::see(&format!("{}?sheet={}&page=last&notice=saved", href(&id), tab.sheet_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tab(filled_rows: u32, rows: u32) -> Tab {
        Tab { sheet_id: 0, title: "Sheet1".into(), rows, columns: 26, filled_rows }
    }

    #[test]
    fn a_page_shows_its_rows_and_some_spare_ones() {
        for (filled, rows, page, first, count, pages) in [
            (0, 1000, 1, 0, 20, 1),
            (5, 10, 1, 0, 10, 1),
            (190, 1000, 1, 0, 200, 2),
            (190, 1000, u32::MAX, 200, 10, 2),
            (1000, 1000, 5, 800, 200, 5),
        ] {
            let place = Place::new(&tab(filled, rows), page);
            assert_eq!((place.first, place.count, place.pages), (first, count, pages), "{filled} {rows} {page}");
        }
    }

    #[test]
    fn rows_between_the_filled_ones_are_shown_empty() {
        let stored = vec![GridRow { row: 1, cells: vec![Cell::text("0612"), Cell::Boolean(true)] }];
        let place = Place::new(&tab(2, 1000), 1);
        let shown = rows(stored.clone(), (false, &place), 3, jiff::civil::date(2026, 11, 24));
        assert_eq!(shown.len(), 22);
        assert_eq!((shown[1].number, shown[1].cells[0].typed.as_deref()), (2, Some("'0612")));
        assert_eq!((shown[1].cells[1].kind, shown[1].cells[1].typed.as_deref()), ("boolean", None));
        assert_eq!((shown[0].cells[0].kind, shown[0].cells.len()), ("empty", 3));
        let found = rows(stored, (true, &place), 3, jiff::civil::date(2026, 11, 24));
        assert_eq!(found.iter().map(|row| row.number).collect::<Vec<u32>>(), [2]);
    }

    #[test]
    fn the_form_is_labelled_by_the_first_row() {
        let labels = |header: &[Cell]| fields(header).into_iter().map(|field| field.label).collect::<Vec<String>>();
        assert_eq!(labels(&[Cell::text("Name"), Cell::Empty]), ["Name", "Column B"]);
        assert_eq!(labels(&[]), ["Column A", "Column B", "Column C"]);
    }
}
