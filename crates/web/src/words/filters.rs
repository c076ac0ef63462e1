//! Words in templates. A template uses them when its file has
//! `use crate::words::filters;`:
//!
//! ```text
//! {{ "Save"|t }}
//! {{ "from {ip}, since {when}"|t|with("ip", row.ip)|with("when", row.at) }}
//! {{ "Nothing fits. <a>Show all</a>"|t|link("/outbox") }}
//! {{ "Press <b>Export</b> there."|t|rich }}
//! {{ rows.len()|plural("1 row", "{count} rows") }}
//! ```
//!
//! What stands before `|t` is escaped like any text, unless one of the others
//! follows, which make it a [`Sentence`].

use askama::{Result, Values};

use super::sentence::{Piece, Sentence};
use super::{locale, plural_text};

/// The text in the language of the request.
#[askama::filter_fn]
pub fn t<'a>(text: &'a str, _: &dyn Values) -> Result<&'a str> {
    Ok(locale::t(text))
}

/// Allows the tags of a sentence.
#[askama::filter_fn]
pub fn rich<T: ToSentence>(text: T, _: &dyn Values) -> Result<Sentence> {
    Ok(text.sentence())
}

/// Puts a value in the place of `{name}`.
#[askama::filter_fn]
pub fn with<T: ToSentence, V: Piece>(text: T, _: &dyn Values, name: &str, value: V) -> Result<Sentence> {
    Ok(text.sentence().with(name, &value))
}

/// Says where `<a>` goes; a second one where `<a2>` goes.
#[askama::filter_fn]
pub fn link<T: ToSentence, L: AsRef<str>>(text: T, _: &dyn Values, to: L) -> Result<Sentence> {
    Ok(text.sentence().link(to.as_ref()))
}

/// A count with its noun or sentence; `{count}` is filled in.
#[askama::filter_fn]
pub fn plural<N: Number>(count: N, _: &dyn Values, one: &str, many: &str) -> Result<Sentence> {
    let count = count.number();
    Ok(Sentence::from(plural_text(count, one, many)).with("count", &count))
}

/// What a filter may be given.
pub trait ToSentence {
    /// As a sentence.
    fn sentence(&self) -> Sentence;
}

impl ToSentence for str {
    fn sentence(&self) -> Sentence {
        Sentence::from(self)
    }
}

impl ToSentence for Sentence {
    fn sentence(&self) -> Sentence {
        self.clone()
    }
}

impl<T: ToSentence + ?Sized> ToSentence for &T {
    fn sentence(&self) -> Sentence {
        (**self).sentence()
    }
}

/// What can be counted.
pub trait Number {
    /// As a number.
    fn number(&self) -> u64;
}

macro_rules! numbers {
    ($($kind:ty),*) => { $(impl Number for $kind {
        fn number(&self) -> u64 {
            u64::try_from(*self).unwrap_or(u64::MAX)
        }
    })* };
}

numbers!(u8, u16, u32, u64, usize, i64);

impl<T: Number + ?Sized> Number for &T {
    fn number(&self) -> u64 {
        (**self).number()
    }
}
