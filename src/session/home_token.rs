//! Home Assistant's own token at its own front: an access token, or a path that Home Assistant has signed.
//!
//! A request that shows two of them is refused: Home Assistant would go by one, and it must be the one that was judged.

use std::borrow::Cow;

use http::Method;

use super::access_token::{AccessToken, Issuer};
use super::bearer;
use crate::clock::Timestamp;
use crate::http::{Sanitized, decode};
use crate::refusal::Reason;

/// Whether a request shows an access token or a signed path, readable or not.
pub fn shows_home_token(request: &Sanitized) -> bool {
    !matches!(bearer::presented(request.headers()), Ok(None)) || is_signed(request.query())
}

/// The token of a request, by the refresh tokens and the time of this moment. What it opens goes on until its refresh
/// token is gone.
pub fn home_token<'a>(
    request: &Sanitized,
    find: impl FnOnce(&str) -> Option<Issuer<'a>>,
    now: Timestamp,
) -> Result<AccessToken, Reason> {
    let mut signatures = signatures(request.query());
    let token = match (bearer::presented(request.headers())?, signatures.next(), signatures.next()) {
        (None, None, _) => return Err(Reason::NoSession),
        (Some(text), None, _) => AccessToken::verify(text, find, now),
        (None, Some(signature), None) => signed(request, &signature, find, now),
        (Some(_), Some(_), _) | (None, Some(_), Some(_)) => return Err(Reason::AmbiguousCredentials),
    };
    token.map(AccessToken::until_revoked).ok_or(Reason::BadToken)
}

/// The token of a WebSocket's first message.
pub fn verified_text<'a>(
    text: &str,
    find: impl FnOnce(&str) -> Option<Issuer<'a>>,
    now: Timestamp,
) -> Result<AccessToken, Reason> {
    let token = AccessToken::verify(text.as_bytes(), find, now);
    token.map(AccessToken::until_revoked).ok_or(Reason::BadToken)
}

fn signed<'a>(
    request: &Sanitized,
    signature: &str,
    find: impl FnOnce(&str) -> Option<Issuer<'a>>,
    now: Timestamp,
) -> Option<AccessToken> {
    // By other methods Home Assistant does not look at it.
    if !matches!(*request.method(), Method::GET | Method::HEAD) || request.handshake().is_some() {
        return None;
    }
    // Home Assistant must look at it, for nobody here can: elsewhere a path that nobody has signed would open, as
    // whoever it names, what asks for nobody at Home Assistant, a webhook for one.
    if !SIGNED.iter().any(|start| request.path().starts_with(start)) {
        return None;
    }
    AccessToken::claimed(signature.as_bytes(), &decode(request.path())?, find, now)
}

/// Where Home Assistant asks for somebody, or for a token of its own in the address, and signs paths.
const SIGNED: [&str; 10] = [
    "/api/backup/download/",
    "/api/camera_proxy/",
    "/api/camera_proxy_stream/",
    "/api/diagnostics/",
    "/api/error_log",
    "/api/hassio/backups/",
    "/api/image_proxy/",
    "/api/image_proxy_stream/",
    "/api/media_player_proxy/",
    "/media/",
];

/// Whether a query has the parameter in which a signed path names its user.
pub fn is_signed(query: Option<&str>) -> bool {
    signatures(query).next().is_some()
}

/// What stands in a query as a signature, as Home Assistant reads queries.
fn signatures(query: Option<&str>) -> impl Iterator<Item = Cow<'_, str>> {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.filter(|(name, _)| name == "authSig").map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_path_is_found_in_every_spelling() {
        for query in ["authSig=x", "a=1&authSig=x", "auth%53ig=x", "authSig", "authSig=&b"] {
            assert!(is_signed(Some(query)), "{query}");
        }
        assert!(!is_signed(None) && !is_signed(Some("authsig=x&token=authSig")));
    }
}
