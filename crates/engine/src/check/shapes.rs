//! The shapes of a blueprint's modules, from everything that is known before a
//! run.

use std::collections::HashMap;

use rouage_model::blueprint::{Blueprint, Module};
use rouage_model::{ModuleId, Value};

use super::shape::{Field, Shape};

/// What each module puts out. A module that is not here puts out anything.
#[derive(Debug, Clone, Default)]
pub struct Shapes {
    known: HashMap<ModuleId, Shape>,
}

impl Shapes {
    /// Nothing is known.
    pub fn none() -> Self {
        Self::default()
    }

    /// From what the blueprint says itself: the modules that the engine runs
    /// put out what their mapper names, others what their `metadata.interface`
    /// shows, which the editor of Make kept from a sample.
    pub fn of(blueprint: &Blueprint) -> Self {
        let modules = blueprint.modules();
        let known = modules.iter().filter_map(|visited| {
            let shape = native(visited.module).unwrap_or_else(|| Shape::of_interface(visited.module.interface()));
            Some((visited.module.id()?, shape))
        });
        Self { known: known.filter(|(_, shape)| *shape != Shape::Anything).collect() }
    }

    /// What is known better than the blueprint knows it: the structure that a
    /// webhook has learned.
    pub fn replace(&mut self, id: ModuleId, shape: Shape) {
        self.known.insert(id, shape);
    }

    /// What is known only in general: the output that an app describes.
    pub fn add(&mut self, id: ModuleId, shape: Shape) {
        self.known.entry(id).or_insert(shape);
    }

    /// The shape of a module's bundles.
    pub fn get(&self, id: ModuleId) -> Option<&Shape> {
        self.known.get(&id)
    }
}

/// What a module that the engine runs itself puts out.
fn native(module: Module<'_>) -> Option<Shape> {
    let mapper = module.mapper();
    match module.name() {
        "util:SetVariable" | "util:SetVariable2" | "util:GetVariable" | "util:GetVariable2" => named([mapper]),
        "util:SetVariables" => named(mapper.field("variables").as_array()?),
        "util:GetVariables" => names(mapper.field("variables").as_array()?.iter()),
        "builtin:BasicRepeater" => Some(Shape::of_names(["i".to_owned()])),
        "util:TextAggregator" => Some(Shape::of_names(["text".to_owned()])),
        "util:ComposeTransformer" => Some(Shape::of_names(["value".to_owned()])),
        "util:Switcher" => Some(Shape::of_names(["output".to_owned()])),
        "builtin:BasicAggregator" => Some(aggregate(mapper)),
        _ => None,
    }
}

/// The names of variables; one that is computed could be any.
fn named<'v>(variables: impl IntoIterator<Item = &'v Value>) -> Option<Shape> {
    names(variables.into_iter().map(|variable| variable.field("name")))
}

fn names<'v>(names: impl Iterator<Item = &'v Value>) -> Option<Shape> {
    let fixed = |name: &Value| name.as_text().filter(|name| !name.contains("{{")).map(str::to_owned);
    names.map(fixed).collect::<Option<Vec<_>>>().map(Shape::of_names)
}

fn aggregate(mapper: &Value) -> Shape {
    let item = match mapper.as_collection() {
        Some(fields) if !fields.is_empty() => Shape::of_names(fields.keys().map(ToString::to_string)),
        _ => Shape::Anything,
    };
    Shape::Fields(vec![Field {
        name: "array".to_owned(),
        label: "Array".to_owned(),
        shape: Shape::List(Box::new(item)),
    }])
}
