//! A1 notation: `Orders!A1:Z1`, `'My sheet'!B:D`, `A5`.
//!
//! Rows and columns count from 0 here; `None` is an open end.

use std::fmt;

/// A rectangle of cells, open where there is no number. Ends are inclusive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Range {
    /// The sheet, when named.
    pub sheet: Option<String>,
    /// First column.
    pub first_column: Option<u32>,
    /// First row.
    pub first_row: Option<u32>,
    /// Last column.
    pub last_column: Option<u32>,
    /// Last row.
    pub last_row: Option<u32>,
}

impl Range {
    /// Reads a range. A text that is no cell address is the name of a sheet,
    /// as Google takes it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (sheet, cells) = split_sheet(text);
        let Some(cells) = cells else {
            return match (sheet, parse_cells(text)) {
                (None, Some(range)) => Ok(range),
                (None, None) => Ok(Self { sheet: Some(text.to_owned()), ..Self::default() }),
                (sheet, _) => Ok(Self { sheet, ..Self::default() }),
            };
        };
        let range = parse_cells(cells).ok_or_else(|| format!("Unable to parse range: {text}"))?;
        Ok(Self { sheet, ..range })
    }
}

/// Splits off a sheet name, quoted or not. No `!` means no split.
fn split_sheet(text: &str) -> (Option<String>, Option<&str>) {
    if let Some(quoted) = text.strip_prefix('\'') {
        let mut end = None;
        let mut bytes = quoted.bytes().enumerate().peekable();
        while let Some((at, byte)) = bytes.next() {
            if byte != b'\'' {
                continue;
            }
            if bytes.peek().is_some_and(|(_, next)| *next == b'\'') {
                bytes.next();
                continue;
            }
            end = Some(at);
            break;
        }
        if let Some(end) = end {
            let name = quoted[..end].replace("''", "'");
            return (Some(name), quoted[end + 1..].strip_prefix('!'));
        }
    }
    match text.rsplit_once('!') {
        Some((sheet, cells)) => (Some(sheet.to_owned()), Some(cells)),
        None => (None, None),
    }
}

fn parse_cells(text: &str) -> Option<Range> {
    let (first, last) = text.split_once(':').map_or((text, None), |(first, last)| (first, Some(last)));
    let (first_column, first_row) = parse_corner(first)?;
    let (last_column, last_row) = match last {
        Some(last) => parse_corner(last)?,
        None => match (first_column, first_row) {
            (Some(_), Some(_)) => (first_column, first_row),
            _ => return None,
        },
    };
    let ordered = |first: Option<u32>, last: Option<u32>| match (first, last) {
        (Some(first), Some(last)) if last < first => (Some(last), Some(first)),
        pair => pair,
    };
    let (first_column, last_column) = ordered(first_column, last_column);
    let (first_row, last_row) = ordered(first_row, last_row);
    Some(Range { sheet: None, first_column, first_row, last_column, last_row })
}

/// `B12`, `B` or `12`.
fn parse_corner(text: &str) -> Option<(Option<u32>, Option<u32>)> {
    let text = text.trim().replace('$', "");
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, digits) = text.split_at(letters);
    if letters.is_empty() && digits.is_empty() {
        return None;
    }
    let column = if letters.is_empty() { None } else { Some(column_index(letters)?) };
    let row = if digits.is_empty() {
        None
    } else if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Some(digits.parse::<u32>().ok()?.checked_sub(1)?)
    } else {
        return None;
    };
    Some((column, row))
}

/// `A` is 0, `Z` 25, `AA` 26; at most three letters.
pub fn column_index(letters: &str) -> Option<u32> {
    if letters.is_empty() || letters.len() > 3 || !letters.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let number = letters.bytes().fold(0, |number, byte| number * 26 + u32::from(byte.to_ascii_uppercase() - b'A') + 1);
    Some(number - 1)
}

/// 0 is `A`, 26 is `AA`.
pub fn column_letters(index: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = index + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

/// A sheet name as it stands before `!`, quoted where Google quotes it.
pub fn quote_sheet(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.is_empty()
        && !name.as_bytes()[0].is_ascii_digit()
        && parse_cells(name).is_none();
    if plain { name.to_owned() } else { format!("'{}'", name.replace('\'', "''")) }
}

/// Back to A1 notation.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let corner = |column: Option<u32>, row: Option<u32>| {
            let column = column.map(column_letters).unwrap_or_default();
            let row = row.map(|row| (row + 1).to_string()).unwrap_or_default();
            column + &row
        };
        let first = corner(self.first_column, self.first_row);
        let last = corner(self.last_column, self.last_row);
        if let Some(sheet) = &self.sheet {
            f.write_str(&quote_sheet(sheet))?;
            if first.is_empty() && last.is_empty() {
                return Ok(());
            }
            f.write_str("!")?;
        }
        f.write_str(&first)?;
        if first != last {
            write!(f, ":{last}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_come_back_as_google_prints_them() {
        for (text, printed) in [
            ("Orders!A1:Z1", "Orders!A1:Z1"),
            ("'My sheet'!B2", "'My sheet'!B2"),
            ("'It''s'!A:C", "'It''s'!A:C"),
            ("b7:a3", "A3:B7"),
            ("Orders", "Orders"),
            ("'Orders'", "Orders"),
            ("Commandes été!3:4", "'Commandes été'!3:4"),
            ("$A$1:$B$2", "A1:B2"),
        ] {
            assert_eq!(Range::parse(text).unwrap().to_string(), printed, "{text}");
        }
        assert!(Range::parse("Orders!A0").is_err());
        assert!(Range::parse("Orders!").is_err());
    }

    #[test]
    fn columns_count_in_letters() {
        for (index, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(column_letters(index), letters);
            assert_eq!(column_index(letters), Some(index));
        }
        assert_eq!(column_index("A1"), None);
    }
}
