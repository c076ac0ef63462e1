//! The form of version 3: `http:ActionSendData` and its variants.

use bytes::Bytes;
use rouage_model::{Content, ErrorKind, ModuleError, Value};
use rouage_sdk::http::{Arriving, Body, Part, Redirects, Request};
use rouage_sdk::params::content_of;
use rouage_sdk::{Call, Field, FieldKind, Outcome};

use super::cookies::Jars;
use super::{answer, credentials, exchange};

/// `handleErrors`, in every variant's parameters.
pub(super) fn handle_errors() -> Field {
    Field::boolean("handleErrors", "Evaluate all states as errors (except for 2xx and 3xx)")
        .default("true")
        .help("No: an answer such as 404 is an ordinary bundle with that status code.")
}

/// The mapper; `own_sign_in` adds user name and password.
pub(super) fn mapper(own_sign_in: bool) -> Vec<Field> {
    let mut fields = vec![
        Field::new("url", "URL", FieldKind::Url).required().help("The address; it starts with http:// or https://."),
        Field::boolean("serializeUrl", "Serialize URL").advanced().default("false").help("Yes: special characters in the URL are encoded."),
        Field::new("method", "Method", FieldKind::Select(exchange::methods()))
            .required()
            .default("get")
            .help("GET reads, POST sends; the documentation of the service says which one it wants."),
        Field::new("headers", "Headers", pairs("name")).help("What the service wants to know beside the content, such as Accept: application/json."),
        Field::new("qs", "Query string", pairs("name")).help("Names and values that are added to the URL after a question mark."),
    ];
    fields.extend(body_fields());
    fields.push(
        Field::boolean("parseResponse", "Parse response")
            .default("false")
            .help("Yes: the fields of a JSON or XML answer can be mapped one by one."),
    );
    if own_sign_in {
        fields.push(Field::text("authUser", "User name").advanced().help("For basic authentication."));
        fields.push(Field::new("authPass", "Password", FieldKind::Password).advanced().help("For basic authentication."));
    }
    fields.extend(connection_fields());
    fields
}

fn pairs(name: &'static str) -> FieldKind {
    FieldKind::Array(vec![Field::text(name, "Name").required(), Field::text("value", "Value")])
}

fn body_fields() -> Vec<Field> {
    let file = vec![("text", "Text"), ("file", "File")];
    vec![
        Field::new(
            "bodyType",
            "Body type",
            FieldKind::Select(vec![
                ("", "Empty (nothing is sent)"),
                ("raw", "Raw (text or a file)"),
                ("x_www_form_urlencoded", "Form (application/x-www-form-urlencoded)"),
                ("multipart_form_data", "Form with files (multipart/form-data)"),
            ]),
        )
        .default("")
        .help("What is sent along with the request."),
        Field::new(
            "contentType",
            "Content type",
            FieldKind::Select(vec![
                ("", "None"),
                ("text/plain", "Text (text/plain)"),
                ("application/json", "JSON (application/json)"),
                ("application/xml", "XML (application/xml)"),
                ("text/xml", "XML (text/xml)"),
                ("text/html", "HTML (text/html)"),
                ("custom", "Custom, in the headers"),
            ]),
        )
        .shown("bodyType", &["raw"])
        .help("Tells the service how to read the content."),
        Field::new("data", "Request content", FieldKind::Buffer)
            .multiline()
            .shown("bodyType", &["raw"])
            .help("Sent as it is: text with mapped values, or a file."),
        Field::new("formFields", "Fields", pairs("key"))
            .shown("bodyType", &["x_www_form_urlencoded"])
            .help("Names and values, as a form on a web page sends them."),
        Field::new(
            "formDataFields",
            "Fields",
            FieldKind::Array(vec![
                Field::new("fieldType", "Field type", FieldKind::Select(file)).default("text"),
                Field::text("key", "Key").required(),
                Field::text("value", "Value").shown("fieldType", &["text"]),
                Field::text("fileName", "File name").shown("fieldType", &["file"]).help("Such as invoice.pdf."),
                Field::new("data", "Data", FieldKind::Buffer).shown("fieldType", &["file"]).help("The file itself."),
            ]),
        )
        .shown("bodyType", &["multipart_form_data"])
        .help("Names with values or files, as a form on a web page sends them."),
    ]
}

fn connection_fields() -> Vec<Field> {
    vec![
        Field::new("timeout", "Timeout", FieldKind::UnsignedInteger)
            .advanced()
            .help("How many seconds to wait for the answer, from 1 to 300; 40 if empty."),
        Field::boolean("shareCookies", "Share cookies with other HTTP modules")
            .advanced()
            .default("false")
            .help("Yes: cookies of this answer are sent with later requests of the run that share them too."),
        Field::text("ca", "Self-signed certificate")
            .multiline()
            .advanced()
            .help("In PEM form; trusted for this request."),
        Field::boolean("rejectUnauthorized", "Reject connections that use unverified certificates")
            .advanced()
            .default("true")
            .help("No: also talks to servers that cannot prove who they are."),
        Field::boolean("followRedirect", "Follow redirect")
            .advanced()
            .default("true")
            .help("Yes: goes on to the address that the server names instead."),
        Field::boolean("followAllRedirects", "Follow all redirects")
            .advanced()
            .default("false")
            .help("Also those that answer a request which is not GET."),
        Field::boolean("useQuerystring", "Disable serialization of multiple same query string keys as arrays")
            .advanced()
            .default("false")
            .help("No: a name that stands twice is sent as name[0] and name[1]."),
        Field::boolean("gzip", "Request compressed content")
            .advanced()
            .default("true")
            .help("Yes: the answer may come compressed, which is faster."),
        Field::boolean("useMtls", "Use mutual TLS")
            .advanced()
            .default("false")
            .help("Not supported here: leave it at No."),
    ]
}

/// What every variant gives.
pub(super) fn output() -> Vec<Field> {
    vec![
        Field::new("statusCode", "Status code", FieldKind::Number),
        Field::new("headers", "Headers", pairs("name")),
        Field::new("cookieHeaders", "Cookie headers", FieldKind::Array(vec![Field::text("", "")])),
        Field::new("data", "Data", FieldKind::Any),
        Field::new("fileSize", "File size", FieldKind::Number),
    ]
}

/// Sends the form; `key` names the parameter that holds a stored key.
pub(super) async fn run(call: &Call<'_>, jars: &Jars, key: Option<&str>) -> Result<Outcome, ModuleError> {
    let mut request = build(call, jars)?;
    match key {
        Some(parameter) => credentials::apply(call, parameter, &mut request)?,
        None => own_sign_in(call, &mut request),
    }
    outcome(call, exchange::receive(call, request).await?).await
}

/// The bundle of an answer, or its error when the form asks for one.
pub(super) async fn outcome(call: &Call<'_>, arriving: Arriving) -> Result<Outcome, ModuleError> {
    let arriving = exchange::judge(call, arriving, call.parameters.is_true("handleErrors")).await?;
    let answer = answer::read(call, arriving, call.input.is_true("parseResponse")).await?;
    Ok(Outcome::bundle(answer::version_3(answer)))
}

fn own_sign_in(call: &Call<'_>, request: &mut Request) {
    let (user, password) = (call.input.text_or("authUser", ""), call.input.text_or("authPass", ""));
    if !user.is_empty() || !password.is_empty() {
        credentials::set_basic(request, user, password);
    }
}

pub(super) fn build(call: &Call<'_>, jars: &Jars) -> Result<Request, ModuleError> {
    let input = &call.input;
    if input.is_true("useMtls") {
        let text = "mutual TLS (client certificates) is not supported; switch \"Use mutual TLS\" off";
        return Err(ModuleError::new(ErrorKind::InvalidConfigurationError, text));
    }
    let mut request = exchange::request(call, exchange::method(input))?;
    let query = exchange::rows(input.array("qs"), "name");
    exchange::append_query(&mut request.url, &index_repeated(&query, input.is_true("useQuerystring")));
    for (name, value) in exchange::rows(input.array("headers"), "name") {
        request.headers.push((name.to_owned(), value.to_owned()));
    }
    set_body(call, &mut request)?;
    request.redirects = match (input.is_true("followRedirect"), input.is_true("followAllRedirects")) {
        (_, true) => Redirects::All,
        (true, false) => Redirects::SafeMethods,
        (false, false) => Redirects::None,
    };
    request.verify_tls = input.boolean("rejectUnauthorized") != Some(false);
    request.ca = input.bytes("ca").filter(|ca| !ca.is_empty());
    request.accept_compressed = input.boolean("gzip") != Some(false);
    request.cookies = input.is_true("shareCookies").then(|| jars.of(call.execution));
    Ok(request)
}

/// Repeated names become `name[0]`, `name[1]` unless `plain`.
fn index_repeated<'a>(rows: &[(&str, &'a str)], plain: bool) -> Vec<(String, &'a str)> {
    let count = |name: &str, rows: &[(&str, &str)]| rows.iter().filter(|(own, _)| *own == name).count();
    let indexed = rows.iter().enumerate().map(|(at, (name, value))| {
        if plain || count(name, rows) < 2 {
            return ((*name).to_owned(), *value);
        }
        (format!("{name}[{}]", count(name, &rows[..at])), *value)
    });
    indexed.collect()
}

fn set_body(call: &Call<'_>, request: &mut Request) -> Result<(), ModuleError> {
    let input = &call.input;
    match input.text_or("bodyType", "") {
        "raw" => {
            let content_type = input.text_or("contentType", "custom");
            if content_type != "custom" && !request.has_header("content-type") {
                request.headers.push(("Content-Type".to_owned(), content_type.to_owned()));
            }
            request.body = body_of(input.raw("data"));
        }
        "x_www_form_urlencoded" => {
            let rows = exchange::rows(input.array("formFields"), "key");
            let pairs: Vec<_> = rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            set_form(request, &pairs);
        }
        "multipart_form_data" => {
            let rows = input.array("formDataFields").iter();
            request.body = Body::Multipart(rows.map(|row| part(row, "key", "fieldType")).collect::<Result<_, _>>()?);
        }
        _ => {}
    }
    Ok(())
}

/// A raw body: bytes, a text or a stored file.
pub(super) fn body_of(value: &Value) -> Body {
    match content_of(value) {
        Some(Content::Inline(bytes)) => Body::Bytes(bytes),
        Some(file) => Body::Pieces(vec![file]),
        None => Body::Bytes(Bytes::new()),
    }
}

/// An `application/x-www-form-urlencoded` body.
pub(super) fn set_form(request: &mut Request, pairs: &[(String, &str)]) {
    if !request.has_header("content-type") {
        request.headers.push(("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
    }
    request.body = Body::Bytes(exchange::encode_pairs(pairs).into());
}

/// A row of a multipart form. A file is bytes that were mapped, never a path.
pub(super) fn part(row: &Value, name: &str, kind: &str) -> Result<Part, ModuleError> {
    let name = row.field(name).as_text().unwrap_or_default().to_owned();
    let text = |field: &str| row.field(field).as_text().filter(|text| !text.is_empty());
    if text(kind) != Some("file") {
        let content = content_of(row.field("value")).unwrap_or_default();
        return Ok(Part { name, content, file_name: None, content_type: None });
    }
    let content = content_of(row.field("data"))
        .ok_or_else(|| ModuleError::validation(vec![format!("Missing data of the file '{name}'.").into()]))?;
    let file_name = text("fileName").unwrap_or("file").to_owned();
    let content_type = mime_guess::from_path(&file_name).first_raw().map(str::to_owned);
    Ok(Part { name, content, file_name: Some(file_name), content_type })
}
