//! The request that another proxy asks about at [`VERIFY`]: what nginx, Traefik and Caddy say of it in headers.
//!
//! It reads the method, the authority and the target that the browser sent to that proxy, or refuses. Only a trusted
//! proxy is believed (S-16, S-19). What is said twice, in two ways, or not read alike by all servers is refused,
//! because the proxy itself may then serve another path (S-17, S-20).

use std::net::IpAddr;

use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

use super::authority::Authority;
use super::field_lines::one_line;
use super::path;
use crate::config::TrustedProxies;
use crate::ids::KnownMethod;
use crate::refusal::Reason;

/// Where other proxies ask whether a request may pass.
pub const VERIFY: &str = "/.vestibule/verify";

/// A request that is not here, as a trusted proxy describes it.
#[derive(Debug)]
pub(super) struct Forwarded {
    pub(super) method: Method,
    pub(super) authority: Authority,
    pub(super) target: PathAndQuery,
    pub(super) websocket: WebSocket,
}

/// What the proxy says of a WebSocket, in [`WEBSOCKET`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WebSocket {
    /// It passes a handshake on.
    Yes,
    /// It passes none on.
    No,
    /// It says nothing, so that both must be permitted.
    Unsaid,
}

impl WebSocket {
    /// The browser sends what belongs to a handshake as it likes: only the proxy knows whether it passes one on.
    fn of_request(headers: &HeaderMap) -> Option<Self> {
        if !headers.contains_key(WEBSOCKET) {
            return Some(Self::Unsaid);
        }
        match only(headers, WEBSOCKET)? {
            // Exactly these words: anything else is a mistake in the proxy's configuration, and a refusal makes it
            // visible.
            "true" => Some(Self::Yes),
            "false" => Some(Self::No),
            _ => None,
        }
    }
}

/// Set by the proxy itself, to `true` or `false`.
const WEBSOCKET: &str = "x-vestibule-websocket";

impl Forwarded {
    /// The one way in.
    pub(super) fn of_request(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> Result<Self, Reason> {
        // First of all: to a stranger these headers are not even parsed, and no answer tells how we read them.
        if !trusted.contains(peer) {
            return Err(Reason::UntrustedProxy);
        }
        // Without the browser's address the proxy itself would be taken for it, and every client behind it for local
        // (S-17).
        if !headers.contains_key("x-forwarded-for") {
            return Err(Reason::MalformedForwarded);
        }
        let Said { method, scheme, host, target } = Said::of_request(headers).ok_or(Reason::MalformedForwarded)?;
        let websocket = WebSocket::of_request(headers).ok_or(Reason::MalformedForwarded)?;
        // The same checks as for a request that comes here directly, so that no answer differs between the two ways.
        let method: Method = method.parse().map_err(|_| Reason::MalformedForwarded)?;
        if KnownMethod::of(&method).is_none() {
            return Err(Reason::MethodNotAllowed);
        }
        // Our cookies are for HTTPS alone, and whose page `Origin` names is asked with that scheme.
        if scheme != "https" {
            return Err(Reason::MalformedForwarded);
        }
        let authority = Authority::parse(host.as_bytes()).ok_or(Reason::MalformedForwarded)?;
        // A fragment would be cut off by the parser.
        let plain = target.starts_with('/') && !target.contains('#');
        let target: PathAndQuery = target.parse().ok().filter(|_| plain).ok_or(Reason::MalformedForwarded)?;
        path::judge(target.path()).map_err(|_| Reason::AmbiguousPath)?;
        Ok(Self { method, authority, target, websocket })
    }
}

/// What the headers say, each once.
struct Said<'a> {
    method: &'a str,
    scheme: &'a str,
    host: &'a str,
    target: &'a str,
}

impl<'a> Said<'a> {
    /// `X-Forwarded-*` as Traefik and Caddy send them, or `X-Original-*` as is usual with nginx. Never some of each:
    /// those that the proxy does not set are the browser's.
    fn of_request(headers: &'a HeaderMap) -> Option<Self> {
        let (forwarded, original) = (headers.contains_key(FORWARDED_URI), headers.contains_key(ORIGINAL_URL));
        match (forwarded, original) {
            (true, false) => Some(Self {
                method: only(headers, "x-forwarded-method")?,
                scheme: only(headers, "x-forwarded-proto")?,
                host: only(headers, "x-forwarded-host")?,
                target: only(headers, FORWARDED_URI)?,
            }),
            (false, true) => {
                let (scheme, rest) = only(headers, ORIGINAL_URL)?.split_once("://")?;
                // Without a slash there is no target: nginx always sends one.
                let (host, target) = rest.split_at_checked(rest.find('/')?)?;
                Some(Self { method: only(headers, "x-original-method")?, scheme, host, target })
            }
            (true, true) | (false, false) => None,
        }
    }
}

const FORWARDED_URI: &str = "x-forwarded-uri";
const ORIGINAL_URL: &str = "x-original-url";

fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    one_line(headers, name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::super::path_spellings::astray;
    use super::*;

    fn read(peer: &str, lines: &[(&'static str, &str)]) -> Result<String, Reason> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, http::HeaderValue::from_str(value).unwrap());
        }
        let trusted = ["10.0.0.0/24".parse().unwrap()].into_iter().collect();
        Forwarded::of_request(peer.parse().unwrap(), &headers, &trusted)
            .map(|said| format!("{} {} {}", said.method, said.authority.as_str(), said.target))
    }

    fn traefik(uri: &str) -> Vec<(&'static str, &str)> {
        vec![
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-method", "GET"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "Home.Example"),
            ("x-forwarded-uri", uri),
        ]
    }

    fn nginx(url: &str) -> Vec<(&'static str, &str)> {
        vec![("x-forwarded-for", "192.0.2.1"), ("x-original-method", "POST"), ("x-original-url", url)]
    }

    #[test]
    fn a_trusted_proxy_says_it_in_one_of_two_ways() {
        assert_eq!(read("10.0.0.1", &traefik("/a%20b?x=1")).unwrap(), "GET home.example /a%20b?x=1");
        assert_eq!(read("10.0.0.1", nginx("https://h:8443/a?b#").split_last().unwrap().1).err(), Some(BAD));
        assert_eq!(read("10.0.0.1", &nginx("https://h:8443/a?b=/c")).unwrap(), "POST h:8443 /a?b=/c");
        assert_eq!(read("10.0.0.1", &nginx("https://h/")).unwrap(), "POST h /");
        assert_eq!(read("::ffff:10.0.0.1", &traefik("/")).unwrap(), "GET home.example /");
    }

    const BAD: Reason = Reason::MalformedForwarded;

    #[test]
    fn s16_nobody_else_is_believed() {
        for peer in ["10.0.1.1", "127.0.0.1", "::1"] {
            assert_eq!(read(peer, &traefik("/")), Err(Reason::UntrustedProxy));
        }
    }

    #[test]
    fn s20_two_ways_at_once_two_values_and_missing_ones_are_refused() {
        let with = |more: &[(&'static str, &str)]| {
            let lines = traefik("/public");
            read("10.0.0.1", &[&lines[..], more].concat())
        };
        assert_eq!(with(&[("x-original-url", "https://h/public")]), Err(BAD));
        for (name, value) in traefik("/public") {
            // Lines of addresses are one list, and others read it.
            assert!(name == "x-forwarded-for" || with(&[(name, value)]) == Err(BAD), "{name} twice");
            let without: Vec<_> = traefik("/public").into_iter().filter(|(other, _)| *other != name).collect();
            assert_eq!(read("10.0.0.1", &without), Err(BAD), "no {name}");
        }
        assert_eq!(read("10.0.0.1", &[("x-forwarded-for", "::1"), ("x-original-url", "https://h/")]), Err(BAD));
        assert_eq!(read("10.0.0.1", &[]), Err(BAD));
    }

    #[test]
    fn s24_what_the_proxy_may_read_otherwise_is_refused() {
        for uri in astray("/a/", "b") {
            assert_eq!(read("10.0.0.1", &traefik(&uri)), Err(Reason::AmbiguousPath), "{uri}");
        }
        for uri in ["", "a", "http://h/", "/a#/../b", "*", "//h/a b"] {
            assert_eq!(read("10.0.0.1", &traefik(uri)), Err(BAD), "{uri}");
        }
        for url in ["http://h/", "https://h", "https://u@h/", "https:///", "/a", "https://a, b/", "javascript:x"] {
            assert_eq!(read("10.0.0.1", &nginx(url)), Err(BAD), "{url}");
        }
        let mut odd = traefik("/");
        odd[1].1 = "TRACE";
        assert_eq!(read("10.0.0.1", &odd), Err(Reason::MethodNotAllowed));
        odd[1].1 = "GET";
        odd[2].1 = "http";
        assert_eq!(read("10.0.0.1", &odd), Err(BAD));
    }
}
