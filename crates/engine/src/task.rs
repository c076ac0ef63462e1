//! The work that a run has before it, as a stack: the top is next.
//!
//! Nothing here recurses, so a scenario of any length and bundles in any number
//! need no more of the machine's stack than one.

use std::sync::Arc;

use rouage_model::{Collection, ModuleError, OperationId, Value};

use crate::names;
use crate::natives::{self, Gathering};
use crate::plan::NodeId;
use crate::scope::Base;

#[derive(Debug)]
pub(crate) enum Task {
    /// A bundle comes to a node: ask its filter, then enter.
    Arrive(NodeId),
    /// A bundle is let into a node.
    Enter(NodeId),
    /// What follows an if-else in its own flow, when its branch is done.
    Onward { node: NodeId, base: Base },
    /// Bundles of an operation, each taken to the leaves before the next.
    Emission(Emission),
    /// The rest of a router's routes.
    Routes(Routes),
    /// Aggregators whose source has given all it had.
    Flush(Flush),
    /// The error route of a node runs above this mark.
    ErrorRoute(ErrorRoute),
}

#[derive(Debug)]
pub(crate) struct Emission {
    pub node: NodeId,
    pub operation: OperationId,
    pub bundles: Bundles,
    pub base: Base,
    /// One for each aggregator that this node feeds.
    pub gatherings: Vec<Gathering>,
    /// Taken over from a run that stored one of its bundles: aggregators that
    /// this bundle does not reach have spoken there.
    pub is_spent: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Routes {
    pub router: NodeId,
    pub next: usize,
    pub accepted: bool,
    pub base: Base,
}

#[derive(Debug)]
pub(crate) struct Flush {
    pub gatherings: std::vec::IntoIter<Gathering>,
    pub base: Base,
}

#[derive(Debug)]
pub(crate) struct ErrorRoute {
    pub node: NodeId,
    pub operation: OperationId,
    pub error: ModuleError,
    pub again: Again,
    pub base: Base,
}

/// How something that failed before it came to a call is done again, should it
/// be stored.
#[derive(Debug, Default)]
pub(crate) enum Again {
    /// The bundle enters the node.
    #[default]
    Enter,
    /// The node's filter failed: it is asked.
    Ask,
    /// An aggregator failed to make its result: it speaks.
    Speak(Box<Gathering>),
}

/// The output of an operation, made as it is taken where it can be large.
#[derive(Debug)]
pub(crate) enum Bundles {
    /// One, or none any more.
    One(Option<Value>),
    List(std::vec::IntoIter<Value>),
    /// The items of an array, one a bundle.
    Items {
        items: Arc<Vec<Value>>,
        at: usize,
    },
    /// A count.
    Steps {
        start: f64,
        step: f64,
        at: u32,
        repeats: u32,
    },
}

impl Bundles {
    pub fn list(bundles: Vec<Value>) -> Self {
        Bundles::List(bundles.into_iter())
    }

    pub fn one(bundle: Value) -> Self {
        Bundles::One(Some(bundle))
    }

    pub fn none() -> Self {
        Bundles::One(None)
    }

    /// The bundles that exist already; those still to be made are not there.
    pub fn ready(&self) -> &[Value] {
        match self {
            Bundles::One(bundle) => bundle.as_slice(),
            Bundles::List(bundles) => bundles.as_slice(),
            _ => &[],
        }
    }

    /// What is held for the bundles that are still to come.
    pub fn held(&self) -> &[Value] {
        match self {
            Bundles::One(bundle) => bundle.as_slice(),
            Bundles::List(bundles) => bundles.as_slice(),
            Bundles::Items { items, .. } => items,
            Bundles::Steps { .. } => &[],
        }
    }

    /// Whether all were taken.
    pub fn are_over(&self) -> bool {
        match self {
            Bundles::One(bundle) => bundle.is_none(),
            Bundles::List(bundles) => bundles.len() == 0,
            Bundles::Items { items, at } => *at >= items.len(),
            Bundles::Steps { at, repeats, .. } => at >= repeats,
        }
    }

    /// Whether bundles are made as they are taken.
    pub fn are_made(&self) -> bool {
        !matches!(self, Bundles::One(_) | Bundles::List(_))
    }
}

impl Iterator for Bundles {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        match self {
            Bundles::One(bundle) => bundle.take(),
            Bundles::List(bundles) => bundles.next(),
            Bundles::Items { items, at } => {
                let item = items.get(*at)?;
                *at += 1;
                Some(item_bundle(item, *at, items.len()))
            }
            Bundles::Steps { start, step, at, repeats } => {
                if at >= repeats {
                    return None;
                }
                let value = *start + *step * f64::from(*at);
                *at += 1;
                Some(natives::single(names::shared(&names::NUMBER), value))
            }
        }
    }
}

/// A collection gives its own fields, anything else the field `value`; both
/// get their position and the number of items.
fn item_bundle(item: &Value, position: usize, length: usize) -> Value {
    let mut bundle = match item {
        Value::Collection(fields) => fields.clone_with_room(2),
        other => {
            let mut bundle = Collection::with_capacity(3);
            bundle.insert(names::shared(&names::VALUE), other.clone());
            bundle
        }
    };
    bundle.insert(names::shared(&names::LENGTH), length);
    bundle.insert(names::shared(&names::INDEX), position);
    bundle.into()
}
