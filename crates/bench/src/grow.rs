//! How the program stands with a long history.

/// Fills a data folder and measures the start.
pub async fn measure(_arguments: &[String]) -> anyhow::Result<()> {
    anyhow::bail!("not yet")
}
