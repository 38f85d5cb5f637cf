//! Who the client is: the address that policy, limits and logs go by.
//!
//! Found from the socket's peer and the forwarded lines. What a peer says of itself counts only when the operator
//! trusts that peer (S-16, S-18); what cannot be read from a trusted peer is a refusal (S-17).

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;

use crate::config::TrustedProxies;

/// The client's address, and whether it may count as one of the local network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddr {
    ip: IpAddr,
    vouched: bool,
}

/// What the headers of a request say about whom it was forwarded for. Kept as long as the request is open: which peers
/// are believed may change meanwhile.
#[derive(Debug, Clone, Default)]
pub(super) struct ForwardedFor {
    /// Whether any header says that it was forwarded.
    claims: bool,
    /// The lines of `X-Forwarded-For`: nearly always none or one.
    first: Option<HeaderValue>,
    others: Vec<HeaderValue>,
}

impl ForwardedFor {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut lines = headers.get_all(X_FORWARDED_FOR).iter().cloned();
        Self { claims: claims_to_forward(headers), first: lines.next(), others: lines.collect() }
    }
}

/// A forwarded address from a trusted proxy that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unreadable X-Forwarded-For from a trusted proxy")]
pub struct BadForwarded;

impl ClientAddr {
    /// The client of a request that came from `peer` and says this of itself.
    ///
    /// The rightmost address in `X-Forwarded-For` that is not a trusted proxy's wins; all its lines are one list. A
    /// peer that is not trusted is the client itself, and when it claims to forward for another client it never counts
    /// as local.
    pub(super) fn of(peer: IpAddr, said: &ForwardedFor, trusted: &TrustedProxies) -> Result<Self, BadForwarded> {
        // A dual-stack socket shows IPv4 peers as `::ffff:192.0.2.1`; limits, logs and `is_local` must see one address
        // for both.
        let peer = peer.to_canonical();
        // Whoever is not trusted is the client. That it claims to be a proxy costs it the privilege of being local:
        // behind an untrusted proxy of the home, the whole Internet would be local.
        if !trusted.contains(peer) {
            return Ok(Self { ip: peer, vouched: !said.claims });
        }
        // When every entry is a trusted proxy's, or there is none, this ends as the leftmost one: the farthest from us.
        let mut ip = peer;
        let mut entries = 0;
        // From the right: each proxy appends, so the rightmost entries are those that our own proxies wrote. Everything
        // to the left of the first untrusted one is the client's own claim.
        for line in said.first.iter().chain(&said.others).rev() {
            for entry in line.as_bytes().rsplit(|b| *b == b',') {
                entries += 1;
                if entries > MOST_ENTRIES {
                    return Err(BadForwarded);
                }
                // Unreadable is a refusal, not a stop: the entry stands where a trusted proxy writes, so that proxy is
                // not set up as we think.
                ip = parse(entry).ok_or(BadForwarded)?;
                if !trusted.contains(ip) {
                    return Ok(Self { ip, vouched: true });
                }
            }
        }
        Ok(Self { ip, vouched: true })
    }

    /// A client that is known otherwise, as on the command line.
    pub fn direct(ip: IpAddr) -> Self {
        Self { ip: ip.to_canonical(), vouched: true }
    }

    /// The address; an IPv4 address mapped into IPv6 is an IPv4 address.
    pub fn ip(self) -> IpAddr {
        self.ip
    }

    /// Whether it is in one of these networks. A peer that claims to forward, and is not trusted to, is in none: behind
    /// a proxy in one of them the whole Internet would be.
    pub fn is_within(self, networks: &[IpNet]) -> bool {
        self.vouched && networks.iter().any(|network| network.contains(&self.ip))
    }

    /// The address, and whether it may count as one that is near, for the operator.
    pub fn described(self) -> String {
        if self.vouched { self.ip.to_string() } else { format!("{}, a proxy that is not trusted,", self.ip) }
    }

    /// Whether it is of the local network in Home Assistant's sense (spec/permissions.md section 1): loopback, 10/8,
    /// 172.16/12, 192.168/16, 169.254/16, `fc00::/7`, `fe80::/10`. 100.64/10 is not.
    pub fn is_local(self) -> bool {
        self.vouched
            && match self.ip {
                IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
                IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
            }
    }
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// More proxies than this in a row are a mistake or an attack.
const MOST_ENTRIES: usize = 32;

fn claims_to_forward(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        // Any of them is enough, also those that are not read here: the peer says that it speaks for others.
        name == "forwarded" || name == "x-real-ip" || name.starts_with("x-forwarded")
    })
}

fn parse(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry.trim_ascii()).ok()?;
    // Some proxies append the port, and some put IPv6 addresses into brackets.
    let ip = text
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())?;
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, lines: &[&str]) -> Result<(String, bool), BadForwarded> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let trusted = ["10.0.0.0/24".parse().unwrap(), "fd00::/64".parse().unwrap()].into_iter().collect();
        ClientAddr::of(peer.parse().unwrap(), &ForwardedFor::of(&headers), &trusted)
            .map(|c| (c.ip().to_string(), c.is_local()))
    }

    type Read = Result<(String, bool), BadForwarded>;

    #[expect(clippy::unnecessary_wraps, reason = "it is compared with what may fail")]
    fn ok(ip: &str, local: bool) -> Read {
        Ok((ip.to_owned(), local))
    }

    #[test]
    fn a_peer_that_is_not_trusted_is_the_client_and_not_local_when_it_claims_to_forward() {
        assert_eq!(client("192.168.1.7", &[]), ok("192.168.1.7", true));
        assert_eq!(client("::ffff:192.168.1.7", &[]), ok("192.168.1.7", true));
        assert_eq!(client("192.168.1.7", &["127.0.0.1"]), ok("192.168.1.7", false));
        assert_eq!(client("100.64.0.1", &[]), ok("100.64.0.1", false));
    }

    #[test]
    fn the_rightmost_address_that_is_not_trusted_wins() {
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 1.2.3.4"]), ok("1.2.3.4", false));
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "192.168.0.9, 10.0.0.2"]), ok("192.168.0.9", true));
        assert_eq!(client("fd00::1", &["[2001:db8::1]:443"]), ok("2001:db8::1", false));
        assert_eq!(client("10.0.0.1", &["::ffff:127.0.0.1"]), ok("127.0.0.1", true));
        assert_eq!(client("10.0.0.1", &["10.0.0.2"]), ok("10.0.0.2", true));
        assert_eq!(client("10.0.0.1", &[]), ok("10.0.0.1", true));
    }

    #[test]
    fn what_cannot_be_read_from_a_trusted_proxy_is_refused() {
        for line in ["a", "", "unknown", "1.2.3", "1.2.3.4,", "1.2.3.4:x", "[::1", "\"1.2.3.4\""] {
            assert_eq!(client("10.0.0.1", &[line]), Err(BadForwarded), "{line}");
        }
        let many = ["10.0.0.2"; 200].join(", ");
        assert_eq!(client("10.0.0.1", &[&many]), Err(BadForwarded));
    }
}
