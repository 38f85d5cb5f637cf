//! The refresh tokens of the auth file: what an access token is verified with (spec/permissions.md section 3).
//!
//! In comes an entry of the file, out comes a token, or nothing for those that Home Assistant itself skips. The secret
//! `token` is not kept; the key is redacted in `Debug` and wiped.

use std::fmt;

use serde_json::Value;
use zeroize::Zeroizing;

use super::fields::{FieldError, Fields};
use crate::identity::UserId;

/// A refresh token.
#[derive(Debug, Clone, PartialEq)]
pub struct RefreshToken {
    /// Its id: the `iss` of access tokens made from it.
    pub id: String,
    /// Whose it is.
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
    /// A sign-in.
    Normal,
    /// Home Assistant's own.
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
#[derive(Clone, PartialEq, Eq)]
pub struct JwtKey(Zeroizing<String>);

impl JwtKey {
    /// The secret.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtKey(..)")
    }
}

/// An entry before it is known whether its user exists.
pub(super) struct Entry<'a> {
    pub(super) user: &'a str,
    fields: Fields<'a>,
}

impl<'a> Entry<'a> {
    /// Looks at an entry; `None` for one that Home Assistant skips: from before tokens had keys, or with a creation time
    /// that cannot be read. A time that it could read and we cannot costs that token, which is the safe side.
    pub(super) fn of(value: &'a Value) -> Result<Option<Self>, FieldError> {
        let fields = Fields::of(value)?;
        if fields.optional("jwt_key").is_none() || !is_datetime(fields.text("created_at")?) {
            return Ok(None);
        }
        Ok(Some(Self { user: fields.text("user_id")?, fields }))
    }

    /// The token.
    pub(super) fn read(&self, user_id: UserId) -> Result<RefreshToken, FieldError> {
        let fields = self.fields;
        let client = fields.text_or_null("client_id")?;
        fields.text("token")?;
        fields
            .any("access_token_expiration")?
            .as_f64()
            .ok_or(FieldError::Wrong { field: "access_token_expiration", expected: "a number" })?;
        Ok(RefreshToken {
            id: fields.text("id")?.to_owned(),
            user_id,
            token_type: token_type(fields, client)?,
            jwt_key: JwtKey(Zeroizing::new(fields.text("jwt_key")?.to_owned())),
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

/// Whether this is `YYYY-MM-DDTHH:MM:SS`, with or without a fraction and a zone, on a day that exists.
fn is_datetime(text: &str) -> bool {
    let Some((date, clock)) = text.split_once(['T', ' ']) else { return false };
    let (clock, zone) = match clock.find(['Z', '+', '-']) {
        Some(at) => clock.split_at(at),
        None => (clock, ""),
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let fraction_is_digits = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    is_date(date) && is_clock(clock, 3) && fraction_is_digits && is_zone(zone)
}

fn is_date(date: &str) -> bool {
    let [year, month, day] = numbers(date, '-', [4, 2, 2]);
    let month = month.and_then(|m| u8::try_from(m).ok()).and_then(|m| time::Month::try_from(m).ok());
    let (Some(year), Some(month), Some(day)) = (year, month, day) else { return false };
    let day = u8::try_from(day).unwrap_or(0);
    i32::try_from(year).is_ok_and(|year| year > 0 && time::Date::from_calendar_date(year, month, day).is_ok())
}

/// `HH:MM` or `HH:MM:SS`.
fn is_clock(clock: &str, parts: usize) -> bool {
    let limits = [23, 59, 59];
    let given = clock.split(':').count();
    let texts = clock.split(':').zip(limits);
    given == parts && texts.fold(true, |ok, (text, limit)| ok && number(text, 2).is_some_and(|n| n <= limit))
}

fn is_zone(zone: &str) -> bool {
    matches!(zone, "" | "Z") || zone.strip_prefix(['+', '-']).is_some_and(|offset| is_clock(offset, 2))
}

/// The numbers between the separators, each exactly as wide as said.
fn numbers(text: &str, separator: char, widths: [usize; 3]) -> [Option<u32>; 3] {
    let mut parts = text.splitn(3, separator);
    widths.map(|width| parts.next().and_then(|part| number(part, width)))
}

fn number(text: &str, width: usize) -> Option<u32> {
    (text.len() == width && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_home_assistant_writes_is_a_time() {
        for time in [
            "2026-11-22T02:36:05.331737+00:00",
            "2026-11-22T02:36:05+00:00",
            "2018-10-03T13:43:19.774712Z",
            "2018-10-03 13:43:19",
            "2024-02-29T23:59:59-03:30",
        ] {
            assert!(is_datetime(time), "{time}");
        }
    }

    #[test]
    fn what_is_no_time_costs_the_token() {
        for time in [
            "",
            "invalid",
            "2026-02-30T00:00:00+00:00",
            "2026-13-01T00:00:00",
            "2026-11-22T24:00:00",
            "2026-11-22T02:36",
            "2026-11-22T02:36:05+",
            "2026-11-22T02:36:05.",
            "2026-11-22",
            "0000-01-01T00:00:00",
            "2026-11-22T02:36:05+00:00 ",
            "2026-1-22T02:36:05",
            "2026-11-22T02:36:05:07",
        ] {
            assert!(!is_datetime(time), "{time}");
        }
    }

    #[test]
    fn a_key_does_not_show_itself() {
        let key = JwtKey(Zeroizing::new("secret".to_owned()));
        assert!(!format!("{key:?}").contains("secret"));
    }
}
