//! A scenario as a drawing in Make's look. Pure: blueprint, looks and counts
//! in, SVG out. The same drawing serves the scenario page and the history.

mod draw;
mod layout;
mod tree;

use std::collections::BTreeMap;

use askama::Template;
use rouage_model::blueprint::Module;
use rouage_model::{Blueprint, ModuleId};

use crate::look::Look;

pub use draw::{Bubble, Link, Node, notes};

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

/// A drawing, ready to be printed.
#[derive(Debug, Clone, Template)]
#[template(path = "_diagram.html")]
pub struct Diagram {
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
    /// The modules.
    pub nodes: Vec<Node>,
    /// The lines between them.
    pub links: Vec<Link>,
}

/// Draws a blueprint.
pub fn diagram(blueprint: &Blueprint, look: &dyn Fn(Module<'_>) -> Look, overlay: &Overlay) -> Diagram {
    let tree = tree::build(blueprint);
    let places = layout::place(&tree);
    draw::draw(blueprint, &tree, &places, look, overlay)
}
