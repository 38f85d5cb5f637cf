//! Why a client certificate is not believed. The operator is told; the client gets the same alert for all of it.

use std::sync::Arc;

use rustls::{CertificateError, Error, OtherError};

/// Why a client certificate is not believed. The labels are stable: they stand in metrics and in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CertificateRefusal {
    /// There is none, where one is required.
    #[error("no client certificate")]
    Missing,
    /// It has ended.
    #[error("the client certificate has expired")]
    Expired,
    /// It begins later.
    #[error("the client certificate is not valid yet")]
    NotYetValid,
    /// Its authority has taken it back.
    #[error("the client certificate is revoked")]
    Revoked,
    /// It is none of the authorities' that are believed at this host.
    #[error("the client certificate is of another authority")]
    OtherAuthority,
    /// Its authority has ended.
    #[error("the authority of the client certificate has expired")]
    AuthorityExpired,
    /// It is not for clients (RFC 5280 section 4.2.1.12).
    #[error("the certificate is not for clients")]
    WrongPurpose,
    /// No list of its authority says whether it was revoked.
    #[error("no revocation list says whether the client certificate is revoked")]
    RevocationUnknown,
    /// The list that would say so is out of date.
    #[error("the revocation list is out of date")]
    ListExpired,
    /// It cannot be read, its signature is wrong, or it asks for what is not understood.
    #[error("the client certificate is malformed or badly signed")]
    Malformed,
}

impl CertificateRefusal {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Missing,
        Self::Expired,
        Self::NotYetValid,
        Self::Revoked,
        Self::OtherAuthority,
        Self::AuthorityExpired,
        Self::WrongPurpose,
        Self::RevocationUnknown,
        Self::ListExpired,
        Self::Malformed,
    ];

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Revoked => "revoked",
            Self::OtherAuthority => "other_authority",
            Self::AuthorityExpired => "authority_expired",
            Self::WrongPurpose => "wrong_purpose",
            Self::RevocationUnknown => "revocation_unknown",
            Self::ListExpired => "list_expired",
            Self::Malformed => "malformed",
        }
    }

    pub(super) fn of(error: &Error) -> Self {
        let Error::InvalidCertificate(error) = error else { return Self::Malformed };
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            CertificateError::Revoked => Self::Revoked,
            CertificateError::UnknownIssuer => Self::OtherAuthority,
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => Self::WrongPurpose,
            CertificateError::UnknownRevocationStatus => Self::RevocationUnknown,
            CertificateError::ExpiredRevocationList | CertificateError::ExpiredRevocationListContext { .. } => {
                Self::ListExpired
            }
            _ => Self::Malformed,
        }
    }
}

/// A client certificate that is not believed, as the handshake's error carries it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct RefusedCertificate {
    /// Why.
    pub why: CertificateRefusal,
    /// Its fingerprint in short, where there is one.
    pub certificate: Option<String>,
}

impl RefusedCertificate {
    /// The error of a verifier: whatever it carries, rustls sends `certificate_unknown` for it (RFC 8446 section 6.2).
    /// With the library's own errors the alert would tell a stranger what to try next.
    pub(super) fn into_error(self) -> Error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(self))))
    }

    /// What an error of a handshake carries of it.
    pub(in crate::tls) fn in_error(error: &std::io::Error) -> Option<Self> {
        match error.get_ref()?.downcast_ref::<Error>()? {
            Error::NoCertificatesPresented => Some(Self { why: CertificateRefusal::Missing, certificate: None }),
            Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
                inner.downcast_ref::<Self>().cloned()
            }
            _ => None,
        }
    }
}
