//! Taking back what a run did: all of it, or nothing when somebody else was
//! there; and never again after a commit.

use rouage_model::datastore::{Arrays, Call};
use rouage_model::execution::Origin;
use rouage_model::journal::Event;
use rouage_model::sheets::{self, ApiError, InsertData, ValueInput, ValueRender};
use rouage_model::{Collection, ModuleError, ModuleId, OperationId, ScenarioId, TeamId, Value, Version, clock, json};
use rouage_store::{
    Append, Appended, Error, Job, Lineage, NewExecution, NewMail, PageRequest, StagedWrite, Store, StoreEffect, Update,
    datastores, mails, transactions,
};

use crate::records::{Bench, collection};
use crate::support::{Database, on_both_databases};

on_both_databases! {
    records_come_back_as_they_were,
    records_of_others_stay_and_make_the_rollback_fail_whole,
    a_commit_ends_what_can_be_undone,
    rows_of_a_spreadsheet_come_back,
    rows_of_others_stay,
    a_row_that_somebody_else_changed_is_not_touched,
    moved_rows_and_sheets_come_back,
    a_spreadsheet_that_was_made_goes_away,
    a_message_leaves_the_outbox,
    a_rollback_after_a_crash_is_made_once,
    an_abandoned_run_leaves_nothing,
    with_auto_commit_nothing_is_noted,
}

/// A run with a data store and a spreadsheet at hand.
struct Play {
    bench: Bench,
    job: Job,
    sheet: String,
    next: std::cell::Cell<u32>,
}

impl Play {
    async fn new(database: &Database) -> Self {
        let bench = Bench::with(database.open().await, None, 1_000_000).await;
        let job = job(&bench).await;
        let mut tx = bench.store.begin().await.unwrap();
        let sheet = rouage_store::sheets::create(&mut tx, bench.team, "Orders").await.unwrap();
        tx.commit().await.unwrap();
        Self { bench, job, sheet, next: std::cell::Cell::new(1) }
    }

    /// Stages an effect as the driver does with auto commit off.
    async fn stage(&self, effect: StoreEffect) -> Event {
        let effect = StoreEffect::Revocable { execution: self.job.execution, effect: Box::new(effect) };
        self.settle(effect).await
    }

    async fn settle(&self, effect: StoreEffect) -> Event {
        let finish = |answer: Result<Value, ApiError>| {
            let (at, operation, module) = (jiff::Timestamp::UNIX_EPOCH, OperationId(2), ModuleId(2));
            match answer {
                Ok(answer) => Event::Returned { at, operation, module, bundles: vec![answer] },
                Err(error) => Event::Failed { at, operation, module, error: ModuleError::data(error.message) },
            }
        };
        let staged = StagedWrite { effect, finish: Box::new(finish) };
        self.write(staged).await.unwrap().staged_event.unwrap()
    }

    async fn write(&self, staged: StagedWrite) -> Result<Appended, Error> {
        let append = Append {
            execution: self.job.execution,
            scenario: self.job.scenario,
            fence: self.job.fence,
            first_seq: self.next.get(),
            events: Vec::new(),
            staged: Some(staged),
            update: Update::None,
        };
        let appended = self.bench.store.append(append).await?;
        self.next.set(appended.last_seq + 1);
        Ok(appended)
    }

    async fn datastore(&self, call: Call) {
        let event = self.stage(StoreEffect::Datastore(call)).await;
        assert!(matches!(event, Event::Returned { .. }), "{event:?}");
    }

    async fn put(&self, key: &str, data: &str) {
        let (store, key) = (self.bench.id, Some(key.into()));
        self.datastore(Call::Add { store, key, data: collection(data), overwrite: true }).await;
    }

    async fn sheets(&self, call: sheets::Call) {
        let event = self.stage(StoreEffect::Sheets(call)).await;
        assert!(matches!(event, Event::Returned { .. }), "{event:?}");
    }

    async fn append(&self, text: &str) {
        self.sheets(append(&self.sheet, text)).await;
    }

    async fn roll_back(&self) -> Result<(), String> {
        match self.settle(StoreEffect::Rollback { execution: self.job.execution }).await {
            Event::Failed { error, .. } => Err(error.message.to_string()),
            _ => Ok(()),
        }
    }

    async fn commit(&self) {
        self.settle(StoreEffect::Commit { execution: self.job.execution }).await;
    }

    async fn rows(&self) -> String {
        rows(&self.bench.store, self.bench.team, &self.sheet).await
    }
}

/// A run that was just started.
async fn job(bench: &Bench) -> Job {
    let execution = NewExecution {
        id: clock::execution_id(bench.store.clock().as_ref()),
        team: bench.team,
        scenario: ScenarioId(1),
        version: Version(1),
        origin: Origin::Manual,
        bundles: None,
        inputs: Value::Undefined,
        lineage: Lineage::None,
        leased: true,
        created_at: bench.store.clock().now(),
    };
    bench.store.start(execution).await.unwrap()
}

fn mail(play: &Play) -> NewMail {
    NewMail {
        team: play.bench.team,
        execution: play.job.execution,
        operation: OperationId(2),
        from: "shop@example.org".into(),
        to: vec!["ada@example.org".into()],
        cc: vec![],
        bcc: vec![],
        subject: "Order".into(),
        text: None,
        html: None,
        message_id: "<1@example.org>".into(),
        raw: bytes::Bytes::from_static(b"Subject: Order"),
        attachments: vec![],
    }
}

fn append(id: &str, text: &str) -> sheets::Call {
    sheets::Call::Append {
        id: id.into(),
        range: "A1".into(),
        values: vec![vec![Value::text(text)]],
        input: ValueInput::Raw,
        insert: InsertData::InsertRows,
    }
}

fn update(id: &str, range: &str, text: &str) -> sheets::Call {
    let data = vec![(range.into(), vec![vec![Value::text(text)]])];
    sheets::Call::Update { id: id.into(), data, batch: false, input: ValueInput::Raw }
}

fn batch(id: &str, requests: &str) -> sheets::Call {
    let body = json::parse(format!(r#"{{"requests":[{requests}]}}"#).as_bytes()).unwrap();
    sheets::Call::BatchUpdate { id: id.into(), body }
}

async fn rows(store: &Store, team: TeamId, id: &str) -> String {
    let call = sheets::Call::Values {
        id: id.into(),
        ranges: vec!["A1:C20".into()],
        batch: false,
        render: ValueRender::Formatted,
        dates: sheets::DateTimeRender::FormattedString,
    };
    match rouage_store::sheets::read(store, team, &call).await.unwrap() {
        Ok(answer) => json::to_string(answer.field("values")),
        Err(error) => error.status.to_owned(),
    }
}

/// Somebody else writes to the spreadsheet.
async fn other(play: &Play, call: sheets::Call) {
    let mut tx = play.bench.store.begin().await.unwrap();
    let now = play.bench.store.clock().now();
    rouage_store::sheets::execute(&mut tx, play.bench.team, &call, now).await.unwrap().unwrap();
    tx.commit().await.unwrap();
}

async fn records_come_back_as_they_were(database: Database) {
    let play = Play::new(&database).await;
    play.bench.add("a", r#"{"n":1}"#).await;
    play.bench.add("é", r#"{"n":2}"#).await;
    let before = play.bench.about().await;
    play.put("a", r#"{"n":10}"#).await;
    play.put("a", r#"{"n":11}"#).await;
    play.put("new", "{}").await;
    let store = play.bench.id;
    let data = collection(r#"{"m":3}"#);
    play.datastore(Call::Update { store, key: "a".into(), data, upsert: false, arrays: Arrays::Replace }).await;
    play.datastore(Call::Delete { store, key: "a".into() }).await;
    play.datastore(Call::DeleteAll { store }).await;
    play.put("a", r#"{"n":12}"#).await;
    play.roll_back().await.unwrap();
    assert_eq!((play.bench.get("a").await, play.bench.get("new").await), (r#"{"n":1}"#.into(), "null".into()));
    assert_eq!(play.bench.get("é").await, r#"{"n":2}"#);
    let after = play.bench.about().await;
    assert_eq!((after.size, after.records), (before.size, before.records));
    let (records, _) = datastores::some(&play.bench.store, play.bench.team, store, 0).await.unwrap();
    let keys: Vec<_> = records.into_iter().map(|record| record.key).collect();
    assert_eq!(keys, ["a", "é"], "in the order they were added");
    // And there is nothing left to undo.
    play.bench.add("a", r#"{"n":5}"#).await;
    play.roll_back().await.unwrap();
    assert_eq!(play.bench.get("a").await, r#"{"n":5}"#);
}

async fn records_of_others_stay_and_make_the_rollback_fail_whole(database: Database) {
    let play = Play::new(&database).await;
    play.bench.add("a", r#"{"n":1}"#).await;
    play.put("a", r#"{"n":2}"#).await;
    play.put("b", r#"{"n":3}"#).await;
    play.append("x").await;
    // Even when the other one wrote the very same.
    play.bench.add("a", r#"{"n":2}"#).await;
    let error = play.roll_back().await.unwrap_err();
    assert!(error.contains("\"a\"") && error.contains("somebody else"), "{error}");
    assert_eq!((play.bench.get("a").await, play.bench.get("b").await), (r#"{"n":2}"#.into(), r#"{"n":3}"#.into()));
    assert_eq!(play.rows().await, r#"[["x"]]"#);
    // And there is no second try: its notes are gone.
    play.roll_back().await.unwrap();
    assert_eq!(play.bench.get("b").await, r#"{"n":3}"#);
}

async fn a_commit_ends_what_can_be_undone(database: Database) {
    let play = Play::new(&database).await;
    play.put("a", r#"{"n":1}"#).await;
    play.append("x").await;
    play.commit().await;
    play.put("b", "{}").await;
    play.roll_back().await.unwrap();
    assert_eq!((play.bench.get("a").await, play.bench.get("b").await), (r#"{"n":1}"#.into(), "null".into()));
    assert_eq!(play.rows().await, r#"[["x"]]"#);
}

async fn rows_of_a_spreadsheet_come_back(database: Database) {
    let play = Play::new(&database).await;
    other(&play, append(&play.sheet, "head")).await;
    other(&play, append(&play.sheet, "one")).await;
    play.append("two").await;
    play.sheets(update(&play.sheet, "A2", "ONE")).await;
    play.sheets(update(&play.sheet, "A2", "ONE!")).await;
    play.sheets(sheets::Call::Clear { id: play.sheet.as_str().into(), range: "A1:Z1".into() }).await;
    play.roll_back().await.unwrap();
    assert_eq!(play.rows().await, r#"[["head"],["one"]]"#);
    other(&play, append(&play.sheet, "next")).await;
    assert_eq!(play.rows().await, r#"[["head"],["one"],["next"]]"#);
}

async fn rows_of_others_stay(database: Database) {
    let play = Play::new(&database).await;
    other(&play, append(&play.sheet, "head")).await;
    play.append("mine").await;
    other(&play, append(&play.sheet, "theirs")).await;
    play.roll_back().await.unwrap();
    assert_eq!(play.rows().await, r#"[["head"],[],["theirs"]]"#);
}

async fn a_row_that_somebody_else_changed_is_not_touched(database: Database) {
    let play = Play::new(&database).await;
    play.append("mine").await;
    play.put("a", "{}").await;
    other(&play, update(&play.sheet, "B1", "note")).await;
    let error = play.roll_back().await.unwrap_err();
    assert!(error.contains("row 1 of the spreadsheet \"Orders\""), "{error}");
    assert_eq!((play.rows().await, play.bench.get("a").await), (r#"[["mine","note"]]"#.into(), "{}".into()));
    // Rows that were moved are not where the notes say.
    let play = Play::new(&database).await;
    play.append("mine").await;
    other(
        &play,
        batch(&play.sheet, r#"{"insertDimension":{"range":{"dimension":"ROWS","startIndex":0,"endIndex":1}}}"#),
    )
    .await;
    assert!(play.roll_back().await.unwrap_err().contains("the order of rows"));
}

async fn moved_rows_and_sheets_come_back(database: Database) {
    let play = Play::new(&database).await;
    for text in ["a", "b", "c"] {
        other(&play, append(&play.sheet, text)).await;
    }
    play.sheets(update(&play.sheet, "A1", "A")).await;
    play.sheets(batch(
        &play.sheet,
        r#"{"deleteDimension":{"range":{"dimension":"ROWS","startIndex":1,"endIndex":2}}}"#,
    ))
    .await;
    play.append("d").await;
    play.sheets(batch(&play.sheet, r#"{"addSheet":{"properties":{"title":"New"}}},{"deleteSheet":{"sheetId":0}}"#))
        .await;
    play.roll_back().await.unwrap();
    assert_eq!(play.rows().await, r#"[["a"],["b"],["c"]]"#);
    let found = rouage_store::sheets::find(&play.bench.store, play.bench.team, &play.sheet).await.unwrap().unwrap();
    assert_eq!(found.sheets.iter().map(|tab| tab.title.as_str()).collect::<Vec<_>>(), ["Sheet1"]);
    // Somebody else's change to such a spreadsheet stands in the way.
    let play = Play::new(&database).await;
    other(&play, append(&play.sheet, "a")).await;
    play.sheets(batch(
        &play.sheet,
        r#"{"deleteDimension":{"range":{"dimension":"ROWS","startIndex":0,"endIndex":1}}}"#,
    ))
    .await;
    other(&play, append(&play.sheet, "theirs")).await;
    assert!(play.roll_back().await.is_err());
    assert_eq!(play.rows().await, r#"[["theirs"]]"#);
}

async fn a_spreadsheet_that_was_made_goes_away(database: Database) {
    let play = Play::new(&database).await;
    let event = play.stage(StoreEffect::Sheets(sheets::Call::Create { body: Value::empty_collection() })).await;
    let Event::Returned { bundles, .. } = event else { panic!("{event:?}") };
    let id = bundles[0].field("spreadsheetId").as_text().unwrap().to_owned();
    play.sheets(append(&id, "x")).await;
    play.roll_back().await.unwrap();
    assert_eq!(rows(&play.bench.store, play.bench.team, &id).await, "NOT_FOUND");
}

async fn a_message_leaves_the_outbox(database: Database) {
    let play = Play::new(&database).await;
    play.stage(StoreEffect::Mail(mail(&play))).await;
    let count =
        async || mails::list(&play.bench.store, play.bench.team, None, PageRequest::default()).await.unwrap().total;
    assert_eq!(count().await, 1);
    play.roll_back().await.unwrap();
    assert_eq!(count().await, 0);
}

/// F8: the process ends before, between or after; what is on the disk is all
/// or nothing, and what was rolled back is not rolled back again.
async fn a_rollback_after_a_crash_is_made_once(database: Database) {
    let play = Play::new(&database).await;
    play.bench.add("a", r#"{"n":1}"#).await;
    play.put("a", r#"{"n":2}"#).await;
    play.append("x").await;
    // A worker that lost its lease in between changes nothing.
    database.advance(61);
    let again = play.bench.store.claim(1, jiff::SignedDuration::from_secs(60)).await.unwrap().remove(0);
    let rollback = StoreEffect::Rollback { execution: play.job.execution };
    let staged =
        StagedWrite { effect: rollback, finish: Box::new(|_| Event::RolledBack { at: jiff::Timestamp::UNIX_EPOCH }) };
    assert!(matches!(play.write(staged).await, Err(Error::Fenced)));
    let abandoned = transactions::abandon(&play.bench.store, play.job.execution, play.job.fence).await;
    assert_eq!(abandoned, Err(Error::Fenced));
    assert_eq!((play.bench.get("a").await, play.rows().await), (r#"{"n":2}"#.into(), r#"[["x"]]"#.into()));
    // The one that took over has the notes, as they are in the database.
    let store = database.open().await;
    let taken = Play { bench: Bench { store, ..play.bench }, job: again, sheet: play.sheet, next: play.next };
    taken.roll_back().await.unwrap();
    assert_eq!((taken.bench.get("a").await, taken.rows().await), (r#"{"n":1}"#.into(), "null".into()));
    taken.bench.add("a", r#"{"n":7}"#).await;
    taken.roll_back().await.unwrap();
    assert_eq!(taken.bench.get("a").await, r#"{"n":7}"#);
}

async fn an_abandoned_run_leaves_nothing(database: Database) {
    let play = Play::new(&database).await;
    play.put("a", "{}").await;
    transactions::abandon(&play.bench.store, play.job.execution, play.job.fence).await.unwrap();
    assert_eq!(play.bench.get("a").await, "null");
    // What somebody else has changed stays, and is not looked at again.
    play.put("b", "{}").await;
    play.bench.add("b", r#"{"n":1}"#).await;
    transactions::abandon(&play.bench.store, play.job.execution, play.job.fence).await.unwrap();
    play.roll_back().await.unwrap();
    assert_eq!(play.bench.get("b").await, r#"{"n":1}"#);
}

async fn with_auto_commit_nothing_is_noted(database: Database) {
    let play = Play::new(&database).await;
    let call = Call::Add { store: play.bench.id, key: Some("a".into()), data: Collection::new(), overwrite: true };
    play.settle(StoreEffect::Datastore(call)).await;
    play.settle(StoreEffect::Sheets(append(&play.sheet, "x"))).await;
    play.roll_back().await.unwrap();
    assert_eq!((play.bench.get("a").await, play.rows().await), ("{}".into(), r#"[["x"]]"#.into()));
}
