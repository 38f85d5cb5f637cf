//! Whether a password is right, asked of Home Assistant itself (spec/permissions.md section 4, the direct flow).
//!
//! Gives the user whose name and password they are. The code that a right password gives is bought for tokens, which
//! say whose they are and are given back at once. Home Assistant counts wrong passwords by the address that it is told,
//! and judges by it who is local.

use std::net::IpAddr;
use std::sync::Arc;

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::client::{Api, Call};
use super::error::{ApiError, Refusal};
use super::grant::CodeGrant;
use crate::config::SecretText;
use crate::ids::UserId;

/// What Home Assistant says of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordAnswer {
    /// It is right, and this is whose it is.
    Right(UserId),
    /// It is not, or there is no such user.
    Wrong,
    /// It is right, and a second factor is asked for.
    SecondFactor,
    /// It is right, and the user may not sign in, or not from there.
    Refused,
}

impl Api {
    /// Whether this is the password of this user, and who that is.
    pub async fn check_password(
        self: &Arc<Self>,
        username: &str,
        password: &SecretText,
        client: IpAddr,
    ) -> Result<PasswordAnswer, ApiError> {
        let code = match self.log_in(username, password, client).await? {
            Step::Code(code) => code,
            Step::Over(answer) => return Ok(answer),
        };
        let grant = CodeGrant { code, verifier: None, client_id: CLIENT_ID.to_owned(), client };
        match self.redeem(grant).await {
            Ok(granted) => {
                let user = granted.user.clone();
                let api = Arc::clone(self);
                // In a task of its own: the caller waits for an answer about the password, not for Home Assistant to
                // revoke a token.
                tokio::spawn(async move { api.give_back(&granted.tokens, client).await });
                Ok(PasswordAnswer::Right(user))
            }
            Err(ApiError::Refused(Refusal::AccessDenied)) => Ok(PasswordAnswer::Refused),
            Err(error) => Err(error),
        }
    }

    async fn log_in(&self, username: &str, password: &SecretText, client: IpAddr) -> Result<Step, ApiError> {
        let wish = json!({ "client_id": CLIENT_ID, "handler": ["homeassistant", null], "redirect_uri": CLIENT_ID });
        let begun: Flow =
            self.post_json("/auth/login_flow", &wish, client).await?.ok_or(ApiError::Garbage("a flow"))?;
        // The id becomes a part of a path: anything else in it could lead the password to another address.
        let legal = begun.id.len() <= 64 && begun.id.bytes().all(|b| b.is_ascii_alphanumeric());
        if begun.kind != "form" || !legal {
            return Err(ApiError::Garbage("a flow"));
        }
        let path = format!("/auth/login_flow/{}", begun.id);
        let answer = json!({ "client_id": CLIENT_ID, "username": username, "password": password.reveal() });
        let step: Option<Flow> = self.post_json(&path, &answer, client).await?;
        step.map_or(Ok(Step::Over(PasswordAnswer::Refused)), Flow::step)
    }

    /// Nothing when Home Assistant answers 403: the user may not sign in, or not from there.
    async fn post_json(&self, path: &str, value: &serde_json::Value, client: IpAddr) -> Result<Option<Flow>, ApiError> {
        let body = Some(("application/json", value.to_string().into()));
        let reply = self.call(Call { method: Method::POST, path, body, client: Some(client), token: None }).await?;
        if reply.status == StatusCode::FORBIDDEN {
            return Ok(None);
        }
        reply.json("a step of a login flow").map(Some)
    }
}

/// What a flow has come to.
#[derive(Debug)]
enum Step {
    Code(SecretText),
    Over(PasswordAnswer),
}

/// `POST /auth/login_flow` and `POST /auth/login_flow/ID`. A wrong password is a 200 like a right one.
#[derive(Deserialize)]
struct Flow {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "flow_id")]
    id: String,
    step_id: Option<String>,
    #[serde(default)]
    errors: Option<Errors>,
    result: Option<String>,
}

#[derive(Deserialize)]
struct Errors {
    base: Option<String>,
}

impl Flow {
    fn step(self) -> Result<Step, ApiError> {
        let error = self.errors.and_then(|errors| errors.base);
        match (self.kind.as_str(), self.step_id.as_deref(), error.as_deref(), self.result) {
            ("create_entry", _, None, Some(code)) => Ok(Step::Code(SecretText::new(code))),
            ("form", Some("mfa" | "select_mfa_module"), None, _) => Ok(Step::Over(PasswordAnswer::SecondFactor)),
            ("form", Some("init"), Some("invalid_auth"), _) => Ok(Step::Over(PasswordAnswer::Wrong)),
            // What a later version may say here is not known, and is never taken for a yes.
            _ => Err(ApiError::Garbage("a step of a login flow")),
        }
    }
}

/// Nobody is sent anywhere in this flow; Home Assistant wants an address of one origin for both all the same.
const CLIENT_ID: &str = "https://vestibule.invalid/";

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str) -> Option<PasswordAnswer> {
        let flow: Flow = serde_json::from_str(text).unwrap();
        match flow.step() {
            Ok(Step::Code(code)) => Some(PasswordAnswer::Right(code.reveal().parse().unwrap())),
            Ok(Step::Over(answer)) => Some(answer),
            Err(_) => None,
        }
    }

    #[test]
    fn a_wrong_password_is_told_from_a_right_one_and_from_a_second_factor() {
        let wrong = r#"{"type":"form","flow_id":"f","step_id":"init","errors":{"base":"invalid_auth"}}"#;
        assert_eq!(step(wrong), Some(PasswordAnswer::Wrong));
        let right = r#"{"type":"create_entry","flow_id":"f","result":"a32b"}"#;
        assert_eq!(step(right), Some(PasswordAnswer::Right("a32b".parse().unwrap())));
        let mfa = r#"{"type":"form","flow_id":"f","step_id":"mfa","errors":{}}"#;
        assert_eq!(step(mfa), Some(PasswordAnswer::SecondFactor));
    }

    #[test]
    fn what_is_neither_is_no_answer() {
        for text in [
            r#"{"type":"form","flow_id":"f","step_id":"init","errors":{}}"#,
            r#"{"type":"form","flow_id":"f","step_id":"mfa","errors":{"base":"invalid_code"}}"#,
            r#"{"type":"create_entry","flow_id":"f"}"#,
            r#"{"type":"abort","flow_id":"f"}"#,
        ] {
            assert_eq!(step(text), None, "{text}");
        }
    }
}
