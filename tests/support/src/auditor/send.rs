//! The sender: one connection a request, and no second try.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Posts JSON to `http://address/path`; the status and everything after the
/// head. An error means that there was no whole answer.
///
/// # Errors
///
/// Those of the connection, `TimedOut`, and `UnexpectedEof` when the answer is
/// not whole.
pub async fn post(url: &str, body: &[u8]) -> io::Result<(u16, String)> {
    tokio::time::timeout(PATIENCE, exchange(url, body)).await.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
}

async fn exchange(url: &str, body: &[u8]) -> io::Result<(u16, String)> {
    let rest = url.strip_prefix("http://").ok_or(io::ErrorKind::InvalidInput)?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (mut input, mut output) = TcpStream::connect(host).await?.into_split();
    let head = format!(
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let send = async {
        output.write_all(head.as_bytes()).await?;
        output.write_all(body).await
    };
    let mut received = Vec::new();
    // A server may answer before it has taken everything, and close.
    let (_, read) = tokio::join!(send, input.read_to_end(&mut received));
    let text = String::from_utf8_lossy(&received).into_owned();
    let answer = whole(&text);
    match (answer, read) {
        (Some(answer), _) => Ok(answer),
        (None, Err(error)) => Err(error),
        (None, Ok(_)) => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Status and body, when the head is there and the body as long as it says.
fn whole(text: &str) -> Option<(u16, String)> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    length.is_none_or(|length| body.len() >= length).then(|| (status, body.to_owned()))
}
