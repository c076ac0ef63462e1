//! A running server: store, runtime and web put together. Used by `serve` and
//! by `demo`.

use std::time::Duration;

use anyhow::Context as _;
use rouage_model::TeamId;
use rouage_runtime::{Control, Limits, Parts as RuntimeParts, Runtime};
use rouage_sdk::guard::{Guard, Policy};
use rouage_sdk::http;
use rouage_store::{retention, teams};
use rouage_web::Parts as WebParts;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use url::Url;

use crate::config::Config;
use crate::data::{self, Access, Data};

/// How long running executions may take to end when the server stops. What is
/// not finished then resumes at the next start.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that answers.
pub struct Server {
    /// The team of this installation.
    pub team: TeamId,
    /// Steers the runtime.
    pub control: Control,
    /// What the web was given; makes one-time links.
    pub web: WebParts,
    /// Where people reach it.
    pub public_url: Url,
    data: Data,
    runtime: Runtime,
    serving: JoinHandle<()>,
    end: oneshot::Sender<()>,
}

/// Starts everything; the server answers when this returns.
pub async fn start(config: &Config) -> anyhow::Result<Server> {
    let listener = TcpListener::bind(&config.listen).await;
    let listener = listener.with_context(|| {
        format!("listening on {} (is the port in use? choose another one with --listen)", config.listen)
    })?;
    let address = listener.local_addr()?;
    let public_url = match &config.public_url {
        Some(url) => url.clone(),
        None => format!("http://{address}").parse()?,
    };
    let data = data::open(config, Access::Alone).await?;
    let team = default_team(&data).await?;
    let runtime = Runtime::start(runtime_parts(config, &data, &public_url)?).await?;
    let control = runtime.control();
    let web = web_parts(config, &data, &control, team, &public_url)?;
    let router = rouage_web::router(web.clone());
    let (end, ended) = oneshot::channel::<()>();
    let serving = tokio::spawn(rouage_web::serve(listener, router, async {
        // An error means that the sender is gone: end as well.
        let _ = ended.await;
    }));
    Ok(Server { team, control, web, public_url, data, runtime, serving, end })
}

/// For commands that work on the folder while no server runs: steers, but runs
/// nothing. With the address at which the server will be reached.
pub fn control_only(config: &Config, data: &Data) -> anyhow::Result<(Control, Url)> {
    let public_url = match &config.public_url {
        Some(url) => url.clone(),
        None => format!("http://{}", config.listen).parse()?,
    };
    Ok((Control::without_workers(runtime_parts(config, data, &public_url)?), public_url))
}

/// The runtime's parts over an open data folder.
fn runtime_parts(config: &Config, data: &Data, public_url: &Url) -> anyhow::Result<RuntimeParts> {
    Ok(RuntimeParts {
        store: data.store.clone(),
        registry: rouage_apps::registry(),
        http: http::Client::new(Guard::new(policy(&config.allow_net)?)),
        clock: data.clock.clone(),
        public_url: public_url.clone(),
        workers: config.workers,
        module_timeout: config.module_timeout,
        queue_limit: config.webhook_queue,
        limits: Limits {
            run_time: config.run_time,
            operations: config.run_operations,
            bundles: config.run_bundles,
            memory: config.run_memory,
            file_bytes: config.file_bytes,
            history: retention::Policy {
                days: config.history_days,
                runs: config.history_runs,
                bytes: config.history_bytes,
            },
        },
    })
}

/// The team of this installation, made on first start.
pub async fn default_team(data: &Data) -> anyhow::Result<TeamId> {
    let mut tx = data.store.begin().await?;
    let team = teams::ensure_default(&mut tx).await?;
    tx.commit().await?;
    Ok(team)
}

fn policy(rules: &[String]) -> anyhow::Result<Policy> {
    Policy::parse(rules).map_err(|errors| {
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("allow_net: {}", errors.join("; "))
    })
}

fn web_parts(
    config: &Config,
    data: &Data,
    control: &Control,
    team: TeamId,
    public_url: &Url,
) -> anyhow::Result<WebParts> {
    let mut parts = WebParts::new(data.store.clone(), control.clone(), team, public_url.clone());
    let proxies = config.trusted_proxies.iter().map(|range| {
        range.parse().with_context(|| format!("trusted_proxies: {range:?} is not a range such as 10.0.0.1/32"))
    });
    parts.trusted_proxies = proxies.collect::<Result<_, _>>()?;
    parts.allowed_networks = config.allow_net.clone();
    parts.limits.rate = config.webhook_rate;
    parts.limits.body = config.webhook_body;
    parts.limits.response_timeout = config.response_timeout;
    Ok(parts)
}

impl Server {
    /// The open data folder.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// A full address of a path on this server.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }

    /// Ends: no new requests, running ones finish, the rest is written down.
    pub async fn stop(self) {
        let _ = self.end.send(());
        self.runtime.stop(PATIENCE).await;
        if self.serving.await.is_err() {
            tracing::error!("the web server did not end well");
        }
        self.data.store.close().await;
    }
}

/// Resolves on Ctrl-C or SIGTERM.
pub async fn asked_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
