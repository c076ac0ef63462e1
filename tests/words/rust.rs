//! Texts in Rust: `t!("…")`, `noted!("…")`, `plural!(n, "…", "…")`,
//! `count(n, "noun")` and `Pager::new(…, "noun")`.

use super::{Found, files};

pub fn collect(found: &mut Found) {
    for (path, text) in files("crates/web/src", &[".rs"]) {
        if path.ends_with("words/say.rs") || path.ends_with("words/locale.rs") {
            continue;
        }
        let shipped = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        scan(shipped, &path, found);
    }
}

/// Finds the calls and reads the texts between their parentheses.
pub fn scan(source: &str, place: &str, found: &mut Found) {
    let code: String = source
        .lines()
        .map(|line| if line.trim_start().starts_with("//") { "" } else { line })
        .collect::<Vec<_>>()
        .join("\n");
    for (name, is_single) in
        [("t!(", true), ("noted!(", true), ("plural!(", false), ("count(", false), ("Pager::new(", false)]
    {
        for (at, _) in code.match_indices(name) {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            let is_comment = code[..at].rsplit('\n').next().is_some_and(|line| line.contains("// "));
            if before.is_alphanumeric() || before == '_' || is_comment {
                continue;
            }
            let texts = texts(&code[at + name.len()..]);
            match (is_single, name, texts.as_slice()) {
                (true, _, [text, ..]) => found.add(text, place),
                (false, "plural!(", [one, many, ..]) => found.add_plural(one, many, place),
                (false, "count(" | "Pager::new(", [.., noun]) => {
                    found.add_plural(&format!("1 {noun}"), &format!("{{count}} {noun}s"), place);
                }
                _ => {}
            }
        }
    }
}

/// The string literals up to the closing parenthesis that are arguments of
/// this call itself.
fn texts(code: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let (mut depth, mut at) = (1, 0);
    let letters: Vec<char> = code.chars().collect();
    while at < letters.len() && depth > 0 {
        match letters[at] {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            '"' => {
                let (text, end) = literal(&letters, at);
                if depth == 1 {
                    texts.push(text);
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    texts
}

/// A literal that begins at a quote, and where it ends.
pub fn literal(letters: &[char], start: usize) -> (String, usize) {
    let mut text = String::new();
    let mut at = start + 1;
    while at < letters.len() && letters[at] != letters[start] {
        if letters[at] == '\\' {
            at += 1;
            match letters[at] {
                'n' => text.push('\n'),
                '\n' => {
                    while letters.get(at + 1).is_some_and(|letter| letter.is_whitespace()) {
                        at += 1;
                    }
                }
                letter => text.push(letter),
            }
        } else {
            text.push(letters[at]);
        }
        at += 1;
    }
    (text, at)
}
