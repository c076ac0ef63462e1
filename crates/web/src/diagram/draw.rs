//! From places to shapes. The editor's scripts make the same of a changed
//! module (`looks.ts`); the markup has one owner, `web/templates/canvas/`.

use rouage_model::Blueprint;
use rouage_model::blueprint::Module;

use super::areas::areas;
use super::links::{link, round};
use super::notes::{boxes, notes};
use super::tree::Entry;
use super::{Diagram, Mark, Overlay, View};
use crate::look::Look;
use crate::words;
use crate::words::t;

/// A disc.
#[derive(Debug, Clone)]
pub struct Node {
    /// Centre.
    pub x: i64,
    /// Centre.
    pub y: i64,
    /// Names it in the document, see `tree::Entry::key`.
    pub key: String,
    /// Its id, when it has one.
    pub id: Option<i64>,
    /// The anchor of its panel, such as `m4`.
    pub anchor: String,
    /// Its number badge; empty for modules without an id.
    pub number: String,
    /// Its look.
    pub look: Look,
    /// First line under the disc.
    pub title: String,
    /// Second line.
    pub subtitle: String,
    /// For screen readers: what is seen, then the state.
    pub label: String,
    /// `is-off`, `is-loose`, `is-unavailable`, in any number; a picture that
    /// compares two versions may add its own.
    pub class: String,
    /// Whether a line leads into it.
    pub has_input: bool,
    /// Whether anything may follow it.
    pub has_output: bool,
    /// Whether an icon is drawn, and whether letters are.
    pub has_icon: bool,
    /// Whether letters are drawn.
    pub has_monogram: bool,
    /// Whether it has a problem that somebody should look at.
    pub has_problem: bool,
    /// What a run did here.
    pub bubble: Option<Bubble>,
}

/// The number at a disc after a run.
#[derive(Debug, Clone, Default)]
pub struct Bubble {
    /// `ok`, `error`, `warning` or `running`.
    pub class: &'static str,
    /// The number of operations.
    pub text: String,
    /// For screen readers and people who point at it.
    pub title: String,
}

const MARGIN: (i64, i64) = (130, 110);
/// Room for the two lines under a disc.
const BELOW: i64 = 50;

/// Makes all shapes.
pub fn draw(
    blueprint: &Blueprint,
    entries: &[Entry<'_>],
    places: &[(f64, f64)],
    look: &dyn Fn(Module<'_>) -> Look,
    overlay: &Overlay,
) -> Diagram {
    let places = places.iter().map(|(x, y)| (round(*x), round(*y)));
    let mut nodes: Vec<Node> =
        entries.iter().zip(places).map(|(entry, place)| node(entry, place, look(entry.module), overlay)).collect();
    for (index, entry) in entries.iter().enumerate() {
        nodes[index].has_input = entry.parent.is_some();
    }
    let links: Vec<_> = (0..entries.len()).filter_map(|index| link("", entries, index, &nodes, overlay)).collect();
    let notes = boxes(&notes(blueprint), &nodes, &links);
    let boxed = |edge: fn(i64, i64) -> i64| notes.iter().map(move |note| edge(note.x, note.width));
    let tall = |edge: fn(i64, i64) -> i64| notes.iter().map(move |note| edge(note.y, note.height));
    let (left, right) = bounds(
        nodes.iter().map(|node| node.x - MARGIN.0).chain(boxed(|x, _| x - 20)),
        nodes.iter().map(|node| node.x + MARGIN.0).chain(boxed(|x, width| x + width + 20)),
    );
    let (top, bottom) = bounds(
        nodes.iter().map(|node| node.y - MARGIN.1).chain(tall(|y, _| y - 20)),
        nodes.iter().map(|node| node.y + MARGIN.1 + BELOW).chain(tall(|y, height| y + height + 20)),
    );
    Diagram {
        view: View::Page,
        left,
        top,
        width: right - left,
        height: bottom - top,
        title: t!(
            "Diagram of {blueprint}, {number}",
            blueprint = blueprint.name(),
            number = words::count(entries.len() as u64, "module")
        ),
        areas: areas(entries, &nodes),
        nodes,
        links,
        notes,
    }
}

fn bounds(low: impl Iterator<Item = i64>, high: impl Iterator<Item = i64>) -> (i64, i64) {
    (low.min().unwrap_or(-200), high.max().unwrap_or(200))
}

fn node(entry: &Entry<'_>, place: (i64, i64), look: Look, overlay: &Overlay) -> Node {
    let module = entry.module;
    let id = module.id();
    let number = id.map(|id| id.to_string()).unwrap_or_default();
    let (title, subtitle) = match module.label() {
        Some(own) => (own, look.app_label.as_str()),
        // Make calls its routers and iterators by their own names.
        None if look.app == "builtin" => (look.label.as_str(), look.app_label.as_str()),
        None => (look.app_label.as_str(), look.label.as_str()),
    };
    let (title, subtitle) = (words::cut(title, 24), words::cut(subtitle, 26));
    let is_vacant = module.name().is_empty() || module.app() == "placeholder";
    let states = [
        (entry.is_off && !entry.is_loose, "is-off", t!(", switched off")),
        (entry.is_loose, "is-loose", t!(", not connected")),
        (is_vacant, "is-vacant", ""),
        (!look.is_available && !is_vacant, "is-unavailable", t!(", not available")),
    ];
    let on = states.iter().filter(|(is_on, _, _)| *is_on);
    let state: String = on.clone().map(|(_, _, text)| *text).collect();
    let bubble = id.and_then(|id| overlay.get(&id)).and_then(bubble);
    let operations = bubble.as_ref().map(|bubble| format!(", {}", bubble.title)).unwrap_or_default();
    let name = if number.is_empty() { String::new() } else { t!(", module {number}", number = number) };
    Node {
        x: place.0,
        y: place.1,
        key: entry.key.clone(),
        id: id.map(|id| id.0),
        anchor: format!("m{number}"),
        label: format!("{title}, {subtitle}{name}{operations}{state}"),
        title,
        subtitle,
        number,
        class: on.map(|(_, class, _)| *class).collect::<Vec<_>>().join(" "),
        has_input: false,
        has_output: !is_end(module),
        has_icon: is_vacant || look.monogram.is_empty(),
        has_monogram: !is_vacant && !look.monogram.is_empty(),
        has_problem: false,
        bubble,
        look: if is_vacant { Look { icon: "plus".to_owned(), ..look } } else { look },
    }
}

/// Directives end their route.
fn is_end(module: Module<'_>) -> bool {
    matches!(module.name(), "builtin:Ignore" | "builtin:Commit" | "builtin:Rollback" | "builtin:Break")
}

fn bubble(mark: &Mark) -> Option<Bubble> {
    let (class, state) = match mark {
        Mark { operations: 0, .. } => return None,
        Mark { errors: 1.., .. } => ("error", t!(", failed")),
        Mark { parked: 1.., .. } => ("warning", t!(", needs a decision")),
        Mark { running: 1.., .. } => ("running", t!(", running")),
        _ => ("ok", ""),
    };
    let title = format!("{}{state}", words::count(u64::from(mark.operations), "operation"));
    Some(Bubble { class, text: short(mark.operations), title })
}

/// `1.2k` for more than fits into a bubble.
fn short(number: u32) -> String {
    match number {
        0..=999 => number.to_string(),
        1_000..=9_999 => format!("{}.{}k", number / 1_000, number % 1_000 / 100),
        1_000_000.. => format!("{}M", number / 1_000_000),
        _ => format!("{}k", number / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::super::diagram;
    use super::*;
    use askama::Template as _;
    use rouage_model::ModuleId;
    use rouage_sdk::Registry;

    #[test]
    fn names_from_a_blueprint_are_only_text() {
        let file =
            br#"{"name":"<script>","flow":[{"id":1,"module":"a:A","metadata":{"designer":{"name":"<img onerror=x>"}}},
            {"id":2,"module":"javascript:alert","filter":{"name":"\"><script>","conditions":[[{"a":"1"}]]}}],
            "metadata":{"notes":[{"moduleIds":[1],"content":"&lt;b onx=1>","metadata":{"color":"\" onload=\"x"}}]}}"#;
        let blueprint = Blueprint::parse(file).unwrap();
        let registry = Registry::default();
        let mark = Mark { operations: 3, errors: 1, held_back: 1, let_through: 2, ..Mark::default() };
        let overlay = Overlay::from([(ModuleId(2), mark)]);
        let svg = diagram(&blueprint, &|module| crate::look::of(&registry, module), &overlay).render().unwrap();
        assert!(!svg.contains("<script") && !svg.contains("<img") && !svg.contains("href=\"javascript"), "{svg}");
        assert!(!svg.contains("<b ") && !svg.contains("onload=\""), "{svg}");
        assert!(svg.contains("2 of 3 passed") && svg.contains("href=\"#m2\"") && svg.contains("bubble error"), "{svg}");
    }

    #[test]
    fn routes_are_numbered_and_a_fallback_is_told() {
        let file = br#"{"flow":[{"id":1,"module":"builtin:BasicRouter","parameters":{"else":1},
            "routes":[{"flow":[{"id":2,"module":"a:A","onerror":[{"id":4,"module":"builtin:Ignore"}]}]},{"flow":[{"id":3,"module":"a:A"}]}]}]}"#;
        let blueprint = Blueprint::parse(file).unwrap();
        let registry = Registry::default();
        let drawing = diagram(&blueprint, &|module| crate::look::of(&registry, module), &Overlay::new());
        let seen: Vec<_> = drawing
            .links
            .iter()
            .map(|link| {
                (
                    link.key.as_str(),
                    link.class.as_str(),
                    link.filter.title.as_str(),
                    link.chip.as_ref().map(|chip| chip.text.as_str()),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("2", "", "Filter", Some("1")),
                ("4", "is-error", "Filter", Some("")),
                ("3", "is-fallback", "Fallback", Some("2"))
            ]
        );
    }

    #[test]
    fn loops_are_bands_and_inner_ones_lie_upon_outer_ones() {
        let file = br#"{"flow":[{"id":1,"module":"a:A"},{"id":2,"module":"builtin:BasicFeeder"},{"id":3,"module":"builtin:BasicFeeder"},
            {"id":4,"module":"builtin:BasicAggregator","parameters":{"feeder":3}},{"id":5,"module":"builtin:BasicAggregator","parameters":{"feeder":2}},
            {"id":6,"module":"builtin:BasicAggregator","parameters":{"feeder":77}}]}"#;
        let blueprint = Blueprint::parse(file).unwrap();
        let registry = Registry::default();
        let drawing = diagram(&blueprint, &|module| crate::look::of(&registry, module), &Overlay::new());
        let seen: Vec<_> = drawing.areas.iter().map(|area| (area.key.as_str(), area.level)).collect();
        assert_eq!(seen, [("2-5", 1), ("3-4", 0)]);
    }

    #[test]
    fn every_real_blueprint_is_drawn_in_every_view() {
        let Ok(folder) = std::fs::read_dir("/work/shared/blueprints") else { return };
        let registry = Registry::default();
        for file in folder {
            let path = file.unwrap().path();
            let Ok(file) = Blueprint::parse(&std::fs::read(&path).unwrap()) else { continue };
            let mut drawing = diagram(&file, &|module| crate::look::of(&registry, module), &Overlay::new());
            assert!(drawing.nodes.len() >= file.modules().len(), "{}", path.display());
            for view in [View::Page, View::Editor, View::Picture] {
                drawing.view = view;
                assert!(drawing.render().is_ok(), "{}", path.display());
            }
            assert_no_overlap(&drawing, &path);
        }
    }

    /// Notes cover neither each other nor a module.
    fn assert_no_overlap(drawing: &Diagram, path: &std::path::Path) {
        let modules = drawing.nodes.iter().map(|node| (node.x - 48, node.y - 48, node.x + 48, node.y + 100));
        let notes = drawing.notes.iter().map(|note| (note.x, note.y, note.x + note.width, note.y + note.height));
        let boxes: Vec<_> = modules.chain(notes).collect();
        for (index, a) in boxes.iter().enumerate() {
            for b in &boxes[index + 1..] {
                let overlap = a.0 < b.2 && b.0 < a.2 && a.1 < b.3 && b.1 < a.3;
                assert!(!overlap, "{}: {a:?} {b:?}", path.display());
            }
        }
    }
}
