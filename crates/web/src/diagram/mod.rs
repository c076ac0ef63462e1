//! A scenario as a drawing in Make's look. Pure: blueprint, looks and counts
//! in, SVG out. The same drawing serves the scenario page, the history, the
//! versions and the editor, which goes on from it with the same pieces of
//! markup: see [`Pieces`].

mod areas;
mod draw;
mod layout;
mod links;
mod notes;
mod tree;
#[cfg(test)]
mod vectors;

use std::collections::BTreeMap;

use askama::Template;
use rouage_model::blueprint::Module;
use rouage_model::{Blueprint, ModuleId};

use crate::look::Look;
use crate::words::{filters, t};

pub use areas::Area;
pub use draw::{Bubble, Node};
pub use links::{Chip, FilterMark, Link};
pub use notes::{Note, NoteBox, NoteLine, notes};

/// What a run did, by module; empty for a scenario that only stands there.
pub type Overlay = BTreeMap<ModuleId, Mark>;

/// What a run did at one module.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark {
    /// Operations.
    pub operations: u32,
    /// Operations that failed.
    pub errors: u32,
    /// Operations that were stored or are in doubt.
    pub parked: u32,
    /// Operations in progress.
    pub running: u32,
    /// Bundles that the filter before it held back.
    pub held_back: u32,
    /// Bundles that the filter before it let through.
    pub let_through: u32,
}

/// Where a drawing is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// On a page: discs are links to what stands beside it.
    Page,
    /// In the editor: discs are buttons that its scripts take over.
    Editor,
    /// As a picture, for lists and comparisons: nothing can be pressed.
    Picture,
}

impl View {
    /// Whether it is the editor.
    pub fn is_editor(self) -> bool {
        self == Self::Editor
    }

    /// Whether it is a page.
    pub fn is_page(self) -> bool {
        self == Self::Page
    }
}

/// A drawing, ready to be printed.
#[derive(Debug, Clone, Template)]
#[template(path = "_diagram.html")]
pub struct Diagram {
    /// Where it is shown.
    pub view: View,
    /// Left edge of the view box.
    pub left: i64,
    /// Top edge of the view box.
    pub top: i64,
    /// Width in pixels at 100 %.
    pub width: i64,
    /// Height in pixels at 100 %.
    pub height: i64,
    /// For screen readers.
    pub title: String,
    /// The loops.
    pub areas: Vec<Area>,
    /// The modules.
    pub nodes: Vec<Node>,
    /// The lines between them.
    pub links: Vec<Link>,
    /// The notes.
    pub notes: Vec<NoteBox>,
}

/// Draws a blueprint for a page.
pub fn diagram(blueprint: &Blueprint, look: &dyn Fn(Module<'_>) -> Look, overlay: &Overlay) -> Diagram {
    let tree = tree::build(blueprint);
    let places = layout::place(&tree);
    draw::draw(blueprint, &tree, &places, look, overlay)
}

/// Draws a blueprint for the editor, whose window is larger than a small
/// drawing: it must not be blown up before the scripts have come.
pub fn editor(blueprint: &Blueprint, look: &dyn Fn(Module<'_>) -> Look) -> Diagram {
    const WINDOW: (i64, i64) = (1400, 820);
    let mut drawing = diagram(blueprint, look, &Overlay::new());
    drawing.view = View::Editor;
    let (wider, higher) = ((WINDOW.0 - drawing.width).max(0), (WINDOW.1 - drawing.height).max(0));
    drawing.left -= wider / 2;
    drawing.top -= higher / 2;
    drawing.width += wider;
    drawing.height += higher;
    drawing
}

/// Draws a blueprint as a picture. `prefix` keeps the pictures of one page apart.
pub fn picture(blueprint: &Blueprint, look: &dyn Fn(Module<'_>) -> Look, prefix: &str) -> Diagram {
    let mut drawing = diagram(blueprint, look, &Overlay::new());
    drawing.view = View::Picture;
    for link in &mut drawing.links {
        link.gradient = format!("{prefix}-{}", link.gradient);
    }
    drawing
}

/// The pieces of markup that the editor's scripts copy and fill, as
/// `<template>`s: the very partials that the server draws with.
#[derive(Debug, Clone, Template)]
#[template(path = "canvas/_pieces.html")]
pub struct Pieces {
    view: View,
    node: Node,
    link: Link,
    filter: FilterMark,
    note: NoteBox,
    area: Area,
}

impl Pieces {
    /// One of each, with every part that it can have.
    pub fn new() -> Self {
        let look = Look {
            app: String::new(),
            color: String::new(),
            icon: "x".to_owned(),
            monogram: "?".to_owned(),
            app_label: String::new(),
            label: String::new(),
            is_available: true,
            is_instant: true,
        };
        let bubble = Bubble { class: "ok", text: "0".to_owned(), title: String::new() };
        let counts = t!("{let_through} of {asked} passed", let_through = 0, asked = 0);
        Self {
            view: View::Editor,
            node: Node {
                x: 0,
                y: 0,
                key: String::new(),
                id: None,
                anchor: String::new(),
                number: "0".to_owned(),
                look,
                title: String::new(),
                subtitle: String::new(),
                label: String::new(),
                class: String::new(),
                has_input: true,
                has_output: true,
                has_icon: true,
                has_monogram: true,
                has_problem: true,
                bubble: Some(bubble),
            },
            link: Link { chip: Some(Chip::default()), ..Link::default() },
            filter: FilterMark { counts, ..FilterMark::default() },
            note: NoteBox { line: "M0 0".to_owned(), ..NoteBox::default() },
            area: Area::default(),
        }
    }
}

impl Default for Pieces {
    fn default() -> Self {
        Self::new()
    }
}
