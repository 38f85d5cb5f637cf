//! An OCSP response that goes with a certificate in the handshake (RFC 6066 section 8, RFC 8446 section 4.4.2.1).

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rustls::ServerConfig;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::revocation::{Issued, NotIssued, Sources};
use crate::clock::Timestamp;

/// A response that was judged, and until when it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staple {
    /// The response as the responder gave it, in DER.
    pub response: Vec<u8>,
    /// From then on it is not shown any more.
    pub until: Timestamp,
}

/// The SHA-256 of a certificate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

/// A certificate that is shown and names who tells whether it was revoked.
#[derive(Debug, Clone)]
pub struct Revocable {
    /// Which one it is.
    pub fingerprint: Fingerprint,
    /// The first of its names, for people.
    pub name: String,
    /// Whom to ask.
    pub sources: Sources,
    /// What to ask.
    pub issued: Result<Issued, NotIssued>,
}

/// What a handshake is made with while there is a response.
#[derive(Debug)]
pub(super) struct Stapled {
    pub(super) staple: Staple,
    pub(super) config: Arc<ServerConfig>,
}

impl Stapled {
    pub(super) fn new(staple: Staple, plain: &ServerConfig, certified: &CertifiedKey) -> Self {
        let mut certified = certified.clone();
        certified.ocsp = Some(staple.response.clone());
        // Everything else is the same, keys of tickets too: sessions are resumed under either.
        let mut config = plain.clone();
        config.cert_resolver = Arc::new(SingleCertAndKey::from(certified));
        Self { staple, config: Arc::new(config) }
    }
}

impl Fingerprint {
    /// Of this certificate in DER.
    pub(super) fn of(certificate: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, certificate).as_ref());
        Self(bytes)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}
