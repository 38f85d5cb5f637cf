//! The tokens by which Home Assistant's pages name an add-on (docs/design/supervisor.md section 1.13).
//!
//! An add-on's token has 43 characters: HMAC-SHA256 (RFC 2104) of the slug under a key that is made once and kept, so
//! that it is the same after a restart, and without the key nobody can name an add-on that they were not told of. A
//! token alone opens nothing: a session does. It has nothing to do with the token by which an add-on calls the API.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::config::{Addon, PrefixMode};
use crate::entropy;
use crate::ids::AddonSlug;
use crate::secret::Secret;

/// The key of all tokens. Redacted in `Debug`, wiped when dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngressKey(Secret<[u8; RAW]>);

impl IngressKey {
    /// A new key, of 32 bytes from the operating system.
    pub fn random() -> Self {
        Self(Secret::new(entropy::random()))
    }

    /// The token of an add-on.
    pub fn token(&self, addon: &AddonSlug) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.reveal());
        URL_SAFE_NO_PAD.encode(hmac::sign(&key, &[PURPOSE, addon.as_str().as_bytes()].concat()))
    }
}

/// Whether Home Assistant's pages can show an add-on: it has a web UI, and one that is not bound to a prefix of ours.
/// An add-on that keeps its prefix makes addresses of its own from it, which lead nowhere on Home Assistant's pages.
pub fn is_reached(addon: &Addon) -> bool {
    let keeps = addon.route.prefix == PrefixMode::Keep && addon.route.path.is_some();
    addon.route.leads_here() && !keeps
}

/// Where Home Assistant's pages find an add-on with this token, without the slash at its end.
pub fn entry(token: &str) -> String {
    format!("{}{token}", crate::route::HOME_ASSISTANTS)
}

impl Serialize for IngressKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.reveal())))
    }
}

impl<'de> Deserialize<'de> for IngressKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let raw = URL_SAFE_NO_PAD.decode(text.as_bytes()).map(Zeroizing::new);
        let raw = raw.ok().and_then(|raw| <[u8; RAW]>::try_from(raw.as_slice()).ok());
        raw.map(|raw| Self(Secret::new(raw))).ok_or_else(|| serde::de::Error::custom("a key is 32 bytes in base64url"))
    }
}

/// Keeps these tokens apart from everything else that the same key might ever be used for.
const PURPOSE: &[u8] = b"vestibule ingress token 1\0";

const RAW: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(text: &str) -> AddonSlug {
        text.parse().unwrap()
    }

    #[test]
    fn a_token_is_43_characters_and_stays_the_add_ons() {
        let key = IngressKey::random();
        let token = key.token(&slug("nodered"));
        assert!(token.len() == 43 && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        let kept: IngressKey = serde_json::from_str(&serde_json::to_string(&key).unwrap()).unwrap();
        assert_eq!(kept.token(&slug("nodered")), token);
        assert_ne!(key.token(&slug("frigate")), token);
        assert_ne!(IngressKey::random().token(&slug("nodered")), token);
        assert_eq!(format!("{key:?}"), "IngressKey(redacted)");
    }

    #[test]
    fn what_is_no_key_is_none() {
        for text in ["\"\"", "\"AAAA\"", "5", "\"=\""] {
            assert!(serde_json::from_str::<IngressKey>(text).is_err(), "{text}");
        }
    }
}
