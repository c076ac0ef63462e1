//! Search records.

use async_trait::async_trait;
use jiff::tz::TimeZone;
use rouage_model::{Collection, ErrorKind, ModuleError, Text, Value, datastore};
use rouage_sdk::{Call, FieldChoices, Effect, Field, FieldKind, Kind, Module, Outcome, Spec, filter};

use super::sort::{self, Rule};

/// The most bytes of found records that are held at a time.
const MOST_BYTES: i64 = 256 * 1024 * 1024;

/// `datastore:SearchRecord`.
pub(super) struct SearchRecord {
    spec: Spec,
}

impl Default for SearchRecord {
    fn default() -> Self {
        let limit = || FieldKind::UnsignedInteger;
        let sort = vec![
            Field::text("key", "Key").live().help("The field to sort by."),
            Field::new("order", "Order", FieldKind::Select(vec![("1", "Ascending"), ("-1", "Descending")]))
                .default("1")
                .help("Which end comes first."),
        ];
        let spec = Spec::new("datastore:SearchRecord", 1, "Search records", Kind::Search, Effect::Read)
            .describe("Finds the records of a data store that meet your conditions.")
            .parameters(vec![
                super::datastore_field(),
                Field::new("limit", "Limit", limit()).help("The most records to find; empty means all."),
                Field::boolean(
                    "continueWhenNoRes",
                    "Continue the execution of the route even if the module returns no results",
                )
                .default("false")
                .advanced()
                .help("Yes: what follows runs once with nothing. No: it does not run."),
            ])
            .mapper(vec![
                Field::new("filter", "Filter", FieldKind::Filter)
                    .live()
                    .help("Which records are wanted; without a condition, all of them."),
                Field::new("sort", "Sort", FieldKind::Array(sort)).help("By what the records are ordered."),
                Field::new("mappAbleLimit", "Limit (mapped)", limit())
                    .advanced()
                    .help("An expression that takes the place of the limit."),
            ])
            .output(vec![
                Field::new("__IMTLENGTH__", "Total number of bundles", FieldKind::UnsignedInteger),
                Field::new("__IMTINDEX__", "Bundle order position", FieldKind::UnsignedInteger),
                super::key_field(),
                super::record_field(),
            ])
            .synonyms(&["find", "filter", "query", "list", "look up", "database", "store"]);
        Self { spec }
    }
}

/// A record that was read.
struct Record {
    key: Text,
    data: Value,
}

impl Record {
    /// The value of a column: a field of the record, also a nested one, or the
    /// key of the record where no field is called so.
    fn value(&self, column: &str) -> Value {
        if let Some(value) = self.data.get(column) {
            return value.clone();
        }
        if column == "key" {
            return self.key.clone().into();
        }
        column.split('.').try_fold(&self.data, |value, name| value.get(name)).cloned().unwrap_or_default()
    }
}

/// OR of ANDs of conditions; no condition fits every record.
fn fits(record: &Record, conditions: &Value, timezone: &TimeZone) -> bool {
    let groups = conditions.as_array().unwrap_or_default().iter().filter_map(Value::as_array);
    let mut groups = groups.filter(|group| !group.is_empty()).peekable();
    let holds = |condition: &Value| {
        let operator = condition.field("o").as_text().unwrap_or("exist");
        filter::compare(operator, &record.value(&column(condition)), condition.get("b"), timezone)
    };
    groups.peek().is_none() || groups.any(|group| group.iter().all(holds))
}

/// A column is a bare name; a number stands for itself.
fn column(condition: &Value) -> String {
    match condition.field("a") {
        Value::Text(column) => column.to_string(),
        other => rouage_model::json::to_string(other),
    }
}

/// Between modules an unknown operator never holds. A search would then find
/// nothing, and add what is there already.
fn check_operators(conditions: &Value) -> Result<(), ModuleError> {
    let groups = conditions.as_array().unwrap_or_default().iter().filter_map(Value::as_array);
    for condition in groups.flatten() {
        let operator = condition.field("o").as_text().unwrap_or("exist");
        if !filter::is_operator(operator) {
            return Err(ModuleError::data(format!("Search records does not know the operator {operator:?}")));
        }
    }
    Ok(())
}

/// All records that fit, in the order they were added; no more than `most`.
async fn find(call: &Call<'_>, most: usize) -> Result<Vec<Record>, ModuleError> {
    let (store, conditions) = (super::store_of(call)?, call.input.raw("filter"));
    let (mut found, mut after, mut bytes) = (Vec::new(), 0, 0);
    while found.len() < most {
        let answer = call.host.read_datastore(datastore::Call::Scan { store, after }).await?;
        for read in answer.field("records").as_array().unwrap_or_default() {
            let key = read.field("key").as_text().unwrap_or_default().into();
            let record = Record { key, data: read.field("data").clone() };
            if found.len() < most && fits(&record, conditions, &call.timezone) {
                bytes += read.field("size").as_i64().unwrap_or(0);
                found.push(record);
            }
        }
        if bytes > MOST_BYTES {
            let text = format!("more than {} MB of records fit: set a limit or narrow the filter", MOST_BYTES >> 20);
            return Err(ModuleError::new(ErrorKind::MaxResultsExceededError, text));
        }
        match answer.field("next").as_i64() {
            Some(next) => after = next,
            None => break,
        }
    }
    Ok(found)
}

fn sort(records: &mut [Record], rules: &[Rule]) {
    records.sort_by(|left, right| {
        let orders = rules.iter().map(|rule| {
            let order = sort::compare(&left.value(&rule.field), &right.value(&rule.field));
            if rule.is_descending { order.reverse() } else { order }
        });
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
}

fn limit(call: &Call<'_>) -> usize {
    let limit = call.input.integer("mappAbleLimit").or_else(|| call.parameters.integer("limit"));
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

fn bundles(records: Vec<Record>) -> Vec<Value> {
    let length = records.len();
    let bundle = |(at, record): (usize, Record)| {
        Collection::from_iter([
            ("__IMTLENGTH__", Value::from(length)),
            ("__IMTINDEX__", Value::from(at + 1)),
            ("key", record.key.into()),
            ("data", record.data),
        ])
        .into()
    };
    records.into_iter().enumerate().map(bundle).collect()
}

#[async_trait]
impl Module for SearchRecord {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        check_operators(call.input.raw("filter"))?;
        let (rules, limit) = (Rule::all(call.input.array("sort")), limit(call));
        // The first by some order are known only when all are.
        let most = if rules.is_empty() { limit } else { usize::MAX };
        let mut found = find(call, most).await?;
        sort(&mut found, &rules);
        found.truncate(limit);
        if found.is_empty() && call.parameters.is_true("continueWhenNoRes") {
            // The marker bundle (decision D66).
            return Ok(Outcome::bundle(Collection::from_iter([("__IMTLENGTH__", 0)])));
        }
        Ok(Outcome::Bundles(bundles(found)))
    }

    async fn field_choices(&self, call: &Call<'_>, _field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        super::column_choices(call, search).await
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::json;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    const FIRST: &str = r#"{"records":[{"key":"a","size":1,"data":{"name":"Ada","n":10,"at":{"city":"Paris"}}},
        {"key":"b","size":1,"data":{"name":"Grace","n":9}}],"next":2}"#;
    const SECOND: &str = r#"{"records":[{"key":"c","size":1,"data":{"name":"Ada","n":7,"key":"own"}}],"next":null}"#;

    async fn run(parameters: &str, mapper: &str) -> Result<String, ModuleError> {
        let bench = Bench::default();
        bench.host.answer_datastore(value(FIRST));
        bench.host.answer_datastore(value(SECOND));
        let mut given = value(parameters).as_collection().unwrap().clone();
        given.insert("datastore", 7);
        let bundles = bench.bundles(&SearchRecord::default(), &given.into(), &value(mapper)).await?;
        Ok(json::to_string(&bundles.into()))
    }

    async fn keys(parameters: &str, mapper: &str) -> String {
        let found = value(&run(parameters, mapper).await.unwrap());
        let keys = found.as_array().unwrap().iter().map(|bundle| bundle.field("key").as_text().unwrap().to_owned());
        keys.collect::<Vec<_>>().join(" ")
    }

    #[tokio::test]
    async fn found_records_carry_key_data_and_their_number() {
        let mapper = r#"{"filter":[[{"a":"name","o":"text:equal","b":"Grace"}]],"sort":[]}"#;
        let expected = r#"[{"__IMTLENGTH__":1,"__IMTINDEX__":1,"key":"b","data":{"name":"Grace","n":9}}]"#;
        assert_eq!(run("{}", mapper).await.unwrap(), expected);
    }

    #[tokio::test]
    async fn conditions_are_or_of_ands_over_fields_paths_and_the_key() {
        for (filter, found) in [
            ("[]", "a b c"),
            ("[[]]", "a b c"),
            (r#"[[{"a":"name","o":"text:equal","b":"Ada"},{"a":"n","o":"number:less","b":"10"}]]"#, "c"),
            (r#"[[{"a":"n","o":"number:equal","b":9}],[{"a":"at.city","o":"exist"}]]"#, "a b"),
            (r#"[[{"a":"key","o":"text:equal","b":"b"}]]"#, "b"),
            (r#"[[{"a":"key","o":"text:equal","b":"own"}]]"#, "c"),
            (r#"[[{"a":"none","o":"notexist"}]]"#, "a b c"),
            (r#"[[{"a":"name","o":"text:notequal:ci","b":"ADA"}]]"#, "b"),
        ] {
            assert_eq!(keys("{}", &format!(r#"{{"filter":{filter}}}"#)).await, found, "{filter}");
        }
    }

    #[tokio::test]
    async fn records_are_sorted_before_they_are_cut() {
        let mapper = r#"{"sort":[{"key":"name","order":1},{"key":"n","order":-1}]}"#;
        assert_eq!(keys("{}", mapper).await, "a c b");
        assert_eq!(keys(r#"{"limit":2}"#, r#"{"sort":[{"key":"n","order":"1"}]}"#).await, "c b");
        assert_eq!(keys(r#"{"limit":null}"#, r#"{"mappAbleLimit":1}"#).await, "a");
        assert_eq!(keys(r#"{"limit":2}"#, r#"{"mappAbleLimit":""}"#).await, "a b");
    }

    #[tokio::test]
    async fn nothing_found_stops_or_marks() {
        let mapper = r#"{"filter":[[{"a":"name","o":"text:equal","b":"x"}]]}"#;
        assert_eq!(run(r#"{"continueWhenNoRes":false}"#, mapper).await.unwrap(), "[]");
        assert_eq!(run(r#"{"continueWhenNoRes":true}"#, mapper).await.unwrap(), r#"[{"__IMTLENGTH__":0}]"#);
    }

    #[tokio::test]
    async fn an_unknown_operator_is_refused() {
        let error = run("{}", r#"{"filter":[[{"a":"n","o":"number:is","b":1}]]}"#).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::DataError);
    }
}
