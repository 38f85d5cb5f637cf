//! What is asked for at all, by the first line of a request or its pseudo-header fields: a method that we know, a
//! WebSocket or not, and a target.

use http::uri::PathAndQuery;
use http::{Method, Request, Version};
use hyper::ext::Protocol;

use super::upgrade::{self, Handshake};
use crate::connection::ClientBody;
use crate::ids::KnownMethod;
use crate::refusal::Reason;

/// Method and upgrade: what is asked for at all.
pub(super) fn judge_line(request: &Request<ClientBody>) -> Result<Option<Handshake>, Reason> {
    let protocol = request.extensions().get::<Protocol>();
    let handshake = upgrade::asked_for(request.method(), request.version(), protocol, request.headers())
        .map_err(|_| Reason::BadUpgrade)?;
    // CONNECT is not a method that we know. Only the extended one that `asked_for` has found to be a WebSocket is let
    // through.
    let extended_connect = handshake == Some(Handshake::Http2);
    if !extended_connect && KnownMethod::of(request.method()).is_none() {
        return Err(Reason::MethodNotAllowed);
    }
    Ok(handshake)
}

/// RFC 9112 section 3.2: origin-form, absolute-form, or `*` on OPTIONS; nothing else is a target for us. That an
/// absolute-form target agrees with `Host` is [`Authority::of_request`]'s to say.
pub(super) fn target(request: &Request<ClientBody>) -> Result<PathAndQuery, Reason> {
    let uri = request.uri();
    let target = uri.path_and_query().ok_or(Reason::MalformedRequest)?;
    // An authority without a scheme is the form of CONNECT (RFC 9112 section 3.2.3), which is no target for us. Over
    // HTTP/2 both are pseudo-header fields that come apart from each other.
    let scheme_ok = match uri.scheme_str() {
        None => uri.authority().is_none() || request.version() == Version::HTTP_2,
        Some(scheme) => scheme == "https" || scheme == "http",
    };
    let asterisk = target.as_str() == "*" && *request.method() == Method::OPTIONS;
    // Of a target that begins with its query, the path is said to be `/`, and it would go on without one.
    if scheme_ok && (asterisk || target.as_str().starts_with('/')) {
        Ok(target.clone())
    } else {
        Err(Reason::MalformedRequest)
    }
}
