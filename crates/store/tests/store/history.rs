//! The history: listed by a key, searched, pruned by policy, and without the
//! bundles of confidential runs.

use rouage_model::execution::{IncompleteReason, Origin, Status};
use rouage_model::journal::Event;
use rouage_model::{Collection, ErrorKind, ExecutionId, ModuleError, ModuleId, OperationId, Value, Version};
use rouage_store::executions::{self, Filter, Found, Key, Search};
use rouage_store::retention::{self, Own, Policy};
use rouage_store::{
    Job, Lineage, NewExecution, NewIncomplete, StagedWrite, StoreEffect, Update, deliveries, incompletes, journal,
    scenarios,
};

use crate::fixtures::{World, append};
use crate::support::{Database, on_both_databases};

on_both_databases! {
    the_list_goes_on_from_a_key,
    the_list_is_filtered,
    a_text_is_found_wherever_it_is,
    runs_say_where_they_come_from,
    the_oldest_go_by_age_by_number_and_by_size,
    what_is_needed_stays,
    a_variant_goes_with_its_last_run,
    requests_of_no_run_go_by_age,
    the_bundles_of_a_confidential_run_go,
    bundles_stay_while_something_open_needs_them,
    a_policy_comes_back,
}

async fn list(world: &World, filter: &Filter, after: Option<Key>, limit: u32) -> Found {
    executions::list(&world.store, world.team, filter, after, limit).await.unwrap()
}

async fn ids(world: &World, filter: Filter) -> Vec<ExecutionId> {
    list(world, &filter, None, 100).await.items.into_iter().map(|execution| execution.id).collect()
}

fn ended(world: &World, status: Status) -> Update {
    world.finished(status)
}

/// A run that has ended, with this in its output.
async fn run(world: &World, status: Status, text: &str) -> Job {
    let job = world.job().await;
    let event = returned(world, text);
    let update = ended(world, status);
    world.store.append(append(job.execution, world.scenario, job.fence, 1, vec![event], update)).await.unwrap();
    job
}

fn returned(world: &World, text: &str) -> Event {
    Event::Returned {
        at: world.store.clock().now(),
        operation: OperationId(1),
        module: ModuleId(2),
        bundles: vec![Collection::from_iter([("text", text)]).into()],
    }
}

async fn the_list_goes_on_from_a_key(database: Database) {
    let world = World::new(database.open().await).await;
    let mut all = Vec::new();
    for number in 0..7 {
        // Some of the same moment: the id decides.
        if number % 2 == 0 {
            database.advance(1);
        }
        all.push(run(&world, Status::Success, "x").await.execution);
    }
    all.sort();
    all.reverse();
    let (mut seen, mut after) = (Vec::new(), None);
    for _ in 0..4 {
        let found = list(&world, &Filter::default(), after, 2).await;
        assert_eq!(found.reached, None);
        seen.extend(found.items.iter().map(|execution| execution.id));
        after = found.next;
    }
    assert_eq!((seen, after), (all, None));
}

async fn the_list_is_filtered(database: Database) {
    let world = World::new(database.open().await).await;
    let failed = run(&world, Status::Error, "x").await.execution;
    database.advance(60);
    let later = world.store.clock().now();
    let (good, active) = (run(&world, Status::Success, "y").await.execution, world.job().await.execution);
    let filter = Filter::default;
    assert_eq!(ids(&world, filter()).await.len(), 3);
    assert_eq!(ids(&world, Filter { to: Some(later), ..filter() }).await, [failed]);
    assert_eq!(ids(&world, Filter { from: Some(later), ..filter() }).await.len(), 2);
    for (status, expected) in [(Status::Error, failed), (Status::Success, good), (Status::Running, active)] {
        assert_eq!(ids(&world, Filter { status: Some(status), ..filter() }).await, [expected]);
    }
    assert_eq!(ids(&world, Filter { status: Some(Status::Warning), ..filter() }).await, []);
    let counts = executions::recent_counts(&world.store, world.team, world.scenario).await.unwrap();
    assert_eq!((counts.error, counts.success, counts.running, counts.active()), (1, 1, 1, 1));
    assert_eq!(executions::counts(&world.store, world.team, world.scenario).await.unwrap(), counts);
    let manual = NewExecution { origin: Origin::Manual, ..world.execution(true) };
    let job = world.store.start(manual).await.unwrap();
    let mut update = ended(&world, Status::Success);
    if let Update::Finished { name, is_check, .. } = &mut update {
        (*name, *is_check) = (Some("Order 7".into()), true);
    }
    world.store.append(append(job.execution, world.scenario, job.fence, 1, vec![], update)).await.unwrap();
    assert_eq!(ids(&world, Filter { origin: Some(Origin::Manual), ..filter() }).await, [job.execution]);
    assert_eq!(ids(&world, Filter { no_checks: true, ..filter() }).await.len(), 3);
    let found = executions::find(&world.store, world.team, job.execution).await.unwrap().unwrap();
    assert_eq!((found.name.as_deref(), found.is_check), (Some("Order 7"), true));
    assert_eq!(ids(&world, Filter { text: Some(Search("order 7".into())), ..filter() }).await, [job.execution]);
}

async fn a_text_is_found_wherever_it_is(database: Database) {
    let world = World::new(database.open().await).await;
    let by_output = run(&world, Status::Success, "Say \"Été\" 100%").await.execution;
    let by_error = run(&world, Status::Error, "x").await.execution;
    let other = run(&world, Status::Success, "100").await.execution;
    let search = async |text: &str| ids(&world, Filter { text: Some(Search(text.into())), ..Filter::default() }).await;
    assert_eq!(search("say \"").await, [by_output]);
    assert_eq!(search("ÉTÉ").await, [by_output]);
    assert_eq!(search("100%").await, [by_output]);
    assert_eq!(search("REFUSED").await, [by_error]);
    // What the trigger gave.
    assert_eq!(search("order-1").await.len(), 3);
    assert_eq!(search(&other.to_string()).await, [other]);
    assert_eq!(search("nowhere").await, []);
}

async fn runs_say_where_they_come_from(database: Database) {
    let world = World::new(database.open().await).await;
    let source = run(&world, Status::Error, "x").await.execution;
    let lineage = Lineage::Replay { source };
    let replay = NewExecution { origin: Origin::Replay, lineage, ..world.execution(true) };
    let replay = world.store.start(replay).await.unwrap().execution;
    let found = list(&world, &Filter::default(), None, 10).await.items;
    let of = |id| found.iter().find(|execution| execution.id == id).unwrap().lineage;
    assert_eq!((of(replay), of(source)), (lineage, Lineage::None));
}

const ALL: Policy = Policy { days: 0, runs: 0, bytes: 0 };

async fn surplus(world: &World, policy: Policy) -> Vec<ExecutionId> {
    let excess = retention::excess(&world.store, world.scenario, policy).await.unwrap();
    retention::surplus(&world.store, &excess, 100).await.unwrap()
}

async fn prune(world: &World, policy: Policy) -> u64 {
    let ids = surplus(world, policy).await;
    let mut tx = world.store.begin().await.unwrap();
    let gone = retention::delete(&mut tx, &ids).await.unwrap();
    tx.commit().await.unwrap();
    gone
}

async fn the_oldest_go_by_age_by_number_and_by_size(database: Database) {
    let world = World::new(database.open().await).await;
    let mut all = Vec::new();
    for _ in 0..6 {
        all.push(run(&world, Status::Success, "some text").await.execution);
        database.advance(24 * 3600);
    }
    assert!(surplus(&world, ALL).await.is_empty());
    // The newest is a day old now.
    assert_eq!(surplus(&world, Policy { days: 5, ..ALL }).await, all[..1]);
    assert_eq!(surplus(&world, Policy { runs: 4, ..ALL }).await, all[..2]);
    let size = executions::find(&world.store, world.team, all[0]).await.unwrap().unwrap().size;
    assert!(size > 0);
    assert_eq!(surplus(&world, Policy { bytes: size * 3, ..ALL }).await, all[..3]);
    // A run that is larger than everything allowed is kept while it is the newest.
    assert_eq!(surplus(&world, Policy { bytes: 1, ..ALL }).await, all[..5]);
    assert_eq!(prune(&world, Policy { runs: 4, ..ALL }).await, 2);
    assert!(journal::events(&world.store, all[1]).await.unwrap().is_empty());
    assert_eq!(journal::events(&world.store, all[2]).await.unwrap().len(), 2);
    let log = deliveries::list(&world.store, world.team, world.hook, Default::default()).await.unwrap();
    assert_eq!(log.total, 4);
}

async fn park(world: &World, job: &Job) {
    let error = ModuleError::new(ErrorKind::DataError, "bad");
    let (operation, module) = (OperationId(1), ModuleId(2));
    let incomplete = NewIncomplete {
        team: world.team,
        scenario: world.scenario,
        execution: job.execution,
        operation,
        module,
        reason: IncompleteReason::Error,
        error: error.clone(),
        state: Value::Undefined,
        size: 0,
        retry_at: None,
        policy: incompletes::Policy::default(),
    };
    let at = world.store.clock().now();
    let finish = Box::new(move |_| Event::Parked { at, operation, module, error });
    world.stage(job, 1, StagedWrite { effect: StoreEffect::Incomplete(incomplete), finish }).await.unwrap();
}

async fn what_is_needed_stays(database: Database) {
    let world = World::new(database.open().await).await;
    let (active, parked) = (world.job().await, world.job().await);
    park(&world, &parked).await;
    world.append(&parked, 2, ended(&world, Status::Warning)).await.unwrap();
    let done = run(&world, Status::Success, "x").await.execution;
    database.advance(100 * 24 * 3600);
    let strict = Policy { days: 1, runs: 1, bytes: 1 };
    assert_eq!(surplus(&world, Policy { days: 1, ..ALL }).await, [done]);
    // Also when somebody asks for it by name.
    let mut tx = world.store.begin().await.unwrap();
    assert_eq!(retention::delete(&mut tx, &[active.execution, parked.execution]).await.unwrap(), 0);
    tx.commit().await.unwrap();
    prune(&world, Policy { days: 1, ..ALL }).await;
    assert_eq!(surplus(&world, strict).await, []);
    let open = incompletes::open_ids(&world.store, world.team, &incompletes::Filter::default()).await.unwrap();
    let mut tx = world.store.begin().await.unwrap();
    incompletes::delete(&mut tx, world.team, open[0]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(surplus(&world, Policy { days: 1, ..ALL }).await, [parked.execution]);
    assert_eq!(ids(&world, Filter::default()).await.len(), 2);
}

async fn a_variant_goes_with_its_last_run(database: Database) {
    let world = World::new(database.open().await).await;
    let blueprint = crate::fixtures::blueprint("Orders");
    let mut tx = world.store.begin().await.unwrap();
    let variant = scenarios::create_variant(&mut tx, world.team, world.scenario, &blueprint, &Value::Undefined);
    let version: Version = variant.await.unwrap();
    tx.commit().await.unwrap();
    let mut runs = Vec::new();
    for _ in 0..2 {
        let new = NewExecution { version, origin: Origin::Manual, ..world.execution(true) };
        let job = world.store.start(new).await.unwrap();
        world.append(&job, 1, ended(&world, Status::Success)).await.unwrap();
        runs.push(job.execution);
        database.advance(1);
    }
    let is_there = async || scenarios::find_version(&world.store, world.scenario, version).await.unwrap().is_some();
    for (run, stays) in runs.iter().zip([true, false]) {
        let mut tx = world.store.begin().await.unwrap();
        retention::delete(&mut tx, &[*run]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(is_there().await, stays);
    }
    assert!(scenarios::find_version(&world.store, world.scenario, Version(1)).await.unwrap().is_some());
}

async fn requests_of_no_run_go_by_age(database: Database) {
    use rouage_store::{Accept, AcceptOutcome};
    let world = World::new(database.open().await).await;
    let send = async |outcome| {
        let accept = Accept { team: world.team, hook: world.hook, delivery: world.delivery(), outcome };
        world.store.accept(accept).await.unwrap().delivery.0
    };
    let refused = || AcceptOutcome::Refused { reason: "no".into() };
    let old = send(refused()).await;
    send(AcceptOutcome::Queue { payload: vec![Value::from(1)] }).await;
    let ran = world.accept(true).await.delivery.0;
    database.advance(3600);
    let before = world.store.clock().now();
    send(refused()).await;
    let found = retention::old_requests(&world.store, 0, before, 100).await.unwrap();
    assert_eq!(found, (vec![old], Some(ran)));
    let mut tx = world.store.begin().await.unwrap();
    retention::delete_requests(&mut tx, &found.0).await.unwrap();
    tx.commit().await.unwrap();
    let log = deliveries::list(&world.store, world.team, world.hook, Default::default()).await.unwrap();
    assert_eq!(log.total, 3);
    assert_eq!(retention::old_requests(&world.store, ran, before, 100).await.unwrap(), (vec![], None));
}

fn confidential(world: &World) -> Update {
    let mut update = ended(world, Status::Success);
    if let Update::Finished { is_confidential, .. } = &mut update {
        *is_confidential = true;
    }
    update
}

async fn the_bundles_of_a_confidential_run_go(database: Database) {
    let world = World::new(database.open().await).await;
    let accepted = world.accept(true).await;
    let job = accepted.job.unwrap();
    let events = vec![returned(&world, "a secret")];
    world
        .store
        .append(append(job.execution, world.scenario, job.fence, 1, events, confidential(&world)))
        .await
        .unwrap();
    assert_eq!(retention::confidential_due(&world.store, 10).await.unwrap(), [job.execution]);
    retention::remove_bundles(&world.store, job.execution).await.unwrap();
    retention::remove_bundles(&world.store, job.execution).await.unwrap();
    assert_eq!(retention::confidential_due(&world.store, 10).await.unwrap(), []);
    let empty = || vec![Value::empty_collection()];
    match &journal::events(&world.store, job.execution).await.unwrap()[..] {
        [Event::Started { bundles: Some(started), .. }, Event::Returned { bundles, operation, .. }] => {
            assert_eq!((started, bundles, operation.0), (&empty(), &empty(), 1));
        }
        other => panic!("{other:?}"),
    }
    let request = deliveries::find(&world.store, world.team, accepted.delivery).await.unwrap().unwrap();
    assert_eq!((request.query.as_str(), request.headers.len()), ("", 0));
    assert!(executions::find(&world.store, world.team, job.execution).await.unwrap().unwrap().is_confidential);
    let search = Filter { text: Some(Search("secret".into())), ..Filter::default() };
    assert_eq!(ids(&world, search).await, []);
}

async fn bundles_stay_while_something_open_needs_them(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    park(&world, &job).await;
    world
        .store
        .append(append(job.execution, world.scenario, job.fence, 2, vec![], confidential(&world)))
        .await
        .unwrap();
    assert_eq!(retention::confidential_due(&world.store, 10).await.unwrap(), []);
    retention::remove_bundles(&world.store, job.execution).await.unwrap();
    let first = journal::events(&world.store, job.execution).await.unwrap().remove(0);
    let Event::Started { bundles: Some(bundles), .. } = first else { panic!() };
    assert_ne!(bundles, [Value::empty_collection()]);
}

async fn a_policy_comes_back(database: Database) {
    let world = World::new(database.open().await).await;
    assert_eq!(retention::server(&world.store).await.unwrap(), None);
    let policy = Policy { days: 30, runs: 0, bytes: 1_000_000_000_000 };
    let own = Own { days: Some(0), runs: None, bytes: Some(5) };
    let mut tx = world.store.begin().await.unwrap();
    retention::set_server(&mut tx, policy).await.unwrap();
    retention::set_own(&mut tx, world.team, world.scenario, Own::default()).await.unwrap();
    retention::set_own(&mut tx, world.team, world.scenario, own).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(retention::server(&world.store).await.unwrap(), Some(policy));
    assert_eq!(retention::own(&world.store, world.scenario).await.unwrap(), own);
    assert_eq!(retention::scenarios(&world.store).await.unwrap(), [(world.scenario, own)]);
    assert_eq!(own.over(policy), Policy { days: 0, runs: 0, bytes: 5 });
    assert!(retention::disk_use(&world.store).await.unwrap().bytes > 0);
}

/// Runs with a large output.
async fn many_large_runs(world: &World, count: usize) -> Vec<ExecutionId> {
    let text = "x".repeat(20_000);
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        all.push(run(world, Status::Success, &text).await.execution);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_gives_the_space_of_old_runs_back_to_the_disk() {
    let database = Database::sqlite();
    let world = World::new(database.open().await).await;
    let all = many_large_runs(&world, 200).await;
    let before = retention::disk_use(&world.store).await.unwrap();
    assert!(before.bytes > 4_000_000, "{before:?}");
    let mut tx = world.store.begin().await.unwrap();
    assert_eq!(retention::delete(&mut tx, &all).await.unwrap(), 200);
    tx.commit().await.unwrap();
    let freed = retention::disk_use(&world.store).await.unwrap();
    assert!(freed.free > 4_000_000 && freed.bytes >= before.bytes, "{freed:?}");
    world.store.reclaim(100).await.unwrap();
    let some = retention::disk_use(&world.store).await.unwrap();
    assert_eq!((freed.free - some.free) / 4096, 100, "so many pages at a time");
    world.store.reclaim(100_000).await.unwrap();
    let after = retention::disk_use(&world.store).await.unwrap();
    assert!(after.free == 0 && after.bytes < before.bytes / 4, "{after:?}");
    world.store.close().await;
    let path = database.url.trim_start_matches("sqlite://");
    assert!(std::fs::metadata(path).unwrap().len() < 1_000_000);
}

/// Fault case F13.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_runs_can_be_deleted_from_a_full_file() {
    let database = Database::sqlite();
    let world = World::new(database.open().await).await;
    let all = many_large_runs(&world, 50).await;
    let used = retention::disk_use(&world.store).await.unwrap();
    world.store.limit_sqlite_pages(used.bytes / 4096).await.unwrap();
    let mut refused = 0;
    for _ in 0..20 {
        let accepted = world.store.accept(world.request(false)).await;
        refused += u32::from(accepted == Err(rouage_store::Error::Full));
    }
    assert!(refused > 0);
    let mut tx = world.store.begin().await.unwrap();
    assert_eq!(retention::delete(&mut tx, &all[..25]).await.unwrap(), 25);
    tx.commit().await.unwrap();
    world.accept(false).await;
}

#[tokio::test]
async fn space_is_set_aside_beside_the_file() {
    let database = Database::sqlite();
    let world = World::new(database.open().await).await;
    let path = format!("{}.reserve", database.url.trim_start_matches("sqlite://"));
    world.store.keep_reserve().await;
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 16_000_000);
    assert!(world.store.release_reserve().await);
    assert!(!std::path::Path::new(&path).exists());
    assert!(!world.store.release_reserve().await);
}
