//! The cookies that the HTTP modules of one run share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use rouage_model::ExecutionId;
use rouage_sdk::http::Jar;

/// How many runs' cookies are kept. They live in memory only: a run that goes
/// on in another process starts without them, as one in Make does after a
/// break.
const MAX_RUNS: usize = 512;

#[derive(Default)]
pub(super) struct Jars {
    runs: Mutex<VecDeque<(ExecutionId, Arc<Jar>)>>,
}

impl Jars {
    /// The jar of a run, made on first use.
    pub(super) fn of(&self, execution: ExecutionId) -> Arc<Jar> {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, jar)) = runs.iter().find(|(own, _)| *own == execution) {
            return jar.clone();
        }
        if runs.len() >= MAX_RUNS {
            runs.pop_front();
        }
        let jar = Arc::new(Jar::default());
        runs.push_back((execution, jar.clone()));
        jar
    }
}
