//! The other program of the demo: takes requests, remembers them, says yes.
//! Reads just enough HTTP for that.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rouage_model::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\nConnection: close\r\n\r\n{\"ok\":true}";
const MOST_BYTES: usize = 1024 * 1024;

/// The running program.
pub struct Peer {
    /// Where it listens.
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Value>>>,
}

impl Peer {
    /// Starts it on a free port of this machine.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let received: Arc<Mutex<Vec<Value>>> = Arc::default();
        let keep = received.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let keep = keep.clone();
                tokio::spawn(async move {
                    if let Ok(body) = answer(stream).await {
                        keep.lock().unwrap_or_else(PoisonError::into_inner).push(body);
                    }
                });
            }
        });
        Ok(Self { address, received })
    }

    /// The JSON bodies so far.
    pub fn received(&self) -> Vec<Value> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn answer(stream: TcpStream) -> std::io::Result<Value> {
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 2 {
        let header = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if let Some((_, value)) = header {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    let mut body = vec![0; Ord::min(length, MOST_BYTES)];
    stream.read_exact(&mut body).await?;
    stream.write_all(ANSWER).await?;
    stream.shutdown().await?;
    Ok(json::parse(&body).unwrap_or(Value::Undefined))
}
