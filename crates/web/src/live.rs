//! The live stream of a browser: `GET /live` tells when something is to be
//! looked at. A browser has six connections for a server over plain http, so
//! all its tabs share one stream that serves any number of topics.
//!
//! Each event says only that something changed; losing one loses nothing that
//! the next look does not show. Pages fetch themselves and swap their live
//! parts, so that markup has one owner.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use rouage_model::{Collection, ExecutionId, HookId, ScenarioId, Value, json};
use rouage_store::{Change, executions, hooks, scenarios, sessions};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::pages::editor::live::Open;
use crate::render::{Page, Reply};
use crate::{App, PageError};

/// Changes closer together than this are told together.
const PAUSE: Duration = Duration::from_millis(120);
/// Sessions are looked at again this often.
const RECHECK: Duration = Duration::from_secs(15);
/// Who polls instead of listening is believed to be there for so long.
const LINGER: Duration = Duration::from_secs(60);
/// Topics of one browser; what is above is not told.
const MOST_TOPICS: usize = 200;

/// `GET /live?fresh=…&known=…`: topics with commas between them. What is known
/// was listened to until now, so that nothing of it was missed. With `once` the
/// answer is what a fresh listener hears first, for browsers that poll.
pub async fn live(page: Page) -> Reply {
    let principal = page.principal.clone().ok_or(PageError::NotFound)?;
    // Listening begins before the first look, so that nothing falls between.
    let (changes, people) = (page.app.store().changes(), page.app.presence().news());
    let is_once = page.query.is_on("once");
    let mut listeners = Vec::new();
    let fresh = page.query.text("fresh").split(',').map(|name| (name, true));
    let known = page.query.text("known").split(',').map(|name| (name, false));
    for (name, is_fresh) in fresh.chain(known).filter(|(name, _)| !name.is_empty()).take(MOST_TOPICS) {
        if let Some(topic) = topic(&page, name).await? {
            let mut listener = Listener { name: name.to_owned(), topic, has_changed: false };
            if is_fresh {
                listener.begin(is_once);
            }
            listeners.push(listener);
        }
    }
    let mut ear = Ear {
        app: page.app,
        token: principal.token,
        listeners,
        changes,
        people,
        waiting: VecDeque::new(),
        check_at: Instant::now() + RECHECK,
    };
    if is_once {
        return Ok(once(ear).await);
    }
    tell(&mut ear).await;
    Ok(Sse::new(events(ear)).keep_alive(KeepAlive::new().interval(RECHECK)).into_response())
}

/// What a page listens to.
enum Topic {
    /// `execution:…`, of its page.
    Execution(ExecutionId),
    /// `scenario:…`, of its pages.
    Scenario(ScenarioId),
    /// `webhook:…`, of its page; the scenario that it starts.
    Webhook(HookId, Option<ScenarioId>),
    /// `editor:…:tab`, of a tab with the editor open.
    Editor(Open),
}

/// The topic, if there is such a thing in this team.
async fn topic(page: &Page, name: &str) -> Result<Option<Topic>, PageError> {
    let (store, team) = (page.app.store(), page.app.team());
    let Some((kind, rest)) = name.split_once(':') else { return Ok(None) };
    Ok(match kind {
        "execution" => {
            let Ok(id) = rest.parse() else { return Ok(None) };
            executions::find(store, team, id).await?.map(|_| Topic::Execution(id))
        }
        "webhook" => {
            let Ok(id) = rest.parse().map(HookId) else { return Ok(None) };
            hooks::find(store, team, id).await?.map(|hook| Topic::Webhook(id, hook.scenario))
        }
        "scenario" => {
            let Ok(id) = rest.parse().map(ScenarioId) else { return Ok(None) };
            scenarios::find(store, team, id).await?.map(|_| Topic::Scenario(id))
        }
        "editor" => {
            let (id, tab) = rest.split_once(':').unwrap_or((rest, ""));
            let (Ok(id), Some(principal)) = (id.parse().map(ScenarioId), &page.principal) else { return Ok(None) };
            let is_there = scenarios::find(store, team, id).await?.is_some();
            is_there.then(|| Topic::Editor(Open::new(&page.app, id, &principal.user, tab)))
        }
        _ => None,
    })
}

/// A topic under the name that the browser knows it by, and what happened to
/// it since it was told of last.
struct Listener {
    name: String,
    topic: Topic,
    /// For a page; the editor is told what changed.
    has_changed: bool,
}

impl Listener {
    /// A page looks at itself when it begins to listen; the editor is told.
    fn begin(&mut self, is_once: bool) {
        if is_once || matches!(self.topic, Topic::Editor(..)) {
            self.everything();
        }
    }

    /// Something was missed, so that it may have been anything.
    fn everything(&mut self) {
        match &mut self.topic {
            Topic::Editor(open) => open.everything(),
            _ => self.has_changed = true,
        }
    }

    fn note(&mut self, change: &Change) {
        if *change == Change::Missed {
            return self.everything();
        }
        self.has_changed |= match (&mut self.topic, change) {
            (Topic::Editor(open), change) => {
                open.note(change);
                false
            }
            (Topic::Execution(id), Change::Execution(moved, _)) => moved == id,
            (Topic::Scenario(id), Change::Execution(_, scenario) | Change::Scenario(scenario)) => scenario == id,
            (Topic::Webhook(id, _), Change::Hook(hook)) => hook == id,
            (Topic::Webhook(_, starts), Change::Execution(_, scenario)) => *starts == Some(*scenario),
            _ => false,
        };
    }

    fn note_people(&mut self, scenario: ScenarioId) {
        if let Topic::Editor(open) = &mut self.topic {
            open.note_people(scenario);
        }
    }

    /// What is to be told, which counts as told from now on.
    async fn told(&mut self, app: &App) -> Vec<Value> {
        let events = match &mut self.topic {
            Topic::Editor(open) => open.told(app).await,
            _ if std::mem::take(&mut self.has_changed) => vec![("changed", Value::Null)],
            _ => Vec::new(),
        };
        let event = |(name, data): (&str, Value)| {
            let about = [("topic", Value::from(self.name.as_str())), ("event", name.into()), ("data", data)];
            Collection::from_iter(about).into()
        };
        events.into_iter().map(event).collect()
    }
}

/// One open stream.
struct Ear {
    app: App,
    token: String,
    listeners: Vec<Listener>,
    changes: Receiver<Change>,
    people: Receiver<ScenarioId>,
    waiting: VecDeque<Event>,
    check_at: Instant,
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
            next(&mut ear).await?;
            tell(&mut ear).await;
        }
        ear.waiting.pop_front().map(|event| (Ok(event), ear))
    })
}

/// Waits for what happens next and for what happens right after it; nothing
/// when the store is closed. Ends as well when the session is to be looked at.
async fn next(ear: &mut Ear) -> Option<()> {
    tokio::select! {
        change = ear.changes.recv() => match change {
            Ok(change) => ear.listeners.iter_mut().for_each(|listener| listener.note(&change)),
            Err(RecvError::Lagged(_)) => ear.listeners.iter_mut().for_each(Listener::everything),
            Err(RecvError::Closed) => return None,
        },
        scenario = ear.people.recv() => match scenario {
            Ok(scenario) => ear.listeners.iter_mut().for_each(|listener| listener.note_people(scenario)),
            Err(_) => ear.listeners.iter_mut().for_each(Listener::everything),
        },
        () = tokio::time::sleep_until(ear.check_at) => return Some(()),
    }
    tokio::time::sleep(PAUSE).await;
    while let Ok(change) = ear.changes.try_recv() {
        ear.listeners.iter_mut().for_each(|listener| listener.note(&change));
    }
    while let Ok(scenario) = ear.people.try_recv() {
        ear.listeners.iter_mut().for_each(|listener| listener.note_people(scenario));
    }
    Some(())
}

async fn tell(ear: &mut Ear) {
    for listener in &mut ear.listeners {
        let told = listener.told(&ear.app).await;
        ear.waiting.extend(told.iter().map(|data| Event::default().event("news").data(json::to_string(data))));
    }
}

/// What there is to be told, as a list; the tabs stay for a while.
async fn once(mut ear: Ear) -> axum::response::Response {
    let mut told = Vec::new();
    for listener in &mut ear.listeners {
        told.extend(listener.told(&ear.app).await);
    }
    tokio::spawn(async move {
        let _stays = ear.listeners;
        tokio::time::sleep(LINGER).await;
    });
    ([(header::CONTENT_TYPE, "application/json")], json::to_string(&told.into())).into_response()
}
