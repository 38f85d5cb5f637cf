//! What is due, and what became of it: one name at a time, so that one that fails keeps no other from its certificate.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use instant_acme::Account;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::error::AcmeError;
use super::http_tokens::HttpTokens;
use super::order::{certificate_id, order};
use super::respond::Places;
use super::schedule::{Window, longest_cleanup, longest_order, pause, renewal, rest};
use super::{account, store};
use crate::clock::{Clock, Timestamp};
use crate::config::{Acme, Domain};
use crate::entropy;
use crate::telemetry::chain;
use crate::tls::{Facts, Handshaker};

/// Orders and renews certificates, and knows how that went. One for the process: it outlives every configuration.
#[derive(Debug)]
pub struct Renewer {
    tokens: HttpTokens,
    handshaker: Arc<Handshaker>,
    clock: Clock,
    /// By the file of the certificate, so that another server is another matter.
    states: Mutex<BTreeMap<PathBuf, State>>,
    wake: Notify,
}

/// What a look at all names came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// There is a new certificate for this name, and others may be due as well.
    Issued(Domain),
    /// Another process has ordered one for this name, and it is ours now, too.
    Adopted(Domain),
    /// None came about for this name, and others may be due.
    Failed(Domain),
    /// Nothing is due before this time has passed.
    Idle(Duration),
}

/// What a look at all names says is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// A certificate for this name is due.
    Due(Domain),
    /// Nothing is due before this time has passed.
    Idle(Duration),
}

/// How it stands with one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// The name.
    pub domain: Domain,
    /// When its certificate ends, if it has one.
    pub not_after: Option<Timestamp>,
    /// When a certificate is ordered next.
    pub next: Timestamp,
    /// When one was ordered last by this process.
    pub last_success: Option<Timestamp>,
    /// How often ordering has failed since.
    pub failures: u32,
    /// Why it failed last, for everybody who may see how the process is.
    pub error: Option<String>,
    /// The same with all that the server or the hook said, for the operator.
    pub why: Option<String>,
}

#[derive(Debug, Default)]
struct State {
    facts: Option<Facts>,
    window: Option<Window>,
    /// When the server is asked again for its window.
    window_due: Timestamp,
    /// The operator wants one now.
    is_wanted: bool,
    failures: u32,
    /// Not before this, unless the operator wants it.
    earliest: Timestamp,
    last_success: Option<Timestamp>,
    error: Option<(String, String)>,
}

impl State {
    fn due(&self) -> Timestamp {
        match &self.facts {
            _ if self.is_wanted => Timestamp::default(),
            _ if self.failures > 0 => self.earliest,
            Some(facts) => renewal(facts, self.window).max(self.earliest),
            None => self.earliest,
        }
    }
}

impl Renewer {
    /// Nothing ordered yet.
    pub fn new(handshaker: Arc<Handshaker>, clock: Clock) -> Self {
        let (tokens, states) = (HttpTokens::default(), Mutex::default());
        Self { tokens, handshaker, clock, states, wake: Notify::new() }
    }

    /// What ACME servers are told in the clear.
    pub fn tokens(&self) -> &HttpTokens {
        &self.tokens
    }

    /// Returns when something may be due that was not before.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Orders certificates for these names now, whenever they would be due.
    pub fn order_now(&self, acme: &Acme, is_wanted: impl Fn(&Domain) -> bool) {
        self.change(acme, |domain, state| state.is_wanted |= is_wanted(domain));
    }

    /// Has what failed tried again now: the operator has changed something.
    pub fn try_again(&self, acme: &Acme) {
        self.change(acme, |_, state| {
            if state.failures > 0 {
                state.earliest = Timestamp::default();
            }
        });
    }

    fn change(&self, acme: &Acme, change: impl Fn(&Domain, &mut State)) {
        let mut states = self.states.lock();
        for domain in &acme.domains {
            change(domain, states.entry(acme.file(domain)).or_default());
        }
        drop(states);
        self.wake.notify_one();
    }

    /// How it stands with each name.
    pub fn ordered(&self, acme: &Acme) -> Vec<Ordered> {
        let states = self.states.lock();
        let nothing = State::default();
        let line = |domain: &Domain| {
            let state = states.get(&acme.file(domain)).unwrap_or(&nothing);
            Ordered {
                domain: domain.clone(),
                not_after: state.facts.as_ref().map(|facts| facts.not_after),
                next: state.due(),
                last_success: state.last_success,
                failures: state.failures,
                error: state.error.as_ref().map(|(error, _)| error.clone()),
                why: state.error.as_ref().map(|(_, why)| why.clone()),
            }
        };
        acme.domains.iter().map(line).collect()
    }

    /// Looks at all names, and orders a certificate for one that is due.
    pub async fn step(&self, acme: &Acme) -> Step {
        match self.look(acme).await {
            Look::Idle(time) => Step::Idle(time),
            Look::Due(domain) => self.order(acme, domain).await,
        }
    }

    /// Looks at all names.
    pub async fn look(&self, acme: &Acme) -> Look {
        self.read(acme).await;
        self.ask_for_windows(acme).await;
        let now = self.clock.now();
        let next = self.ordered(acme).into_iter().min_by_key(|ordered| ordered.next);
        match next {
            Some(next) if next.next <= now => Look::Due(next.domain),
            // Not longer, so that a clock that was set is noticed.
            Some(next) => Look::Idle(next.next.saturating_since(now).min(LONGEST_SLEEP)),
            None => Look::Idle(LONGEST_SLEEP),
        }
    }

    /// Orders a certificate for this name.
    pub async fn order(&self, acme: &Acme, domain: Domain) -> Step {
        tracing::info!(%domain, directory = acme.directory.as_str(), "ordering a certificate");
        let longest = longest_order(acme);
        let end = Instant::now().checked_add(longest).expect("the configuration bounds a hook's time by hours");
        let ordered = timeout_at(end, self.attempts(acme, &domain, end)).await;
        match ordered.unwrap_or(Err(AcmeError::TimedOut(longest))) {
            Ok(facts) => self.succeeded(acme, domain, facts),
            Err(error) => self.failed(acme, domain, &error),
        }
    }

    /// The certificate that is stored for this name, with its key, and when it ends.
    pub async fn stored(&self, acme: &Acme, domain: &Domain) -> Option<(Zeroizing<Vec<u8>>, Timestamp)> {
        let file = acme.file(domain);
        let pem = store::read(&file).await.ok()??;
        let facts = store::judge(pem.clone(), file).await.ok()?;
        Some((pem, facts.not_after))
    }

    /// Stores a certificate that another has ordered, when it can be used and ends later than ours; says whether it
    /// was.
    pub async fn adopt(&self, acme: &Acme, domain: &Domain, pem: Zeroizing<Vec<u8>>) -> bool {
        let file = acme.file(domain);
        let Ok(facts) = store::judge(pem.clone(), file.clone()).await else { return false };
        let Ok(ours) = store::certificate(&file).await else { return false };
        let ours = ours.map(|ours| ours.facts.not_after);
        let is_better = facts.dns_names.contains(&domain.to_string()) && ours.is_none_or(|at| at < facts.not_after);
        if !is_better {
            return false;
        }
        if let Err(error) = store::write(&file, pem).await {
            tracing::error!(%domain, error = %chain(&error), "a certificate that another has ordered is not kept");
            return false;
        }
        tracing::info!(%domain, issuer = facts.issuer, not_after = %facts.not_after, "another has ordered a certificate");
        let earliest = self.clock.now().saturating_add(rest(&facts));
        self.states.lock().insert(file, State { facts: Some(facts), earliest, ..State::default() });
        true
    }

    /// One attempt, and another where it was no fault of the name's.
    async fn attempts(&self, acme: &Acme, domain: &Domain, end: Instant) -> Result<Facts, AcmeError> {
        let mut left = MOST_ATTEMPTS;
        loop {
            left = left.saturating_sub(1);
            match self.attempt(acme, domain, end).await {
                // A test server that has begun anew knows nobody.
                Err(error) if left > 0 && error.is_problem("accountDoesNotExist") => account::forget(acme).await?,
                // RFC 8555 section 6.5: to be tried again. The library has done so, and has met a server that often
                // says this.
                Err(error) if left > 0 && error.is_problem("badNonce") => {}
                attempt => return attempt,
            }
        }
    }

    async fn attempt(&self, acme: &Acme, domain: &Domain, end: Instant) -> Result<Facts, AcmeError> {
        let file = acme.file(domain);
        store::can_keep(&acme.folder()).await?;
        let account = account::open(acme).await?;
        let replaced = self.states.lock().get(&file).and_then(|state| state.facts.clone());
        let places = Places { tokens: &self.tokens, handshaker: &self.handshaker };
        let give_up = end.checked_sub(longest_cleanup(acme)).unwrap_or(end);
        let pem = order(&account, acme, domain, replaced.as_ref(), places, give_up).await?;
        // Before it takes the place of a good one.
        let facts = store::judge(pem.clone(), file.clone()).await.map_err(AcmeError::Unusable)?;
        if !facts.dns_names.contains(&domain.to_string()) {
            return Err(AcmeError::OtherName);
        }
        store::write(&file, pem).await?;
        Ok(facts)
    }

    fn succeeded(&self, acme: &Acme, domain: Domain, facts: Facts) -> Step {
        let now = self.clock.now();
        tracing::info!(%domain, issuer = facts.issuer, not_after = %facts.not_after, "there is a new certificate");
        let earliest = now.saturating_add(rest(&facts));
        // Everything else of the state was of the certificate before.
        let state = State { facts: Some(facts), earliest, last_success: Some(now), ..State::default() };
        self.states.lock().insert(acme.file(&domain), state);
        Step::Issued(domain)
    }

    fn failed(&self, acme: &Acme, domain: Domain, error: &AcmeError) -> Step {
        let (now, chance) = (self.clock.now(), u16::from_ne_bytes(entropy::random()));
        let mut states = self.states.lock();
        let state = states.entry(acme.file(&domain)).or_default();
        state.is_wanted = false;
        state.failures = state.failures.saturating_add(1);
        let least = if error.is_problem("rateLimited") { RATE_LIMITED } else { Duration::ZERO };
        state.earliest = now.saturating_add(pause(state.failures, chance).max(least));
        let why = on_one_line(&chain(error).to_string());
        tracing::error!(
            %domain, error = why, failures = state.failures, next = %state.earliest,
            "no certificate was issued; what there is stays in use"
        );
        state.error = Some((error.to_string(), why));
        Step::Failed(domain)
    }

    /// Looks at the files, each time anew: one that somebody has taken away is ordered again.
    async fn read(&self, acme: &Acme) {
        for domain in &acme.domains {
            let file = acme.file(domain);
            let stored = store::certificate(&file).await;
            let now = self.clock.now();
            let mut states = self.states.lock();
            let state = states.entry(file).or_default();
            match stored {
                Ok(stored) => {
                    // Seen for the first time, and ordered by a process before this one: one that ends and starts again
                    // and again must not order each time.
                    if let Some(stored) = stored.as_ref().filter(|_| state.facts.is_none()) {
                        let pause = rest(&stored.facts).min(AFTER_RESTART);
                        state.earliest = state.earliest.max(stored.written.min(now).saturating_add(pause));
                    }
                    state.facts = stored.map(|stored| stored.facts);
                }
                Err(error) => {
                    // What was known of it still holds.
                    if state.earliest <= now {
                        let error = chain(&error).to_string();
                        tracing::error!(%domain, error, "nothing is ordered while the stored certificate cannot be read");
                    }
                    state.earliest = state.earliest.max(now.saturating_add(UNREADABLE));
                }
            }
        }
    }

    /// Asks a server that knows RFC 9773 when it would like certificates to be renewed. What it does not say is no
    /// failure.
    async fn ask_for_windows(&self, acme: &Acme) {
        let now = self.clock.now();
        let due: Vec<_> = {
            let states = self.states.lock();
            let due = |file: &PathBuf| states.get(file).filter(|state| state.window_due <= now)?.facts.clone();
            acme.domains.iter().map(|domain| acme.file(domain)).filter_map(|file| Some((due(&file)?, file))).collect()
        };
        if due.is_empty() {
            return;
        }
        let account = match account::existing(acme).await {
            Ok(account) => account,
            Err(error) => {
                tracing::debug!(error = %chain(&error), "the ACME server was not asked when to renew");
                None
            }
        };
        for (facts, file) in due {
            let (window, again) = window(account.as_ref(), &facts).await;
            let mut states = self.states.lock();
            let state = states.entry(file).or_default();
            // An answer that did not come takes the last one not away.
            state.window = window.or(state.window);
            state.window_due = now.saturating_add(again);
        }
    }
}

/// The window of a certificate, and after which time to ask again (RFC 9773 section 4.3).
async fn window(account: Option<&Account>, facts: &Facts) -> (Option<Window>, Duration) {
    let (Some(account), Some(id)) = (account, certificate_id(facts)) else { return (None, ASK_LATER) };
    match account.renewal_info(&id).await {
        Ok((info, again)) => {
            let at = |at: time::OffsetDateTime| {
                let millis = at.unix_timestamp().saturating_mul(1000);
                Timestamp::from_millis(u64::try_from(millis).unwrap_or_default())
            };
            let window = Window { start: at(info.suggested_window.start), end: at(info.suggested_window.end) };
            (Some(window), again.clamp(ASK_SOONEST, ASK_LATER))
        }
        Err(error) => {
            tracing::debug!(error = %chain(&error), "the ACME server does not say when to renew");
            (None, ASK_LATER)
        }
    }
}

/// What a server says has an end, and no line ends in it.
fn on_one_line(text: &str) -> String {
    text.chars().take(LONGEST_ERROR).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Attempts of which all but the last have failed for no fault of the name's.
const MOST_ATTEMPTS: u32 = 4;
/// For how long after an order a process that has just started makes no other for the same name.
const AFTER_RESTART: Duration = Duration::from_hours(1);
/// Between two looks at a file that cannot be read.
const UNREADABLE: Duration = Duration::from_mins(10);
/// Between two looks at the clock.
const LONGEST_SLEEP: Duration = Duration::from_hours(1);
/// A server that counts orders says so, and most count by the hour.
const RATE_LIMITED: Duration = Duration::from_hours(1);
/// Between two questions for a window.
const ASK_SOONEST: Duration = Duration::from_mins(10);
const ASK_LATER: Duration = Duration::from_hours(24);
/// Characters of an error that are kept.
const LONGEST_ERROR: usize = 1000;

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::UNIX_EPOCH;

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;
    use crate::config::{self, named};

    const NAME: &str = "home.example";

    struct Bed {
        _state: tempfile::TempDir,
        acme: Arc<Acme>,
        file: PathBuf,
    }

    impl Bed {
        fn new() -> Self {
            let state = tempfile::tempdir().unwrap();
            let text = format!(
                "[tls.acme]\ndomains = [\"{NAME}\"]\nagree_to_terms = true\nchallenge = \"http-01\"\nstate = \"{}\"\n\
                 [listen]\nhttp = [\"127.0.0.1:80\"]\n",
                state.path().display()
            );
            let config::Tls::Acme { acme, .. } = named(&text, state.path()).unwrap().0.tls else { panic!("no ACME") };
            let file = acme.file(&acme.domains[0]);
            fs::create_dir_all(acme.folder()).unwrap();
            Self { _state: state, acme, file }
        }

        fn start(&self) -> Renewer {
            let tls = config::Tls::Acme { certificates: Vec::new(), acme: Arc::clone(&self.acme) };
            let (handshaker, _) = Handshaker::new(&tls, None, &[], Clock::manual(Timestamp::default())).unwrap();
            Renewer::new(Arc::new(handshaker), Clock::default())
        }

        /// A certificate that ended long ago, so that another is due.
        fn write(&self, age: Duration) {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
            (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2020, 4, 1));
            let certificate = params.self_signed(&key).unwrap();
            fs::write(&self.file, format!("{}{}", key.serialize_pem(), certificate.pem())).unwrap();
            File::options()
                .append(true)
                .open(&self.file)
                .unwrap()
                .set_modified(UNIX_EPOCH + Duration::from_millis(Clock::System.now().as_millis()) - age)
                .unwrap();
        }
    }

    #[tokio::test]
    async fn a_process_that_starts_again_and_again_does_not_order_each_time() {
        let bed = Bed::new();
        let is_due = |look: &Look| matches!(look, Look::Due(_));
        assert!(is_due(&bed.start().look(&bed.acme).await), "there is none");
        bed.write(Duration::from_mins(1));
        let renewer = bed.start();
        for _ in 0..2 {
            let Look::Idle(time) = renewer.look(&bed.acme).await else { panic!("one was ordered a minute ago") };
            assert!((Duration::from_mins(57)..=Duration::from_mins(59)).contains(&time), "{time:?}");
        }
        renewer.order_now(&bed.acme, |_| true);
        assert!(is_due(&renewer.look(&bed.acme).await), "the operator wants one");
        bed.write(Duration::from_mins(61));
        assert!(is_due(&bed.start().look(&bed.acme).await));
        fs::write(&bed.file, "half of a wri").unwrap();
        assert!(is_due(&bed.start().look(&bed.acme).await), "what is broken is ordered at once");
    }

    #[tokio::test]
    async fn nothing_is_ordered_in_the_place_of_a_file_that_cannot_be_read() {
        let bed = Bed::new();
        fs::create_dir(&bed.file).unwrap();
        let renewer = bed.start();
        for _ in 0..2 {
            assert!(matches!(renewer.look(&bed.acme).await, Look::Idle(time) if time <= UNREADABLE));
        }
    }
}
