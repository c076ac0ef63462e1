//! Drafts: kept by revision, published, carried on; folders.

use rouage_model::{Blueprint, Collection, UserId, Value, Version, json};
use rouage_store::users::{self, PasswordHash};
use rouage_store::{Error, PageRequest, drafts, folders, scenarios, versions};

use crate::fixtures::{World, blueprint};
use crate::support::{Database, on_both_databases};

on_both_databases! {
    a_draft_is_the_live_version_until_something_is_kept,
    the_second_of_two_people_is_told,
    publishing_makes_a_version_with_a_note,
    what_pages_change_is_carried_into_the_draft,
    a_number_never_means_two_things,
    a_copy_is_of_what_people_see,
    folders_hold_scenarios,
}

/// With another module at its end.
fn edited(name: &str) -> Blueprint {
    let mut root = blueprint(name).root().as_collection().cloned().unwrap();
    let mut flow = root.get("flow").and_then(Value::as_array).unwrap().to_vec();
    flow.push(Collection::from_iter([("id", Value::from(9)), ("module", "a:A".into())]).into());
    root.insert("flow", flow);
    Blueprint::from_document(root.into()).unwrap()
}

fn links() -> Value {
    Collection::from_iter([("1.hook", 1)]).into()
}

async fn person(world: &World, name: &str) -> UserId {
    let hash = PasswordHash::new(&world.store, "correct horse").await.unwrap();
    let mut tx = world.store.begin().await.unwrap();
    let id = users::create(&mut tx, &format!("{name}@example.org"), name, &hash).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn save(
    world: &World,
    revision: u64,
    what: (&Blueprint, &Value),
    by: Option<UserId>,
) -> Result<(u64, bool), Error> {
    let mut tx = world.store.begin().await?;
    let saved = drafts::save(&mut tx, world.team, world.scenario, revision, what, by).await?;
    tx.commit().await?;
    Ok(saved)
}

async fn find(world: &World) -> drafts::Draft {
    drafts::find(&world.store, world.team, world.scenario).await.unwrap().unwrap()
}

async fn a_draft_is_the_live_version_until_something_is_kept(database: Database) {
    let world = World::new(database.open().await).await;
    let draft = find(&world).await;
    assert_eq!((draft.revision, draft.base_version, draft.is_changed), (0, Version(1), false));
    assert_eq!((&draft.blueprint, &draft.links), (&blueprint("Orders"), &links()));
    assert_eq!(save(&world, 0, (&edited("Orders"), &links()), None).await.unwrap(), (1, true));
    let draft = find(&world).await;
    assert!(draft.is_changed && draft.blueprint.module(rouage_model::ModuleId(9)).is_some());
    let live = scenarios::find(&world.store, world.team, world.scenario).await.unwrap().unwrap();
    assert_eq!((&live.blueprint, live.version), (&blueprint("Orders"), Version(1)), "the live one is not touched");
    // As it was, to the digit, so nothing is left to publish.
    assert_eq!(save(&world, 1, (&blueprint("Orders"), &links()), None).await.unwrap(), (2, false));
    assert!(!find(&world).await.is_changed);
    assert_eq!(save(&world, 2, (&edited("Orders"), &links()), None).await.unwrap(), (3, true));
    let mut tx = world.store.begin().await.unwrap();
    assert_eq!(drafts::discard(&mut tx, world.team, world.scenario, 3).await.unwrap(), 4);
    tx.commit().await.unwrap();
    let draft = find(&world).await;
    assert_eq!((draft.is_changed, &draft.blueprint), (false, &blueprint("Orders")));
    let other = rouage_model::TeamId(world.team.0 + 1);
    assert_eq!(drafts::find(&world.store, other, world.scenario).await.unwrap(), None);
}

async fn the_second_of_two_people_is_told(database: Database) {
    let world = World::new(database.open().await).await;
    let ada = person(&world, "Ada").await;
    database.advance(60);
    save(&world, 0, (&edited("Ada's"), &links()), Some(ada)).await.unwrap();
    let late = save(&world, 0, (&edited("Eve's"), &links()), None).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    let draft = find(&world).await;
    assert_eq!((draft.updated_by.as_deref(), draft.updated_at), (Some("Ada"), world.store.clock().now()));
    assert_eq!(draft.blueprint.name(), "Ada's");
    // The second look succeeds.
    save(&world, draft.revision, (&edited("Eve's"), &links()), None).await.unwrap();
    assert_eq!(find(&world).await.updated_by, None);
    let mut tx = world.store.begin().await.unwrap();
    assert!(matches!(drafts::discard(&mut tx, world.team, world.scenario, 1).await, Err(Error::Conflict(_))));
    let late = drafts::publish(&mut tx, world.team, world.scenario, 1, None, None).await;
    assert!(matches!(late, Err(Error::Conflict(_))));
}

async fn publishing_makes_a_version_with_a_note(database: Database) {
    let world = World::new(database.open().await).await;
    let ada = person(&world, "Ada").await;
    let mut tx = world.store.begin().await.unwrap();
    let nothing = drafts::publish(&mut tx, world.team, world.scenario, 0, None, None).await;
    assert!(matches!(nothing, Err(Error::Conflict(_))));
    drop(tx);
    save(&world, 0, (&edited("Orders of the shop"), &links()), Some(ada)).await.unwrap();
    let mut tx = world.store.begin().await.unwrap();
    let version = drafts::publish(&mut tx, world.team, world.scenario, 1, Some("mail\0 added"), Some(ada)).await;
    assert_eq!(version.unwrap(), Version(2));
    tx.commit().await.unwrap();
    let live = scenarios::find(&world.store, world.team, world.scenario).await.unwrap().unwrap();
    assert_eq!((live.version, live.name.as_str()), (Version(2), "Orders of the shop"));
    assert_eq!(json::to_string(live.blueprint.document()), json::to_string(edited("Orders of the shop").document()));
    let draft = find(&world).await;
    assert_eq!((draft.is_changed, draft.base_version, draft.updated_by.as_deref()), (false, Version(2), Some("Ada")));
    let page = versions::list(&world.store, world.team, world.scenario, PageRequest::default()).await.unwrap();
    let rows: Vec<_> = page.items.iter().map(|row| (row.version.0, row.note.as_deref(), row.is_live)).collect();
    assert_eq!(rows, [(2, Some("mail\u{FFFD} added"), true), (1, None, false)]);
    assert_eq!((page.items[0].author.as_deref(), page.items[1].author.as_deref()), (Some("Ada"), None));
    // A list of one's author who is gone still opens.
    let mut tx = world.store.begin().await.unwrap();
    person_leaves(&mut tx, &world, ada).await;
    tx.commit().await.unwrap();
    let page = versions::list(&world.store, world.team, world.scenario, PageRequest::default()).await.unwrap();
    assert_eq!((page.total, page.items[0].author.as_deref()), (2, None));
}

async fn person_leaves(tx: &mut rouage_store::WriteTx, world: &World, ada: UserId) {
    let hash = PasswordHash::new(&world.store, "correct horse").await.unwrap();
    users::create(tx, "eve@example.org", "Eve", &hash).await.unwrap();
    users::delete(tx, ada).await.unwrap();
}

async fn what_pages_change_is_carried_into_the_draft(database: Database) {
    let world = World::new(database.open().await).await;
    save(&world, 0, (&edited("Mine"), &links()), None).await.unwrap();
    let other_links: Value =
        Collection::from_iter([("1.hook", Value::from(1)), ("2.account", "builtin".into())]).into();
    let mut tx = world.store.begin().await.unwrap();
    let version = scenarios::set_links(&mut tx, world.team, world.scenario, &other_links).await.unwrap();
    let mut settings = blueprint("Orders").settings();
    settings.max_errors = 7;
    let live = settings.write(&blueprint("Orders")).unwrap();
    scenarios::update_blueprint(&mut tx, world.team, world.scenario, version, &live, &other_links).await.unwrap();
    tx.commit().await.unwrap();
    let draft = find(&world).await;
    assert_eq!((draft.base_version, draft.revision, draft.is_changed), (Version(3), 3, true));
    assert_eq!(draft.links, other_links);
    assert_eq!((draft.blueprint.settings().max_errors, draft.blueprint.name()), (7, "Mine"));
    assert!(draft.blueprint.module(rouage_model::ModuleId(9)).is_some());
    // Whoever has seen the draft before that must look again.
    assert!(matches!(save(&world, 1, (&edited("Mine"), &links()), None).await, Err(Error::Conflict(_))));
    let mut tx = world.store.begin().await.unwrap();
    drafts::publish(&mut tx, world.team, world.scenario, 3, None, None).await.unwrap();
    tx.commit().await.unwrap();
    let live = scenarios::find(&world.store, world.team, world.scenario).await.unwrap().unwrap();
    assert_eq!((live.blueprint.settings().max_errors, &live.links), (7, &other_links));
}

async fn a_number_never_means_two_things(database: Database) {
    let world = World::new(database.open().await).await;
    // A tab that opened the unchanged scenario, and one that published since.
    save(&world, 0, (&edited("One"), &links()), None).await.unwrap();
    let mut tx = world.store.begin().await.unwrap();
    drafts::publish(&mut tx, world.team, world.scenario, 1, None, None).await.unwrap();
    tx.commit().await.unwrap();
    for old in [0, 1] {
        assert!(matches!(save(&world, old, (&edited("Old"), &links()), None).await, Err(Error::Conflict(_))));
    }
    let now = find(&world).await.revision;
    // A page that changes the live version without a draft counts as well.
    let mut tx = world.store.begin().await.unwrap();
    scenarios::set_links(&mut tx, world.team, world.scenario, &Value::Undefined).await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(save(&world, now, (&edited("Old"), &links()), None).await, Err(Error::Conflict(_))));
    let mut tx = world.store.begin().await.unwrap();
    scenarios::delete(&mut tx, world.team, world.scenario).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(drafts::find(&world.store, world.team, world.scenario).await.unwrap(), None);
}

async fn a_copy_is_of_what_people_see(database: Database) {
    let world = World::new(database.open().await).await;
    save(&world, 0, (&edited("Mine"), &links()), None).await.unwrap();
    let mut tx = world.store.begin().await.unwrap();
    let copy = scenarios::duplicate(&mut tx, world.team, world.scenario, "Copy").await.unwrap();
    tx.commit().await.unwrap();
    let copy = scenarios::find(&world.store, world.team, copy).await.unwrap().unwrap();
    assert!(copy.blueprint.module(rouage_model::ModuleId(9)).is_some());
    assert_eq!((copy.version, copy.enabled, copy.hook), (Version(1), false, None));
    assert_eq!(copy.links, Value::empty_collection(), "the webhook stays with the first one");
    assert!(!drafts::find(&world.store, world.team, copy.id).await.unwrap().unwrap().is_changed);
}

async fn folders_hold_scenarios(database: Database) {
    let world = World::new(database.open().await).await;
    let mut tx = world.store.begin().await.unwrap();
    let shop = folders::create(&mut tx, world.team, " Shop ").await.unwrap();
    let again = folders::create(&mut tx, world.team, "Shop").await;
    assert!(matches!(again, Err(Error::Conflict(_))));
    let office = folders::create(&mut tx, world.team, "Office").await.unwrap();
    assert!(matches!(folders::rename(&mut tx, world.team, office, "Shop").await, Err(Error::Conflict(_))));
    folders::rename(&mut tx, world.team, office, "Office").await.unwrap();
    folders::put(&mut tx, world.team, world.scenario, Some(shop)).await.unwrap();
    let nowhere = rouage_model::FolderId(99);
    assert_eq!(folders::put(&mut tx, world.team, world.scenario, Some(nowhere)).await, Err(Error::NotFound));
    tx.commit().await.unwrap();
    let list = folders::list(&world.store, world.team).await.unwrap();
    let seen: Vec<_> = list.iter().map(|folder| (folder.name.as_str(), folder.scenarios)).collect();
    assert_eq!(seen, [("Office", 0), ("Shop", 1)]);
    let within = |folder| scenarios::list_in(&world.store, world.team, None, Some(folder), PageRequest::default());
    assert_eq!(within(shop).await.unwrap().items[0].id, world.scenario);
    assert_eq!(within(office).await.unwrap().total, 0);
    let mut tx = world.store.begin().await.unwrap();
    folders::delete(&mut tx, world.team, shop).await.unwrap();
    assert_eq!(folders::delete(&mut tx, world.team, shop).await, Err(Error::NotFound));
    tx.commit().await.unwrap();
    let left = scenarios::find(&world.store, world.team, world.scenario).await.unwrap().unwrap();
    assert_eq!(left.folder, None, "what was in it is still there");
}
