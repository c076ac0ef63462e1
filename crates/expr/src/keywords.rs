//! The words that stand for a value: one table, from which the parser, the
//! editor's help and the reference are made.

use rouage_model::{Text, Value};

use crate::ast::{Ambient, Node};

/// A word that stands for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keyword {
    /// The word, in its only spelling.
    pub name: &'static str,
    /// What it stands for, in one sentence.
    pub help: &'static str,
    /// Whether it has a different value each time.
    pub volatile: bool,
}

const fn fixed(name: &'static str, help: &'static str) -> Keyword {
    Keyword { name, help, volatile: false }
}

const fn volatile(name: &'static str, help: &'static str) -> Keyword {
    Keyword { name, help, volatile: true }
}

/// All of them.
const KEYWORDS: &[Keyword] = &[
    fixed("true", "Yes."),
    fixed("false", "No."),
    fixed("null", "An explicit nothing."),
    fixed("emptystring", "A text without characters, which counts as filled in."),
    fixed("emptyarray", "An array without items."),
    fixed("ignore", "Leaves the field out, as if nothing had been mapped."),
    fixed("erase", "Clears the field at the other side."),
    fixed("space", "A blank."),
    fixed("nbsp", "A blank at which a line is not broken."),
    fixed("tab", "A tabulator."),
    fixed("newline", "A line break."),
    fixed("carriagereturn", "A carriage return, which Windows writes before a line break."),
    fixed("pi", "The number 3.141592653589793."),
    volatile("now", "The date and time of this moment."),
    volatile("timestamp", "This moment in whole seconds since 1970."),
    volatile("random", "A number from 0 (included) to 1 (excluded)."),
    volatile("uuid", "A new UUID (version 4)."),
    fixed("executionId", "The id of this run."),
];

/// The words that stand for a value.
pub fn keywords() -> &'static [Keyword] {
    KEYWORDS
}

/// The node of a keyword; `None` for any other name.
pub(crate) fn node(name: &str) -> Option<Node> {
    let constant = |text: &str| Node::Constant(Value::text(Text::from(text)));
    Some(match name {
        "true" => Node::Constant(Value::Boolean(true)),
        "false" => Node::Constant(Value::Boolean(false)),
        "null" => Node::Constant(Value::Null),
        "emptystring" => constant(""),
        "emptyarray" => Node::Constant(Value::from(Vec::new())),
        "space" => constant(" "),
        "nbsp" => constant("\u{A0}"),
        "tab" => constant("\t"),
        "newline" => constant("\n"),
        "carriagereturn" => constant("\r"),
        "ignore" => Node::Constant(Value::Ignore),
        "erase" => Node::Constant(Value::Erase),
        "pi" => Node::Constant(Value::from(std::f64::consts::PI)),
        "now" => Node::Ambient(Ambient::Now),
        "timestamp" => Node::Ambient(Ambient::Timestamp),
        "random" => Node::Ambient(Ambient::Random),
        "uuid" => Node::Ambient(Ambient::Uuid),
        "executionId" => Node::Ambient(Ambient::ExecutionId),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Template;

    #[test]
    fn every_keyword_is_one_and_is_volatile_as_it_says() {
        for keyword in keywords() {
            assert!(node(keyword.name).is_some() && keyword.help.ends_with('.'), "{}", keyword.name);
            let template = Template::parse(&format!("{{{{{}}}}}", keyword.name)).unwrap();
            assert_eq!(template.is_volatile(), keyword.volatile, "{}", keyword.name);
        }
    }
}
