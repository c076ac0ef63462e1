//! `rouage doctor`: is this installation well? One line a check, in plain
//! words, with what to do where it is not.

use std::process::ExitCode;

use jiff::Timestamp;
use rouage_model::Clock as _;
use rouage_model::clock::SystemClock;
use rouage_store::{connections, settings};
use tokio::net::TcpListener;

use crate::config::Config;
use crate::data::{self, Access};
use crate::server;

struct Findings {
    bad: usize,
}

impl Findings {
    fn good(&self, what: &str) {
        println!("  ok    {what}");
    }

    fn bad(&mut self, what: &str) {
        self.bad += 1;
        println!("  BAD   {what}");
    }

    fn note(&self, what: &str) {
        println!("  note  {what}");
    }
}

/// Checks everything; fails when something is bad.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    println!("Rouage {} looks at {}", env!("CARGO_PKG_VERSION"), config.data.display());
    let mut findings = Findings { bad: 0 };
    check_folder(&config, &mut findings);
    check_port(&config, &mut findings).await;
    check_public_url(&config, &findings);
    check_clock(&mut findings);
    match data::open(&config, Access::Reading).await {
        Ok(data) => {
            findings.good("the database opens and the key fits it");
            check_store(&config, &data, &mut findings).await;
            data.store.close().await;
        }
        Err(error) => findings.bad(&format!("{error:#}")),
    }
    println!("{}", if findings.bad == 0 { "All is well." } else { "See the lines marked BAD." });
    Ok(if findings.bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check_folder(config: &Config, findings: &mut Findings) {
    let probe = config.data.join(".doctor");
    let written = std::fs::create_dir_all(&config.data).and_then(|()| std::fs::write(&probe, b"x"));
    match written {
        Ok(()) => {
            // Leaving the probe behind does no harm.
            let _ = std::fs::remove_file(&probe);
            findings.good("the data folder can be written");
        }
        Err(error) => findings.bad(&format!("the data folder cannot be written: {error}; choose another with --data")),
    }
    #[cfg(unix)]
    if let Ok(metadata) = std::fs::metadata(config.data.join("rouage.key")) {
        use std::os::unix::fs::PermissionsExt as _;
        if metadata.permissions().mode() & 0o077 != 0 {
            findings.bad("the key file rouage.key can be read by others: chmod 600 it");
        }
    }
}

async fn check_port(config: &Config, findings: &mut Findings) {
    match TcpListener::bind(&config.listen).await {
        Ok(_) => findings.good(&format!("{} is free to listen on", config.listen)),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            findings
                .note(&format!("{} is in use: by a running rouage, or choose another with --listen", config.listen));
        }
        Err(error) => findings.bad(&format!("cannot listen on {}: {error}", config.listen)),
    }
}

fn check_public_url(config: &Config, findings: &Findings) {
    match &config.public_url {
        Some(url) if url.scheme() == "https" => findings.good(&format!("the public address is {url}")),
        Some(url) => findings.note(&format!("the public address {url} is not https: passwords travel in clear")),
        None => findings.note("there is no public address: shops outside this machine need --public-url"),
    }
}

fn check_clock(findings: &mut Findings) {
    let built: Timestamp = Timestamp::from_second(1_790_000_000).unwrap_or(Timestamp::UNIX_EPOCH);
    if SystemClock.now() < built {
        findings.bad("the clock of this machine is in the past: schedules and certificates will be wrong");
    } else {
        findings.good("the clock is plausible");
    }
}

async fn check_store(config: &Config, data: &data::Data, findings: &mut Findings) {
    let store = &data.store;
    if let Err(error) = settings::get(store, "doctor").await {
        findings.bad(&format!("the database cannot be read: {error}"));
        return;
    }
    let team = match server::default_team(data).await {
        Ok(team) => team,
        Err(error) => return findings.bad(&format!("the database cannot be written: {error:#}")),
    };
    let rows = match connections::list(store, team, None).await {
        Ok(rows) => rows,
        Err(error) => return findings.bad(&format!("the connections cannot be read: {error}")),
    };
    let control = match server::control_only(config, data) {
        Ok((control, _)) => control,
        Err(error) => return findings.bad(&format!("{error:#}")),
    };
    for row in rows {
        let name = format!("connection {:?} ({})", row.name, row.kind);
        match control.test_connection(team, row.id).await {
            Ok(reached) => findings.good(&format!("{name}: {reached}")),
            Err(error) => findings.bad(&format!("{name}: {error}")),
        }
    }
}
