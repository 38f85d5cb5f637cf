//! A session whose sign-in is followed over a WebSocket of its own, because Home Assistant's files cannot be read.
//!
//! Home Assistant closes the WebSocket when the sign-in is ended there, and when it restarts. Which of the two it was,
//! renewing the access token shows: refused, the session is over; granted, a new WebSocket takes the old one's place.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::home_assistant::api::{Api, LoginConnection, Tokens};
use crate::session::{Session, Sessions};
use crate::telemetry::{AuditEvent, Revoked, Telemetry, chain};

/// A session and its tokens.
#[derive(Debug)]
pub(super) struct WatchedSession {
    pub(super) session: Arc<Session>,
    pub(super) tokens: Tokens,
    pub(super) api: Arc<Api>,
    pub(super) client: IpAddr,
}

impl WatchedSession {
    /// Until the session is over, here or there.
    pub(super) async fn until_over(mut self, line: LoginConnection, sessions: Arc<Sessions>, telemetry: Telemetry) {
        let mut line = Some(line);
        let mut lost = Instant::now();
        loop {
            if let Some(line) = line.take() {
                tokio::select! {
                    () = line.ended() => lost = Instant::now(),
                    () = self.over_here(&sessions) => return,
                }
            }
            match self.again().await {
                Ok(new) => line = Some(new),
                // Refused for good, or away for so long that nobody knows. A failure of the network alone ends no
                // session.
                Err(gone) if gone || lost.elapsed() >= LONGEST_AWAY => break,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
            if sessions.is_over(&self.session) {
                return;
            }
        }
        if let Err(error) = sessions.sign_out(&self.session).await {
            tracing::error!(error = %chain(&error), session = %self.session.id(), "ended, but not on disk");
        }
        let id = self.session.id().to_string();
        telemetry.audit.write(&AuditEvent::Revoked { what: Revoked::One(&id), count: 1, by: "home_assistant" });
    }

    /// A new WebSocket with a new access token; an error says whether the sign-in was ended there.
    async fn again(&mut self) -> Result<LoginConnection, bool> {
        self.tokens = self.api.renew(&self.tokens, self.client).await.map_err(|error| error.is_final())?;
        self.api.line(&self.tokens, self.client).await.map_err(|error| error.is_final())
    }

    async fn over_here(&self, sessions: &Sessions) {
        while !sessions.is_over(&self.session) {
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Nothing notifies of a session that expires here, so it is looked for.
const LOOK: Duration = Duration::from_secs(5);

/// Between two tries while Home Assistant is away.
const PAUSE: Duration = Duration::from_secs(5);

/// How long Home Assistant may be away before the sessions that it made end: which of them it has ended meanwhile could
/// not be told.
const LONGEST_AWAY: Duration = Duration::from_hours(1);
