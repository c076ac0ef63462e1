//! HTTP: any request to any service, in Make's two generations (version 3
//! with several modules, version 4 with one that knows every sign-in).
//!
//! `v3` and `v4` read the forms, `exchange` sends and judges, `answer` makes
//! the bundle. A stored key is sent only to the hosts it is bound to.

mod action_get_file;
mod action_send_data;
mod action_send_data_api_key_auth;
mod action_send_data_basic_auth;
mod action_send_data_oauth;
mod answer;
mod cookies;
mod credentials;
mod download_file;
mod exchange;
mod make_request;
mod oauth;
mod v3;
mod v4;

use std::sync::Arc;

use rouage_sdk::App;

pub(crate) fn app() -> App {
    let jars = Arc::new(cookies::Jars::default());
    App {
        name: "http",
        label: "HTTP",
        color: "#1f6fd0",
        icon: "http",
        synonyms: &["api", "request", "rest", "url", "web", "get", "post", "curl", "fetch", "call", "integration"],
        modules: vec![
            Arc::new(make_request::MakeRequest::new(jars.clone())),
            Arc::new(download_file::DownloadFile::new(jars.clone())),
            Arc::new(action_send_data::ActionSendData::new(jars.clone())),
            Arc::new(action_send_data_api_key_auth::ActionSendDataApiKeyAuth::new(jars.clone())),
            Arc::new(action_send_data_basic_auth::ActionSendDataBasicAuth::new(jars.clone())),
            Arc::new(action_send_data_oauth::ActionSendDataOAuth::new(jars.clone())),
            Arc::new(action_get_file::ActionGetFile::new(3, jars.clone())),
            Arc::new(action_get_file::ActionGetFile::new(2, jars)),
        ],
        connections: credentials::specs(),
    }
}

#[cfg(test)]
mod oauth_tests;
#[cfg(test)]
mod tests;
