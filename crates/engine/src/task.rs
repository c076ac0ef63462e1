//! The work that a run has before it, as a stack: the top is next.
//!
//! Nothing here recurses, so a scenario of any length and bundles in any number
//! need no more of the machine's stack than one.

use std::sync::Arc;

use rouage_model::{Collection, ModuleError, OperationId, Value};

use crate::natives::Gathering;
use crate::plan::NodeId;
use crate::scope::Base;

#[derive(Debug)]
pub(crate) enum Task {
    /// A bundle comes to a node: ask its filter, then enter.
    Arrive(NodeId),
    /// A bundle is let into a node.
    Enter(NodeId),
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

#[derive(Debug, Clone)]
pub(crate) struct ErrorRoute {
    pub node: NodeId,
    pub operation: OperationId,
    pub error: ModuleError,
    pub base: Base,
}

/// The output of an operation, made as it is taken where it can be large.
#[derive(Debug)]
pub(crate) enum Bundles {
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
        Self::list(vec![bundle])
    }

    pub fn none() -> Self {
        Self::list(Vec::new())
    }

    /// The bundles that exist already; those still to be made are not there.
    pub fn ready(&self) -> &[Value] {
        match self {
            Bundles::List(bundles) => bundles.as_slice(),
            _ => &[],
        }
    }

    /// Whether bundles are made as they are taken.
    pub fn are_made(&self) -> bool {
        !matches!(self, Bundles::List(_))
    }
}

impl Iterator for Bundles {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        match self {
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
                Some([("i", value)].into_iter().collect::<Collection>().into())
            }
        }
    }
}

/// A collection gives its own fields, anything else the field `value`; both
/// get their position and the number of items.
fn item_bundle(item: &Value, position: usize, length: usize) -> Value {
    let mut bundle = match item {
        Value::Collection(fields) => Collection::clone(fields),
        other => [("value", other.clone())].into_iter().collect(),
    };
    bundle.insert("__IMTLENGTH__", length);
    bundle.insert("__IMTINDEX__", position);
    bundle.into()
}
