//! The one seam between modules and spreadsheets: a Google account or the
//! built-in spreadsheets. Modules make [`sheets::Call`]s and do not know which.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rouage_model::{ConnectionId, ModuleError, Value, sheets};
use rouage_sdk::{Call, Connection, Effect, Host, Outcome, Staged, StagedEffect, http};

use super::append::Appends;
use super::google::Account;

/// What the modules of the app share: accounts with their tokens and open
/// connections, and the locks of appends.
#[derive(Default)]
pub(super) struct Shared {
    accounts: Mutex<HashMap<ConnectionId, Arc<Account>>>,
    pub(super) appends: Appends,
}

impl Shared {
    /// The account of a connection; a new one when the connection was renewed.
    pub(super) fn account(&self, connection: &Connection, http: &http::Client) -> Result<Arc<Account>, ModuleError> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = accounts.get(&connection.id)
            && account.serves(connection)
        {
            return Ok(account.clone());
        }
        let account = Account::new(connection, http)?;
        accounts.insert(connection.id, account.clone());
        Ok(account)
    }

    /// The spreadsheets that a call is about.
    pub(super) fn client<'a>(&self, call: &'a Call<'_>) -> Result<Client<'a>, ModuleError> {
        match &call.connection {
            None => Ok(Client::BuiltIn(call.host)),
            Some(connection) => Ok(Client::Google {
                account: self.account(connection, call.http)?,
                host: call.host,
                timeout: call.timeout,
            }),
        }
    }
}

/// Makes the output of a module out of Google's answer.
pub(super) type Finish = Box<dyn FnOnce(Value) -> Result<Vec<Value>, ModuleError> + Send>;

/// Where the spreadsheets are.
pub(super) enum Client<'a> {
    /// With Google, or with a server that speaks its API.
    Google {
        /// The account.
        account: Arc<Account>,
        /// Keeps renewed secrets.
        host: &'a dyn Host,
        /// How long one request may take.
        timeout: Duration,
    },
    /// In Rouage's own store.
    BuiltIn(&'a dyn Host),
}

impl Client<'_> {
    /// Reads.
    pub(super) async fn read(&self, call: sheets::Call) -> Result<Value, ModuleError> {
        match self {
            Client::Google { account, host, timeout } => account.perform(&call, *host, *timeout).await,
            Client::BuiltIn(host) => host.read_sheets(call).await.map_err(|error| built_in_error(&error)),
        }
    }

    /// Writes: at once with Google, with the operation's answer when built in.
    pub(super) async fn write(&self, call: sheets::Call, finish: Finish) -> Result<Outcome, ModuleError> {
        match self {
            Client::Google { account, host, timeout } => {
                let answer = account.perform(&call, *host, *timeout).await?;
                finish(answer).map(Outcome::Bundles)
            }
            Client::BuiltIn(_) => Ok(Outcome::Staged(Staged { effect: StagedEffect::Sheets(call), finish })),
        }
    }
}

/// What a writing module does to the world: a built-in write is made exactly
/// once, in the transaction of its answer.
pub(super) fn write_effect(call: &Call<'_>) -> Effect {
    if call.connection.is_none() { Effect::Idempotent } else { Effect::Write }
}

fn built_in_error(error: &sheets::ApiError) -> ModuleError {
    ModuleError::data(format!("[{}] {}", error.code, error.message))
}
