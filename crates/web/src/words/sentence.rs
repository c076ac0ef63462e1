//! A sentence with values and marked words, for templates: translated whole,
//! so that a language may put its words in another order.
//!
//! A text may have `{name}` and the tags of [`TAGS`]; everything else in it is
//! shown as it is. `<a>` and `<a2>` are links, whose addresses stay in the
//! template. Values are escaped when they are put in.

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};

use super::Moment;
use super::locale::placeholder;
use crate::Icon;

/// What may stand in a text. Nothing here takes attributes.
const TAGS: &[&str] = &[
    "<b>",
    "</b>",
    "<i>",
    "</i>",
    "<strong>",
    "</strong>",
    "<em>",
    "</em>",
    "<code>",
    "</code>",
    "<small>",
    "</small>",
    "<br>",
    "<a>",
    "</a>",
    "<a2>",
    "</a2>",
];

/// The tag that a text begins with.
pub(super) fn tag_at(text: &str) -> Option<&'static str> {
    TAGS.iter().copied().find(|tag| text.starts_with(tag))
}

/// Text on its way into a page.
#[derive(Debug, Clone, Default)]
pub struct Sentence {
    text: String,
    /// Names and HTML.
    values: Vec<(String, String)>,
    /// Escaped addresses.
    links: Vec<String>,
}

impl Sentence {
    /// Puts a value in.
    #[must_use]
    pub fn with(mut self, name: &str, value: &(impl Piece + ?Sized)) -> Self {
        self.values.push((name.to_owned(), value.html().into_owned()));
        self
    }

    /// Where the next link goes.
    #[must_use]
    pub fn link(mut self, to: &str) -> Self {
        self.links.push(escaped(to).into_owned());
        self
    }

    fn tag(&self, f: &mut fmt::Formatter<'_>, tag: &str) -> fmt::Result {
        let link = |at: usize| self.links.get(at).map_or("", String::as_str);
        match tag {
            "<a>" => write!(f, r#"<a href="{}">"#, link(0)),
            "<a2>" => write!(f, r#"<a href="{}">"#, link(1)),
            "</a2>" => f.write_str("</a>"),
            tag => f.write_str(tag),
        }
    }
}

impl From<&str> for Sentence {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }
}

impl Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.text.as_str();
        while !rest.is_empty() {
            let plain = rest.find(['<', '{']).unwrap_or(rest.len());
            f.write_str(&escaped(&rest[..plain]))?;
            rest = &rest[plain..];
            if let Some(tag) = tag_at(rest) {
                self.tag(f, tag)?;
                rest = &rest[tag.len()..];
                continue;
            }
            let value = placeholder(rest, 0).filter(|(start, _, _)| *start == 0).and_then(|(_, end, name)| {
                self.values.iter().find(|(known, _)| *known == name).map(|(_, html)| (end, html))
            });
            match (value, rest.chars().next()) {
                (Some((end, html)), _) => {
                    f.write_str(html)?;
                    rest = &rest[end..];
                }
                (None, Some(letter)) => {
                    f.write_str(&escaped(&rest[..letter.len_utf8()]))?;
                    rest = &rest[letter.len_utf8()..];
                }
                (None, None) => {}
            }
        }
        Ok(())
    }
}

impl askama::FastWritable for Sentence {
    fn write_into(&self, out: &mut dyn fmt::Write, _values: &dyn askama::Values) -> askama::Result<()> {
        Ok(write!(out, "{self}")?)
    }
}

// Everything but the tags of `TAGS` is escaped.
impl askama::filters::HtmlSafe for Sentence {}

/// What can be put into a sentence.
pub trait Piece {
    /// As HTML.
    fn html(&self) -> Cow<'_, str>;
}

impl Piece for str {
    fn html(&self) -> Cow<'_, str> {
        escaped(self)
    }
}

impl Piece for String {
    fn html(&self) -> Cow<'_, str> {
        escaped(self)
    }
}

impl Piece for Cow<'_, str> {
    fn html(&self) -> Cow<'_, str> {
        escaped(self)
    }
}

impl<T: Piece + ?Sized> Piece for &T {
    fn html(&self) -> Cow<'_, str> {
        (**self).html()
    }
}

macro_rules! shown {
    ($($kind:ty),*) => { $(impl Piece for $kind {
        fn html(&self) -> Cow<'_, str> {
            self.to_string().into()
        }
    })* };
}

// Numbers need no escaping; the others are HTML already.
shown!(u8, u16, u32, u64, usize, i32, i64, Moment, Icon, Sentence);

/// As askama escapes.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '>', '&', '"', '\'']) {
        return text.into();
    }
    let mut html = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '<' | '>' | '&' | '"' | '\'' => {
                // Writing to a string cannot fail.
                let _ = write!(html, "&#{};", u32::from(letter));
            }
            letter => html.push(letter),
        }
    }
    html.into()
}
