//! Whom a certificate names for whether it was revoked (RFC 5280 sections 4.2.1.13 and 4.2.2.1), and whether it wants
//! that told in the handshake (RFC 7633).
//!
//! What is malformed here is left out: whoever judges the certificate leaves it out as well.

use crate::tls::der::{Der, INTEGER, OBJECT_IDENTIFIER};

/// Who tells whether a certificate was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources {
    /// The URL of its first OCSP responder that is asked over HTTP.
    pub responder: Option<String>,
    /// The URLs of revocation lists that are fetched over HTTP.
    pub lists: Vec<String>,
    /// Clients refuse it without an OCSP response in the handshake ("must staple").
    pub must_staple: bool,
}

impl Sources {
    /// Whether anybody can be asked.
    pub fn names_any(&self) -> bool {
        self.responder.is_some() || !self.lists.is_empty()
    }

    /// Takes in what an extension says of it.
    pub(in crate::tls) fn extension(&mut self, id: &[u8], value: &[u8]) {
        match id {
            AUTHORITY_INFORMATION => self.responder = responder(value),
            LIST_DISTRIBUTION_POINTS => self.lists = lists(value).unwrap_or_default(),
            TLS_FEATURE => self.must_staple = names_status_request(value),
            _ => {}
        }
    }
}

fn responder(value: &[u8]) -> Option<String> {
    let mut descriptions = Der::new(value).sequence()?;
    while let Some(mut description) = descriptions.sequence() {
        if description.expect(OBJECT_IDENTIFIER)? != OCSP {
            continue;
        }
        if let Some(url) = description.element().and_then(url) {
            return Some(url);
        }
    }
    None
}

fn lists(value: &[u8]) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut points = Der::new(value).sequence()?;
    while let Some(mut point) = points.sequence() {
        // A point may have no name, and a name may be relative to the issuer's.
        let Some(name) = point.expect(CONTEXT_0) else { continue };
        let Some(names) = Der::new(name).expect(CONTEXT_0) else { continue };
        let mut names = Der::new(names);
        while let Some(name) = names.element() {
            found.extend(url(name));
        }
    }
    found.truncate(MOST_LISTS);
    Some(found)
}

/// Asked in the clear: what is asked for is public and signed, and TLS here would have to ask whether its own
/// certificate was revoked (RFC 5280 section 8).
fn url((kind, bytes): (u8, &[u8])) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))?;
    let is_http = text.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
    (kind == URI && is_http).then(|| text.to_owned())
}

fn names_status_request(value: &[u8]) -> bool {
    let Some(mut features) = Der::new(value).sequence() else { return false };
    std::iter::from_fn(|| features.expect(INTEGER)).any(|feature| feature == STATUS_REQUEST)
}

/// 1.3.6.1.5.5.7.1.1
const AUTHORITY_INFORMATION: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
/// 1.3.6.1.5.5.7.48.1
const OCSP: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1];
/// 2.5.29.31
const LIST_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 0x1f];
/// 1.3.6.1.5.5.7.1.24
const TLS_FEATURE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 24];
/// The number of `status_request` among the extensions of TLS (RFC 6066 section 8).
const STATUS_REQUEST: &[u8] = &[5];
const URI: u8 = 0x86;
const CONTEXT_0: u8 = 0xa0;
/// An authority names one or two.
const MOST_LISTS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::der::{SEQUENCE, enclosed};

    #[test]
    fn only_what_is_asked_over_http_counts() {
        let of = |urls: &[&str]| {
            let descriptions: Vec<_> = urls
                .iter()
                .map(|url| {
                    let (id, url) = (enclosed(OBJECT_IDENTIFIER, &[OCSP]), enclosed(URI, &[url.as_bytes()]));
                    enclosed(SEQUENCE, &[&id, &url])
                })
                .collect();
            let parts: Vec<_> = descriptions.iter().map(Vec::as_slice).collect();
            let mut sources = Sources::default();
            sources.extension(AUTHORITY_INFORMATION, &enclosed(SEQUENCE, &parts));
            sources.responder
        };
        assert_eq!(of(&["http://ocsp.example/"]).as_deref(), Some("http://ocsp.example/"));
        assert_eq!(of(&["ldap://a", "HTTP://b.example"]).as_deref(), Some("HTTP://b.example"));
        for none in [&["https://a"][..], &["http://a b"], &["http://a\0"], &["\u{fc}"], &[]] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_certificate_that_wants_its_status_in_the_handshake_says_so() {
        let of = |value: &[u8]| {
            let mut sources = Sources::default();
            sources.extension(TLS_FEATURE, value);
            sources.must_staple
        };
        assert!(of(&[0x30, 3, 2, 1, 5]) && of(&[0x30, 6, 2, 1, 17, 2, 1, 5]));
        assert!(!of(&[0x30, 3, 2, 1, 17]) && !of(&[0x30, 0]) && !of(&[]));
    }
}
