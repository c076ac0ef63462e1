//! Servers that speak below HTTP: bytes as they come, slowly or cut off; and a
//! wire to PostgreSQL that can be cut and can go dead.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

/// Answers every connection with these bytes, and closes it.
pub async fn answers(bytes: Vec<u8>) -> SocketAddr {
    serve(move |mut stream| {
        let bytes = bytes.clone();
        async move {
            let _ = stream.write_all(&bytes).await;
        }
    })
    .await
}

/// Answers every connection with a head and then a byte every 100 ms, for ever.
pub async fn drips() -> SocketAddr {
    serve(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").await;
        while stream.write_all(b".").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await
}

async fn serve<F: Future<Output = ()> + Send>(
    answer: impl Fn(TcpStream) -> F + Clone + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                // The request is small; a close before it is read would reset.
                let _ = stream.read(&mut [0; 4096]).await;
                answer(stream).await;
            });
        }
    });
    address
}

const WHOLE: u8 = 0;
const CUT: u8 = 1;

/// A wire between the program and a PostgreSQL server.
pub struct Wire {
    state: Arc<AtomicU8>,
    /// Counts up: connections that are older than the count go dead or close.
    generation: Arc<watch::Sender<(u32, bool)>>,
}

impl Wire {
    /// Lays the wire to the server of this address; the address at its other end.
    pub async fn to(url: &str) -> (Self, String) {
        let (before, folder) = url.split_once("?host=").expect("the test server listens on a socket");
        let database = before.rsplit_once('/').unwrap().1.to_owned();
        let socket = format!("{folder}/.s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(AtomicU8::new(WHOLE));
        let generation = Arc::new(watch::channel((0, false)).0);
        let wire = Self { state: state.clone(), generation: generation.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if state.load(Ordering::Acquire) == CUT {
                    continue;
                }
                tokio::spawn(carry(stream, socket.clone(), generation.subscribe()));
            }
        });
        (wire, format!("postgres://rouage@127.0.0.1:{port}/{database}?sslmode=disable"))
    }

    /// Closes all connections and takes no new ones.
    pub fn cut(&self) {
        self.state.store(CUT, Ordering::Release);
        self.generation.send_modify(|(count, is_dead)| (*count, *is_dead) = (*count + 1, false));
    }

    /// Takes connections again.
    pub fn mend(&self) {
        self.state.store(WHOLE, Ordering::Release);
    }

    /// Lets the connections there are go dead: open, and nothing passes. New
    /// ones are carried.
    pub fn go_dead(&self) {
        self.generation.send_modify(|(count, is_dead)| (*count, *is_dead) = (*count + 1, true));
    }
}

async fn carry(mut stream: TcpStream, socket: String, mut generation: watch::Receiver<(u32, bool)>) {
    let Ok(mut server) = UnixStream::connect(socket).await else { return };
    generation.borrow_and_update();
    let is_over = {
        let passing = tokio::io::copy_bidirectional(&mut stream, &mut server);
        tokio::select! {
            _ = passing => true,
            changed = generation.changed() => changed.is_err() || !generation.borrow().1,
        }
    };
    if !is_over {
        // The server's side ends, as that of a machine that is gone; ours hangs.
        drop(server);
        tokio::time::sleep(Duration::from_secs(300)).await;
    }
}
