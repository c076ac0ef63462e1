//! Correcting the module that failed, for one bundle: its fields as texts with
//! the bundle's values beside them. The scenario itself stays as it is.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use rouage_model::blueprint::Module;
use rouage_model::{Collection, IncompleteId, Text, Value, json};
use rouage_runtime::{ControlError, Edited, Opened};
use rouage_sdk::{Field, FieldKind, Spec};

use super::item::{self, Data, ModuleView};
use crate::PageError;
use crate::pages::executions::{Trouble, fields_of, trouble_of};
use crate::pages::scenario::{Choice, refuse};
use crate::query::Query;
use crate::render::{self, Form, Layout, Page, Reply};
use crate::words::{filters, t};

#[derive(Template)]
#[template(path = "incompletes/edit.html")]
struct Edit {
    layout: Layout,
    id: String,
    scenario: String,
    module: ModuleView,
    trouble: Trouble,
    problems: Vec<String>,
    fields: Vec<FieldView>,
    /// Fields that the module leaves out.
    unused: Vec<FieldView>,
    data: Data,
}

/// A field to write.
struct FieldView {
    /// `parameters.` or `mapper.` and the raw name.
    key: String,
    label: String,
    help: &'static str,
    text: String,
    is_json: bool,
    is_long: bool,
    required: bool,
    is_used: bool,
    /// The choices of a list or a switch; empty where anything can be written,
    /// and where an expression stands.
    options: Vec<Choice>,
}

/// A field that can be edited, with what it holds.
struct Editable<'a> {
    part: &'static str,
    name: &'a str,
    spec: Option<&'a Field>,
    value: &'a Value,
}

/// `GET /incomplete/{id}/edit`.
pub async fn show(page: Page, Path(id): Path<IncompleteId>) -> Reply {
    let opened = open(&page, id).await?;
    show_with(&page, &opened, None, Vec::new()).await
}

async fn open(page: &Page, id: IncompleteId) -> Result<Opened, PageError> {
    let opened = page.app.control().open_incomplete(page.app.team(), id).await;
    opened.map_err(|error| refuse(error, "edited"))?.ok_or(PageError::NotFound)
}

async fn show_with(page: &Page, opened: &Opened, typed: Option<&Query>, problems: Vec<String>) -> Reply {
    let module = opened.blueprint.module(opened.item.module).ok_or(PageError::NotFound)?;
    let fields = editable(page, module);
    let fields = fields.iter().map(|field| field_view(field, typed));
    let (fields, unused) = fields.partition(|field: &FieldView| field.is_used);
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = Edit {
        layout: page.layout(t!("Correct the module"), "incomplete").await,
        id: opened.item.id.to_string(),
        scenario: opened.item.scenario_name.clone(),
        module: item::module_view(page, Some(&opened.blueprint), opened.item.module),
        trouble: trouble_of(&opened.item.error, &fields_of(page.app.registry(), module).input),
        problems,
        fields,
        unused,
        data: item::data(page, &opened.item, Some(opened)).await?,
    };
    Ok(render::page(status, &view))
}

/// `POST /incomplete/{id}/edit`: Save and run.
pub async fn run(page: Page, Path(id): Path<IncompleteId>, Form(form): Form) -> Reply {
    let opened = open(&page, id).await?;
    let module = opened.blueprint.module(opened.item.module).ok_or(PageError::NotFound)?;
    let edited = match read(&editable(&page, module), module, &form) {
        Ok(edited) => edited,
        Err(problems) => return show_with(&page, &opened, Some(&form), problems).await,
    };
    match page.app.control().run_edited(page.app.team(), id, edited).await {
        Ok(begun) => item::after(id, begun),
        Err(ControlError::Problems(problems)) => show_with(&page, &opened, Some(&form), problems).await,
        Err(error) => Err(refuse(error, "run")),
    }
}

/// The fields of the module: those of its form, and others that it holds.
/// Accounts, webhooks and the like are chosen on the Set-up tab; a password is
/// not shown.
fn editable<'a>(page: &'a Page, module: Module<'a>) -> Vec<Editable<'a>> {
    let found = page.app.registry().module(module.name(), module.version());
    let spec = found.map(|found| found.spec());
    let own = |spec: &'a Spec, part: &str| if part == "mapper" { &spec.mapper[..] } else { &spec.parameters[..] };
    let mut fields = Vec::new();
    for (part, values) in [("parameters", module.parameters()), ("mapper", module.mapper())] {
        let specs = spec.map(|spec| own(spec, part)).unwrap_or_default();
        let known = specs.iter().map(|field| Editable {
            part,
            name: field.name,
            spec: Some(field),
            value: values.field(field.name),
        });
        let others = values.as_collection().into_iter().flat_map(Collection::iter);
        let others = others.filter(|(name, _)| !specs.iter().any(|field| field.name == name.as_ref()));
        let others = others.map(|(name, value)| Editable { part, name, spec: None, value });
        fields.extend(known.chain(others).filter(|field| !is_set_elsewhere(field)));
    }
    fields
}

fn is_set_elsewhere(field: &Editable<'_>) -> bool {
    let kind = field.spec.map(|spec| &spec.kind);
    field.name.starts_with("__IMT")
        || matches!(
            kind,
            Some(
                FieldKind::Connection(_)
                    | FieldKind::Keychain(_)
                    | FieldKind::Hook(_)
                    | FieldKind::Password
                    | FieldKind::Datastore
                    | FieldKind::Structure
                    | FieldKind::Spreadsheet
                    | FieldKind::Scenario
            )
        )
}

impl Editable<'_> {
    fn key(&self) -> String {
        format!("{}.{}", self.part, self.name)
    }

    fn label(&self) -> String {
        self.spec.map_or_else(|| self.name.to_owned(), |spec| t(spec.label).to_owned())
    }

    /// Lists and collections are written as JSON, all else as it stands.
    fn is_json(&self) -> bool {
        let is_nested =
            |kind: &FieldKind| matches!(kind, FieldKind::Array(_) | FieldKind::Collection(_) | FieldKind::Filter);
        match self.value {
            Value::Array(_) | Value::Collection(_) => true,
            Value::Undefined | Value::Null => self.spec.is_some_and(|spec| is_nested(&spec.kind)),
            _ => false,
        }
    }

    fn text(&self) -> String {
        match self.value {
            Value::Undefined | Value::Null => String::new(),
            Value::Text(text) => text.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Boolean(yes) => yes.to_string(),
            other => json::write(other, json::Style::Indented("  ")),
        }
    }
}

fn field_view(field: &Editable<'_>, typed: Option<&Query>) -> FieldView {
    let key = field.key();
    let text = typed.and_then(|form| form.get(&key)).map_or_else(|| field.text(), ToOwned::to_owned);
    FieldView {
        options: options(field, &text),
        label: field.label(),
        help: field.spec.map_or("", |spec| t(spec.help)),
        is_json: field.is_json(),
        is_long: field.is_json() || text.len() > 60 || text.contains('\n'),
        required: field.spec.is_some_and(|spec| spec.required),
        is_used: !text.is_empty() || field.spec.is_some_and(|spec| spec.required) || !field.value.is_nothing(),
        text,
        key,
    }
}

fn options(field: &Editable<'_>, text: &str) -> Vec<Choice> {
    let pairs = match field.spec.map(|spec| &spec.kind) {
        Some(FieldKind::Boolean) => vec![("true", t!("Yes")), ("false", t!("No"))],
        Some(FieldKind::Select(pairs)) => pairs.clone(),
        _ => return Vec::new(),
    };
    let chosen = |value: &str| value == text;
    if !text.is_empty() && !pairs.iter().any(|(value, _)| chosen(value)) {
        return Vec::new();
    }
    let none = [("", t!("Not set"))].into_iter().filter(|_| pairs.iter().all(|(value, _)| !value.is_empty()));
    let choice =
        |(value, label): (&str, &str)| Choice { value: value.into(), label: label.into(), is_chosen: chosen(value) };
    none.chain(pairs.iter().copied()).map(choice).collect()
}

/// The module with what was written; all that is wrong, not the first only.
fn read(fields: &[Editable<'_>], module: Module<'_>, form: &Query) -> Result<Edited, Vec<String>> {
    let part = |part: &Value| part.as_collection().cloned().unwrap_or_default();
    let mut edited = Edited { parameters: part(module.parameters()), mapper: part(module.mapper()) };
    let mut problems = Vec::new();
    for field in fields {
        let Some(written) = form.get(&field.key()) else { continue };
        let written = written.replace("\r\n", "\n");
        let values = if field.part == "mapper" { &mut edited.mapper } else { &mut edited.parameters };
        match read_one(field, &written) {
            Ok(Some(value)) => values.insert(field.name, value),
            Ok(None) => {
                values.remove(field.name);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(edited) } else { Err(problems) }
}

/// Nothing when the field is left out.
fn read_one(field: &Editable<'_>, written: &str) -> Result<Option<Value>, String> {
    if *written == field.text() {
        let kept = !matches!(field.value, Value::Undefined);
        return Ok(kept.then(|| field.value.clone()));
    }
    if written.is_empty()
        && matches!(field.spec.map(|spec| &spec.kind), Some(FieldKind::Boolean | FieldKind::Select(_)))
    {
        return Ok(None);
    }
    if field.is_json() {
        if written.trim().is_empty() {
            return Ok(None);
        }
        // A mapping may give the whole list.
        if written.trim_start().starts_with("{{") {
            return Ok(Some(written.into()));
        }
        return match json::parse(written.as_bytes()) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(t!("{label} is not JSON: {error}.", label = field.label(), error = error)),
        };
    }
    Ok(Some(match field.value {
        Value::Number(_) => match json::parse(written.trim().as_bytes()) {
            Ok(number @ Value::Number(_)) => number,
            _ => written.into(),
        },
        Value::Boolean(_) if written.trim() == "true" => true.into(),
        Value::Boolean(_) if written.trim() == "false" => false.into(),
        _ => Value::Text(Text::from(written)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(text: &str) -> Value {
        json::parse(text.as_bytes()).unwrap()
    }

    fn fields<'a>(module: Module<'a>) -> Vec<Editable<'a>> {
        let values = module.mapper().as_collection().unwrap();
        values.iter().map(|(name, value)| Editable { part: "mapper", name, spec: None, value }).collect()
    }

    #[test]
    fn what_is_not_touched_keeps_its_type_and_what_is_written_gets_one() {
        let value =
            module(r#"{"id":2,"module":"a:B","mapper":{"n":5,"b":true,"t":"{{1.x}}","list":[1,{"a":"{{1.y}}"}]}}"#);
        let module = Module(&value);
        let fields = fields(module);
        let form = Query::parse("mapper.n=7&mapper.b=false&mapper.t=%7B%7B1.z%7D%7D");
        let edited = read(&fields, module, &form).unwrap();
        let expected = r#"{"n":7,"b":false,"t":"{{1.z}}","list":[1,{"a":"{{1.y}}"}]}"#;
        assert_eq!(json::to_string(&edited.mapper.clone().into()), expected);
        let form = Query::parse("mapper.list=%7B%7B1.items%7D%7D&mapper.n=%7B%7B1.n%7D%7D");
        let edited = read(&fields, module, &form).unwrap();
        assert_eq!(edited.mapper.get("list"), Some(&Value::text("{{1.items}}")));
        assert_eq!(edited.mapper.get("n"), Some(&Value::text("{{1.n}}")));
    }

    #[test]
    fn every_field_that_is_no_json_is_named() {
        let value = module(r#"{"id":2,"module":"a:B","mapper":{"one":[],"two":{}}}"#);
        let module = Module(&value);
        let problems = read(&fields(module), module, &Query::parse("mapper.one=[1&mapper.two={")).unwrap_err();
        assert_eq!(problems.len(), 2);
        assert!(problems[0].starts_with("one is not JSON"), "{problems:?}");
    }
}
