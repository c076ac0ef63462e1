//! From tokens to a compiled expression: precedence climbing by hand, with a
//! depth limit so that no text can exhaust the stack.

use rouage_model::{ModuleId, Number, Value};

use crate::advice::{self, Place};
use crate::ast::{Node, Operator, Path, Root, Step};
use crate::error::SyntaxError;
use crate::lexer::{Kind, Lexer, Token};
use crate::{functions, keywords};

/// How deep calls, parentheses, brackets and signs may nest.
pub const MAX_DEPTH: usize = 200;

/// Reads one expression that starts at byte `start` of `text`, right after
/// `{{`. Gives it with the position after its `}}`.
pub(crate) fn expression(text: &str, start: usize) -> Result<(Node, usize), SyntaxError> {
    let mut lexer = Lexer::new(text, start);
    let token = lexer.next(false)?;
    let mut parser = Parser { lexer, token, before: None, depth: 0 };
    if parser.token.kind == Kind::Close {
        return Ok((Node::Missing, parser.lexer.position()));
    }
    let node = parser.chain(0)?;
    if parser.token.kind != Kind::Close {
        return Err(parser.unexpected("the end of the expression"));
    }
    Ok((node, parser.lexer.position()))
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    /// The token that comes next.
    token: Token<'t>,
    /// Where the token before it begins.
    before: Option<usize>,
    depth: usize,
}

impl<'t> Parser<'t> {
    /// Steps over the current token, which was the end of an operand or not.
    fn advance(&mut self, after_operand: bool) -> Result<Kind<'t>, SyntaxError> {
        let next = self.lexer.next(after_operand)?;
        self.before = Some(self.token.at);
        Ok(std::mem::replace(&mut self.token, next).kind)
    }

    fn unexpected(&self, wanted: &str) -> SyntaxError {
        let text = self.lexer.text();
        let place = Place {
            text,
            // What stood before is read once more, as only errors ask for it.
            before: self.before.and_then(|at| Lexer::new(text, at).next(false).ok()),
            found: &self.token,
            wanted,
        };
        let message = format!("{} where {wanted} is expected", advice::named(&self.token.kind));
        self.lexer.error(self.token.at, message, advice::advice(&place).as_deref())
    }

    fn expect(&mut self, kind: &Kind<'_>, wanted: &str) -> Result<(), SyntaxError> {
        if self.token.kind != *kind {
            return Err(self.unexpected(wanted));
        }
        self.advance(true).map(|_| ())
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, SyntaxError>) -> Result<T, SyntaxError> {
        if self.depth == MAX_DEPTH {
            let message = format!("the expression nests deeper than {MAX_DEPTH} levels");
            return Err(self.lexer.error(self.token.at, message, None));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Operands and the operators between them that bind at least as `level`.
    fn chain(&mut self, level: u8) -> Result<Node, SyntaxError> {
        let mut left = self.unary()?;
        while let Kind::Operator(operator) = self.token.kind {
            if operator.level() < level {
                break;
            }
            self.advance(false)?;
            let right = self.chain(operator.level() + 1)?;
            left = joined(left, operator, right);
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node, SyntaxError> {
        match self.token.kind {
            Kind::Not => {
                self.advance(false)?;
                let operand = self.nested(Self::unary)?;
                Ok(Node::Not(Box::new(operand)))
            }
            Kind::Operator(Operator::Subtract) => {
                self.advance(false)?;
                let operand = self.nested(Self::unary)?;
                Ok(negated(operand))
            }
            _ => self.postfix(),
        }
    }

    fn postfix(&mut self) -> Result<Node, SyntaxError> {
        let at = self.token.at;
        let node = self.primary()?;
        let steps = self.steps()?;
        Ok(match node {
            Node::Path(path) => Node::Path(path_of(path.root, steps, at)),
            base if steps.is_empty() => base,
            // Make gives the whole value here; to the one who wrote it only the property is of use.
            base => Node::Access { base: Box::new(base), steps },
        })
    }

    fn steps(&mut self) -> Result<Vec<Step>, SyntaxError> {
        let mut steps = Vec::new();
        loop {
            match self.token.kind {
                Kind::Dot => {
                    let at = self.token.at;
                    let Some(name) = self.lexer.segment()? else {
                        let hint = match self.lexer.rest().starts_with(['"', '\'']) {
                            true => "texts are joined with +",
                            false => "names with blanks or signs are written in `backticks`",
                        };
                        return Err(self.lexer.error(at, "a name is expected after the dot", Some(hint)));
                    };
                    steps.push(Step::Field(name.into()));
                    self.advance(true)?;
                }
                Kind::OpenBracket => steps.push(self.index()?),
                _ => return Ok(steps),
            }
        }
    }

    fn index(&mut self) -> Result<Step, SyntaxError> {
        self.advance(false)?;
        if self.token.kind == Kind::CloseBracket {
            self.advance(true)?;
            return Ok(Step::First);
        }
        let index = self.nested(|parser| parser.chain(0))?;
        self.expect(&Kind::CloseBracket, "]")?;
        Ok(Step::Index(index))
    }

    fn primary(&mut self) -> Result<Node, SyntaxError> {
        let at = self.token.at;
        if matches!(self.token.kind, Kind::OpenParenthesis) {
            self.advance(false)?;
            let inner = self.nested(|parser| parser.chain(0))?;
            self.expect(&Kind::CloseParenthesis, ") or an operator")?;
            return Ok(inner);
        }
        if !matches!(
            self.token.kind,
            Kind::Number(_) | Kind::Module(_) | Kind::Text(_) | Kind::Name(_) | Kind::Quoted(_)
        ) {
            return Err(self.unexpected("a value"));
        }
        match self.advance(true)? {
            Kind::Number(digits) => Ok(Node::Constant(number(digits))),
            Kind::Text(text) if text.is_empty() => Ok(Node::EmptyText),
            Kind::Text(text) => Ok(Node::Constant(Value::text(text.as_ref()))),
            Kind::Name(name) if self.token.kind == Kind::OpenParenthesis => self.call(name, at),
            Kind::Name(name) => Ok(keywords::node(name).unwrap_or_else(|| bare(Root::Name(name.into()), at))),
            Kind::Module(id) | Kind::Quoted(id) => match id.parse() {
                Ok(id) => Ok(bare(Root::Module(ModuleId(id)), at)),
                Err(_) => Ok(bare(Root::Name(id.into()), at)),
            },
            _ => Err(self.unexpected("a value")),
        }
    }

    fn call(&mut self, name: &str, at: usize) -> Result<Node, SyntaxError> {
        self.advance(false)?;
        let arguments = self.nested(Self::arguments)?;
        Ok(match functions::find(name) {
            Some(function) => Node::Call { function, arguments },
            None => Node::UnknownCall { name: name.into(), arguments, at },
        })
    }

    /// `a; b; )`: any argument may be empty; the last one is then left out.
    fn arguments(&mut self) -> Result<Vec<Node>, SyntaxError> {
        let mut arguments = Vec::new();
        loop {
            match self.token.kind {
                Kind::CloseParenthesis => {
                    self.advance(true)?;
                    return Ok(arguments);
                }
                Kind::Semicolon => {
                    arguments.push(Node::Missing);
                    self.advance(false)?;
                    continue;
                }
                _ => arguments.push(self.chain(0)?),
            }
            if self.token.kind == Kind::Semicolon {
                self.advance(false)?;
            } else if self.token.kind != Kind::CloseParenthesis {
                return Err(self.unexpected("; or )"));
            }
        }
    }
}

fn bare(root: Root, at: usize) -> Node {
    Node::Path(Path { root, steps: Vec::new(), at })
}

/// `var.scope.name` is a root of its own; its first two steps name it.
fn path_of(root: Root, mut steps: Vec<Step>, at: usize) -> Path {
    let scoped = match (&root, steps.as_slice()) {
        (Root::Name(name), [Step::Field(scope), Step::Field(variable), ..]) if name.as_ref() == "var" => {
            Some(Root::Variable { scope: scope.text().clone(), name: variable.text().clone() })
        }
        _ => None,
    };
    let Some(variable) = scoped else {
        return Path { root, steps, at };
    };
    Path { root: variable, steps: steps.split_off(2), at }
}

/// `a + b` and `+ c` are one chain, as all operators of a level go from left
/// to right. All operators of a chain are of one level, so that its first one
/// tells which: looking at all would take time squared.
fn joined(left: Node, operator: Operator, right: Node) -> Node {
    match left {
        Node::Chain { first, mut rest }
            if rest.first().is_none_or(|(before, _)| before.level() == operator.level()) =>
        {
            rest.push((operator, right));
            Node::Chain { first, rest }
        }
        first => Node::Chain { first: Box::new(first), rest: vec![(operator, right)] },
    }
}

fn negated(operand: Node) -> Node {
    match operand {
        Node::Constant(Value::Number(Number::Integer(integer))) => {
            Node::Constant(Value::Number(Number::Integer(integer.wrapping_neg())))
        }
        Node::Constant(Value::Number(Number::Float(float))) => Node::Constant(Value::Number(Number::Float(-float))),
        operand => Node::Negate(Box::new(operand)),
    }
}

fn number(digits: &str) -> Value {
    match digits.parse::<i64>() {
        Ok(integer) => Value::from(integer),
        Err(_) => digits.parse::<f64>().map_or(Value::Null, Value::from),
    }
}
