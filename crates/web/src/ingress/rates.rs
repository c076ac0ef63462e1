//! How often a webhook may be called.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rouage_model::HookId;

use super::Limits;

/// Counts of the current window of each webhook.
pub struct Rates {
    limits: Limits,
    windows: Mutex<HashMap<HookId, (Timestamp, u32)>>,
}

impl Rates {
    /// Nothing counted yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, windows: Mutex::default() }
    }

    /// Counts a request; the error says how long to wait.
    pub fn take(&self, hook: HookId, now: Timestamp) -> Result<(), Duration> {
        if self.limits.rate == 0 {
            return Ok(());
        }
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, count) = windows.entry(hook).or_insert((now, 0));
        let passed = Duration::try_from(now.duration_since(*began)).unwrap_or_default();
        if passed >= self.limits.rate_window {
            (*began, *count) = (now, 0);
        }
        if *count >= self.limits.rate {
            return Err(self.limits.rate_window.saturating_sub(passed));
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_opens_again_and_hooks_do_not_share_it() {
        let limits = Limits { rate: 2, ..Limits::default() };
        let rates = Rates::new(limits);
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert!(rates.take(HookId(1), at(0)).is_ok() && rates.take(HookId(1), at(3)).is_ok());
        assert_eq!(rates.take(HookId(1), at(4)), Err(Duration::from_secs(6)));
        assert!(rates.take(HookId(2), at(4)).is_ok());
        assert!(rates.take(HookId(1), at(10)).is_ok());
        let open = Rates::new(Limits { rate: 0, ..limits });
        assert!((0..1000).all(|_| open.take(HookId(1), at(0)).is_ok()));
    }
}
