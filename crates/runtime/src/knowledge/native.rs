//! What the modules that the engine runs itself put out, by what is mapped in
//! them: known before anything has run.

use rouage_expr::{Mapping, Template};
use rouage_model::blueprint::Module;
use rouage_model::interface::{self, Interface};
use rouage_model::{Blueprint, Collection, Value};

use super::ground::Ground;
use super::tree::Known;

/// What a module will put out.
#[derive(Debug, Clone)]
pub struct Computed {
    /// Its fields.
    pub known: Known,
    /// A bundle, when the values that it is made of are known.
    pub bundle: Option<Value>,
}

/// The output of a native module; `None` when its mapping does not tell.
pub fn computed(module: Module<'_>, draft: &Blueprint, ground: &Ground) -> Option<Computed> {
    let mapper = module.mapper();
    match module.name() {
        "util:SetVariable" | "util:SetVariable2" => variables(std::slice::from_ref(mapper), ground),
        "util:SetVariables" => variables(mapper.field("variables").as_array()?, ground),
        "util:GetVariable" | "util:GetVariable2" => read([mapper.field("name")], ground),
        "util:GetVariables" => read(mapper.field("variables").as_array()?, ground),
        "builtin:BasicFeeder" => Some(iterator(mapper.field("array"), ground)),
        "builtin:BasicRepeater" => Some(counter(mapper.field("start"))),
        "util:FunctionIncrement" => Some(counter(&Value::from(1))),
        "util:ComposeTransformer" => Some(single("value", "Text", mapper.field("value"), Some("text"), ground)),
        "util:Switcher" => {
            let first = mapper.field("casesTable").as_array().and_then(<[Value]>::first);
            let output = first.map_or(mapper.field("elseOutput"), |case| case.field("output"));
            Some(single("output", "Output", output, None, ground))
        }
        "builtin:BasicMerge" => Some(merge(module, ground)),
        "util:BasicTrigger" => Some(written_down(module)),
        "scenario-service:StartSubscenario" => Some(inputs(draft, ground)),
        "builtin:BasicAggregator" => Some(aggregate(module, ("array", "Array", array(mapper, ground)))),
        "util:TextAggregator" | "util:AggregateAggregator" => {
            Some(aggregate(module, ("text", "Text", Known::named("", "", "text"))))
        }
        "util:FunctionAggregator2" => Some(aggregate(module, ("result", "Result", Known::named("", "", "number")))),
        "json:AggregateToJSON" => Some(aggregate(module, ("json", "JSON string", Known::named("", "", "text")))),
        _ => None,
    }
}

/// What a mapped value is, with its last value when that is known.
fn mapped(value: &Value, ground: &Ground) -> Known {
    let mut known = match value.as_text().filter(|text| text.contains("{{")).map(Template::parse) {
        None => return Known::of_value(value),
        Some(Err(_)) => return Known::named("", "", "any"),
        Some(Ok(template)) => match template.as_reference() {
            Some(reference) => ground.follow(&reference).unwrap_or_default(),
            None => Known::default(),
        },
    };
    // What is lost on the way keeps its fields and loses its values.
    known.forget_values();
    if let Some(value) = ground.evaluate(&Mapping::compile(value).0) {
        known.fill(&value);
    }
    if known.kind.is_empty() { Known { kind: "any", ..known } } else { known }
}

/// A bundle of the values of some fields; nothing when none has any.
fn bundle(known: &Known) -> Option<Value> {
    let fields = known.fields.iter().filter_map(|field| Some((field.name.as_str(), field.value.clone()?)));
    let bundle: Collection = fields.collect();
    (!bundle.is_empty()).then(|| bundle.into())
}

fn output(fields: Vec<Known>) -> Computed {
    let known = Known::output(fields);
    Computed { bundle: bundle(&known), known }
}

fn single(name: &str, label: &str, value: &Value, kind: Option<&'static str>, ground: &Ground) -> Computed {
    let mut field = mapped(value, ground).called(name, label);
    if let Some(kind) = kind {
        field = Known { kind, fields: Vec::new(), value: field.value.as_ref().map(as_text), ..field };
    }
    output(vec![field])
}

fn as_text(value: &Value) -> Value {
    rouage_expr::to_text(value).map_or(Value::Undefined, Value::Text)
}

/// Names that are computed could be any, so that nothing is known then.
fn variables(variables: &[Value], ground: &Ground) -> Option<Computed> {
    let field = |variable: &Value| {
        let name = fixed(variable.field("name"))?;
        Some(mapped(variable.field("value"), ground).called(name, ""))
    };
    variables.iter().map(field).collect::<Option<Vec<_>>>().map(output)
}

fn fixed(name: &Value) -> Option<&str> {
    name.as_text().filter(|name| !name.is_empty() && !name.contains("{{"))
}

/// Variables that are read are those that were set before under that name.
fn read<'v>(names: impl IntoIterator<Item = &'v Value>, ground: &Ground) -> Option<Computed> {
    let field = |name: &Value| {
        let name = fixed(name)?;
        Some(ground.variable(name).unwrap_or_else(|| Known::named("", "", "any")).called(name, ""))
    };
    names.into_iter().map(field).collect::<Option<Vec<_>>>().map(output)
}

fn counter(start: &Value) -> Computed {
    let value = rouage_expr::to_number(start).map_or(Value::from(1), Value::Number);
    output(vec![Known { value: Some(value), ..Known::named("i", "i", "number") }])
}

/// The fields of the items of the array that it is fed.
fn iterator(array: &Value, ground: &Ground) -> Computed {
    let fed = mapped(array, ground);
    let items = fed.value.clone();
    let first = items.as_ref().map(|items| items.as_array().and_then(<[Value]>::first).unwrap_or(items).clone());
    let item = fed.item();
    let mut known = match item.kind {
        "collection" => Known { label: String::new(), ..item },
        "any" | "" if item.fields.is_empty() => Known::output(Vec::new()),
        _ => Known::output(vec![item.called("value", "Value")]),
    };
    let length = items.as_ref().and_then(Value::as_array).map(<[Value]>::len);
    let position = |name: &str, label: &str, value: Option<usize>| Known {
        value: value.map(Value::from),
        ..Known::named(name, label, "number")
    };
    let bundle = first.map(|first| item_bundle(&first, length.unwrap_or(1)));
    known.value = None;
    known.fields.retain(|field| !field.name.starts_with("__IMT"));
    known.fields.push(position("__IMTLENGTH__", "Total number of bundles", length));
    known.fields.push(position("__IMTINDEX__", "Bundle order position", length.map(|_| 1)));
    if let Some(bundle) = &bundle {
        known.fill(bundle);
    }
    Computed { known, bundle }
}

fn item_bundle(item: &Value, length: usize) -> Value {
    let mut bundle = match item {
        Value::Collection(fields) => fields.as_ref().clone(),
        other => Collection::from_iter([("value", other.clone())]),
    };
    bundle.insert("__IMTLENGTH__", length);
    bundle.insert("__IMTINDEX__", 1);
    bundle.into()
}

/// The list of what is mapped, once for every bundle.
fn array(mapper: &Value, ground: &Ground) -> Known {
    let fields = mapper.as_collection().into_iter().flat_map(Collection::iter);
    let item = Known::output(fields.map(|(name, value)| mapped(value, ground).called(&**name, "")).collect());
    let sample = bundle(&item);
    Known { value: sample.map(|item| vec![item].into()), ..item.list() }
}

fn aggregate(module: Module<'_>, (name, label, result): (&str, &str, Known)) -> Computed {
    let mut fields = vec![result.called(name, label)];
    let group_by = module.flags().field("groupBy");
    if !group_by.is_nothing() && group_by.as_text() != Some("") {
        fields.push(Known::named("__IMTKEY__", "Key", "text"));
    }
    fields.push(Known::named("__IMTAGGLENGTH__", "Number of gathered bundles", "number"));
    output(fields)
}

/// Each field is what the first branch maps to it.
fn merge(module: Module<'_>, ground: &Ground) -> Computed {
    let outputs = module.0.field("outputs").as_array().unwrap_or_default().iter();
    let fields = outputs.filter_map(|field| {
        let name = fixed(field.field("name"))?;
        let first = field.field("mappings").as_array().and_then(<[Value]>::first).unwrap_or(&Value::Undefined);
        Some(mapped(first, ground).called(name, field.field("label").as_text().unwrap_or_default()))
    });
    output(fields.collect())
}

/// A Basic trigger gives what stands in it.
fn written_down(module: Module<'_>) -> Computed {
    let mut known = Known::output(Vec::new());
    let mut last = None;
    for entry in module.parameters().field("values").as_array().unwrap_or_default() {
        let fields = entry.field("spec").as_array().unwrap_or_default().iter();
        let named = fields.filter_map(|field| Some((field.field("name").as_text()?, field.field("value").clone())));
        let bundle = Value::from(named.collect::<Collection>());
        known.absorb(Known::of_value(&bundle));
        last = Some(bundle);
    }
    known.value = None;
    Computed { known, bundle: last }
}

fn inputs(draft: &Blueprint, ground: &Ground) -> Computed {
    let fields = Interface::of(draft).inputs;
    let mut known = Known::output(fields.iter().map(input).collect());
    known.fill(&ground.inputs);
    let bundle = ground.inputs.as_collection().filter(|inputs| !inputs.is_empty());
    Computed { bundle: bundle.map(|inputs| inputs.clone().into()), known }
}

/// An input of the scenario.
pub fn input(field: &interface::Field) -> Known {
    let stored = interface::stored(std::slice::from_ref(field));
    Known::of_interface(stored.as_array().unwrap_or_default()).fields.pop().unwrap_or_default()
}

/// The error that an error route sees.
pub fn error(value: Option<&Value>) -> Known {
    let mut error = Known::output(vec![
        Known::named("message", "Message", "text"),
        Known::named("type", "Type", "text"),
        Known::named("", "", "text").list().called("detail", "Details"),
    ])
    .called("error", "Error");
    if let Some(value) = value {
        error.fill(value);
    }
    error
}
