//! The history as a list: newest first, by a key and never by an offset, and
//! searched without an index in steps that end after a while.
//!
//! A step looks at the next so many runs. What they look like decides how many
//! fit, so a search gives back how far it came ([`Found::reached`]) and can go
//! on from there.

use std::time::Duration;

use jiff::Timestamp;
use rouage_model::execution::{Origin, Status};
use rouage_model::{ExecutionId, ScenarioId, TeamId};
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr};
use sea_orm::{ColumnTrait, Condition, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use tokio::time::Instant;
use uuid::Uuid;

use super::{Execution, load, of_team};
use crate::entities::{executions, journal};
use crate::text::{instant, like_as_is, micros};
use crate::{Error, Store};

/// How long a search may look before it says how far it came.
const PATIENCE: Duration = Duration::from_secs(2);
/// Runs that one step looks at by their rows alone.
const ROWS: u64 = 50_000;
/// Runs whose journals one step reads.
const JOURNALS: u64 = 1_000;
/// Digits of an id that are enough to look for it.
const ID_DIGITS: usize = 6;

/// Which executions are wanted; `None` means all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Those of one scenario.
    pub scenario: Option<ScenarioId>,
    /// Those that stand so.
    pub status: Option<Status>,
    /// Those that were started so.
    pub origin: Option<Origin>,
    /// Those with a text in them.
    pub text: Option<Search>,
    /// Accepted at or after.
    pub from: Option<Timestamp>,
    /// Accepted before.
    pub to: Option<Timestamp>,
    /// Leaves out polls that found nothing.
    pub no_checks: bool,
}

/// A text to look for, whatever its case: in ids, names, errors and what the
/// trigger and the modules gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search(pub String);

/// A place in the list; what comes after it is older.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// When the execution was accepted.
    pub created_at: Timestamp,
    /// Its id.
    pub id: ExecutionId,
}

/// A part of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The executions.
    pub items: Vec<Execution>,
    /// Where the next part begins; `None`: there is no more.
    pub next: Option<Key>,
    /// Down to here everything was looked at, when the time was up before
    /// enough was found.
    pub reached: Option<Timestamp>,
}

/// Executions, newest first, from after a place on.
pub async fn list(
    store: &Store,
    team: TeamId,
    filter: &Filter,
    after: Option<Key>,
    limit: u32,
) -> Result<Found, Error> {
    let wanted = usize::try_from(limit.clamp(1, 500)).unwrap_or(500);
    let looking = Looking { store, team, filter, pattern: filter.text.as_ref().map(|text| patterns(&text.0)) };
    let until = Instant::now() + PATIENCE;
    let (mut items, mut place) = (Vec::new(), after);
    loop {
        let missing = wanted + 1 - items.len();
        let step = looking.step(place, missing).await?;
        items.extend(step.items);
        if items.len() > wanted {
            items.truncate(wanted);
            let next = items.last().map(key);
            return Ok(Found { items, next, reached: None });
        }
        place = step.rest;
        if place.is_none() || Instant::now() >= until {
            return Ok(Found { items, next: place, reached: place.map(|key| key.created_at) });
        }
    }
}

fn key(execution: &Execution) -> Key {
    Key { created_at: execution.created_at, id: execution.id }
}

struct Looking<'a> {
    store: &'a Store,
    team: TeamId,
    filter: &'a Filter,
    pattern: Option<Patterns>,
}

/// What a step found, and where the next begins.
struct Step {
    items: Vec<Execution>,
    rest: Option<Key>,
}

impl Looking<'_> {
    async fn step(&self, after: Option<Key>, wanted: usize) -> Result<Step, Error> {
        let end = match self.is_selective() {
            true => self.end_of_step(after).await?,
            false => None,
        };
        let mut find = self.range(after).filter(self.condition());
        if let Some(end) = end {
            find = find.filter(pair().gte(place(end)));
        }
        if let Some(text) = &self.filter.text {
            let have_text = self.have_text(&text.0, find.clone()).await?;
            find = find.filter(have_text);
        }
        let find = find
            .order_by_desc(executions::Column::CreatedAt)
            .order_by_desc(executions::Column::Id)
            .limit(u64::try_from(wanted).unwrap_or(u64::MAX));
        let items = load(self.store, find).await?;
        // When it is full, the caller stops there.
        Ok(Step { rest: end.filter(|_| items.len() < wanted), items })
    }

    /// Whether most runs may be left out, so that a look must be bounded.
    fn is_selective(&self) -> bool {
        let filter = self.filter;
        let is_indexed = matches!(filter.status, Some(Status::Error | Status::Warning | Status::Stopped));
        let is_id = filter.text.as_ref().and_then(|text| ids(&text.0)).is_some_and(|(first, last)| first == last);
        if is_id {
            return false;
        }
        self.pattern.is_some() || filter.origin.is_some() || filter.no_checks || filter.status.is_some() && !is_indexed
    }

    /// The last run that this step looks at; `None` when it comes to the end.
    async fn end_of_step(&self, after: Option<Key>) -> Result<Option<Key>, Error> {
        let runs = if self.pattern.is_some() { JOURNALS } else { ROWS };
        let found: Option<(i64, Uuid)> = self
            .range(after)
            .order_by_desc(executions::Column::CreatedAt)
            .order_by_desc(executions::Column::Id)
            .offset(runs - 1)
            .limit(1)
            .select_only()
            .columns([executions::Column::CreatedAt, executions::Column::Id])
            .into_tuple()
            .one(self.store.reader())
            .await?;
        Ok(found.map(|(at, id)| Key { created_at: instant(at), id: ExecutionId(id) }))
    }

    /// Those of the right owner and time.
    fn range(&self, after: Option<Key>) -> Select<executions::Entity> {
        use executions::Column::{CreatedAt, ScenarioId as Scenario};
        let filter = self.filter;
        let all = Condition::all()
            .add_option(filter.scenario.map(|scenario| Scenario.eq(scenario.0)))
            .add_option(filter.from.map(|from| CreatedAt.gte(micros(from))))
            .add_option(filter.to.map(|to| CreatedAt.lt(micros(to))))
            // The first alone is what an index is good for.
            .add_option(after.map(|after| CreatedAt.lte(micros(after.created_at))))
            .add_option(after.map(|after| pair().lt(place(after))));
        of_team(self.team).filter(all)
    }

    fn condition(&self) -> Condition {
        use executions::Column::{IsCheck, Origin as From};
        let filter = self.filter;
        Condition::all()
            .add_option(filter.status.map(stands))
            .add_option(filter.origin.map(|origin| From.eq(origin.as_str())))
            .add_option(filter.no_checks.then(|| IsCheck.eq(false)))
    }

    /// Those of a step that have the text. They are named one by one: asked in
    /// one go, PostgreSQL would read the whole journal.
    async fn have_text(&self, text: &str, step: Select<executions::Entity>) -> Result<Expr, Error> {
        use executions::Column::{Error as Reason, Id, Name};
        if let Some((first, last)) = ids(text).filter(|(first, last)| first == last) {
            return Ok(Id.between(first, last));
        }
        let backend = self.store.shared.pools.backend;
        let looked_at: Vec<Uuid> = step.clone().select_only().column(Id).into_tuple().all(self.store.reader()).await?;
        let mut any = Condition::any().add_option(ids(text).map(|(first, last)| Id.between(first, last)));
        for pattern in self.pattern.iter().flat_map(|patterns| &patterns.plain) {
            any = any.add(has(backend, Expr::col((executions::Entity, Name)), pattern));
            any = any.add(has(backend, Expr::col((executions::Entity, Reason)), pattern));
        }
        let found = step.filter(any).select_only().column(Id).into_tuple();
        let mut found: Vec<Uuid> = found.all(self.store.reader()).await?;
        found.extend(self.journals_with_text(backend, looked_at).await?);
        Ok(Id.is_in(found))
    }

    /// The runs among these that have the text in an event.
    async fn journals_with_text(&self, backend: DbBackend, of: Vec<Uuid>) -> Result<Vec<Uuid>, Error> {
        let data = match backend {
            DbBackend::Postgres => Expr::cust("convert_from(journal.data, 'UTF8')"),
            _ => Expr::cust("CAST(journal.data AS TEXT)"),
        };
        let mut any = Condition::any();
        for pattern in self.pattern.iter().flat_map(|patterns| &patterns.json) {
            any = any.add(has(backend, data.clone(), pattern));
        }
        let own = journal::Column::ExecutionId.is_in(of);
        let find = journal::Entity::find().select_only().column(journal::Column::ExecutionId).distinct();
        Ok(find.filter(own).filter(any).into_tuple().all(self.store.reader()).await?)
    }
}

/// Of rare ones it is said as the partial index has it, so that it serves them.
fn stands(status: Status) -> Expr {
    let is_so = executions::Column::Status.eq(status.as_str());
    match status {
        Status::Error | Status::Warning | Status::Stopped => {
            is_so.and(Expr::cust("executions.status IN ('error', 'warning', 'stopped')"))
        }
        _ => is_so,
    }
}

fn pair() -> Expr {
    let column = |column| Expr::col((executions::Entity, column));
    Expr::tuple([column(executions::Column::CreatedAt), column(executions::Column::Id)])
}

fn place(key: Key) -> Expr {
    Expr::tuple([Expr::value(micros(key.created_at)), Expr::value(key.id.0)])
}

/// SQLite's LIKE knows the case of ASCII only, hence [`patterns`].
fn has(backend: DbBackend, text: Expr, pattern: &str) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::cust_with_exprs("$1 ILIKE $2", [text, Expr::value(pattern)]),
        _ => text.like(LikeExpr::new(pattern).escape('\\')),
    }
}

/// Patterns of a text.
struct Patterns {
    /// For columns that are text.
    plain: Vec<String>,
    /// For those that are JSON.
    json: Vec<String>,
}

/// The text as it may be written: as it is, and when letters beyond ASCII are
/// in it, small, with a large first letter, and large.
fn patterns(text: &str) -> Patterns {
    let text = text.trim();
    let mut texts = std::collections::BTreeSet::from([text.to_owned()]);
    if !text.is_ascii() {
        let small = text.to_lowercase();
        let mut letters = small.chars();
        let first = letters.next().map(char::to_uppercase).into_iter().flatten();
        texts.extend([first.chain(letters).collect(), text.to_uppercase(), small.clone()]);
    }
    Patterns {
        plain: texts.iter().map(|text| like_as_is(text)).collect(),
        json: texts.iter().map(|text| like_as_is(&in_json(text))).collect(),
    }
}

/// A text as it stands between the quotes of JSON.
fn in_json(text: &str) -> String {
    let json = rouage_model::json::to_string(&text.into());
    json.get(1..json.len() - 1).unwrap_or_default().to_owned()
}

/// The ids that begin so; `None` when the text is no part of an id.
fn ids(text: &str) -> Option<(Uuid, Uuid)> {
    let digits: String = text.trim().chars().filter(|c| *c != '-').collect();
    if !(ID_DIGITS..=32).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let fill = |with: &str| Uuid::parse_str(&format!("{digits}{}", with.repeat(32 - digits.len()))).ok();
    Some((fill("0")?, fill("f")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_of_an_id_is_a_range() {
        let (first, last) = ids("0192f0-C1").unwrap();
        assert_eq!(first.simple().to_string(), "0192f0c1000000000000000000000000");
        assert_eq!(last.simple().to_string(), "0192f0c1ffffffffffffffffffffffff");
        assert_eq!(ids("0192f"), None);
        assert_eq!(ids("an order"), None);
    }

    #[test]
    fn texts_are_looked_for_as_json_has_them() {
        let found = patterns(" say \"100%\" ");
        assert_eq!(found.plain, ["%say \"100\\%\"%"]);
        assert_eq!(found.json, ["%say \\\\\"100\\%\\\\\"%"]);
        assert_eq!(patterns("é").plain, ["%É%", "%é%"]);
    }
}
