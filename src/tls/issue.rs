//! Makes the development CA and the certificates that it signs.
//!
//! Makes certificates and keys as PEM for names and a time. It touches no file. The CA is for this one machine's tests
//! and homes: with its key, any site can be impersonated to every browser that trusts it.

use std::net::IpAddr;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::error::TlsError;
use crate::clock::Timestamp;

/// A certificate and its key, as PEM. It has no `Debug`: nothing may print the key.
pub(super) struct Issued {
    pub(super) certificate: String,
    pub(super) key: Zeroizing<String>,
}

pub(super) fn authority(now: Timestamp) -> Result<Issued, TlsError> {
    let key = KeyPair::generate().map_err(TlsError::Issue)?;
    let mut params = authority_params(&key);
    params.not_before = date(now.saturating_since(EPOCH).saturating_sub(SKEW))?;
    params.not_after = date(now.saturating_since(EPOCH).saturating_add(AUTHORITY_LIFE))?;
    let certificate = params.self_signed(&key).map_err(TlsError::Issue)?.pem();
    Ok(Issued { certificate, key: Zeroizing::new(key.serialize_pem()) })
}

/// A certificate for these names, signed by the CA whose key this is. `None` when the key cannot be read.
pub(super) fn server(authority_key: &str, names: &[String], now: Timestamp) -> Result<Option<Issued>, TlsError> {
    let Ok(authority_key) = KeyPair::from_pem(authority_key) else { return Ok(None) };
    let issuer = Issuer::new(authority_params(&authority_key), authority_key);
    let key = KeyPair::generate().map_err(TlsError::Issue)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "vestibule development");
    params.subject_alt_names = names.iter().map(|name| alternative(name)).collect::<Result<_, _>>()?;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let from = now.saturating_since(EPOCH).saturating_sub(SKEW);
    params.not_before = date(from)?;
    params.not_after = date(from.saturating_add(SERVER_LIFE))?;
    let certificate = params.signed_by(&key, &issuer).map_err(TlsError::Issue)?.pem();
    Ok(Some(Issued { certificate, key: Zeroizing::new(key.serialize_pem()) }))
}

/// The CA's name follows from its key, so that the key alone is enough to sign with, and two CAs in one list of a
/// browser can be told apart.
fn authority_params(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    let id = params.key_identifier(key).first_chunk().copied().map_or(0, u32::from_be_bytes);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "vestibule");
    params.distinguished_name.push(DnType::CommonName, format!("vestibule development CA {id:08x}"));
    // It signs no further CA (RFC 5280 section 4.2.1.9).
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn alternative(name: &str) -> Result<SanType, TlsError> {
    match name.parse::<IpAddr>() {
        Ok(address) => Ok(SanType::IpAddress(address)),
        Err(_) => name.try_into().map(SanType::DnsName).map_err(TlsError::Issue),
    }
}

fn date(since_epoch: Duration) -> Result<OffsetDateTime, TlsError> {
    let seconds = i64::try_from(since_epoch.as_secs()).ok();
    seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()).ok_or(TlsError::Clock)
}

const EPOCH: Timestamp = Timestamp::from_millis(0);
const DAY: Duration = Duration::from_hours(24);
/// Clocks of a home disagree; a certificate from the future is no certificate.
const SKEW: Duration = DAY;
/// Under the 398 days that browsers accept at most.
const SERVER_LIFE: Duration = Duration::from_hours(397 * 24);
const AUTHORITY_LIFE: Duration = Duration::from_hours(3652 * 24);
