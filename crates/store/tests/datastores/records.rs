//! Data stores and data structures.

use rouage_model::datastore::{Arrays, Call};
use rouage_model::structure::Structure;
use rouage_model::{Collection, DatastoreId, StructureId, TeamId, Value, json};
use rouage_store::datastores::{self, Browse, Order, Settings};
use rouage_store::{Error, PageRequest, Store, WriteTx, structures, teams};

use crate::support::{Database, on_both_databases};

on_both_databases! {
    records_are_added_read_and_taken_away,
    a_taken_key_is_refused_unless_overwriting,
    an_update_merges_and_inserts_only_when_allowed,
    a_full_data_store_takes_no_more,
    a_record_may_not_be_larger_than_fifteen_megabytes,
    required_fields_are_demanded_of_the_whole_record,
    a_scan_goes_through_everything_in_order,
    records_are_searched_and_sorted_in_pages,
    an_import_is_whole_or_nothing,
    structures_are_kept_and_guarded_while_used,
    another_team_sees_nothing,
}

/// A store with a data store in it.
pub struct Bench {
    pub store: Store,
    pub team: TeamId,
    pub id: DatastoreId,
}

pub fn collection(text: &str) -> Collection {
    json::parse(text.as_bytes()).unwrap().as_collection().unwrap().clone()
}

impl Bench {
    async fn new(database: &Database) -> Self {
        Self::with(database.open().await, None, 1_000_000).await
    }

    pub async fn with(store: Store, structure: Option<&str>, max_size: u64) -> Self {
        let mut tx = store.begin().await.unwrap();
        let team = teams::ensure_default(&mut tx).await.unwrap();
        let structure = match structure {
            Some(text) => Some(new_structure(&mut tx, team, text).await),
            None => None,
        };
        let settings = Settings { name: "Customers".into(), structure, max_size };
        let id = datastores::create(&mut tx, team, settings).await.unwrap();
        tx.commit().await.unwrap();
        Self { store, team, id }
    }

    async fn write(&self, call: Call) -> String {
        let mut tx = self.store.begin().await.unwrap();
        match datastores::execute(&mut tx, self.team, &call, None).await.unwrap() {
            Ok(answer) => {
                tx.commit().await.unwrap();
                json::to_string(&answer)
            }
            Err(error) => error.status.to_owned(),
        }
    }

    pub async fn add(&self, key: &str, data: &str) -> String {
        let key = (!key.is_empty()).then(|| key.into());
        self.write(Call::Add { store: self.id, key, data: collection(data), overwrite: true }).await
    }

    pub async fn get(&self, key: &str) -> String {
        let call = Call::Get { store: self.id, key: key.into() };
        json::to_string(datastores::read(&self.store, self.team, &call).await.unwrap().unwrap().field("data"))
    }

    pub async fn about(&self) -> datastores::Datastore {
        datastores::find(&self.store, self.team, self.id).await.unwrap().unwrap()
    }
}

async fn new_structure(tx: &mut WriteTx, team: TeamId, text: &str) -> StructureId {
    let structure = Structure::parse(&json::parse(text.as_bytes()).unwrap()).unwrap();
    structures::create(tx, team, "Customer", &structure).await.unwrap()
}

async fn records_are_added_read_and_taken_away(database: Database) {
    let bench = Bench::new(&database).await;
    let added = bench.add("", r#"{"name":"Ada","empty":"","none":null}"#).await;
    let key = json::parse(added.as_bytes()).unwrap().field("key").as_text().unwrap().to_owned();
    assert!(key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
    assert_eq!(bench.get(&key).await, r#"{"name":"Ada"}"#);
    bench.add("b\0", r#"{"text":"a\u0000b"}"#).await;
    assert_eq!(bench.get("b\u{FFFD}").await, "{\"text\":\"a\u{FFFD}b\"}");
    assert_eq!(bench.about().await.records, 2);
    assert!(bench.about().await.size > 20);
    bench.write(Call::Delete { store: bench.id, key: key.as_str().into() }).await;
    assert_eq!(bench.get(&key).await, "null");
    assert_eq!(bench.write(Call::Delete { store: bench.id, key: "nobody".into() }).await, r#"{"key":"nobody"}"#);
    assert_eq!(bench.write(Call::DeleteAll { store: bench.id }).await, r#"{"count":1}"#);
    assert_eq!((bench.about().await.records, bench.about().await.size), (0, 0));
}

async fn a_taken_key_is_refused_unless_overwriting(database: Database) {
    let bench = Bench::new(&database).await;
    bench.add("a", r#"{"n":1,"gone":true}"#).await;
    let call = Call::Add { store: bench.id, key: Some("a".into()), data: collection(r#"{"n":2}"#), overwrite: false };
    assert_eq!(bench.write(call).await, "ALREADY_EXISTS");
    assert_eq!(bench.get("a").await, r#"{"n":1,"gone":true}"#);
    bench.add("a", r#"{"n":2}"#).await;
    assert_eq!(bench.get("a").await, r#"{"n":2}"#);
    assert_eq!(bench.about().await.records, 1);
    let empty = Call::Add { store: bench.id, key: Some("".into()), data: Collection::new(), overwrite: true };
    assert_eq!(bench.write(empty).await, "INVALID_ARGUMENT");
}

async fn an_update_merges_and_inserts_only_when_allowed(database: Database) {
    let bench = Bench::new(&database).await;
    let update = |data: &str, upsert, arrays| Call::Update {
        store: bench.id,
        key: "a".into(),
        data: collection(data),
        upsert,
        arrays,
    };
    assert_eq!(bench.write(update(r#"{"n":1}"#, false, Arrays::Replace)).await, "NOT_FOUND");
    bench.write(update(r#"{"n":1,"tags":["x"]}"#, true, Arrays::Append)).await;
    bench.write(update(r#"{"n":"","tags":["y"]}"#, false, Arrays::Append)).await;
    assert_eq!(bench.get("a").await, r#"{"n":1,"tags":["x","y"]}"#);
    bench.write(update(r#"{"tags":["z"]}"#, false, Arrays::Replace)).await;
    assert_eq!(bench.get("a").await, r#"{"n":1,"tags":["z"]}"#);
}

async fn a_full_data_store_takes_no_more(database: Database) {
    let bench = Bench::with(database.open().await, None, 100).await;
    let text = "x".repeat(60);
    bench.add("a", &format!(r#"{{"t":"{text}"}}"#)).await;
    assert_eq!(bench.add("b", &format!(r#"{{"t":"{text}"}}"#)).await, "OUT_OF_SPACE");
    assert_eq!(bench.about().await.records, 1);
    // What becomes smaller is welcome.
    assert!(bench.add("a", r#"{"t":"x"}"#).await.starts_with('{'));
}

async fn a_record_may_not_be_larger_than_fifteen_megabytes(database: Database) {
    let bench = Bench::with(database.open().await, None, 1 << 40).await;
    let data = Collection::from_iter([("t", "x".repeat(15 * 1024 * 1024))]);
    let call = Call::Add { store: bench.id, key: None, data, overwrite: false };
    assert_eq!(bench.write(call).await, "INVALID_ARGUMENT");
}

async fn required_fields_are_demanded_of_the_whole_record(database: Database) {
    let structure = r#"[{"name":"email","type":"text","required":true},{"name":"tags","type":"array"}]"#;
    let bench = Bench::with(database.open().await, Some(structure), 1_000_000).await;
    let upsert = |data: Collection| Call::Update {
        store: bench.id,
        key: "a".into(),
        data,
        upsert: true,
        arrays: Arrays::Replace,
    };
    assert_eq!(bench.write(upsert(collection(r#"{"n":1}"#))).await, "INVALID_ARGUMENT");
    bench.add("a", r#"{"email":"a@example.org","tags":["x"]}"#).await;
    bench.write(upsert(Collection::from_iter([("tags", Value::Erase)]))).await;
    assert_eq!(bench.get("a").await, r#"{"email":"a@example.org","tags":[]}"#);
    assert_eq!(bench.write(upsert(Collection::from_iter([("email", Value::Erase)]))).await, "INVALID_ARGUMENT");
}

async fn a_scan_goes_through_everything_in_order(database: Database) {
    let bench = Bench::with(database.open().await, None, 1 << 40).await;
    let records: Vec<_> =
        (0..1_203).map(|n| (Some(format!("k{n}").into()), Collection::from_iter([("n", n)]))).collect();
    let mut tx = bench.store.begin().await.unwrap();
    datastores::import(&mut tx, bench.team, bench.id, &records).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let (mut after, mut keys, mut reads) = (0, Vec::new(), 0);
    loop {
        let call = Call::Scan { store: bench.id, after };
        let answer = datastores::read(&bench.store, bench.team, &call).await.unwrap().unwrap();
        let records = answer.field("records").as_array().unwrap().iter();
        keys.extend(records.map(|record| record.field("data").field("n").as_i64().unwrap()));
        reads += 1;
        match answer.field("next").as_i64() {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!((keys, reads), ((0..1_203).collect(), 3));
}

async fn records_are_searched_and_sorted_in_pages(database: Database) {
    let bench = Bench::new(&database).await;
    for (key, data) in [
        ("b", r#"{"name":"Grace","n":9,"odd \"name":1}"#),
        ("a", r#"{"name":"Ada","n":10}"#),
        ("c_1", r#"{"name":"Linus"}"#),
    ] {
        bench.add(key, data).await;
    }
    let keys = async |search: &str, order, descending| {
        let wanted = Browse { search: search.into(), order, descending };
        let request = PageRequest { page: 1, size: 2 };
        let page = datastores::browse(&bench.store, bench.team, bench.id, &wanted, request).await.unwrap();
        (page.total, page.items.into_iter().map(|record| record.key).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(keys("", Order::Key, false).await, (3, "a b".to_owned()));
    assert_eq!(keys("", Order::Added, true).await, (3, "c_1 a".to_owned()));
    assert_eq!(keys("n\":", Order::Field("n".into()), false).await, (2, "b a".to_owned()));
    assert_eq!(keys("GRACE", Order::Changed, false).await, (1, "b".to_owned()));
    assert_eq!(keys("_", Order::Key, false).await, (1, "c_1".to_owned()));
    assert_eq!(keys("", Order::Field("odd \"'name".into()), false).await.0, 3);
}

async fn an_import_is_whole_or_nothing(database: Database) {
    let structure = r#"[{"name":"email","type":"text","required":true}]"#;
    let bench = Bench::with(database.open().await, Some(structure), 1_000_000).await;
    let records = [(None, collection(r#"{"email":"a"}"#)), (Some("x".into()), Collection::new())];
    let mut tx = bench.store.begin().await.unwrap();
    let problems = datastores::import(&mut tx, bench.team, bench.id, &records).await.unwrap().unwrap_err();
    drop(tx);
    assert_eq!((problems.len(), problems[0].0), (1, 1));
    assert_eq!(bench.about().await.records, 0);
    let mut tx = bench.store.begin().await.unwrap();
    datastores::import(&mut tx, bench.team, bench.id, &records[..1]).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let (seen, next) = datastores::some(&bench.store, bench.team, bench.id, 0).await.unwrap();
    assert_eq!(next, None);
    assert_eq!(seen.len(), 1);
    // Keys that are there, and twice in the file: the last one counts.
    let twice: Vec<_> = ["old", "x"].map(|email| (Some("k".into()), Collection::from_iter([("email", email)]))).into();
    for _ in 0..2 {
        let mut tx = bench.store.begin().await.unwrap();
        datastores::import(&mut tx, bench.team, bench.id, &twice).await.unwrap().unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(bench.get("k").await, r#"{"email":"x"}"#);
    let (about, (all, _)) =
        (bench.about().await, datastores::some(&bench.store, bench.team, bench.id, 0).await.unwrap());
    assert_eq!((about.records, about.size), (2, all.iter().map(|record| record.size).sum()));
}

async fn structures_are_kept_and_guarded_while_used(database: Database) {
    let text = r#"{"strict":true,"spec":[{"name":"a","type":"number"}]}"#;
    let bench = Bench::with(database.open().await, Some(text), 1_000_000).await;
    let all = structures::list(&bench.store, bench.team).await.unwrap();
    assert!(all[0].structure.strict && all[0].name == "Customer");
    let id = all[0].id;
    let users = structures::users(&bench.store, bench.team, id).await.unwrap();
    assert_eq!(users.datastores, [(bench.id, "Customers".to_owned())]);
    let mut tx = bench.store.begin().await.unwrap();
    structures::update(&mut tx, bench.team, id, "Client", &Structure::default()).await.unwrap();
    assert!(matches!(structures::delete(&mut tx, bench.team, id).await, Err(Error::Conflict(_))));
    datastores::delete(&mut tx, bench.team, bench.id).await.unwrap();
    structures::delete(&mut tx, bench.team, id).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(structures::find(&bench.store, bench.team, id).await.unwrap(), None);
}

async fn another_team_sees_nothing(database: Database) {
    let bench = Bench::new(&database).await;
    let other = TeamId(bench.team.0 + 1);
    let call = Call::Count { store: bench.id };
    assert_eq!(datastores::read(&bench.store, other, &call).await.unwrap().unwrap_err().status, "NOT_FOUND");
    let mut tx = bench.store.begin().await.unwrap();
    let call = Call::DeleteAll { store: bench.id };
    assert!(datastores::execute(&mut tx, other, &call, None).await.unwrap().is_err());
    assert_eq!(datastores::delete(&mut tx, other, bench.id).await, Err(Error::NotFound));
}
