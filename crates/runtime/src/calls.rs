//! One call of a module: from the engine's request to an outcome.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use rouage_engine::Call as EngineCall;
use rouage_model::{Certainty, Collection, ErrorKind, ModuleError, TeamId, Value};
use rouage_sdk::files::keep_all;
use rouage_sdk::{
    Call, Choice, Connection, Effect, Field, FieldChoices, FieldKind, Host, Module, Outcome, Prepared as PreparedCall,
    Secret, Settled, Spec, is_shown, params,
};
use rouage_store::connections;

use crate::core::Core;
use crate::files;
use crate::host::RuntimeHost;
use crate::links;
use crate::plans::Prepared;
use crate::positions;

/// How long a module may prepare a call, as a multiple of the call's time: it
/// may have to wait for its turn at a target that others write to.
const PREPARING: u32 = 10;

/// Validates the input and gathers what the module may use.
pub async fn build<'a>(
    host: &'a RuntimeHost<'a>,
    prepared: &Prepared,
    request: &EngineCall,
    module: &dyn Module,
) -> Result<Call<'a>, ModuleError> {
    let (spec, zone) = (module.spec(), &prepared.timezone);
    let accounts = accounts(host.core, host.team, prepared, request, spec).await?;
    let (position, start) = positions::of(host.core, prepared, request.module, spec).await?;
    let parameters = own_things(without_accounts(&request.parameters, spec), prepared, request, spec)?;
    let parameters = params::validate(&spec.parameters, &parameters, zone)?;
    let input = files::readied(host.files().as_ref(), spec, &request.input).await?;
    Ok(Call {
        parameters,
        input: params::validate(&spec.mapper, &input, zone)?,
        connection: accounts.connection,
        keychains: accounts.keychains,
        execution: host.execution,
        module: request.module,
        operation: request.operation,
        attempt: request.attempt,
        note: request.note.clone(),
        position,
        start,
        timezone: zone.clone(),
        host,
        http: &host.core.http,
        timeout: host.core.module_timeout,
    })
}

/// Lets the module prepare a `Write`. Nothing is sent yet, so a failure is
/// never one of the effect.
pub async fn prepare(module: &dyn Module, call: &Call<'_>) -> Result<PreparedCall, ModuleError> {
    let prepared = within(fence(call).saturating_mul(PREPARING), module.prepare(call)).await;
    prepared.map_err(|error| ModuleError { certainty: Certainty::NotApplied, ..error })
}

/// Runs the module within its time.
pub async fn run(module: &dyn Module, call: &Call<'_>) -> Result<Outcome, ModuleError> {
    match within(fence(call), module.run(call)).await? {
        Outcome::Bundles(bundles) => Ok(Outcome::Bundles(stored(module, call, bundles).await?)),
        Outcome::Polled { bundles, position } => {
            Ok(Outcome::Polled { bundles: stored(module, call, bundles).await?, position })
        }
        staged => Ok(staged),
    }
}

/// The bundles with handles for the files in them, so that no journal grows by
/// a file. What a `Write` gave is kept as it is when that fails: it happened.
async fn stored(module: &dyn Module, call: &Call<'_>, bundles: Vec<Value>) -> Result<Vec<Value>, ModuleError> {
    if module.effect(call) != Effect::Write {
        return Ok(keep_all(call.host.files(), bundles).await?.0);
    }
    match keep_all(call.host.files(), bundles.clone()).await {
        Ok((bundles, _)) => Ok(bundles),
        Err(error) => {
            tracing::warn!(execution.id = %call.execution, %error, "a file of a write stays in its bundle");
            Ok(bundles)
        }
    }
}

/// Asks a polling trigger for its latest items.
pub async fn choices(module: &dyn Module, call: &Call<'_>) -> Result<Vec<Choice>, ModuleError> {
    within(fence(call), module.choices(call)).await
}

/// Asks for what can be chosen for a field of an open form.
pub async fn field_choices(
    module: &dyn Module,
    call: &Call<'_>,
    field: &str,
    search: &str,
) -> Result<FieldChoices, ModuleError> {
    within(call.timeout, module.field_choices(call, field, search)).await
}

/// Asks the module whether a call without an answer happened.
pub async fn settle(module: &dyn Module, call: &Call<'_>) -> Result<Settled, ModuleError> {
    match within(fence(call), module.settle(call)).await? {
        Settled::Happened(bundles) => Ok(Settled::Happened(stored(module, call, bundles).await?)),
        other => Ok(other),
    }
}

/// The module's own time-out is more precise about what was sent; this one is
/// the fence behind it.
fn fence(call: &Call<'_>) -> Duration {
    call.timeout + Duration::from_secs(5)
}

/// What a module does, ended after a time. A panic in it is its failure and
/// not that of the run. In both cases the effect may have happened.
async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, ModuleError>>) -> Result<T, ModuleError> {
    // What a panic leaves behind in the module is its own; locks recover.
    match tokio::time::timeout(limit, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_panic)) => {
            let text = "defect: the module broke down; the server's log says where";
            Err(ModuleError::new(ErrorKind::UnexpectedError, text).maybe_applied())
        }
        Err(_) => {
            let text = format!("the module gave no answer within {} seconds", limit.as_secs());
            Err(ModuleError::new(ErrorKind::ModuleTimeoutError, text).maybe_applied())
        }
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
            if field.required && is_asked_for(field, spec, &request.parameters) {
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

/// Whether the form shows the field: the key of a sign-in that is not used is
/// not missing.
pub fn is_asked_for(field: &Field, spec: &Spec, parameters: &Value) -> bool {
    let none = Collection::new();
    is_shown(field, &spec.parameters, parameters.as_collection().unwrap_or(&none))
}

fn missing(label: &str, spec: &Spec) -> ModuleError {
    ModuleError::new(
        ErrorKind::InvalidConfigurationError,
        format!("{} has no {label} yet: choose one on the scenario's Set-up tab", spec.label),
    )
}

/// Opens a connection; an error for people when it is gone, of another type or
/// cannot be read.
pub async fn open(
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
        let text = format!("connection {id} does not exist any more: choose another one on the Set-up tab");
        return Err(ModuleError::new(ErrorKind::AccountValidationError, text));
    };
    if !kinds.contains(&opened.row.kind.as_str()) {
        let text =
            format!("connection {:?} is of the type {}, not {}", opened.row.name, opened.row.kind, kinds.join(" or "));
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
pub(crate) fn without_accounts(parameters: &Value, spec: &Spec) -> Collection {
    let mut rest = parameters.as_collection().cloned().unwrap_or_default();
    for (name, _, _) in account_fields(spec) {
        rest.insert(name, true);
    }
    rest
}

/// The parameters with the ids of our own data stores and data structures.
/// They too come from links alone.
fn own_things(
    mut parameters: Collection,
    prepared: &Prepared,
    request: &EngineCall,
    spec: &Spec,
) -> Result<Value, ModuleError> {
    let is_own = |field: &&Field| matches!(field.kind, FieldKind::Datastore | FieldKind::Structure);
    for field in spec.parameters.iter().filter(is_own) {
        match links::get(&prepared.links, request.module, field.name).and_then(Value::as_i64) {
            Some(id) => parameters.insert(field.name, id),
            None if field.required && is_asked_for(field, spec, &request.parameters) => {
                return Err(missing(field.label, spec));
            }
            None => drop(parameters.remove(field.name)),
        }
    }
    Ok(parameters.into())
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
pub async fn test_connection(core: &Core, team: TeamId, id: rouage_model::ConnectionId) -> Result<String, ModuleError> {
    let row = connections::find(&core.store, team, id).await;
    let row = row.map_err(|error| ModuleError::new(ErrorKind::UnexpectedError, error.to_string()))?;
    let Some(row) = row else {
        return Err(ModuleError::data("there is no such connection"));
    };
    let Some(spec) = core.registry.connections().find(|spec| spec.kind == row.kind) else {
        return Err(ModuleError::data(format!("no app of this program uses connections of the type {}", row.kind)));
    };
    let connection = open(core, team, id, &[spec.kind]).await?;
    let execution = rouage_model::clock::execution_id(core.clock.as_ref());
    let host = RuntimeHost { core, team, execution };
    let Some(test) = &spec.test else {
        return Ok("This kind of connection is tried at its first use.".to_owned());
    };
    // The test's own time-outs say more; this one is the fence behind them.
    match tokio::time::timeout(core.module_timeout, test.test(&connection, &host, &core.http)).await {
        Ok(outcome) => outcome,
        Err(_) => {
            let text = format!("the test gave no answer within {} seconds", core.module_timeout.as_secs());
            Err(ModuleError::new(ErrorKind::ModuleTimeoutError, text))
        }
    }
}
