//! The built-in spreadsheets, on both databases.

#![allow(clippy::unwrap_used, reason = "a test that fails is to stop")]

mod support;

use jiff::Timestamp;
use rouage_model::sheets::{ApiError, Call, DateTimeRender, InsertData, ValueInput, ValueRender};
use rouage_model::{TeamId, Value, json};
use rouage_store::sheets::{self, Cell, Edit, Wanted, tokens};
use rouage_store::{PageRequest, Store, teams};
use support::Database;

/// A store, its team and a spreadsheet to play with.
struct Bench {
    store: Store,
    team: TeamId,
    id: String,
}

impl Bench {
    async fn new(database: &Database) -> Self {
        let store = database.open().await;
        let mut tx = store.begin().await.unwrap();
        let team = teams::ensure_default(&mut tx).await.unwrap();
        let id = sheets::create(&mut tx, team, "Orders").await.unwrap();
        tx.commit().await.unwrap();
        Self { store, team, id }
    }

    async fn make(&self, call: Call) -> Result<Value, ApiError> {
        if !call.is_write() {
            return sheets::read(&self.store, self.team, &call).await.unwrap();
        }
        let mut tx = self.store.begin().await.unwrap();
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let answer = sheets::execute(&mut tx, self.team, &call, now).await.unwrap();
        tx.commit().await.unwrap();
        answer
    }

    /// The answer, or the error's text.
    async fn text(&self, call: Call) -> String {
        match self.make(call).await {
            Ok(answer) => json::to_string(&answer).replace(&self.id, "ID"),
            Err(error) => format!("{} {}: {}", error.code, error.status, error.message),
        }
    }

    async fn append(&self, range: &str, values: &str) -> String {
        self.append_as(range, values, InsertData::Overwrite).await
    }

    async fn append_as(&self, range: &str, values: &str, insert: InsertData) -> String {
        let input = ValueInput::UserEntered;
        let (id, range) = (self.id.as_str().into(), range.into());
        self.text(Call::Append { id, range, values: rows(values), input, insert }).await
    }

    async fn update(&self, range: &str, values: &str) -> String {
        let data = vec![(range.into(), rows(values))];
        self.text(Call::Update { id: self.id.as_str().into(), data, batch: false, input: ValueInput::Raw }).await
    }

    async fn batch(&self, requests: &str) -> String {
        let body = json::parse(format!("{{\"requests\":{requests}}}").as_bytes()).unwrap();
        self.text(Call::BatchUpdate { id: self.id.as_str().into(), body }).await
    }

    async fn clear(&self, range: &str) -> String {
        self.text(Call::Clear { id: self.id.as_str().into(), range: range.into() }).await
    }

    /// The values of a range, as JSON; nothing when there are none.
    async fn values(&self, range: &str) -> String {
        self.render(range, ValueRender::Formatted, DateTimeRender::SerialNumber).await
    }

    async fn render(&self, range: &str, render: ValueRender, dates: DateTimeRender) -> String {
        let ranges = vec![range.into()];
        match self.make(Call::Values { id: self.id.as_str().into(), ranges, batch: false, render, dates }).await {
            Ok(answer) => json::to_string(answer.field("values")),
            Err(error) => error.message,
        }
    }
}

fn rows(text: &str) -> Vec<Vec<Value>> {
    let value = json::parse(text.as_bytes()).unwrap();
    value.as_array().unwrap().iter().map(|row| row.as_array().unwrap().to_vec()).collect()
}

support::on_both_databases! {
    a_spreadsheet_is_made_and_described_as_at_google,
    appended_rows_follow_the_table,
    appends_after_other_changes_look_again,
    appends_at_the_same_time_all_arrive,
    rows_are_inserted_when_asked,
    cells_are_read_as_asked,
    updates_stay_in_their_range,
    clearing_leaves_the_rest,
    rows_and_columns_move,
    sheets_are_added_and_deleted_together_or_not_at_all,
    limits_are_googles,
    other_teams_see_nothing,
    pages_list_find_edit_and_search,
    an_import_makes_ready_what_is_missing,
    tokens_open_until_they_are_revoked,
}

async fn a_spreadsheet_is_made_and_described_as_at_google(database: Database) {
    let bench = Bench::new(&database).await;
    let body = br#"{"properties":{"title":"Mine","locale":"fr_FR","timeZone":"Europe/Paris"},
        "sheets":[{"properties":{"title":"A b"}},{"properties":{"title":"C","sheetId":5,"gridProperties":{"rowCount":3}}}]}"#;
    let made = bench.make(Call::Create { body: json::parse(body).unwrap() }).await.unwrap();
    let id = made.field("spreadsheetId").as_text().unwrap().to_owned();
    assert_eq!(id.len(), 44);
    let properties = made.field("properties");
    assert_eq!(
        json::to_string(properties),
        r#"{"title":"Mine","locale":"fr_FR","autoRecalc":"ON_CHANGE","timeZone":"Europe/Paris"}"#
    );
    assert_eq!(
        json::to_string(made.field("sheets")),
        concat!(
            r#"[{"properties":{"sheetId":0,"title":"A b","index":0,"sheetType":"GRID","gridProperties":{"rowCount":1000,"columnCount":26}}},"#,
            r#"{"properties":{"sheetId":5,"title":"C","index":1,"sheetType":"GRID","gridProperties":{"rowCount":3,"columnCount":26}}}]"#
        )
    );
    assert!(made.field("spreadsheetUrl").as_text().unwrap().ends_with(&format!("/spreadsheets/{id}")));
    assert_eq!(bench.make(Call::Get { id: id.into() }).await.unwrap(), made);
    assert_eq!(bench.text(Call::Get { id: "nowhere".into() }).await, "404 NOT_FOUND: Requested entity was not found.");
    let twice = br#"{"sheets":[{"properties":{"title":"A"}},{"properties":{"title":"a"}}]}"#;
    assert_eq!(
        bench.text(Call::Create { body: json::parse(twice).unwrap() }).await,
        "400 INVALID_ARGUMENT: A sheet with the name \"a\" already exists. Please enter another name."
    );
}

async fn appended_rows_follow_the_table(database: Database) {
    let bench = Bench::new(&database).await;
    for (range, values, answer) in [
        (
            "Sheet1!A1:Z1",
            r#"[["Name","Total"]]"#,
            r#"{"spreadsheetId":"ID","updates":{"spreadsheetId":"ID","updatedRange":"Sheet1!A1:B1","updatedRows":1,"updatedColumns":2,"updatedCells":2}}"#,
        ),
        (
            "Sheet1!A1:Z1",
            r#"[["Ann",1],["Bob",null]]"#,
            r#"{"spreadsheetId":"ID","tableRange":"Sheet1!A1:B1","updates":{"spreadsheetId":"ID","updatedRange":"Sheet1!A2:B3","updatedRows":2,"updatedColumns":2,"updatedCells":3}}"#,
        ),
        (
            "Sheet1",
            r#"[["Cid","3"]]"#,
            r#"{"spreadsheetId":"ID","tableRange":"Sheet1!A1:B3","updates":{"spreadsheetId":"ID","updatedRange":"Sheet1!A4:B4","updatedRows":1,"updatedColumns":2,"updatedCells":2}}"#,
        ),
        (
            "E4",
            r#"[["alone"]]"#,
            r#"{"spreadsheetId":"ID","updates":{"spreadsheetId":"ID","updatedRange":"Sheet1!E4","updatedRows":1,"updatedColumns":1,"updatedCells":1}}"#,
        ),
        (
            "A1",
            r#"[["Dan",4,"wide"]]"#,
            r#"{"spreadsheetId":"ID","tableRange":"Sheet1!A1:B4","updates":{"spreadsheetId":"ID","updatedRange":"Sheet1!A5:C5","updatedRows":1,"updatedColumns":3,"updatedCells":3}}"#,
        ),
        (
            "A1",
            "[]",
            r#"{"spreadsheetId":"ID","tableRange":"Sheet1!A1:C5","updates":{"spreadsheetId":"ID","updatedRange":"Sheet1!A6"}}"#,
        ),
        ("Other!A1", r#"[["x"]]"#, "400 INVALID_ARGUMENT: Unable to parse range: Other!A1"),
        ("A1", r#"[[["x"]]]"#, "400 INVALID_ARGUMENT: Invalid values[0][0]: list_value"),
    ] {
        assert_eq!(bench.append(range, values).await, answer, "{range} {values}");
    }
    assert_eq!(
        bench.values("Sheet1").await,
        r#"[["Name","Total"],["Ann","1"],["Bob"],["Cid","3","","","alone"],["Dan","4","wide"]]"#
    );
}

async fn appends_after_other_changes_look_again(database: Database) {
    let bench = Bench::new(&database).await;
    for row in 1..=3 {
        bench.append("A1:Z1", &format!("[[{row},\"x\"]]")).await;
    }
    // An empty row parts the sheet in two tables.
    bench.update("A6", r#"[["second"]]"#).await;
    assert!(bench.append("A1:Z1", "[[4]]").await.contains(r#""updatedRange":"Sheet1!A4""#));
    // Now they touch, and the table is one.
    bench.update("A5", "[[5]]").await;
    assert!(bench.append("A1:Z1", "[[7]]").await.contains(r#""updatedRange":"Sheet1!A7""#));
    // An update inside of the table does not move its end.
    bench.update("B2", r#"[["y"]]"#).await;
    assert!(bench.append("A1:Z1", "[[8]]").await.contains(r#""updatedRange":"Sheet1!A8""#));
    bench.clear("A6:Z8").await;
    assert!(bench.append("A1:Z1", "[[6]]").await.contains(r#""updatedRange":"Sheet1!A6""#));
    // An empty row is no row; the next one goes where it would have been.
    assert!(bench.append("A1:Z1", r#"[["",""]]"#).await.contains(r#""updatedRange":"Sheet1!A7:B7""#));
    assert!(bench.append("A1:Z1", "[[7]]").await.contains(r#""updatedRange":"Sheet1!A7""#));
    assert_eq!(bench.values("A1:A").await, r#"[["1"],["2"],["3"],["4"],["5"],["6"],["7"]]"#);
}

async fn appends_at_the_same_time_all_arrive(database: Database) {
    let bench = Bench::new(&database).await;
    let bench = std::sync::Arc::new(bench);
    let appends = (0..20).map(|number| {
        let bench = bench.clone();
        tokio::spawn(async move { bench.append("A1:Z1", &format!("[[{number}]]")).await })
    });
    for append in appends.collect::<Vec<_>>() {
        append.await.unwrap();
    }
    let mut values: Vec<i64> = json::parse(bench.values("A1:A").await.as_bytes())
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_array().unwrap()[0].as_text().unwrap().parse().unwrap())
        .collect();
    values.sort_unstable();
    assert_eq!(values, (0..20).collect::<Vec<i64>>());
}

async fn rows_are_inserted_when_asked(database: Database) {
    let bench = Bench::new(&database).await;
    bench.update("A1", r#"[["a"],["b"],[null],["below"]]"#).await;
    let answer = bench.append_as("A1:A2", r#"[["c"],["d"]]"#, InsertData::InsertRows).await;
    assert!(answer.contains(r#""updatedRange":"Sheet1!A3:A4""#), "{answer}");
    assert_eq!(bench.values("A1:A").await, r#"[["a"],["b"],["c"],["d"],[],["below"]]"#);
    let grid = bench.text(Call::Get { id: bench.id.as_str().into() }).await;
    assert!(grid.contains(r#""rowCount":1002"#), "{grid}");
    bench.append("A1:A2", r#"[["over"]]"#).await;
    assert_eq!(bench.values("A5:A6").await, r#"[["over"],["below"]]"#);
}

async fn cells_are_read_as_asked(database: Database) {
    let bench = Bench::new(&database).await;
    bench.append("A1", r#"[["1,234.50","50%","2026-11-24","14:30","true","=A1","'0612","x",""]]"#).await;
    bench.append("A1", r#"[[12.5,true,"2026-11-24T10:00:00Z",98765432109876543210]]"#).await;
    let serial = DateTimeRender::SerialNumber;
    for (render, dates, values) in [
        (
            ValueRender::Formatted,
            serial,
            r#"[["1,234.50","50%","2026-11-24","14:30","TRUE","=A1","0612","x"],["12.5","TRUE","2026-11-24T10:00:00Z","98765432109876543210"]]"#,
        ),
        (
            ValueRender::Unformatted,
            serial,
            r#"[[1234.5,0.5,46350,0.6041666666666666,true,"=A1","0612","x"],[12.5,true,"2026-11-24T10:00:00Z",98765432109876543210]]"#,
        ),
        (
            ValueRender::Formula,
            DateTimeRender::FormattedString,
            r#"[[1234.5,0.5,"2026-11-24","14:30",true,"=A1","0612","x"],[12.5,true,"2026-11-24T10:00:00Z",98765432109876543210]]"#,
        ),
    ] {
        assert_eq!(bench.render("A1:Z2", render, dates).await, values);
    }
    let ranges = vec!["B1".into(), "Sheet1!G1:J2".into(), "A5:B9".into()];
    let (id, render) = (bench.id.as_str().into(), ValueRender::Formatted);
    assert_eq!(
        bench.text(Call::Values { id, ranges, batch: true, render, dates: serial }).await,
        concat!(
            r#"{"spreadsheetId":"ID","valueRanges":[{"range":"Sheet1!B1","majorDimension":"ROWS","values":[["50%"]]},"#,
            r#"{"range":"Sheet1!G1:J2","majorDimension":"ROWS","values":[["0612","x"]]},"#,
            r#"{"range":"Sheet1!A5:B9","majorDimension":"ROWS"}]}"#
        )
    );
}

async fn updates_stay_in_their_range(database: Database) {
    let bench = Bench::new(&database).await;
    for (range, values, answer) in [
        (
            "A1:C2",
            r#"[["a",null,"c"],["d"]]"#,
            r#"{"spreadsheetId":"ID","updatedRange":"Sheet1!A1:C2","updatedRows":2,"updatedColumns":2,"updatedCells":3}"#,
        ),
        (
            "B1",
            r#"[["b"],["e"]]"#,
            r#"{"spreadsheetId":"ID","updatedRange":"Sheet1!B1:B2","updatedRows":2,"updatedColumns":1,"updatedCells":2}"#,
        ),
        (
            "A1:B1",
            r#"[["x"],["y"]]"#,
            "400 INVALID_ARGUMENT: Requested writing within range [Sheet1!A1:B1], but tried writing to row [2]",
        ),
        (
            "A1:B1",
            r#"[[1,2,3]]"#,
            "400 INVALID_ARGUMENT: Requested writing within range [Sheet1!A1:B1], but tried writing to column [C]",
        ),
        (
            "A1001",
            r#"[["x"]]"#,
            "400 INVALID_ARGUMENT: Range (Sheet1!A1001) exceeds grid limits. Max rows: 1000, max columns: 26",
        ),
    ] {
        assert_eq!(bench.update(range, values).await, answer, "{range}");
    }
    assert_eq!(bench.values("A1:C2").await, r#"[["a","b","c"],["d","e"]]"#);
    // Text that is sent raw stays text; an empty text empties the cell.
    bench.update("A1", r#"[["1","",true]]"#).await;
    assert_eq!(
        bench.render("A1:C1", ValueRender::Unformatted, DateTimeRender::SerialNumber).await,
        r#"[["1","",true]]"#
    );
    let data = vec![("A1".into(), rows("[[1]]")), ("B1:B2".into(), rows("[[2],[3]]"))];
    let input = ValueInput::UserEntered;
    let answer = bench.text(Call::Update { id: bench.id.as_str().into(), data, batch: true, input }).await;
    assert!(
        answer.starts_with(
            r#"{"spreadsheetId":"ID","totalUpdatedRows":3,"totalUpdatedColumns":2,"totalUpdatedCells":3,"totalUpdatedSheets":1,"responses":[{"#
        ),
        "{answer}"
    );
    // One range that does not fit, and nothing is written.
    let data = vec![("A1".into(), rows("[[9]]")), ("Gone!A1".into(), rows("[[9]]"))];
    bench.text(Call::Update { id: bench.id.as_str().into(), data, batch: true, input }).await;
    assert_eq!(bench.values("A1").await, r#"[["1"]]"#);
}

async fn clearing_leaves_the_rest(database: Database) {
    let bench = Bench::new(&database).await;
    bench.update("A1", r#"[["a","b","c"],["d","e","f"],["g"]]"#).await;
    assert_eq!(bench.clear("B1:B2").await, r#"{"spreadsheetId":"ID","clearedRange":"Sheet1!B1:B2"}"#);
    assert_eq!(bench.clear("2:2").await, r#"{"spreadsheetId":"ID","clearedRange":"Sheet1!A2:Z2"}"#);
    assert_eq!(bench.values("Sheet1").await, r#"[["a","","c"],[],["g"]]"#);
    bench.clear("Sheet1").await;
    assert_eq!(bench.values("Sheet1").await, "null");
}

async fn rows_and_columns_move(database: Database) {
    let bench = Bench::new(&database).await;
    bench.update("A1", r#"[["a1","b1"],["a2","b2"],["a3","b3"],["a4","b4"]]"#).await;
    let answer = bench
        .batch(
            r#"[{"deleteDimension":{"range":{"sheetId":0,"dimension":"ROWS","startIndex":1,"endIndex":2}}},
                {"insertDimension":{"range":{"sheetId":0,"dimension":"ROWS","startIndex":0,"endIndex":3}}},
                {"insertDimension":{"range":{"sheetId":0,"dimension":"COLUMNS","startIndex":1,"endIndex":2}}}]"#,
        )
        .await;
    assert_eq!(answer, r#"{"spreadsheetId":"ID","replies":[{},{},{}]}"#);
    assert_eq!(bench.values("Sheet1").await, r#"[[],[],[],["a1","","b1"],["a3","","b3"],["a4","","b4"]]"#);
    bench.batch(r#"[{"deleteDimension":{"range":{"dimension":"COLUMNS","startIndex":0,"endIndex":2}}}]"#).await;
    assert_eq!(bench.values("A4:Z").await, r#"[["b1"],["b3"],["b4"]]"#);
    // A smaller grid loses what is beyond it.
    bench
        .batch(r#"[{"updateSheetProperties":{"properties":{"sheetId":0,"gridProperties":{"rowCount":5}},"fields":"gridProperties.rowCount"}}]"#)
        .await;
    assert_eq!(bench.values("Sheet1").await, r#"[[],[],[],["b1"],["b3"]]"#);
    assert!(bench.append("A4", r#"[["new"]]"#).await.contains("Sheet1!A6"));
}

async fn sheets_are_added_and_deleted_together_or_not_at_all(database: Database) {
    let bench = Bench::new(&database).await;
    bench.update("A1", r#"[["kept"]]"#).await;
    let answer = bench
        .batch(r#"[{"addSheet":{"properties":{"title":"New one","sheetId":9}}},{"updateSpreadsheetProperties":{"properties":{"title":"Renamed"},"fields":"title"}}]"#)
        .await;
    assert!(
        answer.contains(r#""replies":[{"addSheet":{"properties":{"sheetId":9,"title":"New one","index":1"#),
        "{answer}"
    );
    bench.update("'New one'!A1", r#"[["other"]]"#).await;
    let refused =
        bench.batch(r#"[{"deleteSheet":{"sheetId":0}},{"addSheet":{"properties":{"title":"new ONE"}}}]"#).await;
    assert!(
        refused.starts_with("400 INVALID_ARGUMENT: Invalid requests[1].addSheet: A sheet with the name"),
        "{refused}"
    );
    assert_eq!(bench.values("Sheet1!A1").await, r#"[["kept"]]"#);
    bench.batch(r#"[{"deleteSheet":{"sheetId":0}}]"#).await;
    assert_eq!(bench.values("A1").await, r#"[["other"]]"#);
    assert_eq!(bench.values("Sheet1!A1").await, "Unable to parse range: Sheet1!A1");
    let found = sheets::find(&bench.store, bench.team, &bench.id).await.unwrap().unwrap();
    assert_eq!((found.title.as_str(), found.sheets.len()), ("Renamed", 1));
}

async fn limits_are_googles(database: Database) {
    let bench = Bench::new(&database).await;
    let long = format!("[[\"{}\"]]", "é".repeat(50_001));
    assert_eq!(
        bench.update("A1", &long).await,
        "400 INVALID_ARGUMENT: Your input contains more than the maximum of 50000 characters in a single cell."
    );
    let fits = format!("[[\"{}\"]]", "é".repeat(50_000));
    assert!(bench.update("A1", &fits).await.contains("updatedCells"));
    let too_many = r#"[{"appendDimension":{"dimension":"ROWS","length":400000}}]"#;
    assert!(bench.batch(too_many).await.contains("above the limit of 10000000 cells"));
    // More rows than one statement takes.
    let many: Vec<String> = (0..4500).map(|row| format!("[{row}]")).collect();
    assert!(bench.append("A1", &format!("[{}]", many.join(","))).await.contains("Sheet1!A2:A4501"));
    assert_eq!(bench.values("A4501").await, r#"[["4499"]]"#);
    assert!(bench.append("A1", "[[1]]").await.contains("Sheet1!A4502"));
    bench.batch(r#"[{"insertDimension":{"range":{"dimension":"ROWS","startIndex":0,"endIndex":1}}}]"#).await;
    assert_eq!(bench.values("A4502").await, r#"[["4499"]]"#);
    bench.batch(r#"[{"insertDimension":{"range":{"dimension":"COLUMNS","startIndex":0,"endIndex":1}}}]"#).await;
    assert_eq!(bench.values("B4502").await, r#"[["4499"]]"#);
}

async fn other_teams_see_nothing(database: Database) {
    let bench = Bench::new(&database).await;
    let other = TeamId(bench.team.0 + 1);
    let get = Call::Get { id: bench.id.as_str().into() };
    assert_eq!(sheets::read(&bench.store, other, &get).await.unwrap(), Err(ApiError::not_found()));
    assert!(sheets::find(&bench.store, other, &bench.id).await.unwrap().is_none());
    assert_eq!(sheets::list(&bench.store, other, "", PageRequest::default()).await.unwrap().total, 0);
    let mut tx = bench.store.begin().await.unwrap();
    assert!(!sheets::delete(&mut tx, other, &bench.id).await.unwrap());
    assert!(sheets::rename(&mut tx, other, &bench.id, "Mine").await.is_err());
    // The same id may exist in another team.
    let wanted = Wanted { id: &bench.id, title: "Theirs", sheet_title: "Sheet1", headers: &[] };
    sheets::ensure(&mut tx, other, wanted).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(sheets::find(&bench.store, bench.team, &bench.id).await.unwrap().unwrap().title, "Orders");
}

async fn pages_list_find_edit_and_search(database: Database) {
    let bench = Bench::new(&database).await;
    let (store, team, sheet) = (&bench.store, bench.team, (bench.id.as_str(), 0));
    let edit = |row, column, text: &str| Edit { row, column, text: text.to_owned() };
    let mut tx = store.begin().await.unwrap();
    let edits = [edit(0, 0, "Name"), edit(0, 1, "Total"), edit(1, 1, "$5"), edit(1, 0, "Zoé"), edit(1999, 0, "far")];
    let cells = sheets::set_cells(&mut tx, team, sheet, &edits).await.unwrap();
    assert_eq!(cells[2].shown(), "$5");
    let second = sheets::create(&mut tx, team, "50% off_").await.unwrap();
    assert!(sheets::set_cells(&mut tx, team, (&bench.id, 77), &edits).await.is_err());
    let too_far = [edit(u32::MAX, u32::MAX, "x")];
    assert!(sheets::set_cells(&mut tx, team, sheet, &too_far).await.is_err());
    tx.commit().await.unwrap();

    let found = sheets::find(store, team, &bench.id).await.unwrap().unwrap();
    assert_eq!((found.sheets[0].filled_rows, found.sheets[0].rows), (2000, 2000));
    let window = sheets::window(store, team, sheet, (1, 200)).await.unwrap();
    assert_eq!((window.len(), window[0].row, window[0].cells[0].clone()), (1, 1, Cell::text("Zoé")));
    let hits = sheets::search(store, team, sheet, ("zOÉ", 10)).await.unwrap();
    assert_eq!(hits.iter().map(|hit| hit.row).collect::<Vec<u32>>(), [1]);

    let titles = async |search: &str| -> Vec<(String, u64)> {
        let page = sheets::list(store, team, search, PageRequest::default()).await.unwrap();
        page.items.into_iter().map(|item| (item.title, item.rows)).collect()
    };
    assert_eq!(titles("ORD").await, [("Orders".to_owned(), 2000)]);
    assert_eq!(titles("0% off_").await, [("50% off_".to_owned(), 0)]);
    assert!(titles("%%").await.is_empty() && titles("x_").await.is_empty());

    let mut tx = store.begin().await.unwrap();
    sheets::rename(&mut tx, team, &second, "Second").await.unwrap();
    assert!(sheets::delete(&mut tx, team, &second).await.unwrap());
    assert!(!sheets::delete(&mut tx, team, &second).await.unwrap());
    tx.commit().await.unwrap();
    assert!(titles("sec").await.is_empty());
    assert_eq!(
        bench.text(Call::Get { id: second.as_str().into() }).await,
        "404 NOT_FOUND: Requested entity was not found."
    );
    let mut tx = store.begin().await.unwrap();
    assert!(sheets::restore(&mut tx, team, &second).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(titles("sec").await.len(), 1);
}

async fn an_import_makes_ready_what_is_missing(database: Database) {
    let bench = Bench::new(&database).await;
    let headers: Vec<String> = (0..30).map(|at| format!("Column {at}")).collect();
    let wanted =
        |sheet_title| Wanted { id: "from-a-blueprint", title: "Orders of 2026", sheet_title, headers: &headers };
    for sheet in ["Orders", "Orders", "Mails"] {
        let mut tx = bench.store.begin().await.unwrap();
        sheets::ensure(&mut tx, bench.team, wanted(sheet)).await.unwrap();
        sheets::delete(&mut tx, bench.team, "from-a-blueprint").await.unwrap();
        sheets::ensure(&mut tx, bench.team, wanted(sheet)).await.unwrap();
        tx.commit().await.unwrap();
    }
    let found = sheets::find(&bench.store, bench.team, "from-a-blueprint").await.unwrap().unwrap();
    let tabs: Vec<_> = found.sheets.iter().map(|tab| (tab.title.as_str(), tab.filled_rows, tab.columns)).collect();
    assert_eq!(tabs, [("Orders", 1, 30), ("Mails", 1, 30)]);
}

async fn tokens_open_until_they_are_revoked(database: Database) {
    let bench = Bench::new(&database).await;
    let (store, team) = (&bench.store, bench.team);
    let mut tx = store.begin().await.unwrap();
    let token = tokens::create(&mut tx, team, "gspread").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(tokens::verify(store, &token).await.unwrap(), Some(team));
    assert_eq!(tokens::verify(store, "").await.unwrap(), None);
    let listed = tokens::list(store, team).await.unwrap();
    assert_eq!((listed.len(), listed[0].name.as_str(), listed[0].last_used_at.is_some()), (1, "gspread", true));
    assert!(tokens::list(store, TeamId(team.0 + 1)).await.unwrap().is_empty());
    let mut tx = store.begin().await.unwrap();
    assert!(!tokens::revoke(&mut tx, TeamId(team.0 + 1), listed[0].id).await.unwrap());
    assert!(tokens::revoke(&mut tx, team, listed[0].id).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(tokens::verify(store, &token).await.unwrap(), None);
}
