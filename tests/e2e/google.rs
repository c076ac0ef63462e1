//! A Google connection on the real binary, against a Google on loopback.

use rouage_test_support::google::{FakeGoogle, Fault};

use crate::support::{Browser, Imported, ORDERS_SPREADSHEET, Place, Running, eventually, example, small_order};

struct World {
    google: FakeGoogle,
    place: Place,
    shop: Imported,
    server: Running,
}

impl World {
    /// The example with a Google connection; with or without its spreadsheet.
    async fn new(has_spreadsheet: bool) -> Self {
        let google = FakeGoogle::start().await;
        if has_spreadsheet {
            let headings = ["Last name", "First name", "E-mail", "Phone", "Order"];
            google.add_spreadsheet(ORDERS_SPREADSHEET, &[("Orders", &[&headings, &["A", "B", "c@d.e", "1", "100"]])]);
        }
        let place = Place::new(&["--allow-net", "127.0.0.1"]);
        let server = place.start().await;
        let browser = Browser::open(&server).await;
        let fields = [
            ("client_id", "me"),
            ("token_uri", &google.token_uri()),
            ("api_root", &google.url()),
            ("client_secret", "s"),
            ("refresh_token", &google.refresh_token()),
        ];
        let connection = browser.connect("google", &fields).await;
        assert!(server.terminate().await.success());
        let link = format!("3.__IMTCONN__={connection}");
        let shop = place.import(&example("order-to-spreadsheet/blueprint.json"), &[&link]).await;
        let server = place.start().await;
        Self { google, place, shop, server }
    }

    /// The order numbers below the row that was there before.
    fn orders(&self) -> Vec<String> {
        let rows = self.google.shown(ORDERS_SPREADSHEET, "Orders");
        rows.into_iter().skip(2).map(|row| row[4].clone()).collect()
    }

    async fn post(&self, number: usize) {
        self.shop.post(&small_order(number)).await.expect(200);
    }

    fn appends(&self) -> usize {
        self.google.effects().iter().filter(|effect| effect.kind == "append").count()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f36_rows_arrive_and_a_refused_token_is_renewed_once() {
    let world = World::new(true).await;
    world.post(1).await;
    world.place.idle().await;
    assert_eq!(world.orders(), ["1"]);
    let grants = world.google.grants().len();
    world.google.fail_next(1, Fault::Unauthorized);
    world.post(5).await;
    world.place.idle().await;
    assert_eq!(world.orders(), ["1", "5"]);
    assert_eq!(world.google.grants().len(), grants + 1);
    assert_eq!(world.place.executions("success").await.len(), 2);
    // Refused twice: the error says which connection to renew.
    world.google.fail_next(2, Fault::Unauthorized);
    world.post(7).await;
    world.place.idle().await;
    let failed = world.place.executions("error").await;
    assert!(failed.len() == 1 && failed[0].contains("Mine") && failed[0].contains("enew"), "{failed:?}");
    assert_eq!(world.orders(), ["1", "5"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_limit_is_waited_for_as_long_as_google_says() {
    let world = World::new(true).await;
    world.google.fail_next(1, Fault::RateLimit(1));
    world.post(1).await;
    world.place.idle().await;
    assert_eq!(world.orders(), ["1"]);
    let done = world.place.executions("success").await;
    let journal = world.place.journal(&done[0]).await;
    let retry = journal.iter().find(|event| event["event"] == "retrying").expect("it was made again");
    let time = |name: &str| -> f64 {
        let text = retry[name]["$date"].as_str().unwrap();
        let (_, clock) = text.trim_end_matches('Z').split_once('T').unwrap();
        clock.split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().unwrap())
    };
    let waited = (time("until") - time("at")).rem_euclid(86_400.0);
    assert!((waited - 1.0).abs() < 0.01, "{retry}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_spreadsheet_is_told_in_google_s_words() {
    let world = World::new(false).await;
    world.post(1).await;
    world.place.idle().await;
    let failed = world.place.executions("error").await;
    assert!(failed.len() == 1 && failed[0].contains("Requested entity was not found"), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_without_an_answer_is_settled_by_looking() {
    let world = World::new(true).await;
    // The table is known after the first row, so the fault falls on the append.
    world.post(1).await;
    world.place.idle().await;
    for (number, fault) in [(5, Fault::ResetAfterEffect), (11, Fault::TruncatedAnswer)] {
        world.google.fail_next(1, fault);
        world.post(number).await;
        world.place.idle().await;
        // One that goes well, so that the table is known again.
        world.post(number + 2).await;
        world.place.idle().await;
    }
    assert_eq!(world.orders(), ["1", "5", "7", "11", "13"]);
    assert_eq!(world.place.executions("success").await.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f04_a_kill_during_an_append_that_took_effect_does_not_repeat_it() {
    let world = World::new(true).await;
    world.post(1).await;
    world.place.idle().await;
    world.google.fail_next(1, Fault::HangAfterEffect);
    world.post(5).await;
    eventually("the row is there", async || (world.appends() == 2).then_some(())).await;
    let World { google, place, shop, server } = world;
    server.kill().await;
    let server = place.start().await;
    let world = World { google, place, shop, server };
    world.place.idle().await;
    assert_eq!(world.place.executions("in-doubt").await, Vec::<String>::new());
    assert_eq!((world.orders(), world.appends()), (vec!["1".into(), "5".into()], 2));
    assert_eq!(world.place.executions("success").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f04_a_kill_during_an_append_without_effect_repeats_it() {
    let world = World::new(true).await;
    world.post(1).await;
    world.place.idle().await;
    let before = world.google.requests().len();
    world.google.fail_next(1, Fault::HangBeforeEffect);
    world.post(5).await;
    eventually("the append is on its way", async || {
        world.google.requests()[before..].iter().any(|request| request.ends_with(":append")).then_some(())
    })
    .await;
    let World { google, place, shop, server } = world;
    server.kill().await;
    let server = place.start().await;
    let world = World { google, place, shop, server };
    world.place.idle().await;
    assert_eq!(world.orders(), ["1", "5"]);
    assert_eq!(world.place.executions("success").await.len(), 2);
    drop(world.server);
}
