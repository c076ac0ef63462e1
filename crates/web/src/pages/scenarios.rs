//! The list of scenarios.

use askama::Template;
use rouage_model::FolderId;
use rouage_store::scenarios::{self, ScenarioRow};

use super::folders::{self, FolderView};
use crate::look::{self, Look};
use crate::render::{self, Layout, Page, Pager, Reply, Times};
use crate::words::{self, Moment};
use crate::words::{filters, t};

#[derive(Template)]
#[template(path = "scenarios/list.html")]
struct List {
    layout: Layout,
    search: String,
    rows: Vec<Row>,
    pager: Pager,
    folders: Vec<FolderView>,
}

impl List {
    /// The folder that is shown.
    fn folder(&self) -> Option<&FolderView> {
        self.folders.iter().find(|folder| folder.is_current)
    }
}

/// A scenario in the list.
struct Row {
    id: String,
    name: String,
    is_on: bool,
    apps: Vec<Look>,
    more_apps: usize,
    problem: String,
    waits: u64,
    /// Live runs that failed since somebody looked.
    failed: u64,
    last: Option<LastRun>,
    counts: String,
    /// The next run by the schedule, of those that are on.
    next: Option<Moment>,
}

struct LastRun {
    status: &'static str,
    class: &'static str,
    icon: &'static str,
    at: Moment,
}

/// `GET /`.
pub async fn home(_page: Page) -> Reply {
    render::see("/scenarios")
}

/// `GET /scenarios`.
pub async fn list(page: Page) -> Reply {
    let folder = page.query.text("folder").parse::<FolderId>().ok();
    let folders = folders::views(&page, folder).await?;
    let folder = folder.filter(|_| folders.iter().any(|folder| folder.is_current));
    let list = scenarios::list_in(page.app.store(), page.app.team(), page.search(), folder, page.request()).await?;
    let times = page.times().await;
    let pager = Pager::new(&list, &page.query, "scenario");
    let rows = list.items.into_iter().map(|item| row(&page, item, &times)).collect();
    let layout = page.layout(t!("Scenarios"), "scenarios").await;
    render::ok(&List { layout, search: page.query.text("q").to_owned(), rows, pager, folders })
}

const SHOWN_APPS: usize = 6;

fn row(page: &Page, item: ScenarioRow, times: &Times) -> Row {
    let last = item.last_status.zip(item.last_run_at).map(|(status, at)| LastRun {
        status: words::status(status),
        class: status.as_str(),
        icon: words::status_icon(status),
        at: times.moment(at),
    });
    let errors =
        if item.errors_24h > 0 { t!(", {number} with an error", number = item.errors_24h) } else { String::new() };
    Row {
        id: item.id.to_string(),
        name: item.name,
        is_on: item.enabled,
        more_apps: item.apps.len().saturating_sub(SHOWN_APPS),
        apps: item.apps.iter().take(SHOWN_APPS).map(|app| look::of_app(page.app.registry(), app)).collect(),
        problem: item.problem.unwrap_or_default(),
        waits: item.incompletes,
        failed: item.unseen_failures,
        last,
        next: item.next_run_at.filter(|_| item.enabled).map(|at| times.moment(at)),
        counts: t!("{number} in 24 h{errors}", number = words::count(item.runs_24h, "run"), errors = errors),
    }
}
