//! What to tell somebody whose expression cannot be read: the likely reason,
//! judged by what stands before the place and what stands at it.

use crate::functions;
use crate::lexer::{Kind, Token};

/// The place of an error: the token before it, the one at it, and the text.
pub(crate) struct Place<'t> {
    pub text: &'t str,
    pub before: Option<Token<'t>>,
    pub found: &'t Token<'t>,
    /// What would have been right.
    pub wanted: &'t str,
}

const JOIN: &str = "values are joined with +, arguments are separated by ;";
const BOTH_SIDES: &str = "an operator needs a value on each side";

/// What stands at the place, in words.
pub(crate) fn named(kind: &Kind<'_>) -> String {
    match kind {
        Kind::End => "the text ends".to_owned(),
        Kind::Close => "the expression ends".to_owned(),
        Kind::Number(text) | Kind::Module(text) | Kind::Name(text) | Kind::Quoted(text) => format!("found '{text}'"),
        Kind::Text(_) => "found a text".to_owned(),
        Kind::Operator(_) => "found an operator".to_owned(),
        Kind::Not => "found '!'".to_owned(),
        Kind::OpenParenthesis => "found '('".to_owned(),
        Kind::CloseParenthesis => "found ')'".to_owned(),
        Kind::OpenBracket => "found '['".to_owned(),
        Kind::CloseBracket => "found ']'".to_owned(),
        Kind::Semicolon => "found ';'".to_owned(),
        Kind::Dot => "found '.'".to_owned(),
    }
}

/// What to do, when there is a likely reason.
pub(crate) fn advice(place: &Place<'_>) -> Option<String> {
    let before = place.before.as_ref().map(|token| &token.kind);
    let fixed = match (&place.found.kind, before) {
        (Kind::End, _) => "close the expression with }}",
        (Kind::Close, Some(Kind::Operator(_))) => BOTH_SIDES,
        (Kind::Close, _) if place.wanted.contains(')') => "a ( is not closed; write ) where its arguments end",
        (Kind::Close, _) if place.wanted.contains(']') => "a [ is not closed; write ] after the index",
        (Kind::Close, _) => return None,
        (Kind::Operator(_), _) => return Some(about_operator(place).to_owned()),
        (Kind::Number(_) | Kind::Module(_) | Kind::Name(_) | Kind::Quoted(_) | Kind::Text(_) | Kind::Not, _) => {
            return Some(about_operand(place));
        }
        (Kind::OpenParenthesis, Some(Kind::Dot)) => "a function stands around its value, as in upper(1.name)",
        (Kind::OpenParenthesis, _) => JOIN,
        (Kind::CloseParenthesis, Some(Kind::Operator(_))) => BOTH_SIDES,
        (Kind::CloseParenthesis, _) => "there is a ( missing or a ) too many",
        (Kind::OpenBracket, _) => "arrays cannot be written in an expression; use split(\"a,b\"; \",\")",
        (Kind::CloseBracket, _) => "there is a [ missing or a ] too many",
        (Kind::Semicolon, Some(Kind::Operator(_))) => BOTH_SIDES,
        (Kind::Semicolon, _) => "; stands only between the arguments of a function",
        (Kind::Dot, _) => "a field is written with the number of its module, as in 1.name",
    };
    Some(fixed.to_owned())
}

/// Signs of other languages read as two operators here.
const FOREIGN: &[(&str, &str)] = &[
    ("=>", "greater or equal is written >="),
    ("=<", "less or equal is written <="),
    ("<>", "not equal is written !="),
    ("=!", "not equal is written !="),
    ("**", "use power(number; exponent)"),
    ("//", "use floor(number / number)"),
];

fn about_operator(place: &Place<'_>) -> &'static str {
    let from = place.before.as_ref().map_or(place.found.at, |token| token.at);
    let both = place.text.get(from..).unwrap_or_default();
    if let Some((_, advice)) = FOREIGN.iter().find(|(sign, _)| both.starts_with(sign)) {
        return advice;
    }
    let rest = place.text.get(place.found.at..).unwrap_or_default();
    if rest.starts_with('/') && rest[1..].contains('/') {
        return "a regular expression is written as a text, as in \"/a+/g\"";
    }
    BOTH_SIDES
}

/// A value where none can stand: something is missing between it and the one
/// before.
fn about_operand(place: &Place<'_>) -> String {
    let touches = place.text[..place.found.at].chars().next_back().is_some_and(|last| !last.is_whitespace());
    match place.before.as_ref().map(|token| &token.kind) {
        Some(Kind::Name("not")) => "use !value, or if(value; false; true)".to_owned(),
        Some(Kind::Name(name @ ("and" | "or" | "mod"))) => format!("{name} needs a value on each side"),
        Some(Kind::Name(name)) if functions::find(name).is_some() => {
            let signature = functions::find(name).map_or("", |function| function.signature);
            format!("the arguments of a function stand in parentheses: {signature}")
        }
        Some(Kind::Dot | Kind::Name(_)) if matches!(place.found.kind, Kind::Name(_) | Kind::Number(_)) && !touches => {
            "a name with blanks is written in `backticks`; values are joined with +".to_owned()
        }
        Some(Kind::Number(_) | Kind::Module(_)) if touches => {
            "a name that begins with a digit is written in `backticks`".to_owned()
        }
        Some(Kind::Text(_)) if touches => about_quotes(place).to_owned(),
        _ => JOIN.to_owned(),
    }
}

fn about_quotes(place: &Place<'_>) -> &'static str {
    let literal = place.before.as_ref().map_or("", |before| &place.text[before.at..place.found.at]);
    match literal {
        escaped if escaped.ends_with("\\\"") => "a quote inside a text is written twice (\"\"), not with a backslash",
        single if single.starts_with('\'') => "put a text with an apostrophe in double quotes",
        _ => "a quote inside a text is written twice: \"\"",
    }
}

/// What to do about a sign that means nothing.
pub(crate) fn about_sign(text: &str, at: usize) -> Option<&'static str> {
    let rest = &text[at..];
    let digit = |character: Option<char>| character.is_some_and(|found| found.is_ascii_digit());
    Some(match rest.chars().next()? {
        ',' if digit(text[..at].chars().next_back()) && digit(rest[1..].chars().next()) => {
            "arguments are separated by ; and decimals are written with a point"
        }
        ',' => "arguments are separated by ;",
        '{' if rest.starts_with("{{") => "{{ }} cannot stand within {{ }}; write the name alone",
        '{' | '}' => "collections and arrays cannot be written in an expression",
        '\\' => "texts are written in plain \"quotes\", a quote inside is written twice",
        '\u{201C}' | '\u{201D}' | '\u{2018}' | '\u{2019}' | '\u{201E}' | '«' | '»' => "use straight quotes: \"text\"",
        '?' if rest.starts_with("??") => "use ifempty(value; other value)",
        '?' | ':' => "use if(condition; value; other value)",
        '^' => "use power(number; exponent)",
        '–' | '—' | '−' => "use the plain minus sign -",
        '×' => "use *",
        '÷' => "use /",
        '≥' => "greater or equal is written >=",
        '≤' => "less or equal is written <=",
        '≠' => "not equal is written !=",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::Template;

    /// Thirty slips of people who have never seen the language.
    #[test]
    fn slips_are_met_with_what_to_do() {
        for (text, at, advice) in [
            ("{{formatDate(now, \"YYYY\")}}", 16, "arguments are separated by ;"),
            ("{{upper(\"abc}}", 8, "a quote inside is written twice"),
            ("{{upper(1.name}}", 14, "a ( is not closed"),
            ("{{upper 1.name}}", 8, "stand in parentheses: upper(text)"),
            ("{{1.name + }}", 11, "a value on each side"),
            ("{{+ 1.name}}", 2, "a value on each side"),
            ("{{1.First Name}}", 10, "in `backticks`"),
            ("{{4.ID 1}}", 7, "in `backticks`"),
            ("{{1.name 1.t}}", 9, "joined with +"),
            ("{{1.n > 1 ? \"a\" : \"b\"}}", 10, "use if("),
            ("{{1.a ?? 2}}", 6, "use ifempty("),
            ("{{1.items[0}}", 11, "a [ is not closed"),
            ("{{1.items]}}", 9, "a ] too many"),
            ("{{)}}", 2, "a ) too many"),
            ("{{[1; 2]}}", 2, "arrays cannot be written"),
            ("{{ {\"a\": 1} }}", 3, "collections and arrays cannot"),
            ("{{“curly”}}", 2, "straight quotes"),
            ("{{.name}}", 2, "the number of its module"),
            ("{{1.name; 1.t}}", 8, "between the arguments"),
            ("{{not 1.b}}", 6, "use !value"),
            ("{{\"it\"s\"}}", 6, "written twice"),
            ("{{'it's'}}", 6, "double quotes"),
            ("{{\"a\\\"b\"}}", 6, "not with a backslash"),
            ("{{1.n => 2}}", 7, ">="),
            ("{{1.n <> 2}}", 7, "!="),
            ("{{1.n ** 2}}", 7, "power("),
            ("{{1.n ^ 2}}", 6, "power("),
            ("{{replace(1.name; /a/g; \"b\")}}", 18, "written as a text"),
            ("{{1.n + {{1.t}} }}", 8, "cannot stand within"),
            ("{{12abc}}", 4, "begins with a digit"),
            ("{{1,5 + 2}}", 3, "with a point"),
            ("{{\"a\" . \"b\"}}", 6, "joined with +"),
            ("{{1.name.toUpperCase()}}", 20, "around its value"),
            ("{{if(1.a; \"b\" +; 2)}}", 15, "a value on each side"),
            ("{{substring(1.name; 0; 3))}}", 25, "a ) too many"),
        ] {
            let error = Template::parse(text).unwrap_err();
            assert_eq!(error.at, at, "{text}: {error}");
            assert!(error.suggestion.as_ref().is_some_and(|found| found.contains(advice)), "{text}: {error}");
        }
    }
}
