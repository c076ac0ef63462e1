//! One data store: its records, searched, sorted and in pages, and its
//! settings.

use askama::Template;
use axum::extract::Path;
use jiff::tz::TimeZone;
use rouage_model::structure::Structure;
use rouage_model::{DatastoreId, Value, json};
use rouage_store::datastores::{self, Browse, Order, Record};
use rouage_store::structures;

use super::form::shown;
use super::{MEGABYTE, Size, choices, find, structure_of};
use crate::PageError;
use crate::pages::scenario::Choice;
use crate::render::{self, Layout, Page, Pager, Reply, Times};
use crate::words::{self, Moment};
use crate::words::{filters, t};

/// Columns of the table beside key and time.
const MOST_COLUMNS: usize = 12;
/// Characters of a cell.
const CELL: usize = 120;

#[derive(Template)]
#[template(path = "datastores/show.html")]
struct Show {
    layout: Layout,
    id: String,
    name: String,
    size: Size,
    search: String,
    sorts: Vec<Choice>,
    is_descending: bool,
    columns: Vec<Column>,
    rows: Vec<RecordRow>,
    pager: Pager,
    records: u64,
    megabytes: u64,
    structures: Vec<Choice>,
    structure: Option<(String, String)>,
    used_by: Vec<(String, String)>,
}

struct Column {
    label: String,
    /// Query that sorts by it.
    sort: String,
    /// `ascending`, `descending` or empty.
    order: &'static str,
}

struct RecordRow {
    key: String,
    /// Query of its page.
    query: String,
    cells: Vec<String>,
    updated: Moment,
}

/// What the records are sorted by.
struct Sort {
    /// As it stands in the address.
    name: String,
    order: Order,
}

/// `GET /datastores/{id}`.
pub(super) async fn show(page: Page, Path(id): Path<DatastoreId>) -> Reply {
    let (store, team) = (page.app.store(), page.app.team());
    let found = find(&page, id).await?;
    let structure = structure_of(&page, &found).await?;
    let times = page.times().await;
    let sort = sort(&page);
    let is_descending = page.query.text("order") == "desc";
    let search = page.query.text("q").to_owned();
    let wanted = Browse { search: search.clone(), order: sort.order.clone(), descending: is_descending };
    let list = datastores::browse(store, team, id, &wanted, page.request()).await?;
    let names = names(structure.as_ref());
    let known = structures::list(store, team).await?;
    let chosen = known.iter().find(|row| Some(row.id) == found.structure);
    render::ok(&Show {
        layout: page.layout(found.name.clone(), "datastores").await,
        id: id.to_string(),
        size: Size::of(&found),
        search,
        sorts: sorts(structure.as_ref(), &sort),
        is_descending,
        columns: columns(&page, structure.as_ref(), &names, &sort, is_descending),
        pager: Pager::new(&list, &page.query, "record"),
        rows: list.items.into_iter().map(|record| row(record, &names, &times)).collect(),
        records: found.records,
        megabytes: found.max_size.div_ceil(MEGABYTE),
        structure: chosen.map(|row| (row.id.to_string(), row.name.clone())),
        structures: choices(&known, found.structure),
        used_by: used_by(&page, id).await?,
        name: found.name,
    })
}

async fn used_by(page: &Page, id: DatastoreId) -> Result<Vec<(String, String)>, PageError> {
    let scenarios = datastores::used_by(page.app.store(), page.app.team(), id).await?;
    Ok(scenarios.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
}

/// A field is sorted by under a mark, so that one called `key` is no trouble.
fn sort(page: &Page) -> Sort {
    let name = page.query.text("sort").to_owned();
    let order = match name.as_str() {
        "added" => Order::Added,
        "changed" => Order::Changed,
        other => other.strip_prefix('.').map_or(Order::Key, |field| Order::Field(field.to_owned())),
    };
    let name = if order == Order::Key { "key".to_owned() } else { name };
    Sort { name, order }
}

fn sorts(structure: Option<&Structure>, sort: &Sort) -> Vec<Choice> {
    let fixed = [("key", t!("Key")), ("added", t!("Time added")), ("changed", t!("Last change"))];
    let fixed = fixed.into_iter().map(|(value, label)| (value.to_owned(), label.to_owned()));
    let fields = structure.into_iter().flat_map(|structure| &structure.fields);
    let fields = fields.filter(|field| !field.kind.is_nested());
    let fields = fields.map(|field| (format!(".{}", field.name), field.title().to_owned()));
    let choice = |(value, label): (String, String)| Choice { is_chosen: value == sort.name, value, label };
    fixed.chain(fields).map(choice).collect()
}

/// The fields that have a column of their own.
fn names(structure: Option<&Structure>) -> Vec<String> {
    let fields = structure.into_iter().flat_map(|structure| &structure.fields);
    fields.take(MOST_COLUMNS).map(|field| field.name.to_string()).collect()
}

fn columns(
    page: &Page,
    structure: Option<&Structure>,
    names: &[String],
    sort: &Sort,
    is_descending: bool,
) -> Vec<Column> {
    let column = |label: String, value: String| {
        let is_sorted = value == sort.name;
        let order = match (is_sorted, is_descending) {
            (false, _) => "",
            (true, false) => "ascending",
            (true, true) => "descending",
        };
        let next = if order == "ascending" { "&order=desc" } else { "&order=asc" };
        let query = page.query.with("order", "").replace("order=", "");
        let kept = crate::query::Query::parse(&query).with("sort", &value);
        Column { label, sort: format!("{kept}{next}"), order }
    };
    let mut columns = vec![column(t!("Key").to_owned(), "key".to_owned())];
    if names.is_empty() {
        columns.push(Column { label: t!("Record").to_owned(), sort: String::new(), order: "" });
    }
    for name in names {
        let field = structure.and_then(|structure| structure.field(name));
        let label = field.map_or(name.as_str(), |field| field.title()).to_owned();
        columns.push(column(label, format!(".{name}")));
    }
    columns.push(column(t!("Last change").to_owned(), "changed".to_owned()));
    columns
}

fn row(record: Record, names: &[String], times: &Times) -> RecordRow {
    let cell = |name: &String| record.data.get(name).map(|value| cell(value, &times.zone)).unwrap_or_default();
    let cells = match names {
        [] if record.data.is_empty() => vec![String::new()],
        [] => vec![words::cut(&json::to_string(&record.data.clone().into()), CELL)],
        names => names.iter().map(cell).collect(),
    };
    RecordRow {
        query: crate::query::Query::default().with("key", &record.key),
        key: record.key,
        cells,
        updated: times.moment(record.updated_at),
    }
}

fn cell(value: &Value, zone: &TimeZone) -> String {
    words::cut(&shown(value, zone), CELL)
}
