//! Finding the table that an append goes to.
//!
//! As at Google: the last filled row within the range is part of a table; the
//! table is the block of cells around it that empty rows and columns set
//! apart; the new rows go below it, from its first column on.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;

use super::book::{Rect, Sheet};
use super::cell::Cell;
use super::rows;
use crate::Error;

/// Filled stretches of columns by row; ends are inclusive.
type Filled = BTreeMap<u32, Vec<(u32, u32)>>;

/// The table within `rect` that is to be continued, if there is one. `last` is
/// the last row of the sheet that holds something.
pub(super) async fn find<C: ConnectionTrait>(
    db: &C,
    sheet: &Sheet,
    rect: &Rect,
    last: Option<u32>,
) -> Result<Option<Rect>, Error> {
    let Some(last) = last else { return Ok(None) };
    let Some((row, column)) = seed(db, sheet, rect).await? else { return Ok(None) };
    // The place noted by the last append spares reading the sheet.
    if let Some(table) = sheet.last_table.filter(|table| table.contains(row, column) && table.last_row == last) {
        return Ok(Some(table));
    }
    Ok(Some(around(&load(db, sheet).await?, row, column)))
}

/// The first filled cell of the last row within the range that has one.
async fn seed<C: ConnectionTrait>(db: &C, sheet: &Sheet, rect: &Rect) -> Result<Option<(u32, u32)>, Error> {
    let mut last_row = rect.last_row;
    // The last row nearly always has one, so the first look is at few rows.
    let mut limit = 4;
    loop {
        let found = rows::load_backwards(db, sheet.key, rect.first_row..=last_row, limit).await?;
        for (row, cells) in &found {
            let filled = stretches(cells);
            let hit = filled.iter().find(|(first, last)| *last >= rect.first_column && *first <= rect.last_column);
            if let Some((first, _)) = hit {
                return Ok(Some((*row, (*first).max(rect.first_column))));
            }
        }
        match found.last() {
            Some((row, _)) if *row > rect.first_row && found.len() as u64 == limit => last_row = row - 1,
            _ => return Ok(None),
        }
        limit = 1_000;
    }
}

async fn load<C: ConnectionTrait>(db: &C, sheet: &Sheet) -> Result<Filled, Error> {
    let mut filled = Filled::new();
    let mut from = 0;
    loop {
        let chunk = rows::load_chunk(db, sheet.key, from).await?;
        let Some((last, _)) = chunk.last() else { return Ok(filled) };
        from = last + 1;
        let done = rows::is_last_chunk(&chunk);
        filled.extend(chunk.iter().map(|(row, cells)| (*row, stretches(cells))));
        if done {
            return Ok(filled);
        }
    }
}

fn stretches(cells: &[Cell]) -> Vec<(u32, u32)> {
    let mut stretches: Vec<(u32, u32)> = Vec::new();
    for (at, _) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        match stretches.last_mut() {
            Some((_, last)) if *last + 1 == at => *last = at,
            _ => stretches.push((at, at)),
        }
    }
    stretches
}

/// The block of cells around a filled one: it grows as long as a filled cell
/// touches it, corners included.
fn around(filled: &Filled, row: u32, column: u32) -> Rect {
    let mut block = Rect { first_row: row, last_row: row, first_column: column, last_column: column };
    loop {
        let before = block;
        widen(filled, &mut block);
        while let Some(above) = block.first_row.checked_sub(1).filter(|row| touches(filled, *row, &block)) {
            block.first_row = above;
            widen_by(filled, &mut block, above);
        }
        while touches(filled, block.last_row + 1, &block) {
            block.last_row += 1;
            let row = block.last_row;
            widen_by(filled, &mut block, row);
        }
        if block == before {
            return block;
        }
    }
}

fn touches(filled: &Filled, row: u32, block: &Rect) -> bool {
    filled.get(&row).is_some_and(|stretches| stretches.iter().any(|stretch| is_near(*stretch, block)))
}

fn is_near((first, last): (u32, u32), block: &Rect) -> bool {
    last + 1 >= block.first_column && first <= block.last_column + 1
}

/// Takes in what touches the sides, the rows just above and below included.
fn widen(filled: &Filled, block: &mut Rect) {
    let rows = block.first_row.saturating_sub(1)..=block.last_row + 1;
    for stretch in filled.range(rows).flat_map(|(_, stretches)| stretches) {
        if is_near(*stretch, block) {
            block.first_column = block.first_column.min(stretch.0);
            block.last_column = block.last_column.max(stretch.1);
        }
    }
}

fn widen_by(filled: &Filled, block: &mut Rect, row: u32) {
    for stretch in filled.get(&row).into_iter().flatten() {
        if is_near(*stretch, block) {
            block.first_column = block.first_column.min(stretch.0);
            block.last_column = block.last_column.max(stretch.1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A drawing of a sheet: `#` is filled. Gives the block around a cell.
    fn block(drawing: &[&str], row: u32, column: u32) -> String {
        let cells = |line: &&str| -> Vec<Cell> {
            line.chars().map(|letter| if letter == '#' { Cell::text("x") } else { Cell::Empty }).collect()
        };
        let filled = drawing.iter().enumerate();
        let filled = filled.map(|(row, line)| (u32::try_from(row).unwrap(), stretches(&cells(line)))).collect();
        around(&filled, row, column).a1()
    }

    #[test]
    fn a_table_ends_at_empty_rows_and_columns() {
        // The two tables of Google's guide: A1:C2 and B4:D6.
        let guide = ["###", "###", "", ".###", ".###", ".###"];
        assert_eq!(block(&guide, 1, 0), "A1:C2");
        assert_eq!(block(&guide, 5, 1), "B4:D6");
        assert_eq!(block(&["#", "#", "#"], 1, 0), "A1:A3");
        assert_eq!(block(&["##.##", "##.##"], 0, 0), "A1:B2");
        assert_eq!(block(&["##...", "..##.", "....#"], 0, 0), "A1:E3");
        assert_eq!(block(&["###", "#", "###", "..#.#"], 0, 0), "A1:C4");
        assert_eq!(block(&["#...", ".#..", "..#.", "...#"], 3, 3), "A1:D4");
        assert_eq!(block(&["...#", "....", "#"], 2, 0), "A3");
    }
}
