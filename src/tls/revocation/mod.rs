//! Whether a certificate was revoked: whom it names for that, the question to an OCSP responder and its answer (RFC
//! 6960), and revocation lists (RFC 5280 section 5).
//!
//! Bytes come in and verdicts go out; who asks over the network is somebody else. An answer counts only when the issuer
//! of the certificate, or whom the issuer has delegated, has signed it, for this certificate and for this moment.

mod issued;
mod list;
mod ocsp;
mod sources;

pub use issued::{Issued, NotIssued};
pub use list::{ListError, ListVerdict};
pub use ocsp::{OcspError, OcspResponse};
pub use sources::Sources;

use crate::clock::Timestamp;

/// Whether a certificate still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationStatus {
    /// It was not revoked.
    Good,
    /// It was revoked at that time.
    Revoked(Timestamp),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn issued() -> Issued {
        let certificate = CertificateParams::new(vec!["home.example".to_owned()]).unwrap();
        let certificate = certificate.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone();
        Issued::of(&[certificate.clone(), certificate]).unwrap()
    }

    proptest! {
        #[test]
        fn no_bytes_count_or_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let issued = issued();
            // As far as what anybody can write goes: behind it stands a signature.
            let inside = [&[0x30, 0x82, 1, 0x10, 0x0a, 1, 0, 0xa0, 0x82, 1, 9, 0x30, 0x82, 1, 5][..], &bytes].concat();
            for bytes in [&bytes, &inside] {
                prop_assert!(OcspResponse::judge(bytes, &issued, Timestamp::default()).is_err());
                prop_assert!(ListVerdict::judge(bytes, &issued, Timestamp::default()).is_err());
                let mut sources = Sources::default();
                for id in [&[0x2b, 6, 1, 5, 5, 7, 1, 1][..], &[0x55, 0x1d, 0x1f], &[0x2b, 6, 1, 5, 5, 7, 1, 24]] {
                    sources.extension(id, bytes);
                }
            }
        }
    }
}
