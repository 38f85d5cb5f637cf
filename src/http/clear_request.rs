//! What a browser asks for in the clear, as far as a redirection repeats it: one authority and one target.
//!
//! It is judged as a request over TLS is, so that nothing that two parsers could read in two ways gets into a
//! `Location`. No header is believed and none goes on.

use http::Request;
use http::uri::PathAndQuery;

use super::authority::Authority;
use super::path;
use super::request_line::{judge_line, target};
use super::sanitize::{Rules, judge_headers};
use crate::connection::ClientBody;
use crate::refusal::Reason;

/// A request that is answered with a redirection.
#[derive(Debug)]
pub struct ClearRequest {
    authority: Authority,
    target: PathAndQuery,
}

impl ClearRequest {
    /// Refuses what is refused over TLS, for the same reasons.
    pub fn new(request: &Request<ClientBody>, rules: &Rules) -> Result<Self, Reason> {
        judge_line(request)?;
        let authority = Authority::of_request(request.version(), request.uri(), request.headers())
            .ok_or(Reason::MalformedRequest)?;
        let target = target(request)?;
        judge_headers(request.headers(), rules)?;
        path::judge(target.path()).map_err(|_| Reason::AmbiguousPath)?;
        // `OPTIONS *` asks about the server itself, and a header has no room for other bytes than these.
        if !target.path().starts_with('/') || !target.as_str().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Reason::MalformedRequest);
        }
        Ok(Self { authority, target })
    }

    /// Whom the browser asked.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Path and query, byte for byte as they were sent.
    pub fn target(&self) -> &PathAndQuery {
        &self.target
    }
}
