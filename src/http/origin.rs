//! Whose request it is: sent by a page of ours, by a page of another origin, or by no page at all.
//!
//! `Origin` and `Sec-Fetch-Site` make a [`Provenance`] (DESIGN section 2, "Whose request is it?"; S-92, S-97). What to
//! do about it is for `authorization` to say.

use std::net::IpAddr;

use http::header::ORIGIN;
use http::{HeaderMap, HeaderValue};

use super::authority::Authority;
use super::field_lines::FieldLines;
use super::scheme::Scheme;
use crate::config::TrustedProxies;
use crate::ids::PublicUrl;

/// Who made the browser send a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provenance {
    /// What the `Origin` header says of the page that asks.
    pub origin: Origin,
    /// What `Sec-Fetch-Site` says; a browser writes it and no page can.
    pub site: Site,
}

/// Whose page the `Origin` header names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// There is no `Origin` header.
    Absent,
    /// A page of one of our own names.
    Ours,
    /// Another's, `null`, two of them, or unreadable.
    Foreign,
}

/// What `Sec-Fetch-Site` says (W3C Fetch Metadata section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// There is none: an old browser, or no browser.
    Absent,
    /// `same-origin`, or `none`: the person typed the address.
    Same,
    /// `same-site`, `cross-site`, two of them, or unreadable.
    Other,
}

impl Provenance {
    /// The provenance of a request that a page of ours sends.
    pub const OURS: Self = Self { origin: Origin::Ours, site: Site::Same };

    /// The provenance of a request that no page sends, as far as its headers say.
    pub const NONE: Self = Self { origin: Origin::Absent, site: Site::Absent };

    /// The provenance of a request to `authority` that a page of this origin makes a browser send.
    pub fn of_page(origin: &HeaderValue, authority: &Authority, names: &Names) -> Self {
        if is_ours(origin.as_bytes(), authority, names) {
            Self::OURS
        } else {
            Self { origin: Origin::Foreign, site: Site::Other }
        }
    }
}

/// What the headers of a request say about the page that sent it. Kept as long as the request is open: which origins
/// are ours may change meanwhile.
#[derive(Debug, Clone)]
pub(super) struct PageHeaders {
    origin: Said,
    site: Site,
    forwarded_host: Said,
}

impl PageHeaders {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let site = match Said::of(headers, &SEC_FETCH_SITE) {
            Said::Nothing => Site::Absent,
            Said::Once(value) if matches!(value.as_bytes(), b"same-origin" | b"none") => Site::Same,
            Said::Once(_) | Said::Several => Site::Other,
        };
        Self { origin: Said::of(headers, &ORIGIN), site, forwarded_host: Said::of(headers, &X_FORWARDED_HOST) }
    }

    /// The only origin that is named.
    pub(super) fn origin(&self) -> Option<&HeaderValue> {
        self.origin.once()
    }

    /// What they say of a request to `authority`.
    pub(super) fn of_browser(&self, authority: &Authority, names: &Names) -> Provenance {
        self.read(|origin| is_ours(origin, authority, names))
    }

    /// What they say of a request to Home Assistant, which passes it on. Its add-ons share the origin of its own pages,
    /// `authority` or the one that a trusted Home Assistant says that its browser asked for; and it may serve in the
    /// clear.
    pub(super) fn of_home_assistant(
        &self,
        authority: &Authority,
        peer: IpAddr,
        trusted: &TrustedProxies,
    ) -> Provenance {
        // Believed from a trusted peer alone: anyone else could name the host whose pages then count as ours.
        let forwarded = self.forwarded_host.once().filter(|_| trusted.contains(peer));
        let forwarded = forwarded.and_then(|host| Authority::parse(host.as_bytes()));
        self.read(|origin| {
            [Some(authority), forwarded.as_ref()].into_iter().flatten().any(|host| is_page_of(origin, host))
        })
    }

    fn read(&self, is_ours: impl FnOnce(&[u8]) -> bool) -> Provenance {
        let origin = match &self.origin {
            Said::Nothing => Origin::Absent,
            Said::Once(value) if is_ours(value.as_bytes()) => Origin::Ours,
            Said::Once(_) | Said::Several => Origin::Foreign,
        };
        Provenance { origin, site: self.site }
    }
}

const SEC_FETCH_SITE: http::HeaderName = http::HeaderName::from_static("sec-fetch-site");
const X_FORWARDED_HOST: http::HeaderName = http::HeaderName::from_static("x-forwarded-host");

/// What a header says that may stand there once.
#[derive(Debug, Clone)]
enum Said {
    Nothing,
    Once(HeaderValue),
    Several,
}

impl Said {
    fn of(headers: &HeaderMap, name: &http::HeaderName) -> Self {
        match FieldLines::of(headers, name) {
            FieldLines::Absent => Self::Nothing,
            FieldLines::One(line) => Self::Once(line.clone()),
            FieldLines::Several => Self::Several,
        }
    }

    fn once(&self) -> Option<&HeaderValue> {
        match self {
            Self::Once(value) => Some(value),
            Self::Nothing | Self::Several => None,
        }
    }
}

/// What browsers call us.
#[derive(Debug, Default)]
pub struct Names {
    /// Where browsers reach us (`[listen] public_urls`).
    pub public_urls: Vec<PublicUrl>,
    /// The hosts that add-ons have to themselves, in lower case.
    pub own_hosts: Vec<String>,
}

/// RFC 6454 section 6.2: an origin is a scheme, `://`, a host, and a port unless it is the scheme's own.
///
/// Each host is an origin of its own: a page of one host of ours is foreign to another (S-92, S-95). Where the
/// request's host is not one that browsers know, as behind a proxy that puts in its own, ours are all public URLs
/// except those of add-ons.
fn is_ours(origin: &[u8], authority: &Authority, names: &Names) -> bool {
    // `http://` is another origin at the same host, and anybody on the network can write its pages.
    let Some(theirs) = origin.strip_prefix(b"https://").and_then(Authority::parse) else { return false };
    let is_it = |url: &PublicUrl| url.host == theirs.host() && url.port == theirs.port_or_default();
    let is_own = |host: &str| names.own_hosts.iter().any(|own| own == host);
    let known = |url: &PublicUrl| url.host == authority.host();
    if names.public_urls.iter().any(known) {
        names.public_urls.iter().any(|url| known(url) && is_it(url))
    } else if names.public_urls.is_empty() || is_own(authority.host()) {
        theirs.host() == authority.host() && theirs.port_or_default() == authority.port_or_default()
    } else {
        names.public_urls.iter().any(|url| !is_own(&url.host) && is_it(url))
    }
}

/// Whether this is the origin of a page at this host, with TLS or without.
fn is_page_of(origin: &[u8], host: &Authority) -> bool {
    [Scheme::Https, Scheme::Http].into_iter().any(|scheme| {
        let theirs = origin.strip_prefix(scheme.as_str().as_bytes()).and_then(|rest| rest.strip_prefix(b"://"));
        let port = |authority: &Authority| authority.port().unwrap_or(scheme.port());
        theirs
            .and_then(Authority::parse)
            .is_some_and(|theirs| theirs.host() == host.host() && port(&theirs) == port(host))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(origin: &[&str], public: &[(&str, u16)]) -> Origin {
        says_to("p.test:8443", origin, public)
    }

    fn says_to(authority: &str, origin: &[&str], public: &[(&str, u16)]) -> Origin {
        let mut headers = HeaderMap::new();
        for line in origin {
            headers.append(ORIGIN, HeaderValue::from_str(line).unwrap());
        }
        let urls: Vec<_> = public.iter().map(|(h, port)| PublicUrl { host: (*h).to_owned(), port: *port }).collect();
        let names = Names { public_urls: urls, own_hosts: vec!["z2m.test".to_owned(), "nodered.test".to_owned()] };
        PageHeaders::of(&headers).of_browser(&Authority::parse(authority.as_bytes()).unwrap(), &names).origin
    }

    #[test]
    fn ours_is_the_requests_own_authority_over_https() {
        assert_eq!(says(&["https://p.test:8443"], &[]), Origin::Ours);
        assert_eq!(says(&["https://P.test:8443"], &[]), Origin::Ours);
        assert_eq!(says(&[], &[]), Origin::Absent);
        for foreign in [
            "null",
            "",
            "http://p.test:8443",
            "https://p.test",
            "https://p.test.evil:8443",
            "https://evil.test",
            "https://p.test:8443/",
            "https://a@p.test:8443",
            "p.test:8443",
            "https://a.p.test:8443",
        ] {
            assert_eq!(says(&[foreign], &[]), Origin::Foreign, "{foreign}");
        }
        assert_eq!(says(&["https://p.test:8443", "https://p.test:8443"], &[]), Origin::Foreign);
    }

    #[test]
    fn public_urls_take_the_place_of_the_authority() {
        let public = [("home.example", 443)];
        assert_eq!(says(&["https://home.example"], &public), Origin::Ours);
        assert_eq!(says(&["https://home.example:443"], &public), Origin::Ours);
        assert_eq!(says(&["https://p.test:8443"], &public), Origin::Foreign);
    }

    #[test]
    fn s95_a_page_of_one_host_is_foreign_to_another() {
        let public = [("home.example", 443), ("nodered.test", 8443)];
        let main = "https://home.example";
        assert_eq!(says_to("home.example", &[main], &public), Origin::Ours);
        assert_eq!(says_to("home.example", &["https://nodered.test:8443"], &public), Origin::Foreign);
        assert_eq!(says_to("nodered.test", &["https://nodered.test:8443"], &public), Origin::Ours);
        assert_eq!(says_to("nodered.test", &[main], &public), Origin::Foreign);
        assert_eq!(says_to("z2m.test:9", &["https://z2m.test:9"], &public), Origin::Ours);
        assert_eq!(says_to("z2m.test:9", &[main], &public), Origin::Foreign);
        assert_eq!(says_to("10.0.0.1", &[main], &public), Origin::Ours, "a proxy puts its own in");
        assert_eq!(says_to("10.0.0.1", &["https://nodered.test:8443"], &public), Origin::Foreign);
    }

    #[test]
    fn s97_at_home_assistants_door_its_own_pages_are_ours_and_no_others() {
        let says = |origin: &str, host: &str, forwarded: Option<&str>, peer: &str| {
            let mut headers = HeaderMap::new();
            headers.append(ORIGIN, HeaderValue::from_str(origin).unwrap());
            if let Some(forwarded) = forwarded {
                headers.append(X_FORWARDED_HOST, HeaderValue::from_str(forwarded).unwrap());
            }
            let host = Authority::parse(host.as_bytes()).unwrap();
            let trusted = TrustedProxies::from_iter(["10.0.0.1/32".parse().unwrap()]);
            PageHeaders::of(&headers).of_home_assistant(&host, peer.parse().unwrap(), &trusted).origin
        };
        for origin in ["http://ha.local:8123", "https://HA.local:8123"] {
            assert_eq!(says(origin, "ha.local:8123", None, "10.0.0.9"), Origin::Ours, "{origin}");
        }
        assert_eq!(says("https://ha.local", "ha.local", None, "10.0.0.9"), Origin::Ours);
        assert_eq!(says("http://ha.local", "ha.local:80", None, "10.0.0.9"), Origin::Ours);
        for origin in ["http://ha.local", "http://evil.test:8123", "null", "ftp://ha.local:8123", "ha.local:8123"] {
            assert_eq!(says(origin, "ha.local:8123", None, "10.0.0.1"), Origin::Foreign, "{origin}");
        }
        let named = Some("home.example");
        assert_eq!(says("https://home.example", "ha.local:8123", named, "10.0.0.1"), Origin::Ours);
        assert_eq!(says("https://home.example", "ha.local:8123", named, "10.0.0.9"), Origin::Foreign);
    }
}
