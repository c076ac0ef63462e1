//! Incomplete executions: what failed and was stored. They can be looked at
//! and deleted; retrying them is absent, because the driver cannot replay the
//! run that a retry would be.

use askama::Template;
use axum::extract::Path;
use rouage_model::IncompleteId;
use rouage_model::execution::{IncompleteReason, IncompleteStatus};
use rouage_store::incompletes::{self, Incomplete};
use rouage_store::{PageRequest, executions};

use super::executions::{Trouble, trouble};
use super::scenario::Choice;
use crate::PageError;
use crate::render::{self, Ask, Layout, Page, Pager, Reply, Times};
use crate::words::Moment;

#[derive(Template)]
#[template(path = "incompletes/list.html")]
struct List {
    layout: Layout,
    in_doubt: Vec<InDoubt>,
    statuses: Vec<Choice>,
    rows: Vec<Row>,
    pager: Pager,
}

/// A run that waits for a person, because a call may have happened.
struct InDoubt {
    execution: String,
    scenario: String,
    at: Moment,
}

struct Row {
    id: String,
    execution: String,
    scenario: String,
    scenario_id: String,
    module: String,
    reason: &'static str,
    status: &'static str,
    is_open: bool,
    trouble: Trouble,
    at: Moment,
    wanted_retries: bool,
}

const STATUSES: &[(IncompleteStatus, &str)] = &[
    (IncompleteStatus::Unresolved, "Unresolved"),
    (IncompleteStatus::Pending, "Retry wanted"),
    (IncompleteStatus::InProgress, "In progress"),
    (IncompleteStatus::Resolved, "Resolved"),
];

/// `GET /incomplete`.
pub async fn list(page: Page) -> Reply {
    let wanted: Option<IncompleteStatus> = page.query.get("status").and_then(|text| text.parse().ok());
    let list = incompletes::list(page.app.store(), page.app.team(), None, wanted, page.request()).await?;
    let times = page.times().await;
    let doubts = executions::in_doubt(page.app.store(), page.app.team(), PageRequest { page: 1, size: 100 }).await?;
    let statuses = STATUSES.iter().map(|(status, label)| Choice {
        value: status.as_str().to_owned(),
        label: (*label).to_owned(),
        is_chosen: wanted == Some(*status),
    });
    render::ok(&List {
        layout: page.layout("Needs a decision", "incomplete").await,
        in_doubt: doubts
            .items
            .into_iter()
            .map(|execution| InDoubt {
                execution: execution.id.to_string(),
                scenario: execution.scenario_name,
                at: times.moment(execution.created_at),
            })
            .collect(),
        statuses: statuses.collect(),
        pager: Pager::new(&list, &page.query, "incomplete execution"),
        rows: list.items.into_iter().map(|item| row(item, &times)).collect(),
    })
}

fn row(item: Incomplete, times: &Times) -> Row {
    let label = STATUSES.iter().find(|(status, _)| *status == item.status).map_or("", |(_, label)| *label);
    Row {
        id: item.id.to_string(),
        execution: item.execution.to_string(),
        scenario: item.scenario_name,
        scenario_id: item.scenario.to_string(),
        module: item.module.to_string(),
        reason: match item.reason {
            IncompleteReason::Error => "A module failed",
            IncompleteReason::MayHaveHappened => "May have happened",
        },
        status: label,
        is_open: item.status != IncompleteStatus::Resolved,
        trouble: trouble(&item.error),
        at: times.moment(item.created_at),
        wanted_retries: item.status == IncompleteStatus::Pending,
    }
}

/// `GET /incomplete/{id}/delete`.
pub async fn ask_delete(page: Page, Path(id): Path<IncompleteId>) -> Reply {
    let found = incompletes::find(page.app.store(), page.app.team(), id).await?;
    let item = found.ok_or(PageError::NotFound)?;
    render::ok(&Ask {
        layout: page.layout("Delete an incomplete execution", "incomplete").await,
        question: format!("Delete what failed at module {} of “{}”?", item.module, item.scenario_name),
        consequences: vec![
            "It disappears from this list and cannot be brought back.".to_owned(),
            "What the run did is not undone. The run stays in the history of its scenario.".to_owned(),
        ],
        action: format!("/incomplete/{id}/delete"),
        yes: "Delete incomplete execution",
        back: "/incomplete".to_owned(),
    })
}

/// `POST /incomplete/{id}/delete`.
pub async fn delete(page: Page, Path(id): Path<IncompleteId>) -> Reply {
    let mut tx = page.app.store().begin().await?;
    incompletes::delete(&mut tx, page.app.team(), id).await?;
    tx.commit().await?;
    render::see("/incomplete?notice=deleted")
}
