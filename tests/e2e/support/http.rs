//! A small HTTP/1.1 client that hides nothing: one connection a request, no
//! redirects, and an answer counts even if the request was not taken whole.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::PATIENCE;

/// An address taken apart.
#[derive(Debug, Clone)]
pub struct Url {
    /// Where the server listens.
    pub address: SocketAddr,
    /// Path and query.
    pub target: String,
}

impl Url {
    /// Takes `http://127.0.0.1:port/path` apart.
    pub fn parse(text: &str) -> Self {
        let rest = text.strip_prefix("http://").unwrap_or_else(|| panic!("{text:?} is not a plain HTTP address"));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        Self { address: host.parse().unwrap(), target: format!("/{path}") }
    }

    /// The same with something added to the target.
    pub fn with(&self, more: &str) -> Self {
        Self { address: self.address, target: format!("{}{more}", self.target) }
    }
}

/// An answer, complete.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The answer, if its status is as wanted.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// Sends a request that must be answered.
pub async fn request(method: &str, url: &Url, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let answer = exchange(method, url, headers, body).await;
    answer.unwrap_or_else(|error| panic!("{method} {}: {error}", url.target))
}

/// Sends a request that may fail, because the server may be killed meanwhile.
pub async fn exchange(method: &str, url: &Url, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Answer> {
    let mut head = format!(
        "{method} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
        url.target,
        url.address,
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let work = async {
        let (mut input, mut output) = TcpStream::connect(url.address).await?.into_split();
        let send = async {
            output.write_all(head.as_bytes()).await?;
            output.write_all(body).await
        };
        let mut received = Vec::new();
        // A server may answer before it has taken the whole body, and close.
        let (_, read) = tokio::join!(send, input.read_to_end(&mut received));
        match (parse(&received), read) {
            (Some(answer), _) => Ok(answer),
            (None, Err(error)) => Err(error),
            (None, Ok(_)) => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    };
    tokio::time::timeout(PATIENCE, work).await.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
}

/// `None` when the answer is not complete.
fn parse(received: &[u8]) -> Option<Answer> {
    let end = received.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let headers: Vec<_> = lines.filter_map(header).collect();
    let mut answer = Answer { status, headers, body: received[end + 4..].to_vec() };
    if answer.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        answer.body = chunks(&answer.body)?;
    } else if let Some(length) = answer.header("content-length").and_then(|length| length.parse().ok()) {
        if answer.body.len() < length {
            return None;
        }
        answer.body.truncate(length);
    }
    Some(answer)
}

fn chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..line]).ok()?.split(';').next()?.trim().to_owned();
        let size = usize::from_str_radix(&size, 16).ok()?;
        rest = &rest[line + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}
