//! A run: the pure machine that is asked "what next?" and told what came back.
//!
//! A run is a function of its plan, its context and the events applied to it.
//! Live and replayed runs take the same path: [`Run::apply`].

mod arrive;
mod cycle;
mod events;
mod failure;
mod flow;
mod interrupt;
mod memory;
mod retry;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use rouage_expr::Random;
use rouage_model::journal::Event;
use rouage_model::{ModuleId, OperationId, Text, Value};

use crate::context::RunContext;
use crate::expressions::{self, Surroundings};
use crate::natives::Variables;
use crate::plan::{NodeId, Plan, Work};
use crate::scope::Scope;
use crate::step::{Call, Parked, Sleep, Step, Verdict};
use crate::task::{Again, Task};
use crate::trace::{Arrival, Arrivals, OperationTrace, Point, Trace};

pub use failure::Treatment;
pub(crate) use memory::{Notes, size_of_new};
pub use retry::Remainder;
use retry::Resumption;

/// An event that does not fit the run: the journal belongs to another plan, or
/// the driver answered something that was not asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journal does not fit the run: {expected}, but the event is {found}")]
pub struct Divergence {
    /// What the run was waiting for.
    pub expected: String,
    /// What came.
    pub found: String,
}

/// One run of a plan.
pub struct Run {
    plan: Arc<Plan>,
    context: RunContext,
    state: State,
    tasks: Vec<Task>,
    scope: Scope,
    variables: Variables,
    counters: HashMap<NodeId, i64>,
    random: Random,
    /// The `at` of the latest event.
    now: Timestamp,
    /// From 1.
    cycle: u32,
    /// The trigger's output was pushed: there is one cycle.
    pushed: bool,
    /// The trigger, asked for news, had none.
    exhausted: bool,
    /// Completes a parked operation of another run; see [`Run::retry`].
    partial: bool,
    last_operation: OperationId,
    operations: u32,
    bundles: u64,
    /// Something was parked.
    warned: bool,
    /// It has used up its time.
    is_interrupted: bool,
    /// Nothing has happened since it started, so that it can still turn out
    /// that it cannot be prepared.
    is_fresh: bool,
    /// How what is being stored is done again.
    again: Again,
    /// What the scenario returned.
    outputs: Option<Value>,
    /// The name that it gave itself.
    name: Option<Text>,
    notes: Notes,
    /// What comes to one point is noted, when somebody wants to know.
    arrivals: Option<Box<Arrivals>>,
    /// How many bytes may be made before the next look at what the run holds.
    room: u64,
    trace: Option<Trace>,
}

/// What the run waits for.
#[derive(Debug)]
enum State {
    NotStarted,
    /// A retry that waits for `Started`.
    NotResumed(Box<Resumption>),
    /// Nothing: there is work to do.
    Working,
    Calling(Box<Calling>),
    Sleeping {
        node: NodeId,
        sleep: Sleep,
    },
    Parking(Box<Parked>),
    Committing(Afterwards),
    RollingBack(Box<Verdict>),
    Finishing(Box<Verdict>),
    Finished,
}

#[derive(Debug)]
struct Calling {
    node: NodeId,
    call: Call,
}

#[derive(Debug)]
enum Afterwards {
    NextCycle,
    Finish(Box<Verdict>),
}

impl Run {
    /// A run of which nothing has happened yet.
    pub fn new(plan: Arc<Plan>, context: RunContext) -> Self {
        Self {
            random: expressions::random(context.execution),
            room: memory::room(context.limits.memory, 0),
            plan,
            context,
            state: State::NotStarted,
            tasks: Vec::new(),
            scope: Scope::default(),
            variables: Variables::default(),
            counters: HashMap::new(),
            now: Timestamp::UNIX_EPOCH,
            cycle: 1,
            pushed: false,
            exhausted: false,
            partial: false,
            last_operation: OperationId(0),
            operations: 0,
            bundles: 0,
            warned: false,
            is_interrupted: false,
            is_fresh: true,
            again: Again::default(),
            outputs: None,
            name: None,
            notes: Notes::default(),
            arrivals: None,
            trace: None,
        }
    }

    /// The run as it is after these events.
    pub fn replay(
        plan: Arc<Plan>,
        context: RunContext,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<Self, Divergence> {
        let mut run = Self::new(plan, context);
        for event in events {
            run.apply(&event)?;
        }
        Ok(run)
    }

    /// Turns recording on or off. Off by default; turn it on before the first
    /// event to record everything.
    pub fn record(&mut self, on: bool) {
        self.trace = on.then(|| self.trace.take().unwrap_or_default());
    }

    /// The run with recording on.
    #[must_use]
    pub fn recording(mut self) -> Self {
        self.record(true);
        self
    }

    /// The run with a note of the first bundles that come to a point, each with
    /// everything that can be named there.
    #[must_use]
    pub fn watching(mut self, point: Point, most: usize) -> Self {
        self.arrivals = Some(Box::new(Arrivals { point, most, seen: Vec::new(), more: 0 }));
        self
    }

    /// What came to the point that is watched.
    pub fn arrivals(&self) -> Option<&Arrivals> {
        self.arrivals.as_deref()
    }

    /// Notes who comes, when the point is watched.
    fn watch(&mut self, point: Point) {
        let Some(arrivals) = self.arrivals.as_mut().filter(|arrivals| arrivals.point == point) else { return };
        if arrivals.seen.len() >= arrivals.most {
            arrivals.more += 1;
            return;
        }
        let plan = &self.plan;
        let named = self.scope.named().filter(|(node, _)| !matches!(plan.node(*node).work, Work::IfElse(_)));
        let bundles = named.map(|(node, bundle)| (plan.node(node).module.id, bundle.clone())).collect();
        arrivals.seen.push(Arrival { bundles, at: self.now, after: self.scope.latest_operation() });
    }

    /// What was recorded.
    pub fn trace(&self) -> &Trace {
        const NOTHING: &Trace = &Trace { operations: Vec::new(), filters: Vec::new() };
        self.trace.as_ref().unwrap_or(NOTHING)
    }

    /// Operations so far, as Make counts them: routers, filters and error
    /// directives are none (source: `make-semantics.md` §3.16).
    pub fn operations(&self) -> u32 {
        self.operations
    }

    /// What the scenario returned so far: a collection.
    pub fn outputs(&self) -> Option<&Value> {
        self.outputs.as_ref()
    }

    /// The name that the run gave itself so far.
    pub fn name(&self) -> Option<&Text> {
        self.name.as_ref()
    }

    /// Whether its only operation was a poll that found nothing, which Make
    /// calls a check run (source: `make-semantics.md` §3.13).
    pub fn is_check_run(&self) -> bool {
        self.exhausted && self.operations == 1
    }

    /// How much it holds: steps that are still to be done and bundles that can
    /// be named. Does not grow with the number of finished bundles.
    pub fn size(&self) -> (usize, usize) {
        (self.tasks.len(), self.scope.bundles().count())
    }

    /// The plan it walks over.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// What to do next. Asking twice gives the same answer until an event is
    /// applied.
    #[expect(clippy::should_implement_trait, reason = "a run is asked, not iterated: it needs answers in between")]
    pub fn next(&mut self) -> Step {
        self.advance();
        match &self.state {
            State::NotStarted | State::NotResumed(_) | State::Working => Step::NotStarted,
            State::Calling(calling) => Step::Call(calling.call.clone()),
            State::Sleeping { sleep, .. } => Step::Sleep(*sleep),
            State::Parking(parked) => Step::Park(Parked::clone(parked)),
            State::Committing(_) => Step::Commit,
            State::RollingBack(_) => Step::Rollback,
            State::Finishing(verdict) => Step::Finish(Verdict::clone(verdict)),
            State::Finished => Step::Finished,
        }
    }

    /// Works until something is needed from outside.
    fn advance(&mut self) {
        if !matches!(self.state, State::Working) {
            return;
        }
        let plan = self.plan.clone();
        while matches!(self.state, State::Working) {
            match self.tasks.pop() {
                Some(task) => self.perform(&plan, task),
                None => self.end_cycle(),
            }
            self.watch_memory();
        }
    }

    fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            plan: &self.plan,
            scope: &self.scope,
            context: &self.context,
            now: self.now,
            random: &self.random,
            notes: &self.notes,
        }
    }

    fn module_id(&self, node: NodeId) -> ModuleId {
        self.plan.node(node).module.id
    }

    /// Begins an operation. `None` when the run has used up its operations; it
    /// is over then.
    fn begin(&mut self, node: NodeId, input: &Value) -> Option<OperationId> {
        if self.operations >= self.context.limits.operations {
            self.stop_at_limit(node, "operations", u64::from(self.context.limits.operations));
            return None;
        }
        self.operations += 1;
        self.last_operation.0 += 1;
        let operation = self.last_operation;
        let (module, cycle, now) = (self.module_id(node), self.cycle, self.now);
        let warnings = self.notes.take_warnings();
        if let Some(trace) = &mut self.trace {
            trace.operations.push(OperationTrace {
                warnings,
                ..OperationTrace::begun(operation, module, cycle, now, input.clone())
            });
        }
        Some(operation)
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("execution", &self.context.execution)
            .field("state", &self.state)
            .field("operations", &self.operations)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use rouage_model::{Blueprint, Collection, ScenarioId};

    use super::*;
    use crate::{Catalogue, Facts, Kind, Limits, compile};

    struct Actions;

    impl Catalogue for Actions {
        fn facts(&self, _module: &str, _version: Option<i64>) -> Option<Facts> {
            Some(Facts { kind: Kind::Action })
        }
    }

    fn run(flow: &str) -> Run {
        let blueprint = Blueprint::parse(format!(r#"{{"flow":{flow}}}"#).as_bytes()).unwrap();
        let context = RunContext {
            execution: "0192f0c1000070008000000000000001".parse().unwrap(),
            scenario: ScenarioId(1),
            scenario_name: "".into(),
            scenario_url: "".into(),
            timezone: TimeZone::UTC,
            team_variables: Collection::new(),
            organization_variables: Collection::new(),
            inputs: Value::empty_collection(),
            files: crate::Files::default(),
            limits: Limits::default(),
        };
        Run::new(Arc::new(compile(&blueprint, &Actions).plan), context)
    }

    #[test]
    fn a_finished_bundle_leaves_nothing_behind() {
        let mut run = run(r#"[
            {"id":1,"module":"builtin:BasicRepeater","mapper":{"start":1,"repeats":500,"step":1}},
            {"id":2,"module":"builtin:BasicRouter","routes":[{"flow":[{"id":3,"module":"util:ComposeTransformer"}]},
                {"flow":[{"id":4,"module":"act:Do","onerror":[{"id":5,"module":"act:Tell"}]},{"id":6,"module":"act:Do"}]}]}]"#);
        let at = Timestamp::UNIX_EPOCH;
        run.apply(&Event::Started { at, bundles: None, inputs: Value::Undefined }).unwrap();
        let mut sizes = Vec::new();
        while let Step::Call(Call { operation, module, .. }) = run.next() {
            if module == ModuleId(4) {
                sizes.push((run.tasks.len(), run.scope.base()));
            }
            run.apply(&Event::Returned { at, operation, module, bundles: vec![Value::empty_collection()] }).unwrap();
        }
        assert_eq!(sizes.len(), 500);
        let (tasks, scope) = sizes[0];
        assert!(sizes.iter().all(|size| size.0 <= tasks && size.1 == scope));
    }

    #[test]
    fn what_comes_to_a_filter_is_noted_with_all_that_can_be_named_there() {
        let flow = r#"[{"id":1,"module":"builtin:BasicRepeater","mapper":{"start":1,"repeats":3,"step":1}},
            {"id":2,"module":"builtin:BasicRouter","routes":[{"flow":[{"id":3,"module":"util:ComposeTransformer",
                "filter":{"conditions":[[{"a":"{{1.i}}","o":"number:greater","b":"2"}]]}}]}]}]"#;
        let watched = |point| {
            let mut run = run(flow).watching(point, 2);
            let at = Timestamp::UNIX_EPOCH;
            run.apply(&Event::Started { at, bundles: None, inputs: Value::Undefined }).unwrap();
            run.next();
            run.arrivals().unwrap().clone()
        };
        for point in [Point::Before(ModuleId(3)), Point::After(ModuleId(1))] {
            let arrivals = watched(point);
            assert_eq!((arrivals.seen.len(), arrivals.more), (2, 1), "{point:?}");
            let [(module, bundle)] = arrivals.seen[1].bundles.as_slice() else { panic!("one bundle is in sight") };
            assert_eq!((*module, bundle.field("i").as_i64()), (ModuleId(1), Some(2)));
        }
        assert!(watched(Point::Before(ModuleId(9))).seen.is_empty());
    }
}
