//! The Sheets v4 calls, and the one of Drive by which spreadsheets are found.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::percent_decode_str;
use rouage_model::a1::Range;
use serde_json::{Value as Json, json};

use super::sheet::{Sheet, Spreadsheet};
use super::{Effect, Fault, Google};
use crate::lock;
use crate::server::reset;

/// Status, Google's name for it, text.
type Refusal = (u16, &'static str, String);
type Answer = Result<Json, Refusal>;

pub(super) async fn call(State(state): State<Arc<Mutex<Google>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else { return reset() };
    let token = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned();
    let request = Parsed::new(&head.method, &head.uri, &body);
    let (response, hang) = {
        let mut google = lock(&state);
        google.requests.push(format!("{} {}", head.method, head.uri.path()));
        let fault = google.faults.pop_front();
        let known = google.tokens.contains(&token);
        let response = match fault.and_then(refuse_first) {
            Some(refusal) => refusal,
            None if !known => unauthorized(),
            None => finish(request.perform(&mut google), fault),
        };
        (response, matches!(fault, Some(Fault::HangBeforeEffect | Fault::HangAfterEffect)))
    };
    if hang {
        return std::future::pending().await;
    }
    response
}

/// Faults that keep the request from being performed.
fn refuse_first(fault: Fault) -> Option<Response> {
    match fault {
        Fault::Unauthorized => Some(unauthorized()),
        Fault::Forbidden => Some(refusal(403, "PERMISSION_DENIED", "The caller does not have permission")),
        Fault::ForbiddenRateLimit => {
            let message = "Rate limit exceeded";
            let errors = json!([{"message": message, "domain": "usageLimits", "reason": "rateLimitExceeded"}]);
            let error = json!({"error": {"code": 403, "message": message, "errors": errors}});
            Some((StatusCode::FORBIDDEN, axum::Json(error)).into_response())
        }
        Fault::RateLimit(seconds) => {
            let message = "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute'";
            let mut response = refusal(429, "RESOURCE_EXHAUSTED", message);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            Some(response)
        }
        Fault::ServerError(status) => Some(refusal(status, "INTERNAL", "Internal error encountered.")),
        Fault::ResetBeforeEffect | Fault::HangBeforeEffect => Some(reset()),
        _ => None,
    }
}

/// The answer, or what a fault makes of it once the request is performed.
fn finish(answer: Answer, fault: Option<Fault>) -> Response {
    match fault {
        Some(Fault::ResetAfterEffect) => return reset(),
        Some(Fault::ServerErrorAfterEffect(status)) => {
            return refusal(status, "INTERNAL", "Internal error encountered.");
        }
        _ => {}
    }
    match answer {
        Ok(body) if fault == Some(Fault::TruncatedAnswer) => {
            let text = body.to_string();
            let half = text.len() / 2;
            Response::new(Body::from(text.as_bytes()[..half].to_vec()))
        }
        Ok(body) => axum::Json(body).into_response(),
        Err((status, name, message)) => refusal(status, name, &message),
    }
}

fn refusal(status: u16, name: &str, message: &str) -> Response {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({"error": {"code": status, "message": message, "status": name}});
    (code, axum::Json(body)).into_response()
}

fn unauthorized() -> Response {
    let message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or \
                   other valid authentication credential.";
    refusal(401, "UNAUTHENTICATED", message)
}

fn invalid(message: impl Into<String>) -> Refusal {
    (400, "INVALID_ARGUMENT", message.into())
}

fn not_found() -> Refusal {
    (404, "NOT_FOUND", "Requested entity was not found.".to_owned())
}

/// A request taken apart: `v4/spreadsheets[/{id}[/values/{range}]][:verb]`.
struct Parsed {
    method: Method,
    segments: Vec<String>,
    verb: String,
    query: Vec<(String, String)>,
    body: Json,
}

impl Parsed {
    fn new(method: &Method, uri: &axum::http::Uri, body: &[u8]) -> Self {
        let mut path = uri.path().trim_matches('/');
        let mut verb = String::new();
        // A colon inside a range is followed by a cell, never by a word alone.
        for known in ["append", "clear", "batchUpdate", "batchGet"] {
            if let Some(rest) = path.strip_suffix(known).and_then(|rest| rest.strip_suffix(':')) {
                path = rest;
                known.clone_into(&mut verb);
                break;
            }
        }
        let decode = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Self {
            method: method.clone(),
            segments: path.split('/').map(decode).collect(),
            verb,
            query: query.into_owned().collect(),
            body: serde_json::from_slice(body).unwrap_or_default(),
        }
    }

    fn parameter(&self, name: &str) -> &str {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    fn perform(&self, google: &mut Google) -> Answer {
        let segments: Vec<&str> = self.segments.iter().map(String::as_str).collect();
        match (self.method.as_str(), &segments[..], self.verb.as_str()) {
            ("GET", ["drive", "v3", "files"], "") => Ok(self.list_files(google)),
            ("POST", ["v4", "spreadsheets"], "") => self.create(google),
            ("GET", ["v4", "spreadsheets", id], "") => {
                google.spreadsheet(id).map(|found| found.json()).ok_or_else(not_found)
            }
            ("POST", ["v4", "spreadsheets", id], "batchUpdate") => self.batch_update(google, id),
            ("GET", ["v4", "spreadsheets", id, "values", range], "") => self.read(google, id, range),
            ("GET", ["v4", "spreadsheets", id, "values"], "batchGet") => self.batch_read(google, id),
            ("PUT", ["v4", "spreadsheets", id, "values", range], "") => {
                let values = rows(&self.body["values"]);
                let option = self.parameter("valueInputOption").to_owned();
                let answer = update(google, id, range, &values, &option)?;
                self.note(google, "update", id, range);
                Ok(answer)
            }
            ("POST", ["v4", "spreadsheets", id, "values"], "batchUpdate") => self.batch_write(google, id),
            ("POST", ["v4", "spreadsheets", id, "values", range], "append") => self.append(google, id, range),
            ("POST", ["v4", "spreadsheets", id, "values", range], "clear") => self.clear(google, id, range),
            _ => Err((404, "NOT_FOUND", format!("{} {} is not part of this API", self.method, segments.join("/")))),
        }
    }

    fn note(&self, google: &mut Google, kind: &'static str, id: &str, range: &str) {
        let (spreadsheet, range, body) = (id.to_owned(), range.to_owned(), self.body.clone());
        google.effects.push(Effect { kind, spreadsheet, range, body, at: Instant::now() });
    }

    /// Drive's list; of its query only the part of a name is understood.
    fn list_files(&self, google: &Google) -> Json {
        let query = self.parameter("q");
        let wanted = query.split_once("name contains '").map(|(_, rest)| rest.trim_end_matches('\''));
        let fits = |title: &str| wanted.is_none_or(|wanted| title.to_lowercase().contains(&wanted.to_lowercase()));
        let most = self.parameter("pageSize").parse().unwrap_or(100);
        let found: Vec<&Spreadsheet> = google.spreadsheets.iter().filter(|book| fits(&book.title)).collect();
        let file = |book: &&Spreadsheet| json!({"id": book.id, "name": book.title, "modifiedTime": "2026-11-20T10:00:00.000Z", "owners": [{"displayName": "Ada"}]});
        let files: Vec<Json> = found.iter().take(most).map(file).collect();
        match found.len() > most {
            true => json!({"files": files, "nextPageToken": "more"}),
            false => json!({"files": files}),
        }
    }

    fn create(&self, google: &mut Google) -> Answer {
        let id = format!("created-{}", google.next());
        let title = self.body["properties"]["title"].as_str().unwrap_or("Untitled spreadsheet");
        let mut spreadsheet = Spreadsheet::new(&id, title);
        let sheets = self.body["sheets"].as_array().filter(|sheets| !sheets.is_empty());
        let titles: Vec<String> = sheets.map_or_else(
            || vec!["Sheet1".to_owned()],
            |sheets| {
                sheets.iter().filter_map(|sheet| sheet["properties"]["title"].as_str().map(str::to_owned)).collect()
            },
        );
        for title in titles {
            spreadsheet.add_sheet(&title);
        }
        let answer = spreadsheet.json();
        google.spreadsheets.push(spreadsheet);
        self.note(google, "create", &id, "");
        Ok(answer)
    }

    fn read(&self, google: &mut Google, id: &str, range: &str) -> Answer {
        let unformatted = self.parameter("valueRenderOption") == "UNFORMATTED_VALUE";
        let (sheet, range) = locate(google, id, range)?;
        Ok(value_range(sheet, &range, unformatted))
    }

    fn batch_read(&self, google: &mut Google, id: &str) -> Answer {
        let mut found = Vec::new();
        for (name, range) in &self.query {
            if name == "ranges" {
                found.push(self.read(google, id, range)?);
            }
        }
        Ok(json!({"spreadsheetId": id, "valueRanges": found}))
    }

    fn batch_write(&self, google: &mut Google, id: &str) -> Answer {
        let option = self.body["valueInputOption"].as_str().unwrap_or_default().to_owned();
        let mut responses = Vec::new();
        for data in self.body["data"].as_array().into_iter().flatten() {
            let range = data["range"].as_str().unwrap_or_default();
            responses.push(update(google, id, range, &rows(&data["values"]), &option)?);
        }
        self.note(google, "update", id, "");
        let cells: u64 = responses.iter().filter_map(|response| response["updatedCells"].as_u64()).sum();
        Ok(json!({
            "spreadsheetId": id,
            "totalUpdatedRows": 1,
            "totalUpdatedColumns": cells,
            "totalUpdatedCells": cells,
            "totalUpdatedSheets": 1,
            "responses": responses,
        }))
    }

    fn append(&self, google: &mut Google, id: &str, text: &str) -> Answer {
        let values = rows(&self.body["values"]);
        let typed = self.parameter("valueInputOption") == "USER_ENTERED";
        let insert = self.parameter("insertDataOption") == "INSERT_ROWS";
        let (sheet, range) = locate(google, id, text)?;
        let (end, table) = sheet.table_end(&range);
        let column = range.first_column.unwrap_or(0);
        if insert {
            sheet.insert_rows(end, values.len());
        }
        let cells = sheet.write((end, column), &values, typed);
        let columns = values.iter().map(Vec::len).max().unwrap_or(0);
        let updated = rectangle(sheet, (end, column), values.len(), columns);
        let mut answer = json!({
            "spreadsheetId": id,
            "updates": {
                "spreadsheetId": id,
                "updatedRange": updated,
                "updatedRows": values.len(),
                "updatedColumns": columns,
                "updatedCells": cells,
            },
        });
        if let Some((first, last)) = table {
            let width = sheet.width().max(1) as usize;
            answer["tableRange"] = json!(rectangle(sheet, (first, column), (last - first + 1) as usize, width));
        }
        self.note(google, "append", id, text);
        Ok(answer)
    }

    fn clear(&self, google: &mut Google, id: &str, text: &str) -> Answer {
        let (sheet, range) = locate(google, id, text)?;
        sheet.clear(&range);
        let cleared = sheet.echo(&range);
        self.note(google, "clear", id, text);
        Ok(json!({"spreadsheetId": id, "clearedRange": cleared}))
    }

    fn batch_update(&self, google: &mut Google, id: &str) -> Answer {
        let spreadsheet = google.spreadsheet(id).ok_or_else(not_found)?;
        let mut replies = Vec::new();
        for (index, request) in self.body["requests"].as_array().into_iter().flatten().enumerate() {
            replies.push(change(spreadsheet, index, request)?);
        }
        self.note(google, "batchUpdate", id, "");
        Ok(json!({"spreadsheetId": id, "replies": replies}))
    }
}

/// One structural request of `batchUpdate`.
fn change(spreadsheet: &mut Spreadsheet, index: usize, request: &Json) -> Answer {
    if let Some(add) = request.get("addSheet") {
        let title = add["properties"]["title"].as_str().unwrap_or("Sheet2");
        if spreadsheet.titles().iter().any(|taken| taken == title) {
            return Err(invalid(format!(
                "Invalid requests[{index}].addSheet: A sheet with the name \"{title}\" already exists. Please enter \
                 another name."
            )));
        }
        spreadsheet.add_sheet(title);
        let last = spreadsheet.sheets.len() - 1;
        return Ok(json!({"addSheet": {"properties": spreadsheet.sheets[last].properties(last)}}));
    }
    if let Some(range) = request.get("deleteDimension").map(|delete| &delete["range"]) {
        let number = |name: &str| range[name].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        let (id, first, end) = (number("sheetId"), number("startIndex"), number("endIndex"));
        let Some(sheet) = spreadsheet.sheets.iter_mut().find(|sheet| sheet.id == id) else {
            return Err(invalid(format!("Invalid requests[{index}].deleteDimension: No grid with id: {id}")));
        };
        sheet.delete_rows(first, end);
        return Ok(json!({}));
    }
    Err(invalid(format!("Invalid requests[{index}]: not part of this fake")))
}

fn update(google: &mut Google, id: &str, text: &str, values: &[Vec<Json>], option: &str) -> Answer {
    let (sheet, range) = locate(google, id, text)?;
    let at = (range.first_row.unwrap_or(0), range.first_column.unwrap_or(0));
    let columns = values.iter().map(Vec::len).max().unwrap_or(0);
    if range.last_column.is_some_and(|last| columns > (last - at.1 + 1) as usize) {
        return Err(invalid(format!("Requested writing within range [{text}], but tried writing beyond it")));
    }
    let cells = sheet.write(at, values, option == "USER_ENTERED");
    Ok(json!({
        "spreadsheetId": id,
        "updatedRange": rectangle(sheet, at, values.len(), columns),
        "updatedRows": values.len(),
        "updatedColumns": columns,
        "updatedCells": cells,
    }))
}

fn locate<'a>(google: &'a mut Google, id: &str, text: &str) -> Result<(&'a mut Sheet, Range), Refusal> {
    let spreadsheet = google.spreadsheet(id).ok_or_else(not_found)?;
    let range = Range::parse(text).map_err(invalid)?;
    let title = range.sheet.clone().unwrap_or_default();
    let sheet = spreadsheet.sheet_mut(&title).ok_or_else(|| invalid(format!("Unable to parse range: {text}")))?;
    Ok((sheet, range))
}

fn value_range(sheet: &Sheet, range: &Range, unformatted: bool) -> Json {
    let values = sheet.read(range, unformatted);
    let mut answer = json!({"range": sheet.echo(range), "majorDimension": "ROWS"});
    if !values.is_empty() {
        answer["values"] = json!(values);
    }
    answer
}

fn rectangle(sheet: &Sheet, at: (u32, u32), rows: usize, columns: usize) -> String {
    let extent = |count: usize| u32::try_from(count.max(1) - 1).unwrap_or(0);
    let range = Range {
        sheet: Some(sheet.title.clone()),
        first_row: Some(at.0),
        first_column: Some(at.1),
        last_row: Some(at.0 + extent(rows)),
        last_column: Some(at.1 + extent(columns)),
    };
    range.to_string()
}

fn rows(values: &Json) -> Vec<Vec<Json>> {
    values.as_array().into_iter().flatten().map(|row| row.as_array().cloned().unwrap_or_default()).collect()
}
