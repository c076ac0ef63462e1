//! The runtime: takes jobs, drives runs, calls modules, writes the journal,
//! waits, retries, recovers.
//!
//! It knows the engine (what comes next), the registry (how to do it) and the
//! store (what is true), and no app and no page by name. Pages speak to it
//! through [`Control`].
//!
//! Invariants:
//! - A `Write` is called only after its `Called` event is committed.
//! - An answer is used for the next step at once, but nothing irreversible
//!   happens before it is committed: events are flushed before every `Write`
//!   and every read, before every wait and at the end; the answer of a `Write`
//!   also before any other call, because without it the `Write` is in doubt.
//! - A job whose fence is lost changes nothing any more.
//! - Runs of a sequential scenario follow each other in the store's order of
//!   arrival, whatever this process has in memory.
//! - Live runs and recovery are the same code: replay the journal, go on.

mod backoff;
mod calls;
mod carried;
mod catalogue;
mod catalogue_entries;
mod check;
mod choices;
mod control;
mod core;
mod decide;
mod drafts;
mod driver;
mod endings;
mod files;
mod held;
mod history;
mod hooks;
mod host;
mod import;
mod incompletes;
mod inputs;
mod journal;
mod knowledge;
mod known;
mod labels;
mod lanes;
mod limits;
mod links;
mod listening;
mod plans;
mod positions;
mod queue;
mod rehearsal;
mod replay;
mod replies;
mod required;
mod retention;
mod retry;
mod run_draft;
mod schedule;
mod shapes;
mod single;
mod skeleton;
mod stop;
mod subscenarios;
mod told;
mod treatment;
mod twice;
mod worker;

pub use carried::Made;
pub use catalogue_entries::{Entry, EntryKind, entries, entry, natives};
pub use check::{Action, ModuleReport, Report, Status as ReportStatus, check, has_built_in};
pub use choices::ChoicesRequest;
pub use control::{Control, ControlError, RunOnce};
pub use core::Parts;
pub use decide::Decision;
pub use drafts::{Edited as EditedDraft, Kept as KeptDraft};
pub use endings::Ending;
pub use history::History;
pub use hooks::{DeliverError, Delivered, LiveHook, LiveScenario};
pub use import::{ImportRequest, Imported};
pub use incompletes::{Edited, Opened};
pub use knowledge::{
    Asked, BundleTest, ConditionProblem, ConditionTest, FilterTest, Item, Items, Knowledge, ModuleItems, Offer,
    Preview, Source, Suggestion,
};
pub use limits::Limits;
pub use links::BUILT_IN;
pub use positions::PollingTrigger;
pub use rehearsal::{ExampleOrigin, Given as RehearsedWith, Rehearsal, Told};
pub use replay::reason_against as reason_against_replay;
pub use replies::Reply;
pub use rouage_engine::check::Finding;
pub use run_draft::{DraftRun, How};
pub use schedule::Schedule;
pub use single::Wanted;
pub use told::{Told as ToldError, brief as brief_error, brief_of_raw, told as told_error};
pub use worker::Runtime;
