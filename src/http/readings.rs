//! What a question of another proxy may be about: one request, in each of the readings that the proxy or the add-on may
//! have of it.
//!
//! A question becomes several requests, as written first, to be judged one by one. All of them must be permitted: we do
//! not see which of them reaches the add-on. None has a body, whatever the question had.

use http::uri::PathAndQuery;

use super::forwarded::{Forwarded, WebSocket};
use super::origin::Provenance;
use super::path;
use super::sanitize::{Rules, Sanitized};
use super::upgrade::{self, Handshake};
use crate::refusal::Reason;

/// The readings of one request.
#[derive(Debug)]
pub struct Readings {
    /// The path as it was written; no WebSocket where the question does not say.
    pub written: Sanitized,
    /// The readings besides the first: all of them must be permitted.
    pub others: Vec<Sanitized>,
}

impl Sanitized {
    /// The request that a trusted proxy asks about, in the place of its question: with the question's cookies and other
    /// headers, which are the browser's.
    pub fn standing_in(mut self, rules: &Rules) -> Result<Readings, Reason> {
        let Forwarded { method, authority, target, websocket } = self.take_forwarded()?;
        // Nobody has seen a certificate there: what came to us is the proxy's own connection.
        if rules.client_auth.as_ref().is_some_and(|client_auth| client_auth.demands(authority.host())) {
            return Err(Reason::CertificateMissing);
        }
        let provenance = self.source().provenance(&authority, &rules.names);
        let key = upgrade::key_of(self.headers());
        let handshakes: &[Option<Handshake>] = match websocket {
            WebSocket::Yes if method == http::Method::GET && key.is_ok_and(|key| key.is_some()) => &[AS_WEBSOCKET],
            // The proxy is about to pass a handshake on. Judged as a plain request, it could get past the rules for
            // WebSockets.
            WebSocket::Yes => return Err(Reason::BadUpgrade),
            WebSocket::Unsaid if method == http::Method::GET => &[None, AS_WEBSOCKET],
            WebSocket::No | WebSocket::Unsaid => &[None],
        };
        // Browsers open no WebSocket without a key: where there is none, no page's will is in question (S-97). What
        // rules say of WebSockets is asked all the same, for a program leaves out what it likes.
        let nobodys = Provenance::OURS;
        let targets = std::iter::once(target.clone()).chain(normalized(&target)?);
        let mut readings =
            targets.flat_map(|target| handshakes.iter().map(move |handshake| (target.clone(), *handshake)));
        let mut next = || {
            let (target, handshake) = readings.next()?;
            let is_keyless = handshake.is_some() && key == Ok(None);
            let provenance = if is_keyless { nobodys } else { provenance };
            Some(self.in_place_of((method.clone(), authority.clone(), target), provenance, handshake))
        };
        let written = next().ok_or(Reason::MalformedForwarded)?;
        Ok(Readings { written, others: std::iter::from_fn(next).collect() })
    }
}

const AS_WEBSOCKET: Option<Handshake> = Some(Handshake::Http1);

/// The target with the path that proxies look their locations up by, where it is another one.
fn normalized(target: &PathAndQuery) -> Result<Option<PathAndQuery>, Reason> {
    let path = path::normalized(target.path());
    if path == target.path() {
        return Ok(None);
    }
    let text = match target.query() {
        None => path,
        Some(query) => format!("{path}?{query}"),
    };
    text.parse().map(Some).map_err(|_| Reason::AmbiguousPath)
}
