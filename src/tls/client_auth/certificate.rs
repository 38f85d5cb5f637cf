//! The certificate that a client has shown in its handshake, and proved to have the key of.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls_pki_types::CertificateDer;

use super::refusal::CertificateRefusal;
use super::rule::HostRule;
use crate::clock::Timestamp;
use crate::config::{AlternativeName, CertificateMatch, CertificatePin};
use crate::tls::facts::Facts;

/// A client certificate that was believed when its connection began. Whether it still is, is asked for each request.
#[derive(Debug)]
pub struct ClientCertificate {
    /// It and the intermediates that came with it.
    chain: Vec<CertificateDer<'static>>,
    fingerprint: CertificatePin,
    short: Box<str>,
    facts: Facts,
    /// The rule by which it was believed last, and when that was in milliseconds.
    believed_by: AtomicU64,
    believed_at: AtomicU64,
}

impl ClientCertificate {
    /// That of a handshake which went by this rule; nothing where none was shown, and `Err` where it cannot be read by
    /// us. It is verified once more with the first request: no clock is read here.
    pub(in crate::tls) fn of_handshake(
        chain: Option<&[CertificateDer<'static>]>,
        rule: &HostRule,
    ) -> Result<Option<Self>, CertificateRefusal> {
        let Some((first, chain)) = chain.and_then(|chain| Some((chain.first()?, chain))) else { return Ok(None) };
        let facts = Facts::read(first).ok_or(CertificateRefusal::Malformed)?;
        let fingerprint = CertificatePin::of(first);
        Ok(Some(Self {
            chain: chain.to_vec(),
            fingerprint,
            short: fingerprint.short().into(),
            facts,
            believed_by: AtomicU64::new(rule.serial()),
            believed_at: AtomicU64::new(0),
        }))
    }

    /// The SHA-256 of it.
    pub fn fingerprint(&self) -> &CertificatePin {
        &self.fingerprint
    }

    /// The same in short, for logs.
    pub fn short(&self) -> &str {
        &self.short
    }

    /// Whether it is believed by this rule now. It is verified when the rule is another one than the last time, and
    /// else once in [`PERIOD`]: its authority or a revocation list may have ended meanwhile.
    pub(super) fn judge(&self, rule: &HostRule, now: Timestamp) -> Result<(), CertificateRefusal> {
        if self.facts.not_after < now {
            return Err(CertificateRefusal::Expired);
        }
        // Relaxed: whoever sees one of the two numbers too late verifies once more.
        let believed_at = Timestamp::from_millis(self.believed_at.load(Ordering::Relaxed));
        let is_fresh = now >= believed_at && now.saturating_since(believed_at) < PERIOD;
        if is_fresh && self.believed_by.load(Ordering::Relaxed) == rule.serial() {
            return Ok(());
        }
        let (first, intermediates) = self.chain.split_first().ok_or(CertificateRefusal::Malformed)?;
        rule.verify(first, intermediates, now)?;
        self.believed_by.store(rule.serial(), Ordering::Relaxed);
        self.believed_at.store(now.as_millis(), Ordering::Relaxed);
        Ok(())
    }

    /// Whether an entry is about it, byte for byte. Its names count only where whoever issued it may say them.
    pub(super) fn fits(&self, wanted: &CertificateMatch, names_count: bool) -> bool {
        let facts = &self.facts;
        match wanted {
            CertificateMatch::Fingerprint(fingerprint) => *fingerprint == self.fingerprint,
            _ if !names_count => false,
            CertificateMatch::CommonName(name) => facts.common_name.as_ref() == Some(name),
            CertificateMatch::AlternativeName(AlternativeName::Dns(name)) => facts.dns_names.contains(name),
            CertificateMatch::AlternativeName(AlternativeName::Email(name)) => facts.emails.contains(name),
            CertificateMatch::AlternativeName(AlternativeName::Uri(name)) => facts.uris.contains(name),
        }
    }
}

/// How long a certificate is believed before it is verified again.
const PERIOD: Duration = Duration::from_mins(1);
