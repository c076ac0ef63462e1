//! The auditor: plays the services that a scenario reaches (Google Sheets, an
//! HTTP target, a mail server), notes who sent what to the program and what was
//! answered, and judges at the end whether the program kept its laws.
//!
//! It stands outside of the program and believes only what went over a socket
//! and what the history says afterwards. What belongs together is told by a
//! key: the field `key` of a request's JSON body, the first cell of a row, the
//! last word of a mail's subject.

mod judge;
mod send;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use serde_json::Value as Json;

pub use self::judge::{Counts, Law, Promise, Verdict, Violation};
pub use self::send::post;
use crate::google::FakeGoogle;
use crate::http::Peer;
use crate::lock;
use crate::smtp::FakeSmtp;

/// A row in a spreadsheet.
pub const ROW: &str = "row";
/// A request to the target.
pub const REQUEST: &str = "request";
/// A mail.
pub const MAIL: &str = "mail";

/// What was answered to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 200: from now on the program owes a run.
    Accepted,
    /// Another status.
    Refused(u16),
    /// None: it may have been taken or not.
    None,
}

/// A request that was sent to the program.
#[derive(Debug, Clone)]
pub struct Sent {
    /// What it is told by.
    pub key: String,
    /// Those of a lane keep their order, where that is promised.
    pub lane: String,
    /// When it was sent.
    pub begun: Instant,
    /// When it was answered, or given up.
    pub ended: Instant,
    /// What was answered.
    pub answer: Answer,
}

/// Something that happened outside of the program and cannot be taken back.
#[derive(Debug, Clone)]
pub struct Effect {
    /// [`ROW`], [`REQUEST`], [`MAIL`], or a word of the caller's.
    pub kind: String,
    /// What it is told by.
    pub key: String,
    /// When it was accepted.
    pub at: Instant,
}

/// An execution as the history shows it.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// The key of the request that started it; `None` for runs that no request
    /// started, such as retries.
    pub key: Option<String>,
    /// How it stands.
    pub status: String,
    /// Why it did not end well.
    pub error: String,
    /// The names of its events, in order.
    pub events: Vec<String>,
}

/// Everything that a verdict goes by.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// What was sent.
    pub sent: Vec<Sent>,
    /// What happened.
    pub effects: Vec<Effect>,
    /// What the history says.
    pub runs: Vec<Run>,
    /// How often a person had an effect in doubt made again, by key.
    pub decided: BTreeMap<String, usize>,
}

/// The services, and the notes; they end when this is dropped.
#[derive(Debug)]
pub struct Auditor {
    /// The HTTP target.
    pub target: Peer,
    /// The spreadsheets.
    pub google: FakeGoogle,
    /// The mail server.
    pub smtp: FakeSmtp,
    notes: Mutex<Ledger>,
}

impl Auditor {
    /// Starts all three services on free ports of 127.0.0.1.
    pub async fn start() -> Self {
        let (target, google, smtp) = (Peer::start().await, FakeGoogle::start().await, FakeSmtp::start().await);
        Self { target, google, smtp, notes: Mutex::default() }
    }

    /// Sends a request and notes what became of it. The body must hold the key.
    pub async fn send(&self, url: &str, (lane, key): (&str, &str), body: &[u8]) -> Answer {
        let begun = Instant::now();
        let answer = match post(url, body).await {
            Ok((200, _)) => Answer::Accepted,
            Ok((status, _)) => Answer::Refused(status),
            Err(_) => Answer::None,
        };
        let (key, lane) = (key.to_owned(), lane.to_owned());
        lock(&self.notes).sent.push(Sent { key, lane, begun, ended: Instant::now(), answer });
        answer
    }

    /// Notes an effect that the services did not see, such as a row of a
    /// built-in spreadsheet. Those of a kind are noted in their order.
    pub fn note(&self, kind: &str, key: &str) {
        let effect = Effect { kind: kind.to_owned(), key: key.to_owned(), at: Instant::now() };
        lock(&self.notes).effects.push(effect);
    }

    /// A person says that an effect in doubt is to be made again.
    pub fn decided_to_retry(&self, key: &str) {
        *lock(&self.notes).decided.entry(key.to_owned()).or_default() += 1;
    }

    /// How many requests were accepted so far.
    pub fn accepted(&self) -> usize {
        lock(&self.notes).sent.iter().filter(|sent| sent.answer == Answer::Accepted).count()
    }

    /// What was noted and what the services saw.
    pub fn ledger(&self) -> Ledger {
        let mut ledger = lock(&self.notes).clone();
        ledger.effects.extend(self.requests());
        ledger.effects.extend(self.rows());
        ledger.effects.extend(self.mails());
        ledger
    }

    /// Judges by what `rouage executions --json` printed.
    ///
    /// # Panics
    ///
    /// When that is not what the command prints.
    pub fn judge(&self, history: &str, promise: &Promise) -> Verdict {
        let mut ledger = self.ledger();
        ledger.runs = history.lines().map(run).collect();
        judge::judge(&ledger, promise)
    }

    fn requests(&self) -> Vec<Effect> {
        let taken = self.target.requests().into_iter().filter(|request| request.is_accepted);
        let effect = |request: crate::http::Recorded| {
            let key = text(&request.json()["key"])?;
            Some(Effect { kind: REQUEST.to_owned(), key, at: request.at })
        };
        taken.filter_map(effect).collect()
    }

    fn rows(&self) -> Vec<Effect> {
        let appends = self.google.effects().into_iter().filter(|effect| effect.kind == "append");
        let effect = |effect: crate::google::Effect| {
            let key = text(&effect.body["values"][0][0])?;
            Some(Effect { kind: ROW.to_owned(), key, at: effect.at })
        };
        appends.filter_map(effect).collect()
    }

    fn mails(&self) -> Vec<Effect> {
        let effect = |message: crate::smtp::Message| {
            let subject = message.data.lines().find_map(|line| line.strip_prefix("Subject: "))?.to_owned();
            let key = subject.split_whitespace().next_back()?.to_owned();
            Some(Effect { kind: MAIL.to_owned(), key, at: message.at })
        };
        self.smtp.messages().into_iter().filter_map(effect).collect()
    }
}

fn text(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// One line of `rouage executions --json`.
fn run(line: &str) -> Run {
    let line: Json = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in the history: {line}"));
    let word = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let journal = line["journal"].as_array().cloned().unwrap_or_default();
    let is_first_hand = line["origin"] == "webhook";
    let key = journal.first().and_then(|started| text(&started["bundles"][0]["key"])).filter(|_| is_first_hand);
    let events = journal.iter().map(|event| event["event"].as_str().unwrap_or_default().to_owned()).collect();
    Run { id: word("id"), key, status: word("status"), error: word("error"), events }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Answer as Scripted;

    #[tokio::test]
    async fn what_went_over_a_socket_is_noted_by_its_key() {
        let auditor = Auditor::start().await;
        let url = format!("{}/orders", auditor.target.url());
        assert_eq!(auditor.send(&url, ("a", "k1"), br#"{"key":"k1"}"#).await, Answer::Accepted);
        auditor.target.answer(Scripted::text(503, "later"));
        assert_eq!(auditor.send(&url, ("a", "k2"), br#"{"key":"k2"}"#).await, Answer::Refused(503));
        auditor.target.answer(Scripted::Reset);
        assert_eq!(auditor.send(&url, ("a", "k3"), br#"{"key":"k3"}"#).await, Answer::None);
        auditor.note(ROW, "k1");
        let ledger = auditor.ledger();
        assert_eq!((auditor.accepted(), ledger.sent.len()), (1, 3));
        // What was refused did not happen; what got no answer may have.
        let seen: Vec<_> = ledger.effects.iter().map(|effect| (effect.kind.as_str(), effect.key.as_str())).collect();
        assert_eq!(seen, [(ROW, "k1"), (REQUEST, "k1"), (REQUEST, "k3")]);
    }

    #[test]
    fn a_line_of_the_history_is_a_run() {
        let line = r#"{"id":"e1","origin":"webhook","status":"error","error":"no","journal":
            [{"event":"started","bundles":[{"key":7}]},{"event":"finished"}]}"#
            .replace('\n', "");
        let seen = run(&line);
        assert_eq!((seen.key.as_deref(), seen.status.as_str(), seen.error.as_str()), (Some("7"), "error", "no"));
        assert_eq!(seen.events, ["started", "finished"]);
        assert_eq!(run(&line.replace("webhook", "retry")).key, None, "a retry is no run of its own");
    }
}
