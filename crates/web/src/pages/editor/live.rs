//! What an open editor hears through the browser's live stream: other people,
//! their changes, runs, requests that arrive.

use std::collections::BTreeSet;
use std::time::Duration;

use rouage_model::{Collection, ExecutionId, HookId, ScenarioId, UserId, Value};
use rouage_store::users::User;
use rouage_store::{Change, drafts, scenarios};

use super::presence::{Member, Stay};
use crate::{App, words};

/// After so long without anybody a draft waits for no request any more.
const ABSENCE: Duration = Duration::from_secs(10);
/// Characters of a tab's name.
const LONGEST_TAB: usize = 64;

/// A tab with the editor open, and what happened since it was told last.
pub struct Open {
    id: ScenarioId,
    user: UserId,
    tab: String,
    news: News,
    /// How many failures were told of last.
    failures: u64,
    _attending: Attending,
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

impl Open {
    /// A tab by the name that it gave itself. The others hear that it is there
    /// until this is dropped.
    pub fn new(app: &App, id: ScenarioId, user: &User, tab: &str) -> Self {
        let tab = words::cut(tab, LONGEST_TAB);
        let member = Member { user: user.id, name: user.name.clone(), tab: tab.clone() };
        let attending = Attending { app: app.clone(), id, stay: Some(app.presence().join(id, member)) };
        Self { id, user: user.id, tab, news: News::default(), failures: 0, _attending: attending }
    }

    /// Something was missed, so that it may have been anything.
    pub fn everything(&mut self) {
        (self.news.draft, self.news.people, self.news.scenario) = (true, true, true);
    }

    /// Remembers what concerns this scenario.
    pub fn note(&mut self, change: &Change) {
        match change {
            Change::Draft(changed) if *changed == self.id => self.news.draft = true,
            Change::Scenario(changed) if *changed == self.id => self.news.scenario = true,
            Change::Execution(execution, scenario) if *scenario == self.id => {
                self.news.runs.insert(*execution);
            }
            // A draft may listen to a hook that is not attached yet.
            Change::Hook(hook) => {
                self.news.hooks.insert(*hook);
            }
            _ => {}
        }
    }

    /// Somebody came to a scenario or left it.
    pub fn note_people(&mut self, scenario: ScenarioId) {
        self.news.people |= scenario == self.id;
    }

    /// The events of what happened, which counts as told from now on.
    pub async fn told(&mut self, app: &App) -> Vec<(&'static str, Value)> {
        let news = std::mem::take(&mut self.news);
        let mut events = Vec::new();
        if news.people {
            events.push(("people", self.people(app)));
        }
        if news.draft
            && let Ok(Some(draft)) = drafts::find(app.store(), app.team(), self.id).await
        {
            let keeper = app.presence().keeper(self.id, draft.revision);
            let revision = i64::try_from(draft.revision).unwrap_or(i64::MAX);
            let about = [("revision", Value::from(revision)), ("by", draft.updated_by.into()), ("tab", keeper.into())];
            events.push(("draft", Collection::from_iter(about).into()));
        }
        if news.scenario {
            events.push(("scenario", Collection::new().into()));
        }
        if news.scenario || !news.runs.is_empty() {
            events.extend(self.failures(app).await);
        }
        let hook = |hook: HookId| ("hook", Collection::from_iter([("id", hook.0)]).into());
        events.extend(news.hooks.into_iter().map(hook));
        let run = |run: ExecutionId| ("run", Collection::from_iter([("execution", run.to_string())]).into());
        events.extend(news.runs.into_iter().map(run));
        events
    }

    /// The live runs that failed since somebody looked, when they are others.
    async fn failures(&mut self, app: &App) -> Option<(&'static str, Value)> {
        let failures = scenarios::unseen_failures(app.store(), app.team(), self.id).await.ok()?;
        if std::mem::replace(&mut self.failures, failures) == failures {
            return None;
        }
        let count = i64::try_from(failures).unwrap_or(i64::MAX);
        Some(("failures", Collection::from_iter([("count", count)]).into()))
    }

    /// The other tabs: those of other people, and your own others.
    fn people(&self, app: &App) -> Value {
        let others = app.presence().members(self.id).into_iter().filter(|member| member.tab != self.tab);
        let other = |member: Member| {
            let about = [("name", Value::from(member.name)), ("isYou", (member.user == self.user).into())];
            Value::from(Collection::from_iter(about))
        };
        others.map(other).collect::<Vec<_>>().into()
    }
}
