//! What every handler shares.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;
use rouage_model::TeamId;
use rouage_model::clock::SharedClock;
use rouage_runtime::Control;
use rouage_sdk::Registry;
use rouage_store::Store;
use url::Url;

use crate::assets::AppStyles;
use crate::auto::{OneTimeLinks, SentForms};
use crate::ingress;
use crate::pages::editor::catalogue::Catalogue;
use crate::pages::editor::presence::Presence;
use crate::slow_down::SlowDown;
use crate::words::{self, Locale};

/// What the program gives the web.
#[derive(Clone)]
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The runtime's handle.
    pub control: Control,
    /// The team whose things are shown; there is one for now.
    pub team: TeamId,
    /// Where people reach this server. Only this is used to build addresses,
    /// never a `Host` header.
    pub public_url: Url,
    /// Send cookies over TLS only.
    pub secure_cookies: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Private networks that modules may reach; shown on the settings page.
    pub allowed_networks: Vec<String>,
    /// Limits of webhooks.
    pub limits: ingress::Limits,
    /// The program's version.
    pub version: String,
    /// Links that sign in once.
    pub links: OneTimeLinks,
    /// The language of the pages; `None` is English. Nobody can choose one yet.
    pub language: Option<&'static Locale>,
}

impl Parts {
    /// With the defaults: cookies are secure when the public address is https,
    /// no proxy is trusted, Make's limits.
    pub fn new(store: Store, control: Control, team: TeamId, public_url: Url) -> Self {
        let links = OneTimeLinks::new(store.clock().clone());
        Self {
            secure_cookies: public_url.scheme() == "https",
            store,
            control,
            team,
            public_url,
            trusted_proxies: Vec::new(),
            allowed_networks: Vec::new(),
            limits: ingress::Limits::default(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            links,
            language: None,
        }
    }

    /// An address that opens `path` already signed in as the owner, once and
    /// for a short time. For the console of the machine that serves.
    pub fn one_time_link(&self, path: &str) -> String {
        join(&self.public_url, &format!("/auto/{}", self.links.create(path)))
    }
}

/// The shared state. Cloning is a reference count.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    parts: Parts,
    styles: AppStyles,
    catalogue: Catalogue,
    /// The same in languages that were asked for.
    translated: Mutex<HashMap<&'static str, Catalogue>>,
    slow_down: SlowDown,
    rates: ingress::Rates,
    forms: SentForms,
    presence: Presence,
}

impl App {
    /// Prepares what the handlers share.
    pub fn new(parts: Parts) -> Self {
        let styles = AppStyles::new(parts.control.registry());
        let catalogue = Catalogue::new(parts.control.registry());
        let clock = parts.store.clock().clone();
        let rates = ingress::Rates::new(parts.limits);
        Self(Arc::new(Inner {
            parts,
            styles,
            catalogue,
            translated: Mutex::default(),
            presence: Presence::default(),
            forms: SentForms::new(clock.clone()),
            slow_down: SlowDown::new(clock),
            rates,
        }))
    }

    /// Everything the program gave.
    pub fn parts(&self) -> &Parts {
        &self.0.parts
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.0.parts.store
    }

    /// The runtime's handle.
    pub fn control(&self) -> &Control {
        &self.0.parts.control
    }

    /// The apps.
    pub fn registry(&self) -> &Registry {
        self.0.parts.control.registry()
    }

    /// The team.
    pub fn team(&self) -> TeamId {
        self.0.parts.team
    }

    /// Time and randomness.
    pub fn clock(&self) -> &SharedClock {
        self.0.parts.store.clock()
    }

    /// A full address of a path on this server.
    pub fn address(&self, path: &str) -> String {
        join(&self.0.parts.public_url, path)
    }

    pub(crate) fn styles(&self) -> &AppStyles {
        &self.0.styles
    }

    /// What can be added to a scenario, in the language of the request.
    pub(crate) fn catalogue(&self) -> Catalogue {
        if words::current().is_none() {
            return self.0.catalogue.clone();
        }
        let mut translated = self.0.translated.lock().unwrap_or_else(PoisonError::into_inner);
        translated.entry(words::tag()).or_insert_with(|| Catalogue::new(self.registry())).clone()
    }

    pub(crate) fn slow_down(&self) -> &SlowDown {
        &self.0.slow_down
    }

    pub(crate) fn forms(&self) -> &SentForms {
        &self.0.forms
    }

    pub(crate) fn presence(&self) -> &Presence {
        &self.0.presence
    }

    pub(crate) fn rates(&self) -> &ingress::Rates {
        &self.0.rates
    }
}

fn join(base: &Url, path: &str) -> String {
    format!("{}{path}", base.as_str().trim_end_matches('/'))
}
