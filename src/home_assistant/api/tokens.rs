//! The tokens of one sign-in: bought with a code, renewed, revoked (spec/permissions.md section 4).
//!
//! They live in memory only, hidden from `Debug` and wiped. Home Assistant gets its refresh token back at the end.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, StatusCode};
use serde::Deserialize;

use super::client::{Api, Call, Reply};
use super::error::{ApiError, Refusal};
use super::pkce::Verifier;
use crate::config::SecretText;

/// An access token, and the refresh token that it is renewed and revoked with.
#[derive(Debug, Clone)]
pub struct Tokens {
    access: SecretText,
    refresh: SecretText,
    refresh_id: String,
    client_id: String,
}

impl Tokens {
    /// The access token, which opens the WebSocket.
    pub(super) fn access(&self) -> &SecretText {
        &self.access
    }

    /// The id of the refresh token, by which Home Assistant's auth file knows it. Not a secret.
    pub fn refresh_id(&self) -> &str {
        &self.refresh_id
    }
}

impl Api {
    /// Buys tokens with a code. A code is good once.
    pub(super) async fn buy(
        &self,
        code: &SecretText,
        verifier: Option<&Verifier>,
        client_id: &str,
        client: IpAddr,
    ) -> Result<Tokens, ApiError> {
        let mut fields = vec![("grant_type", "authorization_code"), ("code", code.reveal()), ("client_id", client_id)];
        fields.extend(verifier.map(|verifier| ("code_verifier", verifier.reveal())));
        let answer = parse(&self.post_form("/auth/token", &fields, client).await?)?;
        let refresh = answer.refresh_token.ok_or(ApiError::Garbage("no refresh token"))?;
        let refresh_id = refresh_id(&answer.access_token).ok_or(ApiError::Garbage("an access token without `iss`"))?;
        let (access, refresh) = (SecretText::new(answer.access_token), SecretText::new(refresh));
        Ok(Tokens { access, refresh, refresh_id, client_id: client_id.to_owned() })
    }

    /// A new access token. [`ApiError::is_final`] when Home Assistant has revoked the refresh token.
    pub async fn renew(&self, tokens: &Tokens, client: IpAddr) -> Result<Tokens, ApiError> {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens.refresh.reveal()),
            ("client_id", &tokens.client_id),
        ];
        let answer = parse(&self.post_form("/auth/token", &fields, client).await?)?;
        // The refresh token stays: Home Assistant renews the access token alone.
        Ok(Tokens { access: SecretText::new(answer.access_token), ..tokens.clone() })
    }

    /// Gives the tokens back (RFC 7009). Home Assistant says 200 to a token that it does not know as well.
    pub async fn revoke(&self, tokens: &Tokens, client: IpAddr) -> Result<(), ApiError> {
        // The refresh token alone: every access token that was made from it ends with it.
        let reply = self.post_form("/auth/revoke", &[("token", tokens.refresh.reveal())], client).await?;
        if reply.status == StatusCode::OK { Ok(()) } else { Err(ApiError::Status(reply.status)) }
    }

    async fn post_form(&self, path: &str, fields: &[(&str, &str)], client: IpAddr) -> Result<Reply, ApiError> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let body = Some(("application/x-www-form-urlencoded", form.into()));
        self.call(Call { method: Method::POST, path, body, client: Some(client), token: None }).await
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    refresh_token: Option<String>,
    token_type: String,
}

fn parse(reply: &Reply) -> Result<Answer, ApiError> {
    match reply.status {
        StatusCode::BAD_REQUEST => return Err(ApiError::Refused(Refusal::InvalidGrant)),
        StatusCode::FORBIDDEN => return Err(ApiError::Refused(Refusal::AccessDenied)),
        _ => {}
    }
    let answer: Answer = reply.json("its tokens")?;
    let fits = |text: &str| !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_graphic());
    let whole = fits(&answer.access_token) && answer.refresh_token.as_deref().is_none_or(fits);
    if whole && answer.token_type.eq_ignore_ascii_case("bearer") {
        Ok(answer)
    } else {
        Err(ApiError::Garbage("its tokens"))
    }
}

/// The `iss` of an access token: the id of its refresh token. It comes straight from Home Assistant, and its signature
/// could be checked with nothing that does not come from there as well.
fn refresh_id(access_token: &str) -> Option<String> {
    let payload = access_token.split('.').nth(1)?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let legal = (1..=128).contains(&claims.iss.len()) && claims.iss.bytes().all(|b| b.is_ascii_graphic());
    legal.then_some(claims.iss)
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
}

/// Home Assistant itself takes no longer access token.
const LONGEST: usize = 8192;

#[cfg(test)]
mod tests {
    use super::*;

    const ACCESS: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
        eyJpc3MiOiI3MjY2ZGI0MzlmNDY0OGMzOTBkMWIyOWE1MzNiNjZiZiIsImlhdCI6MTc5NTMxNTA0NCwiZXhwIjoxNzk1MzE2ODQ0fQ.\
        zz1yhTiYCSL2O_rmLXXjmA-5PHHhWqetSaXvIpNipRI";

    fn reply(status: u16, body: impl Into<bytes::Bytes>) -> Reply {
        Reply { status: StatusCode::from_u16(status).unwrap(), body: body.into() }
    }

    #[test]
    fn the_answer_of_the_transcript_is_read() {
        let body = format!(
            r#"{{"access_token":"{ACCESS}","token_type":"Bearer","refresh_token":"7fe1","expires_in":1800,"ha_auth_provider":"homeassistant"}}"#
        );
        let answer = parse(&reply(200, body)).unwrap();
        assert_eq!(answer.refresh_token.as_deref(), Some("7fe1"));
        assert_eq!(refresh_id(&answer.access_token).as_deref(), Some("7266db439f4648c390d1b29a533b66bf"));
    }

    #[test]
    fn a_no_is_told_from_nonsense() {
        let refused = |status, body: &'static str| parse(&reply(status, body)).err().map(|error| error.is_final());
        assert_eq!(refused(400, r#"{"error":"invalid_request","error_description":"Invalid code"}"#), Some(true));
        assert_eq!(refused(403, r#"{"error":"access_denied"}"#), Some(true));
        for nonsense in ["", "{}", "[]", r#"{"access_token":1,"token_type":"Bearer"}"#] {
            assert_eq!(refused(200, nonsense), Some(false), "{nonsense}");
        }
        assert_eq!(refused(200, r#"{"access_token":"a","token_type":"mac"}"#), Some(false));
        assert_eq!(refused(200, r#"{"access_token":"a b","token_type":"Bearer"}"#), Some(false));
        assert_eq!(refused(500, "oops"), Some(false));
    }

    #[test]
    fn an_access_token_without_an_issuer_is_no_token_of_home_assistant_s() {
        let of = |payload: &str| refresh_id(&format!("h.{}.s", URL_SAFE_NO_PAD.encode(payload)));
        assert_eq!(of(r#"{"iss":"abc"}"#).as_deref(), Some("abc"));
        for bad in ["{}", r#"{"iss":""}"#, r#"{"iss":7}"#, "x", r#"{"iss":"a b"}"#] {
            assert_eq!(of(bad), None, "{bad}");
        }
        assert_eq!(of(&format!(r#"{{"iss":"{}"}}"#, "a".repeat(129))), None);
        assert_eq!(refresh_id("nothing"), None);
    }

    #[test]
    fn tokens_do_not_show_themselves() {
        let secret = || SecretText::new("SESAME".to_owned());
        let tokens = Tokens { access: secret(), refresh: secret(), refresh_id: "r".into(), client_id: "c".into() };
        assert!(!format!("{tokens:?}").contains("SESAME"));
    }
}
