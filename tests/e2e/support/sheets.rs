//! The rows, as any program with a token reads them.

use std::net::SocketAddr;

use super::http::{Url, request};
use super::program::Running;

/// A reader of built-in spreadsheets.
pub struct Sheets {
    address: SocketAddr,
    authorization: String,
}

impl Sheets {
    /// Reads with this token.
    pub fn new(server: &Running, token: &str) -> Self {
        Self { address: server.address, authorization: format!("Bearer {token}") }
    }

    /// The values of a range as they are shown.
    pub async fn values(&self, spreadsheet: &str, range: &str) -> Vec<Vec<String>> {
        let target = format!("/v4/spreadsheets/{spreadsheet}/values/{range}");
        let url = Url { address: self.address, target };
        let answer = request("GET", &url, &[("Authorization", &self.authorization)], b"").await.expect(200).json();
        let rows = answer["values"].as_array().cloned().unwrap_or_default();
        let text = |cell: &serde_json::Value| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
        rows.iter().map(|row| row.as_array().unwrap().iter().map(text).collect()).collect()
    }
}
