//! The editor in the browser reads mapped texts with a lexer of its own,
//! `web/scripts/fields/tokens.ts`. Both lexers are held to the same vectors
//! here and in `tokens.test.ts`, so that a text never means one thing on the
//! screen and another in a run.

use rouage_model::{Value, json};

use crate::Template;
use crate::lexer::{Kind, Lexer};
use crate::template::next_open;

/// The tokens as the vectors write them: `kind text`, up to the first that
/// cannot be read, which takes the rest of the text with it.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut from = 0;
    let last_close = text.rfind("}}").unwrap_or(0);
    while let Some(open) = next_open(text, from).filter(|open| *open < last_close) {
        push(&mut found, "literal", &text[from..open]);
        push(&mut found, "open", &text[open..open + 2]);
        match expression(text, open + 2, &mut found) {
            Some(end) => from = end,
            None => return found,
        }
    }
    push(&mut found, "literal", &text[from..]);
    found
}

/// Reads up to and with `}}`; `None` when the text ends or cannot be read.
fn expression(text: &str, start: usize, found: &mut Vec<String>) -> Option<usize> {
    let mut lexer = Lexer::new(text, start);
    let (mut after_operand, mut after_dot) = (false, false);
    loop {
        let rest = lexer.rest();
        let blank = rest.len() - rest.trim_start().len();
        push(found, "space", &rest[..blank]);
        let at = lexer.position() + blank;
        let kind = match step(&mut lexer, after_operand, after_dot) {
            Ok("end") => return None,
            Ok(kind) => kind,
            Err(()) => {
                push(found, "bad", &text[at..]);
                return None;
            }
        };
        push(found, kind, &text[at..lexer.position()]);
        if kind == "close" {
            return Some(lexer.position());
        }
        after_dot = kind == "dot";
        after_operand =
            ["number", "module", "text", "name", "quoted", "closeParenthesis", "closeBracket"].contains(&kind);
    }
}

/// One token, asked for as the parser does.
fn step(lexer: &mut Lexer<'_>, after_operand: bool, after_dot: bool) -> Result<&'static str, ()> {
    if after_dot {
        let is_quoted = lexer.rest().trim_start().starts_with('`');
        if lexer.segment().map_err(drop)?.is_some() {
            return Ok(if is_quoted { "quoted" } else { "name" });
        }
    }
    lexer.next(after_operand).map(|token| name(&token.kind)).map_err(drop)
}

fn name(kind: &Kind<'_>) -> &'static str {
    match kind {
        Kind::Number(_) => "number",
        Kind::Module(_) => "module",
        Kind::Text(_) => "text",
        Kind::Name(_) => "name",
        Kind::Quoted(_) => "quoted",
        Kind::Operator(_) => "operator",
        Kind::Not => "not",
        Kind::OpenParenthesis => "openParenthesis",
        Kind::CloseParenthesis => "closeParenthesis",
        Kind::OpenBracket => "openBracket",
        Kind::CloseBracket => "closeBracket",
        Kind::Semicolon => "semicolon",
        Kind::Dot => "dot",
        Kind::Close => "close",
        Kind::End => "end",
    }
}

fn push(found: &mut Vec<String>, kind: &str, text: &str) {
    if !text.is_empty() {
        found.push(format!("{kind} {text}"));
    }
}

#[test]
fn both_lexers_read_the_same_tokens() {
    let path = format!("{}/../../tests/vectors/mapping.json", env!("CARGO_MANIFEST_DIR"));
    let vectors = json::parse(&std::fs::read(path).unwrap()).unwrap();
    let vectors = vectors.as_array().unwrap();
    assert!(vectors.len() > 300, "the vectors are there");
    for vector in vectors {
        let text = vector.field("text").as_text().unwrap();
        let expected: Vec<_> =
            vector.field("tokens").as_array().unwrap().iter().map(|token| token.as_text().unwrap()).collect();
        assert_eq!(tokens(text), expected, "of {text:?}");
        let is_invalid = !vector.field("invalid").is_nothing();
        let Ok(template) = Template::parse(text) else {
            assert!(is_invalid, "{text:?} cannot be read");
            continue;
        };
        assert!(!is_invalid, "{text:?} can be read");
        let modules: Vec<_> = template.references().iter().map(|reference| Value::from(reference.module.0)).collect();
        assert_eq!(Value::from(modules), *vector.field("modules"), "of {text:?}");
        let functions: Vec<_> = template.functions().into_iter().map(Value::from).collect();
        assert_eq!(Value::from(functions), *vector.field("functions"), "of {text:?}");
    }
}
