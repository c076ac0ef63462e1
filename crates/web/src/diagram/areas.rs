//! Loops: from the module that gives many bundles to the aggregator that puts
//! them together again, as a band behind the modules. The editor's scripts do
//! the same (`areas.ts`).

use rouage_model::{ModuleId, Value};

use super::draw::Node;
use super::tree::Entry;
use crate::words::t;

/// A band behind the modules of a loop.
#[derive(Debug, Clone, Default)]
pub struct Area {
    /// Keys of its source and of its aggregator.
    pub key: String,
    /// Through the middles of its modules.
    pub path: String,
    /// How wide the band is.
    pub width: i64,
    /// Loops within it: 0 for the innermost. Decides the colour.
    pub level: usize,
    /// Where its name ends: on its edge, before the bubble of its source.
    pub x: i64,
    /// Where its name ends.
    pub y: i64,
    /// Its name on the canvas.
    pub name: String,
    /// A whole sentence.
    pub title: String,
}

/// Names and badges lie below the middle of the disc, so the band does too.
const DOWN: i64 = 20;
const WIDTH: i64 = 168;
const STEP: i64 = 16;

/// Finds all loops; outer ones come first, so that inner ones lie upon them.
pub fn areas(entries: &[Entry<'_>], nodes: &[Node]) -> Vec<Area> {
    let mut chains: Vec<Vec<usize>> = (0..entries.len()).filter_map(|index| chain(entries, index)).collect();
    chains.sort_by_key(Vec::len);
    let mut levels: Vec<usize> = Vec::with_capacity(chains.len());
    for (at, outer) in chains.iter().enumerate() {
        let within = |inner: &Vec<usize>| inner.iter().all(|index| outer.contains(index));
        let level = (0..at).filter(|inner| within(&chains[*inner])).map(|inner| levels[inner] + 1).max();
        levels.push(level.unwrap_or(0));
    }
    chains.iter().zip(levels).rev().map(|(chain, level)| area(chain, level, nodes)).collect()
}

/// The modules of the loop that an aggregator ends, source first.
fn chain(entries: &[Entry<'_>], aggregator: usize) -> Option<Vec<usize>> {
    let feeder = match entries[aggregator].module.parameters().field("feeder") {
        Value::Text(digits) => digits.trim().parse().ok()?,
        other => ModuleId(other.as_i64()?),
    };
    let mut chain = vec![aggregator];
    while let Some(parent) = entries[*chain.last()?].parent {
        chain.push(parent);
        if entries[parent].module.id() == Some(feeder) {
            chain.reverse();
            return Some(chain);
        }
    }
    None
}

fn area(chain: &[usize], level: usize, nodes: &[Node]) -> Area {
    let (first, last) = (&nodes[chain[0]], &nodes[chain[chain.len() - 1]]);
    let width = WIDTH + STEP * i64::try_from(level).unwrap_or_default();
    let mut path = format!("M{} {}", first.x, first.y + DOWN);
    for pair in chain.windows(2) {
        let (from, to) = (&nodes[pair[0]], &nodes[pair[1]]);
        let middle = i64::midpoint(from.x, to.x);
        let (above, below) = (from.y + DOWN, to.y + DOWN);
        path += &format!(" C{middle} {above} {middle} {below} {} {below}", to.x);
    }
    Area {
        key: format!("{}-{}", first.key, last.key),
        path,
        width,
        level,
        x: first.x + 30,
        y: first.y + DOWN - width / 2 + 4,
        name: t!("For each bundle of {number}", number = first.number),
        title: t!(
            "Loop: the modules in it run once for each bundle that module {number} gives; module {other} puts them together again.",
            number = first.number,
            other = last.number
        ),
    }
}
