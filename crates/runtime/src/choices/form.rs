//! A call of a module outside of any run, with a form that is not complete.

use jiff::tz::TimeZone;
use rouage_model::{Collection, ConnectionId, ModuleError, OperationId, Value, clock};
use rouage_sdk::params::{self, Values};
use rouage_sdk::{Call, Connection, Field, FieldChoices, FieldKind, Start};

use super::{Asked, TIME};
use crate::calls;
use crate::host::RuntimeHost;
use crate::links;

/// Asks the app.
pub(super) async fn ask_app(asked: &Asked<'_>) -> Result<FieldChoices, ModuleError> {
    let given = asked.module();
    let Some(module) = asked.core.registry.module(given.name(), given.version()) else {
        let label = asked.field.label;
        return Err(ModuleError::data(format!("there is nothing to choose for {label}: write the value")));
    };
    let spec = module.spec();
    let host =
        RuntimeHost { core: asked.core, team: asked.team, execution: clock::execution_id(asked.core.clock.as_ref()) };
    let accounts = Accounts::open(asked, &spec.parameters).await?;
    let linked = linked(asked);
    let part = |name: &str, fields: &[Field]| filled(fields, linked.get(name).unwrap_or(&Value::Undefined));
    let call = Call {
        parameters: part("parameters", &spec.parameters),
        input: part("mapper", &spec.mapper),
        connection: accounts.connection,
        keychains: accounts.keychains,
        execution: host.execution,
        module: given.id().unwrap_or(rouage_model::ModuleId(0)),
        operation: OperationId(0),
        attempt: 1,
        note: Value::Undefined,
        position: Value::Undefined,
        start: Start::FromNow,
        timezone: TimeZone::UTC,
        host: &host,
        http: &asked.core.http,
        timeout: TIME,
    };
    calls::field_choices(module.as_ref(), &call, asked.path, asked.request.search.trim()).await
}

/// The module with its links in place. Without a link, the id of a data store
/// or a data structure is another server's.
fn linked(asked: &Asked<'_>) -> Collection {
    let mut module = asked.request.module.as_collection().cloned().unwrap_or_default();
    if let Some(parameters) = module.get("parameters").and_then(Value::as_collection) {
        let mut parameters = parameters.clone();
        let is_own = |field: &&Field| matches!(field.kind, FieldKind::Datastore | FieldKind::Structure);
        asked.entry.parameters.iter().filter(is_own).for_each(|field| parameters.insert(field.name, Value::Null));
        module.insert("parameters", parameters);
    }
    if let Some(id) = asked.module().id() {
        links::link_module(&mut module, id, &asked.request.links);
    }
    module
}

/// What is filled in and fits, with the defaults of the rest. What an
/// expression will give is not known, so it stays as it is written.
fn filled(fields: &[Field], given: &Value) -> Values {
    let mut values = given.as_collection().cloned().unwrap_or_default();
    for field in fields.iter().filter(|field| !field.name.is_empty()) {
        let one = values.get(field.name).cloned().unwrap_or_default();
        if one.as_text().is_some_and(|text| text.contains("{{")) {
            continue;
        }
        let alone = Collection::from_iter([(field.name, one)]).into();
        let checked = params::validate(std::slice::from_ref(field), &alone, &TimeZone::UTC);
        match checked.ok().and_then(|checked| checked.all().get(field.name).cloned()) {
            Some(value) => values.insert(field.name, value),
            None => drop(values.remove(field.name)),
        }
    }
    values.into()
}

/// The accounts that are chosen already.
#[derive(Default)]
struct Accounts {
    connection: Option<Connection>,
    keychains: Vec<(String, Connection)>,
}

impl Accounts {
    async fn open(asked: &Asked<'_>, fields: &[Field]) -> Result<Self, ModuleError> {
        let mut accounts = Self::default();
        for field in fields {
            let (is_connection, kinds) = match &field.kind {
                FieldKind::Connection(kinds) => (true, *kinds),
                FieldKind::Keychain(kinds) => (false, *kinds),
                _ => continue,
            };
            let Some(id) = asked.linked(field.name) else { continue };
            let connection = calls::open(asked.core, asked.team, ConnectionId(id), kinds).await?;
            match is_connection {
                true => accounts.connection = Some(connection),
                false => accounts.keychains.push((field.name.to_owned(), connection)),
            }
        }
        Ok(accounts)
    }
}
