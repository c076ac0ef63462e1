//! Random scenarios, as a tree that the reference walks over and as the
//! blueprint that the engine compiles.

use std::fmt::Write as _;

use crate::random::Random;

#[derive(Debug)]
pub struct Scenario {
    pub store: bool,
    pub auto_commit: bool,
    pub roundtrips: u32,
    pub start: Start,
    pub flow: Vec<Module>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Data is pushed.
    Instant,
    /// Asked for news.
    Polling,
    /// A module like any other.
    Plain,
}

#[derive(Debug)]
pub struct Module {
    pub id: i64,
    pub filter: Option<Filter>,
    pub work: Work,
    pub error_route: Option<Vec<Module>>,
}

/// Lets a bundle pass when the number of a module's bundle is greater.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    pub of: i64,
    pub greater_than: i64,
}

#[derive(Debug)]
pub enum Work {
    /// A module that the world answers.
    Call,
    /// Fails before it can be called.
    Broken,
    /// Goes over the list of a module's bundle.
    Iterate {
        of: i64,
    },
    Repeat {
        times: i64,
    },
    Aggregate {
        feeder: i64,
        stop_if_empty: bool,
    },
    Router {
        routes: Vec<Route>,
        fallback: Option<usize>,
    },
    /// Its branches meet in a merge, which comes next, or do not meet.
    IfElse {
        branches: Vec<Branch>,
        is_merged: bool,
    },
    Merge {
        branching: i64,
    },
    Sleep,
    Variable,
    Return,
    Directive(Directive),
}

#[derive(Debug)]
pub struct Route {
    pub flow: Vec<Module>,
    pub is_disabled: bool,
}

#[derive(Debug)]
pub struct Branch {
    /// Nothing for "else".
    pub condition: Option<Filter>,
    pub flow: Vec<Module>,
    pub is_disabled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directive {
    Ignore,
    Resume,
    Commit,
    Rollback,
    Break,
}

pub fn scenario(seed: u64) -> Scenario {
    let mut random = Random::of(&[seed, 1]);
    let start = *random.pick(&[Start::Instant, Start::Instant, Start::Polling, Start::Plain]);
    let mut maker = Maker { random, last_id: 1, room: 40 };
    let mut first = Module { id: 1, filter: None, work: Work::Call, error_route: None };
    let mut place = Place { visible: vec![1], feeders: vec![1], depth: 0, on_error_route: false };
    if start != Start::Instant && maker.random.percent(30) {
        first.error_route = Some(maker.error_route(&place));
    }
    let mut flow = vec![first];
    maker.flow(&mut place, &mut flow);
    let mut random = maker.random;
    Scenario {
        store: random.percent(65),
        auto_commit: random.percent(60),
        roundtrips: u32::try_from(1 + random.below(3)).unwrap(),
        start,
        flow,
    }
}

struct Maker {
    random: Random,
    last_id: i64,
    /// How many modules may still be made.
    room: u32,
}

/// What a module can use where it stands.
#[derive(Clone)]
struct Place {
    visible: Vec<i64>,
    /// Sources of aggregators, none beyond the start of an error route.
    feeders: Vec<i64>,
    depth: u32,
    on_error_route: bool,
}

impl Maker {
    fn flow(&mut self, place: &mut Place, flow: &mut Vec<Module>) {
        let length = 2 + self.random.below(5);
        for _ in 0..length {
            if self.room == 0 {
                return;
            }
            self.room -= 1;
            let module = self.module(place);
            let is_last = matches!(module.work, Work::Router { .. } | Work::Return);
            let is_merged = matches!(module.work, Work::IfElse { is_merged: true, .. });
            let branching = module.id;
            flow.push(module);
            if is_merged {
                self.last_id += 1;
                let (id, work) = (self.last_id, Work::Merge { branching });
                place.visible.push(id);
                place.feeders.push(id);
                flow.push(Module { id, filter: None, work, error_route: None });
            }
            if is_last {
                return;
            }
        }
    }

    fn module(&mut self, place: &mut Place) -> Module {
        self.last_id += 1;
        let id = self.last_id;
        let filter = self.random.percent(10).then(|| self.filter(place));
        let work = self.work(place);
        let can_fail = matches!(work, Work::Call | Work::Broken);
        let error_route = (can_fail && place.depth < 3 && self.random.percent(60)).then(|| self.error_route(place));
        match work {
            Work::Aggregate { feeder, .. } => {
                // Neither the source nor what came after it is in sight.
                let at = place.visible.iter().position(|visible| *visible == feeder).unwrap();
                place.visible.truncate(at);
                let kept: Vec<i64> = place.visible.clone();
                place.feeders.retain(|feeder| kept.contains(feeder));
                place.visible.push(id);
                place.feeders.push(id);
            }
            Work::Call | Work::Broken | Work::Iterate { .. } | Work::Repeat { .. } => {
                place.visible.push(id);
                place.feeders.push(id);
            }
            Work::Sleep | Work::Variable => place.visible.push(id),
            Work::Router { .. } | Work::IfElse { .. } | Work::Merge { .. } | Work::Return | Work::Directive(_) => {}
        }
        Module { id, filter, work, error_route }
    }

    fn work(&mut self, place: &Place) -> Work {
        match self.random.below(100) {
            0..42 => Work::Call,
            42..46 => Work::Broken,
            46..57 => Work::Iterate { of: *self.random.pick(&place.visible) },
            57..60 => Work::Repeat { times: i64::try_from(self.random.below(4)).unwrap() },
            60..74 if !place.feeders.is_empty() => {
                let feeder = *self.random.pick(&place.feeders);
                Work::Aggregate { feeder, stop_if_empty: self.random.percent(30) }
            }
            74..86 if place.depth < 3 => self.router(place),
            86..90 if place.depth < 3 => self.if_else(place),
            90..92 => Work::Sleep,
            92..93 if !place.on_error_route => Work::Return,
            _ => Work::Variable,
        }
    }

    fn router(&mut self, place: &Place) -> Work {
        let count = 2 + self.random.below(2);
        let routes: Vec<Route> = (0..count)
            .map(|_| {
                let mut inner = Place { depth: place.depth + 1, ..place.clone() };
                let mut flow = Vec::new();
                self.flow(&mut inner, &mut flow);
                if place.on_error_route && self.random.percent(40) {
                    flow.extend(self.directive(&inner));
                }
                Route { flow, is_disabled: self.random.percent(10) }
            })
            .collect();
        let fallback = self.random.percent(40).then(|| usize::try_from(self.random.below(count)).unwrap());
        Work::Router { routes, fallback }
    }

    fn if_else(&mut self, place: &Place) -> Work {
        let count = 1 + self.random.below(3);
        let branches: Vec<Branch> = (0..count)
            .map(|index| {
                let mut inner = Place { depth: place.depth + 1, feeders: Vec::new(), ..place.clone() };
                let mut flow = Vec::new();
                if self.random.percent(80) {
                    self.flow(&mut inner, &mut flow);
                }
                let is_else = index + 1 == count && self.random.percent(60);
                let condition = (!is_else).then(|| self.filter(place));
                Branch { condition, flow, is_disabled: self.random.percent(10) }
            })
            .collect();
        Work::IfElse { branches, is_merged: self.random.percent(60) }
    }

    fn error_route(&mut self, place: &Place) -> Vec<Module> {
        let mut inner = Place { feeders: Vec::new(), depth: place.depth + 1, on_error_route: true, ..place.clone() };
        let mut flow = Vec::new();
        if self.random.percent(75) {
            self.flow(&mut inner, &mut flow);
        }
        if self.random.percent(85) && !flow.last().is_some_and(|last| matches!(last.work, Work::Router { .. })) {
            flow.extend(self.directive(&inner));
        }
        flow
    }

    fn directive(&mut self, place: &Place) -> Option<Module> {
        use Directive::{Break, Commit, Ignore, Resume, Rollback};
        self.last_id += 1;
        let filter = self.random.percent(15).then(|| self.filter(place));
        let directive = *self.random.pick(&[Ignore, Resume, Resume, Commit, Rollback, Break, Break]);
        Some(Module { id: self.last_id, filter, work: Work::Directive(directive), error_route: None })
    }

    fn filter(&mut self, place: &Place) -> Filter {
        let greater_than = i64::try_from(self.random.below(3)).unwrap() - 1;
        Filter { of: *self.random.pick(&place.visible), greater_than }
    }
}

impl Scenario {
    pub fn blueprint(&self) -> String {
        let Self { store, auto_commit, roundtrips, .. } = self;
        format!(
            r#"{{"name":"Simulated","metadata":{{"scenario":{{"dlq":{store},"autoCommit":{auto_commit},"roundtrips":{roundtrips}}}}},"flow":{}}}"#,
            flow(&self.flow, self.start)
        )
    }
}

fn flow(modules: &[Module], start: Start) -> String {
    let modules: Vec<String> = modules.iter().map(|module| json(module, start)).collect();
    format!("[{}]", modules.join(","))
}

fn json(module: &Module, start: Start) -> String {
    let id = module.id;
    let mut text = format!(r#"{{"id":{id},{}"#, work(module, start));
    if let Some(filter) = module.filter {
        let _ = write!(text, r#","filter":{{"name":"f","conditions":{}}}"#, conditions(filter));
    }
    if let Some(route) = &module.error_route {
        let _ = write!(text, r#","onerror":{}"#, flow(route, start));
    }
    text.push('}');
    text
}

fn conditions(Filter { of, greater_than }: Filter) -> String {
    format!(r#"[[{{"a":"{{{{{of}.n}}}}","o":"number:greater","b":"{greater_than}"}}]]"#)
}

fn branch(branch: &Branch, is_merged: bool, start: Start) -> String {
    let condition = match branch.condition {
        Some(condition) => format!(r#""type":"condition","conditions":{}"#, conditions(condition)),
        None => r#""type":"else""#.to_owned(),
    };
    let flow = flow(&branch.flow, start);
    format!(r#"{{{condition},"merge":{is_merged},"disabled":{},"flow":{flow}}}"#, branch.is_disabled)
}

fn work(module: &Module, start: Start) -> String {
    let named = |name: &str, mapper: String| format!(r#""module":"{name}","version":1,"mapper":{mapper}"#);
    match &module.work {
        Work::Call if module.id == 1 && start == Start::Instant => named("hook:Watch", "{}".into()),
        Work::Call if module.id == 1 && start == Start::Polling => named("watch:Rows", "{}".into()),
        Work::Call => named("act:Do", "{}".into()),
        Work::Broken => named("util:ComposeTransformer", r#"{"value":"{{nope(1)}}"}"#.into()),
        Work::Iterate { of } => named("builtin:BasicFeeder", format!(r#"{{"array":"{{{{{of}.list}}}}"}}"#)),
        Work::Repeat { times } => {
            named("builtin:BasicRepeater", format!(r#"{{"start":1,"repeats":{times},"step":1}}"#))
        }
        Work::Aggregate { feeder, stop_if_empty } => format!(
            r#"{},"parameters":{{"feeder":{feeder}}},"flags":{{"stopIfEmpty":{stop_if_empty}}}"#,
            named("builtin:BasicAggregator", r#"{"x":1}"#.into())
        ),
        Work::Router { routes, fallback } => {
            let routes: Vec<String> = routes
                .iter()
                .map(|route| format!(r#"{{"flow":{},"disabled":{}}}"#, flow(&route.flow, start), route.is_disabled))
                .collect();
            let fallback = fallback.map_or(String::new(), |fallback| format!(r#""else":{fallback}"#));
            format!(
                r#""module":"builtin:BasicRouter","version":1,"mapper":null,"parameters":{{{fallback}}},"routes":[{}]"#,
                routes.join(",")
            )
        }
        Work::IfElse { branches, is_merged } => {
            let branches: Vec<String> = branches.iter().map(|found| branch(found, *is_merged, start)).collect();
            format!(r#""module":"builtin:BasicIfElse","version":1,"mapper":null,"branches":[{}]"#, branches.join(","))
        }
        Work::Merge { .. } => r#""module":"builtin:BasicMerge","version":1,"mapper":null,"filters":[null,null,null],
                "outputs":[{"name":"n","mappings":[1,2,3]}]"#
            .to_owned(),
        Work::Sleep => named("util:FunctionSleep", r#"{"duration":5}"#.into()),
        Work::Variable => named("util:SetVariable2", r#"{"name":"v","scope":"roundtrip","value":"{{now}}"}"#.into()),
        Work::Return => named("scenario-service:ReturnData", r#"{"v":1}"#.into()),
        Work::Directive(directive) => {
            named(&format!("builtin:{directive:?}"), r#"{"n":2,"list":[{"n":1}],"retry":true}"#.into())
        }
    }
}
