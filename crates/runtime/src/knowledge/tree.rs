//! What is known of an output, as a tree of named fields: from bundles, from
//! what the editor of Make or a webhook has kept, and from what an app says of
//! itself. Bounded in depth and in number; what does not fit is counted.

use rouage_expr::ReferenceStep;
use rouage_model::structure::{self, Structure};
use rouage_model::{Collection, Value};
use rouage_sdk::{Field, FieldKind};

/// How deep fields are followed.
const DEEPEST: usize = 10;
/// Fields of one collection that are listed.
const MOST_FIELDS: usize = 400;
/// Items of an array that are looked at for fields.
const MOST_ITEMS: usize = 20;

/// A field, or a whole output.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// The raw name; empty for an output and for simple items of an array.
    pub name: String,
    /// The name for people; empty when nobody has said one.
    pub label: String,
    /// Make's word for its type.
    pub kind: &'static str,
    /// The last value of it.
    pub value: Option<Value>,
    /// Of a collection, or of the items of an array.
    pub fields: Vec<Known>,
    /// Fields that are not listed.
    pub more: usize,
}

impl Known {
    /// A field of which nothing is known but its name.
    pub fn named(name: impl Into<String>, label: impl Into<String>, kind: &'static str) -> Self {
        Self { name: name.into(), label: label.into(), kind, ..Self::default() }
    }

    /// An output with these fields.
    pub fn output(fields: Vec<Known>) -> Self {
        Self { kind: "collection", fields, ..Self::default() }
    }

    /// The same under another name.
    pub fn called(self, name: impl Into<String>, label: impl Into<String>) -> Self {
        Self { name: name.into(), label: label.into(), ..self }
    }

    /// From a value that was really there.
    pub fn of_value(value: &Value) -> Self {
        of_value("", value, DEEPEST)
    }

    /// From the list of fields that Make calls an interface.
    pub fn of_interface(fields: &[Value]) -> Self {
        Self::output(of_interface(fields, DEEPEST))
    }

    /// From what an app says of a module's output.
    pub fn of_spec(fields: &[Field]) -> Self {
        Self::output(of_spec(fields, DEEPEST))
    }

    /// From a data structure.
    pub fn of_structure(structure: &Structure) -> Self {
        Self::output(of_structure(&structure.fields, DEEPEST))
    }

    /// Whether nothing is known of it.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Adds what another source knows: fields that are not here, labels and
    /// types that are not known. What stands here already goes first.
    pub fn absorb(&mut self, other: Known) {
        if self.label.is_empty() {
            self.label = other.label;
        }
        if is_vague(self.kind) {
            self.kind = other.kind;
        }
        self.more = self.more.max(other.more);
        if self.value.is_none() {
            self.value = other.value;
        }
        for field in other.fields {
            match self.fields.iter().position(|known| known.name == field.name) {
                Some(at) => self.fields[at].absorb(field),
                None if self.fields.len() < MOST_FIELDS => self.fields.push(field),
                None => self.more += 1,
            }
        }
    }

    /// Gives the fields their values, and no field that was not known before
    /// where the fields are known at all.
    pub fn fill(&mut self, value: &Value) {
        let fresh = Known::of_value(value);
        self.fill_from(fresh, true);
    }

    fn fill_from(&mut self, mut fresh: Known, is_whole: bool) {
        if is_vague(self.kind) || (self.fields.is_empty() && !is_whole) {
            let fields = std::mem::take(&mut fresh.fields);
            self.absorb(Known::output(fields));
        }
        if !is_vague(fresh.kind) {
            self.kind = fresh.kind;
        }
        self.value = fresh.value.or(self.value.take());
        for field in fresh.fields {
            if let Some(known) = self.fields.iter_mut().find(|known| known.name == field.name) {
                known.fill_from(field, false);
            }
        }
    }

    /// What stands at the end of some steps.
    pub fn follow(&self, steps: &[ReferenceStep]) -> Option<Known> {
        let mut here = self.clone();
        for step in steps {
            here = match step {
                ReferenceStep::Index => here.item(),
                // A field of an array is that of its first item (decision D8).
                ReferenceStep::Field(name) => here.fields.into_iter().find(|field| field.name == *name)?,
            };
        }
        Some(here)
    }

    /// An item of an array; what is no array is its own item.
    pub fn item(self) -> Known {
        if self.kind != "array" {
            return self;
        }
        match <[Known; 1]>::try_from(self.fields) {
            Ok([simple]) if simple.name.is_empty() => simple,
            Ok([field]) => Known::output(vec![field]),
            Err(fields) if fields.is_empty() => Known::named("", "", "any"),
            Err(fields) => Known { more: self.more, ..Known::output(fields) },
        }
    }

    /// A list of such.
    pub fn list(self) -> Known {
        let fields = if self.kind == "collection" { self.fields } else { vec![Known { name: String::new(), ..self }] };
        Known { kind: "array", fields, more: self.more, ..Known::default() }
    }

    /// Takes the values of one bundle and forgets all others.
    pub fn show_values_of(&mut self, bundle: &Value) {
        self.forget_values();
        self.show(Known::of_value(bundle));
    }

    fn show(&mut self, fresh: Known) {
        self.value = fresh.value;
        for field in fresh.fields {
            if let Some(known) = self.fields.iter_mut().find(|known| known.name == field.name) {
                known.show(field);
            }
        }
    }

    /// Forgets all values.
    pub fn forget_values(&mut self) {
        self.value = None;
        self.fields.iter_mut().for_each(Known::forget_values);
    }
}

fn is_vague(kind: &str) -> bool {
    matches!(kind, "" | "any")
}

fn of_value(name: &str, value: &Value, depth: usize) -> Known {
    let kind = match value {
        Value::Undefined | Value::Null | Value::Ignore | Value::Erase => "any",
        other => other.type_name(),
    };
    let mut known = Known { value: Some(value.clone()), ..Known::named(name, "", kind) };
    match value {
        Value::Collection(collection) if depth > 0 => add_fields(&mut known, collection, depth),
        Value::Array(items) if depth > 0 => add_items(&mut known, items, depth),
        _ => {}
    }
    known
}

fn add_fields(known: &mut Known, collection: &Collection, depth: usize) {
    known.more = collection.len().saturating_sub(MOST_FIELDS);
    let fields = collection.iter().filter(|(name, _)| !name.is_empty()).take(MOST_FIELDS);
    known.fields = fields.map(|(name, value)| of_value(name, value, depth - 1)).collect();
}

/// The fields of all items; the values are those of the first one, as a path
/// with `[]` gives them.
fn add_items(known: &mut Known, items: &[Value], depth: usize) {
    for (at, item) in items.iter().take(MOST_ITEMS).enumerate() {
        let mut item = of_value("", item, depth - 1);
        if at > 0 {
            item.forget_values();
        }
        if item.kind == "collection" {
            item.value = None;
            known.absorb(Known { kind: "array", ..item });
        } else if !is_vague(item.kind) || items.len() == 1 {
            known.absorb(Known { kind: "array", fields: vec![item], ..Known::default() });
        }
    }
}

fn of_interface(fields: &[Value], depth: usize) -> Vec<Known> {
    let field = |raw: &Value| {
        let name = match raw.field("name") {
            Value::Text(name) if !name.is_empty() => name.to_string(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let label = raw.field("label").as_text().unwrap_or_default();
        let kind = raw.field("type").as_text().unwrap_or_default();
        Some(typed(kind, raw.field("spec"), depth).called(name, label))
    };
    fields.iter().filter_map(field).take(MOST_FIELDS).collect()
}

fn typed(kind: &str, spec: &Value, depth: usize) -> Known {
    let mut known = Known::named("", "", word(kind));
    if depth == 0 {
        return known;
    }
    known.fields = match spec {
        Value::Array(fields) => of_interface(fields, depth - 1),
        // Simple items: `{"type": "text"}`.
        Value::Collection(_) => {
            let item = typed(spec.field("type").as_text().unwrap_or_default(), spec.field("spec"), depth - 1);
            item.list().fields
        }
        _ => Vec::new(),
    };
    known
}

/// The type as we call it; what people type in forms is text.
fn word(kind: &str) -> &'static str {
    match structure::Kind::parse(kind) {
        structure::Kind::Integer | structure::Kind::UnsignedInteger => "number",
        structure::Kind::Time => "text",
        other => other.as_str(),
    }
}

fn of_spec(fields: &[Field], depth: usize) -> Vec<Known> {
    let field = |field: &Field| of_kind(&field.kind, depth).called(field.name, field.label);
    fields.iter().map(field).take(MOST_FIELDS).collect()
}

fn of_kind(kind: &FieldKind, depth: usize) -> Known {
    let named = |kind| Known::named("", "", kind);
    match kind {
        FieldKind::Collection(fields) if depth > 0 => Known::output(of_spec(fields, depth - 1)),
        FieldKind::Array(fields) if depth > 0 => match fields.as_slice() {
            [] => named("array"),
            [item] if item.name.is_empty() => of_kind(&item.kind, depth - 1).list(),
            fields => Known::output(of_spec(fields, depth - 1)).list(),
        },
        FieldKind::Collection(_) => named("collection"),
        FieldKind::Array(_) => named("array"),
        FieldKind::Number | FieldKind::Integer | FieldKind::UnsignedInteger => named("number"),
        FieldKind::Boolean => named("boolean"),
        FieldKind::Date => named("date"),
        FieldKind::Buffer => named("buffer"),
        FieldKind::Text | FieldKind::Time | FieldKind::Url | FieldKind::Email | FieldKind::Select(_) => named("text"),
        _ => named("any"),
    }
}

fn of_structure(fields: &[structure::Field], depth: usize) -> Vec<Known> {
    let field = |field: &structure::Field| {
        let mut known = Known::named(&*field.name, &*field.label, word(field.kind.as_str()));
        if depth > 0 {
            known.fields = of_structure(&field.spec, depth - 1);
        }
        known
    };
    fields.iter().map(field).take(MOST_FIELDS).collect()
}

#[cfg(test)]
mod tests {
    use rouage_model::json;

    use super::*;

    fn of(text: &str) -> Known {
        Known::of_value(&json::parse(text.as_bytes()).unwrap())
    }

    fn shown(known: &Known) -> String {
        let fields: Vec<String> = known.fields.iter().map(shown).collect();
        let inside = if fields.is_empty() { String::new() } else { format!("({})", fields.join(" ")) };
        format!("{}:{}{inside}", known.name, known.kind)
    }

    #[test]
    fn the_items_of_an_array_are_looked_at_together() {
        let known = of(r#"{"a":[{"x":1},{"y":"t","x":2}],"t":["u","v"],"n":[null],"e":[]}"#);
        assert_eq!(shown(&known), ":collection(a:array(x:number y:text) t:array(:text) n:array(:any) e:array)");
        let first = &known.fields[0].fields;
        assert_eq!((first[0].value.clone(), first[1].value.clone()), (Some(Value::from(1)), None));
    }

    #[test]
    fn what_was_there_keeps_its_type_and_takes_labels_and_fields_of_others() {
        let mut known = of(r#"{"id":"7","customer":{"name":"Ada"},"none":null}"#);
        let interface = json::parse(
            br#"[{"name":"id","type":"number","label":"Order number"},{"name":"none","type":"date"},
                {"name":"customer","type":"collection","spec":[{"name":"email","type":"email","label":"E-mail"}]},
                {"name":"lines","type":"array","spec":{"type":"text"}}]"#,
        );
        known.absorb(Known::of_interface(interface.unwrap().as_array().unwrap()));
        let expected = ":collection(id:text customer:collection(name:text email:text) none:date lines:array(:text))";
        assert_eq!(shown(&known), expected);
        assert_eq!(known.fields[0].label, "Order number");
    }

    #[test]
    fn filling_gives_values_and_no_new_fields_at_the_top() {
        let mut known = Known::output(vec![Known::named("total", "", "any"), Known::named("other", "", "text")]);
        known.fill(&json::parse(br#"{"total":{"net":5},"old":1}"#).unwrap());
        assert_eq!(shown(&known), ":collection(total:collection(net:number) other:text)");
    }

    #[test]
    fn paths_are_followed_into_items() {
        let known = of(r#"{"a":[{"x":[{"y":1}]}],"t":["u"]}"#);
        let at = |steps: &[ReferenceStep]| known.follow(steps).map(|found| shown(&found));
        let field = |name: &str| ReferenceStep::Field(name.to_owned());
        assert_eq!(at(&[field("a"), ReferenceStep::Index]).as_deref(), Some(":collection(x:array(y:number))"));
        assert_eq!(at(&[field("a"), ReferenceStep::Index, field("x")]).as_deref(), Some("x:array(y:number)"));
        assert_eq!(at(&[field("t"), ReferenceStep::Index]).as_deref(), Some(":text"));
        assert_eq!(at(&[field("b")]), None);
    }

    #[test]
    fn it_is_bounded() {
        let wide: Collection = (0..1_000).map(|at| (format!("f{at}"), Value::from(at))).collect();
        let known = Known::of_value(&wide.into());
        assert_eq!((known.fields.len(), known.more), (MOST_FIELDS, 600));
        let deep = (0..100).fold(Value::from(1), |inner, _| Collection::from_iter([("a", inner)]).into());
        let mut levels = 0;
        let mut here = Known::of_value(&deep);
        while let Some(inner) = here.fields.pop() {
            (here, levels) = (inner, levels + 1);
        }
        assert_eq!(levels, DEEPEST);
    }
}
