//! The rule of one host: whose certificates are believed there. The verifier of the handshake, and of every look after
//! it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::Provider;
use super::authorities::{Authority, ClientTrustTrouble, build};
use super::refusal::{CertificateRefusal, RefusedCertificate};
use crate::clock::Timestamp;
use crate::config::{CertificatePin, ClientTrust, Demand, Issuers};

/// The rule of one host, or of all that have none of their own.
#[derive(Debug)]
pub(in crate::tls) struct HostRule {
    /// Another one for each rule of this process.
    serial: u64,
    trust: ClientTrust,
    issuers: Issuers,
    demand: Demand,
    authorities: Vec<Authority>,
    hints: Vec<DistinguishedName>,
    provider: Provider,
}

impl HostRule {
    pub(super) fn new(
        trust: &ClientTrust,
        issuers: Issuers,
        demand: Demand,
        provider: &Provider,
    ) -> Result<Self, ClientTrustTrouble> {
        static SERIAL: AtomicU64 = AtomicU64::new(1);
        let authorities = build(trust, provider)?;
        // Browsers offer their users the certificates of these, and ask nothing where they have none.
        let hints = authorities.iter().flat_map(|one| one.verifier.root_hint_subjects()).cloned().collect();
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let (trust, provider) = (trust.clone(), Arc::clone(provider));
        Ok(Self { serial, trust, issuers, demand, authorities, hints, provider })
    }

    /// Whether both say the same.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (&self.trust, self.issuers, self.demand) == (&other.trust, other.issuers, other.demand)
    }

    pub(super) fn serial(&self) -> u64 {
        self.serial
    }

    pub(super) fn issuers(&self) -> Issuers {
        self.issuers
    }

    pub(super) fn demand(&self) -> Demand {
        self.demand
    }

    /// Whether a certificate with the intermediates that came with it is believed at this time.
    pub(super) fn verify(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: Timestamp,
    ) -> Result<(), CertificateRefusal> {
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_millis(now.as_millis()));
        let mut why = CertificateRefusal::OtherAuthority;
        for authority in &self.authorities {
            match authority.verifier.verify_client_cert(certificate, intermediates, at) {
                Ok(_) if authority.not_after < now => why = CertificateRefusal::AuthorityExpired,
                Ok(_) => return Ok(()),
                // What the right authority says of it is more telling than what all others say.
                Err(error) if why == CertificateRefusal::OtherAuthority => why = CertificateRefusal::of(&error),
                Err(_) => {}
            }
        }
        Err(why)
    }
}

impl ClientCertVerifier for HostRule {
    fn client_auth_mandatory(&self) -> bool {
        self.demand == Demand::Required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let now = Timestamp::from_millis(now.as_secs().saturating_mul(1000));
        self.verify(certificate, intermediates, now).map(|()| ClientCertVerified::assertion()).map_err(|why| {
            let certificate = Some(CertificatePin::of(certificate).short());
            RefusedCertificate { why, certificate }.into_error()
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
