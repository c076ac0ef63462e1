//! A filter tried out: what it says to the bundles that came to its place in the
//! last run, condition by condition, and why.
//!
//! Each condition is compiled by itself, so that one that is broken is told as
//! such and the others still speak.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rouage_engine::Plan;
use rouage_engine::trace::{Arrival, Point};
use rouage_expr::{Comparison, Filter, Group, comparison};
use rouage_model::clock::Clock;
use rouage_model::{Collection, ExecutionId, ModuleId, Value};
use rouage_store::executions::Execution;
use rouage_store::{Error, journal};

use super::Knowledge;
use super::ground::{Ground, Sight};
use super::items::cut;
use super::kept::weight;
use super::suggest::{self, Suggestion};
use super::words::{quoted, sentence, shown};
use crate::core::Core;
use crate::history;
use crate::limits::Limits;
use crate::retry::{self, Subject};

/// Bundles of a run that are tried.
const MOST_BUNDLES: usize = 50;
/// Runs that are looked at: a webhook gives each of them one bundle only.
const MOST_RUNS: usize = 5;
/// Bundles that are enough, so that no older run is looked at.
const ENOUGH: usize = 5;
/// Conditions that are tried; nobody has more.
const MOST_CONDITIONS: usize = 200;
/// All conditions together; what is not tried by then is told as such.
const LONGEST: Duration = Duration::from_secs(1);
/// Characters of a text that a suggestion is made from: words and numbers.
const LONGEST_FACT: usize = 1_000;
/// Characters of a value that are shown.
const MOST_SHOWN: usize = 200;

/// What came to a filter in the last runs.
#[derive(Debug, Default)]
pub struct Came {
    /// Whether there was a run to look at.
    is_known: bool,
    /// Those of each run, the newest run first.
    runs: Vec<Vec<Arrival>>,
    /// Bundles of these runs that are not kept.
    more: usize,
}

impl Came {
    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        let arrivals = self.runs.iter().flatten();
        arrivals.flat_map(|arrival| &arrival.bundles).map(|(_, bundle)| weight(bundle)).sum()
    }
}

/// What that depends on: the place, what stands before it, and the runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    module: ModuleId,
    before: Option<ModuleId>,
    runs: Vec<ExecutionId>,
}

/// What a filter says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FilterTest {
    /// False when no data is known to try it with.
    pub known: bool,
    /// One for each bundle that came.
    pub bundles: Vec<BundleTest>,
    /// Bundles that are not listed.
    pub more: usize,
    /// What would fit the data better.
    pub suggestions: Vec<Suggestion>,
    /// Where the filter cannot be read or never matches.
    pub problems: Vec<ConditionProblem>,
}

/// Something wrong with how a condition is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionProblem {
    /// Which group; counts from 0.
    pub group: usize,
    /// Which condition of it; counts from 0.
    pub condition: usize,
    /// What is wrong, a sentence.
    pub message: String,
}

/// What it says to one bundle.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BundleTest {
    /// Whether the bundle may go on.
    pub passed: bool,
    /// Which bundle it is, for people.
    pub label: String,
    /// Every condition of every group.
    pub groups: Vec<Vec<ConditionTest>>,
}

/// One condition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConditionTest {
    /// Whether it holds.
    pub passed: bool,
    /// The left value.
    pub left: String,
    /// Its type.
    pub left_kind: &'static str,
    /// The operator as stored.
    pub operator: String,
    /// The right value; `None` when there is none to compare with.
    pub right: Option<String>,
    /// Why, in a sentence.
    pub note: String,
}

/// What came to the filter before a module in the newest runs that got there. A
/// module that a run did not have yet gets what its predecessor gave.
pub async fn came(
    core: &Core,
    knowledge: &Knowledge,
    runs: &[Execution],
    module: ModuleId,
) -> Result<Arc<Came>, Error> {
    if knowledge.items.is_confidential {
        return Ok(Arc::default());
    }
    let visible = knowledge.ground.visible.modules.get(&module);
    let before = visible.and_then(|visible| visible.last().copied());
    let runs = &runs[..runs.len().min(MOST_RUNS)];
    let place = Place { module, before, runs: runs.iter().map(|run| run.id).collect() };
    if let Some(came) = core.knowledge.came(&place) {
        return Ok(came);
    }
    let came = Arc::new(look(core, runs, &place).await?);
    core.knowledge.keep_came(place, &came);
    Ok(came)
}

async fn look(core: &Core, runs: &[Execution], place: &Place) -> Result<Came, Error> {
    let mut came = Came::default();
    let mut count = 0;
    for run in runs {
        if count >= ENOUGH {
            break;
        }
        let Ok(beginning) = retry::beginning(core, Subject::from(run), Limits::of_look(run.origin)).await? else {
            continue;
        };
        let Some(point) = point(beginning.run.plan(), place) else { continue };
        let again = beginning.run.watching(point, MOST_BUNDLES - count);
        let events = journal::events(&core.store, run.id).await?;
        let again = history::follow(core, again, events, true).await?.run;
        came.is_known = true;
        if let Some(arrivals) = again.arrivals().filter(|arrivals| !arrivals.seen.is_empty()) {
            count += arrivals.seen.len();
            came.more += arrivals.more;
            came.runs.push(arrivals.seen.clone());
        }
    }
    Ok(came)
}

/// Where to watch a run of this plan; `None` when it has neither the module in
/// the same place nor the one before it.
fn point(plan: &Plan, place: &Place) -> Option<Point> {
    let is_same_place = plan.upstream(place.module).first().copied() == place.before;
    if plan.module(place.module).is_some() && is_same_place {
        return Some(Point::Before(place.module));
    }
    place.before.filter(|before| plan.module(*before).is_some()).map(Point::After)
}

/// The last data of the modules in sight, as if it had come together; when it
/// is there of all that the conditions read.
fn sample(ground: &Ground, module: ModuleId, conditions: &Value) -> Option<Arrival> {
    let visible = ground.visible.modules.get(&module)?;
    let mut has_all = true;
    Filter::compile(conditions).0.templates(&mut |template| {
        let mut read = template.references().into_iter().filter(|reference| visible.contains(&reference.module));
        has_all &= read.all(|reference| ground.bundle_at(reference.module, module).is_some());
    });
    let bundles = visible.iter().rev().filter_map(|id| Some((*id, ground.bundle_at(*id, module)?.clone())));
    let bundles: Vec<(ModuleId, Value)> = bundles.collect();
    (has_all && !bundles.is_empty()).then(|| Arrival { bundles, at: ground.now, after: None })
}

/// Tries a filter.
pub fn test(knowledge: &Knowledge, came: &Came, module: ModuleId, conditions: &Value, clock: &dyn Clock) -> FilterTest {
    let now = clock.now();
    let deadline = now + LONGEST;
    let ground = &knowledge.ground;
    let (groups, problems) = compile(conditions);
    let sample = if came.runs.is_empty() { sample(ground, module, conditions) } else { None };
    let is_sample = sample.is_some();
    let (mut bundles, mut facts) = (Vec::new(), Vec::new());
    for (name, arrival) in named(came).chain(sample.iter().map(|arrival| ("The last data".to_owned(), arrival))) {
        let sight = Sight::of(ground, &arrival.bundles);
        let moment = if is_sample { now } else { arrival.at };
        let (tests, seen): (Vec<Vec<ConditionTest>>, Vec<Vec<Fact>>) = groups
            .iter()
            .map(|group| {
                group
                    .iter()
                    .map(|one| match clock.now() > deadline {
                        true => one.failed("Not tried: the conditions before it took too long.".to_owned()),
                        false => one.run(&sight, moment, ground),
                    })
                    .unzip()
            })
            .unzip();
        let passed = tests.is_empty() || tests.iter().any(|group| group.iter().all(|one| one.passed));
        bundles.push(BundleTest { passed, label: label(name, arrival, ground), groups: tests });
        facts.push(seen);
    }
    let suggestions = suggest::suggestions(conditions, &facts);
    FilterTest { known: came.is_known || is_sample, bundles, more: came.more, suggestions, problems }
}

/// The bundles with their names, the newest run first.
fn named(came: &Came) -> impl Iterator<Item = (String, &Arrival)> {
    came.runs.iter().enumerate().flat_map(|(run, arrivals)| {
        arrivals.iter().enumerate().map(move |(at, arrival)| {
            let name = match (run, arrivals.len()) {
                (0, _) => format!("Bundle {}", at + 1),
                (_, 1) => "Earlier run".to_owned(),
                _ => format!("Earlier run, bundle {}", at + 1),
            };
            (name, arrival)
        })
    })
}

/// Which bundle it is: its first few values.
fn label(name: String, arrival: &Arrival, ground: &Ground) -> String {
    let nearest = arrival.bundles.first().and_then(|(_, bundle)| bundle.as_collection());
    let simple = |(name, value): &(&rouage_model::Text, &Value)| {
        !name.starts_with("__") && matches!(value, Value::Text(_) | Value::Number(_) | Value::Date(_))
    };
    let values = nearest.into_iter().flat_map(Collection::iter).filter(simple).take(3);
    let values: Vec<String> = values.map(|(_, value)| cut(&shown(value, &ground.timezone, 40), 30)).collect();
    if values.is_empty() { name } else { format!("{name}: {}", values.join(", ")) }
}

/// A condition by itself.
struct Condition {
    filter: Filter,
    operator: String,
    has_right: bool,
    /// What is wrong with how it is written.
    problem: Option<String>,
}

/// What a condition saw, for suggestions.
#[derive(Debug, Clone)]
pub struct Fact {
    /// The left value; `None` when it could not be read.
    pub left: Option<Value>,
    /// The right one.
    pub right: Option<Value>,
    /// Whether it held.
    pub passed: bool,
}

/// The rows of a filter as they stand; hand-written files sometimes leave the
/// inner list out.
pub fn rows(conditions: &Value) -> Vec<Vec<Value>> {
    let rows = conditions.as_array().unwrap_or_default();
    if !rows.is_empty() && rows.iter().all(|row| row.as_collection().is_some()) {
        return vec![rows.to_vec()];
    }
    rows.iter().map(|row| row.as_array().unwrap_or_default().to_vec()).collect()
}

fn compile(conditions: &Value) -> (Vec<Vec<Condition>>, Vec<ConditionProblem>) {
    let mut problems = Vec::new();
    let mut left = MOST_CONDITIONS;
    let mut groups = Vec::new();
    for (group, row) in rows(conditions).into_iter().enumerate() {
        let mut compiled = Vec::new();
        for (at, item) in row.into_iter().take(left).enumerate() {
            let condition = Condition::compile(item);
            if let Some(message) = condition.problem.clone() {
                problems.push(ConditionProblem { group, condition: at, message });
            }
            compiled.push(condition);
        }
        left -= compiled.len();
        if !compiled.is_empty() {
            groups.push(compiled);
        }
    }
    (groups, problems)
}

impl Condition {
    fn compile(item: Value) -> Self {
        let operator = item.field("o").as_text().unwrap_or_default().to_owned();
        let has_right = item.get("b").is_some() && !comparison(&operator).is_some_and(|known| known.is_unary);
        let side = |name: &str| {
            let text = item.field(name).as_text().filter(|text| text.contains("{{"))?;
            let error = rouage_expr::Template::parse(text).err()?;
            let side = if name == "a" { "left" } else { "right" };
            let hint = error.suggestion.as_deref().map(|hint| format!(" {}", sentence(hint))).unwrap_or_default();
            Some(format!(
                "The {side} side cannot be read at character {}: {}{hint}",
                error.at + 1,
                sentence(&error.message)
            ))
        };
        let unknown = || {
            let text = format!("There is no operator “{}”, so this never matches.", cut(&operator, 60));
            comparison(&operator).is_none().then(|| match rouage_expr::meant_comparison(&operator) {
                Some(meant) => format!("{text} Probably “{}” is meant.", meant.label),
                None => text,
            })
        };
        let problem = side("a").or_else(|| side("b")).or_else(unknown);
        let (filter, _) = Filter::compile(&vec![Value::from(vec![item])].into());
        Self { filter, operator, has_right, problem }
    }

    fn run(&self, sight: &Sight<'_>, now: Timestamp, ground: &Ground) -> (ConditionTest, Fact) {
        let explained = sight.evaluate(now, |context| self.filter.explain(context));
        let zone = &ground.timezone;
        let result = match explained {
            Ok(explanation) => explanation.groups.into_iter().flatten().next(),
            Err(error) => {
                let note = self
                    .problem
                    .clone()
                    .unwrap_or_else(|| format!("This fails when it runs: {}", sentence(&error.message)));
                return self.failed(note);
            }
        };
        let Some(result) = result else { return self.failed(String::new()) };
        let right = result.right.clone().filter(|_| self.has_right);
        let note = match (&self.problem, &result.note, comparison(&self.operator)) {
            (Some(problem), ..) => problem.clone(),
            (None, Some(note), _) => sentence(note),
            (None, None, Some(known)) => why(known, &result.left, right.as_ref(), result.passed, ground),
            (None, None, None) => String::new(),
        };
        let test = ConditionTest {
            passed: result.passed,
            left: shown(&result.left, zone, MOST_SHOWN),
            left_kind: if result.left.is_nothing() { "empty" } else { result.left.type_name() },
            operator: self.operator.clone(),
            right: right.as_ref().map(|right| shown(right, zone, MOST_SHOWN)),
            note,
        };
        let left = Some(result.left).filter(is_small);
        (test, Fact { left, right: right.filter(is_small), passed: result.passed })
    }

    fn failed(&self, note: String) -> (ConditionTest, Fact) {
        let test =
            ConditionTest { operator: self.operator.clone(), left_kind: "unknown", note, ..ConditionTest::default() };
        (test, Fact { left: None, right: None, passed: false })
    }
}

/// A text that an expression made is held once for each bundle and condition.
fn is_small(value: &Value) -> bool {
    value.as_text().is_none_or(|text| text.len() <= LONGEST_FACT)
}

/// The outcome as a sentence: `5 is not greater than 10, as numbers.`
fn why(known: &Comparison, left: &Value, right: Option<&Value>, passed: bool, ground: &Ground) -> String {
    let zone = &ground.timezone;
    if known.group == Group::Basic {
        return match passed == (known.name == "exist") {
            true => format!("There is {}.", quoted(left, zone)),
            false if left.as_text() == Some("") => "There is an empty text, which counts as no value.".to_owned(),
            false => "There is no value.".to_owned(),
        };
    }
    let verb = if passed { known.holds } else { known.fails };
    let right = right.map_or_else(|| "nothing".to_owned(), |right| quoted(right, zone));
    let reading = if known.name.ends_with(":ci") { "capitals ignored" } else { known.group.reading() };
    let reading = if reading.is_empty() { String::new() } else { format!(", {reading}") };
    let inside = match (left, known.group) {
        (Value::Collection(_), Group::Text | Group::Number | Group::Date | Group::Boolean) => {
            " It is a collection: open it in the list of values and map one of its fields."
        }
        _ => "",
    };
    format!("{}{inside}", sentence(&format!("{} {verb} {right}{reading}", as_read(left, known.group, zone))))
}

/// A value as it stands in a sentence; a number written as `50.000` with what it
/// counts for.
fn as_read(value: &Value, group: Group, zone: &jiff::tz::TimeZone) -> String {
    let text = quoted(value, zone);
    let number = value.as_text().filter(|_| group == Group::Number).and_then(|_| rouage_expr::to_number(value));
    match number.map(|number| quoted(&Value::Number(number), zone)) {
        Some(number) if text != format!("“{number}”") => format!("{text} ({number})"),
        _ => text,
    }
}
