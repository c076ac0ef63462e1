//! The orders of the example and the shop that posts them.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rouage_model::{Value, json};
use rouage_sdk::guard::{Guard, Policy};
use rouage_sdk::http::{Client, Method, Request, parse_url};

use rouage_store::Change;
use tokio::sync::broadcast::Receiver;
use tokio::time::Instant;

use crate::config::Config;

/// How long to wait for a row before the next order is posted.
const PATIENCE: Duration = Duration::from_secs(5);

/// For the hint at the end.
pub const SMALL: &str = r#"{"order_id":1,"first_name":"ADA","last_name":"LOVELACE","email":"ada@example.com","phone":"0600000000","status":"completed","created":"2026-11-24T09:00:00Z","items":[{"name":"Box"}],"total_paid":"12.50","coupon":[]}"#;

const EMBEDDED: [(&str, &[u8]); 3] = [
    (
        "created_checkoutorder.json",
        include_bytes!("../../../../examples/order-to-spreadsheet/orders/created_checkoutorder.json"),
    ),
    (
        "created_checkoutorder_with_coupon.json",
        include_bytes!("../../../../examples/order-to-spreadsheet/orders/created_checkoutorder_with_coupon.json"),
    ),
    (
        "pending_two_products.json",
        include_bytes!("../../../../examples/order-to-spreadsheet/orders/pending_two_products.json"),
    ),
];

/// An order to post.
pub struct Order {
    /// Its file.
    pub file: String,
    /// The bytes that the shop sends.
    pub bytes: Vec<u8>,
    /// The same, read.
    pub value: Value,
}

impl Order {
    /// The number by which it is recognised.
    pub fn id(&self) -> i64 {
        self.value.field("order_id").as_i64().unwrap_or_default()
    }

    /// Whether the example writes to the buyer.
    pub fn wants_mail(&self) -> bool {
        self.value.field("status").as_text() == Some("completed")
    }

    /// Whether the example reports a coupon.
    pub fn wants_request(&self) -> bool {
        self.value.field("coupon").get("uuid").is_some()
    }
}

/// An order that was answered `200 Accepted`.
#[derive(Debug, Clone, Copy)]
pub struct Posted {
    /// Its number.
    pub id: i64,
    /// How long the answer took.
    pub answered_in: Duration,
    /// From the request to the row on the disk; `None` when it took too long
    /// to wait for.
    pub row_after: Option<Duration>,
}

/// The orders from the working folder, else those inside the program.
pub fn all() -> anyhow::Result<Vec<Order>> {
    let folder = Path::new("examples/order-to-spreadsheet/orders");
    let mut files = Vec::new();
    if folder.is_dir() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                files.push((name, std::fs::read(&path)?));
            }
        }
        files.sort();
    } else {
        files.extend(EMBEDDED.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())));
    }
    let read = |(file, bytes): (String, Vec<u8>)| {
        let value = json::parse(&bytes).with_context(|| format!("the order {file}"))?;
        Ok(Order { file, bytes, value })
    };
    files.into_iter().map(read).collect()
}

/// Posts every order as the shop would, one after another.
pub async fn post(
    config: &Config,
    hook: &str,
    orders: &[Order],
    mut changes: Receiver<Change>,
) -> anyhow::Result<Vec<Posted>> {
    let url = parse_url(hook).map_err(|error| anyhow::anyhow!("{error}"))?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let policy = Policy::parse(&[host]).map_err(|errors| anyhow::anyhow!("{errors:?} ({})", config.listen))?;
    let client = Client::new(Guard::new(policy));
    let mut posted = Vec::new();
    for order in orders {
        let request = Request::new(Method::POST, url.clone())
            .header("Content-Type", "application/json")
            .body(order.bytes.clone());
        let start = Instant::now();
        let response = client.send(request).await;
        let response = response.map_err(|error| anyhow::anyhow!("posting {}: {error}", order.file))?;
        if response.status != 200 {
            bail!("posting {}: status {}: {}", order.file, response.status, String::from_utf8_lossy(&response.body));
        }
        let answered_in = start.elapsed();
        let row = tokio::time::timeout(PATIENCE, row_written(&mut changes)).await;
        posted.push(Posted { id: order.id(), answered_in, row_after: row.ok().map(|()| start.elapsed()) });
    }
    Ok(posted)
}

/// Resolves when a change of a spreadsheet is on the disk.
async fn row_written(changes: &mut Receiver<Change>) {
    loop {
        match changes.recv().await {
            Ok(Change::Spreadsheet(_)) => return,
            Ok(_) => {}
            // News were lost or end: say that the time is not known.
            Err(_) => std::future::pending().await,
        }
    }
}
