//! The module: what an app does for one bundle.

use std::time::Duration;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use rouage_model::{ErrorKind, ExecutionId, ModuleError, ModuleId, OperationId, Value};

use crate::choices::FieldChoices;
use crate::connection::Connection;
use crate::host::{Host, Staged};
use crate::http;
use crate::params::Values;
use crate::polling::{self, Choice, Start};
use crate::spec::Spec;
use crate::subscenario;

/// What calling a module does to the world; decides what happens after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing, and it depends on nothing outside: may be computed again.
    Pure,
    /// Reads; may be repeated.
    Read,
    /// Changes something, but repeating with the same key changes it once.
    Idempotent,
    /// Changes something. Written down before it is made; never repeated
    /// without a check ([`Module::settle`]) or the user's word.
    Write,
}

/// One call of a module: its input and everything it may use.
pub struct Call<'a> {
    /// Static configuration, validated by the spec.
    pub parameters: Values,
    /// Mapped input, validated and coerced by the spec.
    pub input: Values,
    /// The account to use; `None` when the module needs none or the user chose
    /// the built-in one.
    pub connection: Option<Connection>,
    /// Connections of further fields, such as keychains, by parameter name.
    pub keychains: Vec<(String, Connection)>,
    /// The run.
    pub execution: ExecutionId,
    /// The module.
    pub module: ModuleId,
    /// The operation; with `execution` it names this effect for ever.
    pub operation: OperationId,
    /// Counts from 1.
    pub attempt: u32,
    /// What [`Module::prepare`] noted before this call.
    pub note: Value,
    /// How far this polling trigger has come; `Undefined` on the first poll
    /// and for every other module.
    pub position: Value,
    /// Where this polling trigger begins while it has no position.
    pub start: Start,
    /// The scenario's time zone.
    pub timezone: TimeZone,
    /// Store, clock, waiting caller.
    pub host: &'a dyn Host,
    /// The way out.
    pub http: &'a http::Client,
    /// How long the call may take.
    pub timeout: Duration,
}

impl Call<'_> {
    /// A key that is the same for every attempt of this effect and no other:
    /// `execution.operation`.
    pub fn key(&self) -> String {
        format!("{}.{}", self.execution, self.operation)
    }

    /// The keychain connection of a parameter.
    pub fn keychain(&self, parameter: &str) -> Option<&Connection> {
        self.keychains.iter().find(|(name, _)| name == parameter).map(|(_, connection)| connection)
    }
}

/// What came of a call.
pub enum Outcome {
    /// Output, one collection a bundle. None ends the branch silently.
    Bundles(Vec<Value>),
    /// What a polling trigger found, oldest first, and how far it has come
    /// (see [`crate::polling`]). None: nothing is new.
    Polled {
        /// Output, one collection a bundle.
        bundles: Vec<Value>,
        /// The next [`Call::position`], once the run is committed.
        position: Value,
    },
    /// An effect inside Rouage's own store, made in the transaction that
    /// records it: exactly once.
    Staged(Staged),
}

impl Outcome {
    /// One bundle.
    pub fn bundle(bundle: impl Into<Value>) -> Self {
        Outcome::Bundles(vec![bundle.into()])
    }
}

/// What a module does before its call is written down.
#[derive(Default)]
pub struct Prepared {
    /// Kept with the call in the journal, handed back as [`Call::note`].
    pub note: Value,
    /// Held until the answer is written down: a lock on the target, so that at
    /// most one call to it can be in doubt.
    pub guard: Option<Box<dyn Send>>,
    /// A run of another scenario, made in the transaction that writes the call
    /// down. Then the module is not run any more, only settled.
    pub child: Option<subscenario::Child>,
}

/// The answer to "did it happen?".
#[derive(Debug, Clone, PartialEq)]
pub enum Settled {
    /// Yes, and this is what the call would have returned.
    Happened(Vec<Value>),
    /// Surely not; it may be repeated.
    DidNotHappen,
    /// Nobody can tell: the user is asked.
    Unknown,
    /// It goes on: this run is not over. The call is settled again when it is.
    Pending(ExecutionId),
    /// It happened and came to this; it is not repeated by itself.
    Failed(ModuleError),
}

/// A module of an app. One type per `app:Name` and version.
#[async_trait]
pub trait Module: Send + Sync {
    /// What it is, what it takes and gives.
    fn spec(&self) -> &Spec;

    /// What this very call does to the world; by default what the spec says.
    /// An HTTP module answers by method.
    fn effect(&self, _call: &Call<'_>) -> Effect {
        self.spec().effect
    }

    /// Runs before a `Write` is written down.
    async fn prepare(&self, _call: &Call<'_>) -> Result<Prepared, ModuleError> {
        Ok(Prepared::default())
    }

    /// Does the work for one bundle.
    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError>;

    /// The latest items, newest first, for "Select the first bundle"; for
    /// polling triggers whose spec offers it. Nothing is consumed.
    async fn choices(&self, _call: &Call<'_>) -> Result<Vec<Choice>, ModuleError> {
        Ok(Vec::new())
    }

    /// What can be chosen for a field that the spec calls live, or what the
    /// fields of a dynamic one are. The form is not complete yet: `call` has
    /// what is filled in and fits, the rest is missing. Reads only.
    async fn field_choices(&self, _call: &Call<'_>, field: &str, _search: &str) -> Result<FieldChoices, ModuleError> {
        let text = format!("there is nothing to choose for {field:?}: write the value");
        Err(ModuleError::new(ErrorKind::InvalidConfigurationError, text))
    }

    /// A position of this polling trigger in words.
    fn describe_position(&self, position: &Value, zone: &TimeZone) -> String {
        polling::describe(position, zone)
    }

    /// Looks whether the effect of a call without an answer happened.
    async fn settle(&self, _call: &Call<'_>) -> Result<Settled, ModuleError> {
        Ok(Settled::Unknown)
    }
}
