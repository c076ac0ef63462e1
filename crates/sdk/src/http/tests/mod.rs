//! The client against servers that behave, lie, stall and attack.

mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::guard::{Policy, Refusal};
use crate::testing::{RecordedTransport, url};

const HELLO_GZIP: &[u8] =
    &[31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 203, 72, 205, 201, 201, 7, 0, 134, 166, 16, 54, 5, 0, 0, 0];

/// What a server writes after it read a request's head.
#[derive(Clone)]
enum Reply {
    /// Bytes, then the connection is closed.
    Bytes(Vec<u8>),
    /// Bytes, then silence.
    Stall(Vec<u8>),
    /// One byte every 20 ms for ever.
    Drip(Vec<u8>),
    /// Bytes, and the connection is kept.
    Keep(Vec<u8>),
    /// The same bytes for ever.
    Endless(Vec<u8>),
}

struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, reply.clone()));
            }
        });
        Self { port, connections }
    }

    fn request(&self) -> Request {
        Request::new(Method::GET, url(&format!("http://127.0.0.1:{}/", self.port)))
    }

    fn client(&self) -> Client {
        client(&[&format!("127.0.0.1:{}", self.port)])
    }

    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.client().send(request).await
    }
}

async fn serve(mut stream: TcpStream, reply: Reply) {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let result = match &reply {
            Reply::Bytes(bytes) => {
                // An error only means that the client had enough.
                let _ = stream.write_all(bytes).await;
                return;
            }
            Reply::Stall(bytes) => {
                let _ = stream.write_all(bytes).await;
                return std::future::pending().await;
            }
            Reply::Drip(bytes) => drip(&mut stream, bytes).await,
            Reply::Keep(bytes) => stream.write_all(bytes).await,
            Reply::Endless(bytes) => loop {
                if let Err(error) = stream.write_all(bytes).await {
                    break Err(error);
                }
            },
        };
        if result.is_err() {
            return;
        }
    }
}

async fn drip(stream: &mut TcpStream, head: &[u8]) -> std::io::Result<()> {
    stream.write_all(head).await?;
    loop {
        stream.write_all(b"x").await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn client(rules: &[&str]) -> Client {
    let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
    Client::new(Guard::new(Policy::parse(&rules).unwrap()))
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\n{head}\r\n").as_bytes(), body].concat()
}

#[tokio::test]
async fn an_answer_comes_back_whole_and_the_connection_is_used_again() {
    let bytes = answer("Content-Length: 2\r\nX-A: 1\r\nX-A: 2\r\n", b"ok");
    let server = Server::start(Reply::Keep(bytes)).await;
    let client = server.client();
    for _ in 0..3 {
        let response = client.send(server.request()).await.unwrap();
        assert_eq!((response.status, &response.body[..]), (200, &b"ok"[..]));
        assert_eq!(response.header_values("X-a").collect::<Vec<_>>(), ["1", "2"]);
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    client.guard().set_policy(Policy::default());
    assert!(matches!(client.send(server.request()).await, Err(TransportError::Refused(_))));
}

#[tokio::test]
async fn compressed_answers_are_decoded_when_asked_for() {
    let head = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", HELLO_GZIP.len());
    let server = Server::start(Reply::Bytes(answer(&head, HELLO_GZIP))).await;
    assert_eq!(&server.send(server.request()).await.unwrap().body[..], b"hello");
    let mut raw = server.request();
    raw.accept_compressed = false;
    assert_eq!(&server.send(raw).await.unwrap().body[..], HELLO_GZIP);
}

#[tokio::test]
async fn a_head_of_a_compressed_answer_has_no_body_to_decode() {
    let head = answer("Content-Encoding: gzip\r\nContent-Length: 25\r\n", b"");
    let server = Server::start(Reply::Keep(head)).await;
    let mut request = server.request();
    request.method = Method::HEAD;
    assert_eq!(server.send(request).await.unwrap().status, 200);
}

#[tokio::test]
async fn half_an_answer_is_not_taken_for_a_whole_one() {
    let gzip = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", HELLO_GZIP.len() - 10);
    for bytes in [
        answer("Content-Length: 100\r\n", b"short"),
        answer("Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n"),
        answer("Transfer-Encoding: chunked\r\n", b"zz\r\nhello\r\n0\r\n\r\n"),
        answer(&gzip, &HELLO_GZIP[..HELLO_GZIP.len() - 10]),
        answer("Content-Encoding: gzip\r\nContent-Length: 5\r\n", b"hello"),
        b"HTTP/1.1 200".to_vec(),
        b"SSH-2.0-OpenSSH_9.9\r\n".to_vec(),
        Vec::new(),
    ] {
        let server = Server::start(Reply::Bytes(bytes.clone())).await;
        let error = server.send(server.request()).await.expect_err(&String::from_utf8_lossy(&bytes));
        assert!(matches!(error, TransportError::Broken(_)), "{error:?} for {}", String::from_utf8_lossy(&bytes));
        let error = error.into_module_error("calling");
        assert_eq!(error.certainty, rouage_model::Certainty::MaybeApplied);
    }
}

#[tokio::test]
async fn silence_and_a_slow_drip_end_with_the_time() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".to_vec();
    for reply in [Reply::Stall(Vec::new()), Reply::Stall(head.clone()), Reply::Drip(head)] {
        let server = Server::start(reply).await;
        let mut request = server.request();
        request.timeout = Duration::from_millis(300);
        assert_eq!(server.send(request).await, Err(TransportError::TimedOut { sent: true }));
    }
}

#[tokio::test]
async fn nobody_there_means_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let client = client(&["127.0.0.1"]);
    let request = Request::new(Method::POST, url(&format!("http://127.0.0.1:{port}/"))).body("x");
    let error = client.send(request).await.unwrap_err();
    assert!(matches!(error, TransportError::NotSent(_)), "{error:?}");
    assert_eq!(error.into_module_error("calling").certainty, rouage_model::Certainty::NotApplied);
}

#[tokio::test]
async fn a_server_without_tls_gets_no_request_over_https() {
    let server = Server::start(Reply::Bytes(answer("", b""))).await;
    let mut request = server.request();
    request.url.set_scheme("https").unwrap();
    request.timeout = Duration::from_millis(600);
    let error = server.send(request).await.unwrap_err();
    assert!(matches!(error, TransportError::NotSent(_)), "{error:?}");
}

#[tokio::test]
async fn answers_stop_at_the_limit_however_they_are_packed() {
    let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
    for reply in [
        Reply::Bytes(answer("Content-Length: 99999999\r\n", b"")),
        Reply::Endless(answer("Transfer-Encoding: chunked\r\n", &chunk.repeat(40))),
        Reply::Bytes(answer("Content-Encoding: gzip\r\nConnection: close\r\n", &gzip_bomb())),
    ] {
        let server = Server::start(reply).await;
        let mut request = server.request();
        request.max_bytes = 1_000_000;
        assert_eq!(server.send(request).await, Err(TransportError::TooLarge(1_000_000)));
    }
}

/// About 80 MB of zeros in 500 kB: one fixed Huffman block (RFC 1951) of a zero
/// and then "copy 258 bytes from one byte back", again and again.
fn gzip_bomb() -> Vec<u8> {
    let mut bits: Vec<bool> = vec![true, true, false];
    let mut push = |code: u32, length: u32| bits.extend((0..length).rev().map(|at| code >> at & 1 == 1));
    push(0b0011_0000, 8);
    for _ in 0..310_000 {
        push(0b1100_0101, 8);
        push(0, 5);
    }
    let mut bytes = vec![31, 139, 8, 0, 0, 0, 0, 0, 0, 3];
    bytes.extend(
        bits.chunks(8).map(|chunk| chunk.iter().enumerate().fold(0, |byte, (at, bit)| byte | u8::from(*bit) << at)),
    );
    bytes
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused() {
    for target in ["http://127.0.0.1:1/", "http://localhost:1/", "http://2130706433:1/", "//[::1]/", "http://10.0.0.1/"]
    {
        let reply = format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
        let server = Server::start(Reply::Bytes(reply.into_bytes())).await;
        let error = server.send(server.request()).await.unwrap_err();
        assert!(matches!(error, TransportError::Refused(_)), "{target}: {error:?}");
    }
    let server =
        Server::start(Reply::Bytes(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n".to_vec())).await;
    assert!(server.send(server.request()).await.is_err());
}

#[tokio::test]
async fn a_name_is_checked_where_it_is_resolved() {
    let server = Server::start(Reply::Bytes(answer("Content-Length: 2\r\n", b"ok"))).await;
    let named = Request::new(Method::GET, url(&format!("http://localhost:{}/", server.port)));
    let refused = client(&[]).send(named.clone()).await.unwrap_err();
    assert!(matches!(&refused, TransportError::Refused(Refusal::Address { .. })), "{refused:?}");
    assert!(client(&[&format!("localhost:{}", server.port)]).send(named.clone()).await.is_ok());
    assert!(client(&["localhost:1"]).send(named).await.is_err());
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_kept_connection_is_not_used_after_the_policy_changed() {
    let server = Server::start(Reply::Keep(answer("Content-Length: 2\r\n", b"ok"))).await;
    let named = Request::new(Method::GET, url(&format!("http://localhost:{}/", server.port)));
    let client = client(&["localhost"]);
    assert!(client.send(named.clone()).await.is_ok());
    client.guard().set_policy(Policy::default());
    assert!(matches!(client.send(named).await, Err(TransportError::Refused(_))));
}

#[tokio::test]
async fn redirects_follow_the_method_and_forget_secrets_elsewhere() {
    let network = RecordedTransport::new();
    network.answer(307, &[("location", "/again")], "");
    network.answer(302, &[("location", "https://b.example/")], "").answer(200, &[], "end");
    let mut request = Request::new(Method::POST, url("https://a.example/")).body("x").secret_header("X-Key", "s");
    request.headers = vec![("Authorization".into(), "t".into()), ("Content-Type".into(), "a/b".into())];
    request.redirects = Redirects::All;
    let response = network.client().send(request.clone()).await.unwrap();
    assert_eq!(response.url.as_str(), "https://b.example/");
    let seen = network.seen();
    assert_eq!((seen[1].method.as_str(), &seen[1].body[..]), ("POST", &b"x"[..]));
    assert_eq!((seen[1].header("x-key"), seen[1].header("authorization")), (Some("s"), Some("t")));
    assert_eq!((seen[2].method.as_str(), seen[2].headers.len(), seen[2].body.len()), ("GET", 0, 0));

    network.answer(302, &[("location", "/")], "");
    request.redirects = Redirects::SafeMethods;
    assert_eq!(network.client().send(request).await.unwrap().status, 302);
}

#[tokio::test]
async fn endless_redirects_end() {
    let network = RecordedTransport::new();
    for _ in 0..20 {
        network.answer(302, &[("location", "/")], "");
    }
    let request = Request::new(Method::GET, url("https://a.example/"));
    assert!(matches!(network.client().send(request).await, Err(TransportError::Broken(_))));
    assert_eq!(network.seen().len(), 11);
}

#[tokio::test]
async fn headers_that_could_smuggle_are_refused_or_left_to_the_client() {
    let network = RecordedTransport::new();
    network.answer(200, &[], "");
    for (name, value) in [("X", "a\r\nB: c"), ("X\r\nB", "c"), ("X", "a\0"), ("", "a"), ("Host", "b.example")] {
        let request = Request::new(Method::GET, url("https://a.example/")).header(name, value);
        let error = network.client().send(request).await.unwrap_err();
        assert!(matches!(error, TransportError::InvalidRequest(_)), "{name:?}: {error:?}");
    }
    assert!(network.seen().is_empty());
    let request = Request::new(Method::GET, url("https://a.example:8443/"));
    let request = request.header("Host", "A.example:8443").header("Transfer-Encoding", "chunked").header("X-É", "a");
    assert!(network.client().send(request.clone()).await.is_err());
    let mut request = request;
    request.headers.pop();
    network.client().send(request.header("Content-Length", "9").header("X-Name", "é")).await.unwrap();
    assert_eq!(network.seen()[0].headers, [("x-name".to_owned(), "é".to_owned())]);
}

#[test]
fn addresses_with_line_breaks_or_nonsense_are_refused() {
    for text in ["https://a.example/\r\nX: y", "https://a.exa\tmple/", "a.example", "https://", "https://a b/"] {
        assert!(parse_url(text).is_err(), "{text:?}");
    }
    assert_eq!(parse_url(" https://a.example/ü b ").unwrap().as_str(), "https://a.example/%C3%BC%20b");
}

#[test]
fn retry_after_is_seconds_or_a_date_and_bounded() {
    let now = "2026-01-02T03:04:05Z".parse().unwrap();
    for (text, seconds) in [
        ("120", Some(120)),
        ("-5", Some(0)),
        ("99999999999999999999999", Some(86_400)),
        ("Fri, 02 Jan 2026 03:05:05 GMT", Some(60)),
        ("Thu, 01 Jan 2026 00:00:00 GMT", Some(0)),
        ("soon", None),
    ] {
        let headers = vec![("Retry-After".to_owned(), text.to_owned())];
        let response = Response { status: 429, headers, body: Bytes::new(), url: url("https://a.example") };
        assert_eq!(retry_after(&response, now), seconds, "{text}");
    }
}

#[test]
fn certificates_must_be_certificates() {
    for pem in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(
            matches!(super::tls::config(true, Some(pem.as_bytes())), Err(TransportError::InvalidRequest(_))),
            "{pem}"
        );
    }
}

#[test]
fn secrets_do_not_print() {
    let request = Request::new(Method::GET, url("https://a.example")).secret_header("X-Key", "s3cret");
    let text = format!("{request:?}");
    assert!(text.contains("X-Key") && !text.contains("s3cret"));
}
