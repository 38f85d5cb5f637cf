//! `POST /auth/reset`: an add-on with the role `admin` gives a user a new password (docs/design/supervisor.md section
//! 5).
//!
//! It sends one command to Home Assistant, which writes its own file. A password is a way in, and an administrator of
//! Home Assistant may do all that the roles of this API keep back: so administrators, the owner first of all, are never
//! touched, nor users whom Home Assistant made for itself, nor deactivated ones. The add-on is told the same whatever
//! was wrong; the audit log has the reason.

use std::sync::Arc;

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::{AuthBackend, Question, too_many};
use crate::addon_api::answer::{self, Answer};
use crate::config::SecretText;
use crate::home_assistant::api::{ApiError, Refusal};
use crate::home_assistant::{HomeAssistant, one_spelling};
use crate::identity::{Directory, User};
use crate::telemetry::{AuditEvent, ResetOutcome, chain};

/// What an add-on sends. What else there is in it could mean anything.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    username: String,
    password: Zeroizing<String>,
}

impl AuthBackend {
    /// Changes a password. That the add-on may was judged before.
    pub(in crate::addon_api) async fn reset(
        &self,
        question: Question<'_>,
        home: &HomeAssistant,
        token: &SecretText,
    ) -> Answer {
        let Ok(NewPassword { username, password }) = serde_json::from_slice(question.body) else {
            return answer::error(StatusCode::BAD_REQUEST, "expected {\"username\": \"...\", \"password\": \"...\"}");
        };
        let directory = arc_swap::Guard::into_inner(home.directory().load());
        let user = whom(&directory, &username);
        // Counted for a name that is nobody's as well: names could be tried without a limit otherwise.
        let outcome = match self.guesses.admit_reset(question.guess(&username), self.clock.now()).await {
            Err(wait) => {
                self.note_reset(&question, ResetOutcome::TooManyAttempts, &username, None);
                return too_many(wait);
            }
            Ok(()) => match &user {
                Ok(user) if !password.is_empty() => self.change(home, token, user, password).await,
                Ok(_) => ResetOutcome::EmptyPassword,
                Err(outcome) => *outcome,
            },
        };
        self.note_reset(&question, outcome, &username, user.ok().as_deref());
        match outcome {
            ResetOutcome::Success => answer::ok(&json!({})),
            ResetOutcome::UnknownUser
            | ResetOutcome::Administrator
            | ResetOutcome::SystemUser
            | ResetOutcome::InactiveUser
            | ResetOutcome::EmptyPassword
            | ResetOutcome::TooManyAttempts
            | ResetOutcome::RefusedThere
            | ResetOutcome::Unavailable => refused(&username),
        }
    }

    async fn change(
        &self,
        home: &HomeAssistant,
        token: &SecretText,
        user: &User,
        password: Zeroizing<String>,
    ) -> ResetOutcome {
        let Some(api) = home.api() else { return ResetOutcome::Unavailable };
        // Also when this fails: without an answer the password may have been changed all the same.
        self.cache.forget_user(&user.id);
        match api.change_password(token, &user.id, &SecretText::from(password)).await {
            Ok(()) => ResetOutcome::Success,
            Err(error) => {
                let hint = match error {
                    ApiError::Refused(Refusal::Unauthorized) => {
                        "the token of `password_reset_token` must be the owner's"
                    }
                    _ => error.hint(),
                };
                tracing::warn!(error = %chain(&error), hint, "Home Assistant changed no password for an add-on");
                if error.is_final() { ResetOutcome::RefusedThere } else { ResetOutcome::Unavailable }
            }
        }
    }

    fn note_reset(&self, question: &Question<'_>, outcome: ResetOutcome, user_name: &str, user: Option<&User>) {
        self.telemetry.audit.write(&AuditEvent::PasswordReset {
            addon: question.addon.slug.as_str(),
            outcome,
            user_name,
            user: user.map(|user| user.id.as_str()),
            client: question.client.ip(),
            request_id: question.id.as_str(),
        });
    }
}

/// The one user whom this name can mean, if an add-on may give them a password.
fn whom(directory: &Directory, name: &str) -> Result<Arc<User>, ResetOutcome> {
    let wanted = one_spelling(name);
    let mut found = directory.users().filter(|user| user.usernames.iter().any(|name| one_spelling(name) == wanted));
    // When Home Assistant could mean either of two users, neither is touched; nor is one with two names, who has two
    // passwords.
    let (Some(user), None) = (found.next(), found.next()) else { return Err(ResetOutcome::UnknownUser) };
    if user.usernames.len() != 1 {
        Err(ResetOutcome::UnknownUser)
    } else if user.is_owner || user.is_in("system-admin") {
        Err(ResetOutcome::Administrator)
    } else if user.system_generated {
        Err(ResetOutcome::SystemUser)
    } else if !user.is_active {
        Err(ResetOutcome::InactiveUser)
    } else {
        Ok(Arc::clone(user))
    }
}

/// Case 34: one text for everything.
fn refused(username: &str) -> Answer {
    let message = format!("Username '{username}' does not exist. Check list of users using '{LIST}'.");
    let extra = json!({ "user": username, "auth_list_command": LIST });
    answer::of_json(
        StatusCode::BAD_REQUEST,
        &json!({
            "result": "error", "message": message, "error_key": "auth_password_reset_error", "extra_fields": extra
        }),
    )
}

const LIST: &str = "ha auth list";
