//! Webhooks: addresses at which data arrives.

use jiff::Timestamp;
use rouage_model::{Collection, HookId, ScenarioId, StructureId, TeamId, Value, clock};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, NotSet, QueryFilter, QueryOrder, Set};

use crate::entities::{deliveries, hooks, scenarios};
use crate::store::Change;
use crate::text::{clean, instant, micros, read_headers, read_value, store_headers, store_value};
use crate::{Error, Store, WriteTx};

/// The kind of hooks that take any HTTP request, in Make's words.
pub const KIND_WEBHOOK: &str = "gateway-webhook";

/// A webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct Hook {
    /// Its id.
    pub id: HookId,
    /// Whose it is.
    pub team: TeamId,
    /// Its name.
    pub name: String,
    /// The secret in its address: 32 characters `[a-z0-9]`.
    pub token: String,
    /// [`KIND_WEBHOOK`].
    pub kind: String,
    /// The scenario that listens, if any.
    pub scenario: Option<ScenarioId>,
    /// Whether it takes requests at all.
    pub enabled: bool,
    /// How it treats requests.
    pub settings: HookSettings,
    /// The learned fields of its bundles; `Undefined` when nothing is known.
    pub interface: Value,
    /// Whether the next request is taken as a sample.
    pub learning: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How a webhook treats requests.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HookSettings {
    /// Give the request's headers (`__IMTHEADERS__`).
    pub headers: bool,
    /// Give the request's method (`__IMTMETHOD__`).
    pub method: bool,
    /// Give JSON as one text.
    pub stringify: bool,
    /// Addresses and ranges that may send; empty: all.
    pub ips: Vec<String>,
    /// Keys of which a request must carry one; empty: none needed.
    pub api_keys: Vec<ApiKey>,
    /// The data structure bundles must have.
    pub structure_id: Option<StructureId>,
    /// One of its own instead, in Make's form.
    pub structure: Option<Value>,
    /// Refuse what the structure does not name.
    pub strict: bool,
    /// What to answer instead of `200 Accepted`.
    pub default_response: Option<DefaultResponse>,
}

/// A key of a webhook; only its digest is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its name.
    pub name: String,
    /// SHA-256 of the key, in hexadecimal.
    digest: String,
}

/// A fixed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultResponse {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
}

impl ApiKey {
    /// Keeps the digest of a key.
    pub fn new(name: impl Into<String>, key: &str) -> Self {
        Self { name: name.into(), digest: crate::text::digest(key) }
    }

    /// Whether this is the key; takes the same time for any text.
    pub fn matches(&self, key: &str) -> bool {
        crate::text::same(&self.digest, &crate::text::digest(key))
    }
}

/// All hooks of a team, by name.
pub async fn list(store: &Store, team: TeamId) -> Result<Vec<Hook>, Error> {
    let find = hooks::Entity::find().filter(hooks::Column::TeamId.eq(team.0));
    let find = find.order_by_asc(hooks::Column::Name).order_by_asc(hooks::Column::Id);
    find.all(store.reader()).await?.into_iter().map(read).collect()
}

/// One hook.
pub async fn find(store: &Store, team: TeamId, id: HookId) -> Result<Option<Hook>, Error> {
    one(team, id).one(store.reader()).await?.map(read).transpose()
}

/// One hook of any team, to refresh a cache.
pub async fn load(store: &Store, id: HookId) -> Result<Option<Hook>, Error> {
    hooks::Entity::find_by_id(id.0).one(store.reader()).await?.map(read).transpose()
}

/// The hook of a token, whatever team and state. For tests and tools; the web
/// server asks its cache.
pub async fn by_token(store: &Store, token: &str) -> Result<Option<Hook>, Error> {
    let find = hooks::Entity::find().filter(hooks::Column::Token.eq(token));
    find.one(store.reader()).await?.map(read).transpose()
}

/// All hooks of all teams, for the cache of the web server. Disabled ones are
/// among them, so that it can tell them from unknown ones.
pub async fn all_active(store: &Store) -> Result<Vec<Hook>, Error> {
    hooks::Entity::find().all(store.reader()).await?.into_iter().map(read).collect()
}

/// Makes a hook with a new token.
pub async fn create(tx: &mut WriteTx, team: TeamId, name: &str, settings: &HookSettings) -> Result<Hook, Error> {
    let now = micros(tx.now());
    let mut row = hooks::Model {
        id: 0,
        team_id: team.0,
        name: clean(name.to_owned()),
        token: clock::token(tx.clock().as_ref()),
        kind: KIND_WEBHOOK.to_owned(),
        scenario_id: None,
        enabled: true,
        settings: store_value(&settings.to_value()),
        interface: store_value(&Value::Undefined),
        learning: false,
        created_at: now,
        updated_at: now,
    };
    let new = hooks::ActiveModel { id: NotSet, ..row.clone().into_active_model().reset_all() };
    row.id = hooks::Entity::insert(new).exec(tx.db()).await?.last_insert_id;
    tx.changed(Change::Hook(HookId(row.id)));
    read(row)
}

/// Gives it another name.
pub async fn rename(tx: &mut WriteTx, team: TeamId, id: HookId, name: &str) -> Result<(), Error> {
    update(tx, team, id, hooks::ActiveModel { name: Set(clean(name.to_owned())), ..Default::default() }).await
}

/// Replaces its settings.
pub async fn update_settings(tx: &mut WriteTx, team: TeamId, id: HookId, settings: &HookSettings) -> Result<(), Error> {
    let settings = store_value(&settings.to_value());
    update(tx, team, id, hooks::ActiveModel { settings: Set(settings), ..Default::default() }).await
}

/// Whether it takes requests at all.
pub async fn set_enabled(tx: &mut WriteTx, team: TeamId, id: HookId, enabled: bool) -> Result<(), Error> {
    update(tx, team, id, hooks::ActiveModel { enabled: Set(enabled), ..Default::default() }).await
}

/// Whether the next request is taken as a sample.
pub async fn set_learning(tx: &mut WriteTx, team: TeamId, id: HookId, learning: bool) -> Result<(), Error> {
    update(tx, team, id, hooks::ActiveModel { learning: Set(learning), ..Default::default() }).await
}

/// Replaces the learned fields, and stops learning.
pub async fn set_interface(tx: &mut WriteTx, team: TeamId, id: HookId, interface: &Value) -> Result<(), Error> {
    let row = hooks::ActiveModel { interface: Set(store_value(interface)), learning: Set(false), ..Default::default() };
    update(tx, team, id, row).await
}

/// Lets a scenario listen to it, or nobody; the scenario's hook before that is
/// free. [`Error::Conflict`] when another scenario listens.
pub async fn attach(tx: &mut WriteTx, team: TeamId, id: HookId, scenario: Option<ScenarioId>) -> Result<(), Error> {
    let hook = one(team, id).one(tx.db()).await?.ok_or(Error::NotFound)?;
    if let (Some(listens), Some(wanted)) = (hook.scenario_id, scenario)
        && listens != wanted.0
    {
        return Err(Error::Conflict("another scenario listens to this webhook".into()));
    }
    if let Some(wanted) = scenario {
        scenarios::Entity::find_by_id(wanted.0)
            .filter(scenarios::Column::TeamId.eq(team.0))
            .one(tx.db())
            .await?
            .ok_or(Error::NotFound)?;
        detach(tx, wanted).await?;
    }
    let scenario_id = Set(scenario.map(|scenario| scenario.0));
    for changed in scenario.iter().map(|wanted| wanted.0).chain(hook.scenario_id) {
        tx.changed(Change::Scenario(ScenarioId(changed)));
    }
    update(tx, team, id, hooks::ActiveModel { scenario_id, ..Default::default() }).await
}

/// The scenario that listens to it. [`Error::NotFound`] when there is no such
/// hook.
pub async fn listener(tx: &mut WriteTx, team: TeamId, id: HookId) -> Result<Option<ScenarioId>, Error> {
    let hook = one(team, id).one(tx.db()).await?.ok_or(Error::NotFound)?;
    Ok(hook.scenario_id.map(ScenarioId))
}

/// Frees the hook that a scenario listens to, if any.
pub(crate) async fn detach(tx: &mut WriteTx, scenario: ScenarioId) -> Result<(), Error> {
    let listened = hooks::Column::ScenarioId.eq(scenario.0);
    for hook in hooks::Entity::find().filter(listened.clone()).all(tx.db()).await? {
        tx.changed(Change::Hook(HookId(hook.id)));
    }
    let free = hooks::ActiveModel { scenario_id: Set(None), ..Default::default() };
    hooks::Entity::update_many().set(free).filter(listened).exec(tx.db()).await?;
    Ok(())
}

/// Deletes a hook with its log and queue. [`Error::Conflict`] while a scenario
/// that is on listens to it.
pub async fn delete(tx: &mut WriteTx, team: TeamId, id: HookId) -> Result<(), Error> {
    let hook = one(team, id).one(tx.db()).await?.ok_or(Error::NotFound)?;
    if let Some(scenario) = hook.scenario_id {
        let listener = scenarios::Entity::find_by_id(scenario).one(tx.db()).await?;
        if listener.is_some_and(|scenario| scenario.enabled) {
            return Err(Error::Conflict("a scenario that is on listens to this webhook; switch it off first".into()));
        }
        tx.changed(Change::Scenario(ScenarioId(scenario)));
    }
    let log = deliveries::Column::HookId.eq(id.0);
    deliveries::Entity::delete_many().filter(log).exec(tx.db()).await?;
    hooks::Entity::delete_by_id(id.0).exec(tx.db()).await?;
    tx.changed(Change::Hook(id));
    Ok(())
}

async fn update(tx: &mut WriteTx, team: TeamId, id: HookId, row: hooks::ActiveModel) -> Result<(), Error> {
    let row = hooks::ActiveModel { updated_at: Set(micros(tx.now())), ..row };
    let one = hooks::Column::Id.eq(id.0).and(hooks::Column::TeamId.eq(team.0));
    let changed = hooks::Entity::update_many().set(row).filter(one).exec(tx.db()).await?.rows_affected;
    tx.changed(Change::Hook(id));
    crate::one_row(changed)
}

fn one(team: TeamId, id: HookId) -> sea_orm::Select<hooks::Entity> {
    hooks::Entity::find_by_id(id.0).filter(hooks::Column::TeamId.eq(team.0))
}

fn read(row: hooks::Model) -> Result<Hook, Error> {
    Ok(Hook {
        id: HookId(row.id),
        team: TeamId(row.team_id),
        name: row.name,
        token: row.token,
        kind: row.kind,
        scenario: row.scenario_id.map(ScenarioId),
        enabled: row.enabled,
        settings: HookSettings::from_value(&read_value("the settings of a webhook", row.settings.as_bytes())?)?,
        interface: read_value("the structure of a webhook", row.interface.as_bytes())?,
        learning: row.learning,
        created_at: instant(row.created_at),
        updated_at: instant(row.updated_at),
    })
}

/// The stored form: a collection; what is missing has its default.
impl HookSettings {
    fn to_value(&self) -> Value {
        let mut out = Collection::new();
        out.insert("headers", self.headers);
        out.insert("method", self.method);
        out.insert("stringify", self.stringify);
        out.insert("ips", self.ips.iter().map(|ip| ip.as_str().into()).collect::<Vec<Value>>());
        let key = |key: &ApiKey| -> Value {
            Collection::from_iter([("name", key.name.as_str()), ("digest", key.digest.as_str())]).into()
        };
        out.insert("apiKeys", self.api_keys.iter().map(key).collect::<Vec<Value>>());
        if let Some(structure) = &self.structure {
            out.insert("structure", structure.clone());
        }
        if let Some(id) = self.structure_id {
            out.insert("structureId", id.0);
        }
        out.insert("strict", self.strict);
        if let Some(response) = &self.default_response {
            let response = Collection::from_iter([
                ("status", Value::from(response.status)),
                ("body", Value::text(response.body.as_str())),
                ("headers", Value::text(store_headers(&response.headers))),
            ]);
            out.insert("defaultResponse", response);
        }
        out.into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let flag = |name: &str| value.field(name).as_bool().unwrap_or(false);
        let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
        let key = |key: &Value| ApiKey { name: text(key.field("name")), digest: text(key.field("digest")) };
        let default_response = match value.get("defaultResponse") {
            Some(response) => Some(DefaultResponse {
                status: response.field("status").as_i64().and_then(|status| status.try_into().ok()).unwrap_or(200),
                body: text(response.field("body")),
                headers: read_headers(response.field("headers").as_text().unwrap_or("[]"))?,
            }),
            None => None,
        };
        Ok(Self {
            headers: flag("headers"),
            method: flag("method"),
            stringify: flag("stringify"),
            ips: value.field("ips").as_array().unwrap_or_default().iter().map(text).collect(),
            api_keys: value.field("apiKeys").as_array().unwrap_or_default().iter().map(key).collect(),
            structure_id: value.field("structureId").as_i64().map(StructureId),
            structure: value.get("structure").cloned(),
            strict: flag("strict"),
            default_response,
        })
    }
}
