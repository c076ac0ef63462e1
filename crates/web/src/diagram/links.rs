//! The dotted lines between modules, with what sits on them: filters, the
//! order of routes, the mark of a fallback or an error route. The editor's
//! scripts draw the same (`geometry.ts`).

use rouage_model::Value;
use rouage_model::blueprint::Module;

use super::draw::Node;
use super::layout::RADIUS;
use super::tree::{self, Entry, Kind};
use super::{Mark, Overlay};
use crate::words;
use crate::words::t;

/// A dotted line into a module.
#[derive(Debug, Clone, Default)]
pub struct Link {
    /// The module it leads into.
    pub key: String,
    /// Names its gradient in the page.
    pub gradient: String,
    /// The curve; into a merge one from each branch.
    pub path: String,
    /// Ends, for the gradient.
    pub from: (i64, i64),
    /// Ends, for the gradient.
    pub to: (i64, i64),
    /// Apps of the ends, for their colours.
    pub apps: (String, String),
    /// `is-error`, `is-tool`, `is-off`, `is-fallback`, in any number.
    pub class: String,
    /// What sits at its end: a route's number, or the sign of an error route.
    pub chip: Option<Chip>,
    /// The filter on it.
    pub filter: FilterMark,
}

/// The small disc on a line: which route of a router it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chip {
    /// Centre.
    pub x: i64,
    /// Centre.
    pub y: i64,
    /// The number, from 1; empty on an error route, which has a sign.
    pub text: String,
    /// For people who point at it.
    pub title: String,
}

/// The funnel on a line.
#[derive(Debug, Clone, Default)]
pub struct FilterMark {
    /// The module that the line leads into.
    pub key: String,
    /// Centre.
    pub x: i64,
    /// Centre.
    pub y: i64,
    /// The label in at most two lines; the last one stands at the funnel.
    pub lines: Vec<String>,
    /// The whole label.
    pub title: String,
    /// For screen readers.
    pub label: String,
    /// The panel of the module behind it.
    pub anchor: String,
    /// `is-empty`, `is-fallback` or nothing.
    pub class: &'static str,
    /// What a run did here, such as `2 of 3 passed`; may be empty.
    pub counts: String,
}

impl FilterMark {
    /// Whether there is nothing to see, except for the editor's wrench.
    pub fn is_empty(&self) -> bool {
        self.class == "is-empty"
    }
}

/// Where a line begins and ends, from the middle of the disc.
const GAP: f64 = RADIUS + 18.0;
/// Error routes leave at the lower right.
const CORNER: f64 = 46.0;
/// What hangs on a module and is less far to the right, but so far down, stands
/// below it.
const BELOW: (f64, f64) = (170.0, 120.0);

type Point = (f64, f64);

/// A cubic curve: its ends and what pulls them.
#[derive(Debug, Clone, Copy)]
pub struct Curve([Point; 4]);

impl Curve {
    /// The curve of a line between two discs.
    pub fn between(from: (i64, i64), to: (i64, i64), kind: Kind) -> Self {
        let (from, to) = ((from.0 as f64, from.1 as f64), (to.0 as f64, to.1 as f64));
        if kind != Kind::Flow && to.0 - from.0 < BELOW.0 && to.1 - from.1 >= BELOW.1 {
            return Self::down(from, to);
        }
        let start = if kind == Kind::Flow { (from.0 + GAP, from.1) } else { (from.0 + CORNER, from.1 + CORNER) };
        let end = (to.0 - GAP, to.1);
        let bend = ((end.0 - start.0) / 2.0).abs().max(36.0);
        Self([start, (start.0 + bend, start.1), (end.0 - bend, end.1), end])
    }

    /// To what stands nearly straight below: a bow around the name of the
    /// module that arrives from above. From the left it would have to turn back.
    fn down(from: Point, to: Point) -> Self {
        let start = (from.0 + CORNER, from.1 + CORNER);
        let end = (to.0, to.1 - RADIUS - 10.0);
        let wide = ((end.0 - start.0) * 0.7).max(40.0);
        let high = (end.1 - start.1) * 0.55;
        Self([start, (start.0 + wide, start.1 + 8.0), (end.0, end.1 - high), end])
    }

    /// As the `d` of a path.
    pub fn path(&self) -> String {
        let [start, first, second, end] = self.0.map(|(x, y)| format!("{} {}", round(x), round(y)));
        format!("M{start} C{first} {second} {end}")
    }

    /// A point on it, `at` from 0 to 1.
    pub fn point(&self, at: f64) -> (i64, i64) {
        let left = 1.0 - at;
        let weights = [left * left * left, 3.0 * left * left * at, 3.0 * left * at * at, at * at * at];
        let [a, b, c, d] = self.0;
        let sum = |axis: fn(Point) -> f64| {
            axis(a) * weights[0] + axis(b) * weights[1] + axis(c) * weights[2] + axis(d) * weights[3]
        };
        (round(sum(|point| point.0)), round(sum(|point| point.1)))
    }

    fn ends(&self) -> ((i64, i64), (i64, i64)) {
        let at = |point: Point| (round(point.0), round(point.1));
        (at(self.0[0]), at(self.0[3]))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "places are bounded by the layout")]
pub(super) fn round(number: f64) -> i64 {
    number.round() as i64
}

/// Where a filter sits on its line, and where a route's number does.
const FILTER_AT: f64 = 0.5;
const CHIP_AT: f64 = 0.86;
/// Where the sign of an error route sits.
const ERROR_AT: f64 = 0.12;

/// The line into a module.
pub fn link(prefix: &str, entries: &[Entry<'_>], index: usize, nodes: &[Node], overlay: &Overlay) -> Option<Link> {
    let entry = &entries[index];
    let parent = entry.parent?;
    let to = &nodes[index];
    let sources = tree::sources(entries, index);
    let from = &nodes[*sources.first()?];
    let into = |source: &usize| Curve::between((nodes[*source].x, nodes[*source].y), (to.x, to.y), entry.kind);
    let curve = into(sources.first()?);
    let (start, end) = curve.ends();
    let paths: Vec<String> = sources.iter().map(|source| into(source).path()).collect();
    let is_fallback = is_fallback(entries[parent].module, entry);
    let mut class = Vec::new();
    match entry.kind {
        Kind::Error => class.push("is-error"),
        Kind::Tool => class.push("is-tool"),
        Kind::Flow => {}
    }
    if entry.is_off && !entry.is_loose {
        class.push("is-off");
    }
    if is_fallback {
        class.push("is-fallback");
    }
    Some(Link {
        key: entry.key.clone(),
        gradient: format!("g{prefix}-{}", entry.key),
        path: paths.join(" "),
        from: start,
        to: end,
        apps: (from.look.app.clone(), to.look.app.clone()),
        class: class.join(" "),
        chip: chip(entries[parent].module, entry, &curve),
        filter: filter(entries[parent].module, entry, curve.point(FILTER_AT), overlay),
    })
}

fn is_fallback(parent: Module<'_>, entry: &Entry<'_>) -> bool {
    let (Some(route), Kind::Flow) = (entry.route, entry.kind) else { return false };
    let is_else = parent.branches().get(route).is_some_and(|branch| branch.field("type").as_text() == Some("else"));
    is_else || parent.parameters().field("else").as_i64().is_some_and(|number| usize::try_from(number) == Ok(route))
}

fn chip(parent: Module<'_>, entry: &Entry<'_>, curve: &Curve) -> Option<Chip> {
    if entry.kind == Kind::Error {
        let (x, y) = curve.point(ERROR_AT);
        return Some(Chip {
            x,
            y,
            text: String::new(),
            title: t!("Error route: runs when the module fails").to_owned(),
        });
    }
    let routes = parent.routes().len().max(parent.branches().len());
    let route = entry.route.filter(|_| routes > 1)?;
    let (x, y) = curve.point(CHIP_AT);
    Some(Chip {
        x,
        y,
        text: (route + 1).to_string(),
        title: t!("Route {route} of {routes}", route = route + 1, routes = routes),
    })
}

fn filter(parent: Module<'_>, entry: &Entry<'_>, place: (i64, i64), overlay: &Overlay) -> FilterMark {
    let filter = entry.module.filter();
    let own = filter.field("name").as_text().unwrap_or_default().trim();
    let route = entry.route.and_then(|route| parent.routes().get(route).or_else(|| parent.branches().get(route)));
    let of_route = route.and_then(|route| route.field("label").as_text()).unwrap_or_default().trim();
    let asks = |value: &Value| value.field("conditions").as_array().is_some_and(|groups| !groups.is_empty());
    let has_conditions = asks(filter) || route.is_some_and(asks);
    let is_fallback = is_fallback(parent, entry);
    let title = match (own, of_route) {
        ("", "") if is_fallback => t!("Fallback"),
        ("", name) | (name, _) => name,
    };
    let class = match (is_fallback, title.is_empty() && !has_conditions) {
        (true, _) => "is-fallback",
        (_, true) => "is-empty",
        _ => "",
    };
    let mark = entry.module.id().and_then(|id| overlay.get(&id)).copied().unwrap_or_default();
    let counts = counts(&mark);
    let named = if title.is_empty() { t!("Filter").to_owned() } else { t!("Filter: {title}", title = title) };
    FilterMark {
        key: entry.key.clone(),
        x: place.0,
        y: place.1,
        lines: words::wrapped(title, 17, 2),
        label: [named.as_str(), &counts].join(" ").trim().to_owned(),
        title: if title.is_empty() { t!("Filter").to_owned() } else { title.to_owned() },
        anchor: format!("m{}", entry.module.id().map(|id| id.to_string()).unwrap_or_default()),
        class,
        counts,
    }
}

fn counts(mark: &Mark) -> String {
    match mark.held_back + mark.let_through {
        0 => String::new(),
        asked => t!("{let_through} of {asked} passed", let_through = mark.let_through, asked = asked),
    }
}
