//! The tokens of a date format, as moment tells them apart.

/// A piece of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'f> {
    /// Something that stands for a part of the date.
    Part(&'static str),
    /// Text that stands for itself.
    Literal(&'f str),
}

/// Every token; of those that begin alike the longer stands first, but
/// `hmm` and its kin go before `hh`, as in moment.
const PARTS: &[&str] = &[
    "Hmmss",
    "hmmss",
    "Hmm",
    "hmm",
    "Mo",
    "MMMM",
    "MMM",
    "MM",
    "M",
    "Do",
    "DDDo",
    "DDDD",
    "DDD",
    "DD",
    "D",
    "dddd",
    "ddd",
    "dd",
    "do",
    "d",
    "wo",
    "ww",
    "w",
    "Wo",
    "WW",
    "W",
    "Qo",
    "Q",
    "NNNNN",
    "NNNN",
    "NNN",
    "NN",
    "N",
    "YYYYYY",
    "YYYYY",
    "YYYY",
    "YY",
    "Y",
    "yyyy",
    "yyy",
    "yy",
    "yo",
    "y",
    "ggggg",
    "gggg",
    "gg",
    "GGGGG",
    "GGGG",
    "GG",
    "e",
    "E",
    "a",
    "A",
    "hh",
    "h",
    "HH",
    "H",
    "kk",
    "k",
    "mm",
    "m",
    "ss",
    "s",
    "SSSSSSSSS",
    "SSSSSSSS",
    "SSSSSSS",
    "SSSSSS",
    "SSSSS",
    "SSSS",
    "SSS",
    "SS",
    "S",
    "x",
    "X",
    "zz",
    "z",
    "ZZ",
    "Z",
];

/// Short names of whole formats (English).
const LONG_FORMATS: &[(&str, &str)] = &[
    ("LTS", "h:mm:ss A"),
    ("LT", "h:mm A"),
    ("LLLL", "dddd, MMMM D, YYYY h:mm A"),
    ("LLL", "MMMM D, YYYY h:mm A"),
    ("LL", "MMMM D, YYYY"),
    ("L", "MM/DD/YYYY"),
    ("llll", "ddd, MMM D, YYYY h:mm A"),
    ("lll", "MMM D, YYYY h:mm A"),
    ("ll", "MMM D, YYYY"),
    ("l", "M/D/YYYY"),
];

/// The pieces of a format in order. `[text]` and a backslash make literals.
pub(super) fn tokens(format: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '[' if closing(rest).is_some() => {
                let close = closing(rest).unwrap_or(0);
                (Token::Literal(&rest[1..close]), close + 1)
            }
            '\\' => {
                let escaped = &rest[1..];
                let length = part(escaped).map_or_else(|| escaped.chars().next().map_or(0, char::len_utf8), str::len);
                (Token::Literal(&escaped[..length]), 1 + length)
            }
            _ => {
                if let Some((name, expanded)) = long_format(rest) {
                    found.extend(tokens(expanded));
                    rest = &rest[name.len()..];
                    continue;
                }
                match part(rest) {
                    Some(part) => (Token::Part(part), part.len()),
                    None => (Token::Literal(&rest[..first.len_utf8()]), first.len_utf8()),
                }
            }
        };
        found.push(token);
        rest = &rest[length..];
    }
    found
}

fn long_format(rest: &str) -> Option<(&'static str, &'static str)> {
    if !rest.starts_with(['L', 'l']) {
        return None;
    }
    LONG_FORMATS.iter().find(|(name, _)| rest.starts_with(name)).copied()
}

fn part(rest: &str) -> Option<&'static str> {
    let first = *rest.as_bytes().first()?;
    PARTS.iter().find(|part| part.as_bytes()[0] == first && rest.starts_with(**part)).copied()
}

/// The bracket that closes the one at the start: the last before the next `[`.
fn closing(rest: &str) -> Option<usize> {
    let end = rest[1..].find('[').map_or(rest.len(), |at| at + 1);
    rest[..end].rfind(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_split_as_moment_does() {
        use Token::{Literal, Part};
        assert_eq!(tokens("YYYYMMDDHHmm"), [Part("YYYY"), Part("MM"), Part("DD"), Part("HH"), Part("mm")]);
        assert_eq!(tokens("[at] hmm"), [Literal("at"), Literal(" "), Part("hmm")]);
        assert_eq!(tokens("\\YYYY1"), [Literal("YYYY"), Literal("1")]);
        assert_eq!(tokens("LT"), [Part("h"), Literal(":"), Part("mm"), Literal(" "), Part("A")]);
        assert_eq!(tokens("[é"), [Literal("["), Literal("é")]);
    }
}
