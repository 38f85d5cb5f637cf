//! Home Assistant's access tokens, verified here and now (spec/permissions.md section 3).
//!
//! A text is verified by the refresh tokens and the time of this moment, and becomes an [`AccessToken`] or nothing. It
//! is a JSON Web Token (RFC 7519) with HS256 (RFC 7518 section 3.2) and no other algorithm, whatever its header says
//! (RFC 8725 section 3.1, S-84). Nothing in it is believed before its signature has been verified, except the issuer,
//! which says by which key. No key is ever fetched, and nothing is kept: a token whose refresh token is gone is worth
//! nothing.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::ids::UserId;
use crate::secret::Secret;

/// A refresh token of Home Assistant, as far as it concerns the access tokens that were made from it.
pub struct Issuer<'a> {
    /// The user whose refresh token it is.
    pub user: &'a UserId,
    /// What access tokens are signed with.
    pub key: &'a [u8],
    /// When it ends, in seconds since 1970.
    pub expire_at: Option<f64>,
}

impl fmt::Debug for Issuer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("user", self.user).finish_non_exhaustive()
    }
}

/// A token that was verified. It holds no secret.
#[derive(Debug)]
pub struct AccessToken {
    user: UserId,
    issuer: String,
    key: [u8; 32],
    expires: f64,
}

impl AccessToken {
    /// Verifies a token. `find` knows the refresh tokens of the moment by their id.
    pub fn verify<'a>(text: &[u8], find: impl FnOnce(&str) -> Option<Issuer<'a>>, now: Timestamp) -> Option<Self> {
        // Before anything is decoded: whoever sends it chooses its length.
        if text.len() > LONGEST {
            return None;
        }
        let mut parts = text.split(|byte| *byte == b'.');
        let (header, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
        // Exactly three parts. `alg` is compared and never used to choose: "none" and asymmetric algorithms are the
        // classic way around a signature (RFC 8725 section 2.1).
        if parts.next().is_some() || !is_hs256(&object(header)?) {
            return None;
        }
        let claims = object(payload)?;
        let issuer = claims.get("iss")?.as_str()?;
        // RFC 7518 section 3.2: a key as long as the digest, or longer, must be used. Anyone could sign with an empty
        // one.
        let found = find(issuer).filter(|found| found.key.len() >= SHORTEST_KEY)?;
        // Over the bytes as they came, not over what was decoded from them (RFC 7515 section 5.2).
        let signed = text.get(..header.len() + 1 + payload.len())?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        // `verify` compares in constant time, so that a signature cannot be guessed byte by byte.
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, found.key), signed, &signature).ok()?;
        let token = Self {
            user: found.user.clone(),
            issuer: issuer.to_owned(),
            // A digest of the key, so that [`Self::is_good`] can tell a refresh token that was made anew under the same
            // id.
            key: sha256(found.key),
            expires: claims.get("exp")?.as_f64()?,
        };
        // `None` is a claim that is missing: `iat` must be there and `nbf` need not, but one that is no number never
        // counts.
        let begun = |name: &str| claims.get(name).map(|at| at.as_f64().is_some_and(|at| at <= seconds(now) + LEEWAY));
        // RFC 7519 section 4.1.3: whoever is not in the audience rejects the token. Home Assistant names none.
        let for_us = !claims.contains_key("aud");
        let good = begun("iat") == Some(true) && begun("nbf") != Some(false) && for_us;
        (good && token.is_current(&found, now)).then_some(token)
    }

    /// The token that a path of Home Assistant's is signed with, as far as it says whose path it is: with which key it
    /// was signed Home Assistant alone knows, and asks for itself. So it is believed to restrict, and proves nothing:
    /// if it is not genuine, Home Assistant refuses the path.
    ///
    /// `homeassistant.components.http.auth`: claims `iss`, `path`, `params`, `iat`, `exp`.
    pub(super) fn claimed<'a>(
        text: &[u8],
        path: &str,
        find: impl FnOnce(&str) -> Option<Issuer<'a>>,
        now: Timestamp,
    ) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let mut parts = text.split(|byte| *byte == b'.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let claims = object(payload)?;
        let issuer = claims.get("iss")?.as_str()?;
        let found = find(issuer)?;
        let token = Self {
            user: found.user.clone(),
            issuer: issuer.to_owned(),
            key: sha256(found.key),
            expires: claims.get("exp")?.as_f64()?,
        };
        let is_for_it = claims.get("path").and_then(Value::as_str) == Some(path);
        (is_for_it && token.is_current(&found, now)).then_some(token)
    }

    /// The same for what it has opened: that goes on for as long as there is the refresh token, as it does at Home
    /// Assistant, which looks at an access token once.
    #[must_use]
    pub(super) fn until_revoked(self) -> Self {
        Self { expires: f64::INFINITY, ..self }
    }

    /// A text that [`Self::verify`] reads as a token of this refresh token, and Home Assistant as one of its own: for a
    /// few minutes, since it is shown to Home Assistant at once. Nothing, where no text could be one.
    pub fn issue(id: &str, issuer: &Issuer<'_>, now: Timestamp) -> Option<Secret<String>> {
        if issuer.key.len() < SHORTEST_KEY || issuer.expire_at.is_some_and(|end| end <= seconds(now)) {
            return None;
        }
        let since = now.as_millis() / 1000;
        let claims = json!({"iss": id, "iat": since, "exp": since.saturating_add(FEW_MINUTES)});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({"alg": "HS256", "typ": "JWT"})), part(&claims));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, issuer.key), text.as_bytes());
        Some(Secret::new(format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))))
    }

    /// The user whom the token stands for.
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// The id of the refresh token that it was made from. It makes no session.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whether it still counts: the same refresh token is still there, and neither has expired.
    pub fn is_good<'a>(&self, find: impl FnOnce(&str) -> Option<Issuer<'a>>, now: Timestamp) -> bool {
        let same = |found: &Issuer<'_>| *found.user == self.user && sha256(found.key) == self.key;
        find(&self.issuer).is_some_and(|found| same(&found) && self.is_current(&found, now))
    }

    fn is_current(&self, found: &Issuer<'_>, now: Timestamp) -> bool {
        let now = seconds(now);
        self.expires > now - LEEWAY && found.expire_at.is_none_or(|end| end > now)
    }
}

/// RFC 7515 section 4.1.11: a critical extension that we do not know makes a token worthless.
fn is_hs256(header: &Map<String, Value>) -> bool {
    header.get("alg").and_then(Value::as_str) == Some("HS256") && !header.contains_key("crit")
}

/// A part of a token: base64url without padding, and in it one JSON object.
fn object(part: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 fit into the 53 bits of an f64 for 280,000 years"
)]
fn seconds(at: Timestamp) -> f64 {
    at.as_millis() as f64 / 1000.0
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, bytes).as_ref());
    sum
}

/// Home Assistant reads no longer ones.
const LONGEST: usize = 8192;

/// Home Assistant's own have 128 bytes.
const SHORTEST_KEY: usize = 32;

/// Seconds.
const FEW_MINUTES: u64 = 300;

/// Seconds by which clocks may differ.
const LEEWAY: f64 = 10.0;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn part(json: &str) -> String {
        URL_SAFE_NO_PAD.encode(json)
    }

    fn signed(header: &str, claims: &str, key: &[u8]) -> String {
        let text = format!("{}.{}", part(header), part(claims));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    #[test]
    fn a_token_that_was_issued_here_is_read_back() {
        let issuer = Issuer { user: &"u1".parse().unwrap(), key: KEY, expire_at: None };
        let text = AccessToken::issue("r1", &issuer, NOW).unwrap();
        let find = |id: &str| (id == "r1").then_some(Issuer { key: KEY, ..issuer });
        let token = AccessToken::verify(text.reveal().as_bytes(), find, NOW).unwrap();
        assert_eq!((token.user(), token.issuer()), (issuer.user, "r1"));
        assert!(AccessToken::issue("r1", &Issuer { key: b"short", ..issuer }, NOW).is_none());
        assert!(AccessToken::issue("r1", &Issuer { expire_at: Some(1.0), ..issuer }, NOW).is_none(), "it has ended");
    }

    fn claims(iat: i64, exp: i64) -> String {
        format!(r#"{{"iss":"r1","iat":{},"exp":{}}}"#, 1_800_000_000 + iat, 1_800_000_000 + exp)
    }

    fn user() -> UserId {
        "u1".parse().unwrap()
    }

    fn verified(text: &str, expire_at: Option<f64>) -> bool {
        let user = user();
        let find = |id: &str| (id == "r1").then_some(Issuer { user: &user, key: KEY, expire_at });
        AccessToken::verify(text.as_bytes(), find, NOW).is_some()
    }

    const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

    #[test]
    fn a_token_of_home_assistants_is_good_between_its_times() {
        for (iat, exp, good) in [
            (0, 1800, true),
            (10, 1800, true),
            (11, 1800, false),
            (-1800, -9, true),
            (-1800, -10, false),
            (-1, 1, true),
            (1800, 0, false),
        ] {
            assert_eq!(verified(&signed(HEADER, &claims(iat, exp), KEY), None), good, "{iat} {exp}");
        }
        let token = signed(HEADER, &claims(0, 1800), KEY);
        assert!(verified(&token, Some(1_800_000_001.0)) && !verified(&token, Some(1_800_000_000.0)));
    }

    #[test]
    fn s84_no_header_chooses_another_algorithm() {
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"None","typ":"JWT"}"#,
            r#"{"alg":"hs256"}"#,
            r#"{"alg":"HS384"}"#,
            r#"{"alg":"HS512"}"#,
            r#"{"alg":"RS256"}"#,
            r#"{"alg":"ES256","jwk":{}}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
            r#"{"typ":"JWT"}"#,
            "[]",
            "",
        ] {
            assert!(!verified(&signed(header, &claims(0, 1800), KEY), None), "{header}");
        }
        let unsigned = format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&claims(0, 1800)));
        assert!(!verified(&unsigned, None));
    }

    #[test]
    fn s84_what_is_missing_malformed_or_too_long_is_worth_nothing() {
        for claims in [
            r#"{"iss":"r1","exp":1800001800}"#,
            r#"{"iss":"r1","iat":1800000000}"#,
            r#"{"iat":1800000000,"exp":1800001800}"#,
            r#"{"iss":"r2","iat":1800000000,"exp":1800001800}"#,
            r#"{"iss":["r1"],"iat":1800000000,"exp":1800001800}"#,
            r#"{"iss":"r1","iat":1800000000,"exp":"1800001800"}"#,
            r#"{"iss":"r1","iat":null,"exp":1800001800}"#,
            r#"{"iss":"r1","iat":1800000000,"exp":1800001800,"nbf":1800000011}"#,
            r#"{"iss":"r1","iat":1800000000,"exp":1800001800,"aud":"other"}"#,
        ] {
            assert!(!verified(&signed(HEADER, claims, KEY), None), "{claims}");
        }
        let good = signed(HEADER, &claims(0, 1800), KEY);
        assert!(verified(&good, None));
        assert!(!verified(&signed(HEADER, &claims(0, 1800), b"another key of thirty-two bytes."), None));
        let (text, signature) = good.rsplit_once('.').unwrap();
        let short = signature.split_at(20).0;
        let padded = format!("{good}=");
        let more = format!("{good}.{signature}");
        for bad in [text, "", "..", "a.b.c", &format!("{text}.{short}"), &format!("{text}."), &padded, &more] {
            assert!(!verified(bad, None), "{bad}");
        }
        let filled = |length: usize| {
            let claims = claims(0, 1800).replace("\"iss\"", &format!("\"x\":\"{}\",\"iss\"", "y".repeat(length)));
            signed(HEADER, &claims, KEY)
        };
        let longest = (5900..6200).rev().map(filled).find(|text| text.len() <= LONGEST).unwrap();
        assert!(longest.len() > LONGEST - 3 && verified(&longest, None));
        let longer = (5900..6200).map(filled).find(|text| text.len() > LONGEST).unwrap();
        assert!(!verified(&longer, None));
    }

    #[test]
    fn s84_what_a_header_says_of_keys_is_never_looked_at() {
        for header in [
            r#"{"alg":"HS256","kid":"../../../../dev/null"}"#,
            r#"{"alg":"HS256","jku":"https://evil.test/keys","x5u":"https://evil.test/x"}"#,
            r#"{"alg":"HS256","jwk":{"kty":"oct","k":""}}"#,
        ] {
            assert!(verified(&signed(header, &claims(0, 1800), KEY), None), "{header}");
            assert!(!verified(&signed(header, &claims(0, 1800), b""), None), "{header}");
        }
    }

    #[test]
    fn s84_a_deep_nest_and_a_token_in_a_token_are_refused_and_nothing_breaks() {
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(3000), "]".repeat(3000));
        assert!(!verified(&signed(&deep, &claims(0, 1800), KEY), None));
        assert!(!verified(&signed(HEADER, &deep, KEY), None));
        let good = signed(HEADER, &claims(0, 1800), KEY);
        assert!(!verified(&signed(r#"{"alg":"HS256","cty":"JWT"}"#, &good, KEY), None));
    }

    #[test]
    fn a_key_that_is_too_short_verifies_nothing() {
        let user = user();
        for (key, good) in [(&b""[..], false), (&KEY[1..], false), (KEY, true)] {
            let find = |_: &str| Some(Issuer { user: &user, key, expire_at: None });
            let text = signed(HEADER, &claims(0, 1800), key);
            assert_eq!(AccessToken::verify(text.as_bytes(), find, NOW).is_some(), good, "{}", key.len());
        }
    }

    #[test]
    fn it_ends_with_its_refresh_token() {
        let (user, other): (UserId, UserId) = (user(), "u2".parse().unwrap());
        let issuer = |user, key, expire_at| Some(Issuer { user, key, expire_at });
        let text = signed(HEADER, &claims(0, 1800), KEY);
        let token = AccessToken::verify(text.as_bytes(), |_| issuer(&user, KEY, None), NOW).unwrap();
        assert!(token.is_good(|_| issuer(&user, KEY, None), NOW));
        assert!(!token.is_good(|_| None, NOW));
        assert!(!token.is_good(|_| issuer(&user, b"another", None), NOW));
        assert!(!token.is_good(|_| issuer(&other, KEY, None), NOW));
        assert!(!token.is_good(|_| issuer(&user, KEY, Some(1_799_999_999.0)), NOW));
        let later = Timestamp::from_millis(NOW.as_millis() + 1_810_000);
        assert!(!token.is_good(|_| issuer(&user, KEY, None), later));
    }
}
