//! `rouage change-key`: everything that is secret is sealed under a new key.

use std::process::ExitCode;

use crate::config::Config;
use crate::data::{self, KEY};

/// Changes the key of a data folder that no server uses.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let sealed = data::change_key(&config).await?;
    let secrets = if sealed == 1 { "1 secret is".to_owned() } else { format!("{sealed} secrets are") };
    println!("{secrets} sealed under a new key now: {}.", config.data.join(KEY).display());
    println!("Keep a copy of it in a safe place. Backups from before today need the old one.");
    if config.database != "sqlite" {
        println!("Every node on this database needs the new file before it is started.");
    }
    Ok(ExitCode::SUCCESS)
}
