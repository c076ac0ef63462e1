//! Data stores: records by key in Rouage's own store. Writes are staged, so
//! each is made exactly once and can be rolled back with its run.
//!
//! Shapes of input and output: `make-semantics.md` §7.2.

mod add_record;
mod delete_all_records;
mod delete_record;
mod exist_record;
mod get_record;
mod search_record;
mod sort;
mod stats;
mod update_record;

use std::sync::Arc;

use rouage_model::structure::Structure;
use rouage_model::{Collection, DatastoreId, ModuleError, Text, Value, datastore};
use rouage_sdk::structure::{Extent, check};
use rouage_sdk::{
    App, Call, Field, FieldChoice, FieldChoices, FieldKind, Outcome, Staged, StagedEffect, StructureOf, choices, files,
};

pub(crate) fn app() -> App {
    App {
        name: "datastore",
        label: "Data store",
        color: "#7a4fd0",
        icon: "datastore",
        synonyms: &["database", "db", "table", "record", "memory", "storage", "key value", "remember"],
        modules: vec![
            Arc::new(add_record::AddRecord::default()),
            Arc::new(delete_all_records::DeleteAllRecords::default()),
            Arc::new(delete_record::DeleteRecord::default()),
            Arc::new(exist_record::ExistRecord::default()),
            Arc::new(get_record::GetRecord::default()),
            Arc::new(search_record::SearchRecord::default()),
            Arc::new(stats::Stats::default()),
            Arc::new(update_record::UpdateRecord::default()),
        ],
        connections: Vec::new(),
    }
}

/// The parameter all modules have.
fn datastore_field() -> Field {
    Field::new("datastore", "Data store", FieldKind::Datastore).required().help("Where the records are kept.")
}

fn key_field() -> Field {
    Field::text("key", "Key").help("The name of the record, unique in its data store.")
}

fn record_field() -> Field {
    Field::new("data", "Record", FieldKind::Collection(Vec::new())).dynamic().help("The fields of the record.")
}

/// The structure of the chosen data store, for an open form.
async fn structure_for_form(call: &Call<'_>) -> Result<Option<Structure>, ModuleError> {
    let Some(store) = call.parameters.integer("datastore") else {
        return Err(ModuleError::data("choose the data store first"));
    };
    call.host.structure(StructureOf::Datastore(DatastoreId(store))).await
}

/// The fields of a record, for an open form.
async fn record_choices(call: &Call<'_>) -> Result<FieldChoices, ModuleError> {
    match structure_for_form(call).await? {
        Some(structure) => Ok(FieldChoices::of_fields(choices::of_structure(&structure))),
        None => Err(ModuleError::data(
            "this data store has no data structure, so a record may have any fields: give it one on the Data stores \
             page, or map a whole collection here",
        )),
    }
}

/// What a condition or an order can name: the key, and the fields of records.
async fn column_choices(call: &Call<'_>, search: &str) -> Result<FieldChoices, ModuleError> {
    let mut columns = vec![FieldChoice::new("key", "Key").note("The key of the record")];
    let fields = structure_for_form(call).await?.map(|structure| structure.fields).unwrap_or_default();
    for field in fields.iter().filter(|field| field.name.as_ref() != "key") {
        let label = if field.label.is_empty() { &field.name } else { &field.label };
        columns.push(FieldChoice::new(field.name.to_string(), label.to_string()).note(field.kind.label()));
    }
    Ok(FieldChoices::matching(columns, search))
}

/// The data store that was chosen.
fn store_of(call: &Call<'_>) -> Result<DatastoreId, ModuleError> {
    let missing = || ModuleError::validation(vec!["Missing value of required parameter 'datastore'.".into()]);
    call.parameters.integer("datastore").map(DatastoreId).ok_or_else(missing)
}

/// The key of the input, which the spec requires.
fn key_of(call: &Call<'_>) -> Text {
    call.input.text("key").unwrap_or_default().into()
}

/// The mapped fields, checked and coerced by the structure of the data store.
async fn data_of(call: &Call<'_>, store: DatastoreId, extent: Extent) -> Result<Collection, ModuleError> {
    // A record outlives the run and its files, so it holds their bytes itself.
    let most = datastore::MAX_RECORD as u64 / 2;
    let data = files::with_bytes(call.host.files().as_ref(), call.input.raw("data"), most).await?;
    let data = data.as_collection().cloned().unwrap_or_default();
    match call.host.structure(StructureOf::Datastore(store)).await? {
        None => Ok(data),
        Some(structure) => check(&structure, &data, extent, &call.timezone).map_err(ModuleError::validation),
    }
}

/// A write: made with the operation's answer, in one transaction.
fn stage(call: datastore::Call, finish: impl FnOnce(Value) -> Vec<Value> + Send + 'static) -> Outcome {
    let finish = Box::new(|answer| Ok(finish(answer)));
    Outcome::Staged(Staged { effect: StagedEffect::Datastore(call), finish })
}

/// The key of a record and its fields beside it.
fn with_key(answer: &Value) -> Value {
    let mut bundle = Collection::from_iter([("key", answer.field("key").clone())]);
    for (name, value) in answer.field("data").as_collection().into_iter().flat_map(Collection::iter) {
        if name.as_ref() != "key" {
            bundle.insert(name.clone(), value.clone());
        }
    }
    bundle.into()
}

#[cfg(test)]
pub(crate) mod tests {
    use rouage_sdk::testing::{Bench, value};
    use rouage_sdk::{Host, Module};

    use super::*;

    /// Runs a module that writes: its call, and its output for an answer.
    pub(crate) async fn staged(
        bench: &Bench,
        module: &dyn Module,
        mapper: &Value,
        answer: &str,
    ) -> Result<(datastore::Call, Vec<Value>), ModuleError> {
        match bench.run(module, &value(r#"{"datastore":7}"#), mapper).await? {
            Outcome::Staged(Staged { effect: StagedEffect::Datastore(call), finish }) => {
                Ok((call, finish(value(answer))?))
            }
            _ => panic!("expected a staged write"),
        }
    }

    #[tokio::test]
    async fn a_record_holds_the_bytes_of_its_files() {
        let bench = Bench::default();
        let file = files::keep(bench.host.files(), vec![7; 300_000].into()).await.unwrap();
        let data = Collection::from_iter([("file", Value::Buffer(file))]);
        let mapper = Collection::from_iter([("data", data)]).into();
        let (call, _) = staged(&bench, &add_record::AddRecord::default(), &mapper, "{}").await.unwrap();
        let datastore::Call::Add { data, .. } = call else { panic!("{call:?}") };
        assert_eq!(data.get("file"), Some(&Value::buffer(vec![7; 300_000])));
    }

    #[tokio::test]
    async fn a_module_without_a_data_store_says_so() {
        let bench = Bench::default();
        let error = bench.run(&stats::Stats::default(), &Value::Undefined, &Value::Undefined).await.err().unwrap();
        assert_eq!(error.details[0].as_ref(), "Missing value of required parameter 'datastore'.");
    }

    #[tokio::test]
    async fn a_form_knows_the_fields_of_the_chosen_data_store() {
        let bench = Bench::default();
        let (add, search) = (add_record::AddRecord::default(), search_record::SearchRecord::default());
        let call = bench.call(&add, &value(r#"{"datastore":7}"#), &value("{}")).unwrap();
        let error = add.field_choices(&call, "data", "").await.unwrap_err();
        assert!(error.message.contains("has no data structure"), "{error:?}");
        bench.host.set_structure(r#"[{"name":"mail","type":"text","label":"E-mail"},{"name":"age","type":"number"}]"#);
        let fields = add.field_choices(&call, "data", "").await.unwrap().fields.unwrap();
        assert_eq!((fields[0].label.as_str(), &fields[1].kind), ("E-mail", &FieldKind::Number));
        let call = bench.call(&search, &value(r#"{"datastore":7}"#), &value("{}")).unwrap();
        let columns = search.field_choices(&call, "filter", "").await.unwrap().choices;
        let columns: Vec<_> = columns.iter().map(|column| column.value.as_str()).collect();
        assert_eq!(columns, ["key", "mail", "age"]);
        let mut call = call;
        call.parameters = Collection::new().into();
        let error = search.field_choices(&call, "sort.key", "").await.unwrap_err();
        assert_eq!(&*error.message, "choose the data store first");
    }
}
