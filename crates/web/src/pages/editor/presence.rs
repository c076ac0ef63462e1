//! Who has which scenario open in the editor, and which tab kept the draft
//! last. Only in the memory of this process: it helps people not to collide,
//! and what must never be lost does not depend on it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rouage_model::{ScenarioId, UserId};
use tokio::sync::broadcast;

/// News that lag are dropped; a receiver then looks for itself.
const NEWS: usize = 64;

/// Somebody with the editor open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The person.
    pub user: UserId,
    /// The person's name.
    pub name: String,
    /// The tab, by the name that it gave itself.
    pub tab: String,
}

/// Everybody. Cloning shares it.
#[derive(Clone)]
pub struct Presence(Arc<Shared>);

struct Shared {
    rooms: Mutex<Rooms>,
    news: broadcast::Sender<ScenarioId>,
}

#[derive(Default)]
struct Rooms {
    /// By scenario and number of arrival.
    members: HashMap<ScenarioId, Vec<(u64, Member)>>,
    /// The revision that a tab kept last.
    kept: HashMap<ScenarioId, (u64, String)>,
    arrivals: u64,
}

impl Default for Presence {
    fn default() -> Self {
        let (news, _) = broadcast::channel(NEWS);
        Self(Arc::new(Shared { rooms: Mutex::default(), news }))
    }
}

impl Presence {
    /// Somebody is here until the answer is dropped.
    pub fn join(&self, scenario: ScenarioId, member: Member) -> Stay {
        let mut rooms = self.rooms();
        rooms.arrivals += 1;
        let number = rooms.arrivals;
        let members = rooms.members.entry(scenario).or_default();
        let is_new = members.iter().all(|(_, other)| *other != member);
        members.push((number, member));
        drop(rooms);
        if is_new {
            // Nobody listening is no failure.
            let _ = self.0.news.send(scenario);
        }
        Stay { presence: self.clone(), scenario, number }
    }

    /// Who is here, in order of arrival. A tab is here once, also while its
    /// browser changes from one stream to the next.
    pub fn members(&self, scenario: ScenarioId) -> Vec<Member> {
        let rooms = self.rooms();
        let mut found: Vec<Member> = Vec::new();
        for (_, member) in rooms.members.get(&scenario).into_iter().flatten() {
            if !found.contains(member) {
                found.push(member.clone());
            }
        }
        found
    }

    /// The scenarios whose people change.
    pub fn news(&self) -> broadcast::Receiver<ScenarioId> {
        self.0.news.subscribe()
    }

    /// Notes which tab kept a revision.
    pub fn kept(&self, scenario: ScenarioId, revision: u64, tab: &str) {
        self.rooms().kept.insert(scenario, (revision, tab.to_owned()));
    }

    /// The tab that kept a revision, if it was the last one here.
    pub fn keeper(&self, scenario: ScenarioId, revision: u64) -> Option<String> {
        let rooms = self.rooms();
        rooms.kept.get(&scenario).filter(|(kept, _)| *kept == revision).map(|(_, tab)| tab.clone())
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        // Nothing in here is left half done by a panic.
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stay of somebody; leaving is dropping it.
pub struct Stay {
    presence: Presence,
    scenario: ScenarioId,
    number: u64,
}

impl Drop for Stay {
    fn drop(&mut self) {
        let mut rooms = self.presence.rooms();
        let mut has_left = true;
        if let Some(members) = rooms.members.get_mut(&self.scenario)
            && let Some(place) = members.iter().position(|(number, _)| *number == self.number)
        {
            let (_, member) = members.remove(place);
            has_left = members.iter().all(|(_, other)| *other != member);
            if members.is_empty() {
                rooms.members.remove(&self.scenario);
                rooms.kept.remove(&self.scenario);
            }
        }
        drop(rooms);
        if has_left {
            let _ = self.presence.0.news.send(self.scenario);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_is_gone_and_others_hear_of_it() {
        let presence = Presence::default();
        let (room, other) = (ScenarioId(1), ScenarioId(2));
        let member = |name: &str| Member { user: UserId(1), name: name.into(), tab: name.into() };
        let mut news = presence.news();
        let ada = presence.join(room, member("Ada"));
        let grace = presence.join(room, member("Grace"));
        let _elsewhere = presence.join(other, member("Alan"));
        presence.kept(room, 7, "Ada");
        assert_eq!(presence.keeper(room, 7).as_deref(), Some("Ada"));
        assert_eq!(presence.keeper(room, 8), None);
        drop(ada);
        assert_eq!(presence.members(room), [member("Grace")]);
        assert_eq!(std::iter::from_fn(|| news.try_recv().ok()).count(), 4);
        // The same tab through another stream is nothing to tell.
        let again = presence.join(room, member("Grace"));
        drop(grace);
        assert_eq!(presence.members(room), [member("Grace")]);
        assert!(news.try_recv().is_err());
        drop(again);
        assert!(presence.members(room).is_empty() && presence.keeper(room, 7).is_none());
    }
}
