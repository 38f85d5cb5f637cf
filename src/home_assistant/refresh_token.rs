//! The refresh tokens of the auth file: what an access token is verified with (spec/permissions.md section 3).
//!
//! An entry of the file becomes a token, or nothing when Home Assistant itself skips it. The secret `token` is not
//! kept; the key is redacted in `Debug` and wiped.

use serde_json::Value;

use super::datetime::is_datetime;
use super::fields::{FieldError, Fields};
use crate::ids::UserId;
use crate::secret::Secret;

/// A refresh token of Home Assistant's: a sign-in, or a long-lived token of a user.
#[derive(Debug, Clone, PartialEq)]
pub struct RefreshToken {
    /// Its id: the `iss` of access tokens made from it.
    pub id: String,
    /// The user who signed in with it.
    pub user_id: UserId,
    /// What it is for.
    pub token_type: TokenType,
    /// What access tokens made from it are signed with.
    pub jwt_key: JwtKey,
    /// Seconds since 1970; it may lie in the past, because Home Assistant keeps such tokens when it loads the file.
    pub expire_at: Option<f64>,
}

/// What a refresh token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// Of a sign-in with a browser or an app.
    Normal,
    /// Of Home Assistant itself, for one of its own users.
    System,
    /// Made by hand, for a script.
    LongLived,
}

impl TokenType {
    /// As in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::System => "system",
            Self::LongLived => "long_lived_access_token",
        }
    }
}

/// The key of a refresh token: its text, as bytes, is the HMAC key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtKey(Secret<String>);

impl JwtKey {
    /// The key in clear, to verify a signature with.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// An entry before it is known whether its user exists.
pub(super) struct RawToken<'a> {
    pub(super) user: &'a str,
    fields: Fields<'a>,
}

impl<'a> RawToken<'a> {
    /// Looks at an entry; `None` for one that Home Assistant skips: from before tokens had keys, or with a creation
    /// time that cannot be read. A time that it could read and we cannot costs that token, which is the safe side.
    pub(super) fn of(value: &'a Value) -> Result<Option<Self>, FieldError> {
        let fields = Fields::of(value)?;
        if fields.optional("jwt_key").is_none() || !is_datetime(fields.text("created_at")?) {
            return Ok(None);
        }
        Ok(Some(Self { user: fields.text("user_id")?, fields }))
    }

    pub(super) fn read(&self, user_id: UserId) -> Result<RefreshToken, FieldError> {
        let fields = self.fields;
        let client = fields.text_or_null("client_id")?;
        // Home Assistant needs it, so an entry without it is refused. It is a secret that is of no use here, so it is
        // not kept.
        fields.text("token")?;
        fields
            .any("access_token_expiration")?
            .as_f64()
            .ok_or(FieldError::Wrong { field: "access_token_expiration", expected: "a number" })?;
        Ok(RefreshToken {
            id: fields.text("id")?.to_owned(),
            user_id,
            token_type: token_type(fields, client)?,
            jwt_key: JwtKey(Secret::new(fields.text("jwt_key")?.to_owned())),
            expire_at: expire_at(fields)?,
        })
    }
}

/// An absent type is the system's when there is no client, and a sign-in when there is one.
fn token_type(fields: Fields<'_>, client: Option<&str>) -> Result<TokenType, FieldError> {
    let wrong = FieldError::Wrong { field: "token_type", expected: "`normal`, `system` or `long_lived_access_token`" };
    match fields.optional("token_type") {
        None | Some(Value::Null) => Ok(if client.is_none() { TokenType::System } else { TokenType::Normal }),
        Some(Value::String(text)) => [TokenType::Normal, TokenType::System, TokenType::LongLived]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(wrong),
        Some(_) => Err(wrong),
    }
}

fn expire_at(fields: Fields<'_>) -> Result<Option<f64>, FieldError> {
    match fields.optional("expire_at") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(seconds)) => Ok(seconds.as_f64()),
        Some(_) => Err(FieldError::Wrong { field: "expire_at", expected: "a number or null" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_show_itself() {
        let key = JwtKey(Secret::new("secret".to_owned()));
        assert!(!format!("{key:?}").contains("secret"));
    }
}
