//! One incomplete execution: what happened, what it means, what to do, and its
//! data.

use askama::Template;
use axum::extract::Path;
use rouage_model::execution::{IncompleteReason, IncompleteStatus};
use rouage_model::{Blueprint, IncompleteId, ModuleId};
use rouage_runtime::Opened;
use rouage_store::incompletes::{self, Begun, Incomplete};
use rouage_store::{executions, scenarios};

use super::words as say;
use crate::PageError;
use crate::look::{self, Look};
use crate::pages::executions::{Fields, Trouble, decision, fields_of, trouble_of};
use crate::pages::scenario::refuse;
use crate::query::Query;
use crate::refusal::again;
use crate::render::{self, Ask, Form, Layout, Page, Reply};
use crate::tree::{self, Tree};
use crate::words::{self, Moment};
use crate::words::{filters, t};

#[derive(Template)]
#[template(path = "incompletes/show.html")]
struct Show {
    layout: Layout,
    id: String,
    scenario: String,
    scenario_id: String,
    module: ModuleView,
    status: &'static str,
    class: &'static str,
    at: Moment,
    meaning: &'static str,
    next_step: String,
    trouble: Trouble,
    facts: Vec<(&'static str, String)>,
    execution: String,
    retried_by: String,
    may_have_happened: bool,
    /// Nobody is at it, so a person may decide.
    is_idle: bool,
    holds_up: bool,
    data: Data,
}

/// A module as the page names it.
pub struct ModuleView {
    pub number: String,
    pub look: Option<Look>,
}

/// The values that the module that failed had before it.
pub struct Data {
    /// Why there are none; may be empty.
    pub problem: String,
    /// Its mapped input.
    pub input: Option<Vec<Tree>>,
    /// The bundles of the modules before it.
    pub bundles: Vec<BundleView>,
}

pub struct BundleView {
    pub module: ModuleView,
    pub fields: Vec<Tree>,
}

/// `GET /incomplete/{id}`.
pub async fn show(page: Page, Path(id): Path<IncompleteId>) -> Reply {
    let (store, team) = (page.app.store(), page.app.team());
    let item = incompletes::find(store, team, id).await?.ok_or(PageError::NotFound)?;
    let opened = page.app.control().open_incomplete(team, id).await.ok().flatten();
    let scenario = scenarios::find(store, team, item.scenario).await?;
    let times = page.times().await;
    let holding_up =
        page.app.control().holding_up(team, item.scenario).await.map_err(|error| refuse(error, "shown"))?;
    let is_idle = matches!(item.status, IncompleteStatus::Unresolved | IncompleteStatus::Pending);
    let blueprint = opened.as_ref().map(|opened| opened.blueprint.as_ref());
    let fields = module_fields(&page, blueprint, item.module);
    render::ok(&Show {
        layout: page
            .layout(t!("Incomplete execution of {scenario_name}", scenario_name = item.scenario_name), "incomplete")
            .await,
        id: id.to_string(),
        scenario: item.scenario_name.clone(),
        scenario_id: item.scenario.to_string(),
        module: module_view(&page, blueprint, item.module),
        status: say::status(&item),
        class: say::class(&item),
        at: times.moment(item.created_at),
        meaning: say::meaning(&item),
        next_step: say::next_step(&item, scenario.as_ref().is_some_and(|scenario| scenario.enabled), &times),
        trouble: trouble_of(&item.error, &fields.input),
        facts: facts(&item, &times),
        execution: item.execution.to_string(),
        retried_by: item.retried_by.map(|run| run.to_string()).unwrap_or_default(),
        may_have_happened: item.reason == IncompleteReason::MayHaveHappened,
        is_idle,
        holds_up: holding_up > 0 && item.status != IncompleteStatus::Resolved,
        data: data(&page, &item, opened.as_ref()).await?,
    })
}

fn facts(item: &Incomplete, times: &render::Times) -> Vec<(&'static str, String)> {
    let exact = |at| words::exact(at, &times.zone);
    let mut facts = vec![(t!("Stored"), exact(item.created_at)), (t!("Size"), words::bytes(item.size))];
    if item.attempts > 0 {
        facts.push((t!("Attempts"), item.attempts.to_string()));
    }
    if let Some(at) = item.retry_at {
        facts.push((t!("Scheduled for"), exact(at)));
    }
    if item.status == IncompleteStatus::Resolved {
        facts.push((t!("Resolved"), exact(item.updated_at)));
    }
    facts
}

/// A module of the blueprint that its run had.
pub fn module_view(page: &Page, blueprint: Option<&Blueprint>, id: ModuleId) -> ModuleView {
    let look = blueprint.and_then(|blueprint| Some(look::of(page.app.registry(), blueprint.module(id)?)));
    ModuleView { number: id.to_string(), look }
}

/// What is known of the fields of such a module.
fn module_fields(page: &Page, blueprint: Option<&Blueprint>, id: ModuleId) -> Fields {
    let module = blueprint.and_then(|blueprint| blueprint.module(id));
    module.map(|module| fields_of(page.app.registry(), module)).unwrap_or_default()
}

/// The values, unless the run keeps its data to itself.
pub async fn data(page: &Page, item: &Incomplete, opened: Option<&Opened>) -> Result<Data, PageError> {
    let nothing = |problem: &str| Data { problem: problem.to_owned(), input: None, bundles: Vec::new() };
    let run = executions::find(page.app.store(), page.app.team(), item.execution).await?;
    if run.as_ref().is_none_or(|run| run.is_confidential)
        || opened.is_some_and(|opened| opened.blueprint.settings().confidential)
    {
        return Ok(nothing(t!("The scenario keeps its data confidential, so its values are not shown.")));
    }
    let Some(opened) = opened else {
        return Ok(nothing(t!("The run that it comes from is not in the history any more.")));
    };
    let fields = |id| module_fields(page, Some(&opened.blueprint), id);
    Ok(match &opened.remainder {
        Err(problem) => nothing(&t!("Its values cannot be shown: {problem}.", problem = problem)),
        Ok(remainder) => Data {
            problem: String::new(),
            input: remainder.input.as_ref().map(|input| tree::labelled(input, &fields(item.module).input)),
            bundles: remainder
                .bundles
                .iter()
                .map(|(module, bundle)| BundleView {
                    module: module_view(page, Some(&opened.blueprint), *module),
                    fields: tree::labelled(bundle, &fields(*module).output),
                })
                .collect(),
        },
    })
}

/// `POST /incomplete/{id}/settle`: Retry, Skip or Mark as done.
pub async fn settle(page: Page, Path(id): Path<IncompleteId>, Form(form): Form) -> Reply {
    match begin(&page, id, &form).await {
        Ok(begun) => after(id, begun),
        Err(error) => {
            let page = page.refused(error, ("decide", form), &format!("/incomplete/{id}"))?;
            again(show(page, Path(id)).await)
        }
    }
}

async fn begin(page: &Page, id: IncompleteId, form: &Query) -> Result<Begun, PageError> {
    let begun = page.app.control().settle_incomplete(page.app.team(), id, decision(form)?).await;
    begun.map_err(|error| refuse(error, "retried"))
}

/// Where a person goes after a retry was begun.
pub fn after(id: IncompleteId, begun: Begun) -> Reply {
    match begun {
        Begun::Run(execution) => render::see(&format!("/executions/{execution}?notice=retrying")),
        Begun::Waits => render::see(&format!("/incomplete/{id}?notice=next")),
    }
}

/// `GET /incomplete/{id}/delete`.
pub async fn ask_delete(page: Page, Path(id): Path<IncompleteId>) -> Reply {
    let found = incompletes::find(page.app.store(), page.app.team(), id).await?;
    let item = found.ok_or(PageError::NotFound)?;
    render::ok(&Ask {
        layout: page.layout(t!("Delete an incomplete execution"), "incomplete").await,
        question: t!(
            "Delete what failed at module {module} of “{scenario_name}”?",
            module = item.module,
            scenario_name = item.scenario_name
        ),
        consequences: vec![
            t!("It disappears from this list and cannot be brought back: its bundle goes no further.").to_owned(),
            t!("What the run did is not undone. The run stays in the history of its scenario.").to_owned(),
        ],
        action: format!("/incomplete/{id}/delete"),
        yes: t!("Delete incomplete execution"),
        back: format!("/incomplete/{id}"),
    })
}

/// `POST /incomplete/{id}/delete`.
pub async fn delete(page: Page, Path(id): Path<IncompleteId>) -> Reply {
    let mut tx = page.app.store().begin().await?;
    incompletes::delete(&mut tx, page.app.team(), id).await?;
    tx.commit().await?;
    render::see("/incomplete?notice=deleted")
}
