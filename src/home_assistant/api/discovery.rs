//! `/.well-known/oauth-authorization-server` (RFC 8414): all that is asked of it is whether PKCE may be used.
//!
//! The endpoints that it names are those that a request to it named, so they say nothing, and are never followed.

use std::net::{IpAddr, Ipv4Addr};

use http::{Method, StatusCode};
use serde::Deserialize;

use super::client::{Api, Call, Reply};
use super::discovery_cache::Discovered;
use super::error::ApiError;

impl Api {
    /// Whether it takes PKCE with `S256`: 2026.11 says so, 2024.3 does not. Asked once in a while; an answer that
    /// cannot be had is an error and not a no, so that no browser is sent to a page that is not there.
    pub async fn takes_pkce(&self, client: Option<IpAddr>) -> Result<bool, ApiError> {
        if let Some(known) = self.discovered.get() {
            return Ok(known.pkce);
        }
        let found = self.discover(client).await?;
        self.discovered.set(found);
        Ok(found.pkce)
    }

    /// Asks, as for a browser on this machine, to find out whether a sign-in would work.
    pub async fn probe(&self) -> Result<(), ApiError> {
        self.discover(Some(IpAddr::V4(Ipv4Addr::LOCALHOST))).await.map(drop)
    }

    /// Asks without a look at the cache.
    async fn discover(&self, client: Option<IpAddr>) -> Result<Discovered, ApiError> {
        let path = "/.well-known/oauth-authorization-server";
        let reply = self.call(Call { method: Method::GET, path, body: None, client, token: None }).await?;
        let found = parse(&reply);
        // Once more: a call that went well may have brought something that Home Assistant does not answer.
        self.note(found.as_ref().err());
        found
    }
}

/// Versions from before the page existed answer 404.
fn parse(reply: &Reply) -> Result<Discovered, ApiError> {
    if reply.status == StatusCode::NOT_FOUND {
        return Ok(Discovered { pkce: false });
    }
    let Metadata { code_challenge_methods_supported: methods } = reply.json("its OAuth metadata")?;
    Ok(Discovered { pkce: methods.iter().any(|method| method == "S256") })
}

/// RFC 8414 section 2: absent, PKCE is not supported.
#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pkce(status: u16, body: &'static str) -> Option<bool> {
        let reply = Reply { status: StatusCode::from_u16(status).unwrap(), body: body.into() };
        parse(&reply).ok().map(|found| found.pkce)
    }

    #[test]
    fn pkce_is_used_where_s256_is_listed() {
        assert_eq!(pkce(200, r#"{"code_challenge_methods_supported": ["plain", "S256"], "issuer": "x"}"#), Some(true));
        assert_eq!(pkce(200, r#"{"code_challenge_methods_supported": ["plain"]}"#), Some(false));
        assert_eq!(pkce(200, r#"{"authorization_endpoint": "/auth/authorize"}"#), Some(false), "as 2024.3");
        assert_eq!(pkce(404, "404: Not Found"), Some(false));
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_no_answer() {
        for (status, body) in
            [(500, ""), (200, ""), (200, "<html>"), (200, "[]"), (200, "[1]"), (302, "{}"), (401, "{}")]
        {
            assert_eq!(pkce(status, body), None, "{status} {body}");
        }
        assert_eq!(pkce(200, r#"{"code_challenge_methods_supported": "S256"}"#), None);
    }
}
