//! Every type of value comes back from the database as it went in.

use rouage_model::journal::Event;
use rouage_model::{ModuleId, OperationId, Value, tagged};
use rouage_store::{Update, journal};

use crate::fixtures::{World, append};
use crate::support::{Database, on_both_databases};

on_both_databases! {
    the_journal_keeps_every_type_apart,
}

const BUNDLE: &str = r#"{"date":{"$date":"2026-11-24T08:00:00.123456789Z"},"buffer":{"$buffer":"00ff","encoding":"latin1"},
    "digits":12345678901234567890123,"null":null,"empty":"","missing":{"$undefined":true},"ignore":{"$ignore":true},
    "erase":{"$erase":true},"none":[],"nothing":{},"infinite":{"$number":"inf"},"list":[null,{"$undefined":true},""],
    "lookalike":{"$collection":{"$date":"no date"}},"nul":"a\u0000b","emoji":"😀"}"#;

async fn the_journal_keeps_every_type_apart(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    let bundle = tagged::parse(BUNDLE.as_bytes()).unwrap();
    let returned = Event::Returned {
        at: world.store.clock().now(),
        operation: OperationId(1),
        module: ModuleId(2),
        bundles: vec![bundle.clone()],
    };
    let events = vec![world.called(1), returned.clone()];
    let append = append(job.execution, world.scenario, job.fence, 1, events, Update::None);
    world.store.append(append).await.unwrap();

    // Another store, so that nothing comes from memory.
    let events = journal::events(&database.open().await, job.execution).await.unwrap();
    assert_eq!(events.last(), Some(&returned));
    let Some(Event::Returned { bundles, .. }) = events.last() else { panic!("it is the event of before") };
    for (name, kind) in [("missing", Value::Undefined), ("ignore", Value::Ignore), ("erase", Value::Erase)] {
        assert_eq!(bundles[0].get(name), Some(&kind), "{name}");
    }
    assert_eq!((bundles[0].get("null"), bundles[0].get("empty")), (Some(&Value::Null), Some(&Value::text(""))));
    assert_eq!(bundles[0].get("absent"), None);
}
