//! Stored shapes of version 1, written by hand and read by today's code.
//!
//! A data folder outlives the program that wrote it: whatever stands in
//! `testdata/compat/` must be read for ever, and what is written today must
//! be the same text. A line is never changed; a new shape is a new file with
//! the next version, and the old one stays. `tests/architecture.rs` holds the
//! list of the shapes.
//!
//! Blueprints are stored as they came and have `tests/blueprints.rs`.

use std::collections::BTreeSet;
use std::path::Path;

use rouage_model::error::{Certainty, ErrorKind, ModuleError};
use rouage_model::journal::Event;
use rouage_model::scenario::Scheduling;
use rouage_model::structure::Structure;
use rouage_model::value::Number;
use rouage_model::{Buffer, Content, Value, json, tagged};

fn lines(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/compat").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{} is read: {error}", path.display()));
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert!(!lines.is_empty(), "{file} is empty");
    lines
}

/// Reads each line as tagged JSON and expects the same text back.
fn same_tagged(file: &str) -> Vec<Value> {
    let mut values = Vec::new();
    for line in lines(file) {
        let value = tagged::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{file}: {error}: {line}"));
        assert_eq!(tagged::to_string(&value), line);
        values.push(value);
    }
    values
}

/// All names an event is stored under. A new variant does not compile here
/// until it has a name in this list, and then it needs a line in the fixture.
fn stored_name(event: &Event) -> &'static str {
    match event {
        Event::Started { .. } => "started",
        Event::Called { .. } => "called",
        Event::Returned { .. } => "returned",
        Event::Failed { .. } => "failed",
        Event::Retrying { .. } => "retrying",
        Event::Sleeping { .. } => "sleeping",
        Event::Parked { .. } => "parked",
        Event::Interrupted { .. } => "interrupted",
        Event::Committed { .. } => "committed",
        Event::RolledBack { .. } => "rolled-back",
        Event::Finished { .. } => "finished",
    }
}

const EVENTS: [&str; 11] = [
    "called",
    "committed",
    "failed",
    "finished",
    "interrupted",
    "parked",
    "retrying",
    "returned",
    "rolled-back",
    "sleeping",
    "started",
];

#[test]
fn events_of_the_journal_are_read_and_written_as_before() {
    let mut seen = BTreeSet::new();
    for line in lines("journal-v1.jsonl") {
        let event = Event::decode(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(event.encode(), line);
        assert!(line.starts_with(&format!(r#"{{"event":"{}""#, stored_name(&event))), "{line}");
        seen.insert(stored_name(&event));
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), EVENTS, "every kind of event has a line");
}

#[test]
fn what_an_event_says_is_not_lost() {
    let events: Vec<Event> =
        lines("journal-v1.jsonl").iter().map(|line| Event::decode(line.as_bytes()).expect("it is read")).collect();
    assert!(matches!(&events[0], Event::Started { bundles: None, .. }));
    assert!(matches!(&events[1], Event::Started { bundles: Some(bundles), .. } if bundles.len() == 1));
    assert!(matches!(&events[2], Event::Called { attempt: 1, note: Value::Undefined, .. }));
    assert!(matches!(&events[3], Event::Called { note, .. } if note.field("lastRow").as_i64() == Some(57)));
    assert!(matches!(&events[6], Event::Failed { error, .. } if error.details.len() == 2));
    assert!(matches!(&events[7], Event::Retrying { error, .. } if error.retry_after == Some(60)));
    assert!(matches!(&events[9], Event::Parked { error, .. } if error.certainty == Certainty::MaybeApplied));
}

#[test]
fn tagged_values_are_read_and_written_as_before() {
    let values = same_tagged("tagged-v1.jsonl");
    assert!(matches!(&values[4], Value::Date(date) if date.as_millisecond() == 1_795_507_200_123));
    assert!(matches!(&values[6], Value::Buffer(buffer) if buffer.held() == [0, 255] && buffer.encoding.is_none()));
    assert!(matches!(&values[7], Value::Buffer(buffer) if buffer.encoding.as_deref() == Some("latin1")));
    assert_eq!(values[8..11], [Value::Undefined, Value::Ignore, Value::Erase]);
    assert!(matches!(&values[11], Value::Number(Number::Float(float)) if float.is_nan()));
    assert_eq!(values[13].field("$date").as_text(), Some("not a date"));
    let file = |at: usize| match &values[at] {
        Value::Buffer(Buffer { content: Content::Stored(file), encoding }) => (file.size, encoding.as_deref()),
        other => panic!("{other:?} is no stored file"),
    };
    assert_eq!((file(15), file(16)), ((3_145_728, None), (300_000, Some("utf8"))));
}

/// The names of links are `<module id>.<field>`; `runtime::links` looks them
/// up by this text.
#[test]
fn links_of_a_scenario_are_read_and_written_as_before() {
    for links in same_tagged("links-v1.jsonl") {
        for name in links.as_collection().expect("links are a collection").keys() {
            let (module, field) = name.split_once('.').expect("a name has a dot");
            assert!(module.parse::<i64>().is_ok() && !field.is_empty(), "{name}");
        }
    }
}

#[test]
fn waiting_requests_are_read_and_written_as_before() {
    for payload in same_tagged("payload-v1.jsonl") {
        assert!(payload.as_array().is_some(), "a payload is a list of bundles");
    }
}

/// Where a polling trigger starts and how far it has come; what they mean is
/// tested beside `sdk::polling`, which reads the same file.
#[test]
fn positions_of_triggers_are_read_and_written_as_before() {
    for position in same_tagged("position-v1.jsonl") {
        assert!(position.as_collection().is_some(), "a position is a collection");
    }
}

#[test]
fn data_structures_are_read_and_written_as_before() {
    for line in lines("structure-v1.jsonl") {
        let value = json::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}"));
        let structure = Structure::parse(&value).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(json::to_string(&structure.to_value()), line);
    }
}

#[test]
fn records_of_data_stores_are_read_and_written_as_before() {
    for record in same_tagged("record-v1.jsonl") {
        assert!(record.as_collection().is_some(), "a record is a collection");
    }
}

/// A run may wait over an update of the program: `store::sheets::undo` puts
/// such a spreadsheet back by these names.
#[test]
fn spreadsheets_in_the_undo_log_are_read_and_written_as_before() {
    for book in same_tagged("undo-v1.jsonl") {
        assert!(book.field("title").as_text().is_some());
        let sheets = book.field("sheets").as_array().expect("a list of sheets");
        assert!(sheets.iter().all(|sheet| sheet.field("id").as_i64().is_some()));
    }
}

#[test]
fn scheduling_is_read_and_written_as_before() {
    let read: Vec<Scheduling> = lines("scheduling-v1.jsonl").iter().map(|line| same_scheduling(line)).collect();
    let expected = [
        Scheduling::immediately(),
        Scheduling { maximum_runs_per_minute: Some(30), ..Scheduling::immediately() },
        Scheduling::every(900),
        Scheduling::on_demand(),
    ];
    assert_eq!(read[..expected.len()], expected);
    let types: Vec<_> = read[expected.len()..].iter().map(Scheduling::type_name).collect();
    assert_eq!(types, ["once", "once", "daily", "weekly", "monthly", "yearly", "indefinitely"]);
    let last = &read[read.len() - 1];
    assert_eq!((last.windows.len(), last.other.len()), (2, 1));
}

fn same_scheduling(line: &str) -> Scheduling {
    let scheduling = Scheduling::parse(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert_eq!(scheduling.to_json(), line);
    scheduling
}

#[test]
fn errors_of_incomplete_executions_are_read_and_written_as_before() {
    let read: Vec<ModuleError> = lines("error-v1.jsonl").iter().map(|line| same_serde(line)).collect();
    assert_eq!(read[0], ModuleError::data("the sheet is not there"));
    let limited =
        ModuleError::new(ErrorKind::RateLimitError, "too many requests").retry_after(Some(60)).maybe_applied();
    assert_eq!(read[1], ModuleError { details: vec!["first".into(), "second".into()], ..limited });
}

fn same_serde<T: serde::Serialize + serde::de::DeserializeOwned>(line: &str) -> T {
    let value: T = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert_eq!(serde_json::to_string(&value).expect("it is written"), line);
    value
}
