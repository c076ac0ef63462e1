//! What the tests share: the program, a browser, an HTTP client, the rows.

mod browser;
mod http;
mod orders;
mod program;
mod sheets;

use std::time::Duration;

pub use browser::{Browser, between};
pub use http::{Answer, Url, exchange, request};
pub use orders::{COUPON_FIELD, ORDERS_SHEET, ORDERS_SPREADSHEET, example, order, small_order};
pub use program::{Imported, Place, Running, Store, run_with_input};
pub use sheets::Sheets;

/// How long anything may take before its test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Looks until there is something to see; fails when that takes too long.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let seen = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    seen.await.unwrap_or_else(|_| panic!("{what}: not within {} s", PATIENCE.as_secs()))
}
