//! What the modules of a scenario put out, as far as anybody knows: the sample
//! in the blueprint, the structure that its webhook has learned, and the
//! output that an app describes. For the static check of references.

use rouage_engine::check::{Field, Shape, Shapes};
use rouage_model::blueprint::Module;
use rouage_model::{Blueprint, Value};
use rouage_sdk::registry::Found;
use rouage_sdk::{self as sdk, FieldKind, Kind, Registry, Spec};

use crate::links;

/// Gives what a webhook has learned, by its link if there is one.
pub type Learned<'l> = &'l dyn Fn(Option<&Value>) -> Value;

/// The shapes of a blueprint's modules.
pub fn of(registry: &Registry, blueprint: &Blueprint, links: &Value, learned: Learned<'_>) -> Shapes {
    let mut shapes = Shapes::of(blueprint);
    for visited in blueprint.modules() {
        let (Some(id), Found::Same(found)) = (visited.module.id(), find(registry, visited.module)) else { continue };
        let spec = found.spec();
        if spec.kind == Kind::InstantTrigger {
            let hook = spec.parameters.iter().find(|field| matches!(field.kind, FieldKind::Hook(_)));
            let interface = learned(hook.and_then(|field| links::get(links, id, field.name)));
            if let Some(fields) = interface.as_array().filter(|fields| !fields.is_empty()) {
                shapes.replace(id, Shape::of_interface(fields));
            }
        }
        if let Some(shape) = described(spec) {
            shapes.add(id, shape);
        }
    }
    shapes
}

fn find<'r>(registry: &'r Registry, module: Module<'_>) -> Found<'r> {
    registry.find(module.name(), module.version())
}

/// The output that an app describes; `None` when it says nothing.
fn described(spec: &Spec) -> Option<Shape> {
    (!spec.output.is_empty()).then(|| fields(&spec.output))
}

fn fields(fields: &[sdk::Field]) -> Shape {
    let field = |field: &sdk::Field| Field {
        name: field.name.to_owned(),
        label: field.label.to_owned(),
        shape: shape(&field.kind),
    };
    Shape::Fields(fields.iter().map(field).collect())
}

fn shape(kind: &FieldKind) -> Shape {
    match kind {
        FieldKind::Collection(inner) if !inner.is_empty() => fields(inner),
        FieldKind::Array(inner) => Shape::List(Box::new(match inner.as_slice() {
            [] => Shape::Anything,
            [item] if item.name.is_empty() => shape(&item.kind),
            _ => fields(inner),
        })),
        FieldKind::Text | FieldKind::Number | FieldKind::Integer | FieldKind::UnsignedInteger => Shape::Simple,
        FieldKind::Boolean | FieldKind::Date | FieldKind::Time | FieldKind::Url | FieldKind::Email => Shape::Simple,
        _ => Shape::Anything,
    }
}

#[cfg(test)]
mod tests {
    use rouage_sdk::Effect;

    use super::*;

    #[test]
    fn the_described_output_becomes_a_shape() {
        let spec = Spec::new("x:Read", 1, "Read", Kind::Action, Effect::Read);
        assert_eq!(described(&spec), None);
        let item = vec![sdk::Field::text("", "")];
        let spec = spec.output(vec![
            sdk::Field::text("id", "ID"),
            sdk::Field::new("tags", "Tags", FieldKind::Array(item)),
            sdk::Field::new("data", "Data", FieldKind::Collection(Vec::new())),
        ]);
        let Some(Shape::Fields(fields)) = described(&spec) else { panic!("it has fields") };
        let shapes: Vec<_> = fields.into_iter().map(|field| field.shape).collect();
        assert_eq!(shapes, [Shape::Simple, Shape::List(Box::new(Shape::Simple)), Shape::Anything]);
    }
}
