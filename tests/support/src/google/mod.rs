//! A Google on loopback: its token endpoint and the part of the Sheets v4 API
//! that the `google-sheets` app uses, over sheets in memory.
//!
//! Answers have Google's shapes and error texts. Not imitated: cell formats
//! other than dates, formulas, permissions, quotas that count by themselves.

mod api;
mod sheet;
mod token;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use serde_json::{Value as Json, json};

use self::sheet::Spreadsheet;
use crate::lock;
use crate::server::Server;

/// What happens to one API request instead of a plain answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 401, as for a token that was revoked.
    Unauthorized,
    /// 403 without a known reason.
    Forbidden,
    /// 403 whose reason is `rateLimitExceeded`.
    ForbiddenRateLimit,
    /// 429 with `Retry-After`, in seconds.
    RateLimit(u32),
    /// A 5xx; nothing was done.
    ServerError(u16),
    /// A 5xx; it was done all the same.
    ServerErrorAfterEffect(u16),
    /// The connection is closed and nothing was done.
    ResetBeforeEffect,
    /// It is done, and the connection is closed before the answer.
    ResetAfterEffect,
    /// Nothing is done and nothing is answered.
    HangBeforeEffect,
    /// It is done and never answered.
    HangAfterEffect,
    /// It is done, and the answer is cut off in the middle.
    TruncatedAnswer,
}

/// What happens to one token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// 400 `invalid_grant`: the grant was revoked.
    InvalidGrant,
    /// A 5xx.
    ServerError(u16),
    /// The connection is closed.
    Reset,
}

/// A change that Google made.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// `create`, `append`, `update`, `clear` or `batchUpdate`.
    pub kind: &'static str,
    /// The spreadsheet.
    pub spreadsheet: String,
    /// The range, for effects on values.
    pub range: String,
    /// The request body.
    pub body: Json,
    /// When it was made.
    pub at: Instant,
}

#[derive(Debug, Default)]
struct Google {
    spreadsheets: Vec<Spreadsheet>,
    faults: VecDeque<Fault>,
    token_faults: VecDeque<TokenFault>,
    effects: Vec<Effect>,
    requests: Vec<String>,
    grants: Vec<String>,
    tokens: Vec<String>,
    refresh_token: String,
    rotates: bool,
    token_delay: Duration,
    issued: u64,
    url: String,
}

/// The server; it ends when this is dropped.
#[derive(Debug)]
pub struct FakeGoogle {
    server: Server,
    state: Arc<Mutex<Google>>,
}

impl FakeGoogle {
    /// Starts on a free port of 127.0.0.1 with no spreadsheets.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(Google { refresh_token: "refresh-0".to_owned(), ..Google::default() }));
        let router = Router::new()
            .route("/token", axum::routing::post(token::token))
            .fallback(api::call)
            .with_state(state.clone());
        let server = Server::start(router).await;
        lock(&state).url = server.url();
        Self { server, state }
    }

    /// `http://127.0.0.1:port`, without a slash at the end: the API root.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The address of the token endpoint.
    pub fn token_uri(&self) -> String {
        format!("{}/token", self.server.url())
    }

    /// The refresh token that is valid now.
    pub fn refresh_token(&self) -> String {
        lock(&self.state).refresh_token.clone()
    }

    /// A service account's key file, as JSON text, for this server.
    pub fn service_account_key(&self) -> String {
        json!({
            "type": "service_account",
            "project_id": "test",
            "private_key_id": "1",
            "private_key": include_str!("../../testdata/service_account.pem"),
            "client_email": token::SERVICE_ACCOUNT,
            "client_id": "1",
            "token_uri": self.token_uri(),
        })
        .to_string()
    }

    /// Adds a spreadsheet: names of sheets and their rows as a person would
    /// type them.
    pub fn add_spreadsheet(&self, id: &str, sheets: &[(&str, &[&[&str]])]) {
        let mut spreadsheet = Spreadsheet::new(id, id);
        for (title, rows) in sheets {
            spreadsheet.add_sheet(title).type_rows(rows);
        }
        lock(&self.state).spreadsheets.push(spreadsheet);
    }

    /// Types rows at the end of a sheet, as somebody else would.
    pub fn type_rows(&self, id: &str, sheet: &str, rows: &[&[&str]]) {
        let mut state = lock(&self.state);
        if let Some(sheet) = state.spreadsheet(id).and_then(|found| found.sheet_mut(sheet)) {
            sheet.type_rows(rows);
        }
    }

    /// The rows of a sheet as a person sees them, without empty ends.
    pub fn shown(&self, id: &str, sheet: &str) -> Vec<Vec<String>> {
        let mut state = lock(&self.state);
        state.spreadsheet(id).and_then(|found| found.sheet_mut(sheet)).map(|sheet| sheet.shown()).unwrap_or_default()
    }

    /// The names of the sheets of a spreadsheet.
    pub fn sheet_names(&self, id: &str) -> Vec<String> {
        lock(&self.state).spreadsheet(id).map(|found| found.titles()).unwrap_or_default()
    }

    /// Lets the next `count` API requests fail so.
    pub fn fail_next(&self, count: usize, fault: Fault) {
        lock(&self.state).faults.extend(std::iter::repeat_n(fault, count));
    }

    /// Lets the next `count` token requests fail so.
    pub fn fail_next_tokens(&self, count: usize, fault: TokenFault) {
        lock(&self.state).token_faults.extend(std::iter::repeat_n(fault, count));
    }

    /// Forgets every access token that was given out.
    pub fn revoke_access_tokens(&self) {
        lock(&self.state).tokens.clear();
    }

    /// From now on each refresh gives a new refresh token and ends the old one.
    pub fn rotate_refresh_tokens(&self) {
        lock(&self.state).rotates = true;
    }

    /// Makes the token endpoint slow.
    pub fn delay_tokens(&self, delay: Duration) {
        lock(&self.state).token_delay = delay;
    }

    /// Every change made so far, in order.
    pub fn effects(&self) -> Vec<Effect> {
        lock(&self.state).effects.clone()
    }

    /// Method and path of every API request so far, refused ones included.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.state).requests.clone()
    }

    /// The grant type of every token request so far.
    pub fn grants(&self) -> Vec<String> {
        lock(&self.state).grants.clone()
    }
}

impl Google {
    fn spreadsheet(&mut self, id: &str) -> Option<&mut Spreadsheet> {
        self.spreadsheets.iter_mut().find(|spreadsheet| spreadsheet.id == id)
    }

    /// A number that was not given out before.
    fn next(&mut self) -> u64 {
        self.issued += 1;
        self.issued
    }
}
