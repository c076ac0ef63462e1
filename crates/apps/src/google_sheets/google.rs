//! Google's Sheets API over google-sheets4: makes a [`sheets::Call`], and says
//! of every failure what kind it is and whether the effect may have happened.
//!
//! The answer is read from the body as it came, not from the library's types,
//! so that no field and no digit is lost.

use std::sync::Arc;
use std::time::Duration;

use google_sheets4::api::{
    BatchUpdateSpreadsheetRequest, BatchUpdateValuesRequest, ClearValuesRequest, Spreadsheet, ValueRange,
};
use google_sheets4::common::{Body, Delegate, Response, Retry};
use google_sheets4::{Error, Sheets};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rouage_model::sheets::{self, DateTimeRender, InsertData, ValueInput, ValueRender};
use rouage_model::{ModuleError, Text, Value, json};
use rouage_sdk::{Connection, Host, http};
use url::Url;

use super::connector::{self, Connector};
use super::failure::{self, Failure};
use super::tokens::{Tokens, renew};

/// Where the API is unless the connection says otherwise.
const API_ROOT: &str = "https://sheets.googleapis.com/";

/// The library puts ids and ranges into the path as they are, so they come
/// encoded: a sheet may be called `a/b#c?`.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A Google account, shared by all calls that use its connection.
pub(super) struct Account {
    root: String,
    client: legacy::Client<Connector, Body>,
    tokens: Tokens,
}

/// What the library tells on the way of a call.
#[derive(Default)]
struct Watch {
    status: Option<u16>,
    retry_after: Option<u32>,
}

impl Delegate for Watch {
    fn http_failure(&mut self, response: &Response, _: Option<&serde_json::Value>) -> Retry {
        self.status = Some(response.status().as_u16());
        let seconds = response.headers().get(::http::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        self.retry_after = seconds.and_then(|seconds| seconds.trim().parse().ok());
        Retry::Abort
    }
}

impl Account {
    pub(super) fn new(connection: &Connection, http: &http::Client) -> Result<Arc<Self>, ModuleError> {
        let root = connection.data.field("api_root").as_text().filter(|root| !root.is_empty()).unwrap_or(API_ROOT);
        let root = format!("{}/", root.trim_end_matches('/'));
        // The library panics on an address that is none.
        let usable = root.parse::<Url>().is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !usable || root.contains(['{', '}', '?', '#']) || root.parse::<::http::Uri>().is_err() {
            return Err(renew(connection, "its API address is not a URL"));
        }
        let client = connector::client(connector::connector(http.guard())?);
        Ok(Arc::new(Self { root, client, tokens: Tokens::new(connection, http)? }))
    }

    /// Whether the connection, as stored now, is the one this was made from.
    pub(super) fn serves(&self, connection: &Connection) -> bool {
        self.tokens.serves(connection)
    }

    /// Asks for a new token, and says in words what came of it.
    pub(super) async fn test(&self, host: &dyn Host) -> Result<String, ModuleError> {
        self.tokens.test(host).await
    }

    /// An access token that is valid now.
    pub(super) async fn token(&self, host: &dyn Host) -> Result<Text, ModuleError> {
        self.tokens.get(host).await
    }

    /// Forgets a token that was refused. `false` when there is no other.
    pub(super) async fn forget(&self, token: &Text) -> bool {
        self.tokens.invalidate(token).await
    }

    /// The server's address, when it is not Google's own.
    pub(super) fn own_root(&self) -> Option<&str> {
        Some(self.root.as_str()).filter(|root| *root != API_ROOT)
    }

    /// Makes a call. A token that is refused is replaced once.
    pub(super) async fn perform(
        &self,
        call: &sheets::Call,
        host: &dyn Host,
        timeout: Duration,
    ) -> Result<Value, ModuleError> {
        let token = self.tokens.get(host).await?;
        match self.attempt(call, &token, timeout).await {
            Err(Failure::Unauthorized(reason)) if !self.tokens.invalidate(&token).await => {
                Err(renew(self.tokens.connection(), &reason))
            }
            Err(Failure::Unauthorized(_)) => {
                let token = self.tokens.get(host).await?;
                let again = self.attempt(call, &token, timeout).await;
                again.map_err(|failure| failure.into_error(self.tokens.connection()))
            }
            other => other.map_err(|failure| failure.into_error(self.tokens.connection())),
        }
    }

    async fn attempt(&self, call: &sheets::Call, token: &Text, timeout: Duration) -> Result<Value, Failure> {
        let mut hub = Sheets::new(self.client.clone(), token.to_string());
        hub.base_url(self.root.clone());
        hub.root_url(self.root.clone());
        hub.user_agent("rouage".to_owned());
        let mut watch = Watch::default();
        let answer = tokio::time::timeout(timeout, send(&hub, call, &mut watch)).await;
        match answer {
            Err(_) => Err(failure::silent(call, "no answer in time")),
            Ok(Err(error)) => Err(failure::of(call, error, watch.status, watch.retry_after)),
            Ok(Ok(response)) => read(call, response).await,
        }
    }
}

/// Parses the body, which the library has read completely.
async fn read(call: &sheets::Call, response: Response) -> Result<Value, Failure> {
    let body = response.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    json::parse(&body).map_err(|error| failure::silent(call, &format!("the answer is not JSON: {error}")))
}

async fn send(hub: &Sheets<Connector>, call: &sheets::Call, watch: &mut Watch) -> Result<Response, Error> {
    use sheets::Call;
    let methods = hub.spreadsheets();
    Ok(match call {
        Call::Create { body } => {
            let body: Spreadsheet = typed(body)?;
            methods.create(body).delegate(watch).doit().await?.0
        }
        Call::Get { id } => methods.get(&segment(id)).delegate(watch).doit().await?.0,
        Call::Values { id, ranges, batch: false, render, dates } => {
            let range = ranges.first().map(|range| segment(range)).unwrap_or_default();
            let request = methods.values_get(&segment(id), &range).value_render_option(render_name(*render));
            request.date_time_render_option(dates_name(*dates)).delegate(watch).doit().await?.0
        }
        Call::Values { id, ranges, render, dates, .. } => {
            let request = methods.values_batch_get(&segment(id)).value_render_option(render_name(*render));
            let request = ranges.iter().fold(request, |request, range| request.add_ranges(range));
            request.date_time_render_option(dates_name(*dates)).delegate(watch).doit().await?.0
        }
        Call::Append { id, range, values, input, insert } => {
            let request = methods.values_append(rows(None, values), &segment(id), &segment(range));
            let request = request.value_input_option(input_name(*input)).insert_data_option(insert_name(*insert));
            request.delegate(watch).doit().await?.0
        }
        Call::Update { id, data, batch: false, input } => {
            let (range, values) = data.first().cloned().unwrap_or_default();
            let request = methods.values_update(rows(Some(&range), &values), &segment(id), &segment(&range));
            request.value_input_option(input_name(*input)).delegate(watch).doit().await?.0
        }
        Call::Update { id, data, input, .. } => {
            let body = BatchUpdateValuesRequest {
                data: Some(data.iter().map(|(range, values)| rows(Some(range), values)).collect()),
                value_input_option: Some(input_name(*input).to_owned()),
                ..BatchUpdateValuesRequest::default()
            };
            methods.values_batch_update(body, &segment(id)).delegate(watch).doit().await?.0
        }
        Call::Clear { id, range } => {
            let request = methods.values_clear(ClearValuesRequest::default(), &segment(id), &segment(range));
            request.delegate(watch).doit().await?.0
        }
        Call::BatchUpdate { id, body } => {
            let body: BatchUpdateSpreadsheetRequest = typed(body)?;
            methods.batch_update(body, &segment(id)).delegate(watch).doit().await?.0
        }
    })
}

/// A body in the library's types. What they do not know is refused, not lost.
#[expect(clippy::result_large_err, reason = "the library's own error, made only on this path")]
fn typed<T: serde::de::DeserializeOwned>(body: &Value) -> Result<T, Error> {
    serde_json::from_value(json::to_serde(body)).map_err(|error| {
        Error::BadRequest(serde_json::json!({
            "error": {"code": 400, "message": format!("the request does not fit Google's API: {error}")}
        }))
    })
}

/// Rows as the library sends them. It drops every null, which would shift the
/// cells after it to the left; in a row that is new, an empty text is the same
/// as a cell left alone.
fn rows(range: Option<&Text>, values: &[Vec<Value>]) -> ValueRange {
    let cell = |value: &Value| match value {
        Value::Undefined | Value::Null | Value::Ignore | Value::Erase => serde_json::Value::String(String::new()),
        other => json::to_serde(other),
    };
    ValueRange {
        major_dimension: None,
        range: range.map(ToString::to_string),
        values: Some(values.iter().map(|row| row.iter().map(cell).collect()).collect()),
    }
}

fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

fn input_name(input: ValueInput) -> &'static str {
    match input {
        ValueInput::Raw => "RAW",
        ValueInput::UserEntered => "USER_ENTERED",
    }
}

fn insert_name(insert: InsertData) -> &'static str {
    match insert {
        InsertData::Overwrite => "OVERWRITE",
        InsertData::InsertRows => "INSERT_ROWS",
    }
}

fn render_name(render: ValueRender) -> &'static str {
    match render {
        ValueRender::Formatted => "FORMATTED_VALUE",
        ValueRender::Unformatted => "UNFORMATTED_VALUE",
        ValueRender::Formula => "FORMULA",
    }
}

fn dates_name(dates: DateTimeRender) -> &'static str {
    match dates {
        DateTimeRender::SerialNumber => "SERIAL_NUMBER",
        DateTimeRender::FormattedString => "FORMATTED_STRING",
    }
}
