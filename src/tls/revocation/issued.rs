//! A certificate and who has issued it, which is proved by the signature.

use std::path::Path;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustls_pki_types::CertificateDer;

use crate::tls::der::{Der, INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, enclosed};
use crate::tls::parts::Parts;
use crate::tls::pem;

/// A certificate and its issuer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    certificate: CertificateDer<'static>,
    issuer: CertificateDer<'static>,
}

/// Why nothing can be asked about a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotIssued {
    /// The certificate that has signed it is missing.
    #[error("the chain does not have the certificate that has signed the first one")]
    NoIssuer,
}

impl Issued {
    /// The first certificate of a chain with the one in it that has signed it.
    pub fn of(chain: &[CertificateDer<'static>]) -> Result<Self, NotIssued> {
        let (certificate, above) = chain.split_first().ok_or(NotIssued::NoIssuer)?;
        let parts = Parts::read(certificate).ok_or(NotIssued::NoIssuer)?;
        let has_issued = |issuer: &&CertificateDer<'static>| {
            let issuer = Parts::read(issuer).filter(|issuer| issuer.subject == parts.issuer);
            issuer.is_some_and(|issuer| parts.signed.is_by(issuer.key))
        };
        let issuer = above.iter().find(has_issued).ok_or(NotIssued::NoIssuer)?;
        Ok(Self { certificate: certificate.clone(), issuer: issuer.clone() })
    }

    /// The same of a chain in a file.
    pub fn read(chain: &Path) -> Result<Self, NotIssued> {
        pem::certificates(chain).map_or(Err(NotIssued::NoIssuer), |chain| Self::of(&chain))
    }

    /// What an OCSP responder is asked (RFC 6960 section 4.1.1), in DER.
    pub fn question(&self) -> Vec<u8> {
        let Some(id) = self.id() else { return Vec::new() };
        let algorithm = enclosed(SEQUENCE, &[&enclosed(OBJECT_IDENTIFIER, &[SHA1]), &enclosed(NULL, &[])]);
        let octets = |bytes: &[u8]| enclosed(OCTET_STRING, &[bytes]);
        let serial = enclosed(INTEGER, &[id.serial]);
        let id = enclosed(SEQUENCE, &[&algorithm, &octets(&id.issuer_name), &octets(&id.issuer_key), &serial]);
        let requests = enclosed(SEQUENCE, &[&enclosed(SEQUENCE, &[&id])]);
        enclosed(SEQUENCE, &[&enclosed(SEQUENCE, &[&requests])])
    }

    /// How responders name the certificate.
    pub(super) fn id(&self) -> Option<CertificateId<'_>> {
        let (certificate, issuer) = self.parts()?;
        let hash = |bytes: &[u8]| digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec();
        let (issuer_name, issuer_key) = (hash(issuer.subject), hash(issuer.key.bits));
        Some(CertificateId { issuer_name, issuer_key, serial: certificate.serial })
    }

    /// What the parts of both say; both were read when this was made.
    pub(super) fn parts(&self) -> Option<(Parts<'_>, Parts<'_>)> {
        Some((Parts::read(&self.certificate)?, Parts::read(&self.issuer)?))
    }
}

/// A `CertID` (RFC 6960 section 4.1.1).
#[derive(Debug)]
pub(super) struct CertificateId<'a> {
    issuer_name: Vec<u8>,
    issuer_key: Vec<u8>,
    serial: &'a [u8],
}

impl CertificateId<'_> {
    /// Whether an answer is about this certificate.
    pub(super) fn is(&self, mut id: Der<'_>) -> bool {
        let mut same = || {
            // Parameters of the algorithm may be left out.
            let algorithm = id.sequence()?.expect(OBJECT_IDENTIFIER)?;
            let (name, key, serial) = (id.expect(OCTET_STRING)?, id.expect(OCTET_STRING)?, id.expect(INTEGER)?);
            Some(algorithm == SHA1 && name == self.issuer_name && key == self.issuer_key && serial == self.serial)
        };
        same().unwrap_or(false)
    }
}

/// With SHA-1, since that is what responders know certificates by (RFC 5019 section 2.1.1). It proves nothing: an
/// answer is signed by the very issuer. 1.3.14.3.2.26
const SHA1: &[u8] = &[0x2b, 0x0e, 3, 2, 0x1a];

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, Issuer, KeyPair};

    use super::*;

    fn authority(name: &str) -> (Issuer<'static, KeyPair>, CertificateDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        (Issuer::new(params, key), certificate)
    }

    #[test]
    fn the_issuer_is_the_one_whose_key_has_signed() {
        let ((issuer, ours), (_, namesake), (_, other)) = (authority("CA"), authority("CA"), authority("other"));
        let leaf = CertificateParams::new(vec!["home.example".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().der().clone();
        let chain = [leaf.clone(), other.clone(), namesake.clone(), ours.clone()];
        assert_eq!(Issued::of(&chain).unwrap().issuer, ours);
        for chain in [&[][..], std::slice::from_ref(&leaf), &[leaf.clone(), namesake], &[leaf.clone(), other]] {
            assert_eq!(Issued::of(chain), Err(NotIssued::NoIssuer));
        }
    }
}
