//! One call of a module: from the engine's request to an outcome.

use std::time::Duration;

use rouage_engine::Call as EngineCall;
use rouage_model::{ErrorKind, ModuleError, TeamId, Value};
use rouage_sdk::{Call, Connection, FieldKind, Module, Outcome, Secret, Spec, params};
use rouage_store::connections;

use crate::core::Core;
use crate::host::RuntimeHost;
use crate::links;
use crate::plans::Prepared;

/// Validates the input and gathers what the module may use.
pub async fn build<'a>(
    host: &'a RuntimeHost<'a>,
    prepared: &Prepared,
    request: &EngineCall,
    module: &dyn Module,
    note: Value,
) -> Result<Call<'a>, ModuleError> {
    let (spec, zone) = (module.spec(), &prepared.timezone);
    let accounts = accounts(host.core, host.team, prepared, request, spec).await?;
    let parameters = params::validate(&spec.parameters, &without_accounts(&request.parameters, spec), zone)?;
    Ok(Call {
        parameters,
        input: params::validate(&spec.mapper, &request.input, zone)?,
        connection: accounts.connection,
        keychains: accounts.keychains,
        execution: host.execution,
        module: request.module,
        operation: request.operation,
        attempt: request.attempt,
        note,
        timezone: zone.clone(),
        host,
        http: &host.core.http,
        timeout: host.core.module_timeout,
    })
}

/// Runs the module within its time.
pub async fn run(module: &dyn Module, call: &Call<'_>) -> Result<Outcome, ModuleError> {
    // The module's own time-out is more precise about what was sent; this one
    // is the fence behind it.
    let limit = call.timeout + Duration::from_secs(5);
    match tokio::time::timeout(limit, module.run(call)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(ModuleError::new(
            ErrorKind::ModuleTimeoutError,
            format!("the module gave no answer within {} seconds", limit.as_secs()),
        )
        .maybe_applied()),
    }
}

#[derive(Default)]
struct Accounts {
    connection: Option<Connection>,
    keychains: Vec<(String, Connection)>,
}

/// Opens the connections that the module's fields ask for. Only links count:
/// the numbers in a blueprint are another server's.
async fn accounts(
    core: &Core,
    team: TeamId,
    prepared: &Prepared,
    request: &EngineCall,
    spec: &Spec,
) -> Result<Accounts, ModuleError> {
    let mut accounts = Accounts::default();
    for field in &spec.parameters {
        let (is_connection, kinds) = match &field.kind {
            FieldKind::Connection(kinds) => (true, *kinds),
            FieldKind::Keychain(kinds) => (false, *kinds),
            _ => continue,
        };
        let linked = match links::get(&prepared.links, request.module, field.name) {
            Some(Value::Text(text)) if text.as_ref() == links::BUILT_IN => continue,
            Some(value) => value.as_i64(),
            None => None,
        };
        let Some(id) = linked else {
            if field.required {
                return Err(missing(field.label, spec));
            }
            continue;
        };
        let connection = open(core, team, rouage_model::ConnectionId(id), kinds).await?;
        if is_connection {
            accounts.connection = Some(connection);
        } else {
            accounts.keychains.push((field.name.to_owned(), connection));
        }
    }
    Ok(accounts)
}

fn missing(label: &str, spec: &Spec) -> ModuleError {
    ModuleError::new(
        ErrorKind::InvalidConfigurationError,
        format!("{} has no {label} yet: choose one on the scenario's Settings tab", spec.label),
    )
}

async fn open(
    core: &Core,
    team: TeamId,
    id: rouage_model::ConnectionId,
    kinds: &[&str],
) -> Result<Connection, ModuleError> {
    let opened = connections::open(&core.store, team, id).await;
    let opened = opened.map_err(|error| {
        ModuleError::new(ErrorKind::UnexpectedError, format!("connection {id} could not be opened: {error}"))
    })?;
    let Some(opened) = opened else {
        let text = format!("connection {id} does not exist any more: choose another one on the Settings tab");
        return Err(ModuleError::new(ErrorKind::AccountValidationError, text));
    };
    if !kinds.contains(&opened.row.kind.as_str()) {
        let text = format!("connection {:?} is of the type {}, not {}", opened.row.name, opened.row.kind, kinds.join(" or "));
        return Err(ModuleError::new(ErrorKind::InvalidConfigurationError, text));
    }
    Ok(Connection {
        id,
        kind: opened.row.kind,
        name: opened.row.name,
        data: opened.row.data,
        secret: Secret::new(opened.secret),
    })
}

/// The parameters with a stand-in for every account field: accounts come from
/// links, and the number that another server wrote must not fail validation.
fn without_accounts(parameters: &Value, spec: &Spec) -> Value {
    let mut rest = parameters.as_collection().cloned().unwrap_or_default();
    for (name, _, _) in account_fields(spec) {
        rest.insert(name, true);
    }
    rest.into()
}

/// The names of connection fields a spec has, with the types they take.
pub fn account_fields(spec: &Spec) -> impl Iterator<Item = (&'static str, &'static [&'static str], bool)> {
    spec.parameters.iter().filter_map(|field| match field.kind {
        FieldKind::Connection(kinds) => Some((field.name, kinds, true)),
        FieldKind::Keychain(kinds) => Some((field.name, kinds, false)),
        _ => None,
    })
}

/// Tries a connection through the app that brings its type.
pub async fn test_connection(
    core: &Core,
    team: TeamId,
    id: rouage_model::ConnectionId,
) -> Result<String, ModuleError> {
    let row = connections::find(&core.store, team, id).await;
    let row = row.map_err(|error| ModuleError::new(ErrorKind::UnexpectedError, error.to_string()))?;
    let Some(row) = row else {
        return Err(ModuleError::data("there is no such connection"));
    };
    let app = core.registry.apps().iter().find_map(|app| {
        let spec = app.connections.iter().find(|spec| spec.kind == row.kind)?;
        Some(spec)
    });
    let Some(spec) = app else {
        return Err(ModuleError::data(format!("no app of this program uses connections of the type {}", row.kind)));
    };
    let connection = open(core, team, id, &[spec.kind]).await?;
    let execution = rouage_model::clock::execution_id(core.clock.as_ref());
    let host = RuntimeHost { core, team, execution };
    let _ = (connection, host, spec);
    Ok("stored; it will be tried at its first use".to_owned())
}
