//! XML as modules read it: a tree, and the shape in which Make's modules give
//! it. One implementation for the HTTP, XML and RSS apps.
//!
//! Document types are not read and entities of their making are an error, so
//! that nothing outside the text is fetched and nothing grows. Size, depth and
//! number of elements are bounded.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion, escape};
use rouage_model::{Collection, Value};

/// Larger documents are refused.
pub const LARGEST: usize = 32 * 1024 * 1024;
const MAX_DEPTH: usize = 256;
/// Attributes included.
const MAX_ELEMENTS: usize = 500_000;
const MAX_ATTRIBUTES: usize = 500;

/// An element and what is in it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Element {
    /// With its prefix, as written.
    pub name: String,
    /// In order, as written.
    pub attributes: Vec<(String, String)>,
    /// What is within, in order.
    pub nodes: Vec<Node>,
}

/// A part of an element's content.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// An element within.
    Element(Element),
    /// Text, with entities resolved.
    Text(String),
}

/// Which named entities are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entities {
    /// The five of XML; others are an error.
    Xml,
    /// Those of HTML, which feeds use although they must not; others stay as
    /// they are written.
    Html,
}

impl Element {
    /// Elements within, in order.
    pub fn children(&self) -> impl Iterator<Item = &Element> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children().find(|child| child.name == name)
    }

    /// Every child of this name.
    pub fn children_named<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children().filter(move |child| child.name == name)
    }

    /// The text of this element itself, that of elements within left out.
    pub fn text(&self) -> Cow<'_, str> {
        let texts = || {
            self.nodes.iter().filter_map(|node| match node {
                Node::Text(text) => Some(text.as_str()),
                Node::Element(_) => None,
            })
        };
        match texts().count() {
            0 | 1 => Cow::Borrowed(texts().next().unwrap_or_default()),
            _ => Cow::Owned(texts().collect()),
        }
    }

    /// The content as XML: text alone is given as it reads.
    pub fn inner(&self) -> String {
        let mut out = String::new();
        if self.children().next().is_none() {
            out.push_str(&self.text());
        } else {
            self.write_content(&mut out);
        }
        out
    }

    fn write_content(&self, out: &mut String) {
        for node in &self.nodes {
            let element = match node {
                Node::Text(text) => {
                    out.push_str(&escape::partial_escape(text.as_str()));
                    continue;
                }
                Node::Element(element) => element,
            };
            // Writing to a String cannot fail.
            let _ = write!(out, "<{}", element.name);
            for (name, value) in &element.attributes {
                let _ = write!(out, " {name}=\"{}\"", escape::escape(value.as_str()));
            }
            if element.nodes.is_empty() {
                out.push_str("/>");
                continue;
            }
            out.push('>');
            element.write_content(out);
            let _ = write!(out, "</{}>", element.name);
        }
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The root's name with its content, in Make's shape: every child is a
    /// list, the text of a node with attributes or children is `_value`,
    /// attributes are `_attributes`. `scalar` makes a value of a text.
    pub fn to_value(&self, scalar: fn(&str) -> Value) -> Value {
        Collection::from_iter([(self.name.as_str(), self.content(scalar))]).into()
    }

    fn content(&self, scalar: fn(&str) -> Value) -> Value {
        let text = self.text();
        let empty = self.children().next().is_none();
        if self.attributes.is_empty() && empty {
            return scalar(&text);
        }
        // Blanks between tags are layout; beside children only words count.
        let text = if empty { &*text } else { text.trim() };
        let mut value = Collection::new();
        if !self.attributes.is_empty() {
            let attributes = self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            value.insert("_attributes", Collection::from_iter(attributes));
        }
        if !text.trim().is_empty() {
            value.insert("_value", scalar(text));
        }
        let mut lists: Vec<(&str, Vec<Value>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for child in self.children() {
            let place = *places.entry(&child.name).or_insert(lists.len());
            if place == lists.len() {
                lists.push((&child.name, Vec::new()));
            }
            lists[place].1.push(child.content(scalar));
        }
        for (name, list) in lists {
            value.insert(name, list);
        }
        value.into()
    }
}

/// The root element. The error is the end of a sentence that begins with "it".
pub fn parse(text: &str, entities: Entities) -> Result<Element, String> {
    if text.len() > LARGEST {
        return Err("it is larger than 32 MiB".to_owned());
    }
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut tree = Tree { open: Vec::new(), root: None, count: 0, entities };
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Start(start) => tree.open(&start)?,
            Event::Empty(start) => {
                tree.open(&start)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(text) => tree.append(&text.xml10_content())?,
            Event::CData(text) => tree.append(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let text = resolve(&reference, entities)?;
                tree.append(&text)?;
            }
            Event::Eof if !tree.open.is_empty() => return Err("it is cut off".to_owned()),
            Event::Eof => return tree.root.ok_or_else(|| "it has no root element".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

/// What has been read.
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    count: usize,
    entities: Entities,
}

impl Tree {
    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        self.count += 1;
        if self.root.is_some() {
            return Err("it has more than one root element".to_owned());
        }
        if self.open.len() == MAX_DEPTH {
            return Err(format!("it nests deeper than {MAX_DEPTH} levels"));
        }
        if self.count > MAX_ELEMENTS {
            return Err(format!("it has more than {MAX_ELEMENTS} elements and attributes"));
        }
        let mut attributes: Vec<(String, String)> = Vec::new();
        for attribute in start.attributes().with_checks(self.entities == Entities::Xml) {
            let attribute = match attribute {
                Ok(attribute) => attribute,
                // Feeds are not refused for an attribute.
                Err(_) if self.entities == Entities::Html => break,
                Err(error) => return Err(error.to_string()),
            };
            if attributes.len() == MAX_ATTRIBUTES {
                return Err(format!("it has an element with more than {MAX_ATTRIBUTES} attributes"));
            }
            self.count += 1;
            let value = match attribute.normalized_value(XmlVersion::Implicit1_0) {
                Ok(value) => value.into_owned(),
                Err(_) if self.entities == Entities::Html => attribute.value.as_ref().to_owned(),
                Err(error) => return Err(error.to_string()),
            };
            attributes.push((attribute.key.as_ref().to_owned(), value));
        }
        let name = start.name().as_ref().to_owned();
        self.open.push(Element { name, attributes, nodes: Vec::new() });
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let element = self.open.pop().ok_or("a tag is closed that was not opened")?;
        match self.open.last_mut() {
            Some(parent) => parent.nodes.push(Node::Element(element)),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn append(&mut self, text: &str) -> Result<(), String> {
        match self.open.last_mut() {
            Some(element) => match element.nodes.last_mut() {
                Some(Node::Text(last)) => last.push_str(text),
                _ if text.is_empty() => {}
                _ => element.nodes.push(Node::Text(text.to_owned())),
            },
            None if text.trim().is_empty() => {}
            None => return Err("it has text outside of the root element".to_owned()),
        }
        Ok(())
    }
}

fn resolve(reference: &BytesRef<'_>, entities: Entities) -> Result<String, String> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => return Ok(character.to_string()),
        Err(error) if entities == Entities::Xml => return Err(error.to_string()),
        _ => {}
    }
    let name = reference.xml10_content();
    if let Some(text) = escape::resolve_xml_entity(&name) {
        return Ok(text.to_owned());
    }
    match entities {
        Entities::Xml => Err(format!("the entity &{name}; is not known")),
        Entities::Html => Ok(escape::resolve_html5_entity(&name).map_or_else(|| format!("&{name};"), str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::json;

    use super::*;

    fn check(xml: &str, expected: &str) {
        let root = parse(xml, Entities::Xml).unwrap();
        assert_eq!(json::to_string(&root.to_value(|text| Value::text(text))), expected, "{xml}");
    }

    #[test]
    fn children_are_lists_and_attributes_are_kept_apart() {
        check("<a><b>1</b><c/><b>2</b></a>", r#"{"a":{"b":["1","2"],"c":[""]}}"#);
        check(
            "<?xml version=\"1.0\"?>\n<a x='1 &amp; 2'>\n <b y=\"2\">t&lt;&#233;</b>\n</a>\n",
            r#"{"a":{"_attributes":{"x":"1 & 2"},"b":[{"_attributes":{"y":"2"},"_value":"t<é"}]}}"#,
        );
        check("<a><![CDATA[<b>]]></a>", r#"{"a":"<b>"}"#);
        check("<a>x<b/>y</a>", r#"{"a":{"_value":"xy","b":[""]}}"#);
    }

    #[test]
    fn the_content_can_be_had_as_it_was_written() {
        let inner = |xml: &str| parse(xml, Entities::Xml).unwrap().inner();
        assert_eq!(inner("<a>x &lt;<b c='&quot;&amp;'>y<d/></b> z</a>"), "x &lt;<b c=\"&quot;&amp;\">y<d/></b> z");
        assert_eq!(inner("<a>&lt;b&gt;</a>"), "<b>");
    }

    #[test]
    fn broken_and_dangerous_documents_are_refused() {
        let attributes: String = (0..=MAX_ATTRIBUTES).map(|at| format!(" a{at}=''")).collect();
        for xml in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a>&nbsp;</a>",
            "<a b='1' b='2'/>",
            "<!DOCTYPE a [<!ENTITY x \"boom\">]><a>&x;</a>",
            "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a b='&x;'/>",
            &"<a>".repeat(100_000),
            &format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS)),
            &format!("<a{attributes}/>"),
            &format!("<a>{}</a>", "<b c='' d=''/>".repeat(MAX_ELEMENTS / 3 + 9)),
        ] {
            assert!(parse(xml, Entities::Xml).is_err(), "{}", &xml[..xml.len().min(80)]);
        }
    }

    #[test]
    fn feeds_may_be_sloppy_and_still_nothing_is_fetched() {
        let root =
            parse("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///x'>]><a c='1&nope;'>&nbsp;&x;</a>", Entities::Html).unwrap();
        assert_eq!((&*root.text(), root.attribute("c")), ("\u{a0}&x;", Some("1&nope;")));
    }
}
