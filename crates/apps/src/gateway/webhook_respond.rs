//! `gateway:WebhookRespond`: answers the caller that waits for this run.
//!
//! Only the first answer of a run reaches the caller. Header fields are
//! `key` and `value`; blueprints written by hand sometimes say `name`.

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use rouage_model::{Collection, ModuleError, Text, Value, json};
use rouage_sdk::params::bytes_of;
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec, WebhookResponse};

const MAX_HEADERS: usize = 16;
const MAX_NAME: usize = 256;
const MAX_VALUE: usize = 4096;

pub(super) struct WebhookRespond {
    spec: Spec,
}

impl Default for WebhookRespond {
    fn default() -> Self {
        let spec = Spec::new("gateway:WebhookRespond", 1, "Webhook response", Kind::Responder, Effect::Idempotent)
            .describe("Answers the service that called the webhook of this scenario.")
            .mapper(parameters())
            .synonyms(&["answer", "api", "http", "redirect", "reply", "response", "return", "thank you page"]);
        Self { spec }
    }
}

fn parameters() -> Vec<Field> {
    vec![
        Field::new("status", "Status", FieldKind::UnsignedInteger)
            .required()
            .default("200")
            .help("200 says that all went well; 400 that the request was wrong. 302 needs a Location header."),
        Field::new("body", "Body", FieldKind::Any)
            .multiline()
            .help("What the caller reads; sent as it is. A Content-Type header says what it is."),
        Field::new(
            "headers",
            "Custom headers",
            FieldKind::Array(vec![
                Field::text("key", "Key").help("Such as Content-Type."),
                Field::text("value", "Value").help("Such as application/json."),
            ]),
        )
        .advanced()
        .help("What the caller is told beside the body; up to 16."),
    ]
}

#[async_trait]
impl Module for WebhookRespond {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let response = response(call)?;
        if !call.host.respond(response).await {
            tracing::debug!(execution.id = %call.execution, "nobody waits for this webhook response");
        }
        Ok(Outcome::bundle(Collection::new()))
    }
}

fn response(call: &Call<'_>) -> Result<WebhookResponse, ModuleError> {
    let mut problems: Vec<Text> = Vec::new();
    let status = call.input.integer("status").and_then(|status| u16::try_from(status).ok());
    let status = status.filter(|status| (100..=999).contains(status));
    if status.is_none() {
        problems.push("Invalid integer in parameter 'status'.".into());
    }
    let headers = headers(call.input.array("headers"), &mut problems);
    match status {
        Some(status) if problems.is_empty() => {
            Ok(WebhookResponse { status, headers, body: body(call.input.raw("body")) })
        }
        _ => Err(ModuleError::validation(problems)),
    }
}

fn headers(rows: &[Value], problems: &mut Vec<Text>) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    if rows.len() > MAX_HEADERS {
        problems.push(format!("Too many items in parameter 'headers': at most {MAX_HEADERS}.").into());
    }
    for (at, row) in rows.iter().enumerate() {
        let name = row.field("key").as_text().or(row.field("name").as_text()).unwrap_or_default().trim();
        let value = row.field("value").as_text().unwrap_or_default();
        if name.is_empty() && value.is_empty() {
            continue;
        }
        if name.parse::<HeaderName>().is_err() || name.len() > MAX_NAME {
            problems.push(format!("Invalid header name in parameter 'headers[{}].key'.", at + 1).into());
        } else if HeaderValue::from_bytes(value.as_bytes()).is_err() || value.len() > MAX_VALUE {
            problems.push(format!("Invalid header value in parameter 'headers[{}].value'.", at + 1).into());
        } else {
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    headers
}

/// Texts and buffers as they are, the rest as JSON.
fn body(value: &Value) -> Bytes {
    match value {
        nothing if nothing.is_nothing() => Bytes::new(),
        Value::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
        Value::Buffer(_) => bytes_of(value).unwrap_or_default(),
        Value::Date(date) => json::iso(*date).into(),
        other => json::to_string(other).into(),
    }
}

#[cfg(test)]
mod tests {
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    async fn respond(mapper: &str) -> Result<(Vec<Value>, Vec<WebhookResponse>), ModuleError> {
        let bench = Bench::default();
        let bundles = bench.bundles(&WebhookRespond::default(), &Value::Undefined, &value(mapper)).await?;
        Ok((bundles, bench.host.responses()))
    }

    #[tokio::test]
    async fn the_answer_is_what_was_mapped_and_the_run_goes_on() {
        let mapper = r#"{"status":"201","body":"{\"a\":1}","headers":[
            {"key":"Content-Type","value":"application/json"},{"name":"X-Trace","value":"7"},{"key":"","value":""}]}"#;
        let (bundles, responses) = respond(mapper).await.unwrap();
        assert_eq!(bundles, [Value::empty_collection()]);
        let headers =
            vec![("Content-Type".to_owned(), "application/json".to_owned()), ("X-Trace".to_owned(), "7".to_owned())];
        assert_eq!(responses, [WebhookResponse { status: 201, headers, body: Bytes::from_static(b"{\"a\":1}") }]);
    }

    #[tokio::test]
    async fn a_body_that_is_no_text_is_sent_as_json() {
        let (_, responses) = respond(r#"{"body":{"a":[1,true]},"headers":""}"#).await.unwrap();
        assert_eq!((responses[0].status, &responses[0].body[..]), (200, &br#"{"a":[1,true]}"#[..]));
    }

    #[tokio::test]
    async fn header_injection_and_odd_statuses_are_refused_together() {
        let mapper =
            r#"{"status":42,"headers":[{"key":"X","value":"a\r\nSet-Cookie: b=c"},{"key":"a b","value":"c"}]}"#;
        let error = respond(mapper).await.unwrap_err();
        assert_eq!(error.message.as_ref(), "Validation failed for 3 parameter(s).");
    }

    #[tokio::test]
    async fn the_limits_of_headers_are_make_s() {
        let mapper = |headers: Vec<(String, String)>| {
            let row =
                |(key, value): (String, String)| Value::from(Collection::from_iter([("key", key), ("value", value)]));
            let headers: Vec<Value> = headers.into_iter().map(row).collect();
            json::to_string(&Collection::from_iter([("headers", headers)]).into())
        };
        let pair = |name: usize, value: usize| (format!("x{}", "a".repeat(name - 1)), "v".repeat(value));
        let numbered = |count: usize| (0..count).map(|at| (format!("x-{at}"), String::from("v"))).collect::<Vec<_>>();
        let (_, responses) = respond(&mapper(numbered(MAX_HEADERS))).await.unwrap();
        assert_eq!(responses[0].headers.len(), 16);
        assert!(respond(&mapper(vec![pair(256, 4096)])).await.is_ok());
        for (headers, text) in [
            (numbered(MAX_HEADERS + 1), "at most 16"),
            (vec![pair(257, 1)], "headers[1].key"),
            (vec![pair(1, 4097)], "headers[1].value"),
            (vec![(String::new(), "a value without a key".to_owned())], "headers[1].key"),
        ] {
            let error = respond(&mapper(headers)).await.unwrap_err();
            assert!(error.details[0].contains(text), "{text}: {:?}", error.details);
        }
        // Below 100 is no status.
        assert!(respond(r#"{"status":"99"}"#).await.is_err() && respond(r#"{"status":"100"}"#).await.is_ok());
    }
}
