//! The `email` app against a mail server on loopback.

#![allow(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

use std::sync::Arc;
use std::time::Duration;

use rouage_model::{Certainty, ErrorKind, ModuleError, Value};
use rouage_sdk::guard::{Guard, Policy};
use rouage_sdk::http::Client;
use rouage_sdk::testing::{Bench, connection, value};
use rouage_sdk::{Effect, Module};
use rouage_test_support::smtp::{AUTHORITY, FakeSmtp, Fault, Security};

const MAIL: &str = r#"{"to":["ada@example.com"],"bcc":["eve@example.com"],"subject":"Thank you","contentType":"text",
    "text":"Hello\n.\nWorld","from":"","attachments":[{"fileName":"a.txt","data":"file"}]}"#;

struct World {
    server: FakeSmtp,
    bench: Bench,
    module: Arc<dyn Module>,
}

impl World {
    async fn new() -> Self {
        let server = FakeSmtp::start().await;
        let http = Client::new(Guard::new(Policy::parse(&["127.0.0.1".to_owned()]).unwrap()));
        let bench = Bench { http, timeout: Duration::from_secs(5), ..Bench::default() };
        let module = rouage_apps::registry().module("email:ActionSendEmail", Some(7)).unwrap().clone();
        let mut world = Self { server, bench, module };
        world.connect(world.server.address().port(), "none", "", "");
        world
    }

    fn connect(&mut self, port: u16, security: &str, user: &str, password: &str) {
        let data = format!(
            r#"{{"host":"127.0.0.1","port":"{port}","security":"{security}","user":"{user}","from":"shop@example.com"}}"#
        );
        self.bench.connection = Some(connection("smtp", &data, &format!(r#"{{"password":"{password}"}}"#)));
    }

    /// Tries the connection as its page does.
    async fn test(&self) -> Result<String, ModuleError> {
        let registry = rouage_apps::registry();
        let test = registry.connections().find(|spec| spec.kind == "smtp").unwrap().test.clone().unwrap();
        test.test(self.bench.connection.as_ref().unwrap(), &self.bench.host, &self.bench.http).await
    }

    async fn send(&self) -> Result<Vec<Value>, ModuleError> {
        self.bench.bundles(&*self.module, &value("{}"), &value(MAIL)).await
    }
}

#[tokio::test]
async fn a_message_arrives_whole_and_under_its_operation_s_id() {
    let world = World::new().await;
    let bundles = world.send().await.unwrap();
    let call = world.bench.call(&*world.module, &value("{}"), &value(MAIL)).unwrap();
    assert_eq!(world.module.effect(&call), Effect::Write);
    let id = format!("<{}@rouage>", call.key());
    assert_eq!(bundles[0].field("messageId"), &Value::text(id.as_str()));
    let message = &world.server.messages()[0];
    assert_eq!(message.from, "shop@example.com");
    assert_eq!(message.to, ["ada@example.com", "eve@example.com"]);
    assert!(message.data.contains(&format!("Message-ID: {id}\r\n")), "{}", message.data);
    assert!(message.data.contains("Hello\r\n.\r\nWorld"), "{}", message.data);
    assert!(!message.data.contains("eve@example.com"));
    world.send().await.unwrap();
    assert!(world.server.messages()[1].data.contains(&id), "another attempt has another id");
}

#[tokio::test]
async fn the_user_signs_in_and_a_wrong_password_names_the_connection() {
    let mut world = World::new().await;
    world.server.require("shop", "right");
    let port = world.server.address().port();
    world.connect(port, "none", "shop", "right");
    world.send().await.unwrap();
    assert_eq!(world.server.messages()[0].user.as_deref(), Some("shop"));
    for (user, password) in [("shop", "wrong"), ("", "")] {
        world.connect(port, "none", user, password);
        let error = world.send().await.unwrap_err();
        assert_eq!((error.kind, error.certainty), (ErrorKind::AccountValidationError, Certainty::NotApplied));
        assert!(error.message.contains("Renew the connection 'Test'"), "{}", error.message);
        assert!(!error.message.contains("wrong"), "{}", error.message);
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_left_in_time() {
    let mut world = World::new().await;
    world.bench.timeout = Duration::from_millis(300);
    world.server.fail_next(Fault::HangAtGreeting);
    let silent = world.send().await.unwrap_err();
    assert_eq!((silent.kind, silent.certainty), (ErrorKind::ModuleTimeoutError, Certainty::NotApplied));
    world.server.fail_next(Fault::HangAfterData);
    let taken = world.send().await.unwrap_err();
    assert_eq!((taken.kind, taken.certainty), (ErrorKind::ModuleTimeoutError, Certainty::MaybeApplied));
}

#[tokio::test]
async fn a_connection_that_breaks_is_a_doubt_only_after_the_message() {
    let world = World::new().await;
    world.server.fail_next(Fault::ResetAtGreeting);
    let before = world.send().await.unwrap_err();
    assert_eq!((before.kind, before.certainty), (ErrorKind::ConnectionError, Certainty::NotApplied));
    world.server.fail_next(Fault::ResetAfterData);
    let after = world.send().await.unwrap_err();
    assert_eq!((after.kind, after.certainty), (ErrorKind::ConnectionError, Certainty::MaybeApplied));
}

#[tokio::test]
async fn refusals_carry_the_server_s_words_and_are_no_doubt() {
    let world = World::new().await;
    for (at, answer, kind, words) in [
        ("RCPT", "550 5.1.1 no such user", ErrorKind::DataError, "no such user"),
        ("MAIL", "452 4.3.1 full", ErrorKind::ConnectionError, "full"),
        ("MAIL", "450 4.7.1 too many messages", ErrorKind::RateLimitError, "too many"),
        (".", "554 5.7.1 looks like spam", ErrorKind::DataError, "spam"),
        (".", "451 4.3.0 later", ErrorKind::ConnectionError, "later"),
        ("MAIL", "530 5.7.0 authentication required", ErrorKind::AccountValidationError, "'Test'"),
    ] {
        world.server.fail_next(Fault::Answer(at, answer));
        let error = world.send().await.unwrap_err();
        assert_eq!((error.kind, error.certainty), (kind, Certainty::NotApplied), "{answer}");
        assert!(error.message.contains(words), "{}", error.message);
    }
    assert!(world.server.messages().is_empty());
}

#[tokio::test]
async fn nobody_there_and_a_refused_address_are_surely_not_applied() {
    let mut world = World::new().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    world.connect(closed, "none", "", "");
    let error = world.send().await.unwrap_err();
    assert_eq!((error.kind, error.certainty), (ErrorKind::ConnectionError, Certainty::NotApplied));
    world.bench.http = Client::new(Guard::default());
    world.connect(world.server.address().port(), "none", "", "");
    let error = world.send().await.unwrap_err();
    assert!(error.message.contains("--allow-net 127.0.0.1"), "{}", error.message);
    assert_eq!(world.server.sessions(), 0);
}

#[tokio::test]
async fn a_password_is_never_sent_in_the_clear_where_encryption_was_asked_for() {
    let mut world = World::new().await;
    world.server.require("shop", "right");
    let port = world.server.address().port();
    world.connect(port, "starttls", "shop", "right");
    let error = world.send().await.unwrap_err();
    assert_eq!((error.kind, error.certainty), (ErrorKind::InvalidConfigurationError, Certainty::NotApplied));
    world.bench.timeout = Duration::from_millis(500);
    world.connect(port, "tls", "shop", "right");
    let error = world.send().await.unwrap_err();
    assert_eq!(error.certainty, Certainty::NotApplied);
    assert!(world.server.messages().is_empty());
}

#[tokio::test]
async fn a_message_goes_out_encrypted_to_a_server_that_proves_who_it_is() {
    for (security, name) in [(Security::StartTls, "starttls"), (Security::Tls, "tls")] {
        let mut world = World::new().await;
        world.server = FakeSmtp::start_with(security).await;
        world.server.require("shop", "right");
        let port = world.server.address().port();
        world.connect(port, name, "shop", "right");
        let unknown = world.send().await.unwrap_err();
        assert_eq!((unknown.kind, unknown.certainty), (ErrorKind::ConnectionError, Certainty::NotApplied), "{name}");
        assert!(world.server.messages().is_empty(), "{name}: the certificate was not checked");
        let mut connection = world.bench.connection.take().unwrap();
        let mut data = connection.data.as_collection().cloned().unwrap();
        data.insert("ca", AUTHORITY);
        connection.data = data.into();
        world.bench.connection = Some(connection);
        world.send().await.unwrap();
        let message = &world.server.messages()[0];
        assert!(message.encrypted && message.user.as_deref() == Some("shop"), "{name}");
    }
}

#[tokio::test]
async fn a_test_signs_in_and_sends_nothing() {
    let mut world = World::new().await;
    let address = world.server.address();
    let nobody = world.test().await.unwrap();
    assert!(nobody.contains("did not sign in"), "{nobody}");
    world.server.require("shop", "right");
    world.connect(address.port(), "none", "shop", "right");
    let reached = world.test().await.unwrap();
    let expected = format!("Reached the mail server {address} (without encryption) and signed in as shop.");
    assert!(reached.starts_with(&expected), "{reached}");
    assert_eq!((world.server.sessions(), world.server.messages().len()), (2, 0));
}

#[tokio::test]
async fn a_test_that_fails_says_why_and_keeps_the_password() {
    let mut world = World::new().await;
    world.server.require("shop", "right");
    let port = world.server.address().port();
    world.connect(port, "none", "shop", "wrong");
    let refused = world.test().await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::AccountValidationError);
    assert!(refused.message.contains("'Test'") && !refused.message.contains("wrong"), "{}", refused.message);
    world.connect(port, "starttls", "shop", "right");
    assert_eq!(world.test().await.unwrap_err().kind, ErrorKind::InvalidConfigurationError);
    world.server.fail_next(Fault::ResetAtGreeting);
    assert_eq!(world.test().await.unwrap_err().kind, ErrorKind::ConnectionError);
    world.bench.http = Client::new(Guard::default());
    let guarded = world.test().await.unwrap_err();
    assert!(guarded.message.contains("--allow-net 127.0.0.1"), "{}", guarded.message);
}
