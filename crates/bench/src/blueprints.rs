//! The three scenarios, for Rouage and for Node-RED.

use serde_json::{Value, json};

/// How many mapping steps S3 has.
const STEPS: usize = 10;

/// The eight fields of S2: what they are called and where they come from.
const FIELDS: [(&str, &str); 8] = [
    ("order_id", "{{1.order_id}}"),
    ("sent_us", "{{1.sent_us}}"),
    ("customer", "{{1.first_name}} {{1.last_name}}"),
    ("email", "{{1.email}}"),
    ("phone", "{{1.phone}}"),
    ("status", "{{1.status}}"),
    ("total", "{{1.total_paid}}"),
    ("created", "{{1.created}}"),
];

fn blueprint(name: &str, rest: Vec<Value>) -> Value {
    let trigger = json!({"id": 1, "module": "gateway:CustomWebHook", "version": 1,
        "parameters": {"hook": 1, "maxResults": 1}, "mapper": {}});
    let flow: Vec<Value> = std::iter::once(trigger).chain(rest).collect();
    json!({"name": name, "flow": flow, "metadata": {"instant": true, "version": 1, "scenario": {
        "roundtrips": 1, "maxErrors": 3, "autoCommit": true, "autoCommitTriggerLast": true,
        "sequential": false, "confidential": false, "dataloss": false, "dlq": false}}})
}

fn set_variables(id: usize, variables: &[(&str, &str)]) -> Value {
    let variables: Vec<Value> = variables.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({"id": id, "module": "util:SetVariables", "version": 1, "parameters": {},
        "mapper": {"scope": "roundtrip", "variables": variables}})
}

fn post(id: usize, url: &str, data: &str) -> Value {
    json!({"id": id, "module": "http:ActionSendData", "version": 3,
        "parameters": {"handleErrors": true, "useNewZLibDeCompress": true},
        "mapper": {"ca": "", "qs": [], "url": url, "data": data, "gzip": true, "method": "post", "headers": [],
            "timeout": "", "useMtls": false, "authPass": "", "authUser": "", "bodyType": "raw",
            "contentType": "application/json", "serializeUrl": false, "shareCookies": false, "parseResponse": true,
            "followRedirect": true, "useQuerystring": false, "followAllRedirects": false, "rejectUnauthorized": true}})
}

/// S1: answered at once, nothing else.
pub fn s1() -> Value {
    blueprint("S1", Vec::new())
}

/// S2: eight fields are mapped, and two routes send them to `target`, as an
/// object and as a row.
pub fn s2(target: &str) -> Value {
    let field = |name: &str| format!("{{{{2.{name}}}}}");
    let object: Vec<String> = FIELDS.iter().map(|(name, _)| format!("\"{name}\":\"{}\"", field(name))).collect();
    let row: Vec<String> = FIELDS.iter().map(|(name, _)| format!("\"{}\"", field(name))).collect();
    let row = format!("{{\"range\":\"Orders!A:H\",\"majorDimension\":\"ROWS\",\"values\":[[{}]]}}", row.join(","));
    let routes = json!([
        {"flow": [post(4, &format!("http://{target}/orders"), &format!("{{{}}}", object.join(",")))]},
        {"flow": [post(5, &format!("http://{target}/v4/spreadsheets/1AbC/values/Orders!A:H:append"), &row)]},
    ]);
    let router = json!({"id": 3, "module": "builtin:BasicRouter", "version": 1, "mapper": null, "routes": routes});
    blueprint("S2", vec![set_variables(2, &FIELDS), router])
}

/// S3: ten mapping steps, each on the one before, then the answer.
pub fn s3() -> Value {
    let mut flow: Vec<Value> = (0..STEPS)
        .map(|step| {
            let value =
                if step == 0 { "{{1.order_id}}".to_owned() } else { format!("{{{{{}.f{}}}}}", step + 1, step - 1) };
            set_variables(step + 2, &[(&format!("f{step}"), &value)])
        })
        .collect();
    let last = format!("{{\"order\":\"{{{{{}.f{}}}}}\"}}", STEPS + 1, STEPS - 1);
    flow.push(json!({"id": STEPS + 2, "module": "gateway:WebhookRespond", "version": 1, "parameters": {},
        "mapper": {"body": last, "status": "200",
            "headers": [{"key": "Content-Type", "value": "application/json"}]}}));
    blueprint("S3", flow)
}

/// The same three as a Node-RED flows file: built-in nodes only, outgoing
/// connections kept open.
pub fn node_red(target: &str) -> Value {
    let mut nodes = Vec::new();
    tab(&mut nodes, "s1", &["s1out"]);
    nodes.push(node("s1out", "s1", "http response", &[], json!({"statusCode": "200", "headers": {}})));
    tab(&mut nodes, "s2", &["s2ack", "s2map"]);
    nodes.push(change("s2ack", "s2", &[("payload", "{}", "json")], &["s2out"]));
    nodes.push(node("s2out", "s2", "http response", &[], json!({"statusCode": "200", "headers": {}})));
    let rules: Vec<(String, String, &str)> = FIELDS
        .iter()
        .map(|(name, from)| match *from {
            "{{1.first_name}} {{1.last_name}}" => {
                (format!("order.{name}"), "payload.first_name & \" \" & payload.last_name".to_owned(), "jsonata")
            }
            from => (format!("order.{name}"), from.replace("{{1.", "payload.").replace("}}", ""), "msg"),
        })
        .collect();
    let rules: Vec<(&str, &str, &str)> =
        rules.iter().map(|(to, from, kind)| (to.as_str(), from.as_str(), *kind)).collect();
    nodes.push(change("s2map", "s2", &rules, &["s2a", "s2b"]));
    let fields: Vec<String> = FIELDS.iter().map(|(name, _)| format!("order.{name}")).collect();
    let row =
        format!("{{\"range\": \"Orders!A:H\", \"majorDimension\": \"ROWS\", \"values\": [[{}]]}}", fields.join(", "));
    nodes.push(change("s2a", "s2", &[("payload", "order", "msg")], &["s2ra"]));
    nodes.push(change("s2b", "s2", &[("payload", &row, "jsonata")], &["s2rb"]));
    nodes.push(send("s2ra", &format!("http://{target}/orders")));
    nodes.push(send("s2rb", &format!("http://{target}/v4/spreadsheets/1AbC/values/Orders!A:H:append")));
    tab(&mut nodes, "s3", &["s3c0"]);
    for step in 0..STEPS {
        let from = if step == 0 { "payload.order_id".to_owned() } else { format!("payload.f{}", step - 1) };
        let next = if step + 1 == STEPS { "s3out".to_owned() } else { format!("s3c{}", step + 1) };
        nodes.push(change(&format!("s3c{step}"), "s3", &[(&format!("payload.f{step}"), &from, "msg")], &[&next]));
    }
    nodes.push(node("s3out", "s3", "http response", &[], json!({"statusCode": "200", "headers": {}})));
    Value::Array(nodes)
}

fn tab(nodes: &mut Vec<Value>, id: &str, to: &[&str]) {
    nodes.push(json!({"id": id, "type": "tab", "label": id, "disabled": false, "info": ""}));
    let own = json!({"url": format!("/hook/{id}"), "method": "post", "upload": false, "swaggerDoc": ""});
    nodes.push(node(&format!("{id}in"), id, "http in", to, own));
}

fn node(id: &str, tab: &str, kind: &str, to: &[&str], own: Value) -> Value {
    let mut node = json!({"id": id, "z": tab, "type": kind, "name": "", "x": 100, "y": 100, "wires": [to]});
    if let (Some(node), Value::Object(own)) = (node.as_object_mut(), own) {
        node.extend(own);
    }
    node
}

fn change(id: &str, tab: &str, rules: &[(&str, &str, &str)], to: &[&str]) -> Value {
    let mut list: Vec<Value> = rules
        .iter()
        .map(|(what, from, kind)| json!({"t": "set", "p": what, "pt": "msg", "to": from, "tot": kind}))
        .collect();
    if matches!(id, "s2a" | "s2b") {
        // The caller's headers are not sent on.
        list.push(json!({"t": "delete", "p": "headers", "pt": "msg"}));
    }
    node(
        id,
        tab,
        "change",
        to,
        json!({"rules": list, "action": "", "property": "", "from": "", "to": "", "reg": false}),
    )
}

fn send(id: &str, url: &str) -> Value {
    let own = json!({"method": "POST", "ret": "obj", "paytoqs": "ignore", "url": url, "tls": "", "persist": true,
        "proxy": "", "insecureHTTPParser": false, "authType": "", "senderr": false, "headers": []});
    node(id, "s2", "http request", &[], own)
}
