//! What there is in a team that links may name. A link outlives what it names,
//! and a run would find that out only when it begins.

use std::collections::{HashMap, HashSet};

use rouage_model::{TeamId, Value};
use rouage_sdk::FieldKind;
use rouage_store::{Error, Store, connections, datastores, hooks, scenarios};

/// Read once for a report.
pub(crate) struct Known {
    /// Connections and keys, with their types.
    connections: HashMap<i64, String>,
    hooks: HashSet<i64>,
    datastores: HashSet<i64>,
    scenarios: HashSet<i64>,
}

impl Known {
    pub(crate) async fn load(store: &Store, team: TeamId) -> Result<Self, Error> {
        let connections = connections::list(store, team, None).await?;
        let hooks = hooks::list(store, team).await?;
        let datastores = datastores::list(store, team).await?;
        let scenarios = scenarios::ids(store, team).await?;
        Ok(Self {
            connections: connections.into_iter().map(|row| (row.id.0, row.kind)).collect(),
            hooks: hooks.into_iter().map(|hook| hook.id.0).collect(),
            datastores: datastores.into_iter().map(|datastore| datastore.id.0).collect(),
            scenarios: scenarios.into_iter().map(|id| id.0).collect(),
        })
    }

    /// Whether what a link names is there and fits. What is no id, such as
    /// "built-in", is not looked up.
    pub(crate) fn has(&self, kind: &FieldKind, link: &Value) -> bool {
        let Some(id) = link.as_i64().or_else(|| link.as_text()?.parse().ok()) else { return true };
        match kind {
            FieldKind::Connection(kinds) | FieldKind::Keychain(kinds) => {
                let found = self.connections.get(&id);
                found.is_some_and(|kind| kinds.is_empty() || kinds.contains(&kind.as_str()))
            }
            FieldKind::Hook(_) => self.hooks.contains(&id),
            FieldKind::Datastore => self.datastores.contains(&id),
            FieldKind::Scenario => self.scenarios.contains(&id),
            _ => true,
        }
    }
}
