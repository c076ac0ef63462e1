//! The pages in a real browser: each test starts the real program with a data
//! folder of its own and lets a script beside this file drive Chromium.
//!
//! Needs node (with npm) and Chromium. Where they are missing the tests say so
//! and pass; with `CI=true` that is a failure.

mod program;
mod script;

use std::net::TcpListener;

use program::Program;
use script::Script;

#[test]
fn a_newcomer_gets_an_order_into_the_spreadsheet() {
    let Some(script) = Script::new("newcomer.mjs") else { return };
    let program = Program::serve();
    script.run(&program);
}

#[test]
fn a_webhook_page_shows_requests_as_they_arrive() {
    let Some(script) = Script::new("webhook.mjs") else { return };
    let program = Program::serve();
    script.run(&program);
}

#[test]
fn a_scenario_is_switched_and_deleted_with_and_without_scripts() {
    let Some(script) = Script::new("switch.mjs") else { return };
    let program = Program::demo();
    script.run(&program);
}

#[test]
fn a_spreadsheet_is_edited_by_keyboard_and_downloaded() {
    let Some(script) = Script::new("grid.mjs") else { return };
    let program = Program::demo();
    script.run(&program);
}

#[test]
fn only_the_right_password_opens_a_protected_page() {
    let Some(script) = Script::new("sign_in.mjs") else { return };
    let program = Program::serve();
    script.run(&program);
}

#[test]
fn every_empty_page_is_sound() {
    let Some(script) = Script::new("empty_pages.mjs") else { return };
    let program = Program::serve();
    script.run(&program);
}

/// The pages are seen after a crash in the middle of a request, so that a run
/// waits for a decision.
#[test]
fn every_filled_page_is_sound() {
    let Some(prepare) = Script::new("fill.mjs") else { return };
    let Some(script) = Script::new("filled_pages.mjs") else { return };
    // It takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let silent = silent.local_addr().map(|address| (silent, address)).expect("it is bound");
    let program = Program::demo();
    prepare.with("SILENT", &silent.1.to_string()).run(&program);
    let program = program.kill_and_serve();
    script.run(&program);
}

#[test]
fn an_order_reaches_the_spreadsheet_through_the_editor() {
    let Some(script) = Script::new("editor.mjs") else { return };
    let program = Program::serve();
    script.run(&program);
}

#[test]
fn the_editor_is_worked_by_keyboard_alone() {
    let Some(script) = Script::new("editor_keys.mjs") else { return };
    let program = Program::serve();
    script.run(&program);
}

#[test]
fn the_editor_is_worked_on_a_phone() {
    let Some(script) = Script::new("editor_phone.mjs") else { return };
    let program = Program::serve();
    script.run(&program);
}

#[test]
fn nothing_is_lost_in_the_editor() {
    let Some(script) = Script::new("editor_safety.mjs") else { return };
    let program = Program::demo();
    script.run(&program);
}

#[test]
fn the_editor_fetches_its_parts_when_they_are_used() {
    let Some(script) = Script::new("editor_parts.mjs") else { return };
    let program = Program::demo();
    script.run(&program);
}

#[test]
fn many_windows_of_one_browser_go_on_working() {
    let Some(script) = Script::new("editor_tabs.mjs") else { return };
    let program = Program::demo();
    script.run(&program);
}

/// The server that is killed is one of the script's own.
#[test]
fn the_editor_outlives_the_server() {
    let Some(script) = Script::new("editor_crash.mjs") else { return };
    let program = Program::serve();
    script.with("BINARY", env!("CARGO_BIN_EXE_rouage")).run(&program);
}

#[test]
fn values_are_mapped_by_pills() {
    let Some(script) = Script::new("mapping.mjs") else { return };
    let program = Program::demo();
    script.run(&program);
}

/// Blueprints of strangers are not in this repository; where a folder of them
/// lies beside it, a sample is opened.
#[test]
fn blueprints_of_strangers_open_in_the_editor() {
    let Some(script) = Script::new("blueprints.mjs") else { return };
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/blueprints");
    if !folder.is_dir() {
        return;
    }
    let program = Program::demo();
    script.with("BLUEPRINTS", &folder.to_string_lossy()).run(&program);
}
