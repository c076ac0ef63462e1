//! The initialisation of a run: the accounts of all its modules are opened
//! before anything is done (source: `make-semantics.md` §3.1). When one cannot
//! be, the run ends at once: no error route is asked and nothing is stored.
//!
//! Whether the other side accepts the account turns out at the first call: to
//! ask it before every run would double the calls.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use rouage_model::{ConnectionId, ErrorKind, ModuleError, ModuleId, TeamId};

use crate::calls;
use crate::core::Core;
use crate::plans::Prepared;

/// An account that a module of a scenario uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The module.
    pub module: ModuleId,
    /// The connection.
    pub connection: ConnectionId,
    /// The types that fit.
    pub kinds: &'static [&'static str],
}

/// The accounts that were opened since any of them last changed.
#[derive(Default)]
pub struct Opened(Mutex<HashSet<(TeamId, ConnectionId)>>);

impl Opened {
    /// A connection changed: all are looked at again.
    pub fn forget(&self) {
        self.set().clear();
    }

    fn set(&self) -> std::sync::MutexGuard<'_, HashSet<(TeamId, ConnectionId)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first module whose account cannot be opened, and why.
pub async fn obstacle(core: &Core, prepared: &Prepared) -> Option<(ModuleId, ModuleError)> {
    for account in &prepared.accounts {
        let key = (prepared.team, account.connection);
        if core.opened.set().contains(&key) {
            continue;
        }
        match calls::open(core, prepared.team, account.connection, account.kinds).await {
            Ok(_) => drop(core.opened.set().insert(key)),
            // Our own trouble, which may pass: the call will say so.
            Err(error) if error.kind == ErrorKind::UnexpectedError => {}
            Err(error) => return Some((account.module, error)),
        }
    }
    None
}
