//! Trailers, where they may pass at all: on routes to add-ons that speak gRPC, which says in them how a call ended.
//!
//! Of the trailers of either side, only those pass that mean something to the two programs alone. A name that frames,
//! routes, identifies or controls is taken out, in every spelling: a trailer would say it behind the back of the stages
//! that judge headers (S-11). So nothing that the [table](fields) knows is a trailer.

use http::{HeaderMap, HeaderName};

use super::fields;
use super::reserved::Reserved;

/// What takes names out of trailers: those that are reserved everywhere, and those that are on this route.
#[derive(Debug)]
pub struct TrailerFilter {
    always: Reserved,
    own: Reserved,
}

impl TrailerFilter {
    /// A filter for these names, besides those that no trailer may have.
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
        !(self.always.contains(name) || self.own.contains(name) || fields::is_known(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn s11_of_trailers_only_what_is_nobody_elses_passes() {
        let trailer_filter = TrailerFilter::new(Reserved::always(&[]), Reserved::new(["x-secret"]));
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
            "set-login",
            "accept-ch",
            "x-accel-redirect",
            "x_user_id",
            "retry-after",
        ];
        for name in passing.iter().chain(&gone) {
            trailers.append(HeaderName::from_static(name), HeaderValue::from_static("1"));
            trailers.append(HeaderName::from_static(name), HeaderValue::from_static("2"));
        }
        trailer_filter.apply(&mut trailers);
        let mut left: Vec<_> = trailers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        let mut expected = passing;
        expected.sort_unstable();
        assert_eq!(left, expected);
    }
}
