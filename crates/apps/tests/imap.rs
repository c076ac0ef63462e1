//! The `email` app against a real IMAP server (Dovecot) on loopback, and
//! against servers that mean ill.

#![allow(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

use std::sync::Arc;
use std::time::Duration;

use rouage_model::{Collection, ErrorKind, ModuleError, Value, json};
use rouage_sdk::guard::{Guard, Policy};
use rouage_sdk::http::Client;
use rouage_sdk::testing::{Bench, connection, value};
use rouage_sdk::{Module, Settled, Start};
use rouage_test_support::dovecot::Dovecot;
use rouage_test_support::smtp::{AUTHORITY, FakeSmtp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const DATE: &str = "17-Jul-2026 02:44:25 +0000";

struct World {
    server: Dovecot,
    bench: Bench,
}

fn bench() -> Bench {
    let http = Client::new(Guard::new(Policy::parse(&["127.0.0.1".to_owned()]).unwrap()));
    Bench { http, timeout: Duration::from_secs(20), ..Bench::default() }
}

fn module(name: &str) -> Arc<dyn Module> {
    rouage_apps::registry().module(name, Some(7)).unwrap().clone()
}

fn account(port: u16, security: &str, password: &str) -> rouage_sdk::Connection {
    let mut data = Collection::new();
    for (name, text) in
        [("host", "127.0.0.1"), ("security", security), ("user", "ada"), ("ca", AUTHORITY), ("from", "ada@x.example")]
    {
        data.insert(name, text);
    }
    data.insert("port", i64::from(port));
    let mut connection = connection("imap", "{}", &format!(r#"{{"password":"{password}"}}"#));
    connection.data = data.into();
    connection
}

/// Tries the connection as its page does.
async fn sign_in(bench: &Bench) -> Result<String, ModuleError> {
    let registry = rouage_apps::registry();
    let test = registry.connections().find(|spec| spec.kind == "imap").unwrap().test.clone().unwrap();
    test.test(bench.connection.as_ref().unwrap(), &bench.host, &bench.http).await
}

impl World {
    /// `None` where there is no Dovecot.
    fn new() -> Option<Self> {
        let server = Dovecot::start()?;
        let connection = Some(account(server.tls_port, "tls", "right"));
        Some(Self { server, bench: Bench { connection, ..bench() } })
    }

    fn deliver(&self, subject: &str) {
        self.server.append("INBOX", "", DATE, &mail(subject));
    }

    async fn poll(&mut self, parameters: &str) -> Result<String, ModuleError> {
        let bundles = self.bench.poll(&*module("email:TriggerNewEmail"), &watch(parameters)).await?;
        let subjects = bundles.iter().map(|bundle| bundle.field("subject").as_text().unwrap_or("?").to_owned());
        Ok(subjects.collect::<Vec<_>>().join(" "))
    }

    /// The numbers of the messages of INBOX that a search finds, by hand.
    fn search(&self, criteria: &str) -> String {
        let said = self.server.run(&["EXAMINE INBOX", &format!("UID SEARCH {criteria}")]);
        said.lines().find_map(|line| line.strip_prefix("* SEARCH")).unwrap_or_default().trim().to_owned()
    }
}

fn mail(subject: &str) -> String {
    format!(
        "From: Bob <bob@x.example>\nTo: ada@x.example\nSubject: {subject}\nMessage-ID: <{subject}@x>\n\nText of {subject}\n"
    )
}

/// The parameters of a real module, with changes.
fn watch(changes: &str) -> Value {
    let real = r#"{"to":"","from":"","text":"","folder":"INBOX","account":1677091,"subject":"","criteria":"ALL","markSeen":false,"maxResults":5}"#;
    let mut parameters = value(real).as_collection().unwrap().clone();
    for (name, value) in value(changes).as_collection().unwrap().iter() {
        parameters.insert(name.clone(), value.clone());
    }
    parameters.into()
}

#[tokio::test]
async fn new_messages_come_once_oldest_first_and_again_after_a_rollback() {
    let Some(mut world) = World::new() else { return };
    world.deliver("old");
    assert_eq!(world.poll("{}").await.unwrap(), "");
    for subject in ["a", "b", "c"] {
        world.deliver(subject);
    }
    let before = world.bench.position.clone();
    assert_eq!(world.poll(r#"{"maxResults":2}"#).await.unwrap(), "a b");
    world.bench.position = before;
    assert_eq!(world.poll(r#"{"maxResults":"2"}"#).await.unwrap(), "a b");
    assert_eq!(world.poll("{}").await.unwrap(), "c");
    assert_eq!(world.poll("{}").await.unwrap(), "");
    assert_eq!(world.search("UNSEEN"), "1 2 3 4", "watching changes nothing");
    let words = module("email:TriggerNewEmail").describe_position(&world.bench.position, &world.bench.timezone);
    assert_eq!(words, "Messages after number 4");
}

#[tokio::test]
async fn every_start_delivers_what_its_name_says() {
    let Some(mut world) = World::new() else { return };
    for (subject, day) in [("a", "10"), ("b", "11"), ("c", "12")] {
        world.server.append("INBOX", "", &format!("{day}-Jul-2026 10:00:00 +0000"), &mail(subject));
    }
    let trigger = module("email:TriggerNewEmail");
    let call = world.bench.call(&*trigger, &watch("{}"), &value("{}")).unwrap();
    let choices = trigger.choices(&call).await.unwrap();
    drop(call);
    assert_eq!(choices[1].label, "b (bob@x.example, 11 July 2026 10:00)");
    for (start, expected) in [
        (Start::FromNow, ""),
        (Start::All, "a b c"),
        (Start::Since("2026-07-11T10:00:00Z".parse().unwrap()), "b c"),
        (Start::Since("2026-07-11T10:00:01Z".parse().unwrap()), "c"),
        (Start::FromId("3".into()), "c"),
        (Start::First(choices[1].value.clone()), "b c"),
    ] {
        world.bench.position = Value::Undefined;
        world.bench.start = start.clone();
        assert_eq!(world.poll("{}").await.unwrap(), expected, "{start:?}");
    }
}

#[tokio::test]
async fn the_criteria_of_the_form_hold() {
    let Some(mut world) = World::new() else { return };
    world.server.append("INBOX", "\\Seen", DATE, &mail("read"));
    world.deliver("unread");
    world.server.append(
        "INBOX",
        "",
        DATE,
        "From: eve@y.example\nTo: Zoe <zoe@x.example>\nSubject: =?utf-8?q?Entw=C3=BCrfe?=\nContent-Type: text/plain; charset=utf-8\n\nGrüße \"x\"\n",
    );
    world.bench.start = Start::All;
    for (parameters, expected) in [
        (r#"{"criteria":"SEEN"}"#, "read"),
        (r#"{"criteria":"UNSEEN"}"#, "unread Entwürfe"),
        (r#"{"from":"bob@x.example"}"#, "read unread"),
        (r#"{"to":"zoe@x.example"}"#, "Entwürfe"),
        (r#"{"subject":"entwürf"}"#, "Entwürfe"),
        (r#"{"text":"Grüße \"x\""}"#, "Entwürfe"),
        (r#"{"text":"a\r\nt LOGOUT"}"#, ""),
    ] {
        world.bench.position = Value::Undefined;
        assert_eq!(world.poll(parameters).await.unwrap(), expected, "{parameters}");
    }
}

#[tokio::test]
async fn unread_messages_are_marked_once_their_run_is_committed() {
    let Some(mut world) = World::new() else { return };
    world.bench.start = Start::All;
    let unseen = r#"{"criteria":"UNSEEN","markSeen":true}"#;
    world.deliver("a");
    assert_eq!(world.poll(unseen).await.unwrap(), "a");
    world.bench.position = Value::Undefined;
    assert_eq!(world.poll(unseen).await.unwrap(), "a", "a rollback loses nothing");
    assert_eq!(world.search("UNSEEN"), "1");
    assert_eq!(world.poll(unseen).await.unwrap(), "");
    assert_eq!(world.search("SEEN"), "1");
    world.deliver("b");
    assert_eq!(world.poll(r#"{"markSeen":true}"#).await.unwrap(), "b");
    assert_eq!(world.search("SEEN"), "1 2", "with all messages there is nothing to lose");
}

#[tokio::test]
async fn a_folder_that_is_numbered_anew_begins_from_now_and_says_so() {
    let Some(mut world) = World::new() else { return };
    let boxed = r#"{"folder":"Box/Ümlaut"}"#;
    world.server.run(&["CREATE \"Box/&ANw-mlaut\""]);
    world.bench.start = Start::All;
    world.server.append("Box/&ANw-mlaut", "", DATE, &mail("first"));
    assert_eq!(world.poll(boxed).await.unwrap(), "first");
    world.server.run(&["DELETE \"Box/&ANw-mlaut\"", "CREATE \"Box/&ANw-mlaut\""]);
    world.server.append("Box/&ANw-mlaut", "", DATE, &mail("second"));
    assert_eq!(world.poll(boxed).await.unwrap(), "");
    let words = module("email:TriggerNewEmail").describe_position(&world.bench.position, &world.bench.timezone);
    assert!(words.contains("numbered the folder anew"), "{words}");
    world.server.append("Box/&ANw-mlaut", "", DATE, &mail("third"));
    assert_eq!(world.poll(boxed).await.unwrap(), "third");
    // Another folder is another position.
    world.deliver("inbox");
    assert_eq!(world.poll("{}").await.unwrap(), "inbox");
}

#[tokio::test]
async fn attachments_come_whole_and_one_by_one() {
    let Some(mut world) = World::new() else { return };
    world.bench.start = Start::All;
    world.server.append(
        "INBOX",
        "\\Flagged",
        DATE,
        "From: bob@x.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nHello\n--B\n\
         Content-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment; filename=a.pdf\n\
         Content-Transfer-Encoding: base64\n\nAAEC/w==\n--B--\n",
    );
    let bundles = world.bench.poll(&*module("email:TriggerNewEmail"), &watch("{}")).await.unwrap();
    let message = &bundles[0];
    assert_eq!(json::to_string(message.field("date")), "\"2026-07-17T02:44:25.000Z\"");
    assert_eq!(json::to_string(message.field("flags")), r#"["\\Flagged"]"#);
    assert_eq!(message.field("text").as_text().map(str::trim), Some("Hello"));
    let mapper = Collection::from_iter([("array", message.field("attachments").clone())]).into();
    let files = world.bench.bundles(&*module("email:FeedAttachments"), &value("{}"), &mapper).await.unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].field("fileName").as_text(), Some("a.pdf"));
    assert_eq!(files[0].field("data"), &Value::buffer(vec![0, 1, 2, 255]));
}

#[tokio::test]
async fn a_message_that_is_too_large_comes_without_its_content() {
    let Some(mut world) = World::new() else { return };
    world.bench.start = Start::All;
    let line = "x".repeat(998) + "\n";
    world.server.append("INBOX", "", DATE, &(mail("large") + &line.repeat(34_000)));
    world.deliver("small");
    let bundles = world.bench.poll(&*module("email:TriggerNewEmail"), &watch("{}")).await.unwrap();
    assert_eq!(bundles.len(), 2);
    assert_eq!(bundles[0].field("subject").as_text(), Some("large"));
    assert_eq!((bundles[0].field("tooLarge"), bundles[0].field("text")), (&Value::Boolean(true), &Value::Null));
    assert_eq!(bundles[1].field("tooLarge"), &Value::Boolean(false));
}

#[tokio::test]
async fn a_draft_is_put_into_its_folder_and_a_doubt_about_it_settled() {
    let Some(mut world) = World::new() else { return };
    world.server.run(&["CREATE Koncepty"]);
    let draft = module("email:ActionCreateDraft");
    let mapper = value(
        r#"{"cc":[],"to":["bob@x.example"],"bcc":[],"from":"","html":"<b>é</b>","folder":"Koncepty","sender":"","headers":[],"replyTo":"","subject":"Re: x","priority":"normal","inReplyTo":["<a@x>"],"references":"<a@x>,<b@x>+<a@x>","attachments":[],"contentType":"html"}"#,
    );
    let parameters = value(r#"{"account":1}"#);
    let call = world.bench.call(&*draft, &parameters, &mapper).unwrap();
    assert_eq!(draft.settle(&call).await.unwrap(), Settled::DidNotHappen);
    let bundles = world.bench.bundles(&*draft, &parameters, &mapper).await.unwrap();
    assert_eq!(bundles[0].field("id").as_i64(), Some(1));
    assert_eq!(draft.settle(&call).await.unwrap(), Settled::Happened(bundles));
    drop(call);
    let said = world.server.run(&["EXAMINE Koncepty", "FETCH 1 (FLAGS BODY[])"]);
    assert!(
        said.contains("\\Draft") && said.contains("From: ada@x.example") && said.contains("Subject: Re: x"),
        "{said}"
    );
    assert!(said.contains("In-Reply-To: <a@x>") && said.contains("References: <a@x> <b@x> <a@x>"), "{said}");
    let mut elsewhere = mapper.as_collection().unwrap().clone();
    elsewhere.insert("folder", "Nowhere");
    let error = world.bench.bundles(&*draft, &parameters, &elsewhere.into()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DataError);
    assert!(
        error.message.contains("there is no folder \"Nowhere\"; there are") && error.message.contains("Koncepty"),
        "{error}"
    );
    world.bench.connection = None;
    let error = world.bench.bundles(&*draft, &parameters, &mapper).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidConfigurationError);
}

#[tokio::test]
async fn a_message_is_moved_once() {
    let Some(world) = World::new() else { return };
    world.server.run(&["CREATE Archive"]);
    world.deliver("a");
    world.deliver("b");
    let mover = module("email:ActionMoveEmail");
    let mapper = value(r#"{"id":2,"folder":"INBOX","destinationFolder":"Archive"}"#);
    let parameters = value(r#"{"account":1}"#);
    let call = world.bench.call(&*mover, &parameters, &mapper).unwrap();
    assert_eq!(mover.settle(&call).await.unwrap(), Settled::DidNotHappen);
    let bundles = world.bench.bundles(&*mover, &parameters, &mapper).await.unwrap();
    assert_eq!(mover.settle(&call).await.unwrap(), Settled::Happened(bundles));
    assert_eq!(world.search("ALL"), "1");
    assert!(world.server.run(&["EXAMINE Archive", "FETCH 1 BODY[]"]).contains("Subject: b"));
    let error = world.bench.bundles(&*mover, &parameters, &mapper).await.unwrap_err();
    assert!(error.message.contains("no message 2 in the folder \"INBOX\""), "{error}");
}

#[tokio::test]
async fn a_sent_message_is_saved_and_a_failure_to_save_sends_nothing_again() {
    let Some(mut world) = World::new() else { return };
    world.server.run(&["CREATE Sent"]);
    let smtp = FakeSmtp::start().await;
    let data =
        format!(r#"{{"host":"127.0.0.1","port":{},"security":"none","from":"ada@x.example"}}"#, smtp.address().port());
    world.bench.keychains = vec![("accountImap".to_owned(), world.bench.connection.take().unwrap())];
    world.bench.connection = Some(connection("smtp", &data, "{}"));
    let mapper = value(r#"{"to":["bob@x.example"],"subject":"Hi","contentType":"text","text":"x"}"#);
    let sender = module("email:ActionSendEmail");
    for (parameters, saved) in [
        (r#"{"saveAfterSent":true,"folder":"Sent"}"#, Value::Boolean(true)),
        (r#"{"saveAfterSent":true,"folder":"Nowhere"}"#, Value::Boolean(false)),
        (r#"{"saveAfterSent":false}"#, Value::Undefined),
    ] {
        let bundles = world.bench.bundles(&*sender, &value(parameters), &mapper).await.unwrap();
        assert_eq!(bundles[0].field("saved"), &saved, "{parameters}: {bundles:?}");
    }
    assert_eq!(smtp.messages().len(), 3);
    let said = world.server.run(&["EXAMINE Sent", "FETCH 1:* (FLAGS BODY[])"]);
    assert_eq!((said.matches("Subject: Hi").count(), said.contains("\\Seen")), (1, true), "{said}");
}

#[tokio::test]
async fn accounts_are_tried_over_every_encryption() {
    let Some(mut world) = World::new() else { return };
    for (port, security, words) in [
        (world.server.tls_port, "tls", "encrypted with TLS"),
        (world.server.port, "starttls", "encrypted with STARTTLS"),
        (world.server.port, "none", "without encryption"),
    ] {
        world.bench.connection = Some(account(port, security, "right"));
        let said = sign_in(&world.bench).await.unwrap();
        assert!(said.contains(words) && said.contains("signed in as ada"), "{said}");
        world.bench.connection = Some(account(port, security, "wrong"));
        let error = sign_in(&world.bench).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::AccountValidationError);
        assert!(error.message.contains("Renew the connection 'Test'") && !error.message.contains("wrong"), "{error}");
    }
    let mut untrusted = account(world.server.tls_port, "tls", "right");
    untrusted.data = value(&json::to_string(&untrusted.data).replace("ca\":", "other\":"));
    world.bench.connection = Some(untrusted);
    assert!(sign_in(&world.bench).await.unwrap_err().message.starts_with("no TLS with"));
    world.bench.connection = Some(account(world.server.tls_port, "tls", "right"));
    world.bench.http = Client::new(Guard::default());
    assert!(sign_in(&world.bench).await.unwrap_err().message.contains("--allow-net 127.0.0.1"));
}

/// A server that says the given texts, each after something was heard.
async fn hostile(script: Vec<Vec<u8>>) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for text in script {
            if stream.write_all(&text).await.is_err() {
                return;
            }
            let _ = stream.read(&mut [0; 4096]).await;
        }
        std::future::pending::<()>().await;
    });
    port
}

#[tokio::test]
async fn a_server_that_means_ill_is_left() {
    let said = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
    let deep = format!("* OK hi\r\n* 1 FETCH {}\r\n", "(".repeat(60_000));
    for (script, security, words) in [
        (said(&["HTTP/1.1 400 Bad Request\r\n"]), "none", "Is it an IMAP server?"),
        (said(&["* BYE too busy\r\n"]), "none", "too busy"),
        (vec![vec![b'a'; 1 << 20]], "none", "more than it was asked for"),
        (said(&["* OK hi\r\n", "* x {9999999}\r\n"]), "none", "more than it was asked for"),
        (said(&[&deep]), "none", "nest too deep"),
        // What comes before encryption must not count as coming after it.
        (
            said(&["* OK hi\r\n", "* CAPABILITY STARTTLS\r\nr1 OK\r\n", "r2 OK go\r\n* CAPABILITY AUTH=PLAIN\r\n"]),
            "starttls",
            "where encryption begins",
        ),
        (said(&["* OK hi\r\n", "* CAPABILITY IMAP4rev1\r\nr1 OK\r\n"]), "starttls", "does not offer STARTTLS"),
        (said(&["* PREAUTH hi\r\n", "* CAPABILITY STARTTLS\r\nr1 OK\r\n"]), "starttls", "does not offer STARTTLS"),
        (said(&["* OK hi\r\n", "* CAPABILITY LOGINDISABLED\r\nr1 OK\r\n"]), "none", "no password without encryption"),
    ] {
        let port = hostile(script).await;
        let bench = Bench { connection: Some(account(port, security, "right")), ..bench() };
        let error = sign_in(&bench).await.unwrap_err();
        assert!(error.message.contains(words), "{words}: {error}");
    }
}

#[tokio::test]
async fn a_form_offers_the_folders_of_the_mailbox() {
    let Some(world) = World::new() else { return };
    world.server.run(&["CREATE \"Entw&APw-rfe\"", "CREATE Archive"]);
    let draft = module("email:ActionCreateDraft");
    let complete = value(r#"{"folder":"x","to":["a@x.example"]}"#);
    let mut call = world.bench.call(&*draft, &value(r#"{"account":1}"#), &complete).unwrap();
    let found = draft.field_choices(&call, "folder", "").await.unwrap();
    let mut folders: Vec<_> = found.choices.iter().map(|choice| choice.value.as_str()).collect();
    folders.sort_unstable();
    assert_eq!(folders, ["Archive", "Entwürfe", "INBOX"]);
    let found = draft.field_choices(&call, "folder", "entw").await.unwrap();
    assert_eq!(found.choices.len(), 1);
    call.connection = None;
    let error = draft.field_choices(&call, "folder", "").await.unwrap_err();
    assert_eq!(&*error.message, "choose the connection first");
    call.connection = Some(account(world.server.tls_port, "tls", "wrong"));
    let error = draft.field_choices(&call, "folder", "").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AccountValidationError);
}
