//! Keeps an OCSP response for each certificate that is shown and names a responder.
//!
//! A response is asked for again when half of its time is over. After a failure the responder is left in peace for some
//! minutes, then longer; the last response is shown until it ends, and then none.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::ask::ask_responder;
use crate::clock::{Clock, Timestamp};
use crate::telemetry::chain;
use crate::tls::{Fingerprint, Handshaker, OcspResponse, RevocationStatus, Staplable, Staple};

/// Asks responders. One for the process: what it knows outlives every configuration.
#[derive(Debug)]
pub struct Stapler {
    handshaker: Arc<Handshaker>,
    clock: Clock,
    states: Mutex<BTreeMap<Fingerprint, State>>,
    wake: Notify,
}

/// How it stands with the OCSP response of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stapling {
    /// What the responder said last, while that counts.
    pub status: Option<RevocationStatus>,
    /// Until when that counts.
    pub until: Option<Timestamp>,
    /// Why the last question got no answer that counts.
    pub error: Option<String>,
}

#[derive(Debug, Default)]
struct State {
    known: Stapling,
    /// Of the last answer that counted.
    this_update: Timestamp,
    failures: u32,
    due: Timestamp,
}

impl Stapler {
    /// Nothing asked yet.
    pub fn new(handshaker: Arc<Handshaker>, clock: Clock) -> Self {
        Self { handshaker, clock, states: Mutex::default(), wake: Notify::new() }
    }

    /// Returns when other certificates are shown than before.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Other certificates are shown than before.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// How it stands with this certificate; nothing where it names no responder.
    pub fn stapling(&self, certificate: Fingerprint) -> Option<Stapling> {
        let now = self.clock.now();
        let mut known = self.states.lock().get(&certificate)?.known.clone();
        if known.until.is_some_and(|until| until <= now) {
            (known.status, known.until) = (None, None);
        }
        Some(known)
    }

    /// Asks every responder that is due. Says how long nobody is.
    pub async fn step(&self) -> Duration {
        let wanted = self.handshaker.staplable();
        self.states.lock().retain(|known, _| wanted.iter().any(|one| one.fingerprint == *known));
        for one in &wanted {
            let due = self.states.lock().entry(one.fingerprint).or_default().due;
            if due <= self.clock.now() {
                self.ask(one).await;
            }
        }
        let now = self.clock.now();
        let next = self.states.lock().values().map(|state| state.due.saturating_since(now)).min();
        // Not longer, so that a clock that was set is noticed.
        next.unwrap_or(LONGEST_SLEEP).clamp(SHORTEST_SLEEP, LONGEST_SLEEP)
    }

    /// Shows no response any more, and asks nobody: the operator does not want it.
    pub fn stop(&self) {
        let known = std::mem::take(&mut *self.states.lock());
        for certificate in known.into_keys() {
            self.handshaker.staple(certificate, None);
        }
    }

    async fn ask(&self, about: &Staplable) {
        let issued = match &about.issued {
            Ok(issued) => issued,
            Err(error) => return self.failed(about, &error.to_string()),
        };
        match ask_responder(&about.responder, issued, || self.clock.now()).await {
            Ok((response, bytes)) => self.answered(about, &response, &bytes),
            Err(error) => self.failed(about, &chain(&error).to_string()),
        }
    }

    fn answered(&self, about: &Staplable, response: &OcspResponse, bytes: &[u8]) {
        let newest = self.states.lock().get(&about.fingerprint).map_or(Timestamp::default(), |state| state.this_update);
        // Somebody on the way could put an old answer in the place of "revoked" for as long as that one counts.
        if response.this_update < newest {
            return self.failed(about, "the response is older than the last one");
        }
        let (name, until) = (&*about.name, response.next_update);
        let staple = match response.status {
            RevocationStatus::Good => {
                tracing::debug!(name, %until, "the certificate is shown with an OCSP response");
                Some(Staple { response: bytes.to_vec(), until })
            }
            // Whoever connects would be told no more than that something is wrong; the operator is told all of it.
            RevocationStatus::Revoked(since) => {
                tracing::error!(name, %since, "the certificate was revoked: order or install another one");
                None
            }
        };
        self.handshaker.staple(about.fingerprint, staple.as_ref());
        let half = response.next_update.saturating_since(response.this_update) / 2;
        let due = response.this_update.saturating_add(half).max(self.clock.now().saturating_add(SHORTEST_PAUSE));
        let known = Stapling { status: Some(response.status), until: Some(until), error: None };
        self.states
            .lock()
            .insert(about.fingerprint, State { known, failures: 0, due, this_update: response.this_update });
    }

    fn failed(&self, about: &Staplable, why: &str) {
        let now = self.clock.now();
        let mut states = self.states.lock();
        let state = states.entry(about.fingerprint).or_default();
        state.failures = state.failures.saturating_add(1);
        state.due = now.saturating_add(pause(state.failures));
        // A responder may put anything into its errors.
        let why: String = why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_ERROR).collect();
        // Once, and again each time that something else is wrong.
        if state.known.error.as_ref() != Some(&why) {
            tracing::warn!(
                name = about.name,
                responder = about.responder,
                error = why,
                "no OCSP response for a certificate"
            );
        }
        state.known.error = Some(why);
    }
}

/// How long a responder is left in peace after so many failures in a row.
fn pause(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    SHORTEST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE)
}

const SHORTEST_PAUSE: Duration = Duration::from_mins(1);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
const SHORTEST_SLEEP: Duration = Duration::from_secs(1);
const LONGEST_SLEEP: Duration = Duration::from_mins(10);
const LONGEST_ERROR: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_responder_that_fails_is_asked_less_and_less() {
        assert_eq!([1, 2, 3].map(pause), [1, 2, 4].map(Duration::from_mins));
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
