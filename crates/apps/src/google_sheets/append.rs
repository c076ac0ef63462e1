//! Rows that are added to a table, and what is known when no answer came.
//!
//! Before an append to Google, a lock on the sheet is taken and the last row of
//! the table is noted. The lock is held until the answer is written down, so at
//! most one append of ours to a sheet can be in doubt. To settle it, the rows
//! after the noted one are read and compared with what was to be written. When
//! the table moved or two rows fit, nobody can tell and the user is asked:
//! never a row twice, never a row forgotten.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rouage_model::a1::Range;
use rouage_model::sheets::{self, DateTimeRender, InsertData, ValueRender};
use rouage_model::{Collection, ConnectionId, ModuleError, Text, Value};
use rouage_sdk::{Call, Outcome, Prepared, Settled, Values};

use super::client::{Client, Finish};
use super::compare::{Likeness, row_likeness};
use super::{cells, target};

/// A sheet of a connection.
type Key = (ConnectionId, Text, Text);

/// The locks of sheets, and the last row of tables where it is known.
#[derive(Default)]
pub(super) struct Appends {
    locks: Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>,
    last_rows: Mutex<HashMap<Key, Anchor>>,
}

/// The last row of a table: where it is (from 1) and what stands there.
#[derive(Debug, Clone, PartialEq)]
struct Anchor {
    row: u32,
    cells: Vec<Value>,
}

/// Where rows were found, counted from the first one read.
struct Place {
    at: usize,
    likeness: Likeness,
}

/// What is to be added, and where.
pub(super) struct Addition {
    spreadsheet: Text,
    sheet: Text,
    table: Range,
    rows: Vec<Vec<Value>>,
}

impl Addition {
    /// From the input of a module, with the rows as cells.
    pub(super) fn new(input: &Values, rows: Vec<Vec<Value>>) -> Result<Self, ModuleError> {
        let mut table = target::table(input)?;
        table.sheet = Some(target::sheet(input, "sheetId")?.to_owned());
        // The table is as wide as what is written, else Google refuses the rest.
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        let last = table.first_column.unwrap_or(0) + u32::try_from(width).unwrap_or(0).max(1) - 1;
        table.last_column = table.last_column.map(|column| column.max(last));
        let sheet = table.sheet.clone().unwrap_or_default().into();
        Ok(Self { spreadsheet: target::spreadsheet(input)?, sheet, table, rows })
    }

    /// Whether there is nothing to add.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The output when there is nothing to add, and so nothing was asked for.
    pub(super) fn nothing_added(&self) -> Value {
        let updates = Collection::from_iter([("updatedRows", 0), ("updatedColumns", 0), ("updatedCells", 0)]);
        let entries = [
            ("spreadsheetId", Value::Text(self.spreadsheet.clone())),
            ("sheetName", Value::Text(self.sheet.clone())),
            ("updates", updates.into()),
        ];
        Collection::from_iter(entries).into()
    }

    fn key(&self, call: &Call<'_>) -> Option<Key> {
        let connection = call.connection.as_ref()?;
        Some((connection.id, self.spreadsheet.clone(), self.sheet.clone()))
    }

    fn append_call(&self, input: &Values) -> sheets::Call {
        let insert = match input.text("insertDataOption") {
            Some("OVERWRITE") => InsertData::Overwrite,
            _ => InsertData::InsertRows,
        };
        sheets::Call::Append {
            id: self.spreadsheet.clone(),
            range: self.table.to_string().into(),
            values: self.rows.clone(),
            input: cells::value_input(input),
            insert,
        }
    }

    /// The rows of the table from a row on (from 0), as values and not as
    /// shown, because those compare better with what was sent.
    async fn read(&self, client: &Client<'_>, first_row: u32) -> Result<Vec<Vec<Value>>, ModuleError> {
        let range = Range { first_row: Some(first_row), last_row: None, ..self.table.clone() };
        let answer = client
            .read(sheets::Call::Values {
                id: self.spreadsheet.clone(),
                ranges: vec![range.to_string().into()],
                batch: false,
                render: ValueRender::Unformatted,
                dates: DateTimeRender::SerialNumber,
            })
            .await?;
        Ok(cells::rows(&answer).into_iter().map(<[Value]>::to_vec).collect())
    }

    /// The places (offsets) at which the rows may stand one after the other.
    fn places(&self, found: &[Vec<Value>]) -> Vec<Place> {
        let likeness = |window: &[Vec<Value>]| {
            let rows = window.iter().zip(&self.rows).map(|(found, row)| row_likeness(row, found));
            rows.min().unwrap_or(Likeness::Different)
        };
        let places =
            found.windows(self.rows.len()).enumerate().map(|(at, window)| Place { at, likeness: likeness(window) });
        places.filter(|place| place.likeness != Likeness::Different).collect()
    }

    /// One place that is surely ours is proof; none is proof of absence.
    fn verdict(&self, (first, width): (u32, usize), places: &[Place], finish: fn(&Value) -> Value) -> Settled {
        match places {
            [] => Settled::DidNotHappen,
            [Place { at, likeness: Likeness::Same }] => {
                Settled::Happened(self.bundle(first + u32::try_from(*at).unwrap_or(0), width, finish))
            }
            _ => Settled::Unknown,
        }
    }

    /// Whether the rows could be recognised at all.
    fn is_recognisable(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| !cells::is_blank(row))
    }

    /// What the call would have returned for rows that begin at `row` (from 0),
    /// after a row of `width` cells.
    fn bundle(&self, row: u32, width: usize, finish: fn(&Value) -> Value) -> Vec<Value> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let filled = self.rows.iter().flatten().filter(|cell| !cells::is_left(cell)).count();
        let first = self.table.first_column.unwrap_or(0);
        let extent = |count: usize| u32::try_from(count).unwrap_or(0).max(1) - 1;
        let updated = Range {
            sheet: Some(self.sheet.to_string()),
            first_row: Some(row),
            last_row: Some(row + extent(self.rows.len())),
            first_column: Some(first),
            last_column: Some(first + extent(columns)),
        };
        let updates: Collection = [
            ("spreadsheetId", Value::Text(self.spreadsheet.clone())),
            ("updatedRange", updated.to_string().into()),
            ("updatedRows", self.rows.len().into()),
            ("updatedColumns", columns.into()),
            ("updatedCells", filled.into()),
        ]
        .into_iter()
        .collect();
        let answer: Collection = [
            ("spreadsheetId", Value::Text(self.spreadsheet.clone())),
            ("tableRange", self.table_before(row, width.max(columns)).into()),
            ("updates", updates.into()),
        ]
        .into_iter()
        .collect();
        vec![finish(&answer.into())]
    }
}

impl Addition {
    /// The table as it was, when there was one; its width as far as it is known.
    fn table_before(&self, row: u32, width: usize) -> Option<Text> {
        let first_row = self.table.first_row.unwrap_or(0);
        let first_column = self.table.first_column.unwrap_or(0);
        let last_column = first_column + u32::try_from(width).unwrap_or(0).max(1) - 1;
        let last_row = row.checked_sub(1).filter(|last| *last >= first_row)?;
        let table = Range { last_row: Some(last_row), last_column: Some(last_column), ..self.table.clone() };
        Some(table.to_string().into())
    }
}

impl Appends {
    async fn lock(&self, key: &Key) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            locks.entry(key.clone()).or_default().clone()
        };
        lock.lock_owned().await
    }

    fn anchor(&self, key: &Key) -> Option<Anchor> {
        self.last_rows.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn remember(&self, key: Key, anchor: Option<Anchor>) {
        let mut rows = self.last_rows.lock().unwrap_or_else(PoisonError::into_inner);
        match anchor {
            Some(anchor) => rows.insert(key, anchor),
            None => rows.remove(&key),
        };
    }

    /// Takes the sheet's lock and notes the table's last row.
    pub(super) async fn prepare(
        &self,
        call: &Call<'_>,
        client: &Client<'_>,
        addition: &Addition,
    ) -> Result<Prepared, ModuleError> {
        let Some(key) = addition.key(call) else { return Ok(Prepared::default()) };
        let guard = self.lock(&key).await;
        let note = match self.anchor(&key) {
            Some(anchor) => anchor.note(),
            None => look(client, addition).await?,
        };
        Ok(Prepared { note, guard: Some(Box::new(guard)), child: None })
    }

    /// Adds the rows and remembers where the last one went.
    pub(super) async fn run(
        &self,
        call: &Call<'_>,
        client: &Client<'_>,
        addition: &Addition,
        finish: fn(&Value) -> Value,
    ) -> Result<Outcome, ModuleError> {
        let Some(key) = addition.key(call) else {
            let finish: Finish = Box::new(move |answer| Ok(vec![finish(&answer)]));
            return client.write(addition.append_call(&call.input), finish).await;
        };
        // Until the answer is here, what was known is no longer.
        self.remember(key.clone(), None);
        let (sender, answered) = std::sync::mpsc::channel();
        let keep: Finish = Box::new(move |answer| {
            let bundle = finish(&answer);
            // The receiver lives in the same function.
            let _ = sender.send(answer);
            Ok(vec![bundle])
        });
        let outcome = client.write(addition.append_call(&call.input), keep).await?;
        if let Ok(answer) = answered.try_recv() {
            self.remember(key, Anchor::of(&answer, addition));
        }
        Ok(outcome)
    }

    /// Looks whether the rows of a call without an answer are there.
    pub(super) async fn settle(
        &self,
        call: &Call<'_>,
        client: &Client<'_>,
        addition: &Addition,
        finish: fn(&Value) -> Value,
    ) -> Result<Settled, ModuleError> {
        let Some(key) = addition.key(call) else { return Ok(Settled::DidNotHappen) };
        // Whoever asks may still hold the sheet's lock from `prepare`, so it is
        // not taken here: one read of what is there needs none.
        self.remember(key, None);
        if !addition.is_recognisable() {
            return Ok(Settled::Unknown);
        }
        if let Some(before) = call.note.field("same").as_i64() {
            return settle_by_count(client, addition, before, finish).await;
        }
        let Some(anchor) = Anchor::from_note(&call.note) else { return Ok(Settled::Unknown) };
        settle_after(client, addition, &anchor, finish).await
    }
}

/// Reads the table once and notes where it ends. With rows after a gap, the
/// place is not enough: then the rows that look the same already are counted.
async fn look(client: &Client<'_>, addition: &Addition) -> Result<Value, ModuleError> {
    let first = addition.table.first_row.unwrap_or(0);
    let rows = addition.read(client, first).await?;
    let filled = rows.iter().take_while(|row| !cells::is_blank(row)).count();
    if filled < rows.len() {
        return Ok(Collection::from_iter([("same", addition.places(&rows).len())]).into());
    }
    let row = first + u32::try_from(filled).unwrap_or(u32::MAX - first);
    Ok(Anchor { row, cells: rows.last().cloned().unwrap_or_default() }.note())
}

async fn settle_by_count(
    client: &Client<'_>,
    addition: &Addition,
    before: i64,
    finish: fn(&Value) -> Value,
) -> Result<Settled, ModuleError> {
    let first = addition.table.first_row.unwrap_or(0);
    let places = addition.places(&addition.read(client, first).await?);
    // Were there such rows before, a number that did not change is proof too.
    let unchanged = usize::try_from(before).is_ok_and(|before| before == places.len());
    Ok(match before {
        0 => addition.verdict((first, 0), &places, finish),
        _ if unchanged => Settled::DidNotHappen,
        _ => Settled::Unknown,
    })
}

async fn settle_after(
    client: &Client<'_>,
    addition: &Addition,
    anchor: &Anchor,
    finish: fn(&Value) -> Value,
) -> Result<Settled, ModuleError> {
    let first = addition.table.first_row.unwrap_or(0);
    // The noted row is read too, to see that it is where it was.
    let from = if anchor.row > first { anchor.row - 1 } else { first };
    let mut rows = addition.read(client, from).await?;
    if anchor.row > first {
        if rows.is_empty() || row_likeness(&anchor.cells, &rows[0]) == Likeness::Different {
            return settle_moved(client, addition).await;
        }
        rows.remove(0);
    }
    // The table went on without a gap, so what was added stands before the next one.
    let block = rows.iter().take_while(|row| !cells::is_blank(row)).count();
    rows.truncate(block);
    Ok(addition.verdict((anchor.row.max(first), anchor.cells.len()), &addition.places(&rows), finish))
}

/// Somebody changed the table meanwhile: only absence from all of it is proof.
async fn settle_moved(client: &Client<'_>, addition: &Addition) -> Result<Settled, ModuleError> {
    let first = addition.table.first_row.unwrap_or(0);
    let rows = addition.read(client, first).await?;
    Ok(if addition.places(&rows).is_empty() { Settled::DidNotHappen } else { Settled::Unknown })
}

impl Anchor {
    /// The last row that an answer says was written.
    fn of(answer: &Value, addition: &Addition) -> Option<Self> {
        let text = answer.field("updates").field("updatedRange").as_text()?;
        let range = Range::parse(text).ok()?;
        // Google may find the table in other columns than those asked for.
        if range.first_column != addition.table.first_column {
            return None;
        }
        Some(Self { row: range.last_row? + 1, cells: addition.rows.last().cloned().unwrap_or_default() })
    }

    fn note(&self) -> Value {
        let entries = [("lastRow", Value::from(self.row)), ("cells", self.cells.clone().into())];
        Collection::from_iter(entries).into()
    }

    fn from_note(note: &Value) -> Option<Self> {
        let row = note.field("lastRow").as_i64().and_then(|row| u32::try_from(row).ok())?;
        Some(Self { row, cells: note.field("cells").as_array().unwrap_or_default().to_vec() })
    }
}
