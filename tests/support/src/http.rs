//! A peer that records every request and answers as scripted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;

use crate::lock;
use crate::server::{Server, reset};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The method, in upper case.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// When it was there.
    pub at: Instant,
    /// Whether it took effect: it did, unless a status of 400 or more says
    /// otherwise. One that gets no answer did.
    pub is_accepted: bool,
}

impl Recorded {
    /// The first header of this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `Null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// What the peer does with one request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Answers.
    Response {
        /// The status.
        status: u16,
        /// The headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: Bytes,
    },
    /// Waits, then answers 200.
    Late(Duration),
    /// Closes the connection without an answer.
    Reset,
    /// Never answers.
    Hang,
}

impl Answer {
    /// A JSON answer.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Answer::Response { status, headers, body: body.to_string().into() }
    }

    /// A plain text answer.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        let headers = vec![("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())];
        Answer::Response { status, headers, body: body.into().into() }
    }
}

#[derive(Debug, Default)]
struct Script {
    requests: Vec<Recorded>,
    answers: VecDeque<Answer>,
    usual: Option<Answer>,
}

/// An HTTP server that records; it ends when this is dropped.
#[derive(Debug)]
pub struct Peer {
    server: Server,
    script: Arc<Mutex<Script>>,
}

impl Peer {
    /// Starts on a free port of 127.0.0.1. Answers `200 ok` until told otherwise.
    pub async fn start() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let router = Router::new().fallback(answer).with_state(script.clone());
        Self { server: Server::start(router).await, script }
    }

    /// `http://127.0.0.1:port`, without a slash at the end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// Adds an answer for the next request that has none yet.
    pub fn answer(&self, answer: Answer) {
        lock(&self.script).answers.push_back(answer);
    }

    /// What is answered when nothing else is scripted.
    pub fn usually(&self, answer: Answer) {
        lock(&self.script).usual = Some(answer);
    }

    /// Everything received so far.
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.script).requests.clone()
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else { return reset() };
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let mut recorded = Recorded {
        method: head.method.to_string(),
        target: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        headers: headers.collect(),
        body,
        at: Instant::now(),
        is_accepted: true,
    };
    let next = {
        let mut script = lock(&script);
        let next = script.answers.pop_front().or_else(|| script.usual.clone());
        let next = next.unwrap_or_else(|| Answer::text(200, "ok"));
        recorded.is_accepted = !matches!(&next, Answer::Response { status, .. } if *status >= 400);
        script.requests.push(recorded);
        next
    };
    perform(next).await
}

async fn perform(answer: Answer) -> Response {
    match answer {
        Answer::Response { status, headers, body } => {
            let builder = headers
                .iter()
                .fold(Response::builder().status(status), |builder, (name, value)| builder.header(name, value));
            builder.body(Body::from(body)).expect("a test scripts a valid response")
        }
        Answer::Late(delay) => {
            tokio::time::sleep(delay).await;
            Response::new(Body::from("ok"))
        }
        Answer::Reset => reset(),
        Answer::Hang => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn exchange(peer: &Peer, request: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(peer.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn requests_are_recorded_and_answered_as_scripted() {
        let peer = Peer::start().await;
        let request =
            "POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Key: k\r\nContent-Length: 7\r\nConnection: close\r\n\r\n{\"d\":1}";
        peer.answer(Answer::json(201, &serde_json::json!({"ok": true})));
        peer.answer(Answer::Reset);
        let answer = exchange(&peer, request).await;
        assert!(answer.starts_with("HTTP/1.1 201") && answer.ends_with(r#"{"ok":true}"#), "{answer}");
        assert_eq!(exchange(&peer, request).await, "", "the connection was not just closed");
        assert!(exchange(&peer, request).await.starts_with("HTTP/1.1 200"));
        let seen = peer.requests();
        assert_eq!(seen.len(), 3);
        assert_eq!((seen[0].method.as_str(), seen[0].target.as_str()), ("POST", "/a?b=c"));
        assert_eq!(seen[0].header("x-key"), Some("k"));
        assert_eq!(seen[0].json()["d"], 1);
    }
}
