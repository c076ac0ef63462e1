//! Every fault case has a test, or an honest reason why it has none. The cases
//! and their numbers are in `fault-cases.md`; those on the whole program are in
//! `tests/e2e/faults/`, by name.

use std::path::Path;

/// What shows a case: a file and a function in it, or the reason that there is
/// none.
enum Shown {
    By(&'static [(&'static str, &'static str)]),
    Not(&'static str),
}

use Shown::{By, Not};

const BREAKPOINTS: &str = "tests/e2e/faults/breakpoints.rs";
const CHANGES: &str = "tests/e2e/faults/changes.rs";
const DATABASES: &str = "tests/e2e/faults/databases.rs";
const DISK: &str = "tests/e2e/faults/disk.rs";
const LOAD: &str = "tests/e2e/faults/load.rs";
const TARGETS: &str = "tests/e2e/faults/targets.rs";
const CRASH: &str = "tests/e2e/crash.rs";
const GOOGLE: &str = "tests/e2e/google.rs";

/// By number, from F1.
const CASES: &[Shown] = &[
    By(&[(BREAKPOINTS, "f01_killed_before_the_commit_nobody_hears_accepted")]),
    // A key against doubles is no part of a webhook: a second request is a
    // second run, as in Make.
    By(&[(BREAKPOINTS, "f02_killed_after_the_commit_the_run_is_there")]),
    By(&[(BREAKPOINTS, "f03_killed_before_the_first_module_it_runs_once")]),
    By(&[
        (BREAKPOINTS, "f04_killed_during_a_request_it_is_in_doubt_and_a_person_decides"),
        (CRASH, "f04_a_request_in_doubt_is_listed_and_waits_for_a_decision"),
        (GOOGLE, "f04_a_kill_during_an_append_that_took_effect_does_not_repeat_it"),
        (GOOGLE, "f04_a_kill_during_an_append_without_effect_repeats_it"),
    ]),
    By(&[(BREAKPOINTS, "f05_killed_after_the_reply_it_is_in_doubt_and_not_made_again")]),
    By(&[
        (CRASH, "f06_a_run_resumes_at_the_item_where_it_was_killed"),
        (BREAKPOINTS, "killed_at_any_other_place_of_a_run_it_happens_once"),
    ]),
    By(&[
        (BREAKPOINTS, "f07_killed_while_a_bundle_is_stored_or_retried_it_is_handled_once"),
        ("crates/runtime/tests/incompletes.rs", "a_process_that_ends_in_an_error_route_stores_the_bundle_once"),
    ]),
    By(&[(BREAKPOINTS, "f08_killed_in_a_transaction_it_is_kept_whole_or_not_at_all")]),
    By(&[(LOAD, "f09_an_end_in_good_order_during_fifty_runs_loses_nothing")]),
    // Eight rounds; for minutes with `rouage-bench faults`.
    By(&[
        (CRASH, "f10_accepted_orders_happen_once_whenever_the_program_is_killed"),
        (CRASH, "f10_accepted_orders_happen_once_whenever_the_program_is_killed_on_postgres"),
    ]),
    By(&[
        (LOAD, "f11_a_run_that_brings_the_process_down_is_set_aside_and_others_run"),
        ("crates/runtime/tests/history.rs", "a_run_that_brings_the_process_down_at_one_place_is_set_aside"),
    ]),
    By(&[
        (DISK, "f12_a_full_disk_refuses_loses_nothing_and_recovers_by_itself"),
        (DISK, "f12_writes_that_fail_refuse_and_recover_by_themselves"),
        ("crates/store/tests/store/opening.rs", "a_full_sqlite_file_refuses_and_recovers"),
    ]),
    By(&[("crates/store/tests/store/history.rs", "old_runs_can_be_deleted_from_a_full_file")]),
    // Failing writes; a failing fsync alone needs a file system of its own.
    By(&[(DISK, "f14_a_disk_that_turns_read_only_is_never_answered_with_accepted")]),
    By(&[(DATABASES, "f15_a_locked_database_is_waited_for_then_refused_and_nothing_accepted_is_lost")]),
    By(&[(DATABASES, "f16_postgres_goes_and_comes_back_and_runs_go_on_without_a_restart")]),
    By(&[(DATABASES, "f17_half_open_connections_are_given_up_in_time")]),
    By(&[(DATABASES, "f18_a_cut_to_the_database_during_a_call_loses_and_doubles_nothing")]),
    // With a lease of no length instead of a node that is stopped for 90 s.
    By(&[
        ("crates/runtime/tests/fence.rs", "a_worker_whose_lease_went_to_another_writes_nothing_more"),
        ("crates/store/tests/store/queue.rs", "a_job_is_taken_over_after_its_lease_and_the_old_worker_is_fenced"),
    ]),
    By(&[("crates/store/tests/store/queue.rs", "no_job_is_given_to_two_stores")]),
    By(&[
        ("crates/runtime/tests/order.rs", "a_run_that_has_begun_is_not_overtaken_when_the_clock_is_set_back"),
        ("crates/runtime/tests/schedule.rs", "a_clock_that_was_wrong_does_not_stop_the_schedule"),
        ("crates/runtime/tests/schedule.rs", "a_clock_that_goes_back_does_not_run_it_once_more"),
    ]),
    By(&[("crates/runtime/tests/schedule.rs", "the_clocks_of_spring_and_autumn_run_it_once_a_day")]),
    By(&[("crates/runtime/tests/schedule.rs", "missed_runs_follow_the_rule_of_the_scenario")]),
    By(&[("crates/runtime/tests/crash.rs", "a_delayed_retry_and_a_sleep_keep_their_time_over_a_restart")]),
    By(&[(TARGETS, "f25_retry_after_is_waited_for_and_blocks_nobody_else")]),
    By(&[(TARGETS, "f26_three_failures_and_then_it_succeeds_and_the_history_shows_each")]),
    By(&[(TARGETS, "f27_no_answer_ends_with_a_time_out_in_doubt_for_writes_and_repeated_for_reads")]),
    By(&[(TARGETS, "f28_half_an_answer_is_an_error_and_not_taken_as_whole")]),
    By(&[(TARGETS, "f29_a_slow_drip_ends_with_the_time_of_the_module")]),
    By(&[(TARGETS, "f30_a_name_that_does_not_resolve_is_a_quick_error_and_holds_up_nobody")]),
    // Not with an expired certificate: the test authority's do not expire.
    By(&[
        ("crates/sdk/src/http/tests/tls.rs", "an_unknown_authority_is_refused_unless_given_or_unless_told_not_to_look"),
        ("crates/sdk/src/http/tests/tls.rs", "a_certificate_for_another_host_is_refused"),
    ]),
    // Without the key against doubles that Make does not have either.
    By(&[(LOAD, "f32_the_same_request_three_times_at_once_is_three_runs_as_in_make")]),
    By(&[
        (LOAD, "f33_a_sequential_scenario_keeps_the_order_over_a_kill"),
        ("crates/runtime/tests/order.rs", "fifty_requests_keep_their_order_although_there_is_room_for_two"),
    ]),
    // 2,000 and not a million, which takes minutes.
    By(&[(LOAD, "f34_thousands_that_wait_take_little_memory")]),
    By(&[(LOAD, "f35_huge_bodies_are_refused_and_long_lists_run_within_bounds")]),
    By(&[(GOOGLE, "f36_rows_arrive_and_a_refused_token_is_renewed_once")]),
    // Killed in the middle; nodes of two versions need a first release.
    By(&[(DATABASES, "f37_killed_while_it_makes_its_tables_it_starts_all_the_same")]),
    By(&[(DATABASES, "f38_a_database_of_a_newer_version_is_refused_and_left_alone")]),
    By(&[("tests/e2e/backups.rs", "f39_f40_a_backup_under_load_is_whole_and_a_restore_repeats_nothing")]),
    By(&[("tests/e2e/backups.rs", "f39_f40_a_backup_under_load_is_whole_and_a_restore_repeats_nothing")]),
    By(&[(CHANGES, "f41_runs_end_on_their_version_and_those_of_a_deleted_scenario_are_listed")]),
    By(&[(CHANGES, "f42_publishing_during_a_storm_of_requests_loses_none_and_runs_none_twice")]),
    By(&[(CHANGES, "f43_a_deleted_account_is_a_clear_error_and_nothing_is_done")]),
    Not("a page draws what the server says when it connects again; no test cuts its stream for an hour"),
    By(&[(CHANGES, "f45_the_second_of_two_browsers_is_told_and_overwrites_nothing")]),
    By(&[(LOAD, "f46_without_free_file_handles_it_refuses_and_recovers")]),
    By(&[(LOAD, "f47_a_log_that_cannot_be_written_stops_no_run")]),
    Not("there is no payload store beside the database: files are rows of it"),
    // Torn and lost ends of the log; no power is cut.
    By(&[
        (DATABASES, "f49_a_torn_end_of_the_log_costs_nothing_that_was_accepted"),
        ("crates/store/tests/store/opening.rs", "sqlite_syncs_every_commit"),
    ]),
    Not("seven days are no test; `rouage-bench faults --minutes` goes on as long as it is told to"),
];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_default()
}

/// What does not hold of a table of cases.
fn complaints(cases: &[Shown]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, case) in (1..).zip(cases) {
        match case {
            Not(reason) if reason.len() < 20 => wrong.push(format!("F{number} gives no reason")),
            Not(_) => {}
            By([]) => wrong.push(format!("F{number} has neither a test nor a reason")),
            By(tests) => {
                let missing = tests.iter().filter(|(file, name)| !read(file).contains(&format!("fn {name}(")));
                wrong.extend(missing.map(|(file, name)| format!("F{number}: there is no {name} in {file}")));
            }
        }
    }
    wrong
}

#[test]
fn every_fault_case_has_a_test_or_a_reason() {
    assert_eq!(CASES.len(), 50, "F1 to F50, each with a line of its own");
    let wrong = complaints(CASES);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_test_with_a_number_is_in_the_line_of_that_number() {
    for file in [BREAKPOINTS, CHANGES, DATABASES, DISK, LOAD, TARGETS, CRASH, GOOGLE] {
        let source = read(file);
        let numbered = source.match_indices("async fn f").filter_map(|(at, _)| {
            let name = source[at + "async fn ".len()..].split('(').next()?;
            let number: usize = name.get(1..3)?.parse().ok()?;
            Some((number, name.to_owned()))
        });
        for (number, name) in numbered {
            let line = number.checked_sub(1).and_then(|place| CASES.get(place));
            let is_there = matches!(line, Some(By(tests)) if tests.contains(&(file, name.as_str())));
            assert!(is_there, "{name} of {file} is not in the line of F{number}");
        }
    }
}

#[test]
fn what_is_missing_is_told() {
    let cases = [By(&[]), Not("later"), By(&[(LOAD, "there_is_no_such_test")]), By(&[("no/such/file.rs", "f")])];
    assert_eq!(complaints(&cases).len(), 4);
}
