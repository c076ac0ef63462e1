//! How much a run holds: a cheap count of what was made since the last look,
//! and a look at everything when that count says that it may be too much.
//!
//! Values are shared, so a look counts what is shared once. The count between
//! two looks does not know what is shared and may only be too high.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::Arc;

use rouage_model::{Collection, Value};

use super::{Run, State};
use crate::plan::NodeId;
use crate::task::Task;

/// What a value takes itself, without what it points to.
const SLOT: u64 = size_of::<Value>() as u64;
/// What an entry of a collection takes without its value.
const NAME: u64 = 16;
/// What a shared value takes beside its content.
const SHARED: u64 = 48;

/// What evaluations leave behind beside their values.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Bytes made since the last look.
    grown: Cell<u64>,
    /// What the latest evaluation wanted to have said.
    warnings: RefCell<Vec<String>>,
}

impl Notes {
    pub fn grow(&self, bytes: u64) {
        self.grown.set(self.grown.get().saturating_add(bytes));
    }

    pub fn warn(&self, warnings: Vec<String>) {
        if !warnings.is_empty() {
            self.warnings.borrow_mut().extend(warnings);
        }
    }

    pub fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }
}

impl Run {
    /// Ends the run when it holds more than it may.
    pub(super) fn watch_memory(&mut self) {
        if self.notes.grown.get() < self.room {
            return;
        }
        let (limit, held) = (self.context.limits.memory, self.held());
        if held > limit {
            let node = self.scope.latest_node().or(self.plan.first).unwrap_or(NodeId(0));
            self.stop_full(node, limit);
            return;
        }
        self.notes.grown.set(0);
        self.room = room(limit, held);
    }

    /// The bytes of all values that the run holds.
    fn held(&self) -> u64 {
        let mut seen = Seen::default();
        self.scope.bundles().for_each(|bundle| seen.look(bundle));
        self.variables.values().for_each(|value| seen.look(value));
        for task in &self.tasks {
            look_at_task(task, &mut seen);
        }
        if let State::Calling(calling) = &self.state {
            seen.look(&calling.call.input);
        }
        seen.bytes
    }
}

/// How much may be made before the next look. Close to the limit looks are not
/// made for every byte; the limit may then be passed by a sixteenth.
pub(super) fn room(limit: u64, held: u64) -> u64 {
    limit.saturating_sub(held).max(limit / 16)
}

fn look_at_task(task: &Task, seen: &mut Seen) {
    match task {
        Task::Emission(emission) => {
            emission.bundles.held().iter().for_each(|bundle| seen.look(bundle));
            emission.gatherings.iter().for_each(|gathering| gathering.items().for_each(|item| seen.look(item)));
        }
        Task::Flush(flush) => {
            flush.gatherings.as_slice().iter().for_each(|gathering| gathering.items().for_each(|item| seen.look(item)));
        }
        Task::Arrive(_) | Task::Enter(_) | Task::Onward { .. } | Task::Routes(_) | Task::ErrorRoute(_) => {}
    }
}

/// Counts values, shared ones once.
#[derive(Default)]
struct Seen {
    places: HashSet<usize>,
    bytes: u64,
}

impl Seen {
    fn look(&mut self, value: &Value) {
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            self.bytes += SLOT;
            match value {
                Value::Text(text) if self.is_new(Arc::as_ptr(text).addr()) => self.bytes += bytes(text.len()),
                // A stored file is not held, however large it is.
                Value::Buffer(buffer) if self.is_new(buffer.held().as_ptr().addr()) => {
                    self.bytes += bytes(buffer.held().len());
                }
                Value::Array(items) if self.is_new(Arc::as_ptr(items).addr()) => {
                    self.bytes += SHARED;
                    open.extend(items.iter());
                }
                Value::Collection(fields) if self.is_new(Arc::as_ptr(fields).addr()) => {
                    self.bytes += SHARED + NAME * bytes(fields.len());
                    open.extend(fields.values());
                }
                _ => {}
            }
        }
    }

    fn is_new(&mut self, place: usize) -> bool {
        self.places.insert(place)
    }
}

/// The bytes of new bundles, before anything of them is shared.
pub(super) fn size_of_bundles(bundles: &[Value]) -> u64 {
    let mut open: Vec<&Value> = bundles.iter().collect();
    let mut total = 0;
    while let Some(value) = open.pop() {
        total += SLOT;
        match value {
            Value::Text(text) => total += bytes(text.len()),
            Value::Buffer(buffer) => total += bytes(buffer.held().len()),
            Value::Array(items) => {
                total += SHARED;
                open.extend(items.iter());
            }
            Value::Collection(fields) => {
                total += SHARED + NAME * bytes(fields.len());
                open.extend(fields.values());
            }
            _ => {}
        }
    }
    total
}

/// What a value takes that was just made of values which exist already.
pub(crate) fn size_of_new(value: &Value) -> u64 {
    match value {
        Value::Text(text) => bytes(text.len()),
        Value::Buffer(buffer) => bytes(buffer.held().len()),
        Value::Array(items) => SHARED + SLOT * bytes(items.len()),
        Value::Collection(fields) => size_of_fields(fields),
        _ => 0,
    }
}

fn size_of_fields(fields: &Collection) -> u64 {
    SHARED + (SLOT + NAME) * bytes(fields.len())
}

fn bytes(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use rouage_model::{BlobId, Buffer, Stored};

    use super::*;

    #[test]
    fn a_stored_file_takes_no_more_than_its_handle() {
        let id: BlobId = "00000000000000000000000000000001".parse().unwrap();
        let file = Value::Buffer(Buffer::stored(Stored { id, size: 1 << 40 }));
        let mut seen = Seen::default();
        seen.look(&file);
        assert_eq!((size_of_bundles(std::slice::from_ref(&file)), size_of_new(&file), seen.bytes), (SLOT, 0, SLOT));
        assert_eq!(size_of_new(&Value::buffer(vec![0; 1000])), 1000);
    }
}
