//! Where the runs of S2 send to: counts what arrives, and how long after its
//! order was sent.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::client::{find, length};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"ok\":true}";

/// A server within this process.
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Seen>,
}

struct Seen {
    start: Instant,
    count: AtomicU64,
    delays: Mutex<Vec<Duration>>,
}

impl Target {
    /// Starts it. Orders carry the microseconds since `start` in `sent_us`.
    pub async fn start(start: Instant) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let seen = Arc::new(Seen { start, count: AtomicU64::new(0), delays: Mutex::default() });
        tokio::spawn({
            let seen = seen.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let seen = seen.clone();
                    // A sender that hangs up is not our concern.
                    tokio::spawn(async move { drop(serve(stream, &seen).await) });
                }
            }
        });
        Ok(Self { address, seen })
    }

    /// How many requests it has answered.
    pub fn count(&self) -> u64 {
        self.seen.count.load(Ordering::Acquire)
    }

    /// How long after their orders the requests came since the last look.
    pub fn take_delays(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.seen.delays.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn serve(mut stream: TcpStream, seen: &Seen) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(4096);
    loop {
        let end = loop {
            let head = find(&buffer, b"\r\n\r\n").map(|end| end + 4);
            let end =
                head.map(|head| anyhow::Ok(head + length(&String::from_utf8_lossy(&buffer[..head]))?)).transpose()?;
            if let Some(end) = end.filter(|end| *end <= buffer.len()) {
                break end;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        seen.note(&buffer[..end]);
        buffer.drain(..end);
        stream.write_all(ANSWER).await?;
    }
}

impl Seen {
    fn note(&self, request: &[u8]) {
        self.count.fetch_add(1, Ordering::AcqRel);
        if let Some(sent) = sent(request) {
            let delay = self.start.elapsed().saturating_sub(sent);
            self.delays.lock().unwrap_or_else(PoisonError::into_inner).push(delay);
        }
    }
}

/// When the order that a request tells of was sent.
fn sent(request: &[u8]) -> Option<Duration> {
    const NAME: &[u8] = b"\"sent_us\":";
    let rest = &request[find(request, NAME)? + NAME.len()..];
    let digits = rest.iter().skip_while(|byte| **byte == b'"').take_while(|byte| byte.is_ascii_digit());
    let micros = digits.fold(0_u64, |sum, digit| sum.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')));
    // The first of the sixteen digits is only there to make it a number.
    Some(Duration::from_micros(micros.checked_sub(1_000_000_000_000_000)?))
}
