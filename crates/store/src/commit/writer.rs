//! The writer task: takes what waits, writes it, answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::batch::Batch;
use super::{Accepted, Appended, BATCH, Reply, Request};
use crate::Error;
use crate::breakpoint;
use crate::queue::Job;
use crate::store::{Shared, WriteTx};

/// How long one transaction may take before its callers are told that its
/// outcome is not known. A connection that hangs must not hang everybody.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer that waits for the commit.
pub(super) enum Pending {
    Accepted(Reply<Accepted>, Result<Accepted, Error>),
    Appended(Reply<Appended>, Result<Appended, Error>),
    Started(Reply<Job>, Result<Job, Error>),
}

impl Pending {
    fn is_refused(&self) -> bool {
        match self {
            Pending::Accepted(_, result) => result.is_err(),
            Pending::Appended(_, result) => result.is_err(),
            Pending::Started(_, result) => result.is_err(),
        }
    }

    /// Answers as written, or with the failure of the commit. A request that
    /// was refused for itself keeps its own error. Nobody may be waiting.
    fn send(self, failure: Option<&Error>) {
        fn settle<T>(result: Result<T, Error>, failure: Option<&Error>) -> Result<T, Error> {
            let value = result?;
            failure.map_or(Ok(value), |error| Err(error.clone()))
        }
        match self {
            Pending::Accepted(reply, result) => drop(reply.send(settle(result, failure))),
            Pending::Appended(reply, result) => drop(reply.send(settle(result, failure))),
            Pending::Started(reply, result) => drop(reply.send(settle(result, failure))),
        }
    }
}

/// Writes for all until the last store is gone or [`super::stop`] is called.
pub(crate) async fn write_for_all(shared: Arc<Shared>, mut receiver: mpsc::Receiver<Request>) {
    let mut requests = Vec::with_capacity(BATCH);
    let mut stops = Vec::new();
    while receiver.recv_many(&mut requests, BATCH).await > 0 {
        let batch = take_stops(&mut requests, &mut stops);
        if !stops.is_empty() {
            receiver.close();
        }
        if !batch.is_empty() && tokio::time::timeout(PATIENCE, write(&shared, batch)).await.is_err() {
            tracing::error!("a transaction hung and was given up");
        }
    }
    for stop in stops {
        let _ = stop.send(());
    }
}

fn take_stops(requests: &mut Vec<Request>, stops: &mut Vec<oneshot::Sender<()>>) -> Vec<Request> {
    let mut rest = Vec::with_capacity(requests.len());
    for request in requests.drain(..) {
        match request {
            Request::Stop(reply) => stops.push(reply),
            other => rest.push(other),
        }
    }
    rest
}

/// Writes one batch and answers all of it.
async fn write(shared: &Arc<Shared>, requests: Vec<Request>) {
    let mut pending = Vec::with_capacity(requests.len());
    let outcome = write_and_commit(shared, requests, &mut pending).await;
    count(shared, &pending, outcome.is_ok());
    let failure = outcome.as_ref().err();
    if let Some(error) = failure {
        tracing::error!(%error, requests = pending.len(), "a transaction failed");
    }
    for answer in pending {
        answer.send(failure);
    }
    if let Ok(news) = outcome {
        shared.announce(news);
    }
}

async fn write_and_commit(
    shared: &Arc<Shared>,
    requests: Vec<Request>,
    pending: &mut Vec<Pending>,
) -> Result<Vec<crate::Change>, Error> {
    let tx = match WriteTx::begin(shared, &shared.pools.committer).await {
        Ok(tx) => tx,
        Err(error) => {
            refuse(requests, &error, pending);
            return Err(error);
        }
    };
    let batch = Batch::new(tx);
    let places = places(&requests);
    let tx = batch.write(requests, pending).await?;
    places.iter().for_each(|place| breakpoint::pass(&format!("{place}-before-commit")));
    let (_, news) = tx.commit_silently().await?;
    places.iter().for_each(|place| breakpoint::pass(&format!("{place}-after-commit")));
    Ok(news)
}

/// What the breakpoints of these requests are called; nothing in a release.
#[cfg(debug_assertions)]
fn places(requests: &[Request]) -> Vec<&'static str> {
    let mut places: Vec<_> = requests.iter().filter_map(Request::place).collect();
    places.sort_unstable();
    places.dedup();
    places
}

#[cfg(not(debug_assertions))]
fn places(_requests: &[Request]) -> [&'static str; 0] {
    []
}

/// Answers everybody with the same error.
pub(super) fn refuse(requests: impl IntoIterator<Item = Request>, error: &Error, pending: &mut Vec<Pending>) {
    for request in requests {
        match request {
            Request::Accept(_, reply) => pending.push(Pending::Accepted(reply, Err(error.clone()))),
            Request::Append(_, reply) => pending.push(Pending::Appended(reply, Err(error.clone()))),
            Request::Start(_, reply) => pending.push(Pending::Started(reply, Err(error.clone()))),
            Request::Stop(_) => {}
        }
    }
}

fn count(shared: &Shared, pending: &[Pending], committed: bool) {
    let refused = pending.iter().filter(|answer| !committed || answer.is_refused()).count();
    let answered = pending.len() - refused;
    let counters = &shared.counters;
    counters.commits.fetch_add(u64::from(committed), Ordering::Relaxed);
    counters.requests.fetch_add(answered as u64, Ordering::Relaxed);
    counters.failures.fetch_add(refused as u64, Ordering::Relaxed);
}
