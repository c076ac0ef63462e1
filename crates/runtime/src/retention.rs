//! Keeps the history within its limits, in the background: small transactions
//! with pauses between them, so that runs and webhooks hardly notice, and the
//! freed space given back to the disk.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use rouage_store::retention::{self, Policy};
use rouage_store::{Error, blobs, breakpoint, incompletes};
use tokio::time::Instant;

use crate::core::Core;

/// How often the limits are looked at.
const PERIOD: Duration = Duration::from_secs(60);
/// How soon for the first time, so that a start is not slowed down.
const FIRST: Duration = Duration::from_secs(1);
/// Runs or requests that one transaction deletes.
const BATCH: u32 = 50;
/// The shortest pause after a transaction.
const PAUSE: Duration = Duration::from_millis(20);
/// Pages that are given back to the disk at a time.
const PAGES: u32 = 256;
/// Bytes that stay free in the file for what is written next.
const SPARE: i64 = 8_000_000;

/// Looks after the history until the runtime ends.
pub async fn keep_within_limits(core: Arc<Core>) {
    tokio::time::sleep(FIRST).await;
    let mut seen = 0;
    loop {
        match sweep(&core, &mut seen).await {
            Ok(0) => {}
            Ok(runs) => tracing::info!(runs, "old runs deleted"),
            Err(Error::Full) => {
                tracing::error!("the disk is full; space is being freed from the history");
                // What is set aside for this moment lets the next sweep write.
                if core.store.release_reserve().await {
                    continue;
                }
            }
            Err(error) => tracing::warn!(%error, "the history could not be kept within its limits"),
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// Goes through everything once; gives how many runs were deleted. `seen` is
/// the place in the log of requests up to which nothing is left to delete.
pub async fn sweep(core: &Core, seen: &mut i64) -> Result<u64, Error> {
    remove_due_bundles(core).await?;
    let server = policy(core).await?;
    let mut deleted = 0;
    for (scenario, own) in retention::scenarios(&core.store).await? {
        let excess = retention::excess(&core.store, scenario, own.over(server)).await?;
        loop {
            let ids = retention::surplus(&core.store, &excess, BATCH).await?;
            if ids.is_empty() || core.is_closing() {
                break;
            }
            let begun = Instant::now();
            let mut tx = core.store.begin().await?;
            let gone = retention::delete(&mut tx, &ids).await?;
            breakpoint::pass("prune-before-commit");
            tx.commit().await?;
            breakpoint::pass("prune-after-commit");
            deleted += gone;
            breathe(begun).await;
            if gone == 0 {
                break;
            }
        }
    }
    delete_resolved(core).await?;
    delete_requests(core, server, seen).await?;
    delete_files(core).await?;
    give_back_space(core).await?;
    core.store.keep_reserve().await;
    Ok(deleted)
}

/// What holds for scenarios that say nothing.
pub async fn policy(core: &Core) -> Result<Policy, Error> {
    Ok(retention::server(&core.store).await?.unwrap_or(core.limits.history))
}

/// Leaves the writer to others at least as long as it was taken.
async fn breathe(begun: Instant) {
    tokio::time::sleep(PAUSE.max(begun.elapsed())).await;
}

/// Those that could not be removed when their run ended, or were needed still.
async fn remove_due_bundles(core: &Core) -> Result<(), Error> {
    loop {
        let due = retention::confidential_due(&core.store, BATCH).await?;
        if due.is_empty() || core.is_closing() {
            return Ok(());
        }
        for execution in due {
            let begun = Instant::now();
            retention::remove_bundles(&core.store, execution).await?;
            breathe(begun).await;
        }
    }
}

async fn delete_resolved(core: &Core) -> Result<(), Error> {
    let age = SignedDuration::from_hours(24 * incompletes::RESOLVED_DAYS);
    let before = core.clock.now().checked_sub(age).unwrap_or(jiff::Timestamp::MIN);
    loop {
        let begun = Instant::now();
        let mut tx = core.store.begin().await?;
        let gone = incompletes::delete_resolved(&mut tx, before, BATCH).await?;
        tx.commit().await?;
        if gone < u64::from(BATCH) || core.is_closing() {
            return Ok(());
        }
        breathe(begun).await;
    }
}

/// Requests that started nothing; those of a run go with it.
async fn delete_requests(core: &Core, policy: Policy, seen: &mut i64) -> Result<(), Error> {
    if policy.days == 0 {
        return Ok(());
    }
    let age = SignedDuration::from_hours(24).saturating_mul(i32::try_from(policy.days).unwrap_or(i32::MAX));
    let before = core.clock.now().checked_sub(age).unwrap_or(jiff::Timestamp::MIN);
    loop {
        let (ids, place) = retention::old_requests(&core.store, *seen, before, 10 * BATCH).await?;
        if !ids.is_empty() {
            let begun = Instant::now();
            let mut tx = core.store.begin().await?;
            retention::delete_requests(&mut tx, &ids).await?;
            tx.commit().await?;
            breathe(begun).await;
        }
        match place {
            Some(place) if !core.is_closing() => *seen = place,
            _ => return Ok(()),
        }
    }
}

/// Files that no run and no request names any more.
async fn delete_files(core: &Core) -> Result<(), Error> {
    loop {
        let ids = blobs::unreferenced(&core.store, BATCH).await?;
        if ids.is_empty() || core.is_closing() {
            return Ok(());
        }
        for id in ids {
            loop {
                let begun = Instant::now();
                let is_gone = blobs::delete_some(&core.store, id).await?;
                breathe(begun).await;
                if is_gone {
                    break;
                }
            }
        }
    }
}

async fn give_back_space(core: &Core) -> Result<(), Error> {
    loop {
        let before = retention::disk_use(&core.store).await?;
        if before.free <= SPARE || core.is_closing() {
            return Ok(());
        }
        let begun = Instant::now();
        core.store.reclaim(PAGES).await?;
        let after = retention::disk_use(&core.store).await?;
        if after.free >= before.free {
            return Ok(());
        }
        breathe(begun).await;
    }
}
