//! The part of the Google Sheets v4 API that Rouage speaks, as data.
//!
//! One vocabulary for three speakers: the `google-sheets` app makes these
//! calls, the built-in spreadsheets answer them, and the REST endpoint turns
//! HTTP into them. Answers are Google's JSON bodies as [`Value`].

use crate::value::{Text, Value};

/// How typed input is understood (`valueInputOption`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ValueInput {
    /// Stored as sent.
    #[default]
    Raw,
    /// As if a person had typed it: numbers, dates, booleans are recognised.
    UserEntered,
}

/// How cells are read (`valueRenderOption`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ValueRender {
    /// As a person sees it; always text.
    #[default]
    Formatted,
    /// The value behind it.
    Unformatted,
    /// The formula, where there is one.
    Formula,
}

/// How dates are read when the values are unformatted (`dateTimeRenderOption`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateTimeRender {
    /// Days since 1899-12-30.
    #[default]
    SerialNumber,
    /// As text.
    FormattedString,
}

/// Where appended rows go (`insertDataOption`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InsertData {
    /// Into the empty cells after the table.
    #[default]
    Overwrite,
    /// New rows are inserted.
    InsertRows,
}

/// One REST call. Ranges are A1 texts such as `Orders!A1:Z1`.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// `POST /v4/spreadsheets`: `{properties, sheets}`.
    Create {
        /// The request body.
        body: Value,
    },
    /// `GET /v4/spreadsheets/{id}`: properties and sheets, no cells.
    Get {
        /// The spreadsheet.
        id: Text,
    },
    /// `GET /v4/spreadsheets/{id}/values/{range}`, or `values:batchGet` with
    /// several ranges (`batch`).
    Values {
        /// The spreadsheet.
        id: Text,
        /// What to read.
        ranges: Vec<Text>,
        /// Whether the answer is that of `batchGet`.
        batch: bool,
        /// How values are read.
        render: ValueRender,
        /// How dates are read.
        dates: DateTimeRender,
    },
    /// `POST …/values/{range}:append`.
    Append {
        /// The spreadsheet.
        id: Text,
        /// The table to append to.
        range: Text,
        /// Rows of cells; `Null` or `Undefined` leaves a cell as it is.
        values: Vec<Vec<Value>>,
        /// How input is understood.
        input: ValueInput,
        /// Where rows go.
        insert: InsertData,
    },
    /// `PUT …/values/{range}`, or `values:batchUpdate` with several (`batch`).
    Update {
        /// The spreadsheet.
        id: Text,
        /// Range and rows of cells; nothing leaves a cell as it is.
        data: Vec<(Text, Vec<Vec<Value>>)>,
        /// Whether the answer is that of `values:batchUpdate`.
        batch: bool,
        /// How input is understood.
        input: ValueInput,
    },
    /// `POST …/values/{range}:clear`.
    Clear {
        /// The spreadsheet.
        id: Text,
        /// What to clear.
        range: Text,
    },
    /// `POST /v4/spreadsheets/{id}:batchUpdate`: `{requests: […]}` with
    /// `addSheet`, `deleteSheet`, `deleteDimension`, `insertDimension`,
    /// `appendDimension`, `updateSheetProperties`, `updateSpreadsheetProperties`.
    BatchUpdate {
        /// The spreadsheet.
        id: Text,
        /// The request body.
        body: Value,
    },
}

impl Call {
    /// Whether it changes anything.
    pub fn is_write(&self) -> bool {
        !matches!(self, Call::Get { .. } | Call::Values { .. })
    }

    /// The spreadsheet it is about; `None` for [`Call::Create`].
    pub fn spreadsheet(&self) -> Option<&str> {
        match self {
            Call::Create { .. } => None,
            Call::Get { id }
            | Call::Values { id, .. }
            | Call::Append { id, .. }
            | Call::Update { id, .. }
            | Call::Clear { id, .. }
            | Call::BatchUpdate { id, .. } => Some(id),
        }
    }
}

/// Google's error body: `{"error":{"code","message","status"}}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The HTTP status.
    pub code: u16,
    /// Google's name for it, such as `NOT_FOUND` or `INVALID_ARGUMENT`.
    pub status: &'static str,
    /// For people.
    pub message: String,
}

impl ApiError {
    /// 404 with Google's text.
    pub fn not_found() -> Self {
        Self { code: 404, status: "NOT_FOUND", message: "Requested entity was not found.".into() }
    }

    /// 400.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { code: 400, status: "INVALID_ARGUMENT", message: message.into() }
    }

    /// The body as Google sends it.
    pub fn body(&self) -> Value {
        let error: crate::Collection = [
            ("code", Value::from(self.code)),
            ("message", Value::text(self.message.as_str())),
            ("status", Value::text(self.status)),
        ]
        .into_iter()
        .collect();
        crate::Collection::from_iter([("error", error)]).into()
    }
}
