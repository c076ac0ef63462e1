//! Spreadsheets as files: `.xlsx` with numbers and dates as such, `.csv` that
//! is safe to open.

use axum::extract::Path;
use rouage_store::sheets::{self, Cell, GridRow, Spreadsheet, Tab};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use crate::render::{Page, Reply, download};
use crate::{App, PageError};

/// Rows read at a time.
const CHUNK: u32 = 5_000;
/// Characters of a cell in an .xlsx file; what is beyond is cut.
const XLSX_CHARACTERS: usize = 32_767;
/// Whole numbers beyond this lose digits in a double, so they become text.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// `GET /spreadsheets/{id}/download.xlsx`.
pub async fn xlsx(page: Page, Path(id): Path<String>) -> Reply {
    let spreadsheet = super::find(&page, &id).await?;
    let mut sheets = Vec::with_capacity(spreadsheet.sheets.len());
    for tab in &spreadsheet.sheets {
        sheets.push((tab.title.clone(), rows(&page.app, &id, tab).await?));
    }
    // Compressing a large file would hold up other requests.
    let file = tokio::task::spawn_blocking(move || workbook(&sheets)).await.map_err(PageError::internal)?;
    let name = format!("{}.xlsx", file_name(&spreadsheet));
    let media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(download(&name, media_type, file.map_err(PageError::internal)?))
}

/// `GET /spreadsheets/{id}/download.csv?sheet=`: one sheet, the first if none
/// is named.
pub async fn csv(page: Page, Path(id): Path<String>) -> Reply {
    let spreadsheet = super::find(&page, &id).await?;
    let tab = super::tab(&spreadsheet, page.query.text("sheet"))?;
    let rows = rows(&page.app, &id, tab).await?;
    let name = match spreadsheet.sheets.len() {
        1 => format!("{}.csv", file_name(&spreadsheet)),
        _ => format!("{} - {}.csv", file_name(&spreadsheet), tab.title),
    };
    Ok(download(&name, "text/csv; charset=utf-8", comma_separated(&rows).map_err(PageError::internal)?))
}

fn file_name(spreadsheet: &Spreadsheet) -> &str {
    let title = spreadsheet.title.trim();
    if title.is_empty() { "spreadsheet" } else { title }
}

/// All filled rows of a sheet.
async fn rows(app: &App, id: &str, tab: &Tab) -> Result<Vec<GridRow>, PageError> {
    let mut rows = Vec::new();
    for first in (0..tab.filled_rows).step_by(CHUNK as usize) {
        rows.extend(sheets::window(app.store(), app.team(), (id, tab.sheet_id), (first, CHUNK)).await?);
    }
    Ok(rows)
}

fn workbook(sheets: &[(String, Vec<GridRow>)]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let mut names: Vec<String> = Vec::new();
    for (title, rows) in sheets {
        let name = sheet_name(title, &names);
        let sheet = workbook.add_worksheet();
        sheet.set_name(&name)?;
        names.push(name);
        for row in rows {
            for (column, cell) in row.cells.iter().enumerate() {
                // A file has fewer columns than a sheet may have.
                let Ok(column) = u16::try_from(column) else { break };
                write(sheet, row.row, column, cell)?;
            }
        }
    }
    workbook.save_to_buffer()
}

/// A title as a file allows it: 31 characters, some not among them, no two alike.
fn sheet_name(title: &str, taken: &[String]) -> String {
    let allowed: String = title.chars().map(|c| if "[]:*?/\\".contains(c) { '_' } else { c }).take(31).collect();
    let allowed = allowed.trim_matches('\'').to_owned();
    let allowed = if allowed.trim().is_empty() { "Sheet".to_owned() } else { allowed };
    let is_free = |name: &String| !taken.iter().any(|other| other.to_lowercase() == name.to_lowercase());
    if is_free(&allowed) {
        return allowed;
    }
    let numbered = |number: usize| allowed.chars().take(27).collect::<String>() + &format!(" {number}");
    (2..).map(numbered).find(is_free).unwrap_or(allowed)
}

/// Text stays text, whatever it looks like: no formulas, no links.
fn write(sheet: &mut Worksheet, row: u32, column: u16, cell: &Cell) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => {}
        Cell::Boolean(boolean) => {
            sheet.write_boolean(row, column, *boolean)?;
        }
        Cell::Number(number, _) if !number.as_f64().is_finite() || number.as_f64().abs() > EXACT => {
            sheet.write_string(row, column, number.to_string())?;
        }
        Cell::Number(number, None) => {
            sheet.write_number(row, column, number.as_f64())?;
        }
        Cell::Number(number, Some(pattern)) => {
            let format = Format::new().set_num_format(pattern.as_ref());
            sheet.write_number_with_format(row, column, number.as_f64(), &format)?;
        }
        Cell::Text(text) | Cell::Formula(text) => {
            let end = text.char_indices().nth(XLSX_CHARACTERS).map_or(text.len(), |(end, _)| end);
            sheet.write_string(row, column, &text[..end])?;
        }
    }
    Ok(())
}

/// RFC 4180 with a byte order mark, so that spreadsheet programs take it as UTF-8.
fn comma_separated(rows: &[GridRow]) -> Result<Vec<u8>, csv::Error> {
    let width = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0).max(1);
    let out = b"\xEF\xBB\xBF".to_vec();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    let mut next = 0;
    for row in rows {
        for _ in next..row.row {
            writer.write_record(vec![""; width])?;
        }
        next = row.row + 1;
        let cells = row.cells.iter().map(harmless).chain(std::iter::repeat_n(String::new(), width - row.cells.len()));
        writer.write_record(cells)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// The shown text; an apostrophe goes before what a spreadsheet program would
/// run as a formula (attack case A17).
fn harmless(cell: &Cell) -> String {
    let shown = cell.shown();
    let risky = shown.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let number = matches!(cell, Cell::Number(..)) || is_plain_number(&shown);
    if risky && !number { format!("'{shown}") } else { shown }
}

fn is_plain_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte)) && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use rouage_model::value::Number;

    use super::*;

    fn row(row: u32, cells: Vec<Cell>) -> GridRow {
        GridRow { row, cells }
    }

    #[test]
    fn csv_is_quoted_padded_and_harmless() {
        let rows = [
            row(0, vec![Cell::text("Name"), Cell::text("a,b \"c\"\nd"), Cell::text("é")]),
            row(
                2,
                vec![
                    Cell::text("=HYPERLINK(\"x\")"),
                    Cell::Number(Number::Float(-5.5), None),
                    Cell::Number(Number::Float(-5.5), Some("\"$\"#,##0.00".into())),
                ],
            ),
            row(3, vec![Cell::text("+33612345678"), Cell::text("-cmd|x"), Cell::text("@SUM(1)")]),
            row(4, vec![Cell::text("\tx"), Cell::text("-inf"), Cell::Formula("=A1".into())]),
        ];
        let text = String::from_utf8(comma_separated(&rows).unwrap()).unwrap();
        assert_eq!(
            text,
            "\u{feff}Name,\"a,b \"\"c\"\"\nd\",é\r\n,,\r\n\"'=HYPERLINK(\"\"x\"\")\",-5.5,-$5.50\r\n\
             +33612345678,'-cmd|x,'@SUM(1)\r\n'\tx,'-inf,'=A1\r\n"
        );
    }

    #[test]
    fn an_empty_sheet_is_an_empty_file() {
        assert_eq!(comma_separated(&[]).unwrap(), b"\xEF\xBB\xBF");
    }

    #[test]
    fn sheet_names_fit_the_format_and_differ() {
        let mut names = Vec::new();
        for title in ["Orders", "orders", "a/b:c", "", "'", &"x".repeat(40), &"X".repeat(40)] {
            let name = sheet_name(title, &names);
            names.push(name);
        }
        let long = ["x".repeat(31), format!("{} 2", "X".repeat(27))];
        assert_eq!(names[..5], ["Orders", "orders 2", "a_b_c", "Sheet", "Sheet 2"]);
        assert_eq!(names[5..], long);
    }

    #[test]
    fn xlsx_takes_every_kind_of_cell() {
        let cells = vec![
            Cell::text("=1+1"),
            Cell::text("http://example.com"),
            Cell::text("x".repeat(50_000)),
            Cell::Number(Number::Exact("98765432109876543210".into()), None),
            Cell::Number(Number::Integer(46350), Some("yyyy-mm-dd".into())),
            Cell::Boolean(true),
            Cell::Formula("=A1".into()),
            Cell::Empty,
        ];
        let file = workbook(&[("Orders".to_owned(), vec![row(5, cells)])]).unwrap();
        assert!(file.starts_with(b"PK"), "an .xlsx file is a zip archive");
    }
}
