//! Texts in templates: `{{ "…"|t }}` and `{{ n|plural("…", "…") }}`; and words
//! that stand there without.

use super::rust::literal;
use super::{Found, files};

/// Attributes that people read.
const READ: &[&str] = &["title", "placeholder", "aria-label", "alt", "data-confirm"];
/// Words that are the same in every language.
const NAMES: &[&str] = &["Rouage", "· Rouage", ".xlsx", ".csv", "text/plain", r#"{"name": "…", "flow": [ … ]}"#];

pub fn collect(found: &mut Found) {
    for (path, text) in files("web/templates", &[".html", ".svg"]) {
        scan(&text, &path, found);
    }
}

/// Walks over a template; what is left of a text or an attribute without its
/// expressions must have no words.
pub fn scan(template: &str, place: &str, found: &mut Found) {
    let letters: Vec<char> = template.chars().collect();
    let mut text = String::new();
    let mut at = 0;
    while at < letters.len() {
        let (end, is_text) = match (letters[at], letters.get(at + 1)) {
            ('{', Some('{')) => (expression(&letters, at, place, found), false),
            ('{', Some('%' | '#')) => (statement(&letters, at), false),
            ('<', Some(next)) if next.is_ascii_alphabetic() || matches!(next, '/' | '!') => {
                (tag(&letters, at, place, found), false)
            }
            _ => (at + 1, true),
        };
        if is_text {
            text.push(letters[at]);
        } else {
            bare(&std::mem::take(&mut text), place, found);
        }
        at = end;
    }
    bare(&text, place, found);
}

fn bare(text: &str, place: &str, found: &mut Found) {
    let text = text.trim();
    if !NAMES.contains(&text) && has_words(text) {
        found.bare.push(format!("{place}: {text}"));
    }
}

/// Two letters in a row; entities are none.
fn has_words(text: &str) -> bool {
    let plain = text.replace("&nbsp;", " ").replace("&amp;", "&");
    plain.as_bytes().windows(2).any(|two| two.iter().all(u8::is_ascii_alphabetic))
}

fn statement(letters: &[char], start: usize) -> usize {
    let mut at = start + 2;
    while at + 1 < letters.len() && !(matches!(letters[at], '%' | '#') && letters[at + 1] == '}') {
        at += 1;
    }
    at + 2
}

/// An expression: where it ends; its texts are noted.
fn expression(letters: &[char], start: usize, place: &str, found: &mut Found) -> usize {
    let mut at = start + 2;
    let mut texts: Vec<(String, usize)> = Vec::new();
    while at + 1 < letters.len() && !(letters[at] == '}' && letters[at + 1] == '}') {
        if letters[at] == '"' {
            let (text, end) = literal(letters, at);
            texts.push((text, end + 1));
            at = end;
        }
        at += 1;
    }
    let code: String = letters[start..at].iter().collect();
    let is_filtered = |end: usize| {
        letters[end..].starts_with(&['|', 't']) && !letters.get(end + 2).is_some_and(|next| next.is_alphanumeric())
    };
    for (text, _) in texts.iter().filter(|(_, end)| is_filtered(*end)) {
        found.add(text, place);
    }
    if code.contains("|plural(")
        && let [(one, _), (many, _), ..] = texts.as_slice()
    {
        found.add_plural(one, many, place);
    }
    at + 2
}

/// A tag: where it ends; attributes that people read must have no bare words.
fn tag(letters: &[char], start: usize, place: &str, found: &mut Found) -> usize {
    let mut at = start + 1;
    let mut name = String::new();
    let mut value: Option<(char, String)> = None;
    while at < letters.len() {
        let next = letters.get(at + 1).copied();
        match (letters[at], next) {
            ('{', Some('{')) => at = expression(letters, at, place, found) - 1,
            ('{', Some('%' | '#')) => at = statement(letters, at) - 1,
            ('>', _) if value.is_none() => break,
            (quote @ ('"' | '\''), _) => match value.take() {
                None => value = Some((quote, String::new())),
                Some((open, text)) if open == quote => {
                    if READ.contains(&name.as_str()) {
                        bare(&text, place, found);
                    }
                    name.clear();
                }
                Some((open, mut text)) => {
                    text.push(quote);
                    value = Some((open, text));
                }
            },
            (letter, _) => match &mut value {
                Some((_, text)) => text.push(letter),
                None if letter.is_whitespace() => name.clear(),
                None if letter != '=' => name.push(letter),
                None => {}
            },
        }
        at += 1;
    }
    at + 1
}
