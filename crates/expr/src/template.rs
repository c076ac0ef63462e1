//! A mapped text: literal text with `{{ }}`.

use std::fmt;

use rouage_model::{ModuleId, Text, Value};

use crate::ast::{Node, Path, Root, Step};
use crate::coerce::TextWriter;
use crate::context::Context;
use crate::error::{EvalError, SyntaxError};
use crate::{eval, parser};

/// A mapped text, compiled.
///
/// A text that is exactly one `{{ }}` keeps the type of its value; any other
/// text joins its pieces.
#[derive(Debug, Clone)]
pub struct Template {
    source: Text,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Literal(Text),
    Expression(Node),
}

/// A module that an expression takes a value from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Whose bundle.
    pub module: ModuleId,
    /// The names of the steps; indices are left out. Empty is the whole bundle.
    pub path: Vec<String>,
    /// All steps.
    pub steps: Vec<ReferenceStep>,
    /// Characters from the start of the whole text.
    pub at: usize,
}

/// A step of a [`Reference`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceStep {
    /// `.name`
    Field(String),
    /// `[…]` with anything in it.
    Index,
}

impl fmt::Display for Reference {
    /// As it is written in an expression.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return write!(f, "`{}`", self.module);
        }
        write!(f, "{}", self.module)?;
        self.steps.iter().try_for_each(|step| match step {
            ReferenceStep::Field(name) if is_plain_name(name) => write!(f, ".{name}"),
            ReferenceStep::Field(name) => write!(f, ".`{name}`"),
            ReferenceStep::Index => f.write_str("[]"),
        })
    }
}

/// Whether the name of a field needs no backticks in an expression.
pub fn is_plain_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|character| character.is_alphanumeric() || character == '_')
}

impl Template {
    /// Compiles a text. `{{` that is never closed is literal text (decision
    /// D19); of `{{{` the last two braces open the expression, because a brace
    /// can not begin one.
    pub fn parse(text: &str) -> Result<Template, SyntaxError> {
        let mut pieces = Vec::new();
        let mut from = 0;
        let last_close = text.rfind("}}").unwrap_or(0);
        while let Some(open) = next_open(text, from).filter(|open| *open < last_close) {
            push_literal(&mut pieces, &text[from..open]);
            let (node, end) = parser::expression(text, open + 2)?;
            pieces.push(Piece::Expression(node));
            from = end;
        }
        push_literal(&mut pieces, &text[from..]);
        Ok(Template { source: text.into(), pieces })
    }

    /// The value. A lone `""` is no value; `{{emptystring}}` is the empty text.
    pub fn evaluate(&self, context: &Context<'_>) -> Result<Value, EvalError> {
        match self.pieces.as_slice() {
            [] => Ok(Value::Text(self.source.clone())),
            [Piece::Literal(text)] => Ok(Value::Text(text.clone())),
            [Piece::Expression(Node::EmptyText)] => Ok(Value::Null),
            [Piece::Expression(Node::Path(path))] => eval::path(path, context),
            [Piece::Expression(node)] => eval::evaluate(node, context),
            pieces => joined(pieces, context),
        }
    }

    /// The modules whose bundles it reads.
    pub fn references(&self) -> Vec<Reference> {
        let mut references = Vec::new();
        let mut position = Position::default();
        self.walk(&mut |node| {
            if let Node::Path(Path { root: Root::Module(module), steps, at }) = node {
                let at = position.characters(&self.source, *at);
                references.push(Reference { module: *module, path: names(steps), steps: shown(steps), at });
            }
        });
        references
    }

    /// Bare names that mean nothing (decision D18), each with its position.
    pub fn unknown_names(&self) -> Vec<(String, usize)> {
        let mut unknown = Vec::new();
        let mut position = Position::default();
        self.walk(&mut |node| {
            if let Node::Path(Path { root: Root::Name(name), at, .. }) = node {
                unknown.push((name.to_string(), position.characters(&self.source, *at)));
            }
        });
        unknown
    }

    /// The names of the functions it calls, known or not, in order.
    pub fn functions(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        self.walk(&mut |node| match node {
            Node::Call { function, .. } => names.push(function.name),
            Node::UnknownCall { name, .. } => names.push(name),
            _ => {}
        });
        names
    }

    /// The functions that it calls and nobody has, each with its position.
    pub fn unknown_functions(&self) -> Vec<(&str, usize)> {
        let mut unknown = Vec::new();
        let mut position = Position::default();
        self.walk(&mut |node| {
            if let Node::UnknownCall { name, at, .. } = node {
                unknown.push((name.as_ref(), position.characters(&self.source, *at)));
            }
        });
        unknown
    }

    /// Whether it gives the same value in every run.
    pub fn is_constant(&self) -> bool {
        let mut constant = !self.is_volatile();
        self.walk(&mut |node| constant &= !matches!(node, Node::Path(_) | Node::Ambient(_)));
        constant
    }

    /// Whether it depends on the time or on chance.
    pub fn is_volatile(&self) -> bool {
        use crate::ast::Ambient::{Now, Random, Timestamp, Uuid};
        let mut volatile = false;
        self.walk(&mut |node| match node {
            Node::Ambient(Now | Timestamp | Random | Uuid) => volatile = true,
            Node::Call { function, .. } => volatile |= function.volatile,
            _ => {}
        });
        volatile
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its path, when it is a lone one.
    pub(crate) fn only_path(&self) -> Option<&Path> {
        match self.pieces.as_slice() {
            [Piece::Expression(Node::Path(path))] => Some(path),
            _ => None,
        }
    }

    /// Calls `visit` for what stands between each pair of braces.
    pub(crate) fn expressions<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        for piece in &self.pieces {
            if let Piece::Expression(node) = piece {
                visit(node);
            }
        }
    }

    fn walk<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        for piece in &self.pieces {
            if let Piece::Expression(node) = piece {
                node.walk(visit);
            }
        }
    }
}

/// Counts characters up to growing positions, each stretch of text once.
#[derive(Default)]
struct Position {
    byte: usize,
    characters: usize,
}

impl Position {
    fn characters(&mut self, text: &str, byte: usize) -> usize {
        if byte < self.byte {
            *self = Self::default();
        }
        self.characters += text[self.byte..byte].chars().count();
        self.byte = byte;
        self.characters
    }
}

pub(crate) fn next_open(text: &str, from: usize) -> Option<usize> {
    let open = from + text[from..].find("{{")?;
    let braces = text[open..].bytes().take_while(|byte| *byte == b'{').count();
    Some(open + braces - 2)
}

fn push_literal(pieces: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        pieces.push(Piece::Literal(text.into()));
    }
}

fn names(steps: &[Step]) -> Vec<String> {
    let fields = steps.iter().filter_map(|step| match step {
        Step::Field(name) => Some(name.text().to_string()),
        _ => None,
    });
    fields.collect()
}

fn shown(steps: &[Step]) -> Vec<ReferenceStep> {
    let shown = steps.iter().map(|step| match step {
        Step::Field(name) => ReferenceStep::Field(name.text().to_string()),
        Step::First | Step::Index(_) => ReferenceStep::Index,
    });
    shown.collect()
}

fn joined(pieces: &[Piece], context: &Context<'_>) -> Result<Value, EvalError> {
    let mut writer = TextWriter::new(context);
    for piece in pieces {
        match piece {
            Piece::Literal(text) => writer.push(text)?,
            Piece::Expression(node) => writer.value(&*eval::peek(node, context)?)?,
        }
    }
    Ok(writer.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> SyntaxError {
        Template::parse(text).unwrap_err()
    }

    #[test]
    fn errors_say_where_and_what_to_do() {
        assert_eq!(error("a {{if(1.a, 2)}}").at, 10);
        assert_eq!(error("a {{if(1.a, 2)}}").suggestion.as_deref(), Some("arguments are separated by ;"));
        assert_eq!(error("é {{upper(\"x)}}").message, "the text is not closed");
        assert_eq!(error("é {{upper(\"x)}}").at, 10);
        assert_eq!(error("{{1.a +}}").at, 7);
        assert!(error("{{1.a 1.b}}").suggestion.unwrap().contains("joined with +"));
    }

    #[test]
    fn d19_an_open_that_is_never_closed_is_text() {
        assert!(Template::parse("{{ not closed").unwrap().is_constant());
        assert!(Template::parse("}} {{").unwrap().is_constant());
    }

    #[test]
    fn braces_of_json_around_an_expression_are_text() {
        let template = Template::parse(r#"{"a":{{{1.x}}}}"#).unwrap();
        assert_eq!(template.references().len(), 1);
        assert_eq!(template.references()[0].at, 8);
    }

    #[test]
    fn references_have_their_static_path_and_position() {
        let template = Template::parse("é{{first(3.a[4.i].`b c`).d}}{{`5`}}").unwrap();
        let found: Vec<_> =
            template.references().into_iter().map(|found| (found.module.0, found.path.join("/"), found.at)).collect();
        assert_eq!(found, [(3, "a/b c".into(), 9), (4, "i".into(), 13), (5, String::new(), 30)]);
    }

    #[test]
    fn volatile_and_constant_are_told_apart() {
        let parsed = |text| Template::parse(text).unwrap();
        assert!(parsed("{{upper(\"a\")}}").is_constant());
        assert!(!parsed("{{1.a}}").is_constant() && !parsed("{{1.a}}").is_volatile());
        assert!(parsed("{{formatDate(now; \"x\")}}").is_volatile());
        assert!(parsed("{{shuffle(emptyarray)}}").is_volatile());
        assert!(!parsed("{{executionId}}").is_constant());
    }

    #[test]
    fn the_deepest_expressions_can_be_evaluated() {
        let nested = |open: &str, close: &str| {
            let depth = parser::MAX_DEPTH - 1;
            format!("{{{{{}1{}}}}}", open.repeat(depth), close.repeat(depth))
        };
        for text in [nested("if(true; ", ")"), nested("upper(", ")"), nested("(1 + ", ")")] {
            assert!(crate::testing::evaluated(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded_but_length_is_not() {
        assert!(Template::parse(&format!("{{{{{}1{}}}}}", "(".repeat(5000), ")".repeat(5000))).is_err());
        assert!(Template::parse(&format!("{{{{{}1}}}}", "!".repeat(5000))).is_err());
        assert!(Template::parse(&format!("{{{{{}1}}}}", "1+".repeat(5000))).is_ok());
    }
}
