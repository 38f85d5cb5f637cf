//! A certificate that is known beforehand: that very one, or no connection.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::config::CertificatePin;

/// Believes one certificate. Names, dates and issuers say nothing more about a certificate that the operator knows by
/// its digest; that the other side has its key, the handshake's signature proves as ever (RFC 8446 section 4.4.3).
#[derive(Debug)]
pub(super) struct Pinned {
    pin: CertificatePin,
    algorithms: WebPkiSupportedAlgorithms,
}

/// What the operator needs to know to decide whether the certificate was renewed or is another server's.
#[derive(Debug, thiserror::Error)]
#[error("not the pinned certificate: {shown} was shown, {pinned} is pinned")]
struct NotPinned {
    shown: CertificatePin,
    pinned: CertificatePin,
}

impl Pinned {
    pub(super) fn new(pin: CertificatePin, provider: &Arc<CryptoProvider>) -> Self {
        Self { pin, algorithms: provider.signature_verification_algorithms }
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if CertificatePin::of(shown) == self.pin {
            Ok(ServerCertVerified::assertion())
        } else {
            let other = OtherError(Arc::new(NotPinned { shown: CertificatePin::of(shown), pinned: self.pin }));
            Err(Error::InvalidCertificate(CertificateError::Other(other)))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
