//! Load: as fast as it is answered, and at a fixed rate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::client::{Client, request};
use crate::target::Target;

/// Connections at once.
pub const SENDERS: u32 = 64;
/// Runs of S2 that are not over, at most: the load must not outrun the work.
const OPEN_RUNS: u64 = 100;

/// Where to send what.
#[derive(Clone)]
pub struct Aim {
    /// The server.
    pub address: SocketAddr,
    /// The path of the webhook.
    pub path: String,
    /// The order; `"sent_us":` is followed by sixteen digits to replace.
    pub body: Arc<[u8]>,
    /// What the orders' times count from.
    pub start: Instant,
    /// How many requests an order makes at the target; 0: nobody counts.
    pub sends: u64,
}

const MARK: &[u8] = b"\"sent_us\":";

impl Aim {
    /// The request, and where the digits of its time begin.
    fn request(&self) -> (Vec<u8>, Option<usize>) {
        let request = request(&self.path, &self.body);
        let at = crate::client::find(&request, MARK).map(|at| at + MARK.len());
        (request, at)
    }

    fn stamp(&self, request: &mut [u8], at: Option<usize>, sent: Instant) {
        let micros = sent.duration_since(self.start).as_micros();
        let Some(at) = at else { return };
        // The first digit is not 0, or it would be no number in JSON.
        let digits = format!("1{micros:015}");
        request[at..at + digits.len()].copy_from_slice(digits.as_bytes());
    }
}

/// Sends for a time with all connections, each its next order when the one
/// before is answered; how many were answered, and when the last one was done.
pub async fn closed(aim: &Aim, time: Duration, target: &Target) -> anyhow::Result<u64> {
    let (before, sent) = (target.count(), Arc::new(AtomicU64::new(0)));
    let end = Instant::now() + time;
    let is_done = |sent: u64| aim.sends == 0 || target.count() - before >= sent * aim.sends;
    let senders = (0..SENDERS).map(|_| {
        let sent = &sent;
        async move {
            let mut client = Client::connect(aim.address).await?;
            let (mut request, at) = aim.request();
            while Instant::now() < end {
                while aim.sends > 0 && sent.load(Ordering::Acquire) > (target.count() - before) / aim.sends + OPEN_RUNS
                {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                aim.stamp(&mut request, at, Instant::now());
                sent.fetch_add(1, Ordering::AcqRel);
                client.send(&request).await?;
            }
            anyhow::Ok(())
        }
    });
    futures_util::future::try_join_all(senders).await?;
    let sent = sent.load(Ordering::Acquire);
    let patience = Instant::now() + Duration::from_secs(30);
    while !is_done(sent) && Instant::now() < patience {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    anyhow::ensure!(is_done(sent), "{sent} orders were taken, but the target heard {} times", target.count() - before);
    Ok(sent)
}

/// Sends so many a second, whatever the answers; how long each answer took,
/// counted from when its order was due.
pub async fn open(aim: &Aim, per_second: f64, time: Duration) -> anyhow::Result<Vec<Duration>> {
    let start = Instant::now();
    let senders = (0..SENDERS).map(|number| async move {
        let mut client = Client::connect(aim.address).await?;
        let (mut request, at) = aim.request();
        let mut times = Vec::new();
        for turn in 0.. {
            let due = Duration::from_secs_f64(f64::from(number + turn * SENDERS) / per_second);
            if due > time {
                break;
            }
            tokio::time::sleep_until((start + due).into()).await;
            aim.stamp(&mut request, at, start + due);
            client.send(&request).await?;
            times.push((start + due).elapsed());
        }
        anyhow::Ok(times)
    });
    Ok(futures_util::future::try_join_all(senders).await?.concat())
}
