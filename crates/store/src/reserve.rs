//! Space that is set aside beside a SQLite file, so that old runs can still be
//! deleted when the disk is full: deleting writes too.

use std::path::{Path, PathBuf};

use crate::Store;

/// Bytes that are set aside.
const BYTES: usize = 16_000_000;

/// Where the space is; `None` without a file of our own.
#[derive(Debug, Default)]
pub(crate) struct Reserve(Option<PathBuf>);

impl Reserve {
    /// Beside the file of `sqlite://…`.
    pub(crate) fn of(url: &str) -> Self {
        let path = url.strip_prefix("sqlite://").map(|path| path.split('?').next().unwrap_or(path));
        Self(
            path.filter(|path| !path.is_empty() && !path.contains(":memory:"))
                .map(|path| format!("{path}.reserve").into()),
        )
    }
}

impl Reserve {
    pub(crate) async fn release(&self) -> bool {
        match &self.0 {
            Some(path) => tokio::fs::remove_file(path).await.is_ok(),
            None => false,
        }
    }
}

impl Store {
    /// Gives the space back to the disk; whether there was any.
    pub async fn release_reserve(&self) -> bool {
        self.shared.reserve.release().await
    }

    /// Sets the space aside (again). A disk that has none left keeps it.
    pub async fn keep_reserve(&self) {
        let Some(path) = self.shared.reserve.0.clone() else { return };
        // A panic there is none of ours.
        let _ = tokio::task::spawn_blocking(move || write(&path)).await;
    }
}

/// Real bytes: a file with holes would take no space.
fn write(path: &Path) {
    let is_whole = std::fs::metadata(path).is_ok_and(|found| found.len() == BYTES as u64);
    if is_whole {
        return;
    }
    if let Err(error) = std::fs::write(path, vec![0x52; BYTES]) {
        tracing::warn!(%error, "no space could be set aside for a full disk");
        let _ = std::fs::remove_file(path);
    }
}
