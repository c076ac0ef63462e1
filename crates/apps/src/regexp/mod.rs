//! Text parser: regular expressions, elements of texts and of HTML.
//!
//! Patterns are JavaScript's; `rouage_sdk::regex` searches them within limits.

mod elements;
mod get_elements;
mod html_parser;
mod html_to_text;
mod markup;
mod parser;
mod replace;

use std::sync::Arc;

use rouage_sdk::regex::Expression;
use rouage_sdk::{App, Field, Values};

pub(crate) fn app() -> App {
    App {
        name: "regexp",
        label: "Text parser",
        color: "#6a4c93",
        icon: "regexp",
        synonyms: &["regex", "pattern", "match", "extract", "replace", "text", "html", "find"],
        modules: vec![
            Arc::new(parser::Parser::advanced()),
            Arc::new(get_elements::GetElements::default()),
            Arc::new(html_parser::HtmlParser::default()),
            Arc::new(html_to_text::HtmlToText::default()),
            Arc::new(parser::Parser::simple()),
            Arc::new(replace::Replace::default()),
        ],
        connections: Vec::new(),
    }
}

/// How a pattern is read, as Make asks for it.
fn flags() -> Vec<Field> {
    vec![
        Field::boolean("global", "Global match").default("false").help("Yes: every match, not only the first."),
        Field::boolean("sensitive", "Case sensitive").default("true").help("Yes: a and A are different."),
        Field::boolean("multiline", "Multiline").default("false").advanced().help("Yes: ^ and $ match at every line."),
        Field::boolean("singleline", "Singleline").default("false").advanced().help("Yes: a dot matches line breaks too."),
    ]
}

fn continue_field() -> Field {
    Field::boolean("continueWhenNoRes", "Continue the execution of the route even if the module finds no matches")
        .default("false")
        .help("Yes: what follows runs once with nothing. No: it does not run.")
}

/// The pattern with the flags of the form, which may be parameters or mapped.
fn expression(pattern: &str, options: &Values) -> Expression {
    let mut flags = String::new();
    for (name, expected, flag) in [("sensitive", false, 'i'), ("multiline", true, 'm'), ("singleline", true, 's')] {
        if options.is_true(name) == expected {
            flags.push(flag);
        }
    }
    Expression::new(pattern, flags)
}
