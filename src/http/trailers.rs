//! Trailers, where they may pass at all: on routes to add-ons that speak gRPC, which says in them how a call ended.
//!
//! In come the trailers of either side, out come those that mean nothing to anybody but the two programs. A name that
//! frames, routes, identifies or controls is taken out, in every spelling: a trailer would say it behind the back of the
//! stages that judge headers (S-11).

use http::{HeaderMap, HeaderName};

use super::reserved::Reserved;
use super::sanitize::is_alias;
use super::{hop_by_hop, sanitize::is_rewritten};

/// What takes names out of trailers: those that are reserved everywhere, and those that are on this route.
#[derive(Debug)]
pub struct TrailerSieve {
    always: Reserved,
    own: Reserved,
}

impl TrailerSieve {
    /// A sieve for these names, besides those that no trailer may have.
    pub fn new(always: Reserved, own: Reserved) -> Self {
        Self { always, own }
    }

    /// Takes out what may not pass.
    pub fn apply(&self, trailers: &mut HeaderMap) {
        let gone: Vec<HeaderName> = trailers.keys().filter(|name| !self.passes(name.as_str())).cloned().collect();
        for name in gone {
            trailers.remove(name);
        }
    }

    fn passes(&self, name: &str) -> bool {
        !(self.always.contains(name)
            || self.own.contains(name)
            || hop_by_hop::is_fixed(name)
            || is_rewritten(name)
            || is_alias(name)
            || FORBIDDEN.contains(&name))
    }
}

/// RFC 9110 section 6.5.1: a sender MUST NOT generate a trailer field unless it knows that the field's definition permits
/// it; many fields cannot be processed outside the header section: message framing, routing, authentication, request
/// modifiers, response controls, and content format.
const FORBIDDEN: [&str; 34] = [
    "accept-encoding",
    "age",
    "alt-svc",
    "authorization",
    "cache-control",
    "clear-site-data",
    "content-encoding",
    "content-location",
    "content-range",
    "content-security-policy",
    "content-type",
    "cookie",
    "date",
    "expires",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "location",
    "max-forwards",
    "nel",
    "origin",
    "pragma",
    "range",
    "refresh",
    "report-to",
    "reporting-endpoints",
    "retry-after",
    "service-worker-allowed",
    "set-cookie",
    "strict-transport-security",
    "vary",
    "www-authenticate",
];

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn s11_of_trailers_only_what_is_nobody_elses_passes() {
        let sieve = TrailerSieve::new(Reserved::always(&[]), Reserved::new(["x-secret"]));
        let mut trailers = HeaderMap::new();
        let passing = ["grpc-status", "grpc-message", "grpc-status-details-bin", "x-checksum", "server-timing"];
        let gone = [
            "x-remote-user-id",
            "x_remote_user_id",
            "x-ingress-path",
            "x-forwarded-for",
            "x.secret",
            "content-length",
            "content_length",
            "transfer-encoding",
            "host",
            "te",
            "trailer",
            "connection",
            "cookie",
            "set-cookie",
            "authorization",
        ];
        for name in passing.iter().chain(&gone) {
            trailers.append(HeaderName::from_static(name), HeaderValue::from_static("1"));
            trailers.append(HeaderName::from_static(name), HeaderValue::from_static("2"));
        }
        sieve.apply(&mut trailers);
        let mut left: Vec<_> = trailers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        let mut expected = passing;
        expected.sort_unstable();
        assert_eq!(left, expected);
        assert!(FORBIDDEN.is_sorted(), "the list is read by people");
    }
}
