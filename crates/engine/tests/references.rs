//! The static check over real blueprints.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use rouage_engine::check::{Finding, Reason, Shapes};
use rouage_engine::{Catalogue, Facts, Kind, Severity, compile_knowing};
use rouage_model::Blueprint;

/// Whatever a module is, its references are checked.
struct Anything;

impl Catalogue for Anything {
    fn facts(&self, _: &str, _: Option<i64>) -> Option<Facts> {
        Some(Facts { kind: Kind::Action })
    }
}

fn check(text: &[u8]) -> Vec<Finding> {
    let blueprint = Blueprint::parse(text).unwrap();
    compile_knowing(&blueprint, &Anything, &Shapes::of(&blueprint)).references
}

/// The shared collection is read where it is (`ROUAGE_SHARED`, else
/// `../shared`); it is no part of the project.
fn shared() -> Vec<PathBuf> {
    let top = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("ROUAGE_SHARED").map_or_else(|| top.join("../shared"), PathBuf::from);
    let Ok(folder) = std::fs::read_dir(shared.join("blueprints")) else {
        eprintln!("SKIPPED: {} has no blueprints", shared.display());
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

/// What is really wrong in them: ids that dangle, what lies between an
/// aggregator and its source, and bare names that mean nothing.
const REAL: &[(&str, &str)] = &[
    ("35-4-modules", "unknown-name MachineID"),
    ("35-4-modules", "unknown-name Temperature"),
    ("35-4-modules", "unknown-name Vibration"),
    ("36-4-modules", "unknown-name env"),
    ("49-5-modules", "unknown-name Gym"),
    ("50-5-modules", "not-in-scenario 108"),
    ("50-5-modules", "not-in-scenario 208"),
    ("50-5-modules", "not-in-scenario 308"),
    ("70-9-modules", "unknown-name YOUR_APIFY_TOKEN"),
    ("88-32-modules", "unknown-name connectionLabel"),
    ("88-32-modules", "unknown-name fullName"),
    ("88-32-modules", "unknown-name redactedPhone"),
    ("90-47-modules", "not-upstream 104"),
];

#[test]
fn shared_blueprints_raise_no_false_alarm() {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut unseen = 0;
    for path in shared() {
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        for finding in check(&std::fs::read(&path).unwrap()) {
            if finding.reason.severity() == Severity::Info {
                // Not in the sample that the file carries; no alarm.
                assert_eq!(finding.reason, Reason::NeverSeen);
                unseen += 1;
                continue;
            }
            let what = finding.named.map_or(finding.reference.clone(), |module| module.to_string());
            found.push((file.clone(), format!("{} {what}", finding.reason.as_str())));
        }
    }
    println!("{unseen} references are not in the sample of their module");
    found.sort();
    found.dedup();
    let found: Vec<_> = found.iter().map(|(file, what)| (file.as_str(), what.as_str())).collect();
    assert!(shared().is_empty() || found == REAL, "{found:#?}");
}

/// A webhook with a known structure, and a module that maps it.
fn mapped(mapper: &str) -> Vec<Finding> {
    check(
        format!(
            r#"{{"flow":[{{"id":1,"module":"gateway:CustomWebHook","version":1,"metadata":{{"interface":[
            {{"name":"email","type":"email","label":"E-mail address"}},{{"name":"customerName","type":"text"}},
            {{"name":"address","type":"collection","spec":[{{"name":"City","type":"text"}}]}},
            {{"name":"lines","type":"array","spec":[{{"name":"price","type":"number"}}]}}]}}}},
            {{"id":2,"module":"util:SetVariable2","version":1,"mapper":{{"name":"total","scope":"roundtrip","value":"1"}}}},
            {{"id":3,"module":"x:Write","version":1,"mapper":{mapper}}},{{"id":4,"module":"x:Write","version":1}}]}}"#
        )
        .as_bytes(),
    )
}

#[test]
fn each_reason_is_said_with_what_was_meant() {
    for (expression, reason, suggestion) in [
        ("1.phone", Reason::NeverSeen, None),
        ("1.`E-mail address`", Reason::NeverSeen, Some("1.email")),
        ("1.custmerName", Reason::Misspelt, Some("1.customerName")),
        ("1.customer_name", Reason::NeverSeen, Some("1.customerName")),
        ("1.address.city", Reason::WrongCase, Some("1.address.City")),
        ("1.Lines[].price", Reason::WrongCase, Some("1.lines[].price")),
        ("1.lines.price", Reason::NoIndex, Some("1.lines[].price")),
        ("sum(map(1.lines.price; \\\"x\\\"))", Reason::NoIndex, Some("1.lines[].price")),
        ("2.totl", Reason::NeverSeen, Some("2.total")),
        ("2.toatal", Reason::Misspelt, Some("2.total")),
        ("4.id", Reason::NotUpstream, None),
        ("9.id", Reason::NotInScenario, None),
        ("YOUR_TOKEN", Reason::UnknownName, None),
    ] {
        let findings = mapped(&format!(r#"{{"to":[{{"a":"é {{{{{expression}}}}}"}}]}}"#));
        let [finding] = findings.as_slice() else { panic!("{expression}: {findings:?}") };
        assert_eq!((finding.reason, finding.suggestion.as_deref()), (reason, suggestion), "{expression}");
        assert_eq!((finding.module.0, finding.field.as_str()), (3, "to[1].a"));
        let shown = finding.to_string();
        assert!(shown.ends_with(['.', '?']) && suggestion.is_none_or(|meant| shown.contains(meant)), "{shown}");
    }
    let findings = mapped(r#"{"to":"é {{1.phone}}"}"#);
    assert_eq!(findings[0].at, 4);
}

#[test]
fn what_resolves_raises_nothing() {
    let mapper = r#"{"a":"{{1.email}} {{1.address.City}} {{1.lines[2].price}} {{1.lines[].price}} {{1.__IMTHEADERS__}}",
        "b":"{{map(1.lines; \"price\")}} {{`1`}} {{2.total}} {{var.input.x}} {{now}} {{get(1.lines; \"1.price\")}}",
        "c":"{{1.email.anything}} {{length(1.lines)}}"}"#;
    assert_eq!(mapped(mapper), []);
}
