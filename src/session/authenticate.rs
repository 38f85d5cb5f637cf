//! Cookie to digest to live session; or, where an add-on takes them, an access token to its user.

use std::sync::Arc;

use super::access_token::{AccessToken, Issuer};
use super::bearer;
use super::credential::Credential;
use super::ingress_token::IngressToken;
use super::live::Session;
use super::sessions::Sessions;
use super::token::SessionToken;
use crate::clock::Timestamp;
use crate::http::{Door, Presented, Sanitized};
use crate::refusal::Reason;
use crate::route::Routed;

/// A routed request with a live session of its door, or with an access token where the add-on takes them. Whether it counts
/// for this add-on is admission's to say.
#[derive(Debug)]
pub struct Authenticated {
    // Boxed where it was made: the stages after this one hand it on by a pointer.
    routed: Box<Routed>,
    credential: Credential,
    /// Whether a token came beside it, which nobody has looked at; or why nobody can say.
    bears_token: Result<bool, Reason>,
}

impl Authenticated {
    /// The way in with a session.
    pub async fn new(routed: Box<Routed>, sessions: &Sessions) -> Result<Self, Reason> {
        let session = session_of(routed.request(), sessions).await?;
        let bears_token = bearer::presented(routed.request().headers()).map(|token| token.is_some());
        Ok(Self { routed, credential: Credential::Session(session), bears_token })
    }

    /// The way in with one of Home Assistant's access tokens, where [`bears_token`] says so. The token is taken out of the
    /// request: the add-on never sees it. A token and a session at once are refused: nobody can say whose request that is.
    /// `find` knows the refresh tokens of the moment by their id.
    pub fn by_token<'a>(
        mut routed: Box<Routed>,
        find: impl FnOnce(&str) -> Option<Issuer<'a>>,
        now: Timestamp,
    ) -> Result<Self, Reason> {
        let request = routed.request();
        if *request.presented() != Presented::Nothing {
            return Err(Reason::AmbiguousCredentials);
        }
        let text = bearer::presented(request.headers())?.ok_or(Reason::BadToken)?;
        let token = AccessToken::verify(text, find, now).ok_or(Reason::BadToken)?;
        routed.remove_authorization();
        Ok(Self { routed, credential: Credential::Token(Arc::new(token)), bears_token: Ok(false) })
    }

    /// What it is signed in with.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Whether a token came beside it, which nobody has looked at; or why nobody can say.
    pub fn bears_token(&self) -> Result<bool, Reason> {
        self.bears_token
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

/// Whether a request is to be judged by an access token: its add-on takes them, and one is meant. At Home Assistant's door
/// nothing but a session counts (docs/design/supervisor.md section 10.1), and without one nobody is told what an add-on takes.
pub fn bears_token(routed: &Routed) -> Result<bool, Reason> {
    let ours = routed.request().door() == Door::Browsers;
    Ok(ours && routed.route().addon().tokens && bearer::presented(routed.request().headers())?.is_some())
}

/// The live session that a request's cookie stands for, at the door that it came by. A value that is no token, and one that
/// is no session's, are refused alike for the client and apart for the operator (S-07, S-76).
pub async fn session_of(request: &Sanitized, sessions: &Sessions) -> Result<Arc<Session>, Reason> {
    let value = match request.presented() {
        Presented::Nothing => return Err(Reason::NoSession),
        Presented::Several => return Err(Reason::MalformedCookie),
        Presented::One(value) => value,
    };
    match request.door() {
        Door::Browsers => sessions.find(&SessionToken::parse(value).ok_or(Reason::MalformedCookie)?).await,
        Door::HomeAssistant => {
            sessions.find_at_home_assistant(&IngressToken::parse(value).ok_or(Reason::MalformedCookie)?).await
        }
    }
}
