//! What an evaluation may see and how much it may do.

use std::cell::{Cell, RefCell};

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_model::clock::split_mix;
use rouage_model::{ExecutionId, ModuleId, Stored, Value};

use crate::error::{EvalError, EvalErrorKind};

/// Names to values: the engine's scope, the editor's preview, a test.
pub trait Lookup {
    /// The whole bundle that a module put out.
    fn bundle(&self, module: ModuleId) -> Option<&Value>;

    /// `var.<scope>.<name>`; the scopes are organization, team, scenario, input.
    fn variable(&self, scope: &str, name: &str) -> Option<Value>;

    /// The bytes of a stored file, or why there are none. The same at every
    /// call: a stored file never changes. Asked only for small ones
    /// ([`crate::LARGEST_FILE`]).
    fn file(&self, _file: &Stored) -> Result<Bytes, String> {
        Err("stored files cannot be read here".to_owned())
    }
}

/// Everything that an evaluation depends on.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Where module outputs and variables are.
    pub lookup: &'a dyn Lookup,
    /// The value of `now`.
    pub now: Timestamp,
    /// The zone in which dates are read, changed and printed.
    pub timezone: &'a TimeZone,
    /// The source of `random`, `uuid` and `shuffle`.
    pub random: &'a Random,
    /// The value of `executionId`.
    pub execution_id: Option<ExecutionId>,
    /// What is left of the allowance.
    pub budget: &'a Budget,
}

/// Replayable randomness: equal seeds give equal sequences.
#[derive(Debug, Clone)]
pub struct Random {
    state: Cell<u64>,
}

impl Random {
    /// A sequence that the seed decides.
    pub fn new(seed: u64) -> Self {
        Self { state: Cell::new(seed) }
    }

    /// The next 64 bits.
    pub fn next(&self) -> u64 {
        let state = self.state.get();
        self.state.set(state.wrapping_add(0x9E37_79B9_7F4A_7C15));
        split_mix(state)
    }

    /// A number from 0 (included) to 1 (excluded).
    pub fn fraction(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let numerator = (self.next() >> 11) as f64;
        numerator / 9_007_199_254_740_992.0
    }
}

/// How much an evaluation may do, counted down as it goes. Also collects the
/// warnings that belong to the operation (decision D11).
///
/// One budget may be shared by the evaluation of a whole mapper.
#[derive(Debug)]
pub struct Budget {
    steps: Cell<u64>,
    bytes: Cell<u64>,
    warnings: RefCell<Vec<String>>,
}

/// More than this says nothing new.
const MAX_WARNINGS: usize = 20;

impl Default for Budget {
    /// Two million steps and 64 MiB: far more than any mapping of a person,
    /// and over in well under a second.
    fn default() -> Self {
        Self::new(2_000_000, 64 * 1024 * 1024)
    }
}

impl Budget {
    /// Allows that many steps, and that many bytes of newly made values.
    pub fn new(steps: u64, bytes: u64) -> Self {
        Self { steps: Cell::new(steps), bytes: Cell::new(bytes), warnings: RefCell::default() }
    }

    /// What the evaluations wanted to have said, such as a division by zero.
    pub fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    /// Steps that may still be taken.
    pub fn steps_left(&self) -> u64 {
        self.steps.get()
    }

    /// Bytes that may still be produced.
    pub fn bytes_left(&self) -> u64 {
        self.bytes.get()
    }

    pub(crate) fn warn(&self, text: &str) {
        let mut warnings = self.warnings.borrow_mut();
        if warnings.len() < MAX_WARNINGS && !warnings.iter().any(|warning| warning == text) {
            warnings.push(text.to_owned());
        }
    }

    /// Takes steps, or ends the evaluation.
    pub(crate) fn spend(&self, steps: usize) -> Result<(), EvalError> {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        take(&self.steps, steps).ok_or_else(|| exceeded("steps"))
    }

    /// Announces new bytes before they are made, or ends the evaluation.
    pub(crate) fn produce(&self, bytes: usize) -> Result<(), EvalError> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        take(&self.bytes, bytes).ok_or_else(|| exceeded("bytes of values"))
    }
}

fn take(left: &Cell<u64>, amount: u64) -> Option<()> {
    let Some(rest) = left.get().checked_sub(amount) else {
        left.set(0);
        return None;
    };
    left.set(rest);
    Some(())
}

fn exceeded(what: &str) -> EvalError {
    EvalError {
        kind: EvalErrorKind::Budget,
        message: format!("The expression needs more {what} than one evaluation may use"),
    }
}
