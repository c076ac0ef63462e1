//! XML to values, in the shape of Make's XML app: every child is a list, the
//! text of a node with attributes is `_value`, attributes are `_attributes`.
//!
//! Entities beyond the five of XML are an error and document types are not
//! read, so that nothing outside the text is fetched and nothing grows.

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use rouage_model::{Collection, Value};

const MAX_DEPTH: usize = 256;

/// One collection with the root's name.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Node> = Vec::new();
    let mut root = None;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Start(start) if root.is_none() => {
                open.push(Node::of(&start)?);
                if open.len() > MAX_DEPTH {
                    return Err(format!("it nests deeper than {MAX_DEPTH} levels"));
                }
            }
            Event::Empty(start) if root.is_none() => close(Node::of(&start)?, &mut open, &mut root),
            Event::End(_) => {
                let node = open.pop().ok_or("a tag is closed that was not opened")?;
                close(node, &mut open, &mut root);
            }
            Event::Text(text) => append(&mut open, &text.xml10_content())?,
            Event::CData(text) => append(&mut open, &text.xml10_content())?,
            Event::GeneralRef(reference) => append(&mut open, &resolve(&reference)?)?,
            Event::Eof if !open.is_empty() => return Err("it is cut off".to_owned()),
            Event::Eof => return root.ok_or_else(|| "it has no root element".to_owned()),
            Event::Start(_) | Event::Empty(_) => return Err("it has more than one root element".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

struct Node {
    name: String,
    attributes: Collection,
    children: Vec<(String, Vec<Value>)>,
    text: String,
}

impl Node {
    fn of(start: &BytesStart<'_>) -> Result<Self, String> {
        let mut attributes = Collection::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            attributes.insert(attribute.key.as_ref(), value.as_ref());
        }
        Ok(Self { name: start.name().as_ref().to_owned(), attributes, children: Vec::new(), text: String::new() })
    }

    fn into_value(self) -> Value {
        // Blanks between tags are layout; beside children only words count.
        let text = if self.children.is_empty() { self.text.as_str() } else { self.text.trim() };
        if self.attributes.is_empty() && self.children.is_empty() {
            return Value::text(text);
        }
        let mut value = Collection::new();
        if !self.attributes.is_empty() {
            value.insert("_attributes", self.attributes);
        }
        if !text.trim().is_empty() {
            value.insert("_value", text);
        }
        for (name, children) in self.children {
            value.insert(name, children);
        }
        value.into()
    }
}

fn close(node: Node, open: &mut [Node], root: &mut Option<Value>) {
    let name = node.name.clone();
    let value = node.into_value();
    let Some(parent) = open.last_mut() else {
        *root = Some(Collection::from_iter([(name, value)]).into());
        return;
    };
    match parent.children.iter_mut().find(|(own, _)| *own == name) {
        Some((_, values)) => values.push(value),
        None => parent.children.push((name, vec![value])),
    }
}

fn append(open: &mut [Node], text: &str) -> Result<(), String> {
    match open.last_mut() {
        Some(node) => node.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err("it has text outside of the root element".to_owned()),
    }
    Ok(())
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(character.to_string());
    }
    let name = reference.xml10_content();
    match quick_xml::escape::resolve_predefined_entity(&name) {
        Some(text) => Ok(text.to_owned()),
        None => Err(format!("the entity &{name}; is not known")),
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::json;

    use super::*;

    fn check(xml: &str, expected: &str) {
        assert_eq!(json::to_string(&parse(xml).unwrap()), expected, "{xml}");
    }

    #[test]
    fn children_are_lists_and_attributes_are_kept_apart() {
        check("<a><b>1</b><b>2</b><c/></a>", r#"{"a":{"b":["1","2"],"c":[""]}}"#);
        check(
            "<?xml version=\"1.0\"?>\n<a x='1 &amp; 2'>\n <b y=\"2\">t&lt;&#233;</b>\n</a>\n",
            r#"{"a":{"_attributes":{"x":"1 & 2"},"b":[{"_attributes":{"y":"2"},"_value":"t<é"}]}}"#,
        );
        check("<a><![CDATA[<b>]]></a>", r#"{"a":"<b>"}"#);
    }

    #[test]
    fn broken_and_dangerous_documents_are_refused() {
        for xml in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<!DOCTYPE a [<!ENTITY x \"boom\">]><a>&x;</a>",
            "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a b='&x;'/>",
            &"<a>".repeat(100_000),
        ] {
            assert!(parse(xml).is_err(), "{}", &xml[..xml.len().min(80)]);
        }
    }
}
