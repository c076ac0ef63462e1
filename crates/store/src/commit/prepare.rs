//! Requests made ready for the writer, in the tasks of those who ask.

use jiff::Timestamp;
use rouage_model::journal::Event;
use rouage_model::{ExecutionId, TeamId};
use sea_orm::{NotSet, Set};
use uuid::Uuid;

use super::{Accept, AcceptOutcome, Append, NewDelivery, NewExecution, StagedWrite, Update};
use crate::blobs;
use crate::deliveries::DeliveryStatus;
use crate::entities::{deliveries, executions, journal};
use crate::queue::{FIRST_LEASE, Fence, Job};
use crate::text::{clean, column, micros, store_bundles, store_headers, store_value};

/// An event as a row has it.
pub(crate) struct Row {
    at: i64,
    data: Vec<u8>,
    /// The stored files that it names.
    pub(crate) blobs: Vec<Uuid>,
}

impl Row {
    pub(crate) fn new(event: &Event) -> Self {
        let text = event.encode();
        let blobs = if blobs::may_name_files(&text) { blobs::named(event.values()) } else { Vec::new() };
        Self { at: micros(event.at()), data: text.into_bytes(), blobs }
    }

    pub(crate) fn at_seq(self, execution: Uuid, seq: u32) -> journal::ActiveModel {
        journal::ActiveModel {
            execution_id: Set(execution),
            seq: Set(i32::try_from(seq).unwrap_or(i32::MAX)),
            at: Set(self.at),
            data: Set(self.data),
        }
    }
}

/// A new execution with its `Started` event.
pub(crate) struct Execution {
    pub(crate) new: NewExecution,
    started: Event,
    pub(crate) row: Row,
}

impl Execution {
    pub(crate) fn new(new: NewExecution) -> Self {
        let started = Event::Started { at: new.created_at, bundles: new.bundles.clone(), inputs: new.inputs.clone() };
        let row = Row::new(&started);
        Self { new, started, row }
    }

    /// The rows to insert, and the job when it is leased from the start.
    pub(crate) fn into_rows(
        self,
        node: Uuid,
        now: Timestamp,
    ) -> (executions::ActiveModel, journal::ActiveModel, Option<Job>) {
        let new = self.new;
        let ready_at = if new.leased { lease_end(now) } else { now.min(new.created_at) };
        let row = executions::ActiveModel {
            id: Set(new.id.0),
            team_id: Set(new.team.0),
            scenario_id: Set(new.scenario.0),
            version: Set(new.version.0),
            origin: Set(new.origin.as_str().to_owned()),
            status: Set(if new.leased { "running" } else { "queued" }.to_owned()),
            created_at: Set(micros(new.created_at)),
            started_at: Set(new.leased.then(|| micros(now))),
            finished_at: Set(None),
            ready_at: Set(Some(micros(ready_at))),
            lease_owner: Set(new.leased.then_some(node)),
            fence: Set(i64::from(new.leased)),
            takeovers: Set(0),
            stop_requested: Set(false),
            operations: Set(0),
            size: Set(0),
            error: Set(None),
            name: Set(None),
            is_check: Set(false),
            confidential: Set(None),
            trials: Set(0),
            trial_seq: Set(0),
        };
        let job = new.leased.then(|| Job {
            execution: new.id,
            team: new.team,
            scenario: new.scenario,
            version: new.version,
            origin: new.origin,
            fence: Fence(1),
            takeovers: 0,
            stop_requested: false,
            events: Some(vec![self.started]),
        });
        (row, self.row.at_seq(new.id.0, 0), job)
    }
}

fn lease_end(now: Timestamp) -> Timestamp {
    now.checked_add(FIRST_LEASE).unwrap_or(Timestamp::MAX)
}

/// A delivery with what becomes of it.
pub(crate) struct Delivery {
    pub(crate) row: deliveries::ActiveModel,
    pub(crate) execution: Option<Execution>,
    /// The structure of a sample, stored.
    pub(crate) learned: Option<String>,
    pub(crate) hook: i64,
    /// The stored files of a payload that waits.
    pub(crate) blobs: Vec<Uuid>,
}

impl Delivery {
    pub(crate) fn new(accept: Accept) -> Self {
        let Accept { team, hook, delivery, outcome } = accept;
        let mut row = delivery_row(team, delivery);
        row.hook_id = Set(hook.0);
        let (mut execution, mut learned, mut files) = (None, None, Vec::new());
        let status = match outcome {
            AcceptOutcome::Run { execution: new } => {
                row.execution_id = Set(Some(new.id.0));
                execution = Some(Execution::new(new));
                DeliveryStatus::Accepted
            }
            AcceptOutcome::Queue { payload } => {
                files = blobs::named(&payload);
                row.payload = Set(Some(store_bundles(payload)));
                DeliveryStatus::Queued
            }
            AcceptOutcome::Learned { structure, payload } => {
                files = blobs::named(&payload);
                row.payload = Set(Some(store_bundles(payload)));
                learned = Some(store_value(&structure));
                DeliveryStatus::Learned
            }
            AcceptOutcome::Refused { reason } => {
                row.reason = Set(Some(clean(reason)));
                DeliveryStatus::Refused
            }
        };
        row.status = Set(status.as_str().to_owned());
        Self { row, execution, learned, hook: hook.0, blobs: files }
    }
}

fn delivery_row(team: TeamId, delivery: NewDelivery) -> deliveries::ActiveModel {
    deliveries::ActiveModel {
        id: NotSet,
        team_id: Set(team.0),
        hook_id: NotSet,
        received_at: Set(micros(delivery.received_at)),
        method: Set(clean(delivery.method)),
        query: Set(clean(delivery.query)),
        headers: Set(store_headers(&delivery.headers)),
        ip: Set(clean(delivery.ip)),
        size: Set(column(delivery.size)),
        content_type: Set(clean(delivery.content_type)),
        status: NotSet,
        execution_id: Set(None),
        reason: Set(None),
        payload: Set(None),
    }
}

/// An append with its events encoded.
pub(crate) struct Entry {
    pub(crate) execution: ExecutionId,
    pub(crate) scenario: i64,
    pub(crate) fence: Fence,
    pub(crate) first_seq: u32,
    pub(crate) rows: Vec<Row>,
    pub(crate) staged: Option<StagedWrite>,
    pub(crate) update: Update,
}

impl Entry {
    pub(crate) fn new(append: Append) -> Self {
        Self {
            execution: append.execution,
            scenario: append.scenario.0,
            fence: append.fence,
            first_seq: append.first_seq,
            rows: append.events.iter().map(Row::new).collect(),
            staged: append.staged,
            update: append.update,
        }
    }

    /// What its breakpoint is called; see [`crate::breakpoint`].
    #[cfg(debug_assertions)]
    pub(crate) fn place(&self) -> &'static str {
        use super::StoreEffect;

        match (self.staged.as_ref().map(|staged| &staged.effect), &self.update) {
            (Some(StoreEffect::Incomplete(_)), _) => "park",
            (Some(StoreEffect::Position(_)), _) => "position",
            (Some(StoreEffect::Start(_)), _) => "child",
            (Some(StoreEffect::Counter { .. }), _) => "counter",
            (Some(StoreEffect::Commit { .. }), _) => "cycle",
            (Some(StoreEffect::Rollback { .. }), _) => "rollback",
            (Some(_), _) => "effect",
            (None, Update::Waiting { .. }) => "wait",
            (None, Update::InDoubt) => "doubt",
            (None, Update::Requeue) => "hand-back",
            (None, Update::Finished { .. }) => "finish",
            (None, Update::None) if self.ends_with_a_call() => "called",
            (None, Update::None) => "append",
        }
    }

    #[cfg(debug_assertions)]
    fn ends_with_a_call(&self) -> bool {
        self.rows.last().is_some_and(|row| row.data.starts_with(br#"{"event":"called""#))
    }
}
