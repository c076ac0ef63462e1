//! Values to XML, in the shape in which they are read: lists repeat their
//! element, `_attributes` and `_value` are attributes and text.

use rouage_model::{Value, json};

const MAX_DEPTH: usize = 256;
const LARGEST: usize = 64 * 1024 * 1024;

/// Writes an element with all that is in it. Layout is for people: an element
/// a line, two blanks a level. The error is the end of a sentence.
pub(super) fn element(out: &mut String, name: &str, value: &Value, depth: usize) -> Result<(), String> {
    check_name(name)?;
    if depth > MAX_DEPTH {
        return Err(format!("it nests deeper than {MAX_DEPTH} levels"));
    }
    if out.len() > LARGEST {
        return Err("it is larger than 64 MiB".to_owned());
    }
    let layout = "  ".repeat(depth);
    out.push_str(&layout);
    out.push('<');
    out.push_str(name);
    attributes(out, value.field("_attributes"))?;
    let text = match value {
        Value::Collection(_) => value.field("_value"),
        other => other,
    };
    let text = text_of(text)?;
    let start = out.len();
    out.push('>');
    escape(out, &text, false)?;
    if children(out, value, depth)? {
        out.push_str(&layout);
    } else if text.is_empty() {
        out.truncate(start);
        out.push_str("/>\n");
        return Ok(());
    }
    out.push_str("</");
    out.push_str(name);
    out.push_str(">\n");
    Ok(())
}

/// Whether there were any.
fn children(out: &mut String, value: &Value, depth: usize) -> Result<bool, String> {
    let Some(fields) = value.as_collection() else { return Ok(false) };
    let start = out.len();
    out.push('\n');
    let begun = out.len();
    for (name, value) in fields.iter().filter(|(name, _)| !matches!(name.as_ref(), "_attributes" | "_value")) {
        let one = std::slice::from_ref(value);
        for item in value.as_array().unwrap_or(one) {
            if !matches!(item, Value::Undefined | Value::Ignore) {
                element(out, name, item, depth + 1)?;
            }
        }
    }
    if out.len() == begun {
        out.truncate(start);
    }
    Ok(out.len() > begun)
}

fn attributes(out: &mut String, attributes: &Value) -> Result<(), String> {
    for (name, value) in attributes.as_collection().into_iter().flat_map(|fields| fields.iter()) {
        if value.is_nothing() {
            continue;
        }
        check_name(name)?;
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        escape(out, &text_of(value)?, true)?;
        out.push('"');
    }
    Ok(())
}

fn text_of(value: &Value) -> Result<String, String> {
    Ok(match value {
        Value::Text(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Date(instant) => json::iso(*instant),
        Value::Buffer(buffer) if buffer.size() != buffer.held().len() as u64 => {
            return Err("a field holds a file, and only text can be written".to_owned());
        }
        Value::Buffer(buffer) => {
            let text = std::str::from_utf8(buffer.held()).map_err(|_| "a field holds bytes that are not text")?;
            text.to_owned()
        }
        Value::Array(_) => return Err("a list stands directly in a list".to_owned()),
        _ => String::new(),
    })
}

/// The name of an element or attribute, in the letters that nobody refuses.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let first = |letter: char| letter.is_alphabetic() || matches!(letter, '_' | ':');
    let later = |letter: char| first(letter) || letter.is_numeric() || matches!(letter, '-' | '.');
    let good = name.starts_with(first) && name.chars().all(later) && name.len() <= 1000;
    if good { Ok(()) } else { Err(format!("{name:?} cannot be the name of an element or attribute")) }
}

/// Characters that no XML may hold are an error: a reader would refuse it all.
fn escape(out: &mut String, text: &str, in_attribute: bool) -> Result<(), String> {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if in_attribute => out.push_str("&quot;"),
            '\n' | '\t' if in_attribute => out.push_str(if letter == '\n' { "&#10;" } else { "&#9;" }),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => out.push(letter),
            control => return Err(format!("the control character {control:?} cannot be written in XML")),
        }
    }
    Ok(())
}
