//! The head that an add-on gets: the true identity in, last, each header exactly once (DESIGN section 2, step 6).
//!
//! A permitted request's headers get the user's. Every name that is set here was taken out before, in every spelling,
//! whether or not there is a value to set: a user without a display name has no display name, and not the client's
//! (S-06).

use std::net::IpAddr;

use http::HeaderMap;
use http::header::{CONNECTION, HOST, HeaderName, HeaderValue, SEC_WEBSOCKET_KEY, UPGRADE};

use super::host_override::HostOverride;
use crate::config::{Addon, DisplayNameEncoding};
use crate::connection::EntryPoint;
use crate::http::{Authority, Handshake, Origin, RequestId, Reserved, Scheme};
use crate::identity::User;

/// What is known of an add-on's headers before the first request.
#[derive(Debug)]
pub(super) struct RequestHeaderPolicy {
    own: Reserved,
    fixed: Vec<(HeaderName, HeaderValue)>,
    prefix_headers: Vec<HeaderName>,
    host_override: Option<HostOverride>,
}

/// What is true of one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct ForwardedContext<'a> {
    pub(super) user: &'a User,
    pub(super) client: IpAddr,
    pub(super) authority: &'a Authority,
    pub(super) origin: Origin,
    pub(super) scheme: Scheme,
    pub(super) entry_point: EntryPoint,
    pub(super) id: RequestId,
    /// Under which prefix the browser sees the add-on, if under one.
    pub(super) prefix: Option<&'a HeaderValue>,
}

impl RequestHeaderPolicy {
    /// `passing` are the names that some add-on has from browsers although they are reserved.
    pub(super) fn new(addon: &Addon, always: &Reserved, passing: &[HeaderName]) -> Self {
        let names = &addon.headers.identity;
        let set = [&names.id, &names.name, &names.display_name].into_iter().chain(&addon.headers.prefix);
        let set = set.chain(addon.headers.fixed.iter().map(|(name, _)| name));
        // What every route strips is gone already: here is only what this one adds.
        let set = set.map(HeaderName::as_str).filter(|name| !always.contains(name));
        // These got this far for the sake of another add-on.
        let others = passing.iter().filter(|name| !addon.headers.pass.contains(name)).map(HeaderName::as_str);
        let own = Reserved::new(set.chain(others));
        Self {
            own,
            fixed: addon.headers.fixed.clone(),
            prefix_headers: addon.headers.prefix.clone(),
            host_override: addon.backend.upstream_host.as_ref().and_then(HostOverride::new),
        }
    }

    /// The authority that the add-on is told instead of the browser's, if it is.
    pub(super) fn host_override(&self) -> Option<&Authority> {
        self.host_override.as_ref().map(HostOverride::authority)
    }

    /// The names that this route sets and not every one.
    pub(super) fn own(&self) -> &Reserved {
        &self.own
    }

    /// Writes the true headers.
    pub(super) fn apply(&self, headers: &mut HeaderMap, addon: &Addon, forwarded: ForwardedContext<'_>) {
        if !self.own.is_empty() {
            let spoofed: Vec<_> = headers.keys().filter(|name| self.own.contains(name.as_str())).cloned().collect();
            for name in spoofed {
                headers.remove(name);
            }
        }
        headers.reserve(ADDED);
        set(headers, HOST, HeaderValue::from_str(forwarded.authority.as_str()).ok());
        // Before the override, which replaces `Host`: this one keeps what the browser asked for.
        set(headers, X_FORWARDED_HOST, headers.get(HOST).cloned());
        if let Some(host_override) = &self.host_override {
            host_override.apply(headers, (forwarded.scheme, forwarded.authority), forwarded.origin);
        }
        set(headers, X_FORWARDED_PROTO, Some(HeaderValue::from_static(forwarded.scheme.as_str())));
        let port = forwarded.authority.port().unwrap_or(forwarded.scheme.port());
        set(headers, X_FORWARDED_PORT, Some(HeaderValue::from(port)));
        let client = address(forwarded.client);
        set(headers, X_REAL_IP, client.clone());
        // One address and not the list that came: an add-on that takes the leftmost entry would believe the client
        // (S-18).
        set(headers, X_FORWARDED_FOR, client);
        set(headers, X_REQUEST_ID, Some(forwarded.id.to_header()));
        if let Some(prefix) = forwarded.prefix {
            for name in &self.prefix_headers {
                headers.insert(name.clone(), prefix.clone());
            }
            if forwarded.entry_point == EntryPoint::HomeAssistant {
                // At that entry point every add-on is told so, whatever its configuration says for ours.
                headers.insert(X_INGRESS_PATH, prefix.clone());
            }
        }
        for (name, value) in &self.fixed {
            headers.insert(name.clone(), value.clone());
        }
        // Last, so that no other header that is set here can stand in the place of the identity.
        tell_user(headers, addon, forwarded.user);
    }
}

/// Says who is asking.
pub(super) fn tell_user(headers: &mut HeaderMap, addon: &Addon, user: &User) {
    let names = &addon.headers.identity;
    set(headers, names.id.clone(), HeaderValue::from_str(user.id.as_str()).ok());
    set(headers, names.name.clone(), user.username().and_then(username));
    let shown = user.name.as_deref().and_then(|name| display_name(name, addon.headers.display_name));
    set(headers, names.display_name.clone(), shown);
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
/// How many headers are set here, about.
const ADDED: usize = 12;
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_INGRESS_PATH: HeaderName = HeaderName::from_static("x-ingress-path");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer display names are cut: some add-ons refuse heads of 15 kB (spec/addon-uis.md section 1).
const LONGEST_DISPLAY_NAME: usize = 1024;

fn set(headers: &mut HeaderMap, name: HeaderName, value: Option<HeaderValue>) {
    if let Some(value) = value {
        headers.insert(name, value);
    }
}

/// An address as text. That of IPv4 is written by hand: `Display` pads and counts, twice for every request.
fn address(ip: IpAddr) -> Option<HeaderValue> {
    let IpAddr::V4(v4) = ip else { return HeaderValue::from_str(&ip.to_string()).ok() };
    let mut text = Vec::with_capacity("255.255.255.255".len());
    for octet in v4.octets() {
        if !text.is_empty() {
            text.push(b'.');
        }
        let digits = [octet / 100, octet / 10 % 10, octet % 10];
        let skipped = usize::from(octet < 100).saturating_add(usize::from(octet < 10));
        text.extend(digits.iter().skip(skipped).map(|digit| b'0' | *digit));
    }
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).ok()
}

/// A user name identifies the user, so it is sent as it is or not at all: one with control characters or with spaces
/// around it would reach the add-on as another.
fn username(name: &str) -> Option<HeaderValue> {
    let sendable = !name.is_empty() && name.trim() == name && !name.chars().any(char::is_control);
    if sendable { HeaderValue::from_bytes(name.as_bytes()).ok() } else { None }
}

/// A display name is for people: what cannot be sent is left out of it (S-14).
fn display_name(name: &str, encoding: DisplayNameEncoding) -> Option<HeaderValue> {
    let mut clean: String = name.trim().chars().filter(|c| !c.is_control()).collect();
    let mut end = clean.len().min(LONGEST_DISPLAY_NAME);
    // `truncate` panics within a character, and half of one would not be UTF-8.
    while !clean.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    clean.truncate(end);
    let clean = clean.trim();
    if clean.is_empty() {
        return None;
    }
    match encoding {
        DisplayNameEncoding::Utf8 => HeaderValue::from_bytes(clean.as_bytes()).ok(),
        DisplayNameEncoding::Percent => HeaderValue::from_str(&percent(clean)).ok(),
    }
}

/// RFC 3986 section 2.1, everything but the unreserved characters of section 2.3.
fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str) -> Option<Vec<u8>> {
        display_name(name, DisplayNameEncoding::Utf8).map(|value| value.as_bytes().to_vec())
    }

    #[test]
    fn a_display_name_is_sent_without_what_cannot_be_sent() {
        assert_eq!(shown("Jose é"), Some("Jose é".into()));
        assert_eq!(shown(" a\r\nX-Remote-User-Id: root\u{85}"), Some("aX-Remote-User-Id: root".into()));
        assert_eq!(shown("\r\n \u{7}"), None);
        assert_eq!(shown(&"é".repeat(8000)).unwrap().len(), LONGEST_DISPLAY_NAME);
        assert_eq!(display_name("Zoë 日", DisplayNameEncoding::Percent).unwrap(), "Zo%C3%AB%20%E6%97%A5");
    }

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
    fn an_address_reads_as_ever() {
        for ip in ["0.0.0.0", "1.20.255.100", "127.0.0.1", "10.9.99.109", "2001:db8::1"] {
            assert_eq!(address(ip.parse().unwrap()).unwrap(), ip);
        }
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

    #[test]
    fn a_user_name_is_sent_as_it_is_or_not_at_all() {
        assert_eq!(username("zoë").unwrap().as_bytes(), "zoë".as_bytes());
        for name in ["", " root", "root ", "ro\0ot", "root\r\n", "\u{a0}root"] {
            assert_eq!(username(name), None, "{name:?}");
        }
    }
}
