//! A copy of everything while it is used, and back again.

use std::time::Duration;

use rouage_test_support::http::{Answer as Scripted, Peer};

use crate::support::{Browser, COUPON_FIELD, Place, eventually, example, small_order};

/// Orders with a coupon also go to the peer.
const WITH_COUPON: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f39_f40_a_backup_under_load_is_whole_and_a_restore_repeats_nothing() {
    let peer = Peer::start().await;
    let place = Place::new(&["--allow-net", &peer.address().to_string()]);
    let link = format!("{COUPON_FIELD}={}/", peer.url());
    let shop = place.import(&example("order-to-spreadsheet/blueprint.json"), &[&link]).await;
    let server = place.start().await;
    shop.post(&small_order(1)).await.expect(200);
    eventually("the first run is over", async || (place.executions("success").await.len() == 1).then_some(())).await;
    peer.answer(Scripted::Late(Duration::from_secs(4)));
    shop.post(&small_order(WITH_COUPON)).await.expect(200);
    eventually("a run is in its call", async || (!peer.requests().is_empty()).then_some(())).await;

    let load = async {
        for number in 0..40 {
            shop.post(&small_order(100 + number * 3 + 1)).await.expect(200);
        }
    };
    let backup = place.data().join("copy.backup");
    let backup = backup.to_str().unwrap();
    let command = ["backup", backup];
    let (said, ()) = tokio::join!(place.run(&command), load);
    assert!(said.contains("is whole: made ") && said.contains("1 scenario,") && said.contains("rouage.key"), "{said}");
    let said = place.complaint(&["backup", backup]).await;
    assert!(said.contains("copy.backup"), "an old backup is not overwritten: {said}");
    let said = place.complaint(&["restore", "--replace", backup]).await;
    assert!(said.contains("another rouage is running"), "{said}");
    eventually("all runs are over", async || (place.executions("success").await.len() == 42).then_some(())).await;
    server.kill().await;
    let told = peer.requests().len();

    assert!(place.run(&["restore", "--check", backup]).await.contains("is whole"));
    let said = place.complaint(&["restore", backup]).await;
    assert!(said.contains("--replace"), "nothing is overwritten unasked: {said}");
    assert_eq!(place.executions("success").await.len(), 42);
    let said = place.run(&["restore", "--replace", backup]).await;
    assert!(
        said.contains("They wait in \"Needs a decision\"") && said.contains("The database that was there"),
        "{said}"
    );

    let server = place.start().await;
    let waiting = place.executions("in-doubt").await;
    assert!(!waiting.is_empty() && place.executions("running").await.is_empty(), "{}", place.history().await);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(peer.requests().len(), told, "nothing is done again by itself");
    shop.post(&small_order(WITH_COUPON)).await.expect(200);
    eventually("the hook works on", async || (peer.requests().len() == told + 1).then_some(())).await;

    // A person looks at one: it goes on; its call that was cut off is in doubt
    // of its own, and asked about again.
    let browser = Browser::open(&server).await;
    let page = browser.get("/incomplete").await.expect(200).text();
    assert!(page.contains("From a backup"), "{page}");
    for line in &waiting {
        let id = line.split_whitespace().next().unwrap();
        let page = browser.get(&format!("/executions/{id}")).await.expect(200).text();
        assert!(page.contains("A backup was restored") && page.contains("value=\"go-on\""), "{page}");
        browser.post(&format!("/executions/{id}/decide"), &[("decision", "go-on")]).await.expect(303);
    }
    eventually("only the call is in doubt", async || (place.executions("in-doubt").await.len() <= 1).then_some(()))
        .await;
    assert_eq!(peer.requests().len(), told + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_backup_changes_nothing() {
    let place = Place::new(&[]);
    let shop = place.import(&example("order-to-spreadsheet/blueprint.json"), &[]).await;
    let server = place.start().await;
    shop.post(&small_order(1)).await.expect(200);
    eventually("it has run", async || (place.all_executions().await.len() == 1).then_some(())).await;
    server.terminate().await;
    let backup = place.data().join("copy.backup");
    place.run(&["backup", backup.to_str().unwrap()]).await;
    let whole = std::fs::read(&backup).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 4096].fill(0x5a);
    let plain = std::fs::read(place.data().join("rouage.db")).unwrap();
    for (name, bytes) in
        [("cut", &whole[..whole.len() / 3]), ("damaged", &damaged), ("rubbish", b"no database"), ("plain", &plain)]
    {
        let file = place.file(name, bytes);
        let said = place.complaint(&["restore", "--replace", file.to_str().unwrap()]).await;
        assert!(said.contains(name), "{name}: {said}");
    }
    // The key of another installation.
    let other = Place::new(&[]);
    other.run(&["executions"]).await;
    let said = other.complaint(&["restore", "--replace", backup.to_str().unwrap()]).await;
    assert!(said.contains("rouage.key"), "{said}");
    assert_eq!(other.run(&["executions"]).await, "no executions\n");
    assert_eq!(place.all_executions().await.len(), 1);
    place.start().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_can_be_changed_and_a_cut_heals() {
    let place = Place::new(&[]);
    let server = place.start().await;
    let browser = Browser::open(&server).await;
    browser
        .connect(
            "smtp",
            &[
                ("host", "mail.example"),
                ("port", "587"),
                ("security", "starttls"),
                ("user", "ada"),
                ("password", "old-secret"),
                ("from", "ada@shop.example"),
            ],
        )
        .await;
    let said = place.complaint(&["change-key"]).await;
    assert!(said.contains("another rouage is running"), "{said}");
    server.terminate().await;
    let key = place.data().join("rouage.key");
    let before = std::fs::read_to_string(&key).unwrap();
    assert!(place.run(&["change-key"]).await.contains("1 secret is sealed under a new key"));
    let after = std::fs::read_to_string(&key).unwrap();
    assert_ne!(before, after);
    let doctor = place.output(&["doctor"]).await;
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(said.contains("the key fits it") && said.contains("mail.example could not be resolved"), "{said}");
    // As if it had been cut off between its commit and the change of the file.
    std::fs::rename(&key, place.data().join("rouage.key.next")).unwrap();
    std::fs::write(&key, &before).unwrap();
    let server = place.start().await;
    assert_eq!(std::fs::read_to_string(&key).unwrap(), after);
    server.terminate().await;
    // And a key that is really another one is refused.
    std::fs::write(&key, &before).unwrap();
    let said = place.complaint(&["executions"]).await;
    assert!(said.contains("does not open this database") && said.contains("key file"), "{said}");
}
