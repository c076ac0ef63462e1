//! The built-in spreadsheets over HTTP, at Google's paths and with Google's
//! bodies, for programs that speak the Google Sheets v4 API.
//!
//! A program shows an API token of the team as its bearer token. Reading a
//! request is in [`request`]; what it means is the store's business.
//!
//! Accepted and without effect: `fields`, `includeGridData` (answers carry no
//! cells of their own), `alt`, `prettyPrint`, `includeValuesInResponse`.

mod request;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rouage_model::sheets::{ApiError, Call};
use rouage_model::{Collection, TeamId, Value, json};
use rouage_store::sheets;

use crate::routes::{Permission, Route};
use crate::{App, bearer};
use request::Asked;

/// The largest body; as much as Google takes.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    ["/v4/spreadsheets", "/v4/spreadsheets/{*rest}"]
        .into_iter()
        .map(|path| Route::any(path, Permission::Token, serve).body_limit(BODY_LIMIT))
        .collect()
}

/// Any request below `/v4/spreadsheets`.
pub async fn serve(
    State(app): State<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match answer(&app, &method, &uri, &headers, body).await {
        Ok(value) => reply(StatusCode::OK, &value),
        Err(error) => refuse(&error),
    }
}

async fn answer(
    app: &App,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Value, ApiError> {
    let team = team(app, headers).await?;
    let body = body.map_err(|_| ApiError::invalid("Request payload size exceeds the limit: 10485760 bytes."))?;
    match request::read(method, uri, &body)? {
        Asked::One(call) => make(app, team, &call).await.map(|answer| with_address(app, answer)),
        Asked::ByColumns(call) => make(app, team, &call).await.map(|answer| request::by_columns(&answer)),
        Asked::ClearAll(calls) => clear_all(app, team, &calls).await,
    }
}

/// The store knows only the path of a spreadsheet until it is told where this
/// server is reached.
fn with_address(app: &App, answer: Value) -> Value {
    let path =
        answer.field("spreadsheetUrl").as_text().filter(|url| url.starts_with('/')).map(|path| app.address(path));
    match (path, answer.as_collection()) {
        (Some(url), Some(fields)) => {
            let mut fields = fields.clone();
            fields.insert("spreadsheetUrl", url);
            fields.into()
        }
        _ => answer,
    }
}

/// The team whose token the request shows.
async fn team(app: &App, headers: &HeaderMap) -> Result<TeamId, ApiError> {
    let found = bearer::team(app, headers).await.map_err(|error| failed(&error))?;
    found.ok_or_else(unauthenticated)
}

fn unauthenticated() -> ApiError {
    ApiError {
        code: 401,
        status: "UNAUTHENTICATED",
        message: "Request had invalid authentication credentials. Expected an API token of Rouage as bearer token; \
                  make one on the Spreadsheets page."
            .into(),
    }
}

/// A failure of ours, as Google names it.
fn failed(error: &rouage_store::Error) -> ApiError {
    tracing::error!(%error, "a call of the spreadsheets API failed");
    match error {
        rouage_store::Error::Busy => {
            ApiError { code: 503, status: "UNAVAILABLE", message: "The service is currently unavailable.".into() }
        }
        _ => ApiError { code: 500, status: "INTERNAL", message: "Internal error encountered.".into() },
    }
}

/// Reads beside the writer; writes in a transaction of their own.
async fn make(app: &App, team: TeamId, call: &Call) -> Result<Value, ApiError> {
    if !call.is_write() {
        return sheets::read(app.store(), team, call).await.map_err(|error| failed(&error))?;
    }
    let mut answers = make_all(app, team, std::slice::from_ref(call)).await?;
    Ok(answers.pop().unwrap_or_default())
}

/// Makes all calls or none.
async fn make_all(app: &App, team: TeamId, calls: &[Call]) -> Result<Vec<Value>, ApiError> {
    let mut tx = app.store().begin().await.map_err(|error| failed(&error))?;
    let mut answers = Vec::with_capacity(calls.len());
    for call in calls {
        let answer = sheets::execute(&mut tx, team, call, app.clock().now()).await;
        answers.push(answer.map_err(|error| failed(&error))??);
    }
    tx.commit().await.map_err(|error| failed(&error))?;
    Ok(answers)
}

/// `values:batchClear`, which is several calls for the store.
async fn clear_all(app: &App, team: TeamId, calls: &[Call]) -> Result<Value, ApiError> {
    let answers = make_all(app, team, calls).await?;
    let id = answers.first().map(|answer| answer.field("spreadsheetId").clone()).unwrap_or_default();
    let cleared: Vec<Value> = answers.iter().map(|answer| answer.field("clearedRange").clone()).collect();
    Ok(Collection::from_iter([("spreadsheetId", id), ("clearedRanges", cleared.into())]).into())
}

fn refuse(error: &ApiError) -> Response {
    let status = StatusCode::from_u16(error.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = reply(status, &error.body());
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer realm=\"Rouage\", error=\"invalid_token\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

fn reply(status: StatusCode, value: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=UTF-8"),
        (header::CACHE_CONTROL, "private"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, json::to_string(value)).into_response()
}
