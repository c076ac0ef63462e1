//! What works once: links that sign in, which `rouage demo` prints, and forms
//! whose answer shows a secret. In memory, so they end with the process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rouage_model::clock::{self, SharedClock};

/// How long a link may be used.
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// The links that were not used yet. Cloning shares them.
#[derive(Clone, Debug)]
pub struct OneTimeLinks {
    links: Arc<Mutex<HashMap<String, (String, Timestamp)>>>,
    clock: SharedClock,
}

impl OneTimeLinks {
    /// None yet.
    pub fn new(clock: SharedClock) -> Self {
        Self { links: Arc::default(), clock }
    }

    /// The token of a new link that leads to `path`.
    pub fn create(&self, path: &str) -> String {
        let token = clock::token(self.clock.as_ref());
        let now = self.clock.now();
        let expires = now.checked_add(LIFE).unwrap_or(now);
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|_, (_, expires)| *expires > now);
        links.insert(token.clone(), (path.to_owned(), expires));
        token
    }

    /// Uses a link up. `None` when it is unknown, used or too old.
    pub fn redeem(&self, token: &str) -> Option<String> {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let (path, expires) = links.remove(token)?;
        (expires > self.clock.now()).then_some(path)
    }
}

/// The forms that were sent and must not be sent again, as a reload would.
/// Each carries a token of its own.
pub(crate) struct SentForms {
    sent: Mutex<HashMap<String, Timestamp>>,
    clock: SharedClock,
}

impl SentForms {
    /// None yet.
    pub(crate) fn new(clock: SharedClock) -> Self {
        Self { sent: Mutex::default(), clock }
    }

    /// The token of a new form.
    pub(crate) fn token(&self) -> String {
        clock::token(self.clock.as_ref())
    }

    /// Whether a form is sent for the first time. One without a token, as
    /// programs send it, always is.
    pub(crate) fn is_first(&self, token: &str) -> bool {
        if token.is_empty() {
            return true;
        }
        let now = self.clock.now();
        let expires = now.checked_add(LIFE).unwrap_or(now);
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.retain(|_, expires| *expires > now);
        sent.insert(token.to_owned(), expires).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rouage_model::clock::SimulatedClock;

    #[test]
    fn a_link_works_once_and_not_for_ever() {
        let clock = Arc::new(SimulatedClock::new(Timestamp::UNIX_EPOCH, 1));
        let links = OneTimeLinks::new(clock.clone());
        let (first, second) = (links.create("/a"), links.create("/b"));
        assert_eq!(links.redeem(&first).as_deref(), Some("/a"));
        assert_eq!(links.redeem(&first), None);
        clock.advance(LIFE);
        assert_eq!(links.redeem(&second), None);
    }

    #[test]
    fn a_form_is_sent_once() {
        let forms = SentForms::new(Arc::new(SimulatedClock::new(Timestamp::UNIX_EPOCH, 1)));
        let (one, other) = (forms.token(), forms.token());
        assert!(forms.is_first(&one) && forms.is_first(&other));
        assert!(!forms.is_first(&one));
        assert!(forms.is_first("") && forms.is_first(""));
    }
}
