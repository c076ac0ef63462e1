//! Helpers for the tests of apps: a host, a network and a bench to run a
//! module on, all in memory, and the contract that every app must keep.
//!
//! Compiled in normally, because the tests of other crates use it; it costs
//! nothing when unused.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::http::HeaderMap;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::tz::TimeZone;
use rouage_model::clock::{SimulatedClock, execution_id};
use rouage_model::structure::Structure;
use rouage_model::{
    BlobId, Buffer, Clock, ConnectionId, ExecutionId, ModuleError, ModuleId, OperationId, Stored, Value, Version,
    datastore, json, sheets,
};
use url::Url;

use crate::connection::{Connection, Secret};
use crate::files::{self, Files, PIECE};
use crate::host::{Host, StructureOf, WebhookResponse};
use crate::http::{Body, Client, Exchange, Request, Response, Transport, TransportError, Whole};
use crate::module::{Call, Module, Outcome};
use crate::params;
use crate::polling::Start;
use crate::subscenario;

mod contract;

pub use contract::{check_form, check_module_form, check_specs};

/// A value out of JSON text. Panics when it is none.
pub fn value(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap_or_else(|error| panic!("the test's JSON is broken: {error}\n{text}"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A host in memory. It records what modules do and answers what it was told.
#[derive(Debug)]
pub struct FakeHost {
    clock: SimulatedClock,
    responses: Mutex<Vec<WebhookResponse>>,
    sheets_answers: Mutex<VecDeque<Result<Value, sheets::ApiError>>>,
    sheets_calls: Mutex<Vec<sheets::Call>>,
    renewed: Mutex<Vec<(ConnectionId, Secret)>>,
    datastore_answers: Mutex<VecDeque<Value>>,
    structure: Mutex<Option<Structure>>,
    children: Mutex<VecDeque<subscenario::State>>,
    files: Arc<MemoryFiles>,
}

/// Stored files in memory.
#[derive(Debug)]
struct MemoryFiles {
    limit: Mutex<u64>,
    pieces: Mutex<BTreeMap<BlobId, Vec<Bytes>>>,
}

impl Default for MemoryFiles {
    fn default() -> Self {
        Self { limit: Mutex::new(100 * 1024 * 1024), pieces: Mutex::default() }
    }
}

#[async_trait]
impl Files for MemoryFiles {
    fn limit(&self) -> u64 {
        *lock(&self.limit)
    }

    async fn create(&self) -> Result<BlobId, ModuleError> {
        let mut pieces = lock(&self.pieces);
        let id: BlobId = format!("{:032x}", pieces.len() + 1).parse().expect("an id");
        pieces.insert(id, Vec::new());
        Ok(id)
    }

    async fn append(&self, id: BlobId, piece: u64, data: Bytes) -> Result<(), ModuleError> {
        let mut pieces = lock(&self.pieces);
        let file = pieces.get_mut(&id).expect("the file was created");
        assert_eq!(file.len() as u64, piece, "the pieces come in order");
        assert!(file.iter().all(|piece| piece.len() == PIECE), "only the last piece is shorter");
        file.push(data);
        Ok(())
    }

    async fn finish(&self, id: BlobId, size: u64) -> Result<(), ModuleError> {
        let pieces = lock(&self.pieces);
        assert_eq!(pieces[&id].iter().map(Bytes::len).sum::<usize>() as u64, size);
        Ok(())
    }

    async fn discard(&self, id: BlobId) {
        lock(&self.pieces).remove(&id);
    }

    async fn piece(&self, file: &Stored, piece: u64) -> Result<Option<Bytes>, ModuleError> {
        let pieces = lock(&self.pieces);
        let file = pieces.get(&file.id).ok_or_else(|| files::gone(file))?;
        Ok(usize::try_from(piece).ok().and_then(|piece| file.get(piece)).cloned())
    }
}

impl Default for FakeHost {
    fn default() -> Self {
        let now = "2026-01-02T03:04:05Z".parse().expect("a valid instant");
        Self {
            clock: SimulatedClock::new(now, 1),
            responses: Mutex::default(),
            sheets_answers: Mutex::default(),
            sheets_calls: Mutex::default(),
            renewed: Mutex::default(),
            datastore_answers: Mutex::default(),
            structure: Mutex::default(),
            children: Mutex::default(),
            files: Arc::default(),
        }
    }
}

impl FakeHost {
    /// Sets how large a stored file may be.
    pub fn limit_files(&self, bytes: u64) {
        *lock(&self.files.limit) = bytes;
    }

    /// How many stored files there are.
    pub fn stored_files(&self) -> usize {
        lock(&self.files.pieces).len()
    }

    /// Prepares how a called scenario stands the next time it is looked at.
    pub fn child_stands(&self, state: subscenario::State) {
        lock(&self.children).push_back(state);
    }

    /// The clock, to move it.
    pub fn simulated_clock(&self) -> &SimulatedClock {
        &self.clock
    }

    /// Queues the answer to the next spreadsheet call.
    pub fn answer_sheets(&self, answer: Result<Value, sheets::ApiError>) {
        lock(&self.sheets_answers).push_back(answer);
    }

    /// The spreadsheet calls so far.
    pub fn sheets_calls(&self) -> Vec<sheets::Call> {
        lock(&self.sheets_calls).clone()
    }

    /// Queues the answer to the next read of a data store.
    pub fn answer_datastore(&self, answer: Value) {
        lock(&self.datastore_answers).push_back(answer);
    }

    /// Sets the one data structure there is, as JSON.
    pub fn set_structure(&self, text: &str) {
        *lock(&self.structure) = Some(Structure::parse(&value(text)).expect("a data structure"));
    }

    /// The webhook responses so far.
    pub fn responses(&self) -> Vec<WebhookResponse> {
        lock(&self.responses).clone()
    }

    /// The renewed secrets so far.
    pub fn renewed(&self) -> Vec<(ConnectionId, Secret)> {
        lock(&self.renewed).clone()
    }
}

#[async_trait]
impl Host for FakeHost {
    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    async fn read_sheets(&self, call: sheets::Call) -> Result<Value, sheets::ApiError> {
        if call.is_write() {
            return Err(sheets::ApiError::invalid("writes are staged, not called"));
        }
        lock(&self.sheets_calls).push(call);
        lock(&self.sheets_answers).pop_front().unwrap_or_else(|| Err(sheets::ApiError::not_found()))
    }

    async fn read_datastore(&self, call: datastore::Call) -> Result<Value, ModuleError> {
        if call.is_write() {
            return Err(ModuleError::data("writes are staged, not called"));
        }
        lock(&self.datastore_answers).pop_front().ok_or_else(|| ModuleError::data("no answer prepared"))
    }

    async fn structure(&self, _of: StructureOf) -> Result<Option<Structure>, ModuleError> {
        Ok(lock(&self.structure).clone())
    }

    async fn plan_child(&self, request: subscenario::Request) -> Result<subscenario::Child, ModuleError> {
        let subscenario::Request { scenario, inputs, .. } = request;
        Ok(subscenario::Child { execution: execution_id(&self.clock), scenario, version: Version(1), inputs })
    }

    async fn child(&self, _child: ExecutionId) -> Result<subscenario::State, ModuleError> {
        Ok(lock(&self.children).pop_front().unwrap_or(subscenario::State::Gone))
    }

    fn files(&self) -> Arc<dyn Files> {
        self.files.clone()
    }

    async fn respond(&self, response: WebhookResponse) -> bool {
        let mut responses = lock(&self.responses);
        responses.push(response);
        responses.len() == 1
    }

    async fn renew_secret(&self, connection: ConnectionId, secret: Secret) -> Result<(), ModuleError> {
        lock(&self.renewed).push((connection, secret));
        Ok(())
    }
}

/// A request that the network was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The address.
    pub url: String,
    /// The headers as sent, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as sent.
    pub body: Bytes,
}

impl Seen {
    /// The first header of this (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

type Answer = Result<(u16, Vec<(String, String)>, Bytes), TransportError>;

/// A network that gives prepared answers, in order.
#[derive(Default)]
pub struct RecordedTransport {
    script: Mutex<VecDeque<Answer>>,
    seen: Mutex<Vec<Seen>>,
}

impl RecordedTransport {
    /// A network without answers.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Queues an answer.
    pub fn answer(&self, status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> &Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        lock(&self.script).push_back(Ok((status, headers, body.into())));
        self
    }

    /// Queues an answer of JSON.
    pub fn answer_json(&self, status: u16, body: &str) -> &Self {
        self.answer(status, &[("content-type", "application/json")], body.to_owned())
    }

    /// Queues a failure.
    pub fn fail(&self, error: TransportError) -> &Self {
        lock(&self.script).push_back(Err(error));
        self
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.seen).clone()
    }

    /// A client over this network.
    pub fn client(self: &Arc<Self>) -> Client {
        Client::with_transport(self.clone())
    }
}

#[async_trait]
impl Transport for RecordedTransport {
    async fn exchange(&self, request: &Request, headers: HeaderMap) -> Result<Exchange, TransportError> {
        let headers = headers.iter();
        let body = sent(request).await;
        lock(&self.seen).push(Seen {
            method: request.method.to_string(),
            url: request.url.to_string(),
            headers: headers
                .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect(),
            body,
        });
        let unexpected = || Err(TransportError::InvalidRequest(format!("no answer prepared for {}", request.url)));
        let (status, headers, body) = lock(&self.script).pop_front().unwrap_or_else(unexpected)?;
        if body.len() as u64 > request.max_bytes {
            return Err(TransportError::TooLarge(request.max_bytes));
        }
        let head = Response { status, headers, body: Bytes::new(), url: request.url.clone() };
        Ok(Exchange { head, body: Box::new(Whole(Some(body))) })
    }
}

/// The body of a request as the other side gets it.
async fn sent(request: &Request) -> Bytes {
    let contents = match &request.body {
        Body::Bytes(bytes) => return bytes.clone(),
        Body::Pieces(contents) => contents,
        Body::Empty | Body::Multipart(_) => return Bytes::new(),
    };
    let mut out = Vec::new();
    for content in contents {
        let files = request.files.0.as_deref().expect("a body with files says where they are");
        let buffer = Buffer { content: content.clone(), encoding: None };
        out.extend_from_slice(&files::bytes(files, &buffer, u64::MAX).await.expect("the file is there"));
    }
    out.into()
}

/// Everything a module needs around it. Change the fields before a run.
pub struct Bench {
    /// The host.
    pub host: FakeHost,
    /// The network.
    pub http: Client,
    /// The account, as [`Call::connection`].
    pub connection: Option<Connection>,
    /// The keychains, as [`Call::keychains`].
    pub keychains: Vec<(String, Connection)>,
    /// The run.
    pub execution: ExecutionId,
    /// What `prepare` noted.
    pub note: Value,
    /// How far the polling trigger has come; [`Bench::poll`] moves it.
    pub position: Value,
    /// Where the polling trigger begins.
    pub start: Start,
    /// The scenario's time zone.
    pub timezone: TimeZone,
    /// Counts from 1.
    pub attempt: u32,
    /// How long a call may take.
    pub timeout: Duration,
}

impl Default for Bench {
    fn default() -> Self {
        Self::new(&RecordedTransport::new())
    }
}

impl Bench {
    /// A bench over a prepared network.
    pub fn new(transport: &Arc<RecordedTransport>) -> Self {
        let host = FakeHost::default();
        Self {
            execution: execution_id(&host.clock),
            host,
            http: transport.client(),
            connection: None,
            keychains: Vec::new(),
            note: Value::Undefined,
            position: Value::Undefined,
            start: Start::FromNow,
            timezone: TimeZone::UTC,
            attempt: 1,
            timeout: Duration::from_secs(300),
        }
    }

    /// A call of the module with input checked by its spec.
    pub fn call(&self, module: &dyn Module, parameters: &Value, mapper: &Value) -> Result<Call<'_>, ModuleError> {
        Ok(Call {
            parameters: params::validate(&module.spec().parameters, parameters, &self.timezone)?,
            input: params::validate(&module.spec().mapper, mapper, &self.timezone)?,
            connection: self.connection.clone(),
            keychains: self.keychains.clone(),
            execution: self.execution,
            module: ModuleId(1),
            operation: OperationId(1),
            attempt: self.attempt,
            note: self.note.clone(),
            position: self.position.clone(),
            start: self.start.clone(),
            timezone: self.timezone.clone(),
            host: &self.host,
            http: &self.http,
            timeout: self.timeout,
        })
    }

    /// Runs a module once, `prepare` not included.
    pub async fn run(&self, module: &dyn Module, parameters: &Value, mapper: &Value) -> Result<Outcome, ModuleError> {
        module.run(&self.call(module, parameters, mapper)?).await
    }

    /// Runs a module that answers with bundles.
    pub async fn bundles(
        &self,
        module: &dyn Module,
        parameters: &Value,
        mapper: &Value,
    ) -> Result<Vec<Value>, ModuleError> {
        match self.run(module, parameters, mapper).await? {
            Outcome::Bundles(bundles) => Ok(bundles),
            Outcome::Polled { .. } => panic!("expected bundles, got a poll: use `Bench::poll`"),
            Outcome::Staged(staged) => panic!("expected bundles, got the staged effect {:?}", staged.effect),
        }
    }

    /// Polls a trigger and moves on to its new position, as a run that is
    /// committed does. To try a rollback, set `position` back.
    pub async fn poll(&mut self, trigger: &dyn Module, parameters: &Value) -> Result<Vec<Value>, ModuleError> {
        match self.run(trigger, parameters, &Value::empty_collection()).await? {
            Outcome::Polled { bundles, position } => {
                self.position = position;
                Ok(bundles)
            }
            _ => panic!("{} does not answer a poll with `Outcome::Polled`", trigger.spec().name),
        }
    }
}

/// Runs a module on a fresh bench without a network.
pub async fn run(module: &dyn Module, parameters: &Value, mapper: &Value) -> Result<Outcome, ModuleError> {
    Bench::default().run(module, parameters, mapper).await
}

/// A connection for tests; `data` and `secret` as JSON.
pub fn connection(kind: &str, data: &str, secret: &str) -> Connection {
    Connection {
        id: ConnectionId(1),
        kind: kind.to_owned(),
        name: "Test".to_owned(),
        data: value(data),
        secret: Secret::new(value(secret)),
    }
}

/// A URL out of text. Panics when it is none.
pub fn url(text: &str) -> Url {
    text.parse().unwrap_or_else(|error| panic!("the test's URL {text:?} is broken: {error}"))
}
