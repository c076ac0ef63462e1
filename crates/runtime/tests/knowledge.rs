//! What the editor is told of a draft: outputs, previews, filters tried out.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

#[allow(unused_imports, reason = "other tests script their modules")]
mod support;

use rouage_model::{Blueprint, ErrorKind, ModuleError, ModuleId, ScenarioId, Value, json};
use rouage_runtime::{Asked, FilterTest, Item, Items, Preview, RunOnce, Source};
use rouage_store::{drafts, hooks};
use support::{Play, Process, World};

/// A webhook, a set variable, an iterator over the lines with an aggregator, and
/// a module with an error route.
const FLOW: &str = r#"
    {"id":2,"module":"util:SetVariables","mapper":{"scope":"roundtrip","variables":[
        {"name":"Full name","value":"{{1.customer.first}} {{1.customer.last}}"},{"name":"lines","value":"{{1.lines}}"}]}},
    {"id":3,"module":"builtin:BasicFeeder","mapper":{"array":"{{2.lines}}"}},
    {"id":4,"module":"util:ComposeTransformer","mapper":{"value":"{{3.sku}}"},
        "filter":{"name":"Dear","conditions":[[{"a":"{{3.price}}","o":"number:greater","b":"5"}]]}},
    {"id":5,"module":"builtin:BasicAggregator","parameters":{"feeder":3},"mapper":{"sku":"{{3.sku}}","text":"{{4.value}}"}},
    {"id":6,"module":"test:Write","version":1,"mapper":{"text":"{{5.array}}"},
        "onerror":[{"id":7,"module":"util:ComposeTransformer","mapper":{"value":"{{6.error.message}}"}},
                   {"id":8,"module":"builtin:Ignore"}]}"#;

const ORDER: &str = r#"{"id":1001,"at":"2026-11-24T08:00:00Z","phone":null,"city":"Paris","paid":true,
    "customer":{"first":"Ada","last":"L.","E-mail":"a@x.org"},"tags":["new","vip"],
    "lines":[{"sku":"A-1","price":9.5},{"sku":"B-2","price":3,"note":"gift"}]}"#;

async fn run(process: &Process, id: ScenarioId, order: &str) {
    let bundle = json::parse(order.as_bytes()).unwrap();
    let run = process.control.run_once(process.team, id, Some(vec![bundle]), &Value::Undefined).await.unwrap();
    let RunOnce::Started(execution) = run else { panic!("it must start") };
    process.until_over(execution).await;
}

async fn edit(process: &Process, id: ScenarioId, blueprint: &str) {
    let draft = drafts::find(&process.store, process.team, id).await.unwrap().unwrap();
    let edited = Blueprint::parse(blueprint.as_bytes()).unwrap();
    let mut tx = process.store.begin().await.unwrap();
    let kept = drafts::save(&mut tx, process.team, id, draft.revision, (&edited, &draft.links), None).await;
    kept.unwrap();
    tx.commit().await.unwrap();
}

fn document(flow: &str, settings: &str) -> String {
    format!(
        r#"{{"name":"Test","flow":[{{"id":1,"module":"test:Hook","version":1}},{flow}],
            "metadata":{{"scenario":{settings}}}}}"#
    )
}

async fn items(process: &Process, id: ScenarioId) -> Items {
    process.control.knowledge(process.team, id).await.unwrap().items().clone()
}

/// `path:type=sample` of every item.
fn lines(items: &Items, module: i64) -> Vec<String> {
    fn walk(items: &[Item], into: &mut Vec<String>) {
        for item in items {
            let sample = item.sample.as_deref().map(|sample| format!("={sample}")).unwrap_or_default();
            into.push(format!("{}:{}{sample}", item.path, item.kind));
            walk(&item.fields, into);
        }
    }
    let mut found = Vec::new();
    walk(&items.modules[&ModuleId(module)].items, &mut found);
    found
}

async fn preview(process: &Process, id: ScenarioId, module: i64, kind: &str, text: &str) -> Preview {
    let asked = Asked { module: ModuleId(module), kind: kind.to_owned(), text: text.to_owned() };
    process.control.preview(process.team, id, asked).await.unwrap()
}

async fn test(process: &Process, id: ScenarioId, module: i64, conditions: &str) -> FilterTest {
    let conditions = json::parse(conditions.as_bytes()).unwrap();
    process.control.test_filter(process.team, id, ModuleId(module), conditions).await.unwrap()
}

#[tokio::test]
async fn outputs_are_known_from_the_last_run() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(FLOW, "{}").await.id;
    run(&process, id, ORDER).await;
    let items = items(&process, id).await;
    assert!(items.run.is_some());
    let expected = [
        "1.id:number=1001",
        "1.at:text=2026-11-24T08:00:00Z",
        "1.phone:any",
        "1.city:text=Paris",
        "1.paid:boolean=true",
        "1.customer:collection",
        "1.customer.first:text=Ada",
        "1.customer.last:text=L.",
        "1.customer.`E-mail`:text=a@x.org",
        "1.tags:array=2 items",
        "1.tags[]:text=new",
        "1.lines:array=2 items",
        "1.lines[].sku:text=A-1",
        "1.lines[].price:number=9.5",
        "1.lines[].note:text",
        "`1`:collection",
    ];
    assert_eq!(lines(&items, 1), expected);
    assert_eq!(items.modules[&ModuleId(1)].from, Source::Run);
    assert_eq!(lines(&items, 2)[..2], ["2.`Full name`:text=Ada L.", "2.lines:array=2 items"]);
    let of_iterator = lines(&items, 3);
    assert!(of_iterator.contains(&"3.sku:text=B-2".to_owned()), "{of_iterator:?}");
    assert!(of_iterator.contains(&"3.__IMTINDEX__:number=2".to_owned()), "{of_iterator:?}");
    assert_eq!((items.modules[&ModuleId(3)].bundles, items.modules[&ModuleId(4)].bundles), (2, 1));
    let gathered = lines(&items, 5);
    assert_eq!(gathered[..3], ["5.array:array=1 item", "5.array[].sku:text=A-1", "5.array[].text:text=A-1"]);
    let visible = |id: i64| items.visible.modules[&ModuleId(id)].iter().map(|id| id.0).collect::<Vec<_>>();
    assert_eq!((visible(5), visible(6), visible(7)), (vec![1, 2, 3, 4], vec![1, 2, 5], vec![1, 2, 5, 6]));
    assert_eq!(items.visible.failed[&ModuleId(7)], [ModuleId(6)]);
    assert!(lines(&items, 6).contains(&"6.error.message:text".to_owned()));
    assert_eq!(items.variables[0].path, "var.scenario.name");
}

#[tokio::test]
async fn a_changed_draft_keeps_its_samples_and_knows_what_is_new() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(FLOW, "{}").await.id;
    run(&process, id, ORDER).await;
    let before = process.control.knowledge(process.team, id).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&before, &process.control.knowledge(process.team, id).await.unwrap()), "it is kept");
    let changed = FLOW
        .replace("\"Full name\"", "\"Name\"")
        .replace(r#"{"id":4,"#, r#"{"id":20,"module":"builtin:BasicFeeder","mapper":{"array":"{{1.tags}}"}},{"id":4,"#);
    edit(&process, id, &document(&changed, "{}")).await;
    let items = items(&process, id).await;
    assert_eq!(lines(&items, 1)[0], "1.id:number=1001");
    assert_eq!(lines(&items, 2)[0], "2.Name:text=Ada L.");
    assert!(!lines(&items, 2).iter().any(|line| line.contains("Full")), "the old name is gone");
    assert_eq!(lines(&items, 20)[0], "20.value:text=new");
    assert_eq!(items.modules[&ModuleId(20)].from, Source::Mapping);
}

#[tokio::test]
async fn a_draft_that_never_ran_knows_what_its_webhook_has_learned_and_what_is_mapped() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario_off(FLOW, "{}").await;
    let learned =
        br#"[{"name":"customer","type":"collection","spec":[{"name":"first","type":"text","label":"First name"}]},
        {"name":"lines","type":"array","spec":[{"name":"sku","type":"text"},{"name":"price","type":"number"}]}]"#;
    let hook = process.control.hook(&scenario.token).unwrap().hook.id;
    let mut tx = process.store.begin().await.unwrap();
    hooks::set_interface(&mut tx, process.team, hook, &json::parse(learned).unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    process.control.refresh().await;
    let items = items(&process, scenario.id).await;
    assert_eq!(items.modules[&ModuleId(1)].from, Source::Webhook);
    assert_eq!(items.modules[&ModuleId(1)].items[0].fields[0].label, "First name");
    let of_iterator = lines(&items, 3);
    assert_eq!(of_iterator[..2], ["3.sku:text", "3.price:number"], "the fields of the items that it is fed");
    assert_eq!(lines(&items, 5)[..2], ["5.array:array", "5.array[].sku:text"]);
    let unknown = preview(&process, scenario.id, 4, "text", "{{3.price}}").await;
    assert_eq!((unknown.known, unknown.kind), (false, "number"));
}

#[tokio::test]
async fn previews_say_what_a_text_gives_and_what_is_odd() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(FLOW, "{}").await.id;
    run(&process, id, ORDER).await;
    let check = async |module: i64, kind: &str, text: &str, gives: &str, says: &str| {
        let preview = preview(&process, id, module, kind, text).await;
        assert!(preview.known, "{text}: {preview:?}");
        assert_eq!(preview.text, gives, "{text}: {preview:?}");
        match says {
            "" => assert_eq!(preview.warnings, Vec::<String>::new(), "{text}"),
            says => assert!(preview.warnings.iter().any(|warning| warning.contains(says)), "{text}: {preview:?}"),
        }
    };
    check(2, "text", "Hello {{1.customer.first}}!", "Hello Ada!", "").await;
    check(2, "number", "{{1.id + 1}}", "1002", "").await;
    check(2, "text", "{{1.phone}}", "", "This gives nothing: “phone” of module 1 was empty in the last data.").await;
    check(2, "text", "T {{1.fax.work}}", "T ", "{{1.fax.work}} gives nothing: module 1 had no “fax” in the last data.")
        .await;
    check(2, "text", "{{ifempty(1.fax; \"none\")}}", "none", "").await;
    check(2, "number", "{{1.city}}", "Paris", "This will not convert to a number: 'Paris' is not a valid number.")
        .await;
    check(2, "date", "{{1.city}}", "Paris", "This will not convert to a date").await;
    check(2, "date", "{{1.at}}", "2026-11-24 08:00:00 (UTC)", "").await;
    check(
        2,
        "text",
        "{{1.lines}}",
        r#"{"sku":"A-1","price":9.5},{"sku":"B-2","price":3,"note":"gift"}"#,
        "a list of 2 items",
    )
    .await;
    check(2, "text", "{{1.lines[].sku}}", "A-1", "takes only the first of 2 items").await;
    check(2, "text", "{{1.lines[2].sku}}", "B-2", "").await;
    check(2, "text", "{{1.customer}}", r#"{"first":"Ada","last":"L.","E-mail":"a@x.org"}"#, "written as JSON").await;
    check(2, "text", "{{parseDate(\"x\"; \"YYYY\")}}", "", "This fails when it runs").await;
    check(2, "text", "{{uper(1.city)}}", "", "There is no function uper(). Did you mean upper?").await;
    check(2, "text", "{{1.id / 0}}", "", "Division by zero").await;
    check(2, "boolean", "{{\"no\"}}", "true", "counts as Yes").await;
    check(6, "text", "{{3.sku}} {{1.city}}", " Paris", "whose data does not reach this module").await;
    check(2, "text", "{{99.x}} {{1.city}}", " Paris", "which is not in the scenario any more").await;
    check(2, "text", "{{TOKEN}}", "", "names nothing").await;
    check(2, "text", "{{var.scenario.name}}", "Test", "").await;
    check(2, "array", "{{1.city}}", r#"["Paris"]"#, "").await;
    let broken = preview(&process, id, 2, "text", "a {{upper(1.city}}").await;
    let (at, message) = broken.error.unwrap();
    assert_eq!(at, 16);
    assert!(message.contains("is not closed"), "{message}");
    let empty = preview(&process, id, 7, "text", "{{6.error.message}}").await;
    assert!(!empty.known, "it has never failed");
}

#[tokio::test]
async fn an_error_route_sees_the_error_and_nothing_else_of_its_module() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(FLOW, "{}").await.id;
    process.script.play("test:Write", Play::Fail(ModuleError::new(ErrorKind::DataError, "no such row")));
    run(&process, id, ORDER).await;
    assert_eq!(preview(&process, id, 7, "text", "{{6.error.message}}").await.text, "no such row");
    assert!(lines(&items(&process, id).await, 6).contains(&"6.error.message:text=no such row".to_owned()));
}

#[tokio::test]
async fn hostile_texts_end() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(FLOW, "{}").await.id;
    run(&process, id, &format!(r#"{{"a":"{}"}}"#, "a".repeat(5_000))).await;
    let mut doubled = "1.a".to_owned();
    for _ in 0..18 {
        doubled = format!("replace({doubled}; \"a\"; \"aa\")");
    }
    let big = preview(&process, id, 2, "text", &format!("{{{{{doubled}}}}}")).await;
    assert!(big.warnings.iter().any(|warning| warning.contains("more work")), "{big:?}");
    let regex = preview(&process, id, 2, "text", r#"{{replace(1.a; "/^(?=(a+)+$)(a|aa)+b\1$/"; "")}}"#).await;
    assert!(regex.text.len() <= 8_000 && !regex.warnings.is_empty(), "{regex:?}");
    let long = preview(&process, id, 2, "text", &"x".repeat(300_000)).await;
    assert!(!long.known);
}

#[tokio::test]
async fn a_filter_is_tried_with_the_bundles_that_came_to_it() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(FLOW, "{}").await.id;
    run(&process, id, ORDER).await;
    let found = test(&process, id, 4, r#"[[{"a":"{{3.price}}","o":"number:greater","b":"5"}]]"#).await;
    assert!(found.known && found.problems.is_empty());
    let told: Vec<_> = found.bundles.iter().map(|bundle| (bundle.passed, bundle.groups[0][0].note.as_str())).collect();
    let expected = [(true, "9.5 is greater than “5”, as numbers."), (false, "3 is not greater than “5”, as numbers.")];
    assert_eq!(told, expected);
    assert_eq!(found.bundles[0].label, "Bundle 1: A-1, 9.5");
    let either = r#"[[{"a":"{{3.sku}}","o":"text:startwith","b":"A"},{"a":"{{1.city}}","o":"text:equal","b":"paris"}],
        [{"a":"{{3.note}}","o":"exist"}]]"#;
    let found = test(&process, id, 4, either).await;
    assert_eq!(found.bundles.iter().map(|bundle| bundle.passed).collect::<Vec<_>>(), [false, true]);
    assert_eq!(found.bundles[0].groups[1][0].note, "There is no value.");
    let suggested: Vec<_> = found.suggestions.iter().map(|one| (one.group, one.condition, one.operator)).collect();
    assert_eq!(suggested, [(0, 1, "text:equal:ci")]);
}

#[tokio::test]
async fn what_is_suggested_for_a_condition_does_what_was_meant() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(FLOW, "{}").await.id;
    let order = ORDER.replacen('{', r#"{"coupon":[],"extras":{},"total":"1 234,50 €","when":"24/12/2026","#, 1);
    run(&process, id, &order).await;
    let passes = async |left: &str, operator: &str, right: &str| {
        let condition = format!(r#"[[{{"a":{left:?},"o":{operator:?},"b":{right:?}}}]]"#);
        test(&process, id, 2, &condition).await
    };
    // The condition as people write it, whether it passes, and whether the one
    // that is suggested does.
    for (left, operator, right, before, after) in [
        ("{{1.coupon}}", "exist", "", true, false),
        ("{{1.coupon}}", "notexist", "", false, true),
        ("{{1.extras}}", "exist", "", true, false),
        ("{{1.total}}", "number:greater", "1000", false, true),
        ("{{1.when}}", "date:greater", "2026-12-01", false, true),
        ("{{1.at}}", "number:greater", "2020-01-01", false, true),
    ] {
        let found = passes(left, operator, right).await;
        let [better] = &found.suggestions[..] else { panic!("{left} {operator}: {found:?}") };
        let new_left = better.left.as_deref().unwrap_or(left);
        let then = passes(new_left, better.operator, better.right.as_deref().unwrap_or(right)).await;
        assert_eq!((found.bundles[0].passed, then.bundles[0].passed), (before, after), "{left} {operator}");
        assert!(then.suggestions.is_empty(), "{left} {operator}: {:?}", then.suggestions);
    }
    let trap = passes("{{1.coupon}}", "exist", "").await;
    assert_eq!(trap.bundles[0].groups[0][0].note, "There is an empty list.");
    assert!(
        trap.suggestions[0].is_trap && trap.suggestions[0].why.contains("empty in this bundle: Exists lets it pass")
    );
    let money = preview(&process, id, 2, "number", "{{1.total}}").await;
    let offer = money.offer.unwrap();
    let number = preview(&process, id, 2, "number", &offer.text).await;
    assert_eq!((number.text.as_str(), number.warnings.len(), number.offer), ("1234.5", 0, None));
}

#[tokio::test]
async fn runs_of_one_bundle_are_tried_together_the_newest_first() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(FLOW, "{}").await.id;
    for city in ["Paris", "Lyon", "paris"] {
        world.advance(60);
        run(&process, id, &ORDER.replace("Paris", city)).await;
    }
    let found = test(&process, id, 2, r#"[[{"a":"{{1.city}}","o":"text:equal:ci","b":"PARIS"}]]"#).await;
    let told: Vec<_> = found.bundles.iter().map(|bundle| (bundle.passed, bundle.label.as_str())).collect();
    let expected = [
        (true, "Bundle 1: 1001, 2026-11-24T08:00:00Z, paris"),
        (false, "Earlier run: 1001, 2026-11-24T08:00:00Z, Lyon"),
        (true, "Earlier run: 1001, 2026-11-24T08:00:00Z, Paris"),
    ];
    assert_eq!(told, expected);
    assert_eq!(found.bundles[0].groups[0][0].note, "“paris” is equal to “PARIS”, capitals ignored.");
}

#[tokio::test]
async fn a_broken_filter_says_where_and_tries_the_rest() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(FLOW, "{}").await.id;
    run(&process, id, ORDER).await;
    let broken = r#"[[{"a":"{{3.price +}}","o":"number:greater","b":"5"}],[{"a":"{{3.sku}}","o":"text:isnotempty"}],
        [{"a":"{{3.sku}}","o":"text:equal","b":"B-2"}]]"#;
    let found = test(&process, id, 4, broken).await;
    assert_eq!(found.bundles.iter().map(|bundle| bundle.passed).collect::<Vec<_>>(), [false, true]);
    let problems: Vec<_> = found.problems.iter().map(|problem| (problem.group, problem.condition)).collect();
    assert_eq!(problems, [(0, 0), (1, 0)]);
    assert!(
        found.problems[0].message.starts_with("The left side cannot be read at character 12"),
        "{:?}",
        found.problems
    );
    assert_eq!(found.suggestions[0].operator, "exist");
}

#[tokio::test]
async fn a_filter_of_a_module_that_is_new_is_tried_with_what_comes_out_before_it() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(FLOW, "{}").await.id;
    run(&process, id, ORDER).await;
    let changed =
        FLOW.replace(r#"{"id":4,"#, r#"{"id":30,"module":"test:Write","version":1,"mapper":{"text":"x"}},{"id":4,"#);
    edit(&process, id, &document(&changed, "{}")).await;
    let found = test(&process, id, 30, r#"[[{"a":"{{3.sku}}","o":"text:equal","b":"B-2"}]]"#).await;
    assert_eq!(found.bundles.iter().map(|bundle| bundle.passed).collect::<Vec<_>>(), [false, true]);
    // What stands behind it has seen nothing: the last data is tried, if it is
    // all that is read.
    let behind = changed.replace(r#"{"id":4,"#, r#"{"id":31,"module":"test:Write","version":1},{"id":4,"#);
    edit(&process, id, &document(&behind, "{}")).await;
    let city = test(&process, id, 31, r#"[[{"a":"{{1.city}}","o":"text:equal","b":"Paris"}]]"#).await;
    assert_eq!(
        city.bundles.iter().map(|bundle| bundle.label.as_str()).collect::<Vec<_>>(),
        ["The last data: B-2, 3, gift"]
    );
    let unknown = test(&process, id, 31, r#"[[{"a":"{{30.x}}","o":"exist"}]]"#).await;
    assert!(!unknown.known && unknown.bundles.is_empty());
}

#[tokio::test]
async fn confidential_scenarios_tell_types_only() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(FLOW, "{}").await.id;
    run(&process, id, ORDER).await;
    edit(&process, id, &document(FLOW, r#"{"confidential":true}"#)).await;
    let items = items(&process, id).await;
    assert!(items.is_confidential);
    assert!(lines(&items, 1).contains(&"1.customer.first:text".to_owned()));
    assert!(!json::to_string(&items.to_value()).contains("Ada"));
    let preview = preview(&process, id, 2, "text", "{{1.customer.first}}").await;
    assert_eq!((preview.known, preview.kind, preview.text.as_str()), (false, "text", ""));
    assert!(!test(&process, id, 4, r#"[[{"a":"{{3.price}}","o":"exist"}]]"#).await.known);
}

#[tokio::test]
async fn a_module_that_ran_alone_lends_its_output_to_that_module_only() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(FLOW, "{}").await.id;
    let given = [rouage_runtime::Wanted { module: ModuleId(3), field: "sku".into(), value: "C-3".into() }];
    let alone = process.control.run_module(process.team, id, ModuleId(4), &given).await.unwrap();
    process.until_over(alone).await;
    let items = items(&process, id).await;
    assert_eq!(lines(&items, 4)[0], "4.value:text=C-3");
    assert!(items.run.is_none() && items.modules[&ModuleId(3)].bundles == 0);
}

#[tokio::test]
async fn nobody_else_s_scenario_is_told() {
    let world = World::new();
    let process = world.process().await;
    let id = process.scenario_off(FLOW, "{}").await.id;
    assert!(process.control.knowledge(rouage_model::TeamId(99), id).await.is_err());
}
