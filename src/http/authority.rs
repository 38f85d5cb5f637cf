//! The one authority of a request: the host and port that the client believes to speak to.
//!
//! Made from a request's URI and its `Host` lines, or not at all. RFC 9112 section 3.2: a request without `Host`, with
//! two, or with an invalid one is answered with 400. RFC 9113 section 8.3.1: `:authority` takes the place of `Host`,
//! and both must say the same.

use std::sync::Arc;

use http::header::HOST;
use http::{HeaderMap, Uri, Version};

use super::field_lines::FieldLines;

/// A host and, where the client named one, a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Authority {
    /// Shared: what is open remembers whom it was said to.
    text: Arc<str>,
    host: usize,
    port: Option<u16>,
}

impl Authority {
    /// The authority of this request, or nothing when there is not exactly one valid authority (S-38).
    pub(super) fn of_request(version: Version, uri: &Uri, headers: &HeaderMap) -> Option<Self> {
        let host = match FieldLines::of(headers, HOST) {
            FieldLines::Absent => None,
            FieldLines::One(line) => Some(Self::parse(line.as_bytes())?),
            // Refused even when they agree: which of two lines counts differs from server to server.
            FieldLines::Several => return None,
        };
        let target = match uri.authority() {
            None => None,
            Some(authority) => Some(Self::parse(authority.as_str().as_bytes())?),
        };
        match (host, target) {
            // Compared after parsing, so that the case of the name and a final dot make no difference.
            (Some(host), Some(target)) if host == target => Some(host),
            (Some(host), None) => Some(host),
            // Over HTTP/1.1 a request without `Host` is refused even when its target names an authority (RFC 9112
            // section 3.2).
            (None, Some(target)) if version == Version::HTTP_2 => Some(target),
            _ => None,
        }
    }

    /// Reads `host` or `host:port`: a registered name of letters, digits, `-`, `.` and `_`, an IPv4 address, or an IPv6
    /// address in brackets (RFC 3986 section 3.2.2). No userinfo, no percent-encoding, no empty port. The name is kept
    /// in lower case and without the dot that may end it.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (host, port) = split_port(text)?;
        let port: Option<u16> = match port {
            None => None,
            // Digits alone: `u16::from_str` also takes `+443`, which would be a second spelling of the same port.
            Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            Some(_) => return None,
        };
        let host = if host.starts_with('[') { host } else { registered_name(host)? };
        // Written anew from the parts, so that `Host.:0443` and `host:443` are one authority for every later
        // comparison.
        let mut kept = host.to_ascii_lowercase();
        let host = kept.len();
        if let Some(port) = port {
            kept.push(':');
            kept.push_str(&port.to_string());
        }
        Some(Self { text: kept.into(), host, port })
    }

    /// The host in lower case; an IPv6 address with its brackets.
    pub fn host(&self) -> &str {
        self.text.get(..self.host).unwrap_or_default()
    }

    /// The port that the client named.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The port, 443 when the client named none.
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(443)
    }

    /// `host` or `host:port`, with an IPv6 address in brackets, in lower case.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, after) = rest.split_once(']')?;
        // Parsed and not only scanned: a zone (`fe80::1%eth0`) or an IPv4 address in brackets is refused here.
        address.parse::<std::net::Ipv6Addr>().ok()?;
        let host = text.get(..address.len() + 2)?;
        return match after {
            "" => Some((host, None)),
            _ => Some((host, Some(after.strip_prefix(':')?))),
        };
    }
    match text.split_once(':') {
        None => Some((text, None)),
        // A second colon stays in the port and fails there, so an IPv6 address without its brackets is refused.
        Some((host, port)) => Some((host, Some(port))),
    }
}

fn registered_name(host: &str) -> Option<&str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    // 253 characters are the longest name in DNS as text (RFC 1035 section 2.3.4 counts 255 octets on the wire).
    let ok = !host.is_empty() && host.len() <= 253 && host.bytes().all(legal) && host.split('.').all(|l| !l.is_empty());
    ok.then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_a_host_and_perhaps_a_port() {
        for (text, host, port) in [
            ("p.test", "p.test", None),
            ("P.TEST.", "p.test", None),
            ("p.test:8443", "p.test", Some(8443)),
            ("127.0.0.1:443", "127.0.0.1", Some(443)),
            ("[::1]", "[::1]", None),
            ("[::1]:9", "[::1]", Some(9)),
        ] {
            let authority = Authority::parse(text.as_bytes()).unwrap();
            assert_eq!((authority.host(), authority.port()), (host, port), "{text}");
        }
    }

    #[test]
    fn what_two_parsers_could_read_differently_is_no_authority() {
        for text in [
            "", ".", "a..b", "a@b", "u:p@good", "a/b", "a/b?c@d", "a b", "a:", "a:b", "a:1:2", "a:65536", "a:+1",
            "[::1", "[::1]x", "[zz]", "::1", "a%2eb", "a\\b", "a#b", "a,b", "é.test",
        ] {
            assert_eq!(Authority::parse(text.as_bytes()), None, "{text}");
        }
    }
}
