//! Access tokens as Home Assistant mints them, by the keys in its file.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::home::Home;

/// A token as Home Assistant makes it from the first refresh token of a user.
pub(crate) fn token(home: &Home, user: &str) -> String {
    let now = now();
    minted(home, user, r#"{"alg":"HS256","typ":"JWT"}"#, |issuer| json!({"iss": issuer, "iat": now, "exp": now + 1800}))
}

/// Seconds since 1970, as the program's own clock has them.
pub(crate) fn now() -> u64 {
    vestibule::clock::Clock::System.now().as_millis() / 1000
}

/// A token with this header, and with the claims for the id of its refresh token.
pub(crate) fn minted(home: &Home, user: &str, header: &str, claims: impl FnOnce(&str) -> Value) -> String {
    let id = home.user_id(user);
    let file = home.read("auth");
    let tokens = file["data"]["refresh_tokens"].as_array().unwrap();
    let mine = tokens.iter().find(|token| token["user_id"] == id.as_str()).expect("a refresh token");
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let text = format!("{}.{}", part(header), part(&claims(mine["id"].as_str().unwrap()).to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, mine["jwt_key"].as_str().unwrap().as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes())))
}
