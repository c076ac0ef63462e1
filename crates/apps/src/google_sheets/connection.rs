//! The Google account as a type of connection: its form and its test.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::ModuleError;
use rouage_sdk::{Connection, ConnectionSpec, ConnectionTest, Field, FieldKind, Host, http};

use super::client::Shared;

/// A Google account. One of the secrets is enough: the key of a service
/// account, or a refresh token with its client.
pub(super) fn spec(shared: &Arc<Shared>) -> ConnectionSpec {
    let secret = |name, label, help| Field::new(name, label, FieldKind::Password).help(help);
    ConnectionSpec {
        kind: "google",
        label: "Google",
        help: "Paste the key file of a service account and share the spreadsheet with its e-mail address, or give a \
               refresh token with the client it was made for.",
        fields: vec![
            Field::text("client_id", "Client ID").help("The OAuth client of the refresh token."),
            Field::text("token_uri", "Token address").advanced().help("Google's, unless you use another server."),
            Field::text("api_root", "API address").advanced().help("Google's, unless you use another server."),
        ],
        secrets: vec![
            secret("service_account_key", "Service account key", "The whole JSON file."),
            secret("refresh_token", "Refresh token", "Used with the client ID and client secret."),
            secret("client_secret", "Client secret", "The OAuth client of the refresh token."),
            secret("access_token", "Fixed token", "For another server that speaks the Sheets API, such as Rouage.")
                .advanced(),
        ],
        test: Some(Arc::new(FetchToken(shared.clone()))),
    }
}

/// Tries an account by asking for a new access token. Whether a spreadsheet is
/// shared with the account is not asked: no spreadsheet is known here.
struct FetchToken(Arc<Shared>);

#[async_trait]
impl ConnectionTest for FetchToken {
    async fn test(&self, connection: &Connection, host: &dyn Host, http: &http::Client) -> Result<String, ModuleError> {
        self.0.account(connection, http)?.test(host).await
    }
}
