//! Mapped texts as pills: `Hello {{1.name}}` is a text and an item. Only for
//! looking at; evaluation is the business of `rouage-expr`.

use rouage_model::{Blueprint, ModuleId};
use rouage_sdk::Registry;

use crate::look;

/// A piece of a mapped text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pill {
    /// `text`, `item`, `function`, `literal` or `sign`; also its class.
    pub kind: &'static str,
    /// What is shown.
    pub text: String,
    /// The app of the module that an item comes from; else empty.
    pub app: String,
}

fn pill(kind: &'static str, text: impl Into<String>) -> Pill {
    Pill { kind, text: text.into(), app: String::new() }
}

/// Splits a mapped text. `app_of` gives the app of a module.
pub fn split(text: &str, app_of: &dyn Fn(ModuleId) -> String) -> Vec<Pill> {
    let mut pills = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(end) = expression_end(&rest[start + 2..]) else { break };
        if start > 0 {
            pills.push(pill("text", &rest[..start]));
        }
        expression(&rest[start + 2..start + 2 + end], app_of, &mut pills);
        rest = &rest[start + 2 + end + 2..];
    }
    if !rest.is_empty() {
        pills.push(pill("text", rest));
    }
    pills
}

/// For a blueprint: the apps of its modules.
pub fn apps(registry: &Registry, blueprint: &Blueprint) -> impl Fn(ModuleId) -> String {
    let apps: std::collections::HashMap<ModuleId, String> = blueprint
        .modules()
        .iter()
        .filter_map(|visited| Some((visited.module.id()?, look::of(registry, visited.module).app)))
        .collect();
    move |id| apps.get(&id).cloned().unwrap_or_default()
}

/// Where `}}` stands outside of quotes and backticks.
fn expression_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if matches!(letter, '"' | '\'' | '`') => quote = Some(letter),
            None if text[at..].starts_with("}}") => return Some(at),
            None => {}
        }
    }
    None
}

fn expression(text: &str, app_of: &dyn Fn(ModuleId) -> String, pills: &mut Vec<Pill>) {
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => quoted_length(rest),
            _ if is_word(first) => word_length(rest),
            _ => first.len_utf8(),
        };
        let token = &rest[..length];
        rest = rest[length..].trim_start();
        pills.push(match first {
            '"' | '\'' => pill("literal", token),
            _ if is_word(first) && rest.starts_with('(') => {
                rest = rest[1..].trim_start();
                pill("function", format!("{token}("))
            }
            _ if is_word(first) => word(token, app_of),
            _ => pill("sign", token),
        });
    }
}

fn word(token: &str, app_of: &dyn Fn(ModuleId) -> String) -> Pill {
    let digits = token.bytes().take_while(u8::is_ascii_digit).count();
    match (token[..digits].parse::<i64>(), token[digits..].strip_prefix('.')) {
        (Ok(module), Some(path)) if !path.bytes().all(|byte| byte.is_ascii_digit()) => {
            let path = path.replace('`', "").replace("[].", ": ").replace("[]", "").replace('.', ": ");
            Pill { kind: "item", text: format!("{module}. {path}"), app: app_of(ModuleId(module)) }
        }
        (Ok(_), _) => pill("literal", token),
        _ if token.contains('.') => pill("item", token),
        _ => pill("function", token),
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$' | '`')
}

/// A name or a path with its brackets and backticks.
fn word_length(text: &str) -> usize {
    let mut quoted = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '`' => quoted = !quoted,
            _ if quoted || is_word(letter) || matches!(letter, '.' | '[' | ']') => {}
            _ => return at,
        }
    }
    text.len()
}

fn quoted_length(text: &str) -> usize {
    let quote = text.chars().next().unwrap_or('"');
    text[1..].find(quote).map_or(text.len(), |at| at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let pills = split(text, &|id| format!("app{id}"));
        let pairs: Vec<(&str, &str)> = pills.iter().map(|pill| (pill.kind, pill.text.as_str())).collect();
        assert_eq!(pairs, expected);
    }

    #[test]
    fn items_functions_and_texts_are_told_apart() {
        check(
            "Hello {{1.customer.`First name`}}!",
            &[("text", "Hello "), ("item", "1. customer: First name"), ("text", "!")],
        );
        check(
            "{{substring(trim(1.name); 0; 50)}}",
            &[
                ("function", "substring("),
                ("function", "trim("),
                ("item", "1. name"),
                ("sign", ")"),
                ("sign", ";"),
                ("literal", "0"),
                ("sign", ";"),
                ("literal", "50"),
                ("sign", ")"),
            ],
        );
        check("{{\"}}\" + now}}", &[("literal", "\"}}\""), ("sign", "+"), ("function", "now")]);
        check("{{1.items[].price}}", &[("item", "1. items: price")]);
        check("{{3.5 * 2}}", &[("literal", "3.5"), ("sign", "*"), ("literal", "2")]);
    }

    #[test]
    fn broken_texts_stay_readable() {
        check("{{1.a", &[("text", "{{1.a")]);
        check("", &[]);
        check("{{}}", &[]);
        for text in ["{{\"", "{{`é", "{{é(", "{{'é'}}", "}}{{"] {
            let _ = split(text, &|_| String::new());
        }
    }
}
