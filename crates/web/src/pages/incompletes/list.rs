//! The list: what waits for a decision, found, selected and retried.

use askama::Template;
use rouage_model::execution::{IncompleteReason, IncompleteStatus};
use rouage_store::incompletes::{self, Filter, Incomplete, Limits};
use rouage_store::{PageRequest, executions, scenarios};

use super::words as say;
use crate::pages::executions::{Trouble, trouble};
use crate::pages::failures::{self, Failed};
use crate::pages::scenario::Choice;
use crate::query::Query;
use crate::render::{self, Layout, Page, Pager, Reply, Times};
use crate::words::{self, Moment, filters, plural, t};
use crate::{PageError, guard};

/// Runs in doubt on the page; what is beyond is counted.
const MOST_DOUBTS: u32 = 50;
/// Scenarios to choose from.
const MOST_SCENARIOS: u32 = 500;

#[derive(Template)]
#[template(path = "incompletes/list.html")]
struct List {
    layout: Layout,
    in_doubt: Vec<InDoubt>,
    more_in_doubt: u64,
    failed: Vec<Failed>,
    more_failed: u64,
    statuses: Vec<Choice>,
    scenarios: Vec<Choice>,
    search: String,
    is_filtered: bool,
    /// How many of those that fit can be retried.
    open: u64,
    rows: Vec<Row>,
    pager: Pager,
    limits: Option<LimitsForm>,
}

/// A run that waits for a person, because a call may have happened.
struct InDoubt {
    execution: String,
    scenario: String,
    at: Moment,
    /// What is in doubt, in a few words.
    what: &'static str,
}

struct Row {
    id: String,
    scenario: String,
    module: String,
    status: &'static str,
    class: &'static str,
    what: &'static str,
    trouble: Trouble,
    /// What happens by itself; may be empty.
    next: String,
    attempts: String,
    size: String,
    at: Moment,
    is_idle: bool,
}

/// How much may be stored; for the owner.
struct LimitsForm {
    items: String,
    megabytes: String,
}

/// The filter that a query or a form asks for. Open ones unless it says more.
pub fn filter(query: &Query) -> Filter {
    let status = query.text("status");
    Filter {
        scenario: query.text("scenario").parse().ok(),
        status: status.parse().ok(),
        is_open: status.is_empty() || status == "open",
        text: Some(query.text("q").to_owned()).filter(|text| !text.is_empty()),
    }
}

/// `GET /incomplete`.
pub async fn list(page: Page) -> Reply {
    let (store, team) = (page.app.store(), page.app.team());
    let wanted = filter(&page.query);
    let list = incompletes::list(store, team, &wanted, page.request()).await?;
    let open = incompletes::open_ids(store, team, &wanted).await?.len() as u64;
    let times = page.times().await;
    let doubts = executions::in_doubt(store, team, PageRequest { page: 1, size: MOST_DOUBTS }).await?;
    let (failed, more_failed) = failures::list(&page, &times).await?;
    render::ok(&List {
        failed,
        more_failed,
        layout: page.layout(t!("Needs a decision"), "incomplete").await,
        more_in_doubt: doubts.total.saturating_sub(doubts.items.len() as u64),
        in_doubt: doubts
            .items
            .into_iter()
            .map(|execution| InDoubt {
                what: match crate::pages::executions::is_restored(&execution) {
                    true => t!("From a backup"),
                    false => t!("May have happened"),
                },
                execution: execution.id.to_string(),
                scenario: execution.scenario_name,
                at: times.moment(execution.created_at),
            })
            .collect(),
        statuses: statuses(&page.query),
        scenarios: scenario_choices(&page, &wanted).await?,
        search: wanted.text.clone().unwrap_or_default(),
        is_filtered: wanted != filter(&Query::default()),
        open,
        pager: Pager::new(&list, &page.query, "incomplete execution"),
        rows: list.items.into_iter().map(|item| row(item, &times)).collect(),
        limits: limits(&page).await?,
    })
}

fn statuses(query: &Query) -> Vec<Choice> {
    let chosen = query.text("status");
    let choice = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        is_chosen: chosen == value || (chosen.is_empty() && value == "open"),
    };
    let named = say::STATUSES.iter().map(|(status, label)| choice(status.as_str(), words::t(label)));
    [choice("open", t!("All that are open"))].into_iter().chain(named).chain([choice("all", t!("All"))]).collect()
}

async fn scenario_choices(page: &Page, wanted: &Filter) -> Result<Vec<Choice>, PageError> {
    let request = PageRequest { page: 1, size: MOST_SCENARIOS };
    let all = scenarios::list(page.app.store(), page.app.team(), None, request).await?;
    let choice = |row: scenarios::ScenarioRow| Choice {
        value: row.id.to_string(),
        is_chosen: wanted.scenario == Some(row.id),
        label: row.name,
    };
    Ok(all.items.into_iter().map(choice).collect())
}

fn row(item: Incomplete, times: &Times) -> Row {
    Row {
        id: item.id.to_string(),
        status: say::status(&item),
        class: say::class(&item),
        what: match item.reason {
            IncompleteReason::Error => t!("Failed"),
            IncompleteReason::MayHaveHappened => t!("May have happened"),
        },
        trouble: trouble(&item.error),
        next: match (item.status, item.retry_at) {
            (IncompleteStatus::Pending, _) if item.asked => t!("next when there is room").to_owned(),
            (IncompleteStatus::Pending, Some(at)) => {
                t!("{tries} at {time}", tries = say::tries(&item), time = words::exact(at, &times.zone))
            }
            _ => String::new(),
        },
        attempts: match item.attempts {
            0 => String::new(),
            attempts => plural!(attempts, "retried once", "retried {count} times"),
        },
        size: words::bytes(item.size),
        at: times.moment(item.created_at),
        is_idle: matches!(item.status, IncompleteStatus::Unresolved | IncompleteStatus::Pending),
        module: item.module.to_string(),
        scenario: item.scenario_name,
    }
}

async fn limits(page: &Page) -> Result<Option<LimitsForm>, PageError> {
    if !guard::is_owner(&page.app, page.principal.as_ref().map(|principal| principal.user.id)).await {
        return Ok(None);
    }
    let Limits { items, bytes } = incompletes::limits(page.app.store()).await?;
    Ok(Some(LimitsForm { items: items.to_string(), megabytes: (bytes / super::selected::MEGABYTE).to_string() }))
}
