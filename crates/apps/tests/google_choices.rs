//! What a form offers to choose of a Google account: spreadsheets, sheets and
//! columns, against a Google on loopback.

#![allow(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

use std::time::Duration;

use rouage_model::{ErrorKind, ModuleError};
use rouage_sdk::guard::{Guard, Policy};
use rouage_sdk::http::Client;
use rouage_sdk::testing::{Bench, connection, value};
use rouage_sdk::{FieldChoices, Registry};
use rouage_test_support::google::{FakeGoogle, Fault};

const ORDERS: &[&[&str]] = &[&["Name", "", "Total", "Total"], &["Ada", "x", "10", "12"]];

struct World {
    google: FakeGoogle,
    bench: Bench,
    registry: Registry,
}

impl World {
    async fn new() -> Self {
        let google = FakeGoogle::start().await;
        google.add_spreadsheet("Orders-2026", &[("Paid", ORDERS), ("Empty", &[])]);
        google.add_spreadsheet("Customers", &[("People", &[&["Name"]])]);
        let http = Client::new(Guard::new(Policy::parse(&["127.0.0.1".to_owned()]).unwrap()));
        let data =
            format!(r#"{{"client_id":"me","token_uri":"{}","api_root":"{}"}}"#, google.token_uri(), google.url());
        let secret = format!(r#"{{"client_secret":"s","refresh_token":"{}"}}"#, google.refresh_token());
        let connection = Some(connection("google", &data, &secret));
        let bench = Bench { http, timeout: Duration::from_secs(5), connection, ..Bench::default() };
        Self { google, bench, registry: rouage_apps::registry() }
    }

    async fn choices(&self, name: &str, form: &str, field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        let module = self.registry.module(&format!("google-sheets:{name}"), Some(2)).unwrap();
        let mut call = self.bench.call(&**module, &value("{}"), &value(COMPLETE)).unwrap();
        // A form is not complete while it is filled in.
        call.input = value(form).as_collection().unwrap().clone().into();
        module.field_choices(&call, field, search).await
    }
}

const COMPLETE: &str = r#"{"spreadsheetId":"x","sheetId":"x","rowNumber":1,"cell":"A1","range":"A1:B2"}"#;

fn values(choices: &FieldChoices) -> Vec<&str> {
    choices.choices.iter().map(|choice| choice.value.as_str()).collect()
}

fn fields(choices: &FieldChoices) -> Vec<(&str, &str)> {
    let fields = choices.fields.as_ref().unwrap().iter();
    fields.map(|field| (field.name.as_str(), field.label.as_str())).collect()
}

#[tokio::test]
async fn spreadsheets_are_listed_and_searched_by_name() {
    let world = World::new().await;
    let all = world.choices("addRow", "{}", "spreadsheetId", "").await.unwrap();
    assert_eq!(values(&all), ["Orders-2026", "Customers"]);
    assert_eq!(all.choices[0].note, "Ada, 2026-11-20");
    let found = world.choices("addRow", "{}", "spreadsheetId", "custom'").await.unwrap();
    assert!(found.choices.is_empty() && !found.more);
    let found = world.choices("addRow", "{}", "spreadsheetId", "custom").await.unwrap();
    assert_eq!(values(&found), ["Customers"]);
}

#[tokio::test]
async fn a_long_list_says_that_there_is_more() {
    let world = World::new().await;
    for at in 0..150 {
        world.google.add_spreadsheet(&format!("book-{at}"), &[]);
    }
    let all = world.choices("addRow", "{}", "spreadsheetId", "").await.unwrap();
    assert_eq!((all.choices.len(), all.more), (100, true));
}

#[tokio::test]
async fn a_token_that_was_revoked_is_replaced_once() {
    let world = World::new().await;
    world.choices("addRow", "{}", "spreadsheetId", "").await.unwrap();
    world.google.revoke_access_tokens();
    assert!(world.choices("addRow", "{}", "spreadsheetId", "").await.is_ok());
}

#[tokio::test]
async fn an_account_that_may_not_list_is_told_to_paste_the_address() {
    let world = World::new().await;
    world.google.fail_next(1, Fault::Forbidden);
    let error = world.choices("addRow", "{}", "spreadsheetId", "").await.unwrap_err();
    assert!(error.message.contains("not list them. Paste the address"), "{error:?}");
}

#[tokio::test]
async fn sheets_are_named_or_numbered_as_the_module_stores_them() {
    let world = World::new().await;
    let form = r#"{"spreadsheetId":"/Orders-2026"}"#;
    let sheets = world.choices("addRow", form, "sheetId", "").await.unwrap();
    assert_eq!(values(&sheets), ["Paid", "Empty"]);
    let numbered = world.choices("deleteRow", form, "sheetId", "").await.unwrap();
    assert!(numbered.choices[0].value.parse::<i64>().is_ok());
    assert_eq!(numbered.choices[0].label, "Paid");
}

#[tokio::test]
async fn columns_have_the_names_of_the_headers_and_the_keys_of_make() {
    let world = World::new().await;
    let form = r#"{"spreadsheetId":"Orders-2026","sheetId":"Paid","includesHeaders":true}"#;
    let columns = world.choices("addRow", form, "values", "").await.unwrap();
    assert_eq!(fields(&columns), [("0", "Name"), ("1", "Column B"), ("2", "Total (C)"), ("3", "Total (D)")]);
    let by_header = r#"{"spreadsheetId":"Orders-2026","sheetId":"Paid","useColumnHeaders":true}"#;
    let columns = world.choices("addRow", by_header, "values", "").await.unwrap();
    assert_eq!(fields(&columns), [("Name", "Name"), ("1", "Column B"), ("Total", "Total (C)")]);
    let order = world.choices("filterRows", form, "filter", "total").await.unwrap();
    assert_eq!(values(&order), ["C", "D"]);
}

#[tokio::test]
async fn columns_without_headers_have_letters() {
    let world = World::new().await;
    for form in [
        r#"{"spreadsheetId":"Orders-2026","sheetId":"Empty"}"#,
        r#"{"spreadsheetId":"Orders-2026","sheetId":"Paid","includesHeaders":false}"#,
    ] {
        let columns = world.choices("addRow", form, "values", "").await.unwrap();
        let columns = fields(&columns);
        assert_eq!((columns.len(), columns[0], columns[25]), (26, ("0", "Column A"), ("25", "Column Z")));
    }
}

#[tokio::test]
async fn what_is_missing_is_said_in_a_sentence() {
    let world = World::new().await;
    let cases = [
        ("{}", "choose the spreadsheet first"),
        (r#"{"spreadsheetId":"{{1.id}}"}"#, "the spreadsheet is mapped"),
        (r#"{"spreadsheetId":"gone"}"#, "this spreadsheet does not exist"),
    ];
    for (form, text) in cases {
        let error = world.choices("addRow", form, "sheetId", "").await.unwrap_err();
        assert!(error.message.starts_with(text), "{form}: {error:?}");
        assert_eq!(error.kind, ErrorKind::DataError);
    }
    let error = world.choices("addRow", r#"{"spreadsheetId":"Orders-2026"}"#, "values", "").await.unwrap_err();
    assert_eq!(&*error.message, "choose the sheet first");
    let form = r#"{"spreadsheetId":"Orders-2026","sheetId":"Gone"}"#;
    let error = world.choices("addRow", form, "values", "").await.unwrap_err();
    assert_eq!(&*error.message, "there is no sheet \"Gone\" in this spreadsheet: choose another one");
}
