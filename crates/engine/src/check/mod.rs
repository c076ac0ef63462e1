//! The static check: references that cannot resolve, found before anything
//! runs. What the outputs look like comes as [`Shapes`]; where nothing is known
//! nothing is said, as a false alarm teaches people to look away.
//!
//! The walk is the compiler's (`compile/references.rs` asks here for every
//! reference that it meets), so that what is visible is decided once.

mod shape;
mod shapes;

use std::fmt;

use rouage_expr::{Reference, ReferenceStep};
use rouage_model::ModuleId;

use crate::problem::Severity;

pub use shape::{Field, Shape};
pub use shapes::Shapes;

use shape::Miss;

/// A reference of the blueprint that cannot resolve, or not as it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The module whose field it stands in.
    pub module: ModuleId,
    /// The field, as `to[1].address` or `filter`.
    pub field: String,
    /// The module that is named; `None` for a bare name.
    pub named: Option<ModuleId>,
    /// The reference as written, such as ``3.`First Name` ``.
    pub reference: String,
    /// Where it stands in the text, in characters from its start.
    pub at: usize,
    /// What is wrong with it.
    pub reason: Reason,
    /// What was probably meant, as it would be written.
    pub suggestion: Option<String>,
}

/// Why a reference cannot resolve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No module of the scenario has the id.
    NotInScenario,
    /// The module's data does not reach this one.
    NotUpstream,
    /// The module has never put out such a field. Another sample may have it.
    NeverSeen,
    /// The module has never put out such a field, but one that is spelled
    /// nearly so.
    Misspelt,
    /// The field is written in another case.
    WrongCase,
    /// A field is taken from a list without saying of which item.
    NoIndex,
    /// A bare name that means nothing (decision D18).
    UnknownName,
}

impl Reason {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NotInScenario => "not-in-scenario",
            Reason::NotUpstream => "not-upstream",
            Reason::NeverSeen => "never-seen",
            Reason::Misspelt => "misspelt",
            Reason::WrongCase => "wrong-case",
            Reason::NoIndex => "no-index",
            Reason::UnknownName => "unknown-name",
        }
    }

    /// A sample shows what there was once and not what there will be, so that a
    /// field which is not in it is no more than worth knowing.
    pub fn severity(self) -> Severity {
        if self == Reason::NeverSeen { Severity::Info } else { Severity::Warning }
    }
}

impl Finding {
    /// Whether it is wrong for sure, and not only missing in a sample.
    pub fn is_sure(&self) -> bool {
        self.reason.severity() >= Severity::Warning
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reference = &self.reference;
        let named = self.named.unwrap_or(self.module);
        match self.reason {
            Reason::NotInScenario => write!(
                f,
                "It uses module {named}, which is not in the scenario any more. The value will be empty; map another one."
            )?,
            Reason::NotUpstream => write!(
                f,
                "It uses module {named}, whose data does not reach this module: it comes later, lies on another route, \
                 or lies between an aggregator and its source. The value will be empty."
            )?,
            Reason::NeverSeen => {
                write!(f, "{{{{{reference}}}}} is not in the last known output of its module; it may be empty.")?;
            }
            Reason::Misspelt => {
                write!(f, "{{{{{reference}}}}} has never been in the output of its module, so it is empty.")?;
            }
            Reason::WrongCase => {
                write!(f, "{{{{{reference}}}}} is empty, because upper and lower case matter.")?;
            }
            Reason::NoIndex => {
                write!(f, "{{{{{reference}}}}} takes a field of a list; that of its first item is used.")?
            }
            Reason::UnknownName => write!(
                f,
                "{{{{{reference}}}}} names nothing, so it is empty. Put a value from a module or a text in quotes there."
            )?,
        }
        match &self.suggestion {
            Some(suggestion) if self.reason == Reason::NoIndex => {
                write!(f, " Write {{{{{suggestion}}}}} to say so, or use map() for all items.")
            }
            Some(suggestion) => write!(f, " Did you mean {{{{{suggestion}}}}}?"),
            None => Ok(()),
        }
    }
}

/// What is wrong with a visible reference, by the shape of its module.
pub(crate) fn against_shape(reference: &Reference, shape: &Shape) -> Option<(Reason, Option<String>)> {
    let (at, miss) = shape.follow(&reference.steps)?;
    let mut steps = reference.steps.clone();
    let (reason, meant) = match miss {
        Miss::NeverSeen(meant) => (Reason::NeverSeen, meant),
        Miss::Misspelt(meant) => (Reason::Misspelt, Some(meant)),
        Miss::WrongCase(meant) => (Reason::WrongCase, Some(meant)),
        Miss::NoIndex => {
            steps.insert(at, ReferenceStep::Index);
            return Some((Reason::NoIndex, Some(Reference { steps, ..reference.clone() }.to_string())));
        }
    };
    let suggestion = meant.map(|meant| {
        steps[at] = ReferenceStep::Field(meant);
        Reference { steps, ..reference.clone() }.to_string()
    });
    Some((reason, suggestion))
}
