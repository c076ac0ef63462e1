//! What is being edited: kept, published, and run without touching what is live.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use rouage_model::execution::{Origin, Status};
use rouage_model::scenario::Scheduling;
use rouage_model::{ErrorKind, HookId, ModuleError, ModuleId, ScenarioId, Value, Version, json};
use rouage_runtime::{ControlError, DeliverError, DraftRun, EditedDraft, How, KeptDraft};
use rouage_sdk::Start;
use rouage_store::hooks::HookSettings;
use rouage_store::{hooks, positions, scenarios};
use support::{Play, Process, Scenario, World, killed, page};

const WRITE: &str = r#"{"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{1.text}}"}}"#;
const OTHER: &str = r#"{"id":2,"module":"test:Write","version":1,"mapper":{"text":"edited {{1.text}}"}}"#;

fn root(first: &str, modules: &str, settings: &str) -> Value {
    let text = format!(
        r#"{{"name":"Test","flow":[{{"id":1,"module":"{first}","version":1}},{modules}],"metadata":{{"scenario":{settings}}}}}"#
    );
    json::parse(text.as_bytes()).unwrap()
}

async fn try_to_save(process: &Process, id: ScenarioId, root: Value, links: &str) -> Result<KeptDraft, ControlError> {
    let revision = process.control.draft(process.team, id).await.unwrap().revision;
    let links = json::parse(links.as_bytes()).unwrap();
    process.control.save_draft(process.team, id, EditedDraft { revision, root, links, by: None }).await
}

async fn save(process: &Process, id: ScenarioId, root: Value, links: &str) -> KeptDraft {
    try_to_save(process, id, root, links).await.unwrap()
}

async fn publish(process: &Process, id: ScenarioId) -> Result<Version, ControlError> {
    let revision = process.control.draft(process.team, id).await.unwrap().revision;
    process.control.publish(process.team, id, revision, Some("a note"), None).await
}

async fn run(process: &Process, id: ScenarioId, how: How) -> Result<DraftRun, ControlError> {
    process.control.run_draft(process.team, id, how).await
}

fn once() -> How {
    How::Once(Value::Undefined)
}

async fn started(process: &Process, id: ScenarioId, how: How) -> rouage_model::ExecutionId {
    match run(process, id, how).await.unwrap() {
        DraftRun::Started(execution) => execution,
        listening => panic!("it must start: {listening:?}"),
    }
}

async fn find(process: &Process, id: ScenarioId) -> scenarios::Scenario {
    scenarios::find(&process.store, process.team, id).await.unwrap().unwrap()
}

async fn new_hook(process: &Process) -> (HookId, String) {
    let mut tx = process.store.begin().await.unwrap();
    let hook = hooks::create(&mut tx, process.team, "Another", &HookSettings::default()).await.unwrap();
    tx.commit().await.unwrap();
    process.control.refresh().await;
    (hook.id, hook.token)
}

#[tokio::test]
async fn a_draft_is_run_and_the_live_scenario_stays_as_it_is() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, r#"{"maxErrors":1,"sequential":true,"dlq":true}"#).await;
    let first = process.send(&scenario, "an order").await;
    process.until_over(first).await;
    // Nothing differs: the live version is run.
    let same = started(&process, scenario.id, How::Last).await;
    assert_eq!(process.until_over(same).await.version, Version(1));
    let kept =
        save(&process, scenario.id, root("test:Hook", OTHER, r#"{"maxErrors":1,"sequential":true,"dlq":true}"#), "{}")
            .await;
    assert!(kept.is_changed && kept.report.can_be_switched_on);
    process.script.play("test:Write", Play::Fail(ModuleError::new(ErrorKind::InvalidConfigurationError, "refused")));
    let failed = started(&process, scenario.id, How::Last).await;
    let failed = process.until_over(failed).await;
    assert_eq!((failed.status, failed.origin, failed.is_try()), (Status::Error, Origin::Draft, true));
    assert!(!failed.is_single_module());
    let live = find(&process, scenario.id).await;
    assert!(live.enabled && live.consecutive_errors == 0 && live.version == Version(1), "{live:?}");
    assert!(!process.event_names(failed.id).await.contains(&"parked"));
    let replayed = started(&process, scenario.id, How::Replay(first)).await;
    let replayed = process.until_over(replayed).await;
    assert_eq!((replayed.status, replayed.origin), (Status::Success, Origin::Replay));
    let live = process.send(&scenario, "another").await;
    process.until_over(live).await;
    assert_eq!(process.script.effects(), ["an order", "an order", "edited an order", "another"]);
}

#[tokio::test]
async fn a_draft_that_is_sent_twice_does_not_collide_with_itself() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(WRITE, "{}").await.id;
    let revision = process.control.draft(process.team, id).await.unwrap().revision;
    let send = async |modules: &str| {
        let (root, links) = (root("test:Hook", modules, "{}"), Value::empty_collection());
        process.control.save_draft(process.team, id, EditedDraft { revision, root, links, by: None }).await
    };
    let first = send(OTHER).await.unwrap();
    // The answer was lost: the same comes once more, with the old revision.
    let again = send(OTHER).await.unwrap();
    assert_eq!((again.revision, again.is_changed), (first.revision, true));
    let overtaken = send(WRITE).await;
    assert!(matches!(overtaken, Err(ControlError::Store(rouage_store::Error::Conflict(_)))), "{overtaken:?}");
}

#[tokio::test]
async fn a_link_of_a_deleted_module_does_not_come_back() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(WRITE, "{}").await.id;
    let links = r#"{"2.account":7,"9.account":8}"#;
    save(&process, id, root("test:Hook", OTHER, "{}"), links).await;
    let draft = process.control.draft(process.team, id).await.unwrap();
    assert_eq!(json::to_string(&draft.links), r#"{"2.account":7}"#);
}

#[tokio::test]
async fn a_draft_waits_for_one_request_and_runs_once() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario_off(WRITE, "{}").await;
    save(&process, scenario.id, root("test:Hook", OTHER, "{}"), "{}").await;
    let DraftRun::Listening { hook, until } = run(&process, scenario.id, once()).await.unwrap() else {
        panic!("it must wait")
    };
    assert_eq!(process.control.listening(scenario.id), Some((hook, until)));
    // What is edited after that is what is tried.
    save(&process, scenario.id, root("test:Hook", WRITE, r#"{"maxErrors":9}"#), "{}").await;
    let execution = process.send(&scenario, "one").await;
    let ended = process.until_over(execution).await;
    assert_eq!((ended.status, ended.origin), (Status::Success, Origin::Draft));
    assert!(matches!(process.deliver(&scenario, "two").await, Err(DeliverError::NobodyListens)));
    assert_eq!(process.script.effects(), ["one"]);
    // A person stops the wait, or it ends by itself.
    run(&process, scenario.id, once()).await.unwrap();
    assert!(process.control.stop_listening(scenario.id));
    assert!(matches!(process.deliver(&scenario, "three").await, Err(DeliverError::NobodyListens)));
    run(&process, scenario.id, once()).await.unwrap();
    world.advance(21 * 60);
    assert!(!process.control.is_listening(scenario.id));
    assert!(matches!(process.deliver(&scenario, "four").await, Err(DeliverError::NobodyListens)));
}

#[tokio::test]
async fn a_request_of_the_live_scenario_is_never_taken_from_it() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, "{}").await;
    save(&process, scenario.id, root("test:Hook", OTHER, "{}"), "{}").await;
    run(&process, scenario.id, once()).await.unwrap();
    let live = process.send(&scenario, "an order").await;
    assert_eq!(process.until_over(live).await.version, Version(1));
    process.until_effects(2).await;
    let mut effects = process.script.effects();
    effects.sort();
    assert_eq!(effects, ["an order", "edited an order"]);
    let live = process.send(&scenario, "the next").await;
    process.until_over(live).await;
    assert_eq!(process.script.effects().len(), 3);
    // Nothing differs any more: the next live run is what is waited for.
    save(&process, scenario.id, root("test:Hook", WRITE, "{}"), "{}").await;
    assert!(matches!(run(&process, scenario.id, once()).await, Ok(DraftRun::Listening { .. })));
    let live = process.send(&scenario, "watched").await;
    assert_eq!(process.until_over(live).await.origin, Origin::Webhook);
    assert!(!process.control.is_listening(scenario.id));
    save(&process, scenario.id, root("test:Hook", OTHER, "{}"), "{}").await;
    // What waits in a queue for the live scenario stays there as well.
    let mut tx = process.store.begin().await.unwrap();
    scenarios::set_scheduling(&mut tx, process.team, scenario.id, &Scheduling::on_demand()).await.unwrap();
    tx.commit().await.unwrap();
    process.control.refresh().await;
    run(&process, scenario.id, once()).await.unwrap();
    assert_eq!(process.deliver(&scenario, "queued").await.unwrap().execution, None);
    process.until_effects(5).await;
    assert_eq!(process.script.effects()[4], "edited queued");
    let hook = find(&process, scenario.id).await.hook.unwrap();
    assert_eq!(rouage_store::deliveries::queue_length(&process.store, process.team, hook).await.unwrap(), 1);
}

#[tokio::test]
async fn a_new_scenario_gets_its_webhook_as_soon_as_it_is_chosen() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_of(r#"{"name":"New","flow":[]}"#).await;
    let (hook, token) = new_hook(&process).await;
    let nothing = run(&process, id, once()).await;
    assert!(matches!(nothing, Err(ControlError::Conflict(_) | ControlError::Problems(_))), "{nothing:?}");
    let linked = || root("test:Linked", WRITE, "{}");
    save(&process, id, linked(), "{}").await;
    let without = run(&process, id, once()).await;
    assert!(
        matches!(&without, Err(ControlError::Problems(problems)) if problems[0].contains("webhook")),
        "{without:?}"
    );
    let link = format!(r#"{{"1.hook":{}}}"#, hook.0);
    save(&process, id, linked(), &link).await;
    assert_eq!(find(&process, id).await.hook, Some(hook));
    run(&process, id, once()).await.unwrap();
    let scenario = Scenario { id, token };
    let execution = process.send(&scenario, "hello").await;
    assert_eq!(process.until_over(execution).await.status, Status::Success);
    // Nobody else gets it.
    let other = process.scenario_of(r#"{"name":"Other","flow":[]}"#).await;
    save(&process, other, linked(), &link).await;
    assert_eq!(find(&process, other).await.hook, None);
    for refused in [run(&process, other, once()).await.err(), publish(&process, other).await.err()] {
        assert!(
            matches!(&refused, Some(ControlError::Problems(problems)) if problems[0].contains("belongs to the scenario")),
            "{refused:?}"
        );
    }
    // Published, it runs as data arrives.
    assert_eq!(publish(&process, id).await.unwrap(), Version(1));
    let live = find(&process, id).await;
    assert!(live.scheduling.is_immediate() && live.hook == Some(hook) && !live.enabled, "{live:?}");
    process.control.set_enabled(process.team, id, true).await.unwrap();
    let execution = process.send(&scenario, "live").await;
    process.until_over(execution).await;
    assert_eq!(process.script.effects(), ["hello", "live"]);
    // A draft without a trigger, given up again: the webhook is not lost.
    save(&process, id, root("test:Write", OTHER, "{}"), "{}").await;
    let revision = process.control.draft(process.team, id).await.unwrap().revision;
    process.control.discard_draft(process.team, id, revision).await.unwrap();
    assert_eq!(find(&process, id).await.hook, Some(hook));
}

/// One that a draft took is free again when the draft goes on without it.
#[tokio::test]
async fn a_draft_that_is_given_up_gives_its_webhook_back() {
    let world = World::new();
    let process = world.process().await;
    let (hook, _) = new_hook(&process).await;
    let link = format!(r#"{{"1.hook":{}}}"#, hook.0);
    let linked = || root("test:Linked", WRITE, "{}");
    let first = process.scenario_of(r#"{"name":"First","flow":[]}"#).await;
    save(&process, first, linked(), &link).await;
    assert_eq!(find(&process, first).await.hook, Some(hook));
    save(&process, first, linked(), "{}").await;
    assert_eq!(find(&process, first).await.hook, None, "another one may be chosen");
    save(&process, first, linked(), &link).await;
    let revision = process.control.draft(process.team, first).await.unwrap().revision;
    process.control.discard_draft(process.team, first, revision).await.unwrap();
    assert_eq!(find(&process, first).await.hook, None);
    let second = process.scenario_of(r#"{"name":"Second","flow":[]}"#).await;
    save(&process, second, linked(), &link).await;
    assert_eq!(find(&process, second).await.hook, Some(hook));
}

#[tokio::test]
async fn a_scenario_that_is_on_stays_able_to_run() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, "{}").await;
    let unfinished =
        r#"{"id":2,"module":"test:Account","version":1,"mapper":{"text":"x"},"parameters":{"__IMTCONN__":null}}"#;
    save(&process, scenario.id, root("test:Hook", unfinished, "{}"), "{}").await;
    let refused = publish(&process, scenario.id).await;
    assert!(
        matches!(&refused, Err(ControlError::Problems(problems)) if problems[0].contains("choose an account")),
        "{refused:?}"
    );
    assert_eq!(find(&process, scenario.id).await.version, Version(1));
    process.set_enabled(&scenario, false).await;
    assert_eq!(publish(&process, scenario.id).await.unwrap(), Version(2));
    // A run shows what it lacks when it gets there.
    save(
        &process,
        scenario.id,
        root("test:Hook", &format!("{unfinished},{}", OTHER.replace(":2,", ":3,")), "{}"),
        "{}",
    )
    .await;
    run(&process, scenario.id, once()).await.unwrap();
    let execution = process.send(&scenario, "one").await;
    let ended = process.until_over(execution).await;
    assert_eq!(ended.status, Status::Error);
}

#[tokio::test]
async fn what_nobody_touched_stays_as_it_was_imported() {
    let world = World::new();
    let process = world.process().await;
    let text = r#"{"name":"A","flow":[{"id":2,"module":"test:Write","version":1,"mapper":{"10":1.50,"2":9007199254740993}}],"x":1e400}"#;
    let id = process.scenario_of(text).await;
    let browser = r#"{"name":"A","flow":[{"id":2,"module":"test:Write","version":1,"mapper":{"2":9007199254740992,"10":1.5}}],"x":null}"#;
    let kept = save(&process, id, json::parse(browser.as_bytes()).unwrap(), "{}").await;
    assert!(!kept.is_changed);
    let renamed = browser.replace(r#""name":"A""#, r#""name":"B""#);
    assert!(save(&process, id, json::parse(renamed.as_bytes()).unwrap(), "{}").await.is_changed);
    publish(&process, id).await.unwrap();
    let live = find(&process, id).await;
    let expected = json::to_string(&json::parse(text.replace(r#""name":"A""#, r#""name":"B""#).as_bytes()).unwrap());
    assert_eq!((json::to_string(live.blueprint.document()), live.name.as_str()), (expected, "B"));
    let broken = try_to_save(&process, id, json::parse(br#"{"name":"C"}"#).unwrap(), "{}").await;
    assert!(matches!(broken, Err(ControlError::Problems(_))), "{broken:?}");
    let late = EditedDraft { revision: 1, root: Value::empty_collection(), links: Value::Undefined, by: None };
    assert!(process.control.save_draft(process.team, id, late).await.is_err());
    // An old version comes back whole.
    let revision = process.control.draft(process.team, id).await.unwrap().revision;
    let restored = process.control.restore_version(process.team, id, Version(1), (revision, None)).await.unwrap();
    assert!(restored.is_changed);
    assert_eq!(process.control.draft(process.team, id).await.unwrap().blueprint.name(), "A");
}

#[tokio::test]
async fn a_module_of_the_draft_runs_alone() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario_off(WRITE, "{}").await;
    save(&process, scenario.id, root("test:Hook", OTHER, "{}"), "{}").await;
    let mut wanted = process.control.draft_module_values(process.team, scenario.id, ModuleId(2)).await.unwrap();
    wanted[0].value = "x".into();
    let alone = started(&process, scenario.id, How::Module(ModuleId(2), wanted)).await;
    assert!(process.until_over(alone).await.is_single_module());
    assert_eq!(process.script.effects(), ["edited x"]);
}

async fn position(process: &Process, id: ScenarioId) -> Option<Value> {
    positions::find(&process.store, id, ModuleId(1)).await.unwrap().map(|found| found.position)
}

#[tokio::test]
async fn a_try_takes_nothing_that_the_live_trigger_has_to_deliver() {
    let world = World::new();
    let process = world.process().await;
    let text = json::to_string(&root("test:Watch", WRITE, "{}"));
    let id = process.scenario_of(&text).await;
    process.control.restart_trigger(process.team, id, &Start::FromNow).await.unwrap();
    let before = position(&process, id).await;
    process.script.item("one");
    save(&process, id, root("test:Watch", OTHER, "{}"), "{}").await;
    let first = started(&process, id, once()).await;
    process.until_over(first).await;
    assert_eq!(process.script.effects(), ["edited one"]);
    assert_eq!(position(&process, id).await, before, "the live one stands where it stood");
    // The next try goes on, as Run once does.
    process.script.item("two");
    let second = started(&process, id, once()).await;
    process.until_over(second).await;
    assert_eq!(process.script.effects(), ["edited one", "edited two"]);
    publish(&process, id).await.unwrap();
    let live = process.control.run_once(process.team, id, None, &Value::Undefined).await.unwrap();
    let rouage_runtime::RunOnce::Started(live) = live else { panic!("it polls") };
    process.until_over(live).await;
    assert_eq!(process.script.effects()[2..], ["edited one", "edited two"], "all of it is still delivered");
}

#[test]
fn a_try_that_was_killed_ends_as_it_began() {
    let world = World::new();
    let (id, execution) = killed(async {
        let process = world.process().await;
        let scenario = process.scenario_off(WRITE, "{}").await;
        let read = r#"{"id":2,"module":"test:Read","version":1,"mapper":{"text":"tried {{1.text}}"}},
            {"id":3,"module":"test:Idempotent","version":1,"mapper":{"text":"{{2.text}}"}}"#;
        save(&process, scenario.id, root("test:Hook", read, "{}"), "{}").await;
        run(&process, scenario.id, once()).await.unwrap();
        process.script.play("test:Read", Play::Hang);
        let execution = process.send(&scenario, "one").await;
        process.script.hangs.notified().await;
        // Published and edited on while it runs.
        publish(&process, scenario.id).await.unwrap();
        save(&process, scenario.id, root("test:Hook", OTHER, "{}"), "{}").await;
        (scenario.id, execution)
    });
    killed(async {
        let process = world.process().await;
        let ended = process.until_over(execution).await;
        assert_eq!((ended.status, ended.origin, ended.scenario), (Status::Success, Origin::Draft, id));
        assert_eq!(process.script.effects(), ["tried one"]);
        // Nobody waits any more after a restart.
        assert!(!process.control.is_listening(id));
        let list = rouage_store::versions::list(&process.store, process.team, id, page()).await.unwrap();
        assert_eq!(list.items.iter().map(|row| row.version.0).collect::<Vec<_>>(), [2, 1], "a try is in no list");
    });
}

#[tokio::test]
async fn a_wait_for_data_ends_with_its_draft() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario_off(WRITE, "{}").await;
    let wait = async || {
        save(&process, scenario.id, root("test:Hook", OTHER, "{}"), "{}").await;
        run(&process, scenario.id, once()).await.unwrap();
        assert!(process.control.is_listening(scenario.id));
    };
    wait().await;
    let revision = process.control.draft(process.team, scenario.id).await.unwrap().revision;
    process.control.discard_draft(process.team, scenario.id, revision).await.unwrap();
    assert!(!process.control.is_listening(scenario.id));
    wait().await;
    process.control.set_enabled(process.team, scenario.id, true).await.unwrap();
    assert!(!process.control.is_listening(scenario.id));
    run(&process, scenario.id, once()).await.unwrap();
    publish(&process, scenario.id).await.unwrap();
    assert!(!process.control.is_listening(scenario.id));
    let live = process.send(&scenario, "an order").await;
    process.until_over(live).await;
    assert_eq!(process.script.effects(), ["edited an order"]);
}

#[tokio::test]
async fn a_draft_of_a_deleted_webhook_is_kept_and_says_so() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_of(r#"{"name":"New","flow":[]}"#).await;
    let (hook, _) = new_hook(&process).await;
    let link = format!(r#"{{"1.hook":{}}}"#, hook.0);
    save(&process, id, root("test:Linked", WRITE, "{}"), &link).await;
    let mut tx = process.store.begin().await.unwrap();
    hooks::delete(&mut tx, process.team, hook).await.unwrap();
    tx.commit().await.unwrap();
    process.control.refresh().await;
    let kept = save(&process, id, root("test:Linked", OTHER, "{}"), &link).await;
    assert!(kept.report.modules[0].problems[0].contains("does not exist any more"), "{:?}", kept.report.modules[0]);
    for refused in [run(&process, id, once()).await.err(), publish(&process, id).await.err()] {
        assert!(
            matches!(&refused, Some(ControlError::Problems(problems)) if problems[0].contains("any more")),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_webhook_that_a_draft_took_is_free_when_the_draft_drops_it() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_of(r#"{"name":"New","flow":[]}"#).await;
    let (hook, _) = new_hook(&process).await;
    let link = format!(r#"{{"1.hook":{}}}"#, hook.0);
    save(&process, id, root("test:Linked", WRITE, "{}"), &link).await;
    assert_eq!(find(&process, id).await.hook, Some(hook));
    save(&process, id, root("test:Linked", WRITE, "{}"), "{}").await;
    assert_eq!(find(&process, id).await.hook, None);
}

#[tokio::test]
async fn a_run_of_another_scenario_is_not_replayed() {
    let world = World::new();
    let process = world.process().await;
    let (scenario, other) = (process.scenario(WRITE, "{}").await, process.scenario(WRITE, "{}").await);
    let foreign = process.send(&other, "theirs").await;
    process.until_over(foreign).await;
    let refused = run(&process, scenario.id, How::Replay(foreign)).await;
    assert!(matches!(refused, Err(ControlError::NotFound(_))), "{refused:?}");
    save(&process, scenario.id, root("test:Hook", OTHER, "{}"), "{}").await;
    let refused = run(&process, scenario.id, How::Replay(foreign)).await;
    assert!(matches!(refused, Err(ControlError::NotFound(_))), "{refused:?}");
    assert_eq!(process.script.effects(), ["theirs"]);
}

#[tokio::test]
async fn an_empty_required_field_is_told_published_while_off_and_refused_while_on() {
    const EMPTY: &str = r#"{"id":2,"module":"util:FunctionSleep","version":1,"mapper":{"duration":""}}"#;
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(WRITE, "{}").await.id;
    let kept = save(&process, id, root("test:Hook", EMPTY, "{}"), "{}").await;
    let told = "“Delay” is empty, and the module cannot do without it";
    assert_eq!(
        (kept.report.modules[1].missing.as_slice(), kept.report.modules[1].status.as_str()),
        (&[told.to_owned()][..], "check")
    );
    publish(&process, id).await.unwrap();
    let refused = process.control.set_enabled(process.team, id, true).await.unwrap_err();
    assert_eq!(refused.to_string(), format!("Sleep [2]: {told}"));
    save(&process, id, root("test:Hook", WRITE, "{}"), "{}").await;
    publish(&process, id).await.unwrap();
    process.control.set_enabled(process.team, id, true).await.unwrap();
    save(&process, id, root("test:Hook", EMPTY, "{}"), "{}").await;
    let refused = publish(&process, id).await.unwrap_err();
    assert_eq!(refused.to_string(), format!("Sleep [2]: {told}"));
}

#[tokio::test]
async fn what_is_only_doubtful_and_what_never_runs_can_be_switched_on() {
    let world = World::new();
    let process = world.process().await;
    let off = r#"{"id":3,"module":"util:FunctionSleep","version":1,"mapper":{},"disabled":true}"#;
    let feeder = r#"{"id":2,"module":"builtin:BasicFeeder","version":1,"mapper":{"array":""}}"#;
    let id = process.scenario_off(&format!("{feeder},{off}"), "{}").await.id;
    let stored = find(&process, id).await;
    let report = process.control.check_scenario(&stored).await.unwrap();
    assert_eq!(report.modules[1].problems, ["“Array” is empty: fill it in, or nothing will come of it"]);
    assert!(report.modules[2].problems.is_empty());
    process.control.set_enabled(process.team, id, true).await.unwrap();
}
