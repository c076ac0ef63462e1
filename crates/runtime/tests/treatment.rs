//! Make's table of default treatment (`make-semantics.md` §4.2), a row a type:
//! what ends the run, what is repeated, what is stored, what counts and what
//! switches the scenario off. Where we differ, `treatment.rs` says why.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use std::time::Duration;

use rouage_model::execution::{IncompleteStatus, Status};
use rouage_model::{ErrorKind, ModuleError};
use rouage_store::incompletes::{self, Filter};
use rouage_store::{notices, scenarios};
use support::{Play, Process, Scenario, World, page};

const WRITE: &str = r#"{"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{1.text}}"}}"#;

/// What happens to the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scenarios {
    /// The error counts towards `maxErrors`.
    Counts,
    /// It is switched off at once.
    Off,
}

/// Type; whether it is repeated by itself; what happens to the scenario.
const TABLE: [(ErrorKind, bool, Scenarios); 19] = {
    use ErrorKind as E;
    use Scenarios::{Counts, Off};
    [
        (E::AccountValidationError, false, Off),
        (E::BundleValidationError, false, Counts),
        (E::ConnectionError, true, Counts),
        (E::DataError, false, Counts),
        (E::DataSizeLimitExceededError, false, Off),
        (E::DuplicateDataError, false, Counts),
        (E::ExecutionInterruptedError, false, Counts),
        (E::IncompleteDataError, false, Counts),
        (E::InconsistencyError, false, Off),
        (E::InvalidAccessTokenError, false, Off),
        (E::InvalidConfigurationError, false, Off),
        (E::MaxFileSizeExceededError, false, Counts),
        (E::MaxResultsExceededError, false, Counts),
        (E::ModuleTimeoutError, true, Counts),
        (E::OperationsLimitExceededError, false, Counts),
        (E::OutOfSpaceError, false, Counts),
        (E::RateLimitError, true, Counts),
        (E::RuntimeError, false, Counts),
        (E::UnexpectedError, false, Counts),
    ]
};

async fn current(process: &Process, scenario: &Scenario) -> scenarios::Scenario {
    scenarios::find(&process.store, process.team, scenario.id).await.unwrap().unwrap()
}

/// Whether it was switched off, with a sentence and a notice.
async fn check_scenario(process: &Process, scenario: &Scenario, expected: Scenarios, errors: u32, row: &str) {
    if expected == Scenarios::Off {
        let off = process.until_off(scenario).await;
        let problem = off.problem.unwrap();
        assert!(problem.starts_with("Switched off because"), "{row}: {problem}");
        let notices = notices::unread(&process.store, process.team, 50).await.unwrap();
        let notice = notices.iter().find(|notice| notice.scenario == Some(scenario.id)).expect(row);
        assert_eq!(notice.text, format!("“Test”: {problem}"), "{row}");
        return;
    }
    // A switch-off would follow the end of the run.
    tokio::time::sleep(Duration::from_millis(30)).await;
    let found = current(process, scenario).await;
    assert_eq!((found.enabled, found.consecutive_errors), (true, errors), "{row}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_store_of_incomplete_executions() {
    let world = World::new();
    let process = world.process().await;
    for (kind, is_repeated, expected) in TABLE {
        let row = format!("{kind}, not stored");
        let scenario = process.scenario(WRITE, "{}").await;
        process.script.play("test:Write", Play::Fail(ModuleError::new(kind, "as the script says")));
        let run = process.send(&scenario, "an order").await;
        if is_repeated {
            let waiting = process.until(run, Status::Waiting).await;
            let now = rouage_model::Clock::now(world.clock.as_ref());
            assert_eq!(waiting.wake_at.unwrap().duration_since(now).as_mins(), 1, "{row}");
            check_scenario(&process, &scenario, expected, 0, &row).await;
            continue;
        }
        let ended = process.until_over(run).await;
        assert_eq!(ended.status, Status::Error, "{row}");
        assert_eq!(ended.error.unwrap(), format!("{kind}: as the script says"));
        check_scenario(&process, &scenario, expected, 1, &row).await;
    }
    let stored = incompletes::list(&process.store, process.team, &Filter::default(), page()).await.unwrap();
    assert_eq!(stored.total, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_store_of_incomplete_executions() {
    let world = World::new();
    let process = world.process().await;
    for (kind, is_repeated, expected) in TABLE {
        let row = format!("{kind}, stored");
        let scenario = process.scenario(WRITE, r#"{"dlq":true}"#).await;
        process.script.play("test:Write", Play::Fail(ModuleError::new(kind, "as the script says")));
        let run = process.send(&scenario, "an order").await;
        assert_eq!(process.until_over(run).await.status, Status::Warning, "{row}");
        let filter = Filter { scenario: Some(scenario.id), ..Filter::default() };
        let stored = incompletes::list(&process.store, process.team, &filter, page()).await.unwrap().items;
        let status = if is_repeated { IncompleteStatus::Pending } else { IncompleteStatus::Unresolved };
        assert_eq!(stored.iter().map(|item| item.status).collect::<Vec<_>>(), [status], "{row}");
        // Warnings never count (source: §4.6).
        check_scenario(&process, &scenario, expected, 0, &row).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_too_large_is_a_warning_where_data_loss_is_allowed() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, r#"{"dataloss":true,"dlq":true}"#).await;
    let large = ModuleError::new(ErrorKind::MaxFileSizeExceededError, "too large");
    process.script.play("test:Write", Play::Fail(large));
    let run = process.send(&scenario, "an order").await;
    assert_eq!(process.until_over(run).await.status, Status::Warning);
    let stored = incompletes::list(&process.store, process.team, &Filter::default(), page()).await.unwrap();
    assert_eq!(stored.total, 0);
    assert_eq!(current(&process, &scenario).await.consecutive_errors, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trap_22_after_the_last_attempt_in_place_the_scenario_is_switched_off() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, "{}").await;
    let down = || Play::Fail(ModuleError::new(ErrorKind::ConnectionError, "down"));
    process.script.play("test:Write", down());
    let run = process.send(&scenario, "an order").await;
    for (tries, minutes) in [1, 2, 5, 10, 60, 180, 720, 1440].into_iter().enumerate() {
        process.until_calls(tries + 1).await;
        process.until(run, Status::Waiting).await;
        process.script.play("test:Write", down());
        world.advance(minutes * 60);
    }
    assert_eq!(process.until_over(run).await.status, Status::Error);
    let problem = process.until_off(&scenario).await.problem.unwrap();
    assert!(problem.starts_with("Switched off because a module failed 8 times"), "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switching_on_again_takes_the_notice_back() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, "{}").await;
    let refused = ModuleError::new(ErrorKind::InvalidConfigurationError, "not set up");
    process.script.play("test:Write", Play::Fail(refused));
    process.until_over(process.send(&scenario, "an order").await).await;
    process.until_off(&scenario).await;
    assert_eq!(notices::unread(&process.store, process.team, 5).await.unwrap().len(), 1);
    process.control.set_enabled(process.team, scenario.id, true).await.unwrap();
    assert!(notices::unread(&process.store, process.team, 5).await.unwrap().is_empty());
}
