//! What the server says, as far as it matters here: status, capabilities,
//! results of searches, parts of messages, names of folders.

use bytes::Bytes;

use super::folder_name;
use super::trouble::Trouble;
use super::wire::Piece;

/// Lists in lists in a response.
const DEEPEST: usize = 16;

/// A response.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Response {
    /// `+`: the server waits for the rest of the command.
    Continue,
    /// The end of a command, or news without one (`tag` is `*`).
    Status(Status),
    /// `SEARCH`: numbers of messages.
    Found(Vec<u32>),
    /// `FETCH`.
    Message(Fetched),
    /// `LIST`: a folder that can be opened.
    Folder(String),
    /// `CAPABILITY`, in upper case.
    Capabilities(Vec<String>),
    /// Anything else.
    Other,
}

/// `OK`, `NO`, `BAD`, `BYE` or `PREAUTH` with a code and words.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Status {
    pub(super) tag: String,
    /// In upper case.
    pub(super) kind: String,
    /// The words of `[CODE …]`, the first in upper case.
    pub(super) code: Vec<String>,
    pub(super) text: String,
}

/// The parts of a message that were asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Fetched {
    pub(super) uid: Option<u32>,
    pub(super) size: Option<u64>,
    pub(super) flags: Vec<String>,
    pub(super) date: Option<String>,
    pub(super) body: Option<Bytes>,
}

/// Reads a response.
pub(super) fn parse(pieces: Vec<Piece>) -> Result<Response, Trouble> {
    let first = match pieces.first() {
        Some(Piece::Line(line)) => String::from_utf8_lossy(line).into_owned(),
        _ => String::new(),
    };
    let (tag, rest) = first.split_once(' ').unwrap_or((&first, ""));
    if tag == "+" {
        return Ok(Response::Continue);
    }
    let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
    let word = word.to_ascii_uppercase();
    if matches!(word.as_str(), "OK" | "NO" | "BAD" | "BYE" | "PREAUTH") {
        return Ok(Response::Status(status(tag, word, after)));
    }
    if tag != "*" {
        return Err(Trouble::Protocol(format!("it says {:?}", first.chars().take(80).collect::<String>())));
    }
    match word.as_str() {
        "SEARCH" => Ok(Response::Found(after.split_whitespace().filter_map(|number| number.parse().ok()).collect())),
        "CAPABILITY" => Ok(Response::Capabilities(capabilities(after.split_whitespace()))),
        "LIST" => Ok(folder(Reader::after(&pieces, 2).tokens()?)),
        _ if after.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("FETCH")) => {
            Ok(Response::Message(message(Reader::after(&pieces, 3).tokens()?)))
        }
        _ => Ok(Response::Other),
    }
}

pub(super) fn capabilities<'w>(words: impl Iterator<Item = &'w str>) -> Vec<String> {
    words.map(str::to_ascii_uppercase).collect()
}

fn status(tag: &str, kind: String, rest: &str) -> Status {
    let (code, text) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((code, text)) => (code, text),
        None => ("", rest),
    };
    let mut code: Vec<String> = code.split_whitespace().map(str::to_owned).collect();
    if let Some(first) = code.first_mut() {
        first.make_ascii_uppercase();
    }
    // What a server says is shown to people: not more than a line.
    let text = text.trim().chars().filter(|letter| !letter.is_control()).take(300).collect();
    Status { tag: tag.to_owned(), kind, code, text }
}

/// A piece of syntax.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// Without quotes.
    Word(String),
    /// In quotes or announced.
    Bytes(Bytes),
    List(Vec<Token>),
}

impl Token {
    fn text(&self) -> Option<String> {
        match self {
            Token::Word(word) => Some(word.clone()),
            Token::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            Token::List(_) => None,
        }
    }
}

/// Walks over the pieces of a response.
struct Reader<'p> {
    pieces: &'p [Piece],
    /// Within the first piece.
    at: usize,
}

impl<'p> Reader<'p> {
    /// Behind so many words of the first line.
    fn after(pieces: &'p [Piece], words: usize) -> Self {
        let Some(Piece::Line(line)) = pieces.first() else { return Self { pieces, at: 0 } };
        let blanks = line.iter().enumerate().filter(|(_, byte)| **byte == b' ');
        let at = blanks.map(|(at, _)| at + 1).nth(words - 1).unwrap_or(line.len());
        Self { pieces, at }
    }

    fn line(&self) -> &'p [u8] {
        match self.pieces.first() {
            Some(Piece::Line(line)) => &line[self.at.min(line.len())..],
            _ => &[],
        }
    }

    fn tokens(mut self) -> Result<Vec<Token>, Trouble> {
        self.list(0)
    }

    /// Up to the closing parenthesis, or the end.
    fn list(&mut self, depth: usize) -> Result<Vec<Token>, Trouble> {
        if depth > DEEPEST {
            return Err(Trouble::Protocol("its lists nest too deep".to_owned()));
        }
        let mut tokens = Vec::new();
        loop {
            let Some(byte) = self.line().first() else {
                match self.pieces {
                    [Piece::Line(_), Piece::Literal(bytes), rest @ ..] => {
                        tokens.push(Token::Bytes(bytes.clone()));
                        self.pieces = rest;
                        self.at = 0;
                        continue;
                    }
                    _ => return Ok(tokens),
                }
            };
            match byte {
                b' ' => self.at += 1,
                b')' => {
                    self.at += 1;
                    return Ok(tokens);
                }
                b'(' => {
                    self.at += 1;
                    tokens.push(Token::List(self.list(depth + 1)?));
                }
                b'"' => tokens.push(Token::Bytes(self.quoted())),
                _ => tokens.push(Token::Word(self.word())),
            }
        }
    }

    fn quoted(&mut self) -> Bytes {
        let mut out = Vec::new();
        let mut bytes = self.line().iter().enumerate().skip(1);
        let mut used = self.line().len();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    used = at + 1;
                    break;
                }
                b'\\' => out.extend(bytes.next().map(|(_, byte)| *byte)),
                other => out.push(*other),
            }
        }
        self.at += used;
        out.into()
    }

    /// Up to a blank or parenthesis; what stands in brackets is part of it.
    fn word(&mut self) -> String {
        let mut in_brackets = false;
        let end = self.line().iter().position(|byte| {
            match byte {
                b'[' => in_brackets = true,
                b']' => in_brackets = false,
                _ => {}
            }
            !in_brackets && matches!(byte, b' ' | b'(' | b')')
        });
        // At least one byte, so that reading goes on.
        let length = end.unwrap_or(self.line().len()).max(1);
        let word = String::from_utf8_lossy(&self.line()[..length]).into_owned();
        self.at += length;
        word
    }
}

fn folder(tokens: Vec<Token>) -> Response {
    let closed = match tokens.first() {
        Some(Token::List(flags)) => flags
            .iter()
            .filter_map(Token::text)
            .any(|flag| flag.eq_ignore_ascii_case("\\Noselect") || flag.eq_ignore_ascii_case("\\NonExistent")),
        _ => false,
    };
    match tokens.get(2).and_then(Token::text) {
        Some(name) if !closed => Response::Folder(folder_name::decode(&name)),
        _ => Response::Other,
    }
}

fn message(tokens: Vec<Token>) -> Fetched {
    let mut fetched = Fetched::default();
    let Some(Token::List(items)) = tokens.into_iter().next() else { return fetched };
    let mut items = items.into_iter();
    while let (Some(name), Some(value)) = (items.next(), items.next()) {
        let name = name.text().unwrap_or_default().to_ascii_uppercase();
        match name.as_str() {
            "UID" => fetched.uid = value.text().and_then(|text| text.parse().ok()),
            "RFC822.SIZE" => fetched.size = value.text().and_then(|text| text.parse().ok()),
            "INTERNALDATE" => fetched.date = value.text(),
            "FLAGS" => {
                if let Token::List(flags) = value {
                    fetched.flags = flags.iter().filter_map(Token::text).collect();
                    // Says something of the session, not of the message.
                    fetched.flags.retain(|flag| flag != "\\Recent");
                }
            }
            _ if name.starts_with("BODY[") => {
                if let Token::Bytes(bytes) = value {
                    fetched.body = Some(bytes);
                }
            }
            _ => {}
        }
    }
    fetched
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Response {
        parse(vec![Piece::Line(line.as_bytes().to_vec())]).unwrap()
    }

    #[test]
    fn status_lines_have_code_and_words() {
        let Response::Status(status) = read("a1 ok [uidnext 4392] Predicted (next\" UID") else { panic!("no status") };
        assert_eq!((status.tag.as_str(), status.kind.as_str()), ("a1", "OK"));
        assert_eq!(
            (status.code, status.text.as_str()),
            (vec!["UIDNEXT".to_owned(), "4392".to_owned()], "Predicted (next\" UID")
        );
        assert_eq!(read("+ go on"), Response::Continue);
        assert_eq!(read("* SEARCH 2 84 882"), Response::Found(vec![2, 84, 882]));
        assert_eq!(read("* SEARCH"), Response::Found(vec![]));
        assert_eq!(read("* 23 EXISTS"), Response::Other);
        assert!(matches!(parse(vec![Piece::Line(b"HTTP/1.1 400".to_vec())]), Err(Trouble::Protocol(_))));
    }

    #[test]
    fn messages_come_in_parts() {
        let pieces = vec![
            Piece::Line(b"* 12 FETCH (FLAGS (\\Seen $x) UID 9 RFC822.SIZE 44 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[HEADER.FIELDS (A)] ".to_vec()),
            Piece::Literal("From: (x".into()),
            Piece::Line(b" X (((NIL))))".to_vec()),
        ];
        let Response::Message(message) = parse(pieces).unwrap() else { panic!("no message") };
        assert_eq!((message.uid, message.size, message.flags.len()), (Some(9), Some(44), 2));
        assert_eq!(message.date.as_deref(), Some("17-Jul-1996 02:44:25 -0700"));
        assert_eq!(message.body.as_deref(), Some(&b"From: (x"[..]));
    }

    #[test]
    fn folders_are_read_in_every_spelling() {
        assert_eq!(
            read(r#"* LIST (\HasNoChildren) "/" "Entw&APw-rfe \"x\"""#),
            Response::Folder("Entwürfe \"x\"".into())
        );
        assert_eq!(read("* LIST () NIL INBOX"), Response::Folder("INBOX".into()));
        assert_eq!(read(r#"* LIST (\Noselect) "/" "[Gmail]""#), Response::Other);
    }

    #[test]
    fn a_response_that_is_cut_off_anywhere_does_no_harm() {
        let line = br#"* 12 FETCH (UID 9 FLAGS (\Seen "a\"b") BODY[X (Y)]<0> "\\" (NIL NIL) x[y)"#;
        for at in 0..=line.len() {
            for part in [&line[..at], &line[at..]] {
                let _ = parse(vec![Piece::Line(part.to_vec()), Piece::Literal("x".into()), Piece::Line(part.to_vec())]);
            }
        }
    }

    #[test]
    fn nonsense_ends() {
        let deep = format!("* 1 FETCH {}", "(".repeat(100_000));
        assert!(matches!(parse(vec![Piece::Line(deep.into_bytes())]), Err(Trouble::Protocol(_))));
        for line in [
            "* 1 FETCH",
            "* 1 FETCH (",
            "* 1 FETCH (UID \"",
            "* LIST",
            "* 1 FETCH (UID x] [",
            "",
            "*",
            "* 1 FETCH ())))",
        ] {
            let _ = parse(vec![Piece::Line(line.as_bytes().to_vec())]);
        }
    }
}
