//! The auth backend: an add-on asks whether a user name and a password belong together (docs/design/supervisor.md
//! section 5).
//!
//! In come credentials and the add-on that brings them, out comes yes or no. A right password is not enough: the user must
//! be one who may come in, from there, with a password alone. The add-on is told no more than no; the audit log has the
//! reason. Attempts are limited for the add-on, and for the user name and the address.

mod cache;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;
use zeroize::Zeroizing;

use super::answer::{self, Answer};
use super::credentials::{Credentials, NoCredentials};
use crate::authorization::{Decision, may_enter};
use crate::clock::Clock;
use crate::config::{Addon, SignIn};
use crate::home_assistant::{HomeAssistant, Outcome};
use crate::http::{ClientAddr, RequestId};
use crate::identity::User;
use crate::refusal::Reason;
use crate::sign_in::{Budget, Guard, Turned};
use crate::telemetry::{AuditEvent, SignInOutcome, Telemetry};
use cache::PasswordCache;

/// The auth backend, over all configurations.
#[derive(Debug)]
pub(super) struct AuthBackend {
    /// For user names and addresses.
    guard: Guard,
    /// For add-ons.
    addons: Guard,
    cache: PasswordCache,
    clock: Clock,
    telemetry: Telemetry,
}

/// One question.
pub(super) struct Question<'a> {
    pub(super) addon: &'a Addon,
    pub(super) client: ClientAddr,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    pub(super) id: RequestId,
    pub(super) limits: &'a SignIn,
    /// How long a right password is remembered; not at all without.
    pub(super) remember: Option<Duration>,
}

impl AuthBackend {
    pub(super) fn new(clock: Clock, telemetry: Telemetry) -> Self {
        Self {
            guard: Guard::in_memory(),
            addons: Guard::in_memory(),
            cache: PasswordCache::default(),
            clock,
            telemetry,
        }
    }

    /// The answer to a question. That the add-on may ask at all was judged before.
    pub(super) async fn answer(&self, question: Question<'_>, home: &HomeAssistant) -> Answer {
        let credentials = match Credentials::read(question.headers, question.body) {
            Ok(credentials) => credentials,
            Err(none) => return without_credentials(none),
        };
        if let Err(wait) = self.admit(&question, &credentials.username).await {
            self.note(&question, &credentials, SignInOutcome::TooManyAttempts, None);
            let mut answer = answer::error(StatusCode::TOO_MANY_REQUESTS, "Too many attempts");
            let seconds = HeaderValue::from(wait.as_secs().saturating_add(1));
            answer.headers_mut().insert(RETRY_AFTER, seconds);
            return answer;
        }
        let (outcome, user) = self.judge(&question, &credentials, home).await;
        self.note(&question, &credentials, outcome, user.as_deref());
        match outcome {
            SignInOutcome::Success => answer::ok(&json!({})),
            SignInOutcome::Unavailable => answer::keyed_error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Home Assistant could not be asked about this password",
                "auth_home_assistant_api_validation_error",
            ),
            _ if credentials.basic => answer::with_realm(answer::error(StatusCode::UNAUTHORIZED, REFUSED)),
            _ => answer::error(StatusCode::UNAUTHORIZED, REFUSED),
        }
    }

    /// Forgets every password (`DELETE /auth/cache`).
    pub(super) fn clear_cache(&self) {
        self.cache.clear();
    }

    /// Counts an attempt, or says how long to wait for the next one.
    async fn admit(&self, question: &Question<'_>, username: &str) -> Result<(), Duration> {
        let now = self.clock.now();
        let limits = question.limits;
        let budget = Budget {
            per_address: limits.attempts_per_address,
            per_user: limits.attempts_per_user,
            window: limits.window,
            // An add-on that guesses waits; a ban would be one for everybody who uses it.
            ban: Duration::ZERO,
            longest_ban: Duration::ZERO,
        };
        let patience = |turned| match turned {
            Turned::TooMany(wait) | Turned::Banned(wait) => wait,
            Turned::Away => limits.window,
        };
        // An add-on counts as an address of its own here, so that one that guesses does not use up what others have.
        let whole = Budget { per_address: u32::MAX, per_user: limits.attempts_per_address, ..budget };
        let (everywhere, slug) = (IpAddr::V4(Ipv4Addr::UNSPECIFIED), question.addon.slug.as_str());
        self.addons.attempt(everywhere, slug, whole, now).await.map_err(patience)?;
        let name = format!("{slug}/{username}");
        self.guard.attempt(question.client.ip(), &name, budget, now).await.map_err(patience)
    }

    async fn judge(
        &self,
        question: &Question<'_>,
        credentials: &Credentials,
        home: &HomeAssistant,
    ) -> (SignInOutcome, Option<Arc<User>>) {
        let directory = arc_swap::Guard::into_inner(home.directory().load());
        let (name, password) = (&credentials.username, || Zeroizing::clone(&credentials.password));
        let now = self.clock.now();
        let id = match home.check_password(name.clone(), password(), question.client.ip()).await {
            Outcome::Right(id) => {
                if let Some(time) = question.remember {
                    self.cache.remember(name, password(), id.clone(), now.saturating_add(time)).await;
                }
                id
            }
            Outcome::Wrong => {
                self.cache.forget(name);
                return (SignInOutcome::WrongPassword, None);
            }
            Outcome::SecondFactor => return (SignInOutcome::SecondFactor, None),
            Outcome::Busy => return (SignInOutcome::TooManyAttempts, None),
            Outcome::Unavailable => match question.remember {
                Some(_) => match self.cache.recall(name, password(), now).await {
                    Some(id) => id,
                    None => return (SignInOutcome::Unavailable, None),
                },
                None => return (SignInOutcome::Unavailable, None),
            },
        };
        let Some(user) = directory.user(&id).cloned() else { return (SignInOutcome::Unavailable, None) };
        let name = format!("{}/{name}", question.addon.slug);
        self.guard.succeeded(question.client.ip(), &name).await;
        let outcome = match may_enter(&user, question.client) {
            Decision::Permit if user.has_mfa => SignInOutcome::SecondFactor,
            Decision::Permit => SignInOutcome::Success,
            Decision::Deny(Reason::InactiveUser) => SignInOutcome::InactiveUser,
            Decision::Deny(Reason::NotLocal) => SignInOutcome::NotLocal,
            Decision::Deny(_) => SignInOutcome::SystemUser,
        };
        (outcome, Some(user))
    }

    fn note(&self, question: &Question<'_>, credentials: &Credentials, outcome: SignInOutcome, user: Option<&User>) {
        self.telemetry.metrics.sign_in(outcome);
        self.telemetry.audit.write(&AuditEvent::PasswordCheck {
            addon: question.addon.slug.as_str(),
            outcome,
            user_name: &credentials.username,
            user: user.map(|user| user.id.as_str()),
            client: question.client.ip(),
            request_id: question.id.as_str(),
        });
    }
}

fn without_credentials(none: NoCredentials) -> Answer {
    match none {
        NoCredentials::Missing => answer::with_realm(answer::plain(StatusCode::UNAUTHORIZED)),
        NoCredentials::NotText => answer::with_realm(answer::keyed_error(
            StatusCode::UNAUTHORIZED,
            "User name and password must be text",
            "auth_invalid_non_string_value_error",
        )),
        NoCredentials::BadJson => answer::error(StatusCode::BAD_REQUEST, "The body is not JSON"),
    }
}

/// Whatever was wrong.
const REFUSED: &str = "User name or password is wrong";
