//! The apps of this program: an explicit list that everything else walks.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::connection::ConnectionSpec;
use crate::module::Module;

/// An app: its look and its modules.
#[derive(Clone)]
pub struct App {
    /// The name before the colon in module names.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// Its colour on the canvas, as `#rrggbb`, dark enough for a white icon.
    pub color: &'static str,
    /// The name of its icon in the sprite.
    pub icon: &'static str,
    /// Other words that people search it by, such as "gsheet" or "mail".
    pub synonyms: &'static [&'static str],
    /// Its modules.
    pub modules: Vec<Arc<dyn Module>>,
    /// The types of connections it brings.
    pub connections: Vec<ConnectionSpec>,
}

/// All apps, indexed.
#[derive(Clone, Default)]
pub struct Registry {
    apps: Vec<App>,
    /// By name, then by version.
    modules: HashMap<&'static str, BTreeMap<i64, Arc<dyn Module>>>,
}

/// How well a module is known.
pub enum Found<'a> {
    /// This very version.
    Same(&'a Arc<dyn Module>),
    /// The module exists in other versions, listed in ascending order.
    OtherVersions(Vec<i64>),
    /// Not at all.
    Unknown,
}

impl Registry {
    /// Indexes the apps.
    pub fn new(apps: Vec<App>) -> Self {
        let mut modules: HashMap<_, BTreeMap<_, _>> = HashMap::new();
        for module in apps.iter().flat_map(|app| &app.modules) {
            let spec = module.spec();
            modules.entry(spec.name).or_default().insert(spec.version, module.clone());
        }
        Self { apps, modules }
    }

    /// The apps in order.
    pub fn apps(&self) -> &[App] {
        &self.apps
    }

    /// The app with this name.
    pub fn app(&self, name: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.name == name)
    }

    /// The module of this name and version. A missing version means 1.
    pub fn module(&self, name: &str, version: Option<i64>) -> Option<&Arc<dyn Module>> {
        match self.find(name, version) {
            Found::Same(module) => Some(module),
            _ => None,
        }
    }

    /// What is known about a module.
    pub fn find(&self, name: &str, version: Option<i64>) -> Found<'_> {
        let version = version.unwrap_or(1);
        let Some(versions) = self.modules.get(name) else {
            return Found::Unknown;
        };
        match versions.get(&version) {
            Some(module) => Found::Same(module),
            None => Found::OtherVersions(versions.keys().copied().collect()),
        }
    }

    /// Every type of connection.
    pub fn connections(&self) -> impl Iterator<Item = &ConnectionSpec> {
        self.apps.iter().flat_map(|app| &app.connections)
    }
}
