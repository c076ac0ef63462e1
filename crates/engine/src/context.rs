//! What a run knows besides its plan.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use jiff::tz::TimeZone;
use rouage_model::{Collection, ExecutionId, ScenarioId, Stored, Text, Value};

/// The surroundings of a run. Fixed when the run is made: two runs of one plan
/// with equal contexts and equal events are in equal states.
#[derive(Debug, Clone)]
pub struct RunContext {
    /// The execution; also the seed of `random` and `uuid`.
    pub execution: ExecutionId,
    /// The scenario.
    pub scenario: ScenarioId,
    /// Its name.
    pub scenario_name: Text,
    /// Its page.
    pub scenario_url: Text,
    /// The zone in which expressions read and write dates.
    pub timezone: TimeZone,
    /// `var.team.*`.
    pub team_variables: Collection,
    /// `var.organization.*`.
    pub organization_variables: Collection,
    /// `var.input.*`: a collection. The inputs of `Started` take its place.
    pub inputs: Value,
    /// Where the run is cut.
    pub limits: Limits,
    /// Where expressions read stored files.
    pub files: Files,
}

/// Reads stored files. They never change, so a run that reads them is still
/// the same at every replay.
pub trait ReadFiles: Send + Sync {
    /// The bytes of a file, or why there are none. Asked for small files only
    /// ([`rouage_expr::LARGEST_FILE`]).
    fn read(&self, file: &Stored) -> Result<Bytes, String>;
}

/// Where stored files are read; by default nowhere. Cloning shares it.
#[derive(Clone, Default)]
pub struct Files(Option<Arc<dyn ReadFiles>>);

impl Files {
    /// Files that are read there.
    pub fn new(from: Arc<dyn ReadFiles>) -> Self {
        Self(Some(from))
    }

    pub(crate) fn read(&self, file: &Stored) -> Result<Bytes, String> {
        match &self.0 {
            Some(from) => from.read(file),
            None => Err("stored files cannot be read here".to_owned()),
        }
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Files")
    }
}

/// Bounds of one run. Reaching one ends the run with an error that says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most operations.
    pub operations: u32,
    /// Most bundles that modules may emit, together.
    pub bundles: u64,
    /// Most bytes that the values which a run holds at a time may take, by an
    /// estimate that counts shared values once.
    pub memory: u64,
    /// Most cycles; 1 for "Run once", `None` to follow the scenario.
    pub cycles: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { operations: 100_000, bundles: 1_000_000, memory: 1 << 30, cycles: None }
    }
}
