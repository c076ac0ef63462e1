//! The compiled form of one expression.

use std::sync::atomic::{AtomicUsize, Ordering};

use rouage_model::{Collection, ModuleId, Text, Value};

use crate::functions::FunctionInfo;

/// One expression, ready to be evaluated.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    /// An argument that was left out: `f(x; )`.
    Missing,
    /// The literal `""`, which as a whole field means "no value".
    EmptyText,
    /// A literal or a keyword that never changes.
    Constant(Value),
    /// A keyword whose value comes from the context.
    Ambient(Ambient),
    /// A path into a bundle or a variable.
    Path(Path),
    /// Steps into the value of something that is not a path: `first(x).name`.
    Access { base: Box<Node>, steps: Vec<Step> },
    /// A call of a function that exists.
    Call { function: &'static FunctionInfo, arguments: Vec<Node> },
    /// A call of a function that does not (decision D17).
    UnknownCall { name: Text, arguments: Vec<Node>, at: usize },
    /// `!a`
    Not(Box<Node>),
    /// `-a`
    Negate(Box<Node>),
    /// Operators of one level, from left to right. A chain and not a tree, so
    /// that a thousand joined texts do not nest a thousand deep.
    Chain { first: Box<Node>, rest: Vec<(Operator, Node)> },
}

/// Keywords that ask the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ambient {
    Now,
    Timestamp,
    Random,
    Uuid,
    ExecutionId,
}

/// A path: where it starts and the steps from there.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub root: Root,
    pub steps: Vec<Step>,
    /// Where it stands, in bytes from the start of the whole text.
    pub at: usize,
}

/// Where a path starts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Root {
    /// The bundle of a module.
    Module(ModuleId),
    /// `var.<scope>.<name>`
    Variable { scope: Text, name: Text },
    /// A bare name that means nothing (decision D18).
    Name(Text),
}

/// One step of a path.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// `.name`
    Field(Name),
    /// `[]`: the first item.
    First,
    /// `[expression]`
    Index(Node),
}

/// The name of a field. It remembers where it stood in the collection that was
/// asked last: the bundles of one module mostly have the same fields in the
/// same order. A wrong memory costs one comparison and nothing else.
#[derive(Debug)]
pub(crate) struct Name {
    text: Text,
    seen_at: AtomicUsize,
}

impl Name {
    /// The value of this name.
    pub(crate) fn find<'v>(&self, collection: &'v Collection) -> Option<&'v Value> {
        let at = self.seen_at.load(Ordering::Relaxed);
        match collection.entry(at) {
            Some((key, value)) if **key == *self.text => Some(value),
            _ => {
                let at = collection.position(&self.text)?;
                self.seen_at.store(at, Ordering::Relaxed);
                collection.entry(at).map(|(_, value)| value)
            }
        }
    }

    pub(crate) fn text(&self) -> &Text {
        &self.text
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self { text: text.into(), seen_at: AtomicUsize::new(0) }
    }
}

impl Clone for Name {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), seen_at: AtomicUsize::new(self.seen_at.load(Ordering::Relaxed)) }
    }
}

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    /// `++`: addition that never joins texts.
    AddNumbers,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    /// How tightly it binds; higher is tighter. Levels as in `iml.md` §1.2.
    pub(crate) fn level(self) -> u8 {
        match self {
            Operator::Or => 1,
            Operator::And => 2,
            Operator::Equal | Operator::NotEqual => 3,
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => 4,
            Operator::Add | Operator::AddNumbers | Operator::Subtract => 5,
            Operator::Multiply | Operator::Divide | Operator::Remainder => 6,
        }
    }
}

impl Node {
    /// Calls `visit` for this node and everything below it.
    pub(crate) fn walk<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(self);
        match self {
            Node::Missing | Node::EmptyText | Node::Constant(_) | Node::Ambient(_) => {}
            Node::Path(path) => walk_steps(&path.steps, visit),
            Node::Access { base, steps } => {
                base.walk(visit);
                walk_steps(steps, visit);
            }
            Node::Call { arguments, .. } | Node::UnknownCall { arguments, .. } => {
                arguments.iter().for_each(|argument| argument.walk(visit));
            }
            Node::Not(operand) | Node::Negate(operand) => operand.walk(visit),
            Node::Chain { first, rest } => {
                first.walk(visit);
                rest.iter().for_each(|(_, operand)| operand.walk(visit));
            }
        }
    }
}

fn walk_steps<'n>(steps: &'n [Step], visit: &mut dyn FnMut(&'n Node)) {
    for step in steps {
        if let Step::Index(index) = step {
            index.walk(visit);
        }
    }
}
