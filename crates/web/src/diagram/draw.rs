//! From places to shapes.

use rouage_model::blueprint::Module;
use rouage_model::{Blueprint, Value};

use super::layout::RADIUS;
use super::tree::{Entry, Kind};
use super::{Diagram, Mark, Overlay};
use crate::look::Look;
use crate::words;

/// A disc.
#[derive(Debug, Clone)]
pub struct Node {
    /// Centre.
    pub x: i64,
    /// Centre.
    pub y: i64,
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
    /// For screen readers: what is seen, in the same order, then the state.
    pub label: String,
    /// `is-off`, `is-unavailable` or empty.
    pub class: &'static str,
    /// Whether a line leads into it.
    pub has_input: bool,
    /// Whether anything may follow it.
    pub has_output: bool,
    /// Whether a note is attached.
    pub has_note: bool,
    /// What a run did here.
    pub bubble: Option<Bubble>,
}

/// The number at a disc after a run.
#[derive(Debug, Clone)]
pub struct Bubble {
    /// `ok`, `error`, `warning` or `running`.
    pub class: &'static str,
    /// The number of operations.
    pub text: String,
}

/// A dotted line.
#[derive(Debug, Clone)]
pub struct Link {
    /// Number of the line, for its gradient.
    pub index: usize,
    /// The curve.
    pub path: String,
    /// Ends, for the gradient.
    pub from: (i64, i64),
    /// Ends, for the gradient.
    pub to: (i64, i64),
    /// Colours of the ends.
    pub colors: (String, String),
    /// `is-error`, `is-tool`, `is-off` or empty.
    pub class: &'static str,
    /// The filter on it.
    pub filter: Option<FilterMark>,
}

/// The funnel on a line.
#[derive(Debug, Clone)]
pub struct FilterMark {
    /// Centre.
    pub x: i64,
    /// Centre.
    pub y: i64,
    /// The label, cut.
    pub text: String,
    /// The whole label.
    pub title: String,
    /// The panel of the module behind it.
    pub anchor: String,
    /// What a run did here, such as `2 of 3 passed`; may be empty.
    pub counts: String,
}

const MARGIN: (i64, i64) = (130, 100);
/// Room for the two lines under a disc.
const BELOW: i64 = 60;
const GAP: f64 = RADIUS + 14.0;

/// Makes all shapes.
pub fn draw(
    blueprint: &Blueprint,
    entries: &[Entry<'_>],
    places: &[(f64, f64)],
    look: &dyn Fn(Module<'_>) -> Look,
    overlay: &Overlay,
) -> Diagram {
    let places: Vec<(i64, i64)> = places.iter().map(|(x, y)| (round(*x), round(*y))).collect();
    let noted = noted_modules(blueprint);
    let mut nodes: Vec<Node> = Vec::with_capacity(entries.len());
    for (entry, (x, y)) in entries.iter().zip(&places) {
        nodes.push(node(entry, (*x, *y), look(entry.module), overlay, &noted));
    }
    let mut links = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let Some(parent) = entry.parent else { continue };
        nodes[index].has_input = true;
        links.push(link(index, entry, &nodes[parent], &nodes[index], overlay));
    }
    let (left, right) = bounds(places.iter().map(|place| place.0));
    let (top, bottom) = bounds(places.iter().map(|place| place.1));
    Diagram {
        left: left - MARGIN.0,
        top: top - MARGIN.1,
        width: right - left + 2 * MARGIN.0,
        height: bottom - top + 2 * MARGIN.1 + BELOW,
        title: format!("Diagram of {}, {}", blueprint.name(), words::count(entries.len() as u64, "module")),
        nodes,
        links,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "places are bounded by the layout")]
fn round(number: f64) -> i64 {
    number.round() as i64
}

fn bounds(numbers: impl Iterator<Item = i64> + Clone) -> (i64, i64) {
    (numbers.clone().min().unwrap_or(0), numbers.max().unwrap_or(0))
}

fn node(entry: &Entry<'_>, place: (i64, i64), look: Look, overlay: &Overlay, noted: &[i64]) -> Node {
    let module = entry.module;
    let id = module.id();
    let number = id.map(|id| id.to_string()).unwrap_or_default();
    let title = module.label().unwrap_or(&look.app_label);
    let subtitle = if module.label().is_some() { &look.app_label } else { &look.label };
    let class = match (entry.is_off, look.is_available) {
        (true, _) => "is-off",
        (_, false) => "is-unavailable",
        _ => "",
    };
    let state = match class {
        "is-off" => ", switched off",
        "is-unavailable" => ", not available",
        _ => "",
    };
    let (title, subtitle) = (words::cut(title, 24), words::cut(subtitle, 26));
    let bubble = id.and_then(|id| overlay.get(&id)).and_then(bubble);
    let operations = bubble.as_ref().map(|bubble| format!(", {} operations", bubble.text)).unwrap_or_default();
    Node {
        x: place.0,
        y: place.1,
        anchor: format!("m{number}"),
        label: format!("{} {title}, {subtitle}, {number}{operations}{state}", look.monogram).trim_start().to_owned(),
        title,
        subtitle,
        number,
        class,
        has_input: false,
        has_output: !module.name().starts_with("builtin:") || module.routes().is_empty() && !is_end(module),
        has_note: id.is_some_and(|id| noted.contains(&id.0)),
        bubble,
        look,
    }
}

/// Directives end their route.
fn is_end(module: Module<'_>) -> bool {
    matches!(module.name(), "builtin:Ignore" | "builtin:Commit" | "builtin:Rollback" | "builtin:Break")
}

fn bubble(mark: &Mark) -> Option<Bubble> {
    let class = match mark {
        Mark { operations: 0, .. } => return None,
        Mark { errors: 1.., .. } => "error",
        Mark { parked: 1.., .. } => "warning",
        Mark { running: 1.., .. } => "running",
        _ => "ok",
    };
    Some(Bubble { class, text: mark.operations.to_string() })
}

fn link(index: usize, entry: &Entry<'_>, from: &Node, to: &Node, overlay: &Overlay) -> Link {
    let (start, end) = match entry.kind {
        Kind::Flow => ((from.x as f64 + GAP, from.y as f64), (to.x as f64 - GAP, to.y as f64)),
        _ => ((from.x as f64 + GAP * 0.7, from.y as f64 + GAP * 0.7), (to.x as f64 - GAP, to.y as f64)),
    };
    let bend = ((end.0 - start.0) / 2.0).abs().max(30.0);
    let controls = ((start.0 + bend, start.1), (end.0 - bend, end.1));
    let point = |(x, y): (f64, f64)| format!("{} {}", round(x), round(y));
    let path = format!("M{} C{} {} {}", point(start), point(controls.0), point(controls.1), point(end));
    Link {
        index,
        path,
        from: (round(start.0), round(start.1)),
        to: (round(end.0), round(end.1)),
        colors: (from.look.color.clone(), to.look.color.clone()),
        class: match (entry.kind, entry.is_off) {
            (Kind::Error, _) => "is-error",
            (Kind::Tool, _) => "is-tool",
            (Kind::Flow, true) => "is-off",
            (Kind::Flow, false) => "",
        },
        filter: filter_mark(entry.module, along([start, controls.0, controls.1, end]), to, overlay),
    }
}

/// Where a filter sits on its curve: past the middle, since the routes of a
/// router run close together before it.
fn along(curve: [(f64, f64); 4]) -> (f64, f64) {
    const AT: f64 = 0.64;
    const LEFT: f64 = 1.0 - AT;
    let weights = [LEFT * LEFT * LEFT, 3.0 * LEFT * LEFT * AT, 3.0 * LEFT * AT * AT, AT * AT * AT];
    let sum =
        |axis: fn(&(f64, f64)) -> f64| curve.iter().zip(weights).map(|(point, weight)| axis(point) * weight).sum();
    (sum(|point| point.0), sum(|point| point.1))
}

fn filter_mark(module: Module<'_>, place: (f64, f64), to: &Node, overlay: &Overlay) -> Option<FilterMark> {
    let filter = module.filter();
    let name = filter.field("name").as_text().unwrap_or_default();
    let has_conditions = filter.field("conditions").as_array().is_some_and(|groups| !groups.is_empty());
    if name.is_empty() && !has_conditions {
        return None;
    }
    let mark = module.id().and_then(|id| overlay.get(&id)).copied().unwrap_or_default();
    let asked = mark.held_back + mark.let_through;
    Some(FilterMark {
        x: round(place.0),
        y: round(place.1),
        text: words::cut(name, 22),
        title: if name.is_empty() { "Filter".to_owned() } else { name.to_owned() },
        anchor: to.anchor.clone(),
        counts: if asked > 0 { format!("{} of {asked} passed", mark.let_through) } else { String::new() },
    })
}

/// Modules with a note, in any of the shapes Make had.
fn noted_modules(blueprint: &Blueprint) -> Vec<i64> {
    notes(blueprint).into_iter().flat_map(|(modules, _)| modules).collect()
}

/// The notes of a blueprint: module ids and text.
pub fn notes(blueprint: &Blueprint) -> Vec<(Vec<i64>, String)> {
    let metadata = blueprint.root().field("metadata");
    let lists = [metadata.field("notes"), metadata.field("designer").field("notes")];
    let mut notes = Vec::new();
    for note in lists.iter().flat_map(|list| list.as_array().unwrap_or_default()) {
        let text = [note.field("content"), note.field("text"), note].into_iter().find_map(Value::as_text);
        let many = note.field("moduleIds").as_array().unwrap_or_default().iter().filter_map(Value::as_i64);
        let modules: Vec<i64> = many.chain(note.field("id").as_i64()).collect();
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            notes.push((modules, text.to_owned()));
        }
    }
    notes
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
            "metadata":{"notes":[{"moduleIds":[1],"content":"<b>"}]}}"#;
        let blueprint = Blueprint::parse(file).unwrap();
        let registry = Registry::default();
        let mark = Mark { operations: 3, errors: 1, held_back: 1, let_through: 2, ..Mark::default() };
        let overlay = Overlay::from([(ModuleId(2), mark)]);
        let svg = diagram(&blueprint, &|module| crate::look::of(&registry, module), &overlay).render().unwrap();
        assert!(!svg.contains("<script") && !svg.contains("<img") && !svg.contains("href=\"javascript"), "{svg}");
        assert!(svg.contains("2 of 3 passed") && svg.contains("href=\"#m2\"") && svg.contains("bubble error"), "{svg}");
    }

    #[test]
    fn every_real_blueprint_is_drawn() {
        let Ok(folder) = std::fs::read_dir("/work/shared/blueprints") else { return };
        let registry = Registry::default();
        for file in folder {
            let path = file.unwrap().path();
            let Ok(file) = Blueprint::parse(&std::fs::read(&path).unwrap()) else { continue };
            let drawing = diagram(&file, &|module| crate::look::of(&registry, module), &Overlay::new());
            assert!(drawing.nodes.len() >= file.modules().len() && drawing.render().is_ok(), "{}", path.display());
        }
    }
}
