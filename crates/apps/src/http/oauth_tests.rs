//! How the OAuth 2.0 module gets, keeps and renews its tokens.

use std::sync::Arc;

use ::http::HeaderMap;
use async_trait::async_trait;
use rouage_model::{Certainty, ErrorKind, ModuleError, Value};
use rouage_sdk::Secret;
use rouage_sdk::http::{Client, Exchange, Request, Transport, TransportError};
use rouage_sdk::testing::{Bench, RecordedTransport, Seen, connection, value};

use super::action_send_data_oauth::ActionSendDataOAuth;

const DATA: &str =
    r#"{"token_url":"https://id.example/token","client_id":"c 1","scope":"read write","hosts":"api.example"}"#;
const CLIENT: &str = r#"{"client_secret":"S3CRET","other":"kept"}"#;
const REFRESH: &str = r#"{"client_secret":"S3CRET","refresh_token":"R1","other":"kept"}"#;
const POST: &str = r#"{"url":"https://api.example/x","method":"post",
    "headers":[{"name":"authorization","value":"mapped"}],"bodyType":"raw","data":"body"}"#;

struct World {
    network: Arc<RecordedTransport>,
    bench: Bench,
    module: ActionSendDataOAuth,
}

impl World {
    fn new(secret: &str) -> Self {
        let network = RecordedTransport::new();
        let mut bench = Bench::new(&network);
        bench.connection = Some(connection("oauth2", DATA, secret));
        Self { network, bench, module: ActionSendDataOAuth::new(Arc::default()) }
    }

    async fn call(&self, mapper: &str) -> Result<Value, ModuleError> {
        let parameters = value(r#"{"account":1,"handleErrors":true}"#);
        let mut bundles = self.bench.bundles(&self.module, &parameters, &value(mapper)).await?;
        Ok(bundles.remove(0))
    }

    fn seen(&self) -> Vec<Seen> {
        self.network.seen()
    }

    /// Where each request went, and with which token.
    fn trace(&self) -> Vec<(String, String)> {
        let token = |seen: &Seen| seen.header("authorization").unwrap_or_default().to_owned();
        self.seen().iter().map(|seen| (seen.url.clone(), token(seen))).collect()
    }
}

fn trace(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(url, token)| ((*url).to_owned(), (*token).to_owned())).collect()
}

const TOKEN: (&str, &str) = ("https://id.example/token", "");
const API: &str = "https://api.example/x";

#[tokio::test]
async fn client_credentials_fetch_one_token_for_two_calls() {
    let world = World::new(CLIENT);
    world.network.answer_json(200, r#"{"access_token":"A1","expires_in":3600}"#);
    world.network.answer(200, &[], "").answer(200, &[], "");
    world.call(POST).await.unwrap();
    world.call(POST).await.unwrap();
    assert_eq!(world.trace(), trace(&[TOKEN, (API, "Bearer A1"), (API, "Bearer A1")]));
    let form = "grant_type=client_credentials&scope=read%20write&client_id=c%201&client_secret=S3CRET";
    assert_eq!((world.seen()[0].method.as_str(), world.seen()[0].text().as_str()), ("POST", form));
    assert_eq!(world.seen()[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(world.seen()[2].text(), "body");
}

/// Lets the other call go on before it answers.
struct Yielding(Arc<RecordedTransport>);

#[async_trait]
impl Transport for Yielding {
    async fn exchange(&self, request: &Request, headers: HeaderMap) -> Result<Exchange, TransportError> {
        tokio::task::yield_now().await;
        self.0.exchange(request, headers).await
    }
}

#[tokio::test]
async fn calls_at_the_same_time_share_one_token_request() {
    let mut world = World::new(CLIENT);
    world.bench.http = Client::with_transport(Arc::new(Yielding(world.network.clone())));
    world.network.answer_json(200, r#"{"access_token":"A1"}"#).answer(200, &[], "").answer(200, &[], "");
    let (one, two) = tokio::join!(world.call(POST), world.call(POST));
    one.unwrap();
    two.unwrap();
    assert_eq!(world.trace(), trace(&[TOKEN, (API, "Bearer A1"), (API, "Bearer A1")]));
}

#[tokio::test]
async fn a_token_is_renewed_a_minute_before_it_ends() {
    let world = World::new(CLIENT);
    world.network.answer_json(200, r#"{"access_token":"A1","expires_in":"61"}"#).answer(200, &[], "");
    world.network.answer_json(200, r#"{"access_token":"A2"}"#).answer(200, &[], "");
    world.call(POST).await.unwrap();
    world.bench.host.simulated_clock().advance(jiff::SignedDuration::from_secs(1));
    world.call(POST).await.unwrap();
    assert_eq!(world.trace(), trace(&[TOKEN, (API, "Bearer A1"), TOKEN, (API, "Bearer A2")]));
}

#[tokio::test]
async fn a_rotated_refresh_token_is_stored_with_the_other_secrets() {
    let world = World::new(REFRESH);
    world.network.answer_json(200, r#"{"access_token":"A1","expires_in":0,"refresh_token":"R2"}"#);
    world.network.answer(200, &[], "");
    world.network.answer_json(200, r#"{"access_token":"A2"}"#).answer(200, &[], "");
    world.call(POST).await.unwrap();
    let renewed = world.bench.host.renewed();
    let expected = Secret::new(value(r#"{"client_secret":"S3CRET","refresh_token":"R2","other":"kept"}"#));
    assert_eq!(renewed.len(), 1);
    assert!(renewed[0].1 == expected);
    // The call still holds the old secret, and the new one is used.
    world.call(POST).await.unwrap();
    let form =
        |token: &str| format!("grant_type=refresh_token&refresh_token={token}&client_id=c%201&client_secret=S3CRET");
    assert_eq!((world.seen()[0].text(), world.seen()[2].text()), (form("R1"), form("R2")));
    assert_eq!(world.bench.host.renewed().len(), 1);
}

#[tokio::test]
async fn a_changed_connection_starts_anew() {
    let mut world = World::new(REFRESH);
    world.network.answer_json(200, r#"{"access_token":"A1"}"#).answer(200, &[], "");
    world.network.answer_json(200, r#"{"access_token":"A2"}"#).answer(200, &[], "");
    world.call(POST).await.unwrap();
    world.bench.connection = Some(connection("oauth2", DATA, r#"{"client_secret":"new"}"#));
    world.call(POST).await.unwrap();
    assert_eq!(world.trace()[3], (API.to_owned(), "Bearer A2".to_owned()));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let world = World::new(CLIENT);
    world.network.answer_json(200, r#"{"access_token":"A1"}"#).answer(401, &[], "");
    world.network.answer_json(200, r#"{"access_token":"A2"}"#).answer(200, &[], "");
    world.call(POST).await.unwrap();
    assert_eq!(world.trace(), trace(&[TOKEN, (API, "Bearer A1"), TOKEN, (API, "Bearer A2")]));
    assert_eq!(world.seen()[3].text(), "body");

    world.network.answer(401, &[], "").answer_json(200, r#"{"access_token":"A3"}"#);
    world.network.answer(401, &[], "the token A3 is unknown");
    let error = world.call(POST).await.unwrap_err();
    assert_eq!((error.kind, error.certainty), (ErrorKind::AccountValidationError, Certainty::NotApplied));
    assert_eq!(error.message.as_ref(), "[401] the token … is unknown");
    assert_eq!(world.seen().len(), 7);
}

#[tokio::test]
async fn a_write_that_may_have_been_redirected_is_not_repeated() {
    let world = World::new(CLIENT);
    world.network.answer_json(200, r#"{"access_token":"A1"}"#);
    world.network.answer(303, &[("location", "https://api.example/x")], "").answer(401, &[], "");
    let mapper = r#"{"url":"https://api.example/x","method":"post","followAllRedirects":true}"#;
    assert_eq!(world.call(mapper).await.unwrap_err().kind, ErrorKind::AccountValidationError);
    assert_eq!(world.seen().len(), 3);
}

#[tokio::test]
async fn a_refused_grant_says_which_connection_to_renew() {
    let revoked = r#"{"error":"invalid_grant","error_description":"R1 was revoked"}"#;
    for (status, body, reason) in [
        (400, revoked, "… was revoked"),
        (200, revoked, "… was revoked"),
        (401, r#"{"error":"invalid_client"}"#, "invalid_client"),
        (403, "S3CRET", "the token URL answered 403"),
    ] {
        let world = World::new(REFRESH);
        world.network.answer(status, &[], body);
        let error = world.call(POST).await.unwrap_err();
        assert_eq!((error.kind, error.certainty), (ErrorKind::AccountValidationError, Certainty::NotApplied));
        assert_eq!(error.message.as_ref(), format!("Renew the connection 'Test' (Connections page): {reason}"));
        assert_eq!(world.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_token_url_that_is_down_is_worth_another_try() {
    for failure in [
        Err(TransportError::TimedOut { sent: true }),
        Err(TransportError::Broken("cut".into())),
        Err(TransportError::NotSent("name".into())),
        Ok((500, "")),
        Ok((503, "")),
        Ok((200, r#"{"access_token":"A\n1"}"#)),
    ] {
        let world = World::new(CLIENT);
        let text = format!("{failure:?}");
        match failure {
            Err(error) => world.network.fail(error),
            Ok((status, body)) => world.network.answer(status, &[], body),
        };
        let error = world.call(POST).await.unwrap_err();
        assert_eq!((error.kind, error.certainty), (ErrorKind::ConnectionError, Certainty::NotApplied), "{text}");
        assert!(error.message.starts_with("no access token from the token URL: "), "{error}");
        assert_eq!(world.seen().len(), 1);
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_foreign_host() {
    let world = World::new(CLIENT);
    let error = world.call(r#"{"url":"https://evil.example/","method":"get"}"#).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidConfigurationError);
    assert!(error.message.contains("bound to api.example"), "{error}");
    assert_eq!(world.seen(), []);

    // A redirect leaves the token behind, and its 401 is not about the token.
    world.network.answer_json(200, r#"{"access_token":"A1"}"#);
    world.network.answer(302, &[("location", "https://evil.example/")], "").answer(401, &[], "");
    world.call(r#"{"url":"https://api.example/x","method":"get"}"#).await.unwrap_err();
    assert_eq!(world.trace(), trace(&[TOKEN, (API, "Bearer A1"), ("https://evil.example/", "")]));
}

#[tokio::test]
async fn the_secret_does_not_follow_a_redirect_of_the_token_url() {
    let world = World::new(CLIENT);
    world.network.answer(307, &[("location", "https://evil.example/")], "");
    assert_eq!(world.call(POST).await.unwrap_err().kind, ErrorKind::AccountValidationError);
    assert_eq!(world.seen().len(), 1);
}
