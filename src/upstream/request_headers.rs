//! The head that an add-on gets: the true identity in, last, each header exactly once (DESIGN section 2, step 6).
//!
//! A permitted request's headers get the user's. Every name that is set here was taken out before, in every spelling,
//! whether or not there is a value to set: a user without a display name has no display name, and not the client's
//! (S-06).

use std::net::IpAddr;

use http::HeaderMap;
use http::header::{CONNECTION, HOST, HeaderName, HeaderValue, SEC_WEBSOCKET_KEY, UPGRADE};

use super::host_override::HostOverride;
use super::identity_headers::{self, Identity};
use super::said_lines::SaidLines;
use crate::authorization::UserAttributes;
use crate::config::Addon;
use crate::connection::EntryPoint;
use crate::decimal::{push_address, push_number};
use crate::http::{Authority, Handshake, Origin, RequestId, Reserved, Scheme};
use crate::identity::User;

/// What is known of an add-on's headers before the first request: which ones it gets from us, each once.
#[derive(Debug)]
pub(super) struct RequestHeaderPolicy {
    own: Reserved,
    lines: Vec<Line>,
    host_override: Option<HostOverride>,
}

/// A header that the add-on gets from us.
#[derive(Debug)]
struct Line {
    name: HeaderName,
    says: Says,
}

/// What a header of ours says.
#[derive(Debug, Clone)]
enum Says {
    /// Whom the add-on is asked as.
    Host,
    /// Whom the browser asked.
    ForwardedHost,
    ForwardedProto,
    ForwardedPort,
    ClientAddress,
    RequestId,
    /// Under which prefix the browser sees the add-on, if under one.
    Prefix,
    /// The same, where Home Assistant asks: there every add-on is told so, whatever its configuration says for ours.
    PrefixAtHomeAssistant,
    Fixed(HeaderValue),
    Identity(Identity),
}

/// What is true of one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct ForwardedContext<'a> {
    /// The user; nobody where everybody may ask.
    pub(super) user: Option<&'a User>,
    /// What the add-on is told of them besides.
    pub(super) attributes: Option<&'a UserAttributes>,
    pub(super) client: IpAddr,
    pub(super) authority: &'a Authority,
    pub(super) origin: Origin,
    pub(super) scheme: Scheme,
    pub(super) entry_point: EntryPoint,
    pub(super) id: RequestId,
    /// Under which prefix the browser sees the add-on, if under one.
    pub(super) prefix: Option<&'a HeaderValue>,
}

/// The headers of a request as its add-on gets them. Only [`RequestHeaderPolicy::apply`] makes one, so that none goes
/// out with what a client made up.
#[derive(Debug)]
pub(super) struct RequestHeaders {
    passed: HeaderMap,
    said: SaidLines,
}

impl RequestHeaders {
    /// What passes of the client's. None of the names that we say is among it.
    pub(super) fn passed(&self) -> &HeaderMap {
        &self.passed
    }

    /// The same, to say something in it that the client has asked for.
    pub(super) fn passed_mut(&mut self) -> &mut HeaderMap {
        &mut self.passed
    }

    /// What we say, as it stands in a head.
    pub(super) fn said(&self) -> &[u8] {
        self.said.as_bytes()
    }

    /// Says this, too.
    pub(super) fn say(&mut self, name: &HeaderName, value: &HeaderValue) {
        self.said.line(name, |out| {
            out.extend_from_slice(value.as_bytes());
            Some(())
        });
    }

    /// What passes of the client's, when the rest is written.
    pub(super) fn into_passed(self) -> HeaderMap {
        self.passed
    }

    /// All of it in one map, for hyper's client.
    pub(super) fn into_map(mut self) -> HeaderMap {
        self.said.put_into(&mut self.passed);
        self.passed
    }

    /// Those of a test, which say nothing of ours.
    #[cfg(test)]
    pub(super) fn in_test(passed: HeaderMap) -> Self {
        Self { passed, said: SaidLines::new() }
    }
}

impl RequestHeaderPolicy {
    /// `passing` are the names that some add-on has from browsers although they are reserved.
    pub(super) fn new(addon: &Addon, always: &Reserved, passing: &[HeaderName]) -> Self {
        let lines = lines(addon);
        // What every route strips is gone already: here is only what this one adds.
        let set = lines.iter().map(|line| line.name.as_str()).filter(|name| !always.contains(name) && *name != "host");
        // These got this far for the sake of another add-on.
        let others = passing.iter().filter(|name| !addon.headers.pass.contains(name)).map(HeaderName::as_str);
        let own = Reserved::new(set.chain(others));
        Self { own, lines, host_override: addon.backend.upstream_host.as_ref().and_then(HostOverride::new) }
    }

    /// The authority that the add-on is told instead of the browser's, if it is.
    pub(super) fn host_override(&self) -> Option<&Authority> {
        self.host_override.as_ref().map(HostOverride::authority)
    }

    /// The names that this route sets and not every one.
    pub(super) fn own(&self) -> &Reserved {
        &self.own
    }

    /// The headers as the add-on gets them, of what passes of the client's.
    pub(super) fn apply(&self, mut passed: HeaderMap, forwarded: ForwardedContext<'_>) -> RequestHeaders {
        // Whether or not there is a value to set: what the client says under these names is never ours.
        if !self.own.is_empty() {
            let spoofed: Vec<_> = passed.keys().filter(|name| self.own.contains(name.as_str())).cloned().collect();
            for name in spoofed {
                passed.remove(name);
            }
        }
        if let Some(host_override) = &self.host_override {
            host_override.apply(&mut passed, (forwarded.scheme, forwarded.authority), forwarded.origin);
        }
        let mut said = SaidLines::new();
        for Line { name, says } in &self.lines {
            said.line(name, |value| self.say(says, value, forwarded));
        }
        RequestHeaders { passed, said }
    }

    /// What the add-on would be told of the user: each name is there, with an empty value where there is none.
    pub(super) fn identity(&self, user: Option<&User>, attributes: Option<&UserAttributes>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for Line { name, says } in &self.lines {
            let Says::Identity(identity) = says else { continue };
            let mut value = Vec::new();
            if identity.say(&mut value, user, attributes).is_none() {
                value.clear();
            }
            let value = HeaderValue::from_bytes(&value).unwrap_or_else(|_| HeaderValue::from_static(""));
            headers.insert(name, value);
        }
        headers
    }

    /// Writes the value of a header, or says that it has none.
    fn say(&self, says: &Says, out: &mut Vec<u8>, forwarded: ForwardedContext<'_>) -> Option<()> {
        match says {
            Says::Host => {
                out.extend_from_slice(self.host_override().unwrap_or(forwarded.authority).as_str().as_bytes());
            }
            // Also with an override, which replaces `Host`: this one keeps what the browser asked for.
            Says::ForwardedHost => out.extend_from_slice(forwarded.authority.as_str().as_bytes()),
            Says::ForwardedProto => out.extend_from_slice(forwarded.scheme.as_str().as_bytes()),
            Says::ForwardedPort => {
                push_number(out, forwarded.authority.port().unwrap_or(forwarded.scheme.port()).into());
            }
            Says::ClientAddress => push_address(out, forwarded.client),
            Says::RequestId => out.extend_from_slice(forwarded.id.as_str().as_bytes()),
            Says::Prefix => out.extend_from_slice(forwarded.prefix?.as_bytes()),
            Says::PrefixAtHomeAssistant => {
                let prefix = forwarded.prefix.filter(|_| forwarded.entry_point == EntryPoint::HomeAssistant);
                out.extend_from_slice(prefix?.as_bytes());
            }
            Says::Fixed(value) => out.extend_from_slice(value.as_bytes()),
            Says::Identity(identity) => return identity.say(out, forwarded.user, forwarded.attributes),
        }
        Some(())
    }
}

/// The headers that an add-on gets from us. The last word on a name counts, and the identity comes last, so that no
/// other header that is set here can stand in its place.
fn lines(addon: &Addon) -> Vec<Line> {
    let always = [
        (HOST, Says::Host),
        (X_FORWARDED_HOST, Says::ForwardedHost),
        (X_FORWARDED_PROTO, Says::ForwardedProto),
        (X_FORWARDED_PORT, Says::ForwardedPort),
        (X_REAL_IP, Says::ClientAddress),
        // One address and not the list that came: an add-on that takes the leftmost entry would believe the client
        // (S-18).
        (X_FORWARDED_FOR, Says::ClientAddress),
        (X_REQUEST_ID, Says::RequestId),
        (X_INGRESS_PATH, Says::PrefixAtHomeAssistant),
    ];
    let prefixes = addon.headers.prefix.iter().map(|name| (name.clone(), Says::Prefix));
    let fixed = addon.headers.fixed.iter().map(|(name, value)| (name.clone(), Says::Fixed(value.clone())));
    let identity = identity_headers::of(addon).map(|(name, identity)| (name.clone(), Says::Identity(identity)));
    let mut lines: Vec<Line> = Vec::new();
    for (name, says) in always.into_iter().chain(prefixes).chain(fixed).chain(identity) {
        lines.retain(|line| line.name != name);
        lines.push(Line { name, says });
    }
    lines
}

/// Asks for a WebSocket (RFC 6455 section 4.1). The client's key goes on, so that the client can verify the answer;
/// over HTTP/2 a key means nothing, and one of ours takes the place of whatever stands there (RFC 8441 section 5).
pub(super) fn ask_for_websocket(headers: &mut HeaderMap, handshake: Handshake, new_key: impl FnOnce() -> HeaderValue) {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if handshake == Handshake::Http2 || !headers.contains_key(SEC_WEBSOCKET_KEY) {
        headers.insert(SEC_WEBSOCKET_KEY, new_key());
    }
}

/// Carries the signed identity, where the add-on wants it. Like all of `X-Remote-*` it is taken out of every request.
pub(super) const ASSERTION: HeaderName = HeaderName::from_static("x-remote-user-assertion");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_INGRESS_PATH: HeaderName = HeaderName::from_static("x-ingress-path");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_knows_what_every_request_gets() {
        use crate::http::fields;

        let reserved = Reserved::always(&[]);
        for name in
            [X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PORT, X_FORWARDED_PROTO, X_REAL_IP, X_REQUEST_ID, ASSERTION]
        {
            assert!(fields::is_ours(name.as_str()) && reserved.contains(name.as_str()), "{name}");
        }
        assert!(reserved.contains(X_INGRESS_PATH.as_str()));
    }

    #[test]
    fn over_http2_the_clients_keys_are_replaced_and_over_http1_its_one_key_stays() {
        let asked = |handshake| {
            let mut headers = HeaderMap::new();
            headers.append(SEC_WEBSOCKET_KEY, HeaderValue::from_static("theirs"));
            headers.append(SEC_WEBSOCKET_KEY, HeaderValue::from_static("theirs too"));
            ask_for_websocket(&mut headers, handshake, || HeaderValue::from_static("ours"));
            headers.get_all(SEC_WEBSOCKET_KEY).iter().cloned().collect::<Vec<_>>()
        };
        assert_eq!(asked(Handshake::Http2), ["ours"]);
        assert_eq!(asked(Handshake::Http1).len(), 2, "that there is one is judged before");
    }
}
