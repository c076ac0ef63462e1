//! The draft of a scenario: opened, kept, thrown away, published.
//!
//! What a browser sends back is put into the words of what it was given
//! (`model::reconcile`), so that whatever nobody touched stays as it was
//! imported. The live scenario is touched by publishing only.

use rouage_model::{
    Blueprint, Collection, HookId, ModuleId, ScenarioId, TeamId, UserId, Value, Version, links_of, reconcile_with,
};
use rouage_sdk::registry::Found;
use rouage_sdk::{FieldKind, Registry};
use rouage_store::drafts::{self, Draft};
use rouage_store::scenarios::{self, Scenario, ScenarioVersion};
use rouage_store::{Error, WriteTx, hooks, positions};

use crate::check::{HOOK_GONE, Report};
use crate::control::{Control, ControlError};
use crate::{links, schedule};

/// A draft as an editor sends it.
#[derive(Debug, Clone)]
pub struct Edited {
    /// The revision that was edited.
    pub revision: u64,
    /// The blueprint, without what it was wrapped in.
    pub root: Value,
    /// What stands beside it, a collection.
    pub links: Value,
    /// Who edited it.
    pub by: Option<UserId>,
}

/// What became of an edited draft.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The new revision.
    pub revision: u64,
    /// Whether it differs from the live version.
    pub is_changed: bool,
    /// How its modules fare.
    pub report: Report,
}

impl Control {
    /// What a person who opens the editor sees.
    pub async fn draft(&self, team: TeamId, id: ScenarioId) -> Result<Draft, ControlError> {
        drafts::find(&self.core.store, team, id).await?.ok_or(ControlError::NotFound("scenario"))
    }

    /// The report on a draft, with what its webhook has learned.
    pub async fn check_draft(&self, team: TeamId, draft: &Draft) -> Result<Report, ControlError> {
        self.check_in_team(team, &draft.blueprint, &draft.links).await
    }

    /// Keeps an edited draft. [`rouage_store::Error::Conflict`] when somebody
    /// else kept another one since: [`Control::draft`] says who and when.
    pub async fn save_draft(&self, team: TeamId, id: ScenarioId, edited: Edited) -> Result<Kept, ControlError> {
        let draft = self.draft(team, id).await?;
        let (blueprint, links) = self.in_its_words(&draft, &edited).await?;
        match self.keep(team, &draft, edited.revision, (&blueprint, &links), edited.by).await {
            Err(ControlError::Store(rouage_store::Error::Conflict(text))) => {
                let kept = self.kept_already(team, id, &edited).await?;
                kept.ok_or(ControlError::Store(rouage_store::Error::Conflict(text)))
            }
            kept => kept,
        }
    }

    /// What an editor sent, with all that it did not touch as it was.
    async fn in_its_words(&self, draft: &Draft, edited: &Edited) -> Result<(Blueprint, Value), ControlError> {
        let live = self.version(draft.scenario, draft.base_version).await?;
        let sent = links_of(&edited.root, &sent_links(&edited.links));
        let root = reconcile_with(draft.blueprint.root(), live.blueprint.root(), edited.root.clone());
        let links = reconcile_with(&draft.links, &live.links, sent);
        Ok((in_its_wrapper(&draft.blueprint, root)?, links))
    }

    /// The draft as it stands when it says what was sent: an answer was lost on
    /// its way, and the browser sent the same once more.
    async fn kept_already(&self, team: TeamId, id: ScenarioId, edited: &Edited) -> Result<Option<Kept>, ControlError> {
        let draft = self.draft(team, id).await?;
        let (blueprint, links) = self.in_its_words(&draft, edited).await?;
        let has_same_links = links == draft.links || (is_empty(&links) && is_empty(&draft.links));
        if blueprint.root() != draft.blueprint.root() || !has_same_links {
            return Ok(None);
        }
        let report = self.check(&blueprint, &links);
        Ok(Some(Kept { revision: draft.revision, is_changed: draft.is_changed, report }))
    }

    /// Throws the draft away: the live version is what is edited from now on.
    /// Gives the new revision.
    pub async fn discard_draft(&self, team: TeamId, id: ScenarioId, revision: u64) -> Result<u64, ControlError> {
        let (scenario, draft) = (self.scenario(team, id).await?, self.draft(team, id).await?);
        let mut tx = self.core.store.begin().await?;
        let revision = drafts::discard(&mut tx, team, id, revision).await?;
        forget_test(&mut tx, id, &draft.blueprint).await?;
        // The draft had it before it was published.
        if scenario.hook.is_some() && !self.has_live_trigger(&scenario) {
            listen(&mut tx, &scenario, None).await?;
        }
        tx.commit().await?;
        self.stop_trying(id);
        self.refresh().await;
        Ok(revision)
    }

    /// Makes an old version the draft, so that it can be looked at and
    /// published again.
    pub async fn restore_version(
        &self,
        team: TeamId,
        id: ScenarioId,
        version: Version,
        (revision, by): (u64, Option<UserId>),
    ) -> Result<Kept, ControlError> {
        let draft = self.draft(team, id).await?;
        let old = self.version(id, version).await?;
        let with = (old.blueprint.as_ref(), &old.links);
        let kept = self.keep_as(team, &draft, revision, with, by, Keeping::Instead).await?;
        self.stop_trying(id);
        Ok(kept)
    }

    /// Takes the draft of before a restore back; what is the draft now can be
    /// taken back in turn.
    pub async fn take_draft_back(
        &self,
        team: TeamId,
        id: ScenarioId,
        (revision, by): (u64, Option<UserId>),
    ) -> Result<Kept, ControlError> {
        let draft = self.draft(team, id).await?;
        let before = drafts::replaced(&self.core.store, team, id).await?;
        let before = before.ok_or(ControlError::NotFound("draft"))?;
        let with = (&before.blueprint, &before.links);
        let kept = self.keep_as(team, &draft, revision, with, by, Keeping::Instead).await?;
        self.stop_trying(id);
        Ok(kept)
    }

    /// Makes the draft the live version. What only prevents switching on is
    /// refused for a scenario that is on: it must be able to go on.
    pub async fn publish(
        &self,
        team: TeamId,
        id: ScenarioId,
        revision: u64,
        note: Option<&str>,
        author: Option<UserId>,
    ) -> Result<Version, ControlError> {
        let (scenario, draft) = (self.scenario(team, id).await?, self.draft(team, id).await?);
        let changed = self.published(&scenario, &draft);
        if scenario.enabled {
            let problems = self.reasons_against(&changed).await?;
            if !problems.is_empty() {
                return Err(ControlError::Problems(problems));
            }
        }
        let mut tx = self.core.store.begin().await?;
        if let Some(owner) = owner(&mut tx, team, id, changed.hook).await? {
            drop(tx);
            return Err(self.belongs_to(team, owner).await?);
        }
        let version = drafts::publish(&mut tx, team, id, revision, note, author).await?;
        if changed.hook != scenario.hook {
            listen(&mut tx, &scenario, changed.hook).await?;
        }
        if changed.scheduling != scenario.scheduling {
            scenarios::set_scheduling(&mut tx, team, id, &changed.scheduling).await?;
        }
        move_trigger(&mut tx, &scenario, &changed).await?;
        // What was judged above must still be so.
        if scenarios::stands(&mut tx, team, id).await?.1 != scenario.enabled {
            let text = "the scenario was switched on or off in the meantime; look at it before you go on";
            return Err(ControlError::Conflict(text.to_owned()));
        }
        tx.commit().await?;
        // The first version takes the number of the empty canvas.
        self.core.plans.forget(id);
        self.stop_trying(id);
        self.refresh().await;
        if scenario.enabled {
            crate::positions::begin_now(&self.core, team, id).await;
        }
        Ok(version)
    }

    /// What stands against going on with a draft as it is: one sentence each.
    pub async fn reasons_against_draft(&self, team: TeamId, id: ScenarioId) -> Result<Vec<String>, ControlError> {
        let (scenario, draft) = (self.scenario(team, id).await?, self.draft(team, id).await?);
        self.reasons_against(&self.published(&scenario, &draft)).await
    }

    /// The scenario as it would be with its draft published.
    pub fn published(&self, scenario: &Scenario, draft: &Draft) -> Scenario {
        let kind = |blueprint: &Blueprint| schedule::trigger_kind(&self.core, blueprint);
        let (was, is) = (kind(&scenario.blueprint), kind(&draft.blueprint));
        // A webhook cannot be polled, and a sheet does not call us.
        let scheduling = if was == is || scenario.enabled {
            scenario.scheduling.clone()
        } else {
            schedule::usual(&self.core, &draft.blueprint)
        };
        let linked = hook_of(&self.core.registry, &draft.blueprint, &draft.links);
        let is_instant = is == Some(rouage_engine::Kind::InstantTrigger);
        Scenario {
            blueprint: draft.blueprint.clone(),
            links: draft.links.clone(),
            // A hook that was attached without a link stays.
            hook: linked.or(scenario.hook.filter(|_| is_instant && was == is)),
            scheduling,
            ..scenario.clone()
        }
    }

    async fn keep(
        &self,
        team: TeamId,
        draft: &Draft,
        revision: u64,
        with: (&Blueprint, &Value),
        by: Option<UserId>,
    ) -> Result<Kept, ControlError> {
        self.keep_as(team, draft, revision, with, by, Keeping::Edited).await
    }

    async fn keep_as(
        &self,
        team: TeamId,
        draft: &Draft,
        revision: u64,
        (blueprint, links): (&Blueprint, &Value),
        by: Option<UserId>,
        keeping: Keeping,
    ) -> Result<Kept, ControlError> {
        let id = draft.scenario;
        let scenario = self.scenario(team, id).await?;
        let mut tx = self.core.store.begin().await?;
        let with = (blueprint, links);
        let (revision, is_changed) = match keeping {
            Keeping::Edited => drafts::save(&mut tx, team, id, revision, with, by).await?,
            Keeping::Instead => drafts::replace(&mut tx, team, id, revision, with, by).await?,
        };
        if trigger_of(&draft.blueprint, &draft.links) != trigger_of(blueprint, links) {
            forget_test(&mut tx, id, &draft.blueprint).await?;
        }
        let has_other_hook = self.listen_early(&mut tx, &scenario, (blueprint, links)).await?;
        tx.commit().await?;
        if hook_of(&self.core.registry, &draft.blueprint, &draft.links)
            != hook_of(&self.core.registry, blueprint, links)
        {
            // It waits for a request of another hook.
            self.stop_trying(id);
        }
        if has_other_hook {
            self.refresh().await;
        }
        Ok(Kept { revision, is_changed, report: self.check_in_team(team, blueprint, links).await? })
    }

    /// One webhook belongs to one scenario.
    pub(crate) async fn belongs_to(&self, team: TeamId, owner: ScenarioId) -> Result<ControlError, ControlError> {
        let name = scenarios::find(&self.core.store, team, owner).await?.map(|owner| owner.name).unwrap_or_default();
        let text = format!(
            "the webhook of the first module belongs to the scenario {name:?}; choose another one, or make a new one"
        );
        Ok(ControlError::Problems(vec![text]))
    }

    /// Gives a scenario without a live trigger the hook that its draft names, so
    /// that the address is its own from the start, and takes back the one that
    /// the draft names no more. Gives whether anything changed.
    async fn listen_early(
        &self,
        tx: &mut WriteTx,
        scenario: &Scenario,
        (blueprint, links): (&Blueprint, &Value),
    ) -> Result<bool, ControlError> {
        let wanted = hook_of(&self.core.registry, blueprint, links);
        if scenario.enabled || scenario.hook == wanted || self.has_live_trigger(scenario) {
            return Ok(false);
        }
        let wanted = match owner(tx, scenario.team, scenario.id, wanted).await {
            Ok(None) => wanted,
            // Somebody else's, or gone: publishing says so.
            Ok(Some(_)) | Err(ControlError::Problems(_)) => None,
            Err(error) => return Err(error),
        };
        listen(tx, scenario, wanted).await?;
        Ok(wanted != scenario.hook)
    }

    fn has_live_trigger(&self, scenario: &Scenario) -> bool {
        let live = hook_of(&self.core.registry, &scenario.blueprint, &scenario.links);
        live.is_some() || schedule::trigger_kind(&self.core, &scenario.blueprint).is_some()
    }

    async fn version(&self, id: ScenarioId, version: Version) -> Result<ScenarioVersion, ControlError> {
        let found = scenarios::find_version(&self.core.store, id, version).await?;
        found.filter(|_| version.0 > 0).ok_or(ControlError::NotFound("version"))
    }
}

/// How a draft comes to be kept.
enum Keeping {
    /// It was edited.
    Edited,
    /// It takes the place of another one, which can be taken back.
    Instead,
}

fn is_empty(links: &Value) -> bool {
    links.as_collection().is_none_or(Collection::is_empty)
}

/// Links as an editor sends them: ids and words; anything else is left out.
fn sent_links(sent: &Value) -> Value {
    let is_link = |name: &str, value: &Value| {
        let module = name.split_once('.').and_then(|(module, _)| module.parse::<ModuleId>().ok());
        module.is_some() && matches!(value, Value::Text(_) | Value::Number(_))
    };
    let sent = sent.as_collection().into_iter().flat_map(Collection::iter);
    let links = sent.filter(|(name, value)| is_link(name, value));
    links.map(|(name, value)| (name.clone(), value.clone())).collect::<Collection>().into()
}

/// The same document when nothing was edited, to the byte.
fn in_its_wrapper(old: &Blueprint, root: Value) -> Result<Blueprint, ControlError> {
    if root == *old.root() {
        return Ok(old.clone());
    }
    old.edited(root).map_err(|error| ControlError::Problems(vec![error.to_string()]))
}

/// The field by which the first module of a blueprint names its webhook.
pub(crate) fn hook_field(registry: &Registry, blueprint: &Blueprint) -> Option<&'static str> {
    let trigger = blueprint.trigger()?;
    let Found::Same(found) = registry.find(trigger.name(), trigger.version()) else { return None };
    let mut fields = found.spec().parameters.iter();
    fields.find(|field| matches!(field.kind, FieldKind::Hook(_))).map(|field| field.name)
}

/// The hook that the first module of a blueprint is linked to.
pub(crate) fn hook_of(registry: &Registry, blueprint: &Blueprint, links: &Value) -> Option<HookId> {
    let field = hook_field(registry, blueprint)?;
    let link = links::get(links, blueprint.trigger()?.id()?, field)?;
    link.as_i64().or_else(|| link.as_text()?.parse().ok()).map(HookId)
}

/// Everything that decides what a trigger finds.
pub(crate) fn trigger_of(blueprint: &Blueprint, links: &Value) -> Option<[Value; 5]> {
    let trigger = blueprint.trigger()?;
    let prefix = format!("{}.", trigger.id()?);
    let own = links.as_collection().into_iter().flat_map(Collection::iter);
    let own = own.filter(|(name, _)| name.starts_with(&prefix));
    let own: Collection = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    let part = |name: &str| trigger.0.field(name).clone();
    Some([part("module"), part("version"), part("parameters"), part("mapper"), own.into()])
}

/// The scenario, other than this one, that listens to a hook; a problem when the
/// hook is gone.
pub(crate) async fn owner(
    tx: &mut WriteTx,
    team: TeamId,
    id: ScenarioId,
    hook: Option<HookId>,
) -> Result<Option<ScenarioId>, ControlError> {
    let Some(hook) = hook else { return Ok(None) };
    match hooks::listener(tx, team, hook).await {
        Ok(listener) => Ok(listener.filter(|owner| *owner != id)),
        Err(Error::NotFound) => Err(ControlError::Problems(vec![HOOK_GONE.to_owned()])),
        Err(error) => Err(error.into()),
    }
}

/// Lets a scenario listen to a hook instead of the one it has.
async fn listen(tx: &mut WriteTx, scenario: &Scenario, wanted: Option<HookId>) -> Result<(), ControlError> {
    match (wanted, scenario.hook) {
        (Some(wanted), _) => hooks::attach(tx, scenario.team, wanted, Some(scenario.id)).await?,
        (None, Some(old)) => hooks::attach(tx, scenario.team, old, None).await?,
        (None, None) => {}
    }
    Ok(())
}

/// The key of the position that the runs of a draft have: they never move the
/// one of the live scenario, which still has to deliver what they found.
pub(crate) fn test_key(trigger: ModuleId) -> ModuleId {
    ModuleId(-1 - trigger.0)
}

async fn forget_test(tx: &mut WriteTx, id: ScenarioId, blueprint: &Blueprint) -> Result<(), ControlError> {
    if let Some(trigger) = blueprint.trigger().and_then(|trigger| trigger.id()) {
        positions::forget(tx, id, test_key(trigger)).await?;
    }
    Ok(())
}

/// A trigger that looks elsewhere now starts anew, or where its tests came to;
/// one that is the same goes on.
async fn move_trigger(tx: &mut WriteTx, before: &Scenario, after: &Scenario) -> Result<(), ControlError> {
    let Some(trigger) = after.blueprint.trigger().and_then(|trigger| trigger.id()) else { return Ok(()) };
    if trigger_of(&before.blueprint, &before.links) == trigger_of(&after.blueprint, &after.links) {
        positions::forget(tx, after.id, test_key(trigger)).await?;
        return Ok(());
    }
    positions::adopt(tx, after.id, test_key(trigger), trigger).await?;
    Ok(())
}
