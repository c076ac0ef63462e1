//! What is measured: expressions, the JavaScript that does the same, and the
//! bundles that both see.

use std::cell::Cell;

use rouage_expr::Lookup;
use rouage_model::{ModuleId, Value, json};

/// The zone of both sides.
pub const ZONE: &str = "Europe/Prague";
/// Bundles that take turns, so that neither side evaluates a constant.
pub const TURNS: usize = 64;

/// One row of the table.
pub struct Row {
    pub name: &'static str,
    pub expression: &'static str,
    /// An expression over `$`, the bundles by module, with `text` (the rules
    /// for values within texts) and `moment`.
    pub javascript: &'static str,
    /// How many items the arrays of a bundle have.
    pub items: usize,
}

/// The rows of issue 3.
pub const ROWS: &[Row] = &[
    Row {
        name: "bare path",
        expression: "{{1.customer.address.city}}",
        javascript: "$[1]?.customer?.address?.city",
        items: 3,
    },
    Row {
        name: "mixed text",
        expression: "Order {{1.number}} of {{1.customer.name}}, {{1.customer.address.city}}: {{1.total}} EUR",
        javascript: "`Order ${text($[1]?.number)} of ${text($[1]?.customer?.name)}, ${text($[1]?.customer?.address?.city)}: ${text($[1]?.total)} EUR`",
        items: 3,
    },
    Row {
        name: "formatDate(parseDate)",
        expression: r#"{{formatDate(parseDate(1.created; "YYYY-MM-DD HH:mm"); "DD.MM.YYYY HH:mm")}}"#,
        javascript: r#"moment($[1]?.created, "YYYY-MM-DD HH:mm").format("DD.MM.YYYY HH:mm")"#,
        items: 3,
    },
    Row {
        name: "map over 1000",
        expression: r#"{{map(1.items; "name")}}"#,
        javascript: "($[1]?.items ?? []).map(item => item?.name).filter(value => value !== undefined)",
        items: 1000,
    },
    Row {
        name: "regex replace",
        expression: r#"{{replace(1.note; "/(\d+)-(\d+)/g"; "$2:$1")}}"#,
        javascript: r#"text($[1]?.note).replace(/(\d+)-(\d+)/g, "$2:$1")"#,
        items: 3,
    },
    Row {
        name: "sort of 10000",
        expression: r#"{{sort(1.items; "asc"; "name")}}"#,
        javascript: "[...($[1]?.items ?? [])].sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0)",
        items: 10_000,
    },
    Row {
        name: "sort of 10000 numbers",
        expression: r#"{{sort(map(1.items; "price"))}}"#,
        javascript: "($[1]?.items ?? []).map(item => item?.price).sort((a, b) => a - b)",
        items: 10_000,
    },
    Row {
        name: "if and arithmetic",
        expression: r#"{{if(1.total > 100; 1.total * 0.9; 1.total + 4.5)}}"#,
        javascript: "$[1]?.total > 100 ? $[1]?.total * 0.9 : $[1]?.total + 4.5",
        items: 3,
    },
];

/// The bundles of a row, one of them being the current one.
pub struct Bundles {
    turns: Vec<[(ModuleId, Value); 3]>,
    current: Cell<usize>,
}

impl Bundles {
    pub fn new(row: &Row) -> Self {
        let parsed = turns(row.items).into_iter().map(|text| json::parse(text.as_bytes()).unwrap());
        let other = json::parse(br#"{"ok":true}"#).unwrap();
        let turns = parsed
            .map(|bundle| [(ModuleId(3), other.clone()), (ModuleId(2), other.clone()), (ModuleId(1), bundle)])
            .collect();
        Self { turns, current: Cell::new(0) }
    }

    pub fn turn(&self) {
        let next = self.current.get() + 1;
        self.current.set(if next == self.turns.len() { 0 } else { next });
    }
}

impl Lookup for Bundles {
    fn bundle(&self, module: ModuleId) -> Option<&Value> {
        self.turns[self.current.get()].iter().find(|(id, _)| *id == module).map(|(_, bundle)| bundle)
    }

    fn variable(&self, _: &str, _: &str) -> Option<Value> {
        None
    }
}

/// The bundles as JSON. Large ones take fewer turns, for memory's sake.
pub fn turns(items: usize) -> Vec<String> {
    let count = if items > 100 { 4 } else { TURNS };
    (0..count).map(|turn| bundle(turn, items)).collect()
}

fn bundle(turn: usize, items: usize) -> String {
    let items: Vec<String> = (0..items)
        .map(|at| {
            let mixed = (at * 7919 + turn * 104_729) % 1_000_003;
            format!(r#"{{"id":{at},"name":"item {mixed}","price":{}.5,"tags":["a","b"]}}"#, mixed % 977)
        })
        .collect();
    format!(
        r#"{{"id":{turn},"number":{},"created":"2026-{:02}-{:02} 16:{:02}","total":{}.25,"currency":"EUR",
        "customer":{{"id":{turn},"name":"Jana Nováková {turn}","email":"jana{turn}@example.org",
            "address":{{"street":"Dlouhá {turn}","city":"Praha {turn}","zip":"110 00"}}}},
        "note":"call 602-{turn} or 777-123, room {turn}-4, else 12-{turn} and more words here",
        "items":[{}]}}"#,
        10_000 + turn,
        turn % 12 + 1,
        turn % 28 + 1,
        turn % 60,
        turn * 7,
        items.join(",")
    )
}

/// Whose way of writing an expression.
#[derive(Clone, Copy)]
pub enum Language {
    Ours,
    JavaScript,
}

/// Expressions that differ from one another, so that no cache knows them.
pub fn synthetic(language: Language) -> Vec<String> {
    (0..2000)
        .map(|n| match language {
            Language::Ours => format!(
                r#"{{{{if(1.total{n} > {n}; upper(1.customer.name) + " of " + 1.customer.address.city; formatDate(2.date; "DD.MM.YYYY"))}}}}"#
            ),
            Language::JavaScript => format!(
                r#"$if($[1].total{n} > {n}, upper($[1].customer.name) + " of " + $[1].customer.address.city, formatDate($[2].date, "DD.MM.YYYY"))"#
            ),
        })
        .collect()
}

/// The expressions of real blueprints that can be read.
pub fn real_expressions() -> Vec<String> {
    let path = format!("{}/testdata/real-expressions.txt", env!("CARGO_MANIFEST_DIR"));
    let lines = std::fs::read_to_string(path).unwrap();
    let expressions = lines.lines().filter(|line| !line.is_empty());
    let expressions = expressions.map(|line| json::parse(line.as_bytes()).unwrap());
    let texts = expressions.map(|expression| format!("{{{{{}}}}}", expression.as_text().unwrap()));
    texts.filter(|text| rouage_expr::Template::parse(text).is_ok()).collect()
}
