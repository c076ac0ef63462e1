//! Watch New Rows: polls for rows below the last one that was delivered.
//!
//! As in Make, a row is new by its number and not by its content, and an empty
//! row ends the reading: what stands below it is not delivered before the gap
//! is filled. Make says nothing of that; here the position does, in words.
//! Rows that are inserted above shift the numbers, and rows that are deleted
//! leave the position behind: then it must be chosen anew where to start.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use rouage_model::a1::Range;
use rouage_model::{Collection, ModuleError, Text, Value};
use rouage_sdk::{Call, FieldChoices, Choice, Effect, Field, FieldKind, Kind, Module, Outcome, Spec, Start, StartOption, polling};

use super::client::Shared;
use super::{cells, choices, fields, target};

/// Rows that are looked at beyond those delivered, to tell of a gap.
const AHEAD: u32 = 100;
/// The most rows of one poll (source: `make-semantics.md` §3.2).
const MOST: i64 = 3200;
/// Rows offered as the first one.
const CHOICES: usize = 50;

/// `google-sheets:watchRows`.
pub(super) struct WatchRows {
    spec: Spec,
    shared: Arc<Shared>,
}

impl WatchRows {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let spec = Spec::new("google-sheets:watchRows", 2, "Watch New Rows", Kind::PollingTrigger, Effect::Read)
            .describe(
                "Starts the scenario with the rows that were added at the end of a sheet. An empty row ends the \
                 reading: rows below it are not found until it is filled.",
            )
            .parameters(vec![
                fields::connection(),
                fields::mode(),
                fields::from(),
                fields::spreadsheet(),
                fields::sheet(),
                fields::includes_headers(),
                fields::table_first_row().default("A1:Z1"),
                fields::value_render(),
                fields::date_render(),
                Field::new("limit", "Limit", FieldKind::UnsignedInteger)
                    .default("2")
                    .required()
                    .help("How many rows one run takes at most; the others come in the next one."),
            ])
            .output(vec![
                Field::new("__ROW_NUMBER__", "Row number", FieldKind::Integer),
                Field::text("__SPREADSHEET_ID__", "Spreadsheet ID"),
                Field::text("__SHEET__", "Sheet"),
            ])
            .starts(&[StartOption::FromNow, StartOption::All, StartOption::First])
            .synonyms(&["added", "every new row", "form responses", "new row", "poll", "schedule", "trigger", "when"]);
        Self { spec, shared: shared.clone() }
    }
}

/// What is watched: a table of a sheet. Row numbers count from 1.
struct Table {
    id: Text,
    sheet: Text,
    range: Range,
    first_column: u32,
    /// The first row that can hold data.
    first_row: u32,
}

impl Table {
    fn of(call: &Call<'_>) -> Result<Self, ModuleError> {
        let input = &call.parameters;
        let range = target::table(input)?;
        let header = range.first_row.unwrap_or(0);
        Ok(Self {
            id: target::spreadsheet(input)?,
            sheet: target::sheet(input, "sheetId")?.into(),
            first_column: range.first_column.unwrap_or(0),
            first_row: header + 1 + u32::from(input.is_true("includesHeaders")),
            range,
        })
    }

    /// The rows from a number on, `None`: to the end. Empty rows at the end are
    /// left out.
    async fn read(
        &self,
        shared: &Shared,
        call: &Call<'_>,
        from: u32,
        to: Option<u32>,
    ) -> Result<Vec<Vec<Value>>, ModuleError> {
        let last_row = to.map(|to| to.saturating_sub(1));
        let sheet = Some(self.sheet.to_string());
        let range = Range { sheet, first_row: Some(from.saturating_sub(1)), last_row, ..self.range.clone() };
        let request = cells::values_call(self.id.clone(), &range, &call.parameters);
        let answer = shared.client(call)?.read(request).await?;
        Ok(cells::rows(&answer).into_iter().map(<[Value]>::to_vec).collect())
    }

    /// The last row that was delivered, when the position is one of this table.
    fn last_row(&self, position: &Value) -> Option<u32> {
        let is_ours = position.field("spreadsheetId").as_text() == Some(self.id.as_ref())
            && position.field("sheetId").as_text() == Some(self.sheet.as_ref());
        position.field("lastRow").as_i64().filter(|_| is_ours).and_then(|row| u32::try_from(row).ok())
    }

    fn position(&self, last_row: u32, empty_row: Option<u32>) -> Value {
        let mut position = Collection::with_capacity(4);
        position.insert("spreadsheetId", self.id.clone());
        position.insert("sheetId", self.sheet.clone());
        position.insert("lastRow", last_row);
        if let Some(row) = empty_row {
            position.insert("emptyRow", row);
        }
        position.into()
    }

    fn bundle(&self, number: u32, row: &[Value]) -> Value {
        let mut bundle = Collection::with_capacity(row.len() + 3);
        bundle.insert("__ROW_NUMBER__", number);
        bundle.insert("__SPREADSHEET_ID__", self.id.clone());
        bundle.insert("__SHEET__", self.sheet.clone());
        for (column, value) in (self.first_column..).zip(row) {
            bundle.insert(column.to_string(), value.clone());
        }
        bundle.into()
    }
}

impl WatchRows {
    /// The row after which the reading begins.
    async fn last_row(&self, table: &Table, call: &Call<'_>) -> Result<u32, ModuleError> {
        if let Some(row) = table.last_row(&call.position) {
            return Ok(row);
        }
        let before = table.first_row - 1;
        Ok(match &call.start {
            Start::All => before,
            Start::First(row) => {
                let row = row.as_i64().and_then(|row| u32::try_from(row).ok()).unwrap_or(0);
                row.saturating_sub(1).max(before)
            }
            _ => {
                let rows = table.read(&self.shared, call, table.first_row, None).await?;
                before + u32::try_from(rows.len()).unwrap_or(u32::MAX - before)
            }
        })
    }
}

#[async_trait]
impl Module for WatchRows {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let table = Table::of(call)?;
        let limit = call.parameters.integer("limit").unwrap_or(2).clamp(1, MOST);
        let limit = u32::try_from(limit).unwrap_or(2);
        let last = self.last_row(&table, call).await?;
        let first = last.saturating_add(1);
        let to = last.saturating_add(limit).saturating_add(AHEAD);
        let rows = table.read(&self.shared, call, first, Some(to)).await?;
        let new = rows.iter().take(limit as usize).take_while(|row| !cells::is_blank(row));
        let bundles: Vec<Value> = (first..).zip(new).map(|(number, row)| table.bundle(number, row)).collect();
        let last = last.saturating_add(u32::try_from(bundles.len()).unwrap_or(0));
        // What comes next is empty, and something stands below it.
        let mut rest = rows.iter().skip(bundles.len());
        let is_gap = rest.next().is_some_and(|row| cells::is_blank(row)) && rest.any(|row| !cells::is_blank(row));
        let position = table.position(last, is_gap.then(|| last + 1));
        Ok(Outcome::Polled { bundles, position })
    }

    async fn choices(&self, call: &Call<'_>) -> Result<Vec<Choice>, ModuleError> {
        let table = Table::of(call)?;
        let rows = table.read(&self.shared, call, table.first_row, None).await?;
        let rows: Vec<_> = (table.first_row..).zip(rows).filter(|(_, row)| !cells::is_blank(row)).collect();
        Ok(rows.iter().rev().take(CHOICES).map(|(number, row)| choice(*number, row)).collect())
    }

    fn describe_position(&self, position: &Value, zone: &TimeZone) -> String {
        let text = polling::describe(position, zone);
        match position.field("emptyRow").as_i64() {
            Some(row) => {
                format!("{text}. Row {row} is empty: the rows below it are not found until it is filled or deleted")
            }
            None => text,
        }
    }

    async fn field_choices(&self, call: &Call<'_>, field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        choices::of(&self.shared, call, field, search).await
    }
}

/// A row by its first cells.
fn choice(number: u32, row: &[Value]) -> Choice {
    let cells = row.iter().filter_map(|cell| match cell {
        Value::Text(text) if text.is_empty() => None,
        Value::Text(text) => Some(text.chars().take(40).collect::<String>()),
        Value::Number(number) => Some(number.to_string()),
        Value::Boolean(boolean) => Some(boolean.to_string()),
        _ => None,
    });
    let shown: Vec<_> = cells.take(4).collect();
    Choice { value: number.into(), label: format!("Row {number}: {}", shown.join(", ")) }
}

#[cfg(test)]
mod tests {
    use rouage_model::sheets;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    const PARAMETERS: &str = r#"{"from":"drive","mode":"select","limit":2,"sheetId":"Orders","spreadsheetId":"/abc",
        "tableFirstRow":"A1:C1","includesHeaders":true,"valueRenderOption":"FORMATTED_VALUE",
        "dateTimeRenderOption":"FORMATTED_STRING"}"#;

    fn watch() -> WatchRows {
        WatchRows::new(&Arc::default())
    }

    /// Polls a sheet that answers with these rows; gives names and the range
    /// that was read last.
    async fn poll(bench: &mut Bench, answers: &[&str]) -> (Vec<String>, String) {
        for rows in answers {
            bench.host.answer_sheets(Ok(value(&format!(r#"{{"values":{rows}}}"#))));
        }
        let bundles = bench.poll(&watch(), &value(PARAMETERS)).await.unwrap();
        let names = bundles.iter().map(|bundle| bundle.field("0").as_text().unwrap_or("-").to_owned()).collect();
        let Some(sheets::Call::Values { ranges, .. }) = bench.host.sheets_calls().pop() else { panic!() };
        (names, ranges[0].to_string())
    }

    #[tokio::test]
    async fn from_now_on_delivers_only_what_is_added_later() {
        let mut bench = Bench::default();
        // Rows 2 to 4 are there; the second answer is what stands below.
        let (names, range) = poll(&mut bench, &[r#"[["Ada"],[],["Bob"]]"#, "[]"]).await;
        assert_eq!((names, range.as_str()), (vec![], "Orders!A5:C106"));
        let (names, _) = poll(&mut bench, &[r#"[["Grace","9"]]"#]).await;
        assert_eq!(names, ["Grace"]);
        let (names, range) = poll(&mut bench, &["[]"]).await;
        assert_eq!((names, range.as_str()), (vec![], "Orders!A6:C107"));
    }

    #[tokio::test]
    async fn the_limit_leaves_the_rest_for_the_next_poll() {
        let mut bench = Bench { start: Start::All, ..Bench::default() };
        let (names, range) = poll(&mut bench, &[r#"[["a"],["b"],["c"]]"#]).await;
        assert_eq!((names, range.as_str()), (vec!["a".into(), "b".into()], "Orders!A2:C103"));
        let (names, range) = poll(&mut bench, &[r#"[["c"]]"#]).await;
        assert_eq!((names, range.as_str()), (vec!["c".into()], "Orders!A4:C105"));
    }

    #[tokio::test]
    async fn a_bundle_has_the_row_number_and_the_columns() {
        let mut bench = Bench { start: Start::First(Value::from(7)), ..Bench::default() };
        bench.host.answer_sheets(Ok(value(r#"{"values":[["Ada","10"]]}"#)));
        let bundles = bench.poll(&watch(), &value(PARAMETERS)).await.unwrap();
        let expected = r#"[{"__ROW_NUMBER__":7,"__SPREADSHEET_ID__":"abc","__SHEET__":"Orders","0":"Ada","1":"10"}]"#;
        assert_eq!(Value::from(bundles), value(expected));
    }

    #[tokio::test]
    async fn an_empty_row_ends_the_reading_and_is_told() {
        let mut bench = Bench { start: Start::All, ..Bench::default() };
        let (names, _) = poll(&mut bench, &[r#"[["a"],["",""],["c"]]"#]).await;
        assert_eq!(names, ["a"]);
        let words = watch().describe_position(&bench.position, &TimeZone::UTC);
        assert_eq!(
            words,
            "Rows after row 2. Row 3 is empty: the rows below it are not found until it is filled or deleted"
        );
        let (names, _) = poll(&mut bench, &[r#"[["b"],["c"]]"#]).await;
        assert_eq!(names, ["b", "c"]);
        assert_eq!(watch().describe_position(&bench.position, &TimeZone::UTC), "Rows after row 4");
    }

    #[tokio::test]
    async fn another_sheet_starts_anew() {
        let mut bench = Bench { start: Start::All, ..Bench::default() };
        bench.position = value(r#"{"spreadsheetId":"abc","sheetId":"Other","lastRow":50}"#);
        let (names, range) = poll(&mut bench, &[r#"[["a"]]"#]).await;
        assert_eq!((names, range.as_str()), (vec!["a".into()], "Orders!A2:C103"));
    }

    #[tokio::test]
    async fn the_latest_rows_can_be_chosen() {
        let bench = Bench::default();
        bench.host.answer_sheets(Ok(value(r#"{"values":[["Ada","10"],[],["Bob"]]}"#)));
        let call_parameters = value(PARAMETERS);
        let module = watch();
        let call = bench.call(&module, &call_parameters, &value("{}")).unwrap();
        let labels: Vec<_> = module.choices(&call).await.unwrap().into_iter().map(|choice| choice.label).collect();
        assert_eq!(labels, ["Row 4: Bob", "Row 2: Ada, 10"]);
    }
}
