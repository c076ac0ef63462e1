//! The tables of spreadsheets and of the tokens that open them from outside.

pub(super) mod api_token;
pub(super) mod row;
pub(super) mod sheet;
pub(super) mod spreadsheet;
