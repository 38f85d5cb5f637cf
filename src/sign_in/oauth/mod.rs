//! Signing in over Home Assistant's own page: there and back, and what becomes of its tokens (spec/permissions.md
//! section 4).
//!
//! A browser that wants to sign in is sent to Home Assistant with a state that is good once, for ten minutes and in
//! that browser alone (S-88). It comes back with a code, and gets a session when the code is of a user who may come in.
//! Nothing that a client brings decides where a browser is sent, and no token of Home Assistant's ever reaches a
//! browser, an add-on, a disk or a log.
//!
//! Reading order: `browser` (the cookie), `oauth_logins` (who is away), `authorize`, `callback`, `token_store` (the
//! tokens of live sessions), `revoked_tokens` (whether Home Assistant has ended one), `watched` (the same without its
//! files) and `orphaned` (when the proxy that followed is gone).

mod callback;
mod browser;
mod authorize;
mod watched;
#[cfg(feature = "redis-store")]
mod orphaned;
mod token_store;
mod oauth_logins;
mod revoked_tokens;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::guard::{Budget, Guard};
use super::page::{View, page};
use super::return_to::ReturnTo;
use crate::clock::Clock;
use crate::config::SignInMethod;
use crate::home_assistant::HomeAssistant;
use crate::home_assistant::api::Api;
use crate::http::Sanitized;
use crate::ids::{AddonSlug, PublicUrl};
use crate::pages::{Page, PageContext, SignInNotice};
use crate::refusal::Reason;
use crate::session::{Session, SessionCookie, Sessions, StoreAway, session_of};
use crate::telemetry::{AuditEvent, SignInOutcome, Telemetry};

pub use browser::OAUTH_COOKIE;
pub use oauth_logins::OAuthLogins;
pub use token_store::TokenStore;

/// What signing in over Home Assistant's page needs.
#[derive(Debug)]
pub struct OAuthLogin<'a> {
    /// Language and look of its pages.
    pub context: &'a PageContext,
    /// The users, and the API.
    pub home: &'a HomeAssistant,
    /// Where the session is made.
    pub sessions: &'a Sessions,
    /// How its cookie is called.
    pub cookie: SessionCookie,
    /// The limits on attempts.
    pub guard: &'a Guard,
    /// How many attempts there may be.
    pub budget: Budget,
    /// The clock, which tests can hold.
    pub clock: &'a Clock,
    /// Where attempts are written down.
    pub telemetry: &'a Telemetry,
    /// Who is away on Home Assistant's page.
    pub oauth_logins: &'a OAuthLogins,
    /// The tokens of live sessions.
    pub token_store: &'a TokenStore,
    /// The ways to sign in that the page offers.
    pub methods: &'a [SignInMethod],
    /// What browsers call us, when it is not the request's own authority.
    pub public_urls: &'a [PublicUrl],
    /// The add-on that has this host to itself: a session that is made here is good for nothing else.
    pub bound_to: Option<AddonSlug>,
    /// Whether a browser may keep its session when it closes.
    pub remember: bool,
    /// The session of the only user who may come back, where one signs in again.
    pub again: Option<Arc<Session>>,
}

impl OAuthLogin<'_> {
    /// The API, when this way to sign in is offered; else there is no such page.
    fn api(&self) -> Result<&Arc<Api>, Reason> {
        let offered = self.methods.contains(&SignInMethod::HomeAssistant);
        self.home.api().filter(|_| offered).ok_or(Reason::NoSession)
    }

    /// The origin at which this browser knows us: the one of its request, and where the configuration names ours, the
    /// one of these that has the request's host, or else the first.
    fn origin(&self, request: &Sanitized) -> PublicUrl {
        let authority = request.authority();
        let here = PublicUrl { host: authority.host().to_owned(), port: authority.port_or_default() };
        let named = self.public_urls.iter().find(|url| **url == here);
        let named = named.or_else(|| self.public_urls.iter().find(|url| url.host == here.host));
        named.or(self.public_urls.first()).cloned().unwrap_or(here)
    }

    /// The sign-in page, with what went wrong; and the line in the audit log.
    async fn turn_away(&self, request: &Sanitized, failed: &Failed, return_to: &ReturnTo) -> Page {
        self.note(request, failed.outcome, failed.user.as_deref(), None);
        let (status, notice) = words(failed);
        let here = session_of(request, self.sessions).await;
        let view = View {
            context: self.context,
            methods: self.methods,
            form_token: request.form_token(),
            return_to,
            username: "",
            notice: Some(failed.notice.unwrap_or(notice)),
            wait: failed.wait,
            signed_in: here.is_ok(),
            remember: self.remember.then_some(here.is_ok_and(|session| session.is_remembered()).into()),
            asks_code: false,
        };
        page(status, &view)
    }

    fn note(&self, request: &Sanitized, outcome: SignInOutcome, user: Option<&str>, session: Option<&str>) {
        self.telemetry.metrics.sign_in(outcome);
        self.telemetry.audit.write(&AuditEvent::SignIn {
            outcome,
            method: "home-assistant",
            user_name: "",
            user,
            session,
            certificate: None,
            client: request.client().ip(),
            request_id: request.id().as_str(),
        });
    }
}

/// Why a user is not signed in.
#[derive(Debug)]
struct Failed {
    outcome: SignInOutcome,
    /// The user's id, when Home Assistant said it.
    user: Option<String>,
    /// What the page says, when the outcome alone does not tell.
    notice: Option<SignInNotice>,
    wait: Option<Duration>,
}

impl From<SignInOutcome> for Failed {
    fn from(outcome: SignInOutcome) -> Self {
        Self { outcome, user: None, notice: None, wait: None }
    }
}

/// The proxies' common store is away: nobody can be let in, and Home Assistant has nothing to do with it.
impl From<StoreAway> for Failed {
    fn from(_: StoreAway) -> Self {
        Self { notice: Some(SignInNotice::NotNowHere), wait: Some(A_MOMENT), ..SignInOutcome::Unavailable.into() }
    }
}

/// How long to wait when something is away.
const A_MOMENT: Duration = Duration::from_secs(5);

/// What the page says.
fn words(failed: &Failed) -> (StatusCode, SignInNotice) {
    use SignInNotice as N;
    use SignInOutcome as O;
    match failed.outcome {
        O::BadState => (StatusCode::BAD_REQUEST, N::OldJourney),
        O::RefusedThere => (StatusCode::FORBIDDEN, N::RefusedThere),
        O::UnknownUser => (StatusCode::FORBIDDEN, N::UnknownHere),
        O::OtherUser => (StatusCode::FORBIDDEN, N::OtherAccountThere),
        O::InactiveUser | O::SystemUser => (StatusCode::FORBIDDEN, N::NotActive),
        O::NotLocal => (StatusCode::FORBIDDEN, N::NotLocal),
        O::TooManyAttempts | O::Banned => (StatusCode::TOO_MANY_REQUESTS, N::TooMany(failed.wait)),
        O::Unavailable
        | O::Success
        | O::WrongPassword
        | O::SecondFactor
        | O::CodeMissing
        | O::WrongCode
        | O::BadFormToken => (StatusCode::SERVICE_UNAVAILABLE, N::AnswersBadly),
    }
}
