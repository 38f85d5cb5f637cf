//! The auth backend: an add-on asks whether a user name and a password belong together (docs/design/supervisor.md
//! section 5).
//!
//! The answer to an add-on's question is yes or no. A right password is not enough: the user must be one who may come
//! in, from there, with a password alone. The add-on is told no more than no; the audit log has the reason. Attempts
//! are limited for the add-on, and for the user name and the address.

mod cache;
mod limits;
mod reset;

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
use crate::telemetry::{AuditEvent, SignInOutcome, Telemetry};
use cache::PasswordCache;
use limits::{Guess, Guesses};

/// The auth backend, over all configurations.
#[derive(Debug)]
pub(super) struct AuthBackend {
    guesses: Guesses,
    cache: PasswordCache,
    clock: Clock,
    telemetry: Telemetry,
}

/// A password that an add-on asks about.
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

impl Question<'_> {
    fn guess<'a>(&'a self, username: &'a str) -> Guess<'a> {
        Guess { addon: self.addon, client: self.client.ip(), username, limits: self.limits }
    }
}

impl AuthBackend {
    pub(super) fn new(clock: Clock, telemetry: Telemetry) -> Self {
        Self { guesses: Guesses::default(), cache: PasswordCache::default(), clock, telemetry }
    }

    /// The answer to a question. That the add-on may ask at all was judged before.
    pub(super) async fn answer(&self, question: Question<'_>, home: &HomeAssistant) -> Answer {
        let credentials = match Credentials::read(question.headers, question.body) {
            Ok(credentials) => credentials,
            Err(none) => return without_credentials(none),
        };
        let guess = question.guess(&credentials.username);
        // Counted before the password is looked at and given back afterwards: many questions at once must not pass the
        // limit.
        if let Err(wait) = self.guesses.admit(guess, self.clock.now()).await {
            self.note(&question, &credentials, SignInOutcome::TooManyAttempts, None);
            return too_many(wait);
        }
        let Judged { outcome, user, is_guess } = self.judge(&question, &credentials, home).await;
        if !is_guess {
            self.guesses.give_back(guess);
        }
        self.note(&question, &credentials, outcome, user.as_deref());
        match outcome {
            SignInOutcome::Success => answer::ok(&json!({})),
            SignInOutcome::TooManyAttempts => too_many(BUSY),
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

    async fn judge(&self, question: &Question<'_>, credentials: &Credentials, home: &HomeAssistant) -> Judged {
        // Taken before the password is checked, so that a user who changes meanwhile is judged as they were when it was
        // right.
        let directory = arc_swap::Guard::into_inner(home.directory().load());
        let (name, password) = (&credentials.username, || Zeroizing::clone(&credentials.password));
        let (now, moment) = (self.clock.now(), self.cache.moment());
        let judged = |outcome, is_guess| Judged { outcome, user: None, is_guess };
        let id = match home.check_password(name.clone(), password(), question.client.ip()).await {
            Outcome::Right(id) => {
                if let Some(time) = question.remember {
                    self.cache.remember(name, password(), id.clone(), moment, now.saturating_add(time)).await;
                }
                id
            }
            Outcome::Wrong => {
                self.cache.forget(name);
                return judged(SignInOutcome::WrongPassword, true);
            }
            Outcome::SecondFactor => {
                // What was right alone, once, is so no longer.
                self.cache.forget(name);
                return judged(SignInOutcome::SecondFactor, true);
            }
            Outcome::Busy => return judged(SignInOutcome::TooManyAttempts, false),
            Outcome::Unavailable => match question.remember {
                Some(_) => match self.cache.recall(name, password(), now).await {
                    Some(id) => id,
                    // A guess: that it is not the password that was right before tells something, too.
                    None => return judged(SignInOutcome::Unavailable, true),
                },
                // Nothing was compared, and so nothing was told.
                None => return judged(SignInOutcome::Unavailable, false),
            },
        };
        let Some(user) = directory.user(&id).cloned() else { return judged(SignInOutcome::Unavailable, true) };
        let outcome = match may_enter(&user, question.client) {
            Decision::Permit if user.has_mfa => SignInOutcome::SecondFactor,
            Decision::Permit => SignInOutcome::Success,
            Decision::Deny(Reason::InactiveUser) => SignInOutcome::InactiveUser,
            Decision::Deny(Reason::NotLocal) => SignInOutcome::NotLocal,
            Decision::Deny(_) => SignInOutcome::SystemUser,
        };
        Judged { outcome, user: Some(user), is_guess: outcome != SignInOutcome::Success }
    }

    fn note(&self, question: &Question<'_>, credentials: &Credentials, outcome: SignInOutcome, user: Option<&User>) {
        self.telemetry.metrics.password_checked(&question.addon.slug, outcome);
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

/// What a question came to.
struct Judged {
    outcome: SignInOutcome,
    user: Option<Arc<User>>,
    /// The answer told, or could have told, something to a caller who does not know the password.
    is_guess: bool,
}

fn too_many(wait: Duration) -> Answer {
    let mut answer = answer::error(StatusCode::TOO_MANY_REQUESTS, "Too many attempts");
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().saturating_add(1)));
    answer
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

/// What the add-on is told, whatever was wrong.
const REFUSED: &str = "User name or password is wrong";

/// Until one of the checks that run has ended.
const BUSY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
