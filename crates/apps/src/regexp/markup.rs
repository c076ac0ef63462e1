//! HTML as a row of tags and texts: tolerant as a browser, never nested, so
//! that no document is too deep. Scripts, styles and comments are passed over.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::escape::resolve_html5_entity;
use rouage_model::Collection;
use rouage_sdk::markup_length;

/// Larger documents are refused.
pub(super) const LARGEST: usize = 32 * 1024 * 1024;

/// Attributes of one element that are read.
const MOST_ATTRIBUTES: usize = 500;

/// Elements whose content is not part of the text.
const UNSEEN: &[&str] = &["script", "style", "template", "noscript", "title"];

/// A piece of a document.
#[derive(Debug, PartialEq)]
pub(super) enum Piece<'h> {
    /// Between tags, as written.
    Text(&'h str),
    /// `<name attributes>`.
    Open { name: String, attributes: &'h str },
    /// `</name>`.
    Close { name: String },
}

/// Walks over a document: each piece with its place.
pub(super) struct Pieces<'h> {
    html: &'h str,
    at: usize,
    /// Behind the last `>`, where no tag can begin any more.
    last: usize,
}

impl<'h> Pieces<'h> {
    pub(super) fn of(html: &'h str) -> Self {
        Self { html, at: 0, last: html.rfind('>').map_or(0, |at| at + 1) }
    }

    fn text_until(&mut self, end: usize) -> (Range<usize>, Piece<'h>) {
        let range = self.at..end;
        self.at = end;
        (range.clone(), Piece::Text(&self.html[range]))
    }
}

impl<'h> Iterator for Pieces<'h> {
    type Item = (Range<usize>, Piece<'h>);

    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.html.len() {
            let rest = &self.html[self.at..];
            if !rest.starts_with('<') || self.at >= self.last {
                let end = if self.at >= self.last { None } else { rest.find('<') };
                return Some(self.text_until(end.map_or(self.html.len(), |end| self.at + end)));
            }
            let Some(length) = markup_length(rest) else {
                let end = rest[1..].find('<').map_or(self.html.len(), |end| self.at + 1 + end);
                return Some(self.text_until(end));
            };
            let range = self.at..self.at + length;
            self.at = range.end;
            match tag(&rest[..length]) {
                Some(Piece::Open { name, .. }) if UNSEEN.contains(&name.as_str()) => self.at = self.after(&name),
                Some(piece) => return Some((range, piece)),
                None => {}
            }
        }
        None
    }
}

impl Pieces<'_> {
    /// Behind the closing tag of this name, or the end.
    fn after(&self, name: &str) -> usize {
        let close = format!("</{name}");
        let rest = &self.html[self.at..];
        let mut windows = rest.as_bytes().windows(close.len());
        let Some(found) = windows.position(|window| window.eq_ignore_ascii_case(close.as_bytes())) else {
            return self.html.len();
        };
        rest[found..].find('>').map_or(self.html.len(), |end| self.at + found + end + 1)
    }
}

fn tag(tag: &str) -> Option<Piece<'_>> {
    let inner = tag.strip_prefix('<')?.trim_end_matches('>');
    let (closes, inner) = match inner.strip_prefix('/') {
        Some(inner) => (true, inner),
        None => (false, inner),
    };
    let length = inner.find(|letter: char| letter.is_whitespace() || letter == '/').unwrap_or(inner.len());
    let name = inner[..length].to_ascii_lowercase();
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    Some(if closes { Piece::Close { name } } else { Piece::Open { name, attributes: &inner[length..] } })
}

/// Names in lower case to values; an attribute without a value has an empty one.
pub(super) fn attributes(text: &str) -> Collection {
    let mut found = Collection::new();
    let mut rest = text;
    while found.len() < MOST_ATTRIBUTES {
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '/');
        let length =
            rest.find(|letter: char| letter.is_whitespace() || matches!(letter, '=' | '/')).unwrap_or(rest.len());
        if length == 0 {
            // A stray `=`, or the end.
            match rest.strip_prefix('=') {
                Some(after) => rest = after,
                None => return found,
            }
            continue;
        }
        let name = rest[..length].to_ascii_lowercase();
        rest = rest[length..].trim_start();
        let value = match rest.strip_prefix('=') {
            Some(after) => {
                let (value, after) = attribute_value(after.trim_start());
                rest = after;
                value
            }
            None => "",
        };
        if found.get(&name).is_none() {
            found.insert(name, decode(value).as_ref());
        }
    }
    found
}

fn attribute_value(rest: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = rest.strip_prefix(quote) {
            return inner.split_once(quote).unwrap_or((inner, ""));
        }
    }
    rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()))
}

/// The text with `&amp;`, `&#233;` and their like resolved; what is unknown
/// stays as it is.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // The longest names have 31 letters.
        let end = rest.bytes().take(34).position(|byte| byte == b';');
        match end.and_then(|end| Some((resolve(&rest[1..end])?, end))) {
            Some((character, end)) => {
                out.push_str(&character);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn resolve(name: &str) -> Option<Cow<'static, str>> {
    let Some(number) = name.strip_prefix('#') else {
        return resolve_html5_entity(name).map(Cow::Borrowed);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    char::from_u32(code.ok()?).map(|character| Cow::Owned(character.to_string()))
}

#[cfg(test)]
mod tests {
    use rouage_model::{Value, json};

    use super::*;

    fn shape(html: &str) -> String {
        let pieces = Pieces::of(html).map(|(_, piece)| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Open { name, .. } => format!("[{name}]"),
            Piece::Close { name } => format!("[/{name}]"),
        });
        pieces.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn tags_texts_and_what_only_looks_like_a_tag() {
        assert_eq!(shape("<p class='a>b'>x<BR/>y</P >"), "[p]|x|[br]|y|[/p]");
        assert_eq!(shape("1 < 2 and <b>3</b> > 2 <"), "1 |< 2 and |[b]|3|[/b]| > 2 |<");
        assert_eq!(shape("a<!-- <b> -->b<script>if (1<2) {'</b>'}</SCRIPT>c<style>"), "a|b|c");
        assert_eq!(shape("<!DOCTYPE html><?xml?><a href='x>y"), "[a]|y");
        assert_eq!(shape("<"), "<");
    }

    #[test]
    fn attributes_are_read_in_every_spelling() {
        let text = " HREF=\"a&amp;b\" x='1' y=2 checked = data-z / href=\"no\"";
        let expected = r#"{"href":"a&b","x":"1","y":"2","checked":"data-z"}"#;
        assert_eq!(json::to_string(&Value::from(attributes(text))), expected);
        assert_eq!(json::to_string(&Value::from(attributes(" = \"open"))), r#"{"\"open":""}"#);
    }

    #[test]
    fn a_document_that_is_cut_off_anywhere_does_no_harm() {
        let html = "<!DOCTYPE x><!-- é --><a b='é\">' c=&amp; d>é</a ><script>é</script><p/>&#x41;&é";
        for (at, _) in html.char_indices() {
            for part in [&html[..at], &html[at..]] {
                for (range, piece) in Pieces::of(part) {
                    assert!(range.end <= part.len());
                    if let Piece::Open { attributes: text, .. } = piece {
                        attributes(text);
                    }
                }
                decode(part);
            }
        }
    }

    #[test]
    fn entities_are_resolved_or_left() {
        assert_eq!(decode("&lt;&nbsp;&#233;&#x20AC;&unknown;&&amp;lt;&#xD800;"), "<\u{a0}é€&unknown;&&lt;&#xD800;");
    }
}
