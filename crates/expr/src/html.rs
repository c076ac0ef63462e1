//! Taking the tags out of HTML.

/// The text without tags and comments; scripts and styles go with their
/// content, and a line break element becomes a line break.
pub(crate) fn stripped(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    let end = html.rfind('>').map_or(0, |at| at + 1);
    while let Some(open) = rest.find('<').filter(|open| html.len() - rest.len() + open < end) {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let Some(length) = markup_length(rest) else {
            out.push('<');
            rest = &rest[1..];
            continue;
        };
        let name = tag_name(&rest[..length]);
        if name == "br" {
            out.push('\n');
        }
        rest = &rest[length..];
        if name == "script" || name == "style" {
            rest = after_element(rest, &name);
        }
    }
    out.push_str(rest);
    out
}

/// How many bytes the tag or comment at the start has; `None` if it is neither.
/// The text must begin with `<`.
pub fn markup_length(rest: &str) -> Option<usize> {
    if rest.starts_with("<!--") {
        return Some(rest.find("-->").map_or(rest.len(), |end| end + 3));
    }
    let next = rest.get(1..)?.chars().next()?;
    if !(next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?')) {
        return None;
    }
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), close) if open == close => quote = None,
            (None, b'>') => return Some(at + 1),
            _ => {}
        }
    }
    // A quote that is never closed does not swallow the rest.
    rest.find('>').map(|at| at + 1)
}

fn tag_name(tag: &str) -> String {
    let name = tag[1..].chars().take_while(char::is_ascii_alphanumeric);
    name.collect::<String>().to_ascii_lowercase()
}

fn after_element<'h>(rest: &'h str, name: &str) -> &'h str {
    let close = format!("</{name}");
    let found = rest.as_bytes().windows(close.len()).position(|window| window.eq_ignore_ascii_case(close.as_bytes()));
    match found {
        Some(at) => rest[at..].find('>').map_or("", |end| &rest[at + end + 1..]),
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_text_stays() {
        for (html, text) in [
            ("<b>Hello</b> <i class=\"a>b\">World</i>", "Hello World"),
            ("one<br/>two<BR>three", "one\ntwo\nthree"),
            ("<style>p{}</style>a<script>if (1 < 2) {}</SCRIPT >b", "ab"),
            ("a<!-- <b> -->b", "ab"),
            ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
            ("<a href='x>y", "y"),
            ("a <b", "a <b"),
        ] {
            assert_eq!(stripped(html), text, "{html}");
        }
    }
}
