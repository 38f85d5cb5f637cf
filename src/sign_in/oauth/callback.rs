//! Back from Home Assistant's page, with a code or with a no.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::{HeaderValue, SET_COOKIE, USER_AGENT};

use super::authorize::client_id;
use super::browser::Browser;
use super::oauth_logins::PendingLogin;
use super::{A_MOMENT, Failed, OAuthLogin};
use crate::authorization::{Decision, may_enter};
use crate::clock::Timestamp;
use crate::config::SecretText;
use crate::home_assistant::api::{Api, ApiError, CodeGrant, Refusal, Tokens};
use crate::http::{ClientAddr, Sanitized};
use crate::identity::{Directory, Health, User};
use crate::ids::UserId;
use crate::pages::{self, Page, SignInNotice};
use crate::refusal::Reason;
use crate::session::{MadeBy, NewSession, Session, StoreAway, UserAgent};
use crate::sign_in::session_maker::SessionMaker;
use crate::sign_in::{ReturnTo, Turned};
use crate::telemetry::{SignInOutcome, chain};

/// What Home Assistant's page sent back.
#[derive(Debug, Default)]
struct Brought {
    state: Option<String>,
    code: Option<SecretText>,
    error: bool,
}

impl OAuthLogin<'_> {
    /// The answer to a browser that comes back. It ends in a session or in a page from which the user can begin again
    /// by hand: it never sends a browser round by itself.
    pub async fn callback(&self, request: &Sanitized) -> Result<Page, Reason> {
        let api = self.api()?;
        let brought = Brought::read(request.query().unwrap_or_default()).ok_or(Reason::MalformedRequest)?;
        let (browser, now) = (Browser::known(request.oauth()), self.clock.now());
        let state = brought.state.unwrap_or_default();
        let found = self.oauth_logins.come_back(&state, browser.as_ref(), now).await.map_err(Failed::from);
        let pending = match found.and_then(|found| found.ok_or(SignInOutcome::BadState.into())) {
            Ok(pending) => pending,
            Err(failed) => return Ok(self.turn_away(request, &failed, &ReturnTo::default()).await),
        };
        // The state was used up before this: an answer with an error ends the attempt, too.
        let Some(code) = brought.code.filter(|_| !brought.error) else {
            let failed = Failed::from(SignInOutcome::RefusedThere);
            return Ok(self.turn_away(request, &failed, &pending.return_to).await);
        };
        match self.sign_in(request, api, &pending, code).await {
            Ok(page) => Ok(page),
            Err(failed) => Ok(self.turn_away(request, &failed, &pending.return_to).await),
        }
    }

    async fn sign_in(
        &self,
        request: &Sanitized,
        api: &Arc<Api>,
        pending: &PendingLogin,
        code: SecretText,
    ) -> Result<Page, Failed> {
        let client = request.client().ip();
        // Without X-Forwarded-For it is our own address that Home Assistant bans for wrong codes: they are counted here
        // too.
        let counted = self.guard.attempt(client, THERE, self.budget, self.clock.now()).await;
        counted.map_err(|turned| match turned {
            Turned::Away => StoreAway.into(),
            Turned::TooMany(_) | Turned::Banned(_) => Failed { wait: turned.wait(), ..turned.outcome().into() },
        })?;
        // Taken before the tokens are: should a user change meanwhile, the session ends with its first use.
        let directory: Arc<Directory> = arc_swap::Guard::into_inner(self.home.directory().load());
        // From what was noted and not from this request: a code is bound to the client id that it was asked with (RFC
        // 6749 section 4.1.3).
        let (verifier, client_id) = (pending.verifier.clone(), client_id(&pending.origin));
        let granted =
            api.redeem(CodeGrant { code, verifier, client_id, client }).await.map_err(|error| refused(&error))?;
        let admitted = admit(&directory, &granted.user, request.client()).and_then(|user| pending.is_of(user));
        let made = match admitted {
            Ok(user) => self.make_session(request, pending, &user, &granted.tokens).await,
            Err(failed) => Err(failed),
        };
        match made {
            Ok((session, page)) => {
                // Only now: a code that Home Assistant takes but that makes no session here has not succeeded.
                self.guard.succeeded(client, THERE).await;
                self.token_store.keep(session, granted, self.home, client);
                Ok(page)
            }
            Err(failed) => {
                // The refresh token is revoked when no session was made for it. Otherwise it would stay in the user's
                // profile, unused.
                let api = Arc::clone(api);
                tokio::spawn(async move { api.give_back(&granted.tokens, client).await });
                Err(failed)
            }
        }
    }

    /// When this user has shown a second factor, if Home Assistant's page has asked for it: it does of whoever has one.
    /// Without the files nobody can say who has.
    fn second_factor(&self, user: &User) -> Option<Timestamp> {
        let snapshot = self.home.snapshot()?;
        let asked = user.has_mfa && !snapshot.auth().comes_without_mfa(&user.id);
        asked.then(|| self.clock.now())
    }

    async fn make_session(
        &self,
        request: &Sanitized,
        pending: &PendingLogin,
        user: &User,
        tokens: &Tokens,
    ) -> Result<(Arc<Session>, Page), Failed> {
        let user_agent = request.headers().get(USER_AGENT).map_or(&b""[..], HeaderValue::as_bytes);
        let new = NewSession {
            address: Some(request.client().ip()),
            user_agent: UserAgent::from_header(user_agent),
            addon: pending.bound_to.clone(),
            refresh_token: Some(tokens.refresh_id().to_owned()),
            password_digest: user.password_digest,
            // Only while it is offered: a reload may have taken that back meanwhile.
            remembered: self.remember && pending.remember,
            second_factor: self.second_factor(user),
            authenticated: pending.since.map(|_| self.clock.now()),
            ..NewSession::new(user.id.clone(), MadeBy::HomeAssistant)
        };
        let session_maker = SessionMaker { sessions: self.sessions, cookie: self.cookie, telemetry: self.telemetry };
        // The session that the browser came with is replaced, so that a session that an attacker planted there does not
        // live on.
        let made = session_maker.make(new, request.presented(), pending.since).await;
        let (session, cookie) = made?;
        self.note(request, SignInOutcome::Success, Some(user.id.as_str()), Some(&session.id().to_string()));
        let mut page = pages::see_other(pending.return_to.as_str());
        page.headers_mut().append(SET_COOKIE, cookie);
        Ok((session, page))
    }
}

impl PendingLogin {
    /// Whoever was signed in and was sent to sign in again comes back as the same user, or not at all.
    fn is_of(&self, user: Arc<User>) -> Result<Arc<User>, Failed> {
        match &self.same_user {
            Some(before) if *before != user.id => {
                Err(Failed { user: Some(user.id.to_string()), ..Failed::from(SignInOutcome::OtherUser) })
            }
            Some(_) | None => Ok(user),
        }
    }
}

/// The user as the current snapshot has them, by id alone (S-85), if they may come in from there.
fn admit(directory: &Directory, id: &UserId, client: ClientAddr) -> Result<Arc<User>, Failed> {
    let outcome = match directory.user(id) {
        None if directory.health() == Health::Absent => SignInOutcome::Unavailable,
        None => SignInOutcome::UnknownUser,
        Some(user) => match may_enter(user, client) {
            Decision::Permit => return Ok(Arc::clone(user)),
            Decision::Deny(Reason::InactiveUser) => SignInOutcome::InactiveUser,
            Decision::Deny(Reason::NotLocal) => SignInOutcome::NotLocal,
            Decision::Deny(_) => SignInOutcome::SystemUser,
        },
    };
    Err(Failed { user: Some(id.to_string()), ..Failed::from(outcome) })
}

impl Brought {
    /// A field that comes twice makes the answer invalid (RFC 6749 section 3.1).
    fn read(query: &str) -> Option<Self> {
        let mut brought = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let first = match &*name {
                "state" => brought.state.replace(value.into_owned()).is_none(),
                "code" => brought.code.replace(code(value)?).is_none(),
                "error" => !std::mem::replace(&mut brought.error, true),
                _ => true,
            };
            if !first {
                return None;
            }
        }
        Some(brought)
    }
}

/// Home Assistant's codes are 32 hexadecimal digits.
fn code(value: Cow<'_, str>) -> Option<SecretText> {
    // Looser than they are today, and still too narrow for anything that could change the request that carries it.
    let legal = (1..=256).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic());
    legal.then(|| SecretText::new(value.into_owned()))
}

/// What an error of the API means for the user who waits. What it means for the operator is in the log.
fn refused(error: &ApiError) -> Failed {
    match error {
        ApiError::Refused(Refusal::InvalidGrant) => {
            Failed { notice: Some(SignInNotice::ForgottenThere), ..SignInOutcome::RefusedThere.into() }
        }
        ApiError::Refused(_) => {
            Failed { notice: Some(SignInNotice::NotFromHere), ..SignInOutcome::RefusedThere.into() }
        }
        other => {
            tracing::warn!(error = %chain(other), "nobody could be signed in with Home Assistant");
            Failed { wait: Some(A_MOMENT), ..SignInOutcome::Unavailable.into() }
        }
    }
}

/// The name under which attempts are counted that bring no user name.
const THERE: &str = "(home-assistant)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_comes_twice_or_is_out_of_shape_is_refused() {
        let read = |query: &str| Brought::read(query);
        let brought = read("code=a32b&state=S&storeToken=true&x=1&x=2").unwrap();
        assert_eq!((brought.code.unwrap().reveal(), brought.state.as_deref()), ("a32b", Some("S")));
        assert!(read("error=access_denied&state=S").unwrap().error);
        assert!(read("").unwrap().state.is_none());
        for bad in ["code=a&code=b", "state=a&state=a", "error=a&error=a", "code=", "code=a%20b", "code=%00"] {
            assert!(read(bad).is_none(), "{bad}");
        }
        assert!(read(&format!("code={}", "a".repeat(257))).is_none());
    }
}
