//! What gets out and what does not.

use super::policy::{REFUSED, REFUSED_NETWORKS};
use super::*;

fn guard(rules: &[&str]) -> Guard {
    let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
    Guard::new(Policy::parse(&rules).unwrap())
}

fn allowed(guard: &Guard, url: &str) -> bool {
    guard.check_url(&url.parse().unwrap()).is_ok()
}

#[test]
fn every_range_of_the_table_is_one() {
    assert_eq!(REFUSED_NETWORKS.len(), REFUSED.len());
}

#[test]
fn addresses_that_are_not_public_are_refused_in_any_spelling() {
    for host in [
        "169.254.169.254",
        "[fd00:ec2::254]",
        "127.0.0.1",
        "127.1",
        "0",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::]",
        "[::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "10.1.2.3",
        "172.31.255.255",
        "192.168.0.1",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "[fe80::1]",
        "[fc00::1]",
        "[ff02::1]",
        "１２７.0.0.1",
    ] {
        let url = format!("http://{host}/");
        let refusal = guard(&[]).check_url(&url.parse().unwrap()).expect_err(host);
        assert!(refusal.to_string().contains("--allow-net"), "{refusal}");
    }
}

#[test]
fn public_addresses_and_names_pass_the_first_check() {
    for host in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "[2606:4700::1111]", "[::ffff:1.1.1.1]", "example.com"] {
        assert!(allowed(&guard(&[]), &format!("https://{host}/")), "{host}");
    }
}

#[test]
fn only_http_and_https_are_called() {
    for url in ["file:///etc/passwd", "gopher://1.1.1.1/", "data:text/plain,x", "unix:/run/docker.sock"] {
        assert!(matches!(guard(&[]).check_url(&url.parse().unwrap()), Err(Refusal::Scheme(_))), "{url}");
    }
}

#[test]
fn a_rule_allows_exactly_what_it_says() {
    for (rule, url, expected) in [
        ("10.0.0.5", "http://10.0.0.5:99/", true),
        ("10.0.0.5", "http://10.0.0.6/", false),
        ("10.0.0.0/30:80", "http://10.0.0.3/", true),
        ("10.0.0.0/30:80", "http://10.0.0.3:81/", false),
        ("10.0.0.0/30:80", "http://10.0.0.4/", false),
        ("[fd00::1]:80", "http://[fd00::1]/", true),
        ("fd00::/8", "http://[fd12::3]/", true),
        ("fd00::/8", "http://[fe80::1]/", false),
        ("::ffff:10.0.0.5", "http://10.0.0.5/", true),
    ] {
        assert_eq!(allowed(&guard(&[rule]), url), expected, "{rule} {url}");
    }
}

#[test]
fn every_broken_rule_is_reported() {
    let rules = ["10.0.0.5", "10.0.0.0/33", "a b", "host:99999", ""].map(str::to_owned);
    assert_eq!(Policy::parse(&rules).unwrap_err().len(), 4);
}

#[tokio::test]
async fn names_are_refused_by_their_addresses() {
    for host in ["localhost", "LOCALHOST.", "127.1", "0", "::1", "[::1]", "fe80::1%lo", "::ffff:127.0.0.1"] {
        let error = guard(&[]).resolve(host, 80).await.expect_err(host);
        assert!(matches!(error, ConnectError::Refused(Refusal::Address { .. })), "{host}: {error}");
    }
}

#[tokio::test]
async fn a_name_can_be_allowed_on_one_port() {
    let guard = guard(&["localhost:80"]);
    assert!(guard.resolve("LocalHost.", 80).await.is_ok());
    assert!(guard.resolve("localhost", 81).await.is_err());
}

#[test]
fn one_refused_address_refuses_the_name() {
    let addresses = ["1.1.1.1:80".parse().unwrap(), "10.0.0.1:80".parse().unwrap()];
    let refusal = guard(&[]).check_all("rebind.example", &addresses, 80).unwrap_err();
    let text = "calling rebind.example is refused: its address is 10.0.0.1 (a private network); an administrator can allow it with --allow-net 10.0.0.1, or allow_net in rouage.toml";
    assert_eq!(refusal.to_string(), text);
}

#[tokio::test]
async fn connections_go_where_they_were_checked_and_policies_change() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let guard = guard(&["127.0.0.1"]);
    assert!(guard.connect("127.0.0.1", port).await.is_ok());
    guard.clone().set_policy(Policy::default());
    assert!(matches!(guard.connect("127.0.0.1", port).await, Err(ConnectError::Refused(_))));
}

#[test]
fn what_is_written_is_judged_before_it_is_called() {
    let refused = |url: &str| guard(&[]).foresee(url).is_some();
    for url in [
        "http://127.0.0.1:9000/a",
        "https://LOCALHOST/{{1.path}}",
        "http://shop.localhost?x={{1.x}}",
        " http://10.0.0.5/",
        "http://[::1]/",
        "http://user@192.168.1.1",
    ] {
        assert!(refused(url), "{url}");
    }
    for url in
        ["https://example.com/127.0.0.1", "{{1.url}}", "http://{{1.host}}/", "http://127.0.0.{{1.n}}/", "localhost", ""]
    {
        assert!(!refused(url), "{url}");
    }
    assert!(guard(&["127.0.0.1:9000"]).foresee("http://localhost:9000/").is_none());
    assert!(guard(&["127.0.0.1:9000"]).foresee("http://localhost:9001/").is_some());
    assert!(guard(&["localhost"]).foresee("http://localhost/").is_none());
}

#[test]
fn a_refusal_is_known_again_by_its_text() {
    let refusal = guard(&[]).foresee("http://localhost:9000/").unwrap();
    let text = format!("reading the feed: {}", ModuleError::from(refusal).message);
    assert_eq!(refused_address(&text), Some(("127.0.0.1", "this machine")));
    let answered = format!("[400] calling x ({text}");
    assert_eq!(refused_address(&answered), None);
    assert_eq!(refused_address("calling x is refused (or not)"), None);
}
