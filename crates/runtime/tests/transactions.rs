//! Auto commit off: what a run did to data stores, spreadsheets and the outbox
//! is kept or undone as a whole, whenever the process is killed (F8).

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rouage_model::datastore::Call as Records;
use rouage_model::execution::Status;
use rouage_model::{Collection, DatastoreId, ErrorKind, ExecutionId, ModuleError, Value, json};
use rouage_runtime::Parts;
use rouage_sdk::{
    App, Call, Effect, Field, FieldKind, Kind, Module, Outcome, Registry, Settled, Spec, Staged, StagedEffect,
};
use rouage_store::datastores::{self, Settings};
use rouage_store::{Error, Fence, mails, scenarios, transactions};
use support::{Play, Process, Scenario, World, killed, page};

/// `keep:Record`: puts `{text}` under a key.
struct KeepRecord(Spec);

#[async_trait]
impl Module for KeepRecord {
    fn spec(&self) -> &Spec {
        &self.0
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let store = DatastoreId(call.parameters.integer("datastore").unwrap());
        let data = Collection::from_iter([("text", call.input.raw("text").clone())]);
        let key = call.input.text("key").map(Into::into);
        let effect =
            StagedEffect::Datastore(Records::Add { store, key, data, overwrite: call.input.is_true("overwrite") });
        Ok(Outcome::Staged(Staged { effect, finish: Box::new(|answer| Ok(vec![answer])) }))
    }
}

fn keep() -> App {
    let spec = Spec::new("keep:Record", 1, "Keep", Kind::Action, Effect::Idempotent)
        .parameters(vec![Field::new("datastore", "Data store", FieldKind::Datastore).required()])
        .mapper(vec![Field::text("key", "Key"), Field::text("text", "Text"), Field::boolean("overwrite", "Overwrite")]);
    App {
        name: "keep",
        label: "Keep",
        color: "#000000",
        icon: "database",
        synonyms: &[],
        modules: vec![Arc::new(KeepRecord(spec))],
        connections: vec![],
    }
}

fn with_keep(parts: &mut Parts) {
    let mut apps = parts.registry.apps().to_vec();
    apps.push(keep());
    parts.registry = Registry::new(apps);
}

const MODULES: &str = r#"{"id":2,"module":"keep:Record","version":1,"parameters":{"datastore":4711},"mapper":{"key":"a","text":"{{1.text}}","overwrite":true}},
    {"id":3,"module":"keep:Record","version":1,"parameters":{"datastore":4711},"mapper":{"key":"new","text":"n","overwrite":true}},
    {"id":4,"module":"test:Mail","version":1,"mapper":{"text":"a message"}},
    {"id":5,"module":"test:Write","version":1,"mapper":{"text":"{{1.text}}"}}"#;
const OFF: &str = r#"{"autoCommit":false}"#;

struct Bench {
    process: Process,
    store: DatastoreId,
}

impl Bench {
    /// Waits until a module hangs.
    async fn until_hangs(&self) {
        let hangs = tokio::time::timeout(Duration::from_secs(20), self.process.script.hangs.notified()).await;
        assert!(hangs.is_ok(), "no module was reached that hangs");
    }

    async fn new(world: &World) -> Self {
        let process = world.process_with(with_keep).await;
        let settings = Settings { name: "Kept".into(), structure: None, max_size: 1_000_000 };
        let mut tx = process.store.begin().await.unwrap();
        let store = datastores::create(&mut tx, process.team, settings).await.unwrap();
        tx.commit().await.unwrap();
        Self { process, store }
    }

    /// The next process; the data store is the only one.
    async fn again(world: &World, settled: Settled) -> Self {
        let process = world
            .process_scripted(
                |script| {
                    script.settle(Ok(settled));
                    script.play("test:Write", Play::Fail(refused()));
                },
                with_keep,
            )
            .await;
        let store = datastores::list(&process.store, process.team).await.unwrap()[0].id;
        Self { process, store }
    }

    async fn scenario(&self, settings: &str) -> Scenario {
        let scenario = self.process.scenario(MODULES, settings).await;
        let links = Collection::from_iter([("2.datastore", self.store.0), ("3.datastore", self.store.0)]);
        let mut tx = self.process.store.begin().await.unwrap();
        scenarios::set_links(&mut tx, self.process.team, scenario.id, &links.into()).await.unwrap();
        tx.commit().await.unwrap();
        self.process.control.refresh().await;
        scenario
    }

    async fn put(&self, key: &str, text: &str) {
        let data = Collection::from_iter([("text", text)]);
        let call = Records::Add { store: self.store, key: Some(key.into()), data, overwrite: true };
        let mut tx = self.process.store.begin().await.unwrap();
        datastores::execute(&mut tx, self.process.team, &call, None).await.unwrap().unwrap();
        tx.commit().await.unwrap();
    }

    /// The texts of both records and the count of messages.
    async fn kept(&self) -> String {
        let get = async |key: &str| {
            let call = Records::Get { store: self.store, key: key.into() };
            let found = datastores::read(&self.process.store, self.process.team, &call).await.unwrap().unwrap();
            json::to_string(found.field("data").field("text"))
        };
        let mails = mails::list(&self.process.store, self.process.team, None, page()).await.unwrap().total;
        format!("{} {} {mails}", get("a").await, get("new").await)
    }

    async fn run(&self, settings: &str, play: Play) -> (ExecutionId, Status) {
        let scenario = self.scenario(settings).await;
        self.process.script.play("test:Write", play);
        let execution = self.process.send(&scenario, "mine").await;
        (execution, self.process.until_over(execution).await.status)
    }
}

fn refused() -> ModuleError {
    ModuleError::new(ErrorKind::DataError, "refused")
}

#[test]
fn an_error_undoes_everything_since_the_cycle_began() {
    let world = World::new();
    killed(async {
        let bench = Bench::new(&world).await;
        bench.put("a", "before").await;
        let (execution, status) = bench.run(OFF, Play::Fail(refused())).await;
        assert_eq!((status, bench.kept().await.as_str()), (Status::Error, "\"before\" null 0"));
        assert!(bench.process.event_names(execution).await.contains(&"rolled-back"));
    });
}

#[test]
fn with_auto_commit_what_was_done_stays() {
    let world = World::new();
    killed(async {
        let bench = Bench::new(&world).await;
        let (_, status) = bench.run("{}", Play::Fail(refused())).await;
        assert_eq!((status, bench.kept().await.as_str()), (Status::Error, "\"mine\" \"n\" 1"));
    });
}

#[test]
fn a_commit_keeps_it_and_forgets_how_to_undo_it() {
    let world = World::new();
    killed(async {
        let bench = Bench::new(&world).await;
        let (execution, status) = bench.run(OFF, Play::Nothing).await;
        assert!(matches!(transactions::abandon(&bench.process.store, execution, Fence(1)).await, Err(Error::Fenced)));
        assert_eq!((status, bench.kept().await.as_str()), (Status::Success, "\"mine\" \"n\" 1"));
        assert!(bench.process.event_names(execution).await.contains(&"committed"));
    });
}

#[test]
fn a_run_that_was_killed_in_the_middle_is_undone_by_the_next_process() {
    let world = World::new();
    let execution = killed(async {
        let bench = Bench::new(&world).await;
        bench.put("a", "before").await;
        let scenario = bench.scenario(OFF).await;
        bench.process.script.play("test:Write", Play::Hang);
        let execution = bench.process.send(&scenario, "mine").await;
        bench.until_hangs().await;
        assert_eq!(bench.kept().await, "\"mine\" \"n\" 1", "others see it while the run goes on");
        execution
    });
    killed(async {
        let bench = Bench::again(&world, Settled::DidNotHappen).await;
        assert_eq!(bench.process.until_over(execution).await.status, Status::Error);
        assert_eq!(bench.kept().await, "\"before\" null 0");
    });
    killed(async {
        // What is over stays as it is.
        let bench = Bench::again(&world, Settled::Unknown).await;
        assert_eq!(bench.kept().await, "\"before\" null 0");
    });
}

#[test]
fn what_somebody_else_changed_meanwhile_is_an_inconsistency_and_nothing_is_undone() {
    let world = World::new();
    killed(async {
        let bench = Bench::new(&world).await;
        bench.put("a", "before").await;
        let scenario = bench.scenario(OFF).await;
        bench.process.script.play("test:Write", Play::Hang);
        bench.process.script.play("test:Write", Play::Fail(refused()));
        let modules = bench.process.send(&scenario, "mine").await;
        bench.until_hangs().await;
        bench.put("a", "theirs").await;
        bench.process.control.stop(bench.process.team, modules).await.ok();
        bench.process.script.go_on.notify_one();
        bench.process.until_over(modules).await;
        // Stopped by hand: what cannot be undone stays, all of it.
        assert_eq!(bench.kept().await, "\"theirs\" \"n\" 1");
    });
    let world = World::new();
    killed(async {
        let bench = Bench::new(&world).await;
        let execution = killed_by_conflict(&bench).await;
        let found = bench.process.execution(execution).await;
        assert!(found.error.as_deref().unwrap_or_default().starts_with("InconsistencyError"), "{found:?}");
        assert_eq!(bench.kept().await, "\"theirs\" \"n\" 1");
    });
}

/// A run that fails after somebody else has changed its record.
async fn killed_by_conflict(bench: &Bench) -> ExecutionId {
    let failing = format!(r#"{MODULES},{{"id":6,"module":"test:Idempotent","version":1,"mapper":{{"text":"x"}}}}"#);
    let scenario = bench.process.scenario(&failing, OFF).await;
    let links = Collection::from_iter([("2.datastore", bench.store.0), ("3.datastore", bench.store.0)]);
    let mut tx = bench.process.store.begin().await.unwrap();
    scenarios::set_links(&mut tx, bench.process.team, scenario.id, &links.into()).await.unwrap();
    tx.commit().await.unwrap();
    bench.process.control.refresh().await;
    bench.process.script.play("test:Write", Play::Hang);
    bench.process.script.play("test:Idempotent", Play::Fail(refused()));
    let execution = bench.process.send(&scenario, "mine").await;
    bench.until_hangs().await;
    bench.put("a", "theirs").await;
    bench.process.script.go_on.notify_one();
    bench.process.until_over(execution).await;
    execution
}

#[test]
fn a_run_that_is_stopped_by_hand_leaves_nothing() {
    let world = World::new();
    killed(async {
        let bench = Bench::new(&world).await;
        let scenario = bench.scenario(OFF).await;
        bench.process.script.play("test:Write", Play::Hang);
        let execution = bench.process.send(&scenario, "mine").await;
        bench.until_hangs().await;
        bench.process.control.stop(bench.process.team, execution).await.unwrap();
        bench.process.script.go_on.notify_one();
        assert_eq!(bench.process.until_over(execution).await.status, Status::Stopped);
        assert_eq!(bench.kept().await, "null null 0");
    });
}

#[test]
fn a_data_store_of_another_server_is_never_touched() {
    let world = World::new();
    killed(async {
        let bench = Bench::new(&world).await;
        let modules = MODULES.replace("4711", &bench.store.to_string());
        let scenario = bench.process.scenario(&modules, "{}").await;
        let execution = bench.process.send(&scenario, "mine").await;
        let found = bench.process.until_over(execution).await;
        assert!(found.error.as_deref().unwrap_or_default().contains("Set-up tab"), "{found:?}");
        assert_eq!(bench.kept().await, "null null 0");
        let taken = bench.scenario("{}").await;
        assert_eq!(
            bench.process.control.reasons_against(&scenario_of(&bench, &taken).await).await.unwrap(),
            Vec::<String>::new()
        );
    });
}

async fn scenario_of(bench: &Bench, scenario: &Scenario) -> scenarios::Scenario {
    scenarios::find(&bench.process.store, bench.process.team, scenario.id).await.unwrap().unwrap()
}

#[test]
fn a_taken_key_is_a_duplicate_data_error() {
    let world = World::new();
    killed(async {
        let bench = Bench::new(&world).await;
        bench.put("a", "before").await;
        let modules = MODULES.replace(r#""overwrite":true"#, r#""overwrite":false"#);
        let scenario = bench.process.scenario(&modules, "{}").await;
        let links: Value =
            Collection::from_iter([("2.datastore", bench.store.0), ("3.datastore", bench.store.0)]).into();
        let mut tx = bench.process.store.begin().await.unwrap();
        scenarios::set_links(&mut tx, bench.process.team, scenario.id, &links).await.unwrap();
        tx.commit().await.unwrap();
        bench.process.control.refresh().await;
        let execution = bench.process.send(&scenario, "mine").await;
        let found = bench.process.until_over(execution).await;
        assert!(found.error.as_deref().unwrap_or_default().starts_with("DuplicateDataError"), "{found:?}");
    });
}

const CARRIED: &str = r#"{"name":"Shop","flow":[{"id":1,"module":"test:Hook","version":1},
    {"id":2,"module":"keep:Record","version":1,"parameters":{"datastore":4711},"mapper":{"key":"a"},
     "metadata":{"restore":{"parameters":{"datastore":{"label":"Customers"}}},
       "expect":[{"name":"data","type":"collection","spec":[{"name":"n","type":"number"},{"name":"t","type":"text"}]}]}},
    {"id":3,"module":"keep:Record","version":1,"parameters":{"datastore":4711},"mapper":{"key":"b"}},
    {"id":4,"module":"keep:Record","version":1,"parameters":{"datastore":4712},"mapper":{"key":"c"}}]}"#;

#[test]
fn an_import_makes_each_data_store_that_is_named_once_and_with_its_structure() {
    let world = World::new();
    killed(async {
        let process = world.process_with(with_keep).await;
        let blueprint = rouage_model::Blueprint::parse(CARRIED.as_bytes()).unwrap();
        let request = rouage_runtime::ImportRequest { blueprint, links: Collection::new() };
        let imported = process.control.import(process.team, request).await.unwrap();
        let stores = datastores::list(&process.store, process.team).await.unwrap();
        let names: Vec<_> = stores.iter().map(|store| store.name.as_str()).collect();
        assert_eq!(names, ["Customers", "Imported data store"]);
        let structure = rouage_store::structures::find(&process.store, process.team, stores[0].structure.unwrap());
        let structure = structure.await.unwrap().unwrap();
        assert_eq!((structure.name.as_str(), structure.structure.fields.len()), ("Customers", 2));
        let scenario = scenarios::find(&process.store, process.team, imported.scenario).await.unwrap().unwrap();
        let link = |name: &str| scenario.links.field(name).as_i64();
        assert_eq!(link("2.datastore"), Some(stores[0].id.0));
        assert_eq!(link("3.datastore"), link("2.datastore"));
        assert_eq!(link("4.datastore"), Some(stores[1].id.0));
    });
}
