//! The expressions of real blueprints can be read, but for those that are not
//! in the language at all.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rouage_expr::Template;
use rouage_model::json;

/// What cannot be read, and why Make does not read it either.
const NOT_EXPRESSIONS: &[(&str, &str)] = &[
    (".website", "a step without a value to take it from"),
    (".timestamp", "a step without a value to take it from"),
    ("replace(parseJSON(11.value) + .website", "a step without a value to take it from"),
    ("if(1.timeout, 1.timeout", "commas between arguments, as in custom apps"),
    ("if(or(1.unitId, 1.checkIn", "commas between arguments, as in custom apps"),
    ("formatDate(now; \\ + \"YYYY-MM-DD", "a backslash, from typing quotes as JSON writes them"),
    ("formatDate(now; \\ + \" YYYY-MM-DD", "a backslash, from typing quotes as JSON writes them"),
    ("formatDate(now; \\ + \"T4e5b585ae7f", "a backslash, from typing quotes as JSON writes them"),
];

#[test]
fn real_expressions_are_read() {
    let path = format!("{}/testdata/real-expressions.txt", env!("CARGO_MANIFEST_DIR"));
    let lines = std::fs::read_to_string(path).unwrap();
    let mut total = 0;
    let mut refused = Vec::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let expression = json::parse(line.as_bytes()).unwrap();
        let expression = expression.as_text().unwrap();
        total += 1;
        if let Err(error) = Template::parse(&format!("{{{{{expression}}}}}")) {
            let listed = NOT_EXPRESSIONS.iter().any(|(start, _)| expression.starts_with(start));
            refused.push((listed, format!("{expression}: {error}")));
        }
    }
    println!("{} of {total} are read", total - refused.len());
    let unlisted: Vec<_> = refused.iter().filter(|(listed, _)| !listed).map(|(_, text)| text.as_str()).collect();
    assert!(unlisted.is_empty(), "not read:\n{}", unlisted.join("\n"));
    assert_eq!(refused.len(), NOT_EXPRESSIONS.len(), "the list is out of date");
    assert!(refused.len() * 200 <= total, "fewer than 99.5 % are read");
}
