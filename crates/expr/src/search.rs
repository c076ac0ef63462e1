//! Regular expressions for modules: the same JavaScript patterns as in
//! functions and filters, match by match, so that the caller can stop.

use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use fancy_regex::{Captures, Regex};

use crate::functions::expand;
use crate::pattern;

/// Longer texts are not searched with look-around or back-references, which may
/// look at all of a text from every position of it. More than in functions,
/// because a module searches on a thread of its own.
const LONGEST_TO_LOOK_AROUND: usize = 128 * 1024;

/// A compiled pattern. Of the flags only `i`, `m` and `s` matter here.
pub struct Pattern {
    regex: Rc<Regex>,
    source: String,
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.source).finish()
    }
}

impl Pattern {
    /// Compiles a JavaScript pattern; the error is a sentence for a person.
    pub fn new(source: &str, flags: &str) -> Result<Self, String> {
        Ok(Self { regex: pattern::compile(source, flags)?, source: source.to_owned() })
    }

    /// The names of the groups in order, without the whole match.
    pub fn group_names(&self) -> impl Iterator<Item = Option<&str>> {
        self.regex.capture_names().skip(1)
    }

    /// Every match from the start on, none of which overlap. A search that
    /// takes too many steps ends with an error.
    pub fn matches<'t>(&self, text: &'t str) -> Result<impl Iterator<Item = Result<Match<'t>, String>>, String> {
        pattern::check_length(&self.source, text, LONGEST_TO_LOOK_AROUND)?;
        let named = self.group_names().flatten().next().is_some();
        let found = self.regex.captures_iter(text).map(move |captures| match captures {
            Ok(captures) => Ok(Match { captures, text, named }),
            Err(_) => Err("the regular expression takes too long".to_owned()),
        });
        Ok(found)
    }
}

/// One match.
#[derive(Debug)]
pub struct Match<'t> {
    captures: Captures<'t, str>,
    text: &'t str,
    /// Whether the pattern names a group.
    named: bool,
}

impl<'t> Match<'t> {
    /// Where the match is, in bytes.
    pub fn range(&self) -> Range<usize> {
        self.captures.get(0).map_or(0..0, |whole| whole.start()..whole.end())
    }

    /// The text of the match.
    pub fn whole(&self) -> &'t str {
        &self.text[self.range()]
    }

    /// The text of each group in order; `None` for one that took no part.
    pub fn groups(&self) -> impl Iterator<Item = Option<&'t str>> {
        let text = self.text;
        (1..self.captures.len()).map(move |at| self.captures.get(at).map(|group| &text[group.start()..group.end()]))
    }

    /// The text of a named group.
    pub fn named(&self, name: &str) -> Option<&'t str> {
        self.captures.name(name).map(|group| &self.text[group.start()..group.end()])
    }

    /// Appends a replacement in which `$&`, `$1` and `$<name>` stand for parts
    /// of the match, as in JavaScript.
    pub fn expand(&self, replacement: &str, out: &mut String) {
        let mut rest = replacement;
        while let Some((before, name, after)) = self.next_name(rest) {
            expand(before, out, &self.captures, self.text);
            out.push_str(self.named(name).unwrap_or_default());
            rest = after;
        }
        expand(rest, out, &self.captures, self.text);
    }

    /// What stands before, in and after the first `$<name>`. Without named
    /// groups it means itself.
    fn next_name<'r>(&self, replacement: &'r str) -> Option<(&'r str, &'r str, &'r str)> {
        let bytes = replacement.as_bytes();
        let mut at = 0;
        while at + 1 < bytes.len() {
            match (bytes[at], bytes[at + 1]) {
                (b'$', b'$') => at += 2,
                (b'$', b'<') if self.named => {
                    let end = at + 2 + replacement[at + 2..].find('>')?;
                    return Some((&replacement[..at], &replacement[at + 2..end], &replacement[end + 1..]));
                }
                _ => at += 1,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(source: &str, text: &str, replacement: &str) -> String {
        let pattern = Pattern::new(source, "").unwrap();
        let found = pattern.matches(text).unwrap().next().unwrap().unwrap();
        let mut out = String::new();
        found.expand(replacement, &mut out);
        out
    }

    #[test]
    fn groups_come_in_order_and_by_name() {
        let pattern = Pattern::new(r"(?<year>\d{4})-(x)?", "").unwrap();
        assert_eq!(pattern.group_names().collect::<Vec<_>>(), [Some("year"), None]);
        let found: Vec<Match<'_>> = pattern.matches("2020- 2021-x").unwrap().map(Result::unwrap).collect();
        assert_eq!(found[0].groups().collect::<Vec<_>>(), [Some("2020"), None]);
        assert_eq!((found[1].whole(), found[1].range(), found[1].named("year")), ("2021-x", 6..12, Some("2021")));
    }

    #[test]
    fn replacements_are_javascript_s() {
        assert_eq!(replaced(r"(?<a>\w)(\w)", "xy", "$<a>$2$$<a>$&$<b>"), "xy$<a>xy");
        assert_eq!(replaced(r"(\w)", "x", "$<a>$1$2$"), "$<a>x$2$");
    }

    #[test]
    fn a_hostile_pattern_ends() {
        let pattern = Pattern::new(r"^(?=(a+)+$)(a|aa)+b\1$", "").unwrap();
        assert!(pattern.matches(&"a".repeat(5000)).unwrap().next().unwrap().is_err());
        assert!(pattern.matches(&"a".repeat(300_000)).is_err());
    }
}
