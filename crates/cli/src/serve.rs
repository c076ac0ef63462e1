//! `rouage serve`.

use std::process::ExitCode;

use rouage_store::{settings, setup};

use crate::config::Config;
use crate::server::{self, Server};

/// Serves until asked to end.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let server = server::start(&config).await?;
    keep_public_url(&server).await?;
    tracing::info!(url = %server.public_url, data = %config.data.display(), "rouage is ready");
    if let Some(token) = setup::token(&server.data().store).await? {
        println!("Welcome to Rouage. Open this link once to create the owner's account:");
        println!("  {}", server.address(&format!("/setup/{token}")));
    } else {
        println!("Rouage is ready at {}", server.public_url);
    }
    server::asked_to_end().await;
    tracing::info!("ending");
    server.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Built-in spreadsheets name their own address in answers.
async fn keep_public_url(server: &Server) -> anyhow::Result<()> {
    let mut tx = server.data().store.begin().await?;
    settings::set(&mut tx, settings::PUBLIC_URL, server.public_url.as_str()).await?;
    tx.commit().await?;
    Ok(())
}
