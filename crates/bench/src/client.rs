//! A sender that keeps its connection: the cost of the client must not hide
//! that of the server.

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One connection.
pub struct Client {
    stream: TcpStream,
    /// What came and was not read yet.
    buffer: Vec<u8>,
}

impl Client {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Posts JSON and expects 200.
    pub async fn post(&mut self, path: &str, body: &[u8]) -> anyhow::Result<()> {
        self.send(&request(path, body)).await
    }

    /// Sends what [`request`] made and expects 200.
    pub async fn send(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            self.read().await?;
        };
        let text = String::from_utf8_lossy(&self.buffer[..head]).into_owned();
        let end = head + length(&text)?;
        while self.buffer.len() < end {
            self.read().await?;
        }
        if text.split(' ').nth(1) != Some("200") {
            bail!("{text}{}", String::from_utf8_lossy(&self.buffer[head..end]));
        }
        self.buffer.drain(..end);
        Ok(())
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server hung up");
        }
        Ok(())
    }
}

/// A POST of JSON as it goes over the line.
pub fn request(path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Where something begins in bytes.
pub fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// The length of the body that a head announces.
pub fn length(head: &str) -> anyhow::Result<usize> {
    let value = head.lines().filter_map(|line| line.split_once(':'));
    let value = value.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).map(|(_, value)| value).next();
    value.unwrap_or("0").trim().parse().context("the length of a body is no number")
}
