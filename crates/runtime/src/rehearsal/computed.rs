//! Modules that are pure are really computed in a rehearsal: they depend on
//! nothing but their input. What they are given to work with makes sure of it:
//! nothing can be sent, written or answered from here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use rouage_engine::Call as EngineCall;
use rouage_model::structure::Structure;
use rouage_model::{
    BlobId, Clock, ConnectionId, ErrorKind, ExecutionId, ModuleError, Stored, Value, datastore, sheets,
};
use rouage_sdk::{
    Call, Effect, FieldKind, Files, Host, Kind, Module, Outcome, Secret, Spec, Start, StructureOf, WebhookResponse,
    http, params, subscenario,
};

use super::driver::Setting;
use crate::files::{self, TeamFiles};
use crate::host::RuntimeHost;
use crate::{calls, links};

/// How long one module may compute.
const LONGEST: Duration = Duration::from_secs(2);
/// Bytes of a file that a module may make.
const LARGEST: u64 = 4 * 1024 * 1024;

/// What a module gives, or why it cannot; nothing for a module that does more
/// than compute.
pub fn compute(
    setting: &Setting<'_>,
    module: &dyn Module,
    request: &EngineCall,
) -> Option<Result<Vec<Value>, ModuleError>> {
    let spec = module.spec();
    if spec.effect != Effect::Pure || spec.kind == Kind::InstantTrigger {
        return None;
    }
    let core = setting.core;
    let inner = RuntimeHost { core, team: setting.team, execution: ExecutionId::NIL };
    let host = Alone { inner, nowhere: http::Client::closed() };
    let computing = async {
        let call = build(setting, &host, spec, request).await?;
        match calls::run(module, &call).await? {
            Outcome::Bundles(bundles) | Outcome::Polled { bundles, .. } => Ok(bundles),
            Outcome::Staged(_) => Err(refused()),
        }
    };
    let answer = setting.runtime.block_on(async { tokio::time::timeout(LONGEST, computing).await });
    let late = || ModuleError::new(ErrorKind::ModuleTimeoutError, "it takes longer than a rehearsal may");
    Some(answer.unwrap_or_else(|_| Err(late())))
}

async fn build<'a>(
    setting: &'a Setting<'_>,
    host: &'a Alone<'a>,
    spec: &Spec,
    request: &EngineCall,
) -> Result<Call<'a>, ModuleError> {
    let zone = &setting.knowledge.ground().timezone;
    let mut parameters = calls::without_accounts(&request.parameters, spec);
    for field in spec.parameters.iter().filter(|field| matches!(field.kind, FieldKind::Structure)) {
        match links::get(&setting.draft.links, request.module, field.name).and_then(Value::as_i64) {
            Some(id) => parameters.insert(field.name, id),
            None => drop(parameters.remove(field.name)),
        }
    }
    let input = files::readied(host.files().as_ref(), spec, &request.input).await?;
    Ok(Call {
        parameters: params::validate(&spec.parameters, &parameters.into(), zone)?,
        input: params::validate(&spec.mapper, &input, zone)?,
        connection: None,
        keychains: Vec::new(),
        execution: ExecutionId::NIL,
        module: request.module,
        operation: request.operation,
        attempt: 1,
        note: Value::Undefined,
        position: Value::Undefined,
        start: Start::default(),
        timezone: zone.clone(),
        host,
        http: &host.nowhere,
        timeout: LONGEST,
    })
}

/// The host of a module that is alone with its input: it may read a data
/// structure and a stored file, and nothing else.
struct Alone<'a> {
    inner: RuntimeHost<'a>,
    nowhere: http::Client,
}

fn refused() -> ModuleError {
    ModuleError::new(ErrorKind::UnexpectedError, "a rehearsal touches nothing outside of itself")
}

#[async_trait]
impl Host for Alone<'_> {
    fn clock(&self) -> &dyn Clock {
        self.inner.clock()
    }

    async fn read_sheets(&self, _call: sheets::Call) -> Result<Value, sheets::ApiError> {
        Err(sheets::ApiError { code: 503, status: "UNAVAILABLE", message: refused().message.to_string() })
    }

    async fn read_datastore(&self, _call: datastore::Call) -> Result<Value, ModuleError> {
        Err(refused())
    }

    async fn structure(&self, of: StructureOf) -> Result<Option<Structure>, ModuleError> {
        self.inner.structure(of).await
    }

    async fn plan_child(&self, _request: subscenario::Request) -> Result<subscenario::Child, ModuleError> {
        Err(refused())
    }

    async fn child(&self, _child: ExecutionId) -> Result<subscenario::State, ModuleError> {
        Err(refused())
    }

    async fn respond(&self, _response: WebhookResponse) -> bool {
        false
    }

    fn files(&self) -> Arc<dyn Files> {
        let core = self.inner.core;
        Arc::new(ReadOnly(TeamFiles::new(core.store.clone(), self.inner.team, None, LARGEST)))
    }

    async fn renew_secret(&self, _connection: ConnectionId, _secret: Secret) -> Result<(), ModuleError> {
        Err(refused())
    }
}

/// Stored files that can be read; none can be made.
struct ReadOnly(Arc<TeamFiles>);

#[async_trait]
impl Files for ReadOnly {
    fn limit(&self) -> u64 {
        self.0.limit()
    }

    async fn create(&self) -> Result<BlobId, ModuleError> {
        Err(ModuleError::new(
            ErrorKind::RuntimeError,
            "a rehearsal keeps no files, and this one is too large for a bundle",
        ))
    }

    async fn append(&self, _id: BlobId, _piece: u64, _data: Bytes) -> Result<(), ModuleError> {
        Err(refused())
    }

    async fn finish(&self, _id: BlobId, _size: u64) -> Result<(), ModuleError> {
        Err(refused())
    }

    async fn discard(&self, _id: BlobId) {}

    async fn piece(&self, file: &Stored, piece: u64) -> Result<Option<Bytes>, ModuleError> {
        self.0.piece(file, piece).await
    }
}
