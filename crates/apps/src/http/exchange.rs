//! Sending a request and judging its answer: shared by all modules here.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rouage_model::{ModuleError, Value};
use rouage_sdk::http::{Arriving, BodyFiles, Method, Request, error_for_status, parse_url, retry_after};
use rouage_sdk::{Call, Effect, Values};
use url::Url;

/// What stays as it is in a query string or a form (RFC 3986, unreserved).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The methods, as Make stores them.
pub(super) fn methods() -> Vec<(&'static str, &'static str)> {
    vec![
        ("get", "GET"),
        ("head", "HEAD"),
        ("post", "POST"),
        ("put", "PUT"),
        ("patch", "PATCH"),
        ("delete", "DELETE"),
        ("options", "OPTIONS"),
    ]
}

/// The method of a form; GET when there is none.
pub(super) fn method(input: &Values) -> Method {
    let text = input.text_or("method", "get").to_ascii_uppercase();
    text.parse().unwrap_or(Method::GET)
}

/// GET, HEAD and OPTIONS read; everything else may change something.
pub(super) fn effect(call: &Call<'_>) -> Effect {
    match method(&call.input) {
        Method::GET | Method::HEAD | Method::OPTIONS => Effect::Read,
        _ => Effect::Write,
    }
}

/// A request to the form's address, within the form's and the run's time.
pub(super) fn request(call: &Call<'_>, method: Method) -> Result<Request, ModuleError> {
    let text = call.input.text("url").unwrap_or_default();
    let url = parse_url(text).map_err(|error| error.into_module_error("reading the parameter 'url'"))?;
    let mut request = Request::new(method, url);
    request.timeout = timeout(call)?;
    Ok(request)
}

fn timeout(call: &Call<'_>) -> Result<Duration, ModuleError> {
    const LONGEST: i64 = 300;
    let seconds = match call.input.integer("timeout") {
        None => return Ok(rouage_sdk::http::TIMEOUT.min(call.timeout)),
        Some(seconds @ 1..=LONGEST) => seconds,
        Some(_) => {
            return Err(ModuleError::validation(vec!["Invalid integer in parameter 'timeout': 1 to 300.".into()]));
        }
    };
    Ok(Duration::from_secs(seconds.unsigned_abs()).min(call.timeout))
}

/// How much of an answer that is an error is read, to be quoted.
const QUOTED: usize = 64 * 1024;

/// Sends the request; with `stop_on_error` an answer of 400 and above is an
/// error. The body is still to come.
pub(super) async fn send(call: &Call<'_>, request: Request, stop_on_error: bool) -> Result<Arriving, ModuleError> {
    judge(call, receive(call, request).await?, stop_on_error).await
}

/// Sends the request; every answer is good.
pub(super) async fn receive(call: &Call<'_>, mut request: Request) -> Result<Arriving, ModuleError> {
    let (what, files) = (what(&request.url), call.host.files());
    request.max_bytes = files.limit();
    request.files = BodyFiles(Some(files));
    call.http.fetch(request).await.map_err(|error| error.into_module_error(&what))
}

/// What is tried, for errors: without the query, which may hold a secret.
pub(super) fn what(url: &Url) -> String {
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    let path = if url.path() == "/" { "" } else { url.path() };
    format!("calling {}{port}{path}", url.host_str().unwrap_or("the server"))
}

/// With `stop_on_error` an answer of 400 and above is an error.
pub(super) async fn judge(call: &Call<'_>, answer: Arriving, stop_on_error: bool) -> Result<Arriving, ModuleError> {
    let (status, wait) = (answer.head().status, retry_after(answer.head(), call.host.clock().now()));
    if stop_on_error && !(200..400).contains(&status) {
        let body = answer.beginning(QUOTED).await.map(|answer| answer.body).unwrap_or_default();
        return Err(error_for_status(status, &body, wait));
    }
    Ok(answer)
}

/// Name and value of the rows that have a value. A value that was mapped to
/// nothing leaves its row out; an empty text does not.
pub(super) fn rows<'a>(rows: &'a [Value], name: &str) -> Vec<(&'a str, &'a str)> {
    let named = rows.iter().filter_map(|row| {
        let name = row.field(name).as_text().filter(|name| !name.is_empty())?;
        Some((name, row.field("value").as_text()?))
    });
    named.collect()
}

/// Appends pairs to the address's query.
pub(super) fn append_query(url: &mut Url, pairs: &[(String, &str)]) {
    if pairs.is_empty() {
        return;
    }
    let added = encode_pairs(pairs);
    let query = match url.query() {
        Some(query) if !query.is_empty() => format!("{query}&{added}"),
        _ => added,
    };
    url.set_query(Some(&query));
}

/// `a=b&c=d`, percent-encoded.
pub(super) fn encode_pairs(pairs: &[(String, &str)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}
