//! Running what is being edited: Run once and its other ways, how a run stands
//! at the moment, what each module did, and the runs and requests to choose
//! from.

use askama::Template;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use rouage_engine::trace::State;
use rouage_model::journal::Event;
use rouage_model::{
    Collection, DeliveryId, ExecutionId, HookId, ModuleError, ModuleId, OperationId, ScenarioId, Value, json,
};
use rouage_runtime::{ControlError, DraftRun, History, How, Wanted, reason_against_replay};
use rouage_store::deliveries::{self, Delivery};
use rouage_store::executions::{self, Filter};
use rouage_store::{hooks, scenarios};

use super::answer::{Answer, Refusal, ok};
use super::draft;
use crate::pages::executions::log::{self, Line};
use crate::pages::executions::modules::{self, ModuleView, module_fields, overlay, told_above};
use crate::pages::executions::{Trouble, trouble_of, unnamed_trouble};
use crate::pages::single;
use crate::render::{Execution, Page, Times};
use crate::routes::Permission::SignedIn;
use crate::words::{filters, t};
use crate::{PageError, Route, words};

/// Runs and requests to choose from.
const LAST: u32 = 20;
/// Lines of the log that are sent; the history has all.
const MOST_LINES: usize = 400;
/// Characters of a request that are shown in the list.
const PREVIEW: usize = 160;

/// Rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/scenarios/{id}/run-draft", SignedIn, run),
        Route::get("/scenarios/{id}/runs.json", SignedIn, runs),
        Route::get("/scenarios/{id}/draft/modules/{module}/values", SignedIn, values),
        Route::get("/executions/{id}/state", SignedIn, state),
        Route::get("/executions/{id}/modules/{module}", SignedIn, inspect),
    ]
}

/// `POST /scenarios/{id}/run-draft`.
async fn run(page: Page, Path(id): Path<ScenarioId>, body: Bytes) -> Answer {
    let asked = json::parse_bounded(&body).map_err(|error| Refusal::invalid(words::sentence(&error.to_string())))?;
    if asked.field("how").as_text() == Some("stop") {
        return stop(&page, id, asked.field("execution").as_text()).await;
    }
    match page.app.control().run_draft(page.app.team(), id, how(&asked)?).await? {
        DraftRun::Started(run) => ok(Collection::from_iter([("execution", run.to_string())])),
        DraftRun::Listening { hook, until } => {
            let url = address(&page, hook).await?;
            ok(Collection::from_iter([
                ("listening", Value::from(true)),
                ("url", url.into()),
                ("until", json::iso(until).into()),
            ]))
        }
    }
}

fn how(asked: &Value) -> Result<How, Refusal> {
    let missing = || Refusal::invalid(t!("What is to be run was not said."));
    Ok(match asked.field("how").as_text().unwrap_or_default() {
        "once" => How::Once(asked.field("inputs").clone()),
        "last" => How::Last,
        "delivery" => How::Delivery(DeliveryId(number(asked.field("delivery")).ok_or_else(missing)?)),
        "replay" => How::Replay(execution(asked.field("execution").as_text()).ok_or_else(missing)?),
        "module" => {
            let module = ModuleId(number(asked.field("module")).ok_or_else(missing)?);
            let values = asked.field("values").as_array().unwrap_or_default();
            How::Module(module, values.iter().map(written).collect::<Result<_, _>>()?)
        }
        _ => return Err(missing()),
    })
}

/// An id, which scripts send as they got it: as a number or as text.
fn number(id: &Value) -> Option<i64> {
    id.as_i64().or_else(|| id.as_text()?.parse().ok())
}

/// A value that was written down for "Run this module only".
fn written(written: &Value) -> Result<Wanted, Refusal> {
    let text = |name: &str| written.field(name).as_text().unwrap_or_default();
    let module = ModuleId(number(written.field("module")).unwrap_or_default());
    let mut wanted = Wanted { module, field: text("field").to_owned(), value: Value::Undefined };
    wanted.value = single::typed(&wanted, text("kind"), text("text"))?;
    Ok(wanted)
}

fn execution(id: Option<&str>) -> Option<ExecutionId> {
    id?.parse().ok()
}

/// Ends the wait for a request, and the run if one is named.
async fn stop(page: &Page, id: ScenarioId, run: Option<&str>) -> Answer {
    let (control, team) = (page.app.control(), page.app.team());
    scenarios::find(page.app.store(), team, id).await?.ok_or(PageError::NotFound)?;
    let waited = control.stop_listening(id);
    if let Some(run) = execution(run) {
        control.stop(team, run).await?;
    }
    ok(Collection::from_iter([("stopped", true), ("waited", waited)]))
}

async fn address(page: &Page, hook: HookId) -> Result<String, PageError> {
    let hook = hooks::find(page.app.store(), page.app.team(), hook).await?.ok_or(PageError::NotFound)?;
    Ok(page.app.address(&format!("/hook/{}", hook.token)))
}

/// `GET /executions/{id}/state`.
async fn state(page: Page, Path(id): Path<Execution>) -> Answer {
    let (history, times) = (find(&page, id.0).await?, page.times().await);
    ok(report(&page, &history, &log::lines(&page, &history, &times)))
}

/// How a run stands, for the scripts.
pub(super) fn report(page: &Page, history: &History, lines: &[Line]) -> Collection {
    let execution = &history.execution;
    let left_out = lines.len().saturating_sub(MOST_LINES);
    let marks: Collection = marks(history).into_iter().map(|(module, mark)| (module.to_string(), mark)).collect();
    Collection::from_iter([
        ("id", Value::from(execution.id.to_string())),
        ("status", execution.status.as_str().into()),
        ("word", words::status(execution.status).into()),
        ("isFinal", execution.status.is_final().into()),
        ("isDraft", execution.is_try().into()),
        ("isSingle", execution.is_single_module().into()),
        ("isCheck", execution.is_check.into()),
        ("operations", execution.operations.max(operations(history)).into()),
        ("startedAt", json::iso(execution.created_at).into()),
        ("finishedAt", execution.finished_at.map(json::iso).into()),
        ("modules", marks.into()),
        ("log", lines.iter().skip(left_out).map(line).collect::<Vec<_>>().into()),
        ("leftOut", left_out.into()),
        ("error", told(page, history)),
    ])
}

fn operations(history: &History) -> u32 {
    u32::try_from(history.trace.operations.len()).unwrap_or(u32::MAX)
}

/// The bubbles, with the warnings of mappings.
fn marks(history: &History) -> Vec<(ModuleId, Value)> {
    let of = |module: ModuleId, mark: crate::diagram::Mark| {
        let own = history.trace.operations.iter().filter(|operation| operation.module == module);
        let warnings = own.clone().map(|operation| operation.warnings.len()).sum::<usize>();
        let waiting = own.filter(|operation| operation.state == State::Waiting).count();
        Value::from(Collection::from_iter([
            ("operations", Value::from(mark.operations)),
            ("errors", mark.errors.into()),
            ("parked", mark.parked.into()),
            ("running", mark.running.into()),
            ("waiting", waiting.into()),
            ("warnings", warnings.into()),
            ("heldBack", mark.held_back.into()),
            ("letThrough", mark.let_through.into()),
        ]))
    };
    // Before a module that runs alone stand values that somebody wrote down.
    let only = history.execution.is_single_module().then(|| history.blueprint.as_ref()?.flow().last()?.id()).flatten();
    let shown = overlay(history).into_iter().filter(|(module, _)| only.is_none_or(|only| only == *module));
    shown.map(|(module, mark)| (module, of(module, mark))).collect()
}

fn line(line: &Line) -> Value {
    let mut out = Collection::from_iter([
        ("at", Value::from(line.at.as_str())),
        ("kind", line.class.into()),
        ("text", line.text.as_str().into()),
    ]);
    // Operation 0 stands for the run itself.
    if let Some((operation, module)) = line.of.filter(|(operation, _)| operation.0 > 0) {
        out.insert("operation", operation.0);
        out.insert("module", module.0);
    }
    out.into()
}

/// What went wrong, in words; null when nothing did.
fn told(page: &Page, history: &History) -> Value {
    let of = |module: Option<ModuleId>, trouble: Trouble| {
        let raw = [trouble.raw].into_iter().chain(trouble.details).collect::<Vec<_>>().join("\n");
        Value::from(Collection::from_iter([
            ("module", Value::from(module.map(|module| module.0))),
            ("what", trouble.what.into()),
            ("said", trouble.first_line.into()),
            ("do", trouble.advice.into()),
            ("kind", trouble.kind.into()),
            ("raw", raw.into()),
        ]))
    };
    let told = told_above(history).and_then(|operation| Some((operation.module, operation.error.as_ref()?)));
    match told.or_else(|| not_begun(history)) {
        Some((module, error)) => of(Some(module), trouble_of(error, &module_fields(page, history, module).input)),
        None if history.execution.status.is_final() => {
            unnamed_trouble(&history.execution).map_or(Value::Null, |trouble| of(None, trouble))
        }
        None => Value::Null,
    }
}

/// Why the run did not begin: of no operation, but of a module all the same.
fn not_begun(history: &History) -> Option<(ModuleId, &ModuleError)> {
    history.journal.iter().find_map(|event| match event {
        Event::Failed { operation: OperationId(0), module, error, .. } => Some((*module, error)),
        _ => None,
    })
}

async fn find(page: &Page, id: ExecutionId) -> Result<History, Refusal> {
    let found = page.app.control().history(page.app.team(), id).await?;
    found.ok_or_else(|| Refusal::new(axum::http::StatusCode::NOT_FOUND, t!("This run is not kept any more.")))
}

#[derive(Template)]
#[template(path = "editor/_inspect.html")]
struct Inspect {
    id: String,
    module: ModuleView,
}

/// `GET /executions/{id}/modules/{module}`: what it did, as a piece of a page.
async fn inspect(page: Page, Path((id, module)): Path<(Execution, ModuleId)>) -> Answer {
    let (history, times) = (find(&page, id.0).await?, page.times().await);
    let text = piece(&page, &history, &times, module)?.ok_or(PageError::NotFound)?;
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    let answer: Response = (headers, text).into_response();
    Ok(answer)
}

/// What one module of a run did, as a piece of a page; `None` when its scenario
/// has none of that number.
pub(super) fn piece(
    page: &Page,
    history: &History,
    times: &Times,
    module: ModuleId,
) -> Result<Option<String>, PageError> {
    let Some(view) = modules::module(page, history, times, module) else { return Ok(None) };
    let text = Inspect { id: history.execution.id.to_string(), module: view }.render();
    text.map(Some).map_err(PageError::internal)
}

/// `GET /scenarios/{id}/draft/modules/{module}/values`: what "Run this module
/// only" asks for.
async fn values(page: Page, Path((id, module)): Path<(ScenarioId, ModuleId)>) -> Answer {
    let wanted = match page.app.control().draft_module_values(page.app.team(), id, module).await {
        Ok(wanted) => wanted,
        // Nothing failed: this module has no way to run by itself.
        Err(ControlError::Conflict(why)) => {
            return ok(Collection::from_iter([("why", words::sentence(&why))]));
        }
        Err(error) => return Err(error.into()),
    };
    let field = |wanted: &Wanted| {
        let field = single::field(wanted);
        Value::from(Collection::from_iter([
            ("module", Value::from(wanted.module.0)),
            ("field", wanted.field.as_str().into()),
            ("kind", field.kind.into()),
            ("text", field.text.into()),
            ("isLong", field.is_long.into()),
            ("isKnown", (wanted.value != Value::Undefined).into()),
        ]))
    };
    ok(Collection::from_iter([("fields", wanted.iter().map(field).collect::<Vec<_>>())]))
}

/// `GET /scenarios/{id}/runs.json`: the last runs and requests, and whether Run
/// once waits for one.
async fn runs(page: Page, Path(id): Path<ScenarioId>) -> Answer {
    let (store, team) = (page.app.store(), page.app.team());
    let (scenario, draft) = draft::load(&page, id).await?;
    let times = page.times().await;
    let filter = Filter { scenario: Some(id), ..Filter::default() };
    let listed = executions::list(store, team, &filter, None, LAST).await?;
    let runs: Vec<Value> = listed.items.iter().map(|execution| run_row(execution, &times)).collect();
    let hook = page.app.control().draft_hook(&draft, &scenario);
    let requests = match hook {
        Some(hook) => deliveries::last(store, team, hook, LAST).await?,
        None => Vec::new(),
    };
    let requests: Vec<Value> = requests.iter().map(|request| request_row(request, &times)).collect();
    let listening = match page.app.control().listening(id) {
        Some((hook, until)) => Collection::from_iter([
            ("url", Value::from(address(&page, hook).await?)),
            ("until", json::iso(until).into()),
        ])
        .into(),
        None => Value::Null,
    };
    ok(Collection::from_iter([
        ("runs", Value::from(runs)),
        ("requests", requests.into()),
        ("hasWebhook", hook.is_some().into()),
        ("listening", listening),
    ]))
}

fn run_row(execution: &executions::Execution, times: &Times) -> Value {
    let moment = times.moment(execution.created_at);
    Collection::from_iter([
        ("id", Value::from(execution.id.to_string())),
        ("status", execution.status.as_str().into()),
        ("word", words::status(execution.status).into()),
        ("isFinal", execution.status.is_final().into()),
        ("isDraft", execution.is_try().into()),
        ("isSingle", execution.is_single_module().into()),
        ("isCheck", execution.is_check.into()),
        ("ago", moment.ago().into()),
        ("at", moment.exact().into()),
        ("by", words::origin(execution.origin).into()),
        ("operations", execution.operations.into()),
        ("name", execution.name.clone().into()),
        ("whyNot", reason_against_replay(execution).unwrap_or_default().into()),
    ])
    .into()
}

fn request_row(request: &Delivery, times: &Times) -> Value {
    let moment = times.moment(request.row.received_at);
    let bundle = request.payload.as_ref().and_then(|bundles| bundles.first());
    let text = bundle.map(json::to_string).unwrap_or_default();
    Collection::from_iter([
        ("id", Value::from(request.row.id.to_string())),
        ("ago", moment.ago().into()),
        ("at", moment.exact().into()),
        ("size", words::bytes(request.row.size).into()),
        ("hasData", bundle.is_some().into()),
        ("text", words::cut(&text, PREVIEW).into()),
    ])
    .into()
}
