//! Whether the browser used TLS, with us or with the proxy in front.
//!
//! At the browsers' entry point it is TLS, always. Home Assistant's own pages may be served in the clear, and what an
//! add-on says of cookies and addresses has to fit the page that it is shown on.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName};

use super::field_lines::one_line;
use crate::config::TrustedProxies;
use crate::connection::EntryPoint;

/// Whether TLS is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// The browser speaks TLS, to us or to the proxy in front.
    Https,
    /// The browser speaks in the clear, to Home Assistant.
    Http,
}

impl Scheme {
    /// What a request says of it. Home Assistant is believed when it is a trusted proxy; else the browser is taken to
    /// have come in the clear, as Home Assistant itself did.
    pub(super) fn of_request(
        entry_point: EntryPoint,
        peer: IpAddr,
        headers: &HeaderMap,
        trusted: &TrustedProxies,
    ) -> Self {
        if entry_point == EntryPoint::Browsers {
            return Self::Https;
        }
        if trusted.contains(peer) && one_line(headers, X_FORWARDED_PROTO).is_some_and(|line| line == "https") {
            Self::Https
        } else {
            Self::Http
        }
    }

    /// As it stands in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    /// The port that an address without one means.
    pub const fn port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
