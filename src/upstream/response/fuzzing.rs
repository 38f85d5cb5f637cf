//! Fuzz target: the headers of an add-on's answer.

use std::sync::{Arc, LazyLock};

use http::HeaderValue;
use http::header::{CONTENT_LOCATION, LOCATION, SET_COOKIE, WWW_AUTHENTICATE};

use super::{ResponsePolicy, confine};
use crate::config::Addon;
use crate::http::fields::FieldLocation;
use crate::http::fuzzing::header_map;
use crate::http::{Authority, OwnCookies, Reserved, Scheme};
use crate::ids::Upstream;

/// Under a prefix, a browser keeps every cookie for the prefix and for this host alone; no cookie is ours; no path
/// leads out of the prefix; nothing acts on the whole origin. What was confined once is confined for good.
pub(crate) fn answer_headers(bytes: &[u8]) {
    let Some((mode, lines)) = bytes.split_first() else { return };
    let policy = ResponsePolicy {
        prefix: PREFIX,
        place: FieldLocation::SharedOrigin,
        rewrites_paths: mode & 1 == 0,
        authority: &WORLD.authority,
        scheme: Scheme::Https,
        upstream: Some(&WORLD.upstream),
        host_override: None,
        reserved: &WORLD.reserved,
        own_cookies: COOKIES,
    };
    let mut headers = header_map(lines);
    confine(&mut headers, &WORLD.addon, &policy);
    for name in ["clear-site-data", "alt-svc", "strict-transport-security", "connection", "transfer-encoding"] {
        assert!(!headers.contains_key(name), "`{name}` acts beyond the add-on");
    }
    assert!(!headers.keys().any(|name| WORLD.reserved.contains(name.as_str())));
    for cookie in headers.get_all(SET_COOKIE) {
        judge_cookie(cookie);
    }
    for line in headers.get_all(LOCATION).iter().chain(headers.get_all(CONTENT_LOCATION)) {
        if policy.rewrites_paths
            && let Ok(address) = std::str::from_utf8(line.as_bytes())
            && address.starts_with('/')
            && !address.starts_with("//")
        {
            assert!(policy.contains(address), "{address} leads out of the prefix");
        }
    }
    // A realm gets the prefix in front whatever it says, so that no two add-ons have one.
    headers.remove(WWW_AUTHENTICATE);
    let confined = headers.clone();
    confine(&mut headers, &WORLD.addon, &policy);
    assert_eq!(headers, confined, "what was confined is moved once more");
}

/// Reads a cookie as RFC 6265 section 5.2 does: of two attributes of one name the last counts.
fn judge_cookie(cookie: &HeaderValue) {
    let mut parts = cookie.as_bytes().split(|byte| *byte == b';');
    let pair = parts.next().unwrap_or_default().trim_ascii();
    let name = pair.splitn(2, |byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
    assert!(!COOKIES.names().iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes())), "{cookie:?} is ours");
    // A cookie without a name is sent as its value alone, and would be read as ours.
    let value = pair.strip_prefix(b"=").unwrap_or_default().trim_ascii();
    assert!(!COOKIES.names().iter().any(|own| value.starts_with(format!("{own}=").as_bytes())), "{cookie:?} is ours");
    let (mut path, mut secure) = (None, false);
    for attribute in parts {
        let mut halves = attribute.splitn(2, |byte| *byte == b'=');
        let key = halves.next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        let value = halves.next().unwrap_or_default().trim_ascii();
        assert_ne!(key, b"domain", "{cookie:?} reaches other hosts");
        secure |= key == b"secure";
        if key == b"path" {
            path = Some(value);
        }
    }
    let rest = path.and_then(|path| path.strip_prefix(PREFIX.as_bytes()));
    assert!(rest.is_some_and(|rest| rest.is_empty() || matches!(rest, [b'/' | b'?' | b'#', ..])), "{cookie:?}");
    assert!(secure, "{cookie:?}");
}

const PREFIX: &str = "/ingress/x";

const COOKIES: OwnCookies = OwnCookies {
    session: "__Host-ingress_session",
    form: "__Host-form",
    oauth: "__Host-journey",
    ticket: "__Host-hand-over",
    retired: "__Host-retired",
};

struct World {
    authority: Authority,
    upstream: Authority,
    reserved: Reserved,
    addon: Arc<Addon>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| World {
    authority: Authority::parse(b"home.example:8443").expect("an authority"),
    upstream: Authority::parse(b"127.0.0.1:1880").expect("an authority"),
    reserved: Reserved::always(&[]),
    addon: Arc::new(Addon::new("x".parse().expect("a slug"), Upstream::Whoami)),
});
