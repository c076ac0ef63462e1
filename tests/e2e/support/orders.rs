//! The orders of the example, and small ones in any number.

use std::path::{Path, PathBuf};

/// The spreadsheet that the example names.
pub const ORDERS_SPREADSHEET: &str = "1oRd3rT0Spr3adsh33tR0uag3Examp1e000000000000";
/// Its rows without the headings.
pub const ORDERS_SHEET: &str = "Orders!A2:I";
/// The field of the example that names who takes the coupons.
pub const COUPON_FIELD: &str = "5.url";

/// A file of the examples.
pub fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(path)
}

/// A payload of the examples.
pub fn order(file: &str) -> Vec<u8> {
    std::fs::read(example("order-to-spreadsheet/orders").join(file)).unwrap()
}

/// An order by its number: every second is completed, every third has a coupon.
pub fn small_order(number: usize) -> Vec<u8> {
    let status = if number.is_multiple_of(2) { "completed" } else { "pending" };
    let coupon = if number.is_multiple_of(3) { r#"{"uuid":"NOEL","price":"5.00"}"# } else { "[]" };
    format!(
        r#"{{"order_id":{number},"first_name":"ADA","last_name":"LOVELACE","email":"ada@example.org",
        "phone":"0600000000","status":"{status}","created":"2026-11-24T09:00:00Z","items":[{{"name":"Box"}}],
        "total_paid":"12.50","coupon":{coupon}}}"#
    )
    .into_bytes()
}
