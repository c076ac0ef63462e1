//! Trying an account: signs in and looks at the folders; nothing is read.

use std::time::Duration;

use async_trait::async_trait;
use rouage_model::ModuleError;
use rouage_sdk::{Connection, ConnectionTest, Host, http};

use super::open::{PORTS, open};
use super::trouble::Trouble;
use crate::email::account::Account;

/// A person waits for it.
const TEST: Duration = Duration::from_secs(20);

pub(in crate::email) struct SignIn;

#[async_trait]
impl ConnectionTest for SignIn {
    async fn test(&self, connection: &Connection, _: &dyn Host, http: &http::Client) -> Result<String, ModuleError> {
        let account = Account::new(connection, &PORTS)?;
        let attempt = async {
            let mut session = open(&account, http.guard()).await?;
            let folders = session.folders().await?;
            session.close().await;
            Ok(folders.len())
        };
        let result = tokio::time::timeout(TEST, attempt).await.unwrap_or(Err(Trouble::Silence));
        let folders = result.map_err(|trouble: Trouble| trouble.explain(&account))?;
        Ok(format!(
            "Reached the mail server {} ({}) and signed in as {}. It has {folders} folder(s); no message was read.",
            account.server(),
            account.encryption(),
            account.user
        ))
    }
}
