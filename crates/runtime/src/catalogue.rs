//! What the engine asks about modules, answered from the registry.

use rouage_engine::{Catalogue, Facts, Kind};
use rouage_sdk::Registry;
use rouage_sdk::spec;

/// The registry as the engine sees it.
pub struct RegistryCatalogue<'a>(pub &'a Registry);

impl Catalogue for RegistryCatalogue<'_> {
    fn facts(&self, module: &str, version: Option<i64>) -> Option<Facts> {
        let kind = match self.0.module(module, version)?.spec().kind {
            spec::Kind::InstantTrigger => Kind::InstantTrigger,
            spec::Kind::PollingTrigger => Kind::PollingTrigger,
            spec::Kind::Action | spec::Kind::Responder => Kind::Action,
            spec::Kind::Search | spec::Kind::Iterator => Kind::Search,
        };
        Some(Facts { kind })
    }
}
