//! Notes as boxes beside their modules, each with a line to what it is about.
//! Make keeps HTML in them; here it is only text. The editor's scripts do the
//! same (`notes-layer.ts`).

use rouage_model::{Blueprint, Value};

use super::draw::Node;
use super::links::{Link, round};
use crate::words;

/// A note of a blueprint.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Modules it is about.
    pub modules: Vec<i64>,
    /// Its text, without tags.
    pub text: String,
    /// `#rrggbb`.
    pub color: String,
    /// Whether it is about the filter before the module.
    pub is_filter: bool,
    /// Where somebody put it, in Make's coordinates.
    pub place: Option<(f64, f64)>,
}

/// A note as a box.
#[derive(Debug, Clone, Default)]
pub struct NoteBox {
    /// Its number among the notes.
    pub index: usize,
    /// Left edge.
    pub x: i64,
    /// Top edge.
    pub y: i64,
    /// Width of the box.
    pub width: i64,
    /// Height of the box.
    pub height: i64,
    /// Its text, in lines that fit.
    pub lines: Vec<NoteLine>,
    /// The whole text.
    pub text: String,
    /// `#rrggbb`.
    pub color: String,
    /// The line to what it is about, as the `d` of a path; empty without one.
    pub line: String,
}

/// A line of text in a box.
#[derive(Debug, Clone, Default)]
pub struct NoteLine {
    /// Its base line, from the top of the box.
    pub y: i64,
    /// The text.
    pub text: String,
}

/// All notes of a blueprint, in any of the shapes that Make had. Those without
/// a text are counted, but not shown.
pub fn notes(blueprint: &Blueprint) -> Vec<Note> {
    let metadata = blueprint.root().field("metadata");
    let mut notes = Vec::new();
    for list in [metadata.field("notes"), metadata.field("designer").field("notes")] {
        match list {
            Value::Text(_) => notes.push(note(list)),
            _ => notes.extend(list.as_array().unwrap_or_default().iter().map(note)),
        }
    }
    notes
}

/// Make's violet.
const COLOR: &str = "#9138FE";

fn note(raw: &Value) -> Note {
    let text = [raw.field("content"), raw.field("text"), raw].into_iter().find_map(Value::as_text);
    let many = raw.field("moduleIds").as_array().unwrap_or_default().iter().filter_map(Value::as_i64);
    let color = raw.field("metadata").field("color").as_text().unwrap_or_default();
    let axis = |name| match raw.field("metadata").field(name) {
        Value::Number(number) => Some(number.as_f64()).filter(|number| number.abs() < 1.0e6),
        _ => None,
    };
    let is_hex = color.len() == 7 && color.starts_with('#') && color[1..].bytes().all(|byte| byte.is_ascii_hexdigit());
    Note {
        modules: many.chain(raw.field("id").as_i64()).collect(),
        text: plain(text.unwrap_or_default()),
        color: if is_hex { color.to_owned() } else { COLOR.to_owned() },
        is_filter: [raw.field("isFilterNote"), raw.field("filter")].iter().any(|mark| mark.as_bool() == Some(true)),
        place: axis("x").zip(axis("y")),
    }
}

/// The text of a note's HTML: tags go, ends of paragraphs end a line. Never
/// read as a page.
fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        text += before;
        let (sign, left) = read_tag(tag);
        text += sign;
        rest = left;
    }
    text += rest;
    decoded(&text).trim_end_matches('\n').to_owned()
}

/// What stands for the tag that a text begins with, and what comes after it.
fn read_tag(text: &str) -> (&'static str, &str) {
    let starts = text[1..].trim_start_matches('/').starts_with(|next: char| next.is_ascii_alphabetic());
    let Some(end) = text.find('>').filter(|_| starts) else { return ("<", &text[1..]) };
    let name = text[1..end].split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    let rest = &text[end + 1..];
    match name.as_str() {
        "br" | "br/" => ("\n", rest),
        "li" => ("• ", rest),
        "/p" | "/div" | "/li" | "/h1" | "/h2" | "/h3" | "/h4" | "/h5" | "/h6" => match rest.trim_start() {
            next if next.is_empty() || next.starts_with('<') => ("\n", next),
            _ => ("", rest),
        },
        _ => ("", rest),
    }
}

fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        let (before, entity) = rest.split_at(start);
        out += before;
        let found = entity.find(';').and_then(|end| Some((sign(&entity[1..end])?, end)));
        let (sign, length) = found.map_or(('&', 0), |(sign, end)| (sign, end));
        out.push(sign);
        rest = &entity[length + 1..];
    }
    out + rest
}

fn sign(entity: &str) -> Option<char> {
    let code =
        |digits: &str, radix| u32::from_str_radix(digits, radix).ok().filter(|code| *code > 0).and_then(char::from_u32);
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => match entity.strip_prefix('#')? {
            hex if hex.starts_with(['x', 'X']) => code(&hex[1..], 16),
            digits => code(digits, 10),
        },
    }
}

const WIDTH: i64 = 216;
const PADDING: i64 = 12;
const LINE: i64 = 17;
const LETTERS: usize = 31;
const MOST_LINES: usize = 7;
/// Room between a box and its module.
const APART: i64 = 92;
const GAP: i64 = 16;

/// Left, top, right, bottom.
type Edges = (i64, i64, i64, i64);

/// Makes the boxes, none upon another or upon a module.
pub fn boxes(notes: &[Note], nodes: &[Node], links: &[Link]) -> Vec<NoteBox> {
    let mut taken: Vec<Edges> =
        nodes.iter().map(|node| (node.x - 66, node.y - 84, node.x + 66, node.y + 106)).collect();
    let marks = links.iter().map(|link| &link.filter).filter(|mark| !mark.is_empty());
    taken.extend(marks.map(|mark| (mark.x - 56, mark.y - 46, mark.x + 56, mark.y + 30)));
    let (left, bottom) = (taken.iter().map(|edges| edges.0).min(), taken.iter().map(|edges| edges.3).max());
    let below_all = (left.unwrap_or(0), bottom.unwrap_or(0) + GAP);
    let mut boxes = Vec::new();
    for (index, note) in notes.iter().enumerate().filter(|(_, note)| !note.text.is_empty()) {
        let about = nodes.iter().find(|node| note.modules.iter().any(|id| node.id == Some(*id)));
        let mark = about.filter(|_| note.is_filter).and_then(|node| links.iter().find(|link| link.key == node.key));
        let anchor = match (mark, about) {
            (Some(link), _) => Some((link.filter.x, link.filter.y, 14)),
            (None, Some(node)) => Some((node.x, node.y, 50)),
            (None, None) => None,
        };
        let drawn = note_box(index, note, anchor, below_all, &taken);
        taken.push((drawn.x, drawn.y, drawn.x + drawn.width, drawn.y + drawn.height));
        boxes.push(drawn);
    }
    boxes
}

fn note_box(
    index: usize,
    note: &Note,
    anchor: Option<(i64, i64, i64)>,
    below_all: (i64, i64),
    taken: &[Edges],
) -> NoteBox {
    let texts = words::wrapped(&note.text, LETTERS, MOST_LINES);
    let mut base = PADDING - 4;
    let lines: Vec<NoteLine> = texts
        .into_iter()
        .map(|text| {
            base += LINE;
            NoteLine { y: base, text }
        })
        .collect();
    let height = base + PADDING;
    let own = note.place.map(super::layout::from_make).map(|(x, y)| (round(x), round(y)));
    let (x, y) = own.unwrap_or_else(|| free_place(anchor, height, below_all, taken));
    let line = anchor.map(|(to_x, to_y, radius)| {
        let (above, middle) = (y + height <= to_y, x + WIDTH / 2);
        let (from, to) = if above { (y + height, to_y - radius) } else { (y, to_y + radius) };
        format!("M{middle} {from} L{to_x} {to}")
    });
    NoteBox {
        index,
        x,
        y,
        width: WIDTH,
        height,
        lines,
        text: note.text.clone(),
        color: note.color.clone(),
        line: line.unwrap_or_default(),
    }
}

/// Above what it is about, else below, else further away.
fn free_place(anchor: Option<(i64, i64, i64)>, height: i64, below_all: (i64, i64), taken: &[Edges]) -> (i64, i64) {
    let is_free = |x: i64, y: i64| {
        let hits =
            |edges: &Edges| x < edges.2 + GAP && edges.0 - GAP < x + WIDTH && y < edges.3 && edges.1 < y + height;
        !taken.iter().any(hits)
    };
    if let Some((x, y, _)) = anchor {
        for away in 0..6 {
            for aside in [0, -60, 60, -140, 140] {
                let left = x - WIDTH / 2 + aside;
                let (above, below) = (y - APART - height - away * 80, y + APART + 26 + away * 80);
                if is_free(left, above) {
                    return (left, above);
                }
                if is_free(left, below) {
                    return (left, below);
                }
            }
        }
    }
    let (left, top) = below_all;
    let rows = i64::try_from(taken.len()).unwrap_or_default() + 1;
    let tops =
        (0..rows * 4).flat_map(|at| (0..4).map(move |column| (left + column * (WIDTH + 2 * GAP), top + at * 40)));
    tops.into_iter().find(|(x, y)| is_free(*x, *y)).unwrap_or(below_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_lines_of_text() {
        assert_eq!(plain("<p>Parse &amp; send</p><p>a < b<br/>c</p>"), "Parse & send\na < b\nc");
        assert_eq!(plain("<ul><li>one</li><li class=\"x\">two</li></ul> <script>x"), "• one\n• two\n x");
        assert_eq!(plain("&#65;&#x42;&nope; & &amp;lt;"), "AB&nope; & &lt;");
    }

    #[test]
    fn all_shapes_of_notes_are_read() {
        let file = br##"{"flow":[],"metadata":{"notes":[{"moduleIds":[6],"content":"<p>x</p>","metadata":{"color":"#0B7F42"}},"plain"],
            "designer":{"notes":[{"id":4,"text":"y","filter":true},{"id":5,"text":"z","metadata":{"color":"red"}}]}}}"##;
        let found = notes(&Blueprint::parse(file).unwrap());
        let seen: Vec<_> = found
            .iter()
            .map(|note| (note.text.as_str(), note.color.as_str(), note.modules.clone(), note.is_filter))
            .collect();
        assert_eq!(
            seen,
            [
                ("x", "#0B7F42", vec![6], false),
                ("plain", "#9138FE", vec![], false),
                ("y", "#9138FE", vec![4], true),
                ("z", "#9138FE", vec![5], false)
            ]
        );
    }
}
