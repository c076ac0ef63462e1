//! The main job on the payloads of a real shop, on both databases.

use rouage_test_support::http::Peer;

use crate::postgres;
use crate::support::{Browser, COUPON_FIELD, ORDERS_SHEET, ORDERS_SPREADSHEET, Place, Sheets, Store, example, order};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_become_rows_mails_and_requests() {
    orders_arrive(&Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_become_rows_mails_and_requests_on_postgres() {
    if let Some(url) = postgres::new_database().await {
        orders_arrive(&Store::Postgres(url)).await;
    }
}

async fn orders_arrive(store: &Store) {
    let peer = Peer::start().await;
    let place = Place::on(store, &["--allow-net", &peer.address().to_string()]);
    let link = format!("{COUPON_FIELD}={}/used", peer.url());
    let shop = place.import(&example("order-to-spreadsheet/blueprint.json"), &[&link]).await;
    assert_eq!(shop.report.matches(" same\n").count(), 5, "{}", shop.report);
    let server = place.start().await;
    let browser = Browser::open(&server).await;
    let sheets = Sheets::new(&server, &browser.api_token().await);
    for file in ["created_checkoutorder", "created_checkoutorder_with_coupon", "pending_two_products"] {
        let answer = shop.post(&order(&format!("{file}.json"))).await.expect(200);
        assert_eq!(answer.text(), "Accepted");
        // One after the other, so that the rows have an order.
        place.idle().await;
    }
    let headings = sheets.values(ORDERS_SPREADSHEET, "Orders!A1:I1").await;
    assert_eq!(headings[0][..3], ["Last name", "First name", "E-mail"]);
    let rows = sheets.values(ORDERS_SPREADSHEET, ORDERS_SHEET).await;
    let date = |row: &Vec<String>| row[6].clone();
    assert!(date(&rows[0]).starts_with("2021-01-15 10:02"), "{}", date(&rows[0]));
    assert!(date(&rows[2]).starts_with("2021-01-16 0:30"), "the shop's day in Paris: {}", date(&rows[2]));
    let others = |row: &Vec<String>| [&row[..6], &row[7..]].concat();
    assert_eq!(
        rows.iter().map(others).collect::<Vec<_>>(),
        [
            ["DUPOND", "ANNE", "annedupond@gmail.com", "0600000000", "230129", "completed", BOX, "50"],
            [
                "DUPONT",
                "NATHALIE",
                "nathalie.dupont@outlook.fr",
                "0200000000",
                "230102",
                "completed",
                "Formule 1 mois",
                "0"
            ],
            ["D'ARCY & FILS", "ÉLOÏSE", "eloise.darcy@example.fr", "0611111111", "230131", "pending", TWO, "64.9"],
        ]
    );
    let mut subjects = browser.subjects().await;
    subjects.sort();
    assert_eq!(subjects, ["Your order 230102 is confirmed", "Your order 230129 is confirmed"]);
    let requests = peer.requests();
    assert_eq!(requests.len(), 1, "one order has a coupon");
    assert_eq!((requests[0].method.as_str(), requests[0].target.as_str()), ("POST", "/used"));
    let told = requests[0].json();
    assert_eq!((&told["order"], &told["email"]), (&230_102.into(), &"nathalie.dupont@outlook.fr".into()));
    assert_eq!(place.executions("success").await.len(), 3);
}

const BOX: &str = "Ma formule de box mensuelle";
const TWO: &str = "Ma formule de box mensuelle, Coffret « Noël » 10 €";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abandoned_cart_becomes_a_row_and_a_reminder() {
    let place = Place::new(&[]);
    let shop = place.import(&example("abandoned-cart/blueprint.json"), &[]).await;
    let server = place.start().await;
    let browser = Browser::open(&server).await;
    let payload = std::fs::read(example("abandoned-cart/input.json")).unwrap();
    shop.post(&payload).await.expect(200);
    let nobody = r#"{"cart_id":2,"first_name":"A","last_name":"B","phone":"0","email":null,
        "created":"2021-01-17T21:05:47.000000Z","item":"Box"}"#;
    shop.post(nobody.as_bytes()).await.expect(200);
    place.idle().await;
    let sheets = Sheets::new(&server, &browser.api_token().await);
    let mut rows = sheets.values("1abAnd0n3dCartR0uag3Examp1e00000000000000002", "Carts!A2:F").await;
    rows.sort();
    assert_eq!(rows.len(), 2);
    let row = &rows[0];
    assert_eq!(row[..4], ["1042077", "JEANNE MOULIN", "jeannemoulin06@gmail.com", "0604000000"]);
    assert!(row[4].starts_with("2021-01-17 22:05"), "{}", row[4]);
    assert_eq!(row[5], "Box 3 mois");
    assert_eq!(browser.subjects().await, ["You left something behind"], "nobody is written to without an address");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_changes_of_a_subscription_are_walked_and_put_together_again() {
    let place = Place::new(&[]);
    let shop = place.import(&example("updated-subscription/blueprint.json"), &[]).await;
    let server = place.start().await;
    let payload = std::fs::read(example("updated-subscription/input.json")).unwrap();
    shop.post(&payload).await.expect(200);
    shop.post(br#"{"id":7,"email":"x@example.org","changed":[],"has_active_subscription":false}"#).await.expect(200);
    place.idle().await;
    let browser = Browser::open(&server).await;
    let sheets = Sheets::new(&server, &browser.api_token().await);
    let rows = sheets.values("1updat3dSubscripti0nR0uag3Examp1e00000000003", "Changes!A2:F").await;
    let row = ["118147", "cedricyoung@gmail.com", "3", "address, postcode, has_active_subscription"];
    assert_eq!(rows.len(), 1, "nothing changed in the second: {rows:?}");
    assert_eq!(rows[0][..4], row);
    assert_eq!(rows[0][4..], ["321 RUE JEAN MOULIN, 75000, true", "TRUE"]);
}
