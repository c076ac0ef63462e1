//! An app that downloads and uploads over the network, and the server for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value};
use rouage_sdk::files::Writer;
use rouage_sdk::guard::{Guard, Policy};
use rouage_sdk::http::{Body, BodyFiles, Client, Method, Request};
use rouage_sdk::{App, Call, Effect, Field, FieldKind, Kind, Module, Outcome, Registry, Spec};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Process, Script, World};

/// A server that gives `GET /<bytes>` so many bytes and counts what it is sent.
pub struct Peer {
    pub address: String,
    /// Bytes of bodies that came in, and their sum.
    pub received: Arc<(AtomicU64, AtomicU64)>,
}

/// What is sent over and over.
pub const BLOCK: &[u8] = b"0123456789abcdef";

impl Peer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let received = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
        let counts = received.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, counts.clone()));
            }
        });
        Self { address, received }
    }
}

async fn serve(mut stream: TcpStream, received: Arc<(AtomicU64, AtomicU64)>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?.to_ascii_lowercase();
    if let Some(size) = head.strip_prefix("get /") {
        let size: usize = size.split(' ').next()?.parse().ok()?;
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.ok()?;
        let block = BLOCK.repeat(4096);
        let mut left = size;
        while left > 0 {
            let now = left.min(block.len());
            stream.write_all(&block[..now]).await.ok()?;
            left -= now;
        }
    } else {
        // A body without a length would come in chunks, and end the test here.
        let length = head.split("content-length: ").nth(1)?;
        let mut left: u64 = length.split("\r\n").next()?.parse().ok()?;
        let mut buffer = vec![0; 65_536];
        while left > 0 {
            let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
            received.0.fetch_add(count as u64, Ordering::SeqCst);
            received.1.fetch_add(buffer[..count].iter().map(|byte| u64::from(*byte)).sum(), Ordering::SeqCst);
            left = left.saturating_sub(count as u64);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await.ok()?;
    }
    stream.shutdown().await.ok()
}

/// A process that may talk to the peer, and whose files have a limit.
pub async fn process(world: &World, peer: &Peer, limit: u64) -> (Process, Arc<Script>) {
    let script = Arc::new(Script::default());
    let apps = vec![app(), super::scripted(&script)];
    let policy = Policy::parse(std::slice::from_ref(&peer.address)).unwrap();
    let process = world.process_with(|parts| {
        parts.registry = Registry::new(apps);
        parts.http = Client::new(Guard::new(policy));
        parts.module_timeout = Duration::from_secs(120);
        parts.limits.file_bytes = limit;
    });
    (process.await, script)
}

pub fn download(peer: &Peer, bytes: usize) -> String {
    format!(r#"{{"id":2,"module":"file:Download","version":1,"mapper":{{"url":"http://{}/{bytes}"}}}}"#, peer.address)
}

pub fn upload(peer: &Peer) -> String {
    format!(
        r#"{{"id":3,"module":"file:Upload","version":1,"mapper":{{"url":"http://{}/","data":"{{{{2.data}}}}"}}}}"#,
        peer.address
    )
}

/// `file:Download` and `file:Upload`, over the client that all modules have,
/// and `file:Make`, which gives a megabyte in its bundle.
pub fn app() -> App {
    let spec = |name, effect| {
        let fields = vec![Field::text("url", "URL"), Field::new("data", "Data", FieldKind::Buffer)];
        Spec::new(name, 1, name, Kind::Action, effect).mapper(fields).takes_files()
    };
    App {
        name: "file",
        label: "File",
        color: "#000000",
        icon: "file",
        synonyms: &[],
        modules: vec![
            Arc::new(Transfer(spec("file:Download", Effect::Read))),
            Arc::new(Transfer(spec("file:Upload", Effect::Write))),
            Arc::new(Transfer(spec("file:Make", Effect::Write))),
        ],
        connections: Vec::new(),
    }
}

struct Transfer(Spec);

#[async_trait]
impl Module for Transfer {
    fn spec(&self) -> &Spec {
        &self.0
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        if self.0.name == "file:Make" {
            let file = Value::buffer(vec![7; 1024 * 1024]);
            return Ok(Outcome::bundle(Collection::from_iter([("data", file)])));
        }
        let mut request = Request::new(Method::GET, call.input.text("url").unwrap().parse().unwrap());
        request.timeout = call.timeout;
        request.max_bytes = u64::MAX;
        if self.0.name == "file:Download" {
            let answer = call.http.fetch(request).await.map_err(|error| error.into_module_error("downloading"))?;
            let (_, file) = answer.store(Writer::new(call.host.files()), "downloading", |_| {}).await?;
            let file = file.encoded(Some("utf8".into()));
            return Ok(Outcome::bundle(Collection::from_iter([("data", Value::Buffer(file))])));
        }
        let Value::Buffer(file) = call.input.raw("data") else { panic!("there is no file") };
        request.method = Method::POST;
        request.body = Body::of(file);
        request.files = BodyFiles(Some(call.host.files()));
        call.http.send(request).await.map_err(|error| error.into_module_error("uploading"))?;
        Ok(Outcome::bundle(Collection::from_iter([("size", Value::from(i64::try_from(file.size()).unwrap()))])))
    }
}
