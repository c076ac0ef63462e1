//! Each of the 34 traps of `make-semantics.md` has a test that shows it: a case
//! of this crate named `trap-NN-…`, a test anywhere named `trap_NN_…`, or one
//! of the tests below, which have the name of their rule.

#![expect(clippy::unwrap_used, reason = "a workspace that cannot be read is a failed test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const TRAPS: u32 = 34;

/// The trap, the file and the test. Most are shown in the app or the page that
/// they are about.
const ELSEWHERE: &[(u32, &str, &str)] = &[
    (9, "crates/expr/src/coerce.rs", "booleans_of_parameters_differ_from_conditions"),
    (15, "crates/web/tests/webhooks.rs", "the_first_request_is_learned_and_not_run"),
    (15, "crates/web/tests/webhooks.rs", "broken_bodies_and_misfits_are_refused_with_a_reason_and_logged"),
    (16, "crates/web/src/ingress/parse.rs", "query_and_body_are_one_bundle_and_the_body_wins"),
    (16, "crates/web/src/ingress/parse.rs", "pass_through_headers_and_method"),
    (18, "crates/runtime/tests/hooks.rs", "a_waiting_caller_hears_the_answer_the_failure_or_the_end"),
    (18, "tests/e2e/webhook_answers.rs", "a_caller_does_not_wait_for_ever"),
    (19, "crates/runtime/tests/runs.rs", "errors_in_a_row_switch_a_scenario_off_and_say_why"),
    (22, "crates/runtime/src/backoff.rs", "waits_follow_the_table_and_end"),
    (22, "crates/runtime/src/backoff.rs", "stored_bundles_wait_by_their_own_table"),
    (29, "crates/apps/src/http/tests.rs", "statuses_become_errors_only_when_asked_for"),
    (29, "crates/apps/src/http/tests.rs", "the_bundle_of_version_3_has_rows_of_headers"),
    (29, "crates/apps/src/http/tests.rs", "the_bundle_of_version_4_has_a_collection_of_headers"),
    (29, "crates/apps/src/http/tests.rs", "repeated_query_names_are_indexed_unless_told_otherwise"),
    (31, "crates/apps/src/google_sheets/target.rs", "the_id_is_the_last_part_of_the_path"),
    (31, "crates/apps/src/google_sheets/delete_row.rs", "a_number_is_taken_and_a_name_is_looked_up"),
    (31, "crates/apps/src/google_sheets/get_sheet_content.rs", "keys_count_from_the_start_of_the_range"),
    (32, "crates/apps/src/csv/parse_csv.rs", "a_real_module_reads_its_rows_without_the_headers"),
    (32, "crates/apps/src/datastore/exist_record.rs", "the_answer_is_called_exist"),
    (32, "crates/apps/src/regexp/parser.rs", "without_groups_only_the_number_and_the_fallback_are_there"),
];

#[test]
fn every_trap_has_a_test() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut shown: BTreeSet<u32> = ELSEWHERE.iter().map(|(trap, _, _)| *trap).collect();
    shown.extend(case_names().iter().filter_map(|name| number(name.strip_prefix("trap-")?)));
    for file in sources(&top) {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        shown.extend(text.split("fn trap_").skip(1).filter_map(number));
    }
    let missing: Vec<u32> = (1..=TRAPS).filter(|trap| !shown.contains(trap)).collect();
    assert_eq!(missing, Vec::<u32>::new(), "traps that no test shows");
}

#[test]
fn tests_of_other_crates_that_show_a_trap_are_still_there() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let gone = ELSEWHERE.iter().filter(|(_, file, test)| {
        let text = std::fs::read_to_string(top.join(file)).unwrap_or_default();
        !text.contains(&format!("fn {test}("))
    });
    let gone: Vec<String> = gone.map(|(trap, file, test)| format!("trap {trap}: {test} in {file}")).collect();
    assert_eq!(gone, Vec::<String>::new());
}

/// Two digits at the start.
fn number(text: &str) -> Option<u32> {
    text.get(..2)?.parse().ok()
}

fn case_names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Every source of the workspace except this one.
fn sources(top: &Path) -> Vec<PathBuf> {
    let mut open = vec![top.join("crates"), top.join("tests")];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests/traps.rs") {
                files.push(path);
            }
        }
    }
    files
}
