//! Certificates and keys from files.
//!
//! A chain and a key make a pair that is known to fit, or an error that says what is wrong with which file. A key never
//! leaves this folder, and the bytes it was read from are wiped.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use super::covered::Covered;
use super::error::TlsError;
use super::facts::Facts;
use super::notice::Notice;
use super::remedy::{Holding, holds};
use super::revocation::Sources;
use crate::clock::Timestamp;
use crate::config::Tls;

/// A certificate with the intermediates above it, and its key.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) certified: CertifiedKey,
    pub(super) facts: Facts,
}

/// Whether these two files can be used together: the same check as at start and on reload.
pub fn check_pair(chain: &Path, key: &Path) -> Result<Covered, TlsError> {
    load(chain, key, &default_provider()).map(|pair| Covered::new(&pair.facts))
}

/// What the certificate in this file says of itself, when it can be used with the key in the same file.
pub fn read_pair(file: &Path) -> Result<Facts, TlsError> {
    load(file, file, &default_provider()).map(|pair| pair.facts)
}

/// The same of a text that is to become this file.
pub fn judge_pair(pem: &[u8], file: &Path) -> Result<Facts, TlsError> {
    pair((file, pem), (file, pem), &default_provider()).map(|pair| pair.facts)
}

/// The certificate that browsers are shown.
#[derive(Debug, Clone)]
pub struct ShownCertificate {
    /// It counts from then on.
    pub not_before: Timestamp,
    /// It counts until then.
    pub not_after: Timestamp,
    /// Who tells whether it was revoked.
    pub revocation: Sources,
    /// The certificate itself, in DER.
    pub der: Vec<u8>,
}

/// The first certificate in this file.
pub fn shown_certificate(chain: &Path) -> Result<ShownCertificate, TlsError> {
    let first =
        certificates(chain)?.into_iter().next().ok_or_else(|| TlsError::NoCertificate { file: chain.into() })?;
    let facts = Facts::read(&first).ok_or_else(|| TlsError::BadCertificate { file: chain.into() })?;
    let Facts { not_before, not_after, revocation, .. } = facts;
    Ok(ShownCertificate { not_before, not_after, revocation, der: first.to_vec() })
}

/// The file of the certificate that whoever names no host is shown.
pub fn first_chain(tls: &Tls) -> Option<PathBuf> {
    match tls {
        Tls::Development { folder } => Some(folder.join(super::development::CHAIN)),
        Tls::Certificates(list) => list.first().map(|files| files.chain.clone()),
        Tls::Acme { certificates, acme } => {
            let ordered = || acme.domains.first().map(|domain| acme.files(domain).chain);
            certificates.first().map(|files| files.chain.clone()).or_else(ordered)
        }
    }
}

/// Reads a chain and its key, and proves that they belong together.
pub(super) fn load(chain: &Path, key: &Path, provider: &CryptoProvider) -> Result<Pair, TlsError> {
    let (chain_pem, key_pem) = (read(chain)?, Zeroizing::new(read(key)?));
    pair((chain, &chain_pem), (key, &key_pem), provider)
}

fn pair(
    (chain, chain_pem): (&Path, &[u8]),
    (key, key_pem): (&Path, &[u8]),
    provider: &CryptoProvider,
) -> Result<Pair, TlsError> {
    let certificates = certificates_of(chain, chain_pem).map_err(|error| {
        // Said as what it is: neither file would be called wrong for being the other.
        let exchanged = holds(chain) == Holding::Key && holds(key) == Holding::Certificate;
        if exchanged { TlsError::Exchanged { chain: chain.into(), key: key.into() } } else { error }
    })?;
    let first = certificates.first().ok_or_else(|| TlsError::NoCertificate { file: chain.into() })?;
    let facts = Facts::read(first).ok_or_else(|| TlsError::BadCertificate { file: chain.into() })?;
    let signer = provider
        .key_provider
        .load_private_key(private_key(key, key_pem)?)
        .map_err(|source| TlsError::UnusableKey { file: key.into(), source })?;
    let certified = CertifiedKey::new(certificates, signer);
    // `CertifiedKey::new` does not compare them: a wrong key would show only when the first client fails.
    match certified.keys_match() {
        Ok(()) => Ok(Pair { certified, facts }),
        Err(rustls::Error::InvalidCertificate(_)) => Err(TlsError::BadCertificate { file: chain.into() }),
        // A key that cannot tell its public half counts as a wrong one.
        Err(_) => Err(TlsError::Mismatch { chain: chain.into(), key: key.into() }),
    }
}

/// All certificates in a file, in its order.
pub(super) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    certificates_of(file, &read(file)?)
}

fn certificates_of(file: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|source| TlsError::Pem { file: file.into(), source })?;
    if certificates.is_empty() { Err(TlsError::NoCertificate { file: file.into() }) } else { Ok(certificates) }
}

fn private_key(file: &Path, text: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    let key = PrivateKeyDer::from_pem_slice(text);
    // `BEGIN ENCRYPTED PRIVATE KEY` (RFC 5958), or the older `Proc-Type: 4,ENCRYPTED` (RFC 1421).
    let encrypted = || text.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED);
    key.map_err(|source| match source {
        _ if encrypted() => TlsError::EncryptedKey { file: file.into() },
        pem::Error::NoItemsFound => TlsError::NoKey { file: file.into() },
        source => TlsError::Pem { file: file.into(), source },
    })
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(file).map_err(|source| TlsError::Read { file: file.into(), source })
}

/// What to tell the operator of a pair that is used all the same.
pub(super) fn notices(pair: &Pair, chain: &Path, key: &Path, now: Timestamp) -> Result<Vec<Notice>, TlsError> {
    let mut notices = Vec::new();
    if pair.facts.not_after < now {
        notices.push(Notice::Expired { file: chain.into(), since: pair.facts.not_after });
    }
    if pair.facts.not_before > now {
        notices.push(Notice::NotYetValid { file: chain.into(), from: pair.facts.not_before });
    }
    if Covered::new(&pair.facts).is_empty() {
        notices.push(Notice::NoNames { file: chain.into() });
    }
    if readable_by_all(key).map_err(|source| TlsError::Read { file: key.into(), source })? {
        notices.push(Notice::KeyReadableByAll { file: key.into() });
    }
    Ok(notices)
}

fn readable_by_all(file: &Path) -> io::Result<bool> {
    Ok(fs::metadata(file)?.permissions().mode() & 0o004 != 0)
}

/// The cryptography of all our TLS: aws-lc, with X25519MLKEM768 before the classical groups.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(default_provider())
}

const ENCRYPTED: &[u8] = b"ENCRYPTED";
