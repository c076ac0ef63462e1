//! Every page in a made-up language, in which each text stands in brackets:
//! what is read outside of brackets is English that no language can replace.

#![allow(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod support;

use std::time::Duration;

use rouage_model::{Collection, Value, json};
use rouage_store::hooks::HookSettings;
use rouage_web::words::Locale;
use support::Server;

/// With names that are no English, so that they are told from ours.
const FLOW: &str = r#"{"name":"Ωδή","flow":[
    {"id":1,"module":"util:BasicTrigger","version":1,"parameters":{"values":[
        {"spec":[{"name":"α","value":"1"}]},{"spec":[{"name":"α","value":"2"}]}]},"mapper":{}},
    {"id":2,"module":"util:ComposeTransformer","version":1,"mapper":{"value":"{{1.α}}"},
     "filter":{"name":"β","conditions":[[{"a":"{{1.α}}","o":"text:contain","b":"1"}]]}},
    {"id":3,"module":"builtin:BasicRouter","version":1,"mapper":null,"routes":[{"flow":[
        {"id":4,"module":"util:SetVariables","version":1,"mapper":{"variables":[{"name":"γ","value":"{{2.value}}"}],"scope":"roundtrip"}}]}]}]}"#;

/// What is no word of a page: names, addresses, units and what is written in
/// the mapping language. Names of months and statuses of protocols stay as
/// they are, like the sentences that the runtime wrote when it happened.
const SAME: &[&str] = &[
    "Rouage",
    "Ada",
    "UTC",
    "MB",
    "kB",
    "GB",
    "ms",
    "csv",
    "xlsx", // Names of this test and of the team.
    "Orders",
    "My",
    "team",
    "POST",
    "GET", // Keys of modules that few people see, and types of values.
    "values",
    "spec",
    "name",
    "value",
    "variables",
    "scope",
    "roundtrip",
    "array",
    "collection", // The calendar.
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
    // The sentence of a schedule is made in `model`.
    "Immediately",
    "as",
    "data",
    "arrives",
];

/// The catalogue, each text in brackets.
fn bracketed() -> &'static Locale {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/words/catalogue.json");
    let Value::Collection(catalogue) = json::parse(&std::fs::read(path).unwrap()).unwrap() else { panic!("an object") };
    let wrap = |text: &str| Value::from(format!("⟦{text}⟧"));
    let entry = |(text, at): (&_, &Value)| {
        let text: &str = AsRef::<str>::as_ref(text);
        let told = match at.field("one").as_text() {
            Some(one) => vec![wrap(one), wrap(text)].into(),
            None => wrap(text),
        };
        (text.to_owned(), told)
    };
    let language = Value::from(catalogue.iter().map(entry).collect::<Collection>());
    Box::leak(Box::new(Locale::parse("xx", &json::to_string(&language)).unwrap()))
}

/// What people read of a page: its texts, and attributes that are read out.
/// Code is none, and neither are the examples, which are content.
fn read(html: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = html;
    let mut plain = String::new();
    while let Some(at) = rest.find('<') {
        plain.push_str(&rest[..at]);
        let end = at + rest[at..].find('>').map_or(rest.len() - at, |end| end + 1);
        let tag = &rest[at..end];
        let is_inline = [
            "<a ",
            "</a>",
            "<b>",
            "</b>",
            "<code>",
            "</code>",
            "<i>",
            "</i>",
            "<time",
            "</time>",
            "<strong>",
            "</strong>",
        ]
        .iter()
        .any(|inline| tag.starts_with(inline));
        for name in [" title=\"", " placeholder=\"", " aria-label=\"", " alt=\"", " data-confirm=\""] {
            if let Some(from) = tag.find(name) {
                texts.push(tag[from + name.len()..].split('"').next().unwrap_or_default().to_owned());
            }
        }
        if !is_inline {
            texts.push(std::mem::take(&mut plain));
        }
        rest = &rest[end..];
        for (start, element) in
            [("<script", "script"), ("<style", "style"), ("<code", "code"), ("<li class=\"card example\"", "li")]
        {
            if tag.starts_with(start) {
                rest = rest.find(&format!("</{element}>")).map_or(rest, |at| &rest[at..]);
            }
        }
    }
    texts.push(plain + rest);
    texts
}

/// The words of a text outside of brackets.
fn outside(text: &str) -> Vec<String> {
    let mut depth = 0;
    let mut left = String::new();
    let is_address = |word: &&str| !word.contains("://") && !word.contains('@');
    let text = text.split(' ').filter(is_address).collect::<Vec<_>>().join(" ");
    for letter in text.chars() {
        match letter {
            '⟦' => depth += 1,
            '⟧' => {
                depth -= 1;
                left.push(' ');
            }
            letter if depth == 0 => left.push(letter),
            _ => {}
        }
    }
    let words = left.split(|letter: char| !letter.is_ascii_alphabetic());
    words.filter(|word| word.len() > 1 && !SAME.contains(word)).map(str::to_owned).collect()
}

/// Something of everything.
async fn fill(server: &Server, cookie: &str) -> Vec<(&'static str, String)> {
    let scenario = server.scenario(FLOW).await;
    let hook = server.hook(&HookSettings::default(), true).await;
    let started = server.post(&format!("/scenarios/{scenario}/run"), cookie, "").await;
    let run = started.header("location").split('/').nth(2).unwrap_or_default().split('?').next().unwrap().to_owned();
    for (path, form) in [
        ("/datastores", "name=%CE%A9&megabytes=1"),
        ("/spreadsheets", "title=%CE%A9"),
        ("/folders", "name=%CE%A9"),
        ("/structures", "name=%CE%A9"),
    ] {
        server.post(path, cookie, form).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let one = || "1".to_owned();
    vec![
        ("/scenarios/{id}", scenario.to_string()),
        ("/webhooks/{id}", hook.id.to_string()),
        ("/executions/{id}", run),
        ("/datastores/{id}", one()),
        ("/folders/{id}", one()),
        ("/structures/{id}", one()),
    ]
}

/// The addresses of the pages.
fn paths(made: &[(&str, String)]) -> Vec<String> {
    let table = rouage_web::routes::table();
    let pages =
        table.iter().filter(|route| route.method == "GET" && !route.path.ends_with("/live") && route.path != "/logout");
    let path = |route: &rouage_web::Route| {
        let mut path = route.path.to_owned();
        for (prefix, id) in made {
            if path.starts_with(prefix) {
                path = path.replacen("{id}", id, 1);
            }
        }
        let parts = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    pages.map(path).collect()
}

#[tokio::test]
async fn every_page_speaks_the_language_of_the_request() {
    let server = Server::with(|parts| parts.language = Some(bracketed())).await;
    let cookie = server.owner().await;
    let made = fill(&server, &cookie).await;
    let mut seen = 0;
    let mut wrong = Vec::new();
    let strangers = ["/login", "/setup/1"].map(|path| (path.to_owned(), String::new()));
    for (path, cookie) in paths(&made).into_iter().map(|path| (path, cookie.clone())).chain(strangers) {
        let page = server.get(&path, &cookie).await;
        if !page.header("content-type").starts_with("text/html") || path.starts_with("/auto/") {
            continue;
        }
        seen += 1;
        assert!(!page.body.contains("<html") || page.body.contains("lang=\"xx\""), "{path}");
        for text in read(&page.body) {
            let words = outside(&text);
            if !words.is_empty() {
                wrong.push(format!("{path}: {words:?} of {}", text.trim()));
            }
        }
    }
    assert!(seen > 40, "only {seen} pages were looked at");
    assert!(wrong.is_empty(), "{} texts are English in every language:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn the_editor_is_given_its_words_and_modules() {
    let server = Server::with(|parts| parts.language = Some(bracketed())).await;
    let cookie = server.owner().await;
    let scenario = server.scenario(FLOW).await;
    let page = server.get(&format!("/scenarios/{scenario}/edit"), &cookie).await.body;
    let words =
        page.split(r#"<script type="application/json" id="words">"#).nth(1).unwrap().split("</script>").next().unwrap();
    let words = json::parse(words.as_bytes()).unwrap();
    assert_eq!(words.field("Auto-align").as_text(), Some("⟦Auto-align⟧"));
    assert_eq!(words.field("{0} modules").as_text(), Some("⟦{0} modules⟧"));
    let catalogue = server.get("/editor/catalogue.json", &cookie).await.body;
    assert!(catalogue.contains(r#""label":"⟦Flow control⟧""#), "{catalogue}");
    let english = Server::start().await;
    let cookie = english.owner().await;
    let scenario = english.scenario(FLOW).await;
    let page = english.get(&format!("/scenarios/{scenario}/edit"), &cookie).await.body;
    assert!(!page.contains(r#"id="words""#) && page.contains(r#"<html lang="en""#));
}

#[test]
fn words_outside_of_brackets_are_found() {
    assert_eq!(outside("⟦Save⟧ now ⟦a ⟦b⟧ c⟧ Ωδή 3 kB"), ["now"]);
    let texts = read(r#"<p title="A">⟦See <a href="/x">the list</a>⟧</p><script>var no</script>b"#);
    assert_eq!(texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>(), ["A", "⟦See the list⟧", "b"]);
}
