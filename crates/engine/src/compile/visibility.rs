//! Which modules' bundles can be named at a point of the flow.

use std::collections::HashSet;

use rouage_model::ModuleId;

/// A set with a memory, so that leaving a flow restores what was before it.
#[derive(Debug, Default)]
pub(super) struct Visibility {
    visible: HashSet<ModuleId>,
    changes: Vec<Change>,
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Shown(ModuleId),
    Hidden(ModuleId),
}

/// A moment to return to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark(usize);

impl Visibility {
    pub fn contains(&self, id: ModuleId) -> bool {
        self.visible.contains(&id)
    }

    pub fn iter(&self) -> impl Iterator<Item = ModuleId> {
        self.visible.iter().copied()
    }

    pub fn show(&mut self, id: ModuleId) {
        if self.visible.insert(id) {
            self.changes.push(Change::Shown(id));
        }
    }

    pub fn hide(&mut self, id: ModuleId) {
        if self.visible.remove(&id) {
            self.changes.push(Change::Hidden(id));
        }
    }

    pub fn mark(&self) -> Mark {
        Mark(self.changes.len())
    }

    pub fn restore(&mut self, mark: Mark) {
        for change in self.changes.drain(mark.0..).rev() {
            match change {
                Change::Shown(id) => self.visible.remove(&id),
                Change::Hidden(id) => self.visible.insert(id),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_a_flow_restores_what_was_before_it() {
        let mut visibility = Visibility::default();
        visibility.show(ModuleId(1));
        let mark = visibility.mark();
        visibility.show(ModuleId(2));
        visibility.hide(ModuleId(1));
        visibility.show(ModuleId(1));
        visibility.hide(ModuleId(1));
        assert!(!visibility.contains(ModuleId(1)));
        visibility.restore(mark);
        assert!(visibility.contains(ModuleId(1)) && !visibility.contains(ModuleId(2)));
    }
}
