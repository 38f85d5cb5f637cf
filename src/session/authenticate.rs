//! Cookie to digest to live session.

use std::sync::Arc;

use super::live::Session;
use super::sessions::Sessions;
use super::token::SessionToken;
use crate::http::Presented;
use crate::refusal::Reason;
use crate::route::Routed;

/// A routed request with a live session that is good for its add-on.
#[derive(Debug)]
pub struct Authenticated {
    // Boxed where it was made: the stages after this one hand it on by a pointer.
    routed: Box<Routed>,
    session: Arc<Session>,
}

impl Authenticated {
    /// The one way in.
    pub async fn new(routed: Box<Routed>, sessions: &Sessions) -> Result<Self, Reason> {
        let session = session_of(routed.request().presented(), sessions).await?;
        // A session that is bound to one add-on opens no other (S-79).
        if session.addon().is_some_and(|bound| *bound != routed.route().addon().slug) {
            return Err(Reason::SessionBoundElsewhere);
        }
        Ok(Self { routed, session })
    }

    /// The session.
    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// The request and where it goes.
    pub fn routed(&self) -> &Routed {
        &self.routed
    }

    pub(crate) fn routed_mut(&mut self) -> &mut Routed {
        &mut self.routed
    }

    pub(crate) fn into_routed(self) -> Box<Routed> {
        self.routed
    }
}

/// The live session that a cookie stands for. A value that is no token, and one that is no session's, are refused alike
/// for the client and apart for the operator (S-07, S-76).
pub async fn session_of(presented: &Presented, sessions: &Sessions) -> Result<Arc<Session>, Reason> {
    let value = match presented {
        Presented::Nothing => return Err(Reason::NoSession),
        Presented::Several => return Err(Reason::MalformedCookie),
        Presented::One(value) => value,
    };
    let token = SessionToken::parse(value).ok_or(Reason::MalformedCookie)?;
    sessions.find(&token).await
}
