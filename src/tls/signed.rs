//! What is signed, the signature, and the key that proves it: certificates, revocation lists and OCSP responses have
//! the same three parts (RFC 5280 section 4.1.1).

use rustls::crypto::aws_lc_rs::default_provider;

use super::der::Der;

/// A message and its signature.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signed<'a> {
    /// As a whole element.
    pub(super) message: &'a [u8],
    /// What is in its `AlgorithmIdentifier`.
    algorithm: &'a [u8],
    signature: &'a [u8],
}

/// A public key.
#[derive(Debug, Clone, Copy)]
pub(super) struct PublicKey<'a> {
    /// What is in its `AlgorithmIdentifier`.
    algorithm: &'a [u8],
    /// The key itself.
    pub(super) bits: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Reads the three parts from where they begin.
    pub(super) fn read(der: &mut Der<'a>) -> Option<Self> {
        Some(Self { message: der.whole()?, algorithm: der.sequence()?.rest(), signature: der.bits()? })
    }

    /// Whether this key has signed it, with an algorithm that our TLS believes too: none with MD5 or SHA-1.
    pub(super) fn is_by(&self, key: PublicKey<'_>) -> bool {
        let algorithms = default_provider().signature_verification_algorithms.all;
        let fits = algorithms.iter().filter(|one| {
            one.signature_alg_id().as_ref() == self.algorithm && one.public_key_alg_id().as_ref() == key.algorithm
        });
        fits.into_iter().any(|one| one.verify_signature(key.bits, self.message, self.signature).is_ok())
    }
}

impl<'a> PublicKey<'a> {
    /// Reads a `SubjectPublicKeyInfo`.
    pub(super) fn read(der: &mut Der<'a>) -> Option<Self> {
        let mut info = der.sequence()?;
        Some(Self { algorithm: info.sequence()?.rest(), bits: info.bits()? })
    }
}
