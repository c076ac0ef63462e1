//! Starting, ending, and two at once.

use std::time::Duration;

use rouage_test_support::http::{Answer as Scripted, Peer};

use crate::support::{COUPON_FIELD, Place, eventually, example, request, run_with_input, small_order};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_the_same_folder_is_refused() {
    let place = Place::new(&[]);
    let mut server = place.start_on("127.0.0.1:0").await;
    let blueprint = example("abandoned-cart/blueprint.json");
    for arguments in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["import", blueprint.to_str().unwrap()],
        &["demo", "--once", "--listen", "127.0.0.1:0"],
    ] {
        let said = place.complaint(arguments).await;
        assert!(said.contains("another rouage is running on"), "{said}");
        assert!(said.contains(&server.id().to_string()), "it names the process: {said}");
    }
    // Those that only read are welcome.
    assert_eq!(place.run(&["executions"]).await, "no executions\n");
    assert!(place.run(&["doctor"]).await.contains("All is well."));
    assert!(server.is_alive());
    request("GET", &server.url("/health"), &[], b"").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_in_use_is_told_with_what_to_do() {
    let place = Place::new(&[]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let said = place.complaint(&["serve", "--listen", &listen]).await;
    assert!(said.contains(&listen) && said.contains("--listen"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_in_the_middle_of_runs_loses_nothing() {
    let peer = Peer::start().await;
    (0..4).for_each(|_| peer.answer(Scripted::Late(Duration::from_millis(700))));
    let place = Place::new(&["--allow-net", &peer.address().to_string()]);
    let link = format!("{COUPON_FIELD}={}/", peer.url());
    let shop = place.import(&example("order-to-spreadsheet/blueprint.json"), &[&link]).await;
    let server = place.start().await;
    for number in [3, 6, 9, 12] {
        shop.post(&small_order(number)).await.expect(200);
    }
    eventually("a run is in progress", async || (!peer.requests().is_empty()).then_some(())).await;
    assert_eq!(server.terminate().await.code(), Some(0));
    let _server = place.start().await;
    place.idle().await;
    assert_eq!(place.executions("success").await.len(), 4);
    let mut told: Vec<u64> = peer.requests().iter().map(|request| request.json()["order"].as_u64().unwrap()).collect();
    told.sort_unstable();
    assert_eq!(told, [3, 6, 9, 12]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_added_at_the_command_line() {
    let place = Place::new(&[]);
    let output = run_with_input(place.command(&["user", "add", "eve@example.org"]), b"short\n").await;
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("at least 10 characters"));
    let output = run_with_input(place.command(&["user", "add", "eve@example.org"]), b"long enough for me\n").await;
    assert!(output.status.success());
    assert!(place.run(&["user", "list"]).await.contains("eve@example.org"));
    let server = place.start().await;
    assert_eq!(server.set_up_link, None, "there is an owner");
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let sign_in = |password: &str| format!("email=eve%40example.org&password={password}").into_bytes();
    request("POST", &server.url("/login"), &form, &sign_in("long+enough+for+you")).await.expect(401);
    request("POST", &server.url("/login"), &form, &sign_in("long+enough+for+me")).await.expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_what_was_imported() {
    let place = Place::new(&[]);
    let file = example("order-to-spreadsheet/blueprint.json");
    let shop = place.import(&file, &[]).await;
    let exported = place.run(&["export", &shop.scenario.to_string()]).await;
    let read = |text: &str| rouage_model::json::parse(text.as_bytes()).unwrap();
    let original = std::fs::read_to_string(file).unwrap();
    assert_eq!(rouage_model::json::to_string(&read(&exported)), rouage_model::json::to_string(&read(&original)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expressions_are_answered_line_by_line() {
    let place = Place::new(&[]);
    let questions = concat!(
        r#"{"expr":"{{1.price * 2}}","bundles":{"1":{"price":0.1}}}"#,
        "\n",
        r#"{"expr":"{{formatDate(1.at; \"YYYY-MM-DD HH:mm\"; \"Europe/Paris\")}}","bundles":{"1":{"at":{"$date":"2026-11-24T08:00:00Z"}}}}"#,
        "\n",
        r#"{"expr":"{{1.a + }}"}"#,
        "\n",
    );
    let output = run_with_input(place.command(&["eval"]), questions.as_bytes()).await;
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<serde_json::Value> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers[0], serde_json::json!({"value": 0.2, "type": "number"}));
    assert_eq!(answers[1]["value"], "2026-11-24 09:00");
    assert_eq!(answers[2]["error"]["kind"], "syntax");
}

/// It once took them up with its own settings, and failed them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_leaves_the_runs_of_the_server_alone() {
    let peer = Peer::start().await;
    peer.answer(Scripted::Hang);
    let blueprint = example("updated-subscription/blueprint.json");
    let mut asking: serde_json::Value = serde_json::from_slice(&std::fs::read(&blueprint).unwrap()).unwrap();
    asking["flow"].as_array_mut().unwrap().insert(
        1,
        serde_json::json!({
            "id": 9, "module": "http:ActionSendData", "version": 3, "parameters": {"handleErrors": true},
            "mapper": {"url": peer.url(), "method": "get"}, "metadata": {}
        }),
    );
    let place = Place::new(&[]);
    let shop = place.import_text("asking", &asking.to_string()).await;
    let allowed = ["--allow-net", &peer.address().to_string()];
    let server = place.start_with(&allowed).await;
    for _ in 0..3 {
        shop.post(br#"{"id":1,"changed":[]}"#).await.expect(200);
    }
    eventually("one of them hangs", async || (peer.requests().len() == 3).then_some(())).await;
    server.kill().await;
    let before = place.all_executions().await;
    assert!(before.iter().any(|line| line.contains("running")), "{before:?}");
    place.import(&blueprint, &[]).await;
    assert_eq!(place.all_executions().await, before, "nothing ran");
    let _server = place.start_with(&allowed).await;
    place.idle().await;
    assert_eq!(place.executions("success").await.len(), 3);
}
