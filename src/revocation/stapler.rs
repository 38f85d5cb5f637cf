//! Keeps an OCSP response for each certificate that is shown and names a responder, and what the revocation lists say
//! of one that names lists alone.
//!
//! A response is asked for again when half of its time is over, a list twice a day. After a failure the server is not
//! asked for a minute, then longer; the last response is shown until it ends, and then none.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::ask::{AskError, ask_responder, fetch_list};
use crate::clock::{Clock, Timestamp};
use crate::telemetry::chain;
use crate::tls::{Fingerprint, Handshaker, Issued, ListVerdict, OcspResponse, Revocable, RevocationStatus, Staple};

/// Asks responders. One for the process: what it knows outlives every configuration.
#[derive(Debug)]
pub struct Stapler {
    handshaker: Arc<Handshaker>,
    clock: Clock,
    states: Mutex<BTreeMap<Fingerprint, State>>,
    wake: Notify,
}

/// Who tells whether a certificate was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Told {
    /// Its OCSP responder.
    #[default]
    ByResponder,
    /// The revocation lists that it names: it names no responder.
    ByLists,
}

/// What is known of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stapling {
    /// Who says it.
    pub by: Told,
    /// What was said last, while that counts. That it was revoked counts until something else is said.
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

    /// How it stands with this certificate; nothing where it names nobody to ask.
    pub fn stapling(&self, certificate: Fingerprint) -> Option<Stapling> {
        let now = self.clock.now();
        let mut known = self.states.lock().get(&certificate)?.known.clone();
        // An authority does not take back that it has revoked one; that it is away now must not read as all being well.
        if known.status == Some(RevocationStatus::Good) && known.until.is_some_and(|until| until <= now) {
            (known.status, known.until) = (None, None);
        }
        Some(known)
    }

    /// How many of the certificates that are shown were revoked, as far as is known.
    pub fn revoked(&self) -> usize {
        let states = self.states.lock();
        states.values().filter(|state| matches!(state.known.status, Some(RevocationStatus::Revoked(_)))).count()
    }

    /// Asks every responder and fetches every list that is due. Says how long nobody is.
    pub async fn step(&self) -> Duration {
        let wanted = self.handshaker.revocable();
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

    async fn ask(&self, about: &Revocable) {
        let issued = match &about.issued {
            Ok(issued) => issued,
            Err(error) => return self.failed(about, &error.to_string()),
        };
        let now = || self.clock.now();
        let Some(responder) = &about.sources.responder else {
            return match fetch_lists(&about.sources.lists, issued, now).await {
                Ok(verdict) => self.listed(about, verdict),
                Err(error) => self.failed(about, &chain(&error).to_string()),
            };
        };
        match ask_responder(responder, issued, now).await {
            Ok((response, bytes)) => self.answered(about, &response, &bytes),
            Err(error) => self.failed(about, &chain(&error).to_string()),
        }
    }

    fn listed(&self, about: &Revocable, verdict: ListVerdict) {
        if let RevocationStatus::Revoked(since) = verdict.status {
            log_revoked(&about.name, since);
        }
        let now = self.clock.now();
        let until = verdict.next_update.unwrap_or(now.saturating_add(BETWEEN_LISTS * 2));
        let due = now.saturating_add(BETWEEN_LISTS).min(until).max(now.saturating_add(SHORTEST_PAUSE));
        let known = Stapling { by: Told::ByLists, status: Some(verdict.status), until: Some(until), error: None };
        self.states.lock().insert(about.fingerprint, State { known, due, ..State::default() });
    }

    fn answered(&self, about: &Revocable, response: &OcspResponse, bytes: &[u8]) {
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
                log_revoked(name, since);
                None
            }
        };
        self.handshaker.staple(about.fingerprint, staple.as_ref());
        let half = response.next_update.saturating_since(response.this_update) / 2;
        let due = response.this_update.saturating_add(half).max(self.clock.now().saturating_add(SHORTEST_PAUSE));
        let by = Told::ByResponder;
        let known = Stapling { by, status: Some(response.status), until: Some(until), error: None };
        self.states
            .lock()
            .insert(about.fingerprint, State { known, failures: 0, due, this_update: response.this_update });
    }

    fn failed(&self, about: &Revocable, why: &str) {
        let now = self.clock.now();
        let mut states = self.states.lock();
        let state = states.entry(about.fingerprint).or_default();
        state.failures = state.failures.saturating_add(1);
        state.due = now.saturating_add(pause(state.failures));
        // A responder may put anything into its errors.
        let why: String = why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_ERROR).collect();
        // Once, and again each time that something else is wrong.
        if state.known.error.as_ref() != Some(&why) {
            let name = &*about.name;
            if let Some(responder) = &about.sources.responder {
                tracing::warn!(name, responder, error = why, "no OCSP response for a certificate");
            } else {
                tracing::warn!(name, error = why, "no revocation list for a certificate");
            }
        }
        state.known.by = told(about);
        state.known.error = Some(why);
    }
}

fn told(about: &Revocable) -> Told {
    if about.sources.responder.is_some() { Told::ByResponder } else { Told::ByLists }
}

fn log_revoked(name: &str, since: Timestamp) {
    tracing::error!(name, %since, "the certificate was revoked: order or install another one");
}

/// What the lists say together: revoked as soon as one says so, and good as soon as all have been read.
async fn fetch_lists(lists: &[String], about: &Issued, now: impl Fn() -> Timestamp) -> Result<ListVerdict, AskError> {
    let mut together = ListVerdict { status: RevocationStatus::Good, next_update: None };
    let mut failed = None;
    for list in lists {
        match fetch_list(list, about, &now).await {
            Ok(verdict) if verdict.status != RevocationStatus::Good => return Ok(verdict),
            Ok(verdict) => {
                let ends = [together.next_update, verdict.next_update];
                together.next_update = ends.into_iter().flatten().min();
            }
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(together), Err)
}

/// How long a responder or a list's server is not asked after so many failures in a row.
fn pause(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    SHORTEST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE)
}

const SHORTEST_PAUSE: Duration = Duration::from_mins(1);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// Lists count for days, and some have megabytes.
const BETWEEN_LISTS: Duration = Duration::from_hours(12);
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
