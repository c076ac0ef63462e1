//! Texts of the editor's scripts, in `web/scripts/editor/words`: every string
//! outside of a function, and in functions `t("…")` and t`…`, whose values are
//! `{0}`, `{1}` and so on.

use super::rust::literal;
use super::{Found, files};

pub fn collect(found: &mut Found) {
    for (path, text) in files("web/scripts/editor/words", &[".ts"]) {
        if !path.contains("/index.") {
            scan(&text, &path, found);
        }
    }
}

pub fn scan(source: &str, place: &str, found: &mut Found) {
    let code: String = source
        .lines()
        .map(|line| {
            let line = line.trim_start();
            let is_other = ["//", "/*", "* ", "*/", "import "].iter().any(|start| line.starts_with(start));
            if is_other { "" } else { line }
        })
        .collect::<Vec<_>>()
        .join("\n");
    let letters: Vec<char> = code.chars().collect();
    // The depth of the parentheses around the function that is being read.
    let (mut depth, mut function, mut at) = (0, None, 0);
    while at < letters.len() {
        match letters[at] {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth -= 1;
                function = function.filter(|outer| depth >= *outer);
            }
            ',' | ';' if function == Some(depth) => function = None,
            '=' if letters.get(at + 1) == Some(&'>') && function.is_none() => function = Some(depth),
            '"' | '\'' => {
                let (text, end) = literal(&letters, at);
                let is_told = before(&letters, at).ends_with("t(");
                let is_key = letters.get(end + 1) == Some(&':') && function.is_none();
                if is_told || (function.is_none() && !is_key) {
                    found.add(&text, place);
                }
                at = end;
            }
            '`' => at = template(&letters, at, place, found),
            _ => {}
        }
        at += 1;
    }
}

fn before(letters: &[char], at: usize) -> String {
    letters[at.saturating_sub(3)..at].iter().collect()
}

/// A template literal: where its closing quote is.
fn template(letters: &[char], start: usize, place: &str, found: &mut Found) -> usize {
    let is_told = {
        let before = before(letters, start);
        before.ends_with('t') && !before.chars().rev().nth(1).is_some_and(char::is_alphanumeric)
    };
    let (mut key, mut values, mut at) = (String::new(), 0, start + 1);
    while letters[at] != '`' {
        if letters[at] == '$' && letters[at + 1] == '{' {
            key.push_str(&format!("{{{values}}}"));
            values += 1;
            at = value(letters, at + 2, place, found);
        } else {
            key.push(letters[at]);
        }
        at += 1;
    }
    let words = key.as_bytes().windows(2).any(|two| two.iter().all(u8::is_ascii_alphabetic));
    if is_told {
        found.add(&key, place);
    } else if words && !key.starts_with("output") {
        found.bare.push(format!("{place}: `{key}` needs a t before it"));
    }
    at
}

/// The expression within a template literal: where its closing brace is.
fn value(letters: &[char], start: usize, place: &str, found: &mut Found) -> usize {
    let (mut depth, mut at) = (1, start);
    while depth > 0 {
        match letters[at] {
            '{' => depth += 1,
            '}' => depth -= 1,
            '`' => at = template(letters, at, place, found),
            '"' => {
                let (text, end) = literal(letters, at);
                if before(letters, at).ends_with("t(") {
                    found.add(&text, place);
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    at - 1
}
