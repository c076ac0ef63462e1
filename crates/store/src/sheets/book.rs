//! A spreadsheet without its cells: what it is called, its sheets, and where
//! a range lies in them.

use jiff::Timestamp;
use rouage_model::a1::{self, Range};
use rouage_model::sheets::ApiError;
use rouage_model::{Collection, ExecutionId, TeamId, Value};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set,
};

use super::entities::{sheet, spreadsheet};
use super::rows::SheetKey;
use super::undo::Noted;
use crate::Error;

/// Cells of all sheets together, as at Google.
pub(super) const MAX_CELLS: u64 = 10_000_000;
/// Columns of a sheet: up to `ZZZ`.
pub(super) const MAX_COLUMNS: u32 = 18_278;

/// A spreadsheet without cells.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Book {
    pub(super) number: i64,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) locale: String,
    pub(super) time_zone: String,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    /// Counts its changes; as it was read.
    pub(super) revision: i64,
    /// Counts the changes that move rows, columns or sheets.
    pub(super) layout: i64,
    /// The run that may still take this call back, and how all was before it.
    pub(super) undo: Option<(ExecutionId, Noted)>,
    /// In the order of the tabs; never empty.
    pub(super) sheets: Vec<Sheet>,
}

/// A tab.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sheet {
    pub(super) key: SheetKey,
    pub(super) title: String,
    pub(super) rows: u32,
    pub(super) columns: u32,
    pub(super) last_table: Option<Rect>,
}

/// Cells within a sheet; ends are inclusive and count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) first_row: u32,
    pub(super) first_column: u32,
    pub(super) last_row: u32,
    pub(super) last_column: u32,
}

impl Rect {
    pub(super) fn contains(&self, row: u32, column: u32) -> bool {
        (self.first_row..=self.last_row).contains(&row) && (self.first_column..=self.last_column).contains(&column)
    }

    /// In A1 notation with all bounds, without a sheet.
    pub(super) fn a1(&self) -> String {
        let first = format!("{}{}", a1::column_letters(self.first_column), u64::from(self.first_row) + 1);
        if (self.first_row, self.first_column) == (self.last_row, self.last_column) {
            return first;
        }
        format!("{first}:{}{}", a1::column_letters(self.last_column), u64::from(self.last_row) + 1)
    }

    fn parse(text: &str) -> Option<Self> {
        let range = Range::parse(text).ok()?;
        Some(Self {
            first_row: range.first_row?,
            first_column: range.first_column?,
            last_row: range.last_row?,
            last_column: range.last_column?,
        })
    }
}

/// The spreadsheet of a team; `None` when there is none or it was deleted.
pub(super) async fn find<C: ConnectionTrait>(db: &C, team: TeamId, id: &str) -> Result<Option<Book>, Error> {
    let found = wanted(team, id).one(db).await?;
    with_sheets(db, found).await
}

/// [`find`], and nobody else changes it until the transaction ends. Without
/// this, two appends at once on PostgreSQL would choose the same row.
pub(super) async fn find_to_write<C: ConnectionTrait>(db: &C, team: TeamId, id: &str) -> Result<Option<Book>, Error> {
    let found = wanted(team, id).lock_exclusive().one(db).await?;
    with_sheets(db, found).await
}

fn wanted(team: TeamId, id: &str) -> Select<spreadsheet::Entity> {
    spreadsheet::Entity::find()
        .filter(spreadsheet::Column::Team.eq(team.0))
        .filter(spreadsheet::Column::Id.eq(id))
        .filter(spreadsheet::Column::DeletedAt.is_null())
}

async fn with_sheets<C: ConnectionTrait>(db: &C, found: Option<spreadsheet::Model>) -> Result<Option<Book>, Error> {
    let Some(row) = found else { return Ok(None) };
    let sheets = sheet::Entity::find()
        .filter(sheet::Column::Spreadsheet.eq(row.number))
        .order_by_asc(sheet::Column::Position)
        .all(db)
        .await?;
    Ok(Some(Book {
        number: row.number,
        id: row.id,
        title: row.title,
        locale: row.locale,
        time_zone: row.time_zone,
        created_at: row.created_at,
        updated_at: row.updated_at,
        revision: row.revision,
        layout: row.layout,
        undo: None,
        sheets: sheets.into_iter().map(Sheet::from).collect(),
    }))
}

impl From<sheet::Model> for Sheet {
    fn from(row: sheet::Model) -> Self {
        Self {
            key: SheetKey { spreadsheet: row.spreadsheet, sheet_id: row.sheet_id },
            title: row.title,
            rows: u32::try_from(row.row_count).unwrap_or(0),
            columns: u32::try_from(row.column_count).unwrap_or(0),
            last_table: row.last_table.as_deref().and_then(Rect::parse),
        }
    }
}

/// Writes the properties, and that it changed now.
pub(super) async fn save<C: ConnectionTrait>(db: &C, book: &Book, now: Timestamp) -> Result<(), Error> {
    let row = spreadsheet::ActiveModel {
        number: ActiveValue::Unchanged(book.number),
        title: Set(book.title.clone()),
        locale: Set(book.locale.clone()),
        time_zone: Set(book.time_zone.clone()),
        updated_at: Set(now.as_microsecond()),
        revision: Set(book.revision + 1),
        layout: Set(book.layout),
        ..Default::default()
    };
    spreadsheet::Entity::update(row).exec(db).await?;
    Ok(())
}

/// Notes that it changed now.
pub(super) async fn touch<C: ConnectionTrait>(db: &C, book: &Book, now: Timestamp) -> Result<(), Error> {
    let row = spreadsheet::ActiveModel {
        number: ActiveValue::Unchanged(book.number),
        updated_at: Set(now.as_microsecond()),
        revision: Set(book.revision + 1),
        layout: Set(book.layout),
        ..Default::default()
    };
    spreadsheet::Entity::update(row).exec(db).await?;
    Ok(())
}

/// Writes one sheet's properties, new or not.
pub(super) async fn save_sheet<C: ConnectionTrait>(db: &C, sheet: &Sheet, position: usize) -> Result<(), Error> {
    use sheet::Column;
    let replace = OnConflict::columns([Column::Spreadsheet, Column::SheetId])
        .update_columns([Column::Title, Column::Position, Column::RowCount, Column::ColumnCount, Column::LastTable])
        .to_owned();
    let row = sheet::ActiveModel {
        spreadsheet: Set(sheet.key.spreadsheet),
        sheet_id: Set(sheet.key.sheet_id),
        title: Set(sheet.title.clone()),
        position: Set(i64::try_from(position).unwrap_or(i64::MAX)),
        row_count: Set(sheet.rows.into()),
        column_count: Set(sheet.columns.into()),
        last_table: Set(sheet.last_table.map(|table| table.a1())),
    };
    sheet::Entity::insert(row).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}

/// Takes a sheet and its rows away.
pub(super) async fn delete_sheet<C: ConnectionTrait>(db: &C, key: SheetKey) -> Result<(), Error> {
    super::rows::erase_all(db, key).await?;
    sheet::Entity::delete_by_id((key.spreadsheet, key.sheet_id)).exec(db).await?;
    Ok(())
}

impl Book {
    /// The sheet and range that a text means. A text without a sheet means
    /// the first one.
    pub(super) fn locate(&self, text: &str) -> Result<(usize, Range), ApiError> {
        let range = Range::parse(text).map_err(ApiError::invalid)?;
        let Some(title) = &range.sheet else { return Ok((0, range)) };
        let at = self.position(title).ok_or_else(|| ApiError::invalid(format!("Unable to parse range: {text}")))?;
        Ok((at, range))
    }

    /// The place of a sheet by its title; letter case is the last resort.
    pub(super) fn position(&self, title: &str) -> Option<usize> {
        let lower = title.to_lowercase();
        let exact = self.sheets.iter().position(|sheet| sheet.title == title);
        exact.or_else(|| self.sheets.iter().position(|sheet| sheet.title.to_lowercase() == lower))
    }

    /// Refuses a grid beyond Google's limits.
    pub(super) fn check_size(&self) -> Result<(), ApiError> {
        let cells: u64 = self.sheets.iter().map(|sheet| u64::from(sheet.rows) * u64::from(sheet.columns)).sum();
        if cells > MAX_CELLS {
            return Err(ApiError::invalid(format!(
                "This action would increase the number of cells in the workbook above the limit of {MAX_CELLS} cells."
            )));
        }
        if self.sheets.iter().any(|sheet| sheet.columns > MAX_COLUMNS) {
            return Err(ApiError::invalid(format!("A sheet cannot have more than {MAX_COLUMNS} columns.")));
        }
        Ok(())
    }

    /// `GET /v4/spreadsheets/{id}`: properties and sheets.
    pub(super) fn json(&self, base_url: &str) -> Value {
        let properties = Collection::from_iter([
            ("title", Value::text(self.title.as_str())),
            ("locale", Value::text(self.locale.as_str())),
            ("autoRecalc", Value::text("ON_CHANGE")),
            ("timeZone", Value::text(self.time_zone.as_str())),
        ]);
        let sheets: Vec<Value> = self
            .sheets
            .iter()
            .enumerate()
            .map(|(at, sheet)| Collection::from_iter([("properties", sheet.json(at))]).into())
            .collect();
        Collection::from_iter([
            ("spreadsheetId", Value::text(self.id.as_str())),
            ("properties", properties.into()),
            ("sheets", sheets.into()),
            ("spreadsheetUrl", Value::text(format!("{base_url}/spreadsheets/{}", self.id))),
        ])
        .into()
    }
}

impl Sheet {
    /// `SheetProperties`.
    pub(super) fn json(&self, position: usize) -> Value {
        let grid =
            Collection::from_iter([("rowCount", Value::from(self.rows)), ("columnCount", Value::from(self.columns))]);
        Collection::from_iter([
            ("sheetId", Value::from(self.key.sheet_id)),
            ("title", Value::text(self.title.as_str())),
            ("index", Value::from(position)),
            ("sheetType", Value::text("GRID")),
            ("gridProperties", grid.into()),
        ])
        .into()
    }

    /// A range as answers name it: with the sheet and all bounds.
    pub(super) fn name(&self, rect: &Rect) -> String {
        format!("{}!{}", a1::quote_sheet(&self.title), rect.a1())
    }

    /// Where a range lies. Ends beyond the grid are taken back to it; a start
    /// beyond it is refused.
    pub(super) fn resolve(&self, range: &Range) -> Result<Rect, ApiError> {
        let wanted = Rect {
            first_row: range.first_row.unwrap_or(0),
            first_column: range.first_column.unwrap_or(0),
            last_row: range.last_row.unwrap_or(self.rows.saturating_sub(1)),
            last_column: range.last_column.unwrap_or(self.columns.saturating_sub(1)),
        };
        if wanted.first_row >= self.rows || wanted.first_column >= self.columns {
            return Err(self.beyond(&wanted));
        }
        Ok(Rect {
            last_row: wanted.last_row.min(self.rows - 1),
            last_column: wanted.last_column.min(self.columns - 1),
            ..wanted
        })
    }

    /// Google's text for a range outside of the grid.
    pub(super) fn beyond(&self, rect: &Rect) -> ApiError {
        ApiError::invalid(format!(
            "Range ({}) exceeds grid limits. Max rows: {}, max columns: {}",
            self.name(rect),
            self.rows,
            self.columns
        ))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn book(titles: &[&str]) -> Book {
        let sheet = |(at, title): (usize, &&str)| Sheet {
            key: SheetKey { spreadsheet: 1, sheet_id: i64::try_from(at).unwrap() },
            title: (*title).to_owned(),
            rows: 1000,
            columns: 26,
            last_table: None,
        };
        Book {
            number: 1,
            id: "abc".to_owned(),
            title: "Orders".to_owned(),
            locale: "en_US".to_owned(),
            time_zone: "Etc/GMT".to_owned(),
            created_at: 0,
            updated_at: 0,
            revision: 0,
            layout: 0,
            undo: None,
            sheets: titles.iter().enumerate().map(sheet).collect(),
        }
    }

    #[test]
    fn ranges_are_found_in_the_grid_and_named_in_full() {
        let book = book(&["Sheet1", "My sheet", "It's", "Q1 é"]);
        for (text, name) in [
            ("Sheet1", "Sheet1!A1:Z1000"),
            ("sheet1!a1", "Sheet1!A1"),
            ("A1:B", "Sheet1!A1:B1000"),
            ("B:B", "Sheet1!B1:B1000"),
            ("2:3", "Sheet1!A2:Z3"),
            ("'My sheet'!C5:A2", "'My sheet'!A2:C5"),
            ("My sheet!A1", "'My sheet'!A1"),
            ("'It''s'!A1:A5000", "'It''s'!A1:A1000"),
            ("It's", "'It''s'!A1:Z1000"),
            ("'Q1 é'!A1:ZZ2", "'Q1 é'!A1:Z2"),
            ("A5:B6", "Sheet1!A5:B6"),
        ] {
            let (at, range) = book.locate(text).unwrap();
            let sheet = &book.sheets[at];
            assert_eq!(sheet.name(&sheet.resolve(&range).unwrap()), name, "{text}");
        }
    }

    #[test]
    fn ranges_elsewhere_get_googles_errors() {
        let book = book(&["Sheet1"]);
        for (text, message) in [
            ("Other!A1", "Unable to parse range: Other!A1"),
            ("Other", "Unable to parse range: Other"),
            ("Sheet1!", "Unable to parse range: Sheet1!"),
            ("Sheet1!A0", "Unable to parse range: Sheet1!A0"),
            ("A1001:B1002", "Range (Sheet1!A1001:B1002) exceeds grid limits. Max rows: 1000, max columns: 26"),
            ("AA1", "Range (Sheet1!AA1) exceeds grid limits. Max rows: 1000, max columns: 26"),
        ] {
            let found = book.locate(text).and_then(|(at, range)| book.sheets[at].resolve(&range));
            let error = found.unwrap_err();
            assert_eq!((error.code, error.status, error.message.as_str()), (400, "INVALID_ARGUMENT", message));
        }
    }
}
