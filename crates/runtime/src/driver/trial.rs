//! Runs that were taken over: one of them may have brought the process down,
//! and will do so again.
//!
//! Many others were in progress then, and are as suspect. So each beginning of
//! such a run is noted; whoever ends in order loses the note, and so does
//! whoever got further. One that ended with the process at the same place twice
//! runs among few others from then on, and is set aside when that was its end
//! as well: then it was nearly alone (fault case F11).

use std::time::Duration;

use rouage_store::Job;
use tokio::sync::OwnedSemaphorePermit;

use crate::core::Core;
use crate::journal::Halt;

/// How many suspects run at a time.
pub const AT_ONCE: usize = 4;
/// From this beginning on at the same place a run is suspect.
const SUSPECT: u32 = 2;
/// The last beginning at the same place.
const MOST: u32 = 3;
/// After this long a suspect no longer holds up the others: what brings a
/// process down mostly does so at once.
const PROBATION: Duration = Duration::from_secs(10);

/// A run that is watched, if it is.
pub struct Trial(Option<OwnedSemaphorePermit>);

/// Notes the beginning of a run that was taken over, when its turn has come;
/// or says why it is not begun again.
pub async fn begin(core: &Core, job: &Job, events: usize) -> Result<Result<Trial, String>, Halt> {
    if job.takeovers == 0 {
        return Ok(Ok(Trial(None)));
    }
    let before = core.store.trials(job.execution, events).await?;
    if before >= MOST {
        let text = format!("set aside: the program ended {} times at this place of the run", before + 1);
        return Ok(Err(text));
    }
    let permit = match before + 1 >= SUSPECT {
        // The semaphore is never closed.
        true => core.trials.clone().acquire_owned().await.ok(),
        false => None,
    };
    core.store.begin_trial(job, events).await?;
    Ok(Ok(Trial(permit)))
}

impl Trial {
    /// Holds the place among the suspects for a while.
    pub async fn watch<T>(self, going: impl Future<Output = T>) -> T {
        let Some(permit) = self.0 else { return going.await };
        let mut going = std::pin::pin!(going);
        match tokio::time::timeout(PROBATION, &mut going).await {
            Ok(outcome) => outcome,
            Err(_) => {
                drop(permit);
                going.await
            }
        }
    }
}
