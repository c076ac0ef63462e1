//! The tables around: users, sessions, scenarios, hooks, executions.

use rouage_model::execution::Status;
use rouage_model::scenario::Scheduling;
use rouage_model::{Collection, TeamId, Value, Version};
use rouage_store::connections::{self, NewConnection};
use rouage_store::hooks::{self, ApiKey, DefaultResponse, HookSettings};
use rouage_store::users::{self, PasswordHash};
use rouage_store::{Error, PageRequest, executions, scenarios, sessions, settings, setup, teams};

use crate::fixtures::{World, blueprint, new_scenario};
use crate::support::{Database, on_both_databases};

on_both_databases! {
    the_setup_token_works_once,
    a_session_slides_and_ends,
    a_blueprint_keeps_its_digits_and_its_versions,
    an_edit_of_an_old_version_is_refused,
    scenarios_show_what_they_have_been_doing,
    schedules_are_found,
    hook_settings_come_back,
    a_hook_has_one_listener,
    another_team_sees_nothing,
    a_connection_knows_its_users,
}

async fn the_setup_token_works_once(database: Database) {
    let store = database.open().await;
    let token = setup::token(&store).await.unwrap().unwrap();
    assert_eq!(setup::token(&store).await.unwrap().unwrap(), token);
    let hash = PasswordHash::new(&store, "correct horse").await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let wrong = setup::redeem(&mut tx, "wrong", "ada@example.org", "Ada", &hash).await;
    assert_eq!(wrong.err(), Some(Error::NotFound));
    setup::redeem(&mut tx, &token, " Ada@Example.org", "Ada", &hash).await.unwrap();
    let again = setup::redeem(&mut tx, &token, "eve@example.org", "Eve", &hash).await;
    assert!(matches!(again, Err(Error::Conflict(_))));
    tx.commit().await.unwrap();
    assert_eq!(setup::token(&store).await.unwrap(), None);
    let ada = users::verify(&store, "ADA@example.org", "correct horse").await.unwrap().unwrap();
    assert_eq!((ada.email.as_str(), ada.name.as_str()), ("ada@example.org", "Ada"));
    assert_eq!(users::verify(&store, "ada@example.org", "wrong horse").await.unwrap(), None);
    assert_eq!(users::verify(&store, "eve@example.org", "correct horse").await.unwrap(), None);
    let mut tx = store.begin().await.unwrap();
    assert!(matches!(users::delete(&mut tx, ada.id).await, Err(Error::Conflict(_))));
}

async fn a_session_slides_and_ends(database: Database) {
    let store = database.open().await;
    let hash = PasswordHash::new(&store, "correct horse").await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let ada = users::create(&mut tx, "ada@example.org", "Ada", &hash).await.unwrap();
    let taken = users::create(&mut tx, "ADA@example.org", "Ada", &hash).await;
    assert!(matches!(taken, Err(Error::Conflict(_))));
    let token = sessions::create(&mut tx, ada, "Firefox", "192.0.2.7").await.unwrap();
    tx.commit().await.unwrap();
    const DAY: i64 = 24 * 60 * 60;
    for _ in 0..3 {
        database.advance(29 * DAY);
        assert_eq!(sessions::find(&store, &token).await.unwrap().unwrap().user.id, ada);
    }
    assert_eq!(sessions::list(&store, ada).await.unwrap().len(), 1);
    database.advance(31 * DAY);
    assert_eq!(sessions::find(&store, &token).await.unwrap(), None);
    let mut tx = store.begin().await.unwrap();
    let token = sessions::create(&mut tx, ada, "Firefox", "192.0.2.7").await.unwrap();
    users::set_password(&mut tx, ada, &hash).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(sessions::find(&store, &token).await.unwrap(), None);
}

async fn a_blueprint_keeps_its_digits_and_its_versions(database: Database) {
    let world = World::new(database.open().await).await;
    let links: Value = Collection::from_iter([("2.__IMTCONN__", 5)]).into();
    let mut tx = world.store.begin().await.unwrap();
    let (id, changed) = (world.scenario, blueprint("Changed"));
    let second = scenarios::update_blueprint(&mut tx, world.team, id, Version(1), &changed, &links).await;
    assert_eq!(second.unwrap(), Version(2));
    let third = scenarios::set_links(&mut tx, world.team, world.scenario, &Value::Undefined).await.unwrap();
    assert_eq!(third, Version(3));
    tx.commit().await.unwrap();
    let first = scenarios::find_version(&world.store, world.scenario, Version(1)).await.unwrap().unwrap();
    assert_eq!(first.blueprint, blueprint("Orders"));
    let second = scenarios::find_version(&world.store, world.scenario, Version(2)).await.unwrap().unwrap();
    assert_eq!((second.blueprint, second.links), (blueprint("Changed"), links));
    let current = scenarios::find(&world.store, world.team, world.scenario).await.unwrap().unwrap();
    assert_eq!((current.version, current.name.as_str()), (Version(3), "Orders"));
    assert_eq!((current.hook, current.links), (Some(world.hook), Value::empty_collection()));
    assert_eq!(scenarios::versions(&world.store, world.team, world.scenario).await.unwrap().len(), 3);
}

async fn an_edit_of_an_old_version_is_refused(database: Database) {
    let world = World::new(database.open().await).await;
    let mut tx = world.store.begin().await.unwrap();
    let (plan, links) = (blueprint("Changed"), Value::Undefined);
    scenarios::update_blueprint(&mut tx, world.team, world.scenario, Version(1), &plan, &links).await.unwrap();
    let late = scenarios::update_blueprint(&mut tx, world.team, world.scenario, Version(1), &plan, &links).await;
    assert!(matches!(late, Err(Error::Conflict(_))));
}

async fn scenarios_show_what_they_have_been_doing(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    world.append(&job, 1, world.finished(Status::Error)).await.unwrap();
    database.advance(1);
    world.accept(false).await;
    let mut tx = world.store.begin().await.unwrap();
    let copy = scenarios::duplicate(&mut tx, world.team, world.scenario, "Copy").await.unwrap();
    scenarios::set_enabled(&mut tx, world.team, world.scenario, false, Some("3 errors in a row")).await.unwrap();
    tx.commit().await.unwrap();
    let page = scenarios::list(&world.store, world.team, None, PageRequest::default()).await.unwrap();
    assert_eq!(page.items.iter().map(|row| row.id).collect::<Vec<_>>(), [copy, world.scenario]);
    let row = &page.items[1];
    assert_eq!((row.runs_24h, row.errors_24h, row.last_status), (2, 1, Some(Status::Queued)));
    assert_eq!(row.apps, ["gateway", "google-sheets"]);
    assert_eq!((row.hook, row.problem.as_deref()), (Some(world.hook), Some("3 errors in a row")));
    assert_eq!((page.items[0].hook, page.items[0].runs_24h), (None, 0));
    let found = scenarios::list(&world.store, world.team, Some("oRD"), PageRequest::default()).await.unwrap();
    assert_eq!(found.total, 1);
    database.advance(25 * 60 * 60);
    let page = scenarios::list(&world.store, world.team, Some("orders"), PageRequest::default()).await.unwrap();
    assert_eq!((page.items[0].runs_24h, page.items[0].errors_24h), (0, 0));
}

async fn schedules_are_found(database: Database) {
    let world = World::new(database.open().await).await;
    let scheduling = Scheduling::every(900);
    let mut tx = world.store.begin().await.unwrap();
    scenarios::set_scheduling(&mut tx, world.team, world.scenario, &scheduling).await.unwrap();
    tx.commit().await.unwrap();
    assert!(scenarios::scheduled(&world.store).await.unwrap().is_empty());
    let next = world.store.clock().now();
    let mut tx = world.store.begin().await.unwrap();
    scenarios::set_enabled(&mut tx, world.team, world.scenario, true, None).await.unwrap();
    scenarios::set_next_run(&mut tx, world.team, world.scenario, Some(next)).await.unwrap();
    tx.commit().await.unwrap();
    let found = scenarios::scheduled(&world.store).await.unwrap();
    assert_eq!((found.len(), &found[0].scheduling, found[0].next_run_at), (1, &scheduling, Some(next)));
}

async fn hook_settings_come_back(database: Database) {
    let world = World::new(database.open().await).await;
    let wanted = HookSettings {
        headers: true,
        ips: vec!["192.0.2.0/24".into()],
        api_keys: vec![ApiKey::new("shop", "key-1")],
        structure: Some(Value::from(vec![Value::Null])),
        strict: true,
        default_response: Some(DefaultResponse {
            status: 202,
            body: "ok".into(),
            headers: vec![("x-a".into(), "b".into())],
        }),
        ..HookSettings::default()
    };
    let mut tx = world.store.begin().await.unwrap();
    hooks::update_settings(&mut tx, world.team, world.hook, &wanted).await.unwrap();
    tx.commit().await.unwrap();
    let hook = hooks::find(&world.store, world.team, world.hook).await.unwrap().unwrap();
    assert_eq!(hook.settings, wanted);
    assert!(hook.settings.api_keys[0].matches("key-1") && !hook.settings.api_keys[0].matches("key-2"));
    assert_eq!((hook.token.len(), hook.interface.clone()), (32, Value::Undefined));
    assert_eq!(hooks::by_token(&world.store, &hook.token).await.unwrap().unwrap(), hook);
    assert_eq!(hooks::all_active(&world.store).await.unwrap(), [hook]);
}

async fn a_hook_has_one_listener(database: Database) {
    let world = World::new(database.open().await).await;
    let mut tx = world.store.begin().await.unwrap();
    let other = scenarios::create(&mut tx, world.team, new_scenario("Other")).await.unwrap();
    let refused = hooks::attach(&mut tx, world.team, world.hook, Some(other)).await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
    scenarios::set_enabled(&mut tx, world.team, world.scenario, true, None).await.unwrap();
    assert!(matches!(hooks::delete(&mut tx, world.team, world.hook).await, Err(Error::Conflict(_))));
    let second = hooks::create(&mut tx, world.team, "Second", &HookSettings::default()).await.unwrap();
    hooks::attach(&mut tx, world.team, second.id, Some(world.scenario)).await.unwrap();
    hooks::attach(&mut tx, world.team, world.hook, Some(other)).await.unwrap();
    tx.commit().await.unwrap();
    let scenario = scenarios::find(&world.store, world.team, world.scenario).await.unwrap().unwrap();
    assert_eq!(scenario.hook, Some(second.id));
}

async fn another_team_sees_nothing(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    let other = TeamId(world.team.0 + 1);
    assert_eq!(scenarios::find(&world.store, other, world.scenario).await.unwrap(), None);
    assert_eq!(hooks::find(&world.store, other, world.hook).await.unwrap(), None);
    assert_eq!(executions::find(&world.store, other, job.execution).await.unwrap(), None);
    assert_eq!(world.store.take(other, job.execution, crate::queue::LEASE).await.unwrap(), None);
    let mut tx = world.store.begin().await.unwrap();
    assert_eq!(scenarios::rename(&mut tx, other, world.scenario, "x").await, Err(Error::NotFound));
    assert_eq!(executions::request_stop(&mut tx, other, job.execution).await, Err(Error::NotFound));
    teams::update(&mut tx, world.team, "Ours", "Europe/Paris").await.unwrap();
    settings::set(&mut tx, settings::PUBLIC_URL, "https://one.example").await.unwrap();
    settings::set(&mut tx, settings::PUBLIC_URL, "https://two.example").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(teams::find(&world.store, world.team).await.unwrap().unwrap().timezone, "Europe/Paris");
    let url = settings::get(&world.store, settings::PUBLIC_URL).await.unwrap();
    assert_eq!(url.as_deref(), Some("https://two.example"));
}

async fn a_connection_knows_its_users(database: Database) {
    let world = World::new(database.open().await).await;
    let new = NewConnection {
        kind: "google".into(),
        name: "Ada".into(),
        data: Value::empty_collection(),
        secret: Value::Null,
    };
    let mut tx = world.store.begin().await.unwrap();
    // The scenario's link to hook 1 must not be taken for connection 1.
    let first = connections::create(&mut tx, world.team, new.clone()).await.unwrap();
    let second = connections::create(&mut tx, world.team, new).await.unwrap();
    let links: Value = Collection::from_iter([("1.hook", 1), ("2.__IMTCONN__", 2)]).into();
    scenarios::set_links(&mut tx, world.team, world.scenario, &links).await.unwrap();
    connections::set_status(&mut tx, world.team, second, Some("signed out")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((first.0, second.0), (1, 2));
    assert_eq!(connections::used_by(&world.store, world.team, first).await.unwrap(), []);
    let users = connections::used_by(&world.store, world.team, second).await.unwrap();
    assert_eq!(users, [(world.scenario, "Orders".to_owned())]);
    let rows = connections::list(&world.store, world.team, Some("google")).await.unwrap();
    assert_eq!((rows.len(), rows[1].status.as_deref()), (2, Some("signed out")));
    let mut tx = world.store.begin().await.unwrap();
    connections::delete(&mut tx, world.team, first).await.unwrap();
    assert_eq!(connections::delete(&mut tx, world.team, first).await, Err(Error::NotFound));
}
