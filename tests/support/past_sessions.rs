//! Sessions of the past: a node of this process, whose clock is the test's, on the store of the proxy under test.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use vestibule::clock::{Clock, Timestamp};
use vestibule::config::{RememberedLimits, Session as Settings, SessionStore};
use vestibule::session::{Carrier, MadeBy, NewSession, SessionToken, Sessions, UserAgent};

use super::expectation::BOB;
use super::process::COOKIE;

pub(crate) const DAY: Duration = Duration::from_hours(24);

/// The node.
pub(crate) struct PastSessions {
    pub(crate) clock: Clock,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) runtime: Runtime,
}

impl PastSessions {
    /// Opens the store so long ago, with the limits that are the default.
    pub(crate) fn open(store: SessionStore, ago: Duration) -> Self {
        let settings = Settings {
            store,
            idle_timeout: Duration::from_mins(30),
            absolute_timeout: Duration::from_hours(12),
            remembered: Some(RememberedLimits { idle: 30 * DAY, absolute: 180 * DAY }),
            max_age: Vec::new(),
            password_timeout: None,
            per_user: 20,
            cross_site_framing: false,
            store_timeout: Duration::from_secs(1),
            max_outage: Duration::from_mins(5),
        };
        let ago = u64::try_from(ago.as_millis()).unwrap();
        let clock = Clock::manual(Timestamp::from_millis(Clock::System.now().as_millis() - ago));
        let (sessions, _) = Sessions::open(&settings, clock.clone()).unwrap();
        Self { clock, sessions, runtime: Runtime::new().unwrap() }
    }

    pub(crate) fn later(&self, by: Duration) {
        self.clock.set(self.clock.now().saturating_add(by));
    }

    /// A session of bob's with the password that he has, which another session of his tells.
    pub(crate) fn of_bob(&self, remembered: bool, user_agent: &[u8]) -> SessionToken {
        let made = self.sessions.which(|session| session.password_digest().is_some());
        let about = NewSession {
            remembered,
            password_digest: made[0].password_digest().copied(),
            user_agent: UserAgent::from_header(user_agent),
            ..NewSession::new(BOB.id.parse().unwrap(), MadeBy::Password)
        };
        self.runtime.block_on(self.sessions.create(about)).unwrap().0
    }

    /// It is shown.
    pub(crate) fn find(&self, token: &SessionToken) {
        self.runtime.block_on(self.sessions.find(token)).unwrap();
    }

    /// It is shown, and gets a new secret.
    pub(crate) fn renew(&self, token: &SessionToken) -> SessionToken {
        let session = self.runtime.block_on(self.sessions.find(token)).unwrap();
        self.runtime.block_on(self.sessions.renew(&session, token, Carrier::Navigation)).unwrap().0
    }
}

/// The cookie with a token.
pub(crate) fn pair(token: &SessionToken) -> String {
    format!("{COOKIE}={}", token.encode().as_str())
}
