//! `gateway:CustomWebHook`: starts a scenario with what a webhook received.
//!
//! It is never called: the web server stores the delivery and the engine
//! begins the run with it.

use async_trait::async_trait;
use rouage_model::{ErrorKind, ModuleError};
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

pub(super) struct CustomWebHook {
    spec: Spec,
}

impl Default for CustomWebHook {
    fn default() -> Self {
        let spec = Spec::new("gateway:CustomWebHook", 1, "Custom webhook", Kind::InstantTrigger, Effect::Pure)
            .describe("Starts the scenario at once when another service sends data to its address.")
            .parameters(vec![
                Field::new("hook", "Webhook", FieldKind::Hook("gateway-webhook"))
                    .required()
                    .help("Create a webhook, copy its address and enter it at the service that sends the data."),
                Field::new("maxResults", "Maximum number of results", FieldKind::UnsignedInteger)
                    .advanced()
                    .default("1")
                    .help("How many requests that wait one run takes at most."),
            ])
            .synonyms(&[
                "api",
                "callback",
                "catch",
                "customer",
                "form",
                "http",
                "incoming",
                "instant",
                "magento",
                "new order",
                "order",
                "payment",
                "paypal",
                "post",
                "prestashop",
                "receive",
                "sale",
                "shop",
                "shopify",
                "store",
                "stripe",
                "subscription",
                "trigger",
                "typeform",
                "when",
                "woocommerce",
                "wordpress",
            ]);
        Self { spec }
    }
}

#[async_trait]
impl Module for CustomWebHook {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, _call: &Call<'_>) -> Result<Outcome, ModuleError> {
        Err(ModuleError::new(ErrorKind::UnexpectedError, "a webhook starts a run; it is not called in one"))
    }
}
