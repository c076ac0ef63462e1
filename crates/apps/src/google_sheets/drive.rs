//! The spreadsheets of a Google account, for a person to choose from: the one
//! thing that Drive is asked for.

use rouage_model::{ErrorKind, ModuleError, Value, json};
use rouage_sdk::http::{Method, Redirects, Request, Response};
use rouage_sdk::{Call, FieldChoice, FieldChoices};
use url::Url;

use super::google::Account;

/// Where the API is unless the connection says otherwise.
const API_ROOT: &str = "https://www.googleapis.com/";
/// Files of one answer.
const PAGE: &str = "100";
const LARGEST_ANSWER: u64 = 4 << 20;

/// The spreadsheets whose name has `search` in it, last changed first.
pub(super) async fn spreadsheets(
    account: &Account,
    call: &Call<'_>,
    search: &str,
) -> Result<FieldChoices, ModuleError> {
    let url = address(account, search)?;
    let token = account.token(call.host).await?;
    let answer = ask(call, &url, &token).await?;
    // A token that was refused is replaced once, as for every other call.
    let answer = if answer.status == 401 && account.forget(&token).await {
        ask(call, &url, &account.token(call.host).await?).await?
    } else {
        answer
    };
    read(&answer)
}

fn address(account: &Account, search: &str) -> Result<Url, ModuleError> {
    let root = account.own_root().unwrap_or(API_ROOT);
    let mut url: Url = format!("{}/drive/v3/files", root.trim_end_matches('/'))
        .parse()
        .map_err(|error| ModuleError::data(format!("the API address of the connection is no URL: {error}")))?;
    let mut query = "mimeType = 'application/vnd.google-apps.spreadsheet' and trashed = false".to_owned();
    if !search.trim().is_empty() {
        let text = search.trim().replace('\\', "\\\\").replace('\'', "\\'");
        query.push_str(&format!(" and name contains '{text}'"));
    }
    url.query_pairs_mut()
        .append_pair("q", &query)
        .append_pair("orderBy", "modifiedTime desc")
        .append_pair("pageSize", PAGE)
        .append_pair("fields", "nextPageToken,files(id,name,modifiedTime,owners(displayName))")
        .append_pair("supportsAllDrives", "true")
        .append_pair("includeItemsFromAllDrives", "true");
    Ok(url)
}

async fn ask(call: &Call<'_>, url: &Url, token: &str) -> Result<Response, ModuleError> {
    let mut request =
        Request::new(Method::GET, url.clone()).secret_header("Authorization", format!("Bearer {token}"));
    request.timeout = call.timeout;
    request.redirects = Redirects::None;
    request.max_bytes = LARGEST_ANSWER;
    call.http.send(request).await.map_err(|error| error.into_module_error("Google's list of spreadsheets"))
}

fn read(answer: &Response) -> Result<FieldChoices, ModuleError> {
    if !answer.is_success() {
        return Err(refusal(answer));
    }
    let body = json::parse(&answer.body)
        .map_err(|error| ModuleError::data(format!("Google's list of spreadsheets cannot be read: {error}")))?;
    let files = body.field("files").as_array().unwrap_or_default();
    Ok(FieldChoices {
        choices: files.iter().filter_map(choice).collect(),
        fields: None,
        more: body.field("nextPageToken").as_text().is_some_and(|token| !token.is_empty()),
    })
}

fn choice(file: &Value) -> Option<FieldChoice> {
    let (id, name) = (file.field("id").as_text()?, file.field("name").as_text()?);
    let owners = file.field("owners").as_array().unwrap_or_default();
    let owner = owners.first().and_then(|owner| owner.field("displayName").as_text()).unwrap_or_default();
    let day = file.field("modifiedTime").as_text().and_then(|at| at.get(..10)).unwrap_or_default();
    let parts: Vec<&str> = [owner, day].into_iter().filter(|part| !part.is_empty()).collect();
    Some(FieldChoice::new(id, name).note(parts.join(", ")))
}

/// What to do is the same, whatever the reason: the id can always be pasted.
fn refusal(answer: &Response) -> ModuleError {
    let body = json::parse(&answer.body).unwrap_or_default();
    let reason = body.field("error").field("message").as_text().unwrap_or("it gave no reason").to_owned();
    let (kind, why) = match answer.status {
        401 => (ErrorKind::AccountValidationError, "Google refused this account; renew its connection"),
        403 => (ErrorKind::DataError, "this account may use spreadsheets, but not list them"),
        404 => (ErrorKind::DataError, "this server has no list of spreadsheets"),
        429 => (ErrorKind::RateLimitError, "Google asks to slow down; try again in a minute"),
        _ => (ErrorKind::ConnectionError, "Google gave no list of spreadsheets"),
    };
    let text = format!("{why}. Paste the address of the spreadsheet instead. ({}: {reason})", answer.status);
    ModuleError::new(kind, text)
}
