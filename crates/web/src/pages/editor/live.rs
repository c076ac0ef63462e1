//! What the editor hears while it is open: other people, their changes, runs,
//! requests that arrive. Each event says only that something is to be looked
//! at; losing one loses nothing that the next look does not show.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::Path;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use rouage_model::{Collection, ExecutionId, HookId, ScenarioId, UserId, Value, json};
use rouage_store::{Change, drafts, scenarios, sessions};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::answer::{Answer, Refusal};
use super::presence::{Member, Stay};
use crate::render::Page;
use crate::routes::Permission;
use crate::{App, Route, words};

/// Changes closer together than this are told together.
const PAUSE: Duration = Duration::from_millis(120);
/// Sessions are looked at again this often.
const RECHECK: Duration = Duration::from_secs(15);
/// After so long without anybody a draft waits for no request any more.
const ABSENCE: Duration = Duration::from_secs(10);
/// Characters of a tab's name.
const LONGEST_TAB: usize = 64;

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/scenarios/{id}/edit/live", Permission::SignedIn, live)]
}

/// `GET /scenarios/{id}/edit/live?tab=…`.
async fn live(page: Page, Path(id): Path<ScenarioId>) -> Answer {
    scenarios::find(page.app.store(), page.app.team(), id).await?.ok_or_else(Refusal::missing)?;
    let principal = page.principal.ok_or_else(Refusal::missing)?;
    let tab = words::cut(page.query.text("tab"), LONGEST_TAB);
    let member = Member { user: principal.user.id, name: principal.user.name, tab };
    // Listening begins before the first look, so that nothing falls between.
    let (changes, people) = (page.app.store().changes(), page.app.presence().news());
    let ear = Ear {
        user: member.user,
        tab: member.tab.clone(),
        _stay: Attending { app: page.app.clone(), id, stay: Some(page.app.presence().join(id, member)) },
        app: page.app,
        id,
        token: principal.token,
        changes,
        people,
        waiting: VecDeque::new(),
        check_at: Instant::now() + RECHECK,
        is_first: true,
    };
    Ok(Sse::new(events(ear)).keep_alive(KeepAlive::new().interval(RECHECK)).into_response())
}

/// One open stream.
struct Ear {
    app: App,
    id: ScenarioId,
    user: UserId,
    tab: String,
    token: String,
    changes: Receiver<Change>,
    people: Receiver<ScenarioId>,
    waiting: VecDeque<Event>,
    check_at: Instant,
    is_first: bool,
    _stay: Attending,
}

/// A stay at whose end nobody may be left to look at what a draft waits for.
struct Attending {
    app: App,
    id: ScenarioId,
    stay: Option<Stay>,
}

impl Drop for Attending {
    fn drop(&mut self) {
        self.stay = None;
        let (app, id) = (self.app.clone(), self.id);
        // A page that is loaded again, or a line that breaks, is back soon.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                tokio::time::sleep(ABSENCE).await;
                if app.presence().members(id).is_empty() {
                    app.control().stop_trying(id);
                }
            });
        }
    }
}

/// What happened within one pause.
#[derive(Default)]
struct News {
    draft: bool,
    people: bool,
    scenario: bool,
    runs: BTreeSet<ExecutionId>,
    hooks: BTreeSet<HookId>,
}

impl News {
    /// Something was missed, so that it may have been anything.
    fn everything() -> Self {
        Self { draft: true, people: true, scenario: true, ..Self::default() }
    }

    fn is_empty(&self) -> bool {
        !(self.draft || self.people || self.scenario) && self.runs.is_empty() && self.hooks.is_empty()
    }

    fn note(&mut self, change: &Change, id: ScenarioId) {
        match change {
            Change::Draft(changed) if *changed == id => self.draft = true,
            Change::Scenario(changed) if *changed == id => self.scenario = true,
            Change::Execution(execution, scenario) if *scenario == id => drop(self.runs.insert(*execution)),
            // A draft may listen to a hook that is not attached yet.
            Change::Hook(hook) => drop(self.hooks.insert(*hook)),
            Change::Missed => {
                (self.draft, self.scenario) = (true, true);
            }
            _ => {}
        }
    }
}

/// Ends when the session does.
fn events(ear: Ear) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(ear, |mut ear| async move {
        while ear.waiting.is_empty() {
            if ear.check_at <= Instant::now() {
                if !matches!(sessions::find(ear.app.store(), &ear.token).await, Ok(Some(_))) {
                    return None;
                }
                ear.check_at = Instant::now() + RECHECK;
            }
            let news = if std::mem::take(&mut ear.is_first) { News::everything() } else { next(&mut ear).await? };
            if !news.is_empty() {
                ear.waiting = told(&ear, news).await;
            }
        }
        ear.waiting.pop_front().map(|event| (Ok(event), ear))
    })
}

/// What happens next, with what happens right after it; nothing when the store
/// is closed. Empty when it is time to look at the session.
async fn next(ear: &mut Ear) -> Option<News> {
    let mut news = News::default();
    tokio::select! {
        change = ear.changes.recv() => match change {
            Ok(change) => news.note(&change, ear.id),
            Err(RecvError::Lagged(_)) => return Some(News::everything()),
            Err(RecvError::Closed) => return None,
        },
        scenario = ear.people.recv() => news.people = scenario.map_or(true, |scenario| scenario == ear.id),
        () = tokio::time::sleep_until(ear.check_at) => {}
    }
    if news.is_empty() {
        return Some(news);
    }
    tokio::time::sleep(PAUSE).await;
    while let Ok(change) = ear.changes.try_recv() {
        news.note(&change, ear.id);
    }
    while let Ok(scenario) = ear.people.try_recv() {
        news.people |= scenario == ear.id;
    }
    Some(news)
}

async fn told(ear: &Ear, news: News) -> VecDeque<Event> {
    let mut events = VecDeque::new();
    if news.people {
        events.push_back(event("people", people(ear)));
    }
    if news.draft
        && let Ok(Some(draft)) = drafts::find(ear.app.store(), ear.app.team(), ear.id).await
    {
        let keeper = ear.app.presence().keeper(ear.id, draft.revision);
        let revision = i64::try_from(draft.revision).unwrap_or(i64::MAX);
        let about = [("revision", Value::from(revision)), ("by", draft.updated_by.into()), ("tab", keeper.into())];
        events.push_back(event("draft", Collection::from_iter(about)));
    }
    if news.scenario {
        events.push_back(event("scenario", Collection::new()));
    }
    let hook = |hook: HookId| event("hook", Collection::from_iter([("id", hook.0)]));
    events.extend(news.hooks.into_iter().map(hook));
    let run = |run: ExecutionId| event("run", Collection::from_iter([("execution", run.to_string())]));
    events.extend(news.runs.into_iter().map(run));
    events
}

/// The other tabs: those of other people, and your own others.
fn people(ear: &Ear) -> Value {
    let others = ear.app.presence().members(ear.id).into_iter().filter(|member| member.tab != ear.tab);
    let other = |member: Member| {
        let about = [("name", Value::from(member.name)), ("isYou", (member.user == ear.user).into())];
        Value::from(Collection::from_iter(about))
    };
    others.map(other).collect::<Vec<_>>().into()
}

fn event(name: &str, data: impl Into<Value>) -> Event {
    Event::default().event(name).data(json::to_string(&data.into()))
}
