//! The history: runs of one scenario or of all, filtered, searched, page by
//! page from a key, and as a file.

use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::response::Response;
use futures_util::stream::{self, Stream};
use jiff::Timestamp;
use rouage_model::execution::{Origin, Status};
use rouage_model::{ExecutionId, ScenarioId};
use rouage_runtime::brief_of_raw;
use rouage_store::Lineage;
use rouage_store::executions::{self, Execution, Filter, Key, Search};

use super::scenario::{Choice, Head, head};
use crate::PageError;
use crate::render::{self, Layout, Page, Reply, Times};
use crate::words::{self, Moment, noted};
use crate::words::{filters, t};

/// Runs on one page.
const SIZE: u32 = 30;
/// Rows of a file; what is beyond is left out.
const MOST_ROWS: usize = 200_000;
/// Rows that are read at a time for a file.
const CHUNK: u32 = 500;

/// A run in a list.
pub struct Run {
    /// The execution.
    pub id: String,
    /// Its status in a word.
    pub status: &'static str,
    /// Its status as class.
    pub class: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// When it was accepted.
    pub at: Moment,
    /// How long it took; empty while it runs.
    pub duration: String,
    /// Operations.
    pub operations: String,
    /// Data in its journal; empty while it runs.
    pub size: String,
    /// What started it.
    pub origin: &'static str,
    /// Whether it tried a draft in the editor.
    pub is_draft: bool,
    /// The run that it comes from; may be empty.
    pub source: String,
    /// The name that it gave itself; may be empty.
    pub name: String,
    /// The scenario; empty where all are of one.
    pub scenario: String,
    /// Why it failed; may be empty.
    pub error: String,
    /// A poll that found nothing.
    pub is_check: bool,
}

/// For lists.
pub fn run(execution: Execution, times: &Times) -> Run {
    let finished = execution.finished_at.map(|at| at.duration_since(execution.created_at));
    let source = source(execution.lineage).map(|id| id.to_string());
    Run {
        id: execution.id.to_string(),
        status: words::status(execution.status),
        class: execution.status.as_str(),
        icon: words::status_icon(execution.status),
        at: times.moment(execution.created_at),
        duration: finished.map(words::duration).unwrap_or_default(),
        operations: words::count(u64::from(execution.operations), "operation"),
        size: if execution.size > 0 { words::bytes(execution.size) } else { String::new() },
        is_draft: execution.origin == Origin::Draft,
        origin: if execution.is_single_module() { t!("Run this module only") } else { words::origin(execution.origin) },
        source: source.unwrap_or_default(),
        name: execution.name.unwrap_or_default(),
        scenario: String::new(),
        error: execution.error.as_deref().map(brief_of_raw).unwrap_or_default(),
        is_check: execution.is_check,
    }
}

fn source(lineage: Lineage) -> Option<ExecutionId> {
    match lineage {
        Lineage::None => None,
        Lineage::Retry { origin, .. } => Some(origin),
        Lineage::Replay { source } => Some(source),
        Lineage::Child { parent, .. } => Some(parent),
    }
}

/// A part of the history with its filters.
struct List {
    /// Path of this list.
    path: String,
    search: String,
    statuses: Vec<Choice>,
    origins: Vec<Choice>,
    from: String,
    to: String,
    hides_checks: bool,
    runs: Vec<Run>,
    is_filtered: bool,
    /// Whether this is not the beginning.
    is_further: bool,
    /// Query of the next part; empty when there is none.
    next: String,
    /// Query of the file.
    file: String,
    /// How far a search came, when it did not come to the end.
    reached: String,
}

#[derive(Template)]
#[template(path = "scenarios/history.html")]
struct OfScenario {
    layout: Layout,
    head: Head,
    counts: Vec<(&'static str, &'static str, String)>,
    list: List,
}

#[derive(Template)]
#[template(path = "executions/list.html")]
struct OfAll {
    layout: Layout,
    list: List,
}

const STATUSES: &[Status] = &[
    Status::Success,
    Status::Warning,
    Status::Error,
    Status::Running,
    Status::Queued,
    Status::Waiting,
    Status::InDoubt,
    Status::Stopped,
];

const ORIGINS: &[(Origin, &str)] = &[
    (Origin::Webhook, noted!("Webhook")),
    (Origin::Schedule, noted!("Schedule")),
    (Origin::Manual, noted!("Run once")),
    (Origin::Draft, noted!("Run once in the editor")),
    (Origin::Replay, noted!("Replay")),
    (Origin::Retry, noted!("Retry")),
    (Origin::Scenario, noted!("Another scenario")),
    (Origin::Api, noted!("Command line or API")),
];

/// `GET /scenarios/{id}/history`.
pub async fn of_scenario(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let (_, head, _) = head(&page, id, "history").await?;
    let times = page.times().await;
    let counts = executions::recent_counts(page.app.store(), page.app.team(), id).await?;
    let list = list(&page, Some(id), &times).await?;
    let layout = page.layout(head.name.clone(), "scenarios").await;
    let active = counts.queued + counts.running + counts.waiting;
    let counts = [
        (Status::Success, counts.success),
        (Status::Warning, counts.warning),
        (Status::Error, counts.error),
        (Status::Stopped, counts.stopped),
        (Status::InDoubt, counts.in_doubt),
        (Status::Running, active),
    ];
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    let counts = counts.map(|(status, count)| (words::status(status), status.as_str(), count.to_string())).collect();
    render::ok(&OfScenario { layout, head, counts, list })
}

/// `GET /executions`.
pub async fn of_all(page: Page) -> Reply {
    let times = page.times().await;
    let list = list(&page, None, &times).await?;
    render::ok(&OfAll { layout: page.layout(t!("History"), "history").await, list })
}

async fn list(page: &Page, scenario: Option<ScenarioId>, times: &Times) -> Result<List, PageError> {
    let filter = filter(page, scenario, times);
    let after = place(page.query.text("after"));
    let found = executions::list(page.app.store(), page.app.team(), &filter, after, SIZE).await?;
    let path = scenario.map_or("/executions".to_owned(), |id| format!("/scenarios/{id}/history"));
    let row = |execution: Execution| {
        let name = if scenario.is_none() { execution.scenario_name.clone() } else { String::new() };
        Run { scenario: name, ..run(execution, times) }
    };
    Ok(List {
        search: page.query.text("q").to_owned(),
        statuses: choices(STATUSES.iter().map(|one| (one.as_str(), words::status(*one))), page.query.text("status")),
        origins: choices(ORIGINS.iter().map(|(one, label)| (one.as_str(), words::t(label))), page.query.text("origin")),
        from: page.query.text("from").to_owned(),
        to: page.query.text("to").to_owned(),
        hides_checks: filter.no_checks,
        runs: found.items.into_iter().map(row).collect(),
        is_filtered: filter != Filter { scenario, ..Filter::default() },
        is_further: after.is_some(),
        next: found.next.map(|key| page.query.with("after", &written(key))).unwrap_or_default(),
        file: page.query.with("after", ""),
        reached: found.reached.map(|at| words::exact(at, &times.zone)).unwrap_or_default(),
        path,
    })
}

fn choices<'a>(known: impl Iterator<Item = (&'a str, &'a str)>, chosen: &str) -> Vec<Choice> {
    let choice = |(value, label): (&str, &str)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        is_chosen: value == chosen,
    };
    known.map(choice).collect()
}

fn filter(page: &Page, scenario: Option<ScenarioId>, times: &Times) -> Filter {
    let moment = |name: &str, hour: &str| {
        let given = page.query.text(name);
        let text = if given.contains('T') { given.to_owned() } else { format!("{given}T{hour}") };
        let local: Option<jiff::civil::DateTime> = text.parse().ok();
        local.and_then(|local| times.zone.to_timestamp(local).ok())
    };
    Filter {
        scenario,
        status: page.query.text("status").parse().ok(),
        origin: page.query.text("origin").parse().ok(),
        text: page.search().map(|text| Search(text.to_owned())),
        from: moment("from", "00:00:00"),
        to: moment("to", "23:59:59.999999"),
        no_checks: page.query.text("checks") == "hide",
    }
}

/// A key as a link has it.
fn written(key: Key) -> String {
    format!("{}-{}", key.created_at.as_microsecond(), key.id)
}

fn place(text: &str) -> Option<Key> {
    let (at, id) = text.split_once('-')?;
    Some(Key { created_at: Timestamp::from_microsecond(at.parse().ok()?).ok()?, id: id.parse().ok()? })
}

/// `GET /scenarios/{id}/history.csv`.
pub async fn file_of_scenario(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let (scenario, _, _) = head(&page, id, "history").await?;
    file(page, Some(id), &format!("{} - history.csv", scenario.name)).await
}

/// `GET /executions.csv`.
pub async fn file_of_all(page: Page) -> Reply {
    file(page, None, "history.csv").await
}

async fn file(page: Page, scenario: Option<ScenarioId>, name: &str) -> Result<Response, PageError> {
    let times = page.times().await;
    let filter = filter(&page, scenario, &times);
    let rows = Body::from_stream(rows(page, filter));
    Ok(render::download(name, "text/csv; charset=utf-8", rows))
}

const COLUMNS: [&str; 11] = [
    "Status",
    "Accepted",
    "Ended",
    "Scenario",
    "Run name",
    "Started by",
    "Operations",
    "Duration in seconds",
    "Size in bytes",
    "Error",
    "Link",
];

/// Where the writing of a file is.
struct Writing {
    page: Page,
    filter: Filter,
    after: Option<Key>,
    written: usize,
    is_over: bool,
}

/// The file in pieces, as it is read.
fn rows(page: Page, filter: Filter) -> impl Stream<Item = Result<Bytes, PageError>> {
    let writing = Writing { page, filter, after: None, written: 0, is_over: false };
    let head = stream::once(async { Ok(Bytes::from([b"\xEF\xBB\xBF".as_slice(), &line(&COLUMNS)].concat())) });
    let body = stream::unfold(writing, |mut writing| async move {
        if writing.is_over {
            return None;
        }
        let (store, team) = (writing.page.app.store(), writing.page.app.team());
        match executions::list(store, team, &writing.filter, writing.after, CHUNK).await {
            Ok(found) => {
                let link = |id: ExecutionId| writing.page.app.address(&format!("/executions/{id}"));
                let piece: Vec<u8> = found.items.iter().flat_map(|one| row(one, &link(one.id))).collect();
                writing.written += found.items.len();
                writing.after = found.next;
                writing.is_over = found.next.is_none() || writing.written >= MOST_ROWS;
                Some((Ok(Bytes::from(piece)), writing))
            }
            Err(error) => {
                writing.is_over = true;
                Some((Err(error.into()), writing))
            }
        }
    });
    futures_util::StreamExt::chain(head, body)
}

fn row(execution: &Execution, link: &str) -> Vec<u8> {
    let iso = rouage_model::json::iso;
    let ended = execution.finished_at;
    let seconds = ended.map(|at| format!("{:.3}", at.duration_since(execution.created_at).as_secs_f64()));
    line(&[
        words::status(execution.status),
        &iso(execution.created_at),
        &ended.map(iso).unwrap_or_default(),
        &execution.scenario_name,
        execution.name.as_deref().unwrap_or_default(),
        execution.origin.as_str(),
        &execution.operations.to_string(),
        &seconds.unwrap_or_default(),
        &execution.size.to_string(),
        execution.error.as_deref().unwrap_or_default(),
        link,
    ])
}

/// One line; what a spreadsheet program would run as a formula is made
/// harmless (attack case A17).
fn line(cells: &[&str]) -> Vec<u8> {
    let harmless = |cell: &&str| match cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        true => format!("'{cell}"),
        false => (*cell).to_owned(),
    };
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail, and neither can giving it back.
    let _ = writer.write_record(cells.iter().map(harmless));
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back() {
        let key = Key {
            created_at: Timestamp::from_microsecond(1_795_511_343_000_007).unwrap(),
            id: "0192f0c1000070008000000000000001".parse().unwrap(),
        };
        assert_eq!(place(&written(key)), Some(key));
        assert_eq!(place("x"), None);
    }

    #[test]
    fn a_line_is_quoted_and_harmless() {
        assert_eq!(line(&["a,b", "=1+1", ""]), b"\"a,b\",'=1+1,\r\n");
    }
}
