//! The cells that a request sends: checked, and understood as asked.

use jiff::civil::Date;
use rouage_model::sheets::{ApiError, ValueInput};
use rouage_model::{Value, json};

use super::cell::Cell;
use super::input;

/// Characters of a cell, as at Google.
const MAX_CHARACTERS: usize = 50_000;

/// A row of a request; `None` leaves a cell as it is.
pub(super) type Entered = Vec<Option<Cell>>;

/// The rows of a request as cells.
pub(super) fn rows(values: &[Vec<Value>], input: ValueInput, today: Date) -> Result<Vec<Entered>, ApiError> {
    let row = |(at, row): (usize, &Vec<Value>)| {
        row.iter().enumerate().map(|(column, value)| cell(value, input, today, (at, column))).collect()
    };
    values.iter().enumerate().map(row).collect()
}

fn cell(value: &Value, input: ValueInput, today: Date, at: (usize, usize)) -> Result<Option<Cell>, ApiError> {
    let cell = match value {
        Value::Undefined | Value::Null | Value::Ignore => return Ok(None),
        Value::Erase => Cell::Empty,
        Value::Boolean(boolean) => Cell::Boolean(*boolean),
        Value::Number(number) => Cell::Number(number.clone(), None),
        Value::Text(text) if input == ValueInput::Raw => Cell::text(text.clone()),
        Value::Text(text) => input::recognise(text, today),
        // As over the wire, where an instant is text.
        Value::Date(instant) => Cell::text(json::iso(*instant)),
        Value::Array(_) => return Err(not_a_cell(at, "list_value")),
        Value::Collection(_) | Value::Buffer(_) => return Err(not_a_cell(at, "struct_value")),
    };
    check_length(&cell)?;
    Ok(Some(cell))
}

/// A text as typed in the grid.
pub(super) fn typed(text: &str, today: Date) -> Result<Cell, ApiError> {
    let cell = input::recognise(text, today);
    check_length(&cell)?;
    Ok(cell)
}

fn check_length(cell: &Cell) -> Result<(), ApiError> {
    if let Cell::Text(text) | Cell::Formula(text) = cell
        // Bytes first: counting characters of every cell would be waste.
        && text.len() > MAX_CHARACTERS
        && text.chars().count() > MAX_CHARACTERS
    {
        return Err(ApiError::invalid(format!(
            "Your input contains more than the maximum of {MAX_CHARACTERS} characters in a single cell."
        )));
    }
    Ok(())
}

fn not_a_cell((row, column): (usize, usize), kind: &str) -> ApiError {
    ApiError::invalid(format!("Invalid values[{row}][{column}]: {kind}"))
}

/// Lays a row of a request over stored cells.
pub(super) fn overlay(stored: &mut Vec<Cell>, first_column: u32, entered: Entered) {
    let first_column = first_column as usize;
    for (at, cell) in entered.into_iter().enumerate() {
        let Some(cell) = cell else { continue };
        let at = first_column + at;
        if at >= stored.len() {
            if cell.is_empty() {
                continue;
            }
            stored.resize(at + 1, Cell::Empty);
        }
        stored[at] = cell;
    }
}
