//! Webhooks: the trigger that receives and the module that answers.

mod custom_webhook;
mod webhook_respond;

use std::sync::Arc;

use rouage_sdk::App;

pub(crate) fn app() -> App {
    App {
        name: "gateway",
        label: "Webhooks",
        color: "#c22250",
        icon: "webhook",
        synonyms: &["hook", "webhook", "trigger", "instant", "form", "api", "incoming", "request", "order", "listener"],
        modules: vec![
            Arc::new(custom_webhook::CustomWebHook::default()),
            Arc::new(webhook_respond::WebhookRespond::default()),
        ],
        connections: Vec::new(),
    }
}
