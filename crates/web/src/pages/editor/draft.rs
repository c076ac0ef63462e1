//! The draft of a scenario: read, kept at every change, given up, published.

use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use rouage_model::{Blueprint, Collection, ScenarioId, UserId, Value, blueprint, json};
use rouage_runtime::EditedDraft as Edited;
use rouage_runtime::{ControlError, Report};
use rouage_store::drafts::{self, Draft};
use rouage_store::scenarios::{self, Scenario};

use super::answer::{Answer, Refusal, ok};
use super::head;
use crate::render::Page;
use crate::routes::Permission::SignedIn;
use crate::words::t;
use crate::{PageError, Route, words};

/// A blueprint and what stands around it.
const LIMIT: usize = blueprint::MAX_SIZE + 64 * 1024;
/// Characters of a note.
const LONGEST_NOTE: usize = 500;

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/scenarios/{id}/draft", SignedIn, show),
        Route::post("/scenarios/{id}/draft", SignedIn, keep).body_limit(LIMIT),
        Route::post("/scenarios/{id}/draft/discard", SignedIn, discard),
        Route::post("/scenarios/{id}/publish", SignedIn, publish),
    ]
}

/// A scenario with its draft.
pub async fn load(page: &Page, id: ScenarioId) -> Result<(Scenario, Draft), PageError> {
    let (store, team) = (page.app.store(), page.app.team());
    let scenario = scenarios::find(store, team, id).await?.ok_or(PageError::NotFound)?;
    let draft = drafts::find(store, team, id).await?.ok_or(PageError::NotFound)?;
    Ok((scenario, draft))
}

/// The scenario as it would be with its draft published.
pub fn published(scenario: &Scenario, draft: &Draft) -> Scenario {
    Scenario { blueprint: draft.blueprint.clone(), links: draft.links.clone(), ..scenario.clone() }
}

/// A draft for the scripts.
pub fn to_value(draft: &Draft) -> Value {
    let links = if draft.links.is_nothing() { Value::empty_collection() } else { draft.links.clone() };
    Collection::from_iter([
        ("revision", number(draft.revision)),
        ("baseVersion", draft.base_version.0.into()),
        ("isChanged", draft.is_changed.into()),
        ("root", draft.blueprint.root().clone()),
        ("links", links),
        ("by", draft.updated_by.clone().into()),
        ("at", json::iso(draft.updated_at).into()),
    ])
    .into()
}

fn number(revision: u64) -> Value {
    Value::from(i64::try_from(revision).unwrap_or(i64::MAX))
}

/// How each module fares, for the scripts.
pub fn report(report: &Report) -> Value {
    let module = |module: &rouage_runtime::ModuleReport| {
        let problems: Vec<Value> = module.problems.iter().map(|problem| problem.as_str().into()).collect();
        Value::from(Collection::from_iter([
            ("id", Value::from(module.id.map(|id| id.0))),
            ("status", module.status.as_str().into()),
            ("problems", problems.into()),
        ]))
    };
    report.modules.iter().map(module).collect::<Vec<_>>().into()
}

/// `GET /scenarios/{id}/draft`.
async fn show(page: Page, Path(id): Path<ScenarioId>) -> Answer {
    whole(&page, id).await
}

/// The draft with what is said of it.
async fn whole(page: &Page, id: ScenarioId) -> Answer {
    let (scenario, draft) = load(page, id).await?;
    let mut answer = to_value(&draft).as_collection().cloned().unwrap_or_default();
    describe(page, &mut answer, &scenario, &draft).await?;
    ok(answer)
}

/// Report and bar of a draft, for the scripts.
async fn describe(page: &Page, answer: &mut Collection, scenario: &Scenario, draft: &Draft) -> Result<(), PageError> {
    let checked = page.app.control().check_draft(page.app.team(), draft).await;
    answer.insert("report", report(&checked.map_err(|error| crate::pages::scenario::refuse(error, "shown"))?));
    answer.insert("scenario", head::of(page, scenario, draft).await?.to_value());
    Ok(())
}

/// What a tab wants to be kept.
struct Sent {
    revision: u64,
    root: Value,
    links: Value,
    tab: String,
}

/// `POST /scenarios/{id}/draft`.
async fn keep(page: Page, Path(id): Path<ScenarioId>, body: Result<Bytes, BytesRejection>) -> Answer {
    let sent = sent(body)?;
    let edited = Edited { revision: sent.revision, root: sent.root, links: sent.links, by: author(&page) };
    let kept = match page.app.control().save_draft(page.app.team(), id, edited).await {
        Ok(kept) => kept,
        Err(error) => return Err(refused(&page, id, sent.revision, error).await),
    };
    page.app.presence().kept(id, kept.revision, &sent.tab);
    let revision = kept.revision;
    let (scenario, draft) = load(&page, id).await?;
    let mut answer = Collection::from_iter([
        ("revision", number(revision)),
        ("baseVersion", draft.base_version.0.into()),
        ("isChanged", draft.is_changed.into()),
    ]);
    describe(&page, &mut answer, &scenario, &draft).await?;
    ok(answer)
}

fn sent(body: Result<Bytes, BytesRejection>) -> Result<Sent, Refusal> {
    let body = read(body)?;
    let revision = revision(&body)?;
    let root = body.field("root").clone();
    // Says what is wrong before anything is compared.
    Blueprint::from_document(root.clone()).map_err(|error| not_a_blueprint(&error))?;
    let links = match body.field("links") {
        links if links.as_collection().is_some() => links.clone(),
        _ => return Err(Refusal::invalid(t!("The links of the modules are missing. Reload the page."))),
    };
    Ok(Sent { revision, root, links, tab: words::cut(body.field("tab").as_text().unwrap_or_default(), 64) })
}

/// Reads a body of JSON.
fn read(body: Result<Bytes, BytesRejection>) -> Result<Value, Refusal> {
    let too_large = |_| {
        let most = words::bytes(blueprint::MAX_SIZE as u64);
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            t!("The scenario is too large: up to {most} are kept.", most = most),
        )
    };
    let body = body.map_err(too_large)?;
    json::parse_bounded(&body).map_err(|error| {
        Refusal::new(StatusCode::BAD_REQUEST, t!("What was sent cannot be read: {error}.", error = error))
    })
}

fn revision(body: &Value) -> Result<u64, Refusal> {
    let revision = body.field("revision").as_i64().and_then(|number| u64::try_from(number).ok());
    revision.ok_or_else(|| Refusal::invalid(t!("The revision of the draft is missing. Reload the page.")))
}

fn not_a_blueprint(error: &blueprint::Error) -> Refusal {
    Refusal::invalid(words::sentence(&format!("{error}.")))
}

/// A refusal; of a draft that was overtaken with who did it, and when.
async fn refused(page: &Page, id: ScenarioId, revision: u64, error: ControlError) -> Refusal {
    match error {
        ControlError::Store(rouage_store::Error::Conflict(text)) => match load(page, id).await {
            Ok((_, draft)) if draft.revision != revision => overtaken(&draft),
            Ok(_) => ControlError::Problems(vec![text.to_string()]).into(),
            Err(error) => error.into(),
        },
        error => error.into(),
    }
}

/// Somebody kept another one: who, and when.
fn overtaken(draft: &Draft) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, t!("This scenario was changed elsewhere in the meantime."))
        .with("revision", number(draft.revision))
        .with("by", draft.updated_by.clone())
        .with("at", json::iso(draft.updated_at))
}

/// Who is at work.
pub fn author(page: &Page) -> Option<UserId> {
    page.principal.as_ref().map(|principal| principal.user.id)
}

/// `POST /scenarios/{id}/draft/discard`.
async fn discard(page: Page, Path(id): Path<ScenarioId>, body: Result<Bytes, BytesRejection>) -> Answer {
    let revision = revision(&read(body)?)?;
    if let Err(error) = page.app.control().discard_draft(page.app.team(), id, revision).await {
        return Err(refused(&page, id, revision, error).await);
    }
    whole(&page, id).await
}

/// `POST /scenarios/{id}/publish`.
async fn publish(page: Page, Path(id): Path<ScenarioId>, body: Result<Bytes, BytesRejection>) -> Answer {
    let body = read(body)?;
    let revision = revision(&body)?;
    let note = words::cut(body.field("note").as_text().unwrap_or_default().trim(), LONGEST_NOTE);
    let note = Some(note.as_str()).filter(|note| !note.is_empty());
    let (team, by) = (page.app.team(), author(&page));
    let version = match page.app.control().publish(team, id, revision, note, by).await {
        Ok(version) => version,
        Err(error) => return Err(refused(&page, id, revision, error).await),
    };
    let (scenario, draft) = load(&page, id).await?;
    let mut answer = Collection::from_iter([
        ("version", Value::from(version.0)),
        ("revision", number(draft.revision)),
        ("baseVersion", draft.base_version.0.into()),
        ("isChanged", draft.is_changed.into()),
    ]);
    describe(&page, &mut answer, &scenario, &draft).await?;
    ok(answer)
}
