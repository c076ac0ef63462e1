//! The tokens of an expression, read one at a time from the text around it.

use std::borrow::Cow;

use crate::advice::about_sign;
use crate::ast::Operator;
use crate::error::SyntaxError;

/// A token and where it starts, in bytes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token<'t> {
    pub kind: Kind<'t>,
    pub at: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind<'t> {
    /// Digits, with or without a fraction.
    Number(&'t str),
    /// Digits before a path: the id of a module.
    Module(&'t str),
    /// A literal, without its quotes.
    Text(Cow<'t, str>),
    /// A bare name.
    Name(&'t str),
    /// A name in backticks.
    Quoted(&'t str),
    /// An operator that stands between operands.
    Operator(Operator),
    Not,
    OpenParenthesis,
    CloseParenthesis,
    OpenBracket,
    CloseBracket,
    Semicolon,
    Dot,
    /// `}}`
    Close,
    /// The text ended.
    End,
}

/// Reads tokens from `text`, from a byte position on.
#[derive(Debug)]
pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str, at: usize) -> Self {
        Self { text, at }
    }

    /// Where the next token will be looked for.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &'t str {
        self.text
    }

    pub(crate) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// An error at a byte position of the text.
    pub(crate) fn error(&self, at: usize, message: impl Into<String>, suggestion: Option<&str>) -> SyntaxError {
        SyntaxError {
            message: message.into(),
            at: self.text[..at].chars().count(),
            suggestion: suggestion.map(str::to_owned),
        }
    }

    /// The next token. `after_operand` tells `and`, `or` and `mod` from names.
    pub(crate) fn next(&mut self, after_operand: bool) -> Result<Token<'t>, SyntaxError> {
        self.at += self.rest().len() - self.rest().trim_start().len();
        let at = self.at;
        let Some(first) = self.rest().chars().next() else {
            return Ok(Token { kind: Kind::End, at });
        };
        let kind = match first {
            '"' | '\'' => Kind::Text(self.literal(first)?),
            '`' => Kind::Quoted(self.backticks()?),
            '0'..='9' => self.number(),
            _ if is_name_start(first) => self.name(after_operand),
            _ => self.symbol(first)?,
        };
        Ok(Token { kind, at })
    }

    /// The name of a step, directly after a dot; may start with a digit.
    pub(crate) fn segment(&mut self) -> Result<Option<&'t str>, SyntaxError> {
        self.at += self.rest().len() - self.rest().trim_start().len();
        if self.rest().starts_with('`') {
            return self.backticks().map(Some);
        }
        let name = self.take_while(is_name_part);
        Ok(Some(name).filter(|name| !name.is_empty()))
    }

    fn take_while(&mut self, accepts: fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|character| !accepts(character)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// A quote inside is written twice; a backslash is just a backslash.
    fn literal(&mut self, quote: char) -> Result<Cow<'t, str>, SyntaxError> {
        let start = self.at + 1;
        let mut text = Cow::Borrowed("");
        let mut from = start;
        while let Some(length) = self.text[from..].find(quote) {
            let piece = &self.text[from..from + length];
            from += length + 1;
            let doubled = self.text[from..].starts_with(quote);
            if text.is_empty() && !doubled {
                text = Cow::Borrowed(piece);
            } else {
                text.to_mut().push_str(piece);
            }
            if !doubled {
                self.at = from;
                return Ok(text);
            }
            text.to_mut().push(quote);
            from += 1;
        }
        Err(self.error(
            self.at,
            "the text is not closed",
            Some(if quote == '"' { "end it with \"; a quote inside is written twice" } else { "end it with '" }),
        ))
    }

    fn backticks(&mut self) -> Result<&'t str, SyntaxError> {
        let rest = &self.text[self.at + 1..];
        let Some(length) = rest.find('`') else {
            return Err(self.error(self.at, "the name is not closed", Some("end it with `")));
        };
        self.at += length + 2;
        Ok(&rest[..length])
    }

    fn number(&mut self) -> Kind<'t> {
        let start = self.at;
        self.take_while(|character| character.is_ascii_digit());
        let digits = &self.text[start..self.at];
        let mut following = self.rest().chars();
        match (following.next(), following.next()) {
            (Some('.'), Some(next)) if next == '`' || is_name_start(next) => Kind::Module(digits),
            (Some('['), _) => Kind::Module(digits),
            (Some('.'), Some('0'..='9')) => {
                self.at += 1;
                self.take_while(|character| character.is_ascii_digit());
                Kind::Number(&self.text[start..self.at])
            }
            _ => Kind::Number(digits),
        }
    }

    fn name(&mut self, after_operand: bool) -> Kind<'t> {
        match self.take_while(is_name_part) {
            "and" if after_operand => Kind::Operator(Operator::And),
            "or" if after_operand => Kind::Operator(Operator::Or),
            "mod" if after_operand => Kind::Operator(Operator::Remainder),
            name => Kind::Name(name),
        }
    }

    fn symbol(&mut self, first: char) -> Result<Kind<'t>, SyntaxError> {
        let found = SYMBOLS.iter().find(|(symbol, _)| self.rest().starts_with(symbol));
        let Some((symbol, kind)) = found else {
            return Err(self.unexpected(first));
        };
        self.at += symbol.len();
        Ok(kind.clone())
    }

    fn unexpected(&self, found: char) -> SyntaxError {
        let suggestion = about_sign(self.text, self.at);
        self.error(self.at, format!("'{found}' cannot stand here"), suggestion)
    }
}

/// Longer symbols first, as `<=` begins like `<`.
const SYMBOLS: &[(&str, Kind<'static>)] = &[
    ("===", Kind::Operator(Operator::Equal)),
    ("!==", Kind::Operator(Operator::NotEqual)),
    ("==", Kind::Operator(Operator::Equal)),
    ("!=", Kind::Operator(Operator::NotEqual)),
    ("<=", Kind::Operator(Operator::LessOrEqual)),
    (">=", Kind::Operator(Operator::GreaterOrEqual)),
    ("&&", Kind::Operator(Operator::And)),
    ("||", Kind::Operator(Operator::Or)),
    ("++", Kind::Operator(Operator::AddNumbers)),
    ("}}", Kind::Close),
    ("=", Kind::Operator(Operator::Equal)),
    ("<", Kind::Operator(Operator::Less)),
    (">", Kind::Operator(Operator::Greater)),
    ("&", Kind::Operator(Operator::And)),
    ("|", Kind::Operator(Operator::Or)),
    ("+", Kind::Operator(Operator::Add)),
    ("-", Kind::Operator(Operator::Subtract)),
    ("*", Kind::Operator(Operator::Multiply)),
    ("/", Kind::Operator(Operator::Divide)),
    ("%", Kind::Operator(Operator::Remainder)),
    ("!", Kind::Not),
    ("(", Kind::OpenParenthesis),
    (")", Kind::CloseParenthesis),
    ("[", Kind::OpenBracket),
    ("]", Kind::CloseBracket),
    (";", Kind::Semicolon),
    (".", Kind::Dot),
];

fn is_name_start(character: char) -> bool {
    character.is_alphabetic() || character == '_' || character == '$'
}

fn is_name_part(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}
