//! A cell, and the stored form of a row of cells.
//!
//! The stored form is a JSON array: nothing is `null`, a boolean, a number and
//! a text are themselves, a number with a format is `{"n": 45000, "f": "0%"}`
//! and a formula is `{"x": "=SUM(A1:A3)"}`. A form that this version does not
//! know is read as nothing rather than failing the row.

use rouage_model::sheets::{DateTimeRender, ValueRender};
use rouage_model::value::Number;
use rouage_model::{Collection, Text, Value, json};

use super::format;

/// What one cell holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Yes or no.
    Boolean(bool),
    /// A number, with the pattern it is shown by (`None`: as it is). Dates and
    /// times are numbers too: days since 1899-12-30.
    Number(Number, Option<Text>),
    /// Text that is not empty.
    Text(Text),
    /// A formula as written, `=` included. Formulas are kept, not computed.
    Formula(Text),
}

impl Cell {
    /// A text cell; empty text is an empty cell.
    pub fn text(text: impl Into<Text>) -> Self {
        let text = text.into();
        if text.is_empty() { Cell::Empty } else { Cell::Text(text) }
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        matches!(self, Cell::Empty)
    }

    /// As a person sees it.
    pub fn shown(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Boolean(true) => "TRUE".to_owned(),
            Cell::Boolean(false) => "FALSE".to_owned(),
            Cell::Number(number, pattern) => format::show(number, pattern.as_deref()),
            Cell::Text(text) | Cell::Formula(text) => text.to_string(),
        }
    }

    /// What a person would type to get this cell: an apostrophe goes before
    /// text that would be taken for something else.
    pub fn typed(&self, today: jiff::civil::Date) -> String {
        match self {
            Cell::Text(text) if !matches!(super::input::recognise(text, today), Cell::Text(same) if same == *text) => {
                format!("'{text}")
            }
            Cell::Number(number, None) => number.to_string(),
            _ => self.shown(),
        }
    }

    /// As the API gives it.
    pub fn render(&self, render: ValueRender, dates: DateTimeRender) -> Value {
        if render == ValueRender::Formatted {
            return Value::text(self.shown());
        }
        match self {
            Cell::Empty => Value::text(""),
            Cell::Boolean(boolean) => Value::Boolean(*boolean),
            Cell::Number(_, Some(pattern))
                if dates == DateTimeRender::FormattedString && format::kind(pattern).is_moment() =>
            {
                Value::text(self.shown())
            }
            Cell::Number(number, _) => Value::Number(number.clone()),
            Cell::Text(text) | Cell::Formula(text) => Value::Text(text.clone()),
        }
    }

    fn encode(&self) -> Value {
        match self {
            Cell::Empty => Value::Null,
            Cell::Boolean(boolean) => Value::Boolean(*boolean),
            Cell::Number(number, None) => Value::Number(number.clone()),
            Cell::Number(number, Some(pattern)) => {
                let entries = [("n", Value::Number(number.clone())), ("f", Value::Text(pattern.clone()))];
                Collection::from_iter(entries).into()
            }
            Cell::Text(text) => Value::Text(text.clone()),
            Cell::Formula(formula) => Collection::from_iter([("x", formula.clone())]).into(),
        }
    }

    fn decode(value: &Value) -> Self {
        match value {
            Value::Boolean(boolean) => Cell::Boolean(*boolean),
            Value::Number(number) => Cell::Number(number.clone(), None),
            Value::Text(text) => Cell::text(text.clone()),
            Value::Collection(fields) => match (fields.get("n"), fields.get("f"), fields.get("x")) {
                (Some(Value::Number(number)), Some(Value::Text(pattern)), _) => {
                    Cell::Number(number.clone(), Some(pattern.clone()))
                }
                (_, _, Some(Value::Text(formula))) => Cell::Formula(formula.clone()),
                _ => Cell::Empty,
            },
            _ => Cell::Empty,
        }
    }
}

/// A row as it is stored; empty cells at the end are left out.
pub fn encode(cells: &[Cell]) -> String {
    json::to_string(&Value::from(trimmed(cells).iter().map(Cell::encode).collect::<Vec<_>>()))
}

/// A stored row. A row that cannot be read is an empty one.
pub fn decode(stored: &str) -> Vec<Cell> {
    let row = json::parse(stored.as_bytes()).unwrap_or_default();
    row.as_array().unwrap_or_default().iter().map(Cell::decode).collect()
}

/// The cells without the empty ones at the end.
pub fn trimmed(cells: &[Cell]) -> &[Cell] {
    let used = cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
    &cells[..used]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the first released version stores; it must stay readable.
    const STORED: &str = r##"["Ann",null,12.5,true,{"n":46350,"f":"yyyy-mm-dd"},{"x":"=A1"},98765432109876543210]"##;

    #[test]
    fn the_stored_form_stays_what_it_is() {
        let cells = [
            Cell::text("Ann"),
            Cell::Empty,
            Cell::Number(Number::Float(12.5), None),
            Cell::Boolean(true),
            Cell::Number(Number::Integer(46350), Some("yyyy-mm-dd".into())),
            Cell::Formula("=A1".into()),
            Cell::Number(Number::Exact("98765432109876543210".into()), None),
            Cell::Empty,
        ];
        assert_eq!(encode(&cells), STORED);
        assert_eq!(decode(STORED), trimmed(&cells));
    }

    #[test]
    fn a_form_of_a_later_version_is_an_empty_cell() {
        assert_eq!(decode(r#"[{"later":1},"b"]"#), [Cell::Empty, Cell::text("b")]);
        assert_eq!(decode("not json"), []);
    }

    #[test]
    fn typing_the_typed_form_again_gives_the_same_cell() {
        let today = jiff::civil::date(2026, 11, 24);
        for cell in [
            Cell::text("0612"),
            Cell::text("=1+1"),
            Cell::text("'quoted"),
            Cell::text("plain"),
            Cell::text("TRUE"),
            Cell::Boolean(true),
            Cell::Number(Number::Float(0.125), Some("0.00%".into())),
            Cell::Number(Number::Float(1.0 / 3.0), None),
            Cell::Number(Number::Integer(46350), Some("m/d/yyyy".into())),
        ] {
            assert_eq!(super::super::input::recognise(&cell.typed(today), today), cell, "{cell:?}");
        }
    }
}
