//! The seven rules of the architecture, and the layers, as tests.
//!
//! They read `cargo metadata`, `cargo tree` and the sources, and know nothing
//! of what the code does. The rules and their reasons: `crates/README.md`.
//! Every rule is a function that returns complaints, so that the tests at the
//! end can show it something wrong and see it complain.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The crates, their layers, and the crates of the workspace that each may
/// use. An arrow that is not here is a decision, not an edit.
const CRATES: &[(&str, u8, &[&str])] = &[
    ("rouage-model", 0, &[]),
    ("rouage-expr", 1, &["rouage-model"]),
    ("rouage-migrations", 1, &[]),
    ("rouage-engine", 2, &["rouage-expr", "rouage-model"]),
    // The one addition to the design: parameters are coerced by the rules of
    // the mapping language, so the SDK uses them instead of having its own.
    ("rouage-sdk", 2, &["rouage-expr", "rouage-model"]),
    ("rouage-store", 2, &["rouage-migrations", "rouage-model"]),
    // `runtime::knowledge` says what a mapped text of a draft gives.
    ("rouage-runtime", 3, &["rouage-engine", "rouage-expr", "rouage-model", "rouage-sdk", "rouage-store"]),
    ("rouage-apps", 4, &["rouage-model", "rouage-sdk"]),
    (
        "rouage-web",
        4,
        &["rouage-engine", "rouage-expr", "rouage-model", "rouage-runtime", "rouage-sdk", "rouage-store"],
    ),
    (
        "rouage-cli",
        5,
        &[
            "rouage-apps",
            "rouage-engine",
            "rouage-expr",
            "rouage-model",
            "rouage-runtime",
            "rouage-sdk",
            "rouage-store",
            "rouage-web",
        ],
    ),
    // The program, what measures it, and the servers that tests talk to. None
    // of them is a layer, and nothing uses them.
    ("rouage", 6, &["rouage-cli"]),
    ("rouage-bench", 6, &["rouage-cli", "rouage-model", "rouage-runtime", "rouage-store", "rouage-test-support"]),
    ("rouage-test-support", 5, &["rouage-model"]),
];

/// Libraries that have one home: who may name them in its manifest, and the
/// folders in which the sources may.
const HOMES: &[(&str, &[&str], &[&str])] = &[
    (
        "sea-orm",
        &["rouage-store", "rouage-migrations", "rouage-bench"],
        &["crates/store/", "migrations/", "crates/bench/"],
    ),
    ("sea-orm-migration", &["rouage-store", "rouage-migrations"], &["crates/store/", "migrations/"]),
    ("sqlx", &["rouage-store", "rouage-migrations"], &["crates/store/", "migrations/", "crates/bench/"]),
    (
        "axum",
        &["rouage-web", "rouage-test-support", "rouage-bench"],
        &["crates/web/", "tests/support/", "crates/bench/"],
    ),
    ("askama", &["rouage-web"], &["crates/web/"]),
    ("reqwest", &["rouage-sdk"], &["crates/sdk/"]),
    ("google-sheets4", &["rouage-apps"], &["crates/apps/src/google_sheets/"]),
    ("yup-oauth2", &["rouage-apps"], &["crates/apps/src/google_sheets/"]),
    ("lettre", &["rouage-apps"], &["crates/apps/src/email/"]),
    ("mail-parser", &["rouage-apps"], &["crates/apps/src/email/"]),
    ("pulldown-cmark", &["rouage-apps"], &["crates/apps/src/markdown/"]),
    ("encoding_rs", &["rouage-apps"], &["crates/apps/src/rss/"]),
    ("rouage-apps", &["rouage-cli"], &["crates/cli/"]),
];

/// What asks the machine for time, randomness or ids.
const AMBIENT: &[&str] = &[
    "Timestamp::now",
    "Zoned::now",
    "SystemTime::now",
    "Uuid::new_v4",
    "now_v7",
    "getrandom::",
    "OsRng",
    "thread_rng",
    "rand::random",
];

/// The one file that may.
const CLOCK: &str = "crates/model/src/clock.rs";

/// What `clippy.toml` must forbid.
const BANNED: &[&str] = &[
    "jiff::Timestamp::now",
    "std::time::SystemTime::now",
    "uuid::Uuid::new_v4",
    "uuid::Uuid::now_v7",
    "getrandom::fill",
];

/// Libraries that wait, talk, store or guess.
const IMPURE: &[&str] = &["tokio", "sea-orm", "axum", "reqwest", "hyper", "rand"];

/// Stored shapes without a note in the sources of their own, and the fixture
/// in `tests/testdata/compat/` that holds each.
const STORED_SHAPES: &[(&str, &str)] = &[
    ("links of a scenario", "links-v1.jsonl"),
    ("payload of a request in the queue", "payload-v1.jsonl"),
    ("scheduling of a scenario", "scheduling-v1.jsonl"),
    ("error of an incomplete execution", "error-v1.jsonl"),
    ("record of a data store", "record-v1.jsonl"),
    ("spreadsheet in the undo log", "undo-v1.jsonl"),
];

/// A package of the workspace: its name and what it ships with, without the
/// dependencies of tests.
struct Package {
    name: String,
    uses: BTreeSet<String>,
}

/// A source file: its path from the top with `/`, and its code without the
/// lines that are comments.
struct Source {
    path: String,
    code: String,
    text: String,
}

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs cargo, first without network, because a test should not need it.
fn cargo(arguments: &[&str]) -> String {
    let mut complaint = String::new();
    for offline in [&["--offline"][..], &[]] {
        let output = Command::new(env!("CARGO"))
            .args(arguments)
            .args(offline)
            .current_dir(top())
            .output()
            .expect("cargo runs, since it runs this test");
        if output.status.success() {
            return String::from_utf8(output.stdout).expect("cargo writes UTF-8");
        }
        complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    }
    panic!("cargo {arguments:?} failed: {complaint}");
}

fn workspace() -> Vec<Package> {
    let text = cargo(&["metadata", "--format-version", "1", "--locked", "--no-deps"]);
    let metadata: Value = serde_json::from_str(&text).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("metadata has packages");
    packages.iter().map(package).collect()
}

fn package(value: &Value) -> Package {
    let dependencies = value["dependencies"].as_array().expect("a package has dependencies");
    let shipped = dependencies.iter().filter(|dependency| dependency["kind"].as_str() != Some("dev"));
    let name = |value: &Value| value["name"].as_str().expect("it has a name").to_owned();
    Package { name: name(value), uses: shipped.map(name).collect() }
}

/// Every Rust file that ships, and the servers of the tests. `tests/` folders
/// of crates may do as they like.
fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    collect(&top().join("crates"), &mut found);
    collect(&top().join("migrations"), &mut found);
    collect(&top().join("tests/support"), &mut found);
    found.retain(|source| !source.path.contains("/tests/") || source.path.contains("/src/"));
    assert!(found.len() > 100, "only {} sources were found: the search is broken", found.len());
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{} is read: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "target" && name != "node_modules" {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source is UTF-8");
            let path = path.strip_prefix(top()).expect("it is below the top").to_string_lossy().replace('\\', "/");
            found.push(source(&path, text));
        }
    }
}

fn source(path: &str, text: String) -> Source {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    Source { path: path.to_owned(), code: text.lines().filter(is_code).collect::<Vec<_>>().join("\n"), text }
}

/// Whether a name of a crate or module stands in the code as a word.
fn names(code: &str, word: &str) -> bool {
    let part_of_a_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        !before.is_some_and(part_of_a_word) && !after.is_some_and(part_of_a_word)
    })
}

/// Arrows between crates of the workspace that are not in the table.
fn wrong_arrows(packages: &[Package]) -> Vec<String> {
    let mut wrong = Vec::new();
    for package in packages {
        let Some((_, _, may_use)) = CRATES.iter().find(|(name, ..)| *name == package.name) else {
            wrong.push(format!("{} has no layer: give it a row in tests/architecture.rs", package.name));
            continue;
        };
        let ours = package.uses.iter().filter(|used| *used == "rouage" || used.starts_with("rouage-"));
        for used in ours.filter(|used| !may_use.contains(&used.as_str())) {
            wrong.push(format!("{} must not use {used}", package.name));
        }
    }
    wrong
}

/// Libraries named in a manifest away from their home.
fn strangers_in_manifests(packages: &[Package]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (library, owners, _) in HOMES {
        for package in packages.iter().filter(|package| package.uses.contains(*library)) {
            if !owners.contains(&package.name.as_str()) {
                wrong.push(format!("{} names {library}, which belongs to {owners:?}", package.name));
            }
        }
    }
    wrong
}

/// Libraries named in the code away from their home.
fn strangers_in_sources(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (library, _, folders) in HOMES {
        let word = library.replace('-', "_");
        for source in sources.iter().filter(|source| names(&source.code, &word)) {
            if !folders.iter().any(|folder| source.path.starts_with(folder)) {
                wrong.push(format!("{} names {library}, which belongs to {folders:?}", source.path));
            }
        }
    }
    wrong
}

/// An app that names the folder of another.
fn apps_that_know_each_other(sources: &[Source]) -> Vec<String> {
    let app_of = |source: &Source| {
        let (app, _) = source.path.strip_prefix("crates/apps/src/")?.split_once('/')?;
        Some(app.to_owned())
    };
    let apps: BTreeSet<String> = sources.iter().filter_map(app_of).collect();
    let mut wrong = Vec::new();
    for source in sources {
        let Some(own) = app_of(source) else { continue };
        let others = apps.iter().filter(|app| **app != own);
        for other in others.filter(|app| names(&source.code, &format!("crate::{app}"))) {
            wrong.push(format!("{} names the app {other}", source.path));
        }
    }
    wrong
}

/// Places where entities could leave the store: a public module of entities,
/// or a row in the signature of something public.
fn entities_that_leave(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    let in_store =
        |source: &&Source| source.path.starts_with("crates/store/src/") && !source.path.contains("/entities/");
    for source in sources.iter().filter(in_store) {
        for item in public_items(&source.code) {
            if ["entities", "Model", "ActiveModel"].iter().any(|word| names(&item, word)) {
                wrong.push(format!("{} shows an entity: {item}", source.path));
            }
        }
    }
    wrong
}

/// Public items up to their body; of structs and enums also the public fields.
fn public_items(code: &str) -> Vec<String> {
    let lines: Vec<&str> = code.lines().map(str::trim).collect();
    let starts = (0..lines.len()).filter(|at| lines[*at].starts_with("pub "));
    let item = |at: usize| {
        let last = (at..lines.len()).find(|end| lines[*end].ends_with(['{', ';', ','])).unwrap_or(at);
        // A signature over several lines has commas inside; go on to its body.
        let last = match lines[at].ends_with('(') {
            true => (at..lines.len()).find(|end| lines[*end].ends_with(['{', ';'])).unwrap_or(last),
            false => last,
        };
        lines[at..=last].join(" ")
    };
    starts.map(item).collect()
}

/// Places that ask the machine for time, randomness or ids.
fn ambient_sources(sources: &[Source]) -> Vec<String> {
    let elsewhere = sources.iter().filter(|source| source.path != CLOCK);
    let found = elsewhere.flat_map(|source| {
        let words = AMBIENT.iter().filter(|word| source.code.contains(**word));
        words.map(|word| format!("{} has {word}; take a Clock", source.path))
    });
    found.collect()
}

/// Stored shapes that are marked in the sources, with the fixture each needs:
/// `journal.rs` with "shape is stored: version 1" needs `journal-v1.jsonl`.
fn marked_shapes(sources: &[Source]) -> Vec<(String, String)> {
    const MARK: &str = "shape is stored: version ";
    let mut marked = Vec::new();
    for source in sources {
        for (at, _) in source.text.match_indices(MARK) {
            let digits = source.text[at + MARK.len()..].chars().take_while(char::is_ascii_digit);
            let stem = Path::new(&source.path).file_stem().unwrap_or_default().to_string_lossy();
            marked.push((source.path.clone(), format!("{stem}-v{}.jsonl", digits.collect::<String>())));
        }
    }
    marked
}

/// Shapes whose fixture is missing or that `tests/compat.rs` does not read.
fn shapes_without_fixture(shapes: &[(String, String)], compat: &str) -> Vec<String> {
    let folder = top().join("tests/testdata/compat");
    let missing = |fixture: &str| !folder.join(fixture).is_file() || !compat.contains(&format!("{fixture:?}"));
    let wrong = shapes.iter().filter(|(_, fixture)| missing(fixture));
    wrong.map(|(what, fixture)| format!("{what}: tests/compat.rs must read tests/testdata/compat/{fixture}")).collect()
}

fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn an_arrow_only_goes_down() {
    let packages = workspace();
    let known: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let layer = |wanted: &str| CRATES.iter().find(|(name, ..)| *name == wanted).map(|(_, layer, _)| *layer);
    for (name, own, may_use) in CRATES {
        assert!(known.contains(name), "{name} is in the table and not in the workspace");
        let up = may_use.iter().filter(|used| layer(used).is_none_or(|used| used >= *own)).collect::<Vec<_>>();
        assert!(up.is_empty(), "{name} is allowed {up:?}, which is not below it");
    }
    none(wrong_arrows(&packages));
}

#[test]
fn rule_1_model_expr_and_engine_are_pure() {
    // `cargo tree` and not the resolved graph of `cargo metadata`: the latter
    // adds the features that other crates of the workspace switch on.
    for package in ["rouage-model", "rouage-expr", "rouage-engine"] {
        let tree = cargo(&["tree", "--locked", "-p", package, "-e", "normal,build", "--prefix", "none"]);
        let used: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
        assert!(used.contains(package), "the tree of {package} was not read");
        let impure: Vec<_> = IMPURE.iter().filter(|library| used.contains(**library)).collect();
        assert!(impure.is_empty(), "{package} uses {impure:?}; see `cargo tree -p {package} -i {}`", impure[0]);
    }
}

#[test]
fn rule_2_an_app_knows_only_the_sdk_and_the_model() {
    let packages = workspace();
    let apps = packages.iter().find(|package| package.name == "rouage-apps").expect("there are apps");
    let ours: Vec<&str> = apps.uses.iter().map(String::as_str).filter(|used| used.starts_with("rouage")).collect();
    assert_eq!(ours, ["rouage-model", "rouage-sdk"]);
    none(apps_that_know_each_other(&sources()));
}

#[test]
fn rule_3_entities_do_not_leave_the_store() {
    none(entities_that_leave(&sources()));
}

#[test]
fn rules_3_4_and_5_libraries_stay_at_home() {
    none(strangers_in_manifests(&workspace()));
    none(strangers_in_sources(&sources()));
}

#[test]
fn rule_6_time_randomness_and_ids_come_from_the_clock() {
    let clippy = std::fs::read_to_string(top().join("clippy.toml")).expect("there is a clippy.toml");
    for banned in BANNED {
        assert!(clippy.contains(&format!("path = \"{banned}\"")), "clippy.toml does not forbid {banned}");
    }
    let sources = sources();
    assert!(sources.iter().any(|source| source.path == CLOCK), "the clock has moved");
    none(ambient_sources(&sources));
}

#[test]
fn rule_7_stored_shapes_have_a_fixture() {
    let compat = std::fs::read_to_string(top().join("tests/compat.rs")).expect("there is a tests/compat.rs");
    let mut shapes = marked_shapes(&sources());
    assert!(shapes.len() >= 2, "the marks of journal.rs and tagged.rs were not found");
    shapes.extend(STORED_SHAPES.iter().map(|(what, fixture)| (what.to_string(), fixture.to_string())));
    none(shapes_without_fixture(&shapes, &compat));
}

/// The rules against something wrong: each must complain.
mod each_rule_can_fail {
    use super::*;

    fn one(name: &str, uses: &[&str]) -> [Package; 1] {
        [Package { name: name.to_owned(), uses: uses.iter().map(|used| used.to_string()).collect() }]
    }

    fn file(path: &str, text: &str) -> Source {
        source(path, text.to_owned())
    }

    #[test]
    fn about_manifests() {
        assert_eq!(wrong_arrows(&one("rouage-store", &["rouage-engine"])).len(), 1);
        assert_eq!(wrong_arrows(&one("rouage-new", &[])).len(), 1);
        assert_eq!(strangers_in_manifests(&one("rouage-web", &["sea-orm", "reqwest", "rouage-apps"])).len(), 3);
        assert_eq!(strangers_in_manifests(&one("rouage-store", &["sea-orm"])).len(), 0);
    }

    #[test]
    fn about_sources() {
        let names_axum = file("crates/cli/src/a.rs", "use axum::Router;");
        let speaks_of_axum = file("crates/cli/src/b.rs", "// Unlike axum.\nlet axumite = 1;");
        let mail_in_http = file("crates/apps/src/http/c.rs", "fn f(m: lettre::Message) {}");
        assert_eq!(strangers_in_sources(&[names_axum, speaks_of_axum, mail_in_http]).len(), 2);

        let email = file("crates/apps/src/email/mod.rs", "");
        let nosy = file("crates/apps/src/http/d.rs", "use crate::email::Message;");
        assert_eq!(apps_that_know_each_other(&[email, nosy]).len(), 1);

        let clock = file(CLOCK, "Timestamp::now()");
        let hasty = file("crates/web/src/e.rs", "let now = jiff::Timestamp::now();");
        assert_eq!(ambient_sources(&[clock, hasty]).len(), 1);
    }

    #[test]
    fn about_entities_and_shapes() {
        let leaks = file(
            "crates/store/src/f.rs",
            "pub mod entities;\npub fn get(\n    id: i64,\n) -> users::Model {\npub struct A {\n    pub row: Model,\n}\npub(crate) fn fine() -> Model {",
        );
        assert_eq!(entities_that_leave(&[leaks]).len(), 3);

        let marked = marked_shapes(&[file("crates/web/src/g.rs", "//! This shape is stored: version 12, see.")]);
        assert_eq!(marked[0].1, "g-v12.jsonl");
        assert_eq!(shapes_without_fixture(&marked, "read(\"g-v12.jsonl\")").len(), 1);
    }
}
