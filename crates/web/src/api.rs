//! The API for programs: running a scenario with inputs, and how a run ended.
//! Paths, bodies and answers are Make's as far as they go
//! (`make-semantics.md` §8.3).

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rouage_model::execution::Status;
use rouage_model::{Collection, ExecutionId, ScenarioId, TeamId, Value, json};
use rouage_runtime::{ControlError, Ending};
use rouage_store::executions;

use crate::routes::{Permission, Route};
use crate::{App, bearer};

/// How long a responsive run is waited for; then it goes on by itself.
const PATIENCE: Duration = Duration::from_secs(40);
/// The largest body.
const BODY_LIMIT: usize = 5 * 1024 * 1024;

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/scenarios/{id}/run", Permission::Token, run).body_limit(BODY_LIMIT),
        Route::get("/api/executions/{id}", Permission::Token, execution),
    ]
}

/// Why a request is turned away.
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// What does not fit, by field.
    details: Vec<(String, String)>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new() }
    }

    fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message)
    }
}

impl From<rouage_store::Error> for Refusal {
    fn from(error: rouage_store::Error) -> Self {
        tracing::error!(%error, "a call of the API failed");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The server could not do this now. Try again later.")
    }
}

impl From<ControlError> for Refusal {
    fn from(error: ControlError) -> Self {
        let text = error.to_string();
        match error {
            ControlError::NotFound(_) => Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such scenario."),
            ControlError::Inputs(misfits) => Self {
                details: misfits.into_iter().map(|misfit| (misfit.field, misfit.text.to_string())).collect(),
                ..Self::invalid("The inputs do not fit what the scenario takes.")
            },
            ControlError::Problems(_) | ControlError::Conflict(_) => Self::new(StatusCode::CONFLICT, "conflict", text),
            ControlError::Store(error) => error.into(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = Collection::from_iter([("code", self.code), ("message", self.message.as_str())]);
        if !self.details.is_empty() {
            let detail = |(field, text): &(String, String)| {
                Value::from(Collection::from_iter([("field", field.as_str()), ("message", text.as_str())]))
            };
            body.insert("details", self.details.iter().map(detail).collect::<Vec<_>>());
        }
        let mut response = reply(self.status, &body.into());
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"Rouage\", error=\"invalid_token\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// `POST /api/scenarios/{id}/run`.
async fn run(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let team = team(&app, &headers).await?;
    let scenario = id.parse().map(ScenarioId).map_err(|_| ControlError::NotFound("scenario"))?;
    let asked = read(body)?;
    let wait = asked.is_responsive.then_some(PATIENCE);
    let (execution, ending) = app.control().run_for_program(team, scenario, &asked.data, wait).await?;
    Ok(match (ending, asked.is_responsive) {
        (Some(ending), _) => reply(StatusCode::OK, &ended(execution, &ending)),
        (None, false) => reply(StatusCode::OK, &started(execution).into()),
        // It goes on; the program asks for it later.
        (None, true) => {
            let mut body = started(execution);
            body.insert("message", "The run takes longer than this request waits. Ask for it by its id.");
            reply(StatusCode::ACCEPTED, &body.into())
        }
    })
}

/// `GET /api/executions/{id}`.
async fn execution(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    let team = team(&app, &headers).await?;
    let missing = || Refusal::new(StatusCode::NOT_FOUND, "not-found", "There is no such execution.");
    let id: ExecutionId = id.parse().map_err(|_| missing())?;
    if executions::find(app.store(), team, id).await?.is_none() {
        return Err(missing());
    }
    Ok(match app.control().ending(team, id).await? {
        Some(ending) => reply(StatusCode::OK, &ended(id, &ending)),
        None => reply(StatusCode::OK, &started(id).into()),
    })
}

async fn team(app: &App, headers: &HeaderMap) -> Result<TeamId, Refusal> {
    bearer::team(app, headers).await?.ok_or_else(|| {
        let text = "Send an API token of Rouage as bearer token; make one on the Spreadsheets page.";
        Refusal::new(StatusCode::UNAUTHORIZED, "unauthorized", text)
    })
}

/// What a program asks for.
struct Asked {
    data: Value,
    is_responsive: bool,
}

fn read(body: Result<Bytes, BytesRejection>) -> Result<Asked, Refusal> {
    let too_large = || Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is larger than 5 MB.");
    let body = body.map_err(|_| too_large())?;
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Asked { data: Value::Undefined, is_responsive: false });
    }
    let body =
        json::parse_bounded(&body).map_err(|error| Refusal::invalid(format!("The body is no JSON: {error}.")))?;
    if body.as_collection().is_none() {
        return Err(Refusal::invalid("The body is no object; send {\"data\": {…}, \"responsive\": true}."));
    }
    let is_responsive = match body.field("responsive") {
        nothing if nothing.is_nothing() => false,
        Value::Boolean(yes) => *yes,
        _ => return Err(Refusal::invalid("\"responsive\" is true or false.")),
    };
    if !body.field("callbackUrl").is_nothing() {
        return Err(Refusal::invalid("\"callbackUrl\" is not supported; send \"responsive\" instead."));
    }
    match body.field("data") {
        data if data.is_nothing() || data.as_collection().is_some() => Ok(Asked { data: data.clone(), is_responsive }),
        _ => Err(Refusal::invalid("\"data\" is an object: the inputs by their names.")),
    }
}

fn started(execution: ExecutionId) -> Collection {
    Collection::from_iter([("executionId", execution.to_string())])
}

/// 1: success, 2: warning, 3: error.
fn ended(execution: ExecutionId, ending: &Ending) -> Value {
    let mut body = started(execution);
    body.insert(
        "status",
        match ending.status {
            Status::Success => 1,
            Status::Warning => 2,
            _ => 3,
        },
    );
    body.insert("outputs", ending.outputs.clone());
    if let Some(error) = &ending.error {
        body.insert("error", Collection::from_iter([("message", error.as_str())]));
    }
    body.into()
}

fn reply(status: StatusCode, value: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=UTF-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, json::to_string(value)).into_response()
}
