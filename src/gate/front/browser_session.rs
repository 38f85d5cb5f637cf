//! The session of ours that a browser has at the front, beside Home Assistant's own token: requests to add-ons in Home
//! Assistant's pages (`/api/hassio_ingress/...`) show no token, and Home Assistant asks them for none.
//!
//! A browser is given its cookie with the answer to a WebSocket's handshake, and the session is made when the first
//! message has shown whose it is. It ends with Home Assistant's refresh token.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http::header::USER_AGENT;

use crate::gate::Gate;
use crate::http::{Origin, Sanitized, Site};
use crate::identity::User;
use crate::session::{MadeBy, NewSession, Session, SessionCookie, SessionToken, UserAgent, session_of};

/// What a browser has, or is about to get.
pub(super) enum BrowserSession {
    /// It is no browser, or a page of another site has sent it.
    Nothing,
    /// It has shown this one.
    Shown(Arc<Session>),
    /// It is given this token. Nothing is known yet of whom it will be.
    Offered(Box<(SessionToken, std::net::IpAddr, UserAgent)>),
}

/// The session of a browser is another user's.
pub(super) struct OtherUser;

impl BrowserSession {
    /// What there is to a handshake.
    pub(super) async fn shown(request: &Sanitized, gate: &Gate) -> Self {
        let provenance = request.provenance();
        // Browsers say the origin of each WebSocket (RFC 6455 section 4.1), and programs have no place for a cookie.
        if provenance.origin != Origin::Ours || provenance.site == Site::Other {
            return Self::Nothing;
        }
        if let Ok(session) = session_of(request, &gate.services.sessions).await {
            return Self::Shown(session);
        }
        let user_agent = request.headers().get(USER_AGENT).map_or(&b""[..], HeaderValue::as_bytes);
        Self::Offered(Box::new((SessionToken::random(), request.client().ip(), UserAgent::from_header(user_agent))))
    }

    /// The line that gives the browser its token, where it gets one.
    pub(super) fn cookie(&self, cookie: SessionCookie) -> Option<HeaderValue> {
        match self {
            Self::Offered(offered) => Some(cookie.set(&offered.0, None)),
            Self::Nothing | Self::Shown(_) => None,
        }
    }

    /// The session, now that it is known whose it is: of this user, by the refresh token of this id; none where a pass
    /// was shown, which opens no add-on. One of somebody else ends: the browser has changed hands, and must not open
    /// add-ons as who had it before.
    pub(super) async fn of(
        self,
        gate: &Gate,
        user: Option<&User>,
        refresh_token: Option<String>,
    ) -> Result<Option<Arc<Session>>, OtherUser> {
        let sessions = &gate.services.sessions;
        let Some((user, refresh_token)) = user.zip(refresh_token) else { return Ok(None) };
        match self {
            Self::Nothing => Ok(None),
            Self::Shown(session) if *session.user() == user.id => Ok(Some(session)),
            Self::Shown(session) => {
                if let Err(error) = sessions.revoke(session.id()).await {
                    tracing::warn!(%error, "the session of a browser that has changed hands could not be ended");
                }
                Err(OtherUser)
            }
            Self::Offered(offered) => {
                let (token, address, user_agent) = *offered;
                let about = NewSession {
                    address: Some(address),
                    user_agent,
                    refresh_token: Some(refresh_token),
                    password_digest: user.password_digest,
                    ..NewSession::new(user.id.clone(), MadeBy::Front)
                };
                let made = sessions.create_with(&token, about).await;
                // Without it everything works but add-ons.
                Ok(made.inspect_err(|error| tracing::warn!(%error, "no session for a browser at the front")).ok())
            }
        }
    }
}

/// Counts a session as seen while its page is open, and comes back when it has ended: the browser then comes back too,
/// for another one.
pub(super) async fn seen_while_open(session: Option<Arc<Session>>, gate: &Gate) {
    let Some(session) = session else { return std::future::pending().await };
    let sessions = &gate.services.sessions;
    // Before the look, or an end in between would be missed.
    let mut ends = sessions.subscribe();
    while sessions.standing(&session).is_ok() {
        let _ended_or_late = tokio::time::timeout(BETWEEN_LOOKS, ends.changed()).await;
    }
}

/// A session that is not seen ends after minutes at the earliest.
const BETWEEN_LOOKS: Duration = Duration::from_secs(20);
