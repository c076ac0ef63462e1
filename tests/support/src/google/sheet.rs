//! Spreadsheets in memory: cells that keep what a person sees beside the value.

use jiff::civil::{Date, DateTime};
use rouage_model::a1::Range;
use serde_json::{Value as Json, json};

/// Rows and columns that a new sheet shows.
const GRID: (u32, u32) = (1000, 26);

/// A cell: the value behind it, and how it is shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Cell {
    value: Json,
    shown: String,
}

impl Cell {
    /// As if a person had typed it (`USER_ENTERED`).
    fn typed(input: &Json) -> Self {
        let Json::String(text) = input else { return Self::raw(input) };
        if let Ok(number) = text.trim().parse::<f64>()
            && text.starts_with(|first: char| first.is_ascii_digit() || first == '-' || first == '.')
        {
            return Self::raw(&number_json(number));
        }
        match text.to_ascii_uppercase().as_str() {
            "TRUE" => return Self::raw(&Json::Bool(true)),
            "FALSE" => return Self::raw(&Json::Bool(false)),
            _ => {}
        }
        if let Some(serial) = serial_number(text) {
            return Self { value: number_json(serial), shown: text.clone() };
        }
        Self::raw(&Json::String(text.strip_prefix('\'').unwrap_or(text).to_owned()))
    }

    fn raw(input: &Json) -> Self {
        let shown = match input {
            Json::String(text) => text.clone(),
            Json::Bool(true) => "TRUE".to_owned(),
            Json::Bool(false) => "FALSE".to_owned(),
            Json::Null => String::new(),
            other => other.to_string(),
        };
        let value = if shown.is_empty() { Json::Null } else { input.clone() };
        Self { value, shown }
    }

    fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    fn json(&self, unformatted: bool) -> Json {
        if unformatted && !self.is_empty() { self.value.clone() } else { Json::String(self.shown.clone()) }
    }
}

fn number_json(number: f64) -> Json {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
    if number.fract() == 0.0 && number.abs() < 9e15 { json!(number as i64) } else { json!(number) }
}

/// Days since 1899-12-30 of `2026-11-24` or `2026-11-24 08:30:00`.
fn serial_number(text: &str) -> Option<f64> {
    let moment: DateTime = match text.parse::<Date>() {
        Ok(date) if text.len() == 10 => date.into(),
        _ if text.len() == 19 && text.as_bytes()[10] == b' ' => text.parse().ok()?,
        _ => return None,
    };
    let seconds = moment.duration_since(Date::constant(1899, 12, 30).into()).as_secs_f64();
    Some(seconds / 86_400.0)
}

/// One sheet (tab).
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    pub(super) id: u32,
    pub(super) title: String,
    rows: Vec<Vec<Cell>>,
}

impl Sheet {
    pub(super) fn type_rows(&mut self, rows: &[&[&str]]) {
        let last = self.rows.iter().rposition(|row| !is_blank(row)).map_or(0, |row| row + 1);
        self.rows.truncate(last);
        for row in rows {
            self.rows.push(row.iter().map(|text| Cell::typed(&json!(text))).collect());
        }
    }

    pub(super) fn shown(&self) -> Vec<Vec<String>> {
        let whole = Range::default();
        let rows = self.read(&whole, false);
        let text = |cell: &Json| cell.as_str().unwrap_or_default().to_owned();
        rows.iter().map(|row| row.iter().map(text).collect()).collect()
    }

    /// Rows of a range without empty ends, as `values.get` answers.
    pub(super) fn read(&self, range: &Range, unformatted: bool) -> Vec<Vec<Json>> {
        let (first_row, last_row) = span(range.first_row, range.last_row, self.rows.len());
        let mut rows = Vec::new();
        for row in self.rows.iter().take(last_row).skip(first_row) {
            let (first, last) = span(range.first_column, range.last_column, row.len());
            let mut cells: Vec<&Cell> = row.iter().take(last).skip(first).collect();
            while cells.last().is_some_and(|cell| cell.is_empty()) {
                cells.pop();
            }
            rows.push(cells.into_iter().map(|cell| cell.json(unformatted)).collect::<Vec<_>>());
        }
        while rows.last().is_some_and(Vec::is_empty) {
            rows.pop();
        }
        rows
    }

    /// Writes rows from a corner; nulls are skipped. Gives the cells written.
    pub(super) fn write(&mut self, at: (u32, u32), values: &[Vec<Json>], typed: bool) -> usize {
        let mut count = 0;
        for (offset, row) in values.iter().enumerate() {
            let row_index = at.0 as usize + offset;
            for (column, input) in row.iter().enumerate() {
                if input.is_null() {
                    continue;
                }
                count += 1;
                let cell = if typed { Cell::typed(input) } else { Cell::raw(input) };
                *self.cell_mut(row_index, at.1 as usize + column) = cell;
            }
        }
        count
    }

    fn cell_mut(&mut self, row: usize, column: usize) -> &mut Cell {
        if self.rows.len() <= row {
            self.rows.resize(row + 1, Vec::new());
        }
        let row = &mut self.rows[row];
        if row.len() <= column {
            row.resize(column + 1, Cell::default());
        }
        &mut row[column]
    }

    pub(super) fn clear(&mut self, range: &Range) {
        let (first_row, last_row) = span(range.first_row, range.last_row, self.rows.len());
        for row in self.rows.iter_mut().take(last_row).skip(first_row) {
            let (first, last) = span(range.first_column, range.last_column, row.len());
            row.iter_mut().take(last).skip(first).for_each(|cell| *cell = Cell::default());
        }
    }

    /// The first row after the table that begins in the range, and the
    /// table's rows when there is one.
    pub(super) fn table_end(&self, range: &Range) -> (u32, Option<(u32, u32)>) {
        let start = range.first_row.unwrap_or(0) as usize;
        let filled = self.rows.iter().skip(start).take_while(|row| !is_blank(row)).count();
        let end = u32::try_from(start + filled).unwrap_or(u32::MAX);
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        (end, (filled > 0).then(|| (start, end - 1)))
    }

    pub(super) fn insert_rows(&mut self, at: u32, count: usize) {
        let at = at as usize;
        if at < self.rows.len() {
            self.rows.splice(at..at, std::iter::repeat_n(Vec::new(), count));
        }
    }

    pub(super) fn delete_rows(&mut self, first: u32, end: u32) {
        let length = self.rows.len();
        self.rows.drain((first as usize).min(length)..(end as usize).min(length));
    }

    /// The width of the widest row.
    pub(super) fn width(&self) -> u32 {
        u32::try_from(self.rows.iter().map(Vec::len).max().unwrap_or(0)).unwrap_or(u32::MAX)
    }

    pub(super) fn properties(&self, index: usize) -> Json {
        let grid = json!({"rowCount": GRID.0, "columnCount": GRID.1});
        json!({"sheetId": self.id, "title": self.title, "index": index, "sheetType": "GRID", "gridProperties": grid})
    }

    /// The range as Google echoes it: closed, within the grid.
    pub(super) fn echo(&self, range: &Range) -> String {
        let rows = GRID.0.max(u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        let columns = GRID.1.max(self.width());
        Range {
            sheet: Some(self.title.clone()),
            first_row: Some(range.first_row.unwrap_or(0)),
            first_column: Some(range.first_column.unwrap_or(0)),
            last_row: Some(range.last_row.unwrap_or(rows - 1)),
            last_column: Some(range.last_column.unwrap_or(columns - 1).min(columns - 1)),
        }
        .to_string()
    }
}

fn is_blank(row: &[Cell]) -> bool {
    row.iter().all(Cell::is_empty)
}

fn span(first: Option<u32>, last: Option<u32>, length: usize) -> (usize, usize) {
    (first.unwrap_or(0) as usize, last.map_or(length, |last| (last as usize + 1).min(length)))
}

/// A spreadsheet.
#[derive(Debug, Clone)]
pub(super) struct Spreadsheet {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) sheets: Vec<Sheet>,
}

impl Spreadsheet {
    pub(super) fn new(id: &str, title: &str) -> Self {
        Self { id: id.to_owned(), title: title.to_owned(), sheets: Vec::new() }
    }

    pub(super) fn add_sheet(&mut self, title: &str) -> &mut Sheet {
        let taken = self.sheets.iter().map(|sheet| sheet.id).max();
        // Google numbers the first sheet 0 and the others at random.
        let id = taken.map_or(0, |taken| taken + 1013);
        self.sheets.push(Sheet { id, title: title.to_owned(), rows: Vec::new() });
        let last = self.sheets.len() - 1;
        &mut self.sheets[last]
    }

    /// The sheet of this name; the first when none is named.
    pub(super) fn sheet_mut(&mut self, title: &str) -> Option<&mut Sheet> {
        self.sheets.iter_mut().find(|sheet| title.is_empty() || sheet.title.eq_ignore_ascii_case(title))
    }

    pub(super) fn titles(&self) -> Vec<String> {
        self.sheets.iter().map(|sheet| sheet.title.clone()).collect()
    }

    pub(super) fn json(&self) -> Json {
        let sheets = self.sheets.iter().enumerate();
        let sheets: Vec<Json> = sheets.map(|(index, sheet)| json!({"properties": sheet.properties(index)})).collect();
        json!({
            "spreadsheetId": self.id,
            "properties": {"title": self.title, "locale": "en_US", "timeZone": "Etc/UTC"},
            "sheets": sheets,
            "spreadsheetUrl": format!("https://docs.google.com/spreadsheets/d/{}/edit", self.id),
        })
    }
}
