//! Real blueprints and hostile files through the real program.
//!
//! `blueprint roundtrip` must give back what came in, key for key, and
//! `blueprint check` must say something about any file and never fail. Besides
//! the copies in `testdata/blueprints/` the shared collection is read where it
//! is (`ROUAGE_SHARED`, else `../shared`).

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rouage_model::json;
use serde_json::Value;

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The JSON files of a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a folder can be listed").path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|is| is == "json")).collect();
    files.sort();
    files
}

fn own_files() -> Vec<PathBuf> {
    let files = files(&top().join("tests/testdata/blueprints"));
    assert_eq!(files.len(), 7);
    files
}

/// The shared collection; it is no part of the project, so its absence is no
/// failure even in CI.
fn shared_files() -> Option<Vec<PathBuf>> {
    let shared = std::env::var_os("ROUAGE_SHARED").map_or_else(|| top().join("../shared"), PathBuf::from);
    let folder = shared.join("blueprints");
    if !folder.is_dir() {
        eprintln!("SKIPPED: there is no {}, the shared blueprints are not tried", folder.display());
        return None;
    }
    let files = files(&folder);
    assert!(!files.is_empty(), "{} has no blueprints", folder.display());
    Some(files)
}

fn rouage(command: &str, files: &[PathBuf]) -> Output {
    let program = env!("CARGO_BIN_EXE_rouage");
    Command::new(program).args(["blueprint", command]).args(files).output().expect("the program starts")
}

/// What comes out is what went in: the same for a foreign JSON reader, and
/// the same text with its names in the same order for ours.
fn comes_back(file: &Path) {
    let output = rouage("roundtrip", &[file.to_owned()]);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {complaint}", file.display());
    let before = std::fs::read(file).expect("it was read before");
    let before = before.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&before);
    let parsed = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("it is JSON");
    assert!(parsed(before) == parsed(&output.stdout), "{} came back different", file.display());
    let compact = |bytes: &[u8]| json::to_string(&json::parse(bytes).expect("it is JSON"));
    assert_eq!(compact(before), compact(&output.stdout), "{} came back in another order", file.display());
}

/// The report of each file, in order; the command itself must not fail.
fn check(files: &[PathBuf]) -> Vec<Value> {
    let output = rouage("check", files);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "check failed with {}: {complaint}", output.status);
    assert!(!complaint.contains("panicked"), "{complaint}");
    let text = String::from_utf8(output.stdout).expect("it writes UTF-8");
    let reports: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    assert_eq!(reports.len(), files.len(), "one line per file");
    for (report, file) in reports.iter().zip(files) {
        assert_eq!(report["file"].as_str(), file.to_str());
        well_formed(report);
    }
    reports
}

fn well_formed(report: &Value) {
    assert!(report["ok"].is_boolean(), "{report}");
    let texts = |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
    assert!(texts(&report["problems"]), "{report}");
    for module in report["modules"].as_array().expect("modules are a list") {
        let status = module["status"].as_str().unwrap_or_default();
        assert!(["same", "check", "unavailable"].contains(&status), "{module}");
        assert!(module["module"].is_string(), "{module}");
        assert!(texts(&module["problems"]), "{module}");
        let has_reason = module["problems"].as_array().is_some_and(|problems| !problems.is_empty());
        assert!(status == "same" || has_reason, "a module that is not the same has a reason: {module}");
    }
}

/// How many modules a report has, and of which status.
fn modules_of(report: &Value, status: &str) -> usize {
    let modules = report["modules"].as_array().expect("modules are a list");
    modules.iter().filter(|module| status.is_empty() || module["status"] == status).count()
}

#[test]
fn own_blueprints_come_back() {
    for file in own_files() {
        comes_back(&file);
    }
}

#[test]
fn shared_blueprints_come_back() {
    for file in shared_files().unwrap_or_default() {
        comes_back(&file);
    }
}

#[test]
fn examples_come_back_and_have_all_their_modules() {
    let folders = ["abandoned-cart", "order-to-spreadsheet", "updated-subscription"];
    let files = folders.map(|folder| top().join("examples").join(folder).join("blueprint.json"));
    for (file, report) in files.iter().zip(check(&files)) {
        comes_back(file);
        assert!(modules_of(&report, "") > 0, "{report}");
        assert_eq!(modules_of(&report, "unavailable"), 0, "{report}");
    }
}

#[test]
fn every_module_of_own_blueprints_is_reported() {
    let files = own_files();
    let reports = check(&files);
    let of = |name: &str| {
        let found = files.iter().position(|file| file.file_stem().is_some_and(|stem| stem == name));
        &reports[found.unwrap_or_else(|| panic!("there is no {name}"))]
    };
    // The counts stand in the names that the files have in the collection.
    let counts = [
        ("agent-tools", 6),
        ("aggregator", 5),
        ("api-answer-if-else", 4),
        ("error-handlers", 11),
        ("no-such-builtin", 3),
        ("router", 2),
        ("unknown-modules", 7),
    ];
    for (name, modules) in counts {
        assert_eq!(modules_of(of(name), ""), modules, "{name}");
    }
    assert!(modules_of(of("unknown-modules"), "unavailable") > 0);
    assert!(modules_of(of("router"), "unavailable") == 0, "{}", of("router"));
}

#[test]
fn shared_blueprints_are_all_reported() {
    if let Some(files) = shared_files() {
        check(&files);
    }
}

/// Files that nobody should send, and a word that the report must have
/// (empty: only that there is a report).
fn hostile() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let flow = |modules: &str| format!(r#"{{"name":"x","flow":[{modules}],"metadata":{{}}}}"#).into_bytes();
    let deep_flow = {
        let open = r#"{"id":1,"module":"builtin:BasicRouter","routes":[{"flow":["#;
        format!(r#"{{"flow":[{}{}]}}"#, open.repeat(25_000), "]}]}".repeat(25_000)).into_bytes()
    };
    let hook = r#"{"id":1,"module":"gateway:CustomWebHook","version":1,"parameters":{"hook":1,"maxResults":1}"#;
    vec![
        ("empty", Vec::new(), "JSON"),
        ("blanks", b" \n\t ".to_vec(), "JSON"),
        ("only-a-mark", b"\xEF\xBB\xBF".to_vec(), "JSON"),
        ("truncated", flow(hook)[..70].to_vec(), "JSON"),
        ("not-utf-8", [&b"{\"name\":\"\xFF\xFE\",\"flow\":[]}"[..]].concat(), "UTF-8"),
        ("utf-16", "\u{feff}{\"flow\":[]}".encode_utf16().flat_map(u16::to_le_bytes).collect(), "UTF-8"),
        ("nul-bytes", vec![0; 4096], "JSON"),
        ("too-large", vec![b' '; 50 * 1024 * 1024 + 1], "bytes"),
        ("deep-arrays", "[".repeat(100_000).into_bytes(), "deep"),
        ("deep-objects", r#"{"a":"#.repeat(100_000).into_bytes(), "deep"),
        ("deep-flow", deep_flow, "deep"),
        ("list", b"[]".to_vec(), "blueprint"),
        ("number", b"7".to_vec(), "blueprint"),
        ("null", b"null".to_vec(), "blueprint"),
        ("object", b"{}".to_vec(), "flow"),
        ("flow-is-a-text", br#"{"flow":"1"}"#.to_vec(), "flow"),
        ("flow-of-nonsense", flow(r#"1,null,"x",[],{},[[]]"#), ""),
        ("empty-flow", flow(""), ""),
        ("duplicate-names", br#"{"flow":1,"flow":[],"flow":[{"id":1,"id":2,"module":"a:B"}]}"#.to_vec(), ""),
        ("numbers-as-text", flow(r#"{"id":"1","module":"builtin:BasicRouter","version":"1","routes":[]}"#), ""),
        ("enormous-numbers", flow(r#"{"id":1e400,"module":"a:B","version":99999999999999999999999}"#), ""),
        ("negative-id", flow(r#"{"id":-9223372036854775808,"module":"a:B","version":-1}"#), ""),
        ("same-id-twice", flow(&format!("{hook}}},{hook}}}")), "id"),
        (
            "loop-of-ids",
            flow(&format!(
                r#"{hook}}},{{"id":2,"module":"builtin:BasicAggregator","version":1,"parameters":{{"feeder":3}},"mapper":{{"a":"{{{{3.a}}}}"}}}},
            {{"id":3,"module":"builtin:BasicAggregator","version":1,"parameters":{{"feeder":2}},"mapper":{{"a":"{{{{2.a}}}}"}}}}"#
            )),
            "",
        ),
        (
            "router-without-routes",
            flow(&format!(r#"{hook}}},{{"id":2,"module":"builtin:BasicRouter","version":1}}"#)),
            "",
        ),
        (
            "routes-are-a-number",
            flow(&format!(r#"{hook}}},{{"id":2,"module":"builtin:BasicRouter","version":1,"routes":3}}"#)),
            "",
        ),
        ("module-is-a-list", flow(r#"{"id":1,"module":["a:B"],"version":1}"#), ""),
        (
            "filter-is-a-text",
            flow(&format!(r#"{hook}}},{{"id":2,"module":"json:ParseJSON","version":1,"filter":"yes"}}"#)),
            "",
        ),
        ("version-we-lack", flow(r#"{"id":1,"module":"gateway:CustomWebHook","version":99,"parameters":{}}"#), ""),
        ("text-in-a-wrapper", br#"{"blueprint":"{\"flow\":"}"#.to_vec(), ""),
    ]
}

#[test]
fn hostile_files_get_a_message_each() {
    let folder = tempfile::tempdir().expect("there is room for files");
    let hostile = hostile();
    let mut files = Vec::new();
    for (name, bytes, _) in &hostile {
        let file = folder.path().join(format!("{name}.json"));
        std::fs::write(&file, bytes).expect("it is written");
        files.push(file);
    }
    for ((name, _, word), report) in hostile.iter().zip(check(&files)) {
        let problems = report["problems"].to_string() + &report["modules"].to_string();
        let modules_with_problems = modules_of(&report, "") - modules_of(&report, "same");
        let said = report["problems"].as_array().is_some_and(|problems| !problems.is_empty());
        // Both are read as meant: `"1"` is 1, and what is no filter is none.
        let harmless = ["numbers-as-text", "filter-is-a-text"];
        assert!(said || modules_with_problems > 0 || harmless.contains(name), "nothing is said about {name}: {report}");
        assert!(problems.contains(word), "{name} should speak of {word}: {report}");
        assert!(problems.len() < 10_000, "the report about {name} has {} bytes", problems.len());
        let is_no_blueprint = !word.is_empty() && *word != "id";
        assert!(!is_no_blueprint || report["ok"] == false, "{name} is not a blueprint: {report}");
    }
}

#[test]
fn files_that_are_not_there_are_reported_beside_those_that_are() {
    let folder = tempfile::tempdir().expect("there is room for files");
    let good = top().join("tests/testdata/blueprints/router.json");
    let reports = check(&[folder.path().join("absent.json"), folder.path().to_owned(), good]);
    assert_eq!(reports[0]["ok"], false);
    assert_eq!(reports[1]["ok"], false);
    assert_eq!(modules_of(&reports[2], ""), 2);
}

#[test]
fn roundtrip_refuses_what_is_no_blueprint_and_does_not_panic() {
    let folder = tempfile::tempdir().expect("there is room for files");
    for (name, bytes, word) in hostile() {
        let file = folder.path().join(format!("{name}.json"));
        std::fs::write(&file, bytes).expect("it is written");
        let output = rouage("roundtrip", &[file]);
        let complaint = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 1)) && !complaint.contains("panicked"), "{name}: {code:?} {complaint}");
        let must_refuse = !word.is_empty() && word != "id";
        assert_eq!(code == Some(1), must_refuse || name == "text-in-a-wrapper", "{name}: {complaint}");
    }
}

/// The editor's part of "untouched stays untouched": a browser reads and writes
/// each file, and what the server makes of that is the file, to the byte.
#[test]
fn a_browser_changes_nothing_that_nobody_touched() {
    const SCRIPT: &str = "for (const file of process.argv.slice(1)) console.log(JSON.stringify(JSON.parse(\
                          require('fs').readFileSync(file, 'utf8').replace(/^\\uFEFF/, ''))))";
    let files: Vec<PathBuf> = own_files().into_iter().chain(shared_files().unwrap_or_default()).collect();
    let Ok(output) = Command::new("node").args(["-e", SCRIPT, "--"]).args(&files).output() else {
        eprintln!("SKIPPED: there is no node to stand for the browser");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("node writes UTF-8");
    assert_eq!(lines.lines().count(), files.len());
    let mut changed_on_the_way = 0;
    for (file, line) in files.iter().zip(lines.lines()) {
        let imported = json::parse(&std::fs::read(file).expect("it was read before")).expect("it is JSON");
        let sent = json::parse(line.as_bytes()).expect("node writes JSON");
        changed_on_the_way += usize::from(json::to_string(&sent) != json::to_string(&imported));
        let kept = rouage_model::reconcile(&imported, sent);
        assert_eq!(json::to_string(&kept), json::to_string(&imported), "{}", file.display());
    }
    eprintln!("{changed_on_the_way} of {} files do not survive a browser by themselves", files.len());
}
