//! Incomplete executions: what waits for a decision.

use askama::Template;
use rouage_model::execution::{IncompleteReason, IncompleteStatus};
use rouage_store::incompletes::{self, Incomplete};

use super::executions::{self as pages, Trouble};
use super::scenario::Choice;
use crate::render::{self, Layout, Page, Pager, Reply, Times};
use crate::words::Moment;

#[derive(Template)]
#[template(path = "incompletes/list.html")]
struct List {
    layout: Layout,
    statuses: Vec<Choice>,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    execution: String,
    scenario: String,
    scenario_id: String,
    module: String,
    reason: &'static str,
    status: &'static str,
    is_open: bool,
    trouble: Trouble,
    at: Moment,
    retry: Option<Moment>,
    attempts: u32,
}

const STATUSES: &[(IncompleteStatus, &str)] = &[
    (IncompleteStatus::Unresolved, "Unresolved"),
    (IncompleteStatus::Pending, "Pending"),
    (IncompleteStatus::InProgress, "In progress"),
    (IncompleteStatus::Resolved, "Resolved"),
];

/// `GET /incomplete`.
pub async fn list(page: Page) -> Reply {
    let wanted: Option<IncompleteStatus> = match page.query.get("status") {
        None => Some(IncompleteStatus::Unresolved),
        Some(text) => text.parse().ok(),
    };
    let list = incompletes::list(page.app.store(), page.app.team(), None, wanted, page.request()).await?;
    let times = page.times().await;
    let statuses = STATUSES.iter().map(|(status, label)| Choice {
        value: status.as_str().to_owned(),
        label: (*label).to_owned(),
        is_chosen: wanted == Some(*status),
    });
    render::ok(&List {
        layout: page.layout("Incomplete executions", "incomplete").await,
        statuses: statuses.collect(),
        pager: Pager::new(&list, &page.query, "incomplete execution"),
        rows: list.items.into_iter().map(|item| row(item, &times)).collect(),
    })
}

fn row(item: Incomplete, times: &Times) -> Row {
    let label = STATUSES.iter().find(|(status, _)| *status == item.status).map_or("", |(_, label)| *label);
    Row {
        execution: item.execution.to_string(),
        scenario: item.scenario_name,
        scenario_id: item.scenario.to_string(),
        module: item.module.to_string(),
        reason: match item.reason {
            IncompleteReason::Error => "A module failed",
            IncompleteReason::MayHaveHappened => "May have happened",
        },
        status: label,
        is_open: item.status == IncompleteStatus::Unresolved,
        trouble: pages::trouble(&item.error),
        at: times.moment(item.created_at),
        retry: item.retry_at.map(|at| times.moment(at)),
        attempts: item.attempts,
    }
}
