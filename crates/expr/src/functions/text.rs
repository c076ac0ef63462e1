//! Text. Positions and lengths count code points (decision D14).

use rouage_model::{Value, json};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Call, Outcome, Row, Run};
use crate::coerce::shorten;
use crate::error::EvalError;
use crate::operators::equal_within;
use crate::{emoji, html, pattern};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = letters();
    rows.extend(parts());
    rows.extend(escapes());
    rows
}

fn letters() -> Vec<Row> {
    vec![
        Row {
            signature: "ascii(text; [removeDiacritics])",
            help: "The text without characters that are not ASCII; with true, letters lose their accents first.",
            examples: &[("ascii(\"ěMščařžkýáeíé\")", "\"Make\""), ("ascii(\"ěščřž\"; true)", "\"escrz\"")],
            run: Run::Eager(ascii),
        },
        Row {
            signature: "capitalize(text)",
            help: "The text with its first letter in upper case.",
            examples: &[("capitalize(\"make it\")", "\"Make it\"")],
            run: Run::Eager(|call| Ok(Value::from(capitalized(&call.text(0)?)))),
        },
        Row {
            signature: "startcase(text)",
            help: "The text with the first letter of each word in upper case and the others in lower case.",
            examples: &[("startcase(\"hello WORLD\")", "\"Hello World\"")],
            run: Run::Eager(startcase),
        },
        Row {
            signature: "lower(text)",
            help: "The text in lower case.",
            examples: &[("lower(\"Hello\")", "\"hello\"")],
            run: Run::Eager(|call| Ok(Value::from(call.text(0)?.to_lowercase()))),
        },
        Row {
            signature: "upper(text)",
            help: "The text in upper case.",
            examples: &[("upper(\"Hello\")", "\"HELLO\"")],
            run: Run::Eager(|call| Ok(Value::from(call.text(0)?.to_uppercase()))),
        },
        Row {
            signature: "trim(text)",
            help: "The text without blanks at its start and end.",
            examples: &[("trim(\"  a b \")", "\"a b\"")],
            run: Run::Eager(|call| Ok(Value::from(call.text(0)?.trim_matches(is_blank)))),
        },
        Row {
            signature: "replaceEmojiCharacters(text; replacement)",
            help: "The text with each emoji replaced.",
            examples: &[("replaceEmojiCharacters(\"ok 👍🏽!\"; \"+1\")", "\"ok +1!\"")],
            run: Run::Eager(replace_emoji),
        },
    ]
}

fn parts() -> Vec<Row> {
    vec![
        Row {
            signature: "contains(text or array; value; [ignoreCase])",
            help: "Whether the text or the array contains the value.",
            examples: &[
                ("contains(\"Hello World\"; \"Hello\")", "true"),
                ("contains(\"Hello\"; \"hello\"; true)", "true"),
                ("contains(split(\"a,b\"; \",\"); \"c\")", "false"),
            ],
            run: Run::Eager(contains),
        },
        Row {
            signature: "indexOf(text; value; [start])",
            help: "The position of a value in the text from 0, or -1.",
            examples: &[("indexOf(\"Make\"; \"k\")", "2"), ("indexOf(\"Workfront\"; \"o\"; 3)", "6")],
            run: Run::Eager(index_of),
        },
        Row {
            signature: "length(text, buffer or array)",
            help: "How many characters, bytes or items there are.",
            examples: &[("length(\"hello\")", "5"), ("length(toBinary(\"ěš\"))", "4"), ("length(null)", "0")],
            run: Run::Eager(length),
        },
        Row {
            signature: "replace(text; search; replacement)",
            help: "The text with every occurrence replaced; /expression/flags is a regular expression.",
            examples: &[
                ("replace(\"Hello World\"; \"Hello\"; \"Hi\")", "\"Hi World\""),
                ("replace(\"a1b22\"; \"/\\d+/g\"; \"<$&>\")", "\"a<1>b<22>\""),
                ("replace(\"x?dl=0\"; \"?dl=0\"; )", "\"x\""),
            ],
            run: Run::Eager(replace),
        },
        Row {
            signature: "split(text; separator; [keepEmpty])",
            help: "The parts of the text between separators, without blanks around them and without empty ones.",
            examples: &[
                ("split(\"John, George, Paul\"; \",\")", r#"["John","George","Paul"]"#),
                ("split(\"a,,b\"; \",\"; true)", r#"["a","","b"]"#),
            ],
            run: Run::Eager(split),
        },
        Row {
            signature: "substring(text; start; end)",
            help: "The part of the text from a position (from 0) up to another.",
            examples: &[("substring(\"Hello\"; 1; 3)", "\"el\""), ("substring(\"Hi\"; 0; 280)", "\"Hi\"")],
            run: Run::Eager(substring),
        },
    ]
}

fn escapes() -> Vec<Row> {
    vec![
        Row {
            signature: "encodeURL(text)",
            help: "The text as a part of a URL.",
            examples: &[("encodeURL(\"a&b=c/d?é\")", "\"a%26b%3Dc%2Fd%3F%C3%A9\"")],
            run: Run::Eager(encode_url),
        },
        Row {
            signature: "decodeURL(text)",
            help: "The text that a part of a URL means.",
            examples: &[("decodeURL(\"Automate%20your%20workflow\")", "\"Automate your workflow\"")],
            run: Run::Eager(decode_url),
        },
        Row {
            signature: "escapeHTML(text)",
            help: "The text with its HTML tags made visible.",
            examples: &[("escapeHTML(\"<b>Hello</b>\")", "\"&lt;b&gt;Hello&lt;/b&gt;\"")],
            run: Run::Eager(|call| {
                replace_characters(call, |character| match character {
                    '&' => Some("&amp;".to_owned()),
                    '<' => Some("&lt;".to_owned()),
                    '>' => Some("&gt;".to_owned()),
                    _ => None,
                })
            }),
        },
        Row {
            signature: "escapeMarkdown(text)",
            help: "The text with its Markdown signs made visible.",
            examples: &[("escapeMarkdown(\"# Header\")", "\"&#35; Header\"")],
            run: Run::Eager(|call| {
                replace_characters(call, |character| {
                    r"\`*_{}[]()<>#+-!|~".contains(character).then(|| format!("&#{};", u32::from(character)))
                })
            }),
        },
        Row {
            signature: "escapeJSON(text)",
            help: "The text as it stands between the quotes of a JSON text.",
            examples: &[("escapeJSON(\"a\"\"b\" + newline)", r#""a\\\"b\\n""#)],
            run: Run::Eager(escape_json),
        },
        Row {
            signature: "stripHTML(text)",
            help: "The text without its HTML tags.",
            examples: &[("stripHTML(\"<b>Hello</b>\")", "\"Hello\"")],
            run: Run::Eager(|call| Ok(Value::from(html::stripped(&call.text(0)?)))),
        },
    ]
}

pub(super) fn is_blank(character: char) -> bool {
    character.is_whitespace() || character == '\u{FEFF}'
}

/// Letters without their accents: decomposed, and the marks left out.
pub(super) fn without_marks(text: &str) -> String {
    text.nfd().filter(|character| !is_combining_mark(*character)).nfc().collect()
}

fn ascii(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let text = if call.flag(1) { without_marks(&text) } else { text.to_string() };
    Ok(Value::from(text.chars().filter(char::is_ascii).collect::<String>()))
}

pub(super) fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn startcase(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?.to_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut starts = true;
    for character in text.chars() {
        if starts {
            out.extend(character.to_uppercase());
        } else {
            out.push(character);
        }
        starts = character.is_whitespace();
    }
    Ok(Value::from(out))
}

fn replace_emoji(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let replacement = call.text(1)?;
    // Each emoji has at least three bytes, so this is the most that can come out.
    call.context.budget.produce((text.len() / 3).saturating_mul(replacement.len()))?;
    Ok(emoji::replaced(&text, &replacement).map_or(Value::Text(text), Value::from))
}

fn contains(call: &Call<'_>) -> Outcome {
    let ignore_case = call.flag(2);
    if let Value::Array(items) = call.value(0) {
        let wanted = call.value(1);
        if !ignore_case {
            for item in items.iter() {
                if equal_within(item, wanted, call.context.budget)? {
                    return Ok(Value::Boolean(true));
                }
            }
            return Ok(Value::Boolean(false));
        }
        let wanted = call.text_of(wanted)?.to_lowercase();
        let found = items.iter().any(|item| call.text_of(item).is_ok_and(|text| text.to_lowercase() == wanted));
        return Ok(Value::Boolean(found));
    }
    let (text, wanted) = (call.text(0)?, call.text(1)?);
    let found =
        if ignore_case { text.to_lowercase().contains(&wanted.to_lowercase()) } else { text.contains(&*wanted) };
    Ok(Value::Boolean(found))
}

/// The byte where a character position is; the end when there are fewer.
fn byte_of(text: &str, position: usize) -> usize {
    if text.is_ascii() {
        return position.min(text.len());
    }
    text.char_indices().nth(position).map_or(text.len(), |(at, _)| at)
}

fn position(number: Option<i64>, absent: usize) -> usize {
    number.map_or(absent, |number| usize::try_from(number.max(0)).unwrap_or(usize::MAX))
}

fn index_of(call: &Call<'_>) -> Outcome {
    let (text, wanted) = (call.text(0)?, call.text(1)?);
    let start = byte_of(&text, position(call.integer(2)?, 0));
    let found = text[start..].find(&*wanted).map(|at| text[..start + at].chars().count());
    Ok(found.map_or(Value::from(-1), Value::from))
}

fn length(call: &Call<'_>) -> Outcome {
    Ok(Value::from(match call.value(0) {
        Value::Array(items) => items.len(),
        Value::Buffer(buffer) => usize::try_from(buffer.size()).unwrap_or(usize::MAX),
        Value::Collection(collection) => collection.len(),
        _ => call.text(0)?.chars().count(),
    }))
}

fn substring(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let (start, end) = (position(call.integer(1)?, 0), position(call.integer(2)?, usize::MAX));
    let (start, end) = (byte_of(&text, start.min(end)), byte_of(&text, start.max(end)));
    Ok(Value::from(&text[start..end]))
}

/// Decision D4.
fn split(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let keep_empty = call.flag(2);
    let separator = call.optional_text(1)?;
    call.context.budget.produce(text.len().saturating_mul(2))?;
    let mut characters = [0; 4];
    let parts: Vec<Value> = match separator.as_deref() {
        None => vec![Value::Text(text.clone())],
        Some("") => text.chars().map(|character| Value::from(&*character.encode_utf8(&mut characters))).collect(),
        Some(separator) if keep_empty => text.split(separator).map(|part| Value::from(part.trim())).collect(),
        Some(separator) => {
            text.split(separator).map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect()
        }
    };
    Ok(Value::from(if text.is_empty() && !keep_empty { Vec::new() } else { parts }))
}

fn replace(call: &Call<'_>) -> Outcome {
    let (text, search, replacement) = (call.text(0)?, call.text(1)?, call.text(2)?);
    if let Some((source, flags)) = pattern::delimited(&search) {
        return replace_pattern(call, &text, (source, flags), &replacement);
    }
    if search.is_empty() || !text.contains(&*search) {
        return Ok(Value::Text(text));
    }
    let count = text.matches(&*search).count();
    call.context.budget.produce(count.saturating_mul(replacement.len()))?;
    Ok(Value::from(text.replace(&*search, &replacement)))
}

/// Replaces what a JavaScript expression matches: all with the flag `g`, else
/// the first. Named groups are refused, as Make documents.
pub(super) fn replace_pattern(
    call: &Call<'_>,
    text: &str,
    (source, flags): (&str, &str),
    replacement: &str,
) -> Outcome {
    let regex = pattern::compile(source, flags).map_err(EvalError::of_range)?;
    pattern::check_length(source, text, pattern::LONGEST_TO_LOOK_AROUND).map_err(EvalError::of_range)?;
    if regex.capture_names().flatten().next().is_some() {
        return Err(EvalError::of_range("named capture groups cannot be used in a replacement; use $1"));
    }
    let budget = call.context.budget;
    let mut out = String::new();
    let mut from = 0;
    for captures in regex.captures_iter(text) {
        budget.spend(1)?;
        let captures = captures.map_err(|_| EvalError::of_range("the regular expression takes too long"))?;
        let Some(whole) = captures.get(0) else { continue };
        let before = out.len();
        out.push_str(&text[from..whole.start()]);
        expand(replacement, &mut out, &captures, text);
        budget.produce(out.len() - before)?;
        from = whole.end();
        if !flags.contains('g') {
            break;
        }
    }
    out.push_str(&text[from..]);
    Ok(Value::from(out))
}

/// `$$`, `$&`, `` $` ``, `$'` and `$1` to `$99`; other dollars are themselves.
pub(crate) fn expand(replacement: &str, out: &mut String, captures: &fancy_regex::Captures<'_, str>, text: &str) {
    let whole = captures.get(0).map_or(0..0, |whole| whole.start()..whole.end());
    let mut rest = replacement;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let digits = |count: usize| {
            let number = rest.get(..count).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
            let number: usize = number.parse().ok()?;
            (1..captures.len()).contains(&number).then_some((number, count))
        };
        let used = match rest.bytes().next() {
            Some(b'$') => {
                out.push('$');
                1
            }
            Some(b'&') => {
                out.push_str(&text[whole.clone()]);
                1
            }
            Some(b'`') => {
                out.push_str(&text[..whole.start]);
                1
            }
            Some(b'\'') => {
                out.push_str(&text[whole.end..]);
                1
            }
            _ => match digits(2).or_else(|| digits(1)) {
                Some((number, used)) => {
                    out.push_str(captures.get(number).map_or("", |group| group.as_str()));
                    used
                }
                None => {
                    out.push('$');
                    0
                }
            },
        };
        rest = &rest[used..];
    }
    out.push_str(rest);
}

fn encode_url(call: &Call<'_>) -> Outcome {
    use std::fmt::Write as _;
    let text = call.text(0)?;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    Ok(Value::from(out))
}

fn decode_url(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let malformed = || EvalError::of_range(format!("'{}' is not a valid URL part", shorten(&text)));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let digits = rest.get(..2).and_then(|digits| hex::decode(digits).ok()).ok_or_else(malformed)?;
        bytes.extend(digits);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).map(Value::from).map_err(|_| malformed())
}

fn replace_characters(call: &Call<'_>, replacement: impl Fn(char) -> Option<String>) -> Outcome {
    let text = call.text(0)?;
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match replacement(character) {
            Some(replacement) => out.push_str(&replacement),
            None => out.push(character),
        }
    }
    Ok(Value::from(out))
}

fn escape_json(call: &Call<'_>) -> Outcome {
    let mut out = String::new();
    json::write_text(&mut out, &call.text(0)?);
    Ok(Value::from(&out[1..out.len() - 1]))
}
