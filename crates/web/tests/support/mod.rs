//! A whole server in memory of the test: store, runtime, router.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may end there")]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use rouage_model::clock::{self, SharedClock, SystemClock};
use rouage_model::{Blueprint, HookId, ScenarioId, TeamId, Value};
use rouage_runtime::Runtime;
use rouage_sdk::{App, Registry, guard, http};
use rouage_store::users::PasswordHash;
use rouage_store::{Options, Store, hooks, scenarios, teams, users};
use rouage_web::{Parts, router};
use tower::ServiceExt as _;

pub struct Server {
    pub router: Router,
    pub store: Store,
    pub team: TeamId,
    pub parts: Parts,
    pub runtime: Runtime,
    _folder: tempfile::TempDir,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// `name=value` of the cookie that was set.
    pub fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }
}

pub const PASSWORD: &str = "a long enough password";

impl Server {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Parts)) -> Self {
        Self::with_apps(Vec::new(), change).await
    }

    pub async fn with_apps(apps: Vec<App>, change: impl FnOnce(&mut Parts)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: SharedClock = Arc::new(SystemClock);
        let url = format!("sqlite://{}/rouage.db", folder.path().display());
        let options = Options { url, node: clock::uuid(clock.as_ref()), clock: clock.clone(), key: [7; 32] };
        let store = Store::open(options).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let team = teams::ensure_default(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let public_url: url::Url = "http://rouage.test".parse().unwrap();
        let runtime = Runtime::start(rouage_runtime::Parts {
            store: store.clone(),
            registry: Registry::new(apps),
            http: http::Client::new(guard::Guard::default()),
            clock,
            public_url: public_url.clone(),
            workers: 2,
            module_timeout: Duration::from_secs(5),
            queue_limit: 100,
            limits: rouage_runtime::Limits::default(),
        })
        .await
        .unwrap();
        let mut parts = Parts::new(store.clone(), runtime.control(), team, public_url);
        change(&mut parts);
        Self { router: router(parts.clone()), store, team, parts, runtime, _folder: folder }
    }

    /// The owner, signed in; gives the cookie.
    pub async fn owner(&self) -> String {
        let hash = PasswordHash::new(&self.store, PASSWORD).await.unwrap();
        let mut tx = self.store.begin().await.unwrap();
        users::create(&mut tx, "ada@example.org", "Ada", &hash).await.unwrap();
        tx.commit().await.unwrap();
        self.log_in("ada@example.org", PASSWORD).await.cookie()
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        let form = format!("email={email}&password={}", password.replace(' ', "+"));
        self.post("/login", "", &form).await
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send("GET", path, &[("cookie", cookie)], "").await
    }

    pub async fn post(&self, path: &str, cookie: &str, form: &str) -> Answer {
        let headers = [
            ("cookie", cookie),
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
        ];
        self.send("POST", path, &headers, form).await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let is_stream = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let body = if is_stream { Vec::new() } else { axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec() };
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    pub async fn scenario(&self, file: &str) -> ScenarioId {
        let blueprint = Arc::new(Blueprint::parse(file.as_bytes()).unwrap());
        let mut tx = self.store.begin().await.unwrap();
        let new = scenarios::NewScenario {
            name: blueprint.name().to_owned(),
            blueprint,
            links: Value::empty_collection(),
            scheduling: rouage_model::scenario::Scheduling::default(),
        };
        let id = scenarios::create(&mut tx, self.team, new).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub async fn hook(&self, settings: &hooks::HookSettings, learning: bool) -> hooks::Hook {
        let mut tx = self.store.begin().await.unwrap();
        let hook = hooks::create(&mut tx, self.team, "Orders", settings).await.unwrap();
        hooks::set_learning(&mut tx, self.team, hook.id, learning).await.unwrap();
        tx.commit().await.unwrap();
        self.runtime.control().refresh().await;
        hook
    }

    pub async fn attach(&self, hook: HookId, scenario: ScenarioId, on: bool) {
        let mut tx = self.store.begin().await.unwrap();
        hooks::attach(&mut tx, self.team, hook, Some(scenario)).await.unwrap();
        scenarios::set_enabled(&mut tx, self.team, scenario, on, None).await.unwrap();
        tx.commit().await.unwrap();
        self.runtime.control().refresh().await;
    }
}
