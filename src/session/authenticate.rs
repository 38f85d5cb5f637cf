//! Cookie to digest to live session; or, where an add-on takes them, an access token to its user.

use std::sync::Arc;

use http::header::AUTHORIZATION;

use super::access_token::{AccessToken, Issuer};
use super::api_key::{ApiKey, ApiKeyToken, Shown};
use super::bearer;
use super::credential::Credential;
use super::ingress_token::IngressToken;
use super::live::Session;
use super::recently_ended::EndedSession;
use super::sessions::Sessions;
use super::token::SessionToken;
use crate::clock::Timestamp;
use crate::connection::EntryPoint;
use crate::http::{Presented, Sanitized};
use crate::refusal::Reason;
use crate::route::Routed;

/// A routed request with a live session of its entry point, or with an access token where the add-on takes them.
/// Whether it counts for this add-on, admission decides.
#[derive(Debug)]
pub struct Authenticated {
    routed: Routed,
    credential: Credential,
    /// Whether a token came beside it that was not looked at; or why that cannot be told.
    bears_token: Result<bool, Reason>,
}

impl Authenticated {
    /// The way in: with a session, or with what [`shown_token`] says of the request's access token. The token is taken
    /// out of the request where it counts: the add-on never sees it. A token and a session at once are refused where
    /// both would count: whose request that is cannot be told.
    pub async fn new(
        mut routed: Routed,
        token: Option<Result<AccessToken, Reason>>,
        sessions: &Sessions,
    ) -> Result<Self, Unauthenticated> {
        if let Some(token) = token {
            // What is wrong with it comes before whether it counts here, so that a bad one meets the same refusal
            // everywhere. Whether it counts is for admission to say.
            let token = token?;
            // The add-on must never see a token of Home Assistant's: with it, it could act as the user.
            routed.remove_header(&AUTHORIZATION);
            return Ok(Self { routed, credential: Credential::Token(Arc::new(token)), bears_token: Ok(false) });
        }
        let session = match session_of(routed.request(), sessions).await {
            Ok(session) => session,
            Err(reason) => return Err(Unauthenticated::of(reason, routed.request(), sessions)),
        };
        // Only looked for. Where tokens count, admission refuses the pair; elsewhere the header is the add-on's own.
        let bears_token = bearer::presented(routed.request().headers()).map(|token| token.is_some());
        Ok(Self { routed, credential: Credential::Session(session), bears_token })
    }

    /// The way in to Home Assistant's front, with its own token. That goes on to Home Assistant, whose token it is.
    pub fn at_front(mut routed: Routed, token: AccessToken) -> Self {
        remove_keys(&mut routed);
        Self { routed, credential: Credential::Token(Arc::new(token)), bears_token: Ok(false) }
    }

    /// The way in with a key that was found to count. It is taken out of the request: the add-on never sees it.
    pub fn with_key(mut routed: Routed, key: Arc<ApiKey>) -> Self {
        remove_keys(&mut routed);
        // After the key is gone: what is left is another token, which admission refuses where tokens count.
        let bears_token = bearer::presented(routed.request().headers()).map(|token| token.is_some());
        Self { routed, credential: Credential::Key(key), bears_token }
    }

    /// What it is signed in with.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Whether a token came beside it that was not looked at; or why that cannot be told.
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

    pub(crate) fn into_routed(self) -> Routed {
        self.routed
    }
}

/// Why nobody is known.
#[derive(Debug)]
pub struct Unauthenticated {
    /// What status, page, log level and label follow from.
    pub reason: Reason,
    /// What is known of the session that has ended, for the operator.
    pub ended: Option<Box<EndedSession>>,
}

impl Unauthenticated {
    /// With what is known of the session that this request's cookie stood for.
    pub fn of(reason: Reason, request: &Sanitized, sessions: &Sessions) -> Self {
        let (Reason::SessionEnded, Presented::One(cookie)) = (reason, request.presented()) else {
            return reason.into();
        };
        let ended = SessionToken::parse(cookie).and_then(|token| sessions.ended(&token));
        Self { reason, ended: ended.map(Box::new) }
    }
}

impl From<Reason> for Unauthenticated {
    fn from(reason: Reason) -> Self {
        Self { reason, ended: None }
    }
}

/// Whether a request shows an access token in the place of a session. At Home Assistant's entry point nothing but a
/// session counts (docs/design/supervisor.md section 10.1).
pub fn shows_token(request: &Sanitized) -> bool {
    let instead = request.entry_point() == EntryPoint::Browsers && *request.presented() == Presented::Nothing;
    // What cannot be read counts as shown: it is refused as a bad token, and not as a missing session (S-191).
    instead && bears_token(request)
}

/// Whether a request bears what could be an access token, readable or not.
pub fn bears_token(request: &Sanitized) -> bool {
    !matches!(bearer::presented(request.headers()), Ok(None))
}

/// What the access token of such a request is. It is verified wherever one is shown, also where no token counts or
/// nothing is found: otherwise status, headers or time would tell a stranger which add-ons take tokens (S-191). `find`
/// knows the refresh tokens of the moment by their id.
pub fn shown_token<'a>(
    request: &Sanitized,
    find: impl FnOnce(&str) -> Option<Issuer<'a>>,
    now: Timestamp,
) -> Result<AccessToken, Reason> {
    let text = bearer::presented(request.headers())?.ok_or(Reason::BadToken)?;
    AccessToken::verify(text, find, now).ok_or(Reason::BadToken)
}

/// Takes every key of ours out of a request, readable or not: no add-on must see one.
pub fn remove_keys(routed: &mut Routed) {
    for name in Shown::names(routed.request().headers()).into_iter().flatten() {
        routed.remove_header(&name);
    }
}

/// The key that a request shows, or why it shows none that could count: at Home Assistant's entry point none does, and
/// a key beside a session leaves open whose request it is. Nothing where no key is shown.
pub fn shown_key(request: &Sanitized) -> Option<Result<ApiKeyToken, Reason>> {
    let shown = Shown::of(request.headers());
    if matches!(shown, Shown::Nothing) {
        return None;
    }
    if *request.presented() != Presented::Nothing {
        return Some(Err(Reason::AmbiguousCredentials));
    }
    if request.entry_point() != EntryPoint::Browsers {
        return Some(Err(Reason::NoSession));
    }
    Some(match shown {
        Shown::One(token) => Ok(token),
        Shown::Malformed | Shown::Nothing => Err(Reason::BadKey),
        Shown::Several => Err(Reason::AmbiguousCredentials),
    })
}

/// The live session that a request's cookie stands for, at the entry point that it came by. A value that is not a
/// token, and a token without a session, are refused alike for the client and apart for the operator (S-07, S-76).
pub async fn session_of(request: &Sanitized, sessions: &Sessions) -> Result<Arc<Session>, Reason> {
    let value = match request.presented() {
        Presented::Nothing => return Err(Reason::NoSession),
        Presented::Several => return Err(Reason::MalformedCookie),
        Presented::One(value) => value,
    };
    match request.entry_point() {
        EntryPoint::Browsers => sessions.find(&SessionToken::parse(value).ok_or(Reason::MalformedCookie)?).await,
        EntryPoint::HomeAssistant => {
            sessions.find_at_home_assistant(&IngressToken::parse(value).ok_or(Reason::MalformedCookie)?).await
        }
    }
}
