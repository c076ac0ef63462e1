//! The `google-sheets` app against a Google on loopback: tokens, errors, and
//! what is known when no answer came. Each rule is the name of its test.

#![allow(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

use std::sync::Arc;
use std::time::Duration;

use rouage_model::{Certainty, ConnectionId, ErrorKind, ModuleError, Value};
use rouage_sdk::guard::{Guard, Policy};
use rouage_sdk::http::Client;
use rouage_sdk::testing::{Bench, connection, value};
use rouage_sdk::{Effect, Module, Outcome, Prepared, Registry, Settled};
use rouage_test_support::google::{FakeGoogle, Fault, TokenFault};

const ORDERS: &[&[&str]] = &[&["Name", "Total", "Date"], &["Ada", "10", "2026-11-20"]];

/// A Google with one spreadsheet, and a bench that is connected to it.
struct World {
    google: FakeGoogle,
    bench: Bench,
    registry: Registry,
}

impl World {
    async fn new() -> Self {
        let google = FakeGoogle::start().await;
        google.add_spreadsheet("book", &[("Orders", ORDERS), ("a/b#c?", &[&["x"]])]);
        let http = Client::new(Guard::new(Policy::parse(&["127.0.0.1".to_owned()]).unwrap()));
        let bench = Bench { http, timeout: Duration::from_secs(5), ..Bench::default() };
        let mut world = Self { google, bench, registry: rouage_apps::registry() };
        world.connect(&world.google.url(), &world.google.refresh_token());
        world
    }

    /// Connects with a refresh token.
    fn connect(&mut self, api_root: &str, refresh_token: &str) {
        let data = format!(r#"{{"client_id":"me","token_uri":"{}","api_root":"{api_root}"}}"#, self.google.token_uri());
        let secret = format!(r#"{{"client_secret":"s","refresh_token":"{refresh_token}"}}"#);
        self.bench.connection = Some(connection("google", &data, &secret));
    }

    fn module(&self, name: &str) -> Arc<dyn Module> {
        self.registry.module(&format!("google-sheets:{name}"), Some(2)).unwrap().clone()
    }

    /// Tries the connection as its page does.
    async fn test(&self) -> Result<String, ModuleError> {
        let test = self.registry.connections().find(|spec| spec.kind == "google").unwrap().test.clone().unwrap();
        test.test(self.bench.connection.as_ref().unwrap(), &self.bench.host, &self.bench.http).await
    }

    async fn run(&self, name: &str, mapper: &str) -> Result<Vec<Value>, ModuleError> {
        self.bench.bundles(&*self.module(name), &value("{}"), &value(mapper)).await
    }

    async fn prepare(&self, mapper: &str) -> Prepared {
        let module = self.module("addRow");
        module.prepare(&self.bench.call(&*module, &value("{}"), &value(mapper)).unwrap()).await.unwrap()
    }

    /// Notes, calls and looks, as the runtime does for a call in doubt.
    async fn doubtful(&mut self, mapper: &str, fault: Fault) -> (ModuleError, Settled) {
        let prepared = self.prepare(mapper).await;
        self.google.fail_next(1, fault);
        let error = self.run("addRow", mapper).await.unwrap_err();
        self.bench.note = prepared.note;
        // The sheet stays locked until the doubt is settled.
        let settled = self.settle("addRow", mapper).await;
        drop(prepared.guard);
        (error, settled)
    }

    async fn settle(&self, name: &str, mapper: &str) -> Settled {
        let module = self.module(name);
        module.settle(&self.bench.call(&*module, &value("{}"), &value(mapper)).unwrap()).await.unwrap()
    }

    fn orders(&self) -> Vec<Vec<String>> {
        self.google.shown("book", "Orders")
    }
}

fn row(name: &str) -> String {
    format!(
        r#"{{"mode":"select","spreadsheetId":"/book","sheetId":"Orders","includesHeaders":true,"insertDataOption":"INSERT_ROWS",
        "valueInputOption":"USER_ENTERED","values":{{"0":"{name}","1":"12.50","2":"2026-11-24"}}}}"#
    )
}

const READ: &str = r#"{"spreadsheetId":"book","sheetId":"Orders","cell":"A2"}"#;

#[tokio::test]
async fn a_row_is_added_and_its_number_told() {
    let world = World::new().await;
    let bundles = world.run("addRow", &row("Grace")).await.unwrap();
    assert_eq!(world.orders()[2], ["Grace", "12.5", "2026-11-24"]);
    assert_eq!(bundles[0].field("rowNumber"), &Value::from(3));
    assert_eq!(bundles[0].field("sheetName"), &Value::text("Orders"));
    assert_eq!(bundles[0].field("tableRange"), &Value::text("Orders!A1:C2"));
    assert_eq!(bundles[0].field("updates").field("updatedCells"), &Value::from(3));
    let module = world.module("addRow");
    let call = world.bench.call(&*module, &value("{}"), &value(&row("x"))).unwrap();
    assert_eq!(module.effect(&call), Effect::Write);
}

/// google-sheets4 drops every null of a row, which would move the cells after it.
#[tokio::test]
async fn a_column_left_out_does_not_shift_the_ones_after_it() {
    let world = World::new().await;
    let mapper = r#"{"spreadsheetId":"book","sheetId":"Orders","values":{"0":"Grace","2":"x"}}"#;
    world.run("addRow", mapper).await.unwrap();
    assert_eq!(world.orders()[2], ["Grace", "", "x"]);
}

#[tokio::test]
async fn a_sheet_may_have_any_name() {
    let world = World::new().await;
    let mapper = r#"{"spreadsheetId":"book","sheetId":"a/b#c?","values":{"0":"y"}}"#;
    let bundles = world.run("addRow", mapper).await.unwrap();
    assert_eq!(bundles[0].field("sheetName"), &Value::text("a/b#c?"));
    let cell = world.run("getCell", r#"{"spreadsheetId":"book","sheetId":"a/b#c?","cell":"A2"}"#).await.unwrap();
    assert_eq!(cell[0].field("value"), &Value::text("y"));
}

#[tokio::test]
async fn every_module_works_on_google() {
    let world = World::new().await;
    let several = r#"{"spreadsheetId":"book","sheetId":"Orders","tableFirstRow":"A1:Z1","rows":[{"values":["B",1]},{"values":["C",2]}]}"#;
    let added = world.run("addMultipleRows", several).await.unwrap();
    assert_eq!(added[0].field("updates").field("updatedRows"), &Value::from(2));
    let update = r#"{"spreadsheetId":"book","sheetId":"Orders","rowNumber":3,"values":{"0":"Bea","1":"","2":"late"}}"#;
    world.run("updateRow", update).await.unwrap();
    assert_eq!(world.orders()[2], ["Bea", "1", "late"]);
    let cell = r#"{"spreadsheetId":"book","sheetId":"Orders","cell":"B4","value":"7"}"#;
    world.run("updateCell", cell).await.unwrap();
    let find = r#"{"spreadsheetId":"book","sheetId":"Orders","tableFirstRow":"A1:CZ1","includesHeaders":true,"filter":[[{"a":"A","o":"text:equal","b":"C"}]]}"#;
    let found = world.run("filterRows", find).await.unwrap();
    assert_eq!(found[0].field("__ROW_NUMBER__"), &Value::from(4));
    assert_eq!(found[0].field("1"), &Value::text("7"));
    let range = r#"{"spreadsheetId":"book","sheetId":"Orders","range":"B3:B4","includesHeaders":false}"#;
    assert_eq!(world.run("getSheetContent", range).await.unwrap().len(), 2);
    let gone = r#"{"spreadsheetId":"book","sheetId":"Orders","rowNumber":4}"#;
    world.run("deleteRow", gone).await.unwrap();
    assert_eq!(world.orders().len(), 3);
    let clear = r#"{"spreadsheetId":"book","sheet":"Orders","range":"A3:C3"}"#;
    let cleared = world.run("clearValuesFromRange", clear).await.unwrap();
    assert_eq!(cleared[0].field("clearedRange"), &Value::text("Orders!A3:C3"));
    assert_eq!(world.orders().len(), 2);
    let sheet = r#"{"spreadsheetId":"book","properties":{"title":"New"}}"#;
    assert_eq!(world.run("addSheet", sheet).await.unwrap()[0].field("title"), &Value::text("New"));
    let sheets = world.run("listSheets", r#"{"spreadsheetId":"book"}"#).await.unwrap();
    assert_eq!(sheets.len(), 3);
    let create = r#"{"properties":{"title":"test"},"sheets":[{"properties":{"title":"dane"}}]}"#;
    let created = world.run("createSpreadsheet", create).await.unwrap();
    assert_eq!(world.google.sheet_names(created[0].field("spreadsheetId").as_text().unwrap()), ["dane"]);
}

#[tokio::test]
async fn twenty_calls_share_one_token() {
    let world = World::new().await;
    world.google.delay_tokens(Duration::from_millis(50));
    let module = world.module("getCell");
    let calls = (0..20).map(|_| world.bench.call(&*module, &value("{}"), &value(READ)).unwrap()).collect::<Vec<_>>();
    let reads = calls.iter().map(|call| module.run(call)).collect::<Vec<_>>();
    for read in futures_util::future::join_all(reads).await {
        assert!(read.is_ok());
    }
    assert_eq!(world.google.grants(), ["refresh_token"]);
    world.bench.host.simulated_clock().advance(jiff::SignedDuration::from_mins(61));
    world.run("getCell", READ).await.unwrap();
    assert_eq!(world.google.grants().len(), 2);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_the_row_is_added_once() {
    let world = World::new().await;
    world.run("getCell", READ).await.unwrap();
    world.google.revoke_access_tokens();
    world.run("addRow", &row("Grace")).await.unwrap();
    assert_eq!(world.google.grants().len(), 2);
    assert_eq!(world.google.effects().len(), 1);
}

#[tokio::test]
async fn a_token_refused_twice_names_the_connection_to_renew() {
    let world = World::new().await;
    world.google.fail_next(2, Fault::Unauthorized);
    let error = world.run("addRow", &row("Grace")).await.unwrap_err();
    assert_eq!((error.kind, error.certainty), (ErrorKind::AccountValidationError, Certainty::NotApplied));
    assert!(error.message.contains("Renew the connection 'Test' (Connections page)"), "{}", error.message);
    assert_eq!(world.google.requests().len(), 2);
    assert!(world.google.effects().is_empty());
}

#[tokio::test]
async fn a_grant_that_ended_and_a_broken_token_endpoint_are_told_apart() {
    let world = World::new().await;
    world.google.fail_next_tokens(1, TokenFault::InvalidGrant);
    let ended = world.run("addRow", &row("Grace")).await.unwrap_err();
    assert_eq!(ended.kind, ErrorKind::AccountValidationError);
    assert!(ended.message.contains("invalid_grant") && ended.message.contains("'Test'"), "{}", ended.message);
    for fault in [TokenFault::ServerError(500), TokenFault::Reset] {
        world.google.fail_next_tokens(1, fault);
        let broken = world.run("addRow", &row("Grace")).await.unwrap_err();
        assert_eq!((broken.kind, broken.certainty), (ErrorKind::ConnectionError, Certainty::NotApplied), "{fault:?}");
    }
    world.run("addRow", &row("Grace")).await.unwrap();
}

#[tokio::test]
async fn a_rotated_refresh_token_is_stored_and_used() {
    let mut world = World::new().await;
    world.google.rotate_refresh_tokens();
    let before = world.google.refresh_token();
    world.run("getCell", READ).await.unwrap();
    let renewed = world.bench.host.renewed();
    assert_eq!(renewed.len(), 1);
    assert_eq!(renewed[0].0, ConnectionId(1));
    assert_eq!(renewed[0].1.expose().field("client_secret"), &Value::text("s"));
    let after = renewed[0].1.expose().field("refresh_token").as_text().unwrap().to_owned();
    assert_ne!(after, before);
    // A call that still carries the old secret and one with the new share the token.
    world.run("getCell", READ).await.unwrap();
    world.connect(&world.google.url(), &after);
    world.bench.connection.as_mut().unwrap().secret = renewed[0].1.clone();
    world.run("getCell", READ).await.unwrap();
    assert_eq!(world.google.grants().len(), 1);
    world.bench.host.simulated_clock().advance(jiff::SignedDuration::from_mins(61));
    world.run("getCell", READ).await.unwrap();
    assert_eq!(world.bench.host.renewed().len(), 2);
}

#[tokio::test]
async fn a_service_account_signs_in_with_its_key() {
    let mut world = World::new().await;
    let key = rouage_model::json::to_string(&Value::text(world.google.service_account_key()));
    let data = format!(r#"{{"api_root":"{}"}}"#, world.google.url());
    world.bench.connection = Some(connection("google", &data, &format!(r#"{{"service_account_key":{key}}}"#)));
    world.run("addRow", &row("Grace")).await.unwrap();
    assert_eq!(world.google.grants(), ["urn:ietf:params:oauth:grant-type:jwt-bearer"]);
    world.google.revoke_access_tokens();
    world.google.fail_next_tokens(1, TokenFault::InvalidGrant);
    let ended = world.run("getCell", READ).await.unwrap_err();
    assert_eq!(ended.kind, ErrorKind::AccountValidationError);
    for fault in [TokenFault::ServerError(503), TokenFault::Reset] {
        world.google.fail_next_tokens(1, fault);
        let broken = world.run("getCell", READ).await.unwrap_err();
        assert_eq!(broken.kind, ErrorKind::ConnectionError, "{fault:?}");
    }
    world.run("getCell", READ).await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_none_is_said_without_showing_it() {
    let mut world = World::new().await;
    for secret in ["{}", r#"{"service_account_key":"{\"private_key\":\"hush\"}"}"#, r#"{"service_account_key":"hush"}"#]
    {
        world.bench.connection = Some(connection("google", "{}", secret));
        let error = world.run("getCell", READ).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::AccountValidationError, "{secret}");
        assert!(!error.message.contains("hush"), "{}", error.message);
    }
}

#[tokio::test]
async fn refusals_carry_google_s_words_and_are_no_doubt() {
    let world = World::new().await;
    let missing = row("x").replace("/book", "/nowhere");
    let no_sheet = row("x").replace("Orders", "Nope");
    for (fault, mapper, kind, words) in [
        (None, &missing, ErrorKind::DataError, "Requested entity was not found."),
        (None, &no_sheet, ErrorKind::DataError, "Unable to parse range: Nope!A1:CZ1"),
        (Some(Fault::Forbidden), &row("x"), ErrorKind::DataError, "The caller does not have permission"),
        (Some(Fault::ForbiddenRateLimit), &row("x"), ErrorKind::RateLimitError, "Rate limit exceeded"),
        (Some(Fault::RateLimit(17)), &row("x"), ErrorKind::RateLimitError, "Quota exceeded"),
    ] {
        if let Some(fault) = fault {
            world.google.fail_next(1, fault);
        }
        let error = world.run("addRow", mapper).await.unwrap_err();
        assert_eq!((error.kind, error.certainty), (kind, Certainty::NotApplied), "{fault:?}");
        assert!(error.message.contains(words), "{}", error.message);
        assert_eq!(error.retry_after, (fault == Some(Fault::RateLimit(17))).then_some(17));
    }
    assert!(world.google.effects().is_empty());
}

#[tokio::test]
async fn no_readable_answer_is_a_doubt_for_writes_only() {
    let mut world = World::new().await;
    world.bench.timeout = Duration::from_millis(300);
    world.run("getCell", READ).await.unwrap();
    for fault in [
        Fault::ServerError(500),
        Fault::ServerErrorAfterEffect(503),
        Fault::ResetBeforeEffect,
        Fault::ResetAfterEffect,
        Fault::TruncatedAnswer,
        Fault::HangAfterEffect,
        Fault::HangBeforeEffect,
    ] {
        world.google.fail_next(1, fault);
        let write = world.run("addRow", &row("x")).await.unwrap_err();
        assert_eq!((write.kind, write.certainty), (ErrorKind::ConnectionError, Certainty::MaybeApplied), "{fault:?}");
        world.google.fail_next(1, fault);
        let read = world.run("getCell", READ).await.unwrap_err();
        assert_eq!((read.kind, read.certainty), (ErrorKind::ConnectionError, Certainty::NotApplied), "{fault:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_surely_not_applied() {
    let mut world = World::new().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for root in [format!("http://{closed}"), "http://no-such-host.invalid".to_owned()] {
        world.connect(&root, &world.google.refresh_token());
        let error = world.run("addRow", &row("x")).await.unwrap_err();
        assert_eq!((error.kind, error.certainty), (ErrorKind::ConnectionError, Certainty::NotApplied), "{root}");
    }
}

#[tokio::test]
async fn the_guard_is_on_every_way_out() {
    let mut world = World::new().await;
    let token_only = world.google.token_uri().replace("http://", "").replace("/token", "");
    world.bench.http = Client::new(Guard::new(Policy::parse(&[token_only]).unwrap()));
    world.connect("http://127.0.0.1:9", &world.google.refresh_token());
    let error = world.run("getCell", READ).await.unwrap_err();
    assert!(error.message.contains("--allow-net 127.0.0.1"), "{}", error.message);
    world.bench.http = Client::new(Guard::default());
    world.bench.connection.as_mut().unwrap().id = ConnectionId(2);
    let error = world.run("getCell", READ).await.unwrap_err();
    assert!(error.message.contains("--allow-net 127.0.0.1"), "{}", error.message);
    assert_eq!(world.google.grants().len(), 1);
}

#[tokio::test]
async fn an_append_without_an_answer_is_found_with_the_bundle_it_would_have_given() {
    for fault in [Fault::ResetAfterEffect, Fault::ServerErrorAfterEffect(502), Fault::TruncatedAnswer] {
        let expected = World::new().await.run("addRow", &row("Grace")).await.unwrap();
        let mut world = World::new().await;
        let (error, settled) = world.doubtful(&row("Grace"), fault).await;
        assert_eq!(error.certainty, Certainty::MaybeApplied);
        assert_eq!(settled, Settled::Happened(expected), "{fault:?}");
    }
}

#[tokio::test]
async fn an_append_that_never_arrived_did_not_happen() {
    let mut world = World::new().await;
    let (error, settled) = world.doubtful(&row("Grace"), Fault::ResetBeforeEffect).await;
    assert_eq!((error.certainty, settled), (Certainty::MaybeApplied, Settled::DidNotHappen));
    assert_eq!(world.orders().len(), 2);
}

#[tokio::test]
async fn an_equal_row_from_before_is_not_taken_for_ours() {
    let mut world = World::new().await;
    world.run("addRow", &row("Grace")).await.unwrap();
    let (_, settled) = world.doubtful(&row("Grace"), Fault::ResetBeforeEffect).await;
    assert_eq!(settled, Settled::DidNotHappen);
    let (_, settled) = world.doubtful(&row("Grace"), Fault::ResetAfterEffect).await;
    let Settled::Happened(bundles) = settled else { panic!("expected the row, got {settled:?}") };
    assert_eq!(bundles[0].field("rowNumber"), &Value::from(4));
}

#[tokio::test]
async fn rows_of_others_do_not_hide_ours_and_equal_ones_are_asked_about() {
    let mut world = World::new().await;
    let prepared = world.prepare(&row("Grace")).await;
    world.google.type_rows("book", "Orders", &[&["Linus", "1", "2026-11-23"]]);
    world.google.fail_next(1, Fault::ResetAfterEffect);
    world.run("addRow", &row("Grace")).await.unwrap_err();
    world.google.type_rows("book", "Orders", &[&["Bob", "2", "2026-11-23"]]);
    world.bench.note = prepared.note;
    drop(prepared.guard);
    let Settled::Happened(bundles) = world.settle("addRow", &row("Grace")).await else { panic!("the row is there") };
    assert_eq!(bundles[0].field("rowNumber"), &Value::from(4));
    world.google.type_rows("book", "Orders", &[&["Grace", "12.5", "2026-11-24"]]);
    assert_eq!(world.settle("addRow", &row("Grace")).await, Settled::Unknown);
}

#[tokio::test]
async fn a_table_that_was_cut_meanwhile_leaves_the_doubt_only_if_the_row_is_there() {
    let mut world = World::new().await;
    world.run("addRow", &row("Linus")).await.unwrap();
    let note = world.prepare(&row("Grace")).await.note;
    for _ in 0..2 {
        world.run("deleteRow", r#"{"spreadsheetId":"book","sheetId":"Orders","rowNumber":2}"#).await.unwrap();
    }
    world.bench.note = note;
    assert_eq!(world.settle("addRow", &row("Grace")).await, Settled::DidNotHappen);
    world.google.fail_next(1, Fault::ResetAfterEffect);
    world.run("addRow", &row("Grace")).await.unwrap_err();
    assert_eq!(world.settle("addRow", &row("Grace")).await, Settled::Unknown);
}

#[tokio::test]
async fn a_table_above_other_rows_is_settled_by_counting() {
    let mut world = World::new().await;
    world.google.type_rows("book", "Orders", &[&[""], &["Notes"]]);
    let (_, settled) = world.doubtful(&row("Grace"), Fault::ResetBeforeEffect).await;
    assert_eq!(settled, Settled::DidNotHappen);
    let (_, settled) = world.doubtful(&row("Grace"), Fault::ResetAfterEffect).await;
    let Settled::Happened(bundles) = settled else { panic!("expected the row, got {settled:?}") };
    assert_eq!(bundles[0].field("rowNumber"), &Value::from(3));
    assert_eq!(world.orders()[4], ["Notes"]);
}

#[tokio::test]
async fn the_first_row_of_an_empty_sheet_is_found() {
    let mut world = World::new().await;
    world.google.add_spreadsheet("empty", &[("Orders", &[])]);
    let mapper = row("Grace").replace("/book", "/empty");
    let (_, settled) = world.doubtful(&mapper, Fault::ResetBeforeEffect).await;
    assert_eq!(settled, Settled::DidNotHappen);
    let (_, settled) = world.doubtful(&mapper, Fault::ResetAfterEffect).await;
    let Settled::Happened(bundles) = settled else { panic!("expected the row, got {settled:?}") };
    assert_eq!(bundles[0].field("rowNumber"), &Value::from(1));
}

#[tokio::test]
async fn one_append_to_a_sheet_waits_for_the_one_before() {
    let world = World::new().await;
    let first = world.prepare(&row("one")).await;
    let waits = tokio::time::timeout(Duration::from_millis(100), world.prepare(&row("two"))).await;
    assert!(waits.is_err(), "two appends to one sheet at the same time");
    let other = row("x").replace("Orders", "a/b#c?");
    tokio::time::timeout(Duration::from_secs(2), world.prepare(&other)).await.expect("another sheet does not wait");
    drop(first.guard);
    tokio::time::timeout(Duration::from_secs(2), world.prepare(&row("two"))).await.expect("the lock is free");
}

#[tokio::test]
async fn the_last_row_is_remembered_from_the_append_before() {
    let world = World::new().await;
    drop(world.prepare(&row("one")).await.guard);
    world.run("addRow", &row("one")).await.unwrap();
    let before = world.google.requests().len();
    let prepared = world.prepare(&row("two")).await;
    assert_eq!(prepared.note.field("lastRow"), &Value::from(3));
    assert_eq!(world.google.requests().len(), before, "the sheet was read again");
}

#[tokio::test]
async fn several_rows_are_settled_together() {
    let mut world = World::new().await;
    let mapper = r#"{"spreadsheetId":"book","sheetId":"Orders","rows":[["B",1],["C",2]]}"#;
    let module = world.module("addMultipleRows");
    let prepared = module.prepare(&world.bench.call(&*module, &value("{}"), &value(mapper)).unwrap()).await.unwrap();
    world.google.fail_next(1, Fault::ResetAfterEffect);
    world.run("addMultipleRows", mapper).await.unwrap_err();
    world.bench.note = prepared.note;
    drop(prepared.guard);
    let Settled::Happened(bundles) = world.settle("addMultipleRows", mapper).await else {
        panic!("the rows are there")
    };
    assert_eq!(bundles[0].field("updates").field("updatedRange"), &Value::text("Orders!A3:B4"));
}

#[tokio::test]
async fn a_sheet_is_looked_up_by_its_title_and_other_doubts_stay() {
    let mut world = World::new().await;
    let module = world.module("addSheet");
    let mapper = r#"{"spreadsheetId":"book","properties":{"title":"New"}}"#;
    let prepared = module.prepare(&world.bench.call(&*module, &value("{}"), &value(mapper)).unwrap()).await.unwrap();
    world.bench.note = prepared.note;
    assert_eq!(world.settle("addSheet", mapper).await, Settled::DidNotHappen);
    world.google.fail_next(1, Fault::ResetAfterEffect);
    world.run("addSheet", mapper).await.unwrap_err();
    let Settled::Happened(bundles) = world.settle("addSheet", mapper).await else { panic!("the sheet is there") };
    assert_eq!(bundles[0].field("title"), &Value::text("New"));
    let delete = r#"{"spreadsheetId":"book","sheetId":"Orders","rowNumber":2}"#;
    assert_eq!(world.settle("deleteRow", delete).await, Settled::Unknown);
    assert_eq!(world.settle("createSpreadsheet", r#"{"properties":{"title":"x"}}"#).await, Settled::Unknown);
    let update = r#"{"spreadsheetId":"book","sheetId":"Orders","rowNumber":2,"values":{"0":"x"}}"#;
    assert_eq!(world.settle("updateRow", update).await, Settled::DidNotHappen);
}

#[tokio::test]
async fn another_server_is_called_with_a_fixed_token() {
    let mut world = World::new().await;
    world.run("getCell", READ).await.unwrap();
    let data = format!(r#"{{"api_root":"{}/"}}"#, world.google.url());
    world.bench.connection = Some(connection("google", &data, r#"{"access_token":"access-1"}"#));
    world.run("getCell", READ).await.unwrap();
    world.google.revoke_access_tokens();
    let error = world.run("getCell", READ).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AccountValidationError);
    assert_eq!(world.google.grants().len(), 1);
}

#[tokio::test]
async fn google_and_built_in_make_the_same_call() {
    let mut world = World::new().await;
    world.bench.connection = None;
    let outcome = world.bench.run(&*world.module("addRow"), &value("{}"), &value(&row("x"))).await.unwrap();
    assert!(matches!(outcome, Outcome::Staged(_)));
    assert!(world.google.requests().is_empty());
}

#[tokio::test]
async fn a_test_asks_for_a_token_each_time_and_names_whose_key_works() {
    let mut world = World::new().await;
    assert_eq!(world.test().await.unwrap(), "The key works: token received for the client me.");
    world.test().await.unwrap();
    assert_eq!(world.google.grants(), ["refresh_token", "refresh_token"]);
    let secret = rouage_model::Collection::from_iter([("service_account_key", world.google.service_account_key())]);
    let mut account = connection("google", "{}", "{}");
    account.secret = rouage_sdk::Secret::new(secret.into());
    world.bench.connection = Some(account);
    let robot = world.test().await.unwrap();
    assert_eq!(robot, "The key works: token received for the service account robot@test.iam.gserviceaccount.com.");
    assert!(world.google.requests().is_empty(), "no spreadsheet is touched");
}

#[tokio::test]
async fn a_test_keeps_a_refresh_token_that_was_rotated_by_it() {
    let world = World::new().await;
    world.google.rotate_refresh_tokens();
    world.test().await.unwrap();
    let renewed = world.bench.host.renewed();
    let newest = renewed[0].1.expose().field("refresh_token").as_text().unwrap().to_owned();
    assert_eq!(newest, world.google.refresh_token());
    world.test().await.unwrap();
}

#[tokio::test]
async fn a_test_of_a_key_that_was_ended_names_the_connection() {
    let mut world = World::new().await;
    world.test().await.unwrap();
    world.google.fail_next_tokens(1, TokenFault::InvalidGrant);
    let ended = world.test().await.unwrap_err();
    assert_eq!(ended.kind, ErrorKind::AccountValidationError);
    assert!(ended.message.contains("'Test'"), "{}", ended.message);
    world.google.fail_next_tokens(1, TokenFault::ServerError(503));
    assert_eq!(world.test().await.unwrap_err().kind, ErrorKind::ConnectionError);
    world.bench.connection = Some(connection("google", "{}", r#"{"access_token":"fixed"}"#));
    let fixed = world.test().await.unwrap();
    assert!(fixed.contains("a fixed token only") && !fixed.contains("works"), "{fixed}");
}

#[tokio::test]
async fn new_rows_are_watched_on_google() {
    let mut world = World::new().await;
    let watch = world.module("watchRows");
    let parameters = value(
        r#"{"mode":"select","from":"drive","spreadsheetId":"/book","sheetId":"Orders","includesHeaders":true,
            "tableFirstRow":"A1:Z1","limit":10}"#,
    );
    assert_eq!(world.bench.poll(&*watch, &parameters).await.unwrap(), []);
    for name in ["Grace", "Linus"] {
        world.run("addRow", &row(name)).await.unwrap();
    }
    let before = world.bench.position.clone();
    let found = world.bench.poll(&*watch, &parameters).await.unwrap();
    let names: Vec<_> = found.iter().map(|bundle| (bundle.field("0"), bundle.field("__ROW_NUMBER__"))).collect();
    assert_eq!(names, [(&Value::text("Grace"), &Value::from(3)), (&Value::text("Linus"), &Value::from(4))]);
    assert_eq!(world.bench.poll(&*watch, &parameters).await.unwrap(), []);
    // After a rollback they come again.
    world.bench.position = before;
    assert_eq!(world.bench.poll(&*watch, &parameters).await.unwrap(), found);
}
