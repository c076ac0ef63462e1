//! Bundles as a tree that can be opened and copied. Bounded: a page stays a
//! page whatever a run carried; the whole is behind the copy button.

use askama::Template;
use rouage_model::{Collection, Value, json};
use rouage_sdk::{Field, FieldKind};

use crate::pages::files;
use crate::words;
use crate::words::t;

/// Values of one bundle that are shown.
const MOST_NODES: usize = 1_500;
const MOST_ITEMS: usize = 200;
const MOST_DEPTH: usize = 24;
const LONGEST_TEXT: usize = 1_500;
const LONGEST_NAME: usize = 100;

/// A value in the tree.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "_tree.html")]
pub struct Tree {
    /// Its name or its label; empty at the top.
    pub name: String,
    /// Its name in mappings, where its label is shown.
    pub raw_name: String,
    /// Its type, also the class.
    pub kind: &'static str,
    /// What is shown of a simple value, or `3 items`.
    pub text: String,
    /// Where a stored file is to be had; empty for anything else.
    pub link: String,
    /// Fields or items.
    pub children: Vec<Tree>,
    /// Whether it begins open.
    pub open: bool,
}

/// The fields of a value as trees.
pub fn fields(value: &Value) -> Vec<Tree> {
    node("", value, 0, &mut { MOST_NODES }).children
}

/// The same with the labels of those fields that are known.
pub fn labelled(value: &Value, known: &[Field]) -> Vec<Tree> {
    let mut trees = fields(value);
    label(&mut trees, known);
    trees
}

fn label(trees: &mut [Tree], known: &[Field]) {
    for tree in trees {
        let Some(field) = known.iter().find(|field| !field.name.is_empty() && field.name == tree.name) else {
            continue;
        };
        if !field.label.is_empty() && field.label != tree.name {
            tree.raw_name = std::mem::replace(&mut tree.name, t(field.label).to_owned());
        }
        match &field.kind {
            FieldKind::Collection(inner) => label(&mut tree.children, inner),
            FieldKind::Array(inner) => tree.children.iter_mut().for_each(|item| label(&mut item.children, inner)),
            _ => {}
        }
    }
}

fn node(name: &str, value: &Value, depth: usize, left: &mut usize) -> Tree {
    *left = left.saturating_sub(1);
    let mut tree = Tree {
        name: name.to_owned(),
        raw_name: String::new(),
        kind: value.type_name(),
        text: String::new(),
        link: String::new(),
        children: Vec::new(),
        open: depth < 3,
    };
    match value {
        Value::Collection(collection) => {
            tree.text = words::count(collection.len() as u64, "field");
            let fields = collection.iter().map(|(name, value)| (name.to_string(), value));
            children(&mut tree, fields, depth, left);
            name_files(&mut tree.children, collection);
        }
        Value::Array(items) => {
            tree.text = words::count(items.len() as u64, "item");
            let items = items.iter().enumerate().map(|(at, value)| ((at + 1).to_string(), value));
            children(&mut tree, items, depth, left);
        }
        simple => {
            tree.text = simple_text(simple);
            tree.link = files::link(simple, None).unwrap_or_default();
        }
    }
    tree
}

/// A file has its name in a field beside it.
fn name_files(children: &mut [Tree], collection: &Collection) {
    let name = ["fileName", "filename", "name"].into_iter().find_map(|name| collection.get(name)?.as_text());
    let Some(name) = name.filter(|name| !name.is_empty()) else { return };
    for (child, value) in children.iter_mut().zip(collection.values()) {
        if let Some(link) = files::link(value, Some(name)) {
            child.link = link;
            child.text = format!("{}, {}", words::cut(name, LONGEST_NAME), child.text);
        }
    }
}

fn children<'a>(
    tree: &mut Tree,
    entries: impl ExactSizeIterator<Item = (String, &'a Value)>,
    depth: usize,
    left: &mut usize,
) {
    let total = entries.len();
    for (shown, (name, value)) in entries.enumerate() {
        if shown >= MOST_ITEMS || *left == 0 || depth >= MOST_DEPTH {
            let text = t!("{shown} more; copy to see all", shown = total - shown);
            tree.children.push(Tree {
                name: "…".into(),
                raw_name: String::new(),
                kind: "more",
                text,
                link: String::new(),
                children: Vec::new(),
                open: false,
            });
            return;
        }
        let child = node(&name, value, depth + 1, left);
        tree.children.push(child);
    }
}

fn simple_text(value: &Value) -> String {
    match value {
        Value::Undefined => t!("no value").to_owned(),
        Value::Null => "null".to_owned(),
        Value::Ignore => "ignore".to_owned(),
        Value::Erase => "erase".to_owned(),
        Value::Text(text) if text.is_empty() => "empty".to_owned(),
        Value::Text(text) => words::cut(text, LONGEST_TEXT),
        Value::Buffer(buffer) => t!("file data, {size}", size = words::bytes(buffer.size())),
        other => words::cut(json::to_string(other).trim_matches('"'), LONGEST_TEXT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_file_is_a_name_a_size_and_a_link() {
        let text = br#"{"name":"a b\"<.pdf","data":{"$file":"0196f7a0111172228333444455556666","size":3145728}}"#;
        let tree = fields(&rouage_model::tagged::parse(text).unwrap());
        assert_eq!(tree[1].text, "a b\"<.pdf, file data, 3.1 MB");
        assert_eq!(tree[1].link, "/files/0196f7a0111172228333444455556666?name=a%20b%22%3C%2Epdf");
        let html = tree[1].render().unwrap();
        assert!(html.contains(r#"href="/files/0196f7a0"#) && !html.contains("\"<."), "{html}");
    }

    #[test]
    fn known_fields_have_their_labels_and_keep_their_names_beside() {
        let person = vec![Field::text("mail", "E-mail")];
        let known = [Field::text("sheetId", "Sheet Name"), Field::new("to", "To", FieldKind::Array(person))];
        let value = json::parse(br#"{"sheetId":"a","to":[{"mail":"b","own":1}],"x":2}"#).unwrap();
        let trees = labelled(&value, &known);
        let html: String = trees.iter().map(|tree| tree.render().unwrap()).collect();
        assert!(html.contains(r#"<span class="key" title="sheetId">Sheet Name</span>"#), "{html}");
        assert!(html.contains(r#"<span class="key" title="mail">E-mail</span>"#), "{html}");
        assert!(html.contains(r#"<span class="key">own</span>"#), "{html}");
        assert_eq!(trees[2].name, "x");
    }

    #[test]
    fn everything_is_text_and_bounded() {
        let many: Value = (0..5_000).map(Value::from).collect::<Vec<_>>().into();
        let value = json::parse(br#"{"<img onerror=x>":"<script>","n":{"a":null,"t":true}}"#).unwrap();
        let html: String = fields(&value).iter().map(|tree| tree.render().unwrap()).collect();
        assert!(!html.contains("<script") && !html.contains("<img") && html.contains("&#60;script"), "{html}");
        let tree = node("", &many, 0, &mut { MOST_NODES });
        assert_eq!(tree.children.len(), MOST_ITEMS + 1);
        assert_eq!(tree.children[MOST_ITEMS].text, "4800 more; copy to see all");
    }
}
