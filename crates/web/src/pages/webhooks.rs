//! Webhooks: address, listening state, requests, queue, settings.

use askama::Template;
use axum::extract::Path;
use rouage_model::structure::Structure;
use rouage_model::{DeliveryId, HookId, Value, clock, json};
use rouage_store::deliveries::{self, DeliveryRow, DeliveryStatus};
use rouage_store::hooks::{self, ApiKey, DefaultResponse, Hook, HookSettings};
use rouage_store::structures::StructureRow;
use rouage_store::{PageRequest, scenarios};

use super::scenario::{Choice, checked_name};
use crate::PageError;
use crate::query::Query;
use crate::refusal::{Problems, again};
use crate::render::{self, Ask, Form, Layout, Page, Pager, Reply, Times};
use crate::tree::{self, Tree};
use crate::words::{self, Moment};
use crate::words::{filters, t};

#[derive(Template)]
#[template(path = "webhooks/list.html")]
struct List {
    layout: Layout,
    search: String,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    name: String,
    url: String,
    scenario: Option<ScenarioRef>,
    is_learning: bool,
    queue: u64,
    last: Option<Moment>,
}

struct ScenarioRef {
    id: String,
    name: String,
    is_on: bool,
}

/// `GET /webhooks`.
pub async fn list(page: Page) -> Reply {
    let (store, team) = (page.app.store(), page.app.team());
    let times = page.times().await;
    let search = page.query.text("q").to_lowercase();
    let mut rows = Vec::new();
    for hook in hooks::list(store, team).await? {
        if !hook.name.to_lowercase().contains(&search) && !hook.token.contains(&search) {
            continue;
        }
        let last = deliveries::list(store, team, hook.id, PageRequest { page: 1, size: 1 }).await?;
        rows.push(Row {
            id: hook.id.to_string(),
            url: address(&page, &hook),
            scenario: scenario_of(&page, &hook).await?,
            is_learning: hook.learning,
            queue: deliveries::queue_length(store, team, hook.id).await?,
            last: last.items.first().map(|row| times.moment(row.received_at)),
            name: hook.name,
        });
    }
    render::ok(&List {
        layout: page.layout(t!("Webhooks"), "webhooks").await,
        search: page.query.text("q").to_owned(),
        rows,
    })
}

fn address(page: &Page, hook: &Hook) -> String {
    page.app.address(&format!("/hook/{}", hook.token))
}

async fn scenario_of(page: &Page, hook: &Hook) -> Result<Option<ScenarioRef>, PageError> {
    let Some(id) = hook.scenario else { return Ok(None) };
    let scenario = scenarios::find(page.app.store(), page.app.team(), id).await?;
    Ok(scenario.map(|scenario| ScenarioRef { id: id.to_string(), name: scenario.name, is_on: scenario.enabled }))
}

async fn find(page: &Page, id: HookId) -> Result<Hook, PageError> {
    hooks::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)
}

/// `POST /webhooks`.
pub async fn create(page: Page, Form(form): Form) -> Reply {
    match store_new(&page, form.text("name")).await {
        Ok(id) => render::see(&format!("/webhooks/{id}?notice=created")),
        Err(error) => again(list(page.refused(error, ("create", form), "/webhooks")?).await),
    }
}

async fn store_new(page: &Page, name: &str) -> Result<HookId, PageError> {
    let name = checked_name(name)?;
    let mut tx = page.app.store().begin().await?;
    let hook = hooks::create(&mut tx, page.app.team(), name, &HookSettings::default()).await?;
    hooks::set_learning(&mut tx, page.app.team(), hook.id, true).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    Ok(hook.id)
}

#[derive(Template)]
#[template(path = "webhooks/show.html")]
struct Show {
    layout: Layout,
    id: String,
    name: String,
    url: String,
    is_learning: bool,
    /// Whether what is sent to be learned from runs as well.
    runs_sample: bool,
    scenario: Option<ScenarioRef>,
    requests: Vec<RequestRow>,
    pager: Pager,
    queue: Vec<RequestRow>,
    queue_length: u64,
    structure: Vec<FieldRow>,
    settings: SettingsView,
    new_key: String,
    /// Of the form that makes a key.
    once: String,
    example: String,
}

struct RequestRow {
    id: String,
    at: Moment,
    method: String,
    ip: String,
    size: String,
    status: &'static str,
    class: &'static str,
    reason: String,
    execution: String,
}

struct FieldRow {
    name: String,
    kind: String,
    level: usize,
}

struct SettingsView {
    headers: bool,
    method: bool,
    stringify: bool,
    strict: bool,
    ips: String,
    keys: Vec<String>,
    structure: String,
    structures: Vec<Choice>,
    response_status: String,
    response_body: String,
    response_type: String,
}

/// `GET /webhooks/{id}`.
pub async fn show(page: Page, Path(id): Path<HookId>) -> Reply {
    let hook = find(&page, id).await?;
    show_hook(&page, hook, String::new()).await
}

async fn show_hook(page: &Page, hook: Hook, new_key: String) -> Reply {
    let (store, team) = (page.app.store(), page.app.team());
    let times = page.times().await;
    let list = deliveries::list(store, team, hook.id, page.request()).await?;
    let queue = deliveries::queue(store, team, hook.id, PageRequest { page: 1, size: 20 }).await?;
    let url = address(page, &hook);
    let scenario = scenario_of(page, &hook).await?;
    render::ok(&Show {
        layout: page.layout(hook.name.clone(), "webhooks").await,
        id: hook.id.to_string(),
        runs_sample: scenario.as_ref().is_some_and(|scenario| scenario.is_on),
        scenario,
        pager: Pager::new(&list, &page.query, "request"),
        requests: list.items.into_iter().map(|row| request_row(row, &times)).collect(),
        queue_length: queue.total,
        queue: queue.items.into_iter().map(|row| request_row(row, &times)).collect(),
        structure: structure_rows(&hook.interface),
        settings: settings_view(&hook.settings, structures(page, &hook.settings).await?),
        is_learning: hook.learning,
        example: format!("curl -X POST {url} -H 'Content-Type: application/json' -d '{{\"name\":\"Ada\"}}'"),
        new_key,
        once: page.app.forms().token(),
        url,
        name: hook.name,
    })
}

fn request_row(row: DeliveryRow, times: &Times) -> RequestRow {
    let (status, class) = match row.status {
        DeliveryStatus::Accepted => (t!("Accepted"), "success"),
        DeliveryStatus::Queued => (t!("In the queue"), "queued"),
        DeliveryStatus::Learned => (t!("Only a sample"), "waiting"),
        DeliveryStatus::Refused => (t!("Refused"), "error"),
    };
    RequestRow {
        id: row.id.to_string(),
        at: times.moment(row.received_at),
        method: row.method,
        ip: row.ip,
        size: words::bytes(row.size),
        status,
        class,
        reason: row.reason.unwrap_or_default(),
        execution: row.execution.map(|execution| execution.to_string()).unwrap_or_default(),
    }
}

fn structure_rows(interface: &Value) -> Vec<FieldRow> {
    let mut rows = Vec::new();
    add_structure(interface, 0, &mut rows);
    rows
}

fn add_structure(fields: &Value, level: usize, rows: &mut Vec<FieldRow>) {
    for field in fields.as_array().unwrap_or_default() {
        if rows.len() >= 400 || level > 12 {
            return;
        }
        let text = |name: &str| field.field(name).as_text().unwrap_or_default().to_owned();
        rows.push(FieldRow { name: text("name"), kind: text("type"), level: level.min(5) });
        add_structure(field.field("spec"), level + 1, rows);
    }
}

/// The data structures to choose from; the first means none.
async fn structures(page: &Page, settings: &HookSettings) -> Result<Vec<Choice>, PageError> {
    let all = rouage_store::structures::list(page.app.store(), page.app.team()).await?;
    let chosen = settings.structure_id;
    let none = Choice { value: String::new(), label: t!("None").to_owned(), is_chosen: chosen.is_none() };
    let choice =
        |row: StructureRow| Choice { value: row.id.to_string(), is_chosen: chosen == Some(row.id), label: row.name };
    Ok(std::iter::once(none).chain(all.into_iter().map(choice)).collect())
}

fn settings_view(settings: &HookSettings, structures: Vec<Choice>) -> SettingsView {
    let response = settings.default_response.as_ref();
    let content_type = response.and_then(|response| {
        response
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .map(|(_, value)| value.clone())
    });
    SettingsView {
        headers: settings.headers,
        method: settings.method,
        stringify: settings.stringify,
        strict: settings.strict,
        ips: settings.ips.join("\n"),
        keys: settings.api_keys.iter().map(|key| key.name.clone()).collect(),
        structure: settings
            .structure
            .as_ref()
            .map(|value| json::write(value, json::Style::Indented("  ")))
            .unwrap_or_default(),
        structures,
        response_status: response.map(|response| response.status.to_string()).unwrap_or_default(),
        response_body: response.map(|response| response.body.clone()).unwrap_or_default(),
        response_type: content_type.unwrap_or_default(),
    }
}

#[derive(Template)]
#[template(path = "webhooks/request.html")]
struct RequestPage {
    layout: Layout,
    hook_id: String,
    hook_name: String,
    row: RequestRow,
    query: String,
    content_type: String,
    headers: Vec<(String, String)>,
    bundles: Vec<Vec<Tree>>,
}

/// `GET /webhooks/{id}/requests/{delivery}`.
pub async fn request(page: Page, Path((id, delivery)): Path<(HookId, DeliveryId)>) -> Reply {
    let hook = find(&page, id).await?;
    let delivery = deliveries::find(page.app.store(), page.app.team(), delivery).await?;
    let delivery = delivery.filter(|delivery| delivery.row.hook == id).ok_or(PageError::NotFound)?;
    let times = page.times().await;
    render::ok(&RequestPage {
        layout: page.layout(t!("Request to {name}", name = hook.name), "webhooks").await,
        hook_id: id.to_string(),
        hook_name: hook.name,
        content_type: delivery.row.content_type.clone(),
        row: request_row(delivery.row, &times),
        query: delivery.query,
        headers: delivery.headers,
        bundles: delivery.payload.iter().flatten().map(tree::fields).collect(),
    })
}

/// `POST /webhooks/{id}/rename`.
pub async fn rename(page: Page, Path(id): Path<HookId>, Form(form): Form) -> Reply {
    let here = format!("/webhooks/{id}");
    match store_name(&page, id, form.text("name")).await {
        Ok(()) => render::see(&format!("{here}?notice=renamed")),
        Err(error) => again(show(page.refused(error, ("rename", form), &here)?, Path(id)).await),
    }
}

async fn store_name(page: &Page, id: HookId, name: &str) -> Result<(), PageError> {
    let name = checked_name(name)?;
    let mut tx = page.app.store().begin().await?;
    hooks::rename(&mut tx, page.app.team(), id, name).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    Ok(())
}

/// `POST /webhooks/{id}/settings`.
pub async fn save_settings(page: Page, Path(id): Path<HookId>, Form(form): Form) -> Reply {
    let here = format!("/webhooks/{id}");
    match store_settings(&page, id, &form).await {
        Ok(()) => render::see(&format!("{here}?notice=saved")),
        Err(error) => again(show(page.refused(error, ("settings", form), &here)?, Path(id)).await),
    }
}

async fn store_settings(page: &Page, id: HookId, form: &Query) -> Result<(), PageError> {
    let hook = find(page, id).await?;
    let mut problems = Problems::default();
    let settings = HookSettings {
        headers: form.is_on("headers"),
        method: form.is_on("method"),
        stringify: form.is_on("stringify"),
        structure_id: form.text("structure_id").parse().ok(),
        strict: form.is_on("strict"),
        ips: problems.take("ips", checked_ips(form.text("ips"))),
        structure: problems.take("structure", checked_structure(form.text("structure"))),
        default_response: problems.take("response_status", checked_response(form)),
        ..hook.settings
    };
    update(page, id, &problems.finish(settings)?).await
}

async fn update(page: &Page, id: HookId, settings: &HookSettings) -> Result<(), PageError> {
    let mut tx = page.app.store().begin().await?;
    hooks::update_settings(&mut tx, page.app.team(), id, settings).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    Ok(())
}

fn checked_ips(text: &str) -> Result<Vec<String>, PageError> {
    let entries = text.split([',', '\n', ' ']).map(str::trim).filter(|entry| !entry.is_empty());
    let check = |entry: &str| {
        let fits = entry.parse::<std::net::IpAddr>().is_ok() || entry.parse::<ipnet::IpNet>().is_ok();
        if fits {
            Ok(entry.to_owned())
        } else {
            Err(PageError::Invalid(t!(
                "{entry} is neither an address nor a range such as 10.0.0.0/8.",
                entry = format!("{entry:?}")
            )))
        }
    };
    entries.map(check).collect()
}

fn checked_structure(text: &str) -> Result<Option<Value>, PageError> {
    if text.is_empty() {
        return Ok(None);
    }
    let value = json::parse(text.as_bytes())
        .map_err(|error| PageError::Invalid(t!("The data structure is not valid JSON: {error}.", error = error)))?;
    match Structure::parse(&value) {
        Ok(_) => Ok(Some(value)),
        Err(problem) => Err(PageError::Invalid(t!("This is no data structure: {problem}.", problem = problem))),
    }
}

fn checked_response(form: &Query) -> Result<Option<DefaultResponse>, PageError> {
    let (status, body) = (form.text("response_status"), form.get("response_body").unwrap_or_default());
    if status.is_empty() && body.trim().is_empty() {
        return Ok(None);
    }
    let status = if status.is_empty() { Ok(200) } else { status.parse::<u16>() };
    let status = status.ok().filter(|status| (200..=599).contains(status));
    let status =
        status.ok_or_else(|| PageError::Invalid(t!("The status of the answer is a number from 200 to 599.").into()))?;
    let content_type = form.text("response_type");
    let headers =
        if content_type.is_empty() { Vec::new() } else { vec![("Content-Type".to_owned(), content_type.to_owned())] };
    Ok(Some(DefaultResponse { status, body: body.to_owned(), headers }))
}

/// `POST /webhooks/{id}/keys`: the key is shown this once.
pub async fn add_key(page: Page, Path(id): Path<HookId>, Form(form): Form) -> Reply {
    let hook = find(&page, id).await?;
    // A reload of the answer sends the form again.
    if !page.app.forms().is_first(form.text("once")) {
        return render::see(&format!("/webhooks/{id}"));
    }
    match store_key(&page, hook, &form).await {
        Ok(key) => show_hook(&page, find(&page, id).await?, key).await,
        Err(error) => again(show(page.refused(error, ("key", form), &format!("/webhooks/{id}"))?, Path(id)).await),
    }
}

async fn store_key(page: &Page, hook: Hook, form: &Query) -> Result<String, PageError> {
    let mut problems = Problems::default();
    let name = problems.take("name", checked_name(form.text("name"))).to_owned();
    let key = match form.text("key") {
        "" => Ok(clock::token(page.app.clock().as_ref())),
        own if own.len() <= 512 && own.is_ascii() => Ok(own.to_owned()),
        _ => Err(PageError::Invalid(t!("A key has at most 512 characters, and only ASCII ones.").into())),
    };
    let key = problems.take("key", key);
    let mut settings = hook.settings;
    settings.api_keys.push(ApiKey::new(name, &key));
    update(page, hook.id, &problems.finish(settings)?).await?;
    Ok(key)
}

/// `POST /webhooks/{id}/keys/delete`.
pub async fn delete_key(page: Page, Path(id): Path<HookId>, Form(form): Form) -> Reply {
    let hook = find(&page, id).await?;
    let mut settings = hook.settings.clone();
    let index: Option<usize> = form.text("index").parse().ok();
    let index = index.filter(|index| *index < settings.api_keys.len()).ok_or(PageError::NotFound)?;
    settings.api_keys.remove(index);
    update(&page, id, &settings).await?;
    render::see(&format!("/webhooks/{id}?notice=deleted#settings"))
}

/// `POST /webhooks/{id}/learn`: redetermine the structure, or stop waiting.
pub async fn learn(page: Page, Path(id): Path<HookId>, Form(form): Form) -> Reply {
    let on = form.text("learn") != "stop";
    let mut tx = page.app.store().begin().await?;
    hooks::set_learning(&mut tx, page.app.team(), id, on).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    render::see(&format!("/webhooks/{id}{}", if on { "?notice=listening" } else { "" }))
}

/// `POST /webhooks/{id}/queue/delete`.
pub async fn delete_queue(page: Page, Path(id): Path<HookId>, Form(form): Form) -> Reply {
    let (store, team) = (page.app.store(), page.app.team());
    let ids: Vec<DeliveryId> = match form.text("delivery").parse() {
        Ok(one) => vec![one],
        Err(_) if form.is_on("all") => {
            let all = deliveries::queue(store, team, id, PageRequest { page: 1, size: 500 }).await?;
            all.items.into_iter().map(|row| row.id).collect()
        }
        Err(_) => return Err(PageError::Invalid(t!("Tick the box to delete the whole queue.").into())),
    };
    let mut tx = store.begin().await?;
    deliveries::delete_queued(&mut tx, team, id, &ids).await?;
    tx.commit().await?;
    render::see(&format!("/webhooks/{id}?notice=deleted#queue"))
}

/// `GET /webhooks/{id}/delete`.
pub async fn ask_delete(page: Page, Path(id): Path<HookId>) -> Reply {
    let hook = find(&page, id).await?;
    let mut consequences = vec![t!("Its address answers 404 from then on; the sender has to be told.").to_owned()];
    if let Some(scenario) = scenario_of(&page, &hook).await? {
        consequences.push(t!("The scenario “{name}” receives nothing any more.", name = scenario.name));
    }
    render::ok(&Ask {
        layout: page.layout(t!("Delete a webhook"), "webhooks").await,
        question: t!("Delete the webhook “{name}”?", name = hook.name),
        consequences,
        action: format!("/webhooks/{id}/delete"),
        yes: t!("Delete webhook"),
        back: format!("/webhooks/{id}"),
    })
}

/// `POST /webhooks/{id}/delete`.
pub async fn delete(page: Page, Path(id): Path<HookId>) -> Reply {
    let mut tx = page.app.store().begin().await?;
    hooks::delete(&mut tx, page.app.team(), id).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    render::see("/webhooks?notice=deleted")
}
