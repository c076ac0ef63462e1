//! What can be added to a scenario: the modules of the apps and those that
//! the engine runs itself, described the same way.
//!
//! The engine knows what its own modules do, not how a person fills them in:
//! their forms are here, with exactly the keys that the engine reads and Make
//! writes.

mod aggregators;
mod directives;
mod flow;
mod tools;

#[cfg(test)]
mod tests;

use rouage_engine::NativeInfo;
use rouage_sdk::{Field, Kind as SpecKind, Registry, Spec};

/// What a module is, for people who look for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A module of an app.
    App(SpecKind),
    /// A module that the engine runs itself.
    Native(rouage_engine::Kind),
}

impl EntryKind {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        use rouage_engine::Kind as Native;
        match self {
            EntryKind::App(SpecKind::InstantTrigger) | EntryKind::Native(Native::InstantTrigger) => "instant-trigger",
            EntryKind::App(SpecKind::PollingTrigger) | EntryKind::Native(Native::PollingTrigger) => "polling-trigger",
            EntryKind::App(SpecKind::Action) | EntryKind::Native(Native::Action | Native::Unavailable) => "action",
            EntryKind::App(SpecKind::Search) | EntryKind::Native(Native::Search) => "search",
            EntryKind::App(SpecKind::Iterator) | EntryKind::Native(Native::Iterator) => "iterator",
            EntryKind::App(SpecKind::Responder) => "responder",
            EntryKind::Native(Native::Aggregator) => "aggregator",
            EntryKind::Native(Native::Router) => "router",
            EntryKind::Native(Native::IfElse) => "if-else",
            EntryKind::Native(Native::Merge) => "merge",
            EntryKind::Native(Native::Tool) => "tool",
            EntryKind::Native(Native::Directive) => "directive",
        }
    }
}

/// A module that can be added.
#[derive(Debug, Clone)]
pub struct Entry {
    /// `app:Name`.
    pub name: &'static str,
    /// The version that a new one is written with.
    pub version: i64,
    /// Its name for people.
    pub label: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// What it is.
    pub kind: EntryKind,
    /// Words people search for.
    pub synonyms: &'static [&'static str],
    /// Static configuration.
    pub parameters: Vec<Field>,
    /// Mappable input.
    pub mapper: Vec<Field>,
    /// What stands in the module's `flags`: the options of an aggregator.
    pub flags: Vec<Field>,
    /// Output, as far as it is known beforehand.
    pub output: Vec<Field>,
    /// Only there for scenarios that have it already.
    pub is_legacy: bool,
    /// Only makes sense as the first module of a scenario.
    pub is_first: bool,
}

impl Entry {
    fn of_spec(spec: &Spec) -> Self {
        Self {
            name: spec.name,
            version: spec.version,
            label: spec.label,
            description: spec.description,
            kind: EntryKind::App(spec.kind),
            synonyms: spec.synonyms,
            parameters: spec.parameters.clone(),
            mapper: spec.mapper.clone(),
            flags: Vec::new(),
            output: spec.output.clone(),
            is_legacy: spec.is_legacy,
            is_first: matches!(spec.kind, SpecKind::InstantTrigger | SpecKind::PollingTrigger),
        }
    }

    /// An engine's module without fields, to fill with the builder methods.
    fn native(info: NativeInfo) -> Self {
        Self {
            name: info.module,
            version: 1,
            label: info.label,
            description: info.description,
            kind: EntryKind::Native(info.kind),
            synonyms: &[],
            parameters: Vec::new(),
            mapper: Vec::new(),
            flags: Vec::new(),
            output: Vec::new(),
            is_legacy: false,
            is_first: info.kind.is_trigger(),
        }
    }

    fn version(self, version: i64) -> Self {
        Self { version, ..self }
    }

    fn synonyms(self, synonyms: &'static [&'static str]) -> Self {
        Self { synonyms, ..self }
    }

    fn parameters(self, parameters: Vec<Field>) -> Self {
        Self { parameters, ..self }
    }

    fn mapper(self, mapper: Vec<Field>) -> Self {
        Self { mapper, ..self }
    }

    fn output(self, output: Vec<Field>) -> Self {
        Self { output, ..self }
    }

    fn legacy(self) -> Self {
        Self { is_legacy: true, ..self }
    }

    fn first(self) -> Self {
        Self { is_first: true, ..self }
    }

    /// The fields of its form, with whether they are in the mapper.
    pub fn fields(&self) -> impl Iterator<Item = (&Field, bool)> {
        let fixed = self.parameters.iter().map(|field| (field, false));
        fixed.chain(self.mapper.iter().chain(&self.flags).map(|field| (field, true)))
    }
}

/// Every module of this program. The engine's come first; where the engine
/// and an app share a module, the engine's is shown, as it knows all its forms.
pub fn entries(registry: &Registry) -> Vec<Entry> {
    let specs = registry.apps().iter().flat_map(|app| &app.modules).map(|module| module.spec());
    let of_apps = specs.filter(|spec| rouage_engine::native(spec.name).is_none()).map(Entry::of_spec);
    natives().chain(of_apps).collect()
}

/// The modules that the engine runs itself.
pub fn natives() -> impl Iterator<Item = Entry> {
    rouage_engine::natives().map(native)
}

/// The entry of one module; `None` when this program does not have it.
pub fn entry(registry: &Registry, name: &str, version: Option<i64>) -> Option<Entry> {
    match rouage_engine::native(name) {
        Some(info) => Some(native(info)),
        None => registry.module(name, version).map(|module| Entry::of_spec(module.spec())),
    }
}

fn native(info: NativeInfo) -> Entry {
    use rouage_engine::Kind;
    let entry = Entry::native(info);
    match info.kind {
        Kind::Aggregator => aggregators::fill(entry),
        Kind::Directive => directives::fill(entry),
        Kind::Tool => tools::fill(entry),
        _ => flow::fill(entry),
    }
}
