//! Mail through a real SMTP conversation.

use rouage_test_support::smtp::{FakeSmtp, Fault};

use crate::support::{Browser, Imported, Place, Running, eventually, example, small_order};

struct World {
    smtp: FakeSmtp,
    place: Place,
    shop: Imported,
    _server: Running,
}

impl World {
    async fn new() -> Self {
        let smtp = FakeSmtp::start().await;
        smtp.require("shop", "smtp password");
        let place = Place::new(&["--allow-net", "127.0.0.1", "--module-timeout", "1"]);
        let server = place.start().await;
        let browser = Browser::open(&server).await;
        let port = smtp.address().port().to_string();
        let fields = [
            ("host", "127.0.0.1"),
            ("port", &port),
            ("security", "none"),
            ("user", "shop"),
            ("password", "smtp password"),
            ("from", "shop@example.org"),
        ];
        let connection = browser.connect("smtp", &fields).await;
        assert!(server.terminate().await.success());
        let link = format!("4.account={connection}");
        let shop = place.import(&example("order-to-spreadsheet/blueprint.json"), &[&link]).await;
        let server = place.start().await;
        Self { smtp, place, shop, _server: server }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_goes_out() {
    let world = World::new().await;
    world.shop.post(&small_order(2)).await.expect(200);
    world.place.idle().await;
    let messages = world.smtp.messages();
    assert_eq!(messages.len(), 1, "{:?}", world.place.all_executions().await);
    let message = &messages[0];
    assert_eq!(
        (message.from.as_str(), message.to.as_slice()),
        ("shop@example.org", &["ada@example.org".to_owned()][..])
    );
    assert_eq!(message.user.as_deref(), Some("shop"));
    assert!(message.data.contains("Subject: Your order 2 is confirmed"), "{}", message.data);
    assert_eq!(world.place.executions("success").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_a_mail_and_hangs_is_a_clear_error() {
    let world = World::new().await;
    world.smtp.fail_next(Fault::HangAfterData);
    world.shop.post(&small_order(2)).await.expect(200);
    world.place.idle().await;
    let failed = world.place.executions("error").await;
    assert!(failed.len() == 1 && failed[0].contains("did not answer in time"), "{failed:?}");
    assert_eq!(world.smtp.messages().len(), 1, "what may have gone out is not sent again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_never_greets_is_tried_again_later_and_says_why() {
    let world = World::new().await;
    world.smtp.fail_next(Fault::HangAtGreeting);
    world.shop.post(&small_order(2)).await.expect(200);
    let waiting = eventually("the run waits for another attempt", async || {
        world.place.executions("waiting").await.into_iter().next()
    })
    .await;
    let journal = world.place.journal(&waiting).await;
    let retry = journal.iter().find(|event| event["event"] == "retrying").unwrap();
    assert!(retry["error"]["message"].as_str().unwrap().contains("did not answer in time"), "{retry}");
    assert_eq!(world.smtp.messages().len(), 0);
}
