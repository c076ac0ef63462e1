//! Configuration: flags, then the environment, then one TOML file, then the
//! embedded defaults, which document every option.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, Parser};
use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use url::Url;

/// The documented defaults.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// Flags that every command takes; each has an environment variable.
#[derive(Debug, Args)]
pub struct Flags {
    /// The data folder [default: rouage-data]
    #[arg(long, global = true, env = "ROUAGE_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// The address to listen on [default: 127.0.0.1:8080]
    #[arg(long, global = true, env = "ROUAGE_LISTEN", value_name = "ADDR")]
    listen: Option<String>,
    /// "sqlite", or a postgres:// address [default: sqlite]
    #[arg(long, global = true, env = "ROUAGE_DATABASE", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// The address at which others reach this server
    #[arg(long, global = true, env = "ROUAGE_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// A host, address or range inside your network that modules may reach; may be repeated
    #[arg(long, global = true, env = "ROUAGE_ALLOW_NET", value_name = "HOST", value_delimiter = ',')]
    allow_net: Vec<String>,
    /// A proxy in front of this server; may be repeated
    #[arg(long, global = true, env = "ROUAGE_TRUSTED_PROXIES", value_name = "RANGE", value_delimiter = ',')]
    trusted_proxies: Vec<String>,
    /// How many runs may be in progress at once [default: 64]
    #[arg(long, global = true, env = "ROUAGE_WORKERS", value_name = "COUNT")]
    workers: Option<usize>,
    /// How long one module may take, in seconds [default: 300]
    #[arg(long, global = true, env = "ROUAGE_MODULE_TIMEOUT", value_name = "SECONDS")]
    module_timeout: Option<u64>,
    /// How long a caller waits for a Webhook response, in seconds [default: 180]
    #[arg(long, global = true, env = "ROUAGE_RESPONSE_TIMEOUT", value_name = "SECONDS")]
    response_timeout: Option<u64>,
    /// Most requests for one webhook in 10 seconds, 0 = no limit [default: 300]
    #[arg(long, global = true, env = "ROUAGE_WEBHOOK_RATE", value_name = "COUNT")]
    webhook_rate: Option<u32>,
    /// Most requests that wait for one webhook, 0 = no limit [default: 10000]
    #[arg(long, global = true, env = "ROUAGE_WEBHOOK_QUEUE", value_name = "COUNT")]
    webhook_queue: Option<u64>,
    /// Largest request body in bytes [default: 5242880]
    #[arg(long, global = true, env = "ROUAGE_WEBHOOK_BODY", value_name = "BYTES")]
    webhook_body: Option<usize>,
    /// How long one run may work, in seconds; waiting is not counted [default: 2400]
    #[arg(long, global = true, env = "ROUAGE_RUN_TIME", value_name = "SECONDS")]
    run_time: Option<u64>,
    /// Most operations of one run [default: 100000]
    #[arg(long, global = true, env = "ROUAGE_RUN_OPERATIONS", value_name = "COUNT")]
    run_operations: Option<u32>,
    /// Most bundles that the modules of one run give [default: 1000000]
    #[arg(long, global = true, env = "ROUAGE_RUN_BUNDLES", value_name = "COUNT")]
    run_bundles: Option<u64>,
    /// Most bytes of bundles that one run holds at a time [default: 1073741824]
    #[arg(long, global = true, env = "ROUAGE_RUN_MEMORY", value_name = "BYTES")]
    run_memory: Option<u64>,
    /// Most bytes of one file that a module reads or writes [default: 104857600]
    #[arg(long, global = true, env = "ROUAGE_FILE_BYTES", value_name = "BYTES")]
    file_bytes: Option<u64>,
    /// How long runs are kept, 0 = no limit [default: 30]
    #[arg(long, global = true, env = "ROUAGE_HISTORY_DAYS", value_name = "DAYS")]
    history_days: Option<u32>,
    /// Most runs kept of one scenario, 0 = no limit [default: 0]
    #[arg(long, global = true, env = "ROUAGE_HISTORY_RUNS", value_name = "COUNT")]
    history_runs: Option<u64>,
    /// Most bytes of runs kept of one scenario, 0 = no limit [default: 1000000000]
    #[arg(long, global = true, env = "ROUAGE_HISTORY_BYTES", value_name = "BYTES")]
    history_bytes: Option<u64>,
    /// What the log says [default: info]
    #[arg(long, global = true, env = "ROUAGE_LOG", value_name = "LEVEL")]
    log: Option<String>,
    /// "text" or "json" [default: text]
    #[arg(long, global = true, env = "ROUAGE_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Option<String>,
    /// The configuration file [default: rouage.toml in the data folder]
    #[arg(long, global = true, env = "ROUAGE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Parser)]
struct FlagsOnly {
    #[command(flatten)]
    flags: Flags,
}

/// The configuration file. Unknown names are refused: a typo must not pass
/// for a setting.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: Option<PathBuf>,
    listen: Option<String>,
    database: Option<String>,
    public_url: Option<String>,
    allow_net: Option<Vec<String>>,
    trusted_proxies: Option<Vec<String>>,
    workers: Option<usize>,
    module_timeout: Option<u64>,
    response_timeout: Option<u64>,
    webhook_rate: Option<u32>,
    webhook_queue: Option<u64>,
    webhook_body: Option<usize>,
    run_time: Option<u64>,
    run_operations: Option<u32>,
    run_bundles: Option<u64>,
    run_memory: Option<u64>,
    file_bytes: Option<u64>,
    history_days: Option<u32>,
    history_runs: Option<u64>,
    history_bytes: Option<u64>,
    log: Option<String>,
    log_format: Option<String>,
}

/// The configuration in force.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data folder.
    pub data: PathBuf,
    /// Whether the data folder was named, and not just the default.
    pub data_is_given: bool,
    /// `host:port`.
    pub listen: String,
    /// Whether the address was named, and not just the default.
    pub listen_is_given: bool,
    /// `sqlite` or a PostgreSQL address.
    pub database: String,
    /// Where others reach this server; `None`: at the listen address.
    pub public_url: Option<Url>,
    /// Hosts and ranges inside the network that modules may reach.
    pub allow_net: Vec<String>,
    /// Proxies that are believed.
    pub trusted_proxies: Vec<String>,
    /// Runs at once.
    pub workers: usize,
    /// Time of one module.
    pub module_timeout: Duration,
    /// Time of a waiting caller.
    pub response_timeout: Duration,
    /// Requests per webhook in 10 seconds.
    pub webhook_rate: u32,
    /// Requests that wait per webhook.
    pub webhook_queue: u64,
    /// Bytes of a request body.
    pub webhook_body: usize,
    /// Time of one run.
    pub run_time: Duration,
    /// Operations of one run.
    pub run_operations: u32,
    /// Bundles of one run.
    pub run_bundles: u64,
    /// Bytes of bundles in one run.
    pub run_memory: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Days that runs are kept.
    pub history_days: u32,
    /// Runs kept of a scenario.
    pub history_runs: u64,
    /// Bytes of runs kept of a scenario.
    pub history_bytes: u64,
    log: String,
    log_format: String,
}

/// Reads all sources. A demo says little in its log unless asked.
pub fn load(flags: &Flags, demo: bool) -> anyhow::Result<Config> {
    let defaults: File = toml::from_str(DEFAULTS).context("the embedded defaults")?;
    let folder = flags.data.clone().or(defaults.data.clone()).unwrap_or_default();
    let file = match &flags.config {
        Some(path) => read(path)?,
        None => read_if_there(&folder.join("rouage.toml"))?,
    };
    let data_is_given = flags.data.is_some() || file.data.is_some();
    let listen_is_given = flags.listen.is_some() || file.listen.is_some();
    let log_is_given = flags.log.is_some() || file.log.is_some();
    let list = |flag: &Vec<String>, file: Option<Vec<String>>| match flag.is_empty() {
        false => flag.clone(),
        true => file.unwrap_or_default(),
    };
    macro_rules! first {
        ($name:ident) => {
            flags.$name.clone().or(file.$name.clone()).or(defaults.$name.clone()).unwrap_or_default()
        };
    }
    let public_url: String = first!(public_url);
    let log: String = first!(log);
    Ok(Config {
        data: first!(data),
        data_is_given,
        listen_is_given,
        listen: first!(listen),
        database: first!(database),
        public_url: parse_public_url(&public_url)?,
        workers: first!(workers),
        module_timeout: Duration::from_secs(first!(module_timeout)),
        response_timeout: Duration::from_secs(first!(response_timeout)),
        webhook_rate: first!(webhook_rate),
        webhook_queue: first!(webhook_queue),
        webhook_body: first!(webhook_body),
        run_time: Duration::from_secs(first!(run_time)),
        run_operations: first!(run_operations),
        run_bundles: first!(run_bundles),
        run_memory: first!(run_memory),
        file_bytes: first!(file_bytes),
        history_days: first!(history_days),
        history_runs: first!(history_runs),
        history_bytes: first!(history_bytes),
        log: if demo && !log_is_given { "warn".into() } else { log },
        log_format: first!(log_format),
        allow_net: list(&flags.allow_net, file.allow_net),
        trusted_proxies: list(&flags.trusted_proxies, file.trusted_proxies),
    })
}

fn read(path: &Path) -> anyhow::Result<File> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("reading {}", path.display()))
}

fn read_if_there(path: &Path) -> anyhow::Result<File> {
    if path.exists() { read(path) } else { Ok(File::default()) }
}

fn parse_public_url(text: &str) -> anyhow::Result<Option<Url>> {
    if text.is_empty() {
        return Ok(None);
    }
    let url: Url = text.parse().with_context(|| format!("public_url {text:?} is not an address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        bail!("public_url {text:?} must start with http:// or https:// and name a host");
    }
    Ok(Some(url))
}

impl Config {
    /// The defaults, with a data folder and an address; for programs that
    /// bring their own server up.
    pub fn for_folder(data: &Path, listen: &str) -> anyhow::Result<Self> {
        let flags = FlagsOnly::try_parse_from(["rouage"])?.flags;
        let mut config = load(&flags, false)?;
        data.clone_into(&mut config.data);
        listen.clone_into(&mut config.listen);
        config.data_is_given = true;
        Ok(config)
    }

    /// Starts the log on standard error.
    pub fn start_log(&self) {
        let filter = EnvFilter::try_new(&self.log).unwrap_or_else(|_| EnvFilter::new("info"));
        let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        // A line that cannot be written, as on a full disk, would be told on
        // the same standard error, and that panics.
        let builder = builder.log_internal_errors(false);
        // A second start in one process (a test) keeps the first.
        let _ = match self.log_format.as_str() {
            "json" => builder.json().try_init(),
            _ => builder.with_target(false).try_init(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_name_every_option_once() {
        let file: File = toml::from_str(DEFAULTS).unwrap();
        let given = format!("{file:?}");
        assert!(!given.contains("None"), "an option has no documented default: {given}");
    }

    #[test]
    fn a_typo_in_the_file_is_refused() {
        let error = toml::from_str::<File>("lisen = \"x\"").unwrap_err();
        assert!(error.to_string().contains("lisen"));
    }

    #[test]
    fn a_public_url_needs_scheme_and_host() {
        assert!(parse_public_url("rouage.example.com").is_err());
        assert!(parse_public_url("ftp://x").is_err());
        assert!(parse_public_url("https://rouage.example.com").unwrap().is_some());
    }
}
