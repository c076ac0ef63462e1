//! Fetching a feed: one bounded request, and bytes to text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::{Encoding, UTF_8};
use rouage_model::ModuleError;
use rouage_sdk::http::{Method, Request, Response, TIMEOUT, error_for_status, parse_url, retry_after};
use rouage_sdk::{Call, Values};
use url::Url;

use super::article::Article;
use super::feed;

/// Larger feeds are refused.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The articles of the feed that the form names, in its order.
pub(super) async fn articles(call: &Call<'_>, form: &Values) -> Result<Vec<Article>, ModuleError> {
    let response = receive(call, form).await?;
    let text = text_of(&response);
    feed::parse(&text, &response.url).map_err(|reason| {
        let host = response.url.host_str().unwrap_or("the server").to_owned();
        ModuleError::data(format!("what {host} sent cannot be read as a feed: {reason}. Is it the address of a feed?"))
    })
}

async fn receive(call: &Call<'_>, form: &Values) -> Result<Response, ModuleError> {
    let url = parse_url(form.text("url").unwrap_or_default())
        .map_err(|error| error.into_module_error("reading the parameter 'url'"))?;
    let host = url.host_str().unwrap_or("the server").to_owned();
    let mut request = Request::new(Method::GET, url).header(
        "Accept",
        "application/rss+xml, application/atom+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1",
    );
    if let Some(user) = form.text("username") {
        let credentials = STANDARD.encode(format!("{user}:{}", form.text("password").unwrap_or_default()));
        request = request.secret_header("Authorization", format!("Basic {credentials}"));
    }
    request.accept_compressed = form.is_true("gzip");
    request.max_bytes = LARGEST;
    request.timeout = TIMEOUT.min(call.timeout);
    let response = call
        .http
        .send(request)
        .await
        .map_err(|error| error.into_module_error(&format!("fetching the feed of {host}")))?;
    if !response.is_success() {
        let wait = retry_after(&response, call.host.clock().now());
        return Err(error_for_status(response.status, &response.body, wait));
    }
    Ok(response)
}

/// By the mark at its start, what the server says, or what the document says;
/// bytes that do not fit become the sign for it.
fn text_of(response: &Response) -> String {
    let header = response.header("content-type").unwrap_or_default();
    let said = parameter(header, "charset").or_else(|| declared(&response.body));
    let encoding = said.and_then(|label| Encoding::for_label(label.as_bytes())).unwrap_or(UTF_8);
    encoding.decode(&response.body).0.into_owned()
}

fn parameter(header: &str, name: &str) -> Option<String> {
    let parameters = header.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let found = parameters.into_iter().find(|(own, _)| own.trim().eq_ignore_ascii_case(name))?;
    Some(found.1.trim().trim_matches('"').to_owned())
}

/// `<?xml … encoding="…"?>`.
fn declared(body: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
    let declaration = start.trim_start_matches('\u{feff}').strip_prefix("<?xml")?.split("?>").next()?.to_owned();
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start().to_owned();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value[1..].split(quote).next().map(str::to_owned)
}

/// Whether two addresses name the same feed.
pub(super) fn same_feed(one: &str, other: &str) -> bool {
    match (one.parse::<Url>(), other.parse::<Url>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use rouage_sdk::testing::url;

    use super::*;

    fn read(content_type: &str, body: &[u8]) -> String {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        text_of(&Response { status: 200, headers, body: body.to_vec().into(), url: url("https://x.example/") })
    }

    #[test]
    fn the_encoding_is_that_of_the_server_or_of_the_document() {
        assert_eq!(read("text/xml; charset=\"ISO-8859-1\"", b"\xe9"), "é");
        assert!(read("text/xml", b"<?xml version='1.0' encoding='windows-1252'?><a>\x80</a>").ends_with("<a>€</a>"));
        assert_eq!(read("", "é".as_bytes()), "é");
        assert_eq!(read("text/xml; charset=utf-8", b"\xff\xfe<\0a\0"), "<a");
        assert_eq!(read("text/xml; charset=nonsense", "é".as_bytes()), "é");
    }
}
