//! What goes out and what comes back, for every form of the app.

use std::sync::Arc;

use rouage_model::{Certainty, Content, ErrorKind, ModuleError, Value, json};
use rouage_sdk::files::{PIECE, keep};
use rouage_sdk::testing::{Bench, RecordedTransport, Seen, connection, value};
use rouage_sdk::{Effect, Host, Module};

use super::action_send_data::ActionSendData;
use super::action_send_data_api_key_auth::ActionSendDataApiKeyAuth;
use super::action_send_data_basic_auth::ActionSendDataBasicAuth;
use super::make_request::MakeRequest;

/// Runs a module against one empty answer and gives what was sent.
async fn sent(module: &dyn Module, parameters: &str, mapper: &str) -> Result<Seen, ModuleError> {
    let network = RecordedTransport::new();
    network.answer(200, &[], "");
    Bench::new(&network).bundles(module, &value(parameters), &value(mapper)).await?;
    Ok(network.seen().remove(0))
}

fn version_3() -> ActionSendData {
    ActionSendData::new(Arc::default())
}

fn version_4() -> MakeRequest {
    MakeRequest::new(Arc::default())
}

#[tokio::test]
async fn a_raw_body_of_version_3_goes_out_as_written() {
    let mapper = r#"{"url":"https://api.example/a?x=1","method":"POST","serializeUrl":false,
        "headers":[{"name":"X-One","value":"1"},{"name":"X-None","value":null}],
        "qs":[{"name":"q","value":"a b&c"},{"name":"left out","value":null},{"name":"e","value":""}],
        "bodyType":"raw","contentType":"application/json","data":"{\"a\": 1 }","timeout":"","ca":"",
        "parseResponse":true,"authUser":"","authPass":"","gzip":true,"useMtls":false}"#;
    let sent = sent(&version_3(), r#"{"handleErrors":true,"useNewZLibDeCompress":true}"#, mapper).await.unwrap();
    assert_eq!((sent.method.as_str(), sent.url.as_str()), ("POST", "https://api.example/a?x=1&q=a%20b%26c&e="));
    let headers = [("x-one".to_owned(), "1".to_owned()), ("content-type".to_owned(), "application/json".to_owned())];
    assert_eq!(sent.headers, headers);
    assert_eq!(sent.text(), "{\"a\": 1 }");
}

#[tokio::test]
async fn a_mapped_content_type_wins_over_the_chosen_one() {
    let mapper = r#"{"url":"https://a.example","method":"put","bodyType":"raw","contentType":"text/plain","data":"x",
        "headers":[{"name":"content-type","value":"text/csv"}]}"#;
    let sent = sent(&version_3(), "{}", mapper).await.unwrap();
    assert_eq!(sent.headers, [("content-type".to_owned(), "text/csv".to_owned())]);
}

#[tokio::test]
async fn repeated_query_names_are_indexed_unless_told_otherwise() {
    for (plain, query) in [("false", "f%5B0%5D=1&g=2&f%5B1%5D=3"), ("true", "f=1&g=2&f=3")] {
        let mapper = format!(
            r#"{{"url":"https://a.example/","method":"get","useQuerystring":{plain},
            "qs":[{{"name":"f","value":1}},{{"name":"g","value":2}},{{"name":"f","value":3}}]}}"#
        );
        assert_eq!(sent(&version_3(), "{}", &mapper).await.unwrap().url, format!("https://a.example/?{query}"));
    }
}

#[tokio::test]
async fn forms_are_encoded() {
    let form = r#"{"url":"https://a.example","method":"post","bodyType":"x_www_form_urlencoded",
        "formFields":[{"key":"a b","value":"é&="},{"key":"c","value":""}]}"#;
    let sent_form = sent(&version_3(), "{}", form).await.unwrap();
    assert_eq!(sent_form.text(), "a%20b=%C3%A9%26%3D&c=");
    assert_eq!(sent_form.header("content-type"), Some("application/x-www-form-urlencoded"));

    let multipart = r#"{"url":"https://a.example","method":"post","bodyType":"multipart_form_data","formDataFields":[
        {"fieldType":"text","key":"a\"b","value":"1"},{"fieldType":"file","key":"f","fileName":"x.png","data":"DATA"}]}"#;
    let sent_multipart = sent(&version_3(), "{}", multipart).await.unwrap();
    let content_type = sent_multipart.header("content-type").unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"a%22b\"\r\n\r\n1\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.png\"\r\n\
         Content-Type: image/png\r\n\r\nDATA\r\n--{boundary}--\r\n"
    );
    assert_eq!(sent_multipart.text(), expected);
}

#[tokio::test]
async fn the_bundle_of_version_3_has_rows_of_headers() {
    let network = RecordedTransport::new();
    let headers = [("content-type", "application/json"), ("set-cookie", "a=1"), ("set-cookie", "b=2")];
    network.answer(201, &headers, r#"{"id":7}"#);
    let mapper = value(r#"{"url":"https://a.example","method":"get","parseResponse":true}"#);
    let bundles = Bench::new(&network).bundles(&version_3(), &value("{}"), &mapper).await.unwrap();
    let expected = r#"{"statusCode":201,"headers":[{"name":"content-type","value":"application/json"},{"name":"set-cookie","value":"a=1"},{"name":"set-cookie","value":"b=2"}],"cookieHeaders":["a=1","b=2"],"data":{"id":7},"fileSize":8}"#;
    assert_eq!(json::to_string(&bundles[0]), expected);
}

#[tokio::test]
async fn the_bundle_of_version_4_has_a_collection_of_headers() {
    let network = RecordedTransport::new();
    let headers = [("Content-Type", "application/xml"), ("Set-Cookie", "a=1"), ("X-A", "1"), ("x-a", "2")];
    network.answer(200, &headers, "<r><i>1</i></r>");
    let mapper = value(r#"{"url":"https://a.example","method":"get","parseResponse":true}"#);
    let bundles = Bench::new(&network).bundles(&version_4(), &value("{}"), &mapper).await.unwrap();
    let expected = r#"{"data":{"r":{"i":["1"]}},"statusCode":200,"headers":{"content-type":"application/xml","set-cookie":["a=1"],"x-a":"1, 2"}}"#;
    assert_eq!(json::to_string(&bundles[0]), expected);
}

#[tokio::test]
async fn version_4_sends_every_kind_of_body() {
    for (fields, content_type, body) in [
        (r#""contentType":"json","inputMethod":"jsonString","jsonStringBodyContent":"{}""#, "application/json", "{}"),
        (r#""contentType":"custom","contentTypeValue":"text/csv","rawBodyContent":"a,b""#, "text/csv", "a,b"),
        (
            r#""contentType":"urlEncoded","urlEncodedBodyContent":[{"name":"a","value":"b c"}]"#,
            "application/x-www-form-urlencoded",
            "a=b%20c",
        ),
    ] {
        let mapper = format!(r#"{{"url":"https://a.example","method":"post","parseResponse":true,{fields}}}"#);
        let sent = sent(&version_4(), r#"{"authenticationType":"noAuth","tlsType":null}"#, &mapper).await.unwrap();
        assert_eq!((sent.header("content-type"), sent.text().as_str()), (Some(content_type), body));
    }
}

#[tokio::test]
async fn statuses_become_errors_only_when_asked_for() {
    let bundle = run_status(404, "false").await.unwrap();
    assert_eq!(bundle.field("statusCode").as_i64(), Some(404));
    for (status, kind, certainty) in [
        (400, ErrorKind::DataError, Certainty::NotApplied),
        (401, ErrorKind::AccountValidationError, Certainty::NotApplied),
        (409, ErrorKind::DuplicateDataError, Certainty::NotApplied),
        (429, ErrorKind::RateLimitError, Certainty::NotApplied),
        (500, ErrorKind::RuntimeError, Certainty::NotApplied),
        (503, ErrorKind::ConnectionError, Certainty::NotApplied),
        (504, ErrorKind::ConnectionError, Certainty::MaybeApplied),
    ] {
        let error = run_status(status, "true").await.unwrap_err();
        assert_eq!((error.kind, error.certainty, error.retry_after), (kind, certainty, Some(120)), "{status}");
        assert_eq!(error.message.as_ref(), format!("[{status}] no"));
    }
}

async fn run_status(status: u16, handle_errors: &str) -> Result<Value, ModuleError> {
    let network = RecordedTransport::new();
    network.answer(status, &[("Retry-After", "120")], "no");
    let parameters = value(&format!(r#"{{"handleErrors":{handle_errors}}}"#));
    let mapper = value(r#"{"url":"https://a.example","method":"post"}"#);
    let mut bundles = Bench::new(&network).bundles(&version_3(), &parameters, &mapper).await?;
    Ok(bundles.remove(0))
}

#[tokio::test]
async fn a_key_goes_only_to_its_hosts_and_not_along_a_redirect() {
    let network = RecordedTransport::new();
    network.answer(302, &[("location", "https://other.example/")], "").answer(200, &[], "");
    let mut bench = Bench::new(&network);
    let key =
        connection("apikeyauth", r#"{"placement":"header","name":"X-Key","hosts":"api.example"}"#, r#"{"value":"S3"}"#);
    bench.keychains = vec![("auth".to_owned(), key)];
    let module = ActionSendDataApiKeyAuth::new(Arc::default());
    let parameters = value(r#"{"auth":1,"handleErrors":false}"#);
    let mapper = value(r#"{"url":"https://api.example/","method":"get"}"#);
    bench.bundles(&module, &parameters, &mapper).await.unwrap();
    let keys: Vec<_> = network.seen().iter().map(|seen| seen.header("x-key").map(str::to_owned)).collect();
    assert_eq!(keys, [Some("S3".to_owned()), None]);

    let elsewhere = value(r#"{"url":"https://evil.example/","method":"get"}"#);
    let error = bench.bundles(&module, &parameters, &elsewhere).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidConfigurationError);
    assert!(error.message.contains("bound to api.example") && !error.message.contains("S3"), "{error}");
    assert_eq!(network.seen().len(), 2);
}

#[tokio::test]
async fn basic_auth_comes_from_the_key_or_from_the_form() {
    let network = RecordedTransport::new();
    network.answer(200, &[], "");
    let mut bench = Bench::new(&network);
    let key = connection("basicauth", r#"{"username":"u","hosts":"*"}"#, r#"{"password":"p"}"#);
    bench.keychains = vec![("key".to_owned(), key)];
    let module = ActionSendDataBasicAuth::new(Arc::default());
    let mapper = value(r#"{"url":"https://a.example","method":"get"}"#);
    bench.bundles(&module, &value(r#"{"key":1}"#), &mapper).await.unwrap();
    assert_eq!(network.seen()[0].header("authorization"), Some("Basic dTpw"));

    let form = r#"{"url":"https://a.example","method":"get","authUser":"u","authPass":"p"}"#;
    assert_eq!(sent(&version_3(), "{}", form).await.unwrap().header("authorization"), Some("Basic dTpw"));
}

#[tokio::test]
async fn shared_cookies_are_those_of_the_run() {
    let network = RecordedTransport::new();
    network.answer(200, &[("set-cookie", "sid=1; Path=/")], "").answer(200, &[], "").answer(200, &[], "");
    let jars = Arc::default();
    let module = ActionSendData::new(Arc::clone(&jars));
    let mut bench = Bench::new(&network);
    let mapper = value(r#"{"url":"https://a.example","method":"get","shareCookies":true}"#);
    bench.bundles(&module, &value("{}"), &mapper).await.unwrap();
    bench.bundles(&MakeRequest::new(jars), &value("{}"), &mapper).await.unwrap();
    bench.execution = rouage_model::clock::execution_id(bench.host.simulated_clock());
    bench.bundles(&module, &value("{}"), &mapper).await.unwrap();
    let cookies: Vec<_> = network.seen().iter().map(|seen| seen.header("cookie").map(str::to_owned)).collect();
    assert_eq!(cookies, [None, Some("sid=1".to_owned()), None]);
}

#[tokio::test]
async fn what_is_wrong_is_said_before_anything_is_sent() {
    for (parameters, mapper, part) in [
        ("{}", r#"{"url":"ftp://a.example","method":"get"}"#, "Invalid URL in parameter 'url'."),
        ("{}", r#"{"method":"get"}"#, "Missing value of required parameter 'url'."),
        ("{}", r#"{"url":"https://a.example","method":"brew"}"#, "Prohibited value in parameter 'method'."),
        ("{}", r#"{"url":"https://a.example","timeout":301}"#, "Invalid integer in parameter 'timeout'"),
        ("{}", r#"{"url":"https://a.example/\r\nX: y"}"#, "line break"),
        ("{}", r#"{"url":"https://a.example","headers":[{"name":"X","value":"a\r\nY: b"}]}"#, "line break"),
        ("{}", r#"{"url":"https://a.example","headers":[{"name":"Host","value":"b.example"}]}"#, "Host"),
        ("{}", r#"{"url":"http://169.254.169.254/latest"}"#, "--allow-net 169.254.169.254"),
        ("{}", r#"{"url":"https://a.example","useMtls":true}"#, "mutual TLS"),
    ] {
        let error = sent(&version_3(), parameters, mapper).await.unwrap_err();
        let text = format!("{error} {:?}", error.details);
        assert!(text.contains(part), "{mapper}: {text}");
        assert_eq!(error.certainty, Certainty::NotApplied);
    }
    let error =
        sent(&version_4(), r#"{"authenticationType":"oAuth"}"#, r#"{"url":"https://a.example"}"#).await.unwrap_err();
    assert!(error.message.contains("OAuth"));
}

#[test]
fn the_effect_follows_the_method() {
    let bench = Bench::default();
    for (method, effect) in
        [("get", Effect::Read), ("OPTIONS", Effect::Read), ("post", Effect::Write), ("delete", Effect::Write)]
    {
        let mapper = value(&format!(r#"{{"url":"https://a.example","method":"{method}"}}"#));
        for module in [&version_3() as &dyn Module, &version_4()] {
            assert_eq!(module.effect(&bench.call(module, &value("{}"), &mapper).unwrap()), effect, "{method}");
        }
    }
}

/// A stored file of a bench: `size` bytes, and the value that names it.
async fn stored_file(bench: &Bench, size: usize) -> (Vec<u8>, Value) {
    let bytes: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let buffer = keep(bench.host.files(), bytes.clone().into()).await.unwrap();
    assert!(matches!(buffer.content, Content::Stored(_)));
    (bytes, Value::Buffer(buffer))
}

fn with(mapper: &str, name: &str, file: Value) -> Value {
    let mut fields = value(mapper).as_collection().unwrap().clone();
    fields.insert(name, file);
    fields.into()
}

#[tokio::test]
async fn a_stored_file_goes_out_as_a_raw_body() {
    let network = RecordedTransport::new();
    let bench = Bench::new(&network);
    let (bytes, file) = stored_file(&bench, 3 * PIECE + 11).await;
    let raw = r#"{"url":"https://a.example","method":"post","bodyType":"raw"}"#;
    let custom = r#"{"url":"https://a.example","method":"post","contentType":"custom"}"#;
    network.answer(200, &[], "").answer(200, &[], "");
    bench.bundles(&version_3(), &value("{}"), &with(raw, "data", file.clone())).await.unwrap();
    bench.bundles(&version_4(), &value("{}"), &with(custom, "rawBodyContent", file)).await.unwrap();
    assert!(network.seen().iter().all(|seen| seen.body == bytes));
}

#[tokio::test]
async fn a_stored_file_goes_out_in_a_form_under_a_boundary_that_nobody_can_guess() {
    let network = RecordedTransport::new();
    let bench = Bench::new(&network);
    let (bytes, file) = stored_file(&bench, PIECE + 1).await;
    let row = with(r#"{"fieldType":"file","key":"f","fileName":"x.bin"}"#, "data", file);
    let text = value(r#"{"fieldType":"text","key":"t","value":"1"}"#);
    let form = r#"{"url":"https://a.example","method":"post","bodyType":"multipart_form_data"}"#;
    network.answer(200, &[], "");
    let mapper = with(form, "formDataFields", vec![text, row].into());
    bench.bundles(&version_3(), &value("{}"), &mapper).await.unwrap();
    let seen = network.seen().remove(0);
    let boundary = seen.header("content-type").unwrap().strip_prefix("multipart/form-data; boundary=").unwrap();
    let known = format!("{:016x}", rouage_model::clock::split_mix(0));
    assert!(!boundary.contains(&known), "{boundary}");
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\n1\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.bin\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    let expected = [head.as_bytes(), &bytes, format!("\r\n--{boundary}--\r\n").as_bytes()].concat();
    assert!(seen.body == expected);
}

#[tokio::test]
async fn what_is_no_text_is_stored_when_it_is_large() {
    for (kind, is_stored) in [("image/png", true), ("text/plain", false)] {
        let network = RecordedTransport::new();
        let bench = Bench::new(&network);
        network.answer(200, &[("content-type", kind)], vec![b'a'; PIECE + 1]);
        let mapper = value(r#"{"url":"https://a.example","method":"get"}"#);
        let bundles = bench.bundles(&version_4(), &value("{}"), &mapper).await.unwrap();
        assert_eq!(bundles[0].has_stored_file(), is_stored, "{kind}");
    }
}

#[tokio::test]
async fn a_download_beyond_the_limit_is_refused_and_leaves_nothing() {
    let network = RecordedTransport::new();
    let bench = Bench::new(&network);
    bench.host.limit_files(PIECE as u64 * 2);
    network.answer(200, &[], vec![0; PIECE * 2 + 1]);
    let mapper = value(r#"{"url":"https://a.example/x"}"#);
    let module = super::download_file::DownloadFile::new(Arc::default());
    let error = bench.bundles(&module, &value(r#"{"authenticationType":"noAuth"}"#), &mapper).await.unwrap_err();
    assert_eq!((error.kind, bench.host.stored_files()), (ErrorKind::MaxFileSizeExceededError, 0));
}
