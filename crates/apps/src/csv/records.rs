//! Text to rows of fields (RFC 4180, and what spreadsheets make of it): quoted
//! fields may hold delimiters, quotes and line breaks; every kind of line end
//! counts; lines without a letter are passed over.

/// Reads row by row.
pub(super) struct Records<'t> {
    rest: std::iter::Peekable<std::str::Chars<'t>>,
    delimiter: char,
    /// Whether quotes inside a field without quotes are part of it.
    relax: bool,
    line: usize,
}

impl<'t> Records<'t> {
    pub(super) fn of(text: &'t str, delimiter: char, relax: bool) -> Self {
        let text = text.trim_start_matches('\u{feff}');
        Self { rest: text.chars().peekable(), delimiter, relax, line: 1 }
    }

    /// Up to a delimiter or line end, which stays.
    fn field(&mut self) -> Result<String, String> {
        if self.rest.peek() == Some(&'"') {
            return self.quoted();
        }
        let mut field = String::new();
        while let Some(letter) = self.rest.next_if(|letter| *letter != self.delimiter && !matches!(letter, '\n' | '\r'))
        {
            if letter == '"' && !self.relax {
                return Err(format!(
                    "a quote stands inside a field without quotes in line {}; preserve quotes, or write the field in \
                     quotes and double those inside",
                    self.line
                ));
            }
            field.push(letter);
        }
        Ok(field)
    }

    fn quoted(&mut self) -> Result<String, String> {
        let begun = self.line;
        let mut field = String::new();
        self.rest.next();
        loop {
            match self.rest.next() {
                None => return Err(format!("the quote that opens in line {begun} is never closed")),
                Some('"') => match self.rest.peek().copied() {
                    Some('"') => {
                        self.rest.next();
                        field.push('"');
                    }
                    None | Some('\n' | '\r') => return Ok(field),
                    Some(letter) if letter == self.delimiter => return Ok(field),
                    Some(_) if self.relax => field.push('"'),
                    Some(letter) => {
                        return Err(format!(
                            "{letter:?} stands between a closing quote and the delimiter in line {}",
                            self.line
                        ));
                    }
                },
                Some(letter) => {
                    self.line += usize::from(letter == '\n');
                    field.push(letter);
                }
            }
        }
    }

    fn row(&mut self) -> Result<Vec<String>, String> {
        let mut row = vec![self.field()?];
        loop {
            match self.rest.next() {
                Some(letter) if letter == self.delimiter => row.push(self.field()?),
                Some('\r') => {
                    self.rest.next_if_eq(&'\n');
                    break;
                }
                // Fields end at a delimiter or line end only.
                _ => break,
            }
        }
        self.line += 1;
        Ok(row)
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Vec<String>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.rest.peek().is_some() {
            match self.row() {
                Ok(row) if row.len() == 1 && row[0].trim().is_empty() => {}
                other => return Some(other),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, delimiter: char, relax: bool) -> Result<String, String> {
        let rows: Result<Vec<Vec<String>>, String> = Records::of(text, delimiter, relax).collect();
        Ok(rows?.iter().map(|row| row.join("|")).collect::<Vec<_>>().join("/"))
    }

    #[test]
    fn rows_are_read_as_spreadsheets_write_them() {
        for (text, delimiter, rows) in [
            ("a,b\r\nc,d\n", ',', "a|b/c|d"),
            ("\u{feff}a;b\rc;", ';', "a|b/c|"),
            ("\"a,\"\"b\"\"\nc\",d", ',', "a,\"b\"\nc|d"),
            ("a\n\n  \n,\n", ',', "a/|"),
            ("a\t\"\"\tb", '\t', "a||b"),
            ("", ',', ""),
        ] {
            assert_eq!(read(text, delimiter, false).unwrap(), rows, "{text:?}");
        }
    }

    #[test]
    fn stray_quotes_are_kept_when_relaxed_and_an_error_with_their_line_else() {
        assert_eq!(read("a\"b,\"c\"d\",e", ',', true).unwrap(), "a\"b|c\"d|e");
        assert!(read("x\n5\" pipe", ',', false).unwrap_err().contains("line 2"));
        assert!(read("x\n\"a\"b", ',', false).unwrap_err().contains("line 2"));
        assert!(read("x\n\"a\nb", ',', true).unwrap_err().contains("line 2"));
    }
}
