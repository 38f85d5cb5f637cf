//! A certificate as operators see it.

use serde::{Deserialize, Serialize};

/// A certificate that is shown or on order. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateLine {
    /// The names and addresses that it covers, or the one that it is ordered for.
    pub names: Vec<String>,
    /// Who has signed it; none while there is no certificate.
    pub issuer: Option<String>,
    /// When it ends.
    pub not_after: Option<u64>,
    /// Where it comes from.
    pub origin: CertificateOrigin,
    /// The file of the operator's that it was read from.
    pub file: Option<String>,
    /// When one is ordered next.
    pub next_order: Option<u64>,
    /// When one was ordered last by the process that answers.
    pub last_success: Option<u64>,
    /// How often ordering has failed since.
    pub failures: u32,
    /// Why it failed last.
    pub last_error: Option<String>,
    /// What its OCSP responder says; none where it names none.
    pub ocsp: Option<RevocationLine>,
    /// What its revocation lists say; none where it names none, or a responder.
    pub crl: Option<RevocationLine>,
}

/// What is known from an OCSP responder or from revocation lists.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevocationLine {
    /// What they say of the certificate.
    pub status: RevocationWord,
    /// Until when that counts.
    pub until: Option<u64>,
    /// Why the last question got no answer that counts.
    pub error: Option<String>,
}

/// Whether a certificate was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationWord {
    /// Nothing is known.
    #[default]
    Unknown,
    /// It was not.
    Good,
    /// It was.
    Revoked,
}

/// Where a certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateOrigin {
    /// It was made here.
    #[default]
    Development,
    /// The operator's own.
    File,
    /// It was ordered.
    Acme,
}
