//! Regular expressions as JavaScript writes them, run with a step limit.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use fancy_regex::{Regex, RegexBuilder};

use crate::coerce::shorten;

/// Steps of back-tracking for one search: plenty for a person's pattern, and a
/// fraction of a second for a hostile one.
const BACKTRACK_LIMIT: usize = 1_000_000;
/// Longer texts are not searched with look-around or back-references, which
/// may look at all of a text from every position of it.
pub(crate) const LONGEST_TO_LOOK_AROUND: usize = 32 * 1024;
/// Memory of one compiled pattern.
const SIZE_LIMIT: usize = 2 * 1024 * 1024;
/// Longer patterns are refused.
const LONGEST: usize = 4096;
/// Compiled patterns that a thread keeps.
const KEPT: usize = 64;

thread_local! {
    static COMPILED: RefCell<HashMap<String, Rc<Regex>>> = RefCell::default();
}

/// A pattern written as `/source/flags`: its source and flags.
pub(crate) fn delimited(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('/')?;
    let (source, flags) = inner.rsplit_once('/')?;
    let known = flags.chars().all(|flag| "dgimsuvy".contains(flag));
    (known && !source.is_empty()).then_some((source, flags))
}

/// Compiles a JavaScript pattern; of the flags only `i`, `m` and `s` matter here.
pub(crate) fn compile(source: &str, flags: &str) -> Result<Rc<Regex>, String> {
    if source.len() > LONGEST {
        return Err(format!("the regular expression is longer than {LONGEST} characters"));
    }
    let key = format!("{flags}/{source}");
    if let Some(regex) = COMPILED.with_borrow(|compiled| compiled.get(&key).cloned()) {
        return Ok(regex);
    }
    let regex = RegexBuilder::new(&translate(source, flags.contains('s')))
        .case_insensitive(flags.contains('i'))
        .multi_line(flags.contains('m'))
        .backtrack_limit(BACKTRACK_LIMIT)
        .delegate_size_limit(SIZE_LIMIT)
        .delegate_dfa_size_limit(SIZE_LIMIT)
        .build()
        .map_err(|_| format!("Invalid regular expression: /{}/", shorten(source)))?;
    let regex = Rc::new(regex);
    COMPILED.with_borrow_mut(|compiled| {
        if compiled.len() >= KEPT {
            compiled.clear();
        }
        compiled.insert(key, regex.clone());
    });
    Ok(regex)
}

/// Refuses to search a long text with a pattern that may take time squared.
pub(crate) fn check_length(source: &str, text: &str, longest: usize) -> Result<(), String> {
    let looks = ["(?=", "(?!", "(?<"].iter().any(|look| source.contains(look));
    let refers = source.as_bytes().windows(2).any(|pair| pair[0] == b'\\' && matches!(pair[1], b'1'..=b'9' | b'k'));
    if (looks || refers) && text.len() > longest {
        return Err("the text is too long for a regular expression with look-around or back-references".to_owned());
    }
    Ok(())
}

/// Rewrites what the two languages spell or mean differently: `\d` and `\w`
/// are ASCII in JavaScript, `.` stops at more line ends, `[` inside a class and
/// a stray `{` are themselves, and unknown escapes stand for their letter.
fn translate(source: &str, dot_all: bool) -> String {
    let characters: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len() + 16);
    let mut at = 0;
    let mut in_class = false;
    while let Some(character) = characters.get(at).copied() {
        at += match character {
            '\\' => escape(&characters[at + 1..], in_class, &mut out) + 1,
            '[' if !in_class => class_start(&characters[at..], &mut in_class, &mut out),
            ']' if in_class => {
                in_class = false;
                out.push(']');
                1
            }
            '[' | '&' | '~' if in_class => {
                out.push('\\');
                out.push(character);
                1
            }
            '-' if in_class && !is_range(&characters, at) => {
                out.push_str("\\-");
                1
            }
            ']' | '}' if !in_class && !closes_quantifier(&characters[..at], character) => {
                out.push('\\');
                out.push(character);
                1
            }
            '{' if !in_class && !is_quantifier(&characters[at..]) => {
                out.push_str("\\{");
                1
            }
            '.' if !in_class => {
                out.push_str(if dot_all { "(?s:.)" } else { r"[^\n\r\x{2028}\x{2029}]" });
                1
            }
            other => {
                out.push(other);
                1
            }
        };
    }
    out
}

/// Whether a dash within a class stands between two characters; beside a set
/// such as `\w`, at an edge or doubled it is a dash.
fn is_range(characters: &[char], at: usize) -> bool {
    let set = |escaped: &[char]| matches!(escaped, ['\\', 'd' | 'D' | 'w' | 'W' | 's' | 'S']);
    let after = characters.get(at + 1..).unwrap_or_default();
    let before = &characters[..at];
    let doubled = after.first() == Some(&'-') && after.get(1) != Some(&']');
    let beside_set = set(&after[..after.len().min(2)]) || set(&before[before.len().saturating_sub(2)..]);
    !doubled && !beside_set
}

/// `[^]` is anything and `[]` is nothing; other classes begin as they are.
fn class_start(rest: &[char], in_class: &mut bool, out: &mut String) -> usize {
    match rest {
        ['[', '^', ']', ..] => {
            out.push_str(r"[\s\S]");
            3
        }
        ['[', ']', ..] => {
            out.push_str("(?!)");
            2
        }
        ['[', '^', ..] => {
            *in_class = true;
            out.push_str("[^");
            2
        }
        _ => {
            *in_class = true;
            out.push('[');
            1
        }
    }
}

fn is_quantifier(rest: &[char]) -> bool {
    let body: String = rest.iter().skip(1).take_while(|character| **character != '}').take(12).collect();
    let closed = rest.get(body.chars().count() + 1) == Some(&'}');
    let (least, most) = body.split_once(',').unwrap_or((&body, ""));
    let digits = |text: &str| text.chars().all(|character| character.is_ascii_digit());
    closed && !least.is_empty() && digits(least) && digits(most)
}

fn closes_quantifier(before: &[char], character: char) -> bool {
    let Some(open) = before.iter().rposition(|found| *found == '{').filter(|_| character == '}') else {
        return false;
    };
    let mut quantifier = before[open..].to_vec();
    quantifier.push('}');
    is_quantifier(&quantifier)
}

/// Writes one escape, given what follows the backslash; how much of it was used.
fn escape(rest: &[char], in_class: bool, out: &mut String) -> usize {
    let Some(character) = rest.first().copied() else {
        out.push_str("\\\\");
        return 0;
    };
    match character {
        'd' => out.push_str(if in_class { "0-9" } else { "[0-9]" }),
        'D' => out.push_str("[^0-9]"),
        'w' => out.push_str(if in_class { "A-Za-z0-9_" } else { "[A-Za-z0-9_]" }),
        'W' => out.push_str("[^A-Za-z0-9_]"),
        's' => out.push_str(if in_class { r"\s\x{FEFF}" } else { r"[\s\x{FEFF}]" }),
        'S' => out.push_str(r"[^\s\x{FEFF}]"),
        'b' if in_class => out.push_str(r"\x08"),
        // Of Unicode and not of ASCII words: the engine has only these in linear time.
        'b' | 'B' => {
            out.push('\\');
            out.push(character);
        }
        'n' | 'r' | 't' | 'f' | 'v' => {
            out.push('\\');
            out.push(character);
        }
        '0' if !rest.get(1).is_some_and(char::is_ascii_digit) => out.push_str(r"\x00"),
        '1'..='9' if !in_class => {
            out.push('\\');
            out.push(character);
        }
        'k' if rest.get(1) == Some(&'<') && !in_class => out.push_str("\\k"),
        'p' | 'P' if rest.get(1) == Some(&'{') => {
            out.push('\\');
            out.push(character);
            let length = rest.iter().position(|found| *found == '}').unwrap_or(0);
            out.extend(&rest[1..=length]);
            return length + 1;
        }
        'c' if rest.get(1).is_some_and(char::is_ascii_alphabetic) => {
            push_code(out, u32::from(rest[1]) % 32);
            return 2;
        }
        'x' | 'u' => {
            if let Some((code, used)) = code_point(rest) {
                push_code(out, code);
                return used;
            }
            out.push(character);
        }
        letter if letter.is_ascii_alphanumeric() => out.push(letter),
        sign if sign.is_ascii_punctuation() => {
            out.push('\\');
            out.push(sign);
        }
        other => out.push(other),
    }
    1
}

/// `x41`, `u0041`, `u{1F600}` and surrogate pairs.
fn code_point(rest: &[char]) -> Option<(u32, usize)> {
    let hex = |from: usize, count: usize| {
        let digits: String = rest.get(from..from + count)?.iter().collect();
        u32::from_str_radix(&digits, 16).ok().filter(|_| !digits.starts_with(['+', '-']))
    };
    if rest[0] == 'x' {
        return Some((hex(1, 2)?, 3));
    }
    if rest.get(1) == Some(&'{') {
        let close = rest.iter().position(|found| *found == '}')?;
        return Some((hex(2, close - 2)?, close + 1));
    }
    let unit = hex(1, 4)?;
    if (0xD800..0xDC00).contains(&unit) && rest.get(5..7) == Some(&['\\', 'u']) {
        let low = hex(7, 4).filter(|low| (0xDC00..0xE000).contains(low))?;
        return Some((0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00), 11));
    }
    Some((unit, 5))
}

fn push_code(out: &mut String, code: u32) {
    use std::fmt::Write as _;
    let code = char::from_u32(code).map_or(0xFFFD, u32::from);
    // Writing to a String cannot fail.
    let _ = write!(out, "\\x{{{code:X}}}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(source: &str, text: &str) -> bool {
        compile(source, "").unwrap().is_match(text).unwrap()
    }

    #[test]
    fn javascript_spellings_are_understood() {
        for (source, text) in [
            (r"^\/a\-b$", "/a-b"),
            (r"[\w-\.]+@([\w-]+\.)+[\w-]{2,}", "a.b-c@d-e.org"),
            (r"^[^[]+$", "abc"),
            (r"^[[]$", "["),
            (r"{{x}}", "{{x}}"),
            (r"^a{2,3}$", "aaa"),
            (r"^\u0041\x42\u{43}\ud83d\ude00$", "ABC😀"),
            (r"^[^]$", "\n"),
            (r"(?<=\$)\d+", "$12"),
            (r"^(a|b)\1$", "bb"),
            (r"\p{L}", "é"),
            (r"^[a&&b]$", "&"),
            (r"^\e$", "e"),
            (r"(?<year>\d{4})-\k<year>", "2020-2020"),
            (r"[\[\]]", "]"),
            (r"\bword\b", "a word here"),
            (r#"[^"']+"#, "x"),
        ] {
            assert!(matches(source, text), "{source} on {text}");
        }
    }

    #[test]
    fn classes_are_ascii_as_in_javascript() {
        assert!(!matches(r"\d", "٣") && !matches(r"\w", "é") && !matches("a.b", "a\rb") && !matches("[]", ""));
    }

    #[test]
    fn hostile_patterns_end_with_an_error() {
        let text = "a".repeat(5000);
        assert!(compile(r"^(?=(a+)+$)(a|aa)+b\1$", "").unwrap().is_match(&text).is_err());
        assert!(compile(&"(a{1000}){1000}".repeat(3), "").is_err());
        assert!(compile(&"(".repeat(4000), "").is_err());
        assert!(compile("(", "").is_err());
    }

    #[test]
    fn slashes_and_known_flags_make_a_pattern() {
        assert_eq!(delimited(r"/\d+/g"), Some((r"\d+", "g")));
        assert_eq!(delimited("/a/b/"), Some(("a/b", "")));
        for plain in ["/", "//", "/$", "/a/path", "a/b/g", "/usr/lib"] {
            assert_eq!(delimited(plain), None, "{plain}");
        }
    }
}
