//! The apps: one folder per app, one file per module.
//!
//! An app knows the SDK and the model, never the store, the engine or another
//! app. Everything else reaches the apps through [`registry`].
//!
//! Invariants:
//! - The list below is sorted, and every app keeps the contract that
//!   `rouage_sdk::testing::check_specs` checks.
//! - A module that changes something outside says so in its effect.
//! - Secrets are read only where they are put into a request, after the
//!   request's host was checked against the hosts they are bound to.
//!
//! To add a module: one new file in the app's folder with spec, parameters,
//! `run` and tests, in this order, and one line in the app's `mod.rs`. To add
//! an app: one new folder with an `app()` in its `mod.rs`, and one word below.

use rouage_sdk::Registry;

macro_rules! apps {
    ($($app:ident,)*) => {
        $(mod $app;)*

        /// All apps, in order.
        pub fn registry() -> Registry {
            Registry::new(vec![$($app::app(),)*])
        }
    };
}

apps! {
    csv,
    datastore,
    email,
    gateway,
    google_sheets,
    http,
    json,
    make,
    markdown,
    math,
    regexp,
    rss,
    scenario_service,
    util,
    xml,
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_app_keeps_the_contract() {
        assert_eq!(rouage_sdk::testing::check_specs(super::registry().apps()), Vec::<String>::new());
    }
}
