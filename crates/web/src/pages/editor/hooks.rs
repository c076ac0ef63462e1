//! Webhooks for the forms of the editor: make one, wait for data, see its
//! structure, take a sample.

use axum::Json;
use axum::extract::Path;
use rouage_model::{Collection, DeliveryId, HookId, ScenarioId, Value, json};
use rouage_store::deliveries::{self, Delivery};
use rouage_store::hooks::{self, Hook, HookSettings};
use rouage_store::{Accept, AcceptOutcome, NewDelivery, scenarios};
use serde::Deserialize;

use super::answer::{Answer, Refusal, ok};
use crate::ingress;
use crate::pages::scenario::checked_name;
use crate::render::{Page, Times};
use crate::routes::Permission::SignedIn;
use crate::words::t;
use crate::{PageError, Route, words};

/// So many of the last requests are offered as samples.
const LAST: u32 = 20;
/// The largest pasted sample in bytes.
const LARGEST_SAMPLE: usize = 1024 * 1024;

/// Rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/editor/hooks", SignedIn, list),
        Route::post("/editor/hooks", SignedIn, create),
        Route::get("/editor/hooks/{id}", SignedIn, show),
        Route::post("/editor/hooks/{id}/learn", SignedIn, learn),
        Route::post("/editor/hooks/{id}/sample", SignedIn, take_sample),
        Route::post("/editor/hooks/{id}/rename", SignedIn, rename),
    ]
}

/// `GET /editor/hooks?scenario=1`: all, with whether this scenario may listen.
pub async fn list(page: Page) -> Answer {
    let scenario: Option<ScenarioId> = page.query.text("scenario").parse().ok().map(ScenarioId);
    let mut rows: Vec<Value> = Vec::new();
    for hook in hooks::list(page.app.store(), page.app.team()).await? {
        let is_free = hook.scenario.is_none() || hook.scenario == scenario;
        let owner = if is_free { String::new() } else { owner(&page, &hook).await?.unwrap_or_default() };
        let row: Collection = [
            ("id", Value::from(hook.id.0)),
            ("name", hook.name.into()),
            ("isFree", is_free.into()),
            ("usedBy", owner.into()),
        ]
        .into_iter()
        .collect();
        rows.push(row.into());
    }
    ok([("hooks", Value::from(rows))].into_iter().collect::<Collection>())
}

/// The name of the scenario that listens.
async fn owner(page: &Page, hook: &Hook) -> Result<Option<String>, PageError> {
    let Some(id) = hook.scenario else { return Ok(None) };
    Ok(scenarios::find(page.app.store(), page.app.team(), id).await?.map(|scenario| scenario.name))
}

/// A new webhook as the form sends it.
#[derive(Deserialize)]
pub struct New {
    name: String,
    #[serde(default)]
    headers: bool,
    #[serde(default)]
    method: bool,
    #[serde(default)]
    stringify: bool,
}

/// `POST /editor/hooks`. It waits for data from the start.
pub async fn create(page: Page, Json(new): Json<New>) -> Answer {
    let name = checked_name(new.name.trim())?;
    let New { headers, method, stringify, .. } = new;
    let settings = HookSettings { headers, method, stringify, ..HookSettings::default() };
    let mut tx = page.app.store().begin().await?;
    let hook = hooks::create(&mut tx, page.app.team(), name, &settings).await?;
    hooks::set_learning(&mut tx, page.app.team(), hook.id, true).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    state(&page, hook.id).await
}

/// `GET /editor/hooks/{id}`.
pub async fn show(page: Page, Path(id): Path<HookId>) -> Answer {
    state(&page, id).await
}

async fn find(page: &Page, id: HookId) -> Result<Hook, PageError> {
    hooks::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)
}

/// Everything that the form shows of a webhook.
async fn state(page: &Page, id: HookId) -> Answer {
    let hook = find(page, id).await?;
    let times = page.times().await;
    let requests = deliveries::last(page.app.store(), page.app.team(), id, LAST).await?;
    let requests: Vec<Value> = requests.iter().map(|request| request_row(request, &times).into()).collect();
    let body: Collection = [
        ("id", Value::from(hook.id.0)),
        ("url", page.app.address(&format!("/hook/{}", hook.token)).into()),
        ("isLearning", hook.learning.into()),
        ("isEnabled", hook.enabled.into()),
        ("scenario", hook.scenario.map_or(Value::Null, |scenario| scenario.0.into())),
        ("usedBy", owner(page, &hook).await?.unwrap_or_default().into()),
        ("needsKey", (!hook.settings.api_keys.is_empty()).into()),
        (
            "structure",
            if hook.interface.is_nothing() { Value::from(Vec::<Value>::new()) } else { hook.interface.clone() },
        ),
        ("requests", requests.into()),
        ("name", hook.name.into()),
    ]
    .into_iter()
    .collect();
    ok(body)
}

fn request_row(request: &Delivery, times: &Times) -> Collection {
    let moment = times.moment(request.row.received_at);
    let bundle = request.payload.as_ref().and_then(|bundles| bundles.first());
    let text = bundle.map(json::to_string).unwrap_or_default();
    [
        ("id", Value::from(request.row.id.0)),
        ("ago", moment.ago().into()),
        ("at", moment.exact().into()),
        ("method", request.row.method.as_str().into()),
        ("size", words::bytes(request.row.size).into()),
        ("hasData", bundle.is_some().into()),
        ("text", words::cut(&text, 160).into()),
    ]
    .into_iter()
    .collect()
}

/// Whether to wait for data.
#[derive(Deserialize)]
pub struct Learn {
    on: bool,
}

/// `POST /editor/hooks/{id}/learn`: redetermine the structure, or stop waiting.
pub async fn learn(page: Page, Path(id): Path<HookId>, Json(learn): Json<Learn>) -> Answer {
    let mut tx = page.app.store().begin().await?;
    hooks::set_learning(&mut tx, page.app.team(), id, learn.on).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    state(&page, id).await
}

/// A pasted text, or the number of a request that came before.
#[derive(Deserialize)]
pub struct Sample {
    text: Option<String>,
    delivery: Option<i64>,
}

/// `POST /editor/hooks/{id}/sample`: takes the structure of a sample. A pasted
/// one is kept among the requests, so that a run can be tried with it.
pub async fn take_sample(page: Page, Path(id): Path<HookId>, Json(sample): Json<Sample>) -> Answer {
    let hook = find(&page, id).await?;
    match (sample.delivery, sample.text) {
        (Some(delivery), _) => take_request(&page, &hook, DeliveryId(delivery)).await?,
        (None, Some(text)) => take_text(&page, &hook, text).await?,
        (None, None) => return Err(Refusal::invalid(t!("Paste what the sender sends."))),
    }
    page.app.control().refresh().await;
    state(&page, id).await
}

async fn take_request(page: &Page, hook: &Hook, delivery: DeliveryId) -> Result<(), Refusal> {
    let (store, team) = (page.app.store(), page.app.team());
    let found = deliveries::find(store, team, delivery).await?.filter(|found| found.row.hook == hook.id);
    let payload = found.and_then(|found| found.payload).ok_or(PageError::NotFound)?;
    let bundle = payload.first().and_then(Value::as_collection);
    let bundle = bundle.ok_or_else(|| Refusal::invalid(t!("This request carried no data.")))?;
    let mut tx = store.begin().await?;
    hooks::set_interface(&mut tx, team, hook.id, &ingress::infer(bundle)).await?;
    tx.commit().await?;
    Ok(())
}

async fn take_text(page: &Page, hook: &Hook, text: String) -> Result<(), Refusal> {
    if text.len() > LARGEST_SAMPLE {
        let most = words::bytes(LARGEST_SAMPLE as u64);
        return Err(Refusal::invalid(t!(
            "A sample has at most {most}; a few items of each list are enough.",
            most = most
        )));
    }
    let size = text.len() as u64;
    let bundle = match hook.settings.stringify {
        true => [("value", Value::from(text))].into_iter().collect(),
        false => ingress::sample(&text).map_err(|unreadable| {
            let line = unreadable.line.map_or(Value::Null, Value::from);
            Refusal::invalid(unreadable.problem).with("line", line)
        })?,
    };
    let delivery = NewDelivery {
        received_at: page.app.clock().now(),
        method: "SAMPLE".to_owned(),
        query: String::new(),
        headers: Vec::new(),
        ip: String::new(),
        size,
        content_type: String::new(),
    };
    let outcome = AcceptOutcome::Learned { structure: ingress::infer(&bundle), payload: vec![bundle.into()] };
    page.app.store().accept(Accept { team: page.app.team(), hook: hook.id, delivery, outcome }).await?;
    Ok(())
}

/// Another name.
#[derive(Deserialize)]
pub struct Rename {
    name: String,
}

/// `POST /editor/hooks/{id}/rename`.
pub async fn rename(page: Page, Path(id): Path<HookId>, Json(new): Json<Rename>) -> Answer {
    let name = checked_name(new.name.trim())?;
    let mut tx = page.app.store().begin().await?;
    hooks::rename(&mut tx, page.app.team(), id, name).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    state(&page, id).await
}
