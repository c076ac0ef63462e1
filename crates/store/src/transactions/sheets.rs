//! Taking back what a run did to built-in spreadsheets.
//!
//! A call that writes cells notes the rows as they were, and then as they are.
//! A call that moves rows, columns or sheets notes the whole spreadsheet
//! before, once: what came after it needs no notes of its own to be undone.
//! Rows that somebody else wrote stay; a row that was added and is followed by
//! theirs leaves an empty one behind, so that theirs keep their numbers.

use std::ops::RangeInclusive;

use rouage_model::{ExecutionId, Text, json};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, NotSet, QueryFilter, QueryOrder, Set, Statement};

use crate::entities::undo_log as log;
use crate::sheets::undo::{self as book, Noted};
use crate::text::micros;
use crate::{Change, Error, WriteTx};

/// A call; `part` is the layout it found.
const CALL: &str = "sheet-call";
/// A row, before and after.
const ROW: &str = "sheet-row";
/// The spreadsheet without its rows, before.
const WHOLE: &str = "sheet-whole";
/// The spreadsheet was made.
const MADE: &str = "sheet-made";

/// Lines written in one statement.
const CHUNK: usize = 500;

fn line(run: ExecutionId, kind: &str, target: i64) -> log::ActiveModel {
    log::ActiveModel {
        id: NotSet,
        execution_id: Set(run.0),
        kind: Set(kind.to_owned()),
        target: Set(target),
        part: Set(None),
        place: Set(None),
        name: Set(None),
        before: Set(None),
        after: Set(None),
        revision_before: Set(None),
        revision_after: Set(None),
        created_at: Set(None),
    }
}

/// Notes that a call is about to write.
pub(crate) async fn note_call<C: ConnectionTrait>(db: &C, run: ExecutionId, noted: &Noted) -> Result<(), Error> {
    let mut line = line(run, CALL, noted.number);
    line.part = Set(Some(noted.layout));
    line.revision_before = Set(Some(noted.revision));
    log::Entity::insert(line).exec_without_returning(db).await?;
    Ok(())
}

/// Notes that a spreadsheet was made.
pub(crate) async fn note_made<C: ConnectionTrait>(db: &C, run: ExecutionId, number: i64) -> Result<(), Error> {
    log::Entity::insert(line(run, MADE, number)).exec_without_returning(db).await?;
    Ok(())
}

/// Notes rows that are about to be written, filled or not.
pub(crate) async fn note_rows<C: ConnectionTrait>(
    db: &C,
    run: ExecutionId,
    noted: &Noted,
    sheet_id: i64,
    rows: RangeInclusive<u32>,
) -> Result<(), Error> {
    let mut there = book::raw_rows(db, noted.number, sheet_id, rows.clone()).await?.into_iter().peekable();
    let mut lines = Vec::new();
    for place in rows.map(i64::from) {
        let cells = there.next_if(|(row, _)| *row == place).map(|(_, cells)| cells);
        let mut line = line(run, ROW, noted.number);
        line.part = Set(Some(sheet_id));
        line.place = Set(Some(place));
        line.before = Set(cells);
        line.revision_before = Set(Some(noted.revision));
        lines.push(line);
    }
    for chunk in lines.chunks(CHUNK) {
        log::Entity::insert_many(chunk.to_vec()).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Notes the filled rows of a range that are about to go.
pub(crate) async fn note_filled_rows<C: ConnectionTrait>(
    db: &C,
    run: ExecutionId,
    noted: &Noted,
    sheet_id: i64,
    rows: RangeInclusive<u32>,
) -> Result<(), Error> {
    let sql = "INSERT INTO undo_log (execution_id, kind, target, part, place, before, revision_before) \
               SELECT $1, 'sheet-row', spreadsheet, sheet_id, row_index, cells, $2 FROM spreadsheet_rows \
               WHERE spreadsheet = $3 AND sheet_id = $4 AND row_index BETWEEN $5 AND $6";
    let values: Vec<sea_orm::Value> = vec![
        run.0.into(),
        noted.revision.into(),
        noted.number.into(),
        sheet_id.into(),
        i64::from(*rows.start()).into(),
        i64::from(*rows.end()).into(),
    ];
    execute(db, sql, values).await
}

/// Notes the whole spreadsheet as it is, unless this run has before.
pub(crate) async fn note_whole<C: ConnectionTrait>(db: &C, run: ExecutionId, noted: &Noted) -> Result<(), Error> {
    let known = of(run, WHOLE).filter(log::Column::Target.eq(noted.number)).one(db).await?;
    if known.is_some() {
        return Ok(());
    }
    let mut line = line(run, WHOLE, noted.number);
    line.part = Set(Some(noted.layout));
    line.revision_before = Set(Some(noted.revision));
    line.before = Set(Some(json::to_string(&noted.properties)));
    log::Entity::insert(line).exec_without_returning(db).await?;
    let sql = "INSERT INTO undo_log (execution_id, kind, target, part, place, before) \
               SELECT $1, 'sheet-whole-row', spreadsheet, sheet_id, row_index, cells FROM spreadsheet_rows \
               WHERE spreadsheet = $2";
    execute(db, sql, vec![run.0.into(), noted.number.into()]).await
}

/// Completes the notes of a call that was made: rows as they are now.
pub(crate) async fn note_done<C: ConnectionTrait>(db: &C, run: ExecutionId, noted: &Noted) -> Result<(), Error> {
    let sql = "UPDATE undo_log SET revision_after = $1, after = (SELECT r.cells FROM spreadsheet_rows r \
               WHERE r.spreadsheet = undo_log.target AND r.sheet_id = undo_log.part AND r.row_index = undo_log.place) \
               WHERE execution_id = $2 AND kind = 'sheet-row' AND target = $3 AND revision_after IS NULL";
    execute(db, sql, vec![(noted.revision + 1).into(), run.0.into(), noted.number.into()]).await
}

/// Takes everything back. The inner error: somebody else wrote there since.
pub(super) async fn undo(tx: &mut WriteTx, run: ExecutionId) -> Result<Result<(), Text>, Error> {
    let sql = "SELECT DISTINCT target FROM undo_log WHERE execution_id = $1 AND kind IN ('sheet-call', 'sheet-made') \
               ORDER BY target";
    let statement = Statement::from_sql_and_values(tx.backend(), sql, [run.0.into()]);
    let found = tx.db().query_all_raw(statement).await?;
    let numbers = found.iter().map(|row| row.try_get_by_index(0)).collect::<Result<Vec<i64>, _>>()?;
    for number in numbers {
        super::take(tx, "spreadsheets", "number", number).await?;
        if let Err(problem) = undo_one(tx, run, number).await? {
            return Ok(Err(problem));
        }
    }
    Ok(Ok(()))
}

fn of(run: ExecutionId, kind: &str) -> sea_orm::Select<log::Entity> {
    log::Entity::find().filter(log::Column::ExecutionId.eq(run.0)).filter(log::Column::Kind.eq(kind))
}

async fn undo_one(tx: &mut WriteTx, run: ExecutionId, number: i64) -> Result<Result<(), Text>, Error> {
    let Some(now) = book::noted(tx.db(), number).await? else {
        return Ok(Err("a spreadsheet was deleted by somebody else meanwhile".into()));
    };
    let title = now.properties.field("title").as_text().unwrap_or_default().to_owned();
    let changed =
        |what: &str| Text::from(format!("{what} of the spreadsheet {title:?} was changed by somebody else meanwhile"));
    let calls = of(run, CALL).filter(log::Column::Target.eq(number)).order_by_asc(log::Column::Id).all(tx.db()).await?;
    let own_since = |revision: i64| calls.iter().filter(|call| call.revision_before >= Some(revision)).count();
    let is_alone_since = |revision: i64| now.revision - revision == i64::try_from(own_since(revision)).unwrap_or(-1);
    tx.changed(Change::Spreadsheet(now.id.as_str().into()));
    if of(run, MADE).filter(log::Column::Target.eq(number)).one(tx.db()).await?.is_some() {
        if !is_alone_since(0) {
            return Ok(Err(changed("something")));
        }
        book::remove(tx.db(), number).await?;
        return Ok(Ok(()));
    }
    let whole = of(run, WHOLE).filter(log::Column::Target.eq(number)).one(tx.db()).await?;
    let (mut layout, mut limit) = (now.layout, i64::MAX);
    if let Some(whole) = whole {
        limit = whole.revision_before.unwrap_or(0);
        layout = whole.part.unwrap_or(0);
        if !is_alone_since(limit) {
            return Ok(Err(changed("something")));
        }
        restore_whole(tx, run, number, whole.before.as_deref().unwrap_or_default()).await?;
    }
    let is_before = |call: &&log::Model| call.revision_before < Some(limit);
    if calls.iter().filter(is_before).any(|call| call.part != Some(layout)) {
        return Ok(Err(changed("the order of rows or columns")));
    }
    if let Some(row) = changed_row(tx, run, number, limit).await? {
        return Ok(Err(changed(&format!("row {}", row + 1))));
    }
    restore_rows(tx, run, number, limit).await?;
    let after = "UPDATE spreadsheets SET revision = revision + 1, layout = $1, updated_at = $2 WHERE number = $3";
    execute(tx.db(), after, vec![layout.into(), micros(tx.now()).into(), number.into()]).await?;
    let look = "UPDATE spreadsheet_sheets SET last_table = NULL WHERE spreadsheet = $1";
    execute(tx.db(), look, vec![number.into()]).await?;
    Ok(Ok(()))
}

/// The spreadsheet as it was before its layout changed.
async fn restore_whole(tx: &WriteTx, run: ExecutionId, number: i64, properties: &str) -> Result<(), Error> {
    let properties = json::parse(properties.as_bytes()).map_err(|cause| Error::corrupt("the undo log", cause))?;
    book::restore(tx.db(), number, &properties).await?;
    let rows = "INSERT INTO spreadsheet_rows (spreadsheet, sheet_id, row_index, cells) \
                SELECT target, part, place, before FROM undo_log \
                WHERE execution_id = $1 AND kind = 'sheet-whole-row' AND target = $2";
    execute(tx.db(), rows, vec![run.0.into(), number.into()]).await
}

/// A row that does not look as this run left it.
async fn changed_row(tx: &WriteTx, run: ExecutionId, number: i64, limit: i64) -> Result<Option<i64>, Error> {
    let sql = "SELECT l.place FROM undo_log l LEFT JOIN spreadsheet_rows r \
               ON r.spreadsheet = l.target AND r.sheet_id = l.part AND r.row_index = l.place \
               WHERE l.id IN (SELECT MAX(id) FROM undo_log WHERE execution_id = $1 AND kind = 'sheet-row' \
               AND target = $2 AND revision_before < $3 GROUP BY part, place) \
               AND COALESCE(r.cells, '') <> COALESCE(l.after, '') LIMIT 1";
    let statement = Statement::from_sql_and_values(tx.backend(), sql, [run.0.into(), number.into(), limit.into()]);
    let found = tx.db().query_one_raw(statement).await?;
    Ok(found.map(|row| row.try_get_by_index(0)).transpose()?)
}

async fn restore_rows(tx: &WriteTx, run: ExecutionId, number: i64, limit: i64) -> Result<(), Error> {
    let values = || vec![run.0.into(), number.into(), limit.into()];
    let gone = "DELETE FROM spreadsheet_rows WHERE spreadsheet = $2 AND EXISTS (SELECT 1 FROM undo_log l \
                WHERE l.execution_id = $1 AND l.kind = 'sheet-row' AND l.target = $2 AND l.revision_before < $3 \
                AND l.part = spreadsheet_rows.sheet_id AND l.place = spreadsheet_rows.row_index)";
    execute(tx.db(), gone, values()).await?;
    let back = "INSERT INTO spreadsheet_rows (spreadsheet, sheet_id, row_index, cells) \
                SELECT target, part, place, before FROM undo_log WHERE before IS NOT NULL AND id IN \
                (SELECT MIN(id) FROM undo_log WHERE execution_id = $1 AND kind = 'sheet-row' AND target = $2 \
                AND revision_before < $3 GROUP BY part, place)";
    execute(tx.db(), back, values()).await
}

async fn execute<C: ConnectionTrait>(db: &C, sql: &str, values: Vec<sea_orm::Value>) -> Result<(), Error> {
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    Ok(())
}
