//! Search Rows.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use rouage_model::a1::Range;
use rouage_model::{Collection, ModuleError, Text, Value};
use rouage_sdk::{Call, FieldChoices, Effect, Field, FieldKind, Kind, Module, Outcome, Spec, Values, filter};

use super::client::Shared;
use super::sort_key::SortKey;
use super::{cells, choices, fields, target};

/// `google-sheets:filterRows`.
pub(super) struct FilterRows {
    spec: Spec,
    shared: Arc<Shared>,
}

impl FilterRows {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let spec = Spec::new("google-sheets:filterRows", 2, "Search Rows", Kind::Search, Effect::Read)
            .describe("Finds the rows of a sheet that meet your conditions.")
            .parameters(vec![fields::connection()])
            .mapper(vec![
                fields::from(),
                fields::spreadsheet(),
                fields::sheet(),
                fields::includes_headers(),
                fields::table_first_row(),
                Field::new("filter", "Filter", FieldKind::Filter)
                    .live()
                    .help("Which rows are wanted; without a condition, all of them."),
                Field::new(
                    "sortOrder",
                    "Sort order",
                    FieldKind::Select(vec![("asc", "Ascending"), ("desc", "Descending")]),
                )
                .default("asc")
                .advanced()
                .help("Which end comes first, once you choose what to order by."),
                Field::text("orderBy", "Order by")
                    .live()
                    .advanced()
                    .help("The column by which the rows are sorted; empty leaves them as they stand."),
                Field::new(
                    "fieldType",
                    "Compare as",
                    FieldKind::Select(vec![("string", "Text"), ("number", "Number"), ("date", "Date")]),
                )
                .advanced()
                .help("How two values are compared when sorting."),
                fields::value_render(),
                fields::date_render(),
                Field::new("limit", "Maximum number of returned rows", FieldKind::UnsignedInteger)
                    .help("Empty means all that are found."),
            ])
            .output(fields::row_output())
            .synonyms(&["exists", "filter", "find", "get rows", "look up", "lookup", "query", "read", "search", "table"]);
        Self { spec, shared: shared.clone() }
    }
}

/// A row that was read.
struct Row {
    /// From 1.
    number: u32,
    cells: Vec<Value>,
}

/// The value of a column: a letter, an index or `__ROW_NUMBER__`.
fn value_of(row: &Row, column: &str, first: u32) -> Value {
    if column == "__ROW_NUMBER__" {
        return row.number.into();
    }
    let index = target::column(column.trim()).and_then(|column| column.checked_sub(first));
    match index.and_then(|index| row.cells.get(index as usize)) {
        // A cell that was never filled and one that was emptied are the same.
        Some(Value::Text(text)) if text.is_empty() => Value::Undefined,
        Some(value) => value.clone(),
        None => Value::Undefined,
    }
}

/// OR of ANDs of conditions; no condition fits every row.
fn fits(row: &Row, conditions: &Value, first: u32, timezone: &TimeZone) -> Result<bool, ModuleError> {
    let groups = conditions.as_array().unwrap_or_default().iter().filter_map(Value::as_array);
    let mut any = false;
    for group in groups.filter(|group| !group.is_empty()) {
        any = true;
        if all_hold(row, group, first, timezone)? {
            return Ok(true);
        }
    }
    Ok(!any)
}

fn all_hold(row: &Row, group: &[Value], first: u32, timezone: &TimeZone) -> Result<bool, ModuleError> {
    for condition in group {
        let column = match condition.field("a") {
            Value::Text(column) => column.to_string(),
            other => rouage_model::json::to_string(other),
        };
        let operator = condition.field("o").as_text().unwrap_or("exist");
        // Between modules an unknown operator never holds. A search would then
        // find nothing, and add what is there already.
        if !filter::is_operator(operator) {
            return Err(ModuleError::data(format!("Search Rows does not know the operator {operator:?}")));
        }
        if !filter::compare(operator, &value_of(row, &column, first), condition.get("b"), timezone) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Sorts when a column is named; rows that are equal keep their order, and
/// those without a value come last either way.
fn sort(rows: &mut [Row], input: &Values, first: u32, timezone: &TimeZone) {
    let Some(column) = input.text("orderBy") else { return };
    // Blueprints order by row number with "string", and mean the last row.
    let kind = if column == "__ROW_NUMBER__" { "number" } else { input.text_or("fieldType", "string") };
    let descending = input.text("sortOrder") == Some("desc");
    rows.sort_by_cached_key(|row| SortKey::new(&value_of(row, column, first), kind, descending, timezone));
}

fn bundles(rows: &[Row], id: &Text, sheet: &str, first: u32) -> Vec<Value> {
    let mut bundles = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        let mut bundle = Collection::with_capacity(row.cells.len() + 5);
        bundle.insert("__IMTLENGTH__", rows.len());
        bundle.insert("__IMTINDEX__", at + 1);
        bundle.insert("__ROW_NUMBER__", row.number);
        bundle.insert("__SPREADSHEET_ID__", id.clone());
        bundle.insert("__SHEET__", sheet);
        for (column, value) in (first..).zip(&row.cells) {
            bundle.insert(column.to_string(), value.clone());
        }
        bundles.push(bundle.into());
    }
    bundles
}

#[async_trait]
impl Module for FilterRows {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let (id, sheet) = (target::spreadsheet(&call.input)?, target::sheet(&call.input, "sheetId")?);
        if call.input.text("filter").is_some() {
            return Err(ModuleError::data("the filter is a text, not a list of conditions; set it again"));
        }
        let table = target::table(&call.input)?;
        let (first, header) = (table.first_column.unwrap_or(0), table.first_row.unwrap_or(0));
        let data = if call.input.is_true("includesHeaders") { header + 1 } else { header };
        let range = Range { sheet: Some(sheet.to_owned()), first_row: Some(data), last_row: None, ..table };
        let answer = self.shared.client(call)?.read(cells::values_call(id.clone(), &range, &call.input)).await?;
        let rows = (data..).zip(cells::rows(&answer)).filter(|(_, cells)| !cells::is_blank(cells));
        let mut found = Vec::new();
        for row in rows.map(|(row, cells)| Row { number: row + 1, cells: cells.to_vec() }) {
            if fits(&row, call.input.raw("filter"), first, &call.timezone)? {
                found.push(row);
            }
        }
        sort(&mut found, &call.input, first, &call.timezone);
        if let Some(limit) = call.input.integer("limit").and_then(|limit| usize::try_from(limit).ok()) {
            found.truncate(limit);
        }
        if found.is_empty() {
            return Ok(Outcome::Bundles(cells::nothing_found()));
        }
        Ok(Outcome::Bundles(bundles(&found, &id, sheet, first)))
    }

    async fn field_choices(&self, call: &Call<'_>, field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        choices::of(&self.shared, call, field, search).await
    }
}

#[cfg(test)]
mod tests {
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    const ROWS: &str =
        r#"{"values":[["Ada","paid","10"],[],["Grace","open","9"],["Linus","paid",""],["Bob","paid","100"]]}"#;

    async fn search(mapper: &str) -> Vec<Value> {
        let bench = Bench::default();
        bench.host.answer_sheets(Ok(value(ROWS)));
        let mut whole =
            value(r#"{"spreadsheetId":"/abc","sheetId":"Orders","tableFirstRow":"A1:CZ1","includesHeaders":true}"#)
                .as_collection()
                .cloned()
                .unwrap();
        for (key, value) in value(mapper).as_collection().unwrap().iter() {
            whole.insert(key.clone(), value.clone());
        }
        let module = FilterRows::new(&Arc::default());
        bench.bundles(&module, &value("{}"), &whole.into()).await.unwrap()
    }

    fn names(bundles: &[Value]) -> Vec<&str> {
        bundles.iter().map(|bundle| bundle.field("0").as_text().unwrap_or("-")).collect()
    }

    #[tokio::test]
    async fn conditions_name_columns_by_letter() {
        let found = search(r#"{"filter":[[{"a":"B","o":"text:equal","b":"paid"},{"a":"C","o":"exist"}]]}"#).await;
        assert_eq!(names(&found), ["Ada", "Bob"]);
        assert_eq!(found[1].field("__ROW_NUMBER__"), &Value::from(6));
        assert_eq!(found[1].field("__IMTINDEX__"), &Value::from(2));
        assert_eq!(found[0].field("__IMTLENGTH__"), &Value::from(2));
        assert_eq!(found[0].field("__SPREADSHEET_ID__"), &Value::text("abc"));
        let either = r#"{"filter":[[{"a":"A","o":"text:equal","b":"Grace"}],[{"a":"C","o":"notexist"}]]}"#;
        assert_eq!(names(&search(either).await), ["Grace", "Linus"]);
    }

    #[tokio::test]
    async fn rows_are_sorted_before_they_are_limited() {
        let text = search(r#"{"orderBy":"C","sortOrder":"asc","limit":"2"}"#).await;
        assert_eq!(names(&text), ["Ada", "Bob"]);
        let number = search(r#"{"orderBy":"C","fieldType":"number","sortOrder":"asc","limit":2}"#).await;
        assert_eq!(names(&number), ["Grace", "Ada"]);
        let descending = search(r#"{"orderBy":"C","fieldType":"number","sortOrder":"desc"}"#).await;
        assert_eq!(names(&descending), ["Bob", "Ada", "Grace", "Linus"]);
        let unordered = search(r#"{"sortOrder":"desc"}"#).await;
        assert_eq!(names(&unordered), ["Ada", "Grace", "Linus", "Bob"]);
    }

    #[tokio::test]
    async fn the_last_row_is_the_last_also_when_compared_as_text() {
        let bench = Bench::default();
        let rows: Vec<String> = (2..=11).map(|number| format!(r#"["row {number}"]"#)).collect();
        bench.host.answer_sheets(Ok(value(&format!(r#"{{"values":[{}]}}"#, rows.join(",")))));
        let mapper = r#"{"spreadsheetId":"abc","sheetId":"Orders","includesHeaders":true,"orderBy":"__ROW_NUMBER__",
            "fieldType":"string","sortOrder":"desc","limit":"1"}"#;
        let module = FilterRows::new(&Arc::default());
        let found = bench.bundles(&module, &value("{}"), &value(mapper)).await.unwrap();
        assert_eq!(names(&found), ["row 11"]);
    }

    /// A filter that is not understood must not pass every row.
    #[tokio::test]
    async fn a_filter_that_is_no_list_is_refused() {
        let bench = Bench::default();
        bench.host.answer_sheets(Ok(value(ROWS)));
        for filter in [r#""status = 'active'""#, r#"[[{"a":"A","o":"is","b":"x"}]]"#] {
            let mapper = value(&format!(r#"{{"spreadsheetId":"abc","sheetId":"Orders","filter":{filter}}}"#));
            let module = FilterRows::new(&Arc::default());
            let error = bench.bundles(&module, &value("{}"), &mapper).await.unwrap_err();
            assert_eq!(error.kind, rouage_model::ErrorKind::DataError, "{filter}");
        }
    }

    #[tokio::test]
    async fn nothing_found_is_one_marker_bundle() {
        let found = search(r#"{"filter":[[{"a":"A","o":"text:equal","b":"nobody"}]]}"#).await;
        assert_eq!(found, [value(r#"{"__IMTLENGTH__":0}"#)]);
    }
}
