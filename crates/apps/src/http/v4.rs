//! The form of version 4: one module for every sign-in.

use rouage_model::{ErrorKind, ModuleError};
use rouage_sdk::http::{Body, Redirects, Request};
use rouage_sdk::{Call, Field, FieldKind};

use super::cookies::Jars;
use super::{credentials, exchange, v3};

const API_KEY: &str = "apiKeyKeychain";
const BASIC: &str = "basicAuthKeychain";

/// Sign-in, the same for every module.
pub(super) fn parameters() -> Vec<Field> {
    vec![
        Field::new(
            "authenticationType",
            "Authentication type",
            FieldKind::Select(vec![
                ("noAuth", "No authentication"),
                ("apiKey", "API key"),
                ("basicAuth", "Basic auth"),
                ("oAuth", "OAuth 2.0 (not supported)"),
            ]),
        )
        .not_offering(&["oAuth"])
        .required()
        .default("noAuth")
        .help("How the service knows who you are; its documentation says it."),
        Field::new(API_KEY, "API key", FieldKind::Keychain(&[credentials::API_KEY]))
            .required()
            .shown("authenticationType", &["apiKey"])
            .help("Sent only to the hosts that it is bound to."),
        Field::new(BASIC, "Basic auth", FieldKind::Keychain(&[credentials::BASIC]))
            .required()
            .shown("authenticationType", &["basicAuth"])
            .help("User name and password; sent only to the hosts that they are bound to."),
        Field::new(
            "tlsType",
            "TLS",
            FieldKind::Select(vec![
                ("", "Public certificates"),
                ("tls", "Own certificate (not supported)"),
                ("mTls", "Mutual TLS (not supported)"),
            ]),
        )
        .not_offering(&["tls", "mTls"])
        .default("")
        .advanced()
        .help("How the server proves who it is."),
        Field::new("proxyKeychain", "Proxy", FieldKind::Any).advanced().help("Not supported here: leave it empty."),
    ]
}

fn pairs() -> FieldKind {
    FieldKind::Array(vec![Field::text("name", "Name").required(), Field::text("value", "Value")])
}

/// Address, headers and query, the same for every module.
pub(super) fn address_fields() -> Vec<Field> {
    vec![
        Field::new("url", "URL", FieldKind::Url).required().help("The address; it starts with http:// or https://."),
        Field::new("headers", "Headers", pairs())
            .help("What the service wants to know beside the content, such as Accept: application/json."),
        Field::new("queryParameters", "Query parameters", pairs())
            .help("Names and values that are added to the URL after a question mark."),
    ]
}

/// What can be sent.
pub(super) fn body_fields() -> Vec<Field> {
    vec![
        Field::new(
            "contentType",
            "Body content type",
            FieldKind::Select(vec![
                ("", "None (nothing is sent)"),
                ("json", "JSON (application/json)"),
                ("multipart", "Form with files (multipart/form-data)"),
                ("urlEncoded", "Form (application/x-www-form-urlencoded)"),
                ("custom", "Custom"),
            ]),
        )
        .default("")
        .help("What is sent along with the request."),
        Field::new(
            "inputMethod",
            "Body input method",
            FieldKind::Select(vec![("jsonString", "JSON string"), ("dataStructure", "Data structure (not supported)")]),
        )
        .not_offering(&["dataStructure"])
        .default("jsonString")
        .shown("contentType", &["json"])
        .advanced()
        .help("How the JSON is written."),
        Field::text("jsonStringBodyContent", "Body content")
            .multiline()
            .shown("contentType", &["json"])
            .help("The JSON text, such as {\"name\": \"Ada\"}; map values into it."),
        Field::new("urlEncodedBodyContent", "Body content", pairs())
            .shown("contentType", &["urlEncoded"])
            .help("Names and values, as a form on a web page sends them."),
        Field::text("contentTypeValue", "Content type")
            .shown("contentType", &["custom"])
            .help("What the content is, such as text/csv."),
        Field::new("rawBodyContent", "Body content", FieldKind::Buffer)
            .multiline()
            .shown("contentType", &["custom"])
            .help("Sent as it is: text with mapped values, or a file."),
        Field::new(
            "multipartBodyContent",
            "Body content",
            FieldKind::Array(vec![
                Field::new(
                    "multipartFieldType",
                    "Field type",
                    FieldKind::Select(vec![("text", "Text"), ("file", "File")]),
                )
                .default("text"),
                Field::text("name", "Name").required(),
                Field::text("value", "Value").shown("multipartFieldType", &["text"]),
                Field::text("fileName", "File name")
                    .shown("multipartFieldType", &["file"])
                    .help("Such as invoice.pdf."),
                Field::new("data", "Data", FieldKind::Buffer)
                    .shown("multipartFieldType", &["file"])
                    .help("The file itself."),
            ]),
        )
        .shown("contentType", &["multipart"])
        .help("Names with values or files, as a form on a web page sends them."),
    ]
}

/// How the exchange is made, the same for every module.
pub(super) fn exchange_fields() -> Vec<Field> {
    vec![
        Field::boolean("stopOnHttpError", "Return error if HTTP request fails")
            .default("true")
            .help("No: an answer such as 404 is an ordinary bundle with that status code."),
        Field::new("timeout", "Timeout", FieldKind::UnsignedInteger)
            .advanced()
            .help("How many seconds to wait for the answer, from 1 to 300; 40 if empty."),
        Field::boolean("allowRedirects", "Allow redirects")
            .advanced()
            .default("true")
            .help("Yes: goes on to the address that the server names instead."),
        Field::boolean("shareCookies", "Share cookies with other HTTP modules")
            .advanced()
            .default("false")
            .help("Yes: cookies of this answer are sent with later requests of the run that share them too."),
        Field::boolean("requestCompressedContent", "Request compressed content")
            .advanced()
            .default("true")
            .help("Yes: the answer may come compressed, which is faster."),
    ]
}

/// The request without its body.
pub(super) fn build(call: &Call<'_>, jars: &Jars) -> Result<Request, ModuleError> {
    refuse_unsupported(call)?;
    let input = &call.input;
    let mut request = exchange::request(call, exchange::method(input))?;
    let query = exchange::rows(input.array("queryParameters"), "name");
    let query: Vec<_> = query.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    exchange::append_query(&mut request.url, &query);
    for (name, value) in exchange::rows(input.array("headers"), "name") {
        request.headers.push((name.to_owned(), value.to_owned()));
    }
    request.redirects = if input.boolean("allowRedirects") == Some(false) { Redirects::None } else { Redirects::All };
    request.accept_compressed = input.boolean("requestCompressedContent") != Some(false);
    request.cookies = input.is_true("shareCookies").then(|| jars.of(call.execution));
    Ok(request)
}

/// Puts the chosen key into the request.
pub(super) fn sign_in(call: &Call<'_>, request: &mut Request) -> Result<(), ModuleError> {
    match call.parameters.text_or("authenticationType", "noAuth") {
        "apiKey" => credentials::apply(call, API_KEY, request),
        "basicAuth" => credentials::apply(call, BASIC, request),
        _ => Ok(()),
    }
}

/// What we do not do is said before anything is sent.
fn refuse_unsupported(call: &Call<'_>) -> Result<(), ModuleError> {
    let parameters = &call.parameters;
    let proxy = parameters.raw("proxyKeychain");
    let what = if parameters.text("authenticationType") == Some("oAuth") {
        "OAuth sign-in"
    } else if parameters.text("tlsType").is_some() {
        "an own certificate or mutual TLS"
    } else if !proxy.is_nothing() && proxy.as_text() != Some("") {
        "a proxy"
    } else if call.input.raw("paginationType").as_text().is_some_and(|kind| !kind.is_empty()) {
        "pagination"
    } else if call.input.text("contentType") == Some("json") && call.input.text("inputMethod") == Some("dataStructure")
    {
        "a JSON body by data structure (use a JSON string)"
    } else {
        return Ok(());
    };
    Err(ModuleError::new(ErrorKind::InvalidConfigurationError, format!("{what} is not supported by this module yet")))
}

/// Fills in the body.
pub(super) fn set_body(call: &Call<'_>, request: &mut Request) -> Result<(), ModuleError> {
    let input = &call.input;
    match input.text_or("contentType", "") {
        "json" => {
            set_type(request, "application/json");
            request.body = Body::Bytes(input.bytes("jsonStringBodyContent").unwrap_or_default());
        }
        "custom" => {
            if let Some(content_type) = input.text("contentTypeValue") {
                set_type(request, content_type);
            }
            request.body = v3::body_of(input.raw("rawBodyContent"));
        }
        "urlEncoded" => {
            let rows = exchange::rows(input.array("urlEncodedBodyContent"), "name");
            let pairs: Vec<_> = rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            v3::set_form(request, &pairs);
        }
        "multipart" => {
            let rows = input.array("multipartBodyContent").iter();
            let parts = rows.map(|row| v3::part(row, "name", "multipartFieldType")).collect::<Result<_, _>>()?;
            request.body = Body::Multipart(parts);
        }
        _ => {}
    }
    Ok(())
}

fn set_type(request: &mut Request, content_type: &str) {
    if !request.has_header("content-type") {
        request.headers.push(("Content-Type".to_owned(), content_type.to_owned()));
    }
}
