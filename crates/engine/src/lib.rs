//! The engine of Rouage: a blueprint becomes a [`Plan`], a [`Run`] walks over
//! it. Pure and synchronous: no tokio, no database, no HTTP, no clock.
//!
//! A driver asks [`Run::next`], does what the [`Step`] says, builds the journal
//! event that tells what came of it, applies it with [`Run::apply`] and appends
//! it to the journal. Replaying a journal applies the same events to a new run,
//! so recovery after a crash and the pages of the history are no second path.
//!
//! Invariants:
//! - The state of a run is a function of its plan, its context and the events
//!   applied. `now` in expressions is the `at` of the latest event; `random`
//!   and `uuid` are seeded by the execution id.
//! - Only what comes from outside is an event. Filters, routers, iterators,
//!   aggregators, variables and mapped input are computed again on replay.
//! - Bundles go depth first, and a finished bundle leaves nothing behind: the
//!   memory of a run does not grow with the number of bundles.
//! - Nothing in a blueprint or a bundle can make a run recurse without bound,
//!   loop for ever or panic; [`Limits`] end what is too long.
//!
//! To add a rule of the runtime: write a `.case` under `tests/cases` that shows
//! it, see it fail, and change the file of its subject: `run/flow.rs` (routers,
//! aggregators), `run/failure.rs` (errors), `run/cycle.rs` (cycles, the end) or
//! `natives/` (modules that the engine runs itself).
//!
//! Choices where Make's documents are silent:
//! - A disabled module ends its branch; disabled routes and branches are
//!   skipped.
//! - Modules after a router in the same flow run after its routes, once per
//!   bundle.
//! - A parked bundle takes the routes that it had not reached yet with it,
//!   wherever on a route it fails; they run when it is retried ([`Run::retry`]).
//!   Where a route splits into several bundles the last of them does. `Ignore`
//!   takes nothing with it: later routes run.
//! - After a merge the modules of the branches are out of sight, as they are
//!   after an aggregator.
//! - An `AccountValidationError` of a call is treated like any other error; its
//!   bundle is stored when the scenario stores incomplete executions.
//! - A counter that is never reset (`util:FunctionIncrement` with `reset`
//!   "scenario") outlives the run, so it is a call of an app; where no app
//!   keeps it, it starts again with each run.
//! - With auto commit on there is still a commit at the end of a cycle whose
//!   first module is a polling trigger that was asked, and a rollback when the
//!   run ends with an error: its position waits for them.
//! - `Return` ends the whole run, later cycles included, and commits. The last
//!   name that the run gives itself counts.
//! - A run that has used up its time ([`Event::Interrupted`]) ends with a
//!   warning, keeps what it did, and stores everything that remained as one.
//!   Nothing can be stored when the time ends before its first module.
//! - A run that holds too much memory ends with a `RuntimeError`; what it holds
//!   is estimated, shared values once, and may pass the limit by a sixteenth.
//! - `Failed` of operation 0 before `Started` is a failure of the
//!   initialisation: no error route is asked and nothing is stored.
//! - A bundle that is parked on an error route takes the rest of that route
//!   with it, and the later routes of the bundle that failed.
//! - Filters say no warnings; those of an aggregator's mappings are told once.
//!
//! [`Event::Interrupted`]: rouage_model::journal::Event::Interrupted

pub mod check;
mod compile;
mod context;
mod expressions;
mod facts;
mod names;
mod natives;
mod plan;
mod problem;
mod run;
mod scope;
mod step;
mod task;
pub mod trace;

pub use compile::{Compiled, Visible, compile, compile_knowing, visible};
pub use context::{Files, Limits, ReadFiles, RunContext};
pub use facts::{Catalogue, Facts, Kind};
pub use natives::{NativeInfo, native, natives};
pub use plan::{Plan, PlannedModule};
pub use problem::{Problem, Severity};
pub use rouage_expr::LARGEST_FILE;
pub use run::{Divergence, Remainder, Run, Treatment};
pub use step::{Call, Parked, Retry, Sleep, Step, Verdict};
pub use trace::Trace;
