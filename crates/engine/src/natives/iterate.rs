//! Iterator and Repeater.

use std::sync::Arc;

use rouage_model::{ModuleError, Value};

use super::{invalid, missing, number};
use crate::task::Bundles;

/// The most bundles of one Repeater (source: `make-semantics.md` §3.10).
const MAX_REPEATS: f64 = 10_000.0;

/// Iterator: the items of `array`. Anything else is one item, nothing and
/// empty text are none.
pub(crate) fn items(input: &Value) -> Bundles {
    match input.field("array") {
        Value::Array(items) => Bundles::Items { items: Arc::clone(items), at: 0 },
        Value::Text(text) if text.is_empty() => Bundles::none(),
        value if value.is_nothing() => Bundles::none(),
        value => Bundles::Items { items: Arc::new(vec![value.clone()]), at: 0 },
    }
}

/// Repeater: `repeats` bundles with `i` from `start` by `step`.
pub(crate) fn steps(input: &Value) -> Result<Bundles, ModuleError> {
    let start = number(input, "start")?.unwrap_or(1.0);
    let step = number(input, "step")?.unwrap_or(1.0);
    let repeats = number(input, "repeats")?.ok_or_else(|| missing("repeats"))?;
    if !(0.0..=MAX_REPEATS).contains(&repeats) {
        return Err(invalid("repeats", &format!("{repeats} is not between 0 and {MAX_REPEATS}")));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
    Ok(Bundles::Steps { start, step, at: 0, repeats: repeats as u32 })
}
